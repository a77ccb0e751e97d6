//! The inventory: JSON Lines, a header and then a line for each entry. It is
//! encrypted, and it governs: names, types, sizes and places come from here.

use std::borrow::Cow;
use std::io::{self, BufRead, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PackageId;
use crate::diagnostic::{Explain, Fault, Finding};
use crate::digest::{Digest, bytes_to_hex, hex_to_bytes};
use crate::entry::{EntryKind, MAX_ENTRIES};
use crate::framing::Frame;
use crate::keys::Recipients;
use crate::layout::{Content, Extent, MAX_PARTS, MAX_VOLUMES};
use crate::path::{EntryPath, MAX_PATH, PathFault, PathSpan, PathTable};

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
    pub(crate) approvals: Vec<Later>,
    /// The bytes of all regular files together.
    pub bytes: u64,
    pub(crate) checkpoint: Option<Later>,
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

/// What was established about the content of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Bytes of all regular files.
    pub bytes: u64,
    /// Regular files.
    pub files: u64,
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
                key: "passphrase".into(),
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
    #[serde(borrow)]
    mode: Cow<'a, str>,
    mtime: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
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
            mode: Cow::Owned(format!("{:04o}", frame.mode)),
            mtime: frame.modified,
            offset: None,
            parts: None,
            path,
            path_hex,
            sha256: None,
            skipped: None,
            target,
            target_hex,
            kind: frame.kind,
            volume: None,
        }
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

    pub(crate) fn entry(&mut self, line: &Line<'_>) -> io::Result<()> {
        self.line(line)
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

/// What is wrong with an inventory, and in which line.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the inventory: {fault}")]
pub struct InventoryError {
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub fault: InventoryFault,
}

/// What can be wrong with a line of an inventory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryFault {
    /// It could not be decrypted, decompressed or read.
    #[error("it cannot be read: {0}")]
    Io(io::Error),
    /// It ends before its last line, or goes on after it.
    #[error("the inventory does not have as many lines as it says")]
    Count,
    /// It is longer than 64 KiB.
    #[error("it is longer than 64 KiB")]
    TooLong,
    /// It is not the JSON that the format asks for.
    #[error("{0}")]
    Json(String),
    /// It could have been written in another way.
    #[error("it is not in its canonical form")]
    NotCanonical,
    /// More entries than a reader takes.
    #[error("more than {MAX_ENTRIES} entries")]
    TooMany,
    /// Its path breaks a rule.
    #[error("the path cannot stand in a package: {0}")]
    Path(PathFault),
    /// Its path does not come after the one before, or lies in no folder.
    #[error("the path is out of order, or lies in no folder of the package")]
    Order,
    /// Its fields contradict each other.
    #[error("the fields contradict each other")]
    Fields,
    /// It does not follow the entry before it in the volumes.
    #[error("the entry does not follow the one before it in the volumes")]
    Place,
    /// It is about another package, signer or content.
    #[error("the inventory belongs to another package or signer, or does not add up")]
    Foreign,
}

impl Explain for InventoryError {
    fn code(&self) -> &'static str {
        "inventory-malformed"
    }

    fn fault(&self) -> Fault {
        Fault::Package
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(
            "do not use this package; ask the sender for another one",
        ))
    }
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
    volumes: Vec<Content>,
}

/// One entry of an [`Inventory`].
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    inventory: &'a Inventory,
    stored: &'a Stored,
}

impl Inventory {
    /// Reads an inventory to its end.
    pub(crate) fn read(reader: impl BufRead) -> Result<Self, InventoryError> {
        let mut lines = Lines {
            reader,
            number: 0,
            line: Vec::new(),
            again: Vec::new(),
        };
        let read_header = |lines: &mut Lines<_>| {
            lines.next()?;
            lines.parse::<Header>()
        };
        let header: Header = read_header(&mut lines).map_err(|f| lines.error(f))?;
        if header.entries > MAX_ENTRIES {
            return Err(lines.error(InventoryFault::TooMany));
        }
        let mut reading = Reading::new(header);
        for _ in 0..reading.inventory.header.entries {
            reading
                .read_entry(&mut lines)
                .map_err(|fault| lines.error(fault))?;
        }
        lines.end().map_err(|fault| lines.error(fault))?;
        reading
            .finish()
            .map_err(|fault| InventoryError { line: 1, fault })
    }

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

    /// What each volume holds.
    pub(crate) fn volumes(&self) -> &[Content] {
        &self.volumes
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

/// Reads lines of bounded length and holds them to the canonical form.
struct Lines<R> {
    reader: R,
    number: u64,
    line: Vec<u8>,
    again: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<(), InventoryFault> {
        self.number += 1;
        self.line.clear();
        let mut limited = io::Read::take(&mut self.reader, MAX_LINE + 1);
        limited
            .read_until(b'\n', &mut self.line)
            .map_err(InventoryFault::Io)?;
        match self.line.last() {
            Some(b'\n') if self.line.len() as u64 <= MAX_LINE => Ok(()),
            Some(_) if self.line.len() as u64 > MAX_LINE => Err(InventoryFault::TooLong),
            _ => Err(InventoryFault::Count),
        }
    }

    fn parse<'a, T: Serialize + Deserialize<'a>>(&'a mut self) -> Result<T, InventoryFault> {
        let value: T = serde_json::from_slice(&self.line)
            .map_err(|error| InventoryFault::Json(super::reason(&error)))?;
        encode(&value, &mut self.again);
        if self.again != self.line {
            return Err(InventoryFault::NotCanonical);
        }
        Ok(value)
    }

    fn end(&mut self) -> Result<(), InventoryFault> {
        match self.reader.fill_buf().map_err(InventoryFault::Io)? {
            [] => Ok(()),
            _ => Err(InventoryFault::Count),
        }
    }

    fn error(&self, fault: InventoryFault) -> InventoryError {
        InventoryError {
            line: self.number,
            fault,
        }
    }
}

/// An inventory as far as it has been read.
struct Reading {
    inventory: Inventory,
    bytes: u64,
    files: u64,
    /// The volume that the next entry may follow in, and where; `None` where
    /// it has to start a new one.
    place: Option<(u32, u64)>,
    /// The last volume used so far.
    last: u32,
}

impl Reading {
    fn new(header: Header) -> Self {
        Self {
            inventory: Inventory {
                header,
                paths: PathTable::default(),
                entries: Vec::new(),
                parts: Vec::new(),
                reasons: Vec::new(),
                volumes: Vec::new(),
            },
            bytes: 0,
            files: 0,
            place: None,
            last: 0,
        }
    }

    fn read_entry(&mut self, lines: &mut Lines<impl BufRead>) -> Result<(), InventoryFault> {
        lines.next()?;
        let line: Line<'_> = lines.parse()?;
        let path = bytes_of(line.path.as_deref(), line.path_hex.as_deref())?
            .ok_or(InventoryFault::Fields)?;
        let target = bytes_of(line.target.as_deref(), line.target_hex.as_deref())?;
        let path = EntryPath::new(&path).map_err(InventoryFault::Path)?;
        self.check_order(path)?;
        let is_link = line.kind == EntryKind::Symlink && line.skipped.is_none();
        let target = match (&target, is_link) {
            (Some(t), true) if !t.is_empty() && t.len() <= MAX_PATH && !t.contains(&0) => &t[..],
            (None, false) => b"",
            _ => return Err(InventoryFault::Fields),
        };
        if line.kind != EntryKind::File && line.bytes != 0 {
            return Err(InventoryFault::Fields);
        }
        let frame = Frame {
            path,
            kind: line.kind,
            bytes: line.bytes,
            mode: parse_mode(&line.mode)?,
            modified: line.mtime,
            target,
        };
        let parts = self.place(&line, &frame)?;
        let skipped = match &line.skipped {
            Some(reason) => self.reason(reason)?,
            None => 0,
        };
        self.inventory.entries.push(Stored {
            span: self.inventory.paths.push(path, target),
            bytes: line.bytes,
            modified: line.mtime,
            offset: line.offset.unwrap_or(0),
            sha256: line.sha256,
            parts,
            skipped,
            mode: frame.mode,
            kind: line.kind,
        });
        Ok(())
    }

    fn check_order(&self, path: EntryPath<'_>) -> Result<(), InventoryFault> {
        let inventory = &self.inventory;
        if let Some(last) = inventory.entries.last()
            && inventory.paths.path(last.span) >= path
        {
            return Err(InventoryFault::Order);
        }
        let Some(parent) = path.parent() else {
            return Ok(());
        };
        let folder = inventory
            .find(parent.as_bytes())
            .map(|i| inventory.entry(i));
        match folder {
            Some(entry) if entry.kind() == EntryKind::Directory && entry.skipped().is_none() => {
                Ok(())
            }
            _ => Err(InventoryFault::Order),
        }
    }

    /// Checks that the entry follows the one before it, and adds it to the
    /// volumes. Returns where its parts are stored.
    fn place(&mut self, line: &Line<'_>, frame: &Frame<'_>) -> Result<(u32, u32), InventoryFault> {
        let index = self.inventory.entries.len();
        let is_file = line.kind == EntryKind::File;
        let (volume, offset) = match (line.volume, line.offset, &line.skipped) {
            (Some(volume), Some(offset), None) => (volume, offset),
            (None, None, Some(_)) if line.sha256.is_none() && line.parts.is_none() => {
                return Ok((0, 0));
            }
            _ => return Err(InventoryFault::Fields),
        };
        if line.bytes > u64::MAX / 4 {
            return Err(InventoryFault::Fields);
        }
        if is_file {
            self.files += 1;
            self.bytes = self
                .bytes
                .checked_add(line.bytes)
                .ok_or(InventoryFault::Fields)?;
        }
        if self.inventory.volumes.len() as u64 > MAX_VOLUMES {
            return Err(InventoryFault::Place);
        }
        let starts_new = volume == self.last + 1 && offset == 0;
        match (&line.parts, line.sha256.is_some()) {
            (None, has_digest) if has_digest == is_file => {
                if self.place == Some((volume, offset)) {
                    match self.inventory.volumes.last_mut() {
                        Some(Content::Entries(range)) => range.end = index + 1,
                        _ => return Err(InventoryFault::Place),
                    }
                } else if starts_new {
                    let range = index..index + 1;
                    self.inventory.volumes.push(Content::Entries(range));
                    self.last = volume;
                } else {
                    return Err(InventoryFault::Place);
                }
                let end = offset
                    .checked_add(frame.framed_len())
                    .ok_or(InventoryFault::Place)?;
                self.place = Some((volume, end));
                Ok((0, 0))
            }
            (Some(parts), false) if is_file && starts_new => self.place_parts(index, frame, parts),
            (Some(_), false) if is_file => Err(InventoryFault::Place),
            _ => Err(InventoryFault::Fields),
        }
    }

    fn place_parts(
        &mut self,
        index: usize,
        frame: &Frame<'_>,
        parts: &[Part],
    ) -> Result<(u32, u32), InventoryFault> {
        if parts.len() < 2 || parts.len() as u64 > MAX_PARTS {
            return Err(InventoryFault::Fields);
        }
        let extent = Extent {
            framed: frame.framed_len(),
            header: frame.header_len(),
            data: frame.bytes,
        };
        let (mut from, mut left) = (0, frame.bytes);
        for (number, part) in parts.iter().enumerate() {
            left = left.checked_sub(part.bytes).ok_or(InventoryFault::Fields)?;
            let to = if number + 1 == parts.len() {
                extent.framed
            } else {
                extent.header + (frame.bytes - left)
            };
            let framed = from..to;
            let data = extent.data_in(&framed);
            if part.volume != self.last + 1
                || part.bytes == 0
                || !to.is_multiple_of(crate::framing::BLOCK)
                || data.end - data.start != part.bytes
            {
                return Err(InventoryFault::Place);
            }
            self.inventory.volumes.push(Content::Piece {
                entry: index,
                framed,
            });
            self.last += 1;
            from = to;
        }
        if left != 0 {
            return Err(InventoryFault::Fields);
        }
        self.place = None;
        let start = self.inventory.parts.len();
        self.inventory.parts.extend_from_slice(parts);
        let short = |n: usize| u32::try_from(n).map_err(|_| InventoryFault::TooMany);
        Ok((short(start)?, short(parts.len())?))
    }

    fn reason(&mut self, reason: &str) -> Result<u32, InventoryFault> {
        if reason.is_empty() || reason.len() > 200 {
            return Err(InventoryFault::Fields);
        }
        let reasons = &mut self.inventory.reasons;
        let index = match reasons.iter().position(|known| known == reason) {
            Some(index) => index,
            // The writer has a handful; a long list would make this slow.
            None if reasons.len() >= 100 => return Err(InventoryFault::Fields),
            None => {
                reasons.push(reason.to_owned());
                reasons.len() - 1
            }
        };
        u32::try_from(index + 1).map_err(|_| InventoryFault::Fields)
    }

    fn finish(mut self) -> Result<Inventory, InventoryFault> {
        let header = &self.inventory.header;
        if header.bytes != self.bytes || header.facts.files != self.files {
            return Err(InventoryFault::Foreign);
        }
        if self.inventory.volumes.is_empty() {
            self.inventory.volumes.push(Content::Entries(0..0));
        }
        Ok(self.inventory)
    }
}

fn parse_mode(text: &str) -> Result<u16, InventoryFault> {
    match u16::from_str_radix(text, 8) {
        Ok(mode) if text.len() == 4 && mode <= 0o777 && text.starts_with('0') => Ok(mode),
        _ => Err(InventoryFault::Fields),
    }
}

/// The bytes of a name given as text or, where it is not UTF-8, in hex.
fn bytes_of<'a>(
    text: Option<&'a str>,
    hex: Option<&str>,
) -> Result<Option<Cow<'a, [u8]>>, InventoryFault> {
    match (text, hex) {
        (None, None) => Ok(None),
        (Some(text), None) => Ok(Some(Cow::Borrowed(text.as_bytes()))),
        (None, Some(hex)) => match hex_to_bytes(hex) {
            // What is UTF-8 has to be given as text: one way to say a thing.
            Some(bytes) if std::str::from_utf8(&bytes).is_err() => Ok(Some(Cow::Owned(bytes))),
            _ => Err(InventoryFault::Fields),
        },
        (Some(_), Some(_)) => Err(InventoryFault::Fields),
    }
}

#[cfg(test)]
mod tests;
