//! Seals what comes through a pipe: one stream of unknown length, cut into
//! volumes as it comes, never kept in the clear.
//!
//! Volumes come one after the other, each shared between threads where there is more
//! than one; those that are left over examine what was cut for inspection.

use std::io::{self, Read};

use super::threads::{filled, helped};
use super::volume::{BUFFER, Sealer, level_for};
use super::{Compress, SealError, SealOptions, Sealed, Stage, complete, facts, inspection};
use crate::decide::Permit;
use crate::digest::{Digest, Hasher, read_some};
use crate::framing::PayloadKind;
use crate::inspect::Inspection;
use crate::keys::PackageKey;
use crate::layout::{self, Content, MAX_PARTS};
use crate::manifest::Volume;
use crate::parallel;
use crate::progress::{Phase, Progress};
use crate::source::{Gone, SourceError};

/// How much is looked at to choose the compression.
const SAMPLE: u64 = 1 << 20;

pub(super) fn seal<S: Stage>(
    mut permit: Permit,
    mut stream: Box<dyn Read + Send>,
    stage: S,
    options: &SealOptions,
    progress: &dyn Progress,
) -> Result<Sealed<S>, SealError> {
    progress.begin(Phase::Sealing, None);
    let mut head = Vec::new();
    let read = stream.by_ref().take(SAMPLE).read_to_end(&mut head);
    read.map_err(|error| stopped(progress).unwrap_or(SourceError::of_stream(error)))?;
    if head.is_empty() {
        return Err(stopped(progress).unwrap_or(SourceError::Nothing).into());
    }
    let level = match options.compress {
        Compress::None => None,
        Compress::Zstd(level) => Some(level),
        Compress::Auto => level_for(&head)?,
    };
    let key = PackageKey::generate();
    let sealer = Sealer {
        listing: &permit.listing,
        stage: &stage,
        recipient: key.recipient(),
        level,
        // It is gone once it is read: nobody can take it apart.
        inspection: inspection(&permit, None),
        progress,
    };
    let mut stream = io::Cursor::new(head).chain(stream);
    let helpers = parallel::threads(options.threads).get() - 1;
    let poured = helped(sealer.inspection.as_ref(), helpers, || {
        read_and_seal(&sealer, &mut stream, options.volume_size, helpers > 0)
    })?;
    let inspected = sealer.inspection;
    permit.listing.set_stream_bytes(poured.bytes);
    let facts = facts(inspected, &permit.listing);
    let Poured {
        contents,
        volumes,
        digests,
        ..
    } = poured;
    let kind = PayloadKind::Raw;
    let content = complete::content_digest(kind, &permit.listing, &contents, &digests);
    Ok(Sealed {
        permit,
        stage,
        key,
        kind,
        level,
        contents,
        volumes,
        digests,
        facts,
        content,
        // Nobody can have seen it beforehand.
        approved: None,
        link: options.link.clone(),
    })
}

/// What a stream became.
struct Poured {
    bytes: u64,
    contents: Vec<Content>,
    volumes: Vec<Volume>,
    /// Of what each volume holds.
    digests: Vec<Digest>,
}

/// Reads, hashes and inspects on this thread, volume by volume; the rest is for others,
/// where the work `is_shared`.
fn read_and_seal<S: Stage>(
    sealer: &Sealer<'_, S>,
    stream: &mut impl Read,
    volume_size: Option<u64>,
    is_shared: bool,
) -> Result<Poured, SealError> {
    let entry = sealer.listing.entry(0);
    sealer.progress.current(&entry.path());
    let inspection = sealer.inspection.as_ref();
    let mut inspector = inspection.map(Inspection::begin);
    let mut next = |buffer: &mut [u8]| {
        let read = fill(&mut *stream, buffer);
        match stopped(sealer.progress) {
            Some(error) => Err(error),
            None => read.map_err(SourceError::of_stream),
        }
    };
    let (mut cuts, mut volumes, mut digests) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = 0_u64;
    let mut buffer = vec![0; BUFFER];
    let mut count = next(&mut buffer)?;
    while count > 0 {
        let size = layout::stream_volume_size(volume_size, bytes);
        if cuts.len() as u64 >= MAX_PARTS {
            return Err(SealError::StreamLength { size });
        }
        let from = bytes;
        let (volume, digest) = filled(sealer, volumes.len(), is_shared, |sink| {
            let mut hasher = Hasher::default();
            // A volume is a whole number of buffers.
            while count > 0 && bytes - from < size {
                let (piece, length) = (&buffer[..count], count as u64);
                hasher.update(piece);
                if let (Some(inspection), Some(inspector)) = (inspection, &mut inspector) {
                    inspector.push(inspection, piece);
                    inspection.advance(length);
                }
                sink.pass(&mut buffer, count)?;
                sealer.progress.advance(length);
                bytes += length;
                count = next(&mut buffer)?;
            }
            Ok(hasher.finish().0)
        })?;
        volumes.push(volume);
        digests.push(digest);
        cuts.push(from..bytes);
    }
    if let (Some(inspection), Some(inspector)) = (inspection, inspector) {
        let path = entry.path().to_string();
        inspection.end_of(&path, bytes, &Gone(entry), inspector, sealer.progress)?;
    }
    let contents = match cuts.len() {
        1 => vec![Content::Entries(0..1)],
        _ => cuts
            .into_iter()
            .map(|framed| Content::Piece { entry: 0, framed })
            .collect(),
    };
    Ok(Poured {
        bytes,
        contents,
        volumes,
        digests,
    })
}

/// Fills the buffer, however small the pieces are that a pipe gives: less only
/// at the end. So volumes are cut at whole blocks.
fn fill(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match read_some(stream, &mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// That somebody wants it to stop, if so: this comes before whatever went
/// wrong because of that.
fn stopped(progress: &dyn Progress) -> Option<SourceError> {
    progress.cancelled().then_some(SourceError::Interrupted)
}
