//! One run, followed digit by digit: where it ends, and what it decodes to.

use std::ops::ControlFlow;

use super::{LONG, SHORT};
use crate::inspect::content::{Emit, Mode, Reason, Stream, magic};
use crate::inspect::reader;

/// Lines of runs are usually 64 or 76 digits long. Shorter ones of one length
/// are mostly lists of identifiers, and are read only if that makes sense.
const NARROW: usize = 60;
/// Hexadecimal digits of the digests of SHA-2, which are listed one a line
/// and are not to be read (FIPS 180-4).
const DIGESTS: &[usize] = &[64, 96, 128];
/// Runs are followed one deep.
pub(super) const WITHIN: &str = "a base64 run within it";
/// Decoded bytes are passed on in such pieces.
const PIECE: usize = 16 * 1024;

/// Follows a run from its first digit.
pub(super) struct Tracker {
    mode: Mode,
    /// The digits, until there are enough of them.
    digits: Vec<u8>,
    decoding: Option<Decoding>,
    /// Too long a run within a run.
    refused: bool,
    first_line: Option<usize>,
    width: Option<usize>,
    line: usize,
    /// Line feeds since the last digit.
    feeds: usize,
    padded: bool,
    /// Nothing but the end can come.
    ended: bool,
    /// The beginning of an escape such as `\n` or `\u002B`.
    escape: Vec<u8>,
}

struct Decoding {
    stream: Box<Stream>,
    bits: u32,
    accumulated: u32,
    held: u32,
    decoded: Vec<u8>,
}

/// The value of a digit of base64, in either alphabet.
pub(in crate::inspect::content) fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn hexadecimal(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

impl Tracker {
    pub(super) fn new(mode: Mode) -> Self {
        Self {
            mode,
            digits: Vec::new(),
            decoding: None,
            refused: false,
            first_line: None,
            width: None,
            line: 0,
            feeds: 0,
            padded: false,
            ended: false,
            escape: Vec::new(),
        }
    }

    /// Reads on from `at`; breaks where the run ends.
    pub(super) fn follow(
        &mut self,
        text: &[u8],
        at: &mut usize,
        emit: &mut Emit<'_>,
    ) -> ControlFlow<()> {
        while let Some(&byte) = text.get(*at) {
            if self.escape.is_empty() {
                self.byte(byte, emit)?;
            } else {
                self.escaped(byte, emit)?;
            }
            *at += 1;
        }
        ControlFlow::Continue(())
    }

    /// What the digits of the run are called.
    pub(super) fn digits(&self) -> &'static str {
        let bits = match &self.decoding {
            Some(decoding) => decoding.bits,
            // Within a run all is called base64.
            None if self.refused => 6,
            None => bits(&self.digits),
        };
        if bits == 4 { "hexadecimal" } else { "base64" }
    }

    /// Why what the run held could not be read, if there was enough of it.
    pub(super) fn finish(mut self, emit: &mut Emit<'_>) -> Option<Reason> {
        if self.refused {
            return Some(WITHIN.into());
        }
        let mut decoding = self.decoding.take()?;
        decoding.pass_on(emit);
        decoding.stream.finish(emit).reason
    }

    /// The text, or the file that a reader takes apart, that a run of less than
    /// [`LONG`] digits decodes to, if it does. A word on the line after may look like a part of the run.
    pub(super) fn short(&mut self) -> Option<Vec<u8>> {
        if self.decoding.is_some() || self.refused || self.digits.len() < SHORT {
            return None;
        }
        let digits = std::mem::take(&mut self.digits);
        let last = self.first_line.map_or(0, |_| self.line);
        let foreign = self.first_line.filter(|&first| Some(first) != self.width);
        let ends = [
            Some(digits.len()),
            (last > 0).then(|| digits.len() - last),
            self.first_line,
        ];
        for end in ends.into_iter().flatten() {
            for start in [Some(0), foreign, Some(1), Some(2), Some(3)]
                .into_iter()
                .flatten()
            {
                let run = digits.get(start..end).unwrap_or_default();
                if run.len() < SHORT - 3 {
                    continue;
                }
                let mut decoding = Decoding::new(bits(run), self.mode);
                run.iter().for_each(|&byte| decoding.add(byte));
                let decoded = &decoding.decoded;
                if magic::is_plain(decoded) || reader::recognise(decoded).is_some() {
                    return Some(decoding.decoded);
                }
            }
        }
        None
    }

    fn byte(&mut self, byte: u8, emit: &mut Emit<'_>) -> ControlFlow<()> {
        match byte {
            b'\n' | b'\r' => self.line_end(byte),
            b' ' | b'\t' if self.line == 0 => ControlFlow::Continue(()),
            b'\\' => {
                self.escape.push(byte);
                ControlFlow::Continue(())
            }
            b'=' if self.line > 0 => {
                self.padded = true;
                ControlFlow::Continue(())
            }
            _ => self.digit(byte, emit),
        }
    }

    fn escaped(&mut self, byte: u8, emit: &mut Emit<'_>) -> ControlFlow<()> {
        self.escape.push(byte);
        let stands_for = match self.escape.as_slice() {
            [_, b'n' | b'\n'] => b'\n',
            [_, b'r' | b'\r'] => b'\r',
            [_, b'/'] => b'/',
            [_, b'u'] | [_, b'u', ..] if self.escape.len() < 6 => {
                return match hexadecimal(byte) {
                    None if self.escape.len() > 2 => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                };
            }
            [_, b'u', b'0', b'0', high, low] => match (hexadecimal(*high), hexadecimal(*low)) {
                (Some(high), Some(low)) => high * 16 + low,
                _ => return ControlFlow::Break(()),
            },
            _ => return ControlFlow::Break(()),
        };
        self.escape.clear();
        if stands_for == b'\\' {
            return ControlFlow::Break(());
        }
        self.byte(stands_for, emit)
    }

    fn line_end(&mut self, byte: u8) -> ControlFlow<()> {
        if self.line == 0 {
            self.feeds += usize::from(byte == b'\n');
            // An empty line ends a run.
            return if self.feeds > 1 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            };
        }
        self.feeds = usize::from(byte == b'\n');
        if self.first_line.is_none() {
            self.first_line = Some(self.line);
        } else if *self.width.get_or_insert(self.line) != self.line {
            self.ended = true;
        }
        self.line = 0;
        ControlFlow::Continue(())
    }

    fn digit(&mut self, byte: u8, emit: &mut Emit<'_>) -> ControlFlow<()> {
        let over = self.width.is_some_and(|width| self.line >= width);
        if self.ended || self.padded || over || digit(byte).is_none() {
            return ControlFlow::Break(());
        }
        self.line += 1;
        self.feeds = 0;
        if let Some(decoding) = &mut self.decoding {
            return decoding.digit(byte, emit);
        }
        if self.refused {
            return ControlFlow::Continue(());
        }
        self.digits.push(byte);
        if self.digits.len() < LONG {
            return ControlFlow::Continue(());
        }
        self.begin(emit)
    }

    /// Enough digits are there: decides what they are and decodes them.
    fn begin(&mut self, emit: &mut Emit<'_>) -> ControlFlow<()> {
        let digits = std::mem::take(&mut self.digits);
        // What stands before the run may look like a part of it: a word on
        // the line before, a `0x`, the slash of a path.
        let foreign = self.first_line.filter(|&first| Some(first) != self.width);
        let skips = [Some(0), foreign, Some(1), Some(2), Some(3)];
        let bits = bits(
            digits
                .get(foreign.unwrap_or(0).max(2)..)
                .unwrap_or_default(),
        );
        let narrow = match (self.first_line, self.width) {
            (Some(_), Some(width)) => width < NARROW || (bits == 4 && DIGESTS.contains(&width)),
            (Some(_), None) => self.line < NARROW,
            _ => false,
        };
        let mut best = None;
        for skip in skips.into_iter().flatten() {
            let mut decoding = Decoding::new(bits, self.mode);
            for &byte in digits.iter().skip(skip) {
                decoding.add(byte);
            }
            if magic::is_meaningful(&decoding.decoded) {
                best = Some(decoding);
                break;
            }
            if !narrow {
                best.get_or_insert(decoding);
            }
        }
        match best {
            None => return ControlFlow::Break(()),
            Some(_) if self.mode.nested => self.refused = true,
            Some(mut decoding) => {
                decoding.pass_on(emit);
                self.decoding = Some(decoding);
            }
        }
        ControlFlow::Continue(())
    }
}

/// How many bits each of these digits stands for.
fn bits(digits: &[u8]) -> u32 {
    let hex = digits.iter().all(|&byte| hexadecimal(byte).is_some());
    if hex { 4 } else { 6 }
}

impl Decoding {
    fn new(bits: u32, mode: Mode) -> Self {
        Self {
            stream: Box::new(Stream::in_mode(Mode {
                nested: true,
                ..mode
            })),
            bits,
            accumulated: 0,
            held: 0,
            decoded: Vec::new(),
        }
    }

    fn digit(&mut self, byte: u8, emit: &mut Emit<'_>) -> ControlFlow<()> {
        if self.bits == 4 && hexadecimal(byte).is_none() {
            return ControlFlow::Break(());
        }
        self.add(byte);
        if self.decoded.len() >= PIECE {
            self.pass_on(emit);
        }
        ControlFlow::Continue(())
    }

    fn add(&mut self, byte: u8) {
        let value = if self.bits == 4 {
            hexadecimal(byte)
        } else {
            digit(byte)
        };
        let Some(value) = value else {
            return;
        };
        self.accumulated = (self.accumulated << self.bits) | u32::from(value);
        self.held += self.bits;
        if self.held >= 8 {
            self.held -= 8;
            let whole = self.accumulated >> self.held;
            self.decoded.extend(u8::try_from(whole));
            self.accumulated &= (1 << self.held) - 1;
        }
    }

    fn pass_on(&mut self, emit: &mut Emit<'_>) {
        self.stream.push(&self.decoded, emit);
        self.decoded.clear();
    }
}
