//! A sample, cut into records and fields.

use super::super::{Dialect, Field};

/// Records that are looked at.
pub(super) const RECORDS: usize = 1000;
/// Fields of one record that are looked at for their shape.
pub(super) const SHAPED: usize = 64;

/// One record of a sample.
pub(in super::super) struct Record<'a> {
    pub(in super::super) start: usize,
    pub(in super::super) end: usize,
    pub(super) fields: usize,
    /// The first fields.
    pub(in super::super) cells: Vec<Cell<'a>>,
}

/// One field of it.
pub(in super::super) struct Cell<'a> {
    pub(in super::super) value: &'a [u8],
    pub(super) quoted: bool,
}

impl Record<'_> {
    pub(super) fn is_regular(&self, width: usize) -> bool {
        self.fields == width
            || (self.fields > width
                && self.cells.len() == self.fields
                && self
                    .cells
                    .iter()
                    .skip(width)
                    .all(|cell| cell.value.is_empty()))
    }

    pub(super) fn has_short_names(&self) -> bool {
        self.cells.iter().all(|cell| {
            let value = cell.value.trim_ascii();
            value.len() <= 40
                && value.split(|&byte| byte == b' ').count() <= 5
                && !value.ends_with(b"!")
                && !value.ends_with(b"?")
        })
    }
}

/// The nonblank records of a sample, and whether a quote in them is never
/// closed, or is closed where no field ends.
pub(super) fn records(sample: &[u8], dialect: Dialect) -> (Vec<Record<'_>>, bool) {
    let mut reader = Reader::new(sample, dialect);
    let records = reader.by_ref().take(RECORDS).collect();
    (records, reader.broken)
}

/// How many fields each of the same records has.
pub(super) fn widths(sample: &[u8], dialect: Dialect) -> impl Iterator<Item = usize> {
    let mut reader = Reader::new(sample, dialect);
    std::iter::from_fn(move || reader.read(|_| {}))
        .filter(|&fields| fields > 0)
        .take(RECORDS)
}

/// Cuts nonblank records off a sample.
pub(super) struct Reader<'a> {
    sample: &'a [u8],
    dialect: Dialect,
    at: usize,
    broken: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sample: &'a [u8], dialect: Dialect) -> Self {
        Self {
            sample,
            dialect,
            at: 0,
            broken: false,
        }
    }

    /// Reads a record, and says how many fields it has; none if it is blank.
    fn read(&mut self, mut keep: impl FnMut(Cell<'a>)) -> Option<usize> {
        if self.at >= self.sample.len() {
            return None;
        }
        let mut fields = 0;
        loop {
            let (field, next, ends) = self.dialect.field(self.sample, self.at);
            let (start, end, quoted) = match field {
                Field::Plain { start, end } => {
                    self.broken |= self.dialect.is_misplaced(self.sample, start);
                    (start, end, false)
                }
                Field::Quoted { start, end, .. } => (start, end, true),
                Field::Unclosed { start } => {
                    self.broken = true;
                    (start, self.sample.len(), true)
                }
            };
            let value = self.sample.get(start..end).unwrap_or_default();
            self.at = next;
            if ends && fields == 0 && value.trim_ascii().is_empty() {
                return Some(0);
            }
            fields += 1;
            keep(Cell { value, quoted });
            if ends {
                return Some(fields);
            }
        }
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        loop {
            let start = self.at;
            let mut cells = Vec::new();
            let keep = |cell| {
                if cells.len() < SHAPED {
                    cells.push(cell);
                }
            };
            let fields = self.read(keep)?;
            if fields > 0 {
                return Some(Record {
                    start,
                    end: self.at,
                    fields,
                    cells,
                });
            }
        }
    }
}
