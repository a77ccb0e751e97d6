//! Keys of age plugins: `age-plugin-toy`, a plugin for these tests alone that
//! protects nothing, and some that fail or lie.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::environment::{Env, Ran, require};
use crate::terminal::Terminal;

const TOY: &str = "age1toy1vys8getnwss8qmr4va5kuxfufar";
const TOY_IDENTITY: &str = "AGE-PLUGIN-TOY-1VYS8GETNWSS8QMR4VA5KUWJXE2Z";

/// The two state machines of the age plugin protocol. The file key is put into
/// the stanza as it is: a real plugin encrypts it. With TOY_ASKS it asks for a
/// PIN first; with TOY_LIES it gives a key that nobody wrapped.
const TOY_PLUGIN: &str = r#"#!/usr/bin/env python3
import base64, os, sys

def read():
    words = sys.stdin.readline().rstrip("\n").split(" ")[1:]
    body = ""
    while True:
        line = sys.stdin.readline().rstrip("\n")
        body += line
        if len(line) < 64:
            return words[0], words[1:], base64.b64decode(body + "=" * (-len(body) % 4))

def write(words, body=b""):
    text = base64.b64encode(body).decode().rstrip("=")
    lines = [text[i:i + 64] for i in range(0, len(text) + 1, 64)]
    print("-> " + " ".join(words), *lines, sep="\n", flush=True)

def ask(words, body=b""):
    write(words, body)
    return read()

def commands():
    while True:
        tag, words, body = read()
        if tag == "done":
            return
        yield tag, words, body

# What it gives in the place of a stanza that wraps the key.
LIES = {
    "TOY_WRAPS_NOTHING": [],
    "TOY_WRAPS_ANOTHER_FILE": ["1", "toy"],
    "TOY_CLAIMS_A_PASSPHRASE": ["0", "scrypt", "c2FsdHNhbHRzYWx0c2FsdA", "10"],
    "TOY_WRAPS_A_WORD_TOO_FEW": ["0"],
}
machine = sys.argv[1].removeprefix("--age-plugin=")
given = list(commands())
if "TOY_ASKS" in os.environ:
    tag, _, body = ask(["request-secret"], b"PIN of the toy")
    if tag != "ok" or body != b"1234":
        ask(["error", "internal"], b"the PIN is wrong")
        write(["done"])
        sys.exit()
if machine == "recipient-v1":
    keys = [body for tag, _, body in given if tag == "wrap-file-key"]
    for lie in [name for name in LIES if name in os.environ]:
        if LIES[lie]:
            ask(["recipient-stanza", *LIES[lie]], b"x" * 32)
        write(["done"])
        sys.exit()
    for _ in [1 for tag, _, _ in given if tag == "add-recipient"]:
        ask(["recipient-stanza", "0", "toy"], b"toy:" + keys[0])
else:
    for tag, words, body in given:
        if tag == "recipient-stanza" and words[1] == "toy":
            key = b"x" * 16 if "TOY_LIES" in os.environ else body[4:]
            ask(["file-key", "0"], key)
            break
write(["done"])
"#;

/// Puts a plugin into the folder `bin`.
fn plugin(env: &Env, name: &str, script: &str) {
    let path = env.write(format!("bin/age-plugin-{name}"), script);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs `program` with `bin` on its PATH and this in its environment.
fn run(env: &Env, program: &str, line: &str, setting: &str) -> Ran {
    let mut path = env.path("bin").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = match program {
        "exeat" => env.exeat(),
        other => env.command(other),
    };
    command.env("PATH", path).args(line.split_whitespace());
    if !setting.is_empty() {
        command.env(setting, "1");
    }
    Ran::of(&mut command)
}

fn prepared() -> Env {
    let env = Env::with_people();
    env.sample("data");
    fs::create_dir(env.path("out")).unwrap();
    plugin(&env, "toy", TOY_PLUGIN);
    env.write("toy.txt", format!("# made for a test\n{TOY_IDENTITY}\n"));
    env
}

fn export(env: &Env, name: &str, recipient: &str, setting: &str) -> (Ran, PathBuf) {
    let line = format!("--config-dir sender export data --to out --name {name} -r {recipient}");
    let package = env.path(format!("out/{name}.exeat"));
    (run(env, "exeat", &line, setting), package)
}

fn open(env: &Env, setting: &str, to: &str) -> Ran {
    let line = format!("--config-dir recipient open out/p.exeat -i toy.txt --to {to}");
    run(env, "exeat", &line, setting)
}

#[test]
fn a_plugin_wraps_and_unwraps_the_package_key() {
    if !require(&["python3", "age"]) {
        return;
    }
    let env = prepared();
    export(&env, "p", TOY, "").0.ends(0);
    let ran = open(&env, "", "opened").ends(0);
    assert!(!ran.err.contains("did not list"), "{ran}");
    assert_eq!(
        env.read("opened/data/patients.csv"),
        env.read("data/patients.csv")
    );
    // The other commands use it, too.
    let line = "--config-dir recipient list out/p.exeat -i toy.txt";
    let ran = run(&env, "exeat", line, "").ends(0);
    assert!(ran.out.contains("patients.csv"), "{ran}");
    let line = "--config-dir recipient verify out/p.exeat -i toy.txt";
    let ran = run(&env, "exeat", line, "").ends(0);
    assert!(ran.out.contains("every one as it was sealed"), "{ran}");
    for command in ["list", "verify"] {
        let line = format!("--config-dir recipient {command} out/p.exeat -i toy.txt");
        run(&env, "exeat", &line, "TOY_LIES")
            .ends(1)
            .says("not the one of this package");
    }
    // The real age opens the envelope with the same plugin.
    let by_age = run(&env, "age", "-d -i toy.txt out/p.exeat/key.age", "").ends(0);
    assert!(by_age.out.starts_with("AGE-SECRET-KEY-1"), "{by_age}");
    open(&env, "TOY_LIES", "none")
        .ends(1)
        .says("not the one of this package");
    // Nobody is there to be asked.
    open(&env, "TOY_ASKS", "none").ends(1).says("had no answer");
    let (ran, package) = export(&env, "asked", TOY, "TOY_ASKS");
    ran.ends(1).says("'age-plugin-toy' asked something");
    assert!(!package.exists() && !env.path("none").exists());
    fs::remove_file(env.path("bin/age-plugin-toy")).unwrap();
    open(&env, "", "none")
        .ends(1)
        .says("'age-plugin-toy' is not there");
}

#[test]
fn plugins_that_wrap_something_else() {
    if !require(&["python3"]) {
        return;
    }
    let env = prepared();
    for (lie, words) in [
        ("TOY_WRAPS_NOTHING", "neither stanzas nor errors"),
        ("TOY_WRAPS_ANOTHER_FILE", "a file we didn't provide"),
        ("TOY_CLAIMS_A_PASSPHRASE", "failed: what it made"),
        ("TOY_WRAPS_A_WORD_TOO_FEW", "at least two metadata"),
    ] {
        let (ran, package) = export(&env, "none", TOY, lie);
        ran.ends(1)
            .says("the age plugin 'age-plugin-toy' failed: ")
            .says(words);
        assert!(!package.exists());
        assert_eq!(fs::read_dir(env.path("out")).unwrap().count(), 0);
    }
}

#[test]
fn plugins_that_are_missing_or_fail() {
    if !require(&["python3"]) {
        return;
    }
    let env = prepared();
    plugin(&env, "quits", "#!/bin/sh\nexit 3\n");
    plugin(
        &env,
        "garbage",
        "#!/bin/sh\necho 'no stanza'\ncat >/dev/null\n",
    );
    for (recipient, words) in [
        ("age1absent10qyjreut", "'age-plugin-absent' is not there"),
        (
            "age1quits10qml7clj",
            "'age-plugin-quits' failed: it ended before",
        ),
        (
            "age1garbage10qszg2ed",
            "'age-plugin-garbage' failed: its answer is not",
        ),
    ] {
        let (ran, package) = export(&env, "none", recipient, "");
        ran.ends(1).says(words);
        assert!(!package.exists());
        assert_eq!(fs::read_dir(env.path("out")).unwrap().count(), 0);
    }
}

/// What was sealed for people with keys of every kind opens with each of them.
#[test]
fn one_package_for_keys_of_every_kind() {
    if !require(&["age-keygen", "ssh-keygen", "script", "diff", "python3"]) {
        return;
    }
    let env = prepared();
    env.tool("age-keygen -o age.txt");
    let age = env.tool("age-keygen -y age.txt");
    let mut command = env.command("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "ssh"]);
    Ran::of(&mut command).ends(0);
    // An identity that a passphrase protects.
    let prompt = "New passphrase for your identity (or Enter to have one made): ";
    let init = "init --name ann@clinic.example --passphrase";
    Terminal::exeat(&env, "ann", init)
        .answer(prompt, "a long passphrase\n")
        .answer("again", "a long passphrase\n")
        .ends(0);
    env.by("ann", "trust sender/signer.txt").ends(0);
    env.write(
        "all.txt",
        format!(
            "{}{}{}{TOY}\n",
            age,
            env.read("ssh.pub"),
            env.read("ann/recipient.txt")
        ),
    );
    let line = "--config-dir sender export data --to out --name p -R all.txt";
    run(&env, "exeat", line, "").ends(0);
    for identity in ["age.txt", "ssh", "toy.txt"] {
        let new = format!("new-{identity}");
        let line = format!("--config-dir recipient open out/p.exeat -i {identity} --to {new}");
        run(&env, "exeat", &line, "").ends(0);
        env.tool(&format!("diff -r --no-dereference data {new}/data"));
    }
    Terminal::exeat(&env, "ann", "open out/p.exeat --to new-ann")
        .answer("assphrase", "a long passphrase\n")
        .ends(0);
    env.tool("diff -r --no-dereference data new-ann/data");
    // And with nobody else's.
    env.by("recipient", "open out/p.exeat --to never").ends(1);
}
