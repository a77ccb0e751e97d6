//! What the host remembers of the files in its backups, so that a night need
//! read only what has changed: names, sizes, times and digests, in path order.
//!
//! A line is believed where the file is still the one it speaks of: of the same
//! size, inode, time of last modification and time of last change, both to the
//! nanosecond. Owner, mode, attributes and content cannot change without the
//! latter. What had changed shortly before the listing began is not remembered:
//! a second change within one tick of a file system's clock would not show, nor
//! what a program writes through memory that it has mapped, until the kernel
//! writes it out.
//!
//! The file is not needed to open anything. Where it is gone, damaged or of
//! another package, everything is read again.
#![expect(
    clippy::disallowed_methods,
    reason = "the state of a profile is written here and nowhere else"
)]

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::diagnostic::{Explain, Fault, io_help};
use crate::digest::{Digest, Hasher, bytes_to_hex, hex_to_bytes};
use crate::entry::{Attributes, EntryKind, MAX_ENTRIES};
use crate::manifest::{NamedKey, PackageId, Part, recipients_sha256};
use crate::path::{Escaped, shown};
use crate::seal::{Sealed, Stage};
use crate::source::{Digests, Entry, Held, Listing};

/// The format of the file.
const FORMAT: &str = "exeat-state/1";
/// The longest line, its newline included, in bytes.
const MAX_LINE: u64 = 64 << 10;

/// Why a state cannot be used, or not be kept. Nothing is lost by it: the next
/// run reads everything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// There is none.
    #[error("there is no record of the files in earlier packages")]
    Absent,
    /// It is of another package than the last one of the chain that is wanted.
    #[error("the record of the files is of another package ({found})")]
    Other {
        /// The package that it is of.
        found: PackageId,
    },
    /// The earlier packages are for other people.
    #[error("earlier packages are for other recipients")]
    Recipients,
    /// It is not what was written.
    #[error("the record of the files is damaged, in line {line}")]
    Damaged {
        /// The line, counted from 1.
        line: u64,
    },
    /// It cannot be read or written.
    #[error("cannot use {}", shown(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Explain for StateError {
    fn code(&self) -> &'static str {
        match self {
            Self::Absent => "backup-state-absent",
            Self::Other { .. } => "backup-state-other",
            Self::Recipients => "backup-state-recipients",
            Self::Damaged { .. } => "backup-state-damaged",
            Self::Io { .. } => "backup-state-io",
        }
    }

    fn fault(&self) -> Fault {
        Fault::Environment
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Io { source, .. } => io_help(source),
            _ => Some("everything is read again".into()),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head<'a> {
    format: Cow<'a, str>,
    /// The package that was made last; it is the last of `packages`.
    package: PackageId,
    /// Those that hold files.
    packages: Cow<'a, [PackageId]>,
    /// Stands for those who can open them.
    recipients_sha256: Digest,
    series: Uuid,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    /// The time of last change: seconds and nanoseconds.
    changed: (i64, u32),
    inode: u64,
    modified: (i64, u32),
    package: u32,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    parts: Option<Cow<'a, [Part]>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    path: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<Digest>,
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    xattrs: Option<Cow<'a, Attributes>>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tail {
    /// How many files there are.
    files: u64,
    /// Of all lines before.
    sha256: Digest,
}

/// What a state has to be of, to be used.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The chain.
    pub series: Uuid,
    /// The package that it may be of: any that lies in its place.
    pub present: &'a BTreeSet<PackageId>,
    /// Who is to be able to open the next one, as
    /// [`recipients_sha256`](crate::manifest::recipients_sha256) has it: what
    /// others can open is of no use to them.
    pub recipients_sha256: Digest,
}

/// What a state said of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled {
    /// The package that the state is of.
    pub package: PackageId,
    /// Files that have not changed since.
    pub unchanged: u64,
    /// Files that were there and are not any more.
    pub gone: u64,
    /// Files that were there.
    pub files: u64,
    /// The sources that had ten files or more, and have none of them any more:
    /// their names in the package, escaped.
    pub emptied: Vec<String>,
}

/// Finds the files of a listing that have not changed, as the state in `folder`
/// has them, and says in the listing which package holds each.
///
/// A file is only held by a package that is still in its place.
///
/// # Errors
/// The state cannot be used. The listing then has every file to be read.
pub fn recall(
    listing: &mut Listing,
    folder: &Path,
    wanted: Wanted<'_>,
) -> Result<Recalled, StateError> {
    let path = folder.join(NAME);
    // Nobody waits for a pipe of that name.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(&path, flags, Mode::empty());
    let file = match opened.map(File::from).map_err(io::Error::from) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StateError::Absent),
        Err(source) => return Err(StateError::Io { path, source }),
    };
    let mut lines = Lines {
        reader: BufReader::with_capacity(256 << 10, file),
        path,
        number: 0,
        line: Vec::new(),
        hasher: Hasher::default(),
    };
    match merge(listing, &mut lines, wanted) {
        Ok(recalled) => Ok(recalled),
        Err(error) => {
            listing.forget_packages();
            Err(error)
        }
    }
}

/// What the file is called, and while it is written.
const NAME: &str = "files.jsonl";
const GROWING: &str = "files.jsonl.next";

/// As [`recall`], of a state that is in memory.
#[cfg(fuzzing)]
pub(super) fn recall_from(
    listing: &mut Listing,
    reader: impl BufRead,
    wanted: Wanted<'_>,
) -> Result<Recalled, StateError> {
    let mut lines = Lines {
        reader,
        path: PathBuf::from(NAME),
        number: 0,
        line: Vec::new(),
        hasher: Hasher::default(),
    };
    merge(listing, &mut lines, wanted)
}

fn merge(
    listing: &mut Listing,
    lines: &mut Lines<impl BufRead>,
    wanted: Wanted<'_>,
) -> Result<Recalled, StateError> {
    lines.next()?;
    let head: Head<'_> = lines.parse()?;
    if head.format != FORMAT || head.packages.last() != Some(&head.package) {
        return Err(lines.damaged());
    }
    if head.series != wanted.series || !wanted.present.contains(&head.package) {
        return Err(StateError::Other {
            found: head.package,
        });
    }
    if head.recipients_sha256 != wanted.recipients_sha256 {
        return Err(StateError::Recipients);
    }
    let package = head.package;
    let packages = head.packages.into_owned();
    let is_present: Vec<bool> = packages
        .iter()
        .map(|package| wanted.present.contains(package))
        .collect();
    listing.set_packages(packages);
    let (mut index, mut files, mut unchanged, mut gone) = (0, 0, 0, 0);
    let mut roots = Roots::default();
    loop {
        let before = lines.hasher.clone();
        lines.next()?;
        if lines.line.starts_with(b"{\"files\":") {
            let tail: Tail = lines.parse()?;
            if tail.files != files || tail.sha256 != before.finish().0 {
                return Err(lines.damaged());
            }
            return match lines.is_at_end()? {
                true => Ok(Recalled {
                    package,
                    unchanged,
                    gone,
                    files,
                    emptied: roots.emptied(),
                }),
                false => Err(lines.damaged()),
            };
        }
        files += 1;
        if files > MAX_ENTRIES {
            return Err(lines.damaged());
        }
        let line: Line<'_> = lines.parse()?;
        let bytes = path_of(&line).ok_or_else(|| lines.damaged())?;
        let is_known = |package: u32| is_present.get(package as usize).copied();
        let is_present = is_known(line.package).ok_or_else(|| lines.damaged())?;
        // Both are in path order.
        while index < listing.len() && listing.entry(index).path().as_bytes() < &bytes[..] {
            index += 1;
        }
        let found = (index < listing.len()).then(|| listing.entry(index));
        let found = found.filter(|entry| entry.path().as_bytes() == &bytes[..]);
        roots.see(&bytes, found.is_some());
        match found {
            None => gone += 1,
            Some(entry) if is_present && is_same(&entry, &line) => {
                let digests = match (line.sha256, line.parts) {
                    (Some(sha256), None) => Digests::Whole(sha256),
                    (None, Some(parts)) => Digests::Parts(parts.into_owned().into()),
                    _ => return Err(lines.damaged()),
                };
                let held = Held {
                    package: line.package,
                    digests,
                };
                listing.hold(index, held, line.xattrs.map(Cow::into_owned));
                unchanged += 1;
            }
            Some(_) => {}
        }
    }
}

/// Which sources have none of their files any more. Lines are in path order, but
/// those of one source need not follow each other: `a` has `a/b`, and `a-c` lies
/// between `a` and `a/b`.
#[derive(Default)]
struct Roots {
    /// How many files there were, and how many are there, by name.
    seen: std::collections::BTreeMap<Vec<u8>, (u64, u64)>,
}

impl Roots {
    fn see(&mut self, path: &[u8], is_there: bool) {
        let root = path.split(|&byte| byte == b'/').next().unwrap_or(path);
        if !self.seen.contains_key(root) {
            self.seen.insert(root.to_vec(), (0, 0));
        }
        if let Some((were, are)) = self.seen.get_mut(root) {
            *were += 1;
            *are += u64::from(is_there);
        }
    }

    fn emptied(&self) -> Vec<String> {
        /// A folder with fewer may well be empty now and then.
        const FEW: u64 = 10;
        let emptied = self.seen.iter();
        let emptied = emptied.filter(|(_, (were, are))| *were >= FEW && *are == 0);
        emptied.map(|(name, _)| Escaped(name).to_string()).collect()
    }
}

/// It is compared with paths that are listed, and goes nowhere.
fn path_of<'a>(line: &'a Line<'_>) -> Option<Cow<'a, [u8]>> {
    match (&line.path, &line.path_hex) {
        (Some(path), None) => Some(Cow::Borrowed(path.as_bytes())),
        (None, Some(hex)) => Some(Cow::Owned(hex_to_bytes(hex)?)),
        _ => None,
    }
}

fn is_same(entry: &Entry<'_>, line: &Line<'_>) -> bool {
    let identity = entry.identity();
    entry.kind() == EntryKind::File
        && entry.is_here()
        && identity.inode == line.inode
        && identity.size == line.size
        && (identity.changed_seconds, identity.changed_nanoseconds) == line.changed
        && entry.modified_exactly() == line.modified
}

/// Reads lines of bounded length, and hashes them.
struct Lines<R> {
    reader: R,
    path: PathBuf,
    number: u64,
    line: Vec<u8>,
    hasher: Hasher,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<(), StateError> {
        self.number += 1;
        self.line.clear();
        let mut limited = io::Read::take(&mut self.reader, MAX_LINE + 1);
        let read = limited.read_until(b'\n', &mut self.line);
        read.map_err(|source| StateError::Io {
            path: self.path.clone(),
            source,
        })?;
        if self.line.last() != Some(&b'\n') || self.line.len() as u64 > MAX_LINE {
            return Err(self.damaged());
        }
        self.hasher.update(&self.line);
        Ok(())
    }

    fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, StateError> {
        serde_json::from_slice(&self.line).map_err(|_| self.damaged())
    }

    fn is_at_end(&mut self) -> Result<bool, StateError> {
        let rest = self.reader.fill_buf().map_err(|source| StateError::Io {
            path: self.path.clone(),
            source,
        })?;
        Ok(rest.is_empty())
    }

    fn damaged(&self) -> StateError {
        StateError::Damaged { line: self.number }
    }
}

/// A state that was written, and is not in force: it is dropped with this,
/// unless [`Pending::commit`] puts it in the place of the one before.
#[derive(Debug)]
pub struct Pending {
    file: Option<File>,
    folder: PathBuf,
}

/// Writes down what a package that is about to be released holds, and where the
/// files are that it does not hold. Of files that have changed since `settled`
/// nothing is remembered: a minute before the listing began is right for most
/// (Linux writes mapped memory out after 30 seconds, `vm.dirty_expire_centisecs`).
///
/// # Errors
/// It cannot be written.
pub fn remember<S: Stage>(
    sealed: &Sealed<S>,
    folder: &Path,
    series: Uuid,
    settled: Timestamp,
) -> Result<Pending, StateError> {
    let path = folder.join(GROWING);
    let failed = |source| StateError::Io {
        path: path.clone(),
        source,
    };
    // One that a run left which was stopped; whatever it is.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    let mut pending = Pending {
        file: None,
        folder: folder.to_owned(),
    };
    let mut out = Writer {
        out: BufWriter::with_capacity(256 << 10, &file),
        hasher: Hasher::default(),
        line: Vec::new(),
        files: 0,
    };
    out.all(sealed, series, settled).map_err(failed)?;
    drop(out);
    pending.file = Some(file);
    Ok(pending)
}

impl Pending {
    /// Puts it in the place of the one before.
    ///
    /// # Errors
    /// What the system says; the one before stays in force.
    pub fn commit(mut self) -> Result<(), StateError> {
        let path = self.folder.join(NAME);
        let failed = |source: io::Error| StateError::Io {
            path: path.clone(),
            source,
        };
        let file = self.file.take().expect("it is taken once");
        file.sync_all().map_err(failed)?;
        std::fs::rename(self.folder.join(GROWING), &path).map_err(failed)?;
        let folder = File::open(&self.folder).map_err(failed)?;
        folder.sync_all().map_err(failed)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // After a commit there is nothing of that name.
        if self.file.is_some() {
            let _ = std::fs::remove_file(self.folder.join(GROWING));
        }
    }
}

struct Writer<W: Write> {
    out: W,
    hasher: Hasher,
    line: Vec<u8>,
    files: u64,
}

impl<W: Write> Writer<W> {
    fn all<S: Stage>(
        &mut self,
        sealed: &Sealed<S>,
        series: Uuid,
        settled: Timestamp,
    ) -> io::Result<()> {
        let listing = sealed.listing();
        let recipients = NamedKey::of(sealed.recipients());
        let mut packages = listing.packages().to_vec();
        let package = sealed.package();
        let new = u32::try_from(packages.len()).map_err(io::Error::other)?;
        packages.push(package);
        self.line(&Head {
            format: FORMAT.into(),
            package,
            packages: packages.into(),
            recipients_sha256: recipients_sha256(&recipients),
            series,
        })?;
        sealed.each_file(|entry, digests| {
            let identity = entry.identity();
            let changed = (identity.changed_seconds, identity.changed_nanoseconds);
            let limit = (settled.as_second(), settled.subsec_nanosecond());
            if entry.lapse().is_some()
                || (changed.0, i64::from(changed.1)) >= (limit.0, limit.1.into())
            {
                return Ok(());
            }
            let (path, path_hex) = match std::str::from_utf8(entry.path().as_bytes()) {
                Ok(path) => (Some(path.into()), None),
                Err(_) => (None, Some(bytes_to_hex(entry.path().as_bytes()))),
            };
            let (sha256, parts) = match digests {
                Digests::Whole(digest) => (Some(*digest), None),
                Digests::Parts(parts) => (None, Some(Cow::Borrowed(&**parts))),
            };
            self.files += 1;
            self.line(&Line {
                changed,
                inode: identity.inode,
                modified: entry.modified_exactly(),
                package: entry.held_by().map_or(new, |held| held.package),
                parts,
                path,
                path_hex,
                sha256,
                size: identity.size,
                xattrs: entry.attributes().map(Cow::Borrowed),
            })
        })?;
        let tail = Tail {
            files: self.files,
            sha256: self.hasher.clone().finish().0,
        };
        self.line(&tail)?;
        self.out.flush()
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line)?;
        self.line.push(b'\n');
        self.hasher.update(&self.line);
        self.out.write_all(&self.line)
    }
}

#[cfg(test)]
mod tests;
