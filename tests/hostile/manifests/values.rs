//! Values that the format does not allow.

use serde_json::{Value, json};

use super::{CANONICAL, MALFORMED};
use crate::runner::{ALL, Case};

pub(super) fn values() -> Vec<Case> {
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
