//! The bytes of a file, read by position through one buffer, for readers that
//! go through a file and look here and there.

use std::io;

use crate::input::Window;

/// How much is read at once while a file is gone through.
const AHEAD: usize = 256 << 10;
/// How much is read for one object first.
const SMALL: usize = 4 << 10;

pub(crate) struct Source {
    window: Window,
    buffer: Vec<u8>,
    start: u64,
}

impl Source {
    pub(crate) fn new(window: Window) -> Self {
        Self {
            window,
            buffer: Vec::new(),
            start: 0,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.window.len()
    }

    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    /// At least `want` bytes from a place on, or all there are; and whether
    /// nothing comes after them.
    pub(crate) fn at(&mut self, place: u64, want: usize) -> io::Result<(&[u8], bool)> {
        let end = self.start + self.buffer.len() as u64;
        let left = usize::try_from(self.len().saturating_sub(place)).unwrap_or(usize::MAX);
        let want = want.min(left);
        let is_held = place >= self.start && place + want as u64 <= end;
        if !is_held {
            // Going on from what was read is going through the file.
            let is_onward = place >= self.start && place <= end;
            let much = if is_onward { AHEAD } else { SMALL };
            self.buffer.resize(want.max(much.min(left)), 0);
            let read = self.window.read_at(&mut self.buffer, place)?;
            self.buffer.truncate(read);
            self.start = place;
        }
        let from = usize::try_from(place - self.start).map_err(io::Error::other)?;
        let is_all = self.start + self.buffer.len() as u64 >= self.len();
        Ok((self.buffer.get(from..).unwrap_or_default(), is_all))
    }

    /// Where some bytes come next.
    pub(crate) fn find(&mut self, what: &[u8], from: u64) -> io::Result<Option<u64>> {
        let mut place = from;
        loop {
            let (bytes, is_all) = self.at(place, 4 * SMALL)?;
            if let Some(at) = memchr::memmem::find(bytes, what) {
                return Ok(Some(place + at as u64));
            }
            if is_all {
                return Ok(None);
            }
            place += (bytes.len() + 1).saturating_sub(what.len()) as u64;
        }
    }
}
