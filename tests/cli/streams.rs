//! What comes through pipes and goes into them: raw payloads, packages as one
//! file, one file to standard output; and all the ways in which a pipe ends.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::environment::{Env, Ran, flip, noise};
use crate::interrupt::until;
use crate::mounts::Mounted;
use crate::terminal::Terminal;
use crate::tree::{assert_nothing_partial, unchanged};

/// Runs a line of bash in which every part of a pipe has to succeed; `sender`
/// and `recipient` are exeat with their keys.
fn bash(env: &Env, line: &str) -> Ran {
    let script = format!(
        "set -o pipefail
         sender() {{ {exeat} --config-dir sender \"$@\"; }}
         recipient() {{ {exeat} --config-dir recipient \"$@\"; }}
         {line}",
        exeat = env!("CARGO_BIN_EXE_exeat")
    );
    let mut command = env.command("bash");
    Ran::of(command.args(["-c", &script]))
}

/// Lines about nobody, more than one volume of 1 MiB, and no whole number of
/// blocks.
fn lines(env: &Env, name: &str) {
    let lines = (0..100_000).map(|n| format!("{n},{},open\n", n % 7));
    env.write(name, lines.collect::<String>() + "the end");
}

const TO: &str = "-r $(cat recipient/recipient.txt)";

#[test]
fn a_stream_comes_back_as_it_was() {
    let env = Env::with_people();
    lines(&env, "lines.csv");
    env.write("one", "1");
    fs::create_dir(env.path("out")).unwrap();
    for (number, options) in ["", "--volume-size 1M", "--compress none", "--archive"]
        .iter()
        .enumerate()
    {
        for file in ["lines.csv", "one"] {
            let name = format!("{file}-{number}");
            let tar = if *options == "--archive" { ".tar" } else { "" };
            let package = format!("out/{name}.exeat{tar}");
            let line = format!(
                "cat {file} | sender export - --stdin-name x.csv --to out --name {name} {TO} {options}"
            );
            let ran = bash(&env, &line).ends(0);
            assert!(ran.out.starts_with("sealed 1 file ("), "{ran}");
            env.by(
                "recipient",
                &format!("verify {package} -i recipient/identity.txt"),
            )
            .ends(0);
            let shown = env.by("recipient", &format!("list {package}")).ends(0);
            assert!(shown.out.contains(" x.csv"), "{shown}");
            bash(
                &env,
                &format!("recipient open {package} --stdout | cmp - {file}"),
            )
            .ends(0);
            env.by("recipient", &format!("open {package} --to new"))
                .ends(0);
            env.tool(&format!("cmp {file} new/x.csv"));
            fs::remove_dir_all(env.path("new")).unwrap();
        }
    }
    assert_nothing_partial(&env.path("out"));
    let json = env
        .by("recipient", "verify out/lines.csv-1.exeat --json")
        .ends(0);
    let document: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(document["result"]["kind"], "raw");
    assert!(document["result"]["volumes"].as_u64().unwrap() > 1);
}

#[test]
fn through_pipes_at_both_ends() {
    let env = Env::with_people();
    lines(&env, "lines.csv");
    let export = format!("sender export - --to - {TO} --volume-size 1M --quiet");
    bash(
        &env,
        &format!("cat lines.csv | {export} | cat > x.exeat.tar"),
    )
    .ends(0);
    bash(
        &env,
        "cat x.exeat.tar | recipient open - --stdout | cmp - lines.csv",
    )
    .ends(0);
    env.by("recipient", "verify x.exeat.tar").ends(0);
    // Everything in one go, and nothing on the way.
    let line = format!("cat lines.csv | {export} | recipient open - --stdout | cmp - lines.csv");
    bash(&env, &line).ends(0);
    assert_eq!(fs::read_dir(env.path("tmp")).unwrap().count(), 0);
    // What opens the package comes last, volumes in order.
    let members = env.tool("tar -tf x.exeat.tar");
    let members: Vec<&str> = members.lines().collect();
    assert!(members.len() > 7 && members[0] == "volume-00001.age");
    assert_eq!(
        members[members.len() - 6..],
        [
            "inventory.age",
            "README.txt",
            "SHA256SUMS",
            "key.age",
            "manifest.json",
            "manifest.json.sig"
        ]
    );
    assert!(members.is_sorted_by_key(|name| !name.starts_with("volume")));
    let volumes = members.iter().filter(|name| name.starts_with("volume"));
    assert!(volumes.clone().is_sorted() && volumes.count() > 1);
}

#[test]
fn files_as_one_file() {
    let env = Env::with_people();
    env.sample("data");
    fs::create_dir(env.path("out")).unwrap();
    let ran = bash(
        &env,
        &format!("sender export data --to out --name p --archive --volume-size 1M {TO}"),
    );
    let ran = ran.ends(0);
    assert!(
        ran.out.contains("next: exeat verify out/p.exeat.tar\n"),
        "{ran}"
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(env.path("out/p.exeat.tar"))
            .unwrap()
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o644);
    env.by("recipient", "open out/p.exeat.tar --to new").ends(0);
    env.tool("diff -r --no-dereference data new/data");
    // Stock tar gives the folder that it would have been.
    fs::create_dir(env.path("q.exeat")).unwrap();
    env.tool("tar -xf out/p.exeat.tar -C q.exeat");
    env.by("recipient", "verify q.exeat -i recipient/identity.txt")
        .ends(0);
    bash(
        &env,
        &format!("sender export data --to - {TO} > r.exeat.tar"),
    )
    .ends(0);
    env.by("recipient", "open r.exeat.tar --to newer").ends(0);
    env.tool("diff -r --no-dereference data newer/data");
    // What exists is never overwritten.
    let again = format!("sender export data --to out --name p --archive {TO}");
    unchanged(&env, || bash(&env, &again).ends(1)).says("out/p.exeat.tar exists already");
    assert_nothing_partial(&env.path("out"));
}

#[test]
fn one_file_to_standard_output() {
    let env = Env::with_package();
    let line =
        "recipient open out/p.exeat --stdout data/scans/scan.raw | cmp - data/scans/scan.raw";
    let ran = bash(&env, line).ends(0);
    ran.says("wrote data/scans/scan.raw")
        .says("signed by    sender@clinic.example");
    let by = |line: &str| unchanged(&env, || env.by("recipient", line));
    by("open out/p.exeat --stdout")
        .ends(1)
        .says("is not one file");
    by("open out/p.exeat --stdout data/letters")
        .ends(1)
        .says("'data/letters' is not one file");
    by("open out/p.exeat --stdout data/latest")
        .ends(1)
        .says("is not one file");
    by("open out/p.exeat --stdout data/none")
        .ends(1)
        .says("there is no 'data/none'");
    by("open out/p.exeat --stdout data/patients.csv data/latest")
        .ends(2)
        .says("--stdout writes one file");
    by("open out/p.exeat --stdout --json data/patients.csv")
        .ends(2)
        .says("use --json-file");
    by("open out/p.exeat --stdout --to new").ends(2);
    by("open out/p.exeat").ends(2);
    let ran = Terminal::run(
        &env,
        "$EXEAT --config-dir recipient open out/p.exeat --stdout data/patients.csv",
    );
    ran.ends(2).says("which is a terminal");
}

#[test]
fn nothing_comes_out_of_what_is_damaged() {
    let env = Env::with_package();
    let volumes = fs::read_dir(env.path("out/p.exeat")).unwrap();
    let volumes = volumes.map(|item| item.unwrap().file_name().into_string().unwrap());
    let mut volumes: Vec<_> = volumes.filter(|name| name.starts_with("volume")).collect();
    volumes.sort();
    let line = "open out/p.exeat --stdout data/scans/scan.raw";
    let mut refused = 0;
    for name in &volumes {
        let path = env.path("out/p.exeat").join(name);
        let good = fs::read(&path).unwrap();
        flip(&path);
        let ran = env.by("recipient", line);
        // Volumes that the file does not lie in are not read.
        if ran.code == Some(0) {
            assert_eq!(
                ran.out.len(),
                String::from_utf8_lossy(&noise(2_500_000)).len()
            );
        } else {
            assert!(ran.out.is_empty(), "{}", ran.err);
            ran.ends(4).says("is not what was signed");
            refused += 1;
        }
        fs::write(&path, good).unwrap();
    }
    assert!(refused >= 3, "{refused} of {}", volumes.len());
    // A signature by somebody else: not a byte.
    env.person("stranger");
    let ran = env.by("stranger", line);
    assert!(ran.out.is_empty());
    ran.ends(8);
}

#[test]
fn what_cannot_be_asked_of_a_stream() {
    let env = Env::with_people();
    lines(&env, "lines.csv");
    env.write("b.txt", "b");
    fs::create_dir(env.path("out")).unwrap();
    let refused = |line: &str, code: i32, words: &str| {
        let ran = unchanged(&env, || bash(&env, &format!("cat lines.csv | {line}")));
        assert!(ran.out.is_empty(), "{ran}");
        ran.ends(code).says(words);
    };
    refused(
        &format!("sender export - b.txt --to out {TO}"),
        2,
        "a package of its own",
    );
    refused(
        &format!("sender export b.txt --stdin-name x --to out {TO}"),
        2,
        "--stdin-name",
    );
    refused(
        &format!("sender export - --stdin-name a/b --to out {TO}"),
        2,
        "it is a path, not a name",
    );
    refused(
        &format!("sender export - --stdin-name .. --to out {TO}"),
        2,
        "cannot stand in a package",
    );
    refused(
        &format!("sender export - --pad --to out {TO}"),
        2,
        "--pad needs to know",
    );
    refused(
        &format!("sender export - --dry-run --to out {TO}"),
        2,
        "--dry-run reads nothing",
    );
    refused(
        "sender export - --plain --to out",
        2,
        "nothing goes through a pipe in the clear",
    );
    refused(
        "sender export b.txt --plain --to -",
        2,
        "nothing goes through a pipe in the clear",
    );
    refused(
        "sender export b.txt --plain --archive --to out",
        2,
        "--archive",
    );
    // The document is asked for, and it is one error.
    let ran = bash(&env, &format!("sender export b.txt --to - --json {TO}")).ends(2);
    assert!(ran.out.contains("use --json-file"), "{ran}");
    refused("sender check -", 2, "check reads files");
    refused(
        "sender export - --to out",
        3,
        "nobody is named who could open the package",
    );
    let ran = Terminal::run(
        &env,
        "$EXEAT --config-dir sender export b.txt --to - -R recipient/recipient.txt",
    );
    ran.ends(2)
        .says("--to - writes to standard output, which is a terminal");
    let ran = Terminal::run(
        &env,
        "$EXEAT --config-dir sender export - --to out -R recipient/recipient.txt",
    );
    ran.ends(2).says("standard input is a terminal");
    assert_nothing_partial(&env.path("out"));
    // A file of that name is a file.
    env.write("-", "a dash");
    bash(
        &env,
        &format!("sender export ./- --to out --name dash {TO}"),
    )
    .ends(0);
    bash(&env, "recipient open out/dash.exeat --stdout | cmp - ./-").ends(0);
}

#[test]
fn an_output_that_nobody_would_have() {
    let env = Env::with_people();
    env.write("b.txt", "b");
    let ran = |to: &str| {
        let line = format!("sender export b.txt --to - {TO} {to}");
        unchanged(&env, || bash(&env, &line))
    };
    for nowhere in [">/dev/null", ">&-"] {
        ran(nowhere).ends(2).says("nobody would have the package");
    }
    let ran = ran("--json-file /dev/stdout | cat");
    ran.ends(2).says("--json-file both want standard output");
    let ran = bash(&env, &format!("sender export b.txt --to - {TO} >/dev/full"));
    ran.ends(1).says("No space left on device");
    assert_eq!(recorded(&env), [""; 0]);
    // Longer than so many volumes.
    let line =
        format!("head -c 310M /dev/zero | sender export - --to - --volume-size 1M {TO} | cat >x");
    let ran = bash(&env, &line).ends(1);
    ran.says("longer than 300 volumes of 1 MiB")
        .says("leave out --volume-size");
    bash(&env, &format!("sender export - --to - {TO} </tmp | cat"))
        .ends(1)
        .says("cannot read what comes through the pipe: Is a directory");
    bash(
        &env,
        &format!("echo x | sender export - --exclude x --to - {TO} | cat"),
    )
    .ends(2)
    .says("'-' is one stream");
}

#[test]
fn nothing_in_the_pipe() {
    let env = Env::with_people();
    fs::create_dir(env.path("out")).unwrap();
    for to in ["out", "out --archive", "-"] {
        let ran = unchanged(&env, || {
            bash(&env, &format!("true | sender export - --to {to} {TO}"))
        });
        assert!(ran.out.is_empty(), "{ran}");
        ran.ends(1)
            .says("nothing came through the pipe")
            .says("see why the command before the pipe printed nothing");
    }
}

/// exeat as `person` with pipes at both ends.
fn piped(env: &Env, person: &str, line: &str) -> Child {
    let mut command: Command = env.exeat();
    command
        .args(["--config-dir", person])
        .args(line.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn ended(child: Child, line: &str) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran::from_output(line.into(), &output)
}

const EXPORT: &str = "export - --to - -R recipient/recipient.txt --compress none --volume-size 1M";

/// The kinds of records that the sender's ledger has, in order.
fn recorded(env: &Env) -> Vec<String> {
    let ledger = fs::read_to_string(env.path("../state/exeat/ledger.jsonl")).unwrap_or_default();
    let kind = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["kind"].as_str().unwrap_or_default().to_owned()
    };
    ledger.lines().map(kind).collect()
}

#[test]
fn whoever_takes_it_stops() {
    let env = Env::with_people();
    let mut child = piped(&env, "sender", EXPORT);
    let mut input = child.stdin.take().unwrap();
    drop(child.stdout.take());
    // More than a volume: it is noticed while the rest still comes.
    let _ = input.write_all(&noise(5 << 20));
    drop(input);
    let ran = ended(child, EXPORT).ends(1);
    ran.says("cannot write volume-00001.age: Broken pipe")
        .says("whatever was to take it has stopped");
    // Nobody can open what has gone: that is no delivery.
    assert_eq!(recorded(&env), [""; 0]);
    assert_eq!(fs::read_dir(env.path("tmp")).unwrap().count(), 0);
    // A reader of a file's content.
    env.write("data/long.raw", noise(3 << 20));
    env.package("data", "p", "");
    let ran = bash(
        &env,
        "recipient open out/p.exeat --stdout | head -c 10 | wc -c",
    );
    let ran = ran.ends(1);
    assert_eq!(ran.out.trim(), "10");
    ran.says("cannot write 'standard output': Broken pipe");
}

#[test]
fn the_end_of_an_archive_is_cut_off() {
    let env = Env::with_people();
    let mut child = piped(&env, "sender", EXPORT);
    let mut input = child.stdin.take().unwrap();
    let mut output = child.stdout.take().unwrap();
    input.write_all(b"a few bytes").unwrap();
    drop(input);
    // All of the envelope, and then no more: the pipe is made small, and
    // whoever reads it stops within the manifest.
    shrink(&output, 4096);
    let mut taken = vec![0; 8 * 512];
    output.read_exact(&mut taken).unwrap();
    until("the envelope", || {
        let mut more = vec![0; 512];
        output.read_exact(&mut more).unwrap();
        more.starts_with(b"key.age\0").then_some(())
    });
    drop(output);
    let ran = ended(child, EXPORT).ends(1);
    ran.says("Broken pipe");
    let kinds = recorded(&env);
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    let ledger = fs::read_to_string(env.path("../state/exeat/ledger.jsonl")).unwrap();
    assert!(
        ledger.lines().last().unwrap().contains("interrupted"),
        "{ledger}"
    );
}

/// Makes a pipe so small.
fn shrink(pipe: &impl AsFd, bytes: usize) {
    rustix::pipe::fcntl_setpipe_size(pipe, bytes).unwrap();
}

#[test]
fn a_silent_pipe_and_a_stop() {
    let env = Env::with_people();
    lines(&env, "lines.csv");
    // One that says nothing more, and one that takes nothing more.
    for (line, is_silent) in [(EXPORT, true), (EXPORT, false)] {
        let mut child = piped(&env, "sender", line);
        let mut input = child.stdin.take().unwrap();
        let bytes = noise(6 << 20);
        let writer = std::thread::spawn(move || {
            let count = if is_silent { 1000 } else { bytes.len() };
            let _ = input.write_all(&bytes[..count]);
            input
        });
        // Until it waits for one of them.
        until("a wait", || {
            // Of whichever thread it is.
            let mut threads = fs::read_dir(format!("/proc/{}/task", child.id())).ok()?;
            let waits = threads.any(|thread| {
                let place = fs::read_to_string(thread.unwrap().path().join("wchan"));
                place.is_ok_and(|place| place.contains("poll"))
            });
            waits.then_some(())
        });
        let start = Instant::now();
        let mut kill = env.command("kill");
        Ran::of(kill.args(["-TERM", &child.id().to_string()])).ends(0);
        until("end", || child.try_wait().unwrap());
        assert!(start.elapsed() < Duration::from_secs(10));
        let ran = ended(child, line).ends(143);
        ran.says("interrupted");
        drop(writer.join().unwrap());
        assert_eq!(fs::read_dir(env.path("tmp")).unwrap().count(), 0);
    }
    assert_eq!(recorded(&env), [""; 0]);
}

#[test]
fn two_streams_at_once() {
    let env = Env::with_people();
    lines(&env, "lines.csv");
    let export = format!("sender export - --to - {TO} --volume-size 1M --quiet");
    let one = |number: u8| {
        format!(
            "(cat lines.csv | {export} | recipient open - --stdout | cmp - lines.csv; echo {number} $?) &"
        )
    };
    let ran = bash(&env, &format!("{} {} wait", one(1), one(2))).ends(0);
    let mut ends: Vec<_> = ran.out.lines().collect();
    ends.sort();
    assert_eq!(ends, ["1 0", "2 0"], "{ran}");
}

#[test]
fn no_room() {
    let env = Env::with_people();
    env.write("noise", noise(3 << 20));
    fs::create_dir(env.path("disk")).unwrap();
    let Some(_disk) = Mounted::memory(&env, "tmp", "size=1m") else {
        return;
    };
    // Where members wait for their turn.
    let line = format!("cat noise | sender export - --to - {TO} > x.exeat.tar");
    bash(&env, &line)
        .ends(1)
        .says("No space left on device, in ")
        .says("(TMPDIR names another folder)");
    // Where it goes.
    let line = format!("cat noise | TMPDIR=disk sender export - --to - {TO} > tmp/x.exeat.tar");
    bash(&env, &line).ends(1).says("No space left on device");
    fs::remove_file(env.path("tmp/x.exeat.tar")).unwrap();
    for archive in ["", "--archive"] {
        let line = format!("cat noise | sender export - --to tmp --name p {archive} {TO}");
        bash(&env, &line).ends(1).says("No space left on device");
    }
    assert_eq!(fs::read_dir(env.path("tmp")).unwrap().count(), 0);
    assert_eq!(recorded(&env), [""; 0]);
}

#[test]
fn rules_about_content_come_before_the_first_byte() {
    let env = Env::with_people();
    let people = (1..=60).map(|n| format!("999000{n:04},Ada,1980-01-{:02}\n", n % 28 + 1));
    env.write(
        "people.csv",
        "hospital_no,forename,birth_date\n".to_owned() + &people.collect::<String>(),
    );
    env.write(
        "few.csv",
        "hospital_no,forename,birth_date\n1,Ada,1980-01-01\n",
    );
    env.write("rules.toml", "[ceiling]\npeople = 50\n");
    let export =
        |what: &str| format!("sender export {what} --to - --policy rules.toml {TO} > x.tar");
    let ran = bash(&env, &export("people.csv")).ends(3);
    ran.says("refused; nothing was written")
        .says("over-ceiling");
    assert_eq!(env.read("x.tar"), "");
    bash(&env, &export("few.csv")).ends(0);
    env.by("recipient", "verify x.tar").ends(0);
    // A pipe at both ends could be decided only when it is too late.
    let ran = bash(&env, &format!("cat few.csv | {}", export("-"))).ends(3);
    ran.says("stream-undecided").says("--to DIR");
    assert_eq!(env.read("x.tar"), "");
    fs::create_dir(env.path("out")).unwrap();
    let line = format!("cat few.csv | sender export - --to out --policy rules.toml {TO}");
    bash(&env, &line).ends(0);
    let line = format!("cat people.csv | sender export - --to out --policy rules.toml {TO}");
    bash(&env, &line).ends(3).says("over-ceiling");
    assert_nothing_partial(&env.path("out"));
    let refusals = recorded(&env).into_iter().filter(|kind| kind == "refusal");
    assert_eq!(refusals.count(), 3);
    // Where a policy names the places, a pipe has to be among them.
    env.write(
        "places.toml",
        "[destinations]\nallow = [\"fixed\", \"memory\"]\n",
    );
    let line = format!("cat few.csv | sender export - --to - --policy places.toml {TO} | cat > y");
    bash(&env, &line)
        .ends(3)
        .says("nothing may be exported to a pipe");
}

#[test]
fn a_padded_package_says_little_of_its_size() {
    let env = Env::with_people();
    fs::create_dir(env.path("out")).unwrap();
    let mut sizes = Vec::new();
    for count in [2_000_000_usize, 2_010_000, 2_020_000] {
        env.write("data/x.raw", noise(count));
        env.write("data/zeros", vec![0; 100]);
        let name = format!("p{count}");
        bash(
            &env,
            &format!("sender export data --to out --name {name} --pad {TO}"),
        )
        .ends(0);
        let package = format!("out/{name}.exeat");
        env.by(
            "recipient",
            &format!("verify {package} -i recipient/identity.txt"),
        )
        .ends(0);
        env.by("recipient", &format!("open {package} --to new"))
            .ends(0);
        env.tool("diff -r data new/data");
        fs::remove_dir_all(env.path("new")).unwrap();
        let volume = env.path(&package).join("volume-00001.age");
        sizes.push(fs::metadata(volume).unwrap().len());
    }
    // age puts a stanza of random length into each header.
    assert!(
        sizes.iter().all(|size| size.abs_diff(sizes[0]) < 500),
        "{sizes:?}"
    );
    bash(
        &env,
        &format!("sender export data --to out --pad --compress zstd {TO}"),
    )
    .ends(2);
}

/// Less than a volume. (To count people exactly takes more where there are
/// millions.)
#[test]
fn a_long_stream_takes_little_memory() {
    let env = Env::with_people();
    let peak = |line: &str, input: &Path| {
        let mut command = env.exeat();
        command
            .args(line.split_whitespace())
            .stdin(File::open(input).unwrap())
            .stdout(File::create(env.path("y.exeat.tar")).unwrap())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        let mut most = 0;
        while child.try_wait().unwrap().is_none() {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok());
            most = most.max(kib.unwrap_or(0_u64));
            std::thread::sleep(Duration::from_millis(5));
        }
        most >> 10
    };
    env.write("long", noise(100 << 20));
    let line = "--config-dir sender export - --to - -R recipient/recipient.txt";
    let most = peak(line, &env.path("long"));
    assert!((1..64).contains(&most), "{most} MiB");
}
