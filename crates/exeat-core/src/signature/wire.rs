//! The armour around signatures and private keys, and the bytes of a signature
//! (OpenSSH, `PROTOCOL.sshsig`).
//!
//! `ssh-key` can read both, but not strictly enough for input from strangers:
//! it skips text before the armour, wants lines of exactly 70 characters, lets
//! a nested field run past the length of the field around it, and has one error
//! for many faults. So the bytes are taken apart here, and `ssh-key` is given
//! the key and the signature they hold.

use ssh_key::{Algorithm, HashAlg, Signature, SshSig};
use zeroize::Zeroizing;

use super::{Fingerprint, PublicKey, SignatureError, shortened};

/// The most bytes read as a signature or a key. A signature has about 300, a
/// large RSA key 13,000.
pub(super) const MAX_INPUT: usize = 64 * 1024;
/// The reason to refuse more.
pub(super) const TOO_LARGE: &str = "it is larger than 65536 bytes";

/// The kinds of key whose signatures are checked here. The `sk-` ones are in
/// hardware tokens: over the message they sign a flag for the touch and a
/// counter, of which the SSHSIG format asks nothing.
pub(super) const VERIFIABLE: [&str; 4] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// What a signature says of itself, none of it checked yet.
pub(super) struct Claim<'a> {
    pub(super) namespace: &'a str,
    key: &'a [u8],
    hash: &'a str,
    algorithm: &'a str,
    /// The raw signature; for a hardware key, then its flags and counter: the
    /// form `ssh-key` wants.
    raw: Vec<u8>,
}

impl<'a> Claim<'a> {
    pub(super) fn read(blob: &'a [u8]) -> Result<Self, SignatureError> {
        let malformed = |reason| SignatureError::NotASignature { reason };
        let body = blob
            .strip_prefix(b"SSHSIG")
            .ok_or(malformed("it does not begin with SSHSIG"))?;
        let (version, body) = body.split_first_chunk().ok_or(malformed(TRUNCATED))?;
        match u32::from_be_bytes(*version) {
            1 => {}
            version => return Err(SignatureError::UnsupportedVersion { version }),
        }
        let claim = Self::read_fields(body).ok_or(malformed(TRUNCATED))?;
        if claim.namespace.is_empty() {
            return Err(malformed("its namespace is empty"));
        }
        Ok(claim)
    }

    /// The fields of version 1, to the last byte. The reserved one must be
    /// empty: nobody says yet what else it may hold.
    fn read_fields(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let key = fields.bytes()?;
        let namespace = fields.text()?;
        let reserved = fields.bytes()?;
        let hash = fields.text()?;
        let mut signature = Fields(fields.bytes()?);
        let algorithm = signature.text()?;
        let mut raw = signature.bytes()?.to_vec();
        if algorithm.starts_with("sk-") {
            raw.extend_from_slice(signature.take(5)?);
        }
        let whole = reserved.is_empty() && fields.0.is_empty() && signature.0.is_empty();
        whole.then_some(Self {
            namespace,
            key,
            hash,
            algorithm,
            raw,
        })
    }

    /// The fingerprint of the key that it claims to be of.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_blob(self.key)
    }

    /// Checks the signature over `message` and gives the key that made it.
    pub(super) fn check(self, message: &[u8]) -> Result<PublicKey, SignatureError> {
        let malformed = |reason| SignatureError::NotASignature { reason };
        let kind = Fields(self.key)
            .text()
            .ok_or(malformed("it holds no key"))?;
        if !VERIFIABLE.contains(&kind) {
            return Err(SignatureError::UnsupportedAlgorithm {
                fingerprint: self.fingerprint(),
                algorithm: shortened(kind),
            });
        }
        if self.algorithm != kind {
            return Err(malformed("it is not of the same kind as its key"));
        }
        let hash = match self.hash {
            "sha256" => HashAlg::Sha256,
            "sha512" => HashAlg::Sha512,
            other => {
                return Err(SignatureError::UnsupportedHash {
                    hash: shortened(other),
                });
            }
        };
        let key = PublicKey::from_blob(self.key, "").map_err(malformed)?;
        let signature = Algorithm::new(kind)
            .and_then(|algorithm| Signature::new(algorithm, self.raw))
            .and_then(|signature| SshSig::new(key.data().clone(), self.namespace, hash, signature))
            .map_err(|_| malformed("its length is wrong"))?;
        ssh_key::PublicKey::from(key.data().clone())
            .verify(self.namespace, message, &signature)
            .map_err(|_| SignatureError::Altered)?;
        Ok(key)
    }
}

const TRUNCATED: &str = "its fields do not fit together";

/// The bytes between the `BEGIN` and `END` lines of `label`, with nothing but
/// white space around them.
///
/// `malformed` puts a reason into the caller's words.
pub(super) fn dearmor(
    text: &[u8],
    label: &str,
    malformed: fn(&'static str) -> SignatureError,
) -> Result<Zeroizing<Vec<u8>>, SignatureError> {
    if text.len() > MAX_INPUT {
        return Err(malformed(TOO_LARGE));
    }
    let body = text
        .trim_ascii()
        .strip_prefix(format!("-----BEGIN {label}-----").as_bytes())
        .and_then(|rest| rest.strip_suffix(format!("-----END {label}-----").as_bytes()))
        .filter(|body| matches!(body, [b'\r' | b'\n', .., b'\n']))
        .ok_or(malformed(
            "it does not stand between the BEGIN and END lines of one",
        ))?;
    let mut digits = Zeroizing::new(Vec::with_capacity(body.len()));
    digits.extend(body.iter().filter(|byte| !byte.is_ascii_whitespace()));
    base64(&digits).ok_or(malformed(
        "it is not base64 between its BEGIN and END lines",
    ))
}

/// Decodes padded base64 (RFC 4648, section 4), in its one canonical form.
pub(super) fn base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let padding = text
        .iter()
        .rev()
        .take(2)
        .take_while(|&&byte| byte == b'=')
        .count();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    // The full capacity at once: a vector that grows leaves copies of a secret
    // behind.
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() / 4 * 3));
    let (mut held, mut width) = (0_u32, 0);
    for &byte in &text[..text.len() - padding] {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(digit);
        width += 6;
        if width >= 8 {
            width -= 8;
            out.push((held >> width).to_le_bytes()[0]);
            held &= (1 << width) - 1;
        }
    }
    (held == 0).then_some(out)
}

/// Reads the fields of SSH's binary format (RFC 4251, section 5), never past
/// the end of what it was given.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A field that begins with its length.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        str::from_utf8(self.bytes()?).ok()
    }
}
