//! Name, date of birth and postcode as one key, where people have no number.
//!
//! Every difference in writing makes another key, so their number is an upper
//! bound. The lower bound has to hold though names, dates and postcodes are
//! misspelt. It rests on one assumption: a record has at most one of the three
//! wrong. Take a set of records of which no two share a name or a date (a
//! matching of names and dates). Of one person it holds at most two: one with
//! the right name, one with the right date. So there are at least half as many
//! people as the largest matching has records; names with postcodes, and dates
//! with postcodes, likewise. A matching never gets smaller when records are
//! added, unlike the number of clusters of similar records, which a record
//! between two clusters lowers.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::keys::{KeySet, lock};

/// How many composites are kept for the lower bound. Beyond them it rests on a
/// part of the names, chosen by hash and so the same in whatever order records
/// come.
const MAX_KEPT: usize = 1_000_000;

/// Keyed hashes of the three parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Composite {
    pub name: u64,
    pub date: u64,
    pub postcode: u64,
}

impl Composite {
    pub(super) fn hash(self) -> u64 {
        // The parts are keyed hashes already: mixing must only not be
        // symmetric.
        self.name ^ self.date.rotate_left(21) ^ self.postcode.rotate_left(42)
    }
}

pub(crate) struct Composites {
    distinct: KeySet,
    kept: Mutex<Kept>,
}

struct Kept {
    /// Name, date, postcode, cut to 32 bits: parts that collide can only lower
    /// the bound.
    parts: Vec<[u32; 3]>,
    /// Names below this are kept.
    names_below: u64,
    limit: usize,
}

impl Composites {
    pub(crate) fn new() -> Self {
        Self::with_limit(MAX_KEPT)
    }

    fn with_limit(limit: usize) -> Self {
        Self {
            distinct: KeySet::new(),
            kept: Mutex::new(Kept {
                parts: Vec::new(),
                names_below: 1 << 32,
                limit,
            }),
        }
    }

    pub(crate) fn insert(&self, composites: &[Composite]) {
        if composites.is_empty() {
            return;
        }
        let mut kept = lock(&self.kept);
        for &composite in composites {
            if self.distinct.insert(composite.hash()) {
                kept.add(composite);
            }
        }
    }

    /// At most so many people.
    pub(crate) fn most(&self) -> u64 {
        self.distinct.most()
    }

    /// At least so many people.
    pub(crate) fn least(&self) -> u64 {
        let kept = lock(&self.kept);
        let [names_dates, names_postcodes, dates_postcodes] = [(0, 1), (0, 2), (1, 2)]
            .map(|(a, b)| largest_matching(kept.parts.iter().map(|parts| (parts[a], parts[b]))));
        names_dates
            .max(names_postcodes)
            .max(dates_postcodes)
            .div_ceil(2)
    }
}

impl Kept {
    fn add(&mut self, composite: Composite) {
        let [name, date, postcode] = [composite.name, composite.date, composite.postcode]
            .map(|hash| u32::try_from(hash >> 32).expect("half of 64 bits"));
        if u64::from(name) >= self.names_below {
            return;
        }
        self.parts.push([name, date, postcode]);
        while self.parts.len() > self.limit && self.names_below > 0 {
            self.names_below /= 2;
            let below = self.names_below;
            self.parts.retain(|parts| u64::from(parts[0]) < below);
        }
    }
}

/// No partner, or not reached.
const NONE: u32 = u32::MAX;

/// The size of a largest set of pairs of which no two share a part: the method
/// of Hopcroft and Karp (SIAM Journal on Computing 2, 1973).
fn largest_matching(pairs: impl Iterator<Item = (u32, u32)>) -> u64 {
    let (edges, lefts, rights) = numbered(pairs);
    let mut graph = Matching::new(&edges, lefts, rights);
    drop(edges);
    let mut size = 0;
    while graph.measure() {
        for left in 0..graph.left.len() {
            if graph.left[left] == NONE && graph.augment(left) {
                size += 1;
            }
        }
    }
    size
}

/// The pairs, each once and in order, with the places of their parts among all
/// left and all right parts; and how many of these there are. Sorting finds
/// the places several times as fast as tables that no cache holds.
fn numbered(pairs: impl Iterator<Item = (u32, u32)>) -> (Vec<(u32, u32)>, usize, usize) {
    let mut edges: Vec<(u32, u32)> = pairs.map(|(left, right)| (right, left)).collect();
    edges.sort_unstable();
    edges.dedup();
    let rights = number(&mut edges);
    edges.iter_mut().for_each(|(a, b)| std::mem::swap(a, b));
    edges.sort_unstable();
    let lefts = number(&mut edges);
    (edges, lefts, rights)
}

/// Puts numbers from zero on in place of the first parts of sorted pairs, and
/// says how many there are.
fn number(sorted: &mut [(u32, u32)]) -> usize {
    let mut count = 0;
    for same in sorted.chunk_by_mut(|(one, _), (other, _)| one == other) {
        same.iter_mut().for_each(|(part, _)| *part = count);
        count += 1;
    }
    index(count)
}

struct Matching {
    /// Where the neighbours of each left part begin in `neighbours`.
    starts: Vec<usize>,
    neighbours: Vec<u32>,
    left: Vec<u32>,
    right: Vec<u32>,
    distance: Vec<u32>,
    /// The next neighbour to try, for each left part.
    tried: Vec<usize>,
}

impl Matching {
    /// `edges` are sorted.
    fn new(edges: &[(u32, u32)], lefts: usize, rights: usize) -> Self {
        let mut starts = vec![0; lefts + 1];
        for &(left, _) in edges {
            starts[index(left) + 1] += 1;
        }
        for left in 0..lefts {
            starts[left + 1] += starts[left];
        }
        Self {
            starts,
            neighbours: edges.iter().map(|&(_, right)| right).collect(),
            left: vec![NONE; lefts],
            right: vec![NONE; rights],
            distance: vec![NONE; lefts],
            tried: vec![0; lefts],
        }
    }

    /// Breadth first from the free left parts; whether a free right part can
    /// be reached.
    fn measure(&mut self) -> bool {
        let mut queue = VecDeque::new();
        for left in 0..self.left.len() {
            self.tried[left] = self.starts[left];
            self.distance[left] = NONE;
            if self.left[left] == NONE {
                self.distance[left] = 0;
                queue.push_back(left);
            }
        }
        let mut reached = false;
        while let Some(left) = queue.pop_front() {
            for at in self.starts[left]..self.starts[left + 1] {
                let owner = self.right[index(self.neighbours[at])];
                if owner == NONE {
                    reached = true;
                } else if self.distance[index(owner)] == NONE {
                    self.distance[index(owner)] = self.distance[left] + 1;
                    queue.push_back(index(owner));
                }
            }
        }
        reached
    }

    /// Depth first along shortest paths, without recursion: a path may be as
    /// long as there are parts.
    fn augment(&mut self, free: usize) -> bool {
        let mut path = vec![free];
        while let Some(&left) = path.last() {
            if self.tried[left] == self.starts[left + 1] {
                self.distance[left] = NONE;
                path.pop();
                if let Some(&before) = path.last() {
                    self.tried[before] += 1;
                }
                continue;
            }
            let right = self.neighbours[self.tried[left]];
            let owner = self.right[index(right)];
            if owner == NONE {
                for &left in path.iter().rev() {
                    let right = self.neighbours[self.tried[left]];
                    self.right[index(right)] =
                        u32::try_from(left).expect("fewer parts than are kept");
                    self.left[left] = right;
                }
                return true;
            }
            let onward = self.distance[index(owner)];
            if onward != NONE && onward == self.distance[left] + 1 {
                path.push(index(owner));
            } else {
                self.tried[left] += 1;
            }
        }
        false
    }
}

fn index(part: u32) -> usize {
    usize::try_from(part).expect("the targets have at least 32 bits")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn composite(parts: [u8; 3]) -> Composite {
        let [name, date, postcode] =
            parts.map(|n| (u64::from(n) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Composite {
            name,
            date,
            postcode,
        }
    }

    /// By trying everything.
    fn slow_matching(pairs: &[(u32, u32)]) -> u64 {
        let Some((&(left, right), rest)) = pairs.split_first() else {
            return 0;
        };
        let others: Vec<_> = rest
            .iter()
            .copied()
            .filter(|&(l, r)| l != left && r != right)
            .collect();
        slow_matching(rest).max(1 + slow_matching(&others))
    }

    proptest! {
        #[test]
        fn the_matching_is_the_largest(pairs in prop::collection::vec((0u32..6, 0u32..6), 0..12)) {
            prop_assert_eq!(largest_matching(pairs.iter().copied()), slow_matching(&pairs));
        }

        #[test]
        fn records_never_lower_the_bounds(
            some in prop::collection::vec(any::<[u8; 3]>().prop_map(|p| p.map(|n| n % 5)), 0..40),
            more in prop::collection::vec(any::<[u8; 3]>().prop_map(|p| p.map(|n| n % 5)), 0..40),
        ) {
            let composites = Composites::new();
            composites.insert(&some.into_iter().map(composite).collect::<Vec<_>>());
            let before = (composites.least(), composites.most());
            composites.insert(&more.into_iter().map(composite).collect::<Vec<_>>());
            prop_assert!(composites.least() >= before.0);
            prop_assert!(composites.most() >= before.1);
        }

        /// People with up to three records each, one part of each wrong.
        #[test]
        fn misspellings_keep_the_truth_between(
            people in prop::collection::btree_map(0u8..40, prop::collection::vec((0usize..4, 100u8..200), 1..4), 0..20),
        ) {
            let composites = Composites::new();
            for (&person, records) in &people {
                for &(part, wrong) in records {
                    let mut parts = [person, person / 2, person / 3];
                    if let Some(part) = parts.get_mut(part) {
                        *part = wrong;
                    }
                    composites.insert(&[composite(parts)]);
                }
            }
            let truth = people.len() as u64;
            prop_assert!(composites.least() <= truth);
        }
    }

    #[test]
    fn past_the_limit_the_order_does_not_matter() {
        let all: Vec<_> = (0..=255).map(|n| composite([n, n, n])).collect();
        let (forward, back) = (Composites::with_limit(64), Composites::with_limit(64));
        forward.insert(&all);
        back.insert(&all.iter().rev().copied().collect::<Vec<_>>());
        assert_eq!(forward.least(), back.least());
        assert!(forward.least() > 0);
        assert_eq!(forward.most(), 256);
    }
}
