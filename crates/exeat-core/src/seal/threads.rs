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
use crate::stack;

/// Pieces that may wait to be sealed: so many that neither thread starves.
const WAITING: usize = 8;

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
    // So do, at the end, those that find no volume any more.
    let is_shared = |n| helpers > 0 || parallel::is_among_last(n, contents.len(), at_once);
    let seal = || {
        parallel::for_each(contents.len(), at_once, |n| {
            let _guard = crew.map(Crew::guard);
            sealer.seal(n, &contents[n], is_shared(n)).map_err(|error| {
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
pub(super) trait Sink {
    /// Takes these bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<(), SealError>;

    /// Takes the first `count` bytes of a buffer, perhaps with the buffer: it is another
    /// one then, as long, with anything in it.
    fn pass(&mut self, buffer: &mut Vec<u8>, count: usize) -> Result<(), SealError>;
}

impl<M: Write> Sink for Output<M> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), SealError> {
        Output::write(self, bytes)
    }

    fn pass(&mut self, buffer: &mut Vec<u8>, count: usize) -> Result<(), SealError> {
        Output::write(self, &buffer[..count])
    }
}

/// Fills a volume, shared with another thread or not.
pub(super) fn filled<M: Write + Send, T>(
    mut out: Output<M>,
    is_shared: bool,
    fill: impl FnOnce(&mut dyn Sink) -> Result<T, SealError>,
) -> Result<(Output<M>, T), SealError> {
    if is_shared {
        return overlapped(out, fill);
    }
    let filled = fill(&mut out)?;
    Ok((out, filled))
}

/// Fills a volume on this thread while another one compresses, encrypts and writes;
/// on this one alone where the machine has no thread left.
fn overlapped<M: Write + Send, T>(
    out: Output<M>,
    fill: impl FnOnce(&mut dyn Sink) -> Result<T, SealError>,
) -> Result<(Output<M>, T), SealError> {
    let (hand_over, taken) = mpsc::channel();
    let (send, pieces) = mpsc::sync_channel(WAITING);
    let (give_back, spare) = mpsc::channel();
    std::thread::scope(|scope| {
        let write = move || {
            let written = write_all(&taken, &pieces, &give_back);
            // The system keeps the stack for the next thread.
            stack::wipe();
            written
        };
        let Ok(writing) = std::thread::Builder::new().spawn_scoped(scope, write) else {
            return filled(out, false, fill);
        };
        hand_over.send(out).expect("the other thread waits for it");
        let mut pieces = Pieces {
            next: Vec::with_capacity(BUFFER),
            send,
            spare,
            is_refused: false,
        };
        let filled = fill(&mut pieces);
        let filled = filled.and_then(|filled| pieces.send_rest().map(|()| filled));
        // What stopped the one that writes stopped the one that fills, or the other way round.
        let is_refused = pieces.is_refused;
        drop(pieces);
        let written = writing.join();
        let written = written.unwrap_or_else(|fault| resume_unwind(fault));
        match (filled, written) {
            (Ok(filled), Ok(out)) => Ok((out, filled)),
            (Err(error), _) if !is_refused => Err(error),
            (_, Err(error)) | (Err(error), _) => Err(error),
        }
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
    /// Whether nobody takes any more.
    is_refused: bool,
}

impl Pieces {
    fn send(&mut self, full: Vec<u8>) -> Result<(), SealError> {
        self.send.send(full).map_err(|_| {
            // Whoever writes has stopped, and says why.
            self.is_refused = true;
            SourceError::Interrupted.into()
        })
    }

    /// Sends what is left.
    fn send_rest(&mut self) -> Result<(), SealError> {
        match self.next.is_empty() {
            true => Ok(()),
            false => {
                let rest = std::mem::take(&mut self.next);
                self.send(rest)
            }
        }
    }
}

impl Sink for Pieces {
    fn write(&mut self, mut bytes: &[u8]) -> Result<(), SealError> {
        while !bytes.is_empty() {
            let room = BUFFER.saturating_sub(self.next.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.next.extend_from_slice(now);
            bytes = later;
            if self.next.len() >= BUFFER {
                let mut next = self.spare.try_recv().unwrap_or_default();
                next.clear();
                next.reserve(BUFFER);
                let full = std::mem::replace(&mut self.next, next);
                self.send(full)?;
            }
        }
        Ok(())
    }

    fn pass(&mut self, buffer: &mut Vec<u8>, count: usize) -> Result<(), SealError> {
        // Where there is little of it, copying costs less than a piece of its own.
        if count < BUFFER / 2 {
            return self.write(&buffer[..count]);
        }
        self.send_rest()?;
        let mut next = self.spare.try_recv().unwrap_or_default();
        next.resize(buffer.len(), 0);
        let mut full = std::mem::replace(buffer, next);
        full.truncate(count);
        self.send(full)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read as _};

    use super::*;
    use crate::keys::PackageKey;

    /// A disk with room for so many bytes.
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.bytes.len() + bytes.len() > self.room {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.bytes.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What comes of it on a disk with so much room: all that was filled in.
    fn sealed<T>(
        room: usize,
        fill: impl FnOnce(&mut dyn Sink) -> Result<T, SealError>,
    ) -> Result<Vec<u8>, SealError> {
        let key = PackageKey::generate();
        let disk = Disk {
            bytes: Vec::new(),
            room,
        };
        let out = Output::alone(disk, &key.recipient()).expect("room for a header");
        let (out, _) = overlapped(out, fill)?;
        let disk = out.into_member().expect("room for the end");
        let mut plain = Vec::new();
        let decrypted = key.decrypt(io::Cursor::new(disk.bytes));
        let read = decrypted.expect("a header").read_to_end(&mut plain);
        read.expect("what was sealed");
        Ok(plain)
    }

    #[test]
    fn every_byte_arrives_in_its_order() {
        for length in [0, 1, BUFFER - 1, BUFFER, BUFFER + 1, 20 * BUFFER + 7] {
            let counted = (0_u32..).map(|n| n.to_le_bytes()[1]);
            let bytes: Vec<u8> = counted.take(length).collect();
            for piece in [512, BUFFER - 1, BUFFER, 3 * BUFFER + 1] {
                let plain = sealed(usize::MAX, |sink| {
                    let mut pieces = bytes.chunks(piece);
                    pieces.try_for_each(|piece| sink.write(piece))
                });
                assert!(
                    plain.expect("room") == bytes,
                    "{length} in pieces of {piece}"
                );
                let plain = sealed(usize::MAX, |sink| {
                    let mut buffer = vec![0; piece];
                    bytes.chunks(piece).try_for_each(|piece| {
                        // Something between two buffers, as headers are.
                        let (first, rest) = piece.split_at(piece.len().min(3));
                        sink.write(first)?;
                        buffer[..rest.len()].copy_from_slice(rest);
                        sink.pass(&mut buffer, rest.len())
                    })
                });
                assert!(
                    plain.expect("room") == bytes,
                    "{length} in buffers of {piece}"
                );
            }
        }
    }

    #[test]
    fn a_full_disk_is_what_is_told() {
        let piece = vec![0; BUFFER];
        let error = sealed(10 * BUFFER, |sink| {
            (0..1000).try_for_each(|_| sink.write(&piece))
        });
        match error.expect_err("full") {
            SealError::Write { source, .. } => {
                assert_eq!(source.kind(), io::ErrorKind::StorageFull);
            }
            other => panic!("{other:?}"),
        }
    }

    /// Also where the disk is full with what was on its way.
    #[test]
    fn what_stops_the_reader_is_what_is_told() {
        let piece = vec![0; BUFFER - 1];
        for room in [BUFFER, usize::MAX] {
            for count in 0..3 {
                let error = sealed(room, |sink| {
                    (0..count).try_for_each(|_| sink.write(&piece))?;
                    Err::<(), _>(SealError::Permit)
                });
                assert!(matches!(error, Err(SealError::Permit)), "{room} {count}");
            }
        }
    }

    #[test]
    fn a_panic_goes_on() {
        let panicked = std::panic::catch_unwind(|| {
            let _ = sealed(usize::MAX, |_: &mut dyn Sink| -> Result<(), SealError> {
                panic!("on purpose")
            });
        });
        assert!(panicked.is_err());
    }
}
