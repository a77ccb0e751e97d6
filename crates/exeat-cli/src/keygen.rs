//! Signatures by keys that the ssh-agent or a hardware token holds, made by
//! `ssh-keygen -Y sign`. It asks for PINs and passphrases at the terminal by
//! itself.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use exeat_core::diagnostic::words::without_errno;
use exeat_core::path::Escaped;
use exeat_core::signature::{Holder, PublicKey, SignatureError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::MemfdFlags;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::config;
use crate::signals;
use crate::terminal;
use crate::ui::Ui;

const PROGRAM: &str = "ssh-keygen";
/// The most that is read of what it answers, in bytes; a signature has 300.
const MAX_ANSWER: u64 = 64 << 10;
/// The most of its words that are shown, in bytes and in lines.
const MAX_WORDS: u64 = 4 << 10;
const MAX_LINES: usize = 4;
/// How often it is seen whether somebody wants to stop.
const GLANCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};
/// How many glances it has to restore the terminal and end.
const ENDING: u32 = 20;

/// The way to one key.
pub(crate) struct Keygen {
    /// The file of the public key, or of what stands for one in hardware.
    file: PathBuf,
    is_in_hardware: bool,
    asks_for_pin: bool,
    ui: Ui,
}

impl Keygen {
    pub(crate) fn new(file: PathBuf, key: &PublicKey, asks_for_pin: bool, ui: &Ui) -> Self {
        Self {
            file,
            asks_for_pin,
            is_in_hardware: key.is_in_hardware(),
            ui: ui.clone(),
        }
    }

    fn failed(reason: impl Into<String>) -> SignatureError {
        SignatureError::HolderFailed {
            program: PROGRAM.to_owned(),
            reason: reason.into(),
        }
    }

    fn io(error: io::Error) -> SignatureError {
        let reason = without_errno(&error.to_string()).to_owned();
        Self::failed(format!("it cannot be run: {reason}"))
    }

    fn program() -> Result<PathBuf, SignatureError> {
        config::program(PROGRAM).ok_or_else(|| SignatureError::HolderMissing {
            program: PROGRAM.to_owned(),
        })
    }
}

impl Holder for Keygen {
    fn program(&self) -> &str {
        PROGRAM
    }

    fn reach(&self) -> Result<(), SignatureError> {
        Self::program()?;
        // It would go on without an answer, and the token counts each wrong PIN.
        if self.asks_for_pin && !terminal::is_there() && !config::has_askpass() {
            return Err(Self::failed(
                "the key asks for a PIN, and there is neither a terminal to ask at nor a program \
                 for it in SSH_ASKPASS",
            ));
        }
        Ok(())
    }

    fn sign(&self, namespace: &str, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        self.reach()?;
        let program = Self::program()?;
        if self.is_in_hardware {
            self.ui.must_say(&format!(
                "{PROGRAM}: signing with a hardware key; touch it if it blinks"
            ));
        }
        let child = start(&program, &self.file, namespace, message).map_err(Self::io)?;
        let said = listen(child).map_err(Self::io)?;
        if said.answer.len() as u64 > MAX_ANSWER {
            return Err(Self::failed("it answered more than a signature"));
        }
        let Some(status) = said.status else {
            return Err(Self::failed("it was interrupted"));
        };
        if !status.success() {
            let mut reason = said.words();
            if reason.is_empty() {
                reason = format!("it ended with {status}");
            }
            if !self.is_in_hardware && !config::has_ssh_agent() {
                reason += "; no ssh-agent was asked, for SSH_AUTH_SOCK is not set";
            }
            return Err(Self::failed(reason));
        }
        Ok(said.answer)
    }
}

/// Starts it. The message stands in memory as a whole, so that it waits for no
/// reader.
fn start(program: &Path, file: &Path, namespace: &str, message: &[u8]) -> io::Result<Child> {
    let memory = rustix::fs::memfd_create("to be signed", MemfdFlags::CLOEXEC)?;
    let mut input = File::from(memory);
    input.write_all(message)?;
    input.rewind()?;
    Command::new(program)
        .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
        .arg(file)
        .envs(config::ssh_prompts(terminal::is_there()))
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// What it had to say.
struct Said {
    /// How it ended; `None` if it was ended.
    status: Option<ExitStatus>,
    answer: Vec<u8>,
    errors: Vec<u8>,
}

impl Said {
    /// Its words of failure, safe to show and cut short.
    fn words(&self) -> String {
        let lines = self.errors.split(|&byte| byte == b'\n' || byte == b'\r');
        let lines = lines.map(<[u8]>::trim_ascii);
        // The request to touch the key has been said in our own words.
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"Confirm user"));
        let lines = lines.take(MAX_LINES).map(|line| Escaped(line).to_string());
        lines.collect::<Vec<_>>().join("; ")
    }
}

/// Hears it out, until it ends, says too much, or somebody wants to stop.
fn listen(mut child: Child) -> io::Result<Said> {
    let heard = hear(&mut child);
    if heard.is_err() {
        // It is of no use any more.
        let _ = child.kill();
        let _ = child.wait();
    }
    heard
}

fn hear(child: &mut Child) -> io::Result<Said> {
    let process = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    let mut output = child.stdout.take().map(OwnedFd::from).map(File::from);
    let mut errors = child.stderr.take().map(OwnedFd::from).map(File::from);
    let mut said = Said {
        status: None,
        answer: Vec::new(),
        errors: Vec::new(),
    };
    loop {
        let is_too_much = said.answer.len() as u64 > MAX_ANSWER;
        if is_too_much || signals::received().is_some() {
            end(child, &process)?;
            return Ok(said);
        }
        let has_ended = wait(&process, [&output, &errors])?;
        // What it said before it ended is all there: whoever else still holds
        // the other end, such as a helper, is not waited for.
        let more = [
            read(&mut output, &mut said.answer, MAX_ANSWER)?,
            read(&mut errors, &mut said.errors, MAX_WORDS)?,
        ];
        if has_ended && more == [false, false] {
            said.status = Some(child.wait()?);
            return Ok(said);
        }
    }
}

/// Waits for words, for the end, which it tells, or for a glance.
fn wait(process: &OwnedFd, pipes: [&Option<File>; 2]) -> io::Result<bool> {
    let mut awaited = vec![PollFd::new(process, PollFlags::IN)];
    awaited.extend(
        pipes
            .into_iter()
            .flatten()
            .map(|pipe| PollFd::new(pipe, PollFlags::IN)),
    );
    match poll(&mut awaited, Some(&GLANCE)) {
        Ok(_) => Ok(!awaited[0].revents().is_empty()),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Reads what is there, without waiting; whether there was something. What is
/// beyond the limit is read and dropped, but for a byte that tells.
fn read(pipe: &mut Option<File>, into: &mut Vec<u8>, limit: u64) -> io::Result<bool> {
    let Some(file) = pipe else {
        return Ok(false);
    };
    let mut ready = [PollFd::new(file, PollFlags::IN)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    match poll(&mut ready, Some(&now)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(false),
        Ok(_) => {}
        Err(error) => return Err(error.into()),
    }
    let mut buffer = [0; 4096];
    let count = file.read(&mut buffer)?;
    if count == 0 {
        *pipe = None;
        return Ok(false);
    }
    let room = (limit + 1).saturating_sub(into.len() as u64);
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    into.extend_from_slice(&buffer[..count.min(room)]);
    Ok(true)
}

/// Ends it, at first so that it can restore the terminal: again and again, for a
/// signal that comes just before it waits for an answer does not wake it.
fn end(child: &mut Child, process: &OwnedFd) -> io::Result<()> {
    for _ in 0..ENDING {
        let _ = pidfd_send_signal(process, Signal::TERM);
        if wait(process, [&None, &None])? {
            break;
        }
    }
    let _ = child.kill();
    child.wait().map(drop)
}
