//! Findings and their words: whom, how many, where; never a value.

use super::Requester;
use crate::diagnostic::words::{counted, grouped};
use crate::diagnostic::{Finding, Severity};
use crate::inspect::{ClassFacts, Coverage, Facts, People};
use crate::keys::{Recipient, shortened};
use crate::path::Escaped;
use crate::policy::{Origin, Quota, Whose};

/// How many places one finding names.
const NAMED: usize = 5;

/// A recipient as people know it.
pub(super) fn who(key: &Recipient) -> String {
    match key.name() {
        Some(name) => format!("'{}'", Escaped(name.as_bytes())),
        None => shortened(&key.to_string()).into_owned(),
    }
}

/// How many people, as one phrase.
#[must_use]
pub fn people(facts: &Facts) -> String {
    let People { least, most } = facts.people;
    let counted = |number| counted(number, "person", "people");
    match facts.coverage {
        Coverage::None => "people not counted".to_owned(),
        Coverage::Stopped => format!("at least {}", counted(least)),
        coverage => {
            let mut text = match most {
                0 => "nobody".to_owned(),
                _ if least == most => counted(most),
                _ if least == 0 => format!("at most {}", counted(most)),
                _ => format!("{} to {} people", grouped(least), grouped(most)),
            };
            if coverage == Coverage::Partial {
                text += " that could be seen";
            }
            text
        }
    }
}

/// The places with the most values, of whatever class.
pub(super) fn most<'a>(found: impl Iterator<Item = &'a ClassFacts>) -> Vec<String> {
    let places = found.flat_map(|found| found.places.iter().map(|place| (found.class, place)));
    let mut places: Vec<_> = places.collect();
    places.sort_by_key(|(_, place)| std::cmp::Reverse(place.count));
    named(places.into_iter().map(|(class, place)| {
        let (path, count, class) = (&place.path, grouped(place.count), class.label());
        match &place.column {
            Some(column) => format!("{path}, column '{column}' ({class}: {count})"),
            None => format!("{path} ({class}: {count})"),
        }
    }))
}

/// That something was not inspected, as the beginning of a sentence.
pub(super) fn uninspected(facts: &Facts) -> Option<String> {
    let is_partly = match facts.coverage {
        Coverage::Complete | Coverage::Partial => false,
        // That a rule was met early says nothing of the rest.
        Coverage::Stopped | Coverage::None => true,
    };
    match facts.uninspected.files {
        0 => is_partly.then(|| "not everything was inspected".to_owned()),
        count => Some(format!("{} could not be inspected", files(count))),
    }
}

/// The same where the number of people is what matters: nobody sees them in
/// images, sound or film either.
pub(super) fn unseen(facts: &Facts) -> Option<String> {
    uninspected(facts).or_else(|| {
        (facts.media > 0).then(|| format!("{} could not be inspected", media(facts.media)))
    })
}

/// Whose exports were summed.
pub(super) fn by(requester: &Requester) -> &'static str {
    match requester.is_mapped {
        false => "you",
        true => "all accounts (inside a container or user namespace they cannot be told apart)",
    }
}

/// The same for a quota, which may sum a group.
pub(super) fn by_whom(requester: &Requester, quota: &Quota) -> String {
    match (quota.by(), quota.group()) {
        _ if requester.is_mapped => by(requester).to_owned(),
        (Whose::Requester, _) => by(requester).to_owned(),
        (Whose::Group, "*") => "everybody".to_owned(),
        (Whose::Group, group) => format!("the group '{}'", Escaped(group.as_bytes())),
    }
}

pub(super) fn uninspected_places(facts: &Facts) -> Vec<String> {
    let places = facts.uninspected.places.iter();
    named(places.map(|place| format!("{} ({})", place.path, place.reason)))
}

/// The first few of some places, each once.
pub(super) fn named(places: impl Iterator<Item = String>) -> Vec<String> {
    let mut spans: Vec<String> = Vec::new();
    for place in places {
        if spans.len() < NAMED && !spans.contains(&place) {
            spans.push(place);
        }
    }
    spans
}

/// Images, sound and film, counted.
pub(super) fn media(count: u64) -> String {
    let one = "image, recording or film";
    counted(count, one, "images, recordings or films")
}

pub(super) fn files(count: u64) -> String {
    counted(count, "file", "files")
}

pub(super) const LEAVE_OUT: &str = "leave out with --exclude what could not be inspected, or ask whoever \
                         keeps the policy";
pub(super) const SEAL: &str = "seal it: leave out --plain and name a recipient with -r";

pub(super) fn refuse(
    code: &'static str,
    message: impl Into<String>,
    help: &str,
    rule: &Origin,
) -> Finding {
    Finding {
        code: code.into(),
        help: help.into(),
        message: message.into(),
        rule: rule.to_string(),
        severity: Severity::Refuse,
        spans: Vec::new(),
    }
}
