//! What a receipt acknowledges, what it does not, and what is still awaited.

use super::*;
use crate::manifest::Checkpoint;
use crate::receipt::{Extent, Receipt};
use crate::signature::{AllowedSigner, AllowedSigners, RECEIPT_NAMESPACE, SigningKey};
use crate::statement::Signed;

/// A ledger of its own, the sender whose it is, and a recipient who is trusted
/// with receipts.
struct Office {
    _folder: TempDir,
    path: PathBuf,
    ledger: Ledger,
    sender: SigningKey,
    recipient: SigningKey,
    allowed: AllowedSigners,
}

/// What left.
struct Sent {
    id: PackageId,
    intent: u64,
    manifest: Digest,
    checkpoint: Signed<Checkpoint>,
}

fn trust(allowed: &mut AllowedSigners, name: &str, namespace: &str, key: &SigningKey) {
    let line = AllowedSigner::new(name, &[namespace], key.public());
    allowed.push(line.expect("a line"));
}

impl Office {
    fn new() -> Self {
        NOW.set(0);
        let (folder, path) = folder();
        let (sender, recipient) = (SigningKey::generate("ada"), SigningKey::generate("bob"));
        let mut allowed = AllowedSigners::empty();
        trust(&mut allowed, "bob", RECEIPT_NAMESPACE, &recipient);
        Self {
            ledger: open(&path),
            _folder: folder,
            path,
            sender,
            recipient,
            allowed,
        }
    }

    fn intend(&self, id: PackageId, recipients: &[&str]) -> Intent {
        let named = |name: &&str| NamedKey {
            key: format!("age1{name}"),
            name: Some((*name).to_owned()),
        };
        let export = Export {
            id,
            recipients: recipients.iter().map(named).collect(),
            signer: Some(self.sender.public().fingerprint().to_string()),
            ..export(7, Form::Encrypted)
        };
        let locked = self.ledger.lock().expect("nobody else");
        locked.record_intent(&export, &found(1)).expect("recorded")
    }

    /// Sends a package, or passes on the one with this manifest.
    fn send(&self, recipients: &[&str], manifest: Option<Digest>) -> Sent {
        let id = PackageId::generate();
        let manifest = manifest.unwrap_or_else(|| Digest::of(id.to_string().as_bytes()));
        let mut intent = self.intend(id, recipients);
        let number = intent.sequence();
        let checkpoint = intent.checkpoint(&self.sender).expect("signs");
        intent.delivered(9, Some(manifest)).expect("recorded");
        Sent {
            id,
            intent: number,
            manifest,
            checkpoint,
        }
    }

    /// A receipt that `key` signs.
    fn receipt(&self, sent: &Sent, key: &SigningKey) -> Signed<Receipt> {
        let receipt = Receipt {
            checkpoint: Some(sent.checkpoint.clone()),
            manifest_sha256: sent.manifest,
            package: sent.id,
            received: at(60),
            sender: self.sender.public().fingerprint(),
            verified: Extent::Content,
        };
        Signed::sign(receipt, key).expect("signs")
    }

    fn receive(&self, receipt: &Signed<Receipt>) -> Result<Acknowledged, ReceiveError> {
        let locked = self.ledger.lock().expect("nobody else");
        locked.receive(receipt, &self.allowed, None)
    }

    /// Gives the receipt, which changes nothing but is refused.
    #[track_caller]
    fn refused(&self, receipt: &Signed<Receipt>) -> ReceiveError {
        let before = text(&self.path);
        let error = self.receive(receipt).expect_err("refused");
        assert_eq!(text(&self.path), before);
        error
    }

    /// The intents that nobody has acknowledged after so many days.
    fn awaited(&self, days: i64) -> Vec<u64> {
        let due = jiff::SignedDuration::from_secs(days * DAY);
        let awaited = outstanding(&self.path, at(NOW.get()), due).expect("in order");
        awaited.iter().map(|one| one.intent).collect()
    }
}

/// A statement with one thing changed, signed as it is then.
fn changed(
    signed: &Signed<Receipt>,
    key: &SigningKey,
    edit: impl FnOnce(&mut Receipt),
) -> Signed<Receipt> {
    let mut receipt = signed.statement().clone();
    edit(&mut receipt);
    Signed::sign(receipt, key).expect("signs")
}

#[test]
fn a_receipt_acknowledges_what_it_is_for_once() {
    let office = Office::new();
    let (first, second) = (office.send(&["bob"], None), office.send(&["bob"], None));
    assert_eq!(office.awaited(0), [first.intent, second.intent]);
    let receipt = office.receipt(&first, &office.recipient);
    let got = office.receive(&receipt).expect("recorded");
    assert_eq!((got.intent, got.was_known), (first.intent, false));
    assert_eq!(got.by.principal(), "bob");
    assert_eq!(office.awaited(0), [second.intent]);
    let after = text(&office.path);
    let entry = after.lines().last().expect("an entry");
    assert!(entry.contains("\"kind\":\"receipt\"") && entry.contains("\"name\":\"bob\""));
    let fault = consult(&office.path, &[]).expect("in order");
    assert_eq!(fault.entries, 5);
    // The same, and another by the same one, are on record already.
    let later = changed(&receipt, &office.recipient, |receipt| {
        receipt.received = at(90)
    });
    for again in [&receipt, &later] {
        let got = office.receive(again).expect("known");
        assert_eq!((got.intent, got.was_known), (first.intent, true));
    }
    assert_eq!(text(&office.path), after);
}

#[test]
fn what_never_left_is_not_acknowledged() {
    let office = Office::new();
    let sent = office.send(&["bob"], None);
    let failed = PackageId::generate();
    office
        .intend(failed, &["bob"])
        .failed("no-space")
        .expect("recorded");
    let plain = export(7, Form::Plaintext);
    let intent = office.ledger.record_intent(&plain, &found(1));
    let intent = intent.expect("recorded");
    intent.delivered(9, None).expect("recorded");
    let good = office.receipt(&sent, &office.recipient);
    for package in [failed, plain.id, PackageId::generate()] {
        let receipt = changed(&good, &office.recipient, |receipt| {
            receipt.package = package;
            receipt.manifest_sha256 = Digest::of(b"other");
            receipt.checkpoint = None;
        });
        let error = office.refused(&receipt);
        assert_eq!(error.code(), "receipt-not-sent");
        assert_eq!(error.fault(), crate::diagnostic::Fault::Package);
    }
    // Another ledger's.
    let other = Office::new();
    let receipt = other.receipt(&other.send(&["bob"], None), &office.recipient);
    assert_eq!(office.refused(&receipt).code(), "receipt-not-sent");
}

#[test]
fn another_package_with_its_id_is_not_acknowledged() {
    let office = Office::new();
    let sent = office.send(&["bob"], None);
    let good = office.receipt(&sent, &office.recipient);
    let edits: [fn(&mut Receipt); 2] = [
        |receipt| receipt.manifest_sha256 = Digest::of(b"other"),
        |receipt| {
            receipt.checkpoint = None;
            receipt.sender = SigningKey::generate("eve").public().fingerprint();
        },
    ];
    for edit in edits {
        let receipt = changed(&good, &office.recipient, edit);
        let error = office.refused(&receipt);
        assert_eq!(error.code(), "receipt-other-package");
    }
    assert_eq!(office.awaited(0), [sent.intent]);
}

#[test]
fn only_those_who_are_trusted_with_receipts_acknowledge() {
    let mut office = Office::new();
    let sent = office.send(&["bob"], None);
    let stranger = SigningKey::generate("eve");
    let receipt = office.receipt(&sent, &stranger);
    assert_eq!(office.refused(&receipt).code(), "signer-unknown");
    let allowed = &mut office.allowed;
    trust(
        allowed,
        "eve",
        crate::signature::PACKAGE_NAMESPACE,
        &stranger,
    );
    let error = office.refused(&receipt);
    assert_eq!(error.code(), "signer-namespace");
    assert!(
        error
            .help()
            .expect("help")
            .contains("but not with receipts")
    );
    assert_eq!(office.awaited(0), [sent.intent]);
}

#[test]
fn what_may_have_arrived_is_awaited() {
    let office = Office::new();
    let ids = [(); 3].map(|()| PackageId::generate());
    let interrupted = office.intend(ids[0], &["bob"]);
    let mut expected = vec![interrupted.sequence()];
    interrupted.interrupted("x").expect("recorded");
    let unknown = office.intend(ids[1], &["bob"]);
    expected.push(unknown.sequence());
    std::mem::forget(unknown);
    office
        .intend(ids[2], &["bob"])
        .failed("no-space")
        .expect("recorded");
    assert_eq!(office.awaited(0), expected);
    // Its manifest is not on record, and the receipt's is as good as any.
    let receipt = Receipt {
        checkpoint: None,
        manifest_sha256: Digest::of(b"whatever"),
        package: ids[0],
        received: at(60),
        sender: office.sender.public().fingerprint(),
        verified: Extent::Content,
    };
    let receipt = Signed::sign(receipt, &office.recipient).expect("signs");
    office.receive(&receipt).expect("recorded");
    assert_eq!(office.awaited(0), expected[1..]);
}

#[test]
fn a_package_that_was_passed_on_has_releases_of_its_own() {
    let mut office = Office::new();
    let people: Vec<_> = ["bea", "cay", "dan"].map(SigningKey::generate).into();
    for (key, name) in people.iter().zip(["bea", "cay", "dan"]) {
        trust(&mut office.allowed, name, RECEIPT_NAMESPACE, key);
    }
    let export = office.send(&["bea", "cay"], None);
    let further = office.send(&["dan"], Some(export.manifest));
    let receive = |key| {
        let receipt = office.receipt(&export, key);
        office.receive(&receipt).expect("recorded").intent
    };
    assert_eq!(receive(&people[0]), export.intent);
    assert_eq!(office.awaited(0), [further.intent]);
    // Both of the first have it before the third is believed to.
    assert_eq!(receive(&people[1]), export.intent);
    assert_eq!(office.awaited(0), [further.intent]);
    assert_eq!(receive(&people[2]), further.intent);
    assert!(office.awaited(0).is_empty());
    // One more than there are recipients belongs to the export.
    assert_eq!(receive(&office.recipient), export.intent);
    // Whoever passes on what others sent has no export of it.
    let other = Office::new();
    let further = office.send(&["dan"], Some(other.send(&["ada"], None).manifest));
    let theirs = Sent {
        manifest: further.manifest,
        ..other.send(&["ada"], None)
    };
    let receipt = other.receipt(&theirs, &people[2]);
    let got = office.receive(&receipt).expect("no word about this ledger");
    assert_eq!(got.intent, further.intent);
}

#[test]
fn a_ledger_that_contradicts_what_comes_back_says_so() {
    let mut office = Office::new();
    office.send(&["bob"], None);
    let sent = office.send(&["bob"], None);
    let receipt = office.receipt(&sent, &office.recipient);
    // Somebody edits an entry before it, and makes the chain anew.
    let edited = text(&office.path).replacen("extract", "summary", 1);
    let remade = chained(&unsigned(&edited));
    fs::write(&office.path, remade).expect("written");
    office.ledger = open(&office.path);
    let error = office.receive(&receipt).expect_err("contradicted");
    assert_eq!(error.code(), "ledger-contradicted");
    let lines = text(&office.path).lines().count();
    assert_eq!(lines, 5);
    assert_eq!(
        office.ledger.check().expect_err("stopped").code(),
        "ledger-contradicted"
    );
    // Once somebody has looked, it is a receipt like any other.
    let requester = decide::Requester::of(7);
    let why = "restored from a copy".parse().expect("a note");
    let locked = office.ledger.lock().expect("nobody else");
    locked.recover(&requester, &why).expect("recorded");
    assert_eq!(
        office.receive(&receipt).expect("recorded").intent,
        sent.intent
    );
    assert_eq!(text(&office.path).lines().count(), 7);
}

/// Cut off before the release, and the chain is whole: who signs what leaves by
/// this ledger can tell.
#[test]
fn a_ledger_without_the_release_is_told_by_its_signers() {
    for has_signed in [true, false] {
        let mut office = Office::new();
        let intent = match has_signed {
            true => office.intend(PackageId::generate(), &["bob"]),
            false => intend(&office.ledger, 7, 1),
        };
        intent.failed("no-space").expect("recorded");
        let before = text(&office.path);
        let sent = office.send(&["bob"], None);
        let receipt = office.receipt(&sent, &office.recipient);
        fs::write(&office.path, before).expect("written");
        office.ledger = open(&office.path);
        let own = match has_signed {
            true => None,
            false => {
                assert_eq!(office.refused(&receipt).code(), "receipt-not-sent");
                Some(office.sender.public().fingerprint())
            }
        };
        let locked = office.ledger.lock().expect("nobody else");
        let error = locked.receive(&receipt, &office.allowed, own);
        let error = error.expect_err("contradicted");
        let is_older = matches!(
            error,
            ReceiveError::Contradicted {
                what: Contradiction::Older
            }
        );
        assert!(is_older, "{error}");
    }
}

/// Whatever else a partner is trusted with.
#[test]
fn a_partner_cannot_stop_exports() {
    let mut office = Office::new();
    let sent = office.send(&["bob"], None);
    let namespace = crate::manifest::CHECKPOINT_NAMESPACE;
    trust(&mut office.allowed, "bob", namespace, &office.recipient);
    let forged = Checkpoint {
        entry_sha256: Digest::of(b"other"),
        package: PackageId::generate(),
        sequence: 1000,
        ..sent.checkpoint.statement().clone()
    };
    let good = office.receipt(&sent, &office.recipient);
    let receipt = changed(&good, &office.recipient, |receipt| {
        receipt.package = forged.package;
        receipt.sender = office.recipient.public().fingerprint();
        receipt.manifest_sha256 = Digest::of(b"other");
        receipt.checkpoint = Some(Signed::sign(forged, &office.recipient).expect("signs"));
    });
    assert_eq!(office.refused(&receipt).code(), "receipt-not-sent");
    office.ledger.check().expect("in order");
}

#[test]
fn what_is_due_is_a_matter_of_time() {
    let office = Office::new();
    let first = office.send(&["bob"], None).intent;
    NOW.set(DAY);
    let second = office.send(&["bob"], None).intent;
    NOW.set(3 * DAY);
    let all = [first, second];
    for (days, due) in [(0, &all[..]), (2, &all[..]), (3, &all[..1]), (4, &[])] {
        assert_eq!(office.awaited(days), due, "{days} days");
    }
    // A clock that is behind makes nothing vanish.
    NOW.set(-DAY);
    assert_eq!(office.awaited(0), all);
    assert_eq!(office.awaited(1), all);
    let due = jiff::SignedDuration::ZERO;
    let awaited = outstanding(&office.path, at(0), due).expect("in order");
    assert_eq!(awaited[0].label.as_deref(), Some("Q3 \"extract\""));
    assert_eq!(awaited[0].recipients[0].name.as_deref(), Some("bob"));
    assert!(awaited[0].is_delivered);
}

#[test]
fn nobody_knows_where_the_ledger_is_damaged() {
    let office = Office::new();
    let nowhere = office.path.with_file_name("nowhere");
    let due = jiff::SignedDuration::ZERO;
    assert_eq!(outstanding(&nowhere, at(0), due).expect("none"), []);
    assert!(!nowhere.exists());
    let sent = office.send(&["bob"], None);
    let receipt = office.receipt(&sent, &office.recipient);
    let edited = text(&office.path).replacen("extract", "summary", 1);
    fs::write(&office.path, edited).expect("written");
    let error = outstanding(&office.path, at(0), due).expect_err("changed");
    assert_eq!(error.code(), "ledger-changed");
    assert_eq!(office.refused(&receipt).code(), "ledger-changed");
}
