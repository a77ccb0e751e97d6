//! The only way out in the clear: copies what a [`PlainRelease`] allows, and
//! nothing that is not what was inspected.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::path::PathBuf;

use rustix::fs::Mode;

use super::{DeliverError, give_up, not_published};
use crate::decide::PlainRelease;
use crate::destination::{self, Spot};
use crate::diagnostic::Explain as _;
use crate::digest::Hasher;
use crate::entry::EntryKind;
use crate::framing::Frame;
use crate::ledger::Intent;
use crate::parallel;
use crate::progress::{Phase, Progress};
use crate::source::{Source, SourceError};
use crate::staging::Staging;
use crate::tree::{Tree, TreeError};

/// How much is copied at once.
const BUFFER: usize = 128 << 10;

/// A copy in its place.
#[derive(Debug)]
pub struct Copied {
    /// Where it is.
    pub path: PathBuf,
    /// How many files, folders and links were made.
    pub entries: u64,
    /// The bytes of all files.
    pub bytes: u64,
}

/// Copies what was listed, inspected and released into the destination, where
/// it appears by one rename when all of it is there, and says so in the ledger.
///
/// Whoever has only a listing has to ask for a decision first:
///
/// ```compile_fail
/// # use exeat_core::{deliver, ledger::Intent, progress::Silent, source::{Listing, Source}};
/// # fn f(listing: Listing, source: &Source, intent: Intent) {
/// deliver::copy(listing, source, intent, 0o022, None, &Silent).ok();
/// # }
/// ```
/// The twin that compiles:
/// ```
/// # use exeat_core::{deliver, ledger::Intent, progress::Silent, source::Source};
/// # use exeat_core::decide::PlainRelease;
/// # fn f(release: PlainRelease, source: &Source, intent: Intent) {
/// deliver::copy(release, source, intent, 0o022, None, &Silent).ok();
/// # }
/// ```
///
/// # Errors
/// A source that changed since it was inspected, no space, what the system
/// says, an interruption. Nothing is left then, and the ledger says so; where
/// that is not certain ([`DeliverError::Left`]) it counts as delivered.
pub fn copy(
    release: PlainRelease,
    source: &Source,
    intent: Intent,
    umask: u32,
    threads: Option<NonZeroUsize>,
    progress: &dyn Progress,
) -> Result<Copied, DeliverError> {
    let is_for_it = intent.id() == release.terms.export && source.is_source_of(&release.listing);
    let staging = match is_for_it {
        true => stage(&release),
        false => Err(DeliverError::Permit),
    };
    let mut staging = match staging {
        Ok(staging) => staging,
        // Not a byte has been written.
        Err(error) => {
            let _ = intent.failed(error.code());
            return Err(error);
        }
    };
    match write(&release, source, &mut staging, umask, threads, progress) {
        Ok(copied) => match intent.delivered(copied.bytes, None) {
            Ok(()) => Ok(copied),
            Err(source) => Err(DeliverError::Unrecorded {
                path: copied.path,
                source,
            }),
        },
        // It is there: the intent stands, and counts as delivered.
        Err(error @ DeliverError::Unconfirmed { .. }) => Err(error),
        Err(error) => {
            let path = release.terms.destination.path().to_owned();
            let was_complete = matches!(
                error,
                DeliverError::Exists { .. } | DeliverError::Publish { .. }
            );
            Err(give_up(staging, intent, path, error, was_complete))
        }
    }
}

/// Nothing goes into a stream in the clear.
fn spot(release: &PlainRelease) -> Result<&Spot, DeliverError> {
    let spot = release.terms.destination.spot();
    spot.ok_or(DeliverError::Permit)
}

fn stage(release: &PlainRelease) -> Result<Staging, DeliverError> {
    check_space(release)?;
    let spot = spot(release)?;
    Staging::create(spot.folder.as_fd()).map_err(|source| DeliverError::Stage {
        path: release.terms.destination.path().to_owned(),
        source,
    })
}

fn write(
    release: &PlainRelease,
    source: &Source,
    staging: &mut Staging,
    umask: u32,
    threads: Option<NonZeroUsize>,
    progress: &dyn Progress,
) -> Result<Copied, DeliverError> {
    let listing = &release.listing;
    let path = release.terms.destination.path().to_owned();
    let tree = Tree::new(staging.handle(), umask);
    progress.begin(Phase::Copying, Some(listing.bytes()));
    let made = |kind| {
        let entries = listing.entries();
        entries.filter(move |e| e.kind() == kind && e.skipped().is_none())
    };
    for folder in made(EntryKind::Directory) {
        tree.make_folder(&Frame::of(&folder))?;
    }
    let files: Vec<_> = made(EntryKind::File).collect();
    if files.len() != release.digests.len() {
        return Err(DeliverError::Permit);
    }
    parallel::for_each(files.len(), parallel::threads(threads), |n| {
        let (entry, frame) = (&files[n], Frame::of(&files[n]));
        progress.current(&entry.path());
        let mut file = tree.make_file(&frame)?;
        staging.count_file();
        let mut reader = source.read_file(entry, 0..entry.bytes())?;
        let mut buffer = vec![0; BUFFER];
        let mut hasher = Hasher::default();
        loop {
            if progress.cancelled() {
                return Err(SourceError::Interrupted.into());
            }
            let data = match reader.next(&mut buffer)? {
                [] => break,
                data => data,
            };
            hasher.update(data);
            let written = file.write_all(data);
            written.map_err(|e| TreeError::new(&frame, e))?;
            progress.advance(data.len() as u64);
        }
        // The file says that it did not change since; the digest proves it.
        if hasher.finish().0 != release.digests[n] {
            return Err(DeliverError::from(SourceError::Changed {
                path: entry.path().to_string(),
            }));
        }
        tree.finish_file(&file, &frame)?;
        Ok(())
    })?;
    for link in made(EntryKind::Symlink) {
        tree.make_link(&Frame::of(&link))?;
    }
    let folders: Vec<_> = made(EntryKind::Directory).collect();
    for folder in folders.iter().rev() {
        tree.finish_folder(&Frame::of(folder))?;
    }
    source.check_unchanged(listing, parallel::threads(threads), progress)?;
    if progress.cancelled() {
        return Err(SourceError::Interrupted.into());
    }
    progress.begin(Phase::Flushing, None);
    let synced = staging.sync_all();
    synced.map_err(|source| not_published(path.clone(), source))?;
    let mode = Mode::from_raw_mode(0o777 & !umask);
    match staging.publish(spot(release)?.name.as_ref(), mode, false) {
        Ok(Ok(())) => Ok(Copied {
            path: staging.path(&path),
            entries: listing.len() as u64 - listing.skipped(),
            bytes: listing.bytes(),
        }),
        Ok(Err(source)) => Err(DeliverError::Unconfirmed { path, source }),
        Err(source) => Err(not_published(path, source)),
    }
}

/// What a copy takes is known before a byte is written.
fn check_space(release: &PlainRelease) -> Result<(), DeliverError> {
    let Ok(space) = destination::space(&spot(release)?.folder) else {
        // Where it cannot be known, writing will show.
        return Ok(());
    };
    let sizes = release.listing.entries().map(|entry| entry.bytes());
    let needed = sizes.map(|size| size.next_multiple_of(space.block)).sum();
    match needed > space.available {
        true => Err(DeliverError::NoSpace {
            needed,
            available: space.available,
        }),
        false => Ok(()),
    }
}
