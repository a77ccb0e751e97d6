//! Photoshop's resources, and in them captions (IPTC-IIM).

use exeat_core::inspect::reader::protocol::metadata;

use super::{Found, be16, be32, tiff};
use crate::problem::Problem;

/// Goes through blocks of `8BIM`, a number, a name and data.
pub(super) fn resources(bytes: &[u8], found: &mut Found) -> Result<(), Problem> {
    let mut rest = bytes;
    while rest.starts_with(b"8BIM") && rest.len() >= 12 {
        let number = be16(rest, 4).unwrap_or(0);
        let name = usize::from(rest[6]);
        // The name, with its length, takes an even number of bytes.
        let at = 6 + (name + 2) / 2 * 2;
        if let Some(name) = rest.get(7..7 + name) {
            found.say("", &String::from_utf8_lossy(name));
        }
        let Some(length) = be32(rest, at).and_then(|length| usize::try_from(length).ok()) else {
            break;
        };
        let end = (at + 4).saturating_add(length).min(rest.len());
        let data = rest.get(at + 4..end).unwrap_or_default();
        match number {
            0x0404 => captions(data, found),
            0x0409 | 0x040C => found.carries(metadata::THUMBNAIL),
            0x0422 => tiff::exif(data, found)?,
            0x0424 => found.say_xmp(data),
            // The profile of colours.
            0x040F => {}
            _ => found.say_runs(data),
        }
        rest = rest.get(end + length % 2..).unwrap_or_default();
    }
    Ok(())
}

/// Goes through data sets: a mark, a record, a number, a length, a value.
pub(super) fn captions(bytes: &[u8], found: &mut Found) {
    let mut rest = bytes;
    while let [0x1C, record, number, ..] = *rest {
        let Some(length) = be16(rest, 3) else { break };
        let (start, length) = if length & 0x8000 == 0 {
            (5, usize::from(length))
        } else {
            // The length of the length.
            let Some(length) = be32(rest, 5) else { break };
            (9, usize::try_from(length).unwrap_or(usize::MAX))
        };
        let end = start.min(rest.len()).saturating_add(length).min(rest.len());
        let value = rest.get(start..end).unwrap_or_default();
        if record == 2 && number != 0 {
            found.carries(metadata::IPTC);
            let name = match number {
                5 => "Title",
                25 => "Keyword",
                55 => "Date created",
                80 => "By-line",
                90 => "City",
                92 => "Sublocation",
                105 => "Headline",
                110 => "Credit",
                116 => "Copyright",
                118 => "Contact",
                120 => "Caption",
                122 => "Writer",
                _ => "",
            };
            let text = match std::str::from_utf8(value) {
                Ok(text) => text.to_owned(),
                Err(_) => value.iter().map(|&byte| char::from(byte)).collect(),
            };
            found.say(name, &text);
        }
        rest = rest.get(end..).unwrap_or_default();
    }
}
