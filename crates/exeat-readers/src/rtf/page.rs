//! Groups and control words → lines and tables.

use std::collections::HashMap;
use std::mem;

use encoding_rs::{Encoding, WINDOWS_1252};
use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::Image;

use super::words::digit;
use crate::input::Input;
use crate::office::code_page;
use crate::office::grid::Grid;
use crate::output::Output;
use crate::problem::Problem;

/// How deep groups nest.
const MAX_DEPTH: usize = 512;
/// Text is passed on in parts of about this size.
const ENOUGH: usize = 2 << 20;
/// The most bytes of one picture or object.
const MAX_OBJECT: usize = 32 << 20;
/// The most text of one paragraph or cell.
const MAX_RUN: usize = 16 << 20;
/// The most fonts.
const MAX_FONTS: usize = 1 << 16;

/// Where text goes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Destination {
    #[default]
    Body,
    /// A note, a comment, a header, a field's instruction: lines beside.
    Beside,
    /// The names of fonts, and which letters they have.
    Fonts,
    /// Themes and settings of the program, in hexadecimal.
    Data,
    Picture,
    Object,
}

#[derive(Clone, Copy)]
struct Group {
    destination: Destination,
    /// How many characters stand for one that cannot be shown.
    skip: usize,
    encoding: &'static Encoding,
    /// Whether the group began just now, with `\*`.
    starred: bool,
    /// Its text was deleted, and is there still.
    deleted: bool,
}

pub(super) struct Page {
    groups: Vec<Group>,
    began: bool,
    default: &'static Encoding,
    fonts: HashMap<i32, &'static Encoding>,
    font: i32,
    /// Bytes that are to be decoded together.
    pending: Vec<u8>,
    /// Half of a character.
    surrogate: Option<u16>,
    to_skip: usize,
    /// Lines of the body; the paragraph at hand; what stands beside.
    text: String,
    run: String,
    beside: String,
    note: String,
    cells: Vec<String>,
    table: Option<(Grid, u64)>,
    hex: Vec<u8>,
    half: Option<u8>,
    in_table: bool,
    picture: (u32, u32),
}

impl Default for Page {
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            began: false,
            default: WINDOWS_1252,
            fonts: HashMap::new(),
            font: 0,
            pending: Vec::new(),
            surrogate: None,
            to_skip: 0,
            text: String::new(),
            run: String::new(),
            beside: String::new(),
            note: String::new(),
            cells: Vec::new(),
            table: None,
            hex: Vec::new(),
            half: None,
            in_table: false,
            picture: (0, 0),
        }
    }
}

impl Page {
    /// Whether the outermost group has ended.
    pub(super) fn is_done(&self) -> bool {
        self.began && self.groups.is_empty()
    }

    pub(super) fn open(&mut self) -> Result<(), Problem> {
        self.decode()?;
        self.began = true;
        let mut group = self.groups.last().copied().unwrap_or(Group {
            destination: Destination::Body,
            skip: 1,
            encoding: self.default,
            starred: false,
            deleted: false,
        });
        group.starred = false;
        if self.groups.len() >= MAX_DEPTH {
            return Err(Reason::PartTooLarge.into());
        }
        self.groups.push(group);
        self.to_skip = 0;
        Ok(())
    }

    pub(super) fn close(&mut self, out: &mut Output) -> Result<(), Problem> {
        self.decode()?;
        self.to_skip = 0;
        let ended = self.groups.pop().ok_or(Reason::Damaged)?;
        if ended.deleted {
            self.push(" ")?;
        }
        let around = self.groups.last().map(|group| group.destination);
        if around == Some(ended.destination) {
            return Ok(());
        }
        match ended.destination {
            Destination::Beside | Destination::Fonts => {
                let note = mem::take(&mut self.note);
                self.beside.push_str(note.trim());
                self.beside.push('\n');
            }
            Destination::Picture | Destination::Object | Destination::Data => {
                let bytes = mem::take(&mut self.hex);
                self.half = None;
                return self.file(&bytes, ended.destination, out);
            }
            _ => {}
        }
        Ok(())
    }

    /// A picture or an object that has ended.
    fn file(&mut self, bytes: &[u8], from: Destination, out: &mut Output) -> Result<(), Problem> {
        let (width, height) = mem::take(&mut self.picture);
        if bytes.is_empty() {
            return Ok(());
        }
        if from == Destination::Data {
            // A theme is an archive.
            if bytes.starts_with(b"PK") {
                return out.member(b"theme", Input::of_bytes(bytes.to_vec()));
            }
            return out.text(crate::office::strings(bytes).as_bytes());
        }
        if from == Destination::Picture {
            if exeat_core::inspect::reader::recognise(bytes).is_some() {
                return out.member(b"picture", Input::of_bytes(bytes.to_vec()));
            }
            // Drawing commands, and bitmaps without a header.
            out.image(Image {
                width,
                height,
                metadata: 0,
            })?;
            let text = crate::office::strings(bytes);
            return out.text(text.as_bytes());
        }
        // An object's data begin with the name of its program (MS-OLEDS 2.2.5);
        // what follows is a compound file, or anything.
        match memchr::memmem::find(bytes, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
            Some(at) => {
                let object = bytes.get(at..).unwrap_or_default().to_vec();
                out.member(b"object", Input::of_bytes(object))
            }
            None => {
                out.text(crate::office::strings(bytes).as_bytes())?;
                out.uninspected(Reason::Foreign)
            }
        }
    }

    fn destination(&self) -> Destination {
        self.groups
            .last()
            .map_or(Destination::Body, |group| group.destination)
    }

    fn turn(&mut self, to: Destination) {
        if let Some(group) = self.groups.last_mut() {
            group.destination = to;
        }
    }

    pub(super) fn word(
        &mut self,
        word: &str,
        number: Option<i32>,
        out: &mut Output,
    ) -> Result<(), Problem> {
        if word != "u" {
            self.decode()?;
        }
        if self.to_skip > 0 && word != "u" {
            self.to_skip -= 1;
        }
        let starred = self
            .groups
            .last_mut()
            .is_some_and(|group| mem::take(&mut group.starred));
        let size = || u32::try_from(number.unwrap_or(0)).unwrap_or(0);
        match word {
            "u" => return self.unicode(number.unwrap_or(0), out),
            "uc" => {
                if let Some(group) = self.groups.last_mut() {
                    group.skip = usize::try_from(number.unwrap_or(1)).unwrap_or(1).min(16);
                }
            }
            "ansicpg" => {
                self.default = code_page(u16::try_from(number.unwrap_or(0)).unwrap_or(0));
                self.encode(self.default);
            }
            "mac" => {
                self.default = encoding_rs::MACINTOSH;
                self.encode(self.default);
            }
            "f" => {
                self.font = number.unwrap_or(0);
                let font = self.fonts.get(&self.font).copied();
                if self.destination() != Destination::Fonts {
                    self.encode(font.unwrap_or(self.default));
                }
            }
            "fcharset" => {
                if let Some(encoding) = charset(number.unwrap_or(0))
                    && self.fonts.len() < MAX_FONTS
                {
                    self.fonts.insert(self.font, encoding);
                }
            }
            "plain" => self.encode(self.default),
            "fonttbl" => self.turn(Destination::Fonts),
            "themedata" | "colorschememapping" | "datastore" => self.turn(Destination::Data),
            "fontemb" => {
                self.turn(Destination::Data);
                out.uninspected(Reason::Foreign)?;
            }
            "colortbl" | "stylesheet" | "listtable" | "listoverridetable" | "rsidtbl"
            | "latentstyles" | "xmlnstbl" | "generator" | "bkmkstart" | "bkmkend" | "falt" => {
                self.turn(Destination::Beside);
            }
            "pict" => {
                self.picture = (0, 0);
                self.turn(Destination::Picture);
            }
            "picw" => self.picture.0 = size(),
            "pich" => self.picture.1 = size(),
            "objdata" => self.turn(Destination::Object),
            "info" | "header" | "headerl" | "headerr" | "headerf" | "footer" | "footerl"
            | "footerr" | "footerf" | "footnote" | "annotation" | "atnid" | "atnauthor"
            | "fldinst" | "userprops" | "docvar" | "revtbl" | "shptxt" | "sn" | "sv"
            | "datafield" | "formfield" | "xe" | "tc" | "private" | "template" => {
                self.turn(Destination::Beside);
            }
            "par" | "line" | "sect" | "page" | "column" => self.line(out)?,
            "tab" => self.push("\t")?,
            "cell" | "nestcell" => self.end_cell(),
            "row" | "nestrow" => self.end_row(out)?,
            "intbl" => self.in_table = true,
            "pard" => self.in_table = false,
            "deleted" => {
                // What was deleted is no part of the word that replaces it.
                self.push(" ")?;
                if let Some(group) = self.groups.last_mut() {
                    group.deleted = number != Some(0);
                }
            }
            "emdash" => self.push("\u{2014}")?,
            "endash" => self.push("\u{2013}")?,
            "lquote" | "rquote" => self.push("'")?,
            "ldblquote" | "rdblquote" => self.push("\"")?,
            "bullet" => self.push("\u{2022}")?,
            "emspace" | "enspace" | "qmspace" => self.push(" ")?,
            // Of the properties of a document: each on a line of its own.
            "title" | "subject" | "author" | "manager" | "company" | "operator" | "category"
            | "keywords" | "comment" | "doccomm" | "hlinkbase" | "propname" | "staticval"
            | "linkval"
                if self.destination() == Destination::Beside =>
            {
                self.push("\n")?;
            }
            // A destination that nobody knows here: its text is passed on.
            _ if starred => self.turn(Destination::Beside),
            _ => {}
        }
        Ok(())
    }

    fn encode(&mut self, encoding: &'static Encoding) {
        if let Some(group) = self.groups.last_mut() {
            group.encoding = encoding;
        }
    }

    fn unicode(&mut self, number: i32, out: &mut Output) -> Result<(), Problem> {
        self.decode()?;
        let _ = &out;
        self.to_skip = self.groups.last().map_or(1, |group| group.skip);
        if let Some(group) = self.groups.last_mut() {
            group.starred = false;
        }
        let [low, high, ..] = number.to_le_bytes();
        let unit = u16::from_le_bytes([low, high]);
        let mut units = Vec::new();
        units.extend(self.surrogate.take());
        if (0xD800..0xDC00).contains(&unit) {
            self.surrogate = Some(unit);
            return Ok(());
        }
        units.push(unit);
        let text = String::from_utf16_lossy(&units);
        self.push(&text)
    }

    pub(super) fn symbol(&mut self, symbol: u8, out: &mut Output) -> Result<(), Problem> {
        self.decode()?;
        match symbol {
            b'*' => {
                if let Some(group) = self.groups.last_mut() {
                    group.starred = true;
                }
                Ok(())
            }
            b'~' => self.push(" "),
            b'_' => self.push("-"),
            b'-' | b':' => Ok(()),
            b'\r' | b'\n' => self.line(out),
            b'\t' => self.push("\t"),
            symbol => self.byte(symbol, out),
        }
    }

    /// A byte in hexadecimal.
    pub(super) fn escaped(&mut self, byte: u8, out: &mut Output) -> Result<(), Problem> {
        let _ = &out;
        match self.destination() {
            Destination::Picture | Destination::Object | Destination::Data => self.binary(&[byte]),
            _ => self.letter(byte),
        }
    }

    /// A byte as it stands.
    pub(super) fn byte(&mut self, byte: u8, out: &mut Output) -> Result<(), Problem> {
        let _ = &out;
        match self.destination() {
            Destination::Picture | Destination::Object | Destination::Data => {
                let Some(digit) = digit(byte) else {
                    return Ok(());
                };
                match self.half.take() {
                    None => {
                        self.half = Some(digit);
                        Ok(())
                    }
                    Some(high) => self.binary(&[high * 16 + digit]),
                }
            }
            _ => self.letter(byte),
        }
    }

    fn letter(&mut self, byte: u8) -> Result<(), Problem> {
        if self.to_skip > 0 {
            self.to_skip -= 1;
            return Ok(());
        }
        self.pending.push(byte);
        if self.pending.len() > ENOUGH {
            self.decode()?;
        }
        Ok(())
    }

    pub(super) fn binary(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        if self.hex.len() + bytes.len() > MAX_OBJECT {
            return Err(Reason::PartTooLarge.into());
        }
        self.hex.extend_from_slice(bytes);
        Ok(())
    }

    fn decode(&mut self) -> Result<(), Problem> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let bytes = mem::take(&mut self.pending);
        let encoding = self
            .groups
            .last()
            .map_or(self.default, |group| group.encoding);
        let text = encoding.decode_without_bom_handling(&bytes).0;
        self.push(&text)
    }

    fn push(&mut self, text: &str) -> Result<(), Problem> {
        let to = match self.destination() {
            Destination::Body => &mut self.run,
            Destination::Beside | Destination::Fonts => &mut self.note,
            _ => return Ok(()),
        };
        if to.len() + text.len() > MAX_RUN {
            return Err(Reason::PartTooLarge.into());
        }
        to.push_str(text);
        Ok(())
    }

    /// A paragraph has ended.
    fn line(&mut self, out: &mut Output) -> Result<(), Problem> {
        if self.destination() != Destination::Body {
            return self.push("\n");
        }
        self.run.push('\n');
        // In a table, a cell may have several paragraphs.
        if self.cells.is_empty() && !self.in_table {
            if let Some((grid, _)) = self.table.take() {
                grid.end(out)?;
            }
            self.text.push_str(&mem::take(&mut self.run));
        }
        if self.text.len() + self.beside.len() > ENOUGH {
            self.pass_on(out)?;
        }
        if self.run.len() > MAX_RUN {
            return Err(Reason::PartTooLarge.into());
        }
        Ok(())
    }

    fn end_cell(&mut self) {
        if self.destination() == Destination::Body {
            let run = mem::take(&mut self.run);
            self.cells.push(run.trim().to_owned());
        } else {
            self.note.push('\t');
        }
    }

    fn end_row(&mut self, out: &mut Output) -> Result<(), Problem> {
        if self.destination() != Destination::Body {
            self.note.push('\n');
            return Ok(());
        }
        let (grid, row) = self.table.get_or_insert_default();
        *row += 1;
        for (column, cell) in mem::take(&mut self.cells).iter().enumerate() {
            grid.cell(column, cell);
        }
        grid.end_row(*row, out)
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

    /// Passes on what there is, also where groups did not end.
    pub(super) fn end(&mut self, out: &mut Output) -> Result<(), Problem> {
        self.decode()?;
        if let Some((grid, _)) = self.table.take() {
            grid.end(out)?;
        }
        for cell in mem::take(&mut self.cells) {
            self.text.push_str(&cell);
            self.text.push('\n');
        }
        self.text.push_str(&mem::take(&mut self.run));
        self.beside.push_str(&mem::take(&mut self.note));
        self.pass_on(out)
    }
}

/// The encoding of a font, by the number Windows gives its character set.
fn charset(number: i32) -> Option<&'static Encoding> {
    let page = match number {
        0 => 1252,
        77 => 10_000,
        128 => 932,
        129 | 130 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    };
    Some(code_page(page))
}
