//! National Insurance numbers.
//!
//! The rule is HMRC's, National Insurance Manual NIM39110: two letters, six
//! digits, a suffix A to D. D, F, I, Q, U and V stand at neither place of the
//! prefix, O not at the second; BG, GB, KN, NK, NT, TN and ZZ are not used.
//! The manual's own example, QQ 12 34 56 A, is therefore no number. The suffix
//! is often left out.

use super::grouped;

/// A number in capitals without blanks; a missing suffix is a blank.
pub(crate) fn nino(cell: &[u8]) -> Option<[u8; 9]> {
    let cell = cell.trim_ascii();
    let (number, end) = read(cell, 0)?;
    (end == cell.len()).then_some(number)
}

/// Reads a number that starts at `at` and ends before a character that is
/// neither a letter nor a digit. Blanks or hyphens may stand between its
/// parts. Returns it with its end.
pub(super) fn read(text: &[u8], at: usize) -> Option<([u8; 9], usize)> {
    let first = text.get(at)?.to_ascii_uppercase();
    let second = text.get(at + 1)?.to_ascii_uppercase();
    if !is_prefix(first, second) {
        return None;
    }
    let mut number = [first, second, 0, 0, 0, 0, 0, 0, b' '];
    let mut place = at + 2;
    for digit in &mut number[2..8] {
        place = over_separator(text, place);
        let byte = *text.get(place)?;
        if !byte.is_ascii_digit() {
            return None;
        }
        *digit = byte;
        place += 1;
    }
    let suffix_at = over_separator(text, place);
    if let Some(suffix) = text.get(suffix_at).map(u8::to_ascii_uppercase)
        && matches!(suffix, b'A'..=b'D')
        && ends_at(text, suffix_at + 1)
    {
        number[8] = suffix;
        return Some((number, suffix_at + 1));
    }
    ends_at(text, place).then_some((number, place))
}

fn is_prefix(first: u8, second: u8) -> bool {
    let allowed = |letter: u8| {
        letter.is_ascii_uppercase() && !matches!(letter, b'D' | b'F' | b'I' | b'Q' | b'U' | b'V')
    };
    allowed(first)
        && allowed(second)
        && second != b'O'
        && !matches!(
            &[first, second],
            b"BG" | b"GB" | b"KN" | b"NK" | b"NT" | b"TN" | b"ZZ"
        )
}

/// A single blank or hyphen is passed over; two of them end the number.
fn over_separator(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(byte) if byte.is_ascii_alphanumeric() => at,
        Some(b'\n' | b'\r' | b'\t' | b'.') | None => at,
        Some(_) => match grouped::separator(text, at) {
            Some((width, _)) if width <= 3 => at + width,
            _ => at,
        },
    }
}

fn ends_at(text: &[u8], at: usize) -> bool {
    !text
        .get(at)
        .is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rules_of_nim39110() {
        for (text, expected) in [
            ("AB123456C", Some(b"AB123456C")),
            ("ab123456c", Some(b"AB123456C")),
            ("AB 12 34 56 C", Some(b"AB123456C")),
            ("AB-12-34-56-C", Some(b"AB123456C")),
            ("AB 123456 C", Some(b"AB123456C")),
            ("AB\u{a0}12\u{a0}34\u{a0}56\u{a0}C", Some(b"AB123456C")),
            ("AB123456", Some(b"AB123456 ")),
            ("CE 12 34 56", Some(b"CE123456 ")),
            ("QQ123456C", None),
            ("DA123456C", None),
            ("AO123456C", None),
            ("GB123456C", None),
            ("BG123456C", None),
            ("KN123456C", None),
            ("NK123456C", None),
            ("NT123456C", None),
            ("TN123456C", None),
            ("ZZ123456C", None),
            ("AB123456E", None),
            ("AB1234567", None),
            ("AB12345C", None),
            ("1B123456C", None),
            ("", None),
        ] {
            assert_eq!(nino(text.as_bytes()).as_ref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..30)) {
            let _ = nino(&bytes);
        }
    }
}
