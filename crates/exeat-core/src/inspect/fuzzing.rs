//! For `tests/fuzz`: inspection of bytes, and of what a reader says.

use std::fs::File;

use super::foreign;
use super::named::NamedColumns;
use super::{Depth, Facts, Format, Inspection};
use crate::progress::Silent;
use crate::source::{Reopen, SourceError};

/// Inspects one thing after another; nothing is left of the one before.
pub struct Inspector(Inspection);

impl Default for Inspector {
    fn default() -> Self {
        let columns = NamedColumns::default();
        Self(Inspection::new(Depth::Full, None, columns))
    }
}

impl Inspector {
    /// What a file that comes in these pieces shows, and what it is where a
    /// reader would have to take it apart.
    ///
    /// # Panics
    /// Never: there is no file that could have changed.
    pub fn file(&mut self, pieces: &[&[u8]]) -> (Facts, Option<Format>) {
        let mut inspector = self.0.begin();
        let mut bytes = 0;
        for piece in pieces {
            inspector.push(&self.0, piece);
            bytes += piece.len() as u64;
        }
        let ended = self.0.end_of("file", bytes, &Alone, inspector, &Silent);
        let format = ended.expect("nothing is opened again");
        (self.0.take_facts(), format)
    }

    /// What a file shows of which a reader says this.
    pub fn frames(&mut self, frames: &[u8]) -> Facts {
        let inspection = &self.0;
        foreign::hear(inspection, frames, &mut |piece| {
            inspection.summary().add("file", piece);
        });
        self.0.take_facts()
    }

    /// What names show, one a line.
    pub fn names(&mut self, names: &[u8]) -> Facts {
        self.0.look_at_name(names);
        self.0.take_facts()
    }
}

/// A file that is there once.
struct Alone;

impl Reopen for Alone {
    fn file(&self) -> Result<File, SourceError> {
        unreachable!("there are no readers")
    }

    fn log(&self) -> Result<Option<File>, SourceError> {
        Ok(None)
    }

    fn has_database(&self) -> Result<bool, SourceError> {
        Ok(false)
    }
}
