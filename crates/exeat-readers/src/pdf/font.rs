//! Fonts: from the codes of a string to letters and their widths (ISO
//! 32000-1, 9.5 to 9.10).

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};

use super::cmap::CMap;
use super::document::{Document, LATEST};
use super::encodings::{Encoding, standard_width};
use super::glyphs::Glyphs;
use super::object::{Dict, Object};
use super::program::{self, Letters};

/// So many codes of a font may have no letter: bullets, ornaments, rules.
const ORNAMENTS: usize = 3;

pub(super) struct Font {
    name: Vec<u8>,
    /// Its own dictionary, and that of its only descendant if it is composite.
    dict: Dict,
    descendant: Option<Dict>,
    to_unicode: Option<CMap>,
    /// Of a composite font: how its codes are cut, and their CIDs.
    codes: Option<CMap>,
    /// Codes of a composite font are UTF-16.
    is_utf16: bool,
    /// Codes of a composite font stand for its CIDs by a table that is known
    /// to viewers, and not to this.
    is_foreign: bool,
    /// Letters of a simple font, by code.
    letters: Vec<Option<String>>,
    widths: HashMap<u32, f64>,
    default_width: Option<f64>,
    /// Thousandths, but for Type 3.
    scale: f64,
    own: OnceCell<Letters>,
    to_glyph: OnceCell<Vec<u8>>,
    unknown: RefCell<BTreeSet<u32>>,
    blank: RefCell<BTreeSet<u32>>,
}

/// One code of a string.
pub(super) struct Shown<'t> {
    pub(super) text: &'t str,
    /// In units of the font's size.
    pub(super) width: f64,
    /// Whether it is the code 32, alone in its byte: word spacing counts.
    pub(super) is_space: bool,
}

impl Font {
    pub(super) fn of(document: &Document, dict: &Dict, glyphs: &Glyphs) -> Self {
        let value = |dict: &Dict, key: &str| document.value(dict, key, LATEST);
        let decode = |object: &Object| {
            let stream = object.stream()?;
            document.decode(stream).ok()
        };
        let descendant = value(dict, "DescendantFonts");
        let descendant = descendant.array().and_then(|fonts| fonts.first());
        let descendant = descendant.map(|font| document.resolve(font, LATEST));
        let descendant = descendant.and_then(|font| font.dict().map(|dict| Dict::clone(dict)));
        let name = value(dict, "BaseFont");
        let to_unicode = decode(&value(dict, "ToUnicode")).map(|bytes| CMap::parse(&bytes));
        let mut font = Self {
            name: name.name().unwrap_or_default().to_vec(),
            dict: dict.clone(),
            to_unicode: to_unicode.filter(|map| !map.is_empty()),
            codes: None,
            is_utf16: false,
            is_foreign: false,
            letters: Vec::new(),
            widths: HashMap::new(),
            default_width: None,
            scale: 0.001,
            own: OnceCell::new(),
            to_glyph: OnceCell::new(),
            unknown: RefCell::default(),
            blank: RefCell::default(),
            descendant,
        };
        if let Some(descendant) = font.descendant.clone() {
            match value(dict, "Encoding") {
                Object::Name(name) => {
                    let says = |word: &[u8]| memchr::memmem::find(&name, word).is_some();
                    font.is_utf16 = says(b"UCS2") || says(b"UTF16");
                    font.is_foreign = !font.is_utf16 && !name.starts_with(b"Identity");
                }
                stream => font.codes = decode(&stream).map(|bytes| CMap::parse(&bytes)),
            }
            font.default_width = Some(value(&descendant, "DW").number().unwrap_or(1000.0));
            font.composite_widths(document, &value(&descendant, "W"));
        } else {
            font.letters = simple_letters(document, &font, glyphs);
            let first = value(dict, "FirstChar").whole().unwrap_or(0);
            if let Some(widths) = value(dict, "Widths").array() {
                for (code, width) in (first..).zip(widths.iter().take(256)) {
                    if let Some(width) = document.resolve(width, LATEST).number() {
                        font.widths.insert(code, width);
                    }
                }
                let missing = value(&font.descriptor(document), "MissingWidth");
                font.default_width = Some(missing.number().unwrap_or(0.0));
            }
            if dict.is("Subtype", "Type3") {
                let matrix = value(dict, "FontMatrix");
                let across = matrix.array().and_then(|matrix| matrix.first()?.number());
                font.scale = across.unwrap_or(0.001);
            }
        }
        font
    }

    fn descriptor(&self, document: &Document) -> Dict {
        let dict = self.descendant.as_ref().unwrap_or(&self.dict);
        let descriptor = document.value(dict, "FontDescriptor", LATEST);
        descriptor
            .dict()
            .map(|dict| Dict::clone(dict))
            .unwrap_or_default()
    }

    fn composite_widths(&mut self, document: &Document, widths: &Object) {
        let Some(items) = widths.array() else {
            return;
        };
        let items: Vec<Object> = items
            .iter()
            .map(|item| document.resolve(item, LATEST))
            .collect();
        let mut rest = &items[..];
        let mut left = 1_u32 << 18;
        loop {
            match rest {
                [from, Object::Array(widths), ..] => {
                    let Some(from) = from.whole() else { return };
                    for (cid, width) in (from..).zip(widths.iter()) {
                        if let Some(width) = width.number() {
                            self.widths.insert(cid, width);
                        }
                    }
                    rest = &rest[2..];
                }
                [from, to, width, ..] => {
                    let (Some(from), Some(to), Some(width)) =
                        (from.whole(), to.whole(), width.number())
                    else {
                        return;
                    };
                    let to = to.min(from.saturating_add(65_535));
                    left = left.saturating_sub(to.saturating_sub(from) + 1);
                    if left == 0 {
                        return;
                    }
                    for cid in from..=to {
                        self.widths.insert(cid, width);
                    }
                    rest = &rest[3..];
                }
                _ => return,
            }
        }
    }

    /// The letters of a string, one code after the other.
    pub(super) fn show(
        &self,
        document: &Document,
        glyphs: &Glyphs,
        bytes: &[u8],
        each: &mut dyn FnMut(Shown<'_>),
    ) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = match &self.descendant {
                None => 1,
                Some(_) => self.code_length(rest).min(rest.len()),
            };
            let (code, after) = rest.split_at(length);
            rest = after;
            let code = code
                .iter()
                .fold(0_u32, |code, &byte| code << 8 | u32::from(byte));
            let text = self.text(document, glyphs, code);
            each(Shown {
                text: &text,
                width: self.width(code),
                is_space: length == 1 && code == 32,
            });
        }
    }

    fn code_length(&self, bytes: &[u8]) -> usize {
        let by_codes = self.codes.as_ref().and_then(|map| map.code_length(bytes));
        by_codes.unwrap_or(2)
    }

    fn cid(&self, code: u32) -> u32 {
        let map = self.codes.as_ref();
        map.and_then(|map| map.cid(code)).unwrap_or(code)
    }

    fn width(&self, code: u32) -> f64 {
        let cid = match self.descendant {
            Some(_) => self.cid(code),
            None => code,
        };
        let width = self.widths.get(&cid).copied().or(self.default_width);
        width.unwrap_or_else(|| standard_width(&self.name, code)) * self.scale
    }

    fn text(&self, document: &Document, glyphs: &Glyphs, code: u32) -> String {
        let mapped = self.to_unicode.as_ref().and_then(|map| map.text(code));
        let mapped = mapped.as_deref().and_then(cleaned);
        let text = mapped.or_else(|| match &self.descendant {
            None => {
                let at = usize::try_from(code).ok()?;
                cleaned(self.letters.get(at)?.as_ref()?)
            }
            Some(_) if self.is_utf16 => char::from_u32(code).and_then(|c| cleaned(&c.to_string())),
            Some(_) if self.is_foreign => None,
            Some(_) => {
                let glyph = self.glyph(document, self.cid(code));
                let own = self
                    .own
                    .get_or_init(|| self.program(document, glyphs).unwrap_or_default());
                cleaned(own.get(&glyph)?)
            }
        });
        match text {
            Some(text) => {
                if text.trim().is_empty() {
                    self.blank.borrow_mut().insert(code);
                }
                text
            }
            None => {
                // Codes of no width draw nothing, but for glyphs that are a
                // picture each.
                if self.width(code) != 0.0 || self.dict.is("Subtype", "Type3") {
                    self.unknown.borrow_mut().insert(code);
                }
                String::new()
            }
        }
    }

    /// The glyph of a CID.
    fn glyph(&self, document: &Document, cid: u32) -> u32 {
        let table = self.to_glyph.get_or_init(|| {
            let descendant = self.descendant.as_ref();
            let map = descendant.map(|dict| document.value(dict, "CIDToGIDMap", LATEST));
            let stream = map.as_ref().and_then(Object::stream);
            stream
                .and_then(|stream| document.decode(stream).ok())
                .unwrap_or_default()
        });
        let at = usize::try_from(cid).unwrap_or(usize::MAX).saturating_mul(2);
        match table.get(at..at.saturating_add(2)) {
            Some(&[high, low]) => u32::from(high) << 8 | u32::from(low),
            _ => cid,
        }
    }

    /// What the embedded font says of itself: by codes if this is a simple
    /// font, by glyphs if not.
    fn program(&self, document: &Document, glyphs: &Glyphs) -> Option<Letters> {
        let descriptor = self.descriptor(document);
        let file = |key: &str| {
            let stream = document.value(&descriptor, key, LATEST);
            document.decode(stream.stream()?).ok()
        };
        let is_simple = self.descendant.is_none();
        if let Some(bytes) = file("FontFile") {
            return program::of_type1(&bytes, glyphs);
        }
        let bytes = file("FontFile2").or_else(|| file("FontFile3"))?;
        let is_face = [&b"\0\x01\0\0"[..], b"OTTO", b"true"]
            .iter()
            .any(|magic| bytes.starts_with(magic));
        match (is_face, is_simple) {
            (true, true) => program::of_face(&bytes, glyphs),
            (true, false) => program::glyphs_of_face(&bytes, glyphs),
            (false, true) => program::of_cff(&bytes, glyphs),
            (false, false) => program::glyphs_of_cff(&bytes, glyphs),
        }
    }

    /// Whether an embedded Type 1 font says that it has the usual encoding.
    fn is_standard(&self, document: &Document) -> bool {
        let descriptor = self.descriptor(document);
        let file = document.value(&descriptor, "FontFile", LATEST);
        let bytes = file.stream().and_then(|file| document.decode(file).ok());
        bytes.is_some_and(|bytes| program::is_standard(&bytes))
    }

    /// How many codes there were of which nobody says what letters they are.
    pub(super) fn unknown(&self) -> usize {
        self.unknown.borrow().len()
    }

    /// Whether there were more such codes than ornaments; or codes that are
    /// all said to be blanks.
    pub(super) fn is_illegible(&self) -> bool {
        self.unknown() > ORNAMENTS || self.blank.borrow().len() > 2 * ORNAMENTS
    }
}

/// The letters of a simple font by its encoding.
fn simple_letters(document: &Document, font: &Font, glyphs: &Glyphs) -> Vec<Option<String>> {
    let encoding = document.value(&font.dict, "Encoding", LATEST);
    let base = match &encoding {
        Object::Name(name) => Encoding::of_name(name),
        other => other.dict().and_then(|dict| {
            let base = document.value(dict, "BaseEncoding", LATEST);
            Encoding::of_name(base.name()?)
        }),
    };
    let says = |word: &[u8]| memchr::memmem::find(&font.name, word).is_some();
    let named = match base {
        Some(base) => base,
        None if says(b"Symbol") && !says(b"SymbolMT") => Encoding::Symbol,
        None => Encoding::Standard,
    };
    let standard = || -> Vec<Option<String>> {
        let letters = named.characters().into_iter();
        letters.map(|letter| letter.map(String::from)).collect()
    };
    let descriptor = font.descriptor(document);
    let is_embedded = ["FontFile", "FontFile2", "FontFile3"]
        .iter()
        .any(|key| descriptor.has(key));
    let flags = document.value(&descriptor, "Flags", LATEST);
    let is_symbolic = flags.whole().is_some_and(|flags| flags & 4 != 0);
    let is_type3 = font.dict.is("Subtype", "Type3");
    // What a font file says of itself counts where the document names no
    // encoding; reading it is spared where each code is mapped anyway.
    let has_own = base.is_none() && is_embedded;
    let mut letters = if has_own && font.to_unicode.is_none() {
        match font.program(document, glyphs) {
            Some(own) => (0..256).map(|code| own.get(&code).cloned()).collect(),
            None if !is_symbolic || font.is_standard(document) => standard(),
            None => vec![None; 256],
        }
    } else if is_type3 || has_own && is_symbolic {
        vec![None; 256]
    } else {
        standard()
    };
    let differences = encoding
        .dict()
        .map(|dict| document.value(dict, "Differences", LATEST));
    if let Some(items) = differences.as_ref().and_then(Object::array) {
        let mut code = 0_usize;
        for item in items {
            match item {
                Object::Number(_) => {
                    code = item
                        .whole()
                        .and_then(|code| code.try_into().ok())
                        .unwrap_or(256);
                }
                Object::Name(name) => {
                    if let Some(letter) = letters.get_mut(code) {
                        let name = std::str::from_utf8(name).unwrap_or_default();
                        *letter = glyphs.text(name);
                    }
                    code += 1;
                }
                _ => {}
            }
        }
    }
    letters
}

/// Letters as they are looked for: ligatures are taken apart, and what
/// Windows' symbol fonts have in the private area is what it is typed by.
/// `None` where no letter is left.
fn cleaned(text: &str) -> Option<String> {
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            'ﬀ' => clean.push_str("ff"),
            'ﬁ' => clean.push_str("fi"),
            'ﬂ' => clean.push_str("fl"),
            'ﬃ' => clean.push_str("ffi"),
            'ﬄ' => clean.push_str("ffl"),
            'ﬅ' | 'ﬆ' => clean.push_str("st"),
            '\u{F020}'..='\u{F0FF}' => {
                let low = u32::from(letter) - 0xF000;
                clean.extend(char::from_u32(low).filter(|low| !low.is_control()));
            }
            '\u{A0}' | '\t' | '\n' | '\r' => clean.push(' '),
            '\u{FFFD}' | '\u{E000}'..='\u{F8FF}' => {}
            _ if letter.is_control() => {}
            _ => clean.push(letter),
        }
    }
    (!clean.is_empty()).then_some(clean)
}
