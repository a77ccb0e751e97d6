//! What an object or an array holds, told from its first members before it is
//! read: whether they are records.

use super::survey::string_end;
use crate::inspect::identifier::birth_date;

/// Members that are alike, from which on they are records.
const ALIKE: usize = 10;
/// Bytes that are looked at; where they end, two members are enough.
const AHEAD: usize = 64 * 1024;

/// Whether the members of an object are records, each under a key of its own:
/// `{"id1": {"name": …}, "id2": {"name": …}}`, or dates under names. Columns
/// that have a number for each of their rows are none.
pub(super) fn is_map(object: &[u8]) -> bool {
    let mut first_key = None;
    are_alike(object, b'{', |ahead| {
        let key = ahead.string()?;
        ahead.byte(b':')?;
        let inner = match ahead.next()? {
            b'{' => ahead.inner_key()?,
            b'"' if key.contains(&b' ') && ahead.is_date() => b"",
            _ => return None,
        };
        let first = *first_key.get_or_insert(inner);
        let counts = !inner.is_empty() && inner.iter().all(u8::is_ascii_digit);
        (first == inner && !counts).then_some(())
    })
}

/// Whether the elements of an array are arrays themselves: rows without names.
pub(super) fn is_rows(array: &[u8]) -> bool {
    are_alike(array, b'[', |ahead| {
        let next = ahead.next()?;
        (next == b'[').then_some(())
    })
}

/// Whether what opens here has enough members of which `is_alike` leads to the
/// value.
fn are_alike<'a>(
    bytes: &'a [u8],
    open: u8,
    mut is_alike: impl FnMut(&mut Ahead<'a>) -> Option<()>,
) -> bool {
    let sample = bytes.get(..AHEAD).unwrap_or(bytes);
    let mut ahead = Ahead {
        bytes: sample,
        at: 0,
    };
    let mut members = 0;
    let read = (|| {
        ahead.byte(open)?;
        while members < ALIKE {
            is_alike(&mut ahead)?;
            members += 1;
            ahead.skip()?;
            if members < ALIKE {
                ahead.byte(b',')?;
            }
        }
        Some(())
    })();
    let is_cut_off = sample.len() < bytes.len() && ahead.at >= sample.len();
    read.is_some() || is_cut_off && members > 1
}

struct Ahead<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Ahead<'a> {
    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        let rest = self.bytes.get(self.at..)?;
        let Some(blanks) = rest.iter().position(|byte| !byte.is_ascii_whitespace()) else {
            self.at = self.bytes.len();
            return None;
        };
        self.at += blanks;
        rest.get(blanks).copied()
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then(|| self.at += 1)
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        self.byte(b'"')?;
        let start = self.at;
        let end = string_end(self.bytes, start);
        self.at = end + 1;
        self.bytes.get(start..end)
    }

    /// The first key of the object that comes next, which is not entered.
    fn inner_key(&self) -> Option<&'a [u8]> {
        let mut inner = Ahead {
            bytes: self.bytes,
            at: self.at + 1,
        };
        inner.string()
    }

    /// Whether the string that comes next is a date.
    fn is_date(&self) -> bool {
        let mut value = Ahead { ..*self };
        value
            .string()
            .is_some_and(|value| birth_date(value).is_some())
    }

    /// Over one value.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' if depth == 0 => return Some(()),
                _ => self.at += 1,
            }
            // A word or number at depth zero goes on to its comma.
            let ends = matches!(
                self.bytes.get(self.at.checked_sub(1)?),
                Some(b'}' | b']' | b'"')
            );
            if depth == 0 && ends {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_and_rows_are_told_by_their_first_members() {
        let map = |member: &dyn Fn(usize) -> String, count: usize| {
            let members: Vec<String> = (0..count).map(member).collect();
            format!("{{{}}}", members.join(", "))
        };
        let people = |n: usize| format!(r#""id{n}" : {{"name": "A, }} {n}", "tags": [1, {{}}]}}"#);
        assert!(is_map(map(&people, 10).as_bytes()));
        assert!(is_map(map(&people, 100_000).as_bytes()));
        assert!(!is_map(map(&people, 9).as_bytes()));
        let columns = |n: usize| format!(r#""column{n}": {{"0": "a", "1": "b"}}"#);
        assert!(!is_map(map(&columns, 20).as_bytes()));
        let mixed = |n: usize| format!(r#""key{n}": {{"k{n}": 1}}"#);
        assert!(!is_map(map(&mixed, 20).as_bytes()));
        let settings = |n: usize| format!(r#""key{n}": {n}"#);
        assert!(!is_map(map(&settings, 20).as_bytes()));
        let dates = |n: usize| format!(r#""Amy {n}": "1980-02-1{}""#, n % 10);
        assert!(is_map(map(&dates, 10).as_bytes()));
        let words = |n: usize| format!(r#""Good day {n}": "bonjour""#);
        assert!(!is_map(map(&words, 10).as_bytes()));
        let large = |n: usize| format!(r#""id{n}": {{"name": "{}"}}"#, "x".repeat(20_000));
        assert!(is_map(map(&large, 5).as_bytes()));

        let rows = |count: usize| format!("[{}]", vec![r#"["a]", 1]"#; count].join(" ,\n"));
        assert!(is_rows(rows(10).as_bytes()));
        assert!(!is_rows(rows(9).as_bytes()));
        assert!(!is_rows(
            b"[1, [2], [3], [4], [5], [6], [7], [8], [9], [10], [11]]"
        ));
    }
}
