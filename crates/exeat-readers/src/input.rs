//! What is read: a file, a range of one, bytes in memory, or what a decoder
//! gives.

use std::fs::File;
use std::io::{self, Chain, Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use exeat_core::inspect::reader::Reason;

use crate::problem::Problem;

/// What is looked at to recognise a format.
pub(crate) const HEAD: usize = 64 << 10;
/// The most bytes that are held in memory of what only a decoder gives, where
/// its format has to be read by position.
pub(crate) const MAX_HELD: usize = 32 << 20;

/// Bytes that can be read by position.
#[derive(Clone)]
enum Data {
    File(Arc<File>),
    Memory(Arc<[u8]>),
}

/// A range of such bytes, read from its beginning like a file.
#[derive(Clone)]
pub(crate) struct Window {
    data: Data,
    range: Range<u64>,
    /// Counted from the beginning of the range.
    at: u64,
}

impl Window {
    pub(crate) fn of_file(file: File) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        Ok(Self {
            data: Data::File(Arc::new(file)),
            range: 0..bytes,
            at: 0,
        })
    }

    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Self {
        let end = bytes.len() as u64;
        Self {
            data: Data::Memory(bytes.into()),
            range: 0..end,
            at: 0,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// A part of it; `None` where it is not all there.
    pub(crate) fn slice(&self, range: Range<u64>) -> Option<Self> {
        let is_there = range.start <= range.end && range.end <= self.len();
        is_there.then(|| Self {
            data: self.data.clone(),
            range: self.range.start + range.start..self.range.start + range.end,
            at: 0,
        })
    }

    /// Reads at a place without moving; fewer bytes only at the end.
    pub(crate) fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let left = self.len().saturating_sub(at);
        let wanted = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let buffer = &mut buffer[..wanted];
        let place = self.range.start.saturating_add(at);
        match &self.data {
            Data::File(file) => {
                let mut read = 0;
                while read < buffer.len() {
                    match file.read_at(&mut buffer[read..], place + read as u64) {
                        Ok(0) => break,
                        Ok(count) => read += count,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(read)
            }
            Data::Memory(bytes) => {
                let start = usize::try_from(place).map_err(io::Error::other)?;
                let bytes = bytes.get(start..start + wanted).unwrap_or_default();
                buffer[..bytes.len()].copy_from_slice(bytes);
                Ok(bytes.len())
            }
        }
    }

    /// All of it in memory, if that is at most `most` bytes.
    pub(crate) fn to_vec(&self, most: usize) -> Result<Vec<u8>, Problem> {
        let length = usize::try_from(self.len()).map_err(|_| Reason::PartTooLarge)?;
        if length > most {
            return Err(Reason::PartTooLarge.into());
        }
        let mut bytes = vec![0; length];
        if self.read_at(&mut bytes, 0)? < length {
            return Err(Reason::CutShort.into());
        }
        Ok(bytes)
    }
}

impl Read for Window {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Something to be recognised and read.
pub(crate) struct Input<'a> {
    head: Vec<u8>,
    rest: Rest<'a>,
}

enum Rest<'a> {
    Window(Window),
    /// What comes after `head`.
    Stream(&'a mut dyn Read),
}

impl<'a> Input<'a> {
    pub(crate) fn of_window(window: Window) -> Self {
        Self {
            head: Vec::new(),
            rest: Rest::Window(window),
        }
    }

    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self::of_window(Window::of_bytes(bytes))
    }

    /// What a decoder gives, from its beginning.
    pub(crate) fn of_stream(stream: &'a mut dyn Read) -> Self {
        Self {
            head: Vec::new(),
            rest: Rest::Stream(stream),
        }
    }

    /// How many bytes it has, where that is known.
    pub(crate) fn len(&self) -> Option<u64> {
        match &self.rest {
            Rest::Window(window) => Some(window.len()),
            Rest::Stream(_) => None,
        }
    }

    /// Its first bytes: [`HEAD`] of them, or all there are.
    pub(crate) fn head(&mut self) -> io::Result<&[u8]> {
        if self.head.is_empty() {
            match &mut self.rest {
                Rest::Window(window) => {
                    let mut head = vec![0; HEAD.min(usize::try_from(window.len()).unwrap_or(HEAD))];
                    let read = window.read_at(&mut head, 0)?;
                    head.truncate(read);
                    self.head = head;
                }
                Rest::Stream(stream) => {
                    let mut limited = stream.take(HEAD as u64);
                    limited.read_to_end(&mut self.head)?;
                }
            }
        }
        Ok(&self.head)
    }

    /// All of it from the beginning, in order.
    pub(crate) fn into_read(self) -> InOrder<'a> {
        match self.rest {
            Rest::Window(window) => InOrder::Window(window),
            Rest::Stream(stream) => InOrder::Stream(Cursor::new(self.head).chain(stream)),
        }
    }

    /// All of it to be read by position; what comes from a decoder is held in
    /// memory.
    ///
    /// # Errors
    /// More than [`MAX_HELD`] from a decoder; whatever the decoder says.
    pub(crate) fn into_window(self) -> Result<Window, Problem> {
        match self.rest {
            Rest::Window(window) => Ok(window),
            Rest::Stream(stream) => {
                let mut bytes = self.head;
                let more = (MAX_HELD + 1).saturating_sub(bytes.len()) as u64;
                stream.take(more).read_to_end(&mut bytes)?;
                if bytes.len() > MAX_HELD {
                    return Err(Reason::PartTooLarge.into());
                }
                Ok(Window::of_bytes(bytes))
            }
        }
    }
}

/// Bytes in order.
pub(crate) enum InOrder<'a> {
    Window(Window),
    Stream(Chain<Cursor<Vec<u8>>, &'a mut dyn Read>),
}

impl Read for InOrder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Window(window) => window.read(buffer),
            Self::Stream(stream) => stream.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_file_of_its_own() {
        let window = Window::of_bytes(b"0123456789".to_vec());
        let mut part = window.slice(2..6).expect("inside");
        assert_eq!(part.len(), 4);
        let mut text = String::new();
        part.read_to_string(&mut text).expect("text");
        assert_eq!(text, "2345");
        assert!(window.slice(2..11).is_none());
        assert_eq!(part.seek(SeekFrom::End(-1)).expect("inside"), 3);
        text.clear();
        part.read_to_string(&mut text).expect("text");
        assert_eq!(text, "5");
        assert!(part.seek(SeekFrom::Current(-5)).is_err());
    }

    #[test]
    fn a_stream_is_read_from_its_beginning_though_its_head_was_looked_at() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut stream = &bytes[..];
        let mut input = Input::of_stream(&mut stream);
        assert_eq!(input.head().expect("read").len(), HEAD);
        let mut all = Vec::new();
        input.into_read().read_to_end(&mut all).expect("read");
        assert_eq!(all, bytes);
        let mut stream = &bytes[..];
        let window = Input::of_stream(&mut stream).into_window().map_err(|_| ());
        assert_eq!(window.expect("small").len(), 200_000);
    }
}
