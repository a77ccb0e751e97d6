//! From bytes of any encoding to UTF-8, piece by piece.
//!
//! A byte order mark says more than what a file declares. What is said to be
//! UTF-8, or nothing, is read as UTF-8, and each byte that cannot be as
//! Windows-1252, of which Latin-1 is a part: so no letter is lost, whichever
//! it was.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The encoding that a byte order mark tells, or zeros around a first `<`.
pub(crate) fn marked(head: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Some(encoding);
    }
    match head {
        [
            b'<',
            0,
            b'!' | b'?' | b'_' | b'A'..=b'Z' | b'a'..=b'z',
            0,
            ..,
        ] => Some(UTF_16LE),
        [
            0,
            b'<',
            0,
            b'!' | b'?' | b'_' | b'A'..=b'Z' | b'a'..=b'z',
            ..,
        ] => Some(UTF_16BE),
        _ => None,
    }
}

/// What a declaration names, once it is known that its letters are ASCII.
pub(crate) fn declared(label: &[u8]) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label(label)?;
    match encoding == UTF_16LE || encoding == UTF_16BE {
        true => Some(UTF_8),
        false => Some(encoding),
    }
}

/// A text as UTF-8.
pub(crate) struct Decoded<R> {
    inner: R,
    /// `None` for UTF-8.
    decoder: Option<Decoder>,
    raw: Box<[u8]>,
    /// Of `raw`: what is still to be decoded.
    from: usize,
    to: usize,
    /// Decoded, of which the first bytes have been given.
    text: Vec<u8>,
    given: usize,
    at_start: bool,
    at_end: bool,
    damaged: bool,
}

const RAW: usize = 32 << 10;

impl<R: Read> Decoded<R> {
    pub(crate) fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            decoder: (encoding != UTF_8).then(|| encoding.new_decoder_with_bom_removal()),
            raw: vec![0; RAW].into(),
            from: 0,
            to: 0,
            text: Vec::new(),
            given: 0,
            at_start: true,
            at_end: false,
            damaged: false,
        }
    }

    /// Whether there was something that the encoding does not know.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged
    }

    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        while self.text.is_empty() && !self.at_end {
            self.raw.copy_within(self.from..self.to, 0);
            self.to -= self.from;
            self.from = 0;
            let count = loop {
                match self.inner.read(&mut self.raw[self.to..]) {
                    Ok(count) => break count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            };
            self.to += count;
            self.at_end = count == 0;
            match self.decoder.take() {
                Some(mut decoder) => {
                    self.decode(&mut decoder);
                    self.decoder = Some(decoder);
                }
                None => self.unicode(),
            }
        }
        Ok(())
    }

    fn decode(&mut self, decoder: &mut Decoder) {
        loop {
            let raw = &self.raw[self.from..self.to];
            let most = decoder.max_utf8_buffer_length(raw.len());
            let start = self.text.len();
            self.text.resize(start + most.unwrap_or(4 * RAW + 16), 0);
            let into = &mut self.text[start..];
            let (result, read, written, errors) = decoder.decode_to_utf8(raw, into, self.at_end);
            self.text.truncate(start + written);
            self.from += read;
            self.damaged |= errors;
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }

    fn unicode(&mut self) {
        let mark = b"\xEF\xBB\xBF";
        let length = self.to - self.from;
        if self.at_start && length < mark.len() && !self.at_end {
            return;
        }
        if std::mem::take(&mut self.at_start) && self.raw[..self.to].starts_with(mark) {
            self.from += mark.len();
        }
        let raw = &self.raw[self.from..self.to];
        let mut read = 0;
        while let Err(error) = std::str::from_utf8(&raw[read..]) {
            let valid = read + error.valid_up_to();
            self.text.extend_from_slice(&raw[read..valid]);
            read = valid;
            // A character that the next bytes may end.
            if error.error_len().is_none() && !self.at_end {
                self.from += read;
                return;
            }
            let (letter, _) = WINDOWS_1252.decode_without_bom_handling(&raw[read..=read]);
            self.text.extend_from_slice(letter.as_bytes());
            read += 1;
        }
        self.text.extend_from_slice(&raw[read..]);
        self.from = self.to;
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() && !self.at_end {
            self.fill()?;
        }
        let left = &self.text[self.given..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], encoding: &'static Encoding) -> String {
        // One byte at a time, so that every character is cut.
        struct Slow<'a>(&'a [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let count = self.0.len().min(buffer.len()).min(1);
                buffer[..count].copy_from_slice(&self.0[..count]);
                self.0 = &self.0[count..];
                Ok(count)
            }
        }
        let mut text = String::new();
        let mut decoded = Decoded::new(Slow(bytes), encoding);
        decoded.read_to_string(&mut text).expect("UTF-8");
        text
    }

    #[test]
    fn no_letter_is_lost() {
        assert_eq!(decode("Zoë €".as_bytes(), UTF_8), "Zoë €");
        assert_eq!(decode(b"\xEF\xBB\xBFZo\xC3\xAB", UTF_8), "Zoë");
        assert_eq!(decode(b"Zo\xEB, \x80", UTF_8), "Zoë, €");
        assert_eq!(decode(b"Zo\xC3", UTF_8), "ZoÃ");
        assert_eq!(decode(b"\xEF", UTF_8), "ï");
        assert_eq!(decode(b"\xFF\xFEZ\0o\0\xEB\0", UTF_16LE), "Zoë");
        assert_eq!(decode(b"\0Z\0o\0\xEB", UTF_16BE), "Zoë");
        assert_eq!(decode(b"Zo\xEB \x80", WINDOWS_1252), "Zoë €");
        assert_eq!(decode(b"", UTF_8), "");
    }

    #[test]
    fn marks_are_told() {
        assert_eq!(marked(b"\xEF\xBB\xBF<a>"), Some(UTF_8));
        assert_eq!(marked(b"<\0a\0"), Some(UTF_16LE));
        assert_eq!(marked(b"\0<\0?"), Some(UTF_16BE));
        assert_eq!(marked(b"<a>"), None);
        assert_eq!(declared(b"utf-16"), Some(UTF_8));
        assert_eq!(declared(b"latin1"), Some(WINDOWS_1252));
        assert_eq!(declared(b"x-nonsense"), None);
    }
}
