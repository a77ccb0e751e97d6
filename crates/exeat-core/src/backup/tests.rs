//! Chains of packages, made by hand and signed: nothing is in them, and their
//! outside is as it should be.

use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::diagnostic::{Explain as _, Finding, Severity};
use crate::digest::Digest;
use crate::manifest::{
    Compression, FORMAT, Key, Manifest, Member, PackageId, Payload, PayloadKind, Series, Volume,
};
use crate::progress::{Progress, Silent};
use crate::signature::{PACKAGE_NAMESPACE, SigningKey};

mod nights;
mod pruning;

/// A folder of backups, and the key that signs them.
pub(super) struct Nights {
    pub(super) dir: tempfile::TempDir,
    pub(super) key: SigningKey,
    pub(super) series: Uuid,
}

pub(super) fn at(day: i64) -> Timestamp {
    Timestamp::from_second(1_793_000_000 + day * 86_400).expect("a time")
}

/// What one package is to say.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) name: String,
    pub(super) created: Timestamp,
    pub(super) series: Option<Series>,
}

/// A package that was made.
#[derive(Clone, Copy)]
pub(super) struct Made {
    pub(super) id: PackageId,
    pub(super) digest: Digest,
}

impl Nights {
    pub(super) fn new() -> Self {
        let key = SigningKey::generate("host");
        Self {
            dir: tempfile::tempdir().expect("a temporary folder"),
            series: series_id(&key.public().fingerprint(), "clinic"),
            key,
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn said(&self, sequence: u64, previous: Option<Digest>) -> Said {
        Said {
            name: format!("n{sequence}.exeat"),
            created: at(i64::try_from(sequence.min(20_000)).expect("small")),
            series: Some(Series {
                base: Vec::new(),
                id: self.series,
                previous,
                sequence,
            }),
        }
    }

    pub(super) fn put(&self, said: Said) -> Made {
        self.put_by(&self.key, said)
    }

    pub(super) fn put_by(&self, key: &SigningKey, said: Said) -> Made {
        let folder = self.path(&said.name);
        fs::create_dir(&folder).expect("made");
        let member = Member::of(b"x");
        let volumes = vec![Volume {
            bytes: 1,
            name: "volume-00001.age".into(),
            sha256: member.sha256,
        }];
        let mut manifest = Manifest {
            created: said.created,
            format: FORMAT.into(),
            generator: "exeat 0.1.0".into(),
            id: PackageId::generate(),
            inventory: member,
            key: Key {
                commitment: member.sha256,
                envelope_sha256: member.sha256,
            },
            payload: Payload {
                bytes: 1,
                compression: Compression::None,
                kind: PayloadKind::Tar,
                volumes,
            },
            readme: member,
            series: said.series,
            sums: member,
        };
        let sums = manifest.sums_bytes();
        manifest.sums = Member::of(&sums);
        let bytes = manifest.to_bytes();
        let signature = key.sign(PACKAGE_NAMESPACE, &bytes).expect("signs");
        for (name, bytes) in [
            ("README.txt", b"x".as_slice()),
            ("volume-00001.age", b"x"),
            ("inventory.age", b"x"),
            ("key.age", b"x"),
            ("SHA256SUMS", &sums),
            ("manifest.json", &bytes),
            ("manifest.json.sig", signature.as_bytes()),
        ] {
            fs::write(folder.join(name), bytes).expect("written");
        }
        Made {
            id: manifest.id,
            digest: Digest::of(&bytes),
        }
    }

    /// A good chain of so many packages, a day apart.
    pub(super) fn chain(&self, count: u64) -> Vec<Made> {
        let mut made: Vec<Made> = Vec::new();
        for sequence in 1..=count {
            let previous = made.last().map(|made| made.digest);
            made.push(self.put(self.said(sequence, previous)));
        }
        made
    }

    pub(super) fn shelf(&self) -> Shelf {
        let read = Shelf::read(self.dir.path(), self.series, &self.key.public(), &Silent);
        read.expect("a folder")
    }

    pub(super) fn remove(&self, name: &str) {
        fs::remove_dir_all(self.path(name)).expect("removed");
    }

    /// The codes of what is wrong.
    #[track_caller]
    pub(super) fn is(&self, codes: &[&str]) -> Shelf {
        let shelf = self.shelf();
        assert_eq!(named(shelf.problems()), codes, "{:#?}", shelf.problems());
        shelf
    }
}

pub(super) fn named(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| &*finding.code).collect()
}

pub(super) fn sequences(shelf: &Shelf) -> Vec<u64> {
    let packages = shelf.packages().iter();
    packages.map(|package| package.sequence).collect()
}

#[test]
fn a_chain_is_found_among_others() {
    let nights = Nights::new();
    let made = nights.chain(12);
    // Another profile of the host, another host, another profile of another
    // host that claims to be ours, no backup at all, a copy, and no packages.
    let mut other = nights.said(1, None);
    other.name = "letters.exeat".into();
    other.series.as_mut().expect("one").id = Uuid::nil();
    nights.put(other);
    let stranger = SigningKey::generate("stranger");
    let mut claims = nights.said(13, None);
    claims.name = "claims.exeat".into();
    nights.put_by(&stranger, claims);
    let mut single = nights.said(1, None);
    (single.name, single.series) = ("single.exeat".into(), None);
    nights.put(single);
    let copy = nights.path("copy of n3.exeat");
    fs::create_dir(&copy).expect("made");
    for item in fs::read_dir(nights.path("n3.exeat")).expect("lists") {
        let item = item.expect("lists");
        fs::copy(item.path(), copy.join(item.file_name())).expect("copied");
    }
    fs::write(nights.path("a file.exeat"), "x").expect("written");
    std::os::unix::fs::symlink(nights.path("n3.exeat"), nights.path("link.exeat")).expect("made");
    fs::create_dir(nights.path(".hidden.exeat")).expect("made");
    fs::create_dir(nights.path("folder")).expect("made");
    let shelf = nights.is(&[]);
    assert_eq!(sequences(&shelf), (1..=12).collect::<Vec<_>>());
    assert_eq!(shelf.others(), 4);
    let newest = shelf.newest().expect("twelve");
    assert_eq!((newest.id, newest.created), (made[11].id, at(12)));
    assert_eq!(newest.manifest_sha256, made[11].digest);
    assert_eq!(newest.previous, Some(made[10].digest));
    let members = fs::read_dir(shelf.path_of(newest)).expect("lists");
    let bytes = members.map(|item| item.expect("lists").metadata().expect("there").len());
    assert_eq!(newest.bytes, bytes.sum::<u64>());
    assert!(shelf.held_against(None).is_empty());
}

#[test]
fn what_cannot_be_trusted_is_told() {
    let nights = Nights::new();
    nights.chain(2);
    // A manifest of ours that was altered: nothing follows from what it says.
    let manifest = nights.path("n2.exeat/manifest.json");
    let text = fs::read_to_string(&manifest).expect("there");
    let later = text.replacen("\"sequence\":2", "\"sequence\":9", 1);
    assert_ne!(text, later);
    fs::write(&manifest, later).expect("written");
    let shelf = nights.is(&["backup-unreadable"]);
    assert_eq!(shelf.problems()[0].severity, Severity::Refuse);
    assert_eq!(sequences(&shelf), [1]);
    // One that is not signed, and says whose it is; one that does not.
    fs::write(&manifest, &text).expect("written");
    fs::remove_file(nights.path("n2.exeat/manifest.json.sig")).expect("removed");
    assert_eq!(
        nights.is(&["backup-unreadable"]).problems()[0].severity,
        Severity::Refuse
    );
    fs::write(&manifest, "{}").expect("written");
    let shelf = nights.is(&["backup-unreadable"]);
    assert_eq!(shelf.problems()[0].severity, Severity::Warn);
    assert_eq!(shelf.problems()[0].spans, ["n2.exeat"]);
    nights.remove("n2.exeat");
    nights.is(&[]);
    // However many there are, not all of them are kept in memory.
    for number in 0..60 {
        fs::create_dir(nights.path(&format!("{number}\u{1b}.exeat"))).expect("made");
    }
    let shelf = nights.shelf();
    assert_eq!(shelf.problems().len(), 51);
    let last = &shelf.problems()[50];
    assert_eq!(last.message, "there are 10 more of this kind");
    assert_eq!(shelf.problems()[0].spans, ["0\\x1b.exeat"]);
}

#[test]
fn members_are_counted_and_measured() {
    let nights = Nights::new();
    nights.chain(3);
    fs::write(nights.path("n1.exeat/volume-00001.age"), "xx").expect("written");
    fs::remove_file(nights.path("n2.exeat/inventory.age")).expect("removed");
    let shelf = nights.is(&["backup-damaged", "backup-damaged"]);
    let said = &shelf.problems()[0].message;
    assert!(said.contains("volume-00001.age is too long"), "{said}");
    let said = shelf.packages()[1].damage.as_deref().expect("damaged");
    assert!(said.contains("inventory.age is missing"), "{said}");
    assert_eq!(shelf.packages()[2].damage, None);
    // Whatever the host remembers of them.
    let mut memory = Memory::new(nights.series, "/srv");
    let ids = shelf.packages().iter().map(|package| package.id);
    memory.verified = ids.map(|id| (id, at(9))).collect();
    let candidates = shelf.candidates(&memory);
    let verified: Vec<_> = candidates.iter().map(|one| one.is_verified).collect();
    assert_eq!(verified, [false, false, true]);
    memory.verified.clear();
    let mut candidates = shelf.candidates(&memory).into_iter();
    assert!(candidates.all(|one| !one.is_verified));
}

#[test]
fn a_missing_package_is_a_gap() {
    for (gone, words) in [
        (&[1][..], "number 1 is missing"),
        (&[3], "number 3 is missing"),
        (&[1, 2, 3], "numbers 1 to 3 are missing"),
    ] {
        let nights = Nights::new();
        nights.chain(5);
        for number in gone {
            nights.remove(&format!("n{number}.exeat"));
        }
        let shelf = nights.is(&["backup-gap"]);
        let said = &shelf.problems()[0].message;
        assert!(said.contains(words), "{said}");
    }
    // One that claims a place far away costs no memory.
    let nights = Nights::new();
    nights.put(nights.said(u64::MAX, None));
    nights.put(nights.said(7, None));
    nights.is(&["backup-gap", "backup-gap"]);
}

#[test]
fn a_fork_is_told() {
    // Two of one place, of which the last one follows one.
    let nights = Nights::new();
    let made = nights.chain(3);
    let mut twin = nights.said(2, Some(made[0].digest));
    twin.name = "twin.exeat".into();
    nights.put(twin);
    let shelf = nights.is(&["backup-fork"]);
    assert_eq!(shelf.problems()[0].spans.len(), 2);
    // One that follows another than the one before it, or none.
    for previous in [None, Some(Digest::of(b"other"))] {
        let nights = Nights::new();
        nights.chain(2);
        nights.put(nights.said(3, previous));
        let said = &nights.is(&["backup-fork"]).problems()[0].message.clone();
        assert!(said.contains("number 3 does not follow"), "{said}");
    }
    let nights = Nights::new();
    nights.put(nights.said(1, Some(Digest::of(b"other"))));
    nights.is(&["backup-fork"]);
}

#[test]
fn a_base_that_is_not_there_is_missed() {
    let nights = Nights::new();
    let made = nights.chain(2);
    let mut needing = nights.said(3, Some(made[1].digest));
    needing.series.as_mut().expect("one").base = vec![made[0].id, made[1].id];
    nights.put(needing);
    nights.is(&[]);
    nights.remove("n1.exeat");
    let shelf = nights.is(&["backup-gap", "backup-base-missing"]);
    assert_eq!(shelf.problems()[1].spans, [made[0].id.to_string()]);
}

#[test]
fn a_clock_that_was_set_back_is_worth_a_warning() {
    let nights = Nights::new();
    let made = nights.chain(2);
    let mut back = nights.said(3, Some(made[1].digest));
    back.created = Timestamp::UNIX_EPOCH;
    nights.put(back);
    let shelf = nights.is(&["backup-clock"]);
    assert_eq!(shelf.problems()[0].severity, Severity::Warn);
    assert_eq!(sequences(&shelf), [1, 2, 3]);
}

#[test]
fn a_folder_that_was_put_back_is_noticed() {
    let nights = Nights::new();
    let made = nights.chain(5);
    let tip = |number: usize| Tip {
        created: at(5),
        manifest_sha256: made[number - 1].digest,
        sequence: number as u64,
    };
    let against = |tip: Tip| {
        let findings = nights.shelf().held_against(Some(&tip));
        named(&findings).join(" ")
    };
    assert_eq!(against(tip(5)), "");
    // A run that published, and was stopped before it could remember.
    assert_eq!(against(tip(4)), "");
    let other = Digest::of(b"other");
    let forked = |number| Tip {
        manifest_sha256: other,
        ..tip(number)
    };
    assert_eq!(against(forked(5)), "backup-fork");
    assert_eq!(against(forked(3)), "backup-fork");
    nights.remove("n4.exeat");
    // It is a gap already; what follows it still names it.
    assert_eq!(against(tip(4)), "");
    assert_eq!(against(forked(4)), "backup-fork");
    nights.remove("n5.exeat");
    assert_eq!(against(tip(5)), "backup-replayed");
    assert_eq!(against(tip(3)), "");
    for number in 1..=3 {
        nights.remove(&format!("n{number}.exeat"));
    }
    let findings = nights.shelf().held_against(Some(&tip(5)));
    assert_eq!(named(&findings), ["backup-replayed"]);
    assert_eq!(findings[0].severity, Severity::Refuse);
    assert!(
        findings[0].message.contains("there is none"),
        "{findings:?}"
    );
}

#[test]
fn the_next_one_goes_after_all_that_is_known() {
    let nights = Nights::new();
    let first = Place {
        sequence: FIRST_SEQUENCE,
        previous: None,
    };
    assert_eq!(nights.shelf().next_place(None), first);
    let made = nights.chain(3);
    let third = Place {
        sequence: 4,
        previous: Some(made[2].digest),
    };
    assert_eq!(nights.shelf().next_place(None), third);
    let tip = |sequence| Tip {
        created: at(1),
        manifest_sha256: Digest::of(b"remembered"),
        sequence,
    };
    assert_eq!(nights.shelf().next_place(Some(&tip(2))), third);
    assert_eq!(nights.shelf().next_place(Some(&tip(3))), third);
    let remembered = Place {
        sequence: 6,
        previous: Some(tip(5).manifest_sha256),
    };
    assert_eq!(nights.shelf().next_place(Some(&tip(5))), remembered);
    // Accepted as missing, and then forgotten by the host: never used again.
    let mut shelf = nights.shelf();
    let accepted = shelf.accept_missing(Some(&tip(5)), &nights.key, at(9));
    assert_eq!(accepted.expect("recorded").len(), 2);
    assert_eq!(nights.shelf().next_place(None), remembered);
    nights.put(nights.said(6, remembered.previous));
    nights.is(&[]);
}

/// Says stop at once.
struct Stopped;

impl Progress for Stopped {
    fn cancelled(&self) -> bool {
        true
    }
}

#[test]
fn a_folder_that_is_not_there_and_a_caller_who_stops() {
    let nights = Nights::new();
    let key = nights.key.public();
    let nowhere = nights.path("nowhere");
    let error = Shelf::read(&nowhere, nights.series, &key, &Silent).expect_err("nowhere");
    assert_eq!(error.code(), "backup-folder");
    nights.chain(1);
    let read = Shelf::read(nights.dir.path(), nights.series, &key, &Stopped);
    assert_eq!(read.expect_err("stopped").code(), "interrupted");
}
