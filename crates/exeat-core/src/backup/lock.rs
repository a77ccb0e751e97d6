//! One run of a profile at a time.
#![expect(
    clippy::disallowed_methods,
    reason = "the file that is locked is made here"
)]

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::BackupError;
use crate::progress::Progress;

/// How often to ask again.
const AGAIN: Duration = Duration::from_millis(200);

/// Holds a profile for one run. The kernel gives it up with the process, however
/// that ends: there is no stale lock.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Locks the file at `path`, which is made if it is not there, and waits at
    /// most so long for another run to end.
    ///
    /// ```
    /// use exeat_core::{backup::RunLock, progress::Silent};
    /// use std::time::Duration;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let path = dir.path().join("lock");
    /// let lock = RunLock::take(&path, Duration::ZERO, &Silent).expect("nobody else");
    /// assert!(RunLock::take(&path, Duration::ZERO, &Silent).is_err());
    /// drop(lock);
    /// assert!(RunLock::take(&path, Duration::ZERO, &Silent).is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`BackupError::Busy`]; [`BackupError::MemoryFile`]; that the caller asked
    /// to stop.
    pub fn take(path: &Path, wait: Duration, progress: &dyn Progress) -> Result<Self, BackupError> {
        let failed = |source: std::io::Error| BackupError::MemoryFile {
            path: path.to_owned(),
            source,
        };
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        let begun = Instant::now();
        loop {
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(Errno::WOULDBLOCK | Errno::INTR) => {}
                Err(error) => return Err(failed(error.into())),
            }
            if progress.cancelled() {
                return Err(BackupError::Interrupted);
            }
            let left = wait.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(BackupError::Busy);
            }
            std::thread::sleep(left.min(AGAIN));
        }
    }
}
