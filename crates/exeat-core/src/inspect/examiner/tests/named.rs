//! Columns that a policy names: what they add, and that they take nothing away.

use proptest::prelude::*;

use super::generator::{Random, nhs_numbers, people};
use super::*;
use crate::inspect::named::ColumnName;

fn named(names: &[(Class, &str)]) -> NamedColumns {
    let names = names.iter().map(|&(class, name)| {
        let name = ColumnName::parse(name).expect("a good name");
        (class, name)
    });
    NamedColumns::new(names)
}

fn piece(kind: Kind, tally: Tally) -> Piece {
    Piece {
        file: Some((kind, 1)),
        tally,
        ..Piece::default()
    }
}

fn inspect_naming(files: &[File], names: &[(Class, &str)]) -> Facts {
    let (census, named) = (Census::new(), named(names));
    let mut summary = Summary::default();
    for (number, file) in files.iter().enumerate() {
        let tally = file.examine_naming(&census, false, &named);
        summary.add(&format!("file-{number}"), piece(Kind::Table, tally));
    }
    summary.finish(&census, false)
}

fn ethcat(rows: usize) -> File {
    let rows = (0..rows).map(|n| vec![format!("{}", n % 7), format!("ward {}", n % 3)]);
    File::new(&["ethcat", "ward"], rows.collect())
}

#[test]
fn a_column_is_what_the_policy_says() {
    let file = ethcat(60);
    let without = inspect_naming(std::slice::from_ref(&file), &[]);
    assert_eq!((without.people.most, without.personal_records), (0, 0));
    assert!(without.classes.is_empty(), "{:?}", without.classes);

    let facts = inspect_naming(&[file], &[(Class::Ethnicity, "EthCat")]);
    assert_eq!((facts.people.least, facts.people.most), (1, 60));
    assert_eq!((facts.records, facts.personal_records), (60, 60));
    let [found] = &facts.classes[..] else {
        panic!("one class: {:?}", facts.classes);
    };
    assert_eq!((found.class, found.count), (Class::Ethnicity, 60));
    // The policy's own word is shown, though it is in no vocabulary.
    assert_eq!(found.places[0].column.as_deref(), Some("ethcat"));
}

#[test]
fn blank_values_say_nothing_of_anybody() {
    let table = rows(&[["1", "a"], ["", "b"], [" ", "c"], ["2", ""]]);
    let facts = inspect_naming(
        &[File::new(&["ethcat", "ward"], table)],
        &[(Class::Ethnicity, "ethcat")],
    );
    assert_eq!((facts.people.most, facts.personal_records), (2, 2));
    assert_eq!(count(&facts, Class::Ethnicity), 2);
}

#[test]
fn blocks_and_columns_add_up() {
    let mut file = ethcat(60);
    file.block = 7;
    let names = [(Class::Ethnicity, "eth*"), (Class::Health, "ward")];
    let facts = inspect_naming(&[file], &names);
    assert_eq!((facts.people.most, facts.personal_records), (60, 60));
    assert_eq!(count(&facts, Class::Ethnicity), 60);
    assert_eq!(count(&facts, Class::Health), 60);
    let places = facts.classes.iter().map(|found| &found.places[0]);
    let places: Vec<_> = places.map(|place| place.column.as_deref()).collect();
    assert_eq!(places, [Some("eth*"), Some("ward")]);
}

#[test]
fn what_is_found_anyway_does_not_count_twice() {
    let table = rows(&[["1", "asthma"], ["2", "gout"]]);
    let file = File::new(&["patient_id", "diagnosis"], table);
    let names = [(Class::Health, "diagnosis")];
    assert_eq!(
        inspect_naming(std::slice::from_ref(&file), &names),
        inspect_naming(&[file], &[])
    );
}

#[test]
fn a_record_counts_by_its_key_where_it_has_one() {
    let numbers = nhs_numbers(5);
    let rows = (0..20).map(|n| vec![numbers[n % 5].clone(), "3".to_owned()]);
    let file = File::new(&["nhs_number", "ethcat"], rows.collect());
    let facts = inspect_naming(&[file], &[(Class::Ethnicity, "ethcat")]);
    assert_eq!((facts.people.least, facts.people.most), (5, 5));
    // A name in the policy makes no key of what has none.
    let rows = (0..20).map(|n| vec![(n % 5).to_string()]);
    let file = File::new(&["number"], rows.collect());
    let facts = inspect_naming(&[file], &[(Class::NhsNumber, "number")]);
    assert_eq!((facts.people.least, facts.people.most), (1, 20));
    assert_eq!(count(&facts, Class::NhsNumber), 20);
}

#[test]
fn counts_by_what_a_policy_names_are_not_let_off() {
    let table = rows(&[
        ["White British", "a", "1200"],
        ["Pakistani", "b", "300"],
        ["Mixed", "c", "1"],
    ]);
    let file = File::new(&["ethnicity", "ethcat", "count"], table);
    let without = inspect_naming(std::slice::from_ref(&file), &[]);
    assert_eq!(without.people.most, 0, "an aggregate");
    let facts = inspect_naming(std::slice::from_ref(&file), &[(Class::Ethnicity, "ethcat")]);
    assert_eq!((facts.people.most, facts.personal_records), (3, 3));
    assert_eq!(count(&facts, Class::Ethnicity), 6);
    // Another table's name changes nothing in this one.
    assert_eq!(inspect_naming(&[file], &[(Class::Health, "egfr")]), without);
}

#[test]
fn keys_of_a_path_are_not_shown() {
    let rows = (0..3).map(|n| vec![n.to_string()]).collect();
    let file = File::new(&["Agnes Ashbury.patient.barthel_first.value"], rows);
    let facts = inspect_naming(&[file], &[(Class::Health, "Barthel*")]);
    let column = facts.classes[0].places[0].column.as_deref();
    assert_eq!(column, Some("*.patient.barthel*"));
}

/// Few rows are looked at as text, too: what a policy names does not end that.
#[test]
fn few_rows_are_read_as_before() {
    let text = b"ethcat,remark\n1,NHS number 999 000 0018\n";
    let (remark, code) = (&text[16..39], &text[14..15]);
    let columns = [b"ethcat".as_slice(), b"remark"];
    let columns: Vec<Column<'_>> = (0..)
        .zip(columns)
        .map(|(index, name)| Column {
            name: Some(name),
            index,
        })
        .collect();
    let facts = |names: &[(Class, &str)]| {
        let (census, shape, named) = (Census::new(), TableShape::default(), named(names));
        let mut examiner = Examiner::new(&census, &SCANNER, &shape).naming(&named);
        let rows = Rows {
            columns: &columns,
            cells: &[(0, code), (1, remark)],
            ends: &[2],
            first: true,
            whole: true,
        };
        examiner.few_rows(&rows, text);
        let mut summary = Summary::default();
        summary.add("few", piece(Kind::Table, examiner.finish()));
        summary.finish(&census, false)
    };
    let (without, with) = (facts(&[]), facts(&[(Class::Health, "ethcat")]));
    assert_adds(&without, &with);
    assert!(count(&with, Class::NhsNumber) > 0);
    assert_eq!(count(&with, Class::Health), 1);
}

/// Asserts that `with` says at least as much as `without`. Records in all may
/// be fewer: people under labels add none where their rows are personal anyway.
fn assert_adds(without: &Facts, with: &Facts) {
    assert!(with.people.least >= without.people.least);
    assert!(with.people.most >= without.people.most);
    assert!(with.personal_records >= without.personal_records);
    assert_eq!(with.uninspected, without.uninspected);
    for found in &without.classes {
        assert!(count(with, found.class) >= found.count, "{found:?}");
    }
}

const HEADER: [&str; 8] = [
    "NHS Number",
    "patient_id",
    "surname",
    "dob",
    "ethnicity",
    "count",
    "field",
    "value",
];

fn table() -> impl Strategy<Value = File> {
    let row = (0_usize..12, any::<u8>());
    let columns = prop::sample::subsequence((0..HEADER.len()).collect::<Vec<_>>(), 1..=8);
    (prop::collection::vec(row, 0..40), columns, 1_usize..50).prop_map(
        |(picked, columns, block)| {
            let all = people(&mut Random(1), 12);
            let rows = picked.into_iter().map(|(who, blank)| {
                let person = &all[who];
                let cells = [
                    person.nhs.clone(),
                    format!("P{}", who / 2),
                    person.surname.clone(),
                    person.iso(),
                    ["White British", "Pakistani", "Mixed"][who % 3].to_owned(),
                    who.to_string(),
                    ["nhs number", "diagnosis", "surname"][who % 3].to_owned(),
                    [
                        person.nhs.clone(),
                        "asthma".to_owned(),
                        person.surname.clone(),
                    ][who % 3]
                        .clone(),
                ];
                let cells = columns.iter().map(|&at| match blank >> at & 1 {
                    1 => cells[at].clone(),
                    _ => String::new(),
                });
                cells.collect()
            });
            let header: Vec<&str> = columns.iter().map(|&at| HEADER[at]).collect();
            File {
                block,
                ..File::new(&header, rows.collect())
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn naming_only_adds(
        files in prop::collection::vec(table(), 1..4),
        picked in prop::collection::vec((0..HEADER.len(), 0..Class::ALL.len()), 0..4),
    ) {
        let names: Vec<_> = picked.iter().map(|&(at, class)| (Class::ALL[class], HEADER[at])).collect();
        let (fewer, more) = names.split_at(names.len() / 2);
        let without = inspect_naming(&files, &[]);
        let some = inspect_naming(&files, fewer);
        let all = inspect_naming(&files, &[fewer, more].concat());
        assert_adds(&without, &some);
        assert_adds(&some, &all);
    }
}
