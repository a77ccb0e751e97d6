//! Mix-ups and replay: members, packages and signatures that are all genuine, and not
//! where they belong. Each is found, and each under a name of its own, which
//! programs read in `--json` and people in the manual's list of findings.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::forge::{Members, REKEY, Workshop, canonical, encrypt, sha256, sign};
use crate::runner::{Meter, NAME, Run};
use crate::{rekeyed, say};

/// One way to mix things up.
struct MixUp {
    name: &'static str,
    make: fn(&Workshop) -> Members,
    /// What is run, without `--json`.
    command: &'static str,
    exit: i64,
    /// The code of the error, or of the remark where it is none.
    code: &'static str,
    /// What people read.
    words: &'static str,
}

const INSIDE: &str = "verify q -i recipient/identity.txt";
const CHAIN: &str = "5d771235-f899-8eb1-8056-004ed0227332";

/// The findings of which no two are the same.
const TABLE: &[MixUp] = &[
    MixUp {
        name: "a volume of another package, as long as the one it replaces",
        make: |w| {
            w.damaged(|m| {
                let volume = other_volume(w, m.get("volume-00001.age").len());
                m.put("volume-00001.age", volume);
            })
        },
        command: INSIDE,
        exit: 4,
        code: "volume-foreign",
        words: "volume-00001.age is not what was signed, nor was it sealed with the key of this \
                package",
    },
    MixUp {
        name: "the same, without a key to try it with",
        make: |w| {
            w.damaged(|m| {
                let volume = other_volume(w, m.get("volume-00001.age").len());
                m.put("volume-00001.age", volume);
            })
        },
        command: "verify q",
        exit: 4,
        code: "package-damaged",
        words: "volume-00001.age is not what was signed",
    },
    MixUp {
        name: "two volumes exchanged",
        make: |w| {
            let mut members = w.genuine("volumes");
            let second = members.remove("volume-00002.age");
            let third = members.remove("volume-00003.age");
            members.put("volume-00002.age", third);
            members.put("volume-00003.age", second);
            members
        },
        command: "verify q",
        exit: 4,
        code: "volumes-exchanged",
        words: "volume-00002.age is volume-00003.age of the package",
    },
    MixUp {
        name: "an older package of a series in the place of the newest",
        make: |w| numbered(w, 41),
        command: "verify q --after 42",
        exit: 4,
        code: "backup-replayed",
        words: "is number 41 of its chain, and does not come after number 42",
    },
    MixUp {
        name: "an older manifest of a series in a newer package",
        make: |w| {
            let mut members = numbered(w, 42);
            members.put("manifest.json", numbered(w, 41).get("manifest.json"));
            members
        },
        command: "verify q",
        exit: 4,
        code: "manifest-altered",
        words: "manifest.json is not what was signed",
    },
    MixUp {
        name: "a signature that was taken off",
        make: |w| {
            w.damaged(|m| {
                m.remove("manifest.json.sig");
            })
        },
        command: "verify q",
        exit: 8,
        code: "signature-absent",
        words: "the package is not signed",
    },
    MixUp {
        name: "a signature made anew by a stranger",
        make: |w| w.damaged(|m| m.sign(&w.stranger)),
        command: "verify q",
        exit: 8,
        code: "signer-unknown",
        words: "which is not among the allowed signers",
    },
    MixUp {
        name: "a signature made anew by somebody else who is trusted",
        make: |w| w.damaged(|m| m.sign(&w.recipient_signs)),
        command: INSIDE,
        exit: 4,
        code: "inventory-foreign",
        words: "belongs to another package, or to one by another signer",
    },
    MixUp {
        name: "the envelope of another package",
        make: |w| w.damaged(|m| m.put("key.age", w.genuine("other").get("key.age"))),
        command: "verify q",
        exit: 4,
        code: "envelope-altered",
        words: "key.age is not what was signed",
    },
    MixUp {
        name: "the envelope of another package, signed by the sender",
        make: |w| w.outer(|m| m.put("key.age", w.genuine("other").get("key.age"))),
        command: INSIDE,
        exit: 4,
        code: "envelope-foreign",
        words: "the envelope holds the key of another package",
    },
    MixUp {
        name: "a package that a recipient passed on",
        make: rekeyed::passed_on,
        command: "@third verify q -i third/identity.txt",
        exit: 0,
        code: "passed-on",
        words: "warning: the sender did not list your identity as a recipient; \
                recipient@clinic.example has passed the package on to you",
    },
    MixUp {
        name: "one's own package sent back",
        make: |w| w.genuine("plain"),
        command: "@sender verify q",
        exit: 0,
        code: "own-package",
        words: "note: the package was signed with your own key: it is one that you made",
    },
    MixUp {
        name: "a rekey record moved beside another envelope",
        make: |w| {
            let mut members = rekeyed::passed_on(w);
            let line = format!("{}\n", w.draft("plain").key);
            let envelope = encrypt(&w.identity.to_public(), line.as_bytes());
            members.put("key-3.age", envelope);
            for suffix in ["json", "json.sig"] {
                let record = members.get(&format!("key-2.{suffix}")).to_vec();
                members.put(&format!("key-3.{suffix}"), record);
            }
            members
        },
        command: "verify q",
        exit: 4,
        code: "rekey-record-moved",
        words: "key-3.json is the record of another envelope than key-3.age",
    },
    MixUp {
        name: "a rekey record of another package",
        make: |w| {
            let mut members = rekeyed::passed_on(w);
            let record = canonical(&json!({
                "created": "2026-11-29T10:00:00Z",
                "envelope_sha256": sha256(members.get("key-2.age")),
                "manifest_sha256": sha256(w.genuine("other").get("manifest.json")),
            }));
            members.put("key-2.json.sig", sign(&w.recipient_signs, REKEY, &record));
            members.put("key-2.json", record);
            members
        },
        command: "verify q",
        exit: 4,
        code: "rekey-record-foreign",
        words: "key-2.json belongs to another package",
    },
];

/// The volume of another package, of this length: age puts a stanza of chance into each
/// file, so that files of one plaintext have many lengths.
fn other_volume(workshop: &Workshop, length: usize) -> Vec<u8> {
    let other = workshop.draft("other");
    let mut volumes = (0..100_000).map(|_| other.encrypted(&other.volumes[0]));
    volumes
        .find(|volume| volume.len() == length)
        .expect("one of that length in a hundred thousand")
}

/// `plain`, as number so-and-so of a chain of backups.
fn numbered(workshop: &Workshop, sequence: u64) -> Members {
    workshop.manifest(|manifest| {
        manifest["series"] = json!({
            "base": [], "id": CHAIN, "previous": null, "sequence": sequence,
        });
    })
}

/// The code in a document: of its error, or of its only remark.
fn code(run: &Run) -> Value {
    let document: Value = serde_json::from_str(&run.out).expect("a document");
    assert_eq!(document["exit"], run.code);
    match &document["error"] {
        Value::Null => {
            let remarks = document["result"]["remarks"].as_array().unwrap();
            assert_eq!(remarks.len(), 1, "{document}");
            assert_eq!(remarks[0]["rule"], "reader");
            remarks[0]["code"].clone()
        }
        error => error["code"].clone(),
    }
}

#[test]
fn each_mix_up_has_a_finding_of_its_own() {
    let workshop = Workshop::new();
    let mut meter = Meter::start(&workshop);
    let path = workshop.env.path(NAME);
    let mut found = BTreeMap::new();
    for mix_up in TABLE {
        (mix_up.make)(&workshop).write(&path);
        let run = meter.run(mix_up.command);
        assert_eq!(run.code, mix_up.exit, "{}: {}", mix_up.name, run.err);
        assert!(
            run.err.contains(mix_up.words),
            "{}: {}",
            mix_up.name,
            run.err
        );
        assert_eq!(run.out.is_empty(), mix_up.exit != 0, "{}", mix_up.name);
        let run = meter.run(&format!("{} --json", mix_up.command));
        assert_eq!(code(&run), mix_up.code, "{}", mix_up.name);
        let twin = found.insert(mix_up.code, mix_up.name);
        assert_eq!(twin, None, "{} has the code of it", mix_up.name);
        say(&format!("{:22} {}", mix_up.code, mix_up.name));
        fs::remove_dir_all(&path).unwrap();
    }
    // And none of them is found where nothing is mixed up.
    workshop.genuine("plain").write(&path);
    let run = meter.run(&format!("{INSIDE} --json"));
    let document: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.code, &document["error"]), (0, &Value::Null));
    assert_eq!(document["result"]["remarks"], json!([]));
    for quiet in ["passed on", "own package", "own key"] {
        assert!(!run.err.contains(quiet), "{}", run.err);
    }
}

/// Whoever opens or lists it is told, too, in both forms.
#[test]
fn remarks_are_made_by_every_command_that_reads() {
    let workshop = Workshop::new();
    let mut meter = Meter::start(&workshop);
    rekeyed::passed_on(&workshop).write(&workshop.env.path(NAME));
    for command in [
        "list q",
        "open q --to new",
        "verify q -i third/identity.txt",
    ] {
        let run = meter.run(&format!("@third {command} --json"));
        assert_eq!(code(&run), "passed-on", "{command}");
        assert!(
            run.err.contains("has passed the package on to you"),
            "{}",
            run.err
        );
    }
}

/// The recipient opens the envelope, and closes it anew for somebody else: the package
/// would seem to come from the sender.
#[test]
fn an_envelope_that_was_closed_anew_is_not_the_senders() {
    let workshop = Workshop::new();
    let mut meter = Meter::start(&workshop);
    let third = workshop.env.read("third/recipient.txt");
    let line = format!("{}\n", workshop.draft("plain").key);
    let envelope = encrypt(&third.trim_end().parse().unwrap(), line.as_bytes());
    let members = workshop.damaged(|members| members.put("key.age", envelope));
    members.write(&workshop.env.path(NAME));
    let run = meter.run("@third open q --to new --json");
    assert_eq!((run.code, code(&run)), (4, json!("envelope-altered")));
}
