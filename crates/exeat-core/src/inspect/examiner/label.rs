//! How a column is named to people: escaped, short, and never by a value.

use crate::inspect::content::Column;
use crate::inspect::identifier::{Shape, Wording, role, shapes, wording};
use crate::inspect::named::NamedAs;
use crate::path::Escaped;

/// The longest label, in characters.
const MAX_LABEL: usize = 100;
/// Values that a column has under a name that is not altogether of known
/// words: a key that comes but a few times may be somebody's.
const OFTEN: u64 = 10;
/// Stands for a key that may be a value.
const HIDDEN: &str = "*";

/// The column's name as far as it is made of words that columns are called
/// by: content may have records where a header should be, and keys of objects
/// may be names or numbers of people. Its number, counted from 1, where no
/// such word remains.
pub(super) fn label(column: &Column<'_>, holds_names: bool, values: u64) -> String {
    let number = || format!("column {}", u64::from(column.index) + 1);
    let Some(name) = column
        .name
        .filter(|name| !looks_like_value(name, holds_names))
    else {
        return number();
    };
    let parts: Vec<String> = name
        .split(|&byte| byte == b'.')
        .map(|part| match is_shown(part, holds_names, values) {
            true => Escaped(part).to_string(),
            false => HIDDEN.to_owned(),
        })
        .collect();
    if parts.iter().all(|part| part == HIDDEN) {
        return number();
    }
    parts.join(".").chars().take(MAX_LABEL).collect()
}

/// The name of a column that the policy names: from there on as the policy has
/// it, which is nobody's value. A `*` in it stands for what may be one.
pub(super) fn label_of_named(column: &Column<'_>, named: &NamedAs<'_>, values: u64) -> String {
    let name = column.name.unwrap_or_default();
    let before = name.split(|&byte| byte == b'.').take(named.part);
    let before = before.map(|part| match is_shown(part, true, values) {
        true => Escaped(part).to_string(),
        false => HIDDEN.to_owned(),
    });
    let parts: Vec<String> = before.chain([named.name.to_string()]).collect();
    parts.join(".").chars().take(MAX_LABEL).collect()
}

fn is_shown(part: &[u8], holds_names: bool, values: u64) -> bool {
    let is_word = match wording(part) {
        Wording::Known => true,
        Wording::Mixed => values >= OFTEN,
        Wording::Foreign => false,
    };
    is_word && !looks_like_value(part, holds_names)
}

fn looks_like_value(text: &[u8], holds_names: bool) -> bool {
    const VALUES: [Shape; 11] = [
        Shape::TenDigits,
        Shape::Nino,
        Shape::Email,
        Shape::IpAddress,
        Shape::Iban,
        Shape::Card,
        Shape::Luhn,
        Shape::AccountNumber,
        Shape::Phone,
        Shape::Postcode,
        Shape::Date,
    ];
    let found = shapes(text);
    VALUES.iter().any(|&shape| found.contains(shape))
        || holds_names && found.contains(Shape::PersonName) && role(text).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_of(name: Option<&str>, holds_names: bool, values: u64) -> String {
        let name = name.map(str::as_bytes);
        label(&Column { name, index: 2 }, holds_names, values)
    }

    fn shown(name: Option<&str>) -> String {
        shown_of(name, false, 100)
    }

    #[test]
    fn known_words_are_shown() {
        for name in [
            "nhs_number",
            "NHS No",
            "dateOfBirth",
            "patient.address.line",
            "patients.*.email",
            "contact.0.email",
            "note",
        ] {
            let label = shown(Some(name));
            assert_ne!(label, "column 3", "{name}");
        }
        let long = vec!["address"; 50].join(".");
        assert_eq!(shown(Some(&long)).len(), MAX_LABEL);
    }

    #[test]
    fn other_words_are_shown_beside_known_ones_and_often() {
        assert_eq!(shown(Some("barthel_score")), "barthel_score");
        assert_eq!(shown_of(Some("barthel_score"), false, 9), "column 3");
        assert_eq!(shown(Some("barthel")), "column 3");
        assert_eq!(shown(Some("a\u{1b}[2J")), "column 3");
    }

    #[test]
    fn without_a_name_the_number_is_shown() {
        assert_eq!(shown(None), "column 3");
        assert_eq!(shown(Some("")), "column 3");
    }

    #[test]
    fn values_are_no_labels() {
        for value in [
            "999 000 0018",
            "jo@example.org",
            "AB123456C",
            "1980-01-02",
            "123456",
            "Agnes Ashbury",
            "ASHBURY_Agnes",
            "agnes_diagnosis",
            "ashbury",
            "type 2 diabetes",
            "diabetes",
            "Asthma",
            "HIV positive",
            "White British",
            "Quenby Thistlewick",
        ] {
            assert_eq!(shown_of(Some(value), true, 100), "column 3", "{value}");
        }
    }

    #[test]
    fn keys_of_a_path_are_hidden_one_by_one() {
        for (path, label) in [
            ("Agnes Ashbury.diagnosis", "*.diagnosis"),
            ("patients.9990000018.name", "patients.*.name"),
            ("patients.ASHBURY_Agnes.email", "patients.*.email"),
            ("patients.agnes@example.org.phone", "column 3"),
        ] {
            assert_eq!(shown(Some(path)), label);
        }
    }
}
