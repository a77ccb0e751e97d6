//! From a folder to a package and back: what comes out is what went in,
//! whatever it is called and however it is cut and compressed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::environment::{Env, Ran, noise};
use crate::tree::{assert_nothing_partial, assert_same, look, unchanged};

/// The result that a command reports with `--json`.
fn result(ran: &Ran) -> Value {
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    document["result"].clone()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Opens `out/p.exeat` as the recipient with a umask that takes no bits away,
/// and compares all of it, times and modes too.
#[track_caller]
fn opens_to_the_same(env: &Env, source: &str) {
    let mut command = env.command("sh");
    let line = "umask 000; exec \"$0\" --config-dir recipient open out/p.exeat --to new";
    let program = env!("CARGO_BIN_EXE_exeat");
    Ran::of(command.args(["-c", line, program])).ends(0);
    assert_same(
        &look(&env.path(source)),
        &look(&env.path("new").join(source)),
    );
    assert_nothing_partial(&env.path(""));
    // Only root can remove what is in a folder that is read-only.
    env.tool("chmod -R u+w new");
    for folder in ["new", "out/p.exeat"] {
        fs::remove_dir_all(env.path(folder)).unwrap();
    }
}

#[test]
fn the_same_tree_comes_out() {
    let env = Env::with_people();
    env.sample("data");
    let dir = env.path("data");
    let time = |seconds: u64, is_before: bool| {
        let (epoch, by) = (SystemTime::UNIX_EPOCH, Duration::from_secs(seconds));
        if is_before { epoch - by } else { epoch + by }
    };
    for (path, mode, seconds, is_before) in [
        ("patients.csv", 0o640, 1_000_000_000, false),
        ("scans/zero.raw", 0o444, 4_102_444_800, false),
        ("letters/Zoë.txt", 0o777, 300_000_000, true),
        ("letters/old", 0o700, 0, false),
        ("empty folder", 0o755, 12, false),
        ("scans", 0o555, 1_700_000_000, false),
    ] {
        set_mode(&dir.join(path), mode);
        let file = File::open(dir.join(path)).unwrap();
        file.set_modified(time(seconds, is_before)).unwrap();
    }
    for options in [
        "",
        "--compress none",
        "--compress none --volume-size 1M",
        "--compress zstd:1 --volume-size 1M",
        "--compress zstd:9 --volume-size 2m",
        "--compress zstd --volume-size 1G",
        "--compress auto --volume-size 1024KiB",
    ] {
        env.package("data", "p", options);
        env.by("recipient", "verify out/p.exeat").ends(0);
        let inside = "verify out/p.exeat -i recipient/identity.txt";
        let ran = env.by("recipient", inside).ends(0);
        assert!(
            ran.out.contains("5 files (3.0 MiB), every one as it was"),
            "{ran}"
        );
        opens_to_the_same(&env, "data");
    }
    env.tool("chmod -R u+w data");
}

#[test]
fn names_of_every_kind() {
    let env = Env::with_people();
    let folders = "a folder with a name of some length/".repeat(20);
    let long = "n".repeat(255);
    for (number, name) in [
        OsString::from("two\nlines"),
        OsString::from("red \x1b[31m and \u{202e}backwards"),
        OsString::from("back\\slash and \"quotes\""),
        OsString::from("-rf"),
        OsString::from("..."),
        OsString::from_vec(b"latin-1 \xe9t\xe9 \xff".to_vec()),
        OsString::from_vec([b"\xff".repeat(200), b"\n".to_vec()].concat()),
        OsString::from(&long),
        OsString::from(format!("{folders}{long}")),
        OsString::from("manifest.json"),
        // 128 components are the most, the folder `data` among them.
        OsString::from(format!("{}deepest", "d/".repeat(126))),
    ]
    .iter()
    .enumerate()
    {
        env.write(Path::new("data").join(name), format!("content {number}"));
    }
    env.package("data", "p", "");
    let listed = env.by("recipient", "list out/p.exeat").ends(0);
    for shown in [
        "data/two\\nlines",
        "data/red \\x1b[31m and \\u{202e}backwards",
        "data/back\\\\slash and \"quotes\"",
        "data/latin-1 \\xe9t\\xe9 \\xff",
    ] {
        assert!(listed.out.contains(shown), "no {shown} in {listed}");
    }
    for text in [&listed.out, &listed.err] {
        assert!(!text.contains(['\x1b', '\u{202e}', '\u{fffd}']));
    }
    let document = env.by("recipient", "list out/p.exeat --json").ends(0);
    let entries = result(&document)["entries"].as_array().unwrap().len();
    assert_eq!(listed.out.lines().count(), entries);
    opens_to_the_same(&env, "data");
    // One deeper is refused by name.
    env.write(format!("data/{}deepest", "d/".repeat(127)), "too deep");
    let export = "export data --to out -R recipient/recipient.txt";
    let ran = unchanged(&env, || env.by("sender", export)).ends(1);
    ran.says("it is more than 128 folders deep")
        .says("--exclude");
}

#[test]
fn little_and_nothing() {
    let env = Env::with_people();
    fs::create_dir_all(env.path("data/a/b/c")).unwrap();
    env.write("data/empty", "");
    env.write("block", vec![7; 512]);
    env.write("one", "x");
    env.write("none", "");
    fs::create_dir(env.path("nothing")).unwrap();
    env.package("data", "p", "");
    opens_to_the_same(&env, "data");
    env.package("nothing", "p", "--compress zstd");
    opens_to_the_same(&env, "nothing");
    for file in ["none", "one", "block"] {
        env.package(file, "p", "");
        env.by("recipient", "verify out/p.exeat -i recipient/identity.txt")
            .ends(0);
        env.by("recipient", "open out/p.exeat --to new").ends(0);
        assert_eq!(env.read(format!("new/{file}")), env.read(file));
        for folder in ["new", "out/p.exeat"] {
            fs::remove_dir_all(env.path(folder)).unwrap();
        }
    }
}

#[test]
fn sparse_files_come_out_whole() {
    let env = Env::with_people();
    let file = File::create(env.path("sparse")).unwrap();
    file.set_len((5 << 20) + 3).unwrap();
    drop(file);
    env.package("sparse", "p", "--volume-size 1M");
    let volumes = |env: &Env| {
        let manifest: Value = serde_json::from_str(&env.read("out/p.exeat/manifest.json")).unwrap();
        manifest["payload"]["volumes"].as_array().unwrap().len()
    };
    assert_eq!(volumes(&env), 6);
    env.by("recipient", "open out/p.exeat --to new").ends(0);
    let bytes = fs::read(env.path("new/sparse")).unwrap();
    assert!(bytes.len() == (5 << 20) + 3 && bytes.iter().all(|&b| b == 0));
}

/// A chosen file that spans volumes, one behind it, and what is not chosen.
#[test]
fn chosen_paths() {
    let env = Env::with_package();
    let volumes = fs::read_dir(env.path("out/p.exeat")).unwrap().count() - 6;
    assert_eq!(volumes, 5);
    for (number, (paths, expected)) in [
        ("data/scans/scan.raw", &["scans/scan.raw"][..]),
        ("data/letters", &["letters/Zoë.txt", "letters/old/none.txt"]),
        (
            "data/letters/",
            &["letters/Zoë.txt", "letters/old/none.txt"],
        ),
        (
            "data/scans/zero.raw data/patients.csv data/patients.csv",
            &["scans/zero.raw", "patients.csv"],
        ),
        ("data/latest", &["latest"]),
    ]
    .into_iter()
    .enumerate()
    {
        let new = format!("new{number}");
        env.by("recipient", &format!("open out/p.exeat {paths} --to {new}"))
            .ends(0);
        let (all, found) = (look(&env.path("data")), look(&env.path(&new).join("data")));
        let is_file = |what: &str| !what.starts_with("folder");
        let files: Vec<_> = found.iter().filter(|(_, what)| is_file(what)).collect();
        let mut names: Vec<_> = files
            .iter()
            .map(|(path, _)| path.to_str().unwrap())
            .collect();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        names.sort_unstable();
        assert_eq!(names, expected, "{paths}");
        assert!(files.iter().all(|(path, what)| all[*path] == **what));
    }
}

#[test]
fn links_that_point_outside_are_left_out_and_named() {
    let env = Env::with_people();
    env.write("data/letters/letter.txt", "Dear Dr Example\n");
    for (link, target) in [
        ("inside", "letters/letter.txt"),
        ("letters/up", "../inside"),
        ("dangling", "nowhere"),
        ("folder", "letters"),
        ("absolute", "/etc/passwd"),
        ("letters/climbing", "../../../etc/passwd"),
        ("hidden", "letters/../../x"),
        ("red", "/\x1b[31m"),
    ] {
        symlink(target, env.path("data").join(link)).unwrap();
    }
    env.package("data", "p", "");
    let ran = env.by("recipient", "open out/p.exeat --to new").ends(0);
    let ran = ran
        .says("not made: the link data/absolute -> /etc/passwd points outside (--outside-links")
        .says("data/letters/climbing -> ../../../etc/passwd")
        .says("data/hidden -> letters/../../x")
        .says("data/red -> /\\x1b[31m");
    assert_eq!(ran.err.matches("not made").count(), 4, "{ran}");
    let made = look(&env.path("new/data"));
    let links: Vec<_> = made
        .values()
        .filter(|what| what.starts_with("link"))
        .collect();
    assert_eq!(links.len(), 4);
    env.by("recipient", "open out/p.exeat --to all --outside-links")
        .ends(0);
    assert_same(&look(&env.path("data")), &look(&env.path("all/data")));
}

#[test]
fn several_sources_and_ways_to_name_them() {
    let env = Env::with_people();
    env.sample("data");
    env.write("more/x.csv", "x\n");
    env.write("one.csv", "1\n");
    symlink("more", env.path("linked")).unwrap();
    env.package("data/ more one.csv linked", "p", "");
    env.by("recipient", "open out/p.exeat --to new").ends(0);
    for name in ["more", "linked"] {
        assert_same(&look(&env.path("more")), &look(&env.path("new").join(name)));
    }
    assert_eq!(env.read("new/one.csv"), "1\n");
    assert!(env.path("new/data/scans/zero.raw").exists());
    // By what `.` leads to, and not by that name.
    let mut command = env.exeat();
    command.args(["--config-dir", "../sender", "export", ".", "--to", ".."]);
    command.args(["-R", "../recipient/recipient.txt", "--name", "dot"]);
    Ran::of(command.current_dir(env.path("more"))).ends(0);
    let listed = env.by("recipient", "list dot.exeat").ends(0);
    assert!(listed.out.contains(" more/x.csv\n"), "{listed}");
}

#[test]
fn what_is_excluded_is_not_in_the_package() {
    let env = Env::with_people();
    for name in [
        "a.tmp",
        "a.csv",
        "old/a.csv",
        "old/deep/b.tmp",
        "new/old/c.csv",
    ] {
        env.write(format!("data/{name}"), name);
    }
    for (number, (globs, left)) in [
        (
            "--exclude *.tmp",
            &["a.csv", "new/old/c.csv", "old/a.csv"][..],
        ),
        ("--exclude old", &["a.csv", "a.tmp"]),
        ("--exclude data/old/", &["a.csv", "a.tmp", "new/old/c.csv"]),
        ("--exclude data/**/*.csv", &["a.tmp", "old/deep/b.tmp"]),
        ("--exclude [ab].* --exclude new", &[]),
    ]
    .into_iter()
    .enumerate()
    {
        let package = format!("p{number}");
        env.package("data", &package, globs);
        let list = format!("list out/{package}.exeat --json");
        let listed = result(&env.by("recipient", &list).ends(0));
        let entries = listed["entries"].as_array().unwrap().iter();
        let files: Vec<_> = entries
            .filter(|e| e["type"] == "file")
            .map(|e| e["path"].as_str().unwrap().strip_prefix("data/").unwrap())
            .collect();
        assert_eq!(files, left, "{globs}");
    }
}

#[test]
fn opening_needs_no_more_than_the_package() {
    let env = Env::with_package();
    // Carried elsewhere, by a copy that keeps neither times nor modes.
    fs::rename(env.path("out/p.exeat"), env.path("carried")).unwrap();
    fs::remove_dir_all(env.path("out")).unwrap();
    for item in fs::read_dir(env.path("carried")).unwrap() {
        set_mode(&item.unwrap().path(), 0o400);
    }
    set_mode(&env.path("carried"), 0o500);
    unchanged(&env, || {
        env.by("recipient", "verify carried -i recipient/identity.txt")
            .ends(0);
        env.by("recipient", "list carried").ends(0);
    });
    env.by("recipient", "open carried/ --to new/").ends(0);
    assert_eq!(
        env.read("new/data/patients.csv"),
        env.read("data/patients.csv")
    );
    set_mode(&env.path("carried"), 0o700);
}

/// In the very folder one stands in: what was opened has to be there.
#[test]
fn opening_into_the_folder_one_stands_in() {
    let env = Env::with_package();
    fs::create_dir(env.path("here")).unwrap();
    let mut command = env.command("sh");
    let line = "\"$0\" --config-dir ../recipient open ../out/p.exeat --to . >/dev/null && ls";
    let program = env!("CARGO_BIN_EXE_exeat");
    command
        .args(["-c", line, program])
        .current_dir(env.path("here"));
    let ran = Ran::of(&mut command);
    if ran.code == Some(0) {
        assert_eq!(ran.out, "data\n");
    } else {
        // Or it is refused, and says what to do instead.
        assert_eq!(fs::read_dir(env.path("here")).unwrap().count(), 0);
        assert!(ran.err.contains("\n  "), "{ran}");
    }
}

#[test]
fn larger_files_by_default_volumes() {
    let env = Env::with_people();
    env.write("scan.raw", noise(70 << 20));
    env.package("scan.raw", "p", "");
    let verify = "verify out/p.exeat -i recipient/identity.txt --json";
    let verified = result(&env.by("recipient", verify).ends(0));
    assert_eq!(verified["volumes"], 2);
    assert_eq!(verified["compression"], "none");
    assert_eq!(verified["content"]["bytes"], 70 << 20);
}
