//! Whether a package of a chain of backups comes after one that is known: so
//! that an older one cannot be passed off as the newest.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use uuid::Uuid;

use super::{Package, Unglanced, Verified, VerifyError, member};
use crate::diagnostic::words::counted;
use crate::diagnostic::{Explain, Fault, io_help};
use crate::digest::Digest;
use crate::manifest::{MAX_MANIFEST, Manifest, ManifestError};
use crate::path::shown;
use crate::signature::PublicKey;

/// What a package has to come after.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Earlier {
    /// A place in its chain.
    Sequence(u64),
    /// A certain package.
    Package {
        /// The chain.
        series: Uuid,
        /// Its place in it.
        sequence: u64,
        /// The SHA-256 of its manifest.
        manifest_sha256: Digest,
    },
}

/// How a package comes after an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Following {
    /// How many packages lie between the two; nought where it is the very next
    /// one.
    pub between: u64,
}

/// Why a package does not come after an earlier one, or why that cannot be said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AfterError {
    /// It is none of a chain.
    #[error("the package is none of a chain of backups: it comes neither before nor after another")]
    NoSeries,
    /// The earlier one is none of a chain.
    #[error("{} is none of a chain of backups", shown(path))]
    EarlierNoSeries {
        /// What was given.
        path: PathBuf,
    },
    /// They are of two chains.
    #[error("the package is of the chain {found}, and the earlier one of {expected}")]
    OtherSeries {
        /// The chain of the earlier one.
        expected: Uuid,
        /// The chain of the package.
        found: Uuid,
    },
    /// It is not later.
    #[error(
        "the package is number {sequence} of its chain, and does not come after number {earlier}"
    )]
    Replayed {
        /// The earlier one.
        earlier: u64,
        /// The place of the package.
        sequence: u64,
    },
    /// It is the very next one, and names another as the one before it.
    #[error(
        "the package is number {sequence} of its chain, and does not follow from the one before it"
    )]
    Fork {
        /// The place of the package.
        sequence: u64,
    },
    /// The earlier one cannot be read.
    #[error("cannot read {}", shown(path))]
    Read {
        /// What was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The earlier one is no package, and no manifest of one.
    #[error(
        "{} is neither a package nor the 'manifest.json' of one: {reason}",
        shown(path)
    )]
    Malformed {
        /// What was given.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The earlier one was not signed by whoever signed the package.
    #[error("{} is not signed by whoever signed the package", shown(path))]
    Foreign {
        /// What was given.
        path: PathBuf,
    },
}

impl Explain for AfterError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoSeries | Self::EarlierNoSeries { .. } => "backup-no-series",
            Self::OtherSeries { .. } => "backup-other-series",
            Self::Replayed { .. } => "backup-replayed",
            Self::Fork { .. } => "backup-fork",
            Self::Read { .. } | Self::Malformed { .. } => "backup-earlier-unreadable",
            Self::Foreign { .. } => "backup-earlier-foreign",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::OtherSeries { .. } | Self::Replayed { .. } | Self::Fork { .. } => Fault::Package,
            Self::Foreign { .. } => Fault::Signature,
            _ => Fault::Request,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NoSeries => "leave --after out; only 'exeat backup' makes packages of a chain",
            Self::EarlierNoSeries { .. } | Self::Malformed { .. } | Self::Foreign { .. } => {
                "name an earlier package of the same chain, its 'manifest.json', or its number"
            }
            Self::OtherSeries { .. } => {
                "compare packages of one profile of one host; if these should be, ask the sender \
                 whether the signing key was exchanged"
            }
            Self::Replayed { .. } => {
                "do not take it for the newest: an older package lies there in its place; look \
                 for the later ones, and for who put it there"
            }
            Self::Fork { .. } => {
                "do not rely on it: two hosts, or one put back to an older state, have written \
                 with the same key; find out which packages are the right ones"
            }
            Self::Read { source, .. } => return io_help(source),
        }))
    }
}

impl Earlier {
    /// An earlier package: its folder, its archive, or its `manifest.json`.
    ///
    /// A folder or an archive has to be signed by `signer`, and nothing in it
    /// but the manifest is looked at. A `manifest.json` by itself is taken as it
    /// is: it has to be kept where nobody else can write.
    ///
    /// # Errors
    /// It cannot be read, is something else, or is none of a chain.
    pub fn read(path: &Path, signer: &PublicKey) -> Result<Self, AfterError> {
        let (manifest, manifest_sha256) = match Package::open(path) {
            Ok(package) => signed(&package, path, signer)?,
            Err(VerifyError::NotAPackage { .. }) => bare(path)?,
            Err(error) => return Err(unread(path, error)),
        };
        let path = path.to_owned();
        let series = manifest
            .series
            .ok_or(AfterError::EarlierNoSeries { path })?;
        Ok(Self::Package {
            series: series.id,
            sequence: series.sequence,
            manifest_sha256,
        })
    }
}

fn unread(path: &Path, error: VerifyError) -> AfterError {
    let path = path.to_owned();
    match error {
        VerifyError::Open { source, .. } | VerifyError::Read { source, .. } => {
            AfterError::Read { path, source }
        }
        error => AfterError::Malformed {
            path,
            reason: error.to_string(),
        },
    }
}

fn signed(
    package: &Package,
    path: &Path,
    signer: &PublicKey,
) -> Result<(Manifest, Digest), AfterError> {
    match package.glance(signer) {
        Ok(glance) => Ok((glance.manifest, glance.manifest_sha256)),
        Err(Unglanced::Foreign) => Err(AfterError::Foreign {
            path: path.to_owned(),
        }),
        Err(Unglanced::Bad { error, .. }) => Err(unread(path, error)),
    }
}

fn bare(path: &Path) -> Result<(Manifest, Digest), AfterError> {
    let bytes = read(path).map_err(|source| AfterError::Read {
        path: path.to_owned(),
        source,
    })?;
    let malformed = |reason: String| AfterError::Malformed {
        path: path.to_owned(),
        reason,
    };
    if bytes.len() as u64 > MAX_MANIFEST {
        return Err(malformed("it is larger than 16 MiB".into()));
    }
    let manifest = Manifest::from_bytes(&bytes)
        .map_err(|error: ManifestError| malformed(error.to_string()))?;
    Ok((manifest, Digest::of(&bytes)))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let mut bytes = Vec::new();
    file.take(MAX_MANIFEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Verified<Package> {
    /// Demands that the package comes after an earlier one of its chain: that
    /// its number is higher, and, where the earlier one is known and the very
    /// last, that it names that one's manifest.
    ///
    /// # Errors
    /// That it does not, or that it is none of a chain or of another one.
    pub fn comes_after(&self, earlier: &Earlier) -> Result<Following, AfterError> {
        let series = self.manifest.series.as_ref().ok_or(AfterError::NoSeries)?;
        let sequence = series.sequence;
        let (number, digest) = match *earlier {
            Earlier::Sequence(number) => (number, None),
            Earlier::Package {
                series: expected, ..
            } if expected != series.id => {
                let found = series.id;
                return Err(AfterError::OtherSeries { expected, found });
            }
            Earlier::Package {
                sequence,
                manifest_sha256,
                ..
            } => (sequence, Some(manifest_sha256)),
        };
        if sequence <= number {
            return Err(AfterError::Replayed {
                earlier: number,
                sequence,
            });
        }
        let between = sequence - number - 1;
        if between == 0 && digest.is_some() && digest != series.previous {
            return Err(AfterError::Fork { sequence });
        }
        Ok(Following { between })
    }
}

impl Following {
    /// What there is to say about packages between the two, for people.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let between = counted(self.between, "package lies", "packages lie");
        (self.between > 0).then(|| {
            format!(
                "{between} between the two, and whether they follow from each other was not looked \
                 at; '{}' of each says so",
                member::MANIFEST
            )
        })
    }
}
