//! Goes through every object of a document, also those that no page leads to
//! any more: what they say in strings, and which of them need more than that.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use super::document::{Document, LATEST};
use super::encodings::text_of;
use super::object::{Dict, Object, Stream};

/// Keys whose strings are no text that anyone wrote.
const MUTE: &[&[u8]] = &[
    b"ID",
    b"O",
    b"U",
    b"OE",
    b"UE",
    b"Perms",
    b"Registry",
    b"Ordering",
    b"CharSet",
    b"Lang",
    b"DA",
    b"Cert",
    b"CheckSum",
    b"Panose",
    b"Lookup",
    b"W",
    b"R2",
    b"LastModified",
    b"OutputConditionIdentifier",
    b"DestOutputProfileName",
    b"RegistryName",
];
/// How deep an object is looked into.
const DEPTH: usize = 64;

/// What needs a look of its own.
#[derive(Default)]
pub(super) struct Found {
    /// Lines of what strings say.
    pub(super) text: String,
    pub(super) pages: Vec<usize>,
    pub(super) streams: Vec<Rc<Stream>>,
    /// Names of attached files, by where their streams begin.
    pub(super) files: BTreeMap<u64, Vec<u8>>,
    /// The pieces of a form in XML, in order.
    pub(super) form: Vec<Rc<Stream>>,
    lines: HashSet<String>,
}

impl Found {
    pub(super) fn of(document: &Document) -> Self {
        let mut found = Self::default();
        for at in document.in_order() {
            let object = document.object(at);
            if let Object::Stream(stream) = &object {
                found.streams.push(Rc::clone(stream));
                if stream.dict.is("Type", "XRef") || stream.dict.is("Type", "ObjStm") {
                    document.mark(stream);
                    continue;
                }
            }
            if object.dict().is_some_and(|dict| dict.is("Type", "Page")) {
                found.pages.push(at);
            }
            found.look(document, b"", &object, 0);
        }
        for (_, trailer) in &document.trailers {
            // Most refer to what they have; some have it in themselves.
            if let Some(info @ Object::Dict(_)) = trailer.get("Info") {
                found.look(document, b"", info, 0);
            }
            if let Some(root @ Object::Dict(_)) = trailer.get("Root") {
                found.look(document, b"", root, 0);
            }
        }
        found.lines.clear();
        found
    }

    fn look(&mut self, document: &Document, key: &[u8], object: &Object, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match object {
            Object::Text(text) => self.say(key, text),
            Object::Array(items) => {
                for item in items.iter() {
                    self.look(document, key, item, depth + 1);
                }
            }
            Object::Dict(_) | Object::Stream(_) => {
                if let Some(dict) = object.dict() {
                    self.dict(document, dict, depth);
                }
            }
            _ => {}
        }
    }

    fn dict(&mut self, document: &Document, dict: &Dict, depth: usize) {
        let is_signature = dict.has("ByteRange");
        for (key, value) in &dict.0 {
            if MUTE.contains(&&**key) || is_signature && **key == *b"Contents" {
                continue;
            }
            match (&**key, value) {
                (b"V" | b"DV", value) => self.field(document, dict, value),
                (b"EF", value) => self.file(document, dict, value),
                (b"XFA", value) => {
                    let streams = match document.resolve(value, LATEST) {
                        Object::Array(items) => items.to_vec(),
                        other => vec![other],
                    };
                    for item in &streams {
                        if let Object::Stream(stream) = document.resolve(item, LATEST) {
                            document.mark(&stream);
                            self.form.push(stream);
                        }
                    }
                }
                _ => self.look(document, key, value, depth + 1),
            }
        }
    }

    /// The value of a field of a form, behind the field's name.
    fn field(&mut self, document: &Document, dict: &Dict, value: &Object) {
        let mut names = Vec::new();
        let mut at = dict.clone();
        for _ in 0..16 {
            if let Some(name) = document.value(&at, "T", LATEST).text() {
                names.push(text_of(name));
            }
            match document.value(&at, "Parent", LATEST).dict() {
                Some(parent) => at = Dict::clone(parent),
                None => break,
            }
        }
        names.reverse();
        let name = names.join(" ").into_bytes();
        match document.resolve(value, LATEST) {
            Object::Text(text) => self.say(&name, &text),
            Object::Name(choice) => self.say(&name, &choice),
            Object::Array(items) => {
                for item in items.iter() {
                    if let Some(text) = document.resolve(item, LATEST).text() {
                        self.say(&name, text);
                    }
                }
            }
            // Rich text, and values that are long.
            Object::Stream(stream) => {
                if let Ok(bytes) = document.decode(&stream) {
                    self.say(&name, &bytes);
                }
            }
            _ => {}
        }
    }

    fn file(&mut self, document: &Document, dict: &Dict, value: &Object) {
        let named = |key: &str| {
            let name = document.value(dict, key, LATEST);
            name.text().map(|name| text_of(name).into_bytes())
        };
        let name = named("UF").or_else(|| named("F")).unwrap_or_default();
        let versions = document.resolve(value, LATEST);
        for (_, stream) in versions.dict().map(|dict| &dict.0[..]).unwrap_or_default() {
            if let Object::Stream(stream) = document.resolve(stream, LATEST) {
                self.files.insert(stream.start, name.clone());
            }
        }
    }

    fn say(&mut self, key: &[u8], text: &[u8]) {
        let text = text_of(text);
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        let total = text.chars().count();
        let odd = text
            .chars()
            .filter(|c| c.is_control() && !c.is_whitespace())
            .count();
        // Tables of colours and hashes are strings too.
        if total == 0 || odd * 8 > total || text.starts_with("D:") {
            return;
        }
        let mut line = String::new();
        if !key.is_empty() {
            line.push_str(&text_of(key));
            line.push_str(": ");
        }
        line.push_str(text);
        if self.lines.len() < 1 << 17 && !self.lines.insert(line.clone()) {
            return;
        }
        self.text.push_str(&line);
        self.text.push('\n');
    }
}
