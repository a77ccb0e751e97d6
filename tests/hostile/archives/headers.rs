//! A genuine package one of whose headers says something else.

use super::{BLOCK, Item, NAME, PREFIX, SIZE, archive, items};
use crate::forge::Workshop;
use crate::runner::{ARCHIVE, Case};

/// Of the last member, which is the volume.
pub(super) fn headers() -> Vec<Case> {
    type Edit = fn(Item) -> Item;
    const NOT_FILE: &str = "is not a plain file in it";
    const HEADER: &str = "a header in it is damaged";
    const UNKNOWN: &str = "does not belong in it";
    const SHORT: &str = "it ends too early";
    fn volume_as(kind: u8) -> impl Fn(Item) -> Item {
        move |item| item.kind(kind)
    }
    let mut cases = Vec::new();
    let kinds: [(u8, &str, &str); 17] = [
        (b'1', "a hard link", NOT_FILE),
        (b'2', "a symbolic link", NOT_FILE),
        (b'3', "a character device", NOT_FILE),
        (b'4', "a block device", NOT_FILE),
        (b'5', "a folder", NOT_FILE),
        (b'6', "a named pipe", NOT_FILE),
        (b'7', "a contiguous file", NOT_FILE),
        (b'S', "a sparse file of GNU tar", NOT_FILE),
        (
            b'M',
            "the rest of a file from another volume of GNU tar",
            NOT_FILE,
        ),
        (b'V', "the label of a GNU tar", NOT_FILE),
        (b'D', "a folder's listing of GNU tar", NOT_FILE),
        (b'L', "a long name of GNU tar", NOT_FILE),
        (b'K', "a long link of GNU tar", NOT_FILE),
        (b'x', "a pax record", NOT_FILE),
        (b'g', "a global pax record", NOT_FILE),
        (b'A', "an access list of Solaris", NOT_FILE),
        (b'Z', "of a type that nobody has heard of", NOT_FILE),
    ];
    for (kind, what, words) in kinds {
        cases.push(Case::new(
            format!("archive whose volume is {what}"),
            "a member is a plain file: what else a type means, each program decides for itself",
            ARCHIVE,
            4,
            words,
            move |workshop, _| on_last(workshop, volume_as(kind)),
        ));
    }
    let edits: [(&str, &str, i64, &str, Edit); 19] = [
        (
            "with a path before its name",
            "members lie in no folder",
            4,
            UNKNOWN,
            |item| item.with(PREFIX, b"p.exeat"),
        ),
        (
            "with a path that leads out before its name",
            "members lie in no folder",
            4,
            UNKNOWN,
            |item| item.with(PREFIX, b"../../outside"),
        ),
        (
            "with ./ before its name",
            "a member has one name",
            4,
            UNKNOWN,
            |item| item.with(NAME, b"./volume-00001.age"),
        ),
        (
            "with / before its name",
            "a member has one name",
            4,
            UNKNOWN,
            |item| item.with(NAME, b"/volume-00001.age"),
        ),
        (
            "with ../ before its name",
            "a member has one name",
            4,
            UNKNOWN,
            |item| item.with(NAME, b"../volume-00001.age"),
        ),
        (
            "with / behind its name",
            "that is a folder",
            4,
            UNKNOWN,
            |item| item.with(NAME, b"volume-00001.age/"),
        ),
        (
            "with a blank behind its name",
            "a member has one name",
            4,
            UNKNOWN,
            |item| item.with(NAME, b"volume-00001.age "),
        ),
        (
            "with a newline behind its name",
            "a member has one name",
            4,
            UNKNOWN,
            |item| item.with(NAME, b"volume-00001.age\n"),
        ),
        (
            "without a name",
            "a member has a name",
            4,
            UNKNOWN,
            |item| item.with(NAME, &[0; 100]),
        ),
        (
            "with a name of a hundred bytes",
            "no member's is so long",
            4,
            UNKNOWN,
            |item| item.with(NAME, &[b'v'; 100]),
        ),
        (
            "with a name that tells the terminal something",
            "it is shown escaped",
            4,
            "\\x1b[2J",
            |item| item.with(NAME, b"\x1b[2Jvolume-00001.age"),
        ),
        (
            "larger than the archive",
            "the rest is not there",
            4,
            SHORT,
            |item| item.with(SIZE, b"00077777777\0"),
        ),
        (
            "as large as eleven digits say",
            "the rest is not there",
            4,
            SHORT,
            |item| item.with(SIZE, b"77777777777\0"),
        ),
        (
            "of the largest size that a binary number says",
            "sums of sizes must not wrap around",
            4,
            HEADER,
            |item| item.with(SIZE, b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"),
        ),
        (
            "of a binary size near the end of all numbers",
            "sums of sizes must not wrap around",
            4,
            HEADER,
            |item| item.with(SIZE, b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xfe\0"),
        ),
        (
            "of a negative size",
            "a reader that goes backwards never ends",
            4,
            HEADER,
            |item| item.with(SIZE, &[0xff; 12]),
        ),
        (
            "of a size that is no number",
            "nobody knows where the next member begins",
            4,
            HEADER,
            |item| item.with(SIZE, b"0000000x000\0"),
        ),
        (
            "of a size with a sign",
            "nobody knows where the next member begins",
            4,
            HEADER,
            |item| item.with(SIZE, b"-0000000400\0"),
        ),
        (
            "of a size of blanks",
            "nobody knows where the next member begins",
            4,
            HEADER,
            |item| item.with(SIZE, b"            "),
        ),
    ];
    for (how, why, code, words, edit) in edits {
        cases.push(Case::new(
            format!("archive whose volume is {how}"),
            why,
            ARCHIVE,
            code,
            words,
            move |workshop, _| on_last(workshop, edit),
        ));
    }
    for (how, size) in [
        ("shorter by a block", -512_i64),
        ("longer by a block, of the end", 512),
        ("shorter by a byte", -1),
        ("longer by a byte, of the padding", 1),
        ("empty", i64::MIN),
    ] {
        let words = match size {
            512 => "it ends too early",
            1 => "volume-00001.age is too long (",
            -1 => "something is hidden behind volume-00001.age",
            _ => "a header in it is damaged",
        };
        cases.push(Case::new(
            format!("archive whose volume is said to be {how}"),
            "a header says where bytes lie, and the manifest whether these are the right ones",
            ARCHIVE,
            4,
            words,
            move |workshop, _| {
                on_last(workshop, |item| {
                    let length = i64::try_from(item.data.len()).unwrap();
                    let size = length.saturating_add(size).max(0);
                    item.with(SIZE, format!("{size:011o}\0").as_bytes())
                })
            },
        ));
    }
    // The end of the member that the header promises, in its block, and of all numbers.
    for (how, end) in [
        ("the last block of all numbers", u64::MAX - 511),
        ("the block before the last of all numbers", u64::MAX - 1023),
        ("the last block of all signed numbers", (1 << 63) - 512),
        ("the first block that no signed number names", 1 << 63),
    ] {
        cases.push(Case::new(
            format!("archive whose volume ends with {how}"),
            "sums of sizes must not wrap around",
            ARCHIVE,
            4,
            "the archive is damaged or altered: ",
            move |workshop, _| {
                let start = archive(&items(&workshop.genuine("plain"))[..6]).len() - BLOCK;
                on_last(workshop, |item| {
                    let size = end - start as u64;
                    item.with(SIZE, &[&[0x80, 0, 0, 0][..], &size.to_be_bytes()].concat())
                })
            },
        ));
    }
    cases
}

fn on_last(workshop: &Workshop, edit: impl Fn(Item) -> Item) -> Vec<u8> {
    let mut items = items(&workshop.genuine("plain"));
    let last = items.pop().unwrap();
    items.push(edit(last));
    archive(&items)
}
