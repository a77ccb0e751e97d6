//! Receipts: which release one acknowledges, and which releases nobody has
//! acknowledged.
//!
//! Only what was sealed counts, and whatever may have arrived does: a release
//! whose outcome is not known, or that was interrupted, too.
//!
//! A package that was passed on has one manifest and several releases: the
//! export, and one for each time. A receipt names the package, not the release,
//! and goes to the first of them with fewer receipts than recipients.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::chain::{Chain, Position, damaged};
use super::entry::{Ending, Entry, Form, Kind, Received, ReceivedBy};
use super::file::{Line, Location, read_range};
use super::{Contradiction, LedgerError, Locked};
use crate::diagnostic::{Explain, Fault};
use crate::digest::Digest;
use crate::manifest::{NamedKey, PackageId};
use crate::receipt::Receipt;
use crate::signature::{AllowedSigners, Fingerprint, SignatureError, Signer};
use crate::statement::Signed;

/// What a receipt came to.
#[derive(Debug)]
pub struct Acknowledged {
    /// The number of the release that it acknowledges.
    pub intent: u64,
    /// Who signed it.
    pub by: Signer,
    /// Whether it was on record already: it is not recorded again then.
    pub was_known: bool,
    /// How the ledger contradicts the checkpoint that came back, where that
    /// stops nobody: somebody has looked since.
    pub contradiction: Option<Contradiction>,
}

/// A release that nobody has acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Awaited {
    /// The number of its intent.
    pub intent: u64,
    /// The export; the package's id, if it was not passed on.
    pub id: PackageId,
    /// When it was about to leave.
    pub time: Timestamp,
    /// Whether it is on record as delivered; otherwise nobody knows.
    pub is_delivered: bool,
    /// What the sender called it.
    pub label: Option<String>,
    /// Who was to be able to open it.
    pub recipients: Vec<NamedKey>,
}

/// Why a receipt is not on record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// Nobody who is trusted with receipts has signed it.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Nothing of that kind has left, by this ledger.
    #[error("the ledger has no delivery of the package {package}")]
    NotSent {
        /// What was received.
        package: PackageId,
    },
    /// What was received has the id of something that was sent, and is
    /// something else.
    #[error("what was received is not what was sent as package {package} (entry {intent})")]
    OtherPackage {
        /// The id that both have.
        package: PackageId,
        /// The number of the release.
        intent: u64,
    },
    /// The user's own key has signed its release, and it is not on record.
    #[error(
        "your own key has signed the release of package {package}, and this ledger does not have it"
    )]
    OtherLedger {
        /// What was received.
        package: PackageId,
    },
    /// The package was released by a ledger that looked different.
    #[error("the ledger contradicts the checkpoint that the receipt brings back: {}", what.words())]
    Contradicted {
        /// How.
        what: Contradiction,
    },
}

impl Explain for ReceiveError {
    fn code(&self) -> &'static str {
        match self {
            Self::Signature(error) => error.code(),
            Self::Ledger(error) => error.code(),
            Self::NotSent { .. } => "receipt-not-sent",
            Self::OtherPackage { .. } => "receipt-other-package",
            Self::OtherLedger { .. } => "receipt-other-ledger",
            Self::Contradicted { .. } => "ledger-contradicted",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Signature(error) => error.fault(),
            Self::Ledger(error) => error.fault(),
            Self::NotSent { .. }
            | Self::OtherPackage { .. }
            | Self::OtherLedger { .. }
            | Self::Contradicted { .. } => Fault::Package,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::Signature(error) => return error.help(),
            Self::Ledger(error) => return error.help(),
            Self::NotSent { .. } => {
                "nothing was recorded: it is for somebody else's package, or for one that left by \
                 another ledger (another account, or another machine)"
            }
            Self::OtherPackage { .. } => {
                "nothing was recorded: the manifest or the signer is another. Ask the recipient \
                 where they have that package from, and tell them not to use it"
            }
            Self::OtherLedger { .. } => {
                "nothing was recorded: it left by another ledger (another account, another machine, \
                 another policy), or this one was made anew or lost entries; 'exeat ledger verify \
                 --checkpoint FILE' holds them against each other"
            }
            Self::Contradicted { .. } => {
                "nothing leaves until somebody has looked: entries are gone or were changed since \
                 they were signed. Restore the file from a backup, or put on record what happened \
                 with 'exeat ledger recover --why TEXT', and receive it again"
            }
        }))
    }
}

/// A sealed release that may have arrived.
struct Delivery {
    /// Where its intent stands in the file.
    line: Range<u64>,
    time: Timestamp,
    ending: Option<Ending>,
    manifest: Option<Digest>,
    receipts: u64,
}

/// All of them, by the number of the intent and by their own id: behind what was
/// not in order a number may stand twice.
#[derive(Default)]
struct Deliveries(BTreeMap<(u64, PackageId), Delivery>);

impl Deliveries {
    /// Takes one entry.
    fn entry(&mut self, entry: &Entry, line: &Line<'_>) {
        match (&entry.export, &entry.outcome, &entry.receipt) {
            (Some(export), ..) if entry.kind == Kind::Intent && export.form == Form::Encrypted => {
                let delivery = Delivery {
                    line: line.at..line.next,
                    time: entry.time,
                    ending: None,
                    manifest: None,
                    receipts: 0,
                };
                self.0.insert((entry.sequence, export.id), delivery);
            }
            (_, Some(outcome), _) => {
                if let Some(delivery) = self.0.get_mut(&(outcome.intent, outcome.id)) {
                    // The first word stands unless a later one is worse.
                    if matches!(delivery.ending, None | Some(Ending::Failed)) {
                        delivery.ending = Some(outcome.ending);
                        delivery.manifest = outcome.manifest_sha256;
                    }
                }
            }
            (.., Some(receipt)) => {
                let of_intent = (receipt.intent, PackageId::FIRST)..;
                let of_intent = self.0.range_mut(of_intent);
                let mut of_intent =
                    of_intent.take_while(|((intent, _), _)| *intent == receipt.intent);
                let is_it = |id: PackageId, delivery: &Delivery| {
                    id == receipt.package || delivery.manifest == Some(receipt.manifest_sha256)
                };
                if let Some((_, delivery)) = of_intent.find(|((_, id), one)| is_it(*id, one)) {
                    delivery.receipts += 1;
                }
            }
            _ => {}
        }
    }

    fn arrived(&self) -> impl Iterator<Item = (u64, PackageId, &Delivery)> {
        let all = self.0.iter().map(|(&(intent, id), one)| (intent, id, one));
        all.filter(|(.., one)| one.ending != Some(Ending::Failed))
    }
}

impl Delivery {
    /// The intent with all that it says.
    fn intent(&self, file: &File, location: &Location) -> Result<Entry, LedgerError> {
        let line = read_range(file, self.line.start, self.line.end)
            .map_err(|error| location.read_error(error))?;
        serde_json::from_slice(&line).map_err(|_| {
            let reason = "an intent says something unknown".into();
            damaged(location, self.line.start, reason)
        })
    }
}

/// What the ledger knows that a receipt may be about.
struct Known {
    deliveries: Deliveries,
    /// The release that this receipt has acknowledged already.
    acknowledged: Option<u64>,
    /// Which ledger it is.
    ledger: Option<Digest>,
}

impl Locked<'_> {
    /// Records that a package has arrived, on the word of somebody whom
    /// `allowed` trusts with receipts. The checkpoint that comes back with it is
    /// held against the ledger, if it is about it and signed by a key that has
    /// signed a release by it, or by `own`, the user's key. No partner's word is
    /// enough to stop exports.
    ///
    /// # Errors
    /// Nothing is recorded, but for an alarm where the ledger contradicts the
    /// checkpoint.
    pub fn receive(
        self,
        receipt: &Signed<Receipt>,
        allowed: &AllowedSigners,
        own: Option<Fingerprint>,
    ) -> Result<Acknowledged, ReceiveError> {
        let now = (self.shared.clock)();
        let by = receipt.trusted(allowed, now, None)?;
        let said = receipt.statement();
        let known = self.known(said, *by.fingerprint())?;
        let is_ours = self.is_ours(said, &known.deliveries)?;
        let mut contradiction = None;
        if let Some(checkpoint) = &said.checkpoint
            && (is_ours || known.ledger == Some(checkpoint.statement().ledger))
        {
            let (found, news) = self.witnessed(std::slice::from_ref(checkpoint), own)?;
            if let Some(what) = news {
                return Err(ReceiveError::Contradicted { what });
            }
            contradiction = found.contradictions[0];
        }
        if let Some(intent) = known.acknowledged {
            return Ok(Acknowledged {
                intent,
                by,
                was_known: true,
                contradiction,
            });
        }
        let intent = match self.acknowledged_by(said, &known.deliveries) {
            Err(ReceiveError::NotSent { package }) if is_own(said, own) => {
                return Err(ReceiveError::OtherLedger { package });
            }
            other => other?,
        };
        self.append(Entry {
            receipt: Some(Received {
                by: ReceivedBy {
                    fingerprint: *by.fingerprint(),
                    name: by.principal().to_owned(),
                },
                intent,
                manifest_sha256: said.manifest_sha256,
                package: said.package,
                received: said.received,
            }),
            ..Entry::blank(Kind::Receipt)
        })?;
        Ok(Acknowledged {
            intent,
            by,
            was_known: false,
            contradiction,
        })
    }

    fn known(&self, receipt: &Receipt, by: Fingerprint) -> Result<Known, LedgerError> {
        let mut deliveries = Deliveries::default();
        let mut acknowledged = None;
        let chain = Chain::from(&self.file, &self.shared.location, Position::default());
        let end = chain.read(|entry, line, _| {
            if let Some(known) = &entry.receipt
                && known.by.fingerprint == by
                && (known.package, known.manifest_sha256)
                    == (receipt.package, receipt.manifest_sha256)
            {
                acknowledged.get_or_insert(known.intent);
            }
            deliveries.entry(&entry, line);
        })?;
        let (position, _) = end.in_order()?;
        Ok(Known {
            deliveries,
            acknowledged,
            ledger: position.first,
        })
    }

    /// Whether the ledger has the export itself, by this sender.
    ///
    /// # Errors
    /// It has another with that id.
    fn is_ours(&self, receipt: &Receipt, deliveries: &Deliveries) -> Result<bool, ReceiveError> {
        let mut exports = deliveries.arrived();
        let Some((intent, _, export)) = exports.find(|(_, id, _)| *id == receipt.package) else {
            return Ok(false);
        };
        let recorded = export.intent(&self.file, &self.shared.location)?;
        let signer = recorded.export.and_then(|export| export.signer);
        let is_same = signer.is_none_or(|signer| signer == receipt.sender.to_string())
            && export
                .manifest
                .is_none_or(|manifest| manifest == receipt.manifest_sha256);
        match is_same {
            true => Ok(true),
            false => Err(ReceiveError::OtherPackage {
                package: receipt.package,
                intent,
            }),
        }
    }

    /// The release that a receipt goes to.
    fn acknowledged_by(
        &self,
        receipt: &Receipt,
        deliveries: &Deliveries,
    ) -> Result<u64, ReceiveError> {
        let mut first = None;
        for (intent, id, delivery) in deliveries.arrived() {
            let is_same = delivery.manifest == Some(receipt.manifest_sha256);
            if id != receipt.package && !is_same {
                continue;
            }
            first.get_or_insert(intent);
            let recorded = delivery.intent(&self.file, &self.shared.location)?;
            let recipients = recorded.export.map_or(0, |export| export.recipients.len());
            if delivery.receipts < recipients.max(1) as u64 {
                return Ok(intent);
            }
        }
        first.ok_or(ReceiveError::NotSent {
            package: receipt.package,
        })
    }
}

/// Whether the user's own key signed what comes back.
fn is_own(receipt: &Receipt, own: Option<Fingerprint>) -> bool {
    own.is_some() && receipt.checkpoint.as_ref().map(Signed::fingerprint) == own
}

/// The releases of the ledger at `path` that nobody has acknowledged, so long
/// after they left, the oldest first. A ledger that does not exist has none.
///
/// # Errors
/// The ledger cannot be read, or is not as it was written: then nobody knows.
pub fn outstanding(
    path: &Path,
    now: Timestamp,
    due: SignedDuration,
) -> Result<Vec<Awaited>, LedgerError> {
    let Some((location, file)) = Location::existing(path)? else {
        return Ok(Vec::new());
    };
    let mut deliveries = Deliveries::default();
    let chain = Chain::from(&file, &location, Position::default());
    let end = chain.read(|entry, line, _| deliveries.entry(&entry, line))?;
    end.in_order()?;
    let is_due = |one: &Delivery| {
        // How old something from the future is nobody knows.
        one.time > now || now.duration_since(one.time) >= due
    };
    let awaited = deliveries
        .arrived()
        .filter(|(.., one)| one.receipts == 0 && is_due(one));
    awaited
        .map(|(intent, id, delivery)| {
            let recorded = delivery.intent(&file, &location)?;
            let (label, recipients) = recorded
                .export
                .map(|export| (export.label, export.recipients))
                .unwrap_or_default();
            Ok(Awaited {
                intent,
                id,
                time: delivery.time,
                is_delivered: delivery.ending == Some(Ending::Delivered),
                label,
                recipients,
            })
        })
        .collect()
}
