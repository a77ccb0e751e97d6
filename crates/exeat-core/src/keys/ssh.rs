//! SSH keys that encrypt and decrypt: what age makes of `ssh-ed25519` and
//! `ssh-rsa` keys that people have already.
//!
//! The lines and files are taken apart as strictly as those of signing keys
//! are, so that a key has one text; age is given what has passed.

use std::fmt;

use age::secrecy::SecretString;
use age::ssh::{Identity, ParseRecipientKeyError, UnsupportedKey};
use ssh_key::Kdf;
use zeroize::Zeroizing;

use super::identity::{Identities, malformed};
use super::{KeyError, SshFault};
use crate::signature::{MAX_ROUNDS, PublicKey, SignatureError, private_key};

/// Reads `ssh-ed25519 AAAA… comment` or the like; an error is the reason why it
/// is no recipient.
pub(super) fn recipient(line: &str) -> Result<age::ssh::Recipient, &'static str> {
    let key = PublicKey::parse(line).map_err(|error| match error {
        SignatureError::NotAPublicKey { reason } => reason,
        _ => "it is damaged",
    })?;
    match key.to_openssh().parse() {
        Ok(age::ssh::Recipient::SshEd25519(_, point)) if point.is_small_order() => {
            Err("it is a key that everybody can open for")
        }
        Ok(recipient) => Ok(recipient),
        Err(ParseRecipientKeyError::RsaModulusTooSmall) => {
            Err("RSA keys of fewer than 2048 bits are too weak")
        }
        Err(ParseRecipientKeyError::RsaModulusTooLarge) => {
            Err("RSA keys of more than 4096 bits are not supported")
        }
        Err(_) => Err("its key is damaged, or of a kind that cannot encrypt"),
    }
}

/// A private key as `ssh-keygen` writes it.
pub(super) enum PrivateKey {
    /// Ready to use.
    Open(Identities),
    /// Protected by a passphrase.
    Locked(LockedKey),
}

/// A private key that a passphrase protects.
pub(super) struct LockedKey {
    key: age::ssh::EncryptedKey,
    name: String,
}

/// Reads a private key in OpenSSH's format.
pub(super) fn private(text: &[u8]) -> Result<PrivateKey, KeyError> {
    let outside = private_key(text).map_err(|error| match error {
        SignatureError::NotAPrivateKey { reason } => malformed(reason),
        _ => malformed("it is damaged"),
    })?;
    let algorithm = outside.algorithm();
    let unsupported = |fault| KeyError::SshIdentity {
        algorithm: algorithm.to_string(),
        fault,
    };
    match algorithm.as_str() {
        "ssh-ed25519" | "ssh-rsa" => {}
        kind if kind.starts_with("sk-") => return Err(unsupported(SshFault::Hardware)),
        _ => return Err(unsupported(SshFault::Kind)),
    }
    if let Kdf::Bcrypt { rounds, .. } = outside.kdf()
        && *rounds > MAX_ROUNDS
    {
        return Err(unsupported(SshFault::Rounds(*rounds)));
    }
    let damaged = || malformed("it is damaged");
    let identity = Identity::from_buffer(text.trim_ascii(), None).map_err(|_| damaged())?;
    if let Identity::Unsupported(UnsupportedKey::EncryptedSsh(_)) = identity {
        return Err(unsupported(SshFault::Cipher));
    }
    let public = age::ssh::Recipient::try_from(identity.clone()).map_err(|error| match error {
        ParseRecipientKeyError::RsaModulusTooLarge => unsupported(SshFault::TooLarge),
        _ => damaged(),
    })?;
    let name = public.to_string();
    match identity {
        Identity::Encrypted(key) => Ok(PrivateKey::Locked(LockedKey { key, name })),
        open => Ok(PrivateKey::Open(Identities::one(Box::new(open), name))),
    }
}

impl LockedKey {
    /// Opens the key.
    pub(super) fn unlock(&self, passphrase: SecretString) -> Result<Identities, KeyError> {
        // What the passphrase opens has a check of its own, so that damage and
        // a wrong passphrase look alike.
        let key = self
            .key
            .decrypt(passphrase)
            .map_err(|_| KeyError::WrongPassphrase)?;
        let identity = Identity::from(key);
        Ok(Identities::one(Box::new(identity), self.name.clone()))
    }
}

impl fmt::Debug for LockedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LockedKey({}, …)", self.name)
    }
}

/// Whether a file is a private key in OpenSSH's format.
pub(super) fn is_private(file: &Zeroizing<Vec<u8>>) -> bool {
    file.trim_ascii_start()
        .starts_with(b"-----BEGIN OPENSSH PRIVATE KEY-----")
}

#[cfg(test)]
mod tests;
