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

/// The signs that shapes are made of.
#[derive(Clone, Copy)]
enum Sign {
    Digit,
    Upper,
    Lower,
    /// Of a letter that is not ASCII.
    High,
    Blank,
    Underscore,
    At,
    Hyphen,
    Dot,
    Comma,
    Apostrophe,
    Slash,
    Colon,
    /// What else stands in numbers: `+()%$`.
    Numeric,
    Other,
}

const SIGNS: [Sign; 256] = {
    let mut signs = [Sign::Other; 256];
    let mut byte = 0_u8;
    loop {
        signs[byte as usize] = match byte {
            b'0'..=b'9' => Sign::Digit,
            b'A'..=b'Z' => Sign::Upper,
            b'a'..=b'z' => Sign::Lower,
            0x80.. => Sign::High,
            b' ' => Sign::Blank,
            b'_' => Sign::Underscore,
            b'@' => Sign::At,
            b'-' => Sign::Hyphen,
            b'.' => Sign::Dot,
            b',' => Sign::Comma,
            b'\'' => Sign::Apostrophe,
            b'/' => Sign::Slash,
            b':' => Sign::Colon,
            b'+' | b'(' | b')' | b'%' | b'$' => Sign::Numeric,
            _ => Sign::Other,
        };
        if byte == u8::MAX {
            break signs;
        }
        byte += 1;
    }
};

/// How often each sign stands in a value of at most 255 bytes.
struct Signs([u8; 16]);

impl Signs {
    fn of(value: &[u8]) -> Self {
        let mut counts = [0_u8; 16];
        for &byte in value {
            let count = &mut counts[SIGNS[usize::from(byte)] as usize];
            *count = count.wrapping_add(1);
        }
        Self(counts)
    }

    fn count(&self, signs: &[Sign]) -> usize {
        signs
            .iter()
            .map(|&sign| usize::from(self.0[sign as usize]))
            .sum()
    }
}

/// The shape of a value.
pub(super) fn shape(value: &[u8]) -> Shape {
    use Sign::{
        Apostrophe, At, Blank, Colon, Comma, Digit, Dot, High, Hyphen, Lower, Numeric, Slash,
        Underscore, Upper,
    };
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
    let signs = Signs::of(value);
    let is_all = |of: &[Sign]| signs.count(of) == value.len();
    let digits = signs.count(&[Digit]);
    let letters = signs.count(&[Upper, Lower, High]);
    let words = signs.count(&[Blank]) + 1;
    if digits > 0 && is_date(value, letters) {
        return Shape::Date;
    }
    if digits > 0 && is_all(&[Digit, Blank, Dot, Comma, Hyphen, Slash, Numeric]) {
        return Shape::Number;
    }
    if letters == 1 && is_scientific(value) {
        return Shape::Number;
    }
    if signs.count(&[At]) == 1 && words == 1 && letters > 2 {
        return Shape::Email;
    }
    if digits > 0 && letters > 0 && words <= 2 && value.len() <= 40 {
        let plain = [
            Digit, Upper, Lower, Blank, Hyphen, Underscore, Slash, Dot, Colon,
        ];
        if is_all(&plain) && (words == 1 || value.len() <= 8) {
            return Shape::Code;
        }
    }
    if is_all(&[Lower, Underscore]) {
        return Shape::Word;
    }
    let title = |word: &[u8]| {
        word.first()
            .is_none_or(|&byte| byte.is_ascii_uppercase() || byte >= 0x80)
    };
    let name = words <= 4
        && is_all(&[Upper, Lower, High, Blank, Hyphen, Apostrophe, Dot, Comma])
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
