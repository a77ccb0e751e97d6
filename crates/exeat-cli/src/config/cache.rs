//! What earlier scans have looked at, kept for the next one.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use exeat_core::scan::{Cache, MAX_CACHE};

use super::{cannot_read, make_dir, no_home, write_report};
use crate::error::CommandError;

/// Where scans keep what they have looked at.
pub(crate) fn cache_path() -> Result<PathBuf, CommandError> {
    let home = etcetera::choose_base_strategy().map_err(|_| no_home())?;
    let state = home.state_dir().unwrap_or_else(|| home.data_dir());
    Ok(state.join("exeat").join("scan-cache"))
}

/// What earlier scans have looked at; nothing where there is no such file.
pub(crate) fn read_cache(path: &Path, looker: &[u8]) -> Result<Cache, CommandError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let read = open_own(path).and_then(|file| file.take(MAX_CACHE).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Cache::read(looker, &bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Cache::new(looker)),
        Err(error) => {
            Err(cannot_read(path, &error).with_help("pass another --cache, or --no-cache"))
        }
    }
}

/// Opens a file that nobody but the user can have written to: whoever could
/// would say what is passed over.
fn open_own(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::MetadataExt as _;
    let flags = rustix::fs::OFlags::RDONLY
        | rustix::fs::OFlags::NOFOLLOW
        | rustix::fs::OFlags::NONBLOCK
        | rustix::fs::OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, rustix::fs::Mode::empty())?);
    let stat = file.metadata()?;
    let is_own = stat.uid() == rustix::process::geteuid().as_raw() && stat.mode() & 0o022 == 0;
    match stat.is_file() && is_own {
        true => Ok(file),
        false => Err(io::Error::other("others can write to it, or it is no file")),
    }
}

/// Keeps what a scan has looked at, for its owner's eyes; two scans at once each
/// write theirs whole, and the later one stays.
pub(crate) fn write_cache(path: &Path, cache: &Cache) -> io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        make_dir(folder)?;
    }
    let mut bytes = Vec::new();
    cache.write(&mut bytes)?;
    write_report(path, &bytes, 0o077)
}
