//! What is asked for, by whom, and what has left before.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Ask, Decision, DecisionRecord, Form, Refusal};
use crate::approval::Approvals;
use crate::destination::Destination;
use crate::diagnostic::Finding;
use crate::digest::Digest;
use crate::inspect::Facts;
use crate::keys::Recipients;
use crate::manifest::{NamedKey, PackageId};
#[cfg(doc)]
use crate::policy::Policy;
use crate::signature::Fingerprint;
use crate::source::Listing;

/// The longest label, purpose or name of a requester, in bytes.
pub(super) const MAX_NOTE: usize = 1000;

/// A line of text from a person: a label, a purpose, a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note(String);

/// A text that is no [`Note`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has to be one line of 1 to {MAX_NOTE} bytes without control characters")]
pub struct NoteError;

impl std::str::FromStr for Note {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_NOTE || text.chars().any(char::is_control) {
            return Err(NoteError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Note {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Note> for String {
    fn from(note: Note) -> Self {
        note.0
    }
}

/// Who asks: an account of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requester {
    /// The number of the account. What left in the clear is summed by it.
    pub user: u32,
    /// Its name.
    pub name: Option<Note>,
    /// The names of the groups it is in.
    pub groups: Vec<String>,
    /// Whether it may be in others, whose names are not known: the quotas of
    /// every group then concern it.
    pub has_unnamed_groups: bool,
    /// Whether its number is one of a container or user namespace, which the
    /// one inside may have chosen: what left is then summed over all accounts.
    pub is_mapped: bool,
}

impl Requester {
    /// An account of which no more than its number is known.
    #[must_use]
    pub fn of(user: u32) -> Self {
        Self {
            user,
            name: None,
            groups: Vec::new(),
            has_unnamed_groups: true,
            is_mapped: false,
        }
    }
}

/// What is asked for, whatever the form in which it would leave.
#[derive(Debug)]
pub struct Terms {
    /// The number of the export: that of the package, if it becomes one.
    pub export: PackageId,
    /// Where it is to go.
    pub destination: Destination,
    /// The time of the request.
    pub created: Timestamp,
    /// What the sender calls it.
    pub label: Option<Note>,
    /// What it is for.
    pub purpose: Option<Note>,
    /// Who asks.
    pub requester: Requester,
}

/// What is asked for: a sealed package.
#[derive(Debug)]
pub struct Request {
    /// Where to, by whom, what for.
    pub terms: Terms,
    /// Who is to be able to open it.
    pub recipients: Recipients,
    /// The key that will sign it.
    pub signer: Option<Fingerprint>,
    /// Who else has agreed to it.
    pub approvals: Approvals,
}

/// What the ledger says of the one who asks, for the rules that sum over time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The people in what left in the clear within [`Policy::WINDOW`].
    pub plain_people: u64,
    /// For each of [`Policy::quotas`], what left within its time.
    pub quotas: Vec<Left>,
    /// What became before of the request that the approvals are for; `None`
    /// where nobody asked the ledger.
    pub request: Option<Past>,
}

/// What has left, summed over exports: the same person in two of them counts
/// twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// People.
    pub people: u64,
    /// Records about people.
    pub records: u64,
}

/// What the ledger says of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// Somebody has rejected it.
    pub is_rejected: bool,
    /// The fingerprints of the keys with which the account that asks has answered
    /// it itself.
    pub own_keys: BTreeSet<String>,
    /// How often it has been released.
    pub releases: u64,
}

impl Request {
    pub(super) fn form(&self) -> Form<'_> {
        Form::Sealed {
            recipients: Some(&self.recipients),
            signer: self.signer.as_ref(),
            approvals: Some(&self.approvals),
        }
    }
}

impl Terms {
    pub(super) fn refuse<P>(
        &self,
        form: Form<'_>,
        policy_sha256: Digest,
        facts: Option<Facts>,
        findings: Vec<Finding>,
    ) -> Decision<P> {
        let record = self.record(form, policy_sha256, facts, findings);
        Decision::Refusal(Refusal {
            record: Box::new(record),
        })
    }

    pub(super) fn ask<'a>(&'a self, form: Form<'a>, listing: &'a Listing) -> Ask<'a> {
        Ask {
            form,
            target: Some(self.destination.target()),
            sources: listing.places(),
            label: self.label.as_ref().map(Note::as_str),
            purpose: self.purpose.as_ref().map(Note::as_str),
            requester: &self.requester,
            created: self.created,
        }
    }

    pub(super) fn record(
        &self,
        form: Form<'_>,
        policy_sha256: Digest,
        facts: Option<Facts>,
        findings: Vec<Finding>,
    ) -> DecisionRecord {
        let (sealed_for, signer, request) = match form {
            Form::Sealed {
                recipients,
                signer,
                approvals,
            } => (
                recipients.map(NamedKey::of),
                signer.copied(),
                approvals.and_then(Approvals::request),
            ),
            Form::Plain => (None, None, None),
        };
        DecisionRecord {
            export: self.export,
            requester: self.requester.clone(),
            sealed_for,
            signer,
            medium: self.destination.target().place().medium(),
            label: self.label.clone(),
            purpose: self.purpose.clone(),
            policy_sha256,
            facts,
            findings,
            approvals: Vec::new(),
            request,
        }
    }
}
