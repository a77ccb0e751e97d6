//! Lists a source: one handle for each open folder, every entry asked once.

use std::ffi::CStr;
use std::os::fd::OwnedFd;

use rustix::fs::{Access, AtFlags, Dir, FileType, OFlags, Statx, StatxFlags};
use rustix::io::Errno;

use super::attributes;
use super::{ListOptions, Listing, NodeBuilder, Problems, Root, SkipReason, Source, SourceError};
use crate::beneath;
use crate::entry::{Attributes, EntryKind, MAX_ENTRIES};
use crate::layout::MIB;
use crate::path::{EntryPath, Escaped, MAX_PATH, PathFault};
use crate::progress::{Phase, Progress};

impl Source {
    /// Lists everything below the roots, sorted by path.
    ///
    /// Every problem of one kind is reported together.
    ///
    /// # Errors
    /// Devices, sockets and pipes; what may not be read (unless it is to be
    /// skipped); paths that a package cannot hold; entries that appear or
    /// vanish meanwhile.
    pub fn list(
        &self,
        options: &ListOptions,
        progress: &dyn Progress,
    ) -> Result<Listing, SourceError> {
        if let Some(piped) = &self.piped {
            return Ok(piped.list(self.number));
        }
        progress.begin(Phase::Listing, None);
        let mut walk = Walk {
            options,
            progress,
            listing: Listing::new(self.number),
            hits: vec![false; options.exclude.patterns.len()],
            unsupported: Problems::default(),
            unreadable: Problems::default(),
            root: 0,
            device: (0, 0),
            path: Vec::new(),
        };
        walk.listing.set_backup(options.live, options.keep_owner);
        for (index, root) in self.roots.iter().enumerate() {
            walk.root = u16::try_from(index).map_err(|_| SourceError::TooMany)?;
            walk.path.clone_from(&root.name);
            let changed = |_| SourceError::Changed {
                path: Escaped(&root.name).to_string(),
            };
            match &root.file {
                None => {
                    let stat = statx(&root.handle, c"", AtFlags::EMPTY_PATH).map_err(changed)?;
                    walk.device = device(&stat);
                    let handle = rustix::io::fcntl_dupfd_cloexec(&root.handle, 0);
                    walk.folder(handle.map_err(changed)?, &stat)?;
                }
                Some(name) => {
                    let name = std::ffi::CString::new(name.as_slice())
                        .expect("a path from the system has no NUL byte");
                    walk.entry(&root.handle, &name)?;
                }
            }
        }
        let places = self.roots.iter().map(Root::place).collect();
        walk.listing.set_places(places);
        walk.finish()
    }
}

struct Walk<'a> {
    options: &'a ListOptions,
    progress: &'a dyn Progress,
    listing: Listing,
    /// Which patterns of what to leave out have matched something.
    hits: Vec<bool>,
    unsupported: Problems,
    unreadable: Problems,
    root: u16,
    /// The file system of the root.
    device: (u32, u32),
    /// The path of the entry in hand; grows and shrinks with the recursion.
    path: Vec<u8>,
}

impl Walk<'_> {
    fn finish(mut self) -> Result<Listing, SourceError> {
        if !self.unsupported.is_empty() {
            return Err(SourceError::Unsupported {
                paths: self.unsupported,
            });
        }
        if !self.unreadable.is_empty() {
            return Err(SourceError::Unreadable {
                paths: self.unreadable,
            });
        }
        let idle = self.options.exclude.idle(&self.hits);
        self.listing.set_idle_patterns(idle);
        self.listing.sort();
        Ok(self.listing)
    }

    /// Adds the folder whose handle this is, and all that lies below it.
    fn folder(&mut self, handle: OwnedFd, stat: &Statx) -> Result<(), SourceError> {
        let (attributes, are_all) = match self.options.keep_owner {
            true => attributes::of(&handle),
            false => (Attributes::default(), true),
        };
        let lapse = (!are_all).then_some(SkipReason::Attributes);
        let kept = (Some(attributes), lapse);
        self.add_kept(stat, EntryKind::Directory, b"", None, kept)?;
        if self.options.one_file_system && device(stat) != self.device {
            self.listing.count_excluded();
            return Ok(());
        }
        let length = self.path.len();
        let folder = match Dir::read_from(&handle) {
            Ok(folder) => folder,
            Err(error) => return self.unlisted(error),
        };
        for item in folder {
            if self.progress.cancelled() {
                return Err(SourceError::Interrupted);
            }
            let item = match item {
                Ok(item) => item,
                Err(error) => return self.unlisted(error),
            };
            let name = item.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            self.path.push(b'/');
            self.path.extend_from_slice(name.to_bytes());
            let result = self.entry(&handle, name);
            self.path.truncate(length);
            result?;
        }
        Ok(())
    }

    /// Adds the entry `name` of the folder `parent`; `self.path` is its path.
    fn entry(&mut self, parent: &OwnedFd, name: &CStr) -> Result<(), SourceError> {
        if self.options.exclude.matches(&self.path, &mut self.hits) {
            self.listing.count_excluded();
            return Ok(());
        }
        // Linux makes no entry with a path longer than this, wherever it is.
        let path = match self.path.len() {
            0..MAX_PATH => EntryPath::new(&self.path).map_err(|fault| self.path_error(fault)),
            _ => Err(self.path_error(PathFault::TooLong)),
        };
        match path {
            Err(SourceError::Path { path, fault }) if self.options.live => {
                self.listing.add_unnamed(path, fault.to_string());
                return Ok(());
            }
            other => other.map(drop)?,
        };
        let stat = match statx(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return self.vanished(),
            Err(error) => return self.unlisted(error),
        };
        match FileType::from_raw_mode(stat.stx_mode.into()) {
            FileType::Directory => {
                // Without the right to enter it the names could be read, and
                // nothing else.
                let rights = Access::READ_OK | Access::EXEC_OK;
                let flags = OFlags::RDONLY | OFlags::DIRECTORY;
                let opened = rustix::fs::accessat(parent, name, rights, AtFlags::EACCESS)
                    .and_then(|()| beneath::open(parent, name.to_bytes(), flags));
                match opened {
                    Ok(handle) => self.folder(handle, &stat),
                    Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => self.vanished(),
                    Err(error) => self.cannot_read(&stat, EntryKind::Directory, error),
                }
            }
            // Of a source in use it shows when the file's turn comes, if it does;
            // of one that may span volumes that would be too late.
            FileType::RegularFile if self.options.live && stat.stx_size < MIB / 2 => {
                self.add(&stat, EntryKind::File, b"", None)
            }
            FileType::RegularFile => {
                match rustix::fs::accessat(parent, name, Access::READ_OK, AtFlags::EACCESS) {
                    Ok(()) => self.add(&stat, EntryKind::File, b"", None),
                    Err(Errno::NOENT) => self.vanished(),
                    Err(error) => self.cannot_read(&stat, EntryKind::File, error),
                }
            }
            FileType::Symlink => match rustix::fs::readlinkat(parent, name, Vec::new()) {
                Ok(target) if target.as_bytes().len() > MAX_PATH => {
                    Err(self.path_error(PathFault::TooLong))
                }
                Ok(target) => self.add(&stat, EntryKind::Symlink, target.as_bytes(), None),
                Err(Errno::NOENT | Errno::INVAL) => self.vanished(),
                Err(error) => self.cannot_read(&stat, EntryKind::Symlink, error),
            },
            other => {
                let what = match other {
                    FileType::Fifo => SkipReason::Pipe,
                    FileType::Socket => SkipReason::Socket,
                    FileType::CharacterDevice | FileType::BlockDevice => SkipReason::Device,
                    _ => SkipReason::Unknown,
                };
                if self.options.live {
                    return self.add(&stat, EntryKind::File, b"", Some(what));
                }
                self.unsupported.add(&self.path, what.text());
                Ok(())
            }
        }
    }

    /// What was there a moment ago is not: of a source that is in use, this is
    /// what happens.
    fn vanished(&self) -> Result<(), SourceError> {
        match self.options.live {
            true => Ok(()),
            false => Err(self.changed()),
        }
    }

    fn add(
        &mut self,
        stat: &Statx,
        kind: EntryKind,
        target: &[u8],
        skipped: Option<SkipReason>,
    ) -> Result<(), SourceError> {
        self.add_kept(stat, kind, target, skipped, (None, None))
    }

    /// The same with its attributes, and why these are not all, if so.
    fn add_kept(
        &mut self,
        stat: &Statx,
        kind: EntryKind,
        target: &[u8],
        skipped: Option<SkipReason>,
        (attributes, lapse): (Option<Attributes>, Option<SkipReason>),
    ) -> Result<(), SourceError> {
        if self.listing.len() as u64 >= MAX_ENTRIES {
            return Err(SourceError::TooMany);
        }
        self.progress.advance(1);
        self.listing.push(&NodeBuilder {
            // It was checked before anything was asked of it, or is that of a root.
            path: EntryPath::trusted(&self.path),
            target,
            stat,
            kind,
            root: self.root,
            skipped,
            attributes,
            lapse,
        });
        Ok(())
    }

    /// Records an entry that may not be read: as left out, or as a problem.
    fn cannot_read(
        &mut self,
        stat: &Statx,
        kind: EntryKind,
        error: Errno,
    ) -> Result<(), SourceError> {
        let reason = SkipReason::from(error);
        if !self.options.skip_unreadable && !self.options.live {
            self.unreadable.add(&self.path, reason.text());
            return Ok(());
        }
        self.add(stat, kind, b"", Some(reason))
    }

    /// What is there cannot be told.
    fn unlisted(&mut self, error: Errno) -> Result<(), SourceError> {
        if !self.options.live {
            return Err(self.read_error(error));
        }
        let reason = SkipReason::from(error).text().to_owned();
        self.listing
            .add_unnamed(Escaped(&self.path).to_string(), reason);
        Ok(())
    }

    fn path_error(&self, fault: PathFault) -> SourceError {
        SourceError::Path {
            path: Escaped(&self.path).to_string(),
            fault,
        }
    }

    fn changed(&self) -> SourceError {
        SourceError::Changed {
            path: Escaped(&self.path).to_string(),
        }
    }

    fn read_error(&self, error: Errno) -> SourceError {
        SourceError::Read {
            path: Escaped(&self.path).to_string(),
            source: error.into(),
        }
    }
}

/// The file system that an entry is on.
fn device(stat: &Statx) -> (u32, u32) {
    (stat.stx_dev_major, stat.stx_dev_minor)
}

fn statx(parent: &OwnedFd, name: &CStr, flags: AtFlags) -> rustix::io::Result<Statx> {
    rustix::fs::statx(parent, name, flags, StatxFlags::BASIC_STATS)
}
