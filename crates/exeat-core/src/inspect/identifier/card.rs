//! Payment card numbers.
//!
//! ISO/IEC 7812-1: a number has an issuer prefix, an account and a check digit
//! by the Luhn rule. The prefixes and lengths are those of Cybersource, "Card
//! Type Identification", and of the schemes' public tables.

use super::grouped::{Grouped, Join};

/// What digits are, seen as a card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Length, prefix and check digit of a card.
    Card,
    /// Passes the Luhn rule, but no issuer is known.
    Luhn,
    /// Not a card number, or a published test number.
    No,
}

/// Judges 12 to 19 ASCII digits.
pub(super) fn judge(digits: &[u8]) -> Verdict {
    if !(12..=19).contains(&digits.len()) || !passes_luhn(digits) || is_test_number(digits) {
        return Verdict::No;
    }
    if has_issuer(digits) && !is_article_number(digits) {
        Verdict::Card
    } else {
        Verdict::Luhn
    }
}

/// How many groups of the text at hand make up one card number, longest
/// first: in fours, as American Express (4-6-5) and Diners Club (4-6-4) write
/// it, or in one run.
pub(super) fn groupings(grouped: &Grouped) -> impl Iterator<Item = usize> + '_ {
    const WRITTEN: [&[u8]; 8] = [
        &[4, 4, 4, 4, 3],
        &[4, 4, 4, 4, 2],
        &[4, 4, 4, 4, 1],
        &[4, 4, 4, 4],
        &[4, 6, 5],
        &[4, 6, 4],
        &[4, 4, 4, 3],
        &[4, 4, 4],
    ];
    let first = grouped.lengths().first();
    let single = first.is_some_and(|length| (12..=19).contains(length));
    let written: &[&[u8]] = if first == Some(&4) { &WRITTEN } else { &[] };
    let written = written.iter().filter_map(|lengths| {
        let inner =
            (0..lengths.len() - 1).all(|at| matches!(grouped.join(at), Join::Blank | Join::Hyphen));
        (grouped.starts_with(lengths) && inner).then_some(lengths.len())
    });
    single.then_some(1).into_iter().chain(written)
}

/// The Luhn rule (ISO/IEC 7812-1, annex B).
pub(super) fn passes_luhn(digits: &[u8]) -> bool {
    const DOUBLED: [u32; 16] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9, 0, 0, 0, 0, 0, 0];
    let mut sum = 0;
    let mut even = false;
    for &digit in digits.iter().rev() {
        let digit = digit & 0x0F;
        sum += if even {
            DOUBLED[usize::from(digit)]
        } else {
            u32::from(digit)
        };
        even = !even;
    }
    sum.is_multiple_of(10)
}

fn has_issuer(digits: &[u8]) -> bool {
    let number = |places: usize| {
        digits[..places].iter().fold(0_u32, |number, &digit| {
            number * 10 + u32::from(digit & 0x0F)
        })
    };
    let (two, four) = (number(2), number(4));
    match digits.len() {
        // Visa had 13 digits once.
        13 if two / 10 == 4 => true,
        // American Express; JCB's first cards.
        15 if matches!(two, 34 | 37) || matches!(four, 1800 | 2131) => true,
        // Diners Club.
        14 if matches!(two, 36 | 38 | 39) || matches!(four / 10, 300..=305 | 309) => true,
        16 if matches!(two, 40..=49 | 50..=58 | 35 | 60 | 65)
            || matches!(four, 2221..=2720 | 2200..=2204 | 6440..=6499 | 9792)
            || matches!(two, 30 | 36 | 38 | 39) =>
        {
            true
        }
        // Visa's longest.
        19 if two / 10 == 4 => true,
        // UnionPay and JCB.
        16..=19 if matches!(two, 62 | 81) || matches!(four, 3528..=3589) => true,
        // InterPayment and InstaPayment.
        16..=19 if matches!(four / 10, 636..=639) => true,
        // Maestro; Switch and Solo were its British forerunners.
        12..=19 => matches!(
            four,
            5018 | 5020 | 5038 | 5612 | 5893 | 6304 | 6390 | 6759 | 6761
                ..=6763 | 6767 | 6771 | 6333 | 6334 | 604
        ),
        _ => false,
    }
}

/// Whether 13 digits are an article number with the check digit of the GS1
/// General Specifications: one in ten of the European ones that start with 4
/// passes the Luhn rule by chance, and few 13-digit cards are left.
fn is_article_number(digits: &[u8]) -> bool {
    digits.len() == 13
        && digits
            .iter()
            .enumerate()
            .map(|(at, &digit)| u32::from(digit & 0x0F) * if at % 2 == 0 { 1 } else { 3 })
            .sum::<u32>()
            .is_multiple_of(10)
}

/// Published numbers for trying payment systems out: they stand in
/// documentation everywhere and belong to nobody.
fn is_test_number(digits: &[u8]) -> bool {
    TEST_NUMBERS.contains(&digits)
}

/// Stripe, "Testing: cards by brand"; PayPal, "Card
/// testing"; Braintree, "Testing: valid card numbers"; Payone, "Positive test
/// cases with credit cards".
const TEST_NUMBERS: [&[u8]; 46] = [
    b"30000000000004",
    b"30569309025904",
    b"3056930009020004",
    b"340000000000009",
    b"3528000000000007",
    b"3530111333300000",
    b"3566002020360505",
    b"3566111111111113",
    b"36227206271667",
    b"36259600000004",
    b"370000000000002",
    b"371449635398431",
    b"376680816376961",
    b"378282246310005",
    b"378734493671000",
    b"38520000023237",
    b"4000000000000002",
    b"4000000000003220",
    b"4000000000009995",
    b"4000056655665556",
    b"4005519200000004",
    b"4009348888881881",
    b"4012000033330026",
    b"4012000077777777",
    b"4012888888881881",
    b"4111111111111111",
    b"4217651111111119",
    b"4222222222222",
    b"4242424242424242",
    b"4500600000000061",
    b"4772129056533503",
    b"4915805038587737",
    b"5063516945005047",
    b"5105105105105100",
    b"5200828282828210",
    b"5424000000000015",
    b"5454545454545454",
    b"5500000000000004",
    b"5555555555554444",
    b"6011000990139424",
    b"6011111111111117",
    b"6011981111111113",
    b"6200000000000005",
    b"6304000000000000",
    b"6555900000604105",
    b"2223003122003222",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prefixes_lengths_and_check_digits() {
        for (digits, verdict) in [
            ("79927398713", Verdict::No), // Luhn's own example, 11 digits.
            // Published for trying payment systems out.
            ("4111111111111111", Verdict::No),
            ("5555555555554444", Verdict::No),
            ("378282246310005", Verdict::No),
            ("4242424242424242", Verdict::No),
            // An article number (GS1) that passes Luhn too is no card.
            ("4006381333931", Verdict::No),
            // Luhn, but nobody issues 9… or 1….
            ("9999999999999995", Verdict::Luhn),
            ("1234567812345670", Verdict::Luhn),
        ] {
            assert_eq!(judge(digits.as_bytes()), verdict, "{digits}");
        }
    }

    fn with_check_digit(prefix: &str, length: usize, filler: u64) -> Vec<u8> {
        let mut digits: Vec<u8> = prefix.bytes().collect();
        let mut rest = filler;
        while digits.len() < length - 1 {
            digits.push(b'0' + u8::try_from(rest % 10).expect("below ten"));
            rest = rest / 10 + 7;
        }
        digits.push(b'0');
        while !passes_luhn(&digits) {
            *digits.last_mut().expect("not empty") += 1;
        }
        digits
    }

    proptest! {
        #[test]
        fn every_issuer_is_known(filler in any::<u64>(), (prefix, length) in prop::sample::select(vec![
            ("4", 16), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16),
            ("34", 15), ("37", 15), ("6011", 16), ("644", 16), ("65", 16), ("36", 14), ("300", 14),
            ("3528", 16), ("3589", 16), ("62", 16), ("62", 19), ("5018", 12), ("6759", 18),
            ("6304", 19), ("2131", 15), ("1800", 15), ("2200", 16),
        ])) {
            let digits = with_check_digit(prefix, length, filler);
            prop_assume!(!is_test_number(&digits));
            prop_assert_eq!(judge(&digits), Verdict::Card);
            let mut wrong = digits.clone();
            wrong[5] = b'0' + (wrong[5] - b'0' + 1) % 10;
            prop_assert_eq!(judge(&wrong), Verdict::No);
        }

        #[test]
        fn any_digits_are_survived(digits in prop::collection::vec(b'0'..=b'9', 0..30)) {
            let _ = judge(&digits);
        }
    }
}
