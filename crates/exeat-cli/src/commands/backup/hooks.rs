//! The commands that a profile has run before and after a backup, and when it
//! failed. Never through a shell; what they print is shown when they fail.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use exeat_core::source::command::Tail;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::config::Program;
use crate::error::CommandError;
use crate::exit::Exit;

/// How long to wait before looking whether somebody wants this to stop.
const LOOK_EVERY: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};
/// How long a command may take to end that was asked to.
const PATIENCE: Timespec = Timespec {
    tv_sec: 10,
    tv_nsec: 0,
};
const NOW: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};
/// So much of what a command prints is kept, in bytes.
const KEPT: usize = 4096;
/// What a pipe holds, in bytes: pipe(7).
const PIPE: usize = 64 << 10;

/// When a command of a profile runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    Before,
    After,
    OnFailure,
}

impl Hook {
    /// Its key in the settings.
    fn key(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::OnFailure => "on_failure",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Before => "no backup was made; run the command by hand to see what is wrong",
            Self::After => "the package is there; run the command by hand to see what is wrong",
            Self::OnFailure => "run the command by hand to see what is wrong",
        }
    }
}

/// What a command is told, in its environment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Occasion<'a> {
    /// `EXEAT_PROFILE`.
    pub(super) profile: &'a str,
    /// How the backup ended; `None` before it. `EXEAT_EXIT` is its code, and
    /// `EXEAT_OUTCOME` one word: `begun`, `done`, `incomplete` or `failed`.
    pub(super) exit: Option<Exit>,
    /// `EXEAT_PACKAGE`, the package that was made.
    pub(super) package: Option<&'a Path>,
}

impl Occasion<'_> {
    fn outcome(&self) -> &'static str {
        match self.exit {
            None => "begun",
            Some(Exit::Done) => "done",
            Some(Exit::Incomplete) => "incomplete",
            Some(_) => "failed",
        }
    }

    /// Sets what is known, and takes away what is not: it would be another
    /// run's.
    fn tell(&self, command: &mut Command) {
        command.env("EXEAT_PROFILE", self.profile);
        command.env("EXEAT_OUTCOME", self.outcome());
        match self.exit {
            Some(exit) => command.env("EXEAT_EXIT", exit.code().to_string()),
            None => command.env_remove("EXEAT_EXIT"),
        };
        match self.package {
            Some(package) => command.env("EXEAT_PACKAGE", package),
            None => command.env_remove("EXEAT_PACKAGE"),
        };
    }
}

/// Runs a command of a profile to its end. What it leaves running is left alone;
/// its standard input is empty.
///
/// `cancelled` is asked five times a second; the command and its group are then
/// asked to end (SIGTERM), and ended after ten seconds.
///
/// # Errors
/// It cannot be run, or did not end with exit code 0: that the run failed where
/// it is [`Hook::Before`], and a warning otherwise. Or somebody wanted to stop.
pub(super) fn run(
    hook: Hook,
    program: &Program,
    occasion: &Occasion<'_>,
    cancelled: &dyn Fn() -> bool,
) -> Result<(), CommandError> {
    let about = |error: CommandError| {
        let what = format!("backup '{}': {}", occasion.profile, hook.key());
        error.about(what).with_help(hook.help())
    };
    let mut command = Command::new(program.find().map_err(about)?);
    command.args(program.arguments());
    occasion.tell(&mut command);
    let ended = finish(command, cancelled)
        .map_err(|error| about(CommandError::io(format!("cannot run {program}"), &error)))?;
    let Some((status, said)) = ended else {
        return Err(CommandError::new(
            Exit::of(exeat_core::diagnostic::Fault::Interrupted),
            "interrupted",
            "interrupted",
        ));
    };
    if status.success() {
        return Ok(());
    }
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, signal) => format!("was killed by signal {}", signal.unwrap_or(0)),
    };
    let said = match said.to_string() {
        said if said.is_empty() => said,
        said => format!(": {said}"),
    };
    let message = format!("{program} {how}{said}");
    Err(about(CommandError::new(
        Exit::Failed,
        "hook-failed",
        message,
    )))
}

/// How it ended and the last that it printed; `None` when `cancelled`.
fn finish(
    mut command: Command,
    cancelled: &dyn Fn() -> bool,
) -> io::Result<Option<(ExitStatus, Tail)>> {
    let (output, theirs) = io::pipe()?;
    command
        .stdin(Stdio::null())
        .stdout(theirs.try_clone()?)
        .stderr(theirs)
        .process_group(0);
    let mut child = command.spawn()?;
    // It holds our copies of the other end.
    drop(command);
    let ended = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
    let mut output = Some(File::from(OwnedFd::from(output)));
    let mut said = Tail::of(KEPT);
    loop {
        if cancelled() {
            end(&mut child, &ended)?;
            return Ok(None);
        }
        if hear(&ended, &mut output, &mut said, &LOOK_EVERY)? {
            // What is in the pipe by now; others may hold it open, and go on.
            for _ in 0..PIPE / KEPT {
                hear(&ended, &mut output, &mut said, &NOW)?;
            }
            return Ok(Some((child.wait()?, said)));
        }
    }
}

/// Waits a little, and takes some of what is printed; whether it has ended.
fn hear(
    ended: &OwnedFd,
    output: &mut Option<File>,
    said: &mut Tail,
    patience: &Timespec,
) -> io::Result<bool> {
    let mut polled = vec![PollFd::new(ended, PollFlags::IN)];
    polled.extend(output.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
    match poll(&mut polled, Some(patience)) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let has_ended = !polled[0].revents().is_empty();
    let has_words = polled.get(1).is_some_and(|pipe| !pipe.revents().is_empty());
    if let Some(pipe) = output.as_mut().filter(|_| has_words) {
        let mut buffer = [0; KEPT];
        match pipe.read(&mut buffer)? {
            0 => *output = None,
            count => said.push(&buffer[..count]),
        }
    }
    Ok(has_ended)
}

/// Asks it to end, and ends it where it does not.
fn end(child: &mut Child, ended: &OwnedFd) -> io::Result<()> {
    let group = Pid::from_child(child);
    let _ = kill_process_group(group, Signal::TERM);
    let mut polled = [PollFd::new(ended, PollFlags::IN)];
    let _ = poll(&mut polled, Some(&PATIENCE));
    let _ = kill_process_group(group, Signal::KILL);
    child.wait().map(drop)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::PathBuf;

    use super::*;

    fn shell(script: &str) -> Program {
        Program::of(&["sh", "-c", script])
    }

    const BEFORE: Occasion<'_> = Occasion {
        profile: "nightly",
        exit: None,
        package: None,
    };

    fn fails(hook: Hook, program: &Program) -> CommandError {
        run(hook, program, &BEFORE, &|| false).unwrap_err()
    }

    #[test]
    fn what_ends_well_says_nothing() {
        run(
            Hook::Before,
            &shell("seq 100000; seq 100000 >&2"),
            &BEFORE,
            &|| false,
        )
        .unwrap();
    }

    #[test]
    fn what_fails_says_why() {
        let error = fails(
            Hook::Before,
            &shell("echo a; printf 'b\\033[2J\\n' >&2; exit 4"),
        );
        assert_eq!(
            error.message,
            r"backup 'nightly': before: sh ended with exit code 4: a; b\x1b[2J"
        );
        assert_eq!(
            error.help.as_deref(),
            Some("no backup was made; run the command by hand to see what is wrong")
        );
        assert_eq!(error.exit, Exit::Failed);
        let error = fails(Hook::OnFailure, &shell("kill -9 $$"));
        assert_eq!(
            error.message,
            "backup 'nightly': on_failure: sh was killed by signal 9"
        );
        let error = fails(Hook::After, &Program::of(&["/none/program"]));
        assert_eq!(
            error.to_string(),
            "backup 'nightly': after: cannot run /none/program: No such file or directory\n  the \
             package is there; run the command by hand to see what is wrong"
        );
        let error = fails(Hook::After, &Program::of(&["no-such-program-of-exeat"]));
        assert!(
            error
                .message
                .contains("no folder of the PATH has the program"),
            "{error}"
        );
    }

    #[test]
    fn it_is_told_what_happened() {
        let tells = |occasion: &Occasion<'_>, expected: &str| {
            let script = "test \"$EXEAT_PROFILE $EXEAT_OUTCOME ${EXEAT_EXIT-none} ${EXEAT_PACKAGE-none}\" = \"$1\"";
            let program = Program::of(&["sh", "-c", script, "sh", expected]);
            run(Hook::After, &program, occasion, &|| false).unwrap();
        };
        tells(&BEFORE, "nightly begun none none");
        let package = PathBuf::from("/backup/a b.exeat");
        for (exit, word) in [
            (Exit::Done, "done 0"),
            (Exit::Incomplete, "incomplete 7"),
            (Exit::Failed, "failed 1"),
        ] {
            let occasion = Occasion {
                exit: Some(exit),
                package: Some(&package),
                ..BEFORE
            };
            tells(&occasion, &format!("nightly {word} /backup/a b.exeat"));
        }
    }

    #[test]
    fn what_it_starts_is_not_waited_for() {
        // The one in the background holds the pipe until the folder is gone.
        let dir = tempfile::TempDir::with_prefix("exeat-test-").unwrap();
        let path = dir.path().display();
        let script = format!("(while test -d '{path}'; do :; done) & exit ");
        run(
            Hook::Before,
            &shell(&format!("{script} 0")),
            &BEFORE,
            &|| false,
        )
        .unwrap();
        let error = fails(Hook::Before, &shell(&format!("{script} 9")));
        assert_eq!(
            error.message,
            "backup 'nightly': before: sh ended with exit code 9"
        );
    }

    #[test]
    fn it_is_ended_when_somebody_wants_to_stop() {
        let asked = Cell::new(0);
        let cancelled = || {
            asked.set(asked.get() + 1);
            asked.get() > 1
        };
        let error = run(Hook::Before, &shell("sleep 1000"), &BEFORE, &cancelled).unwrap_err();
        assert_eq!(error.code, "interrupted");
    }
}
