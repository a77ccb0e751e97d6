//! For `tests/fuzz`: the scan of an age header, and envelopes.

use super::{EnvelopeKind, Identities, KeyError, PackageKey, scan_header};
use crate::digest::Digest;

/// What the scan of an age header came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeHeader {
    /// Whether a passphrase opens it.
    pub is_passphrase: bool,
    /// Its length in bytes, the line of its authentication code included.
    pub bytes: usize,
}

/// Scans the header of an age file.
///
/// # Errors
/// As whoever reads a package has them.
pub fn age_header(bytes: &[u8]) -> Result<AgeHeader, KeyError> {
    let mut rest = bytes;
    let kind = scan_header(&mut rest)?;
    Ok(AgeHeader {
        is_passphrase: kind == EnvelopeKind::Passphrase,
        bytes: bytes.len() - rest.len(),
    })
}

/// Opens an envelope, and gives what the manifest would have to say of its key.
///
/// # Errors
/// As whoever reads a package has them.
pub fn envelope(bytes: &[u8], identities: &Identities) -> Result<Digest, KeyError> {
    PackageKey::from_envelope(bytes, identities).map(|key| key.commitment())
}
