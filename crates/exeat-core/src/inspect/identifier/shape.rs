//! What a single value looks like by itself. One pass tells which kinds of
//! characters it has; most kinds of identifier are ruled out by that alone.

use super::card::{self, Verdict};
use super::category::{self, Category};
use super::grouped::Grouped;
use super::name::Looks;
use super::{bank, clinical, date, email, iban, ip, name, nhs, nino, phone, postcode};

mod plain;

pub(crate) use plain::plain_shapes;

/// A way a value can look. A value may look like several things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Ten digits in any accepted grouping.
    TenDigits,
    /// Ten digits that pass modulus 11.
    NhsNumber,
    /// An NHS number that starts with a possible date.
    ChiNumber,
    /// A National Insurance number.
    Nino,
    /// Seven digits.
    GmcNumber,
    /// An e-mail address.
    Email,
    /// An IPv4 or IPv6 address.
    IpAddress,
    /// A valid IBAN.
    Iban,
    /// Luhn, length and issuer prefix of a payment card.
    Card,
    /// 12 to 19 digits that pass Luhn, no known issuer prefix.
    Luhn,
    /// Six digits, or three pairs of them.
    SortCode,
    /// Eight digits.
    AccountNumber,
    /// A telephone number.
    Phone,
    /// A postcode of the United Kingdom.
    Postcode,
    /// A date in which somebody could be born.
    Date,
    /// Two to four capitalised words.
    PersonName,
    /// One capitalised word.
    SingleName,
    /// An ICD-10 code.
    IcdCode,
    /// A SNOMED CT identifier.
    SnomedCode,
    /// A Read code, version 2 or 3.
    ReadCode,
    /// An ethnic category in words.
    EthnicityValue,
    /// A religion or belief in words.
    ReligionValue,
    /// A sexual orientation in words.
    OrientationValue,
    /// An integer or a decimal number.
    Number,
    /// Empty, or what stands for an empty value.
    Blank,
}

impl Shape {
    const ALL: [Self; 25] = [
        Self::TenDigits,
        Self::NhsNumber,
        Self::ChiNumber,
        Self::Nino,
        Self::GmcNumber,
        Self::Email,
        Self::IpAddress,
        Self::Iban,
        Self::Card,
        Self::Luhn,
        Self::SortCode,
        Self::AccountNumber,
        Self::Phone,
        Self::Postcode,
        Self::Date,
        Self::PersonName,
        Self::SingleName,
        Self::IcdCode,
        Self::SnomedCode,
        Self::ReadCode,
        Self::EthnicityValue,
        Self::ReligionValue,
        Self::OrientationValue,
        Self::Number,
        Self::Blank,
    ];
}

/// A small set of [`Shape`]s.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Shapes(u32);

impl Shapes {
    /// Whether the value looks like this.
    pub(crate) const fn contains(self, shape: Shape) -> bool {
        self.0 & (1 << shape as u32) != 0
    }

    /// Whether the value looks like nothing known.
    #[cfg(test)]
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// All that the value looks like.
    pub(crate) fn iter(self) -> impl Iterator<Item = Shape> {
        Shape::ALL
            .into_iter()
            .filter(move |&shape| self.contains(shape))
    }

    /// A bit for each shape, at the place of its number.
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    const fn of(shape: Shape) -> Self {
        Self(1 << shape as u32)
    }

    fn put(&mut self, shape: Shape) {
        self.0 |= Self::of(shape).0;
    }

    fn put_if(&mut self, shape: Shape, holds: bool) {
        self.0 |= u32::from(holds) << shape as u32;
    }
}

impl std::fmt::Debug for Shapes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

const DIGIT: u16 = 1;
const UPPER: u16 = 2;
const LOWER: u16 = 4;
const LETTER: u16 = UPPER | LOWER;
const BLANK: u16 = 8;
const HYPHEN: u16 = 16;
const DOT: u16 = 32;
const SLASH: u16 = 64;
const COLON: u16 = 128;
const AT: u16 = 256;
const PLUS: u16 = 512;
const BRACKET: u16 = 1024;
const QUOTE: u16 = 2048;
const COMMA: u16 = 4096;
const HIGH: u16 = 8192;
const OTHER: u16 = 16384;

static KINDS: [u16; 256] = kinds();

const fn kinds() -> [u16; 256] {
    let mut table = [OTHER; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = match byte {
            b'0'..=b'9' => DIGIT,
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            b' ' | b'\t' => BLANK,
            b'-' => HYPHEN,
            b'.' => DOT,
            b'/' => SLASH,
            b':' => COLON,
            b'@' => AT,
            b'+' => PLUS,
            b'(' | b')' => BRACKET,
            b'\'' | b'"' | b'=' => QUOTE,
            b',' | b'&' => COMMA,
            0x80.. => HIGH,
            _ => OTHER,
        };
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

/// Longer values are text; only an address may be longer.
const LONGEST: usize = 80;
const LONGEST_ADDRESS: usize = 340;

/// What a value looks like.
pub(crate) fn shapes(cell: &[u8]) -> Shapes {
    plain_shapes(cell).unwrap_or_else(|| other_shapes(cell))
}

/// What any value looks like, also one that [`plain_shapes`] does not know.
pub(crate) fn other_shapes(cell: &[u8]) -> Shapes {
    let cell = cell.trim_ascii();
    if cell.is_empty() {
        return Shapes::of(Shape::Blank);
    }
    let mut found = Shapes::default();
    if cell.len() > LONGEST {
        found.put_if(
            Shape::Email,
            cell.len() <= LONGEST_ADDRESS && email::is_email(cell),
        );
        return found;
    }
    let seen = kinds_in(cell);
    if seen == DIGIT {
        plain_digits(cell, &mut found);
    } else if seen & AT != 0 {
        found.put_if(Shape::Email, email::is_email(cell));
    } else if seen & DIGIT == 0 {
        words(cell, seen, &mut found);
    } else if seen & LETTER == 0 {
        marked_digits(cell, seen, &mut found);
    } else {
        letters_and_digits(cell, seen, &mut found);
    }
    found
}

/// All kinds of characters in a value. Two overlapping words of eight bytes
/// hold most values, so that their length decides no branch.
fn kinds_in(cell: &[u8]) -> u16 {
    let eight = |bytes: &[u8; 8]| {
        bytes
            .iter()
            .fold(0, |seen, &byte| seen | KINDS[usize::from(byte)])
    };
    let (Some(first), Some(last)) = (cell.first_chunk::<8>(), cell.last_chunk::<8>()) else {
        return cell
            .iter()
            .fold(0, |seen, &byte| seen | KINDS[usize::from(byte)]);
    };
    let mut seen = eight(first) | eight(last);
    if cell.len() > 16 {
        for middle in cell[8..cell.len() - 8].chunks(8) {
            seen |= match middle.try_into() {
                Ok(middle) => eight(middle),
                Err(_) => middle
                    .iter()
                    .fold(0, |seen, &byte| seen | KINDS[usize::from(byte)]),
            };
        }
    }
    seen
}

fn plain_digits(cell: &[u8], found: &mut Shapes) {
    found.put(Shape::Number);
    match cell.len() {
        6 => found.put(Shape::SortCode),
        7 => found.put(Shape::GmcNumber),
        8 => {
            found.put(Shape::AccountNumber);
            found.put_if(Shape::Date, date::birth_date(cell).is_some());
        }
        10 => {
            if let Ok(digits) = cell.try_into() {
                ten_digits(digits, found);
            }
        }
        11 => found.put_if(Shape::Phone, cell[0] == b'0' && phone::is_phone(cell)),
        12..=19 => {
            card_number(cell, found);
            found.put_if(
                Shape::Phone,
                (cell[0] == b'0' || cell.starts_with(b"44")) && phone::is_phone(cell),
            );
        }
        _ => {}
    }
    found.put_if(Shape::SnomedCode, clinical::is_snomed(cell));
}

fn ten_digits(digits: &[u8; 10], found: &mut Shapes) {
    found.put(Shape::TenDigits);
    if nhs::is_valid(digits) {
        found.put(Shape::NhsNumber);
        found.put_if(Shape::ChiNumber, nhs::starts_with_date(digits));
    }
}

fn card_number(digits: &[u8], found: &mut Shapes) {
    match card::judge(digits) {
        Verdict::Card => found.put(Shape::Card),
        Verdict::Luhn => found.put(Shape::Luhn),
        Verdict::No => {}
    }
}

/// Digits with marks, but no letters.
fn marked_digits(cell: &[u8], seen: u16, found: &mut Shapes) {
    if cell.len() == 10
        && (seen == DIGIT | HYPHEN || seen == DIGIT | SLASH)
        && date::birth_date(cell).is_some()
    {
        found.put(Shape::Date);
        return;
    }
    if seen & !(DIGIT | DOT | HYPHEN | PLUS | COMMA) == 0 && is_number(cell) {
        found.put(Shape::Number);
        if seen == DIGIT | DOT && cell.len() != 12 {
            return;
        }
    }
    if seen & COLON != 0 {
        found.put_if(
            Shape::Date,
            cell.len() >= 14 && date::birth_date(cell).is_some(),
        );
        found.put_if(Shape::IpAddress, ip::is_ip(cell));
        return;
    }
    if seen & SLASH != 0 {
        found.put_if(Shape::Date, date::birth_date(cell).is_some());
        found.put_if(Shape::IpAddress, seen & DOT != 0 && ip::is_ip(cell));
        return;
    }
    if cell.len() <= 10 && seen & (DOT | HYPHEN | BLANK) != 0 && date::birth_date(cell).is_some() {
        found.put(Shape::Date);
    }
    if seen == DIGIT | DOT && ip::is_ip(cell) {
        found.put(Shape::IpAddress);
        return;
    }
    let digits = cell.iter().filter(|byte| byte.is_ascii_digit()).count();
    match digits {
        6 | 12..=19 if seen & !(DIGIT | HYPHEN | BLANK | HIGH) == 0 => {
            let grouped = Grouped::read(cell, 0);
            let count = grouped.lengths().len();
            if count > 0 && grouped.end(count - 1) == cell.len() {
                found.put_if(
                    Shape::SortCode,
                    count == 3 && bank::starts_with_sort_code(&grouped),
                );
                if card::groupings(&grouped).any(|groups| groups == count) {
                    card_number(grouped.digits(count), found);
                }
            }
        }
        10 | 11 if digits == 10 || cell.ends_with(b".0") => {
            if let Some(digits) = nhs::ten_digits(cell) {
                ten_digits(&digits, found);
                return;
            }
        }
        _ => {}
    }
    found.put_if(
        Shape::Phone,
        (9..=17).contains(&digits) && phone::is_phone(cell),
    );
}

/// An integer or decimal with a sign, and commas between thousands.
fn is_number(cell: &[u8]) -> bool {
    let unsigned = match cell {
        [b'-' | b'+', rest @ ..] => rest,
        _ => cell,
    };
    let (whole, fraction) = match unsigned.iter().position(|byte| *byte == b'.') {
        Some(dot) => (&unsigned[..dot], &unsigned[dot + 1..]),
        None => (unsigned, &unsigned[..0]),
    };
    let mut places = 0_usize;
    let mut commas = false;
    for &byte in whole {
        match byte {
            b'0'..=b'9' => places += 1,
            b',' if (1..=3).contains(&places) && (!commas || places == 3) => {
                commas = true;
                places = 0;
            }
            _ => return false,
        }
    }
    fraction.iter().all(u8::is_ascii_digit)
        && (!commas || places == 3)
        && whole.len() + fraction.len() > 0
}

fn letters_and_digits(cell: &[u8], seen: u16, found: &mut Shapes) {
    let first = cell[0];
    let length = cell.len();
    if first.is_ascii_alphabetic() {
        let second = cell[1.min(length - 1)];
        if second.is_ascii_alphabetic() {
            found.put_if(
                Shape::Nino,
                (8..=22).contains(&length) && nino::nino(cell).is_some(),
            );
            found.put_if(
                Shape::Iban,
                length >= 15 && cell[2].is_ascii_digit() && iban::is_iban(cell),
            );
        }
        if (5..=9).contains(&length)
            && cell[length - 1].is_ascii_alphabetic()
            && cell[length - 3].is_ascii_digit()
            && postcode::postcode(cell).is_some()
        {
            found.put(Shape::Postcode);
            return;
        }
        if (3..=8).contains(&length) && second.is_ascii_digit() {
            found.put_if(Shape::IcdCode, clinical::is_icd(cell));
        }
    }
    if length == 5 || length == 7 {
        found.put_if(Shape::ReadCode, clinical::is_read(cell));
    }
    if seen & COLON != 0 && ip::is_ip(cell) {
        found.put(Shape::IpAddress);
        return;
    }
    if (6..=30).contains(&length)
        && seen & OTHER == 0
        && (first.is_ascii_digit() || cell[..3].iter().all(u8::is_ascii_alphabetic))
    {
        found.put_if(Shape::Date, date::birth_date(cell).is_some());
    }
    if length <= 24
        && seen & !(DIGIT | LETTER | DOT | HYPHEN | PLUS) == 0
        && matches!(first, b'0'..=b'9' | b'-' | b'+')
    {
        found.put_if(Shape::Number, is_scientific(cell));
    }
}

/// `1.5E-3`.
fn is_scientific(cell: &[u8]) -> bool {
    let Some(e) = cell.iter().position(|byte| matches!(byte, b'e' | b'E')) else {
        return false;
    };
    let (mantissa, exponent) = (&cell[..e], &cell[e + 1..]);
    let exponent = exponent
        .strip_prefix(b"-")
        .or_else(|| exponent.strip_prefix(b"+"))
        .unwrap_or(exponent);
    is_number(mantissa)
        && (1..=3).contains(&exponent.len())
        && exponent.iter().all(u8::is_ascii_digit)
}

/// No digits at all.
fn words(cell: &[u8], seen: u16, found: &mut Shapes) {
    if cell.len() <= 4 && matches!(cell[0], b'N' | b'n' | b'-' | b'\\' | b'<') && is_blank(cell) {
        found.put(Shape::Blank);
        return;
    }
    if cell.len() == 5 && (cell[0] == b'X' || cell[4] == b'.') {
        found.put_if(Shape::ReadCode, clinical::is_read(cell));
    }
    if seen & (OTHER | PLUS) == 0 {
        let category = if seen & !LETTER == 0 {
            category::of_word(cell)
        } else {
            category::category(cell)
        };
        match category {
            Some(Category::Ethnicity) => found.put(Shape::EthnicityValue),
            Some(Category::Religion) => found.put(Shape::ReligionValue),
            Some(Category::Orientation) => found.put(Shape::OrientationValue),
            None => {}
        }
    }
    if seen & (UPPER | HIGH) != 0
        && seen & !(LETTER | BLANK | HYPHEN | DOT | QUOTE | COMMA | HIGH) == 0
    {
        // A single word needs no further look at its letters.
        if seen & !LETTER == 0 {
            found.put_if(
                Shape::SingleName,
                cell.len() > 1 && cell[0].is_ascii_uppercase() && !name::is_title(cell),
            );
            return;
        }
        match name::looks(cell) {
            Looks::Person => found.put(Shape::PersonName),
            Looks::Single => found.put(Shape::SingleName),
            Looks::Other => {}
        }
    }
    found.put_if(Shape::IpAddress, seen & COLON != 0 && ip::is_ip(cell));
}

/// What exports write for nothing.
fn is_blank(cell: &[u8]) -> bool {
    const NOTHING: [&[u8]; 10] = [
        b"null", b"none", b"n/a", b"n\\a", b"na", b"nan", b"-", b"--", b"\\n", b"<na>",
    ];
    NOTHING
        .iter()
        .any(|nothing| nothing.eq_ignore_ascii_case(cell))
}

#[cfg(test)]
mod tests;
