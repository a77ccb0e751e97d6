//! The record of what was asked for, what was refused, what was let out, and
//! what became of it: an append-only file of JSON Lines.
//!
//! It stands between the second decision and the delivery. Before the first
//! byte reaches a destination an [`Intent`] is on disk, and [`crate::deliver`]
//! asks for it; the outcome is written after the last. So a crash can leave a
//! recorded non-delivery, never an unrecorded delivery. Refusals are recorded
//! too. What the floor and quotas sum over time is summed from here.
//!
//! | part | does |
//! |---|---|
//! | `file` | opens, locks, reads and appends; never shortens |
//! | `entry` | the types and the bytes of a line |
//! | `parse` | reads a line, strictly |
//! | `chain` | says whether the lines are those that were written |
//! | `account` | sums over time |
//! | `asked` | requests, the answers to them, and what somebody holds |
//! | `ending` | how an export ended, where several entries say so |
//! | `decided` | what a decision puts on record |
//! | `intent` | the evidence that something is on record, and its outcome |
//! | `received` | receipts, and what nobody has acknowledged |
//! | `witness` | checkpoints: making them, and holding the ledger against them |
//!
//! Each entry has the digest of the one before, and each package takes a signed
//! checkpoint along, so that whoever rewrites the file contradicts what others
//! hold. It may belong to one person or to a site: see [`crate::manual::ledger`].

use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::decide::{self, Note};
use crate::digest::Digest;

mod account;
mod asked;
mod chain;
mod decided;
mod ending;
mod entry;
mod error;
mod file;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod intent;
mod parse;
mod received;
mod witness;

#[cfg(test)]
mod tests;

pub use account::{Account, By, Question, Sum};
pub use asked::{Answered, ApprovedBy, Asked, Holdings, holdings};
pub use chain::{Covered, Unfinished};
pub use entry::{
    Alarm, Contradiction, Ending, Entry, Export, FindingCount, Form, Found, Kind, Outcome,
    Received, ReceivedBy, Recovery, Requester, Torn,
};
pub use error::{Break, LedgerError};
pub use intent::Intent;
pub use received::{Acknowledged, Awaited, ReceiveError, outstanding};
pub use witness::{Verification, verify};

use account::Sums;
use asked::Requests;
use chain::{Chain, End, Position};
use entry::MAX_LINE;
use file::Location;

/// How long a run waits for others that write.
const PATIENCE: Duration = Duration::from_secs(10);

/// A ledger that entries can be added to.
///
/// ```
/// use exeat_core::ledger::{By, Form, Ledger, Question};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("ledger.jsonl");
/// let ledger = Ledger::open(&path)?;
/// let month = jiff::SignedDuration::from_hours(30 * 24);
/// let question = Question {
///     by: By::User(1000),
///     form: Some(Form::Plaintext),
///     since: jiff::Timestamp::now() - month,
/// };
/// assert_eq!(ledger.account(&[question])?.sums[0].people, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Ledger {
    shared: Arc<Shared>,
}

struct Shared {
    location: Location,
    /// The lock of the file is one for the whole process; this one is for its
    /// threads.
    file: Mutex<File>,
    patience: Duration,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// How far this process has read it and found it in order.
    checked: Mutex<Position>,
}

impl Ledger {
    /// Opens the ledger, and makes the file, for its owner alone, where there
    /// is none. Its folder has to exist; one that the caller makes for it
    /// should have the mode 0700.
    ///
    /// # Errors
    /// Anything but a regular file is refused, symbolic links too, and without
    /// waiting for anybody; so is a file that somebody else than root and the
    /// one who runs this could rewrite, unless it has the append-only attribute.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Self::with(path, PATIENCE, Box::new(Timestamp::now))
    }

    fn with(
        path: &Path,
        patience: Duration,
        clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    ) -> Result<Self, LedgerError> {
        let location = Location::find(path)?;
        let file = location.open_to_append()?;
        Ok(Self {
            shared: Arc::new(Shared {
                location,
                file: Mutex::new(file),
                patience,
                clock,
                checked: Mutex::default(),
            }),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.shared.location.path()
    }

    /// Waits, for ten seconds at most, until nobody else writes, and keeps all
    /// others out until what it returns is used or dropped: for a decision on a
    /// sum, and the intent that follows from it.
    ///
    /// A thread that asks for it while it holds it waits for itself, in vain.
    ///
    /// # Errors
    /// [`LedgerError::Busy`], [`LedgerError::Replaced`] or [`LedgerError::Lock`].
    pub fn lock(&self) -> Result<Locked<'_>, LedgerError> {
        self.shared.lock()
    }

    /// Reads the ledger and answers `questions`, while others may append.
    ///
    /// # Errors
    /// The ledger cannot be read, or is damaged: then nobody knows.
    pub fn account(&self, questions: &[Question]) -> Result<Account, LedgerError> {
        let (file, location) = (self.shared.open_again()?, &self.shared.location);
        account(&file, location, (self.shared.clock)(), questions)
    }

    /// Reads the ledger and says whether its entries are those that were
    /// written: some seconds for a million. What this has read is not read again
    /// before an intent of the same process is written.
    ///
    /// # Errors
    /// As of [`Ledger::account`]; [`LedgerError::Contradicted`].
    pub fn check(&self) -> Result<(), LedgerError> {
        self.shared.check(&self.shared.open_again()?)
    }
}

/// Reads all of it.
fn account(
    file: &File,
    location: &Location,
    now: Timestamp,
    questions: &[Question],
) -> Result<Account, LedgerError> {
    let mut sums = Sums::new(now, questions);
    let chain = Chain::from(file, location, Position::default());
    let mut requests = Requests::default();
    let end = chain.read(|entry, _, _| {
        requests.entry(&entry);
        sums.entry(&entry);
    })?;
    let (position, unfinished) = end.in_order()?;
    Ok(Account {
        entries: position.entries,
        ledger: position.first,
        requests: requests.finish(),
        sums: sums.finish(),
        unfinished,
    })
}

impl End {
    /// The end, if nothing is wrong.
    fn in_order(self) -> Result<(Position, Option<Unfinished>), LedgerError> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok((self.position, self.unfinished)),
        }
    }
}

/// Reads the ledger at `path` and answers `questions` without writing or making
/// anything. One that does not exist yet has no entries.
///
/// # Errors
/// As of [`Ledger::open`] and [`Ledger::account`].
pub fn consult(path: &Path, questions: &[Question]) -> Result<Account, LedgerError> {
    let nothing = || Account {
        sums: vec![Sum::default(); questions.len()],
        ..Account::default()
    };
    match Location::existing(path)? {
        Some((location, file)) => account(&file, &location, Timestamp::now(), questions),
        None => Ok(nothing()),
    }
}

/// Reads the ledger at `path` from its first entry to its last; `visit` gets each
/// with the digest of its line. Lines that are no entries are passed over, and
/// what is wrong is said at the end.
///
/// # Errors
/// It cannot be read, or is not as it was written, after all that can be read
/// has been visited. One that does not exist has no entries.
pub fn read(path: &Path, mut visit: impl FnMut(Entry, Digest)) -> Result<(), LedgerError> {
    let Some((location, file)) = Location::existing(path)? else {
        return Ok(());
    };
    let chain = Chain::from(&file, &location, Position::default());
    let end = chain.read(|entry, _, sha256| visit(entry, sha256))?;
    end.in_order()?;
    Ok(())
}

/// Copies the ledger at `path` as it is now, whatever is wrong with it: `visit`
/// gets the entries of the copy. Returns the copy's SHA-256, and what is wrong.
pub(crate) fn copy(
    path: &Path,
    into: &mut impl io::Write,
    mut visit: impl FnMut(Entry),
) -> Result<(Digest, Option<LedgerError>), LedgerError> {
    let location = Location::find(path)?;
    let file = location.open_to_read()?.ok_or_else(|| LedgerError::Open {
        path: path.to_owned(),
        source: io::ErrorKind::NotFound.into(),
    })?;
    let read_error = |error| location.read_error(error);
    let length = file::length(&file).map_err(read_error)?;
    let sha256 = file::copy(&file, length, into).map_err(read_error)?;
    let chain = Chain::from(&file, &location, Position::default()).up_to(length);
    let end = chain.read(|entry, _, _| visit(entry))?;
    Ok((sha256, end.fault))
}

/// Whether the file at `path` has the append-only attribute (`chattr +a`), so
/// that nobody but root can take anything back. A quota over a ledger without
/// it is worth little.
///
/// # Errors
/// As of [`Ledger::open`]; a file that does not exist is not append-only.
pub fn is_append_only(path: &Path) -> Result<bool, LedgerError> {
    let file = Location::find(path)?.open_to_read()?;
    Ok(file.as_ref().is_some_and(file::is_append_only))
}

/// A ledger that nobody else can write to for the moment.
#[derive(Debug)]
#[must_use = "others wait for it"]
pub struct Locked<'a> {
    file: MutexGuard<'a, File>,
    shared: &'a Arc<Shared>,
}

impl Locked<'_> {
    /// As [`Ledger::account`]; the answer holds until the lock is gone.
    ///
    /// # Errors
    /// As of [`Ledger::account`].
    pub fn account(&self, questions: &[Question]) -> Result<Account, LedgerError> {
        let now = (self.shared.clock)();
        account(&self.file, &self.shared.location, now, questions)
    }

    /// As [`Locked::intend`].
    ///
    /// # Errors
    /// As of [`Locked::intend`].
    pub(crate) fn record_intent(
        self,
        export: &Export,
        found: &Found,
    ) -> Result<Intent, LedgerError> {
        // What was written over would not be seen by anybody otherwise.
        self.shared.check(&self.file)?;
        let written = self.append(Entry {
            export: Some(export.with_short_keys()),
            found: Some(found.clone()),
            ..Entry::blank(Kind::Intent)
        })?;
        Ok(Intent::new(self.shared, export.id, written))
    }

    /// As [`Locked::refuse`].
    ///
    /// # Errors
    /// As of [`Locked::refuse`].
    pub(crate) fn record_refusal(
        self,
        export: &Export,
        found: Option<&Found>,
    ) -> Result<(), LedgerError> {
        let refusal = |export| {
            self.append(Entry {
                export: Some(export),
                found: found.cloned(),
                ..Entry::blank(Kind::Refusal)
            })
        };
        let export = export.with_short_keys();
        match refusal(export.clone()) {
            Err(LedgerError::TooLong) => refusal(export.cut_short()),
            other => other,
        }?;
        Ok(())
    }

    /// Puts on record that somebody has looked at what is wrong with the ledger.
    /// It covers all that stands before it, as it stands there; exports go on.
    /// Returns its number.
    ///
    /// # Errors
    /// Nothing is wrong, or it cannot be written.
    pub fn recover(self, requester: &decide::Requester, why: &Note) -> Result<u64, LedgerError> {
        let (file, location) = (&*self.file, &self.shared.location);
        let chain = Chain::from(file, location, Position::default()).with_signatures();
        let end = chain.read(|_, _, _| {})?;
        // What only those who append would stumble over is wrong, too.
        let tail = chain::tail(file, location);
        let what = match (end.fault.or(tail.err()), end.position.unresolved) {
            (Some(fault), _) => {
                let (at, what) = fault.place_and_words();
                format!("byte {at}: {what}")
            }
            (None, Some(alarm)) => format!("entry {alarm}: a checkpoint was contradicted"),
            (None, None) => {
                return Err(LedgerError::NothingToRecover {
                    path: location.path().to_owned(),
                });
            }
        };
        let (sha256, bytes, open) =
            file::whole(file).map_err(|error| location.read_error(error))?;
        let sequence = end.position.highest.saturating_add(1);
        let line = Entry {
            sequence,
            previous: end.position.previous,
            time: self.shared.now(),
            unresolved: end.position.unresolved,
            recovery: Some(Recovery {
                bytes,
                requester: Requester::of(requester).0,
                sha256,
                unreadable: end.unreadable + end.unfinished.map_or(0, |_| 1),
                what,
                why: why.as_str().to_owned(),
            }),
            ..Entry::blank(Kind::Recovery)
        };
        let mut written = if open { b"\n".to_vec() } else { Vec::new() };
        written.extend(line.to_line());
        self.write(&written)?;
        Ok(sequence)
    }

    /// Puts an entry at the end, durably.
    ///
    /// What a crash left there is closed with an end of line and put on record
    /// first, in the same write. Nothing is ever taken away.
    fn append(&self, entry: Entry) -> Result<Place, LedgerError> {
        let tail = chain::tail(&self.file, &self.shared.location)?;
        let time = self.shared.now();
        let mut place = Place {
            sequence: tail.sequence,
            sha256: tail.previous,
            time,
            first: None,
        };
        let mut bytes = Vec::new();
        if tail.open {
            bytes.push(b'\n');
        }
        let torn = tail.torn.map(|torn| Entry {
            torn: Some(torn),
            ..Entry::blank(Kind::Torn)
        });
        for mut entry in torn.into_iter().chain([entry]) {
            entry.sequence = place.sequence.saturating_add(1);
            entry.previous = place.sha256;
            entry.time = time;
            entry.unresolved = tail.unresolved;
            let line = entry.to_line();
            if line.len() > MAX_LINE {
                return Err(LedgerError::TooLong);
            }
            place.sequence = entry.sequence;
            place.sha256 = Some(Digest::of(&line));
            if tail.sequence == 0 {
                place.first = place.first.or(place.sha256);
            }
            bytes.extend(line);
        }
        self.write(&bytes)?;
        Ok(place)
    }

    fn write(&self, bytes: &[u8]) -> Result<(), LedgerError> {
        let path = || self.shared.location.path().to_owned();
        (&*self.file)
            .write_all(bytes)
            .map_err(|source| LedgerError::Write {
                path: path(),
                source,
            })?;
        self.file.sync_all().map_err(|source| LedgerError::Sync {
            path: path(),
            source,
        })
    }
}

/// Where an entry was written.
#[derive(Debug, Clone, Copy)]
struct Place {
    sequence: u64,
    /// Of its line; `None` where there is no entry yet.
    sha256: Option<Digest>,
    time: Timestamp,
    /// Of the ledger's first line, where that was written with it.
    first: Option<Digest>,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        file::unlock(&self.file);
    }
}

impl Shared {
    fn lock(self: &Arc<Self>) -> Result<Locked<'_>, LedgerError> {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(locked) = self.try_lock()? {
                return if self.location.leads_to(&locked.file)? {
                    Ok(locked)
                } else {
                    Err(LedgerError::Replaced {
                        path: self.location.path().to_owned(),
                    })
                };
            }
            let Some(left) = self.patience.checked_sub(begun.elapsed()) else {
                return Err(LedgerError::Busy {
                    path: self.location.path().to_owned(),
                    waited: self.patience,
                });
            };
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    fn try_lock(self: &Arc<Self>) -> Result<Option<Locked<'_>>, LedgerError> {
        let file = match self.file.try_lock() {
            Ok(file) => file,
            // What counts is in the file, which a panic does not leave half done.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        match file::try_lock(&file) {
            Ok(true) => Ok(Some(Locked { file, shared: self })),
            Ok(false) => Ok(None),
            Err(source) => Err(LedgerError::Lock {
                path: self.location.path().to_owned(),
                source,
            }),
        }
    }

    /// Reads on from where this process found it in order.
    fn check(&self, file: &File) -> Result<(), LedgerError> {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        let length = file::length(file).map_err(|error| self.location.read_error(error))?;
        if length < checked.at {
            let reason = "it was cut off while this run had it open".into();
            return Err(chain::damaged(&self.location, length, reason));
        }
        let chain = Chain::from(file, &self.location, *checked);
        let end = chain.read(|_, _, _| {})?;
        let whole = end.whole;
        let (position, _) = end.in_order()?;
        *checked = whole;
        match position.unresolved {
            None => Ok(()),
            Some(alarm) => Err(LedgerError::Contradicted {
                path: self.location.path().to_owned(),
                alarm,
            }),
        }
    }

    /// The digest of the first entry's line, if there was one when it was
    /// checked.
    fn first(&self) -> Option<Digest> {
        let checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        checked.first
    }

    /// The time of an entry. Finer than that, a time says nothing, and is hard
    /// to read.
    fn now(&self) -> Timestamp {
        let now = (self.clock)();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// The file for reading beside whoever holds the lock.
    fn open_again(&self) -> Result<File, LedgerError> {
        let file = self.location.open_to_read()?;
        file.ok_or_else(|| LedgerError::Replaced {
            path: self.location.path().to_owned(),
        })
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.location.fmt(f)
    }
}
