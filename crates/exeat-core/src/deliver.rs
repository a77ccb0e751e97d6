//! The last stage of an export, and the only writer of exports: a staging
//! folder beside the target, and the one rename that publishes it.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};

use crate::decide::Permit;
use crate::diagnostic::{Explain, Fault};
use crate::digest::Digest;
use crate::ledger::{Intent, LedgerError};
use crate::manifest::{Manifest, PackageId};
use crate::path::shown;
use crate::seal::{Complete, Stage, sealed_trait};
use crate::source::SourceError;
use crate::staging;
use crate::tree::TreeError;

mod copy;

pub use copy::{Copied, copy};

/// Why a package was not delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliverError {
    /// The staging folder cannot be made.
    #[error("cannot make a folder beside {}", shown(path))]
    Stage {
        /// The package's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something of that name appeared meanwhile.
    #[error("{} was made by somebody else meanwhile", shown(path))]
    Exists {
        /// The package's path.
        path: PathBuf,
    },
    /// There is not enough room.
    #[error("the copy needs {needed} bytes, and {available} are free there")]
    NoSpace {
        /// What it will take, in bytes.
        needed: u64,
        /// What there is, in bytes.
        available: u64,
    },
    /// A file could not be written.
    #[error("cannot write '{path}'")]
    Write {
        /// The path in the copy, escaped.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The source could not be read, or is not what was inspected.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The permit or the record is for another export.
    #[error("the permit or the record is for another export")]
    Permit,
    /// It is in place, but the ledger does not say so yet.
    #[error("{} is in place, but the ledger could not be told", shown(path))]
    Unrecorded {
        /// Where it is.
        path: PathBuf,
        /// What the ledger said.
        source: LedgerError,
    },
    /// The finished package cannot be given its name.
    #[error("cannot put the finished package at {}", shown(path))]
    Publish {
        /// The package's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It failed, and perhaps not everything that had been written is gone.
    #[error(
        "what had been written beside {} may not all be gone: {reason}",
        shown(path)
    )]
    Left {
        /// The path it would have had.
        path: PathBuf,
        /// Why that is not certain.
        reason: io::Error,
        /// What had failed.
        #[source]
        error: Box<DeliverError>,
    },
    /// It is in place, but the file system would not say that it will stay.
    #[error("{} is complete, but might be gone after a power failure", shown(path))]
    Unconfirmed {
        /// The package's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Explain for DeliverError {
    fn code(&self) -> &'static str {
        match self {
            Self::Stage { .. } => "staging-failed",
            Self::Exists { .. } => "destination-exists",
            Self::NoSpace { .. } => "no-space",
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => "no-space",
            Self::Write { .. } => "write-failed",
            Self::Source(error) => error.code(),
            Self::Permit => "permit-mismatch",
            Self::Unrecorded { .. } => "delivery-unrecorded",
            Self::Publish { .. } => "publish-failed",
            Self::Left { .. } => "staging-left",
            Self::Unconfirmed { .. } => "delivery-unconfirmed",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Exists { .. } => Fault::Request,
            Self::Source(error) => error.fault(),
            Self::Permit => Fault::Internal,
            Self::Left { error, .. } => error.fault(),
            _ => Fault::Environment,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Exists { .. } => Some("nothing was overwritten; choose another --name".into()),
            Self::NoSpace { .. } => Some("free some space there, or choose another place".into()),
            Self::Source(error) => error.help(),
            Self::Permit => None,
            Self::Unrecorded { .. } => Some(
                "it counts as delivered; see to the ledger before the next export: its intent is \
                 there, its outcome is missing"
                    .into(),
            ),
            Self::Left { .. } => Some(
                "look there for what begins with '.exeat-partial-', and for what was taken from \
                 it; the export counts as delivered"
                    .into(),
            ),
            Self::Stage { source, .. }
            | Self::Publish { source, .. }
            | Self::Write { source, .. } => staging::help(source),
            Self::Unconfirmed { .. } => {
                Some("run 'sync', then 'exeat verify' on it before you rely on it".into())
            }
        }
    }
}

impl From<TreeError> for DeliverError {
    fn from(TreeError { path, source }: TreeError) -> Self {
        Self::Write { path, source }
    }
}

/// The folder that a package grows in, beside the place it will have. Removed
/// when dropped.
#[derive(Debug)]
pub struct Staging {
    inner: staging::Staging,
    package: PackageId,
    path: PathBuf,
    name: OsString,
    mask: Mode,
}

impl Staging {
    /// Makes the folder where `permit` says the package may go.
    ///
    /// `umask` takes permission bits from the finished package, as the process'
    /// own umask would; it holds ciphertext, which others may copy.
    ///
    /// # Errors
    /// [`DeliverError::Stage`].
    pub fn create(permit: &Permit, umask: u32) -> Result<Self, DeliverError> {
        let request = permit.request();
        let destination = &request.terms.destination;
        let path = destination.path();
        let inner = staging::Staging::create(destination.handle().as_fd());
        Ok(Self {
            inner: inner.map_err(|source| DeliverError::Stage {
                path: path.clone(),
                source,
            })?,
            package: request.terms.export,
            path,
            name: destination.name().to_owned(),
            mask: Mode::from_raw_mode(umask),
        })
    }
}

impl sealed_trait::Sealed for Staging {}

impl Stage for Staging {
    type Member = File;

    fn is_for(&self, permit: &Permit) -> bool {
        let terms = &permit.request().terms;
        self.package == terms.export && self.path == terms.destination.path()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the members of an export are made here"
    )]
    fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666) & !self.mask;
        let file = rustix::fs::openat(self.inner.handle(), name, flags | OFlags::NOFOLLOW, mode)?;
        self.inner.count_file();
        // The process' own umask may be stricter than the one asked for. A file
        // system without permissions may say no; what it holds is ciphertext.
        let _ = rustix::fs::fchmod(&file, mode);
        Ok(file.into())
    }

    fn close(&self, member: File) -> io::Result<()> {
        member.sync_all()
    }

    fn discard(self) -> io::Result<()> {
        self.inner.remove()
    }
}

/// A package in its place.
#[derive(Debug)]
pub struct Delivered {
    /// Where it is.
    pub path: PathBuf,
    /// What it consists of.
    pub manifest: Manifest,
    /// The SHA-256 of the bytes of `manifest.json`.
    pub manifest_sha256: Digest,
}

/// Gives a complete package its name, with one rename that replaces nothing.
///
/// # Errors
/// The name has been taken, or what the system says. Except after
/// [`DeliverError::Unconfirmed`] and [`DeliverError::Left`] nothing is left.
pub fn publish(complete: Complete<Staging>) -> Result<Delivered, DeliverError> {
    let Complete {
        stage,
        manifest,
        manifest_sha256,
        intent,
    } = complete;
    let Staging {
        mut inner,
        path,
        name,
        mask,
        ..
    } = stage;
    let mode = Mode::from_raw_mode(0o777) & !mask;
    let error = match inner.publish(&name, mode, false) {
        Ok(Ok(())) => {
            let path = inner.path(&path);
            let bytes = manifest.payload.bytes;
            return match intent.delivered(bytes, Some(manifest_sha256)) {
                Ok(()) => Ok(Delivered {
                    path,
                    manifest,
                    manifest_sha256,
                }),
                Err(source) => Err(DeliverError::Unrecorded { path, source }),
            };
        }
        // It is there: the intent stands, and counts as delivered.
        Ok(Err(source)) => return Err(DeliverError::Unconfirmed { path, source }),
        Err(error) => not_published(path.clone(), error),
    };
    Err(give_up(inner, intent, path, error))
}

fn not_published(path: PathBuf, source: io::Error) -> DeliverError {
    match source.kind() {
        io::ErrorKind::AlreadyExists => DeliverError::Exists { path },
        _ => DeliverError::Publish { path, source },
    }
}

/// Removes what was staged, and puts on record that nothing was delivered, if
/// that is certain.
fn give_up(
    staging: staging::Staging,
    intent: Intent,
    path: PathBuf,
    error: DeliverError,
) -> DeliverError {
    // What is recorded errs on the side of a delivery, so a failure to say
    // that there was none is no second error.
    match staging.remove() {
        Ok(()) => {
            let _ = intent.failed(error.code());
            error
        }
        Err(reason) => {
            let _ = intent.interrupted(error.code());
            DeliverError::Left {
                path,
                reason,
                error: Box::new(error),
            }
        }
    }
}
