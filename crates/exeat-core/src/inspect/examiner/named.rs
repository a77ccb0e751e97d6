//! Full names in sentences, beside words about health: without a label only a
//! common forename tells them, so that they count nowhere else.

use std::collections::HashSet;
use std::ops::Range;

use crate::inspect::identifier::is_forename;

/// As far from a word about health as a sentence goes.
const NEAR: usize = 160;

/// How many different people are named near these places of a text.
pub(super) fn beside(text: &[u8], places: &[Range<usize>]) -> u64 {
    let mut names: HashSet<&[u8]> = HashSet::new();
    let mut done = 0;
    for place in places {
        let start = place.start.saturating_sub(NEAR).max(done);
        let end = (place.end + NEAR).min(text.len());
        collect(text.get(start..end).unwrap_or_default(), &mut names);
        // A name that spans the end is met again with what comes next.
        done = end.saturating_sub(NEAR).max(done);
    }
    u64::try_from(names.len()).unwrap_or(u64::MAX)
}

/// Names of a forename and another capitalised word.
fn collect<'t>(text: &'t [u8], names: &mut HashSet<&'t [u8]>) {
    let word = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
        let length = rest.iter().take_while(|byte| is_letter(byte)).count();
        rest.get(..length).unwrap_or_default()
    };
    let mut at = 0;
    while at < text.len() {
        let first = word(at);
        if first.is_empty() {
            at += 1;
            continue;
        }
        let after = at + first.len();
        let last = match text.get(after) {
            Some(b' ') => word(after + 1),
            _ => b"",
        };
        let is_capital =
            |word: &[u8]| word.len() > 1 && word.first().is_some_and(u8::is_ascii_uppercase);
        if is_capital(first) && is_capital(last) && is_forename(first) {
            names.extend(text.get(at..after + 1 + last.len()));
        }
        at = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_in_the_sentence() {
        let count = |text: &str| {
            let places: Vec<_> = text.match_indices("HIV").collect();
            let places: Vec<_> = places
                .iter()
                .map(|(at, word)| *at..at + word.len())
                .collect();
            beside(text.as_bytes(), &places)
        };
        assert_eq!(count("Agnes Ashbury is HIV positive."), 1);
        assert_eq!(
            count("HIV: Agnes Ashbury, Zara Hartley and Agnes Ashbury"),
            2
        );
        for text in [
            "HIV in Leeds",
            "Agnes has HIV",
            "agnes ashbury has HIV",
            "HIV",
        ] {
            assert_eq!(count(text), 0, "{text}");
        }
        let far = format!("Agnes Ashbury{} HIV", " word".repeat(100));
        assert_eq!(count(&far), 0);
    }
}
