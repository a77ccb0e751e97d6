//! What a file is and what stands in it: bytes → blocks → records and text.
//!
//! A file's bytes are pushed into a [`Stream`] in order, as they are read for
//! sealing. The stream recognises the content by its bytes, decodes it to
//! UTF-8 and cuts it at record boundaries into [`Block`]s of about 1 MiB.
//! Blocks are parsed on any thread, in any order; what stands in them goes to
//! a [`Visitor`], which looks for people. Whatever cannot be read is named in
//! the [`Outcome`] or by [`Block::parse`], and is visited as text as far as
//! it goes. What a reader has to take apart first (see [`super::reader`]) is
//! only recognised here.

use std::borrow::Cow;
use std::mem;

mod delimited;
mod encoding;
mod find;
mod folded;
mod invisible;
mod json;
mod magic;
mod runs;
mod sql;
mod text;

#[cfg(test)]
mod tests;

use super::reader::{self, Format};
use encoding::Decoder;
use runs::Runs;
use text::TextCutter;

/// Bytes are handled in pieces of this size however they arrive, so that
/// results cannot depend on how a reader cut them.
const CHUNK: usize = 256 * 1024;
/// The size of a block, unless a single record is longer.
const BLOCK: usize = 1024 * 1024;
/// The longest record, or line of text, that is kept whole.
const LONGEST: usize = 16 * 1024 * 1024;
/// The same for what a base64 run holds: it is read beside its file.
const LONGEST_NESTED: usize = 4 * 1024 * 1024;
/// The most bytes of something within a base64 run that are held for a reader.
const MAX_HELD: usize = 32 * 1024 * 1024;
/// The most columns a table or a set of JSON records may have.
const MAX_COLUMNS: usize = 4096;
/// A control byte that every text may have.
const NO_DELIMITER: u8 = b'\t';
/// What is looked at to tell what a text is.
const SAMPLE: usize = 64 * 1024;

/// Why something counts as uninspected, as a lowercase fragment.
pub(crate) type Reason = Cow<'static, str>;
/// Where finished blocks go.
type Emit<'e> = dyn FnMut(Block) + 'e;

/// One file, read once, in order. Never fails: what it cannot read it says in
/// the [`Outcome`].
pub(crate) struct Stream {
    pending: Vec<u8>,
    state: State,
    mode: Mode,
}

/// What a stream is of, and what it may leave to others.
#[derive(Debug, Clone, Copy, Default)]
struct Mode {
    /// What a long base64 run decodes to; a run within it is not opened.
    nested: bool,
    /// There are readers for what is not text.
    readers: bool,
}

enum State {
    Start,
    Text(Box<Reading>),
    /// Not text: nothing more is looked at.
    Opaque(Outcome),
    /// For a reader, with the bytes where they are in no file.
    Foreign(Format, Vec<u8>),
}

/// What a file turned out to be, and why it counts as uninspected, if it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) kind: Kind,
    pub(crate) reason: Option<Reason>,
    /// A reader has to take it apart: nothing is known of it yet.
    pub(crate) foreign: Option<Format>,
}

impl Outcome {
    pub(crate) fn of(kind: Kind, reason: Option<Reason>) -> Self {
        Self {
            kind,
            reason,
            foreign: None,
        }
    }
}

/// The kinds of content that the floor tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Empty,
    Text,
    /// Delimited text, an SQL dump, or JSON of records.
    Table,
    /// JSON that is no set of records.
    Json,
    Media,
    Archive,
    Other,
}

/// Records to parse; owned and `Send`.
pub(crate) struct Block {
    bytes: Vec<u8>,
    form: Form,
}

enum Form {
    Text {
        records: u64,
    },
    Delimited(delimited::Part),
    Json(json::Part),
    Sql(sql::Part),
    /// A whole file, for a reader.
    Foreign,
}

/// Sees what stands in a block.
pub(crate) trait Visitor {
    /// Records with named or numbered columns.
    fn rows(&mut self, rows: &Rows<'_>);
    /// A whole table that is so small that it may be no table at all: what it
    /// was read from says more where the rows say nothing.
    fn few_rows(&mut self, rows: &Rows<'_>, text: &[u8]) {
        let _ = text;
        self.rows(rows);
    }
    /// Free text: whole lines or paragraphs, never cut inside a word.
    /// `records`: messages or documents that begin in it.
    fn text(&mut self, text: &[u8], records: u64);
}

/// Records of one shape. Column names come from the header, the key path or
/// the table definition.
pub(crate) struct Rows<'a> {
    /// A column's place here is the number that stands in `cells`.
    pub(crate) columns: &'a [Column<'a>],
    /// (column, value) of all records one after the other; values are unquoted
    /// and unescaped, and may be blank.
    pub(crate) cells: &'a [(u32, &'a [u8])],
    /// Where each record ends in `cells`.
    pub(crate) ends: &'a [u32],
    /// Whether these are the first records of the file, or of a table in it.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "tests see by it where a table begins")
    )]
    pub(crate) first: bool,
    /// Whether this block holds every record of the table.
    pub(crate) whole: bool,
}

/// One column of [`Rows`]. In JSON, numbers are given block by block: only
/// the name says that two columns of different blocks are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column<'a> {
    /// UTF-8.
    pub(crate) name: Option<&'a [u8]>,
    pub(crate) index: u32,
}

impl Stream {
    /// `readers`: there are readers for what is not text.
    pub(crate) fn new(readers: bool) -> Self {
        Self::in_mode(Mode {
            nested: false,
            readers,
        })
    }

    fn in_mode(mode: Mode) -> Self {
        Self {
            pending: Vec::new(),
            state: State::Start,
            mode,
        }
    }

    /// Of what was within a run of base64 and has been taken apart: nothing
    /// within it is taken apart again.
    pub(crate) fn innermost() -> Self {
        Self::in_mode(Mode {
            nested: true,
            readers: false,
        })
    }

    /// The same for rows of a table whose columns are known, as a reader writes
    /// them.
    pub(crate) fn of_rows(mut self, columns: &[Vec<u8>]) -> Self {
        let mut reading = Reading::new(Decoder::utf8_only(), self.mode);
        reading.cutter = Some(Box::new(delimited::Cutter::of_rows(columns, LONGEST)));
        self.state = State::Text(Box::new(reading));
        self
    }

    /// Whether nothing that comes would be looked at.
    pub(crate) fn is_done(&self) -> bool {
        match self.state {
            State::Opaque(_) => true,
            State::Foreign(..) => !self.mode.nested,
            State::Start | State::Text(_) => false,
        }
    }

    /// Takes the next bytes, of any number.
    pub(crate) fn push(&mut self, mut bytes: &[u8], emit: &mut Emit<'_>) {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Opaque(_) => return,
                State::Foreign(..) if !self.mode.nested => return,
                State::Foreign(_, held) => {
                    let room = (MAX_HELD + 1).saturating_sub(held.len());
                    held.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
                    return;
                }
                State::Start | State::Text(_) => {}
            }
            // A full piece is handled only when more is known to follow.
            if self.pending.len() == CHUNK {
                self.process(false, emit);
            }
            let taken = bytes.len().min(CHUNK - self.pending.len());
            let (now, later) = bytes.split_at(taken);
            self.pending.extend_from_slice(now);
            bytes = later;
        }
    }

    /// Reads what is left and says what the file was.
    pub(crate) fn finish(mut self, emit: &mut Emit<'_>) -> Outcome {
        if self.pending.is_empty() && matches!(self.state, State::Start) {
            return Outcome::of(Kind::Empty, None);
        }
        self.process(true, emit);
        match self.state {
            State::Text(reading) => reading.finish(emit),
            State::Opaque(outcome) => outcome,
            State::Start => Outcome::of(Kind::Other, Some("not recognised".into())),
            State::Foreign(format, _) if !self.mode.nested => Outcome {
                kind: Kind::Other,
                reason: None,
                foreign: Some(format),
            },
            State::Foreign(_, held) if held.len() > MAX_HELD => {
                Outcome::of(Kind::Other, Some("too large to be taken apart".into()))
            }
            State::Foreign(_, held) => {
                emit(Block {
                    bytes: held,
                    form: Form::Foreign,
                });
                Outcome::of(Kind::Other, None)
            }
        }
    }

    fn process(&mut self, last: bool, emit: &mut Emit<'_>) {
        if matches!(self.state, State::Start) {
            self.state = self.recognise(last);
        }
        if let State::Text(reading) = &mut self.state {
            reading.read(&self.pending, last, emit);
        }
        self.pending.clear();
    }

    fn recognise(&mut self, last: bool) -> State {
        let head = &self.pending;
        if self.mode.readers
            && let Some(format) = reader::recognise(head)
        {
            let held = match self.mode.nested {
                true => mem::take(&mut self.pending),
                false => Vec::new(),
            };
            return State::Foreign(format, held);
        }
        match magic::opaque(head, last) {
            Some(outcome) => State::Opaque(outcome),
            None => State::Text(Box::new(Reading::new(Decoder::new(head), self.mode))),
        }
    }
}

/// Reading of what is text.
struct Reading {
    decoder: Decoder,
    /// Decoded text: some that was already cut, for looking back, then new.
    text: Vec<u8>,
    cutter: Option<Box<dyn Cutter>>,
    runs: Runs,
    mode: Mode,
    /// A control byte that is the delimiter, and so no surprise.
    delimiter: u8,
    reason: Option<Reason>,
}

/// Cuts decoded text of one kind into blocks.
trait Cutter: Send {
    fn feed(&mut self, text: &[u8], emit: &mut Emit<'_>);
    fn finish(self: Box<Self>, emit: &mut Emit<'_>) -> Outcome;
}

impl Reading {
    fn new(decoder: Decoder, mode: Mode) -> Self {
        Self {
            decoder,
            text: Vec::new(),
            cutter: None,
            runs: Runs::new(mode),
            mode,
            delimiter: NO_DELIMITER,
            reason: None,
        }
    }

    fn read(&mut self, bytes: &[u8], last: bool, emit: &mut Emit<'_>) {
        let kept = self.runs.keep(&mut self.text);
        self.decoder.decode(bytes, last, &mut self.text);
        invisible::remove(&mut self.text, kept);
        let fresh = self.text.get(kept..).unwrap_or_default();
        let cutter = self.cutter.get_or_insert_with(|| {
            let limit = if self.mode.nested {
                LONGEST_NESTED
            } else {
                LONGEST
            };
            let (cutter, delimiter) = recognise(fresh, last, limit);
            self.delimiter = delimiter;
            cutter
        });
        if self.reason.is_none() {
            self.reason = encoding::control_bytes(fresh, self.delimiter).map(Cow::Borrowed);
        }
        cutter.feed(fresh, emit);
        self.runs.scan(&self.text, kept, last, emit);
    }

    fn finish(self, emit: &mut Emit<'_>) -> Outcome {
        let outcome = match self.cutter {
            Some(cutter) => cutter.finish(emit),
            None => Outcome::of(Kind::Empty, None),
        };
        let run = self.runs.finish(emit);
        let reason = self.decoder.reason().map(Cow::Borrowed);
        Outcome::of(
            outcome.kind,
            reason.or(self.reason).or(outcome.reason).or(run),
        )
    }
}

/// What kind of text this is; and its delimiter, where that is a control byte.
fn recognise(text: &[u8], complete: bool, limit: usize) -> (Box<dyn Cutter>, u8) {
    if let Some(hidden) = text::hidden(text) {
        return (
            Box::new(TextCutter::document(limit).because(hidden)),
            NO_DELIMITER,
        );
    }
    if let Some(folding) = folded::recognise(text) {
        return (
            Box::new(folded::Unfolder::new(folding, limit)),
            NO_DELIMITER,
        );
    }
    if let Some(cutter) = json::recognise(text, complete, limit) {
        return (cutter, NO_DELIMITER);
    }
    if let Some(cutter) = sql::recognise(text, limit) {
        return (Box::new(cutter), NO_DELIMITER);
    }
    if let Some(sniffed) = delimited::sniff(text, complete) {
        let delimiter = sniffed.control_delimiter();
        return (Box::new(delimited::Cutter::new(sniffed, limit)), delimiter);
    }
    let cutter = TextCutter::document(limit);
    match text::too_wide(text) {
        Some(reason) => (Box::new(cutter.because(reason)), NO_DELIMITER),
        None => (Box::new(cutter), NO_DELIMITER),
    }
}

impl Block {
    /// How many bytes of content it holds.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How much room it takes for them: what is left of a long record keeps the
    /// room that all of it had.
    pub(super) fn room(&self) -> usize {
        self.bytes.capacity()
    }

    /// A text.
    #[cfg(test)]
    pub(super) fn of(text: Vec<u8>) -> Self {
        text::block(text, 0)
    }

    /// The bytes of a whole file for a reader, if that is what it is.
    pub(crate) fn foreign(&self) -> Option<&[u8]> {
        matches!(self.form, Form::Foreign).then_some(&self.bytes)
    }

    /// Calls the visitor.
    ///
    /// # Errors
    /// The reason when something in the block cannot be read; what could be
    /// read has been visited.
    pub(crate) fn parse(&self, visitor: &mut dyn Visitor) -> Result<(), Reason> {
        match &self.form {
            Form::Text { records } => {
                visitor.text(&self.bytes, *records);
                Ok(())
            }
            Form::Delimited(part) => part.parse(&self.bytes, visitor),
            Form::Json(part) => part.parse(&self.bytes, visitor),
            Form::Sql(part) => part.parse(&self.bytes, visitor),
            Form::Foreign => Err("nothing to take it apart".into()),
        }
    }
}

/// Takes the first `cut` bytes out of a buffer, whose room goes with them.
fn take_front(buffer: &mut Vec<u8>, cut: usize) -> Vec<u8> {
    let rest = buffer.get(cut..).unwrap_or_default();
    if rest.is_empty() {
        return mem::take(buffer);
    }
    let mut next = Vec::with_capacity((BLOCK + CHUNK).max(rest.len()));
    next.extend_from_slice(rest);
    buffer.truncate(cut);
    mem::replace(buffer, next)
}

/// A number for a column or a cell; blocks hold far fewer than 2^32 bytes.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
