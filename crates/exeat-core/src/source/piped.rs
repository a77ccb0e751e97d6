//! One stream that comes through a pipe: what it is called, and its only reader.

use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::{Listing, SourceError};
use crate::path::{EntryPath, Escaped, PathFault};

/// A stream until it is read.
pub(super) struct Piped {
    name: String,
    stream: Mutex<Option<Box<dyn io::Read + Send>>>,
}

impl Piped {
    pub(super) fn new(name: &str, stream: Box<dyn io::Read + Send>) -> Result<Self, SourceError> {
        let fault = match EntryPath::new(name.as_bytes()) {
            Ok(path) if path.parent().is_none() => None,
            Ok(_) => Some(PathFault::NotAName),
            Err(fault) => Some(fault),
        };
        match fault {
            Some(fault) => Err(SourceError::Path {
                path: Escaped(name.as_bytes()).to_string(),
                fault,
            }),
            None => Ok(Self {
                name: name.to_owned(),
                stream: Mutex::new(Some(stream)),
            }),
        }
    }

    pub(super) fn name(&self) -> &[u8] {
        self.name.as_bytes()
    }

    pub(super) fn list(&self, source: u64) -> Listing {
        let path = EntryPath::trusted(self.name.as_bytes());
        let mut listing = Listing::of_stream(source, path, Timestamp::now().as_second());
        listing.set_places(Some(vec![format!("- {}", self.name)]));
        listing
    }

    pub(super) fn take(&self) -> Result<Box<dyn io::Read + Send>, SourceError> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream.take().ok_or_else(|| SourceError::Once {
            name: Escaped(self.name.as_bytes()).to_string(),
        })
    }
}

impl fmt::Debug for Piped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piped").field("name", &self.name).finish()
    }
}
