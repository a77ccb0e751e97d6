//! The digest that stands for content in a request: a line of JSON for each
//! entry in path order. How the payload is cut into volumes does not matter to
//! it, nor do modes and times.

use serde::Serialize;

use crate::digest::{Digest, Hasher, bytes_to_hex};
use crate::entry::EntryKind;
use crate::inspect::Inspected;
use crate::manifest::{Content, Inventory};
use crate::source::{Entry, Listing};

/// One line. Its fields are in alphabetical order, and what does not apply is
/// left out, as in an inventory.
#[derive(Serialize)]
struct Line<'a> {
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_hex: Option<String>,
    #[serde(rename = "type")]
    kind: EntryKind,
}

/// What a line says, wherever it is from.
struct Item<'a> {
    path: &'a [u8],
    kind: EntryKind,
    bytes: u64,
    skipped: Option<&'a str>,
    target: &'a [u8],
    sha256: Option<Digest>,
}

/// Hashes entries as they come, in path order.
#[derive(Default)]
pub(crate) struct ContentHasher {
    hasher: Hasher,
    bytes: u64,
    entries: u64,
    line: Vec<u8>,
}

impl ContentHasher {
    /// Adds an entry; `sha256` is that of a file which was not left out.
    pub(crate) fn entry(&mut self, entry: &Entry<'_>, sha256: Option<Digest>) {
        self.item(&Item {
            path: entry.path().as_bytes(),
            kind: entry.kind(),
            bytes: entry.bytes(),
            skipped: entry.skipped(),
            target: entry.target(),
            sha256,
        });
    }

    fn item(&mut self, item: &Item<'_>) {
        let (path, path_hex) = text_or_hex(item.path);
        let (target, target_hex) = match (item.kind, item.skipped) {
            (EntryKind::Symlink, None) => text_or_hex(item.target),
            _ => (None, None),
        };
        let line = Line {
            bytes: item.bytes,
            path,
            path_hex,
            sha256: item.sha256,
            skipped: item.skipped,
            target,
            target_hex,
            kind: item.kind,
        };
        self.line.clear();
        serde_json::to_writer(&mut self.line, &line).expect("a line has nothing JSON cannot say");
        self.line.push(b'\n');
        self.hasher.update(&self.line);
        self.entries += 1;
        if item.sha256.is_some() {
            self.bytes = self.bytes.saturating_add(item.bytes);
        }
    }

    /// What all of them come to.
    pub(crate) fn finish(self) -> Content {
        Content {
            bytes: self.bytes,
            entries: self.entries,
            sha256: self.hasher.finish().0,
        }
    }
}

fn text_or_hex(bytes: &[u8]) -> (Option<&str>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(_) => (None, Some(bytes_to_hex(bytes))),
    }
}

/// What a request says of content that was inspected in full; `None` where
/// inspection stopped early, or was of another listing.
#[must_use]
pub fn content_of(listing: &Listing, inspected: &Inspected) -> Option<Content> {
    let is_file = |entry: &Entry<'_>| entry.kind() == EntryKind::File && entry.is_here();
    let files = listing.entries().filter(is_file).count();
    if inspected.of != listing.number() || inspected.digests.len() != files {
        return None;
    }
    let mut digests = inspected.digests.iter().copied();
    let mut hasher = ContentHasher::default();
    for entry in listing.entries() {
        let digest = match is_file(&entry) {
            true => digests.next(),
            false => None,
        };
        hasher.entry(&entry, digest);
    }
    Some(hasher.finish())
}

/// What a request says of the content of a package; `None` where a file spans
/// volumes, for then the inventory has the digests of its parts alone.
pub(crate) fn content_in(inventory: &Inventory) -> Option<Content> {
    let mut hasher = ContentHasher::default();
    for record in inventory.entries() {
        if !record.parts().is_empty() {
            return None;
        }
        let path = record.path();
        hasher.item(&Item {
            path: path.as_bytes(),
            kind: record.kind(),
            bytes: record.bytes(),
            skipped: record.skipped(),
            target: record.target(),
            sha256: record.sha256(),
        });
    }
    Some(hasher.finish())
}
