//! A sample, cut into records and fields.

use super::super::{Dialect, Field};

/// Records that are looked at.
pub(super) const RECORDS: usize = 1000;
/// Fields of one record that are looked at for their shape.
pub(in super::super) const SHAPED: usize = 64;

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
    let mut records: Vec<Record<'_>> = Vec::new();
    let mut at = 0;
    let mut broken = false;
    while at < sample.len() && records.len() < RECORDS {
        let mut record = Record {
            start: at,
            end: at,
            fields: 0,
            cells: Vec::new(),
        };
        loop {
            let (field, next, ends) = dialect.field(sample, at);
            let (start, end, quoted) = match field {
                Field::Plain { start, end } => {
                    broken |= dialect.is_misplaced(sample, start);
                    (start, end, false)
                }
                Field::Quoted { start, end, .. } => (start, end, true),
                Field::Unclosed { start } => {
                    broken = true;
                    (start, sample.len(), true)
                }
            };
            record.fields += 1;
            if record.cells.len() < SHAPED {
                let value = sample.get(start..end).unwrap_or_default();
                record.cells.push(Cell { value, quoted });
            }
            at = next;
            if ends {
                break;
            }
        }
        record.end = at;
        let blank = record.fields == 1
            && record
                .cells
                .iter()
                .all(|cell| cell.value.trim_ascii().is_empty());
        if !blank {
            records.push(record);
        }
    }
    (records, broken)
}
