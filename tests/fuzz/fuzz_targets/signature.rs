#![no_main]
//! SSHSIG: a signature that is taken was made by the key that made the seeds.

use std::sync::LazyLock;

use exeat_core::signature::{AllowedSigners, PublicKey, SignatureError, verify};
use exeat_fuzz::{Input, SIGNER};
use libfuzzer_sys::fuzz_target;

const NAMESPACE: &str = "exeat.package.v1";
const MESSAGE: &[u8] = b"fuzzing\n";

static KEY: LazyLock<PublicKey> = LazyLock::new(|| SIGNER.public());
/// What is armored, of a good signature.
static GOOD: LazyLock<Vec<u8>> =
    LazyLock::new(|| SIGNER.sign(NAMESPACE, MESSAGE).expect("a key").into_bytes());

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // Any bytes in good armour.
    check(&armored(bytes));
    // A good one with one place altered.
    let mut input = Input(bytes);
    let (at, what) = (input.short(), input.take(8));
    let mut altered = GOOD.clone();
    let at = at % altered.len();
    let end = (at + what.len()).min(altered.len());
    altered.splice(at..end, what.iter().copied());
    check(&altered);
});

fn check(bytes: &[u8]) {
    let now = jiff::Timestamp::UNIX_EPOCH;
    match verify(
        bytes,
        NAMESPACE,
        MESSAGE,
        &AllowedSigners::empty(),
        now,
        None,
    ) {
        Ok(signer) => panic!("nobody is trusted, and {signer:?} is"),
        Err(SignatureError::UnknownKey { fingerprint }) => {
            assert_eq!(fingerprint, KEY.fingerprint(), "a signature from nowhere");
            // Of its text only white space may differ.
            let bare = |text: &[u8]| -> Vec<u8> {
                text.iter()
                    .copied()
                    .filter(|byte| !byte.is_ascii_whitespace())
                    .collect()
            };
            assert_eq!(bare(bytes), bare(&GOOD));
        }
        Err(_) => {}
    }
    for namespace in ["", "exeat.rekey.v1"] {
        let other = verify(
            bytes,
            namespace,
            MESSAGE,
            &AllowedSigners::empty(),
            now,
            None,
        );
        let is_taken = matches!(other, Err(SignatureError::UnknownKey { .. }));
        assert!(!is_taken, "good for another purpose");
    }
}

fn armored(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = b"-----BEGIN SSH SIGNATURE-----\n".to_vec();
    let mut blob = b"SSHSIG\0\0\0\x01".to_vec();
    blob.extend_from_slice(bytes);
    for group in blob.chunks(3) {
        let mut held = 0_u32;
        for at in 0..3 {
            held = held << 8 | u32::from(group.get(at).copied().unwrap_or(0));
        }
        for at in 0..4 {
            let digit = DIGITS[(held >> (18 - 6 * at)) as usize & 63];
            text.push(if at > group.len() { b'=' } else { digit });
        }
    }
    text.extend_from_slice(b"\n-----END SSH SIGNATURE-----\n");
    text
}
