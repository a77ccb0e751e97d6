//! A program that reads the whole stream along with whoever wants it, to see
//! whether it can be read back.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::output::{COMPLAINTS, LOOK_EVERY, PIPE, shown_name};
use super::{CommandFailure, Tail};

/// The checker at work. Dropping it ends it.
pub(super) struct Checker {
    name: String,
    child: Child,
    /// Closed when the checker wants no more.
    input: Option<ChildStdin>,
    errors: Option<ChildStderr>,
    complaints: Tail,
}

impl Checker {
    /// Starts `pg_restore`, which is told to write nowhere.
    pub(super) fn start(program: &Path) -> Result<Self, CommandFailure> {
        let name = shown_name(program.as_os_str());
        let failed = |source| CommandFailure::NotStarted {
            program: shown_name(program.as_os_str()),
            source,
        };
        let mut child = Command::new(program)
            .arg("--file=/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let (input, errors) = (child.stdin.take(), child.stderr.take());
        if let Some(input) = &input {
            // A smaller pipe is only slower.
            let _ = rustix::pipe::fcntl_setpipe_size(input, PIPE);
            let flags = rustix::fs::fcntl_getfl(input).map_err(|e| failed(e.into()))?;
            rustix::fs::fcntl_setfl(input, flags | OFlags::NONBLOCK)
                .map_err(|e| failed(e.into()))?;
        }
        Ok(Self {
            name,
            child,
            input,
            errors,
            complaints: Tail::of(COMPLAINTS),
        })
    }

    /// Hands it what comes next. `false` when `cancelled` says so meanwhile.
    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        cancelled: &dyn Fn() -> bool,
    ) -> io::Result<bool> {
        while !bytes.is_empty()
            && let Some(input) = &mut self.input
        {
            match input.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                // How it ends will tell whether it has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.input = None,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if cancelled() {
                        return Ok(false);
                    }
                    self.wait()?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Waits a little for it to take or to say something, and hears what it says.
    fn wait(&mut self) -> io::Result<()> {
        let mut polled = Vec::with_capacity(2);
        if let Some(errors) = &self.errors {
            polled.push(PollFd::new(errors, PollFlags::IN));
        }
        if let Some(input) = &self.input {
            polled.push(PollFd::new(input, PollFlags::OUT));
        }
        match poll(&mut polled, Some(&LOOK_EVERY)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let has_words = self.errors.is_some() && !polled[0].revents().is_empty();
        if let Some(errors) = self.errors.as_mut().filter(|_| has_words) {
            let mut buffer = [0; COMPLAINTS];
            match errors.read(&mut buffer)? {
                0 => self.errors = None,
                count => self.complaints.push(&buffer[..count]),
            }
        }
        Ok(())
    }

    /// What it thinks of the stream, which has come to its end: `None` when
    /// `cancelled` says so meanwhile.
    pub(super) fn finish(
        &mut self,
        program: &str,
        cancelled: &dyn Fn() -> bool,
    ) -> io::Result<Option<Result<(), CommandFailure>>> {
        self.input = None;
        while self.errors.is_some() {
            if cancelled() {
                return Ok(None);
            }
            self.wait()?;
        }
        let status = self.child.wait()?;
        if status.success() {
            return Ok(Some(Ok(())));
        }
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("ended with exit code {code}"),
            (None, signal) => format!("was killed by signal {}", signal.unwrap_or(0)),
        };
        Ok(Some(Err(CommandFailure::Unreadable {
            program: program.to_owned(),
            checker: self.name.clone(),
            how,
            said: self.complaints.to_string(),
        })))
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
