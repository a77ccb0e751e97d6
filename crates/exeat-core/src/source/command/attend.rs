//! The process between exeat and a command: it waits for the command, and for
//! all that the command has started, and tells how they ended. It ends them when
//! nobody listens any more.
//!
//! As a subreaper (prctl(2)) it becomes the parent of whatever loses its own
//! below it, so that nothing a command leaves behind goes unnoticed, in whatever
//! session or group it is.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, pidfd_open,
    set_child_subreaper, setsid, waitid,
};

use super::report::{Ending, Report, group_line};
use crate::path::Escaped;

/// How long those that a command has started may take to end after it: what is
/// ending anyway is not left behind.
const GRACE: Duration = Duration::from_secs(1);
/// How long those that were killed may take to be gone.
const KILLED: Duration = Duration::from_secs(10);
/// How often to look whether there are others by now.
const GLANCE: Duration = Duration::from_millis(100);

/// Runs the command of these words and watches over it. Whoever calls a program
/// with this in mind is [`Attendant`](super::Attendant): standard input has to be
/// the pipe for the report.
#[must_use]
pub fn attend(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut words = words.into_iter();
    let report = io::stdin().as_fd().try_clone_to_owned();
    let (Some(program), Ok(report)) = (words.next(), report) else {
        return ExitCode::FAILURE;
    };
    let mut report = File::from(report);
    let told = match run(program, words, &mut report) {
        Ok(Some(told)) => told,
        // Nobody wants to know.
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            let errno = error.raw_os_error().unwrap_or(Errno::IO.raw_os_error());
            Report::of(Ending::NotStarted(errno), &[])
        }
    };
    match report.write_all(told.text().as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(
    program: OsString,
    arguments: impl Iterator<Item = OsString>,
    listener: &mut File,
) -> io::Result<Option<Report>> {
    // Without a terminal nobody is asked for a password, and Ctrl-C is for
    // whoever listens. It fails only where it is so already.
    let _ = setsid();
    set_child_subreaper(Some(rustix::process::getpid()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()?;
    // Should this process be killed, others can still end the command. Where
    // nobody listens, that is noticed below.
    let group = Pid::from_child(&child).as_raw_nonzero().get();
    let _ = listener.write_all(group_line(group).as_bytes());
    match wait(&mut child, listener) {
        Ok(Some(status)) => Ok(finish(status, listener)),
        other => {
            end_all(Some(&child));
            other.map(|_| None)
        }
    }
}

/// How it ended; `None` where nobody listens any more.
fn wait(child: &mut Child, listener: &File) -> io::Result<Option<ExitStatus>> {
    let ended = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    loop {
        let mut polled = [
            PollFd::new(&ended, PollFlags::IN),
            PollFd::new(listener, PollFlags::empty()),
        ];
        match poll(&mut polled, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if !polled[0].revents().is_empty() {
            return child.wait().map(Some);
        }
        if !polled[1].revents().is_empty() {
            return Ok(None);
        }
    }
}

/// What is told of a command that has ended, after all that it left is gone.
fn finish(status: ExitStatus, listener: &File) -> Option<Report> {
    let ending = match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exit(code),
        (None, signal) => Ending::Signal(signal.unwrap_or(0)),
    };
    let since = Instant::now();
    while has_children() && since.elapsed() < GRACE {
        let left = children();
        if is_deserted(listener, &left) {
            end_all(None);
            return None;
        }
    }
    let mut left = Vec::new();
    if has_children() {
        left = children().into_iter().map(|one| one.name).collect();
        if left.is_empty() {
            left.push("?".to_owned());
        }
        end_all(None);
    }
    Some(Report::of(ending, &left))
}

/// Waits a little for one of them to end; whether nobody listens any more.
fn is_deserted(listener: &File, left: &[Process]) -> bool {
    let ended: Vec<OwnedFd> = left
        .iter()
        .filter_map(|one| pidfd_open(one.pid, PidfdFlags::empty()).ok())
        .collect();
    let mut polled = vec![PollFd::new(listener, PollFlags::empty())];
    polled.extend(ended.iter().map(|one| PollFd::new(one, PollFlags::IN)));
    let glance = Timespec::try_from(GLANCE).ok();
    let _ = poll(&mut polled, glance.as_ref());
    !polled[0].revents().is_empty()
}

/// Kills whatever is below this process until nothing is.
fn end_all(child: Option<&Child>) {
    let group = child.map(Pid::from_child);
    let since = Instant::now();
    // Those below a process that is killed come up to this one.
    while has_children() && since.elapsed() < KILLED {
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let left = children();
        for one in &left {
            let _ = kill_process(one.pid, Signal::KILL);
        }
        let ended = left
            .iter()
            .filter_map(|one| pidfd_open(one.pid, PidfdFlags::empty()).ok());
        let ended: Vec<OwnedFd> = ended.collect();
        let mut polled: Vec<_> = ended
            .iter()
            .map(|one| PollFd::new(one, PollFlags::IN))
            .collect();
        let glance = Timespec::try_from(GLANCE).ok();
        let _ = poll(&mut polled, glance.as_ref());
    }
}

/// Whether there is a child that has not ended. Those that have are let go.
fn has_children() -> bool {
    loop {
        match waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// A process right below this one.
struct Process {
    pid: Pid,
    /// What the system calls it, escaped.
    name: String,
}

/// Those right below this one, by proc(5). Their numbers stay theirs until this
/// process lets them go.
fn children() -> Vec<Process> {
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = all.filter_map(|one| one.file_name().to_str()?.parse().ok());
    numbers
        .filter_map(|number: i32| {
            let stat = fs::read(format!("/proc/{number}/stat")).ok()?;
            let (name, parent) = name_and_parent(&stat)?;
            (parent == own).then_some(Process {
                pid: Pid::from_raw(number)?,
                name,
            })
        })
        .collect()
}

/// Of a line such as `7 (a name) S 1 …`; the name may hold anything.
fn name_and_parent(stat: &[u8]) -> Option<(String, i32)> {
    let start = stat.iter().position(|&byte| byte == b'(')?;
    let end = stat.iter().rposition(|&byte| byte == b')')?;
    let name = Escaped(stat.get(start + 1..end)?).to_string();
    let rest = std::str::from_utf8(&stat[end + 1..]).ok()?;
    let mut fields = rest.split_whitespace().skip(1);
    Some((name, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_parents() {
        for (line, expected) in [
            ("7 (sleep) S 1 7 7 0", Some(("sleep", 1))),
            ("7 (a) S 9 (b)) R 12 7", Some(("a) S 9 (b)", 12))),
            ("7 (a\nb) Z 3 7", Some((r"a\nb", 3))),
            ("7 (a", None),
            ("7 (a) S", None),
            ("", None),
        ] {
            let expected = expected.map(|(name, parent)| (name.to_owned(), parent));
            assert_eq!(name_and_parent(line.as_bytes()), expected, "{line}");
        }
        let own = fs::read("/proc/self/stat").expect("proc(5)");
        let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
        assert_eq!(name_and_parent(&own).map(|(_, parent)| parent), parent);
    }
}
