//! How the work of sealing is shared between threads: volumes beside each other where
//! there are enough of them; within a volume, one thread reads, hashes and cuts for
//! inspection what a second one compresses and encrypts, and a third one hashes again
//! and writes.

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::Scope;

use super::output::Output;
use super::relay::{Relay, Stopped};
use super::volume::{FileSealer, SealedVolume, Sealer};
use super::{SealError, Stage};
use crate::inspect::{Crew, Inspection};
use crate::layout::Content;
use crate::manifest::Volume;
use crate::parallel;
use crate::source::SourceError;

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
    // Where threads are left over volumes are shared, and blocks to inspect.
    let helpers = threads.get() - at_once.get();
    // At the end threads find no volume any more; and before a part of a file is
    // inspected they wait for the part before it.
    let is_shared = |n: usize| {
        let is_part = matches!(contents[n], Content::Piece { .. });
        helpers > 0
            || parallel::is_among_last(n, contents.len(), at_once)
            || inspection.is_some() && is_part && at_once.get() > 1
    };
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

impl<M: Write> Sink for Output<'_, M> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), SealError> {
        Output::write(self, bytes)
    }

    fn pass(&mut self, buffer: &mut Vec<u8>, count: usize) -> Result<(), SealError> {
        Output::write(self, &buffer[..count])
    }
}

/// Seals a volume that `fill` fills: all on this thread, or shared with two others, one
/// that compresses and encrypts, and one that hashes what comes of it and writes it.
pub(super) fn filled<S: Stage, T>(
    sealer: &Sealer<'_, S>,
    index: usize,
    is_shared: bool,
    fill: impl FnOnce(&mut dyn Sink) -> Result<T, SealError>,
) -> Result<(Volume, T), SealError> {
    if !is_shared {
        let mut out = sealer.begin(index, None)?;
        let filled = fill(&mut out)?;
        return Ok((out.finish(sealer.stage)?, filled));
    }
    std::thread::scope(|scope| {
        let out = sealer.begin(index, Some(scope))?;
        let (out, filled) = overlapped(scope, out, fill)?;
        Ok((out.finish(sealer.stage)?, filled))
    })
}

/// Fills a volume on this thread while another one compresses and encrypts; on this one
/// alone where the machine has no thread left.
fn overlapped<'s, M: Write + Send + 's, T>(
    scope: &'s Scope<'s, '_>,
    out: Output<'s, M>,
    fill: impl FnOnce(&mut dyn Sink) -> Result<T, SealError>,
) -> Result<(Output<'s, M>, T), SealError> {
    let relay = match Relay::new(scope, out, Output::write) {
        Ok(relay) => relay,
        Err(mut out) => {
            let filled = fill(&mut out)?;
            return Ok((out, filled));
        }
    };
    let mut handing = Handing {
        relay,
        is_refused: false,
    };
    let filled = fill(&mut handing);
    let Handing { relay, is_refused } = handing;
    // What stopped the one that writes stopped the one that fills, or the other way round.
    match (filled, relay.finish()) {
        (Ok(filled), Ok(out)) => Ok((out, filled)),
        (Err(error), _) if !is_refused => Err(error),
        (_, Err(error)) | (Err(error), _) => Err(error),
    }
}

/// Hands what it takes to another thread.
struct Handing<'s, M: Write> {
    relay: Relay<'s, Output<'s, M>, SealError>,
    /// Whether nobody takes any more.
    is_refused: bool,
}

impl<M: Write> Handing<'_, M> {
    fn handed(&mut self, handed: Result<(), Stopped>) -> Result<(), SealError> {
        handed.map_err(|Stopped| {
            self.is_refused = true;
            SourceError::Interrupted.into()
        })
    }
}

impl<M: Write> Sink for Handing<'_, M> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), SealError> {
        let handed = self.relay.write(bytes);
        self.handed(handed)
    }

    fn pass(&mut self, buffer: &mut Vec<u8>, count: usize) -> Result<(), SealError> {
        let handed = self.relay.pass(buffer, count);
        self.handed(handed)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read as _};

    use super::*;
    use crate::keys::PackageKey;
    use crate::seal::volume::BUFFER;

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
        let disk = std::thread::scope(|scope| {
            let out = Output::alone(disk, &key.recipient(), scope)?;
            let (out, _) = overlapped(scope, out, fill)?;
            out.into_member()
        })?;
        let mut plain = Vec::new();
        let decrypted = key.decrypt(io::Cursor::new(disk.bytes));
        let read = decrypted.expect("a header").read_to_end(&mut plain);
        read.expect("what was sealed");
        Ok(plain)
    }

    #[test]
    fn every_byte_arrives_in_its_order() {
        let counted = (0_u32..).map(|n| n.to_le_bytes()[1]);
        let bytes: Vec<u8> = counted.take(20 * BUFFER + 7).collect();
        let plain = sealed(usize::MAX, |sink| {
            let mut buffer = vec![0; BUFFER];
            bytes.chunks(BUFFER).try_for_each(|piece| {
                buffer[..piece.len()].copy_from_slice(piece);
                sink.write(b"header")?;
                sink.pass(&mut buffer, piece.len())
            })
        });
        let mut expected = Vec::new();
        for piece in bytes.chunks(BUFFER) {
            expected.extend_from_slice(b"header");
            expected.extend_from_slice(piece);
        }
        assert!(plain.expect("room") == expected);
    }

    /// Also where it shows with the last bytes alone.
    #[test]
    fn a_full_disk_is_what_is_told() {
        let piece = vec![0; BUFFER];
        for (room, count) in [(10 * BUFFER, 1000), (10 * BUFFER, 10), (BUFFER / 2, 1)] {
            let error = sealed(room, |sink| (0..count).try_for_each(|_| sink.write(&piece)));
            match error.expect_err("full") {
                SealError::Write { source, .. } => {
                    assert_eq!(source.kind(), io::ErrorKind::StorageFull, "{count}");
                }
                other => panic!("{other:?}"),
            }
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
