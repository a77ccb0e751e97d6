//! `exeat check`: whose data it is, where, what an export would meet, and what
//! to type next. It writes nothing, not even into the ledger.

use std::fs::{self, File};

use serde_json::Value;

use crate::bad_input::unprivileged;
use crate::environment::{Env, Ran, noise};
use crate::ledger::{self, untouched};
use crate::mounts::Mounted;
use crate::people::{
    accounts, assert_names_nobody, diagnoses, ethnicities, in_every_form, people, table,
};
use crate::plain::plain;

/// The result that a command reports with `--json`.
pub(crate) fn result(ran: &Ran) -> Value {
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(document["error"].is_null(), "{ran}");
    document["result"].clone()
}

/// The codes of the findings on a copy in the clear, or on a package.
fn codes(result: &Value, form: &str) -> Vec<String> {
    let findings = result[form]["findings"].as_array().unwrap();
    let codes = findings
        .iter()
        .map(|f| f["code"].as_str().unwrap().to_owned());
    codes.collect()
}

/// The classes that were found, with their places.
fn classes(result: &Value) -> Vec<(String, String)> {
    let found = result["facts"]["classes"].as_array().unwrap().iter();
    found
        .map(|class| {
            let place = &class["places"][0];
            let name = class["class"].as_str().unwrap().to_owned();
            (
                name,
                place["column"].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

/// Checks without a trace.
#[track_caller]
fn check(env: &Env, line: &str, code: i32) -> Ran {
    untouched(env, || env.by("sender", &format!("check {line}"))).ends(code)
}

#[track_caller]
fn shows(ran: Ran, lines: &[&str]) -> Ran {
    for line in lines {
        assert!(ran.out.contains(line), "no {line:?} in\n{ran}");
    }
    ran
}

#[test]
fn whose_data_it_is_and_where() {
    let env = Env::with_people();
    let them = people(1, 60);
    env.write("clinic/contacts.csv", table(&them));
    env.write("clinic/notes/readme.txt", "Nothing about anybody.\n");
    let ran = check(&env, "clinic", 0);
    let ran = shows(
        ran,
        &[
            "clinic: 2 files (",
            "  people         60 people\n",
            "  records        61 records, 60 about people\n",
            "  NHS number     60 values in clinic/contacts.csv, column 'nhs_number'\n",
            "  date of birth  60 values in clinic/contacts.csv, column 'date_of_birth'\n",
            "  e-mail         60 values in clinic/contacts.csv, column 'email'\n",
            "  telephone      60 values in clinic/contacts.csv, column 'telephone'\n",
            "in the clear: REFUSED\n  plaintext-bulk: bulk data would leave in the clear: 60 people (bulk from 51 on)",
            "sealed: allowed\n",
            "nothing was written\n",
            "next: exeat --config-dir sender export clinic --to DIR -r RECIPIENT\n",
        ],
    );
    assert_names_nobody(&them, &ran);

    let ran = check(&env, "clinic --json", 0);
    let found = result(&ran);
    assert_names_nobody(&them, &ran);
    assert_eq!(found["facts"]["people"]["least"], 60);
    assert_eq!(found["facts"]["people"]["most"], 60);
    assert_eq!(found["facts"]["coverage"], "complete");
    assert_eq!(found["destination"], Value::Null);
    let classes = classes(&found);
    for (class, column) in [
        ("birth-date", "date_of_birth"),
        ("email", "email"),
        ("name", "name"),
        ("nhs-number", "nhs_number"),
        ("phone", "telephone"),
    ] {
        assert!(classes.contains(&(class.into(), column.into())), "{ran}");
    }
    assert_eq!(found["plain"]["allowed"], false);
    assert_eq!(codes(&found, "plain"), ["plaintext-bulk"]);
    assert_eq!(found["plain"]["findings"][0]["rule"], "floor");
    assert_eq!(found["sealed"]["allowed"], true);
    assert_eq!(codes(&found, "sealed"), Vec::<String>::new());
    assert_eq!(found["policy_sha256"].as_str().unwrap().len(), 64);
    assert!(!ledger::path(&env).exists(), "a check made a ledger");
}

/// Sixty people are sixty people, however they are written down.
#[test]
fn the_same_people_in_every_form() {
    let env = Env::with_people();
    let them = people(2, 60);
    for (name, content) in in_every_form(&them) {
        env.write(name, content);
        let ran = check(&env, &format!("{name} --plain --json"), 3);
        let facts = &result(&ran)["facts"];
        assert_names_nobody(&them, &ran);
        let (least, most) = (&facts["people"]["least"], &facts["people"]["most"]);
        let (least, most) = (least.as_u64().unwrap(), most.as_u64().unwrap());
        // A letter's mail address may be somebody else's.
        let limit = if name == "letters.txt" { 120 } else { 60 };
        assert!(least <= 60 && (60..=limit).contains(&most), "{name}\n{ran}");
        assert_eq!(codes(&result(&ran), "plain"), ["plaintext-bulk"], "{name}");
        assert_eq!(facts["uninspected"]["files"], 0, "{name}\n{ran}");
    }
}

#[test]
fn exit_codes() {
    let env = Env::with_people();
    env.write("few.csv", table(&people(3, 3)));
    env.write("many.csv", table(&people(4, 60)));
    env.write("ill.csv", diagnoses(&people(5, 3)));
    env.write("group.csv", ethnicities(&people(5, 3)));
    env.write("bank.csv", accounts(&people(5, 3)));
    env.write("raw", noise(9000));
    env.write("counts.csv", "ward,admissions\nNorth,104\nSouth,99\n");
    for (line, code) in [
        ("counts.csv", 0),
        ("many.csv", 0),
        ("ill.csv raw", 0),
        ("counts.csv --plain", 0),
        ("few.csv --plain", 0),
        ("many.csv --plain", 3),
        ("ill.csv --plain", 3),
        ("group.csv --plain", 3),
        ("bank.csv --plain", 3),
        ("raw --plain", 3),
        ("many.csv -R recipient/recipient.txt", 0),
        ("many.csv --plain -R recipient/recipient.txt", 2),
        ("many.csv -r nobody", 2),
        ("many.csv --to nowhere", 1),
        ("nowhere", 1),
        ("many.csv --policy nowhere.toml", 5),
        ("", 2),
    ] {
        let ran = check(&env, line, code);
        assert_names_nobody(&people(5, 3), &ran);
    }
    // Nobody's keys are needed to look, but to seal.
    let ran = untouched(&env, || env.run("check many.csv")).ends(3);
    shows(ran, &["unsigned: ", "next: exeat init --name "]);
    untouched(&env, || env.run("check few.csv --plain")).ends(0);
}

#[test]
fn what_cannot_be_read_makes_it_incomplete() {
    let env = Env::with_people();
    fs::create_dir(env.path("out")).unwrap();
    let secret = env.write("data/secret.csv", table(&people(6, 60)));
    env.write("data/counts.csv", "ward,admissions\nNorth,104\nSouth,99\n");
    let Some(mut command) = unprivileged(&env) else {
        return;
    };
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    fs::set_permissions(secret, mode).unwrap();
    command.args(["--config-dir", "sender", "check", "data"]);
    let ran = untouched(&env, || Ran::of(&mut command)).ends(1);
    ran.says("'data/secret.csv' (permission denied)");
    command.arg("--skip-unreadable");
    let ran = untouched(&env, || Ran::of(&mut command)).ends(7);
    // What was left out is named, or nobody would know.
    assert!(format!("{ran}").contains("secret.csv"), "{ran}");
    ran.says("incomplete: 1 entry could not be read and is not in the export\n")
        .says("what could not be read was not inspected either\n");
    let ran = untouched(&env, || Ran::of(command.arg("--plain"))).ends(7);
    assert!(format!("{ran}").contains("secret.csv"), "{ran}");
}

#[test]
fn where_it_would_go() {
    let env = Env::with_people();
    let them = people(7, 3);
    env.write("few.csv", table(&them));
    env.write("counts.csv", "ward,admissions\nNorth,104\nSouth,99\n");
    fs::create_dir(env.path("out")).unwrap();
    let there = result(&check(&env, "few.csv --to out --json", 0));
    let here = there["destination"]["medium"].as_str().unwrap().to_owned();
    let Some(_memory) = Mounted::memory(&env, "memory", "size=1m") else {
        return;
    };
    let mut places = vec![("out", &*here), ("memory", "memory")];
    let overlay = Mounted::overlay(&env, "overlay");
    places.extend(overlay.iter().map(|_| ("overlay", "unrecognised")));
    let image = Mounted::image(&env, "image");
    places.extend(image.iter().map(|_| ("image", &*here)));
    let bound = overlay
        .as_ref()
        .and_then(|_| Mounted::bind(&env, "overlay", "bound"));
    places.extend(bound.iter().map(|_| ("bound", "unrecognised")));
    for (place, medium) in places {
        // What is the machine's own takes a few people's data, others none.
        let refused = if matches!(medium, "memory" | "fixed" | "encrypted") {
            0
        } else {
            3
        };
        let ran = check(
            &env,
            &format!("few.csv --to {place} --plain --json"),
            refused,
        );
        let found = result(&ran);
        assert_eq!(found["destination"]["medium"], medium, "{ran}");
        let expected: &[_] = if refused == 3 {
            &["plaintext-to-removable"]
        } else {
            &[]
        };
        assert_eq!(codes(&found, "plain"), expected, "{ran}");
        assert_names_nobody(&them, &ran);
        let ran = check(&env, &format!("few.csv --to {place}"), 0);
        shows(ran, &["\n  goes to        ", "sealed: allowed\n"]);
        // What is nobody's may go anywhere.
        check(&env, &format!("counts.csv --to {place} --plain"), 0);
    }
}

#[test]
fn files_that_were_not_inspected_are_named_with_the_reason() {
    let env = Env::with_people();
    for number in 0..8 {
        env.write(format!("data/scan{number}.raw"), noise(9000 + number));
    }
    env.write("data/torn.csv", "ward,admissions\nNorth,104\nSouth,\"9");
    let ran = check(&env, "data", 0);
    let ran = shows(
        ran,
        &[
            "  people         nobody that could be seen\n",
            "  not inspected  9 files:\n",
            "data/scan0.raw (",
            "and 4 more\n",
            "plaintext-uninspected: 9 files could not be inspected, and may hold anything\n",
            "    seal it: leave out --plain and name a recipient with -r; or leave these files \
             out with --exclude\n",
            "sealed: allowed\n  note: uninspected: 9 files could not be inspected\n",
        ],
    );
    assert!(!ran.out.contains("nobody\n"), "{ran}");
    let found = result(&check(&env, "data --json", 0));
    assert_eq!(found["facts"]["coverage"], "partial");
    let places = found["facts"]["uninspected"]["places"].as_array().unwrap();
    assert_eq!(places.len(), 9);
    assert!(
        places
            .iter()
            .all(|p| !p["reason"].as_str().unwrap().is_empty())
    );
    // Left out, they trouble nobody.
    check(&env, "data --plain --exclude *.raw --exclude torn.csv", 0);
}

/// With enough known, and much read, the rest is read only when asked for.
#[test]
fn exactly() {
    let env = Env::with_people();
    env.write("data/a.csv", table(&people(8, 60)));
    for name in ["data/b.raw", "data/c.raw"] {
        let file = File::create(env.path(name)).unwrap();
        file.set_len(300 << 20).unwrap();
    }
    env.write("data/d.csv", table(&people(9, 60)));
    let ran = check(&env, "data --plain", 3);
    shows(
        ran,
        &[
            "  people         at least ",
            "not everything was read\n",
            "  --exact reads all of it\n",
        ],
    );
    // It is a flag of check alone.
    fs::create_dir(env.path("out")).unwrap();
    let ran = plain(&env, "data").ends(3).says("not everything was read");
    assert!(!ran.err.contains("--exact"), "{ran}");
    let ran = check(&env, "data --plain --exact --json", 3);
    let facts = &result(&ran)["facts"];
    assert_eq!(facts["coverage"], "partial");
    assert_eq!(facts["people"]["most"], 120);
    assert_eq!(facts["people"]["least"], 120);
}

/// The last line can be typed: it does what the check said.
#[test]
fn the_next_step_can_be_typed() {
    let env = Env::with_people();
    env.write("it's many.csv", table(&people(10, 60)));
    env.write("data/counts.csv", "ward,admissions\nNorth,104\nSouth,99\n");
    env.write("data/x.raw", noise(9000));
    env.write("strict.toml", "[ceiling]\npeople = 50\n");
    fs::create_dir(env.path("out")).unwrap();
    let exeat = format!("'{}' --config-dir sender", env!("CARGO_BIN_EXE_exeat"));
    for (asked, code) in [
        ("\"it's many.csv\" --to out -R recipient/recipient.txt", 0),
        ("\"it's many.csv\" --to out --plain", 0),
        (
            "data --exclude '*.raw' --to out --plain --purpose 'a report'",
            0,
        ),
        ("data --exclude '*.raw' --plain", 0),
        // The rules that were asked about are asked again.
        (
            "data --exclude '*.raw' --to out --policy strict.toml -R recipient/recipient.txt",
            0,
        ),
    ] {
        let mut command = env.command("sh");
        let ran = Ran::of(command.args(["-c", &format!("{exeat} check {asked}")]));
        let next = ran.out.lines().last().unwrap().strip_prefix("next: exeat ");
        let next = next.unwrap_or_else(|| panic!("no next step in\n{ran}"));
        let key = env.read("recipient/recipient.txt");
        let next = next
            .replace("RECIPIENT", key.trim())
            .replace(" DIR", " out");
        let mut command = env.command("sh");
        let typed = format!("'{}' {next}", env!("CARGO_BIN_EXE_exeat"));
        Ran::of(command.args(["-c", &typed])).ends(code);
    }
    // Where it is refused there is nothing to type.
    let refused = "check \"it's many.csv\" --policy strict.toml -R recipient/recipient.txt";
    let mut command = env.command("sh");
    let ran = Ran::of(command.args(["-c", &format!("{exeat} {refused}")])).ends(3);
    assert!(!ran.out.contains("next:"), "{ran}");
}
