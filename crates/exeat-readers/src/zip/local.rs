//! The header that stands before a member's content, and what stands behind
//! it: whether they say what the directory says.

use std::ops::Range;

use exeat_core::inspect::reader::Reason;

use super::directory::{Entry, Fields};
use super::extra;
use crate::input::Window;
use crate::problem::Problem;

/// Where a member stands.
pub(super) struct Local {
    pub(super) content: Range<u64>,
    /// With its header and what follows its content.
    pub(super) whole: Range<u64>,
    /// Whether nothing in it says otherwise than the directory.
    pub(super) agrees: bool,
}

pub(super) fn find(window: &Window, base: u64, entry: &Entry<'_>) -> Result<Local, Problem> {
    let begin = base.checked_add(entry.offset).ok_or(Reason::Damaged)?;
    let mut fixed = [0; 30];
    if window.read_at(&mut fixed, begin)? < fixed.len() || !fixed.starts_with(b"PK\x03\x04") {
        return Err(Reason::Damaged.into());
    }
    let header = Header::parse(&fixed[6..]).ok_or(Reason::Damaged)?;
    let mut texts = vec![0; usize::from(header.name) + usize::from(header.extra)];
    if window.read_at(&mut texts, begin + 30)? < texts.len() {
        return Err(Reason::CutShort.into());
    }
    let (name, more) = texts.split_at(header.name.into());
    let start = begin + 30 + texts.len() as u64;
    let end = start.checked_add(entry.packed).ok_or(Reason::Damaged)?;
    let has_sizes = header.flags & 8 == 0;
    let after = match has_sizes {
        true => Some(0),
        false => descriptor(window, end, entry)?,
    };
    // The name is hidden where the directory is encrypted.
    let is_masked = entry.flags & 1 << 13 != 0;
    let agrees = (is_masked || name == entry.name)
        && header.method == entry.method
        && (header.flags ^ entry.flags) & 0b10_0000_0100_1001 == 0
        && (is_masked || header.says(entry, more, has_sizes))
        && after.is_some()
        && extra::is_plain(more)
        && extra::is_plain(entry.extra)
        && extra::texts(more).eq(extra::texts(entry.extra));
    Ok(Local {
        content: start..end,
        whole: begin..end.saturating_add(after.unwrap_or_default()),
        agrees,
    })
}

struct Header {
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    name: u16,
    extra: u16,
}

impl Header {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let [flags, method] = [fields.u16()?, fields.u16()?];
        let _time = fields.u32()?;
        Some(Self {
            flags,
            method,
            crc: fields.u32()?,
            packed: fields.u32()?,
            size: fields.u32()?,
            name: fields.u16()?,
            extra: fields.u16()?,
        })
    }

    /// Whether it says of checksum and sizes what the directory says. It need
    /// not where a record behind the content does.
    fn says(&self, entry: &Entry<'_>, more: &[u8], has_sizes: bool) -> bool {
        let mut large = Fields(extra::find(more, extra::LARGE).unwrap_or_default());
        let mut full = |field: u32| match field {
            u32::MAX => large.u64(),
            _ => Some(field.into()),
        };
        let fields = [
            (full(self.size), entry.size),
            (full(self.packed), entry.packed),
            (Some(self.crc.into()), entry.crc.into()),
        ];
        fields.into_iter().all(|(here, there)| {
            here == Some(there) || !has_sizes && matches!(here, Some(0) | None)
        })
    }
}

/// How long the record is that stands behind the content, with or without its
/// mark and with sizes of 32 or 64 bits; `None` where there is none that says
/// what the directory says.
fn descriptor(window: &Window, at: u64, entry: &Entry<'_>) -> Result<Option<u64>, Problem> {
    let mut bytes = [0; 24];
    let read = window.read_at(&mut bytes, at)?;
    let bytes = &bytes[..read];
    for mark in [&b"PK\x07\x08"[..], b""] {
        for is_large in [false, true] {
            let mut fields = Fields(bytes);
            let mut says = || {
                let number = |fields: &mut Fields<'_>| match is_large {
                    true => fields.u64(),
                    false => fields.u32().map(u64::from),
                };
                Some(
                    fields.take(mark.len())? == mark
                        && fields.u32()? == entry.crc
                        && number(&mut fields)? == entry.packed
                        && number(&mut fields)? == entry.size,
                )
            };
            if says() == Some(true) {
                return Ok(Some((read - fields.0.len()) as u64));
            }
        }
    }
    Ok(None)
}
