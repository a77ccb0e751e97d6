//! What a run has to say, and to whom: the profile's own programs, its monitor,
//! and people.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use exeat_core::path::shown;
use jiff::{SignedDuration, Timestamp};

use super::hooks::{self, Hook, Occasion};
use super::metrics::{self, Made};
use super::summary::{Summary, report};
use crate::commands::now;
use crate::config::Profile;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::signals;
use crate::ui::{Report, Ui};

/// How long the program that is told of a failure may take: nobody can stop it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What there is to tell of one run.
pub(super) struct Told<'a> {
    profile: &'a Profile,
    started: Timestamp,
    clock: Instant,
    /// The package, as soon as it is in its place.
    pub(super) package: Option<PathBuf>,
    warnings: Vec<String>,
    notes: Vec<String>,
}

impl<'a> Told<'a> {
    pub(super) fn new(profile: &'a Profile) -> Self {
        Self {
            profile,
            started: now(),
            clock: Instant::now(),
            package: None,
            warnings: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// What somebody should see to; the run ends with 7 then.
    pub(super) fn warn(&mut self, text: String) {
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    /// What is worth knowing, and wrong with nothing.
    pub(super) fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    /// Tells of a backup that was made, and reports it.
    pub(super) fn good(mut self, mut summary: Summary, ui: &Ui) -> Report {
        let exit = summary.exit(&self.warnings);
        if let Err(error) = self.tell(Hook::After, Some(exit)) {
            self.warn(error.to_string());
        }
        let made = Made {
            bytes: summary.payload_bytes,
            files: summary.files,
            changed: summary.changed,
            entries: summary.entries,
            skipped: summary.left_out_count,
            is_verified: summary.verified,
            sequence: summary.sequence,
        };
        let deleted = summary.deleted.len() as u64;
        self.write_metrics(summary.exit(&self.warnings), Some(made), deleted);
        summary.seconds = self.clock.elapsed().as_secs_f64();
        summary.warnings = self.warnings;
        summary.notes = self.notes;
        report(&summary, ui)
    }

    /// Tells of one that was not. That another run is under way is nobody's
    /// failure, and that run tells of itself.
    pub(super) fn bad(&mut self, error: &CommandError, ui: &Ui) {
        if error.code == "backup-running" {
            return;
        }
        if let Err(error) = self.tell(Hook::OnFailure, Some(error.exit)) {
            self.warn(error.to_string());
        }
        self.write_metrics(error.exit, None, 0);
        for warning in &self.warnings {
            ui.must_say(&format!("warning: {warning}"));
        }
    }

    /// Runs the profile's own program for the occasion, if it has one.
    pub(super) fn tell(&self, hook: Hook, exit: Option<Exit>) -> Result<(), CommandError> {
        let (program, heeds_signals) = match hook {
            Hook::Before => (&self.profile.before, true),
            Hook::After => (&self.profile.after, true),
            // Being stopped is what it is to tell of.
            Hook::OnFailure => (&self.profile.on_failure, false),
        };
        let Some(program) = program else {
            return Ok(());
        };
        let occasion = Occasion {
            profile: &self.profile.name,
            exit,
            package: self.package.as_deref(),
        };
        let begun = Instant::now();
        let is_cancelled = || match heeds_signals {
            true => signals::received().is_some(),
            false => begun.elapsed() > PATIENCE,
        };
        hooks::run(hook, program, &occasion, &is_cancelled)
    }

    fn write_metrics(&mut self, exit: Exit, made: Option<Made>, deleted: u64) {
        let Some(path) = &self.profile.metrics else {
            return;
        };
        let took = SignedDuration::try_from(self.clock.elapsed()).unwrap_or(SignedDuration::MAX);
        let summary = metrics::Summary {
            profile: &self.profile.name,
            started: self.started,
            ended: now(),
            took,
            exit,
            made,
            deleted,
            last_success: None,
        };
        if let Err(error) = metrics::write(path, &summary) {
            let error = CommandError::io(format!("cannot write {}", shown(path)), &error);
            self.warn(error.to_string());
        }
    }
}
