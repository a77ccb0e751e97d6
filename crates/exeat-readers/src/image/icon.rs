//! Windows bitmaps, icons and cursors, and Photoshop's own format.

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::Image;

use super::{Found, be32, bytes_at, iptc, le16, le32, piece, png};
use crate::output::Budget;
use crate::problem::Problem;
use crate::source::Source;

/// A bitmap file.
pub(super) fn bitmap(source: &mut Source, found: &mut Found) -> Result<(), Problem> {
    let head = bytes_at(source, 0, 26)?;
    let size = u64::from(le32(head, 2).unwrap_or(0));
    let (width, height) = sides(&head[14..]);
    found.size(width, height);
    if size > source.len() {
        return Err(Reason::CutShort.into());
    }
    // Some write no size, or that of the pixels alone.
    let least = 26;
    if size < least {
        Ok(())
    } else {
        found.ends_at(source, size)
    }
}

/// The sides in a bitmap's header: a negative height is drawn from the top.
fn sides(header: &[u8]) -> (u32, u32) {
    if header.first() == Some(&12) {
        let side = |at| u32::from(le16(header, at).unwrap_or(0));
        return (side(4), side(6));
    }
    let side = |at| le32(header, at).unwrap_or(0);
    (side(4), side(8).cast_signed().unsigned_abs())
}

/// An icon or a cursor: a list of images.
pub(super) fn look(source: &mut Source, found: &mut Found, budget: &Budget) -> Result<(), Problem> {
    let count = le16(bytes_at(source, 4, 2)?, 0).unwrap_or(0);
    let mut end = 6 + u64::from(count) * 16;
    for at in 0..u64::from(count) {
        let entry = bytes_at(source, 6 + at * 16, 16)?;
        // 256 does not fit into a byte.
        let side = |byte: u8| if byte == 0 { 256 } else { u32::from(byte) };
        let (width, height) = (side(entry[0]), side(entry[1]));
        let bytes = u64::from(le32(entry, 8).unwrap_or(0));
        let place = u64::from(le32(entry, 12).unwrap_or(0));
        let mut one = Found::default();
        one.size(width, height);
        if bytes_at(source, place, 4)? == b"\x89PNG" {
            let last = png::look(source, place, &mut one, budget)?;
            end = end.max(last);
        }
        end = end.max(place + bytes);
        found.text.push_str(&one.text);
        for reason in one.reasons {
            found.note(reason);
        }
        match at {
            0 => found.image = one.image,
            _ => found.more.push(one.image),
        }
    }
    if end > source.len() {
        return Err(Reason::CutShort.into());
    }
    found.ends_at(source, end)
}

/// A Photoshop document. What its layers say is not read.
pub(super) fn photoshop(source: &mut Source, found: &mut Found) -> Result<(), Problem> {
    let head = bytes_at(source, 0, 30)?;
    let (height, width) = (be32(head, 14), be32(head, 18));
    found.size(width.unwrap_or(0), height.unwrap_or(0));
    let colors = u64::from(be32(head, 26).unwrap_or(0));
    let place = 30 + colors;
    let length = u64::from(be32(bytes_at(source, place, 4)?, 0).unwrap_or(0));
    let resources = piece(source, place + 4, length)?;
    iptc::resources(&resources, found)?;
    let layers = be32(bytes_at(source, place + 4 + length, 4)?, 0).unwrap_or(0);
    if layers > 0 {
        found.note(Reason::Foreign);
        found.more.push(Image::default());
    }
    Ok(())
}
