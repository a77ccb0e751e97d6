//! The options of a release, and of asking others to agree to it.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use exeat_core::decide::Note;
use exeat_core::destination::PackageName;
use exeat_core::seal::Compress;
use jiff::SignedDuration;

use super::scan::duration;
use super::values::{compress, size};
use super::{KeyArgs, KeySource, PolicyArgs, RecipientArgs, SourceArgs, TrustArgs, key_source};

/// Seal files and folders into one package, encrypted and signed
///
/// Only the named recipients can open it. Nothing appears in DIR before the
/// package is complete; what exists is never overwritten. Content is inspected
/// while it is sealed; what was found goes into the package, encrypted.
///
/// With --plain the files are copied as they are. That is refused for bulk
/// data, for anybody's sensitive data, and for what could not be inspected;
/// 'exeat check SRC --plain' says so beforehand. Every export is recorded, and
/// every refusal.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat export clinic --to /media/usb -r age1…
  exeat export clinic --to /media/usb -r 'North registry' --purpose 'audit 2026'
  exeat export clinic --to /media/usb -R ~/keys/bob/id_ed25519.pub
  exeat export letters scans --to outbox -R recipients.txt --exclude '*.tmp'
  exeat export clinic --to outbox -R recipients.txt --dry-run
  exeat export clinic --to outbox --passphrase
  exeat export clinic --to outbox -r age1… --signing-key ~/.ssh/id_ed25519_sk
  exeat export clinic --to outbox -r age1… --signing-key credential:signing-key
  exeat export counts.csv --to outbox --plain
  exeat export clinic --to outbox -r age1… --purpose audit --approval ada.json --approval bob.json
  exeat export clinic --to outbox -r age1… --archive
  pg_dump clinic | exeat export - --stdin-name clinic.sql --to outbox -r age1…
  pg_dump clinic | exeat export - --to - -r age1… | ssh host 'cat > clinic.exeat.tar'

A recipient is an 'age1…' line (an age plugin's is one, too), a public SSH key ('ssh-ed25519 …' or
'ssh-rsa …'), or a name from ~/.config/exeat/recipients.toml. All or none of them are post-quantum
('age1pq1…', which 'age-keygen -pq' of age 1.3 makes):
  [[recipient]]
  name = \"North registry\"
  key = \"age1…\"
  organisation = \"Example University\"   # optional
  expires = 2027-03-31                  # optional: the last day it may be used

A signing key is a private key in OpenSSH's format. Of a key that the ssh-agent holds give the
public half (id_ed25519.pub), of a hardware key its file (id_ed25519_sk): ssh-keygen signs then.
fd:N is what whoever starts exeat has open as descriptor N; credential:NAME is what a systemd unit
was given with LoadCredential=NAME:FILE. A file that is called so is ./fd:3.

With '-' a stream is sealed as it comes and never kept in the clear; a script should 'set -o
pipefail', because a pipe does not tell why it ended. With --to - the package is of use only when
its last bytes are there: they are what opens it.")]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// The folder to put the package into, or '-' for an archive to standard output
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// Make one file of it, NAME.exeat.tar, instead of a folder
    #[arg(long)]
    pub(crate) archive: bool,
    #[command(flatten)]
    pub(crate) recipients: RecipientArgs,
    /// Copy the files as they are, unencrypted, if every rule allows it
    #[arg(long, conflicts_with_all = [
        "recipient", "recipients_file", "passphrase", "compress", "volume_size", "signing_key",
        "archive", "pad", "stdin_name", "approval"
    ])]
    pub(crate) plain: bool,
    /// The package's name [default: the date and a random number, which say nothing about it]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<PackageName>,
    /// What to call it; encrypted
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Option<Note>,
    /// What it is exported for; encrypted
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<Note>,
    /// An approval of this export, as 'exeat approve' wrote it; as many as the policy asks for
    #[arg(long, value_name = "FILE")]
    pub(crate) approval: Vec<PathBuf>,
    /// Compression: auto, none, zstd or zstd:LEVEL with LEVEL from 1 to 9
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = compress)]
    pub(crate) compress: Compress,
    /// Size of volumes before compression, such as 64M or 4G; a stream has at most 300 of a size
    /// that is given [default: 64M, more for large exports]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) volume_size: Option<u64>,
    /// Round the size up with zeros, so that it says little; nothing is compressed then
    #[arg(long, conflicts_with = "compress")]
    pub(crate) pad: bool,
    /// What to call the stream that comes through '-' [default: stdin]
    #[arg(long, value_name = "NAME")]
    pub(crate) stdin_name: Option<String>,
    /// Sign with this OpenSSH private key [default: your own]; or, given a public key or the file
    /// of a hardware key, through ssh-keygen; also fd:N or credential:NAME
    #[arg(long, value_name = "KEY", value_parser = key_source(), value_hint = ValueHint::FilePath)]
    pub(crate) signing_key: Option<KeySource>,
    /// Say what would happen, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

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
