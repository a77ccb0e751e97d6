//! Envelopes that somebody has added, and the records that vouch for them.

use super::*;
use crate::diagnostic::{Explain as _, Fault};
use crate::manifest::Passing;
use crate::signature::REKEY_NAMESPACE;

/// A package that its recipient has passed on to somebody.
struct Passed {
    case: Case,
    by: SigningKey,
    to: IdentityPair,
}

impl Passed {
    fn new() -> Self {
        let passed = Self {
            case: Case::new(),
            by: SigningKey::generate("recipient"),
            to: IdentityPair::generate(),
        };
        passed.add(2, |_| {}, REKEY_NAMESPACE, &passed.by);
        passed
    }

    /// Adds an envelope, and a record of it that says something else.
    fn add(&self, number: u16, edit: impl FnOnce(&mut Passing), namespace: &str, by: &SigningKey) {
        let unlocked = self.case.unlocked().expect("ours");
        let envelope = unlocked.key().envelope(&recipients(&self.to));
        let envelope = envelope.expect("memory");
        let mut passing = Passing {
            created: Timestamp::UNIX_EPOCH,
            envelope_sha256: Digest::of(&envelope),
            manifest_sha256: unlocked.verified().manifest_sha256(),
        };
        edit(&mut passing);
        self.put(number, &envelope, &passing, namespace, by);
    }

    fn put(
        &self,
        number: u16,
        envelope: &[u8],
        passing: &Passing,
        namespace: &str,
        by: &SigningKey,
    ) {
        let record = passing.to_bytes();
        let signature = by.sign(namespace, &record).expect("signed");
        self.case.write(&format!("key-{number}.age"), envelope);
        self.case.write(&format!("key-{number}.json"), &record);
        self.case
            .write(&format!("key-{number}.json.sig"), signature.as_bytes());
    }

    /// As somebody sees it who trusts both.
    fn verified(&self) -> Result<Verified<Package>, VerifyError> {
        let mut allowed = self.case.allowed();
        let line = AllowedSigner::new("recipient", &[REKEY_NAMESPACE], self.by.public());
        allowed.push(line.expect("a line"));
        Package::open(&self.case.path)?.verify(&allowed, Timestamp::UNIX_EPOCH, None)
    }

    #[track_caller]
    fn damage(&self) -> Vec<(String, DamageKind)> {
        match self.verified().expect_err("damaged") {
            VerifyError::Damaged { damage } => {
                let damage = damage.into_iter();
                damage.map(|one| (one.member, one.kind)).collect()
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Of several that do not open it, one that is malformed says more than that others are
/// for somebody else, wherever it stands.
#[test]
fn that_an_envelope_is_malformed_is_told_first() {
    let passed = Passed::new();
    let stranger = IdentityPair::generate().identities();
    let is_package = || {
        let verified = passed.verified().expect("good");
        verified.unlock(&stranger).expect_err("for others").fault() == Fault::Package
    };
    assert!(!is_package());
    let malformed = b"age-encryption.org/v1\n-> ?\n";
    let passing = Passing {
        created: Timestamp::UNIX_EPOCH,
        envelope_sha256: Digest::of(malformed),
        manifest_sha256: passed.verified().expect("good").manifest_sha256(),
    };
    passed.put(3, malformed, &passing, REKEY_NAMESPACE, &passed.by);
    assert!(is_package());
    passed.add(4, |_| {}, REKEY_NAMESPACE, &passed.by);
    assert!(is_package());
}

#[test]
fn it_opens_the_package_and_tells_by_whom() {
    let passed = Passed::new();
    let verified = passed.verified().expect("good");
    let unlocked = verified.unlock(&passed.to.identities()).expect("theirs");
    assert!(!unlocked.is_listed());
    let envelope = unlocked.passed_on().expect("not the sender's");
    assert_eq!(envelope.member(), "key-2.age");
    match envelope.state() {
        EnvelopeState::PassedOn { by, created } => {
            assert_eq!(*by.fingerprint(), passed.by.public().fingerprint());
            assert_eq!(*created, Timestamp::UNIX_EPOCH);
        }
        other => panic!("{other:?}"),
    }
    unlocked.verify_contents(None, &Silent).expect("good");
    // Whoever the sender listed needs none of it.
    let verified = passed.verified().expect("good");
    let unlocked = verified.unlock(&passed.case.recipient.identities());
    assert!(unlocked.expect("ours").passed_on().is_none());
}

/// In the order of their numbers, whatever the order of the names is.
#[test]
fn there_may_be_many() {
    let passed = Passed::new();
    for number in [10, 999, 3] {
        passed.add(number, |_| {}, REKEY_NAMESPACE, &passed.by);
    }
    let verified = passed.verified().expect("good");
    let further = verified.further_envelopes().iter();
    let names: Vec<_> = further.map(FurtherEnvelope::member).collect();
    assert_eq!(
        names,
        ["key-2.age", "key-3.age", "key-10.age", "key-999.age"]
    );
    passed.add(1000, |_| {}, REKEY_NAMESPACE, &passed.by);
    let found = passed.damage();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|(_, kind)| *kind == DamageKind::Unknown));
}

#[test]
fn nobody_trusted_vouches_for_it() {
    let passed = Passed::new();
    let stranger = SigningKey::generate("stranger");
    passed.add(2, |_| {}, REKEY_NAMESPACE, &stranger);
    let verified = passed.verified().expect("good but for that");
    let further = verified.further_envelopes();
    assert!(matches!(further[0].state(), EnvelopeState::NotTrusted(_)));
    let error = verified
        .unlock(&passed.to.identities())
        .expect_err("not used");
    assert_eq!(error.code(), "wrong-key");
    // One that was not signed, and one whose signature was being written.
    for signature in [None, Some(b"")] {
        let passed = Passed::new();
        let path = passed.case.path.join("key-2.json.sig");
        std::fs::remove_file(path).expect("there");
        if let Some(bytes) = signature {
            passed.case.write("key-2.json.sig", bytes);
        }
        let verified = passed.verified().expect("good but for that");
        let further = verified.further_envelopes();
        assert!(matches!(further[0].state(), EnvelopeState::Unfinished));
        let error = verified
            .unlock(&passed.to.identities())
            .expect_err("not used");
        assert_eq!(error.code(), "wrong-key");
    }
}

#[test]
fn what_does_not_fit_together_is_damage() {
    let (json, age) = ("key-2.json".to_owned(), "key-2.age".to_owned());
    let passed = Passed::new();
    let other = |passing: &mut Passing| passing.manifest_sha256 = Digest::of(b"another");
    passed.add(2, other, REKEY_NAMESPACE, &passed.by);
    assert_eq!(passed.damage(), [(json.clone(), DamageKind::Foreign)]);
    let other = |passing: &mut Passing| passing.envelope_sha256 = Digest::of(b"another");
    passed.add(2, other, REKEY_NAMESPACE, &passed.by);
    assert_eq!(passed.damage(), [(age, DamageKind::Altered)]);
    // Both at once are both named.
    passed.add(3, other, REKEY_NAMESPACE, &passed.by);
    assert_eq!(passed.damage().len(), 2);
    let passed = Passed::new();
    passed.add(2, |_| {}, PACKAGE_NAMESPACE, &passed.by);
    let sig = "key-2.json.sig".to_owned();
    assert_eq!(passed.damage(), [(sig.clone(), DamageKind::Malformed)]);
    passed.case.write(&sig, b"no signature");
    assert_eq!(passed.damage(), [(sig, DamageKind::Malformed)]);
    // A record that somebody has changed, and one that is not as the format asks.
    let passed = Passed::new();
    let record = passed.case.read("key-2.json");
    let spaced = [&b" "[..], &record].concat();
    passed.case.write("key-2.json", &spaced);
    assert_eq!(passed.damage(), [(json.clone(), DamageKind::Altered)]);
    let signature = passed.by.sign(REKEY_NAMESPACE, &spaced).expect("signed");
    passed.case.write("key-2.json.sig", signature.as_bytes());
    assert_eq!(passed.damage(), [(json, DamageKind::Malformed)]);
}
