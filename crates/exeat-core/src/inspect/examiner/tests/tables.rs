//! Single tables and texts: what makes them about people, and what does not.

use super::generator::{Random, nhs_numbers, people, word};
use super::*;

#[test]
fn an_aggregate_table_is_about_nobody() {
    let table = rows(&[
        ["White British", "LS1 1AA", "1200"],
        ["Pakistani", "LS1 1AA", "300"],
        ["Mixed", "LS1 1AA", "*"],
    ]);
    let header = ["ethnicity", "postcode", "count"];
    let facts = inspect(&[File::new(&header, table.clone())]);
    assert_eq!((facts.people.most, facts.personal_records), (0, 0));
    assert!(facts.classes.is_empty(), "{:?}", facts.classes);
    assert_eq!(facts.records, 3);

    // The same combination twice: these may be records of people.
    let twice = [table.clone(), table.clone()].concat();
    let facts = inspect(&[File::new(&header, twice)]);
    assert_eq!(facts.personal_records, 6);
    assert_eq!(count(&facts, Class::Ethnicity), 6);

    // Without counts, and in several blocks.
    let facts = inspect(&[File::new(&["ethnicity", "postcode", "x"], table.clone())]);
    assert_eq!(facts.personal_records, 3);
    let mut file = File::new(&header, table);
    file.block = 2;
    assert_eq!(inspect(&[file]).personal_records, 3);
}

#[test]
fn a_local_id_with_something_sensitive_is_a_person() {
    let table = rows(&[["1", "asthma", "2"], ["2", "gout", "1"]]);
    let facts = inspect(&[File::new(&["patient_id", "diagnosis", "count"], table)]);
    assert_eq!((facts.people.most, facts.personal_records), (2, 2));
    assert_eq!(count(&facts, Class::Health), 2);
    let table = rows(&[["1", "blue"], ["2", "red"]]);
    let facts = inspect(&[File::new(&["record_id", "colour"], table)]);
    assert_eq!(facts.people.most, 0);
}

#[test]
fn pseudonyms_under_an_nhs_header_count_by_rows() {
    let table = rows(&[["x7f", "1"], ["", "2"], ["x7f", "3"], ["", ""]]);
    let facts = inspect(&[File::new(&["nhs_number", "value"], table)]);
    assert_eq!((facts.people.least, facts.people.most), (1, 3));
    assert_eq!(facts.personal_records, 3);
    assert!(facts.classes.is_empty());
}

#[test]
fn a_table_without_names_and_people_is_uninspected() {
    let table = rows(&[["1", "2"], ["3", "4"]]);
    let facts = inspect(&[File::nameless(table.clone())]);
    assert_eq!(facts.uninspected.files, 1);
    assert_eq!(
        facts.uninspected.places[0].reason,
        "a table whose columns have no names"
    );
    let facts = inspect(&[File::new(&["height", "width"], table)]);
    assert_eq!(facts.uninspected.files, 0);
    let list = rows(&[["Apples"], ["Pears"]]);
    assert_eq!(inspect(&[File::nameless(list)]).uninspected.files, 0);
}

#[test]
fn a_list_of_addresses_is_about_people() {
    let list = (0..30).map(|n| vec![format!("p{n}@example.org")]).collect();
    let facts = inspect(&[File::nameless(list)]);
    assert_eq!((facts.people.least, facts.people.most), (1, 30));
    assert_eq!(facts.personal_records, 30);
    assert_eq!(count(&facts, Class::Email), 30);
}

#[test]
fn a_stray_value_counts_as_in_text() {
    let mut table: Vec<_> = (0..50)
        .map(|n| vec![n.to_string(), "nothing".to_owned()])
        .collect();
    table[7][1] = "jo@example.org".to_owned();
    table[9][1] = format!(
        "NHS number {} and a diagnosis and more of the same",
        nhs_numbers(1)[0]
    );
    let facts = inspect(&[File::new(&["row", "note"], table)]);
    assert_eq!(count(&facts, Class::Email), 1);
    assert_eq!(facts.classes[0].places[0].column.as_deref(), Some("note"));
    assert_eq!(count(&facts, Class::NhsNumber), 1);
    assert_eq!((facts.people.least, facts.people.most), (1, 2));
}

#[test]
fn bank_accounts_need_both_parts() {
    let table = rows(&[["12-34-56", "12345678"], ["20-30-40", "87654321"]]);
    let facts = inspect(&[File::new(&["sort code", "account number"], table.clone())]);
    assert_eq!(count(&facts, Class::BankAccount), 2);
    assert_eq!(facts.people.most, 2);
    let facts = inspect(&[File::new(&["a", "b"], table)]);
    assert_eq!(count(&facts, Class::BankAccount), 2);
    let table = rows(&[["12345678"], ["87654321"]]);
    let facts = inspect(&[File::new(&["account number"], table)]);
    assert_eq!(facts.people.most, 0);
}

#[test]
fn codes_are_health_only_beside_a_person() {
    let codes: Vec<String> = (0..40)
        .map(|n| format!("J{:02}.{}", 10 + n, n % 10))
        .collect();
    let numbers = nhs_numbers(40);
    let table = |first: Vec<String>| {
        first
            .into_iter()
            .zip(&codes)
            .map(|(first, code)| vec![first, code.clone()])
            .collect()
    };
    let facts = inspect(&[File::new(&["nhs number", "c"], table(numbers))]);
    assert_eq!(count(&facts, Class::Health), 40);
    let sizes = (0..40).map(|n| (n * 13).to_string()).collect();
    let facts = inspect(&[File::new(&["size", "part"], table(sizes))]);
    assert!(facts.classes.is_empty());
}

#[test]
fn names_are_told_by_the_shape_of_the_column() {
    let mut random = Random(9);
    let names: Vec<Vec<String>> = (0..40)
        .map(|_| {
            vec![
                format!("{} {}", word(&mut random), word(&mut random)),
                "12".to_owned(),
            ]
        })
        .collect();
    let facts = inspect(&[File::new(&["c1", "c2"], names.clone())]);
    assert_eq!(count(&facts, Class::Name), 40);
    assert_eq!(facts.people.most, 40);
    for header in [["region", "x"], ["hospital", "x"], ["c1", "count"]] {
        let facts = inspect(&[File::new(&header, names.clone())]);
        assert!(facts.classes.is_empty(), "{header:?}");
    }
}

#[test]
fn other_names_are_no_people() {
    let packages = rows(&[["serde", "1.0.2"], ["lodash", "2.1.4"]]);
    let facts = inspect(&[File::new(&["name", "version"], packages)]);
    assert_eq!((facts.people.most, facts.classes.len()), (0, 0));
}

#[test]
fn text_counts_numbers_and_addresses() {
    let facts = inspect_text("NHS 9990000018 diagnosis asthma, jo@example.org", 1);
    assert_eq!(
        count(&facts, Class::NhsNumber),
        u64::from(facts.people.least == 1)
    );
    let facts = inspect_text("diagnosis asthma", 1);
    assert!(facts.classes.is_empty());
    let facts = inspect_text("ann@example.org bob@example.org ann@example.org", 0);
    assert_eq!((facts.people.least, facts.people.most), (0, 2));
    assert_eq!(count(&facts, Class::Email), 3);
    assert_eq!(facts.classes[0].places[0].column, None);
}

#[test]
fn a_header_made_of_values_is_not_shown() {
    let numbers = nhs_numbers(30);
    let (first, rest) = numbers.split_first().expect("thirty numbers");
    let table = rest.iter().map(|number| vec![number.clone()]).collect();
    let facts = inspect(&[File::new(&[first], table)]);
    assert_eq!(
        facts.classes[0].places[0].column.as_deref(),
        Some("column 1")
    );
}

#[test]
fn fhir_patients_are_one_person_each() {
    let all = people(&mut Random(2), 3);
    let header = [
        "resourceType",
        "id",
        "identifier.value[nhs-number]",
        "name.family",
        "name.given",
        "subject.reference",
    ];
    let row = |cells: [&str; 6]| cells.map(str::to_owned).to_vec();
    let mut table = Vec::new();
    for (id, person) in ["a", "b"].iter().zip(&all) {
        table.push(row([
            "Patient",
            id,
            &person.nhs,
            &person.surname,
            &person.forename,
            "",
        ]));
        let reference = format!("Patient/{id}");
        table.push(row(["Condition", "c1", "", "", "", &reference]));
        table.push(row(["Observation", "c1", "", "", "", &reference]));
    }
    table.push(row(["Condition", "c9", "", "", "", "Patient/z"]));
    table.push(row(["Organization", "o1", "", "", "", ""]));
    let facts = inspect(&[File::new(&header, table)]);
    assert_eq!((facts.people.least, facts.people.most), (2, 3));
    assert_eq!((facts.records, facts.personal_records), (8, 7));
    assert_eq!(count(&facts, Class::Health), 5);
    assert_eq!(count(&facts, Class::NhsNumber), 2);
}

#[test]
fn values_that_repeat_in_a_record_may_all_be_the_key() {
    let (census, shape) = (Census::new(), TableShape::default());
    let number = nhs_numbers(1).remove(0);
    let cells: [(u32, &[u8]); 3] = [(0, b"none"), (0, number.as_bytes()), (0, b"9990000000")];
    let columns = [Column {
        name: Some(b"nhs_number"),
        index: 0,
    }];
    let mut examiner = Examiner::new(&census, &SCANNER, &shape);
    examiner.rows(&Rows {
        columns: &columns,
        cells: &cells,
        ends: &[3],
        first: true,
        whole: true,
    });
    examiner.finish();
    assert_eq!(census.people().most, 1);
    assert_eq!(census.people().least, 1);
}

#[test]
fn what_the_first_block_taught_holds_for_the_rest() {
    let mut table: Vec<_> = nhs_numbers(40)
        .into_iter()
        .map(|number| vec![number])
        .collect();
    table.extend((0..10).map(|n| vec![format!("pseudonym {n}")]));
    let mut file = File::new(&["c1"], table);
    file.block = 40;
    let facts = inspect(&[file]);
    assert_eq!(facts.people.most, 50);
    assert_eq!(facts.personal_records, 50);
}

#[test]
fn wide_tables_stay_bounded() {
    let names: Vec<String> = (0..4_096).map(|n| format!("c{n}")).collect();
    let header: Vec<&str> = names.iter().map(String::as_str).collect();
    let row = (0..4_096).map(|n| format!("p{n}@example.org")).collect();
    let facts = inspect(&[File::new(&header, vec![row])]);
    let found = &facts.classes[0];
    assert_eq!(
        (found.count, found.places.len(), found.more_places),
        (4_096, 20, 4_076)
    );
    assert_eq!((facts.people.least, facts.people.most), (1, 4_096));
}

#[test]
fn a_private_key_in_a_cell_is_found_and_is_nobody() {
    let key = format!(
        "AGE-SECRET-KEY-1{}",
        "QPZRY9X8GF2TVDW0".repeat(4).get(..58).unwrap_or("")
    );
    let table = vec![vec!["backup".to_owned(), key.clone()]];
    let facts = inspect(&[File::new(&["use", "value"], table)]);
    assert_eq!(
        (count(&facts, Class::PrivateKey), facts.people.most),
        (1, 0)
    );
    assert_eq!(count(&inspect_text(&key, 0), Class::PrivateKey), 1);
}

#[test]
fn health_in_a_cell_counts_beside_a_person() {
    let note = "was seen again, the diagnosis of asthma is confirmed by the clinic";
    let number = &nhs_numbers(1)[0];
    let facts = inspect(&[File::new(&["nhs number", "note"], rows(&[[number, note]]))]);
    assert!(count(&facts, Class::Health) > 0);
    let facts = inspect(&[File::new(&["ref", "note"], rows(&[["x", note]]))]);
    assert_eq!(count(&facts, Class::Health), 0);
}

#[test]
fn blank_rows_are_about_nobody() {
    let table = rows(&[["", "", ""], ["", " ", ""]]);
    let facts = inspect(&[File::new(&["nhs number", "surname", "dob"], table)]);
    assert_eq!((facts.people.most, facts.personal_records), (0, 0));
}

/// People beside each other in the columns of one row.
#[test]
fn columns_that_repeat_are_of_several_people() {
    let row = |n: usize| -> Vec<String> {
        (4 * n..4 * n + 4)
            .flat_map(|n| {
                let born = format!("19{:02}-0{}-1{}", 30 + n % 60, 1 + n % 9, n % 10);
                ["Agnes", "Amir", "Mei", "Rosa", "Una"].get(n % 5).map_or(
                    [String::new(), String::new()],
                    |name| {
                        [
                            format!(
                                "{name} Ash{}",
                                "bcdfghklmnprst"
                                    .repeat(2)
                                    .get(n % 20..n % 20 + 4)
                                    .unwrap_or("")
                            ),
                            born,
                        ]
                    },
                )
            })
            .collect()
    };
    let header = [
        "name1", "dob1", "name2", "dob2", "name3", "dob3", "name4", "dob4",
    ];
    let facts = inspect(&[File::new(&header, (0..50).map(row).collect())]);
    assert_eq!(facts.people.most, 200);
    assert_eq!((facts.records, facts.personal_records), (200, 200));
    // A mother, a doctor and next of kin are not what a table is of.
    let header = [
        "name",
        "dob",
        "gp_name",
        "next_of_kin_name",
        "email",
        "mobile",
        "home_phone",
    ];
    let row = |n: usize| -> Vec<String> {
        let rest = [
            "1980-02-01",
            "Amir Eastham",
            "Una Hartley",
            "a@example.org",
            "07700 900001",
            "07700 900002",
        ];
        std::iter::once(format!(
            "Agnes Ash{}",
            ["bury", "croft", "ford", "ham", "ley"][n % 5]
        ))
        .chain(rest.map(str::to_owned))
        .collect()
    };
    let facts = inspect(&[File::new(&header, (0..50).map(row).collect())]);
    assert_eq!(facts.people.most, 50);
}

/// A field a row, and people side by side.
#[test]
fn labels_in_a_column_name_the_values_beside_them() {
    let born = |n: usize| format!("19{:02}-02-1{}", 30 + n % 60, n % 10);
    let long = (0..60).flat_map(|n| {
        [
            ["name".to_owned(), "Agnes Ashbury".to_owned()],
            ["date_of_birth".to_owned(), born(n)],
            ["diagnosis".to_owned(), "E11.9".to_owned()],
        ]
        .map(|[field, value]| vec![n.to_string(), field, value])
    });
    let long = File::new(&["id", "field", "value"], long.collect());
    let across = |label: &str, value: &dyn Fn(usize) -> String| {
        std::iter::once(label.to_owned())
            .chain((0..60).map(value))
            .collect()
    };
    let names: Vec<String> = across("field", &|n| format!("p{n}"));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let turned = vec![
        across("name", &|_| "Agnes Ashbury".to_owned()),
        across("date_of_birth", &born),
        across("diagnosis", &|_| "E11.9".to_owned()),
    ];
    for file in [long, File::new(&names, turned)] {
        let facts = inspect(&[file]);
        assert_eq!(facts.people.most, 60);
        assert_eq!(facts.personal_records, 60);
        for class in [Class::Name, Class::BirthDate, Class::Health] {
            assert_eq!(count(&facts, class), 60, "{class:?}");
        }
    }
    // The description of a table is about nobody.
    let described = rows(&[
        ["name", "text"],
        ["date_of_birth", "date"],
        ["diagnosis", "ICD-10 code"],
    ]);
    let facts = inspect(&[File::new(&["column", "type"], described)]);
    assert_eq!((facts.people.most, facts.classes.len()), (0, 0));
}

/// Forenames tell a table of people, in whatever language its header is.
#[test]
fn forenames_need_no_known_header() {
    const FIRST: [&str; 6] = ["Agnes", "Fergus", "Imogen", "Rhys", "Zara", "Callum"];
    const LAST: [&str; 5] = ["Ashbury", "Eastham", "Hartley", "Kenfield", "Norworth"];
    let people = |with_date: bool| -> Vec<Vec<String>> {
        (0..30)
            .map(|n| {
                let mut row = vec![LAST[n % 5].to_owned(), FIRST[n % 6].to_owned()];
                if with_date {
                    row.push(format!("19{:02}-0{}-1{}", 40 + n, 1 + n % 9, n % 10));
                }
                row
            })
            .collect()
    };
    let facts = inspect(&[File::new(&["Nachname", "Vorname"], people(false))]);
    assert_eq!((facts.people.most, count(&facts, Class::Name)), (30, 60));
    let facts = inspect(&[File::new(&["c1", "c2", "Geburtsdatum"], people(true))]);
    assert_eq!(facts.people.most, 30);
    assert_eq!(count(&facts, Class::BirthDate), 30);
    // Towns and colours are nobody.
    let goods = (0..30).map(|n| {
        vec![
            LAST[n % 5].to_owned(),
            ["Red", "Teal", "Grey"][n % 3].to_owned(),
        ]
    });
    let facts = inspect(&[File::new(&["x", "y"], goods.collect())]);
    assert_eq!(facts.people.most, 0);
}
