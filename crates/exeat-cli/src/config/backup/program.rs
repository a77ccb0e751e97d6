//! A command of the settings: a program and its arguments, never a line for a
//! shell.

use std::fmt;
use std::path::{Path, PathBuf};

use exeat_core::path::Escaped;

use crate::config;
use crate::error::CommandError;
use crate::exit::Exit;

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    name: String,
    /// Where it is; `None` where it is looked for in the `PATH`.
    place: Option<PathBuf>,
    arguments: Vec<String>,
}

impl Program {
    /// Reads the words of a command; a program with a slash in its name that is
    /// not absolute is below `dir`.
    pub(super) fn new(words: &[&str], dir: &Path) -> Result<Self, &'static str> {
        let Some((name, arguments)) = words.split_first().filter(|(name, _)| !name.is_empty())
        else {
            return Err("a command is a list of words, and the first of them is a program");
        };
        if words.iter().any(|word| word.contains('\0')) {
            return Err("no word of a command can hold a NUL");
        }
        Ok(Self {
            name: (*name).to_owned(),
            place: name.contains('/').then(|| dir.join(name)),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
        })
    }

    /// One for tests.
    #[cfg(test)]
    pub(crate) fn of(words: &[&str]) -> Self {
        Self::new(words, Path::new("/")).expect("a command")
    }

    /// The name of the program as it was given.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The arguments, without the program.
    pub(crate) fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Where the program is now.
    ///
    /// # Errors
    /// No folder of the `PATH` has it.
    pub(crate) fn find(&self) -> Result<PathBuf, CommandError> {
        let found = match &self.place {
            Some(place) => Some(place.clone()),
            None => config::program(&self.name),
        };
        found.ok_or_else(|| {
            let message = format!("no folder of the PATH has the program {self}");
            CommandError::new(Exit::Failed, "program-missing", message)
                .with_help("install it, or give its whole path")
        })
    }
}

/// The program's name: arguments may hold what nobody should see.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Escaped(self.name.as_bytes()))
    }
}
