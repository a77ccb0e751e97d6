//! New files that are there as a whole or not at all: filled without a name, and
//! given it when every byte is on the disk.
#![expect(
    clippy::disallowed_methods,
    reason = "key files, receipts and requests are written here"
)]

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use uuid::Uuid;

/// Writes a new file that only its owner can read, and makes it durable. After an error
/// nothing of it is there.
///
/// # Errors
/// What the system says; that it exists already above all.
pub fn write_secret_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_new_file(path, bytes, 0o600)
}

/// Writes a new file with these permission bits, and makes it durable. After an error
/// nothing of it is there.
///
/// # Errors
/// As those of [`write_secret_file`].
pub fn write_new_file(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let fill = |mut file: &File| {
        file.write_all(bytes)?;
        if mode != OWNER_ALONE {
            file.set_permissions(Permissions::from_mode(mode))?;
        }
        file.sync_all()
    };
    let named = match nameless(path)? {
        Some(file) => {
            fill(&file)?;
            match give_name(&file, path) {
                Ok(()) => Some(file),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
                // A file system without links, or a place without /proc.
                Err(_) => None,
            }
        }
        None => None,
    };
    match named {
        // Where there is no journal, a name counts only once the file says that it has one.
        Some(file) => keep(path, file.sync_all()),
        None => by_a_rename(path, fill).and_then(|()| keep(path, Ok(()))),
    }
}

/// Makes the name of a new file durable, if all has gone well until then; or takes the file
/// away again.
fn keep(path: &Path, durable: io::Result<()>) -> io::Result<()> {
    durable
        .and_then(|()| sync_folder_of(path))
        .inspect_err(|_| {
            let _ = fs::remove_file(path);
        })
}

/// Makes the name of a new file durable.
///
/// # Errors
/// What the system says.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// What a file is made with.
const OWNER_ALONE: u32 = 0o600;

/// A file without a name, in the folder of `path`; `None` where the file system
/// has no such, as FAT.
fn nameless(path: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
    match rustix::fs::open(folder_of(path), flags, Mode::from_raw_mode(OWNER_ALONE)) {
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
    let mut options = File::options();
    let file = options.write(true).create_new(true).mode(OWNER_ALONE);
    let file = file.open(&beside)?;
    let written = fill(&file).and_then(|()| rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn rename(beside: &Path, path: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, beside, CWD, path, RenameFlags::NOREPLACE) {
        // A file system that has no such rename either: whoever makes that file between
        // this look and the rename loses it.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => match path.symlink_metadata() {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(beside, path),
        },
        other => Ok(other?),
    }
}

/// A name that nobody else has, a killed run least of all.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.tmp", Uuid::now_v7().simple()));
    Ok(path.with_file_name(beside))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in a folder: names and contents.
    fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let mut all: Vec<_> = fs::read_dir(folder)
            .expect("works")
            .map(|item| {
                let path = item.expect("works").path();
                let name = path
                    .file_name()
                    .expect("works")
                    .to_string_lossy()
                    .into_owned();
                (name, fs::read(path).expect("works"))
            })
            .collect();
        all.sort();
        all
    }

    #[test]
    fn it_is_there_whole_with_its_mode_and_nothing_beside_it() {
        let dir = tempfile::tempdir().expect("works");
        let path = dir.path().join("receipt");
        write_new_file(&path, b"all of it", 0o644).expect("works");
        let mode = fs::metadata(&path).expect("works").permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        write_secret_file(&dir.path().join("secret"), b"s").expect("works");
        let secret = fs::metadata(dir.path().join("secret")).expect("works");
        assert_eq!(secret.permissions().mode() & 0o777, 0o600);
        let names = [
            ("receipt".to_owned(), b"all of it".to_vec()),
            ("secret".to_owned(), b"s".to_vec()),
        ];
        assert_eq!(content(dir.path()), names);
    }

    #[test]
    fn what_is_there_stays_and_nothing_is_left_of_what_failed() {
        let dir = tempfile::tempdir().expect("works");
        let path = dir.path().join("receipt");
        let fill = |mut file: &File| file.write_all(b"new");
        by_a_rename(&path, fill).expect("works");
        let old = [("receipt".to_owned(), b"new".to_vec())];
        for failed in [
            write_secret_file(&path, b"newer"),
            by_a_rename(&path, |mut file| file.write_all(b"newest")),
        ] {
            let error = failed.expect_err("fails");
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists, "{error}");
            assert_eq!(content(dir.path()), old);
        }
        let full = |_: &File| Err(io::Error::from(io::ErrorKind::StorageFull));
        let error = by_a_rename(&dir.path().join("other"), full).expect_err("fails");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(content(dir.path()), old);
    }
}
