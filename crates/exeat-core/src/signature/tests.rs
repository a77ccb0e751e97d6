#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod allowed_signers;
mod vectors;

use jiff::Timestamp;
use secrecy::SecretString;

use self::vectors::*;
use super::*;
use crate::diagnostic::Explain as _;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Checks a signature of [`MESSAGE`] against lines of allowed signers: the
/// principal, or the code of the error.
fn outcome(signature: &str, lines: &str, wanted: Option<&str>, at: &str) -> String {
    let allowed = AllowedSigners::parse(lines).unwrap();
    match verify(
        signature.as_bytes(),
        PACKAGE_NAMESPACE,
        MESSAGE,
        &allowed,
        time(at),
        wanted,
    ) {
        Ok(signer) => signer.principal().to_owned(),
        Err(error) => error.code().to_owned(),
    }
}

fn check(signature: &str) -> String {
    let everybody = [
        ED_PUBLIC,
        P256_PUBLIC,
        SK_ED_PUBLIC,
        SK_P256_PUBLIC,
        RSA_PUBLIC,
    ];
    let lines: Vec<_> = everybody.iter().map(|key| format!("ada {key}")).collect();
    outcome(
        signature,
        &lines.join("\n"),
        Some("ada"),
        "2026-11-22T10:00:00Z",
    )
}

const SIGNATURE: &str = "SSH SIGNATURE";
const PRIVATE_KEY: &str = "OPENSSH PRIVATE KEY";

fn blob(label: &str, armoured: &str) -> Vec<u8> {
    let malformed = |reason| SignatureError::NotASignature { reason };
    wire::dearmor(armoured.as_bytes(), label, malformed)
        .unwrap()
        .to_vec()
}

fn armour(label: &str, blob: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut body = String::new();
    for chunk in blob.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0, |bits, byte| bits << 8 | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[bits >> (18 - 6 * place) & 63];
            body.push(if place <= chunk.len() {
                digit.into()
            } else {
                '='
            });
        }
    }
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

#[test]
fn every_supported_kind_of_signature_is_accepted() {
    for (name, signature) in [
        ("Ed25519", ED),
        ("Ed25519 over SHA-256", ED_SHA256),
        ("P-256", P256),
        ("Ed25519 in a token", SK_ED),
        ("P-256 in a token", SK_P256),
    ] {
        assert_eq!(check(signature), "ada", "{name}");
    }
    assert_eq!(check(RSA), "signature-unsupported");
}

#[test]
fn what_is_signed_here_is_accepted() {
    let short = SigningKey::from_openssh(SHORT_PRIVATE.as_bytes(), None).unwrap();
    for key in [SigningKey::generate("new"), short] {
        let signature = key.sign(PACKAGE_NAMESPACE, MESSAGE).unwrap();
        let line = AllowedSigner::new("ada", &[PACKAGE_NAMESPACE], key.public()).unwrap();
        let at = "2026-11-22T10:00:00Z";
        assert_eq!(
            outcome(&signature, &line.to_string(), Some("ada"), at),
            "ada"
        );
        assert_eq!(signature, key.sign(PACKAGE_NAMESPACE, MESSAGE).unwrap());
        for namespace in ["", "a\nb", "a\0"] {
            let refused = key.sign(namespace, MESSAGE).unwrap_err();
            assert!(
                matches!(refused, SignatureError::BadNamespace { .. }),
                "{namespace:?}"
            );
        }
    }
}

#[test]
fn a_signer_is_named_with_their_key() {
    let allowed = AllowedSigners::parse(&format!("*@clinic.example {ED_PUBLIC}")).unwrap();
    let at = time("2026-11-22T10:00:00Z");
    let signer = |wanted| {
        verify(
            ED.as_bytes(),
            PACKAGE_NAMESPACE,
            MESSAGE,
            &allowed,
            at,
            wanted,
        )
        .unwrap()
    };
    assert_eq!(signer(None).principal(), "*@clinic.example");
    assert_eq!(
        signer(Some("ada@clinic.example")).principal(),
        "ada@clinic.example"
    );
    assert_eq!(signer(None).fingerprint().to_string(), ED_FINGERPRINT);
    assert_eq!(signer(None).key().comment(), "ada at the office");
}

/// The cryptography comes before the question of trust, and the namespace
/// before both.
#[test]
fn altered_bytes_are_called_so_whoever_signed_them() {
    let at = time("2026-11-22T10:00:00Z");
    let strangers = AllowedSigners::empty();
    let late = format!("ada valid-before=\"20200101Z\" {ED_PUBLIC}");
    for allowed in [strangers, AllowedSigners::parse(&late).unwrap()] {
        let check = |namespace, message| {
            verify(ED.as_bytes(), namespace, message, &allowed, at, Some("eve")).unwrap_err()
        };
        assert!(matches!(
            check(PACKAGE_NAMESPACE, b"{}"),
            SignatureError::Altered
        ));
        let refused = check(REKEY_NAMESPACE, b"{}");
        assert!(
            matches!(&refused, SignatureError::WrongNamespace { found, .. } if found == PACKAGE_NAMESPACE)
        );
    }
}

#[test]
fn every_changed_byte_and_every_cut_is_refused() {
    for signature in [ED, P256, SK_ED, SK_P256] {
        let good = blob(SIGNATURE, signature);
        assert_eq!(check(&armour(SIGNATURE, &good)), "ada");
        for at in 0..good.len() {
            for flip in [1, 0x80] {
                let mut bad = good.clone();
                bad[at] ^= flip;
                let code = check(&armour(SIGNATURE, &bad));
                assert!(code.starts_with("signature-"), "byte {at}, {flip}: {code}");
            }
            assert_eq!(
                check(&armour(SIGNATURE, &good[..at])),
                "signature-malformed",
                "cut at {at}"
            );
        }
    }
}

#[test]
fn armour_is_strict_and_white_space_is_not() {
    let rewrapped = armour(SIGNATURE, &blob(SIGNATURE, ED));
    let (body, cut) = (ED.trim_end(), ED.len() - 40);
    for good in [
        ED.to_owned(),
        rewrapped.clone(),
        ED.replace('\n', "\r\n"),
        body.to_owned(),
        format!("\n \t{ED}\r\n\n"),
        format!("{ED}{}", " ".repeat(wire::MAX_INPUT - ED.len())),
    ] {
        assert_eq!(check(&good), "ada", "{good:?}");
    }
    for bad in [
        String::new(),
        "\n".to_owned(),
        format!("{ED}{}", " ".repeat(wire::MAX_INPUT + 1 - ED.len())),
        format!("signature:\n{ED}"),
        format!("{ED}x"),
        format!("{ED}{ED}"),
        format!("\u{feff}{ED}"),
        format!("> {}", ED.replace('\n', "\n> ")),
        ED[..cut].to_owned(),
        ED.replace("SSH SIGNATURE", "OPENSSH PRIVATE KEY"),
        ED.replace("BEGIN SSH", "BEGIN PGP"),
        ED.replace("END SSH", "END PGP"),
        ED.replacen("-----\n", "-----", 1),
        ED.replace("\n-----END", "-----END"),
        ED.replacen("U1NI", "U1N=", 1),
        ED.replacen("U1NI", "U1N_", 1),
        ED.replacen("U1NI", "U1N", 1),
        ED.replacen("U1NI", "====", 1),
        "-----BEGIN SSH SIGNATURE-----\n\n-----END SSH SIGNATURE-----\n".to_owned(),
        "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n".to_owned(),
        // The spare bits of the last character are not zero.
        SK_ED.replace("Bw==", "Bx=="),
    ] {
        assert_eq!(check(&bad), "signature-malformed", "{bad:?}");
    }
}

#[test]
fn each_field_is_checked() {
    let good = blob(SIGNATURE, ED);
    let mut fields = wire::Fields(&good[10..]);
    let [key, _, _, _, signature] = std::array::from_fn(|_| fields.bytes().unwrap());
    let raw = &signature[4 + 11 + 4..];
    let other = &blob(SIGNATURE, P256)[14..14 + 104];
    let build = |version: u32, fields: &[&[u8]]| {
        let fields = fields.iter().flat_map(|field| string(field));
        armour(
            SIGNATURE,
            &b"SSHSIG"
                .iter()
                .copied()
                .chain(version.to_be_bytes())
                .chain(fields)
                .collect::<Vec<_>>(),
        )
    };
    let space = PACKAGE_NAMESPACE.as_bytes();
    let typed = |kind: &[u8], raw: &[u8]| [string(kind), string(raw)].concat();
    let longer = [raw, b"\0"].concat();
    assert_eq!(
        build(1, &[key, space, b"", b"sha512", signature]),
        armour(SIGNATURE, &good)
    );
    #[rustfmt::skip]
    let cases: &[(&str, String, &str)] = &[
        ("nothing changed", build(1, &[key, space, b"", b"sha512", signature]), "ada"),
        ("version 0", build(0, &[key, space, b"", b"sha512", signature]), "signature-malformed"),
        ("version 2", build(2, &[key, space, b"", b"sha512", signature]), "signature-malformed"),
        ("no namespace", build(1, &[key, b"", b"", b"sha512", signature]), "signature-malformed"),
        ("namespace not UTF-8", build(1, &[key, b"\xff", b"", b"sha512", signature]), "signature-malformed"),
        ("other namespace", build(1, &[key, b"file", b"", b"sha512", signature]), "signature-namespace"),
        ("reserved in use", build(1, &[key, space, b"x", b"sha512", signature]), "signature-malformed"),
        ("unknown hash", build(1, &[key, space, b"", b"sha1", signature]), "signature-unsupported"),
        ("other hash", build(1, &[key, space, b"", b"sha256", signature]), "signature-mismatch"),
        ("one field more", build(1, &[key, space, b"", b"sha512", signature, b""]), "signature-malformed"),
        ("one field less", build(1, &[key, space, b"", b"sha512"]), "signature-malformed"),
        ("no key", build(1, &[b"", space, b"", b"sha512", signature]), "signature-malformed"),
        ("other key", build(1, &[other, space, b"", b"sha512", signature]), "signature-malformed"),
        ("key with a tail", build(1, &[&[key, b"\0"].concat(), space, b"", b"sha512", signature]), "signature-malformed"),
        ("key cut", build(1, &[&key[..40], space, b"", b"sha512", signature]), "signature-malformed"),
        ("unknown kind of key", build(1, &[&string(b"ssh-x"), space, b"", b"sha512", signature]), "signature-unsupported"),
        ("signature of another kind", build(1, &[key, space, b"", b"sha512", &typed(b"ssh-rsa", raw)]), "signature-malformed"),
        ("signature too long", build(1, &[key, space, b"", b"sha512", &typed(b"ssh-ed25519", &longer)]), "signature-malformed"),
        ("signature with a tail", build(1, &[key, space, b"", b"sha512", &[signature, b"\0"].concat()]), "signature-malformed"),
    ];
    for (name, signature, expected) in cases {
        assert_eq!(&check(signature), expected, "{name}");
    }
}

#[test]
fn trust_is_refused_for_the_reason_that_counts() {
    const AT: &str = "2026-11-22T10:00:00Z";
    #[rustfmt::skip]
    let cases: &[(&str, Option<&str>, &str)] = &[
        ("ada KEY", Some("ada"), "ada"),
        ("ada,bob KEY", None, "ada,bob"),
        ("ada OTHER", Some("ada"), "signer-unknown"),
        ("", None, "signer-unknown"),
        ("ada cert-authority KEY", None, "signer-cert-authority"),
        ("bob KEY", Some("ada"), "signer-other"),
        ("* KEY", Some(""), "signer-other"),
        ("*,!ada KEY", Some("ada"), "signer-other"),
        ("ada namespaces=\"file\" KEY", Some("ada"), "signer-namespace"),
        ("ada valid-after=\"20261123Z\" KEY", Some("ada"), "signer-not-yet-valid"),
        ("ada valid-before=\"20261121Z\" KEY", Some("ada"), "signer-expired"),
        // Several lines: the first that vouches, or the one that came closest,
        // wherever it stands.
        ("bob valid-before=\"20261121Z\" KEY\nada cert-authority KEY\nada KEY\ncarol KEY", None, "ada"),
        ("ada cert-authority KEY\nbob KEY", Some("ada"), "signer-other"),
        ("bob KEY\nada cert-authority KEY", Some("ada"), "signer-other"),
        ("ada valid-before=\"20261121Z\" KEY\nbob KEY", Some("ada"), "signer-expired"),
        ("bob KEY\nada namespaces=\"file\" KEY", Some("ada"), "signer-namespace"),
        ("ada valid-after=\"20261123Z\" KEY\nada namespaces=\"file\" KEY", None, "signer-not-yet-valid"),
        ("ada valid-before=\"20261121Z\" KEY\nada valid-after=\"20261123Z\" KEY", None, "signer-expired"),
    ];
    for (lines, wanted, expected) in cases {
        let text = lines
            .replace("KEY", ED_PUBLIC)
            .replace("OTHER", P256_PUBLIC);
        assert_eq!(&outcome(ED, &text, *wanted, AT), expected, "{lines:?}");
    }
}

#[test]
fn both_ends_of_the_validity_belong_to_it() {
    let line = format!("ada valid-after=\"20261122Z\",valid-before=\"20261123Z\" {ED_PUBLIC}");
    for (at, expected) in [
        ("2026-11-21T23:59:59.999Z", "signer-not-yet-valid"),
        ("2026-11-22T00:00:00Z", "ada"),
        ("2026-11-23T00:00:00Z", "ada"),
        ("2026-11-23T00:00:00.999Z", "ada"),
        ("2026-11-23T00:00:01Z", "signer-expired"),
    ] {
        assert_eq!(outcome(ED, &line, Some("ada"), at), expected, "{at}");
    }
}

#[test]
fn errors_say_who_when_and_what() {
    let at = time("2026-11-22T10:00:00Z");
    let message = |line: &str| {
        let allowed = AllowedSigners::parse(&format!("{line} {ED_PUBLIC}")).unwrap();
        let refused = verify(
            ED.as_bytes(),
            PACKAGE_NAMESPACE,
            MESSAGE,
            &allowed,
            at,
            Some("ada"),
        );
        refused
            .unwrap_err()
            .to_string()
            .replace(ED_FINGERPRINT, "FP")
    };
    assert_eq!(
        message("bob"),
        "signed by FP, a key of \"bob\", not of \"ada\""
    );
    let allowed_for = "signed by FP, which is not allowed to sign for \"exeat.package.v1\"";
    assert_eq!(message("ada namespaces=\"file\""), allowed_for);
    let late = "signed by FP, which was valid only before 2026-11-21T00:00:00Z";
    assert_eq!(message("ada valid-before=\"20261121\""), late);
}

fn open(text: &str, passphrase: Option<&str>) -> Result<SigningKey, SignatureError> {
    SigningKey::from_openssh(text.as_bytes(), passphrase.map(SecretString::from).as_ref())
}

#[test]
fn private_keys_are_read_or_refused_by_name() {
    let key = open(ED_PRIVATE, None).unwrap();
    assert_eq!(key.public(), PublicKey::parse(ED_PUBLIC).unwrap());
    assert_eq!(key.public().comment(), "ada at the office");
    assert_eq!(key.sign(PACKAGE_NAMESPACE, MESSAGE).unwrap(), ED);
    assert!(open(ED_PRIVATE, Some("not needed")).is_ok());
    assert!(open(&ED_PRIVATE.replace('\n', "\r\n"), None).is_ok());

    let malformed = "signing-key-malformed";
    let large = format!("{ED_PRIVATE}{}", " ".repeat(wire::MAX_INPUT));
    for (text, code) in [
        ("", malformed),
        (ED_PUBLIC, malformed),
        (ED, malformed),
        (&large, malformed),
        (&ED_PRIVATE[..200], malformed),
        (&ED_PRIVATE.replace("OPENSSH ", ""), malformed),
        (&ED_PRIVATE.replace("OPENSSH ", "RSA "), malformed),
        (P384_PRIVATE, "signing-key-unsupported"),
        (SK_ED_PRIVATE, "signing-key-unsupported"),
    ] {
        assert_eq!(open(text, None).unwrap_err().code(), code, "{text}");
    }
}

#[test]
fn a_damaged_private_key_is_never_taken_for_another() {
    for text in [ED_PRIVATE, SHORT_PRIVATE] {
        let (good, key) = (blob(PRIVATE_KEY, text), open(text, None).unwrap());
        let (public, signature) = (key.public(), key.sign(PACKAGE_NAMESPACE, MESSAGE).unwrap());
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            // What is not of the key, such as its comment, may change
            // unnoticed.
            if let Ok(key) = open(&armour(PRIVATE_KEY, &bad), None) {
                assert_eq!(key.public(), public, "byte {at}");
                assert_eq!(
                    key.sign(PACKAGE_NAMESPACE, MESSAGE).unwrap(),
                    signature,
                    "byte {at}"
                );
            }
            assert!(
                open(&armour(PRIVATE_KEY, &good[..at]), None).is_err(),
                "cut at {at}"
            );
        }
    }
}

#[test]
fn encrypted_keys_come_back_with_their_passphrase_only() {
    let key = SigningKey::generate("new\nline");
    assert_eq!(key.public().comment(), "newline");
    let plain = ssh_key::PrivateKey::from_openssh(&*key.to_openssh(None).unwrap()).unwrap();
    assert_eq!(plain.comment(), "newline");
    let text = key
        .to_openssh(Some(&SecretString::from(PASSPHRASE)))
        .unwrap();
    assert_eq!(
        open(&text, Some(PASSPHRASE)).unwrap().public().comment(),
        "newline"
    );
    assert_eq!(
        open(&text, Some(PASSPHRASE)).unwrap().public(),
        key.public()
    );
    for (passphrase, code) in [
        (None, "passphrase-needed"),
        (Some(""), "wrong-passphrase"),
        (Some("Hunter2"), "wrong-passphrase"),
    ] {
        assert_eq!(open(&text, passphrase).unwrap_err().code(), code);
    }
    let refused = key.to_openssh(Some(&SecretString::from(""))).unwrap_err();
    assert!(matches!(refused, SignatureError::EmptyPassphrase));
    assert_eq!(
        open(&key.to_openssh(None).unwrap(), None).unwrap().public(),
        key.public()
    );
}

#[test]
fn a_key_that_asks_for_endless_work_is_refused() {
    let mut blob = blob(PRIVATE_KEY, SHORT_ENCRYPTED);
    let rounds = &mut blob[63..67];
    assert_eq!(rounds, 16_u32.to_be_bytes());
    rounds.copy_from_slice(&4097_u32.to_be_bytes());
    let endless = armour(PRIVATE_KEY, &blob);
    let refused = open(&endless, Some(PASSPHRASE)).unwrap_err();
    assert!(
        matches!(refused, SignatureError::ExcessiveWork { .. }),
        "{refused}"
    );
}

/// See `key::short_scalar`; the first assertion fails when `ssh-key` no longer
/// needs it.
#[test]
fn p256_keys_with_a_short_number_are_read() {
    assert!(ssh_key::PrivateKey::from_openssh(SHORT_PRIVATE).is_err());
    let public = PublicKey::parse(SHORT_PUBLIC).unwrap();
    for (text, passphrase) in [
        (SHORT_PRIVATE, None),
        (SHORT_ENCRYPTED, Some(PASSPHRASE)),
        (SHORT_SEALED, Some(PASSPHRASE)),
    ] {
        let key = open(text, passphrase).unwrap();
        assert_eq!(
            (key.public(), key.public().comment()),
            (public.clone(), "short")
        );
        assert_eq!(
            open(&key.to_openssh(None).unwrap(), None).unwrap().public(),
            public
        );
    }
    for text in [SHORT_ENCRYPTED, SHORT_SEALED] {
        assert_eq!(
            open(text, Some("wrong")).unwrap_err().code(),
            "wrong-passphrase"
        );
        assert_eq!(open(text, None).unwrap_err().code(), "passphrase-needed");
    }
}

#[test]
fn secrets_are_not_shown() {
    let key = open(ED_PRIVATE, None).unwrap();
    assert_eq!(
        format!("{key:?}"),
        format!("SigningKey(Fingerprint({ED_FINGERPRINT}))")
    );
}

#[test]
fn public_keys_are_read_strictly() {
    let ed = PublicKey::parse(ED_PUBLIC).unwrap();
    let (line, _) = ED_PUBLIC.split_at(80);
    assert_eq!(ed.to_openssh(), line);
    assert_eq!(
        (ed.algorithm().as_str(), ed.comment()),
        ("ssh-ed25519", "ada at the office")
    );
    for good in [
        line,
        &format!("  {}\t b\n", line.replace(' ', " \t ")),
        &format!("{line} \u{1b}[2Jx\r\n"),
    ] {
        assert_eq!(PublicKey::parse(good).unwrap(), ed, "{good:?}");
    }
    assert_eq!(
        PublicKey::parse(&format!("{line} \u{1b}[2Jx"))
            .unwrap()
            .comment(),
        "[2Jx"
    );
    for (key, verifiable) in [
        (ED_PUBLIC, true),
        (P256_PUBLIC, true),
        (SK_ED_PUBLIC, true),
        (SK_P256_PUBLIC, true),
        (RSA_PUBLIC, false),
    ] {
        assert_eq!(
            PublicKey::parse(key).unwrap().is_verifiable(),
            verifiable,
            "{key}"
        );
        assert_ne!(PublicKey::parse(key).unwrap() == ed, key != ED_PUBLIC);
    }
    let long = format!("{line} {}", "x".repeat(wire::MAX_INPUT));
    for bad in [
        "",
        "ssh-ed25519",
        &line["ssh-ed25519 ".len()..],
        &line.replace("ssh-ed25519", "ssh-rsa"),
        &line.replace("ssh-ed25519", "SSH-ED25519"),
        &line[..79],
        &line[..76],
        &format!("{line}AAAA"),
        &format!("no-pty {line}"),
        &format!("{line}\n{line}"),
        &format!("{line} ada\n{line} bob"),
        // The length of the key says 33 bytes, or 31.
        &line.replace("AAAAIB", "AAAAIR"),
        &line.replace("AAAAIB", "AAAAHx"),
        "ssh-x AAAABXNzaC14",
        "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t",
        &long,
        ED_PRIVATE,
    ] {
        assert!(
            matches!(
                PublicKey::parse(bad),
                Err(SignatureError::NotAPublicKey { .. })
            ),
            "{bad}"
        );
    }
}

#[test]
fn fingerprints_are_read_as_they_are_written() {
    let fingerprint: Fingerprint = ED_FINGERPRINT.parse().unwrap();
    assert_eq!(
        fingerprint,
        PublicKey::parse(ED_PUBLIC).unwrap().fingerprint()
    );
    assert_eq!(fingerprint.to_string(), ED_FINGERPRINT);
    let other = PublicKey::parse(P256_PUBLIC).unwrap().fingerprint();
    assert_ne!(fingerprint, other);
    assert_eq!(fingerprint < other, other > fingerprint);
    let digits = &ED_FINGERPRINT["SHA256:".len()..];
    let last = &digits[..42];
    for bad in [
        "",
        "SHA256:",
        digits,
        &format!("sha256:{digits}"),
        &format!("SHA512:{digits}"),
        &format!("SHA256:{digits}="),
        &format!("SHA256:{digits}A"),
        &format!(" SHA256:{digits}"),
        &format!("SHA256:{digits}\n"),
        &format!("SHA256:{last}"),
        &format!("SHA256:{last}/"),
        &format!("SHA256:{}", "A".repeat(86)),
        &format!("SHA512:{}", "A".repeat(86)),
        "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
    ] {
        assert!(
            matches!(
                bad.parse::<Fingerprint>(),
                Err(SignatureError::NotAFingerprint { .. })
            ),
            "{bad:?}"
        );
    }
}
