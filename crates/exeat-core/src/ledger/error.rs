//! Why the ledger could not be written or read: what that means, and what to do.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::diagnostic::{Explain, Fault, io_help};
use crate::ledger::Contradiction;
use crate::ledger::entry::{MAX_LINE, VERSION};
use crate::path::shown;

/// How the entries of a ledger do not follow from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Break {
    /// Some are not there.
    #[error("{} missing: entry {number} comes where entry {expected} should", missing(*.expected, *.number))]
    Missing {
        /// The number that should come.
        expected: u64,
        /// The number that comes.
        number: u64,
    },
    /// One that was there before, or would have been.
    #[error("entry {number} stands there again, or out of its order")]
    Again {
        /// Its number.
        number: u64,
    },
    /// The line before has another digest than the one that follows names.
    #[error("{} is not the line after which entry {number} was written: one of them was changed", before(*.number))]
    Changed {
        /// The number of the later one.
        number: u64,
    },
    /// An entry passes over an alarm, or names one that there was not.
    #[error("entry {number} does not say truly which alarm nobody has looked at yet")]
    Alarm {
        /// Its number.
        number: u64,
    },
    /// What a crash left, and what a `torn` entry speaks of, is gone.
    #[error("entry {number} speaks of an unfinished line before it, and there is none")]
    Torn {
        /// Its number.
        number: u64,
    },
    /// The checkpoint that a release signed is of another intent than the one
    /// that stands there.
    #[error("entry {intent} is not the one that was signed when it left (entry {number})")]
    Checkpoint {
        /// The number of the outcome, which has the checkpoint.
        number: u64,
        /// The number of the intent.
        intent: u64,
    },
    /// The signature of that checkpoint does not fit.
    #[error("the signature of the checkpoint in entry {number} does not fit")]
    Signature {
        /// The number of the outcome, which has it.
        number: u64,
    },
    /// A recovery covers other bytes than those before it.
    #[error("what stands before the recovery in entry {number} has been changed since")]
    Recovery {
        /// Its number.
        number: u64,
    },
}

fn missing(expected: u64, number: u64) -> String {
    match number - 1 {
        last if last == expected => format!("entry {expected} is"),
        last => format!("entries {expected} to {last} are"),
    }
}

fn before(number: u64) -> String {
    match number {
        1 => "nothing".to_owned(),
        _ => format!("entry {}", number - 1),
    }
}

/// Why something is not on record, or cannot be read from it. Nothing may
/// leave after any of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// It cannot be opened or made.
    #[error("cannot open the ledger {}", shown(path))]
    Open {
        /// The ledger.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something else stands where the ledger should be.
    #[error("the ledger {} is {what}, and has to be a file", shown(path))]
    NotAFile {
        /// The ledger.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// Somebody else could rewrite it, and nobody who runs this machine has
    /// arranged it so.
    #[error("the ledger {} could be rewritten by others: {reason}", shown(path))]
    Exposed {
        /// The ledger.
        path: PathBuf,
        /// How.
        reason: String,
    },
    /// Another run has it, and did not let go in time.
    #[error("the ledger {} has been in use for {} seconds", shown(path), waited.as_secs())]
    Busy {
        /// The ledger.
        path: PathBuf,
        /// How long this run waited for it.
        waited: Duration,
    },
    /// The file was moved, replaced or removed while this run had it open.
    #[error("the ledger {} was moved or replaced while it was in use", shown(path))]
    Replaced {
        /// The ledger.
        path: PathBuf,
    },
    /// It cannot be locked.
    #[error("cannot lock the ledger {}", shown(path))]
    Lock {
        /// The ledger.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It cannot be read.
    #[error("cannot read the ledger {}", shown(path))]
    Read {
        /// The ledger.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An entry was written, and whether it is on the disk is not known.
    #[error(
        "the ledger {} could not be synced: its last entry might be gone after a power failure",
        shown(path)
    )]
    Sync {
        /// The ledger.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An entry cannot be written, or not as a whole.
    #[error("cannot write to the ledger {}", shown(path))]
    Write {
        /// The ledger.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An entry would be longer than a reader takes.
    #[error("the entry would be longer than {} KiB", MAX_LINE >> 10)]
    TooLong,
    /// It holds something that no run of exeat leaves behind.
    #[error("the ledger {} is damaged at byte {at}: {reason}", shown(path))]
    Damaged {
        /// The ledger.
        path: PathBuf,
        /// Where the line begins.
        at: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Its entries do not follow from each other.
    #[error("the ledger {} has been changed, at byte {at}: {what}", shown(path))]
    Chain {
        /// The ledger.
        path: PathBuf,
        /// Where the line begins.
        at: u64,
        /// What is wrong.
        what: Break,
    },
    /// It has been found to contradict a checkpoint, and nobody has looked yet.
    #[error(
        "the ledger {} contradicts a checkpoint that was signed over it (entry {alarm})",
        shown(path)
    )]
    Contradicted {
        /// The ledger.
        path: PathBuf,
        /// The number of the entry that says so.
        alarm: u64,
    },
    /// There is nothing that anybody would have to look at.
    #[error("nothing is wrong with the ledger {}", shown(path))]
    NothingToRecover {
        /// The ledger.
        path: PathBuf,
    },
    /// Another version of exeat wrote in it.
    #[error(
        "the ledger {} has an entry of version {found} at byte {at}, and this exeat \
         reads version {VERSION}",
        shown(path)
    )]
    Version {
        /// The ledger.
        path: PathBuf,
        /// Where the line begins.
        at: u64,
        /// The version it names.
        found: u64,
    },
}

impl LedgerError {
    /// Where in the file something is wrong, and what, without the file's name.
    pub(super) fn place_and_words(&self) -> (u64, String) {
        match self {
            Self::Damaged { at, reason, .. } => (*at, reason.clone()),
            Self::Chain { at, what, .. } => (*at, what.to_string()),
            Self::Version { at, found, .. } => (*at, format!("an entry of version {found}")),
            other => (0, other.to_string()),
        }
    }
}

impl Explain for LedgerError {
    fn code(&self) -> &'static str {
        use io::ErrorKind as Kind;
        match self {
            Self::Open { source, .. } | Self::Write { source, .. } | Self::Sync { source, .. } => {
                match source.kind() {
                    Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => "ledger-full",
                    Kind::ReadOnlyFilesystem => "ledger-read-only",
                    Kind::PermissionDenied => "ledger-no-permission",
                    Kind::NotFound => "ledger-no-folder",
                    _ if matches!(self, Self::Open { .. }) => "ledger-open-failed",
                    _ if matches!(self, Self::Sync { .. }) => "ledger-sync-failed",
                    _ => "ledger-write-failed",
                }
            }
            Self::NotAFile { .. } => "ledger-not-a-file",
            Self::Exposed { .. } => "ledger-exposed",
            Self::Busy { .. } => "ledger-busy",
            Self::Replaced { .. } => "ledger-replaced",
            Self::Lock { .. } => "ledger-lock-failed",
            Self::Read { .. } => "ledger-read-failed",
            Self::TooLong => "ledger-entry-too-long",
            Self::Damaged { .. } => "ledger-damaged",
            Self::Chain { .. } => "ledger-changed",
            Self::Contradicted { .. } => "ledger-contradicted",
            Self::NothingToRecover { .. } => "ledger-in-order",
            Self::Version { .. } => "ledger-version",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NotAFile { .. } | Self::Exposed { .. } | Self::Version { .. } => {
                Fault::Configuration
            }
            Self::TooLong | Self::NothingToRecover { .. } => Fault::Request,
            Self::Damaged { .. } | Self::Chain { .. } | Self::Contradicted { .. } => Fault::Package,
            Self::Busy { .. } => Fault::Busy,
            _ => Fault::Environment,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Open { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "make the folder that it is to lie in, or name another ledger"
            }
            Self::Open { source, .. } | Self::Write { source, .. }
                if source.kind() == io::ErrorKind::FileTooLarge =>
            {
                "the file may not grow any further: raise the limit ('ulimit -f'), and run it again"
            }
            Self::Open { source, .. } | Self::Write { source, .. } | Self::Read { source, .. } => {
                return io_help(source);
            }
            Self::Sync { source, .. } => {
                let help = "see to the disk that it lies on, and run it again";
                return io_help(source).or(Some(Cow::Borrowed(help)));
            }
            Self::Lock { .. } => {
                "the ledger has to lie on a file system with locks: name another place for it"
            }
            Self::NotAFile { .. } => {
                "name a file; where this one has been put in its way, find out who did it"
            }
            Self::Exposed { .. } => {
                "look through it, then 'chmod go-w' the file and its folder, or have root own \
                 both; the manual says how to set up a ledger for a site"
            }
            Self::Busy { .. } => {
                "wait until the other export has been recorded, and run it again; 'fuser -v' on \
                 the ledger names who has it"
            }
            Self::Replaced { .. } => {
                "run it again; a ledger must not be rotated: what has left is summed from it"
            }
            Self::TooLong => "name fewer recipients, or shorten the label and the purpose",
            Self::Damaged { .. } | Self::Chain { .. } => {
                "nothing leaves until somebody has looked. Keep a copy of the file, look at the \
                 place with 'tail -c +BYTE', restore the file from a backup if there is a better \
                 one, and find out who did it; then put it on record with 'exeat ledger recover \
                 --why TEXT', and exports go on"
            }
            Self::Contradicted { .. } => {
                "nothing leaves until somebody has looked: entries are gone or were changed since \
                 they were signed. 'exeat ledger show' with its number says which; restore the \
                 file from a backup, or put on record what happened with 'exeat ledger recover \
                 --why TEXT', and exports go on"
            }
            Self::NothingToRecover { .. } => "nothing was written",
            Self::Version { found, .. } if *found < VERSION => {
                "it was written by an earlier version, whose entries are not chained. 'exeat \
                 ledger recover --why TEXT' puts that on record and begins the chain behind them; \
                 they no longer count in sums"
            }
            Self::Version { .. } => {
                "install the version of exeat that wrote it, or a later one. If none did, somebody \
                 wrote rubbish there: 'exeat ledger recover --why TEXT' puts that on record"
            }
        }))
    }
}

impl Contradiction {
    /// What it means, as the end of a sentence about the ledger.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Older => {
                "it ends before that entry: entries were cut off, or an older copy of it was put \
                 in its place"
            }
            Self::Forked => {
                "that entry is another one here: entries were changed, or written again from some \
                 point before it"
            }
            Self::Changed => {
                "entries before that one were taken out or changed since, and somebody has looked \
                 at it"
            }
            Self::OtherLedger => "it is another ledger, or was written again from the beginning",
        }
    }
}
