//! JSON: documents, lines and concatenations of them (RFC 8259), in bounded
//! memory.
//!
//! Documents are cut by brackets ([`document`]), lines by line ends
//! ([`lines`]); both give blocks of records that [`record`] flattens into
//! key paths and values.

use memchr::memchr;

use super::{Block, Cutter, Form, Reason, SAMPLE, Visitor};

mod ahead;
mod document;
mod lines;
mod paths;
mod record;
mod survey;

const NOT_VALID: &str = "JSON that is not valid";

/// JSON records of one table, or of no table.
pub(super) struct Part {
    layout: Layout,
    first: bool,
    whole: bool,
}

/// How the records stand in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// One a line.
    Lines,
    /// Elements of an array, between commas. `last`: no comma comes after.
    /// `entries`: of a FHIR Bundle, where the record is in `resource`.
    Elements { last: bool, entries: bool },
    /// One after the other.
    Documents,
}

impl Part {
    fn block(self, bytes: Vec<u8>) -> Block {
        Block {
            bytes,
            form: Form::Json(self),
        }
    }

    pub(super) fn parse(&self, bytes: &[u8], visitor: &mut dyn Visitor) -> Result<(), Reason> {
        record::parse(bytes, self, visitor)
    }
}

/// A cutter for this text if it is JSON. `complete`: nothing comes after it.
pub(super) fn recognise(text: &[u8], complete: bool, limit: usize) -> Option<Box<dyn Cutter>> {
    let start = text.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let head = text.get(start..)?;
    if !looks_like_json(head, complete) {
        return None;
    }
    let line = memchr(b'\n', head);
    let first = line.and_then(|end| head.get(..end)).unwrap_or_default();
    let after = line
        .and_then(|end| head.get(end..))
        .unwrap_or_default()
        .trim_ascii_start();
    let follows = matches!(after.first(), Some(b'{' | b'['));
    if follows && record::is_value(first) {
        return Some(Box::new(lines::Cutter::new(limit)));
    }
    Some(Box::new(document::Cutter::new(limit)))
}

/// Whether a text that begins like JSON goes on like it.
fn looks_like_json(head: &[u8], complete: bool) -> bool {
    let sample = head.get(..SAMPLE).unwrap_or(head);
    let rest = sample.get(1..).unwrap_or_default().trim_ascii_start();
    match (sample.first(), rest.first()) {
        (Some(b'{'), Some(b'}')) => rest
            .get(1..)
            .is_none_or(|end| matches!(end.trim_ascii_start().first(), None | Some(b'{' | b'['))),
        (Some(b'{'), Some(b'"')) => {
            let read = record::prefix(sample);
            // A first key and its colon, unless the text ends before them.
            read.first_key || (complete && read.ended)
        }
        (Some(b'['), Some(b'{' | b'[' | b'"' | b']' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')) => {
            let read = record::prefix(sample);
            let after = sample
                .get(read.valid..)
                .unwrap_or_default()
                .trim_ascii_start();
            let inside =
                matches!(rest.first(), Some(b'{' | b'[')) && (read.first_key || read.values > 0);
            match after.first() {
                _ if inside || read.deep => true,
                None => {
                    !read.closed || read.values > 0 || !complete || sample.trim_ascii() == b"[]"
                }
                Some(b'{' | b'[') if read.closed => read.values > 0,
                Some(_) => !read.closed && read.values > 1,
            }
        }
        _ => false,
    }
}
