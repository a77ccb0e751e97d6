//! Makes folders, files and links below the handle of the staging folder.
//!
//! Every path is resolved by the kernel beneath that handle, without following
//! links or crossing into another file system (openat2), and every file is
//! created exclusively.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is the writing half of open"
)]

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps};

use super::{OpenError, is_made};
use crate::beneath;
use rustix::io::Errno;

use crate::entry::EntryKind;
use crate::manifest::{Inventory, Record};
use crate::path::EntryPath;
use crate::verify::Visitor;

/// The folder that everything is made in.
pub(super) struct Tree<'a> {
    root: &'a OwnedFd,
    umask: u32,
}

impl<'a> Tree<'a> {
    pub(super) fn new(root: &'a OwnedFd, umask: u32) -> Self {
        Self { root, umask }
    }

    /// Makes the wanted folders, open to their owner alone as yet.
    pub(super) fn make_folders(
        &self,
        inventory: &Inventory,
        wanted: Option<&[bool]>,
    ) -> Result<(), OpenError> {
        for record in made(inventory, wanted, EntryKind::Directory) {
            let parent = self.parent(&record)?;
            rustix::fs::mkdirat(&parent, OsStr::from_bytes(record.path().name()), Mode::RWXU)
                .map_err(|e| failed(&record, e))?;
        }
        Ok(())
    }

    /// Makes the wanted files that span volumes: several threads write them.
    pub(super) fn make_spanning_files(
        &self,
        inventory: &Inventory,
        wanted: Option<&[bool]>,
    ) -> Result<(), OpenError> {
        for record in spanning(inventory, wanted) {
            self.create(&record)?;
        }
        Ok(())
    }

    pub(super) fn make_link(&self, record: &Record<'_>) -> Result<(), OpenError> {
        let parent = self.parent(record)?;
        let name = OsStr::from_bytes(record.path().name());
        rustix::fs::symlinkat(OsStr::from_bytes(record.target()), &parent, name)
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
                let times = times(record);
                let flags = AtFlags::SYMLINK_NOFOLLOW;
                Ok(rustix::fs::utimensat(&parent, name, &times, flags)?)
            })
            .map_err(|e| failed(record, e))
    }

    /// Gives files that span volumes and, from the innermost on, folders the
    /// modes and times of the inventory.
    pub(super) fn finish(
        &self,
        inventory: &Inventory,
        wanted: Option<&[bool]>,
    ) -> Result<(), OpenError> {
        for record in spanning(inventory, wanted) {
            let file = self.open(record.path(), OFlags::WRONLY);
            self.seal_attributes(file.map_err(|e| failed(&record, e))?, &record)?;
        }
        let folders: Vec<_> = made(inventory, wanted, EntryKind::Directory).collect();
        for record in folders.iter().rev() {
            let folder = self.open(record.path(), OFlags::RDONLY | OFlags::DIRECTORY);
            self.seal_attributes(folder.map_err(|e| failed(record, e))?, record)?;
        }
        Ok(())
    }

    fn create(&self, record: &Record<'_>) -> Result<File, OpenError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        self.open(record.path(), flags)
            .map(File::from)
            .map_err(|e| failed(record, e))
    }

    fn seal_attributes(&self, file: impl AsFd, record: &Record<'_>) -> Result<(), OpenError> {
        let mode = Mode::from_raw_mode(u32::from(record.mode()) & !self.umask);
        let set = match rustix::fs::fchmod(&file, mode) {
            // The owner may always set modes, where there are any.
            Err(Errno::PERM | Errno::OPNOTSUPP) => Ok(()),
            other => other,
        };
        set.and_then(|()| rustix::fs::futimens(&file, &times(record)))
            .map_err(|e| failed(record, e))
    }

    /// A handle on the folder that the entry lies in.
    fn parent(&self, record: &Record<'_>) -> Result<OwnedFd, OpenError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        match record.path().parent() {
            Some(parent) => self.open(parent, flags),
            None => beneath::open_same_device(self.root, b".", flags),
        }
        .map_err(|e| failed(record, e))
    }

    fn open(&self, path: EntryPath<'_>, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        beneath::open_same_device(self.root, path.as_bytes(), flags)
    }
}

fn made<'a>(
    inventory: &'a Inventory,
    wanted: Option<&'a [bool]>,
    kind: EntryKind,
) -> impl Iterator<Item = Record<'a>> {
    let all = inventory.entries().enumerate();
    all.filter(move |(n, record)| record.kind() == kind && is_made(*n, record, wanted))
        .map(|(_, record)| record)
}

/// The wanted files that span volumes.
fn spanning<'a>(
    inventory: &'a Inventory,
    wanted: Option<&'a [bool]>,
) -> impl Iterator<Item = Record<'a>> {
    made(inventory, wanted, EntryKind::File).filter(|record| !record.parts().is_empty())
}

fn failed(record: &Record<'_>, source: impl Into<io::Error>) -> OpenError {
    OpenError::Write {
        path: record.path().to_string(),
        source: source.into(),
    }
}

fn times(record: &Record<'_>) -> Timestamps {
    let modified = Timespec {
        tv_sec: record.modified(),
        tv_nsec: 0,
    };
    Timestamps {
        last_access: modified,
        last_modification: modified,
    }
}

/// Writes the files of one volume.
pub(super) struct Files<'a> {
    tree: &'a Tree<'a>,
    current: Option<Current<'a>>,
}

struct Current<'a> {
    file: File,
    record: Record<'a>,
}

impl<'a> Files<'a> {
    pub(super) fn new(tree: &'a Tree<'a>) -> Self {
        Self {
            tree,
            current: None,
        }
    }
}

const ORDER: &str = "data comes between the beginning and the end of a file";

impl<'a> Visitor<'a> for Files<'a> {
    type Error = OpenError;

    fn begin(&mut self, record: Record<'a>, at: u64) -> Result<(), OpenError> {
        let file = if record.parts().is_empty() {
            self.tree.create(&record)?
        } else {
            let file = self.tree.open(record.path(), OFlags::WRONLY);
            let mut file = File::from(file.map_err(|e| failed(&record, e))?);
            file.seek(SeekFrom::Start(at))
                .map_err(|e| failed(&record, e))?;
            file
        };
        self.current = Some(Current { file, record });
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), OpenError> {
        let Current { file, record } = self.current.as_mut().expect(ORDER);
        file.write_all(bytes).map_err(|e| failed(record, e))
    }

    fn end(&mut self) -> Result<(), OpenError> {
        let Current { file, record } = self.current.take().expect(ORDER);
        if record.parts().is_empty() {
            self.tree.seal_attributes(&file, &record)?;
        }
        Ok(())
    }
}
