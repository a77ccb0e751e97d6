//! The place for the files of a package that is to be opened.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, StatxAttributes, StatxFlags};

use super::{DestinationError, Place, exists, lies_inside, open_folder};

/// A folder that is to be made, or an empty one that is to be replaced; the
/// folder that it lies in is held open.
#[derive(Debug)]
pub struct NewFolder {
    pub(crate) path: PathBuf,
    pub(crate) parent: OwnedFd,
    pub(crate) name: OsString,
    place: Place,
    /// An empty folder of that name is there and may be replaced.
    pub(crate) is_empty_folder: bool,
}

impl NewFolder {
    /// Looks at what is there, and at the medium that it would be on.
    ///
    /// # Errors
    /// It exists and is not an empty folder, is in use, lies inside `package`,
    /// or the folder it would lie in cannot be written to.
    pub(crate) fn find(path: &Path, package: Option<&OwnedFd>) -> Result<Self, DestinationError> {
        let in_use = |reason| DestinationError::InUse {
            path: path.to_owned(),
            reason,
        };
        // `.`, `..` and `/` are somebody's place; replacing one would leave
        // them in a folder that no longer exists.
        let name = path.file_name().ok_or_else(|| in_use("it is in use"))?;
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let parent = open_folder(folder)?;
        let is_inside = lies_inside(&parent, package.into_iter());
        if is_inside.map_err(|source| DestinationError::Open {
            path: folder.to_owned(),
            source: source.into(),
        })? {
            return Err(DestinationError::InsidePackage {
                path: path.to_owned(),
            });
        }
        let is_empty_folder = match Existing::at(&parent, name) {
            Existing::Nothing => false,
            Existing::EmptyFolder => true,
            Existing::MountPoint => return Err(in_use("a disk is mounted there")),
            Existing::WorkingFolder => return Err(in_use("it is the current folder")),
            Existing::Other => {
                return Err(DestinationError::Exists {
                    path: path.to_owned(),
                });
            }
        };
        Ok(Self {
            path: path.to_owned(),
            place: Place::of(&parent),
            parent,
            name: name.to_owned(),
            is_empty_folder,
        })
    }

    /// What kind of medium it would be on.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// What is at the target already.
enum Existing {
    Nothing,
    /// A folder with nothing in it, which may be replaced.
    EmptyFolder,
    /// The root of another file system: the files would first be written to
    /// the one that it is mounted on.
    MountPoint,
    /// The folder that the process was started in.
    WorkingFolder,
    Other,
}

impl Existing {
    fn at(parent: &OwnedFd, name: &OsStr) -> Self {
        if !exists(parent, Path::new(name)) {
            return Self::Nothing;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Ok(folder) = rustix::fs::openat(parent, name, flags, Mode::empty()) else {
            return Self::Other;
        };
        let Ok(mut items) = rustix::fs::Dir::read_from(&folder) else {
            return Self::Other;
        };
        if !items.all(|i| i.is_ok_and(|i| matches!(i.file_name().to_bytes(), b"." | b".."))) {
            return Self::Other;
        }
        let stat = |at: BorrowedFd<'_>, path, flags| {
            let stat = rustix::fs::statx(at, path, flags, StatxFlags::BASIC_STATS).ok()?;
            let is_mount_root = stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT);
            Some((
                (stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino),
                is_mount_root,
            ))
        };
        let Some((identity, is_mount_root)) = stat(folder.as_fd(), c"", AtFlags::EMPTY_PATH) else {
            return Self::Other;
        };
        match stat(rustix::fs::CWD, c".", AtFlags::empty()) {
            _ if is_mount_root => Self::MountPoint,
            Some((working, _)) if working == identity => Self::WorkingFolder,
            _ => Self::EmptyFolder,
        }
    }
}
