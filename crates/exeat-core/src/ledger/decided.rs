//! What goes into the ledger: decisions as they were made, and nothing that
//! somebody made up.

use super::asked::ApprovedBy;
use super::entry::recorded_groups;
use super::{Export, FindingCount, Form, Found, Intent, LedgerError, Locked, Requester};
use crate::decide::{self, DecisionRecord, Refusal, Released};
use crate::inspect::{Coverage, Facts};

impl Locked<'_> {
    /// Records that what was released is about to leave. It is on disk when
    /// this returns.
    ///
    /// # Errors
    /// It is not on record, or might not survive a crash: nothing may leave.
    pub fn intend(self, released: &impl Released) -> Result<Intent, LedgerError> {
        let record = released.decided().0;
        let facts = record.facts.as_ref();
        // Of what nobody looked into, nothing is known: not that it is nobody's.
        let unread = Facts {
            coverage: Coverage::None,
            ..Facts::default()
        };
        let found = Found::of(facts.unwrap_or(&unread));
        self.record_intent(&Export::of(record), &found)
    }

    /// Records that something was refused. A refusal too long for a line is
    /// recorded without most of its recipients.
    ///
    /// # Errors
    /// It is not on record, or might not survive a crash.
    pub fn refuse(self, refusal: &Refusal) -> Result<(), LedgerError> {
        let record = &refusal.record;
        let found = record.facts.as_ref().map(Found::of);
        self.record_refusal(&Export::of(record), found.as_ref())
    }
}

impl Export {
    fn of(record: &DecisionRecord) -> Self {
        let (requester, left_out) = Requester::of(&record.requester);
        Self {
            approvals: record.approvals.iter().map(ApprovedBy::of).collect(),
            destination: record.medium.name().to_owned(),
            findings: FindingCount::of(&record.findings),
            form: match record.sealed_for {
                Some(_) => Form::Encrypted,
                None => Form::Plaintext,
            },
            id: record.export,
            label: record.label.clone().map(Into::into),
            policy_sha256: record.policy_sha256,
            purpose: record.purpose.clone().map(Into::into),
            recipients: record.sealed_for.clone().unwrap_or_default(),
            left_out,
            request: record.request,
            requester,
            signer: record.signer.as_ref().map(ToString::to_string),
        }
    }
}

impl Requester {
    /// What the ledger says of an account, and how many of its groups it does
    /// not name.
    pub(super) fn of(requester: &decide::Requester) -> (Self, u64) {
        let (groups, left_out) = recorded_groups(&requester.groups);
        let recorded = Self {
            groups,
            mapped: requester.is_mapped,
            name: requester.name.clone().map(Into::into),
            unnamed_groups: requester.has_unnamed_groups,
            user: requester.user,
        };
        (recorded, left_out)
    }
}
