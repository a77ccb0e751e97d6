//! Tables of the same people: whom an id links, and whom it must not.

use super::generator::{Random, nhs_numbers, people};
use super::*;

/// So many people by id and NHS number.
fn patients(count: usize) -> File {
    let mut random = Random(7);
    let rows = people(&mut random, count).into_iter().zip(1..);
    let rows = rows.map(|(person, id)| {
        let name = format!("{} {}", person.forename, person.surname);
        let birth = person.iso();
        vec![format!("P{id:04}"), person.nhs, name, birth]
    });
    File::new(&["patient_id", "nhs_number", "name", "dob"], rows.collect())
}

/// Ten results of each of these ids.
fn results(ids: std::ops::RangeInclusive<usize>) -> File {
    let rows = ids.flat_map(|id| {
        (0..10).map(move |n| {
            vec![
                format!("P{id:04}"),
                "HbA1c".to_owned(),
                format!("{}", 40 + n),
            ]
        })
    });
    File::new(&["PatientID", "test", "test_result"], rows.collect())
}

/// The file with other columns.
fn called(file: &File, header: &[&str]) -> File {
    File {
        block: file.block,
        ..File::new(header, file.rows.clone())
    }
}

fn most(files: &[File]) -> u64 {
    inspect(files).people.most
}

#[test]
fn names_and_results_are_one_persons_in_any_order() {
    let (patients, results) = (patients(30), results(1..=30));
    for files in [
        [patients.clone(), results.clone()],
        [results.clone(), patients.clone()],
    ] {
        let facts = inspect(&files);
        assert_eq!((facts.people.least, facts.people.most), (30, 30));
        assert_eq!((facts.records, facts.personal_records), (330, 330));
    }
    // Months of results, each a file: an id alone counts in each.
    let months = results.split(150);
    assert_eq!(months.len(), 2);
    assert_eq!(most(&[vec![patients], months].concat()), 30);
}

#[test]
fn results_alone_count_by_id() {
    let facts = inspect(&[results(1..=30)]);
    assert_eq!((facts.people.least, facts.people.most), (1, 30));
    assert_eq!(facts.personal_records, 300);
    // A table of one person in many rows.
    assert_eq!(most(&[results(5..=5)]), 1);
}

#[test]
fn two_hospitals_that_both_count_from_one_are_told_apart() {
    let (leeds, york) = (results(1..=30), results(1..=20));
    assert_eq!(most(&[leeds.clone(), york.clone()]), 50);
    // One of them sends names, too.
    assert_eq!(most(&[patients(30), leeds, york]), 50);
}

#[test]
fn results_of_unknown_ids_are_more_people() {
    assert_eq!(most(&[patients(30), results(21..=50)]), 50);
}

#[test]
fn two_people_with_one_id_are_two() {
    let numbers = nhs_numbers(2);
    let table = |number: &str| File::new(&["patient_id", "nhs_number"], rows(&[["P0001", number]]));
    let both = [table(&numbers[0]), table(&numbers[1])];
    assert_eq!(most(&both), 2);
    let results = results(1..=1);
    assert_eq!(most(&[both.to_vec(), vec![results.clone()]].concat()), 2);
    assert_eq!(
        most(&[both.to_vec(), vec![results.clone(), results.clone()]].concat()),
        2
    );
    let three = vec![results.clone(), results.clone(), results];
    assert_eq!(most(&[both.to_vec(), three].concat()), 3);
}

#[test]
fn one_person_with_many_ids_answers_for_none() {
    let number = &nhs_numbers(1)[0];
    let rows = (1..=100).map(|id| vec![format!("P{id:04}"), number.clone()]);
    let claims = File::new(&["patient_id", "nhs_number"], rows.collect());
    let results = results(1..=100);
    assert_eq!(most(std::slice::from_ref(&results)), 100);
    assert_eq!(most(&[claims.clone(), results.clone()]), 101);
    assert_eq!(most(&[results, claims]), 101);
}

#[test]
fn who_is_known_without_the_id_too_answers_all_the_same() {
    // The file that links them shows that they are the same people.
    let (patients, results) = (patients(30), results(1..=30));
    let rows = patients
        .rows
        .iter()
        .map(|row| vec![row[1].clone(), "x".to_owned()]);
    let referrals = File::new(&["nhs_number", "referral"], rows.collect());
    assert_eq!(most(&[results.clone(), referrals.clone()]), 60);
    assert_eq!(most(&[results, referrals, patients]), 30);
}

#[test]
fn every_family_of_keys_answers() {
    let mut random = Random(3);
    let all = people(&mut random, 20);
    let results = results(1..=20);
    let id = |at: usize| format!("P{:04}", at + 1);
    let ninos: Vec<_> = (0..20)
        .map(|at| vec![id(at), format!("AB{at:06}C")])
        .collect();
    let ninos = File::new(&["patient_id", "nino"], ninos);
    assert_eq!(most(&[ninos.clone(), results.clone()]), 20);
    let composites = all.iter().enumerate().map(|(at, person)| {
        vec![
            id(at),
            person.forename.clone(),
            person.surname.clone(),
            person.iso(),
            person.postcode.clone(),
        ]
    });
    let header = ["patient_id", "forename", "surname", "dob", "postcode"];
    let composites = File::new(&header, composites.collect());
    assert_eq!(most(std::slice::from_ref(&composites)), 20);
    assert_eq!(most(&[composites.clone(), results.clone()]), 20);
    // Names and dates of birth alone, with the id.
    let rows = composites.rows.iter().map(|row| row[..4].to_vec());
    let named = File::new(&header[..4], rows.collect());
    assert_eq!(most(&[named.clone(), results.clone()]), 20);
    assert_eq!(most(&[named, composites, ninos, results]), 40);
}

#[test]
fn single_rows_in_many_files_are_one_person() {
    // As images of a study come, one a file.
    let header = ["PatientID", "PatientName", "PatientBirthDate", "StudyDate"];
    let image = |id: &str, birth: &str| {
        File::new(&header, rows(&[[id, "Vexgol Jun", birth, "2024-03-01"]]))
    };
    let mut images: Vec<File> = (0..40).map(|_| image("P0001", "1960-05-04")).collect();
    assert_eq!(most(&images), 1);
    images.push(image("P0001", "1961-05-04"));
    assert_eq!(most(&images), 2);
    images.push(image("P0002", "1960-05-04"));
    assert_eq!(most(&images), 3);
    images.push(patients(2));
    assert_eq!(most(&images), 3);
}

#[test]
fn random_ids_are_the_same_in_all_files() {
    let mut random = Random(11);
    let ids: Vec<String> = (0..20)
        .map(|_| {
            let (high, low) = (random.next(), random.next());
            let hex = format!("{high:016x}{low:016x}");
            format!(
                "{}-{}-4{}-8{}-{}",
                &hex[..8],
                &hex[8..12],
                &hex[13..16],
                &hex[17..20],
                &hex[20..]
            )
        })
        .collect();
    let table = |header: &[&str]| {
        let rows = ids
            .iter()
            .flat_map(|id| (0..3).map(|n| vec![id.clone(), format!("{n}")]));
        File::new(header, rows.collect())
    };
    let files = [
        table(&["patient_id", "glucose"]),
        table(&["patient_id", "systolic"]),
    ];
    assert_eq!(most(&files), 20);
}

#[test]
fn ids_of_others_than_the_person_link_nobody() {
    let results = results(1..=3);
    for header in [
        "consultant_id",
        "study_id",
        "client_id",
        "user_id",
        "employee_no",
        "record_id",
    ] {
        let file = called(&results, &[header, "test", "test_result"]);
        assert_eq!(most(std::slice::from_ref(&file)), 30, "{header}");
        let patients = called(&patients(3), &[header, "nhs_number", "name", "dob"]);
        assert_eq!(most(&[file, patients]), 33, "{header}");
    }
}

#[test]
fn names_of_columns_must_agree() {
    let hospital = called(&results(1..=3), &["hospital_no", "test", "test_result"]);
    assert_eq!(most(&[patients(3), hospital]), 6);
}

#[test]
fn what_stands_for_no_id_counts_row_by_row() {
    let table = rows(&[
        ["unknown", "Asthma"],
        ["unknown", "Asthma"],
        ["9999999", "Gout"],
        ["9999999", "Gout"],
        ["", "Gout"],
        ["0", "Gout"],
        ["0", "Gout"],
        ["7", "Gout"],
        ["7", "Gout"],
    ]);
    assert_eq!(most(&[File::new(&["mrn", "diagnosis"], table)]), 8);
}

#[test]
fn of_several_ids_the_persons_own_links() {
    let table = rows(&[
        ["S1", "P1", "D1", "Asthma"],
        ["S1", "P2", "D1", "Asthma"],
        ["S1", "P2", "D2", "Asthma"],
        ["S1", "", "D2", "Asthma"],
    ]);
    let header = ["subject_id", "patient_id", "consultant_id", "diagnosis"];
    // The last by its subject.
    assert_eq!(most(&[File::new(&header, table)]), 3);
}

#[test]
fn a_doctors_name_tells_no_patients_apart() {
    let table = rows(&[
        ["P1", "Dr Amy Black", "Asthma"],
        ["P1", "Dr Tom White", "Asthma"],
        ["P2", "Dr Amy Black", "Gout"],
    ]);
    let header = ["patient_id", "consultant_name", "diagnosis"];
    assert_eq!(most(&[File::new(&header, table)]), 2);
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    const ALL: &[usize] = &[0, 1, 2, 3, 4, 5];
    /// Which says of nobody with a key which id is theirs. Others may, by the
    /// numbers in a column whose name says nothing.
    const APART: &[usize] = &[5];
    /// Whose columns are known by their names, however few values they have.
    const TELLING: &[usize] = &[0, 1, 3, 5];

    /// A table of some of twelve people under one of several headers, with
    /// some cells blank and ids that are not always right.
    fn table(headers: &'static [usize]) -> impl Strategy<Value = File> {
        table_with(headers, false)
    }

    /// The same, with ids that contradict nothing, if wanted.
    fn table_with(headers: &'static [usize], are_right: bool) -> impl Strategy<Value = File> {
        const HEADERS: [&[&str]; 6] = [
            &[
                "patient_id",
                "nhs_number",
                "name",
                "dob",
                "postcode",
                "diagnosis",
            ],
            &["patient_id", "nino", "name", "dob", "postcode", "diagnosis"],
            &["PatientId", "x", "name", "dob", "y", "diagnosis"],
            &["mrn", "nhs_number", "name", "dob", "postcode", "diagnosis"],
            &["patient.id", "x", "y", "z", "w", "diagnosis"],
            &[
                "visit",
                "nhs_number",
                "name",
                "dob",
                "postcode",
                "diagnosis",
            ],
        ];
        let row = (0usize..12, 0usize..6, 0u8..64);
        let rows = prop::collection::vec(row, 0..24);
        (rows, prop::sample::select(headers), 1usize..30).prop_map(
            move |(picked, header, block)| {
                let all = people(&mut Random(1), 12);
                let rows = picked.into_iter().map(move |(who, id, blank)| {
                    let person = all[who].clone();
                    // Mostly the person's own, sometimes another's.
                    let id = match id {
                        _ if are_right => who,
                        0 => 11 - who,
                        _ => who / 2,
                    };
                    let birth = person.iso();
                    let second = if HEADERS[header][1] == "nino" {
                        format!("AB{who:06}C")
                    } else {
                        person.nhs
                    };
                    let mut row = vec![
                        format!("{}", id + 1),
                        second,
                        format!("{} {}", person.forename, person.surname),
                        birth,
                        person.postcode,
                        "Asthma".to_owned(),
                    ];
                    for (at, cell) in row.iter_mut().enumerate() {
                        if blank >> at & 1 == 1 && (who + at) % 2 == 0 {
                            cell.clear();
                        }
                    }
                    row
                });
                File {
                    block,
                    ..File::new(HEADERS[header], rows.collect())
                }
            },
        )
    }

    /// How many different values there are in a column: each is somebody's, where
    /// ids are right.
    fn distinct(files: &[File], column: usize) -> u64 {
        let rows = files.iter().flat_map(|file| &file.rows);
        let values = rows.map(|row| row[column].as_str());
        let values: std::collections::BTreeSet<_> = values.filter(|one| !one.is_empty()).collect();
        values.len() as u64
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn order_changes_nothing(files in prop::collection::vec(table(ALL), 0..6)) {
            let forward = inspect_in(files.iter().enumerate(), false);
            let back = inspect_in(files.iter().enumerate().rev(), true);
            prop_assert_eq!(forward, back);
        }

        #[test]
        fn adding_files_never_lowers_the_count_unless_they_say_whose_ids_they_are(
            some in prop::collection::vec(table(ALL), 0..5),
            more in prop::collection::vec(table(APART), 1..4),
        ) {
            let before = inspect(&some);
            let after = inspect(&[some, more].concat());
            prop_assert!(after.people.least >= before.people.least);
            prop_assert!(after.people.most >= before.people.most);
        }

        #[test]
        fn whose_ids_they_are_makes_no_fewer_than_there_are(
            keys in prop::collection::vec(table_with(&[5], true), 0..3),
            ids in prop::collection::vec(table_with(&[4], true), 0..2),
            more in prop::collection::vec(table_with(ALL, true), 1..4),
        ) {
            let after = inspect(&[keys.clone(), ids.clone(), more].concat()).people;
            prop_assert!(after.most >= distinct(&keys, 1));
            prop_assert!(after.most >= distinct(&ids, 0));
        }

        #[test]
        fn splitting_files_never_lowers_the_upper_bound(
            files in prop::collection::vec(table(TELLING), 1..4),
            size in 1usize..20,
        ) {
            let whole = inspect(&files);
            let parts: Vec<File> = files.iter().flat_map(|file| file.split(size)).collect();
            let parts = inspect(&parts);
            prop_assert!(parts.people.most >= whole.people.most);
        }

        #[test]
        fn links_only_lower_what_rows_would_count(files in prop::collection::vec(table(ALL), 1..5)) {
            let facts = inspect(&files);
            prop_assert!(facts.people.most <= facts.personal_records);
            prop_assert!(facts.people.least <= facts.people.most);
        }
    }
}
