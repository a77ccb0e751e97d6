//! The two decisions, pure: the first over request and listing, before any
//! content is read; the second over what was established while it was sealed.
//!
//! A permit cannot be made anywhere else, is used once, and holds what it
//! permits. [`Permit`] allows ciphertext in staging and no more;
//! [`ReleasePermit`] allows the key envelope, the manifest and the signature.

use jiff::Timestamp;

use crate::destination::Destination;
use crate::diagnostic::{Finding, Severity};
use crate::digest::Digest;
use crate::keys::{Recipient, Recipients};
use crate::manifest::{Facts, PackageId};
use crate::path::Escaped;
use crate::policy::Policy;
use crate::signature::Fingerprint;
use crate::source::Listing;

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

impl From<Note> for String {
    fn from(note: Note) -> Self {
        note.0
    }
}

/// What is asked for.
#[derive(Debug)]
pub struct Request {
    /// The package it would become.
    pub package: PackageId,
    /// Who is to be able to open it.
    pub recipients: Recipients,
    /// The key that will sign it.
    pub signer: Option<Fingerprint>,
    /// Where it is to go.
    pub destination: Destination,
    /// The time of the request.
    pub created: Timestamp,
    /// What the sender calls it.
    pub label: Option<Note>,
    /// What it is for.
    pub purpose: Option<Note>,
    /// Who asks.
    pub requester: Option<Note>,
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
    findings: Vec<Finding>,
}

impl Refusal {
    /// The findings, those that refuse and those that only warn.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
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
    pub(crate) package: PackageId,
    pub(crate) content: Digest,
    pub(crate) findings: Vec<Finding>,
}

/// What the second decision is about.
#[derive(Debug, Clone, Copy)]
pub struct SealedContent<'a> {
    pub(crate) package: PackageId,
    pub(crate) content: Digest,
    pub(crate) facts: &'a Facts,
}

impl Policy {
    /// The first decision: may this be read, for these people, to that place?
    pub fn decide(&self, request: Request, listing: Listing) -> Decision<Permit> {
        let mut findings = Vec::new();
        match &request.recipients {
            Recipients::Keys(keys) if keys.is_empty() => findings.push(no_recipient()),
            Recipients::Keys(keys) => {
                let today = request.created.to_zoned(jiff::tz::TimeZone::UTC).date();
                findings.extend(keys.iter().filter_map(|key| expired(key, today)));
            }
            Recipients::Passphrase(_) => {}
        }
        if request.signer.is_none() {
            findings.push(refuse(
                "unsigned",
                "there is no key to sign the package with",
                "run 'exeat init' to make one",
            ));
        }
        if refuses(&findings) {
            return Decision::Refusal(Refusal { findings });
        }
        Decision::Permit(Permit {
            listing,
            request,
            findings,
            policy_sha256: self.sha256(),
        })
    }

    /// The second decision: may what was sealed be given a key? The floor asks
    /// nothing of the content of an encrypted export.
    pub fn decide_content(&self, sealed: &SealedContent<'_>) -> Decision<ReleasePermit> {
        Decision::Permit(ReleasePermit {
            package: sealed.package,
            content: sealed.content,
            findings: Vec::new(),
        })
    }
}

impl SealedContent<'_> {
    /// What was established about the content.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        self.facts
    }
}

fn refuses(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.severity == Severity::Refuse)
}

fn refuse(code: &'static str, message: impl Into<String>, help: &str) -> Finding {
    Finding {
        code: code.into(),
        help: help.into(),
        message: message.into(),
        severity: Severity::Refuse,
        spans: Vec::new(),
    }
}

fn no_recipient() -> Finding {
    refuse(
        "no-recipient",
        "nobody is named who could open the package",
        "name a recipient with -r, a file of them with -R, or use --passphrase",
    )
}

fn expired(key: &Recipient, today: jiff::civil::Date) -> Option<Finding> {
    let last = key.expires().filter(|&last| last < today)?;
    let name = key.name().unwrap_or_default();
    Some(refuse(
        "recipient-expired",
        format!("'{}' could be used until {last}", Escaped(name.as_bytes())),
        "ask them for a new recipient line and enter it in your recipients.toml",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    const KEY: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

    fn codes(recipients: Recipients, signed: bool) -> Vec<String> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let source = Source::open(&[dir.path().join(".")]).expect("opens");
        let beside = tempfile::tempdir().expect("a temporary folder");
        let name = "x".parse().expect("a name");
        let destination = Destination::folder(beside.path(), name, &source).expect("a place");
        let signer = crate::signature::SigningKey::generate("test");
        let request = Request {
            package: PackageId::generate(),
            recipients,
            signer: signed.then(|| signer.public().fingerprint()),
            destination,
            created: "2026-11-22T23:00:00Z".parse().expect("a time"),
            label: None,
            purpose: None,
            requester: None,
        };
        match Policy::floor().decide(request, Listing::default()) {
            Decision::Permit(_) => Vec::new(),
            Decision::Refusal(refusal) => {
                let codes = refusal.findings().iter().map(|f| f.code.to_string());
                codes.collect()
            }
        }
    }

    fn keys(expires: Option<jiff::civil::Date>) -> Recipients {
        let key = Recipient::parse(KEY)
            .expect("a recipient")
            .named("N", expires);
        Recipients::keys(vec![key]).expect("one recipient")
    }

    #[test]
    fn asks_for_recipients_and_a_signer() {
        let none = || Recipients::keys(vec![]).expect("none");
        assert_eq!(codes(none(), true), ["no-recipient"]);
        assert_eq!(codes(none(), false), ["no-recipient", "unsigned"]);
        assert_eq!(codes(keys(None), false), ["unsigned"]);
        assert!(codes(keys(None), true).is_empty());
    }

    #[test]
    fn a_recipient_can_be_used_until_the_end_of_its_last_day() {
        let on = |day| Some(jiff::civil::date(2026, 11, day));
        assert_eq!(codes(keys(on(21)), true), ["recipient-expired"]);
        assert!(codes(keys(on(22)), true).is_empty());
    }

    #[test]
    fn notes_are_single_lines() {
        assert!("Q3 extract".parse::<Note>().is_ok());
        for bad in ["", "  ", "a\nb", "\u{9b}", &"x".repeat(MAX_NOTE + 1)] {
            assert_eq!(bad.parse::<Note>(), Err(NoteError), "{bad:?}");
        }
    }
}
