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
mod told;

use std::collections::HashSet;
use std::path::PathBuf;

use exeat_core::backup::{BackupError, Memory, SeriesId, Shelf, Shelved, series_id, sound};
use exeat_core::diagnostic::{Finding, Severity};
use exeat_core::ledger;
use exeat_core::manifest::PackageId;
use exeat_core::progress::Progress;
use exeat_core::signature::PublicKey;

use crate::args::{self, PolicyArgs};
use crate::config::{self, Config, Profile, VerifyWhen};
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
    /// Where this host records what leaves, if that can be told.
    ledger: Option<PathBuf>,
}

/// The public half of the key that signed last, for those who look where the key
/// itself is not: a credential of the service, say.
const SIGNER: &str = "signer.pub";

impl Site {
    /// For whoever only looks.
    fn look(profile: Profile, config: &Config) -> Result<Self, CommandError> {
        let known = config::backup_state(&profile.name)?.join(SIGNER);
        let known = config::read_text(&known).ok();
        let known = known.and_then(|line| PublicKey::parse(&line).ok());
        match (Self::of(profile.clone(), config), known) {
            (Ok(site), _) => Ok(site),
            (Err(_), Some(key)) => Self::signed_by(key, profile, config),
            (Err(error), None) => Err(error),
        }
    }

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
        Self::signed_by(key, profile, config)
    }

    fn signed_by(key: PublicKey, profile: Profile, config: &Config) -> Result<Self, CommandError> {
        let policy = config.policy(&PolicyArgs { files: Vec::new() });
        Ok(Self {
            series: series_id(&key.fingerprint(), &profile.name),
            state: config::backup_state(&profile.name)?,
            ledger: policy.and_then(|policy| config::ledger_path(&policy)).ok(),
            profile,
            key,
        })
    }

    /// Makes the folder that it is remembered in.
    fn make_state(&self) -> Result<(), CommandError> {
        let failed = |e: std::io::Error| config::cannot_read(&self.state, &e);
        config::make_dir(&self.state).map_err(failed)?;
        let line = format!("{}\n", self.key.to_openssh());
        let path = self.state.join(SIGNER);
        match config::read_text(&path) {
            Ok(known) if known == line => Ok(()),
            _ => config::write_report(&path, line.as_bytes(), 0o077).map_err(failed),
        }
    }

    /// The folder that the packages go to, the same by whatever path the settings
    /// were found. Links stay as they are: one that leads elsewhere now is no word
    /// of the profile's that the packages go elsewhere.
    fn place(&self) -> String {
        let to = &self.profile.to;
        let absolute = std::path::absolute(to);
        absolute.as_ref().unwrap_or(to).display().to_string()
    }

    fn lock_path(&self) -> PathBuf {
        self.state.join("lock")
    }

    fn memory_path(&self) -> PathBuf {
        self.state.join("chain.json")
    }

    /// What is remembered; of another key or form it counts for nothing, and `say`
    /// is told so.
    fn memory(&self, say: &mut dyn FnMut(String)) -> Memory {
        let to = self.place();
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

    /// Everything that speaks against the chain.
    fn findings(&self, shelf: &Shelf, memory: &Memory) -> Vec<Finding> {
        let mut findings = shelf.held_against(memory.tip.as_ref());
        findings.extend(shelf.strangers(memory, || self.released()));
        findings.extend(shelf.problems().iter().cloned());
        findings
    }

    /// The packages of which the ledger says that they were about to leave, as far as it
    /// can be read.
    fn released(&self) -> HashSet<PackageId> {
        let mut released = HashSet::new();
        if let Some(path) = &self.ledger {
            let _ = ledger::read(path, |entry, _| {
                if entry.is_intent() {
                    released.extend(entry.package());
                }
            });
        }
        released
    }

    /// The packages that can be restored as far as this machine knows, and that
    /// later ones may rest on: they are not damaged and, where packages are read
    /// back, were; and so is all that they need.
    fn sound(&self, shelf: &Shelf, memory: &Memory) -> Vec<Shelved> {
        let mut candidates = shelf.candidates(memory);
        if self.profile.verify == VerifyWhen::Never {
            for (candidate, package) in candidates.iter_mut().zip(shelf.packages()) {
                candidate.is_verified = package.damage.is_none();
            }
        }
        let sound = sound(&candidates);
        let packages = shelf.packages().iter().zip(sound);
        let sound = packages.filter(|&(_, is_sound)| is_sound);
        sound.map(|(package, _)| package.clone()).collect()
    }
}

/// An error and its causes, without what to do.
fn in_one_line(error: impl Into<CommandError>) -> String {
    let mut error = error.into();
    error.help = None;
    error.to_string()
}

/// A finding in one line.
fn in_words(finding: &Finding) -> String {
    format!("{} ({}): {}", finding.message, finding.code, finding.help)
}

/// Whether something is wrong with the chain that nobody has accounted for.
fn is_broken(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.severity == Severity::Refuse)
}
