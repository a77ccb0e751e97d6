//! What must be seen as a table, and what must not, though it looks alike.

use super::super::Kind;
use super::Seen;

/// Valid numbers of the test range, in three groups.
fn numbers() -> Vec<[String; 3]> {
    (0..400_u32)
        .filter_map(|serial| {
            let nine = format!("999{serial:06}");
            let sum: u32 = nine
                .bytes()
                .zip((2..=10).rev())
                .map(|(digit, weight)| u32::from(digit - b'0') * weight)
                .sum();
            let check = (11 - sum % 11) % 11;
            (check < 10).then(|| {
                [
                    nine[..3].to_owned(),
                    nine[3..6].to_owned(),
                    format!("{}{check}", &nine[6..]),
                ]
            })
        })
        .collect()
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| line + "\n").collect()
}

#[test]
fn few_rows_with_names_of_their_own_are_a_table() {
    let across = |label: &str, value: &str| {
        let values: Vec<String> = (0..12).map(|n| format!("{value}{n}")).collect();
        format!("{label},{}\n", values.join(","))
    };
    let text =
        across("field", "Patient ") + &across("dob", "1980-02-1") + &across("diagnosis", "E1");
    let seen = Seen::of(text.as_bytes());
    seen.expect(Kind::Table, "");
    assert_eq!((seen.records.len(), seen.records[0].len()), (3, 13));
}

/// A sample holds few rows of so many columns.
#[test]
fn wide_rows_are_a_table() {
    let line = |value: &str| vec![value; 1_500].join(",") + "\n";
    for (head, rows) in [("name", 1), ("ward", 3), ("Agnes Ashbury", 200)] {
        let text = line(head) + &line("Agnes Ashbury").repeat(rows);
        Seen::of(text.as_bytes()).expect(Kind::Table, "");
    }
}

#[test]
fn one_record_of_too_many_columns_is_never_text() {
    for (columns, name) in [
        (4_097, "c"),
        (5_000, "c"),
        (10_000, "column_number_"),
        (10_000, "measure (mm) "),
        (40_000, "column_number_"),
    ] {
        for delimiter in [",", ";", "\t", "|"] {
            let header: Vec<String> = (0..columns)
                .map(|column| match column {
                    4_090 => "nhs_number".to_owned(),
                    _ => format!("{name}{column}"),
                })
                .collect();
            for value in ["", "x", "some words"] {
                let mut record = vec![value; columns];
                record[4_090] = "9990000018";
                let header = header.join(delimiter);
                let record = record.join(delimiter);
                for text in [
                    format!("{header}\n{record}\n"),
                    format!("{header}\r\n{record}"),
                    format!("Extract of 2026-11-22\n\n{header}\n{record}\n"),
                ] {
                    let seen = Seen::of(text.as_bytes());
                    assert_eq!(
                        seen.reason(),
                        "more than 4,096 columns",
                        "{columns} {name} {delimiter:?} {value:?}"
                    );
                    assert!(seen.shows("9990000018"));
                }
            }
        }
    }
}

#[test]
fn long_lines_of_source_code_are_text() {
    let calls: String = (0..6_000)
        .map(|n| format!("f({n},function(a){{return a.b[{n}]}});"))
        .collect();
    for text in [
        format!("{calls}\n"),
        format!("/*! a library */\n{calls}\n{calls}//\n"),
        format!("var a={};\n", "[1,2],".repeat(5_000)),
        (0..6_000)
            .map(|n| format!(".c{n}{{color:red;margin:0}}"))
            .collect(),
    ] {
        let seen = Seen::of(text.as_bytes());
        let found = (seen.kind(), seen.reason());
        assert_eq!(found, (Kind::Text, ""), "{}", &text[..60.min(text.len())]);
    }
}

#[test]
fn numbers_grouped_in_any_way_are_a_list() {
    let joins = [
        " ", "\u{a0}", "\u{2009}", "\u{202f}", "\u{2007}", "-", "\u{2011}", "\u{2013}", ".", "",
    ];
    for end in ["\n", "\r\n"] {
        for join in joins {
            let all: Vec<String> = numbers()
                .iter()
                .take(25)
                .map(|groups| groups.join(join))
                .collect();
            let seen = Seen::of(all.join(end).as_bytes());
            seen.expect(Kind::Table, "");
            assert_eq!(seen.column("#0"), all, "{join:?}");
            for name in ["nhsNumber", "NHS number", "Patient NHS number"] {
                let text = format!("{name}{end}{}{end}", all.join(end));
                let seen = Seen::of(text.as_bytes());
                seen.expect(Kind::Table, "");
                assert_eq!(seen.column(name), all, "{join:?}");
            }
        }
        let mixed: Vec<String> = numbers()
            .iter()
            .zip(joins.iter().cycle())
            .take(50)
            .map(|(groups, join)| groups.join(join))
            .collect();
        let seen = Seen::of(mixed.join(end).as_bytes());
        seen.expect(Kind::Table, "");
        assert_eq!(seen.column("#0"), mixed);
    }
    // As spreadsheets write numbers that are to stay as they are.
    let marked: Vec<String> = numbers()
        .iter()
        .take(25)
        .map(|groups| format!("=\"{}\"", groups.concat()))
        .collect();
    let seen = Seen::of(marked.join("\n").as_bytes());
    seen.expect(Kind::Table, "");
    assert_eq!(seen.column("#0"), marked);
}

#[test]
fn no_break_spaces_of_one_byte_are_known() {
    let text: Vec<u8> = numbers()
        .iter()
        .take(25)
        .flat_map(|groups| {
            let mut line = groups.join("\u{1}").into_bytes();
            line.iter_mut()
                .filter(|byte| **byte == 1)
                .for_each(|byte| *byte = 0xA0);
            line.push(b'\n');
            line
        })
        .collect();
    let seen = Seen::of(&text);
    seen.expect(Kind::Table, "");
    assert_eq!(seen.column("#0").len(), 25);
}

#[test]
fn identifiers_with_blanks_are_no_columns() {
    let grouped = |name: &str, line: &dyn Fn(u32) -> String| {
        let text = format!("{name}\n{}", lines((10..40).map(line)));
        let seen = Seen::of(text.as_bytes());
        assert_eq!((seen.kind(), seen.names()), (Kind::Table, vec![name]));
    };
    grouped("Date of birth", &|day| {
        format!("{} Nov 19{}", day % 28 + 1, day + 40)
    });
    grouped("Telephone of patient", &|n| format!("020 7946 00{n}"));
    grouped("The payment card number", &|n| {
        format!("4111 1111 1111 11{n}")
    });
}

#[test]
fn source_code_and_logs_are_text() {
    let uuid = |n: usize| format!("{n:08x}-0000-4000-8000-{n:012x}");
    let array = |row: &dyn Fn(usize) -> String| lines((0..300).map(row));
    let quads = array(&|n| format!("    {}, {}, {}, {},", n, n + 1, n * 7, n + 3));
    let hex = array(&|n| format!("\t0x{n:02x}, 0x{:02x}, 0x{:02x}, 0x00,", n + 1, n + 2));
    let tight = array(&|n| format!("{n},{},{},{},", n + 1, n + 2, n + 3));
    let ragged = array(&|n| match n % 9 {
        0 => format!("    {n}, {n},"),
        _ => format!("    {n}, {n}, 4, 5,"),
    });
    for rows in [&quads, &hex, &tight, &ragged] {
        for (before, after) in [
            ("static const int table[] = {\n", "};\n"),
            (
                "#include <stdint.h>\n\n/* Made by a script. */\nconst int t[300][4] = {\n",
                "    1, 2\n};\n\nint f(void) {\n    return t[0];\n}\n",
            ),
            ("const TABLE: [u32; 1200] = [\n", "];\n"),
            ("TABLE = (\n", ")\n"),
        ] {
            Seen::of(format!("{before}{rows}{after}").as_bytes()).expect(Kind::Text, "");
        }
    }
    for text in [
        quads,
        lines((0..50).map(|n| format!("   Compiling crate-{n} v1.0.{n} (/src/crates/crate-{n})"))),
        lines((0..50).map(|n| format!("   Compiling crate-{n} v1.0.{n}"))),
        lines((0..50).map(|n| format!("{n} {} ok", uuid(n)))),
        lines((0..50).map(|n| format!("{n} {} {} ok", uuid(n), n * 31))),
        lines((0..50).map(|n| format!("test inspect::case_{n} ... ok"))),
        lines((0..50).map(|n| format!("line {n} of 50 at {n}ms"))),
    ] {
        let seen = Seen::of(text.as_bytes());
        let found = (seen.kind(), seen.reason());
        assert_eq!(found, (Kind::Text, ""), "{}", &text[..60.min(text.len())]);
    }
}

/// Where lines of numbers could hide people they stay a table.
#[test]
fn people_in_what_looks_like_source_code_are_a_table() {
    let numbers: Vec<String> = numbers().iter().map(|groups| groups.concat()).collect();
    let rows = lines(
        numbers
            .chunks_exact(2)
            .take(30)
            .map(|pair| format!("    {}, 1, {}, 2,", pair[0], pair[1])),
    );
    for text in [
        rows.clone(),
        format!("Extract of 2026-11-22\n{rows}"),
        format!("x = [\n{rows}]\n"),
    ] {
        assert_eq!(Seen::of(text.as_bytes()).kind(), Kind::Table, "{text}");
    }
    let text = lines(numbers.iter().take(30).map(|n| format!("{n},Amy,3,")));
    Seen::of(text.as_bytes()).expect(Kind::Table, "");
    let text = lines((10..40).map(|n| format!("  Amy, Smith, LS{n} 4AB, 19{n}-01-02")));
    Seen::of(text.as_bytes()).expect(Kind::Table, "");
}

#[test]
fn a_change_of_encoding_is_uninspected() {
    let row = |n: usize| format!("\"{n}\",\"{}\",\"Amy Smith\"\n", numbers()[n].concat());
    let header = "\"id\",\"nhs_number\",\"name\"\n";
    let le = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let be = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let body = |from: usize, to: usize| (from..to).map(row).collect::<String>();
    for split in [0, 1, 10, 75, 150, 199] {
        let (before, after) = (format!("{header}{}", body(0, split)), body(split, 200));
        for wide in [le, be] {
            for blank in ["", " ", "\n"] {
                let bytes = [format!("{before}{blank}").into_bytes(), wide(&after)].concat();
                let seen = Seen::of(&bytes);
                assert!(
                    ["has NUL bytes", "not text"].contains(&seen.reason()),
                    "{split} {:?}",
                    seen.reasons
                );
            }
            let bytes = [wide(&before), after.clone().into_bytes()].concat();
            assert_ne!(Seen::of(&bytes).reason(), "", "{split} back");
            let marked = [wide("\u{feff}"), bytes].concat();
            assert_ne!(Seen::of(&marked).reason(), "", "{split} marked");
        }
        if split > 0 {
            let bytes = [le(&before), be(&after)].concat();
            assert_ne!(Seen::of(&bytes).reason(), "", "{split} turned");
        }
    }
    // Cells of UTF-16 within quotes, and NULs within quotes.
    let mut cells = header.as_bytes().to_vec();
    let mut nuls = header.as_bytes().to_vec();
    for n in 0..200 {
        let number = numbers()[n].concat();
        cells.extend(
            [
                &b"\"1\",\""[..],
                &le(&number),
                b"\",\"",
                &le("Amy"),
                b"\"\n",
            ]
            .concat(),
        );
        nuls.extend(format!("\"{n}\",\"{number}\",\"A\0my\"\n").bytes());
    }
    for bytes in [cells, nuls] {
        assert_ne!(Seen::of(&bytes).reason(), "");
    }
}

#[test]
fn utf16_of_other_scripts_is_no_change_of_encoding() {
    let text = "名前,町,注\n".to_owned()
        + &"山田太郎,東京都千代田区丸の内一丁目,〰〰 ──────────────────────── ………………………………………… 䀀\n".repeat(200);
    for unit in [u16::to_le_bytes, u16::to_be_bytes] {
        let mut bytes = unit(0xFEFF).to_vec();
        bytes.extend(text.encode_utf16().flat_map(unit));
        let seen = Seen::of(&bytes);
        assert!(seen.reason().is_empty() && seen.shows("山田太郎"));
    }
}

#[test]
fn lists_of_digests_are_text() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut digest = |length: usize| -> String {
        (0..length)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                char::from_digit(u32::try_from(state >> 60).expect("four bits"), 16)
                    .expect("a digit")
            })
            .collect()
    };
    for length in [32, 40, 56, 64, 96, 128] {
        for end in ["\n", "\r\n"] {
            let list: String = (0..2_000).map(|_| digest(length) + end).collect();
            for text in [
                list.clone(),
                list.to_uppercase(),
                format!("digests of all files:\n{list}"),
            ] {
                let seen = Seen::of(text.as_bytes());
                assert_eq!(seen.reason(), "", "{length}");
            }
        }
    }
    let sums = lines((0..500).map(|n| format!("{}  file-{n}.bin", digest(64))));
    Seen::of(sums.as_bytes()).expect(Kind::Text, "");
    let lock = lines((0..500).map(|n| {
        format!(
            "[[package]]\nname = \"crate-{n}\"\nchecksum = \"{}\"\n",
            digest(64)
        )
    }));
    Seen::of(lock.as_bytes()).expect(Kind::Text, "");
    // What hides as one is read all the same.
    let hidden: String = "name,nhs\nAmy,9990000018\n"
        .repeat(300)
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let seen = Seen::of(super::runs::wrapped(&hidden, 64).as_bytes());
    assert!(seen.shows("9990000018"));
}
