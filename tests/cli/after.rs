//! Packages of a chain of backups: which comes after which.

use std::fs;

use serde_json::Value;

use crate::environment::{Env, copy_package, require};
use crate::tree::unchanged;

const CHAIN: &str = "5d771235-f899-8eb1-8056-004ed0227332";

/// Makes `NAME` of the sender's package: number so-and-so of a chain. Gives the
/// digest of its manifest.
pub(crate) fn numbered(env: &Env, name: &str, sequence: u64, previous: Option<&str>) -> String {
    in_chain(env, name, CHAIN, sequence, previous)
}

fn in_chain(env: &Env, name: &str, chain: &str, sequence: u64, previous: Option<&str>) -> String {
    let folder = env.path(name);
    copy_package(&env.path("out/p.exeat"), &folder);
    let path = folder.join("manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    let previous = previous.map_or("null".to_owned(), |digest| format!("\"{digest}\""));
    let series = format!(
        "\"series\":{{\"base\":[],\"id\":\"{chain}\",\"previous\":{previous},\"sequence\":{sequence}}}"
    );
    assert!(text.contains("\"series\":null"), "{text}");
    fs::write(&path, text.replacen("\"series\":null", &series, 1)).unwrap();
    env.ssh_sign("sender", "exeat.package.v1", &path);
    let ran = env
        .by("recipient", &format!("verify {name} --json"))
        .ends(0);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["result"]["series"]["sequence"], sequence);
    document["result"]["manifest_sha256"]
        .as_str()
        .unwrap()
        .into()
}

#[test]
fn an_older_package_is_not_taken_for_the_newest() {
    if !require(&["ssh-keygen"]) {
        return;
    }
    let env = Env::with_package();
    let first = numbered(&env, "one.exeat", 41, None);
    let second = numbered(&env, "two.exeat", 42, Some(&first));
    numbered(&env, "four.exeat", 44, Some(&second));
    numbered(&env, "fork.exeat", 42, Some(&second));
    numbered(&env, "start.exeat", 42, None);
    in_chain(&env, "other.exeat", &CHAIN.replace('5', "6"), 42, None);
    fs::copy(env.path("one.exeat/manifest.json"), env.path("kept.json")).unwrap();
    fs::copy(env.path("kept.json"), env.path("41")).unwrap();
    let ran = env.by("recipient", "verify two.exeat").ends(0);
    let words = format!("  backup       number 42 of the chain {CHAIN}, needs no other\n");
    assert!(ran.out.contains(&words), "{ran}");
    for earlier in [
        "41",
        "40",
        "one.exeat",
        "one.exeat/manifest.json",
        "kept.json",
        "./41",
    ] {
        let line = format!("verify two.exeat --after {earlier}");
        let exit = if earlier == "40" { 7 } else { 0 };
        let ran = unchanged(&env, || env.by("recipient", &line)).ends(exit);
        assert!(ran.out.starts_with("OK: "), "{ran}");
        assert_eq!(
            ran.err.contains("1 package lies between"),
            exit == 7,
            "{ran}"
        );
    }
    for (package, earlier, exit, words) in [
        (
            "four.exeat",
            "one.exeat",
            7,
            "2 packages lie between the two",
        ),
        (
            "one.exeat",
            "two.exeat",
            4,
            "is number 41 of its chain, and does not come after number 42",
        ),
        ("two.exeat", "two.exeat", 4, "does not come after number 42"),
        ("two.exeat", "42", 4, "does not come after number 42"),
        (
            "two.exeat",
            "18446744073709551615",
            4,
            "does not come after",
        ),
        (
            "fork.exeat",
            "one.exeat",
            4,
            "does not follow from the one before it",
        ),
        (
            "start.exeat",
            "one.exeat",
            4,
            "does not follow from the one before it",
        ),
        ("other.exeat", "one.exeat", 4, "the earlier one of 5d771235"),
        (
            "out/p.exeat",
            "41",
            1,
            "the package is none of a chain of backups",
        ),
        (
            "two.exeat",
            "out/p.exeat",
            1,
            "out/p.exeat is none of a chain of backups",
        ),
        ("two.exeat", "nowhere", 1, "cannot read nowhere"),
        (
            "two.exeat",
            "data/patients.csv",
            1,
            "data/patients.csv is neither a package",
        ),
        (
            "two.exeat",
            "18446744073709551616",
            2,
            "no chain has a package of so high a number",
        ),
    ] {
        let line = format!("verify {package} --after {earlier}");
        let ran = unchanged(&env, || env.by("recipient", &line)).ends(exit);
        ran.says(words);
    }
    // By somebody else, whom the recipient trusts as well.
    env.person("stranger");
    env.by("recipient", "trust stranger/signer.txt").ends(0);
    env.ssh_sign(
        "stranger",
        "exeat.package.v1",
        &env.path("one.exeat/manifest.json"),
    );
    let line = "verify two.exeat --after one.exeat";
    let ran = env.by("recipient", line).ends(8);
    ran.says("one.exeat is not signed by whoever signed the package");
}
