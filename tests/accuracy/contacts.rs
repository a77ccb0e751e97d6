//! Cards, telephone numbers, e-mail addresses, IBANs and IP addresses, in
//! columns and in text.

use exeat_core::inspect::Class;

use crate::SEEDS;
use crate::identifiers::{card, email, iban, in_fours, ip_address, phone, written_card};
use crate::layouts::{Layout, Table};
use crate::look::{Failures, Share, brief, count, look, look_at};
use crate::random::Random;

struct Kind {
    class: Class,
    /// The least share to find, of ten thousand.
    least: u64,
    headers: &'static [&'static str],
    /// What stands before and after it in text.
    contexts: &'static [(&'static str, &'static str)],
    make: fn(&mut Random) -> String,
}

/// What stands before and after a telephone number.
pub(crate) const PHONE_CONTEXTS: [(&str, &str); 8] = [
    ("Tel: ", ""),
    ("Call ", " after six."),
    ("or ring ", ", please"),
    ("Mobile ", "."),
    ("You can reach them on ", " at any time."),
    ("(", ")"),
    ("fax ", ";"),
    ("", ""),
];

const KINDS: [Kind; 5] = [
    Kind {
        class: Class::Card,
        least: 9800,
        headers: &["card_number", "PAN", "Card No", "payment", "number"],
        contexts: &[
            ("Paid by card ", " on Monday."),
            ("card number: ", ""),
            ("The old one is ", ", now void."),
            ("Visa or other ", "; expires soon"),
            ("Please charge ", "."),
            ("<td>", "</td>"),
        ],
        make: |random| {
            let card = card(random);
            written_card(random, &card)
        },
    },
    Kind {
        class: Class::Phone,
        least: 8500,
        headers: &["phone", "Telephone", "mobile_no", "contact", "column2"],
        contexts: &PHONE_CONTEXTS,
        make: phone,
    },
    Kind {
        class: Class::Email,
        least: 10_000,
        headers: &["email", "E-Mail", "contact", "column4"],
        contexts: &[
            ("Write to ", "."),
            ("<", ">"),
            ("mailto:", ""),
            ("(", ")"),
            ("cc: ", ", and others"),
            ("\"", "\""),
            ("", ""),
            ("ask ", "; they know"),
        ],
        make: email,
    },
    Kind {
        class: Class::Iban,
        least: 10_000,
        headers: &["iban", "IBAN", "account", "payee"],
        contexts: &[
            ("IBAN: ", ""),
            ("pay to ", "."),
            ("account ", ", please"),
            ("(", ")"),
            ("", ""),
        ],
        make: |random| {
            let iban = iban(random);
            if random.percent(50) {
                in_fours(&iban)
            } else {
                iban
            }
        },
    },
    Kind {
        class: Class::IpAddress,
        least: 10_000,
        headers: &["ip", "client_address", "host", "column1"],
        contexts: &[
            ("from ", " at night"),
            ("IP ", "."),
            ("client=", ""),
            ("[", "]"),
            ("", ""),
            ("blocked ", ", then freed"),
        ],
        make: ip_address,
    },
];

#[test]
fn in_columns() {
    let mut failures = Failures::default();
    for kind in &KINDS {
        let mut share = Share::default();
        for seed in SEEDS {
            let mut random = Random::new(seed);
            for layout in Layout::ALL {
                for rows in [1, 7, 40] {
                    let values: Vec<String> = (0..rows).map(|_| (kind.make)(&mut random)).collect();
                    let header = random.word(kind.headers);
                    let table = Table::column(header, &values).beside_others();
                    let facts = look(&[layout.file("table", &table)]);
                    let found = count(&facts, kind.class).min(rows);
                    share.add(found, rows);
                    failures.check(kind.least < 10_000 || found == rows, || {
                        format!(
                            "{:?}, seed {seed}, {layout:?}, header {header:?}, {rows} rows such as \
                            {:?}: {}",
                            kind.class,
                            values.first(),
                            brief(&facts)
                        )
                    });
                    if found < rows && kind.least < 10_000 {
                        println!(
                            "  missed: {:?} {layout:?} {header:?} {found} of {rows}, first {:?}",
                            kind.class,
                            values.first()
                        );
                    }
                }
            }
        }
        println!("{:?} in columns: {share}", kind.class);
        failures.check(share.is_at_least(kind.least), || {
            format!("{:?}: {share}", kind.class)
        });
    }
    failures.end();
}

#[test]
fn in_text() {
    let mut failures = Failures::default();
    for kind in &KINDS {
        let mut share = Share::default();
        for seed in SEEDS {
            let mut random = Random::new(seed);
            for (before, after) in kind.contexts {
                let values: Vec<String> = (0..60).map(|_| (kind.make)(&mut random)).collect();
                let text: String = values
                    .iter()
                    .map(|value| {
                        format!("So we went on.\n{before}{value}{after}\nThat was all.\n\n")
                    })
                    .collect();
                let facts = look_at("notes.txt", text);
                let found = count(&facts, kind.class).min(60);
                share.add(found, 60);
                if found < 60 {
                    let missed = missed(kind, before, after, &values);
                    let what = format!(
                        "{:?} in text, seed {seed}, {before:?} {after:?}: {found} of \
                        60, missed alone: {missed:?}",
                        kind.class
                    );
                    println!("  {what}");
                    failures.check(kind.least < 10_000, || what);
                }
            }
        }
        println!("{:?} in text: {share}", kind.class);
        failures.check(share.is_at_least(kind.least), || {
            format!("{:?} in text: {share}", kind.class)
        });
    }
    failures.end();
}

/// Which of the values are not found in a text of their own; the first few.
fn missed(kind: &Kind, before: &str, after: &str, values: &[String]) -> Vec<String> {
    let is_missed = |value: &&String| {
        let text = format!("So we went on.\n{before}{value}{after}\nThat was all.\n");
        count(&look_at("note.txt", text), kind.class) == 0
    };
    values.iter().filter(is_missed).take(4).cloned().collect()
}
