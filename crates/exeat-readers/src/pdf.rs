//! PDF (ISO 32000): the text of its pages in lines, and everything else that
//! is in it.
//!
//! Objects are not looked for by the table of contents but by going through
//! the whole file (`pdf/index.rs`): so what an earlier revision said, and a
//! later one took back without removing it, is read like the rest. Then every
//! object is looked at (`pdf/sweep.rs`), whether a page leads to it or not:
//! strings, fields, images, attached files; and every page, in each of its
//! versions, is drawn as far as its text goes (`pdf/content.rs`).
//!
//! Pixels are not read: each image is said with its size. Nor is what is
//! drawn letter by letter without a font: such a page is said to be an image.

mod cmap;
mod content;
mod crypt;
mod document;
mod encodings;
mod filters;
mod font;
mod glyphs;
mod index;
mod layout;
mod lexer;
mod object;
mod program;
mod streams;
mod sweep;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read;
use std::rc::Rc;

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::Image;

use crate::image;
use crate::input::Input;
use crate::output::Output;
use crate::problem::Problem;
use content::{Seen, Walk};
use crypt::Closed;
use document::{Document, LATEST, Opened};
use object::{Dict, Object, Stream};
use sweep::Found;

/// Text is passed on in parts of about this size at most.
const PART: usize = 8 << 20;
/// How many revisions a page is drawn in, from the latest back.
const REVISIONS: usize = 8;
/// The keys of a table of hints (ISO 32000-1, annex F).
const HINT: &[&[u8]] = &[
    b"P",
    b"S",
    b"T",
    b"O",
    b"A",
    b"E",
    b"V",
    b"I",
    b"C",
    b"L",
    b"R",
    b"B",
    b"Length",
    b"Filter",
    b"DecodeParms",
];
/// So much of what should be pixels is looked at to see that it is none.
const TEXT_HEAD: u64 = 4096;
/// How deep a tree of pages is.
const TREE: usize = 48;

pub(crate) fn read(input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let window = input.into_window()?;
    let document = match Document::open(window, out.budget())? {
        Opened::Document(document) => document,
        Opened::Closed(Closed::Weakly) => {
            out.weak()?;
            return Err(Reason::WeaklyProtected.into());
        }
        Opened::Closed(Closed::Strongly) => return Err(Reason::Encrypted.into()),
    };
    let found = Found::of(&document);
    let mut reader = Reader {
        walk: Walk::new(&document),
        document: &document,
        text: String::new(),
        drawn: HashSet::new(),
        out,
    };
    let pages = reader.pages(&found)?;
    if pages == 0 {
        document.note(Reason::Damaged);
    }
    reader.add(&found.text)?;
    reader.add(&String::from_utf8_lossy(&document.comments))?;
    reader.rest(&found)?;
    reader.finish()?;
    reader.files(&found)?;
    if reader.walk.is_illegible() {
        document.note(Reason::Illegible);
    }
    for reason in document.reasons() {
        out.uninspected(reason)?;
    }
    Ok(())
}

struct Reader<'d, 'o> {
    document: &'d Document,
    walk: Walk<'d>,
    /// What is not passed on yet.
    text: String,
    /// Of pages whose text was passed on, its hash.
    drawn: HashSet<u64>,
    out: &'o mut Output,
}

impl Reader<'_, '_> {
    fn add(&mut self, text: &str) -> Result<(), Problem> {
        if !text.is_empty() {
            if !self.text.is_empty() {
                self.text.push('\n');
            }
            self.text.push_str(text);
        }
        if self.text.len() > PART {
            self.finish()?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Problem> {
        if self.text.trim().is_empty() {
            return Ok(());
        }
        self.out.spend(self.text.len() as u64)?;
        self.out.text(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    /// Draws all pages: those of the tree in its order, then those that are in
    /// none; gives how many there are.
    fn pages(&mut self, found: &Found) -> Result<usize, Problem> {
        let mut order = Vec::new();
        let mut visited = HashSet::new();
        let root = self.document.trailers.iter().rev();
        let root = root.filter_map(|(_, trailer)| {
            let root = self.document.value(trailer, "Root", LATEST);
            root.dict()?.get("Pages").cloned()
        });
        if let Some(pages) = root.into_iter().next() {
            self.tree(&pages, 0, &mut visited, &mut order);
        }
        let listed: HashSet<usize> = order.iter().copied().collect();
        order.extend(found.pages.iter().filter(|at| !listed.contains(at)));
        for &at in &order {
            self.page(at)?;
        }
        Ok(order.len())
    }

    fn tree(
        &self,
        node: &Object,
        depth: usize,
        visited: &mut HashSet<usize>,
        order: &mut Vec<usize>,
    ) {
        let Object::Ref(number) = node else {
            return;
        };
        let Some(at) = self.document.lookup(*number, LATEST) else {
            self.document.note(Reason::Damaged);
            return;
        };
        if depth > TREE || !visited.insert(at) {
            return;
        }
        let object = self.document.object(at);
        let Some(dict) = object.dict() else {
            self.document.note(Reason::Damaged);
            return;
        };
        match self.document.value(dict, "Kids", LATEST) {
            Object::Array(kids) => {
                for kid in kids.iter() {
                    self.tree(kid, depth + 1, visited, order);
                }
            }
            _ if dict.is("Type", "Pages") => {}
            _ => order.push(at),
        }
    }

    /// Draws a page as it stands in the latest revision that has it so, and,
    /// where it refers to what was changed, in earlier ones.
    fn page(&mut self, at: usize) -> Result<(), Problem> {
        let place = self.document.place(at);
        let next = self.document.next_version(at);
        self.document.has_versions.set(false);
        let last = next.unwrap_or(LATEST);
        let seen = self.draw_page(at, last)?;
        self.say_page(&seen)?;
        if !self.document.has_versions.get() {
            return Ok(());
        }
        let ends: Vec<u64> = self
            .document
            .ends
            .iter()
            .copied()
            .filter(|&end| end > place && end < last)
            .collect();
        if ends.len() > REVISIONS + 1 {
            self.document.note(Reason::TooMany);
        }
        for &end in ends.iter().rev().take(REVISIONS + 1) {
            let seen = self.draw_page(at, end)?;
            self.say_page(&seen)?;
        }
        Ok(())
    }

    fn say_page(&mut self, seen: &Seen) -> Result<(), Problem> {
        if seen.is_drawn() {
            self.out.image(Image::default())?;
        }
        for image in std::mem::take(&mut self.walk.images) {
            self.out.image(image)?;
        }
        let mut hasher = DefaultHasher::new();
        seen.text.hash(&mut hasher);
        if self.drawn.insert(hasher.finish()) {
            self.add(&seen.text)?;
        }
        Ok(())
    }

    fn draw_page(&mut self, at: usize, limit: u64) -> Result<Seen, Problem> {
        let document = self.document;
        self.walk.limit = limit;
        let page = document.object(at);
        let Some(page) = page.dict() else {
            return Ok(Seen::default());
        };
        let resources = self.inherited(page, limit);
        let contents = document.value(page, "Contents", limit);
        let streams = match &contents {
            Object::Array(items) => items.to_vec(),
            Object::Null if page.has("Contents") => {
                document.note(Reason::Damaged);
                Vec::new()
            }
            other => vec![other.clone()],
        };
        let mut content = Vec::new();
        for item in &streams {
            if let Object::Stream(stream) = document.resolve(item, limit) {
                match document.decode(&stream) {
                    Ok(bytes) => content.extend_from_slice(&bytes),
                    Err(Problem::Unread(reason)) if reason != Reason::TooLarge => {
                        document.note(reason);
                    }
                    Err(problem) => return Err(problem),
                }
                content.push(b'\n');
            } else if matches!(item, Object::Ref(_)) {
                document.note(Reason::Damaged);
            }
        }
        self.walk.draw(&content, &resources)?;
        drop(content);
        let annotations = document.value(page, "Annots", limit);
        for annotation in annotations.array().unwrap_or_default() {
            self.appearances(&document.resolve(annotation, limit), limit)?;
        }
        Ok(self.walk.finish())
    }

    fn inherited(&self, page: &Rc<Dict>, limit: u64) -> Dict {
        let mut at = Rc::clone(page);
        for _ in 0..TREE {
            if let Some(resources) = self.document.value(&at, "Resources", limit).dict() {
                return Dict::clone(resources);
            }
            match self.document.value(&at, "Parent", limit) {
                Object::Dict(parent) => at = parent,
                _ => break,
            }
        }
        Dict::default()
    }

    /// Draws what an annotation looks like, in each of its states.
    fn appearances(&mut self, annotation: &Object, limit: u64) -> Result<(), Problem> {
        let document = self.document;
        let Some(dict) = annotation.dict() else {
            return Ok(());
        };
        let numbers = |dict: &Dict, key: &str| -> Vec<f64> {
            let items = document.value(dict, key, limit);
            let items = items.array().unwrap_or_default().iter();
            items
                .filter_map(|item| document.resolve(item, limit).number())
                .collect()
        };
        let rectangle = numbers(dict, "Rect");
        let looks = document.value(dict, "AP", limit);
        let Some(looks) = looks.dict() else {
            return Ok(());
        };
        let mut forms = Vec::new();
        for (_, look) in &looks.0 {
            match document.resolve(look, limit) {
                Object::Dict(states) => {
                    forms.extend(states.0.iter().map(|(_, s)| document.resolve(s, limit)));
                }
                other => forms.push(other),
            }
        }
        for form in forms {
            let Some(stream) = form.stream() else {
                continue;
            };
            let inner = numbers(&stream.dict, "BBox");
            let to = match (&rectangle[..], &inner[..]) {
                ([x, y, ..], [left, low, ..]) => (x - left, y - low),
                ([x, y, ..], _) => (*x, *y),
                _ => (0.0, 0.0),
            };
            self.walk.draw_form(&form, to)?;
        }
        Ok(())
    }

    /// Streams that no page led to: images, metadata, forms, whatever is left.
    fn rest(&mut self, found: &Found) -> Result<(), Problem> {
        let known = streams::known_streams(self.document);
        self.walk.limit = LATEST;
        for stream in &found.streams {
            let dict = &stream.dict;
            if dict.is("Subtype", "Image") {
                self.image(stream)?;
                continue;
            }
            let is_file =
                found.files.contains_key(&stream.start) || dict.is("Type", "EmbeddedFile");
            if is_file || self.document.is_marked(stream) || known.contains(&stream.start) {
                continue;
            }
            match self.left_over(stream) {
                Ok(()) => {}
                Err(Problem::Unread(reason)) if reason != Reason::TooLarge => {
                    self.document.note(reason);
                }
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }

    fn image(&mut self, stream: &Rc<Stream>) -> Result<(), Problem> {
        let document = self.document;
        document.mark(stream);
        let side = |key: &str| document.value(&stream.dict, key, LATEST).whole();
        let mut image = Image {
            width: side("Width").unwrap_or(0),
            height: side("Height").unwrap_or(0),
            metadata: 0,
        };
        let filters = document.filters(&stream.dict);
        if let [(name, _)] = &filters[..]
            && matches!(&**name, b"DCTDecode" | b"DCT")
            && let Ok(window) = document.raw(stream)
            && let Ok(found) = image::of_jpeg(&window)
        {
            image.metadata = found.image.metadata;
            self.add(&found.text)?;
        }
        // Parameters are of pixels.
        if !filters
            .iter()
            .any(|(name, with)| with.is_some() || filters::is_image(name))
            && let Ok(mut decoder) = document.decoder(stream)
        {
            self.text_for_pixels(&mut *decoder)?;
        }
        self.out.image(image)
    }

    /// Passes on what stands for pixels if it begins like text.
    fn text_for_pixels(&mut self, decoder: &mut dyn Read) -> Result<(), Problem> {
        let mut head = Vec::new();
        // What is wrong with it is wrong with pixels.
        let mut decoder = self.out.metered(decoder);
        if decoder
            .by_ref()
            .take(TEXT_HEAD)
            .read_to_end(&mut head)
            .is_err()
        {
            return Ok(());
        }
        let whole = match std::str::from_utf8(&head) {
            // The last letter may be cut.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => head.len(),
        };
        if content::text_for_pixels(&head[..whole]).is_none() {
            return Ok(());
        }
        let most = filters::MOST as u64 - TEXT_HEAD;
        if decoder.take(most).read_to_end(&mut head).is_err() {
            self.document.note(Reason::Damaged);
        }
        self.add(&String::from_utf8_lossy(&head))
    }

    fn left_over(&mut self, stream: &Rc<Stream>) -> Result<(), Problem> {
        let document = self.document;
        let dict = &stream.dict;
        if ["FunctionType", "ShadingType", "Alternate", "HalftoneType"]
            .iter()
            .any(|key| dict.has(key))
        {
            document.mark(stream);
            return Ok(());
        }
        // Where the pages of a linearized file are.
        let is_hint = dict.get("S").and_then(Object::number).is_some();
        if is_hint && dict.0.iter().all(|(key, _)| HINT.contains(&&**key)) {
            return Ok(());
        }
        let is_form = dict.is("Subtype", "Form") || dict.has("PatternType");
        if is_form {
            self.walk
                .draw_form(&Object::Stream(Rc::clone(stream)), (0.0, 0.0))?;
            let seen = self.walk.finish();
            // A picture without text, that no page shows, may be drawn by one
            // in a way that is not followed: a mask, a pattern.
            return self.say_page(&seen.text_alone());
        }
        if document
            .filters(dict)
            .iter()
            .any(|(name, _)| filters::is_image(name))
        {
            return self.image(stream);
        }
        let bytes = document.decode(stream)?;
        if dict.is("Type", "Metadata") || bytes.trim_ascii_start().starts_with(b"<") {
            return self.add(&crate::xmp::lines(&bytes));
        }
        if streams::is_font_or_profile(&bytes) || bytes.trim_ascii().is_empty() {
            return Ok(());
        }
        let says = |word: &[u8]| memchr::memmem::find(&bytes, word).is_some();
        if says(b"begincmap") {
            return Ok(());
        }
        if says(b"BT") && says(b"ET") && (says(b"Tj") || says(b"TJ")) {
            // What drew a page once. Its fonts are not known; where letters
            // are their own codes, they can be read.
            return self.add(&streams::loose_text(&bytes));
        }
        let odd = bytes
            .iter()
            .filter(|&&byte| byte < 9 || (14..32).contains(&byte));
        if odd.count() * 50 < bytes.len() {
            return self.add(&String::from_utf8_lossy(&bytes));
        }
        document.note(Reason::Foreign);
        Ok(())
    }

    fn files(&mut self, found: &Found) -> Result<(), Problem> {
        let document = self.document;
        if !found.form.is_empty() {
            let mut xml = Vec::new();
            for stream in &found.form {
                match document.decode(stream) {
                    Ok(bytes) => xml.extend_from_slice(&bytes),
                    Err(Problem::Unread(reason)) => document.note(reason),
                    Err(gone) => return Err(gone),
                }
                if xml.len() > filters::MOST {
                    document.note(Reason::PartTooLarge);
                    break;
                }
            }
            self.out.member(b"form.xml", Input::of_bytes(xml))?;
        }
        for stream in &found.streams {
            let name = found.files.get(&stream.start);
            if name.is_none() && !stream.dict.is("Type", "EmbeddedFile") {
                continue;
            }
            let name = name.map_or(&b"attachment"[..], |name| name);
            match document.decoder(stream) {
                Ok(decoder) => {
                    let mut decoder = self.out.metered(decoder);
                    self.out.member(name, Input::of_stream(&mut decoder))?;
                }
                Err(Problem::Unread(reason)) => document.note(reason),
                Err(gone) => return Err(gone),
            }
        }
        Ok(())
    }
}
