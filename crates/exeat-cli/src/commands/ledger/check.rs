//! `exeat ledger verify`: the chain, and what others hold of it.

use std::path::Path;

use exeat_core::digest::Digest;
use exeat_core::ledger::{self, Contradiction, Ledger, LedgerError, Verification};
use exeat_core::manifest::Checkpoint;
use exeat_core::path::shown;
use exeat_core::receipt::Receipt;
use exeat_core::signature::Fingerprint;
use exeat_core::statement::{Document, Signed};
use serde::Serialize;

use crate::args::LedgerVerify;
use crate::commands::{unlock, verify_package};
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Checked {
    ledger: String,
    entries: u64,
    /// SHA-256 of the first entry's line, by which ledgers are told apart.
    first_sha256: Option<Digest>,
    /// SHA-256 of the last entry's line.
    last_sha256: Option<Digest>,
    checkpoints: Vec<Held>,
    recoveries: u64,
    /// What was wrong when somebody looked: the first thing each time.
    looked_at: Vec<LookedAt>,
    /// The number of an alarm that nobody has looked at yet.
    unresolved: Option<u64>,
}

#[derive(Serialize)]
struct LookedAt {
    /// The number of the entry that says so.
    entry: u64,
    /// Where it was, in bytes.
    at: u64,
    what: String,
}

#[derive(Serialize)]
struct Held {
    from: String,
    entry: u64,
    package: String,
    signer: String,
    /// How the ledger contradicts it; null where it does not.
    contradiction: Option<Contradiction>,
}

/// A checkpoint that somebody trusted has signed, and where it was read.
struct Witness {
    from: String,
    checkpoint: Signed<Checkpoint>,
}

pub(super) fn run(args: &LedgerVerify, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let path = super::existing_path(&args.ledger, config)?;
    let mut witnesses = Vec::new();
    for from in &args.checkpoint {
        let checkpoint = read(from, args, config, ui)?;
        trust(&checkpoint, args, config).map_err(|error| error.about(shown(from)))?;
        witnesses.push(Witness {
            from: from.display().to_string(),
            checkpoint,
        });
    }
    let own = config.signer(None)?;
    let checkpoints: Vec<_> = witnesses.iter().map(|one| one.checkpoint.clone()).collect();
    let (found, unrecorded) = hold_against(&path, &checkpoints, own)?;
    let held = witnesses.iter().zip(&found.contradictions);
    let held = held.map(|(one, contradiction)| Held {
        from: one.from.clone(),
        entry: one.checkpoint.statement().sequence,
        package: one.checkpoint.statement().package.to_string(),
        signer: one.checkpoint.fingerprint().to_string(),
        contradiction: *contradiction,
    });
    let checked = Checked {
        ledger: path.display().to_string(),
        entries: found.entries,
        first_sha256: found.ledger,
        last_sha256: found.head,
        checkpoints: held.collect(),
        recoveries: found.recoveries,
        looked_at: found
            .covered
            .iter()
            .map(|one| LookedAt {
                entry: one.recovery,
                at: one.at,
                what: one.what.clone(),
            })
            .collect(),
        unresolved: found.unresolved,
    };
    Ok(report(&checked, &found, unrecorded, ui))
}

/// Holds the ledger against them, and puts it on record if it contradicts one;
/// the error where that cannot be.
fn hold_against(
    path: &Path,
    checkpoints: &[Signed<Checkpoint>],
    own: Option<Fingerprint>,
) -> Result<(Verification, Option<LedgerError>), CommandError> {
    let said: Vec<_> = checkpoints
        .iter()
        .map(|one| one.statement().clone())
        .collect();
    let found = ledger::verify(path, &said)?;
    let is_contradicted = found.contradictions.iter().any(Option::is_some);
    if !is_contradicted || found.unresolved.is_some() {
        return Ok((found, None));
    }
    let recorded =
        Ledger::open(path).and_then(|ledger| ledger.lock()?.hold_against(checkpoints, own));
    Ok(match recorded {
        Ok(found) => (found, None),
        Err(error) => (found, Some(error)),
    })
}

/// The checkpoint that a file or a package holds.
fn read(
    from: &Path,
    args: &LedgerVerify,
    config: &Config,
    ui: &Ui,
) -> Result<Signed<Checkpoint>, CommandError> {
    let none = |what: &str| {
        CommandError::new(
            Exit::Failed,
            "no-checkpoint",
            format!(
                "{}: {what} has no checkpoint of the sender's ledger",
                shown(from)
            ),
        )
        .with_help("it was made by a version of exeat without them, or for no package")
    };
    let text = match from.is_dir() {
        true => None,
        // An archive is no text.
        false => config::read_text(from).ok(),
    };
    let Some(text) = text else {
        let verified = verify_package(from, &args.trust, config, ui)?;
        let unlocked = unlock(verified, &args.identity, config, ui)?;
        let header = unlocked.inventory().header();
        return header.checkpoint.clone().ok_or_else(|| none("the package"));
    };
    let about =
        |error: exeat_core::statement::StatementError| CommandError::from(error).about(shown(from));
    match Signed::<Receipt>::from_bytes(text.as_bytes()) {
        Ok(receipt) => {
            let checkpoint = receipt.statement().checkpoint.clone();
            checkpoint.ok_or_else(|| none("the receipt"))
        }
        Err(error) => {
            let document = serde_json::from_str::<Document>(&text);
            if let Ok(Ok(checkpoint)) = document.map(Document::check::<Checkpoint>) {
                return Ok(checkpoint);
            }
            // As 'exeat ledger export' writes it: the signature stands beside it.
            let mut beside = from.as_os_str().to_owned();
            beside.push(".sig");
            match config::read_text(Path::new(&beside)) {
                Ok(signature) => Document::of::<Checkpoint>(text, signature)
                    .check()
                    .map_err(about),
                Err(_) => Err(about(error)),
            }
        }
    }
}

/// A checkpoint says something if it was signed by the user's own key, or by one
/// that the user trusts.
fn trust(
    checkpoint: &Signed<Checkpoint>,
    args: &LedgerVerify,
    config: &Config,
) -> Result<(), CommandError> {
    if config.signer(None)? == Some(checkpoint.fingerprint()) {
        return Ok(());
    }
    let allowed = config.allowed_signers(args.trust.allowed_signers.as_deref())?;
    let wanted = args.trust.signer.as_deref();
    checkpoint.trusted(&allowed, checkpoint.statement().time, wanted)?;
    Ok(())
}

fn report(
    checked: &Checked,
    found: &Verification,
    unrecorded: Option<LedgerError>,
    ui: &Ui,
) -> Report {
    let text = || {
        let entries = render::count(checked.entries, "entry", "entries");
        let how = match checked.looked_at.is_empty() {
            true => "each as it was written",
            false => "as they were when somebody looked, and since",
        };
        let mut text = format!("{}: {entries}, {how}\n", checked.ledger);
        if let Some(last) = &checked.last_sha256 {
            text += &format!("  last entry   {last}\n");
        }
        for held in &checked.checkpoints {
            let (entry, from) = (held.entry, &held.from);
            text += &match held.contradiction {
                None => format!("  agrees with  the checkpoint of entry {entry} ({from})\n"),
                Some(what) => format!(
                    "  CONTRADICTS  the checkpoint of entry {entry} ({from}):\n               {}\n",
                    what.words()
                ),
            };
        }
        for looked in &checked.looked_at {
            let (at, what, entry) = (looked.at, &looked.what, looked.entry);
            text += &format!("  looked at    in entry {entry}: at byte {at}, {what}\n");
        }
        text
    };
    let mut report = Report::new(ui, text, checked);
    let is_contradicted = found.contradictions.iter().any(Option::is_some);
    if let Some(unfinished) = found.unfinished {
        report.notes.push(format!(
            "note: the last {} at its end are an unfinished line: a run was stopped there, or is \
             writing at this moment",
            render::count(unfinished.bytes, "byte", "bytes")
        ));
    }
    if let Some(alarm) = checked.unresolved {
        report.exit = Exit::Damaged;
        report.notes.push(format!(
            "nothing leaves until somebody has looked (entry {alarm}): restore the ledger from a \
             backup, or put on record what happened with 'exeat ledger recover --why TEXT'"
        ));
    } else if let Some(error) = unrecorded {
        report.exit = Exit::Damaged;
        let why = CommandError::from(error);
        report.notes.push(format!(
            "warning: this could not be put on record, so exports go on: {why}\n  run it again as \
             somebody who can write to the ledger"
        ));
    } else if is_contradicted {
        report.exit = Exit::Damaged;
        report.notes.push(match found.recovered {
            Some(recovered) => format!(
                "note: exports go on: somebody has looked at the ledger since, on {}",
                render::time(recovered.as_second())
            ),
            None => "note: exports go on: whoever signed it has let nothing out by this ledger, \
                     and it may be about another"
                .to_owned(),
        });
    }
    report
}
