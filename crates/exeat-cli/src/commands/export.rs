//! `exeat export`: list → decide → seal → decide → publish.

use std::path::Path;

use exeat_core::decide::{Decision, Note, Permit, Request};
use exeat_core::deliver::{self, Delivered, Staging};
use exeat_core::destination::{Destination, PackageName};
use exeat_core::entry::EntryKind;
use exeat_core::keys::{Recipient, RecipientBook, Recipients};
use exeat_core::manifest::{Compression, NamedKey, PackageId};
use exeat_core::path::{Escaped, shown};
use exeat_core::policy::Policy;
use exeat_core::seal::{self, Estimate, SealOptions};
use exeat_core::signature::SigningKey;
use exeat_core::source::{Exclude, ListOptions, Listing, Source};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;

use super::{listen, new_passphrase};
use crate::args::Export;
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::render;
use crate::signals;
use crate::ui::{Report, Ui};

/// How many left-out paths are named to people; the rest is counted.
const NAMED: usize = 20;

#[derive(Serialize)]
struct Exported {
    /// False after `--dry-run`.
    written: bool,
    package: String,
    path: String,
    signer: String,
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
}

#[derive(Serialize)]
struct Skipped {
    path: String,
    reason: String,
}

pub(crate) fn run(
    args: Export,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let now = Timestamp::now();
    let package = PackageId::generate();
    let recipients = recipients(&args, config)?;
    let key = config.signing_key(args.signing_key.as_deref())?;
    let source = Source::open(&args.sources)?;
    let name = match args.name.clone() {
        Some(name) => name,
        None => default_name(now, package)?,
    };
    let destination = Destination::folder(&args.to, name, &source)?;
    let recipients = ask_passphrase(recipients, args.dry_run, ui)?;
    let named = NamedKey::of(&recipients);
    listen()?;
    let progress = Shown::new(ui);
    let options = ListOptions {
        exclude: Exclude::new(&args.exclude).map_err(CommandError::usage)?,
        skip_unreadable: args.skip_unreadable,
    };
    let listing = source.list(&options, &progress)?;
    for pattern in listing.idle_patterns() {
        ui.must_say(&format!(
            "warning: --exclude '{pattern}' matched nothing; a pattern is a name such as '*.tmp', \
             or a path that begins with the name of what is exported, such as '{}/old'",
            Escaped(source.first_name())
        ));
    }
    let request = Request {
        package,
        recipients,
        signer: key.as_ref().map(|key| key.public().fingerprint()),
        destination,
        created: Timestamp::from_second(now.as_second()).unwrap_or(now),
        label: args.label.clone(),
        purpose: args.purpose.clone(),
        requester: requester(),
    };
    let policy = Policy::floor();
    let permit = match policy.decide(request, listing) {
        Decision::Permit(permit) => permit,
        Decision::Refusal(refusal) => return Err(CommandError::refused(refusal.findings())),
    };
    let key = key.expect("a decision that permits an export demands a signer");
    let seal_options = SealOptions {
        compress: args.compress,
        volume_size: args.volume_size,
        threads: None,
    };
    let mut exported = describe(package, &permit, &key, named);
    if args.dry_run {
        let estimate = seal::estimate(&permit, &seal_options)?;
        progress.clear();
        return Ok(dry_run(exported, &estimate, ui));
    }
    let delivered = deliver(permit, &source, &key, &seal_options, umask, &progress)?;
    progress.clear();
    let manifest = &delivered.manifest;
    exported.written = true;
    exported.volumes = manifest.payload.volumes.len() as u64;
    exported.payload_bytes = manifest.payload.bytes;
    exported.compression = Some(manifest.payload.compression);
    exported.manifest_sha256 = Some(delivered.manifest_sha256.to_string());
    Ok(report(&exported, &delivered.path, ui))
}

/// Seals, decides again, and publishes.
fn deliver(
    permit: Permit,
    source: &Source,
    key: &SigningKey,
    options: &SealOptions,
    umask: u32,
    progress: &Shown,
) -> Result<Delivered, CommandError> {
    let staging = Staging::create(&permit, umask)?;
    let sealed = seal::seal(permit, source, staging, options, progress)?;
    let release = match Policy::floor().decide_content(&sealed.content()) {
        Decision::Permit(release) => release,
        Decision::Refusal(refusal) => return Err(CommandError::refused(refusal.findings())),
    };
    let complete = sealed.complete(release, key)?;
    // The last moment at which stopping leaves nothing behind.
    if let Some(signal) = signals::received() {
        return Err(CommandError::new(
            Exit::Interrupted(signal),
            "interrupted",
            "interrupted",
        ));
    }
    Ok(deliver::publish(complete)?)
}

/// What was asked for, before a passphrase is read.
enum Wanted {
    Keys(Vec<Recipient>),
    Passphrase,
}

fn recipients(args: &Export, config: &Config) -> Result<Wanted, CommandError> {
    if args.passphrase {
        return Ok(Wanted::Passphrase);
    }
    let mut found = Vec::new();
    let book = match args.recipient.iter().any(|text| !looks_like_key(text)) {
        true => Some(config.recipients()?),
        false => None,
    };
    for text in &args.recipient {
        found.push(recipient(text, book.as_ref())?);
    }
    for path in &args.recipients_file {
        let text = config::read_text(path).map_err(|e| config::cannot_read(path, &e))?;
        let listed = Recipient::parse_file(&text)
            .map_err(|error| CommandError::from(error).about(shown(path)))?;
        found.extend(listed);
    }
    Ok(Wanted::Keys(found))
}

fn looks_like_key(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("age1")
        || text.starts_with("ssh-")
        || text.to_ascii_uppercase().starts_with("AGE-")
}

/// A recipient given by its key, or by its name in `recipients.toml`.
fn recipient(text: &str, book: Option<&RecipientBook>) -> Result<Recipient, CommandError> {
    let Some(book) = book.filter(|_| !looks_like_key(text)) else {
        return Recipient::parse(text).map_err(|e| CommandError::from(e).ending(Exit::Usage));
    };
    book.find(text.trim()).cloned().ok_or_else(|| {
        let text = Escaped(text.as_bytes());
        let names: Vec<_> = book
            .names()
            .map(|n| Escaped(n.as_bytes()).to_string())
            .collect();
        let known = match names.len() {
            0 => "there is no recipients.toml with names in it yet".to_owned(),
            _ => format!("the names in recipients.toml are: {}", names.join(", ")),
        };
        CommandError::usage(format!(
            "'{text}' is neither an age recipient nor a known name"
        ))
        .with_help(format!("an age recipient begins with 'age1'; {known}"))
    })
}

fn ask_passphrase(wanted: Wanted, is_dry_run: bool, ui: &Ui) -> Result<Recipients, CommandError> {
    match wanted {
        Wanted::Keys(keys) => Ok(Recipients::keys(keys)?),
        // Nothing will be sealed with it.
        Wanted::Passphrase if is_dry_run => {
            Ok(Recipients::passphrase(SecretString::from("unused"))?)
        }
        Wanted::Passphrase => {
            let prompt = "Passphrase for the package (or Enter to have one made): ";
            let passphrase = new_passphrase(prompt)?;
            ui.note(
                "Tell it to the recipient by another channel than the one the package goes by.",
            );
            Ok(Recipients::passphrase(passphrase)?)
        }
    }
}

/// Says nothing about the content to whoever finds the package.
fn default_name(now: Timestamp, package: PackageId) -> Result<PackageName, CommandError> {
    let day = now.strftime("%Y-%m-%d");
    Ok(format!("{day}-{}", package.short()).parse()?)
}

/// The user who runs the program, by number where there is no name.
fn requester() -> Option<Note> {
    let uid = rustix::process::getuid().as_raw();
    let passwd = config::read_text(Path::new("/etc/passwd")).unwrap_or_default();
    let name = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("uid {uid}")).parse().ok()
}

fn describe(
    package: PackageId,
    permit: &Permit,
    key: &SigningKey,
    recipients: Vec<NamedKey>,
) -> Exported {
    let listing = permit.listing();
    Exported {
        written: false,
        package: package.to_string(),
        path: permit
            .request()
            .destination
            .package_path()
            .display()
            .to_string(),
        signer: key.public().fingerprint().to_string(),
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
    }
}

fn skipped(listing: &Listing) -> Vec<Skipped> {
    let left_out = listing.entries().filter_map(|entry| {
        Some(Skipped {
            path: entry.path().to_string(),
            reason: entry.skipped()?.to_owned(),
        })
    });
    left_out.collect()
}

fn dry_run(mut exported: Exported, estimate: &Estimate, ui: &Ui) -> Report {
    exported.volumes = estimate.volumes as u64;
    exported.payload_bytes = estimate.stream;
    let mut text = format!("would seal {} into {}\n", content(&exported), exported.path);
    text += &details(&exported);
    text += "nothing was written\n";
    let mut report = Report::new(ui, || text, &exported);
    leave_out(&mut report, &exported);
    report.exit = Exit::Done;
    report
}

fn report(exported: &Exported, path: &Path, ui: &Ui) -> Report {
    let mut text = format!("sealed {} into {}\n", content(exported), exported.path);
    text += &details(exported);
    let shown = render::shell(&path.display().to_string());
    text += &format!("next: exeat verify {shown}\n");
    let mut report = Report::new(ui, || text, exported);
    leave_out(&mut report, exported);
    report
}

fn content(exported: &Exported) -> String {
    let files = render::count(exported.files, "file", "files");
    format!("{files} ({})", render::bytes(exported.bytes))
}

fn details(exported: &Exported) -> String {
    let mut text = format!("  package      {}\n", exported.package);
    for recipient in &exported.recipients {
        let name = recipient
            .name
            .as_ref()
            .map(|n| format!("{} ", Escaped(n.as_bytes())));
        text += &format!(
            "  for          {}{}\n",
            name.unwrap_or_default(),
            recipient.key
        );
    }
    text += &format!("  signed with  {}\n", exported.signer);
    let volumes = render::count(exported.volumes, "volume", "volumes");
    let how = match exported.compression {
        Some(Compression::Zstd) => ", compressed",
        _ => "",
    };
    text += &format!(
        "  volumes      {volumes}, {}{how}\n",
        render::bytes(exported.payload_bytes)
    );
    if exported.excluded > 0 {
        let excluded = render::count(exported.excluded, "entry", "entries");
        text += &format!("  left out     {excluded} by --exclude\n");
    }
    text
}

/// Says what could not be read, and ends with the code for it.
fn leave_out(report: &mut Report, exported: &Exported) {
    if exported.skipped.is_empty() {
        return;
    }
    report.exit = Exit::Incomplete;
    for skipped in exported.skipped.iter().take(NAMED) {
        report
            .notes
            .push(format!("left out: {} ({})", skipped.path, skipped.reason));
    }
    let count = exported.skipped.len();
    if count > NAMED {
        report.notes.push(format!("and {} more", count - NAMED));
    }
    let what = match count {
        1 => "1 entry could not be read and is".to_owned(),
        _ => format!(
            "{} entries could not be read and are",
            render::thousands(count as u64)
        ),
    };
    report
        .notes
        .push(format!("incomplete: {what} not in the package"));
}
