//! Base64 and hexadecimal runs.

use proptest::prelude::*;

use super::super::Kind;
use super::{Seen, lossy};
use crate::encoded::base64;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn wrapped(digits: &str, width: usize) -> String {
    digits
        .as_bytes()
        .chunks(width)
        .map(|line| lossy(line) + "\n")
        .collect()
}

fn table() -> String {
    (0..400).fold(String::from("nhs_number,name\n"), |table, row| {
        format!("{table}999{row:07},Amy Smith\n")
    })
}

fn finds_table(text: &str) -> bool {
    let seen = Seen::of(text.as_bytes());
    let found = seen.column("nhs_number").len() == 400 && seen.shows("9990000399");
    assert!(
        !found || seen.reason().is_empty() || seen.reason().contains("yet"),
        "{:?}",
        seen.reasons
    );
    found
}

#[test]
fn runs_are_read_wherever_they_stand() {
    let code = base64(table().as_bytes());
    for (number, text) in [
        code.clone(),
        wrapped(&code, 76),
        wrapped(&code, 64).replace('\n', "\r\n"),
        wrapped(&code, 40),
        format!(
            "Dear Sir,\nsee below.\nAttachment\n{}\nYours",
            wrapped(&code, 76)
        ),
        format!("data:text/plain;base64,{code}"),
        format!(
            "key: |\n{}",
            wrapped(&code, 76)
                .lines()
                .map(|line| format!("    {line}\n"))
                .collect::<String>()
        ),
        format!("{{\"a\": \"{code}\", \"b\": 1}}"),
        format!(
            "{{\"a\": \"{}\"}}",
            code.replace('/', "\\/").replace('+', "\\u002B")
        ),
        format!("{{\"a\": \"{}\"}}", wrapped(&code, 76).replace('\n', "\\n")),
        format!("id,file\n1,{code}\n2,x\n"),
        format!("id,file\n1,\"{}\"\n2,x\n", wrapped(&code, 76)),
        hex(table().as_bytes()),
        wrapped(&hex(table().as_bytes()), 60),
        format!("x = 0x{};", hex(table().as_bytes()).to_uppercase()),
        format!("see /{code}"),
        code.replace('+', "-").replace('/', "_"),
        format!("{}{}", "word and word. ".repeat(30_000), code),
    ]
    .iter()
    .enumerate()
    {
        assert!(
            finds_table(text),
            "{number}: {}",
            &text[..60.min(text.len())]
        );
    }
}

/// The base64 of bytes that are no text, as keys and hashes are.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn short_runs_of_text_are_read() {
    let table: String = table().lines().take(10).collect::<Vec<_>>().join("\n");
    let code = base64(table.as_bytes());
    let hexed = hex(table.as_bytes());
    for text in [
        code.clone(),
        wrapped(&code, 76),
        hexed.clone(),
        format!("see below\n{hexed}\nYours"),
        format!("see below\n{code}\nYours, Amy"),
        format!("x = 0x{};", hexed.to_uppercase()),
        format!("id,data\n1,{code}\n2,{hexed}\n"),
        format!("{{\"a\": \"{code}\", \"b\": 1}}"),
        format!("{}{code}", "word and word. ".repeat(30_000)),
        format!("{}\n--\n{code}\n", wrapped(&base64(&noise(900)), 64)),
    ] {
        let seen = Seen::of(text.as_bytes());
        assert_eq!(seen.reason(), "", "{}", &text[..60]);
        assert!(
            seen.column("nhs_number").len() >= 9,
            "{}",
            &text[..60.min(text.len())]
        );
    }
    // However many there are.
    let many = format!("{hexed}\n...\n").repeat(600);
    let seen = Seen::of(many.as_bytes());
    let shown: usize = seen
        .texts
        .iter()
        .map(|text| text.matches("9990000008").count())
        .sum();
    assert_eq!(seen.column("nhs_number").len() / 9 + shown, 600);
    let within = base64(format!("see {code} there").as_bytes());
    assert_eq!(
        Seen::of(within.as_bytes()).reason(),
        "a long base64 run that could not be read: a base64 run within it"
    );
}

#[test]
fn short_runs_of_keys_and_hashes_are_silent() {
    let key = base64(&noise(2400));
    for text in [
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}-----END PUBLIC KEY-----\n",
            wrapped(&key, 64)
        ),
        format!("\"integrity\": \"sha512-{}\"\n", &key[..88]).repeat(300),
        format!("checksum = \"{}\"\n", hex(&noise(32))).repeat(300),
        format!("{}\n", hex(&noise(1000))),
        format!("{}\n", "-".repeat(300)),
        format!("{}\n{}\n", "_".repeat(300), "/".repeat(300)),
        format!("url(data:image/png;base64,{key})\n"),
        format!(
            "url(data:image/svg+xml;base64,{})\n",
            base64(format!("<svg>{}</svg>", "<path d='1 2'/>".repeat(40)).as_bytes())
        ),
        format!("see {}\n", "/usr/share/some/folder".repeat(20)),
    ] {
        let seen = Seen::of(text.as_bytes());
        assert_eq!(seen.reason(), "", "{}", &text[..60.min(text.len())]);
        assert!(seen.records.is_empty());
    }
}

#[test]
fn short_runs_and_lists_are_left_alone() {
    let short = base64(&noise(3000));
    Seen::of(format!("key {}\n", &short[..4000]).as_bytes()).expect(Kind::Text, "");
    let list: String = (0..5000).map(|row| format!("999{row:07}\n")).collect();
    Seen::of(list.as_bytes()).expect(Kind::Table, "");
    let words: String = (0..5000)
        .map(|row| format!("word{}\n", "x".repeat(row % 7)))
        .collect();
    assert_eq!(Seen::of(words.as_bytes()).reason(), "");
}

#[test]
fn runs_of_what_cannot_be_read_are_uninspected() {
    let noise: Vec<u8> = (0..6000_u32)
        .flat_map(|n| {
            n.wrapping_mul(2_654_435_761)
                .rotate_left(n % 32)
                .to_le_bytes()
        })
        .collect();
    let seen = Seen::of(format!("key = {}\n", base64(&noise)).as_bytes());
    seen.expect(
        Kind::Text,
        "a long base64 run that could not be read: not text",
    );
    let seen = Seen::of(format!("key = {}\n", hex(&noise)).as_bytes());
    seen.expect(
        Kind::Text,
        "a long hexadecimal run that could not be read: not text",
    );
    let mut image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    image.extend(&noise);
    let seen = Seen::of(format!("{{\"image\": \"{}\"}}", base64(&image)).as_bytes());
    seen.expect(
        Kind::Json,
        "a long base64 run that could not be read: an image",
    );
    let twice = base64(base64(table().as_bytes()).as_bytes());
    let seen = Seen::of(twice.as_bytes());
    assert_eq!(
        seen.reason(),
        "a long base64 run that could not be read: a base64 run within it"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn short_runs_are_found_at_any_place(before in "([a-z]{1,9} ){0,40}", length in 150..400_usize, offset in 0..30_000_usize) {
        let told = "9990000018 ".repeat(40);
        let code = base64(&told.as_bytes()[..length]);
        let text = format!("{}{before}\n\"{code}\" and so on", "some words. ".repeat(offset / 12));
        prop_assert!(Seen::of(text.as_bytes()).shows("9990000018"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn runs_are_found_at_any_place(before in "([a-z]{1,9} ){0,400}", width in prop::sample::select(vec![60, 64, 76, 10_000_000]), offset in 0..300_000_usize) {
        let text = format!("{}{before}\n{}", "some words. ".repeat(offset / 12), wrapped(&base64(table().as_bytes()), width));
        prop_assert!(finds_table(&text));
    }
}
