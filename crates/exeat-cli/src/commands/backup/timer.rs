//! `exeat backup timer`: what starts a backup every night.

mod cron;
mod systemd;
mod write;

use std::path::{Path, PathBuf};

use exeat_core::path::shown;
use serde::Serialize;

use crate::args::{BackupTimer, KeySource, PolicyArgs};
use crate::config::{self, BackupSource, Config, Profile, Program};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::ui::{Report, Ui};

/// How long a run waits for another one.
const WAIT: &str = "10m";
/// Programs that run another as somebody else, and need the right to.
const CHANGE_ACCOUNT: [&str; 4] = ["runuser", "setpriv", "su", "sudo"];

/// A file that is printed, or written.
#[derive(Debug, Serialize)]
struct Unit {
    /// Its name.
    file: String,
    text: String,
}

#[derive(Serialize)]
struct Printed {
    profile: String,
    /// Where they were written, if they were.
    dir: Option<String>,
    files: Vec<Unit>,
}

pub(super) fn run(
    args: &BackupTimer,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let profile = config.profile(&args.name)?;
    let needs = Needs::of(&profile, config)?;
    let files = match args.cron {
        true => vec![cron::line(&needs)?],
        false => systemd::units(&needs, &args.on_calendar)?,
    };
    if let Some(dir) = &args.output {
        write::write(dir, &files, umask)?;
    }
    let result = Printed {
        profile: profile.name.clone(),
        dir: args.output.as_ref().map(|dir| dir.display().to_string()),
        files,
    };
    let mut report = Report::new(ui, || text(args, &result), &result);
    report.notes = needs.missing.iter().map(|folder| missing(folder)).collect();
    Ok(report)
}

/// What people see: the files one after another, or where they are.
fn text(args: &BackupTimer, printed: &Printed) -> String {
    if let Some(dir) = &args.output {
        let count = render::count(printed.files.len() as u64, "unit", "units");
        return format!(
            "wrote {count} into {}\nnext: systemctl daemon-reload && systemctl enable --now {}\n",
            shown(dir),
            systemd::timer_name(&printed.profile)
        );
    }
    let page = |unit: &Unit| match args.cron {
        true => unit.text.clone(),
        false => format!("# {}\n{}", unit.file, unit.text),
    };
    let pages: Vec<String> = printed.files.iter().map(page).collect();
    pages.join("\n")
}

fn missing(folder: &Path) -> String {
    format!(
        "note: {0} is not there yet, and the unit does not start without it: mkdir -p {1}",
        shown(folder),
        render::shell(&folder.display().to_string())
    )
}

/// What a run needs of the machine. All paths are absolute.
struct Needs<'a> {
    profile: &'a Profile,
    exe: PathBuf,
    config_dir: PathBuf,
    /// Where programs keep what they remember.
    state_home: PathBuf,
    /// Folders that are written to.
    writes: Vec<PathBuf>,
    /// Those of them that are not there.
    missing: Vec<PathBuf>,
    /// What has to be mounted first.
    mounts: Vec<PathBuf>,
    /// Whether it runs programs of others.
    has_programs: bool,
    /// Whether one of them runs another one as somebody else.
    changes_account: bool,
    /// Whether one of the folders that are written to is another account's.
    is_guest: bool,
}

impl<'a> Needs<'a> {
    fn of(profile: &'a Profile, config: &Config) -> Result<Self, CommandError> {
        let exe = std::env::current_exe()
            .map_err(|error| CommandError::io("cannot see where exeat is", &error))?;
        let policy = config.policy(&PolicyArgs { files: Vec::new() })?;
        let state = config::cache_path()?.parent().map(Path::to_owned);
        let state = state.unwrap_or_default();
        let parent = |path: &Path| path.parent().map(Path::to_owned);
        let written = [Some(profile.to.clone()), Some(state.clone())];
        let beside = [
            parent(&config::ledger_path(&policy)?),
            profile.metrics.as_deref().and_then(parent),
        ];
        let mut writes = Vec::new();
        for folder in written.into_iter().chain(beside).flatten() {
            let folder = absolute(&folder)?;
            if !writes.contains(&folder) {
                writes.push(folder);
            }
        }
        let programs: Vec<&Program> = programs(profile).collect();
        let is_others = |folder: &PathBuf| {
            use std::os::unix::fs::MetadataExt as _;
            folder.metadata().is_ok_and(|meta| meta.uid() != 0)
        };
        Ok(Self {
            profile,
            exe,
            config_dir: absolute(config.dir())?,
            state_home: parent(&absolute(&state)?).unwrap_or_default(),
            missing: writes
                .iter()
                .filter(|folder| !folder.exists())
                .cloned()
                .collect(),
            is_guest: writes.iter().any(is_others),
            writes,
            mounts: mounts(profile)?,
            has_programs: !programs.is_empty(),
            changes_account: programs.iter().any(|program| changes_account(program)),
        })
    }

    /// The command line of the run.
    fn words(&self) -> Result<Vec<String>, CommandError> {
        let mut words = vec![
            text_of(&self.exe)?,
            "--quiet".to_owned(),
            "--config-dir".to_owned(),
        ];
        words.push(text_of(&self.config_dir)?);
        words.extend(["backup", "run", &self.profile.name, "--wait", WAIT].map(str::to_owned));
        Ok(words)
    }
}

fn programs(profile: &Profile) -> impl Iterator<Item = &Program> {
    let source = match &profile.source {
        BackupSource::Command(source) => Some(&source.command),
        BackupSource::Files { .. } => None,
    };
    let hooks = [&profile.before, &profile.after, &profile.on_failure];
    source.into_iter().chain(hooks.into_iter().flatten())
}

fn changes_account(program: &Program) -> bool {
    let name = Path::new(program.name()).file_name();
    name.is_some_and(|name| CHANGE_ACCOUNT.iter().any(|other| name == *other))
}

fn mounts(profile: &Profile) -> Result<Vec<PathBuf>, CommandError> {
    let sources = match &profile.source {
        BackupSource::Files { paths, .. } => &paths[..],
        BackupSource::Command(_) => &[],
    };
    let key = match &profile.signing_key {
        Some(KeySource::File(path)) => Some(path),
        _ => None,
    };
    let mut mounts = Vec::new();
    for path in sources
        .iter()
        .chain([&profile.to])
        .chain(&profile.require_mount)
        .chain(key)
    {
        let path = absolute(path)?;
        if !mounts.contains(&path) {
            mounts.push(path);
        }
    }
    Ok(mounts)
}

/// The path from the root, without asking the file system.
fn absolute(path: &Path) -> Result<PathBuf, CommandError> {
    std::path::absolute(path)
        .map_err(|error| CommandError::io(format!("cannot place {}", shown(path)), &error))
}

/// A path as text: units and crontabs are text, and lines.
fn text_of(path: &Path) -> Result<String, CommandError> {
    match path.to_str() {
        Some(text) if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => {
            let message = format!("{} cannot stand in a unit or a crontab", shown(path));
            Err(CommandError::new(Exit::Failed, "path-not-text", message)
                .with_help("use a path of UTF-8 without control characters"))
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "a test makes settings in a folder of its own"
)]
mod tests;
