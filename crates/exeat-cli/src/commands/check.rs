//! `exeat check`: list → inspect → decide, and write nothing.

use std::path::Path;

use exeat_core::approval::Approvals;
use exeat_core::decide::{Ask, Form, refuses};
use exeat_core::destination::{Destination, Medium, Target};
use exeat_core::diagnostic::{Finding, Severity};
use exeat_core::inspect::{self, Coverage, Depth, Facts, InspectOptions};
use exeat_core::keys::Recipients;
use exeat_core::ledger;
use exeat_core::path::Escaped;
use exeat_core::policy::{Origin, Policy, Setting};
use exeat_core::source::Source;
use jiff::Timestamp;
use serde::Serialize;

use super::asking::{self, HistoryOf, Skipped, Wanted, leave_out, skipped};
use super::{listen, readers};
use crate::args::Check;
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Checked<'a> {
    facts: &'a Facts,
    /// Where it would go; null without `--to`.
    destination: Option<Goal<'a>>,
    /// A copy in the clear.
    plain: Verdict,
    /// A sealed package.
    sealed: Verdict,
    /// What could not be read, and so was not looked into.
    skipped: Vec<Skipped>,
    excluded: u64,
    policy_sha256: String,
    /// The command that would be next: an export in a form that is allowed, or
    /// `exeat init` where nothing but a key is missing. Null where nothing is
    /// allowed.
    next: Option<String>,
}

/// What is known of the place it would go to.
#[derive(Serialize)]
struct Goal<'a> {
    medium: Medium,
    /// Whether it is behind dm-crypt.
    encrypted: bool,
    filesystem: Option<&'a str>,
    device: Option<&'a str>,
    why: &'a str,
    keys_beside: &'a [String],
}

impl<'a> Goal<'a> {
    fn of(target: &'a Target) -> Self {
        let place = target.place();
        Self {
            medium: place.medium(),
            encrypted: place.encrypted(),
            filesystem: place.filesystem(),
            device: place.device(),
            why: place.why(),
            keys_beside: target.keys_beside(),
        }
    }
}

#[derive(Serialize)]
struct Verdict {
    allowed: bool,
    findings: Vec<Finding>,
}

impl Verdict {
    fn of(findings: Vec<Finding>) -> Self {
        Self {
            allowed: !refuses(&findings),
            findings,
        }
    }
}

pub(crate) fn run(
    args: &Check,
    config: &Config,
    config_dir: Option<&Path>,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let policy = config.policy(&args.policy)?;
    let recipients = recipients(args, config)?;
    let signer = config.signer(args.signing_key.as_ref())?;
    if asking::is_piped(&args.source) {
        return Err(
            CommandError::usage("check reads files; '-' is for export alone").with_help(
                "a stream is inspected while it is sealed; a file of that name is './-'",
            ),
        );
    }
    let source = Source::open(&args.source.sources)?;
    let target = args.to.as_deref().map(|to| Destination::look(to, &source));
    let target = target.transpose()?;
    listen()?;
    let progress = Shown::new(ui);
    let listing = asking::list(&args.source, &source, &progress, ui)?;
    let depth = match args.exact {
        true => Depth::Full,
        false => policy.depth(),
    };
    let options = InspectOptions {
        depth,
        readers: Some(readers()),
        columns: policy.columns(),
        threads: None,
    };
    let inspected = inspect::inspect(&source, &listing, options, &progress)?;
    progress.clear();
    let now = Timestamp::now();
    let requester = asking::requester();
    let path = config::ledger_path(&policy)?;
    let history = asking::history(&policy, &requester, now, HistoryOf::Plain, |questions| {
        ledger::consult(&path, questions)
    })?;
    let facts = inspected.facts();
    let nobody = Approvals::default();
    let verdict = |form| {
        let ask = Ask {
            form,
            target: target.as_ref(),
            sources: listing.places(),
            label: None,
            purpose: args.purpose.as_ref().map(|purpose| purpose.as_str()),
            requester: &requester,
            created: now,
        };
        let mut findings = policy.request_findings(&ask);
        findings.extend(policy.content_findings(&ask, facts, &history));
        Verdict::of(findings)
    };
    let checked = Checked {
        facts,
        destination: target.as_ref().map(Goal::of),
        plain: verdict(Form::Plain),
        sealed: verdict(Form::Sealed {
            recipients: recipients.as_ref(),
            signer: signer.as_ref(),
            approvals: Some(&nobody),
        }),
        skipped: skipped(&listing),
        excluded: listing.excluded(),
        policy_sha256: policy.sha256().to_string(),
        next: None,
    };
    let next = next(args, &checked, config_dir);
    let checked = Checked { next, ..checked };
    let mut report = Report::new(ui, || text(args, &source, &checked, &policy), &checked);
    let asked = if args.plain {
        &checked.plain
    } else {
        &checked.sealed
    };
    leave_out(&mut report, &checked.skipped, "export");
    if !checked.skipped.is_empty() {
        let note = "what could not be read was not inspected either";
        report.notes.push(note.to_owned());
    }
    if !asked.allowed {
        report.exit = Exit::Refused;
    }
    Ok(report)
}

/// Those who were named; `None` where nobody was.
fn recipients(args: &Check, config: &Config) -> Result<Option<Recipients>, CommandError> {
    let named = &args.recipients;
    if named.keys.recipient.is_empty() && named.keys.recipients_file.is_empty() && !named.passphrase
    {
        return Ok(None);
    }
    Wanted::of(named, config)?.unasked().map(Some)
}

/// What to type next. Where what was asked for is refused there is nothing to
/// type: each finding says what to do.
fn next(args: &Check, checked: &Checked<'_>, config_dir: Option<&Path>) -> Option<String> {
    let is_plain = args.plain && checked.plain.allowed;
    if !is_plain && !checked.sealed.allowed {
        let is_only_unsigned = checked
            .sealed
            .findings
            .iter()
            .all(|finding| finding.severity != Severity::Refuse || finding.code == "unsigned");
        return is_only_unsigned.then(|| "exeat init --name YOU@YOUR.ORGANISATION".to_owned());
    }
    let path = |path: &Path| render::shell(&path.display().to_string());
    let mut words = vec!["exeat".to_owned()];
    let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
    if let Some(dir) = config_dir {
        add("--config-dir", path(dir));
    }
    words.push("export".to_owned());
    words.extend(args.source.sources.iter().map(|source| path(source)));
    let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
    let to = args.to.as_deref();
    add("--to", to.map_or_else(|| "DIR".to_owned(), path));
    for pattern in &args.source.exclude {
        add("--exclude", render::shell(pattern));
    }
    for file in &args.policy.files {
        add("--policy", path(file));
    }
    if let Some(purpose) = &args.purpose {
        add("--purpose", render::shell(purpose.as_str()));
    }
    if let Some(key) = &args.signing_key {
        add("--signing-key", key.word());
    }
    let named = &args.recipients;
    for recipient in &named.keys.recipient {
        add("-r", render::shell(recipient));
    }
    for file in &named.keys.recipients_file {
        add("-R", path(file));
    }
    let is_nobody = named.keys.recipient.is_empty() && named.keys.recipients_file.is_empty();
    if !is_plain && is_nobody && !named.passphrase {
        add("-r", "RECIPIENT".to_owned());
    }
    let flags = [
        (args.source.skip_unreadable, "--skip-unreadable"),
        (named.passphrase, "--passphrase"),
        (is_plain, "--plain"),
    ];
    words.extend(flags.iter().filter(|f| f.0).map(|f| f.1.to_owned()));
    Some(words.join(" "))
}

fn text(args: &Check, source: &Source, checked: &Checked<'_>, policy: &Policy) -> String {
    let mut text = format!(
        "{}: {}\n",
        Escaped(source.first_name()),
        render::content(checked.facts)
    );
    text += &render::facts(checked.facts);
    if checked.facts.coverage == Coverage::Stopped {
        text += "  --exact reads all of it\n";
    }
    if let Some(goal) = &checked.destination {
        text += &format!("  goes to        {}\n", goal.why);
    }
    let form = match checked.destination {
        None if checked.plain.allowed && checked.facts.has_personal_data() => {
            "in the clear, onto a disk of this machine"
        }
        _ => "in the clear",
    };
    text += &verdict(form, &checked.plain);
    if !args.plain || !checked.plain.allowed {
        text += &verdict("sealed", &checked.sealed);
    }
    let is_from_a_file = |setting: Setting| setting.origin != Origin::Floor;
    if policy.settings().into_iter().any(is_from_a_file) {
        text += "the rules are the floor's and those of your policy files: 'exeat policy show'\n";
    }
    text += "nothing was written\n";
    if let Some(next) = &checked.next {
        text += &format!("next: {next}\n");
    }
    text
}

fn verdict(form: &str, verdict: &Verdict) -> String {
    let answer = match verdict.allowed {
        true => "allowed",
        false => "REFUSED",
    };
    let mut text = format!("{form}: {answer}\n");
    for finding in &verdict.findings {
        text += &render::finding(finding);
    }
    text
}
