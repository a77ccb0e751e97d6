//! What a package can hold: the kinds of entry, and how many.

/// The most entries a package may have.
pub const MAX_ENTRIES: u64 = 20_000_000;

/// The kinds of entry that a package can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// A folder.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
}
