//! Tables that give the same ids: people are counted over all of them.

use std::fmt::Write as _;

use crate::SEEDS;
use crate::layouts::{Layout, Table};
use crate::look::{Failures, File, brief, file, look};
use crate::people::{Person, iso, population};
use crate::random::Random;

const PEOPLE: usize = 60;

/// The table that says who they are; their ids begin with `from`.
fn patients(people: &[Person], from: usize) -> Table {
    let row = |(id, p): (usize, &Person)| {
        let name = format!("{} {}", p.forename, p.surname);
        vec![id.to_string(), p.nhs.clone(), name, iso(p.birth)]
    };
    Table::new(
        &["patient_id", "nhs_number", "name", "date_of_birth"],
        (from..).zip(people).map(row).collect(),
    )
}

/// Four results of each, mixed.
fn results(random: &mut Random, from: usize, column: &str, measure: &str) -> Table {
    let mut rows: Vec<Vec<String>> = (from..from + PEOPLE)
        .flat_map(|id| (0..4).map(move |_| id))
        .map(|id| {
            let value = random.between(40, 180).to_string();
            vec![id.to_string(), "2024-03-01".to_owned(), value]
        })
        .collect();
    random.shuffle(&mut rows);
    Table::new(&[column, "taken", measure], rows)
}

/// Some files, how many people there are, and at most how many are counted.
fn cases(random: &mut Random) -> Vec<(&'static str, Vec<File>, u64, u64)> {
    let people = population(random, PEOPLE);
    let names = patients(&people, 1);
    let glucose = results(random, 1, "PatientID", "glucose");
    let systolic = results(random, 1, "patient id", "systolic");
    let in_json = results(random, 1, "patient.id", "glucose");
    let elsewhere = results(random, 31, "patient_id", "glucose");
    let many = PEOPLE as u64;
    let csv = |name: &str, table: &Table| Layout::Csv.file(name, table);
    vec![
        (
            "names and results",
            vec![csv("a", &names), csv("b", &glucose)],
            many,
            many,
        ),
        (
            "results and names",
            vec![csv("a", &glucose), csv("b", &names)],
            many,
            many,
        ),
        ("results alone", vec![csv("a", &glucose)], many, many),
        (
            "results of other people, too",
            vec![csv("a", &names), csv("b", &elsewhere)],
            many + 30,
            many + 30,
        ),
        (
            "two tables of results",
            vec![csv("a", &names), csv("b", &glucose), csv("c", &systolic)],
            many,
            2 * many,
        ),
        (
            "results of two hospitals",
            vec![csv("a", &glucose), csv("b", &glucose)],
            2 * many,
            2 * many,
        ),
        (
            "JSON Lines beside a table",
            vec![csv("a", &names), nested("b", &in_json)],
            many,
            many,
        ),
        (
            "a dump",
            vec![dump(&people, &glucose, &systolic)],
            many,
            many,
        ),
    ]
}

/// `{"patient": {"id": …}, …}` a line.
fn nested(name: &str, table: &Table) -> File {
    let mut lines = String::new();
    for row in &table.rows {
        let _ = writeln!(
            lines,
            r#"{{"patient":{{"id":{}}},"taken":"{}","glucose":{}}}"#,
            row[0], row[1], row[2]
        );
    }
    file(name, lines)
}

/// A table of patients, and two that refer to it.
fn dump(people: &[Person], glucose: &Table, systolic: &Table) -> File {
    let mut sql = String::from(
        "-- MySQL dump 10.13\nCREATE TABLE `patients` (\n  `id` int NOT NULL,\n  `nhs_number` char(10),\n  `name` text\n);\n",
    );
    for (id, person) in (1..).zip(people) {
        let name = format!("{} {}", person.forename, person.surname).replace('\'', "''");
        let _ = writeln!(
            sql,
            "INSERT INTO `patients` VALUES ({id},'{}','{name}');",
            person.nhs
        );
    }
    for (name, measure, table) in [
        ("sugar", "glucose", glucose),
        ("pressure", "systolic", systolic),
    ] {
        let _ = writeln!(
            sql,
            "CREATE TABLE `{name}` (\n  `id` int,\n  `patient_id` int,\n  `taken` date,\n  `{measure}` int\n);"
        );
        for (at, row) in table.rows.iter().enumerate() {
            let _ = writeln!(
                sql,
                "INSERT INTO `{name}` VALUES ({at},{},'{}',{});",
                row[0], row[1], row[2]
            );
        }
    }
    file("dump", sql)
}

#[test]
fn people_are_counted_over_tables_that_give_their_ids() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        for (what, files, truth, most) in cases(&mut random) {
            let facts = look(&files);
            let people = facts.people;
            failures.check(
                people.least <= truth && people.most >= truth && people.most <= most,
                || {
                    format!(
                        "{what}, seed {seed}: {truth} to {most} expected, {}",
                        brief(&facts)
                    )
                },
            );
        }
    }
    failures.end();
}

#[test]
fn no_order_of_files_that_give_ids_lowers_the_count() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let cases = cases(&mut random);
        let mut files: Vec<File> = cases
            .into_iter()
            .flat_map(|(_, files, ..)| files)
            .enumerate()
            .map(|(number, (_, content))| file(number, content))
            .collect();
        for round in 0..3 {
            random.shuffle(&mut files);
            let mut before = 0;
            for many in 1..=files.len() {
                let most = look(&files[..many]).people.most;
                failures.check(most >= before, || {
                    format!("seed {seed}, round {round}, {many} files: {before} → {most}")
                });
                before = most;
            }
        }
    }
    failures.end();
}
