//! The two decisions, pure: the first over request and listing, before any
//! content is read; the second over what was found in it.
//!
//! A permit cannot be made anywhere else, is used once, and holds what it
//! permits. [`Permit`] allows ciphertext in staging and no more;
//! [`ReleasePermit`] allows the key envelope, the manifest and the signature.
//! For an export in the clear [`PlainPermit`] allows reading alone, and
//! [`PlainRelease`] the copy. [`OpenPermit`] allows plaintext of a package at
//! one place, [`RekeyPermit`] one more envelope in it.
//!
//! The rules themselves are in `rules` and `floor`; every finding names the line of the
//! policy that made it, or the floor.

use jiff::Timestamp;

use crate::approval::{Approvals, content_of};
use crate::destination::{Destination, Medium};
use crate::diagnostic::{Finding, Severity};
use crate::digest::Digest;
use crate::inspect::{Depth, Facts, Inspected, NamedColumns};
use crate::keys::Recipients;
use crate::manifest::{Content, NamedApproval, NamedKey, PackageId, RequestId};
use crate::policy::Policy;
use crate::signature::Fingerprint;
use crate::source::Listing;

mod approvals;
mod ask;
mod floor;
mod proposal;
mod received;
mod rest;
mod rules;
#[cfg(test)]
mod tests;
mod words;

pub use ask::{Ask, Form};
pub use proposal::{NotProposed, Proposal, Proposed, Subject};
pub use received::{OpenPermit, RekeyPermit};
pub use rest::is_unseen;
pub use words::people as people_in_words;

/// The longest label, purpose or name of a requester, in bytes.
const MAX_NOTE: usize = 1000;

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Past {
    /// Somebody has rejected it.
    pub is_rejected: bool,
    /// How often it has been released.
    pub releases: u64,
}

/// The answer to a request.
#[derive(Debug)]
#[must_use = "a decision that nobody looks at protects nobody"]
pub enum Decision<P> {
    /// Allowed.
    Permit(P),
    /// Not allowed.
    Refusal(Refusal),
}

/// Why something is not allowed.
#[derive(Debug)]
pub struct Refusal {
    pub(crate) record: Box<DecisionRecord>,
}

impl Refusal {
    /// The findings, those that refuse and those that only warn.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.record.findings
    }

    /// What was known of the content; `None` when it had not been read.
    #[must_use]
    pub fn facts(&self) -> Option<&Facts> {
        self.record.facts.as_ref()
    }
}

/// What the ledger records of a decision.
#[derive(Debug, Clone)]
pub(crate) struct DecisionRecord {
    pub(crate) export: PackageId,
    pub(crate) requester: Requester,
    /// `None` in the clear.
    pub(crate) sealed_for: Option<Vec<NamedKey>>,
    pub(crate) signer: Option<Fingerprint>,
    pub(crate) medium: Medium,
    pub(crate) label: Option<Note>,
    pub(crate) purpose: Option<Note>,
    pub(crate) policy_sha256: Digest,
    pub(crate) facts: Option<Facts>,
    pub(crate) findings: Vec<Finding>,
    /// Who else agreed, where it was allowed.
    pub(crate) approvals: Vec<NamedApproval>,
    /// The request that others were asked to agree to.
    pub(crate) request: Option<RequestId>,
}

/// A second permit, of either form: what the ledger records as about to leave.
pub trait Released: released::Sealed {}

mod released {
    /// Keeps other crates from recording what was not decided.
    pub trait Sealed {
        #[doc(hidden)]
        fn decided(&self) -> super::Decided<'_>;
    }
}

/// What was decided, for the ledger alone to read.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Decided<'a>(pub(crate) &'a DecisionRecord);

impl Released for ReleasePermit {}

impl released::Sealed for ReleasePermit {
    fn decided(&self) -> Decided<'_> {
        Decided(&self.record)
    }
}

impl Released for RekeyPermit {}

impl released::Sealed for RekeyPermit {
    fn decided(&self) -> Decided<'_> {
        Decided(&self.record)
    }
}

impl Released for PlainRelease {}

impl released::Sealed for PlainRelease {
    fn decided(&self) -> Decided<'_> {
        Decided(&self.record)
    }
}

/// Leave to read the listed content and to put ciphertext in staging. Holds
/// the listing and the request it was given for; there is no way to make, copy
/// or read one in but [`Policy::decide`].
///
/// ```compile_fail
/// # fn twice(permit: exeat_core::decide::Permit) {
/// let again = permit.clone();
/// # }
/// ```
/// ```compile_fail
/// let permit = exeat_core::decide::Permit::default();
/// ```
/// The twin that compiles:
/// ```
/// # fn once(permit: exeat_core::decide::Permit) {
/// let moved = permit;
/// assert!(!moved.listing().is_empty());
/// # }
/// ```
#[derive(Debug)]
pub struct Permit {
    pub(crate) listing: Listing,
    pub(crate) request: Request,
    pub(crate) findings: Vec<Finding>,
    pub(crate) policy_sha256: Digest,
    /// How far to inspect; `None` where the policy asks nothing of content.
    pub(crate) depth: Option<Depth>,
    /// Columns whose class the policy knows.
    pub(crate) columns: NamedColumns,
    /// Nothing may be sealed before [`Policy::decide_first_look`].
    pub(crate) wants_first_look: bool,
}

impl Permit {
    /// What may be read.
    #[must_use]
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    /// What was asked for.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// What the decision had to say.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How far content has to be inspected for that first look.
    #[must_use]
    pub fn first_depth(&self, policy: &Policy) -> Depth {
        match self.request.approvals.is_empty() {
            true => policy.depth(),
            false => Depth::Full,
        }
    }

    /// Whether content has to be inspected and decided on before any of it is
    /// sealed, with [`Policy::decide_first_look`]: it would go into a stream,
    /// which cannot be taken back, and the policy has rules about content.
    #[must_use]
    pub fn wants_first_look(&self) -> bool {
        self.wants_first_look
    }
}

/// Leave to write the key envelope, the manifest and the signature of one
/// sealed content, given by [`Policy::decide_content`] for that content alone.
///
/// ```compile_fail
/// let permit = exeat_core::decide::ReleasePermit::default();
/// ```
/// The twin that compiles:
/// ```
/// # fn once(permit: exeat_core::decide::ReleasePermit) {
/// let moved = permit;
/// # drop(moved);
/// # }
/// ```
#[derive(Debug)]
pub struct ReleasePermit {
    pub(crate) content: Digest,
    pub(crate) record: DecisionRecord,
}

impl ReleasePermit {
    /// What both decisions had to say.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.record.findings
    }
}

/// What the second decision is about.
#[derive(Debug, Clone, Copy)]
pub struct SealedContent<'a> {
    pub(crate) permit: &'a Permit,
    pub(crate) content: Digest,
    pub(crate) facts: &'a Facts,
    /// As approvals speak of it, where they do.
    pub(crate) approved: Option<Content>,
}

impl SealedContent<'_> {
    /// What was established about the content.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        self.facts
    }

    /// What was asked for.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.permit.request.terms
    }

    /// Who else has agreed to it.
    #[must_use]
    pub fn approvals(&self) -> &Approvals {
        &self.permit.request.approvals
    }
}

/// Leave to read the listed content, and to write nothing: a copy in the clear
/// is decided when everything in it is known.
///
/// ```compile_fail
/// let permit = exeat_core::decide::PlainPermit::default();
/// ```
/// The twin that compiles:
/// ```
/// # fn once(permit: exeat_core::decide::PlainPermit) {
/// assert!(!permit.listing().is_empty());
/// # }
/// ```
#[derive(Debug)]
pub struct PlainPermit {
    listing: Listing,
    terms: Terms,
    findings: Vec<Finding>,
    policy_sha256: Digest,
}

impl PlainPermit {
    /// What may be read.
    #[must_use]
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    /// What was asked for.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }
}

/// Leave to copy what was inspected, in the clear, to one place.
///
/// ```compile_fail
/// # fn twice(release: exeat_core::decide::PlainRelease) {
/// let again = release.clone();
/// # }
/// ```
/// The twin that compiles:
/// ```
/// # fn once(release: exeat_core::decide::PlainRelease) {
/// let moved = release;
/// # drop(moved);
/// # }
/// ```
#[derive(Debug)]
pub struct PlainRelease {
    pub(crate) listing: Listing,
    pub(crate) terms: Terms,
    /// Of the files in path order.
    pub(crate) digests: Vec<Digest>,
    pub(crate) record: DecisionRecord,
}

impl PlainRelease {
    /// What both decisions had to say.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.record.findings
    }

    /// What was established about the content.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        let facts = self.record.facts.as_ref();
        facts.expect("a release in the clear is given on facts")
    }
}

impl Policy {
    /// The first decision: may this be read, for these people, to that place?
    pub fn decide(&self, request: Request, listing: Listing) -> Decision<Permit> {
        let form = request.form();
        let mut findings = self.request_findings(&request.terms.ask(form, &listing));
        if listing.is_piped() {
            approvals::streamed_content(&request.approvals, &mut findings);
        }
        let wants_first_look = request.terms.destination.is_stream() && self.asks_of_content();
        if wants_first_look && listing.is_piped() {
            findings.push(rules::undecided_stream());
        }
        if refuses(&findings) {
            return request.terms.refuse(form, self.sha256(), None, findings);
        }
        // What was approved is told by all of it, or by how many people there are.
        let depth = match request.approvals.is_empty() {
            true => self.depth_of_sealed(),
            false => Some(Depth::Full),
        };
        Decision::Permit(Permit {
            listing,
            request,
            findings,
            policy_sha256: self.sha256(),
            depth,
            columns: self.columns(),
            wants_first_look,
        })
    }

    /// Whether the request that others have agreed to is spent, by what the
    /// ledger says now: so that nobody waits for what the second decision would
    /// refuse. It is asked again there.
    pub fn decide_past(&self, permit: Permit, past: Past) -> Decision<Permit> {
        let Permit {
            request,
            policy_sha256,
            ..
        } = &permit;
        let mut findings = permit.findings.clone();
        approvals::spent(&request.approvals, past, &mut findings);
        match refuses(&findings) {
            true => request
                .terms
                .refuse(request.form(), *policy_sha256, None, findings),
            false => Decision::Permit(permit),
        }
    }

    /// The decision between the two, where [`Permit::wants_first_look`]: may
    /// what was inspected be sealed into a stream? It is inspected again as it
    /// is sealed, and the second decision is on that.
    pub fn decide_first_look(
        &self,
        permit: Permit,
        inspected: &Inspected,
        history: &History,
    ) -> Decision<Permit> {
        let Permit {
            request,
            policy_sha256,
            ..
        } = &permit;
        let (terms, form) = (&request.terms, request.form());
        let mut findings = permit.findings.clone();
        if inspected.of != permit.listing.number() || *policy_sha256 != self.sha256() {
            findings.push(rules::mismatch());
        }
        let content = content_of(&permit.listing, inspected);
        approvals::same_content(&request.approvals, content, &mut findings);
        let ask = terms.ask(form, &permit.listing);
        findings.extend(self.content_findings(&ask, &inspected.facts, history));
        if refuses(&findings) {
            let facts = Some(inspected.facts.clone());
            return terms.refuse(form, *policy_sha256, facts, findings);
        }
        Decision::Permit(Permit {
            wants_first_look: false,
            ..permit
        })
    }

    /// The second decision: may what was sealed be given a key?
    pub fn decide_content(
        &self,
        sealed: &SealedContent<'_>,
        history: &History,
    ) -> Decision<ReleasePermit> {
        let Permit {
            request,
            policy_sha256,
            listing,
            ..
        } = sealed.permit;
        let (terms, form) = (&request.terms, request.form());
        let mut findings = sealed.permit.findings.clone();
        if *policy_sha256 != self.sha256() {
            findings.push(rules::mismatch());
        }
        approvals::same_content(&request.approvals, sealed.approved, &mut findings);
        let ask = terms.ask(form, listing);
        findings.extend(self.content_findings(&ask, sealed.facts, history));
        let facts = Some(sealed.facts.clone());
        if refuses(&findings) {
            return terms.refuse(form, *policy_sha256, facts, findings);
        }
        Decision::Permit(ReleasePermit {
            content: sealed.content,
            record: DecisionRecord {
                approvals: self.named_approvals(&ask),
                ..terms.record(form, *policy_sha256, facts, findings)
            },
        })
    }

    /// The first decision on a copy in the clear: may this be read for it?
    pub fn decide_plain(&self, terms: Terms, listing: Listing) -> Decision<PlainPermit> {
        let findings = self.request_findings(&terms.ask(Form::Plain, &listing));
        if refuses(&findings) {
            return terms.refuse(Form::Plain, self.sha256(), None, findings);
        }
        Decision::Permit(PlainPermit {
            listing,
            terms,
            findings,
            policy_sha256: self.sha256(),
        })
    }

    /// The second decision on a copy in the clear, on what was found in it.
    pub fn decide_plain_content(
        &self,
        permit: PlainPermit,
        inspected: Inspected,
        history: &History,
    ) -> Decision<PlainRelease> {
        let PlainPermit {
            listing,
            terms,
            mut findings,
            policy_sha256,
        } = permit;
        let Inspected { facts, digests, of } = inspected;
        if of != listing.number() || policy_sha256 != self.sha256() {
            findings.push(rules::mismatch());
        }
        let ask = terms.ask(Form::Plain, &listing);
        findings.extend(self.content_findings(&ask, &facts, history));
        if refuses(&findings) {
            return terms.refuse(Form::Plain, policy_sha256, Some(facts), findings);
        }
        let record = terms.record(Form::Plain, policy_sha256, Some(facts), findings);
        Decision::Permit(PlainRelease {
            listing,
            terms,
            digests,
            record,
        })
    }
}

impl Request {
    fn form(&self) -> Form<'_> {
        Form::Sealed {
            recipients: Some(&self.recipients),
            signer: self.signer.as_ref(),
            approvals: Some(&self.approvals),
        }
    }
}

impl Terms {
    fn refuse<P>(
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

    fn ask<'a>(&'a self, form: Form<'a>, listing: &'a Listing) -> Ask<'a> {
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

    fn record(
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

/// Whether any of the findings says no.
#[must_use]
pub fn refuses(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.severity == Severity::Refuse)
}
