//! Long runs of base64 or hexadecimal digits in any text (RFC 4648), decoded
//! once and read like a file of their own.
//!
//! A run of [`SHORT`] digits cannot hide between probes as far apart as
//! [`PROBE`]. Only where a probe hits is the text followed digit by digit. Runs
//! below [`LONG`] that decode to no text and no known format are keys and
//! hashes.

use std::borrow::Cow;
use std::ops::ControlFlow;

use memchr::memmem;

use super::{BLOCK, Emit, Mode, Reason, Stream, text};
use crate::inspect::reader;

mod tracker;

use tracker::Tracker;
pub(super) use tracker::digit;

/// Digits from which on a run is read, and counts as uninspected if it cannot
/// be.
const LONG: usize = 4096;
/// Digits from which on a run is read if it decodes to text.
const SHORT: usize = 200;
/// With a window and a few line ends no longer than [`SHORT`].
const PROBE: usize = 144;
const WINDOW: usize = 48;
/// Short runs of one text that are read like files of their own. What more
/// there are is read as one text.
const SINGLE: usize = 256;

/// Looks for runs in one text.
pub(super) struct Runs {
    mode: Mode,
    /// Of the text at hand, what has been ruled out.
    cleared: usize,
    tracker: Option<Tracker>,
    reason: Option<Reason>,
    /// Short runs so far, and what those beyond [`SINGLE`] decoded to.
    short: usize,
    joined: Vec<u8>,
}

impl Runs {
    pub(super) fn new(mode: Mode) -> Self {
        Self {
            mode,
            cleared: 0,
            tracker: None,
            reason: None,
            short: 0,
            joined: Vec::new(),
        }
    }

    /// Drops what need not be looked at again; the length of what is kept.
    pub(super) fn keep(&mut self, text: &mut Vec<u8>) -> usize {
        if self.tracker.is_some() {
            text.clear();
        } else {
            text.drain(..self.cleared.min(text.len()));
        }
        self.cleared = 0;
        text.len()
    }

    /// Looks at a text of which the first `kept` bytes were there before.
    pub(super) fn scan(&mut self, text: &[u8], kept: usize, last: bool, emit: &mut Emit<'_>) {
        let mut at = if self.tracker.is_some() { kept } else { 0 };
        loop {
            if let Some(tracker) = &mut self.tracker {
                let flow = tracker.follow(text, &mut at, emit);
                if flow.is_continue() {
                    break;
                }
                self.end(emit);
            }
            self.cleared = at;
            match probe(text, at) {
                ControlFlow::Break((cleared, start)) => {
                    self.cleared = cleared;
                    self.tracker = Some(Tracker::new(self.mode));
                    at = start;
                }
                ControlFlow::Continue(cleared) => {
                    self.cleared = cleared;
                    break;
                }
            }
        }
        if last {
            self.end(emit);
        }
    }

    fn end(&mut self, emit: &mut Emit<'_>) {
        let Some(mut tracker) = self.tracker.take() else {
            return;
        };
        let digits = tracker.digits();
        let reason = match tracker.short() {
            Some(text) => self.read_short(text, emit),
            None => tracker.finish(emit),
        };
        if let Some(reason) = reason {
            let nested = self.mode.nested;
            self.reason.get_or_insert_with(|| match nested {
                true => reason,
                false => Cow::Owned(format!(
                    "a long {digits} run that could not be read: {reason}"
                )),
            });
        }
    }

    /// Reads what a short run decoded to.
    fn read_short(&mut self, mut decoded: Vec<u8>, emit: &mut Emit<'_>) -> Option<Reason> {
        if self.mode.nested {
            return Some(tracker::WITHIN.into());
        }
        self.short += 1;
        if self.short <= SINGLE || reader::recognise(&decoded).is_some() {
            let mut stream = Stream::in_mode(Mode {
                nested: true,
                ..self.mode
            });
            stream.push(&decoded, emit);
            let reason = stream.finish(emit).reason;
            // Style sheets are full of small drawings; their text was shown.
            let drawing = memmem::find(&decoded, b"<svg").is_some();
            return reason.filter(|_| !drawing);
        }
        self.joined.append(&mut decoded);
        self.joined.push(b'\n');
        if self.joined.len() >= BLOCK {
            emit(text::block(std::mem::take(&mut self.joined), 0));
        }
        None
    }

    /// Why a run could not be read, if one could not.
    pub(super) fn finish(mut self, emit: &mut Emit<'_>) -> Option<Reason> {
        self.end(emit);
        if !self.joined.is_empty() {
            emit(text::block(std::mem::take(&mut self.joined), 0));
        }
        self.reason
    }
}

/// Probes from `from` on. Breaks with where the run begins that a probe hit;
/// else continues with what is ruled out.
fn probe(text: &[u8], from: usize) -> ControlFlow<(usize, usize), usize> {
    let mut cleared = from;
    loop {
        let place = cleared + PROBE;
        let Some(window) = text.get(place..place + WINDOW) else {
            return ControlFlow::Continue(cleared);
        };
        match first_strange(window) {
            Some(at) => cleared = place + at + 1,
            None => return ControlFlow::Break((cleared, run_start(text, cleared, place))),
        }
    }
}

/// The first byte of these that cannot stand within a run.
fn first_strange(window: &[u8]) -> Option<usize> {
    let mut indented = true;
    window.iter().position(|&byte| {
        let fits = match byte {
            b'\n' | b'\r' => {
                indented = true;
                return false;
            }
            b' ' | b'\t' => return !indented,
            b'\\' => true,
            _ => tracker::digit(byte).is_some(),
        };
        indented = false;
        !fits
    })
}

/// Back from a hit to where the run may begin.
fn run_start(text: &[u8], cleared: usize, place: usize) -> usize {
    let mut start = place;
    let byte = |at: usize| text.get(at).copied().unwrap_or_default();
    while start > cleared {
        let mut before = start - 1;
        while before > cleared && matches!(byte(before), b' ' | b'\t') {
            before -= 1;
        }
        let spaces = before + 1 < start;
        let fits = match byte(before) {
            b'\n' | b'\r' => true,
            b'\\' => !spaces,
            other => !spaces && tracker::digit(other).is_some(),
        };
        if !fits {
            break;
        }
        start = before;
    }
    start
}
