//! Bytes from anywhere → a package that can be trusted.
//!
//! In the order of trust of the format: the signature of the manifest by a
//! trusted signer; the manifest, strictly; every member by size and SHA-256;
//! the envelope and its commitment; the inventory; the payload. Nothing is
//! interpreted before what vouches for it has passed, and each step leaves the
//! evidence, in a type, that the next one asks for.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};

use crate::codec::Decoder;
use crate::diagnostic::{Explain, Fault, io_help};
use crate::digest::{Digest, Hasher, digest_reader};
use crate::keys::{EnvelopeKind, Identities, KeyError, MAX_ENVELOPE, PackageKey};
use crate::layout::MAX_VOLUMES;
use crate::manifest::{
    Inventory, InventoryError, InventoryFault, MAX_MANIFEST, Manifest, ManifestError, Member,
    PackageId, PayloadKind, member,
};
use crate::parallel;
use crate::path::Escaped;
use crate::progress::{Phase, Progress};
use crate::signature::{self, AllowedSigners, PACKAGE_NAMESPACE, SignatureError, Signer};

mod content;

pub use content::ContentFault;
pub(crate) use content::{Visitor, read_volume};

/// The largest signature a reader takes, in bytes.
const MAX_SIGNATURE: u64 = 64 << 10;
/// How much is read at once.
const BUFFER: usize = 128 << 10;

/// Why a package is not what it should be, or could not be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It cannot be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The package as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is something else.
    #[error("{} is not an exeat package", path.display())]
    NotAPackage {
        /// What was given.
        path: PathBuf,
    },
    /// It has volumes but no manifest.
    #[error(
        "the package has no {}: it was never finished, or not copied completely",
        member::MANIFEST
    )]
    Unfinished,
    /// It has no signature.
    #[error("the package is not signed: {} is missing", member::SIGNATURE)]
    Unsigned,
    /// The signature is not one by a trusted signer.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The manifest is not what the format asks for.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Members are missing, altered, or do not belong there.
    #[error("the package is damaged or altered: {}", list(damage))]
    Damaged {
        /// Every one of them.
        damage: Vec<Damage>,
    },
    /// The package key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The inventory is not what the format asks for.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// A volume does not hold what the inventory says.
    #[error("{volume} does not hold what the inventory says{}: {fault}", place(path.as_deref()))]
    Content {
        /// The volume.
        volume: String,
        /// The entry, escaped, where it is known.
        path: Option<String>,
        /// What is wrong.
        fault: ContentFault,
    },
    /// The payload is of a kind that this version cannot look into.
    #[error("the package holds a raw stream, which this version of exeat does not open")]
    RawPayload,
    /// A member could not be read.
    #[error("cannot read {member}")]
    Read {
        /// The member.
        member: String,
        /// What the system said.
        source: io::Error,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
}

fn list(damage: &[Damage]) -> String {
    const NAMED: usize = 10;
    let mut text: Vec<_> = damage.iter().take(NAMED).map(Damage::to_string).collect();
    if damage.len() > NAMED {
        text.push(format!("and {} more", damage.len() - NAMED));
    }
    text.join("; ")
}

fn place(path: Option<&str>) -> String {
    path.map(|path| format!(" of '{path}'")).unwrap_or_default()
}

impl Explain for VerifyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "package-not-opened",
            Self::NotAPackage { .. } => "not-a-package",
            Self::Unfinished => "package-unfinished",
            Self::Unsigned => "signature-absent",
            Self::Signature(error) => error.code(),
            Self::Manifest(error) => error.code(),
            Self::Damaged { .. } => "package-damaged",
            Self::Key(error) => error.code(),
            Self::Inventory(error) => error.code(),
            Self::Content { .. } => "content-differs",
            Self::RawPayload => "payload-raw",
            Self::Read { .. } => "member-unreadable",
            Self::Interrupted => "interrupted",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Open { .. } | Self::NotAPackage { .. } | Self::RawPayload => Fault::Request,
            Self::Unfinished | Self::Damaged { .. } | Self::Content { .. } => Fault::Package,
            Self::Unsigned => Fault::Signature,
            Self::Signature(error) => error.fault(),
            Self::Manifest(error) => error.fault(),
            Self::Key(error) => error.fault(),
            Self::Inventory(error) => error.fault(),
            Self::Read { .. } => Fault::Environment,
            Self::Interrupted => Fault::Interrupted,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Open { source, .. } | Self::Read { source, .. } => return io_help(source),
            Self::NotAPackage { .. } => {
                "name the folder of the package: the one with 'manifest.json' in it, its name \
                 usually ending in '.exeat'"
            }
            Self::Unfinished => {
                "copy the package again; if it is the same then, ask the sender for another one"
            }
            Self::Unsigned => {
                "copy the package again; if it is the same then, do not use it, and ask the \
                 sender for a signed one"
            }
            Self::Signature(error) => return error.help(),
            Self::Manifest(error) => return error.help(),
            Self::Damaged { .. } => {
                "do not use it; copy the package again from where you had it, and if it is the \
                 same then, ask the sender for another one"
            }
            Self::Key(error) => return error.help(),
            Self::Inventory(error) => return error.help(),
            Self::Content { .. } => "do not use it; tell the sender",
            Self::RawPayload => "its README.txt says how to open it with stock tools",
            Self::Interrupted => "nothing was left behind",
        }))
    }
}

/// One member that is not as the manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The member's name, escaped.
    pub member: String,
    /// What is wrong with it.
    pub kind: DamageKind,
}

/// What can be wrong with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DamageKind {
    /// It is not there.
    Missing,
    /// It has another length.
    Size {
        /// In bytes, by the manifest.
        expected: u64,
        /// In bytes, as found.
        found: u64,
    },
    /// It has the right length and other content.
    Altered,
    /// It does not belong in the package.
    Unknown,
    /// It is a link, a folder or a device.
    NotAFile,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let member = &self.member;
        match self.kind {
            DamageKind::Missing => write!(f, "{member} is missing"),
            DamageKind::Size { expected, found } if found < expected => {
                write!(f, "{member} is cut short ({found} of {expected} bytes)")
            }
            DamageKind::Size { expected, found } => {
                write!(f, "{member} is too long ({found} bytes, not {expected})")
            }
            DamageKind::Altered => write!(f, "{member} is not what was signed"),
            DamageKind::Unknown => write!(f, "'{member}' does not belong in the package"),
            DamageKind::NotAFile => write!(f, "{member} is not a regular file"),
        }
    }
}

/// A folder that may be a package; nothing in it has been looked at.
#[derive(Debug)]
pub struct Package {
    folder: OwnedFd,
    /// What the folder holds: name, whether it is a regular file, and bytes.
    members: Vec<(Vec<u8>, bool, u64)>,
}

/// A value that has passed verification; made by [`Package::verify`] alone.
///
/// ```compile_fail
/// # fn forge(package: exeat_core::verify::Package) {
/// let forged = exeat_core::verify::Verified { package };
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
    further_envelopes: usize,
}

impl Package {
    /// Opens the folder of a package and lists its members.
    ///
    /// # Errors
    /// It cannot be opened, or holds nothing that a package holds.
    pub fn open(path: &Path) -> Result<Self, VerifyError> {
        let error = |source: rustix::io::Errno| match source {
            rustix::io::Errno::NOTDIR => VerifyError::NotAPackage {
                path: path.to_owned(),
            },
            other => VerifyError::Open {
                path: path.to_owned(),
                source: other.into(),
            },
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(path, flags, Mode::empty()).map_err(error)?;
        let mut members = Vec::new();
        for item in Dir::read_from(&folder).map_err(error)? {
            let item = item.map_err(error)?;
            let name = item.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            // More names than the largest package could have.
            if members.len() as u64 > MAX_VOLUMES + 1000 {
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
        let package = Self { folder, members };
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
        if !self.has(member::MANIFEST) {
            return Err(VerifyError::Unfinished);
        }
        if !self.has(member::SIGNATURE) {
            return Err(VerifyError::Unsigned);
        }
        let bytes = self.read(member::MANIFEST, MAX_MANIFEST)?;
        let signature = self.read(member::SIGNATURE, MAX_SIGNATURE)?;
        let signer = signature::verify(&signature, PACKAGE_NAMESPACE, &bytes, allowed, now, wanted)
            .map_err(|error| match error {
                // A good signature that belongs to other bytes.
                SignatureError::Altered => VerifyError::Damaged {
                    damage: vec![Damage {
                        member: member::MANIFEST.into(),
                        kind: DamageKind::Altered,
                    }],
                },
                other => other.into(),
            })?;
        let manifest = Manifest::from_bytes(&bytes)?;
        let damage = self.damage(&manifest);
        if !damage.is_empty() {
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
        let further = self
            .members
            .iter()
            .filter(|(name, ..)| is_further_envelope(name));
        Ok(Verified {
            further_envelopes: further.filter(|(n, ..)| n.ends_with(b".age")).count(),
            package: self,
            manifest,
            manifest_sha256: Digest::of(&bytes),
            signer,
            envelope,
        })
    }

    fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(n, ..)| n == name.as_bytes())
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
                None if !is_further_envelope(name) => DamageKind::Unknown,
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

    fn open_member(&self, name: &str) -> Result<File, VerifyError> {
        crate::beneath::open(&self.folder, name.as_bytes(), OFlags::RDONLY)
            .map(File::from)
            .map_err(|e| read_error(name, e.into()))
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
        file: &mut File,
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

fn read_error(member: &str, source: io::Error) -> VerifyError {
    VerifyError::Read {
        member: member.into(),
        source,
    }
}

fn is_volume(name: &[u8]) -> bool {
    name.strip_prefix(b"volume-")
        .and_then(|rest| rest.strip_suffix(b".age"))
        .is_some_and(|digits| digits.len() == 5 && digits.iter().all(u8::is_ascii_digit))
}

/// `key-N.age`, `key-N.json` and `key-N.json.sig` with N from 2 on.
fn is_further_envelope(name: &[u8]) -> bool {
    let number = name.strip_prefix(b"key-").and_then(|rest| {
        [&b".age"[..], b".json", b".json.sig"]
            .iter()
            .find_map(|suffix| rest.strip_suffix(*suffix))
    });
    number
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .is_some_and(|digits| {
            digits.len() <= 3
                && digits.bytes().all(|b| b.is_ascii_digit())
                && !digits.starts_with('0')
                && digits.parse::<u16>().is_ok_and(|n| n >= 2)
        })
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

    /// How many envelopes were added by people who passed it on. This version
    /// neither checks nor uses them.
    #[must_use]
    pub fn further_envelopes(&self) -> usize {
        self.further_envelopes
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
        let damage: Vec<_> = found.into_iter().flatten().collect();
        if damage.is_empty() {
            Ok(())
        } else {
            Err(VerifyError::Damaged { damage })
        }
    }

    /// Opens the envelope and reads the inventory.
    ///
    /// # Errors
    /// No identity fits, or the envelope or the inventory is not what the
    /// format asks for.
    pub fn unlock(self, identities: &Identities) -> Result<Unlocked, VerifyError> {
        if self.manifest.payload.kind == PayloadKind::Raw {
            return Err(VerifyError::RawPayload);
        }
        let key = PackageKey::from_envelope(&self.envelope, identities)?;
        if key.commitment() != self.manifest.key.commitment {
            return Err(KeyError::Commitment.into());
        }
        let inventory = self.read_inventory(&key)?;
        let header = inventory.header();
        let is_ours = header.package == self.manifest.id
            && header.created == self.manifest.created
            && header.signer == self.signer.fingerprint().to_string()
            && inventory.volumes().len() == self.manifest.payload.volumes.len();
        if !is_ours {
            return Err(VerifyError::Inventory(InventoryError {
                line: 1,
                fault: InventoryFault::Foreign,
            }));
        }
        Ok(Unlocked {
            verified: self,
            key,
            inventory,
        })
    }

    fn read_inventory(&self, key: &PackageKey) -> Result<Inventory, VerifyError> {
        let file = self.package.open_member(member::INVENTORY)?;
        // Hashed when the package was verified, and again as it is decrypted:
        // whoever holds the package key could exchange the file in between.
        let seen = Rc::new(RefCell::new(Hasher::default()));
        let decrypted = key.decrypt(HashedFile {
            file,
            seen: Rc::clone(&seen),
        })?;
        let decoder = Decoder::new(decrypted, self.manifest.payload.compression)
            .map_err(|e| read_error(member::INVENTORY, e))?;
        let inventory = Inventory::read(io::BufReader::new(decoder))?;
        let (sha256, bytes) = seen.take().finish();
        if (Member { bytes, sha256 }) != self.manifest.inventory {
            return Err(VerifyError::Damaged {
                damage: vec![Damage {
                    member: member::INVENTORY.into(),
                    kind: DamageKind::Altered,
                }],
            });
        }
        Ok(inventory)
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

/// A verified package together with its key and inventory.
#[derive(Debug)]
pub struct Unlocked {
    verified: Verified<Package>,
    key: PackageKey,
    inventory: Inventory,
}

impl Unlocked {
    /// The verified package.
    #[must_use]
    pub fn verified(&self) -> &Verified<Package> {
        &self.verified
    }

    /// What is inside.
    #[must_use]
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    pub(crate) fn key(&self) -> &PackageKey {
        &self.key
    }

    /// The folder of the package.
    pub(crate) fn folder(&self) -> &OwnedFd {
        &self.verified.package.folder
    }

    /// Opens a volume and compares it with its size and digest; the file is
    /// then at its beginning again.
    pub(crate) fn checked_volume(
        &self,
        index: usize,
        progress: &dyn Progress,
    ) -> Result<File, VerifyError> {
        let volume = &self.verified.manifest.payload.volumes[index];
        let package = &self.verified.package;
        let mut file = package.open_member(&volume.name)?;
        let expected = Member {
            bytes: volume.bytes,
            sha256: volume.sha256,
        };
        let on_bytes = counting(progress);
        match package.digest_damage_of(&mut file, &volume.name, &expected, &on_bytes)? {
            Some(damage) => Err(VerifyError::Damaged {
                damage: vec![damage],
            }),
            None => {
                file.rewind().map_err(|e| read_error(&volume.name, e))?;
                Ok(file)
            }
        }
    }

    /// Decrypts every volume and compares every entry with the inventory; no
    /// plaintext is written anywhere.
    ///
    /// # Errors
    /// The first volume or entry that differs.
    pub fn verify_contents(
        &self,
        threads: Option<NonZeroUsize>,
        progress: &dyn Progress,
    ) -> Result<(), VerifyError> {
        let total = self.verified.manifest.payload.bytes + self.inventory.header().bytes;
        progress.begin(Phase::Reading, Some(total));
        let count = self.inventory.volumes().len();
        parallel::for_each(count, parallel::threads(threads), |index| {
            read_volume(self, index, None, &mut content::Nowhere, progress)
        })?;
        Ok(())
    }
}

/// A file that hashes what is read from its beginning on.
struct HashedFile {
    file: File,
    seen: Rc<RefCell<Hasher>>,
}

impl Read for HashedFile {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buf)?;
        self.seen.borrow_mut().update(&buf[..count]);
        Ok(count)
    }
}

impl Seek for HashedFile {
    /// Only back to the beginning, where hashing begins anew.
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        if pos != SeekFrom::Start(0) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.seen.take();
        self.file.rewind()?;
        Ok(0)
    }
}
