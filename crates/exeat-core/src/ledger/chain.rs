//! Whether the lines of a ledger are the entries that were written, all of them,
//! in their order: each has the digest of the line before it.
//!
//! What is wrong is kept until the end, since a later `recovery` may cover it:
//! that is an entry with the digest of all that stands before it, by which
//! somebody has said that they looked. Without one it is the answer.

use std::collections::HashMap;
use std::fs::File;

use super::LedgerError;
use super::entry::{self, Entry, Kind, Torn};
use super::error::Break;
use super::file::{self, Line, Lines, Location, digest_range, read_range};
use super::parse::{self, LineFault};
use crate::digest::{Digest, Hasher};
use crate::manifest::Checkpoint;

/// How much of the end of the file is looked at before an entry is appended:
/// room for what several interrupted runs may have left there.
const TAIL: u64 = 4 * entry::MAX_LINE as u64;

/// The longest remains of interrupted runs at the end that the next entry can
/// put on record: behind them the last entry has to be in sight.
const REMAINS: u64 = TAIL - entry::MAX_LINE as u64;
/// How far a number may be ahead of those before it. Entries may be missing, but
/// no line can use up all the numbers there are.
const MISSING: u64 = 1_000_000_000;

/// How far a ledger has been read, and what came last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Where the next entry begins.
    pub(super) at: u64,
    /// The number of the last entry; 0 before the first.
    pub(super) sequence: u64,
    /// The highest number so far: the same, but behind what is not in order.
    pub(super) highest: u64,
    /// SHA-256 of the last entry's line.
    pub(super) previous: Option<Digest>,
    /// SHA-256 of the first entry's line: which ledger this is.
    pub(super) first: Option<Digest>,
    /// The number of an alarm that nobody has looked at yet.
    pub(super) unresolved: Option<u64>,
    /// How many entries there were.
    pub(super) entries: u64,
}

impl Position {
    /// Goes past an entry.
    fn pass(&mut self, next: u64, entry: &Entry, sha256: Digest) {
        *self = Self {
            at: next,
            entries: self.entries + 1,
            sequence: entry.sequence,
            highest: self.highest.max(entry.sequence),
            previous: Some(sha256),
            first: self.first.or(Some(sha256)),
            unresolved: after(entry),
        };
    }
}

/// The alarm that is unresolved after this entry.
fn after(entry: &Entry) -> Option<u64> {
    match entry.kind {
        Kind::Alarm => entry.unresolved.or(Some(entry.sequence)),
        Kind::Recovery => None,
        _ => entry.unresolved,
    }
}

/// Lines that are no entries, one after the other.
struct Broken {
    at: u64,
    bytes: u64,
    lines: u64,
    hasher: Hasher,
    reason: String,
    /// Whether all of them look as if they had been cut off.
    cut: bool,
}

impl Broken {
    fn is(&self, torn: Torn) -> bool {
        let sha256 = self.hasher.clone().finish().0;
        (torn.at, torn.bytes, torn.sha256) == (self.at, self.bytes, sha256)
    }
}

/// What stands at the end and is no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinished {
    /// Where it begins in the file.
    pub at: u64,
    /// How many bytes there are.
    pub bytes: u64,
}

/// A ledger that is being read from one position to its end.
pub(super) struct Chain<'a> {
    file: &'a File,
    location: &'a Location,
    /// Where to stop, if not at the end of the file as it is then.
    end: Option<u64>,
    checks_signatures: bool,
    position: Position,
    /// The same before a last line whose end has not been written yet.
    whole: Position,
    broken: Option<Broken>,
    /// The first thing that is wrong, and that no recovery covers.
    fault: Option<LedgerError>,
    /// Lines that no recovery covers and that are no entries.
    unreadable: u64,
    recoveries: u64,
    covered: Vec<Covered>,
    /// Intents without an outcome so far, with the digests of their lines.
    open: HashMap<u64, Digest>,
    /// The digest of the file's beginning, up to there.
    beginning: (Hasher, u64),
}

/// Something wrong that somebody has looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Covered {
    /// Where in the file it is.
    pub at: u64,
    /// What it is.
    pub what: String,
    /// The number of the recovery.
    pub recovery: u64,
    /// Where in the file that is.
    pub(super) until: u64,
}

/// What a reading comes to.
pub(super) struct End {
    pub(super) position: Position,
    /// Where to read on when there is more.
    pub(super) whole: Position,
    pub(super) unfinished: Option<Unfinished>,
    pub(super) fault: Option<LedgerError>,
    pub(super) unreadable: u64,
    pub(super) recoveries: u64,
    pub(super) covered: Vec<Covered>,
}

impl<'a> Chain<'a> {
    pub(super) fn from(file: &'a File, location: &'a Location, position: Position) -> Self {
        Self {
            file,
            location,
            end: None,
            checks_signatures: false,
            position,
            whole: position,
            broken: None,
            fault: None,
            unreadable: 0,
            recoveries: 0,
            covered: Vec::new(),
            open: HashMap::new(),
            beginning: (Hasher::default(), 0),
        }
    }

    /// Stops there.
    pub(super) fn up_to(self, end: u64) -> Self {
        let end = Some(end);
        Self { end, ..self }
    }

    /// Checks the signatures of what releases signed, too.
    pub(super) fn with_signatures(self) -> Self {
        let checks_signatures = true;
        Self {
            checks_signatures,
            ..self
        }
    }

    /// Reads on to the end. `visit` gets each entry with its line's digest.
    ///
    /// What refers to something that is not there, such as an outcome to the
    /// intent of another export, changes nothing: it is for `visit` to pass over.
    pub(super) fn read(
        mut self,
        mut visit: impl FnMut(Entry, &Line<'_>, Digest),
    ) -> Result<End, LedgerError> {
        let read_error = |error| self.location.read_error(error);
        let end = match self.end {
            Some(end) => end,
            None => file::length(self.file).map_err(read_error)?,
        };
        let mut lines = Lines::within(self.file, self.position.at, end);
        while let Some(line) = lines
            .next()
            .map_err(|error| self.location.read_error(error))?
        {
            match parse::read(line.bytes) {
                Ok(entry) if entry.sequence.saturating_sub(self.position.highest) > MISSING => {
                    let reason = "its number is far ahead of all before it".into();
                    self.no_entry(&line, LineFault::Malformed { reason, cut: false });
                }
                Ok(entry) => {
                    let sha256 = line.sha256();
                    self.entry(&line, &entry, sha256)?;
                    visit(entry, &line, sha256);
                }
                Err(fault) => self.no_entry(&line, fault),
            }
        }
        Ok(self.end())
    }

    fn fail(&mut self, fault: LedgerError) {
        self.fault.get_or_insert(fault);
    }

    fn break_at(&mut self, at: u64, what: Break) {
        let path = self.location.path().to_owned();
        self.fail(LedgerError::Chain { path, at, what });
    }

    fn no_entry(&mut self, line: &Line<'_>, fault: LineFault) {
        let (reason, cut) = match fault {
            LineFault::Malformed { reason, cut } => (reason, cut),
            LineFault::Version(found) => {
                self.fail(version(self.location, line.at, found));
                (format!("an entry of version {found}"), false)
            }
        };
        let (reason, cut) = match !line.ended && line.bytes.len() == entry::MAX_LINE {
            true => (too_long(), false),
            false => (reason, cut || !line.ended),
        };
        let broken = self.broken.get_or_insert_with(|| Broken {
            at: line.at,
            bytes: 0,
            lines: 0,
            hasher: Hasher::default(),
            reason,
            cut: true,
        });
        broken.cut &= cut;
        broken.bytes = line.next - broken.at;
        broken.lines += 1;
        broken.hasher.update(line.bytes);
        if line.ended {
            broken.hasher.update(b"\n");
        }
    }

    fn entry(&mut self, line: &Line<'_>, entry: &Entry, sha256: Digest) -> Result<(), LedgerError> {
        let broken = self.broken.take();
        let number = entry.sequence;
        if let Some(recovery) = &entry.recovery {
            if recovery.bytes == line.at && self.beginning(line.at)? == recovery.sha256 {
                // Somebody has looked at all of it, this included.
                let wrong = broken.map(|broken| (broken.at, broken.reason));
                let fault = self.fault.take().map(|fault| fault.place_and_words());
                self.covered
                    .extend(fault.or(wrong).map(|(at, what)| Covered {
                        at,
                        what,
                        recovery: number,
                        until: line.at,
                    }));
                self.unreadable = 0;
                self.recoveries += 1;
                self.position.sequence = self.position.highest;
            } else {
                self.break_at(line.at, Break::Recovery { number });
            }
        } else {
            match (entry.torn, broken) {
                (Some(torn), Some(broken)) if broken.is(torn) => {}
                (None, None) => {}
                (Some(_), None) => self.break_at(line.at, Break::Torn { number }),
                (_, Some(broken)) => {
                    self.unreadable += broken.lines;
                    self.fail(damaged(self.location, broken.at, broken.reason));
                }
            }
        }
        let expected = self.position.sequence.saturating_add(1);
        let what = if number > expected {
            Some(Break::Missing { expected, number })
        } else if number < expected {
            Some(Break::Again { number })
        } else if entry.previous != self.position.previous {
            Some(Break::Changed { number })
        } else if entry.unresolved != self.position.unresolved {
            Some(Break::Alarm { number })
        } else {
            None
        };
        if let Some(what) = what {
            self.break_at(line.at, what);
        }
        self.check_own_checkpoint(line.at, entry);
        if entry.kind == Kind::Intent {
            self.open.insert(number, sha256);
        }
        self.position.pass(line.next, entry, sha256);
        if line.ended {
            self.whole = self.position;
        }
        Ok(())
    }

    /// That what an outcome has of the ledger is about the intent that stands
    /// here.
    fn check_own_checkpoint(&mut self, at: u64, entry: &Entry) {
        let Some(outcome) = &entry.outcome else {
            return;
        };
        let number = entry.sequence;
        if self.checks_signatures
            && let Some(document) = &outcome.checkpoint
            && document.clone().check::<Checkpoint>().is_err()
        {
            self.break_at(at, Break::Signature { number });
        }
        let (Some(sha256), Some(document)) =
            (self.open.remove(&outcome.intent), &outcome.checkpoint)
        else {
            return;
        };
        let is_it = document
            .unchecked::<Checkpoint>()
            .is_some_and(|said| (said.sequence, said.entry_sha256) == (outcome.intent, sha256));
        if !is_it {
            let intent = outcome.intent;
            self.break_at(at, Break::Checkpoint { number, intent });
        }
    }

    /// The digest of the file up to there; asked for places that only grow.
    fn beginning(&mut self, end: u64) -> Result<Digest, LedgerError> {
        let (hasher, from) = &mut self.beginning;
        digest_range(self.file, *from, end, hasher)
            .map_err(|error| self.location.read_error(error))?;
        *from = end;
        Ok(hasher.clone().finish().0)
    }

    fn end(mut self) -> End {
        let unfinished = match self.broken.take() {
            Some(broken) if !broken.cut || broken.bytes > REMAINS => {
                self.unreadable += broken.lines;
                self.fail(damaged(self.location, broken.at, broken.reason));
                None
            }
            broken => broken.map(|broken| Unfinished {
                at: broken.at,
                bytes: broken.bytes,
            }),
        };
        End {
            position: self.position,
            whole: self.whole,
            unfinished,
            fault: self.fault,
            unreadable: self.unreadable,
            recoveries: self.recoveries,
            covered: self.covered,
        }
    }
}

/// Where the next entry comes: what has to be known before one is appended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// The number of the last entry; 0 where there is none.
    pub(super) sequence: u64,
    /// SHA-256 of its line.
    pub(super) previous: Option<Digest>,
    /// The number of an alarm that nobody has looked at yet.
    pub(super) unresolved: Option<u64>,
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
        match parse::read(&bytes[start..line_end]) {
            Ok(entry) => {
                let mut hasher = Hasher::default();
                hasher.update(&bytes[start..line_end]);
                hasher.update(b"\n");
                return Ok(Tail {
                    sequence: entry.sequence,
                    previous: Some(hasher.finish().0),
                    unresolved: after(&entry),
                    open,
                    torn: torn(from + end as u64, &bytes[end..], open),
                });
            }
            Err(LineFault::Version(found)) => {
                return Err(version(location, from + start as u64, found));
            }
            Err(LineFault::Malformed { reason, cut }) => {
                let is_ended = line_end < end;
                if line_end - start >= entry::MAX_LINE {
                    return Err(damaged(location, from + start as u64, too_long()));
                }
                if is_ended && !cut {
                    return Err(damaged(location, from + start as u64, reason));
                }
            }
        }
        end = start;
    }
    // Nothing but the remains of the first entry, or nothing at all.
    Ok(Tail {
        sequence: 0,
        previous: None,
        unresolved: None,
        open,
        torn: torn(from, &bytes, open),
    })
}

fn torn(at: u64, left: &[u8], open: bool) -> Option<Torn> {
    let mut hasher = Hasher::default();
    hasher.update(left);
    if open {
        hasher.update(b"\n");
    }
    (!left.is_empty()).then(|| Torn {
        at,
        bytes: left.len() as u64 + u64::from(open),
        sha256: hasher.finish().0,
    })
}

fn too_long() -> String {
    format!("a line is longer than {} KiB", entry::MAX_LINE >> 10)
}

pub(super) fn damaged(location: &Location, at: u64, reason: String) -> LedgerError {
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
