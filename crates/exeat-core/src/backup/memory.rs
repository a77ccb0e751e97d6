//! What a host remembers of a profile between two runs: where its chain ended,
//! and what it has verified. Without it nothing is lost but that knowledge.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use jiff::Timestamp;
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::BackupError;
use super::atomic;
use crate::digest::Digest;
use crate::manifest::PackageId;
use crate::path::Escaped;

/// What the file begins to say.
const FORMAT: &str = "exeat-backup/1";
/// The largest file that is read, in bytes: a million verified packages.
const MAX_BYTES: u64 = 80 << 20;

/// Where a chain ended, as far as the host knows: the package of its last run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tip {
    /// When it was made.
    pub created: Timestamp,
    /// The SHA-256 of its manifest.
    pub manifest_sha256: Digest,
    /// Its place in the chain.
    pub sequence: u64,
}

/// How the last run went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastRun {
    /// When it was over.
    pub ended: Timestamp,
    /// What came of it: `done`, or the permanent code of what went wrong.
    pub outcome: String,
    /// When it began.
    pub started: Timestamp,
}

/// What a host remembers of one profile.
///
/// ```
/// use exeat_core::backup::{Memory, series_id};
/// use exeat_core::signature::SigningKey;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// let key = SigningKey::generate("host").public().fingerprint();
/// let file = dir.path().join("clinic.json");
/// assert_eq!(Memory::read(&file)?, None);
/// let memory = Memory::new(series_id(&key, "clinic"), "/srv/backups");
/// memory.write(&file)?;
/// assert_eq!(Memory::read(&file)?, Some(memory));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    format: String,
    /// The package that is about to be put into its place; none where the last one
    /// was remembered.
    pub intended: Option<PackageId>,
    /// How the last run went; none before the first.
    pub last_run: Option<LastRun>,
    /// The chain.
    pub series: Uuid,
    /// Where it ended; none before the first package.
    pub tip: Option<Tip>,
    /// The folder that the packages go to, as the profile names it.
    pub to: String,
    /// The packages that were compared on the medium, and when.
    pub verified: BTreeMap<PackageId, Timestamp>,
}

impl Memory {
    /// Of a profile that has not been run, or of which nothing is known any more.
    #[must_use]
    pub fn new(series: Uuid, to: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            intended: None,
            last_run: None,
            series,
            tip: None,
            to: to.to_owned(),
            verified: BTreeMap::new(),
        }
    }

    /// Reads the file; `None` if there is none.
    ///
    /// # Errors
    /// [`BackupError::Memory`] where it is not what [`Memory::write`] writes, to
    /// the byte, and [`BackupError::MemoryFile`] where it cannot be read. The
    /// caller can go on with a [`Memory::new`], and says so.
    pub fn read(path: &Path) -> Result<Option<Self>, BackupError> {
        let bytes = match read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                let path = path.to_owned();
                return Err(BackupError::MemoryFile { path, source });
            }
        };
        Self::from_bytes(&bytes)
            .map(Some)
            .map_err(|reason| BackupError::Memory {
                path: path.to_owned(),
                reason,
            })
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(format!("it is larger than {} MiB", MAX_BYTES >> 20));
        }
        let memory: Self = serde_json::from_slice(bytes)
            .map_err(|error| Escaped(error.to_string().as_bytes()).to_string())?;
        if memory.format != FORMAT {
            let found: String = memory.format.chars().take(80).collect();
            let found = Escaped(found.as_bytes());
            return Err(format!("its format is '{found}', not '{FORMAT}'"));
        }
        match memory.to_bytes() == bytes {
            true => Ok(memory),
            false => Err("it is not in its one form".into()),
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("a memory has nothing JSON cannot say");
        bytes.push(b'\n');
        bytes
    }

    /// Writes the file, for its owner alone, so that it is the old one or the
    /// new one whenever the machine stops. Its folder must exist.
    ///
    /// # Errors
    /// [`BackupError::MemoryFile`], with what the system said.
    pub fn write(&self, path: &Path) -> Result<(), BackupError> {
        write(path, &self.to_bytes()).map_err(|source| BackupError::MemoryFile {
            path: path.to_owned(),
            source,
        })
    }

    /// Forgets what was verified of packages that are not among these.
    pub fn forget_others(&mut self, present: &[PackageId]) {
        let present: std::collections::HashSet<_> = present.iter().collect();
        self.verified.retain(|id, _| present.contains(id));
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or(io::ErrorKind::InvalidInput)?;
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(parent, flags, Mode::empty())?;
    atomic::replace(&folder, name, bytes, Mode::RUSR | Mode::WUSR)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::diagnostic::{Explain as _, Fault};

    fn example() -> Memory {
        let at: Timestamp = "2026-11-29T02:00:00Z".parse().expect("a time");
        let series = Uuid::from_u128(7);
        let mut memory = Memory::new(series, "/srv/backups");
        memory.tip = Some(Tip {
            created: at,
            manifest_sha256: Digest::of(b"x"),
            sequence: 3,
        });
        memory.last_run = Some(LastRun {
            started: at,
            ended: at,
            outcome: "done".into(),
        });
        memory.verified.insert(PackageId::generate(), at);
        memory
    }

    #[test]
    fn it_comes_back_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("clinic.json");
        assert_eq!(Memory::read(&path).expect("none"), None);
        let mut memory = example();
        memory.write(&path).expect("written");
        assert_eq!(Memory::read(&path).expect("good"), Some(memory.clone()));
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let kept = *memory.verified.keys().next().expect("one");
        let at = memory.verified[&kept];
        memory.verified.insert(PackageId::generate(), at);
        memory.forget_others(&[kept]);
        assert_eq!(memory.verified.len(), 1);
        memory.write(&path).expect("written again");
        assert_eq!(Memory::read(&path).expect("good"), Some(memory));
    }

    #[test]
    fn nothing_else_is_taken_for_one() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("clinic.json");
        let good = String::from_utf8(example().to_bytes()).expect("UTF-8");
        for (what, text) in [
            ("empty", String::new()),
            ("cut off", good[..good.len() / 2].into()),
            ("spaces", good.replacen(':', ": ", 1)),
            ("twice", format!("{good}{good}")),
            ("a field more", good.replacen('{', "{\"a\":1,", 1)),
            ("a field less", good.replace(",\"to\":\"/srv/backups\"", "")),
            ("another version", good.replace("backup/1", "backup/2")),
        ] {
            std::fs::write(&path, &text).expect("written");
            let error = Memory::read(&path).expect_err(what);
            assert_eq!(error.code(), "backup-memory", "{what}");
            assert_eq!(error.fault(), Fault::Environment, "{what}");
            assert!(error.to_string().contains("clinic.json"), "{error}");
            assert!(error.help().is_some());
        }
        std::fs::remove_file(&path).expect("removed");
        std::fs::create_dir(&path).expect("made");
        let error = Memory::read(&path).expect_err("a folder");
        assert_eq!(error.code(), "backup-memory-file");
        let error = example().write(&path).expect_err("a folder");
        assert_eq!(error.code(), "backup-memory-file");
    }
}
