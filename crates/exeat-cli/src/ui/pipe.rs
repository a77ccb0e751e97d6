//! Bytes through standard input and standard output, in a way that Ctrl-C and
//! SIGTERM end even while the other side is silent.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FileType;
use rustix::io::Errno;

use crate::signals;

/// How long to wait before looking whether somebody wants this to stop.
const LOOK_EVERY: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};
/// What a pipe that has room takes without waiting: `PIPE_BUF`, pipe(7).
const SURE: usize = 4096;
/// What a pipe is asked to hold, in bytes: fewer changes between processes.
const PIPE: usize = 1 << 20;

/// Standard input, if it is no terminal.
pub(crate) struct Input(File);

/// Standard output, if it is no terminal.
pub(crate) struct Output {
    file: File,
    /// Whether a long write might wait for whoever reads.
    may_wait: bool,
    /// Device and inode.
    identity: (u64, u64),
    /// Whether it is `/dev/null`, or was closed when the program began: Rust
    /// opens that in the place of what is closed.
    is_nowhere: bool,
}

impl Input {
    pub(super) fn open() -> io::Result<Option<Self>> {
        let input = io::stdin();
        if input.is_terminal() {
            return Ok(None);
        }
        if rustix::pipe::fcntl_getpipe_size(&input).is_ok_and(|size| size < PIPE) {
            // The account may have as much room in pipes as it may have: it is only slower.
            let _ = rustix::pipe::fcntl_setpipe_size(&input, PIPE);
        }
        Ok(Some(Self(input.as_fd().try_clone_to_owned()?.into())))
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            wait(self.0.as_fd(), PollFlags::IN)?;
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }
}

impl Output {
    pub(super) fn open() -> io::Result<Option<Self>> {
        let output = io::stdout();
        if output.is_terminal() {
            return Ok(None);
        }
        let file = File::from(output.as_fd().try_clone_to_owned()?);
        let stat = rustix::fs::fstat(&file)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        let is_null =
            || rustix::fs::stat("/dev/null").is_ok_and(|null| null.st_rdev == stat.st_rdev);
        Ok(Some(Self {
            may_wait: kind != FileType::RegularFile,
            identity: (stat.st_dev, stat.st_ino),
            is_nowhere: kind == FileType::CharacterDevice && is_null(),
            file,
        }))
    }

    /// Whether nobody would have what is written.
    pub(crate) fn is_nowhere(&self) -> bool {
        self.is_nowhere
    }

    /// Whether a path leads to it.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        rustix::fs::stat(path).is_ok_and(|stat| (stat.st_dev, stat.st_ino) == self.identity)
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.may_wait {
            return self.file.write(bytes);
        }
        loop {
            wait(self.file.as_fd(), PollFlags::OUT)?;
            match self.file.write(&bytes[..bytes.len().min(SURE)]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Waits until something can be read or written, or the other side is gone.
fn wait(fd: BorrowedFd<'_>, what: PollFlags) -> io::Result<()> {
    loop {
        if signals::received().is_some() {
            return Err(io::Error::other("interrupted"));
        }
        let mut fds = [PollFd::from_borrowed_fd(fd, what)];
        match poll(&mut fds, Some(&LOOK_EVERY)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}
