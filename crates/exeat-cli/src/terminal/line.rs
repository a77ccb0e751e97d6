//! The line editor behind the passphrase prompt: bytes in, a passphrase or a reason out, and no
//! terminal.

use std::io::{self, Read};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::PromptError;

/// The longest passphrase in bytes: far more than anyone types, and a bound on what is pasted.
pub(super) const LIMIT: usize = 1024;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CTRL_U: u8 = 0x15;
const CTRL_W: u8 = 0x17;
const DELETE: u8 = 0x7f;

/// Reads to the end of the line, a byte at a time: a larger read would leave a copy, and take what
/// follows the line.
pub(super) fn read(mut input: impl Read) -> Result<SecretString, PromptError> {
    let mut line = Line::new();
    let mut byte = Zeroizing::new([0]);
    loop {
        match input.read(&mut byte[..]) {
            Ok(0) => return Err(PromptError::Ended),
            Ok(_) => {
                if line.push(byte[0])? {
                    return line.passphrase();
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => {
                return Err(PromptError::Terminal {
                    action: "read from",
                    source,
                });
            }
        }
    }
}

/// What was typed so far, in one allocation that never grows: growing would leave copies behind.
struct Line(Zeroizing<Vec<u8>>);

impl Line {
    fn new() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(LIMIT)))
    }

    /// Takes one byte, and says whether it ended the line.
    fn push(&mut self, byte: u8) -> Result<bool, PromptError> {
        match byte {
            b'\r' | b'\n' => return Ok(true),
            CTRL_C => return Err(PromptError::Interrupted),
            CTRL_D if self.0.is_empty() => return Err(PromptError::Ended),
            BACKSPACE | DELETE => self.remove_character(),
            CTRL_U => self.0.clear(),
            CTRL_W => self.remove_word(),
            0..0x20 => return Err(PromptError::ControlCharacter),
            _ if self.0.len() == LIMIT => return Err(PromptError::TooLong),
            _ => self.0.push(byte),
        }
        Ok(false)
    }

    fn remove_character(&mut self) {
        // 10xxxxxx continues a character of UTF-8; the byte before the first of them began it.
        while self.0.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
    }

    fn remove_word(&mut self) {
        let kept = self.0.trim_ascii_end();
        let end = kept
            .iter()
            .rposition(|&byte| byte == b' ')
            .map_or(0, |space| space + 1);
        self.0.truncate(end);
    }

    fn passphrase(&self) -> Result<SecretString, PromptError> {
        let text = str::from_utf8(&self.0).map_err(|_| PromptError::NotUtf8)?;
        // U+0080 to U+009F control a terminal as well, and only show once the bytes are decoded.
        if text.contains(char::is_control) {
            return Err(PromptError::ControlCharacter);
        }
        // From a `&str` it is copied once, into memory of its size; from a `String` it might be
        // moved and leave a copy.
        Ok(SecretString::from(text))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    /// The passphrase, or the name of the variant of the error.
    fn outcome(input: &[u8]) -> String {
        match read(input) {
            Ok(passphrase) => format!("={}", passphrase.expose_secret()),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn keys() {
        let table: &[(&[u8], &str)] = &[
            (b"pass word\n", "=pass word"),
            (b"pass\r", "=pass"),
            (b"\n", "="),
            (b"first\nsecond\n", "=first"),
            // Backspace and DEL, also past the beginning, and by whole characters of one to four
            // bytes.
            (b"pasx\x7fs\n", "=pass"),
            (b"pasx\x08s\n", "=pass"),
            (b"\x7f\x7fa\n", "=a"),
            ("aé\x7f\n".as_bytes(), "=a"),
            ("aé€😀\x7f\x7fb\n".as_bytes(), "=aéb"),
            (b"a\xff\x7f\n", "=a"),
            (b"\x80\x80\x7fa\n", "=a"),
            // Ctrl-U and Ctrl-W.
            (b"wrong\x15right\n", "=right"),
            (b"one two  \x17three\n", "=one three"),
            (b"one\x17\x17two\n", "=two"),
            // Ways out.
            (b"\x03", "Interrupted"),
            (b"half\x03\n", "Interrupted"),
            (b"\x04", "Ended"),
            (b"gone\x7f\x7f\x7f\x7f\x04", "Ended"),
            (b"", "Ended"),
            (b"no end", "Ended"),
            // What is refused: Ctrl-D further on, arrow keys, Tab, Ctrl-Z, Ctrl-\, NUL, C1.
            (b"half\x04\n", "ControlCharacter"),
            (b"a\x1b[Db\n", "ControlCharacter"),
            (b"a\tb\n", "ControlCharacter"),
            (b"\x1a\n", "ControlCharacter"),
            (b"\x1c\n", "ControlCharacter"),
            (b"\0\n", "ControlCharacter"),
            ("a\u{9b}b\n".as_bytes(), "ControlCharacter"),
            (b"caf\xe9\n", "NotUtf8"),
            ("a\u{20ac}\n".as_bytes().split_at(2).0, "Ended"),
            (b"\xe2\x82\n", "NotUtf8"),
        ];
        for (input, expected) in table {
            assert_eq!(outcome(input), *expected, "{}", input.escape_ascii());
        }
    }

    #[test]
    fn every_control_byte_without_a_meaning_is_refused() {
        let meant = [CTRL_C, CTRL_D, BACKSPACE, b'\n', b'\r', CTRL_U, CTRL_W];
        for byte in (0..0x20).filter(|byte| !meant.contains(byte)) {
            assert_eq!(
                outcome(&[b'a', byte, b'\n']),
                "ControlCharacter",
                "{byte:#04x}"
            );
        }
    }

    #[test]
    fn the_limit_is_in_bytes_and_moves_nothing() {
        let full = [b'a'; LIMIT];
        assert_eq!(outcome(&[&full[..], b"\n"].concat()).len(), 1 + LIMIT);
        assert_eq!(outcome(&[&full[..], b"a\n"].concat()), "TooLong");
        assert_eq!(outcome(&[&full[..], b"\x7fb\n"].concat()).pop(), Some('b'));

        let mut line = Line::new();
        let home = line.0.as_ptr();
        assert!(full.iter().all(|&byte| !line.push(byte).unwrap()));
        assert_eq!(line.0.as_ptr(), home);
    }

    #[test]
    fn a_signal_does_not_end_the_line_and_a_failure_does() {
        struct Failing(Vec<io::ErrorKind>);
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(self.0.pop().unwrap().into())
            }
        }
        let input = Failing(vec![io::ErrorKind::BrokenPipe, io::ErrorKind::Interrupted]);
        let error = read(input).unwrap_err();
        assert!(
            matches!(error, PromptError::Terminal { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
        );
    }
}
