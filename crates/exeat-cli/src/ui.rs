//! The only module that touches the streams.
//!
//! Results go to standard output: text for people, or with `--json` exactly
//! one document. Everything else goes to standard error. A reader that closes
//! its end is no error; a result that could not be written for another reason
//! is one.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the module that touches the streams"
)]

use exeat_core::diagnostic::words::without_errno;
use exeat_core::path::{Escaped, misleads, shown};
use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;

mod pipe;

pub(crate) use pipe::{Input, Output};

/// The version of the documents that `--json` prints.
const SCHEMA: &str = "exeat/1";

/// What a command has to say when it is done.
#[derive(Debug)]
pub(crate) struct Report {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// The result for people, on standard output.
    pub(crate) text: String,
    /// What people should know before they read the result, on standard error.
    pub(crate) intro: Vec<String>,
    /// What they should know after it.
    pub(crate) notes: Vec<String>,
    /// What they have to know, `--quiet` or not.
    pub(crate) alarms: Vec<String>,
    /// The result for programs, as JSON.
    pub(crate) json: String,
}

impl Report {
    /// Says the result on standard error: standard output has bytes.
    pub(crate) fn beside_bytes(mut self) -> Self {
        let text = std::mem::take(&mut self.text);
        self.notes.insert(0, text.trim_end().to_owned());
        self
    }

    /// Makes of the two forms those that `ui` will want: a listing can be long.
    pub(crate) fn new<T: Into<String>>(
        ui: &Ui,
        text: impl FnOnce() -> T,
        result: &impl Serialize,
    ) -> Self {
        let wants_json = ui.wants_json();
        Self {
            exit: Exit::Done,
            text: if ui.json {
                String::new()
            } else {
                text().into()
            },
            intro: Vec::new(),
            notes: Vec::new(),
            alarms: Vec::new(),
            json: if wants_json {
                to_json(result)
            } else {
                "null".to_owned()
            },
        }
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("reports have nothing JSON cannot say")
}

/// Where output goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ui {
    /// Print a document instead of text.
    pub(crate) json: bool,
    /// Put the document into this file.
    pub(crate) json_file: Option<PathBuf>,
    /// Say nothing but results and errors.
    pub(crate) quiet: bool,
    /// The user's own, for that file.
    pub(crate) umask: u32,
}

impl Ui {
    /// Whether people watch standard error.
    pub(crate) fn wants_json(&self) -> bool {
        self.json || self.json_file.is_some()
    }

    pub(crate) fn has_terminal(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// What comes through standard input.
    ///
    /// # Errors
    /// It is a terminal: `what` should come through it instead, such as in
    /// `example`.
    pub(crate) fn input(&self, what: &str, example: &str) -> Result<Input, CommandError> {
        let input = Input::open().map_err(|e| CommandError::io("standard input", &e))?;
        input.ok_or_else(|| {
            CommandError::usage(format!(
                "'-' stands for {what} through a pipe, and standard input is a terminal"
            ))
            .with_help(format!("for example: {example}"))
        })
    }

    /// Standard output, for bytes instead of the result, which then goes to
    /// standard error.
    ///
    /// # Errors
    /// It is a terminal, or wanted for a document.
    pub(crate) fn output(&self, flag: &str, example: &str) -> Result<Output, CommandError> {
        if self.json {
            return Err(CommandError::usage(format!(
                "{flag} and --json both want standard output"
            ))
            .with_help("use --json-file FILE for the document"));
        }
        let output = Output::open().map_err(|e| CommandError::io("standard output", &e))?;
        if let (Some(output), Some(path)) = (&output, &self.json_file)
            && output.is_at(path)
        {
            return Err(CommandError::usage(format!(
                "{flag} and --json-file both want standard output"
            ))
            .with_help("name another file for the document"));
        }
        output.ok_or_else(|| {
            CommandError::usage(format!(
                "{flag} writes to standard output, which is a terminal"
            ))
            .with_help(format!("for example: {example}"))
        })
    }

    /// Something people should know while the command runs.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.must_say(text);
        }
    }

    /// Something people have to know, `--quiet` or not.
    pub(crate) fn must_say(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{}", harmless(text));
    }

    /// A line of a running story, on standard output; of `demo` alone.
    pub(crate) fn tell(&self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }

    /// Ends a command: prints its result or its error, and says how the
    /// program ends.
    pub(crate) fn finish(&self, command: &str, result: Result<Report, CommandError>) -> Exit {
        // Whoever asked for a package has one, though they cannot be told where.
        let stands = match result {
            Ok(_) => "; what was done stands",
            Err(_) => "",
        };
        let (mut exit, text, notes, alarms, json) = match result {
            Ok(report) => {
                for note in &report.intro {
                    self.note(note);
                }
                let json = document(command, report.exit, &report.json, "null");
                (report.exit, report.text, report.notes, report.alarms, json)
            }
            Err(error) => {
                self.must_say(&format!("exeat: {error}"));
                let json = document(command, error.exit, "null", &to_json(&error));
                (error.exit, String::new(), Vec::new(), Vec::new(), json)
            }
        };
        let mut failed = |what: &str, error: &io::Error| {
            let error = without_errno(&error.to_string()).to_owned();
            self.must_say(&format!("exeat: cannot write {what}: {error}{stands}"));
            if exit == Exit::Done {
                exit = Exit::Failed;
            }
        };
        if let Some(path) = &self.json_file
            && let Err(error) = crate::config::write_report(path, json.as_bytes(), self.umask)
        {
            failed(&shown(path).to_string(), &error);
        }
        let text = match self.json {
            true => json,
            false => with_newline(&harmless(&text)),
        };
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // Whoever closed the stream has seen enough.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                failed("standard output", &error);
            }
            _ => {}
        }
        drop(out);
        for note in &notes {
            self.note(note);
        }
        for alarm in &alarms {
            self.must_say(alarm);
        }
        exit
    }
}

/// A fault in the program says where it is and no more: its message could
/// quote a piece of somebody's data.
pub(crate) fn say_where_not_what() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, |l| format!(" at {}:{}", l.file(), l.line()));
        let _ = writeln!(io::stderr().lock(), "exeat: a fault in the program{place}");
    }));
}

/// Text that a terminal takes for nothing else: names of files and folders may
/// hold anything.
fn harmless(text: &str) -> Cow<'_, str> {
    let is_meant = |c: char| matches!(c, '\n' | '\t') || !misleads(c);
    if text.chars().all(is_meant) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().map(|c| match is_meant(c) {
        true => c.to_string(),
        false => Escaped(c.to_string().as_bytes()).to_string(),
    });
    Cow::Owned(shown.collect())
}

/// A text with one newline at its end; nothing stays nothing.
fn with_newline(text: &str) -> String {
    match text.trim_end() {
        "" => String::new(),
        text => format!("{text}\n"),
    }
}

/// The one document of a run; `result` and `error` are JSON already.
fn document(command: &str, exit: Exit, result: &str, error: &str) -> String {
    let (schema, command) = (to_json(&SCHEMA), to_json(&command));
    let exit = exit.code();
    let document = format!(
        "{{\"schema\":{schema},\"command\":{command},\"exit\":{exit},\"result\":{result},\"error\":{error}}}\n"
    );
    escape(document)
}

/// The same document without characters that could mislead a terminal or a
/// person: inside strings, where alone they can be, JSON has escapes for them.
fn escape(document: String) -> String {
    let misleads = |c: char| c != '\n' && exeat_core::path::misleads(c);
    if !document.contains(misleads) {
        return document;
    }
    let mut escaped = String::with_capacity(document.len() + 64);
    for character in document.chars() {
        if misleads(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped += &format!("\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_holds_nothing_that_misleads_and_says_the_same() {
        let text = "a\u{1b}[2J\u{9b}31m\u{202e}gpj\u{e0041}é";
        let json = document("list", Exit::Done, &to_json(&text), "null");
        let shown = json.trim_end_matches('\n');
        assert!(!shown.contains(exeat_core::path::misleads), "{shown}");
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(value["result"], text);
    }

    /// Named in the environment of the one that is to fail.
    const FAILS: &str = "EXEAT_FAILS";

    /// Fails where the environment says so; is no test of its own.
    #[test]
    fn child() {
        if std::env::var_os(FAILS).is_some() {
            say_where_not_what();
            panic!("the patient is {}", "9990000018");
        }
    }

    #[test]
    fn a_fault_says_where_it_is_and_not_what_it_met() {
        let this = std::env::current_exe().expect("known");
        let mut command = std::process::Command::new(this);
        command.args(["--exact", "ui::tests::child", "--nocapture"]);
        let output = command.env(FAILS, "1").output().expect("runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(said.contains("a fault in the program at "), "{said}");
        assert!(said.contains("ui.rs:"), "{said}");
        assert!(!said.contains("9990000018"), "{said}");
    }
}
