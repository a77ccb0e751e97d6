//! Whether a text is a table, and how it is written.
//!
//! Every plausible delimiter is tried on a sample with the grammar that reads
//! the table later. What counts is that lines have the same number of fields,
//! and that columns hold values of a kind: prose, source code, logs and
//! settings have at most the one or the other.

use memchr::{memchr, memchr_iter, memmem, memrchr};

use super::header::{column_shape, header_names, is_header, is_heading};
use super::shape::{Shape, is_name, is_usual_name, shape};
use super::{Dialect, Field, NESTED, Sniffed, Table, UNCLOSED, is_table};
use crate::inspect::content::SAMPLE;
use crate::inspect::identifier;

/// Title and comment lines that may stand before the header.
const PREAMBLE: usize = 10;
/// Records that are looked at.
const RECORDS: usize = 1000;
/// Fields of one record that are looked at for their shape.
pub(super) const SHAPED: usize = 64;

const DELIMITERS: &[u8] = b",;\t|\x01\x1f^~: ";

/// The table that a text is, if it is one. `complete`: nothing comes after.
pub(in crate::inspect::content) fn sniff(text: &[u8], complete: bool) -> Option<Sniffed> {
    let newline = if memchr(b'\n', text).is_some() {
        b'\n'
    } else {
        b'\r'
    };
    let sample = sample(text, newline, complete);
    let lines = memchr_iter(newline, sample).count();
    let mut best: Option<(f64, Sniffed)> = None;
    for &delimiter in DELIMITERS {
        // At least every other line of a table has its delimiter.
        if memchr_iter(delimiter, sample).count() * 2 < lines.max(1) {
            continue;
        }
        for dialect in dialects(sample, delimiter, newline) {
            let Some(trial) = Trial::new(sample, dialect) else {
                continue;
            };
            let Some(score) = trial.score() else {
                continue;
            };
            if best.as_ref().is_none_or(|(other, _)| score > *other) {
                best = Some((score, trial.into_sniffed(sample)));
            }
        }
    }
    best.map(|(_, sniffed)| sniffed)
        .or_else(|| list(sample, newline, Some(b'"')))
        .or_else(|| behind_a_quote(sample, newline))
        .or_else(|| pair(sample, newline, complete && sample.len() == text.len()))
}

/// A table of which a quote makes a single cell: one that is never closed, or
/// one around many lines. Without quotes it can be read, but is not what it
/// says.
fn behind_a_quote(sample: &[u8], newline: u8) -> Option<Sniffed> {
    memchr(b'"', sample)?;
    b",;\t|"
        .iter()
        .filter_map(|&delimiter| {
            let quoted = Dialect {
                delimiter,
                quote: Some(b'"'),
                backslash: false,
                newline,
                spaces: false,
            };
            let reason = swallowed(sample, quoted)?;
            let plain = Dialect {
                quote: None,
                ..quoted
            };
            let trial = Trial::new(sample, plain)?;
            let score = trial.score()?;
            let sniffed = Sniffed {
                reason: Some(reason),
                ..trial.into_sniffed(sample)
            };
            Some((score, sniffed))
        })
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, sniffed)| sniffed)
        .or_else(|| {
            let dialect = Dialect {
                delimiter: newline,
                quote: Some(b'"'),
                backslash: false,
                newline,
                spaces: false,
            };
            let reason = swallowed(sample, dialect)?;
            let sniffed = list(sample, newline, None)?;
            Some(Sniffed {
                reason: Some(reason),
                ..sniffed
            })
        })
}

/// Why records of this dialect hide others in one of their cells.
fn swallowed(sample: &[u8], dialect: Dialect) -> Option<&'static str> {
    let mut at = 0;
    for _ in 0..RECORDS {
        let (field, next, _) = dialect.field(sample, at);
        match field {
            Field::Unclosed { .. } => return Some(UNCLOSED),
            Field::Quoted { start, end, .. }
                if is_table(sample.get(start..end).unwrap_or_default()) =>
            {
                return Some(NESTED);
            }
            Field::Quoted { .. } | Field::Plain { .. } => {}
        }
        at = next;
        if at >= sample.len() {
            break;
        }
    }
    None
}

/// A table of one record: two lines of as many fields, of which the first
/// one's are names of columns. `whole`: there is nothing else.
fn pair(sample: &[u8], newline: u8, whole: bool) -> Option<Sniffed> {
    if !whole {
        return None;
    }
    b",;\t|".iter().find_map(|&delimiter| {
        let dialect = dialects(sample, delimiter, newline).into_iter().next()?;
        let (records, broken) = records(sample, dialect);
        let [first, second] = records.as_slice() else {
            return None;
        };
        let alike = first.fields >= 2 && first.fields == second.fields && !broken;
        if !alike || !is_heading(first) || !first.has_short_names() {
            return None;
        }
        let width = first.fields;
        Trial::named(sample, records, width, dialect).map(|trial| trial.into_sniffed(sample))
    })
}

/// Whole lines from the beginning: [`SAMPLE`], or three lines if these are
/// longer.
fn sample(text: &[u8], newline: u8, complete: bool) -> &[u8] {
    let third = memchr_iter(newline, text)
        .nth(2)
        .map_or(text.len(), |at| at + 1);
    let wanted = SAMPLE.max(third);
    if wanted >= text.len() && complete {
        return text;
    }
    let sample = text.get(..wanted).unwrap_or(text);
    let whole = memrchr(newline, sample).map_or(sample.len(), |at| at + 1);
    sample.get(..whole).unwrap_or(sample)
}

/// Ways of quoting that the sample gives reason to try.
fn dialects(sample: &[u8], delimiter: u8, newline: u8) -> Vec<Dialect> {
    let has = |needle: &[u8]| memmem::find(sample, needle).is_some();
    let begins_field = |quote: u8| {
        sample.first() == Some(&quote)
            || has(&[delimiter, quote])
            || has(&[newline, quote])
            || has(&[delimiter, b' ', quote])
    };
    let spaced = memmem::find_iter(sample, &[delimiter, b' ']).count() * 2
        > memchr_iter(delimiter, sample).count();
    let dialect = Dialect {
        delimiter,
        quote: Some(b'"'),
        backslash: false,
        newline,
        spaces: delimiter == b' ' || spaced,
    };
    let mut dialects = vec![dialect];
    for quote in [b'"', b'\''] {
        if quote == b'\'' && begins_field(quote) && !begins_field(b'"') {
            dialects.push(Dialect {
                quote: Some(quote),
                ..dialect
            });
        }
        if has(&[b'\\', quote]) && begins_field(quote) {
            dialects.push(Dialect {
                quote: Some(quote),
                backslash: true,
                ..dialect
            });
        }
    }
    dialects
}

/// A sample, cut up in one dialect.
struct Trial<'a> {
    sample: &'a [u8],
    dialect: Dialect,
    /// Lines before the first record.
    titles: Vec<&'a [u8]>,
    records: Vec<Record<'a>>,
    width: usize,
    header: bool,
    /// Of the records, those of the table's width.
    regular: f64,
    /// Columns whose values are of a kind.
    typed: usize,
    /// Whether a quote is never closed, or closed where no field ends.
    broken: bool,
}

/// One record of a sample.
pub(super) struct Record<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    fields: usize,
    /// The first fields.
    pub(super) cells: Vec<Cell<'a>>,
}

/// One field of it.
pub(super) struct Cell<'a> {
    pub(super) value: &'a [u8],
    quoted: bool,
}

impl<'a> Trial<'a> {
    fn new(sample: &'a [u8], dialect: Dialect) -> Option<Self> {
        let (mut records, broken) = records(sample, dialect);
        // The commonest number of fields among the latter half at least of
        // the lines; lines of one field are no evidence.
        let mut counts: Vec<usize> = records.iter().map(|record| record.fields).collect();
        counts.retain(|&fields| fields > 1);
        counts.sort_unstable();
        let width = counts
            .chunk_by(|a, b| a == b)
            .max_by_key(|alike| (alike.len(), std::cmp::Reverse(alike.first().copied())))
            .and_then(|alike| alike.first().copied())?;
        let first = records.iter().position(|record| record.fields == width)?;
        if first > PREAMBLE {
            return None;
        }
        let raw = |record: &Record<'_>| sample.get(record.start..record.end).unwrap_or_default();
        let titles = records.drain(..first).map(|record| raw(&record)).collect();
        if records.len() < 2 {
            return None;
        }
        let regular = records
            .iter()
            .filter(|record| record.is_regular(width))
            .count();
        let header = is_header(&records, width);
        let body = records.get(usize::from(header)..).unwrap_or_default();
        let typed = (0..width.min(SHAPED))
            .filter(|&column| {
                column_shape(body, column)
                    .is_some_and(|shape| !matches!(shape, Shape::Word | Shape::Title))
            })
            .count();
        Some(Self {
            sample,
            dialect,
            titles,
            width,
            header,
            regular: ratio(regular, records.len()),
            typed,
            records,
            broken,
        })
    }

    /// Records of this width, the first of which is known to name columns.
    fn named(
        sample: &'a [u8],
        records: Vec<Record<'a>>,
        width: usize,
        dialect: Dialect,
    ) -> Option<Self> {
        let code = records
            .iter()
            .any(|record| record.cells.iter().any(is_code));
        (!code).then_some(Self {
            sample,
            titles: Vec::new(),
            dialect,
            records,
            width,
            header: true,
            regular: 1.0,
            typed: 0,
            broken: false,
        })
    }

    /// How well this makes a table; `None` when it does not.
    fn score(&self) -> Option<f64> {
        let rows = self.records.len();
        let typed = ratio(self.typed, self.width.min(SHAPED));
        let spaced = self.share(|cell| !cell.quoted && cell.value.starts_with(b" "));
        let code = self.lines(is_code);
        let first_blank = self.column_blank(0);
        let last_blank = self.column_blank(self.width - 1);
        let named = self.header
            && self
                .records
                .first()
                .is_some_and(|record| record.has_short_names());
        if (code > 0.15 && !(self.header && self.typed > 0))
            || (last_blank > 0.9 && (self.width == 2 || (spaced > 0.5 && !named)))
        {
            return None;
        }
        let (regular, width) = (self.regular, self.width);
        let good = match self.dialect.delimiter {
            b'\t' | 0x01 | 0x1F => {
                first_blank < 0.5
                    && regular >= 0.5
                    && (self.typed > 0 || self.header || (width > 2 && regular > 0.9))
            }
            b'|' => {
                first_blank < 0.5
                    && regular >= 0.6
                    && (self.typed > 0 || named || (width > 3 && regular > 0.9))
            }
            b':' => {
                width > 2
                    && rows > 2
                    && regular >= 0.98
                    && self.typed > 0
                    && spaced < 0.3
                    && !self.is_time()
            }
            b' ' => {
                width > 2
                    && rows > 4
                    && typed >= 0.5
                    && self.is_all_of_one_width()
                    && !self.is_log()
                    && !self.has_lines_of_one_value()
            }
            _ if self.is_source(named) => false,
            _ if self.is_log() || self.is_time() => false,
            _ if self.dialect.spaces || spaced > 0.5 => {
                regular >= 0.9 && ((self.typed > 0 && named) || (rows > 2 && typed >= 0.5))
            }
            _ => {
                let plain = regular >= 0.9
                    && (self.typed > 0 || (named && rows > 2) || (width > 3 && rows > 4));
                // A few rows that are cut short must not hide a table.
                let ragged = named && regular >= 0.5 && (self.typed > 0 || width > 2);
                plain || ragged
            }
        };
        let weight = match self.dialect.delimiter {
            b':' | b' ' => 0.0,
            b'\t' | 0x01 | 0x1F => 0.3,
            _ => 0.2,
        };
        let whole = if self.broken { 0.0 } else { 0.5 };
        let header = if self.header { 0.3 } else { 0.0 };
        let wide = ratio(width.min(20), 100);
        good.then_some(regular * 2.0 + typed + header + weight + wide + whole)
    }

    /// The share of fields, but for each first one, that `matches`.
    fn share(&self, matches: impl Fn(&Cell<'_>) -> bool) -> f64 {
        let cells = || {
            self.records
                .iter()
                .flat_map(|record| record.cells.iter().skip(1))
        };
        ratio(
            cells().filter(|cell| matches(cell)).count(),
            cells().count(),
        )
    }

    /// The share of records with a field that `matches`.
    fn lines(&self, matches: impl Fn(&Cell<'_>) -> bool) -> f64 {
        let found = self
            .records
            .iter()
            .filter(|record| record.cells.iter().any(&matches))
            .count();
        ratio(found, self.records.len())
    }

    fn column_blank(&self, column: usize) -> f64 {
        let blank = |record: &&Record<'_>| {
            record
                .cells
                .get(column)
                .is_none_or(|cell| cell.value.trim_ascii().is_empty())
        };
        ratio(
            self.records.iter().filter(blank).count(),
            self.records.len(),
        )
    }

    /// Whether the delimiter stands in a time of day, or before its fraction.
    fn is_time(&self) -> bool {
        let timed = self.records.iter().filter(|record| {
            let [before, after, ..] = record.cells.as_slice() else {
                return false;
            };
            let digits = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
            let tail = before
                .value
                .get(before.value.len().saturating_sub(2)..)
                .unwrap_or_default();
            let head = after
                .value
                .get(..after.value.len().min(2))
                .unwrap_or_default();
            let clock = before.value.len() >= 8
                && before.value.iter().rev().nth(2) == Some(&b':')
                && after.value.get(..4).is_some_and(|at| {
                    digits(at.get(..3).unwrap_or_default()) && at.ends_with(b" ")
                });
            let colon = self.dialect.delimiter == b':' && before.value.len() != 1;
            (colon && digits(tail) && digits(head) && after.value.len() == 2) || clock
        });
        ratio(timed.count(), self.records.len()) > 0.5
    }

    /// Whether lines begin as those of logs do.
    fn is_log(&self) -> bool {
        const LEVELS: &[&[u8]] = &[
            b"INFO", b"WARN", b"ERROR", b"DEBUG", b"TRACE", b"WARNING", b"FATAL",
        ];
        let bracket = self.lines(|cell| !cell.quoted && cell.value.starts_with(b"["));
        let level = self.lines(|cell| {
            let mut words = cell.value.split(|byte| !byte.is_ascii_alphabetic());
            self.dialect.delimiter == b' ' && words.any(|word| LEVELS.contains(&word))
        });
        let text = self.lines(|cell| {
            let mut words = cell.value.split(|byte| !byte.is_ascii_alphabetic());
            let begins = matches!(shape(cell.value.get(..10).unwrap_or_default()), Shape::Date);
            begins && words.any(|word| LEVELS.contains(&word))
        });
        bracket > 0.5 || level > 0.5 || text > 0.5
    }

    /// Whether every line, with no title before, has a field for each name of
    /// a header. Nothing less tells columns from words.
    fn is_all_of_one_width(&self) -> bool {
        let names = |record: &Record<'_>| record.cells.iter().all(|cell| is_name(cell.value));
        self.header
            && self.titles.is_empty()
            && self.records.first().is_some_and(names)
            && self
                .records
                .iter()
                .all(|record| record.fields == self.width)
    }

    /// Whether there are lines that are as a whole one number or date, written
    /// in groups.
    fn has_lines_of_one_value(&self) -> bool {
        use identifier::Shape as Looks;
        const WHOLE: [Looks; 8] = [
            Looks::TenDigits,
            Looks::Nino,
            Looks::Iban,
            Looks::Card,
            Looks::Luhn,
            Looks::SortCode,
            Looks::Phone,
            Looks::Date,
        ];
        let whole = self.records.iter().filter(|record| {
            let looks = identifier::shapes(self.raw(record));
            WHOLE.into_iter().any(|wanted| looks.contains(wanted))
        });
        whole.count() * 20 > self.records.len()
    }

    fn raw(&self, record: &Record<'_>) -> &'a [u8] {
        self.sample
            .get(record.start..record.end)
            .unwrap_or_default()
    }

    /// Whether these are lines of source code with values in them. Lines that
    /// hold identifiers of people never are.
    fn is_source(&self, named: bool) -> bool {
        let share = |matches: &dyn Fn(&[u8]) -> bool| {
            let found = self
                .records
                .iter()
                .filter(|record| matches(self.raw(record)));
            ratio(found.count(), self.records.len()) > 0.5
        };
        let indented = share(&|line| line.starts_with(b" ") || line.starts_with(b"\t"));
        let trailing = share(&|line| line.trim_ascii_end().last() == Some(&self.dialect.delimiter));
        let opened = self
            .titles
            .iter()
            .any(|line| matches!(line.trim_ascii_end().last(), Some(b'{' | b'[' | b'(')));
        let titled = self.titles.iter().any(|line| self.is_no_title(line));
        let source = if named {
            opened || (indented && trailing)
        } else {
            opened || titled || indented || (trailing && self.dialect.spaces)
        };
        source && !self.has_identifiers()
    }

    /// Whether a line before the records is a statement or a paragraph.
    fn is_no_title(&self, line: &[u8]) -> bool {
        let line = line.trim_ascii();
        let ends =
            line.ends_with(b"*/") || (line.ends_with(b";") && self.dialect.delimiter != b';');
        ends || line.len() > 100 || line.iter().any(|byte| b"={}".contains(byte))
    }

    /// Whether half the values of a column could be somebody's identifiers.
    fn has_identifiers(&self) -> bool {
        use identifier::Shape as Looks;
        const OF_PEOPLE: [Looks; 6] = [
            Looks::NhsNumber,
            Looks::Nino,
            Looks::Email,
            Looks::Phone,
            Looks::Postcode,
            Looks::Date,
        ];
        (0..self.width.min(SHAPED)).any(|column| {
            let (mut all, mut found) = (0_usize, 0_usize);
            for cell in self
                .records
                .iter()
                .filter_map(|record| record.cells.get(column))
            {
                let looks = identifier::shapes(cell.value);
                all += usize::from(!cell.value.trim_ascii().is_empty());
                found += usize::from(OF_PEOPLE.into_iter().any(|wanted| looks.contains(wanted)));
            }
            found > 0 && found * 2 >= all
        })
    }

    fn into_sniffed(self, sample: &[u8]) -> Sniffed {
        let preamble = self.records.first().map_or(0, |record| record.start);
        let mut names = vec![None; self.width];
        let mut body = preamble;
        if self.header
            && let Some(header) = self.records.first()
        {
            body = header.end;
            names = header_names(sample, self.dialect, header, self.width);
        }
        Sniffed {
            table: Table {
                dialect: self.dialect,
                names,
                head: sample.get(preamble..body).unwrap_or_default().to_vec(),
            },
            preamble,
            body,
            reason: None,
        }
    }
}

impl Record<'_> {
    fn is_regular(&self, width: usize) -> bool {
        self.fields == width
            || (self.fields > width
                && self.cells.len() == self.fields
                && self
                    .cells
                    .iter()
                    .skip(width)
                    .all(|cell| cell.value.is_empty()))
    }

    fn has_short_names(&self) -> bool {
        self.cells.iter().all(|cell| {
            let value = cell.value.trim_ascii();
            value.len() <= 40
                && value.split(|&byte| byte == b' ').count() <= 5
                && !value.ends_with(b"!")
                && !value.ends_with(b"?")
        })
    }
}

/// The nonblank records of a sample, and whether a quote in them is never
/// closed, or is closed where no field ends.
fn records(sample: &[u8], dialect: Dialect) -> (Vec<Record<'_>>, bool) {
    let mut records: Vec<Record<'_>> = Vec::new();
    let mut at = 0;
    let mut broken = false;
    while at < sample.len() && records.len() < RECORDS {
        let mut record = Record {
            start: at,
            end: at,
            fields: 0,
            cells: Vec::new(),
        };
        loop {
            let (field, next, ends) = dialect.field(sample, at);
            let (start, end, quoted) = match field {
                Field::Plain { start, end } => {
                    broken |= dialect.is_misplaced(sample, start);
                    (start, end, false)
                }
                Field::Quoted { start, end, .. } => (start, end, true),
                Field::Unclosed { start } => {
                    broken = true;
                    (start, sample.len(), true)
                }
            };
            record.fields += 1;
            if record.cells.len() < SHAPED {
                let value = sample.get(start..end).unwrap_or_default();
                record.cells.push(Cell { value, quoted });
            }
            at = next;
            if ends {
                break;
            }
        }
        record.end = at;
        let blank = record.fields == 1
            && record
                .cells
                .iter()
                .all(|cell| cell.value.trim_ascii().is_empty());
        if !blank {
            records.push(record);
        }
    }
    (records, broken)
}

/// A list: one short value a line, all of a kind, perhaps under a header.
fn list(sample: &[u8], newline: u8, quote: Option<u8>) -> Option<Sniffed> {
    let dialect = Dialect {
        delimiter: newline,
        quote,
        backslash: false,
        newline,
        spaces: false,
    };
    let (records, _) = records(sample, dialect);
    let (first, body) = records.split_first()?;
    let like = |wanted: Shape| {
        let alike = body
            .iter()
            .filter(|record| kind(record).is_some_and(|(shape, _)| shape == wanted));
        body.len() >= 2 && alike.count() * 20 >= body.len() * 19
    };
    let (own, value) = kind(first)?;
    let identifiers = [Shape::Number, Shape::Date, Shape::Email, Shape::Code]
        .into_iter()
        .find(|&wanted| like(wanted));
    let header = match identifiers {
        Some(shape) if own == shape => false,
        Some(_) => is_name(value),
        // Names under a heading; words without one are just words.
        None if like(Shape::Title) && body.len() >= 4 => {
            let heads = is_usual_name(value) && own != Shape::Title || value.contains(&b'_');
            if !heads {
                return None;
            }
            true
        }
        None => return None,
    };
    if !header && own != identifiers? {
        return None;
    }
    let body = if header { first.end } else { first.start };
    let names = vec![header.then(|| value.trim_ascii().to_vec())];
    Some(Sniffed {
        table: Table {
            dialect,
            names,
            head: sample.get(first.start..body).unwrap_or_default().to_vec(),
        },
        preamble: first.start,
        body,
        reason: None,
    })
}

/// The value of a short record of one field, and its shape.
fn kind<'a>(record: &Record<'a>) -> Option<(Shape, &'a [u8])> {
    let short = record.fields == 1 && record.end - record.start <= 80;
    let several = |value: &[u8]| {
        memmem::find(value, b", ").is_some()
            || (value.ends_with(b",") && memchr_iter(b',', value).count() > 1)
    };
    record
        .cells
        .first()
        .filter(|cell| short && !several(cell.value))
        .map(|cell| (shape(cell.value), cell.value))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a sample are far below 2^52"
)]
fn ratio(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

/// What stands in source code and not in values: brackets that do not match,
/// arrows, calls.
fn is_code(cell: &Cell<'_>) -> bool {
    if cell.quoted {
        return false;
    }
    let count = |byte: u8| memchr_iter(byte, cell.value).count();
    count(b'(') != count(b')')
        || count(b'[') != count(b']')
        || count(b'{') != count(b'}')
        || [&b"=>"[..], b"->", b"==", b"();", b"//", b"::"]
            .iter()
            .any(|token| {
                memmem::find(cell.value, token).is_some()
                    && memmem::find(cell.value, b"://").is_none()
            })
}
