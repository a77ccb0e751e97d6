use std::io::Write as _;

use super::*;
use crate::seen::Seen;

const ROW: &str = "9990000018,Amy Example";

fn sample(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/archives/");
    std::fs::read(format!("{folder}{name}")).expect("a sample")
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).expect("to memory");
    encoder.finish().expect("to memory")
}

#[test]
fn every_kind_is_read() {
    for name in ["plain.gz", "plain.zst", "plain.bz2", "plain.xz"] {
        let seen = Seen::of(&sample(name));
        assert_eq!(seen.uninspected, [], "{name}");
        assert!(seen.part("").text().contains(ROW), "{name}");
        assert!(seen.part("").is_member, "{name}");
    }
}

#[test]
fn streams_one_after_the_other_are_one_content() {
    for name in ["two.gz", "two.zst", "two.bz2", "two.xz"] {
        let seen = Seen::of(&sample(name));
        assert_eq!(seen.uninspected, [], "{name}");
        assert!(seen.shows(ROW) && seen.shows("Dear Amy"), "{name}");
    }
    assert_eq!(Seen::of(&sample("two.gz")).names, ["letter.txt"]);
}

#[test]
fn the_name_before_compression_is_a_name() {
    let seen = Seen::of(&sample("named.gz"));
    assert!(seen.part("patients.csv").text().contains(ROW));
}

#[test]
fn comments_are_read_and_odd_extra_fields_said() {
    let builder = flate2::GzBuilder::new()
        .filename("../a")
        .comment("for Ben Sample");
    let mut encoder = builder.write(Vec::new(), flate2::Compression::default());
    encoder.write_all(b"content").expect("to memory");
    let seen = Seen::of(&encoder.finish().expect("to memory"));
    assert!(seen.shows("for Ben Sample") && seen.shows("content"));
    assert_eq!(seen.uninspected, [("../a".into(), Reason::OddMember)]);
    for (extra, is_plain) in [(&b"BC\x02\0ab"[..], true), (b"XX\x02\0ab", false)] {
        let builder = flate2::GzBuilder::new().extra(extra);
        let encoder = builder.write(Vec::new(), flate2::Compression::default());
        let seen = Seen::of(&encoder.finish().expect("to memory"));
        let reason = (!is_plain).then_some(Reason::Unaccounted);
        assert_eq!(seen.reason(), reason);
    }
}

#[test]
fn zeros_may_follow_and_nothing_else() {
    for name in ["plain.gz", "plain.zst", "plain.bz2", "plain.xz"] {
        let mut bytes = sample(name);
        bytes.extend_from_slice(&[0; 5000]);
        assert_eq!(Seen::of(&bytes).uninspected, [], "{name}");
        bytes.extend_from_slice(b"9990000018");
        let seen = Seen::of(&bytes);
        assert!(seen.shows(ROW), "{name}");
        assert_eq!(seen.reason(), Some(Reason::Unaccounted), "{name}");
    }
}

#[test]
fn what_comes_before_a_fault_is_passed_on() {
    let mut bytes = sample("plain.gz");
    let at = bytes.len() - 8;
    bytes[at] ^= 1;
    let seen = Seen::of(&bytes);
    assert!(seen.shows(ROW));
    assert_eq!(seen.reason(), Some(Reason::Damaged));
}

#[test]
fn no_cut_or_flipped_byte_passes_for_whole() {
    for name in ["two.gz", "two.zst", "two.bz2", "two.xz"] {
        let bytes = sample(name);
        let whole = Seen::of(&bytes);
        for end in 10..bytes.len() {
            let seen = Seen::of(&bytes[..end]);
            let is_first = seen.reason().is_none() && seen.parts[0].text().ends_with("Trial\n");
            // The end of the first of two streams is an end.
            assert!(seen.reason().is_some() || is_first, "{name} at {end}");
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            let seen = Seen::of(&flipped);
            let same = seen.parts.iter().map(|part| &part.content);
            // What is not recognised is passed on as it is, and is no text.
            let is_same = same.eq(whole.parts.iter().map(|part| &part.content));
            assert!(
                seen.reason().is_some() || is_same || at < 10,
                "{name} at {at}"
            );
        }
    }
}

#[test]
fn skippable_frames_are_said_unless_they_hold_sizes() {
    let plain = sample("plain.zst");
    let mut pzstd = b"\x50\x2A\x4D\x18\x04\0\0\0abcd".to_vec();
    pzstd.extend_from_slice(&plain);
    let seen = Seen::of(&pzstd);
    assert!(seen.shows(ROW) && seen.uninspected.is_empty());
    for (frame, is_plain) in [
        (&b"\x5A\x2A\x4D\x18\0\0\0\0"[..], true),
        (b"\x5A\x2A\x4D\x18\x03\0\0\0Amy", false),
        (
            b"\x5E\x2A\x4D\x18\x11\0\0\0abcdabcd\x01\0\0\0\0\xB1\xEA\x92\x8F",
            true,
        ),
        (
            b"\x5E\x2A\x4D\x18\x09\0\0\0\x01\0\0\0\0\xB1\xEA\x92\x8F",
            false,
        ),
    ] {
        let mut bytes = plain.clone();
        bytes.extend_from_slice(frame);
        let seen = Seen::of(&bytes);
        let reason = (!is_plain).then_some(Reason::Unaccounted);
        assert_eq!(seen.reason(), reason, "{}", frame.escape_ascii());
        assert!(seen.shows(ROW));
    }
}

#[test]
fn more_memory_than_there_is_is_not_asked_for() {
    let seen = Seen::of(&sample("wide.zst"));
    assert_eq!(seen.reason(), Some(Reason::PartTooLarge));
    // The size of the dictionary in the header of a block: 4 GiB less one.
    let mut xz = sample("plain.xz");
    let place = xz.windows(3).position(|w| w == b"\x21\x01\x1C");
    let place = place.expect("a filter of 64 MiB");
    xz[place + 2] = 40;
    let mut crc = flate2::Crc::new();
    let size = usize::from(xz[12]) * 4;
    crc.update(&xz[12..12 + size]);
    xz[12 + size..16 + size].copy_from_slice(&crc.sum().to_le_bytes());
    assert_eq!(Seen::of(&xz).reason(), Some(Reason::PartTooLarge));
}

#[test]
fn a_file_that_holds_itself_ends() {
    // Forty layers; more than eight are not opened.
    let mut bytes = b"9990000018".to_vec();
    for _ in 0..40 {
        bytes = gzip(&bytes);
    }
    let seen = Seen::of(&bytes);
    assert_eq!(seen.reason(), Some(Reason::TooDeep));
}

#[test]
fn zeros_without_end_are_given_up() {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 1).expect("memory");
    let zeros = vec![0; 1 << 20];
    for _ in 0..1100 {
        encoder.write_all(&zeros).expect("to memory");
    }
    let bytes = encoder.finish().expect("to memory");
    assert!(bytes.len() < 1 << 20);
    let tail = Tail::default();
    let mut output = Output::new(Box::new(tail.clone()), bytes.len() as u64, None);
    output.read_file(Input::of_bytes(bytes)).expect("to memory");
    let tail = tail.0.lock().expect("one thread");
    // "Uninspected", five bytes, "too large", of the file itself.
    let said = [5, 5, 0, 0, 0, Reason::TooLarge.code(), 0, 0, 0, 0];
    assert!(tail.windows(said.len()).any(|window| window == said));
}

/// The end of what is written.
#[derive(Clone, Default)]
struct Tail(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl io::Write for Tail {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut tail = self.0.lock().expect("one thread");
        tail.extend_from_slice(&bytes[bytes.len().saturating_sub(256)..]);
        let over = tail.len().saturating_sub(256);
        tail.drain(..over);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
