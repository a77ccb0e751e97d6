//! OpenSSH's pattern lists (`ssh_config(5)`, PATTERNS): who a line of allowed
//! signers is about, and what for.

use std::fmt;

use super::LineProblem;

/// The longest pattern ssh-keygen reads; a longer one makes it take the whole
/// list for one that matches nothing.
const MAX_PATTERN: usize = 1022;

/// A comma-separated list of patterns, such as
/// `*@clinic.example,!guest@clinic.example`.
///
/// `*` stands for any number of bytes and `?` for one. A text is matched by the
/// list if some pattern matches it and no pattern that begins with `!` does.
/// Capitals count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternList(String);

impl PatternList {
    /// Reads a list: `list` is its text, `field` says for an error what it is
    /// the list of.
    pub(super) fn read(field: &'static str, list: String) -> Result<Self, LineProblem> {
        let problem = |reason| LineProblem::BadPattern { field, reason };
        for item in list.split(',') {
            match item.strip_prefix('!').unwrap_or(item).len() {
                0 => return Err(problem("is empty or has an empty pattern")),
                1..=MAX_PATTERN => {}
                _ => return Err(problem("has a pattern longer than 1022 bytes")),
            }
        }
        Ok(Self(list))
    }

    /// The list as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the list matches `text`.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut matched = false;
        for item in self.0.split(',') {
            let (negated, pattern) = match item.strip_prefix('!') {
                Some(pattern) => (true, pattern),
                None => (false, item),
            };
            if matches(pattern.as_bytes(), text.as_bytes()) {
                if negated {
                    return false;
                }
                matched = true;
            }
        }
        matched
    }
}

impl fmt::Display for PatternList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Matches without recursion: whatever the pattern, the work is at most its
/// length times that of the text.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut next) = (0, 0);
    // After the last star: where the pattern goes on, and where in the text the
    // star's share ends.
    let mut star = None;
    while let Some(byte) = text.get(next) {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                star = Some((at, next));
            }
            Some(wanted) if wanted == byte || *wanted == b'?' => {
                at += 1;
                next += 1;
            }
            _ => {
                let Some((after, end)) = star else {
                    return false;
                };
                at = after;
                next = end + 1;
                star = Some((after, next));
            }
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}
