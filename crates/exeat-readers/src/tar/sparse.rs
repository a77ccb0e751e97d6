//! Members with holes: only what is not a hole stands in the archive.

use std::io::{self, Read};

use exeat_core::inspect::reader::Reason;
use tar::{GnuExtSparseHeader, Header};

use super::pax::{self, number};
use super::tape::{BLOCK, Content, Tape};
use crate::problem::Problem;

/// The most pieces of a member.
const MAX_PIECES: usize = 100_000;

/// Where a member would be larger than this, its longest holes are passed on
/// as so many zeros each: an image of a disk is mostly holes, and what is in it
/// must not keep the rest of the archive from being read.
const LARGE: u64 = 256 << 20;
const HOLE: u64 = 64 << 10;

/// Where the pieces belong.
pub(super) struct Map {
    /// Offset and length, in order.
    pieces: Vec<(u64, u64)>,
    size: u64,
}

impl Map {
    fn new(pieces: Vec<(u64, u64)>, size: u64) -> Result<Self, Problem> {
        let mut end = 0;
        for &(offset, length) in &pieces {
            if offset < end {
                return Err(Reason::Damaged.into());
            }
            end = offset.checked_add(length).ok_or(Reason::Damaged)?;
        }
        match end <= size {
            true => Ok(Self { pieces, size }.shortened()),
            false => Err(Reason::Damaged.into()),
        }
    }

    fn shortened(mut self) -> Self {
        if self.size <= LARGE {
            return self;
        }
        let (mut before, mut end) = (0, 0);
        for (offset, length) in &mut self.pieces {
            let hole = (*offset - before).min(HOLE);
            before = *offset + *length;
            *offset = end + hole;
            end = *offset + *length;
        }
        self.size = end + (self.size - before).min(HOLE);
        self
    }
}

/// The map in a header of old GNU tar and in the blocks that follow it.
pub(super) fn of_header(header: &Header, tape: &mut Tape<'_>) -> Result<Map, Problem> {
    let gnu = header.as_gnu().ok_or(Reason::Damaged)?;
    let size = gnu.real_size().map_err(|_| Reason::Damaged)?;
    let mut pieces = Vec::new();
    let mut add = |sparse: &[tar::GnuSparseHeader]| {
        for piece in sparse.iter().filter(|piece| !piece.is_empty()) {
            let offset = piece.offset().map_err(|_| Reason::Damaged)?;
            let length = piece.length().map_err(|_| Reason::Damaged)?;
            pieces.push((offset, length));
        }
        match pieces.len() <= MAX_PIECES {
            true => Ok(()),
            false => Err(Reason::TooMany),
        }
    };
    add(&gnu.sparse)?;
    let mut is_extended = gnu.is_extended();
    while is_extended {
        let block = tape.block()?.ok_or(Reason::CutShort)?;
        let mut more = GnuExtSparseHeader::new();
        more.as_mut_bytes().copy_from_slice(&block);
        add(&more.sparse)?;
        is_extended = more.is_extended();
    }
    Map::new(pieces, size)
}

/// The map of a pax archive, and how many bytes of content follow it; `None`
/// where there is none.
pub(super) fn of_pax(
    said: &pax::Sparse,
    tape: &mut Tape<'_>,
    size: u64,
) -> Result<Option<(Map, u64)>, Problem> {
    let Some(real_size) = said.size else {
        return Ok(None);
    };
    let (map, left) = match said.is_inside {
        true => inside(tape, size)?,
        false => (said.map.clone(), size),
    };
    let (pairs, []) = map.as_chunks::<2>() else {
        return Err(Reason::Damaged.into());
    };
    if pairs.len() > MAX_PIECES {
        return Err(Reason::TooMany.into());
    }
    let pieces = pairs.iter().map(|&[offset, length]| (offset, length));
    Ok(Some((Map::new(pieces.collect(), real_size)?, left)))
}

/// The map before the content: decimal numbers in lines, first how many pairs
/// follow; zeros up to the next block.
fn inside(tape: &mut Tape<'_>, size: u64) -> Result<(Vec<u64>, u64), Problem> {
    let mut left = size;
    let mut numbers = Vec::new();
    let mut line = Vec::new();
    let mut wanted = 1;
    while numbers.len() < wanted {
        left = left.checked_sub(BLOCK as u64).ok_or(Reason::Damaged)?;
        let block = match tape.content(BLOCK as u64)? {
            Content::Window(window) => window.to_vec(BLOCK)?,
            Content::Stream(mut stream) => {
                let mut block = vec![0; BLOCK];
                stream.read_exact(&mut block)?;
                block
            }
        };
        for byte in block {
            if byte != b'\n' {
                line.push(byte);
                continue;
            }
            let value = number(&line).ok_or(Reason::Damaged)?;
            line.clear();
            if numbers.is_empty() {
                let pairs = usize::try_from(value).map_err(|_| Reason::TooMany)?;
                if pairs > MAX_PIECES {
                    return Err(Reason::TooMany.into());
                }
                wanted += 2 * pairs;
            }
            numbers.push(value);
            if numbers.len() == wanted {
                break;
            }
        }
        if line.len() > BLOCK {
            return Err(Reason::Damaged.into());
        }
    }
    numbers.remove(0);
    Ok((numbers, left))
}

/// The member with its holes, which are zeros.
pub(super) struct Expanded<R> {
    packed: R,
    map: Map,
    piece: usize,
    at: u64,
}

impl<R: Read> Expanded<R> {
    pub(super) fn new(packed: R, map: Map) -> Self {
        Self {
            packed,
            map,
            piece: 0,
            at: 0,
        }
    }
}

impl<R: Read> Read for Expanded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = |left: u64, buffer: &[u8]| {
            usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()))
        };
        let end = loop {
            match self.map.pieces.get(self.piece) {
                None => break self.map.size,
                Some(&(offset, length)) if self.at >= offset + length => self.piece += 1,
                Some(&(offset, _)) if self.at < offset => break offset,
                Some(&(offset, length)) => {
                    let most = most(offset + length - self.at, buffer);
                    let count = self.packed.read(&mut buffer[..most])?;
                    if count == 0 && most > 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    self.at += count as u64;
                    return Ok(count);
                }
            }
        };
        let count = most(end - self.at, buffer);
        buffer[..count].fill(0);
        self.at += count as u64;
        Ok(count)
    }
}
