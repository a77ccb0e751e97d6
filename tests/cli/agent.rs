//! Signing keys that exeat does not hold: in the real ssh-agent, in a hardware
//! token (a toy of one, which OpenSSH takes for one), and in programs called
//! ssh-keygen that fail or lie.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command};

use crate::environment::{Env, Ran, require, skipped};
use crate::interrupt::until;
use crate::tree::unchanged;

const EXPORT: &str = "export letter.txt --to out --name p -R recipient/recipient.txt";

/// An ssh-agent that lives as long as this.
struct Agent(Child);

impl Agent {
    fn start(env: &Env) -> Self {
        let mut command = env.command("ssh-agent");
        let child = command.args(["-D", "-a", "../agent"]);
        let child = child.stdout(std::process::Stdio::null()).spawn().unwrap();
        let agent = Self(child);
        until("agent", || env.path("../agent").exists().then_some(()));
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Makes an SSH key `NAME` and its public half `NAME.pub`.
fn ssh_key(env: &Env, name: &str, kind: &str) {
    let mut command = env.command("ssh-keygen");
    command.args(["-q", "-N", "", "-C", "made for a test", "-f", name]);
    Ran::of(command.args(kind.split(' '))).ends(0);
}

/// Puts a key into the agent, which has it alone from then on.
fn hand_over(env: &Env, key: &str) {
    let mut command = with_agent(env, env.command("ssh-add"));
    Ran::of(command.args(["-q", key])).ends(0);
    fs::remove_file(env.path(key)).unwrap();
}

fn with_agent(env: &Env, mut command: Command) -> Command {
    command.env("SSH_AUTH_SOCK", env.path("../agent"));
    command
}

/// `exeat`, by `person`, with what else it needs.
fn command(env: &Env, person: &str, line: &str) -> Command {
    let mut command = env.exeat();
    command.args(["--config-dir", person]).args(line.split(' '));
    command
}

fn prepared() -> Env {
    let env = Env::with_people();
    env.write("letter.txt", "Dear Dr Example\n");
    fs::create_dir(env.path("out")).unwrap();
    env
}

/// The recipient trusts this key as ann's, and both programs find the
/// package's signature good.
fn is_signed_by(env: &Env, package: &str, public: &str) {
    let line = format!("ann@x.example {}", env.read(public));
    env.write("signers", line);
    let verify = format!("verify {package} --allowed-signers signers");
    let ran = env.by("recipient", &verify).ends(0);
    assert!(ran.out.contains("signed by ann@x.example"), "{ran}");
    let mut command = env.command("ssh-keygen");
    command.args(["-Y", "verify", "-f", "signers", "-I", "ann@x.example"]);
    command.args(["-n", "exeat.package.v1", "-s"]);
    command.arg(format!("{package}/manifest.json.sig"));
    command.stdin(fs::File::open(env.path(package).join("manifest.json")).unwrap());
    let ran = Ran::of(&mut command).ends(0);
    assert!(ran.out.contains("Good \"exeat.package.v1\""), "{ran}");
}

#[test]
fn a_key_of_the_agent_signs() {
    if !require(&["ssh-keygen", "ssh-agent", "ssh-add"]) {
        return;
    }
    let env = prepared();
    let _agent = Agent::start(&env);
    for kind in ["ed25519", "ecdsa"] {
        let key = format!("id_{kind}");
        ssh_key(&env, &key, &format!("-t {kind}"));
        hand_over(&env, &key);
        let line = format!("export letter.txt --to out --name {kind} -R recipient/recipient.txt");
        let line = format!("{line} --signing-key {key}.pub");
        let ran = Ran::of(&mut with_agent(&env, command(&env, "sender", &line))).ends(0);
        assert!(!ran.err.contains("ssh-keygen"), "{ran}");
        is_signed_by(&env, &format!("out/{kind}.exeat"), &format!("{key}.pub"));
    }
    // As the key of one's settings. No private half is needed to make them, nor
    // to ask what an export would meet.
    env.by(
        "ann",
        "init --name ann@x.example --signing-key id_ed25519.pub",
    )
    .ends(0);
    assert!(!env.path("ann/signing_key").exists());
    let ran = env.by("ann", "check letter.txt -r recipient/recipient.txt");
    assert!(!ran.err.contains("unsigned"), "{ran}");
    let ran = Ran::of(&mut with_agent(&env, command(&env, "ann", EXPORT))).ends(0);
    let fingerprint = env.fingerprint("ann");
    assert!(ran.out.contains(&fingerprint), "{ran}");
    env.by("recipient", "trust ann/signer.txt").ends(0);
    env.by("recipient", "verify out/p.exeat --signer ann@x.example")
        .ends(0);
}

#[test]
fn without_the_key_nothing_is_begun() {
    if !require(&["ssh-keygen", "ssh-agent", "ssh-add"]) {
        return;
    }
    let env = prepared();
    ssh_key(&env, "id", "-t ed25519");
    ssh_key(&env, "rsa", "-t rsa -b 2048");
    fs::remove_file(env.path("id")).unwrap();
    let line = format!("{EXPORT} --signing-key id.pub");
    let no_key = "'ssh-keygen' made no signature: No private key found for public key \"id.pub\"";
    let ran = unchanged(&env, || Ran::of(&mut command(&env, "sender", &line)));
    ran.ends(1)
        .says(no_key)
        .says("SSH_AUTH_SOCK is not set")
        .says("'ssh-add -l'");
    let _agent = Agent::start(&env);
    for options in ["", " --dry-run"] {
        let line = format!("{line}{options}");
        let mut command = with_agent(&env, command(&env, "sender", &line));
        let ran = unchanged(&env, || Ran::of(&mut command))
            .ends(1)
            .says(no_key);
        assert!(!ran.err.contains("SSH_AUTH_SOCK"), "{ran}");
    }
    let mut dead = command(&env, "sender", &line);
    dead.env("SSH_AUTH_SOCK", "/nowhere");
    unchanged(&env, || Ran::of(&mut dead)).ends(1).says(no_key);
    // Of a kind that nobody here could check.
    let rsa = format!("{EXPORT} --signing-key rsa.pub");
    let ran = unchanged(&env, || env.by("sender", &rsa)).ends(1);
    ran.says("rsa.pub: \"ssh-rsa\" keys cannot sign here");
    env.write("half.pub", "ssh-ed25519 AAAA\n");
    let half = format!("{EXPORT} --signing-key half.pub");
    unchanged(&env, || env.by("sender", &half))
        .ends(1)
        .says("half.pub: not an OpenSSH public key");
}

/// Runs an export with this script as ssh-keygen; `REAL` in it is the real one.
fn with_program(env: &Env, script: &str) -> Ran {
    let real = env.tool("which ssh-keygen");
    let script = script.replace("REAL", real.trim());
    let path = env.write("../bin/ssh-keygen", script);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    let line = format!("{EXPORT} --signing-key id.pub");
    let mut command = command(env, "sender", &line);
    let path = env.path("../bin").display().to_string();
    command.env("PATH", format!("{path}:/usr/bin:/bin"));
    unchanged(env, || Ran::of(&mut command))
}

#[test]
fn programs_that_fail_or_lie() {
    if !require(&["ssh-keygen", "which"]) {
        return;
    }
    let env = prepared();
    ssh_key(&env, "id", "-t ed25519");
    ssh_key(&env, "other", "-t ed25519");
    let not_it = "not the signature it was asked for: ";
    for (script, words) in [
        ("#!/bin/sh\nexit 3\n", "it ended with exit status: 3"),
        ("#!/bin/sh\nkill -9 $$\n", "it ended with signal: 9"),
        (
            "#!/bin/sh\nprintf 'no \\033[2J key\\nat all\\n' >&2\nexit 1\n",
            "made no signature: no \\x1b[2J key; at all",
        ),
        ("#!/bin/sh\nexec yes\n", "it answered more than a signature"),
        ("#!/nowhere\n", "it cannot be run: "),
        ("#!/bin/sh\necho nonsense\n", "not an OpenSSH signature"),
        ("#!/bin/sh\ncat >/dev/null\n", "not an OpenSSH signature"),
        (
            "#!/bin/sh\n(cat; echo more) | REAL \"$@\"\n",
            "it does not fit the bytes",
        ),
        (
            "#!/bin/sh\nexec REAL -q -Y sign -n file -f id\n",
            "is for the namespace \"file\"",
        ),
        (
            "#!/bin/sh\nexec REAL -q -Y sign -n $5 -f other\n",
            "another key",
        ),
        // One that lies only when it matters.
        (
            "#!/bin/sh\ncase $5 in *package*) exec REAL -q -Y sign -n $5 -f other ;; esac\n\
             exec REAL \"$@\"\n",
            "another key",
        ),
    ] {
        let ran = with_program(&env, script).ends(1).says(words);
        let is_lie = words.contains("signature") || words.contains("bytes");
        if is_lie && !words.contains("made") && !words.contains("answered") {
            assert!(ran.err.contains(not_it), "{ran}");
        }
        assert!(!ran.err.contains('\u{1b}'), "{ran:}");
        assert_eq!(fs::read_dir(env.path("out")).unwrap().count(), 0, "{ran}");
    }
    let line = format!("{EXPORT} --signing-key id.pub");
    let mut without = command(&env, "sender", &line);
    without.env("PATH", env.path("data"));
    unchanged(&env, || Ran::of(&mut without))
        .ends(1)
        .says("the program 'ssh-keygen' is not there");
    // A relative folder in the PATH is whatever lies where somebody stands.
    without.env("PATH", "../bin");
    unchanged(&env, || Ran::of(&mut without))
        .ends(1)
        .says("the program 'ssh-keygen' is not there");
}

/// Builds the toy token for the version of OpenSSH that there is, and a key in it.
fn toy_token(env: &Env) -> bool {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cli/toy_token.c");
    for version in ["0x000a0000", "0x000b0000"] {
        let mut command = env.command("gcc");
        command.args(["-shared", "-fPIC", "-o", "token.so", source, "-lcrypto"]);
        let built = Ran::of(command.arg(format!("-DVERSION={version}")));
        if built.code != Some(0) {
            skipped("the headers of OpenSSL (libssl-dev) are not installed");
            return false;
        }
        let mut keygen = env.command("ssh-keygen");
        keygen.env("SSH_SK_PROVIDER", env.path("token.so"));
        keygen.args(["-q", "-t", "ed25519-sk", "-N", "", "-f", "trial"]);
        if Ran::of(&mut keygen).code == Some(0) {
            return true;
        }
    }
    skipped("this ssh-keygen takes no such toy for a token");
    false
}

#[test]
fn a_hardware_key_signs() {
    if !require(&["ssh-keygen", "gcc", "setsid"]) {
        return;
    }
    let env = prepared();
    if !toy_token(&env) {
        return;
    }
    let provider = env.path("token.so");
    for kind in ["ed25519-sk", "ecdsa-sk"] {
        let mut keygen = env.command("ssh-keygen");
        keygen.env("SSH_SK_PROVIDER", &provider);
        keygen.args(["-q", "-t", kind, "-N", "", "-f", kind]);
        Ran::of(&mut keygen).ends(0);
        for file in [kind.to_owned(), format!("{kind}.pub")] {
            let line =
                format!("export letter.txt --to out --name {file} -R recipient/recipient.txt");
            let line = format!("{line} --signing-key {file}");
            let check = format!("check letter.txt -R recipient/recipient.txt --signing-key {file}");
            env.by("sender", &check).ends(0);
            let mut export = command(&env, "sender", &line);
            export.env("SSH_SK_PROVIDER", &provider);
            Ran::of(&mut export).ends(0).says("touch it if it blinks");
            is_signed_by(&env, &format!("out/{file}.exeat"), &format!("{kind}.pub"));
        }
    }
    // One that asks for a PIN, and nobody to ask: the token must hear of no wrong
    // one.
    let mut keygen = env.command("ssh-keygen");
    keygen.env("SSH_SK_PROVIDER", &provider);
    keygen.args(["-q", "-t", "ed25519-sk", "-O", "verify-required"]);
    Ran::of(keygen.args(["-N", "", "-f", "pin"])).ends(0);
    for key in ["pin", "pin.pub"] {
        let mut export = env.command("setsid");
        export.env("SSH_SK_PROVIDER", &provider);
        export.args(["-w", env!("CARGO_BIN_EXE_exeat"), "--config-dir", "sender"]);
        export.args(format!("{EXPORT} --signing-key {key}").split(' '));
        let ran = unchanged(&env, || Ran::of(&mut export)).ends(1);
        ran.says("the key asks for a PIN, and there is neither a terminal");
    }
    // A token that is not plugged in.
    let line = format!("{EXPORT} --signing-key ed25519-sk");
    let mut export = command(&env, "sender", &line);
    export.env("SSH_SK_PROVIDER", "/nowhere");
    let ran = unchanged(&env, || Ran::of(&mut export)).ends(1);
    let ran = ran
        .says("'ssh-keygen' made no signature: ")
        .says("plugged in");
    assert!(!ran.err.contains("Confirm"), "{ran}");
    // It is of no use where no file can be named to ssh-keygen.
    let mut handed = env.command("sh");
    handed.env("EXEAT", env!("CARGO_BIN_EXE_exeat"));
    let line = format!("\"$EXEAT\" --config-dir sender {EXPORT} --signing-key fd:3 3<ed25519-sk");
    unchanged(&env, || Ran::of(handed.args(["-c", &line])))
        .ends(2)
        .says("needs its file");
}
