//! A process that has done its work and cannot say so: what it prints goes into a
//! pipe that is full. Whatever it still holds at that moment can be looked at.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::fs::OFlags;

use super::search::Memory;
use crate::environment::{Env, Ran, skipped};
use crate::interrupt::until;
use crate::terminal::Terminal;

/// The pipe `result`, which is full until somebody drains it.
pub(super) struct FullPipe(File);

impl FullPipe {
    pub(super) fn new(env: &Env) -> Self {
        let _ = fs::remove_file(env.path("result"));
        env.tool("mkfifo result");
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap();
        let mut options = OpenOptions::new();
        // Both ends, so that nobody waits for the other when opening it.
        options.read(true).write(true).custom_flags(flags);
        let mut pipe = options.open(env.path("result")).unwrap();
        let filled = loop {
            if let Err(error) = pipe.write_all(&[b'.'; 4096]) {
                break error;
            }
        };
        assert_eq!(filled.kind(), ErrorKind::WouldBlock);
        Self(pipe)
    }

    /// Everything that is in it.
    fn drain(&mut self) -> Vec<u8> {
        let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = self.0.read(&mut buffer) {
            all.extend_from_slice(&buffer[..count]);
        }
        all
    }

    /// What somebody printed behind what filled it.
    fn printed(bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        text.trim_start_matches('.').to_owned()
    }
}

/// The line of shell that tells its number and becomes the program.
fn line_of(words: &str) -> String {
    format!("echo $$ >pid.new && mv pid.new pid && exec {words} >result")
}

/// The memory of the process that wrote its number into `pid`, as soon as it
/// waits for room in its standard output.
fn look(env: &Env, waits: fn(u32) -> bool, mut is_over: impl FnMut() -> bool) -> Memory {
    let pid = until("process that waits", || {
        assert!(!is_over(), "it ended before it printed anything");
        let pid = fs::read_to_string(env.path("pid")).ok()?;
        let pid: u32 = pid.trim().parse().ok()?;
        waits(pid).then_some(pid)
    });
    fs::remove_file(env.path("pid")).unwrap();
    Memory::of(pid).unwrap()
}

fn told(pid: u32, name: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default()
}

/// Whether a process is writing into the pipe, which is full.
fn prints(pid: u32) -> bool {
    // The first argument of the call, whatever its number on this machine.
    let call = told(pid, "syscall");
    let number = call.split(' ').nth(1).and_then(|n| n.strip_prefix("0x"));
    let number = number.and_then(|n| u32::from_str_radix(n, 16).ok());
    let pipe = number.and_then(|n| fs::read_link(format!("/proc/{pid}/fd/{n}")).ok());
    told(pid, "wchan").contains("pipe_write") && pipe.is_some_and(|pipe| pipe.ends_with("result"))
}

/// Whether it asks if there is room, which it does before it writes content.
fn asks_for_room(pid: u32) -> bool {
    told(pid, "wchan").contains("poll")
}

/// Whether this machine lets the tests look into another process at all; where
/// not, the test is over.
pub(super) fn can_look() -> bool {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let child = Reaped(command.spawn().unwrap());
    let pid = child.0.id();
    let at = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}"));
    let has_names = until("program that waits", || {
        let (state, place) = (at("stat").ok()?, at("wchan").unwrap_or_default());
        let is_told = place.contains("pipe_read");
        // Whoever may not know the one may not know the other.
        let is_secret = at("syscall").is_err() && state.contains("(cat) S ");
        (is_told || is_secret).then_some(is_told)
    });
    let is_readable = has_names && at("syscall").is_ok() && Memory::of(pid).is_ok();
    if !is_readable {
        skipped("the memory of another process is for root alone");
    }
    is_readable
}

/// Runs `words` in a shell (`$EXEAT` is the program) until it prints, looks at
/// its memory, and lets it go on to its end.
pub(super) fn run(env: &Env, words: &str) -> (Memory, Ran) {
    run_until(env, words, prints)
}

/// The same, but it is looked at while content waits to be written to its standard
/// output: in the middle of its work.
pub(super) fn run_until_content(env: &Env, words: &str) -> (Memory, Ran) {
    run_until(env, words, asks_for_room)
}

fn run_until(env: &Env, words: &str, waits: fn(u32) -> bool) -> (Memory, Ran) {
    let mut pipe = FullPipe::new(env);
    let mut command = env.command("sh");
    command
        .env("EXEAT", env!("CARGO_BIN_EXE_exeat"))
        .args(["-c", &line_of(words)])
        .stderr(Stdio::piped());
    let mut child = Reaped(command.spawn().unwrap());
    let memory = look(env, waits, || child.0.try_wait().unwrap().is_some());
    let mut printed = Vec::new();
    let status = until("end", || {
        printed.extend(pipe.drain());
        child.0.try_wait().unwrap()
    });
    printed.extend(pipe.drain());
    let output = std::process::Output {
        status: ExitStatus::from_raw(status.into_raw()),
        stdout: FullPipe::printed(&printed).into_bytes(),
        stderr: child.stderr(),
    };
    let ran = Ran::from_output(words.to_owned(), &output);
    (memory, ran)
}

/// The same at a terminal, where somebody answers prompts.
pub(super) fn run_at_terminal(env: &Env, words: &str, answers: &[(&str, &str)]) -> (Memory, Ran) {
    let mut pipe = FullPipe::new(env);
    let mut terminal = Terminal::run(env, &line_of(words));
    for (prompt, keys) in answers {
        terminal = terminal.answer(prompt, &format!("{keys}\n"));
    }
    let memory = look(env, prints, || false);
    let mut printed = pipe.drain();
    let mut ran = terminal.ends(0);
    printed.extend(pipe.drain());
    ran.out = FullPipe::printed(&printed);
    (memory, ran)
}

/// A child that does not outlive a test that fails.
struct Reaped(Child);

impl Reaped {
    fn stderr(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut stderr = self.0.stderr.take().unwrap();
        stderr.read_to_end(&mut bytes).unwrap();
        bytes
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
