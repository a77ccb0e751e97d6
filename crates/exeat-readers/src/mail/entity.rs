//! A message, its parts, and theirs (RFC 2046).

use std::io::{self, BufRead as _, BufReader, Cursor, Read};

use encoding_rs::{Encoding, REPLACEMENT, UTF_8};
use exeat_core::inspect::reader::{Format, Reason, recognise};
use memchr::memmem;

use super::header::Header;
use super::transfer::QuotedPrintable;
use crate::base64::Base64;
use crate::charset::Decoded;
use crate::flow::{Flow, Flows};
use crate::input::{HEAD, Input, Window};
use crate::problem::Problem;

/// The most bytes of header fields.
const MAX_HEADER: usize = 1 << 20;
/// How deep parts may be within parts.
const MAX_DEPTH: usize = 16;
/// The most parts of a message.
const MAX_PARTS: u32 = 10_000;
/// The most bytes of a signature, which has a certificate or two in it.
const MAX_SIGNATURE: u64 = 64 << 10;

/// A message while it is read.
pub(super) struct Message<'f, 'o> {
    pub(super) flows: &'f mut Flows<'o>,
    pub(super) text: &'f mut Flow,
    pub(super) parts: u32,
}

impl Message<'_, '_> {
    /// Reads header fields and what follows them.
    pub(super) fn read(&mut self, window: &Window, depth: usize) -> Result<(), Problem> {
        let most = usize::try_from(window.len())
            .unwrap_or(MAX_HEADER)
            .min(MAX_HEADER);
        let mut bytes = vec![0; most];
        let read = window.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        let (end, start) = match header_end(&bytes) {
            Some(found) => found,
            // No body, or no header that anybody would write.
            None => (bytes.len(), bytes.len()),
        };
        if start == bytes.len() && window.len() > start as u64 {
            self.flows.uninspected(Reason::Damaged)?;
        }
        let header = Header::parse(&bytes[..end]);
        drop(bytes);
        for (name, value) in &header.fields {
            let value = without_tags(name, value);
            match name.is_empty() {
                true => {
                    self.text.line();
                    self.text.bytes.extend_from_slice(value.as_bytes());
                    self.text.line();
                }
                false => self.text.field(name.as_bytes(), value.as_bytes()),
            }
        }
        self.flows.tend(self.text)?;
        let body = window
            .slice(start as u64..window.len())
            .ok_or(Reason::Changed)?;
        self.body(&header, body, depth)
    }

    fn body(&mut self, header: &Header, body: Window, depth: usize) -> Result<(), Problem> {
        let kind = header.content_type();
        if kind.starts_with("multipart/") {
            if kind == "multipart/encrypted" {
                self.flows.uninspected(Reason::Encrypted)?;
            }
            return self.multipart(header, &body, depth);
        }
        if body.len() == 0 {
            return Ok(());
        }
        let file = header.file_name();
        let name = match &file {
            Some(name) => name.clone(),
            None => format!("part {}", self.parts.max(1)),
        };
        let encoding = header.get("content-transfer-encoding").unwrap_or_default();
        let mut content = match &encoding.trim().to_ascii_lowercase()[..] {
            "base64" => Transfer::Base64(Base64::new(body)),
            "quoted-printable" => Transfer::Quoted(QuotedPrintable::new(body)),
            "" | "7bit" | "8bit" | "binary" => Transfer::Plain(body),
            _ => {
                self.flows.uninspected(Reason::Unsupported)?;
                Transfer::Plain(body)
            }
        };
        let is_attached = header.get("content-disposition").is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("attachment")
        });
        match &kind[..] {
            "message/rfc822" | "message/global" | "message/news" => {
                self.message(name.as_bytes(), content)?;
                return Ok(());
            }
            "message/partial" => self.flows.uninspected(Reason::Unsupported)?,
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => {
                let smime = header
                    .parameter("content-type", "smime-type")
                    .unwrap_or_default();
                let reason = match smime.to_ascii_lowercase().starts_with("enveloped") {
                    true => Reason::Encrypted,
                    false => Reason::Unsupported,
                };
                return self.flows.uninspected(reason);
            }
            "application/pkcs7-signature" | "application/x-pkcs7-signature" => {
                self.signature(&mut content)?;
            }
            "application/ms-tnef" | "application/vnd.ms-tnef" => {
                return self.flows.uninspected(Reason::Foreign);
            }
            "text/html" => self.page(header, &name, &mut content)?,
            kind => {
                let is_text = kind.is_empty()
                    || matches!(kind, "text/plain" | "text/enriched" | "text/rfc822-headers")
                    || kind.starts_with("message/")
                    // One word, as very old messages have it.
                    || kind == "text";
                match is_text && file.is_none() && !is_attached {
                    true => self.inline(header, &name, &mut content)?,
                    false => self.attachment(header, &name, &mut content)?,
                }
            }
        }
        match content.is_damaged() {
            true => self.flows.uninspected(Reason::Damaged),
            false => Ok(()),
        }
    }

    fn message(&mut self, name: &[u8], content: Transfer) -> Result<(), Problem> {
        let choose = |_| Some(Format::Mail);
        self.flows.close()?;
        match content {
            Transfer::Plain(window) => {
                self.flows
                    .out
                    .member_by(name, Input::of_window(window), choose)
            }
            mut content => {
                let mut counted = self.flows.out.metered(&mut content);
                let input = Input::of_stream(&mut counted);
                self.flows.out.member_by(name, input, choose)?;
                match content.is_damaged() {
                    true => self.flows.uninspected(Reason::Damaged),
                    false => Ok(()),
                }
            }
        }
    }

    /// A page: what is declared outside of it goes before what it declares.
    fn page(&mut self, header: &Header, name: &str, content: &mut Transfer) -> Result<(), Problem> {
        let choose = |format: Option<Format>| format.or(Some(Format::Html));
        self.flows.close()?;
        let encoding = self.charset(header)?;
        let mut counted = self.flows.out.metered(content);
        match encoding {
            None => {
                let input = Input::of_stream(&mut counted);
                self.flows.out.member_by(name.as_bytes(), input, choose)
            }
            Some(encoding) => {
                let mark = &b"\xEF\xBB\xBF"[..];
                let mut marked = mark.chain(Decoded::new(counted, encoding));
                let input = Input::of_stream(&mut marked);
                self.flows.out.member_by(name.as_bytes(), input, choose)
            }
        }
    }

    /// The encoding that a part declares, where it is one that matters.
    fn charset(&mut self, header: &Header) -> Result<Option<&'static Encoding>, Problem> {
        let Some(label) = header.parameter("content-type", "charset") else {
            return Ok(None);
        };
        let encoding = Encoding::for_label(label.as_bytes());
        let is_hidden = label.to_ascii_lowercase().contains("utf-7");
        if is_hidden || encoding == Some(REPLACEMENT) {
            // Letters in it are written with others.
            self.flows.uninspected(Reason::Illegible)?;
            return Ok(None);
        }
        Ok(encoding)
    }

    /// Text that is part of the message.
    fn inline(
        &mut self,
        header: &Header,
        name: &str,
        content: &mut Transfer,
    ) -> Result<(), Problem> {
        let encoding = self.charset(header)?.unwrap_or(UTF_8);
        let counted = self.flows.out.metered(content);
        let mut decoded = Decoded::new(counted, encoding);
        let mut head = Vec::new();
        (&mut decoded).take(HEAD as u64).read_to_end(&mut head)?;
        if recognise(&head).is_some() || is_structured(&head) {
            self.flows.close()?;
            let mut whole = Cursor::new(head).chain(decoded);
            let input = Input::of_stream(&mut whole);
            return self.flows.out.member(name.as_bytes(), input);
        }
        self.text.line();
        self.text.bytes.push(b'\n');
        let (mut is_encrypted, mut is_encoded) = (false, false);
        while !head.is_empty() {
            is_encrypted |= memmem::find(&head, b"-----BEGIN PGP MESSAGE-----").is_some();
            is_encoded |= is_uuencoded(&head);
            self.text.bytes.extend_from_slice(&head);
            self.flows.tend(self.text)?;
            head.clear();
            (&mut decoded).take(HEAD as u64).read_to_end(&mut head)?;
        }
        if is_encrypted {
            self.flows.uninspected(Reason::Encrypted)?;
        }
        if is_encoded {
            self.flows.uninspected(Reason::Unsupported)?;
        }
        match decoded.is_damaged() {
            true => self.flows.uninspected(Reason::Damaged),
            false => Ok(()),
        }
    }

    fn attachment(
        &mut self,
        header: &Header,
        name: &str,
        content: &mut Transfer,
    ) -> Result<(), Problem> {
        let is_tnef = name.eq_ignore_ascii_case("winmail.dat");
        let mut head = Vec::new();
        let mut counted = self.flows.out.metered(content);
        (&mut counted).take(HEAD as u64).read_to_end(&mut head)?;
        if is_tnef || head.starts_with(b"\x78\x9F\x3E\x22") {
            return self.flows.uninspected(Reason::Foreign);
        }
        self.flows.close()?;
        // Other letters than those that are told from the text alone.
        let is_text = header.content_type().starts_with("text/") && recognise(&head).is_none();
        let encoding = match is_text {
            true => self
                .charset(header)?
                .filter(|encoding| !encoding.is_single_byte()),
            false => None,
        };
        let mut whole = Cursor::new(head).chain(counted);
        match encoding.filter(|encoding| *encoding != UTF_8) {
            Some(encoding) => {
                let mut decoded = Decoded::new(whole, encoding);
                let input = Input::of_stream(&mut decoded);
                self.flows.out.member(name.as_bytes(), input)
            }
            None => {
                let input = Input::of_stream(&mut whole);
                self.flows.out.member(name.as_bytes(), input)
            }
        }
    }

    /// A signature: the names in its certificates are all the text that it has.
    fn signature(&mut self, content: &mut Transfer) -> Result<(), Problem> {
        let mut bytes = Vec::new();
        let mut counted = self.flows.out.metered(content);
        (&mut counted)
            .take(MAX_SIGNATURE + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_SIGNATURE || bytes.first() != Some(&0x30) {
            return self.flows.uninspected(Reason::Foreign);
        }
        for run in bytes.split(|byte| !matches!(byte, b' '..=b'~')) {
            if run.len() >= 5 {
                self.text.line();
                self.text.bytes.extend_from_slice(run);
            }
        }
        self.text.line();
        Ok(())
    }

    /// Parts between boundaries.
    fn multipart(&mut self, header: &Header, body: &Window, depth: usize) -> Result<(), Problem> {
        if depth >= MAX_DEPTH {
            self.flows.uninspected(Reason::TooDeep)?;
            return self.raw(body.clone());
        }
        let boundary = header
            .parameter("content-type", "boundary")
            .filter(|name| !name.is_empty());
        let Some(boundary) = boundary else {
            self.flows.uninspected(Reason::Damaged)?;
            return self.raw(body.clone());
        };
        let delimiter = format!("--{boundary}");
        let mut reader = BufReader::with_capacity(128 << 10, body.clone());
        let mut line = Vec::new();
        let (mut at, mut start) = (0, 0);
        let mut place = Place::Before;
        let mut is_line_start = true;
        let mut end_of_line = 0;
        loop {
            line.clear();
            let count = (&mut reader).take(64 << 10).read_until(b'\n', &mut line)? as u64;
            let found = match is_line_start && place != Place::After {
                true => delimits(&line, delimiter.as_bytes()),
                false => None,
            };
            if count == 0 || found.is_some() {
                // The line end before a boundary belongs to it.
                let end = if count == 0 { at } else { at - end_of_line };
                let part = body.slice(start..end.max(start)).ok_or(Reason::Changed)?;
                match place {
                    Place::Within => self.part(&part, depth)?,
                    Place::Before | Place::After => self.raw(part)?,
                }
                start = at + count;
            }
            if count == 0 {
                break;
            }
            if let Some(is_last) = found {
                place = if is_last { Place::After } else { Place::Within };
            }
            at += count;
            is_line_start = line.ends_with(b"\n");
            end_of_line = match &line[..] {
                [.., b'\r', b'\n'] => 2,
                [.., b'\n'] => 1,
                _ => 0,
            };
            if found.is_some() {
                // Nothing is between two boundaries.
                end_of_line = 0;
            }
        }
        match place {
            Place::After => Ok(()),
            Place::Before | Place::Within => self.flows.uninspected(Reason::CutShort),
        }
    }

    fn part(&mut self, part: &Window, depth: usize) -> Result<(), Problem> {
        if self.parts >= MAX_PARTS {
            return Err(Reason::TooMany.into());
        }
        self.parts += 1;
        self.read(part, depth + 1)
    }

    /// What belongs to no part.
    fn raw(&mut self, content: Window) -> Result<(), Problem> {
        let mut decoded = Decoded::new(content, UTF_8);
        let mut piece = Vec::new();
        loop {
            piece.clear();
            (&mut decoded).take(HEAD as u64).read_to_end(&mut piece)?;
            if piece.is_empty() {
                break;
            }
            if !piece.trim_ascii().is_empty() {
                self.text.bytes.extend_from_slice(&piece);
                self.flows.tend(self.text)?;
            }
        }
        self.text.line();
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Within,
    After,
}

/// A part's content, encoded as it is.
enum Transfer {
    Plain(Window),
    Base64(Base64<Window>),
    Quoted(QuotedPrintable<Window>),
}

impl Transfer {
    fn is_damaged(&self) -> bool {
        match self {
            Self::Base64(decoder) => decoder.is_damaged(),
            Self::Plain(_) | Self::Quoted(_) => false,
        }
    }
}

impl Read for Transfer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(window) => window.read(buffer),
            Self::Base64(decoder) => decoder.read(buffer),
            Self::Quoted(decoder) => decoder.read(buffer),
        }
    }
}

/// Where the header ends, and where what follows begins.
fn header_end(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'\n', &bytes[from..]) {
        let line = &bytes[from..from + at];
        if line.is_empty() || line == b"\r" {
            return Some((from, from + at + 1));
        }
        from += at + 1;
    }
    None
}

/// Whether a line is a boundary, and if so whether it is the last.
fn delimits(line: &[u8], delimiter: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(delimiter)?.trim_ascii();
    match rest {
        b"" => Some(false),
        _ => rest.starts_with(b"--").then_some(true),
    }
}

/// Whether text is a table or JSON, which is read on its own.
fn is_structured(head: &[u8]) -> bool {
    const LINES: usize = 3;
    let text = head.trim_ascii_start();
    if text.starts_with(b"{\"") || text.starts_with(b"[{") {
        return true;
    }
    b",;\t|".iter().any(|&delimiter| {
        let lines = text.split(|&byte| byte == b'\n').take(LINES);
        let mut counts = lines.map(|line| memchr::memchr_iter(delimiter, line).count());
        let first = counts.next().unwrap_or_default();
        first >= 2 && counts.filter(|count| *count == first).count() == LINES - 1
    })
}

/// Whether uuencoded data begins in a text.
fn is_uuencoded(text: &[u8]) -> bool {
    memmem::find_iter(text, b"\nbegin ").any(|at| {
        matches!(
            text.get(at + 7..at + 11),
            Some([b'0'..=b'7', b'0'..=b'7', b'0'..=b'7', b' '])
        )
    })
}

/// Names of messages look like addresses, and are none.
fn without_tags(name: &str, value: &str) -> String {
    const TAGS: &[&str] = &["message-id", "in-reply-to", "references", "content-id"];
    if !TAGS.iter().any(|tag| name.eq_ignore_ascii_case(tag)) {
        return value.to_owned();
    }
    let tags = value
        .split_whitespace()
        .map(|tag| match tag.split_once('@') {
            // Somebody's address is shorter, or has no digits.
            Some((local, domain))
                if local.len() >= 16 && local.contains(|c: char| c.is_ascii_digit()) =>
            {
                format!("{local} {domain}")
            }
            _ => tag.to_owned(),
        });
    tags.collect::<Vec<_>>().join(" ")
}
