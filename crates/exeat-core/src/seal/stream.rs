//! Seals what comes through a pipe: one stream of unknown length, cut into
//! volumes as it comes, never kept in the clear.
//!
//! One thread reads, hashes and cuts for inspection, another one compresses and
//! encrypts; the rest, if there are any, examine what was cut.

use std::io::{self, Read};
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, Receiver, SendError, Sender, SyncSender};

use super::threads::{WAITING, helped};
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
use crate::stack;

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
        read_and_seal(&sealer, &mut stream, options.volume_size)
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

/// What the thread that reads tells the one that seals. Where no cut follows
/// the last piece, that volume is given up.
enum Step {
    /// A piece of the stream.
    Piece(Vec<u8>),
    /// The volume ends here.
    Cut,
}

/// Reads, hashes and inspects on this thread; compresses, encrypts and hashes
/// again on another one.
fn read_and_seal<S: Stage>(
    sealer: &Sealer<'_, S>,
    stream: &mut impl Read,
    volume_size: Option<u64>,
) -> Result<Poured, SealError> {
    let (send, steps) = mpsc::sync_channel(WAITING);
    let (give_back, spare) = mpsc::channel();
    let (read, sealed) = std::thread::scope(|scope| {
        let seal = || {
            let sealed = seal_steps(sealer, steps, give_back);
            // The system keeps the stack for the next thread.
            stack::wipe();
            sealed
        };
        let sealing = std::thread::Builder::new().spawn_scoped(scope, seal);
        let sealing = sealing.map_err(|source| SealError::Thread { source })?;
        let read = read_all(sealer, stream, volume_size, send, &spare);
        let sealed = sealing.join();
        Ok::<_, SealError>((read, sealed.unwrap_or_else(|fault| resume_unwind(fault))))
    })?;
    // What stopped the one that seals stopped the one that reads.
    let (volumes, read) = (sealed?, read?);
    let Reading {
        bytes,
        cuts,
        digests,
    } = read;
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

/// What was read.
struct Reading {
    bytes: u64,
    cuts: Vec<Range<u64>>,
    digests: Vec<Digest>,
}

fn read_all<S: Stage>(
    sealer: &Sealer<'_, S>,
    stream: &mut impl Read,
    volume_size: Option<u64>,
    send: SyncSender<Step>,
    spare: &Receiver<Vec<u8>>,
) -> Result<Reading, SealError> {
    let entry = sealer.listing.entry(0);
    sealer.progress.current(&entry.path());
    let inspection = sealer.inspection.as_ref();
    let mut inspector = inspection.map(Inspection::begin);
    let mut next = || {
        let mut buffer = spare.try_recv().unwrap_or_default();
        buffer.resize(BUFFER, 0);
        let read = fill(&mut *stream, &mut buffer);
        match (read, stopped(sealer.progress)) {
            (_, Some(error)) => Err(error),
            (Ok(count), None) => {
                buffer.truncate(count);
                Ok(buffer)
            }
            (Err(error), None) => Err(SourceError::of_stream(error)),
        }
    };
    // Whoever seals has stopped, and says why.
    let gone = |_: SendError<Step>| SealError::from(SourceError::Interrupted);
    let (mut cuts, mut digests) = (Vec::new(), Vec::new());
    let mut bytes = 0_u64;
    let mut piece = next()?;
    while !piece.is_empty() {
        let size = layout::stream_volume_size(volume_size, bytes);
        if cuts.len() as u64 >= MAX_PARTS {
            return Err(SealError::StreamLength { size });
        }
        let mut hasher = Hasher::default();
        let from = bytes;
        // A volume is a whole number of buffers.
        while !piece.is_empty() && bytes - from < size {
            hasher.update(&piece);
            let count = piece.len() as u64;
            if let (Some(inspection), Some(inspector)) = (inspection, &mut inspector) {
                inspector.push(inspection, &piece);
                inspection.advance(count);
            }
            send.send(Step::Piece(piece)).map_err(gone)?;
            sealer.progress.advance(count);
            bytes += count;
            piece = next()?;
        }
        send.send(Step::Cut).map_err(gone)?;
        digests.push(hasher.finish().0);
        cuts.push(from..bytes);
    }
    drop(send);
    if let (Some(inspection), Some(inspector)) = (inspection, inspector) {
        let path = entry.path().to_string();
        inspection.end_of(&path, bytes, &Gone(entry), inspector, sealer.progress)?;
    }
    Ok(Reading {
        bytes,
        cuts,
        digests,
    })
}

fn seal_steps<S: Stage>(
    sealer: &Sealer<'_, S>,
    steps: Receiver<Step>,
    give_back: Sender<Vec<u8>>,
) -> Result<Vec<Volume>, SealError> {
    let mut volumes = Vec::new();
    let mut open = None;
    for step in steps {
        match step {
            Step::Piece(piece) => {
                let out = match &mut open {
                    Some(out) => out,
                    None => open.insert(sealer.begin(volumes.len())?),
                };
                out.write(&piece)?;
                // Whoever reads may have ended.
                let _ = give_back.send(piece);
            }
            Step::Cut => {
                let out = open.take().expect("a cut follows a piece");
                volumes.push(out.finish(sealer.stage)?);
            }
        }
    }
    Ok(volumes)
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
