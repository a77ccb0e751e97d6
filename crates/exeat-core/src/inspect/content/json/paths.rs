//! Key paths of a block's records, each met many times and kept once.

use std::collections::HashMap;

use crate::inspect::content::{MAX_COLUMNS, number};

/// The place of records themselves.
pub(super) const ROOT: u32 = 0;
/// The place of everything past [`MAX_COLUMNS`] paths.
const BEYOND: u32 = 1;
/// Containers count as well: so many places, with or without values.
const MAX_PLACES: usize = 4 * MAX_COLUMNS;
/// What joins the columns of NHS numbers from other identifiers'.
const NHS_NUMBER: &[u8] = b"value[nhs-number]";

/// Elements of arrays in arrays are told apart up to this one.
const POSITIONS: usize = 256;
/// Keys for them, which no key of a text is taken for.
static POSITION: [[u8; 2]; POSITIONS] = {
    let mut keys = [[0; 2]; POSITIONS];
    let mut at = 0_u8;
    loop {
        keys[at as usize][1] = at;
        if at == u8::MAX {
            break keys;
        }
        at += 1;
    }
};

/// The key of an element of an array in an array.
pub(super) fn position(at: usize) -> &'static [u8] {
    &POSITION[at.min(POSITIONS - 1)]
}

/// A tree of keys.
pub(super) struct Paths<'a> {
    places: Vec<Place<'a>>,
    known: HashMap<(u32, &'a [u8]), u32>,
    columns: Vec<u32>,
    pub(super) too_many: bool,
}

struct Place<'a> {
    parent: u32,
    key: &'a [u8],
    column: Option<u32>,
    /// The places met first in this one, and after it, the last time:
    /// records are alike.
    inner: Option<u32>,
    next: Option<u32>,
}

impl<'a> Paths<'a> {
    pub(super) fn new() -> Self {
        let place = |key| Place {
            parent: ROOT,
            key,
            column: None,
            inner: None,
            next: None,
        };
        Self {
            places: vec![place(&b""[..]), place(&b""[..])],
            known: HashMap::new(),
            columns: Vec::new(),
            too_many: false,
        }
    }

    /// The place of `key` below `parent`, if it came after the same sibling
    /// in the record before.
    #[inline]
    pub(super) fn again(&self, parent: u32, key: &[u8], after: Option<u32>) -> Option<u32> {
        let place = self.place(after.unwrap_or(parent))?;
        let next = if after.is_some() {
            place.next
        } else {
            place.inner
        }?;
        self.place(next)
            .is_some_and(|next| next.parent == parent && next.key == key)
            .then_some(next)
    }

    /// The place of `key` below `parent`; `after` is the sibling before it.
    pub(super) fn child(&mut self, parent: u32, key: &'a [u8], after: Option<u32>) -> u32 {
        let child = self.find(parent, key);
        if let Some(place) = self.places.get_mut(index(after.unwrap_or(parent))) {
            let slot = if after.is_some() {
                &mut place.next
            } else {
                &mut place.inner
            };
            *slot = Some(child);
        }
        child
    }

    fn find(&mut self, parent: u32, key: &'a [u8]) -> u32 {
        if let Some(&known) = self.known.get(&(parent, key)) {
            return known;
        }
        if parent == BEYOND || self.places.len() >= MAX_PLACES {
            self.too_many = true;
            return BEYOND;
        }
        let place = number(self.places.len());
        self.places.push(Place {
            parent,
            key,
            column: None,
            inner: None,
            next: None,
        });
        self.known.insert((parent, key), place);
        place
    }

    /// The column of the values at a place.
    pub(super) fn column(&mut self, place: u32) -> u32 {
        if let Some(column) = self.place(place).and_then(|place| place.column) {
            return column;
        }
        let full = place != BEYOND && self.columns.len() >= MAX_COLUMNS;
        if full {
            self.too_many = true;
            return self.column(BEYOND);
        }
        let column = number(self.columns.len());
        self.columns.push(place);
        if let Some(place) = self.places.get_mut(index(place)) {
            place.column = Some(column);
        }
        column
    }

    /// The column for the values of an identifier that is an NHS number.
    pub(super) fn nhs_number(&mut self, identifier: u32) -> u32 {
        let place = self.find(identifier, NHS_NUMBER);
        self.column(place)
    }

    pub(super) fn is_identifier(&self, place: u32) -> bool {
        self.place(place)
            .is_some_and(|place| place.key == b"identifier")
    }

    /// The names of all columns, in order; the record itself has none, nor has
    /// what only a position tells.
    pub(super) fn names(&self) -> Vec<Option<Vec<u8>>> {
        self.columns.iter().map(|&place| self.name(place)).collect()
    }

    fn name(&self, mut place: u32) -> Option<Vec<u8>> {
        let mut keys = Vec::new();
        while place > BEYOND {
            let found = self.place(place)?;
            if found.key.first() == Some(&0) {
                return None;
            }
            keys.push(found.key);
            place = found.parent;
        }
        keys.reverse();
        (!keys.is_empty()).then(|| keys.join(&b'.'))
    }

    fn place(&self, place: u32) -> Option<&Place<'a>> {
        self.places.get(index(place))
    }
}

fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}
