//! The blocks of a tar archive, from a file or from a decoder.

use std::io::{self, Read};

use crate::input::{InOrder, Input, Window};
use crate::members::{Ahead, Peek as _};
use crate::problem::Problem;

use super::header;

/// Everything stands in blocks of so many bytes.
pub(super) const BLOCK: usize = 512;

pub(super) struct Tape<'a> {
    source: Source<'a>,
    /// Zeros that have to follow the content that was read last.
    padding: usize,
    /// Whether something stood in their place.
    pub(super) is_padding_used: bool,
}

enum Source<'a> {
    Window { window: Window, at: u64 },
    Stream(Ahead<InOrder<'a>>),
}

/// The content of a member.
pub(super) enum Content<'t, 'a> {
    /// As much of it as there is.
    Window(Window),
    Stream(Stream<'t, 'a>),
}

impl<'a> Tape<'a> {
    pub(super) fn new(input: Input<'a>) -> Result<Self, Problem> {
        let source = match input.len() {
            Some(_) => Source::Window {
                window: input.into_window()?,
                at: 0,
            },
            None => Source::Stream(Ahead::new(input.into_read())),
        };
        Ok(Self {
            source,
            padding: 0,
            is_padding_used: false,
        })
    }

    /// The next block; `None` at the end.
    pub(super) fn block(&mut self) -> io::Result<Option<[u8; BLOCK]>> {
        let mut block = [0; BLOCK];
        match self.fill(&mut block)? {
            0 => Ok(None),
            BLOCK => Ok(Some(block)),
            // Some programs end with less than a block.
            count if block[..count].iter().all(|&byte| byte == 0) => Ok(Some([0; BLOCK])),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Source::Window { window, at } => {
                let count = window.read_at(buffer, *at)?;
                *at += count as u64;
                Ok(count)
            }
            Source::Stream(stream) => {
                let mut count = 0;
                while count < buffer.len() {
                    match stream.read(&mut buffer[count..]) {
                        Ok(0) => break,
                        Ok(read) => count += read,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(count)
            }
        }
    }

    /// Whether a header comes next, or the end.
    pub(super) fn is_header_next(&mut self) -> io::Result<bool> {
        let mut block = [0; BLOCK];
        let count = match &mut self.source {
            Source::Window { window, at } => window.read_at(&mut block, *at)?,
            Source::Stream(stream) => {
                let next = stream.peek(BLOCK)?;
                block[..next.len()].copy_from_slice(next);
                next.len()
            }
        };
        Ok(count < BLOCK || block == [0; BLOCK] || header::is_valid(&block))
    }

    /// So many bytes that come next.
    pub(super) fn content(&mut self, size: u64) -> io::Result<Content<'_, 'a>> {
        let over = usize::try_from(size % BLOCK as u64).map_err(io::Error::other)?;
        self.padding = (BLOCK - over) % BLOCK;
        match &mut self.source {
            Source::Window { window, at } => {
                let end = at.saturating_add(size).min(window.len());
                let content = window.slice(*at..end);
                *at = end;
                let content = content.ok_or(io::ErrorKind::UnexpectedEof)?;
                Ok(Content::Window(content))
            }
            Source::Stream(stream) => Ok(Content::Stream(Stream { stream, left: size })),
        }
    }

    /// Passes over what fills the last block of content that was read.
    pub(super) fn padding(&mut self) -> Result<(), Problem> {
        let mut block = [0; BLOCK];
        let wanted = std::mem::take(&mut self.padding);
        // That it is not all there is seen by whoever wants the next block.
        self.fill(&mut block[..wanted])?;
        self.is_padding_used |= block != [0; BLOCK];
        Ok(())
    }
}

/// Content from a decoder.
pub(super) struct Stream<'t, 'a> {
    stream: &'t mut Ahead<InOrder<'a>>,
    left: u64,
}

impl Stream<'_, '_> {
    /// Passes over what is left of it; whether it was all there.
    pub(super) fn drain(&mut self) -> io::Result<bool> {
        io::copy(self, &mut io::sink())?;
        Ok(self.left == 0)
    }
}

impl Read for Stream<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.stream.read(&mut buffer[..most])?;
        self.left -= count as u64;
        Ok(count)
    }
}
