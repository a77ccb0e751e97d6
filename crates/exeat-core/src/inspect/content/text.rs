//! Plain text, and text whose format hides what it says.

use memchr::{memchr, memchr_iter, memrchr};

use super::{BLOCK, Block, Cutter, Emit, Form, Kind, MAX_COLUMNS, Outcome, Reason, SAMPLE};

/// How far back a long line is looked through for the end of a word.
const WORD: usize = 64 * 1024;
/// Lines from the beginning among which a table's first record must be.
const TITLES: usize = 16;

/// Cuts text into whole lines.
pub(super) struct TextCutter {
    buffer: Vec<u8>,
    /// How much of the buffer holds no line end.
    searched: usize,
    limit: usize,
    /// Documents that begin with the next block.
    records: u64,
    reason: Option<Reason>,
}

impl TextCutter {
    /// For a file that is one text.
    pub(super) fn document(limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            searched: 0,
            limit,
            records: 1,
            reason: None,
        }
    }

    /// For what could not be read as what it seemed to be.
    pub(super) fn remains(limit: usize) -> Self {
        Self {
            records: 0,
            ..Self::document(limit)
        }
    }

    pub(super) fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Takes what another cutter has kept, without a copy of it.
    pub(super) fn take_over(&mut self, kept: Vec<u8>, emit: &mut Emit<'_>) {
        if self.buffer.is_empty() {
            self.buffer = kept;
            self.feed(b"", emit);
        } else {
            self.feed(&kept, emit);
        }
    }

    fn cut(&mut self, at: usize, emit: &mut Emit<'_>) {
        let bytes = super::take_front(&mut self.buffer, at);
        self.searched = 0;
        emit(block(bytes, std::mem::take(&mut self.records)));
    }
}

impl Cutter for TextCutter {
    fn feed(&mut self, text: &[u8], emit: &mut Emit<'_>) {
        self.buffer.extend_from_slice(text);
        while self.buffer.len() >= BLOCK {
            // The last line end before a block's end, or else the next one.
            let fresh = self.searched;
            let line = match self.buffer.get(fresh..BLOCK.max(fresh)) {
                Some(before) => memrchr(b'\n', before),
                None => None,
            }
            .or_else(|| {
                let from = fresh.max(BLOCK);
                let after = self.buffer.get(from..).unwrap_or_default();
                memchr(b'\n', after).map(|at| at + from - fresh)
            })
            .map(|at| at + fresh + 1);
            if let Some(end) = line {
                self.cut(end, emit);
            } else if self.buffer.len() >= self.limit {
                self.reason
                    .get_or_insert("a line that is too long to be read whole".into());
                let end = word_end(&self.buffer);
                self.cut(end, emit);
            } else {
                self.searched = self.buffer.len();
                break;
            }
        }
    }

    fn finish(mut self: Box<Self>, emit: &mut Emit<'_>) -> Outcome {
        if !self.buffer.is_empty() {
            let end = self.buffer.len();
            self.cut(end, emit);
        }
        Outcome::of(Kind::Text, self.reason)
    }
}

/// Text as a block.
pub(super) fn block(bytes: Vec<u8>, records: u64) -> Block {
    Block {
        bytes,
        form: Form::Text { records },
    }
}

/// The last place where a word does not go on.
fn word_end(text: &[u8]) -> usize {
    let from = text.len().saturating_sub(WORD);
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
    (from.max(1)..text.len())
        .rev()
        .find(|&at| {
            let byte = |at: usize| text.get(at).copied().unwrap_or(b' ');
            byte(at - 1).is_ascii_whitespace() && inside(byte(at))
        })
        .or_else(|| {
            // No white space at all: at a character's beginning, at least.
            (from..text.len())
                .rev()
                .find(|&at| text.get(at).is_some_and(|byte| byte & 0xC0 != 0x80))
        })
        .filter(|&end| end > 0)
        .unwrap_or(text.len())
}

/// Why a text whose first lines have very many delimiters is a table too wide
/// to be recognised. Source code without line ends has as many.
pub(super) fn too_wide(text: &[u8]) -> Option<&'static str> {
    let lines = text.split(|&byte| byte == b'\n').take(TITLES);
    let wide = |line: &[u8]| {
        b",;\t|^~\x01\x1F".iter().any(|&delimiter| {
            memchr_iter(delimiter, line).count() >= MAX_COLUMNS && !is_code(line, delimiter)
        })
    };
    lines
        .filter(|line| line.len() >= MAX_COLUMNS)
        .any(wide)
        .then_some("more than 4,096 columns")
}

/// Whether one field of eight, or the first, has what values do not have:
/// brackets that do not match or are of two kinds, assignments.
fn is_code(line: &[u8], delimiter: u8) -> bool {
    let odd = |field: &[u8]| {
        let count = |byte: u8| memchr_iter(byte, field).count();
        count(b'(') != count(b')')
            || count(b'[') != count(b']')
            || count(b'{') != count(b'}')
            || count(b'(') * count(b'{') > 0
            || field.iter().skip(1).any(|&byte| byte == b'=')
    };
    let fields = || line.split(|&byte| byte == delimiter);
    let (all, code) = fields().fold((0_usize, 0_usize), |(all, code), field| {
        (all + 1, code + usize::from(odd(field)))
    });
    fields().next().is_some_and(odd) || code * 8 > all
}

/// Why a text is not what it looks like as plain text: formats that encode,
/// split or hide words, told by their first bytes.
pub(super) fn hidden(text: &[u8]) -> Option<&'static str> {
    let head = text.get(..SAMPLE).unwrap_or(text).trim_ascii_start();
    if head.starts_with(b"{\\rtf") {
        return Some("RTF that no reader takes apart");
    }
    if head.starts_with(b"<") {
        return markup(head);
    }
    if is_uuencoded(head) {
        return Some("uuencoded data is not read");
    }
    if let Some(rest) = head.strip_prefix(b"From ")
        && let Some(end) = memchr(b'\n', rest)
        && mail_headers(rest.get(end + 1..).unwrap_or_default()) >= 2
    {
        return Some("mbox that no reader takes apart");
    }
    (mail_headers(head) >= 2).then_some("e-mail that no reader takes apart")
}

fn markup(head: &[u8]) -> Option<&'static str> {
    /// HTML that people put into Markdown and templates.
    const INLINE: &[&[u8]] = &[
        b"a",
        b"b",
        b"i",
        b"p",
        b"br",
        b"hr",
        b"em",
        b"div",
        b"img",
        b"h1",
        b"h2",
        b"h3",
        b"h4",
        b"sub",
        b"sup",
        b"kbd",
        b"span",
        b"center",
        b"strong",
        b"details",
        b"picture",
        b"script",
        b"style",
        b"template",
        b"samp",
        b"code",
    ];
    let lower = head.get(..256).unwrap_or(head).to_ascii_lowercase();
    for prefix in [
        &b"<!doctype html"[..],
        b"<html",
        b"<head",
        b"<body",
        b"<table",
        b"<tr",
    ] {
        if lower.starts_with(prefix) {
            return Some("HTML that no reader takes apart");
        }
    }
    if lower.starts_with(b"<?xml") || lower.starts_with(b"<!doctype") || lower.starts_with(b"<svg")
    {
        return Some("XML that no reader takes apart");
    }
    if lower.starts_with(b"<!--") {
        let end = memchr::memmem::find(head, b"-->")? + 3;
        let rest = head.get(end..)?.trim_ascii_start();
        return if rest.starts_with(b"<") {
            markup(rest)
        } else {
            None
        };
    }
    let tag = head.get(1..)?;
    let end = tag
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || b":-_.".contains(byte)))?;
    let name = tag.get(..end)?;
    let known = name.first()?.is_ascii_alphabetic()
        && matches!(
            tag.get(end),
            Some(b'>' | b' ' | b'\t' | b'\r' | b'\n' | b'/')
        );
    let inline = INLINE.contains(&name.to_ascii_lowercase().as_slice());
    (known && !inline).then_some("XML that no reader takes apart")
}

fn is_uuencoded(head: &[u8]) -> bool {
    let Some(mode) = head.strip_prefix(b"begin ").and_then(|rest| rest.get(..4)) else {
        return false;
    };
    mode.iter().take(3).all(|byte| (b'0'..=b'7').contains(byte)) && mode.ends_with(b" ")
}

/// How many of the headers that mail begins with (RFC 5322) stand at the top.
fn mail_headers(head: &[u8]) -> usize {
    const KNOWN: &[&str] = &[
        "from",
        "to",
        "cc",
        "subject",
        "date",
        "received",
        "return-path",
        "message-id",
        "mime-version",
        "delivered-to",
        "reply-to",
        "sender",
        "content-type",
        "x-mailer",
        "content-transfer-encoding",
        "dkim-signature",
        "list-id",
        "in-reply-to",
        "references",
    ];
    let mut found = 0;
    for line in head.split(|&byte| byte == b'\n').take(200) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let Some(colon) = memchr(b':', line) else {
            return 0;
        };
        let name = line.get(..colon).unwrap_or_default();
        if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_graphic()) {
            return 0;
        }
        found += usize::from(
            KNOWN
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known.as_bytes())),
        );
    }
    found
}
