//! What of a chain is not there any more, signed by the profile's key and beside
//! the packages: so a package that retention removed is told from one that
//! somebody took away.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd;

use jiff::Timestamp;
use rustix::fs::OFlags;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::beneath;
use crate::digest::Digest;
use crate::manifest::PackageId;
use crate::signature::PublicKey;
use crate::statement::{Signed, Statement};

/// The namespace of signatures over records of removed packages.
pub const PRUNE_NAMESPACE: &str = "exeat.prune.v1";

/// All that is not there any more of one chain. Each record has what the one
/// before had, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PruneRecord {
    /// When it was made.
    pub created: Timestamp,
    /// The packages, in the order of their sequence numbers.
    pub removed: Vec<Gone>,
    /// The chain.
    pub series: Uuid,
}

/// A package that is not there any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gone {
    /// When it was made, where that is known.
    pub created: Option<Timestamp>,
    /// The package, where that is known.
    pub id: Option<PackageId>,
    /// The SHA-256 of its manifest, where that is known.
    pub manifest_sha256: Option<Digest>,
    /// Why it is not there.
    pub reason: GoneReason,
    /// Its place in the chain.
    pub sequence: u64,
}

/// Why a package is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum GoneReason {
    /// It was missing, and somebody who answers for the backups accepted that.
    Missing,
    /// The rules of the profile did not keep it.
    Retention,
}

impl Gone {
    fn place(&self) -> (u64, Option<PackageId>) {
        (self.sequence, self.id)
    }
}

impl Statement for PruneRecord {
    const FORMAT: &'static str = "exeat-prune/1";
    const NAMESPACE: &'static str = PRUNE_NAMESPACE;
    const NAME: &'static str = "a record of removed packages";
    const MAX_BYTES: usize = 64 << 20;

    fn check(&self) -> Result<(), &'static str> {
        let is_ordered = self.removed.is_sorted_by(|a, b| a.place() < b.place());
        if !is_ordered {
            return Err("its packages are not in order");
        }
        let is_known = |gone: &Gone| {
            gone.created.is_some() && gone.id.is_some() && gone.manifest_sha256.is_some()
        };
        let mut removed = self.removed.iter();
        match removed.all(|gone| gone.reason != GoneReason::Retention || is_known(gone)) {
            true => Ok(()),
            false => Err("it does not say which package was removed"),
        }
    }
}

/// The name of the record of a chain.
pub(super) fn file_name(series: Uuid) -> String {
    format!(".exeat-pruned-{series}.json")
}

/// What a folder has of a record.
#[derive(Debug)]
pub(super) enum Found {
    /// None.
    Nothing,
    /// One by that key, of that chain.
    Record(Box<Signed<PruneRecord>>),
    /// Something else, and why it is none.
    Bad(String),
}

/// Reads the record of a chain.
///
/// # Errors
/// What the system said, other than that there is none.
pub(super) fn read(folder: impl AsFd, series: Uuid, key: &PublicKey) -> io::Result<Found> {
    let opened = beneath::open(folder, file_name(series).as_bytes(), OFlags::RDONLY);
    let file = match opened {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(Found::Nothing),
        Err(Errno::LOOP) => return Ok(Found::Bad("it is a link".into())),
        Err(error) => return Err(error.into()),
    };
    if !file.metadata()?.is_file() {
        return Ok(Found::Bad("it is not a regular file".into()));
    }
    let mut bytes = Vec::new();
    let most = PruneRecord::MAX_BYTES as u64;
    file.take(most + 1).read_to_end(&mut bytes)?;
    Ok(match Signed::<PruneRecord>::from_bytes(&bytes) {
        Err(error) => Found::Bad(error.to_string()),
        Ok(record) if record.key() != key => {
            let by = record.fingerprint();
            Found::Bad(format!("it was signed by another key, {by}"))
        }
        Ok(record) if record.statement().series != series => {
            Found::Bad("it is of another chain".into())
        }
        Ok(record) => Found::Record(Box::new(record)),
    })
}
