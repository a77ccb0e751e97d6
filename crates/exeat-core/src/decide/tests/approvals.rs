//! Approvals: each finding when there is cause for it and when there is none,
//! and that none of them loosens anything else.

use super::*;
use crate::manifest::{
    APPROVAL_NAMESPACE, Approval, Content, RequestId, RequestedBy, Scope, Standing, Verdict,
    recipients_sha256,
};
use crate::policy::approver_keys;
use crate::signature::{AllowedSigner, SigningKey};
use crate::statement::Signed;

const RULES: &str = "[approvals]\nfile = \"approvers\"\napprovers = [\"ada\", \"bob\", \"cy\"]\n\
                     people = [{ from = 10, count = 2 }]\n";

/// Who has to do with one release.
struct Case {
    requester: SigningKey,
    ada: SigningKey,
    bob: SigningKey,
    policy: Policy,
    sources: Vec<String>,
    asked: Asked,
}

fn line(name: &str, key: &SigningKey) -> String {
    let line = AllowedSigner::new(name, &[APPROVAL_NAMESPACE], key.public());
    format!("{}\n", line.expect("a line"))
}

fn ruled(text: &str, approvers: &str) -> Policy {
    let file = PolicyFile {
        path: "/etc/policy.toml".into(),
        text: text.to_owned(),
    };
    let read = |path: &std::path::Path| {
        assert_eq!(path, std::path::Path::new("/etc/approvers"));
        Ok(approvers.to_owned())
    };
    Policy::from_layers(&[file], read).expect("valid")
}

fn content() -> Content {
    Content {
        bytes: 7,
        entries: 2,
        sha256: Digest::of(b"content"),
    }
}

fn standing() -> Standing {
    Standing {
        ceiling: 20,
        destination: "/somewhere".into(),
        profile: "nightly".into(),
        sources: vec!["/srv/clinic".into()],
    }
}

fn later(hours: i64) -> Timestamp {
    now() + jiff::SignedDuration::from_hours(hours)
}

impl Case {
    fn new() -> Self {
        let [requester, ada, bob] = ["eve", "ada", "bob"].map(SigningKey::generate);
        let approvers = line("ada", &ada) + &line("bob", &bob);
        let mut asked = Asked::new();
        asked.signer = Some(requester.public().fingerprint());
        asked.purpose = Some("audit");
        asked.requester.has_unnamed_groups = false;
        Self {
            policy: ruled(RULES, &approvers),
            sources: vec!["/srv/clinic".into()],
            requester,
            ada,
            bob,
            asked,
        }
    }

    fn approval(&self, scope: Scope) -> Approval {
        Approval {
            created: later(-1),
            expires: later(1),
            purpose: "audit".into(),
            recipients_sha256: recipients_sha256(&NamedKey::of(&self.asked.recipients)),
            request: RequestId::generate(),
            request_sha256: Digest::of(b"request"),
            requester: RequestedBy {
                name: None,
                user: 1000,
            },
            scope,
            signer: self.requester.public().fingerprint(),
            verdict: Verdict::Approve,
            why: None,
        }
    }

    fn good(&self) -> Approval {
        self.approval(Scope::Content(content()))
    }

    /// By Ada and Bob, the first as it is, the second as `change` makes it.
    fn by_both(&self, first: Approval, change: impl FnOnce(&mut Approval)) -> Approvals {
        let mut second = first.clone();
        change(&mut second);
        approvals(&[(&self.ada, first), (&self.bob, second)])
    }

    fn judge(&self, given: &Approvals, facts: &Facts, history: &History) -> Vec<Finding> {
        let ask = Ask {
            sources: Some(&self.sources),
            label: Some("nightly"),
            ..self.asked.ask(Form::Sealed {
                recipients: Some(&self.asked.recipients),
                signer: self.asked.signer.as_ref(),
                approvals: Some(given),
            })
        };
        let mut findings = self.policy.request_findings(&ask);
        super::super::approvals::same_content(given, Some(content()), &mut findings);
        findings.extend(self.policy.content_findings(&ask, facts, history));
        findings
    }

    fn codes(&self, given: &Approvals, people: u64) -> String {
        refusing(&self.judge(given, &of_people(people), &asked_of_ledger())).join(" ")
    }
}

fn approvals(by: &[(&SigningKey, Approval)]) -> Approvals {
    let signed = by
        .iter()
        .map(|(key, approval)| Signed::sign(approval.clone(), key).expect("signs"));
    Approvals::new(signed.collect()).expect("few")
}

/// A ledger that knows nothing of the request.
fn asked_of_ledger() -> History {
    History {
        request: Some(Past::default()),
        ..History::default()
    }
}

#[test]
fn two_who_may_are_enough_and_one_is_not() {
    let case = Case::new();
    let both = case.by_both(case.good(), |_| {});
    assert_eq!(case.codes(&both, 10), "");
    let one = approvals(&[(&case.ada, case.good())]);
    assert_eq!(case.codes(&one, 10), "approval-missing");
    assert_eq!(case.codes(&one, 9), "");
    assert_eq!(case.codes(&Approvals::default(), 10), "approval-missing");
    let findings = case.judge(&one, &of_people(10), &asked_of_ledger());
    let finding = findings.iter().find(|f| f.code == "approval-missing");
    let finding = finding.expect("one is missing");
    assert!(
        finding
            .message
            .ends_with("needs approvals: 2, and 1 is there"),
        "{finding:?}"
    );
    assert!(finding.help.contains("exeat request"), "{finding:?}");
    assert_eq!(finding.rule, "/etc/policy.toml:4");
}

#[test]
fn each_has_to_be_for_this_export() {
    let case = Case::new();
    let other = |key: &str| NamedKey {
        key: key.into(),
        name: None,
    };
    type Edit = fn(&mut Approval);
    let cases: [(&str, Edit); 10] = [
        ("approval-other-purpose", |a| a.purpose = "curiosity".into()),
        ("approval-other-requester", |a| a.requester.user = 7),
        ("approval-other-requester", |a| {
            a.requester.name = Some("x".into())
        }),
        ("approval-other-content", |a| {
            a.scope = Scope::Content(Content {
                bytes: 8,
                ..content()
            });
        }),
        ("approval-other-content", |a| {
            a.scope = Scope::Content(Content {
                sha256: Digest::of(b"other"),
                ..content()
            });
        }),
        ("approval-other-request", |a| {
            a.request = RequestId::generate()
        }),
        ("approval-other-request", |a| {
            a.request_sha256 = Digest::of(b"x")
        }),
        ("approval-rejected", |a| a.verdict = Verdict::Reject),
        ("approval-expired", |a| a.expires = now()),
        ("approval-expired", |a| a.created = later(1)),
    ];
    for (code, change) in cases {
        let given = case.by_both(case.good(), change);
        // Whatever the count: below the step as well as above.
        assert_eq!(case.codes(&given, 9), code);
        let above = case.codes(&given, 10);
        let expected = match code {
            "approval-other-content" => code.to_owned(),
            code => format!("{code} approval-missing"),
        };
        assert_eq!(above, expected);
    }
    let keys = recipients_sha256(&[other("age1other")]);
    let given = case.by_both(case.good(), |a| a.recipients_sha256 = keys);
    assert_eq!(case.codes(&given, 9), "approval-other-recipients");
    let signer = case.ada.public().fingerprint();
    let given = approvals(&[(
        &case.bob,
        Approval {
            signer,
            ..case.good()
        },
    )]);
    assert_eq!(case.codes(&given, 9), "approval-other-requester");
    // A clock may be a little ahead of ours.
    let soon = now() + jiff::SignedDuration::from_mins(4);
    let given = case.by_both(case.good(), |a| a.created = soon);
    assert_eq!(case.codes(&given, 10), "");
}

#[test]
fn nobody_counts_twice_or_for_themselves() {
    let mut case = Case::new();
    let good = case.good();
    let twice = approvals(&[(&case.ada, good.clone()), (&case.ada, good.clone())]);
    assert_eq!(case.codes(&twice, 9), "approval-duplicate");
    // The same person with two keys, in capitals too.
    let second = SigningKey::generate("second");
    for name in ["ada", "ADA"] {
        let rules = RULES.replace("\"cy\"", "\"ADA\"");
        case.policy = ruled(&rules, &(line("ada", &case.ada) + &line(name, &second)));
        let both = approvals(&[(&case.ada, good.clone()), (&second, good.clone())]);
        assert_eq!(case.codes(&both, 9), "approval-duplicate", "{name}");
        let one = approvals(&[(&second, good.clone())]);
        assert_eq!(case.codes(&one, 9), "", "{name}");
    }
    // The requester, by the key and by the name that has another key.
    let lines = line("eve", &case.requester) + &line("eve", &second) + &line("ada", &case.ada);
    let rules = RULES.replace("\"cy\"", "\"eve\"");
    case.policy = ruled(&rules, &lines);
    for key in [&case.requester, &second] {
        let own = approvals(&[(key, good.clone())]);
        assert_eq!(case.codes(&own, 9), "approval-by-requester");
    }
    let by_ada = approvals(&[(&case.ada, good)]);
    assert_eq!(case.codes(&by_ada, 9), "");
}

#[test]
fn who_may_is_for_the_policy_to_say() {
    let mut case = Case::new();
    let both = case.by_both(case.good(), |_| {});
    let stranger = approvals(&[(&SigningKey::generate("ada"), case.good())]);
    assert_eq!(case.codes(&stranger, 9), "approval-unknown-approver");
    let lines = line("ada", &case.ada) + &line("bob", &case.bob);
    case.policy = ruled(&RULES.replace("\"bob\", ", ""), &lines);
    assert_eq!(case.codes(&both, 9), "approval-unknown-approver");
    // A key that is over, or not there yet.
    for (time, code) in [
        ("valid-before=\"20261122225959Z\"", "approval-expired"),
        ("valid-after=\"20261122230001Z\"", "approval-expired"),
        ("valid-before=\"20261122230000Z\"", ""),
    ] {
        let key = case.bob.public().to_openssh();
        let lines = format!("{}bob {time} {key}\n", line("ada", &case.ada));
        case.policy = ruled(RULES, &lines);
        assert_eq!(case.codes(&both, 9), code, "{time}");
    }
    // Without a file nobody can, and the help says so.
    case.policy = policy("[approvals]\npeople = [{ from = 10, count = 1 }]\n");
    assert_eq!(
        case.codes(&both, 9),
        "approval-unknown-approver approval-unknown-approver"
    );
    let findings = case.judge(&Approvals::default(), &of_people(10), &asked_of_ledger());
    assert!(
        findings
            .iter()
            .any(|f| f.help.contains("nobody can approve here"))
    );
    // Where no policy asks, they count for nothing, and that is said.
    case.policy = Policy::floor();
    let findings = case.judge(&both, &of_people(10), &asked_of_ledger());
    assert!(!refuses(&findings));
    let warned = findings.iter().filter(|f| f.severity == Severity::Warn);
    assert_eq!(warned.count(), 2);
}

#[test]
fn whoever_adds_a_policy_does_not_say_who_approves() {
    let case = Case::new();
    let lines = line("ada", &case.ada) + &line("bob", &case.bob);
    let site = policy("[approvals]\npeople = [{ from = 10, count = 2 }]\n");
    let own = ruled(RULES, &lines);
    let both = case.by_both(case.good(), |_| {});
    assert_eq!(case.codes(&both, 10), "");
    let tightened = Case {
        policy: site.tighten(&own),
        ..case
    };
    let codes = tightened.codes(&both, 10);
    assert!(codes.contains("approval-unknown-approver"), "{codes}");
    assert!(codes.contains("approval-missing"), "{codes}");
}

#[test]
fn a_standing_one_binds_places_label_and_ceiling() {
    let case = Case::new();
    let of = |standing| case.approval(Scope::Standing(standing));
    let both = |standing| case.by_both(of(standing), |_| {});
    assert_eq!(case.codes(&both(standing()), 20), "");
    assert_eq!(case.codes(&both(standing()), 21), "approval-over-ceiling");
    let unseen = Facts {
        media: 1,
        ..of_people(10)
    };
    let findings = case.judge(&both(standing()), &unseen, &asked_of_ledger());
    assert_eq!(refusing(&findings), ["approval-over-ceiling"]);
    type Edit = fn(&mut Standing);
    let cases: [(&str, Edit); 4] = [
        ("approval-other-destination", |s| {
            s.destination = "/somewhere/else".into()
        }),
        ("approval-other-sources", |s| {
            s.sources.push("/srv/more".into())
        }),
        ("approval-other-sources", |s| {
            s.sources = vec!["/srv".into()]
        }),
        ("approval-other-profile", |s| s.profile = "weekly".into()),
    ];
    for (code, change) in cases {
        let mut other = standing();
        change(&mut other);
        let one = approvals(&[(&case.ada, of(other))]);
        assert_eq!(case.codes(&one, 9), code);
    }
    // The sources are compared where the destination is not known yet.
    for (sources, code) in [
        (Some(case.sources.as_slice()), ""),
        (Some(&["/srv".to_owned()][..]), "approval-other-sources"),
        (None, "approval-other-sources"),
    ] {
        let given = both(standing());
        let ask = Ask {
            sources,
            label: Some("nightly"),
            target: None,
            ..case.asked.ask(Form::Sealed {
                recipients: Some(&case.asked.recipients),
                signer: case.asked.signer.as_ref(),
                approvals: Some(&given),
            })
        };
        let findings = case.policy.request_findings(&ask);
        let mut codes = refusing(&findings);
        codes.dedup();
        assert_eq!(codes.join(" "), code);
    }
    // It is not limited in number.
    let history = History {
        request: Some(Past {
            releases: 3,
            ..Past::default()
        }),
        ..History::default()
    };
    let findings = case.judge(&both(standing()), &of_people(20), &history);
    assert!(refusing(&findings).is_empty());
}

#[test]
fn one_request_is_one_release() {
    let case = Case::new();
    let both = case.by_both(case.good(), |_| {});
    let judge = |request| {
        let history = History {
            request,
            ..History::default()
        };
        refusing(&case.judge(&both, &of_people(10), &history)).join(" ")
    };
    let past = |releases, is_rejected| {
        Some(Past {
            is_rejected,
            releases,
            ..Past::default()
        })
    };
    assert_eq!(judge(past(0, false)), "");
    assert_eq!(judge(past(1, false)), "approval-used");
    assert_eq!(judge(past(0, true)), "approval-rejected");
    // Nobody asked the ledger.
    assert_eq!(judge(None), "approval-used");
}

#[test]
fn the_account_that_asks_has_not_answered_with_another_key() {
    let case = Case::new();
    let both = case.by_both(case.good(), |_| {});
    let judge = |key: &SigningKey| {
        let past = Past {
            own_keys: [key.public().fingerprint().to_string()].into(),
            ..Past::default()
        };
        let history = History {
            request: Some(past),
            ..History::default()
        };
        refusing(&case.judge(&both, &of_people(10), &history)).join(" ")
    };
    assert_eq!(judge(&case.bob), "approval-by-requester");
    assert_eq!(judge(&SigningKey::generate("cy")), "");
}

#[test]
fn a_copy_in_the_clear_and_a_package_passed_on_take_none() {
    let case = Case::new();
    let findings =
        case.policy
            .content_findings(&case.asked.plain(), &of_people(10), &asked_of_ledger());
    assert!(refusing(&findings).contains(&"approval-missing"));
    let findings =
        case.policy
            .content_findings(&case.asked.sealed(), &of_people(10), &asked_of_ledger());
    assert_eq!(refusing(&findings), ["approval-missing"]);
    assert!(findings[0].help.starts_with("approvals are for exports"));
}

#[test]
fn what_comes_through_a_pipe_was_seen_by_nobody() {
    let case = Case::new();
    let codes = |scope| {
        let mut findings = Vec::new();
        let given = approvals(&[(&case.ada, case.approval(scope))]);
        super::super::approvals::streamed_content(&given, &mut findings);
        refusing(&findings).join(" ")
    };
    assert_eq!(codes(Scope::Content(content())), "approval-other-content");
    assert_eq!(codes(Scope::Standing(standing())), "");
}

#[test]
fn quotas_of_records_and_of_groups() {
    let policy =
        policy("[[quota]]\ngroup = \"staff\"\nrecords = 5\nper = \"1 week\"\nby = \"group\"\n");
    let asked = Asked {
        requester: Requester {
            groups: vec!["staff".into()],
            has_unnamed_groups: false,
            ..Requester::of(1000)
        },
        ..Asked::new()
    };
    let codes = |before, more| {
        let history = History {
            quotas: vec![Left {
                people: 1000,
                records: before,
            }],
            ..History::default()
        };
        let facts = Facts {
            personal_records: more,
            ..of_people(1)
        };
        let found = policy.content_findings(&asked.sealed(), &facts, &history);
        let refused = found.iter().find(|f| f.severity == Severity::Refuse);
        refused.map(|f| f.message.clone())
    };
    assert_eq!(codes(3, 2), None);
    let message = codes(3, 3).expect("six are too many");
    assert!(
        message.starts_with(
            "with 3 records about people of the last 7 days, 6 records about people would have \
             left by the group 'staff', summed over exports; 5 are allowed"
        ),
        "{message}"
    );
    // A number of people says nothing of the number of records.
    assert_eq!(policy.depth(), Depth::Full);
}

/// Approvals that may or may not be as they should be.
fn any_approvals() -> impl Strategy<Value = Approvals> {
    let own = SigningKey::generate("own");
    let one = (
        0..4_usize,
        any::<bool>(),
        any::<bool>(),
        -1..2_i64,
        any::<bool>(),
    );
    prop::collection::vec(one, 0..4).prop_map(move |given| {
        let request = RequestId::generate();
        let signed = given
            .into_iter()
            .map(|(key, is_standing, is_no, hours, is_other)| {
                let case = Asked::new();
                let approval = Approval {
                    created: later(-2),
                    expires: later(hours),
                    purpose: if is_other { "other" } else { "audit" }.into(),
                    recipients_sha256: recipients_sha256(&NamedKey::of(&case.recipients)),
                    request,
                    request_sha256: Digest::of(b"request"),
                    requester: RequestedBy {
                        name: None,
                        user: 1000,
                    },
                    scope: match is_standing {
                        true => Scope::Standing(standing()),
                        false => Scope::Content(content()),
                    },
                    signer: own.public().fingerprint(),
                    verdict: if is_no {
                        Verdict::Reject
                    } else {
                        Verdict::Approve
                    },
                    why: None,
                };
                let key = approver_keys().get(key).unwrap_or(&own);
                Signed::sign(approval, key).expect("signs")
            });
        Approvals::new(signed.collect()).expect("few")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_approval_loosens_nothing_but_the_demand_for_approvals(
        policy in any_policy(),
        other in any_policy(),
        facts in facts(),
        left in 0_u64..2000,
        given in any_approvals(),
    ) {
        let case = Case { policy, ..Case::new() };
        let codes = |policy: &Policy, given: &Approvals| {
            let history = History {
                quotas: vec![of(left); policy.quotas().count()],
                ..asked_of_ledger()
            };
            let case = Case { policy: policy.clone(), ..Case::new() };
            let findings = case.judge(given, &facts, &history);
            let codes: Vec<_> = refusing(&findings).into_iter().map(str::to_owned).collect();
            codes
        };
        let without = codes(&case.policy, &Approvals::default());
        let with = codes(&case.policy, &given);
        for code in without.iter().filter(|code| *code != "approval-missing") {
            prop_assert!(with.contains(code), "{code}: {with:?}");
        }
        // And a stricter policy lets out no more, whatever was approved.
        let strict = codes(&case.policy.tighten(&other), &given);
        prop_assert!(with.is_empty() || !strict.is_empty(), "{with:?}");
    }
}
