//! Files of every kind, for properties that hold of any of them.

use crate::encodings::{base64, gzip};
use crate::identifiers::{card, email, isbn, nhs_numbers, phone};
use crate::layouts::{Layout, Table};
use crate::look::{File, file};
use crate::people::{Person, iso, misspell, population, visits};
use crate::random::Random;

fn named(people: &[Person]) -> Table {
    let row = |p: &Person| {
        vec![
            p.forename.clone(),
            p.surname.clone(),
            iso(p.birth),
            p.postcode.clone(),
        ]
    };
    Table::new(
        &["forename", "surname", "dob", "postcode"],
        people.iter().map(row).collect(),
    )
}

/// About twenty files, some about the same people.
pub(crate) fn pool(random: &mut Random) -> Vec<File> {
    let people = population(random, 40);
    let mut again = visits(random, &people[..20], 3);
    again.iter_mut().for_each(|person| misspell(random, person));
    let numbers: Vec<String> = people.iter().map(|person| person.nhs.clone()).collect();
    let some = nhs_numbers(random, 7);
    let nino = |p: &Person| vec![p.nino.clone(), p.surname.clone()];
    let ninos = Table::new(
        &["nino", "surname"],
        people[10..].iter().map(nino).collect(),
    );
    let isbns: Vec<String> = (0..12).map(|_| isbn(random)).collect();
    let chance: Vec<String> = (0..25).map(|_| format!("4{}", random.digits(9))).collect();
    let table = Table::column("nhs_number", &numbers).beside_others();
    let csv = Layout::Csv.write(&table);
    let cards: Vec<String> = (0..5).map(|_| card(random)).collect();
    let ethnic = "ethnic group,count\nWhite British,120\nIndian,31\nChinese,9\nOther,14\n";
    let patient = |id: usize| {
        format!(
            "{{\"resourceType\":\"Patient\",\"id\":\"{id}\",\"identifier\":[{{\"system\":\"https://fhir.nhs.uk/Id/nhs-number\",\"value\":\"{}\"}}]}}\n",
            numbers[id]
        )
    };
    let condition = |id: usize| {
        format!(
            "{{\"resourceType\":\"Condition\",\"id\":\"c{id}\",\"code\":{{\"text\":\"Asthma\"}},\"subject\":{{\"reference\":\"Patient/{id}\"}}}}\n"
        )
    };
    vec![
        file("numbers.csv", csv.clone()),
        Layout::Json.file("some", &Table::column("ref", &some)),
        file("few", some[..3].join("\n")),
        file("more", numbers[5..25].join("\n")),
        Layout::Insert.file("ninos", &ninos),
        Layout::Csv.file("named", &named(&people)),
        Layout::Tsv.file("again", &named(&again)),
        Layout::Csv.file("isbn", &Table::column("isbn", &isbns)),
        Layout::JsonLines.file("chance", &Table::column("order", &chance)),
        Layout::Semicolon.file("cards", &Table::column("card", &cards).beside_others()),
        file("Patient.ndjson", (0..20).map(patient).collect::<String>()),
        file(
            "Condition.ndjson",
            (10..30).map(condition).collect::<String>(),
        ),
        file(
            "Condition2.ndjson",
            (0..40).map(condition).collect::<String>(),
        ),
        file("ethnic.csv", ethnic),
        file(
            "health.csv",
            "patient_id,ethnicity,diagnosis\n1,Indian,Asthma\n2,White British,Asthma\n",
        ),
        file(
            "letter.txt",
            format!(
                "Dear colleague,\nNHS number: {}\nhas asthma. Tel: {}\n",
                numbers[3],
                phone(random)
            ),
        ),
        file(
            "mail.txt",
            format!("Ask {} or {}.\n", email(random), email(random)),
        ),
        file("numbers.csv.gz", gzip(csv.as_bytes())),
        file("encoded.txt", base64(csv.repeat(8).as_bytes())),
        file(
            "image.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\0\0\0\x02\0\x08\x02\0\0\0".to_vec(),
        ),
        file("noise", [0x80, 0xff, 0x01, 0x00].repeat(300)),
        file("empty", ""),
        file("README.md", "# Notes\n\nNothing about anybody here.\n"),
    ]
}
