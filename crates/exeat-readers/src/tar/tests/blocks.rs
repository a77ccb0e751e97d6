//! Blocks, and what stands between the reader and the disk.

use std::io::{self, Read};

use super::*;

#[test]
fn the_last_block_of_zeros_may_be_cut() {
    let archive = ended(member(b'0', b"a", b"content"));
    for cut in [1, 100, BLOCK - 1, BLOCK + 1, 2 * BLOCK - 1] {
        let seen = Seen::of(&archive[..archive.len() - cut]);
        assert_eq!(seen.uninspected, [], "{cut}");
    }
    // All of it gone.
    let seen = Seen::of(&archive[..archive.len() - 2 * BLOCK]);
    assert_eq!(seen.reason(), Some(Reason::CutShort));
}

/// From a decoder: it is named, though what reads it has no use for its end.
#[test]
fn a_member_that_is_cut_short_is_named() {
    let archive = ended(member(b'0', b"a", &[b'x'; 3000]));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder
        .write_all(&archive[..BLOCK + 1000])
        .expect("to memory");
    let seen = Seen::of(&encoder.finish().expect("to memory"));
    let named = seen
        .uninspected
        .iter()
        .any(|(path, reason)| path.ends_with('a') && *reason == Reason::CutShort);
    assert!(named, "{:?}", seen.uninspected);
}

/// Gives a byte at a time, and is interrupted before each; then fails.
struct Stuttering<'a> {
    bytes: &'a [u8],
    is_interrupted: bool,
    failure: Option<io::ErrorKind>,
}

impl Read for Stuttering<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.is_interrupted = !self.is_interrupted;
        if self.is_interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if let (true, Some(kind)) = (self.bytes.is_empty(), self.failure) {
            return Err(kind.into());
        }
        let most = buffer.len().min(1);
        self.bytes.read(&mut buffer[..most])
    }
}

#[test]
fn interrupted_reading_goes_on_and_failed_reading_does_not() {
    let bytes = member(b'0', b"a", b"content");
    for failure in [None, Some(io::ErrorKind::InvalidData)] {
        let mut source = Stuttering {
            bytes: &bytes,
            is_interrupted: false,
            failure,
        };
        let mut tape = Tape::new(Input::of_stream(&mut source)).expect("a stream");
        for expected in bytes.chunks(BLOCK) {
            let block = tape.block().expect("interrupted, no more");
            assert_eq!(block.as_ref().map(|block| &block[..]), Some(expected));
        }
        match failure {
            None => assert_eq!(tape.block().expect("an end"), None),
            Some(kind) => assert_eq!(tape.block().expect_err("failed").kind(), kind),
        }
    }
}
