//! Signs that stand for others, and signs that nobody sees.

use super::*;

#[test]
fn addresses_in_query_strings_are_addresses() {
    let line = |at: usize| {
        format!(
            "192.0.2.7 - - [02/Jan/2024:10:00:{:02} +0000] \"GET /book?email=jane.doe{at}%40example.org&name=Jane+Doe HTTP/1.1\" 200 512\n",
            at % 60
        )
    };
    let log: String = (0..20).map(line).collect();
    let facts = inspect(log.as_bytes());
    assert_eq!(count(&facts, Class::Email), 20);
    assert!(facts.people.most >= 20);
    // The same address in both forms is one person's.
    let both = "see /a?m=jane%2Btag%40example.org\nsee jane+tag@example.org\n";
    let facts = inspect(both.as_bytes());
    assert_eq!((count(&facts, Class::Email), facts.people.most), (2, 1));
}

#[test]
fn other_signs_in_query_strings_are_nobody() {
    for path in [
        "/q?at=%40&x=1",
        "/npm/%40types/node",
        "/pkg%401.2.3/a.js",
        "/img%402x.png",
        "width %40s",
    ] {
        expect_nobody(&format!("GET {path} was asked for\n").repeat(20));
    }
}

#[test]
fn numbers_are_seen_through_signs_nobody_sees() {
    for sign in [
        "\u{200b}", "\u{200c}", "\u{200d}", "\u{2060}", "\u{feff}", "\u{ad}",
    ] {
        for form in ["999{}000{}0018", "9990{}000018", "9{}9{}9{}0000018"] {
            let number = form.replace("{}", sign);
            let text = format!("The patient has the NHS number {number} on file.\n");
            let facts = inspect(text.as_bytes());
            assert_eq!((facts.people.least, facts.people.most), (1, 1), "{text:?}");
            assert_eq!(count(&facts, Class::NhsNumber), 1, "{text:?}");
        }
        let mobile =
            format!("Tel. 07700{sign}900{sign}123 and AB{sign}12{sign}34{sign}56{sign}C\n");
        let facts = inspect(mobile.as_bytes());
        assert_eq!(count(&facts, Class::Phone), 1, "{mobile:?}");
        assert_eq!(count(&facts, Class::Nino), 1, "{mobile:?}");
    }
}

#[test]
fn numbers_are_seen_through_rare_blanks_and_dashes() {
    for sign in [
        "\u{a0}", "\u{2007}", "\u{202f}", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}",
        "\u{2014}", "\u{2015}",
    ] {
        let text = format!(
            "NHS number 999{sign}000{sign}0018, tel. 07700{sign}900123, NI number AB{sign}12{sign}34{sign}56{sign}C\n"
        );
        let facts = inspect(text.as_bytes());
        for class in [Class::NhsNumber, Class::Phone, Class::Nino] {
            assert_eq!(count(&facts, class), 1, "{class:?} {text:?}");
        }
    }
}

#[test]
fn columns_are_seen_through_signs_nobody_sees() {
    let mut table = String::from("\u{feff}\u{200b}id,nhs\u{ad}_number\n");
    for (at, number) in nhs_numbers(40).iter().enumerate() {
        let (one, two) = number.split_at(at % 9 + 1);
        let _ = writeln!(table, "{at},{one}\u{200b}{two}");
    }
    let facts = inspect(table.as_bytes());
    assert_eq!((facts.people.least, facts.people.most), (40, 40));
    assert_eq!(count(&facts, Class::NhsNumber), 40);
}

#[test]
fn text_with_signs_nobody_sees_is_nobody() {
    expect_nobody(&"A man\u{ad}u\u{ad}script of \u{200b}12\u{200b}34\u{200b}56 pages \u{1f468}\u{200d}\u{1f4bb}.\n".repeat(30));
}
