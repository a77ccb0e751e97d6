//! One package after another: what is in each, what they need, and what is
//! noticed where one is not there any more or not as it was.

use std::fs;

use super::{SETTLED, Site, words};
use crate::environment::flip;

#[test]
fn the_second_holds_what_has_changed() {
    let site = Site::with_settled("");
    let first = site.night("clinic");
    assert_eq!(first["sequence"], 1);
    assert_eq!(
        first["full"],
        "there is no earlier full one in the folder that can be relied on"
    );
    assert_eq!(
        (&first["needs"], &first["verified"]),
        (&0.into(), &true.into())
    );
    let count = first["files"].as_u64().unwrap();
    assert_eq!(first["changed"], count);
    site.env.tool("cp -a clinic before");

    site.env
        .write("clinic/letters/Zoë.txt", "Dear Dr Example, again\n");
    site.env.write("clinic/new.txt", "new\n");
    let second = site.night("clinic");
    assert_eq!(
        (&second["sequence"], &second["needs"]),
        (&2.into(), &1.into())
    );
    assert!(second["full"].is_null(), "{second}");
    assert_eq!(second["files"], count + 1);
    assert_eq!(second["changed"], 2);
    assert_eq!(second["changed_bytes"], 23 + 4);

    // The folder, and the package with what lies beside it, come to the same.
    let [first, second] = [1, 2].map(|n| site.packages("to")[&n].display().to_string());
    let name = SETTLED.rsplit('/').next().unwrap();
    for (line, clinic) in [
        ("to --as-of now", "clinic"),
        (&*second, "clinic"),
        (&*first, "before"),
    ] {
        site.open(&format!("{line} --to again")).ends(0);
        site.same(clinic, "again/clinic");
        site.env.tool(&format!("diff -r {SETTLED} again/{name}"));
        fs::remove_dir_all(site.env.path("again")).unwrap();
    }
    // One file of either package, to standard output.
    let unchanged = format!("{name}/make.py");
    for (file, expected) in [
        (&*unchanged, fs::read(format!("{SETTLED}/make.py")).unwrap()),
        ("clinic/new.txt", b"new\n".to_vec()),
    ] {
        let ran = site
            .open(&format!("to --as-of now {file} --stdout"))
            .ends(0);
        assert_eq!(ran.out.as_bytes(), expected);
    }
}

#[test]
fn one_that_another_needs_is_not_there() {
    let site = Site::with_settled("");
    let first = site.night("clinic");
    site.env.write("clinic/new.txt", "new\n");
    site.night("clinic");
    let packages = site.packages("to");
    let newest = packages[&2].display().to_string();
    fs::rename(&packages[&1], site.env.path("away")).unwrap();
    let missing = format!(
        "lie in the earlier package {}, which is not here",
        first["package"].as_str().unwrap()
    );
    let name = SETTLED.rsplit('/').next().unwrap();
    for line in [
        format!("{newest} --to again"),
        "to --as-of now --to again".to_owned(),
        format!("to --as-of now {name}/make.py --to again"),
        format!("{newest} {name}/make.py --stdout"),
    ] {
        let ran = site.open(&line).ends(1).says(&missing);
        ran.says("put the packages of the chain into one folder");
        assert!(!site.env.path("again").exists(), "{line}");
    }
    // What lies in the newest alone needs nothing else.
    site.open(&format!("{newest} clinic/new.txt --to again"))
        .ends(0);
    assert_eq!(site.env.read("again/clinic/new.txt"), "new\n");
    fs::remove_dir_all(site.env.path("again")).unwrap();
    let codes = site.findings("clinic", 4);
    assert_eq!(codes, ["backup-gap", "backup-base-missing"]);
    // The next one needs nothing that is not there, and says what is wrong.
    let third = site.json("run clinic", 7);
    assert_eq!(third["needs"], 0);
    site.comes_back();
    // Put back under whatever name, all is well.
    fs::rename(site.env.path("away"), site.env.path("to/found.exeat")).unwrap();
    assert!(site.findings("clinic", 0).is_empty());
    site.open(&format!("{newest} --to again")).ends(0);
    assert!(site.env.path(format!("again/{name}/make.py")).exists());
}

/// Where somebody accepts that a package is lost, others may still need it: they
/// are no good backups.
#[test]
fn one_that_needs_what_is_lost_is_not_called_good() {
    let site = Site::with_settled("");
    site.night("clinic");
    let second = site.night("clinic");
    assert_eq!(second["needs"], 1);
    fs::remove_dir_all(&site.packages("to")[&1]).unwrap();
    site.json("prune clinic --accept-missing", 7);
    let status = site.json("status clinic", 9);
    let one = &status["profiles"][0];
    assert!(one["newest"].is_null(), "{one}");
    assert_eq!(one["is_stale"], true);
    let ran = site.open("to --as-of now --to again").ends(1);
    ran.says("which is not here");
    // A full one mends that.
    assert_eq!(site.night("clinic")["needs"], 0);
    let status = site.json("status clinic", 0);
    assert_eq!(status["profiles"][0]["newest"]["sequence"], 3);
    site.comes_back();
}

/// Nothing rests on a package of which nobody knows that it is whole.
#[test]
fn nothing_rests_on_a_package_that_is_known_to_be_damaged() {
    let site = Site::with_settled("");
    site.night("clinic");
    flip(&site.packages("to")[&1].join("volume-00001.age"));
    // What was once read back is not read again every night.
    fs::remove_file(site.state("clinic", "chain.json")).unwrap();
    let ran = site.backup("prune clinic").ends(7);
    ran.says("the package was read back, and is not whole")
        .says("volume-00001.age is not what was signed");
    let status = site.json("status clinic", 9);
    assert!(status["profiles"][0]["newest"].is_null());
    let ran = site.backup("run clinic").ends(7);
    ran.says("the package was read back, and is not whole");
    assert_eq!(
        site.json("status clinic", 0)["profiles"][0]["newest"]["sequence"],
        2
    );
    site.comes_back();
    // It is said as long as it lies there.
    let third = site.json("run clinic", 7);
    assert_eq!(third["needs"], 1);
    site.comes_back();
}

#[test]
fn what_the_host_remembers_is_gone_or_damaged() {
    let site = Site::with_settled("");
    site.night("clinic");
    let files = site.state("clinic", "files.jsonl");
    let mut number = 1;
    for (what, says) in [
        (
            "gone",
            "there is no record of the files in earlier packages",
        ),
        ("cut", "the record of the files is damaged"),
        ("flipped", "the record of the files is damaged"),
        ("garbage", "the record of the files is damaged"),
    ] {
        match what {
            "gone" => fs::remove_file(&files).unwrap(),
            "cut" => {
                let bytes = fs::read(&files).unwrap();
                fs::write(&files, &bytes[..bytes.len() - 10]).unwrap();
            }
            "flipped" => flip(&files),
            _ => fs::write(&files, "garbage\n").unwrap(),
        }
        let night = site.night("clinic");
        number += 1;
        assert_eq!(night["sequence"], number, "{what}");
        assert_eq!(
            night["full"],
            "there was no usable record of the files in earlier ones"
        );
        let notes = words(&night["notes"]);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].starts_with(says), "{notes:?}");
        assert!(notes[0].ends_with(": everything is read again"));
        let night = site.night("clinic");
        number += 1;
        assert_eq!(
            (&night["sequence"], &night["needs"]),
            (&number.into(), &1.into())
        );
    }
    assert!(site.findings("clinic", 0).is_empty());
    site.comes_back();
    assert!(!site.state("clinic", "files.jsonl.next").exists());
}

#[test]
fn where_the_chain_ended_is_forgotten() {
    let site = Site::with_settled("");
    site.night("clinic");
    let chain = site.state("clinic", "chain.json");
    fs::write(&chain, "{}").unwrap();
    // Nobody knows any more that anything is good.
    site.json("status clinic", 9);
    let ran = site.backup("run clinic").ends(7);
    ran.says("is not what exeat remembers of a backup");
    let third = site.night("clinic");
    assert_eq!(third["sequence"], 3);
    assert_eq!(third["needs"], 1);
    assert!(site.findings("clinic", 0).is_empty());
    site.comes_back();
}

/// All that the host keeps is lost: with its key the chain goes on.
#[test]
fn the_host_is_set_up_anew_with_the_same_key() {
    let site = Site::with_settled("");
    site.night("clinic");
    fs::remove_dir_all(site.env.path("../state/exeat")).unwrap();
    let second = site.json("run clinic", 7);
    assert_eq!(
        (&second["sequence"], &second["needs"]),
        (&2.into(), &0.into())
    );
    let warnings = words(&second["warnings"]);
    let says = "this machine does not remember the backups that are there";
    assert!(
        warnings.len() == 1 && warnings[0].starts_with(says),
        "{warnings:?}"
    );
    assert!(site.findings("clinic", 0).is_empty());
    site.comes_back();
}

#[test]
fn a_folder_that_was_put_back_to_an_older_state() {
    let site = Site::with_settled("");
    site.night("clinic");
    site.env.tool("cp -a to older");
    site.night("clinic");
    site.env.tool("rm -r to");
    site.env.tool("cp -a older to");
    assert_eq!(site.findings("clinic", 4), ["backup-replayed"]);
    let ran = site.backup("list clinic").ends(4);
    ran.says("this host made package number 2 on ")
        .says("the newest one there is number 1");
    // The number is not given away a second time.
    let third = site.json("run clinic", 7);
    assert_eq!(
        (&third["sequence"], &third["needs"]),
        (&3.into(), &0.into())
    );
    assert_eq!(site.findings("clinic", 4), ["backup-gap"]);
    let pruned = site.json("prune clinic --accept-missing", 0);
    assert_eq!(words(&pruned["accepted"]), ["2"]);
    assert!(site.findings("clinic", 0).is_empty());
    // The older copies come back: nothing is wrong with more packages.
    site.comes_back();
    site.night("clinic");
}

#[test]
fn one_that_somebody_has_removed() {
    let site = Site::with_settled("mode = \"full\"");
    for _ in 0..3 {
        site.night("clinic");
    }
    fs::rename(&site.packages("to")[&2], site.env.path("away")).unwrap();
    assert_eq!(site.findings("clinic", 4), ["backup-gap"]);
    // Looking accepts nothing, and the next one goes on after the newest.
    let dry = site.json("prune clinic --accept-missing --dry-run", 4);
    assert_eq!(words(&dry["accepted"]), ["2"]);
    assert_eq!(site.json("run clinic", 7)["sequence"], 4);
    assert_eq!(site.findings("clinic", 4), ["backup-gap"]);
    let pruned = site.json("prune clinic --accept-missing", 0);
    assert_eq!(words(&pruned["accepted"]), ["2"]);
    assert!(pruned["deleted"].as_array().unwrap().is_empty());
    assert!(site.findings("clinic", 0).is_empty());
    assert_eq!(site.json("list clinic", 0)["removed"], 1);
    site.night("clinic");
    // Nobody else can accept it: the record is signed.
    let record = fs::read_dir(site.env.path("to")).unwrap();
    let record = record.map(|item| item.unwrap().path()).find(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with(".exeat-pruned-")
    });
    flip(&record.unwrap());
    let codes = site.findings("clinic", 4);
    assert!(
        codes.contains(&"backup-prune-record".to_owned()),
        "{codes:?}"
    );
    assert!(codes.contains(&"backup-gap".to_owned()), "{codes:?}");
}

/// Another disk: what came before lies elsewhere, and is no gap here.
#[test]
fn the_packages_go_elsewhere_now() {
    let site = Site::with_settled("");
    site.night("clinic");
    site.night("clinic");
    let config = site.env.read("host/config.toml");
    site.env.write(
        "host/config.toml",
        config.replace("to = \"../to\"", "to = \"../disk\""),
    );
    fs::create_dir(site.env.path("disk")).unwrap();
    let third = site.night("clinic");
    assert_eq!(
        (&third["sequence"], &third["needs"]),
        (&3.into(), &0.into())
    );
    let notes = words(&third["notes"]).concat();
    assert!(
        notes.contains("the backups go to another folder now"),
        "{notes}"
    );
    assert!(site.findings("clinic", 0).is_empty());
    assert_eq!(site.numbers("disk"), [3]);
    assert_eq!(site.numbers("to"), [1, 2]);
    let fourth = site.night("clinic");
    assert_eq!(
        (&fourth["sequence"], &fourth["needs"]),
        (&4.into(), &1.into())
    );
    assert!(words(&fourth["notes"]).is_empty());
    for (place, number) in [("to", 2), ("disk", 4)] {
        let ran = site
            .open(&format!("{place} --as-of now --to again"))
            .ends(0);
        ran.says(&format!("the backup is number {number} of "));
        site.same("clinic", "again/clinic");
        fs::remove_dir_all(site.env.path("again")).unwrap();
    }
}

/// One folder is the same by whatever path the settings were found.
#[test]
fn the_settings_are_named_in_another_way() {
    let site = Site::with_settled("");
    site.night("clinic");
    let folder = site.env.path("host").display().to_string();
    let ran = site.env.by(&folder, "backup run clinic --json").ends(0);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let second = &document["result"];
    assert_eq!(
        (&second["sequence"], &second["needs"]),
        (&2.into(), &1.into())
    );
    assert!(words(&second["notes"]).is_empty(), "{second}");
    // An empty folder is not taken for another one.
    fs::rename(site.env.path("to"), site.env.path("away")).unwrap();
    fs::create_dir(site.env.path("to")).unwrap();
    let ran = site.env.by("host", "backup run clinic").ends(7);
    ran.says("backup-replayed");
}

/// Another host, or an older state of this one, with the same key.
#[test]
fn two_histories() {
    let site = Site::with_settled("");
    site.night("clinic");
    site.env.tool("cp -a ../state ../older");
    site.env.tool("cp -a to aside");
    site.night("clinic");
    // A copy of the machine writes its own second package elsewhere.
    site.env.tool("rm -r ../state");
    site.env.tool("mv ../older ../state");
    site.env.tool("mv to other");
    site.env.tool("mv aside to");
    site.night("clinic");
    let theirs = fs::read_dir(site.env.path("other")).unwrap();
    for item in theirs {
        let item = item.unwrap();
        let place = site.env.path("to").join(item.file_name());
        if !place.exists() {
            fs::rename(item.path(), place).unwrap();
        }
    }
    let codes = site.findings("clinic", 4);
    assert_eq!(codes, ["backup-fork"]);
    site.json("run clinic", 7);
}
