//! What the ledger says when it is read: sums over time, and whether it is in
//! order. It is read from the first line to the last, a line at a time.
//!
//! Sums fail closed. An intent counts unless an outcome says that nothing was
//! delivered. One dated in the future counts as recent. One dated before an
//! earlier line was written while the clock was behind: it counts as no older
//! than the first line after it with a time that fits again, and as recent
//! until there is one.

use std::collections::HashMap;
use std::fs::File;

use jiff::Timestamp;

use super::LedgerError;
use super::entry::{self, Ending, ExportGlance, Form, Glance, Kind, LineFault, Torn};
use super::file::{Line, Lines, Location, read_range};
use crate::manifest::PackageId;

/// How much of the end of the file is looked at before an entry is appended:
/// room for what several interrupted runs may have left there.
const TAIL: u64 = 4 * entry::MAX_LINE as u64;

/// Whose exports to sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Those of one account, and those of accounts that could not be told
    /// apart: of containers and user namespaces.
    User(u32),
    /// Everybody's.
    Anyone,
}

/// A sum that is asked for.
#[derive(Debug, Clone, Copy)]
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
    /// The answers, in the order of the questions.
    pub sums: Vec<Sum>,
    /// What stands at its end and is no entry: a run was killed there, or is
    /// writing at this moment. The next entry puts it on record.
    pub unfinished: Option<Torn>,
}

/// Reads all of it.
pub(super) fn account(
    file: &File,
    location: &Location,
    now: Timestamp,
    questions: &[Question],
) -> Result<Account, LedgerError> {
    let mut reading = Reading::new(location, now, questions);
    let mut lines = Lines::new(file).map_err(|error| location.read_error(error))?;
    while let Some(line) = lines.next().map_err(|error| location.read_error(error))? {
        reading.line(&line)?;
    }
    reading.finish()
}

/// An export that a question asks about.
struct Counted {
    id: PackageId,
    people: u64,
    personal_records: u64,
    /// The questions.
    asked: Vec<u32>,
    ending: Option<Ending>,
}

/// Lines that are no entries, one after the other.
struct Broken {
    torn: Torn,
    reason: String,
    /// Whether all of them look as if they had been cut off.
    cut: bool,
}

struct Reading<'a> {
    location: &'a Location,
    now: Timestamp,
    questions: &'a [Question],
    entries: u64,
    /// The latest time so far that is not in the future.
    latest: Timestamp,
    counted: HashMap<u64, Counted>,
    /// Those of `counted` whose time is not known yet.
    undated: Vec<u64>,
    broken: Option<Broken>,
}

impl<'a> Reading<'a> {
    fn new(location: &'a Location, now: Timestamp, questions: &'a [Question]) -> Self {
        Self {
            location,
            now,
            questions,
            entries: 0,
            latest: Timestamp::MIN,
            counted: HashMap::new(),
            undated: Vec::new(),
            broken: None,
        }
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), LedgerError> {
        match entry::read(line.bytes) {
            Ok(entry) => self.entry(line, &entry),
            Err(fault) => self.no_entry(line, fault),
        }
    }

    fn no_entry(&mut self, line: &Line<'_>, fault: LineFault) -> Result<(), LedgerError> {
        let (reason, cut) = match fault {
            LineFault::Malformed { reason, cut } => (reason, cut),
            LineFault::Version(found) => return Err(version(self.location, line.at, found)),
        };
        if !line.ended && line.bytes.len() == entry::MAX_LINE {
            let reason = format!("a line is longer than {} KiB", entry::MAX_LINE >> 10);
            return Err(damaged(self.location, line.at, reason));
        }
        let cut = cut || !line.ended;
        match &mut self.broken {
            Some(broken) => {
                broken.torn.bytes = line.next - broken.torn.at;
                broken.cut &= cut;
            }
            None => {
                self.broken = Some(Broken {
                    torn: Torn {
                        at: line.at,
                        bytes: line.next - line.at,
                    },
                    reason,
                    cut,
                });
            }
        }
        Ok(())
    }

    fn entry(&mut self, line: &Line<'_>, entry: &Glance) -> Result<(), LedgerError> {
        if let Some(broken) = self.broken.take()
            && entry.torn != Some(broken.torn)
        {
            return Err(damaged(self.location, broken.torn.at, broken.reason));
        }
        let expected = self.entries.saturating_add(1);
        if entry.sequence != expected {
            let found = entry.sequence;
            let reason = format!("entry {expected} is missing, and entry {found} in its place");
            return Err(damaged(self.location, line.at, reason));
        }
        self.entries = expected;
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
                        ending: None,
                    };
                    self.counted.insert(entry.sequence, counted);
                }
            }
            (Kind::Outcome, .., Some(outcome)) => {
                if outcome.intent >= entry.sequence {
                    let reason = "an outcome comes before its intent".into();
                    return Err(damaged(self.location, line.at, reason));
                }
                if let Some(counted) = self.counted.get_mut(&outcome.intent) {
                    if counted.id != outcome.id {
                        let reason = "an outcome and its intent are of different exports".into();
                        return Err(damaged(self.location, line.at, reason));
                    }
                    // The first word stands unless a later one is worse.
                    if matches!(counted.ending, None | Some(Ending::Failed)) {
                        counted.ending = Some(outcome.ending);
                    }
                }
            }
            _ => {}
        }
        Ok(())
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

    fn asked(&self, export: &ExportGlance, time: Timestamp) -> Vec<u32> {
        let asks = |question: &Question| {
            let who = match question.by {
                By::User(user) => export.requester.user == user || export.requester.mapped,
                By::Anyone => true,
            };
            who && question.form.is_none_or(|form| form == export.form) && time >= question.since
        };
        let numbered = (0..).zip(self.questions);
        numbered.filter(|(_, q)| asks(q)).map(|(n, _)| n).collect()
    }

    fn finish(self) -> Result<Account, LedgerError> {
        let unfinished = match self.broken {
            Some(broken) if !broken.cut => {
                return Err(damaged(self.location, broken.torn.at, broken.reason));
            }
            broken => broken.map(|broken| broken.torn),
        };
        let mut sums = vec![Sum::default(); self.questions.len()];
        for counted in self.counted.values() {
            if counted.ending == Some(Ending::Failed) {
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
        Ok(Account {
            entries: self.entries,
            sums,
            unfinished,
        })
    }
}

/// Where the next entry comes: what has to be known before one is appended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// The sequence number of the last entry; 0 where there is none.
    pub(super) sequence: u64,
    /// Whether an end of line is wanted before anything else.
    pub(super) open: bool,
    /// What is to be put on record first.
    pub(super) torn: Option<Torn>,
}

/// Reads as much of the end of the file as it takes.
pub(super) fn tail(file: &File, location: &Location) -> Result<Tail, LedgerError> {
    let read_error = |error| location.read_error(error);
    let length = file.metadata().map_err(read_error)?.len();
    let from = length.saturating_sub(TAIL);
    let bytes = read_range(file, from, length).map_err(read_error)?;
    let open = bytes.last().is_some_and(|&byte| byte != b'\n');
    let mut end = bytes.len();
    while end > 0 {
        let line_end = if bytes[end - 1] == b'\n' {
            end - 1
        } else {
            end
        };
        let start = bytes[..line_end]
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |before| before + 1);
        if start == 0 && from > 0 {
            // Where this line begins is out of sight.
            let reason = "there is no entry near its end".into();
            return Err(damaged(location, from, reason));
        }
        match entry::read(&bytes[start..line_end]) {
            Ok(entry) => {
                return Ok(Tail {
                    sequence: entry.sequence,
                    open,
                    torn: torn(from + end as u64, length, open),
                });
            }
            Err(LineFault::Version(found)) => {
                return Err(version(location, from + start as u64, found));
            }
            Err(LineFault::Malformed { reason, cut }) => {
                let is_ended = line_end < end;
                if (is_ended && !cut) || line_end - start >= entry::MAX_LINE {
                    return Err(damaged(location, from + start as u64, reason));
                }
            }
        }
        end = start;
    }
    // Nothing but the remains of the first entry, or nothing at all.
    Ok(Tail {
        sequence: 0,
        open,
        torn: torn(from, length, open),
    })
}

fn torn(at: u64, length: u64, open: bool) -> Option<Torn> {
    (at < length).then(|| Torn {
        at,
        bytes: length - at + u64::from(open),
    })
}

fn damaged(location: &Location, at: u64, reason: String) -> LedgerError {
    LedgerError::Damaged {
        path: location.path().to_owned(),
        at,
        reason,
    }
}

fn version(location: &Location, at: u64, found: u64) -> LedgerError {
    LedgerError::Version {
        path: location.path().to_owned(),
        at,
        found,
    }
}
