//! What must hold for the made-up clinic as a reader finds it on disk: above all, that it can be
//! nobody's data.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Every file, by its path below the clinic.
fn clinic() -> (Clinic, BTreeMap<String, Vec<u8>>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let clinic = write(dir.path()).unwrap();
    let mut files = BTreeMap::new();
    for folder in ["", "letters/", "scans/"] {
        for entry in fs::read_dir(dir.path().join(folder))
            .unwrap()
            .map(Result::unwrap)
        {
            if entry.file_type().unwrap().is_file() {
                let name = format!("{folder}{}", entry.file_name().to_str().unwrap());
                files.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    (clinic, files, dir)
}

fn text<'a>(files: &'a BTreeMap<String, Vec<u8>>, name: &str) -> &'a str {
    std::str::from_utf8(&files[name]).unwrap()
}

fn texts(files: &BTreeMap<String, Vec<u8>>) -> impl Iterator<Item = &str> {
    files
        .keys()
        .filter(|name| !name.starts_with("scans/"))
        .map(|name| text(files, name))
}

/// The records below the header. The reader refuses a row with another number of fields than the
/// header.
fn records(csv: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(csv.as_bytes())
        .records()
        .map(Result::unwrap)
        .collect()
}

/// Runs of digits and single spaces with ten digits or more: whatever could be an NHS or a
/// telephone number.
fn long_numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit() && c != ' ')
        .flat_map(|run| run.split("  "))
        .map(str::trim)
        .filter(|run| run.bytes().filter(u8::is_ascii_digit).count() >= 10)
}

fn is_test_nhs_number(number: &str) -> bool {
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    let groups: Vec<usize> = number.split(' ').map(str::len).collect();
    // With the check digit weighted 1, the sum of a valid number is a multiple of 11.
    let sum: u32 = digits
        .iter()
        .zip((1..=10).rev())
        .map(|(digit, weight)| digit * weight)
        .sum();
    groups == [3, 3, 4] && digits.starts_with(&[9, 9, 9]) && sum.is_multiple_of(11)
}

fn is_drama_telephone(number: &str) -> bool {
    let ranges = ["01632 960", "020 7946 0", "07700 900"];
    ranges.iter().any(|range| {
        number
            .strip_prefix(range)
            .is_some_and(|rest| rest.len() == 3 && !rest.contains(' '))
    })
}

#[test]
fn counts_are_those_of_the_files() {
    let (clinic, files, dir) = clinic();
    let bytes = files.values().map(|content| content.len() as u64).sum();
    assert_eq!(
        clinic,
        Clinic {
            patients: 1000,
            letters: 24,
            scans: 6,
            bytes
        }
    );
    assert_eq!(records(text(&files, "patients.csv")).len(), 1000);
    assert!((2800..=3200).contains(&records(text(&files, "results.csv")).len()));
    assert_eq!(
        files
            .keys()
            .filter(|name| name.starts_with("letters/"))
            .count(),
        24
    );
    assert_eq!(
        files
            .keys()
            .filter(|name| name.starts_with("scans/"))
            .count(),
        6
    );
    assert_eq!(files.len(), 2 + 24 + 6);

    let link = dir.path().join("latest.txt");
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("letters/0024.txt"));
    assert_eq!(fs::read(link).unwrap(), files["letters/0024.txt"]);
}

#[test]
fn every_long_number_is_a_test_nhs_number_or_a_drama_telephone() {
    let (_, files, _dir) = clinic();
    let numbers: Vec<&str> = texts(&files).flat_map(long_numbers).collect();
    for number in &numbers {
        assert!(
            is_test_nhs_number(number) || is_drama_telephone(number),
            "{number:?}"
        );
    }
    // Two in each row of patients and three in each letter, lest the search above find nothing and
    // be content.
    let results = records(text(&files, "results.csv")).len();
    assert_eq!(numbers.len(), 2 * 1000 + results + 3 * 24);
}

#[test]
fn patients_are_distinct_and_their_fields_are_of_nobody() {
    let (_, files, _dir) = clinic();
    let patients = records(text(&files, "patients.csv"));
    let numbers: BTreeSet<&str> = patients.iter().map(|patient| &patient[0]).collect();
    assert_eq!(numbers.len(), 1000);
    for patient in &patients {
        assert!(
            is_test_nhs_number(&patient[0]) && is_drama_telephone(&patient[6]),
            "{patient:?}"
        );
        let unit = patient[5].strip_prefix("ZZ99 ").unwrap().as_bytes();
        assert!(
            matches!(unit, [digit, letters @ ..] if digit.is_ascii_digit() && letters.len() == 2
            && letters.iter().all(|letter| letter.is_ascii_uppercase() && !b"CIKMOV".contains(letter)))
        );
    }
    for result in records(text(&files, "results.csv")) {
        assert!(numbers.contains(&result[0]), "{result:?}");
    }
    let about: BTreeSet<&str> = (1..=24)
        .map(|letter| text(&files, &format!("letters/{letter:04}.txt")))
        .map(|letter| {
            long_numbers(letter)
                .find(|number| is_test_nhs_number(number))
                .unwrap()
        })
        .collect();
    assert!(about.len() == 24 && about.is_subset(&numbers));
}

#[test]
fn every_mail_address_is_at_an_example_domain() {
    let (_, files, _dir) = clinic();
    let mut addresses = 0;
    for part in texts(&files).flat_map(|text| text.split([',', '"', ' ', '\r', '\n'])) {
        if let Some((mailbox, domain)) = part.split_once('@') {
            addresses += 1;
            assert!(
                ["example.org", "example.net", "example.com"].contains(&domain),
                "{part}"
            );
            assert!(
                !mailbox.is_empty()
                    && mailbox
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            );
        }
    }
    assert_eq!(addresses, 1000 + 24);
}

#[test]
fn tables_hold_what_breaks_a_careless_reader() {
    let (_, files, _dir) = clinic();
    let patients = records(text(&files, "patients.csv"));
    for mark in ['\'', '-', ',', 'û'] {
        assert!(
            patients.iter().any(|patient| patient[1].contains(mark)),
            "no family name with {mark}"
        );
    }
    assert!(patients.iter().any(|patient| patient[2].contains('"')));
}

#[test]
fn the_bytes_are_the_same_everywhere() {
    let (_, first, _dir) = clinic();
    let (_, second, _dir) = clinic();
    assert_eq!(first, second);
    // Pinned, for a second run on one machine cannot tell that another platform differs. Update it
    // with the content.
    let all = first
        .iter()
        .flat_map(|(name, content)| [name.as_bytes(), content])
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(png::crc32(&all), 0x3260_896a);
}

#[test]
fn nothing_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("patients.csv"), "mine").unwrap();
    let error = write(dir.path()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert!(error.to_string().contains("patients.csv"));
    assert_eq!(fs::read(dir.path().join("patients.csv")).unwrap(), b"mine");
}

#[test]
fn decimals_and_fields_are_written_as_people_write_them() {
    assert_eq!(
        [decimal(41, 0), decimal(41, 1), decimal(7, 2)],
        ["41", "4.1", "0.07"]
    );
    assert_eq!(
        row(&["a", "b,c", "d \"e\"", ""]),
        "a,\"b,c\",\"d \"\"e\"\"\",\r\n"
    );
}
