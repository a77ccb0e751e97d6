//! `exeat open`: verify and extract, into a folder that appears when all of it
//! is right, or one file to standard output.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use exeat_core::backup::Backups;
use exeat_core::decide::OpenPermit;
use exeat_core::destination::OpenTarget;
use exeat_core::diagnostic::Finding;
use exeat_core::keys::Identities;
use exeat_core::open::{self, OpenError, OpenOptions, Opened};
use exeat_core::path::{Escaped, shown};
use exeat_core::verify::{Package, Unlocked, Verified};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    SignerReport, listen, openers, stopped_or, tell_of_further_envelopes, tell_of_own, unlock_with,
    verify_package,
};
use crate::args::{Open, Since};
use crate::config::Config;
use crate::error::CommandError;
use crate::exit::Exit;
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
    skipped: Vec<Skipped>,
    /// Files that changed while the sender read them.
    lapses: Vec<Skipped>,
    /// Attributes that could not be set.
    lost_attributes: &'a [String],
    /// The earlier packages that held some of it.
    earlier: Vec<String>,
    /// What the reader should know, though nothing is wrong.
    remarks: Vec<Finding>,
}

#[derive(Serialize)]
struct Skipped {
    path: String,
    reason: String,
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
    if args.owner && !rustix::process::geteuid().is_root() {
        return Err(
            CommandError::usage("--owner gives files to others, which only root can do")
                .with_help("leave it out, or run this as root"),
        );
    }
    let (verified, backups) = match args.as_of {
        Some(as_of) => {
            let (verified, backups) = as_of_then(args, as_of, config, ui)?;
            (verified, Some(backups))
        }
        None => (
            verify_package(&args.package, &args.trust, config, ui)?,
            None,
        ),
    };
    tell_of_further_envelopes(&verified, ui);
    let mut remarks: Vec<_> = tell_of_own(&verified, config, ui).into_iter().collect();
    let policy = config.policy(&args.policy)?;
    let target: OpenTarget = match (&output, &args.to) {
        (Some(output), _) => OpenTarget::stream(output),
        (None, Some(to)) => open::target(&verified, to)?.into(),
        (None, None) => unreachable!("one of the two is required"),
    };
    let identities = openers(&verified, &args.identity, config, ui)?;
    let mut unlocked = unlock_with(verified, &identities, ui)?;
    remarks.extend(unlocked.not_addressed());
    let mut earlier = Vec::new();
    match (args.stdout, args.paths.first()) {
        (false, _) => earlier = self::earlier(args, &unlocked, backups, &identities, config, ui)?,
        (true, Some(path)) if open::holder_of(&unlocked, path.as_bytes()).is_some() => {
            let bases = self::earlier(args, &unlocked, backups, &identities, config, ui)?;
            for base in bases {
                open::check_holder(&unlocked, &base, path.as_bytes())?;
                // It is written from where it lies.
                unlocked = base;
            }
        }
        (true, _) => {}
    }
    let all = std::iter::once(&unlocked).chain(&earlier);
    let headers: Vec<_> = all.map(|one| one.inventory().header()).collect();
    let permit = policy
        .decide_open_chain(&headers, target)
        .map_err(|findings| CommandError::refused_by(&findings))?;
    for finding in permit.findings() {
        ui.must_say(render::finding(finding).trim_end());
    }
    listen()?;
    match output {
        Some(output) => to_stdout(args, &unlocked, permit, output, remarks, ui),
        None => to_folder(args, (&unlocked, &earlier), permit, umask, remarks, ui),
    }
}

/// The last backup that was made then or before, verified, and all that lie
/// beside it.
fn as_of_then(
    args: &Open,
    as_of: Since,
    config: &Config,
    ui: &Ui,
) -> Result<(Verified<Package>, Backups), CommandError> {
    let now = Timestamp::now();
    let backups = backups(&args.package, args, config, ui)?;
    let found = backups.as_of(as_of.before(now), args.series)?;
    ui.note(&format!(
        "the backup is number {} of {}, {}",
        found.sequence,
        found.created,
        shown(&found.path)
    ));
    let path = found.path.clone();
    let verified = verify_package(&path, &args.trust, config, ui)?;
    Ok((verified, backups))
}

fn backups(folder: &Path, args: &Open, config: &Config, ui: &Ui) -> Result<Backups, CommandError> {
    let allowed = config.allowed_signers(args.trust.allowed_signers.as_deref())?;
    let wanted = args.trust.signer.as_deref();
    let progress = Shown::new(ui);
    let found = Backups::find(folder, &allowed, Timestamp::now(), wanted, &progress);
    let found = found.map_err(stopped_or)?;
    progress.clear();
    for path in found.passed_over().iter().take(NAMED) {
        ui.must_say(&format!(
            "warning: {} was passed over: it cannot be read, or none of those you trust, or asked \
             for, has signed it",
            shown(path)
        ));
    }
    if let Some(more @ 1..) = found.passed_over().len().checked_sub(NAMED) {
        ui.must_say(&format!("and {more} more"));
    }
    Ok(found)
}

/// The earlier packages that hold what is wanted: beside the package, or where
/// the backups were looked for.
fn earlier(
    args: &Open,
    package: &Unlocked,
    known: Option<Backups>,
    identities: &Identities,
    config: &Config,
    ui: &Ui,
) -> Result<Vec<Unlocked>, CommandError> {
    let needed = open::bases_of(package, &wanted_paths(args))?;
    if needed.is_empty() {
        return Ok(Vec::new());
    }
    let backups = match (known, args.package.canonicalize()) {
        (Some(backups), _) => backups,
        (None, Ok(path)) => {
            let folder = path.parent().unwrap_or(Path::new("/"));
            backups(folder, args, config, ui)?
        }
        // From a pipe: there is nothing beside it.
        (None, Err(_)) => Backups::default(),
    };
    let signer = package.verified().signer().fingerprint();
    let mut earlier = Vec::new();
    for (base, files) in needed {
        let Some(path) = backups.path_of(base, signer) else {
            let package = base;
            return Err(OpenError::Base { package, files }.into());
        };
        let verified = verify_package(path, &args.trust, config, ui)
            .map_err(|error| error.about(format!("the earlier package {}", shown(path))))?;
        let unlocked = verified.unlock(identities);
        earlier.push(unlocked.map_err(|error| {
            CommandError::from(error).about(format!("the earlier package {}", shown(path)))
        })?);
    }
    Ok(earlier)
}

fn wanted_paths(args: &Open) -> Vec<Vec<u8>> {
    args.paths.iter().map(|p| p.as_bytes().to_vec()).collect()
}

fn to_stdout(
    args: &Open,
    unlocked: &Unlocked,
    permit: OpenPermit,
    output: Output,
    remarks: Vec<Finding>,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let progress = Shown::new(ui);
    let path = args.paths.first().map(|path| path.as_bytes());
    let emitted = open::emit(unlocked, permit, path, output, None, &progress);
    let emitted = emitted.map_err(stopped_or)?;
    progress.clear();
    let lapses: Vec<_> = path
        .and_then(|path| unlocked.inventory().lapse_of(path))
        .map(|reason| Skipped {
            path: emitted.path.clone(),
            reason: Escaped(reason.as_bytes()).to_string(),
        })
        .into_iter()
        .collect();
    for lapse in &lapses {
        ui.must_say(&not_as_it_was(&lapse.path, &lapse.reason));
    }
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
        lapses,
        lost_attributes: &[],
        earlier: Vec::new(),
        remarks,
    };
    Ok(Report::new(ui, || text, &result).beside_bytes())
}

fn to_folder(
    args: &Open,
    (unlocked, earlier): (&Unlocked, &[Unlocked]),
    permit: OpenPermit,
    umask: u32,
    remarks: Vec<Finding>,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let options = OpenOptions {
        paths: wanted_paths(args),
        outside_links: args.outside_links,
        umask,
        owner: args.owner,
        ..OpenOptions::default()
    };
    let progress = Shown::new(ui);
    let opened = open::open_chain(unlocked, earlier, permit, &options, &progress)?;
    progress.clear();
    let because = |(path, reason): &'_ (String, String)| Skipped {
        path: path.clone(),
        reason: reason.clone(),
    };
    let result = OpenReport {
        package: unlocked.verified().id().to_string(),
        path: opened.path.display().to_string(),
        entries: opened.entries,
        bytes: opened.bytes,
        outside_links: &opened.outside_links,
        skipped: opened.skipped.iter().map(because).collect(),
        lapses: opened.lapses.iter().map(because).collect(),
        lost_attributes: &opened.lost_attributes,
        earlier: earlier
            .iter()
            .map(|one| one.verified().id().to_string())
            .collect(),
        signer: SignerReport::of(unlocked.verified()),
        remarks,
    };
    let text = format!(
        "opened {} ({}) into {}\n  signed by    {}\n  fingerprint  {}\n",
        render::count(opened.entries, "entry", "entries"),
        render::bytes(opened.bytes),
        result.path,
        result.signer.name,
        result.signer.fingerprint,
    );
    let mut report = Report::new(ui, || text, &result);
    if !opened.lost_attributes.is_empty() {
        report.exit = Exit::Incomplete;
    }
    // Something the sender sent is not there: said even where quiet.
    for note in notes(&opened) {
        ui.must_say(&note);
    }
    Ok(report)
}

fn not_as_it_was(path: &str, reason: &str) -> String {
    format!("perhaps not as it was: {path} (the sender's: {reason})")
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
    let lapses = opened.lapses.iter();
    add(lapses
        .map(|(path, reason)| not_as_it_was(path, reason))
        .collect());
    let lost = opened.lost_attributes.iter();
    add(lost
        .map(|attribute| format!("not set: the attribute {attribute}"))
        .collect());
    let skipped = opened.skipped.iter();
    add(skipped
        .map(|(path, reason)| format!("not in the package: {path} (the sender's: {reason})"))
        .collect());
    notes
}
