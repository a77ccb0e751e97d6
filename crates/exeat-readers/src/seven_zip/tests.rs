use super::*;
use crate::seen::Seen;

const ROW: &str = "9990000018,Amy Example";

fn sample(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/archives/");
    std::fs::read(format!("{folder}{name}")).expect("a sample")
}

/// Puts a header at the end that has the right checksums.
fn archive(packed: &[u8], header: &[u8]) -> Vec<u8> {
    let mut start = (packed.len() as u64).to_le_bytes().to_vec();
    start.extend_from_slice(&(header.len() as u64).to_le_bytes());
    start.extend_from_slice(&crc(header).to_le_bytes());
    let mut bytes = b"7z\xBC\xAF\x27\x1C\0\x04".to_vec();
    bytes.extend_from_slice(&crc(&start).to_le_bytes());
    bytes.extend_from_slice(&start);
    bytes.extend_from_slice(packed);
    bytes.extend_from_slice(header);
    bytes
}

/// The header of a file "a" of these bytes, not compressed.
fn header(length: u8, unpacked: u8) -> Vec<u8> {
    [
        &[0x01, 0x04, 0x06, 0, 1, 0x09, length, 0][..],
        &[0x07, 0x0B, 1, 0, 1, 0x01, 0x00, 0x0C, unpacked, 0, 0],
        &[0x05, 1, 0x11, 5, 0, b'a', 0, 0, 0, 0, 0],
    ]
    .concat()
}

#[test]
fn what_programs_write_is_read() {
    for name in [
        "LZMA",
        "LZMA2",
        "Deflate",
        "BZip2",
        "Copy",
        "Deflate64",
        "solid-off",
        "plain-header",
    ] {
        let seen = Seen::of(&sample(&format!("{name}.7z")));
        assert_eq!(seen.uninspected, [], "{name}");
        assert!(seen.part("patients.csv").text().contains(ROW), "{name}");
        let letter = seen.part("notes/letter.txt").text();
        assert_eq!(letter.matches("999 000 0018").count(), 40, "{name}");
        assert!(seen.names.iter().any(|name| name == "notes"), "{name}");
    }
    let seen = Seen::of(&sample("delta.7z"));
    assert!(seen.uninspected.is_empty() && seen.shows(ROW));
    let seen = Seen::of(&sample("empty.7z"));
    assert!(seen.uninspected.is_empty());
    assert_eq!(seen.part("nothing").content, b"");
}

#[test]
fn filters_for_programs_are_undone() {
    for name in ["bcj.7z", "bcj2.7z", "arm64.7z"] {
        // Their checksums say that they came out right.
        let seen = Seen::of(&sample(name));
        assert_eq!(seen.uninspected, [], "{name}");
        assert!(
            seen.part("program").content.starts_with(b"\x7FELF"),
            "{name}"
        );
    }
}

#[test]
fn what_is_encrypted_or_unknown_is_said() {
    let seen = Seen::of(&sample("encrypted.7z"));
    assert_eq!(
        seen.uninspected,
        [("patients.csv".into(), Reason::Encrypted)]
    );
    let seen = Seen::of(&sample("encrypted-names.7z"));
    assert_eq!(seen.uninspected, [(String::new(), Reason::Encrypted)]);
    let seen = Seen::of(&sample("PPMd.7z"));
    assert_eq!(seen.reason(), Some(Reason::Unsupported));
}

#[test]
fn bytes_that_belong_to_nothing_are_said() {
    let seen = Seen::of(&archive(b"first", &header(5, 5)));
    assert_eq!(seen.uninspected, []);
    assert_eq!(seen.part("a").text(), "first");
    for bytes in [
        archive(b"first hidden", &header(5, 5)),
        archive(b"first hidden", &header(12, 5)),
        [archive(b"first", &header(5, 5)), b"hidden".to_vec()].concat(),
        archive(b"first", &[header(5, 5), b"hidden".to_vec()].concat()),
    ] {
        let seen = Seen::of(&bytes);
        assert!(matches!(
            seen.uninspected[..],
            [(_, Reason::Unaccounted | Reason::Damaged)]
        ));
        assert_eq!(seen.part("a").text(), "first");
    }
    let seen = Seen::of(&archive(b"first", &header(5, 9)));
    assert_eq!(seen.uninspected, [("a".into(), Reason::CutShort)]);
}

#[test]
fn a_dictionary_is_no_larger_than_memory() {
    let mut huge = header(5, 5);
    let place = huge.windows(2).position(|w| w == [0x01, 0x00]).expect("it");
    assert!(place > 0);
    // LZMA2 with 4 GiB, of a content of 1 GiB.
    let coder = [0x21, 0x21, 0x01, 40, 0x0C, 0xF0, 0, 0, 0, 0x40];
    let at = huge.windows(4).position(|w| w == [0x01, 0x00, 0x0C, 5]);
    let at = at.expect("a coder");
    huge.splice(at..at + 4, coder);
    let seen = Seen::of(&archive(b"first", &huge));
    assert_eq!(seen.uninspected, [("a".into(), Reason::PartTooLarge)]);
}

#[test]
fn no_header_is_too_odd() {
    // Wherever a byte of a header is something else, it is said or the same.
    let plain = header(5, 5);
    for at in 0..plain.len() {
        for value in 0..=u8::MAX {
            let mut odd = plain.clone();
            odd[at] = value;
            let seen = Seen::of(&archive(b"first", &odd));
            let is_shown = seen.parts.iter().any(|part| part.content == b"first");
            assert!(seen.reason().is_some() || is_shown, "{at} {value}");
        }
    }
}

#[test]
fn no_cut_or_flipped_byte_passes_for_whole() {
    for name in ["LZMA2.7z", "BZip2.7z", "plain-header.7z", "solid-off.7z"] {
        let bytes = sample(name);
        let whole = Seen::of(&bytes);
        for end in 6..bytes.len() {
            let seen = Seen::of(&bytes[..end]);
            assert!(seen.reason().is_some(), "{name} at {end}");
        }
        for at in 8..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            let seen = Seen::of(&flipped);
            // Some bits of a stream say nothing.
            let is_same = seen.parts == whole.parts;
            assert!(seen.reason().is_some() || is_same, "{name} at {at}");
        }
    }
}
