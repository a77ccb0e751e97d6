//! What people give an export by mistake: sources, recipients, keys, settings
//! and destinations. Each mistake gets one clear sentence and its exit code,
//! and leaves everything as it was.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::environment::{Env, Ran, require, skipped};
use crate::tree::unchanged;

/// A user who owns nothing: `nobody`.
pub(crate) const NOBODY: u32 = 65534;

/// Runs an export of the sender that has to fail and to change nothing.
#[track_caller]
fn refused(env: &Env, rest: &str, code: i32, words: &str) -> Ran {
    let ran = unchanged(env, || env.by("sender", &format!("export {rest}")));
    assert!(ran.out.is_empty(), "{ran}");
    ran.ends(code).says(words)
}

/// People, the sample, an empty folder `out`.
fn prepared() -> Env {
    let env = Env::with_people();
    env.sample("data");
    fs::create_dir(env.path("out")).unwrap();
    env
}

#[test]
fn sources() {
    let env = prepared();
    env.write("other/data/x", "x");
    for (sources, words) in [
        (
            "nowhere",
            "cannot open nowhere: No such file or directory\n  check how it is spelt",
        ),
        ("data nowhere", "cannot open nowhere"),
        ("data data/nowhere", "cannot open data/nowhere"),
        ("data other/data", "two sources are called 'data'"),
        ("data data/", "two sources are called 'data'"),
        ("/", "/ has no name that could stand in a package"),
        ("/dev/null", "'null' (a device)"),
    ] {
        let rest = format!("{sources} --to out -R recipient/recipient.txt");
        refused(&env, &rest, 1, words);
        refused(&env, &format!("{rest} --dry-run"), 1, words);
    }
}

#[test]
fn pipes_sockets_and_devices() {
    if !require(&["mkfifo"]) {
        return;
    }
    let env = prepared();
    let _listener = UnixListener::bind(env.path("data/socket")).unwrap();
    env.tool("mkfifo data/letters/pipe");
    let rest = "data --to out -R recipient/recipient.txt";
    // All of them at once, each with what it is.
    refused(&env, rest, 1, "'data/letters/pipe' (a pipe)")
        .says("'data/socket' (a socket)")
        .says("--exclude");
    refused(
        &env,
        "data/socket --to out -R recipient/recipient.txt",
        1,
        "a socket",
    );
    // An unreadable one among them does not hide the others.
    let skipping = format!("{rest} --skip-unreadable");
    refused(&env, &skipping, 1, "'data/letters/pipe' (a pipe)");
    let excluding = format!("export {rest} --name p --exclude pipe --exclude data/socket");
    env.by("sender", &excluding).ends(0);
}

#[test]
fn a_device_in_the_tree() {
    let env = prepared();
    let mut command = env.command("mknod");
    let made = Ran::of(command.args(["data/device", "c", "1", "3"]));
    if made.code != Some(0) {
        return skipped("only root can make a device");
    }
    let rest = "data --to out -R recipient/recipient.txt";
    refused(&env, rest, 1, "'data/device' (a device)");
}

/// `exeat` as a user who may not read everything: for root, as nobody.
pub(crate) fn unprivileged(env: &Env) -> Option<Command> {
    let root = fs::metadata(env.path("")).unwrap();
    if root.uid() != 0 {
        return Some(env.exeat());
    }
    if !require(&["setpriv", "chown"]) {
        return None;
    }
    // The program itself may lie where nobody may go.
    fs::copy(env!("CARGO_BIN_EXE_exeat"), env.path("exeat")).unwrap();
    for folder in ["..", ""] {
        let everyone = fs::Permissions::from_mode(0o755);
        fs::set_permissions(env.path(folder), everyone).unwrap();
    }
    env.tool(&format!(
        "chown -R {NOBODY}:{NOBODY} sender recipient data out ../state"
    ));
    let mut command = env.command("setpriv");
    command.arg(format!("--reuid={NOBODY}"));
    command.arg(format!("--regid={NOBODY}"));
    command.arg("--clear-groups").arg(env.path("exeat"));
    Some(command)
}

fn set_mode(env: &Env, path: &str, mode: u32) {
    fs::set_permissions(env.path(path), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn unreadable_files_and_folders() {
    let env = prepared();
    let Some(mut command) = unprivileged(&env) else {
        return;
    };
    set_mode(&env, "data/patients.csv", 0o000);
    set_mode(&env, "data/letters/old", 0o000);
    // Its names can be read, and nothing more.
    set_mode(&env, "data/scans", 0o444);
    command.args(["--config-dir", "sender", "export", "data", "--to", "out"]);
    command.args(["-R", "recipient/recipient.txt", "--name", "p"]);
    // All are named, and what to do.
    let ran = Ran::of(&mut command)
        .ends(1)
        .says("'data/letters/old' (permission denied)")
        .says("'data/patients.csv' (permission denied)")
        .says("'data/scans' (permission denied)")
        .says("--skip-unreadable");
    assert!(ran.out.is_empty());
    assert_eq!(fs::read_dir(env.path("out")).unwrap().count(), 0);

    let ran = Ran::of(command.arg("--skip-unreadable")).ends(7);
    ran.says("left out: data/letters/old (permission denied)")
        .says("left out: data/patients.csv (permission denied)")
        .says("left out: data/scans (permission denied)")
        .says("3 entries could not be read and are not in the package");
    let listed = env.by("recipient", "list out/p.exeat").ends(0).out;
    assert_eq!(listed.matches("[left out: permission denied]").count(), 3);
    assert!(!listed.contains("none.txt"));
    let opened = env.by("recipient", "open out/p.exeat --to new").ends(0);
    opened.says("not in the package: data/patients.csv");
    assert!(!env.path("new/data/patients.csv").exists());
    assert!(env.path("new/data/letters/Zoë.txt").exists());
    let verify = "verify out/p.exeat -i recipient/identity.txt";
    let ran = env.by("recipient", verify).ends(0);
    assert!(
        ran.out.contains("left out     3 entries that the sender"),
        "{ran}"
    );
    for folder in ["data/letters/old", "data/scans"] {
        set_mode(&env, folder, 0o755);
    }
}

#[test]
fn recipients() {
    let env = prepared();
    let good = env.read("recipient/recipient.txt");
    let good = good.trim();
    let identity = env.read("recipient/identity.txt");
    let secret = identity.lines().last().unwrap();
    assert!(secret.starts_with("AGE-SECRET-KEY-1"));
    for (recipient, words) in [
        (&*format!("{good}x"), "a character is missing or mistyped"),
        (&good[..40], "a character is missing or mistyped"),
        (
            &good.replacen("age1", "age2", 1),
            "is neither a recipient's key nor a known name",
        ),
        ("age1", "'age1' is not a recipient"),
        ("age1yubikey1qqqqqqqq", "is not a recipient"),
        ("ssh-ed25519", "it is not a kind of key, then base64"),
        (
            "Northern",
            "'Northern' is neither a recipient's key nor a known name",
        ),
        (secret, "it is a secret key; send it to nobody"),
    ] {
        let ran = refused(&env, &format!("data --to out -r {recipient}"), 2, words);
        assert!(!ran.err.contains(&secret[..30]), "a secret in a message");
        // Among good ones, too.
        let rest = format!("data --to out -r {good} -r {recipient}");
        refused(&env, &rest, 2, words);
    }
    refused(&env, "data --to out", 3, "no-recipient: nobody is named");
}

#[test]
fn recipients_files() {
    let env = prepared();
    env.write("none", "# nobody yet\n\n");
    env.write("bad", "# North\n\nage1nonsense\n");
    for (file, words) in [
        ("nowhere", "cannot read nowhere: No such file"),
        ("data", "cannot read data: Is a directory"),
        ("data/scans/scan.raw", "cannot read data/scans/scan.raw: "),
        ("none", "none: it names no recipient"),
        ("bad", "bad: line 3 is not a recipient: "),
        (
            "recipient/signer.txt",
            "recipient/signer.txt: line 1 is not",
        ),
        (
            "recipient/identity.txt",
            "it is a secret key; send it to nobody",
        ),
    ] {
        let ran = refused(&env, &format!("data --to out -R {file}"), 1, words);
        assert!(!ran.err.contains("AGE-SECRET-KEY-1"), "{ran}");
        let first = ran.err.lines().next().unwrap();
        assert!(first.matches("is not a recipient").count() <= 1, "{ran}");
    }
}

#[test]
fn too_many_recipients() {
    if !require(&["age-keygen"]) {
        return;
    }
    let env = prepared();
    let one = env.read("recipient/recipient.txt");
    // The same one is one.
    env.write("same", one.repeat(200));
    env.by("sender", "export data --to out -R same --dry-run")
        .ends(0);
    let mut many = String::new();
    for number in 0..101 {
        env.tool(&format!("age-keygen -o k{number}"));
        many += &env.tool(&format!("age-keygen -y k{number}"));
    }
    env.write("many", many);
    let words = "101 recipients are more than the 100";
    refused(&env, "data --to out -R many", 1, words);
}

#[test]
fn recipients_by_name() {
    let env = prepared();
    let key = env.read("recipient/recipient.txt");
    let item = format!(
        "[[recipient]]\nname = \"North\"\nkey = \"{}\"\n",
        key.trim()
    );
    for (text, words) in [
        (
            format!("{item}expires = 2020-01-31\n"),
            "'North' could be used until 2020-01-31",
        ),
        (
            format!("{item}expired = 2020-01-31\n"),
            "recipients.toml: line 4: unknown field",
        ),
        (
            format!("{item}expires = \"soon\"\n"),
            "recipients.toml: line 4: ",
        ),
        (format!("{item}{item}"), "line 5: this name is listed twice"),
        (item.replace("age1", "age1x"), "recipients.toml: line 3: "),
        ("name = \"North\"".into(), "recipients.toml: line 1: "),
        ("[[recipient".into(), "recipients.toml: line 1: "),
    ] {
        let code = if text.contains("expires = 2020") {
            3
        } else {
            5
        };
        env.write("sender/recipients.toml", text);
        refused(&env, "data --to out -r North", code, words);
    }
    env.write("sender/recipients.toml", item);
    refused(
        &env,
        "data --to out -r Nord",
        2,
        "the names in recipients.toml are: North",
    );
}

/// Whatever file it is that was mistyped, the message says what to do.
#[test]
fn a_file_that_is_not_there() {
    let env = prepared();
    env.package("data", "p", "");
    let to = "--to out -R recipient/recipient.txt";
    for line in [
        &*format!("export nowhere {to}"),
        &*format!("export data {to} -R nowhere"),
        &*format!("export data {to} --signing-key nowhere"),
        "export data --to nowhere -R recipient/recipient.txt",
        "verify nowhere",
        "verify out/p.exeat -i nowhere",
        "verify out/p.exeat --allowed-signers nowhere",
        "open out/p.exeat --to nowhere/new",
        "trust nowhere",
    ] {
        let ran = unchanged(&env, || env.run(&format!("--config-dir sender {line}")));
        let ran = ran.ends(1).says("No such file or directory\n  ");
        let lines = ran.err.lines();
        let errors = lines.filter(|line| !line.starts_with("note: "));
        assert_eq!(errors.count(), 2, "{ran}");
    }
}

#[test]
fn settings() {
    let env = prepared();
    let good = env.read("sender/config.toml");
    for (text, words) in [
        ("signing_ky = \"x\"\n", "unknown field `signing_ky`"),
        ("identity = 7\n", "invalid type"),
        ("[", "config.toml: line "),
    ] {
        env.write("sender/config.toml", format!("{good}{text}"));
        refused(&env, "data --to out -R recipient/recipient.txt", 5, words);
        for command in ["trust recipient/signer.txt", "init --show", "verify out"] {
            unchanged(&env, || env.by("sender", command))
                .ends(5)
                .says(words);
        }
    }
}

#[test]
fn signing_keys() {
    let env = prepared();
    env.write("half", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    let to = "data --to out -R recipient/recipient.txt";
    for (key, words) in [
        ("nowhere", "cannot read nowhere: No such file"),
        ("data", "cannot read data: Is a directory"),
        ("half", "half: not an OpenSSH private key"),
        ("sender/identity.txt", "not an OpenSSH private key"),
    ] {
        refused(&env, &format!("{to} --signing-key {key}"), 1, words);
    }
    // Without keys of one's own.
    let nobody = format!("--config-dir nobody export {to}");
    let ran = unchanged(&env, || env.run(&nobody)).ends(3);
    ran.says("unsigned: ").says("run 'exeat init'");
    unchanged(&env, || env.run("--config-dir nobody export data --to out"))
        .ends(3)
        .says("no-recipient: ")
        .says("unsigned: ");
}

#[test]
fn destinations() {
    let env = prepared();
    fs::create_dir(env.path("data/inside")).unwrap();
    symlink("data/inside", env.path("elsewhere")).unwrap();
    fs::create_dir(env.path("out/taken.exeat")).unwrap();
    env.write("out/file.exeat", "x");
    symlink("nowhere", env.path("out/link.exeat")).unwrap();
    let inside = "lies inside what is being exported";
    for (rest, words) in [
        (
            "--to nowhere",
            "cannot open the folder nowhere: No such file",
        ),
        (
            "--to data/patients.csv",
            "cannot open the folder data/patients.csv: Not a directory",
        ),
        ("--to data", inside),
        ("--to data/inside", inside),
        ("--to ./out/../data/letters", inside),
        ("--to elsewhere", inside),
        ("--to out --name taken", "out/taken.exeat exists already"),
        (
            "--to out --name taken.exeat",
            "out/taken.exeat exists already",
        ),
        ("--to out --name file", "out/file.exeat exists already"),
        ("--to out --name link", "out/link.exeat exists already"),
    ] {
        let rest = format!("data -R recipient/recipient.txt {rest}");
        refused(&env, &rest, 1, words);
        refused(&env, &format!("{rest} --dry-run"), 1, words);
    }
}

/// The user may not write there: for root that is never so.
#[test]
fn a_destination_of_somebody_else() {
    let env = prepared();
    let Some(mut command) = unprivileged(&env) else {
        return;
    };
    set_mode(&env, "out", 0o555);
    command.args(["--config-dir", "sender", "export", "data", "--to", "out"]);
    command.args(["-R", "recipient/recipient.txt"]);
    unchanged(&env, || Ran::of(&mut command))
        .ends(1)
        .says("may not write to out\n  choose a folder that you can write to");
    set_mode(&env, "out", 0o755);
}

#[test]
fn options() {
    let env = prepared();
    for (rest, words) in [
        (
            "--compress gzip",
            "use auto, none, zstd, or zstd:1 to zstd:9",
        ),
        (
            "--compress zstd:0",
            "use auto, none, zstd, or zstd:1 to zstd:9",
        ),
        ("--volume-size 0", "use a number and K, M, G or T"),
        ("--volume-size 64X", "use a number and K, M, G or T"),
        ("--name ../p", "'../p' cannot be the name of a package"),
        ("--name .p", "'.p' cannot be the name of a package"),
        ("--exclude [a", "'[a' is not a pattern"),
        ("--passphrase", "cannot be used with"),
        ("--recipients", "unexpected argument"),
    ] {
        refused(
            &env,
            &format!("data --to out -R recipient/recipient.txt {rest}"),
            2,
            words,
        );
    }
    let rest = "data --to out -R recipient/recipient.txt --volume-size 100K";
    refused(&env, rest, 1, "volumes of that size would be too many").says("--volume-size 1M");
    for (option, text) in [("--label", "two\nlines"), ("--purpose", "")] {
        let mut command = env.exeat();
        command.args(["--config-dir", "sender", "export", "data", "--to", "out"]);
        command.args(["-R", "recipient/recipient.txt", option, text]);
        let ran = unchanged(&env, || Ran::of(&mut command));
        ran.ends(2).says("it has to be one line");
    }
    for line in ["", "exprt", "export", "verify", "open out --to"] {
        unchanged(&env, || env.run(line)).ends(2);
    }
}
