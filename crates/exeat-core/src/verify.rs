//! Bytes from anywhere → a package that can be trusted.
//!
//! In the order of trust of the format: the signature of the manifest by a
//! trusted signer; the manifest, strictly; every member by size and SHA-256;
//! the envelope and its commitment; the inventory; the payload. Nothing is
//! interpreted before what vouches for it has passed, and each step leaves the
//! evidence, in a type, that the next one asks for.

use std::io::{self, Read as _};
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::path::Path;

use jiff::Timestamp;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};

use crate::beneath;
use crate::digest::{Digest, digest_reader};
use crate::keys::{EnvelopeKind, MAX_ENVELOPE};
use crate::layout::{MAX_VOLUMES, volume_number};
use crate::manifest::{MAX_MANIFEST, Manifest, Member, PackageId, member};
use crate::parallel;
use crate::path::Escaped;
use crate::progress::{Phase, Progress};
use crate::signature::{self, AllowedSigners, PACKAGE_NAMESPACE, SignatureError, Signer};

mod after;
mod ahead;
mod approvals;
mod archive;
mod content;
mod error;
pub(crate) mod further;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod glance;
mod medium;
mod remarks;
mod unlock;
mod whence;

pub use after::{AfterError, Earlier, Following};
use archive::Archive;
pub use archive::ArchiveFault;
pub(crate) use archive::MemberFile;
pub use content::ContentFault;
pub(crate) use content::{Nowhere, Visitor, read_volume};
pub use error::{ApprovalFault, CheckpointFault, Damage, DamageKind, VerifyError};
pub use further::{EnvelopeState, FurtherEnvelope};
pub(crate) use glance::{Claim, Unglanced};
pub use unlock::{FullyVerified, Unlocked};

/// The largest signature a reader takes, in bytes.
const MAX_SIGNATURE: u64 = 64 << 10;
/// More than the largest package has.
const MAX_MEMBERS: u64 = MAX_VOLUMES + 1000;
/// How much is read at once.
const BUFFER: usize = 128 << 10;

/// A folder or an archive that may be a package; nothing in it has been looked
/// at.
#[derive(Debug)]
pub struct Package {
    place: Place,
    /// What it holds, sorted: name, whether it is a regular file, bytes.
    members: Vec<(Vec<u8>, bool, u64)>,
}

/// Where the members are.
#[derive(Debug)]
enum Place {
    Folder(OwnedFd),
    Archive(Archive),
}

/// A package whose manifest a trusted signer has signed, and whose members are
/// all there, of the right size, and right but for the content of the volumes;
/// made by [`Package::verify`] alone. A volume's content is compared by
/// [`Verified::verify_volumes`], and whenever the volume is read.
///
/// ```compile_fail
/// # fn forge(verified: exeat_core::verify::Verified<exeat_core::verify::Package>) {
/// let forged = exeat_core::verify::Verified { ..verified };
/// # }
/// ```
/// What was not verified cannot be unlocked:
/// ```compile_fail
/// # fn skip(package: exeat_core::verify::Package, ids: exeat_core::keys::Identities) {
/// package.unlock(&ids);
/// # }
/// ```
/// The twin that compiles:
/// ```
/// # use exeat_core::{verify::{Package, Verified}, keys::Identities};
/// # fn keep(verified: Verified<Package>, ids: Identities) {
/// verified.unlock(&ids).ok();
/// # }
/// ```
#[derive(Debug)]
pub struct Verified<P> {
    package: P,
    manifest: Manifest,
    manifest_sha256: Digest,
    signer: Signer,
    envelope: Vec<u8>,
    further_envelopes: Vec<FurtherEnvelope>,
}

impl Package {
    /// Opens the folder of a package, or its archive, and lists the members.
    ///
    /// # Errors
    /// It cannot be opened, or holds nothing that a package holds; an archive
    /// that is damaged.
    pub fn open(path: &Path) -> Result<Self, VerifyError> {
        let error = |source: rustix::io::Errno| VerifyError::Open {
            path: path.to_owned(),
            source: source.into(),
        };
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = rustix::fs::open(path, flags, Mode::empty()).map_err(error)?;
        let stat = rustix::fs::fstat(&opened).map_err(error)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Self::of_folder(opened, path),
            FileType::RegularFile => Archive::read(opened.into(), path).map(Self::of_archive),
            _ => Err(VerifyError::NotAPackage {
                path: path.to_owned(),
            }),
        }
    }

    /// Takes an archive from a pipe. It is kept, encrypted as it is, in a file
    /// without a name in `folder` until this is dropped.
    ///
    /// # Errors
    /// It is no archive of a package, is damaged, or cannot be kept.
    pub fn receive(
        input: &mut dyn io::Read,
        folder: &Path,
        progress: &dyn Progress,
    ) -> Result<Self, VerifyError> {
        Archive::receive(input, folder, progress).map(Self::of_archive)
    }

    fn of_archive(archive: Archive) -> Self {
        let members = archive.members();
        let members = members.map(|(name, bytes)| (name.to_vec(), true, bytes));
        Self {
            members: members.collect(),
            place: Place::Archive(archive),
        }
    }

    fn of_folder(folder: OwnedFd, path: &Path) -> Result<Self, VerifyError> {
        let error = |source: rustix::io::Errno| VerifyError::Open {
            path: path.to_owned(),
            source: source.into(),
        };
        let mut members = Vec::new();
        for item in Dir::read_from(&folder).map_err(error)? {
            let item = item.map_err(error)?;
            let name = item.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            if members.len() as u64 > MAX_MEMBERS {
                return Err(VerifyError::NotAPackage {
                    path: path.to_owned(),
                });
            }
            let stat = rustix::fs::statat(&folder, item.file_name(), AtFlags::SYMLINK_NOFOLLOW)
                .map_err(error)?;
            let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
            members.push((
                name.to_vec(),
                is_file,
                u64::try_from(stat.st_size).unwrap_or(0),
            ));
        }
        members.sort_unstable();
        let package = Self {
            place: Place::Folder(folder),
            members,
        };
        let is_package = package.has(member::MANIFEST)
            || package.has(member::ENVELOPE)
            || package.members.iter().any(|(name, ..)| is_volume(name));
        if !is_package {
            return Err(VerifyError::NotAPackage {
                path: path.to_owned(),
            });
        }
        Ok(package)
    }

    /// Checks the signature of the manifest, the manifest, and every member
    /// but the content of the volumes, which [`Verified::verify_volumes`] or
    /// opening the package checks.
    ///
    /// `now` decides whether the signer's key is valid; `wanted` demands a
    /// certain signer.
    ///
    /// # Errors
    /// The first step that does not hold; of damaged members, all of them.
    pub fn verify(
        self,
        allowed: &AllowedSigners,
        now: Timestamp,
        wanted: Option<&str>,
    ) -> Result<Verified<Self>, VerifyError> {
        let (manifest, manifest_sha256, signer) = self.signed_manifest(allowed, now, wanted)?;
        let damage = self.damage(&manifest);
        if !damage.is_empty() {
            let damage = self.exchanged(&manifest, damage);
            return Err(VerifyError::Damaged { damage });
        }
        let mut damage = Vec::new();
        let fixed = [
            (member::README, manifest.readme),
            (member::SUMS, manifest.sums),
            (member::INVENTORY, manifest.inventory),
        ];
        for (name, expected) in fixed {
            damage.extend(self.digest_damage(name, &expected, &|_| Ok(()))?);
        }
        let envelope = self.read(member::ENVELOPE, MAX_ENVELOPE)?;
        if Digest::of(&envelope) != manifest.key.envelope_sha256 {
            damage.push(Damage {
                member: member::ENVELOPE.into(),
                kind: DamageKind::Altered,
            });
        }
        if !damage.is_empty() {
            return Err(VerifyError::Damaged { damage });
        }
        let further_envelopes = self.further_envelopes(manifest_sha256, allowed, now)?;
        Ok(Verified {
            further_envelopes,
            package: self,
            manifest,
            manifest_sha256,
            signer,
            envelope,
        })
    }

    /// The manifest, its digest, and who signed it; nothing else is looked at.
    pub(crate) fn signed_manifest(
        &self,
        allowed: &AllowedSigners,
        now: Timestamp,
        wanted: Option<&str>,
    ) -> Result<(Manifest, Digest, Signer), VerifyError> {
        let (bytes, signature) = self.signed()?;
        let signer = signature::verify(&signature, PACKAGE_NAMESPACE, &bytes, allowed, now, wanted)
            .map_err(signature_error)?;
        Ok((Manifest::from_bytes(&bytes)?, Digest::of(&bytes), signer))
    }

    /// The manifest and its signature, neither of them checked.
    fn signed(&self) -> Result<(Vec<u8>, Vec<u8>), VerifyError> {
        if !self.has(member::MANIFEST) {
            return Err(VerifyError::Unfinished);
        }
        if !self.has(member::SIGNATURE) {
            return Err(VerifyError::Unsigned);
        }
        let is_file = |name: &str| {
            let mut members = self.members.iter();
            members.any(|(n, is_file, _)| n == name.as_bytes() && *is_file)
        };
        let not_files = [member::MANIFEST, member::SIGNATURE].into_iter();
        let damage: Vec<_> = not_files
            .filter(|name| !is_file(name))
            .map(|name| Damage {
                member: name.into(),
                kind: DamageKind::NotAFile,
            })
            .collect();
        if !damage.is_empty() {
            return Err(VerifyError::Damaged { damage });
        }
        let bytes = self.read(member::MANIFEST, MAX_MANIFEST)?;
        let signature = self.read(member::SIGNATURE, MAX_SIGNATURE)?;
        Ok((bytes, signature))
    }

    fn has(&self, name: &str) -> bool {
        let found = self
            .members
            .binary_search_by(|(n, ..)| n.as_slice().cmp(name.as_bytes()));
        found.is_ok()
    }

    /// Members that are missing, of the wrong size, or unknown.
    fn damage(&self, manifest: &Manifest) -> Vec<Damage> {
        let mut expected: std::collections::BTreeMap<&[u8], Option<u64>> = [
            (member::README, Some(manifest.readme.bytes)),
            (member::SUMS, Some(manifest.sums.bytes)),
            (member::INVENTORY, Some(manifest.inventory.bytes)),
            (member::ENVELOPE, None),
            (member::MANIFEST, None),
            (member::SIGNATURE, None),
        ]
        .into_iter()
        .chain(
            manifest
                .payload
                .volumes
                .iter()
                .map(|v| (v.name.as_str(), Some(v.bytes))),
        )
        .map(|(name, bytes)| (name.as_bytes(), bytes))
        .collect();
        let mut damage = Vec::new();
        for (name, is_file, found) in &self.members {
            let kind = match expected.remove(name.as_slice()) {
                _ if !is_file => DamageKind::NotAFile,
                Some(Some(bytes)) if bytes != *found => DamageKind::Size {
                    expected: bytes,
                    found: *found,
                },
                None if !self.is_further_envelope(name, *found) => DamageKind::Unknown,
                _ => continue,
            };
            damage.push(Damage {
                member: Escaped(name).to_string(),
                kind,
            });
        }
        damage.extend(expected.keys().map(|name| Damage {
            member: Escaped(name).to_string(),
            kind: DamageKind::Missing,
        }));
        damage.sort_by(|a, b| a.member.cmp(&b.member));
        damage
    }

    fn open_member(&self, name: &str) -> Result<MemberFile, VerifyError> {
        let opened = match &self.place {
            Place::Folder(folder) => beneath::open(folder, name.as_bytes(), OFlags::RDONLY)
                .map_err(io::Error::from)
                .and_then(|file| MemberFile::whole(file.into())),
            Place::Archive(archive) => {
                let member = archive.member(name.as_bytes());
                member.ok_or_else(|| io::ErrorKind::NotFound.into())
            }
        };
        opened.map_err(|e| read_error(name, e))
    }

    /// Reads a small member whole.
    fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, VerifyError> {
        let mut bytes = Vec::new();
        let file = self.open_member(name)?;
        file.take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| read_error(name, e))?;
        if bytes.len() as u64 > limit {
            let damage = vec![Damage {
                member: name.into(),
                kind: DamageKind::Size {
                    expected: limit,
                    found: bytes.len() as u64,
                },
            }];
            return Err(VerifyError::Damaged { damage });
        }
        Ok(bytes)
    }

    /// Reads a member whole and compares its size and digest.
    fn digest_damage(
        &self,
        name: &str,
        expected: &Member,
        on_bytes: &dyn Fn(usize) -> Result<(), VerifyError>,
    ) -> Result<Option<Damage>, VerifyError> {
        self.digest_damage_of(&mut self.open_member(name)?, name, expected, on_bytes)
    }

    fn digest_damage_of(
        &self,
        file: &mut MemberFile,
        name: &str,
        expected: &Member,
        on_bytes: &dyn Fn(usize) -> Result<(), VerifyError>,
    ) -> Result<Option<Damage>, VerifyError> {
        /// Lets one reading loop fail in two ways.
        struct Wrapped(Result<VerifyError, io::Error>);
        impl From<io::Error> for Wrapped {
            fn from(error: io::Error) -> Self {
                Self(Err(error))
            }
        }
        let mut buffer = vec![0; BUFFER];
        let file = file.take(expected.bytes.saturating_add(1));
        let read = digest_reader(file, &mut buffer, |n| {
            on_bytes(n).map_err(|e| Wrapped(Ok(e)))
        });
        let (sha256, bytes) = read.map_err(|Wrapped(error)| match error {
            Ok(error) => error,
            Err(source) => read_error(name, source),
        })?;
        let kind = if bytes != expected.bytes {
            DamageKind::Size {
                expected: expected.bytes,
                found: bytes,
            }
        } else if sha256 != expected.sha256 {
            DamageKind::Altered
        } else {
            return Ok(None);
        };
        Ok(Some(Damage {
            member: name.into(),
            kind,
        }))
    }
}

fn signature_error(error: SignatureError) -> VerifyError {
    match error {
        // A good signature that belongs to other bytes.
        SignatureError::Altered => VerifyError::Damaged {
            damage: vec![Damage {
                member: member::MANIFEST.into(),
                kind: DamageKind::Altered,
            }],
        },
        other => VerifyError::Signature(other),
    }
}

fn read_error(member: &str, source: io::Error) -> VerifyError {
    VerifyError::Read {
        member: member.into(),
        source,
    }
}

/// Whether a package may have a member of this name.
fn is_member(name: &[u8]) -> bool {
    const FIXED: [&str; 6] = [
        member::README,
        member::SUMS,
        member::INVENTORY,
        member::ENVELOPE,
        member::MANIFEST,
        member::SIGNATURE,
    ];
    FIXED.iter().any(|fixed| fixed.as_bytes() == name)
        || is_volume(name)
        || further::parse(name).is_some()
}

fn is_volume(name: &[u8]) -> bool {
    volume_number(name).is_some()
}

impl Verified<Package> {
    /// What the package consists of.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The SHA-256 of the manifest's bytes.
    #[must_use]
    pub fn manifest_sha256(&self) -> Digest {
        self.manifest_sha256
    }

    /// The package.
    #[must_use]
    pub fn id(&self) -> PackageId {
        self.manifest.id
    }

    /// Who signed it.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The envelopes that were added after the signer had sealed it, which the
    /// signature does not cover.
    #[must_use]
    pub fn further_envelopes(&self) -> &[FurtherEnvelope] {
        &self.further_envelopes
    }

    /// The folder of the package, where it is one.
    pub(crate) fn folder(&self) -> Option<&OwnedFd> {
        match &self.package.place {
            Place::Folder(folder) => Some(folder),
            Place::Archive(_) => None,
        }
    }

    /// What opens the package.
    ///
    /// # Errors
    /// A malformed envelope.
    pub fn envelope_kind(&self) -> Result<EnvelopeKind, VerifyError> {
        Ok(EnvelopeKind::of(&self.envelope)?)
    }

    /// Compares every volume with its size and digest.
    ///
    /// # Errors
    /// All damaged volumes together, or what the system says.
    pub fn verify_volumes(
        &self,
        threads: Option<NonZeroUsize>,
        progress: &dyn Progress,
    ) -> Result<(), VerifyError> {
        progress.begin(Phase::Checking, Some(self.manifest.payload.bytes));
        let volumes = &self.manifest.payload.volumes;
        let found = parallel::for_each(volumes.len(), parallel::threads(threads), |n| {
            let volume = &volumes[n];
            progress.current(&volume.name);
            let expected = Member {
                bytes: volume.bytes,
                sha256: volume.sha256,
            };
            let on_bytes = counting(progress);
            self.package
                .digest_damage(&volume.name, &expected, &on_bytes)
        })?;
        let damage = found.into_iter().flatten().collect();
        whole(self.package.exchanged(&self.manifest, damage))
    }
}

/// No damage, or an error that names it.
fn whole(damage: Vec<Damage>) -> Result<(), VerifyError> {
    match damage.is_empty() {
        true => Ok(()),
        false => Err(VerifyError::Damaged { damage }),
    }
}

/// Counts bytes as progress, and stops when the caller wants to.
fn counting(progress: &dyn Progress) -> impl Fn(usize) -> Result<(), VerifyError> + '_ {
    move |count| {
        progress.advance(count as u64);
        if progress.cancelled() {
            return Err(VerifyError::Interrupted);
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
