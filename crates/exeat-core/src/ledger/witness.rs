//! Checkpoints: what a release takes along of the ledger, and what the ledger is
//! held against when one comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use jiff::Timestamp;

use super::chain::{Chain, Covered, Position, Unfinished};
use super::entry::{Alarm, Contradiction, Entry, Kind};
use super::file::Location;
use super::{LedgerError, Locked};
use crate::digest::Digest;
use crate::manifest::Checkpoint;
use crate::signature::Fingerprint;
use crate::statement::Signed;

/// What a ledger that is in order amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// How many entries it has.
    pub entries: u64,
    /// SHA-256 of the first entry's line, by which ledgers are told apart.
    pub ledger: Option<Digest>,
    /// SHA-256 of the last entry's line: it vouches for all before it.
    pub head: Option<Digest>,
    /// The last entry's time.
    pub time: Option<Timestamp>,
    /// What stands at its end and is no entry.
    pub unfinished: Option<Unfinished>,
    /// How often somebody has put on record that they looked at what was wrong.
    pub recoveries: u64,
    /// The number of an alarm that nobody has looked at yet.
    pub unresolved: Option<u64>,
    /// What was wrong then: the first thing each time.
    pub covered: Vec<Covered>,
    /// When somebody did so last; no later than anything that came after it.
    pub recovered: Option<Timestamp>,
    /// Of each checkpoint, in their order, how the ledger contradicts it.
    pub contradictions: Vec<Option<Contradiction>>,
    /// The keys that have signed a release by it.
    signers: BTreeSet<String>,
}

impl Verification {
    /// Whether this key has signed a release that is on record.
    #[must_use]
    pub fn has_signed(&self, key: &Fingerprint) -> bool {
        self.signers.contains(&key.to_string())
    }

    /// The first checkpoint that the ledger contradicts, if that is news: signed
    /// after somebody has looked last, by whoever releases by this ledger. No
    /// partner's word is enough to stop exports.
    fn news<'a>(
        &self,
        checkpoints: &'a [Signed<Checkpoint>],
        own: Option<Fingerprint>,
    ) -> Option<(&'a Checkpoint, Contradiction)> {
        let found = checkpoints.iter().zip(&self.contradictions);
        let mut found = found.filter_map(|(one, what)| Some((one, (*what)?)));
        let (signed, what) = found.find(|(one, _)| {
            let key = one.fingerprint();
            self.recovered
                .is_none_or(|time| one.statement().time > time)
                && (own == Some(key) || self.has_signed(&key))
        })?;
        Some((signed.statement(), what))
    }
}

/// Reads the ledger at `path` from its first entry to its last, and holds it
/// against `checkpoints`, which are worth as much as those who signed them.
///
/// # Errors
/// It cannot be read, or its entries are not those that were written: the first
/// thing that is wrong.
pub fn verify(path: &Path, checkpoints: &[Checkpoint]) -> Result<Verification, LedgerError> {
    let location = Location::find(path)?;
    match location.open_to_read()? {
        Some(file) => held_against(&file, &location, checkpoints),
        None => Err(LedgerError::Open {
            path: path.to_owned(),
            source: std::io::ErrorKind::NotFound.into(),
        }),
    }
}

fn held_against(
    file: &File,
    location: &Location,
    checkpoints: &[Checkpoint],
) -> Result<Verification, LedgerError> {
    // What the ledger has where the checkpoints are.
    let asked = checkpoints.iter().map(|one| (one.sequence, Vec::new()));
    let mut there: BTreeMap<u64, Vec<(u64, Digest)>> = asked.collect();
    let (mut time, mut recovered) = (None, None);
    let mut signers = BTreeSet::new();
    let chain = Chain::from(file, location, Position::default()).with_signatures();
    let end = chain.read(|entry, line, sha256| {
        time = Some(entry.time);
        // A clock that was ahead then says nothing of what was signed later.
        recovered = match entry.kind {
            Kind::Recovery => Some(entry.time),
            _ => recovered.map(|at: Timestamp| at.min(entry.time)),
        };
        if let (Kind::Intent, Some(export)) = (entry.kind, &entry.export)
            && let Some(signer) = &export.signer
            && !signers.contains(signer)
        {
            signers.insert(signer.clone());
        }
        if let Some(found) = there.get_mut(&entry.sequence) {
            found.push((line.at, sha256));
        }
    })?;
    let (recoveries, covered) = (end.recoveries, end.covered.clone());
    let (position, unfinished) = end.in_order()?;
    let contradictions = checkpoints.iter().map(|checkpoint| {
        let mut found = there.get(&checkpoint.sequence).into_iter().flatten();
        let signed = found.find(|(_, sha256)| *sha256 == checkpoint.entry_sha256);
        if let Some((place, _)) = signed {
            // Behind the recovery it vouches for what was looked at, as it stands. What is
            // wrong with the entry before it shows where the one behind that stands.
            let is_before = |one: &&Covered| one.at <= *place && *place < one.until;
            let changed = covered.iter().find(is_before);
            changed.map(|_| Contradiction::Changed)
        } else if position.first != Some(checkpoint.ledger) {
            Some(Contradiction::OtherLedger)
        } else if checkpoint.sequence > position.highest {
            Some(Contradiction::Older)
        } else {
            Some(Contradiction::Forked)
        }
    });
    let contradictions = contradictions.collect();
    // When one from the future was made, nobody knows.
    let recovered = recovered.filter(|at| *at <= Timestamp::now());
    Ok(Verification {
        entries: position.entries,
        ledger: position.first,
        head: position.previous,
        time,
        unfinished,
        recoveries,
        recovered,
        covered,
        unresolved: position.unresolved,
        contradictions,
        signers,
    })
}

impl Locked<'_> {
    /// Holds the ledger against checkpoints, and puts the first that it
    /// contradicts on record, if it was signed by `own`, the user's key, or by a
    /// key that has signed a release by this ledger: from then on nothing leaves
    /// until [`Locked::recover`]. What was signed before somebody has looked is no
    /// news.
    ///
    /// # Errors
    /// As of [`verify`]; the alarm cannot be written.
    pub fn hold_against(
        self,
        checkpoints: &[Signed<Checkpoint>],
        own: Option<Fingerprint>,
    ) -> Result<Verification, LedgerError> {
        Ok(self.witnessed(checkpoints, own)?.0)
    }

    /// The same, and what was news.
    pub(super) fn witnessed(
        &self,
        checkpoints: &[Signed<Checkpoint>],
        own: Option<Fingerprint>,
    ) -> Result<(Verification, Option<Contradiction>), LedgerError> {
        let said: Vec<_> = checkpoints
            .iter()
            .map(|one| one.statement().clone())
            .collect();
        let mut found = held_against(&self.file, &self.shared.location, &said)?;
        let news = found.news(checkpoints, own);
        if let (Some((checkpoint, what)), None) = (news, found.unresolved) {
            let alarm = self.append(Entry {
                alarm: Some(Alarm {
                    checkpoint: checkpoint.clone(),
                    what,
                }),
                ..Entry::blank(Kind::Alarm)
            })?;
            found.unresolved = Some(alarm.sequence);
        }
        Ok((found, news.map(|(_, what)| what)))
    }
}
