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

mod keys_beside;
mod medium;
mod new_folder;
pub(crate) mod resolve;

pub use medium::{Medium, Place};
pub use new_folder::NewFolder;

/// What the name of every package folder ends in.
pub const SUFFIX: &str = ".exeat";
/// What the name of a package in one file has besides.
const ARCHIVE: &str = ".tar";

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
    /// It is a mount point, or the folder somebody works in.
    #[error("{} cannot be replaced: {reason}", shown(path))]
    InUse {
        /// The destination as it was given.
        path: PathBuf,
        /// What it is.
        reason: &'static str,
    },
    /// It lies in the package that is to be opened.
    #[error("{} lies inside the package", shown(path))]
    InsidePackage {
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
            Self::InUse { .. } => "destination-in-use",
            Self::InsidePackage { .. } => "destination-inside-package",
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
            Self::Exists { .. } => {
                "nothing was overwritten; choose a name that is not taken, or another place"
            }
            Self::InUse { .. } => "name a new folder inside it",
            Self::InsideSource { .. } | Self::InsidePackage { .. } => {
                "choose a folder outside of it"
            }
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
        let name = name
            .strip_suffix(ARCHIVE)
            .filter(|name| name.ends_with(SUFFIX))
            .unwrap_or(name);
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

/// Where something is to go, held open, and what that is on.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    site: Site,
    target: Target,
}

/// What kind of place that is.
#[derive(Debug)]
enum Site {
    Folder(Spot),
    /// A package that something is to be added to.
    Package(OwnedFd),
    /// A pipe, say, which a package goes into as an archive: that of this
    /// device and inode.
    Stream(Option<(u64, u64)>),
}

/// A name in a folder that nothing has yet.
#[derive(Debug)]
pub(crate) struct Spot {
    pub(crate) folder: OwnedFd,
    pub(crate) name: String,
    /// The package is to be one file.
    pub(crate) is_archive: bool,
}

/// What the rules ask about a destination.
#[derive(Debug)]
pub struct Target {
    place: Place,
    resolved: PathBuf,
    keys_beside: Vec<String>,
}

impl Target {
    fn of(folder: &OwnedFd) -> Self {
        Self {
            place: Place::of(folder),
            // What has no path lies below no folder that is allowed.
            resolved: resolve::resolve(folder).unwrap_or_default(),
            keys_beside: keys_beside::find(folder),
        }
    }

    /// Its path with every link resolved, as its descriptor tells; empty where
    /// it has none.
    #[must_use]
    pub fn resolved(&self) -> &Path {
        &self.resolved
    }

    /// What a standing approval calls it: its path, or `-` for a stream that has
    /// none.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self.resolved.to_str() {
            Some("") if self.place.medium() == Medium::Stream => Some("-"),
            Some("") | None => None,
            path => path,
        }
    }

    /// One of that kind with such keys in it.
    #[cfg(test)]
    pub(crate) fn on(medium: Medium, keys: &[&str]) -> Self {
        Self {
            place: Place::on(medium),
            resolved: PathBuf::from("/somewhere"),
            keys_beside: keys.iter().map(|&key| key.to_owned()).collect(),
        }
    }

    /// What kind of medium it is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The first files in the folder itself, not below it, that hold a private
    /// key, and those that could not be looked into, with the reason; escaped.
    #[must_use]
    pub fn keys_beside(&self) -> &[String] {
        &self.keys_beside
    }
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
        Self::of(path, name.to_string(), false, source)
    }

    /// The same for a package in one file, `NAME.exeat.tar`.
    ///
    /// # Errors
    /// As for [`Destination::folder`].
    pub fn archive(
        path: &Path,
        name: PackageName,
        source: &Source,
    ) -> Result<Self, DestinationError> {
        Self::of(path, format!("{name}{ARCHIVE}"), true, source)
    }

    /// A package's own folder, to which an envelope is to be added. `path` is
    /// for messages.
    ///
    /// # Errors
    /// Nothing can be written there, or the folder around it, in which a key
    /// may lie, cannot be opened.
    pub(crate) fn package(package: &OwnedFd, path: &Path) -> Result<Self, DestinationError> {
        check_writable(package, path)?;
        let open = |name| {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let folder = rustix::fs::openat(package, name, flags, Mode::empty());
            folder.map_err(|error| DestinationError::Open {
                path: path.join(".."),
                source: error.into(),
            })
        };
        Ok(Self {
            path: path.to_owned(),
            target: Target {
                keys_beside: keys_beside::find(&open(c"..")?),
                ..Target::of(package)
            },
            site: Site::Package(open(c".")?),
        })
    }

    /// Whatever `output` leads to: a pipe above all, which a package goes into
    /// as an archive.
    #[must_use]
    pub fn stream(output: &impl AsFd) -> Self {
        let resolved = resolve::resolve(output).unwrap_or_default();
        // A file that a shell opened for it lies beside others.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = |folder: &Path| rustix::fs::open(folder, flags, Mode::empty()).ok();
        let folder = resolved.parent().and_then(open);
        Self {
            path: PathBuf::from("standard output"),
            site: Site::Stream(identity(output)),
            target: Target {
                place: Place::of(output),
                keys_beside: folder.as_ref().map(keys_beside::find).unwrap_or_default(),
                resolved,
            },
        }
    }

    /// The same for a copy in the clear: its folder has the name alone.
    ///
    /// # Errors
    /// As for [`Destination::folder`].
    pub fn plain_folder(
        path: &Path,
        name: PackageName,
        source: &Source,
    ) -> Result<Self, DestinationError> {
        Self::of(path, name.0, false, source)
    }

    fn of(
        path: &Path,
        name: String,
        is_archive: bool,
        source: &Source,
    ) -> Result<Self, DestinationError> {
        let folder = open_outside(path, source)?;
        let path = path.join(&name);
        if exists(&folder, name.as_ref()) {
            return Err(DestinationError::Exists { path });
        }
        Ok(Self {
            path,
            target: Target::of(&folder),
            site: Site::Folder(Spot {
                folder,
                name,
                is_archive,
            }),
        })
    }

    /// Looks at a folder without the wish to put something of a certain name
    /// there.
    ///
    /// # Errors
    /// As for [`Destination::folder`].
    pub fn look(path: &Path, source: &Source) -> Result<Target, DestinationError> {
        open_outside(path, source).map(|folder| Target::of(&folder))
    }

    /// The path that the package or the copy will have; words for a stream.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is a stream: what has gone there cannot be taken back.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self.site, Site::Stream(_))
    }

    /// What the rules ask about it.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The same, for one that nothing will be put into.
    #[must_use]
    pub fn into_target(self) -> Target {
        self.target
    }

    /// Whether it is the folder of that package.
    ///
    /// # Errors
    /// The system does not say which folders they are.
    pub(crate) fn is_package(&self, package: &OwnedFd) -> io::Result<bool> {
        let Site::Package(known) = &self.site else {
            return Ok(false);
        };
        let (known, given) = (rustix::fs::fstat(known)?, rustix::fs::fstat(package)?);
        Ok((known.st_dev, known.st_ino) == (given.st_dev, given.st_ino))
    }

    /// Whether it is the stream that `output` leads to.
    pub(crate) fn is_stream_of(&self, output: impl AsFd) -> bool {
        match self.site {
            Site::Stream(known) => known.is_some() && known == identity(output),
            Site::Folder(_) | Site::Package(_) => false,
        }
    }

    /// The place for a new name in a folder; `None` for a stream and a package.
    pub(crate) fn spot(&self) -> Option<&Spot> {
        match &self.site {
            Site::Folder(spot) => Some(spot),
            Site::Package(_) | Site::Stream(_) => None,
        }
    }

    /// The bytes that the file system has left for this user.
    ///
    /// # Errors
    /// What the system says; that this is no folder for something new.
    pub fn available(&self) -> io::Result<u64> {
        let spot = self.spot().ok_or(io::ErrorKind::Unsupported)?;
        space(&spot.folder).map(|space| space.available)
    }
}

/// Where what a package holds is to lie, or to go.
#[derive(Debug)]
pub enum OpenTarget {
    /// In a folder that does not exist yet, or an empty one.
    Folder(NewFolder),
    /// In a stream.
    Stream(OpenStream),
}

/// A stream that what a package holds is to go into.
#[derive(Debug)]
pub struct OpenStream {
    place: Place,
    identity: Option<(u64, u64)>,
}

impl OpenStream {
    /// Whether it is the one that `output` leads to.
    pub(crate) fn is(&self, output: impl AsFd) -> bool {
        self.identity.is_some() && self.identity == identity(output)
    }
}

impl OpenTarget {
    /// Whatever `output` leads to.
    #[must_use]
    pub fn stream(output: impl AsFd) -> Self {
        Self::Stream(OpenStream {
            place: Place::of(&output),
            identity: identity(output),
        })
    }

    /// A stream that somebody has said is on such a medium.
    #[cfg(test)]
    pub(crate) fn on(medium: Medium) -> Self {
        Self::Stream(OpenStream {
            place: Place::on(medium),
            identity: None,
        })
    }

    /// What kind of medium that is.
    #[must_use]
    pub fn place(&self) -> &Place {
        match self {
            Self::Folder(folder) => folder.place(),
            Self::Stream(stream) => &stream.place,
        }
    }
}

impl From<NewFolder> for OpenTarget {
    fn from(folder: NewFolder) -> Self {
        Self::Folder(folder)
    }
}

/// Device and inode.
fn identity(fd: impl AsFd) -> Option<(u64, u64)> {
    let stat = rustix::fs::fstat(fd).ok()?;
    Some((stat.st_dev, stat.st_ino))
}

fn open_outside(path: &Path, source: &Source) -> Result<OwnedFd, DestinationError> {
    let folder = open_folder(path)?;
    let is_inside = lies_inside(&folder, source.folders());
    match is_inside.map_err(|e| DestinationError::Open {
        path: path.to_owned(),
        source: e.into(),
    })? {
        true => Err(DestinationError::InsideSource {
            path: path.to_owned(),
        }),
        false => Ok(folder),
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
    check_writable(&folder, path)?;
    Ok(folder)
}

/// Whether this user can make files in a folder.
fn check_writable(folder: &OwnedFd, path: &Path) -> Result<(), DestinationError> {
    let read_only = rustix::fs::fstatvfs(folder)
        .is_ok_and(|stat| stat.f_flag.contains(StatVfsMountFlags::RDONLY));
    let writable = rustix::fs::accessat(
        folder,
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
        Ok(()) => Ok(()),
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
        for (good, named) in [
            ("a", "a.exeat"),
            ("2026-11-22-0a1b2c3d", "2026-11-22-0a1b2c3d.exeat"),
            ("A.b_c-d", "A.b_c-d.exeat"),
            ("x.exeat", "x.exeat"),
            ("x.exeat.tar", "x.exeat"),
            ("x.tar", "x.tar.exeat"),
        ] {
            let name: PackageName = good.parse().expect(good);
            assert_eq!(name.to_string(), named);
        }
        let long = "x".repeat(101);
        for bad in [
            "", ".exeat", ".hidden", "-r", "a/b", "a b", "é", "a\n", &long,
        ] {
            assert!(bad.parse::<PackageName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_resolved_is_what_was_opened() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let dir = dir.path().canonicalize().expect("resolves");
        let at = |name: &str| dir.join(name);
        for name in ["data", "one", "two"] {
            std::fs::create_dir(at(name)).expect("a folder");
        }
        let source = Source::open(&[at("data")]).expect("opens");
        let link = at("link");
        let point_to = |name: &str| {
            std::os::unix::fs::symlink(name, at("new")).expect("a link");
            std::fs::rename(at("new"), &link).expect("replaced");
        };
        point_to("one");
        let is_over = std::sync::atomic::AtomicBool::new(false);
        let order = std::sync::atomic::Ordering::Relaxed;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(order) {
                    point_to("two");
                    point_to("one");
                }
            });
            let agree = (0..3000).all(|_| {
                let name: PackageName = "x".parse().expect("a name");
                Destination::folder(&link, name, &source).is_ok_and(|destination| {
                    let spot = destination.spot().expect("a folder");
                    let opened = rustix::fs::fstat(&spot.folder);
                    let named = rustix::fs::stat(destination.target().resolved());
                    matches!((opened, named), (Ok(a), Ok(b)) if a.st_ino == b.st_ino)
                })
            });
            is_over.store(true, order);
            assert!(agree, "one folder was opened, and another one named");
        });
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
