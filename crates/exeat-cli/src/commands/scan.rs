//! `exeat scan`: what lies open on the disks of this machine.

use std::path::{Path, PathBuf};

use exeat_core::diagnostic::Finding;
use exeat_core::inspect::{Class, ClassFacts};
use exeat_core::path::{Escaped, shown};
use exeat_core::policy::Policy;
use exeat_core::scan::{self, Cache, Exposure, Ignore, OpenFile, ScanOptions, Scanned, UnseenFile};
use jiff::Timestamp;
use serde::Serialize;

use super::{listen, readers};
use crate::args::Scan;
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Report, Ui};

mod served;

/// How many files are shown to people; JSON has more.
const SHOWN: usize = 200;
/// How many files that could not be inspected are shown to people.
const UNSEEN: usize = 200;

/// The result as JSON: what [`Scanned`] says, and under which rules.
#[derive(Serialize)]
struct Document<'a> {
    files: &'a [OpenFile],
    found: u64,
    unseen: u64,
    unseen_files: &'a [UnseenFile],
    looked_at: u64,
    bytes: u64,
    known: u64,
    ignored: u64,
    links: u64,
    /// When it was done, RFC 3339.
    at: String,
    /// Files with patterns of what was left out, that were obeyed.
    ignore_files: Vec<String>,
    policy_sha256: String,
}

pub(crate) fn run(args: &Scan, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let policy = config.policy(&args.policy)?;
    let (ignore, ignore_files, passed_over) = ignore(args, config)?;
    let now = Timestamp::now();
    let looker = looker(&policy);
    let cache_path = cache_path(args)?;
    let cache = match &cache_path {
        Some(path) => config::read_cache(path, &looker)?,
        None => Cache::new(&looker),
    };
    listen()?;
    // Others on the machine come first. Where the system says no, it is only
    // less polite.
    let _ = rustix::process::setpriority_process(None, 19);
    let mut web_roots: Vec<PathBuf> = args.web_root.clone();
    web_roots.extend(served::roots());
    let options = ScanOptions {
        policy: &policy,
        readers: Some(readers()),
        since: args.since.map(|since| since.before(now)),
        ignore,
        cache,
        now,
        web_roots: web_roots
            .iter()
            .filter_map(|root| root.canonicalize().ok())
            .collect(),
        threads: None,
    };
    let progress = Shown::new(ui);
    let (scanned, cache) = scan::scan(&args.paths, options, &progress)?;
    progress.clear();
    let kept = match &cache_path {
        Some(path) if cache.is_changed() => config::write_cache(path, &cache),
        _ => Ok(()),
    };
    let document = Document {
        files: &scanned.files,
        found: scanned.found,
        unseen: scanned.unseen,
        // Without --strict they are counted.
        unseen_files: if args.strict {
            &scanned.unseen_files
        } else {
            &[]
        },
        looked_at: scanned.looked_at,
        bytes: scanned.bytes,
        known: scanned.known,
        ignored: scanned.ignored,
        links: scanned.links,
        ignore_files: ignore_files
            .iter()
            .map(|path| shown(path).to_string())
            .collect(),
        at: now.to_string(),
        policy_sha256: policy.sha256().to_string(),
    };
    let mut report = Report::new(ui, || text(args, &scanned), &document);
    if scanned.found > 0 || args.strict && scanned.unseen > 0 {
        report.exit = Exit::Refused;
    }
    if let Err(error) = kept {
        report.notes.push(format!(
            "warning: what was looked at could not be remembered, so the next scan takes as \
             long: {error}"
        ));
    }
    for path in passed_over {
        report.notes.push(format!(
            "warning: {} lies in what is scanned, and was not obeyed",
            shown(&path)
        ));
    }
    Ok(report)
}

/// Who looks: this very program, under these rules.
fn looker(policy: &Policy) -> Vec<u8> {
    let program = std::fs::metadata("/proc/self/exe").ok().map(|program| {
        use std::os::unix::fs::MetadataExt as _;
        (program.len(), program.mtime(), program.mtime_nsec())
    });
    format!(
        "exeat {} {program:?} {}",
        env!("CARGO_PKG_VERSION"),
        policy.sha256()
    )
    .into_bytes()
}

fn cache_path(args: &Scan) -> Result<Option<PathBuf>, CommandError> {
    match (&args.cache, args.no_cache) {
        (_, true) => Ok(None),
        (Some(path), _) => Ok(Some(path.clone())),
        (None, _) => config::cache_path().map(Some),
    }
}

/// The patterns beside the policies; the files they come from; and those that
/// lie in what is scanned, where anybody could have put them.
fn ignore(
    args: &Scan,
    config: &Config,
) -> Result<(Ignore, Vec<PathBuf>, Vec<PathBuf>), CommandError> {
    let roots: Vec<PathBuf> = args
        .paths
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let is_inside = |path: &Path| {
        let real = path.canonicalize();
        real.is_ok_and(|path| roots.iter().any(|root| path.starts_with(root)))
    };
    let found = config.ignore_files(&args.policy)?;
    let (inside, found): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(path, _)| is_inside(path));
    let mut checked = Vec::new();
    for (path, text) in &found {
        if let Err(error) = Ignore::parse([text.as_str()]) {
            return Err(config::invalid(path, error));
        }
        checked.push(path.clone());
    }
    let texts = found.iter().map(|(_, text)| text.as_str());
    let ignore = Ignore::parse(texts)
        .map_err(|error| CommandError::new(Exit::Configuration, "configuration-invalid", error))?;
    let inside = inside.into_iter().map(|(path, _)| path).collect();
    Ok((ignore, checked, inside))
}

fn text(args: &Scan, scanned: &Scanned) -> String {
    let mut text = String::new();
    let files = &scanned.files[..scanned.files.len().min(SHOWN)];
    for file in files {
        text += &open_file(file);
    }
    if scanned.found > files.len() as u64 {
        let more = scanned.found - files.len() as u64;
        text += &format!(
            "and {} more; --json names {}\n",
            render::count(more, "file", "files"),
            render::thousands(scan::MAX_FOUND as u64)
        );
    }
    if args.strict {
        for file in scanned.unseen_files.iter().take(UNSEEN) {
            let (path, reason) = (escaped(&file.path), escaped(&file.reason));
            text += &format!("not inspected: {path} ({reason})\n");
        }
        let named = scanned.unseen_files.len().min(UNSEEN) as u64;
        if scanned.unseen > named {
            let more = render::count(scanned.unseen - named, "file", "files");
            text += &format!("and {more} that could not be inspected\n");
        }
    }
    text += &summary(args, scanned);
    text
}

fn open_file(file: &OpenFile) -> String {
    let mut text = format!("{}\n", escaped(&file.path));
    text += &format!("  {}\n", render::people(file.facts()));
    if !file.classes.is_empty() {
        let classes: Vec<String> = file.classes.iter().map(class).collect();
        text += &format!("  {}\n", classes.join(", "));
    }
    text += &format!("  {}\n", exposure(&file.exposure));
    let codes: Vec<&str> = file.findings.iter().map(code).collect();
    text += &format!("  {}\n", codes.join(", "));
    if file.is_partly_unseen {
        text += "  a part of it could not be inspected\n";
    }
    text
}

fn class(found: &ClassFacts) -> String {
    match found.class {
        Class::PrivateKey => "a private key".to_owned(),
        class => format!("{} ({})", class.label(), render::thousands(found.count)),
    }
}

fn code(finding: &Finding) -> &str {
    &finding.code
}

fn exposure(exposure: &Exposure) -> String {
    let mut words = Vec::new();
    if let Some(root) = &exposure.web_root {
        words.push(format!(
            "below {}, which a web server may serve",
            escaped(root)
        ));
    }
    if exposure.medium.is_outside() {
        words.push(format!("on a medium that is {}", exposure.medium));
    }
    words.push(match exposure.world_readable {
        true => "readable by everybody on this machine".to_owned(),
        false => "not readable by everybody".to_owned(),
    });
    let days = u64::try_from(exposure.age_days).unwrap_or_default();
    words.push(match days {
        0 => "changed today".to_owned(),
        days => format!("unchanged for {}", render::count(days, "day", "days")),
    });
    words.join("; ")
}

fn summary(args: &Scan, scanned: &Scanned) -> String {
    let looked = render::count(scanned.looked_at, "file", "files");
    let mut text = format!("{looked} ({}) looked at", render::bytes(scanned.bytes));
    if scanned.known > 0 {
        text += &format!(
            ", {} of them known from an earlier scan",
            render::thousands(scanned.known)
        );
    }
    text += "; ";
    text += &match scanned.found {
        0 => "none was found to lie open\n".to_owned(),
        1 => "1 lies open\n".to_owned(),
        found => format!("{} lie open\n", render::thousands(found)),
    };
    if scanned.unseen > 0 {
        let unseen = render::count(scanned.unseen, "file", "files");
        text += &format!("{unseen} could not be inspected, and may hold anything");
        text += if args.strict {
            "\n"
        } else {
            ": --strict lists them\n"
        };
    }
    if scanned.ignored > 0 {
        let ignored = render::count(scanned.ignored, "file or folder", "files and folders");
        text += &format!("{ignored} left out by .exeatignore\n");
    }
    if scanned.links > 0 {
        let links = render::count(scanned.links, "link", "links");
        text += &format!("{links} not followed\n");
    }
    if scanned.found > 0 {
        text += "move these files to where only those who need them can read them, or seal them \
                 with 'exeat export' and delete them; what was below a web server's root may \
                 have been read by anybody: look into its logs\n";
    }
    text
}

fn escaped(text: &str) -> String {
    Escaped(text.as_bytes()).to_string()
}
