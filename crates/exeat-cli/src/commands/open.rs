//! `exeat open`: verify and extract, into a folder that appears when all of it
//! is right.

use std::os::unix::ffi::OsStrExt as _;

use exeat_core::open::{self, OpenOptions, Opened};
use serde::Serialize;

use super::{SignerReport, listen, tell_of_further_envelopes, unlock, verify_package};
use crate::args::Open;
use crate::config::Config;
use crate::error::CommandError;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Report, Ui};

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
    let verified = verify_package(&args.package, &args.trust, config, ui)?;
    let (package, signer) = (verified.id().to_string(), SignerReport::of(&verified));
    tell_of_further_envelopes(&verified, ui);
    let policy = config.policy(&args.policy)?;
    let target = open::target(&verified, &args.to)?;
    let unlocked = unlock(verified, &args.identity, config, ui)?;
    let permit = policy
        .decide_open(unlocked.inventory().header(), target)
        .map_err(|findings| CommandError::refused_by(&findings))?;
    for finding in permit.findings() {
        ui.must_say(render::finding(finding).trim_end());
    }
    let options = OpenOptions {
        paths: args.paths.iter().map(|p| p.as_bytes().to_vec()).collect(),
        outside_links: args.outside_links,
        umask,
        threads: None,
    };
    listen()?;
    let progress = Shown::new(ui);
    let opened = open::open(&unlocked, permit, &options, &progress)?;
    progress.clear();
    let result = OpenReport {
        package,
        path: opened.path.display().to_string(),
        entries: opened.entries,
        bytes: opened.bytes,
        outside_links: &opened.outside_links,
        skipped: opened
            .skipped
            .iter()
            .map(|(path, reason)| Skipped { path, reason })
            .collect(),
        signer,
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
