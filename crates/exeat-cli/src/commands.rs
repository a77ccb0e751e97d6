//! The commands: each turns its arguments into calls of the library, and the
//! answer into a report.

mod answer;
mod asking;
mod backup;
mod check;
mod demo;
mod export;
mod init;
mod ledger;
mod list;
mod open;
mod policy;
mod receipt;
mod rekey;
mod releasing;
mod request;
mod scan;
mod trust;
mod util;
mod verify;

use std::path::Path;

use exeat_core::approval::REQUEST_NAMESPACE;
use exeat_core::diagnostic::Finding;
use exeat_core::inspect::reader::Readers;
use exeat_core::keys::{EnvelopeKind, Identities};
use exeat_core::manifest::{CHECKPOINT_NAMESPACE, Checkpoint, NamedApproval};
use exeat_core::path::Escaped;
use exeat_core::signature::{PACKAGE_NAMESPACE, RECEIPT_NAMESPACE, REKEY_NAMESPACE, Signer};
use exeat_core::statement::Signed;
use exeat_core::verify::{EnvelopeState, Package, Unlocked, Verified};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::args::{Command, KeySource, TrustArgs};
use crate::config::{self, Config, Inherited};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::plugins;
use crate::progress::Shown;
use crate::render;
use crate::signals::{self, Signal};
use crate::terminal::{self, NewPassphrase, PromptError};
use crate::ui::{Report, Ui};

/// What this program is called with by itself, to take one file apart. It is no
/// command for people.
pub(crate) const READER: &str = "read-content";
/// And to watch over a command whose output is backed up.
pub(crate) const ATTENDANT: &str = "attend-command";

/// Runs a command. What it leaves on the stack is wiped by its caller, in whose own
/// place on the stack it must therefore have nothing.
#[inline(never)]
pub(crate) fn run(
    command: Command,
    config_dir: Option<&Path>,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    // These two know nothing of anybody's settings, and work without any.
    let command = match command {
        Command::Demo(args) => return demo::run(&args, ui),
        Command::Util(args) => return util::run(&args, umask, ui),
        other => other,
    };
    let inherited = Inherited::of(&command.keys(), command.is_piped())?;
    let config = Config::load(config_dir, inherited)?;
    match command {
        Command::Init(args) => init::run(&args, &config, ui),
        Command::Trust(args) => trust::run(&args, &config, ui),
        Command::Check(args) => check::run(&args, &config, config_dir, ui),
        Command::Scan(args) => scan::run(&args, &config, ui),
        Command::Request(args) => request::run(&args, &config, ui),
        Command::Approve(args) => answer::approve(&args, &config, ui),
        Command::Reject(args) => answer::reject(&args, &config, ui),
        Command::Export(args) => export::run(args, &config, umask, ui),
        Command::Verify(args) => verify::run(&args, &config, ui),
        Command::List(args) => list::run(&args, &config, ui),
        Command::Open(args) => open::run(&args, &config, umask, ui),
        Command::Receipt(args) => receipt::run(&args, &config, umask, ui),
        Command::Rekey(args) => rekey::run(&args, &config, umask, ui),
        Command::Backup(args) => backup::run(args, &config, umask, ui),
        Command::Ledger(args) => ledger::run(&args, &config, ui),
        Command::Policy(args) => policy::run(&args, &config, umask, ui),
        Command::Demo(_) | Command::Util(_) => unreachable!("handled above"),
    }
}

/// So many digits of a ledger's digest are shown to people.
const SHOWN_OF_A_LEDGER: usize = 12;

/// What a partner's key is trusted with, where their signer line says so, and
/// what people call it. Approvals are not among it: those who give them are
/// listed by the policy alone.
const PURPOSES: [(&str, &str); 5] = [
    (PACKAGE_NAMESPACE, "packages"),
    (REKEY_NAMESPACE, "passing packages on"),
    (RECEIPT_NAMESPACE, "receipts"),
    (REQUEST_NAMESPACE, "requests"),
    (CHECKPOINT_NAMESPACE, "checkpoints"),
];

/// From here on there is something to clean up: Ctrl-C and SIGTERM stop the
/// work in good order.
fn listen() -> Result<(), CommandError> {
    signals::listen().map_err(|e| CommandError::io("cannot listen for signals", &e))
}

/// Now, in whole seconds: what the format records.
fn now() -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// The last moment at which stopping leaves nothing behind.
fn stop_if_asked() -> Result<(), CommandError> {
    signals::received().map_or(Ok(()), |signal| {
        let exit = Exit::Interrupted(signal);
        Err(CommandError::new(exit, "interrupted", "interrupted"))
    })
}

/// What went wrong; that somebody stopped the work, where that is why: Ctrl-C
/// ends a plugin and ssh-keygen, too.
fn stopped_or(error: impl Into<CommandError>) -> CommandError {
    stop_if_asked().err().unwrap_or_else(|| error.into())
}

/// The signature of a package, and everything but its volumes, checked.
fn verify_package(
    path: &Path,
    trust: &TrustArgs,
    config: &Config,
    ui: &Ui,
) -> Result<Verified<Package>, CommandError> {
    let package = match path.as_os_str().as_encoded_bytes() {
        b"-" => received(ui)?,
        _ => Package::open(path)?,
    };
    let allowed = config.allowed_signers(trust.allowed_signers.as_deref())?;
    let now = jiff::Timestamp::now();
    Ok(package.verify(&allowed, now, trust.signer.as_deref())?)
}

/// Says that it is one of the user's own that came back, if it is. Without a key of
/// their own, or with one that cannot be read, that is not known, and nothing to
/// stop a reader for.
fn tell_of_own(verified: &Verified<Package>, config: &Config, ui: &Ui) -> Option<Finding> {
    let own = config.signer(None).ok().flatten();
    let finding = verified.own_package(own.as_ref())?;
    ui.note(&format!("note: {}", finding.message));
    Some(finding)
}

/// A package whose archive comes through standard input.
fn received(ui: &Ui) -> Result<Package, CommandError> {
    let mut input = ui.input("an archive", "cat package.exeat.tar | exeat verify -")?;
    let progress = Shown::new(ui);
    let folder = config::folder_for_large();
    Ok(Package::receive(&mut input, &folder, &progress)?)
}

/// Opens a verified package with what opens it.
fn unlock(
    verified: Verified<Package>,
    given: &[KeySource],
    config: &Config,
    ui: &Ui,
) -> Result<Unlocked, CommandError> {
    let identities = openers(&verified, given, config, ui)?;
    unlock_with(verified, &identities, ui)
}

/// What opens a verified package: the given identities, the user's own, or a
/// passphrase, whichever it was sealed for.
fn openers(
    verified: &Verified<Package>,
    given: &[KeySource],
    config: &Config,
    ui: &Ui,
) -> Result<Identities, CommandError> {
    let is_passphrase = verified.envelope_kind()? == EnvelopeKind::Passphrase;
    if is_passphrase && !given.is_empty() && verified.further_envelopes().is_empty() {
        return Err(CommandError::usage(
            "this package was sealed with a passphrase, not for identities",
        )
        .with_help("leave out -i; you will be asked for the passphrase"));
    }
    if is_passphrase && given.is_empty() {
        if !verified.further_envelopes().is_empty() {
            ui.must_say("note: if it was passed on to you, give your identity with -i instead");
        }
        let passphrase = terminal::read_passphrase("Passphrase of the package: ")?;
        return Ok(Identities::passphrase(passphrase));
    }
    let identities = config.identities(given)?.ok_or_else(|| {
        CommandError::usage("no identity to open the package with")
            .with_help("give one with -i, or make one with 'exeat init'")
    })?;
    Ok(identities.talking(&plugins::talk(ui)))
}

/// Opens a verified package, and says so where it was passed on.
fn unlock_with(
    verified: Verified<Package>,
    identities: &Identities,
    ui: &Ui,
) -> Result<Unlocked, CommandError> {
    let unlocked = verified.unlock(identities)?;
    if let Some(finding) = unlocked.not_addressed() {
        ui.must_say(&format!("warning: {}", finding.message));
    }
    Ok(unlocked)
}

/// A passphrase for something new; one that was made is shown, once.
fn new_passphrase(prompt: &str) -> Result<SecretString, CommandError> {
    match terminal::confirm_new_passphrase(prompt)? {
        NewPassphrase::Typed(passphrase) => Ok(passphrase),
        NewPassphrase::Generated(passphrase) => {
            let text = Zeroizing::new(format!(
                "The passphrase is\n\n    {}\n\nWrite it down now; it will not be shown again.\n\n",
                passphrase.expose_secret()
            ));
            terminal::show(&text)?;
            Ok(passphrase)
        }
    }
}

/// Who signed a package, in reports.
#[derive(Debug, Serialize)]
struct SignerReport {
    name: String,
    fingerprint: String,
}

impl SignerReport {
    fn of(verified: &Verified<Package>) -> Self {
        Self::of_signer(verified.signer())
    }

    fn of_signer(signer: &Signer) -> Self {
        Self {
            name: Escaped(signer.principal().as_bytes()).to_string(),
            fingerprint: signer.fingerprint().to_string(),
        }
    }
}

/// Who else agreed to a release, in reports.
#[derive(Debug, Serialize)]
struct ApprovalReport {
    approver: String,
    created: String,
    fingerprint: String,
}

impl ApprovalReport {
    fn of(named: &NamedApproval) -> Self {
        Self {
            approver: Escaped(named.approver.as_bytes()).to_string(),
            created: named.approval.statement().created.to_string(),
            fingerprint: named.approval.fingerprint().to_string(),
        }
    }

    /// For people. The name is what the sender's policy has for the key.
    fn text(&self) -> String {
        format!(
            "{} ({}), by the sender's account",
            self.approver, self.fingerprint
        )
    }
}

/// What a package has of its sender's ledger, in reports.
#[derive(Debug, Serialize)]
struct CheckpointReport {
    entry_sha256: String,
    ledger: String,
    sequence: u64,
    time: String,
}

impl CheckpointReport {
    fn of(checkpoint: &Signed<Checkpoint>) -> Self {
        let checkpoint = checkpoint.statement();
        Self {
            entry_sha256: checkpoint.entry_sha256.to_string(),
            ledger: checkpoint.ledger.to_string(),
            sequence: checkpoint.sequence,
            time: checkpoint.time.to_string(),
        }
    }

    /// For people: ledgers are told apart by the beginning of their digests.
    fn text(&self) -> String {
        format!(
            "entry {} of the sender's ledger {}…, {}",
            render::thousands(self.sequence),
            &self.ledger[..SHOWN_OF_A_LEDGER],
            self.time
        )
    }
}

/// Says what a reader has to know of a package that was passed on.
fn tell_of_further_envelopes(verified: &Verified<Package>, ui: &Ui) {
    /// So many are told of; the rest is counted.
    const NAMED: usize = 20;
    let further = verified.further_envelopes();
    if further.len() > NAMED {
        let more = further.len() - NAMED;
        ui.must_say(&format!(
            "note: of {more} further envelopes only 'verify --json' tells"
        ));
    }
    for envelope in further.iter().take(NAMED) {
        let member = envelope.member();
        let text = match envelope.state() {
            EnvelopeState::PassedOn { by, created } => format!(
                "note: the package was passed on by {} on {} ({member})",
                Escaped(by.principal().as_bytes()),
                created.strftime("%Y-%m-%d")
            ),
            EnvelopeState::NotTrusted(error) => format!(
                "warning: {member} is not used: somebody you do not trust with that has passed \
                 the package on ({error})"
            ),
            _ => format!(
                "warning: {member} is not used: whoever passed the package on was stopped before \
                 signing it"
            ),
        };
        ui.must_say(&text);
    }
}

impl From<PromptError> for CommandError {
    fn from(error: PromptError) -> Self {
        let exit = match error {
            PromptError::Interrupted => Exit::Interrupted(Signal::Interrupt),
            _ => Exit::Failed,
        };
        let mut this = Self::new(exit, "passphrase", &error);
        if let Some(cause) = std::error::Error::source(&error) {
            this.causes.push(cause.to_string());
        }
        this.help = error.hint().map(str::to_owned);
        this
    }
}

/// Those who take apart what is not text: this program, called by itself.
fn readers() -> Readers {
    Readers::new("/proc/self/exe", [READER])
}
