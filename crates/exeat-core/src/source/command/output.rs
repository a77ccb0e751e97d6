//! The output of a command as a stream: it comes to an end only if everything is
//! well.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, PipeReader, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};

use super::check::Checker;
use super::expected::{KEPT, Shortfall};
use super::report::{self, Ending, MAX_REPORT, Report};
use super::{CommandFailure, ExpectedEnd, Tail};
use crate::path::Escaped;

/// How long to wait before looking whether somebody wants this to stop.
pub(super) const LOOK_EVERY: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};
/// So much of what a program says on standard error is kept, in bytes.
pub(super) const COMPLAINTS: usize = 4096;
/// What a pipe holds: fewer changes between processes.
pub(super) const PIPE: usize = 1 << 20;
const NOW: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// Whether the caller wants the work to stop.
pub type Cancelled = Box<dyn Fn() -> bool + Send>;

/// The program that stands between this one and a command, and watches over it:
/// it calls [`attend`](super::attend) with the words that follow its arguments.
///
/// ```
/// use exeat_core::source::command::Attendant;
///
/// let attendant = Attendant::new("/proc/self/exe", ["attend-command"]);
/// # let _ = attendant;
/// ```
#[derive(Debug, Clone)]
pub struct Attendant {
    program: PathBuf,
    arguments: Vec<OsString>,
}

/// A command whose output is wanted.
#[derive(Debug, Clone)]
pub struct CommandLine {
    /// The program: a path, or a name that the `PATH` has.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What its output ends with, if it is whole.
    pub expect_end: Option<ExpectedEnd>,
    /// Where the program is that reads the output too, to check it:
    /// [`ExpectedEnd::checker`] has its name. Without it that is not checked.
    pub checker: Option<PathBuf>,
}

impl Attendant {
    /// One that is a process of `program`, started with `arguments`.
    pub fn new<A: Into<OsString>>(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
        }
    }

    /// Starts a command, without standard input, a terminal or a shell.
    ///
    /// `cancelled` is asked at least five times a second; the command is ended
    /// when it says yes.
    ///
    /// # Errors
    /// The attendant or the checker cannot be started. That the command cannot
    /// be is said when its output is read.
    pub fn start(
        &self,
        command: &CommandLine,
        cancelled: Cancelled,
    ) -> Result<CommandOutput, CommandFailure> {
        let failed = |program: &Path| {
            let program = shown_name(program.as_os_str());
            move |source| CommandFailure::NotStarted { program, source }
        };
        let checker = match (&command.expect_end, &command.checker) {
            (Some(end), Some(checker)) if end.checker().is_some() => Some(Checker::start(checker)?),
            _ => None,
        };
        let (report, told) = io::pipe().map_err(failed(&self.program))?;
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .arg(&command.program)
            .args(&command.arguments)
            .stdin(told)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed(&self.program))?;
        let missing = || io::Error::other("it has no pipes");
        let output = child.stdout.take();
        let output = output.ok_or_else(|| failed(&self.program)(missing()))?;
        // Smaller is only slower.
        let _ = rustix::pipe::fcntl_setpipe_size(&output, PIPE);
        Ok(CommandOutput {
            program: shown_name(command.program.as_os_str()),
            errors: child.stderr.take(),
            child,
            output,
            report: Some(report),
            told: Vec::new(),
            complaints: Tail::of(COMPLAINTS),
            end: Tail::of(KEPT),
            expect_end: command.expect_end.clone(),
            checker,
            cancelled,
            is_held: false,
            state: State::Running,
        })
    }
}

/// What a program is called in messages.
pub(super) fn shown_name(program: &OsStr) -> String {
    let name = Path::new(program).file_name().unwrap_or(program);
    Escaped(name.as_bytes()).to_string()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Whole,
    Failed,
}

/// What a command prints. It ends (`Ok(0)`) when the command has ended with exit
/// code 0, has left nothing running, and what it printed is whole; otherwise the
/// last read is an error, with a [`CommandFailure`] in it. Memory is bounded.
///
/// Dropping it ends the command and all that it has started.
pub struct CommandOutput {
    program: String,
    child: Child,
    output: ChildStdout,
    errors: Option<ChildStderr>,
    /// Closed when the attendant is gone. That we close it tells the attendant
    /// to end everything.
    report: Option<PipeReader>,
    told: Vec<u8>,
    complaints: Tail,
    end: Tail,
    expect_end: Option<ExpectedEnd>,
    checker: Option<Checker>,
    cancelled: Cancelled,
    /// Whether it did not come to its end although everybody is gone.
    is_held: bool,
    state: State,
}

impl Read for CommandOutput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let read = match self.state {
            State::Running => self.next(buffer),
            State::Whole => return Ok(0),
            State::Failed => Err(CommandFailure::Again),
        };
        match read {
            Ok(0) => self.state = State::Whole,
            Ok(_) => {}
            Err(_) => {
                self.state = State::Failed;
                self.stop();
            }
        }
        read.map_err(io::Error::other)
    }
}

impl CommandOutput {
    fn next(&mut self, buffer: &mut [u8]) -> Result<usize, CommandFailure> {
        let count = loop {
            if let Some(count) = self.listen(buffer)? {
                break count;
            }
        };
        let piece = &buffer[..count];
        self.end.push(piece);
        if let Some(checker) = &mut self.checker {
            let fed = checker.feed(piece, &self.cancelled);
            if !fed.map_err(cannot_read(&self.program))? {
                return Err(CommandFailure::Interrupted);
            }
        }
        match count {
            0 => self.judge().map(|()| 0),
            count => Ok(count),
        }
    }

    /// Waits a little for any of the pipes. Some of the output, 0 at its end,
    /// or `None` where none has come.
    fn listen(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, CommandFailure> {
        if (self.cancelled)() {
            return Err(CommandFailure::Interrupted);
        }
        // Whoever is gone with the attendant has left in the pipe what it had
        // to say.
        let is_last = self.report.is_none();
        let patience = if is_last { NOW } else { LOOK_EVERY };
        let [has_output, has_errors, has_report] = self.poll(&patience)?;
        self.hear(has_errors, has_report)?;
        if has_output {
            return match self.output.read(buffer) {
                Ok(count) => Ok(Some(count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
                Err(error) => Err(cannot_read(&self.program)(error)),
            };
        }
        self.is_held = is_last;
        Ok(is_last.then_some(0))
    }

    /// Which of output, errors and report there is something of.
    fn poll(&self, patience: &Timespec) -> Result<[bool; 3], CommandFailure> {
        let mut polled = vec![PollFd::new(&self.output, PollFlags::IN)];
        polled.extend(
            self.errors
                .iter()
                .map(|pipe| PollFd::new(pipe, PollFlags::IN)),
        );
        polled.extend(
            self.report
                .iter()
                .map(|pipe| PollFd::new(pipe, PollFlags::IN)),
        );
        match poll(&mut polled, Some(patience)) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok([false; 3]),
            Err(error) => return Err(cannot_read(&self.program)(error.into())),
        }
        let mut is_ready = polled.iter().map(|one| !one.revents().is_empty());
        let mut next = |is_open: bool| is_open && is_ready.next().unwrap_or(false);
        Ok([true, self.errors.is_some(), self.report.is_some()].map(&mut next))
    }

    /// Takes what there is of errors and of the report.
    fn hear(&mut self, has_errors: bool, has_report: bool) -> Result<(), CommandFailure> {
        let mut buffer = [0; COMPLAINTS];
        if let Some(errors) = self.errors.as_mut().filter(|_| has_errors) {
            match errors
                .read(&mut buffer)
                .map_err(cannot_read(&self.program))?
            {
                0 => self.errors = None,
                count => self.complaints.push(&buffer[..count]),
            }
        }
        if let Some(report) = self.report.as_mut().filter(|_| has_report) {
            match report
                .read(&mut buffer)
                .map_err(cannot_read(&self.program))?
            {
                0 => {
                    self.report = None;
                    // What has lost its attendant may go on for ever.
                    if Report::parse(&self.told).is_none() {
                        return Err(self.unknown());
                    }
                }
                count if self.told.len() + count <= MAX_REPORT => {
                    self.told.extend_from_slice(&buffer[..count]);
                }
                _ => return Err(self.unknown()),
            }
        }
        Ok(())
    }

    /// Whether everything is well, now that no more comes.
    fn judge(&mut self) -> Result<(), CommandFailure> {
        while self.report.is_some() {
            if (self.cancelled)() {
                return Err(CommandFailure::Interrupted);
            }
            let [_, has_errors, has_report] = self.poll(&LOOK_EVERY)?;
            self.hear(has_errors, has_report)?;
        }
        while let [_, true, _] = self.poll(&NOW)? {
            self.hear(true, false)?;
        }
        let report = Report::parse(&self.told).ok_or_else(|| self.unknown())?;
        self.ended_well(&report)?;
        if self.is_held {
            let program = self.program.clone();
            return Err(CommandFailure::HeldOpen { program });
        }
        if let Some(checker) = &mut self.checker {
            let verdict = checker.finish(&self.program, &self.cancelled);
            let verdict = verdict.map_err(cannot_read(&self.program))?;
            verdict.unwrap_or(Err(CommandFailure::Interrupted))?;
        }
        self.is_whole()
    }

    fn ended_well(&self, report: &Report) -> Result<(), CommandFailure> {
        let program = self.program.clone();
        let said = self.complaints.to_string();
        Err(match report.ending {
            Ending::NotStarted(errno) => CommandFailure::NotStarted {
                program,
                source: io::Error::from_raw_os_error(errno),
            },
            Ending::Signal(signal) => CommandFailure::Killed {
                program,
                signal,
                said,
            },
            Ending::Exit(0) if report.left == 0 => return Ok(()),
            Ending::Exit(0) => CommandFailure::LeftBehind {
                program,
                count: report.left,
                names: report.names.clone(),
            },
            Ending::Exit(code) => CommandFailure::Exit {
                program,
                code,
                said,
            },
        })
    }

    fn is_whole(&self) -> Result<(), CommandFailure> {
        let Some(expected) = &self.expect_end else {
            return Ok(());
        };
        let program = self.program.clone();
        Err(match expected.missing_in(self.end.bytes()) {
            None => return Ok(()),
            Some(Shortfall::RolledBack) => CommandFailure::RolledBack { program },
            Some(Shortfall::Missing) => CommandFailure::NoEnd {
                program,
                expected: expected.clone(),
                said: self.complaints.to_string(),
            },
        })
    }

    fn unknown(&self) -> CommandFailure {
        CommandFailure::Unknown {
            program: self.program.clone(),
        }
    }

    /// Ends whatever still runs.
    fn stop(&mut self) {
        self.report = None;
        self.checker = None;
        // The attendant has ended everything, unless it was killed itself.
        let was_killed = |status: ExitStatus| status.signal().is_some();
        if self.child.wait().is_ok_and(was_killed)
            && let Some(group) = report::group(&self.told).and_then(Pid::from_raw)
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
        self.told.clear();
    }
}

fn cannot_read(program: &str) -> impl FnOnce(io::Error) -> CommandFailure {
    let program = program.to_owned();
    move |source| CommandFailure::Read { program, source }
}

impl Drop for CommandOutput {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for CommandOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandOutput")
            .field("program", &self.program)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
