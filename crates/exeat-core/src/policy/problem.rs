//! What is wrong with policy files: every problem with its place and what to
//! do.
//!
//! A line is never repeated. Somebody may name another file than the policy,
//! and what is in that is not for showing; of a policy the message has the key
//! and the value.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Explain, Fault};
use crate::path::{Escaped, shown};

/// How many problems of one file are told: a person mends a few at a time, and
/// a file of nothing but mistakes must not fill the memory.
const MAX_PROBLEMS: usize = 50;
/// How many characters of a value are shown.
const MAX_SHOWN: usize = 60;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// Larger than any policy.
    #[error("the file is larger than {} KiB", .limit / 1024)]
    TooLarge {
        /// The largest size that is read, in bytes.
        limit: usize,
    },
    /// Not TOML.
    #[error("this is not valid TOML: {message}")]
    Syntax {
        /// What the TOML reader says.
        message: String,
    },
    /// A section or key that does not exist.
    #[error("there is no {key}")]
    UnknownKey {
        /// The section or key, escaped.
        key: String,
    },
    /// A key that the rules of a later version will have.
    #[error("this version of exeat can't enforce {key}")]
    NotEnforced {
        /// The section or key.
        key: &'static str,
    },
    /// A key that has to be there is not.
    #[error("{section} needs '{key}'")]
    Missing {
        /// The section.
        section: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A value of the wrong type.
    #[error("{key} has to be {expected}, not {found}")]
    Type {
        /// The key.
        key: String,
        /// What it has to be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A value that cannot be used.
    #[error("{key}: {value} {reason}")]
    Value {
        /// The key.
        key: &'static str,
        /// The value, escaped.
        value: String,
        /// Why not.
        reason: String,
    },
    /// A value that the floor does not allow.
    #[error("{key} = {value} is looser than the floor's {floor}")]
    Looser {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
        /// The floor's value.
        floor: String,
    },
    /// A recipients file that the policy names cannot be read.
    #[error("cannot read the recipients file {}: {reason}", shown(path))]
    RecipientsNotRead {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A recipients file that the policy names is not valid.
    #[error("{message}")]
    Recipients {
        /// What is wrong with it.
        message: String,
    },
    /// A file of approvers that the policy names cannot be read.
    #[error("cannot read the approvers file {}: {reason}", shown(path))]
    ApproversNotRead {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file of approvers that the policy names is not valid.
    #[error("{message}")]
    Approvers {
        /// What is wrong with it.
        message: String,
    },
    /// Two files name different ledgers.
    #[error("the ledger is {} already, by {origin}", shown(path))]
    SecondLedger {
        /// The ledger of the other file.
        path: PathBuf,
        /// The line that names it.
        origin: String,
    },
}

/// One problem and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// What to do.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, .. } = self;
        write!(f, "{}:{line}:{column}: {}", shown(&self.path), self.kind)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with the policy files.
///
/// Displayed, each problem comes with its place and what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyErrors {
    problems: Vec<Problem>,
    untold: usize,
}

impl PolicyErrors {
    /// The problems, file by file and in the order of the lines. Of one file
    /// at most 50 are told.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn append(&mut self, other: Self) {
        self.problems.extend(other.problems);
        self.untold = self.untold.saturating_add(other.untold);
    }

    pub(super) fn extend(&mut self, problem: Option<Problem>) {
        self.problems.extend(problem);
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len().saturating_add(self.untold);
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "the policy has {count} problem{plural}")?;
        for problem in &self.problems {
            write!(f, "\n\n{problem}")?;
        }
        match self.untold {
            0 => Ok(()),
            untold => write!(f, "\n\nand {untold} more"),
        }
    }
}

impl std::error::Error for PolicyErrors {}

impl Explain for PolicyErrors {
    fn code(&self) -> &'static str {
        "policy-invalid"
    }

    fn fault(&self) -> Fault {
        Fault::Configuration
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(
            "nothing leaves while a policy is not valid; correct it and run \
             'exeat policy check FILE'",
        ))
    }
}

/// The text of one file and what is wrong with it.
pub(super) struct Page<'t> {
    path: &'t Path,
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
    found: PolicyErrors,
}

impl<'t> Page<'t> {
    pub(super) fn new(path: &'t Path, text: &'t str) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self {
            path,
            text,
            lines: std::iter::once(0).chain(ends).collect(),
            found: PolicyErrors::default(),
        }
    }

    pub(super) fn path(&self) -> &'t Path {
        self.path
    }

    /// The line of a place, counted from 1.
    pub(super) fn line_of(&self, place: usize) -> usize {
        self.lines.partition_point(|&start| start <= place)
    }

    /// The bytes of a line, without its end.
    pub(super) fn span_of_line(&self, line: usize) -> Range<usize> {
        let start = self.lines.get(line.saturating_sub(1)).copied();
        let start = start.unwrap_or(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        start..start + rest.find(['\r', '\n']).unwrap_or(rest.len())
    }

    pub(super) fn problem(
        &mut self,
        span: Range<usize>,
        kind: ProblemKind,
        help: impl Into<Option<String>>,
    ) {
        if self.found.problems.len() == MAX_PROBLEMS {
            self.found.untold = self.found.untold.saturating_add(1);
            return;
        }
        let problem = self.at(span, kind, help.into());
        self.found.problems.push(problem);
    }

    /// A problem that is not added to the page's own.
    pub(super) fn at(
        &self,
        span: Range<usize>,
        kind: ProblemKind,
        help: Option<String>,
    ) -> Problem {
        let line = self.line_of(span.start);
        let whole = self.span_of_line(line);
        let start = span.start.clamp(whole.start, whole.end);
        let before = self.text.get(whole.start..start).unwrap_or_default();
        let column = before.chars().count() + 1;
        Problem {
            kind,
            path: self.path.to_owned(),
            line,
            column,
            help,
        }
    }

    pub(super) fn add(&mut self, other: PolicyErrors) {
        self.found.append(other);
    }

    /// What was found, in the order of the lines.
    pub(super) fn into_found(self) -> PolicyErrors {
        let mut found = self.found;
        // Stable: what follows from a line in another file stays behind it.
        found.problems.sort_by_key(|problem| {
            let other = problem.path != self.path;
            (other, problem.line, problem.column)
        });
        found
    }
}

/// A value for people, escaped and cut short; of a secret key nothing.
pub(super) fn quoted(value: &str) -> String {
    match holds_secret(value) {
        true => "a secret key".to_owned(),
        false => format!("'{}'", cut(value)),
    }
}

/// Whether a text has something that looks like a private key, which somebody
/// may have put into the wrong file.
fn holds_secret(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    upper.contains("AGE-SECRET-KEY-") || upper.contains("PRIVATE KEY")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", Escaped(&text.as_bytes()[..end])),
        None => Escaped(text.as_bytes()).to_string(),
    }
}
