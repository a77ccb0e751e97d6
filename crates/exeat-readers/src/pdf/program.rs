//! What an embedded font itself says of its glyphs, where the document does
//! not.

use std::collections::HashMap;

use ttf_parser::{Face, GlyphId, cff};

use super::glyphs::Glyphs;
use super::lexer::{Item, Lexer};
use super::object::Object;

/// Characters by codes of a simple font, or by glyphs of a composite one.
pub(super) type Letters = HashMap<u32, String>;

/// The built-in encoding of a Type 1 font: it stands in its part that is
/// plain PostScript. `None` where it is StandardEncoding.
pub(super) fn of_type1(bytes: &[u8], glyphs: &Glyphs) -> Option<Letters> {
    let plain = memchr::memmem::find(bytes, b"eexec").map_or(bytes, |end| &bytes[..end]);
    let start = memchr::memmem::find(plain, b"/Encoding")?;
    let mut lexer = Lexer::new(&plain[start + 9..], true);
    let mut letters = Letters::new();
    let mut stack: Vec<Object> = Vec::new();
    loop {
        match lexer.operation() {
            Ok(Item::Object(object)) => stack.push(object),
            Ok(Item::Word(b"StandardEncoding")) => return None,
            Ok(Item::Word(b"put")) => {
                if let [.., code, name] = &stack[..]
                    && let (Some(code), Some(name)) = (code.whole(), name.name())
                    && let Some(text) = std::str::from_utf8(name).ok().and_then(|n| glyphs.text(n))
                {
                    letters.insert(code, text);
                }
                stack.clear();
            }
            Ok(Item::Word(b"def" | b"readonly")) if !letters.is_empty() => break,
            Ok(_) => {}
            Err(_) => break,
        }
        if stack.len() > 16 {
            stack.clear();
        }
    }
    Some(letters)
}

/// Whether a Type 1 font names StandardEncoding as its own.
pub(super) fn is_standard(bytes: &[u8]) -> bool {
    let start = memchr::memmem::find(bytes, b"/Encoding");
    let after = start.and_then(|start| bytes.get(start + 9..));
    after.is_some_and(|after| after.trim_ascii_start().starts_with(b"StandardEncoding"))
}

/// The built-in encoding of a CFF font.
pub(super) fn of_cff(bytes: &[u8], glyphs: &Glyphs) -> Option<Letters> {
    let table = cff::Table::parse(bytes)?;
    let letters = (0..=255_u8).filter_map(|code| {
        let name = table.glyph_name(table.glyph_index(code)?)?;
        Some((u32::from(code), glyphs.text(name)?))
    });
    Some(letters.collect())
}

/// Characters by glyphs of a CFF font.
pub(super) fn glyphs_of_cff(bytes: &[u8], glyphs: &Glyphs) -> Option<Letters> {
    let table = cff::Table::parse(bytes)?;
    let letters = (0..table.number_of_glyphs()).filter_map(|glyph| {
        let name = table.glyph_name(GlyphId(glyph))?;
        Some((u32::from(glyph), glyphs.text(name)?))
    });
    Some(letters.collect())
}

/// Characters by glyphs of a TrueType or OpenType font: from its map of
/// characters, else from the names of its glyphs.
pub(super) fn glyphs_of_face(bytes: &[u8], glyphs: &Glyphs) -> Option<Letters> {
    let face = Face::parse(bytes, 0).ok()?;
    let mut letters = Letters::new();
    let subtables = face.tables().cmap.map(|cmap| cmap.subtables);
    for subtable in subtables.into_iter().flatten() {
        if !subtable.is_unicode() {
            continue;
        }
        subtable.codepoints(|code| {
            let glyph = subtable.glyph_index(code);
            let letter = char::from_u32(code).filter(|letter| !letter.is_control());
            if let (Some(glyph), Some(letter)) = (glyph, letter) {
                letters
                    .entry(u32::from(glyph.0))
                    .or_insert_with(|| letter.to_string());
            }
        });
    }
    for glyph in 0..face.number_of_glyphs() {
        if letters.contains_key(&u32::from(glyph)) {
            continue;
        }
        let name = face.glyph_name(GlyphId(glyph));
        if let Some(text) = name.and_then(|name| glyphs.text(name)) {
            letters.insert(u32::from(glyph), text);
        }
    }
    Some(letters)
}

/// Characters by codes of a simple TrueType font that names no encoding.
pub(super) fn of_face(bytes: &[u8], glyphs: &Glyphs) -> Option<Letters> {
    let by_glyph = glyphs_of_face(bytes, glyphs)?;
    let face = Face::parse(bytes, 0).ok()?;
    let cmap = face.tables().cmap?;
    let letters = (0..256_u32).filter_map(|code| {
        let glyph = cmap.subtables.into_iter().find_map(|subtable| {
            let found = subtable.glyph_index(code);
            found.or_else(|| subtable.glyph_index(0xF000 + code))
        })?;
        Some((code, by_glyph.get(&u32::from(glyph.0))?.clone()))
    });
    Some(letters.collect())
}
