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

use crate::approval::{Approvals, content_of};
use crate::destination::Medium;
use crate::diagnostic::{Finding, Severity};
use crate::digest::Digest;
use crate::inspect::{Depth, Facts, Inspected, NamedColumns};
use crate::manifest::{Content, NamedApproval, NamedKey, PackageId, RequestId};
use crate::policy::Policy;
use crate::signature::Fingerprint;
use crate::source::Listing;

mod approvals;
mod ask;
mod floor;
mod proposal;
mod received;
mod request;
mod rest;
mod rules;
#[cfg(test)]
mod tests;
mod words;

pub use ask::{Ask, Form};
pub use proposal::{NotProposed, Proposal, Proposed, Subject};
pub use received::{OpenPermit, RekeyPermit};
pub use request::{History, Left, Note, NoteError, Past, Request, Requester, Terms};
pub use rest::is_unseen;
pub use words::people as people_in_words;

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
    pub fn decide_past(&self, permit: Permit, past: &Past) -> Decision<Permit> {
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

/// Whether any of the findings says no.
#[must_use]
pub fn refuses(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.severity == Severity::Refuse)
}
