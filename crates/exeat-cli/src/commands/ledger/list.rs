//! `exeat ledger list`.

use exeat_core::ledger::{self, Entry};
use serde::Serialize;

use super::is_for;
use super::rows::{Row, Rows};
use crate::args::LedgerList;
use crate::config::Config;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Listed {
    ledger: String,
    entries: Vec<Line>,
    /// What is wrong with the ledger; what can be read of it is listed all the
    /// same.
    fault: Option<String>,
}

#[derive(Serialize)]
struct Line {
    sha256: String,
    entry: Entry,
}

pub(super) fn run(args: &LedgerList, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let path = super::path(&args.ledger, config)?;
    let since = args.since.map(|since| since.before(jiff::Timestamp::now()));
    let (mut rows, mut wanted, mut lines) = (Rows::default(), Vec::new(), Vec::new());
    let read = ledger::read(&path, |entry, sha256| {
        let (index, is_new) = rows.take(&entry);
        if is_new {
            let is_recent = since.is_none_or(|since| entry.time >= since);
            wanted.push(is_recent && is_asked_for(&entry, args));
        }
        // What is about an intent is wanted as that is. For people the rows do.
        if wanted[index] && ui.wants_json() {
            lines.push(Line {
                sha256: sha256.to_string(),
                entry,
            });
        }
    });
    let fault = read.err().map(CommandError::from);
    let fault = match fault {
        Some(fault) if rows.rows.is_empty() => return Err(fault),
        fault => fault,
    };
    let rows: Vec<_> = rows
        .rows
        .iter()
        .zip(&wanted)
        .filter_map(|(row, wanted)| wanted.then_some(row))
        .collect();
    let listed = Listed {
        ledger: path.display().to_string(),
        entries: lines,
        fault: fault.as_ref().map(ToString::to_string),
    };
    let mut report = Report::new(ui, || table(&rows), &listed);
    if let Some(fault) = fault {
        report.exit = Exit::Damaged;
        report.notes = vec![format!("warning: {fault}")];
    }
    Ok(report)
}

fn is_asked_for(entry: &Entry, args: &LedgerList) -> bool {
    if args.refused && (entry.export.is_none() || entry.is_intent()) {
        return false;
    }
    let is_by = args.who.as_ref().is_none_or(|who| {
        entry
            .requester()
            .is_some_and(|by| by.name.as_ref() == Some(who) || by.user.to_string() == *who)
    });
    let is_for = args
        .recipient
        .as_ref()
        .is_none_or(|wanted| is_for(entry.recipients(), wanted));
    is_by && is_for
}

fn table(rows: &[&Row]) -> String {
    if rows.is_empty() {
        return "nothing is on record that fits\n".to_owned();
    }
    let width = |of: fn(&Row) -> &str, least: usize| {
        let widest = rows.iter().map(|row| of(row).chars().count()).max();
        widest.unwrap_or(0).max(least)
    };
    let number = rows.iter().map(|row| row.number.to_string().len()).max();
    let number = number.unwrap_or(1);
    let who = width(|row| &row.who, 3);
    let what = width(|row| if row.to.is_empty() { "" } else { &row.what }, 4);
    let people = width(|row| &row.people, 6);
    let mut text = format!(
        "{:>number$}  {:<16}  {:<8}  {:<who$}  {:<what$}  {:>people$}  to\n",
        "#", "when (UTC)", "id", "who", "what", "people"
    );
    for row in rows {
        let when = render::time(row.time.as_second());
        let id = row.package.map(|id| id.short()).unwrap_or_default();
        let line = format!(
            "{:>number$}  {when:<16}  {id:<8}  {:<who$}  {:<what$}  {:>people$}  {}",
            row.number, row.who, row.what, row.people, row.to
        );
        text += line.trim_end();
        text.push('\n');
    }
    text
}
