//! A private folder beside the place where a result will stand: filled out of
//! sight, published by one rename, removed if anything goes wrong.
//!
//! Used by [`crate::deliver`] for packages and by [`crate::open`] for content.
//! The folder is locked by the process that fills it, with a lock that dies
//! with the process; so the next run can tell what a killed one left behind,
//! and removes it. Who may write to the place beside it can move it or put
//! another in its place meanwhile; so it is emptied through its own descriptor,
//! and a result is one only if that descriptor agrees.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is the writing half of deliver and open"
)]

use std::borrow::Cow;
use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::beneath;
use crate::destination::resolve;
use crate::diagnostic::io_help;
use crate::path::MAX_DEPTH;

/// What the names of these folders begin with.
const PREFIX: &str = ".exeat-partial-";
/// What was staged is at most as deep as a package, in a folder of its own.
const DEPTH: usize = MAX_DEPTH + 2;
/// How old a folder has to be before it is taken for a leftover: its maker
/// locks it within microseconds of making it.
const GRACE: Duration = Duration::from_secs(10);

/// A locked, private, temporary folder; removed when dropped.
#[derive(Debug)]
pub(crate) struct Staging {
    parent: OwnedFd,
    folder: OwnedFd,
    name: String,
    /// How many files have been made in it.
    files: AtomicU64,
    /// Whether it is the result now, or has been removed.
    is_done: bool,
}

impl Staging {
    /// Makes one in `parent`, after clearing away what killed runs left there.
    pub(crate) fn create(parent: BorrowedFd<'_>) -> io::Result<Self> {
        clear_leftovers(parent)?;
        let parent = parent.try_clone_to_owned()?;
        let name = format!("{PREFIX}{}", uuid::Uuid::now_v7().simple());
        rustix::fs::mkdirat(&parent, &name, Mode::RWXU)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = match rustix::fs::openat(&parent, &name, flags, Mode::empty()) {
            Ok(folder) => folder,
            Err(error) => {
                let _ = rustix::fs::unlinkat(&parent, &name, AtFlags::REMOVEDIR);
                return Err(error.into());
            }
        };
        // Where there are no locks, leftovers are not cleared away either.
        let _ = rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive);
        Ok(Self {
            parent,
            folder,
            name,
            files: AtomicU64::new(0),
            is_done: false,
        })
    }

    /// The folder itself.
    pub(crate) fn handle(&self) -> &OwnedFd {
        &self.folder
    }

    /// Says that a file was made in it: [`Staging::remove`] demands to find as
    /// many.
    pub(crate) fn count_file(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }

    /// Makes everything in the folder durable with one call: cheaper than one
    /// for each of many small files.
    pub(crate) fn sync_all(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.folder)?)
    }

    /// Gives the folder its final name, which must not exist, and its mode; an
    /// empty folder of that name gives way where `over_empty` says so.
    ///
    /// The inner result is that of making the new name durable: an error there
    /// means that the result is in place, but might be gone after a crash.
    pub(crate) fn publish(
        &mut self,
        name: &OsStr,
        mode: Mode,
        over_empty: bool,
    ) -> io::Result<io::Result<()>> {
        rustix::fs::fsync(&self.folder)?;
        let from = self.name.as_str();
        self.is_at(OsStr::new(from))?;
        let renamed = if over_empty {
            rustix::fs::renameat(&self.parent, from, &self.parent, name)
        } else {
            match rustix::fs::renameat_with(
                &self.parent,
                from,
                &self.parent,
                name,
                RenameFlags::NOREPLACE,
            ) {
                // A file system without that flag. A rename never replaces a
                // folder that has anything in it, nor a file.
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP)
                    if !crate::destination::exists(&self.parent, Path::new(name)) =>
                {
                    rustix::fs::renameat(&self.parent, from, &self.parent, name)
                }
                other => other,
            }
        };
        renamed?;
        let seen = self.is_at(name);
        if let Err(error) = &seen
            && is_elsewhere(error)
        {
            return seen.map(Ok);
        }
        self.is_done = true;
        let named = rustix::fs::fsync(&self.parent);
        // Not before: what a crash leaves under the other name is its owner's alone,
        // and without a journal the mode could get to the disk before the name does.
        let opened = match rustix::fs::fchmod(&self.folder, mode) {
            // A file system without permissions.
            Err(Errno::PERM | Errno::NOTSUP | Errno::NOSYS | Errno::INVAL) => Ok(()),
            other => other,
        };
        let synced = rustix::fs::fsync(&self.folder);
        let synced = named.and(opened).and(synced);
        Ok(seen.and(synced.map_err(io::Error::from)))
    }

    /// Gives one file in the folder its final name beside the folder, which
    /// must not exist, and removes the folder. Results are as those of
    /// [`Staging::publish`].
    pub(crate) fn publish_file(
        &mut self,
        file: &File,
        from: &str,
        name: &OsStr,
    ) -> io::Result<io::Result<()>> {
        let renamed = rustix::fs::renameat_with(
            &self.folder,
            from,
            &self.parent,
            name,
            RenameFlags::NOREPLACE,
        );
        match renamed {
            // A rename without that flag would replace a file; a link does not.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => self.link_or_rename(from, name)?,
            other => other?,
        }
        let seen = is_at(&self.parent, name, file);
        if let Err(error) = &seen
            && is_elsewhere(error)
        {
            return seen.map(Ok);
        }
        self.is_done = true;
        // What is left is empty, and of no harm if it stays.
        let _ = rustix::fs::unlinkat(&self.parent, &self.name, AtFlags::REMOVEDIR);
        let synced = rustix::fs::fsync(&self.parent);
        Ok(seen.and(synced.map_err(io::Error::from)))
    }

    fn link_or_rename(&self, from: &str, name: &OsStr) -> io::Result<()> {
        let (folder, parent) = (&self.folder, &self.parent);
        match rustix::fs::linkat(folder, from, parent, name, AtFlags::empty()) {
            Ok(()) => {
                // It is there; a second name in a folder that goes is of no harm.
                let _ = rustix::fs::unlinkat(folder, from, AtFlags::empty());
                Ok(())
            }
            // No links there either.
            Err(Errno::PERM | Errno::NOSYS | Errno::NOTSUP)
                if !crate::destination::exists(parent, Path::new(name)) =>
            {
                Ok(rustix::fs::renameat(folder, from, parent, name)?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Demands that the name leads to this folder and no other one.
    fn is_at(&self, name: &OsStr) -> io::Result<()> {
        is_at(&self.parent, name, &self.folder)
    }

    /// The path of the result: the one that was wanted, or another one if the
    /// folder around it was moved meanwhile.
    pub(crate) fn path(&self, wanted: &Path) -> PathBuf {
        path_of(&self.folder, wanted)
    }

    /// Removes the folder with all that is in it.
    ///
    /// # Errors
    /// It cannot be said that nobody has any of it: not everything could be
    /// removed, or files that were made in it are not there any more or have
    /// another name besides.
    pub(crate) fn remove(mut self) -> io::Result<()> {
        self.is_done = true;
        self.clear()
    }

    fn clear(&self) -> io::Result<()> {
        let mut removed = Removed::default();
        // What failed once may have been a moment's weakness.
        empty(&self.folder, DEPTH, &mut removed)
            .or_else(|_| empty(&self.folder, DEPTH, &mut removed))?;
        // Where it was moved away, what is left of it there is empty.
        let _ = rustix::fs::unlinkat(&self.parent, &self.name, AtFlags::REMOVEDIR);
        let taken = removed.files < self.files.load(Ordering::Relaxed);
        match taken || removed.linked {
            true => Err(io::Error::other("somebody has taken files away from it")),
            false => Ok(()),
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.is_done {
            // Nobody is left to tell; what remains the next run clears away.
            let _ = self.clear();
        }
    }
}

/// The path of what was published: the one that was wanted, or another one if
/// the folder around it was moved meanwhile.
pub(crate) fn path_of(published: impl AsFd, wanted: &Path) -> PathBuf {
    match resolve::leads_to(wanted, &published) {
        true => wanted.to_owned(),
        false => resolve::resolve(published).unwrap_or_else(|| wanted.to_owned()),
    }
}

/// Demands that a name leads to what `opened` is.
fn is_at(parent: &OwnedFd, name: &OsStr, opened: impl AsFd) -> io::Result<()> {
    let there = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let own = rustix::fs::fstat(opened)?;
    if (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino) {
        return Ok(());
    }
    Err(io::Error::other("somebody put something else in its place"))
}

/// Whether an error of [`is_at`] says that something else is there, or nothing.
/// Any other one says that it could not be seen, just after the name was given: then
/// it is there, and nobody can be sure.
fn is_elsewhere(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Other | io::ErrorKind::NotFound)
}

/// A file in `folder` that has no name, for its owner alone: gone when it is
/// closed, however the process ends.
pub(crate) fn nameless(folder: &Path) -> io::Result<File> {
    let (flags, mode) = (OFlags::RDWR | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR);
    match rustix::fs::open(folder, flags | OFlags::TMPFILE, mode) {
        // A file system that has none: FAT, say.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {
            let path = folder.join(format!("{PREFIX}{}", uuid::Uuid::now_v7().simple()));
            let flags = flags | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
            let file = rustix::fs::open(&path, flags, mode)?;
            rustix::fs::unlink(&path)?;
            Ok(file.into())
        }
        other => Ok(other?.into()),
    }
}

/// What to do where something could not be written into such a folder.
pub(crate) fn help(error: &io::Error) -> Option<Cow<'static, str>> {
    match error.kind() {
        io::ErrorKind::NotFound => Some(
            "what was begun has been moved or removed meanwhile; see who works in that folder, or \
             choose another one"
                .into(),
        ),
        _ => io_help(error),
    }
}

/// Removes folders of this kind that no process has locked.
fn clear_leftovers(parent: BorrowedFd<'_>) -> io::Result<()> {
    for item in Dir::read_from(parent)?.flatten() {
        let name = OsStr::from_bytes(item.file_name().to_bytes());
        if !name.as_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Ok(folder) = rustix::fs::openat(parent, name, flags, Mode::empty()) else {
            continue;
        };
        let is_old = rustix::fs::fstat(&folder).is_ok_and(|stat| {
            let modified = u64::try_from(stat.st_mtime).unwrap_or(0);
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(modified);
            at.elapsed().is_ok_and(|age| age > GRACE)
                && stat.st_uid == rustix::process::geteuid().as_raw()
        });
        let lock = FlockOperation::NonBlockingLockExclusive;
        if is_old && rustix::fs::flock(&folder, lock).is_ok() {
            // Somebody else's open files would make this fail; let them.
            let _ = remove_tree(parent, name);
        }
    }
    Ok(())
}

/// Removes a folder and everything below it, following no link.
pub(crate) fn remove_tree(parent: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<()> {
    remove_below(parent, name, DEPTH, &mut Removed::default())
}

/// What has been removed.
#[derive(Default)]
struct Removed {
    /// How many regular files.
    files: u64,
    /// Whether one of them had another name besides.
    linked: bool,
}

fn remove_below(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    depth: usize,
    removed: &mut Removed,
) -> rustix::io::Result<()> {
    // What is mounted there is not ours: that is an error (XDEV).
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
    let open = || beneath::open_same_device(parent, name.as_bytes(), flags);
    let folder = match open() {
        // Its mode may have been set to one that shuts out its owner.
        Err(Errno::ACCESS) => {
            rustix::fs::chmodat(parent, name, Mode::RWXU, AtFlags::empty())?;
            open()?
        }
        other => other?,
    };
    empty(&folder, depth, removed)?;
    rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR)
}

/// Removes what is in a folder, as much as can be; the error is the first one.
fn empty(folder: &OwnedFd, depth: usize, removed: &mut Removed) -> rustix::io::Result<()> {
    let Some(below) = depth.checked_sub(1) else {
        return Err(Errno::NAMETOOLONG);
    };
    let _ = rustix::fs::fchmod(folder, Mode::RWXU);
    let mut entries = Vec::new();
    for item in Dir::read_from(folder)? {
        let item = item?;
        if !matches!(item.file_name().to_bytes(), b"." | b"..") {
            entries.push(item.file_name().to_owned());
        }
    }
    let mut result = Ok(());
    for entry in entries {
        let done = remove_entry(folder, &entry, below, removed);
        result = result.and(done);
    }
    result
}

fn remove_entry(
    folder: &OwnedFd,
    name: &CStr,
    depth: usize,
    removed: &mut Removed,
) -> rustix::io::Result<()> {
    let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let kind = FileType::from_raw_mode(stat.st_mode);
    if kind == FileType::Directory {
        let name = OsStr::from_bytes(name.to_bytes());
        return remove_below(folder.as_fd(), name, depth, removed);
    }
    rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
    if kind == FileType::RegularFile {
        removed.files += 1;
        removed.linked |= stat.st_nlink > 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .expect("readable")
            .map(|e| {
                e.expect("readable")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .collect();
        names.sort();
        names
    }

    fn parent(dir: &Path) -> OwnedFd {
        crate::destination::open_folder(dir).expect("a folder")
    }

    #[test]
    fn nothing_is_left_when_it_is_dropped() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let staging = Staging::create(parent(dir.path()).as_fd()).expect("made");
        let inside = dir.path().join(&staging.name);
        fs::create_dir_all(inside.join("a/b")).expect("made");
        fs::write(inside.join("a/b/c"), "x").expect("written");
        std::os::unix::fs::symlink("/", inside.join("root")).expect("made");
        fs::set_permissions(
            inside.join("a"),
            std::os::unix::fs::PermissionsExt::from_mode(0o000),
        )
        .expect("set");
        drop(staging);
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn publishing_never_replaces() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let taken = dir.path().join("taken");
        fs::create_dir(&taken).expect("made");
        let publish = |over_empty| {
            let mut staging = Staging::create(parent(dir.path()).as_fd()).expect("made");
            fs::write(dir.path().join(&staging.name).join("new"), "x").expect("written");
            staging.publish(OsStr::new("taken"), Mode::RWXU, over_empty)
        };
        publish(false).expect_err("exists");
        fs::write(taken.join("old"), "x").expect("written");
        publish(true).expect_err("is not empty");
        assert_eq!(names(dir.path()), ["taken"]);
        fs::remove_file(taken.join("old")).expect("removed");
        publish(true).expect("is empty").expect("durable");
        assert_eq!(names(&taken), ["new"]);
    }

    #[test]
    fn another_folder_in_its_place_is_no_result() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut staging = Staging::create(parent(dir.path()).as_fd()).expect("made");
        let (own, elsewhere) = (dir.path().join(&staging.name), dir.path().join("elsewhere"));
        fs::write(own.join("file"), "x").expect("written");
        staging.count_file();
        fs::rename(&own, &elsewhere).expect("moved");
        fs::create_dir(&own).expect("made");
        let error = staging.publish(OsStr::new("result"), Mode::RWXU, false);
        error.expect_err("is another one");
        staging.remove().expect("emptied where it is");
        assert_eq!(names(dir.path()), ["elsewhere"]);
        assert!(names(&elsewhere).is_empty());
    }

    #[test]
    fn what_was_taken_from_it_is_missed() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let takings: [fn(&Path, &Path); 3] = [
            |file, kept| fs::rename(file, kept).expect("moved"),
            |file, kept| fs::hard_link(file, kept).expect("linked"),
            |file, _| fs::remove_file(file).expect("removed"),
        ];
        for take in takings {
            let staging = Staging::create(parent(dir.path()).as_fd()).expect("made");
            let inside = dir.path().join(&staging.name).join("below");
            fs::create_dir(&inside).expect("made");
            for name in ["a", "b"] {
                fs::write(inside.join(name), "x").expect("written");
                staging.count_file();
            }
            let kept = dir.path().join("kept");
            take(&inside.join("a"), &kept);
            staging.remove().expect_err("one is missing");
            let _ = fs::remove_file(kept);
            assert!(names(dir.path()).is_empty());
        }
    }

    #[test]
    fn leftovers_are_cleared_and_the_living_spared() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let living = Staging::create(parent(dir.path()).as_fd()).expect("made");
        let old = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir(&path).expect("made");
            fs::write(path.join("volume-00001.age"), "x").expect("written");
            backdate(&path);
        };
        old(".exeat-partial-dead");
        old("something-else");
        backdate(&dir.path().join(&living.name));
        let next = Staging::create(parent(dir.path()).as_fd()).expect("made");
        let mut expected = [
            living.name.clone(),
            next.name.clone(),
            "something-else".into(),
        ];
        expected.sort();
        assert_eq!(names(dir.path()), expected);
    }

    fn backdate(path: &Path) {
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        fs::File::open(path)
            .and_then(|f| f.set_modified(hour_ago))
            .expect("set");
    }
}
