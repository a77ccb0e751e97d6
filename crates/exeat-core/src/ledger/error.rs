//! Why the ledger could not be written or read: what that means, and what to do.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::diagnostic::{Explain, Fault, io_help};
use crate::ledger::entry::{MAX_LINE, VERSION};
use crate::path::shown;

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
    /// An entry cannot be written, or not durably.
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
    /// A later version of exeat wrote in it.
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

impl Explain for LedgerError {
    fn code(&self) -> &'static str {
        use io::ErrorKind as Kind;
        match self {
            Self::Open { source, .. } | Self::Write { source, .. } => match source.kind() {
                Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => "ledger-full",
                Kind::ReadOnlyFilesystem => "ledger-read-only",
                Kind::PermissionDenied => "ledger-no-permission",
                Kind::NotFound => "ledger-no-folder",
                _ if matches!(self, Self::Open { .. }) => "ledger-open-failed",
                _ => "ledger-write-failed",
            },
            Self::NotAFile { .. } => "ledger-not-a-file",
            Self::Exposed { .. } => "ledger-exposed",
            Self::Busy { .. } => "ledger-busy",
            Self::Replaced { .. } => "ledger-replaced",
            Self::Lock { .. } => "ledger-lock-failed",
            Self::Read { .. } => "ledger-read-failed",
            Self::TooLong => "ledger-entry-too-long",
            Self::Damaged { .. } => "ledger-damaged",
            Self::Version { .. } => "ledger-version",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NotAFile { .. } | Self::Exposed { .. } | Self::Version { .. } => {
                Fault::Configuration
            }
            Self::TooLong => Fault::Request,
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
            Self::Damaged { .. } => {
                "nothing leaves until it can be read. Keep a copy of the file, look at the place \
                 with 'tail -c +BYTE', and restore it from a backup, or have whoever runs this \
                 machine put a new ledger in its place and write down why"
            }
            Self::Version { .. } => "install the version of exeat that wrote it, or a later one",
        }))
    }
}
