//! New files that are there as a whole or not at all: filled without a name, and
//! given it when every byte is on the disk.
#![expect(
    clippy::disallowed_methods,
    reason = "settings, receipts and requests are written here"
)]

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use exeat_core::keys::sync_folder_of;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

/// Writes a new file with the permissions that the user's umask leaves.
pub(crate) fn write_public(path: &Path, bytes: &[u8], umask: u32) -> io::Result<()> {
    write(path, bytes, Some(Permissions::from_mode(0o666 & !umask)))
}

/// Writes a new file for its owner alone.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, bytes, None)
}

/// After an error nothing of it is left; what was there already is the error
/// `AlreadyExists`, and stays.
fn write(path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let fill = |mut file: &File| {
        file.write_all(bytes)?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        file.sync_all()
    };
    let named = match nameless(path)? {
        Some(file) => {
            fill(&file)?;
            give_name(&file, path)?;
            // Where there is no journal, a name counts only once the file says that it has one.
            file.sync_all()
        }
        None => {
            by_a_rename(path, fill)?;
            Ok(())
        }
    };
    named.and_then(|()| sync_folder_of(path)).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

/// A file without a name, in the folder of `path`; `None` where the file system
/// has no such, as FAT.
fn nameless(path: &Path) -> io::Result<Option<File>> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
    match rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => Ok(Some(file.into())),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Replaces nothing: what has that name already is an error.
fn give_name(file: &File, path: &Path) -> io::Result<()> {
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(
        CWD,
        own,
        CWD,
        path,
        AtFlags::SYMLINK_FOLLOW,
    )?)
}

/// The same by way of another name beside it, which a run that is killed leaves.
fn by_a_rename(path: &Path, fill: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    let beside = beside(path)?;
    let written = File::create_new(&beside).and_then(|file| {
        fill(&file)?;
        match rustix::fs::renameat_with(CWD, &beside, CWD, path, RenameFlags::NOREPLACE) {
            // A file system that has no such rename either.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP)
                if path.symlink_metadata().is_err() =>
            {
                fs::rename(&beside, path)
            }
            other => Ok(other?),
        }
    });
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path
        .file_name()
        .ok_or(io::ErrorKind::IsADirectory)?
        .to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in a folder: names and contents.
    fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let mut all: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|item| {
                let path = item.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, fs::read(path).unwrap())
            })
            .collect();
        all.sort();
        all
    }

    #[test]
    fn it_is_there_whole_with_its_mode_and_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("receipt");
        write_public(&path, b"all of it", 0o022).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        write_new(&dir.path().join("secret"), b"s").unwrap();
        let secret = fs::metadata(dir.path().join("secret")).unwrap();
        assert_eq!(secret.permissions().mode() & 0o777, 0o600);
        let names = [
            ("receipt".to_owned(), b"all of it".to_vec()),
            ("secret".to_owned(), b"s".to_vec()),
        ];
        assert_eq!(content(dir.path()), names);
    }

    #[test]
    fn what_is_there_stays_and_nothing_is_left_of_what_failed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("receipt");
        let fill = |mut file: &File| file.write_all(b"new");
        by_a_rename(&path, fill).unwrap();
        let old = [("receipt".to_owned(), b"new".to_vec())];
        for failed in [
            write_new(&path, b"newer"),
            by_a_rename(&path, |mut file| file.write_all(b"newest")),
        ] {
            let error = failed.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists, "{error}");
            assert_eq!(content(dir.path()), old);
        }
        let full = |_: &File| Err(io::Error::from(io::ErrorKind::StorageFull));
        let error = by_a_rename(&dir.path().join("other"), full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(content(dir.path()), old);
    }
}
