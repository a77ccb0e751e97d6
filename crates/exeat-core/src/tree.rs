//! Makes folders, files and links below the handle of a private folder: the
//! writing half of `open` and of a copy in the clear.
//!
//! Every path is resolved by the kernel beneath that handle, without following
//! links or crossing into another file system (openat2), and every file is
//! created exclusively.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is the writing half of open and deliver"
)]

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;

use crate::beneath;
use crate::entry::{Attributes, Owner};
use crate::framing::Frame;
use crate::path::{EntryPath, Escaped};

/// The folder that everything is made in.
pub(crate) struct Tree<'a> {
    root: &'a OwnedFd,
    umask: u32,
}

/// An entry that could not be made.
#[derive(Debug)]
pub(crate) struct TreeError {
    /// Its path, escaped.
    pub(crate) path: String,
    pub(crate) source: io::Error,
}

impl TreeError {
    pub(crate) fn new(entry: &Frame<'_>, source: impl Into<io::Error>) -> Self {
        Self {
            path: entry.path.to_string(),
            source: source.into(),
        }
    }
}

impl<'a> Tree<'a> {
    /// What is made has no permission that `umask` takes away.
    pub(crate) fn new(root: &'a OwnedFd, umask: u32) -> Self {
        Self { root, umask }
    }

    /// Makes a folder, open to its owner alone until [`Tree::finish_folder`].
    pub(crate) fn make_folder(&self, entry: &Frame<'_>) -> Result<(), TreeError> {
        let parent = self.parent(entry)?;
        rustix::fs::mkdirat(&parent, OsStr::from_bytes(entry.path.name()), Mode::RWXU)
            .map_err(|e| TreeError::new(entry, e))
    }

    /// Makes an empty file, open to its owner alone until
    /// [`Tree::finish_file`].
    pub(crate) fn make_file(&self, entry: &Frame<'_>) -> Result<File, TreeError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let file = self.open(entry.path, flags);
        file.map(File::from).map_err(|e| TreeError::new(entry, e))
    }

    /// Opens a file that was made before, to write from `at` on.
    pub(crate) fn continue_file(&self, entry: &Frame<'_>, at: u64) -> Result<File, TreeError> {
        let failed = |e: io::Error| TreeError::new(entry, e);
        let file = self.open(entry.path, OFlags::WRONLY);
        let mut file = File::from(file.map_err(|e| failed(e.into()))?);
        file.seek(SeekFrom::Start(at)).map_err(failed)?;
        Ok(file)
    }

    /// Makes a link.
    pub(crate) fn make_link(&self, entry: &Frame<'_>) -> Result<(), TreeError> {
        let parent = self.parent(entry)?;
        let name = OsStr::from_bytes(entry.path.name());
        rustix::fs::symlinkat(OsStr::from_bytes(entry.target), &parent, name)
            .map_err(|error| match error {
                // What file systems without links say; permission to make
                // entries in a folder of its own the process always has.
                Errno::PERM | Errno::OPNOTSUPP => io::Error::new(
                    io::ErrorKind::Unsupported,
                    "there are no symbolic links on the file system there",
                ),
                other => other.into(),
            })
            .and_then(|()| {
                let flags = AtFlags::SYMLINK_NOFOLLOW;
                Ok(rustix::fs::utimensat(&parent, name, &times(entry), flags)?)
            })
            .map_err(|e| TreeError::new(entry, e))
    }

    /// Gives a file its mode and time.
    pub(crate) fn finish_file(&self, file: impl AsFd, entry: &Frame<'_>) -> Result<(), TreeError> {
        let mode = Mode::from_raw_mode(u32::from(entry.mode) & !self.umask);
        let set = match rustix::fs::fchmod(&file, mode) {
            // The owner may always set modes, where there are any.
            Err(Errno::PERM | Errno::OPNOTSUPP) => Ok(()),
            other => other,
        };
        set.and_then(|()| rustix::fs::futimens(&file, &times(entry)))
            .map_err(|e| TreeError::new(entry, e))
    }

    /// Gives a folder its mode and time: the innermost first, and when
    /// everything is in it.
    pub(crate) fn finish_folder(&self, entry: &Frame<'_>) -> Result<(), TreeError> {
        self.finish_file(self.open_folder(entry)?, entry)
    }

    /// A handle on a folder that was made.
    pub(crate) fn open_folder(&self, entry: &Frame<'_>) -> Result<OwnedFd, TreeError> {
        let folder = self.open(entry.path, OFlags::RDONLY | OFlags::DIRECTORY);
        folder.map_err(|e| TreeError::new(entry, e))
    }

    /// Gives a file or folder its owner, attributes, mode with the special bits,
    /// and exact time. Returns the attributes that could not be set.
    pub(crate) fn give_back(
        &self,
        file: impl AsFd,
        entry: &Frame<'_>,
        owner: Owner,
        attributes: Option<&Attributes>,
    ) -> Result<Vec<String>, TreeError> {
        let failed = |e: Errno| TreeError::new(entry, e);
        let (user, group) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
        rustix::fs::fchown(&file, Some(user), Some(group)).map_err(failed)?;
        let mut lost = Vec::new();
        // Capabilities are taken away by a change of owner, and special bits too.
        let attributes = attributes.and_then(Attributes::decoded);
        for (name, value) in attributes.unwrap_or_default() {
            let set = rustix::fs::fsetxattr(&file, name, &value, XattrFlags::empty());
            if let Err(error) = set {
                let name = Escaped(name.as_bytes());
                lost.push(format!("{}: {name} ({error})", entry.path));
            }
        }
        let mode = u32::from(entry.mode) | owner.special << 9;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode)).map_err(failed)?;
        let times = times_of(entry.modified, owner.nanoseconds);
        rustix::fs::futimens(&file, &times).map_err(failed)?;
        Ok(lost)
    }

    /// The same of a link, which has no mode and whose attributes are not kept.
    pub(crate) fn give_link(&self, entry: &Frame<'_>, owner: Owner) -> Result<(), TreeError> {
        let parent = self.parent(entry)?;
        let name = OsStr::from_bytes(entry.path.name());
        let (user, group) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::chownat(&parent, name, Some(user), Some(group), flags)
            .and_then(|()| {
                let times = times_of(entry.modified, owner.nanoseconds);
                rustix::fs::utimensat(&parent, name, &times, flags)
            })
            .map_err(|e| TreeError::new(entry, e))
    }

    /// A handle on the folder that the entry lies in.
    fn parent(&self, entry: &Frame<'_>) -> Result<OwnedFd, TreeError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        match entry.path.parent() {
            Some(parent) => self.open(parent, flags),
            None => beneath::open_same_device(self.root, b".", flags),
        }
        .map_err(|e| TreeError::new(entry, e))
    }

    fn open(&self, path: EntryPath<'_>, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        beneath::open_same_device(self.root, path.as_bytes(), flags)
    }
}

fn times(entry: &Frame<'_>) -> Timestamps {
    times_of(entry.modified, 0)
}

fn times_of(seconds: i64, nanoseconds: u32) -> Timestamps {
    let modified = Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds.into(),
    };
    Timestamps {
        last_access: modified,
        last_modification: modified,
    }
}
