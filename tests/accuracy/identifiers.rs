//! Made-up identifiers. NHS numbers are from the test range that begins with
//! 999, telephone numbers from Ofcom's ranges for drama, e-mail addresses and
//! IP addresses from what is reserved for documentation (RFC 2606, 5737 and
//! 3849). Cards, IBANs and National Insurance numbers have no such range: they
//! are made by arithmetic, and belong to nobody that is known.

use std::collections::HashSet;

use crate::random::Random;

/// The check digit of the first nine digits; `None` where there is none.
fn mod_11(nine: &str) -> Option<u64> {
    let sum: u64 = (2..=10)
        .rev()
        .zip(nine.bytes())
        .map(|(weight, digit)| weight * u64::from(digit - b'0'))
        .sum();
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        check => Some(check),
    }
}

pub(crate) fn nhs_number(random: &mut Random) -> String {
    loop {
        let nine = format!("999{}", random.digits(6));
        if let Some(check) = mod_11(&nine) {
            let number = format!("{nine}{check}");
            if number != "9999999999" {
                return number;
            }
        }
    }
}

/// So many different ones.
pub(crate) fn nhs_numbers(random: &mut Random, many: usize) -> Vec<String> {
    distinct(many, || nhs_number(random))
}

pub(crate) fn distinct(many: usize, mut make: impl FnMut() -> String) -> Vec<String> {
    let mut seen = HashSet::new();
    while seen.len() < many {
        seen.insert(make());
    }
    let mut all: Vec<String> = seen.into_iter().collect();
    all.sort_unstable();
    all
}

/// The ways an NHS number is written.
pub(crate) const NHS_FORMS: [&str; 5] = ["", " ", "\u{a0}", ".", "-"];

pub(crate) fn grouped(number: &str, separator: &str) -> String {
    [&number[..3], &number[3..6], &number[6..]].join(separator)
}

/// An ISBN-10 of one of the usual language groups; its check digit may be X.
pub(crate) fn isbn(random: &mut Random) -> String {
    let groups = [
        "0", "0", "0", "1", "1", "2", "3", "4", "5", "7", "81", "84", "88", "90", "91",
    ];
    let group = random.pick(&groups);
    let nine = format!("{group}{}", random.digits(9 - group.len()));
    let check = mod_11(&nine).map_or_else(|| "X".to_owned(), |check| check.to_string());
    format!("{nine}{check}")
}

/// Prefixes that were never given out are left out, as are those that HMRC's
/// manual (NIM39110) rules out.
pub(crate) fn nino(random: &mut Random) -> String {
    let prefix = random.pick(&["AB", "CE", "HK", "JR", "LM", "MW", "PX", "SY", "WZ", "ZW"]);
    format!(
        "{prefix}{}{}",
        random.digits(6),
        random.pick(&["A", "B", "C", "D"])
    )
}

fn luhn(digits: &str) -> u64 {
    let sum: u64 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u64::from(digit - b'0');
            match place % 2 {
                0 if digit > 4 => digit * 2 - 9,
                0 => digit * 2,
                _ => digit,
            }
        })
        .sum();
    (10 - sum % 10) % 10
}

/// A card of one of the large issuers, by the prefixes of ISO/IEC 7812.
pub(crate) fn card(random: &mut Random) -> String {
    let (prefix, length) = match random.below(10) {
        0..=3 => ("4".to_owned(), 16),
        4 | 5 => (random.between(51, 55).to_string(), 16),
        6 => (random.between(2221, 2720).to_string(), 16),
        7 => ((*random.pick(&["34", "37"])).to_owned(), 15),
        8 => ((*random.pick(&["6011", "65"])).to_owned(), 16),
        _ => (random.between(3528, 3589).to_string(), 16),
    };
    let digits = format!("{prefix}{}", random.digits(length - 1 - prefix.len()));
    format!("{digits}{}", luhn(&digits))
}

/// A card as it is printed on plastic and typed into forms.
pub(crate) fn written_card(random: &mut Random, card: &str) -> String {
    let separator = *random.pick(&["", " ", "-"]);
    match card.len() {
        15 => [&card[..4], &card[4..10], &card[10..]].join(separator),
        _ => [&card[..4], &card[4..8], &card[8..12], &card[12..]].join(separator),
    }
}

/// A telephone number of Ofcom's ranges for drama, in one of its written forms.
pub(crate) fn phone(random: &mut Random) -> String {
    let (area, exchange) = *random.pick(&[
        ("7700", "900"),
        ("7700", "900"),
        ("1632", "960"),
        ("20", "7946 0"),
        ("113", "496 0"),
        ("121", "496 0"),
        ("161", "496 0"),
    ]);
    let last = random.digits(3);
    let local = format!("{exchange}{last}");
    let closed = local.replace(' ', "");
    match random.below(10) {
        0 | 1 => format!("0{area} {local}"),
        2 | 3 => format!("0{area}{closed}"),
        4 => format!("(0{area}) {local}"),
        5 => format!("+44 {area} {local}"),
        6 => format!("+44{area}{closed}"),
        7 => format!("+44 (0){area} {local}"),
        8 => format!("0{area}-{}", local.replace(' ', "-")),
        _ => format!("0044 {area} {local}"),
    }
}

pub(crate) fn email(random: &mut Random) -> String {
    let user = match random.below(6) {
        0 => random.letters(8).to_lowercase(),
        1 => format!("{}.{}", random.letters(4).to_lowercase(), random.letters(7)),
        2 => format!("{}+news", random.letters(5).to_lowercase()),
        3 => format!("{}_{}", random.letters(3).to_lowercase(), random.digits(4)),
        4 => format!("{}-{}", random.letters(1), random.letters(9).to_lowercase()),
        _ => format!("o'{}", random.letters(5).to_lowercase()),
    };
    let domain = random.pick(&[
        "example.org",
        "example.com",
        "example.net",
        "mail.example.org",
        "EXAMPLE.COM",
        "trust-7.example.net",
        "ward.hospital.example",
    ]);
    format!("{user}@{domain}")
}

/// An IBAN by the structures of the SWIFT registry, with valid check digits.
pub(crate) fn iban(random: &mut Random) -> String {
    let (country, structure) = *random.pick(&[
        ("GB", "aaaannnnnnnnnnnnnn"),
        ("DE", "nnnnnnnnnnnnnnnnnn"),
        ("FR", "nnnnnnnnnncccccccccccnn"),
        ("NL", "aaaannnnnnnnnn"),
        ("ES", "nnnnnnnnnnnnnnnnnnnn"),
        ("IT", "annnnnnnnnncccccccccccc"),
        ("NO", "nnnnnnnnnnn"),
        ("MT", "aaaannnnncccccccccccccccccc"),
        ("IE", "aaaannnnnnnnnnnnnn"),
        ("CH", "nnnnncccccccccccc"),
        ("BE", "nnnnnnnnnnnn"),
        ("PL", "nnnnnnnnnnnnnnnnnnnnnnnn"),
        ("SE", "nnnnnnnnnnnnnnnnnnnn"),
    ]);
    let body: String = structure
        .chars()
        .map(|kind| match kind {
            'a' => random.letters(1),
            'c' if random.percent(50) => random.letters(1),
            _ => random.digits(1),
        })
        .collect();
    // ISO 7064: letters count from 10 on, the country and 00 stand last.
    let remainder = format!("{body}{country}00")
        .bytes()
        .fold(0, |sum: u64, byte| match byte {
            b'0'..=b'9' => (sum * 10 + u64::from(byte - b'0')) % 97,
            _ => (sum * 100 + u64::from(byte - b'A' + 10)) % 97,
        });
    format!("{country}{:02}{body}", 98 - remainder)
}

/// In groups of four, as IBANs are printed.
pub(crate) fn in_fours(iban: &str) -> String {
    let groups: Vec<&str> = (0..iban.len())
        .step_by(4)
        .map(|at| &iban[at..iban.len().min(at + 4)])
        .collect();
    groups.join(" ")
}

pub(crate) fn ip_address(random: &mut Random) -> String {
    let group = |random: &mut Random| format!("{:x}", random.below(65_536));
    match random.below(6) {
        0..=2 => {
            let net = random.pick(&["192.0.2", "198.51.100", "203.0.113"]);
            format!("{net}.{}", random.between(1, 254))
        }
        3 => format!("2001:db8::{}", group(random)),
        4 => {
            let groups: Vec<String> = (0..6).map(|_| group(random)).collect();
            format!("2001:db8:{}", groups.join(":"))
        }
        _ => format!(
            "2001:DB8:0:{}::{}",
            group(random).to_uppercase(),
            random.between(1, 9999)
        ),
    }
}
