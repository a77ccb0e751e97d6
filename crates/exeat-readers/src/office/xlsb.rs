//! Workbooks of Excel whose parts are binary (MS-XLSB): records with a kind
//! and a length, of which those of cells, strings and formats are understood;
//! of all others the words are passed on.

use std::collections::{HashMap, HashSet};
use std::io::{BufReader, Read};

use exeat_core::inspect::reader::Reason;

use super::cells::{Style, write_number};
use super::grid::Grid;
use super::package::{Package, number16, number32, number64};
use super::relations::relations;
use super::rest::strings;
use super::xlsx::Book;
use crate::output::Output;
use crate::problem::Problem;

/// The most bytes of one record.
const MAX_RECORD: usize = 8 << 20;

/// Reads the workbook in this member, and says which others it has read.
pub(super) fn read(
    package: &Package,
    main: usize,
    done: &mut HashSet<usize>,
    out: &mut Output,
) -> Result<(), Problem> {
    done.insert(main);
    let relations = relations(package, main, out)?;
    let mut book = Book::default();
    let mut beside = String::new();
    let mut records = Records::open(package, main, out)?;
    while let Some((kind, bytes)) = records.next()? {
        match kind {
            153 => book.from_1904 = number32(&bytes, 0) & 1 != 0,
            156 => {
                let (id, name_at) = text(&bytes, 8)?;
                let (name, _) = text(&bytes, name_at)?;
                let relation = relations.iter().find(|relation| relation.id == id);
                match relation.and_then(|relation| relation.member) {
                    Some(at) => book.sheets.push((name, at)),
                    None => out.within(name.as_bytes(), |out| out.uninspected(Reason::Damaged))?,
                }
            }
            _ => beside.push_str(&strings(&bytes)),
        }
        if beside.len() > MAX_RECORD {
            return Err(Reason::PartTooLarge.into());
        }
    }
    for relation in &relations {
        let Some(at) = relation.member else { continue };
        if relation.is("sharedStrings") {
            done.insert(at);
            let mut records = Records::open(package, at, out)?;
            while let Some((kind, bytes)) = records.next()? {
                match kind {
                    19 => book.strings.push(&text(&bytes, 1)?.0)?,
                    _ => book.strings.beside(&strings(&bytes)),
                }
            }
        } else if relation.is("styles") {
            done.insert(at);
            book.styles = styles(package, at, out)?;
        }
    }
    for (name, at) in std::mem::take(&mut book.sheets) {
        if !done.insert(at) {
            continue;
        }
        out.within(name.as_bytes(), |out| {
            let mut grid = Grid::default();
            let read = Records::open(package, at, out)
                .and_then(|mut records| sheet(&mut records, &mut book, &mut grid, out));
            // What was read until it broke is not lost.
            grid.end(out)?;
            match read {
                Err(Problem::Unread(reason)) if reason != Reason::TooLarge => {
                    out.uninspected(reason)
                }
                other => other,
            }
        })?;
    }
    beside.push_str(&book.strings.unused());
    if !beside.is_empty() {
        out.within(b"workbook.bin", |out| out.text(beside.as_bytes()))?;
    }
    Ok(())
}

fn styles(package: &Package, at: usize, out: &Output) -> Result<Vec<Style>, Problem> {
    let mut records = Records::open(package, at, out)?;
    let mut written = HashMap::new();
    let mut styles = Vec::new();
    let mut in_cells = false;
    while let Some((kind, bytes)) = records.next()? {
        match kind {
            44 => {
                let code = text(&bytes, 2)?.0;
                written.insert(number16(&bytes, 0), Style::of_code(&code));
            }
            617 => in_cells = true,
            618 => in_cells = false,
            47 if in_cells && styles.len() < usize::from(u16::MAX) => {
                let id = number16(&bytes, 2);
                let style = written.get(&id).copied();
                styles.push(style.unwrap_or_else(|| Style::built_in(u32::from(id))));
            }
            _ => {}
        }
    }
    Ok(styles)
}

fn sheet<R: Read>(
    records: &mut Records<R>,
    book: &mut Book,
    grid: &mut Grid,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut row = 0;
    while let Some((kind, bytes)) = records.next()? {
        let mut shown = String::new();
        match kind {
            0 => {
                grid.end_row(row, out)?;
                row = u64::from(number32(&bytes, 0)) + 1;
                continue;
            }
            1 => continue,
            2 | 5 | 9 => {
                let value = match kind {
                    2 => short_number(number32(&bytes, 8)),
                    _ => f64::from_bits(number64(&bytes, 8)),
                };
                let style = usize::try_from(number32(&bytes, 4) & 0x00FF_FFFF).ok();
                let style = style.and_then(|at| book.styles.get(at)).copied();
                write_number(&mut shown, value, style.unwrap_or_default(), book.from_1904);
            }
            3 | 11 => shown.push_str(error(bytes.get(8).copied().unwrap_or(0))),
            4 | 10 => shown.push_str(match bytes.get(8) {
                Some(0) => "FALSE",
                _ => "TRUE",
            }),
            6 | 8 => shown = text(&bytes, 8)?.0,
            62 => shown = text(&bytes, 9)?.0,
            7 => {
                let at = usize::try_from(number32(&bytes, 8)).ok();
                let found = at.and_then(|at| book.strings.take(at));
                found.ok_or(Reason::Damaged)?.clone_into(&mut shown);
            }
            _ => {
                grid.beside(&strings(&bytes));
                continue;
            }
        }
        if matches!(kind, 8..=11) {
            // What a formula is told in words.
            let rest = match kind {
                8 => text(&bytes, 8)?.1,
                _ => 16,
            };
            grid.beside(&strings(bytes.get(rest..).unwrap_or_default()));
        }
        let column = usize::try_from(number32(&bytes, 0)).map_err(|_| Reason::Damaged)?;
        grid.cell(column, &shown);
    }
    grid.end_row(row, out)
}

/// A string of UTF-16 with its length before it, and where it ends.
fn text(bytes: &[u8], at: usize) -> Result<(String, usize), Problem> {
    let count = number32(bytes, at);
    if count == u32::MAX {
        // None at all.
        return Ok((String::new(), at + 4));
    }
    let count = usize::try_from(count).map_err(|_| Reason::Damaged)?;
    let end = count
        .checked_mul(2)
        .and_then(|length| length.checked_add(at + 4));
    let end = end.ok_or(Reason::Damaged)?;
    let raw = bytes.get(at + 4..end).ok_or(Reason::Damaged)?;
    let units = raw
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let units: Vec<u16> = units.collect();
    Ok((String::from_utf16_lossy(&units), end))
}

/// A number of 30 bits: whole or the beginning of a larger one, perhaps in
/// hundredths.
pub(crate) fn short_number(bits: u32) -> f64 {
    let value = if bits & 2 != 0 {
        f64::from(bits.cast_signed() >> 2)
    } else {
        f64::from_bits(u64::from(bits & !3) << 32)
    };
    if bits & 1 != 0 { value / 100.0 } else { value }
}

/// What a cell says that has no value, by its number.
pub(crate) fn error(value: u8) -> &'static str {
    match value {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        _ => "#N/A",
    }
}

struct Records<R: Read>(BufReader<R>);

impl Records<super::package::Unpacked> {
    fn open(package: &Package, at: usize, out: &Output) -> Result<Self, Problem> {
        let input = package.reader(at, out)?;
        Ok(Self(BufReader::with_capacity(32 << 10, input)))
    }
}

impl<R: Read> Records<R> {
    fn byte(&mut self) -> Result<Option<u8>, Problem> {
        let mut one = [0];
        Ok(match self.0.read(&mut one)? {
            0 => None,
            _ => Some(one[0]),
        })
    }

    /// The next record: its kind, and all of it.
    fn next(&mut self) -> Result<Option<(u16, Vec<u8>)>, Problem> {
        let Some(first) = self.byte()? else {
            return Ok(None);
        };
        let mut kind = u16::from(first & 0x7F);
        if first & 0x80 != 0 {
            let second = self.byte()?.ok_or(Reason::CutShort)?;
            kind |= u16::from(second & 0x7F) << 7;
        }
        let mut length = 0_usize;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?.ok_or(Reason::CutShort)?;
            length |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        if length > MAX_RECORD {
            return Err(Reason::PartTooLarge.into());
        }
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes)?;
        Ok(Some((kind, bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_whole_or_the_beginning_of_a_double() {
        assert_eq!(short_number(12 << 2 | 2), 12.0);
        assert_eq!(short_number(1250 << 2 | 3), 12.5);
        assert_eq!(short_number((-3_i32 << 2).cast_unsigned() | 2), -3.0);
        assert_eq!(short_number((1.5_f64.to_bits() >> 32) as u32), 1.5);
    }

    #[test]
    fn records_have_a_kind_and_a_length_of_few_bytes() {
        let bytes = [0x81, 0x01, 0x02, 7, 8, 0x05, 0x00];
        let mut records = Records(BufReader::new(&bytes[..]));
        assert_eq!(records.next().ok().flatten(), Some((129, vec![7, 8])));
        assert_eq!(records.next().ok().flatten(), Some((5, vec![])));
        assert!(matches!(records.next(), Ok(None)));
    }

    #[test]
    fn cells_are_rows() {
        let mut bytes = Vec::new();
        let mut push = |kind: u8, content: &[u8]| {
            bytes.extend_from_slice(&[kind, u8::try_from(content.len()).expect("small")]);
            bytes.extend_from_slice(content);
        };
        let cell = |column: u8, value: &[u8]| [&[column, 0, 0, 0, 0, 0, 0, 0], value].concat();
        push(0, &[0, 0, 0, 0, 0]);
        push(6, &cell(0, b"\x03\0\0\0n\0h\0s\0"));
        push(6, &cell(1, b"\x02\0\0\0o\0k\0"));
        push(0, &[1, 0, 0, 0, 0]);
        push(5, &cell(0, &9_990_000_018.0_f64.to_le_bytes()));
        push(4, &cell(1, &[1]));
        let frames = std::sync::Arc::default();
        let memory = crate::output::Memory(std::sync::Arc::clone(&frames));
        let mut out = Output::new(Box::new(memory), 0, None);
        let mut grid = Grid::default();
        let mut records = Records(BufReader::new(&bytes[..]));
        let read = sheet(&mut records, &mut Book::default(), &mut grid, &mut out);
        assert!(read.and_then(|()| grid.end(&mut out)).is_ok());
        drop(out);
        let frames = frames.lock().expect("alone").clone();
        let rows = b"nhs,ok\n9990000018,TRUE\n";
        assert!(memchr::memmem::find(&frames, rows).is_some());
    }
}
