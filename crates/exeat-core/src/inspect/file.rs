//! One file while it is inspected: bytes in order in, blocks out to whoever
//! has time, findings back into one tally.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Inspection;
use super::content::{Block, Kind, Outcome, Reason, Stream};
use super::examiner::{Examiner, Scope, TableShape};
use super::foreign;
use super::tally::{Tally, keep_first};

/// What is said of content whose reader gave up in a way that it never should.
const FAULT: &str = "a fault in its inspection";

/// The most files within runs of base64 of one file that are taken apart.
const MAX_EMBEDDED: u64 = 10_000;
/// No more are taken apart once so many bytes came out of them.
const MAX_EMBEDDED_BYTES: u64 = 4 << 30;
const TOO_MUCH: &str = "too many or too large files within base64";

/// Takes the bytes of one file in order. Reading it never fails: what cannot
/// be understood makes the file uninspected.
pub(crate) struct FileInspector {
    /// `None` once its reader has broken.
    stream: Option<Stream>,
    found: Arc<Found>,
    is_first: bool,
}

/// What the blocks of a file have shown so far.
#[derive(Default)]
pub(super) struct Found {
    shape: TableShape,
    state: Mutex<FoundState>,
    pending: AtomicUsize,
}

#[derive(Default)]
struct FoundState {
    tally: Tally,
    /// Within runs of base64: images that nobody reviewed.
    images: u64,
    /// Files there, and bytes that they were taken apart into.
    embedded: u64,
    embedded_bytes: u64,
    /// Something there is protected by what is no encryption.
    is_weak: bool,
    reason: Option<Reason>,
}

/// A block, and where its findings go.
pub(super) struct Work {
    found: Arc<Found>,
    block: Block,
}

/// Everything that a whole file has shown.
pub(super) struct FileResult {
    pub(super) outcome: Outcome,
    pub(super) tally: Tally,
    pub(super) images: u64,
    pub(super) is_weak: bool,
}

impl FileInspector {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream: Some(stream),
            found: Arc::default(),
            is_first: true,
        }
    }

    /// One of several tables of a file, whose ids mean the same in all.
    pub(super) fn within(stream: Stream, scope: Scope) -> Self {
        let found = Found {
            shape: TableShape::within(scope),
            ..Found::default()
        };
        Self {
            found: Arc::new(found),
            ..Self::new(stream)
        }
    }

    /// Takes the next bytes, unless no more needs to be known.
    pub(crate) fn push(&mut self, inspection: &Inspection, bytes: &[u8]) {
        if inspection.is_stopped() {
            return;
        }
        let Some(mut stream) = self.stream.take() else {
            return;
        };
        let pushed = catch_unwind(AssertUnwindSafe(|| {
            stream.push(bytes, &mut |block| self.hand_out(inspection, block));
        }));
        match pushed {
            Ok(()) => self.stream = Some(stream),
            Err(_) => self.found.note(FAULT.into()),
        }
    }

    /// Whether nothing that comes would be looked at.
    pub(crate) fn is_done(&self) -> bool {
        self.stream.as_ref().is_none_or(Stream::is_done)
    }

    /// Ends the file, and waits for what others still examine of it.
    pub(super) fn finish(mut self, inspection: &Inspection) -> FileResult {
        let finished = self.stream.take().and_then(|stream| {
            let emit =
                AssertUnwindSafe(|| stream.finish(&mut |block| self.hand_out(inspection, block)));
            catch_unwind(emit).ok()
        });
        inspection.crew.wait_until(
            |work| work.examine(inspection),
            || self.found.pending.load(Ordering::Acquire) == 0,
        );
        let mut outcome = finished.unwrap_or_else(|| Outcome::of(Kind::Other, Some(FAULT.into())));
        let mut state = self.found.lock();
        if let Some(reason) = state.reason.take() {
            outcome.reason.get_or_insert(reason);
        }
        FileResult {
            outcome,
            tally: std::mem::take(&mut state.tally),
            images: state.images,
            is_weak: state.is_weak,
        }
    }

    /// The first block is examined at once: later ones are judged by what it
    /// taught about the columns, so that results do not depend on who is first.
    fn hand_out(&mut self, inspection: &Inspection, block: Block) {
        // A reader is not waited for by those who help while they wait.
        if let Some(bytes) = block.foreign() {
            self.found.take_apart(inspection, bytes);
            return;
        }
        let work = Work {
            found: Arc::clone(&self.found),
            block,
        };
        self.found.pending.fetch_add(1, Ordering::AcqRel);
        let work = match std::mem::take(&mut self.is_first) {
            true => Some(work),
            false => inspection.crew.offer(work),
        };
        if let Some(work) = work {
            work.examine(inspection);
        }
    }
}

impl Found {
    fn note(&self, reason: Reason) {
        keep_first(&mut self.lock().reason, reason);
    }

    /// Has a file within the file taken apart: what is in it counts as if it
    /// stood in the text around it.
    fn take_apart(&self, inspection: &Inspection, bytes: &[u8]) {
        {
            let mut state = self.lock();
            state.embedded += 1;
            if state.embedded > MAX_EMBEDDED || state.embedded_bytes > MAX_EMBEDDED_BYTES {
                keep_first(&mut state.reason, TOO_MUCH.into());
                return;
            }
        }
        let mut add = |piece: foreign::Piece| {
            let mut state = self.lock();
            state.embedded_bytes = state.embedded_bytes.saturating_add(piece.bytes);
            state.images += piece.images;
            state.is_weak |= piece.is_weak;
            state.tally.merge(piece.tally);
            if let Some(reason) = piece.reason {
                keep_first(&mut state.reason, reason);
            }
        };
        foreign::read_embedded(inspection, bytes, &mut add);
    }

    fn lock(&self) -> MutexGuard<'_, FoundState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work {
    /// A text in a file of its own.
    #[cfg(test)]
    pub(super) fn of(text: Vec<u8>) -> Self {
        Self {
            found: Arc::default(),
            block: Block::of(text),
        }
    }

    /// How many bytes its block takes.
    pub(super) fn room(&self) -> usize {
        self.block.room()
    }

    pub(super) fn examine(self, inspection: &Inspection) {
        let Self { found, block } = self;
        let examined = catch_unwind(AssertUnwindSafe(|| {
            let mut examiner = Examiner::new(&inspection.census, &inspection.scanner, &found.shape)
                .naming(&inspection.columns);
            let parsed = block.parse(&mut examiner);
            (parsed, examiner.finish())
        }));
        match examined {
            Ok((parsed, tally)) => {
                let mut state = found.lock();
                state.tally.merge(tally);
                if let Err(reason) = parsed {
                    keep_first(&mut state.reason, reason);
                }
            }
            Err(_) => found.note(FAULT.into()),
        }
        if found.pending.fetch_sub(1, Ordering::AcqRel) == 1 {
            inspection.crew.tell();
        }
    }
}
