//! Ways round the rules for copies in the clear: other names, encodings, pipes,
//! links, small parts, other places. None of them leads out.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Stdio;

use crate::environment::{Env, Ran, require};
use crate::ledger::{self, story};
use crate::mounts::Mounted;
use crate::people::{assert_names_nobody, in_every_form, people, table};
use crate::plain::{plain, prepared, refused};
use crate::tree::{assert_nothing_partial, unchanged};

/// How many people the floor lets out in the clear within 30 days.
const MOST: usize = 50;

#[test]
fn another_name() {
    let env = prepared();
    let them = people(20, 60);
    for name in [
        "holiday.jpg",
        "main.c",
        "README",
        "x.exeat",
        "a.zip",
        ".hidden",
        "p.age",
    ] {
        env.write(format!("data/{name}"), table(&them));
        refused(&env, &format!("data/{name}"), &["plaintext-bulk"]);
    }
    // Nor below other names.
    env.write("tool/src/deep/down/main.c", table(&them));
    refused(&env, "tool", &["plaintext-bulk"]).says("tool/src/deep/down/main.c");
    assert_eq!(fs::read_dir(env.path("out")).unwrap().count(), 0);
}

#[test]
fn another_form() {
    let env = prepared();
    let them = people(21, 60);
    for (name, content) in in_every_form(&them) {
        let source = env.write(name, content);
        refused(&env, name, &["plaintext-bulk"]);
        fs::rename(source, env.path("notes")).unwrap();
        refused(&env, "notes", &["plaintext-bulk"]);
    }
}

/// Base64 and hexadecimal digits, by themselves and inside of something else.
#[test]
fn another_alphabet() {
    let env = prepared();
    let them = people(22, 90);
    env.write("contacts.csv", table(&them));
    if !require(&["base64", "xxd", "basenc"]) {
        return;
    }
    let tools = [
        "base64 contacts.csv",
        "base64 -w0 contacts.csv",
        "basenc --base64url contacts.csv",
        "xxd -p contacts.csv",
        "xxd -p -u -c0 contacts.csv",
        "base64 -w60 contacts.csv",
    ];
    for (number, tool) in tools.iter().enumerate() {
        let digits = env.tool(tool);
        let flat = digits.replace('\n', "");
        let forms = [
            ("txt", digits.clone()),
            (
                "eml",
                format!("Content-Transfer-Encoding: base64\n\n{digits}\n"),
            ),
            ("json", format!("{{\"data\":\"{flat}\"}}\n")),
            ("csv", format!("id,data\n1,{flat}\n")),
            (
                "html",
                format!("<img src=\"data:image/png;base64,{flat}\">\n"),
            ),
            (
                "c",
                format!("/* {digits} */\nint main(void) {{ return 0; }}\n"),
            ),
        ];
        for (ending, content) in forms {
            let name = format!("form{number}.{ending}");
            env.write(&name, content);
            let ran = unchanged(&env, || plain(&env, &name)).ends(3);
            let said = |code| ran.err.contains(&format!("\n  {code}: "));
            assert!(
                said("plaintext-bulk") || said("plaintext-uninspected"),
                "{tool}\n{ran}"
            );
            assert_names_nobody(&them, &ran);
        }
    }
}

#[test]
fn pipes() {
    let env = prepared();
    env.write("contacts.csv", table(&people(23, 60)));
    if !require(&["mkfifo", "timeout", "sh", "cat"]) {
        return;
    }
    fs::create_dir(env.path("data")).unwrap();
    env.tool("mkfifo data/pipe");
    let exeat = env!("CARGO_BIN_EXE_exeat");
    for line in [
        "export data/pipe",
        "export data",
        "export /dev/stdin",
        "export /proc/self/fd/0",
        "export -",
        "export contacts.csv --to /dev/stdout",
        "export contacts.csv --to data/pipe",
        "export contacts.csv --to -",
    ] {
        let to = if line.contains("--to") {
            ""
        } else {
            "--to out"
        };
        let line = format!(
            "cat contacts.csv | timeout 20 '{exeat}' --config-dir sender {line} {to} --plain"
        );
        let mut command = env.command("sh");
        let ran = unchanged(&env, || Ran::of(command.args(["-c", &line])));
        assert!(matches!(ran.code, Some(1..=3)), "{ran}");
        assert_names_nobody(&people(23, 60), &ran);
    }
    assert_eq!(fs::read_dir(env.path("out")).unwrap().count(), 0);
}

#[test]
fn links() {
    let env = prepared();
    env.write("contacts.csv", table(&people(24, 60)));
    env.write("data/readme.txt", "Nothing about anybody.\n");
    // A link that is named is followed, and what it leads to is looked at.
    symlink("contacts.csv", env.path("notes.txt")).unwrap();
    refused(&env, "notes.txt", &["plaintext-bulk"]);
    symlink(env.path("data"), env.path("other")).unwrap();
    fs::hard_link(env.path("contacts.csv"), env.path("data/hard.txt")).unwrap();
    refused(&env, "other", &["plaintext-bulk"]);
    fs::remove_file(env.path("data/hard.txt")).unwrap();
    // One in a folder leaves as a link, without what it leads to.
    symlink("../contacts.csv", env.path("data/link")).unwrap();
    plain(&env, "data --name p").ends(0);
    let copied = env.path("out/p/data/link");
    assert!(fs::symlink_metadata(&copied).unwrap().is_symlink());
    assert!(!copied.exists());
}

/// Where it really goes counts, whatever the way there is called.
#[test]
fn a_link_to_another_medium() {
    let env = prepared();
    let few = people(25, 3);
    env.write("few.csv", table(&few));
    env.write("counts.csv", "ward,admissions\nNorth,104\nSouth,99\n");
    let Some(overlay) = Mounted::overlay(&env, "overlay") else {
        return;
    };
    fs::create_dir(env.path("overlay/deep")).unwrap();
    symlink(env.path("overlay/deep"), env.path("home/outbox")).unwrap();
    let Some(_bound) = Mounted::bind(&env, "overlay/deep", "bound") else {
        return;
    };
    for to in [
        "overlay",
        "overlay/deep",
        "home/outbox",
        "home/outbox/",
        "bound",
        "out/../overlay",
    ] {
        let line = format!("export few.csv --to {to} --plain");
        let ran = unchanged(&env, || env.by("sender", &line)).ends(3);
        let ran =
            ran.says("\n  plaintext-to-removable: personal data would leave in the clear for ");
        assert_names_nobody(&few, &ran);
        assert_eq!(
            ledger::codes(&ledger::last(&env)),
            ["plaintext-to-removable"]
        );
        assert_eq!(ledger::last(&env)["export"]["destination"], "unrecognised");
    }
    assert_eq!(overlay.count(), 1);
    // Nobody's data may go there, and anybody's in a package.
    env.by(
        "sender",
        "export counts.csv --to home/outbox --plain --name p",
    )
    .ends(0);
    let sealed = "export few.csv --to home/outbox -R recipient/recipient.txt";
    env.by("sender", sealed).ends(0);
}

/// What the README tells an administrator to set up: its policy and its line
/// for sudo, as they stand there.
#[test]
fn the_only_door() {
    let readme = include_str!("../../README.md");
    let block = |language: &str| -> String {
        let (_, after) = readme.split_once(&format!("   ```{language}\n")).unwrap();
        let (block, _) = after.split_once("   ```\n").unwrap();
        let lines = block
            .lines()
            .map(|line| line.strip_prefix("   ").unwrap_or(line));
        lines.map(|line| format!("{line}\n")).collect()
    };
    let env = prepared();
    env.write("one.csv", table(&people(60, 1)));
    env.write("counts.csv", "ward,admissions\nNorth,104\nSouth,99\n");
    let partner = env.read("recipient/recipient.txt");
    let entry = format!(
        "[[recipient]]\nname = \"partner\"\nkey = \"{}\"\n",
        partner.trim()
    );
    env.write("recipients.toml", entry);
    let policy = block("toml");
    env.write("policy.toml", &policy);
    env.by("sender", "policy check policy.toml").ends(0);
    // The same with places that a test can use.
    let here = |path: &str| env.path(path).display().to_string();
    let policy = policy
        .replace("/srv/outbox", &here("out"))
        .replace("/var/lib/exeat/ledger.jsonl", &here("ledger.jsonl"));
    env.write("policy.toml", &policy);
    let own = env.read("sender/recipient.txt");
    let mine = format!("-r {}", own.trim());
    let theirs = format!("-r {}", partner.trim());
    let asked = |rest: &str| {
        let line = format!("export {rest} --purpose audit --policy policy.toml");
        env.by("sender", &line)
    };
    for (rest, code) in [
        (
            format!("counts.csv --to out {mine}"),
            "recipient-not-allowed",
        ),
        (
            format!("counts.csv --to out {theirs} {mine}"),
            "recipient-not-allowed",
        ),
        (
            "counts.csv --to out --passphrase".into(),
            "recipient-not-allowed",
        ),
        (
            format!("counts.csv --to . {theirs}"),
            "destination-not-allowed",
        ),
        ("one.csv --to out --plain".into(), "plaintext-bulk"),
    ] {
        asked(&rest).ends(3).says(&format!("\n  {code}: "));
    }
    asked(&format!("one.csv --to out {theirs}")).ends(0);

    let sudoers = block("sudoers");
    let (_, form) = sudoers
        .trim_end()
        .split_once("/usr/local/bin/exeat ")
        .unwrap();
    if !require(&["grep", "sh"]) {
        return;
    }
    let taken = |words: &str| {
        let mut command = env.command("sh");
        command.args(["-c", "printf '%s' \"$0\" | grep -qE \"$1\"", words, form]);
        Ran::of(&mut command).code == Some(0)
    };
    let good = "export /srv/clinic/2026 --to /srv/outbox -r age1acd --purpose audit";
    assert!(taken(good));
    for (old, new) in [
        (" --purpose", " --policy /srv/clinic/people.csv --purpose"),
        (" --purpose", " --plain --purpose"),
        (" -r age1acd", " -R /srv/clinic/people.csv"),
        // The key of a plugin runs a program.
        ("age1acd", "age1fetch1acd"),
        ("age1acd", "/tmp/key.txt"),
        ("/srv/outbox", "/home/alice"),
        ("/2026", "/../2026"),
        ("/2026", " /etc"),
        ("audit", "audit --json-file /srv/clinic/x"),
        ("export", "--config-dir /home/alice export"),
        ("export", "open"),
    ] {
        assert!(!taken(&good.replace(old, new)), "{new}");
    }
    if require(&["visudo"]) {
        env.write("sudoers", sudoers);
        env.tool("visudo -cf sudoers");
    }
}

/// What is too little by itself adds up, whoever signs it and whatever it is
/// called.
#[test]
fn small_parts() {
    let env = prepared();
    let them = people(26, MOST + 10);
    for (number, part) in them.chunks(10).enumerate() {
        env.write(format!("part{number}.csv"), table(part));
    }
    env.write("counts.csv", "ward,admissions\nNorth,104\nSouth,99\n");
    env.write("one.csv", table(&them[..1]));
    for number in 0..MOST / 10 {
        let person = if number % 2 == 0 {
            "sender"
        } else {
            "recipient"
        };
        let line = format!("export part{number}.csv --to out --plain --name p{number}");
        env.by(person, &line).ends(0);
    }
    for source in ["part5.csv", "one.csv"] {
        let ran = refused(&env, source, &["quota-exceeded"]);
        let ran = ran.says("with 50 people of the last 30 days, ");
        ran.says("from 51 on that is bulk data").says("    seal it");
    }
    // Refusals are not summed, nor what is about nobody, nor packages.
    plain(&env, "counts.csv").ends(0);
    env.package("part5.csv", "sealed", "");
    refused(&env, "one.csv", &["quota-exceeded"]).says("with 50 people");
    // Checking says so beforehand.
    let checked = ledger::untouched(&env, || env.by("sender", "check one.csv --plain"));
    assert!(checked.out.contains("quota-exceeded"), "{checked}");
    // A month is 30 days.
    ledger::age(&env, 29);
    refused(&env, "one.csv", &["quota-exceeded"]);
    ledger::age(&env, 2);
    plain(&env, "one.csv").ends(0);
}

/// Two at once have no more together than one after the other.
#[test]
fn a_race_for_the_last_of_them() {
    for round in 0..4 {
        let env = prepared();
        env.write("a.csv", table(&people(30 + round, 26)));
        env.write("b.csv", table(&people(40 + round, 26)));
        let runs = ["a", "b", "a", "b"].map(|name| {
            let mut command = env.exeat();
            command.args(["--config-dir", "sender", "export", "--to", "out", "--plain"]);
            command.arg(format!("{name}.csv"));
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        });
        let ended = runs.map(|run| run.wait_with_output().unwrap().status.code());
        let count = |code| ended.iter().filter(|&&ended| ended == Some(code)).count();
        assert_eq!((count(0), count(3)), (1, 3), "{ended:?}");
        assert_eq!(fs::read_dir(env.path("out")).unwrap().count(), 1);
        let mut story = story(&env);
        story.sort();
        assert_eq!(
            story,
            [
                "intent",
                "outcome delivered",
                "refusal",
                "refusal",
                "refusal"
            ]
        );
    }
}

/// What cannot be recorded cannot leave.
#[test]
fn a_ledger_that_cannot_be_written() {
    let env = prepared();
    env.write("counts.csv", "ward,admissions\nNorth,104\nSouth,99\n");
    let both = |env: &Env, code: i32, words: &str| {
        for rest in ["--plain", "-R recipient/recipient.txt"] {
            let line = format!("export counts.csv --to out {rest}");
            let ran = unchanged(env, || env.by("sender", &line)).ends(code);
            ran.says(words).says("ledger");
            assert_nothing_partial(&env.path("out"));
        }
    };
    let ledger = ledger::path(&env);
    fs::create_dir(ledger.parent().unwrap()).unwrap();
    symlink("/dev/null", &ledger).unwrap();
    both(&env, 5, "has to be a file");
    fs::remove_file(&ledger).unwrap();
    fs::create_dir(&ledger).unwrap();
    both(&env, 5, "has to be a file");
    fs::remove_dir(&ledger).unwrap();
    let state = fs::remove_dir(ledger.parent().unwrap());
    state.unwrap();
    fs::write(ledger.parent().unwrap(), "").unwrap();
    both(&env, 1, "");
    fs::remove_file(ledger.parent().unwrap()).unwrap();
    let Some(disk) = Mounted::memory(&env, "../state/exeat", "size=4k,nr_inodes=10") else {
        return;
    };
    fs::write(env.path("../state/exeat/full"), [0; 4096]).unwrap();
    both(&env, 1, "No space left on device");
    fs::remove_file(env.path("../state/exeat/full")).unwrap();
    disk.make_read_only(&env);
    both(&env, 1, "ead-only");
}

#[test]
fn a_damaged_ledger() {
    let env = prepared();
    env.write("counts.csv", "ward,admissions\nNorth,104\nSouth,99\n");
    let quota = "[[quota]]\ngroup = \"*\"\npeople = 5\nper = \"1 week\"\n";
    env.write("quota.toml", quota);
    plain(&env, "counts.csv --name p").ends(0);
    let good = ledger::text(&env);
    let lines: Vec<_> = good.lines().collect();
    for (what, text) in [
        ("a line is missing", format!("{}\n", lines[1])),
        (
            "a line is no entry",
            format!("{}\n{{}}\n{}\n", lines[0], lines[1]),
        ),
        ("a line is no JSON", format!("hello\n{good}")),
        ("one comes twice", format!("{good}{}\n", lines[1])),
        (
            "another version",
            good.replace("\"version\":2", "\"version\":9"),
        ),
    ] {
        fs::write(ledger::path(&env), &text).unwrap();
        // Nothing leaves, whether a rule sums over time or not.
        for rest in [
            "--plain",
            "-R recipient/recipient.txt",
            "--policy quota.toml -R recipient/recipient.txt",
        ] {
            let line = format!("export counts.csv --to out {rest}");
            let ran = ledger::untouched(&env, || env.by("sender", &line));
            assert!(matches!(ran.code, Some(4 | 5)), "{what}\n{ran}");
            ran.says("the ledger ").says(" at byte ");
        }
        let ran = ledger::untouched(&env, || env.by("sender", "check counts.csv"));
        assert!(matches!(ran.code, Some(4 | 5)), "{what}\n{ran}");
    }
    fs::write(ledger::path(&env), &good).unwrap();
    plain(&env, "counts.csv --name q").ends(0);
}
