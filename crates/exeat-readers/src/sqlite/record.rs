//! Rows as they are stored: a header that says of what kind each value is, and
//! the values.

use std::borrow::Cow;

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::push_cell;

use super::pages::Encoding;
use crate::cell::{Binary, of_bytes, of_text, push_float, push_integer};

/// A value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'r> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'r [u8]),
    Blob(&'r [u8]),
}

/// The values of a row, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Record<'r> {
    kinds: &'r [u8],
    body: &'r [u8],
}

impl<'r> Record<'r> {
    pub(super) fn new(payload: &'r [u8]) -> Result<Self, Reason> {
        let mut at = 0;
        let length = varint(payload, &mut at).ok_or(Reason::Damaged)?;
        let length = usize::try_from(length).map_err(|_| Reason::Damaged)?;
        if length < at || length > payload.len() {
            return Err(Reason::Damaged);
        }
        Ok(Self {
            kinds: &payload[at..length],
            body: &payload[length..],
        })
    }

    /// The next value; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Value<'r>>, Reason> {
        if self.kinds.is_empty() {
            return Ok(None);
        }
        let mut at = 0;
        let kind = varint(self.kinds, &mut at).ok_or(Reason::Damaged)?;
        self.kinds = &self.kinds[at..];
        let length = length_of(kind).ok_or(Reason::Damaged)?;
        let (bytes, rest) = self.body.split_at_checked(length).ok_or(Reason::Damaged)?;
        self.body = rest;
        Ok(Some(match kind {
            0 => Value::Null,
            1..=6 => Value::Integer(integer(bytes)),
            7 => Value::Real(f64::from_bits(integer(bytes).cast_unsigned())),
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            kind if kind % 2 == 0 => Value::Blob(bytes),
            _ => Value::Text(bytes),
        }))
    }

    /// Whether its values end where it ends.
    pub(super) fn is_exact(&self) -> bool {
        let (mut at, mut sum) = (0, 0usize);
        while at < self.kinds.len() {
            let length = varint(self.kinds, &mut at).and_then(length_of);
            match length.and_then(|length| sum.checked_add(length)) {
                Some(more) if more <= self.body.len() => sum = more,
                _ => return false,
            }
        }
        sum == self.body.len()
    }

    /// How many values it has.
    pub(super) fn count(&self) -> usize {
        self.kinds.iter().filter(|&&byte| byte < 0x80).count()
    }
}

/// Bytes of a value of this kind.
fn length_of(kind: u64) -> Option<usize> {
    match kind {
        0 | 8 | 9 => Some(0),
        1..=4 => usize::try_from(kind).ok(),
        5 => Some(6),
        6 | 7 => Some(8),
        10 | 11 => None,
        _ => usize::try_from((kind - 12) / 2).ok(),
    }
}

/// A number in two's complement, the greatest byte first.
fn integer(bytes: &[u8]) -> i64 {
    let is_negative = bytes.first().is_some_and(|&first| first >= 0x80);
    let start = if is_negative { -1 } else { 0 };
    bytes
        .iter()
        .fold(start, |value: i64, &byte| value << 8 | i64::from(byte))
}

/// A number of seven bits a byte, the greatest first; the ninth byte has eight.
pub(super) fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0u64;
    for place in 0..9 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if place == 8 {
            return Some(value << 8 | u64::from(byte));
        }
        value = value << 7 | u64::from(byte & 0x7F);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Adds a value as a field of a row. `false`: it is a file of its own, and the
/// field is blank.
pub(super) fn push(value: Value<'_>, encoding: Encoding, out: &mut Vec<u8>) -> bool {
    let binary = match value {
        Value::Null => return true,
        Value::Integer(value) => {
            push_integer(out, value);
            return true;
        }
        Value::Real(value) => {
            push_float(out, value);
            return true;
        }
        Value::Text(bytes) => match encoding {
            Encoding::Utf8 => of_text(bytes),
            _ => Binary::Cell(Cow::Owned(utf16(bytes, encoding))),
        },
        Value::Blob(bytes) => of_bytes(bytes),
    };
    match binary {
        Binary::Cell(text) => {
            push_cell(out, &text);
            true
        }
        Binary::File => false,
    }
}

/// Text as UTF-8.
pub(super) fn utf16(bytes: &[u8], encoding: Encoding) -> Vec<u8> {
    let units = bytes.chunks_exact(2).map(|pair| match encoding {
        Encoding::Utf16Big => u16::from_be_bytes([pair[0], pair[1]]),
        _ => u16::from_le_bytes([pair[0], pair[1]]),
    });
    let mut text: String = char::decode_utf16(units)
        .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if bytes.len() % 2 == 1 {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_their_kinds_say() {
        let payload = [
            8, 0, 1, 9, 19, 14, 6, 7, // a header of eight bytes
            0xFF, b'A', b'm', b'y', 0xAB, 0, 0, 0, 2, 0x53, 0x72, 0x44, 0x92, 0x3F, 0xF8, 0, 0, 0,
            0, 0, 0,
        ];
        let mut record = Record::new(&payload).expect("a record");
        assert!(record.is_exact());
        assert_eq!(record.count(), 7);
        let mut values = Vec::new();
        while let Some(value) = record.next().expect("a value") {
            values.push(value);
        }
        assert_eq!(
            values,
            [
                Value::Null,
                Value::Integer(-1),
                Value::Integer(1),
                Value::Text(b"Amy"),
                Value::Blob(&[0xAB]),
                Value::Integer(0x2_5372_4492),
                Value::Real(1.5),
            ]
        );
    }

    #[test]
    fn a_broken_record_is_an_error() {
        for payload in [
            &[][..],
            &[0],
            &[2],
            &[3, 19],
            &[2, 10],
            &[2, 19, b'A'],
            &[0x80],
        ] {
            let read = Record::new(payload).and_then(|mut record| {
                while record.next()?.is_some() {}
                Ok(())
            });
            assert_eq!(read, Err(Reason::Damaged), "{payload:?}");
        }
    }

    #[test]
    fn the_ninth_byte_of_a_number_has_eight_bits() {
        let mut at = 0;
        assert_eq!(varint(&[0xFF; 9], &mut at), Some(u64::MAX));
        assert_eq!(at, 9);
        assert_eq!(varint(&[0x81, 0], &mut 0), Some(128));
        assert_eq!(varint(&[0x81], &mut 0), None);
    }
}
