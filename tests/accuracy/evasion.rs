//! Ways round a guard that looks at names, or at one encoding only.

use crate::SEEDS;
use crate::encodings::{base64, gzip, hex, utf_16, wrapped};
use crate::layouts::{Layout, Table};
use crate::look::{Failures, File, brief, figures, file, is_inspected, look, look_at};
use crate::people::{Person, iso, population};
use crate::random::Random;

fn register(people: &[Person]) -> Table {
    let row = |p: &Person| {
        vec![
            p.nhs.clone(),
            p.surname.clone(),
            iso(p.birth),
            p.postcode.clone(),
        ]
    };
    Table::new(
        &["nhs_number", "surname", "dob", "postcode"],
        people.iter().map(row).collect(),
    )
}

#[test]
fn renaming_changes_nothing() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let table = register(&population(&mut random, 120));
        for layout in Layout::ALL {
            let content = layout.write(&table);
            let before = figures(&look_at("register", content.clone()));
            for name in [
                "a.png",
                "a.jpg",
                "a.zip",
                "a.txt",
                "a.json",
                "a.csv",
                "a.sql",
                "a.age",
                "a.gz",
                "a.exe",
                "a.rs",
                "LICENSE",
                ".hidden",
                "a.",
                "a.tar.zst",
                "SHA256SUMS",
                "manifest.json",
            ] {
                let facts = look_at(name, content.clone());
                let after = figures(&facts);
                failures.check(before == after && facts.people.most >= 120, || {
                    format!("seed {seed}, {layout:?} called {name}:\n  {before}\n  {after}")
                });
            }
        }
    }
    failures.end();
}

/// Found in full, or said not to have been looked into.
pub(crate) fn check_found(
    what: &str,
    seed: u64,
    people: u64,
    files: &[File],
    failures: &mut Failures,
) {
    let facts = look(files);
    failures.check(facts.people.most >= people || !is_inspected(&facts), || {
        format!("{what}, seed {seed}, {people} people: {}", brief(&facts))
    });
}

#[test]
fn encoding_hides_nobody() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        for size in [150_usize, 600] {
            let table = register(&population(&mut random, size));
            let csv = Layout::Csv.write(&table);
            let plain = base64(csv.as_bytes());
            let mixed = csv.to_uppercase();
            let letter = |body: &str| format!("Dear all,\nhere it is:\n\n{body}\n\nKind regards\n");
            let mail = format!(
                "From: a@example.org\nTo: b@example.org\nMIME-Version: 1.0\nContent-Type: text/csv; \
                 name=\"x.csv\"\nContent-Transfer-Encoding: base64\n\n{}",
                wrapped(&plain, 76, "\r\n")
            );
            let ways = [
                ("base64 in one line", plain.clone()),
                ("base64 in lines of 76", wrapped(&plain, 76, "\n")),
                (
                    "base64 in lines of 64 with CRLF",
                    wrapped(&plain, 64, "\r\n"),
                ),
                ("base64 in a letter", letter(&wrapped(&plain, 76, "\n"))),
                ("base64 in one line of a letter", letter(&plain)),
                ("base64 in mail", mail),
                (
                    "base64 in JSON",
                    format!("{{\"version\": 1, \"data\": \"{plain}\"}}\n"),
                ),
                (
                    "base64 in XML",
                    format!("<file><data>{plain}</data></file>\n"),
                ),
                (
                    "base64 in a cell",
                    format!("name,data\nx,{plain}\ny,none\n"),
                ),
                (
                    "base64 as a data URL",
                    format!("see data:text/csv;base64,{plain}\n"),
                ),
                ("base64 for URLs", plain.replace('+', "-").replace('/', "_")),
                (
                    "base64 without padding",
                    plain.trim_end_matches('=').to_owned(),
                ),
                ("base64 of capitals", base64(mixed.as_bytes())),
                ("base64 of base64", base64(plain.as_bytes())),
                ("base64 of UTF-16", base64(&utf_16(&csv, u16::to_le_bytes))),
                (
                    "base64 of JSON",
                    base64(Layout::Json.write(&table).as_bytes()),
                ),
                (
                    "base64 of gzip",
                    base64(&gzip(
                        csv.get(..csv.len().min(60_000))
                            .unwrap_or_default()
                            .as_bytes(),
                    )),
                ),
                ("hex in one line", hex(csv.as_bytes())),
                (
                    "hex in lines of 64",
                    wrapped(&hex(csv.as_bytes()), 64, "\n"),
                ),
                ("hex in capitals", hex(csv.as_bytes()).to_uppercase()),
                ("hex in a letter", letter(&hex(csv.as_bytes()))),
            ];
            for (what, content) in ways {
                check_found(
                    what,
                    seed,
                    size as u64,
                    &[file("notes.txt", content)],
                    &mut failures,
                );
            }
            let bytes: [(&str, Vec<u8>); 5] = [
                (
                    "gzip",
                    gzip(
                        csv.get(..csv.len().min(60_000))
                            .unwrap_or_default()
                            .as_bytes(),
                    ),
                ),
                (
                    "zstd",
                    zstd::encode_all(csv.as_bytes(), 3).expect("compresses"),
                ),
                ("UTF-16LE without BOM", utf_16(&csv, u16::to_le_bytes)),
                ("UTF-16BE without BOM", utf_16(&csv, u16::to_be_bytes)),
                (
                    "UTF-32",
                    csv.chars()
                        .flat_map(|letter| u32::from(letter).to_le_bytes())
                        .collect(),
                ),
            ];
            for (what, content) in bytes {
                check_found(
                    what,
                    seed,
                    size as u64,
                    &[file("notes.txt", content)],
                    &mut failures,
                );
            }
        }
    }
    failures.end();
}

#[test]
fn what_stands_in_front_hides_nobody() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let table = register(&population(&mut random, 120));
        let prose =
            "Nothing in this file is about anybody. It is a note on how to read the rest.\n";
        for layout in Layout::ALL {
            let content = layout.write(&table);
            let ways = [
                ("a comment", format!("# made on Monday\n{content}")),
                ("blank lines", format!("\n\n\n{content}")),
                ("a title", format!("Register of the clinic\n\n{content}")),
                ("a page of prose", prose.repeat(40) + &content),
                ("100 KiB of prose", prose.repeat(1300) + &content),
                (
                    "another table",
                    format!("product,price\nsoap,1.20\ntea,3.40\n\n{content}"),
                ),
                ("an opening tag", format!("<html>\n{content}")),
                ("a magic number", format!("%PDF-1.7\n{content}")),
                ("a program", format!("#!/bin/sh\nexit 0\n{content}")),
            ];
            for (what, content) in ways {
                let what = format!("{what} before {layout:?}");
                check_found(&what, seed, 120, &[file("file", content)], &mut failures);
            }
            let after = [
                ("prose", content.clone() + &prose.repeat(2000)),
                ("noise", format!("{content}{}", random.letters(60_000))),
            ];
            for (what, content) in after {
                let what = format!("{what} after {layout:?}");
                check_found(&what, seed, 120, &[file("file", content)], &mut failures);
            }
        }
    }
    failures.end();
}
