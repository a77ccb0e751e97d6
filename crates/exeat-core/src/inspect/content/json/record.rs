//! One record of JSON after the other, flattened into key paths and values.
//!
//! Read by hand rather than through `serde_json`: numbers keep their written
//! form (an NHS number is ten digits, not a quantity), a key that comes twice
//! gives both values, and what comes before a fault has been visited.

use memchr::memchr;

use super::paths::{Paths, ROOT, position};
use super::{Layout, NOT_VALID, Part, ahead};
use crate::inspect::content::{Column, Reason, Rows, Visitor, find, number};

/// As deep as `serde_json` goes.
const MAX_DEPTH: u32 = 128;
/// Values of one block, so that memory stays bounded.
const MAX_VALUES: usize = 1 << 20;
/// A key with so many digits is a value.
const KEY_DIGITS: usize = 6;

const TOO_DEEP: &str = "JSON nested too deeply";
const TOO_MANY: &str = "JSON with too many values in a record";
const TOO_WIDE: &str = "more than 4,096 columns";

type Fault = &'static str;

/// How far a text reads as JSON.
pub(super) struct Prefix {
    /// Bytes up to the fault or the end of the first value.
    pub(super) valid: usize,
    /// Whether there is a key with its colon.
    pub(super) first_key: bool,
    /// Values seen.
    pub(super) values: usize,
    /// Whether the first value is complete.
    pub(super) closed: bool,
    /// Whether the text ended before anything was wrong.
    pub(super) ended: bool,
    /// Whether it is JSON, but nested too deeply.
    pub(super) deep: bool,
}

/// Reads the first value of a text, or as much as there is of it.
pub(super) fn prefix(text: &[u8]) -> Prefix {
    let mut unescaped = vec![0; text.len()];
    let mut reader = Reader::new(text, &mut unescaped);
    let read = reader.value(ROOT, 0);
    let closed = read.is_ok();
    Prefix {
        valid: if closed { reader.at } else { reader.token },
        first_key: reader.keys > 0,
        values: reader.cells.len(),
        closed,
        ended: reader.at >= text.len(),
        deep: read == Err(TOO_DEEP),
    }
}

/// Whether this is one whole object or array and nothing else.
pub(super) fn is_value(text: &[u8]) -> bool {
    let mut unescaped = vec![0; text.len()];
    let mut reader = Reader::new(text, &mut unescaped);
    reader.value(ROOT, 0).is_ok() && reader.space().is_none()
}

/// Visits the records of a block.
pub(super) fn parse(bytes: &[u8], part: &Part, visitor: &mut dyn Visitor) -> Result<(), Reason> {
    // Unescaped values are never longer than they were.
    let mut unescaped = Vec::new();
    if memchr(b'\\', bytes).is_some() {
        unescaped.resize(bytes.len(), 0);
    }
    let mut reader = Reader::new(bytes, &mut unescaped);
    match part.layout {
        Layout::Lines => reader.lines(),
        Layout::Elements { last, entries } => {
            reader.entries = entries;
            reader.elements(last);
        }
        Layout::Documents => {
            reader.splits = true;
            reader.documents();
        }
    }
    reader.visit(part, visitor)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the value or key begins that is being read.
    token: usize,
    unescaped: &'a mut [u8],
    paths: Paths<'a>,
    cells: Vec<(u32, &'a [u8])>,
    ends: Vec<u32>,
    keys: usize,
    entries: bool,
    /// Whether members of what is read are records, too, if they look like
    /// it: there is no record around them.
    splits: bool,
    /// What could not be read as JSON.
    faulty: Vec<&'a [u8]>,
    reason: Option<Fault>,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], unescaped: &'a mut [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            token: 0,
            unescaped,
            paths: Paths::new(),
            cells: Vec::new(),
            ends: Vec::new(),
            keys: 0,
            entries: false,
            splits: false,
            faulty: Vec::new(),
            reason: None,
        }
    }

    fn lines(&mut self) {
        let whole = self.bytes;
        let mut start = 0;
        while start < whole.len() {
            let rest = whole.get(start..).unwrap_or_default();
            let end = memchr(b'\n', rest).map_or(whole.len(), |at| start + at);
            // Reading must not run over the end of the line.
            self.bytes = whole.get(..end).unwrap_or_default();
            self.at = start;
            if self.space().is_some() {
                let read = self.value(ROOT, 0).and_then(|()| match self.space() {
                    Some(_) => {
                        self.token = self.at;
                        Err(NOT_VALID)
                    }
                    None => Ok(()),
                });
                self.end_record();
                self.note(read);
            }
            start = end + 1;
        }
    }

    fn elements(&mut self, last: bool) {
        loop {
            if self.space().is_none() {
                if last && !self.ends.is_empty() {
                    // A comma before the closing bracket.
                    self.reason.get_or_insert(NOT_VALID);
                }
                return;
            }
            let read = self.value(ROOT, 0);
            self.end_record();
            let read = read.and_then(|()| match self.space() {
                None => Ok(false),
                Some(b',') => {
                    self.at += 1;
                    Ok(true)
                }
                Some(_) => {
                    self.token = self.at;
                    Err(NOT_VALID)
                }
            });
            match read {
                Ok(true) => {}
                Ok(false) => return,
                Err(fault) => return self.note(Err(fault)),
            }
        }
    }

    fn documents(&mut self) {
        while self.space().is_some() {
            let read = self.value(ROOT, 0);
            self.end_record();
            if read.is_err() {
                return self.note(read);
            }
        }
    }

    fn end_record(&mut self) {
        let end = number(self.cells.len());
        if self.ends.last().copied().unwrap_or(0) < end {
            self.ends.push(end);
        }
    }

    /// Keeps what a fault leaves unread, up to the end of the bytes.
    fn note(&mut self, read: Result<(), Fault>) {
        if let Err(fault) = read {
            self.reason.get_or_insert(fault);
            self.faulty
                .push(self.bytes.get(self.token..).unwrap_or_default());
        }
    }

    fn visit(self, part: &Part, visitor: &mut dyn Visitor) -> Result<(), Reason> {
        let names = self.paths.names();
        let columns: Vec<Column<'_>> = names
            .iter()
            .enumerate()
            .map(|(index, name)| Column {
                name: name.as_deref(),
                index: number(index),
            })
            .collect();
        if !self.ends.is_empty() {
            visitor.rows(&Rows {
                columns: &columns,
                cells: &self.cells,
                ends: &self.ends,
                first: part.first,
                whole: part.whole,
            });
        }
        for text in self.faulty {
            visitor.text(text, 0);
        }
        let wide = self.paths.too_many.then_some(TOO_WIDE);
        self.reason
            .or(wide)
            .map_or(Ok(()), |reason| Err(reason.into()))
    }

    /// Skips white space; the byte after it.
    fn space(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    fn value(&mut self, place: u32, depth: u32) -> Result<(), Fault> {
        let byte = self.space();
        self.token = self.at;
        match byte {
            Some(b'"') => {
                let text = self.string()?;
                self.cell(place, text)
            }
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err(TOO_DEEP),
            Some(b'{') => self.object(place, depth + 1),
            Some(b'[') => self.array(place, depth + 1),
            Some(b'-' | b'0'..=b'9') => {
                let number = self.number()?;
                self.cell(place, number)
            }
            Some(b't') => self.word(place, b"true"),
            Some(b'f') => self.word(place, b"false"),
            Some(b'n') => {
                self.literal(b"null")?;
                self.cell(place, b"")
            }
            _ => Err(NOT_VALID),
        }
    }

    fn object(&mut self, place: u32, depth: u32) -> Result<(), Fault> {
        let is_map = self.splits && ahead::is_map(self.rest());
        self.at += 1;
        let begun = self.cells.len();
        let mut after = None;
        let mut nhs_number = false;
        let mut value = None;
        if self.space() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.space() != Some(b'"') {
                self.token = self.at;
                return Err(NOT_VALID);
            }
            self.token = self.at;
            let key = self.string()?;
            if self.space() != Some(b':') {
                return Err(NOT_VALID);
            }
            self.at += 1;
            self.keys += 1;
            if is_map {
                self.end_record();
            }
            let member = if self.entries && depth == 1 && key == b"resource" {
                ROOT
            } else if is_number(key) {
                // As if it were an array.
                place
            } else {
                let child = match self.paths.again(place, key, after) {
                    Some(child) => child,
                    None if is_map || is_data(key) => {
                        let child = self.paths.child(place, b"*", after);
                        self.cell(child, key)?;
                        child
                    }
                    None => self.paths.child(place, key, after),
                };
                after = Some(child);
                child
            };
            let before = self.cells.len();
            match self.space() {
                // Not in the column of the keys.
                Some(byte) if is_map && byte != b'{' => {
                    let value = self.paths.child(member, b"value", None);
                    self.value(value, depth)?;
                }
                _ => self.value(member, depth)?,
            }
            match key {
                b"system" if self.paths.is_identifier(place) => {
                    nhs_number |= self
                        .cells
                        .get(before)
                        .is_some_and(|(_, system)| system.ends_with(b"nhs-number"));
                }
                b"value" => value = Some(member),
                _ => {}
            }
            match self.space() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => {
                    self.token = self.at;
                    return Err(NOT_VALID);
                }
            }
        }
        self.at += 1;
        if is_map {
            self.end_record();
        }
        if nhs_number && let Some(value) = value {
            let from = self.paths.column(value);
            let to = self.paths.nhs_number(place);
            for (column, _) in self.cells.iter_mut().skip(begun) {
                if *column == from {
                    *column = to;
                }
            }
        }
        Ok(())
    }

    fn array(&mut self, place: u32, depth: u32) -> Result<(), Fault> {
        let are_rows = self.splits && ahead::is_rows(self.rest());
        self.elements_of(|reader, _, _| {
            if are_rows {
                reader.end_record();
            }
            match reader.space() {
                Some(b'[') if depth < MAX_DEPTH => reader.row(place, depth + 1),
                _ => reader.value(place, depth),
            }
        })?;
        if are_rows {
            self.end_record();
        }
        Ok(())
    }

    /// An array in an array: its elements are in columns.
    fn row(&mut self, place: u32, depth: u32) -> Result<(), Fault> {
        self.elements_of(|reader, at, after| {
            let key = position(at);
            let child = match reader.paths.again(place, key, *after) {
                Some(child) => child,
                None => reader.paths.child(place, key, *after),
            };
            *after = Some(child);
            reader.value(child, depth)
        })
    }

    /// Reads each element by `read`, which is given its number and a place to
    /// remember.
    fn elements_of(
        &mut self,
        mut read: impl FnMut(&mut Self, usize, &mut Option<u32>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.at += 1;
        if self.space() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        let mut after = None;
        for at in 0.. {
            read(self, at, &mut after)?;
            match self.space() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => {
                    self.token = self.at;
                    return Err(NOT_VALID);
                }
            }
        }
        self.at += 1;
        Ok(())
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn cell(&mut self, place: u32, value: &'a [u8]) -> Result<(), Fault> {
        if self.cells.len() >= MAX_VALUES {
            return Err(TOO_MANY);
        }
        let column = self.paths.column(place);
        self.cells.push((column, value));
        Ok(())
    }

    fn literal(&mut self, word: &'static [u8]) -> Result<(), Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(NOT_VALID);
        }
        self.at += word.len();
        Ok(())
    }

    fn word(&mut self, place: u32, word: &'static [u8]) -> Result<(), Fault> {
        self.literal(word)?;
        self.cell(place, word)
    }

    fn number(&mut self) -> Result<&'a [u8], Fault> {
        let start = self.at;
        let bytes = self.bytes;
        let digits = |from: usize| {
            let rest = bytes.get(from..).unwrap_or_default();
            let end = rest.iter().position(|byte| !byte.is_ascii_digit());
            from + end.unwrap_or(rest.len())
        };
        let byte = |at: usize| bytes.get(at).copied();
        let whole = start + usize::from(byte(start) == Some(b'-'));
        let mut end = digits(whole);
        if end == whole || (byte(whole) == Some(b'0') && end > whole + 1) {
            return Err(NOT_VALID);
        }
        if byte(end) == Some(b'.') {
            let fraction = end + 1;
            end = digits(fraction);
            if end == fraction {
                return Err(NOT_VALID);
            }
        }
        if matches!(byte(end), Some(b'e' | b'E')) {
            let signed = usize::from(matches!(byte(end + 1), Some(b'+' | b'-')));
            let exponent = end + 1 + signed;
            end = digits(exponent);
            if end == exponent {
                return Err(NOT_VALID);
            }
        }
        self.at = end;
        Ok(bytes.get(start..end).unwrap_or_default())
    }

    fn string(&mut self) -> Result<&'a [u8], Fault> {
        let start = self.at + 1;
        let mut end = start;
        let mut escaped = false;
        loop {
            end = find::string_stop(self.bytes, end).ok_or(NOT_VALID)?;
            match self.bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    end += 2;
                }
                // Line ends and other control bytes must be escaped.
                _ => return Err(NOT_VALID),
            }
        }
        self.at = end + 1;
        let raw = self.bytes.get(start..end).unwrap_or_default();
        if !escaped {
            return Ok(raw);
        }
        let free = std::mem::take(&mut self.unescaped);
        let used = unescape(raw, free);
        let (value, rest) = free.split_at_mut(used.unwrap_or(0).min(free.len()));
        self.unescaped = rest;
        match used {
            Some(_) => Ok(value),
            None => Err(NOT_VALID),
        }
    }
}

/// Whether a key holds what one would expect in a value: many digits, or an
/// e-mail address.
fn is_data(key: &[u8]) -> bool {
    if key.len() < KEY_DIGITS {
        return false;
    }
    key.iter().filter(|byte| byte.is_ascii_digit()).count() >= KEY_DIGITS || key.contains(&b'@')
}

/// Whether a key only counts the rows of a column, as data frames are written.
fn is_number(key: &[u8]) -> bool {
    (1..KEY_DIGITS).contains(&key.len()) && key.iter().all(u8::is_ascii_digit)
}

/// Writes the value of a string to the front of `out`; the bytes used, or
/// nothing where an escape is not one.
fn unescape(raw: &[u8], out: &mut [u8]) -> Option<usize> {
    let mut used = 0;
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        let mut utf8 = [0; 4];
        let plain = [byte];
        let piece: &[u8] = if byte == b'\\' {
            let escape = raw.get(at + 1)?;
            at += 2;
            let character = match escape {
                b'"' | b'\\' | b'/' => char::from(*escape),
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => {
                    let (character, length) = unicode(raw.get(at..)?)?;
                    at += length;
                    character
                }
                _ => return None,
            };
            character.encode_utf8(&mut utf8).as_bytes()
        } else {
            at += 1;
            &plain
        };
        out.get_mut(used..used + piece.len())?
            .copy_from_slice(piece);
        used += piece.len();
    }
    Some(used)
}

/// The character of four hexadecimal digits, or of two such escapes that make
/// a surrogate pair, and their length.
fn unicode(digits: &[u8]) -> Option<(char, usize)> {
    let high = hexadecimal(digits.get(..4)?)?;
    if let Some(character) = char::from_u32(high) {
        return Some((character, 4));
    }
    let low = hexadecimal(digits.get(4..)?.strip_prefix(b"\\u")?.get(..4)?)?;
    if !(0xD800..0xDC00).contains(&high) || !(0xDC00..0xE000).contains(&low) {
        return None;
    }
    let character = char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))?;
    Some((character, 10))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &digit| {
        Some(value * 16 + char::from(digit).to_digit(16)?)
    })
}
