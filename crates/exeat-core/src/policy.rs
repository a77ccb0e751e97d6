//! What is allowed. For now this is the built-in floor as far as it concerns
//! encrypted exports; rules about content and a site's own policy come on top
//! of it and can only tighten it.

use crate::digest::Digest;

/// The rules of the floor that are in force, as text whose digest goes into
/// every inventory.
const FLOOR: &str = "\
# exeat floor, encrypted exports
[recipients]
required = 1      # no-recipient
expired = false   # recipient-expired
[signing]
required = true   # unsigned
";

/// A validated policy.
#[derive(Debug, Clone)]
pub struct Policy {
    text: &'static str,
}

impl Policy {
    /// The built-in floor, which nothing can loosen.
    #[must_use]
    pub fn floor() -> Self {
        Self { text: FLOOR }
    }

    /// The SHA-256 of the policy's text.
    #[must_use]
    pub fn sha256(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }
}
