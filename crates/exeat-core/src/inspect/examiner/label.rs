//! How a column is named to people: escaped, short, and never by a value.

use crate::inspect::content::Column;
use crate::inspect::identifier::{Shape, role, shapes};
use crate::path::Escaped;

/// The longest label, in characters.
const MAX_LABEL: usize = 100;

/// The column's name, or its number counted from 1 where it has none or where
/// the name looks like a value: content may have records where a header should
/// be, and keys of objects may be numbers of people.
pub(super) fn label(column: &Column<'_>, holds_names: bool) -> String {
    match column.name {
        Some(name) if !name.is_empty() && !looks_like_value(name, holds_names) => {
            Escaped(name).to_string().chars().take(MAX_LABEL).collect()
        }
        _ => format!("column {}", u64::from(column.index) + 1),
    }
}

fn looks_like_value(name: &[u8], holds_names: bool) -> bool {
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
    let is_value = |text: &[u8]| {
        let found = shapes(text);
        VALUES.iter().any(|&shape| found.contains(shape))
            || holds_names && found.contains(Shape::PersonName) && role(text).is_none()
            || text.iter().filter(|byte| byte.is_ascii_digit()).count() >= 6
    };
    is_value(name) || name.split(|&byte| byte == b'.').any(is_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: Option<&str>, holds_names: bool) -> String {
        let name = name.map(str::as_bytes);
        label(&Column { name, index: 2 }, holds_names)
    }

    #[test]
    fn names_are_escaped_and_cut() {
        assert_eq!(shown(Some("a\u{1b}[2J"), false), r"a\x1b[2J");
        assert_eq!(shown(Some(&"x".repeat(500)), false).len(), MAX_LABEL);
        assert_eq!(
            shown(Some("patient.address.line"), true),
            "patient.address.line"
        );
    }

    #[test]
    fn without_a_name_the_number_is_shown() {
        assert_eq!(shown(None, false), "column 3");
        assert_eq!(shown(Some(""), false), "column 3");
    }

    #[test]
    fn values_are_no_labels() {
        for value in [
            "999 000 0018",
            "patients.9990000018.name",
            "jo@example.org",
            "AB123456C",
            "1980-01-02",
            "123456",
        ] {
            assert_eq!(shown(Some(value), false), "column 3", "{value}");
        }
        assert_eq!(shown(Some("Anna Quillfeather"), true), "column 3");
        assert_eq!(shown(Some("Anna Quillfeather"), false), "Anna Quillfeather");
    }
}
