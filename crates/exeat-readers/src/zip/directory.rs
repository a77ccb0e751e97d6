//! The directory at the end of a ZIP archive.

use std::ops::Range;

use exeat_core::inspect::reader::Reason;

use super::extra;
use crate::input::Window;
use crate::problem::Problem;

/// The largest directory that is held in memory: a quarter of a million
/// members or so.
const MAX_DIRECTORY: usize = 24 << 20;
/// How far before the end the record of the end may stand: its own length and
/// that of the longest comment.
const END_WITHIN: u64 = 22 + 0xFFFF;

/// A directory.
pub(super) struct Directory {
    bytes: Vec<u8>,
    /// How many members it says there are.
    count: u64,
    /// What stands before the archive: offsets are counted from there.
    pub(super) base: u64,
    pub(super) comment: Vec<u8>,
    /// Where the directory and the records behind it stand.
    pub(super) place: Range<u64>,
    /// Whether something stands between it and its records.
    pub(super) has_gaps: bool,
}

/// A member, as the directory describes it.
pub(super) struct Entry<'d> {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    /// Of its own header, from [`Directory::base`].
    pub(super) offset: u64,
    pub(super) name: &'d [u8],
    pub(super) extra: &'d [u8],
    pub(super) comment: &'d [u8],
}

impl Entry<'_> {
    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & (1 | 1 << 6 | 1 << 13) != 0
    }

    /// Not with the cipher that the format began with.
    pub(super) fn is_strongly_encrypted(&self) -> bool {
        self.flags & (1 << 6 | 1 << 13) != 0 || self.method == 99
    }
}

/// Little-endian fields.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

impl Directory {
    pub(super) fn read(window: &Window) -> Result<Self, Problem> {
        let end = End::find(window)?;
        let (place, has_gaps, end) = end.large(window)?;
        if end.disks != [0, 0] || end.counts[0] != end.counts[1] {
            return Err(Reason::Unsupported.into());
        }
        // It stands just before its end, wherever it says that it begins: the
        // difference is what stands before the archive.
        let begin = place.checked_sub(end.size).ok_or(Reason::Damaged)?;
        let base = begin.checked_sub(end.offset).ok_or(Reason::Damaged)?;
        let stands = window.slice(begin..place).ok_or(Reason::Damaged)?;
        Ok(Self {
            bytes: stands.to_vec(MAX_DIRECTORY)?,
            count: end.counts[0],
            base,
            place: begin..end.after,
            has_gaps: has_gaps || end.after < window.len(),
            comment: end.comment,
        })
    }

    /// Its members, in its order. One that is no member is the last.
    pub(super) fn entries(&self) -> impl Iterator<Item = Result<Entry<'_>, Problem>> {
        let mut fields = Fields(&self.bytes);
        let mut left = Some(self.count);
        std::iter::from_fn(move || match left {
            Some(1..) if !fields.0.is_empty() => {
                let entry = entry(&mut fields).ok_or(Reason::Damaged.into());
                left = left.filter(|_| entry.is_ok()).map(|left| left - 1);
                Some(entry)
            }
            // Fewer, or more.
            Some(left_over) if left_over > 0 || !fields.0.is_empty() => {
                left = None;
                Some(Err(Reason::Damaged.into()))
            }
            _ => None,
        })
    }
}

fn entry<'d>(fields: &mut Fields<'d>) -> Option<Entry<'d>> {
    if fields.take(4)? != b"PK\x01\x02" {
        return None;
    }
    let [_made_by, _needed, flags, method] =
        [fields.u16()?, fields.u16()?, fields.u16()?, fields.u16()?];
    let _time = fields.u32()?;
    let [crc, packed, size] = [fields.u32()?, fields.u32()?, fields.u32()?];
    let [name, extra, comment] = [fields.u16()?, fields.u16()?, fields.u16()?];
    let disk = fields.u16()?;
    let _attributes = fields.take(6)?;
    let offset = fields.u32()?;
    let mut entry = Entry {
        flags,
        method,
        crc,
        packed: packed.into(),
        size: size.into(),
        offset: offset.into(),
        name: fields.take(name.into())?,
        extra: fields.take(extra.into())?,
        comment: fields.take(comment.into())?,
    };
    if let Some(large) = extra::find(entry.extra, extra::LARGE) {
        let mut large = Fields(large);
        for field in [&mut entry.size, &mut entry.packed, &mut entry.offset] {
            if *field == u64::from(u32::MAX) {
                *field = large.u64()?;
            }
        }
    }
    (disk == 0 || disk == u16::MAX).then_some(entry)
}

/// The record of the end.
struct End {
    at: u64,
    after: u64,
    disks: [u32; 2],
    counts: [u64; 2],
    size: u64,
    offset: u64,
    comment: Vec<u8>,
}

impl End {
    /// The last one in the file; one that ends where the file does, if there
    /// is one.
    fn find(window: &Window) -> Result<Self, Problem> {
        let from = window.len().saturating_sub(END_WITHIN);
        let tail = window.slice(from..window.len()).ok_or(Reason::Damaged)?;
        let tail = tail.to_vec(usize::MAX)?;
        let mut last = None;
        for place in memchr::memmem::rfind_iter(&tail, b"PK\x05\x06") {
            let Some((mut end, length)) = Self::parse(&tail[place..]) else {
                continue;
            };
            end.at = from + place as u64;
            end.after = end.at + length as u64;
            if end.after == window.len() {
                return Ok(end);
            }
            last = last.or(Some(end));
        }
        Ok(last.ok_or(Reason::CutShort)?)
    }

    fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut fields = Fields(bytes.get(4..)?);
        let disks = [fields.u16()?.into(), fields.u16()?.into()];
        let counts = [fields.u16()?.into(), fields.u16()?.into()];
        let [size, offset] = [fields.u32()?.into(), fields.u32()?.into()];
        let length = usize::from(fields.u16()?);
        let end = Self {
            at: 0,
            after: 0,
            disks,
            counts,
            size,
            offset,
            comment: fields.take(length)?.to_vec(),
        };
        Some((end, 22 + length))
    }

    fn is_large(&self) -> bool {
        let most = u64::from(u16::MAX);
        self.counts.contains(&most)
            || self.size == u64::from(u32::MAX)
            || self.offset == u64::from(u32::MAX)
            || self.disks.contains(&u16::MAX.into())
    }

    /// Whether a 64-bit record says what this one says, as far as it can.
    fn agrees_with(&self, large: &Self) -> bool {
        let is_same = |(short, long): (u64, u64), most: u64| short == most || short == long;
        let small = u64::from(u16::MAX);
        let counts = self.counts.into_iter().zip(large.counts);
        let disks = self.disks.into_iter().zip(large.disks);
        counts.into_iter().all(|pair| is_same(pair, small))
            && disks
                .into_iter()
                .all(|(short, long)| is_same((short.into(), long.into()), small))
            && is_same((self.size, large.size), u32::MAX.into())
            && is_same((self.offset, large.offset), u32::MAX.into())
    }

    /// What the 64-bit record says, if there is one; where the directory ends;
    /// whether something stands behind it that is not looked at. An archive may
    /// have just 65,535 members, and no such record; one that came through a
    /// pipe may have the record and no need of it.
    fn large(self, window: &Window) -> Result<(u64, bool, Self), Problem> {
        let Some(at) = self.at.checked_sub(20) else {
            return Ok((self.at, false, self));
        };
        let mut locator = [0; 20];
        window.read_at(&mut locator, at)?;
        if !locator.starts_with(b"PK\x06\x07") {
            return Ok((self.at, false, self));
        }
        let mut record = [0; 56];
        // It stands just before its locator, or, behind what stands before the
        // archive, where the locator says.
        let mut said = Fields(&locator[8..16]);
        let said = said.u64().ok_or(Reason::Damaged)?;
        let before = at.checked_sub(56).ok_or(Reason::Damaged)?;
        let mut place = None;
        for candidate in [before, said] {
            window.read_at(&mut record, candidate)?;
            if record.starts_with(b"PK\x06\x06") {
                place = Some(candidate);
                break;
            }
        }
        let place = match place {
            Some(place) => place,
            // The end of the directory only looked like a locator.
            None if !self.is_large() => return Ok((self.at, false, self)),
            None => return Err(Reason::Damaged.into()),
        };
        let end = Self::parse_large(&record[4..]).ok_or(Reason::Damaged)?;
        if !self.agrees_with(&end) {
            return Err(Reason::Damaged.into());
        }
        let end = Self {
            at: place,
            after: self.after,
            comment: self.comment,
            ..end
        };
        Ok((place, place != before, end))
    }

    fn parse_large(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let _length = fields.u64()?;
        let _versions = fields.u32()?;
        let disks = [fields.u32()?, fields.u32()?];
        let counts = [fields.u64()?, fields.u64()?];
        let [size, offset] = [fields.u64()?, fields.u64()?];
        Some(Self {
            at: 0,
            after: 0,
            disks,
            counts,
            size,
            offset,
            comment: Vec::new(),
        })
    }
}
