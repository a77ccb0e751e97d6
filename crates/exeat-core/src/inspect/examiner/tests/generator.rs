//! Invented people and numbers, from a seed.

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
pub(super) struct Random(pub u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let at = self.below(u64::try_from(list.len()).expect("a short list"));
        list[usize::try_from(at).expect("an index")]
    }
}

const SYLLABLES: &[&str] = &[
    "ba", "den", "fir", "gol", "hax", "jun", "kel", "lor", "mip", "nar", "ost", "pel", "quin",
    "ras", "sut", "tov", "ulm", "vex", "wob", "yar",
];

/// The check digit of nine digits by the weights 10, 9, … 2 modulo 11; ten
/// means none.
fn check(digits: u64) -> u64 {
    let mut rest = digits;
    let mut sum = 0;
    for weight in 2..=10 {
        sum += rest % 10 * weight;
        rest /= 10;
    }
    (11 - sum % 11) % 11
}

/// The n-th valid number of the test range.
pub(super) fn nhs_number(n: u64) -> String {
    let serial = 999_000_000 + n * 7 % 1_000_000;
    (serial..)
        .map(|digits| (digits, check(digits)))
        .find(|&(_, check)| check < 10)
        .map(|(digits, check)| format!("{digits}{check}"))
        .expect("ten of eleven numbers have a check digit")
}

/// The numbers from `nhs_number` may repeat where two serials share the next
/// valid one; these do not.
pub(super) fn nhs_numbers(count: usize) -> Vec<String> {
    (999_000_000..)
        .map(|digits| (digits, check(digits)))
        .filter(|&(_, check)| check < 10)
        .map(|(digits, check)| format!("{digits}{check}"))
        .take(count)
        .collect()
}

pub(super) fn isbn(random: &mut Random, prefixes: &[&str]) -> String {
    let prefix = random.pick(prefixes);
    let digits = format!("{prefix}{:09}", random.below(1_000_000_000));
    let digits = &digits[..9];
    match check(digits.parse().expect("nine digits")) {
        10 => format!("{digits}X"),
        check => format!("{digits}{check}"),
    }
}

pub(super) fn word(random: &mut Random) -> String {
    let mut word = String::new();
    for _ in 0..3 {
        word.push_str(random.pick(SYLLABLES));
    }
    word[..1].to_uppercase() + &word[1..]
}

pub(super) fn postcode(random: &mut Random) -> String {
    let area = random.pick(&["LS", "AB", "CF", "SA", "NE"]);
    let (district, sector) = (1 + random.below(9), random.below(10));
    let mut letter = || random.pick(&["A", "B", "D", "E", "F", "G", "H", "J", "L"]);
    format!("{area}{district} {sector}{}{}", letter(), letter())
}

/// A person: number, forename, surname, date of birth, postcode.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub nhs: String,
    pub forename: String,
    pub surname: String,
    pub birth: (u64, u64, u64),
    pub postcode: String,
}

pub(super) fn people(random: &mut Random, count: usize) -> Vec<Person> {
    nhs_numbers(count)
        .into_iter()
        .map(|nhs| Person {
            nhs,
            forename: word(random),
            surname: word(random),
            birth: (
                1930 + random.below(90),
                1 + random.below(12),
                1 + random.below(28),
            ),
            postcode: postcode(random),
        })
        .collect()
}

impl Person {
    pub(super) fn iso(&self) -> String {
        let (year, month, day) = self.birth;
        format!("{year:04}-{month:02}-{day:02}")
    }

    pub(super) fn british(&self) -> String {
        let (year, month, day) = self.birth;
        format!("{day:02}/{month:02}/{year:04}")
    }

    /// The same person, with at most one of name, date and postcode misspelt.
    pub(super) fn misspelt(&self, random: &mut Random) -> Self {
        let mut other = self.clone();
        match random.below(8) {
            0 => other.surname.push('e'),
            1 => other.birth.2 = 1 + other.birth.2 % 28,
            2 => other.postcode = postcode(random),
            _ => {}
        }
        other
    }
}
