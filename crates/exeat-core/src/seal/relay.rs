//! One thread hands over, piece by piece, what another one writes; the buffers go round.

use std::panic::resume_unwind;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread::{Scope, ScopedJoinHandle};

use super::volume::BUFFER;
use crate::parallel;

/// Pieces that may wait to be written: so many that neither thread starves.
const WAITING: usize = 8;

/// The other thread has stopped; [`Relay::finish`] says why.
#[derive(Debug)]
pub(super) struct Stopped;

/// This end of it.
pub(super) struct Relay<'s, W, E> {
    /// What is too small to be handed over.
    next: Vec<u8>,
    send: SyncSender<Vec<u8>>,
    spare: Receiver<Vec<u8>>,
    writing: ScopedJoinHandle<'s, Result<Box<W>, E>>,
}

impl<'s, W: Send + 's, E: Send + 's> Relay<'s, W, E> {
    /// Gives the writer to another thread, or back where the machine has none left.
    pub(super) fn new(
        scope: &'s Scope<'s, '_>,
        writer: W,
        write: fn(&mut W, &[u8]) -> Result<(), E>,
    ) -> Result<Self, W> {
        let (send, pieces) = mpsc::sync_channel(WAITING);
        let (give_back, spare) = mpsc::channel();
        let work = move |mut writer: Box<W>| {
            write_all(&pieces, &give_back, |piece| write(&mut writer, piece))?;
            Ok(writer)
        };
        match parallel::give(scope, Box::new(writer), work) {
            Ok(writing) => Ok(Self {
                next: Vec::with_capacity(BUFFER),
                send,
                spare,
                writing,
            }),
            Err(writer) => Err(*writer),
        }
    }
}

impl<W, E> Relay<'_, W, E> {
    /// Hands over these bytes, or keeps them until there are more.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<(), Stopped> {
        while !bytes.is_empty() {
            let room = BUFFER.saturating_sub(self.next.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.next.extend_from_slice(now);
            bytes = later;
            if self.next.len() >= BUFFER {
                self.send_rest()?;
            }
        }
        Ok(())
    }

    /// Hands over the first `count` bytes of a buffer, perhaps with the buffer: it is
    /// another one then, as long, with anything in it.
    pub(super) fn pass(&mut self, buffer: &mut Vec<u8>, count: usize) -> Result<(), Stopped> {
        // Where there is little of it, copying costs less than a piece of its own.
        if count < BUFFER / 2 {
            return self.write(&buffer[..count]);
        }
        self.send_rest()?;
        let mut next = self.spare();
        next.resize(buffer.len(), 0);
        let mut full = std::mem::replace(buffer, next);
        full.truncate(count);
        self.send(full)
    }

    /// Hands over what is left, and takes the writer back when all is written.
    pub(super) fn finish(mut self) -> Result<W, E> {
        // Where nobody takes it, the other thread says why.
        let _ = self.send_rest();
        let Self { send, writing, .. } = self;
        drop(send);
        let written = writing.join();
        written
            .unwrap_or_else(|fault| resume_unwind(fault))
            .map(|writer| *writer)
    }

    /// Hands over what has been kept.
    pub(super) fn send_rest(&mut self) -> Result<(), Stopped> {
        if self.next.is_empty() {
            return Ok(());
        }
        let mut next = self.spare();
        next.clear();
        let rest = std::mem::replace(&mut self.next, next);
        self.send(rest)
    }

    /// A buffer that has come back, or a new one: for each that is sent one is taken, so
    /// that there are never more than can be on their way.
    fn spare(&self) -> Vec<u8> {
        let spare = self.spare.try_recv();
        spare.unwrap_or_else(|_| Vec::with_capacity(BUFFER))
    }

    fn send(&self, piece: Vec<u8>) -> Result<(), Stopped> {
        self.send.send(piece).map_err(|_| Stopped)
    }
}

/// Writes every piece, and gives back what it was in.
fn write_all<E>(
    pieces: &Receiver<Vec<u8>>,
    give_back: &Sender<Vec<u8>>,
    mut write: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    for piece in pieces {
        write(&piece)?;
        // Whoever hands over may have ended.
        let _ = give_back.send(piece);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk for two buffers, and one for any number.
    const SMALL: fn(&mut Vec<u8>, &[u8]) -> Result<(), usize> = |disk, piece| {
        if disk.len() >= 2 * BUFFER {
            return Err(disk.len());
        }
        disk.extend_from_slice(piece);
        Ok(())
    };
    const LARGE: fn(&mut Vec<u8>, &[u8]) -> Result<(), usize> = |disk, piece| {
        disk.extend_from_slice(piece);
        Ok(())
    };

    /// What arrives of it on a disk.
    fn relayed(
        write: fn(&mut Vec<u8>, &[u8]) -> Result<(), usize>,
        hand_over: impl FnOnce(&mut Relay<'_, Vec<u8>, usize>) -> Result<(), Stopped>,
    ) -> Result<Vec<u8>, usize> {
        std::thread::scope(|scope| {
            let relay = Relay::new(scope, Vec::new(), write);
            let mut relay = relay.expect("there is a thread");
            let handed = hand_over(&mut relay);
            let written = relay.finish();
            assert!(handed.is_ok() || written.is_err(), "it says why");
            written
        })
    }

    fn bytes(length: usize) -> Vec<u8> {
        let counted = (0_u32..).map(|n| n.to_le_bytes()[1]);
        counted.take(length).collect()
    }

    #[test]
    fn every_byte_arrives_in_its_order() {
        for length in [0, 1, BUFFER - 1, BUFFER, BUFFER + 1, 20 * BUFFER + 7] {
            let bytes = bytes(length);
            for piece in [512, BUFFER - 1, BUFFER, 3 * BUFFER + 1] {
                let written = relayed(LARGE, |relay| {
                    let mut pieces = bytes.chunks(piece);
                    pieces.try_for_each(|piece| relay.write(piece))
                });
                assert!(written.as_ref() == Ok(&bytes), "{length} by {piece}");
                let passed = relayed(LARGE, |relay| {
                    let mut buffer = vec![0; piece];
                    bytes.chunks(piece).try_for_each(|piece| {
                        // Something between two buffers, as headers are.
                        let (first, rest) = piece.split_at(piece.len().min(3));
                        relay.write(first)?;
                        buffer[..rest.len()].copy_from_slice(rest);
                        relay.pass(&mut buffer, rest.len())
                    })
                });
                assert!(passed.as_ref() == Ok(&bytes), "{length} in {piece}");
            }
        }
    }

    /// Files somewhat smaller than a buffer, each with its header.
    #[test]
    fn buffers_go_round() {
        std::thread::scope(|scope| {
            let relay = Relay::new(scope, (), |(), _| Ok::<_, ()>(()));
            let mut relay = relay.expect("there is a thread");
            let mut buffer = vec![0; BUFFER];
            for _ in 0..2_000 {
                relay.write(&[0; 512]).expect("it goes on");
                relay.pass(&mut buffer, BUFFER - 1).expect("it goes on");
            }
            let Relay { send, spare, .. } = relay;
            drop(send);
            let left = spare.iter().count();
            assert!(left <= WAITING + 3, "{left}");
        });
    }

    #[test]
    fn whoever_cannot_write_says_why() {
        let piece = vec![0; BUFFER];
        for count in [3, 1000] {
            let written = relayed(SMALL, |relay| {
                (0..count).try_for_each(|_| relay.write(&piece))
            });
            assert_eq!(written, Err(2 * BUFFER), "{count}");
        }
    }

    #[test]
    fn a_panic_goes_on() {
        let panicked = std::panic::catch_unwind(|| {
            std::thread::scope(|scope| {
                let relay = Relay::new(scope, (), |(), _| -> Result<(), ()> {
                    panic!("on purpose")
                });
                let mut relay = relay.expect("there is a thread");
                let _ = relay.write(&[0]);
                relay.finish()
            })
        });
        assert!(panicked.is_err());
    }
}
