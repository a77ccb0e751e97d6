//! Codes of the clinical vocabularies: ICD-10, SNOMED CT and Read.

/// An ICD-10 code as the WHO and the NHS write it: a letter, two digits, and
/// up to one or two characters more, with or without the dot; with a dot the
/// longer codes of national editions as well. NHS England's fifth character
/// and the marks † and * of dual coding may follow.
pub(super) fn is_icd(cell: &[u8]) -> bool {
    icd_end(cell, 0)
        .is_some_and(|end| matches!(&cell[end..], b"" | b"*" | b"+" | b"-" | b"\xE2\x80\xA0"))
}

/// The end of an ICD-10 code at `at`.
pub(super) fn icd_end(text: &[u8], at: usize) -> Option<usize> {
    let [letter, one, two] = *text.get(at..at + 3)? else {
        return None;
    };
    if !(letter.is_ascii_uppercase() && one.is_ascii_digit() && two.is_ascii_digit()) {
        return None;
    }
    let dotted =
        text.get(at + 3) == Some(&b'.') && text.get(at + 4).is_some_and(|&byte| is_detail(byte));
    let start = at + 3 + usize::from(dotted);
    let most = if dotted { 4 } else { 2 };
    let details = text[start..]
        .iter()
        .take(most + 1)
        .take_while(|&&byte| is_detail(byte))
        .count();
    let end = start + details;
    let runs_on = text
        .get(end)
        .is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (details <= most && !runs_on).then_some(end)
}

/// X fills an unused place; A and D mark dagger and asterisk codes.
fn is_detail(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'X' | b'A' | b'D' | b'S')
}

/// A SNOMED CT identifier: 6 to 18 digits, the last a Verhoeff check digit,
/// the two before it a partition identifier (SNOMED CT Release File
/// Specification, 6.2 and 6.3: 00 to 02 in the short format, 10 to 12 in the
/// long one, which has a namespace of seven digits).
pub(super) fn is_snomed(digits: &[u8]) -> bool {
    let length = digits.len();
    if !(6..=18).contains(&length) || digits[0] == b'0' {
        return false;
    }
    let least = match &digits[length - 3..length - 1] {
        b"00" | b"01" | b"02" => 6,
        b"10" | b"11" | b"12" => 11,
        _ => return false,
    };
    length >= least && passes_verhoeff(digits)
}

/// J. Verhoeff, "Error Detecting Decimal Codes" (1969): the dihedral group of
/// the pentagon, with a permutation that turns with the place.
fn passes_verhoeff(digits: &[u8]) -> bool {
    const TIMES: [[u8; 10]; 10] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
        [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
        [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
        [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
        [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
        [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
        [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ];
    const TURN: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    let mut check = 0_u8;
    for (place, &digit) in digits.iter().rev().enumerate() {
        let turned = TURN[place % 8][usize::from(digit & 0x0F) % 10];
        check = TIMES[usize::from(check)][usize::from(turned)];
    }
    check == 0
}

/// A Read code: five characters, unused ones written as dots (Read v2:
/// `G30..`), or five letters and digits (CTV3: `XaBVJ`), with or without the
/// two characters of a term code. Five plain digits or letters are too common
/// to say anything.
pub(super) fn is_read(cell: &[u8]) -> bool {
    let code = match cell.len() {
        5 => cell,
        7 if cell[5..].iter().all(u8::is_ascii_digit) && cell[..5].contains(&b'.') => &cell[..5],
        _ => return false,
    };
    let used = code
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    if used == 0 || code[used..].iter().any(|byte| *byte != b'.') {
        return false;
    }
    let digits = code[..used].iter().any(u8::is_ascii_digit);
    let letters = code[..used].iter().any(u8::is_ascii_alphabetic);
    let lower = code[1..used].iter().any(u8::is_ascii_lowercase);
    let upper = code[1..used].iter().any(u8::is_ascii_uppercase);
    used < 5 && used > 1 || digits && letters || code[0] == b'X' && lower && upper
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn icd_10() {
        // WHO, ICD-10; NHS Classifications Browser.
        for (code, expected) in [
            ("E11", true),
            ("E11.9", true),
            ("E119", true),
            ("I10X", true),
            ("U07.1", true),
            ("G59.0*", true),
            ("E10.5D", true),
            ("S72.001A", true),
            ("E1", false),
            ("E11.", false),
            ("e11.9", false),
            ("E11999", false),
            ("AB1", false),
            ("E11-9", false),
            ("P000123", false),
            ("", false),
        ] {
            assert_eq!(is_icd(code.as_bytes()), expected, "{code}");
        }
    }

    #[test]
    fn snomed_ct() {
        // SNOMED CT concepts: diabetes mellitus type 2, myocardial infarction,
        // the root, the UK edition's module, a long-format description.
        for (code, expected) in [
            ("44054006", true),
            ("22298006", true),
            ("138875005", true),
            ("999000041000000102", true),
            ("900000000000207008", true),
            ("44054007", false),
            ("44054106", false),
            ("12345", false),
            ("0000000", false),
        ] {
            assert_eq!(is_snomed(code.as_bytes()), expected, "{code}");
        }
    }

    #[test]
    fn read_codes() {
        for (code, expected) in [
            ("G30..", true),
            ("H33z.", true),
            ("246..", true),
            ("C10F.", true),
            ("C10F.00", true),
            ("XaBVJ", true),
            ("XE0Uc", true),
            ("14B4.", true),
            ("12345", false),
            ("Smith", false),
            ("Xenon", false),
            (".....", false),
            ("G....", false),
            ("G3.0.", false),
            ("", false),
        ] {
            assert_eq!(is_read(code.as_bytes()), expected, "{code}");
        }
    }

    proptest! {
        #[test]
        fn verhoeff_catches_one_wrong_digit(base in 1_u64..1_000_000_000, at in 0_usize..6, by in 1_u8..10) {
            let mut digits = format!("{base}000").into_bytes();
            let last = digits.len() - 1;
            while !passes_verhoeff(&digits) {
                digits[last] += 1;
            }
            prop_assume!(digits.len() >= 6);
            prop_assert!(is_snomed(&digits));
            let at = at.min(last);
            digits[at] = b'0' + (digits[at] - b'0' + by) % 10;
            prop_assert!(!passes_verhoeff(&digits));
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..20), at in 0_usize..20) {
            let _ = (is_icd(&bytes), is_read(&bytes), icd_end(&bytes, at));
        }
    }
}
