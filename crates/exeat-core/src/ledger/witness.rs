//! Checkpoints: what a release takes along of the ledger, and what the ledger is
//! held against when one comes back.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use jiff::Timestamp;

use super::chain::{Chain, Position, Unfinished};
use super::entry::{Alarm, Contradiction, Entry, Kind};
use super::file::Location;
use super::{LedgerError, Locked};
use crate::digest::Digest;
use crate::manifest::Checkpoint;

/// What a ledger that is in order amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// The number of its last entry.
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
    /// When somebody did so last.
    pub recovered: Option<Timestamp>,
    /// Of each checkpoint, in their order, how the ledger contradicts it.
    pub contradictions: Vec<Option<Contradiction>>,
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

pub(super) fn held_against(
    file: &File,
    location: &Location,
    checkpoints: &[Checkpoint],
) -> Result<Verification, LedgerError> {
    // What the ledger has where the checkpoints are.
    let asked = checkpoints.iter().map(|one| (one.sequence, Vec::new()));
    let mut there: BTreeMap<u64, Vec<Digest>> = asked.collect();
    let (mut time, mut recovered) = (None, None);
    let chain = Chain::from(file, location, Position::default());
    let end = chain.read(|entry, _, sha256| {
        time = Some(entry.time);
        if entry.kind == Kind::Recovery {
            recovered = Some(entry.time);
        }
        if let Some(found) = there.get_mut(&entry.sequence) {
            found.push(sha256);
        }
        Ok(())
    })?;
    let recoveries = end.recoveries;
    let (position, unfinished) = end.in_order()?;
    let contradictions = checkpoints.iter().map(|checkpoint| {
        let found = there
            .get(&checkpoint.sequence)
            .map_or(&[][..], Vec::as_slice);
        if found.contains(&checkpoint.entry_sha256) {
            None
        } else if position.first != Some(checkpoint.ledger) {
            Some(Contradiction::OtherLedger)
        } else if checkpoint.sequence > position.highest {
            Some(Contradiction::Older)
        } else {
            Some(Contradiction::Forked)
        }
    });
    Ok(Verification {
        entries: position.sequence,
        ledger: position.first,
        head: position.previous,
        time,
        unfinished,
        recoveries,
        recovered,
        unresolved: position.unresolved,
        contradictions: contradictions.collect(),
    })
}

impl Locked<'_> {
    /// Holds the ledger against checkpoints of signers who are trusted, and puts
    /// the first that it contradicts on record: from then on nothing leaves until
    /// [`Locked::recover`]. What was signed before somebody has looked is no news.
    ///
    /// # Errors
    /// As of [`verify`]; the alarm cannot be written.
    pub fn hold_against(self, checkpoints: &[Checkpoint]) -> Result<Verification, LedgerError> {
        let mut found = held_against(&self.file, &self.shared.location, checkpoints)?;
        let contradicted = checkpoints.iter().zip(&found.contradictions);
        let mut contradicted = contradicted
            .filter_map(|(one, what)| Some((one, (*what)?)))
            .filter(|(one, _)| found.recovered.is_none_or(|time| one.time > time));
        if let (Some((checkpoint, what)), None) = (contradicted.next(), found.unresolved) {
            let alarm = self.append(Entry {
                alarm: Some(Alarm {
                    checkpoint: checkpoint.clone(),
                    what,
                }),
                ..Entry::blank(Kind::Alarm)
            })?;
            found.unresolved = Some(alarm.sequence);
        }
        Ok(found)
    }
}
