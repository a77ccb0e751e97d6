//! Backups of profiles that `config.toml` has.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::SignedDuration;

use super::PolicyArgs;
use super::scan::duration;

/// Make and look after nightly backups
///
/// A profile in config.toml says what is backed up, where to and for whom:
///
///   [backup.clinic]
///   sources = ["/srv/clinic"]
///   to = "/mnt/backup"
///   recipients = ["Records office"]
///   keep = { daily = 7, weekly = 4, monthly = 12 }
///
/// The machine has the recipients' public keys and a key to sign with; it cannot
/// open what it has written. Each backup is a package like any other.
#[derive(Debug, Subcommand)]
pub(crate) enum Backup {
    Run(BackupRun),
    List(BackupList),
    Status(BackupStatus),
    Prune(BackupPrune),
    Timer(BackupTimer),
}

/// Make one backup of a profile
///
/// Files that have not changed since the last one stay in the package that has
/// them. What cannot be read is left out and named, and the run ends with 7.
/// Then the package is read back from the disk, and what no rule keeps is
/// removed. On a terminal it says how far it is; elsewhere it prints a summary.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat backup run clinic
  exeat backup run clinic --wait 10m
  exeat backup run clinic --full --json")]
pub(crate) struct BackupRun {
    /// The profile
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Wait so long at most for another run of it to end
    #[arg(long, value_name = "TIME", value_parser = some_time)]
    pub(crate) wait: Option<SignedDuration>,
    /// Make a full one, whatever has changed
    #[arg(long)]
    pub(crate) full: bool,
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// List the backups of a profile, and what will become of each
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat backup list clinic
  exeat backup list clinic --json")]
pub(crate) struct BackupList {
    /// The profile
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// Say how old the newest good backup is, and whether the chain is whole
///
/// Ends with 9 if there is none that is young enough or, where nobody said how
/// old it may be, the last run failed; with 4 if packages are missing, exchanged
/// or damaged. No key that opens them is needed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat backup status
  exeat backup status clinic --max-age 26h
  exeat backup status --read-back")]
pub(crate) struct BackupStatus {
    /// The profile [default: all of them]
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// How old the newest good one may be [default: the profile's max_age]
    #[arg(long, value_name = "TIME", value_parser = some_time)]
    pub(crate) max_age: Option<SignedDuration>,
    /// Read every package back from the disk, too, and compare it: disks forget
    #[arg(long)]
    pub(crate) read_back: bool,
}

/// Remove the backups that no rule of the profile keeps
///
/// Only packages that were read back count. Whatever a kept one needs is kept.
/// What is removed is recorded first, signed, beside the packages.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat backup prune clinic --dry-run
  exeat backup prune clinic
  exeat backup prune clinic --accept-missing")]
pub(crate) struct BackupPrune {
    /// The profile
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Record that packages which are not there are lost, so that they are no
    /// gap any more
    #[arg(long)]
    pub(crate) accept_missing: bool,
    /// Wait so long at most for another run of it to end
    #[arg(long, value_name = "TIME", value_parser = some_time)]
    pub(crate) wait: Option<SignedDuration>,
}

/// Print what starts a backup every night: systemd units, or a crontab line
///
/// The units let the backup read everything and write where it has to, and
/// nowhere else; a run that was not complete starts a unit that says so. With
/// --output they are written, beside what is there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  exeat backup timer nightly --systemd
  exeat backup timer nightly --systemd --on-calendar '*-*-* 01:30:00' --output /etc/systemd/system
  exeat backup timer nightly --cron

Then, as root:
  systemctl daemon-reload
  systemctl enable --now exeat-backup-nightly.timer")]
pub(crate) struct BackupTimer {
    /// The profile: [backup.NAME] in config.toml
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// A service, a timer, and a service that says when the first one failed
    #[arg(long, required_unless_present = "cron", conflicts_with = "cron")]
    pub(crate) systemd: bool,
    /// A line for 'crontab -e'
    #[arg(long)]
    pub(crate) cron: bool,
    /// When, as systemd.time(7) has it
    #[arg(long, value_name = "WHEN", default_value = "*-*-* 02:00:00", conflicts_with = "cron",
        value_parser = one_line)]
    pub(crate) on_calendar: String,
    /// Write the units into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "cron")]
    pub(crate) output: Option<PathBuf>,
}

/// What follows on another line would be another setting.
fn one_line(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty".to_owned()),
        text if text.chars().any(char::is_control) => Err("it has to be one line".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// Reads a time of some length.
fn some_time(text: &str) -> Result<SignedDuration, String> {
    duration(text).ok_or_else(|| "use a number and m, h, d or w, such as 10m or 26h".to_owned())
}
