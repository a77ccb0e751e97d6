//! People across files: a table of names and a table of results are about the
//! same people where both give the same id in a column of the same name.
//!
//! A record about somebody either says who it is (a key of one of the census's
//! families), or gives an id alone, and then it waits to be answered for. Of
//! every id there are
//!
//! - those who answer: people counted by a key that came with this id, and with
//!   no other. Who was seen with two ids answers for none;
//! - those who were seen with the id and a name or a date of birth: as many as
//!   these are different, over all files;
//! - those who were seen with the id alone: one for each file, since the
//!   numbers of two hospitals both begin with 1.
//!
//! The id stands for as many people as the larger of the last two, less those
//! who answer. So there are never fewer people than keys, nor than ids: a key
//! answers for one id at most. A file that says whose ids they are can make of
//! a number and an id that were counted as two the one person that they are;
//! any other file can only add. What remains is an assumption: that somebody
//! with a number in one file, and a record with the same id alone in one other
//! file, are one.

use super::pairs::Pairs;

/// A family of keys whose people may answer for an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Nhs,
    Nino,
    Composite,
}

/// A record that gives an id, and no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pending {
    /// The id, with what its column is called.
    pub link: u64,
    /// What tells it from others with the same id.
    pub detail: Detail,
}

/// What a record tells of somebody beside an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// A name or a date of birth.
    Person(u64),
    /// Nothing: the file that it stands in.
    Scope(u64),
}

pub(super) struct Links {
    answers: [(Family, Pairs); 3],
    persons: Pairs,
    scopes: Pairs,
}

impl Links {
    pub(super) fn new() -> Self {
        Self {
            answers: [Family::Nhs, Family::Nino, Family::Composite]
                .map(|family| (family, Pairs::new())),
            persons: Pairs::new(),
            scopes: Pairs::new(),
        }
    }

    /// Somebody with a key of a family was seen with an id.
    pub(super) fn answer(&self, family: Family, key: u64, link: u64) {
        for (of, answers) in &self.answers {
            if *of == family {
                answers.insert(key, link);
            }
        }
    }

    pub(super) fn wait(&self, pending: &[Pending]) {
        for &Pending { link, detail } in pending {
            // Both parts are keyed hashes: mixing must only not be symmetric.
            match detail {
                Detail::Person(person) => {
                    self.persons.insert(person ^ link.rotate_left(23), link);
                }
                Detail::Scope(scope) => self.scopes.insert(scope ^ link.rotate_left(23), link),
            }
        }
    }

    /// Whether any record waits.
    pub(super) fn is_any(&self) -> bool {
        !self.persons.is_empty() || !self.scopes.is_empty()
    }

    /// How many people at most the ids stand for beside those counted by key.
    pub(super) fn most(&self) -> u64 {
        if !self.is_any() {
            return 0;
        }
        let (mut persons, mut scopes, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        self.persons.values(&mut persons);
        self.scopes.values(&mut scopes);
        for (_, pairs) in &self.answers {
            pairs.values(&mut answers);
        }
        let [persons, scopes, answers] = [persons, scopes, answers].map(|mut links| {
            links.sort_unstable();
            links
        });
        let (mut persons, mut scopes, mut answers) = (&persons[..], &scopes[..], &answers[..]);
        let mut most = 0;
        while let Some(link) = first(persons, scopes) {
            let waiting = take(&mut persons, link).max(take(&mut scopes, link));
            most += waiting.saturating_sub(take(&mut answers, link));
        }
        u64::try_from(most)
            .unwrap_or(u64::MAX)
            .saturating_add(self.persons.beyond())
            .saturating_add(self.scopes.beyond())
    }
}

/// The smallest link of two sorted lists.
fn first(one: &[u64], other: &[u64]) -> Option<u64> {
    match (one.first(), other.first()) {
        (Some(&one), Some(&other)) => Some(one.min(other)),
        (one, other) => one.or(other).copied(),
    }
}

/// Takes what is up to `link` off a sorted list; how often `link` was in it.
fn take(list: &mut &[u64], link: u64) -> usize {
    let before = list.iter().take_while(|&&other| other < link).count();
    let rest = list.get(before..).unwrap_or_default();
    let count = rest.iter().take_while(|&&other| other == link).count();
    *list = rest.get(count..).unwrap_or_default();
    count
}
