//! WebP (RFC 9649): chunks of RIFF.

use exeat_core::inspect::reader::Reason;

use super::{Found, bytes_at, le16, le32, piece, tiff};
use crate::problem::Problem;
use crate::source::Source;

pub(super) fn look(source: &mut Source, found: &mut Found) -> Result<(), Problem> {
    let length = le32(bytes_at(source, 4, 4)?, 0).unwrap_or(0);
    let end = 8 + u64::from(length);
    if end > source.len() {
        found.note(Reason::CutShort);
    }
    let end_of_file = source.len();
    let mut place = 12;
    while place + 8 <= end.min(end_of_file) {
        let header = bytes_at(source, place, 8)?;
        let kind = [header[0], header[1], header[2], header[3]];
        let length = u64::from(le32(header, 4).unwrap_or(0));
        let data = place + 8;
        match &kind {
            b"VP8 " => {
                let frame = bytes_at(source, data, 10)?;
                let side = |at| u32::from(le16(frame, at).unwrap_or(0) & 0x3FFF);
                let (width, height) = (side(6), side(8));
                found.size(width, height);
            }
            b"VP8L" => {
                let bits = le32(bytes_at(source, data, 5)?, 1).unwrap_or(0);
                found.size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1);
            }
            b"VP8X" => {
                let [width, height] = sides(bytes_at(source, data + 4, 6)?);
                found.size(width, height);
            }
            b"ANMF" => {
                let [width, height] = sides(bytes_at(source, data + 6, 6)?);
                found.frame(width, height);
            }
            b"EXIF" => {
                let chunk = piece(source, data, length)?;
                tiff::exif(&chunk, found)?;
            }
            b"XMP " => {
                let chunk = piece(source, data, length)?;
                found.say_xmp(&chunk);
            }
            b"ICCP" | b"ANIM" | b"ALPH" => {}
            _ => {
                let chunk = piece(source, data, length)?;
                found.say_runs(&chunk);
                if length > 4096 {
                    found.note(Reason::Foreign);
                }
            }
        }
        place = data + length + length % 2;
        if place > end_of_file + 1 {
            return Err(Reason::CutShort.into());
        }
    }
    found.ends_at(source, end.max(place))
}

/// Two numbers of 24 bits, each one less than a side.
fn sides(bytes: &[u8]) -> [u32; 2] {
    [0, 3].map(|at| {
        let byte = |at: usize| u32::from(bytes.get(at).copied().unwrap_or(0));
        1 + (byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16)
    })
}
