//! For `tests/fuzz`: lines of a ledger, and chains of them.

use std::path::Path;

use super::chain::{self, Chain, Position};
use super::entry::Entry;
use super::file::{Lines, Location};
use super::parse;
use crate::digest::{Digest, Hasher};
use crate::fuzzing::in_memory;

/// Where a chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainEnd {
    /// Whether every line is the one that was written.
    pub is_in_order: bool,
    /// The number of the last entry.
    pub sequence: u64,
    /// SHA-256 of its line.
    pub previous: Option<Digest>,
    /// The alarm that nobody has looked at yet.
    pub unresolved: Option<u64>,
    /// Where what stands at the end and is no entry begins, and its length.
    pub unfinished: Option<(u64, u64)>,
    /// How many entries there are; of [`tail`], none.
    pub entries: u64,
}

/// Reads a line, without its end, and writes it again, with it; `None` where it
/// is no entry.
#[must_use]
pub fn line(bytes: &[u8]) -> Option<Vec<u8>> {
    parse::read(bytes).ok().map(|entry| entry.to_line())
}

/// Reads a ledger from `from`, which has to be where one began or ended that
/// was read before. `None` where it could not be read at all.
#[must_use]
pub fn chain(bytes: &[u8], cut: usize) -> Option<ChainEnd> {
    let file = in_memory(bytes).ok()?;
    let location = Location::find(Path::new("/ledger.jsonl")).ok()?;
    let cut = bytes.get(..cut).map(<[u8]>::len);
    let mut position = Position::default();
    if let Some(cut) = cut {
        let first = Chain::from(&file, &location, position).up_to(cut as u64);
        let end = first.read(|_, _, _| {}).ok()?;
        if end.fault.is_some() {
            return chain(bytes, usize::MAX);
        }
        position = end.whole;
    }
    let all = Chain::from(&file, &location, position).with_signatures();
    let end = all.read(|_, _, _| {}).ok()?;
    Some(ChainEnd {
        is_in_order: end.fault.is_none() && end.unreadable == 0,
        sequence: end.position.sequence,
        previous: end.position.previous,
        unresolved: end.position.unresolved,
        unfinished: end.unfinished.map(|rest| (rest.at, rest.bytes)),
        entries: end.position.entries,
    })
}

/// Looks at the end of a ledger as whoever appends an entry does; `None` where
/// nothing may be appended.
#[must_use]
pub fn tail(bytes: &[u8]) -> Option<ChainEnd> {
    let file = in_memory(bytes).ok()?;
    let location = Location::find(Path::new("/ledger.jsonl")).ok()?;
    let tail = chain::tail(&file, &location).ok()?;
    Some(ChainEnd {
        is_in_order: true,
        sequence: tail.sequence,
        previous: tail.previous,
        unresolved: tail.unresolved,
        // An end of line that is missing is counted as what is to be written.
        unfinished: tail
            .torn
            .map(|torn| (torn.at, torn.bytes - u64::from(tail.open))),
        entries: 0,
    })
}

/// The same lines with the numbers and digests that make a chain of those that
/// are entries, which no fuzzer guesses. Lines for which `keep` is true stay as
/// they are.
#[must_use]
pub fn chained(bytes: &[u8], mut keep: impl FnMut(usize) -> bool) -> Vec<u8> {
    let Ok(file) = in_memory(bytes) else {
        return Vec::new();
    };
    let mut lines = Lines::within(&file, 0, bytes.len() as u64);
    let (mut out, mut number, mut previous) = (Vec::new(), 0, None);
    let mut broken: Option<(u64, Hasher)> = None;
    for at in 0.. {
        let Ok(Some(line)) = lines.next() else {
            return out;
        };
        let start = out.len();
        let entry = parse::read(line.bytes).ok();
        match entry {
            Some(mut entry) if !keep(at) => {
                mend(&mut entry, number, previous, &out, broken.take());
                out.extend_from_slice(&entry.to_line());
                number = entry.sequence;
                previous = Some(Digest::of(&out[start..]));
            }
            _ => {
                out.extend_from_slice(line.bytes);
                if line.ended {
                    out.push(b'\n');
                }
                let (_, hasher) = broken.get_or_insert_with(|| (start as u64, Hasher::default()));
                hasher.update(&out[start..]);
            }
        }
    }
    out
}

fn mend(
    entry: &mut Entry,
    number: u64,
    previous: Option<Digest>,
    before: &[u8],
    broken: Option<(u64, Hasher)>,
) {
    entry.sequence = number.saturating_add(1);
    entry.previous = previous;
    if let (Some(torn), Some((at, hasher))) = (&mut entry.torn, broken) {
        torn.at = at;
        torn.bytes = before.len() as u64 - at;
        torn.sha256 = hasher.finish().0;
    }
    if let Some(recovery) = &mut entry.recovery {
        recovery.bytes = before.len() as u64;
        recovery.sha256 = Digest::of(before);
    }
}
