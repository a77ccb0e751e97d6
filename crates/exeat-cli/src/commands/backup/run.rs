//! One backup: look at what is there → list → decide → seal → decide → record →
//! publish → read back → remove what no rule keeps.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use exeat_core::backup::{
    self, FullEvery as Every, LastRun, Memory, Next, Pending, RunLock, Shelf, Shelved, Tip,
    Wanted as WantedState, WhyFull, plan, recall, remember,
};
use exeat_core::decide::{Permit, Request, Terms};
use exeat_core::deliver::{Delivered, Staging};
use exeat_core::destination::Destination;
use exeat_core::entry::EntryKind;
use exeat_core::keys::Recipients;
use exeat_core::manifest::PackageId;
use exeat_core::path::shown;
use exeat_core::policy::Policy;
use exeat_core::seal::{self, SealError, SealOptions, Sealed};
use exeat_core::signature::SigningKey;
use exeat_core::source::command::{Attendant, CommandLine};
use exeat_core::source::{Exclude, ListOptions, Listing, Source, SourceError};
use jiff::Timestamp;

use super::hooks::{self, Hook, Occasion};
use super::metrics::{self, Made};
use super::read_back::{compare, read_back};
use super::summary::{Deleted, NAMED, Summary, left_out, report};
use super::{Site, findings, is_broken};
use crate::args::{BackupRun, KeyArgs};
use crate::commands::asking::{self, Wanted};
use crate::commands::{ATTENDANT, listen, now, readers, releasing, stop_if_asked, stopped_or};
use crate::config::{self, BackupSource, Config, FullEvery, Mode, VerifyWhen};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::signals;
use crate::ui::{Report, Ui};

/// How often a source that changes under the listing is listed anew.
const ATTEMPTS: usize = 3;
/// More earlier packages than this a package does not rest on.
const MOST_BASES: usize = 1000;

pub(super) fn run(
    args: &BackupRun,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let site = Site::of(config.profile(&args.name)?, config)?;
    let policy = config.policy(&args.policy)?;
    site.make_state()?;
    listen()?;
    let progress = Shown::new(ui);
    let wait = args.wait.map_or(Duration::ZERO, |wait| wait.unsigned_abs());
    let _lock = RunLock::take(&site.lock_path(), wait, &progress).map_err(stopped_or)?;
    let started = now();
    let mut warnings = Vec::new();
    let memory = site.memory(&mut |text| warnings.push(text));
    let mut night = Night {
        site: &site,
        policy: &policy,
        config,
        umask,
        ui,
        progress: &progress,
        started,
        clock: Instant::now(),
        warnings,
        notes: Vec::new(),
        memory,
        is_forced_full: args.full,
    };
    let made = night.hooked(Hook::Before).and_then(|()| night.make());
    let outcome = match &made {
        Ok(_) => "done".to_owned(),
        Err(error) => error.code.clone(),
    };
    night.memory.last_run = Some(LastRun {
        started,
        ended: now(),
        outcome,
    });
    let kept = night.memory.write(&site.memory_path());
    progress.clear();
    if let Err(error) = kept {
        night.warnings.push(format!(
            "{error}; the next run verifies anew what this one has"
        ));
    }
    match made {
        Ok(summary) => Ok(night.good(summary)),
        Err(error) => {
            night.bad(&error);
            Err(error)
        }
    }
}

/// One run of a profile.
struct Night<'a> {
    site: &'a Site,
    policy: &'a Policy,
    config: &'a Config,
    umask: u32,
    ui: &'a Ui,
    progress: &'a Shown,
    started: Timestamp,
    clock: Instant,
    warnings: Vec<String>,
    notes: Vec<String>,
    memory: Memory,
    is_forced_full: bool,
}

/// What goes into the package, and how it was found.
struct Load {
    source: Source,
    listing: Listing,
    /// When the listing began.
    listed: Timestamp,
}

impl Night<'_> {
    /// Tells the profile's own programs and its monitor of a backup that was
    /// made, and reports it.
    fn good(mut self, mut summary: Summary) -> Report {
        let path = PathBuf::from(&summary.path);
        let exit = summary.exit(&self.warnings);
        if let Err(error) = self.tell(Hook::After, Some(exit), Some(&path)) {
            self.warnings.push(error.to_string());
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
        let exit = summary.exit(&self.warnings);
        self.write_metrics(exit, Some(made), deleted);
        summary.warnings = self.warnings;
        summary.notes = self.notes;
        summary.seconds = self.clock.elapsed().as_secs_f64();
        report(&summary, self.ui)
    }

    /// The same of one that was not.
    fn bad(&mut self, error: &CommandError) {
        if let Err(error) = self.tell(Hook::OnFailure, Some(error.exit), None) {
            self.warnings.push(error.to_string());
        }
        self.write_metrics(error.exit, None, 0);
        for warning in &self.warnings {
            self.ui.must_say(&format!("warning: {warning}"));
        }
    }

    fn hooked(&self, hook: Hook) -> Result<(), CommandError> {
        self.tell(hook, None, None)
    }

    fn tell(
        &self,
        hook: Hook,
        exit: Option<Exit>,
        package: Option<&Path>,
    ) -> Result<(), CommandError> {
        let profile = &self.site.profile;
        let (program, heeds_signals) = match hook {
            Hook::Before => (&profile.before, true),
            Hook::After => (&profile.after, true),
            // Being stopped is what it is to tell of.
            Hook::OnFailure => (&profile.on_failure, false),
        };
        let Some(program) = program else {
            return Ok(());
        };
        let occasion = Occasion {
            profile: &profile.name,
            exit,
            package,
        };
        let is_cancelled = || heeds_signals && signals::received().is_some();
        hooks::run(hook, program, &occasion, &is_cancelled)
    }

    fn write_metrics(&mut self, exit: Exit, made: Option<Made>, deleted: u64) {
        let Some(path) = &self.site.profile.metrics else {
            return;
        };
        let summary = metrics::Summary {
            profile: &self.site.profile.name,
            started: self.started,
            ended: now(),
            exit,
            made,
            deleted,
            last_success: None,
        };
        if let Err(error) = metrics::write(path, &summary) {
            let error = CommandError::io(format!("cannot write {}", shown(path)), &error);
            self.warnings.push(error.to_string());
        }
    }

    fn make(&mut self) -> Result<Summary, CommandError> {
        let profile = &self.site.profile;
        profile.check_mount()?;
        let key = self
            .config
            .signing_key(profile.signing_key.as_ref(), self.ui)?;
        let key = key.filter(|key| key.public() == self.site.key);
        let key = key.ok_or_else(|| {
            CommandError::new(
                Exit::Failed,
                "unsigned",
                "the signing key is not there any more",
            )
        })?;
        key.rehearse().map_err(stopped_or)?;
        let mut shelf = self.site.shelf(self.progress).map_err(stopped_or)?;
        let is_broken = self.look(&shelf);
        if profile.verify == VerifyWhen::After {
            let (memory, warnings) = (&mut self.memory, &mut self.warnings);
            compare(self.site, &shelf, memory, self.progress, warnings)?;
        }
        let sound = self.sound(&shelf);
        let mut next = self.next(&shelf, &sound);
        let mut attempt = 1;
        let (delivered, mut summary, pending) = loop {
            match self.seal(&sound, &mut next, &key) {
                Err(error) if error.code == "source-changed" && attempt < ATTEMPTS => {
                    attempt += 1;
                    self.progress.clear();
                }
                other => break other?,
            }
        };
        // From here on there is a package, whatever else goes wrong.
        self.remember(&delivered, pending);
        summary.verified = match profile.verify {
            VerifyWhen::After => self.read_back(&delivered)?,
            VerifyWhen::Never => false,
        };
        if summary.verified && !is_broken {
            summary.deleted = self.prune(&mut shelf, &key);
        } else if is_broken && self.site.keep() != backup::Keep::default() {
            self.warnings
                .push("nothing is removed while something is wrong with the chain".to_owned());
        }
        Ok(summary)
    }

    /// Says what is wrong with the chain; whether that is more than a worry.
    fn look(&mut self, shelf: &Shelf) -> bool {
        let findings = findings(shelf, &self.memory);
        for finding in &findings {
            self.warnings.push(format!(
                "{} ({}): {}",
                finding.message, finding.code, finding.help
            ));
        }
        is_broken(&findings)
    }

    /// What later packages may rest on: where packages are read back, those that
    /// were and are whole.
    fn sound(&self, shelf: &Shelf) -> Vec<Shelved> {
        let is_read = |package: &&Shelved| {
            self.site.profile.verify == VerifyWhen::Never
                || self.memory.verified.contains_key(&package.id)
        };
        let packages = shelf.packages().iter();
        let sound = packages.filter(|package| package.damage.is_none());
        sound.filter(is_read).cloned().collect()
    }

    fn next(&self, shelf: &Shelf, sound: &[Shelved]) -> Next {
        let profile = &self.site.profile;
        let every = match (&profile.source, profile.mode, profile.full_every) {
            _ if self.is_forced_full => Every::Always,
            (BackupSource::Command(_), ..) | (_, Mode::Full, _) => Every::Always,
            (_, Mode::Incremental, FullEvery::Runs(runs)) => Every::Runs(runs),
            (_, Mode::Incremental, FullEvery::Time(time)) => Every::Time(time),
        };
        let place = shelf.next_place(self.memory.tip.as_ref());
        backup::next(place, sound, self.site.series, every, self.started)
    }

    fn load(&mut self) -> Result<Load, CommandError> {
        let listed = Timestamp::now();
        match &self.site.profile.source {
            BackupSource::Files {
                paths,
                exclude,
                one_file_system,
            } => {
                let source = Source::open(paths)?;
                let options = ListOptions {
                    exclude: Exclude::new(exclude).map_err(CommandError::usage)?,
                    skip_unreadable: true,
                    live: true,
                    one_file_system: *one_file_system,
                    keep_owner: true,
                };
                let listing = source.list(&options, self.progress).map_err(stopped_or)?;
                for pattern in listing.idle_patterns() {
                    self.note_once(format!("exclude '{pattern}' matched nothing"));
                }
                Ok(Load {
                    source,
                    listing,
                    listed,
                })
            }
            BackupSource::Command(command) => {
                let program = command.command.find()?;
                let end = &command.expect_end;
                let checker = end.as_ref().and_then(|end| end.checker());
                let found = checker.and_then(config::program);
                if let (Some(name), None) = (checker, &found) {
                    self.note_once(format!(
                        "{name} is not installed: nobody checked that the dump is whole"
                    ));
                }
                let line = CommandLine {
                    program,
                    arguments: command.command.arguments().iter().map(Into::into).collect(),
                    expect_end: end.clone(),
                    checker: found,
                };
                let attendant = Attendant::new("/proc/self/exe", [ATTENDANT]);
                let is_cancelled = Box::new(|| signals::received().is_some());
                let output = attendant.start(&line, is_cancelled)?;
                let source = Source::piped(&command.name, Box::new(output))?;
                let listing = source.list(&ListOptions::default(), self.progress)?;
                Ok(Load {
                    source,
                    listing,
                    listed,
                })
            }
        }
    }

    fn warn_once(&mut self, text: String) {
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    fn note_once(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    /// Finds what has not changed, where the package need not be a full one.
    fn recall(&mut self, load: &mut Load, sound: &[Shelved], next: &mut Next) {
        if next.full.is_some() {
            return;
        }
        let present: BTreeSet<PackageId> = sound.iter().map(|package| package.id).collect();
        let wanted = WantedState {
            series: self.site.series,
            present: &present,
        };
        match recall(&mut load.listing, &self.site.state, wanted) {
            Ok(_) if load.listing.packages().len() > MOST_BASES => {
                load.listing.forget_packages();
                next.full = Some(WhyFull::Due);
            }
            Ok(_) => {}
            Err(error) => {
                self.note_once(format!("{error}: everything is read again"));
                next.full = Some(WhyFull::Forgotten);
            }
        }
    }

    fn seal(
        &mut self,
        sound: &[Shelved],
        next: &mut Next,
        key: &SigningKey,
    ) -> Result<(Delivered, Summary, Option<Pending>), CommandError> {
        let profile = &self.site.profile;
        let export = PackageId::generate();
        let approvals = releasing::approvals(&profile.approvals)?;
        let recipients = self.recipients()?;
        let mut load = self.load()?;
        self.recall(&mut load, sound, next);
        let Load {
            source,
            listing,
            listed,
        } = load;
        let created = now();
        let name = format!(
            "{}-{}",
            created.strftime("%Y-%m-%dT%H%M%SZ"),
            export.short()
        );
        let destination = Destination::folder(&profile.to, name.parse()?, &source)?;
        let request = Request {
            terms: Terms {
                export,
                destination,
                created,
                label: Some(profile.name.parse().expect("names of profiles are plain")),
                purpose: profile.purpose.clone(),
                requester: asking::requester(),
            },
            recipients,
            signer: Some(key.public().fingerprint()),
            approvals,
        };
        let ledger = self.config.ledger(self.policy)?;
        let permit = releasing::permit(self.policy, &ledger, request, listing)?;
        let staging = Staging::create(&permit, self.umask)?;
        let options = SealOptions {
            compress: profile.compress,
            volume_size: profile.volume_size,
            readers: Some(readers()),
            link: Some(next.link.clone()),
            ..SealOptions::default()
        };
        let sealed = self.poured(permit, &source, staging, &options)?;
        let mut summary = self.summary(&sealed, next);
        let pending = match &profile.source {
            BackupSource::Files { .. } if profile.mode == Mode::Incremental => {
                match remember(&sealed, &self.site.state, self.site.series, listed) {
                    Ok(pending) => Some(pending),
                    Err(error) => {
                        self.warn_once(format!("{error}: the next run reads everything again"));
                        None
                    }
                }
            }
            _ => None,
        };
        // ssh-keygen may ask something now.
        self.progress.clear();
        let (delivered, findings) = releasing::release(sealed, self.policy, &ledger, key)?;
        summary.findings = findings;
        summary.path = delivered.path.display().to_string();
        summary.payload_bytes = delivered.manifest.payload.bytes;
        summary.manifest_sha256 = delivered.manifest_sha256.to_string();
        summary.needs = match &delivered.manifest.series {
            Some(series) => series.base.len() as u64,
            None => 0,
        };
        Ok((delivered, summary, pending))
    }

    fn poured(
        &self,
        permit: Permit,
        source: &Source,
        staging: Staging,
        options: &SealOptions,
    ) -> Result<Sealed<Staging>, CommandError> {
        let sealed = seal::seal(permit, source, staging, options, self.progress);
        sealed.map_err(|error| match error {
            SealError::Source(SourceError::Nothing) => CommandError::from(error)
                .with_help("the command printed nothing: no package was made"),
            other => stopped_or(other),
        })
    }

    fn recipients(&self) -> Result<Recipients, CommandError> {
        let profile = &self.site.profile;
        let args = KeyArgs {
            recipient: profile.recipients.clone(),
            recipients_file: profile.recipients_file.iter().cloned().collect(),
        };
        // It is the settings that are wrong, not the command line.
        let wanted = Wanted::keys(&args, self.config).map_err(|error| match error.exit {
            Exit::Usage => error.ending(Exit::Configuration),
            _ => error,
        });
        wanted?.ask(self.ui)
    }

    fn summary(&self, sealed: &Sealed<Staging>, next: &Next) -> Summary {
        let listing = sealed.listing();
        let is_file = |entry: &exeat_core::source::Entry<'_>| {
            entry.kind() == EntryKind::File && entry.skipped().is_none()
        };
        let files = || listing.entries().filter(is_file);
        let here = || files().filter(|entry| entry.is_here());
        let left_out = left_out(listing);
        Summary {
            profile: self.site.profile.name.clone(),
            package: sealed.content().terms().export.to_string(),
            path: String::new(),
            series: self.site.series.to_string(),
            sequence: next.link.sequence,
            full: next.full.map(WhyFull::text),
            needs: 0,
            entries: listing.len() as u64,
            files: files().count() as u64,
            changed: here().count() as u64,
            bytes: files().map(|entry| entry.bytes()).sum(),
            changed_bytes: here().map(|entry| entry.bytes()).sum(),
            payload_bytes: 0,
            manifest_sha256: String::new(),
            started: self.started.to_string(),
            seconds: 0.0,
            verified: false,
            deleted: Vec::new(),
            left_out_count: left_out.len() as u64,
            left_out: left_out.into_iter().take(NAMED).collect(),
            warnings: Vec::new(),
            notes: Vec::new(),
            facts: Some(sealed.facts().clone()),
            findings: Vec::new(),
        }
    }

    /// Takes note of a package that is in its place.
    fn remember(&mut self, delivered: &Delivered, pending: Option<Pending>) {
        if let Some(series) = &delivered.manifest.series {
            self.memory.tip = Some(Tip {
                created: delivered.manifest.created,
                manifest_sha256: delivered.manifest_sha256,
                sequence: series.sequence,
            });
            self.memory.to = self.site.profile.to.display().to_string();
        }
        if let Some(Err(error)) = pending.map(Pending::commit) {
            self.warn_once(format!("{error}: the next run reads more than it need"));
        }
        // At once: whatever happens from here on, this one is there.
        if let Err(error) = self.memory.write(&self.site.memory_path()) {
            self.warn_once(error.to_string());
        }
    }

    /// Reads the package back from the disk.
    fn read_back(&mut self, delivered: &Delivered) -> Result<bool, CommandError> {
        read_back(&delivered.path, self.site, self.progress)?;
        self.memory.verified.insert(delivered.manifest.id, now());
        Ok(true)
    }

    /// Removes what no rule keeps; what goes wrong with that is a warning.
    fn prune(&mut self, shelf: &mut Shelf, key: &SigningKey) -> Vec<Deleted> {
        let keep = self.site.keep();
        if keep == backup::Keep::default() {
            return Vec::new();
        }
        match self.try_prune(shelf, key, keep) {
            Ok(deleted) => deleted,
            Err(error) => {
                self.warnings
                    .push(format!("not everything that could go is removed: {error}"));
                Vec::new()
            }
        }
    }

    fn try_prune(
        &mut self,
        shelf: &mut Shelf,
        key: &SigningKey,
        keep: backup::Keep,
    ) -> Result<Vec<Deleted>, CommandError> {
        stop_if_asked()?;
        // With the one that has just been made.
        *shelf = self.site.shelf(self.progress)?;
        let fates = plan(
            &shelf.candidates(&self.memory),
            &keep,
            &self.site.profile.time_zone,
        );
        if fates.iter().all(|fate| fate.verdict.is_kept()) {
            return Ok(Vec::new());
        }
        let removed = shelf.remove(&fates, key, now(), self.progress)?;
        let there: Vec<_> = shelf.packages().iter().map(|package| package.id).collect();
        self.memory.forget_others(&there);
        Ok(removed.iter().map(Deleted::of).collect())
    }
}
