//! A set of keyed 64-bit hashes for tens of millions of keys, shared by
//! threads. It is cut into shards, so that growing one does not double the
//! memory of all, nor make every thread wait.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many keys a set holds; those after them are counted, each as a new one.
pub(crate) const MAX_KEYS: u64 = 40_000_000;

const SHARDS: usize = 256;

pub(crate) struct KeySet {
    shards: Box<[Mutex<Shard>]>,
    len: AtomicU64,
    limit: u64,
    beyond: AtomicU64,
}

impl KeySet {
    pub(crate) fn new() -> Self {
        Self::with_limit(MAX_KEYS)
    }

    fn with_limit(limit: u64) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            len: AtomicU64::new(0),
            limit,
            beyond: AtomicU64::new(0),
        }
    }

    /// Adds a hash; whether it is new and was kept.
    pub(crate) fn insert(&self, hash: u64) -> bool {
        // Zero marks an empty slot.
        let hash = hash.max(1);
        let shard = usize::from(hash.to_le_bytes()[0]);
        let mut shard = lock(&self.shards[shard]);
        match shard.find(hash) {
            Slot::Taken => false,
            Slot::Free if self.len.load(Ordering::Relaxed) >= self.limit => {
                self.beyond.fetch_add(1, Ordering::Relaxed);
                false
            }
            Slot::Free => {
                shard.add(hash);
                self.len.fetch_add(1, Ordering::Relaxed);
                true
            }
        }
    }

    /// How many different keys were kept: at least so many there are.
    pub(crate) fn least(&self) -> u64 {
        self.len.load(Ordering::Relaxed)
    }

    /// At most so many there are: past the limit every key counts as new.
    pub(crate) fn most(&self) -> u64 {
        self.least()
            .saturating_add(self.beyond.load(Ordering::Relaxed))
    }
}

enum Slot {
    Taken,
    Free,
}

/// Open addressing with linear probing, at most seven eighths full.
#[derive(Default)]
struct Shard {
    slots: Vec<u64>,
    used: usize,
}

impl Shard {
    fn find(&self, hash: u64) -> Slot {
        if self.slots.is_empty() {
            return Slot::Free;
        }
        let mut at = home(hash, self.slots.len());
        loop {
            match self.slots[at] {
                0 => return Slot::Free,
                taken if taken == hash => return Slot::Taken,
                _ => at = next(at, self.slots.len()),
            }
        }
    }

    fn add(&mut self, hash: u64) {
        if self.used >= self.slots.len() / 8 * 7 {
            let wider = vec![0; (self.slots.len() / 2 * 3).max(16)];
            for moved in std::mem::replace(&mut self.slots, wider) {
                if moved != 0 {
                    self.put(moved);
                }
            }
        }
        self.put(hash);
        self.used += 1;
    }

    fn put(&mut self, hash: u64) {
        let mut at = home(hash, self.slots.len());
        while self.slots[at] != 0 {
            at = next(at, self.slots.len());
        }
        self.slots[at] = hash;
    }
}

/// Where the search for a hash begins: its upper bits, scaled.
fn home(hash: u64, slots: usize) -> usize {
    let scaled = (u128::from(hash) * slots as u128) >> 64;
    usize::try_from(scaled).expect("less than the number of slots")
}

fn next(at: usize, slots: usize) -> usize {
    if at + 1 == slots { 0 } else { at + 1 }
}

/// A panic in a thread ends the whole inspection, so what is behind a poisoned
/// lock is never used wrongly.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(n: u64) -> u64 {
        (n.wrapping_add(1))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(31)
    }

    #[test]
    fn keys_count_once() {
        let set = KeySet::new();
        for n in (0..50_000).chain(0..60_000) {
            set.insert(mix(n));
        }
        assert_eq!((set.least(), set.most()), (60_000, 60_000));
        assert!(set.insert(0));
        assert!(!set.insert(0));
    }

    #[test]
    fn past_the_limit_the_upper_bound_goes_on() {
        let set = KeySet::with_limit(100);
        for n in 0..250 {
            set.insert(mix(n));
        }
        assert_eq!((set.least(), set.most()), (100, 250));
        set.insert(mix(7));
        assert_eq!(set.most(), 250);
    }
}
