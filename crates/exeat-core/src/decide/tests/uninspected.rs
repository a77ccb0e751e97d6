//! What nobody has looked into, where a rule is about how many.

use super::*;

/// What nobody has seen counts as bulk wherever a rule is about how many.
#[test]
fn what_was_not_inspected_is_no_way_round_a_number() {
    let ceiling = ("[ceiling]\npeople = 10", "over-ceiling");
    let approvals = (
        "[approvals]\napprovers = [\"a\", \"b\"]\npeople = [{ from = 20, count = 2 }]",
        "approval-missing",
    );
    let quota = (
        "[[quota]]\ngroup = \"*\"\npeople = 5\nper = \"1 week\"",
        "quota-exceeded",
    );
    let compressed = Facts {
        coverage: Coverage::Partial,
        uninspected: Uninspected {
            files: 1,
            places: vec![UninspectedFile {
                path: "people.csv.gz".into(),
                reason: "compressed".into(),
            }],
        },
        ..Facts::default()
    };
    let pictures = Facts {
        media: 2,
        ..Facts::default()
    };
    let of = |coverage| Facts {
        coverage,
        ..of_people(3)
    };
    for (text, code) in [ceiling, approvals, quota] {
        let policy = policy(text);
        let asked = Asked::new();
        let history = History {
            quotas: vec![Left::default(); policy.quotas().count()],
            ..History::default()
        };
        let judge = |facts: &Facts| policy.content_findings(&asked.sealed(), facts, &history);
        for facts in [
            &compressed,
            &pictures,
            &of(Coverage::Stopped),
            &of(Coverage::None),
        ] {
            let findings = judge(facts);
            assert_eq!(refusing(&findings), [code], "{facts:?}");
        }
        let findings = judge(&compressed);
        let finding = findings.iter().find(|f| f.code == code).expect("it");
        assert!(
            finding
                .message
                .contains("1 file could not be inspected and counts as bulk")
        );
        assert!(finding.help.contains("--exclude"), "{}", finding.help);
        assert_eq!(finding.spans, ["people.csv.gz (compressed)"]);
        assert!(!refuses(&judge(&of_people(3))), "{text}");
        // Without a rule about how many, it leaves sealed.
        let floor = Policy::floor();
        let findings = floor.content_findings(&asked.sealed(), &compressed, &history);
        assert!(!refuses(&findings));
    }
}

/// Stopping where people were enough would leave the rest uninspected.
#[test]
fn everything_is_inspected_where_that_is_asked() {
    let begin = "[inspection]\nmode = \"until-decided\"\n";
    for (weight, depth) in [
        ("note", None),
        ("warn", Some(Depth::Full)),
        ("refuse", Some(Depth::Full)),
    ] {
        let policy = policy(&format!("{begin}uninspected = \"{weight}\"\n"));
        assert_eq!(policy.depth_of_sealed(), depth, "{weight}");
        assert_eq!(policy.depth() == Depth::Full, depth.is_some(), "{weight}");
    }
    let policy = policy(&format!("{begin}[ceiling]\npeople = 70\n"));
    let until = Depth::Until { people: 71 };
    assert_eq!(policy.depth_of_sealed(), Some(until));
}

/// A caller of the library may have stopped sooner than a rule was met.
#[test]
fn a_stopped_inspection_is_none_unless_it_is_bulk() {
    let stopped = |people| Facts {
        coverage: Coverage::Stopped,
        ..of_people(people)
    };
    assert_eq!(plain(&stopped(3)), ["plaintext-uninspected"]);
    assert_eq!(plain(&stopped(51)), ["plaintext-bulk"]);
}
