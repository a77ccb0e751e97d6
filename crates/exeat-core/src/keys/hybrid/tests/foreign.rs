//! Test vectors of C2SP, and another implementation of age, both of which
//! `tests/run` installs into `target/node`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::*;

/// A path in the repository.
fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// Whether what is needed is there; says loudly, and in CI fails, where not.
fn is_there(needed: &str) -> bool {
    let is_there = root(needed).exists();
    if !is_there {
        let why = format!("there is no {needed}; tests/run makes it");
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{why}");
        let name = std::thread::current().name().unwrap_or("a test").to_owned();
        let _ = writeln!(std::io::stderr(), "SKIPPED: {name}: {why}");
    }
    is_there
}

/// What a vector says of itself, and its file.
struct Vector {
    expect: String,
    payload: Option<String>,
    identities: Vec<Box<dyn age::Identity>>,
    is_armored: bool,
    file: Vec<u8>,
}

impl Vector {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(2).position(|two| two == b"\n\n");
        let (head, file) = bytes.split_at(end.expect("an empty line"));
        let mut vector = Self {
            expect: String::new(),
            payload: None,
            identities: Vec::new(),
            is_armored: false,
            file: file[2..].to_vec(),
        };
        for line in std::str::from_utf8(head).expect("text").lines() {
            let (key, value) = line.split_once(": ").expect("a key and its value");
            match key {
                "expect" => vector.expect = value.to_owned(),
                "payload" => vector.payload = Some(value.to_owned()),
                "armored" => vector.is_armored = value == "yes",
                "identity" => vector.identities.push(identity(value)),
                "comment" | "file key" => {}
                other => panic!("unknown key {other}"),
            }
        }
        vector
    }

    /// What becomes of it here, in the words of the vectors.
    fn run(&self) -> &'static str {
        let mut file = self.file.clone();
        if self.is_armored {
            file.clear();
            let mut armored = age::armor::ArmoredReader::new(&self.file[..]);
            armored.read_to_end(&mut file).expect("armor");
        }
        let mut plaintext = Vec::new();
        let result = match decrypt(&file, &self.identities, &mut plaintext) {
            Ok(()) => "success",
            Err(DecryptError::NoMatchingKeys) => "no match",
            Err(DecryptError::InvalidMac) => "HMAC failure",
            // The second is what becomes of a header that cannot be parsed.
            Err(DecryptError::InvalidHeader | DecryptError::UnknownFormat) => "header failure",
            Err(DecryptError::Io(_)) => "payload failure",
            Err(other) => panic!("{other}"),
        };
        if let Some(payload) = &self.payload {
            assert_eq!(Digest::of(&plaintext).to_string(), *payload);
        }
        result
    }
}

fn identity(text: &str) -> Box<dyn age::Identity> {
    match text.starts_with(SECRET_PREFIX) {
        true => Box::new(Identity::parse(text).expect("an identity")),
        false => Box::new(text.parse::<age::x25519::Identity>().expect("an identity")),
    }
}

#[test]
fn the_vectors_of_c2sp_are_as_they_expect() {
    const VECTORS: &str = "target/node/vectors";
    if !is_there(VECTORS) {
        return;
    }
    let mut outcomes = Vec::new();
    for item in fs::read_dir(root(VECTORS)).expect("a folder") {
        let path = item.expect("a file").path();
        // Of the others, tests/hostile makes something.
        if !path.to_string_lossy().contains("hybrid") {
            continue;
        }
        let vector = Vector::parse(&fs::read(&path).expect("a file"));
        let found = vector.run();
        assert_eq!(found, vector.expect, "{}", path.display());
        outcomes.push(found);
    }
    let count = |what| outcomes.iter().filter(|&&found| found == what).count();
    let counts = ["success", "no match", "header failure"].map(count);
    assert_eq!((outcomes.len(), counts), (19, [5, 5, 9]));
}

/// Runs the other implementation: some words, and what it reads.
fn other(words: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("node")
        .arg(root("target/node/age.mjs"))
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    // What reads nothing may have ended.
    let _ = pipe.write_all(input);
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{words:?}");
    output.stdout
}

#[test]
fn what_one_encrypts_the_other_decrypts() {
    if !is_there("target/node/age.mjs") {
        return;
    }
    let made = String::from_utf8(other(&["generate"], b"")).expect("text");
    let (theirs, secret) = made.trim_end().split_once('\n').expect("two lines");
    let identity = Identity::parse(secret).expect("an identity");
    assert_eq!(identity.to_public().to_string(), theirs);
    // There, here.
    let file = other(&["encrypt", theirs], b"from there");
    let mut plaintext = Vec::new();
    decrypt(&file, &[Box::new(identity)], &mut plaintext).expect("decrypts");
    assert_eq!(plaintext, b"from there");
    // Here, there.
    let recipient = Recipient::parse(theirs).expect("a recipient");
    let file = encrypted(&recipient, b"from here");
    assert_eq!(other(&["decrypt", secret], &file), b"from here");
    // An envelope, too.
    let (recipient, secret) = pair(1);
    let key = PackageKey::generate();
    let sealed = sealed_for(&[&recipient, theirs]).expect("two");
    let envelope = key.envelope(&sealed).expect("memory");
    let line = String::from_utf8(other(&["decrypt", &secret], &envelope)).expect("text");
    let found: age::x25519::Identity = line.trim_end().parse().expect("a package key");
    assert_eq!(found.to_public().to_string(), key.recipient().to_string());
}
