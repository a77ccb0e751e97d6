#![no_main]
//! Public and private keys of OpenSSH: a key that is read is written in one
//! way, which is read again as the same.

use exeat_core::signature::{PublicKey, SigningKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(key) = PublicKey::parse(text)
    {
        let line = key.to_openssh();
        let again = PublicKey::parse(&line).expect("as it is written");
        assert_eq!(again, key);
        assert_eq!(again.fingerprint(), key.fingerprint());
        assert_eq!(again.to_openssh(), line);
        assert!(!key.comment().chars().any(char::is_control));
        // Between the two there may be any blanks.
        let mut words = line.split(' ');
        assert!(
            words.all(|word| text.contains(word)),
            "it was not written in its one form"
        );
    }
    // Without the trial of a passphrase, which takes long on purpose.
    if let Ok(key) = SigningKey::public_of(bytes) {
        assert_eq!(
            PublicKey::parse(&key.to_openssh()).expect("as it is written"),
            key
        );
    }
    let _ = (
        SigningKey::is_elsewhere(bytes),
        SigningKey::asks_for_pin(bytes),
    );
    let is_encrypted = SigningKey::from_openssh(bytes, None);
    if let Ok(key) = is_encrypted {
        let public = SigningKey::public_of(bytes).expect("the half of one that was read");
        assert_eq!(key.public(), public);
    }
});
