//! The header: what members there are, and the fields that it is made of.

use exeat_core::inspect::reader::Reason;

use super::streams::Streams;
use crate::problem::Problem;

const END: u8 = 0x00;
pub(super) const HEADER: u8 = 0x01;
const PROPERTIES: u8 = 0x02;
const MAIN_STREAMS: u8 = 0x04;
const FILES: u8 = 0x05;
pub(super) const ENCODED_HEADER: u8 = 0x17;

/// The most members of one archive.
const MAX_FILES: usize = 500_000;

pub(super) struct Header {
    pub(super) streams: Streams,
    pub(super) files: Vec<File>,
    /// Whether there is something in it that is not looked at.
    pub(super) is_unaccounted: bool,
}

#[derive(Default)]
pub(super) struct File {
    pub(super) name: Vec<u8>,
    pub(super) has_stream: bool,
    pub(super) is_folder: bool,
}

impl Header {
    pub(super) fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let mut header = Self {
            streams: Streams::default(),
            files: Vec::new(),
            is_unaccounted: false,
        };
        loop {
            match fields.byte()? {
                END => break,
                PROPERTIES => {
                    header.is_unaccounted = true;
                    while fields.byte()? != END {
                        let length = fields.count()?;
                        fields.take(length)?;
                    }
                }
                MAIN_STREAMS => header.streams = Streams::parse(&mut fields)?,
                FILES => header.files(&mut fields)?,
                _ => return Err(Reason::Unsupported.into()),
            }
        }
        header.is_unaccounted |= !fields.0.is_empty();
        Ok(header)
    }

    fn files(&mut self, fields: &mut Fields<'_>) -> Result<(), Problem> {
        let count = fields.number()?;
        let count = usize::try_from(count).map_err(|_| Reason::TooMany)?;
        if count > MAX_FILES {
            return Err(Reason::TooMany.into());
        }
        self.files.resize_with(count, File::default);
        let mut empty = vec![false; count];
        let mut empty_files = Vec::new();
        loop {
            let kind = fields.byte()?;
            if kind == END {
                break;
            }
            let length = fields.count()?;
            let mut property = Fields(fields.take(length)?);
            match kind {
                0x0E => empty = property.bits(count)?,
                0x0F | 0x10 => {
                    let count = empty.iter().filter(|&&empty| empty).count();
                    let bits = property.bits(count)?;
                    if kind == 0x0F {
                        empty_files = bits;
                    }
                }
                0x11 => {
                    property.internal()?;
                    for file in &mut self.files {
                        file.name = property.name()?;
                    }
                }
                // Times, attributes, places.
                0x12..=0x15 | 0x18 => continue,
                // Filling.
                0x19 if property.0.iter().all(|&byte| byte == 0) => continue,
                _ => {
                    self.is_unaccounted = true;
                    continue;
                }
            }
            self.is_unaccounted |= !property.0.is_empty();
        }
        let mut empty_files = empty_files.into_iter();
        for (file, is_empty) in self.files.iter_mut().zip(empty) {
            file.has_stream = !is_empty;
            file.is_folder = is_empty && !empty_files.next().unwrap_or(false);
        }
        Ok(())
    }
}

/// What is left of a header.
pub(super) struct Fields<'h>(pub(super) &'h [u8]);

impl<'h> Fields<'h> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'h [u8], Problem> {
        let split = self.0.split_at_checked(count).ok_or(Reason::Damaged)?;
        self.0 = split.1;
        Ok(split.0)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let taken = self.take(N)?.try_into();
        Ok(taken.map_err(|_| Reason::Damaged)?)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Problem> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u32(&mut self) -> Result<u32, Problem> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Problem> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A number of one to nine bytes: as many ones as the first byte begins
    /// with, so many bytes follow; its other bits are the highest.
    pub(super) fn number(&mut self) -> Result<u64, Problem> {
        let first = self.byte()?;
        let more = first.leading_ones();
        let mut value = 0;
        for place in 0..more {
            value |= u64::from(self.byte()?) << (8 * place);
        }
        if more < 7 {
            let high = first & (0x7F >> more);
            value |= u64::from(high) << (8 * more);
        }
        Ok(value)
    }

    /// How many things follow, each of a byte at least.
    pub(super) fn count(&mut self) -> Result<usize, Problem> {
        let count = usize::try_from(self.number()?).map_err(|_| Reason::Damaged)?;
        match count <= self.0.len() {
            true => Ok(count),
            false => Err(Reason::Damaged.into()),
        }
    }

    pub(super) fn bits(&mut self, count: usize) -> Result<Vec<bool>, Problem> {
        let bytes = self.take(count.div_ceil(8))?;
        let bit = |at: usize| bytes[at / 8] & (0x80 >> (at % 8)) != 0;
        Ok((0..count).map(bit).collect())
    }

    /// Checksums, of all or of those that have one.
    pub(super) fn checksums(&mut self, count: usize) -> Result<Vec<Option<u32>>, Problem> {
        let are_there = match self.byte()? {
            0 => self.bits(count)?,
            _ if count > self.0.len() => return Err(Reason::Damaged.into()),
            _ => vec![true; count],
        };
        let mut checksums = Vec::with_capacity(count);
        for is_there in are_there {
            checksums.push(match is_there {
                true => Some(self.u32()?),
                false => None,
            });
        }
        Ok(checksums)
    }

    /// That what follows stands here, and not elsewhere.
    pub(super) fn internal(&mut self) -> Result<(), Problem> {
        match self.byte()? {
            0 => Ok(()),
            _ => Err(Reason::Unsupported.into()),
        }
    }

    /// UTF-16 up to a zero.
    fn name(&mut self) -> Result<Vec<u8>, Problem> {
        let mut units = Vec::new();
        loop {
            match u16::from_le_bytes(self.array()?) {
                0 => return Ok(String::from_utf16_lossy(&units).into_bytes()),
                unit => units.push(unit),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_their_first_byte_says() {
        for (bytes, value) in [
            (&b"\x00"[..], 0),
            (b"\x7F", 127),
            (b"\x80\x80", 128),
            (b"\xBF\xFF", 0x3FFF),
            (b"\xC1\x02\x03", 0x1_0302),
            (b"\xFE\x01\0\0\0\0\0\x02", 0x02_0000_0000_0001),
            (b"\xFF\x01\0\0\0\0\0\0\x80", 1 << 63 | 1),
        ] {
            let mut fields = Fields(bytes);
            assert_eq!(fields.number().ok(), Some(value));
            assert!(fields.0.is_empty());
        }
        assert!(Fields(b"\x80").number().is_err());
    }
}
