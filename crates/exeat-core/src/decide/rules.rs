//! The rules, each a function from what is known to findings. A rule that a
//! policy can tighten names the line that did.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::ask::{Ask, Form};
use super::floor::{key_beside, plain_content, plain_place, private_keys, weak_encryption};
use super::words::{
    LEAVE_OUT, SEAL, by, by_whom, most, people, refuse, uninspected, uninspected_places, unseen,
    who,
};
use super::{History, Left, Requester};
use crate::destination::Target;
use crate::diagnostic::words::grouped;
use crate::diagnostic::{Finding, Severity};
use crate::inspect::{Coverage, Depth, Facts};
use crate::keys::{Recipient, Recipients};
use crate::path::Escaped;
use crate::policy::{InspectionMode, Origin, Policy};
use crate::signature::Fingerprint;

impl Policy {
    /// What the rules say of a request before its content is read.
    #[must_use]
    pub fn request_findings(&self, ask: &Ask<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Form::Sealed {
            recipients, signer, ..
        } = ask.form
        {
            if let Some(recipients) = recipients {
                self.recipients(recipients, ask.created, &mut findings);
            }
            self.signer(signer, &mut findings);
        }
        self.given_approvals(ask, &mut findings);
        self.purpose(ask, &mut findings);
        if let Some(target) = ask.target {
            self.destination(target, &mut findings);
            key_beside(target, &mut findings);
        }
        findings
    }

    /// What the rules say of the content.
    #[must_use]
    pub fn content_findings(
        &self,
        ask: &Ask<'_>,
        facts: &Facts,
        history: &History,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        if ask.is_plain() {
            self.bulk(facts, &mut findings);
            self.over_time(ask.requester, facts, history, &mut findings);
            plain_content(facts, &self.bulk_rules().people, &mut findings);
            if let Some(target) = ask.target {
                plain_place(facts, target.place(), &mut findings);
            }
        }
        self.ceiling(facts, &mut findings);
        self.approvals(ask, facts, history, &mut findings);
        self.quota(ask.requester, facts, history, &mut findings);
        self.uninspected(ask, facts, &mut findings);
        private_keys(ask, facts, &mut findings);
        weak_encryption(ask, facts, &mut findings);
        findings
    }
}

/// The rules that a policy can tighten.
impl Policy {
    /// How far to inspect where all that is to be known is what the rules say.
    /// What is refused or warned of for not being inspected has to be looked
    /// at, however many people are found before it.
    #[must_use]
    pub fn depth(&self) -> Depth {
        // A number of people says nothing of the number of records.
        let sums_records = self.quotas().any(|quota| quota.records().is_some());
        match self.uninspected_rule().value {
            Severity::Note if !sums_records => Depth::Until {
                people: self.highest_threshold(),
            },
            _ => Depth::Full,
        }
    }

    /// How far what is to be sealed is inspected; `None` where no rule asks
    /// anything of its content.
    pub(super) fn depth_of_sealed(&self) -> Option<Depth> {
        if self.inspection_rule().value == InspectionMode::Full {
            return Some(Depth::Full);
        }
        let asks = self.asks_of_content() || self.uninspected_rule().value != Severity::Note;
        asks.then(|| self.depth())
    }

    /// Whether some rule can refuse a package for what is in it.
    pub(super) fn asks_of_content(&self) -> bool {
        self.ceiling_rule().is_some()
            || self.approvals_for(u64::MAX).is_some()
            || self.quotas().next().is_some()
            || self.uninspected_rule().value == Severity::Refuse
    }

    fn recipients(&self, recipients: &Recipients, now: Timestamp, findings: &mut Vec<Finding>) {
        let today = now.to_zoned(TimeZone::UTC).date();
        let keys = match recipients {
            Recipients::Keys(keys) if keys.is_empty() => {
                findings.push(refuse(
                    "no-recipient",
                    "nobody is named who could open the package",
                    "name a recipient with -r, a file of them with -R, or use --passphrase",
                    &Origin::Floor,
                ));
                return;
            }
            Recipients::Keys(keys) => keys,
            Recipients::Passphrase(_) => {
                findings.extend(self.forbids_passphrase().map(|rule| {
                    refuse(
                        "recipient-not-allowed",
                        "a passphrase cannot stand for the recipients",
                        "name recipients with -r instead of --passphrase",
                        rule,
                    )
                }));
                return;
            }
        };
        for key in keys {
            findings.extend(expired(key, today));
            if let Some(rule) = self.requires_post_quantum()
                && !key.is_post_quantum()
            {
                findings.push(refuse(
                    "recipient-not-post-quantum",
                    format!("{} is not post-quantum", who(key)),
                    "ask them for a key that begins with 'age1pq1', which 'age-keygen -pq' of \
                     age 1.3 makes",
                    rule,
                ));
            }
            if let Some(rule) = self.forbids_recipient(key, today) {
                findings.push(refuse(
                    "recipient-not-allowed",
                    format!("{} is not among the recipients that are allowed", who(key)),
                    "choose one who is, or ask whoever keeps the policy to add this one",
                    rule,
                ));
            }
        }
        for (required, rule) in self.required_recipients() {
            if !keys.iter().any(|key| required.is(key)) {
                findings.push(refuse(
                    "recovery-recipient-missing",
                    format!(
                        "'{}' has to be among the recipients",
                        Escaped(required.to_string().as_bytes())
                    ),
                    "add it with a further -r",
                    rule,
                ));
            }
        }
    }

    fn signer(&self, signer: Option<&Fingerprint>, findings: &mut Vec<Finding>) {
        let Some(signer) = signer else {
            findings.push(refuse(
                "unsigned",
                "there is no key to sign the package with",
                "run 'exeat init' to make one",
                &Origin::Floor,
            ));
            return;
        };
        findings.extend(self.forbids_signer(signer).map(|rule| {
            refuse(
                "signer-not-allowed",
                format!("the key {signer} may not sign packages"),
                "sign with one that may, with --signing-key",
                rule,
            )
        }));
    }

    fn purpose(&self, ask: &Ask<'_>, findings: &mut Vec<Finding>) {
        let finding = match ask.purpose {
            None => self.requires_purpose().map(|rule| {
                refuse(
                    "purpose-missing",
                    "it is not said what this is exported for",
                    "say so with --purpose",
                    rule,
                )
            }),
            Some(purpose) => self.forbids_purpose(purpose).map(|rule| {
                refuse(
                    "purpose-not-allowed",
                    "nothing may be exported for that purpose",
                    "'exeat policy show' lists the purposes that are allowed",
                    rule,
                )
            }),
        };
        findings.extend(finding);
    }

    fn destination(&self, target: &Target, findings: &mut Vec<Finding>) {
        let place = target.place();
        let forbidden = self.forbids_destination(place.medium(), target.resolved());
        findings.extend(forbidden.map(|rule| {
            refuse(
                "destination-not-allowed",
                format!("nothing may be exported to {}", place.why()),
                "'exeat policy show' lists the places that are allowed",
                rule,
            )
        }));
    }

    pub(super) fn bulk(&self, facts: &Facts, findings: &mut Vec<Finding>) {
        let bulk = self.bulk_rules();
        let limits = [
            (facts.people.most, &bulk.people, "people"),
            (
                facts.personal_records,
                &bulk.records,
                "records about people",
            ),
            (
                facts.bulk.bytes,
                &bulk.bytes,
                "bytes of tables, media and archives",
            ),
            (
                facts.bulk.files,
                &bulk.files,
                "tables, media files and archives",
            ),
        ];
        let exceeded = limits
            .into_iter()
            .filter(|(found, limit, _)| *found >= limit.value);
        let exceeded: Vec<_> = exceeded.collect();
        if exceeded.is_empty() {
            return;
        }
        let at_least = match facts.coverage {
            Coverage::Stopped => "at least ",
            _ => "",
        };
        let reasons = exceeded.iter().map(|(found, limit, what)| {
            let found = match *what {
                "people" => people(facts),
                _ => format!("{at_least}{} {what}", grouped(*found)),
            };
            format!("{found} (bulk from {} on)", grouped(limit.value))
        });
        let mut rules: Vec<_> = exceeded
            .iter()
            .map(|(_, limit, _)| limit.origin.to_string())
            .collect();
        rules.dedup();
        findings.push(Finding {
            rule: rules.join(", "),
            spans: most(facts.classes.iter()),
            ..refuse(
                "plaintext-bulk",
                format!(
                    "bulk data would leave in the clear: {}",
                    reasons.collect::<Vec<_>>().join(", ")
                ),
                SEAL,
                &Origin::Floor,
            )
        });
    }

    /// The floor over 30 days: what is below the limit each day adds up.
    fn over_time(
        &self,
        requester: &Requester,
        facts: &Facts,
        history: &History,
        findings: &mut Vec<Finding>,
    ) {
        let limit = &self.bulk_rules().people;
        let sum = history.plain_people.saturating_add(facts.people.most);
        let is_bulk_by_itself = facts.people.most >= limit.value;
        if facts.people.most > 0 && sum >= limit.value && !is_bulk_by_itself {
            findings.push(refuse(
                "quota-exceeded",
                format!(
                    "with {} people of the last 30 days, {} people would have left in the \
                     clear by {}; from {} on that is bulk data",
                    grouped(history.plain_people),
                    grouped(sum),
                    by(requester),
                    grouped(limit.value)
                ),
                SEAL,
                &limit.origin,
            ));
        }
    }

    fn ceiling(&self, facts: &Facts, findings: &mut Vec<Finding>) {
        let Some(ceiling) = self.ceiling_rule() else {
            return;
        };
        let limit = format!(
            "the most that an export may have is {}",
            grouped(ceiling.value)
        );
        let over = |message, help| refuse("over-ceiling", message, help, &ceiling.origin);
        if facts.people.most > ceiling.value {
            findings.push(over(
                format!("{} would leave; {limit}", people(facts)),
                "export fewer people, or ask whoever keeps the policy",
            ));
        } else if let Some(unseen) = unseen(facts) {
            findings.push(Finding {
                spans: uninspected_places(facts),
                ..over(format!("{unseen} and counts as bulk; {limit}"), LEAVE_OUT)
            });
        }
    }

    fn quota(
        &self,
        requester: &Requester,
        facts: &Facts,
        history: &History,
        findings: &mut Vec<Finding>,
    ) {
        for (index, quota) in self.quotas().enumerate() {
            let is_member = quota.concerns(&requester.groups);
            if !is_member && !requester.has_unnamed_groups {
                continue;
            }
            // Without a sum nothing is known, so nothing may leave.
            let unknown = Left {
                people: u64::MAX,
                records: u64::MAX,
            };
            let before = history.quotas.get(index).copied().unwrap_or(unknown);
            let whose = match is_member {
                true => String::new(),
                false => format!(
                    " for the group '{}', and not all of your groups have a name here",
                    Escaped(quota.group().as_bytes())
                ),
            };
            let counts = [
                (quota.people(), before.people, facts.people.most, "people"),
                (
                    quota.records(),
                    before.records,
                    facts.personal_records,
                    "records about people",
                ),
            ];
            let counts = counts
                .into_iter()
                .filter_map(|(limit, before, more, what)| Some((limit?, before, more, what)));
            for (limit, before, more, what) in counts {
                let sum = before.saturating_add(more);
                let allowed = grouped(limit.value);
                let exceeded = |message: String, help| {
                    let message = format!("{message}{whose}");
                    refuse("quota-exceeded", message, help, &limit.origin)
                };
                if more > 0 && sum > limit.value {
                    findings.push(exceeded(
                        format!(
                            "with {} {what} of the last {}, {} {what} would have left by {}, \
                             summed over exports; {allowed} are allowed",
                            grouped(before),
                            quota.per_words(),
                            grouped(sum),
                            by_whom(requester, quota)
                        ),
                        "wait, export fewer people, or ask whoever keeps the policy",
                    ));
                } else if let Some(unseen) = unseen(facts) {
                    findings.push(Finding {
                        spans: uninspected_places(facts),
                        ..exceeded(
                            format!(
                                "{unseen} and counts as bulk; {allowed} {what} within {} are \
                                 allowed",
                                quota.per_words()
                            ),
                            LEAVE_OUT,
                        )
                    });
                }
            }
        }
    }

    /// What could not be looked into, in a package.
    fn uninspected(&self, ask: &Ask<'_>, facts: &Facts, findings: &mut Vec<Finding>) {
        let rule = self.uninspected_rule();
        // Where nobody asked to look, there is nothing to note.
        let is_silent = facts.coverage == Coverage::None && rule.value == Severity::Note;
        let Some(message) = uninspected(facts).filter(|_| !ask.is_plain() && !is_silent) else {
            return;
        };
        findings.push(Finding {
            severity: rule.value,
            spans: uninspected_places(facts),
            ..refuse(
                "uninspected",
                message,
                match rule.value {
                    Severity::Refuse => "leave them out with --exclude",
                    _ => "the counts say nothing of them",
                },
                &rule.origin,
            )
        });
    }
}

fn expired(key: &Recipient, today: Date) -> Option<Finding> {
    let last = key.expires().filter(|&last| last < today)?;
    Some(refuse(
        "recipient-expired",
        format!("{} could be used until {last}", who(key)),
        "ask them for a new recipient line and enter it in your recipients.toml",
        &Origin::Floor,
    ))
}

/// What has gone into a pipe cannot be taken back, and what came through one
/// cannot be read twice.
pub(super) fn undecided_stream() -> Finding {
    refuse(
        "stream-undecided",
        "the policy has rules about content, and this would be gone before its content is known",
        "put it into a folder with --to DIR, with --archive as one file, and send that",
        &Origin::Floor,
    )
}

/// A permit of another policy, or facts of another content.
pub(super) fn mismatch() -> Finding {
    refuse(
        "permit-mismatch",
        "the decision would be about something else than what was permitted",
        "this is a mistake of the program that asked",
        &Origin::Floor,
    )
}
