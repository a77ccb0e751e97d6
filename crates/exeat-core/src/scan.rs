//! What lies open: files at rest that the floor would not let out in the
//! clear, worst first.
//!
//! | module | does |
//! |---|---|
//! | `walk` | goes through folders on all threads; follows no link |
//! | `file` | opens, reads and inspects one file; what it was must be what it is |
//! | `cache` | remembers which files were looked at, by a digest of their identity |
//! | `exposure` | says who can get at a file |
//! | `ignore` | patterns of what is left out |
//!
//! Nothing is written but the cache, and nothing of what is found goes into
//! it: it has digests of numbers that the file system gives, and the words of
//! [`reader::Reason`](crate::inspect::reader::Reason) and its like.

use std::collections::BTreeSet;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use crate::diagnostic::{Explain, Fault, Finding, io_help};
use crate::inspect::reader::Readers;
use crate::inspect::{ClassFacts, Facts, People};
use crate::parallel;
use crate::path::shown;
use crate::policy::Policy;
use crate::progress::{Phase, Progress};

mod cache;
mod exposure;
mod file;
mod ignore;
mod walk;

pub use cache::{Cache, MAX_CACHE};
pub use exposure::Exposure;
pub use ignore::{Ignore, IgnoreError};

/// How many files with findings are kept: the worst; the rest is counted.
pub const MAX_FOUND: usize = 10_000;
/// How many files that could not be inspected are named; the rest is counted.
pub const MAX_UNSEEN: usize = 10_000;

/// Why there is no scan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// What is to be scanned cannot be opened.
    #[error("cannot open {}", shown(path))]
    Open {
        /// As it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Explain for ScanError {
    fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "source-not-opened",
            Self::Interrupted => "interrupted",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Open { .. } => Fault::Request,
            Self::Interrupted => Fault::Interrupted,
        }
    }

    fn help(&self) -> Option<std::borrow::Cow<'static, str>> {
        match self {
            Self::Open { source, .. } => io_help(source),
            Self::Interrupted => Some("nothing was changed".into()),
        }
    }
}

/// How to scan.
pub struct ScanOptions<'a> {
    /// What counts as bulk; the floor, or stricter.
    pub policy: &'a Policy,
    /// Who takes apart what is not text.
    pub readers: Option<Readers>,
    /// Only files whose content or rights changed at or after this time.
    pub since: Option<Timestamp>,
    /// What is left out.
    pub ignore: Ignore,
    /// What earlier scans have looked at; empty at first.
    pub cache: Cache,
    /// Now: the age of files is told from it.
    pub now: Timestamp,
    /// Folders that a web server serves, beside those that are known by name.
    pub web_roots: Vec<PathBuf>,
    /// How many threads to use; by default one for each core.
    pub threads: Option<NonZeroUsize>,
}

/// A file that lies open.
#[derive(Debug, Clone, Serialize)]
pub struct OpenFile {
    /// Bytes.
    pub bytes: u64,
    /// The classes of data in it, with places: columns, and members of archives.
    pub classes: Vec<ClassFacts>,
    /// Who can get at it.
    pub exposure: Exposure,
    /// Why it should not lie there.
    pub findings: Vec<Finding>,
    /// Data subjects.
    pub people: People,
    /// The path as it was reached, escaped.
    pub path: String,
    /// Whether a part of it could not be inspected.
    pub is_partly_unseen: bool,
    #[serde(skip)]
    facts: Facts,
}

impl OpenFile {
    /// All that was established about it.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The worst first.
    fn rank(&self) -> impl Ord + use<> {
        let is_sensitive = self.classes.iter().any(|found| found.class.is_sensitive());
        std::cmp::Reverse((self.exposure.weight(), is_sensitive, self.people.most))
    }
}

/// A file that could not be looked into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UnseenFile {
    /// Its path, escaped.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What a scan has found.
#[derive(Debug, Default)]
pub struct Scanned {
    /// Files that lie open, the worst first; at most [`MAX_FOUND`].
    pub files: Vec<OpenFile>,
    /// How many there are.
    pub found: u64,
    /// Files that were looked at, or known from an earlier scan.
    pub looked_at: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Of these, those that an earlier scan had found harmless or unreadable.
    pub known: u64,
    /// Files and folders that patterns left out.
    pub ignored: u64,
    /// Links, which are not followed.
    pub links: u64,
    /// Files and folders that could not be inspected: how many.
    pub unseen: u64,
    /// The first of them by path, at most [`MAX_UNSEEN`].
    pub unseen_files: Vec<UnseenFile>,
}

/// What threads find, put together.
#[derive(Default)]
struct Finds {
    state: Mutex<FindsState>,
}

#[derive(Default)]
struct FindsState {
    scanned: Scanned,
    unseen: BTreeSet<UnseenFile>,
}

impl Finds {
    fn with<T>(&self, act: impl FnOnce(&mut FindsState) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add_open(&self, file: OpenFile) {
        self.with(|state| {
            state.scanned.found += 1;
            state.scanned.files.push(file);
            if state.scanned.files.len() >= 2 * MAX_FOUND {
                sort(&mut state.scanned.files);
            }
        });
    }

    fn add_unseen(&self, path: String, reason: String) {
        self.with(|state| {
            state.scanned.unseen += 1;
            state.unseen.insert(UnseenFile { path, reason });
            if state.unseen.len() > MAX_UNSEEN {
                state.unseen.pop_last();
            }
        });
    }

    fn finish(self) -> Scanned {
        let state = self.state.into_inner();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        sort(&mut state.scanned.files);
        Scanned {
            unseen_files: state.unseen.into_iter().collect(),
            ..state.scanned
        }
    }
}

fn sort(files: &mut Vec<OpenFile>) {
    files.sort_by(|a, b| a.rank().cmp(&b.rank()).then_with(|| a.path.cmp(&b.path)));
    files.truncate(MAX_FOUND);
}

/// Looks at every file below `roots`, and says which lie open. The cache of
/// what was looked at comes back, to be kept for the next scan.
///
/// ```
/// use exeat_core::policy::Policy;
/// use exeat_core::progress::Silent;
/// use exeat_core::scan::{Cache, Ignore, ScanOptions, scan};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let root = dir.path().to_owned();
/// # std::fs::write(root.join("results.csv"), "nhs_number,diagnosis\n9990000018,asthma\n")?;
/// let policy = Policy::floor();
/// let options = ScanOptions {
///     policy: &policy,
///     readers: None,
///     since: None,
///     ignore: Ignore::default(),
///     cache: Cache::default(),
///     now: jiff::Timestamp::now(),
///     web_roots: Vec::new(),
///     threads: None,
/// };
/// let (scanned, _cache) = scan(&[root], options, &Silent)?;
/// assert_eq!(scanned.found, 1);
/// assert!(scanned.files[0].path.ends_with("results.csv"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// A root that cannot be opened; an interruption. What cannot be read below a
/// root is counted as unseen.
pub fn scan(
    roots: &[PathBuf],
    options: ScanOptions<'_>,
    progress: &dyn Progress,
) -> Result<(Scanned, Cache), ScanError> {
    progress.begin(Phase::Scanning, None);
    let finds = Finds::default();
    let threads = parallel::threads(options.threads);
    let roots = walk::open(roots)?;
    let known = options.cache;
    let setting = file::Setting {
        policy: options.policy,
        readers: options.readers,
        since: options.since,
        now: options.now,
        exposures: exposure::Exposures::new(options.web_roots),
        finds: &finds,
        known: &known,
        progress,
    };
    let queue = walk::Queue::new(roots, &options.ignore, &finds);
    let seen: Mutex<Vec<cache::Record>> = Mutex::default();
    parallel::for_each(threads.get(), threads, |_| {
        let _guard = queue.guard();
        let mut looker = file::Looker::new(&setting);
        queue.work(&mut |folder, name| looker.look(folder, name), &|| {
            progress.cancelled()
        })?;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.append(&mut looker.finish());
        Ok(())
    })?;
    drop(queue);
    let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((finds.finish(), known.with(seen)))
}
