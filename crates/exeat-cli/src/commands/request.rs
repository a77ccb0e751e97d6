//! `exeat request`: list → inspect → decide → record → write what others are
//! asked to agree to.

use std::io;
use std::path::{Path, PathBuf};

use exeat_core::approval::{ApprovalError, ReleaseRequest};
use exeat_core::decide::{NotProposed, Proposal, Proposed, Subject};
use exeat_core::destination::{Destination, Target};
use exeat_core::inspect::{self, Depth, Facts, InspectOptions, Inspected};
use exeat_core::keys::write_secret_file;
use exeat_core::manifest::{NamedKey, RequestId, Scope};
use exeat_core::path::{Escaped, shown};
use exeat_core::policy::Policy;
use exeat_core::source::{Listing, Source};
use exeat_core::statement::Signed;
use jiff::Timestamp;
use serde::Serialize;

use super::asking::{self, HistoryOf, Skipped, Wanted, leave_out, skipped};
use super::{listen, now, readers, stop_if_asked, stopped_or};
use crate::args::{Request, is_dash};
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Asked<'a> {
    request: String,
    path: String,
    expires: String,
    signer: String,
    recipients: &'a [NamedKey],
    purpose: &'a str,
    scope: &'a Scope,
    /// What was found inside; null for a standing request.
    facts: Option<&'a Facts>,
    /// How many approvals the policy asks for.
    needed: u32,
    /// Those who may approve; null where the policy does not say.
    approvers: Option<Vec<String>>,
    skipped: Vec<Skipped>,
}

pub(crate) fn run(args: &Request, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let policy = config.policy(&args.policy)?;
    let recipients = Wanted::keys(&args.recipients, config)?.unasked()?;
    let key = config.signing_key(args.signing_key.as_ref(), ui)?;
    let key = key.ok_or_else(|| {
        CommandError::usage("there is no key to sign the request with")
            .with_help("run 'exeat init' to make one")
    })?;
    let created = now();
    let expires = expires(args, created)?;
    let source = source(args)?;
    listen()?;
    key.rehearse().map_err(stopped_or)?;
    let progress = Shown::new(ui);
    let listing = asking::list(&args.source, &source, &progress, ui)?;
    let proposal = Proposal {
        id: RequestId::generate(),
        created,
        expires,
        label: args.standing.clone().or_else(|| args.label.clone()),
        purpose: args.purpose.clone(),
        recipients,
        requester: asking::requester(),
        signer: key.public().fingerprint(),
        target: target(args, &source)?,
    };
    let proposed = propose(args, &proposal, &policy, &source, &listing, &progress)?;
    let Proposed { request, needed } = proposed;
    let path = output(args, proposal.id)?;
    progress.clear();
    stop_if_asked()?;
    let request = request.sign(&key).map_err(stopped_or)?;
    let ledger = config.ledger(&policy)?;
    // What is on record has to be there.
    write(&path, &request.to_bytes())?;
    let recorded = ledger
        .lock()
        .and_then(|locked| locked.ask(&request, &proposal.requester));
    if let Err(error) = recorded {
        config::remove_files(std::slice::from_ref(&path));
        return Err(error.into());
    }
    Ok(report(&request, &path, needed, &policy, &listing, ui))
}

/// Until when it is to be good: said at once, and not when all has been read.
fn expires(args: &Request, created: Timestamp) -> Result<Timestamp, CommandError> {
    let longest = match args.standing {
        None => ReleaseRequest::LONGEST,
        Some(_) => ReleaseRequest::LONGEST_STANDING,
    };
    let after = |time| created.checked_add(time).unwrap_or(Timestamp::MAX);
    match args.expires <= longest {
        true => Ok(after(args.expires)),
        false => {
            let latest = after(longest);
            Err(ApprovalError::Expiry { latest }.into())
        }
    }
}

/// What is to leave. Of a stream nothing is read: nobody could read it again.
fn source(args: &Request) -> Result<Source, CommandError> {
    let is_piped = asking::is_piped(&args.source);
    if !is_piped {
        return match args.stdin_name {
            None => Ok(Source::open(&args.source.sources)?),
            Some(_) => Err(CommandError::usage(
                "--stdin-name names what comes through '-', which is not among the sources",
            )),
        };
    }
    if args.standing.is_none() {
        return Err(CommandError::usage(
            "a stream cannot be read twice, so nobody can approve what is in it",
        )
        .with_help(
            "put it into a file first, or ask with --standing for whatever comes through it",
        ));
    }
    if args.source.sources.len() > 1 {
        return Err(CommandError::usage(
            "'-' stands for a stream, which makes a package of its own",
        ));
    }
    let name = args.stdin_name.as_deref().unwrap_or(asking::STREAM);
    Source::piped(name, Box::new(io::empty()))
        .map_err(|error| CommandError::usage(format!("--stdin-name: {error}")))
}

/// Where it is to go, if that was said.
fn target(args: &Request, source: &Source) -> Result<Option<Target>, CommandError> {
    Ok(match args.to.as_deref() {
        None => None,
        // One like that which the export will have.
        Some(to) if is_dash(to) => {
            let pipe = io::pipe().map_err(|e| CommandError::io("cannot make a pipe", &e))?;
            Some(Destination::stream(&pipe.1).into_target())
        }
        Some(to) => Some(Destination::look(to, source)?),
    })
}

fn propose(
    args: &Request,
    proposal: &Proposal,
    policy: &Policy,
    source: &Source,
    listing: &Listing,
    progress: &Shown,
) -> Result<Proposed, CommandError> {
    let inspected: Option<Inspected> = match args.standing {
        Some(_) => None,
        None => {
            let options = InspectOptions {
                depth: Depth::Full,
                readers: Some(readers()),
                columns: policy.columns(),
                threads: None,
            };
            Some(inspect::inspect(source, listing, options, progress)?)
        }
    };
    let subject = match (&inspected, args.ceiling) {
        (Some(inspected), _) => Subject::Content(inspected),
        (None, ceiling) => Subject::Standing {
            ceiling: ceiling.expect("the command line demands it beside --standing"),
        },
    };
    let path = config::ledger_path(policy)?;
    let (requester, created) = (&proposal.requester, proposal.created);
    let of = HistoryOf::Sealed(None);
    let history = asking::history(policy, requester, created, of, |questions| {
        exeat_core::ledger::consult(&path, questions)
    })?;
    match policy.propose(proposal, listing, subject, &history) {
        Ok(proposed) => Ok(proposed),
        Err(NotProposed::Refused(findings)) => {
            let mut error = CommandError::refused_by(&findings);
            error.facts = inspected.map(|inspected| Box::new(inspected.facts().clone()));
            Err(error.with_help("approvals would not help: this is refused for other reasons"))
        }
        Err(NotProposed::Unfit(error)) => Err(error.into()),
    }
}

/// The file to write. It is made where nothing of that name is.
fn output(args: &Request, id: RequestId) -> Result<PathBuf, CommandError> {
    let path = match &args.output {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("request-{}.json", id.short())),
    };
    vacant(&path)?;
    Ok(path)
}

/// Says early that there is something of that name.
pub(super) fn vacant(path: &Path) -> Result<(), CommandError> {
    match path.symlink_metadata() {
        Ok(_) => Err(CommandError::new(
            Exit::Failed,
            "destination-exists",
            format!("{} exists already; nothing was written", shown(path)),
        )
        .with_help("name another file with -o")),
        Err(_) => Ok(()),
    }
}

/// Writes a new file for its owner alone.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    write_secret_file(path, bytes).map_err(|error| {
        CommandError::io(format!("cannot write {}", shown(path)), &error)
            .with_help("name another file with -o")
    })
}

fn report(
    request: &Signed<ReleaseRequest>,
    path: &Path,
    needed: u32,
    policy: &Policy,
    listing: &Listing,
    ui: &Ui,
) -> Report {
    let said = request.statement();
    let approvers = policy.approver_names();
    let asked = Asked {
        request: said.id.to_string(),
        path: path.display().to_string(),
        expires: said.expires.to_string(),
        signer: said.signer.to_string(),
        recipients: &said.recipients,
        purpose: &said.purpose,
        scope: &said.scope,
        facts: said.facts.as_ref(),
        needed,
        approvers: approvers.map(|names| names.into_iter().collect()),
        skipped: skipped(listing),
    };
    let mut report = Report::new(ui, || text(&asked), &asked);
    leave_out(&mut report, &asked.skipped, "request");
    report
}

fn text(asked: &Asked<'_>) -> String {
    let shown = render::shell(&asked.path);
    let mut text = format!("asked: {shown}\n");
    text += &super::answer::scope(asked.scope);
    if let Some(facts) = asked.facts {
        text += &render::facts(facts);
    }
    text += &render::recipients(asked.recipients);
    text += &format!("  expires      {}\n", asked.expires);
    let names = asked.approvers.iter().flatten();
    let names: Vec<_> = names
        .map(|name| Escaped(name.as_bytes()).to_string())
        .collect();
    let who = match names.len() {
        0 => "those who may approve (the policy does not say who)".to_owned(),
        _ => names.join(", "),
    };
    text += &match asked.needed {
        0 => "the policy asks for no approval of so many people\n".to_owned(),
        needed => format!(
            "next: send {shown} to {}: {who}\n      they run: exeat approve {shown}\n      \
             then export with an --approval FILE of each\n",
            match needed {
                1 => "one of these".to_owned(),
                needed => format!("{needed} of these"),
            }
        ),
    };
    text += "it holds the names of files and columns: send it as you would send those\n";
    text
}
