//! `exeat backup prune`: removes what no rule keeps, after looking at what
//! nobody has compared yet.

use std::time::Duration;

use exeat_core::backup::{Fate, RunLock, Shelved, plan};
use serde::Serialize;

use super::read_back::{Which, compare};
use super::summary::Judged;
use super::{Site, in_one_line, in_words, is_broken};
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
    deleted: Vec<Judged>,
    kept: Vec<Judged>,
    /// Places in the chain that are recorded as lost now.
    accepted: Vec<u64>,
    warnings: Vec<String>,
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
    let findings = site.findings(&shelf, &memory);
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
    let fates = plan(&shelf.candidates(&memory), &site.profile.keep, zone);
    let (kept, goes): (Vec<_>, Vec<_>) = shelf
        .packages()
        .iter()
        .zip(&fates)
        .partition(|(_, fate)| fate.verdict.is_kept());
    let judged = |all: Vec<(&Shelved, &Fate)>| -> Vec<Judged> {
        let all = all.into_iter();
        all.map(|(package, fate)| Judged::there(package, fate))
            .collect()
    };
    let (kept, goes) = (judged(kept), judged(goes));
    let has_to_stay = is_broken && !goes.is_empty();
    if has_to_stay {
        warnings.push(
            "nothing is removed while something is wrong with the chain; what is only missing can \
             be accepted with --accept-missing"
                .to_owned(),
        );
    }
    let deleted = if has_to_stay {
        Vec::new()
    } else if args.dry_run || goes.is_empty() {
        goes
    } else {
        let key = signing_key(&site, config, ui)?;
        let removed = shelf.remove(&fates, &key, now(), &progress);
        let removed = removed.map_err(stopped_or)?;
        removed.iter().map(Judged::removed).collect()
    };
    if !args.dry_run {
        let there: Vec<_> = shelf.packages().iter().map(|package| package.id).collect();
        memory.forget_others(&there);
        // What was removed is gone, whether the host can remember it or not.
        if let Err(error) = memory.write(&site.memory_path()) {
            warnings.push(in_one_line(error));
        }
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
        text += &format!("keep          {}", one.text());
    }
    for one in &pruned.deleted {
        text += &format!("{verb:<13} {}", one.text());
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
