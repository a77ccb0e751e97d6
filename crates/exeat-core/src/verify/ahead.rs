//! Within a volume, one thread reads, decrypts and decompresses what another one
//! compares with the inventory, hashes and passes on.

use std::io::{self, Read};
use std::panic::resume_unwind;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};

use super::BUFFER;
use super::content::Plaintext;
use crate::digest::read_some;
use crate::parallel;

/// Pieces that may wait to be compared: so many that neither thread starves.
const WAITING: usize = 8;

/// Does the work on this thread, while another one reads for it; on this one alone
/// where the machine has no thread left.
pub(super) fn read_ahead<P: Plaintext + Send, T>(
    plaintext: P,
    work: impl FnOnce(&mut dyn Plaintext) -> T,
) -> T {
    let (send, pieces) = mpsc::sync_channel(WAITING);
    let (give_back, spare) = mpsc::channel();
    std::thread::scope(|scope| {
        let read = move |mut plaintext: Box<P>| read_all(&mut *plaintext, &send, &spare);
        let reading = match parallel::give(scope, Box::new(plaintext), read) {
            Ok(reading) => reading,
            Err(mut plaintext) => return work(&mut *plaintext),
        };
        let mut ahead = Ahead {
            pieces,
            give_back,
            piece: Vec::new(),
            at: 0,
            has_ended: false,
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
    plaintext: &mut impl Plaintext,
    send: &SyncSender<io::Result<Vec<u8>>>,
    spare: &Receiver<Vec<u8>>,
) {
    loop {
        let mut piece = spare.try_recv().unwrap_or_default();
        piece.resize(BUFFER, 0);
        let read = read_some(plaintext, &mut piece).map(|count| piece.truncate(count));
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
    has_ended: bool,
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() && !self.has_ended {
            // After an error there is no more, nor where the other thread panicked.
            let next = self.pieces.recv();
            let next = next.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))?;
            self.has_ended = next.is_empty();
            let last = std::mem::replace(&mut self.piece, next);
            // Whoever reads may have ended.
            let _ = self.give_back.send(last);
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
    fn the_end_comes_again() {
        read_ahead(tape(1, false), |ahead| {
            for expected in [1, 0, 0] {
                assert_eq!(ahead.read(&mut [0; 4]).expect("no error"), expected);
            }
        });
    }

    #[test]
    fn a_panic_goes_on() {
        let panicked = std::panic::catch_unwind(|| {
            read_ahead(tape(100 * BUFFER, false), |_| panic!("on purpose"));
        });
        assert!(panicked.is_err());
    }

    /// It is no end of what is read.
    #[test]
    fn a_panic_of_whoever_reads_goes_on() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("on purpose")
            }
        }
        impl Plaintext for Broken {
            fn skip(&mut self, _: u64) -> io::Result<()> {
                unreachable!("it is read")
            }
        }
        let panicked = std::panic::catch_unwind(|| {
            read_ahead(Broken, |ahead| {
                assert!(ahead.read(&mut [0; 4]).is_err(), "not the end");
            });
        });
        assert!(panicked.is_err());
    }
}
