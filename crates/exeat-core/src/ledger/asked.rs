//! What the ledger says of requests and of the answers to them; and what has
//! left for somebody before, which those who answer want to know.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::{Chain, Position};
use super::ending::Ended;
use super::entry::{Entry, Form, Kind, short_key};
use super::file::Location;
use super::{Found, LedgerError, Locked, Requester, Sum};
use crate::approval::ReleaseRequest;
use crate::decide::{self, Past};
use crate::digest::Digest;
use crate::manifest::{Approval, NamedApproval, NamedKey, RequestId, Scope, Verdict};
use crate::statement::Signed;

/// An approval that an export was let out on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ApprovedBy {
    /// The name of the approver in the policy.
    pub name: String,
    /// SHA-256 of the text that was signed.
    pub sha256: Digest,
    /// The fingerprint of the key that signed it.
    pub signer: String,
}

impl ApprovedBy {
    pub(super) fn of(named: &NamedApproval) -> Self {
        Self {
            name: named.approver.clone(),
            sha256: named.approval.sha256(),
            signer: named.approval.fingerprint().to_string(),
        }
    }
}

/// A request, without a file's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Asked {
    /// The most people of a standing request.
    pub ceiling: Option<u64>,
    /// The digest of the content; null for a standing request.
    pub content_sha256: Option<Digest>,
    /// Until when it is good.
    pub expires: Timestamp,
    /// The request.
    pub id: RequestId,
    /// What the requester calls it.
    pub label: Option<String>,
    /// Groups beyond those that are recorded.
    pub left_out: u64,
    /// The digest of the requester's policy.
    pub policy_sha256: Digest,
    /// What it is for.
    pub purpose: String,
    /// Who is to be able to open it; a long key by its digest.
    pub recipients: Vec<NamedKey>,
    /// Who asks.
    pub requester: Requester,
    /// SHA-256 of the text that was signed.
    pub sha256: Digest,
    /// The fingerprint of the key that signed it.
    pub signer: String,
}

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Answered {
    /// The account that answered.
    pub by: Requester,
    /// Until when it is good.
    pub expires: Timestamp,
    /// Groups beyond those that are recorded.
    pub left_out: u64,
    /// The request.
    pub request: RequestId,
    /// SHA-256 of the answer's text that was signed.
    pub sha256: Digest,
    /// The fingerprint of the key that signed it.
    pub signer: String,
    /// Yes or no.
    pub verdict: Verdict,
    /// What was said about it.
    pub why: Option<String>,
}

impl Locked<'_> {
    /// Records that somebody asks to release something.
    ///
    /// # Errors
    /// It is not on record, or might not survive a crash.
    pub fn ask(
        self,
        request: &Signed<ReleaseRequest>,
        requester: &decide::Requester,
    ) -> Result<(), LedgerError> {
        let asked = request.statement();
        let (ceiling, content_sha256) = match &asked.scope {
            Scope::Content(content) => (None, Some(content.sha256)),
            Scope::Standing(standing) => (Some(standing.ceiling), None),
        };
        let (by, left_out) = Requester::of(requester);
        let mut recipients = asked.recipients.clone();
        recipients.iter_mut().for_each(short_key);
        self.append(Entry {
            found: asked.facts.as_ref().map(Found::of),
            request: Some(Asked {
                ceiling,
                content_sha256,
                expires: asked.expires,
                id: asked.id,
                label: asked.label.clone(),
                left_out,
                policy_sha256: asked.policy_sha256,
                purpose: asked.purpose.clone(),
                recipients,
                requester: by,
                sha256: request.sha256(),
                signer: request.fingerprint().to_string(),
            }),
            ..Entry::blank(Kind::Request)
        })?;
        Ok(())
    }

    /// Records that somebody approves or rejects a request.
    ///
    /// # Errors
    /// It is not on record, or might not survive a crash.
    pub fn answer(
        self,
        answer: &Signed<Approval>,
        by: &decide::Requester,
    ) -> Result<(), LedgerError> {
        let said = answer.statement();
        let (by, left_out) = Requester::of(by);
        self.append(Entry {
            approval: Some(Answered {
                by,
                expires: said.expires,
                left_out,
                request: said.request,
                sha256: answer.sha256(),
                signer: answer.fingerprint().to_string(),
                verdict: said.verdict,
                why: said.why.clone(),
            }),
            ..Entry::blank(Kind::Approval)
        })?;
        Ok(())
    }
}

/// What became of requests, while the entries come.
#[derive(Default)]
pub(super) struct Requests {
    /// By the number of the intent: the request that it releases.
    released: HashMap<u64, (RequestId, Ended)>,
    /// Those whose number another has taken since, in what is not in order.
    displaced: Vec<RequestId>,
    rejected: Vec<RequestId>,
    /// The accounts that asked; none that may be anybody's.
    askers: BTreeSet<(RequestId, u32)>,
    /// The accounts that answered, each with the key; none that may be anybody's.
    answers: BTreeSet<(RequestId, u32, String)>,
}

impl Requests {
    pub(super) fn entry(&mut self, entry: &Entry) {
        if let (Kind::Intent, Some(export)) = (entry.kind, &entry.export)
            && let Some(request) = export.request
        {
            let before = self
                .released
                .insert(entry.sequence, (request, Ended::default()));
            self.displaced.extend(before.map(|(request, _)| request));
        }
        if let Some(outcome) = &entry.outcome
            && let Some((_, ended)) = self.released.get_mut(&outcome.intent)
        {
            ended.hear(outcome.ending);
        }
        if let Some(asked) = &entry.request
            && !asked.requester.mapped
        {
            self.askers.insert((asked.id, asked.requester.user));
        }
        if let Some(answer) = &entry.approval {
            if answer.verdict == Verdict::Reject {
                self.rejected.push(answer.request);
            }
            if !answer.by.mapped {
                let (user, key) = (answer.by.user, answer.signer.clone());
                self.answers.insert((answer.request, user, key));
            }
        }
    }

    pub(super) fn finish(self) -> BTreeMap<RequestId, Past> {
        let mut requests: BTreeMap<RequestId, Past> = BTreeMap::new();
        let released = self.released.into_values();
        // What failed has let nobody have anything.
        let released = released.filter(|(_, ended)| !ended.has_failed());
        let released = released.map(|(request, _)| request);
        for request in released.chain(self.displaced) {
            let past = requests.entry(request).or_default();
            past.releases = past.releases.saturating_add(1);
        }
        for request in self.rejected {
            requests.entry(request).or_default().is_rejected = true;
        }
        for (request, user, key) in self.answers {
            if self.askers.contains(&(request, user)) {
                requests.entry(request).or_default().own_keys.insert(key);
            }
        }
        requests
    }
}

/// What a ledger knows that is asked to answer a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holdings {
    /// Whether the request is on record there. If not, that of the requester is
    /// another ledger, and so may what has been sent before be.
    pub has_request: bool,
    /// What each recipient has been sent before, sealed, in their order: a sum, in
    /// which the same person in two exports counts twice.
    pub sums: Vec<Sum>,
}

/// What the ledger at `path` knows of this request, and of what its recipients
/// hold. A ledger that does not exist yet has no entries.
///
/// # Errors
/// The ledger cannot be read, or is damaged: then nobody knows.
pub fn holdings(
    path: &Path,
    request: RequestId,
    recipients: &[NamedKey],
) -> Result<Holdings, LedgerError> {
    let mut sums = vec![Sum::default(); recipients.len()];
    let mut has_request = false;
    let Some((location, file)) = Location::existing(path)? else {
        return Ok(Holdings { has_request, sums });
    };
    let mut keys: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, recipient) in recipients.iter().enumerate() {
        let mut recipient = recipient.clone();
        short_key(&mut recipient);
        keys.entry(recipient.key).or_default().push(place);
    }
    // By the number of the intent: whose it is, how many, and what became of it.
    let mut sent: HashMap<u64, (Vec<usize>, Found, Ended)> = HashMap::new();
    let chain = Chain::from(&file, &location, Position::default());
    let end = chain.read(|entry, _, _| {
        if let Some(outcome) = &entry.outcome
            && let Some((_, _, ended)) = sent.get_mut(&outcome.intent)
        {
            ended.hear(outcome.ending);
        }
        has_request |= entry.request.as_ref().is_some_and(|one| one.id == request);
        let (Kind::Intent, Some(export), Some(found)) = (entry.kind, entry.export, entry.found)
        else {
            return;
        };
        let theirs = export
            .recipients
            .iter()
            .filter_map(|one| keys.get(&one.key));
        let mut theirs: Vec<usize> = theirs.flatten().copied().collect();
        theirs.sort_unstable();
        theirs.dedup();
        if export.form == Form::Encrypted && !theirs.is_empty() {
            sent.insert(entry.sequence, (theirs, found, Ended::default()));
        }
    })?;
    end.in_order()?;
    let sent = sent.into_values().filter(|(.., ended)| !ended.has_failed());
    for (places, found, _) in sent {
        for place in places {
            let sum = &mut sums[place];
            sum.exports = sum.exports.saturating_add(1);
            sum.people = sum.people.saturating_add(found.people.most);
            sum.personal_records = sum.personal_records.saturating_add(found.personal_records);
        }
    }
    Ok(Holdings { has_request, sums })
}
