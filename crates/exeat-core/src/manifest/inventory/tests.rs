//! The strict reader of inventories: what it takes, and for each rule a line
//! that breaks it and nothing else.

use super::*;
use crate::entry::{Attributes, MAX_ENTRIES, Owner};
use crate::framing::{BLOCK, PayloadKind};
use crate::layout::MAX_PARTS;

const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn header(entries: u64, bytes: u64, files: u64) -> String {
    let header = Header {
        approvals: Vec::new(),
        bytes,
        checkpoint: None,
        created: "2026-11-22T10:00:00Z".parse().expect("a time"),
        entries,
        facts: Facts {
            bytes,
            files,
            ..Facts::default()
        },
        findings: Vec::new(),
        label: None,
        objections: None,
        package: PackageId::generate(),
        policy_sha256: Digest::of(b""),
        purpose: Some("audit".into()),
        recipients: Vec::new(),
        requester: None,
        signer: "SHA256:x".into(),
    };
    serde_json::to_string(&header).expect("JSON")
}

fn folder(path: &str, offset: u64) -> String {
    format!(
        r#"{{"bytes":0,"mode":"0755","mtime":1,"offset":{offset},"path":"{path}","type":"directory","volume":1}}"#
    )
}

fn file(path: &str, bytes: u64, volume: u32, offset: u64) -> String {
    format!(
        r#"{{"bytes":{bytes},"mode":"0644","mtime":-1,"offset":{offset},"path":"{path}","sha256":"{SHA}","type":"file","volume":{volume}}}"#
    )
}

fn link(path: &str, target: &str, offset: u64) -> String {
    format!(
        r#"{{"bytes":0,"mode":"0777","mtime":1,"offset":{offset},"path":"{path}","target":"{target}","type":"symlink","volume":1}}"#
    )
}

/// A file in parts of these sizes, from volume 2 on.
fn spanning(path: &str, parts: &[u64]) -> String {
    let bytes: u64 = parts.iter().sum();
    let parts: Vec<_> = (2..)
        .zip(parts)
        .map(|(volume, bytes)| format!(r#"{{"bytes":{bytes},"sha256":"{SHA}","volume":{volume}}}"#))
        .collect();
    let parts = parts.join(",");
    format!(
        r#"{{"bytes":{bytes},"mode":"0644","mtime":1,"offset":0,"parts":[{parts}],"path":"{path}","type":"file","volume":2}}"#
    )
}

fn skipped(path: &str) -> String {
    format!(
        r#"{{"bytes":7,"mode":"0000","mtime":1,"path":"{path}","skipped":"permission denied","type":"file"}}"#
    )
}

fn read(lines: &[String]) -> Result<Inventory, InventoryError> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Inventory::read(text.as_bytes(), PayloadKind::Tar)
}

fn fault(lines: &[String]) -> (u64, String) {
    let error = read(lines).expect_err("refused");
    let name = format!("{:?}", error.fault);
    let end = name.find(['(', ' ']).unwrap_or(name.len());
    (error.line, name[..end].to_owned())
}

fn good() -> Vec<String> {
    vec![
        header(5, 10, 1),
        folder("a", 0),
        link("a/b", "../x", 512),
        skipped("a/c"),
        file("a/d", 10, 1, 1024),
        folder("e", 2048),
    ]
}

#[test]
fn reads_what_the_format_allows() {
    let inventory = read(&good()).expect("good");
    assert_eq!(inventory.volumes(), [Content::Entries(0..5)]);
    let entries: Vec<_> = inventory.entries().collect();
    assert_eq!(entries[1].target(), b"../x");
    assert_eq!(entries[2].skipped(), Some("permission denied"));
    assert_eq!((entries[3].bytes(), entries[3].modified()), (10, -1));
    assert_eq!(entries[3].mode(), 0o644);
    assert_eq!(inventory.find(b"a/d"), Some(3));
    assert_eq!(inventory.find(b"a/e"), None);
}

#[test]
fn an_entry_that_spans_volumes() {
    let parts = [3 * BLOCK, 4 * BLOCK, 1];
    let bytes: u64 = parts.iter().sum();
    let lines = [
        header(3, bytes + 1, 2),
        file("a", 1, 1, 0),
        spanning("b", &parts),
        folder("c", 0).replace("\"volume\":1", "\"volume\":5"),
    ];
    let inventory = read(&lines).expect("good");
    let piece = |range| Content::Piece {
        entry: 1,
        framed: range,
    };
    assert_eq!(
        inventory.volumes(),
        [
            Content::Entries(0..1),
            piece(0..4 * BLOCK),
            piece(4 * BLOCK..8 * BLOCK),
            piece(8 * BLOCK..9 * BLOCK),
            Content::Entries(2..3),
        ]
    );
    assert_eq!(inventory.entry(1).parts().len(), 3);
    assert_eq!(inventory.entry(1).sha256(), None);
}

#[test]
fn no_entries_are_one_volume() {
    let inventory = read(&[header(0, 0, 0)]).expect("good");
    assert_eq!(inventory.volumes(), [Content::Entries(0..0)]);
}

#[test]
fn a_line_that_breaks_one_rule_is_refused() {
    // The line that replaces line N (from 1) of a good inventory, and why.
    let cases: &[(usize, String, &str)] = &[
        (2, "{}".into(), "Json"),
        (2, folder("a", 0).replacen(':', ": ", 1), "NotCanonical"),
        (2, folder("a", 0).replace("0755", "755"), "Fields"),
        (2, folder("a", 0).replace("0755", "1755"), "Fields"),
        (2, folder("a", 0).replace("0755", "+755"), "Fields"),
        (2, folder("a", 0).replace("directory", "device"), "Json"),
        (2, folder("a", 0).replace("\"mode\"", "\"mode2\""), "Json"),
        (
            2,
            folder("a", 0).replace("\"bytes\":0", "\"bytes\":1"),
            "Fields",
        ),
        (
            2,
            folder("a", 0).replace("\"bytes\":0", "\"bytes\":-1"),
            "Json",
        ),
        (
            2,
            folder("a", 0).replace("\"bytes\":0", "\"bytes\":0.0"),
            "Json",
        ),
        (2, folder("../a", 0), "Path"),
        (2, folder("/a", 0), "Path"),
        (2, folder("a/", 0), "Path"),
        (2, folder("a", 512), "Place"),
        (
            2,
            folder("a", 0).replace("\"volume\":1", "\"volume\":2"),
            "Place",
        ),
        (2, folder("a", 0).replace(",\"volume\":1", ""), "Fields"),
        (
            2,
            folder("a", 0).replace(",\"volume\":1", ",\"volume\":null"),
            "NotCanonical",
        ),
        // A parent that is a file, a link, left out, or not there at all.
        (2, file("a", 0, 1, 0), "Order"),
        (2, link("a", "b", 0), "Order"),
        (2, skipped("a"), "Order"),
        (2, folder("aa", 0), "Order"),
        (3, link("a/b", "", 512), "Fields"),
        (3, link("a/b", "x\\u0000y", 512), "Fields"),
        (3, folder("a", 512), "Order"),
        (3, folder("Z", 512), "Order"),
        (
            3,
            file("a/b", 0, 1, 512).replace(&format!("\"sha256\":\"{SHA}\","), ""),
            "Fields",
        ),
        (
            3,
            link("a/b", "x", 512).replace("symlink", "directory"),
            "Fields",
        ),
        (4, skipped("a/c").replace("permission denied", ""), "Fields"),
        (
            4,
            skipped("a/c").replace("permission denied", &"x".repeat(201)),
            "Fields",
        ),
        (5, file("a/d", 10, 1, 1536), "Place"),
        (5, file("a/d", 10, 1, 512), "Place"),
        (5, file("a/d", u64::MAX, 1, 1024), "Fields"),
        (5, file("a/d", (1 << 60) + 1, 1, 1024), "Fields"),
        (
            5,
            file("a/d", 10, 1, 1024).replace(SHA, &SHA.to_uppercase()),
            "Json",
        ),
        (5, file("a/d", 10, 1, 1024).replace(SHA, "00"), "Json"),
        (
            5,
            folder("a/d", 1024).replace("\"path\"", &format!("\"sha256\":\"{SHA}\",\"path\"")),
            "NotCanonical",
        ),
        (5, spanning("a/d", &[10]), "Fields"),
        (5, spanning("a/d", &[5, 5]), "Place"),
        (5, spanning("a/d", &[512, 0]), "Place"),
        (5, spanning("a/d", &vec![512; 301]), "Fields"),
        (
            5,
            spanning("a/d", &[512, 512]).replace("\"volume\":3", "\"volume\":4"),
            "Place",
        ),
        (
            5,
            spanning("a/d", &[512, 512]).replace("\"bytes\":1024", "\"bytes\":1025"),
            "Place",
        ),
    ];
    for (line, replacement, expected) in cases {
        let mut lines = good();
        lines[line - 1].clone_from(replacement);
        let (found_line, found) = fault(&lines);
        assert_eq!(found, *expected, "{replacement}");
        // A bad parent is noticed at its child.
        assert!(found_line >= *line as u64, "{replacement}");
    }
}

#[test]
fn names_that_are_not_utf8_come_in_hex_and_only_those() {
    let hex = |digits: &str| {
        folder("x", 0).replace("\"path\":\"x\"", &format!("\"path_hex\":\"{digits}\""))
    };
    let inventory = read(&[header(1, 0, 0), hex("61ff")]).expect("good");
    assert_eq!(inventory.entry(0).path().as_bytes(), b"a\xff");
    for bad in ["6162", "61fF", "61f", "zz", ""] {
        assert_eq!(fault(&[header(1, 0, 0), hex(bad)]).1, "Fields", "{bad}");
    }
}

#[test]
fn counts_and_sums_have_to_agree() {
    let mut lines = good();
    lines.push(folder("f", 2560));
    assert_eq!(fault(&lines).1, "Count");
    assert_eq!(fault(&good()[..5]).1, "Count");
    for (entries, bytes, files) in [(5, 11, 1), (5, 10, 2), (5, 17, 1)] {
        let mut lines = good();
        lines[0] = header(entries, bytes, files);
        assert_eq!(fault(&lines), (1, "Sums".into()), "{bytes} {files}");
    }
    let too_many = header(MAX_ENTRIES + 1, 0, 0);
    assert_eq!(fault(&[too_many]), (1, "TooMany".into()));
}

#[test]
fn long_lines_are_refused_before_they_are_stored() {
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(70_000));
    assert_eq!(fault(&[long]), (1, "TooLong".into()));
    let mut exact = header(0, 0, 0).replace("audit", &"y".repeat(64_000));
    let missing = usize::try_from(MAX_LINE).expect("small") - 1 - exact.len();
    exact = exact.replacen("yyy", &"y".repeat(missing + 3), 1);
    read(std::slice::from_ref(&exact)).expect("64 KiB with its newline");
    assert_eq!(
        fault(&[exact.replacen("yyy", "yyyy", 1)]),
        (1, "TooLong".into())
    );
}

#[test]
fn a_line_without_its_newline_is_cut_short() {
    let text = header(0, 0, 0);
    let error = Inventory::read(text.as_bytes(), PayloadKind::Tar).expect_err("cut short");
    assert!(matches!(error.fault, InventoryFault::Count));
}

#[test]
fn the_longest_line_a_writer_makes_fits() {
    let name = "\u{1}".repeat(255);
    let path = vec![name; 16].join("/");
    let parts: Vec<Part> = (0..MAX_PARTS)
        .map(|n| Part {
            bytes: u64::MAX >> 3,
            sha256: Digest::of(b""),
            volume: 99_000 + u32::try_from(n).expect("small"),
        })
        .collect();
    let frame = Frame {
        path: EntryPath::new(path.as_bytes()).expect("a good path"),
        kind: EntryKind::File,
        bytes: u64::MAX >> 2,
        mode: 0o777,
        modified: i64::MIN,
        target: b"",
    };
    let mut attributes = Attributes::default();
    attributes.insert(&"\u{1}".repeat(255), &[0; 15 << 10]);
    for attributes in [None, Some(&attributes)] {
        let mut writer = Writer::new(Vec::new());
        let line = Line::new(&frame).placed(99_000, 0).in_parts(&parts);
        let owner = Owner {
            gid: u32::MAX,
            nanoseconds: 999_999_999,
            special: 7,
            uid: u32::MAX,
        };
        writer
            .entry(line.kept(Some(owner), attributes, None))
            .expect("below 64 KiB");
        let text = String::from_utf8(writer.into_inner()).expect("JSON");
        assert!(!text.contains("xattrs"));
        assert_eq!(text.contains("lapse"), attributes.is_some());
    }
}

/// A file that an earlier package holds.
fn held(path: &str, bytes: u64) -> String {
    format!(
        r#"{{"bytes":{bytes},"mode":"0644","mtime":1,"package":"{EARLIER}","path":"{path}","sha256":"{SHA}","type":"file"}}"#
    )
}

const EARLIER: &str = "01a227bb-9c7e-701c-9404-1edb17788129";

#[test]
fn what_a_backup_has_more() {
    let owned = file("a", 10, 1, 0)
        .replace(
            r#""offset":0,"#,
            r#""offset":0,"owner":{"gid":7,"nanoseconds":5,"special":4,"uid":3},"#,
        )
        .replace(
            r#""volume":1}"#,
            r#""volume":1,"xattrs":{"user.note":"aGk="}}"#,
        )
        .replace(r#""mode""#, r#""lapse":"changed while it was read","mode""#);
    let inventory = read(&[header(2, 10, 1), owned, held("b", 99)]).expect("good");
    let [a, b] = [inventory.entry(0), inventory.entry(1)];
    let owner = a.owner().expect("it has one");
    assert_eq!((owner.uid, owner.gid), (3, 7));
    assert_eq!((owner.special, owner.nanoseconds), (4, 5));
    let attributes = a.attributes().and_then(Attributes::decoded);
    assert_eq!(attributes, Some(vec![("user.note", b"hi".to_vec())]));
    assert_eq!(a.lapse(), Some("changed while it was read"));
    assert_eq!((a.package(), a.is_here(), b.is_here()), (None, true, false));
    assert_eq!(b.package().map(|id| id.to_string()), Some(EARLIER.into()));
    assert_eq!(b.framed(), 0);
    assert_eq!(inventory.bases(), [b.package().expect("held")]);
    assert_eq!(inventory.volumes(), [Content::Entries(0..1)]);
}

#[test]
fn what_a_backup_must_not_have() {
    let with = |line: String, from: &str, to: &str| {
        assert!(line.contains(from), "{line}");
        line.replace(from, to)
    };
    let package = format!(r#""package":"{EARLIER}","#);
    let parts = |volumes: [u32; 2], bytes: u64| {
        let [a, b] = volumes;
        let part = |volume| format!(r#"{{"bytes":5,"sha256":"{SHA}","volume":{volume}}}"#);
        let sha = format!(r#""path":"a","sha256":"{SHA}""#);
        let parts = format!(r#""parts":[{},{}],"path":"a""#, part(a), part(b));
        with(held("a", bytes), &sha, &parts)
    };
    read(&[header(1, 0, 0), parts([2, 3], 10)]).expect("held in parts");
    let xattrs = |value: &str| {
        let to = format!(r#""volume":1,"xattrs":{value}}}"#);
        with(file("a", 10, 1, 0), r#""volume":1}"#, &to)
    };
    let owner = |value: &str| {
        let to = format!(r#""mtime":-1,"offset":0,"owner":{value},"#);
        with(file("a", 10, 1, 0), r#""mtime":-1,"offset":0,"#, &to)
    };
    let large = format!(r#"{{"user.a":"{}"}}"#, "AAAA".repeat(6000));
    for (line, expected) in [
        // Held, and here as well, or nowhere.
        (
            with(
                file("a", 10, 1, 0),
                r#""path""#,
                &format!(r#"{package}"path""#),
            ),
            "Fields",
        ),
        (
            with(skipped("a"), r#""path""#, &format!(r#"{package}"path""#)),
            "Fields",
        ),
        (
            with(held("a", 1), &format!(r#","sha256":"{SHA}""#), ""),
            "Fields",
        ),
        (
            with(held("a", 0), r#""type":"file""#, r#""type":"directory""#),
            "Fields",
        ),
        // Parts that do not add up, or do not follow each other.
        (parts([2, 3], 11), "Fields"),
        (parts([2, 4], 10), "Fields"),
        // What cannot be torn.
        (
            with(held("a", 1), r#""mode""#, r#""lapse":"x","mode""#),
            "Fields",
        ),
        (
            with(skipped("a"), r#""mode""#, r#""lapse":"x","mode""#),
            "Fields",
        ),
        (
            with(link("a", "b", 0), r#""mode""#, r#""lapse":"x","mode""#),
            "Fields",
        ),
        (
            with(file("a", 10, 1, 0), r#""mode""#, r#""lapse":"","mode""#),
            "Fields",
        ),
        // No owner, no attributes.
        (owner(r#"{"gid":7,"special":8,"uid":3}"#), "Attributes"),
        (
            owner(r#"{"gid":7,"nanoseconds":1000000000,"uid":3}"#),
            "Attributes",
        ),
        (
            owner(r#"{"gid":7,"nanoseconds":0,"uid":3}"#),
            "NotCanonical",
        ),
        (owner(r#"{"gid":4294967295,"uid":3}"#), "Attributes"),
        (owner(r#"{"gid":7,"uid":4294967295}"#), "Attributes"),
        (owner(r#"{"gid":7}"#), "Json"),
        (owner(r#"{"gid":-1,"uid":3}"#), "Json"),
        (xattrs("{}"), "Attributes"),
        (xattrs(r#"{"user.a":"a"}"#), "Attributes"),
        (xattrs(r#"{"user.a":"aGl="}"#), "Attributes"),
        (xattrs(r#"{"":"aGk="}"#), "Attributes"),
        (xattrs(r#"{"a\u0000":"aGk="}"#), "Attributes"),
        (xattrs(r#"{"user.b":"","user.a":""}"#), "NotCanonical"),
        (xattrs(&large), "Attributes"),
    ] {
        let here = line.contains("\"volume\":1") && !line.contains("symlink");
        let (bytes, files) = if here { (10, 1) } else { (0, 0) };
        let found = fault(&[header(1, bytes, files), line.clone()]);
        assert_eq!(found, (2, expected.to_owned()), "{line}");
    }
}

fn read_raw(header: &str, lines: &[String]) -> Result<Inventory, InventoryError> {
    let text = [&[header.to_owned()], lines].concat().join("\n") + "\n";
    Inventory::read(text.as_bytes(), PayloadKind::Raw)
}

#[test]
fn a_stream_is_one_file_without_framing() {
    let whole = read_raw(&header(1, 5, 1), &[file("s.sql", 5, 1, 0)]).expect("one volume");
    assert_eq!(whole.volumes(), [Content::Entries(0..1)]);
    let parts = |sizes: [u64; 2]| {
        let line = format!(
            r#"{{"bytes":{},"mode":"0600","mtime":1,"offset":0,"parts":[{{"bytes":{},"sha256":"{SHA}","volume":1}},{{"bytes":{},"sha256":"{SHA}","volume":2}}],"path":"s.sql","type":"file","volume":1}}"#,
            sizes[0] + sizes[1],
            sizes[0],
            sizes[1]
        );
        read_raw(&header(1, sizes[0] + sizes[1], 1), &[line])
    };
    let two = parts([1024, 7]).expect("two volumes");
    let pieces = [(0, 0..1024), (0, 1024..1031)];
    let pieces = pieces.map(|(entry, framed)| Content::Piece { entry, framed });
    assert_eq!(two.volumes(), pieces);
    assert!(parts([1023, 7]).is_err(), "not cut at a block");
    for lines in [
        vec![],
        vec![file("a", 5, 1, 0), file("b", 5, 1, 5)],
        vec![folder("a", 0)],
        vec![folder("a", 0), file("a/b", 5, 1, 0)],
    ] {
        let files = lines
            .iter()
            .filter(|line| line.contains("\"file\""))
            .count() as u64;
        let error = read_raw(&header(lines.len() as u64, 5 * files, files), &lines);
        assert!(error.is_err(), "{lines:?}");
    }
}
