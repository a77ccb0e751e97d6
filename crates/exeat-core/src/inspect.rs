//! Content → [`Facts`]: whose data it is, how many people, which classes,
//! where, and what could not be looked into.
//!
//! A file's bytes are pushed in once, in order, while they are sealed or, for
//! `check` and plaintext exports, while they are hashed:
//!
//! | module | does |
//! |---|---|
//! | `file`, `crew` | take the bytes of a file, and hand its blocks out to whoever has time |
//! | `content` | recognises what the bytes are; cuts them into blocks of records |
//! | `identifier` | says what a value, a column's name or a text looks like |
//! | [`reader`], `foreign` | has another process take apart what is not text; inspects its parts |
//! | `named` | knows which columns a policy names |
//! | `examiner`, `columns` | judges columns, and looks at every record of a block |
//! | `census` | knows who was seen, over the whole export |
//! | `tally`, `summary` | what was found in a file; all files together |
//! | `swar` | looks at eight bytes at once |
//!
//! Values are counted and dropped; what stays in memory are keyed hashes.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::digest::{Digest, Hasher};
use crate::entry::EntryKind;
use crate::parallel;
use crate::progress::{Phase, Progress};
use crate::source::{Entry, Listing, Reopen, Source, SourceError};

mod census;
mod columns;
mod content;
mod crew;
mod examiner;
mod facts;
mod file;
mod foreign;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod identifier;
mod named;
pub mod reader;
mod summary;
mod swar;
mod tally;
#[cfg(test)]
mod tests;

use census::Census;
use content::{Kind, Stream, Visitor as _};
use examiner::{Examiner, TableShape};
use foreign::Piece;
use identifier::TextScanner;
use reader::{Format, Readers};
use summary::Summary;
use tally::Tally;

pub(crate) use crew::{Crew, Turn};
pub use facts::{
    Amount, Class, ClassFacts, Coverage, Facts, ImageMetadata, MAX_PLACES, MetadataKind, People,
    Place, Uninspected, UninspectedFile, WeakEncryption,
};
pub(crate) use file::FileInspector;
pub(crate) use identifier::private_key;
pub(crate) use named::ColumnName;
pub use named::NamedColumns;

/// How much is read at once: see [`crate::seal`].
const BUFFER: usize = 128 << 10;
/// Before it has read this much, inspection does not stop early, so that of
/// most exports all is known even when they are refused.
const READ_AT_LEAST: u64 = 256 << 20;

/// How far to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// At everything.
    Full,
    /// Until at least this many people are certain, and 256 MiB have been read.
    Until {
        /// How many.
        people: u64,
    },
}

/// The inspection of one export, shared by the threads that read it.
pub(crate) struct Inspection {
    census: Census,
    scanner: TextScanner,
    summary: Mutex<Summary>,
    crew: Crew,
    depth: Depth,
    readers: Option<Readers>,
    columns: NamedColumns,
    read: AtomicU64,
    is_stopped: AtomicBool,
}

impl Inspection {
    pub(crate) fn new(depth: Depth, readers: Option<Readers>, columns: NamedColumns) -> Self {
        Self {
            census: Census::new(),
            scanner: TextScanner::new(),
            summary: Mutex::default(),
            crew: Crew::default(),
            depth,
            readers,
            columns,
            read: AtomicU64::new(0),
            is_stopped: AtomicBool::new(false),
        }
    }

    /// The threads at work on it.
    pub(crate) fn crew(&self) -> &Crew {
        &self.crew
    }

    /// Begins a file.
    pub(crate) fn begin(&self) -> FileInspector {
        FileInspector::new(Stream::new(self.readers.is_some()))
    }

    /// Leaves a file's inspector for whoever reads the part at `at`; without a
    /// place, for whoever reads the last one: it looks at no more.
    pub(crate) fn park(&self, entry: usize, at: Option<u64>, inspector: FileInspector) {
        self.crew.park(entry, at, inspector);
    }

    /// Takes a file's inspector over from whoever read the part before, and
    /// helps others until it is there or not needed. `None` when another thread
    /// has failed.
    pub(crate) fn take_over(&self, entry: usize, at: u64, is_last: bool) -> Option<Turn> {
        let examine = |work: file::Work| work.examine(self);
        self.crew.take_over(entry, at, is_last, examine)
    }

    /// Counts what has been read, and whether that is enough.
    pub(crate) fn advance(&self, bytes: u64) {
        let read = self.read.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Depth::Until { people } = self.depth
            && read >= READ_AT_LEAST
            && self.census.least() >= people
        {
            self.is_stopped.store(true, Ordering::Relaxed);
        }
    }

    /// Whether no more needs to be known.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// Ends a listed file.
    ///
    /// # Errors
    /// See [`Inspection::end_of`].
    pub(crate) fn end(
        &self,
        source: &Source,
        entry: &Entry<'_>,
        inspector: FileInspector,
        progress: &dyn Progress,
    ) -> Result<(), SourceError> {
        let path = entry.path().to_string();
        let listed = source.listed(entry);
        self.end_of(&path, entry.bytes(), &listed, inspector, progress)?;
        Ok(())
    }

    /// The same of a source that is in use: a file that is not what it was any
    /// more, when its reader needs it again, was not looked into.
    pub(crate) fn end_live(
        &self,
        source: &Source,
        entry: &Entry<'_>,
        inspector: FileInspector,
        progress: &dyn Progress,
    ) -> Result<(), SourceError> {
        match self.end(source, entry, inspector, progress) {
            Err(SourceError::Changed { .. } | SourceError::Read { .. }) => {
                let mut summary = self.summary();
                summary.add_file(entry.bytes());
                let piece = Piece {
                    reason: Some("changed before its reader saw it".into()),
                    ..Piece::default()
                };
                summary.add(&entry.path().to_string(), piece);
                Ok(())
            }
            other => other,
        }
    }

    /// Ends the file at a path, which is escaped. What is not text is read now,
    /// by its reader; the format that it has is the result.
    ///
    /// # Errors
    /// It is not what it was any more, or cannot be opened again.
    pub(crate) fn end_of(
        &self,
        path: &str,
        bytes: u64,
        again: &dyn Reopen,
        inspector: FileInspector,
        progress: &dyn Progress,
    ) -> Result<Option<Format>, SourceError> {
        let result = inspector.finish(self);
        let mut piece = Piece {
            reason: result.outcome.reason,
            tally: result.tally,
            images: result.images,
            is_weak: result.is_weak,
            ..Piece::default()
        };
        match (result.outcome.foreign, &self.readers) {
            (Some(Format::SqliteLog), _) if again.has_database()? => {}
            (Some(format), Some(readers)) if !self.is_stopped() => {
                let log = match format {
                    Format::Sqlite => again.log()?,
                    _ => None,
                };
                let files = (again.file()?, log);
                let is_stopped = || self.is_stopped() || progress.cancelled();
                foreign::read(self, readers, files, &is_stopped, &mut |piece| {
                    self.summary().add(path, piece);
                });
                if progress.cancelled() {
                    return Err(SourceError::Interrupted);
                }
            }
            (foreign, _) => {
                let kind = result.outcome.kind;
                piece.file = foreign.is_none().then_some((kind, bytes));
                // Without readers any image is one that nobody reviewed.
                piece.images += u64::from(kind == Kind::Media);
            }
        }
        if self.is_stopped() {
            // Perhaps cut short by us.
            piece.reason = None;
        }
        let mut summary = self.summary();
        summary.add_file(bytes);
        summary.add(path, piece);
        Ok(result.outcome.foreign)
    }

    /// Looks at the name of a file that is in no listing.
    pub(crate) fn look_at_name(&self, name: &[u8]) {
        let tally = self.examine_names(name);
        self.summary().add_names(tally);
    }

    /// What was found since the last call; then it is as if new.
    pub(crate) fn take_facts(&mut self) -> Facts {
        let summary = std::mem::take(&mut *self.summary());
        let facts = summary.finish(&self.census, false);
        if !self.census.is_empty() {
            self.census = Census::new();
        }
        facts
    }

    fn summary(&self) -> MutexGuard<'_, Summary> {
        self.summary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what the entries are called and where links lead: a name leaves
    /// as surely as what it stands for.
    fn names(&self, listing: &Listing) {
        /// Enough to judge what is found, little enough to hold.
        const BLOCK: usize = 1 << 20;
        let mut text = Vec::new();
        let mut entries = listing.entries().peekable();
        while let Some(entry) = entries.next() {
            for name in [entry.path().name(), entry.target()] {
                text.extend_from_slice(name);
                text.push(b'\n');
            }
            if text.len() >= BLOCK || entries.peek().is_none() {
                let tally = self.examine_names(&text);
                self.summary().add_names(tally);
                text.clear();
            }
        }
    }

    /// Looks at names, one a line.
    fn examine_names(&self, text: &[u8]) -> Tally {
        let shape = TableShape::default();
        let mut examiner = Examiner::new(&self.census, &self.scanner, &shape);
        examiner.text(text, 0);
        examiner.finish()
    }

    /// What all of it has shown.
    pub(crate) fn finish(self, listing: &Listing) -> Facts {
        self.names(listing);
        let stopped = self.is_stopped();
        let summary = self.summary.into_inner();
        let mut facts = summary
            .unwrap_or_else(PoisonError::into_inner)
            .finish(&self.census, stopped);
        // Also of files that were not looked into once enough was known.
        facts.bytes = listing.bytes();
        facts.files = listing.entries().filter(is_file).count() as u64;
        facts
    }
}

/// How to inspect.
#[derive(Debug, Clone)]
pub struct InspectOptions {
    /// How far to look.
    pub depth: Depth,
    /// Who takes apart what is not text; without them it is uninspected.
    pub readers: Option<Readers>,
    /// Columns that the policy names; see [`Policy::columns`](crate::policy::Policy::columns).
    pub columns: NamedColumns,
    /// How many threads to use; by default one for each core.
    pub threads: Option<NonZeroUsize>,
}

impl Default for InspectOptions {
    fn default() -> Self {
        Self {
            depth: Depth::Full,
            readers: None,
            columns: NamedColumns::default(),
            threads: None,
        }
    }
}

/// What [`inspect`] established: facts, and digests of what they speak of.
#[derive(Debug)]
pub struct Inspected {
    pub(crate) facts: Facts,
    /// Of the files in path order; empty when inspection stopped early.
    pub(crate) digests: Vec<Digest>,
    /// The number of the listing that was read.
    pub(crate) of: u64,
}

impl Inspected {
    /// The facts.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// Reads everything that is listed and establishes the facts, writing nothing.
///
/// # Errors
/// A file that cannot be read or is not what was listed; an interruption.
pub fn inspect(
    source: &Source,
    listing: &Listing,
    options: InspectOptions,
    progress: &dyn Progress,
) -> Result<Inspected, SourceError> {
    progress.begin(Phase::Inspecting, Some(listing.bytes()));
    let inspection = Inspection::new(options.depth, options.readers, options.columns);
    let files: Vec<usize> = listing
        .entries()
        .enumerate()
        .filter(|(_, entry)| is_file(entry))
        .map(|(index, _)| index)
        .collect();
    let left = AtomicU64::new(files.len() as u64);
    let threads = parallel::threads(options.threads);
    let read = |n: usize| {
        // Whoever finds no file left helps with the blocks of the others'.
        let Some(&index) = files.get(n) else {
            inspection.help_until(|| left.load(Ordering::Acquire) == 0);
            return Ok(None);
        };
        let digest = read_file(source, &listing.entry(index), &inspection, progress);
        left.fetch_sub(1, Ordering::AcqRel);
        match &digest {
            Ok(_) => inspection.crew.tell(),
            Err(_) => inspection.crew.fail(),
        }
        digest
    };
    let digests = parallel::for_each(files.len() + threads.get() - 1, threads, read)?;
    source.check_unchanged(listing, threads, progress)?;
    let digests = match inspection.is_stopped() {
        true => Vec::new(),
        false => digests.into_iter().flatten().collect(),
    };
    Ok(Inspected {
        facts: inspection.finish(listing),
        digests,
        of: listing.number(),
    })
}

impl Inspection {
    /// Helps with blocks that others have cut, until there will be no more;
    /// somebody's [`Crew::tell`] follows that.
    pub(crate) fn help_until(&self, is_done: impl Fn() -> bool) {
        self.crew.wait_until(|work| work.examine(self), is_done);
    }
}

fn is_file(entry: &Entry<'_>) -> bool {
    entry.kind() == EntryKind::File && entry.is_here()
}

/// Reads, hashes and inspects one file; without a digest once enough is known.
fn read_file(
    source: &Source,
    entry: &Entry<'_>,
    inspection: &Inspection,
    progress: &dyn Progress,
) -> Result<Option<Digest>, SourceError> {
    let _guard = inspection.crew.guard();
    if inspection.is_stopped() {
        return Ok(None);
    }
    let mut inspector = inspection.begin();
    progress.current(&entry.path());
    let mut reader = source.read_file(entry, 0..entry.bytes())?;
    let size = usize::try_from(entry.bytes()).map_or(BUFFER, |bytes| bytes.clamp(1, BUFFER));
    let mut buffer = vec![0; size];
    let mut hasher = Hasher::default();
    loop {
        if progress.cancelled() {
            return Err(SourceError::Interrupted);
        }
        let data = match reader.next(&mut buffer)? {
            [] => break,
            data => data,
        };
        hasher.update(data);
        inspector.push(inspection, data);
        inspection.advance(data.len() as u64);
        progress.advance(data.len() as u64);
        if inspection.is_stopped() {
            break;
        }
    }
    inspection.end(source, entry, inspector, progress)?;
    Ok(Some(hasher.finish().0))
}
