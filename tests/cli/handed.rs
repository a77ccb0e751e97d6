//! Keys that whoever starts exeat hands to it: through a descriptor, or as a
//! credential of a systemd unit.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::bad_input::unprivileged;
use crate::environment::{Env, Ran, require};
use crate::terminal::Terminal;
use crate::tree::unchanged;

const BY_NOBODY: &str = "\"$EXEAT\" --config-dir nobody";
const TRUSTING: &str = "--allowed-signers recipient/allowed_signers";

/// Runs a line of shell; `$EXEAT` is the program.
fn shell(env: &Env, line: &str) -> Ran {
    let mut command = env.command("sh");
    command.env("EXEAT", env!("CARGO_BIN_EXE_exeat"));
    Ran::of(command.args(["-c", line]))
}

fn prepared() -> Env {
    let env = Env::with_people();
    env.write("letter.txt", "Dear Dr Example\n");
    env.package("letter.txt", "p", "");
    env
}

#[test]
fn an_identity_through_a_descriptor() {
    let env = prepared();
    let list = format!("{BY_NOBODY} list out/p.exeat {TRUSTING}");
    for line in [
        // A file, a pipe, and a number that nobody else would use.
        &format!("{list} -i fd:3 3<recipient/identity.txt"),
        &format!("cat recipient/identity.txt | {list} -i fd:3 3<&0 </dev/null"),
        &format!("exec 9<recipient/identity.txt; {list} -i fd:9"),
        &format!("{list} -i fd:0 <recipient/identity.txt"),
        // Beside others, one of which fits.
        &format!(
            "{list} -i sender/identity.txt -i fd:4 -i fd:3 3<sender/identity.txt 4<recipient/identity.txt"
        ),
    ] {
        let ran = shell(&env, line).ends(0);
        assert!(ran.out.contains("letter.txt"), "{ran}");
    }
    let verify = format!("{BY_NOBODY} verify out/p.exeat {TRUSTING}");
    let ran = shell(&env, &format!("{verify} -i fd:3 3<recipient/identity.txt")).ends(0);
    assert!(ran.out.contains("every one as it was sealed"), "{ran}");
    let open = format!("{BY_NOBODY} open out/p.exeat {TRUSTING} --to new");
    shell(&env, &format!("{open} -i fd:3 3<recipient/identity.txt")).ends(0);
    assert_eq!(env.read("new/letter.txt"), "Dear Dr Example\n");
    // A file of that name.
    fs::copy(env.path("recipient/identity.txt"), env.path("fd:3")).unwrap();
    shell(&env, &format!("{list} -i ./fd:3")).ends(0);
}

#[test]
fn descriptors_that_give_no_key() {
    if !require(&["script"]) {
        return;
    }
    let env = prepared();
    let list = format!("{BY_NOBODY} list out/p.exeat {TRUSTING}");
    env.write("signature", env.read("out/p.exeat/manifest.json.sig"));
    let closed = "cannot read fd:3: nothing is open under that number";
    for (rest, code, words) in [
        ("-i fd:3 3<&-", 1, closed),
        // What exeat itself opens meanwhile is not taken for it.
        ("-i fd:4 -i fd:3 4<recipient/identity.txt 3<&-", 1, closed),
        (
            "-i fd:3 -i fd:5 3<recipient/identity.txt 4<&- 5<&-",
            1,
            "cannot read fd:5: nothing is open",
        ),
        (
            "-i fd:3 3</dev/null",
            1,
            "exeat: fd:3: it is not an identity file: it holds no identity",
        ),
        (
            "-i fd:3 3</dev/zero",
            1,
            "cannot read fd:3: larger than 65536",
        ),
        ("-i fd:3 3<signature", 1, "line 1 is not an identity"),
        ("-i fd:3 3<out", 1, "cannot read fd:3: Is a directory"),
        // Opened to append: opening would change it otherwise.
        ("-i fd:3 3>>written", 1, "it has to be open for reading"),
        (
            "-i fd:3 -i fd:3 3<recipient/identity.txt",
            2,
            "fd:3 is given twice, and can be read once",
        ),
        ("-i fd:1", 2, "descriptors 1 and 2 are for output"),
        ("-i fd:x", 2, "after 'fd:' stands the number"),
    ] {
        env.write("written", "");
        let ran = unchanged(&env, || shell(&env, &format!("{list} {rest}")));
        ran.ends(code).says(words);
    }
    let line = format!("{BY_NOBODY} list - {TRUSTING} -i fd:0 </dev/null");
    unchanged(&env, || shell(&env, &line))
        .ends(2)
        .says("cannot both come through standard input");
    Terminal::run(&env, &format!("exec {list} -i fd:3 3</dev/tty"))
        .ends(1)
        .says("cannot read fd:3: it is a terminal, and keys are not typed");
}

/// Not even the process itself may open anew what it was handed.
#[test]
fn a_descriptor_of_a_file_that_one_may_not_open() {
    let env = prepared();
    let secret = env.read("recipient/identity.txt");
    env.sample("data");
    let Some(command) = unprivileged(&env) else {
        return;
    };
    let secret = env.write("secret", secret);
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let line = format!("--config-dir nobody list out/p.exeat {TRUSTING} -i fd:3");
    for redirection in ["\"$@\" 3<secret", "cat secret | \"$@\" 3<&0 </dev/null"] {
        let mut sh = env.command("sh");
        sh.args(["-c", redirection, "sh"])
            .arg(command.get_program());
        sh.args(command.get_args()).args(line.split(' '));
        let ran = Ran::of(&mut sh).ends(0);
        assert!(ran.out.contains("letter.txt"), "{ran}");
    }
}

#[test]
fn a_signing_key_through_a_descriptor() {
    let env = prepared();
    let rest = "-R recipient/recipient.txt --signing-key fd:3 3<sender/signing_key";
    let ran = shell(
        &env,
        &format!("{BY_NOBODY} export letter.txt --to out --name q {rest}"),
    );
    ran.ends(0);
    env.by(
        "recipient",
        "verify out/q.exeat --signer sender@clinic.example",
    )
    .ends(0);
    let ran = shell(&env, &format!("{BY_NOBODY} check letter.txt {rest}")).ends(0);
    assert!(ran.out.contains("--signing-key fd:3"), "{ran}");
    let rest = "-R recipient/recipient.txt --signing-key fd:3 3<recipient/identity.txt";
    let line = format!("{BY_NOBODY} export letter.txt --to out --name r {rest}");
    unchanged(&env, || shell(&env, &line))
        .ends(1)
        .says("fd:3: not an OpenSSH private key");
}

#[test]
fn credentials_of_a_unit() {
    let env = prepared();
    fs::create_dir(env.path("credentials")).unwrap();
    for (from, to) in [
        ("recipient/identity.txt", "identity"),
        ("sender/signing_key", "key"),
    ] {
        fs::copy(env.path(from), env.path("credentials").join(to)).unwrap();
    }
    let credentials = env.path("credentials").into_os_string();
    let run = |line: &str, folder: &std::ffi::OsStr| {
        let mut command = env.exeat();
        command.env("CREDENTIALS_DIRECTORY", folder);
        command
            .args(["--config-dir", "nobody"])
            .args(line.split(' '));
        Ran::of(&mut command)
    };
    let list = format!("list out/p.exeat {TRUSTING} -i");
    let ran = run(&format!("{list} credential:identity"), &credentials).ends(0);
    assert!(ran.out.contains("letter.txt"), "{ran}");
    let export = "export letter.txt --to out --name q -R recipient/recipient.txt --signing-key";
    run(&format!("{export} credential:key"), &credentials).ends(0);
    env.by(
        "recipient",
        "verify out/q.exeat --signer sender@clinic.example",
    )
    .ends(0);
    let missing = format!("{list} credential:none");
    unchanged(&env, || run(&missing, &credentials))
        .ends(1)
        .says("cannot read credential:none: No such file")
        .says("LoadCredential=none:FILE");
    for name in ["..", "../recipient/identity.txt", "", "a/b"] {
        unchanged(&env, || {
            run(&format!("{list} credential:{name}"), &credentials)
        })
        .ends(2)
        .says("after 'credential:' stands the name");
    }
    // Outside of a unit.
    let line = format!("{list} credential:identity");
    let ran = env.run(&format!("--config-dir nobody {line}")).ends(1);
    let words = "cannot read credential:identity: this process was given no credentials";
    ran.says(words).says("LoadCredential=identity:FILE");
    for folder in ["", "credentials"] {
        run(&line, folder.as_ref()).ends(1).says(words);
    }
}
