//! What the library has to tell people: findings of a decision, and what each
//! error means for the one who has to act on it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub mod words;

/// How much a [`Finding`] weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// For the record.
    Note,
    /// Allowed, but somebody should look.
    Warn,
    /// Not allowed.
    Refuse,
}

/// One result of a decision, as plain data. It goes into reports and into the
/// package's inventory, and never holds a value from anybody's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Permanent name in kebab-case, documented in [`crate::manual::findings`].
    pub code: Cow<'static, str>,
    /// What to do about it.
    pub help: String,
    /// What was found, in one sentence.
    pub message: String,
    /// The rule that made it: `floor`, or the line of a policy file.
    pub rule: String,
    /// What it weighs.
    pub severity: Severity,
    /// Where it was found: paths, columns, lines; never values.
    pub spans: Vec<String>,
}

/// Whose business an error is, and so what a caller should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// What was asked for cannot be done as asked.
    Request,
    /// The policy or the floor refuses it.
    Refused,
    /// A package is damaged, altered or not complete.
    Package,
    /// A signature is absent, wrong, or by nobody who is trusted.
    Signature,
    /// A configuration, recipients or signers file is not valid.
    Configuration,
    /// The machine did not do it: no space, no permission, an I/O error.
    Environment,
    /// Another run is in the way.
    Busy,
    /// Somebody asked to stop.
    Interrupted,
    /// A mistake in exeat itself.
    Internal,
}

/// What every error of this library can say about itself beside its message.
pub trait Explain: std::error::Error {
    /// Permanent name in kebab-case.
    fn code(&self) -> &'static str;

    /// Whose business it is.
    fn fault(&self) -> Fault;

    /// What to do, where there is something to do.
    fn help(&self) -> Option<Cow<'static, str>> {
        None
    }
}

/// The help and the name that a failed system call deserves wherever it failed.
pub(crate) fn io_help(error: &std::io::Error) -> Option<Cow<'static, str>> {
    use std::io::ErrorKind as Kind;
    Some(Cow::Borrowed(match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => {
            "free some space there, or choose another place, and run it again"
        }
        Kind::PermissionDenied => "ask the owner for permission, or run it as somebody who has it",
        Kind::ReadOnlyFilesystem => "choose a place that can be written to",
        Kind::NotFound => "check how it is spelt",
        Kind::FileTooLarge => {
            "the file may not grow any further: raise the limit ('ulimit -f'), and run it again"
        }
        Kind::BrokenPipe => "whatever was to take it has stopped; its own message says why",
        _ => return None,
    }))
}
