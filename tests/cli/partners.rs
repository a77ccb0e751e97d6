//! Keys and people: what `init` makes, and whom `trust` trusts.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};

use serde_json::Value;

use crate::environment::{Env, Ran, require};
use crate::tree::unchanged;

/// What `init` writes into a signer line: what the key may sign.
pub(crate) const SIGNS: &str = "namespaces=\"exeat.package.v1,exeat.rekey.v1,exeat.receipt.v1,\
                                exeat.request.v1,exeat.checkpoint.v1\"";

fn mode(env: &Env, path: &str) -> u32 {
    fs::metadata(env.path(path)).unwrap().mode() & 0o7777
}

#[test]
fn init_makes_keys_for_their_owner_alone() {
    let env = Env::new();
    let mut command = env.command("sh");
    let line = "umask 000; exec \"$0\" init --name ann@clinic.example";
    let ran = Ran::of(command.args(["-c", line, env!("CARGO_BIN_EXE_exeat")])).ends(0);

    let dir = "home/.config/exeat";
    assert_eq!(mode(&env, dir), 0o700);
    for secret in ["identity.txt", "signing_key"] {
        assert_eq!(mode(&env, &format!("{dir}/{secret}")), 0o600, "{secret}");
    }
    let mut names: Vec<_> = fs::read_dir(env.path(dir))
        .unwrap()
        .map(|item| item.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "allowed_signers",
        "config.toml",
        "identity.txt",
        "recipient.txt",
        "signer.txt",
        "signing_key",
        "signing_key.pub",
    ];
    assert_eq!(names, expected);

    // The two lines, and nothing else, to be sent to partners.
    let lines: Vec<_> = ran.out.lines().collect();
    assert_eq!(lines.len(), 2, "{ran}");
    assert!(lines[0].starts_with("age1") && lines[0].len() == 62);
    let signer = format!("ann@clinic.example {SIGNS} ssh-ed25519 ");
    assert!(lines[1].starts_with(&signer), "{ran}");
    assert_eq!(
        env.read(format!("{dir}/recipient.txt")).trim_end(),
        lines[0]
    );
    assert_eq!(env.read(format!("{dir}/signer.txt")).trim_end(), lines[1]);
    assert_eq!(
        env.read(format!("{dir}/allowed_signers")).trim_end(),
        lines[1]
    );
    let shown = env.run("init --show").ends(0);
    assert_eq!(shown.out, ran.out);
    let document: Value = serde_json::from_str(&env.run("init --show --json").out).unwrap();
    let key = document["result"]["fingerprint"].as_str().unwrap();
    assert!(ran.says(key).err.contains("keep a copy of that folder"));
    // Nothing secret is said.
    let identity = env.read(format!("{dir}/identity.txt"));
    assert!(!shown.out.contains(identity.lines().last().unwrap()));
}

#[test]
fn init_never_overwrites() {
    let files = [
        "identity.txt",
        "signing_key",
        "signing_key.pub",
        "recipient.txt",
        "signer.txt",
        "config.toml",
    ];
    let env = Env::new();
    for file in files {
        env.write(format!("{file}.d/{file}"), "# mine\n");
        let dir = format!("{file}.d");
        let ran = unchanged(&env, || env.by(&dir, "init --name ann@clinic.example"));
        let words = format!("{dir}/{file} exists already; nothing was changed");
        assert!(ran.ends(1).says(&words).err.contains("init --show"));
    }
    fs::create_dir(env.path("links")).unwrap();
    symlink("/nowhere", env.path("links/identity.txt")).unwrap();
    unchanged(&env, || env.by("links", "init --name ann@clinic.example")).ends(1);
    env.person("ann");
    let other = "init --name other@clinic.example";
    unchanged(&env, || env.by("ann", other)).ends(1);
}

#[test]
fn init_after_trust_keeps_who_is_trusted() {
    let env = Env::new();
    env.person("sender");
    env.by("ann", "trust sender/signer.txt").ends(0);
    env.person("ann");
    assert_eq!(env.read("ann/allowed_signers").lines().count(), 2);
    // One's own signature is trusted by oneself, and the sender's still.
    env.write("letter.txt", "Dear Dr Example\n");
    for person in ["ann", "sender"] {
        let export = format!("export letter.txt --to . --name {person} -R ann/recipient.txt");
        env.by(person, &export).ends(0);
        let open = format!("open {person}.exeat --to {person}.d");
        let opened = env.by("ann", &open).ends(0);
        assert!(opened.out.contains(&format!("{person}@clinic.example")));
    }
}

#[test]
fn init_with_a_key_of_openssh() {
    if !require(&["ssh-keygen"]) {
        return;
    }
    let env = Env::new();
    let mut command = env.command("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", "ann", "-f", "id"]);
    Ran::of(&mut command).ends(0);
    env.by("ann", "init --name ann@clinic.example --signing-key id")
        .ends(0);
    assert!(!env.path("ann/signing_key").exists());
    let real = fs::canonicalize(env.path("id")).unwrap();
    let setting = format!("signing_key = \"{}\"", real.display());
    assert!(env.read("ann/config.toml").lines().any(|l| l == setting));
    let public = env.read("id.pub");
    let key = public.split(' ').nth(1).unwrap();
    assert!(env.read("ann/signer.txt").contains(key));
    // It is used from there.
    env.write("letter.txt", "Dear Dr Example\n");
    fs::create_dir(env.path("out")).unwrap();
    let export = "export letter.txt --to out --name p -R ann/recipient.txt";
    env.by("ann", export).ends(0);
    env.by("ann", "verify out/p.exeat --signer ann@clinic.example")
        .ends(0);
    // And missed where it was taken away.
    fs::remove_file(env.path("id")).unwrap();
    let again = "export letter.txt --to out --name q -R ann/recipient.txt";
    let ran = env.by("ann", again);
    assert!(ran.code == Some(1) || ran.code == Some(3), "{ran}");
    assert!(!env.path("out/q.exeat").exists());
}

#[test]
fn init_with_names_and_keys_that_do_not_do() {
    let env = Env::new();
    env.write("data", "x");
    for (rest, code, words) in [
        ("--name *", 2, "this name cannot stand in a signer line"),
        ("--name a,b", 2, "this name cannot stand in a signer line"),
        ("--name ann --signing-key nowhere", 1, "cannot read nowhere"),
        (
            "--name ann --signing-key data",
            1,
            "not an OpenSSH private key",
        ),
        ("--show --name ann", 2, "cannot be used with"),
        ("--show", 1, "run 'exeat init' to make your keys"),
    ] {
        let ran = unchanged(&env, || env.by("ann", &format!("init {rest}")));
        ran.ends(code).says(words);
    }
    let mut command = env.exeat();
    command.args(["init", "--name", "Ann Example"]);
    unchanged(&env, || Ran::of(&mut command)).ends(2);
    unchanged(&env, || env.by("data", "init --name ann")).ends(1);
}

/// The sender's line, without what `init` writes into it.
fn bare_line(env: &Env) -> String {
    let line = env.read("sender/signer.txt");
    assert!(line.contains(SIGNS));
    line.replace(&format!(" {SIGNS}"), "").trim().to_owned()
}

#[test]
fn trust_takes_a_line_or_a_file() {
    let env = Env::new();
    env.person("sender");
    let line = env.read("sender/signer.txt");
    let bare = bare_line(&env);
    let key = env.fingerprint("sender");
    env.write("windows.txt", format!("\u{feff}{}\r\n", line.trim_end()));
    for (number, given) in [line.trim(), &bare, "sender/signer.txt", "windows.txt"]
        .iter()
        .enumerate()
    {
        let person = format!("ann{number}");
        let mut command = env.exeat();
        command.args(["--config-dir", &person, "trust", given]);
        let ran = Ran::of(&mut command).ends(0);
        assert!(ran.out.contains(&key), "{ran}");
        assert!(
            ran.out
                .contains("signed by sender@clinic.example are trusted now")
        );
        assert!(ran.out.contains(
            "trusted with packages, passing packages on, receipts, requests, checkpoints"
        ));
        assert!(ran.says("by another channel").err.contains("telephone"));
        // Whatever the line had, it is trusted with these and no more.
        let signers = env.read(format!("{person}/allowed_signers"));
        assert_eq!(signers.trim_end(), line.trim_end());
        assert_eq!(mode(&env, &person), 0o700);
    }
}

#[test]
fn trust_compares_the_fingerprint() {
    let env = Env::with_people();
    env.person("stranger");
    let (right, wrong) = (env.fingerprint("stranger"), env.fingerprint("sender"));
    let trust = "trust stranger/signer.txt --fingerprint";
    let ran = unchanged(&env, || env.by("recipient", &format!("{trust} {wrong}")));
    ran.ends(8)
        .says(&right)
        .says(&wrong)
        .says("nothing was added");
    for rubbish in ["SHA256:", "MD5:00", &right[..20]] {
        let ran = unchanged(&env, || env.by("recipient", &format!("{trust} {rubbish}")));
        ran.ends(2).says("is not a key fingerprint");
    }
    env.by("recipient", &format!("{trust} {right}")).ends(0);
    assert!(env.read("recipient/allowed_signers").contains("stranger@"));
}

#[test]
fn trusting_twice_changes_nothing() {
    let env = Env::with_people();
    let again = unchanged(&env, || env.by("recipient", "trust sender/signer.txt"));
    assert!(again.ends(0).out.contains("was trusted already"));
}

#[test]
fn another_key_for_a_name_is_not_simply_trusted() {
    let env = Env::with_people();
    env.person("stranger");
    let line = env.read("stranger/signer.txt");
    env.write("line", line.replace("stranger@", "sender@"));
    let ran = unchanged(&env, || env.by("recipient", "trust line"));
    ran.ends(1)
        .says("sender@clinic.example is already trusted with another key")
        .says(&env.fingerprint("sender"))
        .says("telephone");
    env.by("recipient", "trust line --also").ends(0);
    let signers = env.read("recipient/allowed_signers");
    assert_eq!(
        signers.matches("sender@clinic.example namespaces").count(),
        2
    );
}

#[test]
fn trust_refuses_what_is_no_signer_line() {
    let env = Env::with_people();
    let line = env.read("sender/signer.txt");
    let bare = bare_line(&env);
    env.write("two", format!("{line}{}", env.read("recipient/signer.txt")));
    env.write("none", "# nobody\n");
    env.write(
        "ca",
        line.replace("namespaces=\"", "cert-authority,namespaces=\""),
    );
    env.write("key", bare.split_once(' ').unwrap().1);
    env.write("cut", &line[..120]);
    env.write("control", line.replacen('@', "\x1b[31m@", 1));
    env.write("bytes", [0xff, 0xfe, 0]);
    for (given, words) in [
        ("nowhere", "cannot read nowhere"),
        ("sender", "cannot read sender: Is a directory"),
        ("bytes", "cannot read bytes: "),
        ("two", "two: expected one signer line and found 2"),
        ("none", "none: expected one signer line and found 0"),
        ("ca", "certificate authorities are not supported"),
        ("key", "key: this is a public key without a name"),
        ("cut", "cut: not a signer line: "),
        ("control", "control: not a signer line: "),
        ("sender/signing_key", "expected one signer line"),
        ("sender/identity.txt", "not a signer line: "),
        (
            "sender/recipient.txt",
            "this is a recipient line, which is for -r",
        ),
    ] {
        let ran = unchanged(&env, || env.by("recipient", &format!("trust {given}")));
        let ran = ran.ends(1).says(words);
        assert!(!ran.err.contains("AGE-SECRET") && !ran.err.contains('\x1b'));
    }
    let mut command = env.exeat();
    command.args(["--config-dir", "recipient", "trust", "what is this"]);
    unchanged(&env, || Ran::of(&mut command))
        .ends(1)
        .says("not a signer line");
}

/// The other of the partner's two lines, pasted and not in a file.
#[test]
fn trust_knows_a_recipient_line_that_is_pasted() {
    let env = Env::with_people();
    let line = env.read("sender/recipient.txt");
    let ran = unchanged(&env, || env.by("recipient", &format!("trust {line}")));
    ran.ends(1)
        .says("this is a recipient line, which is for -r");
}

/// A line that speaks for more than one name would let its owner sign as
/// somebody else.
#[test]
fn trust_refuses_lines_for_more_than_one_name() {
    let env = Env::with_people();
    env.person("stranger");
    let line = env.read("stranger/signer.txt");
    let trusted = env.read("recipient/allowed_signers");
    for (from, to) in [
        ("stranger@clinic.example", "*"),
        ("stranger@clinic.example", "*@clinic.example"),
        (
            "stranger@clinic.example",
            "stranger@x.example,sender@clinic.example",
        ),
        ("stranger@", "\u{202e}@"),
    ] {
        env.write("line", line.replacen(from, to, 1));
        let ran = env.by("recipient", "trust line");
        assert_ne!(ran.code, Some(0), "{to}: {ran}");
        assert_eq!(env.read("recipient/allowed_signers"), trusted);
    }
}

/// A line that is for something else, or no longer for anything: what is said
/// about it has to be so.
#[test]
fn who_is_said_to_be_trusted_is_trusted() {
    let env = Env::with_people();
    env.write("letter.txt", "Dear Dr Example\n");
    env.person("stranger");
    let to = "export letter.txt --to . --name p -R recipient/recipient.txt";
    env.by("stranger", to).ends(0);
    let line = env.read("stranger/signer.txt");
    let options = SIGNS;
    for (number, other) in [
        "namespaces=\"file\"",
        "namespaces=\"file,exeat.package.v1\"",
        "namespaces=\"*\"",
        "namespaces=\"exeat.rekey.v1\"",
        "valid-before=\"20200101\"",
        "valid-before=\"20990101\"",
    ]
    .iter()
    .enumerate()
    {
        let person = format!("ann{number}");
        env.write("line", line.replace(options, other));
        let trusted = env.by(&person, "trust line");
        assert!(matches!(trusted.code, Some(0 | 1)), "{trusted}");
        let ran = env.by(&person, "verify p.exeat");
        let expected = if trusted.code == Some(0) { 0 } else { 8 };
        assert_eq!(ran.code, Some(expected), "{other}: {trusted}{ran}");
    }
}

/// Lines of earlier versions are still good for what they say, and made anew.
#[test]
fn lines_of_earlier_versions() {
    let env = Env::with_people();
    env.write("letter.txt", "Dear Dr Example\n");
    env.package("letter.txt", "p", "");
    let line = env.read("sender/signer.txt");
    for (person, earlier, with) in [
        ("ann", "exeat.package.v1", "packages\n"),
        (
            "bea",
            "exeat.package.v1,exeat.rekey.v1",
            "packages, passing packages on\n",
        ),
    ] {
        let options = format!("namespaces=\"{earlier}\"");
        let earlier = line.replace(SIGNS, &options);
        env.write("line", &earlier);
        let ran = env.by(person, "trust line").ends(0);
        assert!(ran.out.ends_with(&format!("trusted with {with}")), "{ran}");
        let kept = env.read(format!("{person}/allowed_signers"));
        assert_eq!(kept, earlier);
        let verify = format!("verify out/p.exeat --allowed-signers {person}/allowed_signers");
        env.by("recipient", &verify).ends(0);
        // Its owner is given the new one, and whoever has the old one adds it.
        env.write("sender/signer.txt", &earlier);
        let shown = env.by("sender", "init --show").ends(0);
        assert_eq!(shown.out.lines().nth(1), Some(line.trim_end()));
        env.write("line", shown.out.lines().nth(1).unwrap());
        env.by(person, "trust line").ends(0);
        let added = format!("{earlier}{line}");
        assert_eq!(env.read(format!("{person}/allowed_signers")), added);
    }
    // What its owner has changed stays as it is.
    let changed = line.replace(SIGNS, "namespaces=\"exeat.package.v1,file\"");
    env.write("sender/signer.txt", &changed);
    let shown = env.by("sender", "init --show").ends(0);
    assert_eq!(shown.out.lines().nth(1), Some(changed.trim_end()));
}

/// Approvals are a matter of the policy.
#[test]
fn nobody_is_trusted_with_approvals_by_a_line() {
    let env = Env::with_people();
    let line = env.read("sender/signer.txt");
    for options in [
        "namespaces=\"*\"",
        "namespaces=\"exeat.package.v1,exeat.approval.v1\"",
    ] {
        env.write("line", line.replace(SIGNS, options));
        env.by("ann", "trust line").ends(0);
        let kept = env.read("ann/allowed_signers");
        assert!(!kept.contains('*') && !kept.contains("approval"), "{kept}");
    }
}

#[test]
fn a_broken_list_of_the_trusted_is_said_and_kept() {
    let env = Env::with_people();
    env.person("stranger");
    let good = env.read("recipient/allowed_signers");
    env.write("recipient/allowed_signers", format!("{good}oops\n"));
    for command in ["trust stranger/signer.txt", "trust sender/signer.txt"] {
        let ran = unchanged(&env, || env.by("recipient", command));
        ran.ends(5).says("recipient/allowed_signers: line 3: ");
    }
    // A file whose last line has no newline at its end is not spoilt by the next.
    env.write("recipient/allowed_signers", good.trim_end());
    env.by("recipient", "trust stranger/signer.txt").ends(0);
    assert_eq!(env.read("recipient/allowed_signers").lines().count(), 3);
    env.by("recipient", "trust stranger/signer.txt").ends(0);
}
