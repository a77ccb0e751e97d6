//! The strings that cells of a workbook share, in one piece of memory, and
//! which of them no cell refers to.

use exeat_core::inspect::reader::Reason;

use crate::problem::Problem;

/// The most bytes of all strings, their places included.
const MAX_BYTES: usize = 48 << 20;

/// Strings by number.
#[derive(Default)]
pub(crate) struct Strings {
    text: String,
    /// Where each ends, and whether a cell has asked for it: in the highest
    /// bit.
    ends: Vec<u32>,
    beside: String,
}

const ASKED: u32 = 1 << 31;

impl Strings {
    pub(crate) fn push(&mut self, text: &str) -> Result<(), Problem> {
        if self.text.len() + text.len() + self.ends.len() * 4 > MAX_BYTES {
            return Err(Reason::PartTooLarge.into());
        }
        self.text.push_str(text);
        let end = u32::try_from(self.text.len()).map_err(|_| Reason::PartTooLarge)?;
        self.ends.push(end);
        Ok(())
    }

    /// Text among the strings that is none of them.
    pub(crate) fn beside(&mut self, text: &str) {
        if !text.trim().is_empty() && self.beside.len() < MAX_BYTES / 8 {
            self.beside.push_str(text.trim());
            self.beside.push('\n');
        }
    }

    /// The string that a cell refers to.
    pub(crate) fn take(&mut self, at: usize) -> Option<&str> {
        let end = self.ends.get_mut(at)?;
        *end |= ASKED;
        self.get(at)
    }

    fn get(&self, at: usize) -> Option<&str> {
        let place = |at: usize| self.ends.get(at).map(|end| (end & !ASKED) as usize);
        let start = match at {
            0 => 0,
            _ => place(at - 1)?,
        };
        self.text.get(start..place(at)?)
    }

    /// Those that no cell has asked for, and what stood among them.
    pub(crate) fn unused(&self) -> String {
        let mut text = self.beside.clone();
        for (at, end) in self.ends.iter().enumerate() {
            if end & ASKED == 0
                && let Some(string) = self.get(at).filter(|string| !string.trim().is_empty())
            {
                text.push_str(string);
                text.push('\n');
            }
        }
        text
    }
}

/// Undoes `_x000D_` and the like, by which strings of Excel have characters
/// that XML has not.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, after) = rest.split_at(at);
        plain.push_str(before);
        let code = after
            .get(2..6)
            .filter(|_| after.as_bytes().get(6) == Some(&b'_'));
        let char = code.and_then(|code| u32::from_str_radix(code, 16).ok());
        match char.and_then(char::from_u32) {
            Some(char) => {
                plain.push(char);
                rest = after.get(7..).unwrap_or_default();
            }
            None => {
                plain.push_str("_x");
                rest = after.get(2..).unwrap_or_default();
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_xml_has_not_are_unescaped() {
        assert_eq!(unescape("a_x000D_b"), "a\rb");
        assert_eq!(unescape("_x005F_x000D_"), "_x000D_");
        assert_eq!(unescape("a_xé_b_x12"), "a_xé_b_x12");
    }

    #[test]
    fn what_no_cell_asks_for_is_known() {
        let mut strings = Strings::default();
        for text in ["Amy", "", "Ben"] {
            strings.push(text).expect("small");
        }
        assert_eq!(strings.take(0), Some("Amy"));
        assert_eq!(strings.take(1), Some(""));
        assert_eq!(strings.take(3), None);
        assert_eq!(strings.unused(), "Ben\n");
    }
}
