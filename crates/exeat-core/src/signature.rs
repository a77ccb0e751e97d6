//! Who sealed a package: OpenSSH signatures (SSHSIG), made and checked.
//!
//! `seal` signs the bytes of `manifest.json` last of all, and `verify` checks
//! that signature before it interprets a single one of those bytes. Both sides
//! work with `ssh-keygen -Y sign` and `ssh-keygen -Y verify`, so that a
//! recipient who has never heard of exeat can tell who sent a package, and
//! whoever keeps the key in an agent or on a hardware token can sign one: through
//! a [`Holder`].
//!
//! The wire format is OpenSSH's `PROTOCOL.sshsig`; who may sign what, and when,
//! is an `allowed_signers` file (`ssh-keygen(1)`, ALLOWED SIGNERS), read by
//! [`AllowedSigners`]. The cryptography is that of the `ssh-key` crate.
//!
//! ```
//! use exeat_core::signature::{
//!     AllowedSigner, AllowedSigners, PACKAGE_NAMESPACE, SigningKey, verify,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = SigningKey::generate("data office");
//! let signature = key.sign(PACKAGE_NAMESPACE, b"{}\n")?;
//!
//! let mut allowed = AllowedSigners::empty();
//! allowed.push(AllowedSigner::new("office@clinic.example", &[PACKAGE_NAMESPACE], key.public())?);
//!
//! let now = "2026-11-22T10:00:00Z".parse()?;
//! let signer = verify(signature.as_bytes(), PACKAGE_NAMESPACE, b"{}\n", &allowed, now, None)?;
//! assert_eq!(signer.principal(), "office@clinic.example");
//! # Ok(())
//! # }
//! ```

mod allowed_signers;
mod elsewhere;
mod error;
mod key;
#[cfg(test)]
mod tests;
mod wire;

use jiff::Timestamp;

pub use allowed_signers::{AllowedSigner, AllowedSigners, LineError, LineProblem, PatternList};
pub use elsewhere::Holder;
pub use error::SignatureError;
pub use key::{Fingerprint, PublicKey, SigningKey};
#[cfg(feature = "ssh")]
pub(crate) use key::{MAX_ROUNDS, private_key};

/// The namespace of signatures over a package's `manifest.json`.
///
/// A namespace keeps a signature made for one purpose from being passed off as
/// one made for another.
pub const PACKAGE_NAMESPACE: &str = "exeat.package.v1";

/// The namespace of signatures over a package's `key-N.json`: who passed the
/// package on to a further recipient.
pub const REKEY_NAMESPACE: &str = "exeat.rekey.v1";

/// The namespace of signatures over receipts: who has received and verified a
/// package.
pub const RECEIPT_NAMESPACE: &str = "exeat.receipt.v1";

/// Checks an OpenSSH signature over `message` and says who made it.
///
/// `at` is when the signature is taken to have been made: usually the time the
/// package claims, or now. With `wanted` the signer must be that principal;
/// without, any principal in `allowed` will do.
///
/// The checks run from the outermost inwards, and the first to fail is the
/// answer:
///
/// 1. is it an OpenSSH signature at all, for this namespace, of a kind that can
///    be checked here;
/// 2. does it fit the bytes of the message: the cryptography;
/// 3. does a line in `allowed` vouch for its key, in this namespace, at this
///    time, as this principal.
///
/// Cryptography comes before trust because a signature that does not fit says
/// nothing about anybody: to answer "unknown key" or "expired" about altered
/// bytes would send people looking for a key when the package is what is wrong,
/// and would name a person who signed nothing of the kind.
///
/// # Errors
///
/// [`SignatureError`] tells the reasons apart. Where several lines list the
/// key, the error is that of the line which came closest to vouching for it.
pub fn verify(
    signature: &[u8],
    namespace: &str,
    message: &[u8],
    allowed: &AllowedSigners,
    at: Timestamp,
    wanted: Option<&str>,
) -> Result<Signer, SignatureError> {
    let key = made_by(signature, namespace, message)?;
    let line = vouch(allowed, &key, namespace, at, wanted)?;
    Ok(Signer {
        principal: wanted.unwrap_or(line.principals().as_str()).to_owned(),
        fingerprint: key.fingerprint(),
        key: line.key().clone(),
    })
}

/// The key that made a signature over `message`, for this purpose: the first two
/// of the checks.
pub(crate) fn made_by(
    signature: &[u8],
    namespace: &str,
    message: &[u8],
) -> Result<PublicKey, SignatureError> {
    let blob = wire::dearmor(signature, "SSH SIGNATURE", |reason| {
        SignatureError::NotASignature { reason }
    })?;
    let claim = wire::Claim::read(&blob)?;
    if claim.namespace != namespace {
        return Err(SignatureError::WrongNamespace {
            fingerprint: claim.fingerprint(),
            expected: namespace.to_owned(),
            found: shortened(claim.namespace),
        });
    }
    claim.check(message)
}

/// Who made a signature. Only [`verify`] makes one: to hold it is to have
/// checked.
#[derive(Clone, Debug)]
pub struct Signer {
    principal: String,
    fingerprint: Fingerprint,
    key: PublicKey,
}

impl Signer {
    /// The principal that was wanted; or, if none was, the principals of the
    /// line that vouches for the key, as they are written there. That is a
    /// pattern list: usually one name, but `*@clinic.example` is possible.
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// The fingerprint of the key that made the signature.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// The key that made the signature, with the comment it has in the allowed
    /// signers.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

/// The first line that vouches for `key`; if none does, what stood in the way
/// of the one that came closest.
fn vouch<'a>(
    allowed: &'a AllowedSigners,
    key: &PublicKey,
    namespace: &str,
    at: Timestamp,
    wanted: Option<&str>,
) -> Result<&'a AllowedSigner, SignatureError> {
    let fingerprint = key.fingerprint();
    // The empty name would match `*`, and it names nobody.
    let named = |line: &AllowedSigner| {
        wanted.is_none_or(|name| !name.is_empty() && line.principals().matches(name))
    };
    let mut closest = (0, SignatureError::UnknownKey { fingerprint });
    for line in allowed.of_key(key) {
        let refusal = if line.is_cert_authority() {
            (1, SignatureError::OnlyCertAuthority { fingerprint })
        } else if !named(line) {
            (
                2,
                SignatureError::OtherPrincipal {
                    fingerprint,
                    wanted: wanted.unwrap_or_default().to_owned(),
                    found: line.principals().as_str().to_owned(),
                },
            )
        } else if !line.permits(namespace) {
            (
                3,
                SignatureError::NotForNamespace {
                    fingerprint,
                    namespace: namespace.to_owned(),
                },
            )
        } else if let Some(valid_after) = line
            .valid_after()
            .filter(|&from| seconds(at) < seconds(from))
        {
            (
                4,
                SignatureError::NotYetValid {
                    fingerprint,
                    valid_after,
                },
            )
        } else if let Some(valid_before) =
            line.valid_before().filter(|&to| seconds(at) > seconds(to))
        {
            (
                4,
                SignatureError::Expired {
                    fingerprint,
                    valid_before,
                },
            )
        } else {
            return Ok(line);
        };
        if refusal.0 > closest.0 {
            closest = refusal;
        }
    }
    Err(closest.1)
}

/// ssh-keygen compares whole seconds, and both bounds belong to the time of
/// validity ("at or after", "at or before").
fn seconds(time: Timestamp) -> i64 {
    time.as_second()
}

/// Text from an unchecked file, short enough to be quoted in an error.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
