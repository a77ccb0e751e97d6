//! Tables whose labels stand in a column: a field a row (`id,field,value`), or
//! turned sideways, with people side by side.
//!
//! Where a column has values that would name columns, the other cells of such
//! a row are values of that name.

use std::collections::{BTreeMap, HashMap};

use super::Rows;
use crate::inspect::columns::Mask;
use crate::inspect::facts::Class;
use crate::inspect::identifier::{Role, Shape, nhs_number, shapes};

/// Rows of a block that are asked for labels.
const SAMPLE: usize = 24;
/// Labels are no longer than this.
const LONGEST: usize = 40;
/// As many different labels as are remembered.
const MAX_LABELS: usize = 4_096;

/// What the rows of such a table say.
#[derive(Debug, Default)]
pub(super) struct Sideways {
    /// Values of a class, by the column they stand in.
    pub(super) found: BTreeMap<(u32, Class), u64>,
    /// At most so many people.
    pub(super) people: u64,
    pub(super) nhs_numbers: Vec<u64>,
}

impl Sideways {
    /// Reads a table if it is one; `masks` are the shapes of its cells.
    pub(super) fn read(rows: &Rows<'_>, masks: &[Mask]) -> Option<Self> {
        let label = label_column(rows)?;
        let mut reader = Reader {
            sideways: Self::default(),
            known: rows
                .columns
                .iter()
                .map(|column| {
                    column
                        .name
                        .and_then(super::header)
                        .and_then(class)
                        .is_some()
                })
                .collect(),
            roles: HashMap::new(),
            identifying: HashMap::new(),
        };
        for_each_row(rows, |at, cells| {
            let name = cells.iter().find(|(column, _)| *column == label);
            if let Some(&(_, name)) = name {
                let cells = cells.iter().zip(masks.iter().skip(at));
                reader.row(label, name, cells.map(|(&cell, &mask)| (cell, mask)));
            }
        });
        // What seems to be a header may be one more row.
        if let Some(name) = name_of(rows, label).filter(|name| role(name).is_some()) {
            reader.known.clear();
            let names = (0..).zip(rows.columns).filter_map(|(at, column)| {
                let name = column.name?;
                Some(((at, name), Mask::from(shapes(name))))
            });
            reader.row(label, name, names);
        }
        let Reader {
            mut sideways,
            identifying,
            ..
        } = reader;
        sideways.people = identifying.into_values().max().unwrap_or(0);
        Some(sideways)
    }
}

struct Reader<'r> {
    sideways: Sideways,
    /// Columns whose own names tell what they hold.
    known: Vec<bool>,
    roles: HashMap<&'r [u8], Option<Role>>,
    /// By the label, so that forename and surname are one person's.
    identifying: HashMap<&'r [u8], u64>,
}

impl<'r> Reader<'r> {
    fn row(
        &mut self,
        label: u32,
        name: &'r [u8],
        cells: impl Iterator<Item = ((u32, &'r [u8]), Mask)>,
    ) {
        if self.roles.len() >= MAX_LABELS && !self.roles.contains_key(name) {
            return;
        }
        let Some(role) = *self.roles.entry(name).or_insert_with(|| role(name)) else {
            return;
        };
        for ((column, cell), mask) in cells {
            let known = self.known.get(super::index(column));
            if column == label || !fits(role, mask) || known == Some(&true) {
                continue;
            }
            if role == Role::Is(Class::NhsNumber) {
                self.sideways.nhs_numbers.extend(nhs_number(cell));
            }
            if let Some(class) = class(role) {
                *self.sideways.found.entry((column, class)).or_default() += 1;
            }
            if is_identifying(role) {
                *self.identifying.entry(name).or_default() += 1;
            }
        }
    }
}

/// The column that has labels: two at least, one of which is of a person.
fn label_column(rows: &Rows<'_>) -> Option<u32> {
    let step = rows.ends.len().div_ceil(SAMPLE).max(1);
    let mut seen: BTreeMap<u32, Vec<&[u8]>> = BTreeMap::new();
    let mut number = 0;
    for_each_row(rows, |_, cells| {
        number += 1;
        if (number - 1) % step != 0 {
            return;
        }
        // Labels stand before what they name.
        for &(column, cell) in cells.iter().take(4) {
            let seen = seen.entry(column).or_default();
            if is_label(cell) && !seen.contains(&cell) {
                seen.push(cell);
            }
        }
    });
    let column = seen.into_iter().find(|&(column, ref labels)| {
        let telling = labels.iter().copied().filter_map(role);
        let below = telling
            .clone()
            .filter(|&role| class(role).is_some())
            .count();
        let above = name_of(rows, column).and_then(role);
        let head = above.and_then(class).is_some();
        below > 0 && below + usize::from(head) > 1 && telling.chain(above).any(is_identifying)
    });
    column.map(|(column, _)| column)
}

fn name_of<'r>(rows: &Rows<'r>, column: u32) -> Option<&'r [u8]> {
    rows.columns.get(super::index(column))?.name
}

fn for_each_row<'r>(rows: &Rows<'r>, mut each: impl FnMut(usize, &'r [(u32, &'r [u8])])) {
    let mut start = 0;
    for &end in rows.ends {
        let end = super::index(end).min(rows.cells.len()).max(start);
        each(start, &rows.cells[start..end]);
        start = end;
    }
}

/// A word or two that could name a column.
fn is_label(cell: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic();
    (2..=LONGEST).contains(&cell.len())
        && cell.first().is_some_and(is_letter)
        && cell
            .iter()
            .all(|byte| is_letter(byte) || matches!(byte, b' ' | b'_' | b'-' | b'.' | b'/'))
}

fn role(name: &[u8]) -> Option<Role> {
    if is_label(name) {
        super::header(name)
    } else {
        None
    }
}

fn class(role: Role) -> Option<Class> {
    match role {
        Role::Is(class) => Some(class),
        Role::NamePart => Some(Class::Name),
        Role::SortCode | Role::AccountNumber | Role::LocalId | Role::Count => None,
    }
}

fn is_identifying(role: Role) -> bool {
    matches!(
        class(role),
        Some(
            Class::NhsNumber
                | Class::ChiNumber
                | Class::Nino
                | Class::Name
                | Class::BirthDate
                | Class::Email
                | Class::Phone
                | Class::Address
        )
    )
}

/// Whether a cell with these shapes is a value of what the label says.
fn fits(role: Role, mask: Mask) -> bool {
    let is = |shape: Shape| mask.has(shape);
    let Some(class) = class(role) else {
        return false;
    };
    match class {
        _ if is(Shape::Blank) => false,
        Class::NhsNumber => is(Shape::NhsNumber),
        Class::ChiNumber => is(Shape::ChiNumber),
        Class::Nino => is(Shape::Nino),
        Class::Name => is(Shape::PersonName) || is(Shape::SingleName),
        Class::BirthDate => is(Shape::Date),
        Class::Email => is(Shape::Email),
        Class::Phone => is(Shape::Phone),
        Class::Postcode => is(Shape::Postcode),
        Class::Card => is(Shape::Card) || is(Shape::Luhn),
        Class::Iban => is(Shape::Iban),
        Class::IpAddress => is(Shape::IpAddress),
        // Words, or a code that is not simply a number.
        _ => !is(Shape::Date) && (!is(Shape::Number) || is(Shape::SnomedCode)),
    }
}
