//! Where packed data stands, what blocks it makes, and of what members each
//! consists.

use std::ops::Range;

use exeat_core::inspect::reader::Reason;

use super::folder::{Folder, Part};
use super::header::Fields;
use super::{START, folder};
use crate::problem::Problem;

const END: u8 = 0x00;
const PACK: u8 = 0x06;
const UNPACK: u8 = 0x07;
const SUBSTREAMS: u8 = 0x08;
const SIZE: u8 = 0x09;
const CRC: u8 = 0x0A;
const FOLDER: u8 = 0x0B;
const UNPACK_SIZE: u8 = 0x0C;
const PARTS: u8 = 0x0D;

/// The most members of all blocks.
const MAX_PARTS: u64 = 500_000;

#[derive(Default)]
pub(super) struct Streams {
    /// Places in the file.
    pub(super) packed: Vec<Range<u64>>,
    pub(super) folders: Vec<Folder>,
}

impl Streams {
    pub(super) fn parse(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let mut streams = Self::default();
        let mut has_parts = false;
        loop {
            match fields.byte()? {
                END => break,
                PACK => streams.packed(fields)?,
                UNPACK => streams.folders(fields)?,
                SUBSTREAMS => {
                    has_parts = true;
                    streams.parts(fields)?;
                }
                _ => return Err(Reason::Damaged.into()),
            }
        }
        if !has_parts {
            for folder in &mut streams.folders {
                folder.parts = vec![Part {
                    size: folder.size()?,
                    crc: folder.crc,
                }];
            }
        }
        let wanted: usize = streams.folders.iter().map(|it| it.packed.len()).sum();
        match wanted == streams.packed.len() {
            true => Ok(streams),
            false => Err(Reason::Damaged.into()),
        }
    }

    fn packed(&mut self, fields: &mut Fields<'_>) -> Result<(), Problem> {
        let offset = fields.number()?;
        let mut at = offset.checked_add(START as u64).ok_or(Reason::Damaged)?;
        let count = fields.count()?;
        loop {
            match fields.byte()? {
                END => break,
                SIZE => {
                    for _ in 0..count {
                        let end = at.checked_add(fields.number()?).ok_or(Reason::Damaged)?;
                        self.packed.push(at..end);
                        at = end;
                    }
                }
                CRC => drop(fields.checksums(count)?),
                _ => return Err(Reason::Damaged.into()),
            }
        }
        Ok(())
    }

    fn folders(&mut self, fields: &mut Fields<'_>) -> Result<(), Problem> {
        if fields.byte()? != FOLDER {
            return Err(Reason::Damaged.into());
        }
        let count = fields.count()?;
        fields.internal()?;
        let mut first = 0;
        for _ in 0..count {
            let folder = folder::parse(fields, first)?;
            first += folder.packed.len();
            self.folders.push(folder);
        }
        if fields.byte()? != UNPACK_SIZE {
            return Err(Reason::Damaged.into());
        }
        for folder in &mut self.folders {
            for _ in 0..folder.coders.len() {
                folder.sizes.push(fields.number()?);
            }
        }
        loop {
            match fields.byte()? {
                END => return Ok(()),
                CRC => {
                    let checksums = fields.checksums(count)?;
                    for (folder, crc) in self.folders.iter_mut().zip(checksums) {
                        folder.crc = crc;
                    }
                }
                _ => return Err(Reason::Damaged.into()),
            }
        }
    }

    fn parts(&mut self, fields: &mut Fields<'_>) -> Result<(), Problem> {
        let mut counts = vec![1; self.folders.len()];
        let mut kind = fields.byte()?;
        if kind == PARTS {
            for count in &mut counts {
                *count = fields.number()?;
            }
            kind = fields.byte()?;
        }
        let all = counts
            .iter()
            .try_fold(0, |sum: u64, &count| sum.checked_add(count));
        if all.is_none_or(|all| all > MAX_PARTS) {
            return Err(Reason::TooMany.into());
        }
        let has_sizes = kind == SIZE;
        for (folder, &count) in self.folders.iter_mut().zip(&counts) {
            let mut left = folder.size()?;
            for place in 1..=count {
                let size = match place == count {
                    true => left,
                    false if has_sizes => fields.number()?,
                    false => return Err(Reason::Damaged.into()),
                };
                left = left.checked_sub(size).ok_or(Reason::Damaged)?;
                folder.parts.push(Part { size, crc: None });
            }
            if let ([part], Some(crc)) = (&mut folder.parts[..], folder.crc) {
                part.crc = Some(crc);
            }
        }
        if has_sizes {
            kind = fields.byte()?;
        }
        loop {
            match kind {
                END => return Ok(()),
                CRC => {
                    let parts = self.folders.iter_mut().flat_map(|folder| &mut folder.parts);
                    let unknown: Vec<_> = parts.filter(|part| part.crc.is_none()).collect();
                    let checksums = fields.checksums(unknown.len())?;
                    for (part, crc) in unknown.into_iter().zip(checksums) {
                        part.crc = crc;
                    }
                }
                _ => return Err(Reason::Damaged.into()),
            }
            kind = fields.byte()?;
        }
    }
}
