//! Every byte of five small packages altered, and every member cut at every length:
//! each has to be refused, but for the places listed here, which say nothing.
//!
//! Through the library, since there are more than a hundred thousand of them. The short
//! form flips the lowest and the highest bit of every byte; `EXEAT_STRICT=1` every bit.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use exeat_core::digest::Digest;
use exeat_core::keys::{Identities, IdentityFile};
use exeat_core::progress::Silent;
use exeat_core::signature::AllowedSigners;
use exeat_core::verify::{Package, VerifyError};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::environment::Env;
use crate::forge::{Members, Workshop};
use crate::{archives, rekeyed, say};

/// A package, who reads it, and whom they trust.
struct Subject {
    name: &'static str,
    files: BTreeMap<String, Vec<u8>>,
    is_archive: bool,
    person: &'static str,
    /// What may be altered, and nobody notices.
    harmless: fn(&str, usize, u8, &[u8]) -> bool,
}

/// The five packages; the fourth twice, as the one who was on the sender's list
/// reads it and as the one to whom it was passed on.
fn subjects(workshop: &Workshop) -> Vec<Subject> {
    let folder = |name, members: Members, person, harmless| Subject {
        name,
        files: members.0,
        is_archive: false,
        person,
        harmless,
    };
    let archive = archives::archive(&archives::items(&workshop.genuine("plain")));
    vec![
        folder(
            "a folder, not compressed",
            workshop.genuine("plain"),
            "recipient",
            |_, _, _, _| false,
        ),
        folder(
            "a folder of volumes, zstd",
            workshop.genuine("volumes"),
            "recipient",
            |_, _, _, _| false,
        ),
        folder(
            "a stream",
            workshop.genuine("stream"),
            "recipient",
            |_, _, _, _| false,
        ),
        folder(
            "passed on, read by the first",
            rekeyed::passed_on(workshop),
            "recipient",
            |member, _, _, _| {
                // An envelope of a later format or by nobody who is trusted is one that is
                // not used; the sender's is.
                member == "key-2.json.sig"
            },
        ),
        folder(
            "passed on, read by the second",
            rekeyed::passed_on(workshop),
            "third",
            |_, _, _, _| false,
        ),
        folder(
            "a backup that rests on another",
            chained(&workshop.env),
            "recipient",
            |_, _, _, _| false,
        ),
        Subject {
            name: "an archive",
            files: BTreeMap::from([("archive".to_owned(), archive)]),
            is_archive: true,
            person: "recipient",
            harmless: |_, at, new, bytes| writes_a_sum(at, new, bytes),
        },
    ]
}

/// Whether a byte of an archive is one by which the sum of a header, itself no part of
/// the sum, can be written in another way: one of the two that end it, or a zero before
/// it, for which some programs write a blank.
fn writes_a_sum(at: usize, new: u8, archive: &[u8]) -> bool {
    const BLOCK: usize = 512;
    let mut header = 0;
    while archive[header] != 0 {
        let digits = std::str::from_utf8(&archive[header + 124..header + 135]).unwrap();
        let data = header + BLOCK;
        let end = data + usize::from_str_radix(digits, 8).unwrap();
        let is_first = (at, archive[at], new) == (header + 148, b'0', b' ');
        if is_first || (header + 154..header + 156).contains(&at) {
            return true;
        }
        header = end.next_multiple_of(BLOCK);
    }
    false
}

/// The second package of a chain, which holds one file and needs the first for the other.
fn chained(env: &Env) -> Members {
    env.person("host");
    env.by("recipient", "trust host/signer.txt").ends(0);
    fs::remove_file(env.path("host/identity.txt")).unwrap();
    fs::copy(
        env.path("recipient/recipient.txt"),
        env.path("host/registry.txt"),
    )
    .unwrap();
    fs::create_dir(env.path("to")).unwrap();
    // A file that nobody has touched for long; what is younger is read every time.
    let settled = concat!(env!("CARGO_MANIFEST_DIR"), "/../../LICENSE-MIT");
    let profile = format!(
        "\n[backup.clinic]\nrecipients_file = \"registry.txt\"\nto = \"../to\"\n\
         sources = [\"../clinic\", \"{settled}\"]\n"
    );
    let config = env.read("host/config.toml") + &profile;
    env.write("host/config.toml", config);
    for content in ["first\n", "second\n"] {
        env.write("clinic/a.txt", content);
        env.by("host", "backup run clinic").ends(0);
    }
    let packages = fs::read_dir(env.path("to")).unwrap();
    let packages = packages.map(|item| item.unwrap().path());
    let second = packages
        .filter(|path| path.join("manifest.json").exists())
        .map(|path| Members::read(&path))
        .find(|members| members.manifest()["series"]["sequence"] == 2)
        .expect("a second backup");
    let needs = &second.manifest()["series"]["base"];
    let needs = needs.as_array().unwrap().len();
    assert_eq!(needs, 1, "the second backup needs the first");
    second
}

/// A reader: whom they trust, and what opens packages for them.
struct Reader {
    allowed: AllowedSigners,
    identities: Identities,
}

impl Reader {
    fn of(env: &Env, person: &str) -> Self {
        let identity = env.read(format!("{person}/identity.txt")).into_bytes();
        let identities = match IdentityFile::parse(Zeroizing::new(identity)).unwrap() {
            IdentityFile::Plain(identities) => identities,
            _ => panic!("an identity that is not encrypted"),
        };
        let signers = env.read(format!("{person}/allowed_signers"));
        Self {
            allowed: AllowedSigners::parse(&signers).unwrap(),
            identities,
        }
    }

    /// All that a reader can compare, to the last byte; the digest of the manifest, to
    /// which all of it is bound.
    fn accepts(&self, path: &Path) -> Result<Digest, VerifyError> {
        let one = std::num::NonZeroUsize::new(1);
        let now = "2026-12-01T00:00:00Z".parse().unwrap();
        let verified = Package::open(path)?.verify(&self.allowed, now, None)?;
        verified.verify_volumes(one, &Silent)?;
        let unlocked = verified.unlock(&self.identities)?;
        unlocked.verify_contents(one, &Silent)?;
        Ok(unlocked.verified().manifest_sha256())
    }
}

/// A copy of a package whose bytes are altered and put back.
struct Copy {
    _dir: TempDir,
    path: PathBuf,
    file: File,
    good: Vec<u8>,
}

impl Copy {
    fn of(subject: &Subject, member: &str) -> Self {
        // In memory, where there is such a place: nothing of it has to last.
        let dir = TempDir::new_in("/dev/shm")
            .or_else(|_| TempDir::new())
            .unwrap();
        for (name, bytes) in &subject.files {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        let place = dir.path().join(member);
        Self {
            file: File::options().write(true).open(&place).unwrap(),
            good: subject.files[member].clone(),
            path: match subject.is_archive {
                true => place,
                false => dir.path().to_owned(),
            },
            _dir: dir,
        }
    }
}

#[derive(Default, Debug, PartialEq)]
struct Counts {
    flips: u64,
    cuts: u64,
    accepted: u64,
    harmless: u64,
}

/// Alters one member everywhere.
fn alter(subject: &Subject, reader: &Reader, member: &str, masks: &[u8]) -> (Counts, Vec<String>) {
    let copy = Copy::of(subject, member);
    let mut counts = Counts::default();
    let mut problems = Vec::new();
    let whole = reader.accepts(&copy.path).expect("it is whole");
    for (at, &byte) in copy.good.iter().enumerate() {
        for mask in masks {
            copy.file.write_all_at(&[byte ^ mask], at as u64).unwrap();
            counts.flips += 1;
            if let Ok(found) = reader.accepts(&copy.path) {
                assert_eq!(found, whole, "the content is another");
                match (subject.harmless)(member, at, byte ^ mask, &copy.good) {
                    true => counts.harmless += 1,
                    false => {
                        counts.accepted += 1;
                        problems.push(format!(
                            "{}: {member}: byte {at} ({byte:#04x} ^ {mask:#04x}) is accepted",
                            subject.name
                        ));
                    }
                }
            }
        }
        copy.file.write_all_at(&[byte], at as u64).unwrap();
    }
    for length in 0..copy.good.len() {
        copy.file.set_len(length as u64).unwrap();
        counts.cuts += 1;
        if let Ok(found) = reader.accepts(&copy.path) {
            assert_eq!(found, whole, "the content is another");
            // A further envelope whose signature was not written yet; and the newline behind
            // the last line of a signature.
            let is_unfinished = length == 0 && (subject.harmless)(member, 0, 0, &copy.good);
            let is_newline = member.ends_with(".sig") && copy.good[length..] == *b"\n";
            match is_unfinished || is_newline {
                true => counts.harmless += 1,
                false => {
                    counts.accepted += 1;
                    problems.push(format!(
                        "{}: {member}: cut to {length} bytes, it is accepted",
                        subject.name
                    ));
                }
            }
        }
        copy.file.write_all_at(&copy.good, 0).unwrap();
    }
    reader.accepts(&copy.path).expect("it is whole again");
    (counts, problems)
}

#[test]
fn every_byte_and_every_cut_is_noticed() {
    let workshop = Workshop::new();
    let masks: &[u8] = match std::env::var_os("EXEAT_STRICT").is_some() {
        true => &[1, 2, 4, 8, 16, 32, 64, 128],
        false => &[0x01, 0x80],
    };
    let subjects = subjects(&workshop);
    let units: Vec<(&Subject, &str)> = subjects
        .iter()
        .flat_map(|subject| {
            subject
                .files
                .keys()
                .map(move |name| (subject, name.as_str()))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let all = Mutex::new((BTreeMap::<&str, Counts>::new(), Vec::new()));
    let threads = std::thread::available_parallelism()
        .map_or(2, usize::from)
        .min(4);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(&(subject, member)) = units.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let reader = Reader::of(&workshop.env, subject.person);
                    let (counts, problems) = alter(subject, &reader, member, masks);
                    let mut all = all.lock().unwrap();
                    let sum = all.0.entry(subject.name).or_default();
                    sum.flips += counts.flips;
                    sum.cuts += counts.cuts;
                    sum.accepted += counts.accepted;
                    sum.harmless += counts.harmless;
                    all.1.extend(problems);
                }
            });
        }
    });
    let (sums, problems) = all.into_inner().unwrap();
    let mut total = Counts::default();
    for (name, sum) in &sums {
        say(&format!(
            "{name}: {} bits flipped, {} cuts, {} accepted, {} at harmless places",
            sum.flips, sum.cuts, sum.accepted, sum.harmless
        ));
        total.flips += sum.flips;
        total.cuts += sum.cuts;
        total.accepted += sum.accepted;
    }
    say(&format!(
        "in all {} bits flipped and {} cuts: {} accepted",
        total.flips, total.cuts, total.accepted
    ));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    // The test goes through all of it, and can tell: some places are harmless.
    assert_eq!(sums.len(), subjects.len());
    assert!(sums["an archive"].harmless > 0);
    assert!(sums["passed on, read by the first"].harmless > 0);
}
