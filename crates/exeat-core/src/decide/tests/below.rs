//! What stands below every policy, rule by rule; and what is said beside it.

use super::*;
use crate::inspect::WeakEncryption;

fn weak() -> Facts {
    Facts {
        weak_encryption: WeakEncryption {
            files: 1,
            places: vec!["old.zip".into()],
        },
        ..Facts::default()
    }
}

fn uninspected(coverage: Coverage) -> Facts {
    Facts {
        coverage,
        uninspected: Uninspected {
            files: 1,
            places: vec![UninspectedFile {
                path: "a.bin".into(),
                reason: "not text".into(),
            }],
        },
        ..Facts::default()
    }
}

/// How heavily a finding weighs, if it is there.
fn weight(findings: &[Finding], code: &str) -> Option<Severity> {
    let mut of_it = findings.iter().filter(|finding| finding.code == code);
    let found = of_it.next().map(|finding| finding.severity);
    assert!(of_it.next().is_none(), "{code} is there twice");
    found
}

#[test]
fn a_password_of_the_old_kind_protects_nothing() {
    let (asked, history) = (Asked::new(), History::default());
    let floor = Policy::floor();
    let of = |ask: &Ask<'_>, facts: &Facts| {
        let findings = floor.content_findings(ask, facts, &history);
        weight(&findings, "weak-encryption")
    };
    assert_eq!(of(&asked.plain(), &weak()), Some(Severity::Refuse));
    assert_eq!(of(&asked.sealed(), &weak()), Some(Severity::Note));
    assert_eq!(of(&asked.plain(), &Facts::default()), None);
    let mut findings = Vec::new();
    floor::weak_at_rest(&weak(), &mut findings);
    assert_eq!(weight(&findings, "weak-encryption"), Some(Severity::Refuse));
    assert_eq!(findings[0].spans, ["old.zip"]);
    floor::weak_at_rest(&Facts::default(), &mut findings);
    assert_eq!(findings.len(), 1);
}

#[test]
fn what_was_not_inspected_weighs_as_the_policy_says() {
    let (asked, history) = (Asked::new(), History::default());
    let of = |policy: &Policy, ask: &Ask<'_>, facts: &Facts| {
        let findings = policy.content_findings(ask, facts, &history);
        weight(&findings, "uninspected")
    };
    for (word, severity) in [
        ("note", Severity::Note),
        ("warn", Severity::Warn),
        ("refuse", Severity::Refuse),
    ] {
        let policy = policy(&format!("[inspection]\nuninspected = \"{word}\"\n"));
        let partial = uninspected(Coverage::Partial);
        assert_eq!(of(&policy, &asked.sealed(), &partial), Some(severity));
        // In the clear the floor has its own words for it.
        assert_eq!(of(&policy, &asked.plain(), &partial), None);
        assert_eq!(of(&policy, &asked.sealed(), &Facts::default()), None);
        // Where nobody looked, a note would say nothing new.
        let nothing = uninspected(Coverage::None);
        let expected = Some(severity).filter(|&severity| severity != Severity::Note);
        assert_eq!(of(&policy, &asked.sealed(), &nothing), expected);
    }
}

/// What is enough to call it bulk makes up for a stop, but not for files that could
/// not be read.
#[test]
fn bulk_and_what_nobody_has_seen() {
    let stopped = Facts {
        people: People {
            least: 51,
            most: 51,
        },
        ..uninspected(Coverage::Stopped)
    };
    assert_eq!(plain(&stopped), ["plaintext-bulk", "plaintext-uninspected"]);
    let partial = Facts {
        coverage: Coverage::Partial,
        ..of_people(51)
    };
    let codes = plain(&partial);
    assert_eq!(codes[0], "plaintext-bulk");
}

#[test]
fn plaintext_of_a_package_that_nobody_looked_into() {
    let opening = |facts: &Facts, medium| {
        let findings = floor::opening(facts, &Place::on(medium));
        findings.first().map(|finding| finding.severity)
    };
    for (files, severity) in [
        (0, None),
        (1, Some(Severity::Refuse)),
        (2, Some(Severity::Refuse)),
    ] {
        let facts = Facts {
            files,
            ..uninspected(Coverage::None)
        };
        assert_eq!(opening(&facts, Medium::Removable), severity, "{files}");
    }
    let seen = Facts {
        files: 2,
        ..Facts::default()
    };
    assert_eq!(opening(&seen, Medium::Removable), None);
    // Nobody here can know where another program puts it.
    assert_eq!(opening(&of_people(1), Medium::Stream), None);
    assert_eq!(
        opening(&of_people(1), Medium::Network),
        Some(Severity::Warn)
    );
}

/// As many as are allowed may leave, and not one more.
#[test]
fn a_quota_is_what_may_leave() {
    let policy = policy("[[quota]]\ngroup = \"*\"\npeople = 5\nper = \"1 week\"");
    let asked = Asked::new();
    for (before, more, refused) in [(0, 5, false), (2, 3, false), (2, 4, true), (9, 0, false)] {
        let history = History {
            quotas: vec![of(before)],
            ..History::default()
        };
        let findings = policy.content_findings(&asked.sealed(), &of_people(more), &history);
        assert_eq!(refuses(&findings), refused, "{before} and {more}");
    }
}
