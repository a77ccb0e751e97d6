//! Disks that are full or cannot be written to. They are mounted here, which
//! only root may do.

use std::fs;

use crate::environment::{Env, noise};
use crate::mounts::Mounted;
use crate::tree::unchanged;

const TO_DISK: &str = "--to disk --name p -R recipient/recipient.txt";

#[test]
fn a_read_only_disk() {
    let env = Env::with_people();
    env.sample("data");
    let Some(disk) = Mounted::memory(&env, "disk", "size=16m") else {
        return;
    };
    env.by("sender", &format!("export data {TO_DISK}")).ends(0);
    disk.make_read_only(&env);
    let words = "disk is on a file system that is mounted read-only";
    let help = "choose a folder that you can write to";
    unchanged(&env, || {
        let again = "export data --to disk -R recipient/recipient.txt";
        env.by("sender", again).ends(1).says(words).says(help);
        let open = "open disk/p.exeat --to disk/new";
        env.by("recipient", open).ends(1).says(words).says(help);
        // Reading needs no more than reading.
        let verify = "verify disk/p.exeat -i recipient/identity.txt";
        env.by("recipient", verify).ends(0);
        env.by("recipient", "list disk/p.exeat").ends(0);
    });
    env.by("recipient", "open disk/p.exeat --to new").ends(0);
}

#[test]
fn too_little_space_is_said_before_starting_where_it_is_known() {
    let env = Env::with_people();
    env.write("scan.raw", noise(12 << 20));
    env.package("scan.raw", "p", "");
    let Some(disk) = Mounted::memory(&env, "disk", "size=8m") else {
        return;
    };
    unchanged(&env, || {
        let export = format!("export scan.raw {TO_DISK} --compress none");
        let ran = env.by("sender", &export).ends(1);
        ran.says("the package needs ").says("free some space there");
        let open = "open out/p.exeat --to disk/new";
        let ran = env.by("recipient", open).ends(1);
        ran.says("the content needs ").says("free some space there");
    });
    assert_eq!(disk.count(), 0);
}

#[test]
fn a_disk_that_fills_up_is_left_clean() {
    let env = Env::with_people();
    env.write("scan.raw", noise(12 << 20));
    // More files than the disk has room for the names of.
    for number in 0..200 {
        env.write(format!("many/{number}"), "x");
    }
    env.package("many", "p", "");
    let Some(disk) = Mounted::memory(&env, "disk", "size=8m,nr_inodes=100") else {
        return;
    };
    unchanged(&env, || {
        // What compression will save is known to nobody.
        let export = format!("export scan.raw {TO_DISK} --compress zstd");
        let ran = env.by("sender", &export).ends(1);
        ran.says("cannot write volume-00001.age: No space left on device")
            .says("free some space there, or choose another place");
        let open = "open out/p.exeat --to disk/new";
        let ran = env.by("recipient", open).ends(1);
        ran.says("No space left on device")
            .says("free some space there, or choose another place");
    });
    assert_eq!(disk.count(), 0);
}

/// The root of a disk is empty, and yet cannot be replaced.
#[test]
fn opening_onto_a_disk_itself() {
    let env = Env::with_package();
    let Some(disk) = Mounted::memory(&env, "disk", "size=16m") else {
        return;
    };
    unchanged(&env, || {
        let ran = env.by("recipient", "open out/p.exeat --to disk").ends(1);
        ran.says("a disk is mounted there")
            .says("name a new folder inside it");
    });
    assert_eq!(disk.count(), 0);
    let open = "open out/p.exeat --to disk/new";
    env.by("recipient", open).ends(0);
}

/// What is mounted below the source belongs to it, and is no place for the
/// package.
#[test]
fn a_disk_in_the_source() {
    let env = Env::with_people();
    let Some(_disk) = Mounted::memory(&env, "data/disk", "size=16m") else {
        return;
    };
    env.write("data/letter.txt", "Dear Dr Example\n");
    env.write("data/disk/patients.csv", "nhs_number\n");
    fs::create_dir(env.path("data/disk/backups")).unwrap();
    unchanged(&env, || {
        let export = "export data --to data/disk/backups -R recipient/recipient.txt";
        let ran = env.by("sender", export).ends(1);
        ran.says("data/disk/backups lies inside what is being exported");
    });
    env.package("data", "p", "");
    env.by("recipient", "open out/p.exeat --to new").ends(0);
    assert_eq!(env.read("new/data/disk/patients.csv"), "nhs_number\n");
}
