//! What sealing must refuse: a source that changes while it is read, whenever
//! that is, and permits for something else.
#![expect(clippy::disallowed_methods, reason = "a test makes files of its own")]

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use exeat_core::approval::{self, Answer, Approvals};
use exeat_core::decide::{
    Decision, History, Past, Permit, Proposal, ReleasePermit, Request, Requester, Subject, Terms,
};
use exeat_core::deliver::{DeliverError, Staging};
use exeat_core::destination::Destination;
use exeat_core::diagnostic::Explain as _;
use exeat_core::inspect::{self, InspectOptions};
use exeat_core::keys::{IdentityPair, Recipient, Recipients};
use exeat_core::ledger::Ledger;
use exeat_core::manifest::{PackageId, RequestId, Verdict};
use exeat_core::policy::{Policy, PolicyFile};
use exeat_core::progress::{Progress, Silent};
use exeat_core::seal::{self, Compress, SealError, SealOptions};
use exeat_core::signature::SigningKey;
use exeat_core::source::{ListOptions, Listing, Source};
use tempfile::TempDir;

/// A source of two files in a folder, `a` before `b`, and a folder to export to.
fn sample() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let tree = dir.path().join("tree");
    fs::create_dir_all(tree.join("folder")).expect("made");
    fs::create_dir(dir.path().join("to")).expect("made");
    fs::write(tree.join("a"), "first").expect("written");
    fs::write(tree.join("b"), "second").expect("written");
    (dir, tree)
}

fn permit(source: &Source, to: &Path, package: PackageId) -> Permit {
    signed_permit(source, to, package, &SigningKey::generate("sender"))
}

fn signed_permit(source: &Source, to: &Path, package: PackageId, signer: &SigningKey) -> Permit {
    let name = "p".parse().expect("a name");
    let destination = Destination::folder(to, name, source).expect("a place");
    permit_by(&Policy::floor(), source, destination, package, signer)
}

fn permit_by(
    policy: &Policy,
    source: &Source,
    destination: Destination,
    package: PackageId,
    signer: &SigningKey,
) -> Permit {
    let recipient = Recipient::parse(&IdentityPair::generate().recipient()).expect("a recipient");
    let request = Request {
        terms: Terms {
            export: package,
            destination,
            created: jiff::Timestamp::UNIX_EPOCH,
            label: None,
            purpose: None,
            requester: Requester::of(1000),
        },
        recipients: Recipients::keys(vec![recipient]).expect("one"),
        signer: Some(signer.public().fingerprint()),
        approvals: Default::default(),
    };
    let listing = source
        .list(&ListOptions::default(), &Silent)
        .expect("lists");
    match policy.decide(request, listing) {
        Decision::Permit(permit) => permit,
        Decision::Refusal(refusal) => panic!("{:?}", refusal.findings()),
    }
}

/// Does something to the source when `b` is about to be read, or has been.
struct Meddler<F> {
    meddle: F,
    done: AtomicBool,
}

impl<F: Fn() + Sync> Progress for Meddler<F> {
    fn current(&self, path: &dyn Display) {
        if path.to_string() == "tree/b" && !self.done.swap(true, Ordering::Relaxed) {
            (self.meddle)();
        }
    }
}

fn options() -> SealOptions {
    SealOptions {
        compress: Compress::None,
        ..SealOptions::default()
    }
}

/// The code of the error that sealing ends with when `meddle` happens between
/// the reading of `a` and that of `b`.
fn meddled(meddle: impl Fn(&Path) + Sync) -> String {
    let (dir, tree) = sample();
    let to = dir.path().join("to");
    let source = Source::open(&[&tree]).expect("opens");
    let permit = permit(&source, &to, PackageId::generate());
    let staging = Staging::create(&permit, 0o022).expect("staging");
    let meddler = Meddler {
        meddle: || meddle(&tree),
        done: AtomicBool::new(false),
    };
    let result = seal::seal(permit, &source, staging, &options(), &meddler);
    assert!(meddler.done.into_inner(), "the test did not get to meddle");
    let code = match &result {
        Ok(_) => "sealed".to_owned(),
        Err(error) => error.code().to_owned(),
    };
    drop(result);
    assert_eq!(
        fs::read_dir(&to).expect("readable").count(),
        0,
        "something was left behind"
    );
    code
}

#[test]
fn a_quiet_source_is_sealed() {
    assert_eq!(meddled(|_| {}), "sealed");
    // Reading is no change.
    assert_eq!(meddled(|tree| drop(fs::read(tree.join("a")))), "sealed");
}

#[test]
fn a_file_that_changes_after_its_turn_stops_the_export() {
    let changed = |meddle: &(dyn Fn(&Path) + Sync)| {
        assert_eq!(meddled(meddle), "source-changed");
    };
    // The same length, so that only the time of change tells.
    changed(&|tree| fs::write(tree.join("a"), "FIRST").expect("written"));
    changed(&|tree| fs::write(tree.join("a"), "longer than before").expect("written"));
    changed(&|tree| fs::remove_file(tree.join("a")).expect("removed"));
    changed(&|tree| {
        fs::write(tree.join("c"), "first").expect("written");
        fs::rename(tree.join("c"), tree.join("a")).expect("renamed");
    });
}

#[test]
fn a_folder_that_changes_stops_the_export() {
    let changed = |meddle: &(dyn Fn(&Path) + Sync)| {
        assert_eq!(meddled(meddle), "source-changed");
    };
    changed(&|tree| fs::write(tree.join("folder/new"), "x").expect("written"));
    changed(&|tree| fs::create_dir(tree.join("another")).expect("made"));
    changed(&|tree| {
        fs::remove_dir(tree.join("folder")).expect("removed");
        std::os::unix::fs::symlink("/", tree.join("folder")).expect("made");
    });
}

#[test]
fn a_file_that_changes_before_its_turn_stops_the_export() {
    assert_eq!(
        meddled(|tree| fs::write(tree.join("b"), "SECOND").expect("written")),
        "source-changed"
    );
    assert_eq!(
        meddled(|tree| {
            fs::remove_file(tree.join("b")).expect("removed");
            std::os::unix::fs::symlink("/etc/hostname", tree.join("b")).expect("made");
        }),
        "source-changed"
    );
}

#[test]
fn a_permit_is_for_one_source_and_one_destination() {
    let (dir, tree) = sample();
    let (to, other) = (dir.path().join("to"), dir.path().join("other"));
    fs::create_dir(&other).expect("made");
    let package = PackageId::generate();
    let source = Source::open(&[&tree]).expect("opens");
    let here = permit(&source, &to, package);
    let elsewhere = permit(&source, &other, package);
    let staging = Staging::create(&elsewhere, 0o022).expect("staging");
    let result = seal::seal(here, &source, staging, &options(), &Silent);
    assert!(
        matches!(result, Err(SealError::Permit)),
        "another destination"
    );

    let here = permit(&source, &to, package);
    let staging = Staging::create(&here, 0o022).expect("staging");
    let same_tree = Source::open(&[&tree]).expect("opens");
    let result = seal::seal(here, &same_tree, staging, &options(), &Silent);
    assert!(matches!(result, Err(SealError::Permit)), "another source");
}

#[test]
fn a_release_is_for_one_content_and_one_signer() {
    let (dir, tree) = sample();
    let package = PackageId::generate();
    let signer = SigningKey::generate("sender");
    let seal = || {
        let source = Source::open(&[&tree]).expect("opens");
        let permit = signed_permit(&source, &dir.path().join("to"), package, &signer);
        let staging = Staging::create(&permit, 0o022).expect("staging");
        seal::seal(permit, &source, staging, &options(), &Silent).expect("sealed")
    };
    let release = |content: &seal::Sealed<Staging>| match Policy::floor()
        .decide_content(&content.content(), &History::default())
    {
        Decision::Permit(release) => release,
        Decision::Refusal(refusal) => panic!("{:?}", refusal.findings()),
    };
    let first = seal();
    let (for_first, for_first_again) = (release(&first), release(&first));
    let ledger = Ledger::open(&dir.path().join("ledger.jsonl")).expect("a ledger");
    let intent = |release: &ReleasePermit| {
        let locked = ledger.lock().expect("nobody else");
        locked.intend(release).expect("recorded")
    };
    let recorded = intent(&for_first);
    first
        .complete(for_first, &signer, recorded)
        .expect("its own release");
    fs::write(tree.join("a"), "other").expect("written");
    let recorded = intent(&for_first_again);
    let result = seal().complete(for_first_again, &signer, recorded);
    assert!(matches!(result, Err(SealError::Permit)), "other content");
    let third = seal();
    let for_third = release(&third);
    let recorded = intent(&for_third);
    let result = third.complete(for_third, &SigningKey::generate("sender"), recorded);
    assert!(matches!(result, Err(SealError::Permit)), "another signer");
}

#[test]
fn a_stream_is_the_one_that_was_decided_on() {
    let (dir, tree) = sample();
    let source = Source::open(&[&tree]).expect("opens");
    let signer = SigningKey::generate("sender");
    let (_reader, one) = std::io::pipe().expect("a pipe");
    let (_other_reader, other) = std::io::pipe().expect("a pipe");
    let to_one = |policy: &Policy| {
        let destination = Destination::stream(&one);
        permit_by(policy, &source, destination, PackageId::generate(), &signer)
    };
    let permit_error = |result: Result<Staging, DeliverError>| match result {
        Err(error) => assert_eq!(error.code(), "permit-mismatch"),
        Ok(_) => panic!("staged"),
    };
    let permit = to_one(&Policy::floor());
    permit_error(Staging::stream(&permit, other, dir.path()));
    permit_error(Staging::create(&permit, 0o022));
    let again = one.try_clone().expect("the same pipe");
    let staging = Staging::stream(&permit, again, dir.path()).expect("the same pipe");
    let to_folder = self::permit(&source, &dir.path().join("to"), PackageId::generate());
    let again = one.try_clone().expect("the same pipe");
    permit_error(Staging::stream(&to_folder, again, dir.path()));
    seal::seal(permit, &source, staging, &options(), &Silent).expect("sealed");
    // Where rules ask about content, it is looked at before any of it goes.
    let rules = PolicyFile {
        path: "rules.toml".into(),
        text: "[ceiling]\npeople = 5\n".into(),
    };
    let policy = Policy::from_layers(&[rules], |path| fs::read_to_string(path)).expect("rules");
    let permit = to_one(&policy);
    assert!(permit.wants_first_look());
    let again = one.try_clone().expect("the same pipe");
    let staging = Staging::stream(&permit, again, dir.path()).expect("the same pipe");
    let sealed = seal::seal(permit, &source, staging, &options(), &Silent);
    assert!(matches!(sealed, Err(SealError::Permit)));
    let permit = to_one(&policy);
    let looked_at = |source: &Source, listing: &Listing| {
        inspect::inspect(source, listing, InspectOptions::default(), &Silent).expect("inspected")
    };
    let other_listing = source
        .list(&ListOptions::default(), &Silent)
        .expect("lists");
    let of_another = looked_at(&source, &other_listing);
    let history = History::default();
    let decision = policy.decide_first_look(permit, &of_another, &history);
    assert!(
        matches!(decision, Decision::Refusal(_)),
        "of another listing"
    );
    let permit = to_one(&policy);
    let inspected = looked_at(&source, permit.listing());
    let Decision::Permit(permit) = policy.decide_first_look(permit, &inspected, &history) else {
        panic!("refused");
    };
    let again = one.try_clone().expect("the same pipe");
    let staging = Staging::stream(&permit, again, dir.path()).expect("the same pipe");
    seal::seal(permit, &source, staging, &options(), &Silent).expect("sealed");
}

/// Does something to the source when a file is about to be read for the nth time.
struct AtTurn<F> {
    turns: AtomicUsize,
    turn: usize,
    meddle: F,
}

impl<F: Fn() + Sync> Progress for AtTurn<F> {
    fn current(&self, path: &dyn Display) {
        if path.to_string() == "tree/b" {
            let turn = self.turns.fetch_add(1, Ordering::Relaxed) + 1;
            if turn == self.turn {
                (self.meddle)();
            }
        }
    }
}

/// A permit for content that somebody has approved.
fn approved_permit(source: &Source, to: &Path) -> Permit {
    let list = || {
        source
            .list(&ListOptions::default(), &Silent)
            .expect("lists")
    };
    let (policy, history) = (Policy::floor(), History::default());
    let key = IdentityPair::generate().recipient();
    let recipients = || {
        let recipient = Recipient::parse(&key).expect("a recipient");
        Recipients::keys(vec![recipient]).expect("one")
    };
    let (signer, approver) = (SigningKey::generate("sender"), SigningKey::generate("ada"));
    let now = jiff::Timestamp::UNIX_EPOCH;
    let proposal = Proposal {
        id: RequestId::generate(),
        created: now,
        expires: now + jiff::SignedDuration::from_hours(1),
        label: None,
        purpose: "audit".parse().expect("a note"),
        recipients: recipients(),
        requester: Requester::of(1000),
        signer: signer.public().fingerprint(),
        target: None,
    };
    let listing = list();
    let inspected = inspect::inspect(source, &listing, InspectOptions::default(), &Silent);
    let inspected = inspected.expect("inspected");
    let proposed = policy.propose(&proposal, &listing, Subject::Content(&inspected), &history);
    let request = proposed.expect("nothing speaks against it").request;
    let request = request.sign(&signer).expect("signed");
    let yes = Answer {
        verdict: Verdict::Approve,
        why: None,
        created: now,
        expires: None,
    };
    let approval = approval::answer(&request, yes, &approver).expect("answered");
    let name = "p".parse().expect("a name");
    let request = Request {
        terms: Terms {
            export: PackageId::generate(),
            destination: Destination::folder(to, name, source).expect("a place"),
            created: now,
            label: None,
            purpose: Some(proposal.purpose.clone()),
            requester: Requester::of(1000),
        },
        recipients: recipients(),
        signer: Some(signer.public().fingerprint()),
        approvals: Approvals::new(vec![approval]).expect("one"),
    };
    match policy.decide(request, list()) {
        Decision::Permit(permit) => permit,
        Decision::Refusal(refusal) => panic!("{:?}", refusal.findings()),
    }
}

/// Of what was approved a file that spans volumes is read once more when it has
/// been sealed: between the two it does not change.
#[test]
fn what_was_approved_does_not_change_after_it_was_sealed() {
    let (dir, tree) = sample();
    let to = dir.path().join("to");
    fs::write(tree.join("b"), vec![b'x'; 3 << 20]).expect("written");
    let source = Source::open(&[&tree]).expect("opens");
    let options = SealOptions {
        volume_size: Some(1 << 20),
        ..options()
    };
    let seal = |turn: usize| {
        let permit = approved_permit(&source, &to);
        let staging = Staging::create(&permit, 0o022).expect("staging");
        let meddler = AtTurn {
            turns: AtomicUsize::new(0),
            turn,
            meddle: || fs::write(tree.join("b"), vec![b'y'; 3 << 20]).expect("written"),
        };
        let sealed = seal::seal(permit, &source, staging, &options, &meddler);
        let history = History {
            request: Some(Past::default()),
            ..History::default()
        };
        let code = match &sealed {
            Ok(sealed) => match Policy::floor().decide_content(&sealed.content(), &history) {
                Decision::Permit(_) => "permitted".to_owned(),
                Decision::Refusal(_) => "refused".to_owned(),
            },
            Err(error) => error.code().to_owned(),
        };
        (meddler.turns.into_inner(), code)
    };
    let (turns, code) = seal(0);
    assert_eq!(code, "permitted");
    // Four volumes or more, and the whole of it.
    assert!(turns >= 5, "{turns}");
    assert_eq!(seal(turns).1, "source-changed");
}
