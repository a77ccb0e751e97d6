//! Cells by place → a table as text, every row as long as the others.
//!
//! A sheet says how wide it is by its cells alone. Its first rows are held
//! until there is enough of them to know; a row that is wider yet begins the
//! table anew, with the first row of that width, or the header, repeated.

use std::mem;

use exeat_core::inspect::reader::protocol::{Form, push_cell};

use crate::output::Output;
use crate::problem::Problem;

/// What is held before the width is taken as known.
const AHEAD: usize = 1 << 20;
/// Rows are passed on in pieces of about this size.
const PIECE: usize = 256 << 10;
/// Columns beyond this one are passed on as text: a table has no more.
const MAX_COLUMNS: usize = 4000;
/// Text beside the table is held until there is so much of it.
const MAX_BESIDE: usize = 1 << 20;
/// A cell with more lines is passed on as a text of its own too.
const LINES: usize = 4;

/// A table that is being put together.
#[derive(Default)]
pub(crate) struct Grid {
    /// Rows as text without their ends, and where each ends and how many cells
    /// it has; none for a blank line.
    held: Vec<u8>,
    ends: Vec<(usize, usize)>,
    width: usize,
    /// The width is known, and the table has begun.
    is_open: bool,
    header: Vec<u8>,
    row: Vec<u8>,
    cells: usize,
    /// Blank rows came before the one at hand.
    gap: bool,
    next_row: u64,
    beside: String,
    long: Vec<String>,
}

impl Grid {
    /// Puts a value into the row at hand. Blank ones need not be put.
    pub(crate) fn cell(&mut self, column: usize, value: &str) {
        if value.trim_ascii().is_empty() {
            return;
        }
        if column >= MAX_COLUMNS || column < self.cells {
            self.beside(value);
            return;
        }
        for _ in self.cells.max(1)..=column {
            self.row.push(b',');
        }
        self.cells = column + 1;
        let lines = value.bytes().filter(|&byte| byte == b'\n').count();
        if lines < LINES {
            push_cell(&mut self.row, value.as_bytes());
        } else {
            push_cell(&mut self.row, value.replace(['\r', '\n'], " ").as_bytes());
            self.long.push(value.to_owned());
        }
    }

    /// Which column would come next.
    pub(crate) fn next_column(&self) -> usize {
        self.cells
    }

    /// Text that belongs to the sheet, but is in no cell.
    pub(crate) fn beside(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.beside.push_str(text);
            self.beside.push('\n');
        }
    }

    /// Ends the row at hand, whose number is this one.
    pub(crate) fn end_row(&mut self, number: u64, out: &mut Output) -> Result<(), Problem> {
        if self.cells == 0 {
            return Ok(());
        }
        self.gap = number > self.next_row && self.next_row > 0;
        self.next_row = number.saturating_add(1);
        if mem::take(&mut self.gap) {
            self.ends.push((self.held.len(), 0));
        }
        let cells = mem::take(&mut self.cells);
        if self.is_open && cells > self.width {
            self.pass_on(out)?;
            self.close(out)?;
            self.widen(cells);
        }
        self.held.extend_from_slice(&self.row);
        self.row.clear();
        self.ends.push((self.held.len(), cells));
        let long: usize = self.long.iter().map(String::len).sum();
        if self.beside.len() + long > MAX_BESIDE {
            self.pass_on(out)?;
            self.close(out)?;
            self.texts(out)?;
            self.widen(self.width);
        } else if self.held.len() >= if self.is_open { PIECE } else { AHEAD } {
            self.pass_on(out)?;
        }
        Ok(())
    }

    /// Ends the table; what was beside it comes after it.
    pub(crate) fn end(mut self, out: &mut Output) -> Result<(), Problem> {
        self.pass_on(out)?;
        self.close(out)?;
        self.texts(out)
    }

    /// The header comes again where a table begins anew.
    fn widen(&mut self, cells: usize) {
        if !self.header.is_empty() {
            let header = mem::take(&mut self.header);
            let known = self.width;
            self.held.extend_from_slice(&header);
            self.ends.push((self.held.len(), known));
            self.header = header;
        }
        self.width = cells.max(self.width);
    }

    fn pass_on(&mut self, out: &mut Output) -> Result<(), Problem> {
        if self.ends.is_empty() {
            return Ok(());
        }
        if !self.is_open {
            let widest = self.ends.iter().map(|&(_, cells)| cells).max();
            self.width = self.width.max(widest.unwrap_or(0));
            out.begin(Form::Content)?;
            self.is_open = true;
        }
        let mut rows = Vec::with_capacity(self.held.len() + self.ends.len() * 2);
        let mut start = 0;
        for &(end, cells) in &self.ends {
            let row = self.held.get(start..end).unwrap_or_default();
            start = end;
            rows.extend_from_slice(row);
            if cells > 0 {
                rows.resize(rows.len() + self.width.saturating_sub(cells.max(1)), b',');
                if self.header.is_empty() && cells == self.width {
                    self.header = row.to_vec();
                }
            }
            rows.push(b'\n');
            if rows.len() >= PIECE {
                out.spend(rows.len() as u64)?;
                out.data(&rows)?;
                rows.clear();
            }
        }
        self.held.clear();
        self.ends.clear();
        out.spend(rows.len() as u64)?;
        out.data(&rows)
    }

    fn close(&mut self, out: &mut Output) -> Result<(), Problem> {
        if mem::take(&mut self.is_open) {
            out.end()?;
        }
        Ok(())
    }

    fn texts(&mut self, out: &mut Output) -> Result<(), Problem> {
        let beside = mem::take(&mut self.beside);
        if !beside.is_empty() {
            out.text(beside.as_bytes())?;
        }
        for text in mem::take(&mut self.long) {
            out.text(text.as_bytes())?;
        }
        Ok(())
    }
}
