//! What kind a file is, by its bytes.

use super::super::Kind;
use super::Seen;

#[test]
fn nothing_is_empty() {
    Seen::of(b"").expect(Kind::Empty, "");
}

#[test]
fn binary_is_named() {
    Seen::of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").expect(Kind::Media, "an image");
    Seen::of(b"PK\x03\x04\x14\0\0\0\x08\0").expect(Kind::Archive, "a zip archive");
    Seen::of(b"\x1f\x8b\x08\0\0\0\0\0\0\x03").expect(Kind::Archive, "a gz archive");
    Seen::of(b"%PDF-1.7\nhello").expect(Kind::Other, "a PDF document");
    Seen::of(b"age-encryption.org/v1\n-> X25519 abc\n").expect(Kind::Other, "encrypted with age");
    Seen::of(b"SQLite format 3\0\x10\0").expect(Kind::Other, "an SQLite database");
    Seen::of(&[0, 1, 2, 3, 0xFF, 0xFE, 7, 8, 0x80]).expect(Kind::Other, "not text");
    let mut tar = vec![b'a'; 257];
    tar.extend(b"ustar\x0000");
    Seen::of(&tar).expect(Kind::Archive, "a tar archive");
}

#[test]
fn a_name_that_begins_like_an_image_is_a_table_all_the_same() {
    Seen::of(b"BMI,age\n20.1,30\n22.2,40\n").expect(Kind::Table, "");
}

#[test]
fn formats_that_hide_text_are_not_read_yet() {
    for (text, reason) in [
        ("{\\rtf1 Amy}", "RTF that no reader takes apart"),
        ("<!doctype HTML>\n<p>Amy", "HTML that no reader takes apart"),
        (
            "<?xml version=\"1.0\"?><a>Amy</a>",
            "XML that no reader takes apart",
        ),
        (
            "<!-- x -->\n<patients><p>Amy</p></patients>",
            "XML that no reader takes apart",
        ),
        (
            "From: a@example.org\nTo: b@example.org\nSubject: Amy\n\nHello",
            "e-mail that no reader takes apart",
        ),
        (
            "From a@example.org Mon\nFrom: a@example.org\nDate: Mon\n\nAmy",
            "mbox that no reader takes apart",
        ),
        (
            "begin 644 x\n#86%A\n`\nend Amy",
            "uuencoded data is not read",
        ),
    ] {
        let seen = Seen::of(text.as_bytes());
        assert!(seen.expect(Kind::Text, reason).shows("Amy"));
    }
}

#[test]
fn what_is_not_a_table_is_text() {
    for text in [
        "Dear Sir, thank you for your letter.\nI was glad, as ever, to read it.\nYours, Amy\n",
        "# Title\n\n- one, two\n- three\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
        "use std::io;\n\nfn main() {\n    let a = 1;\n    call(a, b);\n}\n",
        "#include <stdio.h>\nint main(void) {\n\tint a;\n\ta = 1;\n\treturn a;\n}\n",
        "name: test\non:\n  push:\n    branches: [main]\n",
        "2026-11-22 10:00:01,123 INFO started\n2026-11-22 10:00:02,456 INFO listening\n2026-11-22 10:00:03,789 WARN slow\n",
        "2026-11-22 10:00:01 INFO started now\n2026-11-22 10:00:02 INFO listening there\n2026-11-22 10:00:02 INFO listening there\n2026-11-22 10:00:02 INFO listening there\n2026-11-22 10:00:02 INFO listening there\n",
        "[section]\nkey=value\nother=1\n",
        "key = 1\nother = 2\n",
        "body {\n  color: red;\n  margin: 0;\n}\n",
        "[package]\nname = \"x\"\nversion = \"0.1.0\"\n",
        "import os, sys\nimport re\n\ndef f(a, b):\n    return a, b\n",
        "foo(a,b,c,d);\nbar(a,b,c,d);\nfoo(a,b,c,d);\nbar(a,b,c,d);\nfoo(a,b,c,d);\n",
        "all:\n\tcargo build\n\ntest:\n\tcargo test\n",
        "one\n",
        "hello world",
        "{ not json }",
        "[link](there) is, well, a link\n",
        "{{ template }}\n",
        "[2026-11-22] started\n[2026-11-22] stopped\n",
        "[1] Smith, A. A paper. 2020.\n[2] Jones, B. Another. 2021.\n",
        "127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326\n127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326\n127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326\n127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326\n127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326\n",
        "apple\nbanana\ncherry\ndate\nelder\nfig\n",
        "The cat sat, the dog ran,\nThe bird flew, the fish swam,\nThe sun shone, the rain fell,\n",
    ] {
        let seen = Seen::of(text.as_bytes());
        seen.expect(Kind::Text, "");
        assert_eq!((seen.texts.concat().as_str(), seen.documents), (text, 1));
    }
}

#[test]
fn encodings_are_told_by_bytes() {
    let text = "name,town\nAm\u{e9}lie,M\u{fc}nchen\nBob,Leeds\nEve,York\n";
    let utf16 =
        |unit: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(unit).collect() };
    let mut marked_le = vec![0xFF, 0xFE];
    marked_le.extend(utf16(u16::to_le_bytes));
    let mut marked_be = vec![0xFE, 0xFF];
    marked_be.extend(utf16(u16::to_be_bytes));
    let latin: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(c).expect("Latin-1"))
        .collect();
    for bytes in [
        text.as_bytes().to_vec(),
        format!("\u{feff}{text}").into_bytes(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        marked_le,
        marked_be,
        latin,
    ] {
        let seen = Seen::of(&bytes);
        seen.expect(Kind::Table, "");
        assert_eq!(seen.column("name"), ["Am\u{e9}lie", "Bob", "Eve"]);
        assert_eq!(seen.column("town"), ["M\u{fc}nchen", "Leeds", "York"]);
    }
    let seen = Seen::of(b"price: \x80 20 \x93quoted\x94\n");
    assert!(
        seen.expect(Kind::Text, "")
            .shows("\u{20ac} 20 \u{201c}quoted\u{201d}")
    );
}

#[test]
fn damaged_encodings_are_uninspected_but_seen() {
    let mixed = Seen::of(b"Am\xC3\xA9lie was here\nAm\xE9lie 9990000018\n");
    assert!(
        mixed
            .expect(Kind::Text, "mixed encodings")
            .shows("9990000018")
    );
    let cut = Seen::of(b"9990000018 Am\xC3");
    assert!(
        cut.expect(Kind::Text, "ends within a character")
            .shows("9990000018")
    );
    let cut = Seen::of(
        "a\u{20ac}b\u{20ac}"
            .as_bytes()
            .split_last()
            .expect("bytes")
            .1,
    );
    cut.expect(Kind::Text, "ends within a character");
    let mut odd = vec![0xFF, 0xFE];
    odd.extend("Amy".encode_utf16().flat_map(u16::to_le_bytes));
    odd.push(b'x');
    assert!(
        Seen::of(&odd)
            .expect(Kind::Text, "ends within a character")
            .shows("Amy")
    );
    let lone = [0xFF, 0xFE, b'A', 0, 0x00, 0xD8, b'B', 0];
    assert!(
        Seen::of(&lone)
            .expect(Kind::Text, "not valid UTF-16")
            .shows("B")
    );
}

#[test]
fn nul_and_control_bytes_are_uninspected_but_seen() {
    let text = "a long line about Amy Smith and how she is\nand\0 9990000018\n";
    assert!(
        Seen::of(text.as_bytes())
            .expect(Kind::Text, "has NUL bytes")
            .shows("9990000018")
    );
    let table = "name,nhs,town\nAmy,9990000018,Leeds\nBob\0,9990000026,York\n";
    assert!(
        Seen::of(table.as_bytes())
            .expect(Kind::Table, "has NUL bytes")
            .shows("9990000026")
    );
    let text = "a long line about Amy Smith and how she is\nand \x02 more\n";
    Seen::of(text.as_bytes()).expect(Kind::Text, "has control bytes");
}
