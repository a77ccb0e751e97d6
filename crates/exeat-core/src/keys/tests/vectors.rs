//! All of C2SP's test vectors of age (CCTV), against the two ways in which age files are
//! read here: an envelope, for identities or a passphrase, and a member, for the package
//! key. `tests/run` installs them into `target/node`.

use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::*;

/// So many there are in the version that `tests/node/package.json` names.
const COUNT: usize = 143;

/// Where this reader differs from what a vector expects, and why. What is named here is
/// refused; nothing that should be refused is accepted.
const DIFFERENCES: &[(&str, &str, &str)] = &[];

/// One vector.
struct Vector {
    name: String,
    expect: String,
    payload: Option<String>,
    identities: String,
    passphrases: Vec<String>,
    is_armored: bool,
    file: Vec<u8>,
}

impl Vector {
    fn parse(name: String, bytes: &[u8]) -> Self {
        let end = bytes.windows(2).position(|two| two == b"\n\n");
        let (head, file) = bytes.split_at(end.expect("an empty line"));
        let mut vector = Self {
            name,
            expect: String::new(),
            payload: None,
            identities: String::new(),
            passphrases: Vec::new(),
            is_armored: false,
            file: file[2..].to_vec(),
        };
        for line in std::str::from_utf8(head).expect("text").lines() {
            let (key, value) = line.split_once(": ").expect("a key and its value");
            match key {
                "expect" => vector.expect = value.to_owned(),
                "payload" => vector.payload = Some(value.to_owned()),
                "armored" => vector.is_armored = value == "yes",
                "identity" => vector.identities += &format!("{value}\n"),
                "passphrase" => vector.passphrases.push(value.to_owned()),
                "comment" | "file key" => {}
                other => panic!("unknown key {other}"),
            }
        }
        vector
    }

    /// What opens it.
    fn identities(&self) -> Identities {
        let mut all = Identities::default();
        for passphrase in &self.passphrases {
            all.extend(Identities::passphrase(SecretString::from(
                passphrase.clone(),
            )));
        }
        if !self.identities.is_empty() {
            let text = Zeroizing::new(self.identities.clone().into_bytes());
            match IdentityFile::parse(text) {
                Ok(IdentityFile::Plain(identities)) => all.extend(identities),
                other => panic!("{}: {other:?}", self.name),
            }
        }
        all
    }

    /// As an envelope. What opens holds no package key; that is said last of all.
    fn as_envelope(&self) -> &'static str {
        match PackageKey::from_envelope(&self.file, &self.identities()) {
            Ok(_) => panic!("{}: a package key", self.name),
            Err(KeyError::Envelope) => "opened",
            Err(error) => outcome(&error),
        }
    }

    /// As a member, for a key such as the package's; how much of it came out first.
    fn as_member(&self) -> Option<(&'static str, Vec<u8>)> {
        let key: age::x25519::Identity = self.identities.trim_end().parse().ok()?;
        let mut plaintext = Vec::new();
        let found = match PackageKey(key).decrypt(Cursor::new(&self.file)) {
            Ok(mut reader) => match reader.read_to_end(&mut plaintext) {
                Ok(_) => "success",
                Err(_) => "payload failure",
            },
            Err(error) => outcome(&error),
        };
        Some((found, plaintext))
    }
}

/// In the words of the vectors.
fn outcome(error: &KeyError) -> &'static str {
    match error {
        KeyError::NoMatch | KeyError::WrongPassphrase | KeyError::ForeignMember => "no match",
        KeyError::Header { reason } if reason.contains("authentication code") => "HMAC failure",
        KeyError::Header { .. } | KeyError::ExcessiveWork { .. } => "header failure",
        other => panic!("{other}"),
    }
}

/// The vectors, in the order of their names; none where they are not there, which is said
/// loudly and in CI is a failure.
fn vectors() -> Vec<Vector> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/node/vectors");
    if !folder.exists() {
        let why = "there is no target/node/vectors; tests/run makes it";
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{why}");
        let name = std::thread::current().name().unwrap_or("a test").to_owned();
        let _ = writeln!(std::io::stderr(), "SKIPPED: {name}: {why}");
        return Vec::new();
    }
    let files = fs::read_dir(folder).expect("a folder");
    let mut all: Vec<_> = files
        .map(|item| {
            let path = item.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            Vector::parse(name.into_owned(), &fs::read(&path).expect("a file"))
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(all.len(), COUNT);
    all
}

#[test]
fn every_vector_is_as_it_expects_or_refused_for_a_reason() {
    let vectors = vectors();
    let mut wrong = Vec::new();
    let (mut as_expected, mut members) = (0, 0);
    for vector in &vectors {
        let difference = DIFFERENCES.iter().find(|(name, ..)| *name == vector.name);
        let expect = match difference {
            _ if vector.is_armored => "header failure",
            Some((_, found, _)) => *found,
            None => &*vector.expect,
        };
        let envelope = vector.as_envelope();
        let is_right = match expect {
            // Both come to an envelope without a package key.
            "success" | "payload failure" => matches!(envelope, "opened" | "header failure"),
            other => envelope == other,
        };
        if !is_right {
            wrong.push(format!("{}: {expect}, as envelope {envelope}", vector.name));
        }
        as_expected += usize::from(is_right && expect == vector.expect);
        let Some((member, plaintext)) = vector.as_member() else {
            continue;
        };
        members += 1;
        if member != expect {
            wrong.push(format!("{}: {expect}, as member {member}", vector.name));
        }
        // What comes out before a fault is a part of what was put in.
        if let Some(payload) = &vector.payload
            && !vector.is_armored
            && difference.is_none()
            && Digest::of(&plaintext).to_string() != *payload
        {
            wrong.push(format!("{}: another plaintext", vector.name));
        }
    }
    let _ = writeln!(
        std::io::stderr(),
        "{} vectors: {as_expected} as they expect, {} refused on purpose, {members} as a member, \
         too",
        vectors.len(),
        vectors.len() - as_expected
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
