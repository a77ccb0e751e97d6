//! The packages of one chain in one folder, by what their signed manifests say.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{Dir, Mode, OFlags};
use rustix::io::Errno;
use uuid::Uuid;

use super::chain::Chain;
use super::error::BackupError;
use super::memory::{Memory, Tip};
use super::problems::{FORK, MAYBE_UNREADABLE, Problems, RECORD, UNREADABLE, finding};
use super::pruned::{self, Found, Gone, PruneRecord};
use super::retention::Candidate;
use crate::diagnostic::Finding;
use crate::digest::Digest;
use crate::manifest::{Manifest, PackageId, PayloadKind, Series};
use crate::path::Escaped;
use crate::progress::Progress;
use crate::signature::PublicKey;
use crate::statement::Signed;
use crate::verify::{Claim, Package, Unglanced, VerifyError};

/// What the name of a package's folder ends in.
const ENDING: &[u8] = b".exeat";
/// No folder of backups holds more packages; past them the folder is refused.
const MAX_PACKAGES: usize = 1_000_000;

/// The packages of one chain in one folder, in the order of their sequence
/// numbers, and what is wrong with them.
///
/// Every manifest was signed by the profile's key. The members were counted and
/// measured, not read: that is [`crate::verify`]'s.
#[derive(Debug)]
pub struct Shelf {
    pub(super) folder: OwnedFd,
    pub(super) path: PathBuf,
    pub(super) series: Uuid,
    pub(super) signer: PublicKey,
    pub(super) packages: Vec<Shelved>,
    pub(super) record: Record,
    others: u64,
    problems: Vec<Finding>,
}

/// What is known of packages that are not there any more.
#[derive(Debug)]
pub(super) enum Record {
    Nothing,
    Signed(Box<Signed<PruneRecord>>),
    /// There is something that counts for nothing.
    Bad,
}

/// A package of the chain, by its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shelved {
    /// The name of its folder.
    pub name: OsString,
    /// The package.
    pub id: PackageId,
    /// Its place in the chain.
    pub sequence: u64,
    /// When it was made, by the clock of then.
    pub created: Timestamp,
    /// The SHA-256 of the manifest before it.
    pub previous: Option<Digest>,
    /// The packages that it needs.
    pub base: Vec<PackageId>,
    /// The SHA-256 of its manifest.
    pub manifest_sha256: Digest,
    /// What its volumes hold.
    pub kind: PayloadKind,
    /// The bytes of all its members, as the file system says.
    pub bytes: u64,
    /// Members that are missing, of another length, or do not belong there, in
    /// words; `None` where all is as the manifest says.
    pub damage: Option<String>,
}

/// Where in a chain a package goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its number.
    pub sequence: u64,
    /// The SHA-256 of the manifest before it; none of the first one, or where
    /// the one before was lost, and nobody knows it any more.
    pub previous: Option<Digest>,
}

impl Shelved {
    /// The name of its folder, for people.
    pub(super) fn shown(&self) -> String {
        Escaped(self.name.as_bytes()).to_string()
    }
}

/// What a folder turned out to be.
enum Seen {
    Ours(Shelved),
    /// Somebody else's, another chain's, or no backup.
    Other,
    /// No folder.
    Nothing,
}

impl Shelf {
    /// Looks at every folder `*.exeat` in `folder`, hidden ones aside, and keeps
    /// those of the chain `series` that `signer` has signed. Archives are not
    /// looked at. Nothing is written.
    ///
    /// What is wrong is in [`Shelf::problems`]; no package makes the whole fail.
    ///
    /// ```
    /// use exeat_core::backup::{Shelf, series_id};
    /// use exeat_core::progress::Silent;
    /// use exeat_core::signature::SigningKey;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let folder = dir.path();
    /// let key = SigningKey::generate("host").public();
    /// let series = series_id(&key.fingerprint(), "clinic");
    /// let shelf = Shelf::read(folder, series, &key, &Silent)?;
    /// assert!(shelf.packages().is_empty() && shelf.problems().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BackupError::Folder`]; that the caller asked to stop.
    pub fn read(
        folder: &Path,
        series: Uuid,
        signer: &PublicKey,
        progress: &dyn Progress,
    ) -> Result<Self, BackupError> {
        let failed = |source: io::Error| BackupError::Folder {
            path: folder.to_owned(),
            source,
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(folder, flags, Mode::empty());
        let mut shelf = Self {
            folder: opened.map_err(|e| failed(e.into()))?,
            path: folder.to_owned(),
            series,
            signer: signer.clone(),
            packages: Vec::new(),
            record: Record::Nothing,
            others: 0,
            problems: Vec::new(),
        };
        let mut problems = Problems::default();
        for name in shelf.names().map_err(failed)? {
            if progress.cancelled() {
                return Err(BackupError::Interrupted);
            }
            match shelf.look(&name, &mut problems) {
                Seen::Ours(package) => shelf.packages.push(package),
                Seen::Other => shelf.others += 1,
                Seen::Nothing => {}
            }
        }
        shelf.order();
        let found = pruned::read(&shelf.folder, series, signer).map_err(failed)?;
        shelf.record = match found {
            Found::Nothing => Record::Nothing,
            Found::Record(record) => Record::Signed(record),
            Found::Bad(reason) => {
                let message =
                    format!("the record of removed packages counts for nothing: {reason}");
                problems.add(RECORD, message, vec![pruned::file_name(series)]);
                Record::Bad
            }
        };
        shelf.chain().check(&mut problems);
        shelf.problems = problems.into_findings();
        Ok(shelf)
    }

    /// The names of what may be packages, in order.
    fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for item in Dir::read_from(&self.folder)? {
            let item = item?;
            let name = item.file_name().to_bytes();
            if name.starts_with(b".") || !name.ends_with(ENDING) {
                continue;
            }
            if names.len() >= MAX_PACKAGES {
                return Err(io::Error::other("there are more than a million packages"));
            }
            names.push(OsStr::from_bytes(name).to_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn look(&self, name: &OsStr, problems: &mut Problems) -> Seen {
        let path = self.path.join(name);
        let opened = Package::below(&self.folder, name, &path);
        let package = match opened {
            Err(VerifyError::Open { source, .. }) if is_no_folder(&source) => return Seen::Nothing,
            other => other,
        };
        let glance = package
            .map_err(Unglanced::from)
            .and_then(|package| Ok((package.glance(&self.signer)?, package.bytes())));
        let (claims, error) = match glance {
            Ok((glance, bytes)) => {
                let digest = glance.manifest_sha256;
                let damage = (!glance.damage.is_empty()).then_some(glance.damage);
                let damage = damage.map(|damage| VerifyError::Damaged { damage }.to_string());
                return self.shelved(name, glance.manifest, digest, bytes, damage);
            }
            Err(Unglanced::Foreign) => return Seen::Other,
            Err(Unglanced::Bad { claims, error }) => (claims, error),
        };
        // What it claims decides no more than whose worry it is.
        let kind = match claims {
            Claim::Series(Some(id)) if id == self.series => UNREADABLE,
            Claim::Series(_) => return Seen::Other,
            Claim::Unreadable => MAYBE_UNREADABLE,
        };
        let message = format!("what looks like a package cannot be trusted: {error}");
        problems.add(kind, message, vec![Escaped(name.as_bytes()).to_string()]);
        Seen::Nothing
    }

    fn shelved(
        &self,
        name: &OsStr,
        manifest: Manifest,
        manifest_sha256: Digest,
        bytes: u64,
        damage: Option<String>,
    ) -> Seen {
        let Some(series) = manifest.series.filter(|series| series.id == self.series) else {
            return Seen::Other;
        };
        let Series {
            base,
            previous,
            sequence,
            ..
        } = series;
        Seen::Ours(Shelved {
            name: name.to_owned(),
            id: manifest.id,
            sequence,
            created: manifest.created,
            previous,
            base,
            manifest_sha256,
            kind: manifest.payload.kind,
            bytes,
            damage,
        })
    }

    /// Puts them in order, and counts copies of one package as others: of them
    /// one that is not damaged is kept.
    fn order(&mut self) {
        let before = self.packages.len();
        self.packages.sort_by(|a, b| {
            let key = |package: &Shelved| {
                let is_damaged = package.damage.is_some();
                (package.sequence, package.manifest_sha256, is_damaged)
            };
            key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
        });
        self.packages
            .dedup_by(|a, b| a.manifest_sha256 == b.manifest_sha256);
        self.others += (before - self.packages.len()) as u64;
    }

    pub(super) fn chain(&self) -> Chain<'_> {
        Chain {
            packages: &self.packages,
            gone: self.gone(),
        }
    }

    /// The packages, in the order of their sequence numbers.
    #[must_use]
    pub fn packages(&self) -> &[Shelved] {
        &self.packages
    }

    /// The one with the highest sequence number.
    #[must_use]
    pub fn newest(&self) -> Option<&Shelved> {
        self.packages.last()
    }

    /// The packages as [`super::plan`] wants them. One counts as verified if the
    /// host remembers so, and if its members still are as its manifest says.
    #[must_use]
    pub fn candidates(&self, memory: &Memory) -> Vec<Candidate> {
        let candidate = |package: &Shelved| Candidate {
            id: package.id,
            sequence: package.sequence,
            created: package.created,
            base: package.base.clone(),
            is_verified: package.damage.is_none() && memory.verified.contains_key(&package.id),
        };
        self.packages.iter().map(candidate).collect()
    }

    /// Where the next package goes: after the highest number that is there, that
    /// was removed or accepted as missing, or that the host remembers.
    ///
    /// It is for a chain that nothing is wrong with, [`Shelf::held_against`]
    /// included.
    #[must_use]
    pub fn next_place(&self, tip: Option<&Tip>) -> Place {
        self.chain().next(tip)
    }

    /// Where a package of it lies.
    #[must_use]
    pub fn path_of(&self, package: &Shelved) -> PathBuf {
        self.path.join(&package.name)
    }

    /// How many packages lie there besides: of another chain or another signer,
    /// copies, or no backups.
    #[must_use]
    pub fn others(&self) -> u64 {
        self.others
    }

    /// What is not there any more by the signed record, in the order of sequence
    /// numbers.
    #[must_use]
    pub fn gone(&self) -> &[Gone] {
        match &self.record {
            Record::Signed(record) => &record.statement().removed,
            Record::Nothing | Record::Bad => &[],
        }
    }

    /// What is wrong, the worst first: `backup-unreadable`, `backup-damaged`,
    /// `backup-fork`, `backup-gap`, `backup-base-missing`, `backup-clock`,
    /// `backup-prune-record`. It is as of [`Shelf::read`].
    #[must_use]
    pub fn problems(&self) -> &[Finding] {
        &self.problems
    }

    /// Packages after the one that the host remembers as its last, and that it did
    /// not mean to make: another machine has the key, `backup-fork`. Where there
    /// are any, `released` says what left by this host's own ledger: a host whose
    /// disk was full may have made what it could not remember.
    #[must_use]
    pub fn strangers(
        &self,
        memory: &Memory,
        released: impl FnOnce() -> HashSet<PackageId>,
    ) -> Vec<Finding> {
        let Some(tip) = &memory.tip else {
            return Vec::new();
        };
        let packages = self.packages.iter();
        let mut strange: Vec<_> = packages
            .filter(|one| one.sequence > tip.sequence && Some(one.id) != memory.intended)
            .collect();
        if !strange.is_empty() {
            let released = released();
            strange.retain(|one| !released.contains(&one.id));
        }
        let names: Vec<_> = strange.into_iter().map(Shelved::shown).collect();
        match names.is_empty() {
            true => Vec::new(),
            false => {
                let message = "there are packages by this profile's key that this host did not \
                               make"
                    .to_owned();
                vec![finding(FORK, message, names)]
            }
        }
    }

    /// Compares with what the host remembers as the end of the chain:
    /// `backup-replayed` where the newest packages are gone or the folder was
    /// put back to an older state, `backup-fork` where another package has its
    /// place. A chain that goes on further is no problem: a run was stopped
    /// between publishing and remembering.
    #[must_use]
    pub fn held_against(&self, tip: Option<&Tip>) -> Vec<Finding> {
        tip.map(|tip| self.chain().held_against(tip))
            .unwrap_or_default()
    }
}

fn is_no_folder(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::NOTDIR | Errno::LOOP | Errno::NOENT))
}
