//! What words in a header say against a guess from the values, and small looks
//! at single values.

/// In headers of numbers that are no NHS numbers.
const OTHER_NUMBERS: &[&str] = &[
    "account",
    "barcode",
    "batch",
    "card",
    "ean",
    "epoch",
    "fax",
    "gtin",
    "invoice",
    "isbn",
    "issn",
    "line",
    "mobile",
    "order",
    "phone",
    "serial",
    "sku",
    "tel",
    "ticket",
    "time",
    "timestamp",
    "tracking",
    "transaction",
    "upc",
];

/// In headers of names that are no persons' names.
const OTHER_NAMES: &[&str] = &[
    "area",
    "authority",
    "borough",
    "brand",
    "building",
    "category",
    "ccg",
    "city",
    "clinic",
    "company",
    "constituency",
    "council",
    "country",
    "county",
    "course",
    "department",
    "dept",
    "description",
    "directorate",
    "district",
    "drug",
    "employer",
    "event",
    "group",
    "hospital",
    "icb",
    "item",
    "job",
    "label",
    "location",
    "manufacturer",
    "medication",
    "model",
    "occupation",
    "organisation",
    "organization",
    "place",
    "practice",
    "product",
    "project",
    "provider",
    "region",
    "role",
    "school",
    "service",
    "site",
    "specialty",
    "species",
    "state",
    "status",
    "street",
    "supplier",
    "team",
    "title",
    "town",
    "trust",
    "type",
    "vendor",
    "village",
    "ward",
];

/// In headers of dates on which nobody was born.
const OTHER_DATES: &[&str] = &[
    "admission",
    "admitted",
    "appointment",
    "arrival",
    "attendance",
    "closed",
    "collected",
    "created",
    "date",
    "day",
    "death",
    "discharge",
    "discharged",
    "due",
    "effective",
    "end",
    "ended",
    "event",
    "expires",
    "expiry",
    "from",
    "invoice",
    "issued",
    "modified",
    "opened",
    "order",
    "ordered",
    "paid",
    "received",
    "referral",
    "registered",
    "report",
    "reported",
    "sample",
    "sent",
    "start",
    "started",
    "time",
    "timestamp",
    "to",
    "updated",
    "valid",
    "visit",
];

pub(super) fn says_other_number(header: &[u8]) -> bool {
    has_word(header, OTHER_NUMBERS)
}

pub(super) fn says_other_name(header: &[u8]) -> bool {
    has_word(header, OTHER_NAMES)
}

pub(super) fn says_other_date(header: &[u8]) -> bool {
    has_word(header, OTHER_DATES)
}

/// Whether one of the words of a header is in a sorted list. A word ends where
/// the letters end, or where a capital follows a small letter.
fn has_word(header: &[u8], list: &[&str]) -> bool {
    let mut word = String::new();
    let mut small = false;
    for &byte in header.iter().chain(b" ") {
        if !byte.is_ascii_alphabetic() || byte.is_ascii_uppercase() && small {
            if list.binary_search(&word.as_str()).is_ok() {
                return true;
            }
            word.clear();
        }
        small = byte.is_ascii_lowercase();
        if byte.is_ascii_alphabetic() {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    false
}

/// Letters of any script, spaces, hyphens, apostrophes, commas and full stops,
/// beginning with a letter.
pub(super) fn is_lettered(value: &[u8]) -> bool {
    value
        .first()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
        && value.len() <= 100
        && value.iter().all(|&byte| {
            byte.is_ascii_alphabetic()
                || !byte.is_ascii()
                || matches!(byte, b' ' | b'-' | b'\'' | b',' | b'.')
        })
}

/// A telephone number of any country, as far as its characters go: at most 15
/// digits (ITU-T E.164, section 6).
pub(super) fn is_dialled(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    (7..=15).contains(&digits)
        && value.iter().all(|&byte| {
            byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')' | b'+')
        })
}

/// A hash of eight bits for telling values apart roughly (FNV-1a, folded).
pub(super) fn hash(value: &[u8]) -> u8 {
    let hash = value.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let folded = hash ^ (hash >> 32);
    let [a, b, c, d, ..] = folded.to_le_bytes();
    a ^ b.rotate_left(3) ^ c ^ d.rotate_left(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        for list in [OTHER_NUMBERS, OTHER_NAMES, OTHER_DATES] {
            assert!(list.is_sorted());
        }
    }

    #[test]
    fn words_are_found_in_every_way_of_writing() {
        for header in [
            "isbn",
            "ISBN",
            "book_isbn",
            "bookIsbn",
            "book.isbn",
            "ISBN 10",
            "isbn10",
        ] {
            assert!(says_other_number(header.as_bytes()), "{header}");
        }
        for header in ["", "nhs", "telling", "x"] {
            assert!(!says_other_number(header.as_bytes()), "{header}");
        }
        assert!(says_other_name(b"Local Authority"));
        assert!(says_other_date(b"admission_date"));
    }

    #[test]
    fn names_are_letters() {
        for value in ["Anna", "O'Neill-Hart, Bo", "\u{c9}loise"] {
            assert!(is_lettered(value.as_bytes()), "{value}");
        }
        for value in ["", "4x", "a1", "-", "a@b"] {
            assert!(!is_lettered(value.as_bytes()), "{value}");
        }
    }
}
