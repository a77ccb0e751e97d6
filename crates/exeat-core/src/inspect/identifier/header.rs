//! What the name of a column says of its values.
//!
//! A name is brought to its letters and digits alone, so that `NHS No.`,
//! `nhs_no` and `NhsNo` are the same, and then cut into the words of a small
//! vocabulary: `hotel` has no telephone in it, and `company` no card. A name
//! that is not made of known words altogether is cut where its writer cut it.

use super::forename;
use crate::inspect::facts::Class;

mod link;
mod rules;
mod vocabulary;

pub(crate) use link::{Link, is_of_another, link};

/// What a column holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Values of this class.
    Is(Class),
    /// A part of a person's name.
    NamePart,
    /// With an account number it makes a bank account.
    SortCode,
    /// With a sort code it makes a bank account.
    AccountNumber,
    /// A local identifier, or a pseudonym, of a person.
    LocalId,
    /// A number of an aggregate: a count, a sum, a rate.
    Count,
}

/// What the name of a column, or the path of a key with dots between, says of
/// its values.
pub(crate) fn role(header: &[u8]) -> Option<Role> {
    // The last keys of a path say most; a longer name says nothing more.
    const LONGEST: usize = 120;
    let header = &header[header.len().saturating_sub(LONGEST)..];
    let flat: Vec<u8> = header
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(u8::to_ascii_lowercase)
        .collect();
    if flat.is_empty() {
        return None;
    }
    let words = match segment(&flat) {
        Some(words) => words,
        None => written_words(header),
    };
    rules::judge(&words).or_else(|| {
        words
            .contains(&UNKNOWN)
            .then(|| rules::judge_unknown(&flat))
            .flatten()
    })
}

/// Whether a word is one that columns are called by.
pub(super) fn is_word(word: &[u8]) -> bool {
    vocabulary::has(word)
}

/// How much of a column's name is of the words that columns are called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// All of it.
    Known,
    /// Some of it; the rest has the form of a program's identifier, and no
    /// forename in it.
    Mixed,
    /// It may be a value.
    Foreign,
}

/// Judges a column's name, or one key of a path, by its words.
pub(crate) fn wording(name: &[u8]) -> Wording {
    const DIGITS_AT_MOST: usize = 3;
    let digits = name.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_plain = name
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'-'));
    if digits > DIGITS_AT_MOST || !is_plain {
        return Wording::Foreign;
    }
    let (mut known, mut unknown) = (0, 0);
    for piece in name.split(|byte| !byte.is_ascii_alphanumeric()) {
        for part in camel_parts(piece) {
            if part.is_empty() || part.iter().all(u8::is_ascii_digit) {
                continue;
            }
            let lower = part.to_ascii_lowercase();
            if is_value(&lower) || forename::is_forename(part) {
                return Wording::Foreign;
            }
            match are_whole_words(&lower) {
                true => known += 1,
                false => unknown += 1,
            }
        }
    }
    match (known, unknown) {
        (0, _) => Wording::Foreign,
        (_, 0) => Wording::Known,
        _ if name.contains(&b' ') => Wording::Foreign,
        _ => Wording::Mixed,
    }
}

/// Whether a word is a known one, or several written together of which none is
/// so short that a surname could be cut into them.
fn are_whole_words(lower: &[u8]) -> bool {
    const SHORT: [&str; 4] = ["no", "of", "id", DIGITS];
    match segment(lower).as_deref() {
        Some([_]) => true,
        Some(words) => words
            .iter()
            .all(|word| word.len() > 2 && !is_value(word.as_bytes()) || SHORT.contains(word)),
        None => false,
    }
}

/// Whether a word of the vocabulary is as likely a value: what somebody has,
/// is, or comes from.
fn is_value(lower: &[u8]) -> bool {
    const VALUES: [&str; 31] = [
        "anxiety",
        "asthma",
        "biopsy",
        "brca",
        "cancer",
        "cancers",
        "chemotherapy",
        "chile",
        "china",
        "copd",
        "dementia",
        "depression",
        "diabetes",
        "diabetic",
        "disabled",
        "epilepsy",
        "hepatitis",
        "hiv",
        "hypertension",
        "mri",
        "obesity",
        "pregnancy",
        "pregnant",
        "radiotherapy",
        "smoker",
        "smoking",
        "spain",
        "stroke",
        "tumor",
        "tumour",
        "white",
    ];
    VALUES.iter().any(|value| value.as_bytes() == lower)
}

/// Stands for a word that is not in the vocabulary.
const UNKNOWN: &str = "?";
/// Stands for digits.
const DIGITS: &str = "#";

/// Cuts lower-case letters and digits into known words, as few as possible.
/// Digits that are part of no word stand for themselves.
fn segment(flat: &[u8]) -> Option<Vec<&'static str>> {
    // For each place: how many words lead there, and the last of them.
    let mut ways: Vec<Option<(u16, usize, &'static str)>> = vec![None; flat.len() + 1];
    ways[0] = Some((0, 0, ""));
    for at in 0..flat.len() {
        let Some((count, _, _)) = ways[at] else {
            continue;
        };
        let mut reach = |width: usize, word: &'static str| {
            let way = &mut ways[at + width];
            if way.is_none_or(|(other, _, _)| other > count + 1) {
                *way = Some((count + 1, at, word));
            }
        };
        for word in vocabulary::beginning(&flat[at..]) {
            reach(word.len(), word);
        }
        let digits = flat[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits > 0 {
            reach(digits, DIGITS);
        }
    }
    let mut words = Vec::new();
    let mut at = flat.len();
    while at > 0 {
        let (_, before, word) = ways[at]?;
        words.push(word);
        at = before;
    }
    words.reverse();
    Some(words)
}

/// Cuts a name at its separators, then where its case or digits change, and
/// looks each piece up.
fn written_words(header: &[u8]) -> Vec<&'static str> {
    let mut words = Vec::new();
    for piece in header.split(|byte| !byte.is_ascii_alphanumeric()) {
        if piece.is_empty() {
            continue;
        }
        match segment(&piece.to_ascii_lowercase()) {
            Some(known) => words.extend(known),
            None => {
                for part in camel_parts(piece) {
                    match segment(&part.to_ascii_lowercase()) {
                        Some(known) => words.extend(known),
                        None => words.push(UNKNOWN),
                    }
                }
            }
        }
    }
    words
}

/// `NHSNumber2` → `NHS`, `Number`, `2`.
fn camel_parts(piece: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut start = 0;
    for at in 1..piece.len() {
        let (before, here) = (piece[at - 1], piece[at]);
        let after_is_lower = piece.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let cut = here.is_ascii_uppercase() && (!before.is_ascii_uppercase() || after_is_lower)
            || here.is_ascii_digit() != before.is_ascii_digit();
        if cut {
            parts.push(&piece[start..at]);
            start = at;
        }
    }
    parts.push(&piece[start..]);
    parts
}

#[cfg(test)]
mod tests;
