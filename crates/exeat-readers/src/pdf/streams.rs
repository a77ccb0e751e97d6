//! Streams that no page leads to: which of them hold nothing to read, and what
//! can be read of one that once drew a page.

use std::collections::HashSet;

use super::document::{Document, LATEST};
use super::encodings::text_of;
use super::lexer::{Item, Lexer};
use super::object::Object;

/// Streams that other objects say to be fonts, colours or maps.
pub(super) fn known_streams(document: &Document) -> HashSet<u64> {
    const KEYS: &[&str] = &[
        "FontFile",
        "FontFile2",
        "FontFile3",
        "ToUnicode",
        "CIDToGIDMap",
        "CIDSet",
        "DestOutputProfile",
        "TR",
        "TR2",
        "BG",
        "BG2",
        "UCR",
        "UCR2",
        "HT",
        "Function",
        "TintTransform",
        "Thumb",
    ];
    let mut known = HashSet::new();
    let mut add = |object: &Object| {
        if let Object::Stream(stream) = document.resolve(object, LATEST) {
            known.insert(stream.start);
        }
    };
    for at in document.in_order() {
        let object = document.object(at);
        if let Some(dict) = object.dict() {
            for key in KEYS {
                if let Some(value @ Object::Ref(_)) = dict.get(key) {
                    add(value);
                }
            }
            // How the glyphs of a Type 3 font are drawn.
            if let Some(glyphs) = document.value(dict, "CharProcs", LATEST).dict() {
                for (_, glyph) in &glyphs.0 {
                    add(glyph);
                }
            }
        }
    }
    known
}

pub(super) fn is_font_or_profile(bytes: &[u8]) -> bool {
    let begins = |magic: &&[u8]| bytes.starts_with(magic);
    let fonts: [&[u8]; 6] = [
        b"%!PS",
        b"%!FontType1",
        b"\0\x01\0\0",
        b"OTTO",
        b"true",
        b"\x01\0\x04",
    ];
    fonts.iter().any(begins) || bytes.get(36..40) == Some(b"acsp")
}

/// The strings of a content stream without its fonts.
pub(super) fn loose_text(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut lexer = Lexer::new(bytes, true);
    loop {
        let before = lexer.at;
        match lexer.operation() {
            Ok(Item::Object(Object::Text(shown))) => text.push_str(&text_of(&shown)),
            Ok(Item::Object(Object::Array(items))) => {
                for item in items.iter() {
                    match item {
                        Object::Text(shown) => text.push_str(&text_of(shown)),
                        Object::Number(by) if *by < -160.0 => text.push(' '),
                        _ => {}
                    }
                }
            }
            Ok(Item::Word(b"Td" | b"TD" | b"T*" | b"Tm" | b"'" | b"\"" | b"ET")) => {
                if !text.ends_with('\n') {
                    text.push('\n');
                }
            }
            Ok(_) => {}
            Err(_) if lexer.at >= bytes.len() => break,
            Err(_) => lexer.at = lexer.at.max(before + 1),
        }
    }
    text
}
