//! A backup whose files lie in earlier packages, and what an attacker puts in the place
//! of those: in the folder `q` the package `two`, and beside it others.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::forge::{Draft, Members, Workshop, canonical, sha256};
use crate::runner::{Case, Made};

const CHAIN: &str = "5d771235-f899-8eb1-8056-004ed0227332";
const OTHER_CHAIN: &str = "6d771235-f899-8eb1-8056-004ed0227332";
/// The file that the first package holds for the second.
const HELD: &str = "data/letters/c.txt";

/// Opens all of the second, for which the first is needed.
pub(crate) const OPEN: &[&str] = &["open q/two.exeat --to new"];
/// The last of them at a time.
const AS_OF: &[&str] = &["open q --as-of now --to new"];

/// The two packages, in the clear, yet to be sealed.
pub(crate) struct Pair {
    pub(crate) first: Draft,
    pub(crate) second: Draft,
}

impl Pair {
    /// As they should be: the second holds all but one file.
    pub(crate) fn good(workshop: &Workshop) -> Self {
        let mut first = workshop.draft("other");
        first.manifest["series"] =
            json!({"base": [], "id": CHAIN, "previous": null, "sequence": 1});
        let mut second = workshop.draft("plain");
        second.manifest["series"] = json!({
            "base": [first.manifest["id"]], "id": CHAIN, "previous": null, "sequence": 2,
        });
        let line = second.line(HELD);
        let offset = usize::try_from(line["offset"].as_u64().unwrap()).unwrap();
        let bytes = line["bytes"].as_u64().unwrap();
        let line = line.as_object_mut().unwrap();
        line.remove("offset");
        line.remove("volume");
        line.insert("package".into(), first.manifest["id"].clone());
        // It was the last one in the volume.
        second.volumes[0].truncate(offset);
        second.volumes[0].resize(offset + 1024, 0);
        for pointer in ["/bytes", "/facts/bytes"] {
            let sum = second.header.pointer_mut(pointer).unwrap();
            *sum = json!(sum.as_u64().unwrap() - bytes);
        }
        let files = second.header["facts"]["files"].as_u64().unwrap();
        second.header["facts"]["files"] = json!(files - 1);
        Self { first, second }
    }

    /// Sealed; the second names the first as the one before it.
    pub(crate) fn seal(mut self, workshop: &Workshop) -> (Members, Members) {
        let first = self.first.seal(workshop);
        let previous = sha256(first.get("manifest.json"));
        self.second.manifest["series"]["previous"] = json!(previous);
        (first, self.second.seal(workshop))
    }
}

/// Puts packages into a folder, by name.
pub(crate) fn place(path: &Path, packages: &[(&str, &Members)]) -> Made {
    fs::create_dir(path).unwrap();
    for (name, members) in packages {
        members.write(&path.join(name));
    }
    Made::There
}

/// Alters the inventory's line of the file that the first package holds.
fn held(draft: &mut Draft, edit: impl FnOnce(&mut Value)) {
    edit(draft.line(HELD));
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = edited();
    cases.extend(placed());
    cases
}

/// What the packages say, by a trusted signer.
fn edited() -> Vec<Case> {
    type Edit = fn(&mut Pair);
    const DIFFERS: &str = "does not hold 'data/letters/c.txt' as this one says";
    const OTHER: &str = "is of another chain of backups, or by another signer";
    let table: [(&str, &str, i64, &str, Edit); 12] = [
        (
            "that says that twenty files of 2^60 bytes lie in the earlier package",
            "sums of sizes must not wrap around",
            4,
            "the fields contradict each other",
            |p| {
                let line = p.second.line(HELD).clone();
                p.second.lines.pop();
                for number in 0..20 {
                    let mut line = line.clone();
                    line["path"] = json!(format!("data/letters/c{number:02}.txt"));
                    line["bytes"] = json!(1_u64 << 60);
                    p.second.lines.push(line);
                }
                p.second.count();
            },
        ),
        (
            "whose earlier package is of another chain",
            "files of one host are not another's",
            4,
            OTHER,
            |p| {
                p.first.manifest["series"]["id"] = json!(OTHER_CHAIN);
            },
        ),
        (
            "whose earlier package is of no chain",
            "an export is no backup",
            1,
            "which is not here",
            |p| {
                p.first.manifest["series"] = Value::Null;
            },
        ),
        (
            "whose file has another digest in the earlier package",
            "the newer one says what it was",
            4,
            DIFFERS,
            |p| {
                held(&mut p.second, |line| {
                    line["sha256"] = json!("ab".repeat(32))
                });
            },
        ),
        (
            "whose file has another size in the earlier package",
            "the newer one says what it was",
            4,
            DIFFERS,
            |p| {
                held(&mut p.second, |line| line["bytes"] = json!(1));
            },
        ),
        (
            "whose file has another name in the earlier package",
            "the newer one says what it was",
            4,
            DIFFERS,
            |p| {
                held(&mut p.first, |line| {
                    line["path"] = json!("data/letters/d.txt")
                });
            },
        ),
        (
            "whose file the earlier package left out",
            "it is nowhere",
            4,
            DIFFERS,
            |p| {
                held(&mut p.first, |line| {
                    line["skipped"] = json!("it could not be read");
                    let line = line.as_object_mut().unwrap();
                    for field in ["volume", "offset", "sha256"] {
                        line.remove(field);
                    }
                });
                let bytes = p.second.line(HELD)["bytes"].as_u64().unwrap();
                for pointer in ["/bytes", "/facts/bytes"] {
                    let sum = p.first.header.pointer_mut(pointer).unwrap();
                    *sum = json!(sum.as_u64().unwrap() - bytes);
                }
                p.first.header["facts"]["files"] = json!(2);
            },
        ),
        (
            "whose file in the earlier package is not what its inventory says",
            "each digest is compared where it is read",
            4,
            "does not hold what the inventory says",
            |p| {
                let offset = p.first.line(HELD)["offset"].as_u64().unwrap();
                p.first.volumes[0][usize::try_from(offset).unwrap() + 512] ^= 1;
            },
        ),
        (
            "whose file in the earlier package has a header that leads out",
            "the framing is compared there, too",
            4,
            "does not hold what the inventory says",
            |p| {
                let offset = p.first.line(HELD)["offset"].as_u64().unwrap();
                let offset = usize::try_from(offset).unwrap();
                p.first.volumes[0][offset..offset + 13].copy_from_slice(b"../../outside");
            },
        ),
        (
            "whose file in the earlier package is in one still earlier",
            "chains of chains never end",
            4,
            "does not hold 'data/letters/c.txt' as this one says",
            |p| {
                let id = "5d771235-f899-7eb1-8056-004ed0227332";
                held(&mut p.first, |line| {
                    line["package"] = json!(id);
                    let line = line.as_object_mut().unwrap();
                    line.remove("volume");
                    line.remove("offset");
                });
                p.first.manifest["series"]["base"] = json!([id]);
                let bytes = p.second.line(HELD)["bytes"].as_u64().unwrap();
                for pointer in ["/bytes", "/facts/bytes"] {
                    let sum = p.first.header.pointer_mut(pointer).unwrap();
                    *sum = json!(sum.as_u64().unwrap() - bytes);
                }
                p.first.header["facts"]["files"] = json!(2);
            },
        ),
        (
            "that needs a package that the manifest does not name",
            "what is needed is public",
            4,
            "a package that the manifest does not name",
            |p| {
                p.second.manifest["series"]["base"] = json!([]);
            },
        ),
        (
            "that names a package that it does not need",
            "what is needed is public",
            4,
            "a package that the manifest does not name",
            |p| {
                let mut base = vec![p.first.manifest["id"].clone()];
                base.push(json!("ffffffff-f899-7eb1-8056-004ed0227332"));
                p.second.manifest["series"]["base"] = json!(base);
            },
        ),
    ];
    table
        .map(|(how, why, code, words, edit)| {
            Case::new(
                format!("backup {how}"),
                why,
                OPEN,
                code,
                words,
                move |workshop: &Workshop, path: &Path| {
                    let mut pair = Pair::good(workshop);
                    edit(&mut pair);
                    let (first, second) = pair.seal(workshop);
                    place(path, &[("one.exeat", &first), ("two.exeat", &second)])
                },
            )
        })
        .into()
}

/// Which packages lie there, and who signed them.
fn placed() -> Vec<Case> {
    type Put = fn(&Workshop, &Path, Members, Members) -> Made;
    type Row = (
        &'static str,
        &'static str,
        &'static [&'static str],
        i64,
        &'static str,
        Put,
    );
    const NOT_HERE: &str = "which is not here";
    let table: [Row; 9] = [
        (
            "without its earlier package",
            "half a restore is none",
            OPEN,
            1,
            NOT_HERE,
            |_, path, _, second| place(path, &[("two.exeat", &second)]),
        ),
        (
            "whose earlier package is the other one's copy",
            "an id is what it is",
            OPEN,
            1,
            NOT_HERE,
            |w, path, _, second| {
                place(
                    path,
                    &[("one.exeat", &w.genuine("plain")), ("two.exeat", &second)],
                )
            },
        ),
        (
            "whose earlier package is signed by a stranger",
            "nobody trusts them",
            OPEN,
            1,
            NOT_HERE,
            |w, path, mut first, second| {
                first.sign(&w.stranger);
                place(path, &[("one.exeat", &first), ("two.exeat", &second)])
            },
        ),
        (
            "whose earlier package is signed by somebody else who is trusted",
            "one host's chain has one signer",
            OPEN,
            1,
            NOT_HERE,
            |w, path, mut first, second| {
                first.sign(&w.recipient_signs);
                place(path, &[("one.exeat", &first), ("two.exeat", &second)])
            },
        ),
        (
            "whose earlier package is not signed",
            "nobody vouches for it",
            OPEN,
            1,
            NOT_HERE,
            |_, path, mut first, second| {
                first.remove("manifest.json.sig");
                place(path, &[("one.exeat", &first), ("two.exeat", &second)])
            },
        ),
        (
            "whose earlier package has another volume",
            "it is verified as any other",
            OPEN,
            4,
            "volume-00001.age",
            |_, path, mut first, second| {
                first.bytes("volume-00001.age")[300] ^= 1;
                place(path, &[("one.exeat", &first), ("two.exeat", &second)])
            },
        ),
        (
            "whose earlier package lacks a member",
            "it is verified as any other",
            OPEN,
            4,
            "inventory.age is missing",
            |_, path, mut first, second| {
                first.remove("inventory.age");
                place(path, &[("one.exeat", &first), ("two.exeat", &second)])
            },
        ),
        (
            "that is there twice, not the same",
            "which of the two was the last?",
            AS_OF,
            4,
            "two backups have the number 2",
            |w, path, first, second| {
                let mut fork = second.clone();
                let mut manifest = fork.manifest();
                manifest["generator"] = json!("exeat 0.1.1");
                fork.put("manifest.json", canonical(&manifest));
                fork.sign(&w.sender);
                place(
                    path,
                    &[
                        ("a.exeat", &first),
                        ("b.exeat", &second),
                        ("c.exeat", &fork),
                    ],
                )
            },
        ),
        (
            "of nothing but strangers",
            "nobody vouches for any",
            AS_OF,
            8,
            "was passed over: it cannot be read",
            |w, path, mut first, mut second| {
                first.sign(&w.stranger);
                second.sign(&w.stranger);
                place(path, &[("one.exeat", &first), ("two.exeat", &second)])
            },
        ),
    ];
    table
        .map(|(how, why, commands, code, words, put)| {
            Case::new(
                format!("backup {how}"),
                why,
                commands,
                code,
                words,
                move |workshop: &Workshop, path: &Path| {
                    let (first, second) = Pair::good(workshop).seal(workshop);
                    put(workshop, path, first, second)
                },
            )
        })
        .into()
}
