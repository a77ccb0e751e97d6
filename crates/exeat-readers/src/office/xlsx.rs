//! Workbooks of Excel (ECMA-376): every sheet, shown or hidden, row by row.
//!
//! Shared strings are held in memory, in one piece; sheets are not. Strings
//! that no cell refers to are passed on too: they are what was deleted.

use std::collections::{HashMap, HashSet};

use exeat_core::inspect::reader::Reason;

use super::cells::{Style, write_number_text};
use super::grid::Grid;
use super::markup::{Markup, Node, Tag};
use super::package::Package;
use super::prose::{is_header, speaks, without_codes};
use super::relations::{Relation, relations};
use super::strings::{Strings, unescape};
use crate::output::Output;
use crate::problem::Problem;

/// More sheets than a workbook has.
const MAX_SHEETS: usize = 4096;
/// The most formats of cells.
const MAX_STYLES: usize = 1 << 17;

/// What cells refer to.
#[derive(Default)]
pub(super) struct Book {
    pub(super) strings: Strings,
    pub(super) styles: Vec<Style>,
    pub(super) from_1904: bool,
    /// Names of sheets and the members that hold them.
    pub(super) sheets: Vec<(String, usize)>,
}

/// Reads the workbook in this member, and says which others it has read.
pub(super) fn read(
    package: &Package,
    main: usize,
    done: &mut HashSet<usize>,
    out: &mut Output,
) -> Result<(), Problem> {
    let relations = relations(package, main, out)?;
    let mut book = Book::default();
    head(package, main, &relations, &mut book, out)?;
    for relation in &relations {
        let Some(at) = relation.member else { continue };
        if relation.is("sharedStrings") {
            read_strings(package, at, &mut book.strings, out)?;
            done.insert(at);
        } else if relation.is("styles") {
            book.styles = styles(package, at, out)?;
        }
    }
    for (name, at) in std::mem::take(&mut book.sheets) {
        if !done.insert(at) {
            continue;
        }
        let read = out.within(name.as_bytes(), |out| {
            match sheet(package, at, &mut book, out) {
                Err(Problem::Unread(reason)) if reason != Reason::TooLarge => {
                    out.uninspected(reason)
                }
                other => other,
            }
        });
        read?;
    }
    let orphans = book.strings.unused();
    if !orphans.is_empty() {
        out.within(b"sharedStrings.xml", |out| out.text(orphans.as_bytes()))?;
    }
    Ok(())
}

/// The sheets of the workbook and how it counts days.
fn head(
    package: &Package,
    main: usize,
    relations: &[Relation],
    book: &mut Book,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut markup = Markup::new(package.reader(main, out)?);
    loop {
        match markup.next()? {
            Node::Start(tag) if tag.local() == "workbookPr" => {
                let flag = tag.attribute("date1904")?;
                book.from_1904 = matches!(flag.as_deref(), Some("1" | "true"));
            }
            Node::Start(tag) if tag.local() == "sheet" => {
                let name = tag.attribute("name")?.unwrap_or_default();
                let id = tag.attribute("id")?.unwrap_or_default();
                let relation = relations.iter().find(|relation| relation.id == id);
                let at = relation.and_then(|relation| relation.member);
                if book.sheets.len() >= MAX_SHEETS {
                    return Err(Reason::TooMany.into());
                }
                match at {
                    Some(at) => book.sheets.push((name, at)),
                    None => out.within(name.as_bytes(), |out| out.uninspected(Reason::Damaged))?,
                }
            }
            Node::Done => return Ok(()),
            _ => {}
        }
    }
}

fn read_strings(
    package: &Package,
    at: usize,
    strings: &mut Strings,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut markup = Markup::new(package.reader(at, out)?);
    let mut text = String::new();
    let mut phonetic = 0_usize;
    let mut reading = String::new();
    let mut in_text = false;
    loop {
        match markup.next()? {
            Node::Start(tag) => match tag.local() {
                "t" => in_text = true,
                "rPh" => phonetic += 1,
                _ => {}
            },
            Node::Text(piece) if in_text && phonetic > 0 => reading.push_str(&piece),
            Node::Text(piece) if in_text => text.push_str(&piece),
            Node::Text(piece) => {
                if !piece.trim().is_empty() {
                    strings.beside(&piece);
                }
            }
            Node::End(name) => match &*name {
                "t" => in_text = false,
                "rPh" => phonetic = phonetic.saturating_sub(1),
                "si" => {
                    strings.push(&unescape(&text))?;
                    text.clear();
                    if !reading.is_empty() {
                        strings.beside(&reading);
                        reading.clear();
                    }
                }
                _ => {}
            },
            Node::Remark(remark) => strings.beside(&remark),
            Node::Done => return Ok(()),
        }
    }
}

/// What the formats of cells make of numbers, by their place.
fn styles(package: &Package, at: usize, out: &mut Output) -> Result<Vec<Style>, Problem> {
    let mut markup = Markup::new(package.reader(at, out)?);
    let mut written: HashMap<u32, Style> = HashMap::new();
    let mut styles = Vec::new();
    let mut in_cells = false;
    loop {
        match markup.next()? {
            Node::Start(tag) => match tag.local() {
                "cellXfs" => in_cells = true,
                "numFmt" => {
                    let id = tag.attribute("numFmtId")?.unwrap_or_default();
                    let code = tag.attribute("formatCode")?.unwrap_or_default();
                    if let Ok(id) = id.parse()
                        && written.len() < MAX_STYLES
                    {
                        written.insert(id, Style::of_code(&code));
                    }
                }
                "xf" if in_cells => {
                    let id = tag.attribute("numFmtId")?.unwrap_or_default();
                    let id = id.parse().unwrap_or(0);
                    let style = written.get(&id).copied();
                    if styles.len() >= MAX_STYLES {
                        return Err(Reason::PartTooLarge.into());
                    }
                    styles.push(style.unwrap_or_else(|| Style::built_in(id)));
                }
                _ => {}
            },
            Node::End(name) if name == "cellXfs" => in_cells = false,
            Node::Done => return Ok(styles),
            _ => {}
        }
    }
}

/// The cell at hand.
#[derive(Default)]
struct Current {
    column: usize,
    style: Style,
    kind: Kind,
    value: String,
    formula: String,
    inline: String,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Number,
    Shared,
    Text,
    Boolean,
}

/// Where text of a sheet belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Value,
    Formula,
    Inline,
    Reading,
    Header,
    Beside,
}

fn sheet(package: &Package, at: usize, book: &mut Book, out: &mut Output) -> Result<(), Problem> {
    let mut grid = Grid::default();
    let read = package.reader(at, out).and_then(|input| {
        let mut markup = Markup::new(input);
        cells(&mut markup, book, &mut grid, out)
    });
    // What was read until it broke is not lost.
    grid.end(out)?;
    read
}

fn cells<R: std::io::Read>(
    markup: &mut Markup<R>,
    book: &mut Book,
    grid: &mut Grid,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut row = 0_u64;
    let mut cell: Option<Current> = None;
    let mut place = Place::Beside;
    let mut phonetic = false;
    let mut header = String::new();
    loop {
        match markup.next()? {
            Node::Start(tag) => match (tag.local(), &mut cell) {
                ("row", _) => {
                    let number = tag.attribute("r")?.and_then(|text| text.parse().ok());
                    row = number.unwrap_or(row + 1);
                }
                ("c", _) => cell = Some(begin(&tag, grid.next_column(), book)?),
                ("v", Some(_)) => place = Place::Value,
                ("f", Some(_)) => place = Place::Formula,
                ("rPh", Some(_)) => phonetic = true,
                ("t", Some(_)) => {
                    place = if phonetic {
                        Place::Reading
                    } else {
                        Place::Inline
                    };
                }
                (name, _) => {
                    if is_header(name) {
                        place = Place::Header;
                    }
                    let name = name.to_owned();
                    tag.each(|attribute, value| {
                        if speaks(&name, attribute) {
                            grid.beside(value);
                        }
                    })?;
                }
            },
            Node::Text(text) => match (&mut cell, place) {
                (Some(cell), Place::Value) => cell.value.push_str(&text),
                (Some(cell), Place::Formula) => cell.formula.push_str(&text),
                (Some(cell), Place::Inline) => cell.inline.push_str(&text),
                (_, Place::Header) => header.push_str(&text),
                _ => grid.beside(&text),
            },
            Node::Remark(text) => grid.beside(&text),
            Node::End(name) => {
                if place == Place::Header {
                    grid.beside(&without_codes(&std::mem::take(&mut header)));
                }
                place = Place::Beside;
                match &*name {
                    "c" => {
                        if let Some(cell) = cell.take() {
                            finish(&cell, book, grid)?;
                        }
                    }
                    "rPh" => phonetic = false,
                    "row" => grid.end_row(row, out)?,
                    _ => {}
                }
            }
            Node::Done => return Ok(()),
        }
    }
}

fn begin(tag: &Tag<'_>, next: usize, book: &Book) -> Result<Current, Problem> {
    let mut cell = Current {
        column: next,
        ..Current::default()
    };
    tag.each(|name, value| match name {
        "r" => cell.column = column(value).unwrap_or(next),
        "s" => {
            let style = value.parse::<usize>().ok();
            let style = style.and_then(|at| book.styles.get(at));
            cell.style = style.copied().unwrap_or_default();
        }
        "t" => {
            cell.kind = match value {
                "s" => Kind::Shared,
                "b" => Kind::Boolean,
                "n" => Kind::Number,
                _ => Kind::Text,
            };
        }
        _ => {}
    })?;
    Ok(cell)
}

fn finish(cell: &Current, book: &mut Book, grid: &mut Grid) -> Result<(), Problem> {
    // What a formula computes is in the cell; what it was told in words is not.
    if cell.formula.contains('"') {
        grid.beside(&cell.formula);
    }
    if !cell.inline.is_empty() {
        grid.cell(cell.column, &unescape(&cell.inline));
        if !cell.value.is_empty() {
            grid.beside(&cell.value);
        }
        return Ok(());
    }
    if cell.value.is_empty() {
        return Ok(());
    }
    let value = cell.value.trim();
    match cell.kind {
        Kind::Shared => {
            let at = value.parse::<usize>().ok();
            let text = at.and_then(|at| book.strings.take(at));
            grid.cell(cell.column, text.ok_or(Reason::Damaged)?);
        }
        Kind::Boolean => {
            let text = match value {
                "1" | "true" => "TRUE",
                "0" | "false" => "FALSE",
                other => other,
            };
            grid.cell(cell.column, text);
        }
        Kind::Text => grid.cell(cell.column, &unescape(&cell.value)),
        Kind::Number => {
            let mut text = String::new();
            write_number_text(&mut text, value, cell.style, book.from_1904);
            grid.cell(cell.column, &text);
        }
    }
    Ok(())
}

/// The column of a place such as `AB12`.
fn column(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let mut column = 0_usize;
    for letter in letters {
        let digit = usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        column = column.checked_mul(26)?.checked_add(digit)?;
    }
    column.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_letters() {
        for (place, at) in [
            ("A1", Some(0)),
            ("Z9", Some(25)),
            ("AB12", Some(27)),
            ("7", None),
        ] {
            assert_eq!(column(place), at, "{place}");
        }
    }
}
