//! Columns that a policy names, from the file of the policy to the refusal.
#![expect(clippy::disallowed_methods, reason = "a test makes files of its own")]

use std::fmt::Write as _;
use std::fs;

use super::*;
use crate::deliver::Staging;
use crate::destination::Destination;
use crate::inspect::{InspectOptions, inspect};
use crate::progress::Silent;
use crate::scan::{Cache, Ignore, ScanOptions, scan};
use crate::seal::{SealOptions, seal};
use crate::signature::SigningKey;
use crate::source::{ListOptions, Source};

const NAMED: &str = "[inspection]\ncolumns = [\n\
     { class = \"ethnicity\", named = [\"ethcat\"] },\n\
     { class = \"health\", named = [\"barthel*\"] },\n]\n";

/// A folder `tree` with one file, and an empty one `to`.
pub(super) fn folder(content: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(dir.path().join("tree")).expect("made");
    fs::create_dir(dir.path().join("to")).expect("made");
    fs::write(dir.path().join("tree/file"), content).expect("written");
    dir
}

fn table() -> String {
    let mut text = "ethcat,ward\n".to_owned();
    for n in 0..60 {
        writeln!(text, "{},ward {}", n % 7, n % 3).expect("a String takes it");
    }
    text
}

fn results() -> String {
    let mut text = String::new();
    for n in 0..5 {
        let line = format!("{{\"panel\": {{\"Barthel\": {{\"amount\": {}}}}}}}", 40 + n);
        writeln!(text, "{line}").expect("a String takes it");
    }
    text
}

fn facts(content: &str, policy: &Policy) -> Facts {
    let dir = folder(content);
    let source = Source::open(&[dir.path().join("tree")]).expect("opens");
    let listing = source
        .list(&ListOptions::default(), &Silent)
        .expect("lists");
    let options = InspectOptions {
        columns: policy.columns(),
        ..InspectOptions::default()
    };
    let inspected = inspect(&source, &listing, options, &Silent).expect("reads");
    inspected.facts().clone()
}

/// The codes of what refuses such a file in the clear.
fn refused(content: &str, policy: &Policy) -> Vec<String> {
    let facts = facts(content, policy);
    let asked = Asked::new();
    let findings = policy.content_findings(&asked.plain(), &facts, &History::default());
    refusing(&findings).into_iter().map(str::to_owned).collect()
}

#[test]
fn what_a_policy_names_is_refused_in_the_clear() {
    let named = policy(NAMED);
    assert!(refused(&table(), &Policy::floor()).is_empty());
    assert_eq!(
        refused(&table(), &named),
        ["plaintext-bulk", "plaintext-sensitive"]
    );
    assert!(refused(&results(), &Policy::floor()).is_empty());
    assert_eq!(refused(&results(), &named), ["plaintext-sensitive"]);
    let found = facts(&results(), &named);
    assert_eq!((found.people.most, found.personal_records), (5, 5));
    // Nothing else is.
    let other = "ward,beds\nnorth,10\nsouth,12\n";
    assert!(refused(other, &named).is_empty());
}

/// A package tells of it, and its people count.
#[test]
fn what_a_policy_names_is_found_while_it_is_sealed() {
    for (text, people) in [("", 0), (NAMED, 60)] {
        let dir = folder(&table());
        let source = Source::open(&[dir.path().join("tree")]).expect("opens");
        let listing = source
            .list(&ListOptions::default(), &Silent)
            .expect("lists");
        let signer = SigningKey::generate("sender").public().fingerprint();
        let name = "p".parse().expect("a name");
        let to = Destination::folder(&dir.path().join("to"), name, &source).expect("a place");
        let request = Request {
            terms: Terms {
                export: PackageId::generate(),
                destination: to,
                created: now(),
                label: None,
                purpose: None,
                requester: Requester::of(1000),
            },
            recipients: keys(None),
            signer: Some(signer),
            approvals: Default::default(),
        };
        let Decision::Permit(permit) = policy(text).decide(request, listing) else {
            panic!("refused");
        };
        let staging = Staging::create(&permit, 0o022).expect("staging");
        let sealed = seal(permit, &source, staging, &SealOptions::default(), &Silent);
        let sealed = sealed.expect("seals");
        assert_eq!(sealed.facts().people.most, people);
        assert_eq!(sealed.facts().classes.len(), usize::from(people > 0));
    }
}

#[test]
fn what_a_policy_names_lies_open() {
    let dir = folder(&table());
    for (text, found) in [("", 0), (NAMED, 1)] {
        let policy = policy(text);
        let options = ScanOptions {
            policy: &policy,
            readers: None,
            since: None,
            ignore: Ignore::default(),
            cache: Cache::default(),
            now: now(),
            web_roots: Vec::new(),
            threads: None,
        };
        let (scanned, _) = scan(&[dir.path().join("tree")], options, &Silent).expect("scans");
        assert_eq!(scanned.found, found);
    }
}
