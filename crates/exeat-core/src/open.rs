//! A verified, unlocked package → files below a directory handle.
//!
//! Everything is written into a private folder beside the target, in which
//! nobody else can do anything; it is published by one rename when all of it
//! is right, and removed otherwise. Folders are made first, files on as many
//! threads as there are volumes to read, links last, so that no file is ever
//! written through one.

use std::borrow::Cow;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;

use crate::decide::OpenPermit;
use crate::destination::{self, DestinationError, NewFolder, OpenTarget};
use crate::diagnostic::{Explain, Fault};
use crate::entry::EntryKind;
use crate::manifest::{Inventory, PackageId, Record};
use crate::parallel;
use crate::path::{Escaped, shown};
use crate::progress::{Phase, Progress};
use crate::staging::{self, Staging};
use crate::tree::{Tree, TreeError};
use crate::verify::{Package, Unlocked, Verified, VerifyError};

mod chain;
mod emit;
mod files;

use chain::Chain;
pub use chain::{bases_of, check_holder, holder_of};
pub use emit::{Emitted, emit};
use files::{Files, Finish};

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
    /// The permit is for another package.
    #[error("the permit is for another package")]
    Permit,
    /// A chosen path is not in the package.
    #[error("there is no '{path}' in the package")]
    NoSuchPath {
        /// The path, escaped.
        path: String,
    },
    /// One file was asked for, and this is none, or there are several.
    #[error("{what} is not one file")]
    NotOneFile {
        /// The path, escaped, or words for the whole package.
        what: String,
    },
    /// An earlier package of the chain is needed.
    #[error("{files} of its files lie in the earlier package {package}, which is not here")]
    Base {
        /// The package.
        package: PackageId,
        /// How many of the files that are wanted it holds.
        files: u64,
    },
    /// An earlier package is not of the same chain, or by another signer.
    #[error("the earlier package {package} is of another chain of backups, or by another signer")]
    OtherChain {
        /// The package.
        package: PackageId,
    },
    /// An earlier package does not hold what this one says of it.
    #[error("the earlier package {package} does not hold '{path}' as this one says")]
    Differs {
        /// The package.
        package: PackageId,
        /// The path, escaped.
        path: String,
    },
    /// An earlier package is damaged.
    #[error("the earlier package {package}")]
    Damaged {
        /// The package.
        package: PackageId,
        /// What is wrong with it.
        source: VerifyError,
    },
    /// One file was asked for, and an earlier package holds it.
    #[error("'{path}' lies in the earlier package {package}")]
    Earlier {
        /// The path, escaped.
        path: String,
        /// The package.
        package: PackageId,
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
    /// It failed, and perhaps not everything that had been opened is gone.
    #[error(
        "what had been opened beside {} may not all be gone: {reason}",
        shown(path)
    )]
    Left {
        /// The target.
        path: PathBuf,
        /// Why that is not certain.
        reason: io::Error,
        /// What had failed.
        #[source]
        error: Box<OpenError>,
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
            Self::Permit => "permit-mismatch",
            Self::NoSuchPath { .. } => "no-such-path",
            Self::NotOneFile { .. } => "not-one-file",
            Self::Base { .. } => "backup-base-missing",
            Self::OtherChain { .. } => "backup-base-other",
            Self::Differs { .. } => "backup-base-differs",
            Self::Earlier { .. } => "backup-earlier",
            Self::Damaged { source, .. } => source.code(),
            Self::NoSpace { .. } => "no-space",
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => "no-space",
            Self::Write { .. } => "write-failed",
            Self::Publish { .. } => "publish-failed",
            Self::Left { .. } => "staging-left",
            Self::Unconfirmed { .. } => "delivery-unconfirmed",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Verify(error) => error.fault(),
            Self::Destination(error) => error.fault(),
            Self::NoSuchPath { .. }
            | Self::NotOneFile { .. }
            | Self::Base { .. }
            | Self::Earlier { .. } => Fault::Request,
            Self::OtherChain { .. } | Self::Differs { .. } => Fault::Package,
            Self::Damaged { source, .. } => source.fault(),
            Self::Left { error, .. } => error.fault(),
            Self::Permit => Fault::Internal,
            _ => Fault::Environment,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Verify(error) => return error.help(),
            Self::Destination(error) => return error.help(),
            Self::Permit => return None,
            Self::NoSuchPath { .. } => "'exeat list' shows what is inside",
            Self::NotOneFile { .. } => {
                "name one file in it; 'exeat list' shows what is inside, and --to DIR opens all of \
                 it"
            }
            Self::Base { .. } => {
                "put the packages of the chain into one folder, and open the folder with --as-of, or \
                 this package there"
            }
            Self::OtherChain { .. } | Self::Differs { .. } => {
                "somebody may have exchanged packages: compare with another copy of the backups"
            }
            Self::Damaged { source, .. } if source.fault() == Fault::Package => {
                "put another copy of that package in its place; an earlier backup may not need it"
            }
            Self::Damaged { source, .. } => return source.help(),
            Self::Earlier { .. } => "open that package with --stdout, or this one with --to",
            Self::NoSpace { .. } => "free some space there, or choose another place",
            Self::Write { source, .. } => match source.kind() {
                io::ErrorKind::Unsupported => "choose a place on a file system that has them",
                io::ErrorKind::AlreadyExists => {
                    "the file system there does not tell capital letters from small ones; \
                     choose one that does"
                }
                _ => return staging::help(source),
            },
            Self::Publish { source, .. } => return staging::help(source),
            Self::Left { .. } => {
                "look there for what begins with '.exeat-partial-', and remove it: it is in the \
                 clear; the next run into that place removes it, too"
            }
            Self::Unconfirmed { .. } => "run 'sync' before you rely on it",
        }))
    }
}

impl From<TreeError> for OpenError {
    fn from(TreeError { path, source }: TreeError) -> Self {
        Self::Write { path, source }
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
    /// Permission bits to take away, as a umask; not where [`Self::owner`] is set.
    pub umask: u32,
    /// Give files the owners, special mode bits, exact times and extended
    /// attributes that a backup kept. It takes the rights of root.
    pub owner: bool,
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
    /// Files that were made, and may not be what they were at any one time,
    /// escaped, with the reason: they changed while the sender read them.
    pub lapses: Vec<(String, String)>,
    /// Attributes that could not be set, each with the path, escaped.
    pub lost_attributes: Vec<String>,
}

/// Opens a package where `permit` says. Whoever has only a path has to verify,
/// unlock and ask for a decision first:
///
/// ```compile_fail
/// # use exeat_core::{open, progress::Silent, verify::Unlocked};
/// # fn f(unlocked: &Unlocked) {
/// open::open(unlocked, "to".as_ref(), &Default::default(), &Silent).ok();
/// # }
/// ```
/// ```compile_fail
/// # use exeat_core::{open, progress::Silent, decide::OpenPermit};
/// # fn f(permit: OpenPermit) {
/// open::open(std::path::Path::new("x.exeat"), permit, &Default::default(), &Silent).ok();
/// # }
/// ```
/// The twin that compiles:
/// ```
/// # use exeat_core::{open, progress::Silent, verify::Unlocked, decide::OpenPermit};
/// # fn f(unlocked: &Unlocked, permit: OpenPermit) {
/// open::open(unlocked, permit, &Default::default(), &Silent).ok();
/// # }
/// ```
///
/// # Errors
/// Anything that is not as the inventory says, or that the system does not do.
/// Except after [`OpenError::Unconfirmed`] and [`OpenError::Left`] nothing is left.
pub fn open(
    package: &Unlocked,
    permit: OpenPermit,
    options: &OpenOptions,
    progress: &dyn Progress,
) -> Result<Opened, OpenError> {
    open_chain(package, &[], permit, options, progress)
}

/// Opens a backup together with the earlier packages that hold some of its
/// files. Of those no more are needed than [`bases_of`] says; `permit` has to be
/// for each of them.
///
/// # Errors
/// As [`open`], and where an earlier package is missing, is of another chain or
/// signer, or does not hold what it should.
pub fn open_chain(
    package: &Unlocked,
    earlier: &[Unlocked],
    permit: OpenPermit,
    options: &OpenOptions,
    progress: &dyn Progress,
) -> Result<Opened, OpenError> {
    if earlier
        .iter()
        .any(|one| !permit.is_for(one.inventory().header()))
    {
        return Err(OpenError::Permit);
    }
    let OpenTarget::Folder(target) = target_for(package, permit)? else {
        return Err(OpenError::Permit);
    };
    let inventory = package.inventory();
    let wanted = select(inventory, &options.paths)?;
    let chosen = || {
        let all = inventory.entries().enumerate();
        all.filter(|(n, record)| is_made(*n, record, wanted.as_deref()))
    };
    let sizes = || chosen().map(|(_, record)| record.bytes());
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
    let created = Staging::create(target.parent.as_fd());
    let mut staging = created.map_err(|source| OpenError::Publish {
        path: target.path.clone(),
        source,
    })?;
    let opened = fill(
        package,
        earlier,
        &staging,
        options,
        wanted.as_deref(),
        progress,
    );
    let opened = opened.and_then(|opened| {
        progress.begin(Phase::Flushing, None);
        let path = publish(&target, &mut staging)?;
        Ok(Opened { path, ..opened })
    });
    match opened {
        Err(error) if !matches!(error, OpenError::Unconfirmed { .. }) => {
            Err(given_up(staging, target.path, error))
        }
        other => other,
    }
}

/// Removes what was opened until then, and says where it is if that cannot be done:
/// it is in the clear.
fn given_up(staging: Staging, path: PathBuf, error: OpenError) -> OpenError {
    match staging.remove() {
        Ok(()) => error,
        Err(reason) => OpenError::Left {
            path,
            reason,
            error: Box::new(error),
        },
    }
}

/// Makes all that is wanted in the staging folder.
fn fill(
    package: &Unlocked,
    earlier: &[Unlocked],
    staging: &Staging,
    options: &OpenOptions,
    wanted: Option<&[bool]>,
    progress: &dyn Progress,
) -> Result<Opened, OpenError> {
    let inventory = package.inventory();
    let chosen = || {
        let all = inventory.entries().enumerate();
        all.filter(|(n, record)| is_made(*n, record, wanted))
    };
    let bytes: u64 = chosen().map(|(_, record)| record.bytes()).sum();
    let chain = Chain::new(package, earlier, wanted)?;
    progress.begin(
        Phase::Extracting,
        wanted
            .is_none()
            .then_some(bytes.saturating_add(chain.ciphertext())),
    );
    let umask = match options.owner {
        true => 0,
        false => options.umask,
    };
    let tree = Tree::new(staging.handle(), umask);
    let finish = Finish::new(&tree, options.owner);
    let made = |kind| chosen().map(|(_, r)| r).filter(move |r| r.kind() == kind);
    for folder in made(EntryKind::Directory) {
        tree.make_folder(&folder.frame())?;
    }
    // Several threads write files that span volumes.
    let spanning = || made(EntryKind::File).filter(|record| !record.parts().is_empty());
    for file in spanning() {
        tree.make_file(&file.frame())?;
    }
    let threads = parallel::threads(options.threads);
    parallel::for_each(chain.volumes(), threads, |volume| {
        let is_shared = parallel::is_among_last(volume, chain.volumes(), threads);
        let mut files = Files::new(&finish, inventory);
        chain.read_volume(volume, is_shared, &mut files, progress)
    })?;
    let mut opened = Opened {
        bytes,
        ..Opened::default()
    };
    for record in made(EntryKind::Symlink) {
        if options.outside_links || record.path().link_stays_inside(record.target()) {
            tree.make_link(&record.frame())?;
            finish.link(&record)?;
        } else {
            let target = Escaped(record.target());
            opened
                .outside_links
                .push(format!("{} -> {target}", record.path()));
        }
    }
    opened.entries = chosen().count() as u64 - opened.outside_links.len() as u64;
    for record in spanning() {
        let file = tree.continue_file(&record.frame(), 0)?;
        finish.file(file, &record)?;
    }
    let folders: Vec<_> = made(EntryKind::Directory).collect();
    for folder in folders.iter().rev() {
        finish.folder(folder)?;
    }
    opened.skipped = skipped(inventory);
    opened.lost_attributes = finish.lost();
    opened.lapses = chosen()
        .filter_map(|(_, record)| {
            let reason = Escaped(record.lapse()?.as_bytes()).to_string();
            Some((record.path().to_string(), reason))
        })
        .collect();
    if progress.cancelled() {
        return Err(VerifyError::Interrupted.into());
    }
    Ok(opened)
}

/// The place that `permit` gives this package leave for.
fn target_for(package: &Unlocked, permit: OpenPermit) -> Result<OpenTarget, OpenError> {
    let header = package.inventory().header();
    match permit.is_for(header) {
        true => Ok(permit.target),
        false => Err(OpenError::Permit),
    }
}

/// Looks at the place that a package is to be opened at: a new folder, or an
/// empty one.
///
/// # Errors
/// What is there cannot be replaced, or nothing can be written there.
pub fn target(package: &Verified<Package>, path: &Path) -> Result<NewFolder, DestinationError> {
    NewFolder::find(path, package.folder())
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

fn publish(target: &NewFolder, staging: &mut Staging) -> Result<PathBuf, OpenError> {
    let path = || target.path.clone();
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists
        | io::ErrorKind::DirectoryNotEmpty
        | io::ErrorKind::NotADirectory => DestinationError::Exists { path: path() }.into(),
        _ => OpenError::Publish {
            path: path(),
            source,
        },
    };
    staging.sync_all().map_err(failed)?;
    // The owner's alone, whatever is inside: it holds what was encrypted.
    match staging.publish(&target.name, Mode::RWXU, target.is_empty_folder) {
        Ok(Ok(())) => Ok(staging.path(&target.path)),
        Ok(Err(source)) => Err(OpenError::Unconfirmed {
            path: path(),
            source,
        }),
        Err(error) => Err(failed(error)),
    }
}

/// Whether the entry is wanted and was not left out by the sender.
fn is_made(index: usize, record: &Record<'_>, wanted: Option<&[bool]>) -> bool {
    wanted.is_none_or(|wanted| wanted[index]) && record.skipped().is_none()
}
