//! What an RTF file is made of.

use std::io::{BufReader, Read};

use exeat_core::inspect::reader::Reason;

use crate::problem::Problem;

/// Longer words there are none.
const MAX_WORD: usize = 64;
/// The most bytes that are given as they are.
const MAX_BINARY: usize = 32 << 20;

/// A piece of RTF.
pub(super) enum Token {
    Open,
    Close,
    /// A control word and its number.
    Word(String, Option<i32>),
    /// A byte in hexadecimal.
    Byte(u8),
    /// A control symbol.
    Symbol(u8),
    Text(u8),
}

pub(super) struct Tokens<R: Read> {
    input: BufReader<R>,
    ahead: Option<u8>,
}

impl<R: Read> Tokens<R> {
    pub(super) fn new(input: BufReader<R>) -> Self {
        Self { input, ahead: None }
    }

    fn byte(&mut self) -> Result<Option<u8>, Problem> {
        if let Some(byte) = self.ahead.take() {
            return Ok(Some(byte));
        }
        let mut one = [0];
        Ok(match self.input.read(&mut one)? {
            0 => None,
            _ => Some(one[0]),
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<Token>, Problem> {
        loop {
            return Ok(Some(match self.byte()? {
                None => return Ok(None),
                Some(b'{') => Token::Open,
                Some(b'}') => Token::Close,
                Some(b'\\') => self.control()?,
                // Line ends are for the eye alone.
                Some(b'\r' | b'\n') => continue,
                Some(byte) => Token::Text(byte),
            }));
        }
    }

    fn control(&mut self) -> Result<Token, Problem> {
        let first = self.byte()?.ok_or(Reason::CutShort)?;
        if first == b'\'' {
            let high = self.byte()?.ok_or(Reason::CutShort)?;
            let low = self.byte()?.ok_or(Reason::CutShort)?;
            return match (digit(high), digit(low)) {
                (Some(high), Some(low)) => Ok(Token::Byte(high * 16 + low)),
                _ => Err(Reason::Damaged.into()),
            };
        }
        if !first.is_ascii_alphabetic() {
            return Ok(Token::Symbol(first));
        }
        let mut word = String::from(char::from(first));
        let mut number = String::new();
        loop {
            let next = self.byte()?;
            match next {
                Some(byte) if byte.is_ascii_alphabetic() && number.is_empty() => {
                    word.push(char::from(byte));
                }
                Some(byte @ b'-') if number.is_empty() => number.push(char::from(byte)),
                Some(byte) if byte.is_ascii_digit() => number.push(char::from(byte)),
                // One space belongs to the word.
                Some(b' ') | None => break,
                other => {
                    self.ahead = other;
                    break;
                }
            }
            if word.len() > MAX_WORD || number.len() > MAX_WORD {
                return Err(Reason::Damaged.into());
            }
        }
        Ok(Token::Word(word, number.parse().ok()))
    }

    /// Bytes that are no RTF.
    pub(super) fn binary(&mut self, count: usize) -> Result<Vec<u8>, Problem> {
        if count > MAX_BINARY {
            return Err(Reason::PartTooLarge.into());
        }
        let mut bytes = Vec::new();
        bytes.extend(self.ahead.take().filter(|_| count > 0));
        let left = count.saturating_sub(bytes.len());
        let mut rest = self.input.by_ref().take(left as u64);
        rest.read_to_end(&mut bytes)?;
        if bytes.len() < count {
            return Err(Reason::CutShort.into());
        }
        Ok(bytes)
    }

    /// What is left, as far as it is held.
    pub(super) fn rest(&mut self) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        bytes.extend(self.ahead.take());
        let mut rest = self.input.by_ref().take(MAX_BINARY as u64);
        rest.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The value of a hexadecimal digit.
pub(super) fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
