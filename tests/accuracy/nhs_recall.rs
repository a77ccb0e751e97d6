//! Every valid NHS number is found, however it is written: in columns under
//! any header and under none, and in text beside a word that says what it is.

use exeat_core::inspect::Class::NhsNumber;

use crate::SEEDS;
use crate::identifiers::{NHS_FORMS, grouped, nhs_numbers};
use crate::layouts::{Layout, Table};
use crate::look::{Failures, Share, brief, count, look, look_at};
use crate::random::Random;

const TELLING: [&str; 6] = [
    "nhs_number",
    "NHS No",
    "NHS Number",
    "nhsNumber",
    "PatientNHSNo",
    "NHS_NUM",
];
/// Say nothing, or something else.
const OTHERS: [&str; 9] = [
    "value",
    "id",
    "reference",
    "key",
    "column3",
    "number",
    "phone",
    "account number",
    "order no",
];

/// The same numbers, each written in the form of that index, or in mixed forms.
fn written(random: &mut Random, numbers: &[String], form: usize) -> Vec<String> {
    let write = |number: &String| {
        let form = NHS_FORMS
            .get(form)
            .map_or_else(|| random.word(&NHS_FORMS), |form| *form);
        grouped(number, form)
    };
    numbers.iter().map(write).collect()
}

fn check(
    what: &str,
    seed: u64,
    table: &Table,
    layouts: &[Layout],
    failures: &mut Failures,
) -> Share {
    let (mut share, many) = (Share::default(), table.rows.len() as u64);
    for layout in layouts {
        let facts = look(&[layout.file("table", table)]);
        let found = count(&facts, NhsNumber);
        share.add(found.min(many), many);
        let exact = facts.people.least == many && facts.people.most == many;
        failures.check(found >= many && exact, || {
            let first = &table.rows[0];
            format!(
                "{what}, seed {seed}, {layout:?}, {many} rows such as {first:?} under {:?}: {}",
                table.columns,
                brief(&facts)
            )
        });
    }
    share
}

#[test]
fn in_columns_with_a_telling_header() {
    let (mut failures, mut share) = (Failures::default(), Share::default());
    for seed in SEEDS {
        let mut random = Random::new(seed);
        for form in 0..=NHS_FORMS.len() {
            let rows = *random.pick(&[1, 3, 12, 60]);
            let numbers = nhs_numbers(&mut random, rows);
            let values = written(&mut random, &numbers, form);
            let table = Table::column(random.word(&TELLING), &values);
            let what = format!("telling header, form {form}");
            let some = [Layout::Csv, Layout::Json, Layout::JsonLines, Layout::Insert];
            let alone = check(&what, seed, &table, &some, &mut failures);
            let table = table.beside_others();
            let beside = check(&what, seed, &table, &Layout::ALL, &mut failures);
            share.add(alone.found + beside.found, alone.of + beside.of);
        }
    }
    println!("NHS numbers under a telling header: {share}");
    failures.end();
}

#[test]
fn in_columns_with_another_header() {
    let (mut failures, mut share) = (Failures::default(), Share::default());
    for seed in SEEDS {
        let mut random = Random::new(seed);
        for header in OTHERS {
            let rows = *random.pick(&[10, 11, 30, 100]);
            let numbers = nhs_numbers(&mut random, rows);
            let form = random.index(NHS_FORMS.len() + 1);
            let values = written(&mut random, &numbers, form);
            let table = Table::column(header, &values).beside_others();
            let what = format!("header {header:?}, form {form}");
            let found = check(&what, seed, &table, &Layout::ALL, &mut failures);
            share.add(found.found, found.of);
        }
    }
    println!("NHS numbers under another header: {share}");
    failures.end();
}

#[test]
fn in_columns_without_a_header() {
    let (mut failures, mut share) = (Failures::default(), Share::default());
    for seed in SEEDS {
        let mut random = Random::new(seed);
        for form in 0..=NHS_FORMS.len() {
            let rows = *random.pick(&[10, 25, 200]);
            let numbers = nhs_numbers(&mut random, rows);
            let alone = Table::column("", &written(&mut random, &numbers, form));
            let beside = alone.clone().beside_others();
            for (place, table) in [("alone", alone), ("beside others", beside)] {
                for layout in Layout::ALL
                    .into_iter()
                    .filter(|layout| layout.delimiter().is_some())
                {
                    let many = table.rows.len() as u64;
                    let facts = look_at("table", layout.lines(&table.rows));
                    let found = count(&facts, NhsNumber);
                    share.add(found.min(many), many);
                    failures.check(found >= many && facts.people.most >= many, || {
                        format!(
                            "no header, form {form}, {place}, seed {seed}, {layout:?}, {many} \
                            rows such as {:?}: {}",
                            table.rows[0],
                            brief(&facts)
                        )
                    });
                }
            }
        }
    }
    println!("NHS numbers without a header: {share}");
    failures.end();
}

/// What stands before and after a number in letters, e-mails and notes.
const CONTEXTS: [(&str, &str); 12] = [
    ("NHS number: ", ""),
    ("NHS No. ", ", seen today"),
    ("NHS no ", "."),
    ("(NHS Number ", ")"),
    ("nhs#", ""),
    ("Their NHS number is ", " and they were told so."),
    ("NHS Number:\t", ""),
    ("NHS Number:\n", ""),
    ("NHS-Nr. ", ";"),
    ("nhs_number=", "&page=2"),
    ("\"nhs_number\": \"", "\" was in the message"),
    ("NHS: ", " (verified)"),
];
const PROSE: [&str; 6] = [
    "Thank you for referring this person to the clinic.",
    "We talked about the results and agreed to meet again in spring.",
    "There was no change since the last letter.",
    "A copy goes to the practice; please file it.",
    "Enclosed are two forms, one of which needs a signature.",
    "The waiting room was full, so the visit began late.",
];

#[test]
fn in_text_with_context() {
    let (mut failures, mut share) = (Failures::default(), Share::default());
    for seed in SEEDS {
        let mut random = Random::new(seed);
        for (before, after) in CONTEXTS {
            for form in 0..NHS_FORMS.len() {
                let rows = *random.pick(&[1, 2, 25]);
                let numbers = nhs_numbers(&mut random, rows);
                let text: String = written(&mut random, &numbers, form)
                    .iter()
                    .map(|number| {
                        let (first, last) = (*random.pick(&PROSE), *random.pick(&PROSE));
                        format!("{first}\n{before}{number}{after}\n{last}\n\n")
                    })
                    .collect();
                let (facts, many) = (look_at("letter.txt", text.clone()), numbers.len() as u64);
                let found = count(&facts, NhsNumber);
                share.add(found.min(many), many);
                let exact = facts.people.least == many && facts.people.most == many;
                failures.check(found >= many && exact, || {
                    let start: String = text.chars().take(160).collect();
                    format!(
                        "text {before:?}, form {form}, seed {seed}, {many} numbers, \
                        {start:?}: {}",
                        brief(&facts)
                    )
                });
            }
        }
    }
    println!("NHS numbers in text with context: {share}");
    failures.end();
}
