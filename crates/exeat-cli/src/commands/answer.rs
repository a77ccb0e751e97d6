//! `exeat approve` and `exeat reject`: read → judge who asks → show → ask →
//! sign → record → write.

use std::path::{Path, PathBuf};

use exeat_core::approval::{self, Answer, REQUEST_NAMESPACE, ReleaseRequest};
use exeat_core::decide::Note;
use exeat_core::diagnostic::Finding;
use exeat_core::inspect::Facts;
use exeat_core::ledger::{self, Sum};
use exeat_core::manifest::{NamedKey, RequestedBy, Scope, Verdict};
use exeat_core::path::{Escaped, shown};
use exeat_core::signature::{Fingerprint, SigningKey};
use exeat_core::statement::{Signed, Statement as _};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde::Serialize;

use known::Known;

use super::request::{vacant, write};
use super::{SignerReport, asking, listen, now, stop_if_asked, stopped_or};
use crate::args::{AnswerArgs, Approve, Reject};
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::terminal;
use crate::ui::{Report, Ui};

mod known;

#[derive(Serialize)]
struct Answered<'a> {
    verdict: Verdict,
    request: String,
    path: String,
    expires: String,
    /// The key that answered.
    key: String,
    /// The name that the policy here has for it; null where it has none.
    approver: Option<&'a str>,
    /// Who signed the request; null where a rejection is by somebody who does
    /// not trust them.
    signer: Option<SignerReport>,
    requester: &'a RequestedBy,
    purpose: &'a str,
    label: Option<&'a str>,
    scope: &'a Scope,
    /// Whether the ledger here has the request.
    is_on_record: bool,
    recipients: &'a [Holding],
    facts: Option<&'a Facts>,
    findings: &'a [Finding],
}

/// A recipient, and what they have been sent before.
#[derive(Serialize)]
struct Holding {
    key: String,
    /// As the requester calls them.
    name: Option<String>,
    /// As the recipients or the policy here call whoever has the key; null where
    /// they do not have it.
    known_as: Option<String>,
    /// Whether the recipients or the policy here have the requester's name for
    /// another key, and not for this one.
    is_contradicted: bool,
    /// Sealed exports for them in the ledger.
    exports: u64,
    /// The people in those, summed: who is in two of them counts twice.
    people: u64,
}

pub(crate) fn approve(args: &Approve, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let asking = Asking {
        args: &args.answer,
        verdict: Verdict::Approve,
        why: args.why.as_ref(),
        expires: args.expires,
        yes: args.yes,
    };
    asking.run(config, ui)
}

pub(crate) fn reject(args: &Reject, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let asking = Asking {
        args: &args.answer,
        verdict: Verdict::Reject,
        why: Some(&args.why),
        expires: None,
        // Nothing leaves by it.
        yes: true,
    };
    asking.run(config, ui)
}

/// What one of the two commands was asked to do.
struct Asking<'a> {
    args: &'a AnswerArgs,
    verdict: Verdict,
    why: Option<&'a Note>,
    expires: Option<SignedDuration>,
    yes: bool,
}

impl Asking<'_> {
    fn run(&self, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
        let args = self.args;
        let policy = config.policy(&args.policy)?;
        let request = read(&args.request)?;
        let asked = request.statement();
        let created = now();
        approval::in_time(asked, created)?;
        let own = config.signer(args.key.as_ref())?.ok_or_else(|| {
            CommandError::usage("there is no key to sign with")
                .with_help("name one with --key, or make one with 'exeat init'")
        })?;
        if own == request.fingerprint() && self.verdict == Verdict::Approve {
            return Err(approval::ApprovalError::OwnRequest.into());
        }
        let signer = self.signer(&request, config)?;
        let path = self.output(&own)?;
        let known = Known {
            own: &config.recipients()?,
            policy: &policy,
        };
        let (holdings, is_on_record) = holdings(&known, asked)?;
        let approver = policy.approver_of(&own, created);
        if !(self.yes && (ui.json || self.verdict == Verdict::Reject)) {
            ui.must_say(&description(&request, signer.as_ref(), &holdings));
            if !is_on_record {
                ui.must_say(
                    "note: the ledger here does not have this request: what others have been \
                     sent may stand in another one",
                );
            }
        }
        if self.verdict == Verdict::Approve {
            if approver.is_none() {
                ui.must_say(
                    "note: the policy here does not have your key among those that may approve; \
                     the requester's policy decides",
                );
            }
            self.confirm()?;
        }
        listen()?;
        let key = config.signing_key(args.key.as_ref(), ui)?;
        let key = key.expect("its fingerprint was read a moment ago");
        let answer = self.sign(&request, &key)?;
        stop_if_asked()?;
        let ledger = config.ledger(&policy)?;
        // What is on record has to be there.
        write(&path, &answer.to_bytes())?;
        let recorded = ledger
            .lock()
            .and_then(|locked| locked.answer(&answer, &asking::requester()));
        if let Err(error) = recorded {
            config::remove_files(std::slice::from_ref(&path));
            return Err(error.into());
        }
        let answered = Answered {
            verdict: self.verdict,
            request: asked.id.to_string(),
            path: path.display().to_string(),
            expires: answer.statement().expires.to_string(),
            key: own.to_string(),
            approver,
            signer,
            requester: &asked.requester,
            purpose: &asked.purpose,
            label: asked.label.as_deref(),
            scope: &asked.scope,
            is_on_record,
            recipients: &holdings,
            facts: asked.facts.as_ref(),
            findings: &asked.findings,
        };
        Ok(Report::new(ui, || text(&answered), &answered))
    }

    /// Who asks. An approval is for somebody who is trusted with requests; to
    /// say no, nobody has to be.
    fn signer(
        &self,
        request: &Signed<ReleaseRequest>,
        config: &Config,
    ) -> Result<Option<SignerReport>, CommandError> {
        let trust = &self.args.trust;
        let allowed = config.allowed_signers(trust.allowed_signers.as_deref())?;
        let at = Timestamp::now();
        match request.trusted(&allowed, at, trust.signer.as_deref()) {
            Ok(signer) => Ok(Some(SignerReport::of_signer(&signer))),
            Err(_) if self.verdict == Verdict::Reject => Ok(None),
            Err(error) => {
                let help = format!(
                    "find out by telephone who asks, and trust their signer line with \
                     {REQUEST_NAMESPACE}: 'exeat trust LINE'"
                );
                Err(CommandError::from(error)
                    .about("the request")
                    .with_help(help))
            }
        }
    }

    /// Asks at the terminal.
    fn confirm(&self) -> Result<(), CommandError> {
        if self.yes {
            return Ok(());
        }
        if !terminal::is_there() {
            return Err(CommandError::usage(
                "there is no terminal to ask at whether you approve this",
            )
            .with_help("look at it first; then pass --yes"));
        }
        let answer = terminal::read_answer("Approve this? Type yes, or anything else for no: ")?;
        match answer.expose_secret().trim() {
            "yes" => Ok(()),
            _ => Err(CommandError::new(
                Exit::Failed,
                "not-approved",
                "not approved; nothing was signed",
            )
            .with_help("to say no in writing: exeat reject REQUEST --why TEXT")),
        }
    }

    fn sign(
        &self,
        request: &Signed<ReleaseRequest>,
        key: &SigningKey,
    ) -> Result<Signed<exeat_core::manifest::Approval>, CommandError> {
        // Not before the question: somebody may have looked at it for hours.
        let created = now();
        let end = |after| created.checked_add(after).unwrap_or(Timestamp::MAX);
        let expires = self.expires.map(end);
        let answer = Answer {
            verdict: self.verdict,
            why: self.why.cloned(),
            created,
            expires,
        };
        approval::answer(request, answer, key).map_err(stopped_or)
    }

    /// The file to write, beside the request unless another one is named.
    fn output(&self, key: &Fingerprint) -> Result<PathBuf, CommandError> {
        let path = match &self.args.output {
            Some(path) => path.clone(),
            None => {
                let kind = match self.verdict {
                    Verdict::Approve => "approval",
                    Verdict::Reject => "rejection",
                };
                let mut name = self.args.request.with_extension("").into_os_string();
                name.push(format!(".{kind}-{}.json", short(key)));
                PathBuf::from(name)
            }
        };
        vacant(&path)?;
        Ok(path)
    }
}

/// So much of a fingerprint as tells a few people apart, without what means
/// something in a path.
fn short(key: &Fingerprint) -> String {
    let text = key.to_string();
    let digits = text.trim_start_matches("SHA256:").chars();
    digits.filter(char::is_ascii_alphanumeric).take(8).collect()
}

fn read(path: &Path) -> Result<Signed<ReleaseRequest>, CommandError> {
    let bytes = config::read_at_most(path, ReleaseRequest::MAX_BYTES)
        .map_err(|error| config::cannot_read(path, &error))?;
    ReleaseRequest::read(&bytes).map_err(|error| CommandError::from(error).about(shown(path)))
}

/// What each recipient has been sent before, and whether the ledger here has the
/// request.
fn holdings(
    known: &Known<'_>,
    asked: &ReleaseRequest,
) -> Result<(Vec<Holding>, bool), CommandError> {
    let recipients = &asked.recipients;
    let path = config::ledger_path(known.policy)?;
    let held = ledger::holdings(&path, asked.id, recipients)?;
    let both = recipients.iter().zip(held.sums);
    let holding = |(recipient, sum): (&NamedKey, Sum)| Holding {
        key: recipient.key.clone(),
        name: recipient.name.clone(),
        known_as: known.name_of(&recipient.key).map(str::to_owned),
        is_contradicted: known.contradict(recipient),
        exports: sum.exports,
        people: sum.people,
    };
    Ok((both.map(holding).collect(), held.has_request))
}

fn description(
    request: &Signed<ReleaseRequest>,
    signer: Option<&SignerReport>,
    holdings: &[Holding],
) -> String {
    let asked = request.statement();
    let escaped = |text: &str| Escaped(text.as_bytes()).to_string();
    let name = asked.requester.name.as_deref().unwrap_or("an account");
    let contradicted = holdings.iter().filter(|holding| holding.is_contradicted);
    let mut text: String = contradicted.map(contradiction).collect();
    text += &format!("request {}\n", asked.id);
    text += &match signer {
        Some(signer) => format!("  asks         {} {}\n", signer.name, signer.fingerprint),
        None => format!(
            "  asks         somebody you do not trust, {}\n",
            asked.signer
        ),
    };
    text += &format!(
        "  account      {} (number {} on their machine)\n",
        escaped(name),
        asked.requester.user
    );
    text += &format!("  purpose      {}\n", escaped(&asked.purpose));
    if let Some(label) = &asked.label {
        text += &format!("  label        {}\n", escaped(label));
    }
    text += &format!(
        "  asked on     {}\n  expires      {}\n",
        asked.created, asked.expires
    );
    text += &scope(&asked.scope);
    if let Some(facts) = &asked.facts {
        text += "what was found in it:\n";
        text += &render::facts(facts);
    }
    for finding in &asked.findings {
        text += &render::finding(finding);
    }
    text += "who would get it, and what they have been sent before by the ledger here:\n";
    for holding in holdings {
        text += &holds(holding);
    }
    text
}

/// What is to leave, for people.
pub(super) fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Content(content) => format!(
            "  content      {} ({}), sha256 {}\n",
            render::count(content.entries, "entry", "entries"),
            render::bytes(content.bytes),
            content.sha256
        ),
        Scope::Standing(standing) => {
            let mut text = format!(
                "  standing     every export with the label '{}', of {} people at most\n",
                Escaped(standing.profile.as_bytes()),
                render::thousands(standing.ceiling)
            );
            for source in &standing.sources {
                text += &format!("  of           {}\n", Escaped(source.as_bytes()));
            }
            text += &format!(
                "  to           {}\n",
                Escaped(standing.destination.as_bytes())
            );
            text
        }
    }
}

/// That a name is not whose it seems to be.
fn contradiction(holding: &Holding) -> String {
    let name = holding.name.as_deref().unwrap_or_default();
    format!(
        "warning: the request calls the key {} '{}', and here that is the name of another key: \
         ask the person of that name, by telephone, which key is theirs\n",
        render::key(&holding.key),
        Escaped(name.as_bytes()),
    )
}

fn holds(holding: &Holding) -> String {
    let escaped = |name: &str| Escaped(name.as_bytes()).to_string();
    let key = render::key(&holding.key);
    // What the request says is the requester's word.
    let recipient = match (&holding.known_as, &holding.name) {
        (None, None) => key,
        (None, Some(said)) => format!("{} {key}, named so by the requester", escaped(said)),
        (Some(known), Some(said)) if known != said => format!(
            "{} {key}, named '{}' by the requester",
            escaped(known),
            escaped(said)
        ),
        (Some(known), _) => format!("{} {key}", escaped(known)),
    };
    match holding.exports {
        0 => format!("  {recipient}: nothing\n"),
        exports => format!(
            "  {recipient}: {}, {} in sum (who is in two exports counts twice)\n",
            render::count(exports, "export", "exports"),
            render::count(holding.people, "person", "people")
        ),
    }
}

fn text(answered: &Answered<'_>) -> String {
    let path = render::shell(&answered.path);
    let verb = match answered.verdict {
        Verdict::Approve => "approved",
        Verdict::Reject => "rejected",
    };
    let mut text = format!(
        "{verb}: {path}\n  request      {}\n  signed with  {}\n",
        answered.request, answered.key
    );
    text += &format!("  good until   {}\n", answered.expires);
    text += match answered.verdict {
        Verdict::Approve => "next: send that file to the requester\n",
        Verdict::Reject => "next: send that file to the requester, and tell the other approvers\n",
    };
    text
}
