//! What is about nobody stays so: counts, sources, products and logs pass.

use crate::SEEDS;
use crate::identifiers::isbn;
use crate::layouts::{Layout, Table};
use crate::look::{Failures, File, brief, is_inspected, look};
use crate::random::Random;

/// The floor would let it out in the clear: fewer than 51 people, nothing
/// sensitive, nothing that was not looked into.
pub(crate) fn check_harmless(what: &str, seed: u64, files: &[File], failures: &mut Failures) {
    let facts = look(files);
    let sensitive = facts.classes.iter().any(|found| found.class.is_sensitive());
    failures.check(
        !sensitive && facts.people.most < 51 && is_inspected(&facts),
        || {
            let places: Vec<String> = facts
                .classes
                .iter()
                .flat_map(|found| {
                    found.places.iter().map(|place| {
                        format!("{:?} in {} {:?}", found.class, place.path, place.column)
                    })
                })
                .take(5)
                .collect();
            format!("{what}, seed {seed}: {} {places:?}", brief(&facts))
        },
    );
}

fn aggregates(random: &mut Random) -> Vec<(&'static str, Table)> {
    let mut count = |limit: u64| random.between(5, limit).to_string();
    let years = 2015..2026;
    let practice = |number: u64| format!("A{}", 81_000 + number * 7);
    let by_practice = (0..40)
        .flat_map(|number| {
            years
                .clone()
                .map(move |year| (practice(number), year.to_string()))
        })
        .map(|(practice, year)| vec![practice, year, count(900), count(90)])
        .collect();
    let groups = [
        "White British",
        "White Irish",
        "Indian",
        "Pakistani",
        "Bangladeshi",
        "Chinese",
        "Black Caribbean",
        "Black African",
        "Mixed",
        "Any other ethnic group",
        "Not stated",
    ];
    let by_group = groups
        .iter()
        .map(|group| vec![(*group).to_owned(), count(5000), count(90)])
        .collect();
    let bands = ["0-17", "18-39", "40-64", "65+"];
    let by_both = groups
        .iter()
        .flat_map(|group| bands.map(|band| [(*group).to_owned(), band.to_owned()]))
        .map(|[group, band]| vec![group, band, count(800)])
        .collect();
    let diagnoses = [
        "E10", "E11", "I10", "J45", "J44", "F32", "M54", "N18", "K21", "L40",
    ];
    let by_diagnosis = diagnoses
        .iter()
        .flat_map(|code| {
            ["2023", "2024"].map(|year| vec![year.to_owned(), (*code).to_owned(), count(4000)])
        })
        .collect();
    let rates = (0..60)
        .map(|number| {
            vec![
                format!("E{:08}", 6_000_000 + number),
                format!("{}.{}", count(30), count(9)),
                format!("0.{}", count(99)),
            ]
        })
        .collect();
    let religions = [
        "Christian",
        "Muslim",
        "Hindu",
        "Sikh",
        "Jewish",
        "Buddhist",
        "No religion",
    ];
    let by_religion = religions
        .iter()
        .map(|name| vec![(*name).to_owned(), count(9000)])
        .collect();
    vec![
        (
            "counts by practice and year",
            Table::new(
                &["practice_code", "year", "patients", "percent"],
                by_practice,
            ),
        ),
        (
            "counts by ethnic group",
            Table::new(&["ethnic_group", "count", "percent"], by_group),
        ),
        (
            "counts by ethnic group and age band",
            Table::new(&["ethnicity", "age_band", "number_of_patients"], by_both),
        ),
        (
            "counts by diagnosis and year",
            Table::new(&["year", "icd10", "n"], by_diagnosis),
        ),
        (
            "rates by area",
            Table::new(&["area", "rate", "share"], rates),
        ),
        (
            "counts by religion",
            Table::new(&["religion", "total"], by_religion),
        ),
    ]
}

fn goods(random: &mut Random) -> Vec<(&'static str, Table)> {
    let books = (0..300)
        .map(|number| {
            vec![
                isbn(random),
                format!("Title {number}"),
                format!("{}.99", random.between(3, 60)),
            ]
        })
        .collect();
    let products = (0..300)
        .map(|number| {
            vec![
                format!("B{:02}-{}", random.below(100), random.digits(3)),
                (*random.pick(&["Blue cup", "Garden chair", "Steel bolt M8", "Rope, 10 m"]))
                    .to_owned(),
                format!("{}.{}", random.between(1, 300), random.digits(2)),
                (1_000_000_000 + number).to_string(),
            ]
        })
        .collect();
    let barcodes = (0..300)
        .map(|_| {
            vec![
                format!("50{}", random.digits(11)),
                random.below(400).to_string(),
            ]
        })
        .collect();
    let prices = (0..300)
        .map(|day| {
            vec![
                format!("2024-{:02}-{:02}", day % 12 + 1, day % 28 + 1),
                format!("{}.{}", random.between(80, 120), random.digits(4)),
            ]
        })
        .collect();
    let readings = (0..400)
        .map(|second| {
            vec![
                (1_700_000_000 + second * 60).to_string(),
                format!("{}.{}", random.between(15, 25), random.digits(2)),
                "sensor-7".to_owned(),
            ]
        })
        .collect();
    vec![
        ("books", Table::new(&["isbn", "title", "price"], books)),
        (
            "products",
            Table::new(&["sku", "product", "price", "stock_no"], products),
        ),
        ("barcodes", Table::new(&["ean", "stock"], barcodes)),
        ("prices", Table::new(&["date", "close"], prices)),
        (
            "readings",
            Table::new(&["time", "celsius", "sensor"], readings),
        ),
    ]
}

#[test]
fn aggregates_and_goods() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let mut tables = aggregates(&mut random);
        tables.extend(goods(&mut random));
        for (what, table) in tables {
            for layout in Layout::ALL {
                check_harmless(
                    &format!("{what}, {layout:?}"),
                    seed,
                    &[layout.file("table", &table)],
                    &mut failures,
                );
            }
        }
    }
    failures.end();
}

#[test]
fn a_source_tree() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let mut files = crate::sources::tree(&mut random);
        check_harmless("a source tree", seed, &files, &mut failures);
        for one in files.drain(..) {
            check_harmless(&format!("{} alone", one.0), seed, &[one], &mut failures);
        }
    }
    failures.end();
}
