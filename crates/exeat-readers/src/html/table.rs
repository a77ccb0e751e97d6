//! A table of a page, as delimited text.

use exeat_core::inspect::reader::protocol;

use crate::flow::Flow;

/// The most columns that are kept: those that the parent reads.
const MAX_COLUMNS: usize = 4096;
/// The most that a cell may claim to span.
const MAX_SPAN: usize = 1000;
/// The most bytes of a row; what is more goes to the text.
const MAX_ROW: usize = 1 << 20;
/// A cell of more is prose, and keeps its lines.
const PROSE: usize = 256;

/// A table that is open.
pub(super) struct Table {
    pub(super) flow: Flow,
    cells: Vec<Vec<u8>>,
    /// Bytes of `cells`.
    held: usize,
    /// The cell at hand.
    cell: Option<Cell>,
    /// How many more rows each column is taken by a cell above.
    taken: Vec<usize>,
    all_headers: bool,
    /// Whether a row of more than one cell has come.
    is_wide: bool,
    has_header: bool,
}

struct Cell {
    text: Vec<u8>,
    columns: usize,
    rows: usize,
    is_header: bool,
}

impl Table {
    pub(super) fn new(flow: Flow) -> Self {
        Self {
            flow,
            cells: Vec::new(),
            held: 0,
            cell: None,
            taken: Vec::new(),
            all_headers: true,
            is_wide: false,
            has_header: false,
        }
    }

    /// Begins a cell. Numbers as they are written.
    pub(super) fn begin_cell(&mut self, columns: &[u8], rows: &[u8], is_header: bool) {
        let span = |written: &[u8]| {
            let number = std::str::from_utf8(written.trim_ascii()).ok();
            let number = number.and_then(|number| number.parse::<usize>().ok());
            number.unwrap_or(1).clamp(1, MAX_SPAN)
        };
        self.cell = Some(Cell {
            text: Vec::new(),
            columns: span(columns),
            rows: span(rows),
            is_header,
        });
    }

    /// The text of the cell at hand.
    pub(super) fn cell(&mut self) -> Option<&mut Vec<u8>> {
        self.cell.as_mut().map(|cell| &mut cell.text)
    }

    /// Ends the cell at hand; gives its text back if it is too much for the
    /// row.
    pub(super) fn end_cell(&mut self) -> Option<Vec<u8>> {
        let cell = self.cell.take()?;
        self.pass_taken();
        let mut text = cell.text.trim_ascii().to_vec();
        if text.len() <= PROSE {
            for byte in &mut text {
                if matches!(byte, b'\n' | b'\r' | b'\t') {
                    *byte = b' ';
                }
            }
        }
        let is_too_much =
            self.held + text.len() > MAX_ROW || self.cells.len() + cell.columns > MAX_COLUMNS;
        let beyond = is_too_much.then(|| std::mem::take(&mut text));
        if self.cells.len() + cell.columns <= MAX_COLUMNS {
            self.all_headers &= cell.is_header;
            let from = self.cells.len();
            self.held += text.len();
            self.cells.push(text);
            self.cells.resize(from + cell.columns, Vec::new());
            if cell.rows > 1 {
                let to = from + cell.columns;
                self.taken.resize(self.taken.len().max(to), 0);
                self.taken[from..to].fill(cell.rows);
            }
        }
        beyond
    }

    /// Leaves out the places that cells of rows above reach down to.
    fn pass_taken(&mut self) {
        while self.cells.len() < MAX_COLUMNS
            && self
                .taken
                .get(self.cells.len())
                .is_some_and(|rows| *rows > 0)
        {
            self.cells.push(Vec::new());
        }
    }

    /// Ends the row at hand. Gives it back where it is prose: a page may be
    /// laid out as a table with one cell.
    pub(super) fn end_row(&mut self) -> Option<Vec<u8>> {
        for rows in &mut self.taken {
            *rows = rows.saturating_sub(1);
        }
        self.held = 0;
        let mut cells = std::mem::take(&mut self.cells);
        let all_headers = std::mem::replace(&mut self.all_headers, true);
        let mut filled = cells.iter_mut().filter(|cell| !cell.is_empty());
        let (first, more) = (filled.next()?, filled.next().is_some());
        if !more && !self.is_wide && first.len() > PROSE {
            return Some(std::mem::take(first));
        }
        self.is_wide |= more;
        let start = self.flow.bytes.len();
        protocol::push_row(&mut self.flow.bytes, cells.iter().map(Vec::as_slice));
        let row = &self.flow.bytes[start..];
        if all_headers && more && !self.has_header && row.len() <= MAX_ROW / 16 {
            self.has_header = true;
            self.flow.header = row.to_vec();
        }
        None
    }
}
