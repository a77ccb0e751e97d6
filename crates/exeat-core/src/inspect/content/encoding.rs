//! From bytes of any usual encoding to UTF-8, piece by piece.
//!
//! UTF-8 and UTF-16 are told by their byte order mark, UTF-16 without one by
//! its pattern of zeros. What is not valid UTF-8 is read as Windows-1252, of
//! which Latin-1 is a part (<https://encoding.spec.whatwg.org/#windows-1252>);
//! a file that has both is of no one encoding, which is a reason.

/// Pairs at the beginning of a file without a mark that tell UTF-16.
const BEGINNING: usize = 16;

/// Decodes one file.
pub(super) struct Decoder {
    form: Form,
    /// The beginning of a character that the next piece ends.
    carry: Vec<u8>,
    at_start: bool,
    multibyte: bool,
    single_byte: bool,
    damaged: bool,
    truncated: bool,
    undefined: bool,
    /// Of UTF-16, the units in a row that look like two bytes of other text.
    foreign: Foreign,
}

/// Units of UTF-16 in a row whose bytes would be text by themselves: two of
/// ASCII, or one of them and the NUL of the other byte order.
#[derive(Default)]
struct Foreign {
    digits: u32,
    signs: u32,
    found: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Utf8,
    Utf16 { big_endian: bool },
}

/// 0x80–0x9F of Windows-1252; five of them stand for nothing.
const WINDOWS_1252: [char; 32] = [
    '\u{20AC}', '\u{FFFD}', '\u{201A}', '\u{0192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}',
    '\u{02C6}', '\u{2030}', '\u{0160}', '\u{2039}', '\u{0152}', '\u{FFFD}', '\u{017D}', '\u{FFFD}',
    '\u{FFFD}', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}',
    '\u{02DC}', '\u{2122}', '\u{0161}', '\u{203A}', '\u{0153}', '\u{FFFD}', '\u{017E}', '\u{0178}',
];

impl Decoder {
    /// A decoder for the file that begins with these bytes.
    pub(super) fn new(head: &[u8]) -> Self {
        Self {
            form: utf16(head).map_or(Form::Utf8, |big_endian| Form::Utf16 { big_endian }),
            carry: Vec::new(),
            at_start: true,
            multibyte: false,
            single_byte: false,
            damaged: false,
            truncated: false,
            undefined: false,
            foreign: Foreign::default(),
        }
    }

    /// A decoder for what says that it is UTF-8.
    pub(super) fn utf8_only() -> Self {
        Self::new(b"")
    }

    /// Appends what `bytes` stand for; `last` when the file ends with them.
    pub(super) fn decode(&mut self, bytes: &[u8], last: bool, text: &mut Vec<u8>) {
        let joined;
        let mut bytes = if self.carry.is_empty() {
            bytes
        } else {
            let mut carry = std::mem::take(&mut self.carry);
            carry.extend_from_slice(bytes);
            joined = carry;
            &joined
        };
        if std::mem::take(&mut self.at_start) {
            let mark: &[u8] = match self.form {
                Form::Utf8 => b"\xEF\xBB\xBF",
                Form::Utf16 { big_endian: false } => b"\xFF\xFE",
                Form::Utf16 { big_endian: true } => b"\xFE\xFF",
            };
            bytes = bytes.strip_prefix(mark).unwrap_or(bytes);
        }
        match self.form {
            Form::Utf8 => self.utf8(bytes, last, text),
            Form::Utf16 { big_endian } => self.utf16(bytes, big_endian, last, text),
        }
    }

    /// What was wrong with the bytes, if anything was.
    pub(super) fn reason(&self) -> Option<&'static str> {
        if self.truncated {
            Some("ends within a character")
        } else if self.damaged {
            Some("not valid UTF-16")
        } else if (self.multibyte && self.single_byte) || self.foreign.found {
            Some("mixed encodings")
        } else if self.undefined {
            Some("has bytes that no usual encoding knows")
        } else {
            None
        }
    }

    fn utf8(&mut self, mut bytes: &[u8], last: bool, text: &mut Vec<u8>) {
        loop {
            let error = match std::str::from_utf8(bytes) {
                Ok(valid) => {
                    self.multibyte = self.multibyte || !valid.is_ascii();
                    text.extend_from_slice(bytes);
                    return;
                }
                Err(error) => error,
            };
            let (valid, rest) = bytes.split_at(error.valid_up_to());
            self.multibyte = self.multibyte || !valid.is_ascii();
            text.extend_from_slice(valid);
            let wrong = match error.error_len() {
                Some(_) => 1,
                None if last => {
                    // In a file of single bytes this is simply an accented
                    // letter at the end; else nobody can tell.
                    self.truncated = self.multibyte || !self.single_byte;
                    rest.len()
                }
                None => {
                    self.carry.extend_from_slice(rest);
                    return;
                }
            };
            let (odd, after) = rest.split_at(wrong);
            self.single_byte = true;
            for &byte in odd {
                self.windows_1252(byte, text);
            }
            bytes = after;
            // Bytes that only continue a character are odd as well here.
            while let [byte @ 0x80..=0xBF, after @ ..] = bytes {
                self.windows_1252(*byte, text);
                bytes = after;
            }
        }
    }

    fn windows_1252(&mut self, byte: u8, text: &mut Vec<u8>) {
        let character = match byte {
            0x80..=0x9F => WINDOWS_1252
                .get(usize::from(byte - 0x80))
                .copied()
                .unwrap_or('\u{FFFD}'),
            _ => char::from(byte),
        };
        self.undefined |= character == '\u{FFFD}';
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn utf16(&mut self, bytes: &[u8], big_endian: bool, last: bool, text: &mut Vec<u8>) {
        let (pairs, odd) = bytes.as_chunks::<2>();
        let unit = |&pair: &[u8; 2]| {
            if big_endian {
                u16::from_be_bytes(pair)
            } else {
                u16::from_le_bytes(pair)
            }
        };
        let mut whole = pairs;
        if let Some((end, before)) = pairs.split_last()
            && (0xD800..0xDC00).contains(&unit(end))
            && !last
        {
            whole = before;
            self.carry.extend_from_slice(end);
        }
        self.carry.extend_from_slice(odd);
        if last && !odd.is_empty() {
            self.truncated = true;
        }
        text.reserve(whole.len());
        for pair in whole {
            self.foreign.add(unit(pair));
        }
        for character in char::decode_utf16(whole.iter().map(unit)) {
            let character = character.unwrap_or_else(|_| {
                self.damaged = true;
                '\u{FFFD}'
            });
            match u8::try_from(character) {
                Ok(ascii @ 0..0x80) => text.push(ascii),
                _ => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }
}

impl Foreign {
    /// As many digits as no text of another script has in a row.
    const DIGITS: u32 = 4;
    /// As many signs; each is one in five of those that Chinese text has.
    const SIGNS: u32 = 16;

    fn add(&mut self, unit: u16) {
        // Most text is ASCII.
        if unit < 0x0100 {
            self.digits = 0;
            self.signs = 0;
            return;
        }
        let [high, low] = unit.to_be_bytes();
        let text = |byte: u8| (0x20..0x7F).contains(&byte) || matches!(byte, b'\n' | b'\r');
        let digits = high.is_ascii_digit() && (low.is_ascii_digit() || low == 0);
        self.digits = if digits { self.digits + 1 } else { 0 };
        if !text(high) || !(text(low) || low == 0) {
            self.signs = 0;
        } else if high >= b'0' {
            // Below are lines and ellipses, which do stand in rows.
            self.signs += 1;
        }
        self.found |= self.digits >= Self::DIGITS || self.signs >= Self::SIGNS;
    }
}

/// Whether these bytes begin a UTF-16 file, and if so whether it is big-endian.
pub(super) fn utf16(head: &[u8]) -> Option<bool> {
    if head.starts_with(b"\xFF\xFE\0\0") {
        return None;
    }
    if head.starts_with(b"\xFF\xFE") {
        return Some(false);
    }
    if head.starts_with(b"\xFE\xFF") {
        return Some(true);
    }
    let sample = head.get(..super::SAMPLE).unwrap_or(head);
    let (pairs, _) = sample.as_chunks::<2>();
    if pairs.len() < 2 {
        return None;
    }
    // A file may turn into UTF-16 later on: what it begins with counts.
    let begins = patterned(pairs.get(..BEGINNING).unwrap_or(pairs))?;
    let zero = usize::from(!begins);
    let same = patterned(pairs) == Some(begins) && pairs.first()?.get(zero) == Some(&0);
    same.then_some(begins)
}

/// Where the zeros of UTF-16 stand in these pairs: whether it is big-endian.
fn patterned(pairs: &[[u8; 2]]) -> Option<bool> {
    let zeros = |place: usize| {
        pairs
            .iter()
            .filter(|pair| pair.get(place) == Some(&0))
            .count()
    };
    let (first, second) = (zeros(0), zeros(1));
    // Text in Latin letters has a zero in nearly every pair; binary numbers
    // have zeros in both places.
    let many = |count: usize| count * 10 >= pairs.len() * 6;
    let few = |count: usize| count * 100 <= pairs.len();
    if many(second) && few(first) {
        Some(false)
    } else if many(first) && few(second) {
        Some(true)
    } else {
        None
    }
}

/// Why text has bytes that no text has; `delimiter` may be a control byte.
pub(super) fn control_bytes(text: &[u8], delimiter: u8) -> Option<&'static str> {
    if !has_any(text, |byte| is_control(byte) & (byte != delimiter)) {
        None
    } else if memchr::memchr(0, text).is_some() {
        Some("has NUL bytes")
    } else {
        Some("has control bytes")
    }
}

/// Whether there are control bytes, or deleted ones.
pub(super) fn has_controls(bytes: &[u8]) -> bool {
    has_any(bytes, |byte| is_control(byte) | (byte == 0x7F))
}

/// Looks at whole pieces without a branch, so that it runs at memory speed.
fn has_any(bytes: &[u8], is_one: impl Fn(u8) -> bool) -> bool {
    let (pieces, rest) = bytes.as_chunks::<64>();
    let any = |found: u8, &byte: &u8| found | u8::from(is_one(byte));
    pieces.iter().any(|piece| piece.iter().fold(0, any) != 0) || rest.iter().fold(0, any) != 0
}

/// How many bytes `is_one` holds for.
pub(super) fn count(bytes: &[u8], is_one: impl Fn(u8) -> bool) -> usize {
    let of = |piece: &[u8]| sum(piece.iter().map(|&byte| is_one(byte)));
    bytes.chunks(PIECE).map(of).sum()
}

/// How many bytes, each with the one before it, `is_one` holds for.
pub(super) fn count_after(bytes: &[u8], is_one: impl Fn(u8, u8) -> bool) -> usize {
    let later = bytes.get(1..).unwrap_or_default();
    let of = |(earlier, later): (&[u8], &[u8])| {
        let pairs = earlier.iter().zip(later);
        sum(pairs.map(|(&before, &byte)| is_one(before, byte)))
    };
    bytes.chunks(PIECE).zip(later.chunks(PIECE)).map(of).sum()
}

/// So many fit into a byte, and many bytes are added up by one instruction.
const PIECE: usize = 255;

fn sum(piece: impl Iterator<Item = bool>) -> usize {
    let add = |sum: u8, is_one| sum.wrapping_add(u8::from(is_one));
    usize::from(piece.fold(0, add))
}

/// Control bytes, but for white space and the escape of terminal colours.
pub(super) fn is_control(byte: u8) -> bool {
    (byte < 0x20) & (byte.wrapping_sub(0x09) > 4) & (byte != 0x1B)
}
