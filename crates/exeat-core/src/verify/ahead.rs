//! Within a volume, one thread reads, decrypts and decompresses what another one
//! compares with the inventory, hashes and passes on.

use std::io::{self, Read};
use std::panic::resume_unwind;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};

use super::BUFFER;
use super::content::Plaintext;
use crate::digest::read_some;
use crate::stack;

/// Pieces that may wait to be compared: so many that neither thread starves.
const WAITING: usize = 8;

/// Does the work on this thread, while another one reads for it; on this one alone
/// where the machine has no thread left.
pub(super) fn read_ahead<P: Plaintext + Send, T>(
    mut plaintext: P,
    work: impl FnOnce(&mut dyn Plaintext) -> T,
) -> T {
    let (hand_over, taken) = mpsc::channel();
    let (send, pieces) = mpsc::sync_channel(WAITING);
    let (give_back, spare) = mpsc::channel();
    std::thread::scope(|scope| {
        let read = move || {
            read_all(&taken, &send, &spare);
            // The system keeps the stack for the next thread.
            stack::wipe();
        };
        let Ok(reading) = std::thread::Builder::new().spawn_scoped(scope, read) else {
            return work(&mut plaintext);
        };
        hand_over.send(plaintext).expect("the other thread waits");
        let mut ahead = Ahead {
            pieces,
            give_back,
            piece: Vec::new(),
            at: 0,
        };
        let done = work(&mut ahead);
        // Whoever reads need not go on.
        drop(ahead);
        reading.join().unwrap_or_else(|fault| resume_unwind(fault));
        done
    })
}

/// Sends what there is, to the end or to the first error.
fn read_all(
    taken: &Receiver<impl Plaintext>,
    send: &SyncSender<io::Result<Vec<u8>>>,
    spare: &Receiver<Vec<u8>>,
) {
    let Ok(mut plaintext) = taken.recv() else {
        return;
    };
    loop {
        let mut piece = spare.try_recv().unwrap_or_default();
        piece.resize(BUFFER, 0);
        let read = read_some(&mut plaintext, &mut piece).map(|count| piece.truncate(count));
        let is_last = read.is_err() || piece.is_empty();
        let sent = send.send(read.map(|()| piece));
        if is_last || sent.is_err() {
            return;
        }
    }
}

/// What another thread has read; an empty piece is the end.
struct Ahead {
    pieces: Receiver<io::Result<Vec<u8>>>,
    give_back: Sender<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() {
            // After the end, and after an error, there is no more.
            let next = self.pieces.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
            // Whoever reads may have ended.
            let _ = self
                .give_back
                .send(std::mem::replace(&mut self.piece, next));
            self.at = 0;
        }
        let left = self.piece.get(self.at..).unwrap_or_default();
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

impl Plaintext for Ahead {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        io::copy(&mut self.take(count), &mut io::sink()).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives so many bytes, and then an error or the end.
    struct Tape {
        bytes: io::Cursor<Vec<u8>>,
        is_torn: bool,
    }

    impl Read for Tape {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.bytes.read(buffer)? {
                0 if self.is_torn => Err(io::ErrorKind::UnexpectedEof.into()),
                count => Ok(count),
            }
        }
    }

    impl Plaintext for Tape {
        fn skip(&mut self, _: u64) -> io::Result<()> {
            unreachable!("what is ahead is read, not skipped")
        }
    }

    fn tape(length: usize, is_torn: bool) -> Tape {
        let counted = (0_u32..).map(|n| n.to_le_bytes()[1]);
        Tape {
            bytes: io::Cursor::new(counted.take(length).collect()),
            is_torn,
        }
    }

    #[test]
    fn every_byte_arrives_in_its_order() {
        for length in [0, 1, BUFFER - 1, BUFFER, BUFFER + 1, 20 * BUFFER + 7] {
            let mut found = Vec::new();
            read_ahead(tape(length, false), |ahead| ahead.read_to_end(&mut found))
                .expect("no error");
            assert!(found == tape(length, false).bytes.into_inner(), "{length}");
        }
    }

    #[test]
    fn an_error_comes_after_what_was_before_it() {
        let mut found = Vec::new();
        let read = read_ahead(tape(3 * BUFFER + 1, true), |ahead| {
            ahead.read_to_end(&mut found)
        });
        let error = read.expect_err("torn");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(found.len(), 3 * BUFFER + 1);
    }

    #[test]
    fn who_has_enough_need_not_read_to_the_end() {
        let mut some = [0; 10];
        read_ahead(tape(100 * BUFFER, true), |ahead| {
            ahead.skip(BUFFER as u64 + 256).expect("there is more");
            ahead.read_exact(&mut some).expect("there is more");
        });
        assert_eq!(some, [1; 10]);
    }

    #[test]
    fn a_panic_goes_on() {
        let panicked = std::panic::catch_unwind(|| {
            read_ahead(tape(100 * BUFFER, false), |_| panic!("on purpose"));
        });
        assert!(panicked.is_err());
    }
}
