//! Post-quantum keys of age: `age1pq1…` and `AGE-SECRET-KEY-PQ-1…`, whose
//! stanzas are of the type `mlkem768x25519` (<https://c2sp.org/age>).
//!
//! The KEM is put together here, from the crates that age itself uses; the rest
//! of HPKE is the crate's. A key has one text, and a stanza one form.

use std::collections::HashSet;
use std::fmt;

use age::secrecy::ExposeSecret as _;
use age::{DecryptError, EncryptError};
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::primitives::{
    bech32_decode, bech32_encode, bech32_encode_to_fmt, hpke_open, hpke_seal,
};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bech32::Hrp;
use hpke::{Deserializable as _, HpkeError, Serializable as _};
use rand_core::OsRng;
use zeroize::Zeroizing;

use kem::{EncappedKey, MlKem768X25519, PrivateKey, PublicKey};

mod kem;

/// What a recipient begins with.
pub(super) const PREFIX: &str = "age1pq1";
/// What an identity begins with.
pub(super) const SECRET_PREFIX: &str = "AGE-SECRET-KEY-PQ-1";
/// age's name for recipients that a quantum computer does not open: in one file
/// are those alone, or none.
pub(super) const LABEL: &str = "postquantum";

const RECIPIENT: Hrp = Hrp::parse_unchecked("age1pq");
const IDENTITY: Hrp = Hrp::parse_unchecked("AGE-SECRET-KEY-PQ-");
const TAG: &str = "mlkem768x25519";
const INFO: &[u8] = b"age-encryption.org/mlkem768x25519";
/// The bytes of an encrypted file key: the key and Poly1305's code.
const BODY: usize = FILE_KEY_BYTES + 16;
const MISTYPED: &str = "a character is missing or mistyped";

/// `age1pq1…`: encrypts.
#[derive(Clone)]
pub(super) struct Recipient(PublicKey);

impl Recipient {
    /// Reads a recipient; an error is the reason why it is none.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let recipient = bech32_decode(
            text,
            |_| MISTYPED,
            |hrp| (hrp == RECIPIENT).then_some(()).ok_or(MISTYPED),
            |_, bytes| match PublicKey::from_bytes(&bytes.collect::<Vec<_>>()) {
                Ok(key) => Ok(Self(key)),
                Err(HpkeError::IncorrectInputLength(..)) => Err("it has the wrong length"),
                Err(_) => Err("its key is damaged, or one that everybody can open for"),
            },
        )?;
        // Neither in capital letters nor with bits left over.
        match recipient.to_string() == text {
            true => Ok(recipient),
            false => Err(MISTYPED),
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bech32_encode_to_fmt(f, RECIPIENT, &self.0.to_bytes())
    }
}

impl age::Recipient for Recipient {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        // Fails for points of low order alone, and none has been read.
        let key = file_key.expose_secret();
        let (sent, body) = hpke_seal::<MlKem768X25519, _>(&self.0, INFO, key, &mut OsRng);
        let stanza = Stanza {
            tag: TAG.to_owned(),
            args: vec![BASE64_STANDARD_NO_PAD.encode(sent.to_bytes())],
            body,
        };
        Ok((vec![stanza], HashSet::from([LABEL.to_owned()])))
    }
}

/// `AGE-SECRET-KEY-PQ-1…`: decrypts.
pub(super) struct Identity(PrivateKey);

impl Identity {
    /// Reads an identity.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let identity = bech32_decode(
            text,
            drop,
            |hrp| (hrp == IDENTITY).then_some(()).ok_or(()),
            |_, found| {
                // Room for all of it from the start: a growing buffer leaves copies.
                let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
                bytes.extend(found);
                PrivateKey::from_bytes(&bytes).map(Self).map_err(drop)
            },
        )
        .ok()?;
        let mut canonical = Zeroizing::new(bech32_encode(IDENTITY, identity.0.seed()));
        canonical.make_ascii_uppercase();
        (*canonical == text).then_some(identity)
    }

    /// What encrypts to it.
    pub(super) fn to_public(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    fn unwrap(&self, stanza: &Stanza) -> Result<Option<FileKey>, DecryptError> {
        let [sent] = &stanza.args[..] else {
            return Err(DecryptError::InvalidHeader);
        };
        // Refuses what is not the one way to write it.
        let sent = BASE64_STANDARD_NO_PAD.decode(sent);
        let sent = sent.map_err(|_| DecryptError::InvalidHeader)?;
        let sent = EncappedKey::from_bytes(&sent).map_err(|_| DecryptError::InvalidHeader)?;
        // First, so that nobody learns anything from longer ones.
        if stanza.body.len() != BODY {
            return Err(DecryptError::InvalidHeader);
        }
        let key = match hpke_open::<MlKem768X25519>(&sent, &self.0, INFO, &stanza.body) {
            Ok(key) => Zeroizing::new(key),
            // Which key a stanza is for shows in nothing else.
            Err(HpkeError::OpenError) => return Ok(None),
            Err(_) => return Err(DecryptError::InvalidHeader),
        };
        Ok(Some(FileKey::init_with_mut(|into| {
            into.copy_from_slice(&key)
        })))
    }
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        (stanza.tag == TAG)
            .then(|| self.unwrap(stanza).transpose())
            .flatten()
    }
}

/// The recipient and the identity of a seed that everybody knows.
#[cfg(test)]
pub(crate) fn pair(seed: u8) -> (String, String) {
    let secret = bech32_encode(IDENTITY, &[seed; 32]).to_uppercase();
    let identity = Identity::parse(&secret).expect("an identity");
    (identity.to_public().to_string(), secret)
}

#[cfg(test)]
mod tests;
