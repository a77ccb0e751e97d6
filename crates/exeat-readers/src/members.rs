//! What all archives have in common: how the name and the content of a member
//! are passed on, and what is said where one of them is odd.

use std::io::{self, BufRead, Read};

use exeat_core::inspect::reader::Reason;

use crate::input::Input;
use crate::output::Output;
use crate::problem::{Problem, reason_of};

/// How much of a name a path holds: see [`Output::within`].
const NAME: usize = 4096;
/// What is looked at again where a longer name is passed on in pieces.
const OVERLAP: usize = 64;

/// Says what there is to say of a member's name, beside its being in a path.
pub(crate) fn name(name: &[u8], out: &mut Output) -> Result<(), Problem> {
    if leads_out(name) {
        out.within(name, |out| out.uninspected(Reason::OddMember))?;
    }
    match name.get(NAME - OVERLAP..) {
        Some(rest) if name.len() > NAME => in_pieces(rest, out),
        _ => Ok(()),
    }
}

/// Passes on a name of any length.
pub(crate) fn in_pieces(name: &[u8], out: &mut Output) -> Result<(), Problem> {
    let mut rest = name;
    out.name(rest)?;
    while rest.len() > NAME {
        rest = &rest[NAME - OVERLAP..];
        out.name(rest)?;
    }
    Ok(())
}

/// Whether a name is for a place outside of where an archive is unpacked.
fn leads_out(name: &[u8]) -> bool {
    let is_drive = matches!(name, [b'a'..=b'z' | b'A'..=b'Z', b':', b'/' | b'\\', ..]);
    let parts = |name: &[u8]| {
        name.split(|byte| matches!(byte, b'/' | b'\\'))
            .any(|part| part == b"..")
    };
    is_drive || name.starts_with(b"/") || name.starts_with(b"\\") || parts(name)
}

/// Reads a member that a decoder gives. What comes before a fault is passed
/// on, and then the fault is said.
pub(crate) fn decoded(
    name: &[u8],
    decoder: &mut dyn Read,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut forgiving = Forgiving {
        inner: decoder,
        failed: None,
    };
    let mut metered = out.metered(&mut forgiving);
    out.member(name, Input::of_stream(&mut metered))?;
    // What its reader had no use for is decoded too: whether all of it is
    // whole, and what follows it, is known only then.
    io::copy(&mut metered, &mut io::sink())?;
    match forgiving.failed {
        None => Ok(()),
        Some(reason @ (Reason::TooLarge | Reason::TooMany)) => Err(reason.into()),
        Some(reason) => out.within(name, |out| out.uninspected(reason)),
    }
}

/// A decoder whose fault is an end.
struct Forgiving<R> {
    inner: R,
    failed: Option<Reason>,
}

impl<R: Read> Read for Forgiving<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failed.is_some() {
            return Ok(0);
        }
        match self.inner.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.failed = Some(reason_of(&error));
                Ok(0)
            }
            read => read,
        }
    }
}

/// A member that has to be as long as its archive says, and to have this
/// checksum (CRC-32).
pub(crate) struct Checked<R> {
    inner: R,
    left: u64,
    crc: flate2::Crc,
    wanted: Option<u32>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// It gave more than there should be: passed on, and said then.
    TooLong,
    Failed,
}

impl<R: Read> Checked<R> {
    pub(crate) fn new(inner: R, bytes: u64, wanted: Option<u32>) -> Self {
        Self {
            inner,
            left: bytes,
            crc: flate2::Crc::new(),
            wanted,
            state: State::Good,
        }
    }

    /// Whether it said so.
    pub(crate) fn is_failed(&self) -> bool {
        self.state == State::Failed
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let fail = |state: &mut State, kind: io::ErrorKind| {
            *state = State::Failed;
            Err(kind.into())
        };
        if self.state == State::TooLong {
            return fail(&mut self.state, io::ErrorKind::InvalidData);
        }
        let count = match self.inner.read(buffer) {
            Ok(count) => count,
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.state = State::Failed;
                }
                return Err(error);
            }
        };
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => self.state = State::TooLong,
        }
        self.crc.update(&buffer[..count]);
        let is_end = count == 0 && !buffer.is_empty();
        if is_end && self.left > 0 {
            return fail(&mut self.state, io::ErrorKind::UnexpectedEof);
        }
        if is_end && self.wanted.is_some_and(|wanted| wanted != self.crc.sum()) {
            return fail(&mut self.state, io::ErrorKind::InvalidData);
        }
        Ok(count)
    }
}

/// Buffers what is read, and shows what comes next.
pub(crate) struct Ahead<R> {
    inner: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<R: Read> Ahead<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: vec![0; 64 << 10],
            start: 0,
            end: 0,
        }
    }

    /// Passes over zeros; whether that is all there was.
    pub(crate) fn skip_zeros(&mut self) -> io::Result<bool> {
        loop {
            let buffer = self.fill_buf()?;
            if buffer.is_empty() {
                return Ok(true);
            }
            let zeros = buffer.iter().take_while(|&&byte| byte == 0).count();
            let is_more = zeros < buffer.len();
            self.consume(zeros);
            if is_more {
                return Ok(false);
            }
        }
    }
}

/// Something whose next bytes can be looked at before they are read.
pub(crate) trait Peek: BufRead {
    /// The next bytes, so many unless the end is nearer.
    fn peek(&mut self, count: usize) -> io::Result<&[u8]>;
}

impl<P: Peek> Peek for &mut P {
    fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        (**self).peek(count)
    }
}

impl<R: Read> Peek for Ahead<R> {
    fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        debug_assert!(count <= self.buffer.len());
        if self.end - self.start < count {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            while self.end < count {
                match self.inner.read(&mut self.buffer[self.end..]) {
                    Ok(0) => break,
                    Ok(read) => self.end += read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        let end = self.end.min(self.start + count);
        Ok(&self.buffer[self.start..end])
    }
}

impl<R: Read> Read for Ahead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end && buffer.len() >= self.buffer.len() {
            return self.inner.read(buffer);
        }
        let ready = self.fill_buf()?;
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Ahead<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            self.end = self.inner.read(&mut self.buffer)?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_told() {
        for name in [
            &b"/etc/passwd"[..],
            b"../a",
            b"a/../../b",
            b"a\\..\\b",
            b"..",
            b"C:\\Users\\a",
            b"c:/a",
            b"\\\\server\\a",
        ] {
            assert!(leads_out(name), "{}", name.escape_ascii());
        }
        for name in [&b"a/b.csv"[..], b"./a", b"a..b/..c", b"", b"a:b", b"..."] {
            assert!(!leads_out(name), "{}", name.escape_ascii());
        }
    }

    #[test]
    fn what_was_looked_at_is_still_read() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut ahead = Ahead::new(&bytes[..]);
        let mut first = [0; 65_530];
        ahead.read_exact(&mut first).expect("enough");
        assert_eq!(ahead.peek(20).expect("enough"), &bytes[65_530..65_550]);
        let mut rest = Vec::new();
        ahead.read_to_end(&mut rest).expect("memory");
        assert_eq!(rest, &bytes[65_530..]);
        assert_eq!(ahead.peek(20).expect("the end"), b"");
    }
}
