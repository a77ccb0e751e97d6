//! Reads and writes `allowed_signers` files: whose keys may sign what, and when
//! (`ssh-keygen(1)`, ALLOWED SIGNERS).
//!
//! A line here means what it means to ssh-keygen, with two differences.
//! ssh-keygen passes over lines it cannot read; here each one is an error,
//! since a slip of the pen would otherwise come to light as "unknown key" on
//! the day it matters. So are a few slips that it lets pass: an empty pattern,
//! quotation marks around a part of the principals, the 30th of February.
//! And times without a `Z` are UTC here, local time there: the library does not
//! look at the machine's time zone, and a package should not be trusted in one
//! country and refused in another. What is written here always has the `Z`.

mod line;
mod options;
mod pattern;

pub use line::AllowedSigner;
pub use pattern::PatternList;

use super::{PublicKey, shortened};
use crate::diagnostic::{Explain, Fault};

/// The most bytes in a file of allowed signers.
const MAX_FILE: usize = 1024 * 1024;
/// The most lines in it, comments and empty ones too.
const MAX_LINES: usize = 10_000;

/// The lines of a file of allowed signers, in its order.
///
/// A line that occurs twice is kept twice; it does no harm.
#[derive(Clone, Debug, Default)]
pub struct AllowedSigners(Vec<AllowedSigner>);

impl AllowedSigners {
    /// A list that trusts nobody.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads a file. Empty lines and those that begin with `#` are passed over,
    /// and so is a byte order mark.
    ///
    /// # Errors
    ///
    /// All lines that are wrong, each with its number. A file larger than 1 MiB
    /// or longer than 10,000 lines has one error, at the line where it becomes
    /// too large.
    ///
    /// ```
    /// use exeat_core::signature::AllowedSigners;
    ///
    /// let text = "# who may sign\nada@clinic.example namespace=\"x\" ssh-rsa AAAA";
    /// let errors = AllowedSigners::parse(text).unwrap_err();
    /// assert_eq!(errors[0].to_string(), "line 2: unknown option \"namespace\"");
    /// ```
    pub fn parse(text: &str) -> Result<Self, Vec<LineError>> {
        let too_much = |line, problem| Err(vec![LineError { line, problem }]);
        if let Some((read, _)) = text.as_bytes().split_at_checked(MAX_FILE + 1) {
            let line = read.split(|&byte| byte == b'\n').count();
            return too_much(line, LineProblem::LargeFile);
        }
        if text.lines().nth(MAX_LINES).is_some() {
            return too_much(MAX_LINES + 1, LineProblem::ManyLines);
        }
        let (mut signers, mut errors) = (Vec::new(), Vec::new());
        for (number, line) in (1..).zip(without_mark(text).lines()) {
            match AllowedSigner::read(line) {
                Ok(signer) => signers.push(signer.at_line(number)),
                Err(LineProblem::NoEntry) => {}
                Err(problem) => errors.push(LineError {
                    line: number,
                    problem,
                }),
            }
        }
        if errors.is_empty() {
            Ok(Self(signers))
        } else {
            Err(errors)
        }
    }

    /// Adds a line at the end.
    pub fn push(&mut self, signer: AllowedSigner) {
        self.0.push(signer);
    }

    /// The lines in order.
    pub fn iter(&self) -> std::slice::Iter<'_, AllowedSigner> {
        self.0.iter()
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lines that list `key`.
    pub fn of_key<'a>(&'a self, key: &PublicKey) -> impl Iterator<Item = &'a AllowedSigner> {
        self.iter().filter(move |line| line.key() == key)
    }

    /// The lines whose principals match the name `principal`.
    pub fn of_principal<'a>(&'a self, principal: &str) -> impl Iterator<Item = &'a AllowedSigner> {
        self.iter()
            .filter(move |line| line.principals().matches(principal))
    }
}

impl<'a> IntoIterator for &'a AllowedSigners {
    type Item = &'a AllowedSigner;
    type IntoIter = std::slice::Iter<'a, AllowedSigner>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A line that could not be read, or the line at which a file is too large.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LineError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: LineProblem,
}

/// What can be wrong with a line of allowed signers: always a mistake of
/// whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// The file is larger than 1 MiB.
    #[error("file is larger than 1 MiB")]
    LargeFile,
    /// The file has more than 10,000 lines.
    #[error("file has more than 10000 lines")]
    ManyLines,
    /// The line has more than 8 KiB.
    #[error("line is longer than 8192 bytes")]
    LongLine,
    /// The line is empty or a comment.
    #[error("no entry")]
    NoEntry,
    /// There is a control character in the line, other than tabs between
    /// fields.
    #[error("control character")]
    ControlCharacter,
    /// A quotation mark is missing or where it should not be.
    #[error("quotation mark missing or out of place")]
    Quote,
    /// There is no key after the principals and options.
    #[error("key is missing")]
    MissingKey,
    /// The key cannot be read.
    #[error("not an OpenSSH public key: {reason}")]
    BadKey {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An option that is none of `cert-authority`, `namespaces`, `valid-after`
    /// and `valid-before`.
    #[error("unknown option {name:?}")]
    UnknownOption {
        /// The option as it is written.
        name: String,
    },
    /// An option that is there twice.
    #[error("option {name:?} is there twice")]
    RepeatedOption {
        /// The name of the option.
        name: &'static str,
    },
    /// An option without a value, or with one that is not in quotation marks.
    #[error("option {name:?} needs a value in double quotes")]
    MissingValue {
        /// The name of the option.
        name: &'static str,
    },
    /// A time that is not one, or not after the beginning of 1970.
    #[error("{name:?} is not a time as in 20261122Z or 20261122103000Z")]
    BadTime {
        /// The name of the option.
        name: &'static str,
    },
    /// The times leave no moment in which the key is valid.
    #[error("\"valid-before\" is not later than \"valid-after\"")]
    NeverValid,
    /// A list with a pattern that is empty or too long.
    #[error("list of {field} {reason}")]
    BadPattern {
        /// What it is a list of.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A principal or namespace that is not a plain name.
    #[error("{field} {name:?} is not a plain name")]
    BadName {
        /// What it should be the name of.
        field: &'static str,
        /// The text given.
        name: String,
    },
}

impl Explain for LineError {
    fn code(&self) -> &'static str {
        self.problem.code()
    }

    fn fault(&self) -> Fault {
        Fault::Configuration
    }
}

impl Explain for LineProblem {
    fn code(&self) -> &'static str {
        "allowed-signer-malformed"
    }

    fn fault(&self) -> Fault {
        Fault::Request
    }
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
