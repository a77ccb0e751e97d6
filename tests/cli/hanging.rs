//! Programs that exeat asks for something, and that never answer: somebody
//! stops them, and nothing stays behind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::environment::{Env, Ran, require};
use crate::interrupt::until;
use crate::terminal::Terminal;
use crate::tree::{assert_same, look_at_content};

/// Says that it is there, in `../hanging`, and waits for ever. A plugin runs in
/// a folder of its own.
const HANGING: &str = "#!/bin/sh\necho $$ >HERE/../pid && mv HERE/../pid HERE/../hanging\n\
                       exec tail -f /dev/null\n";

const EXPORT: &str = "--config-dir sender export letter.txt --to out --name p";

fn prepared(program: &str, script: &str) -> Env {
    let env = Env::with_people();
    env.write("letter.txt", "Dear Dr Example\n");
    fs::create_dir(env.path("out")).unwrap();
    let script = script.replace("HERE", &env.path(".").display().to_string());
    let path = env.write(format!("../bin/{program}"), script);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    env
}

fn path(env: &Env) -> std::ffi::OsString {
    let mut path = env.path("../bin").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

/// Runs it until the program hangs, sends a signal to this process or, with a
/// minus, to all of its group, and waits for the end.
fn stopped(env: &Env, line: &str, signal: &str, group: &str) -> Ran {
    let before = look_at_content(&env.path(""));
    let mut command = env.exeat();
    command.env("PATH", path(env)).args(line.split(' '));
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.process_group(0).spawn().unwrap();
    let hanging = until("program that hangs", || {
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none(), "'{line}' is over already: {ended:?}");
        fs::read_to_string(env.path("../hanging")).ok()
    });
    let kill = format!("kill -{signal} {group}{}", child.id());
    Ran::of(Command::new("/bin/sh").args(["-c", &kill])).ends(0);
    until("end", || child.try_wait().unwrap());
    let output = child.wait_with_output().unwrap();
    // It is gone, too, however long it takes to be reaped.
    until("end of the other", || {
        let program = Path::new("/proc").join(hanging.trim());
        let state = fs::read_to_string(program.join("stat")).unwrap_or_default();
        (state.is_empty() || state.contains(") Z ")).then_some(())
    });
    fs::remove_file(env.path("../hanging")).unwrap();
    assert_same(&before, &look_at_content(&env.path("")));
    Ran::from_output(line.to_owned(), &output)
}

#[test]
fn a_plugin_that_hangs() {
    let env = prepared("age-plugin-toy", HANGING);
    let line = format!("{EXPORT} -r age1toy1vys8getnwss8qmr4va5kuxfufar");
    // As the terminal does it: all that run together.
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        stopped(&env, &line, signal, "-")
            .ends(code)
            .says("interrupted");
    }
}

#[test]
fn an_ssh_keygen_that_hangs() {
    if !require(&["ssh-keygen", "which"]) {
        return;
    }
    let real = Env::new().tool("which ssh-keygen");
    let late = format!(
        "#!/bin/sh\ncase $5 in *package*) ;; *) exec {} \"$@\" ;; esac\n{}",
        real.trim(),
        HANGING.trim_start_matches("#!/bin/sh\n")
    );
    // At once, and when everything is sealed.
    for script in [HANGING, &late] {
        let env = prepared("ssh-keygen", script);
        let key = env.path("sender/signing_key.pub");
        let line = format!(
            "{EXPORT} -R recipient/recipient.txt --signing-key {}",
            key.display()
        );
        for (signal, group, code) in [("INT", "-", 130), ("INT", "", 130), ("TERM", "", 143)] {
            stopped(&env, &line, signal, group)
                .ends(code)
                .says("interrupted");
        }
    }
}

/// It asks at the terminal for what it needs, and leaves the terminal as it was.
#[test]
fn ssh_keygen_asks_at_the_terminal() {
    if !require(&["ssh-keygen", "script", "stty", "setsid"]) {
        return;
    }
    let env = prepared("none", "");
    let mut keygen = env.command("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "a passphrase", "-f", "id"]);
    Ran::of(&mut keygen).ends(0);
    let line = format!("\"$EXEAT\" {EXPORT} -R recipient/recipient.txt --signing-key id.pub");
    let before = look_at_content(&env.path(""));
    let shell = format!("trap : INT; {line}; code=$?; stty -a; exit $code");
    let ran = Terminal::run(&env, &shell)
        .answer("passphrase", "\u{3}")
        .ends(130);
    assert!(
        ran.err.contains(" echo ") && ran.err.contains(" icanon "),
        "{ran}"
    );
    assert_same(&before, &look_at_content(&env.path("")));
    // Before the work, for the checkpoint, and for the package.
    Terminal::run(&env, &line)
        .answer("passphrase", "a passphrase\n")
        .answer("passphrase", "a passphrase\n")
        .answer("passphrase", "a passphrase\n")
        .ends(0);
    assert!(env.path("out/p.exeat/manifest.json.sig").exists());
    // Where nobody can be asked, what is to be signed is no answer.
    let line = format!("{EXPORT} -R recipient/recipient.txt --signing-key id.pub");
    let mut command = env.command("setsid");
    command.args(["-w", env!("CARGO_BIN_EXE_exeat")]);
    command.args(line.replace("--name p", "--name q").split(' '));
    Ran::of(&mut command)
        .ends(1)
        .says("'ssh-keygen' made no signature");
    assert!(!env.path("out/q.exeat").exists());
}
