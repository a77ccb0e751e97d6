//! `exeat list`: what is inside, like `ls -l`.

use std::fmt::Write as _;

use exeat_core::diagnostic::Finding;
use exeat_core::entry::EntryKind;
use exeat_core::inspect::Facts;
use exeat_core::manifest::{Inventory, NamedKey, Record};
use exeat_core::path::Escaped;
use serde::{Serialize, Serializer};

use super::{
    ApprovalReport, CheckpointReport, SignerReport, tell_of_further_envelopes, tell_of_own, unlock,
    verify_package,
};
use crate::args::List;
use crate::config::Config;
use crate::error::CommandError;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Listed<'a> {
    package: String,
    created: String,
    signer: SignerReport,
    label: Option<&'a str>,
    purpose: Option<&'a str>,
    requester: Option<&'a str>,
    recipients: &'a [NamedKey],
    approvals: Vec<ApprovalReport>,
    checkpoint: Option<CheckpointReport>,
    facts: &'a Facts,
    findings: &'a [Finding],
    /// What the reader should know, though nothing is wrong.
    remarks: Vec<Finding>,
    #[serde(serialize_with = "entries")]
    entries: &'a Inventory,
}

#[derive(Serialize)]
struct Entry<'a> {
    /// Exactly as it is; null where it is not UTF-8.
    path: Option<&'a str>,
    /// The bytes of a path that is not UTF-8.
    path_hex: Option<String>,
    #[serde(rename = "type")]
    kind: EntryKind,
    bytes: u64,
    mode: String,
    mtime: i64,
    sha256: Option<String>,
    /// As it is shown to people: escaped.
    target: Option<String>,
    skipped: Option<&'a str>,
    /// The earlier package that holds it.
    package: Option<String>,
    /// Why it may not be what the file was at any one time.
    lapse: Option<&'a str>,
}

fn entries<S: Serializer>(inventory: &&Inventory, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(inventory.entries().map(|record| {
        Entry {
            path: record.path().as_utf8(),
            path_hex: record
                .path()
                .as_utf8()
                .is_none()
                .then(|| record.path().to_hex()),
            kind: record.kind(),
            bytes: record.bytes(),
            mode: format!("{:04o}", record.mode()),
            mtime: record.modified(),
            sha256: record.sha256().map(|digest| digest.to_string()),
            target: target(&record),
            skipped: record.skipped(),
            package: record.package().map(|package| package.to_string()),
            lapse: record.lapse(),
        }
    }))
}

pub(crate) fn run(args: &List, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let verified = verify_package(&args.package, &args.trust, config, ui)?;
    let signer = SignerReport::of(&verified);
    tell_of_further_envelopes(&verified, ui);
    let mut remarks: Vec<_> = tell_of_own(&verified, config, ui).into_iter().collect();
    let unlocked = unlock(verified, &args.identity, config, ui)?;
    remarks.extend(unlocked.not_addressed());
    let inventory = unlocked.inventory();
    let header = inventory.header();
    let listed = Listed {
        package: header.package.to_string(),
        created: header.created.to_string(),
        signer,
        label: header.label.as_deref(),
        purpose: header.purpose.as_deref(),
        requester: header.requester.as_deref(),
        recipients: &header.recipients,
        approvals: header.approvals.iter().map(ApprovalReport::of).collect(),
        checkpoint: header.checkpoint.as_ref().map(CheckpointReport::of),
        facts: &header.facts,
        findings: &header.findings,
        remarks,
        entries: inventory,
    };
    let mut report = Report::new(ui, || text(inventory), &listed);
    report.intro = about(&listed);
    Ok(report)
}

fn target(record: &Record<'_>) -> Option<String> {
    (record.kind() == EntryKind::Symlink && record.skipped().is_none())
        .then(|| Escaped(record.target()).to_string())
}

/// What the package says of itself, for people, beside the listing.
fn about(listed: &Listed<'_>) -> Vec<String> {
    let mut notes = vec![format!("package {}, {}", listed.package, listed.created)];
    notes.push(format!(
        "signed by {} ({})",
        listed.signer.name, listed.signer.fingerprint
    ));
    let bases = listed.entries.bases().len() as u64;
    if bases > 0 {
        let bases = render::count(bases, "earlier package", "earlier packages");
        notes.push(format!("rests on {bases}"));
    }
    for (what, value) in [
        ("label", listed.label),
        ("purpose", listed.purpose),
        ("requested by", listed.requester),
    ] {
        notes.extend(value.map(|value| format!("{what} {}", Escaped(value.as_bytes()))));
    }
    let recipients = listed.recipients.iter();
    notes.extend(recipients.map(|one| format!("for {}", render::recipient(one))));
    let approvals = listed.approvals.iter();
    notes.extend(approvals.map(|approval| format!("approved by {}", approval.text())));
    let checkpoint = listed.checkpoint.iter();
    notes.extend(checkpoint.map(|checkpoint| format!("recorded as {}", checkpoint.text())));
    notes.push(format!("holds {}", render::content(listed.facts)));
    notes.push(render::facts(listed.facts).trim_end().to_owned());
    let findings = listed.findings.iter().map(render::finding);
    notes.extend(findings.map(|text| text.trim_end().to_owned()));
    notes
}

fn text(inventory: &Inventory) -> String {
    let width = inventory
        .entries()
        .map(|record| record.bytes())
        .max()
        .unwrap_or(0)
        .to_string()
        .len();
    let mut text = String::new();
    for record in inventory.entries() {
        let sign = match record.kind() {
            EntryKind::Directory => 'd',
            EntryKind::File => '-',
            EntryKind::Symlink => 'l',
        };
        let _ = write!(
            text,
            "{sign}{} {:>width$} {} {}",
            render::mode(record.mode()),
            record.bytes(),
            render::time(record.modified()),
            record.path(),
        );
        if let Some(target) = target(&record) {
            let _ = write!(text, " -> {target}");
        }
        if let Some(reason) = record.skipped() {
            let _ = write!(text, "  [left out: {}]", Escaped(reason.as_bytes()));
        }
        if let Some(package) = record.package() {
            let _ = write!(text, "  [in {}]", package.short());
        }
        if let Some(reason) = record.lapse() {
            let _ = write!(
                text,
                "  [perhaps not as it was: {}]",
                Escaped(reason.as_bytes())
            );
        }
        text.push('\n');
    }
    text
}
