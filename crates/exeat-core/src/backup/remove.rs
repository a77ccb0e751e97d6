//! Removes packages that the rules do not keep: first the signed record of it,
//! then the packages, the latest first, each out of sight by one rename.
#![expect(
    clippy::disallowed_methods,
    reason = "packages that are not kept are removed here"
)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use jiff::Timestamp;
use rustix::fs::{Dir, Mode, RenameFlags};
use rustix::io::Errno;

use super::atomic;
use super::error::BackupError;
use super::memory::Tip;
use super::pruned::{self, Gone, GoneReason, PruneRecord};
use super::retention::{Fate, Surplus, Verdict};
use super::shelf::{Record, Shelf, Shelved};
use crate::manifest::PackageId;
use crate::progress::Progress;
use crate::signature::SigningKey;
use crate::staging;
use crate::statement::{Signed, Statement as _};
use crate::verify::{Package, VerifyError};

/// What a package is called while it is removed.
const PREFIX: &str = ".exeat-removed-";
/// So many missing packages can be accepted at once.
const MAX_ACCEPTED: u64 = 100_000;

/// A package that was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The package.
    pub id: PackageId,
    /// Its place in the chain.
    pub sequence: u64,
    /// When it was made.
    pub created: Timestamp,
    /// The name that its folder had.
    pub name: OsString,
    /// The bytes that its members had.
    pub bytes: u64,
    /// Why no rule keeps it.
    pub why: Surplus,
}

impl Shelf {
    /// Removes the packages whose fate is [`Verdict::Removed`]; those without a
    /// fate stay. `now` goes into the record.
    ///
    /// The record is signed, written and synced before anything is removed. A
    /// package is renamed, so that it is out of sight as a whole, and then
    /// deleted; what an interrupted call left of one is deleted first. A package
    /// that was recorded and not yet removed is still in its place, and goes by
    /// its fate like any other.
    ///
    /// # Errors
    /// Before anything was written: another key than the chain's, a record that
    /// is there and not by it, a package that a kept one needs or that is the
    /// newest, one that has been exchanged or holds what is not part of it, what
    /// the system says. After that: [`BackupError::Remove`],
    /// [`BackupError::Unconfirmed`], or that the caller asked to stop; the next
    /// call finishes it.
    pub fn remove(
        &mut self,
        fates: &[Fate],
        signer: &SigningKey,
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Result<Vec<Removed>, BackupError> {
        let doomed = self.doomed(fates);
        self.check_signer(signer)?;
        self.check_not_needed(&doomed)?;
        for package in &doomed {
            self.check_place(&package.0)?;
        }
        let gone = doomed.iter().map(|(package, _)| Gone {
            created: Some(package.created),
            id: Some(package.id),
            manifest_sha256: Some(package.manifest_sha256),
            reason: GoneReason::Retention,
            sequence: package.sequence,
        });
        self.put_on_record(gone.collect(), signer, now)?;
        self.clear_leftovers()?;
        let mut removed = Vec::with_capacity(doomed.len());
        for (package, why) in doomed {
            if progress.cancelled() {
                return Err(BackupError::Interrupted);
            }
            self.remove_one(&package)?;
            self.packages.retain(|other| other.id != package.id);
            removed.push(Removed {
                id: package.id,
                sequence: package.sequence,
                created: package.created,
                name: package.name,
                bytes: package.bytes,
                why,
            });
        }
        Ok(removed)
    }

    /// The places of the chain of which there is neither a package nor a record, up
    /// to the end of the chain as the host remembers it: the first hundred.
    #[must_use]
    pub fn missing(&self, tip: Option<&Tip>) -> Vec<u64> {
        let missing = self.chain().missing(tip.map(|tip| tip.sequence));
        missing.into_iter().flatten().take(100).collect()
    }

    /// Records as missing every place of the chain of which there is neither a
    /// package nor a record, up to the end of the chain as the host remembers
    /// it; gives those places. They are no gap from then on.
    ///
    /// # Errors
    /// Another key than the chain's, a record that is there and not by it, more
    /// than 100,000 places, what the system says.
    pub fn accept_missing(
        &mut self,
        tip: Option<&Tip>,
        signer: &SigningKey,
        now: Timestamp,
    ) -> Result<Vec<Gone>, BackupError> {
        self.check_signer(signer)?;
        let missing = self.chain().missing(tip.map(|tip| tip.sequence));
        let count = missing.iter().fold(0, |sum: u64, range| {
            sum.saturating_add(range.end() - range.start())
                .saturating_add(1)
        });
        if count > MAX_ACCEPTED {
            return Err(BackupError::TooMany { count });
        }
        let after = |sequence: u64| {
            let mut packages = self.packages.iter();
            packages.find(|package| package.sequence.checked_sub(1) == Some(sequence))
        };
        let tip = |sequence| tip.filter(|tip| tip.sequence == sequence);
        let gone = missing.into_iter().flatten().map(|sequence| Gone {
            created: tip(sequence).map(|tip| tip.created),
            id: None,
            manifest_sha256: tip(sequence)
                .map(|tip| tip.manifest_sha256)
                .or_else(|| after(sequence)?.previous),
            reason: GoneReason::Missing,
            sequence,
        });
        let gone: Vec<_> = gone.collect();
        self.put_on_record(gone.clone(), signer, now)?;
        Ok(gone)
    }

    /// What is to go, the latest first: what needs others goes before them.
    fn doomed(&self, fates: &[Fate]) -> Vec<(Shelved, Surplus)> {
        let surplus = |fate: &Fate| match fate.verdict {
            Verdict::Removed(why) => Some((fate.id, why)),
            Verdict::Kept(_) => None,
        };
        let fates: HashMap<_, _> = fates.iter().filter_map(surplus).collect();
        let packages = self.packages.iter().rev();
        packages
            .filter_map(|package| Some((package.clone(), *fates.get(&package.id)?)))
            .collect()
    }

    fn check_signer(&self, signer: &SigningKey) -> Result<(), BackupError> {
        let public = signer.public();
        if public != self.signer {
            let found = public.fingerprint();
            return Err(BackupError::Signer { found });
        }
        match self.record {
            Record::Bad => Err(BackupError::Record {
                path: self.record_path(),
            }),
            Record::Nothing | Record::Signed(_) => Ok(()),
        }
    }

    fn record_path(&self) -> std::path::PathBuf {
        self.path.join(pruned::file_name(self.series))
    }

    /// Whatever has made the plan: the newest stays, and what a kept one needs.
    fn check_not_needed(&self, doomed: &[(Shelved, Surplus)]) -> Result<(), BackupError> {
        let going: HashSet<_> = doomed.iter().map(|(package, _)| package.id).collect();
        let kept = self.packages.iter().filter(|it| !going.contains(&it.id));
        let needed: HashSet<_> = kept.flat_map(|package| &package.base).collect();
        let newest = self.newest().map(|package| package.sequence);
        for (package, _) in doomed {
            let reason = match package {
                _ if newest == Some(package.sequence) => "it is the newest",
                _ if needed.contains(&package.id) => "one that is kept needs it",
                _ => continue,
            };
            let sequence = package.sequence;
            return Err(BackupError::Needed { sequence, reason });
        }
        Ok(())
    }

    /// Demands that the package is still there, and that nothing is in it which
    /// is not part of one.
    fn check_place(&self, shelved: &Shelved) -> Result<(), BackupError> {
        let path = self.path_of(shelved);
        let changed = |_: VerifyError| BackupError::Changed { path: path.clone() };
        let package = Package::below(&self.folder, &shelved.name, &path).map_err(changed)?;
        if package.manifest_digest().map_err(changed)? != shelved.manifest_sha256 {
            return Err(BackupError::Changed { path });
        }
        match package.stray() {
            Some(member) => Err(BackupError::Stray { path, member }),
            None => Ok(()),
        }
    }

    /// Signs and writes a record that has these, too.
    fn put_on_record(
        &mut self,
        new: Vec<Gone>,
        signer: &SigningKey,
        now: Timestamp,
    ) -> Result<(), BackupError> {
        let known = self.gone().iter().cloned();
        let mut removed: BTreeMap<_, _> =
            known.map(|gone| ((gone.sequence, gone.id), gone)).collect();
        for gone in new {
            // One that was missing, and had come back.
            removed.remove(&(gone.sequence, None));
            removed.insert((gone.sequence, gone.id), gone);
        }
        let removed: Vec<_> = removed.into_values().collect();
        if removed == self.gone() {
            return Ok(());
        }
        let count = removed.len() as u64;
        let record = PruneRecord {
            created: now,
            removed,
            series: self.series,
        };
        let signed = Signed::sign(record, signer)?;
        let bytes = signed.to_bytes();
        if bytes.len() > PruneRecord::MAX_BYTES {
            return Err(BackupError::TooMany { count });
        }
        let name = pruned::file_name(self.series);
        let mode = Mode::from_raw_mode(0o644);
        atomic::replace(&self.folder, &name, &bytes, mode).map_err(|source| {
            let path = self.record_path();
            BackupError::Write { path, source }
        })?;
        self.record = Record::Signed(Box::new(signed));
        Ok(())
    }

    /// What the packages of this chain are called while they are removed.
    fn prefix(&self) -> String {
        format!("{PREFIX}{}-", self.series)
    }

    /// Deletes what an interrupted [`Shelf::remove`] left of packages that were
    /// out of sight already.
    ///
    /// # Errors
    /// [`BackupError::Remove`], [`BackupError::Unconfirmed`].
    pub fn clear_leftovers(&self) -> Result<(), BackupError> {
        let failed = |source: io::Error| self.not_removed(Path::new(&self.prefix()), source);
        let prefix = self.prefix();
        let mut left = Vec::new();
        for item in Dir::read_from(&self.folder).map_err(|e| failed(e.into()))? {
            let item = item.map_err(|e| failed(e.into()))?;
            let name = item.file_name().to_bytes();
            if name.starts_with(prefix.as_bytes()) {
                left.push(OsStr::from_bytes(name).to_owned());
            }
        }
        for name in left {
            self.delete(&name)?;
        }
        Ok(())
    }

    fn remove_one(&self, package: &Shelved) -> Result<(), BackupError> {
        self.check_place(package)?;
        let hidden = format!("{}{}", self.prefix(), package.id);
        let (folder, name) = (&self.folder, package.name.as_os_str());
        let flags = RenameFlags::NOREPLACE;
        let renamed = match rustix::fs::renameat_with(folder, name, folder, &hidden, flags) {
            // A file system without that flag; leftovers are gone, and a rename
            // never replaces a folder that has anything in it.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                rustix::fs::renameat(folder, name, folder, &hidden)
            }
            other => other,
        };
        renamed.map_err(|e| self.not_removed(Path::new(name), e.into()))?;
        // The name must be gone for good before the first member is.
        rustix::fs::fsync(folder).map_err(|e| self.not_removed(Path::new(&hidden), e.into()))?;
        self.delete(OsStr::new(&hidden))
    }

    fn delete(&self, name: &OsStr) -> Result<(), BackupError> {
        match staging::remove_tree(self.folder.as_fd(), name) {
            // It is none of ours.
            Err(Errno::NOTDIR | Errno::LOOP) => return Ok(()),
            // Somebody else was faster.
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(self.not_removed(Path::new(name), error.into())),
        }
        rustix::fs::fsync(&self.folder).map_err(|error| BackupError::Unconfirmed {
            path: self.path.join(name),
            source: error.into(),
        })
    }

    fn not_removed(&self, name: &Path, source: io::Error) -> BackupError {
        let path = self.path.join(name);
        BackupError::Remove { path, source }
    }
}
