//! What the ledger says when it is read: sums over time.
//!
//! Sums fail closed. An intent counts unless an outcome says that nothing was
//! delivered. One dated in the future counts as recent. One dated before an
//! earlier line was written while the clock was behind: it counts as no older
//! than the first line after it with a time that fits again, and as recent
//! until there is one.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::chain::Unfinished;
use super::ending::Ended;
use super::entry::{Entry, Export, Form, Kind};
use crate::decide::Past;
use crate::digest::Digest;
use crate::manifest::{PackageId, RequestId};

/// Whose exports to sum.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum By {
    /// Those of one account, and those of accounts that could not be told
    /// apart: of containers and user namespaces.
    User(u32),
    /// Those of the accounts that were in this group, and of those that may have
    /// been: not all of their groups are on record.
    Group(String),
    /// Everybody's.
    Anyone,
}

/// A sum that is asked for.
#[derive(Debug, Clone)]
pub struct Question {
    /// Whose exports.
    pub by: By,
    /// Only those that left in this way.
    pub form: Option<Form>,
    /// Only those since then.
    pub since: Timestamp,
}

/// The sum over what has left, or may have. It is a sum: the same person in
/// two exports is counted twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many exports.
    pub exports: u64,
    /// The upper bounds of their people.
    pub people: u64,
    /// Their records about people.
    pub personal_records: u64,
}

/// What a ledger says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// How many entries it has.
    pub entries: u64,
    /// SHA-256 of the first entry's line, by which ledgers are told apart.
    pub ledger: Option<Digest>,
    /// What became of the requests that others were asked to agree to, where
    /// something did.
    pub requests: BTreeMap<RequestId, Past>,
    /// The answers, in the order of the questions.
    pub sums: Vec<Sum>,
    /// What stands at its end and is no entry: a run was killed there, or is
    /// writing at this moment. The next entry puts it on record.
    pub unfinished: Option<Unfinished>,
}

/// An export that a question asks about.
struct Counted {
    id: PackageId,
    people: u64,
    personal_records: u64,
    /// The questions.
    asked: Vec<u32>,
    ended: Ended,
}

/// The sums, while the entries come.
pub(super) struct Sums<'a> {
    now: Timestamp,
    questions: &'a [Question],
    /// The latest time so far that is not in the future.
    latest: Timestamp,
    /// By the number of the intent.
    counted: HashMap<u64, Counted>,
    /// Those whose number another has taken since, in what is not in order.
    displaced: Vec<Counted>,
    /// The numbers of those whose time is not known yet.
    undated: Vec<u64>,
}

impl<'a> Sums<'a> {
    pub(super) fn new(now: Timestamp, questions: &'a [Question]) -> Self {
        Self {
            now,
            questions,
            latest: Timestamp::MIN,
            counted: HashMap::new(),
            displaced: Vec::new(),
            undated: Vec::new(),
        }
    }

    /// Takes one entry.
    pub(super) fn entry(&mut self, entry: &Entry) {
        if self.questions.is_empty() {
            return;
        }
        let is_dated = entry.time >= self.latest;
        if is_dated && entry.time <= self.now {
            self.latest = entry.time;
            self.date(entry.time);
        }
        match (entry.kind, &entry.export, &entry.found, &entry.outcome) {
            (Kind::Intent, Some(export), Some(found), _) => {
                let time = if is_dated { entry.time } else { self.now };
                let asked = self.asked(export, time);
                if !asked.is_empty() {
                    if !is_dated {
                        self.undated.push(entry.sequence);
                    }
                    let counted = Counted {
                        id: export.id,
                        people: found.people.most,
                        personal_records: found.personal_records,
                        asked,
                        ended: Ended::default(),
                    };
                    let before = self.counted.insert(entry.sequence, counted);
                    self.displaced.extend(before);
                }
            }
            (Kind::Outcome, .., Some(outcome)) => {
                // One of another export says nothing about this one.
                if let Some(counted) = self.counted.get_mut(&outcome.intent)
                    && counted.id == outcome.id
                {
                    counted.ended.hear(outcome.ending);
                }
            }
            _ => {}
        }
    }

    /// What had no time of its own is no older than `time`.
    fn date(&mut self, time: Timestamp) {
        for sequence in self.undated.drain(..) {
            if let Some(counted) = self.counted.get_mut(&sequence) {
                let questions = self.questions;
                let asks = |n: u32| usize::try_from(n).is_ok_and(|n| time >= questions[n].since);
                counted.asked.retain(|&n| asks(n));
            }
        }
    }

    fn asked(&self, export: &Export, time: Timestamp) -> Vec<u32> {
        let requester = &export.requester;
        let asks = |question: &Question| {
            let who = match &question.by {
                By::User(user) => requester.user == *user || requester.mapped,
                By::Group(group) => {
                    requester.groups.contains(group)
                        || requester.mapped
                        || requester.unnamed_groups
                        || export.left_out > 0
                }
                By::Anyone => true,
            };
            who && question.form.is_none_or(|form| form == export.form) && time >= question.since
        };
        let numbered = (0..).zip(self.questions);
        numbered.filter(|(_, q)| asks(q)).map(|(n, _)| n).collect()
    }

    pub(super) fn finish(self) -> Vec<Sum> {
        let mut sums = vec![Sum::default(); self.questions.len()];
        for counted in self.counted.values().chain(&self.displaced) {
            if counted.ended.has_failed() {
                continue;
            }
            for sum in counted
                .asked
                .iter()
                .filter_map(|&n| usize::try_from(n).ok())
            {
                let sum = &mut sums[sum];
                sum.exports = sum.exports.saturating_add(1);
                sum.people = sum.people.saturating_add(counted.people);
                sum.personal_records = sum
                    .personal_records
                    .saturating_add(counted.personal_records);
            }
        }
        sums
    }
}
