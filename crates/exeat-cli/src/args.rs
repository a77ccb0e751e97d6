//! The command line: every flag with its help beside it, and for each command
//! examples that the tests run.

use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueHint};
use exeat_core::decide::Note;
use exeat_core::signature::Fingerprint;

mod backup;
mod key_source;
mod ledger;
mod received;
mod release;
mod scan;
mod util;
mod values;

pub(crate) use backup::{Backup, BackupList, BackupPrune, BackupRun, BackupStatus, BackupTimer};
pub(crate) use key_source::KeySource;
pub(crate) use ledger::{
    Ledger, LedgerArgs, LedgerExport, LedgerList, LedgerOutstanding, LedgerReceive, LedgerRecover,
    LedgerShow, LedgerVerify,
};
pub(crate) use received::{List, Open, Receipt, Rekey, TrustArgs, Verify};
pub(crate) use release::{AnswerArgs, Approve, Export, Reject, Request};
pub(crate) use scan::{Scan, Since, duration};
pub(crate) use util::{Completions, Man, Util};
pub(crate) use values::{compress, size};

/// Seals data that may leave, for the people who may have it, and checks what
/// arrived. Nothing leaves without leave.
#[derive(Debug, Parser)]
#[command(name = "exeat", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failed, 2 usage, 3 refused, 4 damaged or altered, 5 invalid policy or configuration,
6 locked by another run, 7 incomplete, 8 signature absent or not trusted, 9 overdue, 70 internal fault,
130/143 interrupted.

New here? 'exeat demo' shows all of it on made-up data, in a folder of its own.";

const EVERYWHERE: &str = "Options of every command";

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Print one JSON document on standard output instead of text
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) json: bool,
    /// Write the JSON document to this file
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    pub(crate) json_file: Option<PathBuf>,
    /// Show no progress and no notes
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub(crate) quiet: bool,
    /// Use the keys and settings in this folder instead of ~/.config/exeat
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR")]
    pub(crate) config_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(Init),
    Trust(Trust),
    Check(Check),
    Scan(Scan),
    Request(Request),
    Approve(Approve),
    Reject(Reject),
    Export(Export),
    Verify(Verify),
    List(List),
    Open(Open),
    Receipt(Receipt),
    Rekey(Rekey),
    #[command(subcommand)]
    Backup(Backup),
    #[command(subcommand)]
    Ledger(Ledger),
    #[command(subcommand)]
    Policy(Policy),
    #[command(subcommand)]
    Util(Util),
    Demo(Demo),
}

impl Command {
    /// The keys that were named.
    pub(crate) fn keys(&self) -> Vec<&KeySource> {
        let (identities, signing_key) = match self {
            Self::Check(args) => (&[][..], &args.signing_key),
            Self::Export(args) => (&[][..], &args.signing_key),
            Self::Request(args) => (&[][..], &args.signing_key),
            Self::Approve(args) => (&[][..], &args.answer.key),
            Self::Reject(args) => (&[][..], &args.answer.key),
            Self::Verify(args) => (&args.identity[..], &None),
            Self::List(args) => (&args.identity[..], &None),
            Self::Open(args) => (&args.identity[..], &None),
            Self::Receipt(args) => (&args.identity[..], &args.signing_key),
            Self::Rekey(args) => (&args.identity[..], &args.signing_key),
            Self::Ledger(Ledger::Verify(args)) => (&args.identity[..], &None),
            _ => return Vec::new(),
        };
        identities.iter().chain(signing_key).collect()
    }

    /// Whether the package, or what is to be one, comes through standard input.
    pub(crate) fn is_piped(&self) -> bool {
        let package = match self {
            Self::Export(args) => return args.source.sources.iter().any(|one| is_dash(one)),
            Self::Verify(args) => &args.package,
            Self::List(args) => &args.package,
            Self::Open(args) => &args.package,
            Self::Receipt(args) => &args.package,
            _ => return false,
        };
        is_dash(package)
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Trust(_) => "trust",
            Self::Check(_) => "check",
            Self::Scan(_) => "scan",
            Self::Request(_) => "request",
            Self::Approve(_) => "approve",
            Self::Reject(_) => "reject",
            Self::Export(_) => "export",
            Self::Verify(_) => "verify",
            Self::List(_) => "list",
            Self::Open(_) => "open",
            Self::Receipt(_) => "receipt",
            Self::Rekey(_) => "rekey",
            Self::Backup(_) => "backup",
            Self::Ledger(_) => "ledger",
            Self::Policy(_) => "policy",
            Self::Util(_) => "util",
            Self::Demo(_) => "demo",
        }
    }
}

/// Whether a path stands for a stream.
pub(crate) fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Make your keys, once, and print the two lines to send to partners
///
/// Makes an age identity (to open packages), a signing key (to sign them) and
/// a settings file in ~/.config/exeat. Nothing that exists is overwritten.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat init --name alice@clinic.example
  exeat init --name alice@clinic.example --passphrase
  exeat init --name alice@clinic.example --signing-key ~/.ssh/id_ed25519
  exeat init --name alice@clinic.example --signing-key ~/.ssh/id_ed25519_sk.pub
  exeat init --show")]
pub(crate) struct Init {
    /// The name that partners will see for your signature, such as your e-mail address
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Protect the identity with a passphrase, which is asked for
    #[arg(long)]
    pub(crate) passphrase: bool,
    /// Sign with this OpenSSH key instead of a new one: a private key, or the public half of one
    /// that the ssh-agent or a hardware token holds
    #[arg(long, value_name = "FILE")]
    pub(crate) signing_key: Option<PathBuf>,
    /// Print the two lines of keys that exist, and change nothing
    #[arg(long, conflicts_with_all = ["name", "passphrase", "signing_key"])]
    pub(crate) show: bool,
}

/// Trust a partner's signature from now on
///
/// Takes the signer line that the partner's 'exeat init' printed. Compare the
/// fingerprint that is shown with the partner by another channel, such as the
/// telephone, before you rely on it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat trust signer.txt
  exeat trust 'bob@lab.example namespaces=\"exeat.package.v1\" ssh-ed25519 AAAA…'
  exeat trust signer.txt --fingerprint SHA256:…")]
pub(crate) struct Trust {
    /// The signer line, or a file with it
    #[arg(value_name = "LINE|FILE")]
    pub(crate) line: String,
    /// Refuse unless the key has this fingerprint
    #[arg(long, value_name = "SHA256:…")]
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Add the key even though this partner has another one already
    #[arg(long)]
    pub(crate) also: bool,
}

/// Look inside files and say whether they may leave; writes nothing
///
/// Counts whose data it is, names the classes of data and where they are, and
/// says what an export would meet: in the clear, and sealed. Values are never
/// shown. Ends with 3 where the export would be refused: with --plain the one
/// in the clear, without it the sealed one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat check clinic
  exeat check clinic --to /media/usb -r 'North registry'
  exeat check table.csv --plain
  exeat check clinic --exact --json")]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// The folder it would go to
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
    /// Ask about a copy in the clear
    #[arg(long, conflicts_with_all = ["recipient", "recipients_file", "passphrase", "signing_key"])]
    pub(crate) plain: bool,
    #[command(flatten)]
    pub(crate) recipients: RecipientArgs,
    /// What it would be exported for
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<Note>,
    /// Read everything, even when it is certain that a rule speaks against it
    #[arg(long)]
    pub(crate) exact: bool,
    /// Sign with this OpenSSH private key [default: your own]; or, given a public key or the file
    /// of a hardware key, through ssh-keygen; also fd:N or credential:NAME
    #[arg(long, value_name = "KEY", value_parser = key_source(), value_hint = ValueHint::FilePath)]
    pub(crate) signing_key: Option<KeySource>,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// What is to leave.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// Files and folders; 'export' also takes '-' for what comes through a pipe
    #[arg(value_name = "SRC", required = true)]
    pub(crate) sources: Vec<PathBuf>,
    /// Leave out what matches: a name such as '*.tmp', or a path such as 'clinic/old/**'
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Leave out what cannot be read, record it, and end with exit code 7
    #[arg(long)]
    pub(crate) skip_unreadable: bool,
}

/// Who is to be able to open a package.
#[derive(Debug, Args)]
pub(crate) struct RecipientArgs {
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    /// Whoever knows a passphrase can open it; it is asked for, or made for you
    #[arg(long, conflicts_with_all = ["recipient", "recipients_file"])]
    pub(crate) passphrase: bool,
}

/// The keys of those who are to be able to open a package.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// Somebody who can open it: an age recipient, a public SSH key, or a name from recipients.toml
    #[arg(long, short, value_name = "RECIPIENT")]
    pub(crate) recipient: Vec<String>,
    /// A file with one age recipient or public SSH key a line
    #[arg(long, short = 'R', value_name = "FILE")]
    pub(crate) recipients_file: Vec<PathBuf>,
}

/// Which rules apply beside the built-in floor, /etc/exeat/policy.toml and
/// ~/.config/exeat/policy.toml.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// Apply this policy file too; it can only make the rules stricter
    #[arg(long = "policy", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// Show, check or write the rules
#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    Show(PolicyShow),
    Check(PolicyCheck),
    Init(PolicyInit),
}

/// Show the rules in force, and where each comes from
///
/// The built-in floor, /etc/exeat/policy.toml, ~/.config/exeat/policy.toml and
/// each --policy FILE are combined; of each rule the strictest wins.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat policy show
  exeat policy show --policy draft.toml
  exeat policy show --json")]
pub(crate) struct PolicyShow {
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// Check a policy file, every problem at once
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat policy check policy.toml
  exeat policy check /etc/exeat/policy.toml --json")]
pub(crate) struct PolicyCheck {
    /// The policy file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Write a starter policy to begin from: floor, health or research
///
/// Without --to it is printed. What exists is never overwritten.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat policy init health
  exeat policy init research --to policy.toml")]
pub(crate) struct PolicyInit {
    /// Which one: floor, health or research
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
}

/// Show exeat at work on a small made-up clinic
///
/// Makes 1,000 made-up patients and throw-away keys in a folder of its own and
/// runs the real commands on them: a refusal, export, list, verify, a package that was
/// tampered with, open, compare. Your keys and settings are not touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat demo
  exeat demo my-demo")]
pub(crate) struct Demo {
    /// A new or empty folder [default: a new one in the folder for temporary files]
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

/// Takes paths that are not UTF-8, too.
fn key_source() -> impl clap::builder::TypedValueParser<Value = KeySource> {
    OsStringValueParser::new().try_map(KeySource::parse)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// The command lines in a text: those that begin with `exeat`, up to a
    /// comment or a redirection, split as a shell does for plain words and
    /// single quotes.
    fn commands(text: &str) -> Vec<Vec<String>> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| line.starts_with("exeat "));
        lines
            .map(|line| {
                let line = line.split(" # ").next().unwrap_or(line);
                let line = line.split(" > ").next().unwrap_or(line);
                let line = line.split(" 3<").next().unwrap_or(line).trim();
                let mut words = vec![String::new()];
                for (index, part) in line.split('\'').enumerate() {
                    if index % 2 == 1 {
                        words.last_mut().expect("a word").push_str(part);
                        continue;
                    }
                    for (number, word) in part.split(' ').enumerate() {
                        if number > 0 {
                            words.push(String::new());
                        }
                        words.last_mut().expect("a word").push_str(word);
                    }
                }
                words.retain(|word| !word.is_empty());
                words
            })
            .collect()
    }

    #[test]
    fn every_command_that_is_shown_can_be_typed() {
        let mut text = include_str!("../../../README.md").to_owned();
        let cli = Cli::command();
        let nested = cli.get_subcommands().flat_map(|command| {
            let below: Vec<_> = command.get_subcommands().collect();
            if below.is_empty() {
                vec![command]
            } else {
                below
            }
        });
        for command in nested {
            let examples = command.get_after_help().expect("each command has examples");
            text += &format!("\n{examples}\n");
        }
        let commands = commands(&text);
        assert!(commands.len() > 25, "{}", commands.len());
        let fingerprint = "SHA256:".to_owned() + &"A".repeat(43);
        for words in commands {
            if words.get(1).is_some_and(|word| word == "help") {
                continue;
            }
            let words = words.iter().map(|word| match word.as_str() {
                "SHA256:…" => fingerprint.clone(),
                other => other.to_owned(),
            });
            let words: Vec<_> = words.collect();
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{words:?}: {error}");
            }
        }
    }
}
