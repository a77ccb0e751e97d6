//! A block: packed streams, the coders that make one content of them, and the
//! members in that.

use exeat_core::inspect::reader::Reason;

use super::header::Fields;
use crate::problem::Problem;

/// The most coders of a block, and the most streams that one reads.
const MAX_CODERS: usize = 8;

pub(super) struct Folder {
    pub(super) coders: Vec<Coder>,
    /// Which stream that is read (counted over all coders) is made by which
    /// coder.
    pub(super) bound: Vec<(usize, usize)>,
    /// Which streams that are read are packed ones, in their order.
    pub(super) packed: Vec<usize>,
    /// The first of them among those of the archive.
    pub(super) first_packed: usize,
    /// How much each coder makes.
    pub(super) sizes: Vec<u64>,
    pub(super) crc: Option<u32>,
    pub(super) parts: Vec<Part>,
}

pub(super) struct Coder {
    pub(super) method: Vec<u8>,
    pub(super) properties: Vec<u8>,
    /// The first stream that it reads, counted over all coders, and how many.
    pub(super) first: usize,
    pub(super) count: usize,
}

/// A member in a block.
pub(super) struct Part {
    pub(super) size: u64,
    pub(super) crc: Option<u32>,
}

impl Folder {
    /// The coder whose content no other coder reads.
    pub(super) fn last(&self) -> Result<usize, Problem> {
        let is_bound = |coder: &usize| self.bound.iter().any(|(_, made)| made == coder);
        let mut free = (0..self.coders.len()).filter(|coder| !is_bound(coder));
        match (free.next(), free.next()) {
            (Some(last), None) => Ok(last),
            _ => Err(Reason::Damaged.into()),
        }
    }

    /// How much content there is.
    pub(super) fn size(&self) -> Result<u64, Problem> {
        let size = self.sizes.get(self.last()?).copied();
        Ok(size.ok_or(Reason::Damaged)?)
    }
}

pub(super) fn parse(fields: &mut Fields<'_>, first_packed: usize) -> Result<Folder, Problem> {
    let count = fields.count()?;
    if count == 0 || count > MAX_CODERS {
        return Err(Reason::Unsupported.into());
    }
    let mut coders = Vec::new();
    let mut streams = 0;
    for _ in 0..count {
        let flags = fields.byte()?;
        let method = fields.take(usize::from(flags & 0x0F))?.to_vec();
        let (read, made) = match flags & 0x10 {
            0 => (1, 1),
            _ => (fields.count()?, fields.number()?),
        };
        if made != 1 || read == 0 || read > MAX_CODERS || flags & 0xC0 != 0 {
            return Err(Reason::Unsupported.into());
        }
        let properties = match flags & 0x20 {
            0 => Vec::new(),
            _ => {
                let length = fields.count()?;
                fields.take(length)?.to_vec()
            }
        };
        coders.push(Coder {
            method,
            properties,
            first: streams,
            count: read,
        });
        streams += read;
    }
    let index = |value: u64, most: usize| {
        let index = usize::try_from(value).ok().filter(|&index| index < most);
        index.ok_or(Reason::Damaged)
    };
    let mut bound = Vec::new();
    for _ in 1..count {
        let read = index(fields.number()?, streams)?;
        let made = index(fields.number()?, count)?;
        bound.push((read, made));
    }
    let is_bound = |stream: usize| bound.iter().any(|(read, _)| *read == stream);
    let wanted = streams.checked_sub(bound.len()).ok_or(Reason::Damaged)?;
    let packed: Vec<usize> = match wanted {
        1 => (0..streams).filter(|&stream| !is_bound(stream)).collect(),
        _ => {
            let mut packed = Vec::new();
            for _ in 0..wanted {
                packed.push(index(fields.number()?, streams)?);
            }
            packed
        }
    };
    if packed.len() != wanted {
        return Err(Reason::Damaged.into());
    }
    Ok(Folder {
        coders,
        bound,
        packed,
        first_packed,
        sizes: Vec::new(),
        crc: None,
        parts: Vec::new(),
    })
}
