//! Values out of a page, one after the other, in whatever encoding.

use bytes::Bytes;
use exeat_core::inspect::reader::Reason;
use parquet::basic::{Encoding, Type};

use super::delta::Delta;
use super::hybrid::Hybrid;

/// A value as it is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Raw<'v> {
    Integer(i64),
    Float(f64),
    Bytes(&'v [u8]),
}

/// How values are stored, whatever they mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Storage {
    pub(super) physical: Type,
    /// Of a fixed length: in bytes.
    pub(super) length: usize,
}

impl Storage {
    /// Bytes of each value; `None` where they vary, or are bits.
    fn size(self) -> Option<usize> {
        match self.physical {
            Type::BOOLEAN | Type::BYTE_ARRAY => None,
            Type::INT32 | Type::FLOAT => Some(4),
            Type::INT64 | Type::DOUBLE => Some(8),
            Type::INT96 => Some(12),
            Type::FIXED_LEN_BYTE_ARRAY => Some(self.length),
        }
    }

    fn raw(self, bytes: &[u8]) -> Result<Raw<'_>, Reason> {
        Ok(match self.physical {
            Type::INT32 => Raw::Integer(i64::from(i32::from_le_bytes(array(bytes)?))),
            Type::INT64 => Raw::Integer(i64::from_le_bytes(array(bytes)?)),
            Type::FLOAT => {
                let single = f32::from_le_bytes(array(bytes)?);
                // As short as the number of single precision is written.
                let is_whole = single.fract() == 0.0;
                Raw::Float(match is_whole || !single.is_finite() {
                    true => f64::from(single),
                    false => single.to_string().parse().unwrap_or(f64::from(single)),
                })
            }
            Type::DOUBLE => Raw::Float(f64::from_le_bytes(array(bytes)?)),
            Type::BOOLEAN => Raw::Integer(i64::from(bytes.first().is_some_and(|&b| b != 0))),
            Type::INT96 | Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => Raw::Bytes(bytes),
        })
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Reason> {
    bytes.try_into().map_err(|_| Reason::Damaged)
}

/// Values of a page.
#[derive(Debug)]
pub(super) struct Values {
    data: Bytes,
    storage: Storage,
    how: How,
    /// A value that is put together.
    whole: Vec<u8>,
}

#[derive(Debug)]
enum How {
    Plain {
        at: usize,
    },
    Bits {
        at: usize,
    },
    RunBits {
        runs: Hybrid,
        buffer: Vec<u32>,
    },
    Delta(Delta),
    Lengths {
        lengths: Delta,
        at: usize,
    },
    Prefixes {
        prefixes: Delta,
        lengths: Delta,
        at: usize,
    },
    Split {
        next: usize,
        count: usize,
    },
}

impl Values {
    /// The values in `data`; indices into a dictionary are read elsewhere.
    pub(super) fn new(data: Bytes, storage: Storage, encoding: Encoding) -> Result<Self, Reason> {
        let how = match (encoding, storage.physical) {
            (Encoding::PLAIN, Type::BOOLEAN) => How::Bits { at: 0 },
            (Encoding::PLAIN, _) => How::Plain { at: 0 },
            (Encoding::RLE, Type::BOOLEAN) => How::RunBits {
                runs: Hybrid::new(after(&data, 4)?, 1)?,
                buffer: Vec::new(),
            },
            (Encoding::DELTA_BINARY_PACKED, Type::INT32 | Type::INT64) => {
                How::Delta(Delta::new(data.clone())?)
            }
            (Encoding::DELTA_LENGTH_BYTE_ARRAY, Type::BYTE_ARRAY) => {
                let lengths = Delta::new(data.clone())?;
                let at = end(&lengths)?;
                How::Lengths { lengths, at }
            }
            (Encoding::DELTA_BYTE_ARRAY, Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY) => {
                let prefixes = Delta::new(data.clone())?;
                let from = end(&prefixes)?;
                let lengths = Delta::new(after(&data, from)?)?;
                let at = from + end(&lengths)?;
                How::Prefixes {
                    prefixes,
                    lengths,
                    at,
                }
            }
            (Encoding::BYTE_STREAM_SPLIT, _) => {
                let size = storage.size().filter(|&size| size > 0);
                How::Split {
                    next: 0,
                    count: data.len() / size.ok_or(Reason::Damaged)?,
                }
            }
            _ => return Err(Reason::Unsupported),
        };
        Ok(Self {
            data,
            storage,
            how,
            whole: Vec::new(),
        })
    }

    pub(super) fn next(&mut self) -> Result<Raw<'_>, Reason> {
        match &mut self.how {
            How::Plain { at } => {
                let size = match self.storage.size() {
                    Some(size) => size,
                    None => {
                        let length = self.data.get(*at..*at + 4).ok_or(Reason::Damaged)?;
                        *at += 4;
                        length_of(i64::from(u32::from_le_bytes(array(length)?)))?
                    }
                };
                let bytes = self.data.get(*at..*at + size).ok_or(Reason::Damaged)?;
                *at += size;
                self.storage.raw(bytes)
            }
            How::Bits { at } => {
                let byte = self.data.get(*at / 8).ok_or(Reason::Damaged)?;
                let bit = byte >> (*at % 8) & 1;
                *at += 1;
                Ok(Raw::Integer(i64::from(bit)))
            }
            How::RunBits { runs, buffer } => {
                buffer.clear();
                runs.take(1, buffer)?;
                Ok(Raw::Integer(i64::from(buffer[0])))
            }
            How::Delta(delta) => {
                let value = delta.next()?;
                #[expect(clippy::cast_possible_truncation, reason = "differences wrap around")]
                Ok(Raw::Integer(match self.storage.physical {
                    Type::INT32 => i64::from(value as i32),
                    _ => value,
                }))
            }
            How::Lengths { lengths, at } => {
                let end = *at + length_of(lengths.next()?)?;
                let bytes = self.data.get(*at..end).ok_or(Reason::Damaged)?;
                *at = end;
                Ok(Raw::Bytes(bytes))
            }
            How::Prefixes {
                prefixes,
                lengths,
                at,
            } => {
                let kept = length_of(prefixes.next()?)?;
                let end = *at + length_of(lengths.next()?)?;
                let rest = self.data.get(*at..end).ok_or(Reason::Damaged)?;
                if kept > self.whole.len() {
                    return Err(Reason::Damaged);
                }
                self.whole.truncate(kept);
                self.whole.extend_from_slice(rest);
                *at = end;
                self.storage.raw(&self.whole)
            }
            How::Split { next, count } => {
                if *next >= *count {
                    return Err(Reason::Damaged);
                }
                let streams = self.data.chunks_exact(*count);
                self.whole.clear();
                self.whole.extend(streams.map(|stream| stream[*next]));
                *next += 1;
                self.storage.raw(&self.whole)
            }
        }
    }
}

/// Where the bytes after these numbers begin.
fn end(numbers: &Delta) -> Result<usize, Reason> {
    let mut numbers = numbers.clone();
    while numbers.left() > 0 {
        numbers.next()?;
    }
    Ok(numbers.end())
}

fn length_of(number: i64) -> Result<usize, Reason> {
    // Beyond what any page has, so that sums cannot overflow.
    match number {
        0..0x8000_0000 => usize::try_from(number).map_err(|_| Reason::Damaged),
        _ => Err(Reason::Damaged),
    }
}

/// What is left of bytes from here.
pub(super) fn after(data: &Bytes, at: usize) -> Result<Bytes, Reason> {
    match at <= data.len() {
        true => Ok(data.slice(at..)),
        false => Err(Reason::Damaged),
    }
}
