//! What `exeat ledger` says of the record, and that it notices whatever is done
//! to it.

use std::fs;
use std::process::Command;

use crate::check::result;
use crate::environment::{Env, Ran, require};
use crate::ledger::{self, story};
use crate::people::{diagnoses, people, table};
use crate::plain::prepared;

const EXPORT: &str = "export clinic --to out -R recipient/recipient.txt";

/// A sender who has let two packages out, `out/a.exeat` and `out/b.exeat`, and
/// was refused once in between.
fn exported() -> Env {
    let env = prepared();
    env.write("clinic/contacts.csv", table(&people(60, 4)));
    env.write("clinic/ill.csv", diagnoses(&people(90, 2)));
    env.by("sender", &format!("{EXPORT} --name a --purpose audit"))
        .ends(0);
    env.by("sender", "export clinic --to out --plain").ends(3);
    env.by("sender", &format!("{EXPORT} --name b --label Q3"))
        .ends(0);
    assert_eq!(
        story(&env),
        [
            "intent",
            "outcome delivered",
            "refusal",
            "intent",
            "outcome delivered"
        ]
    );
    env.by("sender", "trust recipient/signer.txt").ends(0);
    env
}

fn spoil(env: &Env, change: impl FnOnce(&str) -> String) {
    let text = ledger::text(env);
    let changed = change(&text);
    assert_ne!(changed, text);
    fs::write(ledger::path(env), changed).unwrap();
}

/// All but the last so many lines.
fn without_last(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.split_inclusive('\n').collect();
    all[..all.len() - lines].concat()
}

#[test]
fn the_list_is_of_exports_and_refusals() {
    let env = exported();
    let all = env.by("sender", "ledger list").ends(0).out;
    let rows: Vec<_> = all.lines().collect();
    assert_eq!(rows.len(), 4, "{all}");
    assert!(rows[0].starts_with("#  when (UTC)"), "{all}");
    assert!(
        rows[1].starts_with("1  20") && rows[1].contains("  left  "),
        "{all}"
    );
    assert!(
        rows[2].contains("  refused: ") && rows[2].ends_with("in the clear"),
        "{all}"
    );
    assert!(
        rows[3].starts_with("4  20") && rows[3].ends_with('…'),
        "{all}"
    );
    let count = |options: &str| {
        let listed = env.by("sender", &format!("ledger list --json {options}"));
        result(&listed.ends(0))["entries"].as_array().unwrap().len()
    };
    assert_eq!(count(""), 5);
    assert_eq!(count("--refused"), 1);
    assert_eq!(count("--since 1h"), 5);
    assert_eq!(count("--since 2999-01-01"), 0);
    let who = &ledger::entries(&env)[0]["export"]["requester"];
    assert_eq!(
        count(&format!("--who {}", who["name"].as_str().unwrap())),
        5
    );
    assert_eq!(count(&format!("--who {}", who["user"])), 5);
    assert_eq!(count("--who nobody-of-that-name"), 0);
    let key = env.read("recipient/recipient.txt");
    assert_eq!(count(&format!("--recipient {}", &key.trim()[..12])), 4);
    assert_eq!(count("--recipient North"), 0);
    let none = env.by("sender", "ledger list --who nobody-of-that-name");
    assert_eq!(none.ends(0).out, "nothing is on record that fits\n");
    let elsewhere = env.by("recipient", "ledger list --ledger nowhere/ledger.jsonl");
    elsewhere
        .ends(1)
        .says("there is no ledger nowhere/ledger.jsonl");
}

#[test]
fn one_export_is_shown_by_number_and_by_id() {
    let env = exported();
    let id = ledger::entries(&env)[3]["export"]["id"].clone();
    let id = id.as_str().unwrap();
    for wanted in [id, &id[24..], "4", "5"] {
        let shown = env.by("sender", &format!("ledger show {wanted}")).ends(0);
        let out = &shown.out;
        assert!(
            out.starts_with("entry 4  ") && out.contains("\nentry 5  "),
            "{shown}"
        );
        assert!(out.contains("  export.label: Q3\n"), "{shown}");
        assert!(out.contains("  outcome.ending: delivered\n"), "{shown}");
        assert!(!out.contains("audit"), "{shown}");
    }
    env.by("sender", "ledger show 9")
        .ends(1)
        .says("no entry '9'");
    env.by("sender", "ledger show 0123abcd").ends(1);
    // Both begin with the time.
    env.by("sender", &format!("ledger show {}", &id[..8]))
        .ends(1)
        .says("ids of packages");
}

#[test]
fn it_agrees_with_what_the_packages_took_along() {
    let env = exported();
    env.by("recipient", "receipt out/b.exeat -o b.json").ends(0);
    let checked = env.by(
        "recipient",
        "ledger verify --ledger ../state/exeat/ledger.jsonl --checkpoint out/a.exeat \
         --checkpoint b.json --json",
    );
    let checked = result(&checked.ends(0));
    assert_eq!(checked["entries"], 5);
    let held = checked["checkpoints"].as_array().unwrap();
    assert_eq!(held.len(), 2);
    for (held, entry) in held.iter().zip([1, 4]) {
        assert_eq!(held["entry"], entry);
        assert!(held["contradiction"].is_null());
        assert_eq!(held["signer"], env.fingerprint("sender"));
    }
}

#[test]
fn whatever_was_changed_is_named_and_nothing_leaves() {
    let env = exported();
    let good = ledger::text(&env);
    env.by("recipient", "receipt out/b.exeat -o b.json").ends(0);
    for (change, words) in [
        (good.replace("audit", "other"), "one of them was changed"),
        (
            good.replace("\"sequence\":2", "\"sequence\":3"),
            "entry 2 is missing",
        ),
        (
            good.lines()
                .skip(1)
                .map(|line| format!("{line}\n"))
                .collect(),
            "entry 1 is missing",
        ),
        (format!("{good}{good}"), "stands there again"),
        (format!("{good}rubbish\n"), "not JSON"),
    ] {
        spoil(&env, |_| change);
        env.by("sender", "ledger verify").ends(4).says(words);
        let before = ledger::text(&env);
        env.by("sender", &format!("{EXPORT} --name c"))
            .ends(4)
            .says("exeat ledger recover");
        assert_eq!(ledger::text(&env), before);
        assert!(!env.path("out/c.exeat").exists());
        // What can be read is listed all the same.
        env.by("sender", "ledger list").ends(4).says(words);
        fs::write(ledger::path(&env), &good).unwrap();
    }
    env.by("sender", "ledger verify --checkpoint b.json")
        .ends(0);
}

#[test]
fn a_ledger_older_than_a_receipt_stops_exports_until_somebody_has_looked() {
    let env = exported();
    env.by("recipient", "receipt out/b.exeat -o b.json").ends(0);
    spoil(&env, |text| without_last(text, 2));
    env.by("sender", "ledger verify").ends(0);
    let checked = env
        .by("sender", "ledger verify --checkpoint b.json")
        .ends(4);
    assert!(checked.out.contains("CONTRADICTS"), "{checked}");
    assert!(checked.err.contains("nothing leaves"), "{checked}");
    assert_eq!(story(&env).last().unwrap(), "alarm");
    env.by("sender", &format!("{EXPORT} --name c"))
        .ends(4)
        .says("exeat ledger recover");
    env.by("sender", "ledger recover").ends(2);
    let mut command = env.exeat();
    command.args(["--config-dir", "sender", "ledger", "recover", "--why"]);
    Ran::of(command.arg("restored from Friday's backup")).ends(0);
    env.by("sender", &format!("{EXPORT} --name c")).ends(0);
    let listed = env.by("sender", "ledger list").ends(0).out;
    assert!(
        listed.contains("looked at: restored from Friday's backup"),
        "{listed}"
    );
    // It is known now, and stops nobody again.
    env.by("sender", "ledger verify --checkpoint b.json")
        .ends(4);
    env.by("sender", &format!("{EXPORT} --name d")).ends(0);
    env.by("sender", "ledger recover --why again")
        .ends(1)
        .says("nothing is wrong");
}

#[test]
fn what_is_no_checkpoint_is_no_witness() {
    let env = exported();
    env.by("recipient", "receipt out/b.exeat -o b.json").ends(0);
    let receipt = env.read("b.json");
    env.write("altered.json", receipt.replace("\"received", "\"deceived"));
    env.write("half.json", &receipt[..receipt.len() / 2]);
    env.write("empty", "");
    let before = ledger::text(&env);
    for (file, code) in [
        ("altered.json", 4),
        ("half.json", 4),
        ("empty", 4),
        ("out/b.exeat/manifest.json", 8),
        ("recipient/recipient.txt", 4),
        ("nowhere", 1),
        ("out", 1),
    ] {
        let checked = env.by("sender", &format!("ledger verify --checkpoint {file}"));
        assert_eq!(checked.code, Some(code), "{checked}");
        assert_eq!(checked.out, "", "{checked}");
    }
    // Somebody else's is trusted only if its signer is.
    env.person("stranger");
    env.by(
        "stranger",
        "ledger verify --ledger ../state/exeat/ledger.jsonl --checkpoint b.json",
    )
    .ends(8);
    assert_eq!(ledger::text(&env), before);
}

#[test]
fn an_auditor_needs_no_exeat() {
    if !require(&["ssh-keygen", "sha256sum"]) {
        return;
    }
    let env = exported();
    env.by("sender", "ledger export audit").ends(0);
    let check = |env: &Env| {
        let mut command = env.command("sh");
        command.arg("audit/check.sh");
        Ran::of(&mut command)
    };
    let good = check(&env).ends(0);
    assert!(
        good.out.contains("last entry 5, 2 checkpoints, 0 wrong"),
        "{good}"
    );
    assert!(good.out.contains(&env.fingerprint("sender")), "{good}");
    let sum = |env: &Env| {
        let mut command: Command = env.command("sh");
        command.args([
            "-c",
            "cd audit && rm SHA256SUMS && sha256sum * > s && mv s SHA256SUMS",
        ]);
        Ran::of(&mut command).ends(0);
    };
    let text = env.read("audit/ledger.jsonl");
    env.write("audit/ledger.jsonl", text.replace("audit", "other"));
    check(&env).ends(1);
    // With sums to suit, the chain tells.
    sum(&env);
    check(&env)
        .ends(1)
        .says("entry 2 does not follow from the one before it");
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    env.write(
        "audit/ledger.jsonl",
        [&lines[..2], &lines[3..]].concat().concat(),
    );
    sum(&env);
    check(&env).ends(1).says("entry 4 comes after entry 2");
    env.by("sender", "ledger export audit")
        .ends(1)
        .says("audit");
    // What stands there cannot make the script do anything else.
    let evil = "{\"version\":2,\"sequence\":entries[$(touch${IFS}pwned)],\"previous\":null}\n";
    env.write("audit/ledger.jsonl", format!("{text}{evil}"));
    sum(&env);
    check(&env).ends(0);
    let mut bash = env.command("bash");
    bash.args(["--posix", "audit/check.sh"]);
    let ran = Ran::of(&mut bash)
        .ends(0)
        .says("at the end: an unfinished line");
    assert!(
        !env.path("audit/pwned").exists() && !env.path("pwned").exists(),
        "{ran}"
    );
    // An unfinished line that is on record is no fault, nor what was looked at.
    let torn = env.read("audit/ledger.jsonl");
    fs::write(ledger::path(&env), &torn).unwrap();
    env.by("sender", "ledger verify").ends(4);
    let mut command = env.exeat();
    command.args(["--config-dir", "sender", "ledger", "recover", "--why"]);
    Ran::of(command.arg("a line was added by hand")).ends(0);
    env.by("sender", &format!("{EXPORT} --name z")).ends(0);
    env.by("sender", "ledger export looked").ends(0);
    let mut command = env.command("sh");
    let ran = Ran::of(command.arg("looked/check.sh")).ends(0);
    assert!(
        ran.out.contains("last entry 8, 3 checkpoints, 0 wrong"),
        "{ran}"
    );
    ran.says("before entry 6: 0 wrong, 1 lines that are no entries; somebody has looked");
    // A damaged one is copied as it is, and it is said.
    spoil(&env, |text| text.replace("audit", "other"));
    env.by("sender", "ledger export damaged")
        .ends(4)
        .says("one of them was changed");
    assert_eq!(env.read("damaged/ledger.jsonl"), ledger::text(&env));
    env.by("sender", "ledger export none --ledger nowhere.jsonl")
        .ends(1);
    assert!(!env.path("none").exists());
}
