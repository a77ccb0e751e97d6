//! A bounded map from one keyed number to another, shared by threads: which
//! person goes by which id, and whose records wait to be answered for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::keys::lock;

/// How many pairs a map holds: as many as fit into 256 tables of 16,384 places
/// that are at most seven eighths full, some 70 MiB.
const MAX_PAIRS: u64 = 3_500_000;

const SHARDS: usize = 256;

/// Stands where a key came with different values.
const CONTESTED: u64 = 0;

pub(super) struct Pairs {
    shards: Box<[Mutex<Shard>]>,
    len: AtomicU64,
    limit: u64,
    beyond: AtomicU64,
}

type Shard = HashMap<u64, u64, BuildHasherDefault<Spread>>;

impl Pairs {
    pub(super) fn new() -> Self {
        Self::with_limit(MAX_PAIRS)
    }

    pub(super) fn with_limit(limit: u64) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            len: AtomicU64::new(0),
            limit,
            beyond: AtomicU64::new(0),
        }
    }

    /// Adds a pair. A key that comes with another value than before is
    /// contested for good, so that the order does not matter; one that comes
    /// when the map is full is only counted.
    pub(super) fn insert(&self, key: u64, value: u64) {
        let value = value.max(CONTESTED + 1);
        let shard = usize::from(spread(key).to_le_bytes()[5]);
        let mut shard = lock(&self.shards[shard]);
        match shard.entry(key) {
            Entry::Occupied(mut known) => {
                if *known.get() != value {
                    known.insert(CONTESTED);
                }
            }
            Entry::Vacant(_) if self.len.load(Ordering::Relaxed) >= self.limit => {
                self.beyond.fetch_add(1, Ordering::Relaxed);
            }
            Entry::Vacant(free) => {
                free.insert(value);
                self.len.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len.load(Ordering::Relaxed) == 0 && self.beyond() == 0
    }

    /// How many came when the map was full, every one as often as it came.
    pub(super) fn beyond(&self) -> u64 {
        self.beyond.load(Ordering::Relaxed)
    }

    /// Appends the value of every key that is not contested.
    pub(super) fn values(&self, values: &mut Vec<u64>) {
        for shard in &self.shards {
            let shard = lock(shard);
            let found = shard.values().filter(|&&value| value != CONTESTED);
            values.extend(found);
        }
    }
}

/// Spreads what is spread already over all bits.
fn spread(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Keys are keyed hashes, or places of a keyed permutation: nobody can choose
/// them, and hashing them again is wasted.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte) ^ self.0);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = spread(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &Pairs) -> Vec<u64> {
        let mut values = Vec::new();
        pairs.values(&mut values);
        values.sort_unstable();
        values
    }

    #[test]
    fn a_key_has_one_value_or_none() {
        let pairs = Pairs::new();
        for (key, value) in [(1, 10), (2, 20), (1, 10), (3, 30), (2, 21), (2, 20)] {
            pairs.insert(key, value);
        }
        assert_eq!(values(&pairs), [10, 30]);
    }

    #[test]
    fn past_the_limit_every_pair_is_counted() {
        let pairs = Pairs::with_limit(10);
        for key in (0..15).chain(0..15) {
            pairs.insert(key, key + 1);
        }
        assert_eq!(values(&pairs), (1..=10).collect::<Vec<_>>());
        assert_eq!(pairs.beyond(), 10);
        // What is known may still become contested.
        pairs.insert(0, 99);
        assert_eq!(values(&pairs), (2..=10).collect::<Vec<_>>());
    }

    #[test]
    fn keys_spread_over_shards() {
        let pairs = Pairs::new();
        for key in 0..100_000 {
            pairs.insert(key, 1);
        }
        assert!(pairs.shards.iter().all(|shard| lock(shard).len() < 1_000));
    }
}
