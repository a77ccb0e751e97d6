//! Reads one line of the ledger: strictly, so that what one reader takes for an
//! entry every other does.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::entry::{Entry, Kind, VERSION};

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
pub(super) fn read(line: &[u8]) -> Result<Entry, LineFault> {
    /// The one field every version of the format will have.
    #[derive(Deserialize)]
    struct AnyVersion {
        version: u64,
    }
    let error = match serde_json::from_slice::<Entry>(line) {
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

impl Entry {
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
