//! Whether a text is a table, and how it is written.
//!
//! Every plausible delimiter is tried on a sample with the grammar that reads
//! the table later. What counts is that lines have the same number of fields,
//! and that columns hold values of a kind: prose, source code, logs and
//! settings have at most the one or the other.
//!
//! | part | does |
//! |---|---|
//! | `record` | cuts a sample into records and fields |
//! | `trial` | says how well a dialect makes a table |
//! | `other_text` | knows what looks like a table and is none: logs, source code |
//! | `list` | finds a column of values without delimiters |
//! | `quotes` | finds a table behind a quote that swallows it |

use memchr::{memchr, memchr_iter, memrchr};

use super::header::is_heading;
use super::{Dialect, Sniffed};
use crate::inspect::content::SAMPLE;
use crate::inspect::identifier::role;

mod list;
mod other_text;
mod quotes;
mod record;
mod trial;

pub(super) use record::{Cell, Record};

use list::list;
use quotes::behind_a_quote;
use record::{records, widths};
use trial::Trial;

const DELIMITERS: &[u8] = b",;\t|\x01\x1f^~: ";

/// The table that a text is, if it is one. `complete`: nothing comes after.
pub(in crate::inspect::content) fn sniff(text: &[u8], complete: bool) -> Option<Sniffed> {
    let newline = if memchr(b'\n', text).is_some() {
        b'\n'
    } else {
        b'\r'
    };
    let sample = sample(text, newline, complete);
    let mut counts = [0_usize; 256];
    for &byte in sample {
        counts[usize::from(byte)] += 1;
    }
    let lines = counts[usize::from(newline)];
    let mut best: Option<(f64, Sniffed)> = None;
    for &delimiter in DELIMITERS {
        // At least every other line of a table has its delimiter.
        if counts[usize::from(delimiter)] * 2 < lines.max(1) {
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
        .or_else(|| few(sample, newline, complete && sample.len() == text.len()))
}

/// A table of few lines of as many fields, which names tell: those of its
/// columns in the first of two lines, or those of its rows where it is turned
/// sideways. `whole`: there is nothing else.
fn few(sample: &[u8], newline: u8, whole: bool) -> Option<Sniffed> {
    if !whole {
        return None;
    }
    b",;\t|".iter().find_map(|&delimiter| {
        let dialect = plain_dialect(sample, delimiter, newline);
        let mut widths = widths(sample, dialect);
        let width = widths.next().filter(|&width| width > 1)?;
        if !widths.all(|other| other == width) {
            return None;
        }
        let (records, broken) = records(sample, dialect);
        if broken {
            return None;
        }
        let header = !is_turned(&records, width);
        if header && !is_pair(&records) {
            return None;
        }
        let trial = Trial::known(sample, records, width, dialect, header)?;
        Some(trial.into_sniffed(sample))
    })
}

/// A header and one record.
fn is_pair(records: &[Record<'_>]) -> bool {
    matches!(records, [first, _] if is_heading(first) && first.has_short_names())
}

/// Rows that begin with what could be the names of columns.
fn is_turned(records: &[Record<'_>], width: usize) -> bool {
    const WIDTH: usize = 4;
    const ROWS: usize = 64;
    let named = |record: &&Record<'_>| {
        let first = record.cells.first();
        first.is_some_and(|cell| role(cell.value).is_some())
    };
    let rows = 2..=ROWS;
    width >= WIDTH && rows.contains(&records.len()) && records.iter().filter(named).count() > 1
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

/// How a quote is used in a sample.
#[derive(Default)]
struct Quotes {
    /// Behind a delimiter, a delimiter and a blank, or the end of a line.
    begins_field: bool,
    /// Behind a backslash.
    escaped: bool,
}

impl Quotes {
    fn find(sample: &[u8], quote: u8, dialect: Dialect) -> Self {
        let mut quotes = Self::default();
        for at in memchr_iter(quote, sample) {
            match sample.get(..at).unwrap_or_default() {
                [] => quotes.begins_field = true,
                [.., byte] if *byte == dialect.delimiter || *byte == dialect.newline => {
                    quotes.begins_field = true;
                }
                [.., byte, b' '] if *byte == dialect.delimiter => quotes.begins_field = true,
                [.., b'\\'] => quotes.escaped = true,
                _ => {}
            }
            if quotes.begins_field && quotes.escaped {
                break;
            }
        }
        quotes
    }
}

/// The usual way of quoting, and what blanks are in it.
fn plain_dialect(sample: &[u8], delimiter: u8, newline: u8) -> Dialect {
    let (mut delimiters, mut spaced) = (0_usize, 0_usize);
    for at in memchr_iter(delimiter, sample) {
        delimiters += 1;
        spaced += usize::from(sample.get(at + 1) == Some(&b' '));
    }
    let spaced = spaced * 2 > delimiters;
    Dialect {
        delimiter,
        quote: Some(b'"'),
        backslash: false,
        newline,
        spaces: delimiter == b' ' || spaced,
    }
}

/// Ways of quoting that the sample gives reason to try.
fn dialects(sample: &[u8], delimiter: u8, newline: u8) -> Vec<Dialect> {
    let dialect = plain_dialect(sample, delimiter, newline);
    let mut dialects = vec![dialect];
    let double = Quotes::find(sample, b'"', dialect);
    let single = Quotes::find(sample, b'\'', dialect);
    for (quote, seen) in [(b'"', &double), (b'\'', &single)] {
        if quote == b'\'' && seen.begins_field && !double.begins_field {
            dialects.push(Dialect {
                quote: Some(quote),
                ..dialect
            });
        }
        if seen.escaped && seen.begins_field {
            dialects.push(Dialect {
                quote: Some(quote),
                backslash: true,
                ..dialect
            });
        }
    }
    dialects
}
