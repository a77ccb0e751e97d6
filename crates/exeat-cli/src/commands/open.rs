//! `exeat open`: verify and extract, into a folder that appears when all of it
//! is right, or one file to standard output.

use std::os::unix::ffi::OsStrExt as _;

use exeat_core::decide::OpenPermit;
use exeat_core::destination::OpenTarget;
use exeat_core::open::{self, OpenOptions, Opened};
use exeat_core::verify::Unlocked;
use serde::Serialize;

use super::{SignerReport, listen, stopped_or, tell_of_further_envelopes, unlock, verify_package};
use crate::args::Open;
use crate::config::Config;
use crate::error::CommandError;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Output, Report, Ui};

/// How many paths are named to people; the rest is counted.
const NAMED: usize = 20;

#[derive(Serialize)]
struct OpenReport<'a> {
    package: String,
    signer: SignerReport,
    path: String,
    entries: u64,
    bytes: u64,
    outside_links: &'a [String],
    skipped: Vec<Skipped<'a>>,
}

#[derive(Serialize)]
struct Skipped<'a> {
    path: &'a str,
    reason: &'a str,
}

pub(crate) fn run(
    args: &Open,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let output = match args.stdout {
        true => Some(ui.output("--stdout", "exeat open clinic.exeat --stdout | psql clinic")?),
        false => None,
    };
    if args.stdout && args.paths.len() > 1 {
        return Err(CommandError::usage("--stdout writes one file, not several")
            .with_help("open them into a folder with --to, or one after another"));
    }
    let verified = verify_package(&args.package, &args.trust, config, ui)?;
    tell_of_further_envelopes(&verified, ui);
    let policy = config.policy(&args.policy)?;
    let target: OpenTarget = match (&output, &args.to) {
        (Some(output), _) => OpenTarget::stream(output),
        (None, Some(to)) => open::target(&verified, to)?.into(),
        (None, None) => unreachable!("one of the two is required"),
    };
    let unlocked = unlock(verified, &args.identity, config, ui)?;
    let permit = policy
        .decide_open(unlocked.inventory().header(), target)
        .map_err(|findings| CommandError::refused_by(&findings))?;
    for finding in permit.findings() {
        ui.must_say(render::finding(finding).trim_end());
    }
    listen()?;
    match output {
        Some(output) => to_stdout(args, &unlocked, permit, output, ui),
        None => to_folder(args, &unlocked, permit, umask, ui),
    }
}

fn to_stdout(
    args: &Open,
    unlocked: &Unlocked,
    permit: OpenPermit,
    output: Output,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let progress = Shown::new(ui);
    let path = args.paths.first().map(|path| path.as_bytes());
    let emitted = open::emit(unlocked, permit, path, output, None, &progress);
    let emitted = emitted.map_err(stopped_or)?;
    progress.clear();
    let signer = SignerReport::of(unlocked.verified());
    let text = format!(
        "wrote {} ({}) to standard output\n  signed by    {}\n  fingerprint  {}\n",
        emitted.path,
        render::bytes(emitted.bytes),
        signer.name,
        signer.fingerprint,
    );
    let result = OpenReport {
        package: unlocked.verified().id().to_string(),
        signer,
        path: emitted.path,
        entries: 1,
        bytes: emitted.bytes,
        outside_links: &[],
        skipped: Vec::new(),
    };
    Ok(Report::new(ui, || text, &result).beside_bytes())
}

fn to_folder(
    args: &Open,
    unlocked: &Unlocked,
    permit: OpenPermit,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let options = OpenOptions {
        paths: args.paths.iter().map(|p| p.as_bytes().to_vec()).collect(),
        outside_links: args.outside_links,
        umask,
        ..OpenOptions::default()
    };
    let progress = Shown::new(ui);
    let opened = open::open(unlocked, permit, &options, &progress)?;
    progress.clear();
    let result = OpenReport {
        package: unlocked.verified().id().to_string(),
        path: opened.path.display().to_string(),
        entries: opened.entries,
        bytes: opened.bytes,
        outside_links: &opened.outside_links,
        skipped: opened
            .skipped
            .iter()
            .map(|(path, reason)| Skipped { path, reason })
            .collect(),
        signer: SignerReport::of(unlocked.verified()),
    };
    let text = format!(
        "opened {} ({}) into {}\n  signed by    {}\n  fingerprint  {}\n",
        render::count(opened.entries, "entry", "entries"),
        render::bytes(opened.bytes),
        result.path,
        result.signer.name,
        result.signer.fingerprint,
    );
    let report = Report::new(ui, || text, &result);
    // Something the sender sent is not there: said even where quiet.
    for note in notes(&opened) {
        ui.must_say(&note);
    }
    Ok(report)
}

fn notes(opened: &Opened) -> Vec<String> {
    let mut notes = Vec::new();
    let mut add = |lines: Vec<String>| {
        let count = lines.len();
        notes.extend(lines.into_iter().take(NAMED));
        if count > NAMED {
            notes.push(format!("and {} more", count - NAMED));
        }
    };
    let links = opened.outside_links.iter();
    add(links
        .map(|link| format!("not made: the link {link} points outside (--outside-links makes it)"))
        .collect());
    let skipped = opened.skipped.iter();
    add(skipped
        .map(|(path, reason)| format!("not in the package: {path} (the sender's: {reason})"))
        .collect());
    notes
}
