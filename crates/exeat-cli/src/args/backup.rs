//! The options of `exeat backup`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Back up every night, unattended: profiles of config.toml
#[derive(Debug, Subcommand)]
pub(crate) enum Backup {
    Timer(BackupTimer),
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
