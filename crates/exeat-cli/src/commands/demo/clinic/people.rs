//! The people of the made-up clinic, and the generator that all its chance comes from.
//!
//! Nothing here can reach or name anyone: each identifier is drawn from a range that its owner
//! keeps free of people. NHS numbers are from the 999 test range; telephone numbers from Ofcom's
//! ranges for drama; mail domains from RFC 2606; postcodes begin with ZZ99, the pseudo postcodes
//! that lie nowhere; family names are joined from syllables.

use std::collections::BTreeSet;

const FEMALE: [&str; 20] = [
    "Alice", "Anita", "Beatrice", "Carys", "Chloë", "Dorothy", "Eleanor", "Farah", "Florence",
    "Grace", "Harriet", "Imogen", "Joan", "Laila", "Margaret", "Niamh", "Priya", "Rosemary",
    "Siân", "Zoë",
];
const MALE: [&str; 20] = [
    "Amir", "Arthur", "Benjamin", "Daniel", "Deepak", "Edward", "George", "Hamza", "Isaac",
    "Jacob", "Kamal", "Leonard", "Mohammed", "Oliver", "Rhys", "Robert", "Samuel", "Thomas", "Wei",
    "Yusuf",
];
const NICKNAMES: [&str; 4] = ["Bee", "Mac", "Sunny", "Tig"];
const HEADS: [&str; 26] = [
    "Varrow", "Tindle", "Quillo", "Ostri", "Brinnel", "Cardle", "Dunver", "Elmsgar", "Garrol",
    "Hasper", "Ivel", "Jorren", "Kestle", "Lorrim", "Mardle", "Nuthar", "Rostle", "Skerrin",
    "Thrupel", "Umberl", "Wexlo", "Yarvel", "Brûnna", "Søldre", "Löwrick", "Tŷvor",
];
const TAILS: [&str; 12] = [
    "mere", "beck", "vane", "thorrow", "nock", "sperrow", "wold", "garth", "brindle", "quist",
    "lume", "sedge",
];
const DOMAINS: [&str; 3] = ["example.org", "example.net", "example.com"];
/// The letters of the second half of a postcode: C, I, K, M, O and V are not used there.
const UNIT: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";

/// splitmix64 (Steele, Lea and Flood, 2014): small, the same on every platform, and no secret
/// depends on it.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, and without, `bound`; its bias is below anything a demonstration
    /// could show.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let scaled = (self.roll() >> 32) * u64::from(bound);
        u32::try_from(scaled >> 32).expect("a product of two 32-bit numbers")
    }

    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let count = u32::try_from(choices.len()).expect("the lists here are short");
        choices[self.below(count) as usize]
    }

    /// An ISO date in one of the years; no day after the 28th, so that each month has it.
    pub(super) fn date(&mut self, from_year: u32, years: u32) -> String {
        let (year, month, day) = (
            from_year + self.below(years),
            1 + self.below(12),
            1 + self.below(28),
        );
        format!("{year}-{month:02}-{day:02}")
    }

    pub(super) fn family_name(&mut self) -> String {
        [self.pick(&HEADS), self.pick(&TAILS)].concat()
    }

    pub(super) fn postcode(&mut self) -> String {
        let mut letter = || char::from(self.pick(UNIT));
        let (first, second) = (letter(), letter());
        format!("ZZ99 {}{first}{second}", self.below(10))
    }

    /// A number that Ofcom keeps for drama: no area, London, or mobile; a thousand of each.
    pub(super) fn telephone(&mut self) -> String {
        let range = self.pick(&["01632 960", "020 7946 0", "07700 900"]);
        format!("{range}{:03}", self.below(1000))
    }
}

pub(super) struct Patient {
    pub nhs_number: String,
    pub family_name: String,
    pub given_name: String,
    pub date_of_birth: String,
    pub(crate) sex: &'static str,
    pub(crate) postcode: String,
    pub(crate) telephone: String,
    pub(crate) email: String,
    pub registered_on: String,
}

/// So many adults, no two with one NHS number.
pub(super) fn patients(dice: &mut Dice, count: usize) -> Vec<Patient> {
    let mut taken = BTreeSet::new();
    let mut patients = Vec::with_capacity(count);
    while patients.len() < count {
        // The bound leaves out 999 999 9999: valid, but readers rightly distrust a number of one
        // repeated digit.
        let serial = dice.below(999_999);
        let Some(nhs_number) = nhs_number(serial) else {
            continue;
        };
        if taken.insert(serial) {
            patients.push(patient(dice, nhs_number));
        }
    }
    patients
}

fn patient(dice: &mut Dice, nhs_number: String) -> Patient {
    let (names, sex) = dice.pick(&[(&FEMALE, "F"), (&MALE, "M")]);
    let given = dice.pick(names);
    let family = dice.family_name();
    // Plain letters only, as a mail provider would have it; the number keeps namesakes apart.
    let mailbox: String = format!("{}{family}", &given[..1])
        .chars()
        .filter(char::is_ascii_alphabetic)
        .collect();
    let email = format!(
        "{}{}@{}",
        mailbox.to_lowercase(),
        dice.below(1000),
        dice.pick(&DOMAINS)
    );
    // Apostrophes, hyphens, commas and quotation marks are what breaks a careless reader of CSV.
    let family_name = match dice.below(20) {
        0 => format!("O'{family}"),
        1 => format!("{family}-{}", dice.family_name()),
        2 => format!("{family}, née {}", dice.family_name()),
        _ => family,
    };
    let given_name = match dice.below(30) {
        0 => format!("{given} \"{}\"", dice.pick(&NICKNAMES)),
        _ => given.to_owned(),
    };
    Patient {
        nhs_number,
        family_name,
        given_name,
        date_of_birth: dice.date(1932, 74),
        sex,
        postcode: dice.postcode(),
        telephone: dice.telephone(),
        email,
        registered_on: dice.date(2008, 17),
    }
}

/// The number of the test range with this six-digit serial, written 3-3-4, or none if its check
/// value would be 10.
///
/// The check digit is that of the NHS Data Model and Dictionary: weights 10 to 2, 11 less the
/// remainder by 11, where 11 is written 0 and a number that comes to 10 is not issued.
fn nhs_number(serial: u32) -> Option<String> {
    let stem = format!("999{serial:06}");
    let sum: u32 = stem
        .bytes()
        .zip((2..=10).rev())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let check = match 11 - sum % 11 {
        10 => return None,
        11 => 0,
        check => check,
    };
    Some(format!(
        "{} {} {}{check}",
        &stem[..3],
        &stem[3..6],
        &stem[6..]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_the_published_sequence() {
        let mut dice = Dice::new(1_234_567);
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(published.map(|_| dice.roll()), published);
    }

    #[test]
    fn check_digits() {
        assert_eq!(nhs_number(0), None, "999 000 000 comes to 10");
        assert_eq!(nhs_number(999_999).as_deref(), Some("999 999 9999"));
        assert_eq!(nhs_number(1).as_deref(), Some("999 000 0018"));
    }
}
