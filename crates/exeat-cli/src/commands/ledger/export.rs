//! `exeat ledger export`.

use exeat_core::audit;
use exeat_core::path::shown;
use serde::Serialize;

use crate::args::LedgerExport;
use crate::config::Config;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Exported {
    ledger: String,
    path: String,
    entries: u64,
    checkpoints: u64,
    /// The numbers of entries with a checkpoint whose signature does not fit.
    bad_checkpoints: Vec<u64>,
    fault: Option<String>,
}

pub(super) fn run(args: &LedgerExport, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let path = super::existing_path(&args.ledger, config)?;
    let made = audit::export(&path, &args.dir)?;
    let fault = made.fault.map(CommandError::from);
    let exported = Exported {
        ledger: path.display().to_string(),
        path: made.path.display().to_string(),
        entries: made.entries,
        checkpoints: made.checkpoints,
        bad_checkpoints: made.bad_checkpoints,
        fault: fault.as_ref().map(ToString::to_string),
    };
    let script = render::shell(&made.path.join("check.sh").display().to_string());
    let text = || {
        format!(
            "copied {} and {} to {}\nnext: sh {script}\n",
            render::count(exported.entries, "entry", "entries"),
            render::count(exported.checkpoints, "checkpoint", "checkpoints"),
            shown(&made.path)
        )
    };
    let mut report = Report::new(ui, text, &exported);
    for number in &exported.bad_checkpoints {
        report.exit = Exit::Damaged;
        report.notes.push(format!(
            "warning: the signature of the checkpoint in entry {number} does not fit"
        ));
    }
    if let Some(fault) = fault {
        report.exit = Exit::Damaged;
        report.notes.push(format!("warning: {fault}"));
    }
    Ok(report)
}
