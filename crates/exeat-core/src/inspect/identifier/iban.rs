//! International bank account numbers.
//!
//! ISO 13616: a country, two check digits and the country's own account
//! number; moved to the end, country and check digits make the whole come to 1
//! modulo 97 (ISO/IEC 7064, MOD 97-10). Lengths and examples are those of the
//! IBAN registry kept by SWIFT, release 100; its examples, and the one of ISO
//! 13616 itself, stand in documentation everywhere and belong to nobody.

const LONGEST: usize = 34;

/// Whether the whole cell is a valid number, grouped or not, in any case.
pub(super) fn is_iban(cell: &[u8]) -> bool {
    matches!(read(cell, 0, true), Some(end) if end == cell.len())
}

/// Reads a valid number at `at`, in one run or in groups with single blanks
/// between, and returns its end. In free text only capitals count.
pub(super) fn read(text: &[u8], at: usize, any_case: bool) -> Option<usize> {
    let upper = |at: usize| {
        let byte = *text.get(at)?;
        Some(if any_case {
            byte.to_ascii_uppercase()
        } else {
            byte
        })
    };
    let country = [upper(at)?, upper(at + 1)?];
    let known = COUNTRIES
        .binary_search_by(|(code, _, _)| code.cmp(&country))
        .ok()?;
    let (_, length, example) = COUNTRIES[known];
    let mut compact = [0_u8; LONGEST];
    let mut filled = 0;
    let mut place = at;
    while filled < length {
        let byte = upper(place)?;
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' => {
                compact[filled] = byte;
                filled += 1;
                place += 1;
            }
            _ if filled >= 4 => {
                let (width, _) = super::grouped::separator(text, place)?;
                if !upper(place + width)?.is_ascii_alphanumeric() {
                    return None;
                }
                place += width;
            }
            _ => return None,
        }
    }
    if text.get(place).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let number = &compact[..length];
    let valid = number[2..4].iter().all(u8::is_ascii_digit)
        && remainder(number) == 1
        && number != example
        && !ALSO_PUBLISHED.contains(&number);
    valid.then_some(place)
}

fn remainder(number: &[u8]) -> u32 {
    number[4..]
        .iter()
        .chain(&number[..4])
        .fold(0, |rest, &byte| match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            _ => (rest * 100 + u32::from(byte.saturating_sub(b'A')) + 10) % 97,
        })
}

/// ISO 13616-1's example, and the two of the European Committee for Banking
/// Standards' and the UK's guidance that are copied most.
const ALSO_PUBLISHED: [&[u8]; 3] = [
    b"GB82WEST12345698765432",
    b"GB33BUKB20201555555555",
    b"FR7630006000011234567890189",
];

/// Country, length, and the registry's example.
#[rustfmt::skip]
const COUNTRIES: [([u8; 2], usize, &[u8]); 89] = [
    (*b"AD", 24, b"AD1200012030200359100100"),
    (*b"AE", 23, b"AE070331234567890123456"),
    (*b"AL", 28, b"AL47212110090000000235698741"),
    (*b"AT", 20, b"AT611904300234573201"),
    (*b"AZ", 28, b"AZ21NABZ00000000137010001944"),
    (*b"BA", 20, b"BA391290079401028494"),
    (*b"BE", 16, b"BE68539007547034"),
    (*b"BG", 22, b"BG80BNBG96611020345678"),
    (*b"BH", 22, b"BH67BMAG00001299123456"),
    (*b"BI", 27, b"BI4210000100010000332045181"),
    (*b"BR", 29, b"BR1800360305000010009795493C1"),
    (*b"BY", 28, b"BY13NBRB3600900000002Z00AB00"),
    (*b"CH", 21, b"CH9300762011623852957"),
    (*b"CR", 22, b"CR05015202001026284066"),
    (*b"CY", 28, b"CY17002001280000001200527600"),
    (*b"CZ", 24, b"CZ6508000000192000145399"),
    (*b"DE", 22, b"DE89370400440532013000"),
    (*b"DJ", 27, b"DJ2100010000000154000100186"),
    (*b"DK", 18, b"DK5000400440116243"),
    (*b"DO", 28, b"DO28BAGR00000001212453611324"),
    (*b"EE", 20, b"EE382200221020145685"),
    (*b"EG", 29, b"EG380019000500000000263180002"),
    (*b"ES", 24, b"ES9121000418450200051332"),
    (*b"FI", 18, b"FI2112345600000785"),
    (*b"FK", 18, b"FK88SC123456789012"),
    (*b"FO", 18, b"FO6264600001631634"),
    (*b"FR", 27, b"FR1420041010050500013M02606"),
    (*b"GB", 22, b"GB29NWBK60161331926819"),
    (*b"GE", 22, b"GE29NB0000000101904917"),
    (*b"GI", 23, b"GI75NWBK000000007099453"),
    (*b"GL", 18, b"GL8964710001000206"),
    (*b"GR", 27, b"GR1601101250000000012300695"),
    (*b"GT", 28, b"GT82TRAJ01020000001210029690"),
    (*b"HN", 28, b"HN88CABF00000000000250005469"),
    (*b"HR", 21, b"HR1210010051863000160"),
    (*b"HU", 28, b"HU42117730161111101800000000"),
    (*b"IE", 22, b"IE29AIBK93115212345678"),
    (*b"IL", 23, b"IL620108000000099999999"),
    (*b"IQ", 23, b"IQ98NBIQ850123456789012"),
    (*b"IS", 26, b"IS140159260076545510730339"),
    (*b"IT", 27, b"IT60X0542811101000000123456"),
    (*b"JO", 30, b"JO94CBJO0010000000000131000302"),
    (*b"KW", 30, b"KW81CBKU0000000000001234560101"),
    (*b"KZ", 20, b"KZ86125KZT5004100100"),
    (*b"LB", 28, b"LB62099900000001001901229114"),
    (*b"LC", 32, b"LC55HEMM000100010012001200023015"),
    (*b"LI", 21, b"LI21088100002324013AA"),
    (*b"LT", 20, b"LT121000011101001000"),
    (*b"LU", 20, b"LU280019400644750000"),
    (*b"LV", 21, b"LV80BANK0000435195001"),
    (*b"LY", 25, b"LY83002048000020100120361"),
    (*b"MC", 27, b"MC5811222000010123456789030"),
    (*b"MD", 24, b"MD24AG000225100013104168"),
    (*b"ME", 22, b"ME25505000012345678951"),
    (*b"MK", 19, b"MK07250120000058984"),
    (*b"MN", 20, b"MN121234123456789123"),
    (*b"MR", 27, b"MR1300020001010000123456753"),
    (*b"MT", 31, b"MT84MALT011000012345MTLCAST001S"),
    (*b"MU", 30, b"MU17BOMM0101101030300200000MUR"),
    (*b"NI", 28, b"NI45BAPR00000013000003558124"),
    (*b"NL", 18, b"NL91ABNA0417164300"),
    (*b"NO", 15, b"NO9386011117947"),
    (*b"OM", 23, b"OM810180000001299123456"),
    (*b"PK", 24, b"PK36SCBL0000001123456702"),
    (*b"PL", 28, b"PL61109010140000071219812874"),
    (*b"PS", 29, b"PS92PALS000000000400123456702"),
    (*b"PT", 25, b"PT50000201231234567890154"),
    (*b"QA", 29, b"QA58DOHB00001234567890ABCDEFG"),
    (*b"RO", 24, b"RO49AAAA1B31007593840000"),
    (*b"RS", 22, b"RS35260005601001611379"),
    (*b"RU", 33, b"RU0304452522540817810538091310419"),
    (*b"SA", 24, b"SA0380000000608010167519"),
    (*b"SC", 31, b"SC18SSCB11010000000000001497USD"),
    (*b"SD", 18, b"SD2129010501234001"),
    (*b"SE", 24, b"SE4550000000058398257466"),
    (*b"SI", 19, b"SI56263300012039086"),
    (*b"SK", 24, b"SK3112000000198742637541"),
    (*b"SM", 27, b"SM86U0322509800000000270100"),
    (*b"SO", 23, b"SO211000001001000100141"),
    (*b"ST", 25, b"ST23000100010051845310146"),
    (*b"SV", 28, b"SV62CENR00000000000000700025"),
    (*b"TL", 23, b"TL380080012345678910157"),
    (*b"TN", 24, b"TN5910006035183598478831"),
    (*b"TR", 26, b"TR330006100519786457841326"),
    (*b"UA", 29, b"UA213223130000026007233566001"),
    (*b"VA", 22, b"VA59001123000012345678"),
    (*b"VG", 24, b"VG96VPVG0000012345678901"),
    (*b"XK", 20, b"XK051212012345678906"),
    (*b"YE", 30, b"YE15CBYE0001018861234567891234"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A number of this country with the right check digits.
    fn with_check_digits(country: [u8; 2], account: &[u8]) -> Vec<u8> {
        let mut number = [&country[..], b"00", account].concat();
        let check = 98 - remainder(&number);
        number[2] = b'0' + u8::try_from(check / 10).expect("below ten");
        number[3] = b'0' + u8::try_from(check % 10).expect("below ten");
        number
    }

    #[test]
    fn the_table_agrees_with_itself() {
        assert!(COUNTRIES.is_sorted_by_key(|(code, _, _)| *code));
        for (code, length, example) in COUNTRIES {
            assert_eq!(example.len(), length);
            assert_eq!(example[..2], code);
            assert_eq!(
                remainder(example),
                1,
                "{}",
                String::from_utf8_lossy(example)
            );
            assert!(!is_iban(example), "published");
        }
    }

    #[test]
    fn written_forms() {
        // Made up: account 99999999 at sort code 99-99-99 of no bank.
        let number = with_check_digits(*b"GB", b"XXXX99999999999999");
        let plain = String::from_utf8(number).expect("ASCII");
        assert!(is_iban(plain.as_bytes()));
        assert!(is_iban(plain.to_lowercase().as_bytes()));
        let groups: Vec<&str> = (0..plain.len())
            .step_by(4)
            .map(|at| &plain[at..(at + 4).min(plain.len())])
            .collect();
        assert!(is_iban(groups.join(" ").as_bytes()));
        assert!(is_iban(groups.join("-").as_bytes()));
        assert!(is_iban(groups.join("\u{a0}").as_bytes()));
        assert!(!is_iban(&plain.as_bytes()[..21]));
        assert!(!is_iban(format!("{plain}0").as_bytes()));
        assert!(!is_iban(plain.replace("GB", "US").as_bytes()));
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_never_valid(
            country in 0..COUNTRIES.len(), seed in any::<u64>(), at in 4_usize..15, by in 1_u8..10,
        ) {
            let (code, length, _) = COUNTRIES[country];
            let account: Vec<u8> = (0..length - 4)
                .map(|place| b'0' + u8::try_from((seed >> (place % 60)) % 10).expect("below ten"))
                .collect();
            let mut number = with_check_digits(code, &account);
            prop_assert!(is_iban(&number));
            number[at] = b'0' + (number[at] - b'0' + by) % 10;
            prop_assert!(!is_iban(&number));
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..50), at in 0_usize..60) {
            let _ = read(&bytes, at, true);
        }
    }
}
