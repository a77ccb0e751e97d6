//! Lines that go on in the next, and values in other signs.

use super::*;
use crate::encoded::base64;

const FORENAMES: [&str; 8] = [
    "S\u{f8}ren",
    "J\u{f6}rg",
    "Agnes",
    "Niamh",
    "Zo\u{eb}",
    "Ren\u{e9}e",
    "Clara",
    "Amir",
];
const SURNAMES: [&str; 6] = [
    "H\u{f8}jgaard",
    "Ashbury",
    "M\u{fc}ller",
    "Fenwick",
    "Garwick",
    "Barcroft",
];

fn names(many: usize) -> impl Iterator<Item = (usize, String)> {
    (0..many).map(|at| {
        (
            at,
            format!("{} {}", FORENAMES[at % 8], SURNAMES[at / 8 % 6]),
        )
    })
}

/// Folded after so many characters.
fn folded(line: &str, width: usize, end: &str) -> String {
    let characters: Vec<char> = line.chars().collect();
    let lines = characters
        .chunks(width)
        .map(|part| part.iter().collect::<String>());
    lines.collect::<Vec<_>>().join(&format!("{end} ")) + end
}

#[test]
fn directories_are_read_through_folds_and_base64() {
    for (width, end) in [(76, "\n"), (9, "\n"), (9, "\r\n")] {
        let mut text = format!("# extended LDIF{end}#{end}version: 1{end}{end}");
        for (at, name) in names(40) {
            for line in [
                format!("dn: uid=u{at},ou=people,dc=example,dc=org"),
                "objectClass: inetOrgPerson".to_owned(),
                format!("cn:: {}", base64(name.as_bytes())),
                format!("mail: staff.member.number.{at}@department.example.org"),
            ] {
                text += &folded(&line, width, end);
            }
            text += end;
        }
        let facts = inspect(text.as_bytes());
        assert_eq!(count(&facts, Class::Email), 40, "{width}");
        assert_eq!(count(&facts, Class::Name), 40, "{width}");
        assert_eq!(facts.people.most, 40, "{width}");
    }
}

#[test]
fn a_directory_of_machines_is_nobody() {
    let mut text = String::new();
    for at in 0..40 {
        let _ = writeln!(
            text,
            "dn: cn=node{at},ou=hosts,dc=example,dc=org\nobjectClass: device\ncn:: {}\ndescription: rack {at}, a long line that is\n  folded here\n",
            base64(format!("node{at}").as_bytes())
        );
    }
    expect_nobody(&text);
}

#[test]
fn cards_are_read_through_folds_and_quoted_printable() {
    let quoted = |text: &str| -> String {
        let byte = |byte: &u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b' ' => char::from(*byte).to_string(),
            _ => format!("={byte:02X}"),
        };
        text.as_bytes().iter().map(byte).collect()
    };
    let mut old = String::new();
    let mut new = String::new();
    for (at, name) in names(40) {
        let code = quoted(&name);
        let (one, two) = code.split_at(4);
        let (one, two) = if one.contains('=') {
            (code.as_str(), "")
        } else {
            (one, two)
        };
        let _ = write!(
            old,
            "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:{one}=\r\n{two}\r\nBDAY:19{:02}0201\r\nEND:VCARD\r\n",
            at + 30
        );
        new += "BEGIN:VCARD\r\nVERSION:4.0\r\n";
        new += &folded(&format!("FN:{name}"), 6, "\r\n");
        new += &folded(
            &format!("EMAIL;TYPE=home:person.number.{at}@example.org"),
            20,
            "\r\n",
        );
        new += "END:VCARD\r\n";
    }
    let facts = inspect(old.as_bytes());
    assert_eq!(count(&facts, Class::Name), 40);
    assert_eq!(facts.people.most, 40);
    let facts = inspect(new.as_bytes());
    assert_eq!(count(&facts, Class::Name), 40);
    assert_eq!(count(&facts, Class::Email), 40);
    assert_eq!(facts.people.most, 40);
}

#[test]
fn calendars_are_read_through_folds() {
    let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n");
    let mut nobody = text.clone();
    for at in 0..20 {
        text += "BEGIN:VEVENT\r\n";
        text += &folded(
            &format!("ATTENDEE;ROLE=REQ-PARTICIPANT:mailto:guest.number.{at}@example.org"),
            40,
            "\r\n",
        );
        text += "END:VEVENT\r\n";
        nobody += "BEGIN:VEVENT\r\n";
        nobody += &folded(
            &format!("SUMMARY:Bin collection in week {at} of the year, and nothing else"),
            40,
            "\r\n",
        );
        nobody += "END:VEVENT\r\n";
    }
    let facts = inspect(text.as_bytes());
    assert_eq!((count(&facts, Class::Email), facts.people.most), (20, 20));
    expect_nobody(&nobody);
}

/// Over the borders of chunks and blocks, and with lines of any length.
#[test]
fn long_directories_are_read_whole() {
    let mut text = String::new();
    let many = 30_000;
    for at in 0..many {
        let picture = "/9j4".repeat(at % 40);
        let mail = folded(
            &format!("mail: person.number.{at}@department.example.org"),
            13 + at % 7,
            "\n",
        );
        let _ = write!(
            text,
            "dn: uid=u{at},dc=example,dc=org\nphoto:: {picture}\n{mail}\n"
        );
    }
    let huge = format!(
        "dn: uid=x,dc=example,dc=org\nnote: {}\n\n",
        "word ".repeat(100_000)
    );
    text.push_str(&huge);
    text.push_str("dn: uid=z,dc=example,dc=org\nmail: last.of.a\n ll@example.org\n");
    assert!(text.len() > 2 << 20);
    let facts = inspect(text.as_bytes());
    assert_eq!(count(&facts, Class::Email), many as u64 + 1);
    assert_eq!(facts.people.most, many as u64 + 1);
}

/// What is no directory keeps its lines.
#[test]
fn settings_are_not_put_together() {
    let text = "version: 1\npeople:\n - name: Agnes Ashbury\n   born: 1970-02-01\n - name: Clara Fenwick\n   born: 1971-02-01\n";
    let facts = inspect(text.as_bytes());
    assert_eq!(facts.people.most, 2);
}
