//! Eight bytes at a time in one register, without a branch on each of them.

/// The lowest bit of every byte.
pub(super) const ONES: u64 = 0x0101_0101_0101_0101;
/// The top bit of every byte.
pub(super) const TOPS: u64 = ONES * 0x80;

/// The top bit of every byte between `from` and `to`, both ASCII.
#[inline]
pub(super) const fn within(word: u64, from: u8, to: u8) -> u64 {
    // Adding carries into the top bit of a byte, and never out of it.
    let bits = word & !TOPS;
    let at_least = bits + ONES * (0x80 - from as u64);
    let beyond = bits + ONES * (0x7F - to as u64);
    at_least & !beyond & !word & TOPS
}

/// How many bytes are between `from` and `to`, both ASCII and not NUL.
#[inline]
pub(super) fn count(bytes: &[u8], from: u8, to: u8) -> u32 {
    let (words, rest) = bytes.as_chunks::<8>();
    let of = |word: [u8; 8]| within(u64::from_le_bytes(word), from, to).count_ones();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    words.iter().map(|&word| of(word)).sum::<u32>() + of(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_byte_and_range_agree() {
        for from in 0..0x80_u8 {
            for to in from..0x80 {
                for byte in 0..=u8::MAX {
                    // Beside others that must not carry into it.
                    let word = u64::from_le_bytes([0xFF, byte, 0x7F, 0, 0x80, byte, 0xFF, 0]);
                    let is_within = within(word, from, to) >> 15 & 1 != 0;
                    assert_eq!(is_within, (from..=to).contains(&byte), "{from} {to} {byte}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn all_are_counted(bytes in prop::collection::vec(prop::sample::select(b"09/:a \x80\xb5\0".to_vec()), 0..40)) {
            let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
            prop_assert_eq!(usize::try_from(count(&bytes, b'0', b'9')).ok(), Some(digits));
        }
    }
}
