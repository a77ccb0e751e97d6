//! A second look at a file that has been read: a reader that needs it as a
//! whole gets a handle of its own, of the same file as was listed.

use std::fs::File;

use super::{Entry, Source, SourceError};
use crate::entry::EntryKind;

/// What an SQLite database's write-ahead log is called after it.
const LOG: &[u8] = b"-wal";

/// A file that has been read, for whoever has to read it otherwise.
pub(crate) trait Reopen {
    /// The same file, opened once more.
    ///
    /// # Errors
    /// It is not what it was, or cannot be opened.
    fn file(&self) -> Result<File, SourceError>;

    /// The write-ahead log that lies beside an SQLite database of this name.
    ///
    /// # Errors
    /// As above.
    fn log(&self) -> Result<Option<File>, SourceError>;

    /// Whether the database lies beside it of which this is the write-ahead log.
    fn has_database(&self) -> bool;
}

/// A listed file.
pub(crate) struct Listed<'a> {
    source: &'a Source,
    entry: Entry<'a>,
}

impl Source {
    /// The file of `entry`, to be opened again.
    pub(crate) fn listed<'a>(&'a self, entry: &Entry<'a>) -> Listed<'a> {
        Listed {
            source: self,
            entry: *entry,
        }
    }
}

impl Reopen for Listed<'_> {
    fn file(&self) -> Result<File, SourceError> {
        self.open(&self.entry)
    }

    fn log(&self) -> Result<Option<File>, SourceError> {
        let name = [self.entry.path().as_bytes(), LOG].concat();
        let log = self.entry.find(&name).filter(is_file);
        log.map(|log| self.open(&log)).transpose()
    }

    fn has_database(&self) -> bool {
        let name = self.entry.path().as_bytes().strip_suffix(LOG);
        let database = name.and_then(|name| self.entry.find(name));
        database.as_ref().is_some_and(is_file)
    }
}

impl Listed<'_> {
    fn open(&self, entry: &Entry<'_>) -> Result<File, SourceError> {
        self.source
            .open_file(entry.root(), entry.path(), entry.identity())
    }
}

fn is_file(entry: &Entry<'_>) -> bool {
    entry.kind() == EntryKind::File && entry.skipped().is_none()
}
