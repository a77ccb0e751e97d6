//! Tuples and `COPY` lines of one table.

use memchr::{memchr, memchr_iter};

use super::syntax::{escapes, string_end, tuple_end};
use super::{Layout, Part};
use crate::inspect::content::{Column, MAX_COLUMNS, Reason, Rows, Visitor, number};

const RAGGED: &str = "rows of different lengths";
const TOO_WIDE: &str = "more than 4,096 columns";
const NOT_VALID: &str = "SQL that is not valid";

pub(super) fn parse(bytes: &[u8], part: &Part, visitor: &mut dyn Visitor) -> Result<(), Reason> {
    // Unescaped values are never longer than they were.
    let mut unescaped = Vec::new();
    let escapes = match part.layout {
        Layout::Tuples { .. } => memchr::memchr2(b'\'', b'"', bytes).is_some(),
        Layout::Copy => memchr(b'\\', bytes).is_some(),
    };
    if escapes {
        unescaped.resize(bytes.len(), 0);
    }
    let mut reader = Reader {
        bytes,
        unescaped: &mut unescaped,
        width: (!part.columns.is_empty()).then_some(part.columns.len()),
        widest: part.columns.len(),
        cells: Vec::with_capacity(bytes.len() / 16),
        ends: Vec::with_capacity(bytes.len() / 64),
        begun: 0,
        beyond: Vec::new(),
        reason: None,
    };
    match part.layout {
        Layout::Tuples { backslash } => reader.tuples(backslash),
        Layout::Copy => reader.lines(),
    }
    let columns: Vec<Column<'_>> = (0..reader.widest)
        .map(|index| Column {
            name: part.columns.get(index).map(Vec::as_slice),
            index: number(index),
        })
        .collect();
    if !reader.ends.is_empty() {
        visitor.rows(&Rows {
            columns: &columns,
            cells: &reader.cells,
            ends: &reader.ends,
            first: part.first,
            whole: part.whole,
        });
    }
    for text in reader.beyond {
        visitor.text(text, 0);
    }
    reader.reason.map_or(Ok(()), |reason| Err(reason.into()))
}

struct Reader<'a> {
    bytes: &'a [u8],
    unescaped: &'a mut [u8],
    width: Option<usize>,
    widest: usize,
    cells: Vec<(u32, &'a [u8])>,
    ends: Vec<u32>,
    begun: usize,
    beyond: Vec<&'a [u8]>,
    reason: Option<&'static str>,
}

impl<'a> Reader<'a> {
    fn tuples(&mut self, backslash: bool) {
        let bytes = self.bytes;
        let mut at = 0;
        loop {
            while bytes
                .get(at)
                .is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b',')
            {
                at += 1;
            }
            if at >= bytes.len() {
                return;
            }
            at = match self.tuple(at, backslash) {
                Some(next) => next,
                None => {
                    self.reason.get_or_insert(NOT_VALID);
                    self.beyond.push(bytes.get(at..).unwrap_or_default());
                    self.end_record();
                    return;
                }
            };
            self.end_record();
        }
    }

    /// Reads one tuple; where it ends.
    fn tuple(&mut self, from: usize, backslash: bool) -> Option<usize> {
        let bytes = self.bytes;
        if bytes.get(from) != Some(&b'(') {
            return None;
        }
        let mut at = from + 1;
        loop {
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            let start = at;
            let mut string = None;
            // On to the comma or bracket of this level.
            loop {
                match *bytes.get(at)? {
                    b',' | b')' => break,
                    b'(' => at = tuple_end(bytes, at, backslash)?,
                    quote @ (b'\'' | b'"' | b'`') => {
                        let escapes = escapes(bytes, at, quote, backslash);
                        let (end, escaped) = string_end(bytes, at + 1, quote, escapes)?;
                        string.get_or_insert((at + 1, end, escaped, quote, escapes));
                        at = end + 1;
                    }
                    _ => at += 1,
                }
            }
            let raw = bytes.get(start..at)?.trim_ascii_end();
            let value = match string {
                Some((open, end, escaped, quote, escapes))
                    if is_string(bytes, start, open, end, at) =>
                {
                    let text = bytes.get(open..end)?;
                    if escaped {
                        self.unescape(text, quote, escapes)
                    } else {
                        text
                    }
                }
                _ if raw.eq_ignore_ascii_case(b"NULL") => b"",
                _ => raw,
            };
            self.push(value);
            let ends = bytes.get(at) == Some(&b')');
            at += 1;
            if ends {
                return Some(at);
            }
        }
    }

    fn lines(&mut self) {
        let bytes = self.bytes;
        let mut at = 0;
        while at < bytes.len() {
            let rest = bytes.get(at..).unwrap_or_default();
            let end = memchr(b'\n', rest).unwrap_or(rest.len());
            let line = rest.get(..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let mut start = 0;
            for tab in memchr_iter(b'\t', line).chain(std::iter::once(line.len())) {
                let raw = line.get(start..tab).unwrap_or_default();
                start = tab + 1;
                let value = if raw == b"\\N" {
                    b""
                } else if memchr(b'\\', raw).is_some() {
                    self.unescape(raw, 0, true)
                } else {
                    raw
                };
                self.push(value);
            }
            self.end_record();
            at += end + 1;
        }
    }

    fn push(&mut self, value: &'a [u8]) {
        let column = self.cells.len() - self.begun;
        if column >= MAX_COLUMNS {
            self.reason.get_or_insert(TOO_WIDE);
            self.beyond.push(value);
            return;
        }
        self.cells.push((number(column), value));
    }

    fn end_record(&mut self) {
        let found = self.cells.len() - self.begun;
        if found == 0 {
            return;
        }
        if *self.width.get_or_insert(found) != found {
            self.reason.get_or_insert(RAGGED);
        }
        self.widest = self.widest.max(found);
        self.begun = self.cells.len();
        self.ends.push(number(self.begun));
    }

    fn unescape(&mut self, raw: &[u8], quote: u8, backslash: bool) -> &'a [u8] {
        let free = std::mem::take(&mut self.unescaped);
        let mut used = 0;
        let mut bytes = raw.iter().copied();
        while let Some(byte) = bytes.next() {
            let byte = if backslash && byte == b'\\' {
                match bytes.next() {
                    Some(b'n') => b'\n',
                    Some(b't') => b'\t',
                    Some(b'r') => b'\r',
                    Some(b'0') => 0,
                    Some(b'b') => 8,
                    Some(b'v') => 11,
                    Some(b'f') => 12,
                    Some(b'Z') => 26,
                    Some(other) => other,
                    None => byte,
                }
            } else {
                if quote != 0 && byte == quote {
                    bytes.next();
                }
                byte
            };
            if let Some(place) = free.get_mut(used) {
                *place = byte;
                used += 1;
            }
        }
        let (value, rest) = free.split_at_mut(used);
        self.unescaped = rest;
        value
    }
}

/// Whether a value is one string, perhaps with a prefix such as `N` or
/// `_utf8mb4`, or a cast behind it.
fn is_string(bytes: &[u8], start: usize, open: usize, end: usize, until: usize) -> bool {
    let prefix = bytes.get(start..open - 1).unwrap_or_default();
    let suffix = bytes.get(end + 1..until).unwrap_or_default().trim_ascii();
    prefix
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b' ')
        && (suffix.is_empty() || suffix.starts_with(b"::"))
}
