//! Tables too wide, lines too long and plain noise: never a crash, and never
//! the impression that there is nobody in it.

use crate::SEEDS;
use crate::bad_input::register;
use crate::layouts::{Layout, Table, string};
use crate::look::{Failures, brief, is_clean, is_inspected, look, look_at};
use crate::people::population;
use crate::random::Random;

#[test]
fn tables_of_10_000_columns_are_not_clean() {
    let mut failures = Failures::default();
    let people = population(&mut Random::new(SEEDS[0]), 12);
    let mut wide = Table::new(&[], vec![vec!["7".to_owned(); 10_000]; people.len()]);
    wide.columns = (0..10_000).map(|number| format!("c{number}")).collect();
    wide.columns[9_990] = "nhs_number".to_owned();
    for (row, person) in wide.rows.iter_mut().zip(&people) {
        row[9_990].clone_from(&person.nhs);
    }
    for layout in [
        Layout::Csv,
        Layout::Tsv,
        Layout::Json,
        Layout::JsonLines,
        Layout::Insert,
    ] {
        let facts = look(&[layout.file("wide", &wide)]);
        failures.check(facts.people.most >= 12 || !is_inspected(&facts), || {
            format!("{layout:?} of 10,000 columns, 12 people: {}", brief(&facts))
        });
    }
    failures.end();
}

#[test]
fn lines_of_32_mib_are_not_clean() {
    lines_of(32 << 20);
}

#[test]
#[ignore = "a minute: lines of 1 GiB"]
fn lines_of_1_gib_are_not_clean() {
    lines_of(1 << 30);
}

fn lines_of(length: usize) {
    let mut failures = Failures::default();
    let mut random = Random::new(SEEDS[0]);
    let people = population(&mut random, 50);
    let csv = Layout::Csv.write(&register(&people));
    let filler = |unit: &str| unit.repeat(length / unit.len());
    let ways: [(&str, &dyn Fn() -> String); 4] = [
        ("a cell", &|| {
            format!(
                "{csv}x,\"{}\",y\n{}",
                filler("word "),
                Layout::Csv.lines(&register(&people).rows)
            )
        }),
        ("rows without line ends", &|| {
            filler(&csv.replace('\n', ","))
        }),
        ("a JSON string", &|| {
            format!(
                "{{\"a\": {}, \"rows\": {}}}",
                string(&filler("text ")),
                Layout::Json.write(&register(&people))
            )
        }),
        ("digits", &|| filler("9990000018")),
    ];
    for (what, make) in ways {
        let facts = look_at("file", make());
        failures.check(facts.people.most >= 50 || !is_inspected(&facts), || {
            format!("{what} of {length} bytes: {}", brief(&facts))
        });
    }
    failures.end();
}

#[test]
fn noise_is_not_clean() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let bytes: Vec<u8> = (0..50_000)
            .flat_map(|_| random.next().to_le_bytes())
            .collect();
        let wild: [(&str, Vec<u8>); 6] = [
            ("random bytes", bytes.clone()),
            ("a few random bytes", bytes[..40].to_vec()),
            ("NUL", vec![0; 5000]),
            ("one NUL", vec![0]),
            (
                "random letters and controls",
                bytes.iter().map(|byte| byte % 0x20).collect(),
            ),
            ("half of UTF-16", vec![0xff, 0xfe, 0x00]),
        ];
        for (what, content) in wild {
            let facts = look_at("noise", content);
            failures.check(!is_clean(&facts), || {
                format!("{what}, seed {seed}: {}", brief(&facts))
            });
        }
    }
    failures.end();
}
