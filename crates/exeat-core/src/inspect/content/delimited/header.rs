//! Whether a table's first record names its columns.

use super::shape::{Shape, is_name, is_usual_name, is_year, shape};
use super::sniff::{Cell, Record};
use super::{Dialect, Field};
use crate::inspect::identifier::role;

/// How many values of a column have which shape.
#[derive(Clone, Copy, Default)]
pub(super) struct Shapes {
    counts: [usize; Self::KINDS.len()],
    /// Those that are not blank.
    all: usize,
}

impl Shapes {
    const KINDS: [Shape; 6] = [
        Shape::Number,
        Shape::Date,
        Shape::Email,
        Shape::Code,
        Shape::Word,
        Shape::Title,
    ];

    /// Those of the first columns of these records.
    pub(super) fn of(records: &[Record<'_>], columns: usize) -> Vec<Self> {
        let mut shapes = vec![Self::default(); columns];
        for record in records {
            Self::add(&mut shapes, record);
        }
        shapes
    }

    /// Adds a record.
    pub(super) fn add(shapes: &mut [Self], record: &Record<'_>) {
        for (shapes, cell) in shapes.iter_mut().zip(&record.cells) {
            let shape = shape(cell.value);
            if shape == Shape::Blank {
                continue;
            }
            shapes.all += 1;
            if let Some(kind) = Self::KINDS.iter().position(|&kind| kind == shape) {
                shapes.counts[kind] += 1;
            }
        }
    }

    /// The one that nine of ten values have.
    pub(super) fn common(&self) -> Option<Shape> {
        let counts = self.counts.iter().zip(Self::KINDS);
        let (&count, shape) = counts.max_by_key(|(count, _)| **count)?;
        (self.all > 0 && count * 10 >= self.all * 9).then_some(shape)
    }
}

/// Whether the first of these records names the columns. `shapes` are those of
/// the other records.
pub(super) fn is_header(records: &[Record<'_>], shapes: &[Shapes]) -> bool {
    let Some((first, body)) = records.split_first() else {
        return false;
    };
    let named = |cell: &Cell<'_>| is_name(cell.value);
    let blank = |cell: &Cell<'_>| cell.value.trim_ascii().is_empty();
    let years = first
        .cells
        .iter()
        .filter(|cell| is_year(cell.value))
        .count();
    let names = first.cells.iter().filter(|cell| named(cell)).count();
    let blanks = first.cells.iter().filter(|cell| blank(cell)).count();
    let seen = first.cells.len();
    // A row number often has no name, nor has what a spreadsheet adds.
    if names == 0 || names + years + blanks < seen || (blanks > 1 && blanks * 2 > seen) {
        return false;
    }
    let distinct = {
        let mut values: Vec<_> = first
            .cells
            .iter()
            .filter(|cell| !blank(cell))
            .map(|cell| cell.value)
            .collect();
        let all = values.len();
        values.sort_unstable();
        values.dedup();
        values.len() == all
    };
    if body.is_empty() {
        return false;
    }
    let columns = || first.cells.iter().zip(shapes).enumerate();
    let unlike = columns().any(|(column, (cell, shapes))| match shapes.common() {
        Some(Shape::Word) | None => false,
        Some(Shape::Title) => shape(cell.value) == Shape::Word,
        Some(_) if is_year(cell.value) => {
            let year = |record: &&Record<'_>| {
                record
                    .cells
                    .get(column)
                    .is_some_and(|cell| is_year(cell.value))
            };
            body.iter().filter(year).count() * 2 < body.len()
        }
        Some(body) => shape(cell.value) != body,
    });
    if unlike {
        return true;
    }
    // A row of codes or numbers throughout is data like the rest.
    let alike = columns().any(|(_, (cell, shapes))| {
        let shape = shape(cell.value);
        shapes.common() == Some(shape) && !matches!(shape, Shape::Word | Shape::Title)
    });
    let usual = first
        .cells
        .iter()
        .filter(|cell| is_usual_name(cell.value))
        .count();
    let words = first
        .cells
        .iter()
        .filter(|cell| shape(cell.value) == Shape::Word)
        .count();
    // A value of the first row that comes again below is no column's name,
    // unless the whole row comes again.
    let again = body.iter().any(|record| {
        let same = record
            .cells
            .iter()
            .zip(&first.cells)
            .filter(|(a, b)| a.value == b.value && !blank(b));
        (1..seen).contains(&same.count())
    });
    distinct && !alike && !again && (usual > 0 || words == seen - blanks)
}

/// Whether a record names columns by itself, whatever comes below: all its
/// fields may be names, and one says what people's data are called.
pub(super) fn is_heading(first: &Record<'_>) -> bool {
    let mut names: Vec<_> = first.cells.iter().map(|cell| cell.value).collect();
    let all = names.iter().all(|name| {
        is_name(name)
            && name.first().is_some_and(|byte| *byte != b' ')
            && !name.iter().any(|byte| b"()[]'".contains(byte))
    });
    let telling = |name: &&[u8]| {
        let words = name.split(|&byte| byte == b' ').count();
        words <= 3 && (is_usual_name(name) || role(name).is_some())
    };
    let telling = names.iter().any(telling);
    let words = names.iter().all(|name| shape(name) == Shape::Word);
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    all && names.len() == count && (telling || words)
}

/// The names that a header gives to so many columns.
pub(super) fn header_names(
    sample: &[u8],
    dialect: Dialect,
    header: &Record<'_>,
    width: usize,
) -> Vec<Option<Vec<u8>>> {
    let bytes = sample.get(..header.end).unwrap_or_default();
    let mut names = Vec::with_capacity(width);
    let mut at = header.start;
    while names.len() < width {
        let (field, next, ends) = dialect.field(bytes, at);
        let value = match field {
            Field::Plain { start, end } => bytes.get(start..end).unwrap_or_default().to_vec(),
            Field::Quoted { start, end, .. } => {
                let raw = bytes.get(start..end).unwrap_or_default();
                let mut value = vec![0; raw.len()];
                let used = dialect.unescape(raw, &mut value);
                value.truncate(used);
                value
            }
            Field::Unclosed { .. } => Vec::new(),
        };
        let value = value.trim_ascii();
        names.push((!value.is_empty()).then(|| value.to_vec()));
        at = next;
        if ends {
            break;
        }
    }
    names.resize(width, None);
    names
}
