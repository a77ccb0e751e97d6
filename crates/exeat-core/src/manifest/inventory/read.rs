//! The strict reader of inventories: bounded before it stores, and exact.

use std::borrow::Cow;
use std::io::{self, BufRead};

use serde::{Deserialize, Serialize};

use super::super::{MAX_APPROVALS, MAX_BASES, PackageId};
use super::{Header, Inventory, Line, MAX_LINE, Part, Stored, encode};
use crate::diagnostic::{Explain, Fault};
use crate::digest::hex_to_bytes;
use crate::entry::{Distinct, EntryKind, MAX_ENTRIES};
use crate::framing::{BLOCK, Frame, PayloadKind};
use crate::layout::{Content, MAX_PARTS, MAX_VOLUMES};
use crate::path::{EntryPath, MAX_PATH, PathFault, PathTable};

/// The most bytes of content, all files together: more than any file system
/// holds, and small enough that sums of a few such numbers do not overflow.
const MAX_BYTES: u64 = 1 << 60;

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
    /// More approvals than a release takes.
    #[error("more than {MAX_APPROVALS} approvals")]
    Approvals,
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
    /// An earlier package that the manifest does not name.
    #[error("the entry lies in a package that the manifest does not name")]
    Base,
    /// Owner or attributes that no file has.
    #[error("the owner or the attributes are none that a file could have")]
    Attributes,
    /// It is about another package or signer.
    #[error("the inventory belongs to another package, or to one by another signer")]
    Foreign,
    /// Its files, bytes or volumes are not those that it, or the manifest, says.
    #[error("the inventory does not add up")]
    Sums,
}

impl Explain for InventoryError {
    fn code(&self) -> &'static str {
        match self.fault {
            InventoryFault::Foreign => "inventory-foreign",
            _ => "inventory-malformed",
        }
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

impl Inventory {
    /// Reads an inventory to its end: that of a payload of this kind.
    pub(crate) fn read(reader: impl BufRead, kind: PayloadKind) -> Result<Self, InventoryError> {
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
        if header.approvals.len() > MAX_APPROVALS {
            return Err(lines.error(InventoryFault::Approvals));
        }
        if header.entries > MAX_ENTRIES {
            return Err(lines.error(InventoryFault::TooMany));
        }
        let mut reading = Reading::new(header, kind);
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
            .map_err(|error| InventoryFault::Json(super::super::reason(&error)))?;
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
    kind: PayloadKind,
    bytes: u64,
    files: u64,
    /// Bytes of the files that earlier packages hold.
    held: u64,
    /// The volume that the next entry may follow in, and where; `None` where
    /// it has to start a new one.
    place: Option<(u32, u64)>,
    /// The last volume used so far.
    last: u32,
}

impl Reading {
    fn new(header: Header, kind: PayloadKind) -> Self {
        Self {
            kind,
            inventory: Inventory {
                header,
                paths: PathTable::default(),
                entries: Vec::new(),
                parts: Vec::new(),
                reasons: Vec::new(),
                packages: Distinct::default(),
                owners: Vec::new(),
                attributes: Distinct::default(),
                volumes: Vec::new(),
            },
            bytes: 0,
            files: 0,
            held: 0,
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
        let can_lapse =
            line.kind != EntryKind::Symlink && line.skipped.is_none() && line.package.is_none();
        let lapse = match &line.lapse {
            Some(reason) if can_lapse => self.reason(reason)?,
            Some(_) => return Err(InventoryFault::Fields),
            None => 0,
        };
        let package = self.package(line.package)?;
        let owner = match line.owner {
            Some(owner) if owner.is_valid() => push(&mut self.inventory.owners, owner)?,
            Some(_) => return Err(InventoryFault::Attributes),
            None => 0,
        };
        let attributes = match &line.xattrs {
            Some(all) if !all.is_empty() && all.decoded().is_some() => {
                self.inventory.attributes.keep(all.as_ref())
            }
            Some(_) => return Err(InventoryFault::Attributes),
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
            lapse,
            package,
            owner,
            attributes,
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
        let is_skipped = line.skipped.is_some();
        if line.bytes > MAX_BYTES {
            return Err(InventoryFault::Fields);
        }
        let (volume, offset) = match (line.volume, line.offset, is_skipped, line.package) {
            (Some(volume), Some(offset), false, None) => (volume, offset),
            (None, None, true, None) if line.sha256.is_none() && line.parts.is_none() => {
                return Ok((0, 0));
            }
            (None, None, false, Some(_)) if is_file => return self.held_parts(line),
            _ => return Err(InventoryFault::Fields),
        };
        if is_file {
            self.files += 1;
            self.bytes = self
                .bytes
                .checked_add(line.bytes)
                .filter(|&bytes| bytes <= MAX_BYTES)
                .ok_or(InventoryFault::Fields)?;
        }
        if self.inventory.volumes.len() as u64 > MAX_VOLUMES {
            return Err(InventoryFault::Place);
        }
        // Nothing was left of what was to be in those between.
        let starts_new = volume > self.last && u64::from(volume) <= MAX_VOLUMES && offset == 0;
        if starts_new {
            self.inventory.empty_until(volume as usize - 1, index);
            self.last = volume - 1;
        }
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
                    .checked_add(self.kind.extent(frame).framed)
                    .ok_or(InventoryFault::Place)?;
                self.place = Some((volume, end));
                Ok((0, 0))
            }
            (Some(parts), false) if is_file && starts_new => self.place_parts(index, frame, parts),
            (Some(_), false) if is_file => Err(InventoryFault::Place),
            _ => Err(InventoryFault::Fields),
        }
    }

    /// The digests of a file that an earlier package holds, as it has them.
    fn held_parts(&mut self, line: &Line<'_>) -> Result<(u32, u32), InventoryFault> {
        // As of the others: whoever opens all of it sums them up.
        self.held = self
            .held
            .checked_add(line.bytes)
            .filter(|&held| held <= MAX_BYTES)
            .ok_or(InventoryFault::Fields)?;
        match (&line.parts, line.sha256) {
            (None, Some(_)) => Ok((0, 0)),
            (Some(parts), None) if (2..=MAX_PARTS).contains(&(parts.len() as u64)) => {
                let total = parts
                    .iter()
                    .try_fold(0_u64, |sum, part| sum.checked_add(part.bytes));
                let in_a_row = parts
                    .windows(2)
                    .all(|pair| Some(pair[1].volume) == pair[0].volume.checked_add(1));
                match total == Some(line.bytes) && in_a_row {
                    true => self.keep_parts(parts),
                    false => Err(InventoryFault::Fields),
                }
            }
            _ => Err(InventoryFault::Fields),
        }
    }

    fn keep_parts(&mut self, parts: &[Part]) -> Result<(u32, u32), InventoryFault> {
        let start = self.inventory.parts.len();
        self.inventory.parts.extend_from_slice(parts);
        let short = |n: usize| u32::try_from(n).map_err(|_| InventoryFault::TooMany);
        Ok((short(start)?, short(parts.len())?))
    }

    /// One more than the index of an earlier package; 0 for none.
    fn package(&mut self, package: Option<PackageId>) -> Result<u32, InventoryFault> {
        let Some(package) = package else {
            return Ok(0);
        };
        let place = self.inventory.packages.keep(&package);
        match self.inventory.packages.all().len() > MAX_BASES {
            true => Err(InventoryFault::Base),
            false => Ok(place),
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
        let extent = self.kind.extent(frame);
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
                || !(to.is_multiple_of(BLOCK) || to == extent.framed)
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
        self.keep_parts(parts)
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

    /// What a raw payload holds: one file in no folder.
    fn is_one_stream(&self) -> bool {
        match self.inventory.entries.as_slice() {
            [entry] => entry.kind == EntryKind::File && entry.skipped == 0 && entry.package == 0,
            _ => false,
        }
    }

    fn finish(mut self) -> Result<Inventory, InventoryFault> {
        let header = &self.inventory.header;
        let facts = &header.facts;
        let adds_up =
            header.bytes == self.bytes && facts.bytes == self.bytes && facts.files == self.files;
        if !adds_up {
            return Err(InventoryFault::Sums);
        }
        if self.kind == PayloadKind::Raw && !self.is_one_stream() {
            return Err(InventoryFault::Fields);
        }
        if self.inventory.volumes.is_empty() {
            self.inventory.volumes.push(Content::Entries(0..0));
        }
        Ok(self.inventory)
    }
}

/// Stores something, and gives one more than its index.
fn push<T>(all: &mut Vec<T>, one: T) -> Result<u32, InventoryFault> {
    all.push(one);
    u32::try_from(all.len()).map_err(|_| InventoryFault::TooMany)
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
