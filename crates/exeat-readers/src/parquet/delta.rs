//! Numbers written as differences, in blocks of small ones: Parquet's
//! `DELTA_BINARY_PACKED`.

use bytes::Bytes;
use exeat_core::inspect::reader::Reason;

use super::hybrid::{varint, word};

/// The most small blocks of one block. Writers make four.
const MAX_SMALL: u64 = 512;

#[derive(Debug, Clone)]
pub(super) struct Delta {
    data: Bytes,
    at: usize,
    /// How many numbers are in a small block, and how many of those in a block.
    small: usize,
    smalls: usize,
    /// How many numbers are left; the next one, if it is there already.
    left: usize,
    value: i64,
    is_first: bool,
    /// Of the block at hand.
    least: i64,
    widths: Vec<u8>,
    next_small: usize,
    /// Of the small block at hand.
    width: usize,
    in_small: usize,
    bit: usize,
}

impl Delta {
    pub(super) fn new(data: Bytes) -> Result<Self, Reason> {
        let mut at = 0;
        let block = varint(&data, &mut at)?;
        let smalls = varint(&data, &mut at)?;
        let count = varint(&data, &mut at)?;
        let first = zigzag(varint(&data, &mut at)?);
        let is_sane = (1..=MAX_SMALL).contains(&smalls)
            && block <= 1 << 20
            && block.is_multiple_of(smalls)
            && (block / smalls).is_multiple_of(8)
            && block > 0
            && count <= 1 << 31;
        if !is_sane {
            return Err(Reason::Damaged);
        }
        let number = |n: u64| usize::try_from(n).map_err(|_| Reason::Damaged);
        Ok(Self {
            data,
            at,
            small: number(block / smalls)?,
            smalls: number(smalls)?,
            left: number(count)?,
            value: first,
            is_first: true,
            least: 0,
            widths: Vec::new(),
            next_small: 0,
            width: 0,
            in_small: 0,
            bit: 0,
        })
    }

    /// How many numbers are left.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    pub(super) fn next(&mut self) -> Result<i64, Reason> {
        self.left = self.left.checked_sub(1).ok_or(Reason::Damaged)?;
        if self.is_first {
            self.is_first = false;
            return Ok(self.value);
        }
        if self.in_small == 0 {
            self.begin_small()?;
        }
        self.in_small -= 1;
        let by = self.bits()?;
        self.bit += self.width;
        // Differences wrap around, as the writer's do.
        self.value = self.value.wrapping_add(self.least).wrapping_add(by);
        Ok(self.value)
    }

    /// Where the bytes after the numbers begin. All numbers have to be read.
    pub(super) fn end(&self) -> usize {
        self.at.min(self.data.len())
    }

    fn begin_small(&mut self) -> Result<(), Reason> {
        if self.next_small == self.widths.len() {
            self.least = zigzag(varint(&self.data, &mut self.at)?);
            let widths = self.data.get(self.at..self.at + self.smalls);
            self.widths.clear();
            self.widths
                .extend_from_slice(widths.ok_or(Reason::Damaged)?);
            self.at += self.smalls;
            self.next_small = 0;
        }
        self.width = usize::from(self.widths[self.next_small]);
        if self.width > 64 {
            return Err(Reason::Damaged);
        }
        self.next_small += 1;
        self.bit = self.at * 8;
        self.at += self.small * self.width / 8;
        self.in_small = self.small;
        Ok(())
    }

    #[expect(clippy::cast_possible_wrap, reason = "sums wrap around")]
    fn bits(&self) -> Result<i64, Reason> {
        if self.width == 0 {
            return Ok(0);
        }
        let (byte, shift) = (self.bit / 8, self.bit % 8);
        if (self.bit + self.width).div_ceil(8) > self.data.len() {
            return Err(Reason::Damaged);
        }
        let mut value = word(&self.data, byte) >> shift;
        if shift + self.width > 64 {
            value |= u64::from(self.data[byte + 8]) << (64 - shift);
        }
        Ok((value & (u64::MAX >> (64 - self.width))) as i64)
    }
}

fn zigzag(value: u64) -> i64 {
    #[expect(clippy::cast_possible_wrap, reason = "half of it fits")]
    let half = (value >> 1) as i64;
    #[expect(clippy::cast_possible_wrap, reason = "a single bit")]
    let sign = -((value & 1) as i64);
    half ^ sign
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_add_up() {
        // 7, 5, 3, 1, 2, 3, 4, 5: an example of the format's own description.
        let mut data = vec![8, 1, 8, 14, 3, 2];
        // Deltas less -2: 0 0 0 3 3 3 3, two bits each.
        data.extend_from_slice(&[0b1100_0000, 0b0011_1111]);
        let mut delta = Delta::new(data.into()).expect("a header");
        let numbers: Vec<_> = (0..8).map(|_| delta.next().expect("a number")).collect();
        assert_eq!(numbers, [7, 5, 3, 1, 2, 3, 4, 5]);
        assert_eq!(delta.next(), Err(Reason::Damaged));
        assert_eq!(delta.end(), 8);
    }

    #[test]
    fn nonsense_fails() {
        for data in [&[][..], &[0, 0, 0, 0], &[8, 1, 8, 14, 3, 2], &[0xFF; 40]] {
            let numbers = Delta::new(Bytes::copy_from_slice(data)).and_then(|mut delta| {
                while delta.left() > 0 {
                    delta.next()?;
                }
                Ok(())
            });
            match data {
                [0, ..] | [] => assert!(numbers.is_err()),
                _ => assert_eq!(numbers, Err(Reason::Damaged), "{data:?}"),
            }
        }
    }
}
