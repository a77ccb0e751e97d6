//! Files → facts, through the public interface and nothing else; and what a
//! test has to say about them.

use std::fmt::Display;
use std::fs;

use exeat_core::inspect::{Class, Coverage, Facts, InspectOptions, inspect};
use exeat_core::progress::Silent;
use exeat_core::source::{ListOptions, Source};

/// A file to inspect: its name, and what is in it.
pub(crate) type File = (String, Vec<u8>);

pub(crate) fn file(name: impl Display, content: impl Into<Vec<u8>>) -> File {
    (name.to_string(), content.into())
}

/// Writes files into a folder of their own and inspects it.
pub(crate) fn look(files: &[File]) -> Facts {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let folder = dir.path().join("data");
    fs::create_dir(&folder).expect("made");
    for (name, content) in files {
        fs::write(folder.join(name), content).expect("written");
    }
    let source = Source::open(&[&folder]).expect("opens");
    let listing = source.list(&ListOptions::default(), &Silent);
    let listing = listing.expect("lists");
    let inspected = inspect(&source, &listing, InspectOptions::default(), &Silent);
    inspected.expect("inspects").facts().clone()
}

pub(crate) fn look_at(name: impl Display, content: impl Into<Vec<u8>>) -> Facts {
    look(&[file(name, content)])
}

/// How many values of a class were found.
pub(crate) fn count(facts: &Facts, class: Class) -> u64 {
    let found = facts.classes.iter().find(|found| found.class == class);
    found.map_or(0, |found| found.count)
}

/// Facts in one line, for messages.
pub(crate) fn brief(facts: &Facts) -> String {
    let classes: Vec<String> = facts
        .classes
        .iter()
        .map(|found| format!("{}×{}", found.class.label(), found.count))
        .collect();
    let reasons: Vec<String> = facts
        .uninspected
        .places
        .iter()
        .take(3)
        .map(|place| format!("{}: {}", place.path, place.reason))
        .collect();
    format!(
        "people {} to {}, {} of {} records personal, classes {classes:?}, {} of {} files uninspected {reasons:?}",
        facts.people.least,
        facts.people.most,
        facts.personal_records,
        facts.records,
        facts.uninspected.files,
        facts.files,
    )
}

/// Whether the floor would let this pass as nobody's data.
pub(crate) fn is_clean(facts: &Facts) -> bool {
    facts.people.most == 0 && facts.classes.is_empty() && is_inspected(facts)
}

pub(crate) fn is_inspected(facts: &Facts) -> bool {
    facts.uninspected.files == 0 && facts.coverage == Coverage::Complete
}

/// Everything in the facts that must be the same whatever files are called.
pub(crate) fn figures(facts: &Facts) -> String {
    let classes: Vec<(Class, u64)> = facts
        .classes
        .iter()
        .map(|found| (found.class, found.count))
        .collect();
    format!(
        "{:?} {} of {} records, {classes:?}, {} uninspected",
        facts.people, facts.personal_records, facts.records, facts.uninspected.files
    )
}

/// What went wrong in a test, all of it before the test fails.
#[derive(Default)]
pub(crate) struct Failures(Vec<String>);

impl Failures {
    pub(crate) fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }

    pub(crate) fn end(self) {
        let Self(failures) = self;
        let shown = failures.iter().take(60).cloned().collect::<Vec<_>>();
        assert!(
            failures.is_empty(),
            "{} failures:\n{}",
            failures.len(),
            shown.join("\n")
        );
    }
}

/// A share of values, as printed and compared.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Share {
    pub(crate) found: u64,
    pub(crate) of: u64,
}

impl Share {
    pub(crate) fn add(&mut self, found: u64, of: u64) {
        self.found += found;
        self.of += of;
    }

    /// Whether it is at least so many of ten thousand.
    pub(crate) fn is_at_least(self, share: u64) -> bool {
        self.found * 10_000 >= self.of * share
    }

    /// Whether it is at most so many of ten thousand.
    pub(crate) fn is_at_most(self, share: u64) -> bool {
        self.found * 10_000 <= self.of * share
    }
}

impl Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = self.found * 1_000_000 / self.of.max(1);
        write!(
            f,
            "{} of {} ({}.{:04} %)",
            self.found,
            self.of,
            share / 10_000,
            share % 10_000
        )
    }
}
