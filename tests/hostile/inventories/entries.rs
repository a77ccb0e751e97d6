//! Fields of an entry.

use serde_json::{Value, json};

use super::{CANONICAL, FIELDS, Row};
use crate::forge::Draft;

pub(super) fn entries() -> Vec<Row> {
    /// A row that sets one field of `data/a.txt`.
    macro_rules! set {
        ($what:literal, $why:literal, $words:expr, $key:literal, $value:expr) => {
            ($what, $why, $words, |d: &mut Draft| {
                d.line("data/a.txt")[$key] = json!($value);
            })
        };
    }
    /// A row that sets one field of the link.
    macro_rules! link {
        ($what:literal, $why:literal, $words:expr, $key:literal, $value:expr) => {
            ($what, $why, $words, |d: &mut Draft| {
                d.line("data/latest")[$key] = json!($value);
            })
        };
    }
    vec![
        set!(
            "with a device",
            "a device is no file",
            "unknown variant",
            "type",
            "device"
        ),
        set!(
            "with a hard link",
            "a link to any file of the reader",
            "unknown variant",
            "type",
            "hardlink"
        ),
        set!(
            "with a named pipe",
            "whoever opens it waits for ever",
            "unknown variant",
            "type",
            "fifo"
        ),
        set!(
            "with a type in capitals",
            "one way to say a thing",
            "unknown variant",
            "type",
            "File"
        ),
        set!(
            "with a set-user-id program",
            "it would run with the reader's rights",
            FIELDS,
            "mode",
            "4755"
        ),
        set!(
            "with a sticky file",
            "the mode has nine bits",
            FIELDS,
            "mode",
            "1644"
        ),
        set!(
            "with a mode of three digits",
            "one way to say a thing",
            FIELDS,
            "mode",
            "644"
        ),
        set!(
            "with a mode of five digits",
            "one way to say a thing",
            FIELDS,
            "mode",
            "00644"
        ),
        set!(
            "with a mode that is not octal",
            "one way to say a thing",
            FIELDS,
            "mode",
            "0999"
        ),
        set!(
            "with a mode with a sign",
            "one way to say a thing",
            FIELDS,
            "mode",
            "+644"
        ),
        set!(
            "with an empty mode",
            "one way to say a thing",
            FIELDS,
            "mode",
            ""
        ),
        set!(
            "with a number for a mode",
            "one way to say a thing",
            "line 3 of the inventory: invalid type: integer `420`",
            "mode",
            420
        ),
        set!(
            "with a time beyond 64 bits",
            "there is no such number",
            "line 3 of the inventory: invalid type: floating point",
            "mtime",
            9.3e18
        ),
        set!(
            "with a time of fractions",
            "one way to say a thing",
            "line 3 of the inventory: invalid type: floating point",
            "mtime",
            1.5
        ),
        set!(
            "with a negative size",
            "there is no such number",
            "invalid value",
            "bytes",
            -1
        ),
        set!(
            "with a size beyond all file systems",
            "sums of sizes must not wrap around",
            FIELDS,
            "bytes",
            1_u64 << 61
        ),
        set!(
            "with a size of 2^64 - 1",
            "sums of sizes must not wrap around",
            FIELDS,
            "bytes",
            u64::MAX
        ),
        set!(
            "with a digest in capitals",
            "one way to say a thing",
            "line 3 of the inventory: not a SHA-256 digest",
            "sha256",
            "AB".repeat(32)
        ),
        set!(
            "with half a digest",
            "it would vouch for half",
            "line 3 of the inventory: not a SHA-256 digest",
            "sha256",
            "ab".repeat(16)
        ),
        set!(
            "with a target of a file",
            "a file leads nowhere",
            FIELDS,
            "target",
            "/etc/passwd"
        ),
        set!(
            "with a field too many in a line",
            "a second meaning",
            "unknown field",
            "zone",
            1
        ),
        set!(
            "with a reason of a file that is there",
            "there and left out",
            FIELDS,
            "skipped",
            "because"
        ),
        set!(
            "with an empty lapse",
            "a reason is words",
            FIELDS,
            "lapse",
            ""
        ),
        set!(
            "with a lapse of 300 bytes",
            "a reason is a few words",
            FIELDS,
            "lapse",
            "x".repeat(300)
        ),
        set!(
            "with an owner of no number",
            "the number that means: leave it",
            "owner or the attributes",
            "owner",
            json!({"gid": u32::MAX, "uid": 0})
        ),
        set!(
            "with a negative owner",
            "there is no such number",
            "line 3 of the inventory: invalid value: integer `-1`",
            "owner",
            json!({"gid": 0, "uid": -1})
        ),
        set!(
            "with an owner with a field too many",
            "a second meaning",
            "unknown field",
            "owner",
            json!({"gid": 0, "name": "root", "uid": 0})
        ),
        set!(
            "with special bits beyond the three",
            "the mode has twelve bits",
            "owner or the attributes",
            "owner",
            json!({"gid": 0, "special": 8, "uid": 0})
        ),
        set!(
            "with a second of two billion nanoseconds",
            "there is no such time",
            "owner or the attributes",
            "owner",
            json!({"gid": 0, "nanoseconds": 2_000_000_000, "uid": 0})
        ),
        set!(
            "with no attributes, said at length",
            "one way to say nothing",
            CANONICAL,
            "xattrs",
            {}
        ),
        set!(
            "with an attribute that is no base64",
            "nobody knows what it is",
            "owner or the attributes",
            "xattrs",
            json!({"user.a": "!"})
        ),
        set!(
            "with an attribute without a name",
            "no file has such a one",
            "owner or the attributes",
            "xattrs",
            json!({"": "AA=="})
        ),
        set!(
            "with an attribute with NUL in its name",
            "the system would cut the name there",
            "owner or the attributes",
            "xattrs",
            json!({"user.a\0b": "AA=="})
        ),
        set!(
            "with an attribute of 30 KiB",
            "a line is bounded before it is kept",
            "owner or the attributes",
            "xattrs",
            json!({"user.a": "A".repeat(40_000)})
        ),
        set!(
            "with an entry in an earlier package, and here",
            "which is it?",
            FIELDS,
            "package",
            "5d771235-f899-7eb1-8056-004ed0227332"
        ),
        set!(
            "with a line of 70 KiB",
            "a line is bounded before it is kept",
            "it is longer than 64 KiB",
            "path",
            "a".repeat(70_000)
        ),
        link!(
            "with a link to nothing",
            "a link leads somewhere",
            FIELDS,
            "target",
            ""
        ),
        link!(
            "with a link with NUL in its target",
            "the system would cut it there",
            FIELDS,
            "target",
            "a\0b"
        ),
        link!(
            "with a link of 5,000 bytes",
            "no system takes such links",
            FIELDS,
            "target",
            "a/".repeat(2500)
        ),
        link!(
            "with a link with two targets",
            "which is it?",
            FIELDS,
            "target_hex",
            "ff"
        ),
        link!(
            "with a link of some size",
            "a link has no content",
            FIELDS,
            "bytes",
            5
        ),
        link!(
            "with a link with a digest",
            "a link has no content",
            FIELDS,
            "sha256",
            "ab".repeat(32)
        ),
        link!(
            "with a link that lapsed",
            "a link is read at once",
            FIELDS,
            "lapse",
            "it changed"
        ),
        link!(
            "with a link that is a folder with a target",
            "a folder leads nowhere",
            FIELDS,
            "type",
            "directory"
        ),
        (
            "with a link without a target",
            "a link leads somewhere",
            FIELDS,
            |d| {
                d.line("data/latest")
                    .as_object_mut()
                    .unwrap()
                    .remove("target");
            },
        ),
        (
            "with a folder of some size",
            "a folder has no content",
            FIELDS,
            |d| {
                d.line("data/letters")["bytes"] = json!(5);
            },
        ),
        (
            "with a folder with a digest",
            "a folder has no content",
            FIELDS,
            |d| {
                d.line("data/letters")["sha256"] = json!("ab".repeat(32));
            },
        ),
        (
            "with a file without a digest",
            "nothing would vouch for its content",
            FIELDS,
            |d| {
                d.line("data/a.txt")
                    .as_object_mut()
                    .unwrap()
                    .remove("sha256");
            },
        ),
        (
            "without a size in a line",
            "a reader must not fill in what nobody signed",
            "missing field",
            |d| {
                d.line("data/a.txt")
                    .as_object_mut()
                    .unwrap()
                    .remove("bytes");
            },
        ),
        (
            "without a mode in a line",
            "a reader must not fill in what nobody signed",
            "missing field",
            |d| {
                d.line("data/a.txt").as_object_mut().unwrap().remove("mode");
            },
        ),
        (
            "without a type in a line",
            "a reader must not fill in what nobody signed",
            "missing field",
            |d| {
                d.line("data/a.txt").as_object_mut().unwrap().remove("type");
            },
        ),
        (
            "with a reason of 300 bytes",
            "a reason is a few words",
            FIELDS,
            |d| left_out(d, &"x".repeat(300)),
        ),
        ("with an empty reason", "a reason is words", FIELDS, |d| {
            left_out(d, "")
        }),
        (
            "with two hundred reasons",
            "a list of reasons is a handful",
            FIELDS,
            |d| {
                let template = d.line("data/letters/c.txt").clone();
                for number in 0..200 {
                    let mut line = template.clone();
                    line["path"] = json!(format!("data/z{number:03}"));
                    line["skipped"] = json!(format!("reason {number}"));
                    let line = skipped(line);
                    d.lines.push(line);
                }
                d.count();
            },
        ),
    ]
}

/// A line of a file that was left out.
fn skipped(mut line: Value) -> Value {
    let fields = line.as_object_mut().unwrap();
    for field in ["volume", "offset", "sha256"] {
        fields.remove(field);
    }
    line
}

fn left_out(draft: &mut Draft, reason: &str) {
    let line = draft.line("data/letters/c.txt");
    line["skipped"] = json!(reason);
    *line = skipped(line.take());
}
