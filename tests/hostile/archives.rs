//! Packages in one file: everything that a header of a tar can say and a package
//! must not, written byte by byte.
//!
//! The members in these archives are a genuine package's; whatever a reader takes
//! from such a file besides is the attacker's.

use crate::forge::{Members, Workshop};
use crate::runner::{ARCHIVE, Case};

const BLOCK: usize = 512;
/// Where fields of a header are.
const NAME: usize = 0;
const SIZE: usize = 124;
const SUM: usize = 148;
const KIND: usize = 156;
const LINK: usize = 157;
const MAGIC: usize = 257;
const PREFIX: usize = 345;

/// One member of an archive, yet to be written.
#[derive(Clone)]
pub(crate) struct Item {
    header: [u8; BLOCK],
    data: Vec<u8>,
    is_summed: bool,
}

impl Item {
    /// A plain file.
    pub(crate) fn new(name: &[u8], data: &[u8]) -> Self {
        let mut header = [0; BLOCK];
        header[NAME..][..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
        header[100..108].copy_from_slice(b"0000644\0");
        header[108..116].copy_from_slice(b"0000000\0");
        header[116..124].copy_from_slice(b"0000000\0");
        header[136..148].copy_from_slice(b"00000000000\0");
        header[KIND] = b'0';
        header[MAGIC..][..8].copy_from_slice(b"ustar\x0000");
        let mut item = Self {
            header,
            data: data.to_vec(),
            is_summed: true,
        };
        item.set(SIZE, format!("{:011o}\0", data.len()).as_bytes());
        item
    }

    /// Of this type.
    fn kind(mut self, kind: u8) -> Self {
        self.header[KIND] = kind;
        self
    }

    /// With these bytes in the header; the sum of the header is made to fit.
    fn set(&mut self, at: usize, bytes: &[u8]) {
        self.header[at..][..bytes.len()].copy_from_slice(bytes);
    }

    fn with(mut self, at: usize, bytes: &[u8]) -> Self {
        self.set(at, bytes);
        self
    }

    fn write(&self, archive: &mut Vec<u8>) {
        let mut header = self.header;
        if self.is_summed {
            header[SUM..][..8].fill(b' ');
            let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
            header[SUM..][..8].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        archive.extend(header);
        archive.extend(&self.data);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
}

/// A pax record, with its length.
fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() > length {
        length += 1;
    }
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

/// The members of a package as items.
pub(crate) fn items(members: &Members) -> Vec<Item> {
    let members = members.0.iter();
    members
        .map(|(name, bytes)| Item::new(name.as_bytes(), bytes))
        .collect()
}

/// An archive, with its end.
pub(crate) fn archive(items: &[Item]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in items {
        item.write(&mut bytes);
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

fn good(workshop: &Workshop) -> Vec<u8> {
    archive(&items(&workshop.genuine("plain")))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = bytes();
    cases.extend(headers());
    cases.extend(added());
    cases
}

/// Whole archives, cut, extended and damaged.
fn bytes() -> Vec<Case> {
    type Edit = fn(Vec<u8>) -> Vec<u8>;
    const SHORT: &str = "the archive is damaged or altered: it ends too early";
    const LONG: &str = "the archive is damaged or altered: something follows its end";
    const HEADER: &str = "the archive is damaged or altered: a header in it is damaged";
    const NONE: &str = "is not an exeat package";
    fn end(bytes: &[u8]) -> usize {
        bytes.len() - 2 * BLOCK
    }
    let table: [(&str, &str, i64, &str, Edit); 24] = [
        ("nothing", "there is nothing to verify", 1, NONE, |_| {
            Vec::new()
        }),
        (
            "a block of zeros",
            "an archive of nothing is no package",
            1,
            NONE,
            |_| vec![0; BLOCK],
        ),
        (
            "an archive of nothing",
            "an archive of nothing is no package",
            1,
            NONE,
            |_| vec![0; 10_240],
        ),
        ("text", "it is no archive", 1, NONE, |_| {
            b"Dear Dr Example\n".repeat(100)
        }),
        (
            "a gibibyte's worth of zeros, in short",
            "an archive of nothing is no package",
            1,
            NONE,
            |_| vec![0; 2 << 20],
        ),
        ("one byte", "it is no archive", 1, NONE, |bytes| {
            bytes[..1].to_vec()
        }),
        ("511 bytes", "a header cut short", 1, NONE, |bytes| {
            bytes[..511].to_vec()
        }),
        (
            "a header alone",
            "the member that it promises is not there",
            4,
            SHORT,
            |bytes| bytes[..BLOCK].to_vec(),
        ),
        (
            "cut in a member",
            "the rest is not there",
            4,
            SHORT,
            |bytes| bytes[..bytes.len() / 2].to_vec(),
        ),
        (
            "cut before the last byte of the last member",
            "the rest is not there",
            4,
            SHORT,
            |bytes| bytes[..end(&bytes) - BLOCK].to_vec(),
        ),
        (
            "without its end",
            "nothing says that this was all",
            4,
            SHORT,
            |bytes| bytes[..end(&bytes)].to_vec(),
        ),
        (
            "with half its end",
            "one block of zeros is not the end of an archive",
            4,
            SHORT,
            |bytes| bytes[..end(&bytes) + BLOCK].to_vec(),
        ),
        (
            "without its last byte",
            "the end is two whole blocks",
            4,
            SHORT,
            |bytes| bytes[..bytes.len() - 1].to_vec(),
        ),
        (
            "with a byte behind the end",
            "what follows the end was signed by nobody",
            4,
            LONG,
            |mut bytes| {
                bytes.push(b'x');
                bytes
            },
        ),
        (
            "with text far behind the end",
            "what follows the end was signed by nobody",
            4,
            LONG,
            |mut bytes| {
                bytes.resize(bytes.len() + 100_000, 0);
                bytes.extend(b"more");
                bytes
            },
        ),
        (
            "with two mebibytes of zeros behind the end",
            "filling up a record takes less",
            4,
            LONG,
            |mut bytes| {
                bytes.resize(bytes.len() + (2 << 20), 0);
                bytes
            },
        ),
        (
            "followed by another archive",
            "tar -i would read on, and others not: two readers, two packages",
            4,
            LONG,
            |bytes| [&bytes[..], &bytes].concat(),
        ),
        (
            "with a member behind one block of zeros",
            "some readers stop there and others go on",
            4,
            LONG,
            |bytes| {
                let end = end(&bytes);
                let more = archive(&[Item::new(b"key-2.age", b"x")]);
                [&bytes[..end + BLOCK], &more].concat()
            },
        ),
        (
            "behind a byte",
            "no header is where it should be",
            1,
            NONE,
            |bytes| [b"x", &bytes[..]].concat(),
        ),
        (
            "behind a block of zeros",
            "that was the end",
            4,
            LONG,
            |bytes| [&[0; BLOCK], &bytes[..]].concat(),
        ),
        (
            "with a wrong sum in the first header",
            "a header that was damaged says nothing",
            1,
            NONE,
            |mut bytes| {
                bytes[SUM] ^= 1;
                bytes
            },
        ),
        (
            "with a wrong sum in a later header",
            "a header that was damaged says nothing",
            4,
            HEADER,
            |mut bytes| {
                let at = second(&bytes);
                bytes[at + SUM] ^= 1;
                bytes
            },
        ),
        (
            "with a name that the sum does not fit",
            "a header that was damaged says nothing",
            4,
            HEADER,
            |mut bytes| {
                let at = second(&bytes);
                bytes[at] ^= 1;
                bytes
            },
        ),
        (
            "with one bit of a volume flipped",
            "one bit is enough",
            4,
            "volume-00001.age is not what was signed",
            |mut bytes| {
                let last = bytes.iter().rposition(|&byte| byte != 0).unwrap();
                bytes[last] ^= 1;
                bytes
            },
        ),
    ];
    let case = |(how, why, code, words, edit): (&str, &str, i64, &str, Edit)| {
        let commands = match how {
            "with one bit of a volume flipped" => VOLUMES_PIPED,
            _ => ARCHIVE,
        };
        Case::new(
            format!("archive {how}"),
            why,
            commands,
            code,
            words,
            move |workshop, _| edit(good(workshop)),
        )
    };
    table.map(case).into()
}

/// The commands that read volumes.
const VOLUMES_PIPED: &[&str] = &[
    "verify q",
    "verify q -i recipient/identity.txt",
    "open q --to new",
    "<q verify -",
    "<q open - --to new",
];

/// Where the second header of an archive is.
fn second(archive: &[u8]) -> usize {
    let digits = std::str::from_utf8(&archive[SIZE..SIZE + 11]).unwrap();
    let size = usize::from_str_radix(digits, 8).unwrap();
    BLOCK + size.next_multiple_of(BLOCK)
}

/// A genuine package one of whose headers says something else. The first member is
/// README.txt, then SHA256SUMS, inventory.age, key.age, the manifest, its signature, the
/// volume, in the order of bytes.
fn headers() -> Vec<Case> {
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
            -1 => "volume-00001.age is cut short (",
            _ => "",
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
    cases
}

fn on_last(workshop: &Workshop, edit: impl Fn(Item) -> Item) -> Vec<u8> {
    let mut items = items(&workshop.genuine("plain"));
    let last = items.pop().unwrap();
    items.push(edit(last));
    archive(&items)
}

/// Members that are there twice, or too many, and such as are no members at all.
fn added() -> Vec<Case> {
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
