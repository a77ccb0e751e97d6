//! `exeat backup prune`: removes what no rule keeps, after looking at what
//! nobody has compared yet.

use std::time::Duration;

use exeat_core::backup::{Fate, RunLock, Shelf, Shelved, plan};
use serde::Serialize;

use super::read_back::{Which, compare};
use super::summary::Deleted;
use super::{Site, findings, in_words, is_broken};
use crate::args::BackupPrune;
use crate::commands::{listen, now, stopped_or};
use crate::config::Config;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Pruned {
    profile: String,
    /// False with `--dry-run`.
    written: bool,
    deleted: Vec<Deleted>,
    kept: Vec<Kept>,
    /// Places in the chain that are recorded as lost now.
    accepted: Vec<u64>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Kept {
    package: String,
    sequence: u64,
    created: String,
    bytes: u64,
    why: String,
}

pub(super) fn run(args: &BackupPrune, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let site = Site::of(config.profile(&args.name)?, config)?;
    site.profile.check_mount()?;
    site.make_state()?;
    listen()?;
    let progress = Shown::new(ui);
    let wait = args.wait.map_or(Duration::ZERO, |wait| wait.unsigned_abs());
    let _lock = RunLock::take(&site.lock_path(), wait, &progress).map_err(stopped_or)?;
    let mut warnings = Vec::new();
    let mut memory = site.memory(&mut |text| warnings.push(text));
    let mut shelf = site.shelf(&progress).map_err(stopped_or)?;
    let mut accepted = Vec::new();
    if args.accept_missing && args.dry_run {
        accepted = shelf.missing(memory.tip.as_ref());
    } else if args.accept_missing {
        let key = signing_key(&site, config, ui)?;
        let gone = shelf.accept_missing(memory.tip.as_ref(), &key, now())?;
        accepted = gone.iter().map(|gone| gone.sequence).collect();
        shelf = site.shelf(&progress).map_err(stopped_or)?;
    }
    let findings = findings(&shelf, &memory);
    let is_broken = is_broken(&findings);
    for finding in &findings {
        warnings.push(in_words(finding));
    }
    if !args.dry_run {
        shelf.clear_leftovers()?;
        let which = Which::Unread;
        compare(&site, &shelf, &mut memory, which, &progress, &mut warnings)?;
    }
    let zone = &site.profile.time_zone;
    let fates = plan(&shelf.candidates(&memory), &site.keep(), zone);
    let kept = fates.iter().filter(|fate| fate.verdict.is_kept());
    let kept = kept.filter_map(|fate| Some(described(fate, find(&shelf, fate)?)));
    let kept = kept.collect();
    let goes = fates.iter().filter(|fate| !fate.verdict.is_kept());
    let goes: Vec<Kept> = goes
        .filter_map(|fate| Some(described(fate, find(&shelf, fate)?)))
        .collect();
    let deleted: Vec<Deleted> = match args.dry_run || goes.is_empty() {
        true => goes
            .into_iter()
            .map(|one| Deleted {
                package: one.package,
                sequence: one.sequence,
                created: one.created,
                bytes: one.bytes,
                why: one.why,
            })
            .collect(),
        false if is_broken => {
            warnings.push(
                "nothing is removed while something is wrong with the chain; what is only missing \
                 can be accepted with --accept-missing"
                    .to_owned(),
            );
            Vec::new()
        }
        false => {
            let key = signing_key(&site, config, ui)?;
            let removed = shelf.remove(&fates, &key, now(), &progress);
            removed
                .map_err(stopped_or)?
                .iter()
                .map(Deleted::of)
                .collect()
        }
    };
    if !args.dry_run {
        let there: Vec<_> = shelf.packages().iter().map(|package| package.id).collect();
        memory.forget_others(&there);
        memory.write(&site.memory_path())?;
    }
    progress.clear();
    let pruned = Pruned {
        profile: site.profile.name.clone(),
        written: !args.dry_run,
        deleted,
        kept,
        accepted,
        warnings,
    };
    let mut report = Report::new(ui, || text(&pruned), &pruned);
    for warning in &pruned.warnings {
        report.alarms.push(format!("warning: {warning}"));
    }
    report.exit = match (is_broken, pruned.warnings.is_empty()) {
        (true, _) => Exit::Damaged,
        (false, true) => Exit::Done,
        (false, false) => Exit::Incomplete,
    };
    Ok(report)
}

fn signing_key(
    site: &Site,
    config: &Config,
    ui: &Ui,
) -> Result<exeat_core::signature::SigningKey, CommandError> {
    let key = config.signing_key(site.profile.signing_key.as_ref(), ui)?;
    key.ok_or_else(|| CommandError::new(Exit::Failed, "unsigned", "there is no key to sign with"))
}

fn find<'a>(shelf: &'a Shelf, fate: &Fate) -> Option<&'a Shelved> {
    let mut packages = shelf.packages().iter();
    packages.find(|package| package.id == fate.id)
}

fn described(fate: &Fate, package: &Shelved) -> Kept {
    Kept {
        package: package.id.to_string(),
        sequence: package.sequence,
        created: package.created.to_string(),
        bytes: package.bytes,
        why: fate.verdict.to_string(),
    }
}

fn text(pruned: &Pruned) -> String {
    let verb = match pruned.written {
        true => "removed",
        false => "would remove",
    };
    let mut text = String::new();
    for sequence in &pruned.accepted {
        let verb = match pruned.written {
            true => "recorded as lost",
            false => "would be recorded as lost",
        };
        text += &format!("{verb}: number {sequence}\n");
    }
    for one in &pruned.kept {
        text += &format!(
            "keep          number {} of {} ({}): {}\n",
            one.sequence,
            one.created,
            render::bytes(one.bytes),
            one.why
        );
    }
    for one in &pruned.deleted {
        text += &format!(
            "{verb:<13} number {} of {} ({}): {}\n",
            one.sequence,
            one.created,
            render::bytes(one.bytes),
            one.why
        );
    }
    let bytes = pruned.deleted.iter().map(|one| one.bytes).sum();
    text += &format!(
        "{verb} {} ({}), {} kept\n",
        render::count(pruned.deleted.len() as u64, "backup", "backups"),
        render::bytes(bytes),
        render::thousands(pruned.kept.len() as u64),
    );
    text
}
