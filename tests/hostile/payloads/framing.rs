//! Headers of the payload that say something else than the inventory, with a right sum.

use serde_json::json;

use super::{BLOCK, DIGEST, HEADER};
use crate::forge::{Draft, sha256};
use crate::runner::{CONTENT, Case};

/// Where the header of an entry stands in the volume.
fn at(draft: &mut Draft, path: &str) -> usize {
    let offset = draft.line(path)["offset"].as_u64().unwrap();
    usize::try_from(offset).unwrap()
}

/// Makes the sum of the header at this place right again.
fn sum(volume: &mut [u8], at: usize) {
    let header = &mut volume[at..at + BLOCK];
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

pub(super) fn framing() -> Vec<Case> {
    let table: [(&str, &str, usize, &[u8]); 26] = [
        ("another name", "data/a.txt", 0, b"data/z.txt"),
        ("a name that leads out", "data/a.txt", 0, b"../../outside\0"),
        (
            "an absolute name",
            "data/a.txt",
            0,
            b"/tmp/exeat-hostile-outside\0",
        ),
        ("a path before its name", "data/a.txt", 345, b"../.."),
        ("another mode", "data/a.txt", 100, b"0004755\0"),
        ("a mode of blanks", "data/a.txt", 100, b"   644 \0"),
        ("another owner", "data/a.txt", 108, b"0001750\0"),
        ("another group", "data/a.txt", 116, b"0001750\0"),
        ("another size", "data/a.txt", 124, b"00000000001\0"),
        ("a size of nothing", "data/a.txt", 124, b"00000000000\0"),
        (
            "a binary size",
            "data/a.txt",
            124,
            b"\x80\0\0\0\0\0\0\0\0\0\0\x10",
        ),
        ("another time", "data/a.txt", 136, b"00000000001\0"),
        ("the type of a link", "data/a.txt", 156, b"2"),
        ("the type of a hard link", "data/a.txt", 156, b"1"),
        ("the type of a device", "data/a.txt", 156, b"3"),
        ("the type of a named pipe", "data/a.txt", 156, b"6"),
        ("the old type of a file", "data/a.txt", 156, b"\0"),
        ("the type of a pax record", "data/a.txt", 156, b"x"),
        ("the target of a link", "data/a.txt", 157, b"/etc/passwd"),
        ("GNU's magic", "data/a.txt", 257, b"ustar  \0"),
        ("no magic", "data/a.txt", 257, b"\0\0\0\0\0\0\0\0"),
        ("an owner's name", "data/a.txt", 265, b"root"),
        ("a group's name", "data/a.txt", 297, b"root"),
        ("device numbers", "data/a.txt", 329, b"0000001\0"),
        (
            "something in its unused bytes",
            "data/a.txt",
            500,
            b"hidden",
        ),
        (
            "another target of a link",
            "data/latest",
            157,
            b"/etc/passwd\0",
        ),
    ];
    let mut cases = Vec::new();
    for (what, path, field, bytes) in table {
        cases.push(Case::new(
            format!("volume with a header with {what}"),
            "tar goes by the header and exeat by the inventory: two readers, two contents",
            CONTENT,
            4,
            HEADER,
            move |workshop, _| {
                workshop.inner(|draft| {
                    let at = at(draft, path);
                    let volume = &mut draft.volumes[0];
                    let before = volume.clone();
                    volume[at + field..][..bytes.len()].copy_from_slice(bytes);
                    sum(volume, at);
                    assert!(*volume != before, "nothing was changed");
                })
            },
        ));
    }
    cases.push(Case::new(
        "volume with a header whose sum is wrong",
        "tar would stop there",
        CONTENT,
        4,
        HEADER,
        |workshop, _| {
            workshop.inner(|draft| {
                let at = at(draft, "data/a.txt");
                draft.volumes[0][at + 148] ^= 1;
            })
        },
    ));
    cases.push(Case::new(
        "volume with another content of a file",
        "the digest is what was sealed",
        CONTENT,
        4,
        DIGEST,
        |workshop, _| {
            workshop.inner(|draft| {
                let at = at(draft, "data/a.txt");
                draft.volumes[0][at + BLOCK] ^= 1;
            })
        },
    ));
    cases.push(Case::new(
        "inventory with the digest of another content",
        "the digest is what was sealed",
        CONTENT,
        4,
        DIGEST,
        |workshop, _| {
            workshop.inner(|draft| draft.line("data/a.txt")["sha256"] = json!(sha256(b"other")))
        },
    ));
    cases.push(Case::new(
        "volume with something in the padding of a file",
        "what lies there is hidden",
        CONTENT,
        4,
        HEADER,
        |workshop, _| {
            workshop.inner(|draft| {
                let at = at(draft, "data/a.txt");
                draft.volumes[0][at + 2 * BLOCK - 1] = 1;
            })
        },
    ));
    cases.push(Case::new(
        "inventory with another time of a file",
        "tar goes by the header and exeat by the inventory",
        CONTENT,
        4,
        HEADER,
        |workshop, _| workshop.inner(|draft| draft.line("data/a.txt")["mtime"] = json!(1)),
    ));
    cases.push(Case::new(
        "inventory with another mode of a folder",
        "tar goes by the header and exeat by the inventory",
        CONTENT,
        4,
        HEADER,
        |workshop, _| workshop.inner(|draft| draft.line("data/letters")["mode"] = json!("0777")),
    ));
    cases.push(Case::new(
        "inventory with another target of a link",
        "tar goes by the header and exeat by the inventory",
        CONTENT,
        4,
        HEADER,
        |workshop, _| workshop.inner(|draft| draft.line("data/latest")["target"] = json!("/etc")),
    ));
    cases.push(Case::new(
        "inventory with a name that tells the terminal something, and another one in the volume",
        "what comes from a package is shown escaped",
        CONTENT,
        4,
        "a\\x1b[2J",
        |workshop, _| {
            workshop.inner(|draft| draft.line("data/a.txt")["path"] = json!("data/a\u{1b}[2J"))
        },
    ));
    cases
}
