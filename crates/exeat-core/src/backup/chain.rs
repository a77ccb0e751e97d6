//! Whether the packages that are there follow from each other, and from what the
//! host remembers.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::memory::Tip;
use super::problems::{
    BASE_GIVEN_UP, BASE_MISSING, CLOCK, DAMAGED, FORK, GAP, Problems, REPLAYED, finding,
};
use super::pruned::{Gone, GoneReason};
use super::series::FIRST_SEQUENCE;
use super::shelf::{Place, Shelved};
use crate::diagnostic::Finding;
use crate::diagnostic::words::{counted, grouped};
use crate::digest::Digest;

/// A chain: what is there, in the order of sequence numbers, and what is not
/// there any more.
#[derive(Clone, Copy)]
pub(super) struct Chain<'a> {
    pub(super) packages: &'a [Shelved],
    pub(super) gone: &'a [Gone],
}

impl Chain<'_> {
    /// Adds everything that is wrong with it.
    pub(super) fn check(self, problems: &mut Problems) {
        self.check_forks(problems);
        self.check_previous(problems);
        for missing in self.missing(None) {
            problems.add(GAP, gap(&missing), Vec::new());
        }
        self.check_bases(problems);
        for pair in self.packages.windows(2) {
            if pair[1].created < pair[0].created {
                let message = format!(
                    "package number {} was made on {}, before number {} ({}): the clock was set \
                     back, or ran ahead",
                    pair[1].sequence, pair[1].created, pair[0].sequence, pair[0].created
                );
                problems.add(CLOCK, message, vec![pair[1].shown()]);
            }
        }
        for package in self.packages {
            if let Some(damage) = &package.damage {
                let message = format!("package number {}: {damage}", package.sequence);
                problems.add(DAMAGED, message, vec![package.shown()]);
            }
        }
    }

    fn check_forks(self, problems: &mut Problems) {
        for group in self.packages.chunk_by(|a, b| a.sequence == b.sequence) {
            let number = group[0].sequence;
            let digests: HashSet<_> = self.digests(number).into_iter().collect();
            if digests.len() < 2 {
                continue;
            }
            let count = grouped(digests.len() as u64);
            let message = match group.len() == digests.len() {
                true => format!("there are {count} packages of number {number}"),
                false => format!("there are, or were, {count} packages of number {number}"),
            };
            let named = group.iter().take(10).map(Shelved::shown);
            problems.add(FORK, message, named.collect());
        }
    }

    fn check_previous(self, problems: &mut Problems) {
        for package in self.packages {
            let before = package.sequence.checked_sub(1);
            let message = match before.map(|before| self.digests(before)) {
                _ if package.sequence <= FIRST_SEQUENCE => match package.previous {
                    None => continue,
                    Some(_) => "is the first, and names one before it".to_owned(),
                },
                // What came before is not known: that is a gap, or accepted.
                None => continue,
                Some(known) if known.is_empty() => continue,
                Some(known) if package.previous.is_some_and(|it| known.contains(&it)) => continue,
                Some(_) => "does not follow from the one before it".to_owned(),
            };
            let message = format!("package number {} {message}", package.sequence);
            problems.add(FORK, message, vec![package.shown()]);
        }
    }

    fn check_bases(self, problems: &mut Problems) {
        let present: HashSet<_> = self.packages.iter().map(|package| package.id).collect();
        let mut gone = self.gone.iter();
        let given_up = gone.find(|gone| gone.reason == GoneReason::Missing);
        for package in self.packages {
            let missing = package.base.iter().filter(|base| !present.contains(base));
            let missing: Vec<_> = missing.collect();
            if missing.is_empty() {
                continue;
            }
            let is_given_up = given_up.is_some_and(|gone| gone.sequence < package.sequence);
            let kind = match is_given_up {
                true => BASE_GIVEN_UP,
                false => BASE_MISSING,
            };
            let count = counted(missing.len() as u64, "package", "packages");
            let message = format!(
                "package number {} needs {count} that cannot be found",
                package.sequence
            );
            let named = missing.iter().take(10).map(|id| id.to_string());
            problems.add(kind, message, named.collect());
        }
    }

    /// The manifests that are known of one place.
    fn digests(self, sequence: u64) -> Vec<Digest> {
        let start = self
            .packages
            .partition_point(|package| package.sequence < sequence);
        let here = self.packages[start..].iter();
        let here = here.take_while(|package| package.sequence == sequence);
        let start = self.gone.partition_point(|gone| gone.sequence < sequence);
        let gone = self.gone[start..].iter();
        let gone = gone.take_while(|gone| gone.sequence == sequence);
        here.map(|package| package.manifest_sha256)
            .chain(gone.filter_map(|gone| gone.manifest_sha256))
            .collect()
    }

    /// The places of which there is neither a package nor a record, up to the
    /// last package, or up to `last` where that is further.
    pub(super) fn missing(self, last: Option<u64>) -> Vec<RangeInclusive<u64>> {
        let newest = self.packages.last().map(|package| package.sequence);
        let Some(end) = newest.max(last) else {
            return Vec::new();
        };
        let packages = self.packages.iter().map(|package| package.sequence);
        let gone = self.gone.iter().map(|gone| gone.sequence);
        let mut known: Vec<_> = packages.chain(gone).collect();
        known.sort_unstable();
        let mut missing = Vec::new();
        let mut next = Some(FIRST_SEQUENCE);
        for place in known.into_iter().take_while(|&place| place <= end) {
            let Some(expected) = next.filter(|&expected| place >= expected) else {
                continue;
            };
            if place > expected {
                missing.push(expected..=place - 1);
            }
            next = place.checked_add(1);
        }
        if let Some(expected) = next.filter(|&expected| expected <= end) {
            missing.push(expected..=end);
        }
        missing
    }

    /// Where the next package goes, by the highest number there is, there was, or
    /// the host remembers.
    pub(super) fn next(self, tip: Option<&Tip>) -> Place {
        let newest = self.packages.last();
        let gone = self.gone.last();
        let ends = [
            gone.map(|gone| (gone.sequence, gone.manifest_sha256)),
            tip.map(|tip| (tip.sequence, Some(tip.manifest_sha256))),
            newest.map(|package| (package.sequence, Some(package.manifest_sha256))),
        ];
        // Of several of one number the last: what is there, before what is
        // remembered.
        let last = ends.into_iter().flatten().max_by_key(|&(number, _)| number);
        match last {
            Some((number, previous)) => Place {
                sequence: number.saturating_add(1),
                previous,
            },
            None => Place {
                sequence: FIRST_SEQUENCE,
                previous: None,
            },
        }
    }

    /// What contradicts the package that the host remembers as its last.
    pub(super) fn held_against(self, tip: &Tip) -> Vec<Finding> {
        let number = tip.sequence;
        let known = self.digests(number);
        let fork = |message: String| vec![finding(FORK, message, Vec::new())];
        if !known.is_empty() && !known.contains(&tip.manifest_sha256) {
            return fork(format!(
                "package number {number} is not the one that this host made on {}",
                tip.created
            ));
        }
        let mut packages = self.packages.iter();
        let next = packages.find(|package| package.sequence.checked_sub(1) == Some(number));
        if next.is_some_and(|next| next.previous != Some(tip.manifest_sha256)) {
            return fork(format!(
                "the package after number {number} does not follow from the one that this host \
                 made on {}",
                tip.created
            ));
        }
        let newest = self.packages.last().map(|package| package.sequence);
        if newest.is_some_and(|newest| newest >= number) {
            return Vec::new();
        }
        let after = |range: &RangeInclusive<u64>| newest.is_none_or(|it| *range.end() > it);
        if !self.missing(Some(number)).iter().any(after) {
            // Somebody has accepted that they are gone.
            return Vec::new();
        }
        let there = match newest {
            Some(newest) => format!("the newest one there is number {newest}"),
            None => "there is none".to_owned(),
        };
        let message = format!(
            "this host made package number {number} on {}, and {there}: the newest are gone, or \
             the folder was put back to an older state",
            tip.created
        );
        vec![finding(REPLAYED, message, Vec::new())]
    }
}

fn gap(missing: &RangeInclusive<u64>) -> String {
    let (first, last) = (missing.start(), missing.end());
    match first == last {
        true => format!("package number {first} is missing, and no record says why"),
        false => {
            format!("the packages of numbers {first} to {last} are missing, and no record says why")
        }
    }
}
