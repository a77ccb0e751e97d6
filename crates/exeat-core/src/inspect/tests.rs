//! Whole files, from their bytes to the facts: people whom a form of text
//! hides, each beside a harmless twin of the same form.

use std::fmt::Write as _;

use super::*;

mod damaged;
mod fixed;
mod folded;
mod marks;

fn inspect(bytes: &[u8]) -> Facts {
    let mut inspection = Inspection::new(Depth::Full, None, NamedColumns::default());
    let mut inspector = inspection.begin();
    inspector.push(&inspection, bytes);
    let result = inspector.finish(&inspection);
    let bytes = u64::try_from(bytes.len()).expect("a small file");
    let mut summary = inspection.summary();
    summary.add_file(bytes);
    summary.add(
        "file",
        Piece {
            file: Some((result.outcome.kind, bytes)),
            reason: result.outcome.reason,
            tally: result.tally,
            ..Piece::default()
        },
    );
    drop(summary);
    inspection.take_facts()
}

fn count(facts: &Facts, class: Class) -> u64 {
    let found = facts.classes.iter().find(|found| found.class == class);
    found.map_or(0, |found| found.count)
}

#[track_caller]
fn expect_nobody(text: &str) {
    let facts = inspect(text.as_bytes());
    let start: String = text.chars().take(80).collect();
    assert_eq!(
        (
            facts.people.most,
            facts.classes.len(),
            facts.uninspected.files
        ),
        (0, 0, 0),
        "{start} {:?}",
        facts.classes
    );
}

/// The next valid NHS numbers of the test range.
fn nhs_numbers(many: usize) -> Vec<String> {
    let valid = |number: &u64| identifier::nhs_number(number.to_string().as_bytes()).is_some();
    let numbers = (9_990_000_000_u64..).filter(valid).take(many);
    numbers.map(|number| number.to_string()).collect()
}
