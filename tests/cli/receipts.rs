//! Receipts: what they say, that stock tools agree, and that there is none for
//! anything less than a whole, verified package.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;

use crate::bad_input::unprivileged;
use crate::bad_package::{refused, spoilt};
use crate::environment::{Env, Ran, require};
use crate::interrupt::{Held, with_a_large_package, works};
use crate::mounts::Mounted;
use crate::tree::{assert_same, look_at_content, unchanged};

/// What a receipt says.
fn statement(env: &Env, file: &str) -> Value {
    let document: Value = serde_json::from_str(&env.read(file)).unwrap();
    serde_json::from_str(document["statement"].as_str().unwrap()).unwrap()
}

/// The commands in a page of the manual, one block after the other.
pub(crate) fn commands_of(page: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exeat-core/src/manual");
    let text = fs::read_to_string(folder.join(page)).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("//!"));
    let text: Vec<_> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let text = text.join("\n");
    let blocks = text.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// Runs a script that has to succeed as a whole.
pub(crate) fn script(env: &Env, text: &str) -> Ran {
    let mut command = env.command("bash");
    command.args(["-euo", "pipefail", "-c", text]);
    Ran::of(&mut command)
}

#[test]
fn a_package_that_has_arrived() {
    let env = Env::with_package();
    let ran = env.by("recipient", "receipt out/p.exeat").ends(0);
    assert!(
        ran.out.contains("the receipt is in p.receipt.json\n"),
        "{ran}"
    );
    assert!(ran.out.ends_with(
        "next: send it to sender@clinic.example, who records it with \
         'exeat ledger receive p.receipt.json'\n"
    ));
    assert!(ran.out.contains(&env.fingerprint("recipient")));
    let said = statement(&env, "p.receipt.json");
    let verified = env.by("recipient", "verify out/p.exeat --json").ends(0);
    let verified: Value = serde_json::from_str(&verified.out).unwrap();
    for member in ["package", "manifest_sha256"] {
        assert_eq!(said[member], verified["result"][member]);
    }
    assert_eq!(said["sender"], env.fingerprint("sender").as_str());
    assert_eq!(said["verified"], "content");
    // In whole seconds: a finer time says nothing.
    assert_eq!(said["received"].as_str().unwrap().len(), 20);
    // One line, and nothing in it of what is in the package.
    let text = env.read("p.receipt.json");
    assert!(text.ends_with('\n') && text.lines().count() == 1);
    assert!(!text.contains("patients") && !text.contains("clinic.example"));
    // As a document.
    let json = env.by("recipient", "receipt out/p.exeat -o other.json --json");
    let json: Value = serde_json::from_str(&json.ends(0).out).unwrap();
    let result = &json["result"];
    assert_eq!(result["path"], "other.json");
    assert_eq!(result["package"], said["package"]);
    assert_eq!(result["signed_by"], env.fingerprint("recipient").as_str());
    assert_eq!(result["signer"]["name"], "sender@clinic.example");
}

#[test]
fn stock_tools_agree() {
    if !require(&["jq", "ssh-keygen", "sha256sum", "bash"]) {
        return;
    }
    let env = Env::with_package();
    env.by("recipient", "receipt out/p.exeat").ends(0);
    env.by("sender", "trust recipient/signer.txt").ends(0);
    let [commands] = &commands_of("receipts.rs")[..] else {
        panic!("one block");
    };
    let commands = commands
        .replace("package.receipt.json", "p.receipt.json")
        .replace("SIGNERS=allowed_signers", "SIGNERS=sender/allowed_signers")
        .replace("bob@lab.example", "recipient@clinic.example")
        .replace("PACKAGE.exeat", "out/p.exeat");
    let ran = script(&env, &commands).ends(0);
    let said = statement(&env, "p.receipt.json");
    assert!(ran.out.contains("Good \"exeat.receipt.v1\" signature"));
    let digest = said["manifest_sha256"].as_str().unwrap();
    assert_eq!(ran.out.matches(digest).count(), 2, "{ran}");
    // Nobody else's, and no word of it may change.
    let other = commands.replace("recipient@", "sender@");
    assert_ne!(script(&env, &other).code, Some(0));
    let text = env
        .read("p.receipt.json")
        .replace("\\\"content\\\"", "\\\"Content\\\"");
    env.write("p.receipt.json", text);
    assert_ne!(script(&env, &commands).code, Some(0));
}

#[test]
fn of_archives_streams_and_other_keys() {
    let env = Env::with_package();
    let pack = "cd out/p.exeat && tar -cf ../../q.exeat.tar *";
    script(&env, pack).ends(0);
    env.by("recipient", "receipt out/p.exeat/").ends(0);
    env.by("recipient", "receipt q.exeat.tar").ends(0);
    let mut command = env.exeat();
    command.args(["--config-dir", "recipient", "receipt", "-"]);
    command.stdin(File::open(env.path("q.exeat.tar")).unwrap());
    let ran = Ran::of(&mut command).ends(0);
    let words = "the receipt is in ";
    let piped = ran.out.split(words).nth(1).unwrap().lines().next().unwrap();
    assert!(
        piped.ends_with(".receipt.json") && piped.starts_with("20"),
        "{piped}"
    );
    let mut same = statement(&env, "p.receipt.json");
    for file in ["q.receipt.json", piped] {
        let mut other = statement(&env, file);
        for said in [&mut same, &mut other] {
            said["received"] = Value::Null;
        }
        assert_eq!(other, same);
    }
    assert_eq!(fs::read_dir(env.path("tmp")).unwrap().count(), 0);
    // With another identity and another key than one's own.
    env.person("office");
    env.by("office", "trust sender/signer.txt").ends(0);
    let ran = env.by(
        "office",
        "receipt out/p.exeat -i recipient/identity.txt --key recipient/signing_key -o r.json",
    );
    assert!(ran.ends(0).out.contains(&env.fingerprint("recipient")));
    env.by("office", "receipt out/p.exeat -o s.json")
        .ends(1)
        .says("none of the given identities");
    // One that was passed on is received like any other.
    let pass = "rekey out/p.exeat -R office/recipient.txt";
    env.by("recipient", pass).ends(0);
    env.by("office", "trust recipient/signer.txt").ends(0);
    env.by("office", "receipt out/p.exeat -o s.json").ends(0);
    assert_eq!(
        statement(&env, "s.json")["manifest_sha256"],
        same["manifest_sha256"]
    );
}

#[test]
fn none_without_a_key_to_sign_with() {
    let env = Env::with_package();
    fs::remove_file(env.path("recipient/signing_key")).unwrap();
    let ran = refused(
        &env,
        "receipt out/p.exeat",
        1,
        "there is no key to sign the receipt with",
    );
    ran.says("exeat init").says("--key");
    let named = "receipt out/p.exeat --key nowhere";
    refused(&env, named, 1, "cannot read nowhere");
    let not_one = "receipt out/p.exeat --key data/patients.csv";
    refused(&env, not_one, 1, "not an OpenSSH private key");
}

#[test]
fn none_of_a_package_that_is_bad_inside() {
    let env = Env::with_package();
    // What a signature alone does not show.
    spoilt(&env, |_, p| {
        let volume = OpenOptions::new()
            .write(true)
            .open(p.join("volume-00002.age"));
        volume.unwrap().set_len(100).unwrap();
    });
    refused(&env, "receipt q.exeat", 4, "volume-00002.age is cut short");
    refused(
        &env,
        "receipt out/p.exeat --signer eve@x.example",
        8,
        "not of",
    );
    refused(&env, "receipt data", 1, "is not an exeat package");
    refused(
        &env,
        "receipt out/p.exeat --passphrase",
        2,
        "leave out --passphrase",
    );
    refused(
        &env,
        "receipt out/p.exeat --passphrase -i x",
        2,
        "cannot be used with",
    );
}

#[test]
fn what_exists_is_never_overwritten() {
    let env = Env::with_package();
    let words = "exists already; nothing was written";
    env.write("p.receipt.json", "mine");
    refused(&env, "receipt out/p.exeat", 1, words).says("-o");
    refused(&env, "receipt out/p.exeat -o data", 1, words);
    symlink("nowhere", env.path("link")).unwrap();
    refused(&env, "receipt out/p.exeat -o link", 1, words);
    refused(
        &env,
        "receipt out/p.exeat -o no/where",
        1,
        "cannot write no/where",
    );
    refused(
        &env,
        "receipt out/p.exeat -o data/patients.csv/r",
        1,
        "cannot write",
    );
    refused(&env, "receipt out/p.exeat -o -", 2, "into a file");
    // Nothing may be added to a package: not there, and not by default either.
    let into = "receipt out/p.exeat -o out/p.exeat/r.json";
    refused(&env, into, 2, "the receipt would lie in the package");
    let mut command = env.exeat();
    command.current_dir(env.path("out/p.exeat"));
    command.args(["--config-dir", "../../recipient", "receipt", "."]);
    let ran = unchanged(&env, || Ran::of(&mut command)).ends(2);
    ran.says("name another place with -o");
    env.by("recipient", "receipt out/p.exeat -o r.json").ends(0);
}

#[test]
fn where_nothing_can_be_written() {
    let env = Env::with_package();
    fs::create_dir(env.path("closed")).unwrap();
    let Some(mut command) = unprivileged(&env) else {
        return;
    };
    fs::set_permissions(env.path("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    command.args(["--config-dir", "recipient", "receipt", "out/p.exeat"]);
    command.args(["-o", "closed/r.json"]);
    let ran = unchanged(&env, || Ran::of(&mut command)).ends(1);
    ran.says("cannot write closed/r.json: Permission denied")
        .says("in a folder that you may write to");
}

#[test]
fn a_disk_that_is_full() {
    let env = Env::with_package();
    let Some(disk) = Mounted::memory(&env, "disk", "size=64k") else {
        return;
    };
    // To the last block.
    let filled = script(&env, "cat /dev/zero > disk/zeros || true");
    filled.ends(0);
    let command = "receipt out/p.exeat -o disk/r.json";
    let ran = unchanged(&env, || env.by("recipient", command)).ends(1);
    ran.says("cannot write disk/r.json: No space left on device");
    assert_eq!(disk.count(), 1);
    disk.make_read_only(&env);
    let ran = unchanged(&env, || env.by("recipient", command)).ends(1);
    ran.says("cannot write disk/r.json: Read-only file system");
}

#[test]
fn an_interrupted_verification_leaves_no_receipt() {
    let env = with_a_large_package();
    let before = look_at_content(&env.path(""));
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let line = "--config-dir recipient receipt out/p.exeat";
        let held = Held::when(&env, line, works);
        held.signal(signal);
        let ran = held.go_on().ends(code).says("interrupted");
        assert!(ran.out.is_empty(), "{ran}");
        assert_same(&before, &look_at_content(&env.path("")));
    }
}
