//! What can be wrong with a package, and with its members one by one.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;

use super::archive::ArchiveFault;
use super::content::ContentFault;
use super::further;
use crate::diagnostic::{Explain, Fault, io_help};
use crate::keys::KeyError;
use crate::layout::volume_name;
use crate::manifest::{InventoryError, ManifestError, PackageId, member};
use crate::path::shown;
use crate::signature::{Fingerprint, SignatureError};

/// Why a package is not what it should be, or could not be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It cannot be opened.
    #[error("cannot open {}", shown(path))]
    Open {
        /// The package as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is something else.
    #[error("{} is not an exeat package", shown(path))]
    NotAPackage {
        /// What was given.
        path: PathBuf,
    },
    /// It is an archive, and not as a package is put into one.
    #[error("the archive is damaged or altered: {_0}")]
    Archive(ArchiveFault),
    /// What came through a pipe could not be kept.
    #[error("cannot keep what is received in {}", shown(folder))]
    Keep {
        /// Where it was to be kept.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
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
    #[error("{}: {_0}", member::SIGNATURE)]
    Signature(SignatureError),
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
    /// What vouches for the sender's ledger is not of this package.
    #[error("the package's checkpoint does not belong to it: {_0}")]
    Checkpoint(CheckpointFault),
    /// An approval in the header is not of this package.
    #[error("the package's approval by '{approver}' does not belong to it: {fault}")]
    Approval {
        /// The name that the sender's policy has for the key, escaped.
        approver: String,
        /// What is wrong with it.
        fault: ApprovalFault,
    },
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

impl From<ArchiveFault> for VerifyError {
    fn from(fault: ArchiveFault) -> Self {
        Self::Archive(fault)
    }
}

fn list(damage: &[Damage]) -> String {
    const NAMED: usize = 10;
    let mut text: Vec<_> = damage.iter().take(NAMED).map(Damage::to_string).collect();
    if damage.len() > NAMED {
        text.push(format!("and {} more", damage.len() - NAMED));
    }
    text.join("; ")
}

/// The code of what is wrong with all of them, where that is one thing that has a
/// name of its own: somebody who mixed members up, or exchanged the one that matters.
fn damage_code(damage: &[Damage]) -> &'static str {
    const ANYTHING: &str = "package-damaged";
    let code = |one: &Damage| match (&one.kind, one.member.as_str()) {
        (DamageKind::OtherVolume { .. }, _) => "volumes-exchanged",
        (DamageKind::OtherEnvelope { .. }, _) => "rekey-record-moved",
        (DamageKind::OtherKey, _) => "volume-foreign",
        (DamageKind::Foreign, _) => "rekey-record-foreign",
        (DamageKind::Altered, member::ENVELOPE) => "envelope-altered",
        (DamageKind::Altered, member::MANIFEST) => "manifest-altered",
        _ => ANYTHING,
    };
    let mut codes = damage.iter().map(code);
    let first = codes.next().unwrap_or(ANYTHING);
    match codes.all(|code| code == first) {
        true => first,
        false => ANYTHING,
    }
}

fn place(path: Option<&str>) -> String {
    path.map(|path| format!(" of '{path}'")).unwrap_or_default()
}

impl Explain for VerifyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "package-not-opened",
            Self::NotAPackage { .. } => "not-a-package",
            Self::Archive(_) => "archive-damaged",
            Self::Keep { .. } => "archive-not-kept",
            Self::Unfinished => "package-unfinished",
            Self::Unsigned => "signature-absent",
            Self::Signature(error) => error.code(),
            Self::Manifest(error) => error.code(),
            Self::Damaged { damage } => damage_code(damage),
            Self::Key(error) => error.code(),
            Self::Inventory(error) => error.code(),
            Self::Checkpoint(_) => "checkpoint-foreign",
            Self::Approval { .. } => "approval-foreign",
            Self::Content { .. } => "content-differs",
            Self::Read { .. } => "member-unreadable",
            Self::Interrupted => "interrupted",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Open { .. } | Self::NotAPackage { .. } => Fault::Request,
            Self::Archive(_)
            | Self::Unfinished
            | Self::Damaged { .. }
            | Self::Checkpoint(_)
            | Self::Approval { .. }
            | Self::Content { .. } => Fault::Package,
            Self::Unsigned => Fault::Signature,
            Self::Signature(error) => error.fault(),
            Self::Manifest(error) => error.fault(),
            Self::Key(error) => error.fault(),
            Self::Inventory(error) => error.fault(),
            Self::Read { .. } | Self::Keep { .. } => Fault::Environment,
            Self::Interrupted => Fault::Interrupted,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Open { source, .. } | Self::Read { source, .. } => return io_help(source),
            Self::NotAPackage { .. } => {
                "name the folder of the package: the one with 'manifest.json' in it, its name \
                 usually ending in '.exeat'; or its archive, usually ending in '.exeat.tar'"
            }
            Self::Archive(ArchiveFault::Unknown { .. } | ArchiveFault::NotAFile { .. }) => {
                "if somebody packed it again, unpack it with 'tar -xf' into an empty folder, and \
                 name the folder with 'manifest.json' in it"
            }
            Self::Archive(_) => {
                "do not use it; copy it again from where you had it, and if it is the same then, \
                 ask the sender for another one"
            }
            Self::Keep { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull => {
                    "free some space there, or set TMPDIR to a folder with more room; only what \
                     is encrypted is kept there, while the command runs"
                }
                _ => "set TMPDIR to a folder that you may write to, on a disk",
            },
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
            Self::Checkpoint(_) | Self::Approval { .. } | Self::Content { .. } => {
                "do not use it; tell the sender"
            }
            Self::Interrupted => "nothing was left behind",
        }))
    }
}

/// How a checkpoint can contradict the package that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFault {
    /// It is for another release.
    #[error("it is for the package {found}")]
    OtherPackage {
        /// The one it is for.
        found: PackageId,
    },
    /// Another key signed it than the manifest.
    #[error("it was signed by {found}, and the package by another key")]
    OtherSigner {
        /// The key that signed it.
        found: Fingerprint,
    },
}

/// How an approval can contradict the package that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalFault {
    /// It says no.
    #[error("it is a rejection")]
    Rejection,
    /// The request was for packages by another signer.
    #[error("it is for packages signed by {found}")]
    OtherSigner {
        /// The key that was to sign.
        found: Fingerprint,
    },
    /// It is for another purpose.
    #[error("it is for another purpose")]
    OtherPurpose,
    /// It is for others.
    #[error("it is for other recipients")]
    OtherRecipients,
    /// It is for exports with another label.
    #[error("it is for exports with another label")]
    OtherProfile,
    /// It answers another request than the first one does.
    #[error("it is for another request than the one before")]
    OtherRequest,
    /// What was approved is not what is in the package.
    #[error("it is for other content")]
    OtherContent,
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
    /// It is signed, and not what the format asks for, or no signature of it.
    Malformed,
    /// It was made for another package.
    Foreign,
    /// It does not open with the package's key.
    OtherKey,
    /// It is another one of the package's volumes, and that one is not in its place.
    OtherVolume {
        /// The number of that one.
        number: usize,
    },
    /// A record that was signed for another envelope than the one beside it.
    OtherEnvelope {
        /// The number of the envelope beside it.
        number: u16,
    },
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
            DamageKind::Malformed => write!(f, "{member} is not what it should be"),
            DamageKind::Foreign => write!(f, "{member} belongs to another package"),
            DamageKind::OtherKey => write!(
                f,
                "{member} is not what was signed, nor was it sealed with the key of this package: \
                 it is another package's, or was altered at its beginning"
            ),
            DamageKind::OtherVolume { number } => {
                write!(f, "{member} is {} of the package", volume_name(number))
            }
            DamageKind::OtherEnvelope { number } => {
                let envelope = further::member(number, further::SUFFIXES[0]);
                write!(
                    f,
                    "{member} is the record of another envelope than {envelope}"
                )
            }
            DamageKind::Unknown => write!(f, "'{member}' does not belong in the package"),
            DamageKind::NotAFile => write!(f, "{member} is not a regular file"),
        }
    }
}
