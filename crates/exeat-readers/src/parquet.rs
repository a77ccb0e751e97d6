//! Apache Parquet: a table where records are flat, JSON Lines where they have
//! lists.
//!
//! The `parquet` crate reads the footer and the headers of pages, and
//! decompresses; values are taken out of pages here ([`column`]), because
//! cells that are text at the end need no typed copies between, and because
//! what a dictionary holds beside what rows have (a categorical column of a
//! table that was filtered) leaves with the file as well.
//!
//! Not seen: statistics and indices, whose values are those of rows, bytes
//! behind the last value of a page, and the content of filters.

mod base64;
mod column;
mod delta;
mod hybrid;
mod layout;
mod records;
mod source;
mod style;
mod table;
#[cfg(test)]
mod tests;
mod thrift;
mod values;

use exeat_core::inspect::reader::Reason;
use parquet::file::metadata::{FileMetaData, ParquetMetaDataReader};

use crate::cell::push_runs;
use crate::input::{Input, Window};
use crate::output::Output;
use crate::problem::Problem;
use source::{Source, problem};
use thrift::Found;

/// Its length and `PAR1`.
const TAIL: u64 = 8;
/// The most bytes of a footer; in memory it takes several times as many.
const MAX_FOOTER: u64 = 8 << 20;
/// How far before the end of the file its table may end, so that it is known
/// that something follows.
const MAX_AFTER: u64 = 1 << 20;
/// The most columns of a table that is looked into. Wider ones are passed on
/// as several tables side by side.
const MAX_COLUMNS: usize = 4096;
/// The most bytes of the names of columns.
const MAX_NAMES: usize = 128 << 10;
/// The field of a footer that says how columns are encrypted.
const ENCRYPTION: i64 = 8;
/// The key whose value is the schema once more, as Arrow has it: in base64.
const ARROW_SCHEMA: &str = "ARROW:schema";

pub(crate) fn read(input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let window = input.into_window()?;
    let end = end(&window)?;
    let whole = window.slice(0..end).ok_or(Reason::CutShort)?;
    read_whole(whole, out)?;
    match end == window.len() {
        true => Ok(()),
        false => Err(Reason::Unaccounted.into()),
    }
}

/// Where the file ends: with its own end, or where something follows that.
fn end(window: &Window) -> Result<u64, Problem> {
    const MAGIC: &[u8] = b"PAR1";
    let from = window.len().saturating_sub(MAX_AFTER);
    let tail = window.slice(from..window.len()).ok_or(Reason::CutShort)?;
    let tail = tail.to_vec(usize::MAX)?;
    if tail.ends_with(MAGIC) || tail.ends_with(b"PARE") {
        return Ok(window.len());
    }
    let is_end = |&at: &usize| {
        let length = at.checked_sub(4).and_then(|start| tail.get(start..at));
        let length = length.and_then(|length| length.try_into().ok());
        let length = length.map_or(u64::MAX, |length| u32::from_le_bytes(length).into());
        let before = from + at as u64;
        // A footer, its length, and the beginning of the file stand before it.
        length > 0 && length.saturating_add(8) <= before
    };
    match memchr::memmem::rfind_iter(&tail, MAGIC).find(is_end) {
        Some(at) => Ok(from + (at + MAGIC.len()) as u64),
        None => Ok(window.len()),
    }
}

fn read_whole(window: Window, out: &mut Output) -> Result<(), Problem> {
    let footer = footer(&window)?;
    let start = window.len() - TAIL - footer.len() as u64;
    let mut found = Found::default();
    if thrift::walk(&footer, &mut found)? != footer.len() {
        // A signature stands behind the footer of an encrypted file.
        if !found.fields.contains(&ENCRYPTION) {
            return Err(Reason::Damaged.into());
        }
    }
    if found.fields.contains(&ENCRYPTION) {
        return Err(Reason::PartlyEncrypted.into());
    }
    drop(found);
    let metadata = ParquetMetaDataReader::decode_metadata(&footer).map_err(problem)?;
    drop(footer);
    pass_on_metadata(metadata.file_metadata(), out)?;
    let mut chunks = metadata
        .row_groups()
        .iter()
        .flat_map(|group| group.columns());
    if chunks.any(|chunk| chunk.file_path().is_some()) {
        // A summary of other files.
        return Err(Reason::Unsupported.into());
    }
    layout::check(&window, &metadata, start, out)?;
    let schema = metadata.file_metadata().schema_descr();
    let groups = metadata.row_groups().iter();
    let rows = groups
        .clone()
        .try_fold(0i64, |sum, group| sum.checked_add(group.num_rows()));
    let is_whole = rows == Some(metadata.file_metadata().num_rows())
        && groups
            .clone()
            .all(|group| group.num_columns() == schema.num_columns());
    if !is_whole {
        return Err(Reason::Damaged.into());
    }
    let source = Source::new(&window);
    if schema
        .columns()
        .iter()
        .any(|column| column.max_rep_level() > 0)
    {
        return records::read(&window, &source, &metadata, out);
    }
    let mut next = 0;
    while next < schema.num_columns() {
        let (mut end, mut bytes) = (next, 0);
        while end < schema.num_columns() && end - next < MAX_COLUMNS {
            let length = schema.column(end).path().string().len();
            if bytes + length > MAX_NAMES && end > next {
                break;
            }
            bytes += length;
            end += 1;
        }
        table::read(&source, &metadata, next..end, out)?;
        next = end;
    }
    Ok(())
}

/// The footer, which is at the end.
fn footer(window: &Window) -> Result<Vec<u8>, Problem> {
    let mut head = [0; 4];
    window.read_at(&mut head, 0)?;
    let at = window.len().checked_sub(TAIL).ok_or(Reason::CutShort)?;
    let mut tail = [0; 8];
    window.read_at(&mut tail, at)?;
    let [a, b, c, d, magic @ ..] = tail;
    match (&head, &magic) {
        (b"PARE", _) | (_, b"PARE") => return Err(Reason::Encrypted.into()),
        (_, b"PAR1") => {}
        _ => return Err(Reason::CutShort.into()),
    }
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    let start = at.checked_sub(length).filter(|&start| start >= 4);
    let footer = window.slice(start.ok_or(Reason::Damaged)?..at);
    let most = usize::try_from(MAX_FOOTER).map_err(|_| Reason::PartTooLarge)?;
    footer.ok_or(Reason::Damaged)?.to_vec(most)
}

/// What programs wrote beside the table, which can be anything.
fn pass_on_metadata(metadata: &FileMetaData, out: &mut Output) -> Result<(), Problem> {
    let mut text = Vec::new();
    for pair in metadata.key_value_metadata().into_iter().flatten() {
        text.extend_from_slice(pair.key.as_bytes());
        text.push(b'\n');
        let value = pair.value.as_deref().unwrap_or_default();
        let schema = (pair.key == ARROW_SCHEMA).then(|| base64::decode(value));
        match schema.flatten() {
            Some(schema) => push_runs(&mut text, &schema, 3, b'\n'),
            None => {
                text.extend_from_slice(value.as_bytes());
                text.push(b'\n');
            }
        }
    }
    if text.is_empty() {
        return Ok(());
    }
    out.spend(text.len() as u64)?;
    out.within(b"metadata", |out| out.text(&text))
}
