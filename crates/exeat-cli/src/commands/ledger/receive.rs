//! `exeat ledger receive`: receipts → the ledger.

use std::path::Path;

use exeat_core::ledger::{Contradiction, Ledger};
use exeat_core::path::shown;
use exeat_core::receipt::Receipt;
use exeat_core::signature::{AllowedSigners, Fingerprint};
use exeat_core::statement::{Signed, Statement as _};
use serde::Serialize;

use crate::args::LedgerReceive;
use crate::commands::SignerReport;
use crate::config::{self, Config, cannot_read};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct ReceiveReport {
    ledger: String,
    receipts: Vec<Received>,
}

#[derive(Serialize)]
struct Received {
    file: String,
    package: String,
    /// The number of the release that it acknowledges.
    entry: u64,
    by: SignerReport,
    received: String,
    /// Whether it was on record already.
    was_known: bool,
    /// How the ledger contradicts what the sender signed, where somebody has
    /// looked at it since.
    contradiction: Option<Contradiction>,
}

pub(super) fn run(args: &LedgerReceive, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let path = super::existing_path(&args.ledger, config)?;
    let allowed = config.allowed_signers(args.allowed_signers.as_deref())?;
    let own = config.signer(None)?;
    let ledger = Ledger::open(&path)?;
    let mut receipts = Vec::new();
    let mut failed = None;
    for file in &args.receipts {
        match receive(file, &ledger, &allowed, own) {
            Ok(received) => receipts.push(received),
            // One that is bad does not keep the others out.
            Err(error) if failed.is_none() => failed = Some(error.about(shown(file))),
            Err(error) => ui.must_say(&format!("exeat: {}", error.about(shown(file)))),
        }
    }
    if let Some(error) = failed {
        for one in &receipts {
            ui.must_say(&text(one));
        }
        return Err(error);
    }
    let result = ReceiveReport {
        ledger: path.display().to_string(),
        receipts,
    };
    let text = || {
        let lines: Vec<_> = result.receipts.iter().map(text).collect();
        lines.join("\n")
    };
    let mut report = Report::new(ui, text, &result);
    for one in &result.receipts {
        if let Some(what) = one.contradiction {
            report.exit = Exit::Damaged;
            report.notes.push(format!(
                "warning: the ledger contradicts the checkpoint that {} brings back: {}. Somebody \
                 has looked at it since, so exports go on",
                one.file,
                what.words()
            ));
        }
    }
    Ok(report)
}

fn receive(
    file: &Path,
    ledger: &Ledger,
    allowed: &AllowedSigners,
    own: Option<Fingerprint>,
) -> Result<Received, CommandError> {
    let bytes =
        config::read_at_most(file, Receipt::MAX_BYTES).map_err(|e| cannot_read(file, &e))?;
    let receipt = Signed::<Receipt>::from_bytes(&bytes)?;
    let got = ledger.lock()?.receive(&receipt, allowed, own)?;
    let said = receipt.statement();
    Ok(Received {
        file: file.display().to_string(),
        package: said.package.to_string(),
        entry: got.intent,
        by: SignerReport::of_signer(&got.by),
        received: said.received.to_string(),
        was_known: got.was_known,
        contradiction: got.contradiction,
    })
}

fn text(one: &Received) -> String {
    let what = match one.was_known {
        false => "has arrived, which is on record now",
        true => "has arrived, which was on record already",
    };
    let entry = render::thousands(one.entry);
    format!(
        "package {} (entry {entry}) {what}\n  received by  {}\n  fingerprint  {}\n  verified     {}",
        one.package, one.by.name, one.by.fingerprint, one.received
    )
}
