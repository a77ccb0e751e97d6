//! What a cell looks like, for telling tables from prose and headers from
//! data. Nothing is concluded here about anyone's data.

use crate::inspect::identifier::{plain_separators, without_spreadsheet_marks};

/// The shape of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Blank,
    /// Digits, with the signs that stand among them in numbers and telephone
    /// numbers.
    Number,
    Date,
    Email,
    /// Letters and digits together, as in postcodes and keys.
    Code,
    /// Words that begin with a capital, as names do.
    Title,
    /// One word, or several joined by `_`.
    Word,
    Free,
}

/// The shape of a value.
pub(super) fn shape(value: &[u8]) -> Shape {
    let plain = plain_separators(value);
    let mut value = plain.trim_ascii();
    if let [b'=' | b'\'', ..] = value {
        let marked = without_spreadsheet_marks(value);
        if marked.iter().all(u8::is_ascii_digit) {
            value = marked;
        }
    }
    if value.is_empty() || matches!(value, b"NULL" | b"null" | b"\\N" | b"NA" | b"-") {
        return Shape::Blank;
    }
    if value.len() > 64 {
        return Shape::Free;
    }
    let count = |matches: fn(&u8) -> bool| value.iter().filter(|byte| matches(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let letters = count(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    let others = value.len() - digits - letters;
    if digits > 0 && is_date(value, letters) {
        return Shape::Date;
    }
    if digits > 0
        && letters == 0
        && value
            .iter()
            .all(|byte| b"0123456789 .,-+()%/$".contains(byte))
    {
        return Shape::Number;
    }
    if letters == 1 && is_scientific(value) {
        return Shape::Number;
    }
    if count(|byte| *byte == b'@') == 1 && !value.contains(&b' ') && letters > 2 {
        return Shape::Email;
    }
    let words = value.split(|&byte| byte == b' ').count();
    if digits > 0 && letters > 0 && words <= 2 && value.len() <= 40 {
        let plain = value
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b" -_/.:".contains(byte));
        if plain && (words == 1 || value.len() <= 8) {
            return Shape::Code;
        }
    }
    if digits == 0
        && words == 1
        && value
            .iter()
            .all(|&byte| byte.is_ascii_lowercase() || byte == b'_')
    {
        return Shape::Word;
    }
    let title = |word: &[u8]| {
        word.first()
            .is_none_or(|&byte| byte.is_ascii_uppercase() || byte >= 0x80)
    };
    let name = digits == 0
        && words <= 4
        && others == count(|byte| b" -'.,".contains(byte))
        && value.split(|&byte| byte == b' ').all(title);
    if name { Shape::Title } else { Shape::Free }
}

/// Digits around two separators, or around a month's name, perhaps with a
/// time of day.
fn is_date(value: &[u8], letters: usize) -> bool {
    let date = value
        .iter()
        .position(|byte| b"T ".contains(byte))
        .filter(|&at| at >= 8)
        .map_or(value, |at| value.get(..at).unwrap_or_default());
    if !(6..=11).contains(&date.len()) || letters > 5 {
        return false;
    }
    [b'-', b'/', b'.', b' '].iter().any(|&separator| {
        let mut parts = date.split(|&byte| byte == separator);
        let (Some(first), Some(middle), Some(last), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        let digits = |part: &[u8], lengths: &[usize]| {
            lengths.contains(&part.len()) && part.iter().all(u8::is_ascii_digit)
        };
        let month = digits(middle, &[1, 2])
            || (middle.len() == 3 && middle.iter().all(u8::is_ascii_alphabetic));
        month
            && ((digits(first, &[4]) && digits(last, &[1, 2]))
                || (digits(first, &[1, 2]) && digits(last, &[2, 4])))
    })
}

/// Whether a first cell could be a column's name.
pub(super) fn is_name(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let first = value.first().copied().unwrap_or(b'0');
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    value.len() <= 80
        && (first.is_ascii_alphabetic() || first >= 0x80 || b"_#(%*".contains(&first))
        && digits * 2 < value.len()
        && !value.ends_with(b".")
        && !value.iter().any(|byte| b"@={};<>\"".contains(byte))
        && value.split(|&byte| byte == b' ').count() <= 8
        && !matches!(shape(value), Shape::Date | Shape::Email | Shape::Number)
}

/// Whether this is a year, which is a usual name of a column.
pub(super) fn is_year(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    value.len() == 4
        && (value.starts_with(b"19") || value.starts_with(b"20"))
        && value.iter().all(u8::is_ascii_digit)
}

/// Words that columns are called by, for tables that have nothing but words.
pub(super) fn is_usual_name(value: &[u8]) -> bool {
    const USUAL: &[&str] = &[
        "name",
        "names",
        "forename",
        "forenames",
        "firstname",
        "first",
        "surname",
        "lastname",
        "last",
        "middle",
        "title",
        "id",
        "nhs",
        "number",
        "no",
        "dob",
        "birth",
        "born",
        "date",
        "sex",
        "gender",
        "age",
        "address",
        "street",
        "town",
        "city",
        "county",
        "country",
        "postcode",
        "post",
        "zip",
        "email",
        "mail",
        "phone",
        "telephone",
        "tel",
        "mobile",
        "code",
        "type",
        "status",
        "description",
        "diagnosis",
        "condition",
        "ethnicity",
        "religion",
        "value",
        "key",
        "label",
        "category",
        "department",
        "ward",
        "clinic",
        "gp",
        "practice",
        "notes",
        "comment",
        "comments",
        "role",
        "job",
        "occupation",
        "employer",
        "account",
        "sort",
        "reference",
        "ref",
        "identifier",
        "consultant",
        "region",
        "species",
        "count",
        "total",
    ];
    let lower = value.to_ascii_lowercase();
    lower
        .split(|byte| !byte.is_ascii_alphanumeric())
        .any(|word| USUAL.iter().any(|usual| usual.as_bytes() == word))
}

/// Whether this is a number as spreadsheets write those that are too long for
/// them, identifiers among them: `9.99E+09`.
fn is_scientific(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| matches!(byte, b'E' | b'e'));
    let (Some(number), Some([b'+' | b'-', exponent @ ..]), None) =
        (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let is_decimal = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-');
    number.iter().any(u8::is_ascii_digit)
        && number.iter().all(is_decimal)
        && (1..=3).contains(&exponent.len())
        && exponent.iter().all(u8::is_ascii_digit)
}
