//! The first stage: opens what is to leave as directory handles and lists it
//! in path order.
//!
//! Later stages open every file below these handles and compare device, inode,
//! size and change time with the listing, so that what was decided on is what
//! is sealed.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, Mode, OFlags, StatxFlags};

use crate::beneath;
use crate::destination::resolve::resolve;
use crate::diagnostic::{Explain, Fault, io_help};
use crate::parallel;
use crate::path::{EntryPath, Escaped, PathFault, shown};
use crate::progress::Progress;

mod again;
pub(crate) mod attributes;
pub mod command;
mod listing;
mod options;
mod piped;
mod reader;
mod reason;
mod walk;

pub(crate) use again::{DATABASE, Gone, LOG, Reopen, is_database};
pub(crate) use listing::{Digests, Held, Identity, NodeBuilder};
pub use listing::{Entry, Listing};
pub use options::{Exclude, ListOptions, PatternError};
use piped::Piped;
pub(crate) use reader::Reader;
pub use reason::GivenUp;
pub(crate) use reason::SkipReason;

/// How many offending paths one error names; it counts the rest.
const NAMED: usize = 10;

/// Why a source cannot be opened, listed or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Nothing was given.
    #[error("nothing to export was named")]
    Empty,
    /// A source cannot be opened.
    #[error("cannot open {}", shown(path))]
    Open {
        /// The source as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A source such as `/` has no name to stand under in the package.
    #[error("{} has no name that could stand in a package", shown(path))]
    Nameless {
        /// The source as it was given.
        path: PathBuf,
    },
    /// Two sources would stand under one name.
    #[error("two sources are called '{name}'")]
    Duplicate {
        /// The name, escaped.
        name: String,
    },
    /// Devices, sockets and pipes do not go into a package.
    #[error("not a file, folder or link: {paths}")]
    Unsupported {
        /// The offending paths, each with what it is.
        paths: Problems,
    },
    /// Entries that may not be read.
    #[error("cannot be read: {paths}")]
    Unreadable {
        /// The offending paths, each with the reason.
        paths: Problems,
    },
    /// A path that the package format does not allow.
    #[error("'{path}' cannot stand in a package: {fault}")]
    Path {
        /// The path, escaped.
        path: String,
        /// The rule it breaks.
        fault: PathFault,
    },
    /// More entries than a reader accepts.
    #[error("more than {} entries", crate::entry::MAX_ENTRIES)]
    TooMany,
    /// An entry is not what was listed.
    #[error("'{path}' changed while it was being exported")]
    Changed {
        /// The path, escaped.
        path: String,
    },
    /// A file could be listed but not read.
    #[error("cannot read '{path}'")]
    Read {
        /// The path, escaped.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// What comes through a pipe can be read once, and has been.
    #[error("'{name}' comes through a pipe, and can be read only once")]
    Once {
        /// The name it has in the package, escaped.
        name: String,
    },
    /// A stream cannot be read.
    #[error("cannot read what comes through the pipe")]
    Stream {
        /// What the system said.
        source: io::Error,
    },
    /// What a command printed is not whole, or not known to be.
    #[error(transparent)]
    Command(#[from] command::CommandFailure),
    /// A stream had nothing in it.
    #[error("nothing came through the pipe")]
    Nothing,
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Explain for SourceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "source-empty",
            Self::Open { .. } => "source-not-opened",
            Self::Nameless { .. } => "source-nameless",
            Self::Duplicate { .. } => "source-duplicate",
            Self::Unsupported { .. } => "source-unsupported",
            Self::Unreadable { .. } | Self::Read { .. } => "source-unreadable",
            Self::Path { .. } => "source-path",
            Self::TooMany => "source-too-many",
            Self::Changed { .. } => "source-changed",
            Self::Once { .. } => "source-once",
            Self::Stream { .. } => "source-unreadable",
            Self::Command(failure) => failure.code(),
            Self::Nothing => "source-nothing",
            Self::Interrupted => "interrupted",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Interrupted => Fault::Interrupted,
            Self::Command(failure) => failure.fault(),
            Self::Stream { .. } | Self::Nothing => Fault::Environment,
            _ => Fault::Request,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Empty => "name at least one file or folder".into(),
            Self::Open { source, .. } | Self::Stream { source } => return io_help(source),
            Self::Command(failure) => return failure.help(),
            Self::Nameless { .. } => "name the folders in it one by one".into(),
            Self::Duplicate { .. } => "rename one of them, or make two exports".into(),
            Self::Unsupported { .. } => "leave them out with --exclude".into(),
            Self::Read { .. } => "leave it out with --exclude".into(),
            Self::Unreadable { .. } => {
                "get permission to read them, leave them out with --exclude, or pass \
                 --skip-unreadable, which records each as left out"
                    .into()
            }
            Self::Path { .. } => "rename it, or leave it out with --exclude".into(),
            Self::TooMany => "make several exports".into(),
            Self::Changed { .. } => {
                "wait until nothing writes there, or export a snapshot or a copy; \
                 nothing was delivered"
                    .into()
            }
            Self::Once { .. } => "put it into a file first".into(),
            Self::Nothing => {
                "no package was made; see why the command before the pipe printed nothing".into()
            }
            Self::Interrupted => "nothing was left behind".into(),
        })
    }
}

/// Offending paths, the first few by name and the rest by count.
#[derive(Debug, Default)]
pub struct Problems {
    named: Vec<String>,
    count: usize,
}

impl Problems {
    fn add(&mut self, path: &[u8], what: &str) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(format!("'{}' ({what})", Escaped(path)));
        }
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.named.join(", "))?;
        match self.count - self.named.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The opened roots of an export.
#[derive(Debug)]
pub struct Source {
    roots: Vec<Root>,
    /// What is exported instead of roots, if it comes through a pipe.
    piped: Option<Piped>,
    /// Tells this from every other one of the process, so that a listing can
    /// say whose it is.
    number: u64,
}

/// One file or folder that was named, under the name it has in the package.
#[derive(Debug)]
pub(crate) struct Root {
    name: Vec<u8>,
    /// The folder itself, or the folder that the file lies in.
    handle: OwnedFd,
    /// The file's name below `handle`; `None` for a folder.
    file: Option<Vec<u8>>,
}

impl Root {
    /// Where it is, with every link resolved, as its handle tells.
    fn place(&self) -> Option<String> {
        let mut path = resolve(&self.handle)?;
        if let Some(name) = &self.file {
            path.push(OsStr::from_bytes(name));
        }
        path.into_os_string().into_string().ok()
    }

    /// Where the entry at `path` lies below the handle; empty for the folder
    /// itself.
    fn below<'a>(&'a self, path: EntryPath<'a>) -> &'a [u8] {
        match &self.file {
            Some(name) => name,
            None => path
                .as_bytes()
                .get(self.name.len() + 1..)
                .unwrap_or_default(),
        }
    }
}

impl Source {
    /// Opens files and folders. A named symbolic link is followed; those below
    /// are stored as links.
    ///
    /// # Errors
    /// A path that cannot be opened, has no name, or shares its name with
    /// another.
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self, SourceError> {
        let mut roots: Vec<Root> = Vec::new();
        for path in paths {
            let root = open_root(path.as_ref())?;
            if roots.iter().any(|other| other.name == root.name) {
                return Err(SourceError::Duplicate {
                    name: Escaped(&root.name).to_string(),
                });
            }
            roots.push(root);
        }
        if roots.is_empty() {
            return Err(SourceError::Empty);
        }
        Ok(Self {
            roots,
            piped: None,
            number: next_number(),
        })
    }

    /// What comes through a pipe: one stream, which can be read once, and gets
    /// this name in the package.
    ///
    /// # Errors
    /// The name is that of no file: it has a slash in it, say.
    ///
    /// ```
    /// use exeat_core::{progress::Silent, source::Source};
    /// let source = Source::piped("clinic.sql", Box::new(std::io::empty()))?;
    /// let listing = source.list(&Default::default(), &Silent)?;
    /// assert!(listing.is_piped() && listing.len() == 1);
    /// assert!(Source::piped("a/b", Box::new(std::io::empty())).is_err());
    /// # Ok::<(), exeat_core::source::SourceError>(())
    /// ```
    pub fn piped(name: &str, stream: Box<dyn io::Read + Send>) -> Result<Self, SourceError> {
        Ok(Self {
            roots: Vec::new(),
            piped: Some(Piped::new(name, stream)?),
            number: next_number(),
        })
    }

    /// The stream, once. `None` where these are files.
    ///
    /// # Errors
    /// It has been taken.
    pub(crate) fn take_stream(&self) -> Result<Option<Box<dyn io::Read + Send>>, SourceError> {
        self.piped.as_ref().map(Piped::take).transpose()
    }

    /// The name of the first root, as a person would call this export.
    #[must_use]
    pub fn first_name(&self) -> &[u8] {
        match &self.piped {
            Some(piped) => piped.name(),
            None => &self.roots[0].name,
        }
    }

    /// The folders among the roots, for the check that a destination does not
    /// lie inside the source.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &OwnedFd> {
        self.roots
            .iter()
            .filter(|root| root.file.is_none())
            .map(|root| &root.handle)
    }

    /// Whether `listing` is one of this source.
    pub(crate) fn is_source_of(&self, listing: &Listing) -> bool {
        listing.source() == self.number
    }

    /// Asks every entry once more, when all of them have been read: a file
    /// that was written to after its turn, or a folder that gained or lost an
    /// entry, would make a package of two different moments.
    ///
    /// What is written through a memory map that existed before, or within one
    /// tick of the file system's clock, cannot be seen.
    pub(crate) fn check_unchanged(
        &self,
        listing: &Listing,
        threads: NonZeroUsize,
        progress: &dyn Progress,
    ) -> Result<(), SourceError> {
        /// Entries to ask at a time.
        const BATCH: usize = 1024;
        if listing.is_piped() {
            return Ok(());
        }
        parallel::for_each(listing.len().div_ceil(BATCH), threads, |batch| {
            if progress.cancelled() {
                return Err(SourceError::Interrupted);
            }
            let start = batch * BATCH;
            for index in start..listing.len().min(start + BATCH) {
                let entry = listing.entry(index);
                if entry.is_here() && self.identity_of(&entry) != Some(*entry.identity()) {
                    return Err(SourceError::Changed {
                        path: entry.path().to_string(),
                    });
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    /// What stands at an entry's place now. A folder on the way that became a
    /// link is noticed at the folder's own entry.
    fn identity_of(&self, entry: &Entry<'_>) -> Option<Identity> {
        let root = &self.roots[usize::from(entry.root())];
        let (below, flags) = match root.below(entry.path()) {
            b"" => (OsStr::new(""), AtFlags::EMPTY_PATH),
            below => (OsStr::from_bytes(below), AtFlags::SYMLINK_NOFOLLOW),
        };
        let stat = rustix::fs::statx(&root.handle, below, flags, StatxFlags::BASIC_STATS);
        stat.ok().map(|stat| Identity::from(&stat))
    }

    /// Opens the file of `entry`, and refuses one that is not what was listed.
    pub(crate) fn open_file(
        &self,
        root: u16,
        path: EntryPath<'_>,
        listed: &Identity,
    ) -> Result<File, SourceError> {
        let Some(root) = self.roots.get(usize::from(root)) else {
            return Err(SourceError::Once {
                name: path.to_string(),
            });
        };
        let read_error = |error: rustix::io::Errno| SourceError::Read {
            path: path.to_string(),
            source: error.into(),
        };
        let changed = || SourceError::Changed {
            path: path.to_string(),
        };
        let file = match beneath::open(&root.handle, root.below(path), OFlags::RDONLY) {
            // Something that was no link or no folder a moment ago now is.
            Err(rustix::io::Errno::LOOP | rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => {
                return Err(changed());
            }
            other => other.map_err(read_error)?,
        };
        if Identity::of(&file).map_err(read_error)? != *listed {
            return Err(changed());
        }
        Ok(file.into())
    }
}

/// Tells a source from every other one of the process.
fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn open_root(path: &Path) -> Result<Root, SourceError> {
    let open_error = |source: io::Error| SourceError::Open {
        path: path.to_owned(),
        source,
    };
    let real = path.canonicalize().map_err(open_error)?;
    // `.`, `..` and `dir/..` have no last component of their own; what they
    // lead to has.
    let name = path
        .file_name()
        .or_else(|| real.file_name())
        .ok_or_else(|| SourceError::Nameless {
            path: path.to_owned(),
        })?
        .as_bytes()
        .to_vec();
    EntryPath::new(&name).map_err(|fault| SourceError::Path {
        path: Escaped(&name).to_string(),
        fault,
    })?;
    let is_folder = real.metadata().map_err(open_error)?.is_dir();
    let (folder, file) = if is_folder {
        (real.as_path(), None)
    } else {
        let parent = real.parent().unwrap_or(Path::new("/"));
        let file = real.file_name().map(|n| n.as_bytes().to_vec());
        (parent, file)
    };
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    // Listing a folder needs the right to read it; reaching a file in one does
    // not.
    let flags = flags
        | if is_folder {
            OFlags::RDONLY
        } else {
            OFlags::PATH
        };
    let handle =
        rustix::fs::open(folder, flags, Mode::empty()).map_err(|e| open_error(e.into()))?;
    Ok(Root { name, handle, file })
}
