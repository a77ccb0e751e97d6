//! A set of NHS numbers, exact and small: each has a place among 2³⁰ that a key of
//! this run decides.
//!
//! Nine digits carry the number and the tenth is their check digit. Up to two
//! million of them are kept as their places, in some tens of MiB; more than that as one
//! bit for each place there is (128 MiB, taken from the system as they are touched),
//! where hashes would need twice as much for 25 million and could collide. The
//! places come from a keyed permutation: the memory of a process shows no
//! number without the key.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use super::keys::lock;

/// Half of the bits of an index.
const HALF: u32 = 15;
const MASK: u32 = (1 << HALF) - 1;
/// Bits in a page; pages come into being when they are needed.
const PAGE_BITS: u32 = 1 << 16;
const PAGES: usize = 1 << (2 * HALF - 16);
/// Numbers that are looked up together.
const BATCH: usize = 64;
/// So many numbers are few.
const FEW: usize = 1 << 21;

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

/// A set of NHS numbers. Threads add to a large one without waiting for each other.
pub(crate) struct NumberSet {
    scatter: Scatter,
    /// All of them, until they are many.
    few: Mutex<Few>,
    /// All of them, since they are many.
    many: OnceLock<Many>,
    /// So many are few.
    most: usize,
    len: AtomicU64,
}

impl NumberSet {
    pub(crate) fn new(scatter: Scatter) -> Self {
        Self::with_few(scatter, FEW)
    }

    fn with_few(scatter: Scatter, most: usize) -> Self {
        Self {
            scatter,
            few: Mutex::default(),
            many: OnceLock::new(),
            most,
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
            new += match self.many.get() {
                Some(many) => many.insert(places),
                None => self.insert_few(places),
            };
        }
        self.len.fetch_add(new, Ordering::Relaxed);
    }

    /// Adds to what is few, and makes it many where there is no room for more.
    fn insert_few(&self, places: &[u32]) -> u64 {
        let mut few = lock(&self.few);
        // Another thread may have been here meanwhile.
        if let Some(many) = self.many.get() {
            drop(few);
            return many.insert(places);
        }
        if few.used + places.len() <= self.most {
            return few.insert(places);
        }
        let many = Many::new();
        for batch in std::mem::take(&mut *few).slots.chunks(BATCH) {
            let known: Vec<u32> = batch.iter().filter_map(place_in).collect();
            many.insert(&known);
        }
        let new = many.insert(places);
        // Nobody else does: that takes the lock.
        let _ = self.many.set(many);
        new
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
        let count = |places: &mut dyn Iterator<Item = u32>| {
            let theirs = lock(&other.few);
            let has = |&place: &u32| match other.many.get() {
                Some(many) => many.has(place),
                None => theirs.has(place),
            };
            places.filter(|place| !has(place)).count() as u64
        };
        // Locked before one looks whether they are few; and never both at once.
        let few = lock(&self.few);
        if let Some(many) = self.many.get() {
            drop(few);
            return count(&mut many.places());
        }
        let places: Vec<u32> = few.slots.iter().filter_map(place_in).collect();
        drop(few);
        count(&mut places.into_iter())
    }
}

/// Places, in open addressing with linear probing, at most seven eighths full. One more
/// than the place stands in a slot, for zero marks an empty one.
#[derive(Default)]
struct Few {
    slots: Vec<u32>,
    used: usize,
}

impl Few {
    /// How many of them are new.
    fn insert(&mut self, places: &[u32]) -> u64 {
        if self.used + places.len() > self.slots.len() / 8 * 7 {
            let wider = vec![0; (self.slots.len() / 2 * 3).max(4 * BATCH)];
            let before = std::mem::replace(&mut self.slots, wider);
            for place in before.iter().filter_map(place_in) {
                let at = self.find(place);
                self.slots[at] = place + 1;
            }
        }
        let ahead = places
            .iter()
            .fold(0, |sum, &place| sum ^ self.slots[self.home(place)]);
        std::hint::black_box(ahead);
        let before = self.used;
        for &place in places {
            let at = self.find(place);
            self.used += usize::from(self.slots[at] == 0);
            self.slots[at] = place + 1;
        }
        (self.used - before) as u64
    }

    fn has(&self, place: u32) -> bool {
        !self.slots.is_empty() && self.slots[self.find(place)] != 0
    }

    /// Where a place stands, or would.
    fn find(&self, place: u32) -> usize {
        let mut at = self.home(place);
        while self.slots[at] != 0 && self.slots[at] != place + 1 {
            at = if at + 1 == self.slots.len() {
                0
            } else {
                at + 1
            };
        }
        at
    }

    /// Where the search begins: places are spread evenly already.
    fn home(&self, place: u32) -> usize {
        let scaled = (u64::from(place) * self.slots.len() as u64) >> (2 * HALF);
        usize::try_from(scaled).expect("less than the number of slots")
    }
}

/// The place that stands in a slot, if one does.
fn place_in(slot: &u32) -> Option<u32> {
    slot.checked_sub(1)
}

/// A bit for each place.
struct Many(Box<[OnceLock<Page>]>);

impl Many {
    fn new() -> Self {
        Self((0..PAGES).map(|_| OnceLock::new()).collect())
    }

    /// How many of them are new.
    fn insert(&self, places: &[u32]) -> u64 {
        let ahead = places.iter().fold(0, |sum, &place| {
            let (word, _) = self.find(place);
            sum ^ word.load(Ordering::Relaxed)
        });
        std::hint::black_box(ahead);
        let mut new = 0;
        for &place in places {
            let (word, bit) = self.find(place);
            let known = word.load(Ordering::Relaxed) & bit != 0
                || word.fetch_or(bit, Ordering::Relaxed) & bit != 0;
            new += u64::from(!known);
        }
        new
    }

    fn find(&self, place: u32) -> (&AtomicU64, u64) {
        let page = usize::try_from(place / PAGE_BITS).expect("a page number is small");
        let page = self.0[page].get_or_init(new_page);
        let at = place % PAGE_BITS;
        let word = usize::try_from(at / 64).expect("an index in a page is small");
        (&page[word], 1 << (at % 64))
    }

    fn has(&self, place: u32) -> bool {
        let page = usize::try_from(place / PAGE_BITS).expect("a page number is small");
        self.0[page].get().is_some() && {
            let (word, bit) = self.find(place);
            word.load(Ordering::Relaxed) & bit != 0
        }
    }

    fn places(&self) -> impl Iterator<Item = u32> {
        let pages = (0_u32..)
            .zip(&self.0)
            .filter_map(|(n, page)| Some((n, page.get()?)));
        pages.flat_map(|(page, words)| {
            (0_u32..).zip(words).flat_map(move |(n, word)| {
                let (word, start) = (word.load(Ordering::Relaxed), page * PAGE_BITS + n * 64);
                (0..64)
                    .filter(move |bit| word >> bit & 1 != 0)
                    .map(move |bit| start + bit)
            })
        })
    }
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

    /// Few or many, and while the few become many under the hands of several threads.
    #[test]
    fn it_counts_the_same_however_many_there_are() {
        let scatter = Scatter::new(KEYS);
        let numbers: Vec<u64> = (0..30_000).map(|number| number * 7 * 10).collect();
        let other = NumberSet::with_few(scatter, 20_000);
        other.insert(&numbers[..10_000]);
        assert!(other.many.get().is_none());
        for few in [0, 1, 64, 5_000, 29_999, 40_000] {
            let set = NumberSet::with_few(scatter, few);
            std::thread::scope(|scope| {
                for part in [&numbers[..20_000], &numbers[10_000..], &numbers[5_000..]] {
                    let set = &set;
                    scope.spawn(move || part.chunks(100).for_each(|some| set.insert(some)));
                }
            });
            assert_eq!(set.len(), 30_000, "{few}");
            assert_eq!(set.many.get().is_some(), few < 30_000, "{few}");
            assert_eq!(set.len_without(&other), 20_000, "{few}");
            assert_eq!(other.len_without(&set), 0, "{few}");
            set.insert(&numbers);
            assert_eq!(set.len(), 30_000, "{few}");
        }
    }
}
