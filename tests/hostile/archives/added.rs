//! Members that are there twice, or too many, and such as are no members at all.

use super::item::record;
use super::{Item, LINK, archive, items};
use crate::forge::Workshop;
use crate::runner::{ARCHIVE, Case};

pub(super) fn added() -> Vec<Case> {
    type Edit = fn(&Workshop, &mut Vec<Item>);
    const UNKNOWN: &str = "does not belong in it";
    let table: [(&str, &str, &str, Edit); 22] = [
        (
            "with the manifest twice",
            "which of the two was verified?",
            "manifest.json is in it twice",
            |_, items| {
                items.push(items[4].clone());
            },
        ),
        (
            "with an empty manifest behind the true one",
            "the last one wins in tar",
            "manifest.json is in it twice",
            |_, items| {
                items.push(Item::new(b"manifest.json", b""));
            },
        ),
        (
            "with another envelope before the true one",
            "the first one wins in some readers",
            "key.age is in it twice",
            |workshop, items| {
                let other = workshop.genuine("other");
                items.insert(0, Item::new(b"key.age", other.get("key.age")));
            },
        ),
        (
            "with another volume behind the true one",
            "the last one wins in tar",
            "volume-00001.age is in it twice",
            |workshop, items| {
                let other = workshop.genuine("other");
                items.push(Item::new(
                    b"volume-00001.age",
                    other.get("volume-00001.age"),
                ));
            },
        ),
        (
            "with another signature behind the true one",
            "the last one wins in tar",
            "manifest.json.sig is in it twice",
            |_, items| {
                items.push(Item::new(b"manifest.json.sig", b"x"));
            },
        ),
        (
            "with a file that nobody knows",
            "it was signed by nobody",
            "'extra.txt' does not belong in it",
            |_, items| {
                items.push(Item::new(b"extra.txt", b"x"));
            },
        ),
        (
            "with a file that leads out",
            "tar would write it elsewhere",
            "'../outside' does not belong in it",
            |_, items| {
                items.push(Item::new(b"../outside", b"x"));
            },
        ),
        (
            "with an absolute path",
            "tar -P would write it there",
            "does not belong in it",
            |_, items| {
                items.push(Item::new(crate::runner::OUTSIDE.as_bytes(), b"x"));
            },
        ),
        (
            "with its folder first",
            "members lie in no folder",
            "'p.exeat/' does not belong in it",
            |_, items| {
                items.insert(0, Item::new(b"p.exeat/", b"").kind(b'5'));
            },
        ),
        (
            "with a folder of a member's name first",
            "a folder is no member",
            "is not a plain file in it",
            |_, items| {
                items.insert(0, Item::new(b"key-2.age", b"").kind(b'5'));
            },
        ),
        (
            "with a link as a further envelope",
            "tar would write through it",
            "'key-2.age' is not a plain file in it",
            |_, items| {
                items.push(
                    Item::new(b"key-2.age", b"")
                        .kind(b'2')
                        .with(LINK, b"/etc/passwd"),
                );
            },
        ),
        (
            "with a hard link as a further envelope",
            "tar would make one to any file",
            "'key-2.age' is not a plain file in it",
            |_, items| {
                items.push(
                    Item::new(b"key-2.age", b"")
                        .kind(b'1')
                        .with(LINK, b"/etc/passwd"),
                );
            },
        ),
        (
            "with a pax record that renames the volume",
            "two readers, two names",
            UNKNOWN,
            |_, items| {
                let record = record("path", b"volume-00001.age");
                items.insert(6, Item::new(b"PaxHeader", &record).kind(b'x'));
            },
        ),
        (
            "with a pax record that resizes the volume",
            "two readers, two sizes",
            UNKNOWN,
            |_, items| {
                items.insert(6, Item::new(b"PaxHeader", &record("size", b"1")).kind(b'x'));
            },
        ),
        (
            "with a pax record under a member's name",
            "a record is no member",
            "is not a plain file in it",
            |_, items| {
                let record = record("path", b"../outside");
                items.insert(6, Item::new(b"key-2.age", &record).kind(b'x'));
            },
        ),
        (
            "with a global pax record",
            "it would change every member behind it",
            UNKNOWN,
            |_, items| {
                let record = record("path", b"key.age");
                items.insert(0, Item::new(b"pax_global_header", &record).kind(b'g'));
            },
        ),
        (
            "with a pax record whose length lies",
            "a parser that believes it reads beyond",
            UNKNOWN,
            |_, items| {
                items.insert(0, Item::new(b"PaxHeader", b"999999 path=x\n").kind(b'x'));
            },
        ),
        (
            "with a long name of GNU tar",
            "two readers, two names",
            UNKNOWN,
            |_, items| {
                items.insert(
                    6,
                    Item::new(b"././@LongLink", b"volume-00001.age\0").kind(b'L'),
                );
            },
        ),
        (
            "with a long name of a mebibyte",
            "a name is bounded before it is kept",
            UNKNOWN,
            |_, items| {
                items.insert(
                    6,
                    Item::new(b"././@LongLink", &vec![b'v'; 1 << 20]).kind(b'L'),
                );
            },
        ),
        (
            "with a thousand further envelopes",
            "names of envelopes are bounded, and each has a record",
            "key-",
            |_, items| {
                for number in 2..1000 {
                    items.push(Item::new(
                        format!("key-{number}.age").as_bytes(),
                        &[b'x'; 70_000],
                    ));
                }
            },
        ),
        (
            "with nine thousand volumes too many",
            "the manifest names those that there are",
            "and 8990 more",
            |_, items| {
                for number in 2..9002 {
                    items.push(Item::new(format!("volume-{number:05}.age").as_bytes(), b""));
                }
            },
        ),
        (
            "without a volume",
            "not all of the package",
            "volume-00001.age is missing",
            |_, items| {
                items.pop();
            },
        ),
    ];
    let case = |(how, why, words, edit): (&str, &str, &str, Edit)| {
        Case::new(
            format!("archive {how}"),
            why,
            ARCHIVE,
            4,
            words,
            move |workshop, _| {
                let mut items = items(&workshop.genuine("plain"));
                edit(workshop, &mut items);
                archive(&items)
            },
        )
    };
    table.map(case).into()
}
