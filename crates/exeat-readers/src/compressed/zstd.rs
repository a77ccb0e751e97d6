//! Frames of zstd: what one needs before it is decoded, and the skippable ones
//! between them.

use std::io::{self, BufRead as _, Read};

use exeat_core::inspect::reader::Reason;
use zstd::stream::read::Decoder;

use crate::members::{Ahead, Peek};
use crate::problem::io_error;

pub(super) type Frame<S> = Decoder<'static, S>;

pub(super) const MAGIC: &[u8] = b"\x28\xB5\x2F\xFD";
/// The largest window, as a power of two: 32 MiB.
pub(crate) const WINDOW: u32 = 25;
/// The longest header of a frame.
const HEADER: usize = 18;

/// Begins a frame.
pub(super) fn frame<S: Peek>(mut source: S) -> io::Result<Frame<S>> {
    if let Some(reason) = impossible(source.peek(HEADER)?) {
        return Err(io_error(reason));
    }
    let mut decoder = Decoder::with_buffer(source)?.single_frame();
    decoder.window_log_max(WINDOW)?;
    Ok(decoder)
}

/// Why a frame that begins like this cannot be decoded here: the library says
/// it in words alone. A header that is broken is left to it.
pub(crate) fn impossible(header: &[u8]) -> Option<Reason> {
    let &descriptor = header.get(4)?;
    if descriptor & 3 != 0 {
        // It was made with a dictionary that is not in it.
        return Some(Reason::Unsupported);
    }
    let is_single = descriptor & 0x20 != 0;
    let window = match is_single {
        false => {
            let &byte = header.get(5)?;
            let base = 1_u64 << (10 + (byte >> 3));
            base + base / 8 * u64::from(byte & 7)
        }
        true => {
            let bytes = match descriptor >> 6 {
                0 | 1 => return None,
                2 => 4,
                _ => 8,
            };
            let mut size = [0; 8];
            size[..bytes].copy_from_slice(header.get(5..5 + bytes)?);
            u64::from_le_bytes(size)
        }
    };
    (window > 1 << WINDOW).then_some(Reason::PartTooLarge)
}

/// Passes over skippable frames; whether each is one of those that programs
/// write to find their way: sizes of frames.
pub(super) fn skip<R: Read>(source: &mut Ahead<R>, frames: u64) -> io::Result<bool> {
    let mut is_plain = true;
    while let [kind @ 0x50..=0x5F, 0x2A, 0x4D, 0x18, length @ ..] = source.peek(8)? {
        let kind = *kind;
        let length: [u8; 4] = length
            .try_into()
            .map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let length = u32::from_le_bytes(length);
        source.consume(8);
        is_plain &= match (kind, length) {
            (_, 0) => true,
            // pzstd: the size of the next frame.
            (0x50, 4) => true,
            // The seekable format: sizes of all frames, their number, flags
            // and a magic number.
            (0x5E, 9..=0x10_0000) => {
                let mut table = vec![0; usize::try_from(length).map_err(io::Error::other)?];
                source.read_exact(&mut table)?;
                is_plain &= is_seek_table(&table, frames);
                continue;
            }
            _ => false,
        };
        let skipped = io::copy(&mut source.by_ref().take(length.into()), &mut io::sink())?;
        if skipped < length.into() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(is_plain)
}

fn is_seek_table(table: &[u8], frames: u64) -> bool {
    let Some((entries, [a, b, c, d, flags, magic @ ..])) = table.split_last_chunk::<9>() else {
        return false;
    };
    let entry = match flags & 0x80 {
        0 => 8,
        _ => 12,
    };
    let count = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
    magic == b"\xB1\xEA\x92\x8F" && count == frames && entries.len() as u64 == count * entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_frame_needs_is_told_by_its_header() {
        // A window of 2^27 bytes; of 2^25; one that is the size of the content.
        assert_eq!(
            impossible(b"\x28\xB5\x2F\xFD\x00\x88"),
            Some(Reason::PartTooLarge)
        );
        assert_eq!(impossible(b"\x28\xB5\x2F\xFD\x00\x78"), None);
        assert_eq!(impossible(b"\x28\xB5\x2F\xFD\xA0\0\0\0\x01"), None);
        assert_eq!(
            impossible(b"\x28\xB5\x2F\xFD\xA0\0\0\0\x03"),
            Some(Reason::PartTooLarge)
        );
        assert_eq!(
            impossible(b"\x28\xB5\x2F\xFD\x01\x58\x07"),
            Some(Reason::Unsupported)
        );
        assert_eq!(impossible(b"\x28\xB5\x2F\xFD"), None);
    }
}
