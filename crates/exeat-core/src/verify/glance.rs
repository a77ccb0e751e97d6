//! A package among many, looked at from outside: its manifest, if one certain
//! key has signed it, and whether the members are there and as long as it says.
//! No member is read.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use uuid::Uuid;

use super::{Damage, Package, VerifyError, is_member, member, signature_error};
use crate::beneath;
use crate::digest::Digest;
use crate::manifest::{MAX_MANIFEST, Manifest};
use crate::path::Escaped;
use crate::signature::{self, PACKAGE_NAMESPACE, PublicKey};

/// What a package shows of itself.
pub(crate) struct Glance {
    pub(crate) manifest: Manifest,
    pub(crate) manifest_sha256: Digest,
    /// Members that are missing, of another length, or unknown.
    pub(crate) damage: Vec<Damage>,
}

/// What a manifest that nobody vouches for says of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is no manifest.
    Unreadable,
    /// It is of this chain, or of none.
    Series(Option<Uuid>),
}

/// Why a package shows nothing that can be trusted.
#[derive(Debug)]
pub(crate) enum Unglanced {
    /// Another key has signed it.
    Foreign,
    /// It cannot be read, or its signature is none.
    Bad {
        /// What its manifest would say, if it were signed.
        claims: Claim,
        error: VerifyError,
    },
}

impl From<VerifyError> for Unglanced {
    fn from(error: VerifyError) -> Self {
        let claims = Claim::Unreadable;
        Self::Bad { claims, error }
    }
}

impl Package {
    /// Opens a folder below another one, following no link.
    pub(crate) fn below(parent: impl AsFd, name: &OsStr, path: &Path) -> Result<Self, VerifyError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let opened = beneath::open_same_device(parent, name.as_bytes(), flags);
        let folder = opened.map_err(|source| VerifyError::Open {
            path: path.to_owned(),
            source: source.into(),
        })?;
        Self::of_folder(folder, path)
    }

    /// The manifest as that key has signed it.
    pub(crate) fn glance(&self, key: &PublicKey) -> Result<Glance, Unglanced> {
        let (bytes, signature) = match self.signed() {
            Ok(both) => both,
            Err(error) => {
                let unsigned = self.read(member::MANIFEST, MAX_MANIFEST);
                let claims = claims(&unsigned.unwrap_or_default());
                return Err(Unglanced::Bad { claims, error });
            }
        };
        match signature::made_by(&signature, PACKAGE_NAMESPACE, &bytes) {
            Ok(made_by) if made_by == *key => {}
            Ok(_) => return Err(Unglanced::Foreign),
            Err(error) => {
                return Err(Unglanced::Bad {
                    claims: claims(&bytes),
                    error: signature_error(error),
                });
            }
        }
        let manifest = Manifest::from_bytes(&bytes).map_err(VerifyError::from)?;
        Ok(Glance {
            damage: self.damage(&manifest),
            manifest_sha256: Digest::of(&bytes),
            manifest,
        })
    }

    /// The SHA-256 of the manifest's bytes, whoever signed them.
    pub(crate) fn manifest_digest(&self) -> Result<Digest, VerifyError> {
        let bytes = self.read(member::MANIFEST, MAX_MANIFEST)?;
        Ok(Digest::of(&bytes))
    }

    /// The first thing in it, escaped, that no package has.
    pub(crate) fn stray(&self) -> Option<String> {
        let mut members = self.members.iter();
        let stray = members.find(|(name, is_file, _)| !is_file || !is_member(name));
        stray.map(|(name, ..)| Escaped(name).to_string())
    }

    /// The bytes of all members.
    pub(crate) fn bytes(&self) -> u64 {
        let bytes = self.members.iter().map(|&(.., bytes)| bytes);
        bytes.fold(0, u64::saturating_add)
    }
}

fn claims(bytes: &[u8]) -> Claim {
    match Manifest::from_bytes(bytes) {
        Ok(manifest) => Claim::Series(manifest.series.map(|series| series.id)),
        Err(_) => Claim::Unreadable,
    }
}
