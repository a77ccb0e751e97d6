//! How long work tells its caller how far it is, and learns that it should
//! stop, without knowing of a terminal or a signal.

/// What a long operation is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Listing the source; counted in entries, the total not known.
    Listing,
    /// Reading, hashing and inspecting, nothing written; counted in bytes of
    /// the source.
    Inspecting,
    /// Looking for what lies open; counted in files, the total not known.
    Scanning,
    /// Keeping an archive that comes through a pipe; counted in bytes, the total
    /// not known.
    Receiving,
    /// Reading, inspecting, hashing and encrypting; counted in bytes of the source.
    Sealing,
    /// Comparing digests of ciphertext; counted in bytes of ciphertext.
    Checking,
    /// Decrypting and comparing content; counted in bytes of content.
    Reading,
    /// Decrypting and writing content; counted in bytes of content.
    Extracting,
    /// Writing plaintext; counted in bytes of the source.
    Copying,
    /// Making what was written durable; not counted.
    Flushing,
}

/// Receives progress, from several threads at once, and says when to stop.
///
/// Every method has a silent default, so that `&Silent` does where nobody
/// watches.
pub trait Progress: Sync {
    /// A phase begins; `total` in the phase's unit, where it is known.
    fn begin(&self, _phase: Phase, _total: Option<u64>) {}

    /// `amount` more of the phase's unit is done.
    fn advance(&self, _amount: u64) {}

    /// The entry now worked on, already escaped for people.
    fn current(&self, _path: &dyn std::fmt::Display) {}

    /// Whether the work should stop as soon as it can. Checked at least once
    /// for each MiB; what was staged is then removed.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Progress that nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
