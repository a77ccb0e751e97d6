//! Header fields: unfolded, with what is encoded in them decoded (RFC 2047,
//! RFC 2231).

use std::io::Read as _;

use encoding_rs::{Encoding, UTF_8};

use super::transfer;
use crate::base64::Base64;
use crate::charset::Decoded;

/// The header fields of a message or of one of its parts.
#[derive(Default)]
pub(super) struct Header {
    /// Names and values, in order; a line that is no field has no name.
    pub(super) fields: Vec<(String, String)>,
}

impl Header {
    /// Reads the lines before the empty one.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
        for line in bytes.split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if matches!(line.first(), Some(b' ' | b'\t')) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(b' ');
                    value.extend_from_slice(line.trim_ascii());
                    continue;
                }
            } else if let Some(colon) = memchr::memchr(b':', line)
                && let name = line[..colon].trim_ascii_end()
                && !name.is_empty()
                && name.iter().all(u8::is_ascii_graphic)
            {
                let name = String::from_utf8_lossy(name).into_owned();
                fields.push((name, line[colon + 1..].trim_ascii().to_vec()));
                continue;
            }
            if !line.trim_ascii().is_empty() {
                fields.push((String::new(), line.to_vec()));
            }
        }
        let decoded = fields
            .into_iter()
            .map(|(name, value)| (name, decode_words(&value)));
        Self {
            fields: decoded.collect(),
        }
    }

    /// The value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self
            .fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &value[..])
    }

    /// What kind of content follows, in lower case, and a parameter of it.
    pub(super) fn content_type(&self) -> String {
        let value = self.get("content-type").unwrap_or_default();
        let kind = value.split(';').next().unwrap_or_default();
        kind.trim().to_ascii_lowercase()
    }

    /// The name of the file that follows.
    pub(super) fn file_name(&self) -> Option<String> {
        let name = |field, parameter| {
            self.get(field)
                .and_then(|value| parameter_of(value, parameter))
        };
        name("content-disposition", "filename")
            .or_else(|| name("content-type", "name"))
            .filter(|name| !name.is_empty())
    }

    pub(super) fn parameter(&self, field: &str, name: &str) -> Option<String> {
        parameter_of(self.get(field)?, name)
    }
}

/// Text in any encoding, as far as that is known.
pub(super) fn to_text(bytes: &[u8], encoding: &'static Encoding) -> String {
    let mut text = String::new();
    // Reading from memory into UTF-8 does not fail.
    let _ = Decoded::new(bytes, encoding).read_to_string(&mut text);
    text
}

/// Decodes `=?utf-8?B?...?=`.
fn decode_words(value: &[u8]) -> String {
    if memchr::memmem::find(value, b"=?").is_none() {
        return to_text(value, UTF_8);
    }
    let mut text = String::new();
    let mut rest = value;
    // Blanks between two encoded words are not part of the text.
    let mut is_after_word = false;
    while let Some(at) = memchr::memmem::find(rest, b"=?") {
        let (before, from) = rest.split_at(at);
        match word(&from[2..]) {
            Some((decoded, after)) => {
                if !(is_after_word && before.trim_ascii().is_empty()) {
                    text += &to_text(before, UTF_8);
                }
                text += &decoded;
                rest = after;
                is_after_word = true;
            }
            None => {
                text += &to_text(before, UTF_8);
                text += "=?";
                rest = &from[2..];
                is_after_word = false;
            }
        }
    }
    text + &to_text(rest, UTF_8)
}

/// An encoded word after its first two signs, and what follows it.
fn word(text: &[u8]) -> Option<(String, &[u8])> {
    let mut fields = text.splitn(3, |&byte| byte == b'?');
    let (charset, kind, after) = (fields.next()?, fields.next()?, fields.next()?);
    let end = memchr::memmem::find(after, b"?=")?;
    let mut bytes = after[..end].to_vec();
    match kind {
        b"B" | b"b" => {
            let mut decoded = Vec::new();
            Base64::new(&bytes[..]).read_to_end(&mut decoded).ok()?;
            bytes = decoded;
        }
        b"Q" | b"q" => transfer::decode(&mut bytes, true),
        _ => return None,
    }
    // A language may follow the charset (RFC 2231).
    let label = charset
        .split(|&byte| byte == b'*')
        .next()
        .unwrap_or_default();
    let encoding = Encoding::for_label(label).unwrap_or(UTF_8);
    Some((to_text(&bytes, encoding), &after[end + 2..]))
}

/// A parameter of a field: `name=value`, `name*=utf-8''value`, `name*0=...`.
fn parameter_of(value: &str, name: &str) -> Option<String> {
    let mut plain = None;
    let mut extended: Vec<(u32, bool, String)> = Vec::new();
    for (key, value) in parameters(value) {
        let Some(suffix) = key.strip_prefix(name) else {
            continue;
        };
        if suffix.is_empty() {
            plain.get_or_insert(value);
            continue;
        }
        let Some(suffix) = suffix.strip_prefix('*') else {
            continue;
        };
        let (number, is_encoded) = match suffix.strip_suffix('*') {
            Some(number) => (number, true),
            None if suffix.is_empty() => ("0", true),
            None => (suffix, false),
        };
        if let Ok(number) = number.parse() {
            extended.push((number, is_encoded, value));
        }
    }
    if extended.is_empty() {
        return plain;
    }
    extended.sort_by_key(|(number, _, _)| *number);
    let mut bytes = Vec::new();
    let mut encoding = UTF_8;
    for (place, (_, is_encoded, value)) in extended.iter().enumerate() {
        let mut value = &value[..];
        if place == 0
            && *is_encoded
            && let Some((charset, rest)) = value.split_once('\'')
            && let Some((_, text)) = rest.split_once('\'')
        {
            encoding = Encoding::for_label(charset.as_bytes()).unwrap_or(UTF_8);
            value = text;
        }
        match is_encoded {
            true => bytes.extend(crate::html::percent_decoded(value.as_bytes())),
            false => bytes.extend_from_slice(value.as_bytes()),
        }
    }
    Some(to_text(&bytes, encoding))
}

/// The parameters after the first semicolon, names in lower case.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = value.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((key, after)) = rest.split_once('=') {
        let key = key
            .trim_matches(|c: char| c == ';' || c.is_whitespace())
            .to_ascii_lowercase();
        let after = after.trim_start();
        let mut text = String::new();
        if let Some(quoted) = after.strip_prefix('"') {
            let mut letters = quoted.char_indices();
            let mut end = quoted.len();
            while let Some((at, letter)) = letters.next() {
                match letter {
                    '\\' => text.extend(letters.next().map(|(_, letter)| letter)),
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    letter => text.push(letter),
                }
            }
            rest = quoted.get(end..).unwrap_or_default();
        } else {
            let end = after.find(';').unwrap_or(after.len());
            text.push_str(after[..end].trim());
            rest = &after[end..];
        }
        found.push((key, text));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded_and_decoded() {
        let header = Header::parse(
            b"Subject: =?utf-8?B?Wm/Dqw==?=\r\n =?iso-8859-1?Q?_Sm=EFth?= and more\r\nX: a =?b c\r\nodd line\r\nTo: Zo\xEB <z@example.org>",
        );
        let fields: Vec<_> = header
            .fields
            .iter()
            .map(|(a, b)| (&a[..], &b[..]))
            .collect();
        assert_eq!(
            fields,
            [
                ("Subject", "Zoë Smïth and more"),
                ("X", "a =?b c"),
                ("", "odd line"),
                ("To", "Zoë <z@example.org>"),
            ]
        );
    }

    #[test]
    fn parameters_are_read_in_all_their_forms() {
        let get = |value: &str, name| parameter_of(value, name);
        assert_eq!(get("a/b; name=x.csv", "name").as_deref(), Some("x.csv"));
        assert_eq!(
            get("a/b; name=\"a;b \\\"c\"; q=1", "name").as_deref(),
            Some("a;b \"c")
        );
        assert_eq!(
            get("a; filename*=utf-8''Zo%C3%AB.csv", "filename").as_deref(),
            Some("Zoë.csv")
        );
        assert_eq!(
            get("a; filename*1=b; filename*0*=utf-8''%41", "filename").as_deref(),
            Some("Ab")
        );
        assert_eq!(
            get("multipart/mixed; boundary = \"==x==\"", "boundary").as_deref(),
            Some("==x==")
        );
        assert_eq!(get("text/plain", "charset"), None);
    }
}
