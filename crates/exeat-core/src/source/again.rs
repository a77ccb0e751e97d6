//! A second look at a file that has been read: a reader that needs it as a
//! whole gets a handle of its own, of the same file as was listed.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::{Entry, Source, SourceError};
use crate::entry::EntryKind;

/// What an SQLite database's write-ahead log is called after it.
pub(crate) const LOG: &[u8] = b"-wal";
/// How an SQLite database begins.
pub(crate) const DATABASE: &[u8; 16] = b"SQLite format 3\0";

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

    /// Whether the database lies beside it of which this is the write-ahead log,
    /// so that its reader is given it.
    ///
    /// # Errors
    /// As above.
    fn has_database(&self) -> Result<bool, SourceError>;
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

    fn has_database(&self) -> Result<bool, SourceError> {
        let name = self.entry.path().as_bytes().strip_suffix(LOG);
        let database = name.and_then(|name| self.entry.find(name));
        let Some(database) = database.filter(is_file) else {
            return Ok(false);
        };
        Ok(is_database(&self.open(&database)?))
    }
}

/// What came through a pipe: it is not there any more.
pub(crate) struct Gone<'a>(pub(crate) Entry<'a>);

impl Reopen for Gone<'_> {
    fn file(&self) -> Result<File, SourceError> {
        Err(SourceError::Once {
            name: self.0.path().to_string(),
        })
    }

    fn log(&self) -> Result<Option<File>, SourceError> {
        Ok(None)
    }

    fn has_database(&self) -> Result<bool, SourceError> {
        Ok(false)
    }
}

impl Listed<'_> {
    fn open(&self, entry: &Entry<'_>) -> Result<File, SourceError> {
        self.source
            .open_file(entry.root(), entry.path(), entry.identity())
    }
}

/// Whether a file begins as an SQLite database does.
pub(crate) fn is_database(file: &File) -> bool {
    let mut head = [0; 16];
    file.read_exact_at(&mut head, 0).is_ok() && head == *DATABASE
}

fn is_file(entry: &Entry<'_>) -> bool {
    entry.kind() == EntryKind::File && entry.is_here()
}
