//! Names.

use serde_json::json;

use super::{COMPONENT, FIELDS, ORDER, PLACE, Row};
use crate::forge::Draft;
use crate::runner::OUTSIDE;

/// Gives `data/a.txt` another path; its line and its header in the volume stay where
/// they are, so that it is the path and nothing else that is refused.
macro_rules! path {
    ($what:literal, $why:literal, $words:expr, $path:expr) => {
        ($what, $why, $words, |d: &mut Draft| {
            d.line("data/a.txt")["path"] = json!($path);
        })
    };
}

pub(super) fn paths() -> Vec<Row> {
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
            PLACE,
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
            "with a folder and a link of one path",
            "what is below would be written through the link",
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
                d.lines.insert(at + 1, line);
                d.count();
            },
        ),
    ]
}
