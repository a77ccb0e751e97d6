//! Quoted-printable (RFC 2045, section 6.7).

use std::io::{self, BufRead as _, BufReader, Read};

/// Decodes what another reader gives. What is not encoded as it should be
/// stays as it is.
pub(super) struct QuotedPrintable<R> {
    inner: BufReader<R>,
    line: Vec<u8>,
    given: usize,
}

/// The most bytes of a line that are decoded at once.
const LINE: u64 = 64 << 10;

impl<R: Read> QuotedPrintable<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner: BufReader::with_capacity(32 << 10, inner),
            line: Vec::new(),
            given: 0,
        }
    }
}

impl<R: Read> Read for QuotedPrintable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.line.len() {
            self.given = 0;
            self.line.clear();
            if (&mut self.inner)
                .take(LINE)
                .read_until(b'\n', &mut self.line)?
                == 0
            {
                return Ok(0);
            }
            // A letter that the piece cuts.
            while !self.line.ends_with(b"\n") && self.line.len() as u64 >= LINE {
                let tail = self.line.len().saturating_sub(2);
                if !self.line[tail..].contains(&b'=') {
                    break;
                }
                if (&mut self.inner)
                    .take(1)
                    .read_until(b'\n', &mut self.line)?
                    == 0
                {
                    break;
                }
            }
            decode(&mut self.line, false);
        }
        let left = &self.line[self.given..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.given += count;
        Ok(count)
    }
}

/// Decodes in place; in a header field, underscores are spaces (RFC 2047).
pub(super) fn decode(text: &mut Vec<u8>, is_header: bool) {
    let hex = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let (mut from, mut to) = (0, 0);
    while from < text.len() {
        let rest = &text[from..];
        let (taken, letter) = match rest {
            [b'=', after @ ..] => {
                let blanks = after
                    .iter()
                    .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
                let blanks = blanks.count();
                match (hex(after.first()), hex(after.get(1))) {
                    (Some(high), Some(low)) => (3, Some((high * 16 + low).to_le_bytes()[0])),
                    // The line goes on.
                    _ if after.get(blanks) == Some(&b'\n') => (blanks + 2, None),
                    _ => (1, Some(b'=')),
                }
            }
            [b'_', ..] if is_header => (1, Some(b' ')),
            [byte, ..] => (1, Some(*byte)),
            [] => break,
        };
        from += taken;
        if let Some(letter) = letter {
            text[to] = letter;
            to += 1;
        }
    }
    text.truncate(to);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_printable_is_decoded() {
        let text = b"Zo=C3=AB=20=\r\nSmith = 3 =3D =XY\r\n=";
        let mut decoded = Vec::new();
        QuotedPrintable::new(&text[..])
            .read_to_end(&mut decoded)
            .expect("memory");
        assert_eq!(decoded, "Zoë Smith = 3 = =XY\r\n=".as_bytes());
    }

    #[test]
    fn a_long_line_is_not_cut_within_a_letter() {
        let text = [&b"a=41"[..]; 40_000].concat();
        let mut decoded = Vec::new();
        QuotedPrintable::new(&text[..])
            .read_to_end(&mut decoded)
            .expect("memory");
        assert_eq!(decoded, b"aA".repeat(40_000));
    }
}
