//! Walks through a structure of Thrift's compact protocol without knowing what
//! its fields mean: to tell whether bytes are one, and what text stands in it.

use exeat_core::inspect::reader::Reason;

use super::hybrid::varint;

/// How deep structures stand in one another. Those of Parquet need eight.
const MAX_DEPTH: u8 = 24;

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The numbers of the outermost fields.
    pub(super) fields: Vec<i64>,
    /// Strings that are text, a line each.
    pub(super) text: Vec<u8>,
}

/// Walks through the structure at the beginning of `data`; where it ends.
pub(super) fn walk(data: &[u8], found: &mut Found) -> Result<usize, Reason> {
    let mut walk = Walk { data, at: 0, found };
    walk.structure(0)?;
    Ok(walk.at)
}

struct Walk<'w> {
    data: &'w [u8],
    at: usize,
    found: &'w mut Found,
}

impl Walk<'_> {
    fn byte(&mut self) -> Result<u8, Reason> {
        let byte = *self.data.get(self.at).ok_or(Reason::Damaged)?;
        self.at += 1;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u64, Reason> {
        varint(self.data, &mut self.at)
    }

    fn skip(&mut self, count: u64) -> Result<&[u8], Reason> {
        let count = usize::try_from(count).map_err(|_| Reason::Damaged)?;
        let end = self.at.checked_add(count).ok_or(Reason::Damaged)?;
        let skipped = self.data.get(self.at..end).ok_or(Reason::Damaged)?;
        self.at = end;
        Ok(skipped)
    }

    fn structure(&mut self, depth: u8) -> Result<(), Reason> {
        if depth > MAX_DEPTH {
            return Err(Reason::Damaged);
        }
        let mut field = 0;
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Ok(());
            }
            field = match header >> 4 {
                0 => {
                    #[expect(clippy::cast_possible_wrap, reason = "wrapped as it was written")]
                    let number = self.number()? as i64;
                    number >> 1 ^ -(number & 1)
                }
                by => field + i64::from(by),
            };
            if depth == 0 {
                self.found.fields.push(field);
            }
            match header & 15 {
                // Here the type is the value.
                TRUE | FALSE => {}
                kind => self.value(kind, depth)?,
            }
        }
    }

    fn value(&mut self, kind: u8, depth: u8) -> Result<(), Reason> {
        match kind {
            TRUE | FALSE | BYTE => {
                self.byte()?;
            }
            I16..=I64 => {
                self.number()?;
            }
            DOUBLE => {
                self.skip(8)?;
            }
            BINARY => {
                let length = self.number()?;
                let start = self.at;
                self.skip(length)?;
                let value = &self.data[start..self.at];
                if value.iter().any(u8::is_ascii_graphic) && std::str::from_utf8(value).is_ok() {
                    self.found.text.extend_from_slice(value);
                    self.found.text.push(b'\n');
                }
            }
            LIST | SET => {
                let header = self.byte()?;
                let count = match header >> 4 {
                    15 => self.number()?,
                    count => u64::from(count),
                };
                self.elements(count, &[header & 15], depth)?;
            }
            MAP => match self.number()? {
                0 => {}
                count => {
                    let kinds = self.byte()?;
                    self.elements(count, &[kinds >> 4, kinds & 15], depth)?;
                }
            },
            STRUCT => self.structure(depth + 1)?,
            _ => return Err(Reason::Damaged),
        }
        Ok(())
    }

    fn elements(&mut self, count: u64, kinds: &[u8], depth: u8) -> Result<(), Reason> {
        if depth > MAX_DEPTH {
            return Err(Reason::Damaged);
        }
        for _ in 0..count {
            for &kind in kinds {
                self.value(kind, depth + 1)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_strings_are_found() {
        // 1: an integer, 3: a string, 4: a list of two booleans.
        let data = [0x15, 2, 0x28, 3, b'A', b'm', b'y', 0x19, 0x21, 1, 2, 0, 77];
        let mut found = Found::default();
        assert_eq!(walk(&data, &mut found), Ok(12));
        assert_eq!(found.fields, [1, 3, 4]);
        assert_eq!(found.text, b"Amy\n");
    }

    #[test]
    fn nonsense_ends() {
        for data in [
            &[][..],
            &[0x1C; 100],
            &[0x18, 0xFF, 0xFF, 3],
            &[0x19, 0xF1, 0xFF, 0xFF, 0xFF, 0xFF, 1],
        ] {
            assert_eq!(walk(data, &mut Found::default()), Err(Reason::Damaged));
        }
    }
}
