//! The rows of a table, and then those of its values that are files of their
//! own.

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::push_cell;

use super::Object;
use super::pages::{Encoding, Pages};
use super::record::{Record, Value, push};
use super::schema::{Column, Shape, shape};
use super::tree::{Reached, Walk, first_count, outermost};
use crate::cell::{Binary, of_bytes, of_text, push_integer, push_runs};
use crate::input::Input;
use crate::output::Output;
use crate::problem::Problem;

/// Rows are passed on in pieces of about so many bytes.
const PIECE: usize = 256 << 10;
/// The most values of a table that are files of their own.
const MAX_FILES: u64 = 10_000;
/// The most columns of a table that is looked into.
const MAX_COLUMNS: usize = 4096;
/// Numbers of rows below this are counters, and no data.
const COUNTERS: std::ops::Range<i64> = 0..100_000_000;
/// The fewest characters of text among other bytes of an index.
const LEAST: usize = 3;

/// How a table is read.
struct Reading<'r> {
    pages: &'r Pages,
    /// Whether binary values are an index, of what is elsewhere.
    is_index: bool,
}

/// What was found in rows that is no cell.
#[derive(Default)]
struct Found {
    has_files: bool,
    /// Values beyond the last column.
    has_more: bool,
}

/// Passes a table on; how many rows it has, if that could be told.
pub(super) fn read(
    pages: &Pages,
    object: &Object,
    objects: &[Object],
    reached: &mut Reached,
    out: &mut Output,
) -> Result<Option<u64>, Problem> {
    let shape = shape(&object.sql).unwrap_or_else(|| unknown(pages, object.root));
    let width = shape.columns.len();
    if width > MAX_COLUMNS {
        out.within(&object.name, |out| out.uninspected(Reason::PartTooLarge))?;
    }
    let reading = Reading {
        pages,
        is_index: is_index(object, objects),
    };
    let has_numbers = !shape.is_without_rowid
        && !shape.columns.iter().any(|column| column.is_rowid)
        && [false, true].iter().any(|&is_last| {
            let rowid = outermost(pages, object.root, is_last);
            rowid.is_some_and(|rowid| !COUNTERS.contains(&rowid))
        });
    let mut names: Vec<Vec<u8>> = shape
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    if has_numbers {
        names.push(b"rowid".to_vec());
    }
    out.within(&object.name, |out| {
        let before = reached.clone();
        let mut found = Found::default();
        let mut table = out.table(&names)?;
        let mut walk = Walk::new(pages, reached);
        walk.tree(object.root, &mut |rowid, record| {
            let rows = table.rows();
            let start = rows.len();
            let pushed = push_record(record, rowid, &shape, &reading, rows, &mut found);
            if let Err(reason) = pushed {
                rows.truncate(start);
                return Err(reason.into());
            }
            if has_numbers {
                rows.push(b',');
                push_integer(rows, rowid);
            }
            if rows.len() == start {
                rows.extend_from_slice(b"\"\"");
            }
            rows.push(b'\n');
            table.pass_on(PIECE)
        })?;
        let (count, wrong) = (walk.rows, walk.wrong);
        table.end()?;
        if found.has_files {
            files(&reading, object.root, &shape, before, out)?;
        }
        if found.has_more {
            out.uninspected(Reason::Unaccounted)?;
        }
        if let Some(reason) = wrong {
            out.uninspected(reason)?;
        }
        Ok(wrong.is_none().then_some(count))
    })
}

/// Adds a row, but for its end.
fn push_record(
    record: &[u8],
    rowid: i64,
    shape: &Shape,
    reading: &Reading<'_>,
    rows: &mut Vec<u8>,
    found: &mut Found,
) -> Result<(), Reason> {
    let mut record = Record::new(record)?;
    for (place, column) in shape.columns.iter().enumerate() {
        if place > 0 {
            rows.push(b',');
        }
        match record.next()? {
            Some(Value::Null) if column.is_rowid => push_integer(rows, rowid),
            Some(Value::Blob(bytes)) if reading.is_index => push_loose(bytes, reading, rows),
            Some(value) => found.has_files |= !push(value, reading.pages.encoding, rows),
            // The row is older than the column.
            None => push_cell(rows, &column.default),
        }
    }
    found.has_more |= record.next()?.is_some();
    Ok(())
}

/// Adds what can be told of a piece of an index: it repeats what rows say.
fn push_loose(bytes: &[u8], reading: &Reading<'_>, rows: &mut Vec<u8>) {
    let mut text = Vec::new();
    let record = Record::new(bytes).ok().filter(Record::is_exact);
    if let Some(mut record) = record {
        while let Ok(Some(value)) = record.next() {
            push(value, reading.pages.encoding, &mut text);
            text.push(b' ');
        }
    } else {
        push_runs(&mut text, bytes, LEAST, b' ');
    }
    push_cell(rows, text.trim_ascii_end());
}

/// Passes on values that are files of their own.
fn files(
    reading: &Reading<'_>,
    root: u32,
    shape: &Shape,
    mut reached: Reached,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut given = 0;
    let mut is_more = false;
    let mut walk = Walk::new(reading.pages, &mut reached);
    walk.tree(root, &mut |_, record| {
        let mut record = Record::new(record)?;
        for column in &shape.columns {
            let bytes = match record.next()? {
                Some(Value::Blob(bytes)) if of_bytes(bytes) == Binary::File => bytes,
                Some(Value::Text(bytes))
                    if reading.pages.encoding == Encoding::Utf8
                        && of_text(bytes) == Binary::File =>
                {
                    bytes
                }
                Some(_) => continue,
                None => break,
            };
            given += 1;
            if given > MAX_FILES {
                is_more = true;
                return Ok(());
            }
            out.spend(bytes.len() as u64)?;
            out.member(&column.name, Input::of_bytes(bytes.to_vec()))?;
        }
        Ok(())
    })?;
    match is_more {
        true => out.uninspected(Reason::Foreign),
        false => Ok(()),
    }
}

/// Columns without names, as many as the first row has.
fn unknown(pages: &Pages, root: u32) -> Shape {
    let count = first_count(pages, root).unwrap_or(1);
    let columns = (1..=count.clamp(1, MAX_COLUMNS)).map(|place| Column {
        name: format!("column {place}").into_bytes(),
        ..Column::default()
    });
    Shape {
        columns: columns.collect(),
        is_without_rowid: false,
    }
}

/// Whether it is a table that SQLite keeps for itself and whose values are
/// those of others: of an index of text, or samples of an index.
fn is_index(object: &Object, objects: &[Object]) -> bool {
    const PARTS: [&[u8]; 6] = [b"data", b"idx", b"docsize", b"segments", b"segdir", b"stat"];
    if object.name.starts_with(b"sqlite_stat") {
        return true;
    }
    objects
        .iter()
        .filter(|other| other.is_virtual)
        .any(|other| {
            let part = object.name.strip_prefix(&other.name[..]);
            let part = part.and_then(|part| part.strip_prefix(b"_"));
            let sql: Vec<u8> = other.sql.to_ascii_lowercase();
            let tight: Vec<u8> = sql
                .iter()
                .copied()
                .filter(|b| !b.is_ascii_whitespace())
                .collect();
            let has = |text: &[u8]| memchr::memmem::find(&tight, text).is_some();
            // One without content of its own is all there is.
            part.is_some_and(|part| PARTS.contains(&part))
                && has(b"usingfts")
                && !has(b"content=''")
                && !has(b"content=\"\"")
        })
}
