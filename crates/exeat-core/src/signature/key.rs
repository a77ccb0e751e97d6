//! Keys that sign, keys that check, and the fingerprints people compare.

mod short_scalar;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;
use ssh_key::rand_core::OsRng;
use ssh_key::{Algorithm, Cipher, HashAlg, Kdf, LineEnding, PrivateKey};
use zeroize::Zeroizing;

use super::elsewhere::{Held, Holder};
use super::{PACKAGE_NAMESPACE, SignatureError, shortened, wire};

/// The most rounds of bcrypt run to try a passphrase. OpenSSH writes 16 or 24,
/// and this many take half a minute.
pub(crate) const MAX_ROUNDS: u32 = 4096;

/// A key that signs: Ed25519, or ECDSA on the curve P-256; a private key that is
/// here, or one that is held elsewhere, in an agent or a hardware token.
///
/// Its memory is overwritten when it goes, and `Debug` shows the fingerprint
/// only.
pub struct SigningKey(Kind);

enum Kind {
    Here(Box<PrivateKey>),
    Elsewhere(Held),
}

impl SigningKey {
    /// Makes a new Ed25519 key from the operating system's random numbers.
    /// Control characters in `comment` are left out.
    ///
    /// # Panics
    ///
    /// If the operating system has no random numbers to give.
    #[must_use]
    pub fn generate(comment: &str) -> Self {
        let mut key = PrivateKey::random(&mut OsRng, Algorithm::Ed25519)
            .expect("the crate is built with Ed25519");
        key.set_comment(printable(comment));
        Self(Kind::Here(Box::new(key)))
    }

    /// A key that `holder` signs with when it is asked.
    ///
    /// # Errors
    ///
    /// [`CannotSign`](SignatureError::CannotSign) if signatures by this kind of
    /// key cannot be checked here.
    pub fn held_by(key: PublicKey, holder: Arc<dyn Holder>) -> Result<Self, SignatureError> {
        let key = key.able_to_sign()?;
        Ok(Self(Kind::Elsewhere(Held::new(key, holder))))
    }

    /// Reads a private key as `ssh-keygen` writes it.
    ///
    /// The passphrase is used only if the key is encrypted.
    ///
    /// # Errors
    ///
    /// [`NotAPrivateKey`](SignatureError::NotAPrivateKey) if it is not one, or
    /// larger than 64 KiB; [`CannotSign`](SignatureError::CannotSign) if it is
    /// of a kind that cannot sign here, which shows without a passphrase; and
    /// if it is encrypted,
    /// [`PassphraseNeeded`](SignatureError::PassphraseNeeded),
    /// [`WrongPassphrase`](SignatureError::WrongPassphrase),
    /// [`ExcessiveWork`](SignatureError::ExcessiveWork) or
    /// [`UnsupportedCipher`](SignatureError::UnsupportedCipher).
    pub fn from_openssh(
        text: &[u8],
        passphrase: Option<&SecretString>,
    ) -> Result<Self, SignatureError> {
        let malformed = |reason| SignatureError::NotAPrivateKey { reason };
        let (blob, key) = read(text)?;
        let key = if key.is_encrypted() {
            decrypt(&key, &blob, passphrase)?
        } else {
            key
        };
        // On P-256 nothing has tied the secret half to the public one so far.
        key.sign(PACKAGE_NAMESPACE, HashAlg::Sha512, b"")
            .and_then(|trial| key.public_key().verify(PACKAGE_NAMESPACE, b"", &trial))
            .map_err(|_| malformed("its halves do not belong together"))?;
        Ok(Self(Kind::Here(Box::new(key))))
    }

    /// The public half of what the file of a signing key holds: a private key,
    /// in which it stands in the clear so that no passphrase is needed, or the
    /// public half itself.
    ///
    /// # Errors
    ///
    /// [`NotAPrivateKey`](SignatureError::NotAPrivateKey),
    /// [`NotAPublicKey`](SignatureError::NotAPublicKey), or
    /// [`CannotSign`](SignatureError::CannotSign) if it is of a kind whose
    /// signatures cannot be checked here.
    pub fn public_of(text: &[u8]) -> Result<PublicKey, SignatureError> {
        let key = match public_line(text) {
            Some(line) => PublicKey::parse(line)?,
            None => {
                let (_, key) = read_any(text)?;
                PublicKey {
                    data: key.public_key().key_data().clone(),
                    comment: printable(key.comment()),
                }
            }
        };
        key.able_to_sign()
    }

    /// Whether a file holds a key that is held elsewhere: the public half alone,
    /// or what stands for a key in a hardware token.
    #[must_use]
    pub fn is_elsewhere(text: &[u8]) -> bool {
        let is_in_hardware = |(_, key): (_, PrivateKey)| is_in_hardware(&key.algorithm());
        public_line(text).is_some() || read_any(text).is_ok_and(is_in_hardware)
    }

    /// Whether a file stands for a key in a hardware token that asks for a PIN at
    /// every signature, as far as the file says so.
    #[must_use]
    pub fn asks_for_pin(text: &[u8]) -> bool {
        const USER_VERIFICATION: u8 = 4;
        let flags = match read_any(text).as_ref().map(|(_, key)| key.key_data()) {
            Ok(KeypairData::SkEd25519(key)) => key.flags(),
            Ok(KeypairData::SkEcdsaSha2NistP256(key)) => key.flags(),
            _ => 0,
        };
        flags & USER_VERIFICATION != 0
    }

    /// Writes the key as `ssh-keygen` does, encrypted if there is a passphrase
    /// (bcrypt with 16 rounds and AES-256-CTR, as in OpenSSH 9.2).
    ///
    /// # Errors
    ///
    /// [`SignatureError::EmptyPassphrase`] if the passphrase is empty: an
    /// oversight would leave the key open;
    /// [`SignatureError::HeldElsewhere`] of a key that is not here.
    pub fn to_openssh(
        &self,
        passphrase: Option<&SecretString>,
    ) -> Result<Zeroizing<String>, SignatureError> {
        let Kind::Here(private) = &self.0 else {
            return Err(SignatureError::HeldElsewhere);
        };
        let encrypted;
        let key = match passphrase.map(ExposeSecret::expose_secret) {
            None => &**private,
            Some("") => return Err(SignatureError::EmptyPassphrase),
            Some(passphrase) => {
                encrypted = private
                    .encrypt(&mut OsRng, passphrase)
                    .map_err(SignatureError::Internal)?;
                &encrypted
            }
        };
        key.to_openssh(LineEnding::LF)
            .map_err(SignatureError::Internal)
    }

    /// The public key, with the comment of this one.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        match &self.0 {
            Kind::Here(key) => PublicKey {
                data: key.public_key().key_data().clone(),
                comment: printable(key.comment()),
            },
            Kind::Elsewhere(held) => held.key.clone(),
        }
    }

    /// Signs `message` for the purpose `namespace` and gives the armoured
    /// signature, as `ssh-keygen -Y sign` does: over the SHA-512 digest. An
    /// Ed25519 or ECDSA key gives the same signature each time, but not one in
    /// hardware, which counts.
    ///
    /// # Errors
    ///
    /// [`SignatureError::BadNamespace`] if the namespace is empty or has
    /// control characters; of a key that is held elsewhere also
    /// [`HolderMissing`](SignatureError::HolderMissing),
    /// [`HolderFailed`](SignatureError::HolderFailed) and
    /// [`HolderMismatch`](SignatureError::HolderMismatch).
    pub fn sign(&self, namespace: &str, message: &[u8]) -> Result<String, SignatureError> {
        if namespace.is_empty() || namespace.contains(char::is_control) {
            return Err(SignatureError::BadNamespace {
                namespace: shortened(namespace),
            });
        }
        match &self.0 {
            Kind::Here(key) => key
                .sign(namespace, HashAlg::Sha512, message)
                .and_then(|signature| signature.to_pem(LineEnding::LF))
                .map_err(SignatureError::Internal),
            Kind::Elsewhere(held) => held.sign(namespace, message),
        }
    }

    /// Has a key that is held elsewhere sign nothing at all, so that one that is
    /// not at hand shows before the work. One in hardware is not asked: it would
    /// want to be touched.
    ///
    /// # Errors
    ///
    /// Those of [`SigningKey::sign`].
    pub fn rehearse(&self) -> Result<(), SignatureError> {
        match &self.0 {
            Kind::Here(_) => Ok(()),
            Kind::Elsewhere(held) => held.rehearse(),
        }
    }
}

/// The line of a file that holds no private key.
fn public_line(text: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(text).ok()?.trim_ascii();
    let is_public = ["ssh-", "ecdsa-", "sk-"]
        .iter()
        .any(|kind| line.starts_with(kind));
    is_public.then_some(line)
}

fn is_in_hardware(algorithm: &Algorithm) -> bool {
    algorithm.as_str().starts_with("sk-")
}

/// Opens the private key that `key` is the outside of; `blob` is what it was
/// read from.
fn decrypt(
    key: &PrivateKey,
    blob: &[u8],
    passphrase: Option<&SecretString>,
) -> Result<PrivateKey, SignatureError> {
    if key.cipher() == Cipher::TDesCbc {
        let cipher = key.cipher().as_str();
        return Err(SignatureError::UnsupportedCipher { cipher });
    }
    match key.kdf() {
        &Kdf::Bcrypt { rounds, .. } if rounds > MAX_ROUNDS => {
            return Err(SignatureError::ExcessiveWork { rounds });
        }
        _ => {}
    }
    let passphrase = passphrase.ok_or(SignatureError::PassphraseNeeded)?;
    let passphrase = passphrase.expose_secret();
    match key.decrypt(passphrase) {
        Err(ssh_key::Error::Crypto) => Err(SignatureError::WrongPassphrase),
        other => other
            .ok()
            .or_else(|| short_scalar::read(blob, Some(passphrase)))
            .ok_or(SignatureError::NotAPrivateKey {
                reason: "what it encrypts is damaged",
            }),
    }
}

/// The bytes of a private key of a kind that signs, and the key, perhaps
/// encrypted.
fn read(text: &[u8]) -> Result<(Zeroizing<Vec<u8>>, PrivateKey), SignatureError> {
    let (blob, key) = read_any(text)?;
    let algorithm = key.algorithm();
    if !matches!(algorithm.as_str(), "ssh-ed25519" | "ecdsa-sha2-nistp256") {
        return Err(SignatureError::CannotSign {
            algorithm: algorithm.to_string(),
        });
    }
    Ok((blob, key))
}

/// The same of a key of any kind.
fn read_any(text: &[u8]) -> Result<(Zeroizing<Vec<u8>>, PrivateKey), SignatureError> {
    let malformed = |reason| SignatureError::NotAPrivateKey { reason };
    let blob = wire::dearmor(text, "OPENSSH PRIVATE KEY", malformed)?;
    let key = PrivateKey::from_bytes(&blob)
        .ok()
        .or_else(|| short_scalar::read(&blob, None))
        .ok_or(malformed("it is damaged, or of an unknown kind"))?;
    Ok((blob, key))
}

/// A private key in OpenSSH's format, of any kind and perhaps encrypted: for
/// what has to be known of a key before it is used to decrypt.
///
/// # Errors
///
/// [`SignatureError::NotAPrivateKey`].
#[cfg(feature = "ssh")]
pub(crate) fn private_key(text: &[u8]) -> Result<PrivateKey, SignatureError> {
    read_any(text).map(|(_, key)| key)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey")
            .field(&self.public().fingerprint())
            .finish()
    }
}

/// A public key, as in `ssh-ed25519 AAAA… comment`. Two are equal if their key
/// material is; comments do not count.
///
/// ```
/// use exeat_core::signature::PublicKey;
///
/// let key = PublicKey::parse(
///     "ssh-ed25519 \
///      AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti \
///      an example",
/// )?;
/// assert_eq!(key.comment(), "an example");
/// let fingerprint = key.fingerprint().to_string();
/// assert_eq!(fingerprint, "SHA256:UCUiLr7Pjs9wFFJMDByLgc3NrtdU344OgUM45wZPcIQ");
/// # Ok::<(), exeat_core::signature::SignatureError>(())
/// ```
#[derive(Clone)]
pub struct PublicKey {
    data: KeyData,
    comment: String,
}

impl PublicKey {
    /// Reads a line of a `.pub` file. Any kind of key is read, also one that
    /// cannot be used here: see [`is_verifiable`](Self::is_verifiable). Control
    /// characters in the comment are left out.
    ///
    /// # Errors
    ///
    /// [`SignatureError::NotAPublicKey`].
    pub fn parse(line: &str) -> Result<Self, SignatureError> {
        Self::read(line).map_err(|reason| SignatureError::NotAPublicKey { reason })
    }

    /// Reads `kind base64 [comment]`; an error is the reason why it is none.
    pub(super) fn read(line: &str) -> Result<Self, &'static str> {
        const BLANK: [char; 2] = [' ', '\t'];
        if line.len() > wire::MAX_INPUT {
            return Err(wire::TOO_LARGE);
        }
        let line = line.trim_ascii();
        if line.contains(['\r', '\n']) {
            return Err("it has more than one line");
        }
        let (kind, rest) = line
            .split_once(BLANK)
            .ok_or("it is not a kind of key, then base64")?;
        let rest = rest.trim_start_matches(BLANK);
        let (text, comment) = rest.split_once(BLANK).unwrap_or((rest, ""));
        let blob = wire::base64(text.as_bytes()).ok_or("what should be its base64 is none")?;
        if wire::Fields(&blob).text() != Some(kind) {
            return Err("it is not of the kind its line begins with");
        }
        Self::from_blob(&blob, comment.trim_matches(BLANK))
    }

    /// Reads a key in SSH's binary format. Only its canonical form is accepted,
    /// so that a key has one fingerprint.
    pub(super) fn from_blob(blob: &[u8], comment: &str) -> Result<Self, &'static str> {
        let key = ssh_key::PublicKey::from_bytes(blob)
            .ok()
            .filter(|key| key.to_bytes().is_ok_and(|canonical| canonical == blob))
            .ok_or("its key is damaged, or of an unknown kind")?;
        Ok(Self {
            data: key.into(),
            comment: printable(comment),
        })
    }

    pub(super) fn data(&self) -> &KeyData {
        &self.data
    }

    /// The key's fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let digest = self.data.fingerprint(HashAlg::Sha256).sha256();
        Fingerprint(digest.expect("SHA-256 was asked for"))
    }

    /// OpenSSH's name for the kind of key, such as `ssh-ed25519`.
    #[must_use]
    pub fn algorithm(&self) -> String {
        self.data.algorithm().to_string()
    }

    /// Whether signatures by this kind of key can be checked here: Ed25519 and
    /// ECDSA on P-256, in hardware tokens or not.
    #[must_use]
    pub fn is_verifiable(&self) -> bool {
        wire::VERIFIABLE.contains(&self.data.algorithm().as_str())
    }

    /// Whether the private half is in a hardware token.
    #[must_use]
    pub fn is_in_hardware(&self) -> bool {
        is_in_hardware(&self.data.algorithm())
    }

    /// The same, if signatures by it can be checked here.
    fn able_to_sign(self) -> Result<Self, SignatureError> {
        match self.is_verifiable() {
            true => Ok(self),
            false => Err(SignatureError::CannotSign {
                algorithm: shortened(&self.algorithm()),
            }),
        }
    }

    /// The comment, often a person and a machine; empty if there is none.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// The key as `ssh-ed25519 AAAA…`, without its comment.
    #[must_use]
    pub fn to_openssh(&self) -> String {
        let key = ssh_key::PublicKey::from(self.data.clone());
        key.to_openssh()
            .expect("a key that was read or made here can be written")
    }
}

impl FromStr for PublicKey {
    type Err = SignatureError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        Self::parse(line)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey")
            .field(&self.to_openssh())
            .field(&self.comment)
            .finish()
    }
}

/// The SHA-256 fingerprint of a public key, written as OpenSSH does: `SHA256:`
/// and 43 characters of base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// As text, as people know it.
impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Fingerprint {
    /// The fingerprint of a key in its wire form, whatever kind it is of.
    pub(super) fn of_blob(blob: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(blob).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Padded as a whole, for tables.
        f.pad(&ssh_key::Fingerprint::Sha256(self.0).to_string())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = SignatureError;

    /// Reads exactly what `Display` writes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .ok()
            .and_then(ssh_key::Fingerprint::sha256)
            .map(Self)
            .ok_or_else(|| SignatureError::NotAFingerprint {
                text: shortened(text),
            })
    }
}

/// A comment without control characters: it goes into one line of a file, and
/// to terminals.
fn printable(comment: &str) -> String {
    comment
        .chars()
        .filter(|character| !character.is_control())
        .collect()
}
