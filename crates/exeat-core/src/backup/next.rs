//! What the next package of a chain is: its place, and whether it is a full one.

use std::num::NonZeroU32;

use super::series::SeriesId;
use super::shelf::{Place, Shelved};
use crate::seal::Link;
use jiff::{SignedDuration, Timestamp};

/// How often a package holds everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FullEvery {
    /// Every package.
    Always,
    /// One of so many.
    Runs(NonZeroU32),
    /// When the last one is so old.
    Time(SignedDuration),
}

/// Why a package holds everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyFull {
    /// The profile says that every one does.
    Always,
    /// There is no full one in its place that later ones could rest on.
    First,
    /// Somebody asked for it.
    Asked,
    /// It is time.
    Due,
    /// What the host remembered of the files is gone.
    Forgotten,
    /// The earlier ones are for other recipients.
    Recipients,
    /// No file was as it was.
    Nothing,
}

impl WhyFull {
    /// In words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Always => "the profile makes every package a full one",
            Self::Asked => "it was asked for",
            Self::Recipients => "earlier ones are for other recipients",
            Self::Nothing => "no file was as it was",
            Self::First => "there is no earlier full one in the folder that can be relied on",
            Self::Due => "it was time for a full one",
            Self::Forgotten => "there was no usable record of the files in earlier ones",
        }
    }
}

/// The next package of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// Its place.
    pub link: Link,
    /// Why it holds everything; `None` where it need not.
    pub full: Option<WhyFull>,
}

/// A run that begins a little earlier than the one of a week ago must not wait
/// another night: so much a full one may be younger than it should be.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

/// What the next package of the chain `series` is, at the place that
/// [`Shelf::next_place`](super::Shelf::next_place) gives, after the packages that
/// are in the folder, in the order of their numbers.
#[must_use]
pub fn next(
    place: Place,
    packages: &[Shelved],
    series: SeriesId,
    every: FullEvery,
    now: Timestamp,
) -> Next {
    let link = Link {
        series,
        sequence: place.sequence,
        previous: place.previous,
    };
    let last_full = packages.iter().rfind(|package| package.base.is_empty());
    let full = match (every, last_full) {
        (FullEvery::Always, _) => Some(WhyFull::Always),
        (_, None) => Some(WhyFull::First),
        (FullEvery::Runs(runs), Some(full)) => {
            let since = link.sequence.saturating_sub(full.sequence);
            (since >= u64::from(runs.get())).then_some(WhyFull::Due)
        }
        (FullEvery::Time(time), Some(full)) => {
            let slack = SLACK.min(time / 2);
            let age = now.duration_since(full.created);
            // One of the future would put off all others until then.
            (age >= time - slack || age < -SLACK).then_some(WhyFull::Due)
        }
    };
    Next { link, full }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use uuid::Uuid;

    use super::*;
    use crate::digest::Digest;
    use crate::manifest::{PackageId, PayloadKind};

    fn package(sequence: u64, day: i64, is_full: bool) -> Shelved {
        Shelved {
            name: OsString::from(format!("{sequence}.exeat")),
            id: PackageId::generate(),
            sequence,
            created: day_of(day),
            previous: None,
            base: match is_full {
                true => Vec::new(),
                false => vec![PackageId::generate()],
            },
            manifest_sha256: Digest::of(&sequence.to_be_bytes()),
            kind: PayloadKind::Tar,
            bytes: 1,
            damage: None,
        }
    }

    fn day_of(day: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day)
    }

    fn runs(count: u32) -> FullEvery {
        FullEvery::Runs(NonZeroU32::new(count).expect("more than none"))
    }

    const WEEK: FullEvery = FullEvery::Time(SignedDuration::from_hours(7 * 24));

    fn at(sequence: u64) -> Place {
        Place {
            sequence,
            previous: (sequence > 1).then(|| Digest::of(b"the one before")),
        }
    }

    #[test]
    fn the_first_is_full() {
        let next = next(at(1), &[], Uuid::nil(), WEEK, day_of(0));
        assert_eq!(next.full, Some(WhyFull::First));
        assert_eq!((next.link.sequence, next.link.previous), (1, None));
    }

    #[test]
    fn a_full_one_when_it_is_time() {
        let packages = [package(1, 0, true), package(2, 1, false)];
        let full = |every, day| next(at(3), &packages, Uuid::nil(), every, day_of(day)).full;
        assert_eq!(full(runs(3), 2), None);
        assert_eq!(full(runs(2), 2), Some(WhyFull::Due));
        assert_eq!(full(WEEK, 6), None);
        assert_eq!(full(WEEK, 7), Some(WhyFull::Due));
        assert_eq!(full(FullEvery::Always, 2), Some(WhyFull::Always));
        // The last one is of the future: the clock was wrong, then or now.
        assert_eq!(full(WEEK, -400), Some(WhyFull::Due));
        let almost = day_of(7) - SignedDuration::from_mins(20);
        assert_eq!(
            next(at(3), &packages, Uuid::nil(), WEEK, almost).full,
            Some(WhyFull::Due)
        );
        let only_later = [package(2, 1, false)];
        let next = next(at(3), &only_later, Uuid::nil(), WEEK, day_of(2));
        assert_eq!(next.full, Some(WhyFull::First));
    }
}
