//! By what a chain of backups is known.

use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

use crate::signature::Fingerprint;

/// The sequence number of the first package of a chain.
pub const FIRST_SEQUENCE: u64 = 1;

/// What a chain is known by.
pub type SeriesId = Uuid;

/// What makes this digest one of a series and of nothing else.
const DOMAIN: &[u8] = b"exeat.series.v1\0";

/// The chain of the profile of that name, signed by that key: a UUID of version
/// 8 (RFC 9562).
///
/// It follows from the two alone, so that a host that has lost all it remembered
/// finds its own packages again; and another key, or another profile, has another
/// chain in the same folder.
///
/// ```
/// use exeat_core::backup::series_id;
/// use exeat_core::signature::SigningKey;
///
/// let key = SigningKey::generate("host").public().fingerprint();
/// let id = series_id(&key, "clinic");
/// assert_eq!(id, series_id(&key, "clinic"));
/// assert_ne!(id, series_id(&key, "letters"));
/// assert_eq!(id.get_version_num(), 8);
/// ```
#[must_use]
pub fn series_id(signer: &Fingerprint, profile: &str) -> SeriesId {
    let mut hasher = Sha256::new();
    hasher.update(DOMAIN);
    hasher.update(signer.to_string());
    hasher.update([0]);
    hasher.update(profile);
    let whole: [u8; 32] = hasher.finalize().into();
    let (first, _) = whole.split_first_chunk().expect("32 bytes hold 16");
    Builder::from_custom_bytes(*first).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with sha256sum: printf 'exeat.series.v1\0SHA256:…\0clinic'.
    #[test]
    fn it_is_the_same_everywhere_and_always() {
        let key = "SHA256:UCUiLr7Pjs9wFFJMDByLgc3NrtdU344OgUM45wZPcIQ";
        let key = key.parse().expect("a fingerprint");
        let id = series_id(&key, "clinic");
        assert_eq!(id.to_string(), "5d771235-f899-8eb1-8056-004ed0227332");
        assert_ne!(id, series_id(&key, "clinic2"));
    }
}
