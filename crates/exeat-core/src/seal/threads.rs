//! How the work of sealing is shared between threads: volumes beside each other where
//! there are enough of them; within a volume, one thread reads, hashes and cuts for
//! inspection what another one compresses, encrypts and writes.

use std::io::Write;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Mutex, PoisonError};

use super::volume::{BUFFER, FileSealer, Output, SealedVolume};
use super::{SealError, Stage};
use crate::inspect::{Crew, Inspection};
use crate::layout::Content;
use crate::parallel;
use crate::source::SourceError;

/// Pieces that may wait to be sealed: so many that neither thread starves.
pub(super) const WAITING: usize = 8;

/// Seals every volume. The error is the first there was: those of threads that
/// waited for the one that failed come after it.
pub(super) fn seal_volumes<S: Stage>(
    sealer: &FileSealer<'_, S>,
    contents: &[Content],
    threads: NonZeroUsize,
) -> Result<Vec<SealedVolume>, SealError> {
    let first: Mutex<Option<SealError>> = Mutex::new(None);
    let inspection = sealer.common.inspection.as_ref();
    let crew = inspection.map(Inspection::crew);
    // More than one at a time, where there are so many.
    let at_once = match sealer.common.stage.is_sequential() {
        true => NonZeroUsize::MIN,
        false => NonZeroUsize::new(contents.len()).map_or(threads, |volumes| volumes.min(threads)),
    };
    // Whoever is left over writes what another one reads, and helps to inspect.
    let helpers = threads.get() - at_once.get();
    let seal = || {
        parallel::for_each(contents.len(), at_once, |n| {
            let _guard = crew.map(Crew::guard);
            sealer.seal(n, &contents[n], helpers > 0).map_err(|error| {
                let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert(error);
                drop(first);
                if let Some(crew) = crew {
                    crew.fail();
                }
            })
        })
    };
    let sealed = helped(inspection, helpers, seal);
    sealed.map_err(|()| {
        let first = first.into_inner().unwrap_or_else(PoisonError::into_inner);
        first.expect("a thread that fails says why")
    })
}

/// Does the work on this thread, while others help to inspect what it cuts.
pub(super) fn helped<T>(
    inspection: Option<&Inspection>,
    helpers: usize,
    work: impl FnOnce() -> T,
) -> T {
    let Some(inspection) = inspection else {
        return work();
    };
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..helpers {
            let help = || {
                let _guard = inspection.crew().guard();
                inspection.help_until(|| is_over.load(Ordering::Acquire));
            };
            // It goes without help, too, where the machine has no thread left.
            if std::thread::Builder::new()
                .spawn_scoped(scope, help)
                .is_err()
            {
                break;
            }
        }
        let _guard = inspection.crew().guard();
        let done = work();
        is_over.store(true, Ordering::Release);
        inspection.crew().tell();
        done
    })
}

/// Where the bytes of a volume go, one piece after another.
pub(super) type Sink<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), SealError>;

/// Fills a volume on this thread while another one compresses, encrypts and writes;
/// on this one alone where the machine has no thread left.
pub(super) fn overlapped<M: Write + Send, T>(
    mut out: Output<M>,
    fill: impl FnOnce(Sink<'_>) -> Result<T, SealError>,
) -> Result<(Output<M>, T), SealError> {
    let (hand_over, taken) = mpsc::channel();
    let (send, pieces) = mpsc::sync_channel(WAITING);
    let (give_back, spare) = mpsc::channel();
    std::thread::scope(|scope| {
        let write = move || write_all(&taken, &pieces, &give_back);
        let Ok(writing) = std::thread::Builder::new().spawn_scoped(scope, write) else {
            let filled = fill(&mut |bytes| out.write(bytes))?;
            return Ok((out, filled));
        };
        hand_over.send(out).expect("the other thread waits for it");
        let mut pieces = Pieces {
            next: Vec::with_capacity(BUFFER),
            send,
            spare,
        };
        let filled = fill(&mut |bytes| pieces.push(bytes));
        let sent = pieces.send_rest();
        let written = writing.join();
        // What stopped the one that writes stopped the one that fills.
        let out = written.unwrap_or_else(|fault| resume_unwind(fault))?;
        let filled = filled?;
        sent?;
        Ok((out, filled))
    })
}

/// Writes every piece, and gives back what it was in.
fn write_all<M: Write>(
    taken: &Receiver<Output<M>>,
    pieces: &Receiver<Vec<u8>>,
    give_back: &Sender<Vec<u8>>,
) -> Result<Output<M>, SealError> {
    // Nothing is handed over where the one that fills is gone.
    let mut out = taken.recv().map_err(|_| SourceError::Interrupted)?;
    for piece in pieces {
        out.write(&piece)?;
        // Whoever fills may have ended.
        let _ = give_back.send(piece);
    }
    Ok(out)
}

/// Pieces on their way, none of them small.
struct Pieces {
    next: Vec<u8>,
    send: SyncSender<Vec<u8>>,
    spare: Receiver<Vec<u8>>,
}

impl Pieces {
    fn push(&mut self, mut bytes: &[u8]) -> Result<(), SealError> {
        while !bytes.is_empty() {
            let room = BUFFER - self.next.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.next.extend_from_slice(now);
            bytes = later;
            if self.next.len() == BUFFER {
                let mut next = self.spare.try_recv().unwrap_or_default();
                next.clear();
                next.reserve(BUFFER);
                self.send(next)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, next: Vec<u8>) -> Result<(), SealError> {
        let full = std::mem::replace(&mut self.next, next);
        // Whoever writes has stopped, and says why.
        let gone = |_| SealError::from(SourceError::Interrupted);
        self.send.send(full).map_err(gone)
    }

    /// What is left, and that there is no more.
    fn send_rest(mut self) -> Result<(), SealError> {
        match self.next.is_empty() {
            true => Ok(()),
            false => self.send(Vec::new()),
        }
    }
}
