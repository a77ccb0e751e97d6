#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod allowed_signers;
mod elsewhere;
mod keys;
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
