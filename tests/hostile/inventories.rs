//! Inventories that lie: the encrypted list that governs what a reader writes, by a
//! sender who is trusted and signs what no honest program would.

use serde_json::{Value, json};

use crate::forge::{Draft, Workshop, canonical};
use crate::runner::{Case, INSIDE, OUTSIDE};

const FIELDS: &str = "the fields contradict each other";
const FOREIGN: &str = "the inventory belongs to another package or signer, or does not add up";
const ORDER: &str = "the path is out of order, or lies in no folder of the package";
const PLACE: &str = "the entry does not follow the one before it in the volumes";
const CANONICAL: &str = "it is not in its canonical form";
const COUNT: &str = "the inventory does not have as many lines as it says";
const COMPONENT: &str = "it has an empty, '.' or '..' component";

type Edit = fn(&mut Draft);

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let tables = [headers(), paths(), entries(), places()];
    for (what, why, words, edit) in tables.into_iter().flatten() {
        cases.push(Case::new(
            format!("inventory {what}"),
            why,
            INSIDE,
            4,
            words,
            move |workshop, _| workshop.inner(edit),
        ));
    }
    cases.extend(texts());
    cases
}

type Row = (&'static str, &'static str, &'static str, Edit);

/// The first line.
fn headers() -> Vec<Row> {
    vec![
        (
            "of another package",
            "an inventory belongs to one package",
            FOREIGN,
            |d| {
                d.header["package"] = json!("5d771235-f899-7eb1-8056-004ed0227332");
            },
        ),
        (
            "of another time",
            "it is as old as its package",
            FOREIGN,
            |d| {
                d.header["created"] = json!("2020-01-01T00:00:00Z");
            },
        ),
        (
            "of another signer",
            "whoever signs anew what another sealed is found out",
            FOREIGN,
            |d| {
                d.header["signer"] = json!("SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDD8Cs0X2bmDfMHoDM");
            },
        ),
        (
            "of a signer with a blank behind",
            "a fingerprint is compared byte by byte",
            FOREIGN,
            |d| {
                let signer = d.header["signer"].as_str().unwrap().to_owned();
                d.header["signer"] = json!(signer + " ");
            },
        ),
        (
            "of no signer",
            "whoever seals is named",
            "invalid type",
            |d| d.header["signer"] = Value::Null,
        ),
        (
            "of one entry more",
            "the number of lines is fixed first",
            COUNT,
            |d| {
                d.header["entries"] = json!(d.lines.len() + 1);
            },
        ),
        (
            "of one entry fewer",
            "what stands behind the last line is not hidden",
            COUNT,
            |d| {
                d.header["entries"] = json!(d.lines.len() - 1);
            },
        ),
        (
            "of no entries, with some",
            "what stands behind the last line is not hidden",
            COUNT,
            |d| {
                d.header["entries"] = json!(0);
            },
        ),
        (
            "of twenty million entries, with a few",
            "memory is not spent on a promise",
            COUNT,
            |d| {
                d.header["entries"] = json!(20_000_000);
            },
        ),
        (
            "of more entries than a reader takes",
            "numbers are bounded before they are used",
            "more than 20000000 entries",
            |d| {
                d.header["entries"] = json!(20_000_001);
            },
        ),
        (
            "of 2^64 - 1 entries",
            "numbers are bounded before they are used",
            "more than 20000000 entries",
            |d| {
                d.header["entries"] = json!(u64::MAX);
            },
        ),
        (
            "of minus one entry",
            "there is no such number",
            "invalid value",
            |d| d.header["entries"] = json!(-1),
        ),
        (
            "of fewer bytes than its files",
            "sums have to add up",
            FOREIGN,
            |d| d.header["bytes"] = json!(1),
        ),
        (
            "whose facts have other bytes",
            "sums have to add up",
            FOREIGN,
            |d| d.header["facts"]["bytes"] = json!(1),
        ),
        (
            "whose facts have other files",
            "sums have to add up",
            FOREIGN,
            |d| d.header["facts"]["files"] = json!(1),
        ),
        (
            "with a field that nobody knows",
            "a second meaning",
            "unknown field",
            |d| d.header["zone"] = json!(1),
        ),
        (
            "with facts that nobody knows",
            "a second meaning",
            "unknown field",
            |d| {
                d.header["facts"]["zone"] = json!(1);
            },
        ),
        (
            "without recipients",
            "a reader must not fill in what nobody signed",
            "missing field",
            |d| {
                d.header.as_object_mut().unwrap().remove("recipients");
            },
        ),
        (
            "without its objections",
            "what may be null is written as null",
            CANONICAL,
            |d| {
                d.header.as_object_mut().unwrap().remove("objections");
            },
        ),
        (
            "with objections, which a later version will have",
            "this version would not understand them",
            "unknown variant",
            |d| {
                d.header["objections"] = json!("x");
            },
        ),
        (
            "with a checkpoint that is none",
            "it would bear witness for nothing",
            "",
            |d| {
                d.header["checkpoint"] = json!({"signature": "x", "statement": "y"});
            },
        ),
        (
            "with a checkpoint whose statement was altered",
            "it would bear witness for another ledger",
            "",
            |d| {
                let text = d.header["checkpoint"]["statement"].as_str().unwrap();
                let text = text.replacen("\"sequence\":", "\"sequence\":9", 1);
                d.header["checkpoint"]["statement"] = json!(text);
            },
        ),
        (
            "with an approval that is none",
            "it would vouch for nothing",
            "",
            |d| {
                d.header["approvals"] =
                    json!([{"approval": {"signature": "x", "statement": "y"}, "approver": "x"}]);
            },
        ),
        (
            "with a policy's digest in capitals",
            "one way to say a thing",
            "",
            |d| {
                d.header["policy_sha256"] = json!("AB".repeat(32));
            },
        ),
        (
            "with a number for a label",
            "a label is text",
            "invalid type",
            |d| d.header["label"] = json!(1),
        ),
        (
            "with a label of 70 KiB",
            "a line is bounded before it is kept",
            "it is longer than 64 KiB",
            |d| {
                d.header["label"] = json!("x".repeat(70_000));
            },
        ),
        (
            "with five thousand recipients",
            "a line is bounded before it is kept",
            "it is longer than 64 KiB",
            |d| {
                let one = d.header["recipients"][0].clone();
                d.header["recipients"] = vec![one; 5000].into();
            },
        ),
        (
            "with a recipient without a key",
            "a recipient has a key",
            "missing field",
            |d| {
                d.header["recipients"] = json!([{"name": "x"}]);
            },
        ),
    ]
}

/// Gives `data/a.txt` another path; its line and its header in the volume stay where
/// they are, so that it is the path and nothing else that is refused.
macro_rules! path {
    ($what:literal, $why:literal, $words:expr, $path:expr) => {
        ($what, $why, $words, |d: &mut Draft| {
            d.line("data/a.txt")["path"] = json!($path);
        })
    };
}

/// Names.
fn paths() -> Vec<Row> {
    vec![
        path!(
            "with a path to the folder above",
            "it would be written outside",
            COMPONENT,
            "data/../../outside"
        ),
        path!(
            "with a path that is the folder above",
            "it would be written outside",
            COMPONENT,
            ".."
        ),
        path!(
            "with a path that begins with the folder above",
            "it would be written outside",
            COMPONENT,
            "../outside"
        ),
        path!(
            "with a path that ends with the folder above",
            "it would be written outside",
            COMPONENT,
            "data/.."
        ),
        path!(
            "with an absolute path",
            "it would be written anywhere",
            "it is absolute",
            OUTSIDE
        ),
        path!(
            "with the root for a path",
            "it would be written anywhere",
            "it is absolute",
            "/"
        ),
        path!(
            "with two slashes at the beginning",
            "it would be written anywhere",
            "it is absolute",
            "//data/a.txt"
        ),
        path!("with an empty path", "it has no name", "it is empty", ""),
        path!(
            "with an empty name in a path",
            "two ways to say a path",
            COMPONENT,
            "data//a.txt"
        ),
        path!(
            "with a dot in a path",
            "two ways to say a path",
            COMPONENT,
            "data/./a.txt"
        ),
        path!(
            "with a dot for a path",
            "two ways to say a path",
            COMPONENT,
            "."
        ),
        path!(
            "with a slash behind a path",
            "that is a folder",
            COMPONENT,
            "data/a.txt/"
        ),
        path!(
            "with NUL in a path",
            "the system would cut the name there",
            "it has a NUL byte",
            "data/a.txt\0.jpg"
        ),
        path!(
            "with a name of 256 bytes",
            "no file system has such names",
            "longer than 255",
            format!("data/{}", "a".repeat(256))
        ),
        path!(
            "with a path of 4,100 bytes",
            "no system takes such paths",
            "longer than 4096 bytes",
            format!("data/{}", "a/".repeat(2048) + "a")
        ),
        path!(
            "with a path 129 folders deep",
            "whoever walks it recursively runs out of stack",
            "more than 128 folders deep",
            format!("data{}", "/a".repeat(128))
        ),
        path!(
            "with a path that is taken",
            "the second would overwrite the first",
            ORDER,
            "data"
        ),
        path!(
            "with a path before the one above it",
            "order is what makes twice impossible",
            ORDER,
            "a"
        ),
        path!(
            "with a path in no folder",
            "a folder that nobody listed has no mode",
            ORDER,
            "data/aaa/a.txt"
        ),
        path!(
            "with a path in no folder at the top",
            "a folder that nobody listed has no mode",
            ORDER,
            "datb/a.txt"
        ),
        (
            "with a path in hexadecimal digits that is text",
            "two ways to say a path",
            FIELDS,
            |d| {
                let line = d.line("data/a.txt").as_object_mut().unwrap();
                line.remove("path");
                line.insert("path_hex".into(), json!("646174612f612e747874"));
            },
        ),
        (
            "with a path in hexadecimal digits that leads out",
            "hidden in digits is still outside",
            COMPONENT,
            |d| {
                let line = d.line("data/a.txt").as_object_mut().unwrap();
                line.remove("path");
                line.insert("path_hex".into(), json!("646174612f2e2e2f2e2e2fff"));
            },
        ),
        (
            "with a path in capitals of digits",
            "two ways to say a path",
            FIELDS,
            |d| {
                let line = d.line("data/a.txt").as_object_mut().unwrap();
                line.remove("path");
                line.insert("path_hex".into(), json!("646174612FFF"));
            },
        ),
        (
            "with a path in an odd number of digits",
            "that is no path",
            FIELDS,
            |d| {
                let line = d.line("data/a.txt").as_object_mut().unwrap();
                line.remove("path");
                line.insert("path_hex".into(), json!("646174612ff"));
            },
        ),
        ("with two paths in one line", "which is it?", FIELDS, |d| {
            d.line("data/a.txt")["path_hex"] = json!("646174612fff");
        }),
        ("with no path in a line", "it has no name", FIELDS, |d| {
            d.line("data/a.txt").as_object_mut().unwrap().remove("path");
        }),
        (
            "with an entry twice",
            "the second would overwrite the first",
            ORDER,
            |d| {
                let line = d.line("data/a.txt").clone();
                d.lines.insert(2, line);
                d.count();
            },
        ),
        (
            "with entries in another order",
            "order is what makes twice impossible",
            ORDER,
            |d| d.lines.reverse(),
        ),
        (
            "with two entries exchanged",
            "order is what makes twice impossible",
            ORDER,
            |d| d.lines.swap(1, 2),
        ),
        (
            "with a file below a file",
            "a file is no folder",
            ORDER,
            |d| {
                let mut line = d.line("data/a.txt").clone();
                line["path"] = json!("data/a.txt/inside");
                d.lines.insert(2, line);
                d.count();
            },
        ),
        (
            "with a file below a link",
            "it would be written where the link leads",
            ORDER,
            |d| {
                let mut line = d.line("data/a.txt").clone();
                line["path"] = json!("data/latest/outside");
                d.line("data/latest")["target"] = json!("/tmp");
                d.lines.insert(3, line);
                d.count();
            },
        ),
        (
            "with a file below a folder that was left out",
            "there is no such folder to write into",
            ORDER,
            |d| {
                let line = d.line("data/letters").as_object_mut().unwrap();
                line.remove("offset");
                line.remove("volume");
                line.insert("skipped".into(), json!("it could not be read"));
            },
        ),
        (
            "without the folder above all",
            "a folder that nobody listed has no mode",
            ORDER,
            |d| {
                d.lines.remove(0);
                d.count();
            },
        ),
        (
            "with a link and a folder of one path",
            "the link first, then through it",
            ORDER,
            |d| {
                let mut line = d.line("data/latest").clone();
                line["path"] = json!("data/letters");
                line["target"] = json!("/tmp");
                let at = d
                    .lines
                    .iter()
                    .position(|l| l["path"] == "data/letters")
                    .unwrap();
                d.lines.insert(at, line);
                d.count();
            },
        ),
    ]
}

/// Fields of an entry.
fn entries() -> Vec<Row> {
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
            "",
            "mode",
            420
        ),
        set!(
            "with a time beyond 64 bits",
            "there is no such number",
            "",
            "mtime",
            9.3e18
        ),
        set!(
            "with a time of fractions",
            "one way to say a thing",
            "",
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
            "",
            "sha256",
            "AB".repeat(32)
        ),
        set!(
            "with half a digest",
            "it would vouch for half",
            "",
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
        set!("with an owner of no number", "the number that means: leave it", "owner or the attributes", "owner", json!({"gid": u32::MAX, "uid": 0})),
        set!("with a negative owner", "there is no such number", "", "owner", json!({"gid": 0, "uid": -1})),
        set!("with an owner with a field too many", "a second meaning", "unknown field", "owner", json!({"gid": 0, "name": "root", "uid": 0})),
        set!("with special bits beyond the three", "the mode has twelve bits", "owner or the attributes", "owner", json!({"gid": 0, "special": 8, "uid": 0})),
        set!("with a second of two billion nanoseconds", "there is no such time", "owner or the attributes", "owner", json!({"gid": 0, "nanoseconds": 2_000_000_000, "uid": 0})),
        set!(
            "with no attributes, said at length",
            "one way to say nothing",
            "owner or the attributes",
            "xattrs",
            {}
        ),
        set!("with an attribute that is no base64", "nobody knows what it is", "owner or the attributes", "xattrs", json!({"user.a": "!"})),
        set!("with an attribute without a name", "no file has such a one", "owner or the attributes", "xattrs", json!({"": "AA=="})),
        set!("with an attribute with NUL in its name", "the system would cut the name there", "owner or the attributes", "xattrs", json!({"user.a\0b": "AA=="})),
        set!("with an attribute of 30 KiB", "a line is bounded before it is kept", "owner or the attributes", "xattrs", json!({"user.a": "A".repeat(40_000)})),
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

/// Where entries are said to lie.
fn places() -> Vec<Row> {
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
            "",
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
            "",
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
        set!("with an entry in parts and whole", "which is it?", FIELDS, "parts", json!([{"bytes": 16, "sha256": "ab".repeat(32), "volume": 1}])),
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
        ("with an entry in one part", "that is whole", "", |d| {
            parts(d, &[(16, 1)]);
        }),
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
            "with two volumes too few",
            "each volume's content is listed",
            "",
            |d| {
                d.volumes.push(Vec::new());
                d.volumes.push(Vec::new());
            },
        ),
        (
            "of a stream, with several files",
            "a stream is one file",
            "",
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
    let line = draft.line("data/a.txt").as_object_mut().unwrap();
    line.remove("sha256");
    line.insert("parts".into(), parts);
}

/// The same lines in other bytes, or other bytes altogether.
fn texts() -> Vec<Case> {
    type Text = fn(&Draft) -> Vec<u8>;
    fn lines(draft: &Draft) -> Vec<Vec<u8>> {
        let lines = std::iter::once(&draft.header).chain(&draft.lines);
        lines.map(canonical).collect()
    }
    fn text(draft: &Draft) -> String {
        String::from_utf8(draft.text()).unwrap()
    }
    let table: [(&str, &str, Text); 16] = [
        ("of nothing", COUNT, |_| Vec::new()),
        ("that is an empty line", "", |_| b"\n".to_vec()),
        ("without its last newline", COUNT, |d| {
            text(d).trim_end().into()
        }),
        ("with an empty line at its end", COUNT, |d| {
            (text(d) + "\n").into()
        }),
        ("with an empty line in it", "", |d| {
            text(d).replacen('\n', "\n\n", 1).into()
        }),
        ("with one line more", COUNT, |d| {
            [d.text(), canonical(&d.lines[0])].concat()
        }),
        ("with carriage returns", CANONICAL, |d| {
            text(d).replace('\n', "\r\n").into()
        }),
        ("with a blank in a line", CANONICAL, |d| {
            let mut lines = lines(d);
            lines[2].insert(1, b' ');
            lines.concat()
        }),
        ("with an escaped letter in a line", CANONICAL, |d| {
            text(d).replacen("data/a.txt", "d\\u0061ta/a.txt", 1).into()
        }),
        ("with a field twice in a line", "duplicate field", |d| {
            text(d)
                .replacen(
                    "\"path\":\"data/a.txt\"",
                    "\"path\":\"data/a.txt\",\"path\":\"data/b.txt\"",
                    1,
                )
                .into()
        }),
        (
            "with the fields of a line in another order",
            CANONICAL,
            |d| {
                let mut lines = lines(d);
                let line = String::from_utf8(lines[2].clone()).unwrap();
                let line = line
                    .trim_end()
                    .trim_end_matches('}')
                    .trim_start_matches('{');
                let (first, rest) = line.split_once(',').unwrap();
                lines[2] = format!("{{{rest},{first}}}\n").into();
                lines.concat()
            },
        ),
        ("with all lines in one list", "", |d| {
            let all: Vec<_> = text(d).lines().map(str::to_owned).collect();
            format!("[{}]\n", all.join(",")).into()
        }),
        ("with a line that is not UTF-8", "", |d| {
            let mut lines = lines(d);
            let at = lines[2]
                .windows(5)
                .position(|five| five == b"a.txt")
                .unwrap();
            lines[2][at] = 0xff;
            lines.concat()
        }),
        ("of a hundred thousand open brackets", "", |_| {
            [&b"[".repeat(60_000)[..], b"\n"].concat()
        }),
        (
            "of ten mebibytes without a newline",
            "it is longer than 64 KiB",
            |_| vec![b' '; 10 << 20],
        ),
        (
            "of ten mebibytes without a newline, behind its header",
            "it is longer than 64 KiB",
            |d| [canonical(&d.header), vec![b' '; 10 << 20]].concat(),
        ),
    ];
    let case = |(how, words, text): (&str, &str, Text)| {
        Case::new(
            format!("inventory {how}"),
            "lines of bounded length, one way to say each, and as many as were promised",
            INSIDE,
            4,
            words,
            move |workshop: &Workshop, _: &std::path::Path| {
                let draft = workshop.draft("plain");
                let edited = text(&draft);
                assert!(edited != draft.text(), "nothing was changed");
                draft.seal_with(workshop, &edited)
            },
        )
    };
    table.map(case).into()
}
