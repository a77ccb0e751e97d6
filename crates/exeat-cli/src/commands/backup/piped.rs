//! The output of a profile's command, as a source.

use exeat_core::path::Escaped;
use exeat_core::source::Source;
use exeat_core::source::command::{Attendant, CommandLine};

use crate::commands::ATTENDANT;
use crate::config::{self, CommandSource};
use crate::error::CommandError;
use crate::signals;

/// What there is to seal, and what people have to be warned of.
pub(super) struct Piped {
    pub(super) source: Source,
    pub(super) warning: Option<String>,
}

/// Starts the command of a profile. Ctrl-C and SIGTERM end it.
///
/// # Errors
/// Its program is not there, or cannot be watched over.
pub(super) fn open(source: &CommandSource) -> Result<Piped, CommandError> {
    let (checker, warning) = match source.expect_end.as_ref().and_then(|end| end.checker()) {
        None => (None, None),
        Some(name) => match config::program(name) {
            Some(place) => (Some(place), None),
            None => (None, Some(unchecked(source, name))),
        },
    };
    let line = CommandLine {
        program: source.command.find()?,
        arguments: source.command.arguments().iter().map(Into::into).collect(),
        expect_end: source.expect_end.clone(),
        checker,
    };
    let attendant = Attendant::new("/proc/self/exe", [ATTENDANT]);
    let output = attendant.start(&line, Box::new(|| signals::received().is_some()))?;
    Ok(Piped {
        source: Source::piped(&source.name, Box::new(output))?,
        warning,
    })
}

fn unchecked(source: &CommandSource, checker: &str) -> String {
    format!(
        "warning: {checker} is not installed: whether '{}' can be read back is not known",
        Escaped(source.name.as_bytes())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Program;

    fn source(words: &[&str], end: Option<&str>) -> CommandSource {
        CommandSource {
            command: Program::of(words),
            name: "clinic.dump".to_owned(),
            expect_end: end.map(|end| end.parse().unwrap()),
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_noticed_first() {
        let error = open(&source(&["no-such-program-of-exeat"], None))
            .err()
            .unwrap();
        assert_eq!(error.code, "program-missing");
    }

    #[test]
    fn that_nothing_checks_it_is_said() {
        let warning = unchecked(&source(&["pg_dump"], Some("pg_restore")), "pg_restore");
        assert_eq!(
            warning,
            "warning: pg_restore is not installed: whether 'clinic.dump' can be read back is not \
             known"
        );
    }
}
