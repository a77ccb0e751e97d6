//! Remembers the shapes of short cells that are not of a plain form: codes and
//! categories come again and again, and comparing sixteen bytes is cheaper than
//! looking at a value from every side. Lives as long as a block.

use crate::inspect::columns::Mask;
use crate::inspect::identifier::{other_shapes, plain_shapes};

/// A power of two; the table fits into a core's second-level cache.
const SLOTS: usize = 1_024;

pub(super) struct Recent {
    slots: Box<[Slot]>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    cell: (u64, u64),
    length: u32,
    mask: Mask,
}

impl Recent {
    pub(super) fn new() -> Self {
        // The length of no cell that is remembered.
        let empty = Slot {
            cell: (0, 0),
            length: u32::MAX,
            mask: Mask::NONE,
        };
        Self {
            slots: vec![empty; SLOTS].into_boxed_slice(),
        }
    }

    /// The shapes of a cell.
    pub(super) fn shapes(&mut self, cell: &[u8]) -> Mask {
        if let Some(plain) = plain_shapes(cell) {
            return Mask::from(plain);
        }
        let packed = if is_bare_number(cell) {
            None
        } else {
            pack(cell)
        };
        let Some((packed, length)) = packed else {
            return Mask::from(other_shapes(cell));
        };
        let slot = &mut self.slots[place(packed)];
        if slot.cell != packed || slot.length != length {
            *slot = Slot {
                cell: packed,
                length,
                mask: Mask::from(other_shapes(cell)),
            };
        }
        slot.mask
    }
}

/// Numbers seldom come again, and would drive out what does. Three digits tell
/// most of them from dates.
fn is_bare_number(cell: &[u8]) -> bool {
    let is_digit = |at: usize| cell.get(at).is_some_and(u8::is_ascii_digit);
    is_digit(0) && is_digit(2) && is_digit(4)
}

/// A cell of up to sixteen bytes as two numbers, from two loads that overlap.
fn pack(cell: &[u8]) -> Option<((u64, u64), u32)> {
    let (low, high) = match cell.len() {
        0 => (0, 0),
        length @ 1..4 => {
            let ends = [cell[0], cell[length / 2], cell[length - 1], 0];
            (u64::from(u32::from_le_bytes(ends)), 0)
        }
        4..8 => {
            let (first, last) = (cell.first_chunk()?, cell.last_chunk()?);
            let both = u32::from_le_bytes(*last);
            (u32::from_le_bytes(*first).into(), both.into())
        }
        8..=16 => (
            u64::from_le_bytes(*cell.first_chunk()?),
            u64::from_le_bytes(*cell.last_chunk()?),
        ),
        _ => return None,
    };
    let length = u32::try_from(cell.len()).ok()?;
    Some(((low, high), length))
}

/// Fibonacci hashing; cells of different length that look the
/// same packed share a place and are told apart by their length.
fn place((low, high): (u64, u64)) -> usize {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = (low ^ high.rotate_left(29)).wrapping_mul(GOLDEN) >> 54;
    usize::try_from(mixed).expect("ten bits")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inspect::identifier::shapes;

    proptest! {
        #[test]
        fn nothing_is_confused(cells in prop::collection::vec("[ab1 ]{0,18}", 0..200)) {
            let mut recent = Recent::new();
            for cell in cells.iter().chain(&cells) {
                prop_assert_eq!(recent.shapes(cell.as_bytes()), Mask::from(shapes(cell.as_bytes())));
            }
        }

        #[test]
        fn packing_is_unique(a in "[ab]{0,16}", b in "[ab]{0,16}") {
            let same = pack(a.as_bytes()) == pack(b.as_bytes());
            prop_assert_eq!(same, a == b);
        }
    }
}
