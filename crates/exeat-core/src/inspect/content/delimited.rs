//! Delimited text: records cut at their ends, with quotes in mind.
//!
//! [`Cutter`] and [`Part::parse`] follow one grammar: a quote opens a field
//! only at the field's beginning, and closes it where it is not doubled (or
//! escaped, in the dialects that do so). It is RFC 4180 with any delimiter.

use std::sync::Arc;

use memchr::{memchr, memrchr};

use super::find;
use super::text::{self, TextCutter};
use super::{
    BLOCK, Block, Column, Emit, Form, Kind, MAX_COLUMNS, NO_DELIMITER, Outcome, Reason, Rows,
    Visitor, number,
};

mod dialect;
mod header;
mod shape;
mod sniff;

use crate::inspect::reader::protocol::push_row;
use dialect::{Dialect, Field};
pub(super) use sniff::sniff;

const RAGGED: &str = "rows of different lengths";
const UNCLOSED: &str = "an unclosed quote";
const TOO_WIDE: &str = "more than 4,096 columns";
const NESTED: &str = "a table within a cell";
/// A table of fewer records may be something else.
const SMALL: usize = 5;
/// A cell with so many lines that are alike holds a table.
const LINES: usize = 5;
const MISPLACED: &str = "a quote that does not end its field";

/// A table: how it is written and what its columns are called.
pub(super) struct Table {
    dialect: Dialect,
    names: Vec<Option<Vec<u8>>>,
    /// The header as it was written.
    head: Vec<u8>,
}

/// What [`sniff`] found: the table, and where its title lines and its header
/// end.
pub(super) struct Sniffed {
    table: Table,
    preamble: usize,
    body: usize,
    /// Why it is read otherwise than it is written.
    reason: Option<&'static str>,
}

impl Sniffed {
    /// The delimiter if it is a control byte that other texts do not have.
    pub(super) fn control_delimiter(&self) -> u8 {
        match self.table.dialect.delimiter {
            byte @ (0x01 | 0x1F) => byte,
            _ => NO_DELIMITER,
        }
    }
}

/// Cuts a table into blocks of whole records.
pub(super) struct Cutter {
    table: Arc<Table>,
    /// Bytes of title lines and header that are still to come, and of these
    /// how many are title lines.
    body: usize,
    preamble: usize,
    buffer: Vec<u8>,
    scanned: usize,
    quoted: bool,
    /// Where the last complete record ends.
    boundary: usize,
    first: bool,
    limit: usize,
    reason: Option<&'static str>,
    /// What takes the rest, once a record is too long.
    spilled: Option<TextCutter>,
}

impl Cutter {
    pub(super) fn new(sniffed: Sniffed, limit: usize) -> Self {
        Self {
            table: Arc::new(sniffed.table),
            body: sniffed.body,
            preamble: sniffed.preamble,
            buffer: Vec::new(),
            scanned: 0,
            quoted: false,
            boundary: 0,
            first: true,
            limit,
            reason: sniffed.reason,
            spilled: None,
        }
    }

    /// A cutter of rows whose columns are known, as
    /// [`push_row`](crate::inspect::reader::protocol::push_row) writes them.
    pub(super) fn of_rows(columns: &[Vec<u8>], limit: usize) -> Self {
        let mut head = Vec::new();
        push_row(&mut head, columns.iter().map(Vec::as_slice));
        let named = |name: &Vec<u8>| (!name.is_empty()).then(|| name.clone());
        Self::new(
            Sniffed {
                table: Table {
                    dialect: Dialect {
                        // A table of one column has no delimiter.
                        delimiter: if columns.len() > 1 { b',' } else { b'\n' },
                        quote: Some(b'"'),
                        backslash: false,
                        newline: b'\n',
                        spaces: false,
                    },
                    names: columns.iter().map(named).collect(),
                    head,
                },
                preamble: 0,
                body: 0,
                reason: None,
            },
            limit,
        )
    }

    /// Follows quotes to the end of the buffer, or to a byte that only the
    /// next one explains.
    fn scan(&mut self) {
        let dialect = self.table.dialect;
        let Some(quote) = dialect.quote else {
            self.mark_boundary(self.buffer.len());
            return;
        };
        loop {
            if self.quoted {
                let escape = if dialect.backslash { b'\\' } else { quote };
                let Some(at) = find::first(&self.buffer, self.scanned, quote, escape) else {
                    self.scanned = self.buffer.len();
                    return;
                };
                let Some(&next) = self.buffer.get(at + 1) else {
                    self.scanned = at;
                    return;
                };
                let escapes = self.buffer.get(at) != Some(&quote);
                if escapes || (next == quote && !dialect.backslash) {
                    self.scanned = at + 2;
                } else {
                    self.quoted = false;
                    self.scanned = at + 1;
                }
            } else {
                let found = find::first(&self.buffer, self.scanned, quote, quote);
                let Some(place) = found else {
                    self.mark_boundary(self.buffer.len());
                    return;
                };
                self.mark_boundary(place);
                self.quoted = dialect.opens(&self.buffer, place);
                self.scanned = place + 1;
            }
        }
    }

    /// Notes the last record end between what was scanned and `end`.
    fn mark_boundary(&mut self, end: usize) {
        let plain = self.buffer.get(self.scanned..end).unwrap_or_default();
        if let Some(at) = memrchr(self.table.dialect.newline, plain) {
            self.boundary = self.scanned + at + 1;
        }
        self.scanned = end;
    }

    fn cut(&mut self, at: usize, whole: bool, emit: &mut Emit<'_>) {
        let bytes = super::take_front(&mut self.buffer, at);
        self.scanned = self.scanned.saturating_sub(at);
        self.boundary = 0;
        emit(Block {
            bytes,
            form: Form::Delimited(Part {
                table: Arc::clone(&self.table),
                first: std::mem::take(&mut self.first),
                whole,
            }),
        });
    }
}

impl super::Cutter for Cutter {
    fn feed(&mut self, mut fresh: &[u8], emit: &mut Emit<'_>) {
        if self.body > 0 {
            // Both stand within the sample, which is a part of the first piece.
            let (before, after) = fresh.split_at(self.body.min(fresh.len()));
            let preamble = before.get(..self.preamble).unwrap_or_default();
            if !preamble.is_empty() {
                emit(text::block(preamble.to_vec(), 0));
            }
            self.body = 0;
            fresh = after;
        }
        if let Some(spilled) = &mut self.spilled {
            spilled.feed(fresh, emit);
            return;
        }
        self.buffer.extend_from_slice(fresh);
        self.scan();
        if self.buffer.len() >= BLOCK && self.boundary > 0 {
            self.cut(self.boundary, false, emit);
        }
        if self.buffer.len() > self.limit && self.boundary == 0 {
            let mut spilled = TextCutter::remains(self.limit).because(if self.quoted {
                "an unclosed quote, or a record that is too long to be read"
            } else {
                "a record that is too long to be read"
            });
            spilled.take_over(std::mem::take(&mut self.buffer), emit);
            self.spilled = Some(spilled);
        }
    }

    fn finish(mut self: Box<Self>, emit: &mut Emit<'_>) -> Outcome {
        let mut reason = self.reason.map(Reason::Borrowed);
        if let Some(spilled) = self.spilled.take() {
            reason = Box::new(spilled).finish(emit).reason.or(reason);
        } else if !self.buffer.is_empty() {
            let whole = self.first;
            self.cut(self.buffer.len(), whole, emit);
        }
        Outcome::of(Kind::Table, reason)
    }
}

/// Whether this value of a cell is a table of its own: lines with the same
/// number of delimiters between values.
fn is_table(value: &[u8]) -> bool {
    if memchr(b'\n', value).is_none() {
        return false;
    }
    let lines = || value.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let filled = || lines().filter(|line| !line.is_empty());
    if filled().take(LINES).count() < LINES {
        return false;
    }
    b",;\t|".iter().any(|delimiter| {
        let inner = |line: &[u8]| {
            let line = line.strip_suffix(&[*delimiter]).unwrap_or(line);
            memchr::memchr_iter(*delimiter, line).count()
        };
        let first = filled().next().map_or(0, inner);
        first > 0 && filled().all(|line| inner(line) == first)
    })
}

/// The table that a block is a part of.
pub(super) struct Part {
    table: Arc<Table>,
    first: bool,
    whole: bool,
}

/// What has been read of a block.
struct Reader<'a> {
    bytes: &'a [u8],
    /// Columns that the table has.
    width: u32,
    cells: Vec<(u32, &'a [u8])>,
    ends: Vec<u32>,
    /// The next column of the record at hand.
    column: u32,
    widest: u32,
    beyond: Vec<&'a [u8]>,
    reason: Option<&'static str>,
}

impl Part {
    pub(super) fn parse(&self, bytes: &[u8], visitor: &mut dyn Visitor) -> Result<(), Reason> {
        let dialect = self.table.dialect;
        let mut reader = Reader {
            bytes,
            width: number(self.table.names.len()),
            cells: Vec::with_capacity(bytes.len() / 8),
            ends: Vec::with_capacity(bytes.len() / 64),
            column: 0,
            widest: number(self.table.names.len()),
            beyond: Vec::new(),
            reason: None,
        };
        let quotes = dialect
            .quote
            .is_some_and(|quote| memchr(quote, bytes).is_some());
        // Unescaped values are never longer than they were.
        let mut unescaped = Vec::new();
        if quotes || dialect.spaces {
            if quotes {
                unescaped.resize(bytes.len(), 0);
            }
            reader.with_quotes(dialect, &mut unescaped);
        } else {
            reader.without_quotes(dialect);
        }
        reader.visit(self, visitor)
    }
}

impl<'a> Reader<'a> {
    /// No quote anywhere: every delimiter and line end is one.
    fn without_quotes(&mut self, dialect: Dialect) {
        let bytes = self.bytes;
        let mut start = 0;
        let mut beyond = None;
        let newline = dialect.newline;
        // In a table of one column, which has no delimiter, both are the same.
        find::for_each(bytes, dialect.delimiter, newline, |at| {
            let mut value = bytes.get(start..at).unwrap_or_default();
            let ends_record = bytes.get(at) == Some(&newline);
            if ends_record && newline == b'\n' {
                value = value.strip_suffix(b"\r").unwrap_or(value);
            }
            if !self.push(value) {
                beyond.get_or_insert(start);
            }
            start = at + 1;
            if ends_record {
                if let Some(from) = beyond.take() {
                    self.beyond.push(bytes.get(from..at).unwrap_or_default());
                }
                self.end_record();
            }
        });
        if start < bytes.len() || self.column > 0 {
            let value = bytes.get(start..).unwrap_or_default();
            if !self.push(value.strip_suffix(b"\r").unwrap_or(value)) {
                let from = beyond.unwrap_or(start);
                self.beyond.push(bytes.get(from..).unwrap_or_default());
            }
            self.end_record();
        }
    }

    fn with_quotes(&mut self, dialect: Dialect, mut unescaped: &'a mut [u8]) {
        let bytes = self.bytes;
        let mut at = 0;
        while at < bytes.len() {
            let mut beyond = None;
            loop {
                let from = at;
                let (field, next, ends_record) = dialect.field(bytes, at);
                let value = match field {
                    Field::Plain { start, end } => bytes.get(start..end).unwrap_or_default(),
                    Field::Quoted {
                        start,
                        end,
                        escaped,
                    } => {
                        let raw = bytes.get(start..end).unwrap_or_default();
                        if raw.len() > LINES * 2 && is_table(raw) {
                            self.reason.get_or_insert(NESTED);
                        }
                        if escaped {
                            let free = std::mem::take(&mut unescaped);
                            let used = dialect.unescape(raw, free);
                            let (value, rest) = free.split_at_mut(used);
                            unescaped = rest;
                            value
                        } else {
                            raw
                        }
                    }
                    Field::Unclosed { start } => {
                        self.reason.get_or_insert(UNCLOSED);
                        self.beyond.push(bytes.get(start..).unwrap_or_default());
                        b""
                    }
                };
                if matches!(field, Field::Plain { start, .. } if dialect.is_misplaced(bytes, start))
                {
                    self.reason.get_or_insert(MISPLACED);
                }
                if !self.push(value) {
                    beyond.get_or_insert(from);
                }
                at = next;
                if ends_record {
                    if let Some(from) = beyond {
                        self.beyond.push(bytes.get(from..at).unwrap_or_default());
                    }
                    self.end_record();
                    break;
                }
            }
        }
    }

    /// Whether there was a column left for the value.
    #[inline]
    fn push(&mut self, value: &'a [u8]) -> bool {
        if self.column >= number(MAX_COLUMNS) {
            self.reason.get_or_insert(TOO_WIDE);
            return false;
        }
        self.cells.push((self.column, value));
        self.column += 1;
        true
    }

    #[inline]
    fn end_record(&mut self) {
        let found = std::mem::take(&mut self.column);
        if found == self.width && found > 1 {
            self.ends.push(number(self.cells.len()));
        } else {
            self.end_odd_record(found);
        }
    }

    /// A record of a length that is not the table's, or a blank line.
    fn end_odd_record(&mut self, mut found: u32) {
        let blank = |cell: Option<&(u32, &[u8])>| cell.is_some_and(|(_, value)| value.is_empty());
        while found > self.width.max(1) && blank(self.cells.last()) {
            self.cells.pop();
            found -= 1;
        }
        if found == 1
            && self
                .cells
                .last()
                .is_some_and(|(_, value)| value.trim_ascii().is_empty())
        {
            self.cells.pop();
            return;
        }
        if found != self.width {
            self.reason.get_or_insert(RAGGED);
            self.widest = self.widest.max(found);
        }
        self.ends.push(number(self.cells.len()));
    }

    fn visit(self, part: &Part, visitor: &mut dyn Visitor) -> Result<(), Reason> {
        let names = part.table.names.iter().map(Option::as_deref);
        let columns: Vec<Column<'_>> = (0..self.widest)
            .zip(names.chain(std::iter::repeat(None)))
            .map(|(index, name)| Column { name, index })
            .collect();
        let rows = Rows {
            columns: &columns,
            cells: &self.cells,
            ends: &self.ends,
            first: part.first,
            whole: part.whole,
        };
        match self.ends.len() {
            0 => {}
            1..SMALL if part.whole => {
                visitor.few_rows(&rows, &[&part.table.head, self.bytes].concat());
            }
            _ => visitor.rows(&rows),
        }
        for text in self.beyond {
            visitor.text(text, 0);
        }
        self.reason.map_or(Ok(()), |reason| Err(reason.into()))
    }
}
