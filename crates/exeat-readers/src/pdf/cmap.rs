//! Maps from the codes of a string to characters (ISO 32000-1, 9.7.5 and
//! 9.10.3).

use std::collections::HashMap;

use super::lexer::{Item, Lexer};
use super::object::Object;

/// The most ranges of a map.
const MOST: usize = 200_000;

#[derive(Default)]
pub(super) struct CMap {
    /// How many bytes a code has that is between two numbers.
    spaces: Vec<(usize, u32, u32)>,
    texts: HashMap<u32, String>,
    /// From, to, and the text of the first.
    ranges: Vec<(u32, u32, String)>,
    /// From, to, and the CID of the first.
    cids: Vec<(u32, u32, u32)>,
}

fn code(object: &Object) -> Option<(usize, u32)> {
    let bytes = object.text()?;
    let value = bytes.iter().try_fold(0_u32, |code, &byte| {
        Some(code.checked_mul(256)? | u32::from(byte))
    });
    Some((bytes.len(), value?))
}

/// A text is UTF-16.
fn text(object: &Object) -> Option<String> {
    let bytes = object.text()?;
    if let [one] = bytes {
        return Some(char::from(*one).to_string());
    }
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect();
    Some(String::from_utf16_lossy(&units))
}

impl CMap {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut map = Self::default();
        let mut stack: Vec<Object> = Vec::new();
        let mut lexer = Lexer::new(bytes, true);
        loop {
            let before = lexer.at;
            match lexer.operation() {
                Ok(Item::Object(object)) => {
                    if stack.len() < MOST {
                        stack.push(object);
                    }
                }
                Ok(Item::Word(word)) => {
                    map.apply(word, &stack);
                    stack.clear();
                }
                Ok(_) => {}
                Err(_) if lexer.at >= bytes.len() => break,
                Err(_) => lexer.at = lexer.at.max(before + 1),
            }
        }
        map.ranges.sort_by_key(|range| range.0);
        map.cids.sort_unstable();
        map
    }

    fn apply(&mut self, word: &[u8], stack: &[Object]) {
        if self.ranges.len() + self.cids.len() + self.texts.len() > MOST {
            return;
        }
        match word {
            b"endcodespacerange" => {
                for pair in stack.chunks_exact(2) {
                    if let (Some((bytes, from)), Some((_, to))) = (code(&pair[0]), code(&pair[1])) {
                        self.spaces.push((bytes, from, to));
                    }
                }
            }
            b"endbfchar" => {
                for pair in stack.chunks_exact(2) {
                    if let (Some((_, code)), Some(text)) = (code(&pair[0]), text(&pair[1])) {
                        self.texts.insert(code, text);
                    }
                }
            }
            b"endbfrange" => {
                for triple in stack.chunks_exact(3) {
                    let (Some((_, from)), Some((_, to))) = (code(&triple[0]), code(&triple[1]))
                    else {
                        continue;
                    };
                    if let Some(items) = triple[2].array() {
                        for (code, item) in (from..=to).zip(items) {
                            if let Some(text) = text(item) {
                                self.texts.insert(code, text);
                            }
                        }
                    } else if let Some(text) = text(&triple[2]) {
                        self.ranges.push((from, to, text));
                    }
                }
            }
            b"endcidrange" => {
                for triple in stack.chunks_exact(3) {
                    let ends = code(&triple[0]).zip(code(&triple[1]));
                    if let (Some(((_, from), (_, to))), Some(cid)) = (ends, triple[2].whole()) {
                        self.cids.push((from, to, cid));
                    }
                }
            }
            b"endcidchar" => {
                for pair in stack.chunks_exact(2) {
                    if let (Some((_, code)), Some(cid)) = (code(&pair[0]), pair[1].whole()) {
                        self.cids.push((code, code, cid));
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.ranges.is_empty()
    }

    /// How many bytes the code has that comes next.
    pub(super) fn code_length(&self, bytes: &[u8]) -> Option<usize> {
        let mut code = 0_u32;
        for (at, &byte) in bytes.iter().take(4).enumerate() {
            code = code << 8 | u32::from(byte);
            let is_code = |&(length, from, to): &(usize, u32, u32)| {
                length == at + 1 && (from..=to).contains(&code)
            };
            if self.spaces.iter().any(is_code) {
                return Some(at + 1);
            }
        }
        self.spaces.first().map(|&(length, _, _)| length.max(1))
    }

    pub(super) fn text(&self, code: u32) -> Option<String> {
        if let Some(text) = self.texts.get(&code) {
            return Some(text.clone());
        }
        let end = self.ranges.partition_point(|range| range.0 <= code);
        let (from, _, text) = self.ranges[..end]
            .iter()
            .rev()
            .take(8)
            .find(|range| code <= range.1)?;
        let mut characters: Vec<char> = text.chars().collect();
        let last = characters.last_mut()?;
        *last = char::from_u32(u32::from(*last).checked_add(code - from)?)?;
        Some(characters.into_iter().collect())
    }

    pub(super) fn cid(&self, code: u32) -> Option<u32> {
        let end = self.cids.partition_point(|range| range.0 <= code);
        let (from, _, cid) = self.cids[..end]
            .iter()
            .rev()
            .find(|range| code <= range.1)?;
        cid.checked_add(code - from)
    }
}
