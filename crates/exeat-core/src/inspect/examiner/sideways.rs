//! Tables whose labels stand in a column: a field a row (`id,field,value`), or
//! turned sideways, with people side by side.
//!
//! Where a column has values that would name columns, the other cells of such
//! a row are values of that name.

use std::collections::{BTreeMap, HashMap};

use super::Rows;
use crate::inspect::columns::Mask;
use crate::inspect::facts::Class;
use crate::inspect::identifier::{Role, Shape, nhs_number};

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
    /// Reads a table if it is one; `masks` are the shapes of its cells, `named`
    /// says what a column's own name tells of it.
    pub(super) fn read(
        rows: &Rows<'_>,
        masks: &[Mask],
        named: impl Fn(u32) -> Option<Role>,
    ) -> Option<Self> {
        let label = labels(rows, &named)?;
        let mut sideways = Self::default();
        let mut roles: HashMap<&[u8], Option<Role>> = HashMap::new();
        // By the label, so that forename and surname are one person's.
        let mut identifying: HashMap<&[u8], u64> = HashMap::new();
        for_each_row(rows, |at, cells| {
            let Some(&(_, name)) = cells.iter().find(|(column, _)| *column == label) else {
                return;
            };
            if roles.len() >= MAX_LABELS && !roles.contains_key(name) {
                return;
            }
            let Some(role) = *roles.entry(name).or_insert_with(|| role(name)) else {
                return;
            };
            for (&(column, cell), &mask) in cells.iter().zip(masks.iter().skip(at)) {
                let is_value = column != label && fits(role, mask);
                if !is_value || named(column).and_then(class).is_some() {
                    continue;
                }
                if role == Role::Is(Class::NhsNumber) {
                    sideways.nhs_numbers.extend(nhs_number(cell));
                }
                if let Some(class) = class(role) {
                    *sideways.found.entry((column, class)).or_default() += 1;
                }
                if is_identifying(role) {
                    *identifying.entry(name).or_default() += 1;
                }
            }
        });
        sideways.people = identifying.into_values().max().unwrap_or(0);
        Some(sideways)
    }
}

/// The column that has labels: two at least, one of which is of a person.
fn labels(rows: &Rows<'_>, named: &impl Fn(u32) -> Option<Role>) -> Option<u32> {
    let step = rows.ends.len().div_ceil(SAMPLE).max(1);
    let mut seen: BTreeMap<u32, Vec<(&[u8], Option<Role>)>> = BTreeMap::new();
    let mut number = 0;
    for_each_row(rows, |_, cells| {
        number += 1;
        if (number - 1) % step != 0 {
            return;
        }
        // Labels stand before what they name.
        for &(column, cell) in cells.iter().take(4) {
            let seen = seen.entry(column).or_default();
            if is_label(cell)
                && named(column).is_none()
                && !seen.iter().any(|(other, _)| *other == cell)
            {
                seen.push((cell, role(cell)));
            }
        }
    });
    let labels = seen.into_iter().find(|(_, labels)| {
        let telling = labels.iter().filter_map(|(_, role)| *role);
        telling
            .clone()
            .filter(|&role| class(role).is_some())
            .count()
            > 1
            && telling.clone().any(is_identifying)
    });
    labels.map(|(column, _)| column)
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
