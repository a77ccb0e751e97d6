//! `exeat export --plain`, the only way out in the clear: what it refuses, what
//! it lets out, and that a run which does not come to its end leaves nothing.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::process::Signal;
use serde_json::Value;

use crate::check::result;
use crate::environment::{Env, Ran, noise, require};
use crate::interrupt::{Held, backdate};
use crate::ledger::{self, story};
use crate::mounts::Mounted;
use crate::people::{
    accounts, assert_names_nobody, assert_nobody, diagnoses, ethnicities, people, table,
};
use crate::tree::{assert_nothing_partial, assert_same, look, partial, unchanged};

/// People with keys, and a folder `out` to export to.
pub(crate) fn prepared() -> Env {
    let env = Env::with_people();
    fs::create_dir(env.path("out")).unwrap();
    env
}

/// Exports in the clear to `out`.
pub(crate) fn plain(env: &Env, rest: &str) -> Ran {
    env.by("sender", &format!("export {rest} --to out --plain"))
}

/// Demands that it is refused, that nothing is left of it, and that the
/// refusal is on record with the codes; gives what was said.
#[track_caller]
pub(crate) fn refused(env: &Env, rest: &str, codes: &[&str]) -> Ran {
    let before = ledger::entries(env).len();
    let ran = unchanged(env, || plain(env, rest)).ends(3);
    assert!(ran.out.is_empty(), "{ran}");
    for code in codes {
        assert!(
            ran.err.contains(&format!("\n  {code}: ")),
            "no {code} in\n{ran}"
        );
    }
    assert_eq!(ledger::entries(env).len(), before + 1, "{ran}");
    let entry = ledger::last(env);
    assert_eq!(entry["kind"], "refusal");
    assert_eq!(entry["export"]["form"], "plaintext");
    let mut recorded = ledger::codes(&entry);
    recorded.sort();
    let mut codes = codes.to_vec();
    codes.sort_unstable();
    assert_eq!(recorded, codes, "{ran}");
    ran
}

/// A small table of counts and a tree of sources: what may go.
fn harmless(env: &Env) {
    env.write(
        "counts.csv",
        "ward,month,admissions\nNorth,2026-01,104\nSouth,2026-01,99\n",
    );
    env.write("tool/Makefile", "all:\n\tcc -o tool src/main.c\n");
    env.write("tool/README.md", "# A tool\n\nCounts admissions.\n");
    env.write("tool/src/main.c", "int main(void) { return 0; }\n");
    env.write("tool/src/empty.h", "");
    let script = env.write("tool/run.sh", "#!/bin/sh\nexec ./tool \"$@\"\n");
    fs::set_permissions(script, fs::Permissions::from_mode(0o750)).unwrap();
    fs::create_dir(env.path("tool/build folder")).unwrap();
    symlink("src/main.c", env.path("tool/main")).unwrap();
    symlink("nowhere", env.path("tool/broken")).unwrap();
    let times = [("tool/Makefile", 1_000_000_000), ("tool/src", 300_000_000)];
    for (path, seconds) in times {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        File::open(env.path(path))
            .unwrap()
            .set_modified(time)
            .unwrap();
    }
}

#[test]
fn what_is_bulk_or_sensitive_or_unknown_is_refused() {
    let env = prepared();
    let (few, many) = (people(11, 3), people(12, 60));
    let visits: String = (0..1000)
        .map(|n| format!("{},Ward {}\n", few[n % 3].nhs, n % 7))
        .collect();
    env.write("contacts.csv", table(&many));
    env.write("visits.csv", format!("nhs_number,ward\n{visits}"));
    env.write("ill.csv", diagnoses(&few));
    env.write("groups.csv", ethnicities(&few));
    env.write("accounts.csv", accounts(&few));
    env.write("raw", noise(9000));
    env.write("torn.csv", "a,b\n1,\"2\n");
    for number in 0..1000 {
        env.write(
            format!("tables/{number}.csv"),
            format!("ward,count\nNorth,{number}\n"),
        );
    }
    let everyone: Vec<_> = few.into_iter().chain(many).collect();
    for (source, codes) in [
        ("contacts.csv", &["plaintext-bulk"][..]),
        ("visits.csv", &["plaintext-bulk"]),
        ("ill.csv", &["plaintext-sensitive"]),
        ("groups.csv", &["plaintext-sensitive"]),
        ("accounts.csv", &["plaintext-sensitive"]),
        ("raw", &["plaintext-uninspected"]),
        ("torn.csv", &["plaintext-uninspected"]),
        ("tables", &["plaintext-bulk"]),
        ("sender/identity.txt", &["key-beside-data"]),
        ("sender/signing_key", &["key-beside-data"]),
        // Everything that speaks against it is said at once.
        (
            "contacts.csv ill.csv raw",
            &[
                "plaintext-bulk",
                "plaintext-sensitive",
                "plaintext-uninspected",
            ],
        ),
    ] {
        let ran = refused(&env, source, codes);
        assert_names_nobody(&everyone, &ran);
        assert!(
            !ran.err.contains("SECRET") && !ran.err.contains("BEGIN"),
            "{ran}"
        );
        let ran = unchanged(&env, || {
            plain(&env, &format!("{source} --name holiday --json"))
        });
        assert_names_nobody(&everyone, &ran);
        let document: Value = serde_json::from_str(&ran.ends(3).out).unwrap();
        let findings = document["error"]["findings"].as_array().unwrap();
        let found: Vec<_> = findings
            .iter()
            .map(|f| f["code"].as_str().unwrap())
            .collect();
        assert_eq!(found, codes, "{source}");
        for finding in findings {
            for field in ["message", "help", "rule"] {
                assert!(!finding[field].as_str().unwrap().is_empty(), "{finding}");
            }
        }
    }
    // The record says how much, and neither who nor what it was called.
    let text = ledger::text(&env);
    assert_nobody(&everyone, &text);
    for name in [
        "contacts", "visits", "tables", "torn", ".csv", "raw\"", "holiday", "/",
    ] {
        assert!(!text.contains(name), "{name} in the ledger");
    }
}

/// Pictures and what is locked: by their bytes, whatever they hold. Archives by
/// what is in them.
#[test]
fn media_and_what_is_locked_are_refused() {
    let env = prepared();
    // The signature and the header of a picture of 300 by 200 (PNG, 5.2, 11.2.2).
    let header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x2c\0\0\0\xc8\x08\x02\0\0\0";
    env.write("photo.png", [&header[..], &noise(9000)].concat());
    env.write("photo", [&header[..], &noise(9000)].concat());
    env.write("counts.csv", "ward,admissions\nNorth,104\nSouth,99\n");
    env.write("patients.csv", table(&people(12, 60)));
    let mut sources = vec!["photo.png", "photo"];
    if require(&["zip"]) {
        env.tool("zip -q -P secret locked.zip counts.csv");
        let ran = plain(&env, "locked.zip").ends(3);
        ran.says("\n  weak-encryption: ")
            .says("locked.zip!/counts.csv");
        env.tool("zip -q open.zip counts.csv");
        env.tool("zip -q people.zip patients.csv");
        sources.push("locked.zip");
    }
    if require(&["tar", "zstd", "gzip"]) {
        env.tool("tar -cf open.tar counts.csv");
        env.tool("gzip -k counts.csv");
        env.tool("zstd -q counts.csv");
        env.tool("tar -czf people.tar.gz patients.csv");
    }
    for open in ["open.zip", "open.tar", "counts.csv.gz", "counts.csv.zst"] {
        if env.path(open).exists() {
            plain(&env, open).ends(0);
        }
    }
    for archive in ["people.zip", "people.tar.gz"] {
        if env.path(archive).exists() {
            plain(&env, archive).ends(3).says("\n  plaintext-bulk: ");
        }
    }
    env.package("counts.csv", "p", "");
    sources.push("out/p.exeat");
    for source in sources {
        let ran = unchanged(&env, || plain(&env, source)).ends(3);
        let said = |code| ran.err.contains(&format!("\n  {code}: "));
        assert!(
            said("plaintext-media") || said("plaintext-uninspected"),
            "{ran}"
        );
        assert_eq!(ledger::last(&env)["kind"], "refusal");
    }
}

#[test]
fn what_is_harmless_is_copied_as_it_is() {
    let env = prepared();
    harmless(&env);
    let program = env!("CARGO_BIN_EXE_exeat");
    let line = "umask 000; exec \"$0\" --config-dir sender export counts.csv tool --to out \
                --plain --name p";
    let mut command = env.command("sh");
    let ran = Ran::of(command.args(["-c", line, program])).ends(0);
    assert!(ran.out.contains("in the clear to out/p\n"), "{ran}");
    assert!(ran.out.contains("NOT encrypted"), "{ran}");
    assert_same(&look(&env.path("tool")), &look(&env.path("out/p/tool")));
    assert_eq!(env.read("counts.csv"), env.read("out/p/counts.csv"));
    assert_eq!(fs::read_dir(env.path("out/p")).unwrap().count(), 2);
    assert_nothing_partial(&env.path("out"));
    assert_eq!(story(&env), ["intent", "outcome delivered"]);
    let [intent, outcome] = &ledger::entries(&env)[..] else {
        unreachable!("just counted");
    };
    assert_eq!(intent["export"]["form"], "plaintext");
    assert_eq!(intent["found"]["people"]["most"], 0);
    let bytes: u64 = [
        "counts.csv",
        "tool/Makefile",
        "tool/README.md",
        "tool/src/main.c",
        "tool/run.sh",
    ]
    .iter()
    .map(|name| fs::metadata(env.path(name)).unwrap().len())
    .sum();
    assert_eq!(outcome["outcome"]["bytes"], bytes);

    // A name of its own says nothing; the umask takes bits away.
    let ran = plain(&env, "tool --json").ends(0);
    let path = result(&ran)["path"].as_str().unwrap().to_owned();
    assert!(!path.contains("tool"), "{ran}");
    assert!(env.path(path).join("tool/src/main.c").exists(), "{ran}");
    // A few people's names and telephones may go, and are counted.
    let them = people(13, 3);
    env.write("few.csv", table(&them));
    let ran = plain(&env, "few.csv --name few").ends(0);
    assert_names_nobody(&them, &ran);
    assert_eq!(env.read("few.csv"), env.read("out/few/few.csv"));
    let found = &ledger::entries(&env)[4]["found"];
    assert_eq!(found["people"]["most"], 3);
    assert_nobody(&them, &ledger::text(&env));
    // Saying what would happen leaves nothing at all.
    let dry = ledger::untouched(&env, || plain(&env, "few.csv --dry-run")).ends(0);
    assert!(dry.out.contains("nothing was written"), "{dry}");
}

#[test]
fn what_is_left_out_does_not_count() {
    let env = prepared();
    harmless(&env);
    env.write("tool/patients.csv", table(&people(14, 60)));
    refused(&env, "tool", &["plaintext-bulk"]);
    plain(&env, "tool --exclude patients.csv --name p").ends(0);
    assert!(!env.path("out/p/tool/patients.csv").exists());
    assert!(env.path("out/p/tool/README.md").exists());
}

#[test]
fn places_that_cannot_be_used() {
    let env = prepared();
    harmless(&env);
    env.write("out/p/mine", "mine");
    for (line, words) in [
        ("counts.csv --to out --name p", "out/p exists already"),
        ("tool --to tool", "lies inside what is being exported"),
        ("tool --to nowhere", "cannot open the folder nowhere"),
        ("tool --to counts.csv", "cannot open the folder counts.csv"),
    ] {
        let line = format!("export {line} --plain");
        let ran = unchanged(&env, || env.by("sender", &line)).ends(1);
        ran.says(words);
    }
    env.write("out/key", env.read("sender/identity.txt"));
    refused(&env, "counts.csv", &["key-beside-data"]).says("    key\n");
    // Also behind a link, and after a thousand other files.
    fs::remove_file(env.path("out/key")).unwrap();
    for number in 0..1500 {
        env.write(format!("out/{number}"), "");
    }
    let link = env.path("out/zlink");
    symlink("../sender/identity.txt", &link).unwrap();
    refused(&env, "counts.csv", &["key-beside-data"]).says("    zlink\n");
    fs::remove_file(&link).unwrap();
    plain(&env, "counts.csv --name q").ends(0);
    // What cannot be looked into may be one.
    symlink("/proc/self/mem", &link).unwrap();
    refused(&env, "counts.csv", &["key-beside-data"]).says("zlink (cannot be looked into: ");
}

#[test]
fn a_full_disk_is_left_clean() {
    let env = prepared();
    env.write("log.txt", "Nothing happened.\n".repeat(500_000));
    for number in 0..200 {
        env.write(format!("many/{number}.txt"), "Nothing happened.\n");
    }
    let Some(disk) = Mounted::memory(&env, "disk", "size=4m,nr_inodes=100") else {
        return;
    };
    for source in ["log.txt", "many"] {
        let line = format!("export {source} --to disk --plain");
        unchanged(&env, || env.by("sender", &line))
            .ends(1)
            .says("space");
        assert_eq!(disk.count(), 0);
    }
    assert_eq!(
        story(&env),
        ["intent", "outcome failed", "intent", "outcome failed"]
    );
    // What did not leave is not summed.
    let outcome = &ledger::last(&env)["outcome"];
    assert!(
        outcome["bytes"].is_null() && outcome["code"].is_string(),
        "{outcome}"
    );
}

const LONG: &str = "--config-dir sender export log.txt --to out --plain --name p";

/// An export in the clear that is stopped while it copies.
fn copying(env: &Env) -> Held {
    env.write("log.txt", "Nothing happened.\n".repeat(4 << 20));
    Held::writing(env, LONG, &env.path("out"))
}

/// What the ledger says of an export that failed.
#[track_caller]
fn failed(env: &Env, code: &str) {
    assert_eq!(fs::read_dir(env.path("out")).unwrap().count(), 0);
    assert_eq!(story(env), ["intent", "outcome failed"]);
    assert_eq!(ledger::last(env)["outcome"]["code"], code);
}

#[test]
fn an_interrupted_copy_leaves_nothing() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let env = prepared();
        let held = copying(&env);
        held.signal(signal);
        held.go_on().ends(code).says("interrupted");
        failed(&env, "interrupted");
    }
}

#[test]
fn a_source_that_changes_while_it_is_copied() {
    let changes: [fn(&Path); 3] = [
        |log| {
            let mut file = OpenOptions::new().append(true).open(log).unwrap();
            file.write_all(b"x").unwrap();
        },
        |log| {
            OpenOptions::new()
                .write(true)
                .open(log)
                .unwrap()
                .set_len(9)
                .unwrap()
        },
        |log| {
            fs::remove_file(log).unwrap();
            fs::write(log, "another").unwrap();
        },
    ];
    for change in changes {
        let env = prepared();
        let held = copying(&env);
        change(&env.path("log.txt"));
        let ran = held.go_on().ends(1);
        ran.says("'log.txt' changed while it was being exported");
        failed(&env, "source-changed");
    }
}

#[test]
fn somebody_was_faster() {
    let env = prepared();
    let held = copying(&env);
    env.write("out/p/mine", "mine");
    held.go_on().ends(1).says("out/p");
    assert_eq!(env.read("out/p/mine"), "mine");
    assert_nothing_partial(&env.path("out"));
    assert_eq!(story(&env), ["intent", "outcome interrupted"]);
}

/// What lies beside the target is in the clear. That nothing is left of it is
/// only said where all of it has been removed.
#[test]
fn what_was_taken_away_meanwhile_counts() {
    let taken: [fn(&Path, &Path); 2] = [
        |log, kept| fs::rename(log, kept).unwrap(),
        |log, kept| fs::hard_link(log, kept).unwrap(),
    ];
    for take in taken {
        let env = prepared();
        let held = copying(&env);
        let staging = partial(&env.path("out")).remove(0);
        take(&staging.join("log.txt"), &env.path("kept"));
        held.signal(Signal::INT);
        let ran = held.go_on().ends(130).says("interrupted");
        ran.says("out/p").says("counts as delivered");
        assert!(fs::metadata(env.path("kept")).unwrap().len() > 0);
        assert_eq!(story(&env), ["intent", "outcome interrupted"]);
        assert_eq!(ledger::last(&env)["outcome"]["code"], "interrupted");
        assert_nothing_partial(&env.path("out"));
    }
}

/// What is mounted below the copy is somebody else's, and stays; the rest goes.
#[test]
fn a_folder_mounted_into_the_copy() {
    let env = prepared();
    env.write("theirs/file", "theirs");
    let held = copying(&env);
    let staging = partial(&env.path("out")).remove(0);
    let Some(mounted) = Mounted::bind(&env, "theirs", staging.join("a").to_str().unwrap()) else {
        return;
    };
    held.signal(Signal::INT);
    held.go_on().ends(130).says("counts as delivered");
    assert_eq!(env.read("theirs/file"), "theirs");
    let left: Vec<_> = fs::read_dir(&staging).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(story(&env), ["intent", "outcome interrupted"]);
    drop(mounted);
}

#[test]
fn a_copy_that_was_moved_away_is_emptied() {
    let env = prepared();
    let held = copying(&env);
    let staging = partial(&env.path("out")).remove(0);
    let elsewhere = env.path("elsewhere");
    fs::rename(&staging, &elsewhere).unwrap();
    let ran = held.go_on().ends(1).says("out/p");
    ran.says("has been moved or removed meanwhile");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    // Somebody had it in their hands, and may have kept what was in it.
    assert_eq!(story(&env), ["intent", "outcome interrupted"]);
}

#[test]
fn a_target_that_is_moved_meanwhile() {
    let env = prepared();
    let held = copying(&env);
    fs::rename(env.path("out"), env.path("moved")).unwrap();
    let ran = held.go_on().ends(0);
    assert!(ran.out.contains("/moved/p\n"), "{ran}");
    assert!(env.path("moved/p/log.txt").exists());
}

#[test]
fn another_folder_in_the_place_of_the_copy() {
    let env = prepared();
    let held = copying(&env);
    let staging = partial(&env.path("out")).remove(0);
    fs::rename(&staging, env.path("elsewhere")).unwrap();
    fs::create_dir(&staging).unwrap();
    fs::write(staging.join("log.txt"), "another").unwrap();
    held.go_on().ends(1).says("put something else in its place");
    assert_eq!(fs::read_dir(env.path("elsewhere")).unwrap().count(), 0);
    assert_eq!(story(&env), ["intent", "outcome interrupted"]);
}

/// A power failure may leave what was copied by then, and the ledger counts it
/// as delivered; the next run clears it away.
#[test]
fn a_killed_copy_counts_and_is_cleared_away() {
    let env = prepared();
    copying(&env).kill();
    assert_eq!(story(&env), ["intent"]);
    let left = partial(&env.path("out"));
    assert_eq!(left.len(), 1);
    let mode = fs::metadata(&left[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "others can read what was left");
    backdate(&left[0]);
    env.write("counts.csv", "ward,admissions\nNorth,104\n");
    plain(&env, "counts.csv --name q").ends(0);
    assert_nothing_partial(&env.path("out"));
    assert_eq!(story(&env), ["intent", "intent", "outcome delivered"]);
}
