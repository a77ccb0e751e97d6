//! Goes through folders on all threads: a folder is read by whoever is free,
//! and its files are looked at in batches by whoever is free then.

use std::ffi::{CString, OsStr};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{Finds, Ignore, ScanError};
use crate::destination::Place;
use crate::path::Escaped;

/// How many files are handed out at a time.
const BATCH: usize = 128;
/// File systems whose files are made by the kernel as they are read; their
/// magic numbers are in `linux/magic.h`.
const PSEUDO: &[i64] = &[
    0x9fa0,      // proc
    0x6265_6572, // sysfs
    0x1cd1,      // devpts
    0x0027_e0eb, // cgroup
    0x6367_7270, // cgroup2
    0x7363_6673, // securityfs
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0xcafe_4a11, // bpf
    0x6165_676c, // pstore
    0x6265_6570, // configfs
    0x1980_0202, // mqueue
    0x6573_5543, // fusectl
    0xde5e_81e4, // efivarfs
    0x4249_4e4d, // binfmt_misc
    0x6e73_6673, // nsfs
];

/// An open folder, and what is the same for all files in it.
pub(super) struct Folder {
    pub(super) handle: OwnedFd,
    pub(super) path: PathBuf,
    pub(super) device: (u32, u32),
    /// Whether only one file of it was named.
    pub(super) is_for_one: bool,
    /// Asked once for each mount.
    pub(super) place: Arc<Place>,
}

enum Work {
    /// A folder of this name in another; its path.
    Folder(Arc<Folder>, CString),
    /// A folder that is open already.
    Open(Arc<Folder>),
    Files(Arc<Folder>, Vec<CString>),
}

/// What is still to be done.
pub(super) struct Queue<'a> {
    state: Mutex<State>,
    changed: Condvar,
    ignore: &'a Ignore,
    finds: &'a Finds,
}

struct State {
    work: Vec<Work>,
    /// Threads that may still add to it.
    busy: usize,
    stopped: bool,
}

/// What was named, opened: links are followed here, and only here.
pub(super) struct Root {
    path: PathBuf,
    work: Work,
}

/// Opens the roots.
pub(super) fn open(roots: &[PathBuf]) -> Result<Vec<Root>, ScanError> {
    let opened: Result<Vec<Root>, ScanError> = roots.iter().map(|root| open_root(root)).collect();
    let opened = opened?;
    let paths: Vec<PathBuf> = opened.iter().map(|root| root.path.clone()).collect();
    // What lies below another is looked at once.
    let is_below = |at: usize| {
        paths.iter().enumerate().any(|(other, path)| {
            other != at && paths[at].starts_with(path) && (paths[at] != *path || other < at)
        })
    };
    let roots = opened.into_iter().enumerate();
    let roots = roots.filter(|&(at, _)| !is_below(at));
    Ok(roots.map(|(_, root)| root).collect())
}

fn open_root(given: &Path) -> Result<Root, ScanError> {
    let error = |source: std::io::Error| ScanError::Open {
        path: given.to_owned(),
        source,
    };
    let path = given.canonicalize().map_err(error)?;
    let is_folder = path.metadata().map_err(error)?.is_dir();
    let parent = path.parent().unwrap_or(&path);
    let folder = if is_folder { path.as_path() } else { parent };
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let flags = match is_folder {
        true => flags | OFlags::RDONLY,
        false => flags | OFlags::PATH,
    };
    let handle = rustix::fs::open(folder, flags, Mode::empty());
    let handle = handle.map_err(|e| error(e.into()))?;
    let stat = rustix::fs::statx(
        &handle,
        "",
        AtFlags::EMPTY_PATH,
        rustix::fs::StatxFlags::BASIC_STATS,
    );
    let stat = stat.map_err(|e| error(e.into()))?;
    let opened = Arc::new(Folder {
        place: Arc::new(Place::of(&handle)),
        handle,
        path: folder.to_owned(),
        device: (stat.stx_dev_major, stat.stx_dev_minor),
        is_for_one: !is_folder,
    });
    let work = match path.file_name() {
        Some(name) if !is_folder => {
            let name = CString::new(name.as_bytes()).map_err(|e| error(e.into()))?;
            Work::Files(opened, vec![name])
        }
        _ => Work::Open(opened),
    };
    Ok(Root { path, work })
}

impl<'a> Queue<'a> {
    pub(super) fn new(roots: Vec<Root>, ignore: &'a Ignore, finds: &'a Finds) -> Self {
        let work = roots.into_iter().rev().map(|root| root.work).collect();
        Self {
            state: Mutex::new(State {
                work,
                busy: 0,
                stopped: false,
            }),
            changed: Condvar::new(),
            ignore,
            finds,
        }
    }

    /// Works until there is nothing left for anybody; `look` sees each file.
    ///
    /// # Errors
    /// `is_cancelled` said so.
    pub(super) fn work(
        &self,
        look: &mut dyn FnMut(&Folder, &CString),
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<(), ScanError> {
        while let Some(work) = self.next() {
            if is_cancelled() {
                self.stop();
                return Err(ScanError::Interrupted);
            }
            match work {
                Work::Folder(parent, name) => self.enter(&parent, &name),
                Work::Open(folder) => self.read(&folder),
                Work::Files(folder, names) => {
                    for name in &names {
                        look(&folder, name);
                        if is_cancelled() {
                            self.stop();
                            return Err(ScanError::Interrupted);
                        }
                    }
                }
            }
            self.lock().busy -= 1;
            self.changed.notify_all();
        }
        Ok(())
    }

    fn next(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(work) = state.work.pop() {
                state.busy += 1;
                return Some(work);
            }
            if state.busy == 0 {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn add(&self, work: Work) {
        self.lock().work.push(work);
        self.changed.notify_one();
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Sends everybody home when the thread that holds this panics.
    pub(super) fn guard(&self) -> Guard<'_, 'a> {
        Guard(self)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a folder below another, and reads it.
    fn enter(&self, parent: &Folder, name: &CString) {
        let path = parent.path.join(OsStr::from_bytes(name.to_bytes()));
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = match rustix::fs::openat(&parent.handle, name, flags, Mode::empty()) {
            Ok(handle) => handle,
            // It is gone, or a link now.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return,
            Err(error) => return self.unread(&path, error),
        };
        let stat = match rustix::fs::statx(
            &handle,
            "",
            AtFlags::EMPTY_PATH,
            rustix::fs::StatxFlags::BASIC_STATS,
        ) {
            Ok(stat) => stat,
            Err(error) => return self.unread(&path, error),
        };
        let device = (stat.stx_dev_major, stat.stx_dev_minor);
        let place = match device == parent.device {
            true => Arc::clone(&parent.place),
            false if is_pseudo(&handle) => return,
            false => Arc::new(Place::of(&handle)),
        };
        self.read(&Arc::new(Folder {
            handle,
            path,
            device,
            place,
            is_for_one: false,
        }));
    }

    fn read(&self, folder: &Arc<Folder>) {
        let items = match Dir::read_from(&folder.handle) {
            Ok(items) => items,
            Err(error) => return self.unread(&folder.path, error),
        };
        let mut files = Vec::new();
        for item in items {
            let item = match item {
                Ok(item) => item,
                Err(error) => {
                    self.unread(&folder.path, error);
                    break;
                }
            };
            let name = item.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let kind = match item.file_type() {
                FileType::Unknown => match kind_of(folder, name) {
                    Ok(kind) => kind,
                    Err(Errno::NOENT) => continue,
                    Err(error) => {
                        let path = folder.path.join(OsStr::from_bytes(name.to_bytes()));
                        self.unread(&path, error);
                        continue;
                    }
                },
                kind => kind,
            };
            if !matches!(
                kind,
                FileType::Directory | FileType::RegularFile | FileType::Symlink
            ) {
                continue;
            }
            if !self.ignore.is_empty()
                && self
                    .ignore
                    .matches(&folder.path.join(OsStr::from_bytes(name.to_bytes())))
            {
                self.finds.with(|state| state.scanned.ignored += 1);
                continue;
            }
            match kind {
                FileType::Directory => self.add(Work::Folder(Arc::clone(folder), name.to_owned())),
                FileType::Symlink => self.finds.with(|state| state.scanned.links += 1),
                _ => {
                    files.push(name.to_owned());
                    if files.len() >= BATCH {
                        let files = std::mem::take(&mut files);
                        self.add(Work::Files(Arc::clone(folder), files));
                    }
                }
            }
        }
        if !files.is_empty() {
            self.add(Work::Files(Arc::clone(folder), files));
        }
    }

    fn unread(&self, path: &Path, error: Errno) {
        let path = Escaped(path.as_os_str().as_bytes()).to_string();
        self.finds.add_unseen(path, why(error).to_owned());
    }
}

/// See [`Queue::guard`].
pub(super) struct Guard<'q, 'a>(&'q Queue<'a>);

impl Drop for Guard<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

/// What the system said, in a few words.
pub(super) fn why(error: Errno) -> &'static str {
    match error {
        Errno::ACCESS | Errno::PERM => "permission denied",
        Errno::IO => "input/output error",
        Errno::STALE => "changed while it was read",
        Errno::MFILE | Errno::NFILE => "too many open files",
        _ => "not readable",
    }
}

fn kind_of(folder: &Folder, name: &std::ffi::CStr) -> rustix::io::Result<FileType> {
    let stat = rustix::fs::statat(&folder.handle, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(FileType::from_raw_mode(stat.st_mode))
}

fn is_pseudo(folder: &OwnedFd) -> bool {
    let magic = rustix::fs::fstatfs(folder).map(|stat| stat.f_type);
    magic.is_ok_and(|magic| PSEUDO.contains(&magic))
}
