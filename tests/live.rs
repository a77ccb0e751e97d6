//! Sources that are in use while they are sealed: nothing that happens to a file
//! stops the rest, what was not had whole is marked, and the package is sound.
#![expect(clippy::disallowed_methods, reason = "a test makes files of its own")]

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use exeat_core::decide::{Decision, History, Request, Requester, Terms};
use exeat_core::deliver::{self, Staging};
use exeat_core::destination::Destination;
use exeat_core::diagnostic::Explain as _;
use exeat_core::keys::{IdentityPair, Recipient, Recipients};
use exeat_core::ledger::Ledger;
use exeat_core::manifest::PackageId;
use exeat_core::open::{self, OpenOptions};
use exeat_core::policy::Policy;
use exeat_core::progress::{Progress, Silent};
use exeat_core::seal::{self, Compress, SealOptions};
use exeat_core::signature::{AllowedSigner, AllowedSigners, PACKAGE_NAMESPACE, SigningKey};
use exeat_core::source::{ListOptions, Source};
use exeat_core::verify::Package;
use jiff::Timestamp;

/// Does something to the source when the file's turn has come, once.
struct Meddler<'a> {
    at: &'static str,
    meddle: Mutex<Option<Box<dyn FnOnce() + Send + 'a>>>,
}

impl Progress for Meddler<'_> {
    fn current(&self, path: &dyn Display) {
        if path.to_string() == self.at {
            let meddle = self.meddle.lock().expect("nobody panics").take();
            if let Some(meddle) = meddle {
                meddle();
            }
        }
    }
}

/// What a package says of a file, and what it holds.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Whole(Vec<u8>),
    Torn(Vec<u8>, String),
    LeftOut(String),
}

const LARGE: usize = 3_000_000;

/// Each fills a volume alone.
const ALONE: [&str; 3] = ["m1", "m2", "m3"];

/// A tree of `a`, `b` and `c`, `large`, which spans volumes, and what is alone in
/// a volume.
fn tree(root: &Path) {
    fs::create_dir(root).expect("new");
    for name in ["a", "b", "c"] {
        fs::write(root.join(name), name.repeat(5000)).expect("written");
    }
    fs::write(root.join("large"), vec![b'l'; LARGE]).expect("written");
    for name in ALONE {
        fs::write(root.join(name), name.repeat(350_000)).expect("written");
    }
}

/// Seals the tree while `meddle` happens at the turn of `at`, verifies all of
/// the package, opens it, and says what it has.
fn sealed(
    at: &'static str,
    meddle: impl FnOnce(&Path) + Send,
) -> Result<BTreeMap<String, Found>, String> {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("tree");
    tree(&root);
    let disk = dir.path().join("disk");
    fs::create_dir(&disk).expect("new");
    let (sender, recipient) = (SigningKey::generate("sender"), IdentityPair::generate());
    let source = Source::open(&[&root]).expect("opens");
    let live = ListOptions {
        live: true,
        keep_owner: true,
        ..ListOptions::default()
    };
    let listing = source.list(&live, &Silent).expect("lists");
    let request = Request {
        terms: Terms {
            export: PackageId::generate(),
            destination: Destination::folder(&disk, "p".parse().expect("a name"), &source)
                .expect("a place"),
            created: Timestamp::UNIX_EPOCH,
            label: None,
            purpose: None,
            requester: Requester::of(1000),
        },
        recipients: Recipients::keys(vec![
            Recipient::parse(&recipient.recipient()).expect("a key"),
        ])
        .expect("one"),
        signer: Some(sender.public().fingerprint()),
        approvals: Default::default(),
    };
    let policy = Policy::floor();
    let Decision::Permit(permit) = policy.decide(request, listing) else {
        panic!("refused");
    };
    let staging = Staging::create(&permit, 0o022).expect("staging");
    let options = SealOptions {
        compress: Compress::None,
        volume_size: Some(1 << 20),
        ..SealOptions::default()
    };
    let meddler = Meddler {
        at,
        meddle: Mutex::new(Some(Box::new(|| meddle(&root)))),
    };
    let sealed = seal::seal(permit, &source, staging, &options, &meddler);
    let meddled = meddler
        .meddle
        .into_inner()
        .expect("nobody panics")
        .is_none();
    assert!(meddled, "the test did not get to meddle");
    let sealed = match sealed {
        Ok(sealed) => sealed,
        Err(error) => {
            let left = fs::read_dir(&disk).expect("readable").count();
            assert_eq!(left, 0, "something was left behind");
            return Err(error.code().to_owned());
        }
    };
    let Decision::Permit(release) = policy.decide_content(&sealed.content(), &History::default())
    else {
        panic!("refused");
    };
    let ledger = Ledger::open(&dir.path().join("ledger.jsonl")).expect("a ledger");
    let intent = ledger.lock().expect("nobody else").intend(&release);
    let complete = sealed.complete(release, &sender, intent.expect("recorded"));
    let delivered = deliver::publish(complete.expect("complete")).expect("published");
    let line = AllowedSigner::new("sender", &[PACKAGE_NAMESPACE], sender.public());
    let mut allowed = AllowedSigners::empty();
    allowed.push(line.expect("a line"));
    let verified = Package::open(&delivered.path)
        .expect("a package")
        .verify(&allowed, Timestamp::UNIX_EPOCH, None)
        .expect("verifies");
    let unlocked = verified.unlock(&recipient.identities()).expect("unlocks");
    unlocked
        .verify_contents(None, &Silent)
        .expect("all of it is right");
    let to = dir.path().join("opened");
    let target = open::target(unlocked.verified(), &to).expect("a place");
    let header = unlocked.inventory().header();
    let permit = policy.decide_open(header, target).expect("nobody's data");
    open::open(&unlocked, permit, &OpenOptions::default(), &Silent).expect("opened");
    let mut found = BTreeMap::new();
    for record in unlocked.inventory().entries().skip(1) {
        let path = record.path().to_string();
        let name = path.strip_prefix("tree/").expect("below").to_owned();
        let what = match (record.skipped(), record.lapse()) {
            (Some(reason), _) => {
                assert!(fs::symlink_metadata(to.join(&path)).is_err());
                Found::LeftOut(reason.to_owned())
            }
            (None, Some(reason)) => {
                Found::Torn(fs::read(to.join(&path)).expect("made"), reason.to_owned())
            }
            (None, None) => Found::Whole(fs::read(to.join(&path)).expect("made")),
        };
        found.insert(name, what);
    }
    Ok(found)
}

/// All as it was but what is said.
fn expected(but: &str, what: Found) -> BTreeMap<String, Found> {
    let mut all: BTreeMap<_, _> = ["a", "b", "c"]
        .into_iter()
        .map(|name| (name.to_owned(), Found::Whole(name.repeat(5000).into())))
        .collect();
    all.insert("large".into(), Found::Whole(vec![b'l'; LARGE]));
    for name in ALONE {
        all.insert(name.into(), Found::Whole(name.repeat(350_000).into()));
    }
    all.insert(but.into(), what);
    all
}

fn left_out() -> Found {
    Found::LeftOut("gone before its turn".into())
}

fn torn(bytes: Vec<u8>) -> Found {
    Found::Torn(bytes, "changed while it was read".into())
}

#[test]
fn what_is_gone_when_its_turn_comes_is_left_out() {
    let gone = sealed("tree/b", |root| {
        fs::remove_file(root.join("b")).expect("gone")
    });
    assert_eq!(gone, Ok(expected("b", left_out())));
    let folder = sealed("tree/b", |root| {
        fs::remove_file(root.join("b")).expect("gone");
        fs::create_dir(root.join("b")).expect("new");
    });
    assert_eq!(folder, Ok(expected("b", left_out())));
}

#[test]
fn a_volume_of_which_nothing_is_left_is_empty() {
    let gone = |name: &'static str, at: &'static str| {
        let sealed = sealed(at, |root| fs::remove_file(root.join(name)).expect("gone"));
        assert_eq!(sealed, Ok(expected(name, left_out())), "{name}");
    };
    gone("m1", "tree/m1");
    gone("m2", "tree/m2");
    gone("m3", "tree/m3");
}

#[test]
fn nobody_waits_for_what_has_become_a_pipe_or_follows_a_link() {
    let pipe = sealed("tree/b", |root| {
        fs::remove_file(root.join("b")).expect("gone");
        let made = Command::new("mkfifo").arg(root.join("b")).status();
        assert!(made.expect("mkfifo runs").success());
    });
    assert_eq!(pipe, Ok(expected("b", left_out())));
    let link = sealed("tree/b", |root| {
        fs::remove_file(root.join("b")).expect("gone");
        std::os::unix::fs::symlink("/etc/passwd", root.join("b")).expect("a link");
    });
    assert_eq!(link, Ok(expected("b", left_out())));
}

#[test]
fn what_has_grown_is_there_as_far_as_it_was_listed() {
    let grown = sealed("tree/b", |root| {
        let mut longer = "b".repeat(5000);
        longer += "and more";
        fs::write(root.join("b"), longer).expect("written");
    });
    assert_eq!(grown, Ok(expected("b", torn("b".repeat(5000).into()))));
}

#[test]
fn what_has_shrunk_is_filled_with_zeros_and_marked() {
    let shrunk = sealed("tree/b", |root| {
        fs::write(root.join("b"), "bb").expect("written")
    });
    let mut bytes = vec![0; 5000];
    bytes[..2].copy_from_slice(b"bb");
    assert_eq!(shrunk, Ok(expected("b", torn(bytes))));
}

#[test]
fn what_changed_before_its_turn_and_is_as_long_is_whole() {
    let other = sealed("tree/b", |root| {
        use std::io::Write as _;
        let mut file = fs::File::options()
            .write(true)
            .open(root.join("b"))
            .expect("opens");
        file.write_all(&[b'x'; 5000]).expect("written");
    });
    assert_eq!(other, Ok(expected("b", Found::Whole(vec![b'x'; 5000]))));
}

#[test]
fn a_file_that_spans_volumes_and_is_gone_makes_the_run_begin_again() {
    let gone = sealed("tree/large", |root| {
        fs::remove_file(root.join("large")).expect("gone");
    });
    assert_eq!(gone, Err("source-changed".to_owned()));
}

#[test]
fn a_file_that_spans_volumes_and_was_replaced_is_marked() {
    let other = sealed("tree/large", |root| {
        fs::write(root.join("new"), vec![b'm'; LARGE]).expect("written");
        fs::rename(root.join("new"), root.join("large")).expect("renamed");
    });
    match &other.expect("sealed")["large"] {
        Found::Torn(bytes, reason) => {
            assert_eq!(bytes.len(), LARGE);
            assert_eq!(reason, "changed while it was read");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn sockets_and_pipes_are_named_and_not_waited_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().join("tree");
    fs::create_dir(&root).expect("new");
    fs::write(root.join("file"), "x").expect("written");
    let _socket = UnixListener::bind(root.join("socket")).expect("bound");
    let made = Command::new("mkfifo").arg(root.join("pipe")).status();
    assert!(made.expect("mkfifo runs").success());
    let source = Source::open(&[&root]).expect("opens");
    let live = ListOptions {
        live: true,
        ..ListOptions::default()
    };
    let listing = source.list(&live, &Silent).expect("lists");
    let skipped: Vec<_> = listing
        .entries()
        .filter_map(|entry| {
            Some((
                entry.path().to_string(),
                entry.skipped()?,
                entry.is_skipped_by_nature(),
            ))
        })
        .collect();
    let expected = [
        ("tree/pipe".to_owned(), "a pipe", true),
        ("tree/socket".to_owned(), "a socket", true),
    ];
    assert_eq!(skipped, expected);
    assert!(source.list(&ListOptions::default(), &Silent).is_err());
}
