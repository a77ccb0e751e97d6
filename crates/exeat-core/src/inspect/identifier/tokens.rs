//! Ten-digit numbers that stand in a text by themselves, one after the other:
//! lists of them in one cell, or a number between words.
//!
//! What they are, the columns judge by how many pass the check of NHS numbers;
//! one alone says nothing.

use std::ops::Range;

use super::grouped::Grouped;
use super::nhs;

/// The longest run of digits whose beginning is looked for.
const LONGEST: usize = 64;

/// A ten-digit number, or an ISBN-10 that ends in X.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) at: Range<usize>,
    /// Its digits as a number, with which equal ones are told.
    pub(crate) value: u64,
    /// Whether it passes the check of NHS numbers.
    pub(crate) valid: bool,
    /// Whether it begins with a possible date, as Scotland's do.
    pub(crate) dated: bool,
    /// Whether it is an ISBN-10 with the check character X, and so has but
    /// nine digits.
    pub(crate) isbn_x: bool,
}

/// Calls `found` for every ten-digit number in `text`, in order: one run, or
/// groups of 3, 3 and 4, with no letters or further digits attached.
///
/// The first group has three digits at least, so that no number is missed by
/// looking at every third byte.
pub(crate) fn tokens(text: &[u8], found: &mut dyn FnMut(Token)) {
    let mut from = 0;
    let mut at = 2;
    while let Some(byte) = text.get(at) {
        if !byte.is_ascii_digit() {
            at += 3;
            continue;
        }
        let lowest = from.max(at.saturating_sub(LONGEST));
        let mut start = at;
        while start > lowest && text[start - 1].is_ascii_digit() {
            start -= 1;
        }
        let run = text[at..].iter().take_while(|byte| byte.is_ascii_digit());
        let end = at + run.count();
        from = end;
        if let Some(token) = token(text, start, end) {
            from = token.at.end;
            found(token);
        }
        at = from + 2;
    }
}

/// The ten digits at `at`, or nine and the X of an ISBN-10, whatever stands
/// around them.
pub(crate) fn token_at(text: &[u8], at: usize) -> Option<Token> {
    let place = at..at.checked_add(10)?;
    let digits = <&[u8; 10]>::try_from(text.get(place.clone())?).ok()?;
    let isbn_x = matches!(digits[9], b'X' | b'x')
        && digits[..9].iter().all(u8::is_ascii_digit)
        && nhs::is_isbn_with_x(&digits[..9]);
    if !isbn_x && !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let valid = !isbn_x && nhs::is_valid(digits);
    Some(Token {
        at: place,
        value: nhs::value(digits),
        valid,
        dated: valid && nhs::starts_with_date(digits),
        isbn_x,
    })
}

/// The number that begins with the run of digits between `start` and `end`.
fn token(text: &[u8], start: usize, end: usize) -> Option<Token> {
    let before = |back: usize| {
        let at = start.checked_sub(back)?;
        text.get(at).copied()
    };
    let attached = before(1).is_some_and(|byte| byte.is_ascii_alphanumeric())
        || before(1) == Some(b'.') && before(2).is_some_and(|byte| byte.is_ascii_digit());
    if attached {
        return None;
    }
    match end - start {
        9 if matches!(text.get(end), Some(b'X' | b'x')) && ends(text, end + 1) => {
            let digits = text.get(start..end)?;
            let value = digits
                .iter()
                .fold(1, |value, &digit| value * 10 + u64::from(digit & 0x0F));
            nhs::is_isbn_with_x(digits).then_some(Token {
                at: start..end + 1,
                // Above all numbers of ten digits.
                value: value * 100,
                valid: false,
                dated: false,
                isbn_x: true,
            })
        }
        3 | 10 => {
            let grouped = Grouped::read(text, start);
            let groups = nhs::ten_digit_groups(&grouped)?;
            let digits = <&[u8; 10]>::try_from(grouped.digits(groups)).ok()?;
            let end = grouped.end(groups - 1);
            let valid = nhs::is_valid(digits);
            ends(text, end).then(|| Token {
                at: start..end,
                value: nhs::value(digits),
                valid,
                dated: valid && nhs::starts_with_date(digits),
                isbn_x: false,
            })
        }
        _ => None,
    }
}

/// Whether a number that ends here is not a part of something longer. Data
/// frames write `.0` after numbers of columns with gaps.
fn ends(text: &[u8], end: usize) -> bool {
    match text.get(end..).unwrap_or_default() {
        [b'.', b'0', rest @ ..] => !rest
            .first()
            .is_some_and(|byte| byte.is_ascii_alphanumeric()),
        [b'.', next, ..] => !next.is_ascii_digit(),
        [next, ..] => !next.is_ascii_alphanumeric(),
        [] => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<u64> {
        let mut values = Vec::new();
        tokens(text.as_bytes(), &mut |token| values.push(token.value));
        values
    }

    #[test]
    fn numbers_stand_among_words_and_marks() {
        for text in [
            "9990000018",
            "seen 9990000018 today",
            "(999 000 0018)",
            "'9990000018",
            "n=9990000018.",
            "9990000018.0;",
            "a|999-000-0018|",
            "12 9990000018",
            "1,9990000018,2",
        ] {
            assert_eq!(values(text), [9_990_000_018], "{text}");
        }
        for text in [
            "",
            "99900000181",
            "x9990000018",
            "9990000018x",
            "0.9990000018",
            "9990000018.5",
            "999 000 001",
            "07700 900123",
        ] {
            assert!(values(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn an_isbn_with_x_is_told() {
        let mut found = Vec::new();
        tokens(b"ISBN 080442957X, 080442958X", &mut |token| {
            found.push(token);
        });
        assert_eq!(found.len(), 1);
        assert!(found[0].isbn_x && !found[0].valid);
        assert_eq!(found[0].at, 5..15);
    }

    proptest! {
        #[test]
        fn lists_of_any_kind_are_read(
            numbers in prop::collection::vec(0u64..10_000_000_000, 1..20),
            by in prop::sample::select(vec![" ", ";", "|", "/", "\n", ", ", " and ", "\t", ","]),
            before in "[ a-z]{0,9} ",
            grouped: bool,
        ) {
            let written: Vec<String> = numbers
                .iter()
                .map(|number| {
                    let plain = format!("{number:010}");
                    match grouped {
                        true => format!("{} {} {}", &plain[..3], &plain[3..6], &plain[6..]),
                        false => plain,
                    }
                })
                .collect();
            prop_assert_eq!(values(&format!("{before}{}", written.join(by))), numbers);
        }

        #[test]
        fn nothing_panics_and_tokens_are_in_order(text in "[0-9 .xX-]{0,80}") {
            let mut last = 0;
            tokens(text.as_bytes(), &mut |token| {
                assert!(last <= token.at.start && token.at.start < token.at.end);
                assert!(token.at.end <= text.len());
                last = token.at.end;
            });
        }
    }
}
