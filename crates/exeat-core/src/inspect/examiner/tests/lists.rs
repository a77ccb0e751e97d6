//! Many people in one cell, in one record, across a row, or among words; and
//! numbers in such places that are nobody's.

use proptest::prelude::*;

use super::generator::{Random, isbn, nhs_numbers};
use super::*;

const BY: [&str; 8] = [" ", ";", "|", "/", "\n", ", ", ",", " and "];

fn chunked(numbers: &[String], size: usize, by: &str) -> Vec<Vec<String>> {
    let rows = numbers.chunks(size);
    rows.map(|chunk| vec!["North".to_owned(), chunk.join(by)])
        .collect()
}

/// A record of JSON, whose columns may come many times.
fn record(name: Option<&str>, values: &[String]) -> Facts {
    let columns = [Column {
        name: name.map(str::as_bytes),
        index: 0,
    }];
    let cells: Vec<(u32, &[u8])> = values.iter().map(|value| (0, value.as_bytes())).collect();
    let census = Census::new();
    let shape = TableShape::default();
    let mut examiner = Examiner::new(&census, &SCANNER, &shape);
    examiner.rows(&Rows {
        columns: &columns,
        cells: &cells,
        ends: &[u32::try_from(cells.len()).expect("few")],
        first: true,
        whole: true,
    });
    let mut summary = Summary::default();
    let path = EntryPath::new(b"record").expect("a good path");
    summary.add_file(1);
    summary.add(
        &path.to_string(),
        Piece {
            file: Some((Kind::Json, 1)),
            tally: examiner.finish(),
            ..Piece::default()
        },
    );
    summary.finish(&census, false)
}

#[test]
fn every_number_in_a_cell_is_a_person() {
    let numbers = nhs_numbers(200);
    for by in BY {
        for header in ["patients", "nhs_number"] {
            let rows = chunked(&numbers, 10, by);
            let facts = inspect(&[File::new(&["ward", header], rows)]);
            assert_eq!((facts.people.least, facts.people.most), (200, 200), "{by}");
            assert_eq!(count(&facts, Class::NhsNumber), 200);
            assert_eq!(facts.personal_records, 20);
        }
    }
}

#[test]
fn a_number_among_words_is_a_person() {
    let numbers = nhs_numbers(200);
    let notes = |say: &str| {
        let rows = numbers
            .iter()
            .map(|n| vec!["North".into(), say.replace('#', n)]);
        inspect(&[File::new(&["ward", "note"], rows.collect())])
    };
    for say in [
        "seen # today",
        "Seen #",
        "NHS number # was seen on the ward again",
    ] {
        let facts = notes(say);
        assert_eq!((facts.people.least, facts.people.most), (200, 200), "{say}");
        assert_eq!(count(&facts, Class::NhsNumber), 200, "{say}");
    }
}

#[test]
fn a_few_notes_with_numbers_are_found() {
    let numbers = nhs_numbers(20);
    let rows = (0..300).map(|n| {
        let note = match numbers.get(n / 15).filter(|_| n % 15 == 0) {
            Some(number) => format!("seen {number} today"),
            None => "nothing to be said".to_owned(),
        };
        vec![n.to_string(), note]
    });
    let facts = inspect(&[File::new(&["n", "note"], rows.collect())]);
    assert_eq!((facts.people.least, facts.people.most), (20, 20));
    assert_eq!(facts.personal_records, 20);
    assert_eq!(count(&facts, Class::NhsNumber), 20);
}

#[test]
fn every_number_of_a_record_is_a_person() {
    let numbers = nhs_numbers(60);
    for name in [None, Some("nhs_numbers"), Some("patients.*"), Some("x")] {
        let facts = record(name, &numbers);
        assert_eq!(
            (facts.people.least, facts.people.most),
            (60, 60),
            "{name:?}"
        );
        assert_eq!(count(&facts, Class::NhsNumber), 60);
        assert_eq!(facts.personal_records, 1);
    }
    let facts = record(Some("nhs_numbers"), &numbers[..3]);
    assert_eq!((facts.people.least, facts.people.most), (3, 3));
    let ninos: Vec<String> = (0..60).map(|n| format!("AB{n:06}C")).collect();
    let facts = record(Some("x"), &ninos);
    assert_eq!((facts.people.least, facts.people.most), (60, 60));
    // Behind one NHS number, too.
    let both = [&numbers[..1], &ninos].concat();
    assert!(record(Some("nhs_number"), &both).people.most >= 60);
}

#[test]
fn numbers_across_are_people() {
    let numbers = nhs_numbers(60);
    let line = File::nameless(vec![numbers.clone()]);
    let mut first = vec!["nhs_number".to_owned()];
    first.extend(numbers.iter().cloned());
    let turned = |label: &str| {
        let rest = std::iter::repeat_n("Quenby".to_owned(), 60);
        let second = std::iter::once(label.to_owned()).chain(rest);
        File::nameless(vec![first.clone(), second.collect()])
    };
    for file in [line, turned("name")] {
        let facts = inspect(&[file]);
        assert_eq!((facts.people.least, facts.people.most), (60, 60));
        assert_eq!(count(&facts, Class::NhsNumber), 60);
        assert_eq!(facts.personal_records, 1);
    }
}

#[test]
fn a_list_in_text_is_of_people() {
    let numbers = nhs_numbers(60);
    for by in BY {
        for before in ["Patients: ", "NHS numbers: ", ""] {
            let facts = inspect_text(&format!("{before}{}\n", numbers.join(by)), 1);
            assert_eq!(
                (facts.people.least, facts.people.most),
                (60, 60),
                "{before}{by}"
            );
            assert_eq!(count(&facts, Class::NhsNumber), 60, "{before}{by}");
            assert_eq!(facts.personal_records, 1);
        }
    }
}

#[test]
fn a_number_or_two_in_text_say_nothing() {
    let facts = inspect_text("order 9990000018 of today", 1);
    assert_eq!(facts.people.most, 0);
    let same = "call 9990000018 now. ".repeat(50);
    assert_eq!(inspect_text(&same, 1).people.most, 0);
}

/// Other numbers are nobody, be they in lists, in notes, in text or across.
#[test]
fn other_numbers_in_lists_are_nobody() {
    type Make = fn(&mut Random, u64) -> String;
    const OTHERS: [(&str, Make); 6] = [
        ("random", |random, _| {
            format!("{:010}", random.below(10_000_000_000))
        }),
        ("epoch", |random, _| {
            (1_400_000_000 + random.below(400_000_000)).to_string()
        }),
        ("sequential", |_, n| (4_000_000_000 + n).to_string()),
        ("mobile", |random, _| {
            format!("07700900{:03}", random.below(1_000))
        }),
        ("isbn, english", |random, _| isbn(random, &["0", "1"])),
        ("isbn", |random, _| {
            isbn(random, &["0", "1", "2", "3", "4", "5", "7", "80", "90"])
        }),
    ];
    let mut random = Random(11);
    for (kind, make) in OTHERS {
        let (mut reported, mut values) = (0, 0);
        for (size, repeats) in [(2, 100), (12, 100), (25, 100), (60, 40), (1_000, 3)] {
            for _ in 0..repeats {
                let start = random.below(1_000_000);
                let numbers: Vec<String> = (start..start + size)
                    .map(|n| make(&mut random, n))
                    .collect();
                let notes: Vec<_> = numbers
                    .iter()
                    .map(|n| vec![format!("see {n} now")])
                    .collect();
                for facts in [
                    inspect_text(&numbers.join(", "), 1),
                    inspect(&[File::new(&["w", "x"], chunked(&numbers, 10, ";"))]),
                    inspect(&[File::new(&["note"], notes)]),
                    inspect(&[File::nameless(vec![numbers.clone()])]),
                ] {
                    reported += count(&facts, Class::NhsNumber);
                    values += size;
                    if size >= 60 && !kind.starts_with("mobile") {
                        let nobody = count(&facts, Class::NhsNumber) == 0;
                        assert!(nobody, "{kind}, {size}: {:?}", facts.people);
                    }
                }
            }
        }
        assert!(reported * 1_000 <= values, "{kind}: {reported} of {values}");
    }
}

/// What looks like a table of one record may be prose.
#[test]
fn few_rows_are_read_as_text_too() {
    let census = Census::new();
    let shape = TableShape::default();
    let seen = |text: &str, cells: [&str; 2]| {
        let names = ["Dear ward", "title"];
        let columns = [0, 1].map(|index: u32| Column {
            name: Some(names[index as usize].as_bytes()),
            index,
        });
        let mut examiner = Examiner::new(&census, &SCANNER, &shape);
        examiner.few_rows(
            &Rows {
                columns: &columns,
                cells: &[(0, cells[0].as_bytes()), (1, cells[1].as_bytes())],
                ends: &[2],
                first: true,
                whole: true,
            },
            text.as_bytes(),
        );
        examiner.finish()
    };
    let cells = ["NHS number", " 9990000018"];
    let tally = seen("Dear ward,title\nNHS number, 9990000018\n", cells);
    assert_eq!((tally.records, tally.personal_records), (1, 1));
    assert_eq!(
        census.people(),
        crate::inspect::facts::People { least: 1, most: 1 }
    );
    // What the rows told is not told again by the text.
    let cells = ["a.b@example.org", "x"];
    let tally = seen("Dear ward,title\na.b@example.org,x\n", cells);
    assert_eq!(tally.classes[&Class::Email].count, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn splitting_lists_never_lowers_the_upper_bound(
        size in 1usize..12,
        part in 1usize..20,
        by in prop::sample::select(BY.to_vec()),
    ) {
        let rows = chunked(&nhs_numbers(60), size, by);
        let file = File::new(&["ward", "x"], rows);
        let whole = inspect(std::slice::from_ref(&file));
        let parts = inspect(&file.split(part));
        prop_assert_eq!(whole.people.most, 60);
        prop_assert!(parts.people.most >= whole.people.most);
    }
}
