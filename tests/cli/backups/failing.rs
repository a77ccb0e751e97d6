//! Sources that cannot be read, or only in part, and places that cannot be
//! written to.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;

use super::{Site, words};
use crate::environment::{Env, Ran, noise, require, skipped};
use crate::mounts::Mounted;

/// The account of the host where it may not read everything.
const NOBODY: u32 = 65534;

#[test]
fn what_is_no_file_is_no_loss() {
    let site = Site::with_clinic("");
    let _socket = UnixListener::bind(site.env.path("clinic/socket")).unwrap();
    site.env.tool("mkfifo clinic/letters/pipe");
    let night = site.night("clinic");
    assert_eq!(night["left_out_count"], 0);
    assert_eq!(night["files"], 5);
    let ran = site.open("to --as-of now --to again").ends(0);
    ran.says("not in the package: clinic/letters/pipe (the sender's: a pipe)")
        .says("not in the package: clinic/socket (the sender's: a socket)");
    for name in ["socket", "letters/pipe"] {
        fs::remove_file(site.env.path("clinic").join(name)).unwrap();
    }
    // The times of the folders they lay in are other ones now.
    site.env
        .tool("diff -r --no-dereference clinic again/clinic");
}

#[test]
fn a_device_is_no_loss() {
    let site = Site::with_clinic("");
    let mut make = site.env.command("mknod");
    if Ran::of(make.args(["clinic/null", "c", "1", "3"])).code != Some(0) {
        return skipped("only root can make a device");
    }
    assert_eq!(site.night("clinic")["left_out_count"], 0);
    let ran = site.open("to --as-of now --to again").ends(0);
    ran.says("not in the package: clinic/null (the sender's: a device)");
    assert!(site.env.path("again/clinic/patients.csv").exists());
}

/// Runs `exeat` on the host as somebody who may not read everything.
fn as_nobody(env: &Env, line: &str) -> Option<Ran> {
    if fs::metadata(env.path("")).unwrap().uid() != 0 {
        return Some(env.by("host", line));
    }
    if !require(&["setpriv", "chown"]) {
        return None;
    }
    fs::copy(env!("CARGO_BIN_EXE_exeat"), env.path("exeat")).unwrap();
    let everyone = fs::Permissions::from_mode(0o755);
    for folder in ["..", ""] {
        fs::set_permissions(env.path(folder), everyone.clone()).unwrap();
    }
    env.tool(&format!(
        "chown -R {NOBODY}:{NOBODY} host clinic to tmp ../state"
    ));
    let mut command = env.command("setpriv");
    let id = format!("--reuid={NOBODY}");
    command.args([&id, "--clear-groups"]).arg(env.path("exeat"));
    command.args(["--config-dir", "host"]).args(line.split(' '));
    Some(Ran::of(&mut command))
}

#[test]
fn the_rest_of_what_cannot_be_read_is_kept() {
    let site = Site::with_clinic("");
    let env = &site.env;
    let set_mode = |name: &str, mode: u32| {
        fs::set_permissions(env.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    set_mode("clinic/patients.csv", 0o000);
    set_mode("clinic/letters/old", 0o000);
    let _socket = UnixListener::bind(env.path("clinic/socket")).unwrap();
    let Some(ran) = as_nobody(env, "backup run clinic --json") else {
        return;
    };
    let ran = ran.ends(7);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let night = &document["result"];
    assert_eq!(night["left_out_count"], 2);
    let left_out = night["left_out"].as_array().unwrap();
    let paths: Vec<_> = left_out
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["clinic/letters/old", "clinic/patients.csv"]);
    for one in left_out {
        let reason = one["reason"].as_str().unwrap();
        assert!(reason.starts_with("left out: "), "{reason}");
    }
    let ran = as_nobody(env, "backup run clinic").unwrap().ends(7);
    ran.says("clinic/patients.csv (left out: ")
        .says("incomplete: 2 entries are not kept as it was");
    let ran = site.open("to --as-of now --to again").ends(0);
    let ran = ran.says("not in the package: clinic/patients.csv");
    ran.says("not in the package: clinic/letters/old");
    assert!(!env.path("again/clinic/patients.csv").exists());
    for name in ["letters/Zoë.txt", "scans/scan.raw", "scans/zero.raw"] {
        let [before, after] = ["clinic", "again/clinic"].map(|dir| {
            let path = env.path(dir).join(name);
            fs::read(path).unwrap()
        });
        assert!(before == after, "{name}");
    }
    // It is a good backup of the rest, and young enough.
    as_nobody(env, "backup status clinic").unwrap().ends(0);
}

/// The backups of what could be read once must not go because of nights that could read
/// nothing, however many.
#[test]
fn nothing_goes_while_most_of_it_cannot_be_read() {
    let site = Site::with_clinic("mode = \"full\"\nkeep = { last = 1 }");
    let env = &site.env;
    site.night("clinic");
    let files = [
        "letters/Zoë.txt",
        "letters/old/none.txt",
        "patients.csv",
        "scans/scan.raw",
        "scans/zero.raw",
    ];
    let set_mode = |mode: u32| {
        for name in files {
            let path = env.path("clinic").join(name);
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    set_mode(0o000);
    for night in 2..=3 {
        let Some(ran) = as_nobody(env, "backup run clinic") else {
            return;
        };
        ran.ends(7)
            .says("warning: 5 of the 5 files could not be read: see whether the disk is failing")
            .says("nothing is removed while much of the source is missing or cannot be read");
        assert_eq!(site.numbers("to").len(), night);
    }
    set_mode(0o600);
    as_nobody(env, "backup run clinic").unwrap().ends(0);
    assert_eq!(site.numbers("to"), [4]);
}

#[test]
fn the_source_is_gone() {
    let site = Site::with_clinic("");
    fs::rename(site.env.path("clinic"), site.env.path("moved")).unwrap();
    let ran = site.backup("run clinic").ends(1);
    ran.says("cannot open ")
        .says("clinic: No such file or directory");
    assert!(site.numbers("to").is_empty());
    let status = site.json("status clinic", 9);
    let one = &status["profiles"][0];
    assert_eq!(one["last_run"]["outcome"], "source-not-opened");
    fs::rename(site.env.path("moved"), site.env.path("clinic")).unwrap();
    site.night("clinic");
    site.comes_back();
}

/// Packages would hold packages, and more of them every night.
#[test]
fn the_folder_lies_in_the_source() {
    let site = Site::new();
    site.env.sample("clinic");
    fs::create_dir(site.env.path("clinic/backups")).unwrap();
    site.of_files("clinic", "to = \"../clinic/backups\"");
    let ran = site.backup("run clinic").ends(1);
    ran.says("clinic/backups lies inside what is being exported");
    assert_eq!(
        fs::read_dir(site.env.path("clinic/backups"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn what_is_mounted_in_the_source() {
    let site = Site::new();
    site.env.sample("clinic");
    let Some(_disk) = Mounted::memory(&site.env, "clinic/disk", "size=1m") else {
        return;
    };
    site.env.write("clinic/disk/film.raw", "not ours\n");
    site.of_files("without", "one_file_system = true\nto = \"../without\"");
    site.of_files(
        "with",
        "exclude = [\"clinic/scans/*.raw\"]\nto = \"../with\"",
    );
    for (name, is_there) in [("without", false), ("with", true)] {
        fs::create_dir(site.env.path(name)).unwrap();
        let night = site.night(name);
        assert_eq!(night["left_out_count"], 0);
        site.open(&format!("{name} --as-of now --to again")).ends(0);
        let path = |file: &str| site.env.path("again/clinic").join(file);
        assert_eq!(path("disk/film.raw").exists(), is_there);
        assert_eq!(path("scans/scan.raw").exists(), !is_there);
        fs::remove_dir_all(site.env.path("again")).unwrap();
    }
    // A pattern that leaves nothing out any more is said to be one.
    site.of_files("idle", "exclude = [\"clinic/*.tmp\"]");
    let ran = site.backup("run idle").ends(0);
    ran.says("exclude 'clinic/*.tmp' matched nothing");
}

#[test]
fn hard_links_become_files() {
    let site = Site::with_clinic("");
    for name in ["clinic/again.csv", "clinic/letters/third.csv"] {
        fs::hard_link(site.env.path("clinic/patients.csv"), site.env.path(name)).unwrap();
    }
    site.night("clinic");
    site.comes_back();
}

#[test]
fn the_folder_is_not_there() {
    let site = Site::with_clinic("");
    fs::remove_dir(site.env.path("to")).unwrap();
    for line in ["run", "list", "prune"] {
        let ran = site.backup(&format!("{line} clinic")).ends(1);
        ran.says("cannot look at the backups in ")
            .says("to: No such file or directory");
    }
    site.json("status clinic", 1);
    // A disk that is not mounted: nothing is made in its place.
    assert!(!site.env.path("to").exists());
}

#[test]
fn there_is_no_space_left() {
    let site = Site::new();
    site.env.sample("clinic");
    site.of_files("clinic", "compress = \"none\"\nmode = \"full\"");
    site.of_files(
        "packed",
        "compress = \"zstd\"\nto = \"../to\"\nmode = \"full\"",
    );
    let Some(disk) = Mounted::memory(&site.env, "to", "size=8m") else {
        return;
    };
    let first = site.night("clinic");
    site.env.write("clinic/large.raw", noise(12 << 20));
    // Known before, and found out in the middle.
    let ran = site.backup("run clinic --json").ends(1);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["error"]["code"], "no-space");
    let help = document["error"]["help"].as_str().unwrap();
    assert!(help.starts_with("free some space there"), "{help}");
    let ran = site.backup("run packed").ends(1);
    ran.says("No space left on device")
        .says("free some space there");
    assert_eq!(disk.count(), 1);
    // The older one still is what it was, and is said to be.
    let status = site.json("status clinic --max-age 26h", 0);
    let one = &status["profiles"][0];
    assert_eq!(one["newest"]["package"], first["package"]);
    assert_eq!(one["last_run"]["outcome"], "no-space");
    site.open("to --as-of now --to again").ends(0);
    fs::remove_file(site.env.path("clinic/large.raw")).unwrap();
    fs::remove_dir_all(site.env.path("again")).unwrap();
    assert_eq!(site.night("clinic")["sequence"], 2);
    site.comes_back();
}

#[test]
fn the_disk_is_not_mounted() {
    let site = Site::with_clinic("require_mount = \"../to\"");
    for line in ["run", "list", "prune"] {
        let ran = site.backup(&format!("{line} clinic")).ends(1);
        ran.says("backup 'clinic': nothing is mounted at ")
            .says("mount it; the profile demands it with require_mount");
    }
    let status = site.json("status clinic", 1);
    assert_eq!(status["profiles"][0]["error"]["code"], "not-mounted");
    assert!(site.numbers("to").is_empty());
    let Some(_disk) = Mounted::memory(&site.env, "to", "size=16m") else {
        return;
    };
    site.night("clinic");
    site.comes_back();
}

/// What cannot be read back from the disk is no good backup, and nothing rests
/// on it.
#[test]
fn the_disk_does_not_keep_what_was_written() {
    use crate::interrupt::Held;
    let site = Site::with_settled("volume_size = \"1M\"\ncompress = \"none\"");
    // Enough for the reading to take a while.
    site.env.write("clinic/scan.raw", noise(48 << 20));
    let to = site.env.path("to");
    let there = || {
        let mut items = fs::read_dir(&to).unwrap().map(|item| item.unwrap().path());
        items.find(|path| path.extension().is_some_and(|it| it == "exeat"))
    };
    let line = "--config-dir host backup run clinic";
    let held = Held::when(&site.env, line, |_| there().is_some());
    let volumes = fs::read_dir(there().unwrap()).unwrap();
    let last = volumes.map(|item| item.unwrap().path()).filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("volume-")
    });
    let last = last.max().unwrap();
    crate::environment::flip(&last);
    let ran = held.go_on().ends(4);
    ran.says("the package was read back, and is not whole")
        .says(" is not what was signed");
    let status = site.json("status clinic", 9);
    assert_eq!(
        status["profiles"][0]["last_run"]["outcome"],
        "package-damaged"
    );
    fs::remove_file(site.env.path("clinic/scan.raw")).unwrap();
    let second = site.json("run clinic", 7);
    assert_eq!(
        (&second["sequence"], &second["needs"]),
        (&2.into(), &0.into())
    );
    assert_eq!(words(&second["warnings"]).len(), 1, "{second}");
    site.comes_back();
    // It is said as long as it lies there.
    assert_eq!(site.json("run clinic", 7)["needs"], 1);
}
