//! Made-up people, the same at every run, and files that hold them.
//!
//! NHS numbers are of the range 999, which is for tests; telephone numbers are
//! of Ofcom's ranges for drama; mail goes to example domains; the sort code
//! is that of Vocalink's published examples of modulus checking.

use std::fmt::Write as _;

use crate::environment::Ran;

const FIRST: [&str; 16] = [
    "Quenby",
    "Thandolwe",
    "Isolde",
    "Barnaby",
    "Oriel",
    "Lachlan",
    "Perpetua",
    "Caradoc",
    "Zuleika",
    "Fenella",
    "Ignatius",
    "Merioneth",
    "Tarquin",
    "Vashti",
    "Rhiannon",
    "Eustace",
];
const LAST: [&str; 13] = [
    "Thistlewick",
    "Umbersmith",
    "Cobblepot",
    "Farthingdale",
    "Wintersgill",
    "Mossgrave",
    "Hollybrand",
    "Quillfeather",
    "Larkspurn",
    "Dunnymeade",
    "Oxenholt",
    "Silverfold",
    "Brackenhurst",
];
/// ICD-10.
const CODES: [&str; 5] = ["E11.9", "I10", "J45.0", "C50.9", "F32.1"];
/// From the census of England and Wales, 2021.
const GROUPS: [&str; 3] = [
    "Asian or Asian British - Indian",
    "White - Irish",
    "Black, Black British, Caribbean or African - Caribbean",
];

pub(crate) struct Person {
    pub(crate) nhs: String,
    pub(crate) name: String,
    pub(crate) born: String,
    pub(crate) email: String,
    pub(crate) phone: String,
    number: usize,
}

/// So many people; those of another seed, below 1,000, are others.
pub(crate) fn people(seed: usize, count: usize) -> Vec<Person> {
    let numbers = (0..1000).map(|n| seed * 1000 + n * 7 % 1000);
    let people: Vec<_> = numbers.filter_map(person).take(count).collect();
    assert_eq!(people.len(), count, "a seed has no more than 900 people");
    people
}

fn person(number: usize) -> Option<Person> {
    let digits = format!("999{number:06}");
    // NHS Data Dictionary: weights 10 to 2, and a check digit of 10 is none.
    let sum: u32 = (2..=10)
        .rev()
        .zip(digits.bytes())
        .map(|(w, d)| w * u32::from(d - b'0'))
        .sum();
    let check = (11 - sum % 11) % 11;
    if check == 10 {
        return None;
    }
    let (first, last) = (FIRST[number % FIRST.len()], LAST[number % LAST.len()]);
    Some(Person {
        nhs: format!("{digits}{check}"),
        name: format!("{first} {last}"),
        born: format!(
            "19{:02}-{:02}-{:02}",
            30 + number % 67,
            1 + number % 12,
            1 + number % 28
        ),
        email: format!("{first}.{last}{number}@mail.example").to_lowercase(),
        phone: format!("07700 900{:03}", number % 1000),
        number,
    })
}

/// A table of them, without anything sensitive: whose data it is, and how to
/// reach them.
pub(crate) fn table(people: &[Person]) -> String {
    delimited(people, ',')
}

fn delimited(people: &[Person], comma: char) -> String {
    let header = ["nhs_number", "name", "date_of_birth", "email", "telephone"];
    let mut text = header.join(&comma.to_string()) + "\n";
    for p in people {
        let row = [&*p.nhs, &*p.name, &*p.born, &*p.email, &*p.phone];
        text += &(row.join(&comma.to_string()) + "\n");
    }
    text
}

/// The same people in every form that is read: name, content.
pub(crate) fn in_every_form(people: &[Person]) -> Vec<(&'static str, Vec<u8>)> {
    let objects = people.iter().map(|p| {
        format!(
            r#"{{"nhs_number":"{}","name":"{}","dob":"{}","contact":{{"email":"{}"}}}}"#,
            p.nhs, p.name, p.born, p.email
        )
    });
    let objects: Vec<_> = objects.collect();
    let mut sql = String::from("CREATE TABLE patients (nhs_number text, name text, email text);\n");
    let (mut fhir, mut letters) = (String::new(), String::new());
    for p in people {
        let Person {
            nhs,
            name,
            email,
            born,
            ..
        } = p;
        let _ = writeln!(
            sql,
            "INSERT INTO patients VALUES ('{nhs}','{name}','{email}');"
        );
        let _ = writeln!(
            fhir,
            r#"{{"resourceType":"Patient","id":"p{nhs}","identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{nhs}"}}],"birthDate":"{born}"}}"#
        );
        let spaced = format!("{} {} {}", &nhs[..3], &nhs[3..6], &nhs[6..]);
        let _ = writeln!(
            letters,
            "Dear {name},\nyour NHS number is {spaced}. We write to {email}.\n"
        );
    }
    let wide = |text: &str, to: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
        units.flat_map(to).collect()
    };
    let csv = table(people);
    vec![
        ("little.csv", wide(&csv, u16::to_le_bytes)),
        ("big.csv", wide(&csv, u16::to_be_bytes)),
        ("marked.csv", format!("\u{feff}{csv}").into()),
        ("semicolons.csv", delimited(people, ';').into()),
        ("bars.txt", delimited(people, '|').into()),
        ("tabs.tsv", delimited(people, '\t').into()),
        ("windows.csv", csv.replace('\n', "\r\n").into()),
        ("array.json", format!("[{}]", objects.join(",")).into()),
        ("lines.jsonl", (objects.join("\n") + "\n").into()),
        ("fhir.ndjson", fhir.into()),
        ("dump.sql", sql.into()),
        ("letters.txt", letters.into()),
        ("plain.csv", csv.into()),
    ]
}

/// A table of what ails them.
pub(crate) fn diagnoses(people: &[Person]) -> String {
    with_column(people, "diagnosis", |p| {
        CODES[p.number % CODES.len()].to_owned()
    })
}

/// A table of their ethnic groups.
pub(crate) fn ethnicities(people: &[Person]) -> String {
    with_column(people, "ethnicity", |p| {
        format!("\"{}\"", GROUPS[p.number % GROUPS.len()])
    })
}

/// A table of their bank accounts.
pub(crate) fn accounts(people: &[Person]) -> String {
    with_column(people, "sort_code,account_number", |p| {
        format!("08-99-99,{:08}", 66_374_958 + p.number)
    })
}

fn with_column(people: &[Person], column: &str, value: fn(&Person) -> String) -> String {
    let mut text = format!("nhs_number,name,{column}\n");
    for p in people {
        let _ = writeln!(text, "{},{},{}", p.nhs, p.name, value(p));
    }
    text
}

/// Demands that nothing of any of them is in a text.
#[track_caller]
pub(crate) fn assert_nobody(people: &[Person], text: &str) {
    let lower = text.to_lowercase();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    for p in people {
        // Names, numbers and addresses in whatever way they are written.
        for value in [&p.name, &p.email] {
            assert!(!lower.contains(&value.to_lowercase()), "{value} in\n{text}");
        }
        for word in p.name.split(' ') {
            assert!(!lower.contains(&word.to_lowercase()), "{word} in\n{text}");
        }
        assert!(!digits.contains(&p.nhs), "{} in\n{text}", p.nhs);
        for value in [&p.born, &p.phone] {
            assert!(!text.contains(value.as_str()), "{value} in\n{text}");
        }
    }
}

/// Demands it of everything that a run has said.
#[track_caller]
pub(crate) fn assert_names_nobody(people: &[Person], ran: &Ran) {
    assert_nobody(people, &format!("{}\n{}", ran.out, ran.err));
}
