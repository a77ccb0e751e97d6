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
use crate::diagnostic::{Explain, Fault, io_help};
use crate::digest::Digest;
use crate::manifest::{Manifest, PackageId};
use crate::path::shown;
use crate::seal::{Complete, Stage, sealed_trait};
use crate::staging;

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
    /// The finished package cannot be given its name.
    #[error("cannot put the finished package at {}", shown(path))]
    Publish {
        /// The package's path.
        path: PathBuf,
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
            Self::Publish { .. } => "publish-failed",
            Self::Unconfirmed { .. } => "delivery-unconfirmed",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Exists { .. } => Fault::Request,
            _ => Fault::Environment,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Exists { .. } => Some("nothing was overwritten; choose another --name".into()),
            Self::Stage { source, .. } | Self::Publish { source, .. } => io_help(source),
            Self::Unconfirmed { .. } => {
                Some("run 'sync', then 'exeat verify' on it before you rely on it".into())
            }
        }
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
        let destination = &permit.request().destination;
        let path = destination.package_path();
        let inner = staging::Staging::create(destination.handle().as_fd());
        Ok(Self {
            inner: inner.map_err(|source| DeliverError::Stage {
                path: path.clone(),
                source,
            })?,
            package: permit.request().package,
            path,
            name: destination.name().to_string().into(),
            mask: Mode::from_raw_mode(umask),
        })
    }
}

impl sealed_trait::Sealed for Staging {}

impl Stage for Staging {
    type Member = File;

    fn is_for(&self, permit: &Permit) -> bool {
        let request = permit.request();
        self.package == request.package && self.path == request.destination.package_path()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the members of an export are made here"
    )]
    fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666) & !self.mask;
        let file = rustix::fs::openat(self.inner.handle(), name, flags | OFlags::NOFOLLOW, mode)?;
        // The process' own umask may be stricter than the one asked for. A file
        // system without permissions may say no; what it holds is ciphertext.
        let _ = rustix::fs::fchmod(&file, mode);
        Ok(file.into())
    }

    fn close(&self, member: File) -> io::Result<()> {
        member.sync_all()
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
/// [`DeliverError::Unconfirmed`] nothing is left.
pub fn publish(complete: Complete<Staging>) -> Result<Delivered, DeliverError> {
    let Complete {
        stage,
        manifest,
        manifest_sha256,
    } = complete;
    let Staging {
        inner,
        path,
        name,
        mask,
        ..
    } = stage;
    let mode = Mode::from_raw_mode(0o777) & !mask;
    match inner.publish(&name, mode, false) {
        Ok(Ok(())) => Ok(Delivered {
            path,
            manifest,
            manifest_sha256,
        }),
        Ok(Err(source)) => Err(DeliverError::Unconfirmed { path, source }),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(DeliverError::Exists { path })
        }
        Err(source) => Err(DeliverError::Publish { path, source }),
    }
}
