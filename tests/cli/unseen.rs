//! What others on the machine can see of a run: neither its memory nor a core file.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::bad_input::{NOBODY, unprivileged};
use crate::environment::Env;

/// Another program of the same account asks; the kernel says no.
#[test]
fn its_memory_is_nobodys() {
    let env = Env::with_people();
    env.sample("data");
    fs::create_dir(env.path("out")).unwrap();
    let Some(mut command) = unprivileged(&env) else {
        return;
    };
    // It waits for the rest of its input, and is at work therefore.
    let line = "--config-dir sender export - --stdin-name a.txt --to out --name p -R \
                recipient/recipient.txt";
    let mut run = command
        .args(line.split_whitespace())
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let limits = format!("/proc/{}/limits", run.id());
    // The last that it does for this is to forbid itself core files.
    loop {
        assert!(run.try_wait().unwrap().is_none());
        let limits = fs::read_to_string(&limits).unwrap();
        let mut limits = limits.lines();
        let core = limits.find_map(|line| line.strip_prefix("Max core file size"));
        let core: Vec<_> = core.unwrap().split_whitespace().collect();
        if core[..2] == ["0", "0"] {
            break;
        }
        std::thread::yield_now();
    }
    // One that hides nothing, for comparison.
    let mut other = as_the_account(&env, "cat")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    for file in ["environ", "maps"] {
        let reads = |id: u32| {
            let mut reader = as_the_account(&env, "cat");
            reader.arg(format!("/proc/{id}/{file}"));
            reader.stderr(Stdio::null()).status().unwrap().success()
        };
        assert!(reads(other.id()), "{file}");
        assert!(!reads(run.id()), "{file}");
    }
    drop(other.stdin.take());
    assert!(other.wait().unwrap().success());
    drop(run.stdin.take());
    run.wait().unwrap();
}

/// A program of the account that exeat runs as.
fn as_the_account(env: &Env, program: &str) -> Command {
    let mut command = env.command(program);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.stdout(Stdio::null());
    command
}
