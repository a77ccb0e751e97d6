//! HEIC and AVIF (ISO/IEC 23008-12), JPEG XL and JPEG 2000: boxes.

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::metadata;

use super::{Found, MOST, be16, be32, bytes_at, piece, tiff};
use crate::problem::Problem;
use crate::source::Source;

/// The most boxes of a file, and the most items of its list.
const BOXES: usize = 10_000;

struct Block {
    kind: [u8; 4],
    /// Where its content is.
    start: u64,
    end: u64,
}

/// The box at a place.
fn block(source: &mut Source, place: u64, limit: u64) -> Result<Block, Problem> {
    let head = bytes_at(source, place, 8)?;
    let kind = [head[4], head[5], head[6], head[7]];
    let (start, length) = match be32(head, 0).unwrap_or(0) {
        0 => (place + 8, limit - place),
        1 => {
            let wide = bytes_at(source, place + 8, 8)?;
            let high = u64::from(be32(wide, 0).unwrap_or(0));
            (
                place + 16,
                high << 32 | u64::from(be32(wide, 4).unwrap_or(0)),
            )
        }
        length => (place + 8, u64::from(length)),
    };
    let end = place.saturating_add(length);
    if end > limit {
        return Err(Reason::CutShort.into());
    }
    if end < start {
        return Err(Reason::Damaged.into());
    }
    Ok(Block { kind, start, end })
}

pub(super) fn look(source: &mut Source, found: &mut Found) -> Result<(), Problem> {
    let mut place = 0;
    let limit = source.len();
    let mut boxes = 0;
    while place < limit {
        if super::is_padding(source, place)? {
            return Ok(());
        }
        let head = bytes_at(source, place, 8)?;
        if !head[4..8].iter().all(|byte| (32..127).contains(byte)) {
            return Err(Reason::Unaccounted.into());
        }
        let block = block(source, place, limit)?;
        boxes += 1;
        if boxes > BOXES {
            return Err(Reason::TooMany.into());
        }
        match &block.kind {
            b"meta" => items(source, &block, found)?,
            b"ftyp" | b"mdat" | b"free" | b"skip" | b"JXL " | b"jP  " | b"jxll" | b"jxli"
            | b"jbrd" | b"wide" | b"pdin" => {}
            b"jp2h" => {
                let inner = self::block(source, block.start, block.end)?;
                if &inner.kind == b"ihdr" {
                    let sides = bytes_at(source, inner.start, 8)?;
                    let (height, width) = (be32(sides, 0), be32(sides, 4));
                    found.size(width.unwrap_or(0), height.unwrap_or(0));
                }
            }
            b"jp2c" => {}
            b"jxlc" | b"jxlp" => {
                let skip = if &block.kind == b"jxlp" { 4 } else { 0 };
                let (bytes, _) = source.at(block.start + skip, 64)?;
                if let Some((width, height)) = codestream_size(bytes) {
                    found.size(width, height);
                }
            }
            b"Exif" => {
                let bytes = piece(source, block.start, block.end - block.start)?;
                // How far the TIFF header is away stands first.
                tiff::exif(bytes.get(4..).unwrap_or_default(), found)?;
            }
            b"xml " => {
                let bytes = piece(source, block.start, block.end - block.start)?;
                found.say_xmp(&bytes);
            }
            b"uuid" => {
                let bytes = piece(source, block.start, block.end - block.start)?;
                match memchr::memmem::find(&bytes, b"<x:xmpmeta") {
                    Some(at) => found.say_xmp(&bytes[at..]),
                    None => found.say_runs(&bytes),
                }
            }
            // A film behind the image, what is compressed by Brotli, what is
            // not known.
            _ => {
                let is_small = block.end - block.start <= 4096;
                let bytes = piece(
                    source,
                    block.start,
                    (block.end - block.start).min(MOST as u64),
                )?;
                found.say_runs(&bytes);
                if !is_small || &block.kind == b"brob" || &block.kind == b"moov" {
                    found.note(Reason::Foreign);
                }
            }
        }
        place = block.end;
    }
    Ok(())
}

/// An item of HEIC or AVIF.
struct Item {
    number: u32,
    kind: [u8; 4],
}

fn items(source: &mut Source, meta: &Block, found: &mut Found) -> Result<(), Problem> {
    let mut list = Vec::new();
    let mut places = Vec::new();
    let mut data = 0;
    let mut place = meta.start + 4;
    while place + 8 <= meta.end {
        let inner = block(source, place, meta.end)?;
        match &inner.kind {
            b"iinf" => list = item_list(source, &inner)?,
            b"iloc" => {
                let bytes = piece(source, inner.start, inner.end - inner.start)?;
                places = item_places(&bytes).ok_or(Reason::Damaged)?;
            }
            b"idat" => data = inner.start,
            b"iprp" => sizes(source, &inner, 0, found)?,
            b"iref" => {
                let bytes = piece(source, inner.start, inner.end - inner.start)?;
                if memchr::memmem::find(&bytes, b"thmb").is_some() {
                    found.carries(metadata::THUMBNAIL);
                }
            }
            _ => {}
        }
        place = inner.end;
    }
    for item in list {
        let wanted = matches!(&item.kind, b"Exif" | b"mime");
        if &item.kind == b"uri " {
            found.note(Reason::Foreign);
        }
        if !wanted {
            continue;
        }
        let mut bytes = Vec::new();
        for &(number, in_data, start, length) in &places {
            if number == item.number {
                let start = if in_data { data + start } else { start };
                bytes.extend(piece(source, start, length)?);
            }
        }
        match &item.kind {
            b"Exif" => {
                let skip = be32(&bytes, 0).and_then(|skip| usize::try_from(skip).ok());
                let start = skip.unwrap_or(0).saturating_add(4);
                tiff::exif(bytes.get(start..).unwrap_or_default(), found)?;
            }
            _ => found.say_xmp(&bytes),
        }
    }
    Ok(())
}

fn item_list(source: &mut Source, list: &Block) -> Result<Vec<Item>, Problem> {
    let version = bytes_at(source, list.start, 1)?[0];
    let mut place = list.start + if version == 0 { 6 } else { 8 };
    let mut items = Vec::new();
    while place + 8 <= list.end && items.len() < BOXES {
        let entry = block(source, place, list.end)?;
        let bytes = piece(source, entry.start, (entry.end - entry.start).min(64))?;
        let (number, at) = match bytes.first() {
            Some(2) => (be16(&bytes, 4).map(u32::from), 8),
            Some(3) => (be32(&bytes, 4), 10),
            _ => (None, 0),
        };
        let kind = bytes.get(at..at + 4).and_then(|kind| kind.try_into().ok());
        if let (Some(number), Some(kind)) = (number, kind) {
            items.push(Item { number, kind });
        }
        place = entry.end;
    }
    Ok(items)
}

/// Where the pieces of items are: an item, whether in the box of data, a
/// place, a length.
fn item_places(bytes: &[u8]) -> Option<Vec<(u32, bool, u64, u64)>> {
    let mut at = 0;
    let mut take = |count: u8| -> Option<u64> {
        let piece = bytes.get(at..at + usize::from(count))?;
        at += usize::from(count);
        Some(piece.iter().fold(0, |n, &byte| n << 8 | u64::from(byte)))
    };
    let version = take(1)?;
    take(3)?;
    let sizes = take(2)?;
    let size = |shift: u32| match sizes >> shift & 15 {
        wide @ (0 | 4 | 8) => u8::try_from(wide).ok(),
        _ => None,
    };
    let (of_offset, of_length, of_base) = (size(12)?, size(8)?, size(4)?);
    let of_index = if version > 0 { size(0)? } else { 0 };
    let count = take(if version < 2 { 2 } else { 4 })?;
    let mut places = Vec::new();
    for _ in 0..count {
        let item = take(if version < 2 { 2 } else { 4 })?;
        let in_data = version > 0 && take(2)? & 15 == 1;
        take(2)?;
        let base = take(of_base)?;
        for _ in 0..take(2)? {
            take(of_index)?;
            let offset = take(of_offset)?;
            let length = take(of_length)?;
            if places.len() >= BOXES {
                return None;
            }
            let item = u32::try_from(item).ok()?;
            places.push((item, in_data, base.saturating_add(offset), length));
        }
    }
    Some(places)
}

/// The largest size among the properties: an image may be made of tiles.
fn sizes(source: &mut Source, outer: &Block, depth: u32, found: &mut Found) -> Result<(), Problem> {
    let mut place = outer.start;
    while place + 8 <= outer.end && depth < 4 {
        let inner = block(source, place, outer.end)?;
        match &inner.kind {
            b"ipco" => sizes(source, &inner, depth + 1, found)?,
            b"ispe" => {
                let sides = bytes_at(source, inner.start, 12)?;
                let (width, height) = (be32(sides, 4), be32(sides, 8));
                found.size(width.unwrap_or(0), height.unwrap_or(0));
            }
            _ => {}
        }
        place = inner.end;
    }
    Ok(())
}

/// The size in the header of a JPEG XL codestream (ISO/IEC 18181-1, D.2).
pub(super) fn codestream_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let bytes = bytes.strip_prefix(b"\xFF\x0A")?;
    let mut at = 0_u32;
    let mut bits = |count: u32| -> Option<u32> {
        let mut value = 0;
        for bit in 0..count {
            let byte = bytes.get(usize::try_from(at / 8).ok()?)?;
            value |= u32::from(byte >> (at % 8) & 1) << bit;
            at += 1;
        }
        Some(value)
    };
    let is_small = bits(1)? == 1;
    let side = |bits: &mut dyn FnMut(u32) -> Option<u32>| {
        if is_small {
            return Some((bits(5)? + 1) * 8);
        }
        let wide = [9, 13, 18, 30][usize::try_from(bits(2)?).ok()?];
        Some(bits(wide)? + 1)
    };
    let height = side(&mut bits)?;
    let width = match bits(3)? {
        0 => side(&mut bits)?,
        1 => height,
        2 => scaled(height, 12, 10),
        3 => scaled(height, 4, 3),
        4 => scaled(height, 3, 2),
        5 => scaled(height, 16, 9),
        6 => scaled(height, 5, 4),
        _ => scaled(height, 2, 1),
    };
    Some((width, height))
}

fn scaled(height: u32, by: u64, over: u64) -> u32 {
    u32::try_from(u64::from(height) * by / over).unwrap_or(u32::MAX)
}
