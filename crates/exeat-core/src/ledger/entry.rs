//! What a line of the ledger says: the types and their bytes.
//!
//! What every entry has comes first: where it stands in the chain, and when it
//! was written. The body stands in a field of its own for each kind.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::asked::{Answered, ApprovedBy, Asked};
use crate::diagnostic::{Finding, Severity};
use crate::digest::Digest;
use crate::inspect::{Class, Coverage, Facts, People};
use crate::manifest::{Checkpoint, NamedKey, PackageId, RequestId};
use crate::signature::Fingerprint;
use crate::statement::Document;

/// The version of the line format that is written, and the only one read. Lines
/// of version 1 were not chained.
pub(super) const VERSION: u64 = 2;
/// The longest line a reader takes, with its end, in bytes: enough for the 128
/// recipients that a package can have.
pub(super) const MAX_LINE: usize = 64 << 10;
/// A longer recipient string is recorded by its digest.
const MAX_KEY: usize = 128;
/// How many of an account's groups are recorded, and how long their names may
/// be, in bytes: some directories put an account into hundreds.
const MAX_GROUPS: usize = 32;
const MAX_GROUP: usize = 64;

/// How something left, or would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// In a package, encrypted.
    Encrypted,
    /// In the clear.
    Plaintext,
}

/// Who asked: an account of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// The names of at most 32 of its groups, of 64 bytes at most each.
    pub groups: Vec<String>,
    /// Whether its number is of a container or user namespace: then it may be
    /// anybody's, and it counts for everybody.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mapped: bool,
    /// Its name.
    pub name: Option<String>,
    /// Whether it may be in groups whose names are not known: then it counts for
    /// every group.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unnamed_groups: bool,
    /// Its number. What left in the clear is summed by it.
    pub user: u32,
}

/// What was asked for: who, to whom, where to, what for.
///
/// There is no field for a data subject's data or a file's name. `label` and
/// `purpose` are recorded as they were typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// Who else agreed to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<ApprovedBy>,
    /// The kind of medium it was to go to, such as `usb`; never a path.
    pub destination: String,
    /// What the rules said, each code once.
    pub findings: Vec<FindingCount>,
    /// How it was to leave.
    pub form: Form,
    /// The package's id; an export in the clear has one too.
    pub id: PackageId,
    /// What the sender called it.
    pub label: Option<String>,
    /// The digest of the policy that decided.
    pub policy_sha256: Digest,
    /// What it was for.
    pub purpose: Option<String>,
    /// Who was to be able to open it. A key of more than 128 bytes is recorded
    /// as `sha256:` and its digest.
    pub recipients: Vec<NamedKey>,
    /// Groups beyond those that are recorded; recipients, groups and findings
    /// that a refusal had no room for.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// The request that others were asked to agree to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// Who asked.
    pub requester: Requester,
    /// The fingerprint of the key that signs it.
    pub signer: Option<String>,
}

/// A finding's code, and how often it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingCount {
    /// Its permanent name.
    pub code: String,
    /// How many findings have it.
    pub count: u64,
    /// What it weighs.
    pub severity: Severity,
}

impl FindingCount {
    /// What the ledger says of these findings: neither message nor place, for
    /// both may name files.
    pub(crate) fn of(findings: &[Finding]) -> Vec<Self> {
        let mut counts: Vec<Self> = Vec::new();
        for finding in findings {
            let same = |c: &&mut Self| c.code == finding.code && c.severity == finding.severity;
            match counts.iter_mut().find(same) {
                Some(known) => known.count += 1,
                None => counts.push(Self {
                    code: finding.code.clone().into_owned(),
                    count: 1,
                    severity: finding.severity,
                }),
            }
        }
        counts
    }
}

/// What inspection found, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// Bytes of all files.
    pub bytes: u64,
    /// The classes of data in them.
    pub classes: Vec<Class>,
    /// How much of the content this speaks of.
    pub coverage: Coverage,
    /// How many files.
    pub files: u64,
    /// Distinct data subjects.
    pub people: People,
    /// Records about people.
    pub personal_records: u64,
    /// Records of any kind.
    pub records: u64,
    /// Files that could not be inspected.
    pub uninspected: u64,
}

impl Found {
    /// What the ledger says of these facts.
    pub(crate) fn of(facts: &Facts) -> Self {
        Self {
            bytes: facts.bytes,
            classes: facts.classes.iter().map(|found| found.class).collect(),
            coverage: facts.coverage,
            files: facts.files,
            people: facts.people,
            personal_records: facts.personal_records,
            records: facts.records,
            uninspected: facts.uninspected.files,
        }
    }
}

/// How an export ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// It is at its destination.
    Delivered,
    /// Nothing that anybody could read reached the destination.
    Failed,
    /// Something may have reached the destination.
    Interrupted,
}

/// The outcome of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Bytes at the destination, where all of them are there.
    pub bytes: Option<u64>,
    /// What went into the package of the ledger, signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Document>,
    /// Why it was not delivered.
    pub code: Option<String>,
    /// How it ended.
    pub ending: Ending,
    /// The export.
    pub id: PackageId,
    /// The sequence number of the intent.
    pub intent: u64,
    /// The digest of the package's manifest.
    pub manifest_sha256: Option<Digest>,
}

/// Bytes that a crash or a full disk left, and that are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Torn {
    /// Where they begin in the file.
    pub at: u64,
    /// How many there are, with the end of line that closes them.
    pub bytes: u64,
    /// SHA-256 of them, with that end of line.
    pub sha256: Digest,
}

/// How a ledger contradicts a checkpoint that was signed over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Contradiction {
    /// It ends before the entry that was signed.
    Older,
    /// That entry is another one here.
    Forked,
    /// That entry is here, but what stands before it is not what did.
    Changed,
    /// That entry is another one here, or not there, and so is the first.
    OtherLedger,
}

/// That the ledger was found to contradict a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// The checkpoint that it contradicts.
    pub checkpoint: Checkpoint,
    /// How.
    pub what: Contradiction,
}

/// That somebody has looked at what was wrong, and lets exports go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// All before it: so many bytes.
    pub bytes: u64,
    /// Who did it.
    pub requester: Requester,
    /// SHA-256 of all before it.
    pub sha256: Digest,
    /// Lines before it that could not be read, and that no sum counts.
    pub unreadable: u64,
    /// What was wrong first, and where.
    pub what: String,
    /// What they found, or did about it.
    pub why: String,
}

/// That somebody has received and verified a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// Who signed the receipt.
    pub by: ReceivedBy,
    /// The number of the release that it acknowledges.
    pub intent: u64,
    /// SHA-256 of the package's manifest.
    pub manifest_sha256: Digest,
    /// The package; where it was passed on, another than that of the release.
    pub package: PackageId,
    /// When it had been verified, by the recipient's clock.
    pub received: Timestamp,
}

/// Who signed a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceivedBy {
    /// The fingerprint of the key.
    pub fingerprint: Fingerprint,
    /// Whose key that was, by the allowed signers.
    pub name: String,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// The ledger was found to contradict a checkpoint.
    Alarm,
    /// Somebody has approved or rejected a request.
    Approval,
    /// Something was about to leave.
    Intent,
    /// What became of it.
    Outcome,
    /// Somebody has received and verified a package.
    Receipt,
    /// Somebody has looked at what was wrong.
    Recovery,
    /// Something was refused.
    Refusal,
    /// Somebody asked to release something.
    Request,
    /// A crash left a line unfinished.
    Torn,
}

/// One line with all that it says, as it is written: what every entry has, and
/// the bodies of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    pub(super) version: u64,
    /// Its number, counted from 1.
    pub sequence: u64,
    /// SHA-256 of the line of the entry before, with its end of line.
    pub previous: Option<Digest>,
    /// When it was written, by the machine's clock.
    pub time: Timestamp,
    /// What it is.
    pub kind: Kind,
    /// The number of an alarm that nobody has looked at yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unresolved: Option<u64>,
    /// Of an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Alarm>,
    /// Of an approval, which may be a rejection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Answered>,
    /// Of an intent or a refusal: what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<Export>,
    /// Of an intent, and of a refusal or a request if the content was read: what was
    /// found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// Of an outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Of a receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Received>,
    /// Of a recovery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
    /// Of a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Asked>,
    /// Of an entry that puts on record what a crash left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torn: Option<Torn>,
}

impl Entry {
    /// An entry of that kind, with no body yet; its place and time are those of
    /// the moment in which it is appended.
    pub(super) fn blank(kind: Kind) -> Self {
        Self {
            version: VERSION,
            sequence: 0,
            previous: None,
            time: Timestamp::UNIX_EPOCH,
            kind,
            unresolved: None,
            alarm: None,
            approval: None,
            export: None,
            found: None,
            outcome: None,
            receipt: None,
            recovery: None,
            request: None,
            torn: None,
        }
    }

    /// Whether it says that something was about to leave.
    #[must_use]
    pub fn is_intent(&self) -> bool {
        self.kind == Kind::Intent
    }

    /// The package that it is about, if it is about one.
    #[must_use]
    pub fn package(&self) -> Option<PackageId> {
        let export = self.export.as_ref().map(|export| export.id);
        let outcome = self.outcome.as_ref().map(|outcome| outcome.id);
        let alarm = self.alarm.as_ref().map(|alarm| alarm.checkpoint.package);
        let receipt = self.receipt.as_ref().map(|receipt| receipt.package);
        export.or(outcome).or(alarm).or(receipt)
    }

    /// The request that it is about, if it is about one.
    #[must_use]
    pub fn release_request(&self) -> Option<RequestId> {
        let asked = self.request.as_ref().map(|request| request.id);
        let answered = self.approval.as_ref().map(|answer| answer.request);
        let export = self.export.as_ref().and_then(|export| export.request);
        asked.or(answered).or(export)
    }

    /// Who did it or asked for it, where that is an account.
    #[must_use]
    pub fn requester(&self) -> Option<&Requester> {
        let export = self.export.as_ref().map(|export| &export.requester);
        let asked = self.request.as_ref().map(|request| &request.requester);
        let answered = self.approval.as_ref().map(|answer| &answer.by);
        let recovery = self.recovery.as_ref().map(|recovery| &recovery.requester);
        export.or(asked).or(answered).or(recovery)
    }

    /// Who was to be able to open it, of an export or of a request.
    #[must_use]
    pub fn recipients(&self) -> &[NamedKey] {
        let export = self.export.as_ref().map(|export| &export.recipients);
        let asked = self.request.as_ref().map(|request| &request.recipients);
        export.or(asked).map_or(&[], Vec::as_slice)
    }

    /// The line, with its end.
    pub(super) fn to_line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).expect("an entry has nothing JSON cannot say");
        line.push(b'\n');
        line
    }
}

impl Export {
    /// As it is recorded: no key is longer than [`MAX_KEY`].
    pub(super) fn with_short_keys(&self) -> Self {
        let mut export = self.clone();
        export.recipients.iter_mut().for_each(short_key);
        export
    }

    /// With no more than a few recipients and groups: a refusal is recorded
    /// however much was asked for.
    pub(super) fn cut_short(&self) -> Self {
        const KEPT: usize = 8;
        const SHOWN: usize = 250;
        let over = |n: usize| u64::try_from(n.saturating_sub(KEPT)).unwrap_or(u64::MAX);
        let mut export = self.clone();
        export.left_out = self
            .left_out
            .saturating_add(over(self.recipients.len()))
            .saturating_add(over(self.requester.groups.len()))
            .saturating_add(over(self.findings.len()));
        export.recipients.truncate(KEPT);
        export.requester.groups.truncate(KEPT);
        export.findings.truncate(KEPT);
        let names = export.recipients.iter_mut().filter_map(|r| r.name.as_mut());
        let groups = export.requester.groups.iter_mut();
        let codes = export.findings.iter_mut().map(|f| &mut f.code);
        let notes = [
            &mut export.label,
            &mut export.purpose,
            &mut export.signer,
            &mut export.requester.name,
        ];
        let notes = notes.into_iter().flatten();
        for text in names.chain(groups).chain(codes).chain(notes) {
            let end = (0..=SHOWN.min(text.len())).rfind(|&n| text.is_char_boundary(n));
            text.truncate(end.unwrap_or(0));
        }
        export
    }
}

/// A recipient as it is recorded.
pub(super) fn short_key(recipient: &mut NamedKey) {
    if recipient.key.len() > MAX_KEY {
        recipient.key = format!("sha256:{}", Digest::of(recipient.key.as_bytes()));
    }
}

/// As many of an account's groups as are recorded, and how many are not.
pub(super) fn recorded_groups(groups: &[String]) -> (Vec<String>, u64) {
    let fitting = groups.iter().filter(|group| group.len() <= MAX_GROUP);
    let recorded: Vec<_> = fitting.take(MAX_GROUPS).cloned().collect();
    let left_out = groups.len() - recorded.len();
    (recorded, u64::try_from(left_out).unwrap_or(u64::MAX))
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "what serde calls it with"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}
