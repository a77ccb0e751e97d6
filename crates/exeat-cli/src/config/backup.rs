//! `[backup.NAME]`: what a nightly backup takes, where it goes, for whom, and
//! how long it is kept. Everything is checked before anything is done, and every
//! problem of a profile is said at once, with its line.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use exeat_core::backup::{FullEvery, Keep};
use exeat_core::decide::Note;
use exeat_core::path::{Escaped, shown};
use exeat_core::seal::Compress;
use exeat_core::source::command::ExpectedEnd;
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::{Config, invalid};
use crate::args::KeySource;
use crate::error::CommandError;
use crate::exit::Exit;

mod check;
mod program;
mod table;

pub(crate) use program::Program;
pub(super) use table::Tables;

/// The longest name of a profile, in bytes.
const MAX_NAME: usize = 64;

/// A profile that has been checked.
///
/// Paths that are not absolute were joined to the folder of `config.toml`.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    /// What it is called: small letters, digits and `-`.
    pub(crate) name: String,
    /// What is backed up.
    pub(crate) source: BackupSource,
    /// The folder that its packages go to. Two profiles may share one.
    pub(crate) to: PathBuf,
    /// Who can open them: keys, or names of `recipients.toml`. Where there is
    /// none, there is a file.
    pub(crate) recipients: Vec<String>,
    /// A file with one key a line.
    pub(crate) recipients_file: Option<PathBuf>,
    /// How they are compressed.
    pub(crate) compress: Compress,
    /// Whether unchanged files are left where they are.
    pub(crate) mode: Mode,
    /// How often one is full all the same.
    pub(crate) full_every: FullEvery,
    /// How long they are kept.
    pub(crate) keep: Keep,
    /// Whose calendar days are counted.
    pub(crate) time_zone: TimeZone,
    /// Has to be a mount point when a backup begins.
    pub(crate) require_mount: Option<PathBuf>,
    /// Whether a package is read back before the run is called good.
    pub(crate) verify: VerifyWhen,
    /// Runs first; a backup is made if it ends well.
    pub(crate) before: Option<Program>,
    /// Runs after a backup that was made.
    pub(crate) after: Option<Program>,
    /// Runs after one that was not.
    pub(crate) on_failure: Option<Program>,
    /// How long a file must have been left alone to be believed unchanged.
    pub(crate) settled: SignedDuration,
    /// How old the newest good one may be.
    pub(crate) max_age: Option<SignedDuration>,
    /// A file for the textfile collector of Prometheus' node_exporter.
    pub(crate) metrics: Option<PathBuf>,
    /// What it is exported for.
    pub(crate) purpose: Option<Note>,
    /// What signs it; your own key where none is named. Never a descriptor.
    pub(crate) signing_key: Option<KeySource>,
    /// The size of volumes before compression, in bytes.
    pub(crate) volume_size: Option<u64>,
    /// Standing approvals, as `exeat approve` wrote them.
    pub(crate) approvals: Vec<PathBuf>,
}

/// What is backed up.
#[derive(Debug, Clone)]
pub(crate) enum BackupSource {
    /// Files and folders.
    Files {
        /// Their paths; never empty.
        paths: Vec<PathBuf>,
        /// What is left out; these are patterns.
        exclude: Vec<String>,
        /// Whether what is mounted below them is left out.
        one_file_system: bool,
    },
    /// What a command prints.
    Command(CommandSource),
}

/// A command whose output is backed up, always in full.
#[derive(Debug, Clone)]
pub(crate) struct CommandSource {
    /// The command.
    pub(crate) command: Program,
    /// The name of the file in the package.
    pub(crate) name: String,
    /// What its output ends with, if it is whole.
    pub(crate) expect_end: Option<ExpectedEnd>,
}

/// Whether unchanged files are left in earlier packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are.
    Incremental,
    /// Every package has everything.
    Full,
}

/// A week: what has to be there to restore stays few packages.
const DEFAULT_FULL_EVERY: FullEvery = FullEvery::Time(SignedDuration::from_hours(7 * 24));

/// What programs write through memory that they have mapped, Linux puts on disk
/// after half a minute; the time of change tells by then.
const DEFAULT_SETTLED: SignedDuration = SignedDuration::from_mins(1);

/// When a package is read back from the medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VerifyWhen {
    /// As soon as it is written.
    After,
    /// Not by the run that wrote it.
    Never,
}

impl Config {
    /// The profile of this name, checked.
    ///
    /// # Errors
    /// There is none, or there is something wrong with it.
    pub(crate) fn profile(&self, name: &str) -> Result<Profile, CommandError> {
        let Some((key, table)) = self
            .file
            .backup
            .iter()
            .find(|(key, _)| *key.get_ref() == name)
        else {
            return Err(self.no_profile(name));
        };
        let place = check::Place::new(self.dir(), &self.text, key);
        check::profile(place, table)
            .map_err(|problems| invalid(&self.file_path(), Problems(&problems)))
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// There is something wrong with some of them.
    pub(crate) fn profiles(&self) -> Result<Vec<Profile>, CommandError> {
        let mut profiles = Vec::new();
        let mut problems = Vec::new();
        for (key, table) in &self.file.backup {
            match check::profile(check::Place::new(self.dir(), &self.text, key), table) {
                Ok(profile) => profiles.push(profile),
                Err(more) => problems.extend(more),
            }
        }
        match problems.is_empty() {
            true => Ok(profiles),
            false => {
                problems.sort();
                Err(invalid(&self.file_path(), Problems(&problems)))
            }
        }
    }

    fn no_profile(&self, name: &str) -> CommandError {
        /// So many are named.
        const NAMED: usize = 10;
        let known: Vec<String> = self
            .file
            .backup
            .keys()
            .map(|key| Escaped(key.get_ref().as_bytes()).to_string())
            .collect();
        let message = format!(
            "{} has no profile '{}'",
            shown(&self.file_path()),
            Escaped(name.as_bytes())
        );
        let this = CommandError::new(Exit::Usage, "profile-unknown", message);
        match known.len() {
            0 => this.with_help("it needs a table [backup.NAME]"),
            count if count <= NAMED => this.with_help(format!("it has {}", known.join(", "))),
            count => this.with_help(format!(
                "it has {} and {} more",
                known[..NAMED].join(", "),
                count - NAMED
            )),
        }
    }
}

impl Profile {
    /// Sees to it that what has to be a mount point is one now.
    ///
    /// # Errors
    /// It is none: a disk that is not there must not be taken for an empty
    /// folder.
    pub(crate) fn check_mount(&self) -> Result<(), CommandError> {
        let Some(path) = &self.require_mount else {
            return Ok(());
        };
        let why = match is_mount_root(path) {
            Ok(true) => return Ok(()),
            Ok(false) => format!("nothing is mounted at {}", shown(path)),
            Err(error) => {
                let what = format!("cannot see whether something is mounted at {}", shown(path));
                return Err(CommandError::io(what, &error)
                    .about(self)
                    .with_help(MOUNT_HELP));
            }
        };
        Err(CommandError::new(Exit::Failed, "not-mounted", why)
            .about(self)
            .with_help(MOUNT_HELP))
    }
}

const MOUNT_HELP: &str = "mount it; the profile demands it with require_mount";

/// What it is called in messages.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "backup '{}'", self.name)
    }
}

/// Whether a file system, or a part of one, is mounted exactly there: statx(2).
fn is_mount_root(path: &Path) -> std::io::Result<bool> {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let stat = statx(CWD, path, AtFlags::empty(), StatxFlags::empty())?;
    if !stat
        .stx_attributes_mask
        .contains(StatxAttributes::MOUNT_ROOT)
    {
        return Err(std::io::Error::other("this needs Linux 5.8 or newer"));
    }
    Ok(stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Something that is wrong, in the order of the file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    line: usize,
    message: String,
}

struct Problems<'a>(&'a [Problem]);

impl fmt::Display for Problems<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Problem { line, message }) in self.0.iter().enumerate() {
            let separator = if number > 0 { "; " } else { "" };
            write!(f, "{separator}line {line}: {message}")?;
        }
        Ok(())
    }
}

/// Every `[backup.NAME]`, by its name.
type ByName<T> = BTreeMap<toml::Spanned<String>, T>;

#[cfg(test)]
mod tests;
