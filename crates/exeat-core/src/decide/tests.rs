use jiff::Timestamp;
use proptest::prelude::*;

use super::request::MAX_NOTE;
use super::*;
use crate::destination::{Place, Target};
use crate::inspect::{
    Amount, Class, ClassFacts, Coverage, People, Place as Found, Uninspected, UninspectedFile,
};
use crate::keys::{Recipient, Recipients};
use crate::policy::{PolicyFile, any_policy};

mod approvals;
mod below;
mod columns;
mod second;
mod uninspected;

const KEY: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

fn now() -> Timestamp {
    "2026-11-22T23:00:00Z".parse().expect("a time")
}

fn keys(expires: Option<jiff::civil::Date>) -> Recipients {
    let key = Recipient::parse(KEY)
        .expect("a recipient")
        .named("N", expires);
    Recipients::keys(vec![key]).expect("one recipient")
}

fn policy(text: &str) -> Policy {
    let file = PolicyFile {
        path: "policy.toml".into(),
        text: text.to_owned(),
    };
    Policy::from_layers(&[file], |_| Err(std::io::ErrorKind::NotFound.into())).expect("valid")
}

/// A request with everything as the floor wants it.
struct Asked {
    recipients: Recipients,
    signer: Option<Fingerprint>,
    purpose: Option<&'static str>,
    target: Target,
    requester: Requester,
}

impl Asked {
    fn new() -> Self {
        Self {
            recipients: keys(None),
            signer: Some(
                crate::signature::SigningKey::generate("test")
                    .public()
                    .fingerprint(),
            ),
            purpose: None,
            target: Target::on(Medium::Fixed, &[]),
            requester: Requester::of(1000),
        }
    }

    fn on(medium: Medium) -> Self {
        Self {
            target: Target::on(medium, &[]),
            ..Self::new()
        }
    }

    fn ask<'a>(&'a self, form: Form<'a>) -> Ask<'a> {
        Ask {
            form,
            target: Some(&self.target),
            sources: None,
            label: None,
            purpose: self.purpose,
            requester: &self.requester,
            created: now(),
        }
    }

    fn sealed(&self) -> Ask<'_> {
        self.ask(Form::Sealed {
            recipients: Some(&self.recipients),
            signer: self.signer.as_ref(),
            approvals: None,
        })
    }

    fn plain(&self) -> Ask<'_> {
        self.ask(Form::Plain)
    }
}

/// The codes of the findings that refuse.
fn refusing(findings: &[Finding]) -> Vec<&str> {
    let refusing = findings.iter().filter(|f| f.severity == Severity::Refuse);
    refusing.map(|f| f.code.as_ref()).collect()
}

fn plain(facts: &Facts) -> Vec<String> {
    let findings =
        Policy::floor().content_findings(&Asked::new().plain(), facts, &History::default());
    refusing(&findings).into_iter().map(str::to_owned).collect()
}

/// So many people, and as many records.
fn of(people: u64) -> Left {
    Left {
        people,
        records: people,
    }
}

fn of_people(most: u64) -> Facts {
    Facts {
        people: People { least: most, most },
        ..Facts::default()
    }
}

fn with_class(class: Class) -> Facts {
    Facts {
        classes: vec![ClassFacts {
            class,
            count: 1,
            more_places: 0,
            places: vec![Found {
                column: Some("c".into()),
                count: 1,
                path: "a/b".into(),
            }],
        }],
        ..Facts::default()
    }
}

#[test]
fn the_floor_asks_for_recipients_and_a_signer() {
    let floor = Policy::floor();
    let codes = |asked: &Asked| {
        let findings = floor.request_findings(&asked.sealed());
        refusing(&findings).join(" ")
    };
    let none = || Recipients::keys(vec![]).expect("none");
    assert_eq!(codes(&Asked::new()), "");
    let nobody = Asked {
        recipients: none(),
        ..Asked::new()
    };
    assert_eq!(codes(&nobody), "no-recipient");
    let unsigned = Asked {
        signer: None,
        ..Asked::new()
    };
    assert_eq!(codes(&unsigned), "unsigned");
    let neither = Asked {
        recipients: none(),
        ..unsigned
    };
    assert_eq!(codes(&neither), "no-recipient unsigned");
}

#[test]
fn a_policy_can_ask_that_every_recipient_be_post_quantum() {
    let strict = policy("[recipients]\npost_quantum = true\n");
    let codes = |policy: &Policy, recipients| {
        let asked = Asked {
            recipients,
            ..Asked::new()
        };
        refusing(&policy.request_findings(&asked.sealed())).join(" ")
    };
    let of = |key: &str| {
        let key = Recipient::parse(key).expect("a recipient");
        Recipients::keys(vec![key]).expect("one recipient")
    };
    let hybrid = crate::keys::post_quantum_pair(1).0;
    assert_eq!(codes(&strict, of(&hybrid)), "");
    assert_eq!(codes(&strict, of(KEY)), "recipient-not-post-quantum");
    // Nobody knows what a plugin does with its keys.
    let plugin = of("age1absent10qyjreut");
    assert_eq!(codes(&strict, plugin), "recipient-not-post-quantum");
    let passphrase = || Recipients::passphrase("a long passphrase".into()).expect("one");
    assert_eq!(codes(&strict, passphrase()), "recipient-not-allowed");
    for recipients in [of(&hybrid), of(KEY), passphrase()] {
        assert_eq!(codes(&Policy::floor(), recipients), "");
    }
}

#[test]
fn a_recipient_can_be_used_until_the_end_of_its_last_day() {
    for (day, code) in [(21, "recipient-expired"), (22, "")] {
        let asked = Asked {
            recipients: keys(Some(jiff::civil::date(2026, 11, day))),
            ..Asked::new()
        };
        let findings = Policy::floor().request_findings(&asked.sealed());
        assert_eq!(refusing(&findings).join(" "), code, "{day}");
    }
}

#[test]
fn in_the_clear_the_floor_stops_at_its_limits_and_not_below() {
    assert!(plain(&Facts::default()).is_empty());
    assert!(plain(&of_people(50)).is_empty());
    assert_eq!(plain(&of_people(51)), ["plaintext-bulk"]);
    let records = |personal_records| Facts {
        personal_records,
        records: 5000,
        ..Facts::default()
    };
    assert!(plain(&records(999)).is_empty());
    assert_eq!(plain(&records(1000)), ["plaintext-bulk"]);
    let amount = |bytes, files| Facts {
        bulk: Amount { bytes, files },
        ..Facts::default()
    };
    assert!(plain(&amount((100 << 20) - 1, 999)).is_empty());
    assert_eq!(plain(&amount(100 << 20, 1)), ["plaintext-bulk"]);
    assert_eq!(plain(&amount(1, 1000)), ["plaintext-bulk"]);
    // The lower bound decides nothing.
    let wide = Facts {
        people: People { least: 1, most: 51 },
        ..Facts::default()
    };
    assert_eq!(plain(&wide), ["plaintext-bulk"]);
}

#[test]
fn in_the_clear_nobodys_sensitive_data_leaves() {
    for class in [
        Class::Health,
        Class::Ethnicity,
        Class::Religion,
        Class::Orientation,
        Class::Conviction,
        Class::Politics,
        Class::TradeUnion,
        Class::Card,
        Class::Iban,
        Class::BankAccount,
    ] {
        assert_eq!(
            plain(&with_class(class)),
            ["plaintext-sensitive"],
            "{class:?}"
        );
    }
    for class in [Class::NhsNumber, Class::Name, Class::Postcode, Class::Email] {
        assert!(plain(&with_class(class)).is_empty(), "{class:?}");
    }
    assert_eq!(plain(&with_class(Class::PrivateKey)), ["key-beside-data"]);
}

#[test]
fn in_the_clear_what_nobody_saw_does_not_leave() {
    let uninspected = Facts {
        coverage: Coverage::Partial,
        uninspected: Uninspected {
            files: 1,
            places: vec![UninspectedFile {
                path: "a".into(),
                reason: "not text".into(),
            }],
        },
        ..Facts::default()
    };
    assert_eq!(plain(&uninspected), ["plaintext-uninspected"]);
    let media = Facts {
        media: 1,
        ..Facts::default()
    };
    assert_eq!(plain(&media), ["plaintext-media"]);
    let unread = Facts {
        coverage: Coverage::None,
        ..Facts::default()
    };
    assert_eq!(plain(&unread), ["plaintext-uninspected"]);
}

#[test]
fn in_the_clear_personal_data_stays_in_the_machine() {
    for (medium, refused) in [
        (Medium::Fixed, false),
        (Medium::Encrypted, false),
        (Medium::Memory, false),
        (Medium::Removable, true),
        (Medium::Optical, true),
        (Medium::Network, true),
        (Medium::Unrecognised, true),
        (Medium::Stream, true),
    ] {
        let asked = Asked::on(medium);
        let codes = |facts: &Facts| {
            let history = History::default();
            let findings = Policy::floor().content_findings(&asked.plain(), facts, &history);
            refusing(&findings).join(" ")
        };
        let expected = if refused {
            "plaintext-to-removable"
        } else {
            ""
        };
        assert_eq!(codes(&of_people(1)), expected, "{medium}");
        assert_eq!(codes(&with_class(Class::Name)), expected, "{medium}");
        assert_eq!(codes(&Facts::default()), "", "{medium}");
        // Sealed, the medium does not matter.
        let findings = Policy::floor().content_findings(
            &asked.sealed(),
            &of_people(25_000_000),
            &History::default(),
        );
        assert!(!refuses(&findings), "{medium}");
    }
}

#[test]
fn what_is_below_the_limit_each_day_adds_up() {
    let before = |plain_people| History {
        plain_people,
        ..History::default()
    };
    let codes = |history: &History, people| {
        let findings =
            Policy::floor().content_findings(&Asked::new().plain(), &of_people(people), history);
        refusing(&findings).join(" ")
    };
    assert_eq!(codes(&before(40), 10), "");
    assert_eq!(codes(&before(40), 11), "quota-exceeded");
    assert_eq!(codes(&before(5000), 1), "quota-exceeded");
    assert_eq!(codes(&before(u64::MAX), 1), "quota-exceeded");
    // What is about nobody may still leave.
    assert_eq!(codes(&before(5000), 0), "");
}

#[test]
fn a_key_does_not_lie_beside_what_it_opens() {
    let asked = Asked {
        target: Target::on(Medium::Fixed, &["identity.txt"]),
        ..Asked::new()
    };
    for ask in [asked.sealed(), asked.plain()] {
        let findings = Policy::floor().request_findings(&ask);
        assert_eq!(refusing(&findings), ["key-beside-data"]);
        assert_eq!(findings[0].spans, ["identity.txt"]);
    }
    // Inside a package it is as safe as the rest, and said.
    let findings = Policy::floor().content_findings(
        &Asked::new().sealed(),
        &with_class(Class::PrivateKey),
        &History::default(),
    );
    assert!(!refuses(&findings));
    assert!(findings.iter().any(|f| f.code == "key-beside-data"));
}

#[test]
fn plaintext_of_a_package_is_not_carried_about() {
    let opening = |facts: &Facts, medium| {
        let findings = floor::opening(facts, &Place::on(medium));
        findings.first().map(|finding| finding.severity)
    };
    let personal = of_people(1);
    for medium in [Medium::Removable, Medium::Optical] {
        assert_eq!(opening(&personal, medium), Some(Severity::Refuse));
        assert_eq!(opening(&Facts::default(), medium), None);
    }
    for medium in [Medium::Unrecognised, Medium::Network] {
        assert_eq!(opening(&personal, medium), Some(Severity::Warn));
    }
    for medium in [Medium::Fixed, Medium::Encrypted, Medium::Memory] {
        assert_eq!(opening(&personal, medium), None);
    }
}

#[test]
fn a_policy_adds_rules_and_every_finding_names_its_line() {
    let cases: [(&str, &str, u64); 6] = [
        ("[ceiling]\npeople = 10", "over-ceiling", 11),
        (
            "[approvals]\napprovers = [\"a\", \"b\"]\npeople = [{ from = 10, count = 2 }]",
            "approval-missing",
            10,
        ),
        (
            "[[quota]]\ngroup = \"*\"\npeople = 10\nper = \"1 week\"",
            "quota-exceeded",
            11,
        ),
        ("[purpose]\nrequired = true", "purpose-missing", 0),
        (
            "[destinations]\nallow = [\"encrypted\"]",
            "destination-not-allowed",
            0,
        ),
        (
            "[recipients]\nrequired = [\"recovery\"]",
            "recovery-recipient-missing",
            0,
        ),
    ];
    for (text, code, people) in cases {
        let policy = policy(text);
        let asked = Asked::new();
        let history = History {
            quotas: vec![Left::default(); policy.quotas().count()],
            ..History::default()
        };
        let judge = |people| {
            let mut findings = policy.request_findings(&asked.sealed());
            findings.extend(policy.content_findings(&asked.sealed(), &of_people(people), &history));
            findings
        };
        let findings = judge(people);
        assert_eq!(refusing(&findings), [code], "{text}");
        let rule = &findings.iter().find(|f| f.code == code).expect("it").rule;
        assert!(rule.starts_with("policy.toml:"), "{rule}");
        if people > 0 {
            assert!(refusing(&judge(people - 1)).is_empty(), "{text}");
        }
    }
}

#[test]
fn who_cannot_be_told_apart_is_summed_with_everybody() {
    let policy = policy("[[quota]]\ngroup = \"staff\"\npeople = 5\nper = \"1 week\"");
    let history = History {
        plain_people: 50,
        quotas: vec![of(5)],
        request: None,
    };
    let told = |requester: Requester, is_plain: bool| {
        let asked = Asked {
            requester,
            ..Asked::new()
        };
        let ask = match is_plain {
            true => asked.plain(),
            false => asked.sealed(),
        };
        let findings = policy.content_findings(&ask, &of_people(1), &history);
        let refused = findings
            .into_iter()
            .filter(|f| f.severity == Severity::Refuse);
        refused
            .map(|f| (f.code.into_owned(), f.message))
            .collect::<Vec<_>>()
    };
    let named = || Requester {
        has_unnamed_groups: false,
        ..Requester::of(1000)
    };
    assert_eq!(told(named(), false), []);
    let of_staff = Requester {
        groups: vec!["staff".into()],
        ..named()
    };
    let found = told(of_staff, false);
    assert_eq!(found[0].0, "quota-exceeded");
    assert!(
        found[0]
            .1
            .contains("left by you, summed over exports; 5 are allowed"),
        "{found:?}"
    );
    let found = told(Requester::of(1000), false);
    assert_eq!(found[0].0, "quota-exceeded");
    assert!(
        found[0]
            .1
            .contains("not all of your groups have a name here"),
        "{found:?}"
    );
    let mapped = Requester {
        is_mapped: true,
        ..Requester::of(1000)
    };
    for (code, message) in told(mapped, true) {
        assert_eq!(code, "quota-exceeded");
        assert!(
            message.contains("by all accounts (inside a container"),
            "{message}"
        );
    }
}

#[test]
fn notes_are_single_lines() {
    assert!("Q3 extract".parse::<Note>().is_ok());
    for bad in ["", "  ", "a\nb", "\u{9b}", &"x".repeat(MAX_NOTE + 1)] {
        assert_eq!(bad.parse::<Note>(), Err(NoteError), "{bad:?}");
    }
}

prop_compose! {
    fn facts()(
        people in 0_u64..3000,
        slack in 0_u64..100,
        records in 0_u64..3000,
        bytes in prop_oneof![Just(0_u64), 0_u64..1 << 31],
        files in 0_u64..3000,
        uninspected in prop_oneof![Just(0_u64), 1_u64..5],
        class in prop::option::of(prop::sample::select(vec![
            Class::Health, Class::NhsNumber, Class::Iban, Class::PrivateKey,
        ])),
    ) -> Facts {
        Facts {
            bulk: Amount { bytes, files },
            people: People { least: people, most: people + slack },
            personal_records: records,
            records,
            coverage: if uninspected > 0 { Coverage::Partial } else { Coverage::Complete },
            uninspected: Uninspected { files: uninspected, places: Vec::new() },
            ..class.map(with_class).unwrap_or_default()
        }
    }
}

proptest! {
    #[test]
    fn a_tighter_policy_never_turns_a_refusal_into_a_permit(
        policy in any_policy(),
        other in any_policy(),
        facts in facts(),
        plain_people in 0_u64..100,
        left in 0_u64..2000,
        is_plain: bool,
    ) {
        let asked = Asked::new();
        let judge = |policy: &Policy| {
            let ask = if is_plain { asked.plain() } else { asked.sealed() };
            let quotas = vec![of(left); policy.quotas().count()];
            let history = History { plain_people, quotas, request: None };
            let mut findings = policy.request_findings(&ask);
            findings.extend(policy.content_findings(&ask, &facts, &history));
            refuses(&findings)
        };
        let tighter = policy.tighten(&other);
        prop_assert!(!judge(&policy) || judge(&tighter));
        prop_assert!(!judge(&Policy::floor()) || judge(&policy));
    }

    #[test]
    fn more_never_becomes_less(facts in facts(), more in facts()) {
        let sum = Facts {
            bulk: Amount {
                bytes: facts.bulk.bytes + more.bulk.bytes,
                files: facts.bulk.files + more.bulk.files,
            },
            people: People {
                least: facts.people.least.max(more.people.least),
                most: facts.people.most + more.people.most,
            },
            personal_records: facts.personal_records + more.personal_records,
            ..facts.clone()
        };
        prop_assert!(plain(&facts).is_empty() || !plain(&sum).is_empty());
    }
}
