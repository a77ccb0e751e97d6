//! Packages that are passed on: who may, what readers are told, and envelopes
//! that do not belong there.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::environment::{Env, Ran, copy_package, flip};
use crate::mounts::Mounted;
use crate::tree::{assert_nothing_partial, unchanged};

const THREE: [&str; 3] = ["key-2.age", "key-2.json", "key-2.json.sig"];

/// A package for the recipient, who trusts the sender; and a third person,
/// who trusts both.
fn env() -> Env {
    let env = Env::with_package();
    env.person("third");
    for signer in ["sender", "recipient"] {
        env.by("third", &format!("trust {signer}/signer.txt"))
            .ends(0);
    }
    env
}

fn pass_on(env: &Env) -> Ran {
    env.by("recipient", "rekey out/p.exeat -R third/recipient.txt")
}

/// `q.exeat.tar`, of the package.
fn archive(env: &Env) {
    let mut command = env.command("bash");
    command.args(["-c", "cd out/p.exeat && tar -cf ../../q.exeat.tar *"]);
    Ran::of(&mut command).ends(0);
}

#[test]
fn a_package_is_passed_on() {
    let env = env();
    let before = env.by("third", "open out/p.exeat --to early").ends(1);
    before.says("none of the given identities");
    let ran = pass_on(&env).ends(0);
    assert!(
        ran.out.starts_with("passed on: key-2.age was added\n"),
        "{ran}"
    );
    assert!(ran.out.contains("whoever could open it before still can"));
    assert!(ran.out.contains(&env.fingerprint("recipient")));
    // No member is edited, and stock tools agree.
    env.by("recipient", "verify out/p.exeat -i recipient/identity.txt")
        .ends(0);
    let third = env.by("third", "open out/p.exeat --to new").ends(0);
    third
        .says("note: the package was passed on by recipient@clinic.example on ")
        .says("recipient@clinic.example has passed the package on to you");
    env.tool("diff -r --no-dereference data new/data");
    let record = env.read("out/p.exeat/key-2.json");
    assert!(
        record.starts_with("{\"created\":\"") && record.ends_with("\"}\n"),
        "{record}"
    );
    let mut command = env.command("ssh-keygen");
    command
        .args(["-Y", "verify", "-f", "third/allowed_signers"])
        .args(["-I", "recipient@clinic.example", "-n", "exeat.rekey.v1"])
        .args(["-s", "out/p.exeat/key-2.json.sig"])
        .stdin(fs::File::open(env.path("out/p.exeat/key-2.json")).unwrap());
    Ran::of(&mut command).ends(0);
    // Whoever may read the package may read this.
    let mode = |name: &str| {
        let metadata = fs::metadata(env.path("out/p.exeat").join(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(THREE.map(mode), [mode("key.age"); 3]);
    // The document says so, too.
    let json = env.by("third", "verify out/p.exeat --json").ends(0);
    let document: Value = serde_json::from_str(&json.out).unwrap();
    let further = &document["result"]["further_envelopes"][0];
    assert_eq!(further["member"], "key-2.age");
    assert_eq!(further["passed_on_by"]["name"], "recipient@clinic.example");
    assert!(further["problem"].is_null() && further["created"].is_string());
    // On and on: the third passes it to a fourth, whose envelope is the third.
    env.person("fourth");
    for signer in ["sender", "third"] {
        env.by("fourth", &format!("trust {signer}/signer.txt"))
            .ends(0);
    }
    let ran = env
        .by("third", "rekey out/p.exeat -R fourth/recipient.txt")
        .ends(0);
    assert!(
        ran.out.starts_with("passed on: key-3.age was added\n"),
        "{ran}"
    );
    let ran = env.by("fourth", "open out/p.exeat --to newest").ends(0);
    ran.says("third@clinic.example has passed the package on to you")
        .says("warning: key-2.age is not used: somebody you do not trust");
    env.tool("diff -r new newest");
    // In one file as well.
    archive(&env);
    env.by("fourth", "open q.exeat.tar --to last").ends(0);
    env.tool("diff -r new last");
}

/// The last entries of the ledger, without what changes from run to run.
fn ledger(env: &Env) -> Vec<Value> {
    let ledger = fs::read_to_string(env.path("../state/exeat/ledger.jsonl")).unwrap();
    ledger
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn it_is_decided_and_recorded_like_an_export() {
    let env = env();
    let entries = ledger(&env).len();
    let by = |options: &str| {
        let line = format!("rekey out/p.exeat -R third/recipient.txt {options}");
        env.by("recipient", &line)
    };
    env.write("rules.toml", "[purpose]\nallowed = [\"audit\"]\n");
    by("--policy rules.toml").ends(3).says("purpose-missing");
    env.write("only.toml", "[recipients]\nfile = \"known.toml\"\n");
    let recipient = env.read("recipient/recipient.txt");
    let key = recipient
        .lines()
        .find(|line| line.starts_with("age1"))
        .unwrap();
    env.write(
        "known.toml",
        format!("[[recipient]]\nname = \"R\"\nkey = \"{key}\"\n"),
    );
    by("--policy only.toml")
        .ends(3)
        .says("recipient-not-allowed");
    env.write("few.toml", "[ceiling]\npeople = 0\n");
    by("--policy few.toml").ends(3).says("over-ceiling");
    env.write("places.toml", "[destinations]\nallow = [\"optical\"]\n");
    by("--policy places.toml")
        .ends(3)
        .says("destination-not-allowed");
    env.by("recipient", "rekey out/p.exeat")
        .ends(3)
        .says("no-recipient");
    // Beside the key that opens it, it is not passed on either.
    fs::copy(env.path("third/identity.txt"), env.path("out/identity.txt")).unwrap();
    by("").ends(3).says("key-beside-data");
    fs::remove_file(env.path("out/identity.txt")).unwrap();
    assert!(
        THREE
            .iter()
            .all(|name| !env.path("out/p.exeat").join(name).exists())
    );
    by("--policy rules.toml --purpose audit").ends(0);
    let entries = &ledger(&env)[entries..];
    let kinds: Vec<_> = entries.iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(kinds[..6], ["refusal"; 6]);
    assert_eq!(kinds[6..], ["intent", "outcome"]);
    let manifest = env.tool("sha256sum out/p.exeat/manifest.json");
    let outcome = &entries[7]["outcome"];
    assert_eq!(
        outcome["manifest_sha256"],
        manifest.split(' ').next().unwrap()
    );
    assert_eq!(outcome["ending"], "delivered");
    assert_eq!(entries[6]["export"]["purpose"], "audit");
    assert!(entries[6]["found"]["people"]["most"].as_u64().unwrap() > 0);
}

#[test]
fn what_cannot_be_passed_on() {
    let env = env();
    archive(&env);
    let refused = |line: &str, code: i32, words: &str| {
        let ran = unchanged(&env, || env.by("recipient", line));
        assert!(ran.out.is_empty(), "{ran}");
        ran.ends(code).says(words);
    };
    let to = "-R third/recipient.txt";
    refused(
        &format!("rekey q.exeat.tar {to}"),
        1,
        "unpack it with 'tar -xf'",
    );
    refused(
        &format!("rekey - {to}"),
        2,
        "an envelope is added to a folder",
    );
    refused(&format!("rekey nowhere {to}"), 1, "cannot open nowhere");
    refused(
        &format!("rekey out/p.exeat {to} -i sender/identity.txt"),
        1,
        "none of the given identities",
    );
    refused(
        "rekey out/p.exeat -r nobody",
        2,
        "neither a recipient's key nor a known name",
    );
    refused("rekey out/p.exeat --passphrase", 2, "--passphrase");
    let ran = unchanged(&env, || env.by("third", &format!("rekey out/p.exeat {to}")));
    ran.ends(1).says("none of the given identities");
    flip(&env.path("out/p.exeat/volume-00002.age"));
    refused(
        &format!("rekey out/p.exeat {to}"),
        4,
        "volume-00002.age is not what was signed",
    );
    flip(&env.path("out/p.exeat/volume-00002.age"));
    let Some(_disk) = Mounted::memory(&env, "full", "size=4m") else {
        return;
    };
    copy_package(&env.path("out/p.exeat"), &env.path("full/p.exeat"));
    fill(&env.path("full/filler"));
    refused(
        &format!("rekey full/p.exeat {to}"),
        1,
        "No space left on device",
    );
    assert_nothing_partial(&env.path("full"));
}

/// Takes all the room there is.
fn fill(path: &Path) {
    use std::io::Write as _;
    let mut file = fs::File::create(path).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
}

/// Changes a copy of a package that was passed on, and asks both readers.
#[track_caller]
fn spoilt(env: &Env, spoil: impl Fn(&Path), code: i32, words: &str) {
    let path: PathBuf = env.path("q.exeat");
    let _ = fs::remove_dir_all(&path);
    copy_package(&env.path("out/p.exeat"), &path);
    spoil(&path);
    for person in ["third", "recipient"] {
        let ran = env.by(person, "verify q.exeat");
        ran.ends(code).says(words);
    }
}

#[test]
fn envelopes_that_do_not_belong_there() {
    let env = env();
    // The recipient trusts nobody but the sender with packages; their own key
    // is among those they trust.
    pass_on(&env).ends(0);
    env.package("data", "other", "");
    env.by("recipient", "rekey out/other.exeat -R third/recipient.txt")
        .ends(0);
    spoilt(
        &env,
        |p| flip(&p.join("key-2.age")),
        4,
        "key-2.age is not what was signed",
    );
    spoilt(
        &env,
        |p| flip(&p.join("key-2.json")),
        4,
        "key-2.json is not what was signed",
    );
    spoilt(
        &env,
        |p| fs::write(p.join("key-2.json.sig"), "nothing").unwrap(),
        4,
        "key-2.json.sig is not what it should be",
    );
    spoilt(
        &env,
        |p| {
            fs::copy(p.join("manifest.json.sig"), p.join("key-2.json.sig")).unwrap();
        },
        4,
        "key-2.json.sig is not what it should be",
    );
    // Of another package: the whole of it, and the envelope alone.
    let other = env.path("out/other.exeat");
    let take = |names: &[&str], p: &Path| {
        for name in names {
            fs::copy(other.join(name), p.join(name)).unwrap();
        }
    };
    spoilt(
        &env,
        |p| take(&THREE, p),
        4,
        "key-2.json belongs to another package",
    );
    spoilt(
        &env,
        |p| take(&THREE[..1], p),
        4,
        "key-2.age is not what was signed",
    );
    // The record of one envelope beside another.
    let ran = env.by("recipient", "rekey out/p.exeat -R sender/recipient.txt");
    ran.ends(0);
    spoilt(
        &env,
        |p| {
            for suffix in ["json", "json.sig"] {
                fs::copy(
                    p.join(format!("key-3.{suffix}")),
                    p.join(format!("key-2.{suffix}")),
                )
                .unwrap();
            }
        },
        4,
        "key-2.json is the record of another envelope than key-2.age",
    );
    for name in ["key-2.age", "key-2.json"] {
        let words = "does not belong in the package";
        spoilt(&env, |p| fs::remove_file(p.join(name)).unwrap(), 4, words);
    }
    spoilt(
        &env,
        |p| {
            fs::remove_file(p.join("key-2.json")).unwrap();
            symlink("key-3.json", p.join("key-2.json")).unwrap();
        },
        4,
        "key-2.json is not a regular file",
    );
    for name in ["key-1.age", "key-02.age", "key-1000.age", "key-4.txt"] {
        let words = format!("'{name}' does not belong in the package");
        spoilt(&env, |p| fs::write(p.join(name), "x").unwrap(), 4, &words);
    }
    let long = |p: &Path| fs::write(p.join("key-2.json"), vec![b' '; 5000]).unwrap();
    spoilt(&env, long, 4, "'key-2.json' does not belong in the package");
    // Stopped before it was signed: said, and not used.
    spoilt(
        &env,
        |p| fs::remove_file(p.join("key-2.json.sig")).unwrap(),
        0,
        "key-2.age is not used: whoever passed the package on was stopped",
    );
    env.by("third", "open q.exeat --to never")
        .ends(1)
        .says("none of the given identities");
    // The next number is free.
    let ran = env
        .by("recipient", "rekey q.exeat -R third/recipient.txt")
        .ends(0);
    assert!(
        ran.out.starts_with("passed on: key-4.age was added\n"),
        "{ran}"
    );
    env.by("third", "open q.exeat --to now").ends(0);
}

#[test]
fn an_envelope_by_somebody_nobody_trusts() {
    let env = env();
    env.person("stranger");
    env.by("stranger", "trust sender/signer.txt").ends(0);
    // A stranger who got hold of the recipient's identity.
    let line = "rekey out/p.exeat -i recipient/identity.txt -R third/recipient.txt";
    env.by("stranger", line).ends(0);
    let ran = env.by("third", "open out/p.exeat --to new").ends(1);
    ran.says("warning: key-2.age is not used: somebody you do not trust with that")
        .says("none of the given identities");
    assert!(!env.path("new").exists());
    // The one it was sealed for is told, and can open it.
    let ran = env.by("recipient", "open out/p.exeat --to new").ends(0);
    ran.says("warning: key-2.age is not used");
    // A line that vouches for packages alone does not vouch for this.
    env.person("narrow");
    env.by("narrow", "trust sender/signer.txt").ends(0);
    let line = env
        .read("stranger/signer.txt")
        .replace(",exeat.rekey.v1", "");
    env.write("line.txt", line);
    env.by("narrow", "trust line.txt").ends(0);
    let ran = env.by("narrow", "verify out/p.exeat").ends(0);
    ran.says("not allowed to sign for \"exeat.rekey.v1\"");
}

/// As people put packages onto a stick: what is beside it is another disk's.
#[test]
fn a_package_at_the_root_of_a_disk() {
    let env = env();
    let Some(_disk) = Mounted::memory(&env, "stick", "size=8m") else {
        return;
    };
    copy_package(&env.path("out/p.exeat"), &env.path("stick"));
    let places = |kinds: &str| {
        env.write(
            "places.toml",
            format!("[destinations]\nallow = [{kinds}]\n"),
        );
        let line = "rekey stick -R third/recipient.txt --policy places.toml";
        env.by("recipient", line)
    };
    // It is the disk of the package that is asked about.
    places("\"fixed\", \"unrecognised\", \"encrypted\"")
        .ends(3)
        .says("nothing may be exported to memory");
    places("\"memory\"").ends(0);
    env.by("third", "open stick --to new").ends(0);
    env.tool("mount -o remount,ro stick");
    let ran = env.by("recipient", "rekey stick -R third/recipient.txt");
    ran.ends(1).says("is mounted read-only");
    env.tool("mount -o remount,rw stick");
    // The power failed while it was signed.
    fs::write(env.path("stick/key-2.json.sig"), "").unwrap();
    let ran = env.by("third", "verify stick").ends(0);
    ran.says("was stopped before signing it");
}

#[test]
fn two_at_once() {
    let env = env();
    let start = || {
        let mut command = env.exeat();
        command
            .args(["--config-dir", "recipient", "rekey", "out/p.exeat"])
            .args(["-R", "third/recipient.txt"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command.spawn().unwrap()
    };
    let mut both = [start(), start()];
    assert!(both.iter_mut().all(|child| child.wait().unwrap().success()));
    let package = env.path("out/p.exeat");
    assert!(package.join("key-2.json.sig").exists() && package.join("key-3.json.sig").exists());
    env.by("third", "verify out/p.exeat").ends(0);
    assert_nothing_partial(&env.path("out"));
}
