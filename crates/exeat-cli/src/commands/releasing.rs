//! What every release goes through, whether a person asks for it or a nightly
//! backup: decide → (seal) → decide → record → publish.

use std::path::PathBuf;

use exeat_core::approval::{ApprovalError, Approvals};
use exeat_core::decide::{Decision, Permit, Request};
use exeat_core::deliver::{self, Delivered, Staging};
use exeat_core::diagnostic::Finding;
use exeat_core::ledger::Ledger;
use exeat_core::manifest::{Approval, MAX_APPROVALS};
use exeat_core::path::shown;
use exeat_core::policy::Policy;
use exeat_core::seal::Sealed;
use exeat_core::signature::SigningKey;
use exeat_core::source::Listing;
use exeat_core::statement::{Signed, Statement as _};

use super::asking::{self, HistoryOf};
use super::{stop_if_asked, stopped_or};
use crate::config;
use crate::error::CommandError;

/// What others have signed.
pub(super) fn approvals(files: &[PathBuf]) -> Result<Approvals, CommandError> {
    let read = |path: &PathBuf| {
        let limit = Approval::MAX_BYTES;
        let bytes = config::read_at_most(path, limit).map_err(|e| config::cannot_read(path, &e))?;
        Signed::<Approval>::from_bytes(&bytes)
            .map_err(|error| CommandError::from(error).about(shown(path)))
    };
    if files.len() > MAX_APPROVALS {
        return Err(ApprovalError::TooMany.into());
    }
    let approvals: Result<_, CommandError> = files.iter().map(read).collect();
    Ok(Approvals::new(approvals?)?)
}

/// The first decision; a refusal is recorded.
pub(super) fn permit(
    policy: &Policy,
    ledger: &Ledger,
    request: Request,
    listing: Listing,
) -> Result<Permit, CommandError> {
    let permit = match policy.decide(request, listing) {
        Decision::Permit(permit) => permit,
        Decision::Refusal(refusal) => {
            ledger.lock()?.refuse(&refusal)?;
            return Err(CommandError::refused(&refusal));
        }
    };
    // Now, and not when all is sealed.
    ledger.check()?;
    let Some(request) = permit.request().approvals.request() else {
        return Ok(permit);
    };
    let mut requests = ledger.account(&[])?.requests;
    let past = requests.remove(&request).unwrap_or_default();
    match policy.decide_past(permit, &past) {
        Decision::Permit(permit) => Ok(permit),
        Decision::Refusal(refusal) => {
            ledger.lock()?.refuse(&refusal)?;
            Err(CommandError::refused(&refusal))
        }
    }
}

/// Decides on what was found, records it, and publishes; gives what both
/// decisions had to say.
pub(super) fn release(
    sealed: Sealed<Staging>,
    policy: &Policy,
    ledger: &Ledger,
    key: &SigningKey,
) -> Result<(Delivered, Vec<Finding>), CommandError> {
    let content = sealed.content();
    let terms = content.terms();
    let of = HistoryOf::Sealed(content.approvals().request());
    // Nobody else's export comes between the sum and this one's record.
    let locked = ledger.lock()?;
    let history = asking::history(policy, &terms.requester, terms.created, of, |questions| {
        locked.account(questions)
    })?;
    let release = match policy.decide_content(&content, &history) {
        Decision::Permit(release) => release,
        Decision::Refusal(refusal) => {
            locked.refuse(&refusal)?;
            return Err(CommandError::refused(&refusal));
        }
    };
    let findings = release.findings().to_vec();
    stop_if_asked()?;
    let intent = locked.intend(&release)?;
    let complete = sealed.complete(release, key, intent);
    let delivered = deliver::publish(complete.map_err(stopped_or)?).map_err(stopped_or)?;
    Ok((delivered, findings))
}
