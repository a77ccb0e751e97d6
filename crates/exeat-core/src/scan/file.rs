//! Looks at one file: opens it below its folder, reads it once, and makes sure
//! that it was the same all the while.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use jiff::Timestamp;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Statx, StatxFlags};
use rustix::io::Errno;

use super::cache::{Cache, FileDigest, Record};
use super::exposure::Exposures;
use super::walk::{Folder, why};
use super::{Finds, OpenFile};
use crate::decide::is_unseen;
use crate::digest::read_some;
use crate::inspect::reader::{Format, Readers};
use crate::inspect::{Depth, Facts, Inspection};
use crate::path::Escaped;
use crate::policy::Policy;
use crate::progress::Progress;
use crate::source::{DATABASE, LOG, Reopen, SourceError, is_database};

/// How much is read at once.
const BUFFER: usize = 128 << 10;
const CHANGED: &str = "changed while it was read";

/// What is the same for all files.
pub(super) struct Setting<'a> {
    pub(super) policy: &'a Policy,
    pub(super) readers: Option<Readers>,
    pub(super) since: Option<Timestamp>,
    pub(super) now: Timestamp,
    pub(super) exposures: Exposures,
    pub(super) finds: &'a Finds,
    pub(super) known: &'a Cache,
    pub(super) progress: &'a dyn Progress,
}

/// One thread's eyes.
pub(super) struct Looker<'a> {
    setting: &'a Setting<'a>,
    /// Used again for file after file, as long as they show nothing.
    inspection: Inspection,
    buffer: Vec<u8>,
    /// What may be passed over next time.
    records: Vec<Record>,
    counts: Counts,
}

/// What a thread counts by itself.
#[derive(Debug, Default)]
struct Counts {
    looked_at: u64,
    bytes: u64,
    known: u64,
}

impl<'a> Looker<'a> {
    pub(super) fn new(setting: &'a Setting<'a>) -> Self {
        Self {
            setting,
            inspection: Inspection::new(
                Depth::Full,
                setting.readers.clone(),
                setting.policy.columns(),
            ),
            buffer: vec![0; BUFFER],
            records: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Hands in what it has counted, and says what may be passed over next time.
    pub(super) fn finish(self) -> Vec<Record> {
        self.setting.finds.with(|state| {
            let scanned = &mut state.scanned;
            scanned.looked_at += self.counts.looked_at;
            scanned.bytes = scanned.bytes.saturating_add(self.counts.bytes);
            scanned.known += self.counts.known;
        });
        self.records
    }

    /// Looks at a file, and says what is to be said of it.
    pub(super) fn look(&mut self, folder: &Folder, name: &std::ffi::CString) {
        let setting = self.setting;
        let stat = match statx(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return,
            Err(error) => return self.unseen(folder, name, why(error)),
        };
        if FileType::from_raw_mode(stat.stx_mode.into()) != FileType::RegularFile {
            return;
        }
        let changed = stat.stx_mtime.tv_sec.max(stat.stx_ctime.tv_sec);
        let is_old = |changed: i64| setting.since.is_some_and(|s| changed < s.as_second());
        // A database changes in its log first.
        if is_old(changed) && is_old(log_changed(folder, name)) {
            return;
        }
        setting.progress.advance(1);
        self.counts.looked_at += 1;
        self.counts.bytes = self.counts.bytes.saturating_add(stat.stx_size);
        let digest = setting.known.file(&stat, folder.place.medium());
        if let Some(verdict) = setting.known.verdict(&digest) {
            self.counts.known += 1;
            if let Some(reason) = &verdict.reason {
                self.unseen(folder, name, reason);
            }
            self.records.push(Record::new(digest, &verdict));
            return;
        }
        let path = folder.path.join(OsStr::from_bytes(name.to_bytes()));
        let shown = Escaped(path.as_os_str().as_bytes()).to_string();
        setting.progress.current(&shown);
        match self.read(folder, name, &stat, &shown) {
            Ok((facts, stands_alone)) => {
                // What a log beside it changes, its own times do not show.
                let digest = stands_alone.then_some(digest);
                self.judge(folder, path, shown, (&stat, digest), facts);
            }
            Err(reason) => {
                // Nothing of it may be taken for the next one's.
                let _ = self.inspection.take_facts();
                setting.finds.add_unseen(shown, reason.to_owned());
            }
        }
    }

    fn unseen(&self, folder: &Folder, name: &CStr, reason: &str) {
        let path = folder.path.join(OsStr::from_bytes(name.to_bytes()));
        let shown = Escaped(path.as_os_str().as_bytes()).to_string();
        self.setting.finds.add_unseen(shown, reason.to_owned());
    }

    /// Reads and inspects the file, and says whether it stands for itself, with
    /// no other file that belongs to it. Why it could not be is the error.
    fn read(
        &mut self,
        folder: &Folder,
        name: &CStr,
        listed: &Statx,
        shown: &str,
    ) -> Result<(Facts, bool), &'static str> {
        let again = Again {
            folder,
            name,
            listed,
        };
        let mut file = again.open().map_err(why)?;
        let mut inspector = self.inspection.begin();
        let mut left = listed.stx_size;
        let mut is_database = false;
        while left > 0 {
            if self.setting.progress.cancelled() {
                return Err("interrupted");
            }
            let wanted = usize::try_from(left).map_or(BUFFER, |left| left.min(BUFFER));
            let read = read_some(&mut file, &mut self.buffer[..wanted]);
            let count = read.map_err(|_| "not readable")?;
            if count == 0 {
                break;
            }
            is_database |= left == listed.stx_size && self.buffer[..count].starts_with(DATABASE);
            inspector.push(&self.inspection, &self.buffer[..count]);
            if inspector.is_done() {
                break;
            }
            left -= count as u64;
        }
        let progress = self.setting.progress;
        let log = || is_database.then(|| log_changed(folder, name));
        let before = log();
        let ended = self
            .inspection
            .end_of(shown, listed.stx_size, &again, inspector, progress);
        self.inspection.look_at_name(name.to_bytes());
        let facts = self.inspection.take_facts();
        let format = ended.map_err(|_| CHANGED)?;
        let stands_alone = !matches!(format, Some(Format::Sqlite | Format::SqliteLog));
        match statx(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(now) if is_same(listed, &now) && before == log() => Ok((facts, stands_alone)),
            _ => Err(CHANGED),
        }
    }

    fn judge(
        &mut self,
        folder: &Folder,
        path: PathBuf,
        shown: String,
        (stat, digest): (&Statx, Option<FileDigest>),
        facts: Facts,
    ) {
        let setting = self.setting;
        let findings = setting.policy.findings_at_rest(&facts, &folder.place);
        let is_partly_unseen = is_unseen(&facts);
        if findings.is_empty() {
            let reason = is_partly_unseen.then(|| reason(&facts));
            // What changed in this very moment may change again unseen; another
            // name of it may tell more; and media that are carried about keep
            // times as they like.
            if let Some(digest) = digest
                && stat.stx_nlink == 1
                && !folder.place.medium().is_outside()
                && stat.stx_ctime.tv_sec < setting.now.as_second() - 1
                && let Some(verdict) = setting.known.verdict_for(reason.as_deref())
            {
                self.records.push(Record::new(digest, &verdict));
            }
            if let Some(reason) = reason {
                setting.finds.add_unseen(shown, reason);
            }
            return;
        }
        let exposure = setting
            .exposures
            .of(&path, stat, &folder.place, setting.now);
        setting.finds.add_open(OpenFile {
            bytes: stat.stx_size,
            classes: facts.classes.clone(),
            exposure,
            findings,
            people: facts.people,
            path: shown,
            is_partly_unseen,
            facts,
        });
    }
}

/// Why it could not be seen, in the words of its first part that could not.
fn reason(facts: &Facts) -> String {
    match facts.uninspected.places.first() {
        Some(place) => place.reason.clone(),
        None if facts.media > 0 => "an image, sound or film that nobody has reviewed".to_owned(),
        None => "not inspected".to_owned(),
    }
}

/// When the write-ahead log beside a file of this name changed; long ago where
/// there is none.
fn log_changed(folder: &Folder, name: &CStr) -> i64 {
    let log = [name.to_bytes(), LOG].concat();
    let stat = rustix::fs::statx(
        &folder.handle,
        OsStr::from_bytes(&log),
        AtFlags::SYMLINK_NOFOLLOW,
        StatxFlags::BASIC_STATS,
    );
    stat.map_or(i64::MIN, |stat| {
        stat.stx_mtime.tv_sec.max(stat.stx_ctime.tv_sec)
    })
}

fn statx(folder: &Folder, name: &CStr, flags: AtFlags) -> rustix::io::Result<Statx> {
    rustix::fs::statx(&folder.handle, name, flags, StatxFlags::BASIC_STATS)
}

/// Whether it is the file that it was, and has not been written to.
fn is_same(one: &Statx, other: &Statx) -> bool {
    let key = |stat: &Statx| {
        (
            (stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino),
            stat.stx_size,
            (stat.stx_ctime.tv_sec, stat.stx_ctime.tv_nsec),
            (stat.stx_mtime.tv_sec, stat.stx_mtime.tv_nsec),
        )
    };
    key(one) == key(other)
}

/// The file at its place.
struct Again<'a> {
    folder: &'a Folder,
    name: &'a CStr,
    listed: &'a Statx,
}

impl Again<'_> {
    /// Opens it without waiting, whatever it may have become.
    fn open(&self) -> rustix::io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder.handle, self.name, flags, Mode::empty())?;
        let stat = rustix::fs::statx(&file, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS)?;
        match is_same(self.listed, &stat) {
            true => Ok(file.into()),
            false => Err(Errno::STALE),
        }
    }

    /// The regular file of that name in the same folder.
    fn beside(&self, name: &[u8]) -> rustix::io::Result<Option<File>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(
            &self.folder.handle,
            OsStr::from_bytes(name),
            flags,
            Mode::empty(),
        );
        let file = match file {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error),
        };
        let stat = rustix::fs::fstat(&file)?;
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        Ok(is_file.then_some(file))
    }

    fn unreadable(&self, error: Errno) -> SourceError {
        SourceError::Read {
            path: Escaped(self.name.to_bytes()).to_string(),
            source: error.into(),
        }
    }
}

impl Reopen for Again<'_> {
    fn file(&self) -> Result<File, SourceError> {
        self.open().map_err(|error| self.unreadable(error))
    }

    fn log(&self) -> Result<Option<File>, SourceError> {
        let log = self.beside(&[self.name.to_bytes(), LOG].concat());
        log.map_err(|error| self.unreadable(error))
    }

    fn has_database(&self) -> Result<bool, SourceError> {
        let database = match self.name.to_bytes().strip_suffix(LOG) {
            Some(name) if !self.folder.is_for_one => self.beside(name),
            _ => Ok(None),
        };
        let database = database.map_err(|error| self.unreadable(error))?;
        Ok(database.is_some_and(|file| is_database(&file)))
    }
}
