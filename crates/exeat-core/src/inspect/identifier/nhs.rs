//! Ten-digit patient numbers: the NHS number of England, Wales and the Isle
//! of Man, and the CHI number of Scotland.
//!
//! The rule is that of the NHS Data Dictionary, data element NHS NUMBER: the
//! first nine digits are weighted 10 down to 2, the sum modulo 11 is taken
//! from 11; 11 means a check digit of 0, and 10 means there is no such number.
//! A CHI number follows the same rule and starts with a date of birth as
//! DDMMYY (NHS Data Dictionary, COMMUNITY HEALTH INDEX NUMBER). ISBN-10 has
//! the same weights, so every ISBN-10 that does not end in X passes too.

use super::grouped::{Grouped, Join};

/// The number of a valid NHS number, in any accepted written form.
pub(crate) fn nhs_number(cell: &[u8]) -> Option<u64> {
    let digits = ten_digits(cell)?;
    is_valid(&digits).then(|| value(&digits))
}

/// The ten digits of `cell`, if that is all it has: in one run, or grouped
/// 3-3-4. Spreadsheets and data frames add marks of their own, which are taken
/// off: `'9991234567`, `="9991234567"`, `9991234567.0`.
pub(super) fn ten_digits(cell: &[u8]) -> Option<[u8; 10]> {
    let cell = cell.trim_ascii();
    if let Ok(plain) = <&[u8; 10]>::try_from(cell)
        && plain.iter().all(u8::is_ascii_digit)
    {
        return Some(*plain);
    }
    let cell = without_spreadsheet_marks(cell);
    if !(10..=24).contains(&cell.len()) {
        return None;
    }
    let cell = match cell.strip_suffix(b".0") {
        Some(whole) if whole.len() == 10 => whole,
        _ => cell,
    };
    let grouped = Grouped::read(cell, 0);
    let end = ten_digit_groups(&grouped)?;
    (grouped.end(end - 1) == cell.len())
        .then(|| <[u8; 10]>::try_from(grouped.digits(end)).ok())
        .flatten()
}

/// How many groups the ten digits at the start take, if they are grouped as
/// one number.
pub(super) fn ten_digit_groups(grouped: &Grouped) -> Option<usize> {
    if grouped.lengths().first() == Some(&10) {
        return Some(1);
    }
    (grouped.lengths().starts_with(&[3, 3, 4])).then_some(3)
}

/// Whether what follows the number says that it was part of a longer one.
pub(super) fn runs_on(grouped: &Grouped, groups: usize) -> bool {
    grouped.join(groups - 1) == Join::Dot
}

/// Whether ten ASCII digits pass modulus 11 and are not all the same.
pub(super) fn is_valid(digits: &[u8; 10]) -> bool {
    let mut sum = 0_u32;
    let mut weight = 10;
    let mut same = true;
    for &digit in digits {
        sum += u32::from(digit & 0x0F) * weight;
        weight -= 1;
        same &= digit == digits[0];
    }
    // The check digit has weight 1: it makes up the remainder to 11. A check
    // value of 10 fits no digit and fails by itself.
    sum.is_multiple_of(11) && !same
}

/// Whether these nine digits make an ISBN-10 with the check character X, which
/// stands for ten.
pub(super) fn is_isbn_with_x(digits: &[u8]) -> bool {
    digits.len() == 9
        && digits
            .iter()
            .zip([10, 9, 8, 7, 6, 5, 4, 3, 2])
            .map(|(digit, weight)| u32::from(digit & 0x0F) * weight)
            .sum::<u32>()
            % 11
            == 1
}

/// Whether the first six digits can be a day, a month and a year.
pub(super) fn starts_with_date(digits: &[u8; 10]) -> bool {
    let two = |at: usize| (digits[at] & 0x0F) * 10 + (digits[at + 1] & 0x0F);
    let (day, month) = (two(0), two(2));
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=longest).contains(&day)
}

/// The number that ASCII digits stand for.
pub(super) fn value(digits: &[u8; 10]) -> u64 {
    let [a, b, c, d, e, f, g, h, tens, units] = *digits;
    // Eight digits at a time: neighbours make pairs, pairs fours, fours eight.
    let one = u64::from_le_bytes([a, b, c, d, e, f, g, h]) & 0x0F0F_0F0F_0F0F_0F0F;
    let two = (one.wrapping_mul(10).wrapping_add(one >> 8)) & 0x00FF_00FF_00FF_00FF;
    let four = (two.wrapping_mul(100).wrapping_add(two >> 16)) & 0x0000_FFFF_0000_FFFF;
    let eight = (four.wrapping_mul(10_000).wrapping_add(four >> 32)) & 0xFFFF_FFFF;
    eight * 100 + u64::from(tens & 0x0F) * 10 + u64::from(units & 0x0F)
}

/// The cell without what makes a spreadsheet keep its digits as they are.
pub(crate) fn without_spreadsheet_marks(cell: &[u8]) -> &[u8] {
    let cell = cell.strip_prefix(b"=").unwrap_or(cell);
    let cell = cell.strip_prefix(b"'").unwrap_or(cell);
    match cell {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A valid number of the test range 999, from seven digits.
    fn valid(seed: u32) -> Option<[u8; 10]> {
        let mut digits = *b"9990000000";
        let mut rest = seed;
        for place in (3..9).rev() {
            digits[place] = b'0' + u8::try_from(rest % 10).expect("below ten");
            rest /= 10;
        }
        (b'0'..=b'9').find_map(|check| {
            digits[9] = check;
            is_valid(&digits).then_some(digits)
        })
    }

    #[test]
    fn check_digits_of_the_data_dictionary() {
        // NHS Data Dictionary, NHS NUMBER: the weights; 943 476 5919 is the
        // example number NHS England uses in its API documentation.
        for (number, valid) in [
            ("9434765919", true),
            ("9434765918", false),
            ("9990000018", true),
            ("9990000019", false),
            ("9999999999", false), // All the same.
            ("0000000000", false),
            ("1111111111", false),
            ("1234567890", false), // Check value 10.
            ("1700000000", false),
        ] {
            assert_eq!(nhs_number(number.as_bytes()).is_some(), valid, "{number}");
        }
    }

    #[test]
    fn written_forms() {
        for form in [
            "9434765919",
            " 9434765919 ",
            "943 476 5919",
            "943-476-5919",
            "943.476.5919",
            "943\u{a0}476\u{a0}5919",
            "943\u{2009}476\u{2009}5919",
            "943\u{202f}476\u{202f}5919",
            "943\u{2011}476\u{2011}5919",
            "943  476  5919",
            "'9434765919",
            "=\"9434765919\"",
            "\"9434765919\"",
            "9434765919.0",
        ] {
            assert_eq!(nhs_number(form.as_bytes()), Some(9_434_765_919), "{form}");
        }
        for form in [
            "94347 65919",
            "94347659190",
            "943476591",
            "9434765919x",
            "9434765919.5",
        ] {
            assert_eq!(nhs_number(form.as_bytes()), None, "{form}");
        }
    }

    #[test]
    fn chi_numbers_start_with_a_date() {
        assert!(starts_with_date(b"0101701234"));
        assert!(starts_with_date(b"2902960000"));
        assert!(!starts_with_date(b"3002960000"));
        assert!(!starts_with_date(b"0113960000"));
        assert!(!starts_with_date(b"9434765919"));
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_never_valid(seed in 0_u32..1_000_000, at in 0_usize..10, by in 1_u8..10) {
            if let Some(mut digits) = valid(seed) {
                prop_assert!(nhs_number(&digits).is_some());
                digits[at] = b'0' + (digits[at] - b'0' + by) % 10;
                prop_assert_eq!(nhs_number(&digits), None);
            }
        }

        #[test]
        fn every_written_form_has_one_value(seed in 0_u32..1_000_000, by in prop::sample::select(vec![
            "", " ", "-", ".", "\u{a0}", "\u{2009}", "\u{202f}", "  ", "\u{2013}",
        ])) {
            if let Some(digits) = valid(seed) {
                let plain = std::str::from_utf8(&digits).expect("digits are ASCII");
                let form = format!("{}{by}{}{by}{}", &plain[..3], &plain[3..6], &plain[6..]);
                prop_assert_eq!(nhs_number(form.as_bytes()), Some(value(&digits)));
            }
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = nhs_number(&bytes);
        }
    }
}
