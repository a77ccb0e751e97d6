//! What must hold for all tables: order changes nothing, adding and splitting
//! never lower the head count.

use proptest::prelude::*;

use super::generator::{Random, people};
use super::*;

const HEADER: [&str; 6] = [
    "NHS Number",
    "surname",
    "forename",
    "dob",
    "postcode",
    "email",
];

/// A table of some of the same 40 people, some of their cells blank.
fn table() -> impl Strategy<Value = File> {
    let row = (0usize..40, 0u8..64);
    (prop::collection::vec(row, 0..60), 1usize..40, 0u64..3).prop_map(|(picked, block, seed)| {
        let mut random = Random(seed);
        let all = people(&mut Random(1), 40);
        let rows = picked
            .into_iter()
            .map(|(who, blank)| {
                let person = all[who].misspelt(&mut random);
                let birth = person.iso();
                let email = format!("{}@example.org", person.surname.to_lowercase());
                let mut row = vec![
                    person.nhs,
                    person.surname,
                    person.forename,
                    birth,
                    person.postcode,
                    email,
                ];
                for (at, cell) in row.iter_mut().enumerate() {
                    // Blank with one chance in four.
                    if blank >> at & 1 == 1 && (who + at) % 2 == 0 {
                        cell.clear();
                    }
                }
                row
            })
            .collect();
        File {
            block,
            ..File::new(&HEADER, rows)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_changes_nothing(files in prop::collection::vec(table(), 0..5)) {
        let forward = inspect_in(files.iter().enumerate(), false);
        let back = inspect_in(files.iter().enumerate().rev(), true);
        prop_assert_eq!(forward, back);
    }

    #[test]
    fn adding_files_never_lowers_anything(
        files in prop::collection::vec(table(), 0..4),
        more in table(),
    ) {
        let before = inspect(&files);
        let after = inspect(&[files, vec![more]].concat());
        prop_assert!(after.people.least >= before.people.least);
        prop_assert!(after.people.most >= before.people.most);
        prop_assert!(after.records >= before.records);
        prop_assert!(after.personal_records >= before.personal_records);
        for found in &before.classes {
            prop_assert!(count(&after, found.class) >= found.count);
        }
    }

    #[test]
    fn splitting_never_lowers_the_upper_bound(file in table(), size in 1usize..20) {
        let whole = inspect(std::slice::from_ref(&file));
        let parts = inspect(&file.split(size));
        prop_assert!(parts.people.most >= whole.people.most);
        prop_assert_eq!(parts.personal_records, whole.personal_records);
    }

    #[test]
    fn splitting_without_a_header_never_lowers_the_upper_bound(
        picked in prop::collection::vec(0usize..40, 1..60),
        size in 1usize..20,
        column in 0usize..3,
    ) {
        let all = people(&mut Random(1), 40);
        let cell = |who: usize| match column {
            0 => all[who].nhs.clone(),
            1 => format!("{}@example.org", all[who].surname.to_lowercase()),
            _ => format!("AB{:06}C", who),
        };
        let file = File::nameless(picked.into_iter().map(|who| vec![cell(who)]).collect());
        let whole = inspect(std::slice::from_ref(&file));
        let parts = inspect(&file.split(size));
        prop_assert!(whole.people.most > 0);
        prop_assert!(parts.people.most >= whole.people.most);
    }

    #[test]
    fn the_truth_lies_between(file in table()) {
        // Records with nothing in them are about nobody.
        let facts = inspect(std::slice::from_ref(&file));
        let filled = file.rows.iter().filter(|row| row.iter().any(|cell| !cell.is_empty())).count();
        let filled = u64::try_from(filled).expect("small");
        prop_assert!(facts.people.least <= filled.min(40));
        prop_assert!(facts.people.most <= filled);
        prop_assert_eq!(facts.personal_records, filled);
    }

    #[test]
    fn nothing_panics(
        names in prop::collection::vec(prop::option::of(any::<Vec<u8>>()), 1..6),
        cells in prop::collection::vec((0u32..8, any::<Vec<u8>>()), 0..40),
        ends in prop::collection::vec(0u32..60, 0..20),
    ) {
        let (census, shape) = (Census::new(), TableShape::default());
        let columns: Vec<Column<'_>> = (0..)
            .zip(&names)
            .map(|(index, name)| Column { name: name.as_deref(), index })
            .collect();
        let cells: Vec<(u32, &[u8])> = cells.iter().map(|(at, cell)| (*at, &cell[..])).collect();
        let mut examiner = Examiner::new(&census, &SCANNER, &shape);
        examiner.rows(&Rows { columns: &columns, cells: &cells, ends: &ends, first: true, whole: true });
        examiner.finish();
    }
}
