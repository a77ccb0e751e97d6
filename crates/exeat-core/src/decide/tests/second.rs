//! Decisions that follow others: each is about what the one before it permitted, under
//! the policy that permitted it, and about nothing else.

use super::columns::folder;
use super::*;
use crate::destination::Destination;
use crate::inspect::{InspectOptions, inspect};
use crate::manifest::RequestId;
use crate::progress::Silent;
use crate::source::{ListOptions, Source};

const CEILING: &str = "[ceiling]\npeople = 10\n";
/// Another policy, by which the same may go.
const OTHER: &str = "[ceiling]\npeople = 11\n";

/// A folder that is exported: it, its source, what is listed and what is in it.
struct Lot {
    dir: tempfile::TempDir,
    source: Source,
}

impl Lot {
    fn new() -> Self {
        let dir = folder("counts\n1\n2\n");
        let source = Source::open(&[dir.path().join("tree")]).expect("opens");
        Self { dir, source }
    }

    fn listing(&self) -> Listing {
        let listing = self.source.list(&ListOptions::default(), &Silent);
        listing.expect("lists")
    }

    fn inspected(&self, listing: &Listing) -> Inspected {
        let inspected = inspect(&self.source, listing, InspectOptions::default(), &Silent);
        inspected.expect("reads")
    }

    fn terms(&self, destination: Destination) -> Terms {
        Terms {
            export: PackageId::generate(),
            destination,
            created: now(),
            label: None,
            purpose: None,
            requester: Requester::of(1000),
        }
    }

    /// What a policy says to a stream.
    fn streamed(&self, policy: &Policy, listing: Listing) -> Permit {
        let null = std::fs::File::options().write(true).open("/dev/null");
        let request = Request {
            terms: self.terms(Destination::stream(&null.expect("there"))),
            recipients: keys(None),
            signer: Asked::new().signer,
            approvals: Default::default(),
        };
        match policy.decide(request, listing) {
            Decision::Permit(permit) => permit,
            Decision::Refusal(refusal) => panic!("{refusal:?}"),
        }
    }
}

/// The codes of a refusal; nothing where it was permitted.
fn codes<T>(decision: &Decision<T>) -> Vec<&str> {
    match decision {
        Decision::Permit(_) => Vec::new(),
        Decision::Refusal(refusal) => refusing(refusal.findings()),
    }
}

#[test]
fn the_first_look_is_at_what_was_permitted() {
    let lot = Lot::new();
    let (first, other) = (policy(CEILING), policy(OTHER));
    assert_ne!(first.sha256(), other.sha256());
    let look = |by: &Policy, is_same: bool| {
        let listing = lot.listing();
        let inspected = match is_same {
            true => lot.inspected(&listing),
            false => lot.inspected(&lot.listing()),
        };
        let permit = lot.streamed(&first, listing);
        assert!(permit.wants_first_look());
        by.decide_first_look(permit, &inspected, &History::default())
    };
    match look(&first, true) {
        Decision::Permit(permit) => assert!(!permit.wants_first_look()),
        Decision::Refusal(refusal) => panic!("{refusal:?}"),
    }
    assert_eq!(codes(&look(&first, false)), ["permit-mismatch"]);
    assert_eq!(codes(&look(&other, true)), ["permit-mismatch"]);
    // Into a folder it can be taken back, and without such rules nothing is looked at.
    assert!(
        !lot.streamed(&Policy::floor(), lot.listing())
            .wants_first_look()
    );
}

#[test]
fn a_copy_in_the_clear_is_of_what_was_permitted() {
    let lot = Lot::new();
    let (first, other) = (policy(CEILING), policy(OTHER));
    let copy = |by: &Policy, is_same: bool| {
        let listing = lot.listing();
        let inspected = match is_same {
            true => lot.inspected(&listing),
            false => lot.inspected(&lot.listing()),
        };
        let name = "p".parse().expect("a name");
        let to = Destination::plain_folder(&lot.dir.path().join("to"), name, &lot.source);
        let terms = lot.terms(to.expect("a place"));
        let Decision::Permit(permit) = first.decide_plain(terms, listing) else {
            panic!("refused");
        };
        by.decide_plain_content(permit, inspected, &History::default())
    };
    let released = copy(&first, true);
    let Decision::Permit(released) = &released else {
        panic!("{:?}", codes(&released));
    };
    assert_eq!(released.facts().files, 1);
    assert_eq!(codes(&copy(&first, false)), ["permit-mismatch"]);
    assert_eq!(codes(&copy(&other, true)), ["permit-mismatch"]);
}

/// A request is refused for whatever approvals would not mend, and asks for as many as
/// the rule for so many people does.
#[test]
fn what_is_proposed_lacks_approvals_alone() {
    let lot = Lot::new();
    let listing = lot.listing();
    let rules = "[approvals]\napprovers = [\"a\", \"b\"]\n\
                 people = [{ from = 20, count = 1 }, { from = 100000, count = 2 }]\n";
    let asked = Asked::new();
    let proposal = |expires: Option<jiff::civil::Date>| Proposal {
        id: RequestId::generate(),
        created: now(),
        expires: now() + jiff::SignedDuration::from_hours(24),
        label: None,
        purpose: "a study".parse().expect("a note"),
        recipients: keys(expires),
        requester: Requester::of(1000),
        signer: asked.signer.expect("a signer"),
        target: None,
    };
    let propose = |text: &str, facts: Facts, expires| {
        let mut inspected = lot.inspected(&listing);
        inspected.facts = facts;
        let subject = Subject::Content(&inspected);
        policy(text).propose(&proposal(expires), &listing, subject, &History::default())
    };
    let unseen = Facts {
        media: 1,
        ..Facts::default()
    };
    for (facts, needed) in [
        (of_people(19), 0),
        (of_people(20), 1),
        (of_people(100_000), 2),
        // It may be about anybody.
        (unseen, 2),
    ] {
        let said = format!("{facts:?}");
        let proposed = propose(rules, facts, None).expect("nothing else is missing");
        assert_eq!(proposed.needed, needed, "{said}");
        let codes = refusing(&proposed.request.findings);
        assert!(codes.is_empty(), "{codes:?}");
    }
    let ceiling = format!("{rules}[ceiling]\npeople = 50\n");
    match propose(&ceiling, of_people(60), None) {
        Err(NotProposed::Refused(findings)) => {
            // What is asked for is no finding against it.
            assert_eq!(refusing(&findings), ["over-ceiling"]);
        }
        other => panic!("{other:?}"),
    }
    match propose(rules, of_people(20), Some(jiff::civil::date(2026, 11, 21))) {
        Err(NotProposed::Refused(findings)) => {
            assert_eq!(refusing(&findings), ["recipient-expired"]);
        }
        other => panic!("{other:?}"),
    }
    // What only warns stays in sight of those who are asked.
    let warns = format!("{rules}[inspection]\nuninspected = \"warn\"\n");
    let packed = Facts {
        uninspected: Uninspected {
            files: 1,
            places: Vec::new(),
        },
        ..Facts::default()
    };
    let proposed = propose(&warns, packed, None).expect("nothing else is missing");
    let findings = proposed.request.findings;
    let warned = findings.iter().find(|one| one.code == "uninspected");
    assert_eq!(
        warned.map(|one| one.severity),
        Some(Severity::Warn),
        "{findings:?}"
    );
}

#[test]
fn anything_may_be_in_what_is_unseen() {
    let uninspected = |files| Facts {
        uninspected: Uninspected {
            files,
            places: Vec::new(),
        },
        ..Facts::default()
    };
    let media = |media| Facts {
        media,
        ..Facts::default()
    };
    for (facts, expected) in [
        (Facts::default(), false),
        (uninspected(1), true),
        (uninspected(2), true),
        (media(1), true),
    ] {
        assert_eq!(is_unseen(&facts), expected, "{facts:?}");
    }
}
