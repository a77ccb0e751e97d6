//! A verified, unlocked package → one more envelope in it, for further people.
//!
//! No member is edited. The envelope and its record are written first, the
//! signature of the record last: before that the envelope opens nothing for a
//! reader who keeps to the format.
#![expect(
    clippy::disallowed_methods,
    reason = "the members of a further envelope are made here"
)]

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::decide::RekeyPermit;
use crate::destination::{Destination, DestinationError};
use crate::diagnostic::{Explain, Fault, io_help};
use crate::digest::Digest;
use crate::keys::{KeyError, Recipients};
use crate::ledger::{Intent, LedgerError};
use crate::manifest::{NamedKey, Passing};
use crate::signature::{REKEY_NAMESPACE, SignatureError, SigningKey};
use crate::verify::further::{MAX_NUMBER, SUFFIXES, member};
use crate::verify::{Package, Unlocked, Verified};

/// Why a package was not passed on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RekeyError {
    /// An archive is one file, and is not edited.
    #[error("the package is an archive, and nothing can be added to it as it is")]
    Archive,
    /// Nothing can be written into the package, or it cannot be looked at.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The permit, the key or the record is for something else.
    #[error("the permit is for another package or signer")]
    Permit,
    /// The package key could not be encrypted for the new recipients.
    #[error(transparent)]
    Envelope(#[from] KeyError),
    /// The record could not be signed.
    #[error(transparent)]
    Sign(#[from] SignatureError),
    /// There are as many as there can be.
    #[error("the package has no room for a further envelope")]
    Full,
    /// It could not be written.
    #[error("cannot add an envelope to the package")]
    Write {
        /// What the system said.
        source: io::Error,
    },
    /// It is in the package, but the ledger does not say so yet.
    #[error("the envelope is in the package, but the ledger could not be told")]
    Unrecorded {
        /// What the ledger said.
        source: LedgerError,
    },
}

impl Explain for RekeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Archive => "rekey-archive",
            Self::Destination(error) => error.code(),
            Self::Permit => "permit-mismatch",
            Self::Envelope(error) => error.code(),
            Self::Sign(error) => error.code(),
            Self::Full => "rekey-full",
            Self::Write { source } if source.kind() == io::ErrorKind::StorageFull => "no-space",
            Self::Write { .. } => "write-failed",
            Self::Unrecorded { .. } => "delivery-unrecorded",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Archive | Self::Full => Fault::Request,
            Self::Destination(error) => error.fault(),
            Self::Permit => Fault::Internal,
            Self::Envelope(error) => error.fault(),
            Self::Sign(error) => error.fault(),
            Self::Write { .. } | Self::Unrecorded { .. } => Fault::Environment,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Archive => "unpack it with 'tar -xf' into an empty folder, and name that folder",
            Self::Destination(error) => return error.help(),
            Self::Envelope(error) => return error.help(),
            Self::Write { source } => return io_help(source),
            Self::Unrecorded { .. } => {
                "it counts as passed on; see to the ledger before the next export: its intent is \
                 there, its outcome is missing"
            }
            Self::Sign(error) => return error.help(),
            Self::Permit | Self::Full => return None,
        }))
    }
}

/// What was added.
#[derive(Debug)]
pub struct Rekeyed {
    /// The envelope's name in the package, such as `key-2.age`.
    pub member: String,
    /// Whom it is for.
    pub recipients: Vec<NamedKey>,
}

/// Where the package lies, for the decision on passing it on. `path` is the
/// one that it was opened at.
///
/// # Errors
/// It is an archive, nothing can be written into it, or the folder around it
/// cannot be opened.
pub fn destination(package: &Verified<Package>, path: &Path) -> Result<Destination, RekeyError> {
    let folder = package.folder().ok_or(RekeyError::Archive)?;
    Ok(Destination::package(folder, path)?)
}

/// Adds an envelope for those whom `permit` names. `umask` takes permission
/// bits from it, as for a package that is made.
///
/// # Errors
/// A permit, key or record for something else; what the system says. Nothing
/// has been added then, and the ledger says so where that is certain.
pub fn add(
    package: &Unlocked,
    permit: RekeyPermit,
    signer: &SigningKey,
    mut intent: Intent,
    umask: u32,
) -> Result<Rekeyed, RekeyError> {
    let recipients = NamedKey::of(&permit.request.recipients);
    match write(package, &permit, signer, &mut intent, umask) {
        Ok((member, bytes)) => {
            let manifest = package.verified().manifest_sha256();
            match intent.delivered(bytes, Some(manifest)) {
                Ok(()) => Ok(Rekeyed { member, recipients }),
                Err(source) => Err(RekeyError::Unrecorded { source }),
            }
        }
        Err((error, has_left)) => {
            // What is recorded errs on the side of a delivery.
            let _ = match has_left {
                false => intent.failed(error.code()),
                true => intent.interrupted(error.code()),
            };
            Err(error)
        }
    }
}

/// The envelope's name and length; where it failed, also whether the envelope
/// may be in the package, for those it is for.
fn write(
    package: &Unlocked,
    permit: &RekeyPermit,
    signer: &SigningKey,
    intent: &mut Intent,
    umask: u32,
) -> Result<(String, u64), (RekeyError, bool)> {
    let made = make(package, permit, signer, intent).map_err(|error| (error, false));
    let (folder, three) = made?;
    let bytes = three[0].len() as u64;
    let number = put(folder, &three, Mode::from_raw_mode(0o666 & !umask))?;
    Ok((member(number, SUFFIXES[0]), bytes))
}

/// The folder, and the bytes of the three.
fn make<'a>(
    package: &'a Unlocked,
    permit: &RekeyPermit,
    signer: &SigningKey,
    intent: &mut Intent,
) -> Result<(&'a OwnedFd, [Vec<u8>; 3]), RekeyError> {
    let request = &permit.request;
    let is_for_it = permit.package == package.verified().id()
        && permit.record.facts.as_ref() == Some(&package.inventory().header().facts)
        && intent.id() == request.terms.export
        && request.signer.as_ref() == Some(&signer.public().fingerprint());
    if !is_for_it {
        return Err(RekeyError::Permit);
    }
    let folder = package.verified().folder().ok_or(RekeyError::Archive)?;
    let is_here = request.terms.destination.is_package(folder);
    let is_here = is_here.map_err(|source| RekeyError::Write { source })?;
    if !is_here || matches!(request.recipients, Recipients::Passphrase(_)) {
        return Err(RekeyError::Permit);
    }
    let envelope = package.key().envelope(&request.recipients)?;
    let passing = Passing {
        created: request.terms.created,
        envelope_sha256: Digest::of(&envelope),
        manifest_sha256: package.verified().manifest_sha256(),
    };
    let record = passing.to_bytes();
    let signature = signer.sign(REKEY_NAMESPACE, &record)?;
    // For the ledger alone: the envelope has no room for it.
    intent.checkpoint(signer)?;
    Ok((folder, [envelope, record, signature.into_bytes()]))
}

/// Puts the three in under the first number that is free, the signature last:
/// without it, or while it is empty, the others are not taken for an envelope.
fn put(folder: &OwnedFd, three: &[Vec<u8>; 3], mode: Mode) -> Result<u16, (RekeyError, bool)> {
    let failed = |source| RekeyError::Write { source };
    let mut number = 2;
    let envelope = loop {
        if number >= MAX_NUMBER {
            return Err((RekeyError::Full, false));
        }
        let created = match is_free(folder, number) {
            Ok(true) => create(folder, number, SUFFIXES[0], mode),
            Ok(false) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) => Err(error.into()),
        };
        match created {
            Ok(file) => break file,
            // Or somebody else's, this very moment.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err((failed(error), false)),
        }
    };
    let written = fill(envelope, &three[0])
        .and_then(|()| fill(create(folder, number, SUFFIXES[1], mode)?, &three[1]))
        .and_then(|()| fill(create(folder, number, SUFFIXES[2], mode)?, &three[2]))
        .and_then(|()| Ok(rustix::fs::fsync(folder)?));
    let Err(error) = written else {
        return Ok(number);
    };
    // Backwards, so that what a kill leaves is taken for unfinished.
    for suffix in SUFFIXES.iter().rev() {
        let _ = rustix::fs::unlinkat(folder, member(number, suffix), AtFlags::empty());
    }
    // Whoever it was for may have taken it meanwhile.
    Err((failed(error), true))
}

fn create(folder: &OwnedFd, number: u16, suffix: &str, mode: Mode) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let name = member(number, suffix);
    let file = rustix::fs::openat(folder, name, flags | OFlags::NOFOLLOW, mode)?;
    // The process' own umask may be stricter than the one asked for; a file
    // system without permissions may say no. Others read what they may.
    let _ = rustix::fs::fchmod(&file, mode);
    Ok(file.into())
}

fn fill(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

fn is_free(folder: &OwnedFd, number: u16) -> rustix::io::Result<bool> {
    for suffix in SUFFIXES {
        let name = member(number, suffix);
        match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => {}
            Ok(_) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
