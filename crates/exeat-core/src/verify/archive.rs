//! A package as one flat tar: where each member lies in it.
//!
//! Nothing but plain files with the names of members is taken, none twice, and
//! nothing after the end. Headers are what strangers wrote: they say where bytes
//! lie, and the manifest says whether these are the right ones.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{Advice, fadvise};
use tar::EntryType;

use super::{MAX_MEMBERS, VerifyError, is_member};
use crate::digest::read_some;
use crate::framing::{BLOCK, END};
use crate::path::Escaped;
use crate::progress::{Phase, Progress};
use crate::staging::nameless;

/// Programs fill up the last record of an archive with zeros; no more than this.
const MAX_ZEROS: u64 = 1 << 20;
/// How much is read at once.
const BUFFER: usize = 128 << 10;

/// What can be wrong with an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveFault {
    /// It ends too early.
    #[error("it ends too early")]
    Short,
    /// Something follows its end.
    #[error("something follows its end")]
    Long,
    /// What fills up the last block of a member is not all zeros.
    #[error("something is hidden behind {name}")]
    Filled {
        /// The member.
        name: String,
    },
    /// A header is damaged.
    #[error("a header in it is damaged")]
    Header,
    /// A member is there twice.
    #[error("{name} is in it twice")]
    Twice {
        /// The member.
        name: String,
    },
    /// Something is not a member of a package.
    #[error("'{name}' does not belong in it")]
    Unknown {
        /// Its name, escaped.
        name: String,
    },
    /// A member is a link, a folder or a device.
    #[error("'{name}' is not a plain file in it")]
    NotAFile {
        /// Its name, escaped.
        name: String,
    },
    /// More members than the largest package has.
    #[error("it has more members than a package can have")]
    TooMany,
}

/// Where members begin, and how long they are.
type Spans = BTreeMap<Vec<u8>, (u64, u64)>;

/// An archive that can be read at any place.
#[derive(Debug)]
pub(super) struct Archive {
    file: Arc<File>,
    members: Spans,
}

impl Archive {
    /// Finds the members of the archive in a file. `path` is for messages.
    pub(super) fn read(file: File, path: &Path) -> Result<Self, VerifyError> {
        let failed = |source| VerifyError::Open {
            path: path.to_owned(),
            source,
        };
        let ended = Cell::new(false);
        let mut archive = tar::Archive::new(Watched {
            inner: &file,
            ended: &ended,
        });
        let entries = archive.entries_with_seek().map_err(failed)?;
        let (members, end) = members(entries, &ended, path)?;
        let bytes = file.metadata().map_err(failed)?.len();
        if end > bytes {
            return Err(ArchiveFault::Short.into());
        }
        let mut rest = &file;
        rest.seek(SeekFrom::Start(end)).map_err(failed)?;
        check_rest(&mut rest, 0).map_err(failed)??;
        check_filling(&file, &members).map_err(failed)??;
        Ok(Self {
            file: Arc::new(file),
            members,
        })
    }

    /// Keeps an archive that comes from a pipe in a file without a name in
    /// `folder`: it is gone with this process. What is no package is not kept.
    pub(super) fn receive(
        input: &mut dyn Read,
        folder: &Path,
        progress: &dyn Progress,
    ) -> Result<Self, VerifyError> {
        let path = Path::new("standard input");
        let kept = |source| VerifyError::Keep {
            folder: folder.to_owned(),
            source,
        };
        progress.begin(Phase::Receiving, None);
        let file = nameless(folder).map_err(kept)?;
        let mut tee = Tee {
            input,
            file: &file,
            kept: &kept,
            stopped: None,
            progress,
            position: 0,
        };
        let found = Self::find(&mut tee, path);
        if let Some(error) = tee.stopped {
            return Err(error);
        }
        let members = found?;
        check_filling(&file, &members).map_err(kept)??;
        Ok(Self {
            members,
            file: Arc::new(file),
        })
    }

    fn find(tee: &mut Tee<'_>, path: &Path) -> Result<Spans, VerifyError> {
        let failed = |source| VerifyError::Open {
            path: path.to_owned(),
            source,
        };
        let ended = Cell::new(false);
        let mut archive = tar::Archive::new(Watched {
            inner: &mut *tee,
            ended: &ended,
        });
        let entries = archive.entries().map_err(failed)?;
        let (members, end) = members(entries, &ended, path)?;
        // The first block of zeros has been read.
        let read = tee.position;
        if read < end + BLOCK {
            return Err(ArchiveFault::Short.into());
        }
        check_rest(tee, read - end).map_err(failed)??;
        Ok(members)
    }

    /// Names and sizes, in the order of the names.
    pub(super) fn members(&self) -> impl Iterator<Item = (&[u8], u64)> {
        let members = self.members.iter();
        members.map(|(name, &(_, bytes))| (name.as_slice(), bytes))
    }

    /// Names, beginnings and sizes, in the order of the names.
    #[cfg(fuzzing)]
    pub(super) fn spans(&self) -> impl Iterator<Item = (&[u8], u64, u64)> {
        let members = self.members.iter();
        members.map(|(name, &(start, bytes))| (name.as_slice(), start, bytes))
    }

    /// A member, if it is there.
    pub(super) fn member(&self, name: &[u8]) -> Option<MemberFile> {
        let &(start, bytes) = self.members.get(name)?;
        Some(MemberFile {
            file: Arc::clone(&self.file),
            start,
            end: start + bytes,
            at: start,
        })
    }
}

/// The members, and where the last one ends. `ended`: nothing is left to read.
fn members<'a, R: Read + 'a>(
    entries: tar::Entries<'a, R>,
    ended: &Cell<bool>,
    path: &Path,
) -> Result<(Spans, u64), VerifyError> {
    let mut members = BTreeMap::new();
    let mut end = 0;
    for entry in entries.raw(true) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(_) if members.is_empty() => {
                return Err(VerifyError::NotAPackage {
                    path: path.to_owned(),
                });
            }
            Err(_) if ended.get() => return Err(ArchiveFault::Short.into()),
            Err(_) => return Err(ArchiveFault::Header.into()),
        };
        let name = entry.path_bytes().into_owned();
        let shown = || Escaped(&name).to_string();
        let kind = entry.header().entry_type();
        if !is_member(&name) {
            return Err(ArchiveFault::Unknown { name: shown() }.into());
        }
        if !matches!(kind, EntryType::Regular) {
            return Err(ArchiveFault::NotAFile { name: shown() }.into());
        }
        if members.len() as u64 >= MAX_MEMBERS {
            return Err(ArchiveFault::TooMany.into());
        }
        let (start, bytes) = (entry.raw_file_position(), entry.size());
        end = bytes
            .checked_next_multiple_of(BLOCK)
            .and_then(|framed| framed.checked_add(start))
            .ok_or(ArchiveFault::Header)?;
        if members.insert(name.clone(), (start, bytes)).is_some() {
            return Err(ArchiveFault::Twice { name: shown() }.into());
        }
    }
    if members.is_empty() {
        return Err(VerifyError::NotAPackage {
            path: path.to_owned(),
        });
    }
    Ok((members, end))
}

/// Whether zeros alone fill up the last block of each member: nobody looks there, and
/// nobody vouches for it.
fn check_filling(file: &File, members: &Spans) -> io::Result<Result<(), ArchiveFault>> {
    let mut block = [0; 512];
    for (name, &(start, bytes)) in members {
        let end = start + bytes;
        let filling = usize::try_from(end.next_multiple_of(BLOCK) - end).unwrap_or(block.len());
        file.read_exact_at(&mut block[..filling], end)?;
        if block[..filling].iter().any(|&byte| byte != 0) {
            let name = Escaped(name).to_string();
            return Ok(Err(ArchiveFault::Filled { name }));
        }
    }
    Ok(Ok(()))
}

/// Whether from here on there are the zeros that end an archive, and nothing
/// else; so many of them have been read.
fn check_rest(rest: &mut impl Read, mut zeros: u64) -> io::Result<Result<(), ArchiveFault>> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = read_some(rest, &mut buffer)?;
        if count == 0 {
            break;
        }
        zeros += count as u64;
        if zeros > MAX_ZEROS || buffer[..count].iter().any(|&byte| byte != 0) {
            return Ok(Err(ArchiveFault::Long));
        }
    }
    Ok(match zeros < END {
        true => Err(ArchiveFault::Short),
        false => Ok(()),
    })
}

/// Notices when nothing is left to read.
struct Watched<'c, R> {
    inner: R,
    ended: &'c Cell<bool>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            self.ended.set(true);
        }
        Ok(count)
    }
}

impl<R: Seek> Seek for Watched<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Keeps what is read.
struct Tee<'a> {
    input: &'a mut dyn Read,
    file: &'a File,
    /// The error where something cannot be kept.
    kept: &'a dyn Fn(io::Error) -> VerifyError,
    /// Why no more is read.
    stopped: Option<VerifyError>,
    progress: &'a dyn Progress,
    position: u64,
}

impl Read for Tee<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        let kept = self.file.write_all(&buffer[..count]).map_err(self.kept);
        let stopped = match self.progress.cancelled() {
            true => Some(VerifyError::Interrupted),
            false => kept.err(),
        };
        if stopped.is_some() {
            self.stopped = stopped;
            return Err(io::ErrorKind::Other.into());
        }
        self.position += count as u64;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

/// A member while it is read: a file of its own, or a part of an archive.
#[derive(Debug)]
pub(crate) struct MemberFile {
    file: Arc<File>,
    start: u64,
    end: u64,
    at: u64,
}

impl MemberFile {
    /// All of a file, as long as it is now.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn whole(file: File) -> io::Result<Self> {
        Ok(Self {
            start: 0,
            end: file.metadata()?.len(),
            file: Arc::new(file),
            at: 0,
        })
    }

    /// How many bytes it has.
    pub(super) fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Has the kernel forget what it holds of the file in memory; what was not
    /// synced it keeps.
    pub(super) fn forget_cached(&self) -> io::Result<()> {
        Ok(fadvise(&self.file, 0, None, Advice::DontNeed)?)
    }
}

impl Read for MemberFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end - self.at;
        let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for MemberFile {
    /// Within the member, from wherever: age asks for its end, too.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => self.start.checked_add(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        let at = at.filter(|at| (self.start..=self.end).contains(at));
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at - self.start)
    }
}
