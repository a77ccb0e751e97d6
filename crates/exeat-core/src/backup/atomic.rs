//! Small files that are either the old one or the new one, whenever the machine
//! stops.
#![expect(
    clippy::disallowed_methods,
    reason = "what a host remembers, and the record of what was removed, are written here"
)]

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

/// What the name of a file has behind it until it is finished.
const UNFINISHED: &str = ".new";

/// Puts a file of that content into the folder, in place of the one of that
/// name: written and synced beside it, renamed, and the folder synced.
///
/// What an interrupted call left is replaced. Two at once for one name are the
/// caller's to prevent: a run of a profile holds its lock.
pub(super) fn replace(folder: impl AsFd, name: &str, bytes: &[u8], mode: Mode) -> io::Result<()> {
    let beside = format!("{name}{UNFINISHED}");
    match rustix::fs::unlinkat(&folder, &beside, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&folder, &beside, flags | OFlags::NOFOLLOW, mode)?;
    let written = fill(file.into(), bytes, mode)
        .and_then(|()| Ok(rustix::fs::renameat(&folder, &beside, &folder, name)?));
    if let Err(error) = written {
        // Of no use to anybody; if it stays, the next call replaces it.
        let _ = rustix::fs::unlinkat(&folder, &beside, AtFlags::empty());
        return Err(error);
    }
    Ok(rustix::fs::fsync(&folder)?)
}

fn fill(mut file: File, bytes: &[u8], mode: Mode) -> io::Result<()> {
    // The process' own umask may be stricter; a file system without permissions
    // may say no.
    let _ = rustix::fs::fchmod(&file, mode);
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn it_replaces_and_leaves_nothing_beside() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let folder = File::open(dir.path()).expect("opens");
        let mode = Mode::RUSR | Mode::WUSR;
        // What a killed run left, and a link that somebody put there.
        fs::write(dir.path().join("file.new"), "half").expect("written");
        replace(&folder, "file", b"one", mode).expect("written");
        let elsewhere = dir.path().join("elsewhere");
        fs::write(&elsewhere, "theirs").expect("written");
        symlink(&elsewhere, dir.path().join("file.new")).expect("made");
        replace(&folder, "file", b"two", mode).expect("written");
        assert_eq!(fs::read(dir.path().join("file")).expect("there"), b"two");
        assert_eq!(fs::read(&elsewhere).expect("there"), b"theirs");
        let file = fs::metadata(dir.path().join("file")).expect("there");
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).expect("lists").count(), 2);
    }

    #[test]
    fn what_cannot_take_its_place_is_not_left_either() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let folder = File::open(dir.path()).expect("opens");
        fs::create_dir_all(dir.path().join("file/in it")).expect("made");
        replace(&folder, "file", b"one", Mode::RUSR).expect_err("a folder is there");
        assert_eq!(fs::read_dir(dir.path()).expect("lists").count(), 1);
    }
}
