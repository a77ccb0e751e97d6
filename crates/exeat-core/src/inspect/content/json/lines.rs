//! JSON Lines and NDJSON: a line end never stands within a record.

use memchr::memrchr;

use super::{Layout, Part};
use crate::inspect::content::text::TextCutter;
use crate::inspect::content::{self, BLOCK, Emit, Kind, Outcome};

/// Cuts lines into blocks.
pub(super) struct Cutter {
    buffer: Vec<u8>,
    boundary: usize,
    first: bool,
    limit: usize,
    /// What takes the rest, once a line is too long.
    spilled: Option<TextCutter>,
}

impl Cutter {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            boundary: 0,
            first: true,
            limit,
            spilled: None,
        }
    }

    fn cut(&mut self, at: usize, whole: bool, emit: &mut Emit<'_>) {
        let bytes = content::take_front(&mut self.buffer, at);
        self.boundary = 0;
        let part = Part {
            layout: Layout::Lines,
            first: std::mem::take(&mut self.first),
            whole,
        };
        emit(part.block(bytes));
    }
}

impl content::Cutter for Cutter {
    fn feed(&mut self, text: &[u8], emit: &mut Emit<'_>) {
        if let Some(spilled) = &mut self.spilled {
            spilled.feed(text, emit);
            return;
        }
        if let Some(at) = memrchr(b'\n', text) {
            self.boundary = self.buffer.len() + at + 1;
        }
        self.buffer.extend_from_slice(text);
        if self.buffer.len() >= BLOCK && self.boundary > 0 {
            self.cut(self.boundary, false, emit);
        }
        if self.buffer.len() > self.limit && self.boundary == 0 {
            let mut spilled =
                TextCutter::remains(self.limit).because("a record that is too long to be read");
            spilled.take_over(std::mem::take(&mut self.buffer), emit);
            self.spilled = Some(spilled);
        }
    }

    fn finish(mut self: Box<Self>, emit: &mut Emit<'_>) -> Outcome {
        let mut reason = None;
        if let Some(spilled) = self.spilled.take() {
            reason = Box::new(spilled).finish(emit).reason;
        } else if !self.buffer.is_empty() {
            let whole = self.first;
            self.cut(self.buffer.len(), whole, emit);
        }
        Outcome::of(Kind::Table, reason)
    }
}
