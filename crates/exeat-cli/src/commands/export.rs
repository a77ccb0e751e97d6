//! `exeat export`: list → decide → seal → decide → record → publish; with
//! `--plain` list → decide → inspect → decide → record → copy.

use std::path::PathBuf;

use exeat_core::decide::{Decision, Permit, Request, Terms};
use exeat_core::deliver::Staging;
use exeat_core::destination::{Destination, PackageName};
use exeat_core::diagnostic::Finding;
use exeat_core::entry::EntryKind;
use exeat_core::inspect::{self, Facts, InspectOptions};
use exeat_core::ledger::Ledger;
use exeat_core::manifest::{Compression, NamedKey, PackageId};
use exeat_core::policy::Policy;
use exeat_core::seal::{self, Estimate, SealOptions};
use exeat_core::signature::SigningKey;
use exeat_core::source::{Listing, Source};
use jiff::Timestamp;
use serde::Serialize;

use super::asking::{self, HistoryOf, Skipped, Wanted, leave_out, skipped};
use super::{listen, now, readers, releasing, stopped_or};
use crate::args::{Export, is_dash};
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Output, Report, Ui};

mod plain;

#[derive(Serialize)]
struct Exported {
    /// False after `--dry-run`.
    written: bool,
    package: String,
    path: String,
    signer: Option<String>,
    recipients: Vec<NamedKey>,
    entries: u64,
    files: u64,
    bytes: u64,
    volumes: u64,
    /// Bytes of ciphertext; after `--dry-run` those of the stream.
    payload_bytes: u64,
    compression: Option<Compression>,
    manifest_sha256: Option<String>,
    skipped: Vec<Skipped>,
    excluded: u64,
    /// Patterns of --exclude that matched nothing.
    idle_patterns: Vec<String>,
    /// What was found inside; null after `--dry-run`, which does not look.
    facts: Option<Facts>,
    findings: Vec<Finding>,
    /// The request that others have agreed to, and how many have.
    request: Option<String>,
    approvals: u64,
}

pub(crate) fn run(
    args: Export,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let policy = config.policy(&args.policy)?;
    match args.plain {
        true => plain::run(&args, &policy, config, umask, ui),
        false => sealed(&args, &policy, config, umask, ui),
    }
}

fn sealed(
    args: &Export,
    policy: &Policy,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let (export, now) = (PackageId::generate(), now());
    let approvals = releasing::approvals(&args.approval)?;
    let recipients = Wanted::of(&args.recipients, config)?;
    let key = config.signing_key(args.signing_key.as_ref(), ui)?;
    let output = output(args, ui)?;
    let source = asking::source(&args.source, args.stdin_name.as_deref(), ui)?;
    check_piped(args)?;
    let name = package_name(args, now, export)?;
    let goal = || destination(args, name.clone(), &source, output.as_ref());
    let signer = key.as_ref().map(|key| key.public().fingerprint());
    if recipients.is_passphrase() && !args.dry_run {
        // Nobody is asked for a passphrase that no rule would take.
        let request = Request {
            terms: terms(args, export, goal()?, now),
            recipients: Wanted::Passphrase.unasked()?,
            signer,
            approvals: approvals.clone(),
        };
        if let Decision::Refusal(refusal) = policy.decide(request, Listing::default()) {
            config.ledger(policy)?.lock()?.refuse(&refusal)?;
            return Err(CommandError::refused(&refusal));
        }
    }
    let destination = goal()?;
    let recipients = match args.dry_run {
        true => recipients.unasked()?,
        false => recipients.ask(ui)?,
    };
    let named = NamedKey::of(&recipients);
    listen()?;
    if let Some(key) = &key {
        // Better now than when all is sealed.
        key.rehearse().map_err(stopped_or)?;
    }
    let progress = Shown::new(ui);
    let listing = asking::list(&args.source, &source, &progress, ui)?;
    let request = Request {
        terms: terms(args, export, destination, now),
        recipients,
        signer,
        approvals,
    };
    let seal_options = SealOptions {
        compress: args.compress,
        volume_size: args.volume_size,
        pad: args.pad,
        readers: Some(readers()),
        ..SealOptions::default()
    };
    if args.dry_run {
        let permit = match policy.decide(request, listing) {
            Decision::Permit(permit) => permit,
            Decision::Refusal(refusal) => return Err(CommandError::refused(&refusal)),
        };
        let exported = describe(export, &permit, key.as_ref(), named);
        let estimate = seal::estimate(&permit, &seal_options)?;
        progress.clear();
        let report = dry_run(exported, &estimate, ui);
        return Ok(match output {
            Some(_) => report.beside_bytes(),
            None => report,
        });
    }
    // Before anything is read: what cannot be recorded cannot leave.
    let ledger = config.ledger(policy)?;
    let mut permit = releasing::permit(policy, &ledger, request, listing)?;
    if permit.wants_first_look() {
        permit = first_look(permit, &source, policy, &ledger, &progress)?;
    }
    let key = key.expect("a decision that permits an export demands a signer");
    let mut exported = describe(export, &permit, Some(&key), named);
    let is_stream = output.is_some();
    let staging = match output {
        None => Staging::create(&permit, umask)?,
        Some(output) => {
            let folder = config::folder_for_large();
            Staging::stream(&permit, output, &folder)?
        }
    };
    let sealed = seal::seal(permit, &source, staging, &seal_options, &progress);
    let sealed = sealed.map_err(stopped_or)?;
    // Of a stream nothing was known before.
    exported.bytes = sealed.facts().bytes;
    exported.facts = Some(sealed.facts().clone());
    // A plugin or ssh-keygen may ask something now.
    progress.clear();
    let (delivered, findings) = releasing::release(sealed, policy, &ledger, &key)?;
    exported.findings = findings;
    let manifest = &delivered.manifest;
    exported.written = true;
    exported.volumes = manifest.payload.volumes.len() as u64;
    exported.payload_bytes = manifest.payload.bytes;
    exported.compression = Some(manifest.payload.compression);
    exported.manifest_sha256 = Some(delivered.manifest_sha256.to_string());
    let report = report(&exported, (!is_stream).then_some(&delivered.path), ui);
    Ok(match is_stream {
        true => report.beside_bytes(),
        false => report,
    })
}

/// Whether the package goes to standard output.
fn is_to_stream(args: &Export) -> bool {
    is_dash(&args.to)
}

/// Standard output, if the package is to go there.
fn output(args: &Export, ui: &Ui) -> Result<Option<Output>, CommandError> {
    let example = "exeat export clinic --to - -r age1… | ssh host 'cat > clinic.exeat.tar'";
    if !is_to_stream(args) {
        return Ok(None);
    }
    let output = ui.output("--to -", example)?;
    match output.is_nowhere() {
        // It would be on record as delivered.
        true => Err(CommandError::usage(
            "--to - writes to standard output, which is closed or /dev/null: nobody would have the \
             package",
        )
        .with_help(format!("for example: {example}"))),
        false => Ok(Some(output)),
    }
}

/// Says what cannot be done with a stream.
fn check_piped(args: &Export) -> Result<(), CommandError> {
    if !asking::is_piped(&args.source) {
        return Ok(());
    }
    if !args.source.exclude.is_empty() || args.source.skip_unreadable {
        return Err(CommandError::usage(
            "--exclude and --skip-unreadable are about files, and '-' is one stream",
        ));
    }
    if args.pad {
        return Err(CommandError::usage(
            "--pad needs to know the end of what it pads, and a stream shows it too late",
        )
        .with_help("put it into a file first, or leave out --pad"));
    }
    if args.dry_run {
        return Err(CommandError::usage(
            "--dry-run reads nothing, so it can say nothing of a stream",
        ));
    }
    Ok(())
}

fn destination(
    args: &Export,
    name: PackageName,
    source: &Source,
    output: Option<&Output>,
) -> Result<Destination, CommandError> {
    Ok(match output {
        Some(output) => Destination::stream(output),
        None if args.archive => Destination::archive(&args.to, name, source)?,
        None => Destination::folder(&args.to, name, source)?,
    })
}

/// Decides on content before any of it goes into a stream.
fn first_look(
    permit: Permit,
    source: &Source,
    policy: &Policy,
    ledger: &Ledger,
    progress: &Shown,
) -> Result<Permit, CommandError> {
    let options = InspectOptions {
        depth: permit.first_depth(policy),
        readers: Some(readers()),
        columns: policy.columns(),
        threads: None,
    };
    let inspected = inspect::inspect(source, permit.listing(), options, progress)?;
    let terms = &permit.request().terms;
    let of = HistoryOf::Sealed(permit.request().approvals.request());
    let locked = ledger.lock()?;
    let (requester, now) = (&terms.requester, terms.created);
    let history = asking::history(policy, requester, now, of, |questions| {
        locked.account(questions)
    })?;
    match policy.decide_first_look(permit, &inspected, &history) {
        Decision::Permit(permit) => Ok(permit),
        Decision::Refusal(refusal) => {
            locked.refuse(&refusal)?;
            Err(CommandError::refused(&refusal))
        }
    }
}

fn terms(args: &Export, export: PackageId, destination: Destination, now: Timestamp) -> Terms {
    Terms {
        export,
        destination,
        created: now,
        label: args.label.clone(),
        purpose: args.purpose.clone(),
        requester: asking::requester(),
    }
}

/// The name that was given, or one that says nothing about the content to
/// whoever finds it.
fn package_name(
    args: &Export,
    now: Timestamp,
    export: PackageId,
) -> Result<PackageName, CommandError> {
    match &args.name {
        Some(name) => Ok(name.clone()),
        None => {
            let day = now.strftime("%Y-%m-%d");
            Ok(format!("{day}-{}", export.short()).parse()?)
        }
    }
}

fn describe(
    package: PackageId,
    permit: &Permit,
    key: Option<&SigningKey>,
    recipients: Vec<NamedKey>,
) -> Exported {
    let listing = permit.listing();
    Exported {
        written: false,
        package: package.to_string(),
        path: permit
            .request()
            .terms
            .destination
            .path()
            .display()
            .to_string(),
        signer: key.map(|key| key.public().fingerprint().to_string()),
        recipients,
        entries: listing.len() as u64,
        files: listing
            .entries()
            .filter(|e| e.kind() == EntryKind::File && e.skipped().is_none())
            .count() as u64,
        bytes: listing.bytes(),
        volumes: 0,
        payload_bytes: 0,
        compression: None,
        manifest_sha256: None,
        skipped: skipped(listing),
        excluded: listing.excluded(),
        idle_patterns: listing.idle_patterns().to_vec(),
        facts: None,
        findings: permit.findings().to_vec(),
        request: permit
            .request()
            .approvals
            .request()
            .map(|request| request.to_string()),
        approvals: permit.request().approvals.iter().count() as u64,
    }
}

fn dry_run(mut exported: Exported, estimate: &Estimate, ui: &Ui) -> Report {
    exported.volumes = estimate.volumes as u64;
    exported.payload_bytes = estimate.stream;
    let mut text = format!("would seal {} into {}\n", content(&exported), exported.path);
    text += &details(&exported);
    text += "nothing was written; 'exeat check' looks inside\n";
    let mut report = Report::new(ui, || text, &exported);
    leave_out(&mut report, &exported.skipped, "package");
    report.exit = Exit::Done;
    report
}

/// `path`: where it is, if it is still here.
fn report(exported: &Exported, path: Option<&PathBuf>, ui: &Ui) -> Report {
    let mut text = format!("sealed {} into {}\n", content(exported), exported.path);
    text += &details(exported);
    if let Some(path) = path {
        let shown = render::shell(&path.display().to_string());
        text += &format!("next: exeat verify {shown}\n");
    }
    let mut report = Report::new(ui, || text, exported);
    report.notes = exported.findings.iter().map(render::noted).collect();
    leave_out(&mut report, &exported.skipped, "package");
    report
}

fn content(exported: &Exported) -> String {
    let files = render::count(exported.files, "file", "files");
    format!("{files} ({})", render::bytes(exported.bytes))
}

fn details(exported: &Exported) -> String {
    let mut text = format!("  package      {}\n", exported.package);
    text += &render::recipients(&exported.recipients);
    if let Some(signer) = &exported.signer {
        text += &format!("  signed with  {signer}\n");
    }
    let volumes = render::count(exported.volumes, "volume", "volumes");
    let how = match exported.compression {
        Some(Compression::Zstd) => ", compressed",
        _ => "",
    };
    text += &format!(
        "  volumes      {volumes}, {}{how}\n",
        render::bytes(exported.payload_bytes)
    );
    if let Some(facts) = &exported.facts {
        text += &format!("  people       {}\n", render::people(facts));
    }
    if exported.approvals > 0 {
        text += &format!("  approvals    {}\n", exported.approvals);
    }
    if exported.excluded > 0 {
        let excluded = render::count(exported.excluded, "entry", "entries");
        text += &format!("  left out     {excluded} by --exclude\n");
    }
    text
}
