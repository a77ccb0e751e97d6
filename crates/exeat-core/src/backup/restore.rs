//! For whoever restores: which packages lie in a folder, and which of them is
//! the one of a certain time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::BackupError;
use super::series::SeriesId;
use crate::diagnostic::{Explain, Fault};
use crate::digest::Digest;
use crate::manifest::PackageId;
use crate::path::{Escaped, shown};
use crate::progress::Progress;
use crate::signature::{AllowedSigners, Fingerprint};
use crate::verify::Package;

/// So many packages one folder may hold.
const MAX_PACKAGES: usize = 1_000_000;

/// The backups in a folder that somebody trusted has signed.
#[derive(Debug, Default)]
pub struct Backups {
    folder: PathBuf,
    packages: Vec<Backup>,
    passed_over: Vec<PathBuf>,
}

/// One of them, by its signed manifest.
#[derive(Debug, Clone)]
pub struct Backup {
    /// Where it is.
    pub path: PathBuf,
    /// The package.
    pub id: PackageId,
    /// The SHA-256 of its manifest.
    pub manifest_sha256: Digest,
    /// The chain.
    pub series: SeriesId,
    /// Its place in the chain.
    pub sequence: u64,
    /// When it was made.
    pub created: Timestamp,
    /// The key that signed it.
    pub signer: Fingerprint,
    /// Whose key that is, as the allowed signers say.
    pub principal: String,
}

/// Why there is nothing to restore.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The folder cannot be looked at.
    #[error(transparent)]
    Folder(#[from] BackupError),
    /// There is no backup in it.
    #[error("{} holds no backup that somebody you trust has signed", shown(folder))]
    None {
        /// The folder.
        folder: PathBuf,
        /// How many packages nobody that is trusted has signed.
        untrusted: u64,
    },
    /// There are several chains. One is known by who has signed it, too: anybody
    /// can write the number of somebody else's.
    #[error("{} holds {} chains of backups", shown(folder), chains.len())]
    Several {
        /// The folder.
        folder: PathBuf,
        /// The newest of each chain.
        chains: Vec<Backup>,
    },
    /// Two different backups have one place in the chain.
    #[error("two backups have the number {sequence}: {} and {}", shown(&paths[0]), shown(&paths[1]))]
    Fork {
        /// The number.
        sequence: u64,
        /// Two of them.
        paths: [PathBuf; 2],
    },
    /// All of them are later.
    #[error("there is no backup of {wanted} or before; the oldest is of {oldest}")]
    Later {
        /// The time that was asked for.
        wanted: Timestamp,
        /// The time of the oldest.
        oldest: Timestamp,
    },
}

impl Explain for RestoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Folder(error) => error.code(),
            Self::None { .. } => "backup-none",
            Self::Several { .. } => "backup-several",
            Self::Fork { .. } => "backup-fork",
            Self::Later { .. } => "backup-later",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Folder(error) => error.fault(),
            Self::None { untrusted, .. } if *untrusted > 0 => Fault::Signature,
            Self::Fork { .. } => Fault::Package,
            _ => Fault::Request,
        }
    }

    fn help(&self) -> Option<std::borrow::Cow<'static, str>> {
        match self {
            Self::Folder(error) => error.help(),
            Self::None { untrusted: 0, .. } => {
                Some("name the folder that the packages lie in".into())
            }
            Self::None { untrusted, .. } => Some(
                format!(
                    "trust the signer line of the machine that made them with 'exeat trust FILE' \
                     ({untrusted} packages are there)"
                )
                .into(),
            ),
            Self::Several { chains, .. } => {
                let lines = chains.iter().map(|newest| {
                    format!(
                        "--series {} --signer '{}' (number {} of {})",
                        newest.series,
                        Escaped(newest.principal.as_bytes()),
                        newest.sequence,
                        newest.created
                    )
                });
                let lines: Vec<_> = lines.take(20).collect();
                Some(format!("say which one:\n  {}", lines.join("\n  ")).into())
            }
            Self::Fork { .. } => Some(
                "two machines have written with one key: find out whose is the one you want, and \
                 open that package itself"
                    .into(),
            ),
            Self::Later { .. } => Some("choose a later time".into()),
        }
    }
}

impl Backups {
    /// Looks at every package in `folder`, archives too, hidden ones aside. Of
    /// each the manifest is read and its signature checked, and no more.
    ///
    /// # Errors
    /// The folder cannot be read; that the caller asked to stop.
    pub fn find(
        folder: &Path,
        allowed: &AllowedSigners,
        now: Timestamp,
        wanted: Option<&str>,
        progress: &dyn Progress,
    ) -> Result<Self, BackupError> {
        let failed = |source| BackupError::Folder {
            path: folder.to_owned(),
            source,
        };
        let mut paths = Vec::new();
        for item in std::fs::read_dir(folder).map_err(failed)? {
            let name = item.map_err(failed)?.file_name();
            let bytes = name.as_encoded_bytes();
            let is_package = bytes.ends_with(b".exeat") || bytes.ends_with(b".exeat.tar");
            if !bytes.starts_with(b".") && is_package {
                paths.push(folder.join(name));
            }
            if paths.len() > MAX_PACKAGES {
                return Err(failed(std::io::Error::other(
                    "there are more than a million packages",
                )));
            }
        }
        paths.sort_unstable();
        let mut found = Self {
            folder: folder.to_owned(),
            packages: Vec::new(),
            passed_over: Vec::new(),
        };
        let mut known = BTreeSet::new();
        for path in paths {
            if progress.cancelled() {
                return Err(BackupError::Interrupted);
            }
            let package = Package::open(&path);
            let read = package.and_then(|package| package.signed_manifest(allowed, now, wanted));
            let Ok((manifest, manifest_sha256, signer)) = read else {
                found.passed_over.push(path);
                continue;
            };
            let Some(series) = manifest.series else {
                continue;
            };
            // A copy of a package is the same package; another one under its id is not.
            if known.insert((manifest_sha256, *signer.fingerprint())) {
                found.packages.push(Backup {
                    path,
                    id: manifest.id,
                    manifest_sha256,
                    series: series.id,
                    sequence: series.sequence,
                    created: manifest.created,
                    signer: *signer.fingerprint(),
                    principal: signer.principal().to_owned(),
                });
            }
        }
        Ok(found)
    }

    /// The backup of a time: the last one that was made then or before, of the
    /// chain `series`, or of the only chain there is.
    ///
    /// # Errors
    /// There is none; or it is not said of which chain.
    pub fn as_of(
        &self,
        wanted: Timestamp,
        series: Option<SeriesId>,
    ) -> Result<&Backup, RestoreError> {
        let mut chains: BTreeMap<(SeriesId, String), &Backup> = BTreeMap::new();
        for package in self.of(series) {
            let chain = (package.series, package.signer.to_string());
            let newest = chains.entry(chain).or_insert(package);
            if package.sequence > newest.sequence {
                *newest = package;
            }
        }
        if chains.is_empty() {
            return Err(RestoreError::None {
                folder: self.folder.clone(),
                untrusted: self.passed_over.len() as u64,
            });
        }
        if chains.len() > 1 {
            return Err(RestoreError::Several {
                folder: self.folder.clone(),
                chains: chains.into_values().cloned().collect(),
            });
        }
        let then = self.of(series).filter(|package| package.created <= wanted);
        // By its place: clocks are set back.
        let found = then.max_by_key(|package| package.sequence);
        let is_twin = |one: &&Backup, found: &Backup| {
            one.sequence == found.sequence && one.manifest_sha256 != found.manifest_sha256
        };
        if let Some(found) = found
            && let Some(twin) = self.of(series).find(|one| is_twin(one, found))
        {
            return Err(RestoreError::Fork {
                sequence: found.sequence,
                paths: [found.path.clone(), twin.path.clone()],
            });
        }
        found.ok_or_else(|| RestoreError::Later {
            wanted,
            oldest: self
                .of(series)
                .map(|package| package.created)
                .min()
                .unwrap_or(wanted),
        })
    }

    /// What lies there, and cannot be read as a package or is signed by nobody who
    /// is trusted: it may be a later backup.
    #[must_use]
    pub fn passed_over(&self) -> &[PathBuf] {
        &self.passed_over
    }

    fn of(&self, series: Option<SeriesId>) -> impl Iterator<Item = &Backup> {
        let is_wanted = move |package: &&Backup| series.is_none_or(|one| one == package.series);
        self.packages.iter().filter(is_wanted)
    }

    /// Where a package of a chain is, signed by the same key as the others of it
    /// that are wanted.
    #[must_use]
    pub fn path_of(&self, package: PackageId, signer: &Fingerprint) -> Option<&Path> {
        let mut packages = self.packages.iter();
        let found = packages.find(|one| one.id == package && one.signer == *signer);
        found.map(|one| one.path.as_path())
    }
}
