//! What must hold whatever the data: more files never show less, splitting
//! never hides people, and names, encodings and delimiters say nothing.

use exeat_core::inspect::Facts;

use crate::SEEDS;
use crate::encodings::ENCODINGS;
use crate::identifiers::nhs_numbers;
use crate::layouts::{Layout, Table};
use crate::look::{Failures, File, brief, figures, file, is_inspected, look};
use crate::people::{iso, population};
use crate::pool::pool;
use crate::random::Random;

/// The counts of the facts that grew less.
fn lowered(before: &Facts, after: &Facts) -> Vec<String> {
    let mut lowered = Vec::new();
    let mut compare = |what: String, before: u64, after: u64| {
        if after < before {
            lowered.push(format!("{what} {before} → {after}"));
        }
    };
    compare("bulk bytes".into(), before.bulk.bytes, after.bulk.bytes);
    compare("bulk files".into(), before.bulk.files, after.bulk.files);
    compare("bytes".into(), before.bytes, after.bytes);
    compare("files".into(), before.files, after.files);
    compare("containers".into(), before.containers, after.containers);
    compare("media".into(), before.media, after.media);
    compare(
        "people.least".into(),
        before.people.least,
        after.people.least,
    );
    compare("people.most".into(), before.people.most, after.people.most);
    compare(
        "personal records".into(),
        before.personal_records,
        after.personal_records,
    );
    compare("records".into(), before.records, after.records);
    compare(
        "uninspected".into(),
        before.uninspected.files,
        after.uninspected.files,
    );
    for class in &before.classes {
        compare(
            class.class.label().into(),
            class.count,
            crate::look::count(after, class.class),
        );
    }
    lowered
}

#[test]
fn adding_files_never_lowers_a_count() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let mut files = pool(&mut random);
        for round in 0..4 {
            random.shuffle(&mut files);
            let mut before: Option<Facts> = None;
            for many in 1..=files.len() {
                // One at a time at first, then several at once.
                if many > 4 && many % 4 != 0 {
                    continue;
                }
                let facts = look(&files[..many]);
                if let Some(before) = &before {
                    let lowered = lowered(before, &facts);
                    failures.check(lowered.is_empty(), || {
                        let names: Vec<&String> =
                            files[..many].iter().map(|(name, _)| name).collect();
                        format!("seed {seed}, round {round}, up to {names:?}: {lowered:?}")
                    });
                }
                before = Some(facts);
            }
        }
    }
    failures.end();
}

#[test]
fn what_files_are_called_changes_nothing() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let files = pool(&mut random);
        let before = figures(&look(&files));
        for round in 0..3 {
            let mut numbers: Vec<usize> = (0..files.len()).collect();
            random.shuffle(&mut numbers);
            let renamed: Vec<File> = files
                .iter()
                .zip(&numbers)
                .map(|((_, content), number)| file(format_args!("{number}.dat"), content.clone()))
                .collect();
            let after = figures(&look(&renamed));
            failures.check(before == after, || {
                format!("seed {seed}, round {round}, order {numbers:?}:\n  {before}\n  {after}")
            });
        }
    }
    failures.end();
}

/// Tables about people, or about what may be people.
fn tables(random: &mut Random) -> Vec<(&'static str, Table)> {
    let people = population(random, 60);
    let numbers = nhs_numbers(random, 60);
    let row = |cells: &[&str]| {
        cells
            .iter()
            .map(|&cell| cell.to_owned())
            .collect::<Vec<String>>()
    };
    let rows =
        |make: &dyn Fn(&crate::people::Person) -> Vec<String>| people.iter().map(make).collect();
    vec![
        (
            "NHS numbers, telling header",
            Table::column("nhs_number", &numbers).beside_others(),
        ),
        (
            "NHS numbers, other header",
            Table::column("reference", &numbers).beside_others(),
        ),
        ("NHS numbers alone", Table::column("value", &numbers)),
        (
            "NINOs",
            Table::new(&["ref", "code"], rows(&|p| row(&[&p.nino, "x"]))),
        ),
        (
            "NINOs, telling header",
            Table::new(&["nino", "pay"], rows(&|p| row(&[&p.nino, "1200"]))),
        ),
        (
            "names",
            Table::new(
                &["forename", "surname", "dob", "postcode"],
                rows(&|p| row(&[&p.forename, &p.surname, &iso(p.birth), &p.postcode])),
            ),
        ),
        (
            "names alone",
            Table::new(
                &["name", "seen"],
                rows(&|p| row(&[&format!("{} {}", p.forename, p.surname), "yes"])),
            ),
        ),
        (
            "e-mail",
            Table::new(
                &["contact", "n"],
                rows(&|p| row(&[&format!("{}@example.org", p.nhs), "1"])),
            ),
        ),
        (
            "health of ids",
            Table::new(
                &["patient_id", "diagnosis"],
                rows(&|p| row(&[&p.nhs[4..], "Type 2 diabetes"])),
            ),
        ),
        (
            "everything",
            Table::new(
                &["nhs_number", "name", "dob", "postcode", "diagnosis"],
                rows(&|p| {
                    row(&[
                        &p.nhs,
                        &format!("{} {}", p.forename, p.surname),
                        &iso(p.birth),
                        &p.postcode,
                        "Asthma",
                    ])
                }),
            ),
        ),
    ]
}

#[test]
fn splitting_rows_over_files_never_lowers_the_head_count() {
    let (mut failures, mut refused) = (Failures::default(), 0);
    for seed in SEEDS.into_iter().take(2) {
        let mut random = Random::new(seed);
        for (what, table) in tables(&mut random) {
            let layout =
                *random.pick(&[Layout::Csv, Layout::Tsv, Layout::Semicolon, Layout::Quoted]);
            let whole = look(&[layout.file("whole", &table)]);
            for (has_header, whole) in [
                (true, whole),
                (false, look(&[file("whole", layout.lines(&table.rows))])),
            ] {
                for size in [1, 2, 5, 9, 10, 29, 59] {
                    let parts: Vec<File> = table
                        .rows
                        .chunks(size)
                        .enumerate()
                        .map(|(number, rows)| {
                            let header = if has_header {
                                layout.line(&table.columns)
                            } else {
                                String::new()
                            };
                            file(number, header + &layout.lines(rows))
                        })
                        .collect();
                    let split = look(&parts);
                    let is_lower = split.people.most < whole.people.most;
                    // What is uninspected is refused, however few are counted.
                    refused += u32::from(is_lower && !is_inspected(&split));
                    failures.check(!is_lower || !is_inspected(&split), || {
                        format!("{what}, seed {seed}, {layout:?}, {size} rows a file, header {has_header}, \
                            such as {:?}:\n  whole {}\n  split {}", table.rows[0], brief(&whole), brief(&split))
                    });
                }
            }
        }
    }
    println!("fewer people but uninspected: {refused}");
    failures.end();
}

#[test]
fn a_header_in_the_first_part_alone_hides_nobody() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        for (what, table) in tables(&mut random) {
            // Names, or codes, with nothing beside them say what they are only
            // in the company of others or under a heading: the README says so.
            if matches!(what, "names alone" | "health of ids") {
                continue;
            }
            let whole = look(&[Layout::Csv.file("whole", &table)]);
            // As `split -l` leaves it.
            for size in [1, 5, 12, 30] {
                let lines: Vec<String> = [vec![table.columns.clone()], table.rows.clone()]
                    .concat()
                    .iter()
                    .map(|row| Layout::Csv.line(row))
                    .collect();
                let parts: Vec<File> = lines
                    .chunks(size)
                    .enumerate()
                    .map(|(number, lines)| file(format_args!("x{number:03}"), lines.concat()))
                    .collect();
                let split = look(&parts);
                failures.check(
                    split.people.most >= whole.people.most || !is_inspected(&split),
                    || {
                        format!(
                            "{what}, seed {seed}, {size} lines a file:\n  whole {}\n  split {}",
                            brief(&whole),
                            brief(&split)
                        )
                    },
                );
            }
        }
    }
    failures.end();
}

#[test]
fn encodings_and_delimiters_change_nothing() {
    let mut failures = Failures::default();
    for seed in SEEDS.into_iter().take(1) {
        let mut random = Random::new(seed);
        for (what, table) in tables(&mut random) {
            let before = figures(&look(&[Layout::Csv.file("table", &table)]));
            for layout in [
                Layout::Csv,
                Layout::Quoted,
                Layout::Tsv,
                Layout::Semicolon,
                Layout::Pipe,
            ] {
                let text = layout.write(&table);
                for (encoding, encode) in ENCODINGS {
                    for ends in ["\n", "\r\n"] {
                        let content = encode(&text.replace('\n', ends));
                        let after = figures(&look(&[file("table", content)]));
                        failures.check(before == after, || {
                            format!("{what}, seed {seed}, {layout:?}, {encoding}, line ends {ends:?}:\n  {before}\n  {after}")
                        });
                    }
                }
            }
        }
    }
    failures.end();
}
