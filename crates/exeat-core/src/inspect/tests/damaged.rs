//! What spreadsheets make of long numbers.

use super::*;

#[test]
fn a_column_named_for_people_counts_though_its_numbers_are_lost() {
    for value in ["9.99E+09", "9.99000E+09", "9.99e+09"] {
        let alone = format!("nhs_number\n{}", format!("{value}\n").repeat(40));
        let beside: String = (0..40)
            .map(|at| format!("{at},{value},{}\n", at % 7))
            .collect();
        let beside = format!("n,nhs_number,ward\n{beside}");
        for text in [alone, beside] {
            let facts = inspect(text.as_bytes());
            assert_eq!(facts.records, 40, "{text}");
            assert_eq!(
                (facts.people.most, facts.personal_records),
                (40, 40),
                "{text}"
            );
        }
    }
}

#[test]
fn measurements_are_nobodys() {
    for name in ["concentration", "copies_per_ml", "energy"] {
        let values: String = (0..40)
            .map(|at| format!("{}.{:02}E+09\n", at % 9 + 1, at))
            .collect();
        expect_nobody(&format!("{name}\n{values}"));
        expect_nobody(&values);
    }
}
