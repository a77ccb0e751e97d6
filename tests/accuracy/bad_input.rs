//! Input that is broken, on purpose or not: never a crash, and never the
//! impression that there is nobody in it.

use crate::SEEDS;
use crate::encodings::utf_16;
use crate::layouts::{Layout, Table};
use crate::look::{Failures, brief, is_inspected, look_at};
use crate::people::{Person, iso, population};
use crate::random::Random;

const PEOPLE: usize = 200;

pub(crate) fn register(people: &[Person]) -> Table {
    let row = |p: &Person| {
        vec![
            p.nhs.clone(),
            format!("{} {}", p.forename, p.surname),
            iso(p.birth),
            p.postcode.clone(),
        ]
    };
    Table::new(
        &["nhs_number", "name", "dob", "postcode"],
        people.iter().map(row).collect(),
    )
}

/// Broken forms of a register; each has all of the people in it.
fn broken(random: &mut Random, people: &[Person]) -> Vec<(String, Vec<u8>)> {
    let table = register(people);
    let mut all = Vec::new();
    let mut add = |what: String, content: Vec<u8>| all.push((what, content));
    for layout in [Layout::Csv, Layout::Tsv, Layout::Quoted] {
        let (header, text) = (layout.line(&table.columns), layout.write(&table));
        let lines: Vec<&str> = text.lines().collect();
        let delimiter = layout.delimiter().expect("delimited").to_string();
        let ragged = |random: &mut Random, line: &str| match random.below(4) {
            0 => format!("{line}{}", delimiter.repeat(5)),
            1 => line.split(&delimiter).next().unwrap_or_default().to_owned(),
            2 => format!("{line}{delimiter}more"),
            _ => line.to_owned(),
        };
        let body: Vec<String> = lines
            .iter()
            .map(|line| ragged(random, line) + "\n")
            .collect();
        add(
            format!("{layout:?}, ragged rows"),
            body.concat().into_bytes(),
        );
        for at in [1, 2, 50, 199, 200] {
            let mut lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
            lines[at] = lines[at].replacen(&delimiter, &format!("{delimiter}\""), 1);
            add(
                format!("{layout:?}, unclosed quote in line {at}"),
                (lines.join("\n") + "\n").into_bytes(),
            );
        }
        let mut early = text.clone();
        early.truncate(text.len() - 30);
        add(
            format!("{layout:?}, cut off within a row"),
            early.into_bytes(),
        );
        for at in [5, 40, 3000] {
            let mut bytes = text.clone().into_bytes();
            bytes.insert(at, 0);
            add(format!("{layout:?}, NUL at {at}"), bytes);
        }
        add(
            format!("{layout:?}, NUL after each byte of the numbers"),
            text.replace("999", "9\09\09").into_bytes(),
        );
        add(
            format!("{layout:?}, a page of NUL at the end"),
            [text.as_bytes(), &[0; 4096]].concat(),
        );
        add(
            format!("{layout:?}, UTF-8 cut at the end"),
            [text.as_bytes(), b"x\xe2\x82"].concat(),
        );
        add(
            format!("{layout:?}, UTF-16 cut at the end"),
            [
                vec![0xff, 0xfe],
                utf_16(&text, u16::to_le_bytes),
                vec![0x41],
            ]
            .concat(),
        );
        let (first, second) = text.split_at(text.char_indices().nth(4000).expect("longer").0);
        add(
            format!("{layout:?}, UTF-8 then Latin-1"),
            [
                format!("Zoë {first}").as_bytes(),
                b"Zo\xeb,",
                second.as_bytes(),
            ]
            .concat(),
        );
        add(
            format!("{layout:?}, UTF-8 then UTF-16"),
            [first.as_bytes().to_vec(), utf_16(second, u16::to_le_bytes)].concat(),
        );
        add(
            format!("{layout:?}, UTF-16 then UTF-8"),
            [
                vec![0xff, 0xfe],
                utf_16(first, u16::to_le_bytes),
                second.as_bytes().to_vec(),
            ]
            .concat(),
        );
        add(
            format!("{layout:?}, the header twice"),
            (header.clone() + &text).into_bytes(),
        );
        add(
            format!("{layout:?}, the header in the middle again"),
            (text.clone() + &text).into_bytes(),
        );
        add(
            format!("{layout:?}, no header"),
            layout.lines(&table.rows).into_bytes(),
        );
        add(
            format!("{layout:?}, a header of blanks"),
            (delimiter.repeat(3) + "\n" + &layout.lines(&table.rows)).into_bytes(),
        );
        add(
            format!("{layout:?}, all columns with one name"),
            (["a"; 4].join(&delimiter) + "\n" + &layout.lines(&table.rows)).into_bytes(),
        );
        add(
            format!("{layout:?}, old Macintosh line ends"),
            text.replace('\n', "\r").into_bytes(),
        );
        add(
            format!("{layout:?}, mixed line ends"),
            text.replace("1\n", "1\r\n").into_bytes(),
        );
        add(
            format!("{layout:?}, all in one line"),
            text.replace('\n', &delimiter).into_bytes(),
        );
    }
    for (deep, open, close) in [
        (100_000, "[", "]"),
        (2000, "{\"a\":", "}"),
        (130, "[{\"a\":", "}]"),
    ] {
        let json = Layout::Json.write(&table);
        add(
            format!("JSON {deep} deep"),
            format!("{}{json}{}", open.repeat(deep), close.repeat(deep)).into_bytes(),
        );
        add(
            format!("JSON {deep} deep before it"),
            format!("[{}1{},{json}]", open.repeat(deep), close.repeat(deep)).into_bytes(),
        );
        add(
            format!("JSON {deep} deep, never closed"),
            format!("{}{json}", open.repeat(deep)).into_bytes(),
        );
    }
    let twice = |p: &[Person]| {
        format!(
            "{{\"nhs_number\": \"{}\", \"nhs_number\": \"{}\"}}\n",
            p[0].nhs, p[1].nhs
        )
    };
    add(
        "JSON Lines, keys twice".into(),
        people.chunks(2).map(twice).collect::<String>().into_bytes(),
    );
    for layout in [
        Layout::Json,
        Layout::JsonLines,
        Layout::Insert,
        Layout::Copy,
    ] {
        let text = layout.write(&table);
        let mut early = text.clone();
        early.truncate(text.len() - 25);
        add(format!("{layout:?}, cut off"), early.into_bytes());
        add(
            format!("{layout:?}, twice"),
            (text.clone() + &text).into_bytes(),
        );
        add(
            format!("{layout:?}, commas left out"),
            text.replace(", ", " ").into_bytes(),
        );
        add(
            format!("{layout:?}, quotes left out"),
            text.replace(['"', '\''], "").into_bytes(),
        );
        let mut bytes = text.clone().into_bytes();
        bytes.insert(1000, 0);
        add(format!("{layout:?}, NUL"), bytes);
        add(
            format!("{layout:?}, no UTF-8"),
            [text.as_bytes(), b"\xff\xfe\xff"].concat(),
        );
    }
    all
}

#[test]
fn broken_registers_are_not_clean() {
    let mut failures = Failures::default();
    for seed in SEEDS.into_iter().take(1) {
        let mut random = Random::new(seed);
        let people = population(&mut random, PEOPLE);
        for (what, content) in broken(&mut random, &people) {
            let facts = look_at("register", content);
            // Whoever cut a file off may have cut off the last two.
            let found = facts.people.most >= PEOPLE as u64 - 2;
            failures.check(found || !is_inspected(&facts), || {
                format!("{what}, seed {seed}, {PEOPLE} people: {}", brief(&facts))
            });
        }
    }
    failures.end();
}
