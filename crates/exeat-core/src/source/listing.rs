//! What a source holds, in path order: 72 bytes an entry beside its path.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, Statx, StatxFlags};

use crate::entry::EntryKind;
use crate::path::{EntryPath, PathSpan, PathTable};

/// What makes a file the one that was listed: if any of these differs, it was
/// written to or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    changed_seconds: i64,
    changed_nanoseconds: u32,
}

impl Identity {
    const WANTED: StatxFlags = StatxFlags::BASIC_STATS;

    pub(crate) fn of(file: impl AsFd) -> rustix::io::Result<Self> {
        rustix::fs::statx(file, c"", AtFlags::EMPTY_PATH, Self::WANTED).map(|s| Self::from(&s))
    }
}

impl From<&Statx> for Identity {
    fn from(stat: &Statx) -> Self {
        Self {
            device: rustix::fs::makedev(stat.stx_dev_major, stat.stx_dev_minor),
            inode: stat.stx_ino,
            size: stat.stx_size,
            changed_seconds: stat.stx_ctime.tv_sec,
            changed_nanoseconds: stat.stx_ctime.tv_nsec,
        }
    }
}

/// One entry as it is stored.
#[derive(Debug)]
struct Node {
    span: PathSpan,
    identity: Identity,
    modified: i64,
    mode: u16,
    root: u16,
    kind: EntryKind,
    skipped: Option<SkipReason>,
}

/// Why an entry was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SkipReason {
    Permission,
    InputOutput,
    Unreadable,
}

impl SkipReason {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Permission => "permission denied",
            Self::InputOutput => "input/output error",
            Self::Unreadable => "not readable",
        }
    }
}

/// What a walk knows of an entry when it adds it.
#[derive(Debug)]
pub(crate) struct NodeBuilder<'a> {
    pub(crate) path: EntryPath<'a>,
    pub(crate) target: &'a [u8],
    pub(crate) stat: &'a Statx,
    pub(crate) kind: EntryKind,
    pub(crate) root: u16,
    pub(crate) skipped: Option<SkipReason>,
}

/// Everything a source holds, sorted by path, byte by byte.
#[derive(Debug, Default)]
pub struct Listing {
    paths: PathTable,
    nodes: Vec<Node>,
    bytes: u64,
    skipped: u64,
    excluded: u64,
    idle_patterns: Vec<String>,
    /// It is of a stream, whose size nobody knows yet.
    is_piped: bool,
    /// Where the roots are; `None` where one of them is nowhere, or is not UTF-8.
    places: Option<Vec<String>>,
    /// The number of the source that this is a listing of.
    source: u64,
    number: u64,
}

/// One entry of a [`Listing`].
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    listing: &'a Listing,
    node: &'a Node,
}

impl Listing {
    pub(crate) fn new(source: u64) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            source,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            ..Self::default()
        }
    }

    /// Of a stream that will have the name `path`.
    pub(crate) fn of_stream(source: u64, path: EntryPath<'_>, modified: i64) -> Self {
        let mut listing = Self::new(source);
        let span = listing.paths.push(path, b"");
        listing.is_piped = true;
        listing.nodes.push(Node {
            span,
            identity: Identity::default(),
            modified,
            mode: 0o600,
            root: 0,
            kind: EntryKind::File,
            skipped: None,
        });
        listing
    }

    /// Whether it is of a stream. Its one entry has no size before the stream
    /// has ended.
    #[must_use]
    pub fn is_piped(&self) -> bool {
        self.is_piped
    }

    /// Says how long the stream was.
    pub(crate) fn set_stream_bytes(&mut self, bytes: u64) {
        debug_assert!(self.is_piped && self.nodes.len() == 1);
        self.nodes[0].identity.size = bytes;
        self.bytes = bytes;
    }

    /// Tells this listing from every other one of the process.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Where the roots are, with every link resolved, sorted; `- NAME` for a
    /// stream. `None` where one of them cannot be named so.
    #[must_use]
    pub fn places(&self) -> Option<&[String]> {
        self.places.as_deref()
    }

    pub(crate) fn set_places(&mut self, places: Option<Vec<String>>) {
        self.places = places.map(|mut places| {
            places.sort();
            places
        });
    }

    pub(crate) fn source(&self) -> u64 {
        self.source
    }

    pub(crate) fn set_idle_patterns(&mut self, patterns: Vec<String>) {
        self.idle_patterns = patterns;
    }

    /// The patterns of what to leave out that matched nothing, escaped.
    #[must_use]
    pub fn idle_patterns(&self) -> &[String] {
        &self.idle_patterns
    }

    pub(crate) fn push(&mut self, entry: &NodeBuilder<'_>) {
        let identity = Identity::from(entry.stat);
        if entry.kind == EntryKind::File && entry.skipped.is_none() {
            self.bytes += identity.size;
        }
        self.skipped += u64::from(entry.skipped.is_some());
        self.nodes.push(Node {
            span: self.paths.push(entry.path, entry.target),
            identity,
            modified: entry.stat.stx_mtime.tv_sec,
            // Set-user-id and its kin have no meaning on another machine.
            mode: entry.stat.stx_mode & 0o777,
            root: entry.root,
            kind: entry.kind,
            skipped: entry.skipped,
        });
    }

    pub(crate) fn count_excluded(&mut self) {
        self.excluded += 1;
    }

    pub(crate) fn sort(&mut self) {
        let Self { paths, nodes, .. } = self;
        nodes.sort_unstable_by(|a, b| paths.path(a.span).cmp(&paths.path(b.span)));
    }

    /// How many entries there are, those left out included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The bytes of all regular files, those left out not counted.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many entries could not be read and were left out.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// How many entries a pattern left out; what lies below an excluded folder
    /// is not counted.
    #[must_use]
    pub fn excluded(&self) -> u64 {
        self.excluded
    }

    /// The entries in path order.
    #[must_use]
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'_>> + Clone {
        self.nodes.iter().map(|node| Entry {
            listing: self,
            node,
        })
    }

    /// The entry at this path.
    pub(crate) fn find(&self, path: &[u8]) -> Option<Entry<'_>> {
        let at = |node: &Node| self.paths.path(node.span).as_bytes().cmp(path);
        let place = self.nodes.binary_search_by(at).ok()?;
        Some(self.entry(place))
    }

    pub(crate) fn entry(&self, index: usize) -> Entry<'_> {
        Entry {
            listing: self,
            node: &self.nodes[index],
        }
    }
}

impl<'a> Entry<'a> {
    /// What is listed at another path.
    pub(crate) fn find(&self, path: &[u8]) -> Option<Self> {
        self.listing.find(path)
    }

    /// Its path in the package.
    #[must_use]
    pub fn path(&self) -> EntryPath<'a> {
        self.listing.paths.path(self.node.span)
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.node.kind
    }

    /// The size of a file in bytes; 0 for folders and links.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self.node.kind {
            EntryKind::File => self.node.identity.size,
            EntryKind::Directory | EntryKind::Symlink => 0,
        }
    }

    /// Its permission bits, `0o777` at most.
    #[must_use]
    pub fn mode(&self) -> u16 {
        self.node.mode
    }

    /// When its content last changed, in whole seconds since 1970 UTC, rounded
    /// down.
    #[must_use]
    pub fn modified(&self) -> i64 {
        self.node.modified
    }

    /// Where a link leads; empty for other entries.
    #[must_use]
    pub fn target(&self) -> &'a [u8] {
        self.listing.paths.target(self.node.span)
    }

    /// Why it was left out, if it was.
    #[must_use]
    pub fn skipped(&self) -> Option<&'static str> {
        self.node.skipped.map(SkipReason::text)
    }

    pub(crate) fn root(&self) -> u16 {
        self.node.root
    }

    pub(crate) fn identity(&self) -> &'a Identity {
        &self.node.identity
    }
}
