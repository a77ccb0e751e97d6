//! The end of something that may be long.

use std::fmt;

use crate::path::Escaped;

/// So many lines are shown of what a program complained about.
const LINES: usize = 3;
/// And so much of each, in bytes.
const LINE: usize = 300;

/// Keeps the last bytes of a stream, and forgets the others.
///
/// Shown to people it is its last lines, escaped:
///
/// ```
/// use exeat_core::source::command::Tail;
/// let mut said = Tail::of(4096);
/// said.push(b"connecting\nno such \x1b[2Jhost\n");
/// assert_eq!(said.to_string(), r"connecting; no such \x1b[2Jhost");
/// ```
#[derive(Debug)]
pub struct Tail {
    kept: Vec<u8>,
    most: usize,
}

impl Tail {
    /// An empty one that keeps at most so many bytes.
    #[must_use]
    pub fn of(most: usize) -> Self {
        Self {
            kept: Vec::new(),
            most,
        }
    }

    /// Adds what comes next.
    pub fn push(&mut self, bytes: &[u8]) {
        let new = &bytes[bytes.len().saturating_sub(self.most)..];
        let room = self.most - new.len();
        let old = self.kept.len().saturating_sub(room);
        self.kept.drain(..old);
        self.kept.extend_from_slice(new);
    }

    /// What is kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.kept
    }
}

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.kept.split(|&byte| matches!(byte, b'\n' | b'\r'));
        let lines = lines.map(<[u8]>::trim_ascii);
        let mut last: Vec<&[u8]> = lines
            .rev()
            .filter(|line| !line.is_empty())
            .take(LINES)
            .collect();
        last.reverse();
        for (number, line) in last.iter().enumerate() {
            let separator = if number > 0 { "; " } else { "" };
            match line.get(..LINE) {
                Some(start) if line.len() > LINE => write!(f, "{separator}{}…", Escaped(start))?,
                _ => write!(f, "{separator}{}", Escaped(line))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_however_it_comes() {
        for piece in [1, 2, 3, 7, 100] {
            let mut tail = Tail::of(5);
            for bytes in b"0123456789".chunks(piece) {
                tail.push(bytes);
                assert!(tail.bytes().len() <= 5);
            }
            assert_eq!(tail.bytes(), b"56789", "{piece}");
        }
        let mut tail = Tail::of(5);
        tail.push(b"ab");
        tail.push(b"");
        assert_eq!(tail.bytes(), b"ab");
    }

    #[test]
    fn the_last_lines_are_shown() {
        let mut tail = Tail::of(4096);
        assert_eq!(tail.to_string(), "");
        tail.push(b"one\ntwo\n\nthree\r\nfour\n");
        assert_eq!(tail.to_string(), "two; three; four");
        tail.push(&[b'x'; 1000]);
        assert_eq!(
            tail.to_string(),
            format!("three; four; {}…", "x".repeat(300))
        );
    }
}
