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
//! | `account` | sums, and says whether the file is in order |
//!
//! The file may belong to one person or to a site: see [`crate::manual::ledger`].
//! Nothing in it can be shown to be complete yet: whoever can rewrite the file
//! can rewrite the record.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::digest::Digest;
use crate::manifest::PackageId;

mod account;
mod decided;
mod entry;
mod error;
mod file;

#[cfg(test)]
mod tests;

pub use account::{Account, By, Question, Sum};
pub(crate) use entry::{Export, FindingCount, Found, Requester};
pub use entry::{Form, Torn};
pub use error::LedgerError;

use entry::{Ending, Entry, Kind, MAX_LINE, Outcome, VERSION, Written};
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
        account::account(&file, location, (self.shared.clock)(), questions)
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
    let location = match Location::find(path) {
        Err(LedgerError::Open { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Ok(nothing());
        }
        other => other?,
    };
    match location.open_to_read()? {
        Some(file) => account::account(&file, &location, Timestamp::now(), questions),
        None => Ok(nothing()),
    }
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
        account::account(&self.file, &self.shared.location, now, questions)
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
        let export = export.with_short_keys();
        let sequence = self.append(&Entry {
            export: Some(&export),
            found: Some(found),
            ..blank(Kind::Intent)
        })?;
        Ok(Intent {
            shared: Arc::clone(self.shared),
            id: export.id,
            sequence,
            is_open: true,
        })
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
            self.append(&Entry {
                export: Some(export),
                found,
                ..blank(Kind::Refusal)
            })
        };
        let export = export.with_short_keys();
        match refusal(&export) {
            Err(LedgerError::TooLong) => refusal(&export.cut_short()),
            other => other,
        }?;
        Ok(())
    }

    /// Puts an entry at the end, durably, and returns its sequence number.
    ///
    /// What a crash left there is closed with an end of line and put on record
    /// first, in the same write. Nothing is ever taken away.
    fn append(&self, entry: &Written<'_>) -> Result<u64, LedgerError> {
        let tail = account::tail(&self.file, &self.shared.location)?;
        let now = (self.shared.clock)();
        // Finer than that, a time says nothing, and is hard to read.
        let time = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        let mut sequence = tail.sequence;
        let mut bytes = Vec::new();
        if tail.open {
            bytes.push(b'\n');
        }
        let torn = Written {
            torn: tail.torn,
            ..blank(Kind::Torn)
        };
        let torn = tail.torn.is_some().then_some(&torn);
        for entry in torn.into_iter().chain([entry]) {
            sequence = sequence.saturating_add(1);
            let line = Written {
                sequence,
                time,
                ..*entry
            }
            .to_line();
            if line.len() > MAX_LINE {
                return Err(LedgerError::TooLong);
            }
            bytes.extend(line);
        }
        file::append(&self.file, &bytes).map_err(|source| LedgerError::Write {
            path: self.shared.location.path().to_owned(),
            source,
        })?;
        Ok(sequence)
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        file::unlock(&self.file);
    }
}

/// Evidence that an export is on record as about to leave, and the duty to say
/// what became of it. Made by [`Locked::intend`] alone, and used once.
///
/// One that is dropped without a word is recorded as interrupted, if it can be;
/// that counts as delivered, and so does an intent without an outcome.
///
/// ```compile_fail
/// # fn twice(intent: exeat_core::ledger::Intent) {
/// let again = intent.clone();
/// # }
/// ```
/// ```compile_fail
/// let intent = exeat_core::ledger::Intent::default();
/// ```
/// ```compile_fail
/// let intent: exeat_core::ledger::Intent = serde_json::from_str("{}").unwrap();
/// ```
/// ```compile_fail
/// # fn both(intent: exeat_core::ledger::Intent) {
/// let _ = intent.failed("publish-failed");
/// let _ = intent.delivered(1, None);
/// # }
/// ```
/// The twin that compiles:
/// ```
/// # fn once(intent: exeat_core::ledger::Intent) {
/// let moved = intent;
/// let _ = moved.delivered(1, None);
/// # }
/// ```
#[must_use = "an intent without an outcome counts as delivered"]
pub struct Intent {
    shared: Arc<Shared>,
    id: PackageId,
    sequence: u64,
    is_open: bool,
}

impl Intent {
    /// The export it is for; nothing else may leave on the strength of it.
    #[must_use]
    pub fn id(&self) -> PackageId {
        self.id
    }

    /// Its sequence number in the ledger.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// All of it is at its destination: so many bytes, and of a package the
    /// digest of its manifest.
    ///
    /// # Errors
    /// The outcome is not on record; the intent is, and counts as delivered.
    pub fn delivered(self, bytes: u64, manifest_sha256: Option<Digest>) -> Result<(), LedgerError> {
        self.end(Ending::Delivered, None, Some(bytes), manifest_sha256)
    }

    /// Nothing that anybody could read has reached the destination, or can yet.
    /// It no longer counts. `code` is that of the error.
    ///
    /// # Errors
    /// The outcome is not on record; the intent is, and counts as delivered.
    pub fn failed(self, code: &'static str) -> Result<(), LedgerError> {
        self.end(Ending::Failed, Some(code), None, None)
    }

    /// It ended before its end, and something may have reached the destination:
    /// it counts as delivered. `code` is that of the error.
    ///
    /// # Errors
    /// The outcome is not on record; the intent is, and counts as delivered.
    pub fn interrupted(self, code: &'static str) -> Result<(), LedgerError> {
        self.end(Ending::Interrupted, Some(code), None, None)
    }

    fn end(
        mut self,
        ending: Ending,
        code: Option<&'static str>,
        bytes: Option<u64>,
        manifest_sha256: Option<Digest>,
    ) -> Result<(), LedgerError> {
        self.is_open = false;
        self.record(&Outcome {
            bytes,
            code: code.map(str::to_owned),
            ending,
            id: self.id,
            intent: self.sequence,
            manifest_sha256,
        })
    }

    fn record(&self, outcome: &Outcome) -> Result<(), LedgerError> {
        self.shared.lock()?.append(&Entry {
            outcome: Some(outcome),
            ..blank(Kind::Outcome)
        })?;
        Ok(())
    }
}

impl Drop for Intent {
    fn drop(&mut self) {
        if self.is_open {
            // Nobody is left to tell. Without this entry it counts all the same.
            let _ = self.record(&Outcome {
                bytes: None,
                code: Some("abandoned".into()),
                ending: Ending::Interrupted,
                id: self.id,
                intent: self.sequence,
                manifest_sha256: None,
            });
        }
    }
}

impl fmt::Debug for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Intent({}, entry {})", self.id, self.sequence)
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

/// An entry that says nothing yet; place and time are given when it is appended.
fn blank<'a>(kind: Kind) -> Written<'a> {
    Entry {
        version: VERSION,
        sequence: 0,
        time: Timestamp::UNIX_EPOCH,
        kind,
        export: None,
        found: None,
        outcome: None,
        torn: None,
    }
}
