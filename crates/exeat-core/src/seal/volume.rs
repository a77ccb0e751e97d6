//! Seals one volume: source → frame → compress → encrypt → hash → member.

use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::ops::Range;

use super::{SealError, Stage, extent, is_sealed_file};
use crate::codec::{Encoder, Level, is_worth_compressing};
use crate::digest::{Digest, Hasher, HashingWriter};
use crate::entry::EntryKind;
use crate::framing::{BLOCK, END, Frame};
use crate::inspect::Inspection;
use crate::keys::encrypt_to;
use crate::layout::{Content, volume_name};
use crate::manifest::Volume;
use crate::progress::Progress;
use crate::source::{Entry, Listing, Source, SourceError};

/// How much is read at once: large enough that calls do not count, small
/// enough to stay in the cache of a core between hashing and encrypting.
const BUFFER: usize = 128 << 10;

/// Everything that the volumes of one package have in common.
pub(super) struct Sealer<'a, S> {
    pub(super) source: &'a Source,
    pub(super) listing: &'a Listing,
    pub(super) stage: &'a S,
    pub(super) recipient: age::x25519::Recipient,
    pub(super) level: Option<Level>,
    /// The index of the last volume, which holds the end of the stream.
    pub(super) last: usize,
    pub(super) inspection: Option<Inspection>,
    pub(super) progress: &'a dyn Progress,
}

/// A volume in staging.
pub(super) struct SealedVolume {
    pub(super) account: Volume,
    /// Of the files, or the piece of a file, that it holds, in order.
    pub(super) digests: Vec<Digest>,
}

impl<S: Stage> Sealer<'_, S> {
    pub(super) fn seal(&self, index: usize, content: &Content) -> Result<SealedVolume, SealError> {
        let name = volume_name(index + 1);
        let failed = |source: io::Error| SealError::Write {
            member: name.clone(),
            source,
        };
        let member = self.stage.create(&name).map_err(failed)?;
        let encrypted = encrypt_to(&self.recipient, HashingWriter::new(member)).map_err(failed)?;
        let encoder = Encoder::new(encrypted, self.level).map_err(failed)?;
        let mut writing = Writing {
            sealer: self,
            out: encoder,
            failed: &failed,
            buffer: vec![0; BUFFER],
            digests: Vec::new(),
        };
        match content {
            Content::Entries(range) => {
                for index in range.clone() {
                    let entry = self.listing.entry(index);
                    if entry.skipped().is_none() {
                        writing.piece(index, 0..extent(&entry).framed)?;
                    }
                }
            }
            Content::Piece { entry, framed } => {
                writing.piece(*entry, framed.clone())?;
            }
        }
        if index == self.last {
            writing.zeros(END)?;
        }
        let Writing { out, digests, .. } = writing;
        let encrypted = out.finish().map_err(failed)?;
        let hashed = encrypted.finish().map_err(failed)?;
        let (member, sha256, bytes) = hashed.finish();
        self.stage.close(member).map_err(failed)?;
        Ok(SealedVolume {
            account: Volume {
                bytes,
                name: name.clone(),
                sha256,
            },
            digests,
        })
    }
}

/// One volume while it is written.
struct Writing<'a, 'f, S, W: Write> {
    sealer: &'a Sealer<'a, S>,
    out: Encoder<W>,
    failed: &'f dyn Fn(io::Error) -> SealError,
    buffer: Vec<u8>,
    digests: Vec<Digest>,
}

impl<S, W: Write> Writing<'_, '_, S, W> {
    /// Writes a range of the framed bytes of an entry: all of them, or a cut.
    fn piece(&mut self, index: usize, framed: Range<u64>) -> Result<(), SealError> {
        let entry = self.sealer.listing.entry(index);
        let extent = extent(&entry);
        if framed.start == 0 {
            let header = Frame::of(&entry).header();
            self.out.write_all(&header).map_err(self.failed)?;
        }
        if entry.kind() == EntryKind::File {
            let data = extent.data_in(&framed);
            let length = data.end - data.start;
            self.file(index, &entry, data)?;
            if framed.end == extent.framed {
                self.zeros(length.next_multiple_of(BLOCK) - length)?;
            }
        }
        Ok(())
    }

    /// Copies, hashes and inspects a range of a file.
    fn file(
        &mut self,
        index: usize,
        entry: &Entry<'_>,
        range: Range<u64>,
    ) -> Result<(), SealError> {
        let sealer = self.sealer;
        sealer.progress.current(&entry.path());
        let mut reader = sealer.source.read_file(entry, range.clone())?;
        let mut inspector = match (&sealer.inspection, range.start) {
            (None, _) => None,
            (Some(inspection), 0) => Some(inspection.begin()),
            (Some(inspection), at) => match inspection.take_over(index, at) {
                Some(inspector) => Some(inspector),
                // Whoever was to hand it over says why not.
                None => return Err(SourceError::Interrupted.into()),
            },
        };
        let mut hasher = Hasher::default();
        loop {
            if sealer.progress.cancelled() {
                return Err(SourceError::Interrupted.into());
            }
            let data = match reader.next(&mut self.buffer)? {
                [] => break,
                data => data,
            };
            hasher.update(data);
            self.out.write_all(data).map_err(self.failed)?;
            if let (Some(inspection), Some(inspector)) = (&sealer.inspection, &mut inspector) {
                inspector.push(inspection, data);
                inspection.advance(data.len() as u64);
            }
            sealer.progress.advance(data.len() as u64);
        }
        if let (Some(inspection), Some(inspector)) = (&sealer.inspection, inspector) {
            match range.end == entry.bytes() {
                true => inspection.end(sealer.source, entry, inspector, sealer.progress)?,
                false => inspection.park(index, range.end, inspector),
            }
        }
        self.digests.push(hasher.finish().0);
        Ok(())
    }

    fn zeros(&mut self, count: u64) -> Result<(), SealError> {
        let zeros = [0_u8; 1024];
        let count = usize::try_from(count).unwrap_or(zeros.len());
        self.out.write_all(&zeros[..count]).map_err(self.failed)
    }
}

/// Compression that fits the content, judged by samples from places spread
/// evenly over its bytes, so that large files count by their size.
pub(super) fn auto_level(source: &Source, listing: &Listing) -> Result<Option<Level>, SealError> {
    const SAMPLES: u64 = 32;
    const SAMPLE: u64 = 32 << 10;
    let step = (listing.bytes() / SAMPLES).max(SAMPLE);
    let mut sample = Vec::new();
    let (mut before, mut at) = (0, 0);
    for entry in listing.entries().filter(is_sealed_file) {
        let end = before + entry.bytes();
        while at < end {
            let mut file = source.open_file(entry.root(), entry.path(), entry.identity())?;
            let read = file
                .seek(SeekFrom::Start(at - before))
                .and_then(|_| file.take(SAMPLE).read_to_end(&mut sample));
            read.map_err(|source| SourceError::Read {
                path: entry.path().to_string(),
                source,
            })?;
            at += step;
        }
        before = end;
    }
    let worth = is_worth_compressing(&sample).map_err(|source| SealError::Write {
        member: volume_name(1),
        source,
    })?;
    Ok(worth.then_some(Level::FAST))
}
