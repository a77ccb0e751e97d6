//! What a source holds, in path order: some 100 bytes an entry beside its path.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, Statx, StatxFlags};

use super::{GivenUp, SkipReason};
use crate::digest::Digest;
use crate::entry::{Attributes, Distinct, EntryKind, Owner};
use crate::manifest::{PackageId, Part};
use crate::path::{EntryPath, PathSpan, PathTable};

/// What makes a file the one that was listed: if any of these differs, it was
/// written to or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Identity {
    device: u64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
    pub(crate) changed_seconds: i64,
    pub(crate) changed_nanoseconds: u32,
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
    owner: Owner,
    /// One more than the index of what is held of it elsewhere, and of its
    /// attributes; 0 for none.
    held: u32,
    attributes: u32,
    mode: u16,
    root: u16,
    kind: EntryKind,
    skipped: Option<SkipReason>,
    lapse: Option<SkipReason>,
}

/// A file that an earlier package of a chain of backups holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    /// The index of the package among [`Listing::packages`].
    pub(crate) package: u32,
    pub(crate) digests: Digests,
}

/// What vouches for the content of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Digests {
    /// It lies in one volume.
    Whole(Digest),
    /// It spans these.
    Parts(Box<[Part]>),
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
    pub(crate) attributes: Option<Attributes>,
    pub(crate) lapse: Option<SkipReason>,
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
    /// What changes while it is read does not stop anything.
    is_live: bool,
    /// Owners and attributes are kept.
    keeps_owner: bool,
    /// Earlier packages that hold entries.
    packages: Vec<PackageId>,
    held: Vec<Held>,
    attributes: Distinct<Attributes>,
    /// Paths of what could not even be named in a package, escaped, with the
    /// reason; the first few.
    unnamed: Vec<(String, String)>,
    unnamed_count: u64,
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
            owner: Owner::default(),
            held: 0,
            attributes: 0,
            mode: 0o600,
            root: 0,
            kind: EntryKind::File,
            skipped: None,
            lapse: None,
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
        let attributes = match &entry.attributes {
            Some(attributes) if !attributes.is_empty() => self.attributes.keep(attributes),
            _ => 0,
        };
        self.nodes.push(Node {
            span: self.paths.push(entry.path, entry.target),
            identity,
            modified: entry.stat.stx_mtime.tv_sec,
            owner: Owner::of(entry.stat),
            held: 0,
            attributes,
            // Set-user-id and its kin have no meaning on another machine; a
            // backup has them with the owner.
            mode: entry.stat.stx_mode & 0o777,
            root: entry.root,
            kind: entry.kind,
            skipped: entry.skipped,
            lapse: entry.lapse,
        });
    }

    /// Whether what changes while it is read stops nothing: such a file is put
    /// in as it was found, and marked.
    pub(crate) fn is_live(&self) -> bool {
        self.is_live
    }

    /// Whether owners and attributes are kept.
    pub(crate) fn keeps_owner(&self) -> bool {
        self.keeps_owner
    }

    pub(crate) fn set_backup(&mut self, is_live: bool, keeps_owner: bool) {
        (self.is_live, self.keeps_owner) = (is_live, keeps_owner);
    }

    /// What could not be named in a package, escaped, with the reason: the
    /// first ten.
    #[must_use]
    pub fn unnamed(&self) -> &[(String, String)] {
        &self.unnamed
    }

    /// How many there are.
    #[must_use]
    pub fn unnamed_count(&self) -> u64 {
        self.unnamed_count
    }

    pub(crate) fn add_unnamed(&mut self, path: String, reason: String) {
        self.skipped += 1;
        self.unnamed_count += 1;
        if self.unnamed.len() < super::NAMED {
            self.unnamed.push((path, reason));
        }
    }

    /// The earlier packages that hold some of the files.
    #[must_use]
    pub fn packages(&self) -> &[PackageId] {
        &self.packages
    }

    /// Those of them that hold some, in order.
    pub(crate) fn bases(&self) -> Vec<PackageId> {
        let used = self.held.iter().map(|held| held.package);
        let used: std::collections::BTreeSet<u32> = used.collect();
        let mut bases: Vec<_> = used
            .into_iter()
            .map(|index| self.packages[index as usize])
            .collect();
        bases.sort_unstable();
        bases
    }

    pub(crate) fn set_packages(&mut self, packages: Vec<PackageId>) {
        self.packages = packages;
    }

    /// Says that an earlier package holds the file `index`, with these
    /// attributes.
    pub(crate) fn hold(&mut self, index: usize, held: Held, attributes: Option<Attributes>) {
        debug_assert!((held.package as usize) < self.packages.len());
        self.held.push(held);
        let place = u32::try_from(self.held.len()).expect("there are 20 million entries at most");
        if let Some(attributes) = attributes {
            self.nodes[index].attributes = self.attributes.keep(&attributes);
        }
        let node = &mut self.nodes[index];
        debug_assert!(node.kind == EntryKind::File && node.skipped.is_none() && node.held == 0);
        node.held = place;
        self.bytes -= node.identity.size;
    }

    /// Forgets what earlier packages hold: everything is read.
    pub fn forget_packages(&mut self) {
        for node in &mut self.nodes {
            if std::mem::take(&mut node.held) > 0 {
                self.bytes += node.identity.size;
                node.attributes = 0;
            }
        }
        self.held.clear();
        self.packages.clear();
    }

    /// How many files earlier packages hold.
    #[must_use]
    pub fn unchanged(&self) -> u64 {
        self.held.len() as u64
    }

    /// Whether what earlier packages hold takes more room in the inventory than
    /// the rest takes in the volumes.
    pub(crate) fn is_mostly_held(&self) -> bool {
        /// A line of the inventory, roughly, in bytes.
        const LINE: u64 = 200;
        self.unchanged() * LINE > self.bytes
    }

    /// Says that nothing of the file `index` could be read when its turn came.
    pub(crate) fn leave_out(&mut self, index: usize, reason: SkipReason) {
        let node = &mut self.nodes[index];
        debug_assert!(node.kind == EntryKind::File && node.skipped.is_none());
        node.skipped = Some(reason);
        self.bytes -= node.identity.size;
        self.skipped += 1;
    }

    /// Leaves out the files at these paths, as they are shown.
    pub fn give_up(&mut self, paths: &[(String, GivenUp)]) {
        if paths.is_empty() {
            return;
        }
        for index in 0..self.nodes.len() {
            let entry = self.entry(index);
            if entry.kind() != EntryKind::File || !entry.is_here() {
                continue;
            }
            let path = entry.path().to_string();
            let found = paths.iter().find(|(given_up, _)| *given_up == path);
            match found {
                Some((_, GivenUp::Vanished)) => self.leave_out(index, SkipReason::Vanished),
                Some((_, GivenUp::Unreadable)) => self.leave_out(index, SkipReason::Unreadable),
                None => {}
            }
        }
    }

    /// Says that what was read of the file `index` may not be what it was at
    /// any one time.
    pub(crate) fn set_lapse(&mut self, index: usize, reason: SkipReason) {
        self.nodes[index].lapse = Some(reason);
    }

    pub(crate) fn set_attributes(&mut self, index: usize, attributes: &Attributes) {
        self.nodes[index].attributes = self.attributes.keep(attributes);
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

    /// The same to the nanosecond.
    pub(crate) fn modified_exactly(&self) -> (i64, u32) {
        (self.node.modified, self.node.owner.nanoseconds)
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

    /// Whether leaving it out is no loss: a socket, say.
    #[must_use]
    pub fn is_skipped_by_nature(&self) -> bool {
        self.node.skipped.is_some_and(SkipReason::is_by_nature)
    }

    /// Why the content may not be what the file was at any one time, if so.
    #[must_use]
    pub fn lapse(&self) -> Option<&'static str> {
        self.node.lapse.map(SkipReason::text)
    }

    /// Whether all of it, or a part, is not here because it could not be read.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        let mut reasons = self.node.skipped.into_iter().chain(self.node.lapse);
        reasons.any(SkipReason::is_refusal)
    }

    /// The earlier package that holds it, if one does.
    #[must_use]
    pub fn held(&self) -> Option<PackageId> {
        let held = self.held_by()?;
        Some(self.listing.packages[held.package as usize])
    }

    pub(crate) fn held_by(&self) -> Option<&'a Held> {
        let index = self.node.held.checked_sub(1)?;
        Some(&self.listing.held[index as usize])
    }

    /// Whether it goes into this package: it was not left out, and no earlier
    /// package holds it.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.node.skipped.is_none() && self.node.held == 0
    }

    /// Who owns it, where that is kept.
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.listing.keeps_owner.then_some(self.node.owner)
    }

    /// Its extended attributes, where they are kept and there are any.
    pub(crate) fn attributes(&self) -> Option<&'a Attributes> {
        self.listing.attributes.get(self.node.attributes)
    }

    pub(crate) fn root(&self) -> u16 {
        self.node.root
    }

    pub(crate) fn identity(&self) -> &'a Identity {
        &self.node.identity
    }
}
