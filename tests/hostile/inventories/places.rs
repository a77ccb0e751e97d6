//! Where entries are said to lie.

use serde_json::{Value, json};

use super::{FIELDS, PLACE, Row};
use crate::forge::Draft;

pub(super) fn places() -> Vec<Row> {
    /// A row that sets one field of `data/a.txt`, which lies behind its folder.
    macro_rules! set {
        ($what:literal, $why:literal, $words:expr, $key:literal, $value:expr) => {
            ($what, $why, $words, |d: &mut Draft| {
                d.line("data/a.txt")[$key] = json!($value);
            })
        };
    }
    vec![
        set!(
            "with an entry in volume 0",
            "there is no such volume",
            PLACE,
            "volume",
            0
        ),
        set!(
            "with an entry in a volume that there is not",
            "there is no such volume",
            PLACE,
            "volume",
            2
        ),
        set!(
            "with an entry in volume 100,000",
            "there is no such volume",
            PLACE,
            "volume",
            100_000
        ),
        set!(
            "with an entry in volume 2^32 - 1",
            "numbers are bounded before they are used",
            PLACE,
            "volume",
            u32::MAX
        ),
        set!(
            "with an entry in volume 2^32",
            "there is no such number",
            "line 3 of the inventory: invalid value: integer `4294967296`",
            "volume",
            1_u64 << 32
        ),
        set!(
            "with an entry over the one before",
            "two entries would share bytes",
            PLACE,
            "offset",
            0
        ),
        set!(
            "with a gap before an entry",
            "what lies in the gap is hidden",
            PLACE,
            "offset",
            1024
        ),
        set!(
            "with an entry at no block's beginning",
            "what lies in the gap is hidden",
            PLACE,
            "offset",
            513
        ),
        set!(
            "with an entry at 2^64 - 1",
            "sums of places must not wrap around",
            PLACE,
            "offset",
            u64::MAX
        ),
        set!(
            "with an entry at a negative place",
            "there is no such number",
            "line 3 of the inventory: invalid value: integer `-512`",
            "offset",
            -512
        ),
        set!(
            "with an entry of another size",
            "the next one does not follow it",
            PLACE,
            "bytes",
            1000
        ),
        set!(
            "with an entry in parts and whole",
            "which is it?",
            FIELDS,
            "parts",
            json!([{"bytes": 16, "sha256": "ab".repeat(32), "volume": 1}])
        ),
        (
            "with an entry in no volume",
            "it lies nowhere",
            FIELDS,
            |d| {
                d.line("data/a.txt")
                    .as_object_mut()
                    .unwrap()
                    .remove("volume");
            },
        ),
        (
            "with an entry at no place",
            "it lies nowhere",
            FIELDS,
            |d| {
                d.line("data/a.txt")
                    .as_object_mut()
                    .unwrap()
                    .remove("offset");
            },
        ),
        (
            "with an entry in one part",
            "that is whole",
            "line 3 of the inventory: the entry does not follow",
            |d| {
                parts(d, &[(16, 1)]);
            },
        ),
        (
            "with an entry in two parts of one volume",
            "a part is a volume's",
            PLACE,
            |d| {
                parts(d, &[(8, 1), (8, 1)]);
            },
        ),
        (
            "with an entry in a part of nothing",
            "a part is of something",
            PLACE,
            |d| {
                parts(d, &[(16, 2), (0, 3)]);
            },
        ),
        (
            "with an entry in parts that are too much",
            "sums have to add up",
            FIELDS,
            |d| {
                parts(d, &[(512, 2), (512, 3)]);
            },
        ),
        (
            "with an entry in parts of a far volume",
            "parts lie in a row",
            PLACE,
            |d| {
                parts(d, &[(8, 2), (8, 4)]);
            },
        ),
        (
            "with an entry in parts of 2^63 bytes each",
            "sums of sizes must not wrap around",
            FIELDS,
            |d| {
                parts(d, &[(1 << 63, 2), (1 << 63, 3)]);
            },
        ),
        (
            "with an entry in an earlier package that the manifest does not name",
            "which package is needed is public",
            "a package that the manifest does not name",
            |d| {
                let line = d.line("data/letters/c.txt").as_object_mut().unwrap();
                line.remove("volume");
                line.remove("offset");
                line.insert(
                    "package".into(),
                    json!("5d771235-f899-7eb1-8056-004ed0227332"),
                );
                let bytes = d.line("data/letters/c.txt")["bytes"].as_u64().unwrap();
                for pointer in ["/bytes", "/facts/bytes"] {
                    let sum = d.header.pointer_mut(pointer).unwrap();
                    *sum = json!(sum.as_u64().unwrap() - bytes);
                }
                d.header["facts"]["files"] = json!(2);
            },
        ),
        (
            "that needs no earlier package, where the manifest names one",
            "which package is needed is public",
            "a package that the manifest does not name",
            |d| {
                let id = "5d771235-f899-7eb1-8056-004ed0227332";
                d.manifest["series"] =
                    json!({"base": [id], "id": id, "previous": null, "sequence": 2});
            },
        ),
        (
            "of a stream, with several files",
            "a stream is one file",
            "line 3 of the inventory: the entry does not follow",
            |d| {
                d.manifest["payload"]["kind"] = json!("raw");
            },
        ),
    ]
}

/// Says that `data/a.txt` lies in parts.
fn parts(draft: &mut Draft, parts: &[(u64, u32)]) {
    let parts = parts.iter().map(
        |(bytes, volume)| json!({"bytes": bytes, "sha256": "ab".repeat(32), "volume": volume}),
    );
    let parts: Value = parts.collect();
    let line = draft.line("data/a.txt");
    // As if it began a volume.
    line["volume"] = parts[0]["volume"].clone();
    line["offset"] = json!(0);
    let line = line.as_object_mut().unwrap();
    line.remove("sha256");
    line.insert("parts".into(), parts);
}
