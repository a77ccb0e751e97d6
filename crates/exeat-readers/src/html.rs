//! HTML: what is seen of a page, and what is not. Text comes line by line as
//! blocks have it, each table as delimited text of its own; attributes,
//! comments, scripts and styles stand in a part beside it, and what is encoded
//! in addresses (`data:`) is read like an attachment.
//!
//! The tokens are those of the HTML standard, which knows no wrong page: all
//! that is outside of tags is text. No tree is built, so that a table of any
//! length streams.

mod attribute;
mod page;
mod sink;
mod table;
mod tag;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

use encoding_rs::{Encoding, UTF_8};
use exeat_core::inspect::reader::Reason;
use html5gum::{IoReader, Tokenizer};
use memchr::memmem;

use crate::charset::{self, Decoded};
use crate::input::Input;
use crate::output::Output;
use crate::problem::Problem;
pub(crate) use attribute::{is_look, percent_decoded};
use page::Page;
use tag::Tags;

/// How far into a page its encoding may be declared. Browsers look at 1 KiB;
/// the page of a mail program may have its styles first.
const DECLARED_WITHIN: usize = 16 << 10;

pub(crate) fn read(mut input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let encoding = encoding(input.head()?);
    let mut text = Decoded::new(input.into_read(), encoding);
    let mut page = Page::new(out);
    let mut tokens =
        Tokenizer::new_with_emitter(IoReader::new(Patient(&mut text)), Tags::new(&mut page));
    // There are no tokens but the one that says that the page wants no more.
    let failed = tokens.next().and_then(Result::err);
    drop(tokens);
    page.end()?;
    if text.is_damaged() {
        out.uninspected(Reason::Damaged)?;
    }
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

/// Reads again where a read was only interrupted.
struct Patient<R>(R);

impl<R: Read> Read for Patient<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

/// The encoding of a page that begins with these bytes.
fn encoding(head: &[u8]) -> &'static Encoding {
    charset::marked(head)
        .or_else(|| meta(head.get(..DECLARED_WITHIN).unwrap_or(head)))
        .unwrap_or(UTF_8)
}

/// What `<meta charset=...>`, in its new or its old form, or the declaration
/// of XHTML says.
fn meta(head: &[u8]) -> Option<&'static Encoding> {
    let lower = head.to_ascii_lowercase();
    let declaration = lower
        .trim_ascii_start()
        .starts_with(b"<?xml")
        .then(|| memmem::find(&lower, b"?>"))
        .flatten()
        .and_then(|end| named(&lower[..end], b"encoding"));
    let mut rest = &lower[..];
    while let Some(at) = memmem::find(rest, b"<meta") {
        rest = &rest[at + 5..];
        let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        if let Some(encoding) = named(&rest[..end], b"charset") {
            return Some(encoding);
        }
    }
    declaration
}

/// The encoding after `word=`.
fn named(text: &[u8], word: &[u8]) -> Option<&'static Encoding> {
    let after = text.get(memmem::find(text, word)? + word.len()..)?;
    let after = after.trim_ascii_start().strip_prefix(b"=")?;
    let label = after.trim_ascii_start();
    let label = label
        .strip_prefix(b"\"")
        .or(label.strip_prefix(b"'"))
        .unwrap_or(label);
    let end = label
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || b"-_:.".contains(byte)))
        .unwrap_or(label.len());
    charset::declared(&label[..end])
}
