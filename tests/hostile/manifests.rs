//! Manifests that say what the format does not allow, or say it in another way than the
//! one there is; each signed by the trusted sender.

use serde_json::{Value, json};

use crate::forge::{canonical, sha256};
use crate::runner::{ALL, Case};

const MALFORMED: &str = "manifest.json is not what the format asks for";
const CANONICAL: &str = "manifest.json is not in its canonical form";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = missing();
    cases.extend(values());
    cases.extend(texts());
    cases.extend(sums());
    cases
}

/// Every field is needed, at every level.
fn missing() -> Vec<Case> {
    let pointers = [
        "/created",
        "/format",
        "/generator",
        "/id",
        "/inventory",
        "/inventory/bytes",
        "/inventory/sha256",
        "/key",
        "/key/commitment",
        "/key/envelope_sha256",
        "/payload",
        "/payload/bytes",
        "/payload/compression",
        "/payload/kind",
        "/payload/volumes",
        "/readme",
        "/series",
        "/sums",
    ];
    let mut cases = Vec::new();
    for pointer in pointers {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let words = match key {
            "series" => CANONICAL,
            _ => "missing field",
        };
        cases.push(Case::new(
            format!("manifest without {pointer}"),
            "a reader must not fill in what nobody signed",
            ALL,
            4,
            words,
            move |workshop, _| {
                workshop.manifest(|manifest| {
                    let parent = manifest.pointer_mut(parent).unwrap();
                    parent.as_object_mut().unwrap().remove(key).unwrap();
                })
            },
        ));
    }
    for parent in ["", "/inventory", "/key", "/payload", "/payload/volumes/0"] {
        cases.push(Case::new(
            format!("manifest with a field too many in '{parent}'"),
            "a field that one reader knows and another does not is a second meaning",
            ALL,
            4,
            "unknown field",
            move |workshop, _| {
                workshop
                    .manifest(|manifest| manifest.pointer_mut(parent).unwrap()["zone"] = json!(1))
            },
        ));
    }
    cases
}

/// Values that the format does not allow.
fn values() -> Vec<Case> {
    let series = |series: Value| series;
    let id = "5d771235-f899-7eb1-8056-004ed0227332";
    let table: Vec<(&str, &str, Value, i64, &str)> = vec![
        (
            "/format",
            "a later format",
            json!("exeat/2"),
            1,
            "the package has the format 'exeat/2'",
        ),
        (
            "/format",
            "a format with a blank",
            json!("exeat/1 "),
            1,
            "the package has the format 'exeat/1 '",
        ),
        (
            "/format",
            "a format in capitals",
            json!("EXEAT/1"),
            1,
            "the package has the format 'EXEAT/1'",
        ),
        (
            "/format",
            "a format that tells the terminal something",
            json!("\u{1b}[2J"),
            1,
            "'\\x1b[2J'",
        ),
        ("/format", "a number for a format", json!(1), 4, MALFORMED),
        (
            "/format",
            "an empty format",
            json!(""),
            1,
            "the package has the format ''",
        ),
        (
            "/id",
            "an id of chance alone (version 4)",
            json!("5d771235-f899-4eb1-8056-004ed0227332"),
            4,
            "not a UUID of version 7",
        ),
        (
            "/id",
            "the id of nothing",
            json!("00000000-0000-0000-0000-000000000000"),
            4,
            "not a UUID of version 7",
        ),
        (
            "/id",
            "an id of another variant",
            json!("5d771235-f899-7eb1-c056-004ed0227332"),
            4,
            "not a UUID of version 7",
        ),
        (
            "/id",
            "an id in capitals",
            json!(id.to_uppercase()),
            4,
            CANONICAL,
        ),
        (
            "/id",
            "an id in braces",
            json!(format!("{{{id}}}")),
            4,
            CANONICAL,
        ),
        (
            "/id",
            "an id with a prefix",
            json!(format!("urn:uuid:{id}")),
            4,
            CANONICAL,
        ),
        (
            "/id",
            "an id without hyphens",
            json!(id.replace('-', "")),
            4,
            CANONICAL,
        ),
        ("/id", "no id", Value::Null, 4, MALFORMED),
        (
            "/created",
            "a time with an offset",
            json!("2026-11-22T10:00:00+00:00"),
            4,
            CANONICAL,
        ),
        (
            "/created",
            "a time with small letters",
            json!("2026-11-22t10:00:00z"),
            4,
            CANONICAL,
        ),
        (
            "/created",
            "a time without a zone",
            json!("2026-11-22T10:00:00"),
            4,
            MALFORMED,
        ),
        (
            "/created",
            "a time with needless digits",
            json!("2026-11-22T10:00:00.000Z"),
            4,
            CANONICAL,
        ),
        (
            "/created",
            "a leap second",
            json!("2026-11-22T10:00:60Z"),
            4,
            CANONICAL,
        ),
        (
            "/created",
            "a month that there is not",
            json!("2026-13-22T10:00:00Z"),
            4,
            MALFORMED,
        ),
        (
            "/created",
            "a number for a time",
            json!(1_763_805_600),
            4,
            MALFORMED,
        ),
        (
            "/generator",
            "a list for a generator",
            json!(["exeat"]),
            4,
            MALFORMED,
        ),
        (
            "/payload/kind",
            "another kind of payload",
            json!("cpio"),
            4,
            "unknown variant",
        ),
        (
            "/payload/kind",
            "a kind in capitals",
            json!("Tar"),
            4,
            "unknown variant",
        ),
        (
            "/payload/compression",
            "another compression",
            json!("gzip"),
            4,
            "unknown variant",
        ),
        (
            "/payload/compression",
            "a compression in capitals",
            json!("Zstd"),
            4,
            "unknown variant",
        ),
        (
            "/payload/compression",
            "no compression said",
            Value::Null,
            4,
            MALFORMED,
        ),
        (
            "/payload/bytes",
            "a payload of other size",
            json!(1),
            4,
            "do not add up to the payload",
        ),
        (
            "/payload/bytes",
            "a payload of negative size",
            json!(-1),
            4,
            MALFORMED,
        ),
        (
            "/payload/bytes",
            "a payload of half a byte",
            json!(0.5),
            4,
            MALFORMED,
        ),
        (
            "/payload/bytes",
            "a size with an exponent",
            json!(1e3),
            4,
            MALFORMED,
        ),
        (
            "/payload/bytes",
            "a size as text",
            json!("400"),
            4,
            MALFORMED,
        ),
        (
            "/payload/volumes",
            "no volumes",
            json!([]),
            4,
            "there must be 1 to 99999 volumes",
        ),
        (
            "/payload/volumes",
            "an object for the volumes",
            json!({}),
            4,
            MALFORMED,
        ),
        (
            "/payload/volumes/0/name",
            "a volume in another folder",
            json!("../volume-00001.age"),
            4,
            "not named in order",
        ),
        (
            "/payload/volumes/0/name",
            "a volume at an absolute path",
            json!("/etc/passwd"),
            4,
            "not named in order",
        ),
        (
            "/payload/volumes/0/name",
            "a volume that is the envelope",
            json!("key.age"),
            4,
            "not named in order",
        ),
        (
            "/payload/volumes/0/name",
            "volumes that begin with the second",
            json!("volume-00002.age"),
            4,
            "not named in order",
        ),
        (
            "/payload/volumes/0/name",
            "a volume without a name",
            json!(""),
            4,
            "not named in order",
        ),
        (
            "/payload/volumes/0/name",
            "a volume with NUL in its name",
            json!("volume-00001.age\0"),
            4,
            "not named in order",
        ),
        (
            "/inventory/sha256",
            "a digest in capitals",
            json!("AB".repeat(32)),
            4,
            MALFORMED,
        ),
        (
            "/inventory/sha256",
            "a digest that is too short",
            json!("ab".repeat(31)),
            4,
            MALFORMED,
        ),
        (
            "/inventory/sha256",
            "a digest that is too long",
            json!("ab".repeat(33)),
            4,
            MALFORMED,
        ),
        (
            "/inventory/sha256",
            "a digest that is none",
            json!("xy".repeat(32)),
            4,
            MALFORMED,
        ),
        (
            "/inventory/sha256",
            "an empty digest",
            json!(""),
            4,
            MALFORMED,
        ),
        (
            "/inventory/bytes",
            "an inventory of 2^64 bytes",
            json!(1.844_674_407_370_955_2e19),
            4,
            MALFORMED,
        ),
        (
            "/sums/sha256",
            "sums of something else",
            json!("ab".repeat(32)),
            4,
            "the sums are not those of the members",
        ),
        (
            "/sums/bytes",
            "sums of another size",
            json!(1),
            4,
            "the sums are not those of the members",
        ),
        (
            "/series",
            "an empty series",
            series(json!({})),
            4,
            "missing field",
        ),
        (
            "/series",
            "a series that begins with nought",
            series(json!({"base": [], "id": id, "previous": null, "sequence": 0})),
            4,
            "begins with the sequence number 1",
        ),
        (
            "/series",
            "a series of negative number",
            series(json!({"base": [], "id": id, "previous": null, "sequence": -1})),
            4,
            MALFORMED,
        ),
        (
            "/series",
            "a series that needs packages out of order",
            series(
                json!({"base": [id.replace("5d", "6d"), id], "id": id, "previous": null, "sequence": 2}),
            ),
            4,
            "not in order, or it is one of them",
        ),
        (
            "/series",
            "a series that needs a package twice",
            series(json!({"base": [id, id], "id": id, "previous": null, "sequence": 2})),
            4,
            "not in order, or it is one of them",
        ),
        (
            "/series",
            "a series with a field too many",
            series(json!({"base": [], "id": id, "next": 1, "previous": null, "sequence": 2})),
            4,
            "unknown field",
        ),
        ("/series", "a list for a series", json!([]), 4, MALFORMED),
    ];
    let mut cases = Vec::new();
    for (pointer, what, value, code, words) in table {
        cases.push(Case::new(
            format!("manifest with {what}"),
            "the format does not allow it, and a trusted signature does not make it allowed",
            ALL,
            code,
            words,
            move |workshop, _| {
                workshop.manifest(|manifest| {
                    *manifest.pointer_mut(pointer).unwrap() = value.clone();
                })
            },
        ));
    }
    cases.push(Case::new(
        "manifest with a series that needs the package itself",
        "restoring would never end",
        ALL,
        4,
        "not in order, or it is one of them",
        |workshop, _| {
            workshop.manifest(|manifest| {
                let id = manifest["id"].clone();
                manifest["series"] =
                    json!({"base": [id], "id": id, "previous": null, "sequence": 2});
            })
        },
    ));
    cases.push(Case::new(
        "manifest with a series that needs five thousand packages",
        "each of them would have to be opened",
        ALL,
        4,
        "more than 4096 earlier packages",
        move |workshop, _| {
            workshop.manifest(|manifest| {
                let base = (0..5000).map(|n| json!(format!("5d771235-f899-7eb1-8056-{n:012x}")));
                let base: Value = base.collect();
                manifest["series"] =
                    json!({"base": base, "id": id, "previous": null, "sequence": 2});
            })
        },
    ));
    cases
}

/// The same JSON, or none, in other bytes.
fn texts() -> Vec<Case> {
    type Edit = fn(String) -> Vec<u8>;
    let table: [(&str, i64, &str, Edit); 27] = [
        ("of no bytes", 4, MALFORMED, |_| Vec::new()),
        ("that is null", 4, MALFORMED, |_| b"null\n".to_vec()),
        ("that is a list of one", 4, MALFORMED, |text| {
            format!("[{}]\n", text.trim_end()).into()
        }),
        ("without its newline", 4, CANONICAL, |text| {
            text.trim_end().into()
        }),
        ("with two newlines", 4, CANONICAL, |text| {
            (text + "\n").into()
        }),
        ("with a carriage return", 4, CANONICAL, |text| {
            text.replace('\n', "\r\n").into()
        }),
        ("with a blank before it", 4, CANONICAL, |text| {
            format!(" {text}").into()
        }),
        ("with a blank in it", 4, CANONICAL, |text| {
            text.replacen(':', ": ", 1).into()
        }),
        ("on many lines", 4, CANONICAL, |text| {
            text.replace(',', ",\n").into()
        }),
        ("with a byte order mark", 4, MALFORMED, |text| {
            format!("\u{feff}{text}").into()
        }),
        ("with text behind it", 4, MALFORMED, |text| {
            (text + "{}").into()
        }),
        ("with NUL behind it", 4, MALFORMED, |text| {
            (text + "\0").into()
        }),
        ("with an escaped letter", 4, CANONICAL, |text| {
            text.replace("exeat/1", "e\\u0078eat/1").into()
        }),
        ("with an escaped slash", 4, CANONICAL, |text| {
            text.replace("exeat/1", "exeat\\/1").into()
        }),
        ("with an escaped letter in a key", 4, CANONICAL, |text| {
            text.replace("\"sums\"", "\"\\u0073ums\"").into()
        }),
        ("with a key twice", 4, "duplicate field", |text| {
            text.replacen('{', "{\"format\":\"exeat/1\",", 1).into()
        }),
        (
            "with a key twice, the second of a later format",
            4,
            "duplicate field",
            |text| {
                text.replacen(
                    "\"format\":\"exeat/1\",",
                    "\"format\":\"exeat/1\",\"format\":\"exeat/2\",",
                    1,
                )
                .into()
            },
        ),
        (
            "with a key twice further in",
            4,
            "duplicate field",
            |text| {
                text.replacen("\"kind\":\"tar\"", "\"kind\":\"tar\",\"kind\":\"raw\"", 1)
                    .into()
            },
        ),
        ("with its keys in another order", 4, CANONICAL, |text| {
            let rest = text
                .trim_end()
                .trim_end_matches('}')
                .trim_start_matches('{');
            let (first, rest) = rest.split_once(',').unwrap();
            format!("{{{rest}}},{first}}}\n").into()
        }),
        ("with a size with a zero before it", 4, MALFORMED, |text| {
            text.replacen("\"bytes\":", "\"bytes\":0", 1).into()
        }),
        (
            "with a size with a fraction of nought",
            4,
            MALFORMED,
            |text| {
                let at = text.find("\"bytes\":").unwrap() + 8;
                let end = at + text[at..].find(',').unwrap();
                format!("{}.0{}", &text[..end], &text[end..]).into()
            },
        ),
        ("with a comment", 4, MALFORMED, |text| {
            text.replacen('{', "{/* */", 1).into()
        }),
        ("with a comma too many", 4, MALFORMED, |text| {
            text.trim_end().replace("}}", "},}").into()
        }),
        ("with half a character", 4, MALFORMED, |text| {
            text.replace("exeat 0", "exeat \\ud800 0").into()
        }),
        ("that is not UTF-8", 4, MALFORMED, |text| {
            let mut bytes = text.into_bytes();
            let at = bytes
                .windows(7)
                .position(|seven| seven == b"exeat 0")
                .unwrap();
            bytes[at] = 0xff;
            bytes
        }),
        ("of a hundred thousand open brackets", 4, MALFORMED, |_| {
            "[".repeat(100_000).into()
        }),
        (
            "of a hundred thousand open brackets where a list is",
            4,
            MALFORMED,
            |text| {
                text.replacen(
                    "\"volumes\":[",
                    &format!("\"volumes\":[{}", "[".repeat(100_000)),
                    1,
                )
                .into()
            },
        ),
    ];
    let case = |(how, code, words, edit): (&str, i64, &str, Edit)| {
        Case::new(
            format!("manifest {how}"),
            "there is one way to say a thing, and nothing to hide a second meaning in",
            ALL,
            code,
            words,
            move |workshop, _| {
                workshop.manifest_bytes(|bytes| {
                    let text = String::from_utf8(bytes).unwrap();
                    let edited = edit(text.clone());
                    assert!(edited != text.as_bytes(), "nothing was changed");
                    edited
                })
            },
        )
    };
    let mut cases: Vec<Case> = table.map(case).into();
    cases.push(Case::new(
        "manifest of 17 MiB",
        "its size is bounded before it is read",
        ALL,
        4,
        "manifest.json is too long (",
        |workshop, _| workshop.manifest_bytes(|bytes| [bytes, vec![b' '; 17 << 20]].concat()),
    ));
    cases.push(Case::new(
        "manifest of a hundred thousand volumes",
        "no package has so many",
        ALL,
        4,
        "there must be 1 to 99999 volumes",
        |workshop, _| {
            workshop.manifest(|manifest| {
                let volume = manifest["payload"]["volumes"][0].clone();
                manifest["payload"]["volumes"] = vec![volume; 100_000].into();
            })
        },
    ));
    cases
}

/// Sums that a trusted signer made fit something else.
fn sums() -> Vec<Case> {
    type Edit = fn(&str) -> String;
    let table: [(&str, Edit); 6] = [
        ("in another order", |text| {
            let mut lines: Vec<_> = text.lines().collect();
            lines.reverse();
            lines.join("\n") + "\n"
        }),
        ("with a line too many", |text| {
            format!("{text}{}  /etc/passwd\n", "ab".repeat(32))
        }),
        ("without the volumes", |text| {
            let lines = text.lines().filter(|line| !line.contains("volume"));
            lines.map(|line| format!("{line}\n")).collect()
        }),
        ("in binary mode", |text| text.replace("  ", " *")),
        ("without the last newline", |text| {
            text.trim_end().to_owned()
        }),
        ("with capitals", |text| text.to_uppercase()),
    ];
    let mut cases: Vec<Case> = table
        .map(|(how, edit)| {
            Case::new(
                format!("SHA256SUMS {how}, by a trusted signer"),
                "whoever has no exeat goes by this file, and has to see what exeat sees",
                ALL,
                4,
                "the sums are not those of the members",
                move |workshop: &crate::forge::Workshop, _: &std::path::Path| {
                    let mut members = workshop.genuine("plain");
                    let text = String::from_utf8(members.get("SHA256SUMS").to_vec()).unwrap();
                    let edited = edit(&text);
                    assert_ne!(edited, text);
                    let mut manifest = members.manifest();
                    manifest["sums"] =
                        json!({"bytes": edited.len(), "sha256": sha256(edited.as_bytes())});
                    members.put("SHA256SUMS", edited);
                    members.put("manifest.json", canonical(&manifest));
                    members.sign(&workshop.sender);
                    members
                },
            )
        })
        .into();
    cases.push(Case::new(
        "README.txt of 70 KiB, by a trusted signer",
        "a README is a page, and no place to hide a hoard",
        ALL,
        4,
        "README.txt is larger than 64 KiB",
        |workshop, _| workshop.outer(|members| members.put("README.txt", vec![b'x'; 70_000])),
    ));
    cases
}
