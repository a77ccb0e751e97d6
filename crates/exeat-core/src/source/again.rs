//! A second look at a file that has been read: a reader that needs it as a
//! whole gets a handle of its own, of the same file as was listed.

use std::fs::File;

use super::{Entry, Source, SourceError};
use crate::entry::EntryKind;

/// What an SQLite database's write-ahead log is called after it.
const LOG: &[u8] = b"-wal";

impl Source {
    /// Opens the file of `entry` once more.
    pub(crate) fn open_again(&self, entry: &Entry<'_>) -> Result<File, SourceError> {
        self.open_file(entry.root(), entry.path(), entry.identity())
    }

    /// Opens the write-ahead log that is listed beside the database `entry`.
    pub(crate) fn open_log(&self, entry: &Entry<'_>) -> Result<Option<File>, SourceError> {
        let name = [entry.path().as_bytes(), LOG].concat();
        let log = entry.find(&name).filter(is_file);
        log.map(|log| self.open_again(&log)).transpose()
    }

    /// Whether the database of the write-ahead log `entry` is listed.
    pub(crate) fn has_database(&self, entry: &Entry<'_>) -> bool {
        let name = entry.path().as_bytes().strip_suffix(LOG);
        let database = name.and_then(|name| entry.find(name));
        database.as_ref().is_some_and(is_file)
    }
}

fn is_file(entry: &Entry<'_>) -> bool {
    entry.kind() == EntryKind::File && entry.skipped().is_none()
}
