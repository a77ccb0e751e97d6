//! `exeat ledger recover`.

use exeat_core::ledger::Ledger;
use serde::Serialize;

use crate::args::LedgerRecover;
use crate::commands::asking;
use crate::config::Config;
use crate::error::CommandError;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Recovered {
    ledger: String,
    /// The number of the entry.
    entry: u64,
    why: String,
}

pub(super) fn run(args: &LedgerRecover, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let path = super::existing_path(&args.ledger, config)?;
    let ledger = Ledger::open(&path)?;
    let entry = ledger.lock()?.recover(&asking::requester(), &args.why)?;
    let recovered = Recovered {
        ledger: path.display().to_string(),
        entry,
        why: args.why.as_str().to_owned(),
    };
    let text = || {
        format!(
            "entry {entry} says that you looked at the ledger, and covers all before it as it \
             stands; exports go on\nWhat could not be read counts in no sum any more.\n"
        )
    };
    Ok(Report::new(ui, text, &recovered))
}
