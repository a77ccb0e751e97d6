//! GIF (87a and 89a): blocks of pieces of at most 255 bytes.

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::metadata;

use super::{Found, MOST, bytes_at, le16};
use crate::problem::Problem;
use crate::source::Source;

pub(super) fn look(source: &mut Source, found: &mut Found) -> Result<(), Problem> {
    let header = bytes_at(source, 0, 13)?;
    let (width, height) = (le16(header, 6), le16(header, 8));
    let flags = header[10];
    found.size(
        u32::from(width.unwrap_or(0)),
        u32::from(height.unwrap_or(0)),
    );
    let mut place = 13 + colors(flags);
    loop {
        let kind = bytes_at(source, place, 1)?[0];
        match kind {
            b';' => return found.ends_at(source, place + 1),
            b',' => {
                let frame = bytes_at(source, place, 10)?;
                let flags = frame[9];
                let side = |at| u32::from(le16(frame, at).unwrap_or(0));
                // Some viewers show what is larger than the screen it names.
                let (width, height) = (side(5), side(7));
                found.frame(width, height);
                // The table of colours and the size of codes come first.
                place += 10 + colors(flags) + 1;
                (place, _) = pieces(source, place, false)?;
            }
            b'!' => {
                let label = bytes_at(source, place + 1, 1)?[0];
                let is_wanted = label != 0xF9;
                let (end, data) = pieces(source, place + 2, is_wanted)?;
                place = end;
                match label {
                    0xFE | 0x01 => {
                        found.carries(metadata::TEXT);
                        let text: Vec<u8> = data.concat();
                        found.say("Comment", &String::from_utf8_lossy(&text));
                    }
                    0xFF => application(&data, found),
                    0xF9 => {}
                    _ => found.note(Reason::Foreign),
                }
            }
            // Some have zeros between blocks.
            0 => place += 1,
            _ => return Err(Reason::Damaged.into()),
        }
    }
}

/// How many bytes a table of colours has.
fn colors(flags: u8) -> u64 {
    match flags & 0x80 {
        0 => 0,
        _ => 3 << ((flags & 7) + 1),
    }
}

/// Where a row of pieces ends, and the pieces if they are wanted.
fn pieces(source: &mut Source, from: u64, wanted: bool) -> Result<(u64, Vec<Vec<u8>>), Problem> {
    let mut place = from;
    let mut data = Vec::new();
    let mut total = 0;
    loop {
        let length = bytes_at(source, place, 1)?[0];
        place += 1;
        if length == 0 {
            return Ok((place, data));
        }
        let bytes = bytes_at(source, place, usize::from(length))?;
        if wanted {
            total += bytes.len();
            if total > MOST {
                return Err(Reason::PartTooLarge.into());
            }
            data.push(bytes.to_vec());
        }
        place += u64::from(length);
    }
}

fn application(data: &[Vec<u8>], found: &mut Found) {
    match data.first().map(|name| &name[..]) {
        Some(b"NETSCAPE2.0" | b"ANIMEXTS1.0") => {}
        Some(b"XMP DataXMP") => {
            // The packet is not cut into pieces: what was taken for their
            // lengths is part of it.
            let mut packet = Vec::new();
            for piece in &data[1..] {
                packet.extend(u8::try_from(piece.len()));
                packet.extend_from_slice(piece);
            }
            found.say_xmp(&packet);
        }
        Some(name) if name.starts_with(b"ICCRGBG1") => {}
        _ => {
            let all: Vec<u8> = data.concat();
            found.say_runs(&all);
            if all.len() > 4096 {
                found.note(Reason::Foreign);
            }
        }
    }
}
