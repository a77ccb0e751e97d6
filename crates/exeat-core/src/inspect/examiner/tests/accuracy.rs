//! What is found, and what is taken for something it is not.

use super::generator::{Random, isbn, nhs_number, nhs_numbers, people};
use super::*;

type Make = fn(&mut Random, u64) -> String;

/// Numbers of ten digits or so that are no NHS numbers: the second argument
/// counts the values of a column, from a start that differs from one column to
/// the next.
const OTHERS: [(&str, Make); 9] = [
    ("random", |random, _| {
        format!("{:010}", random.below(10_000_000_000))
    }),
    ("epoch", |random, _| {
        (1_400_000_000 + random.below(400_000_000)).to_string()
    }),
    ("daily epoch", |_, n| {
        (1_500_000_000 + n * 86_400).to_string()
    }),
    ("sequential", |_, n| (4_000_000_000 + n).to_string()),
    ("mobile", |random, _| {
        format!("07700900{:03}", random.below(1_000))
    }),
    ("mobile without zero", |random, _| {
        format!("7700900{:03}", random.below(1_000))
    }),
    ("isbn, english", |random, _| isbn(random, &["0", "1"])),
    ("isbn", |random, _| {
        isbn(
            random,
            &["0", "1", "2", "3", "4", "5", "7", "80", "90", "978"],
        )
    }),
    ("isbn, any", |random, _| isbn(random, &[""])),
];

#[test]
fn numbers_without_context_are_not_reported() {
    let mut random = Random(3);
    for (kind, make) in OTHERS {
        for header in [None, Some("code"), Some("ref")] {
            let (mut reported, mut values) = (0, 0);
            for (size, repeats) in [(5, 300), (10, 300), (20, 150), (50, 60), (1_000, 6)] {
                for _ in 0..repeats {
                    let start = random.below(1_000_000);
                    let column = (start..start + size)
                        .map(|n| vec![make(&mut random, n)])
                        .collect();
                    let file = match header {
                        Some(name) => File::new(&[name], column),
                        None => File::nameless(column),
                    };
                    reported += count(&inspect(&[file]), Class::NhsNumber);
                    values += size;
                }
            }
            assert!(
                reported * 1_000 <= values,
                "{kind}, {header:?}: {reported} of {values}"
            );
        }
    }
}

#[test]
fn large_columns_of_other_numbers_are_nobody() {
    let mut random = Random(4);
    for (kind, make) in OTHERS
        .iter()
        .filter(|(kind, _)| !kind.starts_with("mobile"))
    {
        let column = (0..1_000).map(|n| vec![make(&mut random, n)]).collect();
        let mut file = File::new(&["code"], column);
        // The last block is small enough to be left to chance by itself.
        file.block = 331;
        assert_eq!(inspect(&[file]).people.most, 0, "{kind}");
    }
}

#[test]
fn valid_numbers_are_found_in_every_written_form() {
    let forms: [fn(&str) -> String; 5] = [
        |n| n.to_owned(),
        |n| format!("{} {} {}", &n[..3], &n[3..6], &n[6..]),
        |n| format!("{}-{}-{}", &n[..3], &n[3..6], &n[6..]),
        |n| format!("{}.{}.{}", &n[..3], &n[3..6], &n[6..]),
        |n| format!(" {n} "),
    ];
    for form in forms {
        for size in [1, 5, 9, 10, 20, 1_000] {
            let column: Vec<_> = nhs_numbers(size).iter().map(|n| vec![form(n)]).collect();
            let size = u64::try_from(size).expect("small");
            let named = inspect(&[File::new(&["NHS No"], column.clone())]);
            assert_eq!(count(&named, Class::NhsNumber), size);
            assert_eq!((named.people.least, named.people.most), (size, size));
            assert_eq!(named.personal_records, size);
            for file in [File::new(&["c1"], column.clone()), File::nameless(column)] {
                let unnamed = inspect(&[file]);
                assert_eq!(unnamed.people.most, size, "head count at {size}");
                if size >= 10 {
                    assert_eq!(count(&unnamed, Class::NhsNumber), size);
                }
            }
        }
    }
}

#[test]
fn a_third_of_valid_numbers_is_enough() {
    let mut random = Random(5);
    let column = (0..1_000)
        .map(|n| {
            vec![if n % 3 == 0 {
                nhs_number(n)
            } else {
                format!("P-{:06}", random.below(1_000_000))
            }]
        })
        .collect();
    let facts = inspect(&[File::new(&["c1"], column)]);
    assert_eq!(count(&facts, Class::NhsNumber), 334);
    // Who stands in the others is not known: they count by rows.
    assert!(facts.people.most >= 900 && facts.people.most <= 1_000);
}

#[test]
fn bounds_hold_where_names_and_dates_are_misspelt() {
    let mut random = Random(6);
    let all = people(&mut random, 400);
    let mut keyed = Vec::new();
    let mut unkeyed = Vec::new();
    for person in all.iter().chain(&all).chain(&all[..200]) {
        let written = person.misspelt(&mut random);
        let name = format!("{}, {}", written.surname.to_uppercase(), written.forename);
        let row = [name, written.british(), written.postcode];
        keyed.push([vec![person.nhs.clone()], row.to_vec()].concat());
        unkeyed.push(row.to_vec());
    }
    let header = ["nhs_number", "patient name", "dob", "postcode"];
    let facts = inspect(&[File::new(&header, keyed)]);
    assert_eq!((facts.people.least, facts.people.most), (400, 400));
    let facts = inspect(&[File::new(&header[1..], unkeyed)]);
    assert!(facts.people.least <= 400 && facts.people.most >= 400);
    assert!(facts.people.least >= 150, "{:?}", facts.people);
    assert!(facts.people.most <= 900, "{:?}", facts.people);
    assert_eq!(facts.personal_records, 1_000);
}

#[test]
fn forms_of_name_and_date_make_one_person() {
    let mut random = Random(7);
    let all = people(&mut random, 60);
    let one = all
        .iter()
        .map(|p| {
            vec![
                format!("{} {}", p.forename, p.surname),
                p.iso(),
                p.postcode.clone(),
            ]
        })
        .collect();
    let two = all
        .iter()
        .map(|p| {
            let postcode = p.postcode.replace(' ', "").to_lowercase();
            vec![
                postcode,
                p.surname.to_uppercase(),
                p.british(),
                p.forename.clone(),
            ]
        })
        .collect();
    let facts = inspect(&[
        File::new(&["name", "dob", "postcode"], one),
        File::new(&["postcode", "surname", "dob", "forename"], two),
    ]);
    assert_eq!(facts.people.most, 60);
    assert_eq!(count(&facts, Class::BirthDate), 120);
    assert_eq!(count(&facts, Class::Name), 180);
    assert_eq!(count(&facts, Class::Postcode), 120);
}

#[test]
fn people_without_headers_are_counted() {
    let mut random = Random(8);
    let table = people(&mut random, 80)
        .into_iter()
        .map(|p| {
            let iso = p.iso();
            vec![p.forename, p.surname, iso, p.postcode]
        })
        .collect();
    let facts = inspect(&[File::nameless(table)]);
    assert_eq!(facts.people.most, 80);
    assert_eq!(count(&facts, Class::BirthDate), 80);
    assert_eq!(
        facts.classes[0].places[0].column.as_deref(),
        Some("column 3")
    );
}
