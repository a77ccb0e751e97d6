//! `exeat ledger show`: all that is on record of one export or request.

use exeat_core::ledger::{self, Entry};
use exeat_core::path::Escaped;
use serde::Serialize;
use serde_json::Value;

use crate::args::LedgerShow;
use crate::config::Config;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::ui::{Report, Ui};

/// As much of a package's id as has to be given.
const LEAST: usize = 8;

#[derive(Serialize)]
struct Shown {
    ledger: String,
    entries: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    sha256: String,
    entry: Entry,
}

pub(super) fn run(args: &LedgerShow, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let path = super::path(&args.ledger, config)?;
    let mut wanted = args.id.trim().to_lowercase();
    let mut number: Option<u64> = match wanted.len() < LEAST {
        true => wanted.parse().ok(),
        false => None,
    };
    if let Some(meant) = number {
        // All that is said of the package that this entry is about.
        let mut package = None;
        let _ = ledger::read(&path, |entry, _| {
            if entry.sequence == meant {
                package = entry.package();
            }
        });
        if let Some(package) = package {
            (wanted, number) = (package.to_string(), None);
        }
    }
    let (mut lines, mut ids) = (Vec::new(), Vec::new());
    let read = ledger::read(&path, |entry, sha256| {
        let package = entry.package().map(|id| id.to_string());
        let request = entry.release_request().map(|id| id.to_string());
        let is_wanted = |id: &String| wanted.len() >= LEAST && id.contains(&wanted);
        // All that came of a request is told with it.
        let id = package.filter(is_wanted).or(request.filter(is_wanted));
        let is_meant = match number {
            Some(number) => entry.sequence == number,
            None => id.is_some(),
        };
        if is_meant {
            if let Some(id) = id.filter(|id| !ids.contains(id)) {
                ids.push(id);
            }
            lines.push(Line {
                sha256: sha256.to_string(),
                entry,
            });
        }
    });
    let fault = read.err().map(CommandError::from);
    if ids.len() > 1 {
        return Err(CommandError::new(
            Exit::Failed,
            "ledger-id-ambiguous",
            format!(
                "'{}' is a part of {} ids of packages and requests",
                Escaped(args.id.as_bytes()),
                ids.len()
            ),
        )
        .with_help("give more of the id, or the number of the entry"));
    }
    if lines.is_empty() {
        if let Some(fault) = fault {
            return Err(fault);
        }
        return Err(CommandError::new(
            Exit::Failed,
            "ledger-id-unknown",
            format!("the ledger has no entry '{}'", Escaped(args.id.as_bytes())),
        )
        .with_help("'exeat ledger list' shows the numbers of entries and the packages' ids"));
    }
    let shown = Shown {
        ledger: path.display().to_string(),
        entries: lines,
    };
    let text = || shown.entries.iter().map(text).collect::<String>();
    let mut report = Report::new(ui, text, &shown);
    if let Some(fault) = fault {
        report.exit = Exit::Damaged;
        report.notes = vec![format!("warning: {fault}")];
    }
    Ok(report)
}

/// An entry, a line for each thing that it says.
fn text(line: &Line) -> String {
    let entry = &line.entry;
    let value = serde_json::to_value(entry).expect("an entry has nothing JSON cannot say");
    let kind = value["kind"].as_str().unwrap_or_default();
    let mut text = format!(
        "entry {}  {}  {kind}\n",
        entry.sequence,
        render::time(entry.time.as_second())
    );
    if let Value::Object(fields) = &value {
        let passed = ["version", "sequence", "time", "kind"];
        for (name, value) in fields {
            if !passed.contains(&name.as_str()) {
                say(&mut text, name, value);
            }
        }
    }
    text += &format!("  sha256: {}\n\n", line.sha256);
    text
}

/// One thing, by its path; what is empty is left out.
fn say(text: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(fields) if name == "outcome.checkpoint" => {
            // Long, and for programs.
            let signed = fields.get("statement").and_then(Value::as_str);
            *text += &format!(
                "  {name}: signed {}\n",
                Escaped(signed.unwrap_or_default().trim_end().as_bytes())
            );
        }
        Value::Object(fields) => {
            for (inner, value) in fields {
                say(text, &format!("{name}.{inner}"), value);
            }
        }
        Value::Array(items) => {
            for item in items {
                say(text, name, item);
            }
        }
        Value::String(value) => *text += &format!("  {name}: {}\n", Escaped(value.as_bytes())),
        Value::Number(value) => match value.as_u64() {
            Some(value) if name.starts_with("found.") => {
                *text += &format!("  {name}: {}\n", render::thousands(value));
            }
            _ => *text += &format!("  {name}: {value}\n"),
        },
        Value::Bool(value) => *text += &format!("  {name}: {value}\n"),
    }
}
