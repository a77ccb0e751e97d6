//! How well a sample cut up in one dialect makes a table.

use super::super::header::{Shapes, header_names, is_header};
use super::super::shape::Shape;
use super::super::{Dialect, Sniffed, Table};
use super::other_text::is_code;
use super::record::{Cell, Record, SHAPED, records, widths};

/// Title and comment lines that may stand before the header.
const PREAMBLE: usize = 10;
/// Two lines of so many fields are a table.
const WIDE: usize = 32;

/// A sample, cut up in one dialect.
pub(super) struct Trial<'a> {
    sample: &'a [u8],
    pub(super) dialect: Dialect,
    /// Lines before the first record.
    pub(super) titles: Vec<&'a [u8]>,
    pub(super) records: Vec<Record<'a>>,
    pub(super) width: usize,
    pub(super) header: bool,
    /// Of the records, those of the table's width.
    regular: f64,
    /// Columns whose values are of a kind.
    typed: usize,
    /// Whether a quote is never closed, or closed where no field ends.
    broken: bool,
}

impl<'a> Trial<'a> {
    /// `None` where it makes no table, whatever its values are.
    pub(super) fn new(sample: &'a [u8], dialect: Dialect) -> Option<Self> {
        let width = width(sample, dialect)?;
        let (mut records, broken) = records(sample, dialect);
        let first = records.iter().position(|record| record.fields == width)?;
        let raw = |record: &Record<'_>| sample.get(record.start..record.end).unwrap_or_default();
        let titles = records.drain(..first).map(|record| raw(&record)).collect();
        let regular = records
            .iter()
            .filter(|record| record.is_regular(width))
            .count();
        let regular = ratio(regular, records.len());
        if regular < least_regular(dialect) {
            return None;
        }
        let (first, body) = records.split_first()?;
        let mut shapes = Shapes::of(body, width.min(SHAPED));
        let header = is_header(&records, &shapes);
        if !header {
            Shapes::add(&mut shapes, first);
        }
        let is_typed = |shapes: &&Shapes| {
            let shape = shapes.common();
            shape.is_some_and(|shape| !matches!(shape, Shape::Word | Shape::Title))
        };
        let typed = shapes.iter().filter(is_typed).count();
        Some(Self {
            sample,
            dialect,
            titles,
            width,
            header,
            regular,
            typed,
            records,
            broken,
        })
    }

    /// Records of this width, of which is known whether the first names
    /// columns.
    pub(super) fn known(
        sample: &'a [u8],
        records: Vec<Record<'a>>,
        width: usize,
        dialect: Dialect,
        header: bool,
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
            header,
            regular: 1.0,
            typed: 0,
            broken: false,
        })
    }

    /// How well this makes a table; `None` when it does not.
    pub(super) fn score(&self) -> Option<f64> {
        let rows = self.records.len();
        let typed = ratio(self.typed, self.width.min(SHAPED));
        let spaced = self.share(|cell| !cell.quoted && cell.value.starts_with(b" "));
        let first_blank = self.column_blank(0);
        let last_blank = self.column_blank(self.width - 1);
        let named = self.header
            && self
                .records
                .first()
                .is_some_and(|record| record.has_short_names());
        let is_headed = self.header && self.typed > 0;
        if (!is_headed && self.lines(is_code) > 0.15)
            || (last_blank > 0.9 && (self.width == 2 || (spaced > 0.5 && !named)))
        {
            return None;
        }
        let (regular, width) = (self.regular, self.width);
        let good = match self.dialect.delimiter {
            b'\t' | 0x01 | 0x1F => {
                first_blank < 0.5 && (self.typed > 0 || self.header || (width > 2 && regular > 0.9))
            }
            b'|' => first_blank < 0.5 && (self.typed > 0 || named || (width > 3 && regular > 0.9)),
            b':' => width > 2 && rows > 2 && self.typed > 0 && spaced < 0.3 && !self.is_time(),
            b' ' => {
                width > 2
                    && rows > 4
                    && typed >= 0.5
                    && self.is_under_names()
                    && !self.is_log()
                    && !self.has_lines_of_one_value()
            }
            _ if self.is_source(named) => false,
            _ if self.is_log() || self.is_time() => false,
            _ if self.dialect.spaces || spaced > 0.5 => {
                regular >= 0.9 && ((self.typed > 0 && named) || (rows > 2 && typed >= 0.5))
            }
            _ => {
                // Of very wide rows, a sample holds few.
                let alike = (width > 3 && rows > 4) || width >= WIDE;
                let plain = regular >= 0.9 && (self.typed > 0 || (named && rows > 2) || alike);
                // A few rows that are cut short must not hide a table.
                let ragged = named && (self.typed > 0 || width > 2);
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
    pub(super) fn lines(&self, matches: impl Fn(&Cell<'_>) -> bool) -> f64 {
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

    pub(super) fn raw(&self, record: &Record<'_>) -> &'a [u8] {
        self.sample
            .get(record.start..record.end)
            .unwrap_or_default()
    }

    pub(super) fn into_sniffed(self, sample: &[u8]) -> Sniffed {
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

/// The commonest number of fields among the latter half at least of the lines,
/// if the records may make a table by it; lines of one field are no evidence.
fn width(sample: &[u8], dialect: Dialect) -> Option<usize> {
    let mut widths = widths(sample, dialect);
    if dialect.delimiter == b' ' {
        // Every line, with no title before: nothing less tells columns from words.
        let first = widths.next()?;
        return (first > 1 && widths.all(|width| width == first)).then_some(first);
    }
    let widths: Vec<usize> = widths.collect();
    let mut counts = widths.clone();
    counts.retain(|&fields| fields > 1);
    counts.sort_unstable();
    let width = counts
        .chunk_by(|a, b| a == b)
        .max_by_key(|alike| (alike.len(), std::cmp::Reverse(alike.first().copied())))
        .and_then(|alike| alike.first().copied())?;
    let first = widths.iter().position(|&fields| fields == width)?;
    let body = widths.get(first..).unwrap_or_default();
    // Those that are wider may have nothing in their last fields.
    let regular = body.iter().filter(|&&fields| fields >= width).count();
    let may_be = first <= PREAMBLE
        && body.len() >= 2
        && ratio(regular, body.len()) >= least_regular(dialect);
    may_be.then_some(width)
}

/// The least share of records of the table's width.
fn least_regular(dialect: Dialect) -> f64 {
    match dialect.delimiter {
        b'|' => 0.6,
        b':' => 0.98,
        b' ' => 1.0,
        _ => 0.5,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a sample are far below 2^52"
)]
pub(super) fn ratio(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}
