//! Keys that somebody else holds, who may give anything at all.

use std::sync::Arc;

use super::*;

/// Gives this, whatever is asked; nothing is a failure.
struct Gives(&'static [u8]);

impl Holder for Gives {
    fn program(&self) -> &str {
        "toy"
    }

    fn reach(&self) -> Result<(), SignatureError> {
        Err(SignatureError::HolderMissing {
            program: "toy".into(),
        })
    }

    fn sign(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, SignatureError> {
        match self.0 {
            [] => Err(SignatureError::HolderFailed {
                program: "toy".into(),
                reason: "it has no such key".into(),
            }),
            given => Ok(given.to_vec()),
        }
    }
}

fn held(public: &str, given: &'static str) -> Result<SigningKey, SignatureError> {
    let key = PublicKey::parse(public).unwrap();
    SigningKey::held_by(key, Arc::new(Gives(given.as_bytes())))
}

#[test]
fn what_fits_is_taken() {
    for (public, signature) in [
        (ED_PUBLIC, ED),
        (P256_PUBLIC, P256),
        (SK_ED_PUBLIC, SK_ED),
        (SK_P256_PUBLIC, SK_P256),
    ] {
        let key = held(public, signature).unwrap();
        assert_eq!(key.sign(PACKAGE_NAMESPACE, MESSAGE).unwrap(), signature);
        assert_eq!(key.public(), PublicKey::parse(public).unwrap());
    }
}

#[test]
fn what_does_not_fit_is_a_lie() {
    let code = |public, given, namespace: &str, message: &[u8]| {
        let key = held(public, given).unwrap();
        key.sign(namespace, message).unwrap_err().code()
    };
    let space = PACKAGE_NAMESPACE;
    for (public, given, namespace, message, expected) in [
        // Somebody else's, over other bytes, for something else, and no signature.
        (P256_PUBLIC, ED, space, MESSAGE, "signing-program-mismatch"),
        (ED_PUBLIC, ED, space, b"other", "signing-program-mismatch"),
        (
            SK_ED_PUBLIC,
            SK_ED,
            space,
            b"other",
            "signing-program-mismatch",
        ),
        (ED_PUBLIC, ED, "file", MESSAGE, "signing-program-mismatch"),
        (
            ED_PUBLIC,
            "\u{1b}[2J",
            space,
            MESSAGE,
            "signing-program-mismatch",
        ),
        (ED_PUBLIC, "", space, MESSAGE, "signing-program-failed"),
        (ED_PUBLIC, ED, "", MESSAGE, "namespace-malformed"),
    ] {
        assert_eq!(code(public, given, namespace, message), expected, "{given}");
    }
    // It shows before the work, but for a token that waits for a person.
    let rehearsed = |public, given| held(public, given).unwrap().rehearse();
    assert_eq!(
        rehearsed(ED_PUBLIC, ED).unwrap_err().code(),
        "signing-program-mismatch"
    );
    assert_eq!(
        rehearsed(SK_ED_PUBLIC, SK_ED).unwrap_err().code(),
        "signing-program-missing"
    );
    assert!(SigningKey::generate("here").rehearse().is_ok());
}

#[test]
fn files_of_keys_that_are_elsewhere() {
    for (file, public) in [
        (ED_PUBLIC, ED_PUBLIC),
        (SK_ED_PUBLIC, SK_ED_PUBLIC),
        (SK_ED_PRIVATE, SK_ED_PUBLIC),
    ] {
        assert!(SigningKey::is_elsewhere(file.as_bytes()), "{file}");
        let found = SigningKey::public_of(file.as_bytes()).unwrap();
        assert_eq!(found, PublicKey::parse(public).unwrap());
    }
    for file in [ED_PRIVATE, P384_PRIVATE, ED, "", "ssh"] {
        assert!(!SigningKey::is_elsewhere(file.as_bytes()), "{file}");
    }
    let code = |file: &str| SigningKey::public_of(file.as_bytes()).unwrap_err().code();
    assert_eq!(code(RSA_PUBLIC), "signing-key-unsupported");
    assert_eq!(code("ssh-ed25519 AAAA"), "public-key-malformed");
    assert_eq!(code(P384_PRIVATE), "signing-key-unsupported");
    assert_eq!(code("ssh"), "signing-key-malformed");
    let refused = held(RSA_PUBLIC, ED).unwrap_err();
    assert_eq!(refused.code(), "signing-key-unsupported");
    let key = held(ED_PUBLIC, ED).unwrap();
    assert_eq!(
        key.to_openssh(None).unwrap_err().code(),
        "signing-key-elsewhere"
    );
    assert_eq!(
        format!("{key:?}"),
        format!("SigningKey(Fingerprint({ED_FINGERPRINT}))")
    );
}
