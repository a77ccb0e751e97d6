//! The options of `exeat ledger`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use exeat_core::decide::Note;
use jiff::SignedDuration;

use super::scan::{Since, duration};
use super::{KeySource, PolicyArgs, TrustArgs, key_source};

/// Show and check the record of what was asked for, refused, and let out
#[derive(Debug, Subcommand)]
pub(crate) enum Ledger {
    List(LedgerList),
    Show(LedgerShow),
    Verify(LedgerVerify),
    Export(LedgerExport),
    Receive(LedgerReceive),
    Outstanding(LedgerOutstanding),
    Recover(LedgerRecover),
}

/// Which ledger: that of the policy, or your own.
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    /// Look at this file instead of the ledger that the policy names, or your own
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// List who let what out, to whom, and what was refused
///
/// One line for each export, refusal and other entry, in the order in which they
/// were recorded. No data subject's data and no file's name is in the ledger.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat ledger list
  exeat ledger list --since 7d --refused
  exeat ledger list --who ada --since 2026-11-01
  exeat ledger list --recipient 'North registry' --json")]
pub(crate) struct LedgerList {
    /// Only what was recorded since then: a date, or a time ago such as 12h, 7d
    #[arg(long, value_name = "WHEN", value_parser = Since::parse)]
    pub(crate) since: Option<Since>,
    /// Only what this account asked for: its name or its number
    #[arg(long, value_name = "NAME")]
    pub(crate) who: Option<String>,
    /// Only what was to go to this recipient: a name, or a key or its beginning
    #[arg(long, value_name = "RECIPIENT")]
    pub(crate) recipient: Option<String>,
    /// Only what was refused
    #[arg(long)]
    pub(crate) refused: bool,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Show all that the ledger says of one export
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat ledger show 12
  exeat ledger show 0199c1e2-7b4a-7c3d-8e5f-1a2b3c4d5e6f
  exeat ledger show 1a2b3c4d")]
pub(crate) struct LedgerShow {
    /// The number of an entry, a package's id, or a part of the id such as the one in its name
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Check that nobody has changed the ledger, and hold it against checkpoints
///
/// Reads every entry: each has the digest of the one before. A checkpoint was
/// signed when a package left, and others have it: the package itself, and the
/// receipt for it. What the ledger says has to agree with it; if it does not, that
/// is put on record, and nothing leaves until 'exeat ledger recover'.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat ledger verify
  exeat ledger verify --checkpoint north.receipt.json
  exeat ledger verify --checkpoint returned/2026-11-22-1a2b3c4d.exeat -i identity.txt
  exeat ledger verify --ledger copy/ledger.jsonl --checkpoint north.receipt.json")]
pub(crate) struct LedgerVerify {
    /// Hold it against this checkpoint: a receipt, a package that you can open, or a
    /// checkpoint-N.json of 'exeat ledger export'
    #[arg(long, value_name = "FILE|PKG")]
    pub(crate) checkpoint: Vec<PathBuf>,
    /// Open a package with this age identity or private SSH key [default: your own]; a file, fd:N
    /// or credential:NAME
    #[arg(long, short, value_name = "IDENTITY", value_parser = key_source(),
        value_hint = clap::ValueHint::FilePath)]
    pub(crate) identity: Vec<KeySource>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Make a folder for an auditor: entries, checkpoints, and how to check them
///
/// The auditor needs sha256sum and ssh-keygen, and no exeat.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat ledger export audit-2026
  exeat ledger export audit-2026 --ledger /var/lib/exeat/ledger.jsonl")]
pub(crate) struct LedgerExport {
    /// The folder to make; an empty one may exist
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// Record receipts: that packages have arrived
///
/// A receipt is what the recipient's 'exeat receipt' wrote. It has to be signed by
/// a key that you trust with receipts, for a package that left by this ledger. The
/// checkpoint that it brings back is held against the ledger.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat ledger receive north.receipt.json
  exeat ledger receive north.receipt.json south.receipt.json
  exeat ledger receive north.receipt.json --allowed-signers partners")]
pub(crate) struct LedgerReceive {
    /// The receipts
    #[arg(value_name = "FILE", required = true)]
    pub(crate) receipts: Vec<PathBuf>,
    /// Trust the signers in this OpenSSH allowed_signers file instead of yours
    #[arg(long, value_name = "FILE")]
    pub(crate) allowed_signers: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

/// List what has left, sealed, and nobody has acknowledged
///
/// An export whose end is not known counts as one that left. Ends with 9 if there
/// are any, so that a timer can call somebody.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat ledger outstanding
  exeat ledger outstanding --due 3d
  exeat ledger outstanding --due 2w --recipient 'North registry' --json")]
pub(crate) struct LedgerOutstanding {
    /// Only what left so long ago or longer, such as 12h, 3d, 2w [default: everything]
    #[arg(long, value_name = "TIME", value_parser = due)]
    pub(crate) due: Option<SignedDuration>,
    /// Only what was to go to this recipient: a name, or a key or its beginning
    #[arg(long, value_name = "RECIPIENT")]
    pub(crate) recipient: Option<String>,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}

fn due(text: &str) -> Result<SignedDuration, String> {
    duration(text).ok_or_else(|| "expected a time such as 30m, 12h, 3d, 2w".to_owned())
}

/// Put on record that you looked at a damaged ledger, and let exports go on
///
/// Nothing in the file is changed or taken away: an entry is added that covers
/// all before it as it stands, with your account and what you say. It is there
/// for good.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat ledger recover --why 'disk failed on 3 November, restored from the backup of the 2nd'")]
pub(crate) struct LedgerRecover {
    /// What was wrong, and what you did about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: Note,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
}
