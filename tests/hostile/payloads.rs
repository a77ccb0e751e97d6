//! Volumes and inventories that are not what they are said to be once they are
//! decrypted: framing that contradicts, bombs, and what hides behind the end. By a
//! trusted sender, all of it.

use serde_json::json;

use crate::forge::{Draft, Members, Workshop, encrypt, encrypt_to, new_key, sha256};
use crate::runner::{CONTENT, Case, INSIDE};

const BLOCK: usize = 512;
const HEADER: &str = "its header says something else";
const LONG: &str = "it goes on after its end";
const SHORT: &str = "it ends too early";
const DIGEST: &str = "its content is not what was sealed";
const CODE: &str = "it cannot be decrypted or decompressed";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = framing();
    cases.extend(ends());
    cases.extend(files());
    cases.extend(compressed());
    cases
}

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

/// Headers of the payload that say something else than the inventory, with a right sum.
fn framing() -> Vec<Case> {
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
            "",
            "",
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
            "",
            CODE,
            |_, mut file| {
                file.pop();
                file
            },
        ),
        (
            "with a byte behind it",
            "what follows was sealed by nobody",
            "",
            CODE,
            |_, mut file| {
                file.push(0);
                file
            },
        ),
        (
            "with a bit of its last block flipped",
            "one bit is enough",
            "",
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
            "",
            "",
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
        "",
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

/// `volumes`, in which zstd is, with one member made of these bytes.
fn zstd_member(workshop: &Workshop, member: &str, bytes: &[u8]) -> Members {
    let mut members = workshop.genuine("volumes");
    let key: age::x25519::Identity = workshop.draft("volumes").key.parse().unwrap();
    members.put(member, encrypt(&key.to_public(), bytes));
    members.account(workshop);
    members
}

/// Zeros, compressed: a gibibyte in 32 KiB. Made of one frame of 128 MiB, eight times.
fn gibibyte() -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..128 {
        std::io::Write::write_all(&mut encoder, &zeros).unwrap();
    }
    encoder.finish().unwrap().repeat(8)
}

/// Compression.
fn compressed() -> Vec<Case> {
    type Content = fn(&Draft) -> Vec<u8>;
    fn first(draft: &Draft) -> &[u8] {
        &draft.volumes[0]
    }
    fn pack(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).unwrap()
    }
    /// With a window of 2^27 bytes.
    fn wide(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        std::io::Write::write_all(&mut encoder, &vec![0; 200 << 10]).unwrap();
        encoder.finish().unwrap()
    }
    let table: [(&str, &str, &str, Content); 11] = [
        (
            "not compressed",
            "the manifest says that it is",
            CODE,
            |d| first(d).to_vec(),
        ),
        (
            "compressed with gzip",
            "the manifest says zstd",
            CODE,
            |_| b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0".to_vec(),
        ),
        ("of a frame cut short", "the rest is not there", "", |d| {
            let mut bytes = pack(first(d));
            bytes.truncate(bytes.len() - 3);
            bytes
        }),
        (
            "of a frame and a byte",
            "what follows is hidden",
            CODE,
            |d| {
                let mut bytes = pack(first(d));
                bytes.push(1);
                bytes
            },
        ),
        (
            "of a frame and another one",
            "what follows is hidden",
            LONG,
            |d| [pack(first(d)), pack(b"more")].concat(),
        ),
        (
            "of a frame and a gibibyte",
            "what decompresses to more than was promised is an attack",
            LONG,
            |d| [pack(first(d)), gibibyte()].concat(),
        ),
        (
            "of a gibibyte of zeros",
            "the first block is not what it should be",
            HEADER,
            |_| gibibyte(),
        ),
        (
            "with a window of 128 MiB",
            "memory is bounded before it is spent",
            CODE,
            |d| wide(first(d)),
        ),
        ("that asks for a dictionary", "nobody has it", CODE, |d| {
            let mut bytes = pack(first(d));
            // The frame header's descriptor: a dictionary's number of one byte follows.
            bytes[4] |= 1;
            bytes
        }),
        (
            "with a reserved bit",
            "nobody knows what that means",
            CODE,
            |d| {
                let mut bytes = pack(first(d));
                bytes[4] |= 8;
                bytes
            },
        ),
        ("of nothing", "the rest is not there", "", |_| Vec::new()),
    ];
    let mut cases = Vec::new();
    for (how, why, words, content) in table {
        cases.push(Case::new(
            format!("compressed volume {how}"),
            why,
            CONTENT,
            4,
            words,
            move |workshop, _| {
                let bytes = content(&workshop.draft("volumes"));
                zstd_member(workshop, "volume-00001.age", &bytes)
            },
        ));
    }
    let table: [(&str, &str, &str, Content); 5] = [
        (
            "of a gibibyte of zeros",
            "a line is bounded before it is kept",
            "it is longer than 64 KiB",
            |_| gibibyte(),
        ),
        (
            "and a gibibyte of zeros",
            "nothing follows the last line",
            "as many lines as it says",
            |d| [pack(&d.text()), gibibyte()].concat(),
        ),
        ("of a frame cut short", "the rest is not there", "", |d| {
            let mut bytes = pack(&d.text());
            bytes.truncate(bytes.len() - 3);
            bytes
        }),
        (
            "not compressed",
            "the manifest says that it is",
            "cannot be read",
            Draft::text,
        ),
        (
            "with a window of 128 MiB",
            "memory is bounded before it is spent",
            "cannot be read",
            |d| wide(&d.text()),
        ),
    ];
    for (how, why, words, content) in table {
        cases.push(Case::new(
            format!("compressed inventory {how}"),
            why,
            INSIDE,
            4,
            words,
            move |workshop, _| {
                let bytes = content(&workshop.draft("volumes"));
                zstd_member(workshop, "inventory.age", &bytes)
            },
        ));
    }
    cases.extend(across());
    cases
}

/// A file that spans volumes, and a stream.
fn across() -> Vec<Case> {
    type Edit = fn(&mut Draft);
    let table: [(&str, &str, &str, &str, Edit); 9] = [
        (
            "volumes",
            "two volumes exchanged, by a trusted signer",
            "each part has its place",
            "",
            |d| d.volumes.swap(1, 2),
        ),
        (
            "volumes",
            "a part that goes on after its end",
            "what follows is hidden",
            LONG,
            |d| d.volumes[1].push(0),
        ),
        (
            "volumes",
            "a part that is cut short",
            "the rest is not there",
            SHORT,
            |d| {
                d.volumes[1].pop();
            },
        ),
        (
            "volumes",
            "a part with another content",
            "each part has its digest",
            DIGEST,
            |d| d.volumes[2][0] ^= 1,
        ),
        (
            "volumes",
            "a volume too many",
            "each volume's content is listed",
            "",
            |d| d.volumes.push(vec![0; 1024]),
        ),
        (
            "stream",
            "a stream that goes on after its end",
            "what follows is hidden",
            LONG,
            |d| d.volumes[0].push(b'x'),
        ),
        (
            "stream",
            "a stream with a zero behind its end",
            "a stream has no padding",
            LONG,
            |d| d.volumes[0].push(0),
        ),
        (
            "stream",
            "a stream that is cut short",
            "the rest is not there",
            SHORT,
            |d| {
                d.volumes[0].pop();
            },
        ),
        (
            "stream",
            "a stream with another content",
            "the digest is what was sealed",
            DIGEST,
            |d| d.volumes[0][0] ^= 1,
        ),
    ];
    let mut cases = Vec::new();
    for (package, how, why, words, edit) in table {
        let commands = match how {
            "a volume too many" => INSIDE,
            _ => CONTENT,
        };
        cases.push(Case::new(
            how,
            why,
            commands,
            4,
            words,
            move |workshop, _| {
                let mut draft = workshop.draft(package);
                edit(&mut draft);
                draft.seal(workshop)
            },
        ));
    }
    cases.push(Case::new(
        "a stream with a name that leads out",
        "it would be written outside",
        INSIDE,
        4,
        "'..' component",
        |workshop, _| {
            let mut draft = workshop.draft("stream");
            draft.lines[0]["path"] = json!("../outside");
            draft.seal(workshop)
        },
    ));
    cases.push(Case::new(
        "a stream that is a folder",
        "a stream is one file",
        INSIDE,
        4,
        "",
        |workshop, _| {
            let mut draft = workshop.draft("stream");
            let line = draft.lines[0].as_object_mut().unwrap();
            line.insert("type".into(), json!("directory"));
            draft.seal(workshop)
        },
    ));
    cases
}
