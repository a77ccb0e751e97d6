//! XML of office files → text: paragraphs as lines, tables as tables of their
//! own, and beside them what does not stand on the page: who wrote it, what
//! was deleted, where links lead, what pictures are called.
//!
//! Elements and attributes are known by their local names, which the formats
//! agree on far enough. No text is left out because its element is not known;
//! attributes are, unless [`speaks`] or the caller says that they speak.

use std::mem;

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::push_row;

use super::markup::{Markup, Node, Tag};
use crate::output::Output;
use crate::problem::Problem;

mod codes;
mod names;

pub(super) use codes::{is_header, without_codes};
pub(super) use names::speaks;
use names::{Role, role};

/// Text is passed on in parts of about this size.
const ENOUGH: usize = 2 << 20;
/// The most text of one paragraph or cell.
const MAX_RUN: usize = 16 << 20;
/// The most cells that one cell may say it spans.
const MAX_SPAN: usize = 256;
/// How deep tables and notes stand in one another.
const MAX_NESTED: usize = 64;

/// How XML is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// A part that is known: attributes that speak.
    Known,
    /// A part that is not: all attributes.
    Unknown,
}

/// Reads all nodes, and passes on what they say at the path at hand.
pub(super) fn read<R: std::io::Read>(
    input: R,
    manner: Manner,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut markup = Markup::new(input);
    let mut prose = Prose::new(manner);
    loop {
        let node = match markup.next() {
            Ok(Node::Done) => break,
            Ok(node) => prose.see(node, out),
            Err(problem) => Err(problem),
        };
        if let Err(problem) = node {
            // What was read until here is not lost.
            prose.end(out)?;
            return Err(problem);
        }
    }
    prose.end(out)
}

/// Text that is being put together.
pub(super) struct Prose {
    manner: Manner,
    /// Lines of the page.
    text: String,
    /// Lines that stand beside it.
    beside: String,
    /// What is open: paragraphs, cells, notes; the innermost takes the text.
    runs: Vec<Run>,
    tables: Vec<Table>,
    /// Elements that are open.
    open: Vec<Element>,
}

struct Run {
    /// How many elements were open when it began.
    depth: usize,
    kind: Kind,
    text: String,
    /// Notes and frames within it, which come after it.
    after: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cell { span: usize, again: usize },
    Aside,
    Paragraph,
}

#[derive(Default)]
struct Table {
    rows: Vec<u8>,
    header: Vec<u8>,
    count: usize,
    width: usize,
    row: Vec<String>,
    all: Vec<Vec<String>>,
    held: usize,
}

struct Element {
    role: Role,
    name: String,
    text: String,
}

impl Prose {
    pub(super) fn new(manner: Manner) -> Self {
        Self {
            manner,
            text: String::new(),
            beside: String::new(),
            runs: Vec::new(),
            tables: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(super) fn see(&mut self, node: Node<'_>, out: &mut Output) -> Result<(), Problem> {
        match node {
            Node::Start(tag) => self.start(&tag),
            Node::End(_) => self.finish(out),
            Node::Text(text) => self.add(&text),
            Node::Remark(text) => {
                self.line(&text);
                Ok(())
            }
            Node::Done => Ok(()),
        }
    }

    fn start(&mut self, tag: &Tag<'_>) -> Result<(), Problem> {
        let name = tag.local();
        let is_tab_stop = name == "tab" && self.open.last().is_some_and(|up| up.name == "tabs");
        let role = if is_tab_stop { Role::Other } else { role(name) };
        let mut lines = Vec::new();
        let all = self.manner == Manner::Unknown;
        let (mut span, mut again, mut count) = (1, 1, 1);
        let (mut symbol, mut has_letters) = (None, true);
        tag.each(|attribute, value| {
            let number = || value.parse::<usize>().unwrap_or(1).clamp(1, MAX_SPAN);
            match attribute {
                "gridSpan" => span = number(),
                "number-columns-repeated" => again = number(),
                "c" => count = number(),
                _ => {}
            }
            if (all || speaks(name, attribute)) && !value.trim().is_empty() {
                lines.push(format!("{attribute}: {}", value.trim()));
            }
            let is_style_name = !all && names::is_style_name(name, attribute);
            // What a format of numbers has in quotes is shown as it is.
            let is_format = !all && attribute == "formatCode" && value.contains('"');
            if is_style_name && names::tells(value) || is_format {
                lines.push(format!("{name}: {}", value.trim()));
            }
            match attribute {
                "char" if name == "sym" => symbol = character(value),
                "font" if name == "sym" => has_letters = !value.ends_with("dings"),
                _ => {}
            }
            if role == Role::Span && attribute == "val" {
                span = number();
            }
        })?;
        for line in lines {
            self.line(&line);
        }
        if let Some(symbol) = symbol.filter(|_| has_letters) {
            self.add_run(symbol.encode_utf8(&mut [0; 4]))?;
        }
        let depth = self.open.len();
        self.open.push(Element {
            role,
            name: name.to_owned(),
            text: String::new(),
        });
        match role {
            Role::Table => {
                if self.tables.len() >= MAX_NESTED {
                    return Err(Reason::PartTooLarge.into());
                }
                self.tables.push(Table::default());
            }
            Role::Cell => self.run(depth, Kind::Cell { span, again })?,
            Role::Aside => self.run(depth, Kind::Aside)?,
            Role::Paragraph => self.run(depth, Kind::Paragraph)?,
            Role::Span => {
                let cell = self
                    .runs
                    .iter_mut()
                    .rev()
                    .find_map(|run| match &mut run.kind {
                        Kind::Cell { span, .. } => Some(span),
                        _ => None,
                    });
                if let Some(cell) = cell {
                    *cell = span;
                }
            }
            Role::Tab => self.add_run("\t")?,
            Role::Break => self.add_run("\n")?,
            Role::Space => self.add_run(&" ".repeat(count))?,
            Role::Hyphen => self.add_run("-")?,
            _ => {}
        }
        Ok(())
    }

    fn run(&mut self, depth: usize, kind: Kind) -> Result<(), Problem> {
        if self.runs.len() >= MAX_NESTED * 3 {
            return Err(Reason::PartTooLarge.into());
        }
        self.runs.push(Run {
            depth,
            kind,
            text: String::new(),
            after: String::new(),
        });
        Ok(())
    }

    /// Text where it stands.
    fn add(&mut self, text: &str) -> Result<(), Problem> {
        let Some(element) = self.open.last_mut() else {
            self.line(text);
            return Ok(());
        };
        // Everything within a paragraph of ODF is its text; in OOXML, what
        // stands in elements of text.
        let flows = match element.role {
            Role::Text | Role::Inline | Role::Paragraph => !self.runs.is_empty(),
            Role::Instruction => {
                element.text.push_str(text);
                return Ok(());
            }
            _ => false,
        };
        if flows {
            return self.add_run(text);
        }
        if element.text.len() + text.len() > MAX_RUN {
            return Err(Reason::PartTooLarge.into());
        }
        element.text.push_str(text);
        Ok(())
    }

    fn add_run(&mut self, text: &str) -> Result<(), Problem> {
        if let Some(run) = self.runs.last_mut() {
            if run.text.len() + text.len() > MAX_RUN {
                return Err(Reason::PartTooLarge.into());
            }
            run.text.push_str(text);
        }
        Ok(())
    }

    /// A line beside the page.
    fn line(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.beside.push_str(text);
            self.beside.push('\n');
        }
    }

    fn finish(&mut self, out: &mut Output) -> Result<(), Problem> {
        let Some(element) = self.open.pop() else {
            return Ok(());
        };
        let own = element.text.trim();
        if !own.is_empty() {
            if is_header(&element.name) {
                self.line(&without_codes(own));
            } else if element.role == Role::Text {
                // Text of a comment or a shared string, without a paragraph.
                self.beside.push_str(&element.text);
            } else {
                self.line(&format!("{}: {own}", element.name));
            }
        }
        if element.role == Role::Item && !self.beside.is_empty() && !self.beside.ends_with('\n') {
            self.beside.push('\n');
        }
        if self
            .runs
            .last()
            .is_some_and(|run| run.depth == self.open.len())
            && let Some(run) = self.runs.pop()
        {
            self.end_run(run);
        }
        match element.role {
            // Who commented and when, before what was said.
            Role::Inline if self.runs.last().is_some_and(|run| run.kind == Kind::Aside) => {
                self.add_run("\n")?;
            }
            Role::Row => {
                if let Some(table) = self.tables.last_mut() {
                    table.end_row();
                }
                self.pass_on_table(out)?;
            }
            Role::Table => {
                if let Some(table) = self.tables.pop() {
                    self.end_table(table, out)?;
                }
            }
            _ => {}
        }
        if self.runs.is_empty()
            && self.tables.is_empty()
            && self.text.len() + self.beside.len() > ENOUGH
        {
            self.pass_on(out)?;
        }
        if self.beside.len() > MAX_RUN || self.text.len() > MAX_RUN {
            return Err(Reason::PartTooLarge.into());
        }
        Ok(())
    }

    fn end_run(&mut self, run: Run) {
        let mut text = run.text;
        if run.kind == Kind::Paragraph {
            text.push('\n');
        }
        text.push_str(&run.after);
        match run.kind {
            Kind::Paragraph => match self.runs.last_mut() {
                Some(around) if matches!(around.kind, Kind::Paragraph) => {
                    around.after.push_str(&text);
                }
                Some(around) => around.text.push_str(&text),
                None => self.text.push_str(&text),
            },
            Kind::Aside => {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push('\n');
                }
                match self.runs.last_mut() {
                    Some(around) => around.after.push_str(&text),
                    None => self.text.push_str(&text),
                }
            }
            Kind::Cell { span, again } => match self.tables.last_mut() {
                Some(table) => table.cell(text.trim(), span, again),
                None => self.text.push_str(&text),
            },
        }
    }

    /// A large table is passed on while it grows.
    fn pass_on_table(&mut self, out: &mut Output) -> Result<(), Problem> {
        if let Some(table) = self.tables.last_mut()
            && table.held > ENOUGH
        {
            table.pass_on(out)?;
        }
        Ok(())
    }

    /// A table of one row or column is a frame around text.
    fn end_table(&mut self, mut table: Table, out: &mut Output) -> Result<(), Problem> {
        let is_frame = table.header.is_empty() && (table.all.len() < 2 || table.width < 2);
        if !is_frame {
            return table.pass_on(out);
        }
        let mut text = String::new();
        for row in &table.all {
            for cell in row.iter().filter(|cell| !cell.is_empty()) {
                text.push_str(cell);
                text.push('\n');
            }
        }
        match self.runs.last_mut() {
            Some(around) => around.text.push_str(&text),
            None => self.text.push_str(&text),
        }
        Ok(())
    }

    fn pass_on(&mut self, out: &mut Output) -> Result<(), Problem> {
        for text in [&mut self.text, &mut self.beside] {
            let text = mem::take(text);
            if !text.trim().is_empty() {
                out.text(text.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Passes on what there is, also of what did not end.
    pub(super) fn end(&mut self, out: &mut Output) -> Result<(), Problem> {
        while let Some(run) = self.runs.pop() {
            self.end_run(run);
        }
        while let Some(mut table) = self.tables.pop() {
            table.end_row();
            self.end_table(table, out)?;
        }
        for element in mem::take(&mut self.open) {
            self.line(&element.text);
        }
        self.pass_on(out)
    }
}

/// The character of a symbol, by its number in hexadecimal; those of fonts
/// that are no Unicode stand in the private area.
fn character(number: &str) -> Option<char> {
    let number = u32::from_str_radix(number, 16).ok()?;
    let number = match number {
        0xF020..=0xF0FF => number - 0xF000,
        _ => number,
    };
    char::from_u32(number).filter(|char| !char.is_control())
}

impl Table {
    fn cell(&mut self, text: &str, span: usize, again: usize) {
        for _ in 0..again {
            self.held += text.len() + 24;
            self.row.push(text.to_owned());
            for _ in 1..span {
                self.row.push(String::new());
            }
        }
    }

    fn end_row(&mut self) {
        let mut row = mem::take(&mut self.row);
        while row.last().is_some_and(String::is_empty) {
            row.pop();
        }
        if !row.is_empty() {
            self.width = self.width.max(row.len());
            self.all.push(row);
        }
    }

    fn pass_on(&mut self, out: &mut Output) -> Result<(), Problem> {
        let mut long = Vec::new();
        self.rows.clear();
        if !self.header.is_empty() {
            self.rows.extend_from_slice(&self.header);
        }
        for row in mem::take(&mut self.all) {
            let start = self.rows.len();
            let mut cells: Vec<String> = row;
            cells.resize(self.width.max(cells.len()), String::new());
            for cell in &mut cells {
                if cell.bytes().filter(|&byte| byte == b'\n').count() > 3 {
                    let flat = cell.replace('\n', " ");
                    long.push(mem::replace(cell, flat));
                }
            }
            push_row(&mut self.rows, cells.iter().map(String::as_bytes));
            self.count += 1;
            if self.header.is_empty() {
                self.header = self.rows.get(start..).unwrap_or_default().to_vec();
            }
        }
        self.held = 0;
        out.text(&self.rows)?;
        for text in long {
            out.text(text.as_bytes())?;
        }
        Ok(())
    }
}
