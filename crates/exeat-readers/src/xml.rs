//! XML: records where it is a list of them, text where it is a document.
//!
//! It is read twice. The first time its outline is drawn ([`survey`]): which
//! elements repeat, and how much of it is prose. The second time each record
//! becomes a line of JSON ([`records`]), so that every value stands under its
//! names, or each element a line of text ([`prose`]). Nothing is expanded: a
//! document that declares entities is uninspected, and its declarations are
//! text. What is no XML any more is passed on as it stands.

mod events;
mod json;
mod prose;
mod records;
mod survey;
#[cfg(test)]
mod tests;

use std::io::{self, Cursor, Read};

use encoding_rs::{Encoding, UTF_8};
use exeat_core::inspect::reader::Reason;
use memchr::memmem;

use crate::base64::{Base64, is_base64};
use crate::charset::{self, Decoded};
use crate::flow::{Flow, Flows};
use crate::input::{Input, MAX_HELD};
use crate::output::Output;
use crate::problem::Problem;
use survey::{Plan, Survey};

/// How deep elements may be.
const MAX_DEPTH: usize = 256;
/// From so many digits on, base64 is decoded here; what is shorter the parent
/// finds in the text.
const BASE64: usize = 4096;

pub(crate) fn read(mut input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let encoding = encoding(input.head()?);
    if input.len().is_some() {
        let window = input.into_window()?;
        return read_twice(&|| window.clone(), encoding, out);
    }
    let mut stream = input.into_read();
    let mut held = Vec::new();
    let mut is_whole = false;
    while held.len() <= MAX_HELD && !is_whole {
        // By no more than is needed: doubling would take the room of two.
        held.reserve_exact(PIECE);
        let before = held.len();
        let mut piece = (&mut stream).take(PIECE as u64);
        piece.read_to_end(&mut held)?;
        is_whole = held.len() - before < PIECE;
    }
    if is_whole {
        return read_twice(&|| Cursor::new(&held[..]), encoding, out);
    }
    // Too much to be read twice.
    let rest = Cursor::new(held).chain(stream);
    as_prose(&mut Decoded::new(rest, encoding), &Plan::default(), out)
}

const PIECE: usize = 4 << 20;

fn read_twice<R: Read>(
    from_start: &dyn Fn() -> R,
    encoding: &'static Encoding,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut survey = Survey::default();
    events::read(&mut Decoded::new(from_start(), encoding), &mut survey)?;
    let plan = survey.plan();
    let mut text = Decoded::new(from_start(), encoding);
    match plan.is_prose {
        true => as_prose(&mut text, &plan, out),
        false => as_records(&mut text, plan, out),
    }
}

fn as_prose<R: Read>(text: &mut Decoded<R>, plan: &Plan, out: &mut Output) -> Result<(), Problem> {
    let mut parts = Parts::new(out);
    let mut sink = prose::Prose::new(plan);
    let read = events::read(
        text,
        &mut Both {
            sink: &mut sink,
            parts: &mut parts,
        },
    );
    finish(read, text, parts)
}

fn as_records<R: Read>(text: &mut Decoded<R>, plan: Plan, out: &mut Output) -> Result<(), Problem> {
    let mut parts = Parts::new(out);
    let mut sink = records::Records::new(plan);
    let read = events::read(
        text,
        &mut Both {
            sink: &mut sink,
            parts: &mut parts,
        },
    );
    sink.end(&mut parts)?;
    finish(read, text, parts)
}

/// Says what was wrong, and passes on what is no XML any more.
fn finish<R: Read>(
    read: Result<events::End, Problem>,
    text: &mut Decoded<R>,
    mut parts: Parts<'_>,
) -> Result<(), Problem> {
    let end = read?;
    parts.raw(&end.rest)?;
    let mut buffer = vec![0; 64 << 10];
    let copied: io::Result<()> = loop {
        match text.read(&mut buffer) {
            Ok(0) => break Ok(()),
            Ok(count) => parts.raw(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    let mut reasons = end.reasons;
    if text.is_damaged() {
        reasons.push(Reason::Damaged);
    }
    parts.end()?;
    let out = parts.flows.out;
    for reason in reasons {
        out.uninspected(reason)?;
    }
    Ok(copied?)
}

/// Hears of what stands in a document, in order.
trait Sink {
    /// An element begins; its name and those of its attributes as they are
    /// written.
    fn start(
        &mut self,
        name: &str,
        attributes: &[(String, String)],
        parts: &mut Parts<'_>,
    ) -> Result<(), Problem>;
    /// Some of its text; more may come.
    fn text(&mut self, text: &str, parts: &mut Parts<'_>) -> Result<(), Problem>;
    /// It ends.
    fn end_element(&mut self, parts: &mut Parts<'_>) -> Result<(), Problem>;
}

/// A sink, and the parts that it fills.
struct Both<'b, 'o, S> {
    sink: &'b mut S,
    parts: &'b mut Parts<'o>,
}

impl<S: Sink> events::Listener for Both<'_, '_, S> {
    fn start(
        &mut self,
        name: &str,
        attributes: &[(String, String)],
        _: u64,
    ) -> Result<(), Problem> {
        self.sink.start(name, attributes, self.parts)
    }

    fn text(&mut self, text: &str) -> Result<(), Problem> {
        self.sink.text(text, self.parts)
    }

    fn end(&mut self, _: u64) -> Result<(), Problem> {
        self.sink.end_element(self.parts)
    }

    fn beside(&mut self, text: &str) -> Result<(), Problem> {
        self.parts.beside.line();
        self.parts.beside.bytes.extend_from_slice(text.as_bytes());
        self.parts.beside.line();
        self.parts.flows.tend(&mut self.parts.beside)
    }
}

/// The parts that a document is passed on in.
struct Parts<'o> {
    flows: Flows<'o>,
    text: Flow,
    /// Comments and the like.
    beside: Flow,
    /// What is no XML.
    raw: Flow,
}

impl<'o> Parts<'o> {
    fn new(out: &'o mut Output) -> Self {
        let mut flows = Flows::new(out);
        Self {
            text: flows.flow(b""),
            beside: flows.flow(b"comments"),
            raw: flows.flow(b"rest"),
            flows,
        }
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.raw.bytes.extend_from_slice(bytes);
        self.flows.tend(&mut self.raw)
    }

    fn end(&mut self) -> Result<(), Problem> {
        self.flows.pass_on(&mut self.text)?;
        self.flows.pass_on(&mut self.beside)?;
        self.flows.pass_on(&mut self.raw)?;
        self.flows.close()
    }

    /// Reads a long value as the file that it holds, if it does.
    fn takes_base64(&mut self, value: &str) -> Result<bool, Problem> {
        let bytes = value.as_bytes();
        let has = |kind: fn(&u8) -> bool| bytes.iter().any(kind);
        // A sequence of genes, or a long number, has digits of one kind.
        let is_mixed = || {
            has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit)
        };
        if bytes.len() < BASE64 || !is_base64(bytes, BASE64) || !is_mixed() {
            return Ok(false);
        }
        self.flows.member(b"attachment", &mut Base64::new(bytes))?;
        Ok(true)
    }
}

/// A name without its namespace.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Whether an attribute only declares a namespace.
fn is_namespace(name: &str) -> bool {
    name == "xmlns" || name.starts_with("xmlns:")
}

/// The encoding of a document that begins with these bytes.
fn encoding(head: &[u8]) -> &'static Encoding {
    charset::marked(head)
        .or_else(|| declared(head))
        .unwrap_or(UTF_8)
}

fn declared(head: &[u8]) -> Option<&'static Encoding> {
    let head = head.trim_ascii_start().strip_prefix(b"<?xml")?;
    let declaration = &head[..memmem::find(head, b"?>")?];
    let after = &declaration[memmem::find(declaration, b"encoding")? + 8..];
    let after = after
        .trim_ascii_start()
        .strip_prefix(b"=")?
        .trim_ascii_start();
    let (&quote, label) = after.split_first()?;
    charset::declared(&label[..memchr::memchr(quote, label)?])
}
