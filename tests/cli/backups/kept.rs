//! What is kept and what is removed, and that two profiles may share a folder.

use std::fs;

use serde_json::Value;

use super::{Site, words};
use crate::environment::{Ran, flip, require};

fn sequences(list: &Value) -> Vec<u64> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|one| one["sequence"].as_u64().unwrap())
        .collect()
}

#[test]
fn the_last_two_and_what_they_need() {
    let site = Site::with_settled("keep = { last = 2 }\nfull_every = 3");
    // Every file has changed in every night, or in none.
    fs::remove_dir_all(site.env.path("clinic/letters")).unwrap();
    let mut removed = Vec::new();
    let mut left = Vec::new();
    for number in 1..=8 {
        site.env.write("clinic/number", number.to_string());
        let night = site.night("clinic");
        removed.push(sequences(&night["deleted"]));
        left.push(site.numbers("to"));
        site.comes_back();
    }
    // 1, 4 and 7 are full ones; the others need the one before them.
    let expected: [&[u64]; 8] = [&[], &[], &[], &[2], &[3, 1], &[], &[5], &[6, 4]];
    assert_eq!(removed, expected);
    assert_eq!(left[3], [1, 3, 4]);
    assert_eq!(left[4], [4, 5]);
    assert_eq!(left[6], [4, 6, 7]);
    assert_eq!(left[7], [7, 8]);
    let list = site.json("list clinic", 0);
    assert_eq!(sequences(&list["packages"]), [7, 8]);
    assert_eq!(list["removed"], 6);
    assert_eq!(list["others"], 0);
    let one = &list["packages"][1];
    assert_eq!(
        (&one["is_full"], &one["is_kept"]),
        (&false.into(), &true.into())
    );
    assert_eq!(
        words(&one["needs"]),
        [list["packages"][0]["package"].as_str().unwrap()]
    );
    assert!(one["verified"].is_string() && one["bytes"].as_u64().unwrap() > 1000);
    assert_eq!(one["why"], "the newest; one of the last 2");
    let base = &list["packages"][0];
    assert_eq!(base["why"], "one of the last 2; needed by number 8");
    assert!(site.findings("clinic", 0).is_empty());
    site.night("clinic");
    assert_eq!(site.numbers("to"), [7, 8, 9]);
}

#[test]
fn a_dry_run_removes_nothing() {
    let site = Site::with_clinic("mode = \"full\"");
    for _ in 0..4 {
        site.night("clinic");
    }
    assert!(
        site.json("prune clinic", 0)["deleted"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let config = site.env.read("host/config.toml");
    let config = config.replace("mode = \"full\"", "mode = \"full\"\nkeep = { last = 2 }");
    site.env.write("host/config.toml", config);
    let before = crate::tree::look(&site.env.path("to"));
    let dry = site.json("prune clinic --dry-run", 0);
    assert_eq!(dry["written"], false);
    assert_eq!(sequences(&dry["deleted"]), [1, 2]);
    assert_eq!(sequences(&dry["kept"]), [3, 4]);
    let ran = site.backup("prune clinic --dry-run").ends(0);
    assert!(ran.out.contains("would remove 2 backups ("), "{ran}");
    crate::tree::assert_same(&before, &crate::tree::look(&site.env.path("to")));
    let pruned = site.json("prune clinic", 0);
    assert_eq!(pruned["written"], true);
    let mut gone = sequences(&pruned["deleted"]);
    gone.sort_unstable();
    assert_eq!(gone, [1, 2]);
    for one in pruned["deleted"].as_array().unwrap() {
        assert_eq!(one["why"], "no rule keeps it");
    }
    assert_eq!(site.numbers("to"), [3, 4]);
    assert!(site.findings("clinic", 0).is_empty());
}

/// One of another length is seen at once; one with a changed byte by who reads it.
#[test]
fn one_that_is_damaged_does_not_count() {
    let site = Site::with_clinic("mode = \"full\"\nkeep = { last = 2 }");
    site.night("clinic");
    site.night("clinic");
    let packages = site.packages("to");
    let volume = packages[&2].join("volume-00001.age");
    let whole = fs::read(&volume).unwrap();
    fs::write(&volume, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(site.findings("clinic", 4), ["backup-damaged"]);
    let ran = site.backup("run clinic").ends(7);
    ran.says("package number 2: the package is damaged or altered: volume-00001.age is cut short")
        .says("nothing is removed while something is wrong with the chain");
    site.json("prune clinic", 4);
    assert_eq!(site.numbers("to"), [1, 2, 3]);
    site.comes_back();
    // Copied again, it counts again.
    fs::write(&volume, whole).unwrap();
    assert!(site.findings("clinic", 0).is_empty());
    assert_eq!(sequences(&site.json("prune clinic", 0)["deleted"]), [1]);
    assert_eq!(site.numbers("to"), [2, 3]);
    site.comes_back();
}

#[test]
fn a_changed_byte_is_found_by_reading() {
    let site = Site::with_clinic("mode = \"full\"\nkeep = { last = 2 }\nverify = \"none\"");
    for _ in 0..3 {
        let night = site.night("clinic");
        assert_eq!(night["verified"], false);
        // Nothing goes that nobody has read.
        assert!(sequences(&night["deleted"]).is_empty());
    }
    let damaged = site.packages("to")[&2].clone();
    flip(&damaged.join("volume-00001.age"));
    let ran = site.backup("prune clinic").ends(7);
    let name = damaged.file_name().unwrap().to_string_lossy().into_owned();
    ran.says(&name)
        .says("the package was read back, and is not whole")
        .says("volume-00001.age is not what was signed");
    assert_eq!(
        site.numbers("to"),
        [1, 2, 3],
        "number 1 stands in for number 2"
    );
    let list = site.json("list clinic", 0);
    let verified: Vec<_> = list["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["verified"].is_string())
        .collect();
    assert_eq!(verified, [true, false, true]);
    let why = list["packages"][1]["why"].as_str().unwrap();
    assert_eq!(
        why,
        "not read back, or what it needs is not there, and nothing stands for it yet"
    );
    // `exeat verify` says it of one that was good once.
    let verify = format!("verify {}", damaged.display());
    site.env.by("recipient", &verify).ends(4);
}

#[test]
fn two_profiles_in_one_folder() {
    let site = Site::with_clinic("mode = \"full\"\nkeep = { last = 1 }");
    site.of_shell("db", "seq 100", "");
    for _ in 0..3 {
        site.night("clinic");
        site.night("db");
    }
    let list = site.json("list db", 0);
    assert_eq!(sequences(&list["packages"]), [1, 2, 3]);
    assert_eq!((&list["others"], &list["removed"]), (&1.into(), &0.into()));
    let list = site.json("list clinic", 0);
    assert_eq!(sequences(&list["packages"]), [3]);
    assert_eq!((&list["others"], &list["removed"]), (&3.into(), &2.into()));
    site.json("prune clinic", 0);
    let status = site.json("status", 0);
    let profiles = status["profiles"].as_array().unwrap();
    let counts: Vec<_> = profiles
        .iter()
        .map(|one| {
            (
                one["profile"].as_str().unwrap(),
                one["packages"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(counts, [("clinic", 1), ("db", 3)]);
    // What is wrong with one is not wrong with the other.
    let lost = list["packages"][0]["name"].as_str().unwrap();
    let away = site.env.path("to").join(lost);
    fs::rename(&away, site.env.path("away")).unwrap();
    assert_eq!(site.findings("clinic", 4), ["backup-replayed"]);
    assert!(site.findings("db", 0).is_empty());
    site.json("status", 4);
    fs::rename(site.env.path("away"), &away).unwrap();
    // Whoever restores has to say which.
    let ran = site.open("to --as-of now --to again");
    assert_eq!(ran.code, Some(1), "{ran}");
    let ran = ran.says("--series");
    assert!(!ran.err.contains("internal"), "{ran}");
    for (name, file) in [("clinic", "clinic/patients.csv"), ("db", "dump.sql")] {
        let series = site.json(&format!("list {name}"), 0)["series"]
            .as_str()
            .unwrap()
            .to_owned();
        let line = format!("to --as-of now --series {series} --to again");
        site.open(&line).ends(0);
        assert!(site.env.path("again").join(file).exists());
        fs::remove_dir_all(site.env.path("again")).unwrap();
    }
}

/// A night of so many days ago, by a clock of its own.
fn days_ago(site: &Site, days: u32, code: i32) {
    let mut command = site.env.command("faketime");
    command
        .arg("-f")
        .arg(format!("-{days}d"))
        .arg(env!("CARGO_BIN_EXE_exeat"));
    command.args(["--config-dir", "host", "backup", "run", "clinic"]);
    Ran::of(&mut command).ends(code);
}

#[test]
fn nights_of_several_days() {
    if !require(&["faketime"]) {
        return;
    }
    let keep = "keep = { daily = 3, yearly = 2 }\ntime_zone = \"Europe/London\"\nmode = \"full\"";
    let site = Site::with_clinic(keep);
    for days in [800, 799, 400, 6, 5, 4, 3, 2] {
        site.env.write("clinic/days", days.to_string());
        // Twice a day: the later one counts.
        days_ago(&site, days, 0);
        days_ago(&site, days, 0);
    }
    // Three days, and the last of this year and of one before: of which years
    // these are depends on today.
    let list = site.json("list clinic", 0);
    let kept = sequences(&list["packages"]);
    assert!(kept.ends_with(&[12, 14, 16]), "{kept:?}");
    assert!((4..=5).contains(&kept.len()), "{kept:?}");
    for (ago, days) in [("36h", "2"), ("60h", "3"), ("84h", "4")] {
        site.open(&format!("to --as-of {ago} --to again")).ends(0);
        assert_eq!(site.env.read("again/clinic/days"), days, "{ago}");
        fs::remove_dir_all(site.env.path("again")).unwrap();
    }
    site.json("status clinic", 0);
    site.json("status clinic --max-age 26h", 9);
    site.night("clinic");
    site.json("status clinic --max-age 26h", 0);
}

/// A clock that ran ahead for a night: the order is that of the numbers.
#[test]
fn a_clock_that_was_set_back() {
    if !require(&["faketime"]) {
        return;
    }
    let site = Site::with_settled("");
    let mut command = site.env.command("faketime");
    command.args(["-f", "+3d", env!("CARGO_BIN_EXE_exeat")]);
    command.args(["--config-dir", "host", "backup", "run", "clinic"]);
    Ran::of(&mut command).ends(0);
    // A backup of the day after tomorrow proves nothing about last night.
    site.json("status clinic", 9);
    site.env.write("clinic/new.txt", "new\n");
    let second = site.night("clinic");
    // The one of the future is no reason to wait with a full one until then.
    assert_eq!(
        (&second["sequence"], &second["needs"]),
        (&2.into(), &0.into())
    );
    assert_eq!(site.findings("clinic", 0), ["backup-clock"]);
    site.comes_back();
    // Whatever the clock says, the one with the higher number is the last one.
    let config = site.env.read("host/config.toml");
    let keeps = "[backup.clinic]\nkeep = { last = 1 }";
    site.env
        .write("host/config.toml", config.replace("[backup.clinic]", keeps));
    let pruned = site.json("prune clinic", 7);
    assert_eq!(sequences(&pruned["deleted"]), [1]);
    assert_eq!(site.numbers("to"), [2]);
    assert!(site.findings("clinic", 0).is_empty());
    site.comes_back();
}

/// Who wants to know reads all of it again.
#[test]
fn a_status_that_reads_everything() {
    let site = Site::with_settled("");
    site.night("clinic");
    site.night("clinic");
    site.backup("status clinic --read-back").ends(0);
    flip(&site.packages("to")[&1].join("volume-00001.age"));
    site.json("status clinic", 0);
    let status = site.json("status clinic --read-back", 4);
    let one = &status["profiles"][0];
    let damaged = words(&one["damaged"]);
    assert_eq!(damaged.len(), 1, "{damaged:?}");
    assert!(
        damaged[0].contains("volume-00001.age is not what was signed"),
        "{damaged:?}"
    );
    // The second one needs it: no good one is left.
    assert!(one["newest"].is_null(), "{one}");
    let third = site.json("run clinic", 7);
    assert_eq!(
        (&third["sequence"], &third["needs"]),
        (&3.into(), &0.into())
    );
    assert_eq!(
        site.json("status clinic", 0)["profiles"][0]["newest"]["sequence"],
        3
    );
    site.comes_back();
}

/// A disk that is not mounted is an empty folder: the older ones stay.
#[test]
fn much_of_the_source_is_missing() {
    let site = Site::new();
    site.env.sample("clinic");
    for number in 0..30 {
        site.env.write(format!("clinic/many/{number}"), "x");
    }
    site.of_files("clinic", "keep = { last = 1 }\nfull_every = 1");
    if !require(&["faketime"]) {
        return;
    }
    // By a clock for which no file is too young to be remembered.
    let mut command = site.env.command("faketime");
    command.args(["-f", "+2m", env!("CARGO_BIN_EXE_exeat")]);
    command.args(["--config-dir", "host", "backup", "run", "clinic"]);
    Ran::of(&mut command).ends(0);
    fs::rename(site.env.path("clinic"), site.env.path("moved")).unwrap();
    site.env.write("clinic/lost+found", "");
    let second = site.json("run clinic", 7);
    let warnings = words(&second["warnings"]).concat();
    assert!(
        warnings.contains("is everything mounted that should be?"),
        "{warnings}"
    );
    assert_eq!(site.numbers("to"), [1, 2]);
    // The same every night until it is there again.
    fs::remove_dir_all(site.env.path("clinic")).unwrap();
    fs::create_dir(site.env.path("clinic")).unwrap();
    site.json("run clinic", 7);
    let first = site.packages("to")[&1].display().to_string();
    site.open(&format!("{first} --to again")).ends(0);
    site.same("moved", "again/clinic");
}
