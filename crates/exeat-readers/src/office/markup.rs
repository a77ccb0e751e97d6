//! XML of office files, node by node: never more of it in memory than one
//! node, no entity but the five that XML has, no deeper than it may be.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use exeat_core::inspect::reader::Reason;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::errors::Error;
use quick_xml::escape::EscapeError;
use quick_xml::events::{BytesStart, Event};

use crate::problem::{Problem, io_error, reason_of};

/// The most bytes of one node: a tag, or the text between two.
const MAX_NODE: usize = 8 << 20;
/// The deepest nesting of elements.
const MAX_DEPTH: usize = 512;

/// A node.
pub(crate) enum Node<'b> {
    /// An element begins; an empty one ends with the next node.
    Start(Tag<'b>),
    /// The element with this local name ends.
    End(Cow<'b, str>),
    /// Text, or a piece of it.
    Text(Cow<'b, str>),
    /// A comment or an instruction to a program.
    Remark(Cow<'b, str>),
    /// All elements have ended.
    Done,
}

/// Where an element begins.
pub(crate) struct Tag<'b>(BytesStart<'b>);

impl Tag<'_> {
    pub(crate) fn local(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The value of the first attribute with this local name.
    pub(crate) fn attribute(&self, local: &str) -> Result<Option<String>, Problem> {
        let mut found = None;
        self.each(|name, value| {
            if name == local && found.is_none() {
                found = Some(value.to_owned());
            }
        })?;
        Ok(found)
    }

    /// Looks at every attribute that is no declaration of a namespace: its
    /// local name and its value.
    pub(crate) fn each(&self, mut see: impl FnMut(&str, &str)) -> Result<(), Problem> {
        for attribute in self.0.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| Reason::Damaged)?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|error| problem_of(&error))?;
            see(attribute.key.local_name().into_inner(), &value);
        }
        Ok(())
    }
}

/// Nodes in order.
pub(crate) struct Markup<R: Read> {
    reader: Reader<BufReader<Leash<Utf8<R>>>>,
    buffer: Vec<u8>,
    depth: usize,
    seen_any: bool,
    run: Rc<Cell<usize>>,
}

impl<R: Read> Markup<R> {
    pub(crate) fn new(inner: R) -> Self {
        let run = Rc::new(Cell::new(0));
        let leash = Leash {
            inner: Utf8::new(inner),
            run: Rc::clone(&run),
        };
        let mut reader = Reader::from_reader(BufReader::with_capacity(32 << 10, leash));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = true;
        Self {
            reader,
            buffer: Vec::new(),
            depth: 0,
            seen_any: false,
            run,
        }
    }

    pub(crate) fn next(&mut self) -> Result<Node<'_>, Problem> {
        self.run.set(0);
        self.buffer.clear();
        let event = self.reader.read_event_into(&mut self.buffer);
        Ok(match event.map_err(|error| problem_of(&error))? {
            Event::Start(start) | Event::Empty(start) => {
                self.depth += 1;
                self.seen_any = true;
                if self.depth > MAX_DEPTH {
                    return Err(Reason::PartTooLarge.into());
                }
                Node::Start(Tag(start))
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                Node::End(Cow::Owned(end.local_name().into_inner().to_owned()))
            }
            Event::Text(text) => Node::Text(text.xml10_content()),
            Event::CData(text) => Node::Text(text.xml10_content()),
            Event::GeneralRef(reference) => {
                let found = match reference.resolve_char_ref() {
                    Ok(Some(found)) => found,
                    Ok(None) => match &*reference {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "quot" => '"',
                        "apos" => '\'',
                        _ => return Err(Reason::Entities.into()),
                    },
                    Err(_) => return Err(Reason::Damaged.into()),
                };
                Node::Text(Cow::Owned(found.to_string()))
            }
            Event::Comment(text) => Node::Remark(text.xml10_content()),
            Event::PI(instruction) => Node::Remark(instruction.into_inner()),
            Event::Decl(declaration) => {
                if let Some(encoding) = declaration.encoding() {
                    let encoding = encoding.map_err(|_| Reason::Damaged)?;
                    let lower = encoding.to_ascii_lowercase();
                    if !matches!(&lower[..], "utf-8" | "utf8" | "utf-16" | "us-ascii") {
                        return Err(Reason::Unsupported.into());
                    }
                }
                Node::Remark(Cow::Borrowed(""))
            }
            Event::DocType(declaration) => {
                let upper = declaration.into_inner().to_ascii_uppercase();
                if upper.contains("<!ENTITY") {
                    return Err(Reason::Entities.into());
                }
                Node::Remark(Cow::Borrowed(""))
            }
            Event::Eof => {
                if self.depth > 0 || !self.seen_any {
                    return Err(Reason::CutShort.into());
                }
                Node::Done
            }
        })
    }
}

fn problem_of(error: &Error) -> Problem {
    let reason = match error {
        Error::Io(error) => reason_of(error),
        Error::Escape(EscapeError::UnrecognizedEntity(..)) => Reason::Entities,
        _ => Reason::Damaged,
    };
    reason.into()
}

/// Counts what is read since the last node.
struct Leash<R> {
    inner: R,
    run: Rc<Cell<usize>>,
}

impl<R: Read> Read for Leash<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let run = self.run.get() + count;
        self.run.set(run);
        if run > MAX_NODE {
            return Err(io_error(Reason::PartTooLarge));
        }
        Ok(count)
    }
}

/// UTF-8, also where it was UTF-16.
struct Utf8<R> {
    inner: R,
    state: State,
}

enum State {
    Start,
    Plain {
        held: [u8; 2],
        from: usize,
        to: usize,
    },
    Wide(Box<Wide>),
}

struct Wide {
    decoder: Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> Utf8<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            state: State::Start,
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        let mut held = [0; 2];
        let mut to = 0;
        while to < held.len() {
            match self.inner.read(&mut held[to..])? {
                0 => break,
                count => to += count,
            }
        }
        let encoding = match held {
            [0xFF, 0xFE] | [b'<', 0] => UTF_16LE,
            [0xFE, 0xFF] | [0, b'<'] => UTF_16BE,
            _ => {
                self.state = State::Plain { held, from: 0, to };
                return Ok(());
            }
        };
        self.state = State::Wide(Box::new(Wide {
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: held.to_vec(),
            text: Vec::new(),
            at: 0,
            ended: false,
        }));
        Ok(())
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if matches!(self.state, State::Start) {
            self.begin()?;
        }
        match &mut self.state {
            State::Plain { held, from, to } if *from < *to => {
                let waiting = held.get(*from..*to).unwrap_or_default();
                let count = waiting.len().min(buffer.len());
                buffer[..count].copy_from_slice(&waiting[..count]);
                *from += count;
                Ok(count)
            }
            State::Wide(wide) => {
                while wide.at >= wide.text.len() {
                    if wide.ended {
                        return Ok(0);
                    }
                    wide.fill(&mut self.inner)?;
                }
                let waiting = wide.text.get(wide.at..).unwrap_or_default();
                let count = waiting.len().min(buffer.len());
                buffer[..count].copy_from_slice(&waiting[..count]);
                wide.at += count;
                Ok(count)
            }
            _ => self.inner.read(buffer),
        }
    }
}

impl Wide {
    fn fill(&mut self, inner: &mut dyn Read) -> io::Result<()> {
        if self.raw.is_empty() {
            self.raw.resize(8 << 10, 0);
            let count = inner.read(&mut self.raw)?;
            self.raw.truncate(count);
            self.ended = count == 0;
        }
        let most = self.decoder.max_utf8_buffer_length(self.raw.len());
        self.text.resize(most.unwrap_or(64 << 10).max(16), 0);
        let (result, read, written, damaged) =
            self.decoder
                .decode_to_utf8(&self.raw, &mut self.text, self.ended);
        if damaged {
            return Err(io_error(Reason::Damaged));
        }
        self.text.truncate(written);
        self.at = 0;
        match result {
            CoderResult::InputEmpty => self.raw.clear(),
            CoderResult::OutputFull => {
                self.raw.drain(..read);
            }
        }
        Ok(())
    }
}
