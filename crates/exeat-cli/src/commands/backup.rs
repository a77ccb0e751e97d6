//! `exeat backup`: what a nightly job runs, and what looks after its packages.
//! None of it needs a key that opens them.

mod hooks;
mod list;
mod metrics;
mod prune;
mod read_back;
mod run;
mod status;
mod summary;
mod timer;

use std::path::PathBuf;

use exeat_core::backup::{BackupError, Keep, Memory, SeriesId, Shelf, series_id};
use exeat_core::diagnostic::{Finding, Severity};
use exeat_core::progress::Progress;
use exeat_core::signature::PublicKey;

use crate::args;
use crate::config::{self, Config, Profile};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::{Report, Ui};

pub(crate) fn run(
    args: args::Backup,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    match args {
        args::Backup::Run(args) => run::run(&args, config, umask, ui),
        args::Backup::List(args) => list::run(&args, config, ui),
        args::Backup::Status(args) => status::run(&args, config, ui),
        args::Backup::Prune(args) => prune::run(&args, config, ui),
        args::Backup::Timer(args) => timer::run(&args, config, umask, ui),
    }
}

/// A profile, its chain, and what this machine remembers of it.
struct Site {
    profile: Profile,
    key: PublicKey,
    series: SeriesId,
    /// Where it is remembered.
    state: PathBuf,
}

impl Site {
    fn of(profile: Profile, config: &Config) -> Result<Self, CommandError> {
        let key = config.public_key(profile.signing_key.as_ref())?;
        let key = key.ok_or_else(|| {
            CommandError::new(
                Exit::Failed,
                "unsigned",
                "there is no key to sign backups with",
            )
            .with_help("run 'exeat init', or name one with signing_key in the profile")
        })?;
        Ok(Self {
            series: series_id(&key.fingerprint(), &profile.name),
            state: config::backup_state(&profile.name)?,
            profile,
            key,
        })
    }

    /// Makes the folder that it is remembered in.
    fn make_state(&self) -> Result<(), CommandError> {
        config::make_dir(&self.state).map_err(|e| config::cannot_read(&self.state, &e))
    }

    fn lock_path(&self) -> PathBuf {
        self.state.join("lock")
    }

    fn memory_path(&self) -> PathBuf {
        self.state.join("chain.json")
    }

    /// What is remembered; of another key, place or form it counts for nothing,
    /// and `say` is told so.
    fn memory(&self, say: &mut dyn FnMut(String)) -> Memory {
        let to = self.profile.to.display().to_string();
        let new = Memory::new(self.series, &to);
        match Memory::read(&self.memory_path()) {
            Ok(None) => new,
            Ok(Some(memory)) if memory.series != self.series => {
                say("the signing key is another one: a new chain begins".to_owned());
                new
            }
            Ok(Some(memory)) => memory,
            Err(error) => {
                say(format!("{error}; what is there is looked at anew"));
                new
            }
        }
    }

    fn shelf(&self, progress: &dyn Progress) -> Result<Shelf, BackupError> {
        Shelf::read(&self.profile.to, self.series, &self.key, progress)
    }

    fn keep(&self) -> Keep {
        let keep = self.profile.keep;
        Keep {
            last: keep.last,
            daily: keep.daily,
            weekly: keep.weekly,
            monthly: keep.monthly,
            yearly: keep.yearly,
        }
    }
}

/// Everything that speaks against the chain.
fn findings(shelf: &Shelf, memory: &Memory) -> Vec<Finding> {
    let mut findings = shelf.held_against(memory.tip.as_ref());
    findings.extend(shelf.problems().iter().cloned());
    findings
}

/// Whether something is wrong with the chain that nobody has accounted for.
fn is_broken(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.severity == Severity::Refuse)
}
