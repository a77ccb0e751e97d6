//! Seals one volume: source → frame → compress → encrypt → hash → member.

use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::ops::Range;

use super::{SealError, Stage, extent, is_sealed_file};
use crate::codec::{Encoder, Level, is_worth_compressing};
use crate::digest::{Digest, Hasher, HashingWriter};
use crate::entry::EntryKind;
use crate::framing::{Frame, PayloadKind};
use crate::inspect::Inspection;
use crate::keys::encrypt_to;
use crate::layout::{Content, volume_name};
use crate::manifest::Volume;
use crate::progress::Progress;
use crate::source::{Entry, Listing, Source, SourceError};

/// How much is read at once: large enough that calls do not count, small
/// enough to stay in the cache of a core between hashing and encrypting.
pub(super) const BUFFER: usize = 128 << 10;

/// Everything that the volumes of one package have in common.
pub(super) struct Sealer<'a, S> {
    pub(super) listing: &'a Listing,
    pub(super) stage: &'a S,
    pub(super) recipient: age::x25519::Recipient,
    pub(super) level: Option<Level>,
    pub(super) inspection: Option<Inspection>,
    pub(super) progress: &'a dyn Progress,
}

/// The same for volumes of files.
pub(super) struct FileSealer<'a, S> {
    pub(super) common: Sealer<'a, S>,
    pub(super) source: &'a Source,
    /// The index of the last volume, which holds the end of the stream.
    pub(super) last: usize,
    /// How many zeros end the stream.
    pub(super) zeros: u64,
}

/// A volume in staging.
pub(super) struct SealedVolume {
    pub(super) account: Volume,
    /// Of the files, or the piece of a file, that it holds, in order.
    pub(super) digests: Vec<Digest>,
}

impl<S: Stage> FileSealer<'_, S> {
    pub(super) fn seal(&self, index: usize, content: &Content) -> Result<SealedVolume, SealError> {
        let mut writing = Writing {
            sealer: self,
            out: self.common.begin(index)?,
            buffer: vec![0; BUFFER],
            digests: Vec::new(),
        };
        match content {
            Content::Entries(range) => {
                for index in range.clone() {
                    let entry = self.common.listing.entry(index);
                    if entry.skipped().is_none() {
                        let framed = 0..extent(PayloadKind::Tar, &entry).framed;
                        writing.piece(index, framed)?;
                    }
                }
            }
            Content::Piece { entry, framed } => {
                writing.piece(*entry, framed.clone())?;
            }
        }
        if index == self.last {
            writing.zeros(self.zeros)?;
        }
        let Writing { out, digests, .. } = writing;
        Ok(SealedVolume {
            account: out.finish(self.common.stage)?,
            digests,
        })
    }
}

impl<S: Stage> Sealer<'_, S> {
    /// Begins volume `index`, counted from 0.
    pub(super) fn begin(&self, index: usize) -> Result<Output<S::Member>, SealError> {
        let name = volume_name(index + 1);
        let begun = self.stage.create(&name).and_then(|member| {
            let encrypted = encrypt_to(&self.recipient, HashingWriter::new(member))?;
            Encoder::new(encrypted, self.level)
        });
        match begun {
            Ok(out) => Ok(Output { name, out }),
            Err(error) => Err(write_error(&name, error)),
        }
    }
}

/// A volume while it is written: compressed, encrypted, hashed.
pub(super) struct Output<M: Write> {
    name: String,
    out: Encoder<age::stream::StreamWriter<HashingWriter<M>>>,
}

impl<M: Write> Output<M> {
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), SealError> {
        let written = self.out.write_all(bytes);
        written.map_err(|error| write_error(&self.name, error))
    }

    /// Ends the volume.
    pub(super) fn finish(self, stage: &impl Stage<Member = M>) -> Result<Volume, SealError> {
        let Self { name, out } = self;
        let finished = out.finish().and_then(|out| {
            let (member, sha256, bytes) = out.finish()?.finish();
            stage.close(member)?;
            Ok((sha256, bytes))
        });
        match finished {
            Ok((sha256, bytes)) => Ok(Volume {
                bytes,
                name,
                sha256,
            }),
            Err(error) => Err(write_error(&name, error)),
        }
    }
}

fn write_error(member: &str, source: io::Error) -> SealError {
    SealError::Write {
        member: member.to_owned(),
        source,
    }
}

/// One volume of files while it is written.
struct Writing<'a, S: Stage> {
    sealer: &'a FileSealer<'a, S>,
    out: Output<S::Member>,
    buffer: Vec<u8>,
    digests: Vec<Digest>,
}

impl<S: Stage> Writing<'_, S> {
    /// Writes a range of the framed bytes of an entry: all of them, or a cut.
    fn piece(&mut self, index: usize, framed: Range<u64>) -> Result<(), SealError> {
        let entry = self.sealer.common.listing.entry(index);
        let extent = extent(PayloadKind::Tar, &entry);
        if framed.start == 0 {
            self.out.write(&Frame::of(&entry).header())?;
        }
        if entry.kind() == EntryKind::File {
            let data = extent.data_in(&framed);
            let length = data.end - data.start;
            self.file(index, &entry, data)?;
            if framed.end == extent.framed {
                self.zeros(PayloadKind::Tar.padding(length))?;
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
        let (sealer, source) = (&self.sealer.common, self.sealer.source);
        sealer.progress.current(&entry.path());
        let mut reader = source.read_file(entry, range.clone())?;
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
            self.out.write(data)?;
            if let (Some(inspection), Some(inspector)) = (&sealer.inspection, &mut inspector) {
                inspector.push(inspection, data);
                inspection.advance(data.len() as u64);
            }
            sealer.progress.advance(data.len() as u64);
        }
        if let (Some(inspection), Some(inspector)) = (&sealer.inspection, inspector) {
            match range.end == entry.bytes() {
                true => inspection.end(source, entry, inspector, sealer.progress)?,
                false => inspection.park(index, range.end, inspector),
            }
        }
        self.digests.push(hasher.finish().0);
        Ok(())
    }

    fn zeros(&mut self, mut count: u64) -> Result<(), SealError> {
        let zeros = [0_u8; 8192];
        while count > 0 {
            let some = usize::try_from(count).map_or(zeros.len(), |count| count.min(zeros.len()));
            self.out.write(&zeros[..some])?;
            count -= some as u64;
        }
        Ok(())
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
    level_for(&sample)
}

/// Compression that fits a sample of the content.
pub(super) fn level_for(sample: &[u8]) -> Result<Option<Level>, SealError> {
    let worth = is_worth_compressing(sample).map_err(|e| write_error(&volume_name(1), e))?;
    Ok(worth.then_some(Level::FAST))
}
