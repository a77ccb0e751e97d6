//! Where an export is to go, asked through an open descriptor.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rustix::fs::{Access, AtFlags, Mode, OFlags, StatVfsMountFlags};
use rustix::io::Errno;

use crate::diagnostic::{Explain, Fault, io_help};
use crate::path::shown;
use crate::source::Source;

/// What the name of every package folder ends in.
pub const SUFFIX: &str = ".exeat";

/// Why a destination cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationError {
    /// It cannot be opened as a folder.
    #[error("cannot open the folder {}", shown(path))]
    Open {
        /// The destination as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its file system is mounted read-only.
    #[error("{} is on a file system that is mounted read-only", shown(path))]
    ReadOnly {
        /// The destination as it was given.
        path: PathBuf,
    },
    /// The user may not write there.
    #[error("may not write to {}", shown(path))]
    NotWritable {
        /// The destination as it was given.
        path: PathBuf,
    },
    /// Something of that name is there already.
    #[error("{} exists already", shown(path))]
    Exists {
        /// What exists.
        path: PathBuf,
    },
    /// It lies in what is being exported.
    #[error("{} lies inside what is being exported", shown(path))]
    InsideSource {
        /// The destination as it was given.
        path: PathBuf,
    },
    /// Not a name for a package.
    #[error("'{name}' cannot be the name of a package")]
    Name {
        /// What was given, escaped.
        name: String,
    },
}

impl Explain for DestinationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "destination-not-opened",
            Self::ReadOnly { .. } => "destination-read-only",
            Self::NotWritable { .. } => "destination-not-writable",
            Self::Exists { .. } => "destination-exists",
            Self::InsideSource { .. } => "destination-inside-source",
            Self::Name { .. } => "package-name",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Request
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Open { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "create the folder first, or check that the disk is mounted"
            }
            Self::Open { source, .. } if source.kind() == io::ErrorKind::NotADirectory => {
                "name a folder"
            }
            Self::Open { source, .. } => return io_help(source),
            Self::ReadOnly { .. } | Self::NotWritable { .. } => {
                "choose a folder that you can write to"
            }
            Self::Exists { .. } => "nothing was overwritten; choose another name or place",
            Self::InsideSource { .. } => "choose a folder outside of it",
            Self::Name { .. } => {
                "use 1 to 100 letters, digits, '.', '_' and '-', beginning with a letter or digit"
            }
        }))
    }
}

/// The name of a package's folder, without [`SUFFIX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageName(String);

impl FromStr for PackageName {
    type Err = DestinationError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let name = name.strip_suffix(SUFFIX).unwrap_or(name);
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.len() > 100
            || !name.starts_with(|c: char| c.is_ascii_alphanumeric())
            || !name.chars().all(good)
        {
            return Err(DestinationError::Name {
                name: crate::path::Escaped(name.as_bytes()).to_string(),
            });
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for PackageName {
    /// With [`SUFFIX`], as it stands in the destination.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{SUFFIX}", self.0)
    }
}

/// A folder that a package can be put into, held open.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    folder: OwnedFd,
    name: PackageName,
}

impl Destination {
    /// Opens the folder and checks that a package of that name can go there.
    ///
    /// # Errors
    /// The folder does not exist, cannot be written to, lies inside `source`,
    /// or has something of that name already.
    pub fn folder(
        path: &Path,
        name: PackageName,
        source: &Source,
    ) -> Result<Self, DestinationError> {
        let folder = open_folder(path)?;
        if lies_inside(&folder, source.folders()).map_err(|e| DestinationError::Open {
            path: path.to_owned(),
            source: e.into(),
        })? {
            return Err(DestinationError::InsideSource {
                path: path.to_owned(),
            });
        }
        let destination = Self {
            path: path.to_owned(),
            folder,
            name,
        };
        if exists(&destination.folder, destination.name.to_string().as_ref()) {
            return Err(DestinationError::Exists {
                path: destination.package_path(),
            });
        }
        Ok(destination)
    }

    /// The path that the package will have.
    #[must_use]
    pub fn package_path(&self) -> PathBuf {
        self.path.join(self.name.to_string())
    }

    /// The name that the package will have.
    #[must_use]
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// The bytes that the file system has left for this user.
    ///
    /// # Errors
    /// What the system says.
    pub fn available(&self) -> io::Result<u64> {
        space(&self.folder).map(|space| space.available)
    }

    pub(crate) fn handle(&self) -> &OwnedFd {
        &self.folder
    }
}

/// Opens a folder that is to be written to.
pub(crate) fn open_folder(path: &Path) -> Result<OwnedFd, DestinationError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder =
        rustix::fs::open(path, flags, Mode::empty()).map_err(|e| DestinationError::Open {
            path: path.to_owned(),
            source: e.into(),
        })?;
    let read_only = rustix::fs::fstatvfs(&folder)
        .is_ok_and(|stat| stat.f_flag.contains(StatVfsMountFlags::RDONLY));
    let writable = rustix::fs::accessat(
        &folder,
        c".",
        Access::WRITE_OK | Access::EXEC_OK,
        AtFlags::EACCESS,
    );
    match writable {
        _ if read_only => Err(DestinationError::ReadOnly {
            path: path.to_owned(),
        }),
        Err(Errno::ROFS) => Err(DestinationError::ReadOnly {
            path: path.to_owned(),
        }),
        Err(_) => Err(DestinationError::NotWritable {
            path: path.to_owned(),
        }),
        Ok(()) => Ok(folder),
    }
}

/// What a file system has left for this user.
pub(crate) struct Space {
    /// In bytes.
    pub(crate) available: u64,
    /// The unit that files are stored in, in bytes.
    pub(crate) block: u64,
}

/// What the file system of `folder` has left.
pub(crate) fn space(folder: impl AsFd) -> io::Result<Space> {
    let stat = rustix::fs::fstatvfs(folder)?;
    Ok(Space {
        available: stat.f_bavail.saturating_mul(stat.f_frsize),
        block: stat.f_frsize.max(1),
    })
}

/// Whether a folder has an entry of that name, wherever it may lead.
pub(crate) fn exists(folder: impl AsFd, name: &Path) -> bool {
    rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
}

/// Climbs from the folder to the root and looks for one of `others`.
pub(crate) fn lies_inside<'a>(
    folder: &OwnedFd,
    others: impl Iterator<Item = &'a OwnedFd>,
) -> rustix::io::Result<bool> {
    let identity = |fd: &OwnedFd| rustix::fs::fstat(fd).map(|s| (s.st_dev, s.st_ino));
    let others = others.map(identity).collect::<Result<Vec<_>, _>>()?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut current = rustix::fs::openat(folder, c".", flags, Mode::empty())?;
    let mut here = identity(&current)?;
    loop {
        if others.contains(&here) {
            return Ok(true);
        }
        let parent = rustix::fs::openat(&current, c"..", flags, Mode::empty())?;
        let above = identity(&parent)?;
        if above == here {
            return Ok(false);
        }
        (current, here) = (parent, above);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "2026-11-22-0a1b2c3d", "A.b_c-d", "x.exeat"] {
            let name: PackageName = good.parse().expect(good);
            assert_eq!(
                name.to_string(),
                format!("{}.exeat", good.trim_end_matches(".exeat"))
            );
        }
        let long = "x".repeat(101);
        for bad in [
            "", ".exeat", ".hidden", "-r", "a/b", "a b", "é", "a\n", &long,
        ] {
            assert!(bad.parse::<PackageName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_folder_below_the_source_is_inside_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (data, below, beside) = (
            dir.path().join("data"),
            dir.path().join("data/a/b"),
            dir.path().join("data2"),
        );
        for folder in [&below, &beside] {
            std::fs::create_dir_all(folder).expect("a folder");
        }
        let source = Source::open(&[&data]).expect("opens");
        let name: PackageName = "x".parse().expect("a name");
        for inside in [&data, &below] {
            let error = Destination::folder(inside, name.clone(), &source).expect_err("inside");
            assert!(
                matches!(error, DestinationError::InsideSource { .. }),
                "{error}"
            );
        }
        for outside in [dir.path(), &beside] {
            Destination::folder(outside, name.clone(), &source).expect("outside");
        }
    }
}
