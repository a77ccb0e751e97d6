//! `exeat rekey`: verify → unlock → decide → record → add an envelope.

use exeat_core::approval::Approvals;
use exeat_core::decide::{Decision, Request, Terms};
use exeat_core::diagnostic::Finding;
use exeat_core::manifest::{NamedKey, PackageId};
use exeat_core::rekey::{self, Rekeyed};
use exeat_core::verify::Unlocked;
use serde::Serialize;

use super::asking::{self, HistoryOf, Wanted};
use super::{
    SignerReport, listen, now, stop_if_asked, stopped_or, tell_of_further_envelopes, unlock,
    verify_package,
};
use crate::args::{Rekey, is_dash};
use crate::config::Config;
use crate::error::CommandError;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct RekeyReport {
    package: String,
    signer: SignerReport,
    /// The name of the envelope that was added.
    member: String,
    recipients: Vec<NamedKey>,
    passed_on_by: String,
    findings: Vec<Finding>,
}

pub(crate) fn run(
    args: &Rekey,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    if is_dash(&args.package) {
        return Err(
            CommandError::usage("an envelope is added to a folder, not to a stream")
                .with_help("keep the archive, unpack it into a folder, and name that"),
        );
    }
    let policy = config.policy(&args.policy)?;
    let recipients = Wanted::keys(&args.recipients, config)?;
    let key = config.signing_key(args.signing_key.as_ref(), ui)?;
    let verified = verify_package(&args.package, &args.trust, config, ui)?;
    tell_of_further_envelopes(&verified, ui);
    let destination = rekey::destination(&verified, &args.package)?;
    let unlocked = unlock(verified, &args.identity, config, ui)?;
    let recipients = recipients.ask(ui)?;
    listen()?;
    if let Some(key) = &key {
        key.rehearse().map_err(stopped_or)?;
    }
    // What is damaged is not passed on.
    let progress = Shown::new(ui);
    unlocked.verified().verify_volumes(None, &progress)?;
    progress.clear();
    let is_post_quantum = |keys: &[NamedKey]| keys.iter().all(|one| one.key.starts_with("age1pq1"));
    let sealed_for = &unlocked.inventory().header().recipients;
    if is_post_quantum(sealed_for) && !is_post_quantum(&NamedKey::of(&recipients)) {
        ui.must_say(
            "warning: the package was sealed for post-quantum keys alone; whoever keeps it until \
             there is a quantum computer can open it through the envelope that you add",
        );
    }
    let request = Request {
        terms: Terms {
            // A release of its own, of the same package.
            export: PackageId::generate(),
            destination,
            created: now(),
            label: None,
            purpose: args.purpose.clone(),
            requester: asking::requester(),
        },
        recipients,
        signer: key.as_ref().map(|key| key.public().fingerprint()),
        approvals: Approvals::default(),
    };
    let ledger = config.ledger(&policy)?;
    // Nobody else's export comes between the sum and this one's record.
    let locked = ledger.lock()?;
    let (requester, created) = (&request.terms.requester, request.terms.created);
    let history = asking::history(
        &policy,
        requester,
        created,
        HistoryOf::Sealed(None),
        |questions| locked.account(questions),
    )?;
    let header = unlocked.inventory().header();
    let permit = match policy.decide_rekey(request, header, &history) {
        Decision::Permit(permit) => permit,
        Decision::Refusal(refusal) => {
            locked.refuse(&refusal)?;
            return Err(CommandError::refused(&refusal));
        }
    };
    let key = key.expect("a decision that permits it demands a signer");
    stop_if_asked()?;
    let findings = permit.findings().to_vec();
    let intent = locked.intend(&permit)?;
    let rekeyed = rekey::add(&unlocked, permit, &key, intent, umask);
    let rekeyed = rekeyed.map_err(stopped_or)?;
    let by = key.public().fingerprint().to_string();
    Ok(report(&unlocked, rekeyed, by, findings, ui))
}

fn report(
    unlocked: &Unlocked,
    rekeyed: Rekeyed,
    passed_on_by: String,
    findings: Vec<Finding>,
    ui: &Ui,
) -> Report {
    let result = RekeyReport {
        package: unlocked.verified().id().to_string(),
        signer: SignerReport::of(unlocked.verified()),
        member: rekeyed.member,
        recipients: rekeyed.recipients,
        passed_on_by,
        findings,
    };
    let mut text = format!(
        "passed on: {} was added\n  package      {}\n",
        result.member, result.package
    );
    text += &render::recipients(&result.recipients);
    text += &format!(
        "  by           {}\nwhoever could open it before still can\n",
        result.passed_on_by
    );
    let mut report = Report::new(ui, || text, &result);
    report.notes = result.findings.iter().map(render::noted).collect();
    report
}
