//! The only module that touches the streams.
//!
//! Results go to standard output: text for people, or with `--json` exactly
//! one document. Everything else goes to standard error. A stream that has
//! been closed is no error: whoever closed it has seen enough.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the module that touches the streams"
)]

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;

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
    /// The result for programs, as JSON.
    pub(crate) json: String,
}

impl Report {
    pub(crate) fn new(text: impl Into<String>, result: &impl Serialize) -> Self {
        Self {
            exit: Exit::Done,
            text: text.into(),
            intro: Vec::new(),
            notes: Vec::new(),
            json: to_json(result),
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
}

impl Ui {
    /// Whether people watch standard error.
    pub(crate) fn has_terminal(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Something people should know while the command runs.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }

    /// Something people have to know, `--quiet` or not.
    pub(crate) fn must_say(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// A line of a running story, on standard output; of `demo` alone.
    pub(crate) fn tell(&self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }

    /// Ends a command: prints its result or its error, and says how the
    /// program ends.
    pub(crate) fn finish(&self, command: &str, result: Result<Report, CommandError>) -> Exit {
        let (mut exit, json) = match result {
            Ok(report) => {
                for note in &report.intro {
                    self.note(note);
                }
                if !self.json && !report.text.is_empty() {
                    let mut out = io::stdout().lock();
                    let _ = writeln!(out, "{}", report.text.trim_end());
                }
                for note in &report.notes {
                    self.note(note);
                }
                let json = document(command, report.exit, &report.json, "null");
                (report.exit, json)
            }
            Err(error) => {
                let _ = writeln!(io::stderr().lock(), "exeat: {error}");
                let json = document(command, error.exit, "null", &to_json(&error));
                (error.exit, json)
            }
        };
        if let Some(path) = &self.json_file
            && let Err(error) = crate::config::write_file(path, json.as_bytes())
        {
            let path = path.display();
            let _ = writeln!(io::stderr().lock(), "exeat: cannot write {path}: {error}");
            if exit == Exit::Done {
                exit = Exit::Failed;
            }
        }
        if self.json {
            let _ = io::stdout().lock().write_all(json.as_bytes());
        }
        exit
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
}
