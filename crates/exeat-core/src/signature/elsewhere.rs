//! Keys that are held elsewhere, by an agent or a hardware token: somebody asks
//! the holder for a signature, and what comes back is checked like a stranger's.

use std::sync::Arc;

use super::{PublicKey, SignatureError, made_by};

/// What is signed to see whether the holder has the key: nothing, for a purpose
/// that nobody takes a signature for.
const TRIAL_NAMESPACE: &str = "exeat.trial.v1";

/// The way to whoever holds a key.
pub trait Holder: Send + Sync {
    /// The name of the program that is asked, for messages.
    fn program(&self) -> &str;

    /// Whether the program is there; it is not asked anything yet.
    ///
    /// # Errors
    /// [`SignatureError::HolderMissing`].
    fn reach(&self) -> Result<(), SignatureError>;

    /// Has `message` signed for the purpose `namespace`, and gives what came
    /// back: it should be an armoured signature, and is not believed to be one.
    ///
    /// # Errors
    /// [`SignatureError::HolderMissing`] or [`SignatureError::HolderFailed`],
    /// with the program's words made safe to show.
    fn sign(&self, namespace: &str, message: &[u8]) -> Result<Vec<u8>, SignatureError>;
}

/// A key and the way to it.
pub(super) struct Held {
    pub(super) key: PublicKey,
    holder: Arc<dyn Holder>,
}

impl Held {
    pub(super) fn new(key: PublicKey, holder: Arc<dyn Holder>) -> Self {
        Self { key, holder }
    }

    /// Has `message` signed, and checks that it was: by this key, for this
    /// purpose, and no other bytes.
    pub(super) fn sign(&self, namespace: &str, message: &[u8]) -> Result<String, SignatureError> {
        let wrong = |reason: String| SignatureError::HolderMismatch {
            program: self.holder.program().to_owned(),
            reason,
        };
        let signature = self.holder.sign(namespace, message)?;
        let key = made_by(&signature, namespace, message).map_err(|error| {
            wrong(match error {
                SignatureError::Altered => "it does not fit the bytes".to_owned(),
                other => other.to_string(),
            })
        })?;
        if key != self.key {
            return Err(wrong(format!(
                "it is of {}, another key",
                key.fingerprint()
            )));
        }
        String::from_utf8(signature).map_err(|_| wrong("it is no text".to_owned()))
    }

    /// Whether the key is at hand, as far as that can be known without a person
    /// who touches a token.
    pub(super) fn rehearse(&self) -> Result<(), SignatureError> {
        match self.key.is_in_hardware() {
            true => self.holder.reach(),
            false => self.sign(TRIAL_NAMESPACE, b"").map(drop),
        }
    }
}
