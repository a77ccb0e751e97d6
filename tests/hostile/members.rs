//! The folder of a package in a stranger's hands: members missing, altered,
//! exchanged for what is no file, and such as do not belong there. Nothing is
//! signed anew.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::forge::{Members, Workshop};
use crate::runner::{ALL, Case, Made, OUTSIDE, VOLUMES};

/// The members of `plain` in the order in which a reader needs them, and how it ends
/// where one is not as it was.
const MEMBERS: [&str; 7] = [
    "manifest.json",
    "manifest.json.sig",
    "key.age",
    "inventory.age",
    "README.txt",
    "SHA256SUMS",
    "volume-00001.age",
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for member in MEMBERS {
        cases.extend(spoilt(member));
        cases.extend(no_file(member));
    }
    cases.extend(strange_names());
    cases.extend(others());
    cases
}

/// One member that is missing, or of other bytes.
fn spoilt(member: &'static str) -> Vec<Case> {
    let case = |how: &str, why: &str, code: i64, words: &str, edit: fn(&mut Members, &str)| {
        let words = words.replace("MEMBER", member);
        Case::new(
            format!("{member} {how}"),
            why,
            ALL,
            code,
            words,
            move |workshop, _| workshop.damaged(|members| edit(members, member)),
        )
    };
    let is_signature = member == "manifest.json.sig";
    // Where the signature is not one any more, nobody is blamed for the bytes.
    let or_signature = |words: &'static str| match is_signature {
        true => (8, "manifest.json.sig: not an OpenSSH signature"),
        false => (4, words),
    };
    let (missing, code) = match member {
        "manifest.json" => ("the package has no manifest.json: it was never finished", 4),
        "manifest.json.sig" => ("the package is not signed: manifest.json.sig is missing", 8),
        _ => ("MEMBER is missing", 4),
    };
    let short = match member {
        "manifest.json" | "key.age" => "MEMBER is not what was signed",
        _ => "MEMBER is cut short (",
    };
    let long = match member {
        "manifest.json" | "key.age" => "MEMBER is not what was signed",
        _ => "MEMBER is too long (",
    };
    let mut cases = vec![case(
        "missing",
        "a package without it is not all of the package",
        code,
        missing,
        |members, member| {
            members.remove(member);
        },
    )];
    type Edit = (
        &'static str,
        &'static str,
        &'static str,
        fn(&mut Members, &str),
    );
    let edits: [Edit; 4] = [
        (
            "empty",
            "nothing of it is left",
            short,
            |members, member| {
                members.put(member, "");
            },
        ),
        (
            "without its last bytes",
            "a copy that stopped too early is not the package",
            short,
            |members, member| {
                let bytes = members.bytes(member);
                bytes.truncate(bytes.len() - 9);
            },
        ),
        (
            "with one more line",
            "what follows a member was signed by nobody",
            long,
            |members, member| members.bytes(member).extend(b"more\n"),
        ),
        (
            "with 200 KiB more",
            "a reader has to stop at what was promised, not at what is there",
            match member {
                "manifest.json" => "MEMBER is not what was signed",
                _ => "MEMBER is too long (",
            },
            |members, member| members.bytes(member).resize(200 << 10, b'x'),
        ),
    ];
    for (how, why, words, edit) in edits {
        let (code, words) = match (how, is_signature) {
            ("with 200 KiB more", true) => (4, words),
            _ => or_signature(words),
        };
        cases.push(case(how, why, code, words, edit));
    }
    for (how, edit) in [
        (
            "first bit flipped",
            (|members, member| members.bytes(member)[0] ^= 1) as fn(&mut Members, &str),
        ),
        ("bit in the middle flipped", |members, member| {
            let bytes = members.bytes(member);
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }),
    ] {
        let commands = match member.starts_with("volume") {
            true => VOLUMES,
            false => ALL,
        };
        let (code, words) = match (is_signature, how) {
            // The middle of its base64 is where its digest is named.
            (true, "bit in the middle flipped") => (8, "signatures over \"oha512\" digests"),
            (true, _) => (8, "manifest.json.sig: not an OpenSSH signature"),
            _ => (4, "MEMBER is not what was signed"),
        };
        cases.push(Case::new(
            format!("{member} {how}"),
            "one bit is enough",
            commands,
            code,
            words.replace("MEMBER", member),
            move |workshop, _| workshop.damaged(|members| edit(members, member)),
        ));
    }
    cases
}

/// Something other than a file in a member's place.
fn no_file(member: &'static str) -> Vec<Case> {
    let case = |how: &str, why: &str, place: fn(&Workshop, &Path, &str)| {
        Case::new(
            format!("{member} is {how}"),
            why,
            ALL,
            4,
            format!("{member} is not a regular file"),
            move |workshop: &Workshop, path: &Path| {
                workshop.genuine("plain").write(path);
                fs::remove_file(path.join(member)).unwrap();
                place(workshop, &path.join(member), member);
                Made::There
            },
        )
    };
    vec![
        case(
            "a link to the true one",
            "a link can be led elsewhere between two looks",
            |workshop, path, member| {
                symlink(workshop.env.path("out/plain.exeat").join(member), path).unwrap();
            },
        ),
        case(
            "a link to a device without end",
            "reading it would never end",
            |_, path, _| symlink("/dev/zero", path).unwrap(),
        ),
        case(
            "a link to nowhere",
            "a reader that follows it may make the file",
            |_, path, _| symlink(OUTSIDE, path).unwrap(),
        ),
        case(
            "a folder",
            "a folder has no bytes that anybody signed",
            |_, path, _| fs::create_dir(path).unwrap(),
        ),
        case(
            "a named pipe",
            "whoever opens it waits for ever",
            |_, path, _| mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap(),
        ),
        case(
            "a socket",
            "a socket has no bytes that anybody signed",
            |_, path, _| drop(UnixListener::bind(path).unwrap()),
        ),
    ]
}

/// Files that have no business in a package.
fn strange_names() -> Vec<Case> {
    let long = "x".repeat(255);
    let names: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "volume number without zeros",
            b"volume-1.age".to_vec(),
            "'volume-1.age' does not belong",
        ),
        (
            "volume number of six digits",
            b"volume-000001.age".to_vec(),
            "'volume-000001.age' does not belong",
        ),
        (
            "volume number nought",
            b"volume-00000.age".to_vec(),
            "'volume-00000.age' does not belong",
        ),
        (
            "one volume more",
            b"volume-00002.age".to_vec(),
            "'volume-00002.age' does not belong",
        ),
        (
            "volume with capitals",
            b"VOLUME-00001.AGE".to_vec(),
            "'VOLUME-00001.AGE' does not belong",
        ),
        (
            "volume number with a sign",
            b"volume-+0001.age".to_vec(),
            "'volume-+0001.age' does not belong",
        ),
        (
            "volume number in other digits",
            "volume-٠٠٠٠١.age".as_bytes().to_vec(),
            "does not belong",
        ),
        (
            "manifest with a blank behind",
            b"manifest.json ".to_vec(),
            "'manifest.json ' does not belong",
        ),
        (
            "manifest with capitals",
            b"Manifest.json".to_vec(),
            "'Manifest.json' does not belong",
        ),
        (
            "manifest with a letter that looks alike",
            "mаnifest.json".as_bytes().to_vec(),
            "does not belong",
        ),
        (
            "signature of the signature",
            b"manifest.json.sig.sig".to_vec(),
            "'manifest.json.sig.sig' does not belong",
        ),
        (
            "second signature",
            b"manifest.json.sig2".to_vec(),
            "'manifest.json.sig2' does not belong",
        ),
        (
            "README with small letters",
            b"readme.txt".to_vec(),
            "'readme.txt' does not belong",
        ),
        (
            "an editor's copy",
            b"README.txt~".to_vec(),
            "'README.txt~' does not belong",
        ),
        (
            "hidden file",
            b".hidden".to_vec(),
            "'.hidden' does not belong",
        ),
        (
            "a finder's file",
            b".DS_Store".to_vec(),
            "'.DS_Store' does not belong",
        ),
        (
            "a program to start",
            b"autorun.inf".to_vec(),
            "'autorun.inf' does not belong",
        ),
        (
            "a program to open it with",
            b"open-me.sh".to_vec(),
            "'open-me.sh' does not belong",
        ),
        (
            "like an option of tar",
            b"--checkpoint-action=exec=sh x".to_vec(),
            "does not belong",
        ),
        (
            "like an option of rm",
            b"-rf".to_vec(),
            "'-rf' does not belong",
        ),
        (
            "a command to the terminal",
            b"a\x1b]0;owned\x07b".to_vec(),
            "a\\x1b]0;owned\\x07b",
        ),
        (
            "a line that exeat might say",
            b"OK: complete, unaltered\nsigned".to_vec(),
            "\\n",
        ),
        (
            "written from right to left",
            "txt.\u{202e}exe".as_bytes().to_vec(),
            "does not belong",
        ),
        ("not UTF-8", b"\xff\xfe.age".to_vec(), "\\xff\\xfe.age"),
        (
            "as long as a name can be",
            long.into_bytes(),
            "does not belong",
        ),
        (
            "first envelope by number",
            b"key-1.age".to_vec(),
            "'key-1.age' does not belong",
        ),
        (
            "envelope number nought",
            b"key-0.age".to_vec(),
            "'key-0.age' does not belong",
        ),
        (
            "envelope number with a zero before it",
            b"key-02.age".to_vec(),
            "'key-02.age' does not belong",
        ),
        (
            "envelope number beyond the last",
            b"key-1000.age".to_vec(),
            "'key-1000.age' does not belong",
        ),
        (
            "envelope number that overflows",
            b"key-65538.age".to_vec(),
            "'key-65538.age' does not belong",
        ),
        (
            "envelope without a number",
            b"key-.age".to_vec(),
            "'key-.age' does not belong",
        ),
        (
            "an identity beside the package",
            b"identity.txt".to_vec(),
            "'identity.txt' does not belong",
        ),
        (
            "a list of signers beside the package",
            b"allowed_signers".to_vec(),
            "'allowed_signers' does not belong",
        ),
        (
            "a policy beside the package",
            b"policy.toml".to_vec(),
            "'policy.toml' does not belong",
        ),
    ];
    let case = |(how, name, words): (&str, Vec<u8>, &str)| {
        Case::new(
            format!("a member too many: {how}"),
            "whatever the manifest does not name was signed by nobody, and could be taken \
             for part of the package",
            ALL,
            4,
            words,
            move |workshop: &Workshop, path: &Path| {
                workshop.genuine("plain").write(path);
                fs::write(path.join(OsStr::from_bytes(&name)), "x").unwrap();
                Made::There
            },
        )
    };
    names.into_iter().map(case).collect()
}

/// Whole packages that are none, and mixtures.
fn others() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "an empty folder",
            "there is nothing to verify",
            ALL,
            1,
            "is not an exeat package",
            |_, path| {
                fs::create_dir(path).unwrap();
                Made::There
            },
        ),
        Case::new(
            "a folder with a package in it",
            "a package is the folder with the manifest, not one around it",
            ALL,
            1,
            "is not an exeat package",
            |workshop: &Workshop, path: &Path| {
                fs::create_dir(path).unwrap();
                workshop.genuine("plain").write(&path.join("plain.exeat"));
                Made::There
            },
        ),
        Case::new(
            "ten thousand files",
            "a reader names some of what does not belong, and does not fill a screen for hours",
            ALL,
            4,
            "and 9990 more",
            |workshop: &Workshop, path: &Path| {
                workshop.genuine("plain").write(path);
                for number in 0..10_000 {
                    fs::write(path.join(format!("junk {number}")), "").unwrap();
                }
                Made::There
            },
        ),
        Case::new(
            "a volume of a tebibyte of nothing",
            "its size is compared before a byte of it is read",
            ALL,
            4,
            "volume-00001.age is too long (1099511627776 bytes",
            |workshop: &Workshop, path: &Path| {
                workshop.genuine("plain").write(path);
                let volume = fs::File::options()
                    .write(true)
                    .open(path.join("volume-00001.age"))
                    .unwrap();
                volume.set_len(1 << 40).unwrap();
                Made::There
            },
        ),
        Case::new(
            "an envelope of a tebibyte of nothing",
            "its size is bounded before it is read into memory",
            ALL,
            4,
            "key.age is too long (",
            |workshop: &Workshop, path: &Path| {
                workshop.genuine("plain").write(path);
                let volume = fs::File::options()
                    .write(true)
                    .open(path.join("key.age"))
                    .unwrap();
                volume.set_len(1 << 40).unwrap();
                Made::There
            },
        ),
        Case::new(
            "a manifest of a tebibyte of nothing",
            "its size is bounded before it is read into memory",
            ALL,
            4,
            "manifest.json is too long (",
            |workshop: &Workshop, path: &Path| {
                workshop.genuine("plain").write(path);
                let volume = fs::File::options()
                    .write(true)
                    .open(path.join("manifest.json"))
                    .unwrap();
                volume.set_len(1 << 40).unwrap();
                Made::There
            },
        ),
        Case::new(
            "a device instead of a package",
            "reading it would never end",
            ALL,
            1,
            "is not an exeat package",
            |_: &Workshop, path: &Path| {
                symlink("/dev/zero", path).unwrap();
                Made::There
            },
        ),
        Case::new(
            "a named pipe instead of a package",
            "whoever opens it waits for ever",
            ALL,
            1,
            "is not an exeat package",
            |_: &Workshop, path: &Path| {
                mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
                Made::There
            },
        ),
    ];
    for member in ["key.age", "inventory.age", "volume-00001.age"] {
        let commands = match member {
            "volume-00001.age" => VOLUMES,
            _ => ALL,
        };
        cases.push(Case::new(
            format!("{member} of another package"),
            "each member belongs to one package",
            commands,
            4,
            format!("{member} is "),
            move |workshop, _| {
                workshop.damaged(|members| {
                    members.put(member, workshop.genuine("other").get(member));
                })
            },
        ));
    }
    cases
}
