//! Post-quantum recipients, from the command line. Debian's `age` knows none of
//! them yet (1.3 does), so that what another implementation makes of them is
//! tried with one for Node, here and beside `keys::hybrid`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::environment::{Env, Ran, skipped};

/// Made for these tests, and of no use to anybody.
const RECIPIENT: &str = include_str!("post_quantum/recipient.txt");
const IDENTITY: &str =
    "AGE-SECRET-KEY-PQ-1Z6VWW82GHA9RA04Z40HY4WUEY5HK55F6ULJ7PX9TCA4M4UDQL4DQRDT9JR";

/// The sample tree, people, and the key in every form that it is given in.
fn env() -> Env {
    let env = Env::with_people();
    env.sample("data");
    fs::create_dir(env.path("out")).unwrap();
    env.write("pq.txt", RECIPIENT);
    env.write("pq-identity.txt", format!("# for tests\n{IDENTITY}\n"));
    let book = format!(
        "[[recipient]]\nname = \"North\"\nkey = \"{}\"\n",
        RECIPIENT.trim()
    );
    env.write("sender/recipients.toml", book);
    env
}

#[test]
fn a_package_for_a_post_quantum_key_opens_with_it_alone() {
    let env = env();
    for (number, key) in ["-R pq.txt", "-r North", &format!("-r {}", RECIPIENT.trim())]
        .iter()
        .enumerate()
    {
        let export = format!("export data --to out --name p{number} {key}");
        env.by("sender", &export).ends(0);
        let package = format!("out/p{number}.exeat");
        let header = fs::read(env.path(&package).join("key.age")).unwrap();
        let header = String::from_utf8_lossy(&header).into_owned();
        assert!(header.contains("\n-> mlkem768x25519 ") && !header.contains("-> X25519 "));
        let readme = env.read(format!("{package}/README.txt"));
        assert!(readme.contains("age 1.3 or later"), "{readme}");
        let open = format!("open {package} --to new{number} -i");
        let ran = env.by("recipient", &format!("{open} recipient/identity.txt"));
        ran.ends(1).says("none of the given identities");
        env.by("recipient", &format!("{open} pq-identity.txt"))
            .ends(0);
        env.tool(&format!("diff -r --no-dereference data new{number}/data"));
    }
    // A long key is cut short for people, and for programs it is not.
    let list = "list out/p0.exeat -i pq-identity.txt";
    let (begin, end) = (&RECIPIENT[..32], &RECIPIENT.trim()[1943..]);
    let ran = env.by("recipient", list).ends(0);
    assert!(
        ran.to_string().contains(&format!("for {begin}…{end}")),
        "{ran}"
    );
    let ran = env.by("recipient", &format!("{list} --json")).ends(0);
    assert!(ran.out.contains(RECIPIENT.trim()), "{ran}");
}

#[test]
fn all_or_none_are_post_quantum() {
    let env = env();
    let both = "-R pq.txt -R recipient/recipient.txt";
    for line in [
        format!("export data --to out --name p {both}"),
        format!("export data --to out --name p {both} --dry-run"),
        format!("check data --to out {both}"),
    ] {
        env.by("sender", &line)
            .ends(1)
            .says("some are post-quantum, others are not")
            .says("all or none of the recipients have to be post-quantum");
    }
    assert_eq!(fs::read_dir(env.path("out")).unwrap().count(), 0);
}

#[test]
fn a_policy_can_ask_for_post_quantum_recipients() {
    let env = env();
    env.write("pq.toml", "[recipients]\npost_quantum = true\n");
    let export = "export data --to out --name p --policy pq.toml";
    env.by("sender", &format!("{export} -R recipient/recipient.txt"))
        .ends(3)
        .says("recipient-not-post-quantum")
        .says("pq.toml:2");
    env.by("sender", &format!("{export} -r North")).ends(0);
    let shown = env.by("sender", "policy show --policy pq.toml").ends(0);
    assert!(shown.out.contains("post_quantum = true"), "{shown}");
}

#[test]
fn another_age_opens_the_envelope() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/node/age.mjs");
    if !script.is_file() {
        let why = "there is no target/node/age.mjs; tests/run makes it";
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{why}");
        return skipped(why);
    }
    let env = env();
    env.by("sender", "export data --to out --name p -R pq.txt")
        .ends(0);
    let package = env.path("out/p.exeat");
    let decrypt = |identity: &str, name: &str| {
        let mut command = env.command("node");
        command.arg(&script).args(["decrypt", identity]);
        let file: PathBuf = package.join(name);
        Ran::of(command.stdin(fs::File::open(file).unwrap()))
            .ends(0)
            .out
    };
    let key = decrypt(IDENTITY, "key.age");
    assert!(key.starts_with("AGE-SECRET-KEY-1"));
    // And with it the rest.
    assert!(!decrypt(key.trim_end(), "inventory.age").is_empty());
}
