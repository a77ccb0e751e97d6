//! The words of findings: whom, how many, where; never a value.

use crate::inspect::{ClassFacts, Facts, People};
use crate::keys::Recipient;
use crate::path::Escaped;

/// How many places one finding names.
const NAMED: usize = 5;

/// A recipient as people know it.
pub(super) fn who(key: &Recipient) -> String {
    match key.name() {
        Some(name) => format!("'{}'", Escaped(name.as_bytes())),
        None => key.to_string(),
    }
}

pub(super) fn people(people: People) -> String {
    match people.least == people.most {
        true => count(people.most),
        false => format!("{} to {}", count(people.least), count(people.most)),
    }
}

/// Digits in groups of three.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The places with the most values, of whatever class.
pub(super) fn most<'a>(found: impl Iterator<Item = &'a ClassFacts>) -> Vec<String> {
    let places = found.flat_map(|found| found.places.iter().map(|place| (found.class, place)));
    let mut places: Vec<_> = places.collect();
    places.sort_by_key(|(_, place)| std::cmp::Reverse(place.count));
    named(places.into_iter().map(|(class, place)| {
        let (path, count, class) = (&place.path, count(place.count), class.label());
        match &place.column {
            Some(column) => format!("{path}, column '{column}' ({class}: {count})"),
            None => format!("{path} ({class}: {count})"),
        }
    }))
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

pub(super) fn files(count: u64) -> String {
    match count {
        1 => "1 file".to_owned(),
        _ => format!("{count} files"),
    }
}
