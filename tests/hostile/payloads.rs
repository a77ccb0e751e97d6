//! Volumes and inventories that are not what they are said to be once they are
//! decrypted: framing that contradicts, bombs, and what hides behind the end. By a
//! trusted sender, all of it.

mod compressed;
mod framing;

use crate::forge::{Workshop, encrypt, encrypt_to, new_key};
use crate::runner::{CONTENT, Case, INSIDE};

const BLOCK: usize = 512;
const HEADER: &str = "its header says something else";
const LONG: &str = "it goes on after its end";
const SHORT: &str = "it ends too early";
const DIGEST: &str = "its content is not what was sealed";
const CODE: &str = "it cannot be decrypted or decompressed";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = framing::framing();
    cases.extend(ends());
    cases.extend(files());
    cases.extend(compressed::compressed());
    cases
}

/// What stands where the stream should end.
fn ends() -> Vec<Case> {
    type Edit = fn(&mut Vec<u8>);
    let table: [(&str, &str, &str, Edit); 12] = [
        (
            "without its end",
            "nothing says that this was all",
            SHORT,
            |v| {
                while v.last() == Some(&0) {
                    v.pop();
                }
                v.resize(v.len().next_multiple_of(BLOCK), 0);
            },
        ),
        ("with half its end", "the end is two blocks", SHORT, |v| {
            let end = v.iter().rposition(|&byte| byte != 0).unwrap() + 1;
            v.truncate(end.next_multiple_of(BLOCK) + BLOCK);
        }),
        (
            "cut in the last file",
            "the rest is not there",
            SHORT,
            |v| {
                let end = v.iter().rposition(|&byte| byte != 0).unwrap();
                v.truncate(end);
            },
        ),
        ("cut in the middle", "the rest is not there", SHORT, |v| {
            v.truncate(v.len() / 2)
        }),
        ("of nothing", "the rest is not there", SHORT, Vec::clear),
        (
            "of the first block alone",
            "the rest is not there",
            SHORT,
            |v| v.truncate(BLOCK),
        ),
        (
            "with a byte behind its end",
            "what follows is hidden",
            LONG,
            |v| v.push(1),
        ),
        (
            "with a file behind its end",
            "tar -i would write it",
            LONG,
            |v| {
                let first = v[..BLOCK].to_vec();
                v.extend(first);
                v.resize(v.len() + 2 * BLOCK, 0);
            },
        ),
        (
            "with a file in the place of its end",
            "tar would write it",
            LONG,
            |v| {
                let end = v.iter().rposition(|&byte| byte != 0).unwrap() + 1;
                v.truncate(end.next_multiple_of(BLOCK));
                let first = v[..BLOCK].to_vec();
                v.extend(first);
                v.resize(v.len() + 2 * BLOCK, 0);
            },
        ),
        (
            "with a mebibyte of zeros behind its end",
            "padding is bounded",
            LONG,
            |v| v.resize(v.len() + (1 << 20), 0),
        ),
        (
            "with a byte before all",
            "no header is where it should be",
            HEADER,
            |v| v.insert(0, 0),
        ),
        (
            "with a block before all",
            "no header is where it should be",
            HEADER,
            |v| {
                v.splice(0..0, [0; BLOCK]);
            },
        ),
    ];
    let case = |(how, why, words, edit): (&str, &str, &str, Edit)| {
        Case::new(
            format!("volume {how}"),
            why,
            CONTENT,
            4,
            words,
            move |workshop: &Workshop, _: &std::path::Path| {
                workshop.inner(|draft| edit(&mut draft.volumes[0]))
            },
        )
    };
    table.map(case).into()
}

/// The members as age files.
fn files() -> Vec<Case> {
    const FOREIGN: &str = "is encrypted to another key than the package's";
    const AGE: &str = "the age header is malformed";
    type Edit = fn(&Workshop, Vec<u8>) -> Vec<u8>;
    let table: [(&str, &str, &str, &str, Edit); 12] = [
        (
            "in the clear",
            "what should be secret would not be",
            AGE,
            AGE,
            |w, _| w.draft("plain").text(),
        ),
        ("of nothing", "it is not there", AGE, AGE, |_, _| Vec::new()),
        (
            "for another key",
            "whoever has that key could have exchanged it",
            FOREIGN,
            FOREIGN,
            |_, _| {
                let other: age::x25519::Identity = new_key().parse().unwrap();
                encrypt(&other.to_public(), b"x")
            },
        ),
        (
            "for the recipient instead of the package",
            "it is the package key that opens members",
            FOREIGN,
            FOREIGN,
            |w, _| w.to_recipient(b"x"),
        ),
        (
            "for a passphrase",
            "it is the package key that opens members",
            "the age header is malformed: it is not what the age format asks for",
            "the age header is malformed: it is not what the age format asks for",
            |_, file| {
                let text = String::from_utf8_lossy(&file[..200]).into_owned();
                let at = text.find("-> X25519").unwrap();
                [&file[..at], b"-> scrypt bBjlhJVYZeE4aqUdmtRHfw 22\ngUjEymFKMVXQEKdMMHL24oYexjE3TIC0O0zGSqJ2aUY\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"].concat()
            },
        ),
        (
            "of another version of age",
            "nobody knows what that means",
            AGE,
            AGE,
            |_, mut file| {
                file[20] = b'2';
                file
            },
        ),
        (
            "without its last byte",
            "the rest is not there",
            "line 1 of the inventory: it cannot be read: decryption error",
            CODE,
            |_, mut file| {
                file.pop();
                file
            },
        ),
        (
            "with a byte behind it",
            "what follows was sealed by nobody",
            "line 1 of the inventory: it cannot be read: decryption error",
            CODE,
            |_, mut file| {
                file.push(0);
                file
            },
        ),
        (
            "with a bit of its last block flipped",
            "one bit is enough",
            "line 1 of the inventory: it cannot be read: decryption error",
            CODE,
            |_, mut file| {
                let last = file.len() - 1;
                file[last] ^= 1;
                file
            },
        ),
        (
            "without its payload",
            "the rest is not there",
            "the age header is malformed: it is not what the age format asks for",
            "the age header is malformed: it is not what the age format asks for",
            |_, file| {
                let at = file.windows(4).position(|four| four == b"\n---").unwrap() + 1;
                let end = at + file[at..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
                file[..end].to_vec()
            },
        ),
        (
            "with 129 stanzas",
            "their number is bounded",
            "more than 128 stanzas",
            "more than 128 stanzas",
            |w, _| {
                let key: age::x25519::Identity = w.draft("plain").key.parse().unwrap();
                let to = key.to_public();
                let all: Vec<_> = (0..129).map(|_| &to).collect();
                encrypt_to(&all, b"x")
            },
        ),
        (
            "with a header without end",
            "a header is bounded before it is read",
            AGE,
            AGE,
            |_, _| [&b"age-encryption.org/v1\n-> "[..], &vec![b'x'; 200_000]].concat(),
        ),
    ];
    let mut cases = Vec::new();
    for (how, why, inventory_words, volume_words, edit) in table {
        for (member, commands, words) in [
            ("inventory.age", INSIDE, inventory_words),
            ("volume-00001.age", CONTENT, volume_words),
        ] {
            cases.push(Case::new(
                format!("{member} {how}, by a trusted signer"),
                why,
                commands,
                4,
                words,
                move |workshop, _| {
                    workshop.outer(|members| {
                        let file = edit(workshop, members.get(member).to_vec());
                        members.put(member, file);
                    })
                },
            ));
        }
    }
    cases.push(Case::new(
        "the inventory and the volume in each other's place, by a trusted signer",
        "each is read as what it is said to be",
        INSIDE,
        4,
        "line 1 of the inventory: expected value",
        |workshop, _| {
            workshop.outer(|members| {
                let inventory = members.remove("inventory.age");
                let volume = members.remove("volume-00001.age");
                members.put("inventory.age", volume);
                members.put("volume-00001.age", inventory);
            })
        },
    ));
    cases
}
