//! What is left in memory when the work is done: no package key, no passphrase, no
//! key of anybody. A core file, a hibernated machine or a debugger finds nothing
//! to open anything with.
//!
//! The program is stopped at the last moment of its life, when it prints its
//! result; what it can write to is then searched for each secret, in all forms.

mod paused;
mod search;

use std::fs;

use crate::backups::Site;
use crate::environment::{Env, require};
use crate::terminal::Terminal;
use paused::{can_look, run, run_at_terminal, run_until_content};
use search::{Memory, Secret};

const PASSPHRASE: &str = "correct horse battery";
const RECIPIENT: &str = "\"$EXEAT\" --config-dir recipient";
const SENDER: &str = "\"$EXEAT\" --config-dir sender";

/// Two people, a file, and `out/p.exeat`; nothing, where memory cannot be read.
fn prepared() -> Option<Env> {
    let env = Env::with_people();
    if !require(&["age", "script", "mkfifo"]) || !can_look() {
        return None;
    }
    env.sample("data");
    env.package("data", "p", "--volume-size 1M");
    Some(env)
}

/// What the real age finds in the envelope of a package.
fn package_key(env: &Env, identity: &str, package: &str) -> Secret {
    let line = format!("age -d -i {identity} {package}/key.age");
    Secret::age("package key", &env.tool(&line))
}

fn identity(env: &Env, name: &str) -> Secret {
    Secret::age("identity", &env.read(name))
}

#[test]
fn nothing_after_sealing() {
    let Some(env) = prepared() else { return };
    let words = format!("{SENDER} export data --to out --name q -R recipient/recipient.txt");
    let (memory, ran) = run(&env, &words);
    ran.ends(0);
    let key = package_key(&env, "recipient/identity.txt", "out/q.exeat");
    memory.holds_none_of(&[&key, &Secret::signing(&env, "sender")]);
}

#[test]
fn nothing_after_reading() {
    let Some(env) = prepared() else { return };
    let key = package_key(&env, "recipient/identity.txt", "out/p.exeat");
    let identity = identity(&env, "recipient/identity.txt");
    let signing = Secret::signing(&env, "recipient");
    env.person("third");
    for command in [
        "verify out/p.exeat -i recipient/identity.txt",
        "list out/p.exeat",
        "open out/p.exeat --to new",
        "receipt out/p.exeat -o receipt.json",
        "rekey out/p.exeat -R third/recipient.txt",
    ] {
        let (memory, ran) = run(&env, &format!("{RECIPIENT} {command}"));
        ran.ends(0);
        let found = [&key, &identity, &signing].map(|secret| memory.find(secret));
        let found = found.concat();
        assert!(found.is_empty(), "after {command}:\n{}", found.join("\n"));
    }
}

#[test]
fn nothing_after_a_backup() {
    if !require(&["age", "mkfifo"]) || !can_look() {
        return;
    }
    let site = Site::with_clinic("");
    let words = "\"$EXEAT\" --config-dir host backup run clinic";
    for sequence in 1..=2 {
        let (memory, ran) = run(&site.env, words);
        ran.ends(0);
        let package = &site.packages("to")[&sequence];
        let package = package.display().to_string();
        let key = package_key(&site.env, "recipient/identity.txt", &package);
        memory.holds_none_of(&[&key, &Secret::signing(&site.env, "host")]);
    }
}

/// The identity file is protected by a passphrase, which somebody types.
#[test]
fn no_passphrase_of_an_identity() {
    let Some(env) = prepared() else { return };
    let identity = identity(&env, "recipient/identity.txt");
    let key = package_key(&env, "recipient/identity.txt", "out/p.exeat");
    fs::create_dir(env.path("credentials")).unwrap();
    let again = "Confirm passphrase";
    let lock = "exec age -p -o credentials/locked recipient/identity.txt";
    Terminal::run(&env, lock)
        .answer("Enter passphrase", &format!("{PASSPHRASE}\n"))
        .answer(again, &format!("{PASSPHRASE}\n"))
        .ends(0);
    let passphrase = Secret::text("passphrase", PASSPHRASE);
    for (number, from) in [
        "-i credentials/locked",
        "-i fd:3 3<credentials/locked",
        "-i credential:locked",
    ]
    .iter()
    .enumerate()
    {
        let command = format!("{RECIPIENT} open out/p.exeat --to new-{number} {from}");
        let words = format!("env CREDENTIALS_DIRECTORY=\"$PWD/credentials\" {command}");
        let (memory, ran) = run_at_terminal(&env, &words, &[("Passphrase of", PASSPHRASE)]);
        assert!(ran.out.contains("sender@clinic.example"), "{ran}");
        memory.holds_none_of(&[&passphrase, &identity, &key]);
    }
}

/// The package itself is for a passphrase.
#[test]
fn no_passphrase_of_a_package() {
    let Some(env) = prepared() else { return };
    let passphrase = Secret::text("passphrase", PASSPHRASE);
    let words = format!("{SENDER} export data --to out --name q --passphrase");
    let prompts = [
        ("Passphrase for the package", PASSPHRASE),
        ("The same again", PASSPHRASE),
    ];
    let (sealing, _) = run_at_terminal(&env, &words, &prompts);
    Terminal::run(&env, "exec age -d -o key out/q.exeat/key.age")
        .answer("passphrase", &format!("{PASSPHRASE}\n"))
        .ends(0);
    let key = Secret::age("package key", &env.read("key"));
    sealing.holds_none_of(&[&passphrase, &key, &Secret::signing(&env, "sender")]);
    for command in [
        "verify out/q.exeat --passphrase",
        "open out/q.exeat --to new",
    ] {
        let words = format!("{RECIPIENT} {command}");
        let prompts = [("Passphrase of the package", PASSPHRASE)];
        let (memory, ran) = run_at_terminal(&env, &words, &prompts);
        assert!(ran.out.contains("sender@clinic.example"), "{ran}");
        memory.holds_none_of(&[&passphrase, &key]);
    }
}

/// The search that finds nothing above finds what is there: a key while it is in
/// use, a name that was just printed, and what another program keeps.
#[test]
fn what_is_there_is_found() {
    let Some(env) = prepared() else { return };
    let key = package_key(&env, "recipient/identity.txt", "out/p.exeat");
    let identity = identity(&env, "recipient/identity.txt");
    let file = "data/scans/scan.raw";
    let words = format!("{RECIPIENT} open out/p.exeat --stdout {file}");
    let (memory, ran) = run_until_content(&env, &words);
    ran.ends(0);
    assert!(memory.forms(&key).contains(&"32 bytes"));
    assert_eq!(memory.forms(&Secret::text("name", file)), ["text"]);
    let words = format!("{RECIPIENT} list out/p.exeat");
    let (memory, ran) = run(&env, &words);
    ran.ends(0);
    assert_eq!(memory.forms(&Secret::text("name", file)), ["text"]);
    // A shell that has read the identity.
    let words = "sh -c 'key=$(cat recipient/identity.txt); echo \"$key\"'";
    let (memory, ran) = run(&env, words);
    ran.ends(0);
    assert_eq!(memory.forms(&identity), ["Bech32"]);
    // And this process, which has made every form of it for the search.
    let signing = Secret::signing(&env, "sender");
    let memory = Memory::of(std::process::id()).unwrap();
    let forms = [&identity, &signing].map(|secret| memory.forms(secret).len());
    assert_eq!(forms, [6, 5]);
}
