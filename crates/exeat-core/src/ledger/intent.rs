//! The evidence that something is on record as about to leave, and what becomes
//! of it.

use std::fmt;
use std::sync::Arc;

use super::entry::{Ending, Entry, Kind, Outcome};
use super::{LedgerError, Place, Shared};
use crate::digest::Digest;
use crate::manifest::{Checkpoint, PackageId};
use crate::signature::{SignatureError, SigningKey};
use crate::statement::{Document, Signed};

/// Evidence that an export is on record as about to leave, and the duty to say
/// what became of it. Made by [`super::Locked::intend`] alone, and used once.
///
/// One that is dropped without a word is recorded as interrupted, if it can be;
/// that counts as delivered, and so does an intent without an outcome.
///
/// ```compile_fail
/// # fn twice(intent: exeat_core::ledger::Intent) {
/// let again = intent.clone();
/// # }
/// ```
/// ```compile_fail
/// let intent = exeat_core::ledger::Intent::default();
/// ```
/// ```compile_fail
/// let intent: exeat_core::ledger::Intent = serde_json::from_str("{}").unwrap();
/// ```
/// ```compile_fail
/// # fn both(intent: exeat_core::ledger::Intent) {
/// let _ = intent.failed("publish-failed");
/// let _ = intent.delivered(1, None);
/// # }
/// ```
/// The twin that compiles:
/// ```
/// # fn once(intent: exeat_core::ledger::Intent) {
/// let moved = intent;
/// let _ = moved.delivered(1, None);
/// # }
/// ```
#[must_use = "an intent without an outcome counts as delivered"]
pub struct Intent {
    shared: Arc<Shared>,
    id: PackageId,
    written: Place,
    checkpoint: Option<Document>,
    is_open: bool,
}

impl Intent {
    pub(super) fn new(shared: &Arc<Shared>, id: PackageId, written: Place) -> Self {
        Self {
            shared: Arc::clone(shared),
            id,
            written,
            checkpoint: None,
            is_open: true,
        }
    }

    /// Signs that the release is on record where it is, for the package to take
    /// along; the outcome keeps it, too.
    pub(crate) fn checkpoint(
        &mut self,
        signer: &SigningKey,
    ) -> Result<Signed<Checkpoint>, SignatureError> {
        let entry_sha256 = self.written.sha256.expect("an intent has been written");
        let checkpoint = Checkpoint {
            entry_sha256,
            ledger: self
                .written
                .first
                .or(self.shared.first())
                .expect("there is a first entry: this one, if no other"),
            package: self.id,
            sequence: self.written.sequence,
            time: self.written.time,
        };
        let signed = Signed::sign(checkpoint, signer)?;
        self.checkpoint = Some(signed.document());
        Ok(signed)
    }

    /// The export it is for; nothing else may leave on the strength of it.
    #[must_use]
    pub fn id(&self) -> PackageId {
        self.id
    }

    /// Its sequence number in the ledger.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.written.sequence
    }

    /// All of it is at its destination: so many bytes, and of a package the
    /// digest of its manifest.
    ///
    /// # Errors
    /// The outcome is not on record; the intent is, and counts as delivered.
    pub fn delivered(self, bytes: u64, manifest_sha256: Option<Digest>) -> Result<(), LedgerError> {
        self.end(Ending::Delivered, None, Some(bytes), manifest_sha256)
    }

    /// Nothing that anybody could read has reached the destination, or can yet.
    /// It no longer counts. `code` is that of the error.
    ///
    /// # Errors
    /// The outcome is not on record; the intent is, and counts as delivered.
    pub fn failed(self, code: &'static str) -> Result<(), LedgerError> {
        self.end(Ending::Failed, Some(code), None, None)
    }

    /// It ended before its end, and something may have reached the destination:
    /// it counts as delivered. `code` is that of the error.
    ///
    /// # Errors
    /// The outcome is not on record; the intent is, and counts as delivered.
    pub fn interrupted(self, code: &'static str) -> Result<(), LedgerError> {
        self.end(Ending::Interrupted, Some(code), None, None)
    }

    fn end(
        mut self,
        ending: Ending,
        code: Option<&'static str>,
        bytes: Option<u64>,
        manifest_sha256: Option<Digest>,
    ) -> Result<(), LedgerError> {
        self.is_open = false;
        let checkpoint = self.checkpoint.take();
        self.record(Outcome {
            bytes,
            checkpoint,
            code: code.map(str::to_owned),
            ending,
            id: self.id,
            intent: self.written.sequence,
            manifest_sha256,
        })
    }

    fn record(&self, outcome: Outcome) -> Result<(), LedgerError> {
        self.shared.lock()?.append(Entry {
            outcome: Some(outcome),
            ..Entry::blank(Kind::Outcome)
        })?;
        Ok(())
    }
}

impl Drop for Intent {
    fn drop(&mut self) {
        if self.is_open {
            let checkpoint = self.checkpoint.take();
            // Nobody is left to tell. Without this entry it counts all the same.
            let _ = self.record(Outcome {
                bytes: None,
                checkpoint,
                code: Some("abandoned".into()),
                ending: Ending::Interrupted,
                id: self.id,
                intent: self.written.sequence,
                manifest_sha256: None,
            });
        }
    }
}

impl fmt::Debug for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Intent({}, entry {})", self.id, self.written.sequence)
    }
}
