//! Workbooks of Excel 5 to 2003 (MS-XLS): sheet by sheet, and what stands
//! beside the cells: notes, text boxes, links, names.

use std::collections::HashMap;
use std::io::Read;
use std::mem;

use encoding_rs::Encoding;
use exeat_core::inspect::reader::Reason;

use super::biff::{Records, string};
use super::{Compound, objects};
use crate::office::cells::{Style, write_number};
use crate::office::grid::Grid;
use crate::office::xlsb::{error, short_number};
use crate::office::{Strings, code_page, number16, number32, number64, strings};
use crate::output::Output;
use crate::problem::Problem;

/// The most bytes of all pictures.
const MAX_PICTURES: usize = 32 << 20;

const BIFF8: u16 = 0x0600;
const BIFF5: u16 = 0x0500;

/// Kinds of records whose strings are of the program: fonts, formats, styles,
/// printers' names excepted.
const MUTE: &[u16] = &[
    0x0031, 0x0231, 0x0293, 0x0892, 0x041E, 0x00E0, 0x087C, 0x087D, 0x0896, 0x088E, 0x088F, 0x0201,
    0x00BE, 0x00D7, 0x020B, 0x0208, 0x0200, 0x00FF, 0x005D, 0x0055, 0x0225, 0x007D, 0x023E, 0x001D,
    0x005C,
];

/// What cells refer to.
#[derive(Default)]
struct Book {
    strings: Strings,
    formats: HashMap<u16, Style>,
    styles: Vec<u16>,
    from_1904: bool,
    /// Of a workbook from before Unicode.
    code_page: Option<&'static Encoding>,
    sheets: HashMap<u64, String>,
    pictures: Vec<u8>,
}

/// Reads the stream of the workbook.
pub(super) fn read(file: &mut Compound, path: &str, out: &mut Output) -> Result<(), Problem> {
    let stream = file.open_stream(path)?;
    let mut records = Records::new(out.metered(stream));
    let mut book = Book::default();
    let mut globals = Grid::default();
    if records.next()? != Some(0x0809) {
        return Err(Reason::LegacyDocument.into());
    }
    let version = number16(&records.rest()?, 0);
    match version {
        BIFF8 => {}
        BIFF5 => book.code_page = Some(encoding_rs::WINDOWS_1252),
        _ => return Err(Reason::LegacyDocument.into()),
    }
    let read = substream(&mut records, &mut book, &mut globals, out);
    globals.end(out)?;
    read?;
    while let Some(kind) = records.next()? {
        match kind {
            0x0809 => {
                let name = book.sheets.get(&records.start).cloned();
                let name = name.unwrap_or_default();
                let mut grid = Grid::default();
                out.within(name.as_bytes(), |out| {
                    let read = substream(&mut records, &mut book, &mut grid, out);
                    grid.end(out)?;
                    read
                })?;
            }
            // What fills the last sector.
            0 if records.rest()?.iter().all(|&byte| byte == 0) => {}
            _ => return Err(Reason::Unaccounted.into()),
        }
    }
    let orphans = book.strings.unused();
    if !orphans.is_empty() {
        out.within(b"shared strings", |out| out.text(orphans.as_bytes()))?;
    }
    objects::pictures(&book.pictures, out)
}

/// Reads until the substream ends, and those that are embedded in it.
fn substream<R: Read>(
    records: &mut Records<R>,
    book: &mut Book,
    grid: &mut Grid,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut depth = 0_usize;
    let mut sheet = Sheet::default();
    let mut before = 0;
    loop {
        let Some(kind) = records.next()? else {
            return Err(Reason::CutShort.into());
        };
        match kind {
            0x0809 => depth += 1,
            0x000A if depth == 0 => {
                return sheet.end_row(grid, out);
            }
            0x000A => depth -= 1,
            0x002F => return Err(Reason::WeaklyProtected.into()),
            0x00FC => shared(records, book)?,
            _ => {
                let bytes = records.rest()?;
                let first = mem::replace(&mut before, kind);
                if kind == 0x003C && first == 0x01B6 {
                    // The text of a text box.
                    grid.beside(&string(&bytes, book.code_page, usize::MAX));
                } else if kind == 0x003C && first == 0x00EB || kind == 0x00EB {
                    before = 0x00EB;
                    if book.pictures.len() + bytes.len() > MAX_PICTURES {
                        return Err(Reason::PartTooLarge.into());
                    }
                    book.pictures.extend_from_slice(&bytes);
                } else if !book.global(kind, &bytes)
                    && !sheet.cell(kind, &bytes, book, grid, depth > 0, out)?
                    && !MUTE.contains(&kind)
                {
                    grid.beside(&strings(&bytes));
                }
            }
        }
    }
}

fn shared<R: Read>(records: &mut Records<R>, book: &mut Book) -> Result<(), Problem> {
    records.long()?;
    let count = records.long()?;
    let mut text = String::new();
    for _ in 0..count {
        text.clear();
        records.rich_string(&mut text)?;
        book.strings.push(&text)?;
    }
    Ok(())
}

impl Book {
    /// Takes a record about the whole workbook; false for any other.
    fn global(&mut self, kind: u16, bytes: &[u8]) -> bool {
        match kind {
            0x0022 => self.from_1904 = number16(bytes, 0) == 1,
            0x0042 if self.code_page.is_some() => {
                self.code_page = Some(code_page(number16(bytes, 0)));
            }
            0x0085 => {
                let start = u64::from(number32(bytes, 0));
                let count = usize::from(bytes.get(6).copied().unwrap_or(0));
                let name = bytes.get(7..).unwrap_or_default();
                let name = string(name, self.code_page, count);
                self.sheets.insert(start, name);
            }
            0x041E => {
                let (count, code) = match self.code_page {
                    Some(_) => (usize::from(bytes.get(2).copied().unwrap_or(0)), 3),
                    None => (usize::from(number16(bytes, 2)), 4),
                };
                let code = bytes.get(code..).unwrap_or_default();
                let code = string(code, self.code_page, count);
                self.formats
                    .insert(number16(bytes, 0), Style::of_code(&code));
            }
            0x00E0 => self.styles.push(number16(bytes, 2)),
            _ => return false,
        }
        true
    }

    fn style(&self, at: u16) -> Style {
        let format = self.styles.get(usize::from(at)).copied().unwrap_or(0);
        let style = self.formats.get(&format).copied();
        style.unwrap_or_else(|| Style::built_in(u32::from(format)))
    }
}

/// Where in a sheet we are.
#[derive(Default)]
struct Sheet {
    row: Option<u16>,
    /// The column of a formula whose text comes in the next record.
    awaited: Option<(u16, u16)>,
}

impl Sheet {
    fn end_row(&mut self, grid: &mut Grid, out: &mut Output) -> Result<(), Problem> {
        match self.row.take() {
            Some(row) => grid.end_row(u64::from(row) + 1, out),
            None => Ok(()),
        }
    }

    /// Takes a record of cells; false for any other. `nested`: in a chart.
    fn cell(
        &mut self,
        kind: u16,
        bytes: &[u8],
        book: &mut Book,
        grid: &mut Grid,
        nested: bool,
        out: &mut Output,
    ) -> Result<bool, Problem> {
        let (row, column) = (number16(bytes, 0), number16(bytes, 2));
        let style = book.style(number16(bytes, 4));
        let mut text = String::new();
        match kind {
            // A string by its number.
            0x00FD => {
                let at = usize::try_from(number32(bytes, 6)).ok();
                let found = at.and_then(|at| book.strings.take(at));
                found.ok_or(Reason::Damaged)?.clone_into(&mut text);
            }
            0x0203 => {
                let value = f64::from_bits(number64(bytes, 6));
                write_number(&mut text, value, style, book.from_1904);
            }
            0x027E => {
                write_number(
                    &mut text,
                    short_number(number32(bytes, 6)),
                    style,
                    book.from_1904,
                );
            }
            0x00BD => {
                let pairs = bytes
                    .get(4..bytes.len().saturating_sub(2))
                    .unwrap_or_default();
                for (at, pair) in (column..).zip(pairs.chunks_exact(6)) {
                    let style = book.style(number16(pair, 0));
                    let value = short_number(number32(pair, 2));
                    let mut text = String::new();
                    write_number(&mut text, value, style, book.from_1904);
                    self.put((row, at), &text, nested, grid, out)?;
                }
                return Ok(true);
            }
            0x0204 | 0x00D6 => {
                let count = usize::from(number16(bytes, 6));
                text = string(bytes.get(8..).unwrap_or_default(), book.code_page, count);
            }
            0x0205 => {
                let value = bytes.get(6).copied().unwrap_or(0);
                text = match bytes.get(7) {
                    Some(0) => truth(value).to_owned(),
                    _ => error(value).to_owned(),
                };
            }
            0x0006 | 0x0206 | 0x0406 => {
                grid.beside(&strings(bytes.get(20..).unwrap_or_default()));
                let result = bytes.get(6..14).unwrap_or_default();
                if result.get(6..8) == Some(&[0xFF, 0xFF]) {
                    let value = result.get(2).copied().unwrap_or(0);
                    match result.first() {
                        Some(0) => {
                            self.awaited = Some((row, column));
                            return Ok(true);
                        }
                        Some(1) => truth(value).clone_into(&mut text),
                        Some(2) => error(value).clone_into(&mut text),
                        _ => {}
                    }
                } else {
                    let value = f64::from_bits(number64(result, 0));
                    write_number(&mut text, value, style, book.from_1904);
                }
            }
            0x0207 => {
                let count = usize::from(number16(bytes, 0));
                text = string(bytes.get(2..).unwrap_or_default(), book.code_page, count);
                let Some(place) = self.awaited.take() else {
                    grid.beside(&text);
                    return Ok(true);
                };
                self.put(place, &text, nested, grid, out)?;
                return Ok(true);
            }
            // Values kept of other workbooks.
            0x005A => {
                for value in objects::kept(bytes.get(4..).unwrap_or_default()) {
                    grid.beside(&value);
                }
                return Ok(true);
            }
            _ => return Ok(false),
        }
        self.put((row, column), &text, nested, grid, out)?;
        Ok(true)
    }

    fn put(
        &mut self,
        (row, column): (u16, u16),
        text: &str,
        nested: bool,
        grid: &mut Grid,
        out: &mut Output,
    ) -> Result<(), Problem> {
        if nested {
            grid.beside(text);
            return Ok(());
        }
        if self.row != Some(row) {
            self.end_row(grid, out)?;
            self.row = Some(row);
        }
        grid.cell(usize::from(column), text);
        Ok(())
    }
}

fn truth(value: u8) -> &'static str {
    if value == 0 { "FALSE" } else { "TRUE" }
}
