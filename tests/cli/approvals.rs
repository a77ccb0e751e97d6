//! Releases that several people agree to: the request, the answers, the export.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;

use crate::check::result;
use crate::environment::{Env, Ran, noise, require};
use crate::interrupt::Held;
use crate::ledger::{self, story};
use crate::people::{people, table};
use crate::terminal::Terminal;
use crate::tree::{assert_same, look_at_content, unchanged};

const ASK: &str = "request clinic --purpose audit -R recipient/recipient.txt -o r.json";
const EXPORT: &str = "export clinic --to out --purpose audit -R recipient/recipient.txt";
const BOTH: &str = "--approval ada.json --approval bob.json";

/// Who signs with the key of `person`, for these purposes.
fn line(env: &Env, name: &str, person: &str, namespaces: &str) -> String {
    let text = env.read(format!("{person}/signer.txt"));
    let words: Vec<_> = text.split_whitespace().collect();
    let at = words
        .iter()
        .position(|word| word.starts_with("ssh-"))
        .unwrap();
    let key = words[at..at + 2].join(" ");
    format!("{name} namespaces=\"{namespaces}\" {key}\n")
}

/// A clinic of 30 people; two of Ada, Bob and Cy have to agree from 20 on.
fn prepared() -> Env {
    let env = Env::with_people();
    env.write("clinic/contacts.csv", table(&people(80, 30)));
    fs::create_dir_all(env.path("out")).unwrap();
    let mut approvers = String::new();
    for name in ["ada", "bob", "cy"] {
        env.person(name);
        let line = line(
            &env,
            &format!("{name}@clinic.example"),
            name,
            "exeat.approval.v1",
        );
        approvers += &line;
        trust_sender(&env, name);
    }
    env.write("sender/approvers", approvers);
    env.write(
        "sender/policy.toml",
        "[approvals]\nfile = \"approvers\"\npeople = [{ from = 20, count = 2 }]\n",
    );
    env
}

fn trust_sender(env: &Env, person: &str) {
    let line = line(env, "sender@clinic.example", "sender", "exeat.request.v1");
    env.write(format!("{person}/allowed_signers"), line);
}

fn approve(env: &Env, person: &str) -> Ran {
    let line = format!("approve r.json --yes -o {person}.json");
    elsewhere(env, person, &line)
}

/// Somebody with a ledger of their own, as on another machine: the account here is
/// that of the sender.
fn elsewhere(env: &Env, person: &str, line: &str) -> Ran {
    let mut command = env.exeat();
    command.env("XDG_STATE_HOME", env.path(person));
    command.args(["--config-dir", person]);
    Ran::of(command.args(line.split_whitespace()))
}

/// With a request, and the approvals of Ada and Bob.
fn approved() -> Env {
    let env = prepared();
    env.by("sender", ASK).ends(0);
    approve(&env, "ada").ends(0);
    approve(&env, "bob").ends(0);
    env
}

/// With `out/p.exeat`, a package that two have agreed to.
pub(crate) fn released() -> Env {
    let env = approved();
    export(&env, &format!("--name p {BOTH}")).ends(0);
    env
}

fn export(env: &Env, options: &str) -> Ran {
    env.by("sender", &format!("{EXPORT} {options}"))
}

#[track_caller]
fn refused(env: &Env, options: &str, code: &str) -> Ran {
    let before = look_at_content(&env.path("out"));
    let ran = export(env, options).ends(3).says(&format!("  {code}: "));
    assert_same(&before, &look_at_content(&env.path("out")));
    ran
}

/// Reads a document and the statement in it.
fn statement(env: &Env, file: &str) -> (Value, Value) {
    let document: Value = serde_json::from_str(&env.read(file)).unwrap();
    let statement = serde_json::from_str(document["statement"].as_str().unwrap()).unwrap();
    (document, statement)
}

/// Signs a changed statement with the real ssh-keygen, as somebody could who
/// has the key and another program.
fn sign_anew(env: &Env, person: &str, file: &str, change: impl FnOnce(&mut Value)) -> String {
    let (mut document, mut statement) = statement(env, file);
    change(&mut statement);
    let mut text = serde_json::to_string(&statement).unwrap();
    text.push('\n');
    let path = env.write("statement", &text);
    let namespace = match document["format"].as_str().unwrap() {
        "exeat-request/1" => "exeat.request.v1",
        _ => "exeat.approval.v1",
    };
    env.ssh_sign(person, namespace, &path);
    document["signature"] = env.read("statement.sig").into();
    document["statement"] = text.into();
    document.to_string() + "\n"
}

#[test]
fn two_agree_and_it_leaves_once() {
    let env = prepared();
    let ran = refused(&env, "", "approval-missing");
    ran.says("30 people would leave; an export of so many needs approvals: 2\n")
        .says("exeat request SRC");
    let checked = env
        .by("sender", "check clinic -R recipient/recipient.txt")
        .ends(3);
    assert!(checked.out.contains("approval-missing"), "{checked}");

    let ran = env.by("sender", ASK).ends(0);
    for words in [
        "people         30 people",
        "send r.json to 2 of these: ada@clinic.example, bob@clinic.example, cy@clinic.example",
        "exeat approve r.json",
    ] {
        assert!(ran.out.contains(words), "{words}: {ran}");
    }
    let mode = fs::metadata(env.path("r.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    unchanged(&env, || env.by("sender", ASK))
        .ends(1)
        .says("r.json exists already");

    let ran = approve(&env, "ada").ends(0);
    ran.says("the ledger here does not have this request")
        .says("asks         sender@clinic.example SHA256:")
        .says("purpose      audit")
        .says("people         30 people")
        .says(": nothing\n");
    let mode = fs::metadata(env.path("ada.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    unchanged(&env, || approve(&env, "ada"))
        .ends(1)
        .says("exists already");
    let ran = refused(&env, "--approval ada.json", "approval-missing");
    ran.says("needs approvals: 2, and 1 is there");
    approve(&env, "bob").ends(0);

    export(&env, &format!("--name p {BOTH}")).ends(0);
    let ran = env.by("recipient", "verify out/p.exeat -i recipient/identity.txt");
    let ran = ran.ends(0);
    assert!(
        ran.out.contains("the content is what they approved"),
        "{ran}"
    );
    let ran = env.by("recipient", "list out/p.exeat").ends(0);
    ran.says("approved by ada@clinic.example (SHA256:");
    let ran = env.by("sender", "ledger list").ends(0);
    for words in ["asks for approvals (request", "left"] {
        assert!(ran.out.contains(words), "{words}: {ran}");
    }
    let (_, asked) = statement(&env, "r.json");
    let shown = env.by(
        "sender",
        &format!("ledger show {}", asked["id"].as_str().unwrap()),
    );
    assert_eq!(shown.ends(0).out.matches("entry ").count(), 3);
    let entries = ledger::entries(&env);
    let intent = entries
        .iter()
        .find(|entry| entry["kind"] == "intent")
        .unwrap();
    assert_eq!(intent["export"]["request"], asked["id"]);
    let names: Vec<_> = intent["export"]["approvals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["ada@clinic.example", "bob@clinic.example"]);
    assert_eq!(
        story(&env),
        [
            "refusal",
            "request",
            "refusal",
            "intent",
            "outcome delivered"
        ]
    );
    // No name of a file is in the ledger.
    assert!(!ledger::text(&env).contains("contacts"));

    refused(&env, BOTH, "approval-used");
    // What the recipient has by now is shown to whoever is asked next.
    env.by("sender", &ASK.replace("r.json", "s.json")).ends(0);
    let ran = env.by("cy", "approve s.json --yes").ends(0);
    assert!(!ran.err.contains("does not have this request"), "{ran}");
    ran.says("1 export, 30 people in sum (who is in two exports counts twice)");
    let named = fs::read_dir(env.path("")).unwrap().flatten();
    let named = named.filter(|item| {
        let name = item.file_name().to_string_lossy().into_owned();
        name.starts_with("s.approval-") && name.ends_with(".json")
    });
    assert_eq!(named.count(), 1);
}

#[test]
fn somebody_looks_and_answers_at_the_terminal() {
    let env = prepared();
    env.by("sender", ASK).ends(0);
    env.by("ada", "approve r.json -o ada.json")
        .ends(2)
        .says("no terminal to ask at");
    if !require(&["script"]) {
        return;
    }
    let ask =
        |keys| Terminal::exeat(&env, "ada", "approve r.json -o ada.json").answer("Type yes", keys);
    ask("y\n").ends(1).says("not approved; nothing was signed");
    ask("\n").ends(1);
    assert!(!env.path("ada.json").exists());
    ask("\x03").ends(130);
    ask("yes\n").ends(0);
    assert!(env.path("ada.json").exists());
}

/// A name in a request is the requester's word.
#[test]
fn whose_a_key_is_stands_with_whoever_approves() {
    let env = prepared();
    let book = |person: &str, name: &str, of: &str| {
        let key = env.read(format!("{of}/recipient.txt"));
        let key = key.lines().find(|line| line.starts_with("age1")).unwrap();
        let entry = format!("[[recipient]]\nname = \"{name}\"\nkey = \"{key}\"\n");
        env.write(format!("{person}/recipients.toml"), entry);
    };
    let ask = "request clinic --purpose audit -r North -o r.json";
    book("sender", "North", "recipient");
    env.by("sender", ask).ends(0);
    let approve = |person: &str| approve(&env, person).ends(0);
    approve("ada").says(", named so by the requester: nothing");
    book("bob", "Registry", "recipient");
    let ran = approve("bob").says("  Registry age1");
    assert!(
        ran.err
            .contains(", named 'North' by the requester: nothing"),
        "{ran}"
    );
    assert!(!ran.err.contains("warning"), "{ran}");
    book("cy", "North", "ada");
    let ran = approve("cy");
    assert!(
        ran.err
            .starts_with("warning: the request calls the key age1"),
        "{ran}"
    );
    assert!(
        ran.err
            .contains("'North', and here that is the name of another key"),
        "{ran}"
    );
}

#[test]
fn a_request_that_approvals_do_not_help_is_not_made() {
    let env = prepared();
    for (rest, code, words) in [
        ("--expires 91d", 1, "has to expire between now and"),
        ("--expires 0d", 2, "use a number and h, d or w"),
        ("--standing nightly", 2, "--ceiling"),
        ("--ceiling 4", 2, "--standing"),
        ("--stdin-name x", 2, "not among the sources"),
        ("--to nowhere", 1, "nowhere"),
    ] {
        let ran = unchanged(&env, || env.by("sender", &format!("{ASK} {rest}")));
        ran.ends(code).says(words);
    }
    let piped = "request - --purpose audit -R recipient/recipient.txt -o r.json";
    env.by("sender", piped).ends(2).says("cannot be read twice");
    assert!(story(&env).is_empty());
    let mut policy = env.read("sender/policy.toml");
    policy += "[ceiling]\npeople = 25\n";
    env.write("sender/policy.toml", policy);
    let ran = unchanged(&env, || env.by("sender", ASK)).ends(3);
    ran.says("over-ceiling: ").says("approvals would not help");
    // That nobody has approved it yet is no reason.
    assert!(!env.by("sender", ASK).err.contains("approval-missing"));
}

#[test]
fn some_requests_are_not_approved() {
    let env = prepared();
    env.by("sender", ASK).ends(0);
    let good = env.read("r.json");
    let fails = |person: &str, content: &str, code: i32, words: &str| {
        env.write("bad.json", content);
        let line = "approve bad.json --yes -o x.json";
        let before = story(&env);
        unchanged(&env, || env.by(person, line))
            .ends(code)
            .says(words);
        assert_eq!(story(&env), before);
    };
    let own = unchanged(&env, || env.by("sender", "approve r.json --yes")).ends(3);
    own.says("nobody approves their own");
    let altered = good.replace("audit", "other");
    fails("ada", &altered, 4, "changed after it was signed");
    fails("ada", &good[..good.len() / 2], 4, "it ends too early");
    fails("ada", "", 4, "this is not a request");
    fails(
        "ada",
        &env.read("clinic/contacts.csv"),
        4,
        "this is not a request",
    );
    fails("ada", &"x".repeat(2 << 20), 4, "it is larger than 1024 KiB");
    env.by("ada", "approve nowhere.json --yes")
        .ends(1)
        .says("nowhere.json");
    approve(&env, "ada").ends(0);
    fails("bob", &env.read("ada.json"), 1, "exeat-approval/1");
    // Somebody nobody knows.
    env.person("eve");
    let line = ASK.replace("r.json", "e.json");
    env.by("eve", &line).ends(0);
    fails("ada", &env.read("e.json"), 8, "exeat trust LINE");
    // A key that is trusted with packages alone.
    env.write(
        "cy/allowed_signers",
        self::line(&env, "sender@clinic.example", "sender", "exeat.package.v1"),
    );
    fails("cy", &good, 8, "exeat.request.v1");
    if !require(&["ssh-keygen"]) {
        return;
    }
    let old = sign_anew(&env, "sender", "r.json", |request| {
        request["created"] = "2020-01-01T00:00:00Z".into();
        request["expires"] = "2020-01-02T00:00:00Z".into();
    });
    fails("ada", &old, 3, "the request expired on 2020-01-02");
    let early = sign_anew(&env, "sender", "r.json", |request| {
        request["created"] = "2999-01-01T00:00:00Z".into();
        request["expires"] = "2999-01-02T00:00:00Z".into();
    });
    fails("ada", &early, 3, "has not come yet");
    let hostile = sign_anew(&env, "sender", "r.json", |request| {
        request["purpose"] = "\u{1b}[2J".into();
    });
    fails("ada", &hostile, 4, "no single line");
    let stolen = sign_anew(&env, "eve", "r.json", |_| {});
    fails("ada", &stolen, 4, "another key signed it");
}

#[test]
fn an_approval_is_for_one_export() {
    let env = approved();
    let purpose = EXPORT.replace("audit", "curiosity");
    for (line, code) in [
        (format!("{purpose} {BOTH}"), "approval-other-purpose"),
        (
            format!("{EXPORT} {BOTH} -R sender/recipient.txt"),
            "approval-other-recipients",
        ),
        (
            format!("{EXPORT} {BOTH} --signing-key cy/signing_key"),
            "approval-other-requester",
        ),
        (
            format!("{EXPORT} --approval ada.json --approval ada.json"),
            "approval-duplicate",
        ),
    ] {
        let ran = unchanged(&env, || env.by("sender", &line)).ends(3);
        ran.says(&format!("  {code}: "));
        // That is known before anything is read.
        let ran = unchanged(&env, || env.by("sender", &format!("{line} --dry-run")));
        ran.ends(3).says(&format!("  {code}: "));
    }
    // The plain way takes none.
    env.by("sender", &format!("export clinic --to out --plain {BOTH}"))
        .ends(2)
        .says("--approval");
    // What was approved is what leaves.
    let content = env.read("clinic/contacts.csv");
    env.write(
        "clinic/contacts.csv",
        content.replacen("Quenby", "Quenbi", 1),
    );
    refused(&env, BOTH, "approval-other-content");
    env.write("clinic/contacts.csv", &content);
    env.write("clinic/more.txt", "");
    refused(&env, BOTH, "approval-other-content");
    fs::remove_file(env.path("clinic/more.txt")).unwrap();
    export(&env, BOTH).ends(0);
}

#[test]
fn a_bad_approval_refuses_whatever_the_others_say() {
    let env = approved();
    let with = |content: &str| {
        env.write("bad.json", content);
        format!("{BOTH} --approval bad.json")
    };
    let good = env.read("ada.json");
    let altered = with(&good.replace("audit", "other"));
    export(&env, &altered)
        .ends(4)
        .says("changed after it was signed");
    export(&env, &with(&good[..90]))
        .ends(4)
        .says("bad.json: this is not an approval");
    export(&env, &with(&env.read("r.json")))
        .ends(1)
        .says("exeat-request/1");
    export(&env, "--approval nowhere.json")
        .ends(1)
        .says("nowhere.json");
    let many = "--approval ada.json ".repeat(17);
    export(&env, &many).ends(1).says("more than 16 approvals");
    // By somebody who may not.
    env.person("eve");
    trust_sender(&env, "eve");
    approve(&env, "eve").ends(0).says("does not have your key");
    refused(
        &env,
        &format!("{BOTH} --approval eve.json"),
        "approval-unknown-approver",
    );
    // Whom the exporter trusts does not matter.
    let lines = line(&env, "cy@clinic.example", "eve", "exeat.approval.v1");
    env.write("sender/allowed_signers", lines);
    refused(
        &env,
        "--approval ada.json --approval eve.json",
        "approval-unknown-approver",
    );
    // For another request.
    env.by("sender", &ASK.replace("r.json", "s.json")).ends(0);
    env.by("cy", "approve s.json --yes -o cy.json").ends(0);
    refused(
        &env,
        &format!("{BOTH} --approval cy.json"),
        "approval-other-request",
    );
    if require(&["ssh-keygen"]) {
        let over = sign_anew(&env, "cy", "ada.json", |approval| {
            approval["expires"] = "2020-01-01T00:00:00Z".into();
        });
        refused(&env, &with(&over), "approval-expired");
        let own = sign_anew(&env, "sender", "ada.json", |_| {});
        refused(&env, &with(&own), "approval-by-requester");
    }
    // From the account that asks, with another key.
    env.by("cy", "approve r.json --yes -o two-keys.json")
        .ends(0);
    let ran = refused(
        &env,
        "--approval ada.json --approval two-keys.json",
        "approval-by-requester",
    );
    ran.says("has approved from the account that asks");
    // A no is a no, in the file or in the ledger.
    let ran = env
        .by("cy", "reject r.json --why counts -o no.json")
        .ends(0);
    assert!(ran.out.contains("rejected: no.json"), "{ran}");
    refused(
        &env,
        &format!("{BOTH} --approval no.json"),
        "approval-rejected",
    );
    let ran = refused(&env, BOTH, "approval-rejected");
    ran.says("the ledger has a rejection of the request");
    assert_eq!(
        ledger::entries(&env)
            .iter()
            .filter(|e| e["kind"] == "approval")
            .count(),
        3
    );
}

#[test]
fn what_spans_volumes_and_what_goes_into_a_pipe_is_what_was_approved() {
    let env = prepared();
    env.sample("clinic/data");
    env.by("sender", ASK).ends(0);
    let ran = approve(&env, "ada").ends(0);
    // Nobody has seen what is in there.
    ran.says("not inspected");
    approve(&env, "bob").ends(0);
    export(&env, &format!("--name p --volume-size 1M {BOTH}")).ends(0);
    env.by(
        "recipient",
        "open out/p.exeat --to opened -i recipient/identity.txt",
    )
    .ends(0);
    let ran = env.by("recipient", "verify out/p.exeat -i recipient/identity.txt");
    let ran = ran.ends(0);
    assert!(
        ran.out.contains("was not compared with what they approved"),
        "{ran}"
    );
    // One bit of it, in a file that spans volumes.
    let again = |name: &str| {
        env.by("sender", &ASK.replace("r.json", name)).ends(0);
        for person in ["ada", "bob"] {
            let to = format!("{person}-{name}");
            elsewhere(&env, person, &format!("approve {name} --yes -o {to}")).ends(0);
        }
        format!("--approval ada-{name} --approval bob-{name}")
    };
    let second = again("s.json");
    let mut raw = noise(2_500_000);
    raw[2_000_000] ^= 1;
    env.write("clinic/data/scans/scan.raw", &raw);
    refused(
        &env,
        &format!("--volume-size 1M {second}"),
        "approval-other-content",
    );
    env.write("clinic/data/scans/scan.raw", noise(2_500_000));
    let line = format!("{EXPORT} {second}").replace("--to out", "--to -");
    env.by("sender", &line).ends(0);
    raw[0] ^= 1;
    let third = again("t.json");
    env.write("clinic/data/scans/scan.raw", &raw);
    let line = format!("{EXPORT} {third}").replace("--to out", "--to -");
    let ran = env
        .by("sender", &line)
        .ends(3)
        .says("approval-other-content: ");
    assert!(ran.out.is_empty());
}

#[test]
fn a_standing_approval_is_for_places() {
    let env = prepared();
    let ask = "request clinic --purpose backup -R recipient/recipient.txt -o r.json --to out \
               --standing nightly --ceiling 40 --expires 100d";
    let ran = env.by("sender", ask).ends(0);
    assert!(
        ran.out.contains("label 'nightly', of 40 people at most"),
        "{ran}"
    );
    approve(&env, "ada")
        .ends(0)
        .says("standing     every export");
    approve(&env, "bob").ends(0);
    let backup = |options: &str| {
        let line = format!("export clinic --purpose backup -R recipient/recipient.txt {BOTH}");
        env.by("sender", &format!("{line} {options}"))
    };
    backup("--to out --label nightly").ends(0);
    env.write("clinic/contacts.csv", table(&people(81, 39)));
    backup("--to out --label nightly").ends(0);
    fs::create_dir_all(env.path("elsewhere")).unwrap();
    for (options, code) in [
        ("--to out", "approval-other-profile"),
        ("--to out --label weekly", "approval-other-profile"),
        (
            "--to elsewhere --label nightly",
            "approval-other-destination",
        ),
        (
            "--to out --label nightly recipient/recipient.txt",
            "approval-other-sources",
        ),
    ] {
        backup(options).ends(3).says(&format!("  {code}: "));
    }
    env.write("clinic/contacts.csv", table(&people(81, 41)));
    backup("--to out --label nightly")
        .ends(3)
        .says("  approval-over-ceiling: ");
    env.write("clinic/contacts.csv", table(&people(81, 30)));
    env.write("clinic/opaque", noise(5000));
    backup("--to out --label nightly")
        .ends(3)
        .says("  approval-over-ceiling: ");
}

#[test]
fn a_request_that_is_stopped_leaves_nothing() {
    let env = prepared();
    let file = fs::File::create(env.path("clinic/scan.raw")).unwrap();
    file.set_len(3 << 30).unwrap();
    let before = look_at_content(&env.path(""));
    let line = format!("--config-dir sender {ASK}");
    let held = Held::when(&env, &line, crate::interrupt::works);
    held.signal(Signal::INT);
    held.go_on().ends(130).says("interrupted");
    assert_same(&before, &look_at_content(&env.path("")));
    assert!(story(&env).is_empty());
}

/// The commands of the manual, as they stand there.
fn blocks(with: &str) -> String {
    let manual = include_str!("../../crates/exeat-core/src/manual/approvals.rs");
    let text: Vec<_> = manual
        .lines()
        .map(|line| line.trim_start_matches("//!").trim_start_matches(' '))
        .collect();
    let text = text.join("\n");
    let mut blocks = text.split("```sh\n").skip(1);
    let block = blocks.find(|block| block.contains(with)).unwrap();
    block.split("```").next().unwrap().to_owned()
}

#[test]
fn stock_tools_agree() {
    if !require(&["jq", "ssh-keygen", "age", "zstd", "sha256sum"]) {
        return;
    }
    let env = approved();
    let shell = |script: &str| {
        let mut command = env.command("sh");
        Ran::of(command.args(["-ec", script]))
    };
    let check = blocks("ssh-keygen -Y verify")
        .replace("approval.json", "ada.json")
        .replace("approvers", "sender/approvers");
    let ran = shell(&check.replace("NAME", "ada@clinic.example")).ends(0);
    assert!(
        ran.out
            .contains("Good \"exeat.approval.v1\" signature for ada@"),
        "{ran}"
    );
    assert_ne!(
        shell(&check.replace("NAME", "bob@clinic.example")).code,
        Some(0)
    );

    export(&env, &format!("--name p --compress zstd {BOTH}")).ends(0);
    env.tool("age -d -i recipient/identity.txt -o package.key out/p.exeat/key.age");
    let digest = blocks("sha256sum").replace("inventory.age", "out/p.exeat/inventory.age");
    let ran = shell(&digest).ends(0);
    let (_, asked) = statement(&env, "r.json");
    let expected = asked["scope"]["content"]["sha256"].as_str().unwrap();
    assert_eq!(ran.out.split_whitespace().next(), Some(expected));
    // The approvals go along, encrypted.
    let ran = shell(
        "age -d -i package.key out/p.exeat/inventory.age | zstd -dc | head -1 | \
         jq -r '.approvals[].approver'",
    );
    assert_eq!(ran.ends(0).out, "ada@clinic.example\nbob@clinic.example\n");
}

#[test]
fn what_programs_are_told() {
    let env = prepared();
    let asked = result(&env.by("sender", &format!("{ASK} --json")).ends(0));
    assert_eq!(asked["needed"], 2);
    assert_eq!(asked["path"], "r.json");
    assert_eq!(asked["facts"]["people"]["most"], 30);
    assert_eq!(asked["approvers"].as_array().unwrap().len(), 3);
    let answered = result(
        &env.by("ada", "approve r.json --yes --json -o ada.json")
            .ends(0),
    );
    assert_eq!(answered["verdict"], "approve");
    assert_eq!(answered["request"], asked["request"]);
    assert_eq!(answered["signer"]["name"], "sender@clinic.example");
    assert_eq!(answered["recipients"][0]["exports"], 0);
    assert_eq!(answered["is_on_record"], true);
    let said = result(
        &env.by("bob", "reject r.json --why no --json -o no.json")
            .ends(0),
    );
    assert_eq!(said["verdict"], "reject");
    assert!(Path::new(&env.path("no.json")).exists());
}

/// A quota of a group sums what its members let out together.
#[test]
fn a_quota_sums_everybody_where_it_says_so() {
    let env = Env::with_people();
    env.write("some.csv", table(&people(82, 6)));
    fs::create_dir_all(env.path("out")).unwrap();
    let quota = "[[quota]]\ngroup = \"*\"\nper = \"1 day\"\n";
    let export = |rest: &str| {
        let line = "export some.csv --to out -R recipient/recipient.txt --policy q.toml";
        env.by("sender", &format!("{line} {rest}"))
    };
    env.write("q.toml", format!("{quota}records = 10\nby = \"group\"\n"));
    export("--name a").ends(0);
    let ran = export("--name b").ends(3);
    ran.says("with 6 records about people of the last 1 day, 12 records about people would have")
        .says("by everybody, summed over exports; 10 are allowed");
    for (bad, words) in [
        ("", "needs 'people'"),
        ("people = 1\nby = \"all\"\n", "[[quota]] by: 'all'"),
    ] {
        env.write("q.toml", format!("{quota}{bad}"));
        env.run("policy check q.toml").ends(5).says(words);
    }
}
