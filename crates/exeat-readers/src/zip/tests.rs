use super::*;
use crate::seen::Seen;

const ROW: &str = "9990000018,Amy Example";

fn sample(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/archives/");
    std::fs::read(format!("{folder}{name}")).expect("a sample")
}

/// A member to be made: its names, flags, content.
#[derive(Clone)]
struct Made {
    name: Vec<u8>,
    local_name: Vec<u8>,
    flags: u16,
    extra: Vec<u8>,
    content: Vec<u8>,
}

fn made(name: &[u8], content: &[u8]) -> Made {
    Made {
        name: name.to_vec(),
        local_name: name.to_vec(),
        flags: 0,
        extra: Vec::new(),
        content: content.to_vec(),
    }
}

fn crc(content: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    crc.sum()
}

/// What is the same in both headers.
fn fields(member: &Made, name: &[u8]) -> Vec<u8> {
    let size = u32::try_from(member.content.len()).expect("small");
    let mut bytes = vec![10, 0];
    bytes.extend_from_slice(&member.flags.to_le_bytes());
    bytes.extend_from_slice(&[0; 6]);
    bytes.extend_from_slice(&crc(&member.content).to_le_bytes());
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend_from_slice(&size.to_le_bytes());
    for text in [name, &member.extra] {
        let length = u16::try_from(text.len()).expect("short");
        bytes.extend_from_slice(&length.to_le_bytes());
    }
    bytes
}

fn local(member: &Made) -> Vec<u8> {
    let head = fields(member, &member.local_name);
    [
        &b"PK\x03\x04"[..],
        &head,
        &member.local_name,
        &member.extra,
        &member.content,
    ]
    .concat()
}

fn with_directory(mut bytes: Vec<u8>, members: &[(Made, usize)], comment: &[u8]) -> Vec<u8> {
    let begin = u32::try_from(bytes.len()).expect("small");
    for (member, offset) in members {
        bytes.extend_from_slice(b"PK\x01\x02\x14\x03");
        bytes.extend_from_slice(&fields(member, &member.name));
        bytes.extend_from_slice(&[0; 10]);
        bytes.extend_from_slice(&u32::try_from(*offset).expect("small").to_le_bytes());
        bytes.extend_from_slice(&member.name);
        bytes.extend_from_slice(&member.extra);
    }
    let size = u32::try_from(bytes.len()).expect("small") - begin;
    let count = u16::try_from(members.len()).expect("few").to_le_bytes();
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend_from_slice(&begin.to_le_bytes());
    let length = u16::try_from(comment.len()).expect("short");
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(comment);
    bytes
}

fn archive(members: &[Made]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut placed = Vec::new();
    for member in members {
        placed.push((member.clone(), bytes.len()));
        bytes.extend(local(member));
    }
    with_directory(bytes, &placed, b"")
}

/// An archive of these names and contents, not compressed.
pub(crate) fn stored(members: &[(&str, &[u8])]) -> Vec<u8> {
    let members = members.iter();
    let members: Vec<_> = members
        .map(|(name, content)| made(name.as_bytes(), content))
        .collect();
    archive(&members)
}

#[test]
fn what_programs_write_is_read() {
    for name in [
        "infozip",
        "libarchive",
        "Copy",
        "Deflate",
        "Deflate64",
        "BZip2",
        "LZMA",
        "XZ",
    ] {
        let seen = Seen::of(&sample(&format!("{name}.zip")));
        assert_eq!(seen.uninspected, [], "{name}");
        assert!(seen.part("patients.csv").text().contains(ROW), "{name}");
        let letter = seen.part("notes/letter.txt").text();
        assert_eq!(letter.matches("999 000 0018").count(), 40, "{name}");
    }
    let seen = Seen::of(&sample("PPMd.zip"));
    assert!(seen.reason() == Some(Reason::Unsupported));
    let seen = Seen::of(&sample("python.zip"));
    assert_eq!(seen.uninspected, []);
    assert!(seen.part("large.txt").text().contains("in 64 bits"));
    assert!(seen.part("patients.csv").text().contains(ROW));
    assert_eq!(seen.names, ["dir/"]);
    for name in ["from-pipe.zip", "pipe-to-pipe.zip"] {
        let seen = Seen::of(&sample(name));
        assert_eq!(seen.uninspected, [], "{name}");
        assert!(seen.part("-").text().contains(ROW), "{name}");
    }
    let seen = Seen::of(&sample("streamed.zip"));
    assert_eq!(seen.uninspected, []);
    assert!(seen.shows(ROW) && seen.shows("about Ben Sample"));
}

#[test]
fn an_empty_archive_is_clean() {
    let seen = Seen::of(&sample("empty.zip"));
    assert_eq!(seen.uninspected, []);
    assert_eq!(seen.natures, [(String::new(), Nature::Archive)]);
}

#[test]
fn a_password_is_said_for_what_it_is() {
    let seen = Seen::of(&sample("zipcrypto.zip"));
    assert_eq!(seen.weak, ["patients.csv"]);
    assert_eq!(
        seen.uninspected,
        [("patients.csv".into(), Reason::WeaklyProtected)]
    );
    let seen = Seen::of(&sample("aes.zip"));
    assert!(seen.weak.is_empty());
    assert_eq!(
        seen.uninspected,
        [("patients.csv".into(), Reason::Encrypted)]
    );
}

#[test]
fn every_member_of_one_name_is_read() {
    let seen = Seen::of(&archive(&[made(b"a", b"first"), made(b"a", b"second")]));
    assert_eq!(seen.uninspected, []);
    assert!(seen.shows("first") && seen.shows("second"));
}

#[test]
fn odd_names_are_read() {
    let long = vec![b'x'; 60_000];
    for (name, reason) in [
        (&b"../a"[..], Some(Reason::OddMember)),
        (b"/a", Some(Reason::OddMember)),
        (b"a\0b", None),
        (b"\xFF\x1B[31m", None),
        (b"", None),
        (&long, None),
    ] {
        let seen = Seen::of(&archive(&[made(name, b"9990000018")]));
        assert_eq!(seen.reason(), reason);
        assert!(seen.shows("9990000018"));
    }
}

#[test]
fn a_member_that_the_directory_describes_otherwise_is_said() {
    let mut name = made(b"a", b"first");
    name.local_name = b"b".to_vec();
    let mut extra = made(b"a", b"first");
    extra.extra = b"??\x03\0Amy".to_vec();
    for member in [name, extra] {
        let seen = Seen::of(&archive(&[member]));
        assert_eq!(seen.uninspected, [("a".into(), Reason::Unaccounted)]);
        assert!(seen.shows("first"));
    }
}

#[test]
fn bytes_that_belong_to_no_member_are_said() {
    let one = made(b"a", b"first");
    let hidden = made(b"b", b"hidden");
    let (first, second) = (local(&one), local(&hidden));
    let place = first.len();
    // Not listed; before, between, behind.
    let behind = with_directory(
        [first.clone(), second.clone()].concat(),
        &[(one.clone(), 0)],
        b"",
    );
    let before = with_directory(
        [second.clone(), first.clone()].concat(),
        &[(one.clone(), second.len())],
        b"",
    );
    let mut after = archive(std::slice::from_ref(&one));
    after.extend_from_slice(b"9990000018");
    let prefixed = [
        &b"PK\x03\x04 prefix"[..],
        &archive(std::slice::from_ref(&one)),
    ]
    .concat();
    for bytes in [behind, before, after, prefixed] {
        let seen = Seen::of(&bytes);
        assert_eq!(seen.uninspected, [(String::new(), Reason::Unaccounted)]);
        assert!(seen.shows("first"));
    }
    // Zeros before a member are no secret.
    let filled = [first, vec![0; 4000], second].concat();
    let seen = Seen::of(&with_directory(
        filled,
        &[(one, 0), (hidden, place + 4000)],
        b"",
    ));
    assert_eq!(seen.uninspected, []);
}

#[test]
fn members_that_share_bytes_are_said_and_counted() {
    let one = made(b"a", &[b'x'; 1 << 16]);
    let members: Vec<_> = (0..2000).map(|_| (one.clone(), 0)).collect();
    let bytes = with_directory(local(&one), &members, b"");
    let limit = exeat_core::inspect::reader::protocol::expansion_limit(bytes.len() as u64);
    assert!(limit > 1 << 30);
    let members: Vec<_> = (0..5).map(|_| (one.clone(), 0)).collect();
    let seen = Seen::of(&with_directory(local(&one), &members, b""));
    assert_eq!(seen.uninspected, [(String::new(), Reason::Unaccounted)]);
    assert_eq!(seen.parts.len(), 5);
}

#[test]
fn damage_is_said_and_the_other_members_are_read() {
    let mut bytes = archive(&[made(b"a", b"first"), made(b"b", b"second")]);
    let place = bytes.windows(5).position(|w| w == b"first").expect("it");
    bytes[place] = b'F';
    let seen = Seen::of(&bytes);
    assert_eq!(seen.uninspected, [("a".into(), Reason::Damaged)]);
    assert!(seen.shows("First") && seen.shows("second"));
}

#[test]
fn no_cut_or_flipped_byte_passes_for_whole() {
    for name in [
        "Deflate.zip",
        "LZMA.zip",
        "streamed.zip",
        "from-pipe.zip",
        "pipe-to-pipe.zip",
        "python.zip",
        "XZ.zip",
    ] {
        let bytes = sample(name);
        let whole = Seen::of(&bytes);
        for end in 4..bytes.len() {
            assert!(
                Seen::of(&bytes[..end]).reason().is_some(),
                "{name} at {end}"
            );
        }
        for at in 4..bytes.len() {
            for bit in [0x01, 0x80] {
                let mut flipped = bytes.clone();
                flipped[at] ^= bit;
                let seen = Seen::of(&flipped);
                let contents = |seen: &Seen| {
                    let parts = seen.parts.iter().map(|part| part.content.clone());
                    parts.collect::<Vec<_>>()
                };
                let count = |seen: &Seen| seen.parts.len();
                let is_same = contents(&seen) == contents(&whole);
                // A comment has no checksum.
                let is_comment = count(&seen) == count(&whole) && name == "streamed.zip";
                assert!(
                    seen.reason().is_some() || is_same || is_comment,
                    "{name} at {at}"
                );
            }
        }
    }
}
