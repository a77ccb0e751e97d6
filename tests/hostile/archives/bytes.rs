//! Whole archives, cut, extended and damaged.

use super::{BLOCK, Item, SIZE, SUM, archive, good};
use crate::runner::{ARCHIVE, Case};

pub(super) fn bytes() -> Vec<Case> {
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
            1,
            NONE,
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
