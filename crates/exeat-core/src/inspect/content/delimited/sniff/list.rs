//! Columns without delimiters.

use memchr::{memchr_iter, memmem};

use super::super::shape::{Shape, is_name, is_usual_name, shape};
use super::super::{Dialect, Sniffed, Table};
use super::record::{RECORDS, Reader, Record};

/// A list: one short value a line, all of a kind, perhaps under a header.
pub(super) fn list(sample: &[u8], newline: u8, quote: Option<u8>) -> Option<Sniffed> {
    let dialect = Dialect {
        delimiter: newline,
        quote,
        backslash: false,
        newline,
        spaces: false,
    };
    let mut records = Reader::new(sample, dialect).take(RECORDS);
    let first = records.next()?;
    let (own, value) = kind(&first)?;
    let lines = memchr_iter(newline, sample).count();
    let (all, count) = common(records, lines)?;
    let identifiers = (all != Shape::Title).then_some(all);
    let header = match identifiers {
        Some(shape) if own == shape => false,
        Some(_) => is_name(value),
        // Names under a heading; words without one are just words.
        None if count >= 4 => {
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

/// The shape that nineteen of twenty records have, if it is one that makes a
/// list; and how many records there are, which are not more than `most`.
fn common<'a>(records: impl Iterator<Item = Record<'a>>, most: usize) -> Option<(Shape, usize)> {
    const KINDS: [Shape; 5] = [
        Shape::Number,
        Shape::Date,
        Shape::Email,
        Shape::Code,
        Shape::Title,
    ];
    let mut counts = [0; KINDS.len()];
    let mut all = 0;
    let others = |counts: &[usize], all: usize| all - counts.iter().max().unwrap_or(&0);
    for record in records {
        all += 1;
        if let Some((shape, _)) = kind(&record)
            && let Some(kind) = KINDS.iter().position(|&kind| kind == shape)
        {
            counts[kind] += 1;
        }
        // After a few lines, most texts are no list.
        if others(&counts, all) * 20 > most {
            return None;
        }
    }
    if all < 2 || others(&counts, all) * 20 > all {
        return None;
    }
    let (_, kind) = counts.iter().zip(KINDS).max_by_key(|(count, _)| **count)?;
    Some((kind, all))
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
