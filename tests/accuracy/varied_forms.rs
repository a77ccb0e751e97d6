//! Numbers written in ways that vary, or spread over columns and files.

use crate::SEEDS;
use crate::evasion::check_found;
use crate::identifiers::{NHS_FORMS, grouped};
use crate::layouts::{Layout, Table};
use crate::look::{Failures, File, file};
use crate::people::population;
use crate::random::Random;

#[test]
fn forms_that_vary_within_a_file_hide_nobody() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let people = population(&mut random, 90);
        let cell = |random: &mut Random, number: &str| {
            let number = grouped(number, random.word(&NHS_FORMS));
            let (before, after) =
                *random.pick(&[("", ""), (" ", ""), ("", "  "), ("'", ""), ("NHS ", "")]);
            format!("{before}{number}{after}")
        };
        for header in ["nhs_number", "value"] {
            let numbers: Vec<String> = people.iter().map(|p| cell(&mut random, &p.nhs)).collect();
            let table = Table::column(header, &numbers).beside_others();
            for layout in Layout::ALL {
                check_found(
                    &format!("mixed forms under {header}, {layout:?}"),
                    seed,
                    90,
                    &[layout.file("t", &table)],
                    &mut failures,
                );
            }
            // One row a file, so that no column can be judged by its values.
            let rows: Vec<File> = table
                .rows
                .iter()
                .enumerate()
                .map(|(number, row)| {
                    file(
                        number,
                        Layout::Csv.line(&table.columns) + &Layout::Csv.line(row),
                    )
                })
                .collect();
            check_found(
                &format!("a row a file under {header}"),
                seed,
                90,
                &rows,
                &mut failures,
            );
        }
        let across = people
            .chunks(30)
            .map(|row| row.iter().map(|p| p.nhs.clone()).collect());
        let across: Vec<Vec<String>> = across.collect();
        let across = Layout::Csv.lines(&across);
        check_found(
            "thirty in a row, three rows",
            seed,
            90,
            &[file("wide.csv", across)],
            &mut failures,
        );
        let among: String = people
            .iter()
            .map(|p| {
                format!(
                    "{},{},{},{}\n",
                    random.digits(10),
                    random.digits(10),
                    p.nhs,
                    random.digits(10)
                )
            })
            .collect();
        check_found(
            "among columns of other numbers",
            seed,
            90,
            &[file("t.csv", among)],
            &mut failures,
        );
    }
    failures.end();
}
