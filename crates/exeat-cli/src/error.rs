//! Library errors, turned once into what people read: a message, its causes,
//! what to do, and how the program ends.

use std::fmt;

use exeat_core::decide::Refusal;
use exeat_core::diagnostic::words::without_errno;
use exeat_core::diagnostic::{Explain, Finding};
use exeat_core::inspect::Facts;
use serde::Serialize;

use crate::exit::Exit;
use crate::render;

/// Why a command did not do what was asked.
#[derive(Debug, Serialize)]
pub(crate) struct CommandError {
    #[serde(skip)]
    pub(crate) exit: Exit,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) help: Option<String>,
    pub(crate) findings: Vec<Finding>,
    /// What was known of the content that was refused.
    pub(crate) facts: Option<Box<Facts>>,
}

impl CommandError {
    pub(crate) fn new(exit: Exit, code: &str, message: impl fmt::Display) -> Self {
        Self {
            exit,
            code: code.to_owned(),
            message: message.to_string(),
            causes: Vec::new(),
            help: None,
            findings: Vec::new(),
            facts: None,
        }
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// A file of the user that cannot be read or written.
    pub(crate) fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        let mut this = Self::new(Exit::Failed, "io", what);
        this.causes
            .push(without_errno(&error.to_string()).to_owned());
        this
    }

    /// A refusal, with everything that speaks against it.
    pub(crate) fn refused(refusal: &Refusal) -> Self {
        let mut this = Self::refused_by(refusal.findings());
        this.facts = refusal.facts().cloned().map(Box::new);
        this
    }

    /// The same where no content was looked into.
    pub(crate) fn refused_by(findings: &[Finding]) -> Self {
        let mut this = Self::new(Exit::Refused, "refused", "refused; nothing was written");
        this.findings = findings.to_vec();
        this
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says first what the error is about, such as the file it is in.
    pub(crate) fn about(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    pub(crate) fn ending(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

impl<E: Explain> From<E> for CommandError {
    fn from(error: E) -> Self {
        let message = error.to_string();
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            // A transparent error repeats its source's words.
            let text = without_errno(&error.to_string()).to_owned();
            if text != message && causes.last() != Some(&text) {
                causes.push(text);
            }
            cause = error.source();
        }
        Self {
            exit: Exit::of(error.fault()),
            code: error.code().to_owned(),
            message,
            causes,
            help: error.help().map(Into::into),
            findings: Vec::new(),
            facts: None,
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        for cause in &self.causes {
            write!(f, ": {cause}")?;
        }
        if let Some(facts) = &self.facts {
            write!(f, "\n{}", render::facts(facts).trim_end())?;
        }
        for finding in &self.findings {
            write!(f, "\n{}", render::finding(finding).trim_end())?;
        }
        match &self.help {
            Some(help) => write!(f, "\n  {help}"),
            None => Ok(()),
        }
    }
}
