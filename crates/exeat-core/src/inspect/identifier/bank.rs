//! Bank accounts of the United Kingdom: a sort code of three pairs of digits,
//! and an account number of eight.

use super::date;
use super::grouped::{Grouped, Join};

/// Whether the groups start with a sort code: `12-34-56`, `12 34 56`.
pub(super) fn starts_with_sort_code(grouped: &Grouped) -> bool {
    grouped.starts_with(&[2, 2, 2])
        && matches!(grouped.join(0), Join::Hyphen | Join::Dash | Join::Blank)
}

/// Whether eight digits follow at most four bytes after `at`, as in
/// `12-34-56 12345678` or `12-34-56 / 12345678`; returns their end.
pub(super) fn account_after(text: &[u8], at: usize) -> Option<usize> {
    let start = (at + 1..at + 5).find(|&place| text.get(place).is_some_and(u8::is_ascii_digit))?;
    let between = &text[at..start];
    if between
        .iter()
        .any(|byte| byte.is_ascii_alphanumeric() || *byte == b'\n')
    {
        return None;
    }
    account_at(text, start)
}

/// The end of an account number at `at`.
pub(super) fn account_at(text: &[u8], at: usize) -> Option<usize> {
    let digits = text.get(at..at + 8)?;
    let ends = !text
        .get(at + 8)
        .is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (digits.iter().all(u8::is_ascii_digit) && ends).then_some(at + 8)
}

/// Whether both parts are dates as well, as in `01-02-24 20240201`.
pub(super) fn are_dates(text: &[u8], sort_code: usize, account: usize) -> bool {
    date::read(text, sort_code).is_some() && date::read(text, account).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sort_code_and_account() {
        // Made up; 00-00-00 is no bank's.
        for (text, expected) in [
            ("00-00-00 12345678", Some(17)),
            ("00-00-00, 12345678", Some(18)),
            ("00-00-00 / 12345678 x", Some(19)),
            ("00-00-00 123456789", None),
            ("00-00-00 to 12345678", None),
            ("00-00-00", None),
        ] {
            let grouped = Grouped::read(text.as_bytes(), 0);
            assert!(starts_with_sort_code(&grouped), "{text}");
            assert_eq!(
                account_after(text.as_bytes(), grouped.end(2)),
                expected,
                "{text}"
            );
        }
        assert!(are_dates(b"01-02-24 20240201", 0, 9));
        assert!(!are_dates(b"00-00-00 12345678", 0, 9));
        assert!(!starts_with_sort_code(&Grouped::read(b"12.34.56", 0)));
    }
}
