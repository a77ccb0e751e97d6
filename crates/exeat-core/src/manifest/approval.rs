//! What somebody beside the sender signs of a release, and what a package's
//! header takes along of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{NamedKey, RequestId};
use crate::digest::{Digest, Hasher};
use crate::signature::Fingerprint;
use crate::statement::{Signed, Statement};

/// The namespace of signatures over approvals and rejections.
pub const APPROVAL_NAMESPACE: &str = "exeat.approval.v1";

/// The most approvals that one release takes.
pub const MAX_APPROVALS: usize = 16;

/// That somebody approves or rejects a request to release something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Approval {
    /// When it was signed.
    pub created: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
    /// What the release is for, as the requester put it.
    pub purpose: String,
    /// Who is to be able to open it: see [`recipients_sha256`].
    pub recipients_sha256: Digest,
    /// The request.
    pub request: RequestId,
    /// SHA-256 of the request's signed text.
    pub request_sha256: Digest,
    /// The account that asks.
    pub requester: RequestedBy,
    /// What may leave, or may not.
    pub scope: Scope,
    /// The key that signed the request and is to sign the package.
    pub signer: Fingerprint,
    /// Yes or no.
    pub verdict: Verdict,
    /// What the approver has to say about it; a rejection always says why.
    pub why: Option<String>,
}

impl Statement for Approval {
    const FORMAT: &'static str = "exeat-approval/1";
    const NAMESPACE: &'static str = APPROVAL_NAMESPACE;
    const NAME: &'static str = "an approval";
    const MAX_BYTES: usize = 32 << 10;
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It may leave.
    Approve,
    /// It may not.
    Reject,
}

/// An account of the requester's machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestedBy {
    /// Its name.
    pub name: Option<String>,
    /// Its number.
    pub user: u32,
}

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// This content and no other, once.
    Content(Content),
    /// Whatever lies in these places, as often as it is wanted.
    Standing(Standing),
}

/// Content by its digest: see [`crate::manual::approvals`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Content {
    /// The bytes of all regular files together.
    pub bytes: u64,
    /// How many entries there are, those left out included.
    pub entries: u64,
    /// The digest over all of them.
    pub sha256: Digest,
}

/// What a standing approval binds instead of content: of an unattended backup
/// nobody knows that beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The most people that one release may have.
    pub ceiling: u64,
    /// The folder that it goes to, every link resolved; `-` for a stream.
    pub destination: String,
    /// What the requester calls such a release: its label.
    pub profile: String,
    /// The files and folders that are released, every link resolved, sorted;
    /// `- NAME` for what comes through a pipe.
    pub sources: Vec<String>,
}

/// An approval and who gave it, by the policy that took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NamedApproval {
    /// What was signed.
    pub approval: Signed<Approval>,
    /// The name that the policy has for the key.
    pub approver: String,
}

impl NamedApproval {
    pub(crate) fn new(approver: &str, approval: &Signed<Approval>) -> Self {
        Self {
            approval: approval.clone(),
            approver: approver.to_owned(),
        }
    }
}

/// SHA-256 over the recipients' keys: sorted by bytes, each once and with an
/// end of line. Their names do not count.
///
/// ```
/// use exeat_core::digest::Digest;
/// use exeat_core::manifest::{NamedKey, recipients_sha256};
/// let key = |key: &str| NamedKey { key: key.into(), name: None };
/// let digest = recipients_sha256(&[key("age1b"), key("age1a"), key("age1b")]);
/// assert_eq!(digest, Digest::of(b"age1a\nage1b\n"));
/// ```
#[must_use]
pub fn recipients_sha256(recipients: &[NamedKey]) -> Digest {
    let mut keys: Vec<_> = recipients.iter().map(|one| one.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut hasher = Hasher::default();
    for key in keys {
        hasher.update(key.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finish().0
}
