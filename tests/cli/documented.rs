//! What `--json` prints is what the manual's schemas say, member by member.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::after;
use crate::approvals;
use crate::backups::live::with_a_lapse;
use crate::bad_input::unprivileged;
use crate::bad_package::spoilt;
use crate::environment::{Env, Ran, flip, noise, require};
use crate::people::{people, table};
use crate::schema::Schema;

/// Demands that what was printed is as the schema says.
#[track_caller]
fn documented(schema: &Schema, ran: &Ran) -> Value {
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    if let Err(why) = schema.check(&document) {
        panic!("{why}\n{ran}");
    }
    assert_eq!(document["exit"].as_i64(), ran.code.map(i64::from));
    document
}

/// A tree with one of everything that facts and entries can tell.
fn everything(env: &Env) {
    env.sample("data");
    env.write("data/people.csv", table(&people(3, 4)));
    env.write("data/letter.txt", "Mail to alice@clinic.example, please.\n");
    env.write("data/unread.csv", "nobody may\n");
    env.write(
        Path::new("data").join(OsStr::from_bytes(b"\xff.raw")),
        noise(99),
    );
    let image =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../exeat-readers/samples/image/exif.jpg");
    fs::copy(image, env.path("data/image.jpg")).unwrap();
    env.write("locked.csv", "ward,count\nNorth,4\n");
    env.tool("zip -q -P secret data/locked.zip locked.csv");
    fs::create_dir(env.path("out")).unwrap();
}

/// Seals the tree, in several volumes and with a file left out, and a letter:
/// `out/p.exeat` and `out/plain.exeat`. Not where no file is unreadable.
fn sealed(env: &Env) -> bool {
    let recipient = env.read("recipient/recipient.txt");
    let book = format!(
        "[[recipient]]\nname = \"registry\"\nkey = \"{}\"\n",
        recipient.trim()
    );
    env.write("sender/recipients.toml", book);
    env.package("letter", "plain", "");
    env.person("other");
    env.write("sender/other.txt", env.read("other/recipient.txt"));
    let Some(mut command) = unprivileged(env) else {
        return false;
    };
    let unreadable = fs::Permissions::from_mode(0o000);
    fs::set_permissions(env.path("data/unread.csv"), unreadable).unwrap();
    let line = "--config-dir sender export data --to out --name p --volume-size 1M --label a \
                --purpose audit -r registry -R sender/other.txt --skip-unreadable";
    Ran::of(command.args(line.split_whitespace())).ends(7);
    true
}

/// Runs the command on packages that are bad, foreign or none, with the wrong
/// key, and mistyped; `with_key` is what opens the package.
fn all_ways(env: &Env, schema: &Schema, command: &str, with_key: &str) {
    let run = |who: &str, line: &str, exit: i32| {
        let ran = env.by(who, &format!("{line} --json")).ends(exit);
        documented(schema, &ran)
    };
    let package = format!("{command} q.exeat{with_key}");
    spoilt(env, |_, p| flip(&p.join("inventory.age")));
    let found = run("recipient", &package, 4);
    assert_eq!(found["error"]["code"], "package-damaged");
    spoilt(env, |_, p| {
        fs::remove_file(p.join("manifest.json.sig")).unwrap()
    });
    let found = run("recipient", &package, 8);
    assert_eq!(found["error"]["code"], "signature-absent");
    spoilt(env, |_, p| {
        fs::remove_file(p.join("volume-00002.age")).unwrap()
    });
    run("recipient", &package, 4);
    spoilt(env, |_, p| {
        fs::remove_file(p.join("manifest.json")).unwrap()
    });
    run("recipient", &package, 4);
    let package = format!("{command} out/p.exeat");
    let found = run("stranger", &format!("{package}{with_key}"), 8);
    assert!(found["error"]["help"].is_string());
    run("recipient", &format!("{package} --signer eve@x.example"), 8);
    let found = run("recipient", &format!("{command} data"), 1);
    assert_eq!(found["error"]["code"], "not-a-package");
    let found = run("recipient", &format!("{command} nowhere"), 1);
    assert_eq!(found["error"]["causes"].as_array().unwrap().len(), 1);
    let found = run("recipient", &format!("{package} -i sender/identity.txt"), 1);
    assert_eq!(found["error"]["code"], "wrong-key");
    run("recipient", &format!("{package} -i nowhere"), 1);
    run("recipient", command, 2);
    run("recipient", &format!("{package} --volume"), 2);
    env.write("broken/config.toml", "what = is this");
    run("broken", &package, 5);
}

fn prepared() -> Option<Env> {
    if !require(&["zip", "setpriv", "chown", "ssh-keygen"]) {
        return None;
    }
    let env = Env::with_people();
    everything(&env);
    env.write("letter/hello.txt", "Dear Dr Example,\n");
    sealed(&env).then_some(env)
}

#[test]
fn verify_is_as_documented() {
    let Some(env) = prepared() else {
        return;
    };
    let schema = Schema::named("verify");
    for line in [
        "verify out/p.exeat",
        "verify out/p.exeat -i recipient/identity.txt",
    ] {
        let ran = env.by("recipient", &format!("{line} --json")).ends(0);
        documented(&schema, &ran);
    }
    // Of a chain: the first one, and one that comes after it, though not at once.
    let first = after::numbered(&env, "first.exeat", 1, None);
    after::numbered(&env, "third.exeat", 3, Some(&first));
    for (line, exit) in [
        ("verify first.exeat", 0),
        ("verify third.exeat --after first.exeat", 7),
    ] {
        let ran = env.by("recipient", &format!("{line} --json")).ends(exit);
        documented(&schema, &ran);
    }
    let identity = " -i recipient/identity.txt";
    all_ways(&env, &schema, "verify", "");
    all_ways(&env, &schema, "verify", identity);
    // Passed on, by one whom the recipient trusts and by one whom not.
    env.person("unknown");
    env.by("unknown", "trust sender/signer.txt").ends(0);
    for person in ["recipient", "unknown"] {
        let mut command = env.exeat();
        // The ledger of those who sealed it is another account's.
        command.env("XDG_STATE_HOME", env.path(person));
        command.args(["--config-dir", person, "rekey", "out/p.exeat"]);
        command.args(["-i", "recipient/identity.txt", "-R", "sender/recipient.txt"]);
        Ran::of(&mut command).ends(0);
    }
    let ran = env.by("recipient", "verify out/p.exeat --json").ends(0);
    documented(&schema, &ran);
    // Nothing is refused by verify: an error has no facts.
    let agreed = approvals::released();
    let line = "verify out/p.exeat -i recipient/identity.txt --json";
    documented(&schema, &agreed.by("recipient", line).ends(0));
    let never = ["content/checkpoint null", "error/facts object"];
    assert_eq!(schema.unseen(), never);
}

#[test]
fn list_is_as_documented() {
    let Some(env) = prepared() else {
        return;
    };
    let schema = Schema::named("list");
    for package in ["out/p.exeat", "out/plain.exeat"] {
        let ran = env
            .by("recipient", &format!("list {package} --json"))
            .ends(0);
        documented(&schema, &ran);
    }
    all_ways(&env, &schema, "list", "");
    all_ways(&env, &schema, "list", " -i recipient/identity.txt");
    let agreed = approvals::released();
    documented(
        &schema,
        &agreed.by("recipient", "list out/p.exeat --json").ends(0),
    );
    // A backup: files that lie in earlier packages, and one that changed meanwhile.
    let (site, newest) = with_a_lapse();
    let line = format!("list {} --json", newest.display());
    documented(&schema, &site.env.by("recipient", &line).ends(0));
    // Whoever exports here has a name.
    let never = [
        "error/facts object",
        "listed/checkpoint null",
        "listed/requester null",
    ];
    assert_eq!(schema.unseen(), never);
}

#[test]
fn every_command_has_the_same_envelope() {
    let env = Env::with_package();
    let schema = Schema::named("envelope");
    env.write("people.csv", table(&people(60, 60)));
    fs::create_dir(env.path("pages")).unwrap();
    let mut commands = BTreeSet::new();
    for (person, line, exit) in [
        ("new", "init --name ann@clinic.example", 0),
        ("new", "trust sender/signer.txt", 0),
        ("sender", "check people.csv --plain", 3),
        ("sender", "check people.csv -r age1x", 2),
        ("sender", "scan people.csv --no-cache", 3),
        ("sender", "export people.csv --to out --plain", 3),
        (
            "sender",
            "export data --to out -R recipient/recipient.txt",
            0,
        ),
        (
            "sender",
            "request people.csv --purpose audit -R recipient/recipient.txt -o r.json",
            0,
        ),
        ("recipient", "approve r.json --yes", 0),
        ("recipient", "reject r.json --why no", 0),
        ("recipient", "verify out/p.exeat", 0),
        ("recipient", "list out/p.exeat", 0),
        ("recipient", "open out/p.exeat --to new-data", 0),
        ("recipient", "receipt out/p.exeat", 0),
        ("recipient", "receipt out/p.exeat", 1),
        ("sender", "ledger list", 0),
        ("sender", "ledger outstanding", 9),
        ("sender", "ledger receive p.receipt.json", 8),
        ("recipient", "rekey out/p.exeat -R sender/recipient.txt", 0),
        ("sender", "policy show", 0),
        ("sender", "policy init floor", 0),
        ("sender", "backup status", 5),
        ("sender", "util man pages", 0),
        ("sender", "util man pages", 1),
        ("sender", "demo shown", 0),
        ("sender", "nonsense", 2),
    ] {
        let ran = env.by(person, &format!("{line} --json")).ends(exit);
        let document = documented(&schema, &ran);
        commands.insert(document["command"].as_str().unwrap().to_owned());
        if line.starts_with("export") && exit == 3 {
            assert!(document["error"]["facts"].is_object(), "{ran}");
        }
    }
    let known = schema.top()["command"]["enum"].as_array().unwrap();
    let known: BTreeSet<_> = known
        .iter()
        .map(|c| c.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(commands, known);
}

/// What two schemas define under one name is the same.
#[test]
fn the_schemas_agree() {
    let mut parts = BTreeMap::new();
    for schema in ["envelope", "verify", "list"].map(Schema::named) {
        for (name, part) in schema.parts() {
            let first = parts.entry(name.clone()).or_insert_with(|| part.clone());
            assert_eq!(first, part, "{name}");
        }
    }
}
