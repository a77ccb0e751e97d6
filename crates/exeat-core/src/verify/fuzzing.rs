//! For `tests/fuzz`: flat archives, and payloads against their inventories.

use std::io::Cursor;
use std::path::Path;

use super::archive::Archive;
use super::content::{Stream, Visitor, pieces};
use super::{BUFFER, VerifyError};
use crate::codec::{Decoder, Encoder, Level};
use crate::digest::Digest;
use crate::entry::EntryKind;
use crate::framing::{Frame, PayloadKind};
use crate::fuzzing::in_memory;
use crate::layout::{self, Content};
use crate::manifest::{Compression, Header, Inventory, Line, Part, Record, Writer};
use crate::path::EntryPath;
use crate::progress::Silent;

/// A member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: Vec<u8>,
    /// Where it begins.
    pub start: u64,
    /// How long it is.
    pub bytes: u64,
}

fn members(archive: &Archive) -> Vec<Member> {
    let spans = archive.spans();
    spans
        .map(|(name, start, bytes)| Member {
            name: name.to_vec(),
            start,
            bytes,
        })
        .collect()
}

/// Reads an archive that is a file.
///
/// # Errors
/// As whoever reads a package has them.
pub fn archive(bytes: &[u8]) -> Result<Vec<Member>, VerifyError> {
    let path = Path::new("archive");
    let file = in_memory(bytes).map_err(|source| VerifyError::Open {
        path: path.to_owned(),
        source,
    })?;
    std::io::Seek::rewind(&mut &file).map_err(|source| VerifyError::Open {
        path: path.to_owned(),
        source,
    })?;
    Archive::read(file, path).map(|archive| members(&archive))
}

/// Reads an archive that comes through a pipe, and is kept in `folder`.
///
/// # Errors
/// As whoever reads a package has them.
pub fn piped_archive(mut bytes: &[u8], folder: &Path) -> Result<Vec<Member>, VerifyError> {
    Archive::receive(&mut bytes, folder, &Silent).map(|archive| members(&archive))
}

/// An entry of a payload that is to be made.
#[derive(Debug, Clone)]
pub struct PayloadEntry {
    /// Its path; what breaks the rules is left out.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// The content of a file.
    pub data: Vec<u8>,
    /// Where a link leads.
    pub target: Vec<u8>,
    /// Its mode.
    pub mode: u16,
    /// Seconds since 1970.
    pub modified: i64,
}

/// A payload, and the inventory that is true of it.
#[derive(Debug, Clone)]
pub struct Payload {
    /// The inventory, its lines not compressed.
    pub inventory: Vec<u8>,
    /// What each volume holds, not compressed.
    pub volumes: Vec<Vec<u8>>,
}

impl Payload {
    /// Makes a payload of entries that are in order. `header` is the first line
    /// of some inventory; `volume` the size of a volume, in blocks.
    ///
    /// `None` where a payload cannot hold that.
    #[must_use]
    pub fn new(
        header: &[u8],
        entries: &[PayloadEntry],
        kind: PayloadKind,
        volume: u64,
    ) -> Option<Self> {
        if kind == PayloadKind::Raw && entries.iter().any(|entry| entry.data.is_empty()) {
            // The writer has a rule of its own for a stream without a byte.
            return None;
        }
        let mut header: Header = serde_json::from_slice(header).ok()?;
        let frames: Vec<_> = entries.iter().map(frame).collect::<Option<_>>()?;
        let streams = entries.iter().zip(&frames);
        let streams: Vec<_> = streams
            .map(|(entry, frame)| stream(entry, frame, kind))
            .collect();
        let extents = frames.iter().map(|frame| kind.extent(frame));
        let plan = layout::plan(extents, volume.max(1) * crate::framing::BLOCK);
        let files = || entries.iter().filter(|entry| entry.kind == EntryKind::File);
        header.entries = entries.len() as u64;
        header.bytes = files().map(|entry| entry.data.len() as u64).sum();
        header.facts.bytes = header.bytes;
        header.facts.files = files().count() as u64;
        let mut inventory = Writer::new(Vec::new());
        inventory.header(&header).ok()?;
        let mut volumes = Vec::new();
        let mut parts = Vec::new();
        for (number, content) in (1..).zip(&plan) {
            let mut bytes = Vec::new();
            match content {
                Content::Entries(range) => {
                    for index in range.clone() {
                        let line = Line::new(&frames[index]).placed(number, bytes.len() as u64);
                        let is_file = frames[index].kind == EntryKind::File;
                        let line = match is_file {
                            true => line.whole(Digest::of(&entries[index].data)),
                            false => line,
                        };
                        inventory.entry(line).ok()?;
                        bytes.extend_from_slice(&streams[index]);
                    }
                }
                Content::Piece { entry, framed } => {
                    let (frame, data) = (&frames[*entry], &entries[*entry].data);
                    let extent = kind.extent(frame);
                    let of_data = extent.data_in(framed);
                    parts.push(Part {
                        bytes: of_data.end - of_data.start,
                        sha256: Digest::of(data.get(range(&of_data)?)?),
                        volume: number,
                    });
                    bytes.extend_from_slice(streams[*entry].get(range(framed)?)?);
                    if framed.end == extent.framed {
                        let first = parts.first()?.volume;
                        let line = Line::new(frame).placed(first, 0).in_parts(&parts);
                        inventory.entry(line).ok()?;
                        parts.clear();
                    }
                }
            }
            volumes.push(bytes);
        }
        let zeros = usize::try_from(kind.end()).ok()?;
        let last = volumes.last_mut()?;
        last.resize(last.len() + zeros, 0);
        Some(Self {
            inventory: inventory.into_inner(),
            volumes,
        })
    }
}

fn range(wide: &std::ops::Range<u64>) -> Option<std::ops::Range<usize>> {
    Some(usize::try_from(wide.start).ok()?..usize::try_from(wide.end).ok()?)
}

fn frame(entry: &PayloadEntry) -> Option<Frame<'_>> {
    Some(Frame {
        path: EntryPath::new(&entry.path).ok()?,
        kind: entry.kind,
        bytes: entry.data.len() as u64,
        mode: entry.mode,
        modified: entry.modified,
        target: &entry.target,
    })
}

/// An entry as it stands in the stream.
fn stream(entry: &PayloadEntry, frame: &Frame<'_>, kind: PayloadKind) -> Vec<u8> {
    let mut bytes = kind.header(frame);
    bytes.extend_from_slice(&entry.data);
    let padding = usize::try_from(kind.padding(entry.data.len() as u64));
    bytes.resize(bytes.len() + padding.unwrap_or_default(), 0);
    bytes
}

/// What came out of a payload: paths, and the content of files.
#[derive(Default)]
struct Kept(Vec<(Vec<u8>, Vec<u8>)>);

impl<'p> Visitor<'p> for Kept {
    type Error = VerifyError;

    fn begin(&mut self, record: Record<'p>, at: u64) -> Result<(), VerifyError> {
        let path = record.path().as_bytes();
        let goes_on = at > 0 && self.0.last().is_some_and(|(last, _)| last == path);
        if !goes_on {
            self.0.push((path.to_vec(), Vec::new()));
        }
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), VerifyError> {
        let (_, data) = self.0.last_mut().expect("begun");
        data.extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self) -> Result<(), VerifyError> {
        Ok(())
    }
}

/// Reads volumes against an inventory: those for which `wanted` is true, or
/// all, to their ends. Gives files and their content.
///
/// `level`: the volumes are compressed first; `is_compressed`: they are already.
///
/// # Errors
/// As whoever reads a package has them.
pub fn read_payload(
    inventory: &Inventory,
    kind: PayloadKind,
    volumes: &[Vec<u8>],
    level: Option<Level>,
    is_compressed: bool,
    wanted: Option<&[bool]>,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>, VerifyError> {
    let mut kept = Kept::default();
    for (index, plain) in volumes.iter().enumerate().take(inventory.volumes().len()) {
        let mut encoder = Encoder::new(Vec::new(), level).expect("enough memory");
        std::io::Write::write_all(&mut encoder, plain).expect("enough memory");
        let bytes = encoder.finish().expect("enough memory");
        let compression = match level.is_some() || is_compressed {
            true => Compression::Zstd,
            false => Compression::None,
        };
        let decoder = Decoder::new(Cursor::new(bytes), compression);
        let mut stream = Stream {
            plaintext: &mut decoder.expect("enough memory"),
            position: 0,
            buffer: vec![0; BUFFER],
            volume: "volume",
            kind,
            number: u32::try_from(index + 1).expect("few"),
            progress: &Silent,
        };
        stream.entries(inventory, pieces(inventory, index, wanted), &mut kept)?;
        if wanted.is_none() {
            stream.rest(inventory, index)?;
        }
    }
    Ok(kept.0)
}
