//! A ledger → a folder for an auditor: the entries as they stand, what each
//! release signed over them, and how to check both with `sha256sum` and
//! `ssh-keygen` alone.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::destination::{DestinationError, NewFolder};
use crate::diagnostic::{Explain, Fault, io_help};
use crate::digest::Digest;
use crate::ledger::{self, LedgerError};
use crate::manifest::Checkpoint;
use crate::path::shown;
use crate::staging::Staging;
use crate::statement::Signed;

/// Checks all of it.
const SCRIPT: &str = include_str!("audit/check.sh");
/// What it is, and what the script does.
const README: &str = include_str!("audit/README.txt");

/// Why there is no such folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The ledger cannot be read. One that is damaged is copied as it is.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The folder cannot be made there.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// A file cannot be written.
    #[error("cannot write {} for the auditor", shown(path))]
    Write {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Explain for AuditError {
    fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::Destination(error) => error.code(),
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => "no-space",
            Self::Write { .. } => "write-failed",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Ledger(error) => error.fault(),
            Self::Destination(error) => error.fault(),
            Self::Write { .. } => Fault::Environment,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Ledger(error) => error.help(),
            Self::Destination(error) => error.help(),
            Self::Write { source, .. } => io_help(source),
        }
    }
}

/// What was made.
#[derive(Debug)]
#[non_exhaustive]
pub struct Audited {
    /// The folder.
    pub path: PathBuf,
    /// How many entries could be read.
    pub entries: u64,
    /// How many checkpoints there are.
    pub checkpoints: u64,
    /// Checkpoints in the ledger whose signature does not fit: their entries.
    pub bad_checkpoints: Vec<u64>,
    /// What is wrong with the ledger, if something is.
    pub fault: Option<LedgerError>,
}

/// Makes the folder `into`, for its owner alone; it appears when all is in it.
///
/// # Errors
/// The ledger cannot be read at all, or the folder cannot be made; nothing is
/// left there then.
pub fn export(ledger: &Path, into: &Path) -> Result<Audited, AuditError> {
    let target = NewFolder::find(into, None)?;
    let failed = |source| AuditError::Write {
        path: into.to_owned(),
        source,
    };
    let staging = Staging::create(target.parent.as_fd()).map_err(failed)?;
    let mut folder = Folder {
        staging,
        sums: String::new(),
    };
    let mut audited = Audited {
        path: into.to_owned(),
        entries: 0,
        checkpoints: 0,
        bad_checkpoints: Vec::new(),
        fault: None,
    };
    let mut copied = folder.create("ledger.jsonl").map_err(failed)?;
    let (mut written, mut signed_entries) = (Ok(()), BTreeSet::new());
    let (sha256, fault) = ledger::copy(ledger, &mut copied, |entry| {
        audited.entries += 1;
        let Some(document) = entry.outcome.and_then(|outcome| outcome.checkpoint) else {
            return;
        };
        match document.check::<Checkpoint>() {
            // An entry that stands there twice is told of by the chain.
            Ok(signed) if written.is_ok() && signed_entries.insert(signed.statement().sequence) => {
                audited.checkpoints += 1;
                written = folder.checkpoint(&signed);
            }
            Ok(_) => {}
            Err(_) => audited.bad_checkpoints.push(entry.sequence),
        }
    })?;
    audited.fault = fault;
    folder
        .close(copied, "ledger.jsonl", sha256)
        .map_err(failed)?;
    written.map_err(failed)?;
    for (name, text) in [("README.txt", README), ("check.sh", SCRIPT)] {
        folder.put(name, text.as_bytes()).map_err(failed)?;
    }
    let Folder { mut staging, sums } = folder;
    let mut file = create(&staging, "SHA256SUMS").map_err(failed)?;
    file.write_all(sums.as_bytes()).map_err(failed)?;
    staging.sync_all().map_err(failed)?;
    match staging.publish(&target.name, Mode::RWXU, target.is_empty_folder) {
        Ok(Ok(())) => Ok(audited),
        Ok(Err(source)) | Err(source) => Err(failed(source)),
    }
}

struct Folder {
    staging: Staging,
    /// The lines of `SHA256SUMS`.
    sums: String,
}

impl Folder {
    fn create(&self, name: &str) -> io::Result<File> {
        create(&self.staging, name)
    }

    fn close(&mut self, file: File, name: &str, sha256: Digest) -> io::Result<()> {
        drop(file);
        self.sums += &format!("{sha256}  {name}\n");
        Ok(())
    }

    fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.create(name)?;
        file.write_all(bytes)?;
        self.close(file, name, Digest::of(bytes))
    }

    fn checkpoint(&mut self, signed: &Signed<Checkpoint>) -> io::Result<()> {
        let name = format!("checkpoint-{}.json", signed.statement().sequence);
        self.put(&name, signed.text().as_bytes())?;
        self.put(&format!("{name}.sig"), signed.signature().as_bytes())
    }
}

fn create(staging: &Staging, name: &str) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    let file = rustix::fs::openat(staging.handle(), name, flags, mode)?;
    staging.count_file();
    Ok(file.into())
}
