//! A verified, unlocked package → one more envelope in it, for further people.
//!
//! No member is edited. The envelope and its record are made in a private
//! folder beside the package and moved in, the signature of the record last:
//! before that the envelope opens nothing for a reader who keeps to the format.
#![expect(
    clippy::disallowed_methods,
    reason = "the members of a further envelope are made here"
)]

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::decide::RekeyPermit;
use crate::destination::{Destination, DestinationError};
use crate::diagnostic::{Explain, Fault, io_help};
use crate::digest::Digest;
use crate::keys::KeyError;
use crate::ledger::{Intent, LedgerError};
use crate::manifest::{NamedKey, Passing};
use crate::signature::{REKEY_NAMESPACE, SignatureError, SigningKey};
use crate::staging::Staging;
use crate::verify::further::{MAX_NUMBER, SUFFIXES, member};
use crate::verify::{Package, Unlocked, Verified};

/// Why a package was not passed on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RekeyError {
    /// An archive is one file, and is not edited.
    #[error("the package is an archive, and nothing can be added to it as it is")]
    Archive,
    /// The folder around the package cannot be used.
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
            Self::Sign(_) => "signing-failed",
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
            Self::Sign(_) | Self::Write { .. } | Self::Unrecorded { .. } => Fault::Environment,
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
            Self::Permit | Self::Sign(_) | Self::Full => return None,
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
/// It is an archive, or the folder around it cannot be opened.
pub fn destination(package: &Verified<Package>, path: &Path) -> Result<Destination, RekeyError> {
    let folder = package.folder().ok_or(RekeyError::Archive)?;
    Ok(Destination::around(folder, path)?)
}

/// Adds an envelope for those whom `permit` names.
///
/// # Errors
/// A permit, key or record for something else; what the system says. Nothing
/// has been added then, and the ledger says so where that is certain.
pub fn add(
    package: &Unlocked,
    permit: RekeyPermit,
    signer: &SigningKey,
    intent: Intent,
) -> Result<Rekeyed, RekeyError> {
    let recipients = NamedKey::of(&permit.request.recipients);
    match write(package, &permit, signer, &intent) {
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
    intent: &Intent,
) -> Result<(String, u64), (RekeyError, bool)> {
    let made = make(package, permit, signer, intent).map_err(|error| (error, false));
    let (folder, [envelope, record, signature]) = made?;
    let bytes = envelope.len() as u64;
    let spot = permit.request.terms.destination.spot();
    let spot = spot.ok_or((RekeyError::Permit, false))?;
    let failed = |source| (RekeyError::Write { source }, false);
    let staging = Staging::create(spot.folder.as_fd()).map_err(failed)?;
    for (suffix, bytes) in SUFFIXES.iter().zip([envelope, record, signature]) {
        stage(&staging, suffix, &bytes).map_err(failed)?;
    }
    let number = move_in(&staging, folder)?;
    Ok((member(number, SUFFIXES[0]), bytes))
}

/// The folder, and the bytes of the three.
fn make<'a>(
    package: &'a Unlocked,
    permit: &RekeyPermit,
    signer: &SigningKey,
    intent: &Intent,
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
    let envelope = package.key().envelope(&request.recipients)?;
    let passing = Passing {
        created: request.terms.created,
        envelope_sha256: Digest::of(&envelope),
        manifest_sha256: package.verified().manifest_sha256(),
    };
    let record = passing.to_bytes();
    let signature = signer.sign(REKEY_NAMESPACE, &record)?;
    Ok((folder, [envelope, record, signature.into_bytes()]))
}

fn stage(staging: &Staging, name: &str, bytes: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o644);
    let file = rustix::fs::openat(staging.handle(), name, flags | OFlags::NOFOLLOW, mode)?;
    let mut file = std::fs::File::from(file);
    file.write_all(bytes)?;
    file.sync_all()
}

/// Moves the three in under the first number that is free, the signature last.
fn move_in(staging: &Staging, folder: &OwnedFd) -> Result<u16, (RekeyError, bool)> {
    let mut number = 2;
    let failed = |error: Errno| {
        let source = error.into();
        RekeyError::Write { source }
    };
    loop {
        if number >= MAX_NUMBER {
            return Err((RekeyError::Full, false));
        }
        match is_free(folder, number).and_then(|is_free| match is_free {
            true => rename(staging, SUFFIXES[0], folder, number),
            false => Err(Errno::EXIST),
        }) {
            Ok(()) => break,
            // Or somebody else's, this very moment.
            Err(Errno::EXIST) => number += 1,
            Err(error) => return Err((failed(error), false)),
        }
    }
    let rest = SUFFIXES[1..].iter();
    let moved = rest.map(|suffix| rename(staging, suffix, folder, number));
    let moved = moved.collect::<Result<(), _>>();
    let moved = moved.and_then(|()| rustix::fs::fsync(folder));
    let Err(error) = moved else {
        return Ok(number);
    };
    let removed = SUFFIXES.map(|suffix| {
        let removed = rustix::fs::unlinkat(folder, member(number, suffix), AtFlags::empty());
        matches!(removed, Ok(()) | Err(Errno::NOENT))
    });
    Err((failed(error), removed.contains(&false)))
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

/// Moves one of the three, over nothing.
fn rename(
    staging: &Staging,
    suffix: &str,
    folder: &OwnedFd,
    number: u16,
) -> rustix::io::Result<()> {
    let (from, name) = (staging.handle(), member(number, suffix));
    match rustix::fs::renameat_with(from, suffix, folder, &name, RenameFlags::NOREPLACE) {
        // A file system without that flag: the name was free a moment ago.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            rustix::fs::renameat(from, suffix, folder, &name)
        }
        other => other,
    }
}
