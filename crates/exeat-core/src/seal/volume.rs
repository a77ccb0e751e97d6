//! Seals one volume: source → frame → compress → encrypt → hash → member.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use super::output::write_error;
use super::threads::{Sink, filled};
use super::{SealError, Stage, extent, is_sealed_file};
use crate::codec::{Level, is_worth_compressing};
use crate::digest::{Digest, Hasher};
use crate::entry::{Attributes, EntryKind};
use crate::framing::{Frame, PayloadKind};
use crate::inspect::{Inspection, Turn};
use crate::layout::{Content, volume_name};
use crate::manifest::Volume;
use crate::progress::Progress;
use crate::source::{Entry, Listing, Reader, SkipReason, Source, SourceError};

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
    pub(super) live: Vec<Live>,
}

/// What is known of a volume when all of it has been read.
struct Filled {
    digests: Vec<Digest>,
    live: Vec<Live>,
}

/// What was learned about an entry of a live source when its turn came.
pub(super) enum Live {
    /// Nothing of it could be read, and nothing of it is in the volume.
    LeftOut(usize, SkipReason),
    /// It may not be what the file was at any one time.
    Lapse(usize, SkipReason),
    Attributes(usize, Arc<Attributes>),
}

impl<S: Stage> FileSealer<'_, S> {
    /// Seals a volume; `is_shared` with two other threads.
    pub(super) fn seal(
        &self,
        index: usize,
        content: &Content,
        is_shared: bool,
    ) -> Result<SealedVolume, SealError> {
        let fill = |sink: &mut dyn Sink| self.fill(index, content, sink);
        let (account, Filled { digests, live }) = filled(&self.common, index, is_shared, fill)?;
        Ok(SealedVolume {
            account,
            digests,
            live,
        })
    }

    fn fill(
        &self,
        index: usize,
        content: &Content,
        out: &mut dyn Sink,
    ) -> Result<Filled, SealError> {
        let mut writing = Writing {
            sealer: self,
            out,
            buffer: vec![0; BUFFER],
            digests: Vec::new(),
            live: Vec::new(),
            last_attributes: None,
        };
        match content {
            Content::Entries(range) => {
                for index in range.clone() {
                    let entry = self.common.listing.entry(index);
                    if entry.is_here() {
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
        let Writing { digests, live, .. } = writing;
        Ok(Filled { digests, live })
    }
}

/// One volume of files while it is read.
struct Writing<'a, S: Stage> {
    sealer: &'a FileSealer<'a, S>,
    out: &'a mut dyn Sink,
    buffer: Vec<u8>,
    digests: Vec<Digest>,
    live: Vec<Live>,
    last_attributes: Option<Arc<Attributes>>,
}

impl<S: Stage> Writing<'_, S> {
    /// Writes a range of the framed bytes of an entry: all of them, or a cut.
    fn piece(&mut self, index: usize, framed: Range<u64>) -> Result<(), SealError> {
        let entry = self.sealer.common.listing.entry(index);
        let extent = extent(PayloadKind::Tar, &entry);
        let data = extent.data_in(&framed);
        let reader = match entry.kind() {
            EntryKind::File => match self.reader(index, &entry, data.clone(), framed.clone())? {
                Some(reader) => Some(reader),
                None => return Ok(()),
            },
            EntryKind::Directory | EntryKind::Symlink => None,
        };
        if framed.start == 0 {
            self.out.write(&Frame::of(&entry).header())?;
        }
        if let Some(reader) = reader {
            let length = data.end - data.start;
            self.file(index, &entry, data, reader)?;
            if framed.end == extent.framed {
                self.zeros(PayloadKind::Tar.padding(length))?;
            }
        }
        Ok(())
    }

    /// Opens a file to read a range of it; `None` where it is left out.
    fn reader<'e>(
        &mut self,
        index: usize,
        entry: &Entry<'e>,
        data: Range<u64>,
        framed: Range<u64>,
    ) -> Result<Option<Reader<'e>>, SealError> {
        let source = self.sealer.source;
        self.sealer.common.progress.current(&entry.path());
        if !self.sealer.common.listing.is_live() {
            return Ok(Some(source.read_file(entry, data)?));
        }
        match source.read_live(entry, data.clone()) {
            Ok(mut reader) => {
                if data.start == 0 && self.sealer.common.listing.keeps_owner() {
                    let attributes = reader.attributes();
                    if !attributes.is_empty() {
                        // Those of one file are often those of the next.
                        if self.last_attributes.as_deref() != Some(&attributes) {
                            self.last_attributes = Some(Arc::new(attributes));
                        }
                        let kept = self.last_attributes.clone();
                        self.live
                            .extend(kept.map(|all| Live::Attributes(index, all)));
                    }
                }
                Ok(Some(reader))
            }
            Err(reason) if framed == (0..extent(PayloadKind::Tar, entry).framed) => {
                self.live.push(Live::LeftOut(index, reason));
                Ok(None)
            }
            // Others have begun to write parts of it.
            Err(SkipReason::Vanished) => Err(SourceError::Changed {
                path: entry.path().to_string(),
            }
            .into()),
            Err(reason) => Err(SourceError::Read {
                path: entry.path().to_string(),
                source: io::Error::other(reason.text()),
            }
            .into()),
        }
    }

    /// Copies, hashes and inspects a range of a file.
    fn file(
        &mut self,
        index: usize,
        entry: &Entry<'_>,
        range: Range<u64>,
        mut reader: Reader<'_>,
    ) -> Result<(), SealError> {
        let (sealer, source) = (&self.sealer.common, self.sealer.source);
        let is_last = range.end == entry.bytes();
        let mut inspector = match (&sealer.inspection, range.start) {
            (None, _) => None,
            (Some(inspection), 0) => Some(inspection.begin()),
            (Some(inspection), at) => match inspection.take_over(index, at, is_last) {
                Some(Turn::Inspect(inspector)) => Some(inspector),
                Some(Turn::NotNeeded) => None,
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
            let count = data.len();
            if let Some(inspection) = &sealer.inspection {
                if let Some(inspector) = &mut inspector {
                    inspector.push(inspection, data);
                }
                inspection.advance(count as u64);
                // Nobody need wait for the one that looks at no more.
                if !is_last && let Some(done) = inspector.take_if(|inspector| inspector.is_done()) {
                    inspection.park(index, None, done);
                }
            }
            self.out.pass(&mut self.buffer, count)?;
            sealer.progress.advance(count as u64);
        }
        if let (Some(inspection), Some(inspector)) = (&sealer.inspection, inspector) {
            match is_last {
                true if sealer.listing.is_live() => {
                    inspection.end_live(source, entry, inspector, sealer.progress)?;
                }
                true => inspection.end(source, entry, inspector, sealer.progress)?,
                false => inspection.park(index, Some(range.end), inspector),
            }
        }
        if let Some(reason) = reader.lapse() {
            self.live.push(Live::Lapse(index, reason));
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
            let sampled = sample_of(source, &entry, at - before..at - before + SAMPLE);
            match sampled {
                Ok(bytes) => sample.extend(bytes),
                // Whatever happens to it shows when its turn comes.
                Err(_) if listing.is_live() => {}
                Err(error) => return Err(error.into()),
            }
            at += step;
        }
        before = end;
    }
    level_for(&sample)
}

fn sample_of(
    source: &Source,
    entry: &Entry<'_>,
    range: Range<u64>,
) -> Result<Vec<u8>, SourceError> {
    let mut file = source.open_file(entry.root(), entry.path(), entry.identity())?;
    let mut sample = Vec::new();
    let read = file
        .seek(SeekFrom::Start(range.start))
        .and_then(|_| file.take(range.end - range.start).read_to_end(&mut sample));
    read.map_err(|source| SourceError::Read {
        path: entry.path().to_string(),
        source,
    })?;
    Ok(sample)
}

/// Compression that fits a sample of the content.
pub(super) fn level_for(sample: &[u8]) -> Result<Option<Level>, SealError> {
    let worth = is_worth_compressing(sample).map_err(|e| write_error(&volume_name(1), e))?;
    Ok(worth.then_some(Level::FAST))
}
