//! The inventory: JSON Lines, a header and then a line for each entry. It is
//! encrypted, and it governs: names, types, sizes and places come from here.

use std::borrow::Cow;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Checkpoint, NamedApproval, PackageId};
use crate::diagnostic::Finding;
use crate::digest::{Digest, bytes_to_hex};
use crate::entry::{Attributes, Distinct, EntryKind, Owner};
use crate::framing::Frame;
use crate::inspect::Facts;
use crate::keys::{PASSPHRASE, Recipients};
use crate::layout::Content;
use crate::path::{EntryPath, PathSpan, PathTable};
use crate::statement::Signed;

mod read;

pub use read::{InventoryError, InventoryFault};

/// The longest line, its newline included.
const MAX_LINE: u64 = 64 << 10;

/// What a later version will put where this one has nothing to say; there is
/// no value of it, so that this version refuses what it would not understand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Later {}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Who else agreed to the release, of those whom the sender's policy asks.
    pub approvals: Vec<NamedApproval>,
    /// The bytes of all regular files together.
    pub bytes: u64,
    /// What vouches for the sender's ledger; none of an export by a version
    /// that had no such thing.
    pub checkpoint: Option<Signed<Checkpoint>>,
    /// When the package was made; the same as in the manifest.
    pub created: Timestamp,
    /// How many lines follow.
    pub entries: u64,
    /// What was established about the content.
    pub facts: Facts,
    /// What the decision had to say about it.
    pub findings: Vec<Finding>,
    /// What the sender calls it.
    pub label: Option<String>,
    pub(crate) objections: Option<Later>,
    /// The package this belongs to.
    pub package: PackageId,
    /// SHA-256 of the policy that allowed it.
    pub policy_sha256: Digest,
    /// What it was exported for.
    pub purpose: Option<String>,
    /// Who can open it.
    pub recipients: Vec<NamedKey>,
    /// Who asked for the export.
    pub requester: Option<String>,
    /// The fingerprint of the key that signs the manifest.
    pub signer: String,
}

/// A recipient and its key. A passphrase has the key `passphrase`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedKey {
    /// The recipient string.
    pub key: String,
    /// Who that is, where the sender had a name for them.
    pub name: Option<String>,
}

impl NamedKey {
    /// Whether it stands for a passphrase.
    #[must_use]
    pub fn is_passphrase(&self) -> bool {
        self.key == PASSPHRASE
    }

    /// What the inventory says of these recipients.
    #[must_use]
    pub fn of(recipients: &Recipients) -> Vec<Self> {
        match recipients {
            Recipients::Keys(keys) => keys
                .iter()
                .map(|key| Self {
                    key: key.to_string(),
                    name: key.name().map(str::to_owned),
                })
                .collect(),
            Recipients::Passphrase(_) => vec![Self {
                key: PASSPHRASE.into(),
                name: None,
            }],
        }
    }
}

/// A part of an entry that spans volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) bytes: u64,
    pub(crate) sha256: Digest,
    pub(crate) volume: u32,
}

/// The line of one entry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line<'a> {
    bytes: u64,
    /// Why the content may not be what the file was at any one time.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    lapse: Option<Cow<'a, str>>,
    #[serde(borrow)]
    mode: Cow<'a, str>,
    mtime: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    /// The earlier package that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<PackageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<Cow<'a, [Part]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_hex: Option<String>,
    #[serde(rename = "type")]
    kind: EntryKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    volume: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xattrs: Option<Cow<'a, Attributes>>,
}

impl<'a> Line<'a> {
    /// The line of an entry that is not (yet) placed in a volume.
    pub(crate) fn new(frame: &Frame<'a>) -> Self {
        let (path, path_hex) = text_or_hex(frame.path.as_bytes());
        let (target, target_hex) = match frame.kind {
            EntryKind::Symlink => text_or_hex(frame.target),
            EntryKind::Directory | EntryKind::File => (None, None),
        };
        Self {
            bytes: frame.bytes,
            lapse: None,
            mode: Cow::Owned(format!("{:04o}", frame.mode)),
            mtime: frame.modified,
            offset: None,
            owner: None,
            package: None,
            parts: None,
            path,
            path_hex,
            sha256: None,
            skipped: None,
            target,
            target_hex,
            kind: frame.kind,
            volume: None,
            xattrs: None,
        }
    }

    /// What a backup keeps of it.
    pub(crate) fn kept(
        mut self,
        owner: Option<Owner>,
        attributes: Option<&'a Attributes>,
        lapse: Option<&'a str>,
    ) -> Self {
        self.owner = owner;
        self.xattrs = attributes.map(Cow::Borrowed);
        self.lapse = lapse.map(Cow::Borrowed);
        self
    }

    /// That an earlier package holds it.
    pub(crate) fn held(mut self, package: PackageId) -> Self {
        self.package = Some(package);
        self
    }

    pub(crate) fn skipped(mut self, reason: &'a str) -> Self {
        // A link that could not be read has no target to name.
        (self.target, self.target_hex) = (None, None);
        self.skipped = Some(reason.into());
        self
    }

    pub(crate) fn placed(mut self, volume: u32, offset: u64) -> Self {
        (self.volume, self.offset) = (Some(volume), Some(offset));
        self
    }

    pub(crate) fn whole(mut self, sha256: Digest) -> Self {
        self.sha256 = Some(sha256);
        self
    }

    pub(crate) fn in_parts(mut self, parts: &'a [Part]) -> Self {
        self.parts = Some(Cow::Borrowed(parts));
        self
    }
}

fn text_or_hex(bytes: &[u8]) -> (Option<Cow<'_, str>>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text.into()), None),
        Err(_) => (None, Some(bytes_to_hex(bytes))),
    }
}

/// Writes an inventory line by line.
pub(crate) struct Writer<W> {
    inner: W,
    buffer: Vec<u8>,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn header(&mut self, header: &Header) -> io::Result<()> {
        self.line(header)
    }

    /// A line that would be too long by its attributes is written without them,
    /// and says so.
    pub(crate) fn entry(&mut self, mut line: Line<'_>) -> io::Result<()> {
        encode(&line, &mut self.buffer);
        if self.buffer.len() as u64 > MAX_LINE && line.xattrs.take().is_some() {
            let has_lapses = line.skipped.is_none() && line.package.is_none();
            if has_lapses && line.kind != EntryKind::Symlink {
                line.lapse = Some("its extended attributes are too many to be kept".into());
            }
        }
        self.line(&line)
    }

    pub(crate) fn into_inner(self) -> W {
        self.inner
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        encode(line, &mut self.buffer);
        if self.buffer.len() as u64 > MAX_LINE {
            // Label, purpose, names and parts are bounded where they enter.
            return Err(io::Error::other("an inventory line is longer than 64 KiB"));
        }
        self.inner.write_all(&self.buffer)
    }
}

fn encode(line: &impl Serialize, buffer: &mut Vec<u8>) {
    buffer.clear();
    serde_json::to_writer(&mut *buffer, line).expect("a line has nothing JSON cannot say");
    buffer.push(b'\n');
}

#[derive(Debug)]
struct Stored {
    span: PathSpan,
    bytes: u64,
    modified: i64,
    offset: u64,
    sha256: Option<Digest>,
    /// Index of the first part, and how many there are.
    parts: (u32, u32),
    /// One more than the index of the reason; 0 where it was not left out.
    skipped: u32,
    /// The same of the reason why it is not whole.
    lapse: u32,
    /// The same of the earlier package that holds it.
    package: u32,
    /// The same of its owner, and of its attributes.
    owner: u32,
    attributes: u32,
    mode: u16,
    kind: EntryKind,
}

/// A strictly read inventory.
#[derive(Debug)]
pub struct Inventory {
    header: Header,
    paths: PathTable,
    entries: Vec<Stored>,
    parts: Vec<Part>,
    reasons: Vec<String>,
    packages: Distinct<PackageId>,
    owners: Vec<Owner>,
    attributes: Distinct<Attributes>,
    volumes: Vec<Content>,
}

/// One entry of an [`Inventory`].
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    inventory: &'a Inventory,
    stored: &'a Stored,
}

impl Inventory {
    /// The first line.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The entries in path order.
    #[must_use]
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Record<'_>> + Clone {
        self.entries.iter().map(|stored| Record {
            inventory: self,
            stored,
        })
    }

    pub(crate) fn entry(&self, index: usize) -> Record<'_> {
        Record {
            inventory: self,
            stored: &self.entries[index],
        }
    }

    /// The earlier packages that hold entries of it, in order.
    #[must_use]
    pub fn bases(&self) -> Vec<PackageId> {
        let mut bases = self.packages.all().to_vec();
        bases.sort_unstable();
        bases
    }

    /// Says that the volumes up to number `count`, of which no entry has spoken,
    /// are empty; `entry` is the one that follows.
    fn empty_until(&mut self, count: usize, entry: usize) {
        while self.volumes.len() < count {
            self.volumes.push(Content::Entries(entry..entry));
        }
    }

    /// The same of the last ones, where the manifest has so many volumes.
    pub(crate) fn end_with(&mut self, volumes: usize) {
        self.empty_until(volumes, self.entries.len());
    }

    /// What each volume holds.
    pub(crate) fn volumes(&self) -> &[Content] {
        &self.volumes
    }

    /// Why the file at `path` may not be what it was at any one time, if so.
    #[must_use]
    pub fn lapse_of(&self, path: &[u8]) -> Option<&str> {
        self.entry(self.find(path)?).lapse()
    }

    /// The index of the entry at `path`.
    pub(crate) fn find(&self, path: &[u8]) -> Option<usize> {
        self.entries
            .binary_search_by(|e| self.paths.path(e.span).as_bytes().cmp(path))
            .ok()
    }
}

impl<'a> Record<'a> {
    /// Its path.
    #[must_use]
    pub fn path(&self) -> EntryPath<'a> {
        self.inventory.paths.path(self.stored.span)
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.stored.kind
    }

    /// The size of a file in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.stored.bytes
    }

    /// Permission bits.
    #[must_use]
    pub fn mode(&self) -> u16 {
        self.stored.mode
    }

    /// Modification time, whole seconds since 1970 UTC.
    #[must_use]
    pub fn modified(&self) -> i64 {
        self.stored.modified
    }

    /// Where a link leads.
    #[must_use]
    pub fn target(&self) -> &'a [u8] {
        self.inventory.paths.target(self.stored.span)
    }

    /// Why the sender left it out, if so.
    #[must_use]
    pub fn skipped(&self) -> Option<&'a str> {
        let index = self.stored.skipped.checked_sub(1)?;
        Some(&self.inventory.reasons[index as usize])
    }

    /// Why its content may not be what the file was at any one time, if the
    /// sender says so: it changed while it was read.
    #[must_use]
    pub fn lapse(&self) -> Option<&'a str> {
        let index = self.stored.lapse.checked_sub(1)?;
        Some(&self.inventory.reasons[index as usize])
    }

    /// The earlier package of a chain of backups that holds the file.
    #[must_use]
    pub fn package(&self) -> Option<PackageId> {
        self.inventory.packages.get(self.stored.package).copied()
    }

    /// Whether this package holds it.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.stored.skipped == 0 && self.stored.package == 0
    }

    /// Who owns it, where the sender kept that.
    #[must_use]
    pub fn owner(&self) -> Option<Owner> {
        let index = self.stored.owner.checked_sub(1)?;
        Some(self.inventory.owners[index as usize])
    }

    /// Its extended attributes, where the sender kept them.
    #[must_use]
    pub fn attributes(&self) -> Option<&'a Attributes> {
        self.inventory.attributes.get(self.stored.attributes)
    }

    /// Whether another record is of the same content.
    pub(crate) fn is_same_content(&self, other: &Record<'_>) -> bool {
        self.kind() == other.kind()
            && self.bytes() == other.bytes()
            && self.sha256() == other.sha256()
            && self.parts() == other.parts()
    }

    /// The SHA-256 of a file that lies in one volume.
    #[must_use]
    pub fn sha256(&self) -> Option<Digest> {
        self.stored.sha256
    }

    /// The digests of the parts of a file that spans volumes, with their bytes.
    pub(crate) fn parts(&self) -> &'a [Part] {
        let (start, count) = self.stored.parts;
        &self.inventory.parts[start as usize..][..count as usize]
    }

    /// Where its header stands in its volume's decrypted, decompressed stream.
    pub(crate) fn offset(&self) -> u64 {
        self.stored.offset
    }

    /// What it takes in a tar stream, in bytes; nothing where it is not here.
    pub(crate) fn framed(&self) -> u64 {
        match self.is_here() {
            true => self.frame().framed_len(),
            false => 0,
        }
    }

    /// What the framing needs to know of it.
    pub(crate) fn frame(&self) -> Frame<'a> {
        Frame {
            path: self.path(),
            kind: self.kind(),
            bytes: self.bytes(),
            mode: self.mode(),
            modified: self.modified(),
            target: self.target(),
        }
    }
}

#[cfg(test)]
mod tests;
