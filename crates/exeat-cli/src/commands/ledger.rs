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

use std::path::PathBuf;

use exeat_core::manifest::NamedKey;

use crate::args::{self, LedgerArgs};
use crate::config::{self, Config};
use crate::error::CommandError;
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
        Some(path) => Ok(path.clone()),
        None => config::ledger_path(&config.policy(&args.policy)?),
    }
}
