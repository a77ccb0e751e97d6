//! For `tests/fuzz`: what a host remembers of its backups.

use super::Memory;
use super::state::{self, StateError, Wanted};
use crate::digest::Digest;
use crate::source::Listing;

/// Reads what is remembered of a profile, and writes it again.
///
/// # Errors
/// What is wrong with it.
pub fn memory(bytes: &[u8]) -> Result<Vec<u8>, String> {
    Memory::from_bytes(bytes).map(|memory| memory.to_bytes())
}

/// Compares a listing with what is remembered of the files. `is_sealed`: the
/// last line is made, as no fuzzer guesses it.
///
/// # Errors
/// As a backup run has them; the listing is then as it was.
pub fn state(
    listing: &mut Listing,
    bytes: &[u8],
    is_sealed: bool,
    wanted: Wanted<'_>,
) -> Result<state::Recalled, StateError> {
    let mut bytes = bytes.to_vec();
    if is_sealed {
        let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
        let files = lines.saturating_sub(1);
        let sha256 = Digest::of(&bytes);
        bytes.extend_from_slice(
            format!("{{\"files\":{files},\"sha256\":\"{sha256}\"}}\n").as_bytes(),
        );
    }
    let recalled = state::recall_from(listing, &bytes[..], wanted);
    if recalled.is_err() {
        listing.forget_packages();
    }
    recalled
}
