//! `exeat ledger`: what the record says, whether it is as it was written, and
//! what has to be put into it by hand.

mod check;
mod export;
mod list;
mod outstanding;
mod receive;
mod recover;
mod rows;
mod show;

use std::path::{Path, PathBuf};

use exeat_core::path::shown;

use exeat_core::manifest::NamedKey;

use crate::args::{self, LedgerArgs};
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::{Report, Ui};

pub(crate) fn run(args: &args::Ledger, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    match args {
        args::Ledger::List(args) => list::run(args, config, ui),
        args::Ledger::Show(args) => show::run(args, config, ui),
        args::Ledger::Verify(args) => check::run(args, config, ui),
        args::Ledger::Export(args) => export::run(args, config, ui),
        args::Ledger::Receive(args) => receive::run(args, config, ui),
        args::Ledger::Outstanding(args) => outstanding::run(args, config, ui),
        args::Ledger::Recover(args) => recover::run(args, config, ui),
    }
}

/// Whether one of the recipients has this name, or this key or a key that begins
/// so.
fn is_for(recipients: &[NamedKey], wanted: &str) -> bool {
    recipients.iter().any(|one| {
        one.name.as_deref() == Some(wanted) || (wanted.len() >= 8 && one.key.starts_with(wanted))
    })
}

/// The file that is meant.
fn path(args: &LedgerArgs, config: &Config) -> Result<PathBuf, CommandError> {
    match &args.ledger {
        // A slip of the pen must not look like an empty ledger.
        Some(path) if path.symlink_metadata().is_err() => Err(missing(path)),
        Some(path) => Ok(path.clone()),
        None => config::ledger_path(&config.policy(&args.policy)?),
    }
}

/// The same, where there has to be one.
fn existing_path(args: &LedgerArgs, config: &Config) -> Result<PathBuf, CommandError> {
    let path = path(args, config)?;
    match path.symlink_metadata() {
        Ok(_) => Ok(path),
        Err(_) => Err(missing(&path)),
    }
}

fn missing(path: &Path) -> CommandError {
    let message = format!("there is no ledger {}", shown(path));
    CommandError::new(Exit::Failed, "ledger-missing", message).with_help(
        "nothing has been recorded there; run it as the account that exported, or name the ledger \
         with --ledger",
    )
}
