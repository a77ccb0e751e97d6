//! Two people with an account of the machine each, over one ledger that root has
//! set up for both: a refusal, a release that both agree to, its receipt, and a
//! delivery that is overdue. Only root can be two people; without it the test
//! says so.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use serde_json::Value;

use crate::environment::{Env, Ran, require, skipped};
use crate::ledger::age_file;
use crate::partners::SIGNS;
use crate::people::{people, table};

/// The group of those who may read and append to the ledger.
const GROUP: u32 = 64_100;

/// A member of that group.
struct Person<'a> {
    env: &'a Env,
    /// The number of the account.
    user: u32,
    /// Their folder: keys and settings in `config`, and what they are given.
    home: &'static str,
}

impl<'a> Person<'a> {
    /// With keys of their own, made by themselves.
    fn new(env: &'a Env, home: &'static str, user: u32) -> Self {
        fs::create_dir(env.path(home)).unwrap();
        env.tool(&format!("chown {user}:{GROUP} {home}"));
        let person = Self { env, user, home };
        person
            .exeat(&format!("init --name {home}@clinic.example"))
            .ends(0);
        person
    }

    /// Runs a program as this account, in its folder.
    fn runs(&self, program: &str, words: &[&str]) -> Ran {
        let mut command = self.env.command("setpriv");
        command
            .arg(format!("--reuid={}", self.user))
            .arg(format!("--regid={GROUP}"))
            .arg("--clear-groups")
            .arg(program)
            .args(words)
            .env("HOME", self.env.path(self.home))
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_STATE_HOME")
            .current_dir(self.env.path(self.home));
        Ran::of(&mut command)
    }

    /// Runs `exeat` by the rules of the site.
    fn exeat(&self, line: &str) -> Ran {
        let words: Vec<_> = line.split_whitespace().collect();
        let program = self.env.path("exeat").display().to_string();
        self.runs(&program, &words)
    }

    /// Takes a copy of somebody's file, as by mail.
    fn is_given(&self, file: &str, name: &str) {
        let there = format!("{}/{name}", self.home);
        fs::copy(self.env.path(file), self.env.path(&there)).unwrap();
        self.env
            .tool(&format!("chown {}:{GROUP} {there}", self.user));
    }
}

/// The rules and the ledger of the site, both root's; `None` where this is not
/// root.
fn site() -> Option<Env> {
    if !require(&["setpriv", "chown", "cp"]) {
        return None;
    }
    let env = Env::new();
    if fs::metadata(env.path("")).unwrap().uid() != 0 {
        skipped("only root can be two people");
        return None;
    }
    // The program itself may lie where nobody may go.
    fs::copy(env!("CARGO_BIN_EXE_exeat"), env.path("exeat")).unwrap();
    for folder in ["..", ""] {
        let everyone = fs::Permissions::from_mode(0o755);
        fs::set_permissions(env.path(folder), everyone).unwrap();
    }
    let everyone = fs::Permissions::from_mode(0o1777);
    fs::set_permissions(env.path("tmp"), everyone).unwrap();
    env.write("site/ledger.jsonl", "");
    env.tool(&format!("chown root:{GROUP} site/ledger.jsonl"));
    let members = fs::Permissions::from_mode(0o660);
    fs::set_permissions(env.path("site/ledger.jsonl"), members).unwrap();
    let path = env.path("site/ledger.jsonl");
    let rules = format!(
        "[ledger]\npath = \"{}\"\n\
         [approvals]\nfile = \"approvers\"\npeople = [{{ from = 50, count = 1 }}]\n",
        path.display()
    );
    env.write("site/policy.toml", rules);
    Some(env)
}

const RULES: &str = "--policy ../site/policy.toml";

#[test]
fn one_asks_and_the_other_agrees_and_a_third_acknowledges() {
    let Some(env) = site() else {
        return;
    };
    let ada = Person::new(&env, "ada", 64_001);
    let bob = Person::new(&env, "bob", 64_002);
    // Whom they send to: elsewhere, without a share in the ledger.
    let registry = Person::new(&env, "registry", 64_003);
    registry.is_given("ada/.config/exeat/signer.txt", "ada.txt");
    registry.exeat("trust ada.txt").ends(0);
    ada.is_given("registry/.config/exeat/recipient.txt", "registry.recipient");
    bob.is_given("ada/.config/exeat/signer.txt", "ada.txt");
    bob.exeat("trust ada.txt").ends(0);
    // Root lists Bob among those who may agree.
    let line = env.read("bob/.config/exeat/signer.txt");
    let approver = line.replace(SIGNS, "namespaces=\"exeat.approval.v1\"");
    assert_ne!(approver, line);
    env.write("site/approvers", approver);
    env.write("ada/few/patients.csv", table(&people(5, 5)));
    env.write("ada/clinic/patients.csv", table(&people(80, 80)));
    fs::create_dir(env.path("ada/usb")).unwrap();
    env.tool(&format!(
        "chown -R {}:{GROUP} ada/few ada/clinic ada/usb",
        ada.user
    ));

    // In the clear it does not leave, and that is on record.
    ada.exeat(&format!("export clinic --to usb --plain {RULES}"))
        .ends(3)
        .says("plaintext-bulk");
    // Few people's data does, sealed; it is lost, and three days go by.
    let sealed = format!("--to usb --purpose audit -R registry.recipient {RULES}");
    ada.exeat(&format!("export few --name lost --label lost {sealed}"))
        .ends(0);
    age_file(&env.path("site/ledger.jsonl"), 3);

    // Many people's data does not on the word of one.
    let export = format!("export clinic --name found --label found {sealed}");
    ada.exeat(&export).ends(3).says("approval-missing");
    let ask = format!("request clinic --purpose audit -R registry.recipient -o r.json {RULES}");
    ada.exeat(&ask).ends(0);
    ada.exeat(&format!("approve r.json --yes -o own.json {RULES}"))
        .ends(3)
        .says("nobody approves their own");
    bob.is_given("ada/r.json", "r.json");
    bob.exeat(&format!("approve r.json --yes -o yes.json {RULES}"))
        .ends(0)
        .says("people         80 people");
    ada.is_given("bob/yes.json", "yes.json");
    ada.exeat(&format!("{export} --approval yes.json")).ends(0);

    // Whoever may read the ledger sees what is overdue, and for how long.
    let overdue = |person: &Person<'_>, line: &str, code: i32| -> Vec<String> {
        let line = format!("ledger outstanding {line} --json {RULES}");
        let document: Value = serde_json::from_str(&person.exeat(&line).ends(code).out).unwrap();
        let all = document["result"]["outstanding"].as_array().unwrap();
        all.iter()
            .map(|one| one["label"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(overdue(&bob, "", 9), ["lost", "found"]);
    assert_eq!(overdue(&ada, "--due 3d", 9), ["lost"]);
    assert!(overdue(&ada, "--due 4d", 0).is_empty());

    // It arrives, and its receipt comes back.
    env.tool("cp -r ada/usb/found.exeat registry/found.exeat");
    let owner = registry.user;
    env.tool(&format!("chown -R {owner}:{GROUP} registry/found.exeat"));
    registry.exeat("receipt found.exeat").ends(0);
    bob.is_given("registry/found.receipt.json", "found.receipt.json");
    bob.is_given("registry/.config/exeat/signer.txt", "registry.txt");
    let receive = format!("ledger receive found.receipt.json {RULES}");
    bob.exeat(&receive).ends(8).says("is not among the allowed");
    bob.exeat("trust registry.txt").ends(0);
    bob.exeat(&receive).ends(0);
    assert_eq!(overdue(&ada, "", 9), ["lost"]);
    let verify = format!("ledger verify --checkpoint found.receipt.json {RULES}");
    bob.exeat(&verify).ends(0);
    let listed = ada.exeat(&format!("ledger list {RULES}")).ends(0).out;
    for words in [
        "uid 64001  refused: plaintext-bulk",
        "uid 64001  refused: approval-missing",
        "left; received by registry@clinic.example",
    ] {
        assert!(listed.contains(words), "{words}: {listed}");
    }
    // Root has it, and neither of the two could put another in its place.
    for person in [&ada, &bob] {
        let moved = person.runs("mv", &["../site/ledger.jsonl", "mine"]);
        assert_ne!(moved.code, Some(0), "{moved}");
    }
    assert_eq!(
        fs::metadata(env.path("site/ledger.jsonl")).unwrap().uid(),
        0
    );
}
