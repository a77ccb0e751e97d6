//! Finding bytes that are near: eight at a time, without the set-up that
//! `memchr` needs to be fast over long distances.

use memchr::memchr2;

const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
const ONES: u64 = 0x0101_0101_0101_0101;
/// From this distance on, `memchr` takes over.
const NEAR: usize = 64;

/// The top bit of every byte that is zero, and no other.
fn zeros(word: u64) -> u64 {
    !(((word & LOW) + LOW) | word | LOW)
}

fn equal(word: u64, byte: u8) -> u64 {
    zeros(word ^ (ONES * u64::from(byte)))
}

/// Calls `each` with the place of every `a` and `b`.
#[inline]
pub(super) fn for_each(bytes: &[u8], a: u8, b: u8, mut each: impl FnMut(usize)) {
    let mut base = 0;
    let mut rest = bytes;
    // What is left at the end is looked at as a whole word, too: `each` then
    // stands in one place only, and becomes a part of this loop.
    while !rest.is_empty() {
        let (word, within) = match rest.first_chunk::<8>() {
            Some(word) => (*word, u64::MAX),
            None => {
                let mut word = [0; 8];
                word[..rest.len()].copy_from_slice(rest);
                (word, (1 << (8 * rest.len())) - 1)
            }
        };
        let word = u64::from_le_bytes(word);
        let mut hits = (equal(word, a) | equal(word, b)) & within;
        while hits != 0 {
            each(base + place(hits));
            hits &= hits - 1;
        }
        base += 8;
        rest = rest.get(8..).unwrap_or_default();
    }
}

/// The first place from `from` on of `a` or `b`.
#[inline]
pub(super) fn first(bytes: &[u8], from: usize, a: u8, b: u8) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let near = rest.get(..NEAR).unwrap_or(rest);
    let found = position(
        near,
        |word| equal(word, a) | equal(word, b),
        |byte| byte == a || byte == b,
    );
    let found = match found {
        None => NEAR + memchr2(a, b, rest.get(NEAR..)?)?,
        Some(found) => found,
    };
    Some(from + found)
}

/// The first place from `from` on where a JSON string ends, escapes, or has
/// what it must not have.
#[inline]
pub(super) fn string_stop(bytes: &[u8], from: usize) -> Option<usize> {
    const CONTROL: u64 = ONES * 0xE0;
    let found = position(
        bytes.get(from..)?,
        |word| equal(word, b'"') | equal(word, b'\\') | zeros(word & CONTROL),
        |byte| byte == b'"' || byte == b'\\' || byte < 0x20,
    );
    found.map(|found| from + found)
}

#[inline]
fn position(bytes: &[u8], hits: impl Fn(u64) -> u64, is_hit: impl Fn(u8) -> bool) -> Option<usize> {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut base = 0;
    for word in words {
        let hits = hits(u64::from_le_bytes(*word));
        if hits != 0 {
            return Some(base + place(hits));
        }
        base += 8;
    }
    tail.iter()
        .position(|&byte| is_hit(byte))
        .map(|at| base + at)
}

/// Which byte of a word the lowest hit is in.
fn place(hits: u64) -> usize {
    (hits.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_place_is_found_once_and_in_order(
            bytes in prop::collection::vec(prop::sample::select(b"a,\n\r\x80\xff\0".to_vec()), 0..100),
        ) {
            let mut found = Vec::new();
            for_each(&bytes, b',', b'\n', |at| found.push(at));
            let wanted: Vec<usize> = (0..bytes.len())
                .filter(|&at| matches!(bytes[at], b',' | b'\n'))
                .collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
