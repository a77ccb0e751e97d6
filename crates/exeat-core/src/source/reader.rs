//! Reads a file that was listed, and tells whether it still is the one.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::ops::Range;

use rustix::fs::{FileType, OFlags};

use super::attributes;
use super::{Entry, Identity, SkipReason, Source, SourceError};
use crate::beneath;
use crate::digest::read_some;
use crate::entry::Attributes;

/// Reads a range of a listed file, and makes sure at its end that it is still
/// the file that was listed.
///
/// Of a live source it gives as many bytes as were listed whatever happens,
/// zeros for those that are not to be had, and says so in the end.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    file: File,
    entry: Entry<'a>,
    left: u64,
    /// Of a live source: what the file was when it was opened.
    live: Option<Identity>,
    lapse: Option<SkipReason>,
}

impl Source {
    /// Opens the file of `entry` to read `range` of it.
    pub(crate) fn read_file<'a>(
        &self,
        entry: &Entry<'a>,
        range: Range<u64>,
    ) -> Result<Reader<'a>, SourceError> {
        let file = self.open_file(entry.root(), entry.path(), entry.identity())?;
        let mut reader = Reader {
            file,
            entry: *entry,
            left: range.end - range.start,
            live: None,
            lapse: None,
        };
        if range.start > 0 {
            let sought = reader.file.seek(SeekFrom::Start(range.start));
            sought.map_err(|e| reader.unreadable(e))?;
        }
        Ok(reader)
    }

    /// The same of a source that is in use.
    ///
    /// # Errors
    /// Why nothing of it can be read.
    pub(crate) fn read_live<'a>(
        &self,
        entry: &Entry<'a>,
        range: Range<u64>,
    ) -> Result<Reader<'a>, SkipReason> {
        let root = self.roots.get(usize::from(entry.root()));
        let root = root.ok_or(SkipReason::Unreadable)?;
        let below = root.below(entry.path());
        // What is a pipe by now must not be waited for.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let mut file = File::from(beneath::open(&root.handle, below, flags)?);
        let stat = rustix::fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(SkipReason::Vanished);
        }
        let now = Identity::of(&file)?;
        // Of the parts of a file each has to be of the same state of it; a file
        // that is read at once may be another one than was listed, of that size.
        let is_whole = range == (0..entry.bytes());
        let is_other = match is_whole {
            true => now.size != entry.identity().size,
            false => now != *entry.identity(),
        };
        if range.start > 0 {
            let sought = file.seek(SeekFrom::Start(range.start));
            sought.map_err(|_| SkipReason::Unreadable)?;
        }
        Ok(Reader {
            file,
            entry: *entry,
            left: range.end - range.start,
            live: Some(now),
            lapse: is_other.then_some(SkipReason::Changed),
        })
    }
}

impl Reader<'_> {
    /// Why what was read of a live source may not be what the file was at any
    /// one time, if so: known at the end.
    pub(crate) fn lapse(&self) -> Option<SkipReason> {
        self.lapse
    }

    /// Its extended attributes; where some could not be had, that is a lapse.
    pub(crate) fn attributes(&mut self) -> Attributes {
        let (attributes, are_all) = attributes::of(&self.file);
        if !are_all {
            self.lapse.get_or_insert(SkipReason::Attributes);
        }
        attributes
    }

    /// The next bytes, as many as fit into `buffer`; none at the end.
    pub(crate) fn next<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], SourceError> {
        let want = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if let Some(opened) = self.live {
            return Ok(self.next_live(buffer, want, opened));
        }
        if want == 0 {
            let now = Identity::of(&self.file).map_err(|e| self.unreadable(e.into()))?;
            return match now == *self.entry.identity() {
                true => Ok(&[]),
                false => Err(self.changed()),
            };
        }
        let read = read_some(&mut self.file, &mut buffer[..want]);
        let count = read.map_err(|e| self.unreadable(e))?;
        if count == 0 {
            return Err(self.changed());
        }
        self.left -= count as u64;
        Ok(&buffer[..count])
    }

    fn next_live<'b>(&mut self, buffer: &'b mut [u8], want: usize, opened: Identity) -> &'b [u8] {
        if want == 0 {
            if self.lapse.is_none() && Identity::of(&self.file).ok() != Some(opened) {
                self.lapse = Some(SkipReason::Changed);
            }
            return &[];
        }
        let count = match read_some(&mut self.file, &mut buffer[..want]) {
            Ok(0) => {
                self.lapse.get_or_insert(SkipReason::Changed);
                0
            }
            Ok(count) => count,
            Err(_) => {
                self.lapse = Some(SkipReason::InputOutput);
                // What comes after it may be readable.
                let ahead = i64::try_from(want).expect("a buffer is small");
                let _ = self.file.seek(SeekFrom::Current(ahead));
                0
            }
        };
        let count = match count {
            0 => {
                buffer[..want].fill(0);
                want
            }
            count => count,
        };
        self.left -= count as u64;
        &buffer[..count]
    }

    fn changed(&self) -> SourceError {
        SourceError::Changed {
            path: self.entry.path().to_string(),
        }
    }

    fn unreadable(&self, source: io::Error) -> SourceError {
        SourceError::Read {
            path: self.entry.path().to_string(),
            source,
        }
    }
}
