//! A line of the ledger at a glance: what the chain and the sums are made of, read
//! strictly and without storing the rest.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::entry::{Ending, Form, Kind, Received, Torn, VERSION};
use crate::digest::Digest;
use crate::inspect::People;
use crate::manifest::{PackageId, RequestId, Verdict};

/// One line with what the chain and the sums are made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Glance {
    version: u64,
    pub(super) sequence: u64,
    pub(super) previous: Option<Digest>,
    pub(super) time: Timestamp,
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) unresolved: Option<u64>,
    #[serde(default)]
    alarm: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) approval: Option<AnsweredGlance>,
    #[serde(default)]
    pub(super) export: Option<ExportGlance>,
    #[serde(default)]
    pub(super) found: Option<FoundGlance>,
    #[serde(default)]
    pub(super) outcome: Option<OutcomeGlance>,
    #[serde(default)]
    pub(super) receipt: Option<Received>,
    #[serde(default)]
    pub(super) recovery: Option<RecoveryGlance>,
    #[serde(default)]
    pub(super) request: Option<AskedGlance>,
    #[serde(default)]
    pub(super) torn: Option<Torn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportGlance {
    #[serde(rename = "approvals", default)]
    _approvals: IgnoredAny,
    #[serde(rename = "destination")]
    _destination: IgnoredAny,
    #[serde(rename = "findings")]
    _findings: IgnoredAny,
    pub(super) form: Form,
    pub(super) id: PackageId,
    #[serde(rename = "label")]
    _label: IgnoredAny,
    #[serde(default)]
    pub(super) left_out: u64,
    #[serde(rename = "policy_sha256")]
    _policy: IgnoredAny,
    #[serde(rename = "purpose")]
    _purpose: IgnoredAny,
    #[serde(rename = "recipients")]
    _recipients: IgnoredAny,
    #[serde(default)]
    pub(super) request: Option<RequestId>,
    pub(super) requester: RequesterGlance,
    pub(super) signer: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequesterGlance {
    pub(super) groups: Vec<String>,
    #[serde(default)]
    pub(super) mapped: bool,
    #[serde(rename = "name")]
    _name: IgnoredAny,
    #[serde(default)]
    pub(super) unnamed_groups: bool,
    pub(super) user: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FoundGlance {
    #[serde(rename = "bytes")]
    _bytes: IgnoredAny,
    #[serde(rename = "classes")]
    _classes: IgnoredAny,
    #[serde(rename = "coverage")]
    _coverage: IgnoredAny,
    #[serde(rename = "files")]
    _files: IgnoredAny,
    pub(super) people: People,
    pub(super) personal_records: u64,
    #[serde(rename = "records")]
    _records: IgnoredAny,
    #[serde(rename = "uninspected")]
    _uninspected: IgnoredAny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutcomeGlance {
    #[serde(rename = "bytes")]
    _bytes: IgnoredAny,
    #[serde(rename = "checkpoint", default)]
    _checkpoint: IgnoredAny,
    #[serde(rename = "code")]
    _code: IgnoredAny,
    pub(super) ending: Ending,
    pub(super) id: PackageId,
    pub(super) intent: u64,
    pub(super) manifest_sha256: Option<Digest>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnsweredGlance {
    pub(super) by: RequesterGlance,
    #[serde(rename = "expires")]
    _expires: IgnoredAny,
    #[serde(rename = "left_out")]
    _left_out: IgnoredAny,
    pub(super) request: RequestId,
    #[serde(rename = "sha256")]
    _sha256: IgnoredAny,
    pub(super) signer: String,
    pub(super) verdict: Verdict,
    #[serde(rename = "why")]
    _why: IgnoredAny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedGlance {
    #[serde(rename = "ceiling")]
    _ceiling: IgnoredAny,
    #[serde(rename = "content_sha256")]
    _content: IgnoredAny,
    #[serde(rename = "expires")]
    _expires: IgnoredAny,
    pub(super) id: RequestId,
    #[serde(rename = "label")]
    _label: IgnoredAny,
    #[serde(rename = "left_out")]
    _left_out: IgnoredAny,
    #[serde(rename = "policy_sha256")]
    _policy: IgnoredAny,
    #[serde(rename = "purpose")]
    _purpose: IgnoredAny,
    #[serde(rename = "recipients")]
    _recipients: IgnoredAny,
    pub(super) requester: RequesterGlance,
    #[serde(rename = "sha256")]
    _sha256: IgnoredAny,
    #[serde(rename = "signer")]
    _signer: IgnoredAny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecoveryGlance {
    pub(super) bytes: u64,
    #[serde(rename = "requester")]
    _requester: IgnoredAny,
    pub(super) sha256: Digest,
    #[serde(rename = "unreadable")]
    _unreadable: IgnoredAny,
    #[serde(rename = "why")]
    _why: IgnoredAny,
}

/// Why a line is no entry.
#[derive(Debug)]
pub(super) enum LineFault {
    /// An entry of another version.
    Version(u64),
    /// Not an entry at all. `cut`: as if its end, or what a block of the disk
    /// held, had not been written.
    Malformed { reason: String, cut: bool },
}

/// Reads a line, without its end.
pub(super) fn read(line: &[u8]) -> Result<Glance, LineFault> {
    /// The one field every version of the format will have.
    #[derive(Deserialize)]
    struct AnyVersion {
        version: u64,
    }
    let error = match serde_json::from_slice::<Glance>(line) {
        Ok(entry) if entry.version == VERSION => match entry.check() {
            Ok(()) => return Ok(entry),
            Err(reason) => {
                return Err(LineFault::Malformed {
                    reason: reason.into(),
                    cut: false,
                });
            }
        },
        Ok(entry) => return Err(LineFault::Version(entry.version)),
        Err(error) => error,
    };
    if let Ok(AnyVersion { version }) = serde_json::from_slice(line)
        && version != VERSION
    {
        return Err(LineFault::Version(version));
    }
    // Where JSON ends too early, the message says so; it may quote the line
    // elsewhere, which is not for showing.
    let cut = line.contains(&0)
        || serde_json::from_slice::<IgnoredAny>(line).is_err_and(|error| error.is_eof());
    let what = match error.classify() {
        serde_json::error::Category::Data => "the line is JSON, but not an entry",
        _ => "the line is not JSON",
    };
    Err(LineFault::Malformed {
        reason: format!("{what} (column {})", error.column()),
        cut,
    })
}

impl Glance {
    /// Whether the bodies are those of its kind.
    fn check(&self) -> Result<(), &'static str> {
        let bodies = [
            (Kind::Alarm, self.alarm.is_some()),
            (Kind::Approval, self.approval.is_some()),
            (Kind::Outcome, self.outcome.is_some()),
            (Kind::Receipt, self.receipt.is_some()),
            (Kind::Recovery, self.recovery.is_some()),
            (Kind::Request, self.request.is_some()),
            (Kind::Torn, self.torn.is_some()),
        ];
        let is_own = bodies.iter().all(|&(kind, is)| is == (kind == self.kind));
        let is_right = match self.kind {
            Kind::Intent => self.export.is_some() && self.found.is_some(),
            Kind::Refusal => self.export.is_some(),
            Kind::Request => self.export.is_none(),
            _ => self.export.is_none() && self.found.is_none(),
        };
        (is_own && is_right)
            .then_some(())
            .ok_or("the entry is not one of its kind")
    }
}
