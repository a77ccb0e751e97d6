//! Manifests that say what the format does not allow, or say it in another way than the
//! one there is; each signed by the trusted sender.

mod texts;
mod values;

use serde_json::json;

use crate::forge::{canonical, sha256};
use crate::runner::{ALL, Case};

const MALFORMED: &str = "manifest.json is not what the format asks for";
const CANONICAL: &str = "manifest.json is not in its canonical form";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = missing();
    cases.extend(values::values());
    cases.extend(texts::texts());
    cases.extend(sums());
    cases
}

/// Every field is needed, at every level.
fn missing() -> Vec<Case> {
    let pointers = [
        "/created",
        "/format",
        "/generator",
        "/id",
        "/inventory",
        "/inventory/bytes",
        "/inventory/sha256",
        "/key",
        "/key/commitment",
        "/key/envelope_sha256",
        "/payload",
        "/payload/bytes",
        "/payload/compression",
        "/payload/kind",
        "/payload/volumes",
        "/readme",
        "/series",
        "/sums",
    ];
    let mut cases = Vec::new();
    for pointer in pointers {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let words = match key {
            "series" => CANONICAL,
            _ => "missing field",
        };
        cases.push(Case::new(
            format!("manifest without {pointer}"),
            "a reader must not fill in what nobody signed",
            ALL,
            4,
            words,
            move |workshop, _| {
                workshop.manifest(|manifest| {
                    let parent = manifest.pointer_mut(parent).unwrap();
                    parent.as_object_mut().unwrap().remove(key).unwrap();
                })
            },
        ));
    }
    for parent in ["", "/inventory", "/key", "/payload", "/payload/volumes/0"] {
        cases.push(Case::new(
            format!("manifest with a field too many in '{parent}'"),
            "a field that one reader knows and another does not is a second meaning",
            ALL,
            4,
            "unknown field",
            move |workshop, _| {
                workshop
                    .manifest(|manifest| manifest.pointer_mut(parent).unwrap()["zone"] = json!(1))
            },
        ));
    }
    cases
}

/// Sums that a trusted signer made fit something else.
fn sums() -> Vec<Case> {
    type Edit = fn(&str) -> String;
    let table: [(&str, Edit); 6] = [
        ("in another order", |text| {
            let mut lines: Vec<_> = text.lines().collect();
            lines.reverse();
            lines.join("\n") + "\n"
        }),
        ("with a line too many", |text| {
            format!("{text}{}  /etc/passwd\n", "ab".repeat(32))
        }),
        ("without the volumes", |text| {
            let lines = text.lines().filter(|line| !line.contains("volume"));
            lines.map(|line| format!("{line}\n")).collect()
        }),
        ("in binary mode", |text| text.replace("  ", " *")),
        ("without the last newline", |text| {
            text.trim_end().to_owned()
        }),
        ("with capitals", |text| text.to_uppercase()),
    ];
    let mut cases: Vec<Case> = table
        .map(|(how, edit)| {
            Case::new(
                format!("SHA256SUMS {how}, by a trusted signer"),
                "whoever has no exeat goes by this file, and has to see what exeat sees",
                ALL,
                4,
                "the sums are not those of the members",
                move |workshop: &crate::forge::Workshop, _: &std::path::Path| {
                    let mut members = workshop.genuine("plain");
                    let text = String::from_utf8(members.get("SHA256SUMS").to_vec()).unwrap();
                    let edited = edit(&text);
                    assert_ne!(edited, text);
                    let mut manifest = members.manifest();
                    manifest["sums"] =
                        json!({"bytes": edited.len(), "sha256": sha256(edited.as_bytes())});
                    members.put("SHA256SUMS", edited);
                    members.put("manifest.json", canonical(&manifest));
                    members.sign(&workshop.sender);
                    members
                },
            )
        })
        .into();
    cases.push(Case::new(
        "README.txt of 70 KiB, by a trusted signer",
        "a README is a page, and no place to hide a hoard",
        ALL,
        4,
        "README.txt is larger than 64 KiB",
        |workshop, _| workshop.outer(|members| members.put("README.txt", vec![b'x'; 70_000])),
    ));
    cases
}
