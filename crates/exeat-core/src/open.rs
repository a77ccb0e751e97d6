//! A verified, unlocked package → files below a directory handle.
//!
//! Everything is written into a private folder beside the target, in which
//! nobody else can do anything; it is published by one rename when all of it
//! is right, and removed otherwise. Folders are made first, files on as many
//! threads as there are volumes to read, links last, so that no file is ever
//! written through one.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, StatxAttributes, StatxFlags};

use crate::destination::{self, DestinationError};
use crate::diagnostic::{Explain, Fault, io_help};
use crate::entry::EntryKind;
use crate::manifest::{Inventory, Record};
use crate::parallel;
use crate::path::{Escaped, shown};
use crate::progress::{Phase, Progress};
use crate::staging::Staging;
use crate::verify::{Package, Unlocked, Verified, VerifyError, read_volume};

mod extract;

use extract::{Files, Tree};

/// Why a package was not opened. Nothing is left at the target then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The package does not hold what it should.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The place for the target cannot be used.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The target exists.
    #[error("{} exists already", shown(path))]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// The target is a mount point, or the folder somebody works in.
    #[error("{} cannot be replaced: {reason}", shown(path))]
    InUse {
        /// The target.
        path: PathBuf,
        /// What it is.
        reason: &'static str,
    },
    /// The target lies in the package.
    #[error("{} lies inside the package", shown(path))]
    InsidePackage {
        /// The target.
        path: PathBuf,
    },
    /// A chosen path is not in the package.
    #[error("there is no '{path}' in the package")]
    NoSuchPath {
        /// The path, escaped.
        path: String,
    },
    /// There is not enough room.
    #[error("the content needs {needed} bytes, and {available} are free there")]
    NoSpace {
        /// What it will take, in bytes.
        needed: u64,
        /// What there is, in bytes.
        available: u64,
    },
    /// A file could not be written.
    #[error("cannot write '{path}'")]
    Write {
        /// The path in the package, escaped.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The finished folder cannot be given its name.
    #[error("cannot put the opened files at {}", shown(path))]
    Publish {
        /// The target.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is in place, but the file system would not say that it will stay.
    #[error("{} is complete, but might be gone after a power failure", shown(path))]
    Unconfirmed {
        /// The target.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Explain for OpenError {
    fn code(&self) -> &'static str {
        match self {
            Self::Verify(error) => error.code(),
            Self::Destination(error) => error.code(),
            Self::Exists { .. } => "destination-exists",
            Self::InUse { .. } => "destination-in-use",
            Self::InsidePackage { .. } => "destination-inside-package",
            Self::NoSuchPath { .. } => "no-such-path",
            Self::NoSpace { .. } => "no-space",
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => "no-space",
            Self::Write { .. } => "write-failed",
            Self::Publish { .. } => "publish-failed",
            Self::Unconfirmed { .. } => "delivery-unconfirmed",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Verify(error) => error.fault(),
            Self::Destination(error) => error.fault(),
            Self::Exists { .. }
            | Self::InUse { .. }
            | Self::InsidePackage { .. }
            | Self::NoSuchPath { .. } => Fault::Request,
            _ => Fault::Environment,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Verify(error) => return error.help(),
            Self::Destination(error) => return error.help(),
            Self::Exists { .. } => {
                "nothing was overwritten; name a folder that does not exist, or an empty one"
            }
            Self::InUse { .. } => "name a new folder inside it",
            Self::InsidePackage { .. } => "choose a folder outside of it",
            Self::NoSuchPath { .. } => "'exeat list' shows what is inside",
            Self::NoSpace { .. } => "free some space there, or choose another place",
            Self::Write { source, .. } => match source.kind() {
                io::ErrorKind::Unsupported => "choose a place on a file system that has them",
                io::ErrorKind::AlreadyExists => {
                    "the file system there does not tell capital letters from small ones; \
                     choose one that does"
                }
                _ => return io_help(source),
            },
            Self::Publish { source, .. } => return io_help(source),
            Self::Unconfirmed { .. } => "run 'sync' before you rely on it",
        }))
    }
}

/// What to open, and how.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// Paths in the package, each with all that lies below it; none for
    /// everything.
    pub paths: Vec<Vec<u8>>,
    /// Make links that point outside of the opened folder too.
    pub outside_links: bool,
    /// Permission bits to take away, as a umask.
    pub umask: u32,
    /// How many threads to use; by default one for each core.
    pub threads: Option<NonZeroUsize>,
}

/// What was opened.
#[derive(Debug, Default)]
pub struct Opened {
    /// Where it is.
    pub path: PathBuf,
    /// How many files, folders and links were made.
    pub entries: u64,
    /// The bytes of all files.
    pub bytes: u64,
    /// Links that were not made because they point outside, escaped.
    pub outside_links: Vec<String>,
    /// What the sender could not read and left out, escaped, with the reason.
    pub skipped: Vec<(String, String)>,
}

/// Opens a package into `target`, a new folder or an empty one. Whoever has
/// only a path has to verify and unlock what is there first:
///
/// ```compile_fail
/// # use exeat_core::{open, progress::Silent};
/// open::open(std::path::Path::new("x.exeat"), "to".as_ref(), &Default::default(), &Silent);
/// ```
/// The twin that compiles:
/// ```
/// # use exeat_core::{open, progress::Silent, verify::Unlocked};
/// # fn f(unlocked: &Unlocked) {
/// open::open(unlocked, "to".as_ref(), &Default::default(), &Silent).ok();
/// # }
/// ```
///
/// # Errors
/// Anything that is not as the inventory says, or that the system does not do.
/// Except after [`OpenError::Unconfirmed`] nothing is left.
pub fn open(
    package: &Unlocked,
    target: &Path,
    options: &OpenOptions,
    progress: &dyn Progress,
) -> Result<Opened, OpenError> {
    let target = Target::find(target, package.verified())?;
    let inventory = package.inventory();
    let wanted = select(inventory, &options.paths)?;
    let chosen = || {
        let all = inventory.entries().enumerate();
        all.filter(|(n, record)| is_made(*n, record, wanted.as_deref()))
    };
    let sizes = || chosen().map(|(_, record)| record.bytes());
    let bytes: u64 = sizes().sum();
    // Where it cannot be known, writing will show.
    if let Ok(space) = destination::space(&target.parent) {
        let needed = sizes().map(|size| size.next_multiple_of(space.block)).sum();
        if needed > space.available {
            return Err(OpenError::NoSpace {
                needed,
                available: space.available,
            });
        }
    }
    let staging = Staging::create(target.parent.as_fd()).map_err(|source| OpenError::Publish {
        path: target.path.clone(),
        source,
    })?;
    let ciphertext = package.verified().manifest().payload.bytes;
    progress.begin(
        Phase::Extracting,
        wanted.is_none().then_some(bytes.saturating_add(ciphertext)),
    );
    let tree = Tree::new(staging.handle(), options.umask);
    tree.make_folders(inventory, wanted.as_deref())?;
    tree.make_spanning_files(inventory, wanted.as_deref())?;
    let volumes = inventory.volumes().len();
    parallel::for_each(volumes, parallel::threads(options.threads), |volume| {
        read_volume(
            package,
            volume,
            wanted.as_deref(),
            &mut Files::new(&tree),
            progress,
        )
    })?;
    let mut opened = Opened {
        path: target.path.clone(),
        bytes,
        ..Opened::default()
    };
    for (_, record) in chosen().filter(|(_, r)| r.kind() == EntryKind::Symlink) {
        if options.outside_links || record.path().link_stays_inside(record.target()) {
            tree.make_link(&record)?;
        } else {
            let target = Escaped(record.target());
            opened
                .outside_links
                .push(format!("{} -> {target}", record.path()));
        }
    }
    opened.entries = chosen().count() as u64 - opened.outside_links.len() as u64;
    tree.finish(inventory, wanted.as_deref())?;
    opened.skipped = skipped(inventory);
    if progress.cancelled() {
        return Err(VerifyError::Interrupted.into());
    }
    progress.begin(Phase::Flushing, None);
    target.publish(staging)?;
    Ok(opened)
}

/// Whether `target` could be made: what [`open()`] finds out first, for callers
/// who want to know before they ask anybody for a passphrase.
///
/// # Errors
/// As for [`open()`].
pub fn check_target(package: &Verified<Package>, target: &Path) -> Result<(), OpenError> {
    Target::find(target, package).map(drop)
}

fn skipped(inventory: &Inventory) -> Vec<(String, String)> {
    let skipped = inventory.entries().filter_map(|record| {
        let reason = record.skipped()?;
        let reason = Escaped(reason.as_bytes()).to_string();
        Some((record.path().to_string(), reason))
    });
    skipped.collect()
}

/// Which entries are wanted: those chosen, all below them, and the folders
/// they lie in.
fn select(inventory: &Inventory, paths: &[Vec<u8>]) -> Result<Option<Vec<bool>>, OpenError> {
    if paths.is_empty() {
        return Ok(None);
    }
    let mut wanted = vec![false; inventory.entries().len()];
    for path in paths {
        let path = path.strip_suffix(b"/").unwrap_or(path);
        let first = inventory.find(path).ok_or_else(|| OpenError::NoSuchPath {
            path: Escaped(path).to_string(),
        })?;
        // What lies below comes later, though other names may come between.
        for (index, record) in inventory.entries().enumerate().skip(first) {
            if !record.path().as_bytes().starts_with(path) {
                break;
            }
            wanted[index] |= record.path().is_within(path);
        }
        let mut folder = inventory.entry(first).path().parent();
        while let Some(path) = folder {
            if let Some(index) = inventory.find(path.as_bytes()) {
                wanted[index] = true;
            }
            folder = path.parent();
        }
    }
    Ok(Some(wanted))
}

/// The place for the opened files.
struct Target {
    path: PathBuf,
    parent: OwnedFd,
    name: OsString,
    /// An empty folder of that name is there and may be replaced.
    is_empty_folder: bool,
}

impl Target {
    fn find(path: &Path, package: &Verified<Package>) -> Result<Self, OpenError> {
        let in_use = |reason| OpenError::InUse {
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
        let parent = destination::open_folder(folder)?;
        let is_inside = destination::lies_inside(&parent, std::iter::once(package.folder()));
        if is_inside.map_err(|source| DestinationError::Open {
            path: folder.to_owned(),
            source: source.into(),
        })? {
            return Err(OpenError::InsidePackage {
                path: path.to_owned(),
            });
        }
        let is_empty_folder = match Existing::at(&parent, name) {
            Existing::Nothing => false,
            Existing::EmptyFolder => true,
            Existing::MountPoint => return Err(in_use("a disk is mounted there")),
            Existing::WorkingFolder => return Err(in_use("it is the current folder")),
            Existing::Other => {
                return Err(OpenError::Exists {
                    path: path.to_owned(),
                });
            }
        };
        Ok(Self {
            path: path.to_owned(),
            parent,
            name: name.to_owned(),
            is_empty_folder,
        })
    }

    fn publish(&self, staging: Staging) -> Result<(), OpenError> {
        let path = || self.path.clone();
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists
            | io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::NotADirectory => OpenError::Exists { path: path() },
            _ => OpenError::Publish {
                path: path(),
                source,
            },
        };
        staging.sync_all().map_err(failed)?;
        // The owner's alone, whatever is inside: it holds what was encrypted.
        match staging.publish(&self.name, Mode::RWXU, self.is_empty_folder) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(source)) => Err(OpenError::Unconfirmed {
                path: path(),
                source,
            }),
            Err(error) => Err(failed(error)),
        }
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
        if !destination::exists(parent, Path::new(name)) {
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

/// Whether the entry is wanted and was not left out by the sender.
fn is_made(index: usize, record: &Record<'_>, wanted: Option<&[bool]>) -> bool {
    wanted.is_none_or(|wanted| wanted[index]) && record.skipped().is_none()
}
