//! Boxes of messages, cut at their `From ` lines.

use std::io::{self, BufRead, BufReader, Read};

use exeat_core::inspect::reader::{Format, Reason};

use crate::charset::Decoded;
use crate::input::{Input, MAX_HELD, Window};
use crate::output::Output;
use crate::problem::Problem;

/// A line is looked at in pieces of this size.
const PIECE: u64 = 64 << 10;

/// Reads the messages of a box, each a member with its number for a name.
pub(crate) fn read_box(mut input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let wide = super::wide(input.head()?);
    match input.len() {
        Some(_) if wide.is_none() => {
            let window = input.into_window()?;
            let mut number = 0_u64;
            let mut start = 0;
            cut(window.clone(), |piece| {
                if let Piece::End(end) = piece {
                    let message = window.slice(start..end).ok_or(Reason::Changed)?;
                    start = end;
                    number += 1;
                    pass_on(number, message, out)?;
                }
                Ok(())
            })
        }
        _ => {
            let mut number = 0_u64;
            let mut message = Vec::new();
            let mut is_too_large = false;
            let source: Box<dyn Read + '_> = match wide {
                Some(encoding) => Box::new(Decoded::new(input.into_read(), encoding)),
                None => Box::new(input.into_read()),
            };
            cut(source, |piece| {
                match piece {
                    Piece::Bytes(bytes) => {
                        if message.len() + bytes.len() > MAX_HELD / 2 {
                            is_too_large = true;
                            message.truncate(MAX_HELD / 8);
                        }
                        if !is_too_large {
                            message.extend_from_slice(bytes);
                        }
                    }
                    Piece::End(_) => {
                        number += 1;
                        let whole = Window::of_bytes(std::mem::take(&mut message));
                        if std::mem::take(&mut is_too_large) {
                            let name = number.to_string();
                            out.within(name.as_bytes(), |out| {
                                out.uninspected(Reason::PartTooLarge)
                            })?;
                        }
                        pass_on(number, whole, out)?;
                    }
                }
                Ok(())
            })
        }
    }
}

fn pass_on(number: u64, message: Window, out: &mut Output) -> Result<(), Problem> {
    let name = number.to_string();
    out.member_by(name.as_bytes(), Input::of_window(message), |_| {
        Some(Format::Mail)
    })
}

/// What a box consists of.
enum Piece<'a> {
    Bytes(&'a [u8]),
    /// A message ends, so many bytes into the box.
    End(u64),
}

fn cut(
    source: impl Read,
    mut take: impl FnMut(Piece<'_>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut reader = BufReader::with_capacity(256 << 10, source);
    let mut at = 0;
    let mut line = Vec::new();
    // What the line before was: a new message comes after an empty one.
    let (mut is_line_start, mut is_after_empty) = (true, false);
    let mut has_message = false;
    loop {
        line.clear();
        let read = (&mut reader).take(PIECE).read_until(b'\n', &mut line);
        match read {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                if has_message {
                    take(Piece::End(at))?;
                }
                return Err(error.into());
            }
        }
        if is_line_start && is_after_empty && has_message && is_separator(&line) {
            take(Piece::End(at))?;
        }
        has_message = true;
        take(Piece::Bytes(&line))?;
        at += line.len() as u64;
        is_after_empty = is_line_start && matches!(&line[..], b"\n" | b"\r\n");
        is_line_start = line.ends_with(b"\n");
    }
    match has_message {
        true => take(Piece::End(at)),
        false => Ok(()),
    }
}

/// Whether a line begins a message: it ends with a time, as prose that begins
/// with this word hardly does.
pub(super) fn is_separator(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else {
        return false;
    };
    let time = |part: &[u8]| {
        matches!(
            part,
            [b'0'..=b'9', b'0'..=b'9', b':', b'0'..=b'9', b'0'..=b'9', ..]
        )
    };
    rest.split(u8::is_ascii_whitespace).any(time)
}
