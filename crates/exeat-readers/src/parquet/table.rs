//! A file without lists: a table. Columns are read one after the other, some
//! rows at a time; what takes too much memory is closed and opened again.

use std::ops::Range;
use std::sync::Arc;

use exeat_core::inspect::reader::Reason;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use super::column::{Cells, Column, Used};
use super::source::Source;
use crate::input::Input;
use crate::output::{Output, Table};
use crate::problem::Problem;

/// The most bytes of pages and dictionaries between two batches of rows.
const MAX_OPEN: usize = 24 << 20;
/// The most bytes of cells of a batch.
const MAX_CELLS: usize = 22 << 20;
/// Bytes of a batch while all columns stay open, and while they do not.
const BATCH: usize = 512 << 10;
const LARGE_BATCH: usize = 14 << 20;
/// Rows of the first batch, and of any.
const FIRST: usize = 256;
const MOST: usize = 256 << 10;
/// Rows are passed on in pieces of about so many bytes.
const PIECE: usize = 256 << 10;
/// The most bytes that are remembered about dictionaries.
const MAX_USED: usize = 4 << 20;
/// The most values of a column that are files of their own.
const MAX_FILES: usize = 10_000;

/// Where there is more to say of a column when its table has ended.
#[derive(Default)]
pub(super) struct Rest {
    /// The row group and the column, with what of its dictionary was used.
    unused: Vec<(usize, usize, Used)>,
    files: Vec<(usize, usize)>,
}

/// Passes these columns on as a table, and then what is no cell of it.
pub(super) fn read(
    source: &Arc<Source>,
    metadata: &ParquetMetaData,
    columns: Range<usize>,
    out: &mut Output,
) -> Result<(), Problem> {
    let schema = metadata.file_metadata().schema_descr();
    let names: Vec<_> = columns
        .clone()
        .map(|place| schema.column(place).path().string().into_bytes())
        .collect();
    let mut rest = Rest::default();
    let mut table = out.table(&names)?;
    for (place, group) in metadata.row_groups().iter().enumerate() {
        let mut parts: Vec<_> = group.columns()[columns.clone()]
            .iter()
            .map(|chunk| Column::new(source, chunk))
            .collect();
        read_group(group, &mut parts, &mut table)?;
        for (column, part) in columns.clone().zip(&mut parts) {
            rest.add(place, column, part)?;
        }
    }
    table.end()?;
    rest.read(source, metadata, out)
}

fn read_group(
    group: &RowGroupMetaData,
    columns: &mut [Column],
    table: &mut Table<'_>,
) -> Result<(), Problem> {
    let mut left = usize::try_from(group.num_rows()).map_err(|_| Reason::Damaged)?;
    if group
        .columns()
        .iter()
        .any(|chunk| chunk.num_values() != group.num_rows())
    {
        return Err(Reason::Damaged.into());
    }
    let mut cells: Vec<Cells> = columns.iter().map(|_| Cells::default()).collect();
    let mut batch = FIRST;
    while left > 0 {
        let count = batch.min(left);
        let places: Vec<_> = columns.iter().map(Column::place).collect();
        let filled = fill(columns, &mut cells, count, table)?;
        if !filled.fits {
            if count == 1 {
                return Err(Reason::PartTooLarge.into());
            }
            for (column, place) in columns.iter_mut().zip(places) {
                column.go_to(place);
            }
            cells.fill_with(Cells::default);
            batch = (count / 8).max(1);
            continue;
        }
        push_rows(&cells, count, table)?;
        left -= count;
        let target = if filled.is_closed { LARGE_BATCH } else { BATCH };
        let rows = count.saturating_mul(target) / filled.bytes.max(1);
        batch = rows.clamp(1, MOST.min(count * 4));
    }
    for column in columns.iter_mut() {
        column.finish()?;
        column.close();
        table.spend(column.take_decoded())?;
    }
    Ok(())
}

struct Filled {
    fits: bool,
    /// Whether a column had to be closed.
    is_closed: bool,
    bytes: usize,
}

fn fill(
    columns: &mut [Column],
    cells: &mut [Cells],
    count: usize,
    table: &Table<'_>,
) -> Result<Filled, Problem> {
    let mut filled = Filled {
        fits: true,
        is_closed: false,
        bytes: 0,
    };
    let mut open: usize = columns.iter().map(Column::held).sum();
    for (column, cells) in columns.iter_mut().zip(cells) {
        cells.clear();
        let before = column.held();
        let left = MAX_CELLS.saturating_sub(filled.bytes);
        filled.fits = column.fill(count, cells, left)?;
        table.spend(column.take_decoded())?;
        if !filled.fits {
            break;
        }
        filled.bytes += cells.held();
        open = open - before + column.held();
        if open > MAX_OPEN {
            open -= column.held();
            column.close();
            filled.is_closed = true;
        }
    }
    Ok(filled)
}

fn push_rows(cells: &[Cells], count: usize, table: &mut Table<'_>) -> Result<(), Problem> {
    for row in 0..count {
        let rows = table.rows();
        let start = rows.len();
        for (place, column) in cells.iter().enumerate() {
            if place > 0 {
                rows.push(b',');
            }
            rows.extend_from_slice(column.get(row).ok_or(Reason::Fault)?);
        }
        if rows.len() == start {
            rows.extend_from_slice(b"\"\"");
        }
        rows.push(b'\n');
        table.pass_on(PIECE)?;
    }
    Ok(())
}

impl Rest {
    /// Remembers what is left to be said of a column.
    pub(super) fn add(
        &mut self,
        group: usize,
        column: usize,
        part: &mut Column,
    ) -> Result<(), Problem> {
        if part.has_files {
            self.files.push((group, column));
        }
        if let Some(used) = part.unused() {
            self.unused.push((group, column, used));
            let held: usize = self.unused.iter().map(|(_, _, used)| used.held()).sum();
            if held > MAX_USED {
                return Err(Reason::PartTooLarge.into());
            }
        }
        Ok(())
    }

    /// Passes on values of dictionaries that no row has, and values that are
    /// files of their own.
    pub(super) fn read(
        self,
        source: &Arc<Source>,
        metadata: &ParquetMetaData,
        out: &mut Output,
    ) -> Result<(), Problem> {
        let column = |group: usize, column: usize| {
            let chunk = metadata.row_group(group).column(column);
            (Column::new(source, chunk), chunk.column_path().string())
        };
        for (group, place, used) in self.unused {
            let (mut column, name) = column(group, place);
            let cells = column.unused_cells(&used)?;
            out.spend(column.take_decoded())?;
            out.within(b"values of no row", |out| {
                let mut table = out.table(&[name.into_bytes()])?;
                let cells = [cells];
                push_rows(&cells, cells[0].len(), &mut table)?;
                table.end()
            })?;
        }
        let mut given = 0;
        for (group, place) in self.files {
            let (mut column, name) = column(group, place);
            let read = column.each_file(&mut |bytes| {
                given += 1;
                if given > MAX_FILES {
                    return Err(Reason::Foreign.into());
                }
                out.spend(bytes.len() as u64)?;
                out.member(name.as_bytes(), Input::of_bytes(bytes.to_vec()))
            });
            out.spend(column.take_decoded())?;
            read?;
        }
        Ok(())
    }
}
