//! A month of nights, with a clock that is put forward: a tree that changes every
//! day, runs that are killed, a full disk, pruning; and every night that was kept
//! comes back as it was.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::Site;
use crate::environment::{Ran, noise, require};
use crate::mounts::Mounted;
use crate::tree::{assert_same, look};

const NIGHTS: u32 = 30;

/// `exeat backup LINE` so many hours from now.
fn later(site: &Site, hours: u32, line: &str) -> Command {
    let mut command = site.env.command("faketime");
    command.args(["-f", &format!("+{hours}h"), env!("CARGO_BIN_EXE_exeat")]);
    command.args(["--config-dir", "host", "backup"]);
    command.args(line.split(' '));
    command
}

/// What happens by day.
fn change(site: &Site, day: u32) {
    let text = format!("of day {day}\n").repeat(day as usize);
    site.env.write("clinic/today", &text);
    site.env.write(format!("clinic/days/{day}"), &text);
    if day.is_multiple_of(3) {
        let old = site.env.path(format!("clinic/days/{}", day / 2));
        let _ = fs::remove_file(old);
    }
    if day % 8 == 1 {
        site.env
            .write("clinic/scan.raw", noise(300_000 + day as usize));
    }
}

/// Leaves so little room that a package begins, and does not end.
fn fill(site: &Site) {
    let mut file = fs::File::create(site.env.path("to/filler")).unwrap();
    let block = [0; 4096];
    let mut bytes = 0;
    while file.write_all(&block).is_ok() {
        bytes += block.len() as u64;
    }
    file.set_len(bytes - 16 * 4096).unwrap();
}

/// Kills a run in the middle; one that was faster is one more night.
fn kill_one(site: &Site, hours: u32) {
    let mut patience = Duration::from_millis(40);
    loop {
        let mut command = later(site, hours, "run clinic");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // The clock is put forward by a program that waits for the one it runs.
        let mut child = command.process_group(0).spawn().unwrap();
        std::thread::park_timeout(patience);
        let group = format!("-{}", child.id());
        let mut kill = Command::new("kill");
        kill.args(["-KILL", "--", &group]).stderr(Stdio::null());
        let is_killed = kill.status().unwrap().success();
        if is_killed && !child.wait().unwrap().success() {
            return;
        }
        let _ = child.wait();
        patience = patience * 3 / 4;
    }
}

#[test]
fn thirty_of_them() {
    if !require(&["faketime"]) {
        return;
    }
    let site = Site::with_clinic("keep = { daily = 6, weekly = 3 }\ncompress = \"none\"");
    let Some(_disk) = Mounted::memory(&site.env, "to", "size=16m") else {
        return;
    };
    let mut were = BTreeMap::new();
    let mut incremental = 0;
    for night in 1..=NIGHTS {
        change(&site, night);
        let hours = 24 * night;
        if matches!(night, 9 | 22) {
            site.env
                .write("clinic/scan.raw", noise(310_000 + night as usize));
            fill(&site);
            let ran = Ran::of(&mut later(&site, hours, "run clinic --json")).ends(1);
            assert!(ran.out.contains("\"no-space\""), "{ran}");
            fs::remove_file(site.env.path("to/filler")).unwrap();
        }
        if matches!(night, 4 | 11 | 17 | 26) {
            kill_one(&site, hours);
        }
        // An hour later, when nobody works on what a killed one has left.
        let line = "run clinic --wait 1m --json";
        let ran = Ran::of(&mut later(&site, hours + 1, line)).ends(0);
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        incremental += usize::from(document["result"]["full"].is_null());
        let tree = look(&site.env.path("clinic"));
        for number in site.numbers("to") {
            were.entry(number).or_insert_with(|| tree.clone());
        }
    }
    assert!(incremental > 15, "{incremental}");
    let end = 24 * NIGHTS + 2;
    let status = Ran::of(&mut later(&site, end, "status clinic --max-age 26h")).ends(0);
    assert!(status.err.is_empty(), "{status}");
    Ran::of(&mut later(&site, end, "status clinic --read-back")).ends(0);
    let kept = site.packages("to");
    // Six days, three weeks, and what these need.
    assert!((8..=26).contains(&kept.len()), "{kept:?}");
    for (number, package) in kept {
        site.open(&format!("{} --to again", package.display()))
            .ends(0);
        assert_same(&were[&number], &look(&site.env.path("again/clinic")));
        fs::remove_dir_all(site.env.path("again")).unwrap();
    }
}
