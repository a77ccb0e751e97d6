//! Why a folder of backups could not be looked at or cleared up.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use crate::diagnostic::{Explain, Fault, io_help};
use crate::path::shown;
use crate::signature::{Fingerprint, SignatureError};

/// What can go wrong with a folder of backups, or with what a host remembers of
/// them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The folder cannot be looked at.
    #[error("cannot look at the backups in {}", shown(path))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What a host remembers is not what this version writes.
    #[error("{} is not what exeat remembers of a backup: {reason}", shown(path))]
    Memory {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, escaped.
        reason: String,
    },
    /// What a host remembers cannot be read or written.
    #[error("cannot read or write {}", shown(path))]
    MemoryFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The record of what was removed is there, and cannot be trusted.
    #[error(
        "the record of removed packages, {}, is not one by this profile's key",
        shown(path)
    )]
    Record {
        /// The file.
        path: PathBuf,
    },
    /// There is too much to record.
    #[error("{} packages are too many for the record of what is not there any more", crate::diagnostic::words::grouped(*count))]
    TooMany {
        /// How many there would be.
        count: u64,
    },
    /// Another key is to sign than the one that the chain is signed with.
    #[error("the key {found} is not the one that the chain is signed with")]
    Signer {
        /// The key that was to sign.
        found: Fingerprint,
    },
    /// The record could not be signed.
    #[error(transparent)]
    Sign(#[from] SignatureError),
    /// The record could not be written; nothing was removed.
    #[error("cannot write {}; nothing was removed", shown(path))]
    Write {
        /// The record.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A package was to be removed that the chain cannot do without.
    #[error("package number {sequence} was to be removed, but {reason}")]
    Needed {
        /// Its place in the chain.
        sequence: u64,
        /// What it is needed for.
        reason: &'static str,
    },
    /// A package is not the one any more that was looked at.
    #[error("{} has been exchanged meanwhile; nothing was removed", shown(path))]
    Changed {
        /// The package.
        path: PathBuf,
    },
    /// Something lies in a package that does not belong there.
    #[error(
        "{} holds '{member}', which is not part of it; nothing was removed",
        shown(path)
    )]
    Stray {
        /// The package.
        path: PathBuf,
        /// What lies there, escaped.
        member: String,
    },
    /// A package could not be removed, or not completely.
    #[error("cannot remove {}", shown(path))]
    Remove {
        /// The package, or what is left of it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A package was removed, and whether the disk knows that is not known.
    #[error(
        "{} is removed, and might come back after a power failure",
        shown(path)
    )]
    Unconfirmed {
        /// What its folder was called last.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another run of the profile has not ended.
    #[error("another run of this profile is under way")]
    Busy,
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Explain for BackupError {
    fn code(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "backup-folder",
            Self::Memory { .. } => "backup-memory",
            Self::MemoryFile { .. } => "backup-memory-file",
            Self::Record { .. } => "backup-prune-record",
            Self::TooMany { .. } => "backup-too-many",
            Self::Signer { .. } => "backup-signer",
            Self::Sign(error) => error.code(),
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => "no-space",
            Self::Write { .. } => "write-failed",
            Self::Needed { .. } => "backup-needed",
            Self::Changed { .. } => "backup-changed",
            Self::Stray { .. } => "backup-stray",
            Self::Remove { .. } => "backup-not-removed",
            Self::Unconfirmed { .. } => "backup-removal-unconfirmed",
            Self::Busy => "backup-running",
            Self::Interrupted => "interrupted",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Folder { .. }
            | Self::Memory { .. }
            | Self::MemoryFile { .. }
            | Self::Write { .. }
            | Self::Changed { .. }
            | Self::Remove { .. }
            | Self::Unconfirmed { .. } => Fault::Environment,
            Self::Record { .. } => Fault::Signature,
            Self::Signer { .. } | Self::Needed { .. } => Fault::Internal,
            Self::TooMany { .. } | Self::Stray { .. } => Fault::Request,
            Self::Sign(error) => error.fault(),
            Self::Busy => Fault::Busy,
            Self::Interrupted => Fault::Interrupted,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Folder { source, .. }
            | Self::MemoryFile { source, .. }
            | Self::Write { source, .. }
            | Self::Remove { source, .. } => return io_help(source),
            Self::Unconfirmed { .. } => {
                "see to the disk that it lies on; the next run removes the rest, and what has come back"
            }
            Self::Memory { .. } => {
                "move it away: the next run makes a full package, and verifies what there is anew"
            }
            Self::Record { .. } => {
                "put it back from a copy; or move it away, and run 'exeat backup prune' with \
                 --accept-missing once you know where the packages went that are missing then"
            }
            Self::TooMany { .. } => "begin a new chain: back up under another profile name",
            Self::Sign(error) => return error.help(),
            Self::Changed { .. } => "see who else works in that folder, and run it again",
            Self::Stray { .. } => "take it out of there, and run it again",
            Self::Busy => {
                "wait until it ends, or pass --wait 10m; a run that was killed holds nothing"
            }
            Self::Interrupted => "run it again: it finishes what was begun",
            Self::Signer { .. } | Self::Needed { .. } => return None,
        }))
    }
}
