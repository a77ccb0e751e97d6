//! Passphrases, typed at a terminal. Each one that is tried costs about a
//! second and 256 MiB, so there are few of them.

use std::fs;

use crate::environment::{Env, Ran, require};
use crate::terminal::Terminal;
use crate::tree::{assert_same, look_at_content, unchanged};

const PASSPHRASE: &str = "correct horse battery";

#[test]
fn an_identity_with_a_passphrase() {
    if !require(&["script"]) {
        return;
    }
    let env = Env::new();
    env.person("sender");
    env.write("letter.txt", "Dear Dr Example\n");
    let prompt = "New passphrase for your identity (or Enter to have one made): ";
    let again = "The same again: ";
    let init = "init --name ann@clinic.example --passphrase";
    let ran = Terminal::exeat(&env, "ann", init)
        .answer(prompt, "short\n")
        .answer(prompt, &format!("{PASSPHRASE}\n"))
        .answer(again, "something else\n")
        .answer(prompt, &format!("{PASSPHRASE}\n"))
        .answer(again, &format!("{PASSPHRASE}\n"))
        .ends(0)
        .says("fewer than 12 characters")
        .says("The two were not the same");
    assert!(!ran.err.contains(PASSPHRASE), "it was shown: {ran}");
    let identity = fs::read(env.path("ann/identity.txt")).unwrap();
    assert!(!String::from_utf8_lossy(&identity).contains("AGE-SECRET-KEY"));

    env.by("ann", "trust sender/signer.txt").ends(0);
    let export = "export letter.txt --to . --name p -R ann/recipient.txt";
    env.by("sender", export).ends(0);
    let prompt = "Passphrase of ann/identity.txt: ";
    let before = look_at_content(&env.path(""));
    Terminal::exeat(&env, "ann", "open p.exeat --to new")
        .answer(prompt, "correct horse batterx\n")
        .ends(1)
        .says("ann/identity.txt: the passphrase is wrong");
    assert_same(&before, &look_at_content(&env.path("")));
    Terminal::exeat(&env, "ann", "open p.exeat --to new")
        .answer(prompt, &format!("{PASSPHRASE}\n"))
        .ends(0);
    assert_eq!(env.read("new/letter.txt"), "Dear Dr Example\n");

    // The reference program reads it, too.
    if require(&["age"]) {
        Terminal::run(
            &env,
            "exec age -d -i ann/identity.txt -o key p.exeat/key.age",
        )
        .answer("passphrase", &format!("{PASSPHRASE}\n"))
        .ends(0);
        assert!(env.read("key").starts_with("AGE-SECRET-KEY-1"));
    }
}

#[test]
fn a_package_with_a_passphrase() {
    if !require(&["script", "setsid"]) {
        return;
    }
    let env = Env::with_people();
    env.write("letter.txt", "Dear Dr Example\n");
    let export = "export letter.txt --to . --name p --passphrase";
    let prompt = "Passphrase for the package (or Enter to have one made): ";
    let ran = Terminal::exeat(&env, "sender", export)
        .answer(prompt, &format!("{PASSPHRASE}\n"))
        .answer("The same again: ", &format!("{PASSPHRASE}\n"))
        .ends(0)
        .says("by another channel");
    assert!(!ran.err.contains(PASSPHRASE), "it was shown: {ran}");

    // No identity opens it, and it says what would.
    let verify = "verify p.exeat -i recipient/identity.txt";
    let ran = env.by("recipient", verify).ends(2);
    ran.says("sealed with a passphrase").says("--passphrase");
    env.by("recipient", "verify p.exeat").ends(0);
    let prompt = "Passphrase of the package: ";
    let before = look_at_content(&env.path(""));
    Terminal::exeat(&env, "recipient", "open p.exeat --to new")
        .answer(prompt, "Correct horse battery\n")
        .ends(1)
        .says("the passphrase is wrong");
    assert_same(&before, &look_at_content(&env.path("")));
    Terminal::exeat(&env, "recipient", "open p.exeat --to new")
        .answer(prompt, &format!("{PASSPHRASE}\n"))
        .ends(0);
    assert_eq!(env.read("new/letter.txt"), "Dear Dr Example\n");
    // With it or without the flag, it is asked for.
    for command in [
        "receipt p.exeat -o a.json",
        "receipt p.exeat -o b.json --passphrase",
    ] {
        Terminal::exeat(&env, "recipient", command)
            .answer(prompt, &format!("{PASSPHRASE}\n"))
            .ends(0)
            .says("every file as it was sealed");
    }
    env.by("recipient", "receipt p.exeat -i recipient/identity.txt")
        .ends(2)
        .says("leave out -i");
    // Without a terminal it cannot be asked for.
    for command in [
        "receipt p.exeat",
        "open p.exeat --to other",
        "list p.exeat",
        "verify p.exeat --passphrase",
    ] {
        without_terminal(&env, "recipient", command);
    }
}

/// One that was made is shown once, at the terminal and nowhere else.
#[test]
fn a_passphrase_that_is_made() {
    if !require(&["script"]) {
        return;
    }
    let env = Env::with_people();
    env.write("letter.txt", "Dear Dr Example\n");
    let export = "export letter.txt --to . --name p --passphrase >report 2>&1";
    let ran = Terminal::exeat(&env, "sender", export)
        .answer("Passphrase for the package", "\n")
        .ends(0);
    let is_made = |line: &&str| line.len() == 29 && line.split('-').all(|part| part.len() == 5);
    let made = ran.err.lines().map(str::trim).find(is_made).unwrap();
    assert!(!env.read("report").contains(made));
    assert!(env.read("report").contains("for          passphrase"));
    let verify = "verify p.exeat --passphrase";
    Terminal::exeat(&env, "recipient", verify)
        .answer("Passphrase of the package: ", &format!("{made}\n"))
        .ends(0)
        .says("every one as it was sealed");
}

/// Runs what would ask for a passphrase where nobody can be asked.
#[track_caller]
fn without_terminal(env: &Env, person: &str, line: &str) {
    let mut command = env.command("setsid");
    command
        .args([
            "--wait",
            env!("CARGO_BIN_EXE_exeat"),
            "--config-dir",
            person,
        ])
        .args(line.split(' '));
    let ran = unchanged(env, || Ran::of(&mut command));
    ran.ends(1)
        .says("no terminal to ask for a passphrase at")
        .says("Run the command in a terminal");
}

#[test]
fn where_nobody_can_be_asked() {
    if !require(&["setsid"]) {
        return;
    }
    let env = Env::with_people();
    env.write("letter.txt", "Dear Dr Example\n");
    without_terminal(&env, "ann", "init --name ann@clinic.example --passphrase");
    without_terminal(&env, "sender", "export letter.txt --to . --passphrase");
    // What will not be used is not asked for.
    let mut command = env.command("setsid");
    command.args([
        "--wait",
        env!("CARGO_BIN_EXE_exeat"),
        "--config-dir",
        "sender",
    ]);
    command.args([
        "export",
        "letter.txt",
        "--to",
        ".",
        "--passphrase",
        "--dry-run",
    ]);
    unchanged(&env, || Ran::of(&mut command)).ends(0);
}

#[test]
fn giving_up_at_the_prompt() {
    if !require(&["script"]) {
        return;
    }
    let env = Env::with_people();
    env.write("letter.txt", "Dear Dr Example\n");
    let before = look_at_content(&env.path(""));
    for (keys, code, words) in [
        ("abc\x03", 130, "interrupted"),
        ("\x04", 1, "input ended before there was a passphrase"),
        ("\x1b[A\n", 1, "control character"),
    ] {
        let export = "export letter.txt --to . --passphrase";
        let line = format!("\"$EXEAT\" --config-dir sender {export}; code=$?; stty -a; exit $code");
        let ran = Terminal::run(&env, &line)
            .answer("Passphrase for the package", keys)
            .ends(code)
            .says(words);
        // The terminal echoes again.
        assert!(
            ran.err.contains(" echo ") && ran.err.contains(" icanon "),
            "{ran}"
        );
        assert_same(&before, &look_at_content(&env.path("")));
    }
}

#[test]
fn a_signing_key_with_a_passphrase() {
    if !require(&["script", "ssh-keygen"]) {
        return;
    }
    let env = Env::with_people();
    env.write("letter.txt", "Dear Dr Example\n");
    let mut command = env.command("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", "id"]);
    Ran::of(&mut command).ends(0);
    // Not beside the key: whoever found one would find both.
    fs::create_dir(env.path("out")).unwrap();
    let export = "export letter.txt --to out --name p -R recipient/recipient.txt --signing-key id";
    let prompt = "Passphrase of id: ";
    let before = look_at_content(&env.path(""));
    Terminal::exeat(&env, "sender", export)
        .answer(prompt, "wrong\n")
        .ends(1)
        .says("wrong passphrase for the private key");
    assert_same(&before, &look_at_content(&env.path("")));
    Terminal::exeat(&env, "sender", export)
        .answer(prompt, &format!("{PASSPHRASE}\n"))
        .ends(0);
    assert!(env.path("out/p.exeat/manifest.json.sig").exists());
}
