//! Runs that are stopped in the middle, politely or not.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::Site;
use crate::environment::noise;
use crate::interrupt::{Held, backdate, until};
use crate::tree::partial;

/// Prints much, and then waits for as long as there is no file `quick`.
const SLOW: &str = "echo $$ > pid; seq 300000; test -e quick || exec sleep 1000";

fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    stat.is_ok_and(|stat| !stat.contains(") Z ") && !stat.contains(") X "))
}

#[test]
fn one_that_was_killed() {
    let site = Site::new();
    site.of_shell("db", SLOW, "");
    let to = site.env.path("to");
    let line = "--config-dir host backup run db";
    Held::writing(&site.env, line, &to).kill();
    let left = partial(&to);
    assert_eq!(left.len(), 1, "{left:?}");
    // The command goes with it, and so does the lock.
    let pid = site.env.read("pid");
    until("end of the command", || (!is_alive(&pid)).then_some(()));
    site.json("status db", 9);
    backdate(&left[0]);
    site.env.write("quick", "");
    let night = site.night("db");
    assert_eq!(night["sequence"], 1);
    assert_eq!(site.numbers("to"), [1]);
    let ran = site.open("to --as-of now dump.sql --stdout").ends(0);
    assert!(ran.out.starts_with("1\n2\n") && ran.out.ends_with("\n299999\n300000\n"));
}

#[test]
fn one_that_was_asked_to_end() {
    let site = Site::new();
    let tells =
        "on_failure = [\"sh\", \"-c\", \"echo $EXEAT_PROFILE $EXEAT_OUTCOME $EXEAT_EXIT >> told\"]";
    site.of_shell("db", SLOW, &format!("{tells}\nmetrics = \"../db.prom\""));
    let to = site.env.path("to");
    let line = "--config-dir host backup run db";
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let held = Held::writing(&site.env, line, &to);
        held.signal(signal);
        held.go_on().ends(code);
        assert_eq!(fs::read_dir(&to).unwrap().count(), 0, "{signal:?}");
        let pid = site.env.read("pid");
        assert!(!is_alive(&pid), "{signal:?}");
        let prom = site.env.read("db.prom");
        let expected = format!("exeat_backup_last_run_exit_code{{profile=\"db\"}} {code}\n");
        assert!(prom.contains(&expected), "{prom}");
    }
    assert_eq!(site.env.read("told"), "db failed 143\ndb failed 130\n");
    let status = site.json("status db", 9);
    assert_eq!(status["profiles"][0]["last_run"]["outcome"], "interrupted");
    site.env.write("quick", "");
    assert_eq!(site.night("db")["sequence"], 1);
}

/// Stopped while it is read back: the package is there, and nobody calls it good.
#[test]
fn one_that_was_asked_to_end_while_it_read_back() {
    let site = Site::with_settled("volume_size = \"1M\"\ncompress = \"none\"");
    let scan = site.env.write("clinic/scan.raw", noise(48 << 20));
    let to = site.env.path("to");
    let line = "--config-dir host backup run clinic";
    let held = Held::when(&site.env, line, |_| {
        let mut items = fs::read_dir(&to).unwrap().flatten();
        items.any(|item| item.path().extension().is_some_and(|it| it == "exeat"))
    });
    held.signal(Signal::TERM);
    held.go_on().ends(143);
    assert_eq!(site.numbers("to"), [1]);
    let status = site.json("status clinic", 9);
    assert!(status["profiles"][0]["newest"].is_null());
    let list = site.json("list clinic", 0);
    assert!(list["packages"][0]["verified"].is_null());
    fs::remove_file(scan).unwrap();
    // Nothing rests on it until somebody has read it, which the next run does.
    assert_eq!(site.night("clinic")["needs"], 0);
    site.comes_back();
    let list = site.json("list clinic", 0);
    assert!(list["packages"][0]["verified"].is_string());
}

/// Two nights in a row are killed between publishing and remembering: what they
/// made is theirs, and no stranger's.
#[test]
fn two_in_a_row_that_were_killed_at_the_end() {
    let site = Site::with_settled("");
    site.night("clinic");
    let chain = site.state("clinic", "chain.json");
    let before = fs::read_to_string(&chain).unwrap();
    let second = site.night("clinic");
    // As it was while the second one was put into its place.
    let id = second["package"].as_str().unwrap();
    let none = "\"intended\":null";
    assert!(before.contains(none), "{before}");
    fs::write(
        &chain,
        before.replace(none, &format!("\"intended\":\"{id}\"")),
    )
    .unwrap();
    assert!(site.findings("clinic", 0).is_empty());
    let intends = || {
        let text = fs::read_to_string(&chain).unwrap();
        !text.contains(none) && !text.contains(&format!("\"intended\":\"{id}\""))
    };
    let line = "--config-dir host backup run clinic";
    Held::when(&site.env, line, |_| intends()).kill();
    for left in partial(&site.env.path("to")) {
        backdate(&left);
    }
    assert!(site.findings("clinic", 0).is_empty());
    let next = site.night("clinic");
    assert!(matches!(next["sequence"].as_u64(), Some(3 | 4)), "{next}");
    site.comes_back();
}

/// A host that could not write down what it was about to make, its disk being full:
/// the ledger vouches for it, and nothing else does.
#[test]
fn one_that_the_host_could_not_remember() {
    let site = Site::with_settled("");
    site.night("clinic");
    let chain = site.state("clinic", "chain.json");
    let before = fs::read(&chain).unwrap();
    site.night("clinic");
    fs::write(&chain, before).unwrap();
    assert!(site.findings("clinic", 0).is_empty());
    let ledger = site.env.path("../state/exeat/ledger.jsonl");
    let text = fs::read_to_string(&ledger).unwrap();
    let first: Vec<_> = text.split_inclusive('\n').take(2).collect();
    // As far as it goes; and what cannot be read vouches for nothing.
    for (left, code) in [(first.concat(), 4), (String::new(), 4), (text.clone(), 0)] {
        fs::write(&ledger, left).unwrap();
        let codes = site.findings("clinic", code);
        assert_eq!(codes.is_empty(), code == 0, "{codes:?}");
        assert!(codes.iter().all(|code| code == "backup-fork"), "{codes:?}");
        site.json("list clinic", code);
    }
    let next = site.night("clinic");
    assert_eq!(next["sequence"], 3);
    assert!(super::words(&next["warnings"]).is_empty(), "{next}");
    site.comes_back();
}

/// Killed at any moment: every package that is there comes back, and the chain
/// is whole.
#[test]
fn many_that_were_killed() {
    let site = Site::with_settled("keep = { last = 3 }\nfull_every = 4");
    site.env.write("clinic/scan.raw", noise(400_000));
    let begun = Instant::now();
    site.night("clinic");
    let whole = u64::try_from(begun.elapsed().as_nanos()).unwrap();
    let mut random = u64::from(std::process::id()) * 0x9e37_79b9 + 1;
    let (mut killed, mut rounds) = (0, 0);
    while killed < 24 {
        rounds += 1;
        assert!(rounds < 2000, "it is never in time");
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let moment = Duration::from_nanos(random % (whole * 3 / 2));
        site.env.write("clinic/number", rounds.to_string());
        let mut command = site.env.exeat();
        command.args(["--config-dir", "host", "backup", "run", "clinic"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let end = Instant::now() + moment;
        let ended = loop {
            match child.try_wait().unwrap() {
                None if Instant::now() < end => {
                    std::thread::park_timeout(Duration::from_micros(200))
                }
                ended => break ended,
            }
        };
        match ended {
            Some(status) => assert!(matches!(status.code(), Some(0 | 7)), "{status}"),
            None => {
                child.kill().unwrap();
                killed += usize::from(!child.wait().unwrap().success());
            }
        }
        let status = site.backup("status clinic");
        // What was never read back is not called good.
        assert!(matches!(status.code, Some(0 | 9)), "{status}");
    }
    for left in partial(&site.env.path("to")) {
        backdate(&left);
    }
    let ran = site.backup("run clinic");
    assert!(matches!(ran.code, Some(0 | 7)), "{ran}");
    site.night("clinic");
    assert!(site.findings("clinic", 0).is_empty());
    site.comes_back();
    site.json("prune clinic", 0);
    for (number, package) in site.packages("to") {
        let open = format!("{} --to again", package.display());
        site.open(&open).ends(0);
        let read = site.env.read("again/clinic/number");
        assert!(read.parse::<u64>().unwrap() <= rounds, "{number}");
        fs::remove_dir_all(site.env.path("again")).unwrap();
    }
}

/// The power goes while old ones are removed: the next prune ends what was begun.
#[test]
fn while_something_is_removed() {
    let site = Site::with_clinic("mode = \"full\"");
    for _ in 0..4 {
        site.night("clinic");
    }
    let config = site.env.read("host/config.toml");
    site.env.write(
        "host/config.toml",
        config.replace("mode = \"full\"", "mode = \"full\"\nkeep = { last = 1 }"),
    );
    for _ in 0..3 {
        let mut child = {
            let mut command = site.env.exeat();
            command.args(["--config-dir", "host", "backup", "prune", "clinic"]);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().unwrap()
        };
        let to = site.env.path("to");
        until("removal", || {
            let is_begun = fs::read_dir(&to).unwrap().flatten().any(|item| {
                item.file_name()
                    .to_string_lossy()
                    .starts_with(".exeat-pruned-")
            });
            (is_begun || child.try_wait().unwrap().is_some()).then_some(())
        });
        let _ = child.kill();
        child.wait().unwrap();
    }
    let pruned = site.json("prune clinic", 0);
    assert_eq!(pruned["kept"].as_array().unwrap().len(), 1);
    assert_eq!(site.numbers("to"), [4]);
    assert!(site.findings("clinic", 0).is_empty());
    let rest = fs::read_dir(site.env.path("to")).unwrap().count();
    assert_eq!(rest, 2, "the package and the record");
    site.comes_back();
}
