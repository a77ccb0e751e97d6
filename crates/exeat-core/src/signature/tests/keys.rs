//! Private and public keys: what is read, what is refused, and what is never
//! shown.

use super::*;

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
