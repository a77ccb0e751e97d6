//! Made-up people, and how their names and dates come to be written when they
//! visit again and again.

use crate::identifiers::{nhs_numbers, nino};
use crate::random::Random;

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) nhs: String,
    pub(crate) nino: String,
    pub(crate) forename: String,
    pub(crate) surname: String,
    /// Year, month, day.
    pub(crate) birth: (u64, u64, u64),
    pub(crate) postcode: String,
}

const FORENAMES: [&str; 40] = [
    "Aaliyah", "Adam", "Agnes", "Amir", "Anna", "Arthur", "Beatrice", "Callum", "Chidi", "Clara",
    "Daniel", "Dmitri", "Eleanor", "Ewan", "Fatima", "Finlay", "Grace", "Hamish", "Hiroshi",
    "Imogen", "Ivan", "Jasmine", "José", "Kwame", "Layla", "Liam", "Magnus", "Mei", "Mohammed",
    "Niamh", "Oliver", "Priya", "Rhys", "Rosa", "Siobhán", "Tariq", "Una", "Wiktoria", "Yusuf",
    "Zoë",
];
const BEGINNINGS: [&str; 30] = [
    "Ash", "Bar", "Black", "Brad", "Carl", "Clay", "Cross", "Dal", "East", "Elm", "Fair", "Fen",
    "Gar", "Hart", "Hol", "Ken", "Lang", "Mar", "Mid", "Nor", "Oak", "Pen", "Red", "Sand", "Stan",
    "Thorn", "Wal", "West", "Whit", "Wood",
];
const ENDINGS: [&str; 20] = [
    "bury", "by", "combe", "croft", "dale", "den", "field", "ford", "gate", "ham", "hurst", "ley",
    "low", "ridge", "shaw", "stead", "ton", "ward", "wick", "worth",
];
const AREAS: [&str; 12] = [
    "B", "BS", "CF", "EH", "G", "L", "LS", "M", "NE", "NR", "S", "YO",
];

fn surname(random: &mut Random) -> String {
    let one =
        |random: &mut Random| format!("{}{}", random.pick(&BEGINNINGS), random.pick(&ENDINGS));
    match random.below(20) {
        0 => format!("{}-{}", one(random), one(random)),
        1 => format!("O'{}", one(random)),
        2 => "Muñoz".to_owned(),
        _ => one(random),
    }
}

fn postcode(random: &mut Random) -> String {
    let unit = b"ABDEFGHJLNPQRSTUWXYZ";
    let mut letter = || char::from(unit[random.index(unit.len())]);
    let (first, second) = (letter(), letter());
    let (area, district) = (random.pick(&AREAS), random.between(1, 9));
    format!("{area}{district} {}{first}{second}", random.below(10))
}

/// So many people, no two with the same NHS number.
pub(crate) fn population(random: &mut Random, many: usize) -> Vec<Person> {
    nhs_numbers(random, many)
        .into_iter()
        .map(|nhs| Person {
            nhs,
            nino: nino(random),
            forename: (*random.pick(&FORENAMES)).to_owned(),
            surname: surname(random),
            birth: (
                random.between(1930, 2019),
                random.between(1, 12),
                random.between(1, 28),
            ),
            postcode: postcode(random),
        })
        .collect()
}

/// Every person comes at least once, and `visits` times on average. In the
/// order of a register, not of the people.
pub(crate) fn visits(random: &mut Random, people: &[Person], visits: usize) -> Vec<Person> {
    let mut all = people.to_vec();
    for _ in people.len()..people.len() * visits {
        all.push(random.pick(people).clone());
    }
    random.shuffle(&mut all);
    all
}

/// How many of a hundred entries of a register have a slip in a part. Linkage
/// studies find errors of a few per cent in each of name, birth date and
/// postcode of hospital records (Hagger-Johnson and others, "Data linkage
/// errors in hospital administrative data", BMC Med Inform Decis Mak 2017).
const SLIPS: u64 = 3;

/// The same person as somebody in a hurry writes it down.
pub(crate) fn misspell(random: &mut Random, person: &mut Person) {
    for name in [&mut person.surname, &mut person.forename] {
        if random.percent(SLIPS) {
            *name = slip(random, name);
        }
        match random.below(40) {
            0 => *name = name.to_uppercase(),
            1 => *name = name.to_lowercase(),
            2 => *name = name.replace('-', " "),
            3 => *name = name.replace('\'', ""),
            _ => {}
        }
    }
    let (year, month, day) = person.birth;
    if random.percent(SLIPS) {
        person.birth = match random.below(3) {
            0 if day <= 12 => (year, day, month),
            1 => (year, month, random.between(1, 28)),
            _ => (random.between(year - 5, year + 5), month, day),
        };
    }
    if random.percent(SLIPS) {
        person.postcode = postcode(random);
    }
    match random.below(10) {
        0 => person.postcode = person.postcode.replace(' ', ""),
        1 => person.postcode = person.postcode.to_lowercase(),
        _ => {}
    }
}

/// Two letters swapped, one left out, doubled or replaced.
fn slip(random: &mut Random, name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let at = random.between(1, letters.len() as u64 - 2);
    let at = usize::try_from(at).expect("a short name");
    match random.below(4) {
        0 => letters.swap(at, at + 1),
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters[at] = 'e',
    }
    letters.into_iter().collect()
}

pub(crate) fn iso(birth: (u64, u64, u64)) -> String {
    format!("{:04}-{:02}-{:02}", birth.0, birth.1, birth.2)
}

pub(crate) fn british(birth: (u64, u64, u64)) -> String {
    format!("{:02}/{:02}/{:04}", birth.2, birth.1, birth.0)
}
