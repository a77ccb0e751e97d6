//! The path of an open folder or file.

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD};

/// Where the folder is, with every link resolved, asked through its descriptor:
/// a link that is swapped meanwhile cannot answer for another folder.
///
/// `None` where the kernel knows no path that leads to it: it has been removed,
/// something is mounted over it, or it is outside of the root of this process.
pub(crate) fn resolve(folder: impl AsFd) -> Option<PathBuf> {
    let folder = folder.as_fd();
    let link = format!("/proc/self/fd/{}", folder.as_raw_fd());
    let said = rustix::fs::readlink(link, Vec::new()).ok()?;
    let path = PathBuf::from(OsStr::from_bytes(said.to_bytes()));
    // What is out of reach begins with `(unreachable)`, what was removed ends
    // in ` (deleted)`, and a folder may be called so; only the folder itself
    // can tell.
    (path.is_absolute() && leads_to(&path, folder)).then_some(path)
}

/// Whether the path leads to that folder, the last part not being a link.
pub(crate) fn leads_to(path: &Path, folder: impl AsFd) -> bool {
    let there = rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW);
    let (Ok(there), Ok(opened)) = (there, rustix::fs::fstat(folder)) else {
        return false;
    };
    let identity = |stat: rustix::fs::Stat| (stat.st_dev, stat.st_ino);
    identity(there) == identity(opened)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::symlink;

    use super::*;

    fn open(path: &Path) -> OwnedFd {
        crate::destination::open_folder(path).expect("a folder")
    }

    #[test]
    fn a_folder_is_where_it_is() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let dir = dir.path().canonicalize().expect("resolves");
        let (one, link) = (dir.join("one (deleted)"), dir.join("link"));
        fs::create_dir(&one).expect("made");
        symlink(&one, &link).expect("made");
        let folder = open(&link);
        assert_eq!(resolve(&folder), Some(one.clone()));
        // The link now leads elsewhere; then the folder itself moves.
        fs::remove_file(&link).expect("removed");
        symlink("/", &link).expect("made");
        assert_eq!(resolve(&folder), Some(one.clone()));
        let two = dir.join("two\n");
        fs::rename(&one, &two).expect("moved");
        assert_eq!(resolve(&folder), Some(two));
    }

    #[test]
    fn what_was_removed_is_nowhere() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let dir = dir.path().canonicalize().expect("resolves");
        let gone = dir.join("gone");
        fs::create_dir(&gone).expect("made");
        let folder = open(&gone);
        fs::remove_dir(&gone).expect("removed");
        assert_eq!(resolve(&folder), None);
        fs::create_dir(dir.join("gone (deleted)")).expect("made");
        assert_eq!(resolve(&folder), None);
    }
}
