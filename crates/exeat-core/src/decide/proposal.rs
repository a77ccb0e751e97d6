//! The decision on a request: would it be released if others agreed to it?

use jiff::Timestamp;

use super::ask::{Ask, Form};
use super::words::unseen;
use super::{History, Note, Requester};
use crate::approval::{ApprovalError, Approvals, ReleaseRequest, content_of};
use crate::destination::Target;
use crate::diagnostic::{Finding, Severity};
use crate::inspect::{Facts, Inspected};
use crate::keys::Recipients;
use crate::manifest::{NamedKey, RequestId, RequestedBy, Scope, Standing};
use crate::policy::Policy;
use crate::signature::Fingerprint;
use crate::source::Listing;

/// The rule that a request is there to meet.
const MISSING: &str = "approval-missing";

/// What somebody would ask others to agree to.
#[derive(Debug)]
pub struct Proposal {
    /// The number of the request.
    pub id: RequestId,
    /// The time of the request.
    pub created: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
    /// What the sender calls it; of a standing one its profile.
    pub label: Option<Note>,
    /// What it is for.
    pub purpose: Note,
    /// Who is to be able to open it.
    pub recipients: Recipients,
    /// Who asks.
    pub requester: Requester,
    /// The key that will sign the request and the package.
    pub signer: Fingerprint,
    /// Where it is to go, where that is known.
    pub target: Option<Target>,
}

/// What is to be agreed to.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// This content.
    Content(&'a Inspected),
    /// Whatever lies where the listing is from, of so many people at most.
    Standing {
        /// The most people.
        ceiling: u64,
    },
}

/// A request that nothing but approvals are missing for.
#[derive(Debug)]
pub struct Proposed {
    /// What is to be signed.
    pub request: ReleaseRequest,
    /// How many approvals the policy asks for; 0 where it needs none.
    pub needed: u32,
}

/// Why there is no request.
#[derive(Debug)]
pub enum NotProposed {
    /// Something else than approvals speaks against it.
    Refused(Vec<Finding>),
    /// It cannot be put into words.
    Unfit(ApprovalError),
}

impl Policy {
    /// Whether an export would be released if others agreed to it, and the
    /// request that asks them.
    ///
    /// # Errors
    /// What speaks against it, other than that nobody has agreed yet. Of a
    /// standing request the content is not known, and no rule about it is asked.
    pub fn propose(
        &self,
        proposal: &Proposal,
        listing: &Listing,
        subject: Subject<'_>,
        history: &History,
    ) -> Result<Proposed, NotProposed> {
        let nobody = Approvals::default();
        let ask = proposal.ask(listing, &nobody);
        let mut findings = self.request_findings(&ask);
        let needed = match subject {
            Subject::Content(inspected) => {
                let facts = &inspected.facts;
                findings.extend(self.content_findings(&ask, facts, history));
                self.approvals_for(people_in(facts))
            }
            Subject::Standing { ceiling } => self.approvals_for(ceiling),
        };
        let needed = needed.map_or(0, |rule| rule.value);
        findings.retain(|finding| finding.code != MISSING);
        if super::refuses(&findings) {
            return Err(NotProposed::Refused(findings));
        }
        findings.retain(|finding| finding.severity != Severity::Refuse);
        let request = proposal.request(listing, subject, findings, self);
        let request = request.map_err(NotProposed::Unfit)?;
        Ok(Proposed { request, needed })
    }
}

/// What nobody has seen may be about any number of people.
fn people_in(facts: &Facts) -> u64 {
    match unseen(facts) {
        Some(_) => u64::MAX,
        None => facts.people.most,
    }
}

impl Proposal {
    fn ask<'a>(&'a self, listing: &'a Listing, nobody: &'a Approvals) -> Ask<'a> {
        Ask {
            form: Form::Sealed {
                recipients: Some(&self.recipients),
                signer: Some(&self.signer),
                approvals: Some(nobody),
            },
            target: self.target.as_ref(),
            sources: listing.places(),
            label: self.label.as_ref().map(Note::as_str),
            purpose: Some(self.purpose.as_str()),
            requester: &self.requester,
            created: self.created,
        }
    }

    fn request(
        &self,
        listing: &Listing,
        subject: Subject<'_>,
        findings: Vec<Finding>,
        policy: &Policy,
    ) -> Result<ReleaseRequest, ApprovalError> {
        let contradictory = |reason| ApprovalError::Contradictory { reason };
        let (scope, facts) = match subject {
            Subject::Content(inspected) => {
                let content = content_of(listing, inspected);
                let content = content.ok_or(contradictory("not all of it was inspected"))?;
                (Scope::Content(content), Some(inspected.facts.recorded()))
            }
            Subject::Standing { ceiling } => {
                let target = self.target.as_ref().and_then(Target::name);
                let sources = listing.places().ok_or(ApprovalError::Paths)?;
                let label = self.label.clone();
                let standing = Standing {
                    ceiling,
                    destination: target.ok_or(ApprovalError::Paths)?.to_owned(),
                    profile: label.ok_or(contradictory("it has no profile"))?.into(),
                    sources: sources.to_vec(),
                };
                (Scope::Standing(standing), None)
            }
        };
        Ok(ReleaseRequest {
            created: self.created,
            expires: self.expires,
            facts,
            findings,
            id: self.id,
            label: self.label.clone().map(Into::into),
            policy_sha256: policy.sha256(),
            purpose: self.purpose.clone().into(),
            recipients: NamedKey::of(&self.recipients),
            requester: RequestedBy {
                name: self.requester.name.clone().map(Into::into),
                user: self.requester.user,
            },
            scope,
            signer: self.signer,
        })
    }
}
