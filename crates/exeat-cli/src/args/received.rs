//! The options of what is done with a package that is there.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use exeat_core::backup::SeriesId;
use exeat_core::decide::Note;
use jiff::{SignedDuration, Timestamp};

use super::{KeyArgs, KeySource, PolicyArgs, Since, duration, key_source};

/// Check that a package is complete, unaltered and signed by somebody you trust
///
/// Without an identity nothing is decrypted. With one, every volume is
/// decrypted and every file in it compared; no plaintext is written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat verify /media/usb/2026-11-22-1a2b3c4d.exeat
  exeat verify package.exeat -i ~/.config/exeat/identity.txt
  exeat verify package.exeat -i fd:3 3<identity.txt
  exeat verify package.exeat --signer bob@lab.example
  exeat verify tonight.exeat --after 41
  exeat verify tonight.exeat --after ../yesterday.exeat
  ssh host cat package.exeat.tar | exeat verify -")]
pub(crate) struct Verify {
    /// The package: its folder, its archive, or '-' for an archive from a pipe
    #[arg(value_name = "PKG")]
    pub(crate) package: PathBuf,
    /// Decrypt with this age identity or private SSH key and check the content too; a file, fd:N
    /// or credential:NAME
    #[arg(long, short, value_name = "IDENTITY", value_parser = key_source(),
        value_hint = ValueHint::FilePath)]
    pub(crate) identity: Vec<KeySource>,
    /// Ask for the passphrase and check the content too
    #[arg(long)]
    pub(crate) passphrase: bool,
    /// Demand that it comes after this package of its chain of backups: a number, or an earlier
    /// package, or its manifest.json; a file that is called like a number is ./41
    #[arg(long, value_name = "SEQUENCE|FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) after: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// Show what is in a package, like 'ls -l'
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat list package.exeat
  exeat list package.exeat -i identity.txt
  exeat list package.exeat -i credential:exeat
  exeat list package.exeat.tar
  exeat list package.exeat --json")]
pub(crate) struct List {
    /// The package: its folder, its archive, or '-' for an archive from a pipe
    #[arg(value_name = "PKG")]
    pub(crate) package: PathBuf,
    /// Decrypt with this age identity or private SSH key [default: your own]; a file, fd:N
    /// or credential:NAME
    #[arg(long, short, value_name = "IDENTITY", value_parser = key_source(),
        value_hint = ValueHint::FilePath)]
    pub(crate) identity: Vec<KeySource>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// Verify a package and extract it into a new folder
///
/// The folder appears when all of it is right, and not before. What exists is
/// never overwritten. With --stdout nothing is written before the signature and
/// every digest that it needs have been compared.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat open package.exeat --to received
  exeat open package.exeat -i identity.txt --to received
  exeat open package.exeat -i ~/.ssh/id_ed25519 --to received
  exeat open package.exeat -i fd:3 --to received 3<identity.txt
  exeat open package.exeat -i credential:exeat --to received
  exeat open /mnt/backup --as-of 2026-11-28 --to restored
  exeat open /mnt/backup --as-of now clinic/letters --to restored
  exeat open package.exeat --to letters clinic/letters clinic/patients.csv
  exeat open clinic.exeat --stdout | psql clinic
  ssh host cat package.exeat.tar | exeat open - --to received

fd:N is what whoever starts exeat has open as descriptor N, such as a pipe; credential:NAME is what
a systemd unit was given with LoadCredential=NAME:FILE. A file that is called so is ./fd:3.")]
pub(crate) struct Open {
    /// The package: its folder, its archive, or '-' for an archive from a pipe; with --as-of the
    /// folder that backups lie in
    #[arg(value_name = "PKG")]
    pub(crate) package: PathBuf,
    /// Extract these only, with what lies below them
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<std::ffi::OsString>,
    /// Decrypt with this age identity or private SSH key [default: your own]; a file, fd:N
    /// or credential:NAME
    #[arg(long, short, value_name = "IDENTITY", value_parser = key_source(),
        value_hint = ValueHint::FilePath)]
    pub(crate) identity: Vec<KeySource>,
    /// The folder to make; an empty one may exist
    #[arg(long, value_name = "DIR", required_unless_present = "stdout")]
    pub(crate) to: Option<PathBuf>,
    /// Write one file, or the stream that was sealed, to standard output instead
    #[arg(long, conflicts_with_all = ["to", "outside_links"])]
    pub(crate) stdout: bool,
    /// Also make links that point outside of the folder
    #[arg(long)]
    pub(crate) outside_links: bool,
    /// Restore the last backup of this time or before: 2026-11-28T03:00:00Z, '2026-11-28 03:00' (in
    /// this machine's time zone), 2026-11-28 (the end of that day), 2d (so long ago), or now
    #[arg(long, value_name = "TIME", value_parser = as_of)]
    pub(crate) as_of: Option<Since>,
    /// The chain of backups, where the folder has several
    #[arg(long, value_name = "ID", requires = "as_of")]
    pub(crate) series: Option<SeriesId>,
    /// Give files their owners, special mode bits and extended attributes, as a backup kept them;
    /// for root
    #[arg(long, conflicts_with = "stdout")]
    pub(crate) owner: bool,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// Reads a moment that has gone by: a day is meant to its end.
fn as_of(text: &str) -> Result<Since, String> {
    let wrong = || {
        "expected a time such as 2026-11-28T03:00:00Z, a day such as 2026-11-28, a time ago \
         such as 12h or 2d, or now"
            .to_owned()
    };
    if text == "now" {
        return Ok(Since::Ago(SignedDuration::ZERO));
    }
    if let Some(ago) = duration(text) {
        return Ok(Since::Ago(ago));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Since::At(at));
    }
    if let Ok(at) = text.parse::<jiff::Zoned>() {
        return Ok(Since::At(at.timestamp()));
    }
    let here = jiff::tz::TimeZone::system();
    // A date is read from a longer text, too.
    let at = match text.len() {
        10 => text
            .parse::<jiff::civil::Date>()
            .and_then(|date| date.to_zoned(here)?.end_of_day()),
        _ => text
            .parse::<jiff::civil::DateTime>()
            .and_then(|time| time.to_zoned(here)),
    };
    Ok(Since::At(at.map_err(|_| wrong())?.timestamp()))
}

/// Sign that a package has arrived, for its sender
///
/// Every volume is decrypted and every file in it compared, as 'verify -i' does;
/// then a receipt is written, which says that and nothing else. Send it to the
/// sender, by mail for instance: there is nothing secret in it. What exists is
/// never overwritten.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat receipt package.exeat
  exeat receipt package.exeat -i identity.txt -o receipts/package.json
  exeat receipt package.exeat --key ~/.ssh/id_ed25519
  ssh host cat package.exeat.tar | exeat receipt -

The sender has to trust you with the namespace exeat.receipt.v1, as the line of your 'exeat init'
says.")]
pub(crate) struct Receipt {
    /// The package: its folder, its archive, or '-' for an archive from a pipe
    #[arg(value_name = "PKG")]
    pub(crate) package: PathBuf,
    /// Decrypt with this age identity or private SSH key [default: your own]; a file, fd:N
    /// or credential:NAME
    #[arg(long, short, value_name = "IDENTITY", value_parser = key_source(),
        value_hint = ValueHint::FilePath)]
    pub(crate) identity: Vec<KeySource>,
    /// Decrypt with the passphrase, which is asked for
    #[arg(long, conflicts_with = "identity")]
    pub(crate) passphrase: bool,
    /// Sign with this OpenSSH private key [default: your own]; or, given a public key or the file
    /// of a hardware key, through ssh-keygen; also fd:N or credential:NAME
    #[arg(long = "key", visible_alias = "signing-key", value_name = "KEY",
        value_parser = key_source(), value_hint = ValueHint::FilePath)]
    pub(crate) signing_key: Option<KeySource>,
    /// The file to write [default: NAME.receipt.json in the current folder]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// Pass a package on: let further people open it
///
/// Adds one more envelope with the package's key, for the people that are
/// named, and signs that it was you. Nothing that is there is changed. It is
/// decided on and recorded like an export.
///
/// This takes nothing back: whoever could open the package before still can,
/// and keeps what they have opened.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat rekey package.exeat -r age1…
  exeat rekey package.exeat -i identity.txt -r 'North registry' --purpose 'audit 2026'
  exeat rekey package.exeat -R ~/keys/bob/id_ed25519.pub

Those who receive it have to trust you with the namespace exeat.rekey.v1, as the line of your
'exeat init' says, and the sender of the package as before.")]
pub(crate) struct Rekey {
    /// The package's folder
    #[arg(value_name = "PKG")]
    pub(crate) package: PathBuf,
    /// Open it with this age identity or private SSH key [default: your own]; a file, fd:N
    /// or credential:NAME
    #[arg(long, short, value_name = "IDENTITY", value_parser = key_source(),
        value_hint = ValueHint::FilePath)]
    pub(crate) identity: Vec<KeySource>,
    #[command(flatten)]
    pub(crate) recipients: KeyArgs,
    /// What it is passed on for; recorded in the ledger
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<Note>,
    /// Sign with this OpenSSH private key [default: your own]; or, given a public key or the file
    /// of a hardware key, through ssh-keygen; also fd:N or credential:NAME
    #[arg(long, value_name = "KEY", value_parser = key_source(), value_hint = ValueHint::FilePath)]
    pub(crate) signing_key: Option<KeySource>,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// How the signer of a package is judged.
#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// Demand this signer
    #[arg(long, value_name = "WHO")]
    pub(crate) signer: Option<String>,
    /// Trust the signers in this OpenSSH allowed_signers file instead of yours
    #[arg(long, value_name = "FILE")]
    pub(crate) allowed_signers: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<Timestamp> {
        match as_of(text) {
            Ok(Since::At(at)) => Some(at),
            Ok(Since::Ago(_)) | Err(_) => None,
        }
    }

    fn here(text: &str) -> Option<Timestamp> {
        let time: jiff::civil::DateTime = text.parse().expect("a time");
        let zoned = time.to_zoned(jiff::tz::TimeZone::system());
        Some(zoned.expect("a time here").timestamp())
    }

    #[test]
    fn moments_are_what_people_mean_by_them() {
        for text in ["2026-11-28T03:00:00Z", "2026-11-28T04:00:00+01:00"] {
            assert_eq!(at(text), "2026-11-28T03:00:00Z".parse().ok(), "{text}");
        }
        for text in [
            "2026-11-28T09:00:00",
            "2026-11-28 09:00",
            "2026-11-28T09:00",
        ] {
            assert_eq!(at(text), here("2026-11-28T09:00:00"), "{text}");
        }
        assert_eq!(at("2026-11-28"), here("2026-11-28T23:59:59.999999999"));
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().expect("a time");
        for (text, hours) in [("now", 0), ("12h", 12), ("2d", 48)] {
            let asked = as_of(text).expect("a time ago").before(now);
            assert_eq!(asked, now - SignedDuration::from_hours(hours), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-11-28T25:00",
            "28.11.2026",
            "-3d",
        ] {
            assert!(as_of(text).is_err(), "{text}");
        }
    }
}
