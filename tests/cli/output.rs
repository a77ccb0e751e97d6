//! Where output goes: results to standard output, the rest to standard error,
//! and with `--json` one document and nothing else.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::process::Stdio;

use serde_json::Value;

use crate::environment::{Env, Ran, require};
use crate::ledger;
use crate::tree::unchanged;

/// Demands that the text is exactly one document of the promised shape.
#[track_caller]
fn document(text: &str, command: &str, exit: i32) -> Value {
    assert!(text.ends_with('\n') && text.lines().count() == 1, "{text}");
    let document: Value = serde_json::from_str(text).unwrap();
    let keys: Vec<_> = document.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 5, "{text}");
    assert_eq!(document["schema"], "exeat/1");
    assert_eq!(document["command"], command);
    assert_eq!(document["exit"], exit);
    let (result, error) = (&document["result"], &document["error"]);
    assert!(result.is_null() != error.is_null(), "{text}");
    if let Some(error) = error.as_object() {
        for field in ["code", "message", "causes", "help", "findings"] {
            assert!(error.contains_key(field), "{text}");
        }
    }
    document
}

const EXPORT: &str = "export data --to out -R recipient/recipient.txt";

#[test]
fn json_is_one_document_for_every_command() {
    let env = Env::with_package();
    for (person, line, exit) in [
        ("new", "init --name ann@clinic.example", 0),
        ("new", "init --show", 0),
        ("new", "init", 1),
        ("new", "trust sender/signer.txt", 0),
        ("new", "trust sender/signer.txt", 0),
        ("new", "trust data/patients.csv", 1),
        ("sender", EXPORT, 0),
        ("sender", &*format!("{EXPORT} --dry-run"), 0),
        ("sender", "export data --to out", 3),
        (
            "sender",
            "export data --to nowhere -R recipient/recipient.txt",
            1,
        ),
        ("recipient", "verify out/p.exeat", 0),
        (
            "recipient",
            "verify out/p.exeat -i recipient/identity.txt",
            0,
        ),
        ("recipient", "verify data", 1),
        ("stranger", "verify out/p.exeat", 8),
        ("recipient", "list out/p.exeat", 0),
        ("recipient", "list nowhere", 1),
        ("recipient", "open out/p.exeat --to new-data", 0),
        ("recipient", "open out/p.exeat --to new-data", 1),
    ] {
        let command = line.split(' ').next().unwrap();
        let ran = env.by(person, &format!("{line} --json")).ends(exit);
        let found = document(&ran.out, command, exit);
        // People are told all the same, elsewhere.
        assert_eq!(exit == 0, !ran.err.contains("exeat: "), "{ran}");
        if exit == 3 {
            let finding = &found["error"]["findings"][0];
            assert_eq!(finding["code"], "no-recipient", "{ran}");
        }
    }
    for line in ["verify", "exprt", "open x --to", "export data --name ../x"] {
        let ran = env.run(&format!("{line} --json")).ends(2);
        let found: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(found["exit"], 2);
        assert!(found["error"]["message"].is_string(), "{ran}");
    }
}

#[test]
fn json_goes_into_a_file_too() {
    let env = Env::with_package();
    let verify = "verify out/p.exeat --json-file report.json";
    let ran = env.by("recipient", verify).ends(0);
    assert!(ran.out.starts_with("OK: complete, unaltered"), "{ran}");
    document(&env.read("report.json"), "verify", 0);
    // The next one takes its place, and an error has one too.
    let ran = env.by("recipient", "verify data --json-file report.json --json");
    assert_eq!(env.read("report.json"), ran.ends(1).out);
    document(&env.read("report.json"), "verify", 1);
    let left = fs::read_dir(env.path("")).unwrap();
    let left = left.filter(|i| {
        i.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains(".tmp")
    });
    assert_eq!(left.count(), 0);
    for nowhere in ["nowhere/report.json", "data"] {
        let verify = format!("verify out/p.exeat --json-file {nowhere}");
        let ran = unchanged(&env, || env.by("recipient", &verify)).ends(1);
        let words = format!("cannot write {nowhere}: ");
        assert!(ran.says(&words).out.starts_with("OK: "));
    }
}

/// What is no file, such as `/dev/stdout` or `/dev/null`, is written to and
/// not replaced: root would take it away from everybody.
#[test]
fn a_json_file_that_is_no_file_stays_what_it_is() {
    let env = Env::with_package();
    env.write("real.json", "");
    for (link, target) in [("null", "/dev/null"), ("link.json", "real.json")] {
        symlink(target, env.path(link)).unwrap();
        let verify = format!("verify out/p.exeat --json-file {link}");
        env.by("recipient", &verify);
        let meta = fs::symlink_metadata(env.path(link)).unwrap();
        assert!(meta.is_symlink(), "{link} was replaced");
    }
    if require(&["mkfifo", "timeout"]) {
        env.tool("mkfifo pipe");
        let mut command = env.command("sh");
        let line = "timeout 20 cat pipe & exec \"$0\" --config-dir recipient verify out/p.exeat \
                    --quiet --json-file pipe >/dev/null";
        let program = env!("CARGO_BIN_EXE_exeat");
        command.args(["-c", line, program]);
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        child.wait().unwrap();
        let kind = fs::symlink_metadata(env.path("pipe")).unwrap().file_type();
        assert!(
            std::os::unix::fs::FileTypeExt::is_fifo(&kind),
            "the pipe was replaced"
        );
    }
}

#[test]
fn quiet_says_nothing_but_results_and_errors() {
    let env = Env::with_package();
    for (person, line) in [
        ("new", "init --name ann@clinic.example"),
        ("new", "trust sender/signer.txt"),
        ("sender", &*format!("{EXPORT} --name q")),
        ("recipient", "verify out/q.exeat -i recipient/identity.txt"),
        ("recipient", "list out/q.exeat"),
        ("recipient", "open out/q.exeat --to new-data"),
    ] {
        let ran = env.by(person, &format!("{line} --quiet")).ends(0);
        assert!(ran.err.is_empty(), "{ran}");
        assert!(!ran.out.is_empty(), "{ran}");
    }
    let ran = env.by("recipient", "verify -q nowhere").ends(1);
    ran.says("cannot open nowhere");
    // Something that is not as it was sent is no mere note.
    symlink("/etc/passwd", env.path("data/outside")).unwrap();
    env.package("data", "r", "");
    let ran = env
        .by("recipient", "open -q out/r.exeat --to other")
        .ends(0);
    ran.says("not made: the link data/outside");
}

#[test]
fn help_and_version_are_results() {
    let env = Env::new();
    for line in ["--help", "help", "--version", "-V"] {
        let ran = env.run(line).ends(0);
        assert!(
            ran.out.contains("exeat") || ran.out.contains("Usage"),
            "{ran}"
        );
        assert!(ran.err.is_empty(), "{ran}");
    }
    for command in ["init", "trust", "export", "verify", "list", "open", "demo"] {
        let ran = env.run(&format!("{command} --help")).ends(0);
        assert!(ran.out.contains("Examples:\n  exeat "), "{ran}");
        assert!(ran.out.contains("--json"), "{ran}");
        // Narrow enough for a terminal.
        assert!(ran.out.lines().all(|line| line.chars().count() <= 100));
    }
    let ran = env.run("--help");
    assert!(ran.out.contains("Exit codes: 0 done"));
}

/// Whoever closes the stream has seen enough.
#[test]
fn a_closed_stream_is_no_error() {
    let env = Env::with_package();
    let program = env!("CARGO_BIN_EXE_exeat");
    for rest in ["| head -n 1", ">&-", "--json >&-", "2>&-"] {
        let mut command = env.command("bash");
        let line =
            format!("set -o pipefail; \"$0\" --config-dir recipient list out/p.exeat {rest}");
        Ran::of(command.args(["-c", &line, program])).ends(0);
    }
}

/// But a report that could not be written was not written.
#[test]
fn a_full_disk_for_the_output_is_an_error() {
    let env = Env::with_package();
    for options in ["", "--json"] {
        let mut command = env.exeat();
        command
            .args(["--config-dir", "recipient", "list", "out/p.exeat"])
            .args(options.split_whitespace())
            .stdout(File::options().write(true).open("/dev/full").unwrap())
            .stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        assert_ne!(output.status.code(), Some(0), "'{options}'");
    }
}

/// What it was a report of is there, and whoever asked for it is told so.
#[test]
fn what_was_done_stands_though_it_cannot_be_told() {
    let env = Env::with_people();
    env.sample("data");
    fs::create_dir(env.path("out")).unwrap();
    let line = "--config-dir sender export data --to out --name p -R recipient/recipient.txt";
    let mut command = env.exeat();
    command
        .args(line.split(' '))
        .stdout(File::options().write(true).open("/dev/full").unwrap());
    let output = command.output().unwrap();
    let ran = Ran::from_output(line.to_owned(), &output).ends(1);
    ran.says("cannot write standard output: No space left on device; what was done stands");
    env.by("recipient", "verify out/p.exeat").ends(0);
    assert_eq!(ledger::story(&env), ["intent", "outcome delivered"]);
    // Of what was not done it is not said.
    let mut command = env.exeat();
    command
        .args(format!("{line} --json").split(' '))
        .stdout(File::options().write(true).open("/dev/full").unwrap());
    let output = command.output().unwrap();
    let ran = Ran::from_output(line.to_owned(), &output).ends(1);
    let ran = ran.says("exists already");
    assert!(!ran.err.contains("stands"), "{ran}");
}

#[test]
fn the_demonstration_ends_well_and_stays_in_its_folder() {
    let env = Env::new();
    let ran = env.run("demo show").ends(0);
    assert!(ran.out.contains("no difference"), "{ran}");
    for code in ["(exit code 4)", "(exit code 1)"] {
        assert!(ran.out.contains(code), "{ran}");
    }
    assert!(!env.path("home/.config").exists());
    assert_eq!(fs::read_dir(env.path("tmp")).unwrap().count(), 0);
    let again = unchanged(&env, || env.run("demo show")).ends(1);
    again.says("is not empty; nothing was changed");
    // What it shows can be typed: as it stands, in its folder.
    let line = ran
        .out
        .lines()
        .rfind(|line| line.contains("open usb/audit"))
        .unwrap();
    let typed = line
        .trim_start_matches("$ exeat ")
        .replace("received", "again");
    let mut command = env.exeat();
    command.args(typed.split(' ')).current_dir(env.path("show"));
    Ran::of(&mut command).ends(0);

    let ran = env.run("demo --json other").ends(0);
    let found = document(&ran.out, "demo", 0);
    assert!(found["result"]["commands"].as_array().unwrap().len() > 8);
    env.run("demo nowhere/else").ends(1).says("nowhere/else");
}
