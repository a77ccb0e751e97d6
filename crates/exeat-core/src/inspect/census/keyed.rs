//! The hash of keys under a secret of this run.
//!
//! It is of the kind of wyhash: folded multiplications, some five times as fast
//! on a name or a date as the SipHash of the standard library. That it is no
//! cryptographic function is enough: no hash ever leaves the process, so nobody
//! learns anything about the secret by which to make keys that collide.

use std::hash::{BuildHasher as _, RandomState};

pub(super) struct Keyed([u64; 3]);

impl Keyed {
    /// From the randomness of a run.
    pub(super) fn new(random: &RandomState) -> Self {
        Self(["begin", "each", "end"].map(|part| random.hash_one(part)))
    }

    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        let [begin, each, end] = self.0;
        let mix = |state: u64, pair: &[u8; 16]| {
            let pair = u128::from_le_bytes(*pair);
            fold(low(pair) ^ each, low(pair >> 64) ^ state)
        };
        let mut state = begin;
        let (pairs, rest) = key.as_chunks::<16>();
        for pair in pairs {
            state = mix(state, pair);
        }
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        // Its length tells a key from one with zeros after it. It has a place
        // of its own: beside the bytes, a longer key could undo it.
        let length = u64::try_from(key.len()).unwrap_or(u64::MAX);
        fold(mix(state, &last) ^ end, begin ^ length)
    }
}

/// Both halves of a product, which every bit of both factors has a part in.
fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one).wrapping_mul(u128::from(other));
    low(product) ^ low(product >> 64)
}

fn low(wide: u128) -> u64 {
    u64::try_from(wide & u128::from(u64::MAX)).expect("the lower half")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_of_every_length_differ() {
        let keyed = Keyed::new(&RandomState::new());
        let zeros = [0; 100];
        let ones = [1; 100];
        let mut seen = HashSet::new();
        for length in 0..100 {
            assert!(seen.insert(keyed.hash(&zeros[..length])), "{length}");
            assert!(length == 0 || seen.insert(keyed.hash(&ones[..length])));
        }
        for number in 0..100_000_u64 {
            seen.insert(keyed.hash(&number.to_le_bytes()));
        }
        // Eight zeros are both a number and a key of the loop before.
        assert_eq!(seen.len(), 199 + 99_999);
    }

    #[test]
    fn every_part_of_a_hash_is_spread() {
        let keyed = Keyed::new(&RandomState::new());
        let mut low = [0_u32; 256];
        let mut high = [0_u32; 256];
        for number in 0..65_536_u32 {
            let hash = keyed
                .hash(&(19_300_000 + number).to_le_bytes())
                .to_le_bytes();
            low[usize::from(hash[0])] += 1;
            high[usize::from(hash[7])] += 1;
        }
        // 256 are expected in each, with a standard deviation of 16.
        for count in low.iter().chain(&high) {
            assert!((128..384).contains(count), "{count}");
        }
    }

    #[test]
    fn every_run_has_its_own() {
        let [one, other] = [0, 1].map(|_| Keyed::new(&RandomState::new()));
        assert_ne!(one.hash(b"key"), other.hash(b"key"));
    }
}
