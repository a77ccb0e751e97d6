//! Records that show several people: columns that repeat (`name1`, `born1`,
//! `name2`, `born2`), or lists of people within a record.
//!
//! A record counts as one person, under its best key. Who else is in it shows
//! by more values of one kind than a person has: they count in the upper bound
//! and as records of their own.

use std::collections::HashSet;

use super::Rows;
use crate::inspect::columns::{Judged, Mask, Roles};
use crate::inspect::facts::Class;
use crate::inspect::identifier::Shape;

const NAMES: Roles = Roles::is(Class::Name).union(Roles::NAME_PART);

/// Kinds of values that tell people apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    BirthDate,
    Name,
    Email,
    Phone,
    Postcode,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::BirthDate,
        Self::Name,
        Self::Email,
        Self::Phone,
        Self::Postcode,
    ];

    /// How many different ones the record of one person may have: a patient
    /// has a doctor and next of kin, with names, telephones and addresses.
    fn usual(self) -> usize {
        match self {
            Self::BirthDate => 1,
            Self::Name | Self::Email | Self::Postcode => 3,
            Self::Phone => 5,
        }
    }

    /// Of a cell of this column with these shapes.
    fn of(column: &Judged, mask: Mask) -> Option<Self> {
        let roles = column.roles;
        if mask.has(Shape::Blank) {
            None
        } else if roles.intersects(NAMES) {
            Some(Self::Name)
        } else if mask.has(Shape::Email) {
            Some(Self::Email)
        } else if roles.has(Class::BirthDate) {
            Some(Self::BirthDate)
        } else if roles.has(Class::Phone) && mask.has(Shape::Phone) {
            Some(Self::Phone)
        } else if roles.has(Class::Postcode) && mask.has(Shape::Postcode) {
            Some(Self::Postcode)
        } else {
            None
        }
    }
}

/// How many people the records show besides one each, and besides those with
/// NHS numbers.
pub(super) fn others(rows: &Rows<'_>, columns: &[Judged], masks: &[Mask]) -> u64 {
    if is_plain(rows, columns) {
        return 0;
    }
    let mut others = 0;
    let mut values = Values::default();
    let mut start = 0;
    for &end in rows.ends {
        let end = super::index(end).min(rows.cells.len()).max(start);
        let cells = &rows.cells[start..end];
        let people = values.people(rows, columns, cells, &masks[start..end]);
        others += people.saturating_sub(1);
        start = end;
    }
    u64::try_from(others).unwrap_or(u64::MAX)
}

/// Whether every record has each column once, and no more columns of a kind
/// than a person has values.
fn is_plain(rows: &Rows<'_>, columns: &[Judged]) -> bool {
    if rows.cells.len() != rows.ends.len() * columns.len() {
        return false;
    }
    let with = |roles: Roles| {
        let with = columns
            .iter()
            .filter(|column| column.roles.intersects(roles));
        with.count()
    };
    // Parts of names count as names, so that this errs on the side of looking.
    with(Roles::is(Class::BirthDate)) <= Kind::BirthDate.usual()
        && with(NAMES) <= Kind::Name.usual()
        && with(Roles::is(Class::Email)) <= Kind::Email.usual()
        && with(Roles::is(Class::Phone)) <= Kind::Phone.usual()
        && with(Roles::is(Class::Postcode)) <= Kind::Postcode.usual()
}

/// The values of one record, kept for their room.
#[derive(Default)]
struct Values<'r> {
    different: [HashSet<&'r [u8]>; Kind::ALL.len()],
    names: HashSet<Vec<u8>>,
    /// The parts of a name that belong together, and what they are called.
    name: Vec<u8>,
    parts: Vec<&'r [u8]>,
}

impl<'r> Values<'r> {
    fn people(
        &mut self,
        rows: &Rows<'r>,
        columns: &[Judged],
        cells: &[(u32, &'r [u8])],
        masks: &[Mask],
    ) -> usize {
        let mut counts = [0_usize; Kind::ALL.len()];
        let mut numbers = 0;
        for (&(column, _), &mask) in cells.iter().zip(masks) {
            let Some(column) = columns.get(super::index(column)) else {
                continue;
            };
            if let Some(kind) = Kind::of(column, mask) {
                counts[kind as usize] += 1;
            }
            let numbered = column.pooled || column.roles.has(Class::NhsNumber);
            numbers += usize::from(numbered && mask.has(Shape::NhsNumber));
        }
        let is_usual = Kind::ALL
            .iter()
            .all(|&kind| counts[kind as usize] <= kind.usual());
        if is_usual {
            return 1;
        }
        self.collect(rows, columns, cells, masks);
        let people = Kind::ALL.iter().map(|&kind| {
            let different = match kind {
                Kind::Name => self.names.len(),
                _ => self.different[kind as usize].len(),
            };
            match kind {
                _ if different <= kind.usual() => 1,
                // People share birthdays.
                Kind::BirthDate => counts[kind as usize],
                _ => different,
            }
        });
        let people = people.max().unwrap_or(1);
        // Those with numbers count by them.
        if people <= numbers { 1 } else { people }
    }

    fn collect(
        &mut self,
        rows: &Rows<'r>,
        columns: &[Judged],
        cells: &[(u32, &'r [u8])],
        masks: &[Mask],
    ) {
        self.different.iter_mut().for_each(HashSet::clear);
        self.names.clear();
        for (&(number, cell), &mask) in cells.iter().zip(masks) {
            let Some(column) = columns.get(super::index(number)) else {
                continue;
            };
            match Kind::of(column, mask) {
                Some(Kind::Name) => {
                    let name = rows.columns[super::index(number)].name.unwrap_or_default();
                    self.add_name(name, cell, column.roles.intersects(Roles::NAME_PART));
                }
                Some(kind) => {
                    self.different[kind as usize].insert(cell.trim_ascii());
                }
                None => {}
            }
        }
        self.end_name();
    }

    /// A name, or one more part of it: the next begins where the same part
    /// comes again.
    fn add_name(&mut self, column: &'r [u8], cell: &[u8], is_part: bool) {
        let digits = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'_' | b' ' | b'-');
        let end = column.iter().rposition(|byte| !digits(byte));
        let part = &column[..end.map_or(0, |end| end + 1)];
        if !is_part || self.parts.contains(&part) {
            self.end_name();
        }
        self.parts.push(part);
        self.name.extend_from_slice(cell.trim_ascii());
        self.name.push(b' ');
    }

    fn end_name(&mut self) {
        self.parts.clear();
        if !self.name.is_empty() {
            self.name.make_ascii_lowercase();
            self.names.insert(std::mem::take(&mut self.name));
        }
    }
}
