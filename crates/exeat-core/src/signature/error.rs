//! What can be wrong with signatures and keys, and whose business it is.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{Fingerprint, RECEIPT_NAMESPACE};
use crate::diagnostic::{Explain, Fault};

/// What can be wrong with a signature or a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    // The package's fault, or that of the file taken for a signature.
    /// Not an OpenSSH signature, or one that is damaged beyond reading.
    #[error("not an OpenSSH signature: {reason}")]
    NotASignature {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A signature in a version of the format other than 1.
    #[error("signature format version {version} is not supported")]
    UnsupportedVersion {
        /// The version it claims.
        version: u32,
    },
    /// A signature made for another purpose.
    #[error("signature of {fingerprint} is for the namespace {found:?}, not {expected:?}")]
    WrongNamespace {
        /// The key it claims to be of, not checked.
        fingerprint: Fingerprint,
        /// The namespace asked for.
        expected: String,
        /// The namespace of the signature, not checked: anybody may have
        /// written it.
        found: String,
    },
    /// A signature by a kind of key that is not checked here, such as RSA.
    #[error("signature of {fingerprint}: those with {algorithm:?} keys are not supported")]
    UnsupportedAlgorithm {
        /// The key it claims to be of, not checked.
        fingerprint: Fingerprint,
        /// OpenSSH's name of the algorithm.
        algorithm: String,
    },
    /// A signature over a digest other than SHA-256 or SHA-512.
    #[error("signatures over {hash:?} digests are not supported")]
    UnsupportedHash {
        /// OpenSSH's name of the hash function.
        hash: String,
    },
    /// The signature does not fit the bytes: they, or it, were altered, or it
    /// belongs to other bytes.
    #[error("signature does not fit the signed bytes")]
    Altered,

    // A sound signature, by somebody who is not trusted with it.
    /// No line lists the key.
    #[error("signed by {fingerprint}, which is not among the allowed signers")]
    UnknownKey {
        /// The key that signed.
        fingerprint: Fingerprint,
    },
    /// The key is listed as a certificate authority only; such lines do not
    /// vouch for signatures here.
    #[error("signed by {fingerprint}, which is listed only as a certificate authority")]
    OnlyCertAuthority {
        /// The key that signed.
        fingerprint: Fingerprint,
    },
    /// The key is somebody else's.
    #[error("signed by {fingerprint}, a key of {found:?}, not of {wanted:?}")]
    OtherPrincipal {
        /// The key that signed.
        fingerprint: Fingerprint,
        /// The principal asked for.
        wanted: String,
        /// The principals on the key's line.
        found: String,
    },
    /// The key may sign, but not for this purpose.
    #[error("signed by {fingerprint}, which is not allowed to sign for {namespace:?}")]
    NotForNamespace {
        /// The key that signed.
        fingerprint: Fingerprint,
        /// The namespace it signed for.
        namespace: String,
    },
    /// The key may sign, but the signature is older.
    #[error("signed by {fingerprint}, which is valid only after {valid_after}")]
    NotYetValid {
        /// The key that signed.
        fingerprint: Fingerprint,
        /// From when the key is valid.
        valid_after: Timestamp,
    },
    /// The key was allowed to sign, but the signature is younger.
    #[error("signed by {fingerprint}, which was valid only before {valid_before}")]
    Expired {
        /// The key that signed.
        fingerprint: Fingerprint,
        /// Until when the key was valid.
        valid_before: Timestamp,
    },

    // The user's fault: keys, passphrases and what they are asked to do.
    /// Not a private key in OpenSSH's format.
    #[error("not an OpenSSH private key: {reason}")]
    NotAPrivateKey {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The private key is encrypted and no passphrase was given.
    #[error("private key is encrypted: a passphrase is needed")]
    PassphraseNeeded,
    /// The passphrase does not open the private key.
    #[error("wrong passphrase for the private key")]
    WrongPassphrase,
    /// The private key is encrypted with a cipher that is not supported, such
    /// as triple DES.
    #[error("private keys encrypted with {cipher:?} are not supported")]
    UnsupportedCipher {
        /// OpenSSH's name of the cipher.
        cipher: &'static str,
    },
    /// The private key's file asks for a great deal of work to try a
    /// passphrase: damaged, or meant to waste time.
    #[error("private key asks for {rounds} rounds of work to try a passphrase, which is too much")]
    ExcessiveWork {
        /// The rounds it asks for.
        rounds: u32,
    },
    /// A key of a kind that cannot sign here: RSA, DSA, another curve, or, as a
    /// private key, one that is in a hardware token.
    #[error("{algorithm:?} keys cannot sign here")]
    CannotSign {
        /// OpenSSH's name of the algorithm.
        algorithm: String,
    },
    /// An empty passphrase to encrypt a private key with.
    #[error("passphrase is empty")]
    EmptyPassphrase,
    /// A namespace that is empty or has control characters.
    #[error("{namespace:?} is not a signature namespace")]
    BadNamespace {
        /// The text given.
        namespace: String,
    },
    /// Not a public key as in `ssh-ed25519 AAAA… comment`.
    #[error("not an OpenSSH public key: {reason}")]
    NotAPublicKey {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a fingerprint as in `SHA256:` and 43 characters of base64.
    #[error("{text:?} is not a key fingerprint")]
    NotAFingerprint {
        /// The text given.
        text: String,
    },

    // A key that is held elsewhere.
    /// The program that reaches the holder of the key is not installed.
    #[error("the program '{program}' is not there")]
    HolderMissing {
        /// The name of the program.
        program: String,
    },
    /// The program gave no signature.
    #[error("'{program}' made no signature: {reason}")]
    HolderFailed {
        /// The name of the program.
        program: String,
        /// What went wrong, escaped where it is the program's words.
        reason: String,
    },
    /// The program gave something else than a signature of this key over these
    /// bytes.
    #[error("what '{program}' gave is not the signature it was asked for: {reason}")]
    HolderMismatch {
        /// The name of the program.
        program: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The private half of the key is not here, to be written.
    #[error("the private half of this key is held elsewhere")]
    HeldElsewhere,

    // Ours.
    /// A key that was read or made here could not be used or written.
    #[error("could not use the key")]
    Internal(#[source] ssh_key::Error),
}

impl Explain for SignatureError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotASignature { .. } | Self::UnsupportedVersion { .. } => "signature-malformed",
            Self::WrongNamespace { .. } => "signature-namespace",
            Self::UnsupportedAlgorithm { .. } | Self::UnsupportedHash { .. } => {
                "signature-unsupported"
            }
            Self::Altered => "signature-mismatch",
            Self::UnknownKey { .. } => "signer-unknown",
            Self::OnlyCertAuthority { .. } => "signer-cert-authority",
            Self::OtherPrincipal { .. } => "signer-other",
            Self::NotForNamespace { .. } => "signer-namespace",
            Self::NotYetValid { .. } => "signer-not-yet-valid",
            Self::Expired { .. } => "signer-expired",
            Self::NotAPrivateKey { .. } => "signing-key-malformed",
            Self::PassphraseNeeded => "passphrase-needed",
            Self::WrongPassphrase => "wrong-passphrase",
            Self::EmptyPassphrase => "empty-passphrase",
            Self::UnsupportedCipher { .. } | Self::CannotSign { .. } => "signing-key-unsupported",
            Self::ExcessiveWork { .. } => "excessive-work",
            Self::BadNamespace { .. } => "namespace-malformed",
            Self::NotAPublicKey { .. } => "public-key-malformed",
            Self::NotAFingerprint { .. } => "fingerprint-malformed",
            Self::HolderMissing { .. } => "signing-program-missing",
            Self::HolderFailed { .. } => "signing-program-failed",
            Self::HolderMismatch { .. } => "signing-program-mismatch",
            Self::HeldElsewhere => "signing-key-elsewhere",
            Self::Internal(_) => "signature-internal",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::NotASignature { .. }
            | Self::UnsupportedVersion { .. }
            | Self::WrongNamespace { .. }
            | Self::UnsupportedAlgorithm { .. }
            | Self::UnsupportedHash { .. }
            | Self::Altered
            | Self::UnknownKey { .. }
            | Self::OnlyCertAuthority { .. }
            | Self::OtherPrincipal { .. }
            | Self::NotForNamespace { .. }
            | Self::NotYetValid { .. }
            | Self::Expired { .. } => Fault::Signature,
            Self::NotAPrivateKey { .. }
            | Self::PassphraseNeeded
            | Self::WrongPassphrase
            | Self::EmptyPassphrase
            | Self::UnsupportedCipher { .. }
            | Self::CannotSign { .. }
            | Self::ExcessiveWork { .. }
            | Self::BadNamespace { .. }
            | Self::NotAPublicKey { .. }
            | Self::NotAFingerprint { .. }
            | Self::HeldElsewhere => Fault::Request,
            Self::HolderMissing { .. }
            | Self::HolderFailed { .. }
            | Self::HolderMismatch { .. } => Fault::Environment,
            Self::Internal(_) => Fault::Internal,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Altered
            | Self::NotASignature { .. }
            | Self::UnsupportedVersion { .. }
            | Self::UnsupportedHash { .. }
            | Self::WrongNamespace { .. } => {
                "do not use what it signs; copy it again, and if it is the same then, ask the \
                 sender for another one"
            }
            Self::OtherPrincipal { .. } => {
                "it is not from the signer you demanded; do not use it, and ask them"
            }
            Self::NotForNamespace { namespace, .. } if namespace == RECEIPT_NAMESPACE => {
                "you trust this key with other things, but not with receipts: ask its owner for \
                 the line that a newer 'exeat init --show' prints, compare the fingerprint with \
                 them by telephone, and add the line with 'exeat trust'"
            }
            Self::NotForNamespace { .. } => {
                "your allowed_signers trusts this key for other things only; ask the sender \
                 whether it is the key they sign packages with"
            }
            Self::NotYetValid { .. } | Self::Expired { .. } => {
                "ask the sender for a package signed with a key that is valid now, and for its \
                 signer line"
            }
            Self::UnsupportedAlgorithm { .. } => {
                "ask the sender to sign with an Ed25519 key, which 'ssh-keygen -t ed25519' makes"
            }
            Self::UnknownKey { .. } => {
                "do not use it yet: ask the sender for their signer line by another way than this \
                 came, and compare the fingerprint with them by telephone"
            }
            Self::OnlyCertAuthority { .. } => {
                "certificates are not supported: list the signer's own key"
            }
            Self::NotAPrivateKey { .. } => {
                "'ssh-keygen -p -f FILE' rewrites a PEM or PKCS#8 key in OpenSSH's format"
            }
            Self::WrongPassphrase => "try again; capital letters and spaces count",
            Self::UnsupportedCipher { .. } | Self::ExcessiveWork { .. } => {
                "'ssh-keygen -p -f FILE' encrypts the key anew in the usual way"
            }
            Self::CannotSign { algorithm } if algorithm.starts_with("sk-") => {
                "a hardware key is one that is held elsewhere, and signs through its holder"
            }
            Self::CannotSign { .. } => {
                "sign with an Ed25519 key, which 'ssh-keygen -t ed25519' makes"
            }
            Self::NotAPublicKey { .. } => "give the line from the file that ends in .pub",
            Self::HolderMissing { .. } => {
                "install OpenSSH's client programs, so that it is in a folder of the PATH, or sign \
                 with a private key in a file"
            }
            Self::HolderFailed { .. } => {
                "'ssh-add -l' lists the keys that the agent holds, and 'ssh-add FILE' adds one; a \
                 hardware key has to be plugged in"
            }
            Self::HolderMismatch { .. } => {
                "nothing was signed with it; see which program of that name comes first on the PATH, \
                 and whether the key's file is of the key that the agent holds"
            }
            Self::NotAFingerprint { .. } => {
                "'ssh-keygen -l -f FILE' prints the fingerprint of a key"
            }
            _ => return None,
        }))
    }
}
