//! `recipients.toml`: the people one sends to, by name.
//!
//! ```toml
//! [[recipient]]
//! name = "North registry"
//! key = "age1…"
//! organisation = "Example University"   # optional
//! expires = 2027-03-31                  # optional: the last day it may be used
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::Recipient;
use crate::diagnostic::{Explain, Fault};

/// The longest name of a recipient, in bytes: what fits an inventory's header
/// a hundred times.
const MAX_NAME: usize = 200;

/// The recipients of a `recipients.toml`.
#[derive(Debug, Default)]
pub struct RecipientBook {
    by_name: BTreeMap<String, Recipient>,
}

/// Everything that is wrong with a recipients file.
#[derive(Debug, thiserror::Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct BookError {
    /// The problems, in the order of the file.
    pub problems: Vec<BookProblem>,
}

impl Explain for BookError {
    fn code(&self) -> &'static str {
        "recipients-invalid"
    }

    fn fault(&self) -> Fault {
        Fault::Configuration
    }
}

/// One problem and its place.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct BookProblem {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    recipient: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    name: Spanned<String>,
    key: Spanned<String>,
    // Read so that a mistyped field is noticed; shown to nobody yet.
    #[serde(rename = "organisation")]
    _organisation: Option<String>,
    expires: Option<Spanned<toml::value::Datetime>>,
}

impl RecipientBook {
    /// Reads the text of a recipients file.
    ///
    /// # Errors
    /// Every problem together, each with its line.
    pub fn parse(text: &str) -> Result<Self, BookError> {
        // Found once: a file may have as many problems as lines.
        let ends: Vec<usize> = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
        let line_of = |span: &Range<usize>| 1 + ends.partition_point(|&end| end < span.start);
        let file: File = toml::from_str(text).map_err(|error| BookError {
            problems: vec![BookProblem {
                line: error.span().map_or(1, |span| line_of(&span)),
                message: message(error.message()),
            }],
        })?;
        let mut book = Self::default();
        let mut problems = Vec::new();
        for item in file.recipient {
            let name = item.name.get_ref();
            let mut problem = |span: Range<usize>, message: String| {
                problems.push(BookProblem {
                    line: line_of(&span),
                    message,
                });
            };
            if name.trim() != name || name.is_empty() || name.len() > MAX_NAME {
                let message = "a name has 1 to 200 bytes and no space at its ends".to_owned();
                problem(item.name.span(), message);
            }
            if Recipient::is_like_key(name) {
                problem(
                    item.name.span(),
                    "a name must not look like a key".to_owned(),
                );
            }
            let expires = item.expires.and_then(|at| {
                let date = at.get_ref().date.and_then(|d| {
                    let (month, day) = (i8::try_from(d.month).ok()?, i8::try_from(d.day).ok()?);
                    jiff::civil::Date::new(i16::try_from(d.year).ok()?, month, day).ok()
                });
                if date.is_none() || at.get_ref().time.is_some() {
                    problem(at.span(), "expires is a date such as 2027-03-31".to_owned());
                }
                date
            });
            match Recipient::read(item.key.get_ref().trim()) {
                Ok(recipient) => {
                    let recipient = recipient.named(name, expires);
                    if book.by_name.insert(name.clone(), recipient).is_some() {
                        let message = "this name is listed twice".to_owned();
                        problem(item.name.span(), message);
                    }
                }
                Err(reason) => {
                    let message = format!("the key is not a recipient: {reason}");
                    problem(item.key.span(), message);
                }
            }
        }
        if problems.is_empty() {
            Ok(book)
        } else {
            Err(BookError { problems })
        }
    }

    /// The recipient of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Recipient> {
        self.by_name.get(name)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

/// What the TOML reader says, without what it repeats of the file: that may be
/// another one than the sender meant.
fn message(said: &str) -> String {
    let said = said.replace('\n', ", ");
    const KEYS: &str = "there are 'name', 'key', 'organisation' and 'expires'";
    if said.starts_with("unknown field") {
        return format!("unknown field; {KEYS}");
    }
    match said.starts_with("invalid ") && said.contains(['"', '`']) {
        true => format!("this is not what a [[recipient]] has: {KEYS}"),
        false => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // age's own test key, whose secret half is public.
    const KEY: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

    #[test]
    fn finds_by_name() {
        let text = format!(
            "[[recipient]]\nname = \"North\"\nkey = \"{KEY}\"\nexpires = 2027-03-31\n\
             [[recipient]]\nname = \"South\"\nkey = \"{KEY}\"\norganisation = \"U\"\n"
        );
        let book = RecipientBook::parse(&text).expect("a good file");
        let north = book.find("North").expect("listed");
        assert_eq!(north.expires(), Some(jiff::civil::date(2027, 3, 31)));
        assert_eq!(north.to_string(), KEY);
        assert_eq!(book.find("south").map(ToString::to_string), None);
        assert_eq!(book.names().collect::<Vec<_>>(), ["North", "South"]);
    }

    #[test]
    fn reports_every_problem_with_its_line() {
        let text = format!(
            "[[recipient]]\nname = \"A\"\nkey = \"age1no\"\n\
             [[recipient]]\nname = \" B\"\nkey = \"{KEY}\"\nexpires = 07:32:00\n\
             [[recipient]]\nname = \"C\"\nkey = \"{KEY}\"\n\
             [[recipient]]\nname = \"C\"\nkey = \"{KEY}\"\n"
        );
        let error = RecipientBook::parse(&text).expect_err("four problems");
        let lines: Vec<_> = error.problems.iter().map(|p| p.line).collect();
        assert_eq!(lines, [3, 5, 7, 12], "{error}");
    }

    #[test]
    fn unknown_fields_are_errors() {
        let text = format!("[[recipient]]\nname = \"A\"\nkey = \"{KEY}\"\nexpire = 2027-03-31\n");
        let error = RecipientBook::parse(&text).expect_err("a mistyped field");
        assert_eq!(error.problems[0].line, 4, "{error}");
    }
}
