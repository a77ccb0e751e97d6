//! People whom text mentions without a number: letters, lists, forms.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

const FORENAMES: [&str; 10] = [
    "Agnes", "Amir", "Callum", "Chidi", "Clara", "Dmitri", "Fatima", "Imogen", "Niamh", "Rhys",
];
/// In no list of forenames.
const RARE: [&str; 10] = [
    "Quenby",
    "Thandolwe",
    "Isolde",
    "Perpetua",
    "Caradoc",
    "Zuleika",
    "Tarquin",
    "Vashti",
    "Leofric",
    "Hepzibah",
];
const SURNAMES: [&str; 10] = [
    "Ashbury",
    "Barcroft",
    "Blackshaw",
    "Carlworth",
    "Daleham",
    "Elmstead",
    "Fenwick",
    "Garwick",
    "Hartshaw",
    "Kenworth",
];

struct Person {
    forename: &'static str,
    surname: &'static str,
    born: String,
    number: usize,
}

fn people(forenames: &[&'static str], many: usize) -> Vec<Person> {
    let one = |number: usize| Person {
        forename: forenames[number % 10],
        surname: SURNAMES[(number / 10 + number * 3) % 10],
        born: format!(
            "{}-{:02}-{:02}",
            1930 + number % 60,
            number % 12 + 1,
            number % 28 + 1
        ),
        number,
    };
    (0..many).map(one).collect()
}

type Write = fn(&Person) -> String;

/// Forms in which records of a name, a date of birth and more are written.
const RECORDS: [(&str, Write); 12] = [
    ("blocks", |p| {
        format!(
            "Patient: {} {}\nDate of birth: {}\nDiagnosis: diabetes (E11.9)\n\n",
            p.forename, p.surname, p.born
        )
    }),
    ("no blank lines", |p| {
        format!(
            "Patient: {} {}\nDate of birth: {}\nDiagnosis: diabetes\n",
            p.forename, p.surname, p.born
        )
    }),
    ("YAML", |p| {
        format!(
            "- name: {} {}\n  dob: {}\n  diagnosis: E11.9\n",
            p.forename, p.surname, p.born
        )
    }),
    ("TOML", |p| {
        format!(
            "[[person]]\nname = \"{} {}\"\ndob = {}\n\n",
            p.forename, p.surname, p.born
        )
    }),
    ("INI", |p| {
        format!(
            "[{}]\nforename={}\nsurname={}\ndob={}\n",
            p.number, p.forename, p.surname, p.born
        )
    }),
    ("vCard", |p| {
        format!(
            "BEGIN:VCARD\nVERSION:3.0\nFN:{0} {1}\nN:{1};{0};;;\nBDAY:{2}\nTEL;TYPE=CELL:07700 900{3:03}\nEMAIL:p{3}@example.com\nEND:VCARD\n",
            p.forename, p.surname, p.born, p.number
        )
    }),
    ("Markdown", |p| {
        format!("| {} {} | {} | diabetes |\n", p.forename, p.surname, p.born)
    }),
    ("fixed width", |p| {
        format!(
            "{:30}{:14}diabetes\n",
            format!("{} {}", p.forename, p.surname),
            p.born
        )
    }),
    ("single blanks", |p| {
        format!("{} {} {} asthma\n", p.forename, p.surname, p.born)
    }),
    ("in brackets", |p| {
        format!("{} {} ({})\n", p.forename, p.surname, p.born)
    }),
    ("a sentence", |p| {
        format!(
            "{} {} was born on {} and is well.\n",
            p.forename, p.surname, p.born
        )
    }),
    ("windows", |p| {
        format!(
            "{}, {}; {}\r\n",
            p.surname.to_uppercase(),
            p.forename,
            p.born
        )
    }),
];

fn written(people: &[Person], write: Write) -> String {
    people.iter().map(write).collect()
}

#[test]
fn records_in_text_are_of_people_counted_once() {
    for (form, write) in RECORDS {
        for forenames in [&FORENAMES, &RARE] {
            let text = written(&people(forenames, 100), write);
            let facts = inspect_text(&text, 1);
            assert_eq!(facts.people.most, 100, "{form}");
            assert_eq!(count(&facts, Class::BirthDate), 100, "{form}");
            assert_eq!(count(&facts, Class::Name), 100, "{form}");
            assert!(facts.personal_records <= facts.records, "{form}");
            if form != "a sentence" {
                assert_eq!(facts.personal_records, 100, "{form}");
            }
        }
    }
}

#[test]
fn one_person_in_many_records_is_one() {
    for (form, write) in RECORDS {
        let text: String = people(&FORENAMES, 1).iter().map(write).collect();
        let facts = inspect_text(&text.repeat(100), 1);
        assert_eq!(facts.people.most, 1, "{form}");
    }
}

#[test]
fn lists_of_names_are_of_people() {
    let them = people(&FORENAMES, 100);
    let forms: [(&str, Write); 5] = [
        ("alone", |p| format!("{} {}\n", p.forename, p.surname)),
        ("surname first", |p| {
            format!("{}, {}\n", p.surname.to_uppercase(), p.forename)
        }),
        ("numbered", |p| {
            format!("{}. {} {}\n", p.number + 1, p.forename, p.surname)
        }),
        ("bullets", |p| format!("- {} {}\n", p.forename, p.surname)),
        ("beside others", |p| {
            format!("{} {}, North\n", p.forename, p.surname)
        }),
    ];
    for (form, write) in forms {
        let facts = inspect_text(&written(&them, write), 1);
        assert_eq!(facts.people.most, 100, "{form}");
        assert_eq!(facts.personal_records, 100, "{form}");
    }
}

/// Nobody knows whether these are people.
#[test]
fn a_list_of_what_may_be_names_is_not_inspected() {
    let them = people(&RARE, 100);
    let list = written(&them, |p| format!("{} {}\n", p.forename, p.surname));
    // Three that are told make it one of people.
    let three = format!("Agnes Ashbury\nAmir Barcroft\nClara Kenworth\n{list}");
    assert_eq!(inspect_text(&three, 1).people.most, 103);
    let facts = inspect_text(&list, 1);
    assert_eq!(facts.uninspected.files, 1);
    assert_eq!(facts.uninspected.places[0].reason, mentions::UNREAD);
}

#[test]
fn health_of_whoever_is_named_is_health_data() {
    for somebody in [
        "Re: John Smith, born 12/03/1961",
        "Dear Mrs Ashbury,",
        "Dear Agnes Ashbury,",
        "Patient: Agnes Ashbury",
        "Date of birth: 12/03/1961",
        "Write to anna@example.com.",
        "Ring 07700 900123.",
        "NI number AB123456C",
        "Name: Agnes Ashbury",
    ] {
        for health in [
            "Diagnosis: type 2 diabetes (E11.9).",
            "HIV positive.",
            "Takes insulin.",
        ] {
            let facts = inspect_text(&format!("{somebody}\n\n{health}\n"), 1);
            assert!(count(&facts, Class::Health) > 0, "{somebody} {health}");
            assert!(facts.people.most > 0, "{somebody}");
            assert_eq!(facts.personal_records, 1, "{somebody}");
        }
    }
    let facts = inspect_text("A diagnosis of diabetes needs two tests.\n", 1);
    assert!(facts.classes.is_empty());
}

#[test]
fn labels_tell_special_categories_of_somebody() {
    let facts = inspect_text(
        "Name: Agnes Ashbury\nReligion: Sikh\nEthnicity: Indian\n",
        1,
    );
    assert_eq!(count(&facts, Class::Religion), 1);
    assert_eq!(count(&facts, Class::Ethnicity), 1);
    let facts = inspect_text("Religion: Sikh\nEthnicity: Indian\n", 1);
    assert!(facts.classes.is_empty());
}

#[test]
fn a_name_beside_a_number_is_nobody_else() {
    let facts = inspect_text("Dear Mrs Ashbury,\nyour NHS number is 9990000018.\n", 1);
    assert_eq!((facts.people.least, facts.people.most), (1, 1));
    let both = "Mr Ashbury and Mrs Carlworth; NHS number 9990000018.\n";
    assert_eq!(inspect_text(both, 1).people.most, 2);
}

#[test]
fn programs_and_their_documents_are_nobody() {
    let mut workflow = String::from("name: Build And Test\non: push\njobs:\n");
    let mut book = String::from("# Contents\n\n");
    let mut log = String::new();
    for number in 0..80 {
        let step = ["Install", "Configure", "Compile", "Publish"][number % 4];
        let what = RARE[number % 10];
        let _ = writeln!(
            workflow,
            "  - name: {step} {what}\n    run: make part-{number}"
        );
        let _ = writeln!(
            book,
            "- {step} {what}\n\n  Explains what it does, and why, on pages.\n"
        );
        let _ = writeln!(
            log,
            "2024-01-{:02} 12:00:01 INFO {step} {what} finished",
            number % 28 + 1
        );
    }
    for text in [
        &workflow,
        &book,
        &log,
        "struct Row {\n    first_name: String,\n    last_name: Text,\n    born: Date,\n}\n",
        "Name: Release Notes\nVersion: 1.2\n\nSee The Manual, Second Part.\n",
    ] {
        let facts = inspect_text(text, 1);
        assert_eq!((facts.people.most, facts.classes.len()), (0, 0), "{text}");
        assert_eq!(facts.uninspected.files, 0, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However a text is cut into blocks at the ends of records, and whatever
    /// forms stand in it: nobody is lost.
    #[test]
    fn more_text_never_means_fewer_people(
        forms in prop::collection::vec(0..RECORDS.len(), 1..4),
        many in 1usize..30,
    ) {
        let them = people(&FORENAMES, many);
        let texts: Vec<String> = forms.iter().map(|&form| written(&them, RECORDS[form].1)).collect();
        let apart = texts.iter().map(|text| inspect_text(text, 1).people.most).max().unwrap_or(0);
        let together = inspect_text(&texts.join("\n"), 1);
        prop_assert_eq!(apart, u64::try_from(many).expect("few"));
        prop_assert!(together.people.most >= apart);
        prop_assert!(together.people.least <= apart);
    }

    #[test]
    fn any_lines_are_survived(text in "([A-Z][a-z]{0,5}|name: |dob=|[0-9]{1,4}|[ ,;:|/\\-\r\n\t]|é|Dear ){0,60}") {
        inspect_text(&text, 1);
    }
}

/// Who changed a program, and when.
#[test]
fn the_dates_of_a_journal_are_no_birth_dates() {
    let journal = |first: usize, step: usize, many: usize| -> String {
        let entry = |at: usize| {
            let day = first + at * step;
            let date = format!("{}-{:02}-{:02}", day / 336, day / 28 % 12 + 1, day % 28 + 1);
            let name = format!("{} {}", FORENAMES[at % 4], SURNAMES[at % 4]);
            format!(
                "{date}  {name}  <{}@example.org>\n\n\t* main.c: Mend it.\n\n",
                at % 4
            )
        };
        let entries: Vec<String> = (0..many).map(entry).collect();
        entries.into_iter().rev().collect()
    };
    let facts = inspect_text(&journal(2010 * 336, 9, 100), 1);
    assert_eq!(count(&facts, Class::BirthDate), 0);
    assert_eq!(count(&facts, Class::Name), 4);
    // Some are older than any program, or there are few, or in no order.
    let old = journal(1950 * 336, 90, 100);
    let few = journal(2010 * 336, 9, 6);
    let shuffled = {
        let text = journal(2010 * 336, 9, 100);
        let entries: Vec<&str> = text.split_inclusive("it.\n\n").collect();
        (0..100)
            .map(|at| entries[at * 37 % 100])
            .collect::<String>()
    };
    for (text, many) in [(old, 100), (few, 6), (shuffled, 100)] {
        assert_eq!(count(&inspect_text(&text, 1), Class::BirthDate), many);
    }
    // Everybody once, sorted by age.
    let mut born: Vec<Person> = people(&FORENAMES, 100);
    born.sort_by(|one, other| one.born.cmp(&other.born));
    let list = written(&born, |p| {
        format!("{}  {} {}\n", p.born, p.forename, p.surname)
    });
    assert_eq!(count(&inspect_text(&list, 1), Class::BirthDate), 100);
}
