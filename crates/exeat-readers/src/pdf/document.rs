//! Objects by their numbers, as they stood in any revision, and what streams
//! decode to.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::rc::Rc;

use exeat_core::inspect::reader::Reason;

use super::crypt::{Closed, Crypt};
use super::filters;
use super::index::{self, Entry, Index};
use super::lexer::Lexer;
use super::object::{Dict, Object, Stream};
use crate::input::Window;
use crate::output::Budget;
use crate::problem::Problem;
use crate::source::Source;

/// The most objects and decoded bytes that are kept at hand.
const KEPT_OBJECTS: usize = 4096;
const KEPT_BYTES: usize = 12 << 20;
/// How many references may lead to one another.
const CHAIN: usize = 16;

/// Everything: no revision is too late.
pub(super) const LATEST: u64 = u64::MAX;

/// An object in a stream of objects, whose length and filters are objects, whose
/// own streams have lengths that are: no more than this in a document that is whole.
const MOST_NESTED: u32 = 16;

pub(super) struct Document {
    source: RefCell<Source>,
    /// By number, then by place.
    entries: Vec<Entry>,
    holders: HashMap<u64, Entry>,
    pub(super) ends: Vec<u64>,
    pub(super) trailers: Vec<(u64, Dict)>,
    pub(super) comments: Vec<u8>,
    crypt: Option<Crypt>,
    objects: RefCell<HashMap<usize, Object>>,
    held: RefCell<HashMap<u64, Rc<[u8]>>>,
    held_bytes: Cell<usize>,
    budget: Budget,
    reasons: RefCell<BTreeSet<Reason>>,
    /// Places of streams that were decoded or are known to need none.
    seen: RefCell<BTreeSet<u64>>,
    /// Whether an object was asked for of which there are several versions.
    pub(super) has_versions: Cell<bool>,
    /// How many objects are being read, one because of the other.
    nested: Cell<u32>,
}

/// The name of a filter, and its parameters.
pub(super) type Filter = (Rc<[u8]>, Option<Rc<Dict>>);

/// A document, or why there is none.
pub(super) enum Opened {
    Document(Box<Document>),
    Closed(Closed),
}

impl Document {
    pub(super) fn open(window: Window, budget: Budget) -> Result<Opened, Problem> {
        let mut source = Source::new(window);
        let index = Index::of(&mut source)?;
        let mut document = Self {
            source: RefCell::new(source),
            entries: index.entries,
            holders: HashMap::new(),
            ends: index.ends,
            trailers: index.trailers,
            comments: index.comments,
            crypt: None,
            objects: RefCell::default(),
            held: RefCell::default(),
            held_bytes: Cell::new(0),
            budget,
            reasons: RefCell::new(index.reasons.into_iter().collect()),
            seen: RefCell::default(),
            has_versions: Cell::new(false),
            nested: Cell::new(0),
        };
        document.sort();
        let protection = document.trailers.iter().rev();
        let protection = protection.filter_map(|(_, trailer)| {
            let dict = document.resolve(trailer.get("Encrypt")?, LATEST);
            let id = trailer.get("ID").map(|id| document.resolve(id, LATEST));
            let id = id.as_ref().and_then(|id| id.array()?.first()?.text());
            Some((Rc::clone(dict.dict()?), id.unwrap_or_default().to_vec()))
        });
        if let Some((dict, id)) = protection.into_iter().next() {
            match Crypt::open(&document.resolved(&dict), &id) {
                Ok(crypt) => document.crypt = Some(crypt),
                Err(closed) => return Ok(Opened::Closed(closed)),
            }
            document.objects.borrow_mut().clear();
        }
        for holder in index.holders {
            document.unpack(holder)?;
        }
        document.sort();
        document.objects.borrow_mut().clear();
        Ok(Opened::Document(Box::new(document)))
    }

    fn sort(&mut self) {
        self.entries
            .sort_unstable_by_key(|entry| (entry.number, entry.place, entry.inside));
    }

    /// A dictionary without references, two levels deep.
    fn resolved(&self, dict: &Dict) -> Dict {
        let values = dict.0.iter().map(|(key, value)| {
            let value = match self.resolve(value, LATEST) {
                Object::Dict(inner) => {
                    let inner = inner.0.iter();
                    let inner = inner
                        .map(|(key, value)| (Rc::clone(key), self.resolve(value, LATEST)))
                        .collect();
                    Object::Dict(Rc::new(Dict(inner)))
                }
                other => other,
            };
            (Rc::clone(key), value)
        });
        Dict(values.collect())
    }

    /// Notes the objects of a stream that holds some.
    fn unpack(&mut self, holder: Entry) -> Result<(), Problem> {
        let object = self.read(holder)?;
        let Some(stream) = object.stream() else {
            return Ok(());
        };
        self.holders.insert(holder.place, holder);
        let whole = |key: &str| {
            let value = self.resolve(stream.dict.get(key)?, LATEST);
            value.whole()
        };
        let (Some(count), Some(first)) = (whole("N"), whole("First")) else {
            self.note(Reason::Damaged);
            return Ok(());
        };
        let bytes = match self.held(holder.place) {
            Ok(bytes) => bytes,
            Err(Problem::Unread(reason)) => {
                self.note(reason);
                return Ok(());
            }
            Err(gone) => return Err(gone),
        };
        let mut lexer = Lexer::new(&bytes, true);
        for _ in 0..count {
            let (Ok(number), Ok(offset)) = (lexer.digits(), lexer.digits()) else {
                self.note(Reason::Damaged);
                break;
            };
            let inside = u32::try_from(offset)
                .ok()
                .and_then(|offset| offset.checked_add(first));
            let (Ok(number), Some(inside)) = (u32::try_from(number), inside) else {
                self.note(Reason::Damaged);
                continue;
            };
            if self.entries.len() >= 1 << 20 {
                return Err(Reason::PartTooLarge.into());
            }
            self.entries.push(Entry {
                number,
                generation: 0,
                place: holder.place,
                inside: Some(inside),
            });
        }
        Ok(())
    }

    /// What a stream of objects decodes to.
    fn held(&self, place: u64) -> Result<Rc<[u8]>, Problem> {
        if let Some(bytes) = self.held.borrow().get(&place) {
            return Ok(Rc::clone(bytes));
        }
        let holder = self.holders.get(&place).copied().ok_or(Reason::Damaged)?;
        let object = self.read(holder)?;
        let stream = object.stream().ok_or(Reason::Damaged)?;
        let bytes: Rc<[u8]> = self.decode(stream)?.into();
        let kept = self.held_bytes.get() + bytes.len();
        if kept > KEPT_BYTES {
            self.held.borrow_mut().clear();
            self.held_bytes.set(bytes.len());
        } else {
            self.held_bytes.set(kept);
        }
        self.held.borrow_mut().insert(place, Rc::clone(&bytes));
        Ok(bytes)
    }

    /// Says at the end that something could not be read.
    pub(super) fn note(&self, reason: Reason) {
        self.reasons.borrow_mut().insert(reason);
    }

    pub(super) fn reasons(&self) -> Vec<Reason> {
        self.reasons.borrow().iter().copied().collect()
    }

    /// Every version of every object, in the order of the file.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by_key(|&at| (self.entries[at].place, self.entries[at].inside));
        order
    }

    pub(super) fn place(&self, at: usize) -> u64 {
        self.entries[at].place
    }

    /// Where the next version of an object stands.
    pub(super) fn next_version(&self, at: usize) -> Option<u64> {
        let next = self.entries.get(at + 1)?;
        (next.number == self.entries[at].number).then_some(next.place)
    }

    /// The entry of an object as it was before a place of the file.
    pub(super) fn lookup(&self, number: u32, limit: u64) -> Option<usize> {
        let end = self
            .entries
            .partition_point(|entry| (entry.number, entry.place) < (number, limit));
        let at = end.checked_sub(1)?;
        if self.entries[at].number != number {
            return None;
        }
        let has_earlier = at > 0 && self.entries[at - 1].number == number;
        if has_earlier || self.next_version(at).is_some() {
            self.has_versions.set(true);
        }
        Some(at)
    }

    /// The object of an entry; null where it cannot be read, which is noted.
    pub(super) fn object(&self, at: usize) -> Object {
        if let Some(object) = self.objects.borrow().get(&at) {
            return object.clone();
        }
        let object = match self.read(self.entries[at]) {
            Ok(object) => object,
            Err(Problem::Unread(reason)) => {
                self.note(reason);
                Object::Null
            }
            Err(Problem::Gone(_)) => Object::Null,
        };
        let mut objects = self.objects.borrow_mut();
        if objects.len() >= KEPT_OBJECTS {
            objects.clear();
        }
        objects.insert(at, object.clone());
        object
    }

    /// What an object refers to, if it is a reference.
    pub(super) fn resolve(&self, object: &Object, limit: u64) -> Object {
        let mut object = object.clone();
        for _ in 0..CHAIN {
            let Object::Ref(number) = object else {
                return object;
            };
            match self.lookup(number, limit) {
                Some(at) => object = self.object(at),
                None => return Object::Null,
            }
        }
        Object::Null
    }

    /// The value of a key.
    pub(super) fn value(&self, dict: &Dict, key: &str, limit: u64) -> Object {
        dict.get(key)
            .map_or(Object::Null, |value| self.resolve(value, limit))
    }

    fn read(&self, entry: Entry) -> Result<Object, Problem> {
        // The length of a stream, its filters and a stream of objects can each be
        // said by another one, and in a ring.
        let nested = self.nested.get();
        if nested >= MOST_NESTED {
            return Err(Reason::Damaged.into());
        }
        self.nested.set(nested + 1);
        let object = self.read_entry(entry);
        self.nested.set(nested);
        object
    }

    fn read_entry(&self, entry: Entry) -> Result<Object, Problem> {
        if let Some(inside) = entry.inside {
            let bytes = self.held(entry.place)?;
            let at = usize::try_from(inside).map_err(|_| Reason::Damaged)?;
            let bytes = bytes.get(at..).ok_or(Reason::Damaged)?;
            let object = Lexer::new(bytes, true).object();
            return Ok(object.map_err(|_| Reason::Damaged)?);
        }
        let mut source = self.source.borrow_mut();
        let placed = index::object_at(&mut source, entry.place)?.ok_or(Reason::Damaged)?;
        let object = match &self.crypt {
            Some(crypt) if !is_protection(&placed.object) => {
                decrypted(&placed.object, crypt, entry)
            }
            _ => placed.object,
        };
        let Object::Dict(dict) = &object else {
            return Ok(object);
        };
        if !placed.is_stream {
            return Ok(object);
        }
        drop(source);
        let length = self.value(dict, "Length", LATEST).whole();
        let mut source = self.source.borrow_mut();
        let length = index::length_at(&mut source, length, placed.end)?;
        let length = length.unwrap_or_else(|| source.len().saturating_sub(placed.end));
        Ok(Object::Stream(Rc::new(Stream {
            dict: Rc::clone(dict),
            start: placed.end,
            length,
            number: entry.number,
            generation: entry.generation,
        })))
    }

    /// The filters of a stream and their parameters.
    pub(super) fn filters(&self, dict: &Dict) -> Vec<Filter> {
        let either = |long: &str, short: &str| match self.value(dict, long, LATEST) {
            Object::Null => self.value(dict, short, LATEST),
            value => value,
        };
        let parameters = either("DecodeParms", "DP");
        match either("Filter", "F") {
            Object::Name(name) => vec![(name, parameters.dict().cloned())],
            Object::Array(names) => {
                let of = |at: usize| {
                    let parameters = self.resolve(parameters.array()?.get(at)?, LATEST);
                    parameters.dict().cloned()
                };
                let names = names.iter().map(|name| self.resolve(name, LATEST));
                names
                    .enumerate()
                    .filter_map(|(at, name)| match name {
                        Object::Name(name) => Some((name, of(at))),
                        _ => None,
                    })
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn is_protected(&self, stream: &Stream) -> bool {
        let Some(crypt) = &self.crypt else {
            return false;
        };
        let is_open = stream.dict.is("Type", "XRef")
            || stream.dict.is("Type", "Metadata") && !crypt.with_metadata;
        let own = self.filters(&stream.dict);
        let is_identity = own.first().is_some_and(|(name, parameters)| {
            **name == *b"Crypt"
                && parameters
                    .as_ref()
                    .is_none_or(|p| !p.has("Name") || p.is("Name", "Identity"))
        });
        !is_open && !is_identity
    }

    /// The bytes of a stream as they stand in the file, decrypted.
    pub(super) fn raw(&self, stream: &Stream) -> Result<Window, Problem> {
        let source = self.source.borrow();
        let range = stream.start..stream.start + stream.length;
        let window = source.window().slice(range).ok_or(Reason::CutShort)?;
        match &self.crypt {
            Some(crypt) if self.is_protected(stream) => {
                let bytes = window.to_vec(filters::MOST)?;
                let plain = crypt.stream(&bytes, stream.number, stream.generation);
                Ok(Window::of_bytes(plain))
            }
            _ => Ok(window),
        }
    }

    /// What a stream decodes to.
    pub(super) fn decode(&self, stream: &Stream) -> Result<Vec<u8>, Problem> {
        self.mark(stream);
        let raw = self.raw(stream)?;
        let bytes = raw.to_vec(filters::MOST)?;
        drop(raw);
        self.filtered(&stream.dict, bytes)
    }

    /// What bytes decode to by the filters that stand in a dictionary.
    pub(super) fn filtered(&self, dict: &Dict, mut bytes: Vec<u8>) -> Result<Vec<u8>, Problem> {
        for (name, parameters) in self.filters(dict) {
            let decoded = filters::decode(&name, parameters.as_deref(), bytes, &self.budget)?;
            if !decoded.is_whole {
                self.note(Reason::Damaged);
            }
            bytes = decoded.bytes;
        }
        Ok(bytes)
    }

    /// What a stream decodes to, as it comes, where that can be; it has to be
    /// counted by whoever reads it.
    pub(super) fn decoder(&self, stream: &Stream) -> Result<Box<dyn Read>, Problem> {
        let filters = self.filters(&stream.dict);
        Ok(match &filters[..] {
            [] => {
                self.mark(stream);
                Box::new(self.raw(stream)?)
            }
            [(name, None)] if **name == *b"FlateDecode" => {
                self.mark(stream);
                Box::new(flate2::read::ZlibDecoder::new(self.raw(stream)?))
            }
            _ => Box::new(Window::of_bytes(self.decode(stream)?)),
        })
    }

    /// Notes that a stream needs no further look.
    pub(super) fn mark(&self, stream: &Stream) {
        self.seen.borrow_mut().insert(stream.start);
    }

    pub(super) fn is_marked(&self, stream: &Stream) -> bool {
        self.seen.borrow().contains(&stream.start)
    }
}

/// Whether this is the dictionary that says how the others are encrypted; its
/// own strings are not.
fn is_protection(object: &Object) -> bool {
    let dict = object.dict();
    dict.is_some_and(|dict| dict.has("O") && dict.has("U") && dict.has("Filter") && dict.has("P"))
}

fn decrypted(object: &Object, crypt: &Crypt, entry: Entry) -> Object {
    let inner = |object: &Object| decrypted(object, crypt, entry);
    match object {
        Object::Text(text) => Object::Text(crypt.string(text, entry.number, entry.generation)),
        Object::Array(items) => Object::Array(items.iter().map(inner).collect()),
        Object::Dict(dict) => {
            let values = dict.0.iter();
            let values = values.map(|(key, value)| (Rc::clone(key), inner(value)));
            Object::Dict(Rc::new(Dict(values.collect())))
        }
        other => other.clone(),
    }
}
