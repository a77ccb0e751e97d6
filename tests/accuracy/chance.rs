//! Numbers that pass the check of NHS numbers by chance are not reported.

use exeat_core::inspect::Class::NhsNumber;

use crate::SEEDS;
use crate::identifiers::isbn;
use crate::layouts::{Layout, Table};
use crate::look::{Failures, File, Share, count, file, look};
use crate::random::Random;

/// What makes a column of so many values, and the headers it may have.
struct Kind {
    name: &'static str,
    headers: &'static [&'static str],
    make: fn(&mut Random, usize) -> Vec<String>,
}

const KINDS: [Kind; 8] = [
    Kind {
        name: "random",
        headers: &["value", "code", "reference", "id"],
        make: random_numbers,
    },
    Kind {
        name: "epochs of a day",
        headers: &["time", "epoch", "ts", "value"],
        make: |random, many| {
            let midnight = random.between(1_000_000_000, 1_900_000_000);
            let mut times: Vec<u64> = (0..many).map(|_| midnight + random.below(86_400)).collect();
            times.sort_unstable();
            texts(times)
        },
    },
    Kind {
        name: "epochs of decades",
        headers: &["created", "timestamp", "when"],
        make: |random, many| texts((0..many).map(|_| random.between(1_000_000_000, 1_900_000_000))),
    },
    Kind {
        name: "sequential",
        headers: &["id", "key", "order_no", "n"],
        make: |random, many| {
            let (first, step) = (
                random.between(1_000_000_000, 8_000_000_000),
                random.between(1, 3),
            );
            texts((0..many as u64).map(|number| first + number * step))
        },
    },
    Kind {
        name: "every tenth",
        headers: &["id", "barcode"],
        make: |random, many| {
            let first = random.between(1_000_000_000, 8_000_000_000);
            texts((0..many as u64).map(|number| first + number * 10))
        },
    },
    Kind {
        name: "phones, 11 digits",
        headers: &["phone", "mobile", "contact"],
        make: |random, many| (0..many).map(|_| format!("0{}", drama(random))).collect(),
    },
    Kind {
        name: "phones that lost the zero",
        headers: &["phone", "tel", "value"],
        make: |random, many| (0..many).map(|_| drama(random)).collect(),
    },
    Kind {
        name: "ISBN",
        headers: &["isbn", "ISBN-10", "book", "product"],
        make: |random, many| (0..many).map(|_| isbn(random)).collect(),
    },
];

fn random_numbers(random: &mut Random, many: usize) -> Vec<String> {
    let number = |_| format!("{}{}", random.between(1, 9), random.digits(9));
    (0..many).map(number).collect()
}

fn texts(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers
        .into_iter()
        .map(|number| number.to_string())
        .collect()
}

/// A number of Ofcom's ranges for drama, without the zero at its front.
fn drama(random: &mut Random) -> String {
    let range = random.pick(&[
        "7700900", "1632960", "2079460", "1134960", "1214960", "8081570",
    ]);
    format!("{range}{}", random.digits(3))
}

const LAYOUTS: [Layout; 5] = [
    Layout::Csv,
    Layout::Tsv,
    Layout::JsonLines,
    Layout::JsonNumbers,
    Layout::Insert,
];

/// Tables of one column of numbers each, by their size.
fn columns(random: &mut Random, kind: &Kind, size: usize, many: usize) -> Vec<File> {
    (0..many)
        .map(|number| {
            let values = (kind.make)(random, size);
            let table = Table::column(random.word(kind.headers), &values);
            let name = number.to_string();
            match random.below(8) {
                0 => file(name, values.join("\n")),
                1 => file(name, Layout::Csv.lines(&table.beside_others().rows)),
                2 => random.pick(&LAYOUTS).file(&name, &table),
                _ => random.pick(&LAYOUTS).file(&name, &table.beside_others()),
            }
        })
        .collect()
}

/// How many columns of each size; about the same number of values of each.
const SIZES: [(usize, usize); 6] = [(5, 60), (10, 100), (20, 50), (30, 30), (100, 9), (1000, 1)];

#[test]
fn columns_of_other_numbers_are_not_nhs_numbers() {
    battery(&SEEDS, 1, &SIZES);
}

#[test]
#[ignore = "a minute or more: the same with more and larger columns"]
fn many_columns_of_other_numbers_are_not_nhs_numbers() {
    let seeds: Vec<u64> = (100..110).collect();
    battery(
        &seeds,
        6,
        &[
            (5, 60),
            (10, 120),
            (20, 60),
            (30, 40),
            (100, 12),
            (1000, 3),
            (100_000, 1),
        ],
    );
}

fn battery(seeds: &[u64], times: usize, sizes: &[(usize, usize)]) {
    let (mut failures, mut all) = (Failures::default(), Share::default());
    for kind in &KINDS {
        let (mut share, mut people) = (Share::default(), Share::default());
        let mut worst = (0, String::new());
        for &(size, many) in sizes {
            let mut of_size = Share::default();
            for &seed in seeds {
                let mut random = Random::new(seed);
                let many = if size < 1000 { many * times } else { many };
                let files = columns(&mut random, kind, size, many);
                let facts = look(&files);
                let found = count(&facts, NhsNumber);
                of_size.add(found, (size * many) as u64);
                people.add(facts.people.most, (size * many) as u64);
                if found > worst.0 {
                    let places = facts.classes.iter().find(|class| class.class == NhsNumber);
                    worst = (
                        found,
                        format!(
                            "seed {seed}, size {size}: {:?}",
                            places.map(|class| class.places.first())
                        ),
                    );
                }
            }
            println!("{}, columns of {size}: {of_size}", kind.name);
            share.add(of_size.found, of_size.of);
        }
        println!(
            "{}: {share}; people at most, for each value: {people}",
            kind.name
        );
        failures.check(share.is_at_most(10), || {
            format!("{}: {share} reported; worst is {worst:?}", kind.name)
        });
        all.add(share.found, share.of);
    }
    println!("all columns: {all}");
    failures.check(all.is_at_most(10), || format!("all columns: {all}"));
    failures.end();
}

#[test]
fn a_large_column_of_random_numbers_is_not_nhs_numbers() {
    let (mut failures, many) = (Failures::default(), 100_000);
    let seed = SEEDS[0];
    let mut random = Random::new(seed);
    for kind in [&KINDS[0], &KINDS[3], &KINDS[7]] {
        let table = Table::column(kind.headers[0], &(kind.make)(&mut random, many));
        let facts = look(&[Layout::Csv.file("large", &table)]);
        let share = Share {
            found: count(&facts, NhsNumber),
            of: many as u64,
        };
        println!(
            "{}, {many} values: {share}, people at most {}",
            kind.name, facts.people.most
        );
        failures.check(share.is_at_most(10), || {
            format!("{}, seed {seed}: {share}", kind.name)
        });
    }
    failures.end();
}

/// Sentences around a number that is no NHS number.
const SENTENCES: [(&str, &str); 10] = [
    ("Order ", " was sent on Monday."),
    ("Please quote ", " when you write."),
    ("The build ", " took a while."),
    ("Parcel ", " is at the depot."),
    ("", " is the largest of them."),
    ("Ticket #", ": closed"),
    ("see page 4, number ", ", and the note below"),
    ("serial=", ""),
    ("Received ", " bytes in all."),
    ("The counter stood at ", " then."),
];

#[test]
fn other_numbers_in_text_are_not_nhs_numbers() {
    let (mut failures, mut all) = (Failures::default(), Share::default());
    for kind in &KINDS {
        let mut share = Share::default();
        for seed in SEEDS {
            let mut random = Random::new(seed);
            let values = (kind.make)(&mut random, 2000);
            let text: String = values
                .iter()
                .map(|value| {
                    let (before, after) = *random.pick(&SENTENCES);
                    format!("{before}{value}{after}\nAnd so it went on for some days.\n")
                })
                .collect();
            share.add(count(&look(&[file("notes.txt", text)]), NhsNumber), 2000);
        }
        println!("{} in text: {share}", kind.name);
        failures.check(share.is_at_most(10), || {
            format!("{} in text: {share}", kind.name)
        });
        all.add(share.found, share.of);
    }
    println!("all text: {all}");
    failures.end();
}
