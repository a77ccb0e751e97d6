//! Documents of any size: the records of their tables are cut out, and what
//! is left (the skeleton) is one record.
//!
//! Up to its first MiB, a document is kept to see which of its arrays are
//! tables ([`survey`]); after that, every array of objects is one.

use memchr::memchr2;

use super::{Layout, NOT_VALID, Part, survey};
use crate::inspect::content::text::{self, TextCutter};
use crate::inspect::content::{self, BLOCK, Cutter as _, Emit, Kind, Outcome, Reason, find};

/// As deep as records may be.
const MAX_DEPTH: usize = 128;
/// Records from which on JSON counts as a table.
const MANY: u64 = 10;

/// Cuts a document, or several one after the other.
pub(super) struct Cutter {
    /// The beginning, until it is surveyed; then empty.
    head: Vec<u8>,
    surveyed: bool,
    /// Where records begin in what is fed next, latest first.
    starts: Vec<usize>,
    /// How far into the head reading has come.
    offset: usize,
    head_length: usize,
    /// What stands outside tables.
    skeleton: Vec<u8>,
    /// Of that, what is complete documents.
    complete: usize,
    skeleton_first: bool,
    stack: Vec<u8>,
    last_string: (usize, usize),
    key: Option<(usize, usize)>,
    array_due: bool,
    in_string: bool,
    escaped: bool,
    table: Option<Table>,
    most: u64,
    documents: u64,
    limit: usize,
    reason: Option<Reason>,
    spilled: Option<TextCutter>,
}

/// An array whose elements are being cut out.
struct Table {
    buffer: Vec<u8>,
    /// Brackets open within an element.
    depth: u64,
    in_string: bool,
    escaped: bool,
    boundary: usize,
    records: u64,
    first: bool,
    entries: bool,
}

impl Cutter {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            head: Vec::new(),
            surveyed: false,
            starts: Vec::new(),
            offset: 0,
            head_length: 0,
            skeleton: Vec::new(),
            complete: 0,
            skeleton_first: true,
            stack: Vec::new(),
            last_string: (0, 0),
            key: None,
            array_due: false,
            in_string: false,
            escaped: false,
            table: None,
            most: 0,
            documents: 0,
            limit,
            reason: None,
            spilled: None,
        }
    }

    fn survey(&mut self, complete: bool, emit: &mut Emit<'_>) {
        self.surveyed = true;
        let head = std::mem::take(&mut self.head);
        self.starts = survey::tables(&head, complete);
        self.starts.reverse();
        self.head_length = head.len();
        self.advance(&head, emit);
    }

    fn advance(&mut self, mut bytes: &[u8], emit: &mut Emit<'_>) {
        while !bytes.is_empty() {
            let read = if let Some(spilled) = &mut self.spilled {
                spilled.feed(bytes, emit);
                bytes.len()
            } else if self.table.is_some() {
                self.in_table(bytes, emit)
            } else {
                self.outside(bytes, emit)
            };
            self.offset += read;
            bytes = bytes.get(read..).unwrap_or_default();
        }
    }

    /// Reads on within an array's elements, as far as its closing bracket.
    fn in_table(&mut self, bytes: &[u8], emit: &mut Emit<'_>) -> usize {
        let limit = self.limit;
        let Some(table) = &mut self.table else {
            return bytes.len();
        };
        match table.scan(bytes) {
            Some(end) => {
                let blank = table.buffer.trim_ascii().is_empty();
                if blank && !table.first {
                    // The block before ended with a comma.
                    self.reason.get_or_insert(NOT_VALID.into());
                }
                table.cut(table.buffer.len(), true, emit);
                self.most = self.most.max(table.records + 1);
                self.table = None;
                end
            }
            None => {
                if table.buffer.len() >= BLOCK && table.boundary > 0 {
                    table.cut(table.boundary, false, emit);
                }
                if table.buffer.len() > limit {
                    let rest = std::mem::take(&mut table.buffer);
                    self.table = None;
                    self.spill("a record that is too long to be read", rest, emit);
                }
                bytes.len()
            }
        }
    }

    /// Reads on outside tables, as far as the first record of one.
    fn outside(&mut self, bytes: &[u8], emit: &mut Emit<'_>) -> usize {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.in_string {
                at = self.string(bytes, at);
                continue;
            }
            if byte == b'{' && self.array_due && self.begins_table(self.offset + at) {
                let entries = self
                    .key
                    .is_some_and(|(start, end)| self.skeleton.get(start..end) == Some(b"entry"));
                self.array_due = false;
                self.table = Some(Table::new(entries));
                return at;
            }
            if let Err(reason) = self.bracket(byte) {
                // The rest is fed to the text in turn.
                self.spill(reason, Vec::new(), emit);
                return at;
            }
            self.skeleton.push(byte);
            at += 1;
        }
        if self.complete >= BLOCK {
            self.cut_skeleton(self.complete, false, emit);
        }
        if self.skeleton.len() > self.limit {
            self.spill(
                "a JSON document that is too large to be read",
                Vec::new(),
                emit,
            );
        }
        bytes.len()
    }

    /// Copies a string to its end, or to the end of the bytes.
    fn string(&mut self, bytes: &[u8], mut at: usize) -> usize {
        let rest = bytes.get(at..).unwrap_or_default();
        if std::mem::take(&mut self.escaped) {
            self.skeleton.extend(rest.first());
            return at + 1;
        }
        let plain = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        let (before, after) = rest.split_at(plain);
        self.skeleton.extend_from_slice(before);
        at += plain;
        if let Some(&byte) = after.first() {
            if byte == b'"' {
                self.in_string = false;
                self.last_string.1 = self.skeleton.len();
            } else {
                self.escaped = true;
            }
            self.skeleton.push(byte);
            at += 1;
        }
        at
    }

    /// Follows one byte outside strings.
    fn bracket(&mut self, byte: u8) -> Result<(), &'static str> {
        if byte.is_ascii_whitespace() {
            return Ok(());
        }
        if self.stack.is_empty() && !matches!(byte, b'{' | b'[') {
            return Err(NOT_VALID);
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.last_string = (self.skeleton.len() + 1, self.skeleton.len() + 1);
            }
            b':' => self.key = Some(self.last_string),
            b'{' | b'[' => {
                if self.stack.len() >= MAX_DEPTH {
                    return Err("JSON nested too deeply");
                }
                self.stack.push(byte);
            }
            b'}' | b']' => {
                // The closing bracket stands two places after the opening one.
                if self.stack.pop() != Some(byte - 2) {
                    return Err(NOT_VALID);
                }
                if self.stack.is_empty() {
                    self.complete = self.skeleton.len() + 1;
                    self.documents += 1;
                }
            }
            _ => {}
        }
        self.array_due = byte == b'[';
        if !matches!(byte, b':' | b'[') {
            self.key = None;
        }
        Ok(())
    }

    fn begins_table(&mut self, offset: usize) -> bool {
        while self.starts.last().is_some_and(|&start| start < offset) {
            self.starts.pop();
        }
        offset >= self.head_length || self.starts.last() == Some(&offset)
    }

    fn cut_skeleton(&mut self, at: usize, whole: bool, emit: &mut Emit<'_>) {
        let bytes = content::take_front(&mut self.skeleton, at);
        self.complete = 0;
        let first = std::mem::take(&mut self.skeleton_first);
        // Brackets and commas around tables hold nothing to visit.
        if bytes.iter().all(|byte| b"[]{}, \t\r\n".contains(byte)) && self.reason.is_none() {
            return;
        }
        let part = Part {
            layout: Layout::Documents,
            first,
            whole: whole && first,
        };
        emit(part.block(bytes));
    }

    /// Gives up: what is kept and all that comes is text.
    fn spill(&mut self, reason: &'static str, record: Vec<u8>, emit: &mut Emit<'_>) {
        self.reason.get_or_insert(reason.into());
        let mut spilled = TextCutter::remains(self.limit);
        let skeleton = std::mem::take(&mut self.skeleton);
        if record.is_empty() {
            spilled.take_over(skeleton, emit);
        } else {
            emit(text::block(skeleton, 0));
            spilled.take_over(record, emit);
        }
        self.spilled = Some(spilled);
    }
}

impl Table {
    fn new(entries: bool) -> Self {
        Self {
            buffer: Vec::new(),
            depth: 0,
            in_string: false,
            escaped: false,
            boundary: 0,
            records: 0,
            first: true,
            entries,
        }
    }

    /// Takes bytes up to the bracket that closes the array, whose place is
    /// returned, or all of them.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        let base = self.buffer.len();
        let mut at = 0;
        let mut end = None;
        if std::mem::take(&mut self.escaped) {
            at = 1;
        }
        while let Some(&byte) = bytes.get(at) {
            if self.in_string {
                let Some(found) = find::first(bytes, at, b'"', b'\\') else {
                    at = bytes.len();
                    break;
                };
                at = found + 1;
                if bytes.get(at - 1) == Some(&b'"') {
                    self.in_string = false;
                } else if at < bytes.len() {
                    at += 1;
                } else {
                    self.escaped = true;
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 0 => self.depth -= 1,
                b'}' | b']' => {
                    end = Some(at);
                    break;
                }
                b',' if self.depth == 0 => {
                    self.boundary = base + at + 1;
                    self.records += 1;
                }
                _ => {}
            }
            at += 1;
        }
        let taken = bytes.get(..at.min(bytes.len())).unwrap_or_default();
        self.buffer.extend_from_slice(taken);
        end
    }

    fn cut(&mut self, at: usize, last: bool, emit: &mut Emit<'_>) {
        let bytes = content::take_front(&mut self.buffer, at);
        self.boundary = 0;
        let first = std::mem::take(&mut self.first);
        let part = Part {
            layout: Layout::Elements {
                last,
                entries: self.entries,
            },
            first,
            whole: first && last,
        };
        emit(part.block(bytes));
    }
}

impl content::Cutter for Cutter {
    fn feed(&mut self, text: &[u8], emit: &mut Emit<'_>) {
        if self.surveyed {
            self.advance(text, emit);
            return;
        }
        self.head.extend_from_slice(text);
        if self.head.len() >= BLOCK {
            self.survey(false, emit);
        }
    }

    fn finish(mut self: Box<Self>, emit: &mut Emit<'_>) -> Outcome {
        if !self.surveyed {
            self.survey(true, emit);
        }
        if let Some(spilled) = self.spilled.take() {
            Box::new(spilled).finish(emit);
        } else {
            if let Some(mut table) = self.table.take() {
                self.reason = Some("JSON that ends too early".into());
                self.most = self.most.max(table.records);
                table.cut(table.buffer.len(), true, emit);
            } else if !self.stack.is_empty() {
                self.reason = Some("JSON that ends too early".into());
            }
            self.cut_skeleton(self.skeleton.len(), true, emit);
        }
        let kind = if self.most.max(self.documents) >= MANY {
            Kind::Table
        } else {
            Kind::Json
        };
        Outcome::of(kind, self.reason)
    }
}
