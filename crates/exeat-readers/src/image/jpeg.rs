//! JPEG (ITU-T T.81): segments, and data between them that is skipped.

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::metadata;

use super::{Found, MOST_IMAGES, be16, bytes_at, iptc, piece, tiff};
use crate::problem::Problem;
use crate::source::Source;

pub(super) fn look(source: &mut Source, found: &mut Found) -> Result<(), Problem> {
    let mut place = 0;
    let mut is_first = true;
    loop {
        let mut one = Found::default();
        let mut has_more = false;
        let end = image(source, place, &mut one, &mut has_more);
        found.text.push_str(&one.text);
        for &reason in &one.reasons {
            found.note(reason);
        }
        if is_first {
            found.image = one.image;
        } else if found.more.len() < MOST_IMAGES {
            found.more.push(one.image);
        }
        let end = end?;
        // Some cameras store a second, smaller or deeper, image behind the
        // first, which says so.
        let next = match source.find(b"\xFF\xD8\xFF", end)? {
            Some(next) if has_more || !is_first => next,
            _ => return found.ends_at(source, end),
        };
        if next - end > 64 << 10 {
            return found.ends_at(source, end);
        }
        let (between, _) = source.at(end, usize::try_from(next - end).unwrap_or(0))?;
        let between = between
            .iter()
            .take(usize::try_from(next - end).unwrap_or(0));
        if between.clone().any(|&byte| byte != 0 && byte != 0xFF) {
            return found.ends_at(source, end);
        }
        is_first = false;
        place = next;
    }
}

/// Looks at one image, and gives where it ends.
fn image(
    source: &mut Source,
    start: u64,
    found: &mut Found,
    has_more: &mut bool,
) -> Result<u64, Problem> {
    let mut place = start + 2;
    loop {
        // Between segments there may be any number of ones.
        let bytes = bytes_at(source, place, 2)?;
        if bytes[0] != 0xFF {
            return Err(Reason::Damaged.into());
        }
        let marker = bytes[1];
        place += 1;
        if marker == 0xFF {
            continue;
        }
        place += 1;
        match marker {
            0xD9 => return Ok(place),
            0x01 | 0xD0..=0xD8 => continue,
            _ => {}
        }
        let length = be16(bytes_at(source, place, 2)?, 0).unwrap_or(0);
        let content = u64::from(length.max(2)) - 2;
        match marker {
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let frame = bytes_at(source, place + 2, 5)?;
                let (height, width) = (be16(frame, 1), be16(frame, 3));
                found.size(
                    u32::from(width.unwrap_or(0)),
                    u32::from(height.unwrap_or(0)),
                );
            }
            0xE0..=0xEF | 0xFE => {
                let segment = piece(source, place + 2, content)?;
                application(marker, &segment, found, has_more)?;
            }
            _ => {}
        }
        place += u64::from(length.max(2));
        if marker == 0xDA {
            place = scan_end(source, place)?;
        }
    }
}

/// Where the marker stands that ends the data of a scan.
fn scan_end(source: &mut Source, from: u64) -> Result<u64, Problem> {
    let mut place = from;
    loop {
        let (bytes, is_all) = source.at(place, 64 << 10)?;
        let mut at = 0;
        while let Some(found) = memchr::memchr(0xFF, &bytes[at..]) {
            at += found;
            match bytes.get(at + 1) {
                Some(0 | 0xD0..=0xD7) => at += 2,
                Some(0xFF) => at += 1,
                Some(_) => return Ok(place + at as u64),
                None => break,
            }
        }
        if is_all {
            return Err(Reason::CutShort.into());
        }
        // A last byte of ones may begin a marker.
        let read = bytes.len();
        place += (if bytes.last() == Some(&0xFF) {
            read - 1
        } else {
            read
        }) as u64;
    }
}

fn application(
    marker: u8,
    segment: &[u8],
    found: &mut Found,
    has_more: &mut bool,
) -> Result<(), Problem> {
    const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
    const MORE_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
    match marker {
        0xFE => {
            found.carries(metadata::TEXT);
            found.say("Comment", &String::from_utf8_lossy(segment));
        }
        0xE0 => {
            let has_thumbnail = segment.starts_with(b"JFXX\0")
                || segment.starts_with(b"JFIF\0")
                    && segment.get(12..14).is_some_and(|sides| !sides.contains(&0));
            if has_thumbnail {
                found.carries(metadata::THUMBNAIL);
            }
        }
        0xE1 => {
            if let Some(exif) = segment.strip_prefix(b"Exif\0\0") {
                tiff::exif(exif, found)?;
            } else if let Some(packet) = segment.strip_prefix(XMP) {
                found.say_xmp(packet);
            } else if let Some(packet) = segment.strip_prefix(MORE_XMP) {
                // A digest, a length and an offset first.
                found.say_xmp(packet.get(40..).unwrap_or_default());
            } else {
                found.say_runs(segment);
            }
        }
        0xE2 if segment.starts_with(b"MPF\0") => *has_more = true,
        0xE2 if segment.starts_with(b"ICC_PROFILE\0") => {}
        0xED => match segment.strip_prefix(b"Photoshop 3.0\0") {
            Some(resources) => iptc::resources(resources, found)?,
            None => found.say_runs(segment),
        },
        0xEE if segment.starts_with(b"Adobe") => {}
        _ => found.say_runs(segment),
    }
    Ok(())
}
