//! Exports that are killed at any moment, several at once: no package without
//! its entry in the ledger, and nothing that was acknowledged is lost.
//!
//! The short form kills 60 times; `EXEAT_KILLS=10000 cargo test -p exeat-cli --test
//! cli killed -- --nocapture` is the long one.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::environment::{Env, noise};
use crate::ledger;
use crate::plain::prepared;

/// How many run at once.
const AT_ONCE: usize = 3;

fn start(env: &Env, number: usize) -> Child {
    let mut command = env.exeat();
    let line = "--config-dir sender export clinic --to out -R recipient/recipient.txt --name";
    command.args(line.split(' ')).arg(format!("p{number}"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// The ids of the packages that are there, complete.
fn complete(env: &Env) -> BTreeSet<String> {
    let packages = fs::read_dir(env.path("out")).unwrap();
    let packages = packages.map(|item| item.unwrap().path());
    let signed = packages.filter(|path| {
        path.extension().is_some_and(|ending| ending == "exeat")
            && path.join("manifest.json.sig").exists()
    });
    signed
        .map(|path| {
            let manifest = fs::read(path.join("manifest.json")).unwrap();
            let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
            manifest["id"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn no_package_without_an_entry_and_no_entry_lost() {
    let kills = std::env::var("EXEAT_KILLS").map_or(60, |text| text.parse().unwrap());
    let env = prepared();
    env.write("clinic/noise.raw", noise(300_000));
    let begun = Instant::now();
    assert!(start(&env, 0).wait().unwrap().success());
    let whole = begun.elapsed();
    let mut random = u64::from(std::process::id()) * 0x9e37_79b9 + 1;
    let mut moment = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        Duration::from_nanos(random % (u64::try_from(whole.as_nanos()).unwrap() * 2))
    };
    let (mut killed, mut number, mut acknowledged) = (0, 1, 1);
    while killed < kills {
        let mut runs: Vec<_> = (0..AT_ONCE)
            .map(|n| (start(&env, number + n), Instant::now() + moment()))
            .collect();
        number += AT_ONCE;
        while !runs.is_empty() {
            runs.retain_mut(|(child, end)| match child.try_wait().unwrap() {
                Some(status) => {
                    assert!(status.success(), "{status}");
                    acknowledged += 1;
                    false
                }
                None if Instant::now() >= *end => {
                    child.kill().unwrap();
                    // It may have ended by itself just then.
                    match child.wait().unwrap().success() {
                        true => acknowledged += 1,
                        false => killed += 1,
                    }
                    false
                }
                None => true,
            });
            std::thread::yield_now();
        }
        // What others write meanwhile is no crash: nobody does now.
        if killed % 20 < AT_ONCE {
            look(&env, acknowledged);
        }
    }
    look(&env, acknowledged);
    let names = fs::read_dir(env.path("out")).unwrap();
    let names = names.map(|item| item.unwrap().file_name().into_string().unwrap());
    // A run clears away what others left, but not while that is fresh.
    let (left, names): (Vec<_>, Vec<_>) =
        names.partition(|name| name.starts_with(".exeat-partial-"));
    assert!(
        names.iter().all(|name| name.ends_with(".exeat")),
        "{names:?}"
    );
    assert!(left.len() <= killed);
    let mut line = "ledger verify --ledger ../state/exeat/ledger.jsonl".to_owned();
    for name in names.iter().take(100) {
        line += &format!(" --checkpoint out/{name}");
    }
    env.by("recipient", &line).ends(0);
    let _ = writeln!(
        std::io::stderr(),
        "{killed} killed, {acknowledged} acknowledged: {} packages, {} entries, every witness agrees",
        names.len(),
        ledger::entries_of(&env).len()
    );
}

/// Compares what is there with what is on record.
fn look(env: &Env, acknowledged: usize) {
    let entries = ledger::entries_of(env);
    let of = |kind: &str, path: &[&str]| -> BTreeSet<String> {
        let entries = entries.iter().filter(|entry| entry["kind"] == kind);
        let ids = entries.map(|entry| path.iter().fold(entry, |value, key| &value[*key]));
        ids.map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    let intents = of("intent", &["export", "id"]);
    let there = complete(env);
    let unrecorded: Vec<_> = there.difference(&intents).collect();
    assert!(unrecorded.is_empty(), "{unrecorded:?}");
    let delivered = entries
        .iter()
        .filter(|entry| entry["outcome"]["ending"] == "delivered");
    assert!(delivered.count() >= acknowledged);
    assert!(there.len() >= acknowledged);
    env.by("sender", "ledger verify").ends(0);
}
