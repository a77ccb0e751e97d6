//! The grammar of delimited text: where a field ends, and what its value is.

use crate::inspect::content::find;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// The same as `newline` in a table of one column.
    pub(super) delimiter: u8,
    pub(super) quote: Option<u8>,
    /// `\"` within quotes, not `""`.
    pub(super) backslash: bool,
    pub(super) newline: u8,
    /// Spaces after a delimiter are no part of the value; with a space as
    /// delimiter, any number of them is one.
    pub(super) spaces: bool,
}

/// Where a field was found, within the bytes of the block.
pub(super) enum Field {
    Plain {
        start: usize,
        end: usize,
    },
    /// Within quotes; `escaped` when quotes stand in it.
    Quoted {
        start: usize,
        end: usize,
        escaped: bool,
    },
    /// The quote at this place is never closed.
    Unclosed {
        start: usize,
    },
}

impl Dialect {
    /// Whether a quote at this place, outside quotes, begins a field.
    pub(super) fn opens(&self, bytes: &[u8], place: usize) -> bool {
        let mut before = bytes.get(..place).unwrap_or_default();
        if self.spaces && self.delimiter != b' ' {
            while let [rest @ .., b' '] = before {
                before = rest;
            }
        }
        before
            .last()
            .is_none_or(|&byte| byte == self.delimiter || byte == self.newline)
    }

    /// The field at `from`, where the next one is, and whether the record
    /// ends with it.
    pub(super) fn field(&self, bytes: &[u8], from: usize) -> (Field, usize, bool) {
        let byte = |at: usize| bytes.get(at).copied();
        let mut start = from;
        if self.spaces {
            while byte(start) == Some(b' ') {
                start += 1;
            }
        }
        if let Some(quote) = self.quote
            && byte(start) == Some(quote)
        {
            let Some((end, escaped)) = self.closing(bytes, start + 1, quote) else {
                return (Field::Unclosed { start }, bytes.len(), true);
            };
            let mut after = end + 1;
            if self.spaces && self.delimiter != b' ' {
                while byte(after) == Some(b' ') {
                    after += 1;
                }
            }
            if byte(after) == Some(b'\r') && self.newline == b'\n' && byte(after + 1) == Some(b'\n')
            {
                after += 1;
            }
            let field = Field::Quoted {
                start: start + 1,
                end,
                escaped,
            };
            if let Some((next, ends)) = self.separator(bytes, after) {
                return (field, next, ends);
            }
            // Something stands between the quote and the delimiter: the field
            // is given as it is.
            let (end, next, ends) = self.plain_end(bytes, after);
            return (Field::Plain { start, end }, next, ends);
        }
        let (end, next, ends) = self.plain_end(bytes, start);
        (Field::Plain { start, end }, next, ends)
    }

    pub(super) fn is_misplaced(&self, bytes: &[u8], start: usize) -> bool {
        self.quote.is_some() && bytes.get(start).copied() == self.quote
    }

    fn plain_end(&self, bytes: &[u8], from: usize) -> (usize, usize, bool) {
        let end = find::first(bytes, from, self.delimiter, self.newline).unwrap_or(bytes.len());
        let (next, ends) = self.separator(bytes, end).unwrap_or((bytes.len(), true));
        let bare = ends && self.newline == b'\n' && end > from;
        let end = match bytes.get(end.wrapping_sub(1)) {
            Some(b'\r') if bare => end - 1,
            _ => end,
        };
        (end, next, ends)
    }

    /// What a delimiter or line end at this place leads to.
    fn separator(&self, bytes: &[u8], at: usize) -> Option<(usize, bool)> {
        match bytes.get(at).copied() {
            None => Some((bytes.len(), true)),
            Some(byte) if byte == self.newline => Some((at + 1, true)),
            Some(byte) if byte == self.delimiter => {
                let mut next = at + 1;
                if self.delimiter != b' ' {
                    return Some((next, false));
                }
                while bytes.get(next) == Some(&b' ') {
                    next += 1;
                }
                let cr = usize::from(bytes.get(next) == Some(&b'\r') && self.newline == b'\n');
                match bytes.get(next + cr) {
                    None => Some((bytes.len(), true)),
                    Some(&byte) if byte == self.newline => Some((next + cr + 1, true)),
                    Some(_) => Some((next, false)),
                }
            }
            Some(_) => None,
        }
    }

    /// Where the quotes opened before `from` close, and whether the value has
    /// any within.
    fn closing(&self, bytes: &[u8], from: usize, quote: u8) -> Option<(usize, bool)> {
        let mut at = from;
        let mut escaped = false;
        let escape = if self.backslash { b'\\' } else { quote };
        loop {
            at = find::first(bytes, at, quote, escape)?;
            let escapes = bytes.get(at) != Some(&quote);
            if !escapes && (self.backslash || bytes.get(at + 1) != Some(&quote)) {
                return Some((at, escaped));
            }
            escaped = true;
            at += 2;
        }
    }

    /// Writes the value of `raw` to the front of `out`; the bytes used.
    pub(super) fn unescape(&self, raw: &[u8], out: &mut [u8]) -> usize {
        let mut used = 0;
        let mut bytes = raw.iter().copied();
        while let Some(byte) = bytes.next() {
            let byte = if self.backslash && byte == b'\\' {
                bytes.next().unwrap_or(byte)
            } else {
                if !self.backslash && Some(byte) == self.quote {
                    bytes.next();
                }
                byte
            };
            if let Some(place) = out.get_mut(used) {
                *place = byte;
                used += 1;
            }
        }
        used
    }
}
