#![no_main]
//! Identity files, in the clear and protected; no error repeats a secret.

use exeat_core::keys::IdentityFile;
use libfuzzer_sys::fuzz_target;
use zeroize::Zeroizing;

fuzz_target!(|bytes: &[u8]| {
    match IdentityFile::parse(Zeroizing::new(bytes.to_vec())) {
        Ok(IdentityFile::Plain(identities)) => assert!(!identities.is_empty()),
        // Trying a passphrase takes long on purpose.
        Ok(IdentityFile::Encrypted(_)) => {}
        Err(error) => {
            let said = error.to_string();
            assert!(!said.contains("AGE-SECRET-KEY-1") && said.len() < 500);
        }
    }
});
