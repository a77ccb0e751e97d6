//! Directories and cards: LDIF (RFC 2849), vCard (RFC 6350, and 2.1) and
//! iCalendar (RFC 5545) fold long lines and encode what is not ASCII, so that
//! names and addresses are not in one piece. They are written here as the text
//! that they stand for, one property a line, and looked at as text.

use memchr::{memchr, memrchr};

use super::text::TextCutter;
use super::{Cutter, Emit, Outcome};
use crate::inspect::identifier::unescaped;

/// The longest line that is put together; what is longer holds pictures.
const LONGEST: usize = 64 * 1024;

/// What a text is folded by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folding {
    Ldif,
    /// vCard and iCalendar.
    Card,
}

/// How a text is folded, by its first lines.
pub(super) fn recognise(text: &[u8]) -> Option<Folding> {
    const COMMENTS: usize = 64;
    let first = text.get(..15).unwrap_or(text).to_ascii_uppercase();
    if first.starts_with(b"BEGIN:VCARD") || first.starts_with(b"BEGIN:VCALENDAR") {
        return Some(Folding::Card);
    }
    let lines = text.split(|&byte| byte == b'\n').take(COMMENTS);
    let mut lines = lines.map(<[u8]>::trim_ascii_end).filter(|line| {
        let is_version = line.strip_prefix(b"version:");
        let is_version = is_version.is_some_and(|version| version.trim_ascii() == b"1");
        !(line.is_empty() || line.starts_with(b"#") || line.starts_with(b" ") || is_version)
    });
    let name = lines.next()?.strip_prefix(b"dn:")?;
    (name.contains(&b'=') || name.starts_with(b":")).then_some(Folding::Ldif)
}

/// Puts lines together, and cuts what comes of it as text.
pub(super) struct Unfolder {
    folding: Folding,
    inner: Box<TextCutter>,
    /// The beginning of a line.
    raw: Vec<u8>,
    /// A property so far.
    property: Vec<u8>,
    /// The blank that folds a line belongs to it, as before vCard 3.0.
    keeps_blank: bool,
    out: Vec<u8>,
}

impl Unfolder {
    pub(super) fn new(folding: Folding, limit: usize) -> Self {
        Self {
            folding,
            inner: Box::new(TextCutter::document(limit)),
            raw: Vec::new(),
            property: Vec::new(),
            keeps_blank: false,
            out: Vec::new(),
        }
    }

    fn line(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let fits = self.property.len() + line.len() <= LONGEST;
        if self.is_broken_softly() && fits {
            self.property.pop();
            self.property.extend_from_slice(line);
            return;
        }
        let rest = match (line, self.folding) {
            ([b' ', rest @ ..], _) | ([b'\t', rest @ ..], Folding::Card) => rest,
            _ => {
                self.end();
                return self.property.extend_from_slice(line);
            }
        };
        if !fits {
            self.end();
        }
        let kept = if self.keeps_blank { line } else { rest };
        self.property.extend_from_slice(kept);
    }

    /// Whether a line of quoted-printable goes on in the next.
    fn is_broken_softly(&self) -> bool {
        self.folding == Folding::Card
            && self.property.ends_with(b"=")
            && quoted_printable(&self.property).is_some()
    }

    /// Ends a property.
    fn end(&mut self) {
        let property = std::mem::take(&mut self.property);
        if let Some(version) = property.strip_prefix(b"VERSION:") {
            self.keeps_blank = version == b"2.1";
        }
        let decoded = match self.folding {
            Folding::Ldif => base64_value(&property),
            Folding::Card => quoted_printable(&property)
                .map(|(name, value)| (name, without_escapes(value)))
                .filter(|(_, value)| is_text(value)),
        };
        match decoded {
            Some((name, value)) => {
                self.out.extend_from_slice(name);
                self.out.extend_from_slice(b": ");
                let line_ends = |byte: u8| {
                    if matches!(byte, b'\r' | b'\n') {
                        b' '
                    } else {
                        byte
                    }
                };
                let value = utf8(value);
                self.out.extend(value.into_iter().map(line_ends));
            }
            None => self.out.extend_from_slice(&property),
        }
        self.out.push(b'\n');
    }

    fn pass_on(&mut self, emit: &mut Emit<'_>) {
        self.inner.feed(&self.out, emit);
        self.out.clear();
    }
}

impl Cutter for Unfolder {
    fn feed(&mut self, text: &[u8], emit: &mut Emit<'_>) {
        self.raw.extend_from_slice(text);
        let raw = std::mem::take(&mut self.raw);
        let whole = memrchr(b'\n', &raw).map_or(0, |end| end + 1);
        let (lines, rest) = raw.split_at(whole);
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            self.line(line.strip_suffix(b"\n").unwrap_or(line));
        }
        if rest.len() > LONGEST {
            self.end();
            self.out.extend_from_slice(rest);
        } else {
            self.raw.extend_from_slice(rest);
        }
        self.pass_on(emit);
    }

    fn finish(mut self: Box<Self>, emit: &mut Emit<'_>) -> Outcome {
        let rest = std::mem::take(&mut self.raw);
        self.line(&rest);
        self.end();
        self.pass_on(emit);
        self.inner.finish(emit)
    }
}

/// The attribute and what its value decodes to, where it is `name:: base64` of
/// text.
fn base64_value(line: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let colon = memchr(b':', line)?;
    let digits = line.get(colon + 1..)?.strip_prefix(b":")?.trim_ascii();
    let mut value = Vec::with_capacity(digits.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    for &digit in digits {
        if digit == b'=' {
            break;
        }
        bits = (bits << 6 | u32::from(super::runs::digit(digit)?)) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            value.push(u8::try_from(bits >> held & 0xFF).ok()?);
        }
    }
    is_text(&value).then(|| (line.get(..colon).unwrap_or_default(), value))
}

/// The name without parameters and the encoded value of a property that says
/// that it is quoted-printable.
fn quoted_printable(line: &[u8]) -> Option<(&[u8], &[u8])> {
    const SAYS: &[u8] = b"QUOTED-PRINTABLE";
    let colon = memchr(b':', line)?;
    let (head, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let says = head.windows(SAYS.len());
    says.into_iter()
        .any(|window| window.eq_ignore_ascii_case(SAYS))
        .then(|| {
            let name = memchr(b';', head).map_or(head, |end| &head[..end]);
            (name, value)
        })
}

/// Quoted-printable (RFC 2045, section 6.7) as the bytes that it stands for.
fn without_escapes(value: &[u8]) -> Vec<u8> {
    unescaped(value, b'=').collect()
}

fn is_text(value: &[u8]) -> bool {
    !value.iter().any(|&byte| super::encoding::is_control(byte))
}

/// What is no UTF-8 is read as Latin-1.
fn utf8(value: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(value) {
        Ok(text) => text.into_bytes(),
        Err(other) => {
            let latin = other.as_bytes().iter().map(|&byte| char::from(byte));
            latin.collect::<String>().into_bytes()
        }
    }
}
