//! `exeat export --plain`: the only way out in the clear.

use std::path::Path;

use exeat_core::decide::Decision;
use exeat_core::deliver::{self, Copied};
use exeat_core::destination::Destination;
use exeat_core::diagnostic::Finding;
use exeat_core::inspect::{self, Facts, InspectOptions};
use exeat_core::ledger::{self, Ledger};
use exeat_core::manifest::PackageId;
use exeat_core::policy::Policy;
use exeat_core::source::Source;
use serde::Serialize;

use super::super::stop_if_asked;
use super::asking::{self, HistoryOf, Skipped, leave_out, skipped};
use super::{is_to_stream, listen, now, package_name, terms};
use crate::args::Export;
use crate::commands::readers;
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct CopyReport {
    /// False after `--dry-run`.
    written: bool,
    plain: bool,
    export: String,
    path: String,
    entries: u64,
    files: u64,
    bytes: u64,
    skipped: Vec<Skipped>,
    excluded: u64,
    idle_patterns: Vec<String>,
    facts: Facts,
    findings: Vec<Finding>,
}

pub(super) fn run(
    args: &Export,
    policy: &Policy,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    if asking::is_piped(&args.source) || is_to_stream(args) {
        return Err(CommandError::usage(
            "nothing goes through a pipe in the clear: --plain copies files",
        )
        .with_help("leave out --plain and name a recipient with -r"));
    }
    let (export, now) = (PackageId::generate(), now());
    let source = Source::open(&args.source.sources)?;
    let name = package_name(args, now, export)?;
    let destination = Destination::plain_folder(&args.to, name, &source)?;
    listen()?;
    let progress = Shown::new(ui);
    let listing = asking::list(&args.source, &source, &progress, ui)?;
    let terms = terms(args, export, destination, now);
    // Before anything is read: what cannot be recorded cannot leave.
    let ledger = match args.dry_run {
        true => None,
        false => Some(config.ledger(policy)?),
    };
    let permit = match policy.decide_plain(terms, listing) {
        Decision::Permit(permit) => permit,
        Decision::Refusal(refusal) => {
            if let Some(ledger) = &ledger {
                ledger.lock()?.refuse(&refusal)?;
            }
            return Err(CommandError::refused(&refusal));
        }
    };
    if let Some(ledger) = &ledger {
        // Now, and not when all is read.
        ledger.check()?;
    }
    let depth = policy.depth();
    let options = InspectOptions {
        depth,
        readers: Some(readers()),
        columns: policy.columns(),
        threads: None,
    };
    let inspected = inspect::inspect(&source, permit.listing(), options, &progress)?;
    let listing = permit.listing();
    let mut report = CopyReport {
        written: false,
        plain: true,
        export: export.to_string(),
        path: permit.terms().destination.path().display().to_string(),
        entries: listing.len() as u64,
        files: inspected.facts().files,
        bytes: listing.bytes(),
        skipped: skipped(listing),
        excluded: listing.excluded(),
        idle_patterns: listing.idle_patterns().to_vec(),
        facts: inspected.facts().clone(),
        findings: Vec::new(),
    };
    // Nobody else's export comes between the sum and this one's record.
    let locked = ledger.as_ref().map(Ledger::lock).transpose()?;
    let requester = &permit.terms().requester;
    let path = config::ledger_path(policy)?;
    let history =
        asking::history(
            policy,
            requester,
            now,
            HistoryOf::Plain,
            |questions| match &locked {
                Some(locked) => locked.account(questions),
                None => ledger::consult(&path, questions),
            },
        )?;
    let release = match policy.decide_plain_content(permit, inspected, &history) {
        Decision::Permit(release) => release,
        Decision::Refusal(refusal) => {
            if let Some(locked) = locked {
                locked.refuse(&refusal)?;
            }
            return Err(CommandError::refused(&refusal));
        }
    };
    report.findings = release.findings().to_vec();
    stop_if_asked()?;
    let Some(locked) = locked else {
        progress.clear();
        return Ok(finish(&report, ui));
    };
    let intent = locked.intend(&release)?;
    let Copied { path, .. } = deliver::copy(release, &source, intent, umask, None, &progress)?;
    progress.clear();
    report.written = true;
    report.path = path.display().to_string();
    Ok(finish(&report, ui))
}

fn finish(copied: &CopyReport, ui: &Ui) -> Report {
    let content = render::content(&copied.facts);
    let shown = render::shell(&Path::new(&copied.path).display().to_string());
    let verb = if copied.written {
        "copied"
    } else {
        "would copy"
    };
    let mut text = format!("{verb} {content} in the clear to {shown}\n");
    text += &render::facts(&copied.facts);
    text += match copied.written {
        true => "  NOT encrypted: whoever gets hold of it can read it; recorded in the ledger\n",
        false => "nothing was written\n",
    };
    let mut report = Report::new(ui, || text, copied);
    report.notes = copied.findings.iter().map(render::noted).collect();
    leave_out(&mut report, &copied.skipped, "copy");
    if !copied.written {
        report.exit = Exit::Done;
    }
    report
}
