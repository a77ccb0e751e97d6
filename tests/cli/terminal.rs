//! A real terminal: the pseudo-terminal that `script` of util-linux makes, and
//! somebody who waits for a prompt and types.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::environment::{Env, Ran};

/// How long a prompt, or the end, may take to come.
const DEADLINE: Duration = Duration::from_secs(60);

/// A program that runs at a terminal, and somebody who types.
pub(crate) struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    screen: Receiver<Vec<u8>>,
    /// Everything that was shown, and how much of it was looked at.
    shown: String,
    read: usize,
    line: String,
}

impl Terminal {
    /// Runs a line of shell at a terminal; `$EXEAT` is the program.
    pub(crate) fn run(env: &Env, line: &str) -> Self {
        let mut command = env.command("script");
        command
            .args(["-qec", line, "/dev/null"])
            .env("EXEAT", env!("CARGO_BIN_EXE_exeat"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let (send, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stdout.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            keyboard: child.stdin.take().unwrap(),
            child,
            screen,
            shown: String::new(),
            read: 0,
            line: line.to_owned(),
        }
    }

    /// Runs exeat as `person`.
    pub(crate) fn exeat(env: &Env, person: &str, line: &str) -> Self {
        Self::run(
            env,
            &format!("exec \"$EXEAT\" --config-dir {person} {line}"),
        )
    }

    /// Waits for a prompt, and types.
    #[track_caller]
    pub(crate) fn answer(mut self, prompt: &str, keys: &str) -> Self {
        let start = Instant::now();
        while !self.shown[self.read..].contains(prompt) {
            let left = DEADLINE.saturating_sub(start.elapsed());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.shown += &String::from_utf8_lossy(&bytes),
                Err(_) => panic!("no {prompt:?} in {:?}", &self.shown),
            }
        }
        self.read = self.shown.len();
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Waits for the program to end.
    #[track_caller]
    pub(crate) fn ends(mut self, code: i32) -> Ran {
        let start = Instant::now();
        loop {
            let left = DEADLINE.saturating_sub(start.elapsed());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.shown += &String::from_utf8_lossy(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.child.kill();
                    panic!("'{}' does not end: {}", self.line, self.shown);
                }
            }
        }
        let output = Output {
            status: self.child.wait().unwrap(),
            stdout: Vec::new(),
            stderr: self.shown.replace('\r', "").into_bytes(),
        };
        Ran::from_output(self.line, &output).ends(code)
    }
}
