//! The options of a release that others agree to.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use exeat_core::decide::Note;
use jiff::SignedDuration;

use super::scan::duration;
use super::{KeyArgs, KeySource, PolicyArgs, SourceArgs, TrustArgs, key_source};

/// Ask others to agree to an export
///
/// Looks inside as 'check' does. Where nothing but approvals is missing, it
/// writes a request, signed with your key: a file for you to send to those who
/// may approve. It holds the names of files and columns, never a value. The
/// approvals are for exactly this content, these recipients and this purpose.
///
/// With --standing nothing is read: the request is for every export of these
/// sources, to that folder, with that label, of so many people at most, until
/// it expires. It is for unattended backups.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat request clinic --purpose 'audit 2026' -r 'North registry'
  exeat request clinic --purpose 'audit 2026' -r age1… --to /media/usb --expires 3d
  exeat request clinic --purpose backup -r age1… --standing nightly --ceiling 5000 --to /srv/backup
  exeat request - --stdin-name clinic.sql --purpose backup -r age1… --standing dump --ceiling 5000 --to -

Then, when the approvals are there:
  exeat export clinic --purpose 'audit 2026' -r 'North registry' --to outbox --approval a.json --approval b.json")]
pub(crate) struct Request {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// What it is exported for
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Note,
    #[command(flatten)]
    pub(crate) recipients: KeyArgs,
    /// The folder it is to go to, or '-' for standard output; needed with --standing
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
    /// How long it is good: at most 90d, with --standing 400d
    #[arg(long, value_name = "DAYS", default_value = "7d", value_parser = days)]
    pub(crate) expires: SignedDuration,
    /// Ask for every export with this label, whatever is in the sources then
    #[arg(
        long,
        value_name = "PROFILE",
        requires = "ceiling",
        requires = "to",
        conflicts_with = "label"
    )]
    pub(crate) standing: Option<Note>,
    /// The most people that one export may have
    #[arg(long, value_name = "PEOPLE", requires = "standing")]
    pub(crate) ceiling: Option<u64>,
    /// What to call it
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Option<Note>,
    /// What the stream is called that will come through '-' [default: stdin]
    #[arg(long, value_name = "NAME")]
    pub(crate) stdin_name: Option<String>,
    /// The file to write [default: request-NUMBER.json]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Sign with this OpenSSH private key, which has to sign the export too [default: your own];
    /// or, given a public key or the file of a hardware key, through ssh-keygen; also fd:N or
    /// credential:NAME
    #[arg(long, value_name = "KEY", value_parser = key_source(), value_hint = ValueHint::FilePath)]
    pub(crate) signing_key: Option<KeySource>,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// Agree to a request, after looking at it
///
/// Shows who asks, what was found inside, who would get it and what they have
/// been sent before. Then it asks, signs, and writes a file for you to send
/// back. Your own request you cannot approve.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat approve request-1a2b3c4d.json
  exeat approve request-1a2b3c4d.json --key ~/.ssh/id_ed25519_sk --expires 1d
  exeat approve request-1a2b3c4d.json --yes --json")]
pub(crate) struct Approve {
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
    /// How long it is good [default: as long as the request]
    #[arg(long, value_name = "DAYS", value_parser = days)]
    pub(crate) expires: Option<SignedDuration>,
    /// What to say about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: Option<Note>,
    /// Do not ask: it was looked at before
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Say no to a request, and why
///
/// It is signed like an approval. Where the ledger is everybody's, the request
/// cannot be released any more, whoever else approves.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat reject request-1a2b3c4d.json --why 'the audit asks for counts alone'
  exeat reject request-1a2b3c4d.json --why 'wrong recipient' -o no.json")]
pub(crate) struct Reject {
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
    /// Why not
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: Note,
}

/// What is answered, and how.
#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    /// The file that the requester sent
    #[arg(value_name = "REQUEST")]
    pub(crate) request: PathBuf,
    /// Sign with this OpenSSH private key [default: your own]; or, given a public key or the file
    /// of a hardware key, through ssh-keygen; also fd:N or credential:NAME
    #[arg(long, value_name = "KEY", value_parser = key_source(), value_hint = ValueHint::FilePath)]
    pub(crate) key: Option<KeySource>,
    /// The file to write [default: beside the request]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// Reads how long something is to be good.
fn days(text: &str) -> Result<SignedDuration, String> {
    let wrong = || "use a number and h, d or w, such as 12h, 7d, 2w".to_owned();
    let duration = duration(text).ok_or_else(wrong)?;
    match duration.is_zero() {
        true => Err(wrong()),
        false => Ok(duration),
    }
}
