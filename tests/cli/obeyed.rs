//! What a policy asks for is asked of every export, and a check says so before.

use std::fs;

use crate::check::result;
use crate::environment::{Env, Ran, noise};
use crate::ledger::{self, untouched};
use crate::people::{assert_names_nobody, people, table};
use crate::plain::prepared;
use crate::policy::FOR;
use crate::tree::unchanged;

/// Rules, what is asked, and the code and the line of the refusal.
const RULES: [(&str, &str, &str, usize); 15] = [
    ("[ceiling]\npeople = 2\n", "few.csv", "over-ceiling", 2),
    (
        "[ceiling]\npeople = 2\n",
        "few.csv --plain",
        "over-ceiling",
        2,
    ),
    (
        "[recipients]\nrequired = [\"RECOVERY\"]\n",
        "few.csv",
        "recovery-recipient-missing",
        2,
    ),
    (
        "[recipients]\nrequired = [\"recovery\"]\n",
        "few.csv",
        "recovery-recipient-missing",
        2,
    ),
    (
        "[recipients]\nfile = \"allowed.toml\"\n",
        "few.csv",
        "recipient-not-allowed",
        2,
    ),
    (
        "[purpose]\nrequired = true\n",
        "few.csv",
        "purpose-missing",
        2,
    ),
    (
        "[purpose]\nrequired = true\n",
        "few.csv --plain",
        "purpose-missing",
        2,
    ),
    (
        "[purpose]\nallowed = [\"audit\"]\n",
        "few.csv --purpose audits",
        "purpose-not-allowed",
        2,
    ),
    (
        "[destinations]\nallow = [\"network\"]\n",
        "few.csv",
        "destination-not-allowed",
        2,
    ),
    (
        "[destinations]\nallow = [\"/srv\"]\n",
        "few.csv --plain",
        "destination-not-allowed",
        2,
    ),
    (
        "[approvals]\npeople = [{ from = 3, count = 2 }]\n",
        "few.csv",
        "approval-missing",
        2,
    ),
    (
        "[signing]\nsigners = [\"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]\n",
        "few.csv",
        "signer-not-allowed",
        2,
    ),
    (
        "[[quota]]\ngroup = \"*\"\npeople = 2\nper = \"1 week\"\n",
        "few.csv",
        "quota-exceeded",
        2,
    ),
    (
        "[inspection]\nuninspected = \"refuse\"\n",
        "raw",
        "uninspected",
        2,
    ),
    (
        "[bulk]\npeople = 3\n",
        "few.csv --plain",
        "plaintext-bulk",
        2,
    ),
];

fn with_rules(env: &Env, text: &str) {
    let recovery = env.read("recovery/recipient.txt");
    env.write("strict.toml", text.replace("RECOVERY", recovery.trim()));
}

fn prepared_for_rules() -> Env {
    let env = prepared();
    env.person("recovery");
    env.write("few.csv", table(&people(52, 3)));
    env.write("raw", noise(9000));
    let key = env.read("recovery/recipient.txt");
    let entry = format!(
        "[[recipient]]\nname = \"recovery\"\nkey = \"{}\"\n",
        key.trim()
    );
    env.write("allowed.toml", &entry);
    env.write("sender/recipients.toml", entry);
    env
}

fn export(env: &Env, what: &str) -> Ran {
    let who = if what.contains("--plain") || what.contains("-r ") {
        ""
    } else {
        FOR
    };
    env.by(
        "sender",
        &format!("export {what} --to out {who} --policy strict.toml"),
    )
}

#[test]
fn exports_obey() {
    let env = prepared_for_rules();
    for (text, what, code, line) in RULES {
        with_rules(&env, text);
        let ran = unchanged(&env, || export(&env, what)).ends(3);
        let ran = ran
            .says(&format!("\n  {code}: "))
            .says(&format!("\n    rule: strict.toml:{line}"));
        assert_names_nobody(&people(52, 3), &ran);
        let entry = ledger::last(&env);
        assert_eq!(entry["kind"], "refusal", "{code}");
        assert_eq!(ledger::codes(&entry), [code], "{ran}");
        // A check says the same.
        let who = if what.contains("--plain") { "" } else { FOR };
        let line = format!("check {what} --to out {who} --policy strict.toml --json");
        let ran = untouched(&env, || env.by("sender", &line)).ends(3);
        let form = if what.contains("--plain") {
            "plain"
        } else {
            "sealed"
        };
        assert_eq!(result(&ran)[form]["findings"][0]["code"], code, "{ran}");
    }
    assert_eq!(fs::read_dir(env.path("out")).unwrap().count(), 0);
}

#[test]
fn what_the_rules_ask_for_can_be_given() {
    let env = prepared_for_rules();
    let here = env.path("out").canonicalize().unwrap();
    let own = env.fingerprint("sender");
    for (text, what) in [
        ("[ceiling]\npeople = 3\n".to_owned(), "few.csv"),
        (
            "[recipients]\nrequired = [\"RECOVERY\"]\n".into(),
            "few.csv -r recovery",
        ),
        (
            "[recipients]\nfile = \"allowed.toml\"\n".into(),
            "few.csv -r recovery",
        ),
        (
            "[recipients]\nfile = \"allowed.toml\"\nrequired = [\"recovery\"]\n".into(),
            "few.csv -r recovery",
        ),
        (
            "[purpose]\nrequired = true\n".into(),
            "few.csv --purpose anything",
        ),
        (
            "[purpose]\nallowed = [\"audit\"]\n".into(),
            "few.csv --plain --purpose audit",
        ),
        (
            format!("[destinations]\nallow = [\"{}\"]\n", here.display()),
            "few.csv",
        ),
        (
            "[approvals]\npeople = [{ from = 4, count = 2 }]\n".into(),
            "few.csv",
        ),
        (format!("[signing]\nsigners = [\"{own}\"]\n"), "few.csv"),
        (
            "[[quota]]\ngroup = \"no such group\"\npeople = 2\nper = \"1 week\"\n".into(),
            "few.csv",
        ),
        ("[inspection]\nuninspected = \"warn\"\n".into(), "raw"),
    ] {
        with_rules(&env, &text);
        export(&env, what).ends(0);
    }
    let ran = export(&env, "raw").ends(0);
    ran.says("warning: uninspected: 1 file could not be inspected")
        .says("    raw (");
    // A quota counts what has left, sealed or not, and what would.
    with_rules(
        &env,
        "[[quota]]\ngroup = \"*\"\npeople = 30\nper = \"1 week\"\n",
    );
    let ran = unchanged(&env, || export(&env, "few.csv")).ends(3);
    ran.says("people of the last 7 days").says("30 are allowed");
}

/// What is forbidden is said before anybody has thought of a passphrase.
#[test]
fn a_forbidden_passphrase_is_not_asked_for() {
    let env = prepared_for_rules();
    with_rules(&env, "[recipients]\npassphrase = false\n");
    for line in [
        "check few.csv --passphrase",
        "export few.csv --to out --passphrase --dry-run",
        "export few.csv --to out --passphrase",
    ] {
        let line = format!("{line} --policy strict.toml");
        let ran = unchanged(&env, || env.by("sender", &line)).ends(3);
        let said = format!("{}{}", ran.out, ran.err);
        assert!(
            said.contains("recipient-not-allowed: a passphrase"),
            "{ran}"
        );
    }
}
