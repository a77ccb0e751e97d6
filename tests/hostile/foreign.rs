//! What other programs make of a package, and of what is none: Python's tarfile and
//! zipfile, GNU tar, zip, 7-Zip, gzip, zstd and age itself. `foreign.py` makes all of them in
//! one process.

use std::fs;
use std::path::{Path, PathBuf};

use crate::environment::Ran;
use crate::forge::Workshop;
use crate::runner::{ARCHIVE, Case, INSIDE};

/// Where the files are that `foreign.py` has made.
const MADE: &str = "foreign";

/// Has the files made, of the genuine package `plain`; their names.
pub(crate) fn make(workshop: &Workshop) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/hostile/foreign.py");
    let mut command = workshop.env.command("python3");
    command
        .arg(script)
        .args(["out/plain.exeat", MADE, "--recipient"])
        .arg(workshop.identity.to_public().to_string())
        .args(["--key", &workshop.draft("plain").key]);
    Ran::of(&mut command).ends(0);
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = archives();
    cases.extend(envelopes());
    cases
}

fn archives() -> Vec<Case> {
    const NONE: &str = "is not an exeat package";
    const UNKNOWN: &str = "does not belong in it";
    const FOLDER: &str = "unpack it with 'tar -xf'";
    let table: [(&str, &str, i64, &str); 24] = [
        (
            "python-zip.exeat.tar",
            "a zip under the name of an archive is a zip",
            1,
            NONE,
        ),
        (
            "python-zip-stored.exeat.tar",
            "a zip that stores holds the bytes of every member, and is still a zip",
            1,
            NONE,
        ),
        (
            "python-tar-gz.exeat.tar",
            "compressed, it is no archive that can be read at any place",
            1,
            NONE,
        ),
        (
            "python-tar-xz.exeat.tar",
            "compressed, it is no archive that can be read at any place",
            1,
            NONE,
        ),
        (
            "python-tar-bz2.exeat.tar",
            "compressed, it is no archive that can be read at any place",
            1,
            NONE,
        ),
        (
            "python-tar-pax-comment.exeat.tar",
            "a pax record is a second place to say things",
            4,
            UNKNOWN,
        ),
        (
            "python-tar-pax-global.exeat.tar",
            "a global pax record is a second place to say things",
            4,
            UNKNOWN,
        ),
        (
            "python-tar-pax-float-mtime.exeat.tar",
            "a pax record is a second place to say things",
            4,
            UNKNOWN,
        ),
        (
            "python-tar-gnu-long-name.exeat.tar",
            "a long name is no member's",
            4,
            UNKNOWN,
        ),
        (
            "python-tar-hard-link.exeat.tar",
            "a member is a plain file",
            4,
            "is not a plain file in it",
        ),
        (
            "python-tar-fifo.exeat.tar",
            "a member is a plain file",
            4,
            "is not a plain file in it",
        ),
        (
            "python-tar-device.exeat.tar",
            "a member is a plain file",
            4,
            "is not a plain file in it",
        ),
        (
            "python-tar-duplicate.exeat.tar",
            "the last of two wins there, and neither here",
            4,
            "is in it twice",
        ),
        (
            "python-tar-traversal.exeat.tar",
            "tarfile would have written it outside",
            4,
            UNKNOWN,
        ),
        (
            "gnu-tar-folder.exeat.tar",
            "members lie in no folder",
            4,
            FOLDER,
        ),
        (
            "gnu-tar-dot.exeat.tar",
            "members lie in no folder",
            4,
            UNKNOWN,
        ),
        (
            "gnu-tar-sparse.exeat.tar",
            "a sparse file's bytes are not where they seem",
            4,
            "is not a plain file in it",
        ),
        (
            "gnu-tar-pax-sparse.exeat.tar",
            "a sparse file's bytes are not where they seem",
            4,
            UNKNOWN,
        ),
        ("gnu-tar-label.exeat.tar", "a label is no member", 1, NONE),
        (
            "gnu-tar-incremental.exeat.tar",
            "a listing of a folder is no member",
            4,
            UNKNOWN,
        ),
        (
            "gnu-tar-multi-volume.exeat.tar",
            "the first of several volumes is not all",
            4,
            "it ends too early",
        ),
        (
            "gnu-tar-concatenated.exeat.tar",
            "tar -A hides one archive behind another",
            4,
            "is in it twice",
        ),
        (
            "gnu-tar-appended-link.exeat.tar",
            "a member is a plain file",
            4,
            "is not a plain file in it",
        ),
        ("gnu-cpio.exeat.tar", "cpio is another format", 1, NONE),
    ];
    let mut cases: Vec<Case> = table
        .map(|(file, why, code, words)| {
            Case::new(file, why, ARCHIVE, code, words, move |workshop, _| {
                made(workshop, file)
            })
        })
        .into();
    for file in [
        "7z.exeat.tar",
        "zip.exeat.tar",
        "zstd.exeat.tar",
        "age.exeat.tar",
        "age-armoured.exeat.tar",
        "ar.exeat.tar",
        "pdf.exeat.tar",
        "shell.exeat.tar",
        "iso.exeat.tar",
    ] {
        cases.push(Case::new(
            file,
            "what is no archive of a package is none under any name",
            ARCHIVE,
            1,
            NONE,
            move |workshop, _| made(workshop, file),
        ));
    }
    cases
}

/// Envelopes that the real `age` made.
fn envelopes() -> Vec<Case> {
    let table: [(&str, &str, i64, &str); 5] = [
        (
            "age-armour.age",
            "one way to write an envelope is enough",
            4,
            "not an age file of version 1",
        ),
        (
            "age-two-keys.age",
            "an envelope holds one key",
            4,
            "does not hold a package key",
        ),
        (
            "age-identity-file.age",
            "an identity file has comments; an envelope one line",
            4,
            "does not hold a package key",
        ),
        (
            "age-stranger.age",
            "it is not for whoever reads it",
            1,
            "none of the given identities opens",
        ),
        (
            "age-of-age.age",
            "an envelope in an envelope",
            4,
            "does not hold a package key",
        ),
    ];
    table
        .map(|(file, why, code, words)| {
            Case::new(
                format!("envelope {file}"),
                why,
                INSIDE,
                code,
                words,
                move |workshop: &Workshop, _: &Path| {
                    let envelope = made(workshop, file);
                    workshop.outer(|members| members.put("key.age", envelope))
                },
            )
        })
        .into()
}

fn made(workshop: &Workshop, file: &str) -> Vec<u8> {
    let path: PathBuf = workshop.env.path(MADE).join(file);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
