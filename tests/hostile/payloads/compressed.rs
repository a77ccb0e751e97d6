//! Compression, files that span volumes, and streams.

use serde_json::json;

use super::{CODE, DIGEST, HEADER, LONG, SHORT};
use crate::forge::{Draft, Members, Workshop, encrypt};
use crate::runner::{CONTENT, Case, INSIDE};

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
pub(super) fn compressed() -> Vec<Case> {
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
        (
            "of a frame cut short",
            "the rest is not there",
            "it ends too early",
            |d| {
                let mut bytes = pack(first(d));
                bytes.truncate(bytes.len() - 3);
                bytes
            },
        ),
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
        (
            "of nothing",
            "the rest is not there",
            "it ends too early",
            |_| Vec::new(),
        ),
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
        (
            "of a frame cut short",
            "the rest is not there",
            "line 1 of the inventory: it cannot be read: incomplete frame",
            |d| {
                let mut bytes = pack(&d.text());
                bytes.truncate(bytes.len() - 3);
                bytes
            },
        ),
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
            "volume-00002.age does not hold what the inventory says of 'large/zero.raw'",
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
            "volume-00004.age does not hold what the inventory says",
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
        cases.push(Case::new(
            how,
            why,
            CONTENT,
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
        "line 2 of the inventory: the fields contradict each other",
        |workshop, _| {
            let mut draft = workshop.draft("stream");
            let line = draft.lines[0].as_object_mut().unwrap();
            line.insert("type".into(), json!("directory"));
            draft.seal(workshop)
        },
    ));
    cases
}
