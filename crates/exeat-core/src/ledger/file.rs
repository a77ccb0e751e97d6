//! The file that a ledger is: opened so that nothing else can stand in for it,
//! locked, read in lines and appended to. Nothing here ever shortens it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, Stat, StatxAttributes, StatxFlags,
};
use rustix::io::Errno;

use super::LedgerError;
use super::entry::MAX_LINE;
use crate::digest::{Digest, Hasher};

/// Where a ledger lies: the folder as a handle, and the name in it.
#[derive(Debug)]
pub(super) struct Location {
    folder: OwnedFd,
    name: OsString,
    path: PathBuf,
}

impl Location {
    /// Finds the folder of `path`, which has to exist.
    pub(super) fn find(path: &Path) -> Result<Self, LedgerError> {
        let Some(name) = path.file_name() else {
            return Err(LedgerError::NotAFile {
                path: path.to_owned(),
                what: "a folder",
            });
        };
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let location = |folder| Self {
            folder,
            name: name.to_owned(),
            path: path.to_owned(),
        };
        match rustix::fs::openat(CWD, folder, flags, Mode::empty()) {
            Ok(folder) => Ok(location(folder)),
            Err(error) => Err(LedgerError::Open {
                path: path.to_owned(),
                source: error.into(),
            }),
        }
    }

    /// The file at `path` for reading; `None` where there is none yet, or no
    /// folder for it.
    pub(super) fn existing(path: &Path) -> Result<Option<(Self, File)>, LedgerError> {
        let location = match Self::find(path) {
            Err(LedgerError::Open { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            other => other?,
        };
        let file = location.open_to_read()?;
        Ok(file.map(|file| (location, file)))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What lies there, links not followed; `None` where nothing does.
    fn stat(&self) -> Result<Option<Stat>, LedgerError> {
        match rustix::fs::statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.open_error(error)),
        }
    }

    /// Opens the file for appending; makes one for its owner alone where there
    /// is none.
    pub(super) fn open_to_append(&self) -> Result<File, LedgerError> {
        let flags = OFlags::RDWR | OFlags::APPEND;
        let (file, is_new) = match self.open_existing(flags)? {
            Some(file) => (file, false),
            None => match self.create(flags)? {
                Some(file) => (file, true),
                // Another run made it just now.
                None => {
                    let file = self.open_existing(flags)?;
                    (file.ok_or_else(|| self.open_error(Errno::NOENT))?, false)
                }
            },
        };
        self.check_keepers(&file)?;
        self.sync_folder(is_new)?;
        Ok(file)
    }

    /// Opens the file for reading, where there is one.
    pub(super) fn open_to_read(&self) -> Result<Option<File>, LedgerError> {
        let file = self.open_existing(OFlags::RDONLY)?;
        if let Some(file) = &file {
            self.check_keepers(file)?;
        }
        Ok(file)
    }

    fn open_existing(&self, access: OFlags) -> Result<Option<File>, LedgerError> {
        // Opening a device can have effects of its own: look before.
        let Some(stat) = self.stat()? else {
            return Ok(None);
        };
        self.must_be_a_file(&stat)?;
        // NONBLOCK: should a FIFO take its place meanwhile, nothing hangs.
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.folder, &self.name, flags, Mode::empty()) {
            Ok(file) => {
                let stat = rustix::fs::fstat(&file).map_err(|error| self.open_error(error))?;
                self.must_be_a_file(&stat)?;
                Ok(Some(file.into()))
            }
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.open_error(error)),
        }
    }

    fn create(&self, access: OFlags) -> Result<Option<File>, LedgerError> {
        let flags = access | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.folder, &self.name, flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => Ok(Some(file.into())),
            Err(Errno::EXIST) => Ok(None),
            Err(error) => Err(self.open_error(error)),
        }
    }

    fn must_be_a_file(&self, stat: &Stat) -> Result<(), LedgerError> {
        let what = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => return Ok(()),
            FileType::Directory => "a folder",
            FileType::Symlink => "a symbolic link",
            FileType::Fifo => "a pipe",
            FileType::Socket => "a socket",
            FileType::CharacterDevice | FileType::BlockDevice => "a device",
            FileType::Unknown => "of an unknown kind",
        };
        Err(LedgerError::NotAFile {
            path: self.path.clone(),
            what,
        })
    }

    /// Whoever could rewrite it has to be root or the one who runs this.
    ///
    /// What root owns is as root arranged it, whatever its mode. So is a file
    /// with the append-only attribute, which only root can set, and which also
    /// keeps the file from being renamed or removed.
    fn check_keepers(&self, file: &File) -> Result<(), LedgerError> {
        if is_append_only(file) {
            return Ok(());
        }
        let file = rustix::fs::fstat(file).map_err(|error| self.open_error(error))?;
        let folder = rustix::fs::fstat(&self.folder).map_err(|error| self.open_error(error))?;
        let me = rustix::process::geteuid().as_raw();
        for (what, stat) in [("it", &file), ("its folder", &folder)] {
            if stat.st_uid == 0 {
                continue;
            }
            let mode = Mode::from_raw_mode(stat.st_mode);
            let reason = if stat.st_uid != me {
                format!("{what} belongs to the account {}", stat.st_uid)
            } else if mode.intersects(Mode::WGRP | Mode::WOTH)
                && !(what == "its folder" && mode.contains(Mode::SVTX))
            {
                format!(
                    "{what} is open to others (mode {:04o})",
                    mode.bits() & 0o7777
                )
            } else {
                continue;
            };
            return Err(LedgerError::Exposed {
                path: self.path.clone(),
                reason,
            });
        }
        Ok(())
    }

    /// Makes the file's name durable. Not only when it is new: the run that
    /// made it may have been killed before it came to this.
    fn sync_folder(&self, is_new: bool) -> Result<(), LedgerError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let synced = rustix::fs::openat(&self.folder, ".", flags, Mode::empty())
            .and_then(|folder| rustix::fs::fsync(&folder));
        match synced {
            // Some file systems have nothing to synchronise in a folder.
            Ok(()) | Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
            // A site's folder may be closed to those who append.
            Err(Errno::ACCESS | Errno::ROFS) if !is_new => Ok(()),
            Err(error) => Err(self.open_error(error)),
        }
    }

    /// Whether the name still leads to `file`.
    pub(super) fn leads_to(&self, file: &File) -> Result<bool, LedgerError> {
        let Some(named) = self.stat()? else {
            return Ok(false);
        };
        let open = rustix::fs::fstat(file).map_err(|error| self.open_error(error))?;
        Ok((named.st_dev, named.st_ino) == (open.st_dev, open.st_ino))
    }

    fn open_error(&self, error: Errno) -> LedgerError {
        LedgerError::Open {
            path: self.path.clone(),
            source: error.into(),
        }
    }

    pub(super) fn read_error(&self, source: io::Error) -> LedgerError {
        LedgerError::Read {
            path: self.path.clone(),
            source,
        }
    }
}

/// Whether the file has the attribute that lets root alone take anything back.
pub(super) fn is_append_only(file: &File) -> bool {
    rustix::fs::statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::TYPE)
        .is_ok_and(|stat| stat.stx_attributes.contains(StatxAttributes::APPEND))
}

/// Tries once to lock `file` against every other run.
pub(super) fn try_lock(file: &File) -> io::Result<bool> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Lets others have it. The lock dies with the process in any case.
pub(super) fn unlock(file: &File) {
    // A lock that is held can be given up: there is nothing to report.
    let _ = rustix::fs::flock(file, FlockOperation::Unlock);
}

/// The bytes of the file in `start..end`, or fewer where it ends earlier.
pub(super) fn read_range(file: &File, start: u64, end: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let range = Range {
        file,
        at: start,
        end,
    };
    range
        .take(end.saturating_sub(start))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// How long the file is, in bytes.
pub(super) fn length(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
}

/// SHA-256 and number of all bytes, and whether the last line has no end yet;
/// if so, they are counted with that end.
pub(super) fn whole(file: &File) -> io::Result<(Digest, u64, bool)> {
    let length = length(file)?;
    let mut hasher = Hasher::default();
    digest_range(file, 0, length, &mut hasher)?;
    let last = read_range(file, length.saturating_sub(1), length)?;
    let is_open = last.first().is_some_and(|&byte| byte != b'\n');
    if is_open {
        hasher.update(b"\n");
    }
    let (sha256, bytes) = hasher.finish();
    Ok((sha256, bytes, is_open))
}

/// Adds the bytes in `start..end` to a digest.
pub(super) fn digest_range(
    file: &File,
    start: u64,
    end: u64,
    hasher: &mut Hasher,
) -> io::Result<()> {
    pieces(file, start, end, |bytes| {
        hasher.update(bytes);
        Ok(())
    })
}

/// Copies the file up to `end`, and says the copy's SHA-256.
pub(super) fn copy(file: &File, end: u64, into: &mut impl Write) -> io::Result<Digest> {
    let mut hasher = Hasher::default();
    pieces(file, 0, end, |bytes| {
        hasher.update(bytes);
        into.write_all(bytes)
    })?;
    Ok(hasher.finish().0)
}

fn pieces(
    file: &File,
    at: u64,
    end: u64,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(256 << 10, Range { file, at, end });
    loop {
        let bytes = reader.fill_buf()?;
        let count = bytes.len();
        if count == 0 {
            return Ok(());
        }
        each(bytes)?;
        reader.consume(count);
    }
}

/// A part of the file, read without moving a cursor that others share.
struct Range<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Range<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let count = self.file.read_at(&mut buffer[..wanted], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// A line without its end.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// Where it begins in the file.
    pub(super) at: u64,
    pub(super) bytes: &'a [u8],
    /// Where the next one begins.
    pub(super) next: u64,
    /// Whether its end has been written.
    pub(super) ended: bool,
}

/// The lines of the file as it is now; what others append later is not read.
pub(super) struct Lines<'a> {
    reader: BufReader<Range<'a>>,
    line: Vec<u8>,
    at: u64,
}

impl Line<'_> {
    /// SHA-256 of it, with its end, whether that has been written or not.
    pub(super) fn sha256(&self) -> Digest {
        let mut hasher = Hasher::default();
        hasher.update(self.bytes);
        hasher.update(b"\n");
        hasher.finish().0
    }
}

impl<'a> Lines<'a> {
    /// Those in `at..end`; a line begins there.
    pub(super) fn within(file: &'a File, at: u64, end: u64) -> Self {
        const BUFFER: usize = 256 << 10;
        Self {
            reader: BufReader::with_capacity(BUFFER, Range { file, at, end }),
            line: Vec::new(),
            at,
        }
    }

    /// The next line. One longer than [`MAX_LINE`] comes in parts without an
    /// end, so that memory is bounded.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut limited = (&mut self.reader).take(MAX_LINE as u64);
        let count = limited.read_until(b'\n', &mut self.line)?;
        if count == 0 {
            return Ok(None);
        }
        let at = self.at;
        self.at += count as u64;
        let (bytes, ended) = match self.line.strip_suffix(b"\n") {
            Some(bytes) => (bytes, true),
            None => (&self.line[..], false),
        };
        Ok(Some(Line {
            at,
            bytes,
            next: self.at,
            ended,
        }))
    }
}
