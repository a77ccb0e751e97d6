//! What commands print, as a stream to be sealed: it ends only where the
//! command has ended well and left nothing running, and what it printed is
//! whole.

use std::ffi::OsString;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use exeat_core::source::command::{Attendant, CommandFailure, CommandLine, CommandOutput};

use crate::environment::{Env, require};

/// A command line of these words.
pub(crate) fn line(words: &[&str]) -> CommandLine {
    let arguments = words[1..].iter().map(OsString::from);
    CommandLine {
        program: PathBuf::from(words[0]),
        arguments: arguments.collect(),
        expect_end: None,
        checker: None,
    }
}

fn shell(script: &str) -> CommandLine {
    line(&["sh", "-c", script])
}

fn expecting(script: &str, end: &str) -> CommandLine {
    CommandLine {
        expect_end: Some(end.parse().unwrap()),
        ..shell(script)
    }
}

fn start(command: &CommandLine) -> CommandOutput {
    start_until(command, Arc::default())
}

/// Starts it; it is to stop when `stop` is set.
fn start_until(command: &CommandLine, stop: Arc<AtomicBool>) -> CommandOutput {
    let attendant = Attendant::new(env!("CARGO_BIN_EXE_exeat"), ["attend-command"]);
    let cancelled = Box::new(move || stop.load(Ordering::Relaxed));
    attendant.start(command, cancelled).unwrap()
}

/// What it printed, and how that ended.
pub(crate) fn printed(command: &CommandLine) -> (Vec<u8>, Result<(), CommandFailure>) {
    let mut bytes = Vec::new();
    let mut output = start(command);
    let read = output.read_to_end(&mut bytes);
    if read.is_err() {
        let again = output.read(&mut [0; 8]).unwrap_err();
        assert!(again.downcast::<CommandFailure>().is_ok());
    } else {
        assert_eq!(output.read(&mut [0; 8]).unwrap(), 0);
    }
    let end = read.map(|_| ());
    (bytes, end.map_err(|error| error.downcast().unwrap()))
}

/// Demands that it fails so.
#[track_caller]
fn fails(command: &CommandLine, message: &str) {
    let (_, end) = printed(command);
    assert_eq!(end.unwrap_err().to_string(), message);
}

/// Whether a process of this number is there and has not ended.
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    stat.is_ok_and(|stat| !stat.contains(") Z ") && !stat.contains(") X "))
}

#[test]
fn what_ends_well_is_whole() {
    let (bytes, end) = printed(&shell("echo one; echo two >&2; exec seq 300000"));
    end.unwrap();
    assert!(bytes.starts_with(b"one\n1\n2\n") && bytes.ends_with(b"\n300000\n"));
    assert_eq!(bytes.len(), 1_988_895 + 4);
    let (bytes, end) = printed(&shell(":"));
    end.unwrap();
    assert!(bytes.is_empty());
}

#[test]
fn a_pipeline_is_waited_for() {
    let (bytes, end) = printed(&shell("(seq 9; exec >&-; exec 2>&-; cat /dev/null) | cat"));
    end.unwrap();
    assert_eq!(bytes, b"1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

#[test]
fn exit_codes_and_signals() {
    fails(
        &shell("echo half; echo 'no \u{1b}[2Jroom' >&2; exit 3"),
        r"sh ended with exit code 3: no \x1b[2Jroom",
    );
    fails(&shell("echo half; kill -9 $$"), "sh was killed by signal 9");
    fails(&shell("exit 1"), "sh ended with exit code 1");
    let (_, end) = printed(&shell("seq 100000 >&2; echo; exit 1"));
    let message = end.unwrap_err().to_string();
    assert_eq!(
        message, "sh ended with exit code 1: 99998; 99999; 100000",
        "the last of it"
    );
}

#[test]
fn what_cannot_be_run() {
    let (bytes, end) = printed(&line(&["/none/pg_dump", "clinic"]));
    assert!(bytes.is_empty());
    let Err(CommandFailure::NotStarted { program, source }) = end else {
        panic!("{end:?}");
    };
    assert_eq!(
        (&program[..], source.kind()),
        ("pg_dump", ErrorKind::NotFound)
    );
    let attendant = Attendant::new("/none/exeat", ["attend-command"]);
    let failed = attendant.start(&shell(":"), Box::new(|| false));
    assert_eq!(failed.unwrap_err().to_string(), "cannot run exeat");
}

#[test]
fn what_is_left_running_is_noticed_and_ended() {
    let left = "sh ended while 1 process that it had started went on (sleep)";
    for script in [
        // Its output closed, or held open, or in a session of its own.
        "echo all; sleep 1000 >/dev/null 2>&1 & echo $! >&2",
        "echo all; sleep 1000 & echo $! >&2",
        "echo all; setsid sleep 1000 & sleep 0; echo $! >&2",
        "echo all; (sleep 1000 & echo $! >&2) ",
    ] {
        let env = Env::new();
        let pid = env.path("pid");
        let script = script.replace(">&2", &format!(">{}", pid.display()));
        fails(&shell(&script), left);
        assert!(!is_alive(&env.read("pid")), "{script}");
    }
    // One that ends right after the command is not left behind.
    let (bytes, end) = printed(&shell("echo all; (seq 3 >/dev/null) & exit 0"));
    end.unwrap();
    assert_eq!(bytes, b"all\n");
}

#[test]
fn whoever_watches_over_it_is_killed() {
    // The parent of the command is its attendant.
    let env = Env::new();
    let pid = env.path("pid");
    // It waits for its end only when it has told which group to end.
    let script = format!(
        "echo $$ >{}; until grep -q '^State:.S' /proc/$PPID/status; do :; done; \
         kill -9 $PPID; exec sleep 100",
        pid.display()
    );
    let (_, end) = printed(&shell(&script));
    // Somebody else lets it go.
    while is_alive(&env.read("pid")) {
        std::thread::yield_now();
    }
    let (_, endless) = printed(&shell("kill -9 $PPID; exec yes"));
    assert!(matches!(endless, Err(CommandFailure::Unknown { .. })));
    assert_eq!(
        end.unwrap_err().to_string(),
        "nothing says how sh ended: the process that watched over it is gone"
    );
}

#[test]
fn ends_that_are_not_there() {
    let dump = "-- PostgreSQL database dump complete";
    let (_, end) = printed(&expecting(
        &format!("printf -- '--\\n{dump}\\n--\\n\\n'"),
        "pg_dump",
    ));
    end.unwrap();
    fails(
        &expecting("echo 'COPY t FROM stdin;'; echo oops >&2", "pg_dump"),
        &format!("what sh printed is not whole: it does not end with '{dump}': oops"),
    );
    fails(
        &expecting(":", "text:END"),
        "what sh printed is not whole: it does not end with 'END'",
    );
    fails(
        &expecting("echo 'ROLLBACK; -- due to errors'", "sqlite"),
        "what sh printed is not whole: it ends with 'ROLLBACK; -- due to errors'",
    );
    // The exit code counts first.
    fails(
        &expecting("echo COMMIT';'; exit 1", "sqlite"),
        "sh ended with exit code 1",
    );
}

#[test]
fn it_is_ended_when_somebody_wants_to_stop() {
    for script in [
        "yes",
        "echo; sleep 1000",
        "echo; trap '' TERM INT; sleep 1000; sleep 1000",
    ] {
        let stop = Arc::new(AtomicBool::new(false));
        let mut output = start_until(&shell(script), Arc::clone(&stop));
        let mut buffer = [0; 64];
        assert!(output.read(&mut buffer).unwrap() > 0);
        stop.store(true, Ordering::Relaxed);
        let error = output.read_to_end(&mut Vec::new()).unwrap_err();
        let failure: CommandFailure = error.downcast().unwrap();
        assert!(matches!(failure, CommandFailure::Interrupted), "{script}");
    }
}

#[test]
fn it_is_ended_when_nobody_reads_any_more() {
    let mut output = start(&shell("sleep 1000 & echo $!; exec sleep 1000"));
    let mut buffer = [0; 64];
    let count = output.read(&mut buffer).unwrap();
    let pid = String::from_utf8_lossy(&buffer[..count]).into_owned();
    assert!(is_alive(&pid));
    drop(output);
    assert!(!is_alive(&pid));
}

#[test]
fn nobody_is_asked_anything() {
    let (bytes, end) = printed(&shell(
        "cat; if (exec </dev/tty) 2>/dev/null; then echo a terminal; else echo none; fi",
    ));
    end.unwrap();
    assert_eq!(bytes, b"none\n");
}

/// Where a program is.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path);
    folders
        .find_map(|folder| Some(folder.join(name)).filter(|path| path.is_file()))
        .unwrap()
}

#[test]
fn a_checker_reads_along() {
    let env = Env::new();
    let checker = |script: &str| {
        let path = env.write("pg_restore", format!("#!/bin/sh\n{script}\n"));
        env.tool("chmod 700 pg_restore");
        CommandLine {
            expect_end: Some("pg_restore".parse().unwrap()),
            checker: Some(path),
            ..shell("seq 200000")
        }
    };
    let seen = env.path("seen");
    let (bytes, end) = printed(&checker(&format!("cat >{}", seen.display())));
    end.unwrap();
    assert_eq!(std::fs::read(&seen).unwrap(), bytes);
    // One that has seen enough is content.
    printed(&checker("head -c 1 >/dev/null")).1.unwrap();
    fails(
        &checker("cat >/dev/null; echo 'unexpected end of file' >&2; exit 1"),
        "what sh printed cannot be read back: pg_restore ended with exit code 1: unexpected end \
         of file",
    );
    fails(
        &checker("kill -9 $$"),
        "what sh printed cannot be read back: pg_restore was killed by signal 9",
    );
    let attendant = Attendant::new(env!("CARGO_BIN_EXE_exeat"), ["attend-command"]);
    let missing = CommandLine {
        checker: Some(Path::new("/none/pg_restore").into()),
        ..checker(":")
    };
    let failed = attendant.start(&missing, Box::new(|| false));
    assert_eq!(failed.unwrap_err().to_string(), "cannot run pg_restore");
}

#[test]
fn a_checker_that_never_reads_does_not_keep_it() {
    let env = Env::new();
    let path = env.write("pg_restore", "#!/bin/sh\nexec sleep 1000\n");
    env.tool("chmod 700 pg_restore");
    let command = CommandLine {
        expect_end: Some("pg_restore".parse().unwrap()),
        checker: Some(path),
        ..shell("yes | head -c 8000000")
    };
    let stop = Arc::new(AtomicBool::new(false));
    let mut output = start_until(&command, Arc::clone(&stop));
    assert!(output.read(&mut [0; 64]).unwrap() > 0);
    stop.store(true, Ordering::Relaxed);
    let error = output.read_to_end(&mut Vec::new()).unwrap_err();
    assert!(matches!(
        error.downcast().unwrap(),
        CommandFailure::Interrupted
    ));
}

#[test]
fn what_sqlite_dumps() {
    if !require(&["sqlite3"]) {
        return;
    }
    let env = Env::new();
    let mut make = env.command("sqlite3");
    make.args([
        "clinic.db",
        "PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES('COMMIT;');",
    ]);
    crate::environment::Ran::of(&mut make).ends(0);
    let clinic = env.path("clinic.db").display().to_string();
    let sqlite = program("sqlite3").display().to_string();
    let dump = |file: &str| CommandLine {
        expect_end: Some("sqlite".parse().unwrap()),
        ..line(&[&sqlite, file, ".dump"])
    };
    let (bytes, end) = printed(&dump(&clinic));
    end.unwrap();
    assert!(bytes.ends_with(b"INSERT INTO t VALUES('COMMIT;');\nCOMMIT;\n"));
    env.write("none.db", vec![7; 5000]);
    let none = env.path("none.db").display().to_string();
    let (_, end) = printed(&dump(&none));
    assert!(end.is_err());
}

#[test]
fn the_attendant_is_of_no_use_to_people() {
    let output = Command::new(env!("CARGO_BIN_EXE_exeat"))
        .arg("attend-command")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
}
