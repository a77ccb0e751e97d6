//! Mail (RFC 5322, MIME: RFC 2045 to 2049) and boxes of it (RFC 4155).
//!
//! A message is read by position: its parts are found by their boundaries and
//! decoded as they are passed on, so that one of any size takes little memory.
//! All header fields and the plain text of a message are one text; pages,
//! attachments and messages within it are members.

mod boxes;
mod entity;
mod header;
#[cfg(test)]
mod tests;
mod transfer;

pub(crate) use boxes::read_box;

use std::io::Read as _;

use encoding_rs::{Encoding, UTF_8};
use exeat_core::inspect::reader::Reason;

use crate::charset::{self, Decoded};
use crate::flow::Flows;
use crate::input::{Input, Window};
use crate::output::Output;
use crate::problem::Problem;

/// Reads one message.
pub(crate) fn read(mut input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let wide = wide(input.head()?);
    let window = match wide {
        None => input.into_window()?,
        Some(encoding) => {
            let mut text = Vec::new();
            let decoded = Decoded::new(input.into_read(), encoding);
            decoded.take(MAX_WIDE + 1).read_to_end(&mut text)?;
            if text.len() as u64 > MAX_WIDE {
                return Err(Reason::PartTooLarge.into());
            }
            Window::of_bytes(text)
        }
    };
    let mut flows = Flows::new(out);
    let mut text = flows.flow(b"");
    let read = entity::Message {
        flows: &mut flows,
        text: &mut text,
        parts: 0,
    }
    .read(&window, 0);
    // What there was of it stands, whatever became of the rest.
    flows.pass_on(&mut text)?;
    flows.close()?;
    read
}

/// A message that somebody saved as UTF-16 is held as UTF-8, up to this size.
const MAX_WIDE: u64 = 16 << 20;

/// The encoding of such a text.
fn wide(head: &[u8]) -> Option<&'static Encoding> {
    charset::marked(head).filter(|encoding| *encoding != UTF_8)
}
