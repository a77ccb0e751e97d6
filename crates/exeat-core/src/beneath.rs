//! Opens below a directory handle: the kernel resolves the path beneath it,
//! follows no link, and does not climb out (openat2, Linux 5.6).
//!
//! The source is read, members are read and files are made through this.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::{Mode, OFlags, ResolveFlags};

const BENEATH: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS);

/// Opens what is there. A pipe put in a file's place does not block, and a
/// terminal does not become ours.
pub(crate) fn open(folder: impl AsFd, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let path = OsStr::from_bytes(path);
    rustix::fs::openat2(folder, path, flags, Mode::empty(), BENEATH)
}

/// The same, within the file system that `folder` is on; with
/// [`OFlags::CREATE`] a new file is its owner's alone.
pub(crate) fn open_same_device(
    folder: impl AsFd,
    path: &[u8],
    flags: OFlags,
) -> rustix::io::Result<OwnedFd> {
    let mode = if flags.contains(OFlags::CREATE) {
        Mode::RUSR | Mode::WUSR
    } else {
        Mode::empty()
    };
    let resolve = BENEATH | ResolveFlags::NO_XDEV;
    rustix::fs::openat2(
        folder,
        OsStr::from_bytes(path),
        flags | OFlags::CLOEXEC,
        mode,
        resolve,
    )
}
