use super::*;
use crate::inspect::facts::Class::*;
use proptest::prelude::*;

fn scan(text: &[u8]) -> Vec<Hit> {
    let mut hits = Vec::new();
    let hash = |value: &[u8]| {
        value.iter().fold(7, |hash: u64, &byte| {
            hash.wrapping_mul(31).wrapping_add(u64::from(byte))
        })
    };
    TextScanner::new().scan(text, &hash, &mut |hit| hits.push(hit));
    hits
}

/// Each text with its findings: class and what stands at the place of the hit.
#[rustfmt::skip]
const TEXTS: &[(&str, &[(Class, &str)])] = &[
    // NHS numbers: of the range 999, which NHS England keeps for tests.
    ("NHS No: 9990000018", &[(NhsNumber, "9990000018")]),
    ("NHS number 999 000 0018, seen today", &[(NhsNumber, "999 000 0018")]),
    ("nhs 999-000-0018.", &[(NhsNumber, "999-000-0018")]),
    ("NHS: 999.000.0018", &[(NhsNumber, "999.000.0018")]),
    ("NHS no 999\u{a0}000\u{a0}0018", &[(NhsNumber, "999\u{a0}000\u{a0}0018")]),
    ("NHS no 999\u{2009}000\u{2009}0018", &[(NhsNumber, "999\u{2009}000\u{2009}0018")]),
    ("The patient (9990000018) was seen", &[(NhsNumber, "9990000018")]),
    ("9990000018 (NHS number)", &[(NhsNumber, "9990000018")]),
    ("NHS9990000018", &[(NhsNumber, "9990000018")]),
    ("nhsNumber=9990000018&x=1", &[(NhsNumber, "9990000018")]),
    ("\"nhs_number\": \"9990000018\"", &[(NhsNumber, "9990000018")]),
    ("NHS number\\n9990000018\\n", &[(NhsNumber, "9990000018")]),
    ("patient 999 000 0018 12/03/2024", &[(NhsNumber, "999 000 0018")]),
    ("NHS numbers: 9990000018, 9990000026, 9990000034, 9990000042, 9990000050, 9990000069",
        &[(NhsNumber, "9990000018"), (NhsNumber, "9990000026"), (NhsNumber, "9990000034"), (NhsNumber, "9990000042"),
          (NhsNumber, "9990000050"), (NhsNumber, "9990000069")]),
    ("NHS no 999 000\n0018 wrapped", &[(NhsNumber, "999 000\n0018")]),
    ("order 9990000018 shipped", &[]),
    ("NHS No: 9990000019", &[]),
    ("NHS 99900000181", &[]),
    ("patient weighs 0.9990000018", &[]),
    ("patient library: ISBN 0306406152", &[]),
    ("CHI 0101000014", &[(ChiNumber, "0101000014")]),
    ("CHI 0101000015", &[]),
    ("GMC no 1234567", &[(GmcNumber, "1234567")]),
    ("item 1234567", &[]),
    // NINOs, made up with prefixes that are in use.
    ("AB123456C", &[(Nino, "AB123456C")]),
    ("NINO: AB 12 34 56 C.", &[(Nino, "AB 12 34 56 C")]),
    ("AB-12-34-56-C", &[(Nino, "AB-12-34-56-C")]),
    ("NI number ab123456c", &[(Nino, "ab123456c")]),
    ("NI no AB123456", &[(Nino, "AB123456")]),
    ("AB123456", &[]),
    ("let x = ab123456c;", &[]),
    ("xAB123456C", &[]),
    ("QQ123456C", &[]),
    // Cards: made up in issuers' ranges.
    ("paid with 4929 1234 5678 9014", &[]),
    ("paid with 4929 1234 5678 9015 12/27", &[(Card, "4929 1234 5678 9015")]),
    ("f(4929123456789015, 4929123456789014)", &[]),
    ("4111 1111 1111 1111", &[]),
    ("x = 3.4929000000000004", &[]),
    ("550e8400-e29b-41d4-a716-676344665544", &[]),
    // E-mail.
    ("mail jane.doe@example.com, please", &[(Email, "jane.doe@example.com")]),
    ("<jane@example.org>", &[(Email, "jane@example.org")]),
    ("Sir\u{e9} Dr\u{f6}\u{df}ig \u{201c}Mr Smith\u{201d}", &[(Name, "Smith")]),
    ("const PT_LOOS: u32 = 1610612736; PATH_RING: u64 = 6442450944; phone: u64 = 6442450944", &[]),
    ("@decorator foo@ bar @2x", &[]),
    // Addresses of machines: RFC 5737, RFC 3849.
    ("from 192.0.2.17 port 22", &[(IpAddress, "192.0.2.17")]),
    ("[2001:db8::17]:443", &[(IpAddress, "2001:db8::17")]),
    ("fe80::1%eth0", &[(IpAddress, "fe80::1")]),
    ("::ffff:192.0.2.1", &[(IpAddress, "::ffff:192.0.2.1")]),
    ("2001:db8:1:2:3:4:5:6", &[(IpAddress, "2001:db8:1:2:3:4:5:6")]),
    ("listening on 127.0.0.1 and ::1", &[]),
    ("at 12:30:45, 00:1a:2b:3c:4d:5e, std::fmt::Debug, f32::MAX, a::b, ::core::add", &[]),
    ("OID 1.3.6.1.4.1.311 and version 1.2.3", &[]),
    // Telephone numbers: Ofcom's for drama.
    ("call 020 7946 0958 today", &[(Phone, "020 7946 0958")]),
    ("Tel: (01632) 960123", &[(Phone, "(01632) 960123")]),
    ("+44 (0)7700 900123", &[(Phone, "+44 (0)7700 900123")]),
    ("0044 7700 900123", &[(Phone, "0044 7700 900123")]),
    ("07700900123", &[(Phone, "07700900123")]),
    ("+1 212-555-0123", &[(Phone, "+1 212-555-0123")]),
    ("phone 212-555-0123", &[(Phone, "212-555-0123")]),
    ("0x07700900123 1700000000 12345678901 20240115103000", &[]),
    ("0123 4567 8901 2345", &[]),
    ("0.07700900123", &[]),
    // Bank accounts, made up.
    ("00-00-00 12345678", &[(BankAccount, "00-00-00 12345678")]),
    ("Sort code: 00-00-00 Account number: 12345678", &[(BankAccount, "00-00-00 Account number: 12345678")]),
    ("account 12345678, sort code 00-00-00", &[(BankAccount, "12345678, sort code 00-00-00")]),
    ("sort code 000000 account 12345678", &[(BankAccount, "000000 account 12345678")]),
    ("01-02-24 20240201", &[]),
    ("account 12345678", &[]),
    // IBAN: the registry's example is nobody's.
    ("GB29 NWBK 6016 1331 9268 19", &[]),
    ("to GB30 XXXX 9999 9999 9999 99 today", &[(Iban, "GB30 XXXX 9999 9999 9999 99")]),
    ("GB30XXXX99999999999999", &[(Iban, "GB30XXXX99999999999999")]),
    ("GB31XXXX99999999999999", &[]),
    // Postcodes: Royal Mail's examples.
    ("lives at EC1A 1BB, London", &[(Postcode, "EC1A 1BB")]),
    ("M1 1AE", &[(Postcode, "M1 1AE")]),
    ("postcode EC1A1BB", &[(Postcode, "EC1A1BB")]),
    ("EC1A1BB ec1a 1bb QX1 1AA E3 5GB9", &[]),
    // Birth dates.
    ("DOB 01/02/1980", &[(BirthDate, "01/02/1980")]),
    ("D.O.B: 1-Feb-80", &[(BirthDate, "1-Feb-80")]),
    ("Date of birth: 1 February 1980 (44)", &[(BirthDate, "1 February 1980")]),
    ("she was born on January 31, 1980 in", &[(BirthDate, "January 31, 1980")]),
    ("dob=1980-02-01", &[(BirthDate, "1980-02-01")]),
    ("seen 01/02/1980", &[]),
    ("born 1980", &[]),
    // Names.
    ("Mr John Smith attended", &[(Name, "John Smith")]),
    ("Dr. A. Patel and Mrs O'Brien-Jones", &[(Name, "A. Patel"), (Name, "O'Brien-Jones")]),
    ("MRS JANE DOE", &[(Name, "JANE DOE")]),
    ("Full name: Jane Doe", &[(Name, "Jane Doe")]),
    ("Surname: Doe", &[(Name, "Doe")]),
    ("Dear Jane Doe,", &[(Name, "Jane Doe")]),
    ("Dear Mrs Doe,", &[(Name, "Doe")]),
    ("Dear Colleague, Dear All, Dear Hiring Manager, oh dear Me Too", &[]),
    ("surname: String, let dr = Dr; the Sir", &[]),
    ("MS WINDOWS", &[]),
    ("Mr O\u{2019}Brien", &[(Name, "O\u{2019}Brien")]),
    // Addresses.
    ("12 High Street", &[(Address, "12 High Street")]),
    ("Flat 3, 14a St John's Road, Leeds", &[(Address, "14a St John's Road")]),
    ("the street, a High Street, 12 bad street", &[]),
    // Health.
    ("diagnosis: ICD-10 E11.9, I10", &[(Health, "diagnosis"), (Health, "E11.9"), (Health, "I10")]),
    ("SNOMED CT 44054006", &[(Health, "SNOMED"), (Health, "44054006")]),
    ("was prescribed metformin for diabetes", &[(Health, "prescribed"), (Health, "metformin"), (Health, "diabet")]),
    ("as prescribed by RFC 822; a diagnostic; room E11", &[]),
    // Nothing at all.
    ("", &[]),
    ("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", &[]),
];

#[test]
fn texts_and_what_is_in_them() {
    let mut wrong = Vec::new();
    for (text, expected) in TEXTS {
        for text in [
            (*text).to_owned(),
            format!("x {text}"),
            format!("1234567 {text} and so on"),
        ] {
            let hits = scan(text.as_bytes());
            let found: Vec<_> = hits
                .iter()
                .map(|hit| {
                    (
                        hit.class,
                        String::from_utf8_lossy(&text.as_bytes()[hit.at.clone()]).into_owned(),
                    )
                })
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(class, value)| (*class, (*value).to_owned()))
                .collect();
            if found != expected {
                wrong.push((text, found, expected));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn keys_are_the_same_for_every_written_form() {
    let key = |text: &str| scan(text.as_bytes()).first().expect("one hit").key;
    assert_eq!(key("NHS 999 000 0018"), Key::NhsNumber(9_990_000_018));
    assert_eq!(key("AB 12 34 56 C"), Key::Nino(*b"AB123456C"));
    assert_eq!(key("Jane@Example.com"), key("jane@example.com"));
    assert_eq!(key("07700 900123"), key("+44 (0)7700 900 123"));
    assert_ne!(key("07700 900123"), key("07700 900124"));
}

#[test]
fn private_keys() {
    let line = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW";
    let age = format!(
        "AGE-SECRET-KEY-1{}",
        &"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".repeat(2)[..58]
    );
    for text in [
        format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{line}\n"),
        format!("-----BEGIN PRIVATE KEY-----\n{line}\n"),
        format!("x\n{age}\n"),
        age,
    ] {
        assert!(
            scan(text.as_bytes())
                .iter()
                .any(|hit| hit.class == PrivateKey),
            "{text}"
        );
    }
    assert!(scan(b"AGE-SECRET-KEY-1 -----BEGIN OPENSSH PRIVATE KEY-----").is_empty());
}

/// A number with this prefix and length that passes the Luhn rule.
fn card(prefix: &str, length: usize, mut filler: u64) -> String {
    let mut digits: Vec<u8> = prefix.bytes().collect();
    while digits.len() < length - 1 {
        digits.push(b'0' + u8::try_from(filler % 10).expect("below ten"));
        filler = filler / 10 + 7;
    }
    digits.push(b'0');
    while !super::super::card::passes_luhn(&digits) {
        *digits.last_mut().expect("not empty") += 1;
    }
    String::from_utf8(digits).expect("ASCII")
}

fn in_groups(digits: &str, lengths: &[usize], by: &str) -> String {
    let mut groups = Vec::new();
    let mut at = 0;
    for length in lengths {
        groups.push(&digits[at..at + length]);
        at += length;
    }
    groups.join(by)
}

/// Long runs of what sets the scanner off must take time in proportion.
#[test]
fn hostile_text_is_got_through() {
    for piece in [
        "1 ",
        "@",
        "a@",
        "a.b@",
        ":",
        "::1",
        "-----BEGIN ",
        "PRIVATE KEY-----",
        "Street ",
        "9 A Street ",
        "Mr ",
        "Mr A ",
        "PuTTY-User-Key-File-",
        "AGE-SECRET-KEY-1",
        "NHS 999 ",
        "born 1 ",
        "sort code 00-00-00 ",
        "account 12345678 ",
        "GB29 ",
        "+44 ",
        "(",
        "0161 ",
        "9",
        "4929 ",
        "AB 12 ",
        "\"@",
        "ICD E11 ",
        "\u{a0}",
        "\u{2019}",
    ] {
        let text = piece.repeat(200_000 / piece.len());
        for hit in scan(text.as_bytes()) {
            assert!(hit.at.end <= text.len());
        }
    }
}

fn nhs_number(seed: u32) -> Option<String> {
    (0..10)
        .map(|check| format!("999{seed:06}{check}"))
        .find(|number| super::super::nhs_number(number.as_bytes()).is_some())
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for hit in scan(&bytes) {
            prop_assert!(hit.at.start < hit.at.end && hit.at.end <= bytes.len());
        }
    }

    #[test]
    fn any_likely_text_is_survived(text in "([0-9]{1,5}|[ .,:@+()/-]|NHS|card |born |sort code |account |tel |Mr |ICD |GB[0-9]{2}|AB|-----BEGIN |Street|\\\\|\u{a0}){0,60}") {
        for hit in scan(text.as_bytes()) {
            prop_assert!(hit.at.end <= text.len());
        }
    }

    #[test]
    fn nhs_numbers_with_context_are_found(
        seed in 0_u32..1_000_000, by in prop::sample::select(vec!["", " ", "-", ".", "\u{a0}", "\u{2009}", "\u{202f}"]),
        before in prop::sample::select(vec!["NHS No ", "NHS number: ", "nhs_number=", "Patient ", "(NHS) ", "hospital record of ", "NHS Number\t"]),
        after in prop::sample::select(vec!["", ".", ", DOB", " 12", ")", "\n", ";", "\"", " - ", "/"]),
    ) {
        if let Some(number) = nhs_number(seed) {
            let form = format!("{}{by}{}{by}{}", &number[..3], &number[3..6], &number[6..]);
            let text = format!("{before}{form}{after}");
            let hits = scan(text.as_bytes());
            prop_assert!(hits.iter().any(|hit| hit.key == Key::NhsNumber(number.parse().expect("digits"))), "{}", text);
        }
    }

    #[test]
    fn cards_are_found_in_text(
        filler in any::<u64>(), form in 0_usize..3,
        (prefix, groups) in prop::sample::select(vec![
            ("4929", &[4, 4, 4, 4][..]), ("4", &[4, 4, 4, 4]), ("51", &[4, 4, 4, 4]), ("2720", &[4, 4, 4, 4]),
            ("34", &[4, 6, 5]), ("37", &[4, 6, 5]), ("6011", &[4, 4, 4, 4]), ("65", &[4, 4, 4, 4]), ("36", &[4, 6, 4]),
            ("3528", &[4, 4, 4, 4]), ("62", &[4, 4, 4, 4, 3]), ("5018", &[4, 4, 4]),
        ]),
        before in prop::sample::select(vec!["", "paid with ", "card no: ", "visa ", "(", "\"", "pan=", "x, ", "\n", "ref "]),
        after in prop::sample::select(vec!["", ".", ", thanks", ")", "\"", " 12/27", " 123", "\n", ";"]),
    ) {
        let digits = card(prefix, groups.iter().sum(), filler);
        prop_assume!(super::super::card::judge(digits.as_bytes()) == super::super::card::Verdict::Card);
        let written = in_groups(&digits, groups, ["", " ", "-"][form]);
        let text = format!("{before}{written}{after}");
        let hits = scan(text.as_bytes());
        prop_assert!(hits.iter().any(|hit| hit.class == Card), "{}", text);
    }

    #[test]
    fn drama_numbers_are_found_in_text(
        last in 0_u32..1000, form in 0_usize..8,
        before in prop::sample::select(vec!["", "ring ", "Tel: ", "(", "\"", "on "]),
        after in prop::sample::select(vec!["", ".", " today", ")", "\"", "\n", ", or"]),
    ) {
        let number = match form {
            0 => format!("07700 900{last:03}"),
            1 => format!("07700900{last:03}"),
            2 => format!("+44 7700 900{last:03}"),
            3 => format!("+447700900{last:03}"),
            4 => format!("020 7946 0{last:03}"),
            5 => format!("(01632) 960{last:03}"),
            6 => format!("0044 20 7946 0{last:03}"),
            _ => format!("0161-496-0{last:03}"),
        };
        let text = format!("{before}{number}{after}");
        prop_assert!(scan(text.as_bytes()).iter().any(|hit| hit.class == Phone), "{}", text);
    }

    #[test]
    fn random_numbers_without_context_are_not_reported(number in 1_000_000_000_u64..10_000_000_000, by in prop::sample::select(vec!["", " ", "-"])) {
        let digits = number.to_string();
        let text = format!("entry {}{by}{}{by}{} of the log", &digits[..3], &digits[3..6], &digits[6..]);
        prop_assert!(scan(text.as_bytes()).iter().all(|hit| hit.class != NhsNumber));
    }

    #[test]
    fn addresses_are_found_in_text(local in "[a-z][a-z0-9]{0,4}(\\.[a-z0-9]{1,4}){0,4}", domain in "[a-z]{1,10}\\.(com|org|co\\.uk|nhs\\.net)", v4 in any::<[u8; 4]>()) {
        prop_assume!(v4 != [0; 4] && v4 != [255; 4] && v4 != [127, 0, 0, 1]);
        let v4 = std::net::Ipv4Addr::from(v4);
        let text = format!("seen {local}@{domain} from {v4}, then left");
        let hits = scan(text.as_bytes());
        prop_assert_eq!(hits.iter().map(|hit| hit.class).collect::<Vec<_>>(), vec![Email, IpAddress]);
    }
}
