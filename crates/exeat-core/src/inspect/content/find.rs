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
    let (words, tail) = bytes.as_chunks::<8>();
    let mut base = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let mut hits = equal(word, a) | equal(word, b);
        while hits != 0 {
            each(base + place(hits));
            hits &= hits - 1;
        }
        base += 8;
    }
    for (at, &byte) in tail.iter().enumerate() {
        if byte == a || byte == b {
            each(base + at);
        }
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
