//! What else lies in the folder, or was put there: another host's packages, what
//! is no package; and a host that has no room for what it remembers.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use super::{Site, words};
use crate::environment::flip;
use crate::mounts::Mounted;

/// Another host with a profile of the same name and the same folder.
fn second_host(site: &Site) {
    site.env.person("other");
    site.env.by("recipient", "trust other/signer.txt").ends(0);
    fs::copy(
        site.env.path("host/registry.txt"),
        site.env.path("other/registry.txt"),
    )
    .unwrap();
    let profile = site.env.read("host/config.toml");
    site.env.write("other/config.toml", profile);
}

/// Runs `exeat backup` on it; what it remembers is its own.
#[track_caller]
fn on_the_other(site: &Site, line: &str) -> Value {
    let mut command = site.env.exeat();
    command.env("XDG_STATE_HOME", site.env.path("home/other-state"));
    command
        .args(["--config-dir", "other", "backup"])
        .args(line.split(' '));
    let ran = crate::environment::Ran::of(command.arg("--json")).ends(0);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    document["result"].clone()
}

#[test]
fn two_hosts_in_one_folder() {
    let site = Site::with_clinic("mode = \"full\"\nkeep = { last = 1 }");
    second_host(&site);
    for number in 1..=3 {
        assert_eq!(site.night("clinic")["sequence"], number);
        assert_eq!(on_the_other(&site, "run clinic")["sequence"], number);
    }
    let mut series = Vec::new();
    for list in [
        site.json("list clinic", 0),
        on_the_other(&site, "list clinic"),
    ] {
        assert_eq!(list["packages"].as_array().unwrap().len(), 1);
        assert_eq!((&list["others"], &list["removed"]), (&1.into(), &2.into()));
        assert!(list["findings"].as_array().unwrap().is_empty());
        series.push(list["series"].as_str().unwrap().to_owned());
    }
    assert_ne!(series[0], series[1]);
    site.open("to --as-of now --to again")
        .ends(1)
        .says("--series");
    for series in series {
        let line = format!("to --as-of now --series {series} --to again");
        site.open(&line).ends(0);
        site.same("clinic", "again/clinic");
        fs::remove_dir_all(site.env.path("again")).unwrap();
    }
}

/// The host gets a new signing key: a new chain, and the old one can be restored
/// as before.
#[test]
fn a_new_key_begins_a_new_chain() {
    let site = Site::with_settled("");
    let first = site.night("clinic");
    site.env.person("new");
    for name in ["signing_key", "signing_key.pub", "signer.txt"] {
        fs::rename(
            site.env.path("new").join(name),
            site.env.path("host").join(name),
        )
        .unwrap();
    }
    site.env.by("recipient", "trust host/signer.txt").ends(0);
    let second = site.json("run clinic", 7);
    assert_ne!(first["series"], second["series"]);
    assert_eq!(
        (&second["sequence"], &second["needs"]),
        (&1.into(), &0.into())
    );
    let warnings = words(&second["warnings"]);
    assert_eq!(
        warnings,
        ["the signing key is another one: a new chain begins"]
    );
    assert_eq!(site.night("clinic")["sequence"], 2);
    for series in [&first["series"], &second["series"]] {
        let series = series.as_str().unwrap();
        site.open(&format!("to --as-of now --series {series} --to again"))
            .ends(0);
        site.same("clinic", "again/clinic");
        fs::remove_dir_all(site.env.path("again")).unwrap();
    }
}

#[test]
fn what_is_no_package() {
    let site = Site::with_clinic("mode = \"full\"\nkeep = { last = 1 }");
    site.night("clinic");
    // None of these is worth a word.
    site.env.write("to/notes.txt", "x");
    site.env.write("to/file.exeat", "x");
    symlink("nowhere", site.env.path("to/link.exeat")).unwrap();
    symlink("..", site.env.path("to/up.exeat")).unwrap();
    fs::create_dir(site.env.path("to/old packages")).unwrap();
    assert!(site.findings("clinic", 0).is_empty());
    site.night("clinic");
    // These may have been packages.
    fs::create_dir(site.env.path("to/empty.exeat")).unwrap();
    site.env.write("to/\u{1b}[2J.exeat/manifest.json", "{}");
    let codes = site.findings("clinic", 0);
    assert_eq!(codes, ["backup-unreadable"; 2]);
    let ran = site.backup("run clinic").ends(0);
    assert!(!ran.err.contains('\u{1b}') && !ran.out.contains('\u{1b}'));
    // None of it is touched, and none of it keeps old ones from going.
    for name in [
        "notes.txt",
        "file.exeat",
        "old packages",
        "empty.exeat",
        "\u{1b}[2J.exeat",
    ] {
        assert!(site.env.path("to").join(name).exists(), "{name}");
    }
    assert_eq!(
        site.json("list clinic", 0)["packages"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// One whose signature was taken away, or whose manifest was changed, is not
/// taken for somebody else's.
#[test]
fn one_of_the_chain_that_was_tampered_with() {
    for member in ["manifest.json", "manifest.json.sig"] {
        let site = Site::with_settled("mode = \"full\"");
        for _ in 0..3 {
            site.night("clinic");
        }
        let second = site.packages("to")[&2].join(member);
        match member {
            "manifest.json" => {
                let text = fs::read_to_string(&second).unwrap();
                fs::write(&second, text.replace("\"sequence\":2", "\"sequence\":7")).unwrap();
            }
            _ => flip(&second),
        }
        let mut codes = site.findings("clinic", 4);
        codes.sort();
        assert_eq!(codes, ["backup-gap", "backup-unreadable"], "{member}");
        // It does not decide where the next one goes.
        let next = site.json("run clinic", 7);
        assert_eq!(next["sequence"], 4, "{member}");
        site.open("to --as-of now --to again").ends(0);
        site.same("clinic", "again/clinic");
    }
}

/// Who deletes the record of what was removed is noticed.
#[test]
fn the_record_is_gone() {
    let site = Site::with_clinic("mode = \"full\"\nkeep = { last = 1 }");
    for _ in 0..3 {
        site.night("clinic");
    }
    let mut items = fs::read_dir(site.env.path("to")).unwrap();
    let record = items.find_map(|item| {
        let path = item.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with(".exeat-pruned-").then_some(path)
    });
    fs::remove_file(record.unwrap()).unwrap();
    assert_eq!(site.findings("clinic", 4), ["backup-gap"]);
    let ran = site.backup("run clinic").ends(7);
    ran.says("the packages of numbers 1 to 2 are missing, and no record says why")
        .says("nothing is removed while something is wrong with the chain");
    let pruned = site.json("prune clinic --accept-missing", 0);
    assert_eq!(words(&pruned["accepted"]), ["1", "2"]);
    assert!(site.findings("clinic", 0).is_empty());
    assert_eq!(site.numbers("to"), [4]);
}

/// A backup that was made is one, whether or not the host can remember it.
#[test]
fn no_room_for_what_the_host_remembers() {
    let site = Site::with_settled("");
    let place = "../state/exeat/backup/clinic";
    let Some(disk) = Mounted::memory(&site.env, place, "size=8k") else {
        return;
    };
    let first = site.json("run clinic", 7);
    assert_eq!(
        (&first["sequence"], &first["verified"]),
        (&1.into(), &true.into())
    );
    let warnings = words(&first["warnings"]).concat();
    assert!(warnings.contains("No space left on device"), "{warnings}");
    site.comes_back();
    drop(disk);
    assert_eq!(site.json("run clinic", 7)["sequence"], 2);
    assert_eq!(site.night("clinic")["needs"], 1);
    assert!(site.findings("clinic", 0).is_empty());
    site.comes_back();
}

#[test]
fn the_metrics_cannot_be_written() {
    let site = Site::with_clinic("metrics = \"../none/clinic.prom\"");
    let ran = site.backup("run clinic").ends(7);
    ran.says("clinic.prom: No such file or directory");
    assert!(!site.env.path("none").exists());
    site.comes_back();
}
