//! What earlier scans have looked at: a digest for each file in which nothing
//! was found, and why, if it could not be seen.
//!
//! A digest is over numbers that the file system gives (device, inode, size,
//! times) and over who looked ([`Cache::new`]): any change to the file, to
//! exeat or to the rules makes another one. The times are those that nobody
//! but root can set back. Files with findings are not remembered: they are
//! looked at again each time.
//!
//! ```text
//! exeat scan cache 1 <LF>
//! a JSON array of reasons, which hold no value of any file <LF>
//! records of 17 bytes, sorted: 16 of the digest, and the place of the reason
//! from 1 on, or 0 for a file that is harmless
//! ```

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use rustix::fs::Statx;

use crate::destination::Medium;

const MAGIC: &[u8] = b"exeat scan cache 1\n";
/// Bytes of a record.
const RECORD: usize = 17;
/// How many records a cache keeps; past them those of files that this scan did
/// not meet are dropped. They take 68 MB.
const MAX_RECORDS: usize = 4_000_000;
/// Reasons that are told apart.
const MAX_REASONS: usize = 250;
/// The most bytes that a cache is read of.
pub const MAX_CACHE: u64 = 128 << 20;

/// What was looked at before.
#[derive(Debug, Default)]
pub struct Cache {
    /// Who looks: goes into every digest.
    looker: [u8; 32],
    reasons: std::sync::Mutex<Vec<String>>,
    records: Vec<[u8; RECORD]>,
    /// Whether there is something new to keep.
    is_changed: bool,
}

/// What identifies a file and its state.
#[derive(Debug, Clone, Copy)]
struct Stamp([u8; 64]);

/// A digest of what identifies a file and its state, for one looker.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileDigest([u8; 16]);

/// What a scan remembers of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record([u8; RECORD]);

/// What a scan says of a file in which it found nothing.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    code: u8,
    /// Why it could not be seen, if it could not.
    pub(super) reason: Option<String>,
}

impl Record {
    pub(super) fn new(file: FileDigest, verdict: &Verdict) -> Self {
        let mut record = [verdict.code; RECORD];
        record[..16].copy_from_slice(&file.0);
        Self(record)
    }
}

impl Stamp {
    fn of(stat: &Statx, medium: Medium) -> Self {
        let time = |time: rustix::fs::StatxTimestamp| (time.tv_sec.to_le_bytes(), time.tv_nsec);
        let (modified, modified_nanos) = time(stat.stx_mtime);
        let (changed, changed_nanos) = time(stat.stx_ctime);
        let fields: [&[u8]; 9] = [
            &stat.stx_dev_major.to_le_bytes(),
            &stat.stx_dev_minor.to_le_bytes(),
            &stat.stx_ino.to_le_bytes(),
            &stat.stx_size.to_le_bytes(),
            &modified,
            &modified_nanos.to_le_bytes(),
            &changed,
            &changed_nanos.to_le_bytes(),
            // What may lie on one may not on another.
            &[u8::from(medium.is_outside())],
        ];
        let mut stamp = [0; 64];
        let mut at = 0;
        for field in fields {
            stamp[at..at + field.len()].copy_from_slice(field);
            at += field.len();
        }
        Self(stamp)
    }
}

impl Cache {
    /// Nothing yet. `looker` says who looks: the program with its version, and
    /// the rules. What another one has seen says nothing.
    #[must_use]
    pub fn new(looker: &[u8]) -> Self {
        Self {
            looker: Sha256::digest(looker).into(),
            ..Self::default()
        }
    }

    /// What [`Cache::write`] has written; a file that is none gives an empty
    /// cache, for nothing but time is lost with it.
    #[must_use]
    pub fn read(looker: &[u8], bytes: &[u8]) -> Self {
        let empty = Self::new(looker);
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            return empty;
        };
        let Some(end) = memchr::memchr(b'\n', rest) else {
            return empty;
        };
        let Ok(reasons) = serde_json::from_slice::<Vec<String>>(&rest[..end]) else {
            return empty;
        };
        let (records, odd) = rest[end + 1..].as_chunks::<RECORD>();
        let is_sorted = records.is_sorted();
        let known = |record: &[u8; RECORD]| usize::from(record[16]) <= reasons.len();
        if !odd.is_empty() || !is_sorted || !records.iter().all(known) {
            return empty;
        }
        Self {
            reasons: reasons.into(),
            records: records.to_vec(),
            ..empty
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(MAGIC)?;
        serde_json::to_writer(&mut *out, &*self.reasons())?;
        out.write_all(b"\n")?;
        out.write_all(self.records.as_flattened())
    }

    /// Whether the last scan has added to it.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// How many files it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    fn reasons(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.reasons
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The digest of a file that has this state.
    pub(super) fn file(&self, stat: &Statx, medium: Medium) -> FileDigest {
        self.digest(&Stamp::of(stat, medium))
    }

    fn digest(&self, stamp: &Stamp) -> FileDigest {
        let mut hasher = Sha256::new();
        hasher.update(self.looker);
        hasher.update(stamp.0);
        let whole: [u8; 32] = hasher.finalize().into();
        let (digest, _) = whole.split_first_chunk().expect("32 bytes hold 16");
        FileDigest(*digest)
    }

    /// What is known of a file.
    pub(super) fn verdict(&self, file: &FileDigest) -> Option<Verdict> {
        let place = self
            .records
            .binary_search_by(|record| record[..16].cmp(&file.0))
            .ok()?;
        let code = self.records[place][16];
        let reason = match code {
            0 => None,
            code => Some(self.reasons().get(usize::from(code) - 1)?.clone()),
        };
        Some(Verdict { code, reason })
    }

    /// How to remember that a file was harmless, or why it could not be seen;
    /// `None` where there are too many reasons.
    pub(super) fn verdict_for(&self, reason: Option<&str>) -> Option<Verdict> {
        let Some(reason) = reason else {
            return Some(Verdict {
                code: 0,
                reason: None,
            });
        };
        let mut reasons = self.reasons();
        let place = match reasons.iter().position(|known| known == reason) {
            Some(place) => place,
            None if reasons.len() < MAX_REASONS => {
                reasons.push(reason.to_owned());
                reasons.len() - 1
            }
            None => return None,
        };
        Some(Verdict {
            code: u8::try_from(place + 1).ok()?,
            reason: Some(reason.to_owned()),
        })
    }

    /// The same with what this scan has met.
    pub(super) fn with(mut self, met: Vec<Record>) -> Self {
        let mut records: Vec<[u8; RECORD]> = met.into_iter().map(|Record(bytes)| bytes).collect();
        let is_known = |record| self.records.binary_search(record).is_ok();
        self.is_changed |= !records.iter().all(is_known);
        if self.is_changed {
            if self.records.len() + records.len() <= MAX_RECORDS {
                records.append(&mut self.records);
            }
            // Where two disagree, the one that was not harmless stays.
            records.sort_unstable_by(|a, b| a[..16].cmp(&b[..16]).then(b[16].cmp(&a[16])));
            records.dedup_by(|a, b| a[..16] == b[..16]);
            records.truncate(MAX_RECORDS);
            self.records = records;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(number: u8) -> Stamp {
        Stamp([number; 64])
    }

    #[test]
    fn what_was_met_is_known_to_the_same_looker_alone() {
        let cache = Cache::new(b"exeat 1");
        let clean = cache.verdict_for(None).expect("always");
        let unseen = cache.verdict_for(Some("damaged")).expect("the first");
        let met = vec![
            Record::new(cache.digest(&stamp(1)), &clean),
            Record::new(cache.digest(&stamp(2)), &unseen),
        ];
        let cache = cache.with(met);
        assert!(cache.is_changed());
        let mut bytes = Vec::new();
        cache.write(&mut bytes).expect("to memory");
        let again = Cache::read(b"exeat 1", &bytes);
        assert_eq!((again.len(), again.is_changed()), (2, false));
        let verdict = |cache: &Cache, number| {
            let verdict = cache.verdict(&cache.digest(&stamp(number)));
            verdict.map(|verdict| verdict.reason)
        };
        assert_eq!(verdict(&again, 1), Some(None));
        assert_eq!(verdict(&again, 2), Some(Some("damaged".to_owned())));
        assert_eq!(verdict(&again, 3), None);
        let other = Cache::read(b"exeat 2", &bytes);
        assert_eq!(verdict(&other, 1), None);
        let clean = again.verdict_for(None).expect("always");
        let met = vec![Record::new(again.digest(&stamp(1)), &clean)];
        let same = again.with(met);
        assert!(!same.is_changed(), "nothing new to keep");
    }

    #[test]
    fn what_is_no_cache_is_an_empty_one() {
        let mut good = Vec::new();
        let cache = Cache::new(b"a");
        let clean = cache.verdict_for(None).expect("always");
        let met = vec![Record::new(cache.digest(&stamp(1)), &clean)];
        let cache = cache.with(met);
        cache.write(&mut good).expect("to memory");
        for length in 0..good.len() {
            let read = Cache::read(b"a", &good[..length]);
            let may_be = length + RECORD == good.len();
            assert!(read.is_empty() || may_be, "{length}");
        }
        let mut wrong = good.clone();
        *wrong.last_mut().expect("not empty") = 9;
        assert!(Cache::read(b"a", &wrong).is_empty(), "no such reason");
        assert_eq!(Cache::read(b"a", &good).len(), 1);
    }
}
