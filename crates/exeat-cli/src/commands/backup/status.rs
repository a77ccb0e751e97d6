//! `exeat backup status`: for whoever watches over backups, people or a monitor.

use std::time::Duration;

use exeat_core::backup::{LastRun, Memory, RunLock, Shelf};
use exeat_core::diagnostic::Finding;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::read_back::{Which, compare};
use super::{Site, is_broken};
use crate::args::BackupStatus;
use crate::commands::{listen, now, stopped_or};
use crate::config::{Config, Profile};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Status {
    profiles: Vec<One>,
}

#[derive(Serialize)]
struct One {
    profile: String,
    to: String,
    series: Option<String>,
    packages: u64,
    /// The newest that was read back, or with `verify = "none"` the newest.
    newest: Option<Newest>,
    max_age_seconds: Option<i64>,
    /// There is none, or it is older than it may be; or nobody has said how old it
    /// may be, and the last run failed.
    is_stale: bool,
    last_run: Option<Last>,
    findings: Vec<Finding>,
    /// Packages that were read back now, and are not whole.
    damaged: Vec<String>,
    /// Why nothing can be said, if so.
    error: Option<CommandError>,
}

#[derive(Serialize)]
struct Newest {
    package: String,
    sequence: u64,
    created: String,
    age_seconds: i64,
}

#[derive(Serialize)]
struct Last {
    started: String,
    ended: String,
    /// `done`, or the code of what went wrong.
    outcome: String,
}

impl From<LastRun> for Last {
    fn from(run: LastRun) -> Self {
        Self {
            started: run.started.to_string(),
            ended: run.ended.to_string(),
            outcome: run.outcome,
        }
    }
}

pub(super) fn run(args: &BackupStatus, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let profiles = match &args.name {
        Some(name) => vec![config.profile(name)?],
        None => config.profiles()?,
    };
    if profiles.is_empty() {
        return Err(CommandError::new(
            Exit::Configuration,
            "backup-no-profile",
            "there is no backup profile",
        )
        .with_help("'exeat backup --help' shows what one looks like in config.toml"));
    }
    listen()?;
    let progress = Shown::new(ui);
    let mut all = Vec::new();
    for profile in profiles {
        let how = How {
            max_age: args.max_age,
            reads_back: args.read_back,
        };
        all.push(one(profile, &how, config, &progress)?);
    }
    progress.clear();
    let exit = all.iter().map(One::exit).max_by_key(|&exit| weight(exit));
    let status = Status { profiles: all };
    let mut report = Report::new(ui, || text(&status), &status);
    report.exit = exit.unwrap_or(Exit::Done);
    for finding in status.profiles.iter().flat_map(|one| &one.findings) {
        let finding = render::finding(finding);
        report.alarms.push(finding.trim_end().to_owned());
    }
    Ok(report)
}

/// What weighs more ends the command.
fn weight(exit: Exit) -> u8 {
    match exit {
        Exit::Done => 0,
        Exit::Overdue => 1,
        Exit::Damaged => 3,
        _ => 2,
    }
}

/// How to look.
struct How {
    /// How old the newest may be, whatever the profile says.
    max_age: Option<SignedDuration>,
    /// Whether every package is read.
    reads_back: bool,
}

fn one(
    profile: Profile,
    how: &How,
    config: &Config,
    progress: &Shown,
) -> Result<One, CommandError> {
    let max_age = how.max_age.or(profile.max_age);
    let mut one = One {
        profile: profile.name.clone(),
        to: profile.to.display().to_string(),
        series: None,
        packages: 0,
        newest: None,
        max_age_seconds: max_age.map(|age| age.as_secs()),
        is_stale: true,
        last_run: None,
        findings: Vec::new(),
        damaged: Vec::new(),
        error: None,
    };
    match look(&mut one, profile, how, config, progress) {
        Err(error) if matches!(error.exit, Exit::Interrupted(_)) => return Err(error),
        Err(error) => one.error = Some(error),
        Ok(()) => {}
    }
    Ok(one)
}

fn look(
    one: &mut One,
    profile: Profile,
    how: &How,
    config: &Config,
    progress: &Shown,
) -> Result<(), CommandError> {
    let (max_age, reads_back) = (how.max_age.or(profile.max_age), how.reads_back);
    let site = Site::look(profile, config)?;
    // Nobody makes or removes one meanwhile.
    let _lock = match reads_back {
        true => {
            Some(RunLock::take(&site.lock_path(), Duration::ZERO, progress).map_err(stopped_or)?)
        }
        false => None,
    };
    let mut memory = site.memory(&mut |_| {});
    one.series = Some(site.series.to_string());
    one.last_run = memory.last_run.clone().map(Into::into);
    site.profile.check_mount()?;
    let shelf = site.shelf(progress).map_err(stopped_or)?;
    one.packages = shelf.packages().len() as u64;
    one.findings = site.findings(&shelf, &memory);
    if reads_back {
        one.damaged = read_all_back(&site, &shelf, &mut memory, progress)?;
    }
    // One that needs what is not there, or is damaged, restores nothing.
    let sound = site.sound(&shelf, &memory);
    let newest = sound.last();
    let has_failed = memory
        .last_run
        .as_ref()
        .is_some_and(|run| run.outcome != "done");
    one.is_stale = match newest {
        None => true,
        // Nobody has said how old it may be.
        Some(_) if max_age.is_none() && has_failed => true,
        Some(newest) => is_stale(newest.created, max_age, now()),
    };
    one.newest = newest.map(|newest| Newest {
        package: newest.id.to_string(),
        sequence: newest.sequence,
        created: newest.created.to_string(),
        age_seconds: now().duration_since(newest.created).as_secs(),
    });
    Ok(())
}

/// Reads every package back, and remembers which are whole.
fn read_all_back(
    site: &Site,
    shelf: &Shelf,
    memory: &mut Memory,
    progress: &Shown,
) -> Result<Vec<String>, CommandError> {
    let mut damaged = Vec::new();
    let all = compare(site, shelf, memory, Which::All, progress, &mut damaged);
    memory.write(&site.memory_path())?;
    all.map(|()| damaged)
}

/// Whether one of that time is too old. One of the future is no proof of
/// anything recent: a clock was set back.
fn is_stale(created: Timestamp, max_age: Option<SignedDuration>, now: Timestamp) -> bool {
    /// Clocks of two machines differ.
    const AHEAD: SignedDuration = SignedDuration::from_mins(10);
    let age = now.duration_since(created);
    age < -AHEAD || max_age.is_some_and(|max_age| age > max_age)
}

impl One {
    fn exit(&self) -> Exit {
        match &self.error {
            Some(error) => error.exit,
            None if is_broken(&self.findings) || !self.damaged.is_empty() => Exit::Damaged,
            None if self.is_stale => Exit::Overdue,
            None => Exit::Done,
        }
    }
}

fn text(status: &Status) -> String {
    let mut text = String::new();
    for one in &status.profiles {
        let state = match (&one.error, &one.newest) {
            (Some(error), _) => format!("cannot be told: {error}"),
            (None, None) => "there is no good backup".to_owned(),
            (None, Some(newest)) => {
                let age = SignedDuration::from_secs(newest.age_seconds);
                let age = match age.is_negative() {
                    true => "from the future: a clock was set back".to_owned(),
                    false => format!("{} old", render::elapsed(age)),
                };
                let verdict = match (one.is_stale, one.max_age_seconds) {
                    (true, Some(_)) => "STALE, ",
                    (true, None) => "NO NEWER ONE, ",
                    (false, _) => "",
                };
                let judged = match one.max_age_seconds {
                    Some(_) => "",
                    None => " (the profile has no max_age: its age is not judged)",
                };
                format!(
                    "{verdict}number {} of {}, {age}{judged}",
                    newest.sequence, newest.created
                )
            }
        };
        text += &format!("{}: {state}\n", one.profile);
        text += &format!(
            "  {} in {}\n",
            render::count(one.packages, "backup", "backups"),
            one.to
        );
        for damaged in &one.damaged {
            text += &format!("  DAMAGED: {damaged}\n");
        }
        if let Some(last) = &one.last_run
            && last.outcome != "done"
        {
            text += &format!(
                "  the last run, of {}, failed: {}\n",
                last.started, last.outcome
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_is_too_old_or_from_the_future() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().expect("a time");
        let day = Some(SignedDuration::from_hours(26));
        for (hours, max_age, expected) in [
            (-25, day, false),
            (-27, day, true),
            (-9999, None, false),
            (1, day, true),
            (1, None, true),
        ] {
            let created = now + SignedDuration::from_hours(hours);
            assert_eq!(is_stale(created, max_age, now), expected, "{hours}");
        }
    }
}
