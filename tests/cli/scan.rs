//! `exeat scan`: what lies open is found and ranked, nothing else is named, and
//! nothing is written but what is remembered.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use crate::environment::{Env, Ran, require};
use crate::interrupt::{backdate, until};
use crate::people::{assert_nobody, people, table};

/// A document of a scan of `words`, whatever it ends with.
fn scanned(ran: &Ran) -> Value {
    let document: Value = serde_json::from_str(&ran.out).expect("one document");
    assert_eq!(document["command"], "scan", "{ran}");
    document["result"].clone()
}

/// The paths that were found, in their order, without the folder's own.
fn found(ran: &Ran, env: &Env) -> Vec<String> {
    let root = env.path("").canonicalize().unwrap();
    let files = scanned(ran)["files"].as_array().unwrap().clone();
    let path = |file: &Value| {
        let path = file["path"].as_str().unwrap();
        let root = format!("{}/", root.display());
        path.strip_prefix(&root).unwrap_or(path).to_owned()
    };
    files.iter().map(path).collect()
}

/// A web site of harmless files.
fn site(env: &Env) {
    for number in 0..40 {
        env.write(
            format!("site/pages/page-{number}.txt"),
            format!("Opening hours of ward {number}: from 9 to 5.\n"),
        );
        env.write(format!("site/css/{number}.css"), "body { margin: 0 }\n");
    }
    env.write(
        "site/index.html",
        "<!doctype html><title>Clinic</title><p>Welcome.",
    );
    env.write(
        "site/app.js",
        "export const open = () => fetch('/hours');\n",
    );
}

#[test]
fn what_lies_open_is_named_worst_first_and_nothing_else() {
    let env = Env::new();
    site(&env);
    env.write("site/backup/patients.csv", table(&people(1, 60)));
    env.write("home-of-a/patients.csv", table(&people(1, 120)));
    env.write("home-of-a/one.csv", "email\na@example.org\n");
    fs::set_permissions(
        env.path("home-of-a/patients.csv"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    let ran = env.run("scan site home-of-a --json --no-cache").ends(3);
    assert_eq!(
        found(&ran, &env),
        ["site/backup/patients.csv", "home-of-a/patients.csv"],
        "{ran}"
    );
    let result = scanned(&ran);
    let first = &result["files"][0];
    assert_eq!(first["people"]["most"], 60, "{ran}");
    assert!(first["exposure"]["web_root"].is_string(), "{ran}");
    assert_eq!(result["files"][1]["exposure"]["web_root"], Value::Null);
    assert_eq!(result["files"][1]["exposure"]["world_readable"], false);
    assert_eq!(
        (&result["found"], &result["unseen"]),
        (&2.into(), &0.into())
    );
    assert_eq!(result["looked_at"], 85);
    let text = env.run("scan site home-of-a --no-cache").ends(3);
    assert!(text.out.contains("60 people"), "{text}");
    assert!(text.out.contains("a web server may serve"), "{text}");
    assert_nobody(&people(1, 120), &text.out);
}

#[test]
fn harmless_files_end_with_0() {
    let env = Env::new();
    site(&env);
    let ran = env.run("scan site").ends(0);
    assert!(ran.out.contains("none was found to lie open"), "{ran}");
}

#[test]
fn what_could_not_be_seen_is_counted_and_with_strict_listed() {
    let env = Env::new();
    env.write(
        "data/opaque.bin",
        [0x00, 0x9f, 0x92, 0x96, 0x01].repeat(900),
    );
    let ran = env.run("scan data").ends(0);
    assert!(ran.out.contains("1 file could not be inspected"), "{ran}");
    assert!(!ran.out.contains("opaque.bin"), "{ran}");
    let ran = env.run("scan data --strict").ends(3);
    assert!(ran.out.contains("opaque.bin (not text)"), "{ran}");
}

#[test]
fn a_second_scan_knows_what_was_harmless_until_it_changes() {
    let env = Env::new();
    site(&env);
    env.write(
        "site/opaque.bin",
        [0x00, 0x9f, 0x92, 0x96, 0x01].repeat(900),
    );
    env.write("site/patients.csv", table(&people(1, 60)));
    // What changed a moment ago could change again within the same tick.
    let again = until("scan that knows them", || {
        let ran = env.run("scan site --json").ends(3);
        (scanned(&ran)["known"] == 83).then_some(ran)
    });
    assert_eq!(found(&again, &env), ["site/patients.csv"], "{again}");
    assert_eq!(scanned(&again)["unseen"], 1, "{again}");
    // A file that was harmless and is not any more.
    env.write("site/pages/page-1.txt", table(&people(1, 70)));
    let ran = env.run("scan site --json").ends(3);
    assert_eq!(
        found(&ran, &env),
        ["site/pages/page-1.txt", "site/patients.csv"],
        "{ran}"
    );
    // Other rules are another scan.
    env.write("strict.toml", "[bulk]\npeople = 1\n");
    let ran = env.run("scan site --json --policy strict.toml").ends(3);
    assert_eq!(scanned(&ran)["known"], 0, "{ran}");
    let cache = env
        .path("")
        .parent()
        .unwrap()
        .join("state/exeat/scan-cache");
    let bytes = fs::read(&cache).unwrap();
    assert_eq!(
        fs::metadata(&cache).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_nobody(&people(1, 60), &String::from_utf8_lossy(&bytes));
    assert!(!String::from_utf8_lossy(&bytes).contains("patients"));
    // A cache that is broken is no cache.
    fs::write(&cache, b"exeat scan cache 1\n[]\nxx").unwrap();
    let ran = env.run("scan site --json").ends(3);
    assert_eq!(scanned(&ran)["known"], 0, "{ran}");
}

#[test]
fn links_loops_and_pipes_are_passed_over() {
    let env = Env::new();
    env.write("data/a/patients.csv", table(&people(1, 60)));
    symlink("..", env.path("data/a/up")).unwrap();
    symlink("patients.csv", env.path("data/a/again.csv")).unwrap();
    symlink("nowhere", env.path("data/broken")).unwrap();
    env.tool("mkfifo data/pipe");
    let ran = env.run("scan data --json --no-cache").ends(3);
    assert_eq!(found(&ran, &env), ["data/a/patients.csv"], "{ran}");
    assert_eq!(scanned(&ran)["links"], 3, "{ran}");
    // A link that is named is followed.
    symlink("data", env.path("link")).unwrap();
    let ran = env.run("scan link --json --no-cache").ends(3);
    assert_eq!(scanned(&ran)["found"], 1, "{ran}");
}

#[test]
fn patterns_are_obeyed_beside_a_policy_and_nowhere_else() {
    let env = Env::new();
    env.write("data/keep/patients.csv", table(&people(1, 60)));
    env.write("data/.exeatignore", "keep\n");
    let ran = env.run("scan data --json --no-cache").ends(3);
    assert_eq!(found(&ran, &env), ["data/keep/patients.csv"], "{ran}");
    env.write("home/.config/exeat/.exeatignore", "# known\nkeep/\n");
    let ran = env.run("scan data --json --no-cache").ends(0);
    assert_eq!(scanned(&ran)["ignored"], 1, "{ran}");
    // Where it lies in what is scanned anybody could have put it there.
    let ran = env.run("scan . --json --no-cache").ends(3);
    assert_eq!(found(&ran, &env), ["data/keep/patients.csv"], "{ran}");
    assert!(ran.err.contains("was not obeyed"), "{ran}");
    env.write("home/.config/exeat/.exeatignore", "ok\n[\n");
    let ran = env.run("scan data --no-cache").ends(5);
    assert!(ran.err.contains("line 2"), "{ran}");
}

#[test]
fn only_what_changed_since_then() {
    let env = Env::new();
    let old = env.write("data/old.csv", table(&people(1, 60)));
    backdate(&old);
    env.write("data/new.csv", table(&people(1, 60)));
    let ran = env.run("scan data --json --no-cache --since 7d").ends(3);
    // Its rights changed today, with its times: root alone sets that back.
    assert_eq!(scanned(&ran)["found"], 2, "{ran}");
    let ran = env
        .run("scan data --json --no-cache --since 2999-01-01")
        .ends(0);
    assert_eq!(scanned(&ran)["looked_at"], 0, "{ran}");
    env.run("scan data --since yesterday")
        .ends(2)
        .says("2026-11-22");
}

#[test]
fn a_private_key_lies_open_and_a_missing_folder_is_an_error() {
    let env = Env::with_people();
    fs::create_dir(env.path("www")).unwrap();
    fs::copy(env.path("sender/signing_key"), env.path("www/id")).unwrap();
    let ran = env.run("scan www --no-cache").ends(3);
    assert!(ran.out.contains("a private key"), "{ran}");
    env.run("scan nowhere --no-cache")
        .ends(1)
        .says("cannot open nowhere");
}

/// What a log says of a file that is no database is nobody's but its own.
#[test]
fn a_log_is_passed_over_only_beside_its_database() {
    let env = Env::new();
    if !require(&["sqlite3"]) {
        return;
    }
    let rows: String = people(1, 60)
        .iter()
        .map(|person| format!("INSERT INTO p VALUES ('{}','asthma');", person.nhs))
        .collect();
    let make = "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; \
                CREATE TABLE p (nhs_number TEXT, diagnosis TEXT);";
    fs::create_dir_all(env.path("db")).unwrap();
    // The log stays as long as the database is open: it is copied meanwhile.
    let script = format!("{make}\n{rows}\n.shell cp db/a.db copy.db; cp db/a.db-wal copy.db-wal\n");
    env.write("make.sql", script);
    let mut command = env.command("sqlite3");
    let script = fs::File::open(env.path("make.sql")).unwrap();
    Ran::of(command.arg("db/a.db").stdin(script)).ends(0);
    for name in ["text/x", "none/y"] {
        env.write(name, "opening hours\n");
        fs::copy(env.path("copy.db-wal"), env.path(format!("{name}-wal"))).unwrap();
    }
    fs::remove_file(env.path("none/y")).unwrap();
    for folder in ["text", "none"] {
        let ran = env
            .run(&format!("scan {folder} --strict --no-cache"))
            .ends(3);
        assert!(ran.out.contains("write-ahead log"), "{ran}");
        env.run(&format!("check {folder} --plain")).ends(3);
    }
    fs::create_dir(env.path("both")).unwrap();
    for name in ["copy.db", "copy.db-wal"] {
        fs::rename(env.path(name), env.path("both").join(name)).unwrap();
    }
    let ran = env.run("scan both --json --no-cache").ends(3);
    assert_eq!(found(&ran, &env), ["both/copy.db"], "{ran}");
    assert_eq!(scanned(&ran)["files"][0]["people"]["most"], 60, "{ran}");
    assert_eq!(scanned(&ran)["unseen"], 0, "{ran}");
}

#[test]
fn odd_times_sizes_and_roots_within_roots() {
    let env = Env::new();
    let old = env.write("data/in/patients.csv", table(&people(1, 60)));
    let long_ago = std::time::UNIX_EPOCH - std::time::Duration::from_secs(1 << 33);
    let file = fs::File::options().write(true).open(old).unwrap();
    let _ = file.set_modified(long_ago);
    let opaque = fs::File::create(env.path("data/sparse")).unwrap();
    std::io::Write::write_all(&mut &opaque, &[0x7f, b'E', b'L', b'F', 2, 1, 1, 0]).unwrap();
    opaque.set_len(1 << 40).unwrap();
    let ran = env.run("scan data data/in data --json --no-cache").ends(3);
    assert_eq!(found(&ran, &env), ["data/in/patients.csv"], "{ran}");
    assert_eq!(scanned(&ran)["looked_at"], 2, "{ran}");
}
