//! What a release takes along of the ledger it is recorded in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PackageId;
use crate::digest::Digest;
use crate::statement::Statement;

/// The namespace of signatures over checkpoints.
pub const CHECKPOINT_NAMESPACE: &str = "exeat.checkpoint.v1";

/// That a release is entry so-and-so of a ledger. Each entry there has the
/// digest of the one before, so this vouches for all of them up to that one, and
/// everybody who has the package is a witness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Checkpoint {
    /// SHA-256 of the entry's line, with its end of line.
    pub entry_sha256: Digest,
    /// SHA-256 of the ledger's first line, by which ledgers are told apart.
    pub ledger: Digest,
    /// The package that was released.
    pub package: PackageId,
    /// The entry's number, counted from 1.
    pub sequence: u64,
    /// The entry's time.
    pub time: Timestamp,
}

impl Statement for Checkpoint {
    const FORMAT: &'static str = "exeat-checkpoint/1";
    const NAMESPACE: &'static str = CHECKPOINT_NAMESPACE;
    const NAME: &'static str = "a checkpoint";
}
