#![no_main]
//! `key.age`: whatever is encrypted in it, only one line with one key is taken.

use std::io::Write as _;

use age::Encryptor;
use age::secrecy::ExposeSecret as _;
use exeat_core::fuzzing::envelope;
use exeat_fuzz::{IDENTITY, Input};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (identities, recipient) = &*IDENTITY;
    let mut input = Input(bytes);
    let Some(plain) = (match input.byte() & 3 {
        // As it is, which is hardly ever age at all.
        0 => None,
        1 => Some(input.rest().to_vec()),
        // A key, and more of it.
        _ => {
            let (before, after) = (input.byte() & 7, input.byte() & 7);
            let mut plain = input.take(before.into()).to_vec();
            plain.extend_from_slice(include_str!("../keys/identity").trim().as_bytes());
            plain.extend_from_slice(input.take(after.into()));
            Some(plain)
        }
    }) else {
        let _ = envelope(&bytes[1.min(bytes.len())..], identities);
        return;
    };
    let recipient: age::x25519::Recipient = recipient.to_string().parse().expect("one");
    let all = std::iter::once(&recipient as &dyn age::Recipient);
    let mut sealed = Vec::new();
    let encryptor = Encryptor::with_recipients(all).expect("one");
    let mut writer = encryptor.wrap_output(&mut sealed).expect("memory");
    writer.write_all(&plain).expect("memory");
    writer.finish().expect("memory");
    let is_key = std::str::from_utf8(&plain).is_ok_and(|text| {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let key = text.parse::<age::x25519::Identity>();
        key.is_ok_and(|key| key.to_string().expose_secret() == text)
    });
    assert_eq!(envelope(&sealed, identities).is_ok(), is_key);
});
