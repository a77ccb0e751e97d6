//! Approvals in a package's header: each has to be of this package. A genuine one of
//! another would let somebody vouch for what they have never seen.

use super::{ApprovalFault, VerifyError};
use crate::approval::content_in;
use crate::manifest::{
    Approval, Content, Header, Inventory, NamedApproval, Scope, Verdict, recipients_sha256,
};
use crate::path::Escaped;
use crate::signature::Fingerprint;

/// Checks the approvals of a package that `signer` has signed.
///
/// Says whether its content is what was approved: no where nobody approved
/// certain content, and where that cannot be known from the inventory.
pub(super) fn check(inventory: &Inventory, signer: &Fingerprint) -> Result<bool, VerifyError> {
    let header = inventory.header();
    let wrong = |named: &NamedApproval, fault| VerifyError::Approval {
        approver: Escaped(named.approver.as_bytes()).to_string(),
        fault,
    };
    let mut request = None;
    for named in &header.approvals {
        let approval = named.approval.statement();
        terms(approval, header, signer).map_err(|fault| wrong(named, fault))?;
        let this = (approval.request, approval.request_sha256);
        if *request.get_or_insert(this) != this {
            return Err(wrong(named, ApprovalFault::OtherRequest));
        }
    }
    let approved = |named: &NamedApproval| match &named.approval.statement().scope {
        Scope::Content(content) => Some(*content),
        Scope::Standing(_) => None,
    };
    if !header.approvals.iter().any(|one| approved(one).is_some()) {
        return Ok(false);
    }
    let Some(found) = content_in(inventory) else {
        return Ok(false);
    };
    let is_other = |content: Content| content != found;
    match header
        .approvals
        .iter()
        .find(|one| approved(one).is_some_and(is_other))
    {
        Some(other) => Err(wrong(other, ApprovalFault::OtherContent)),
        None => Ok(true),
    }
}

/// That it says yes to a package of these terms.
fn terms(approval: &Approval, header: &Header, signer: &Fingerprint) -> Result<(), ApprovalFault> {
    if approval.verdict != Verdict::Approve {
        return Err(ApprovalFault::Rejection);
    }
    if approval.signer != *signer {
        let found = approval.signer;
        return Err(ApprovalFault::OtherSigner { found });
    }
    if header.purpose.as_deref() != Some(approval.purpose.as_str()) {
        return Err(ApprovalFault::OtherPurpose);
    }
    if recipients_sha256(&header.recipients) != approval.recipients_sha256 {
        return Err(ApprovalFault::OtherRecipients);
    }
    match &approval.scope {
        Scope::Standing(standing) if header.label.as_ref() != Some(&standing.profile) => {
            Err(ApprovalFault::OtherProfile)
        }
        Scope::Standing(_) | Scope::Content(_) => Ok(()),
    }
}
