//! From bytes to objects and operators (ISO 32000-1, 7.2 and 7.3).

use std::rc::Rc;

use super::object::{Dict, Object};

/// How deep arrays and dictionaries stand in one another.
const DEPTH: u32 = 64;

/// Why there is no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    /// The bytes end: with more of them there may be one.
    End,
    /// What stands there is none.
    Odd,
}

pub(super) enum Item<'d> {
    Object(Object),
    /// An operator or a keyword.
    Word(&'d [u8]),
    CloseArray,
    CloseDict,
}

pub(super) struct Lexer<'d> {
    pub(super) data: &'d [u8],
    pub(super) at: usize,
    /// Whether nothing comes after `data`.
    is_all: bool,
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

impl<'d> Lexer<'d> {
    pub(super) fn new(data: &'d [u8], is_all: bool) -> Self {
        Self {
            data,
            at: 0,
            is_all,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.data.get(self.at).copied()
    }

    /// What is missing at the end of the data.
    fn lack(&self) -> Lack {
        if self.is_all { Lack::Odd } else { Lack::End }
    }

    pub(super) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if is_space(byte) {
                self.at += 1;
            } else if byte == b'%' {
                let rest = &self.data[self.at..];
                let end = memchr::memchr2(b'\n', b'\r', rest);
                self.at += end.unwrap_or(rest.len());
            } else {
                break;
            }
        }
    }

    /// Bytes that are no space and no delimiter.
    fn regular(&mut self) -> Result<&'d [u8], Lack> {
        let rest = &self.data[self.at..];
        let end = rest.iter().position(|&byte| !is_regular(byte));
        let end = match end {
            Some(end) => end,
            None if self.is_all => rest.len(),
            None => return Err(Lack::End),
        };
        self.at += end;
        Ok(&rest[..end])
    }

    /// The next object.
    pub(super) fn object(&mut self) -> Result<Object, Lack> {
        match self.item(0, true)? {
            Item::Object(object) => Ok(object),
            _ => Err(Lack::Odd),
        }
    }

    /// The next object or operator of a content stream.
    pub(super) fn operation(&mut self) -> Result<Item<'d>, Lack> {
        self.item(0, false)
    }

    /// A whole number, as in the header of an object.
    pub(super) fn digits(&mut self) -> Result<u64, Lack> {
        self.skip_space();
        let word = self.regular()?;
        if word.is_empty() || word.len() > 18 || !word.iter().all(u8::is_ascii_digit) {
            return Err(Lack::Odd);
        }
        let digits = word.iter().map(|byte| u64::from(byte - b'0'));
        Ok(digits.fold(0, |number, digit| number * 10 + digit))
    }

    /// Whether this word comes next; it is skipped then.
    pub(super) fn word(&mut self, word: &[u8]) -> bool {
        self.skip_space();
        let is_next = self.data[self.at..].starts_with(word);
        if is_next {
            self.at += word.len();
        }
        is_next
    }

    fn item(&mut self, depth: u32, with_references: bool) -> Result<Item<'d>, Lack> {
        if depth > DEPTH {
            return Err(Lack::Odd);
        }
        self.skip_space();
        let byte = self.peek().ok_or(Lack::End)?;
        let object = match byte {
            b'/' => Object::Name(self.name()?),
            b'(' => Object::Text(self.literal()?),
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                loop {
                    match self.item(depth + 1, with_references)? {
                        Item::Object(object) => items.push(object),
                        Item::CloseArray => break,
                        Item::Word(_) => {}
                        Item::CloseDict => return Err(Lack::Odd),
                    }
                }
                Object::Array(items.into())
            }
            b']' => {
                self.at += 1;
                return Ok(Item::CloseArray);
            }
            b'<' => match self.data.get(self.at + 1) {
                Some(b'<') => {
                    self.at += 2;
                    Object::Dict(Rc::new(self.dict(depth, with_references)?))
                }
                Some(_) => Object::Text(self.hex()?),
                None => return Err(self.lack()),
            },
            b'>' => match self.data.get(self.at + 1) {
                Some(b'>') => {
                    self.at += 2;
                    return Ok(Item::CloseDict);
                }
                Some(_) => return Err(Lack::Odd),
                None => return Err(self.lack()),
            },
            b'0'..=b'9' | b'+' | b'-' | b'.' => return self.number(with_references),
            b'{' | b'}' | b')' => {
                self.at += 1;
                return Ok(Item::Word(&self.data[self.at - 1..self.at]));
            }
            _ => match self.regular()? {
                b"true" => Object::Bool(true),
                b"false" => Object::Bool(false),
                b"null" => Object::Null,
                word => return Ok(Item::Word(word)),
            },
        };
        Ok(Item::Object(object))
    }

    fn dict(&mut self, depth: u32, with_references: bool) -> Result<Dict, Lack> {
        let mut dict = Dict::default();
        loop {
            self.skip_space();
            match self.peek() {
                Some(b'/') => {
                    let key = self.name()?;
                    match self.item(depth + 1, with_references)? {
                        Item::Object(value) => dict.0.push((key, value)),
                        Item::CloseDict => return Ok(dict),
                        Item::Word(_) => {}
                        Item::CloseArray => return Err(Lack::Odd),
                    }
                }
                Some(b'>') => match self.data.get(self.at + 1) {
                    Some(b'>') => {
                        self.at += 2;
                        return Ok(dict);
                    }
                    Some(_) => return Err(Lack::Odd),
                    None => return Err(self.lack()),
                },
                Some(_) => return Err(Lack::Odd),
                None => return Err(Lack::End),
            }
        }
    }

    fn name(&mut self) -> Result<Rc<[u8]>, Lack> {
        self.at += 1;
        let raw = self.regular()?;
        if !raw.contains(&b'#') {
            return Ok(raw.into());
        }
        let mut name = Vec::with_capacity(raw.len());
        let mut at = 0;
        while at < raw.len() {
            let escaped = match raw.get(at..at + 3) {
                Some([b'#', high, low]) => hex_digit(*high).zip(hex_digit(*low)),
                _ => None,
            };
            match escaped {
                Some((high, low)) => {
                    name.push(high << 4 | low);
                    at += 3;
                }
                None => {
                    name.push(raw[at]);
                    at += 1;
                }
            }
        }
        Ok(name.into())
    }

    fn literal(&mut self) -> Result<Rc<[u8]>, Lack> {
        self.at += 1;
        let mut text = Vec::new();
        let mut open = 1;
        loop {
            let byte = self.peek().ok_or(Lack::End)?;
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(text.into());
                    }
                }
                b'\\' => {
                    let escaped = self.peek().ok_or(Lack::End)?;
                    self.at += 1;
                    match escaped {
                        b'n' => text.push(b'\n'),
                        b'r' => text.push(b'\r'),
                        b't' => text.push(b'\t'),
                        b'b' => text.push(8),
                        b'f' => text.push(12),
                        b'0'..=b'7' => {
                            let mut code = u32::from(escaped - b'0');
                            for _ in 0..2 {
                                match self.peek() {
                                    Some(digit @ b'0'..=b'7') => {
                                        code = code * 8 + u32::from(digit - b'0');
                                        self.at += 1;
                                    }
                                    _ => break,
                                }
                            }
                            text.push(code.to_le_bytes()[0]);
                        }
                        b'\r' => {
                            if self.peek() == Some(b'\n') {
                                self.at += 1;
                            }
                        }
                        b'\n' => {}
                        other => text.push(other),
                    }
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
    }

    fn hex(&mut self) -> Result<Rc<[u8]>, Lack> {
        self.at += 1;
        let rest = &self.data[self.at..];
        let end = memchr::memchr(b'>', rest).ok_or(Lack::End)?;
        self.at += end + 1;
        let digits: Vec<u8> = rest[..end].iter().copied().filter_map(hex_digit).collect();
        let pairs = digits.chunks(2);
        Ok(pairs
            .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0))
            .collect())
    }

    fn number(&mut self, with_references: bool) -> Result<Item<'d>, Lack> {
        let word = self.regular()?;
        let number = match parse_number(word) {
            Some(number) => number,
            None => return Ok(Item::Word(word)),
        };
        if with_references && word.iter().all(u8::is_ascii_digit) {
            let here = self.at;
            match self.reference(number) {
                Ok(Some(reference)) => return Ok(Item::Object(reference)),
                Ok(None) => {}
                Err(lack) => return Err(lack),
            }
            self.at = here;
        }
        Ok(Item::Object(Object::Number(number)))
    }

    /// The rest of `12 0 R`.
    fn reference(&mut self, number: f64) -> Result<Option<Object>, Lack> {
        self.skip_space();
        match self.peek() {
            Some(byte) if byte.is_ascii_digit() => {}
            Some(_) => return Ok(None),
            None => {
                return if self.is_all {
                    Ok(None)
                } else {
                    Err(Lack::End)
                };
            }
        }
        let generation = self.regular()?;
        if generation.len() > 5 || !generation.iter().all(u8::is_ascii_digit) {
            return Ok(None);
        }
        self.skip_space();
        match self.data.get(self.at..self.at + 2) {
            Some([b'R', next]) if !is_regular(*next) => self.at += 1,
            Some(_) => return Ok(None),
            None if !self.is_all => return Err(Lack::End),
            None if self.data.get(self.at) == Some(&b'R') => self.at += 1,
            None => return Ok(None),
        }
        let number = Object::Number(number).whole();
        Ok(number.map(Object::Ref))
    }
}

pub(super) fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// A number; what some programs write in its place (`--5`, `1.2-3`) is read as
/// far as others read it.
fn parse_number(word: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(word).ok()?;
    if let Ok(number) = text.parse::<f64>() {
        let has_letters = word.iter().any(u8::is_ascii_alphabetic);
        return (number.is_finite() && !has_letters).then_some(number);
    }
    let is_number = word
        .iter()
        .all(|byte| byte.is_ascii_digit() || b"+-.".contains(byte));
    if !is_number {
        return None;
    }
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let digits = text.trim_start_matches(['+', '-']);
    let end = digits.find(['+', '-']).unwrap_or(digits.len());
    let digits = &digits[..end];
    let second_point = digits
        .match_indices('.')
        .nth(1)
        .map_or(digits.len(), |(at, _)| at);
    let number = digits[..second_point].parse::<f64>().unwrap_or(0.0);
    Some(sign * number)
}
