//! XML as events, with limits on their size and depth.

use std::io::{self, BufRead, BufReader, Read};

use exeat_core::inspect::reader::Reason;
use quick_xml::Reader;
use quick_xml::escape;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::MAX_DEPTH;
use crate::problem::{Problem, io_error, reason_of};

/// The most bytes of one event: a text, or a tag with its attributes. It is held
/// twice, beside what is decoded from it.
const MAX_EVENT: usize = 16 << 20;

/// Hears of what stands in a document.
pub(super) trait Listener {
    /// An element begins, so many bytes into the document.
    fn start(
        &mut self,
        name: &str,
        attributes: &[(String, String)],
        at: u64,
    ) -> Result<(), Problem>;
    fn text(&mut self, text: &str) -> Result<(), Problem>;
    fn end(&mut self, at: u64) -> Result<(), Problem>;
    /// Comments, instructions, declarations.
    fn beside(&mut self, text: &str) -> Result<(), Problem>;
}

/// How a document ended.
#[derive(Default)]
pub(super) struct End {
    /// What was wrong with it.
    pub(super) reasons: Vec<Reason>,
    /// What was read, and is no XML; after it comes what was not read.
    pub(super) rest: Vec<u8>,
}

impl End {
    fn note(&mut self, reason: Reason) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }
}

/// Reads a document to its end, or to where it is none any more.
///
/// # Errors
/// What the listener says. What is wrong with the document is in [`End`].
pub(super) fn read(text: &mut dyn Read, listener: &mut dyn Listener) -> Result<End, Problem> {
    let mut reader = Reader::from_reader(Bounded {
        inner: BufReader::with_capacity(64 << 10, text),
        left: 0,
    });
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    let mut end = End::default();
    let mut names: Vec<String> = Vec::new();
    let mut attributes = Vec::new();
    let mut buffer = Vec::new();
    let fault = loop {
        buffer.clear();
        buffer.shrink_to(1 << 20);
        reader.get_mut().left = MAX_EVENT;
        let at = reader.buffer_position();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(error) => break Some(error),
        };
        match event {
            Event::Start(tag) | Event::Empty(tag) if names.len() >= MAX_DEPTH => {
                end.note(Reason::TooDeep);
                end.rest = [b"<", tag.as_bytes(), b">"].concat();
                break None;
            }
            Event::Start(tag) => {
                read_tag(&tag, &mut attributes, listener, &mut end)?;
                let name = tag.name().into_inner();
                listener.start(name, &attributes, at)?;
                names.push(name.to_owned());
            }
            Event::Empty(tag) => {
                read_tag(&tag, &mut attributes, listener, &mut end)?;
                listener.start(tag.name().into_inner(), &attributes, at)?;
                listener.end(reader.buffer_position())?;
            }
            Event::End(tag) => {
                let name = tag.name().into_inner();
                let open = names.iter().rposition(|open| open == name);
                match open {
                    Some(place) => {
                        if place + 1 < names.len() {
                            end.note(Reason::Damaged);
                        }
                        for _ in names.drain(place..) {
                            listener.end(reader.buffer_position())?;
                        }
                    }
                    None => {
                        end.note(Reason::Damaged);
                        listener.beside(name)?;
                    }
                }
            }
            Event::Text(text) if names.is_empty() => {
                let text = text.into_inner();
                if !text.trim().is_empty() {
                    // Text outside of everything.
                    end.note(Reason::Damaged);
                    listener.beside(&text)?;
                }
            }
            Event::Text(text) => listener.text(&text)?,
            Event::CData(text) => match names.is_empty() {
                true => listener.beside(&text)?,
                false => listener.text(&text)?,
            },
            Event::GeneralRef(reference) => {
                let letter = resolve(&reference);
                match names.is_empty() {
                    true => listener.beside(&letter)?,
                    false => listener.text(&letter)?,
                }
            }
            Event::Comment(text) => listener.beside(&text)?,
            Event::PI(text) => listener.beside(&text)?,
            Event::Decl(declaration) => {
                // A version and an encoding; more would be something else.
                if declaration.len() > 128 {
                    listener.beside(&declaration)?;
                }
            }
            Event::DocType(text) => {
                if memchr::memmem::find(text.as_bytes(), b"<!ENTITY").is_some() {
                    end.note(Reason::Entities);
                }
                listener.beside(&text)?;
            }
            Event::Eof => {
                if !names.is_empty() {
                    end.note(Reason::CutShort);
                }
                break None;
            }
        }
    };
    if let Some(error) = fault {
        end.rest = buffer;
        let at_end = reader.get_mut().is_at_end();
        end.note(match error {
            quick_xml::Error::Io(error) => reason_of(&error),
            _ if at_end => Reason::CutShort,
            _ => Reason::Damaged,
        });
    }
    for _ in names.drain(..) {
        listener.end(reader.buffer_position())?;
    }
    // What the buffer has taken is not in the text any more.
    let bounded = reader.into_inner();
    end.rest.extend_from_slice(bounded.inner.buffer());
    Ok(end)
}

/// The attributes of a tag. One with a fault in them is passed on whole.
fn read_tag(
    tag: &BytesStart<'_>,
    attributes: &mut Vec<(String, String)>,
    listener: &mut dyn Listener,
    end: &mut End,
) -> Result<(), Problem> {
    attributes.clear();
    for attribute in tag.attributes().with_checks(false) {
        let Ok(attribute) = attribute else {
            end.note(Reason::Damaged);
            listener.beside(tag.attributes_raw())?;
            return Ok(());
        };
        let name = attribute.key.into_inner();
        attributes.push((name.to_owned(), unescaped(&attribute.value)));
    }
    Ok(())
}

/// An attribute's value with its references resolved; an unknown one stays as
/// it is.
fn unescaped(value: &str) -> String {
    if !value.contains('&') {
        return value.to_owned();
    }
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|end| *end <= 12);
        let resolved = end
            .map(|end| &rest[1..end])
            .map(|name| resolve(&BytesRef::new(name)));
        match (end, resolved) {
            (Some(end), Some(resolved)) => {
                text.push_str(&resolved);
                rest = &rest[end + 1..];
            }
            _ => {
                text.push('&');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

/// What a reference stands for, or itself.
fn resolve(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(letter)) = reference.resolve_char_ref() {
        return letter.to_string();
    }
    match escape::resolve_predefined_entity(reference) {
        Some(text) => text.to_owned(),
        None => format!("&{};", &**reference),
    }
}

/// Refuses to give more than is left of the limit.
struct Bounded<R> {
    inner: R,
    left: usize,
}

impl<R: BufRead> Bounded<R> {
    fn is_at_end(&mut self) -> bool {
        self.inner.fill_buf().is_ok_and(<[u8]>::is_empty)
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io_error(Reason::PartTooLarge));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count);
        self.inner.consume(count);
    }
}
