//! `exeat ledger outstanding`: what has left and nobody has acknowledged.

use exeat_core::ledger::{self, Awaited};
use exeat_core::manifest::NamedKey;
use exeat_core::path::Escaped;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{is_for, rows};
use crate::args::LedgerOutstanding;
use crate::config::Config;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Outstanding {
    ledger: String,
    /// How long ago it has to have left to be listed.
    due_seconds: i64,
    outstanding: Vec<One>,
}

#[derive(Serialize)]
struct One {
    /// The number of the entry.
    entry: u64,
    package: String,
    time: String,
    /// How long ago that is.
    seconds: i64,
    /// False where nobody knows whether it left.
    delivered: bool,
    label: Option<String>,
    recipients: Vec<NamedKey>,
}

pub(super) fn run(
    args: &LedgerOutstanding,
    config: &Config,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let path = super::path(&args.ledger, config)?;
    let now = Timestamp::now();
    let due = args.due.unwrap_or(SignedDuration::ZERO);
    let mut awaited = ledger::outstanding(&path, now, due)?;
    if let Some(wanted) = &args.recipient {
        awaited.retain(|one| is_for(&one.recipients, wanted));
    }
    let text = || table(&awaited, now, due);
    let result = Outstanding {
        ledger: path.display().to_string(),
        due_seconds: due.as_secs(),
        outstanding: awaited.iter().map(|one| One::of(one, now)).collect(),
    };
    let mut report = Report::new(ui, text, &result);
    if !awaited.is_empty() {
        report.exit = Exit::Overdue;
        report.notes = vec![
            "Ask the recipients whether it has arrived, and for the receipt that \
             'exeat receipt PKG' writes;\n'exeat ledger receive FILE' records it."
                .to_owned(),
        ];
    }
    Ok(report)
}

impl One {
    fn of(awaited: &Awaited, now: Timestamp) -> Self {
        Self {
            entry: awaited.intent,
            package: awaited.id.to_string(),
            time: awaited.time.to_string(),
            seconds: since(awaited, now).as_secs(),
            delivered: awaited.is_delivered,
            label: awaited.label.clone(),
            recipients: awaited.recipients.clone(),
        }
    }
}

fn since(awaited: &Awaited, now: Timestamp) -> SignedDuration {
    now.duration_since(awaited.time).max(SignedDuration::ZERO)
}

fn table(awaited: &[Awaited], now: Timestamp, due: SignedDuration) -> String {
    if awaited.is_empty() {
        return match due.is_zero() {
            true => "nothing is outstanding: all that left sealed has been acknowledged".into(),
            false => format!(
                "nothing is outstanding: all that left sealed {} ago or earlier has been \
                 acknowledged",
                render::elapsed(due)
            ),
        };
    }
    let elapsed: Vec<_> = awaited
        .iter()
        .map(|one| render::elapsed(since(one, now)))
        .collect();
    let number = awaited.iter().map(|one| one.intent.to_string().len()).max();
    let number = number.unwrap_or(1);
    let ago = elapsed.iter().map(String::len).max().unwrap_or(0).max(3);
    let mut text = format!(
        "{:>number$}  {:<16}  {:<8}  {:>ago$}  to\n",
        "#", "when (UTC)", "id", "ago"
    );
    for (one, elapsed) in awaited.iter().zip(&elapsed) {
        let when = render::time(one.time.as_second());
        let to = rows::names(&one.recipients);
        text += &format!(
            "{:>number$}  {when:<16}  {:<8}  {elapsed:>ago$}  {to}",
            one.intent,
            one.id.short()
        );
        if let Some(label) = &one.label {
            text += &format!(": {}", Escaped(label.as_bytes()));
        }
        if !one.is_delivered {
            text += " (may have left: nothing says how it ended)";
        }
        text.push('\n');
    }
    text
}
