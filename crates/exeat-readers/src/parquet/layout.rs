//! Which bytes of a file belong to something: what lies between leaves with
//! the file as well.

use std::ops::Range;

use exeat_core::inspect::reader::Reason;
use parquet::file::metadata::ParquetMetaData;

use super::thrift::{Found, walk};
use crate::input::Window;
use crate::output::Output;
use crate::problem::Problem;

/// The most bytes of a header that is repeated behind its column.
const MAX_COPY: u64 = 256 << 10;

/// Checks that columns and indices are where the file is, and says what lies
/// beside them.
pub(super) fn check(
    window: &Window,
    metadata: &ParquetMetaData,
    footer: u64,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut ranges = vec![0..4, footer..window.len()];
    let mut blooms = Vec::new();
    for chunk in metadata
        .row_groups()
        .iter()
        .flat_map(|group| group.columns())
    {
        let start = chunk.dictionary_page_offset();
        let start = start.unwrap_or_else(|| chunk.data_page_offset());
        add(&mut ranges, Some(start), Some(chunk.compressed_size()))?;
        let index = chunk.column_index_length().map(i64::from);
        add(&mut ranges, chunk.column_index_offset(), index)?;
        let index = chunk.offset_index_length().map(i64::from);
        add(&mut ranges, chunk.offset_index_offset(), index)?;
        match chunk.bloom_filter_length() {
            Some(length) => {
                add(
                    &mut ranges,
                    chunk.bloom_filter_offset(),
                    Some(i64::from(length)),
                )?;
            }
            None => blooms.extend(
                chunk
                    .bloom_filter_offset()
                    .and_then(|at| u64::try_from(at).ok()),
            ),
        }
    }
    if ranges.iter().any(|range| range.end > window.len()) {
        return Err(Reason::CutShort.into());
    }
    ranges.sort_by_key(|range| range.start);
    let mut text = Vec::new();
    let mut is_hidden = false;
    let mut end = 0;
    for range in ranges {
        if range.start > end {
            let gap = end..range.start;
            is_hidden |= !is_known(window, gap, &blooms, &mut text)?;
        }
        end = end.max(range.end);
    }
    if !text.is_empty() {
        out.within(b"metadata of columns", |out| out.text(&text))?;
    }
    if is_hidden {
        out.uninspected(Reason::Unaccounted)?;
    }
    Ok(())
}

fn add(
    ranges: &mut Vec<Range<u64>>,
    start: Option<i64>,
    length: Option<i64>,
) -> Result<(), Problem> {
    let (Some(start), Some(length)) = (start, length) else {
        return Ok(());
    };
    let start = u64::try_from(start).map_err(|_| Reason::Damaged)?;
    let length = u64::try_from(length).map_err(|_| Reason::Damaged)?;
    let end = start.checked_add(length).ok_or(Reason::Damaged)?;
    if length > 0 {
        ranges.push(start..end);
    }
    Ok(())
}

/// Whether what no column lists is what writers put there: nothing, a column's
/// header once more, or a filter whose length is not listed.
fn is_known(
    window: &Window,
    mut gap: Range<u64>,
    blooms: &[u64],
    text: &mut Vec<u8>,
) -> Result<bool, Problem> {
    if let Some(&bloom) = blooms.iter().filter(|bloom| gap.contains(bloom)).min() {
        // Digests alone are in it; whatever comes behind it is not told apart.
        gap.end = bloom;
    }
    while gap.start < gap.end {
        let piece = (gap.end - gap.start).min(MAX_COPY);
        let piece = usize::try_from(piece).map_err(|_| Reason::PartTooLarge)?;
        let mut bytes = vec![0; piece];
        let read = window.read_at(&mut bytes, gap.start)?;
        bytes.truncate(read);
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        if zeros > 0 {
            gap.start += zeros as u64;
            continue;
        }
        let mut found = Found::default();
        let Ok(length) = walk(&bytes, &mut found) else {
            return Ok(false);
        };
        // The fields of a column's metadata; or of its chunk.
        if length < 8
            || !found.fields.starts_with(&[1, 2, 3, 4]) && found.fields.first() != Some(&2)
        {
            return Ok(false);
        }
        text.extend_from_slice(&found.text);
        gap.start += length as u64;
    }
    Ok(true)
}
