//! Envelopes that were added to a package, and their records: by people nobody trusts,
//! moved, altered, without end.

use serde_json::{Value, json};

use crate::forge::{Members, PACKAGE, REKEY, Workshop, canonical, encrypt, sha256, sign};
use crate::runner::{ALL, Case, THIRDS};

/// What a genuine `key-2` consists of, yet to be put into the package.
struct Further {
    envelope: Vec<u8>,
    record: Value,
    namespace: &'static str,
}

impl Further {
    /// By the recipient, for the third person.
    fn good(workshop: &Workshop, members: &Members) -> Self {
        let third = third(workshop);
        let line = format!("{}\n", workshop.draft("plain").key);
        let envelope = encrypt(&third, line.as_bytes());
        Self {
            record: json!({
                "created": "2026-11-29T10:00:00Z",
                "envelope_sha256": sha256(&envelope),
                "manifest_sha256": sha256(members.get("manifest.json")),
            }),
            envelope,
            namespace: REKEY,
        }
    }

    fn put(&self, workshop: &Workshop, members: &mut Members, number: u16) {
        let record = canonical(&self.record);
        let signature = sign(&workshop.recipient_signs, self.namespace, &record);
        members.put(&format!("key-{number}.age"), self.envelope.clone());
        members.put(&format!("key-{number}.json"), record);
        members.put(&format!("key-{number}.json.sig"), signature);
    }
}

/// The third person's recipient.
fn third(workshop: &Workshop) -> age::x25519::Recipient {
    let text = workshop.env.read("third/recipient.txt");
    text.trim_end().parse().unwrap()
}

/// A package that was passed on as it should be.
pub(crate) fn passed_on(workshop: &Workshop) -> Members {
    let mut members = workshop.genuine("plain");
    Further::good(workshop, &members).put(workshop, &mut members, 2);
    members
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = records();
    cases.extend(members());
    cases.extend(not_used());
    cases
}

/// What the record says, signed by somebody trusted.
fn records() -> Vec<Case> {
    type Edit = fn(&Workshop, &mut Further);
    const RECORD: &str = "key-2.json is not what it should be";
    let table: [(&str, &str, &str, Edit); 11] = [
        (
            "of another package",
            "a record belongs to one package",
            "key-2.json belongs to another package",
            |w, f| {
                f.record["manifest_sha256"] =
                    json!(sha256(w.genuine("other").get("manifest.json")));
            },
        ),
        (
            "of another envelope",
            "a record belongs to one envelope",
            "key-2.age is not what was signed",
            |_, f| {
                f.record["envelope_sha256"] = json!(sha256(b"other"));
            },
        ),
        (
            "with a digest in capitals",
            "one way to say a thing",
            RECORD,
            |_, f| {
                f.record["envelope_sha256"] = json!("AB".repeat(32));
            },
        ),
        (
            "with a time with an offset",
            "one way to say a thing",
            RECORD,
            |_, f| {
                f.record["created"] = json!("2026-11-29T10:00:00+00:00");
            },
        ),
        (
            "with a field too many",
            "a second meaning",
            RECORD,
            |_, f| f.record["zone"] = json!(1),
        ),
        (
            "without its time",
            "a reader must not fill in what nobody signed",
            RECORD,
            |_, f| {
                f.record.as_object_mut().unwrap().remove("created");
            },
        ),
        ("that is a list", "a record is not", RECORD, |_, f| {
            f.record = json!([])
        }),
        (
            "of 5,000 bytes",
            "a record is bounded before it is read",
            "'key-2.json' does not belong",
            |_, f| {
                f.record["zone"] = json!("x".repeat(5000));
            },
        ),
        (
            "signed as a package",
            "one purpose is not the other",
            "key-2.json.sig is not what it should be",
            |_, f| {
                f.namespace = PACKAGE;
            },
        ),
        (
            "signed as a receipt",
            "one purpose is not the other",
            "key-2.json.sig is not what it should be",
            |_, f| {
                f.namespace = "exeat.receipt.v1";
            },
        ),
        (
            "of an envelope of 70 KiB",
            "an envelope is bounded before it is read",
            "'key-2.age' does not belong",
            |_, f| {
                f.envelope.resize(70_000, b'x');
                f.record["envelope_sha256"] = json!(sha256(&f.envelope));
            },
        ),
    ];
    let case = |(how, why, words, edit): (&str, &str, &str, Edit)| {
        Case::new(
            format!("further envelope with a record {how}"),
            why,
            ALL,
            4,
            words,
            move |workshop: &Workshop, _: &std::path::Path| {
                let mut members = workshop.genuine("plain");
                let mut further = Further::good(workshop, &members);
                edit(workshop, &mut further);
                further.put(workshop, &mut members, 2);
                members
            },
        )
    };
    table.map(case).into()
}

/// The three members, damaged and moved.
fn members() -> Vec<Case> {
    type Edit = fn(&Workshop, &mut Members);
    let table: [(&str, &str, &str, Edit); 14] = [
        (
            "whose envelope was altered",
            "one bit is enough",
            "key-2.age is not what was signed",
            |_, m| {
                m.bytes("key-2.age")[50] ^= 1;
            },
        ),
        (
            "whose record was altered",
            "one bit is enough",
            "key-2.json is not what was signed",
            |_, m| {
                let at = m.get("key-2.json").len() / 2;
                m.bytes("key-2.json")[at] ^= 1;
            },
        ),
        (
            "whose signature is text",
            "what is no signature vouches for nothing",
            "key-2.json.sig is not what it should be",
            |_, m| {
                m.put("key-2.json.sig", "signed, honestly");
            },
        ),
        (
            "without its envelope",
            "a record of nothing",
            "'key-2.json' does not belong",
            |_, m| {
                m.remove("key-2.age");
            },
        ),
        (
            "of a record alone",
            "a record of nothing",
            "'key-2.json' does not belong",
            |_, m| {
                m.remove("key-2.age");
                m.remove("key-2.json.sig");
            },
        ),
        (
            "of a signature alone",
            "a signature of nothing",
            "'key-2.json.sig' does not belong",
            |_, m| {
                m.remove("key-2.age");
                m.remove("key-2.json");
            },
        ),
        (
            "without its record",
            "what was signed is not there",
            "does not belong",
            |_, m| {
                m.remove("key-2.json");
            },
        ),
        (
            "of an envelope that was exchanged for the sender's",
            "a record belongs to one envelope",
            "key-2.age is not what was signed",
            |w, m| {
                m.put("key-2.age", w.genuine("plain").get("key.age"));
            },
        ),
        (
            "with a record moved beside another envelope",
            "a record belongs to one envelope",
            "key-3.json is the record of another envelope",
            |w, m| {
                let line = format!("{}\n", w.draft("plain").key);
                m.put("key-3.age", encrypt(&third(w), line.as_bytes()));
                let record = m.get("key-2.json").to_vec();
                let signature = m.get("key-2.json.sig").to_vec();
                m.put("key-3.json", record);
                m.put("key-3.json.sig", signature);
            },
        ),
        (
            "with the records of two exchanged",
            "a record belongs to one envelope",
            "is the record of another envelope",
            |w, m| {
                let mut further = Further::good(w, m);
                further.record["created"] = json!("2026-11-29T11:00:00Z");
                further.put(w, m, 3);
                for name in ["json", "json.sig"] {
                    let two = m.remove(&format!("key-2.{name}"));
                    let three = m.remove(&format!("key-3.{name}"));
                    m.put(&format!("key-2.{name}"), three);
                    m.put(&format!("key-3.{name}"), two);
                }
            },
        ),
        (
            "with the signature of another record",
            "a signature belongs to its bytes",
            "key-2.json is not what was signed",
            |w, m| {
                m.put("key-2.json.sig", sign(&w.recipient_signs, REKEY, b"{}\n"));
            },
        ),
        (
            "with a signature of 70 KiB",
            "a signature is bounded before it is read",
            "'key-2.json.sig' does not belong",
            |_, m| {
                m.put("key-2.json.sig", vec![b'x'; 70_000]);
            },
        ),
        (
            "in the place of the first",
            "the manifest names its own",
            "key.age is not what was signed",
            |_, m| {
                let envelope = m.get("key-2.age").to_vec();
                m.put("key.age", envelope);
            },
        ),
        (
            "in a package whose manifest was exchanged",
            "a record belongs to one package",
            "damaged or altered",
            |w, m| {
                let other = w.genuine("other");
                for name in ["manifest.json", "manifest.json.sig"] {
                    m.put(name, other.get(name));
                }
            },
        ),
    ];
    let case = |(how, why, words, edit): (&str, &str, &str, Edit)| {
        Case::new(
            format!("further envelope {how}"),
            why,
            ALL,
            4,
            words,
            move |workshop: &Workshop, _: &std::path::Path| {
                let mut members = passed_on(workshop);
                edit(workshop, &mut members);
                members
            },
        )
    };
    table.map(case).into()
}

/// Such as are there, and open nothing: whoever has no other key learns why.
fn not_used() -> Vec<Case> {
    type Edit = fn(&Workshop, &mut Members);
    const NOBODY: &str = "none of the given identities opens this package";
    let table: [(&str, &str, i64, &str, Edit); 6] = [
        (
            "signed by a stranger",
            "nobody trusts whoever passed it on",
            1,
            NOBODY,
            |w, m| {
                let text = sign(&w.stranger, REKEY, m.get("key-2.json"));
                m.put("key-2.json.sig", text);
            },
        ),
        (
            "that was never signed",
            "nobody vouches for it",
            1,
            NOBODY,
            |_, m| {
                m.remove("key-2.json.sig");
            },
        ),
        (
            "whose signature is empty",
            "whoever signed it was stopped",
            1,
            NOBODY,
            |_, m| m.put("key-2.json.sig", ""),
        ),
        (
            "with the key of another package",
            "an envelope holds the key of its package",
            4,
            "the key of another package",
            |w, m| {
                let line = format!("{}\n", w.draft("other").key);
                let mut further = Further::good(w, m);
                further.envelope = encrypt(&third(w), line.as_bytes());
                further.record["envelope_sha256"] = json!(sha256(&further.envelope));
                further.put(w, m, 2);
            },
        ),
        (
            "with no key at all",
            "an envelope holds a package key",
            4,
            "does not hold a package key",
            |w, m| {
                let mut further = Further::good(w, m);
                further.envelope = encrypt(&third(w), b"nothing\n");
                further.record["envelope_sha256"] = json!(sha256(&further.envelope));
                further.put(w, m, 2);
            },
        ),
        (
            "that is no age file",
            "an envelope is one",
            4,
            "the age header is malformed",
            |w, m| {
                let mut further = Further::good(w, m);
                further.envelope = b"nothing".to_vec();
                further.record["envelope_sha256"] = json!(sha256(&further.envelope));
                further.put(w, m, 2);
            },
        ),
    ];
    let case = |(how, why, code, words, edit): (&str, &str, i64, &str, Edit)| {
        Case::new(
            format!("further envelope {how}"),
            why,
            THIRDS,
            code,
            words,
            move |workshop: &Workshop, _: &std::path::Path| {
                let mut members = passed_on(workshop);
                edit(workshop, &mut members);
                members
            },
        )
    };
    table.map(case).into()
}
