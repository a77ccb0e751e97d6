//! What `key-N.json` says: which envelope was added to which package.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// The largest record a reader takes, in bytes: more than any has.
pub(crate) const MAX_PASSING: u64 = 4096;

/// The record of a further envelope, signed by whoever passed the package on.
/// Its bytes are canonical, as those of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passing {
    /// When it was added.
    pub(crate) created: Timestamp,
    /// SHA-256 of the envelope.
    pub(crate) envelope_sha256: Digest,
    /// SHA-256 of the manifest of the package that it opens.
    pub(crate) manifest_sha256: Digest,
}

impl Passing {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(&self).expect("a record has nothing JSON cannot say");
        bytes.push(b'\n');
        bytes
    }

    /// Reads bytes that a trusted signature has vouched for; `None` where they
    /// are not exactly as the format asks.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let passing: Self = serde_json::from_slice(bytes).ok()?;
        (passing.to_bytes() == bytes).then_some(passing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_way_to_say_it() {
        let passing = Passing {
            created: "2026-11-29T10:00:00Z".parse().expect("a time"),
            envelope_sha256: Digest::of(b"a"),
            manifest_sha256: Digest::of(b"b"),
        };
        let text = String::from_utf8(passing.to_bytes()).expect("UTF-8");
        assert_eq!(Passing::from_bytes(text.as_bytes()), Some(passing));
        for other in [
            text.trim_end().to_owned(),
            format!("{text}\n"),
            text.replacen(':', ": ", 1),
            text.replace("00Z", "00.0Z"),
            text.replacen('{', "{\"a\":1,", 1),
            String::new(),
        ] {
            assert_eq!(Passing::from_bytes(other.as_bytes()), None, "{other}");
        }
    }
}
