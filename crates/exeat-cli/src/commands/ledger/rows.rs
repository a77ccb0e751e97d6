//! The entries of a ledger as people read them: a row for each, and an outcome in
//! the row of its intent.

use std::collections::HashMap;

use exeat_core::inspect::Coverage;
use exeat_core::ledger::{Ending, Entry, Export, Form, Found, Requester};
use exeat_core::manifest::{NamedKey, PackageId, Verdict};
use exeat_core::path::Escaped;
use jiff::Timestamp;

use crate::render;

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) time: Timestamp,
    pub(super) package: Option<PackageId>,
    /// Who asked.
    pub(super) who: String,
    /// What happened.
    pub(super) what: String,
    pub(super) people: String,
    pub(super) to: String,
    pub(super) is_refusal: bool,
    /// Whether somebody has acknowledged it.
    is_received: bool,
    ending: Option<Ending>,
}

/// All rows so far.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    /// The index of the row, by the number of the intent.
    intents: HashMap<u64, usize>,
}

impl Rows {
    /// Takes an entry; returns the index of the row that it went into, and
    /// whether that is a new one.
    pub(super) fn take(&mut self, entry: &Entry) -> (usize, bool) {
        if let Some(outcome) = &entry.outcome
            && let Some(&index) = self.intents.get(&outcome.intent)
        {
            let row = &mut self.rows[index];
            // The first word stands unless a later one is worse.
            if !matches!(row.ending, None | Some(Ending::Failed)) {
                return (index, false);
            }
            row.ending = Some(outcome.ending);
            row.what = match (outcome.ending, &outcome.code) {
                (Ending::Delivered, _) => "left".to_owned(),
                (Ending::Failed, Some(code)) => format!("did not leave: {code}"),
                (Ending::Failed, None) => "did not leave".to_owned(),
                (Ending::Interrupted, Some(code)) => format!("may have left: {code}"),
                (Ending::Interrupted, None) => "may have left".to_owned(),
            };
            return (index, false);
        }
        if let Some(receipt) = &entry.receipt
            && let Some(&index) = self.intents.get(&receipt.intent)
        {
            let row = &mut self.rows[index];
            let by = Escaped(receipt.by.name.as_bytes());
            row.what += &match row.is_received {
                false => format!("; received by {by}"),
                true => format!(", {by}"),
            };
            row.is_received = true;
            return (index, false);
        }
        let mut row = Row {
            number: entry.sequence,
            time: entry.time,
            package: entry.export.as_ref().map(|export| export.id),
            who: entry.requester().map(who).unwrap_or_default(),
            what: String::new(),
            people: entry.found.as_ref().map(people).unwrap_or_default(),
            to: entry.export.as_ref().map(to).unwrap_or_default(),
            is_refusal: false,
            is_received: false,
            ending: None,
        };
        if let Some(export) = &entry.export {
            // Until an outcome says more.
            match entry.found {
                Some(_) if entry.is_intent() => {
                    row.what = "may have left: nothing says how it ended".to_owned();
                    self.intents.insert(entry.sequence, self.rows.len());
                }
                _ => {
                    row.is_refusal = true;
                    row.what = format!("refused: {}", codes(export));
                }
            }
        } else if let Some(alarm) = &entry.alarm {
            let signed = alarm.checkpoint.sequence;
            row.what = format!(
                "ALARM: contradicts the checkpoint of entry {signed} ({})",
                alarm.what.words()
            );
        } else if let Some(request) = &entry.request {
            row.what = format!("asks for approvals (request {})", request.id.short());
            row.to = names(&request.recipients);
        } else if let Some(answer) = &entry.approval {
            let verb = match answer.verdict {
                Verdict::Approve => "approves",
                Verdict::Reject => "REJECTS",
            };
            let why = answer.why.as_ref();
            let why = why.map(|why| format!(": {}", Escaped(why.as_bytes())));
            row.what = format!(
                "{verb} request {}{}",
                answer.request.short(),
                why.unwrap_or_default()
            );
        } else if let Some(recovery) = &entry.recovery {
            let why = Escaped(recovery.why.as_bytes());
            row.what = match recovery.unreadable {
                0 => format!("looked at: {why}"),
                lines => {
                    let lines = render::count(lines, "line", "lines");
                    format!("looked at: {why} ({lines} could not be read)")
                }
            };
        } else if let Some(torn) = &entry.torn {
            let bytes = render::count(torn.bytes, "byte", "bytes");
            row.what = format!("an unfinished line of {bytes} before this was put on record");
        } else if let Some(receipt) = &entry.receipt {
            let by = Escaped(receipt.by.name.as_bytes());
            row.what = format!("a receipt by {by} without its export");
        } else {
            row.what = "an outcome without its intent".to_owned();
        }
        self.rows.push(row);
        (self.rows.len() - 1, true)
    }
}

/// An account, by its name where it has one.
pub(super) fn who(requester: &Requester) -> String {
    match &requester.name {
        Some(name) => Escaped(name.as_bytes()).to_string(),
        None => format!("uid {}", requester.user),
    }
}

fn people(found: &Found) -> String {
    match found.coverage {
        Coverage::None => "not counted".to_owned(),
        _ => {
            let (least, most) = (found.people.least, found.people.most);
            match least == most {
                true => render::thousands(most),
                false => format!(
                    "{} to {}",
                    render::thousands(least),
                    render::thousands(most)
                ),
            }
        }
    }
}

fn to(export: &Export) -> String {
    match export.form {
        Form::Plaintext => "in the clear".to_owned(),
        Form::Encrypted => names(&export.recipients),
    }
}

/// The first few recipients, and how many more there are.
pub(super) fn names(recipients: &[NamedKey]) -> String {
    let names = recipients.iter().map(recipient);
    let mut names: Vec<_> = names.take(3).collect();
    if recipients.len() > 3 {
        names.push(format!("and {} more", recipients.len() - 3));
    }
    names.join(", ")
}

/// A recipient in a table: the name, or as much of the key as tells it.
fn recipient(recipient: &NamedKey) -> String {
    const SHOWN: usize = 20;
    match &recipient.name {
        Some(name) => Escaped(name.as_bytes()).to_string(),
        None if recipient.key.chars().count() > SHOWN => {
            let shown: String = recipient.key.chars().take(SHOWN).collect();
            format!("{}…", Escaped(shown.as_bytes()))
        }
        None => Escaped(recipient.key.as_bytes()).to_string(),
    }
}

fn codes(export: &Export) -> String {
    use exeat_core::diagnostic::Severity;
    let refusing = export
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Refuse);
    let codes: Vec<_> = refusing
        .map(|finding| Escaped(finding.code.as_bytes()).to_string())
        .collect();
    codes.join(", ")
}
