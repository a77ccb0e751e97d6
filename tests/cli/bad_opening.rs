//! A good package, and the wrong key, place or path to open it with.

use std::fs;
use std::os::unix::fs::symlink;

use crate::bad_package::refused;
use crate::environment::{Env, copy_package};
use crate::tree::unchanged;

#[test]
fn who_is_no_recipient() {
    let env = Env::with_package();
    env.person("stranger");
    copy_package(&env.path("out/p.exeat"), &env.path("q.exeat"));
    let words = "none of the given identities opens this package";
    for command in [
        "verify q.exeat -i stranger/identity.txt",
        "list q.exeat -i stranger/identity.txt",
        "open q.exeat --to new -i stranger/identity.txt -i sender/identity.txt",
    ] {
        refused(&env, command, 1, words);
    }
    // One that fits among others that do not is enough.
    let both = "verify q.exeat -i stranger/identity.txt -i recipient/identity.txt";
    env.by("recipient", both).ends(0);
    let none =
        "--config-dir nobody list q.exeat --allowed-signers recipient/allowed_signers --json";
    let ran = unchanged(&env, || env.run(none));
    assert!(ran.ends(2).err.contains("no identity to open the package"));
}

#[test]
fn identity_files_that_are_none() {
    let env = Env::with_package();
    copy_package(&env.path("out/p.exeat"), &env.path("q.exeat"));
    env.write("long.txt", vec![b'#'; 100_000]);
    env.write("half.txt", "# mine\nAGE-SECRET-KEY-1QQQQ\n");
    env.write("none.txt", "# nothing\n");
    env.write("bytes", [0xff, 0xfe, 0, 1]);
    for (file, words) in [
        ("nowhere", "cannot read nowhere: No such file"),
        ("data", "cannot read data: Is a directory"),
        ("data/patients.csv", "not an identity file: line 1"),
        ("recipient/recipient.txt", "line 1 is a recipient"),
        // An SSH key like any other, though not the one it is for.
        (
            "recipient/signing_key",
            "none of the given identities opens",
        ),
        ("half.txt", "not an identity file: line 2"),
        ("none.txt", "not an identity file: "),
        ("bytes", "not an identity file: it is not a text file"),
        ("long.txt", "cannot read long.txt: larger than"),
    ] {
        let ran = refused(&env, &format!("list q.exeat -i {file}"), 1, words);
        assert!(
            !ran.err.contains("QQQQ"),
            "a secret in a message: {}",
            ran.err
        );
        refused(&env, &format!("open q.exeat --to new -i {file}"), 1, words);
    }
}

#[test]
fn places_that_cannot_be_opened_into() {
    let env = Env::with_package();
    copy_package(&env.path("out/p.exeat"), &env.path("q.exeat"));
    symlink("nowhere", env.path("dangling")).unwrap();
    for (target, words) in [
        ("data", "data exists already"),
        ("data/patients.csv", "data/patients.csv exists already"),
        ("dangling", "dangling exists already"),
        ("q.exeat", "q.exeat exists already"),
        ("q.exeat/new", "q.exeat/new lies inside the package"),
        ("nowhere/new", "cannot open the folder nowhere: No such"),
        ("data/patients.csv/new", "Not a directory"),
        (".", ". "),
    ] {
        refused(&env, &format!("open q.exeat --to {target}"), 1, words);
    }
    fs::create_dir(env.path("empty")).unwrap();
    env.by("recipient", "open q.exeat --to empty/").ends(0);
    assert_eq!(
        env.read("empty/data/patients.csv"),
        env.read("data/patients.csv")
    );
    let again = "open q.exeat --to empty";
    refused(&env, again, 1, "empty exists already");
}

#[test]
fn paths_that_are_not_in_the_package() {
    let env = Env::with_package();
    copy_package(&env.path("out/p.exeat"), &env.path("q.exeat"));
    for path in [
        "nothing",
        "data/nothing",
        "data/letter",
        "/data",
        "data/../data",
    ] {
        let words = format!("there is no '{path}' in the package");
        refused(&env, &format!("open q.exeat {path} --to new"), 1, &words);
    }
}
