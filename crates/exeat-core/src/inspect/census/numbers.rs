//! A set of NHS numbers, exact and small: one bit for each of the 10⁹ numbers
//! there can be, at a place that a key of this run decides.
//!
//! Nine digits carry the number and the tenth is their check digit, so 2³⁰
//! bits (128 MiB, taken from the system as they are touched) hold every set,
//! where hashes would need twice as much for 25 million and could collide. The
//! places come from a keyed permutation: the memory of a process shows no
//! number without the key.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Half of the bits of an index.
const HALF: u32 = 15;
const MASK: u32 = (1 << HALF) - 1;
/// Bits in a page; pages come into being when they are needed.
const PAGE_BITS: u32 = 1 << 16;
const PAGES: usize = 1 << (2 * HALF - 16);
/// Numbers that are looked up together.
const BATCH: usize = 64;

/// The keyed permutation of the numbers: four rounds of a Feistel network, as
/// many as Luby and Rackoff ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scatter([u64; 4]);

impl Scatter {
    pub(crate) fn new(keys: [u64; 4]) -> Self {
        // Odd, or a round would lose what multiplication shifts out.
        Self(keys.map(|key| key | 1))
    }

    fn place(self, number: u64) -> u32 {
        let index = u32::try_from((number / 10) & ((1 << (2 * HALF)) - 1))
            .expect("thirty bits fit into thirty-two");
        let (mut left, mut right) = (index >> HALF, index & MASK);
        for key in self.0 {
            (left, right) = (right, left ^ round(right, key));
        }
        (left << HALF) | right
    }
}

fn round(half: u32, key: u64) -> u32 {
    let mixed = (u64::from(half) ^ (key >> 32)).wrapping_mul(key);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u32::try_from(mixed >> (64 - HALF)).expect("fifteen bits fit into thirty-two")
}

type Page = Box<[AtomicU64]>;

/// A set of NHS numbers that threads add to without waiting for each other.
pub(crate) struct NumberSet {
    scatter: Scatter,
    /// None before the first number.
    pages: OnceLock<Box<[OnceLock<Page>]>>,
    len: AtomicU64,
}

impl NumberSet {
    pub(crate) fn new(scatter: Scatter) -> Self {
        Self {
            scatter,
            pages: OnceLock::new(),
            len: AtomicU64::new(0),
        }
    }

    /// Adds numbers of ten digits. Every one is a miss of all caches in a
    /// large set, so that a batch of them is looked up before any is written:
    /// the processor then waits for many at a time.
    pub(crate) fn insert(&self, numbers: &[u64]) {
        let mut new = 0;
        for batch in numbers.chunks(BATCH) {
            let mut places = [0; BATCH];
            for (place, &number) in places.iter_mut().zip(batch) {
                *place = self.scatter.place(number);
            }
            let places = &places[..batch.len()];
            let ahead = places.iter().fold(0, |sum, &place| {
                let (word, _) = self.find(place);
                sum ^ word.load(Ordering::Relaxed)
            });
            std::hint::black_box(ahead);
            for &place in places {
                let (word, bit) = self.find(place);
                let known = word.load(Ordering::Relaxed) & bit != 0
                    || word.fetch_or(bit, Ordering::Relaxed) & bit != 0;
                new += u64::from(!known);
            }
        }
        self.len.fetch_add(new, Ordering::Relaxed);
    }

    fn find(&self, place: u32) -> (&AtomicU64, u64) {
        let page = usize::try_from(place / PAGE_BITS).expect("a page number is small");
        let page = self.pages.get_or_init(new_pages)[page].get_or_init(new_page);
        let at = place % PAGE_BITS;
        let word = usize::try_from(at / 64).expect("an index in a page is small");
        (&page[word], 1 << (at % 64))
    }

    pub(crate) fn len(&self) -> u64 {
        self.len.load(Ordering::Relaxed)
    }

    /// Where a number stands in this set and in all that share its key.
    pub(crate) fn place(&self, number: u64) -> u64 {
        u64::from(self.scatter.place(number))
    }

    /// How many numbers are in this set and not in `other`, which must share its
    /// key.
    pub(crate) fn len_without(&self, other: &Self) -> u64 {
        let Some(pages) = self.pages.get() else {
            return 0;
        };
        let others = other.pages.get();
        let mut count = 0;
        for (place, mine) in pages.iter().enumerate() {
            let Some(mine) = mine.get() else { continue };
            let theirs = others.and_then(|pages| pages[place].get());
            for (at, word) in mine.iter().enumerate() {
                let theirs = theirs.map_or(0, |page| page[at].load(Ordering::Relaxed));
                count += u64::from((word.load(Ordering::Relaxed) & !theirs).count_ones());
            }
        }
        count
    }
}

fn new_pages() -> Box<[OnceLock<Page>]> {
    (0..PAGES).map(|_| OnceLock::new()).collect()
}

fn new_page() -> Page {
    (0..PAGE_BITS / 64).map(|_| AtomicU64::new(0)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const KEYS: [u64; 4] = [0x1234_5678_9abc_def0, 7, u64::MAX, 0x0f0f_3333_5555_1111];

    #[test]
    fn places_differ_for_numbers_that_differ() {
        let scatter = Scatter::new(KEYS);
        let places: BTreeSet<u32> = (0..100_000)
            .map(|n| scatter.place(n * 9_973 * 10))
            .collect();
        assert_eq!(places.len(), 100_000);
    }

    #[test]
    fn a_number_counts_once() {
        let scatter = Scatter::new(KEYS);
        let (set, other) = (NumberSet::new(scatter), NumberSet::new(scatter));
        for number in (0..1_000).chain(500..1_500) {
            set.insert(&[number * 10]);
        }
        let numbers: Vec<u64> = (0..100).chain(50..100).map(|number| number * 10).collect();
        other.insert(&numbers);
        assert_eq!(other.len(), 100);
        assert_eq!(set.len(), 1_500);
        assert_eq!(set.len_without(&other), 1_400);
        assert_eq!(other.len_without(&set), 0);
    }
}
