#![no_main]
//! The bounds on an age header: what they let through, age reads in the same
//! way or refuses; what age reads and is within the bounds, they let through, but for
//! stanzas that do not end as the specification says.

use age::Decryptor;
use exeat_core::fuzzing::age_header;
use exeat_core::keys::KeyError;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match age_header(bytes) {
        Ok(header) => {
            assert!(header.bytes <= 64 << 10 && header.bytes <= bytes.len());
            let text = &bytes[..header.bytes];
            assert!(stanzas(text) <= 128);
            if let Ok(age) = Decryptor::new_buffered(bytes) {
                assert_eq!(age.is_scrypt(), header.is_passphrase);
            }
            // Nothing behind the header has a say in it.
            assert_eq!(age_header(text).ok(), Some(header));
        }
        // The crate takes such, for the sake of its own early versions; nobody else does.
        Err(KeyError::Header {
            reason: "a stanza in it has no end",
        }) => {}
        Err(_) => {
            let within = &bytes[..bytes.len().min(64 << 10)];
            if stanzas(within) <= 128 {
                assert!(Decryptor::new_buffered(within).is_err(), "age reads it");
            }
        }
    }
});

fn stanzas(bytes: &[u8]) -> usize {
    let lines = bytes.split(|&byte| byte == b'\n');
    lines.filter(|line| line.starts_with(b"-> ")).count()
}
