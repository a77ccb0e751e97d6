//! A detour around a fault of `ssh-key` 0.6: it cannot read one P-256 private
//! key in 512.
//!
//! The secret number in such a key has 32 bytes, and OpenSSH writes it as it
//! writes all numbers: without leading zero bytes. `ssh-key` 0.6 insists on all
//! 32. Here a key with a shorter number is written again with 32, for `ssh-key`
//! to read. To be removed with `ssh-key` 0.7, which reads them; the tests have
//! such a key. The format is OpenSSH's `PROTOCOL.key`.

use ssh_key::{Cipher, Kdf, PrivateKey};
use zeroize::Zeroizing;

use super::wire::Fields;

const MAGIC: &[u8] = b"openssh-key-v1\0";
const P256: &[u8] = b"ecdsa-sha2-nistp256";

/// Reads a P-256 key whose number is short; nothing else. `passphrase` is there
/// if the key is encrypted.
pub(super) fn read(blob: &[u8], passphrase: Option<&str>) -> Option<PrivateKey> {
    let mut container = Fields(blob.strip_prefix(MAGIC)?);
    let cipher = Cipher::new(container.text()?).ok()?;
    let (_kdf, mut kdf_options) = (container.bytes()?, Fields(container.bytes()?));
    let (1, public) = (container.number()?, container.bytes()?) else {
        return None;
    };
    let mut section = Zeroizing::new(container.bytes()?.to_vec());
    if let Some(passphrase) = passphrase {
        let kdf = Kdf::Bcrypt {
            salt: kdf_options.bytes()?.to_vec(),
            rounds: kdf_options.number()?,
        };
        let (key, iv) = kdf.derive_key_and_iv(cipher, passphrase).ok()?;
        let tag = container.0.try_into().ok();
        cipher.decrypt(&key, &iv, &mut section, tag).ok()?;
    }

    let mut fields = Fields(&section);
    let checks = fields.take(8)?;
    let [kind, curve, point] = [fields.bytes()?, fields.bytes()?, fields.bytes()?];
    let (short, comment) = (fields.bytes()?, fields.bytes()?);
    if kind != P256 || short.len() >= 32 {
        return None;
    }
    let mut number = Zeroizing::new([0; 32]);
    number[32 - short.len()..].copy_from_slice(short);

    // Room for the wider number and new padding: a vector that grows leaves
    // copies of a secret behind.
    let mut wide = Zeroizing::new(Vec::with_capacity(section.len() + 64));
    wide.extend_from_slice(checks);
    for field in [kind, curve, point, &*number, comment] {
        put(&mut wide, field)?;
    }
    let padding = wide.len().next_multiple_of(8) - wide.len();
    wide.extend((1..=8).take(padding));

    let mut plain = Zeroizing::new(MAGIC.to_vec());
    plain.reserve(public.len() + wide.len() + 64);
    for field in [b"none".as_slice(), b"none", b""] {
        put(&mut plain, field)?;
    }
    plain.extend_from_slice(&1_u32.to_be_bytes());
    put(&mut plain, public)?;
    put(&mut plain, &wide)?;
    PrivateKey::from_bytes(&plain).ok()
}

fn put(out: &mut Vec<u8>, field: &[u8]) -> Option<()> {
    out.extend_from_slice(&u32::try_from(field.len()).ok()?.to_be_bytes());
    out.extend_from_slice(field);
    Some(())
}
