//! Owners, special mode bits, extended attributes and ACLs: kept by a backup,
//! given back by root who asks for it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use rustix::fs::XattrFlags;

use super::Site;
use crate::environment::{Env, Ran, require, skipped};

const USER: u32 = 64_011;
const GROUP: u32 = 64_012;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A tree with all of it; `None` where it cannot be made.
fn special(env: &Env) -> Option<()> {
    if !require(&["setfacl", "getfacl"]) {
        return None;
    }
    if fs::metadata(env.path("")).unwrap().uid() != 0 {
        skipped("only root can give files to others");
        return None;
    }
    env.sample("clinic");
    let path = |name: &str| env.path("clinic").join(name);
    chown(path("patients.csv"), Some(USER), Some(GROUP)).unwrap();
    chown(path("letters"), Some(USER), Some(GROUP)).unwrap();
    std::os::unix::fs::lchown(path("latest"), Some(USER), Some(GROUP)).unwrap();
    env.write("clinic/tool", "#!/bin/sh\n");
    chown(path("tool"), Some(USER), Some(GROUP)).unwrap();
    // Changing the owner takes these away: they come last.
    for (name, mode) in [
        ("tool", 0o6755),
        ("letters", 0o2770),
        ("empty folder", 0o1777),
    ] {
        set_mode(&path(name), mode);
    }
    for (name, key, value) in [
        ("patients.csv", "user.origin", &b"ward 7"[..]),
        ("letters", "user.binary", &[0, 255, 10]),
    ] {
        rustix::fs::setxattr(path(name), key, value, XattrFlags::CREATE).unwrap();
    }
    let acls = [
        ("patients.csv", "u:64013:r,g:64014:rw"),
        ("letters", "d:u:64013:rwx,u:64013:rx"),
    ];
    for (name, acl) in acls {
        let mut command = env.command("setfacl");
        Ran::of(command.args(["-m", acl]).arg(path(name))).ends(0);
    }
    Some(())
}

/// What there is to know of a tree that is not in its content.
fn described(env: &Env, folder: &str) -> Vec<String> {
    let mut command = env.command("sh");
    command.current_dir(env.path(folder));
    // Numbers: there are no such accounts.
    let script = "find . -printf '%p %u:%g %m %y %s %T@\\n' | sort; getfacl -RPn .";
    let mut lines: Vec<String> = Ran::of(command.args(["-c", script]))
        .ends(0)
        .out
        .lines()
        .map(str::to_owned)
        .collect();
    for (name, key) in [("patients.csv", "user.origin"), ("letters", "user.binary")] {
        let path: PathBuf = env.path(folder).join(name);
        let mut value = [0; 64];
        let value =
            rustix::fs::getxattr(&path, key, &mut value[..]).map(|length| value[..length].to_vec());
        lines.push(format!("{name} {key} {value:?}"));
    }
    lines
}

#[test]
fn they_come_back() {
    let site = Site::new();
    if special(&site.env).is_none() {
        return;
    }
    site.of_files("clinic", "");
    site.night("clinic");
    site.open("to --as-of now --to again --owner").ends(0);
    let before = described(&site.env, "clinic");
    assert!(
        before.iter().any(|line| line.contains(" 6755 ")),
        "{before:?}"
    );
    assert!(
        before.iter().any(|line| line.ends_with(":64013:r--")),
        "{before:?}"
    );
    assert_eq!(described(&site.env, "again/clinic"), before);
    site.same("clinic", "again/clinic");
    // What changes nothing but the owner, an attribute or an ACL is a change.
    let clinic = site.env.path("clinic");
    chown(clinic.join("scans/zero.raw"), Some(USER), None).unwrap();
    set_mode(&clinic.join("letters/old/none.txt"), 0o4711);
    let mut command = site.env.command("setfacl");
    Ran::of(
        command
            .args(["-m", "u:64013:rwx"])
            .arg(clinic.join("letters/Zoë.txt")),
    )
    .ends(0);
    rustix::fs::removexattr(clinic.join("patients.csv"), "user.origin").unwrap();
    site.night("clinic");
    fs::remove_dir_all(site.env.path("again")).unwrap();
    site.open("to --as-of now --to again --owner").ends(0);
    let before = described(&site.env, "clinic");
    assert_eq!(described(&site.env, "again/clinic"), before);
}

#[test]
fn nobody_gets_them_who_has_not_asked_for_them() {
    let site = Site::new();
    if special(&site.env).is_none() {
        return;
    }
    site.of_files("clinic", "");
    site.night("clinic");
    site.open("to --as-of now --to again").ends(0);
    for (name, mode) in [("tool", 0o755), ("letters", 0o770), ("patients.csv", 0o640)] {
        let meta = fs::metadata(site.env.path("again/clinic").join(name)).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (0, 0), "{name}");
        assert_eq!(meta.mode() & 0o7000, 0, "{name}");
        assert_eq!(meta.mode() & 0o707, mode & 0o707, "{name}");
    }
    let acl = site.env.tool("getfacl -RPn again/clinic");
    assert!(!acl.contains("64013"), "{acl}");
}

#[test]
fn only_root_can_ask_for_them() {
    let site = Site::with_clinic("");
    site.night("clinic");
    let words = ["open", "to", "--as-of", "now", "--to", "again", "--owner"];
    let is_root = fs::metadata(site.env.path("")).unwrap().uid() == 0;
    let mut command = match is_root {
        false => site.env.exeat(),
        true if !require(&["setpriv"]) => return,
        true => {
            fs::copy(env!("CARGO_BIN_EXE_exeat"), site.env.path("exeat")).unwrap();
            for folder in ["..", ""] {
                set_mode(&site.env.path(folder), 0o755);
            }
            let mut command = site.env.command("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
            command.arg(site.env.path("exeat"));
            command
        }
    };
    let ran = Ran::of(command.args(words)).ends(2);
    ran.says("--owner gives files to others, which only root can do")
        .says("leave it out, or run this as root");
    assert!(!site.env.path("again").exists());
}
