//! Receipts that come back: which are recorded, and what is still awaited.

use std::fs;

use serde_json::Value;

use crate::environment::{Env, Ran, require};
use crate::ledger::{self, age, story, untouched};
use crate::partners::SIGNS;
use crate::receipts::{commands_of, script};

/// A package that was received, and `p.receipt.json`; the sender trusts the
/// recipient.
fn with_receipt() -> Env {
    let env = Env::with_people();
    env.sample("data");
    let book = "[[recipient]]\nname = \"North registry\"\nkey = \"KEY\"\n";
    let key = env.read("recipient/recipient.txt");
    env.write(
        "sender/recipients.toml",
        book.replace("KEY", key.trim_end()),
    );
    fs::create_dir(env.path("out")).unwrap();
    let mut command = env.exeat();
    command.args(["--config-dir", "sender", "export", "data", "--to", "out"]);
    command.args(["--name", "p", "-r", "North registry", "--label", "Q3"]);
    Ran::of(&mut command).ends(0);
    env.by("recipient", "receipt out/p.exeat").ends(0);
    env.by("sender", "trust recipient/signer.txt").ends(0);
    env
}

/// Runs what has to be refused and to record nothing.
#[track_caller]
fn refused(env: &Env, line: &str, code: i32, words: &str) -> Ran {
    let ran = untouched(env, || env.by("sender", line));
    assert!(ran.out.is_empty(), "{ran}");
    ran.ends(code).says(words)
}

fn code(env: &Env, line: &str) -> String {
    let ran = env.by("sender", &format!("{line} --json"));
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    document["error"]["code"].as_str().unwrap().to_owned()
}

const RECEIVE: &str = "ledger receive p.receipt.json";

#[test]
fn a_delivery_with_its_receipt() {
    let env = with_receipt();
    let ran = untouched(&env, || env.by("sender", "ledger outstanding")).ends(9);
    let rows: Vec<_> = ran.out.lines().collect();
    assert_eq!(rows.len(), 2, "{ran}");
    assert!(rows[0].starts_with("#  when (UTC)"), "{ran}");
    let row = rows[1];
    assert!(row.contains("moments  North registry: Q3"), "{ran}");
    ran.says("exeat receipt PKG")
        .says("exeat ledger receive FILE");
    let ran = env.by("sender", RECEIVE).ends(0);
    assert!(
        ran.out.contains("has arrived, which is on record now"),
        "{ran}"
    );
    assert!(ran.out.contains("recipient@clinic.example"));
    assert!(ran.out.contains(&env.fingerprint("recipient")));
    assert_eq!(story(&env), ["intent", "outcome delivered", "receipt"]);
    let (entry, intent) = (ledger::last(&env), &ledger::entries(&env)[0]);
    let receipt = &entry["receipt"];
    assert_eq!(receipt["package"], intent["export"]["id"]);
    assert_eq!(receipt["intent"], 1);
    assert_eq!(receipt["by"]["name"], "recipient@clinic.example");
    let ran = untouched(&env, || env.by("sender", "ledger outstanding")).ends(0);
    assert_eq!(
        ran.out,
        "nothing is outstanding: all that left sealed has been acknowledged\n"
    );
    // Given twice, it is said and recorded once.
    let ran = untouched(&env, || env.by("sender", RECEIVE)).ends(0);
    assert!(ran.out.contains("which was on record already"), "{ran}");
    let listed = env.by("sender", "ledger list").ends(0);
    let words = "left; received by recipient@clinic.example";
    assert!(listed.out.contains(words), "{listed}");
    let shown = env.by("sender", "ledger show 1").ends(0);
    assert!(shown.out.contains("receipt.by.name: recipient@"), "{shown}");
    // The next export goes on behind it, and everything is in its chain.
    env.package("data", "q", "");
    let verify = "ledger verify --checkpoint p.receipt.json";
    env.by("sender", verify).ends(0);
}

#[test]
fn as_a_document() {
    let env = with_receipt();
    let json = |line: &str, code: i32| -> Value {
        let ran = env.by("sender", &format!("{line} --json")).ends(code);
        serde_json::from_str::<Value>(&ran.out).unwrap()["result"].clone()
    };
    let result = json("ledger outstanding", 9);
    let one = &result["outstanding"][0];
    assert_eq!(one["label"], "Q3");
    assert_eq!(one["entry"], 1);
    assert_eq!(one["recipients"][0]["name"], "North registry");
    assert!(one["delivered"].as_bool().unwrap() && one["seconds"].is_u64());
    let result = json(RECEIVE, 0);
    let one = &result["receipts"][0];
    assert_eq!(one["entry"], 1);
    assert_eq!(one["was_known"], false);
    assert_eq!(one["by"]["name"], "recipient@clinic.example");
    assert_eq!(
        json("ledger outstanding", 0)["outstanding"],
        Value::Array(vec![])
    );
}

#[test]
fn what_is_no_receipt() {
    let env = with_receipt();
    let good = env.read("p.receipt.json");
    for (name, bytes) in [
        ("cut", &good.as_bytes()[..good.len() / 2]),
        ("empty", b""),
        ("letter", b"Dear Dr Example,\n"),
        ("binary", &[0xff, 0, 0xfe]),
        ("twice", format!("{good}{good}").as_bytes()),
        ("large", &[b' '; 70_000]),
    ] {
        env.write("r.json", bytes);
        let ran = refused(
            &env,
            "ledger receive r.json",
            4,
            "r.json: this is not a receipt",
        );
        assert!(ran.err.contains("ask for the file again"), "{name}: {ran}");
    }
    let manifest = "ledger receive out/p.exeat/manifest.json";
    refused(&env, manifest, 4, "this is not a receipt");
    refused(
        &env,
        "ledger receive out/p.exeat",
        1,
        "cannot read out/p.exeat",
    );
    refused(&env, "ledger receive nowhere", 1, "cannot read nowhere");
    refused(&env, "ledger receive", 2, "<FILE>");
    // The sender's own checkpoint, and a receipt of a version to come.
    let document: Value = serde_json::from_str(&good).unwrap();
    let said: Value = serde_json::from_str(document["statement"].as_str().unwrap()).unwrap();
    env.write("r.json", said["checkpoint"].to_string());
    let words = "this is not a receipt that this version reads, but 'exeat-checkpoint/1'";
    refused(&env, "ledger receive r.json", 1, words);
    env.write("r.json", good.replace("exeat-receipt/1", "exeat-receipt/2"));
    refused(&env, "ledger receive r.json", 1, "but 'exeat-receipt/2'");
    // One word changed.
    for (from, to) in [
        ("\\\"content\\\"", "\\\"Content\\\""),
        ("manifest_sha256\\\":\\\"", "manifest_sha256\\\":\\\"0"),
    ] {
        let altered = good.replacen(from, to, 1);
        assert_ne!(altered, good);
        env.write("r.json", altered);
        let words = "r.json: signature does not fit the signed bytes";
        let ran = refused(&env, "ledger receive r.json", 4, words);
        ran.says("ask whoever signed it for another");
        assert_eq!(code(&env, "ledger receive r.json"), "signature-mismatch");
    }
    // However a mailer ends its lines.
    env.write("r.json", format!("{}\r\n\r\n", good.trim_end()));
    env.by("sender", "ledger receive r.json").ends(0);
}

#[test]
fn signed_by_somebody_who_is_not_trusted_with_it() {
    let env = with_receipt();
    let line = env.read("recipient/signer.txt");
    let own = env.read("sender/signer.txt");
    env.write("signers", &own);
    let untrusted = format!("{RECEIVE} --allowed-signers signers");
    let fingerprint = env.fingerprint("recipient");
    refused(&env, &untrusted, 8, &fingerprint)
        .says("which is not among the allowed signers")
        .says("telephone");
    let packages = line.replace(SIGNS, "namespaces=\"exeat.package.v1,exeat.rekey.v1\"");
    env.write("signers", format!("{own}{packages}"));
    refused(
        &env,
        &untrusted,
        8,
        "not allowed to sign for \"exeat.receipt.v1\"",
    )
    .says("you trust this key with other things, but not with receipts")
    .says("exeat init --show")
    .says("exeat trust");
    // What the partner's newer line adds.
    env.write("sender/allowed_signers", format!("{own}{packages}"));
    refused(&env, RECEIVE, 8, "but not with receipts");
    env.by("sender", "trust recipient/signer.txt").ends(0);
    env.by("sender", RECEIVE).ends(0);
}

/// The recipient's signature of the same words, for something else.
#[test]
fn signed_for_something_else() {
    if !require(&["ssh-keygen"]) {
        return;
    }
    let env = with_receipt();
    let good: Value = serde_json::from_str(&env.read("p.receipt.json")).unwrap();
    let statement = env.write("statement", good["statement"].as_str().unwrap());
    for (namespace, code) in [
        ("file", 8),
        ("exeat.package.v1", 8),
        ("exeat.receipt.v1", 0),
    ] {
        env.ssh_sign("recipient", namespace, &statement);
        let mut other = good.clone();
        other["signature"] = env.read("statement.sig").into();
        env.write("r.json", other.to_string());
        let ran = env.by("sender", "ledger receive r.json").ends(code);
        if code == 8 {
            ran.says(&format!("for the namespace \"{namespace}\""));
        }
    }
}

#[test]
fn for_something_that_never_left() {
    let env = with_receipt();
    // Another's ledger, in which there is another package.
    let mut command = env.exeat();
    command.env("XDG_STATE_HOME", env.path("elsewhere"));
    command.args(
        "--config-dir sender export data --to out --name q -R recipient/recipient.txt".split(' '),
    );
    Ran::of(&mut command).ends(0);
    let other = "ledger receive p.receipt.json --ledger elsewhere/exeat/ledger.jsonl";
    let ran = refused(&env, other, 4, "this ledger does not have it");
    ran.says("another ledger (another account, another machine, another policy)");
    assert_eq!(code(&env, other), "receipt-other-ledger");
    env.by("recipient", "receipt out/q.exeat").ends(0);
    refused(&env, "ledger receive q.receipt.json", 4, "does not have it");
    // Where nothing has left at all, nothing is made.
    let nowhere = "ledger receive p.receipt.json --ledger nowhere.jsonl";
    refused(&env, nowhere, 1, "there is no ledger nowhere.jsonl");
}

#[test]
fn one_that_is_bad_does_not_keep_the_others_out() {
    let env = with_receipt();
    env.package("data", "q", "");
    env.by("recipient", "receipt out/q.exeat").ends(0);
    env.write("r.json", "Dear Dr Example,\n");
    let line = "ledger receive r.json p.receipt.json nowhere q.receipt.json";
    let ran = env.by("sender", line).ends(4);
    ran.says("exeat: r.json: this is not a receipt")
        .says("exeat: nowhere: cannot read nowhere")
        .says("which is on record now");
    let story = story(&env);
    assert_eq!(story[story.len() - 2..], ["receipt", "receipt"]);
    env.by("sender", "ledger outstanding").ends(0);
}

#[test]
fn what_is_awaited() {
    let env = with_receipt();
    // In the clear, or not at all: nobody acknowledges that.
    env.write("counts.csv", "ward,count\nNorth,4\n");
    env.by("sender", "export counts.csv --to out --plain")
        .ends(0);
    env.by("sender", "export data --to out").ends(3);
    env.by("sender", RECEIVE).ends(0);
    env.by("sender", "ledger outstanding").ends(0);
    env.package("data", "q", "");
    age(&env, 3);
    env.package("data", "r", "");
    let ids = |line: &str, code: i32| -> Vec<u64> {
        let ran = env.by("sender", &format!("ledger outstanding {line} --json"));
        let document: Value = serde_json::from_str(&ran.ends(code).out).unwrap();
        let all = document["result"]["outstanding"]
            .as_array()
            .unwrap()
            .clone();
        all.iter()
            .map(|one| one["entry"].as_u64().unwrap())
            .collect()
    };
    let all = ids("", 9);
    assert_eq!(all.len(), 2);
    assert_eq!(ids("--due 3d", 9), all[..1]);
    assert_eq!(ids("--due 71h", 9), all[..1]);
    assert!(ids("--due 4d", 0).is_empty());
    let key = env.read("recipient/recipient.txt");
    assert_eq!(ids(&format!("--recipient {}", &key[..12]), 9), all);
    assert!(ids("--recipient South", 0).is_empty());
    let ran = env.by("sender", "ledger outstanding --due 4d").ends(0);
    let words = "all that left sealed 4 days ago or earlier has been acknowledged";
    assert!(ran.out.contains(words), "{ran}");
    let ran = env.by("sender", "ledger outstanding --due 1d").ends(9);
    assert!(ran.out.contains("  3 days  age1"), "{ran}");
    for bad in ["3", "3y", "-1d", "soon"] {
        env.by("sender", &format!("ledger outstanding --due={bad}"))
            .ends(2)
            .says("such as 30m, 12h, 3d, 2w");
    }
    // Where it is not as it was written, nobody knows.
    let text = ledger::text(&env).replacen("\"people\"", "\"People\"", 1);
    fs::write(ledger::path(&env), text).unwrap();
    refused(&env, "ledger outstanding", 4, "ledger.jsonl is damaged");
}

/// Every recipient is a witness of what the ledger was.
#[test]
fn a_ledger_that_is_not_what_it_was() {
    let env = with_receipt();
    // A chain made anew, with other times.
    age(&env, 1);
    let before = story(&env);
    let ran = env.by("sender", RECEIVE).ends(4);
    ran.says("p.receipt.json: the ledger contradicts the checkpoint that the receipt brings back")
        .says("exeat ledger recover");
    assert_eq!(story(&env)[before.len()..], ["alarm"]);
    let export = "export data --to out --name q -R recipient/recipient.txt";
    env.by("sender", export).ends(4).says("contradicts");
    assert!(!env.path("out/q.exeat").exists());
    env.by("sender", "ledger recover --why found").ends(0);
    env.by("sender", export).ends(0);
    // It is recorded then, and still said.
    env.by("sender", RECEIVE)
        .ends(4)
        .says("the ledger contradicts")
        .says("exports go on");
    let all = story(&env);
    assert_eq!(all.last().unwrap(), "receipt");
    assert_eq!(all.iter().filter(|kind| *kind == "alarm").count(), 1);
}

#[test]
fn the_checkpoint_in_a_package_by_stock_tools() {
    if !require(&["age", "zstd", "jq", "ssh-keygen", "bash"]) {
        return;
    }
    let env = with_receipt();
    let blocks = commands_of("format.rs");
    let mut blocks = blocks.iter();
    let commands = blocks.find(|block| block.contains("checkpoint"));
    let commands = commands.expect("one about checkpoints");
    let before = "cd out/p.exeat\nage -d -i ../../recipient/identity.txt key.age > ../package.key\n\
                  SIGNERS=../../recipient/allowed_signers SENDER=sender@clinic.example\n";
    let commands = commands
        .replace("package.key", "../package.key")
        .replace(" header", " ../header")
        .replace(" checkpoint", " ../checkpoint");
    let ran = script(&env, &format!("{before}{commands}")).ends(0);
    assert!(
        ran.out.contains("Good \"exeat.checkpoint.v1\" signature"),
        "{ran}"
    );
    let said: Value = serde_json::from_str(&env.read("out/checkpoint")).unwrap();
    let first = ledger::text(&env);
    let first = first.split_inclusive('\n').next().unwrap();
    let digest = exeat_core::digest::Digest::of(first.as_bytes()).to_string();
    assert_eq!(said["entry_sha256"], digest.as_str());
    assert_eq!(said["ledger"], digest.as_str());
    // Both commands that open it show the same.
    for line in [
        "list out/p.exeat",
        "verify out/p.exeat -i recipient/identity.txt",
    ] {
        let ran = env.by("recipient", line).ends(0);
        let words = format!("entry 1 of the sender's ledger {}…", &digest[..12]);
        assert!(format!("{}{}", ran.out, ran.err).contains(&words), "{ran}");
        let json = env.by("recipient", &format!("{line} --json")).ends(0);
        assert!(
            json.out.contains(&format!("\"ledger\":\"{digest}\"")),
            "{json}"
        );
    }
}
