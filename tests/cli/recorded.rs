//! What is kept of an export: the ledger, and the facts in the package itself.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::Value;

use crate::check::result;
use crate::environment::{Env, Ran, noise};
use crate::ledger::{self, story};
use crate::mounts::Mounted;
use crate::people::{Person, assert_names_nobody, assert_nobody, diagnoses, people, table};
use crate::plain::{plain, prepared};

const EXPORT: &str = "export clinic --to out --name p -R recipient/recipient.txt";

/// A clinic of people, some ill, and something that cannot be read.
fn clinic(env: &Env) -> Vec<Person> {
    let them = people(60, 70);
    env.write("clinic/contacts.csv", table(&them));
    env.write("clinic/Thistlewick ward/ill.csv", diagnoses(&them[..5]));
    env.write("clinic/scan.raw", noise(9000));
    them
}

#[test]
fn the_intent_comes_before_the_outcome() {
    let env = prepared();
    let them = clinic(&env);
    env.by("sender", "export clinic --to out").ends(3);
    env.by("sender", &format!("{EXPORT} --purpose audit"))
        .ends(0);
    plain(&env, "clinic").ends(3);
    assert_eq!(
        story(&env),
        ["refusal", "intent", "outcome delivered", "refusal"]
    );
    let entries = ledger::entries(&env);
    for (number, entry) in entries.iter().enumerate() {
        assert_eq!(entry["sequence"], number + 1);
        assert_eq!(entry["version"], 2);
    }
    let [early, intent, outcome, late] = &entries[..] else {
        unreachable!("just counted");
    };
    // Refused before anything was read, and after all of it was.
    assert_eq!(early["found"], Value::Null);
    assert_eq!(ledger::codes(early), ["no-recipient"]);
    assert_eq!(late["found"]["people"]["most"], 70);
    assert_eq!(intent["found"]["people"]["most"], 70);
    assert_eq!(intent["found"]["uninspected"], 1);
    assert_eq!(intent["export"]["form"], "encrypted");
    assert_eq!(intent["export"]["purpose"], "audit");
    assert_eq!(ledger::codes(intent), ["uninspected"]);
    let key = env.read("recipient/recipient.txt");
    assert_eq!(intent["export"]["recipients"][0]["key"], key.trim());
    assert_eq!(intent["export"]["signer"], env.fingerprint("sender"));
    assert_eq!(outcome["outcome"]["intent"], 2);
    assert_eq!(outcome["outcome"]["id"], intent["export"]["id"]);
    let listed = result(&env.by("recipient", "verify out/p.exeat --json").ends(0));
    assert_eq!(
        outcome["outcome"]["manifest_sha256"],
        listed["manifest_sha256"]
    );

    let text = ledger::text(&env);
    assert_nobody(&them, &text);
    for name in [
        "clinic",
        "contacts",
        "ill.csv",
        "scan",
        "ward",
        "nhs_number",
        "out/p",
        "E11.9",
    ] {
        assert!(!text.contains(name), "{name} in the ledger");
    }
}

#[test]
fn it_is_for_its_owner_alone() {
    let env = prepared();
    clinic(&env);
    let mut command = env.command("sh");
    let line = format!("umask 000; exec \"$0\" --config-dir sender {EXPORT}");
    Ran::of(command.args(["-c", &line, env!("CARGO_BIN_EXE_exeat")])).ends(0);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&ledger::path(&env)), 0o600);
    assert_eq!(mode(ledger::path(&env).parent().unwrap()), 0o700);
}

#[test]
fn several_at_once_are_all_recorded() {
    let env = prepared();
    clinic(&env);
    let runs = [0, 1, 2, 3].map(|number| {
        let mut command = env.exeat();
        let line = EXPORT.replace("--name p", &format!("--name p{number}"));
        command
            .args(["--config-dir", "sender"])
            .args(line.split(' '));
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    });
    for run in runs {
        let output = run.wait_with_output().unwrap();
        Ran::from_output("export".to_owned(), &output).ends(0);
    }
    let entries = ledger::entries(&env);
    assert_eq!(entries.len(), 8);
    let mut open = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        assert_eq!(entry["sequence"], number + 1);
        match entry["kind"].as_str().unwrap() {
            "intent" => open.push(entry["sequence"].clone()),
            _ => open.retain(|intent| *intent != entry["outcome"]["intent"]),
        }
    }
    assert!(open.is_empty(), "no outcome of {open:?}");
}

/// What a power failure leaves at the end is neither lost nor in the way.
#[test]
fn a_torn_last_line_is_survived() {
    let env = prepared();
    env.write("few.csv", table(&people(61, 30)));
    env.write("more.csv", table(&people(62, 30)));
    plain(&env, "few.csv --name p").ends(0);
    for torn in ["{\"version\":2,\"sequence\":3,\"ti", "\0\0\0\0"] {
        let before = ledger::text(&env);
        ledger::append(&env, torn.as_bytes());
        // What had left before counts.
        plain(&env, "more.csv").ends(3).says("quota-exceeded");
        let after = ledger::text(&env);
        assert!(after.starts_with(&format!("{before}{torn}\n")), "{after}");
        let added: Vec<Value> = after[before.len() + torn.len()..]
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let kinds: Vec<_> = added
            .iter()
            .map(|entry| entry["kind"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, ["torn", "refusal"]);
        assert_eq!(added[0]["torn"]["at"], before.len());
        assert_eq!(added[0]["torn"]["bytes"], torn.len() + 1);
    }
}

/// Whoever may open a package learns what its sender found in it.
#[test]
fn the_package_knows_what_is_in_it() {
    let env = prepared();
    let them = clinic(&env);
    let sealed = env.by("sender", EXPORT).ends(0);
    assert_names_nobody(&them[..0], &sealed);
    assert!(
        sealed
            .out
            .contains("  people       70 people that could be seen\n"),
        "{sealed}"
    );
    let sealed = sealed.says("note: uninspected: 1 file could not be inspected");
    sealed.says("    clinic/scan.raw (");

    let listed = env.by("recipient", "list out/p.exeat").ends(0);
    let listed = listed
        .says("holds 3 files (")
        .says("  people         70 people that could be seen\n")
        .says("  health         5 values in clinic/Thistlewick ward/ill.csv, column 'diagnosis'\n")
        .says("  NHS number     75 values in ")
        .says("  not inspected  1 file:\n")
        .says("note: uninspected: 1 file");
    // The name of a folder is what the sender called it; the content stays in.
    let listed = format!("{listed}").replace("Thistlewick ward", "");
    assert_nobody(&them, &listed);

    let json = result(&env.by("recipient", "list out/p.exeat --json").ends(0));
    let inside = "verify out/p.exeat -i recipient/identity.txt";
    let verified = env.by("recipient", &format!("{inside} --json")).ends(0);
    let content = &result(&verified)["content"];
    for found in [&json, content] {
        assert_eq!(found["facts"]["people"]["most"], 70, "{verified}");
        assert_eq!(found["facts"]["uninspected"]["files"], 1);
        assert_eq!(found["facts"]["coverage"], "partial");
        assert_eq!(found["findings"][0]["code"], "uninspected");
    }
    assert_eq!(json["facts"], content["facts"]);
    let shown = env.by("recipient", inside).ends(0);
    assert!(format!("{shown}").contains("70 people"), "{shown}");
    // Who cannot open it learns nothing of the kind.
    let outside = env.by("recipient", "verify out/p.exeat --json").ends(0);
    assert_eq!(result(&outside)["content"], Value::Null);
    assert!(!outside.out.contains("people"), "{outside}");
    for name in ["manifest.json", "README.txt"] {
        let member = env.read(format!("out/p.exeat/{name}"));
        assert!(
            !member.contains("nhs") && !member.contains("contacts"),
            "{member}"
        );
    }
}

/// A real removable disk cannot be had in a test: that `open` refuses one is
/// shown with recorded trees of sysfs in the library. Here: what is not
/// recognised gets a warning, and the machine's own disk none.
#[test]
fn opening_onto_another_medium() {
    let env = prepared();
    let them = clinic(&env);
    env.by("sender", EXPORT).ends(0);
    env.write("counts.csv", "ward,admissions\nNorth,104\nSouth,99\n");
    env.package("counts.csv", "counts", "");
    env.write("scan.raw", noise(9000));
    env.package("scan.raw", "unknown", "");
    let Some(_memory) = Mounted::memory(&env, "memory", "size=1m") else {
        return;
    };
    let Some(_overlay) = Mounted::overlay(&env, "overlay") else {
        return;
    };
    let warning = "warning: plaintext-to-removable: the package ";
    for (package, to, is_warned) in [
        ("p", "memory", false),
        ("p", "overlay", true),
        ("unknown", "memory", false),
        ("unknown", "overlay", true),
        ("counts", "memory", false),
        ("counts", "overlay", false),
    ] {
        let open = format!("open out/{package}.exeat --to {to}/{package} --quiet");
        let ran = env.by("recipient", &open).ends(0);
        assert_eq!(is_warned, ran.err.contains(warning), "{ran}");
        assert_names_nobody(&them, &ran);
        assert!(env.path(format!("{to}/{package}")).exists());
    }
    // Opening lets nothing out of the sender's keeping: it is not recorded.
    assert_eq!(story(&env).len(), 6);
}
