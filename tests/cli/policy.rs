//! Policy files: shown, checked and begun by `exeat policy`, and read from
//! where they may be read from.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::check::result;
use crate::environment::{Env, Ran, noise, require, skipped};
use crate::ledger::untouched;
use crate::people::{assert_names_nobody, people, table};
use crate::plain::prepared;
use crate::tree::unchanged;

pub(crate) const FOR: &str = "-R recipient/recipient.txt";

/// With blanks made single, so that columns do not matter.
fn squeezed(text: &str) -> Vec<String> {
    let lines = text.lines();
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[track_caller]
fn has_line(ran: &Ran, line: &str) {
    assert!(
        squeezed(&ran.out).iter().any(|found| found == line),
        "no {line:?} in\n{ran}"
    );
}

#[test]
fn the_floor_is_shown_with_where_it_comes_from() {
    let env = Env::new();
    let ran = untouched(&env, || env.run("policy show")).ends(0);
    for line in [
        "bulk.people = 51 # floor",
        "bulk.records = 1000 # floor",
        "bulk.bytes = \"100 MiB\" # floor",
        "bulk.files = 1000 # floor",
        "signing.required = true # floor",
        "inspection.uninspected = \"note\" # floor",
    ] {
        has_line(&ran, line);
    }
    let shown = result(&env.run("policy show --json").ends(0));
    env.write("counts.csv", "ward,admissions\nNorth,104\n");
    let checked = result(&env.run("check counts.csv --plain --json").ends(0));
    assert_eq!(shown["policy_sha256"], checked["policy_sha256"]);
}

#[test]
fn starters_are_valid_and_written_once() {
    let env = Env::new();
    for name in ["floor", "health", "research"] {
        let file = format!("{name}.toml");
        let printed = untouched(&env, || env.run(&format!("policy init {name}")))
            .ends(0)
            .out;
        let ran = env.run(&format!("policy init {name} --to {file}")).ends(0);
        assert!(
            ran.out
                .contains(&format!("next: exeat policy check {file}\n")),
            "{ran}"
        );
        assert_eq!(env.read(&file), printed);
        let again = format!("policy init {name} --to {file}");
        let ran = unchanged(&env, || env.run(&again)).ends(1);
        ran.says("exists already").says("nothing was overwritten");
        let ran = untouched(&env, || env.run(&format!("policy check {file}"))).ends(0);
        assert!(ran.out.starts_with(&format!("{file}: valid.")), "{ran}");
        // A quota over a record that its subject can rewrite is worth little.
        assert_eq!(
            name == "research",
            ran.err.contains("worth little"),
            "{ran}"
        );
    }
    // The floor spelt out is the floor.
    let floor = result(&env.run("policy check floor.toml --json").ends(0));
    let built_in = result(&env.run("policy show --json").ends(0));
    assert_eq!(floor["policy_sha256"], built_in["policy_sha256"]);
    let ran = untouched(&env, || env.run("policy init strictest")).ends(2);
    ran.says("floor").says("health").says("research");
    env.run("policy init floor --to nowhere/floor.toml").ends(1);
}

#[test]
fn every_problem_is_told_with_its_place() {
    let env = prepared();
    env.write("counts.csv", "ward,admissions\nNorth,104\n");
    let broken = "\
[bulk]
people = 52
recods = 10
bytes = \"much\"

[cieling]
people = 100

[destinations]
allow = [\"fixed\", \"usb\"]

[[quota]]
group = \"*\"
people = -1
per = \"a month\"

[signing]
required = false
";
    env.write("broken.toml", broken);
    let ran = untouched(&env, || env.run("policy check broken.toml")).ends(5);
    let ran = ran.says("the policy has 8 problems");
    for (place, words) in [
        ("2:10", "is looser than the floor's 51"),
        ("3:1", "did you mean 'records'?"),
        ("4:9", "'much' is not a size"),
        ("6:2", "did you mean 'ceiling'?"),
        ("10:19", "'usb' is neither a kind of destination nor a path"),
        ("14:10", "a negative number"),
        ("15:7", "'a month' is not a time"),
        ("18:12", "is looser than the floor's true"),
    ] {
        let at = ran.err.find(&format!("broken.toml:{place}: "));
        let at = at.unwrap_or_else(|| panic!("nothing at {place} in\n{ran}"));
        assert!(
            ran.err[at..].contains(words),
            "no {words:?} at {place} in\n{ran}"
        );
    }
    for (number, text) in [
        "[bulk\n",
        "people = 5\n",
        "[bulk]\npeople = 5\npeople = 6\n",
    ]
    .iter()
    .enumerate()
    {
        env.write(format!("{number}.toml"), text);
        let ran = env.run(&format!("policy check {number}.toml")).ends(5);
        ran.says(&format!("{number}.toml:"));
    }
    env.run("policy check nowhere.toml")
        .ends(1)
        .says("nowhere.toml");
    // Nothing is decided by it, wherever it is named.
    invalid_everywhere(&env, "--policy broken.toml");
    fs::copy(env.path("broken.toml"), env.path("sender/policy.toml")).unwrap();
    invalid_everywhere(&env, "");
    // Nor by one that cannot be read.
    fs::remove_file(env.path("sender/policy.toml")).unwrap();
    fs::create_dir(env.path("sender/policy.toml")).unwrap();
    invalid_everywhere(&env, "");
}

#[track_caller]
fn invalid_everywhere(env: &Env, option: &str) {
    for line in [
        format!("export counts.csv --to out {FOR}"),
        format!("export counts.csv --to out {FOR} --dry-run"),
        "export counts.csv --to out --plain".to_owned(),
        "check counts.csv".to_owned(),
        "check counts.csv --plain".to_owned(),
        "policy show".to_owned(),
    ] {
        let ran = untouched(env, || env.by("sender", &format!("{line} {option}"))).ends(5);
        assert!(ran.out.is_empty(), "{ran}");
        ran.says(".toml");
    }
}

#[test]
fn nothing_looser_than_the_floor_is_taken() {
    let env = prepared();
    env.write("contacts.csv", table(&people(50, 60)));
    for text in [
        "[bulk]\npeople = 1000\n",
        "[bulk]\npeople = 0x7fff_ffff_ffff_ffff\n",
        "[bulk]\npeople = 99999999999999999999\n",
        "[bulk]\npeople = \"51\"\n",
        "[bulk]\npeople = 51.0\n",
        "[bulk]\nrecords = 1001\n",
        "[bulk]\nfiles = 1001\n",
        "[bulk]\nbytes = \"101 MiB\"\n",
        "[bulk]\nbytes = 104857601\n",
        "[bulk]\nenabled = false\n",
        "[signing]\nrequired = false\n",
        "[floor]\n",
        "[[bulk]]\npeople = 1\n",
        "[plaintext]\nallow = true\n",
    ] {
        env.write("loose.toml", text);
        untouched(&env, || env.run("policy check loose.toml"))
            .ends(5)
            .says("loose.toml:");
        let line = "export contacts.csv --to out --plain --policy loose.toml";
        let ran = untouched(&env, || env.by("sender", line)).ends(5);
        assert_names_nobody(&people(50, 60), &ran);
    }
}

#[test]
fn of_several_files_the_stricter_wins() {
    let env = prepared();
    env.write("few.csv", table(&people(51, 9)));
    env.write(
        "sender/policy.toml",
        "[bulk]\npeople = 20\nrecords = 5\n[ceiling]\npeople = 90\n",
    );
    env.write(
        "draft.toml",
        "# a draft\n[bulk]\npeople = 8\nrecords = 50\n[ceiling]\npeople = 900\n",
    );
    let ran = env.by("sender", "policy show --policy draft.toml").ends(0);
    for line in [
        "bulk.people = 8 # draft.toml:3",
        "bulk.records = 5 # sender/policy.toml:3",
        "bulk.files = 1000 # floor",
        "ceiling.people = 90 # sender/policy.toml:5",
    ] {
        has_line(&ran, line);
    }
    let reverse = env.run("policy show --policy draft.toml --policy sender/policy.toml --json");
    let both = env.by("sender", "policy show --policy draft.toml --json");
    let digest = |ran: Ran| result(&ran.ends(0))["policy_sha256"].clone();
    assert_eq!(digest(reverse), digest(both));
    let line = "export few.csv --to out --plain --policy draft.toml";
    let ran = unchanged(&env, || env.by("sender", line)).ends(3);
    ran.says("9 people (bulk from 8 on), 9 records about people (bulk from 5 on)")
        .says("    rule: draft.toml:3, sender/policy.toml:3\n");
    // Two ledgers would each know half.
    for (file, ledger) in [("a", "one"), ("b", "two")] {
        let state = env.path("../state").canonicalize().unwrap();
        let path = state.join(format!("{ledger}.jsonl"));
        env.write(
            format!("{file}.toml"),
            format!("[ledger]\npath = \"{}\"\n", path.display()),
        );
    }
    let ran = env
        .by("sender", "policy show --policy a.toml --policy b.toml")
        .ends(5);
    ran.says("b.toml:2:").says("by a.toml:2");
}

/// Whoever exports a tree may have made what is in it, and the folder that he
/// works in.
#[test]
fn no_policy_is_read_from_where_the_data_is() {
    let env = prepared();
    env.write("data/counts.csv", "ward,admissions\nNorth,104\n");
    for folder in ["", "data/", "out/", "home/"] {
        for name in [
            "policy.toml",
            "exeat.toml",
            ".exeat/policy.toml",
            "exeat/policy.toml",
        ] {
            env.write(format!("{folder}{name}"), "this is not valid\n");
        }
    }
    env.by("sender", "check data --plain").ends(0);
    env.by("sender", "export data --to out --plain --name p")
        .ends(0);
    env.by("sender", &format!("export data --to out {FOR}"))
        .ends(0);
    let shown = result(&env.by("sender", "policy show --json").ends(0));
    let settings = shown["settings"].as_array().unwrap();
    let from_files = |line: &&Value| line["origin"] != "floor";
    assert_eq!(settings.iter().find(from_files), None);
}

/// A policy only makes the rules stricter: the user's own counts where all of
/// the home folder is exported, and so does one that is named.
#[test]
fn a_policy_that_lies_in_what_is_exported_is_in_force() {
    let env = prepared();
    env.write("home/few.csv", table(&people(54, 3)));
    fs::create_dir_all(env.path("home/.config")).unwrap();
    fs::rename(env.path("sender"), env.path("home/.config/exeat")).unwrap();
    env.write("home/.config/exeat/policy.toml", "[ceiling]\npeople = 30\n");
    let line = format!("export home --to out --name p {FOR}");
    env.run(&line).ends(0);
    let own = "home/.config/exeat/policy.toml";
    env.write(own, "[ceiling]\npeople = 2\n");
    let ran = unchanged(&env, || env.run(&line.replace("p -R", "q -R"))).ends(3);
    ran.says("over-ceiling: ").says(&format!("{own}:2\n"));
    env.write(own, "");
    env.write("home/more.toml", "[ceiling]\npeople = 1\n");
    let line = format!("export home --to out --name r {FOR} --policy home/more.toml");
    let ran = unchanged(&env, || env.run(&line)).ends(3);
    ran.says("rule: home/more.toml:2\n");
}

/// What nobody has looked into is no way round a number of people.
#[test]
fn compressing_it_gets_round_nothing() {
    let env = prepared();
    if !require(&["gzip"]) {
        return;
    }
    env.write("few.csv", table(&people(55, 25)));
    env.tool("gzip -k few.csv");
    env.write("opaque", noise(5_000));
    for (text, code) in [
        ("[ceiling]\npeople = 10\n", "over-ceiling"),
        (
            "[approvals]\napprovers = [\"a@example.org\"]\npeople = [{ from = 20, count = 1 }]\n",
            "approval-missing",
        ),
        (
            "[[quota]]\ngroup = \"*\"\npeople = 5\nper = \"1 week\"\n",
            "quota-exceeded",
        ),
    ] {
        env.write("sender/policy.toml", text);
        for file in ["few.csv", "few.csv.gz"] {
            let line = format!("export {file} --to out {FOR}");
            let ran = unchanged(&env, || env.by("sender", &line)).ends(3);
            ran.says(&format!("\n  {code}: "));
            let ran = untouched(&env, || env.by("sender", &format!("check {file} {FOR}")));
            assert!(ran.ends(3).out.contains(&format!("\n  {code}: ")));
        }
        let line = format!("export opaque --to out {FOR}");
        let ran = env.by("sender", &line).ends(3);
        ran.says("1 file could not be inspected and counts as bulk")
            .says("--exclude");
    }
    fs::remove_file(env.path("sender/policy.toml")).unwrap();
    env.by(
        "sender",
        &format!("export few.csv.gz --to out --name p {FOR}"),
    )
    .ends(0);
}

/// Whoever takes the data for a policy, or for recipients, is not shown it.
#[test]
fn data_in_the_place_of_a_policy_is_not_shown() {
    let env = prepared();
    let them = people(56, 60);
    env.write("people.csv", table(&them));
    env.write("counts.csv", "ward,admissions\nNorth,104\n");
    env.write("by.toml", "[recipients]\nfile = \"people.csv\"\n");
    for (line, code) in [
        ("policy check people.csv", 5),
        ("policy check by.toml", 5),
        ("policy show --policy people.csv", 5),
        ("check counts.csv --policy people.csv", 5),
        ("export counts.csv --to out -R people.csv", 1),
        ("check counts.csv -R people.csv", 1),
    ] {
        for json in ["", " --json"] {
            let ran = untouched(&env, || env.by("sender", &format!("{line}{json}"))).ends(code);
            assert_names_nobody(&them, &ran);
            assert!(!format!("{ran}").contains("nhs_number"), "{ran}");
        }
    }
}

/// Inside a user namespace an account has any number it likes: what it let out
/// before under another counts all the same, and so does what leaves there.
#[test]
fn another_number_gets_round_no_sum() {
    let env = prepared();
    env.write("some.csv", table(&people(57, 30)));
    if !require(&["unshare"]) {
        return;
    }
    let mapped = |user: u32, name: &str| {
        let mut command = env.command("unshare");
        command.args([
            "--user",
            &format!("--map-user={user}"),
            env!("CARGO_BIN_EXE_exeat"),
        ]);
        let line = format!("--config-dir sender export some.csv --to out --plain --name {name}");
        command.args(line.split_whitespace());
        Ran::of(&mut command)
    };
    let first = mapped(771, "a");
    if first.code != Some(0) && !first.err.contains("exeat: ") {
        return skipped(&format!(
            "no user namespace can be made here: {}",
            first.err
        ));
    }
    first.ends(0);
    let said = "by all accounts (inside a container or user namespace";
    mapped(772, "b").ends(3).says("quota-exceeded: ").says(said);
    let line = "export some.csv --to out --plain --name c";
    let ran = env.by("sender", line).ends(3);
    ran.says("quota-exceeded: with 30 people of the last 30 days, 60 people");
}

/// The rules of the machine, in `/etc/exeat`: of a mount namespace of its own.
#[test]
fn the_rules_of_the_machine() {
    let env = prepared();
    env.write("few.csv", table(&people(53, 3)));
    if !require(&["unshare", "mount"]) {
        return;
    }
    let etc: PathBuf = env.path("../etc");
    fs::create_dir_all(etc.join("exeat")).unwrap();
    for name in ["passwd", "group"] {
        fs::copy(format!("/etc/{name}"), etc.join(name)).unwrap();
    }
    fs::write(etc.join("exeat/policy.toml"), "[bulk]\npeople = 3\n").unwrap();
    env.write("loose.toml", "[bulk]\npeople = 40\n");
    let exeat = |line: &str| {
        let mut command = env.command("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c"]);
        let program = env!("CARGO_BIN_EXE_exeat");
        command.arg(format!(
            "mount --bind ../etc /etc && exec '{program}' {line}"
        ));
        Ran::of(&mut command)
    };
    let shown = exeat("policy show");
    if shown.code != Some(0) {
        return skipped(&format!(
            "no mount namespace can be made here: {}",
            shown.err
        ));
    }
    has_line(&shown, "bulk.people = 3 # /etc/exeat/policy.toml:2");
    let line = "--config-dir sender export few.csv --to out --plain --policy loose.toml";
    let ran = unchanged(&env, || exeat(line)).ends(3);
    ran.says("    rule: /etc/exeat/policy.toml:2");
    fs::write(etc.join("exeat/policy.toml"), "nonsense\n").unwrap();
    untouched(&env, || exeat(line))
        .ends(5)
        .says("/etc/exeat/policy.toml:1");
}
