//! Values of databases as the text of cells: what people would read of them.

use std::borrow::Cow;
use std::io::Write as _;

use exeat_core::inspect::reader::{Format, recognise};

/// Binary values of so few bytes are keys and digests: they stand in their
/// cell, as hexadecimal digits. Longer ones are files of their own.
const SHORT: usize = 16;
/// What is shorter is no file.
const LEAST_FILE: usize = 32;

/// Adds an integer.
pub(crate) fn push_integer(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Adds an integer without a sign.
pub(crate) fn push_unsigned(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Adds a number that may have a fraction, without an exponent: NHS numbers
/// are often stored so. What is no number is nothing.
pub(crate) fn push_float(out: &mut Vec<u8>, value: f64) {
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    if value.is_nan() {
        return;
    }
    if value.fract() == 0.0 && value.abs() < WHOLE {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and below 2^53")]
        let whole = value as i64;
        return push_integer(out, whole);
    }
    write!(out, "{value}").expect("memory takes all");
}

/// Adds a date, given as days since 1970.
pub(crate) fn push_date(out: &mut Vec<u8>, days: i64) {
    // Days to civil dates, in eras of 400 years that begin in March; the
    // arithmetic is that of H. Hinnant's "chrono-Compatible Low-Level Date
    // Algorithms".
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if (0..10_000).contains(&year) {
        push_digits(out, year.unsigned_abs(), 4);
    } else {
        push_integer(out, year);
    }
    out.push(b'-');
    push_digits(out, month.unsigned_abs(), 2);
    out.push(b'-');
    push_digits(out, day.unsigned_abs(), 2);
}

/// Adds a time of day in units of which `per_second` are a second.
pub(crate) fn push_time(out: &mut Vec<u8>, units: i64, per_second: i64) {
    let seconds = units.div_euclid(per_second);
    let fraction = units.rem_euclid(per_second).unsigned_abs();
    push_digits(out, (seconds / 3600).unsigned_abs(), 2);
    out.push(b':');
    push_digits(out, (seconds / 60 % 60).unsigned_abs(), 2);
    out.push(b':');
    push_digits(out, (seconds % 60).unsigned_abs(), 2);
    if fraction > 0 {
        let digits = per_second.ilog10();
        out.push(b'.');
        push_digits(out, fraction, digits as usize);
    }
}

/// Adds a point in time, given in such units since 1970. Midnight is a date.
pub(crate) fn push_timestamp(out: &mut Vec<u8>, units: i64, per_second: i64) {
    let per_day = per_second * 86_400;
    push_date(out, units.div_euclid(per_day));
    let of_day = units.rem_euclid(per_day);
    if of_day != 0 {
        out.push(b' ');
        push_time(out, of_day, per_second);
    }
}

/// Adds a whole number of `10^-scale`.
pub(crate) fn push_decimal(out: &mut Vec<u8>, value: i128, scale: usize) {
    let digits = value.unsigned_abs().to_string();
    if value < 0 {
        out.push(b'-');
    }
    let whole = digits.len().saturating_sub(scale);
    out.extend_from_slice(match whole {
        0 => b"0",
        _ => &digits.as_bytes()[..whole],
    });
    let fraction = &digits.as_bytes()[whole..];
    if scale > 0 && scale < 4096 && fraction.iter().any(|&digit| digit != b'0') {
        out.push(b'.');
        let zeros = scale - fraction.len();
        out.resize(out.len() + zeros, b'0');
        out.extend_from_slice(fraction);
    }
}

/// Adds hexadecimal digits.
pub(crate) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// Adds the sixteen bytes of a UUID as it is written.
pub(crate) fn push_uuid(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    for (place, length) in [4, 2, 2, 2, 6].into_iter().enumerate() {
        let (group, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        if place > 0 {
            out.push(b'-');
        }
        push_hex(out, group);
        rest = after;
    }
    push_hex(out, rest);
}

/// Adds text of at least so many characters that stands among other bytes, with
/// `end` after each piece.
pub(crate) fn push_runs(out: &mut Vec<u8>, bytes: &[u8], least: usize, end: u8) {
    for chunk in bytes.utf8_chunks() {
        let runs = chunk.valid().split(|char: char| char.is_control());
        for run in runs.filter(|run| run.chars().nth(least - 1).is_some()) {
            out.extend_from_slice(run.as_bytes());
            out.push(end);
        }
    }
}

fn push_digits(out: &mut Vec<u8>, value: u64, width: usize) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value);
    out.resize(out.len() + width.saturating_sub(digits.len()), b'0');
    out.extend_from_slice(digits.as_bytes());
}

/// What a value that need not be text is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Binary<'b> {
    /// It stands in its cell, as this text.
    Cell(Cow<'b, [u8]>),
    /// A file of its own.
    File,
}

/// What bytes are that nobody said are text.
pub(crate) fn of_bytes(bytes: &[u8]) -> Binary<'_> {
    if bytes.len() >= LEAST_FILE && is_file(bytes) {
        return Binary::File;
    }
    // In Latin-1 most letters are still those of ASCII.
    let plain = bytes.iter().filter(|byte| byte.is_ascii()).count();
    match plain * 2 < bytes.len() && std::str::from_utf8(bytes).is_err() {
        true => of_binary(bytes),
        false => of_text(bytes),
    }
}

/// What bytes are that should be text, in UTF-8 or not.
pub(crate) fn of_text(bytes: &[u8]) -> Binary<'_> {
    if std::str::from_utf8(bytes).is_ok() {
        return Binary::Cell(Cow::Borrowed(bytes));
    }
    let is_control = |&byte: &u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    if bytes.iter().any(is_control) {
        return of_binary(bytes);
    }
    // Latin-1: every byte is a character.
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    Binary::Cell(Cow::Owned(text.into_bytes()))
}

fn of_binary(bytes: &[u8]) -> Binary<'_> {
    if bytes.len() > SHORT {
        return Binary::File;
    }
    let mut hex = Vec::with_capacity(bytes.len() * 2);
    push_hex(&mut hex, bytes);
    Binary::Cell(Cow::Owned(hex))
}

/// Whether a reader would take it apart.
fn is_file(bytes: &[u8]) -> bool {
    let head = bytes.get(..4096).unwrap_or(bytes);
    match recognise(head) {
        None => false,
        // Two letters are not enough to tell a name from a bitmap, and mail
        // is read as well as text.
        Some(Format::Mail | Format::Mbox) => std::str::from_utf8(bytes).is_err(),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn numbers_are_digits() {
        assert_eq!(text(|o| push_float(o, 9_990_000_018.0)), "9990000018");
        assert_eq!(text(|o| push_float(o, -0.5)), "-0.5");
        assert_eq!(text(|o| push_float(o, f64::NAN)), "");
        assert_eq!(text(|o| push_float(o, 1e18)), "1000000000000000000");
        assert_eq!(text(|o| push_integer(o, i64::MIN)), "-9223372036854775808");
        assert_eq!(text(|o| push_unsigned(o, u64::MAX)), "18446744073709551615");
        for (value, scale, written) in [
            (12345, 2, "123.45"),
            (-5, 3, "-0.005"),
            (0, 2, "0"),
            (1200, 2, "12"),
            (9_990_000_018, 0, "9990000018"),
        ] {
            assert_eq!(text(|o| push_decimal(o, value, scale)), written);
        }
    }

    #[test]
    fn dates_and_times_are_written_as_iso_8601_has_them() {
        for (days, written) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (-719_528, "0000-01-01"),
            (2_932_896, "9999-12-31"),
            (2_932_897, "10000-01-01"),
        ] {
            assert_eq!(text(|o| push_date(o, days)), written);
        }
        assert_eq!(text(|o| push_timestamp(o, 86_400_000, 1000)), "1970-01-02");
        assert_eq!(
            text(|o| push_timestamp(o, -1, 1_000_000)),
            "1969-12-31 23:59:59.999999"
        );
        for extreme in [i64::MIN, i64::MAX] {
            for per_second in [1000, 1_000_000, 1_000_000_000] {
                text(|o| push_timestamp(o, extreme, per_second));
                text(|o| push_time(o, extreme, per_second));
            }
            text(|o| push_date(o, extreme));
        }
    }

    #[test]
    fn bytes_are_text_keys_or_files() {
        let cell = |text: &str| Binary::Cell(Cow::Owned(text.as_bytes().to_vec()));
        assert_eq!(of_bytes(b"Amy Ford"), cell("Amy Ford"));
        assert_eq!(of_bytes(b"Zo\xEB"), cell("Zoë"));
        assert_eq!(of_bytes(&[0xFF, 0, 0xA1]), cell("ff00a1"));
        assert_eq!(of_bytes(&[0xFF, 0xFE]), cell("fffe"));
        assert_eq!(of_bytes(&[0xFE, 1].repeat(9)), Binary::File);
        let png = b"\x89PNG\r\n\x1A\n-----------------------------";
        assert_eq!(of_bytes(png), Binary::File);
        let pdf = b"%PDF-1.4 all of it in ASCII, which is possible";
        assert_eq!(of_bytes(pdf), Binary::File);
        assert_eq!(of_text(pdf), Binary::Cell(Cow::Borrowed(&pdf[..])));
    }
}
