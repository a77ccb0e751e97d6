//! Tables: every dialect, and everything that can be wrong with them.

use proptest::prelude::*;

use super::super::Kind;
use super::Seen;

#[test]
fn every_delimiter_is_found() {
    for delimiter in [",", ";", "\t", "|", ":", "^", "~", "\x01", "\x1f"] {
        let text = "nhs_number,name,born\n9990000018,Amy Smith,1980-01-02\n9990000026,Bob Jones,1970-03-04\n"
            .replace(',', delimiter);
        let seen = Seen::of(text.as_bytes());
        seen.expect(Kind::Table, "");
        assert_eq!(
            seen.names(),
            ["nhs_number", "name", "born"],
            "{delimiter:?}"
        );
        assert_eq!(seen.column("nhs_number"), ["9990000018", "9990000026"]);
        assert_eq!(seen.blocks, [(true, true)]);
    }
}

#[test]
fn runs_of_spaces_delimit_where_it_is_unmistakable() {
    let text = "id    nhs         born\n1     9990000018  1980-01-02\n22    9990000026  1970-03-04\n3  9990000034 1970-03-04\n4  9990000042 1970-03-04\n";
    let seen = Seen::of(text.as_bytes());
    seen.expect(Kind::Table, "");
    assert_eq!(
        seen.column("nhs"),
        ["9990000018", "9990000026", "9990000034", "9990000042"]
    );
}

#[test]
fn line_ends_may_be_any() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["id,name", "1,\"Amy\"", "2,Bob", ""].join(end);
        let seen = Seen::of(text.as_bytes());
        seen.expect(Kind::Table, "");
        assert_eq!(
            (seen.names(), seen.column("name")),
            (vec!["id", "name"], vec!["Amy", "Bob"]),
            "{end:?}"
        );
        let text = ["id,name", "1,Amy", "2,Bob", ""].join(end);
        assert_eq!(Seen::of(text.as_bytes()).column("name"), ["Amy", "Bob"]);
    }
}

#[test]
fn quotes_may_be_any() {
    let seen = Seen::of(b"id,name\n1,\"Smith, \"\"Amy\"\"\n9990000018\"\n2,5\" pipe\n");
    seen.expect(Kind::Table, "");
    assert_eq!(
        seen.column("name"),
        ["Smith, \"Amy\"\n9990000018", "5\" pipe"]
    );
    let seen = Seen::of(b"id,name\n1,'Smith, Amy'\n2,'O''Neil, B'\n");
    seen.expect(Kind::Table, "");
    assert_eq!(seen.column("name"), ["Smith, Amy", "O'Neil, B"]);
    let seen = Seen::of(b"id,name\n1,\"Smith, \\\"Amy\\\"\"\n2,\"Jones, B\"\n");
    seen.expect(Kind::Table, "");
    assert_eq!(seen.column("name"), ["Smith, \"Amy\"", "Jones, B"]);
    let seen =
        Seen::of(b"id, name, born\n1, \"Smith, Amy\", 1980-01-02\n2, \"Jones, B\", 1980-01-02\n");
    seen.expect(Kind::Table, "");
    assert_eq!(seen.column("name"), ["Smith, Amy", "Jones, B"]);
}

#[test]
fn headers_are_told_from_data() {
    for (text, names) in [
        (
            "9990000018,Amy,1980-01-02\n9990000026,Bob,1970-03-04\n",
            vec!["#0", "#1", "#2"],
        ),
        (
            "Forename,Surname\nAmy,Smith\nBob,Jones\nEve,Brown\n",
            vec!["Forename", "Surname"],
        ),
        (
            "Amy,Smith\nBob,Jones\nEve,Brown\nDan,Green\nAmy,Black\n",
            vec![],
        ),
        (
            "region,2019,2020\nNorth,1.5,2.5\nSouth,3.5,4.5\n",
            vec!["region", "2019", "2020"],
        ),
        (",name,age\n0,Amy,30\n1,Bob,40\n", vec!["#0", "name", "age"]),
        ("name,email\na@example.org,Amy\n", vec!["name", "email"]),
        (
            "e-mail address,town\namy@example.org,Leeds\nbob@example.org,York\n",
            vec!["e-mail address", "town"],
        ),
        ("id,name\nid,name\n1,Amy\n2,Bob\n", vec!["id", "name"]),
        ("id;name;\n1;Amy;\n2;Bob;\n", vec!["id", "name", "#2"]),
    ] {
        assert_eq!(Seen::of(text.as_bytes()).names(), names, "{text}");
    }
}

#[test]
fn title_lines_before_the_header_are_text() {
    let text = "Extract of 2026-11-22\nfor Amy Smith\n\n# comment\nid,name,born\n1,Bob,1980-01-02\n2,Eve,1980-01-02\n";
    let seen = Seen::of(text.as_bytes());
    seen.expect(Kind::Table, "");
    assert_eq!(seen.names(), ["id", "name", "born"]);
    assert_eq!(seen.records.len(), 2);
    assert!(seen.texts.concat().contains("for Amy Smith"));
}

#[test]
fn lists_are_tables_of_one_column() {
    let seen = Seen::of(b"nhs_number\n9990000018\n9990000026\n999 000 0034\n");
    seen.expect(Kind::Table, "");
    assert_eq!(
        seen.column("nhs_number"),
        ["9990000018", "9990000026", "999 000 0034"]
    );
    let seen = Seen::of(b"9990000018\r\n9990000026\r\n9990000034\r\n");
    seen.expect(Kind::Table, "");
    assert_eq!(
        seen.column("#0"),
        ["9990000018", "9990000026", "9990000034"]
    );
    let seen = Seen::of(b"surname_now\nSmith\nJones\nO'Neil\nVan Dyke\nBrown\n");
    assert_eq!(seen.expect(Kind::Table, "").records.len(), 5);
}

#[test]
fn ragged_rows_are_uninspected_but_seen() {
    let text =
        "id,name,nhs\n1,Amy,9990000018\n2,Bob\n3,Eve,9990000026,9990000034\n4,Dan,9990000042\n";
    let seen = Seen::of(text.as_bytes());
    seen.expect(Kind::Table, "rows of different lengths");
    assert_eq!(seen.records.len(), 4);
    assert_eq!(seen.column("#3"), ["9990000034"]);
    let fine = Seen::of(b"id,name\n1,Amy,,\n2,Bob,\n3,Eve\n\n");
    assert_eq!(fine.expect(Kind::Table, "").records.len(), 3);
}

#[test]
fn an_unclosed_quote_is_uninspected_but_seen() {
    let seen = Seen::of(b"id,name\n1,Amy\n2,Bob\n3,Eve\n4,\"9990000018\n5,Dan\n6,Eve\n");
    seen.expect(Kind::Table, "an unclosed quote");
    assert!(seen.shows("9990000018") && seen.shows("5,Dan"));
}

#[test]
fn too_many_columns_are_uninspected_but_seen() {
    let row = |last: &str| {
        format!(
            "{}{last}\n",
            (0..10_000)
                .map(|column| format!("c{column},"))
                .collect::<String>()
        )
    };
    let seen = Seen::of(format!("{}{}", row("end"), row("9990000018")).as_bytes());
    assert!(
        seen.expect(Kind::Table, "more than 4,096 columns")
            .shows("9990000018")
    );
    let wide = "some value,".repeat(100_000) + "9990000018";
    assert!(
        Seen::of(wide.as_bytes())
            .expect(Kind::Text, "more than 4,096 columns")
            .shows("9990000018")
    );
}

#[test]
fn later_blocks_with_quotes_follow_the_same_columns() {
    let mut text = String::from("id,name\n");
    for row in 0..200_000 {
        text.push_str(&format!("{row},Amy\n"));
    }
    text.push_str("200000,\"Smith,\nAmy\"\n");
    let seen = Seen::of(text.as_bytes());
    seen.expect(Kind::Table, "");
    assert_eq!(seen.records.len(), 200_001);
    assert_eq!(seen.column("name").last(), Some(&"Smith,\nAmy"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_the_csv_crate_writes_comes_back_cell_for_cell(
        delimiter in prop::sample::select(b",;\t|^~\x1f".to_vec()),
        crlf in any::<bool>(),
        always in any::<bool>(),
        rows in (2..6_usize).prop_flat_map(|width| prop::collection::vec(
            prop::collection::vec("[ -~\u{e9}]{0,12}|[a-z]{1,3}[\n\r\",;|]{1,2}[a-z]{1,3}", width), 1..12)),
    ) {
        let width = rows[0].len();
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .quote_style(if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .from_writer(Vec::new());
        // A first column of numbers and a header make it plainly a table.
        let header: Vec<String> = (0..=width).map(|column| format!("column_{}", char::from(b"abcdefgh"[column]))).collect();
        writer.write_record(&header).expect("in memory");
        for (number, row) in rows.iter().enumerate() {
            writer.write_record([number.to_string()].iter().chain(row)).expect("in memory");
        }
        let bytes = writer.into_inner().expect("in memory");
        let seen = Seen::of(&bytes);
        prop_assert_eq!(seen.kind(), Kind::Table, "{:?}", super::lossy(&bytes));
        prop_assert_eq!(seen.reason(), "");
        let found: Vec<Vec<&str>> = seen.records.iter()
            .map(|record| record.iter().map(|(_, value)| value.as_str()).collect()).collect();
        let expected: Vec<Vec<String>> = rows.iter().enumerate()
            .map(|(number, row)| [number.to_string()].into_iter().chain(row.iter().cloned()).collect()).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(seen.names(), header);
    }
}

#[test]
fn a_quote_that_nobody_closes_hides_no_table() {
    let rows = "Quenby Thistle,E11.9\nOriel Larch,I10\n";
    for (text, records) in [
        ("name,diagnosis\n\"Quenby,E11.9\nOriel,I10\n".to_owned(), 2),
        (format!("name,diagnosis\n\"{}", rows.repeat(150)), 300),
        (format!("\"name,diagnosis\n{}", rows.repeat(150)), 301),
        (format!("nhs_number\n\"{}", "9990000018\n".repeat(30)), 30),
    ] {
        let seen = Seen::of(text.as_bytes());
        seen.expect(Kind::Table, "an unclosed quote");
        assert_eq!(seen.records.len(), records);
    }
    // Words in quotes, not always closed, are none.
    Seen::of(b"\"Well, he said.\nAnd then?\nNothing.\n").expect(Kind::Text, "");
}

#[test]
fn a_table_within_a_cell_is_uninspected() {
    let inner = "Quenby Thistle,E11.9\nOriel Larch,I10\n".repeat(20);
    for text in [
        format!("id,note\n1,\"{inner}\"\n2,x\n3,y\n"),
        format!("\"name,diagnosis\n{inner}\"\n"),
        format!("name,diagnosis\n\"{inner}\"\n"),
    ] {
        let seen = Seen::of(text.as_bytes());
        seen.expect(Kind::Table, "a table within a cell");
        assert!(seen.shows("Oriel Larch"));
    }
    let address = "id,address\n1,\"1 High St,\nLarch,\nLeeds\nLS1 4AP\nUK\"\n2,\"x\"\n3,z\n";
    Seen::of(address.as_bytes()).expect(Kind::Table, "");
}

#[test]
fn one_record_makes_a_table() {
    for (text, column, value) in [
        (
            "name,religion\nQuenby Thistlewick,Methodist",
            "religion",
            "Methodist",
        ),
        (
            "name,iban\nQuenby,GB73WEST12345600000000\n",
            "name",
            "Quenby",
        ),
        (
            "name;conviction\r\nQuenby;burglary 2009\r\n",
            "conviction",
            "burglary 2009",
        ),
        (
            "nhs_number,name,diagnosis\n9990000018,Quenby,type 2 diabetes\n",
            "diagnosis",
            "type 2 diabetes",
        ),
        (
            "Full Name\tEthnicity\nQuenby\tWhite - Irish\n",
            "Ethnicity",
            "White - Irish",
        ),
    ] {
        let seen = Seen::of(text.as_bytes());
        seen.expect(Kind::Table, "");
        assert_eq!(seen.column(column), [value]);
    }
    for text in [
        "Dear Sir, thank you for it.\nI was glad, as ever.\n",
        "import os, sys\nfrom re, that\n",
        "foo(a, b);\nfoo(c, d);\n",
        "Hello, Quenby\nYours, Oriel\n",
    ] {
        Seen::of(text.as_bytes()).expect(Kind::Text, "");
    }
}
