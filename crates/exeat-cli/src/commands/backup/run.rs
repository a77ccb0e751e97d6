//! One backup: look at what is there → list → decide → seal → decide → record →
//! publish → read back → remove what no rule keeps.

use std::time::Duration;

use exeat_core::backup::{
    self, FullEvery, LastRun, Memory, Next, Pending, RunLock, Shelf, Shelved, Tip, WhyFull, plan,
    remember,
};
use exeat_core::decide::{Permit, Request, Terms};
use exeat_core::deliver::{Delivered, Staging};
use exeat_core::destination::Destination;
use exeat_core::diagnostic::Severity;
use exeat_core::entry::EntryKind;
use exeat_core::keys::Recipients;
use exeat_core::manifest::{NamedKey, PackageId, recipients_sha256};
use exeat_core::path::Escaped;
use exeat_core::policy::Policy;
use exeat_core::seal::{self, SealError, SealOptions, Sealed};
use exeat_core::signature::SigningKey;
use exeat_core::source::{GivenUp, Source, SourceError};
use jiff::Timestamp;

use super::hooks::Hook;
use super::read_back::{Which, compare, read_back};
use super::summary::{Judged, NAMED, Summary, left_out};
use super::told::Told;
use super::{Site, in_one_line, in_words, is_broken};
use crate::args::{BackupRun, KeyArgs};
use crate::commands::asking::{self, Wanted};
use crate::commands::{listen, now, readers, releasing, stop_if_asked, stopped_or};
use crate::config::{self, BackupSource, Config, Mode, Profile, VerifyWhen};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::ui::{Report, Ui};

mod load;

use load::Load;

/// How often a source that changes under the listing is listed anew.
const ATTEMPTS: usize = 5;

pub(super) fn run(
    args: &BackupRun,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let profile = config.profile(&args.name)?;
    listen()?;
    let mut told = Told::new(&profile);
    match made(args, &profile, config, umask, ui, &mut told) {
        Ok(summary) => Ok(told.good(summary, ui)),
        Err(error) => {
            told.bad(&error, ui);
            Err(match error.code.as_str() {
                "no-space" => error.with_help(format!(
                    "free some space there; 'exeat backup prune {}' removes what no rule keeps",
                    profile.name
                )),
                _ => error,
            })
        }
    }
}

/// Makes the backup, alone, and remembers how that ended.
fn made(
    args: &BackupRun,
    profile: &Profile,
    config: &Config,
    umask: u32,
    ui: &Ui,
    told: &mut Told<'_>,
) -> Result<Summary, CommandError> {
    let mut site = Site::of(profile.clone(), config)?;
    let policy = config.policy(&args.policy)?;
    site.ledger = config::ledger_path(&policy).ok();
    site.make_state()?;
    let progress = Shown::new(ui);
    let wait = args.wait.map_or(Duration::ZERO, |wait| wait.unsigned_abs());
    let _lock = RunLock::take(&site.lock_path(), wait, &progress).map_err(stopped_or)?;
    let started = now();
    let is_remembered = site.memory_path().exists();
    let memory = site.memory(&mut |text| told.warn(text));
    let mut night = Night {
        site: &site,
        policy: &policy,
        config,
        umask,
        ui,
        progress: &progress,
        started,
        told,
        memory,
        is_forced_full: args.full,
        given_up: Vec::new(),
        has_lost_much: false,
        is_remembered,
    };
    let before = night.told.tell(Hook::Before, None);
    let made = before.and_then(|()| night.make());
    let outcome = match &made {
        Ok(_) => "done".to_owned(),
        Err(error) => error.code.clone(),
    };
    night.memory.last_run = Some(LastRun {
        started,
        ended: now(),
        outcome,
    });
    progress.clear();
    if let Err(error) = night.memory.write(&site.memory_path()) {
        night.told.warn(in_one_line(error));
    }
    made
}

/// One run of a profile.
struct Night<'a, 'b> {
    site: &'a Site,
    policy: &'a Policy,
    config: &'a Config,
    umask: u32,
    ui: &'a Ui,
    progress: &'a Shown,
    started: Timestamp,
    told: &'a mut Told<'b>,
    memory: Memory,
    is_forced_full: bool,
    /// Files that were gone when their turn came, and could not be left out any
    /// more.
    given_up: Vec<(String, GivenUp)>,
    /// Much that was there last time is not there, or could not be read.
    has_lost_much: bool,
    /// There is a memory of this chain.
    is_remembered: bool,
}

impl Night<'_, '_> {
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
        if !self.is_remembered && !shelf.packages().is_empty() {
            self.told.warn(
                "this machine does not remember the backups that are there: whether later ones \
                 are gone cannot be told"
                    .to_owned(),
            );
        }
        self.adopt(&shelf);
        // What takes room and is on record as gone.
        if let Err(error) = shelf.clear_leftovers() {
            self.told.warn(in_one_line(error));
        }
        self.follow(&mut shelf, &key);
        let is_broken = self.look(&shelf);
        let sound = self.site.sound(&shelf, &self.memory);
        let mut next = self.next(&shelf, &sound);
        let mut attempt = 1;
        let (delivered, mut summary, pending) = loop {
            match self.seal(&sound, &mut next, &key) {
                Err(error) if self.is_given_up(&error) && attempt < ATTEMPTS => {
                    attempt += 1;
                    self.progress.clear();
                }
                other => break other?,
            }
        };
        // From here on there is a package, whatever else goes wrong.
        self.told.package = Some(delivered.path.clone());
        self.remember(&delivered, pending);
        summary.verified = match profile.verify {
            VerifyWhen::After => {
                let is_whole = self.read_back(&delivered)?;
                let mut damaged = Vec::new();
                let (memory, which) = (&mut self.memory, Which::Unread);
                compare(
                    self.site,
                    &shelf,
                    memory,
                    which,
                    self.progress,
                    &mut damaged,
                )?;
                damaged.into_iter().for_each(|text| self.told.warn(text));
                is_whole
            }
            VerifyWhen::Never => false,
        };
        if let Some(why) = self.why_nothing_goes(is_broken) {
            self.told.note(why.to_owned());
        } else {
            summary.deleted = self.prune(&mut shelf, &key);
        }
        Ok(summary)
    }

    /// Remembers a package that was put into its place by a run which was stopped
    /// before it could.
    fn adopt(&mut self, shelf: &Shelf) {
        let mut packages = shelf.packages().iter();
        let found = packages.find(|one| Some(one.id) == self.memory.intended);
        let last = self.memory.tip.map_or(0, |tip| tip.sequence);
        if let Some(package) = found.filter(|package| package.sequence > last) {
            self.memory.tip = Some(Tip {
                created: package.created,
                manifest_sha256: package.manifest_sha256,
                sequence: package.sequence,
            });
        }
    }

    /// Why nothing is removed, where there are rules of what to keep.
    fn why_nothing_goes(&self, is_broken: bool) -> Option<&'static str> {
        if self.site.profile.keep == backup::Keep::default() {
            None
        } else if is_broken {
            Some("nothing is removed while something is wrong with the chain")
        } else if self.has_lost_much {
            Some("nothing is removed while much of the source is missing or cannot be read")
        } else if self.site.profile.verify == VerifyWhen::Never {
            Some("with verify = \"none\" a run removes nothing; 'exeat backup prune' does")
        } else {
            None
        }
    }

    /// Goes on with the chain in another folder, where the profile names one now:
    /// what came before lies elsewhere, and is no gap here.
    fn follow(&mut self, shelf: &mut Shelf, key: &SigningKey) {
        let to = self.site.place();
        if self.memory.to == to || self.memory.tip.is_none() {
            return;
        }
        self.told.note(format!(
            "the backups go to another folder now; those before lie in {}",
            Escaped(self.memory.to.as_bytes())
        ));
        if !shelf.packages().is_empty() {
            return;
        }
        let accepted = shelf.accept_missing(self.memory.tip.as_ref(), key, now());
        match accepted.and_then(|_| self.site.shelf(self.progress)) {
            Ok(read_again) => *shelf = read_again,
            Err(error) => self.told.warn(in_one_line(error)),
        }
    }

    /// Says what is wrong with the chain; whether that is more than a worry.
    fn look(&mut self, shelf: &Shelf) -> bool {
        let findings = self.site.findings(shelf, &self.memory);
        for finding in &findings {
            match finding.severity {
                Severity::Refuse => self.told.warn(in_words(finding)),
                Severity::Warn | Severity::Note => self.told.note(in_words(finding)),
                _ => self.told.warn(in_words(finding)),
            }
        }
        is_broken(&findings)
    }

    fn next(&self, shelf: &Shelf, sound: &[Shelved]) -> Next {
        let profile = &self.site.profile;
        let every = match (&profile.source, profile.mode, profile.full_every) {
            (BackupSource::Command(_), ..) | (_, Mode::Full, _) => FullEvery::Always,
            (_, Mode::Incremental, every) => every,
        };
        let place = shelf.next_place(self.memory.tip.as_ref());
        let mut next = backup::next(place, sound, self.site.series, every, self.started);
        if self.is_forced_full {
            next.full = Some(WhyFull::Asked);
        }
        next
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
        load.listing.give_up(&self.given_up);
        if !load.listing.entries().any(|e| e.kind() == EntryKind::File) {
            self.has_lost_much = true;
            self.told.warn(
                "there is no file in what is backed up: is everything mounted that should be?"
                    .to_owned(),
            );
        }
        if profile.mode == Mode::Incremental && !load.listing.is_piped() {
            let recipients = recipients_sha256(&NamedKey::of(&recipients));
            self.recall(&mut load, sound, recipients, next);
        }
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
        self.count_unread(sealed.listing());
        let mut summary = self.summary(&sealed, next);
        let pending = match &profile.source {
            BackupSource::Files { .. } if profile.mode == Mode::Incremental => {
                match remember(
                    &sealed,
                    &self.site.state,
                    self.site.series,
                    listed - profile.settled,
                ) {
                    Ok(pending) => Some(pending),
                    Err(error) => {
                        let error = in_one_line(error);
                        self.told
                            .warn(format!("{error}: the next run reads everything again"));
                        None
                    }
                }
            }
            _ => None,
        };
        // ssh-keygen may ask something now.
        self.progress.clear();
        // What is there after a power failure is ours, and nobody else's.
        self.memory.intended = Some(export);
        if let Err(error) = self.memory.write(&self.site.memory_path()) {
            self.told.warn(in_one_line(error));
        }
        let (delivered, findings) = releasing::release(sealed, self.policy, &ledger, key)?;
        summary.findings = findings;
        summary.path = delivered.path.display().to_string();
        summary.payload_bytes = delivered.manifest.payload.bytes;
        summary.manifest_sha256 = delivered.manifest_sha256.to_string();
        summary.needs = match &delivered.manifest.series {
            Some(series) => series.base.len() as u64,
            None => 0,
        };
        if summary.needs == 0 && summary.full.is_none() {
            summary.full = Some(WhyFull::Nothing.text());
        }
        Ok((delivered, summary, pending))
    }

    fn poured(
        &mut self,
        permit: Permit,
        source: &Source,
        staging: Staging,
        options: &SealOptions,
    ) -> Result<Sealed<Staging>, CommandError> {
        let sealed = seal::seal(permit, source, staging, options, self.progress);
        sealed.map_err(|error| match error {
            SealError::Source(SourceError::Nothing) => CommandError::from(error)
                .with_help("the command printed nothing: no package was made"),
            SealError::Source(SourceError::Changed { path }) => {
                self.given_up.push((path.clone(), GivenUp::Vanished));
                stopped_or(SourceError::Changed { path })
            }
            SealError::Source(SourceError::Read { path, source }) => {
                self.given_up.push((path.clone(), GivenUp::Unreadable));
                stopped_or(SourceError::Read { path, source })
            }
            other => stopped_or(other),
        })
    }

    /// Whether it ended because of a file that is left out next time.
    fn is_given_up(&self, error: &CommandError) -> bool {
        !self.given_up.is_empty()
            && matches!(error.code.as_str(), "source-changed" | "source-unreadable")
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
            left_out_count: left_out.len() as u64 - listing.unnamed().len() as u64
                + listing.unnamed_count(),
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
            self.memory.intended = None;
            self.memory.to = self.site.place();
        }
        // Until somebody says that it is right, the next run asks again.
        let is_believed = !self.has_lost_much || self.is_forced_full;
        let pending = pending.filter(|_| is_believed);
        if let Some(Err(error)) = pending.map(Pending::commit) {
            let error = in_one_line(error);
            self.told
                .warn(format!("{error}: the next run reads more than it need"));
        }
        // At once: whatever happens from here on, this one is there.
        if let Err(error) = self.memory.write(&self.site.memory_path()) {
            self.told.warn(in_one_line(error));
        }
    }

    /// Reads the package back from the disk.
    fn read_back(&mut self, delivered: &Delivered) -> Result<bool, CommandError> {
        read_back(&delivered.path, self.site, self.progress)?;
        self.memory.verified.insert(delivered.manifest.id, now());
        Ok(true)
    }

    /// Removes what no rule keeps; what goes wrong with that is a warning.
    fn prune(&mut self, shelf: &mut Shelf, key: &SigningKey) -> Vec<Judged> {
        let keep = self.site.profile.keep;
        if keep == backup::Keep::default() {
            return Vec::new();
        }
        match self.try_prune(shelf, key, keep) {
            Ok(deleted) => deleted,
            Err(error) => {
                self.told
                    .warn(format!("not everything that could go is removed: {error}"));
                Vec::new()
            }
        }
    }

    fn try_prune(
        &mut self,
        shelf: &mut Shelf,
        key: &SigningKey,
        keep: backup::Keep,
    ) -> Result<Vec<Judged>, CommandError> {
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
        Ok(removed.iter().map(Judged::removed).collect())
    }
}
