//! All of C2SP's test vectors of age (CCTV), put to a reader of packages: as the envelope of
//! a package, and as its inventory. `tests/run` installs them into `target/node`.
//!
//! What a vector opens to is neither a package key nor an inventory, so that none of these
//! packages is accepted; which step refuses it says what became of the age file.

use std::fs;
use std::path::{Path, PathBuf};

use exeat_core::keys::{Identities, IdentityFile, KeyError};
use exeat_core::manifest::InventoryFault;
use exeat_core::signature::AllowedSigners;
use exeat_core::verify::{Package, VerifyError};
use secrecy::SecretString;
use serde_json::json;
use zeroize::Zeroizing;

use crate::forge::{Members, Workshop, sha256};
use crate::say;

/// So many there are in the version that `tests/node/package.json` names.
const COUNT: usize = 143;
/// An envelope is not larger than this.
const MAX_ENVELOPE: usize = (64 << 10) + 1024;

/// Where a reader of packages differs from what a vector expects, by the beginning of its
/// name: what becomes of it, and why. Nothing is accepted that should not be.
const DIFFERENCES: &[(&str, &str, &str)] = &[(
    "armor",
    "header failure",
    "one way to write a member is enough",
)];

/// One vector.
struct Vector {
    name: String,
    expect: String,
    identities: String,
    passphrase: Option<String>,
    file: Vec<u8>,
}

impl Vector {
    fn parse(name: String, bytes: &[u8]) -> Self {
        let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap();
        let mut vector = Self {
            name,
            expect: String::new(),
            identities: String::new(),
            passphrase: None,
            file: bytes[end + 2..].to_vec(),
        };
        for line in std::str::from_utf8(&bytes[..end]).unwrap().lines() {
            let (key, value) = line.split_once(": ").unwrap();
            match key {
                "expect" => vector.expect = value.to_owned(),
                "identity" => vector.identities += &format!("{value}\n"),
                "passphrase" => vector.passphrase = Some(value.to_owned()),
                "payload" | "armored" | "comment" | "file key" => {}
                other => panic!("unknown key {other}"),
            }
        }
        vector
    }

    /// What has to become of it here.
    fn expected(&self) -> &str {
        let mut differences = DIFFERENCES.iter();
        let found = differences.find(|(name, ..)| self.name.starts_with(name));
        found.map_or(&self.expect, |(_, outcome, _)| outcome)
    }

    /// What opens it; of a passphrase beside identities, both.
    fn opens(&self) -> Identities {
        let mut all = match &self.passphrase {
            Some(passphrase) => Identities::passphrase(SecretString::from(passphrase.clone())),
            None => Identities::default(),
        };
        if !self.identities.is_empty() {
            let text = Zeroizing::new(self.identities.clone().into_bytes());
            match IdentityFile::parse(text).unwrap() {
                IdentityFile::Plain(identities) => all.extend(identities),
                _ => panic!("{}: an identity that is not encrypted", self.name),
            }
        }
        all
    }

    /// A package of which it is the envelope.
    fn as_envelope(&self, workshop: &Workshop) -> Members {
        workshop.outer(|members| members.put("key.age", self.file.clone()))
    }

    /// A package whose key is the one that opens it, and whose inventory it is; of a key
    /// that can be a package's.
    fn as_inventory(&self, workshop: &Workshop) -> Option<Members> {
        let key = self.identities.trim_end();
        let parsed: age::x25519::Identity = key.parse().ok()?;
        let mut members = workshop.genuine("plain");
        members.put(
            "key.age",
            workshop.to_recipient(format!("{key}\n").as_bytes()),
        );
        members.put("inventory.age", self.file.clone());
        let mut manifest = members.manifest();
        let commitment = sha256(parsed.to_public().to_string().as_bytes());
        manifest["key"]["commitment"] = json!(commitment);
        members.put("manifest.json", crate::forge::canonical(&manifest));
        members.account(workshop);
        Some(members)
    }
}

/// In the words of the vectors.
fn outcome(error: &VerifyError) -> &'static str {
    match error {
        VerifyError::Key(KeyError::Envelope) => "opened",
        VerifyError::Key(
            KeyError::NoMatch | KeyError::WrongPassphrase | KeyError::ForeignMember,
        ) => "no match",
        VerifyError::Key(KeyError::Header { reason }) if reason.contains("authentication") => {
            "HMAC failure"
        }
        VerifyError::Key(KeyError::Header { .. } | KeyError::ExcessiveWork { .. }) => {
            "header failure"
        }
        VerifyError::Damaged { .. } => "too long",
        VerifyError::Inventory(error) => match error.fault {
            InventoryFault::Io(_) => "payload failure",
            _ => "opened",
        },
        other => panic!("{other}"),
    }
}

/// The vectors, in the order of their names; none where they are not there, which in CI is
/// a failure.
fn vectors() -> Vec<Vector> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/node/vectors");
    if !folder.exists() {
        let why = "there is no target/node/vectors; tests/run makes it";
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{why}");
        crate::environment::skipped(why);
        return Vec::new();
    }
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|item| item.unwrap().path());
    let mut all: Vec<_> = files
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            Vector::parse(name, &fs::read(&path).unwrap())
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(all.len(), COUNT);
    all
}

#[test]
fn every_vector_is_as_it_expects_or_refused_for_a_reason() {
    let vectors = vectors();
    if vectors.is_empty() {
        return;
    }
    let workshop = Workshop::new();
    let signers = workshop.env.read("recipient/allowed_signers");
    let allowed = AllowedSigners::parse(&signers).unwrap();
    let own = Zeroizing::new(workshop.env.read("recipient/identity.txt").into_bytes());
    let IdentityFile::Plain(own) = IdentityFile::parse(own).unwrap() else {
        panic!("an identity that is not encrypted");
    };
    let path = workshop.env.path("q");
    let read = |members: &Members, identities: &Identities| {
        members.write(&path);
        let now = "2026-12-01T00:00:00Z".parse().unwrap();
        let verified = Package::open(&path).unwrap().verify(&allowed, now, None);
        let unlocked = verified.and_then(|verified| verified.unlock(identities));
        fs::remove_dir_all(&path).unwrap();
        outcome(&unlocked.expect_err("it holds no package key and no inventory"))
    };
    let (mut wrong, mut as_expected, mut as_inventory) = (Vec::new(), 0, 0);
    for vector in &vectors {
        let expected = vector.expected();
        let found = read(&vector.as_envelope(&workshop), &vector.opens());
        let is_right = match (expected, found) {
            (_, "too long") => vector.file.len() > MAX_ENVELOPE,
            // An envelope with a payload that cannot be read holds no key, either.
            ("success" | "payload failure", found) => found == "opened",
            (expected, found) => expected == found,
        };
        if !is_right {
            wrong.push(format!(
                "{}: {expected}, as an envelope {found}",
                vector.name
            ));
        }
        as_expected += usize::from(is_right && expected == vector.expect);
        if let Some(members) = vector.as_inventory(&workshop) {
            as_inventory += 1;
            let found = read(&members, &own);
            let is_right = match expected {
                "success" => found == "opened",
                // What is wrong at once is so before there is a line to read.
                "payload failure" => matches!(found, "payload failure" | "opened"),
                expected => found == expected,
            };
            if !is_right {
                wrong.push(format!(
                    "{}: {expected}, as an inventory {found}",
                    vector.name
                ));
            }
        }
    }
    say(&format!(
        "{} vectors of C2SP: {as_expected} as they expect, {} otherwise, for a reason, \
         {as_inventory} of them as an inventory, too",
        vectors.len(),
        vectors.len() - as_expected
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
