//! The trees that rows are in: every page that hangs from a root, with what
//! flows over from its cells.

use exeat_core::inspect::reader::Reason;

use super::pages::{Pages, number, short};
use super::record::{Record, varint};
use crate::problem::Problem;

/// How deep a tree may be: twenty levels hold all the pages there can be.
const MAX_DEPTH: usize = 24;
/// The most bytes of a row that are put together from several pages.
const MAX_ROW: usize = 24 << 20;

/// Pages that were reached.
#[derive(Debug, Default, Clone)]
pub(super) struct Reached {
    all: Vec<u64>,
    /// Those that are pages of trees.
    trees: Vec<u64>,
    /// Those that are listed as free.
    free: Vec<u64>,
}

impl Reached {
    pub(super) fn new(count: u32) -> Self {
        let words = usize::try_from(count / 64 + 1).unwrap_or(0);
        Self {
            all: vec![0; words],
            trees: vec![0; words],
            free: vec![0; words],
        }
    }

    /// Notes a page; `false` if it was reached before.
    pub(super) fn add(&mut self, place: u32, is_tree: bool) -> bool {
        let (word, bit) = split(place);
        let Some(all) = self.all.get_mut(word) else {
            return false;
        };
        let is_new = *all & bit == 0;
        *all |= bit;
        if is_tree {
            self.trees[word] |= bit;
        }
        is_new
    }

    /// Notes a free page; `false` if it was noted before.
    pub(super) fn add_free(&mut self, place: u32) -> bool {
        let (word, bit) = split(place);
        let Some(free) = self.free.get_mut(word) else {
            return false;
        };
        let is_new = *free & bit == 0;
        *free |= bit;
        is_new
    }

    pub(super) fn is_free(&self, place: u32) -> bool {
        let (word, bit) = split(place);
        self.free.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(super) fn has(&self, place: u32) -> bool {
        let (word, bit) = split(place);
        self.all.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(super) fn is_tree(&self, place: u32) -> bool {
        let (word, bit) = split(place);
        self.trees.get(word).is_some_and(|word| word & bit != 0)
    }
}

fn split(place: u32) -> (usize, u64) {
    let word = usize::try_from(place / 64).unwrap_or(usize::MAX);
    (word, 1 << (place % 64))
}

/// What kind of page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) is_leaf: bool,
    /// Rows by number, or by their values.
    pub(super) is_table: bool,
}

impl Kind {
    pub(super) fn of(byte: u8) -> Option<Self> {
        let (is_leaf, is_table) = match byte {
            0x0D => (true, true),
            0x05 => (false, true),
            0x0A => (true, false),
            0x02 => (false, false),
            _ => return None,
        };
        Some(Self { is_leaf, is_table })
    }
}

/// A page of a tree.
pub(super) struct Node<'p> {
    pub(super) page: &'p [u8],
    pub(super) kind: Kind,
    /// Where its header begins.
    start: usize,
    pub(super) cells: usize,
    usable: usize,
}

/// A cell of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    /// Where it is in the page, up to its end.
    pub(super) start: usize,
    pub(super) end: usize,
    /// The page of what is less, of an inner page.
    pub(super) child: u32,
    pub(super) rowid: i64,
    /// What of the row is in the page, how long all of it is, and the page
    /// where it goes on.
    pub(super) local: (usize, usize),
    pub(super) length: usize,
    pub(super) overflow: u32,
}

impl<'p> Node<'p> {
    pub(super) fn new(page: &'p [u8], start: usize, usable: usize) -> Result<Self, Reason> {
        let kind = page.get(start).and_then(|&byte| Kind::of(byte));
        let node = Self {
            page,
            kind: kind.ok_or(Reason::Damaged)?,
            start,
            cells: short(page, start + 3),
            usable: usable.min(page.len()),
        };
        match node.pointers_end() <= node.usable {
            true => Ok(node),
            false => Err(Reason::Damaged),
        }
    }

    fn pointers(&self) -> usize {
        self.start + if self.kind.is_leaf { 8 } else { 12 }
    }

    /// Where its header ends, with the places of its cells.
    pub(super) fn pointers_end(&self) -> usize {
        self.pointers() + self.cells * 2
    }

    /// The last child of an inner page.
    pub(super) fn right(&self) -> u32 {
        number(self.page, self.start + 8)
    }

    pub(super) fn cell(&self, place: usize) -> Result<Cell, Reason> {
        let start = short(self.page, self.pointers() + place * 2);
        if start < self.pointers_end() {
            return Err(Reason::Damaged);
        }
        let page = self.page.get(..self.usable).ok_or(Reason::Damaged)?;
        cell_at(page, start, self.kind, self.usable)
    }
}

/// The cell that begins here, in a page or a piece of one, of which so many
/// bytes may be used.
pub(super) fn cell_at(
    page: &[u8],
    start: usize,
    kind: Kind,
    usable: usize,
) -> Result<Cell, Reason> {
    let mut at = start;
    let mut cell = Cell {
        start,
        end: start,
        child: 0,
        rowid: 0,
        local: (0, 0),
        length: 0,
        overflow: 0,
    };
    if !kind.is_leaf {
        if start + 4 > page.len() {
            return Err(Reason::Damaged);
        }
        cell.child = number(page, at);
        at += 4;
    }
    let has_row = kind.is_leaf || !kind.is_table;
    if has_row {
        let length = varint(page, &mut at).ok_or(Reason::Damaged)?;
        // A row has at most 2^31 - 1 bytes.
        cell.length = usize::try_from(length).map_err(|_| Reason::Damaged)?;
        if length > 0x7FFF_FFFF {
            return Err(Reason::Damaged);
        }
    }
    if kind.is_table {
        cell.rowid = varint(page, &mut at).ok_or(Reason::Damaged)?.cast_signed();
    }
    if has_row {
        let most = match kind.is_table {
            true => usable - 35,
            false => (usable - 12) * 64 / 255 - 23,
        };
        let local = match cell.length {
            length if length <= most => length,
            length => {
                let least = (usable - 12) * 32 / 255 - 23;
                let even = least + (length - least) % (usable - 4);
                if even <= most { even } else { least }
            }
        };
        cell.local = (at, at + local);
        at += local;
        if local < cell.length {
            if at + 4 > page.len() {
                return Err(Reason::Damaged);
            }
            cell.overflow = number(page, at);
            at += 4;
        }
    }
    cell.end = at;
    match at <= page.len() {
        true => Ok(cell),
        false => Err(Reason::Damaged),
    }
}

/// Takes a row: its number and its record.
pub(super) type OnRow<'f> = &'f mut dyn FnMut(i64, &[u8]) -> Result<(), Problem>;

/// A walk through a tree. What cannot be read is noted, and the rest is.
pub(super) struct Walk<'w> {
    pages: &'w Pages,
    reached: &'w mut Reached,
    /// The first thing that was wrong.
    pub(super) wrong: Option<Reason>,
    pub(super) rows: u64,
    row: Vec<u8>,
}

impl<'w> Walk<'w> {
    pub(super) fn new(pages: &'w Pages, reached: &'w mut Reached) -> Self {
        Self {
            pages,
            reached,
            wrong: None,
            rows: 0,
            row: Vec::new(),
        }
    }

    /// Every row below this page. Only what ends everything is an error.
    pub(super) fn tree(&mut self, root: u32, act: OnRow<'_>) -> Result<(), Problem> {
        self.page(root, 0, None, act)
    }

    fn page(
        &mut self,
        place: u32,
        depth: usize,
        is_table: Option<bool>,
        act: OnRow<'_>,
    ) -> Result<(), Problem> {
        if depth > MAX_DEPTH || !self.reached.add(place, true) {
            return self.note(Reason::Damaged);
        }
        let mut page = Vec::new();
        if let Err(problem) = self.pages.read(place, &mut page) {
            return self.note_problem(problem);
        }
        let start = if place == 1 { 100 } else { 0 };
        let node = match Node::new(&page, start, self.pages.usable) {
            Ok(node) if is_table.is_none_or(|is_table| is_table == node.kind.is_table) => node,
            _ => return self.note(Reason::Damaged),
        };
        let is_table = Some(node.kind.is_table);
        for place in 0..node.cells {
            let cell = match node.cell(place) {
                Ok(cell) => cell,
                Err(reason) => {
                    self.note(reason)?;
                    continue;
                }
            };
            if !node.kind.is_leaf {
                self.page(cell.child, depth + 1, is_table, act)?;
            }
            if node.kind.is_leaf || !node.kind.is_table {
                self.row_of(&page, &cell, act)?;
            }
        }
        if !node.kind.is_leaf {
            self.page(node.right(), depth + 1, is_table, act)?;
        }
        Ok(())
    }

    fn row_of(&mut self, page: &[u8], cell: &Cell, act: OnRow<'_>) -> Result<(), Problem> {
        let local = &page[cell.local.0..cell.local.1];
        self.rows += 1;
        if cell.overflow == 0 {
            return match act(cell.rowid, local) {
                Err(Problem::Unread(reason @ (Reason::TooLarge | Reason::TooMany))) => {
                    Err(reason.into())
                }
                Err(problem) => self.note_problem(problem),
                Ok(()) => Ok(()),
            };
        }
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        row.extend_from_slice(local);
        let gathered = self.gather(cell, &mut row);
        let acted = gathered.and_then(|()| act(cell.rowid, &row));
        self.row = row;
        match acted {
            Err(Problem::Unread(reason @ (Reason::TooLarge | Reason::TooMany))) => {
                Err(reason.into())
            }
            Err(problem) => self.note_problem(problem),
            Ok(()) => Ok(()),
        }
    }

    /// What of a row is on pages of its own. They are noted even where the row
    /// is too long to be read.
    fn gather(&mut self, cell: &Cell, row: &mut Vec<u8>) -> Result<(), Problem> {
        let (mut next, mut left) = (cell.overflow, cell.length - row.len());
        let is_short = cell.length <= MAX_ROW;
        let mut page = Vec::new();
        while left > 0 {
            if !self.reached.add(next, false) {
                return Err(Reason::Damaged.into());
            }
            self.pages.read(next, &mut page)?;
            let content = page.get(4..self.pages.usable).ok_or(Reason::Damaged)?;
            let now = content.len().min(left);
            if is_short {
                row.extend_from_slice(&content[..now]);
            }
            left -= now;
            next = number(&page, 0);
        }
        match is_short {
            true => Ok(()),
            false => Err(Reason::PartTooLarge.into()),
        }
    }

    fn note(&mut self, reason: Reason) -> Result<(), Problem> {
        self.wrong.get_or_insert(reason);
        Ok(())
    }

    fn note_problem(&mut self, problem: Problem) -> Result<(), Problem> {
        match problem {
            Problem::Unread(reason) => self.note(reason),
            gone => Err(gone),
        }
    }
}

/// The least or the greatest row number of a table; `None` where there is none.
pub(super) fn outermost(pages: &Pages, root: u32, is_last: bool) -> Option<i64> {
    outer(pages, root, is_last, |_, cell| Some(cell.rowid))
}

/// How many values the first row of a table has.
pub(super) fn first_count(pages: &Pages, root: u32) -> Option<usize> {
    outer(pages, root, false, |page, cell| {
        let record = page.get(cell.local.0..cell.local.1)?;
        Some(Record::new(record).ok()?.count())
    })
}

/// Looks at the first or the last cell of all leaves.
fn outer<T>(
    pages: &Pages,
    root: u32,
    is_last: bool,
    look: impl FnOnce(&[u8], &Cell) -> Option<T>,
) -> Option<T> {
    let (mut place, mut page) = (root, Vec::new());
    for _ in 0..MAX_DEPTH {
        pages.read(place, &mut page).ok()?;
        let start = if place == 1 { 100 } else { 0 };
        let node = Node::new(&page, start, pages.usable).ok()?;
        if !node.kind.is_leaf && is_last {
            place = node.right();
            continue;
        }
        let wanted = match is_last {
            true => node.cells.checked_sub(1)?,
            false => 0,
        };
        let cell = (wanted < node.cells)
            .then(|| node.cell(wanted).ok())
            .flatten()?;
        if node.kind.is_leaf {
            return look(&page, &cell);
        }
        place = cell.child;
    }
    None
}
