use std::io::{Read as _, Write as _};

use super::*;
use crate::seen::Seen;

mod blocks;
mod holes;
mod records;

const ROW: &str = "9990000018,Amy Example";

fn sample(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/archives/");
    std::fs::read(format!("{folder}{name}")).expect("a sample")
}

fn unpacked(name: &str) -> Vec<u8> {
    let packed = sample(name);
    let mut bytes = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
    decoder.read_to_end(&mut bytes).expect("gzip");
    bytes
}

/// A header and content, padded.
fn member(kind: u8, name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut header = Header::new_old();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.as_old_mut().linkflag = [kind];
    header.set_size(content.len() as u64);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

fn ended(mut members: Vec<u8>) -> Vec<u8> {
    members.resize(members.len() + 2 * BLOCK, 0);
    members
}

#[test]
fn every_dialect_is_read_as_a_file_and_from_a_decoder() {
    for name in ["v7", "ustar", "gnu", "pax", "libarchive", "python"] {
        let name = format!("{name}.tar.gz");
        let file = Seen::of(&unpacked(&name));
        let decoded = Seen::of(&sample(&name));
        for seen in [file, decoded] {
            assert!(seen.part("patients.csv").text().contains(ROW), "{name}");
            assert!(seen.part("patients.csv").is_member);
            let letter = seen.part("notes/letter.txt").text();
            assert!(letter.contains("999 000 0018"), "{name}");
            let pipe = [("pipe".to_owned(), Reason::OddMember)];
            let has_pipe = !name.starts_with(['v', 'l']) && !name.starts_with("py");
            let expected = &pipe[..usize::from(has_pipe)];
            assert_eq!(seen.uninspected, expected, "{name}");
        }
    }
}

#[test]
fn long_names_links_and_holes_are_read() {
    let long = format!("notes/{}/{}/long.txt", "a".repeat(90), "b".repeat(90));
    for name in ["gnu.tar.gz", "pax.tar.gz"] {
        let seen = Seen::of(&sample(name));
        assert!(seen.part(&long).text().contains("whose name is long"));
        for expected in ["letter.txt", "notes/link", "amy", "staff", "pipe"] {
            assert!(seen.names.iter().any(|name| name == expected), "{expected}");
        }
        let mut holes = vec![0; 1 << 17];
        holes[..6].copy_from_slice(b"begin\n");
        holes[1 << 16..(1 << 16) + 7].copy_from_slice(b"middle\n");
        assert_eq!(seen.part("holes").content, holes, "{name}");
    }
    assert!(Seen::of(&sample("python.tar.gz")).shows("for Ben Sample"));
}

#[test]
fn archives_one_after_the_other_are_read() {
    let one = ended(member(b'0', b"a", b"first"));
    let two = ended(member(b'0', b"b", b"second"));
    let seen = Seen::of(&[one.clone(), two].concat());
    assert!(seen.shows("first") && seen.shows("second"));
    assert_eq!(seen.uninspected, []);
    let seen = Seen::of(&[one.clone(), vec![b'x'; BLOCK]].concat());
    assert_eq!(seen.reason(), Some(Reason::Unaccounted));
    let seen = Seen::of(&[one, b"9990000018".to_vec()].concat());
    assert!(seen.reason().is_some());
}

#[test]
fn what_is_hidden_in_padding_and_behind_names_is_said() {
    let mut padding = ended(member(b'0', b"a", b"first"));
    padding[BLOCK + 20] = b'x';
    assert_eq!(Seen::of(&padding).reason(), Some(Reason::Unaccounted));
    let name = member(b'0', b"a\x009990000018", b"first");
    assert_eq!(Seen::of(&ended(name)).reason(), Some(Reason::Unaccounted));
}

#[test]
fn odd_members_are_said_and_read() {
    for (kind, name, reason) in [
        (b'0', &b"../../a"[..], Some(Reason::OddMember)),
        (b'0', b"/etc/a", Some(Reason::OddMember)),
        (b'0', b"\xFF\x01\n", None),
        (b'0', b"", None),
        (b'?', b"a", Some(Reason::Foreign)),
        (b'M', b"a", Some(Reason::CutShort)),
        (b'2', b"a", None),
        (b'1', b"a", None),
        (b'D', b"a", None),
        (b'7', b"a", None),
    ] {
        let seen = Seen::of(&ended(member(kind, name, b"9990000018")));
        assert_eq!(seen.reason(), reason, "{} {}", kind, name.escape_ascii());
        assert!(seen.shows("9990000018"), "{kind}");
    }
    let seen = Seen::of(&ended(member(b'3', b"dev", b"")));
    assert_eq!(seen.reason(), Some(Reason::OddMember));
}

#[test]
fn names_of_any_length_are_passed_on() {
    let long = [vec![b'x'; 5000], b" Amy Example".to_vec(), vec![b'y'; 9000]].concat();
    let members = [
        member(b'L', b"././@LongLink", &long),
        member(b'0', b"xxx", b"content"),
    ];
    let seen = Seen::of(&ended(members.concat()));
    assert!(seen.names.iter().any(|name| name.contains("Amy Example")));
    assert_eq!(seen.uninspected, []);
    let huge = vec![b'x'; (1 << 20) + 1];
    let seen = Seen::of(&ended(member(b'L', b"", &huge)));
    assert_eq!(seen.reason(), Some(Reason::PartTooLarge));
    let seen = Seen::of(&ended(member(b'L', b"", b"Amy")));
    assert_eq!(seen.names, ["Amy"], "of a member that does not come");
    // The short one beside it, where it is another.
    let members = |short| {
        [
            member(b'L', b"", b"xxx Amy"),
            member(b'0', short, b"content"),
        ]
    };
    let names = |short| Seen::of(&ended(members(short).concat())).names;
    assert!(!names(b"xxx").contains(&"xxx".to_owned()));
    assert!(names(b"Ben Sample").contains(&"Ben Sample".to_owned()));
}

#[test]
fn extended_headers_are_read_as_text_or_refused() {
    let text = b"30 comment=for Amy\nExample 1\n\n";
    let members = [member(b'x', b"h", text), member(b'0', b"a", b"content")];
    assert!(Seen::of(&ended(members.concat())).shows("for Amy\nExample"));
    for text in [
        &b"5 a=b\n"[..],
        b"99999999999999999999 a=b\n",
        b"6 a=b",
        b"x\n",
        b"0 a=b\n",
        b"1 \n",
        b"10 size=-1\n",
        b"10 size=+1\n",
        b"+8 a=bcd\n",
    ] {
        let seen = Seen::of(&ended(member(b'x', b"h", text)));
        assert_eq!(
            seen.reason(),
            Some(Reason::Damaged),
            "{}",
            text.escape_ascii()
        );
    }
}

#[test]
fn no_cut_passes_for_whole_and_no_flipped_header_for_right() {
    let bytes = unpacked("v7.tar.gz");
    let end = bytes.iter().rposition(|&byte| byte != 0).expect("content");
    for cut in (BLOCK..end).step_by(37) {
        assert!(Seen::of(&bytes[..cut]).reason().is_some(), "{cut}");
    }
    for at in 0..2 * BLOCK {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x04;
        let seen = Seen::of(&flipped);
        // Not even taken for an archive, or said.
        let is_text = seen.natures.is_empty();
        let is_content = at >= BLOCK;
        assert!(seen.reason().is_some() || is_text || is_content, "{at}");
    }
}

#[test]
fn hostile_sizes_and_holes_end() {
    let mut header = Header::new_gnu();
    header.as_gnu_mut().expect("GNU").name[0] = b'a';
    header.set_size(u64::MAX >> 1);
    header.set_cksum();
    let seen = Seen::of(&[header.as_bytes().to_vec(), vec![b'x'; 700]].concat());
    assert_eq!(seen.reason(), Some(Reason::CutShort));
    let mut bytes = Vec::new();
    let mut gnu = Header::new_gnu();
    gnu.set_entry_type(tar::EntryType::GNUSparse);
    gnu.set_size(0);
    let real = &mut gnu.as_gnu_mut().expect("GNU").realsize;
    real.copy_from_slice(b"777777777777");
    gnu.set_cksum();
    bytes.write_all(gnu.as_bytes()).expect("to memory");
    // A hole of 64 GiB, told but not filled: only its beginning is wanted.
    let mut output = Output::new(Box::new(std::io::sink()), 10, None);
    let input = Input::of_bytes(ended(bytes));
    output.read_file(input).expect("a sink");
}
