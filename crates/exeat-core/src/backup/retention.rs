//! Which packages of a chain are kept, and why: a pure function.
//!
//! Packages are ordered by their sequence numbers, never by the clock; the clock
//! says only which calendar day, week, month and year one belongs to, in the
//! profile's time zone. So a clock that was set back, or ran ahead, cannot make
//! the newest one go.
//!
//! What counts towards the numbers is *sound*: verified, and every package that
//! it needs is there and verified, too. One that is not sound takes nobody's
//! place, and goes only if it would go even if it were sound: a host that has
//! forgotten what it had verified loses no history by that.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::Hash;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::manifest::PackageId;

/// How many packages to keep. A number of nought is no rule; without any rule
/// everything is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// So many of the newest.
    pub last: u32,
    /// The newest of each of so many days.
    pub daily: u32,
    /// The newest of each of so many ISO weeks.
    pub weekly: u32,
    /// The newest of each of so many months.
    pub monthly: u32,
    /// The newest of each of so many years.
    pub yearly: u32,
}

impl Keep {
    fn is_everything(self) -> bool {
        self == Self::default()
    }
}

/// What has to be known of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The package.
    pub id: PackageId,
    /// Its place in the chain.
    pub sequence: u64,
    /// When it was made, by the clock of then.
    pub created: Timestamp,
    /// The packages that it needs.
    pub base: Vec<PackageId>,
    /// Whether all of it was compared, on the medium.
    pub is_verified: bool,
}

/// What becomes of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// The package.
    pub id: PackageId,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// Whether a package is kept, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stays, for each of these reasons; there is at least one.
    Kept(Vec<Reason>),
    /// It may go.
    Removed(Surplus),
}

/// Why a package is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no rule.
    NoRule,
    /// It has the highest sequence number.
    Newest,
    /// It has the highest sequence number of those that were verified.
    NewestVerified,
    /// It is one of the last so many.
    Last(u32),
    /// It is the newest of its day.
    Day(Date),
    /// It is the newest of its ISO week: year and week.
    Week(i16, i8),
    /// It is the newest of its month: the first day of it.
    Month(Date),
    /// It is the newest of its year.
    Year(i16),
    /// It, or what it needs, was not verified, and nothing stands for it yet.
    NotVerified,
    /// One that is kept needs it.
    NeededBy {
        /// The one.
        id: PackageId,
        /// Its place in the chain.
        sequence: u64,
    },
}

/// Why a package may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Surplus {
    /// No rule keeps it.
    NoRuleKeepsIt,
    /// It was not verified, and there are enough newer ones that were.
    NotVerified,
}

impl Verdict {
    /// Whether it stays.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Kept(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept(reasons) => {
                let words: Vec<_> = reasons.iter().map(Reason::to_string).collect();
                f.write_str(&words.join("; "))
            }
            Self::Removed(surplus) => surplus.fmt(f),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRule => f.write_str("there is no rule about what to remove"),
            Self::Newest => f.write_str("the newest"),
            Self::NewestVerified => f.write_str("the newest that was verified"),
            Self::Last(1) => f.write_str("the last one"),
            Self::Last(count) => write!(f, "one of the last {count}"),
            Self::Day(day) => write!(f, "the newest of {}", day.strftime("%A %Y-%m-%d")),
            Self::Week(year, week) => write!(f, "the newest of week {year}-W{week:02}"),
            Self::Month(month) => write!(f, "the newest of {}", month.strftime("%B %Y")),
            Self::Year(year) => write!(f, "the newest of {year}"),
            Self::NotVerified => f.write_str("not verified, and nothing verified stands for it"),
            Self::NeededBy { sequence, .. } => write!(f, "needed by number {sequence}"),
        }
    }
}

impl fmt::Display for Surplus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRuleKeepsIt => "no rule keeps it",
            Self::NotVerified => "not verified, and there are enough newer ones that were",
        })
    }
}

/// Says what becomes of each package, in the order given.
///
/// The newest, the newest verified one and whatever a kept one needs, through
/// any number of others, stay whatever the rules say. Planning again over what
/// was kept removes nothing more.
///
/// ```
/// use exeat_core::backup::{Candidate, Keep, plan};
/// use exeat_core::manifest::PackageId;
/// use jiff::tz::TimeZone;
///
/// let nights = [(1, "2026-11-23T02:00:00Z"), (2, "2026-11-24T02:00:00Z")];
/// let packages: Vec<_> = nights
///     .iter()
///     .map(|&(sequence, created)| Candidate {
///         id: PackageId::generate(),
///         sequence,
///         created: created.parse().expect("a time"),
///         base: Vec::new(),
///         is_verified: true,
///     })
///     .collect();
/// let keep = Keep { daily: 1, ..Keep::default() };
/// let fates = plan(&packages, &keep, &TimeZone::UTC);
/// assert!(!fates[0].verdict.is_kept());
/// assert!(fates[1].verdict.to_string().contains("the newest of Tuesday 2026-11-24"));
/// ```
#[must_use]
pub fn plan(candidates: &[Candidate], keep: &Keep, zone: &TimeZone) -> Vec<Fate> {
    let reasons = match keep.is_everything() {
        true => vec![vec![Reason::NoRule]; candidates.len()],
        false => Plan::new(candidates).made(keep, zone),
    };
    let sound = sound(candidates);
    let fates = candidates.iter().zip(reasons).zip(sound);
    fates
        .map(|((candidate, reasons), is_sound)| Fate {
            id: candidate.id,
            verdict: match (reasons.is_empty(), is_sound) {
                (false, _) => Verdict::Kept(reasons),
                (true, true) => Verdict::Removed(Surplus::NoRuleKeepsIt),
                (true, false) => Verdict::Removed(Surplus::NotVerified),
            },
        })
        .collect()
}

/// For each: whether it and every package that holds some of its files are there
/// and verified: it can be restored.
#[must_use]
pub fn sound(candidates: &[Candidate]) -> Vec<bool> {
    let places = places(candidates);
    let is_verified = |id| {
        places
            .get(id)
            .is_some_and(|&place| candidates[place].is_verified)
    };
    let sound = candidates
        .iter()
        .map(|one| one.is_verified && one.base.iter().all(is_verified));
    sound.collect()
}

fn places(candidates: &[Candidate]) -> HashMap<PackageId, usize> {
    let numbered = candidates.iter().enumerate();
    numbered.map(|(place, one)| (one.id, place)).collect()
}

/// A plan while it is made.
struct Plan<'a> {
    candidates: &'a [Candidate],
    /// The places of the candidates, the newest first.
    order: Vec<usize>,
    sound: Vec<bool>,
    reasons: Vec<Vec<Reason>>,
}

impl<'a> Plan<'a> {
    fn new(candidates: &'a [Candidate]) -> Self {
        let mut order: Vec<_> = (0..candidates.len()).collect();
        order.sort_by_key(|&place| {
            let candidate = &candidates[place];
            std::cmp::Reverse((candidate.sequence, candidate.id))
        });
        Self {
            candidates,
            order,
            sound: sound(candidates),
            reasons: vec![Vec::new(); candidates.len()],
        }
    }

    /// The reasons to keep each.
    fn made(mut self, keep: &Keep, zone: &TimeZone) -> Vec<Vec<Reason>> {
        self.newest();
        let dates: Vec<_> = self
            .candidates
            .iter()
            .map(|candidate| candidate.created.to_zoned(zone.clone()).date())
            .collect();
        self.rule(keep.last, |place| place, |_| Reason::Last(keep.last));
        self.rule(keep.daily, |place| dates[place], Reason::Day);
        let week = |place: usize| {
            let week = dates[place].iso_week_date();
            (week.year(), week.week())
        };
        self.rule(keep.weekly, week, |(year, week)| Reason::Week(year, week));
        let month = |place: usize| dates[place].first_of_month();
        self.rule(keep.monthly, month, Reason::Month);
        self.rule(keep.yearly, |place| dates[place].year(), Reason::Year);
        self.bases();
        self.reasons
    }

    /// Whatever the rules say: the newest, and the newest that was verified.
    fn newest(&mut self) {
        let Some(&newest) = self.order.first() else {
            return;
        };
        self.reasons[newest].push(Reason::Newest);
        let verified = |&&place: &&usize| self.candidates[place].is_verified;
        if let Some(&verified) = self.order.iter().find(verified)
            && verified != newest
        {
            self.reasons[verified].push(Reason::NewestVerified);
        }
        if let Some(&sound) = self.order.iter().find(|&&place| self.sound[place])
            && !self.reasons[sound]
                .iter()
                .any(|reason| matches!(reason, Reason::Newest | Reason::NewestVerified))
        {
            self.reasons[sound].push(Reason::NewestVerified);
        }
    }

    /// Keeps the newest sound one of each of `most` groups. One that is not
    /// sound stays where a sound one would, and takes no group's place.
    fn rule<G: Eq + Hash + Copy>(
        &mut self,
        most: u32,
        group: impl Fn(usize) -> G,
        reason: impl Fn(G) -> Reason,
    ) {
        let mut taken = HashSet::new();
        for &place in &self.order {
            if taken.len() as u64 >= u64::from(most) {
                break;
            }
            let group = group(place);
            if taken.contains(&group) {
                continue;
            }
            let reasons = &mut self.reasons[place];
            if self.sound[place] {
                taken.insert(group);
                reasons.push(reason(group));
            } else if !reasons.contains(&Reason::NotVerified) {
                reasons.push(Reason::NotVerified);
            }
        }
    }

    /// Keeps what a kept one needs.
    fn bases(&mut self) {
        let places = places(self.candidates);
        let kept = |place: &usize| !self.reasons[*place].is_empty();
        let mut open: Vec<_> = self.order.iter().copied().filter(kept).collect();
        // The newest that needs it is named: the first to come.
        open.reverse();
        while let Some(place) = open.pop() {
            let needing = &self.candidates[place];
            for base in needing.base.iter().filter_map(|base| places.get(base)) {
                let reasons = &mut self.reasons[*base];
                if reasons.is_empty() {
                    open.push(*base);
                }
                let is_needed = |reason: &Reason| matches!(reason, Reason::NeededBy { .. });
                if *base != place && !reasons.iter().any(is_needed) {
                    reasons.push(Reason::NeededBy {
                        id: needing.id,
                        sequence: needing.sequence,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
