//! A release that several people agree to: the request that the sender signs,
//! and what approvers answer to it.
//!
//! A request says what is to leave, for whom and what for; each approver signs
//! an [`Approval`] of exactly that; the export takes the approvals along. What
//! they are worth is for a policy to say: see [`crate::decide`]. Nothing here
//! needs a server, and stock tools can check all of it: see
//! [`crate::manual::approvals`].

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decide::Note;
use crate::diagnostic::{Explain, Fault, Finding};
use crate::digest::Digest;
use crate::inspect::Facts;
use crate::manifest::{
    Approval, MAX_APPROVALS, NamedKey, RequestId, RequestedBy, Scope, Verdict, recipients_sha256,
};
use crate::signature::{Fingerprint, SignatureError, SigningKey};
use crate::statement::{Signed, Statement, StatementError};

mod content;
#[cfg(test)]
mod tests;

pub use content::content_of;
pub(crate) use content::{ContentHasher, content_in};

/// The namespace of signatures over requests.
pub const REQUEST_NAMESPACE: &str = "exeat.request.v1";

/// How far ahead of ours a clock may be that signed something.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// What the approvals of one release may take together, in bytes: the header
/// of a package's inventory is one line of 64 KiB, and has more to say.
const MAX_TOGETHER: usize = 24 << 10;
/// What the paths of a standing request may take, in bytes.
const MAX_PATHS: usize = 4096;

/// That somebody asks to release something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReleaseRequest {
    /// When it was signed.
    pub created: Timestamp,
    /// Until when it can be approved, and used.
    pub expires: Timestamp,
    /// What was established about the content; null for a standing request.
    pub facts: Option<Facts>,
    /// What the requester's policy had to say about it.
    pub findings: Vec<Finding>,
    /// The request.
    pub id: RequestId,
    /// What the requester calls it.
    pub label: Option<String>,
    /// SHA-256 of the requester's policy.
    pub policy_sha256: Digest,
    /// What it is for.
    pub purpose: String,
    /// Who is to be able to open it.
    pub recipients: Vec<NamedKey>,
    /// The account that asks.
    pub requester: RequestedBy,
    /// What is to leave.
    pub scope: Scope,
    /// The key that signs this and is to sign the package.
    pub signer: Fingerprint,
}

impl Statement for ReleaseRequest {
    const FORMAT: &'static str = "exeat-request/1";
    const NAMESPACE: &'static str = REQUEST_NAMESPACE;
    const NAME: &'static str = "a request";
    const MAX_BYTES: usize = 1 << 20;
}

/// Why there is no request, or no approval of one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// The file is none, or was altered.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// It could not be signed.
    #[error(transparent)]
    Sign(SignatureError),
    /// A request that is signed rightly and says what none may say.
    #[error("the request contradicts itself: {reason}")]
    Contradictory {
        /// How.
        reason: &'static str,
    },
    /// The request is over.
    #[error("the request expired on {}", day(*expires))]
    Expired {
        /// When.
        expires: Timestamp,
    },
    /// The request is from the future.
    #[error("the request is dated {created}, which has not come yet")]
    Future {
        /// Its date.
        created: Timestamp,
    },
    /// The requester's own key would answer.
    #[error("this key signed the request, and nobody approves their own")]
    OwnRequest,
    /// An expiry that is over, or lies too far ahead.
    #[error("it has to expire between now and {}", day(*latest))]
    Expiry {
        /// The last moment that can be asked for.
        latest: Timestamp,
    },
    /// More than a package's header has room for.
    #[error("more than {MAX_APPROVALS} approvals, or more than {} KiB of them", MAX_TOGETHER >> 10)]
    TooMany,
    /// The paths of a standing request.
    #[error("the paths of a standing request have to be UTF-8, and {MAX_PATHS} bytes at most")]
    Paths,
    /// More than a request has room for.
    #[error("the request is larger than {} KiB", ReleaseRequest::MAX_BYTES >> 10)]
    TooLarge,
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

impl Explain for ApprovalError {
    fn code(&self) -> &'static str {
        match self {
            Self::Statement(error) => error.code(),
            Self::Sign(error) => error.code(),
            Self::Contradictory { .. } => "statement-contradictory",
            Self::Expired { .. } => "request-expired",
            Self::Future { .. } => "request-not-yet",
            Self::OwnRequest => "approval-by-requester",
            Self::Expiry { .. } => "expiry",
            Self::TooMany => "approvals-too-many",
            Self::Paths => "request-paths",
            Self::TooLarge => "request-too-large",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Statement(error) => error.fault(),
            Self::Sign(error) => error.fault(),
            Self::Contradictory { .. } => Fault::Package,
            Self::Expired { .. } | Self::Future { .. } | Self::OwnRequest => Fault::Refused,
            Self::Expiry { .. } | Self::TooMany | Self::Paths | Self::TooLarge => Fault::Request,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Statement(error) => return error.help(),
            Self::Sign(error) => return error.help(),
            Self::Contradictory { .. } => {
                "whoever signed it used a program that does not keep to the format: tell them"
            }
            Self::Expired { .. } => "ask the requester for a new one",
            Self::Future { .. } => "set the clock of this machine, or ask the requester to",
            Self::OwnRequest => "send the request to somebody else who may approve",
            Self::Expiry { .. } => "leave out --expires, or give fewer days",
            Self::TooMany => "give only as many --approval as the policy asks for",
            Self::Paths => "name fewer sources, or give them shorter paths",
            Self::TooLarge => "export fewer recipients or files at once",
        }))
    }
}

impl ReleaseRequest {
    /// The longest that a request for certain content lasts.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(90 * 24);
    /// The longest that a standing one lasts.
    pub const LONGEST_STANDING: SignedDuration = SignedDuration::from_hours(400 * 24);

    /// Signs it.
    ///
    /// # Errors
    /// The key is another one than it names, or cannot sign; it contradicts
    /// itself; it expires too late or is too large.
    pub fn sign(self, key: &SigningKey) -> Result<Signed<Self>, ApprovalError> {
        if key.public().fingerprint() != self.signer {
            let reason = "another key signs it than the one it names";
            return Err(ApprovalError::Contradictory { reason });
        }
        let latest = self.latest();
        if self.expires <= self.created || self.expires > latest {
            return Err(ApprovalError::Expiry { latest });
        }
        self.check()?;
        let signed = Signed::sign(self, key).map_err(ApprovalError::Sign)?;
        match signed.to_bytes().len() <= Self::MAX_BYTES {
            true => Ok(signed),
            false => Err(ApprovalError::TooLarge),
        }
    }

    /// Reads one, and checks that its signature fits and that it does not
    /// contradict itself. Whether its signer is trusted is another question.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Signed<Self>, ApprovalError> {
        let signed = Signed::<Self>::from_bytes(bytes)?;
        let request = signed.statement();
        if signed.fingerprint() != request.signer {
            let reason = "another key signed it than the one it names";
            return Err(ApprovalError::Contradictory { reason });
        }
        request.check()?;
        Ok(signed)
    }

    /// The last moment at which it may expire.
    fn latest(&self) -> Timestamp {
        let longest = match self.scope {
            Scope::Content(_) => Self::LONGEST,
            Scope::Standing(_) => Self::LONGEST_STANDING,
        };
        let latest = self.created.checked_add(longest);
        latest.unwrap_or(Timestamp::MAX)
    }

    fn check(&self) -> Result<(), ApprovalError> {
        let is_note = |text: &str| text.parse::<Note>().is_ok_and(|note| note.as_str() == text);
        let notes = [self.label.as_deref(), self.requester.name.as_deref()];
        let mut notes = notes.into_iter().flatten().chain([self.purpose.as_str()]);
        let contradiction = if !notes.all(is_note) {
            Some("a text in it is no single line")
        } else if self.recipients.is_empty() {
            Some("it names no recipient")
        } else if self.expires <= self.created || self.expires > self.latest() {
            Some("it expires too late, or before it begins")
        } else {
            match &self.scope {
                Scope::Content(_) if self.facts.is_none() => Some("it has no facts"),
                Scope::Content(_) => None,
                Scope::Standing(standing) => {
                    let sources = &standing.sources;
                    let bytes = sources.iter().map(String::len).sum::<usize>();
                    if bytes + standing.destination.len() > MAX_PATHS {
                        return Err(ApprovalError::Paths);
                    }
                    let is_sorted = sources.windows(2).all(|pair| pair[0] < pair[1]);
                    if sources.is_empty() || !is_sorted {
                        Some("its sources are not in order")
                    } else if self.label.as_ref() != Some(&standing.profile) {
                        Some("its label is not its profile")
                    } else {
                        self.facts.as_ref().map(|_| "a standing one has no facts")
                    }
                }
            }
        };
        match contradiction {
            Some(reason) => Err(ApprovalError::Contradictory { reason }),
            None => Ok(()),
        }
    }
}

/// An answer to a request, to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Yes or no.
    pub verdict: Verdict,
    /// What to say about it.
    pub why: Option<Note>,
    /// Now.
    pub created: Timestamp,
    /// Until when it is good; as long as the request where nothing is said.
    pub expires: Option<Timestamp>,
}

/// Signs an answer to a request. It lasts no longer than the request.
///
/// # Errors
/// The key is the requester's, or cannot sign; the request is over or from the
/// future; the answer would expire before it begins or after the request.
pub fn answer(
    request: &Signed<ReleaseRequest>,
    answer: Answer,
    key: &SigningKey,
) -> Result<Signed<Approval>, ApprovalError> {
    let asked = request.statement();
    let Answer {
        verdict,
        why,
        created,
        expires,
    } = answer;
    in_time(asked, created)?;
    // Nobody approves their own; to take it back is another thing.
    if verdict == Verdict::Approve && key.public().fingerprint() == request.fingerprint() {
        return Err(ApprovalError::OwnRequest);
    }
    let expires = expires.unwrap_or(asked.expires);
    if expires <= created || expires > asked.expires {
        let latest = asked.expires;
        return Err(ApprovalError::Expiry { latest });
    }
    let approval = Approval {
        created,
        expires,
        purpose: asked.purpose.clone(),
        recipients_sha256: recipients_sha256(&asked.recipients),
        request: asked.id,
        request_sha256: request.sha256(),
        requester: asked.requester.clone(),
        scope: asked.scope.clone(),
        signer: asked.signer,
        verdict,
        why: why.map(Into::into),
    };
    Signed::sign(approval, key).map_err(ApprovalError::Sign)
}

/// Whether a request can be answered at that time.
///
/// # Errors
/// [`ApprovalError::Expired`] or [`ApprovalError::Future`].
pub fn in_time(request: &ReleaseRequest, now: Timestamp) -> Result<(), ApprovalError> {
    let (created, expires) = (request.created, request.expires);
    if expires <= now {
        return Err(ApprovalError::Expired { expires });
    }
    match is_future(created, now) {
        true => Err(ApprovalError::Future { created }),
        false => Ok(()),
    }
}

/// Whether something is dated later than clocks differ.
pub(crate) fn is_future(created: Timestamp, now: Timestamp) -> bool {
    created.duration_since(now) > SKEW
}

/// The approvals of one release: as many as a package has room for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approvals(Vec<Signed<Approval>>);

impl Approvals {
    /// Takes these. What they are worth is for a policy to say.
    ///
    /// # Errors
    /// [`ApprovalError::TooMany`].
    pub fn new(approvals: Vec<Signed<Approval>>) -> Result<Self, ApprovalError> {
        let bytes: usize = approvals.iter().map(|one| one.to_bytes().len()).sum();
        match approvals.len() <= MAX_APPROVALS && bytes <= MAX_TOGETHER {
            true => Ok(Self(approvals)),
            false => Err(ApprovalError::TooMany),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The approvals.
    pub fn iter(&self) -> std::slice::Iter<'_, Signed<Approval>> {
        self.0.iter()
    }

    /// The request that they are for, by the first of them.
    #[must_use]
    pub fn request(&self) -> Option<RequestId> {
        self.0.first().map(|one| one.statement().request)
    }

    /// The content that they are for, where they are for certain content: it
    /// has to be read in full then.
    pub(crate) fn content(&self) -> Option<Digest> {
        self.0.iter().find_map(|one| match &one.statement().scope {
            Scope::Content(content) => Some(content.sha256),
            Scope::Standing(_) => None,
        })
    }

    /// Whether any of them is for certain content, so that its digest has to be
    /// known.
    #[must_use]
    pub fn ask_for_content(&self) -> bool {
        self.content().is_some()
    }
}

impl<'a> IntoIterator for &'a Approvals {
    type Item = &'a Signed<Approval>;
    type IntoIter = std::slice::Iter<'a, Signed<Approval>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
