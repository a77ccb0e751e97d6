//! Why what a command printed is not to be relied on.

use std::borrow::Cow;
use std::io;

use super::super::SourceError;
use super::ExpectedEnd;
use crate::diagnostic::words::counted;
use crate::diagnostic::{Explain, Fault, io_help};

/// Why what a command printed is not whole, or not known to be. Programs are
/// named, never their arguments; what they said is escaped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandFailure {
    /// It, or what was to watch over it or check it, cannot be run.
    #[error("cannot run {program}")]
    NotStarted {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It ended with another exit code than 0.
    #[error("{program} ended with exit code {code}{}", after_colon(said))]
    Exit {
        /// The program.
        program: String,
        /// The exit code.
        code: i32,
        /// Its last lines on standard error.
        said: String,
    },
    /// A signal ended it.
    #[error("{program} was killed by signal {signal}{}", after_colon(said))]
    Killed {
        /// The program.
        program: String,
        /// The number of the signal.
        signal: i32,
        /// Its last lines on standard error.
        said: String,
    },
    /// Processes that it had started went on when it had ended.
    #[error("{program} ended while {} it had started went on{}", processes(*count), in_brackets(names))]
    LeftBehind {
        /// The program.
        program: String,
        /// How many.
        count: usize,
        /// What some of them are called.
        names: Vec<String>,
    },
    /// It has ended, and the other end of the pipe is in somebody else's hands.
    #[error("{program} ended, and something else still holds its output open")]
    HeldOpen {
        /// The program.
        program: String,
    },
    /// Nothing says how it ended.
    #[error("nothing says how {program} ended: the process that watched over it is gone")]
    Unknown {
        /// The program.
        program: String,
    },
    /// The end that its output has when it is whole is not there.
    #[error(
        "what {program} printed is not whole: it does not end with {expected}{}",
        after_colon(said)
    )]
    NoEnd {
        /// The program.
        program: String,
        /// What was expected.
        expected: ExpectedEnd,
        /// Its last lines on standard error.
        said: String,
    },
    /// SQLite could not read all of a database, and said so in the dump.
    #[error("what {program} printed is not whole: it ends with 'ROLLBACK; -- due to errors'")]
    RolledBack {
        /// The program.
        program: String,
    },
    /// The program that checks it found fault with it.
    #[error(
        "what {program} printed cannot be read back: {checker} {how}{}",
        after_colon(said)
    )]
    Unreadable {
        /// The program.
        program: String,
        /// What checked it.
        checker: String,
        /// How that ended.
        how: String,
        /// Its last lines on standard error.
        said: String,
    },
    /// What it prints cannot be read.
    #[error("cannot read what {program} prints")]
    Read {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The caller asked to stop; the command was ended.
    #[error("interrupted")]
    Interrupted,
    /// It had failed when it was read before.
    #[error("what the command printed was not whole")]
    Again,
}

impl Explain for CommandFailure {
    fn code(&self) -> &'static str {
        match self {
            Self::NotStarted { .. } => "command-not-started",
            Self::Exit { .. } | Self::Killed { .. } => "command-failed",
            Self::LeftBehind { .. } | Self::HeldOpen { .. } => "command-left-behind",
            Self::Unknown { .. } | Self::Again => "command-unknown",
            Self::NoEnd { .. } | Self::RolledBack { .. } => "command-not-whole",
            Self::Unreadable { .. } => "command-unreadable",
            Self::Read { .. } => "source-unreadable",
            Self::Interrupted => "interrupted",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Interrupted => Fault::Interrupted,
            _ => Fault::Environment,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::NotStarted { source, .. } | Self::Read { source, .. } => return io_help(source),
            Self::Exit { .. } | Self::Killed { .. } => {
                "no package was made; run the command by hand to see what is wrong"
            }
            Self::LeftBehind { .. } => {
                "they were killed, and no package was made; a command has to wait for all that it \
                 starts"
            }
            Self::HeldOpen { .. } => {
                "no package was made; a command has to print everything itself"
            }
            Self::Unknown { .. } | Self::Again => "no package was made; run it again",
            Self::NoEnd { .. } => {
                "no package was made; see whether the command prints all of it, and whether \
                 expect_end is right"
            }
            Self::RolledBack { .. } => {
                "no package was made; the database may be damaged: see 'PRAGMA integrity_check'"
            }
            Self::Unreadable { .. } => {
                "no package was made; see whether the command prints what pg_dump -Fc does, and \
                 whether the checker is as new as it"
            }
            Self::Interrupted => "nothing was left behind",
        }))
    }
}

impl SourceError {
    /// What it means that a stream cannot be read.
    pub(crate) fn of_stream(error: io::Error) -> Self {
        match error.downcast::<CommandFailure>() {
            Ok(failure) => Self::Command(failure),
            Err(source) => Self::Stream { source },
        }
    }
}

fn after_colon(said: &str) -> String {
    match said {
        "" => String::new(),
        said => format!(": {said}"),
    }
}

fn processes(count: usize) -> String {
    counted(count as u64, "process that", "processes that")
}

fn in_brackets(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!(" ({})", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_fails_says_what_the_command_did() {
        let failure = CommandFailure::Exit {
            program: "pg_dump".to_owned(),
            code: 1,
            said: "no such database".to_owned(),
        };
        let error = SourceError::of_stream(io::Error::other(failure));
        assert_eq!(
            error.to_string(),
            "pg_dump ended with exit code 1: no such database"
        );
        assert_eq!(error.code(), "command-failed");
        let error = SourceError::of_stream(io::ErrorKind::BrokenPipe.into());
        assert!(matches!(error, SourceError::Stream { .. }));
    }

    #[test]
    fn who_was_left_is_counted_and_named() {
        let left = |count, names: &[&str]| {
            CommandFailure::LeftBehind {
                program: "sh".to_owned(),
                count,
                names: names.iter().map(|&name| name.to_owned()).collect(),
            }
            .to_string()
        };
        assert_eq!(
            left(1, &["sleep"]),
            "sh ended while 1 process that it had started went on (sleep)"
        );
        assert_eq!(
            left(7, &["a", "b"]),
            "sh ended while 7 processes that it had started went on (a, b)"
        );
    }
}
