//! The rules on approvals: whose they are, what they are for, and how many
//! there are.
//!
//! One that is not as it should be is said and refuses, however many others
//! there are: somebody means it to count, and has to know that it does not.
//! No approval loosens anything but the demand for approvals.

use super::ask::{Ask, Form};
use super::words::{LEAVE_OUT, people, refuse, uninspected_places, unseen};
use super::{History, Past};
use crate::approval::{Approvals, is_future};
use crate::diagnostic::words::{counted, grouped};
use crate::diagnostic::{Finding, Severity};
use crate::inspect::Facts;
use crate::keys::Recipients;
use crate::manifest::{
    Approval, Content, NamedApproval, NamedKey, Scope, Standing, Verdict, recipients_sha256,
};
use crate::path::Escaped;
use crate::policy::{NoApprover, Origin, Policy};
use crate::statement::Signed;

const ASK_AGAIN: &str = "ask for a new one: 'exeat request' with the same options as the export, then \
                         'exeat approve'";
const LEAVE_IT_OUT: &str = "leave out this --approval";
const OTHERS: &str = "ask somebody else who may approve";

impl Policy {
    /// What is wrong with the approvals, as far as it shows without content.
    pub(super) fn given_approvals(&self, ask: &Ask<'_>, findings: &mut Vec<Finding>) {
        let Some(given) = Given::of(ask) else {
            return;
        };
        let Some(first) = given.approvals.iter().next() else {
            return;
        };
        let mut earlier: Vec<(&Signed<Approval>, Option<&str>)> = Vec::new();
        for signed in given.approvals {
            let approval = signed.statement();
            let name = self.who(signed, ask, findings);
            let who = shown(name, signed);
            self.is_others(signed, &given, &who, findings);
            if earlier
                .iter()
                .any(|(other, known)| is_same(*known, name, other, signed))
            {
                findings.push(floor(
                    "approval-duplicate",
                    format!("{who} has approved twice"),
                    LEAVE_IT_OUT,
                ));
            }
            earlier.push((signed, name));
            if approval.verdict == Verdict::Reject {
                findings.push(floor(
                    "approval-rejected",
                    format!("{who} has rejected the request{}", because(approval)),
                    "settle it with them, and ask anew with 'exeat request'",
                ));
            }
            given.terms(approval, &who, findings);
        }
        let request = |signed: &Signed<Approval>| {
            let approval = signed.statement();
            (approval.request, approval.request_sha256)
        };
        if given
            .approvals
            .iter()
            .any(|other| request(other) != request(first))
        {
            findings.push(floor(
                "approval-other-request",
                "the approvals are for different requests",
                "give approvals of one request, the one that everybody has seen",
            ));
        }
    }

    /// Whose approval it is, if it is one of those who may.
    fn who(
        &self,
        signed: &Signed<Approval>,
        ask: &Ask<'_>,
        findings: &mut Vec<Finding>,
    ) -> Option<&str> {
        let key = signed.fingerprint();
        let approval = signed.statement();
        let mut name = None;
        match self.approver(&key, ask.created) {
            Ok(known) => name = Some(known),
            // No rule asks for it, and a stricter policy must not let out what
            // this one refuses.
            Err(NoApprover::NotAsked) => findings.push(Finding {
                severity: Severity::Warn,
                ..floor(
                    "approval-unknown-approver",
                    format!(
                        "the approval by the key {key} counts for nothing: no policy asks for any"
                    ),
                    LEAVE_IT_OUT,
                )
            }),
            Err(NoApprover::NoFile(rule)) => findings.push(refuse(
                "approval-unknown-approver",
                format!("the key {key} has approved, and the policy does not say whose keys may"),
                NOBODY_CAN,
                &rule,
            )),
            Err(NoApprover::Unknown(rule)) => findings.push(refuse(
                "approval-unknown-approver",
                format!("the key {key} is none of those that may approve"),
                "ask somebody who may: 'exeat policy show' names the file of them",
                &rule,
            )),
            Err(NoApprover::NotNamed(name, rule)) => findings.push(refuse(
                "approval-unknown-approver",
                format!(
                    "'{}' is not among those who may approve",
                    Escaped(name.as_bytes())
                ),
                "ask somebody who may: 'exeat policy show' lists them",
                &rule,
            )),
            Err(NoApprover::NotValid(name, rule)) => findings.push(refuse(
                "approval-expired",
                format!(
                    "the key {key} of '{}' is not valid at this time",
                    Escaped(name.as_bytes())
                ),
                "ask for an approval by a key that is valid",
                &rule,
            )),
        }
        let who = shown(name, signed);
        if approval.expires <= ask.created {
            findings.push(floor(
                "approval-expired",
                format!("the approval of {who} expired at {}", approval.expires),
                ASK_AGAIN,
            ));
        } else if is_future(approval.created, ask.created) {
            findings.push(floor(
                "approval-expired",
                format!(
                    "the approval of {who} is dated {}, in the future",
                    approval.created
                ),
                "set the clock of this machine, or ask for a new one",
            ));
        }
        name
    }

    /// That the one who approves is not the one who asks: by the key, and by
    /// the name that the key has.
    fn is_others(
        &self,
        signed: &Signed<Approval>,
        given: &Given<'_>,
        who: &str,
        findings: &mut Vec<Finding>,
    ) {
        let key = signed.fingerprint();
        let askers = [Some(signed.statement().signer), given.signer];
        let names = self.names_of(&key);
        let is_own = askers.iter().flatten().any(|asker| {
            *asker == key
                || self
                    .names_of(asker)
                    .iter()
                    .any(|own| names.iter().any(|name| name.eq_ignore_ascii_case(own)))
        });
        if is_own {
            findings.push(floor(
                "approval-by-requester",
                format!("{who} asks for this export, and nobody approves their own"),
                OTHERS,
            ));
        }
    }

    /// What there is to say about approvals once the content is known, and what
    /// has left before.
    pub(super) fn approvals(
        &self,
        ask: &Ask<'_>,
        facts: &Facts,
        history: &History,
        findings: &mut Vec<Finding>,
    ) {
        if let Some(given) = Given::of(ask) {
            given.content(facts, history, findings);
        }
        // What nobody has seen may be about any number of people.
        let unseen = unseen(facts);
        let count = match unseen {
            Some(_) => u64::MAX,
            None => facts.people.most,
        };
        let Some(needed) = self.approvals_for(count) else {
            return;
        };
        let there = self.approvers_of(ask).len();
        if there >= needed.value as usize {
            return;
        }
        let is_there = match there {
            0 => String::new(),
            there => format!(", and {} there", counted(there as u64, "is", "are")),
        };
        let needed_text = format!("approvals: {}{is_there}", needed.value);
        let help = self.how_to_ask(ask);
        let missing =
            |message, help: &str| refuse("approval-missing", message, help, &needed.origin);
        findings.push(match unseen {
            Some(unseen) => Finding {
                spans: uninspected_places(facts),
                ..missing(
                    format!("{unseen} and counts as bulk; such an export needs {needed_text}"),
                    &format!("leave out with --exclude what could not be inspected; or {help}"),
                )
            },
            None => missing(
                format!(
                    "{} would leave; an export of so many needs {needed_text}",
                    people(facts)
                ),
                &help,
            ),
        });
    }

    fn how_to_ask(&self, ask: &Ask<'_>) -> String {
        match ask.form {
            Form::Plain => super::words::SEAL.to_owned(),
            Form::Sealed {
                approvals: None, ..
            } => "approvals are for exports: make a new one of \
                 what is in the package, or pass fewer people on"
                .to_owned(),
            Form::Sealed { .. } if !self.names_approvers() => NOBODY_CAN.to_owned(),
            Form::Sealed { .. } => "write a request with 'exeat request SRC --purpose TEXT -r \
                 RECIPIENT', send it to people who may approve, and export with an --approval FILE \
                 of each"
                .to_owned(),
        }
    }

    /// The approvals that count, each with the name of who gave it.
    fn approvers_of(&self, ask: &Ask<'_>) -> Vec<NamedApproval> {
        let Form::Sealed {
            approvals: Some(given),
            ..
        } = ask.form
        else {
            return Vec::new();
        };
        let mut findings = Vec::new();
        self.given_approvals(ask, &mut findings);
        // One that is not as it should be spoils all of them.
        if super::refuses(&findings) {
            return Vec::new();
        }
        let named = given.iter().filter_map(|approval| {
            let name = self.approver(&approval.fingerprint(), ask.created).ok()?;
            Some(NamedApproval::new(name, approval))
        });
        named.collect()
    }

    /// The approvals of an export that was decided on.
    pub(super) fn named_approvals(&self, ask: &Ask<'_>) -> Vec<NamedApproval> {
        self.approvers_of(ask)
    }
}

const NOBODY_CAN: &str = "nobody can approve here: ask whoever keeps the policy to name a file of \
                          approvers in [approvals] file";

/// What approvals were given with, and for.
struct Given<'a> {
    approvals: &'a Approvals,
    recipients: Option<&'a Recipients>,
    signer: Option<crate::signature::Fingerprint>,
    ask: &'a Ask<'a>,
}

impl<'a> Given<'a> {
    fn of(ask: &'a Ask<'a>) -> Option<Self> {
        match ask.form {
            Form::Sealed {
                recipients,
                signer,
                approvals: Some(approvals),
            } if !approvals.is_empty() => Some(Self {
                approvals,
                recipients,
                signer: signer.copied(),
                ask,
            }),
            _ => None,
        }
    }

    /// That the export is the one that was approved, but for its content.
    fn terms(&self, approval: &Approval, who: &str, findings: &mut Vec<Finding>) {
        let ask = self.ask;
        let mut other = |code, what: &str| {
            let message = format!("{who} has approved {what}");
            findings.push(floor(code, message, ASK_AGAIN));
        };
        if ask.purpose != Some(approval.purpose.as_str()) {
            other("approval-other-purpose", "another purpose");
        }
        let keys = self.recipients.map(NamedKey::of).unwrap_or_default();
        if recipients_sha256(&keys) != approval.recipients_sha256 {
            other("approval-other-recipients", "other recipients");
        }
        let requester = ask.requester;
        let name = requester.name.as_ref().map(super::Note::as_str);
        let is_same = (approval.requester.user, approval.requester.name.as_deref())
            == (requester.user, name)
            && self.signer == Some(approval.signer);
        if !is_same {
            other(
                "approval-other-requester",
                "what another account or signing key asked for",
            );
        }
        if let Scope::Standing(standing) = &approval.scope {
            self.places(standing, &mut other);
        }
    }

    /// That a standing approval is for these places.
    fn places(&self, standing: &Standing, other: &mut impl FnMut(&'static str, &str)) {
        let ask = self.ask;
        if ask.label != Some(standing.profile.as_str()) {
            other(
                "approval-other-profile",
                &format!(
                    "exports with the label '{}' alone",
                    Escaped(standing.profile.as_bytes())
                ),
            );
        }
        if ask.sources != Some(standing.sources.as_slice()) {
            let sources = standing.sources.iter();
            let sources = sources.map(|one| format!("'{}'", Escaped(one.as_bytes())));
            let sources = sources.collect::<Vec<_>>().join(", ");
            other(
                "approval-other-sources",
                &format!("exports of {sources} alone"),
            );
        }
        let Some(target) = ask.target else {
            return;
        };
        if target.name() != Some(standing.destination.as_str()) {
            other(
                "approval-other-destination",
                &format!(
                    "the destination '{}' alone",
                    Escaped(standing.destination.as_bytes())
                ),
            );
        }
    }

    /// That the content is the one that was approved, and that the request has
    /// not been used up.
    fn content(&self, facts: &Facts, history: &History, findings: &mut Vec<Finding>) {
        let ceilings = self.approvals.iter().filter_map(|signed| {
            let Scope::Standing(standing) = &signed.statement().scope else {
                return None;
            };
            Some(standing.ceiling)
        });
        if let Some(ceiling) = ceilings.min() {
            let limit = format!("the approvals are for {} at most", grouped(ceiling));
            if facts.people.most > ceiling {
                findings.push(floor(
                    "approval-over-ceiling",
                    format!("{} would leave; {limit}", people(facts)),
                    "export fewer people, or ask for a new one with a higher --ceiling",
                ));
            } else if let Some(unseen) = unseen(facts) {
                findings.push(Finding {
                    spans: uninspected_places(facts),
                    ..floor(
                        "approval-over-ceiling",
                        format!("{unseen} and counts as bulk; {limit}"),
                        LEAVE_OUT,
                    )
                });
            }
        }
        match &history.request {
            Some(past) => spent(self.approvals, past, findings),
            // Without an answer nobody knows, so nothing may leave.
            None => findings.push(floor(
                "approval-used",
                "nobody knows whether the request has been used or rejected",
                "this is a mistake of the program that asked",
            )),
        }
    }
}

/// That the request has been neither rejected nor used up, and that nobody has
/// approved it from the account that asks.
pub(super) fn spent(approvals: &Approvals, past: &Past, findings: &mut Vec<Finding>) {
    if past.is_rejected {
        findings.push(floor(
            "approval-rejected",
            "the ledger has a rejection of the request",
            "settle it with whoever rejected it, and ask anew with 'exeat request'",
        ));
    }
    for signed in approvals {
        if past.own_keys.contains(&signed.fingerprint().to_string()) {
            findings.push(floor(
                "approval-by-requester",
                format!(
                    "{} has approved from the account that asks, and nobody approves their own",
                    shown(None, signed)
                ),
                OTHERS,
            ));
        }
    }
    if past.releases > 0 && approvals.ask_for_content() {
        findings.push(floor(
            "approval-used",
            "the request has been released already: one request is one release",
            "ask anew with 'exeat request'",
        ));
    }
}

/// That what would leave is what was approved, byte for byte. `found` is
/// `None` where its digest cannot be known.
pub(super) fn same_content(
    approvals: &Approvals,
    found: Option<Content>,
    findings: &mut Vec<Finding>,
) {
    let is_other = approvals
        .iter()
        .any(|signed| match &signed.statement().scope {
            Scope::Content(content) => found != Some(*content),
            Scope::Standing(_) => false,
        });
    if is_other {
        findings.push(floor(
            "approval-other-content",
            "what would leave is not what was approved: a file was changed, added, taken away or \
             left out",
            "put it back as it was, or ask for new approvals with 'exeat request'",
        ));
    }
}

/// A stream cannot be read twice, so nobody has approved what is in it.
pub(super) fn streamed_content(approvals: &Approvals, findings: &mut Vec<Finding>) {
    if approvals.ask_for_content() {
        findings.push(floor(
            "approval-other-content",
            "what comes through a pipe is not what was approved: nobody has seen it",
            "put it into a file first, or ask for a standing approval",
        ));
    }
}

fn floor(code: &'static str, message: impl Into<String>, help: &str) -> Finding {
    refuse(code, message, help, &Origin::Floor)
}

/// An approver for people: by name, else by the key.
fn shown(name: Option<&str>, signed: &Signed<Approval>) -> String {
    match name {
        Some(name) => format!("'{}'", Escaped(name.as_bytes())),
        None => format!("the key {}", signed.fingerprint()),
    }
}

fn because(approval: &Approval) -> String {
    match &approval.why {
        Some(why) => format!(": {}", Escaped(why.as_bytes())),
        None => String::new(),
    }
}

/// Whether two approvals are one person's: of one key, or of one name.
fn is_same(
    a: Option<&str>,
    b: Option<&str>,
    first: &Signed<Approval>,
    second: &Signed<Approval>,
) -> bool {
    let is_one_name = a.zip(b).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b));
    first.fingerprint() == second.fingerprint() || is_one_name
}
