//! The process that reads one file: started with nothing but that file,
//! listened to, and ended when it is slow, says nonsense, or is not needed any
//! more.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;

use super::protocol::{self, Event};

/// How many readers of files work at a time, with one more for what is within
/// them. Each may fill 88 MiB, and hardly ever does: with the process that asks
/// they stay below 256 MiB. Looking into what they say takes longer than their
/// reading.
const AT_ONCE: usize = 2;
/// How long a reader may say nothing while somebody listens.
const SILENCE: Duration = Duration::from_secs(60);
/// How long its silences may be together.
const SILENCES: Duration = Duration::from_secs(60 * 60);
/// How long the end of a reader may take that has said its last word.
const ENDING: Duration = Duration::from_secs(2);
/// How often a listener looks up.
const GLANCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};
/// What a pipe holds: fewer changes between processes.
const PIPE: usize = 1 << 20;

/// The program that reads what is not text, and how many of it run.
///
/// The program is started once for each such file, with that file as its
/// standard input and an empty environment. It is expected to call
/// `exeat_readers::serve`.
#[derive(Debug, Clone)]
pub struct Readers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    program: PathBuf,
    arguments: Vec<OsString>,
    /// How many more may be started, by what they are for.
    free: Mutex<[usize; 2]>,
    returned: Condvar,
}

impl Readers {
    /// Readers that are processes of `program`, started with `arguments`.
    ///
    /// ```
    /// use exeat_core::inspect::reader::Readers;
    ///
    /// let readers = Readers::new("/proc/self/exe", ["read-content"]);
    /// # let _ = readers;
    /// ```
    pub fn new<A: Into<OsString>>(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self(Arc::new(Inner {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            free: Mutex::new([AT_ONCE, 1]),
            returned: Condvar::new(),
        }))
    }

    /// Starts a reader of `file`; `log` is the write-ahead log of a database.
    /// Waits until fewer than two others run.
    pub(crate) fn read(&self, file: File, log: Option<File>) -> Result<Reading, Ended> {
        let slot = Slot::of(&self.0, Kind::File);
        self.start(file, log, slot)
    }

    /// Starts a reader for whoever may have one already: two who waited for
    /// each other would wait for ever, so that one more may run for these. It
    /// is never asked for by whoever has such a one.
    pub(crate) fn read_beside(&self, file: File) -> Result<Reading, Ended> {
        let slot = Slot::of(&self.0, Kind::Beside);
        self.start(file, None, slot)
    }

    fn start(&self, file: File, log: Option<File>, slot: Slot) -> Result<Reading, Ended> {
        let log = log.map_or_else(Stdio::null, Stdio::from);
        let mut child = Command::new(&self.0.program)
            .args(&self.0.arguments)
            .env_clear()
            .current_dir("/")
            .stdin(file)
            .stdout(Stdio::piped())
            .stderr(log)
            // Ctrl-C is for whoever listens.
            .process_group(0)
            .spawn()
            .map_err(|_| Ended::NotStarted)?;
        let stdout = child.stdout.take().ok_or(Ended::NotStarted)?;
        // Smaller is only slower.
        let _ = rustix::pipe::fcntl_setpipe_size(&stdout, PIPE);
        Ok(Reading {
            out: BufReader::with_capacity(
                PIPE / 4,
                Patient {
                    stdout,
                    waited: Cell::default(),
                },
            ),
            child,
            buffer: Vec::new(),
            _slot: slot,
        })
    }
}

/// What a reader is for.
#[derive(Debug, Clone, Copy)]
enum Kind {
    File,
    /// What is within a file that may have a reader itself.
    Beside,
}

/// The right to run one reader.
#[derive(Debug)]
struct Slot(Arc<Inner>, Kind);

impl Slot {
    /// Waits until one is free.
    fn of(inner: &Arc<Inner>, kind: Kind) -> Self {
        let mut free = inner.free.lock().unwrap_or_else(PoisonError::into_inner);
        while free[kind as usize] == 0 {
            free = inner
                .returned
                .wait(free)
                .unwrap_or_else(PoisonError::into_inner);
        }
        free[kind as usize] -= 1;
        Self(Arc::clone(inner), kind)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.free.lock().unwrap_or_else(PoisonError::into_inner)[self.1 as usize] += 1;
        self.0.returned.notify_all();
    }
}

/// How a reader ended that did not say that it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Its program cannot be run.
    NotStarted,
    /// It took too much time.
    Slow,
    /// It was killed, or gave up: for lack of memory, most likely.
    Broken,
    /// It said what makes no sense.
    Nonsense,
}

impl Ended {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::NotStarted => "its reader could not be started",
            Self::Slow => "its reader took too long",
            Self::Broken => "its reader needed more memory than it may have, or broke",
            Self::Nonsense => "its reader said what makes no sense",
        }
    }
}

/// A reader at work. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Reading {
    child: Child,
    out: BufReader<Patient>,
    buffer: Vec<u8>,
    _slot: Slot,
}

impl Reading {
    /// The next thing it says; [`Event::Done`] is the last. `Ok(None)` when
    /// `is_stopped` says, while it is silent, that nobody wants to know.
    pub(crate) fn next(
        &mut self,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<Option<Event<'_>>, Ended> {
        let Self {
            child, out, buffer, ..
        } = self;
        if out.buffer().is_empty() {
            match out.get_ref().wait(is_stopped) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(_) => return Err(Ended::Slow),
            }
        }
        match protocol::read(out, buffer) {
            Ok(Some(event)) => Ok(Some(event)),
            Ok(None) => Err(post_mortem(child)),
            Err(error) => Err(match error.kind() {
                io::ErrorKind::TimedOut => Ended::Slow,
                io::ErrorKind::InvalidData => Ended::Nonsense,
                _ => post_mortem(child),
            }),
        }
    }
}

/// Why a reader has ended.
fn post_mortem(child: &mut Child) -> Ended {
    let since = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(None) if since.elapsed() < ENDING => {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            // It lives on without a voice: whoever drops it ends it.
            Ok(None) | Err(_) => break None,
            Ok(status) => break status,
        }
    };
    match status.and_then(|status| status.signal()) {
        // Out of processor time.
        Some(signal) if signal == Signal::XCPU.as_raw() => Ended::Slow,
        _ => Ended::Broken,
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads from a process that may never say anything.
#[derive(Debug)]
struct Patient {
    stdout: ChildStdout,
    waited: Cell<Duration>,
}

impl Patient {
    /// Waits until there is something to read; `false` when `is_stopped` says
    /// that it is not wanted.
    fn wait(&self, is_stopped: &dyn Fn() -> bool) -> io::Result<bool> {
        let since = Instant::now();
        let result = self.wait_since(since, is_stopped);
        self.waited.set(self.waited.get() + since.elapsed());
        result
    }

    fn wait_since(&self, since: Instant, is_stopped: &dyn Fn() -> bool) -> io::Result<bool> {
        loop {
            let mut polled = [PollFd::new(&self.stdout, PollFlags::IN)];
            match poll(&mut polled, Some(&GLANCE)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(true),
                Err(error) => return Err(error.into()),
            }
            if is_stopped() {
                return Ok(false);
            }
            let silent = since.elapsed();
            if silent >= SILENCE || self.waited.get() + silent >= SILENCES {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(&|| false)?;
        self.stdout.read(buffer)
    }
}
