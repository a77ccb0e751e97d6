//! Goes through what draws a page (ISO 32000-1, 8 and 9) for its text, and
//! for whether there is anything else to see.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::Image;

use super::document::Document;
use super::font::Font;
use super::glyphs::Glyphs;
use super::layout::{Span, is_word_gap, push_lines};
use super::lexer::{Item, Lexer, is_space};
use super::object::{Dict, Object};
use crate::problem::Problem;

/// How deep forms stand in one another.
const DEPTH: usize = 16;
/// The most operations of a document: a form may be drawn by a form many
/// times, and that one again.
const OPERATIONS: u64 = 60_000_000;
/// So many bytes of forms are gone through again, each time that a form is
/// drawn again; after that, a form that was drawn is not drawn once more. What
/// is written in it was read, only not in each place where it is shown.
const AGAIN: usize = 16 << 20;
/// Lines are made of so many pieces at most.
const SPANS: usize = 100_000;
/// So many codes of all fonts together may have no letter: text may be spread
/// over fonts of which each has a few.
const UNKNOWN: usize = 16;
/// The shortest text that is taken for one where pixels should be.
const SHORTEST: usize = 8;
/// Without a text, so many lines, curves and boxes may be letters.
const STROKES: u64 = 24;
const BOXES: u64 = 96;

type Matrix = [f64; 6];
const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// `first`, then `second`.
fn product(first: &Matrix, second: &Matrix) -> Matrix {
    let [a, b, c, d, e, f] = *first;
    let [g, h, i, j, k, l] = *second;
    [
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + l,
    ]
}

#[derive(Clone)]
struct State {
    matrix: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    character_space: f64,
    word_space: f64,
    stretch: f64,
    leading: f64,
    rise: f64,
}

/// What was seen on a page.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) text: String,
    letters: u64,
    strokes: u64,
    boxes: u64,
    shades: bool,
    images: u64,
}

impl Seen {
    /// Its text alone.
    pub(super) fn text_alone(self) -> Self {
        Self {
            text: self.text,
            ..Self::default()
        }
    }

    /// Whether something is drawn that may be text, and nothing can be read.
    pub(super) fn is_drawn(&self) -> bool {
        let draws = self.strokes > STROKES || self.boxes > BOXES || self.shades;
        self.letters == 0 && self.images == 0 && draws
    }
}

pub(super) struct Walk<'d> {
    document: &'d Document,
    glyphs: Glyphs,
    fonts: HashMap<usize, Rc<Font>>,
    /// All that were used, for what they do not say.
    used: Vec<Rc<Font>>,
    operations: u64,
    /// Forms that were drawn, by where they stand and how late they looked.
    drawn: HashSet<(u64, u64)>,
    /// How much more may be gone through again.
    again: usize,
    /// Revisions after this are not looked at.
    pub(super) limit: u64,
    /// Images that stand in pages themselves.
    pub(super) images: Vec<Image>,
    spans: Vec<Span>,
    seen: Seen,
    depth: usize,
    /// How many text objects there were.
    blocks: u32,
}

impl<'d> Walk<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self {
            document,
            glyphs: Glyphs::new(),
            fonts: HashMap::new(),
            used: Vec::new(),
            operations: 0,
            drawn: HashSet::new(),
            again: AGAIN,
            limit: super::document::LATEST,
            images: Vec::new(),
            spans: Vec::new(),
            seen: Seen::default(),
            depth: 0,
            blocks: 0,
        }
    }

    /// Whether a font was used that does not say what its letters are.
    pub(super) fn is_illegible(&self) -> bool {
        let unknown: usize = self.used.iter().map(|font| font.unknown()).sum();
        unknown > UNKNOWN || self.used.iter().any(|font| font.is_illegible())
    }

    /// Draws the content of a page, or of a form for itself.
    pub(super) fn draw(&mut self, content: &[u8], resources: &Dict) -> Result<(), Problem> {
        self.run(content, resources, IDENTITY)
    }

    /// Draws a form or the appearance of an annotation, moved to a place.
    pub(super) fn draw_form(&mut self, form: &Object, to: (f64, f64)) -> Result<(), Problem> {
        let matrix = [1.0, 0.0, 0.0, 1.0, to.0, to.1];
        self.form(form, &Dict::default(), matrix)
    }

    /// What was seen since the last time; text is in lines.
    pub(super) fn finish(&mut self) -> Seen {
        let spans = std::mem::take(&mut self.spans);
        push_lines(spans, &mut self.seen.text);
        std::mem::take(&mut self.seen)
    }

    fn form(&mut self, form: &Object, outer: &Dict, matrix: Matrix) -> Result<(), Problem> {
        let Some(stream) = form.stream() else {
            return Ok(());
        };
        if self.depth >= DEPTH {
            self.document.note(Reason::TooDeep);
            return Ok(());
        }
        let is_new = self.drawn.insert((stream.start, self.limit));
        if !is_new && self.again == 0 {
            // With fonts of whoever draws it, it may say something else.
            if !stream.dict.has("Resources") {
                self.document.note(Reason::TooLarge);
            }
            return Ok(());
        }
        let content = match self.document.decode(stream) {
            Ok(content) => content,
            Err(Problem::Unread(reason)) if reason != Reason::TooLarge => {
                self.document.note(reason);
                return Ok(());
            }
            Err(problem) => return Err(problem),
        };
        if !is_new {
            // The least is what it takes to begin with a form.
            self.again = self.again.saturating_sub(content.len().max(256));
        }
        let value = |key: &str| self.document.value(&stream.dict, key, self.limit);
        let own = value("Matrix");
        let own: Vec<f64> = own
            .array()
            .map(|items| items.iter().filter_map(Object::number).collect())
            .unwrap_or_default();
        let own: Matrix = own.try_into().unwrap_or(IDENTITY);
        let resources = value("Resources");
        let resources = resources.dict().map_or(outer, |dict| dict);
        self.depth += 1;
        let run = self.run(&content, &resources.clone(), product(&own, &matrix));
        self.depth -= 1;
        run
    }

    fn run(&mut self, content: &[u8], resources: &Dict, matrix: Matrix) -> Result<(), Problem> {
        let mut state = State {
            matrix,
            font: None,
            size: 1.0,
            character_space: 0.0,
            word_space: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        let mut saved: Vec<State> = Vec::new();
        let (mut text, mut line) = (IDENTITY, IDENTITY);
        let mut stack: Vec<Object> = Vec::new();
        let mut lexer = Lexer::new(content, true);
        loop {
            let before = lexer.at;
            let word = match lexer.operation() {
                Ok(Item::Object(object)) => {
                    if stack.len() < 4096 {
                        stack.push(object);
                    }
                    continue;
                }
                Ok(Item::Word(word)) => word,
                Ok(Item::CloseArray | Item::CloseDict) => continue,
                Err(_) if lexer.at >= content.len() => break,
                Err(_) => {
                    self.document.note(Reason::Damaged);
                    lexer.at = lexer.at.max(before + 1);
                    continue;
                }
            };
            self.operations += 1;
            if self.operations > OPERATIONS {
                return Err(Reason::TooLarge.into());
            }
            let number = |at: usize| stack.get(at).and_then(Object::number).unwrap_or(0.0);
            let six = || {
                [
                    number(0),
                    number(1),
                    number(2),
                    number(3),
                    number(4),
                    number(5),
                ]
            };
            match word {
                b"q" if saved.len() < 512 => saved.push(state.clone()),
                b"Q" => {
                    if let Some(before) = saved.pop() {
                        state = before;
                    }
                }
                b"cm" => state.matrix = product(&six(), &state.matrix),
                b"BT" => {
                    self.blocks = self.blocks.wrapping_add(1);
                    (text, line) = (IDENTITY, IDENTITY);
                }
                b"Tf" => {
                    state.size = number(1);
                    let name = stack.first().and_then(Object::name);
                    state.font = name.and_then(|name| self.font(resources, name));
                }
                b"Tc" => state.character_space = number(0),
                b"Tw" => state.word_space = number(0),
                b"Tz" => state.stretch = number(0) / 100.0,
                b"TL" => state.leading = number(0),
                b"Ts" => state.rise = number(0),
                b"Td" | b"TD" => {
                    if word == b"TD" {
                        state.leading = -number(1);
                    }
                    line = product(&[1.0, 0.0, 0.0, 1.0, number(0), number(1)], &line);
                    text = line;
                }
                b"Tm" => (text, line) = (six(), six()),
                b"T*" | b"'" | b"\"" => {
                    if word == b"\"" {
                        state.word_space = number(0);
                        state.character_space = number(1);
                    }
                    line = product(&[1.0, 0.0, 0.0, 1.0, 0.0, -state.leading], &line);
                    text = line;
                    if let Some(Object::Text(shown)) = stack.last() {
                        self.show(&state, &mut text, &[Object::Text(Rc::clone(shown))]);
                    }
                }
                b"Tj" => self.show(&state, &mut text, &stack),
                b"TJ" => {
                    if let Some(Object::Array(items)) = stack.last() {
                        self.show(&state, &mut text, items);
                    }
                }
                b"Do" => {
                    if let Some(name) = stack.first().and_then(Object::name) {
                        self.draw_named(resources, name, state.matrix)?;
                    }
                }
                b"BI" => {
                    let rest = &content[lexer.at..];
                    let (dict, data) = inline_image(rest);
                    lexer.at = (lexer.at + data.end + 2).min(content.len());
                    self.inline(&dict, rest.get(data).unwrap_or_default());
                }
                b"BDC" | b"DP" => {
                    // Said instead of what is shown, or beside it.
                    let dict = stack.last().and_then(Object::dict);
                    let actual = dict.and_then(|dict| dict.get("ActualText")?.text());
                    let actual = actual.map(super::encodings::text_of);
                    if let Some(actual) = actual.filter(|text| text.trim().chars().count() > 2) {
                        self.seen.text.push_str(actual.trim());
                        self.seen.text.push('\n');
                    }
                }
                b"l" | b"c" | b"v" | b"y" => self.seen.strokes += 1,
                b"re" => self.seen.boxes += 1,
                b"sh" => self.seen.shades = true,
                _ => {}
            }
            stack.clear();
        }
        Ok(())
    }

    /// The resource of this kind and name.
    fn resource(&self, resources: &Dict, kind: &str, name: &[u8]) -> Option<Object> {
        let named = self.document.value(resources, kind, self.limit);
        let found = named.dict()?.0.iter().find(|(known, _)| **known == *name);
        found.map(|(_, object)| object.clone())
    }

    fn font(&mut self, resources: &Dict, name: &[u8]) -> Option<Rc<Font>> {
        let reference = self.resource(resources, "Font", name)?;
        let at = match reference {
            Object::Ref(number) => self.document.lookup(number, self.limit),
            _ => None,
        };
        if let Some(font) = at.and_then(|at| self.fonts.get(&at)) {
            return Some(Rc::clone(font));
        }
        let object = self.document.resolve(&reference, self.limit);
        let font = Rc::new(Font::of(self.document, object.dict()?, &self.glyphs));
        if let Some(at) = at {
            self.fonts.insert(at, Rc::clone(&font));
        }
        self.used.push(Rc::clone(&font));
        Some(font)
    }

    /// Shows strings, with moves between them.
    fn show(&mut self, state: &State, text: &mut Matrix, items: &[Object]) {
        let Some(font) = &state.font else {
            if items
                .iter()
                .any(|item| item.text().is_some_and(|t| !t.is_empty()))
            {
                // A font that is not there may be any.
                self.document.note(Reason::Illegible);
            }
            return;
        };
        let mut piece = String::new();
        let mut start = *text;
        for item in items {
            match item {
                Object::Number(by) => {
                    let move_by = -by / 1000.0 * state.size * state.stretch;
                    let is_gap = is_word_gap(move_by.abs(), (state.size * state.stretch).abs());
                    if is_gap && !piece.is_empty() {
                        self.push(state, &start, text, std::mem::take(&mut piece));
                    }
                    *text = product(&[1.0, 0.0, 0.0, 1.0, move_by, 0.0], text);
                    if piece.is_empty() {
                        start = *text;
                    }
                }
                Object::Text(bytes) => {
                    if piece.is_empty() {
                        start = *text;
                    }
                    let mut across = 0.0;
                    let mut letters = 0;
                    font.show(self.document, &self.glyphs, bytes, &mut |shown| {
                        piece.push_str(shown.text);
                        letters += 1;
                        let space = if shown.is_space {
                            state.word_space
                        } else {
                            0.0
                        };
                        let own = shown.width * state.size;
                        across += (own + state.character_space + space) * state.stretch;
                    });
                    self.seen.letters += letters;
                    *text = product(&[1.0, 0.0, 0.0, 1.0, across, 0.0], text);
                }
                _ => {}
            }
        }
        if !piece.is_empty() {
            self.push(state, &start, text, piece);
        }
    }

    /// Notes a piece of text from one place to another.
    fn push(&mut self, state: &State, from: &Matrix, to: &Matrix, piece: String) {
        let begin = product(from, &state.matrix);
        let end = product(to, &state.matrix);
        let across = begin[0].hypot(begin[1]);
        if across == 0.0 || !across.is_finite() {
            self.seen.text.push_str(&piece);
            self.seen.text.push('\n');
            return;
        }
        let (mut cos, mut sin) = (begin[0] / across, begin[1] / across);
        if state.size * state.stretch < 0.0 {
            (cos, sin) = (-cos, -sin);
        }
        let up = begin[2].hypot(begin[3]);
        let size = (state.size * if up > 0.0 { up } else { across }).abs();
        let rise = state.rise * up;
        let along = |place: &Matrix| place[4] * cos + place[5] * sin;
        // What is written to the left, by a mirror, is turned around.
        let (start, end) = (along(&begin), along(&end));
        #[expect(clippy::cast_possible_truncation, reason = "between -180 and 180")]
        let angle = sin.atan2(cos).to_degrees().round() as i32;
        if self.spans.len() >= SPANS {
            let spans = std::mem::take(&mut self.spans);
            push_lines(spans, &mut self.seen.text);
        }
        self.spans.push(Span {
            angle: if angle == -180 { 180 } else { angle },
            start: start.min(end),
            end: start.max(end),
            line: begin[5] * cos - begin[4] * sin + rise,
            size: if size > 0.0 { size } else { 1.0 },
            block: self.blocks,
            text: piece,
        });
    }

    fn draw_named(&mut self, resources: &Dict, name: &[u8], matrix: Matrix) -> Result<(), Problem> {
        let found = self.resource(resources, "XObject", name);
        let object = found.map_or(Object::Null, |o| self.document.resolve(&o, self.limit));
        let Some(dict) = object.dict() else {
            self.document.note(Reason::Damaged);
            return Ok(());
        };
        if dict.is("Subtype", "Image") {
            self.seen.images += 1;
            return Ok(());
        }
        self.form(&object, resources, matrix)
    }

    fn inline(&mut self, dict: &Dict, data: &[u8]) {
        // What cannot be decoded is no text.
        let data = self.document.filtered(dict, data.to_vec());
        if let Some(text) = data.as_deref().ok().and_then(text_for_pixels) {
            self.seen.text.push_str(text);
            self.seen.text.push('\n');
        }
        let side = |long: &str, short: &str| {
            let value = dict.get(short).or_else(|| dict.get(long));
            value.and_then(Object::whole).unwrap_or(0)
        };
        self.seen.images += 1;
        if self.images.len() < SPANS {
            self.images.push(Image {
                width: side("Width", "W"),
                height: side("Height", "H"),
                metadata: 0,
            });
        }
    }
}

/// What stands for pixels, if it is text.
pub(super) fn text_for_pixels(data: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(data).ok()?.trim();
    let is_text = |c: char| c.is_whitespace() || c.is_alphanumeric() || c.is_ascii_graphic();
    (text.len() >= SHORTEST && text.chars().all(is_text)).then_some(text)
}

/// The dictionary of an image that stands in a content stream, behind `BI`,
/// and where its data is; behind that come two bytes, the end.
fn inline_image(content: &[u8]) -> (Dict, Range<usize>) {
    let mut lexer = Lexer::new(content, true);
    let mut dict = Dict::default();
    let mut key: Option<Rc<[u8]>> = None;
    loop {
        match lexer.operation() {
            Ok(Item::Object(object)) => match (key.take(), object) {
                (None, Object::Name(name)) => key = Some(name),
                (None, _) => {}
                (Some(name), value) => dict.0.push((name, value)),
            },
            Ok(Item::Word(b"ID")) => break,
            Ok(_) => {}
            Err(_) => return (dict, content.len()..content.len()),
        }
    }
    // The data has any bytes: its end is `EI` between spaces, with what may
    // be an operator behind it.
    let start = (lexer.at + 1).min(content.len());
    let mut at = start;
    while let Some(found) = memchr::memmem::find(&content[at..], b"EI") {
        let end = at + found;
        let after = &content[end + 2..content.len().min(end + 12)];
        let is_end = end > 0
            && is_space(content[end - 1])
            && after.first().is_none_or(|&byte| is_space(byte))
            && after
                .iter()
                .all(|&byte| is_space(byte) && byte != 0 || (32..127).contains(&byte));
        if is_end {
            return (dict, start..end);
        }
        at = end + 2;
    }
    (dict, start..content.len())
}
