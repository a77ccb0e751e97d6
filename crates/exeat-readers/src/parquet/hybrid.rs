//! Runs and bit-packed numbers, mixed: how Parquet writes levels and indices
//! into dictionaries.

use bytes::Bytes;
use exeat_core::inspect::reader::Reason;

/// Numbers of a fixed width, one after the other.
#[derive(Debug)]
pub(super) struct Hybrid {
    data: Bytes,
    at: usize,
    width: usize,
    /// The same number, so many times.
    run: usize,
    value: u32,
    /// Packed numbers that are left, and the bit where they go on.
    packed: usize,
    bit: usize,
}

impl Hybrid {
    /// Numbers of `width` bits.
    pub(super) fn new(data: Bytes, width: u8) -> Result<Self, Reason> {
        if width > 32 {
            return Err(Reason::Damaged);
        }
        Ok(Self {
            data,
            at: 0,
            width: usize::from(width),
            run: 0,
            value: 0,
            packed: 0,
            bit: 0,
        })
    }

    /// Adds the next `count` numbers to `out`.
    pub(super) fn take(&mut self, mut count: usize, out: &mut Vec<u32>) -> Result<(), Reason> {
        if self.width == 0 {
            // There is only zero, whether it is written or not.
            out.resize(out.len() + count, 0);
            return Ok(());
        }
        while count > 0 {
            if self.run > 0 {
                let now = self.run.min(count);
                out.resize(out.len() + now, self.value);
                self.run -= now;
                count -= now;
            } else if self.packed > 0 {
                let now = self.packed.min(count);
                self.unpack(now, out)?;
                self.packed -= now;
                count -= now;
            } else {
                self.next_run()?;
            }
        }
        Ok(())
    }

    fn next_run(&mut self) -> Result<(), Reason> {
        let header = varint(&self.data, &mut self.at)?;
        let count = usize::try_from(header >> 1).map_err(|_| Reason::Damaged)?;
        if count == 0 || count > 1 << 31 {
            return Err(Reason::Damaged);
        }
        if header & 1 == 1 {
            self.packed = count * 8;
            self.bit = self.at * 8;
            // The last group need not be all there.
            self.at = (self.at + count * self.width).min(self.data.len());
        } else {
            let bytes = self.width.div_ceil(8);
            let written = self.data.get(self.at..self.at + bytes);
            let mut value = [0; 4];
            value[..bytes].copy_from_slice(written.ok_or(Reason::Damaged)?);
            self.value = u32::from_le_bytes(value);
            self.at += bytes;
            self.run = count;
        }
        Ok(())
    }

    fn unpack(&mut self, count: usize, out: &mut Vec<u32>) -> Result<(), Reason> {
        let end = self.bit + count * self.width;
        if end.div_ceil(8) > self.data.len() {
            return Err(Reason::Damaged);
        }
        let mask = u64::MAX >> (64 - self.width);
        out.reserve(count);
        for _ in 0..count {
            let word = word(&self.data, self.bit / 8) >> (self.bit % 8);
            #[expect(clippy::cast_possible_truncation, reason = "at most 32 bits are left")]
            out.push((word & mask) as u32);
            self.bit += self.width;
        }
        Ok(())
    }
}

/// Eight bytes from here, as a number; what is beyond the end is zero.
pub(super) fn word(data: &[u8], at: usize) -> u64 {
    if let Some(bytes) = data.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()) {
        return u64::from_le_bytes(bytes);
    }
    let rest = data.get(at..).unwrap_or_default();
    let mut bytes = [0; 8];
    bytes[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(bytes)
}

/// A number of seven bits a byte, the least first.
pub(super) fn varint(data: &[u8], at: &mut usize) -> Result<u64, Reason> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *data.get(*at).ok_or(Reason::Damaged)?;
        *at += 1;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Reason::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_packed_numbers_follow_each_other() {
        // Four sevens, then one group of eight packed numbers of three bits.
        let data = Bytes::from_static(&[8, 7, 3, 0x88, 0xC6, 0xFA]);
        let mut numbers = Hybrid::new(data, 3).expect("a width");
        let mut out = Vec::new();
        for count in [1, 5, 6] {
            numbers.take(count, &mut out).expect("enough numbers");
        }
        assert_eq!(out, [7, 7, 7, 7, 0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(numbers.take(1, &mut out), Err(Reason::Damaged));
    }

    #[test]
    fn a_claim_of_more_than_there_is_fails() {
        for data in [&[0xFF; 12][..], &[3], &[9, 1], &[0], &[]] {
            let mut numbers = Hybrid::new(Bytes::copy_from_slice(data), 9).expect("a width");
            assert!(numbers.take(100, &mut Vec::new()).is_err(), "{data:?}");
        }
    }
}
