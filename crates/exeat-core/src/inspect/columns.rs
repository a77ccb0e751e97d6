//! Judges the columns of a table: what its header, its values and its
//! neighbours say a column holds. The examiner asks for each block; the census
//! and the tally are filled by what is decided here.

mod judge;
mod numbers;
mod words;

use super::facts::Class;
use super::identifier::{Shape, Shapes, is_forename, tokens};

pub(crate) use judge::{Judged, Subject, Table, judge};
pub(crate) use numbers::{Evidence, FEW, Verdict};

/// A set of roles that a column has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Roles(u32);

impl Roles {
    pub(crate) const NONE: Self = Self(0);
    /// A part of a person's name.
    pub(crate) const NAME_PART: Self = Self(1 << 24);
    pub(crate) const SORT_CODE: Self = Self(1 << 25);
    pub(crate) const ACCOUNT_NUMBER: Self = Self(1 << 26);
    /// An identity that means something within the table only.
    pub(crate) const LOCAL_ID: Self = Self(1 << 27);
    /// Counts of an aggregate table.
    pub(crate) const COUNT: Self = Self(1 << 28);
    /// Numbers that were seen to pass the check of NHS numbers by chance.
    pub(crate) const BY_CHANCE: Self = Self(1 << 29);

    pub(crate) const fn is(class: Class) -> Self {
        Self(1 << class as u32)
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn has(self, class: Class) -> bool {
        self.intersects(Self::is(class))
    }
}

/// A set of shapes as bits, so that counting and testing stay cheap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mask(pub u32);

impl Mask {
    pub(crate) const NONE: Self = Self(0);
    /// No shape, but ten-digit numbers in it.
    pub(crate) const TOKENS: Self = Self(1 << 30);
    /// One of which is a valid NHS number.
    pub(crate) const VALID_TOKENS: Self = Self(1 << 29);

    pub(crate) const fn of(shape: Shape) -> Self {
        Self(1 << shape as u32)
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn has(self, shape: Shape) -> bool {
        self.intersects(Self::of(shape))
    }
}

impl From<Shapes> for Mask {
    fn from(shapes: Shapes) -> Self {
        Self(shapes.bits())
    }
}

/// How often each shape occurs in a column of a block.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stats {
    cells: u64,
    counts: [u32; 32],
    /// Ten-digit numbers in cells that hold other things, too.
    tokens: u64,
    /// Of these, all but ISBN-10 that end in X.
    ten_tokens: u64,
    valid_tokens: u64,
    /// Those cells.
    token_cells: u64,
}

impl Stats {
    /// So many cells with these shapes.
    pub(crate) fn add_run(&mut self, shapes: Mask, cells: u32) {
        self.cells += u64::from(cells);
        let mut bits = shapes.0;
        while bits != 0 {
            self.counts[bits.trailing_zeros() as usize] += cells;
            bits &= bits - 1;
        }
    }

    /// Looks for ten-digit numbers in a cell without a shape; what to add to
    /// its mask.
    pub(crate) fn add_tokens(&mut self, cell: &[u8]) -> Mask {
        let (mut all, mut valid) = (0, 0);
        tokens(cell, &mut |token| {
            all += 1;
            self.ten_tokens += u64::from(!token.isbn_x);
            valid += u64::from(token.valid);
        });
        self.tokens += all;
        self.valid_tokens += valid;
        self.token_cells += u64::from(all > 0);
        match (all, valid) {
            (0, _) => Mask::NONE,
            (_, 0) => Mask::TOKENS,
            _ => Mask::TOKENS.union(Mask::VALID_TOKENS),
        }
    }

    /// Ten-digit numbers, wherever they stand in the cells.
    pub(crate) fn ten_digits(&self) -> u64 {
        self.count(Shape::TenDigits) + self.ten_tokens
    }

    /// Of these, valid NHS numbers.
    pub(crate) fn valid_numbers(&self) -> u64 {
        self.count(Shape::NhsNumber) + self.valid_tokens
    }

    pub(crate) fn count(&self, shape: Shape) -> u64 {
        u64::from(self.counts[shape as usize])
    }

    /// Cells that are not blank.
    pub(crate) fn values(&self) -> u64 {
        self.cells - self.count(Shape::Blank)
    }

    /// Whether at least `percent` of the values have the shape, and one does.
    pub(crate) fn share(&self, shape: Shape, percent: u64) -> bool {
        is_share(self.count(shape), self.values(), percent)
    }
}

/// Whether `part` is at least `percent` of `all`, and not nothing.
pub(crate) fn is_share(part: u64, all: u64, percent: u64) -> bool {
    part > 0 && part.saturating_mul(100) >= all.saturating_mul(percent)
}

/// What only a second look at the values of a column shows; taken where a
/// decision hangs on it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Signs {
    /// Bits hit by hashes of values: how many, up to 256, are different.
    seen: [u64; 4],
    /// Values with a space in them.
    spaced: u64,
    /// Values of letters, spaces and marks used in names.
    letters: u64,
    /// Values of seven digits and more, with the marks of telephone numbers.
    dialled: u64,
    /// Valid NHS numbers in the ranges that are issued.
    issued: u64,
    /// ISBN-10 whose check character is X, which no NHS number has.
    isbn_x: u64,
    /// Health codes that are not words or numbers by accident.
    codes: u64,
    /// Single words that are common forenames.
    forenames: u64,
}

impl Signs {
    pub(crate) fn add(&mut self, cell: &[u8], shapes: Mask) {
        if shapes.has(Shape::Blank) {
            return;
        }
        let cell = cell.trim_ascii();
        let hash = words::hash(cell);
        self.seen[usize::from(hash >> 6)] |= 1 << (hash & 63);
        self.spaced += u64::from(cell.contains(&b' '));
        self.letters += u64::from(words::is_lettered(cell));
        self.dialled += u64::from(words::is_dialled(cell));
        let issued = shapes.has(Shape::ChiNumber)
            || shapes.has(Shape::NhsNumber) && numbers::is_issued(cell);
        self.issued += u64::from(issued);
        self.isbn_x += u64::from(numbers::is_isbn_with_x(cell));
        if shapes.intersects(Mask::TOKENS) {
            tokens(cell, &mut |token| {
                self.issued += u64::from(numbers::is_issued_token(cell, &token));
                // A cell that is nothing else was counted above.
                self.isbn_x += u64::from(token.isbn_x && cell.len() > 10);
            });
        }
        const CODES: Mask = Mask::of(Shape::IcdCode).union(Mask::of(Shape::SnomedCode));
        const WORDS: Mask = Mask::of(Shape::SingleName).union(Mask::of(Shape::Number));
        let code =
            shapes.intersects(CODES) || shapes.has(Shape::ReadCode) && !shapes.intersects(WORDS);
        self.codes += u64::from(code);
        self.forenames += u64::from(shapes.has(Shape::SingleName) && is_forename(cell));
    }

    /// Whether many of so many values differ from each other.
    fn differ(&self, values: u64) -> bool {
        let seen: u32 = self.seen.iter().map(|word| word.count_ones()).sum();
        is_share(u64::from(seen), values.min(256), 30)
    }
}
