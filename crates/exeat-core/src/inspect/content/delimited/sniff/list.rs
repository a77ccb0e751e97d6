//! Columns without delimiters.

use memchr::{memchr_iter, memmem};

use super::super::shape::{Shape, is_name, is_usual_name, shape};
use super::super::{Dialect, Sniffed, Table};
use super::record::{Record, records};

/// A list: one short value a line, all of a kind, perhaps under a header.
pub(super) fn list(sample: &[u8], newline: u8, quote: Option<u8>) -> Option<Sniffed> {
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
