//! The same signatures, keys and allowed signers, here and in the real
//! `ssh-keygen`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "a test makes files of its own")]

mod bench;

use std::fs;
use std::path::Path;

use crate::bench::Bench;
use exeat_core::signature::{
    AllowedSigner, AllowedSigners, PACKAGE_NAMESPACE, SignatureError, SigningKey, verify,
};
use jiff::Timestamp;
use secrecy::SecretString;
use ssh_key::rand_core::OsRng;
use ssh_key::sha2::{Digest as _, Sha256};
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, PrivateKey, SshSig};

const MESSAGE: &[u8] = b"{\"format\":1}\n";
const PASSPHRASE: &str = "hunter2";
const ADA: &str = "ada@clinic.example";

/// One signature and the circumstances it is checked in.
struct Question<'a> {
    allowed: &'a str,
    signature: &'a str,
    namespace: &'a str,
    principal: &'a str,
    at: &'a str,
}

impl Question<'_> {
    /// Whether it is accepted here.
    fn verifies(&self, message: &[u8]) -> bool {
        AllowedSigners::parse(self.allowed).is_ok_and(|allowed| {
            let (signature, at) = (self.signature.as_bytes(), time(self.at));
            verify(
                signature,
                self.namespace,
                message,
                &allowed,
                at,
                Some(self.principal),
            )
            .is_ok()
        })
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn read(path: &Path, passphrase: Option<&str>) -> Result<SigningKey, SignatureError> {
    SigningKey::from_openssh(&fs::read(path).unwrap(), passphrase.map(secret).as_ref())
}

#[test]
fn signed_there_verifies_here() {
    let Some(bench) = Bench::new() else { return };
    for kind in ["ed25519", "ecdsa"] {
        let key = bench.keygen(kind, "", &["-t", kind]);
        let line = AllowedSigner::new(ADA, &[PACKAGE_NAMESPACE], key.clone()).unwrap();
        let mut allowed = AllowedSigners::empty();
        allowed.push(line);
        for hash in ["-Ohashalg=sha512", "-Ohashalg=sha256"] {
            let signature = bench.sign(kind, PACKAGE_NAMESPACE, &[hash]);
            let check = |message| {
                let at = time("2026-11-22T10:00:00Z");
                verify(
                    signature.as_bytes(),
                    PACKAGE_NAMESPACE,
                    message,
                    &allowed,
                    at,
                    Some(ADA),
                )
            };
            let signer = check(MESSAGE).unwrap();
            assert_eq!((signer.principal(), signer.key()), (ADA, &key));
            assert!(matches!(
                check(b"something else"),
                Err(SignatureError::Altered)
            ));
        }
        let listed = bench.must(&["-l", "-f", &format!("{kind}.pub")], b"");
        assert!(listed.contains(&key.fingerprint().to_string()), "{listed}");
    }
}

#[test]
fn signed_here_verifies_there() {
    let Some(bench) = Bench::new() else { return };
    bench.keygen("p256", "", &["-t", "ecdsa", "-b", "256"]);
    for key in [
        SigningKey::generate("made here"),
        read(&bench.path("p256"), None).unwrap(),
    ] {
        let line = AllowedSigner::new(ADA, &[PACKAGE_NAMESPACE], key.public()).unwrap();
        let mut question = Question {
            allowed: &line.to_string(),
            signature: &key.sign(PACKAGE_NAMESPACE, MESSAGE).unwrap(),
            namespace: PACKAGE_NAMESPACE,
            principal: ADA,
            at: "2026-11-22T10:00:00Z",
        };
        assert!(bench.verifies(&question, MESSAGE));
        assert!(!bench.verifies(&question, b"something else"));
        question.namespace = "file";
        assert!(!bench.verifies(&question, MESSAGE));
    }
}

/// No hardware is needed: the token's part is to put a flag and a counter
/// around the message before it signs.
#[test]
fn hardware_keys_verify_here_and_there() {
    let Some(bench) = Bench::new() else { return };
    let p256 = Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP256,
    };
    // Touched or not: neither side asks.
    for (algorithm, flags) in [(Algorithm::Ed25519, 1), (Algorithm::Ed25519, 0), (p256, 1)] {
        let inner = PrivateKey::random(&mut OsRng, algorithm).unwrap();
        let (line, signature) = token(&inner, PACKAGE_NAMESPACE, flags);
        let question = Question {
            allowed: &format!("{ADA} {line}"),
            signature: &signature,
            namespace: PACKAGE_NAMESPACE,
            principal: ADA,
            at: "2026-11-22T10:00:00Z",
        };
        for (message, expected) in [(MESSAGE, true), (b"something else", false)] {
            let answers = (
                bench.verifies(&question, message),
                question.verifies(message),
            );
            assert_eq!(answers, (expected, expected), "(there, here): {line}");
        }
    }
}

/// The public key line and the armoured signature over [`MESSAGE`] of a token
/// that holds `inner`.
fn token(inner: &PrivateKey, namespace: &str, flags: u8) -> (String, String) {
    // A trait's method that can be called without depending on the trait's
    // crate.
    fn raw(key: &impl ssh_key::SigningKey, message: &[u8]) -> Vec<u8> {
        key.try_sign(message).unwrap().as_bytes().to_vec()
    }
    fn string(bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
    }
    let blob = inner.public_key().to_bytes().unwrap();
    let kind = inner.algorithm().to_string();
    let sk_kind = format!("sk-{kind}@openssh.com");
    let fields = &blob[4 + kind.len()..];
    let blob = [string(sk_kind.as_bytes()), fields.to_vec(), string(b"ssh:")].concat();
    let public = ssh_key::PublicKey::from_bytes(&blob).unwrap();

    let signed = SshSig::signed_data(namespace, HashAlg::Sha512, MESSAGE).unwrap();
    let trailer = [&[flags][..], &7_u32.to_be_bytes()].concat();
    let (application, digest) = (Sha256::digest(b"ssh:"), Sha256::digest(signed));
    let raw = raw(inner, &[&application[..], &trailer, &digest[..]].concat());
    let signature = [string(sk_kind.as_bytes()), string(&raw), trailer].concat();

    // `ssh-key` cannot encode such a signature on P-256, so the envelope is put
    // together here.
    let envelope = [
        b"SSHSIG\0\0\0\x01".to_vec(),
        string(&blob),
        string(namespace.as_bytes()),
        string(b""),
        string(b"sha512"),
        string(&signature),
    ];
    (public.to_openssh().unwrap(), armour(&envelope.concat()))
}

fn armour(blob: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut body = String::new();
    for chunk in blob.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            body.push(if place <= chunk.len() {
                digit.into()
            } else {
                '='
            });
        }
        if body.len() % 77 == 76 {
            body.push('\n');
        }
    }
    format!("-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----\n")
}

#[test]
fn encrypted_there_opens_here() {
    let Some(bench) = Bench::new() else { return };
    for cipher in [
        "aes256-ctr",
        "aes128-cbc",
        "aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
    ] {
        for kind in ["ed25519", "ecdsa"] {
            let name = format!("{kind}-{cipher}");
            let public = bench.keygen(&name, PASSPHRASE, &["-t", kind, "-Z", cipher]);
            let path = bench.path(&name);
            let key = read(&path, Some(PASSPHRASE)).unwrap();
            assert_eq!(
                (key.public(), key.public().comment()),
                (public, "made there"),
                "{name}"
            );
            assert!(
                matches!(
                    read(&path, Some("wrong")),
                    Err(SignatureError::WrongPassphrase)
                ),
                "{name}"
            );
            assert!(
                matches!(read(&path, None), Err(SignatureError::PassphraseNeeded)),
                "{name}"
            );
        }
    }
    bench.keygen("3des", PASSPHRASE, &["-t", "ed25519", "-Z", "3des-cbc"]);
    let refused = read(&bench.path("3des"), Some(PASSPHRASE)).unwrap_err();
    assert!(
        matches!(
            refused,
            SignatureError::UnsupportedCipher { cipher: "3des-cbc" }
        ),
        "{refused}"
    );
}

#[test]
fn encrypted_here_opens_there() {
    let Some(bench) = Bench::new() else { return };
    bench.keygen("p256", "", &["-t", "ecdsa", "-b", "256"]);
    let p256 = read(&bench.path("p256"), None).unwrap();
    // Comments of all lengths, for the padding before encryption depends on the
    // length.
    let keys = (0..16)
        .map(|length| SigningKey::generate(&"c".repeat(length)))
        .chain([p256]);
    for key in keys {
        let public = key.public();
        let line = format!("{} {}", public.to_openssh(), public.comment());
        bench.write("open", key.to_openssh(None).unwrap().as_bytes());
        assert_eq!(
            bench.must(&["-y", "-P", "", "-f", "open"], b"").trim(),
            line.trim()
        );
        bench.write(
            "shut",
            key.to_openssh(Some(&secret(PASSPHRASE)))
                .unwrap()
                .as_bytes(),
        );
        assert_eq!(
            bench
                .must(&["-y", "-P", PASSPHRASE, "-f", "shut"], b"")
                .trim(),
            line.trim()
        );
        assert!(
            !bench
                .run(&["-y", "-P", "wrong", "-f", "shut"], b"")
                .status
                .success()
        );
        assert_eq!(
            read(&bench.path("shut"), Some(PASSPHRASE))
                .unwrap()
                .public(),
            public
        );
    }
}

#[test]
fn keys_that_cannot_be_used_are_named() {
    let Some(bench) = Bench::new() else { return };
    for (name, kind, options) in [
        ("rsa", "ssh-rsa", ["-t", "rsa", "-b", "1024"]),
        ("p384", "ecdsa-sha2-nistp384", ["-t", "ecdsa", "-b", "384"]),
    ] {
        for passphrase in ["", PASSPHRASE] {
            let _ = fs::remove_file(bench.path(name));
            let key = bench.keygen(name, passphrase, &options);
            assert!(!key.is_verifiable());
            let refused = read(&bench.path(name), None).unwrap_err();
            assert!(
                matches!(&refused, SignatureError::CannotSign { algorithm } if algorithm == kind),
                "{refused}"
            );
        }
        bench.must(&["-p", "-q", "-P", PASSPHRASE, "-N", "", "-f", name], b"");
        let signature = bench.sign(name, PACKAGE_NAMESPACE, &[]);
        let at = time("2026-11-22T10:00:00Z");
        let nobody = AllowedSigners::empty();
        let refused = verify(
            signature.as_bytes(),
            PACKAGE_NAMESPACE,
            MESSAGE,
            &nobody,
            at,
            None,
        )
        .unwrap_err();
        assert!(
            matches!(&refused, SignatureError::UnsupportedAlgorithm { algorithm, .. } if algorithm == kind),
            "{refused}"
        );
    }
    bench.keygen("pem", "", &["-t", "ecdsa", "-m", "PEM"]);
    assert!(matches!(
        read(&bench.path("pem"), None),
        Err(SignatureError::NotAPrivateKey { .. })
    ));
}

/// Allowed signers, the principal, namespace and time asked for, and whether
/// both accept a signature by `KEY`.
type Case = (&'static str, &'static str, &'static str, &'static str, bool);

const DAY: &str = "2026-11-22T00:00:00Z";
const PACKAGE: &str = PACKAGE_NAMESPACE;

#[rustfmt::skip]
const AGREED: &[Case] = &[
    // Layout.
    ("ada@clinic.example KEY", ADA, PACKAGE, DAY, true),
    ("ada@clinic.example KEY and a comment", ADA, PACKAGE, DAY, true),
    ("# comment\n\n \t\nada@clinic.example KEY\n", ADA, PACKAGE, DAY, true),
    ("# comment\r\n\r\nada@clinic.example KEY\r\n", ADA, PACKAGE, DAY, true),
    ("\t ada@clinic.example \t KEY \t", ADA, PACKAGE, DAY, true),
    ("ada@clinic.example KEY\nada@clinic.example KEY\n", ADA, PACKAGE, DAY, true),
    (" # ada@clinic.example KEY", ADA, PACKAGE, DAY, false),
    ("", ADA, PACKAGE, DAY, false),
    ("ada@clinic.example", ADA, PACKAGE, DAY, false),
    ("ada@clinic.example ssh-ed25519", ADA, PACKAGE, DAY, false),
    ("KEY", ADA, PACKAGE, DAY, false),
    ("ada@clinic.example OTHER", ADA, PACKAGE, DAY, false),
    ("ada@clinic.example OTHER\nada@clinic.example KEY", ADA, PACKAGE, DAY, true),
    // Principals.
    ("bob,ada@clinic.example KEY", ADA, PACKAGE, DAY, true),
    ("*@clinic.example KEY", ADA, PACKAGE, DAY, true),
    ("*@clinic.example KEY", "eve@other.example", PACKAGE, DAY, false),
    ("*@clinic.example KEY", "*@clinic.example", PACKAGE, DAY, true),
    ("ada@clinic.example KEY", "*", PACKAGE, DAY, false),
    ("a?a@*.example KEY", ADA, PACKAGE, DAY, true),
    ("a??a@*.example KEY", ADA, PACKAGE, DAY, false),
    ("ADA@clinic.example KEY", ADA, PACKAGE, DAY, false),
    ("*,!ada@clinic.example KEY", ADA, PACKAGE, DAY, false),
    ("!ada@clinic.example,* KEY", ADA, PACKAGE, DAY, false),
    ("!eve KEY", ADA, PACKAGE, DAY, false),
    ("!eve,* KEY", ADA, PACKAGE, DAY, true),
    ("\"ada@clinic.example\" KEY", ADA, PACKAGE, DAY, true),
    ("\"ada lovelace,#1\" KEY", "ada lovelace", PACKAGE, DAY, true),
    ("\"#1\" KEY", "#1", PACKAGE, DAY, true),
    ("\"ada@clinic.example KEY", ADA, PACKAGE, DAY, false),
    // Namespaces.
    ("* namespaces=\"exeat.package.v1\" KEY", ADA, PACKAGE, DAY, true),
    ("* NameSpaces=\"exeat.package.v1\" KEY", ADA, PACKAGE, DAY, true),
    ("* namespaces=\"exeat.package.v1\" KEY", ADA, "file", DAY, false),
    ("* namespaces=\"file,exeat.*\" KEY", ADA, PACKAGE, DAY, true),
    ("* namespaces=\"file\" KEY", ADA, PACKAGE, DAY, false),
    ("* namespaces=\"*,!exeat.*\" KEY", ADA, PACKAGE, DAY, false),
    ("* namespaces=\"*,!exeat.*\" KEY", ADA, "file", DAY, true),
    ("* namespaces=\"exeat.package.v1, file\" KEY", ADA, PACKAGE, DAY, true),
    ("* namespaces=\"exeat.package.v1, file\" KEY", ADA, "file", DAY, false),
    ("* namespaces=\"a \\\" \\b,file\" KEY", ADA, "file", DAY, true),
    ("* namespaces=\"a\\\\\",file\" KEY", ADA, "file", DAY, true),
    ("* namespaces=\"\" KEY", ADA, PACKAGE, DAY, false),
    ("* namespaces=exeat.package.v1 KEY", ADA, PACKAGE, DAY, false),
    ("* namespaces KEY", ADA, PACKAGE, DAY, false),
    ("* namespaces=\"exeat.package.v1 KEY", ADA, PACKAGE, DAY, false),
    ("* namespaces=\"file\",namespaces=\"file\" KEY", ADA, "file", DAY, false),
    // Times.
    ("* valid-after=\"20261122Z\" KEY", ADA, PACKAGE, "2026-11-22T00:00:00Z", true),
    ("* valid-after=\"20261122Z\" KEY", ADA, PACKAGE, "2026-11-21T23:59:59Z", false),
    ("* valid-before=\"20261122Z\" KEY", ADA, PACKAGE, "2026-11-22T00:00:00Z", true),
    ("* valid-before=\"20261122Z\" KEY", ADA, PACKAGE, "2026-11-22T00:00:01Z", false),
    ("* valid-before=\"202611221030z\" KEY", ADA, PACKAGE, "2026-11-22T10:30:00Z", true),
    ("* valid-before=\"202611221030Z\" KEY", ADA, PACKAGE, "2026-11-22T10:30:01Z", false),
    ("* valid-before=\"20261122103059UTC\" KEY", ADA, PACKAGE, "2026-11-22T10:30:59Z", true),
    ("* valid-before=\"20261122103059\" KEY", ADA, PACKAGE, "2026-11-22T10:31:00Z", false),
    ("* valid-after=\"20251122\",VALID-BEFORE=\"20271122\" KEY", ADA, PACKAGE, DAY, true),
    ("* valid-after=\"20271122\",valid-before=\"20251122\" KEY", ADA, PACKAGE, DAY, false),
    ("* valid-after=\"20261122\",valid-before=\"20261122\" KEY", ADA, PACKAGE, DAY, false),
    ("* valid-after=\"20251122Z\",valid-after=\"20251122Z\" KEY", ADA, PACKAGE, DAY, false),
    ("* valid-after=\"2025112Z\" KEY", ADA, PACKAGE, DAY, false),
    ("* valid-after=\"2025112213\" KEY", ADA, PACKAGE, DAY, false),
    ("* valid-after=\"20251332Z\" KEY", ADA, PACKAGE, DAY, false),
    ("* valid-after=\"19700101Z\" KEY", ADA, PACKAGE, DAY, false),
    ("* valid-after=\"\" KEY", ADA, PACKAGE, DAY, false),
    ("* valid-before=\"20251122Z\" KEY\n* valid-after=\"20251123Z\" KEY", ADA, PACKAGE, DAY, true),
    // Other options.
    ("* cert-authority KEY", ADA, PACKAGE, DAY, false),
    ("* Cert-Authority,namespaces=\"*\" KEY", ADA, PACKAGE, DAY, false),
    ("* cert-authority KEY\n* KEY", ADA, PACKAGE, DAY, true),
    ("* namespace=\"*\" KEY", ADA, PACKAGE, DAY, false),
    ("* namespaces=\"*\",touch-required KEY", ADA, PACKAGE, DAY, false),
    ("* namespaces=\"*\", KEY", ADA, PACKAGE, DAY, false),
    ("* namespaces=\"*\"x KEY", ADA, PACKAGE, DAY, false),
];

/// What ssh-keygen lets pass and this library refuses to read.
#[rustfmt::skip]
const STRICTER: &[Case] = &[
    ("ada@clinic.example, KEY", ADA, PACKAGE, DAY, true),
    ("ada@clinic\".example\" KEY", ADA, PACKAGE, DAY, true),
    ("* namespaces=\"exeat.package.v1,\" KEY", ADA, PACKAGE, DAY, true),
    ("* valid-after=\"20250230Z\" KEY", ADA, PACKAGE, DAY, true),
    ("* nonsense KEY\n* KEY", ADA, PACKAGE, DAY, true),
];

#[test]
fn allowed_signers_agree() {
    let Some(bench) = Bench::new() else { return };
    let key = SigningKey::generate("");
    let fill = |line: &str| {
        let other = SigningKey::generate("").public().to_openssh();
        line.replace("KEY", &key.public().to_openssh())
            .replace("OTHER", &other)
    };
    let ask = |(line, principal, namespace, at, _): &Case, allowed: &str| {
        let signature = key.sign(namespace, MESSAGE).unwrap();
        let question = Question {
            allowed,
            signature: &signature,
            namespace,
            principal,
            at,
        };
        assert!(!question.verifies(b"something else"), "{line}");
        (
            bench.verifies(&question, MESSAGE),
            question.verifies(MESSAGE),
        )
    };
    for case in AGREED {
        let (line, expected) = (case.0, case.4);
        let allowed = fill(line);
        assert_eq!(
            ask(case, &allowed),
            (expected, expected),
            "(there, here): {line:?}"
        );
        // What is read can be written again, and means the same to both.
        if let Ok(lines) = AllowedSigners::parse(&allowed) {
            let written: Vec<_> = lines.iter().map(ToString::to_string).collect();
            let written = written.join("\n");
            assert_eq!(
                ask(case, &written),
                (expected, expected),
                "(there, here): {written:?}"
            );
        }
    }
    for case in STRICTER {
        assert_eq!(
            ask(case, &fill(case.0)),
            (true, false),
            "(there, here): {:?}",
            case.0
        );
    }
}

#[test]
fn principals_are_found_as_there() {
    let Some(bench) = Bench::new() else { return };
    let key = SigningKey::generate("");
    let signature = key.sign(PACKAGE_NAMESPACE, MESSAGE).unwrap();
    let public = key.public().to_openssh();
    bench.write("sig", &signature);
    for principals in [
        "ada@clinic.example",
        "*@clinic.example,!eve@clinic.example",
        "\"ada lovelace,ada\"",
    ] {
        let text = format!(
            "* cert-authority {public}\nold valid-before=\"20200101Z\" {public}\n{principals} {public}\n"
        );
        bench.write("allowed", &text);
        let arguments = [
            "-Y",
            "find-principals",
            "-s",
            "sig",
            "-f",
            "allowed",
            "-Overify-time=20261122Z",
        ];
        let allowed = AllowedSigners::parse(&text).unwrap();
        let signer = verify(
            signature.as_bytes(),
            PACKAGE_NAMESPACE,
            MESSAGE,
            &allowed,
            time(DAY),
            None,
        )
        .unwrap();
        // There, the patterns are printed one a line.
        assert_eq!(
            bench.must(&arguments, b"").trim(),
            signer.principal().replace(',', "\n")
        );
        assert_eq!(signer.principal(), principals.trim_matches('"'));
    }
}
