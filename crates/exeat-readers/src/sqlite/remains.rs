//! What is left of rows that were deleted or overwritten: whole rows where
//! they can still be told, and else whatever text there is.

use std::io::Write as _;

use exeat_core::inspect::reader::protocol::Form;

use super::pages::{Encoding, Pages};
use super::record::{self, Record};
use super::tree::{Kind, Node, Reached, cell_at};
use crate::cell::push_runs;
use crate::input::Window;
use crate::output::Output;
use crate::problem::Problem;

/// The fewest characters of text that count as such.
const LEAST: usize = 6;
/// Text is passed on in pieces of about so many bytes.
const PIECE: usize = 256 << 10;
/// The most columns of a row that is told by itself.
const MAX_COLUMNS: usize = 2000;

/// Collects remains, and passes them on as one text.
pub(super) struct Remains<'o> {
    out: &'o mut Output,
    encoding: Encoding,
    usable: usize,
    text: Vec<u8>,
    has_begun: bool,
}

impl<'o> Remains<'o> {
    pub(super) fn new(pages: &Pages, out: &'o mut Output) -> Self {
        Self {
            out,
            encoding: pages.encoding,
            usable: pages.usable,
            text: Vec::new(),
            has_begun: false,
        }
    }

    /// What is left on pages: all of those that nothing uses, and what is
    /// between the cells of others.
    pub(super) fn pages(
        &mut self,
        pages: &Pages,
        reached: &Reached,
        wanted: impl Fn(u32) -> bool,
    ) -> Result<(), Problem> {
        let mut page = Vec::new();
        for place in (1..=pages.present).filter(|&place| wanted(place)) {
            let is_tree = reached.is_tree(place);
            if pages.is_special(place) || reached.has(place) && !is_tree {
                continue;
            }
            if pages.read(place, &mut page).is_err() {
                continue;
            }
            match is_tree {
                true => self.between(&page, if place == 1 { 100 } else { 0 }),
                false => self.page(&page),
            }
            self.pass_on(PIECE)?;
        }
        Ok(())
    }

    /// A page that nothing uses any more, with all of its rows.
    pub(super) fn page(&mut self, page: &[u8]) {
        let usable = self.usable.min(page.len());
        let Ok(node) = Node::new(page, 0, self.usable) else {
            return self.region(&page[..usable]);
        };
        let mut used = vec![(0, node.pointers_end())];
        for cell in (0..node.cells).filter_map(|place| node.cell(place).ok()) {
            if self.row(
                &page[cell.local.0..cell.local.1],
                cell.rowid,
                node.kind,
                false,
            ) {
                used.push((cell.start, cell.end));
            }
        }
        self.gaps(&page[..usable], used);
    }

    /// What is between the cells of a page that is in use.
    fn between(&mut self, page: &[u8], start: usize) {
        let usable = self.usable.min(page.len());
        let Ok(node) = Node::new(page, start, self.usable) else {
            return self.region(&page[..usable]);
        };
        let cells = (0..node.cells).filter_map(|place| node.cell(place).ok());
        let mut used = vec![(0, node.pointers_end())];
        used.extend(cells.map(|cell| (cell.start, cell.end)));
        self.gaps(&page[..usable], used);
    }

    fn gaps(&mut self, page: &[u8], mut used: Vec<(usize, usize)>) {
        used.sort_unstable();
        used.push((page.len(), page.len()));
        let mut end = 0;
        for (start, next) in used {
            if start > end + LEAST {
                self.region(&page[end..start]);
            }
            end = end.max(next);
        }
    }

    /// Bytes of which nothing is known.
    fn region(&mut self, bytes: &[u8]) {
        let kind = Kind {
            is_leaf: true,
            is_table: true,
        };
        let (mut start, mut at) = (0, 0);
        while at < bytes.len() {
            if bytes[at] == 0 {
                at += 1;
                continue;
            }
            let cell = cell_at(bytes, at, kind, self.usable).ok();
            let cell = cell.filter(|cell| cell.overflow == 0 && cell.length > 2);
            let found = cell.filter(|cell| {
                let record = &bytes[cell.local.0..cell.local.1];
                self.row(record, cell.rowid, kind, true)
            });
            match found {
                Some(cell) => {
                    self.runs(&bytes[start..at]);
                    (start, at) = (cell.end, cell.end);
                }
                None => at += 1,
            }
        }
        self.runs(&bytes[start..]);
    }

    /// Adds a row, if it is one: its values, with tabs between.
    fn row(&mut self, payload: &[u8], rowid: i64, kind: Kind, is_guess: bool) -> bool {
        let Ok(mut row) = Record::new(payload) else {
            return false;
        };
        // What flows over is on other pages, and told as text.
        let is_sure = row.is_exact() && row.count() <= MAX_COLUMNS;
        if is_guess && !(is_sure && row.count() >= 2) || row.count() == 0 {
            return false;
        }
        let start = self.text.len();
        if kind.is_table {
            write!(self.text, "{rowid}").expect("memory takes all");
        }
        loop {
            match row.next() {
                Ok(Some(value)) => {
                    self.text.push(b'\t');
                    let before = self.text.len();
                    record::push(value, self.encoding, &mut self.text);
                    for byte in &mut self.text[before..] {
                        if byte.is_ascii_control() {
                            *byte = b' ';
                        }
                    }
                }
                Ok(None) => break,
                // The rest of the row is not there.
                Err(_) => {
                    self.text.truncate(start);
                    return false;
                }
            }
        }
        self.text.push(b'\n');
        true
    }

    /// Adds text that stands among other bytes.
    pub(super) fn runs(&mut self, bytes: &[u8]) {
        let narrow: Vec<u8>;
        let bytes = match self.encoding {
            Encoding::Utf8 => bytes,
            _ => {
                narrow = bytes.iter().copied().filter(|&byte| byte != 0).collect();
                &narrow
            }
        };
        push_runs(&mut self.text, bytes, LEAST, b'\n');
    }

    /// What is behind the last page.
    pub(super) fn behind(&mut self, window: &Window) -> Result<bool, Problem> {
        let (mut at, mut is_empty) = (0, true);
        let mut piece = vec![0; PIECE];
        loop {
            let read = window.read_at(&mut piece, at)?;
            if read == 0 {
                return Ok(is_empty);
            }
            is_empty &= piece[..read].iter().all(|&byte| byte == 0);
            self.runs(&piece[..read]);
            self.pass_on(PIECE)?;
            at += read as u64;
        }
    }

    pub(super) fn pass_on(&mut self, least: usize) -> Result<(), Problem> {
        if self.text.len() < least.max(1) {
            return Ok(());
        }
        let Self { out, text, .. } = self;
        out.spend(text.len() as u64)?;
        if !std::mem::replace(&mut self.has_begun, true) {
            out.within(b"deleted rows", |out| out.begin(Form::Content))?;
        }
        out.data(text)?;
        text.clear();
        Ok(())
    }

    /// Ends the text, if there is any.
    pub(super) fn end(mut self) -> Result<(), Problem> {
        self.pass_on(1)?;
        match self.has_begun {
            true => self.out.end(),
            false => Ok(()),
        }
    }
}
