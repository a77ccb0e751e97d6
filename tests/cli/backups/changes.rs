//! What counts as a change, and when everything is taken again. The runs go by a
//! clock that is a little ahead, for which no file is too young to be remembered.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::Value;

use super::Site;
use crate::environment::{Ran, require};

/// Runs the profile `clinic` by a clock that is off by so much.
#[track_caller]
fn night(site: &Site, clock: &str) -> Value {
    let mut command = site.env.command("faketime");
    command.args(["-f", clock, env!("CARGO_BIN_EXE_exeat")]);
    command.args(["--config-dir", "host", "backup", "run", "clinic", "--json"]);
    let ran = Ran::of(&mut command).ends(0);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    document["result"].clone()
}

/// Opens the newest package and what it needs: by the right clock it is of the
/// future.
#[track_caller]
fn comes_back(site: &Site) {
    let (_, newest) = site.packages("to").pop_last().unwrap();
    let line = format!("{} --to again", newest.display());
    site.open(&line).ends(0);
    site.same("clinic", "again/clinic");
    fs::remove_dir_all(site.env.path("again")).unwrap();
}

/// Writes over a file so that its size and time stay what they were.
fn over(path: &Path, content: &[u8]) {
    let before = fs::metadata(path).unwrap();
    assert_eq!(before.len(), content.len() as u64);
    fs::write(path, content).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(before.modified().unwrap()).unwrap();
}

#[test]
fn every_change_is_noticed() {
    if !require(&["faketime"]) {
        return;
    }
    let site = Site::with_clinic("");
    let clinic = site.env.path("clinic");
    for name in [
        "same", "one", "other", "copied", "moved", "gone", "kind", "mode", "time",
    ] {
        site.env.write(
            clinic.join("set").join(name),
            format!("content of {name:8}"),
        );
    }
    for (bytes, content) in [
        (&b"latin-1 \xe9\xff"[..], "odd"),
        (b"two\nlines", "odd, too"),
        (b"\x1b[31m", "red"),
    ] {
        let name = OsString::from_vec(bytes.to_vec());
        site.env.write(clinic.join("set").join(name), content);
    }
    let all = night(&site, "+2m");
    let count = all["files"].as_u64().unwrap();
    assert_eq!(all["changed"], count);
    // Nothing has changed: nothing is in it.
    let none = night(&site, "+3m");
    assert_eq!((&none["changed"], &none["needs"]), (&0.into(), &1.into()));
    assert_eq!(none["files"], count);
    comes_back(&site);

    let set = |name: &str| clinic.join("set").join(name);
    over(&set("same"), b"CONTENT OF same    ");
    // Two exchange their names.
    fs::rename(set("one"), set("third")).unwrap();
    fs::rename(set("other"), set("one")).unwrap();
    fs::rename(set("third"), set("other")).unwrap();
    // Another file of the same size and time takes the place of one.
    site.env.tool(&format!(
        "cp -p {} {}",
        set("copied").display(),
        set("new").display()
    ));
    over(&set("new"), b"another, as long as");
    fs::rename(set("new"), set("copied")).unwrap();
    fs::rename(set("moved"), set("moved elsewhere")).unwrap();
    fs::remove_file(set("gone")).unwrap();
    fs::remove_file(set("kind")).unwrap();
    fs::create_dir(set("kind")).unwrap();
    site.env.write(set("kind/inside"), "a folder now");
    fs::remove_dir_all(clinic.join("empty folder")).unwrap();
    site.env.write(clinic.join("empty folder"), "a file now");
    fs::remove_file(clinic.join("latest")).unwrap();
    symlink("patients.csv", clinic.join("latest")).unwrap();
    fs::set_permissions(set("mode"), fs::Permissions::from_mode(0o600)).unwrap();
    let time = File::options().write(true).open(set("time")).unwrap();
    time.set_modified(std::time::UNIX_EPOCH).unwrap();
    let some = night(&site, "+4m");
    // `same`, the two, `copied`, `moved`, what is in the folder, what was a
    // folder, `mode` and `time`.
    assert_eq!(some["changed"], 9);
    assert_eq!((&some["full"], &some["needs"]), (&Value::Null, &1.into()));
    comes_back(&site);
    // The next one rests on both.
    let none = night(&site, "+5m");
    assert_eq!((&none["changed"], &none["needs"]), (&0.into(), &2.into()));
    comes_back(&site);
    // A folder or a file of it comes from wherever its files lie.
    let (_, newest) = site.packages("to").pop_last().unwrap();
    let line = format!("{} clinic/set --to again", newest.display());
    site.open(&line).ends(0);
    site.same("clinic/set", "again/clinic/set");
    assert!(!site.env.path("again/clinic/patients.csv").exists());
}

#[test]
fn a_full_one_when_the_last_is_old_enough() {
    if !require(&["faketime"]) {
        return;
    }
    let site = Site::with_settled("full_every = \"7d\"");
    let mut kinds = Vec::new();
    for clock in ["+1d", "+7d", "+8d", "+9d", "+15d", "+16d"] {
        kinds.push(night(&site, clock)["full"].as_str().map(str::to_owned));
    }
    let full = |why: &str| Some(why.to_owned());
    let due = "it was time for a full one";
    let first = "there is no earlier full one in the folder that can be relied on";
    assert_eq!(kinds, [full(first), None, full(due), None, full(due), None]);
    comes_back(&site);
}

#[test]
fn a_full_one_when_somebody_asks_for_it() {
    let site = Site::with_settled("full_every = 3");
    let mut kinds = Vec::new();
    for options in ["", "", " --full", "", "", ""] {
        let night = site.json(&format!("run clinic{options}"), 0);
        kinds.push(night["full"].is_string());
    }
    assert_eq!(kinds, [true, false, true, false, false, true]);
    site.comes_back();
}

/// A source whose files cannot be told apart, and one that has no name.
#[test]
fn sources_that_do_not_go_together() {
    let site = Site::new();
    site.env.write("clinic/a", "a");
    site.env.write("old/clinic/b", "b");
    site.profile("two", "sources = [\"../clinic\", \"../old/clinic\"]");
    site.profile("all", "sources = [\"/\"]");
    site.backup("run two")
        .ends(1)
        .says("two sources are called 'clinic'");
    let ran = site.backup("run all").ends(1);
    ran.says("name the folders in it one by one");
    assert!(site.numbers("to").is_empty());
}
