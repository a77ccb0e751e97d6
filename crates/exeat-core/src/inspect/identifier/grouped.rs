//! Digits as people group them: in threes and fours, with blanks of many
//! kinds, hyphens or dots between.
//!
//! NHS numbers, cards and bank accounts all start from this, in cells and in
//! free text alike.

use std::borrow::Cow;

/// The longest run of digits that is of use to anyone here.
pub(super) const MOST_DIGITS: usize = 24;
const MOST_GROUPS: usize = 8;

/// What stands between one group of digits and the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// One to three blanks, also no-break and thin ones.
    Blank,
    /// Blanks with one end of line among them.
    Line,
    /// A hyphen or a dash, nothing else.
    Hyphen,
    /// A hyphen or a dash with blanks around it.
    Dash,
    /// A dot, nothing else.
    Dot,
    /// No further digits follow.
    End,
}

/// Groups of digits, in the order they were written.
#[derive(Debug)]
pub(super) struct Grouped {
    digits: [u8; MOST_DIGITS],
    total: usize,
    lengths: [u8; MOST_GROUPS],
    ends: [usize; MOST_GROUPS],
    joins: [Join; MOST_GROUPS],
    count: usize,
}

impl Grouped {
    /// Reads the groups that start at `at`. Reading stops where no digit
    /// follows a separator, or before the group that would be too much.
    pub(super) fn read(text: &[u8], at: usize) -> Self {
        let mut grouped = Self {
            digits: [0; MOST_DIGITS],
            total: 0,
            lengths: [0; MOST_GROUPS],
            ends: [0; MOST_GROUPS],
            joins: [Join::End; MOST_GROUPS],
            count: 0,
        };
        let mut start = at;
        while grouped.count < MOST_GROUPS {
            let Some(run) = run_of_digits(text, start, MOST_DIGITS - grouped.total) else {
                break;
            };
            let end = start + usize::from(run);
            let to = grouped.total + usize::from(run);
            grouped.digits[grouped.total..to].copy_from_slice(&text[start..end]);
            grouped.total = to;
            grouped.lengths[grouped.count] = run;
            grouped.ends[grouped.count] = end;
            grouped.count += 1;
            let Some((width, join)) = separator(text, end) else {
                break;
            };
            if !text.get(end + width).is_some_and(u8::is_ascii_digit) {
                break;
            }
            grouped.joins[grouped.count - 1] = join;
            start = end + width;
        }
        grouped
    }

    /// All digits of the first `groups` groups, in ASCII.
    pub(super) fn digits(&self, groups: usize) -> &[u8] {
        let total: usize = self.lengths[..groups].iter().map(|&n| usize::from(n)).sum();
        &self.digits[..total]
    }

    /// How many digits each group has.
    pub(super) fn lengths(&self) -> &[u8] {
        &self.lengths[..self.count]
    }

    /// Where group `index` ends in the text.
    pub(super) fn end(&self, index: usize) -> usize {
        self.ends[index]
    }

    /// What follows group `index`.
    pub(super) fn join(&self, index: usize) -> Join {
        self.joins[index]
    }

    /// Whether the text starts with groups of these lengths, with the same
    /// kind of separator between them.
    pub(super) fn starts_with(&self, lengths: &[u8]) -> bool {
        self.lengths().starts_with(lengths)
            && self.joins[..lengths.len().saturating_sub(1)]
                .windows(2)
                .all(|pair| pair[0] == pair[1])
    }
}

/// How many digits stand at `at`, if any and if not more than `most`.
fn run_of_digits(text: &[u8], at: usize, most: usize) -> Option<u8> {
    let run = text
        .get(at..)?
        .iter()
        .take(most + 1)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if run == 0 || run > most {
        return None;
    }
    u8::try_from(run).ok()
}

/// The separator at `at`: its bytes and its kind. A separator is a hyphen, a
/// dot, or up to three blanks, or a hyphen with blanks around it.
pub(super) fn separator(text: &[u8], at: usize) -> Option<(usize, Join)> {
    let mut width = 0;
    let mut join = None;
    for _ in 0..3 {
        let Some((bytes, found)) = separator_character(text, at + width) else {
            break;
        };
        join = Some(match (join, found) {
            (None, found) => found,
            (Some(Join::Blank), Join::Blank) => Join::Blank,
            (Some(Join::Blank | Join::Line), Join::Line) | (Some(Join::Line), Join::Blank) => {
                Join::Line
            }
            (Some(Join::Dash | Join::Hyphen), Join::Blank) | (Some(Join::Blank), Join::Hyphen) => {
                Join::Dash
            }
            _ => return None,
        });
        width += bytes;
    }
    join.map(|join| (width, join))
}

/// The text with every blank and hyphen of many bytes that may stand between
/// groups written as the one of one byte. `text` is UTF-8.
pub(crate) fn plain_separators(text: &[u8]) -> Cow<'_, [u8]> {
    let special = |at: usize| {
        text.get(at)
            .filter(|&&byte| byte == 0xC2 || byte == 0xE2)
            .and_then(|_| separator_character(text, at))
    };
    if text.is_ascii() || !(0..text.len()).any(|at| special(at).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let (width, written) = match special(at) {
            Some((width, Join::Hyphen)) => (width, b'-'),
            Some((width, _)) => (width, b' '),
            None => (1, byte),
        };
        plain.push(written);
        at += width;
    }
    Cow::Owned(plain)
}

fn separator_character(text: &[u8], at: usize) -> Option<(usize, Join)> {
    let rest = text.get(at..)?;
    match *rest.first()? {
        b' ' | b'\t' => Some((1, Join::Blank)),
        b'\n' => Some((1, Join::Line)),
        b'\r' if rest.get(1) == Some(&b'\n') => Some((2, Join::Line)),
        b'-' => Some((1, Join::Hyphen)),
        b'.' => Some((1, Join::Dot)),
        // U+00A0, no-break space; U+00AD, soft hyphen.
        0xC2 => match rest.get(1)? {
            0xA0 => Some((2, Join::Blank)),
            0xAD => Some((2, Join::Hyphen)),
            _ => None,
        },
        // U+2000 to U+200B, U+202F and U+205F, spaces of all widths;
        // U+2010 to U+2015 and U+2212, hyphens and dashes.
        0xE2 => match (rest.get(1)?, rest.get(2)?) {
            (0x80, 0x80..=0x8B | 0xAF) | (0x81, 0x9F) => Some((3, Join::Blank)),
            (0x80, 0x90..=0x95) | (0x88, 0x92) => Some((3, Join::Hyphen)),
            _ => None,
        },
        // No-break space in Latin-1 or Windows-1252, where text was not
        // converted.
        0xA0 => Some((1, Join::Blank)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_separators_are_read() {
        for (text, lengths, join) in [
            (&b"999 123 4567"[..], &[3, 3, 4][..], Join::Blank),
            (b"999-123-4567", &[3, 3, 4], Join::Hyphen),
            (b"999.123.4567", &[3, 3, 4], Join::Dot),
            (b"999\xC2\xA0123\xC2\xA04567", &[3, 3, 4], Join::Blank),
            (
                b"999\xE2\x80\x89123\xE2\x80\x894567",
                &[3, 3, 4],
                Join::Blank,
            ),
            (b"999\xA0123\xA04567", &[3, 3, 4], Join::Blank),
            (b"999 - 123 - 4567", &[3, 3, 4], Join::Dash),
            (b"999\n123\n4567", &[3, 3, 4], Join::Line),
            (b"9991234567", &[10], Join::End),
            (b"9991234567. ", &[10], Join::End),
        ] {
            let grouped = Grouped::read(text, 0);
            assert_eq!(grouped.lengths(), lengths);
            assert_eq!(grouped.join(0), join);
            assert!(grouped.starts_with(lengths));
        }
        assert!(!Grouped::read(b"999-123 4567", 0).starts_with(&[3, 3, 4]));
    }

    #[test]
    fn separators_are_written_plainly() {
        for (text, plain) in [
            ("999 123 4567", "999 123 4567"),
            ("999\u{a0}123\u{2009}4567", "999 123 4567"),
            ("999\u{2011}123\u{ad}4567", "999-123-4567"),
            ("voil\u{e0} \u{20ac}5", "voil\u{e0} \u{20ac}5"),
        ] {
            assert_eq!(*plain_separators(text.as_bytes()), *plain.as_bytes());
        }
    }

    #[test]
    fn too_many_digits_are_not_a_group() {
        assert!(Grouped::read(&[b'1'; 25], 0).lengths().is_empty());
        assert_eq!(Grouped::read(&[b'1'; 24], 0).lengths(), [24]);
    }
}
