//! The last stage of an export, and the only writer of exports: a staging
//! folder beside the target, and the one rename that publishes it; or a stream,
//! into which the members go one after another.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};

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

mod archive;
mod copy;

use archive::Archive;
pub use archive::Member;
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
    /// It had begun to go out when that became impossible.
    #[error("the package was cut off at its end")]
    Stream {
        /// What the system said.
        source: io::Error,
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
            Self::Stream { .. } => "stream-cut",
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
            Self::Stream { .. } => Some(
                "what was to take it stopped; throw away what has arrived and begin again; the \
                 export counts as delivered"
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

/// What a package grows in until it is published. Removed when dropped, but
/// for what has gone into a stream.
#[derive(Debug)]
pub struct Staging {
    form: Form,
    package: PackageId,
    path: PathBuf,
}

#[derive(Debug)]
enum Form {
    /// A folder that will be the package.
    Folder(Beside),
    /// A folder with a file in it that will be the package.
    Archive {
        beside: Beside,
        file: File,
        archive: Archive,
    },
    /// Nothing but what members are kept in until their turn comes.
    Stream { archive: Archive, folder: PathBuf },
}

/// A private folder beside the place of the result.
#[derive(Debug)]
struct Beside {
    staging: staging::Staging,
    /// Of the result.
    name: OsString,
    mask: Mode,
}

/// What an archive is called while it grows.
const GROWING: &str = "archive";

impl Beside {
    #[expect(
        clippy::disallowed_methods,
        reason = "the members of an export are made here"
    )]
    fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666) & !self.mask;
        let handle = self.staging.handle();
        let file = rustix::fs::openat(handle, name, flags | OFlags::NOFOLLOW, mode)?;
        self.staging.count_file();
        // The process' own umask may be stricter than the one asked for. A file
        // system without permissions may say no; what it holds is ciphertext.
        let _ = rustix::fs::fchmod(&file, mode);
        Ok(file.into())
    }

    /// A file for a while, which has no name.
    #[expect(
        clippy::disallowed_methods,
        reason = "ciphertext that waits to be put into the archive"
    )]
    fn create_nameless(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let handle = self.staging.handle();
        let mode = Mode::RUSR | Mode::WUSR;
        let file = rustix::fs::openat(handle, name, flags | OFlags::NOFOLLOW, mode)?;
        rustix::fs::unlinkat(handle, name, AtFlags::empty())?;
        Ok(file.into())
    }
}

impl Staging {
    /// Makes the folder where `permit` says the package may go.
    ///
    /// `umask` takes permission bits from the finished package, as the process'
    /// own umask would; it holds ciphertext, which others may copy.
    ///
    /// # Errors
    /// [`DeliverError::Stage`]; a permit for a stream.
    pub fn create(permit: &Permit, umask: u32) -> Result<Self, DeliverError> {
        let terms = &permit.request().terms;
        let destination = &terms.destination;
        let spot = destination.spot().ok_or(DeliverError::Permit)?;
        let path = destination.path().to_owned();
        let failed = |source| DeliverError::Stage {
            path: path.clone(),
            source,
        };
        let beside = Beside {
            staging: staging::Staging::create(spot.folder.as_fd()).map_err(failed)?,
            name: spot.name.clone().into(),
            mask: Mode::from_raw_mode(umask),
        };
        let form = match spot.is_archive {
            false => Form::Folder(beside),
            true => {
                let file = beside.create(GROWING).map_err(failed)?;
                let output = file.try_clone().map_err(failed)?;
                Form::Archive {
                    archive: Archive::new(Box::new(output), terms.created),
                    beside,
                    file,
                }
            }
        };
        Ok(Self {
            form,
            package: terms.export,
            path,
        })
    }

    /// Writes the package into `output` as an archive, where `permit` says so:
    /// volumes as they are done, and what opens them after all that decides.
    /// Members wait for their turn in files without names in `folder`,
    /// encrypted.
    ///
    /// # Errors
    /// A permit for a folder, or for another stream.
    pub fn stream(
        permit: &Permit,
        output: impl io::Write + AsFd + Send + 'static,
        folder: &Path,
    ) -> Result<Self, DeliverError> {
        let terms = &permit.request().terms;
        if !terms.destination.is_stream_of(&output) {
            return Err(DeliverError::Permit);
        }
        Ok(Self {
            form: Form::Stream {
                archive: Archive::new(Box::new(output), terms.created),
                folder: folder.to_owned(),
            },
            package: terms.export,
            path: terms.destination.path().to_owned(),
        })
    }
}

impl sealed_trait::Sealed for Staging {}

impl Stage for Staging {
    type Member = Member;

    fn is_for(&self, permit: &Permit) -> bool {
        let terms = &permit.request().terms;
        self.package == terms.export && self.path == terms.destination.path()
    }

    fn is_sequential(&self) -> bool {
        !matches!(self.form, Form::Folder(_))
    }

    fn create(&self, name: &str) -> io::Result<Member> {
        let (file, waits_in) = match &self.form {
            Form::Folder(beside) => (beside.create(name)?, None),
            Form::Archive { beside, .. } => (beside.create_nameless(name)?, None),
            Form::Stream { folder, .. } => {
                let file = staging::nameless(folder);
                let file = file.map_err(|error| archive::in_folder(error, folder))?;
                (file, Some(folder.clone()))
            }
        };
        Ok(Member {
            name: name.to_owned(),
            file,
            waits_in,
        })
    }

    fn close(&self, member: Member) -> io::Result<()> {
        match &self.form {
            Form::Folder(_) => member.file.sync_all(),
            Form::Archive { archive, .. } | Form::Stream { archive, .. } => archive.add(member),
        }
    }

    fn discard(self) -> io::Result<()> {
        match self.form {
            Form::Folder(beside) | Form::Archive { beside, .. } => beside.staging.remove(),
            // Without it nobody can read what has gone.
            Form::Stream { archive, .. } if !archive.has_envelope() => Ok(()),
            Form::Stream { .. } => Err(io::Error::other("it has begun to leave")),
        }
    }
}

/// A package in its place.
#[derive(Debug)]
pub struct Delivered {
    /// Where it is; words for a stream.
    pub path: PathBuf,
    /// What it consists of.
    pub manifest: Manifest,
    /// The SHA-256 of the bytes of `manifest.json`.
    pub manifest_sha256: Digest,
}

/// Gives a complete package its name, with one rename that replaces nothing;
/// ends an archive that has gone into a stream.
///
/// # Errors
/// The name has been taken, or what the system says. Except after
/// [`DeliverError::Unconfirmed`], [`DeliverError::Left`] and
/// [`DeliverError::Stream`] nothing is left.
pub fn publish(complete: Complete<Staging>) -> Result<Delivered, DeliverError> {
    let Complete {
        stage: Staging { form, path, .. },
        manifest,
        manifest_sha256,
        intent,
    } = complete;
    let delivered = |path: PathBuf, intent: Intent| {
        let bytes = manifest.payload.bytes;
        match intent.delivered(bytes, Some(manifest_sha256)) {
            Ok(()) => Ok(Delivered {
                path,
                manifest,
                manifest_sha256,
            }),
            Err(source) => Err(DeliverError::Unrecorded { path, source }),
        }
    };
    let (beside, published, place) = match form {
        Form::Folder(mut beside) => {
            let mode = Mode::from_raw_mode(0o777) & !beside.mask;
            let published = beside.staging.publish(&beside.name, mode, false);
            let place = beside.staging.path(&path);
            (beside, published, place)
        }
        Form::Archive {
            mut beside,
            file,
            archive,
        } => {
            let published = archive
                .finish()
                .and_then(|()| file.sync_all())
                .and_then(|()| beside.staging.publish_file(&file, GROWING, &beside.name));
            let place = staging::path_of(&file, &path);
            (beside, published, place)
        }
        Form::Stream { archive, .. } => {
            return match archive.finish() {
                Ok(()) => delivered(path, intent),
                Err(source) => {
                    let error = DeliverError::Stream { source };
                    let _ = intent.interrupted(error.code());
                    Err(error)
                }
            };
        }
    };
    match published {
        Ok(Ok(())) => delivered(place, intent),
        // It is there: the intent stands, and counts as delivered.
        Ok(Err(source)) => Err(DeliverError::Unconfirmed { path, source }),
        Err(error) => {
            let error = not_published(path.clone(), error);
            Err(give_up(beside.staging, intent, path, error, true))
        }
    }
}

fn not_published(path: PathBuf, source: io::Error) -> DeliverError {
    match source.kind() {
        io::ErrorKind::AlreadyExists => DeliverError::Exists { path },
        _ => DeliverError::Publish { path, source },
    }
}

/// Removes what was staged, and puts on record that nothing was delivered, if
/// that is certain. It is not where all was there: somebody of the same account
/// may have it open, and keep what is removed.
fn give_up(
    staging: staging::Staging,
    intent: Intent,
    path: PathBuf,
    error: DeliverError,
    was_complete: bool,
) -> DeliverError {
    // What is recorded errs on the side of a delivery, so a failure to say
    // that there was none is no second error.
    match staging.remove() {
        Ok(()) => {
            let _ = match was_complete {
                false => intent.failed(error.code()),
                true => intent.interrupted(error.code()),
            };
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
