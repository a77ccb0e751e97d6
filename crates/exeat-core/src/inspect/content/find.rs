//! Finding bytes that are near: in whole words, without the set-up that `memchr`
//! needs to be fast over long distances.

use memchr::memchr2;

use crate::inspect::swar::{ONES, TOPS};

/// From this distance on, `memchr` takes over.
const NEAR: usize = 64;

/// The top bit of every byte that is zero, and no other.
fn zeros(word: u64) -> u64 {
    !(((word & !TOPS) + !TOPS) | word | !TOPS)
}

fn equal(word: u64, byte: u8) -> u64 {
    zeros(word ^ (ONES * u64::from(byte)))
}

/// Calls `each` with the place of every `a` and `b`. How many of them the next
/// bytes have no processor foresees: so it is asked once for 64 bytes.
#[inline]
pub(super) fn for_each(bytes: &[u8], a: u8, b: u8, mut each: impl FnMut(usize)) {
    let mut base = 0;
    let mut rest = bytes;
    // What is left at the end is looked at as a whole chunk, too: `each` then
    // stands in one place only, and becomes a part of this loop.
    while !rest.is_empty() {
        let (chunk, within) = match rest.first_chunk::<64>() {
            Some(chunk) => (*chunk, u64::MAX),
            None => {
                let mut chunk = [0; 64];
                chunk[..rest.len()].copy_from_slice(rest);
                (chunk, (1 << rest.len()) - 1)
            }
        };
        let words = chunk.as_chunks::<8>().0.iter().rev();
        let hits = words.fold(0, |hits, &word| {
            let word = u64::from_le_bytes(word);
            hits << 8 | gathered(equal(word, a) | equal(word, b))
        });
        let mut hits = hits & within;
        while hits != 0 {
            each(base + hits.trailing_zeros() as usize);
            hits &= hits - 1;
        }
        base += 64;
        rest = rest.get(64..).unwrap_or_default();
    }
}

/// The top bits of eight bytes as eight bits, in the same order. Each product
/// of two bits has a place of its own, so that nothing carries.
const fn gathered(tops: u64) -> u64 {
    (tops >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
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
            bytes in prop::collection::vec(prop::sample::select(b"a,\n\r\x80\xff\0".to_vec()), 0..200),
            (a, b) in prop::sample::select(vec![
                (b',', b'\n'), (b'\n', b'\n'), (b',', b'\r'), (0, b'\n'), (0x80, b'\r'),
            ]),
        ) {
            let mut found = Vec::new();
            for_each(&bytes, a, b, |at| found.push(at));
            let wanted: Vec<usize> = (0..bytes.len())
                .filter(|&at| bytes[at] == a || bytes[at] == b)
                .collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
