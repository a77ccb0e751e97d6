//! Content of an OpenDocument file: spreadsheets sheet by sheet and row by
//! row, whatever else there is as prose.

use std::io::Read;

use super::grid::Grid;
use super::markup::{Markup, Node, Tag};
use super::package::Unpacked;
use super::prose::{Manner, Prose, speaks};
use crate::output::Output;
use crate::problem::Problem;

/// How often one row is written out that stands for many: they are all alike,
/// and say nothing new.
const MAX_REPEATS: u64 = 1 << 16;
/// As many columns as are written out, and more.
const MAX_COLUMNS: usize = 1 << 14;

/// Reads a `content.xml`.
pub(super) fn read(input: Unpacked, out: &mut Output) -> Result<(), Problem> {
    let mut markup = Markup::new(input);
    let mut prose = Prose::new(Manner::Known);
    let read = nodes(&mut markup, &mut prose, out);
    prose.end(out)?;
    read
}

fn nodes<R: Read>(
    markup: &mut Markup<R>,
    prose: &mut Prose,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut in_sheets = false;
    loop {
        let node = markup.next()?;
        match &node {
            Node::Start(tag) if in_sheets && tag.local() == "table" => {
                let name = tag.attribute("name")?.unwrap_or_default();
                let mut grid = Grid::default();
                out.within(name.as_bytes(), |out| {
                    let read = sheet(markup, &mut grid, out);
                    // What was read until it broke is not lost.
                    grid.end(out)?;
                    read
                })?;
                continue;
            }
            Node::Start(tag) if tag.local() == "spreadsheet" => in_sheets = true,
            Node::End(name) if name == "spreadsheet" => in_sheets = false,
            Node::Done => return Ok(()),
            _ => {}
        }
        prose.see(node, out)?;
    }
}

/// A cell that was begun.
#[derive(Default)]
struct Current {
    repeats: usize,
    kind: String,
    value: String,
    day: String,
    time: String,
    truth: String,
    string: String,
    text: String,
    paragraphs: usize,
}

#[derive(Default)]
struct Sheet {
    depth: usize,
    /// How many elements were open where text began that is in no cell.
    aside: Option<usize>,
    note: String,
    row: Vec<(usize, String)>,
    row_repeats: u64,
    number: u64,
    cell: Option<Current>,
}

/// Reads until the sheet's element ends.
fn sheet<R: Read>(
    markup: &mut Markup<R>,
    grid: &mut Grid,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut sheet = Sheet {
        number: 1,
        ..Sheet::default()
    };
    loop {
        match markup.next()? {
            Node::Start(tag) => sheet.start(&tag, grid)?,
            Node::Text(text) => sheet.text(&text, grid),
            Node::Remark(text) => grid.beside(&text),
            Node::End(name) => {
                if sheet.depth == 0 {
                    return Ok(());
                }
                sheet.depth -= 1;
                sheet.end(&name, grid, out)?;
            }
            Node::Done => return Ok(()),
        }
    }
}

impl Sheet {
    fn start(&mut self, tag: &Tag<'_>, grid: &mut Grid) -> Result<(), Problem> {
        let name = tag.local();
        let is_cell = matches!(name, "table-cell" | "covered-table-cell");
        let mut count = 1;
        let mut cell = Current {
            repeats: 1,
            ..Current::default()
        };
        let mut repeats = 1;
        tag.each(|attribute, value| {
            match attribute {
                "number-rows-repeated" => repeats = value.parse().unwrap_or(1),
                "number-columns-repeated" => cell.repeats = value.parse().unwrap_or(1),
                "value-type" => value.clone_into(&mut cell.kind),
                "value" => value.clone_into(&mut cell.value),
                "date-value" => value.clone_into(&mut cell.day),
                "time-value" => value.clone_into(&mut cell.time),
                "boolean-value" => value.clone_into(&mut cell.truth),
                "string-value" => value.clone_into(&mut cell.string),
                "c" => count = value.parse::<usize>().unwrap_or(1).clamp(1, 256),
                _ => {}
            }
            // What formulas are told in words is in no value of a cell.
            let quotes = attribute == "formula" && value.contains('"');
            let is_plain = attribute != "formula" && !(is_cell && attribute == "string-value");
            if quotes || (is_plain && speaks(name, attribute)) {
                grid.beside(value);
            }
        })?;
        match name {
            "table-row" if self.aside.is_none() => self.row_repeats = repeats,
            _ if is_cell && self.aside.is_none() && self.cell.is_none() => {
                cell.repeats = cell.repeats.clamp(1, MAX_COLUMNS);
                self.cell = Some(cell);
            }
            "p" => {
                if self.aside.is_none()
                    && let Some(cell) = &mut self.cell
                {
                    if cell.paragraphs > 0 {
                        cell.text.push('\n');
                    }
                    cell.paragraphs += 1;
                }
            }
            "annotation" | "frame" | "custom-shape" | "shapes" | "table" | "g" | "control"
                if self.aside.is_none() =>
            {
                self.aside = Some(self.depth);
            }
            "s" => self.text(&" ".repeat(count), grid),
            "tab" => self.text("\t", grid),
            "line-break" => self.text("\n", grid),
            _ => {}
        }
        self.depth += 1;
        Ok(())
    }

    fn text(&mut self, text: &str, grid: &mut Grid) {
        match &mut self.cell {
            _ if self.aside.is_some() => self.note.push_str(text),
            Some(cell) if cell.paragraphs > 0 => cell.text.push_str(text),
            _ => grid.beside(text),
        }
    }

    fn end(&mut self, name: &str, grid: &mut Grid, out: &mut Output) -> Result<(), Problem> {
        if let Some(depth) = self.aside {
            // Paragraphs, authors and dates of a note are lines of it.
            if matches!(name, "p" | "h" | "creator" | "date" | "desc" | "title") {
                self.note.push('\n');
            }
            if depth == self.depth {
                self.aside = None;
                grid.beside(&std::mem::take(&mut self.note));
            }
            return Ok(());
        }
        match name {
            "table-cell" | "covered-table-cell" => {
                if let Some(cell) = self.cell.take() {
                    let repeats = cell.repeats;
                    self.row.push((repeats, shown(cell)));
                }
            }
            "table-row" => {
                let repeats = self.row_repeats.max(1);
                let is_blank = self.row.iter().all(|(_, text)| text.trim().is_empty());
                let copies = if is_blank {
                    0
                } else {
                    repeats.min(MAX_REPEATS)
                };
                for copy in 0..copies {
                    let mut column = 0_usize;
                    for (count, text) in &self.row {
                        if !text.is_empty() {
                            for at in column..column.saturating_add(*count).min(MAX_COLUMNS) {
                                grid.cell(at, text);
                            }
                        }
                        column = column.saturating_add(*count);
                    }
                    grid.end_row(self.number + copy, out)?;
                }
                self.number = self.number.saturating_add(repeats);
                self.row.clear();
            }
            _ => {}
        }
        Ok(())
    }
}

/// A cell's value: exact where it has one, as it is shown where not.
fn shown(cell: Current) -> String {
    let shown = if cell.paragraphs > 0 {
        cell.text
    } else {
        cell.string
    };
    match &cell.kind[..] {
        "float" | "percentage" | "currency" if !cell.value.is_empty() => {
            // A number that is shown with more digits in front is no number.
            let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
            let is_padded = digits.starts_with('0')
                && digits.len() > cell.value.len()
                && digits.trim_start_matches('0') == cell.value
                && shown
                    .chars()
                    .all(|char| char.is_ascii_digit() || " -()".contains(char));
            if is_padded {
                return digits;
            }
            let mut text = String::new();
            super::cells::write_number_text(
                &mut text,
                &cell.value,
                super::cells::Style::Plain,
                false,
            );
            text
        }
        "date" if !cell.day.is_empty() => {
            let day = cell.day.strip_suffix("T00:00:00").unwrap_or(&cell.day);
            day.replacen('T', " ", 1)
        }
        "boolean" if !cell.truth.is_empty() => cell.truth.to_ascii_uppercase(),
        "time" if shown.is_empty() => cell.time,
        _ => shown,
    }
}
