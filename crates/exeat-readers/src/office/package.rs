//! The members of an office file: a ZIP archive of which only the directory
//! is believed, and that only where its members prove it.
//!
//! Whoever calls has looked at the archive as an archive. Here members are
//! found by name and read, stored or deflated; lengths, checksums and what
//! stands behind the end of a compressed stream are checked at their end.

use std::io::{self, Read};

use exeat_core::inspect::reader::Reason;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use memchr::memmem;

use crate::input::Window;
use crate::output::{Metered, Output};
use crate::problem::{Problem, io_error};

/// More members than any office file has.
const MAX_MEMBERS: usize = 65_535;
/// The most bytes of a directory that are held.
const MAX_DIRECTORY: usize = 16 << 20;
const END: usize = 22;
const LOCATOR: usize = 20;
const ENTRY: usize = 46;
const HEADER: u64 = 30;

/// An office file that was opened.
pub(crate) struct Package {
    window: Window,
    pub(crate) members: Vec<Member>,
}

/// A member as the directory lists it.
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    pub(crate) size: u64,
    header: u64,
}

impl Member {
    /// Its name in lower case, with the separators of these archives.
    pub(crate) fn lower(&self) -> String {
        let lower = self.name.to_ascii_lowercase();
        String::from_utf8_lossy(&lower).replace('\\', "/")
    }
}

impl Package {
    pub(crate) fn open(window: &Window) -> Result<Self, Problem> {
        let (directory, count) = directory(window)?;
        let mut members = Vec::new();
        let mut rest = &directory[..];
        while !rest.is_empty() {
            let (member, after) = entry(rest).ok_or(Reason::Damaged)?;
            if members.len() >= MAX_MEMBERS {
                return Err(Reason::TooMany.into());
            }
            members.push(member);
            rest = after;
        }
        if members.len() as u64 != count {
            return Err(Reason::Damaged.into());
        }
        Ok(Self {
            window: window.clone(),
            members,
        })
    }

    /// The place of a member, whatever the case of its letters.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let is_it = |member: &Member| member.name.eq_ignore_ascii_case(name.as_bytes());
        self.members.iter().position(is_it)
    }

    /// What a member holds, counted and checked.
    pub(crate) fn reader(&self, at: usize, out: &Output) -> Result<Unpacked, Problem> {
        let member = self.members.get(at).ok_or(Reason::Damaged)?;
        if member.flags & 1 != 0 {
            return Err(Reason::Encrypted.into());
        }
        let mut header = [0; 30];
        let read = self.window.read_at(&mut header, member.header)?;
        if read < header.len() || !header.starts_with(b"PK\x03\x04") {
            return Err(Reason::Damaged.into());
        }
        let names = u64::from(number16(&header, 26)) + u64::from(number16(&header, 28));
        let start = member.header + HEADER + names;
        let end = start.checked_add(member.packed).ok_or(Reason::Damaged)?;
        let packed = self.window.slice(start..end).ok_or(Reason::CutShort)?;
        let decoder = match member.method {
            0 => Decoder::Stored(packed),
            8 => Decoder::Deflated {
                decoder: Box::new(DeflateDecoder::new(packed)),
                packed: member.packed,
            },
            _ => return Err(Reason::Unsupported.into()),
        };
        Ok(Unpacked {
            decoder: out.metered(decoder),
            left: member.size,
            crc: Crc::new(),
            expected: member.crc,
            checked: false,
        })
    }

    /// All of a member that is small.
    pub(crate) fn bytes(&self, at: usize, most: usize, out: &Output) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let limit = most as u64 + 1;
        self.reader(at, out)?.take(limit).read_to_end(&mut bytes)?;
        if bytes.len() > most {
            return Err(Reason::PartTooLarge.into());
        }
        Ok(bytes)
    }
}

enum Decoder {
    Stored(Window),
    Deflated {
        decoder: Box<DeflateDecoder<Window>>,
        packed: u64,
    },
}

impl Read for Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stored(window) => window.read(buffer),
            Self::Deflated { decoder, packed } => match decoder.read(buffer)? {
                0 if decoder.total_in() < *packed => Err(io_error(Reason::Unaccounted)),
                count => Ok(count),
            },
        }
    }
}

/// What a member holds. An error at its end where that is not what the
/// directory says.
pub(crate) struct Unpacked {
    decoder: Metered<Decoder>,
    left: u64,
    crc: Crc,
    expected: u32,
    checked: bool,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.checked {
            return Ok(0);
        }
        let count = self.decoder.read(buffer)?;
        if count > 0 {
            self.crc.update(buffer.get(..count).unwrap_or_default());
            let left = self.left.checked_sub(count as u64);
            self.left = left.ok_or_else(|| io_error(Reason::Damaged))?;
            return Ok(count);
        }
        self.checked = true;
        if self.left > 0 || self.crc.sum() != self.expected {
            return Err(io_error(Reason::Damaged));
        }
        Ok(0)
    }
}

/// The bytes of the directory, and how many members it says there are.
fn directory(window: &Window) -> Result<(Vec<u8>, u64), Problem> {
    let tail_at = window.len().saturating_sub((END + 0xFFFF) as u64);
    let tail = window
        .slice(tail_at..window.len())
        .ok_or(Reason::CutShort)?;
    let tail = tail.to_vec(END + 0xFFFF)?;
    let end_at = memmem::rfind_iter(&tail, b"PK\x05\x06")
        .find(|&at| {
            let comment = tail.get(at + 20..at + 22).map(|two| number16(two, 0));
            comment.is_some_and(|length| at + END + usize::from(length) == tail.len())
        })
        .ok_or(Reason::CutShort)?;
    let end = tail.get(end_at..end_at + END).ok_or(Reason::CutShort)?;
    let mut count = u64::from(number16(end, 10));
    let mut size = u64::from(number32(end, 12));
    let mut start = u64::from(number32(end, 16));
    let is_large = count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF;
    if is_large && end_at >= LOCATOR {
        let locator = tail.get(end_at - LOCATOR..end_at).unwrap_or_default();
        if locator.starts_with(b"PK\x06\x07") {
            let mut record = [0; 56];
            let read = window.read_at(&mut record, number64(locator, 8))?;
            if read < record.len() || !record.starts_with(b"PK\x06\x06") {
                return Err(Reason::Damaged.into());
            }
            count = number64(&record, 32);
            size = number64(&record, 40);
            start = number64(&record, 48);
        }
    }
    let finish = start.checked_add(size).ok_or(Reason::Damaged)?;
    let directory = window.slice(start..finish).ok_or(Reason::Damaged)?;
    Ok((directory.to_vec(MAX_DIRECTORY)?, count))
}

/// The first entry of a directory, and what comes after it.
fn entry(bytes: &[u8]) -> Option<(Member, &[u8])> {
    let fixed = bytes.get(..ENTRY)?;
    if !fixed.starts_with(b"PK\x01\x02") {
        return None;
    }
    let name_end = ENTRY + usize::from(number16(fixed, 28));
    let extra_end = name_end + usize::from(number16(fixed, 30));
    let end = extra_end + usize::from(number16(fixed, 32));
    let mut member = Member {
        name: bytes.get(ENTRY..name_end)?.to_vec(),
        flags: number16(fixed, 8),
        method: number16(fixed, 10),
        crc: number32(fixed, 16),
        packed: u64::from(number32(fixed, 20)),
        size: u64::from(number32(fixed, 24)),
        header: u64::from(number32(fixed, 42)),
    };
    large(&mut member, bytes.get(name_end..extra_end)?);
    Some((member, bytes.get(end..)?))
}

/// Takes from the extra fields what does not fit into 32 bits.
fn large(member: &mut Member, mut extra: &[u8]) {
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let (id, length) = (number16(head, 0), usize::from(number16(head, 2)));
        let Some((mut field, rest)) = rest.split_at_checked(length) else {
            return;
        };
        extra = rest;
        if id != 1 {
            continue;
        }
        for value in [&mut member.size, &mut member.packed, &mut member.header] {
            if *value == 0xFFFF_FFFF
                && let Some((number, rest)) = field.split_at_checked(8)
            {
                *value = number64(number, 0);
                field = rest;
            }
        }
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let found = bytes
        .get(at..at + N)
        .and_then(|found| found.try_into().ok());
    found.unwrap_or([0; N])
}

/// A number of two bytes; 0 where there are none.
pub(crate) fn number16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

/// A number of four bytes; 0 where there are none.
pub(crate) fn number32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

/// A number of eight bytes; 0 where there are none.
pub(crate) fn number64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}
