//! What a command prints, backed up and restored: a real SQLite while somebody
//! writes into it, a real PostgreSQL into a fresh server, and dumps that are not
//! whole.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use super::{Site, words};
use crate::environment::{Ran, require};
use crate::interrupt::until;
use crate::postgres::Server;

#[test]
fn a_dump_that_is_not_whole_leaves_nothing() {
    let site = Site::new();
    for (name, script, end, code, says) in [
        (
            "fails",
            "echo half; exit 3",
            "",
            1,
            "sh ended with exit code 3",
        ),
        (
            "killed",
            "echo half; kill -9 $$",
            "",
            1,
            "sh was killed by signal 9",
        ),
        (
            "cut",
            "echo BEGIN; echo 'INSERT INTO t VALUES(1);'",
            "expect_end = \"sqlite\"",
            1,
            "what sh printed is not whole",
        ),
        (
            "left",
            "echo all; sleep 1000 & exit 0",
            "",
            1,
            "sh ended while 1 process",
        ),
        (
            "nothing",
            ":",
            "",
            1,
            "the command printed nothing: no package was made",
        ),
    ] {
        site.of_shell(name, script, end);
        let ran = site.backup(&format!("run {name}")).ends(code);
        ran.says(says);
        assert!(site.numbers("to").is_empty(), "{name}");
        let status = site.json(&format!("status {name}"), 9);
        assert!(status["profiles"][0]["newest"].is_null());
    }
    site.profile(
        "missing",
        "source = { command = [\"/none/pg_dump\"], name = \"clinic.sql\" }",
    );
    site.backup("run missing").ends(1).says("pg_dump");
    assert!(site.numbers("to").is_empty());
}

/// After one that failed the older ones are what they were.
#[test]
fn one_that_fails_takes_nothing_away() {
    let site = Site::new();
    site.of_shell("db", "seq 1000; test ! -e broken", "keep = { last = 1 }");
    let first = site.night("db");
    assert_eq!(first["full"], "the profile makes every package a full one");
    site.env.write("broken", "");
    for _ in 0..3 {
        site.backup("run db").ends(1);
    }
    let status = site.json("status db", 9);
    assert_eq!(status["profiles"][0]["newest"]["package"], first["package"]);
    assert_eq!(
        status["profiles"][0]["last_run"]["outcome"],
        "command-failed"
    );
    let ran = site.open("to --as-of now dump.sql --stdout").ends(0);
    assert!(ran.out.ends_with("\n999\n1000\n"));
    fs::remove_file(site.env.path("broken")).unwrap();
    let second = site.night("db");
    assert_eq!(second["deleted"].as_array().unwrap().len(), 1);
    assert_eq!(site.numbers("to"), [2]);
}

#[test]
fn sqlite_while_somebody_writes() {
    if !require(&["sqlite3"]) {
        return;
    }
    let site = Site::new();
    let sqlite = |db: &str, sql: &str| {
        let mut command = site.env.command("sqlite3");
        Ran::of(command.args(["-batch", db, sql])).ends(0).out
    };
    sqlite(
        "clinic.db",
        "PRAGMA journal_mode = WAL;
         CREATE TABLE visits(id INTEGER PRIMARY KEY, note TEXT, image BLOB);
         INSERT INTO visits SELECT value, 'it''s ' || value || char(10) || 'COMMIT;', randomblob(300)
         FROM generate_series(1, 4000);
         CREATE INDEX visits_by_note ON visits(note);",
    );
    let expected = sqlite(
        "clinic.db",
        "SELECT id, note, hex(image) FROM visits ORDER BY id",
    );
    site.profile(
        "db",
        "source = { command = [\"sqlite3\", \"-batch\", \"../clinic.db\", \".dump\"], name = \
         \"clinic.sql\", expect_end = \"sqlite\" }"
            .replace(
                "../clinic.db",
                &site.env.path("clinic.db").display().to_string(),
            )
            .as_str(),
    );
    // Somebody has begun to write, and not ended.
    let mut writer = site.env.command("sqlite3");
    writer.args(["-batch", "clinic.db"]);
    let mut writer = writer
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = writer.stdin.take().unwrap();
    input
        .write_all(
            b"PRAGMA wal_autocheckpoint = 0;\nPRAGMA cache_size = 4;\nBEGIN IMMEDIATE;\n\
              INSERT INTO visits SELECT value, 'not yet', randomblob(300) FROM \
              generate_series(9001, 9900);\n.shell touch written\n",
        )
        .unwrap();
    input.flush().unwrap();
    until("writer", || site.env.path("written").exists().then_some(()));
    assert!(fs::metadata(site.env.path("clinic.db-wal")).unwrap().len() > 100_000);
    site.night("db");
    input.write_all(b"COMMIT;\n.quit\n").unwrap();
    drop(input);
    assert!(writer.wait().unwrap().success());
    let count = sqlite("clinic.db", "SELECT count(*) FROM visits");
    assert_eq!(count.trim(), "4900");
    // Restored into a new one, it is what was committed then.
    site.open("to --as-of now clinic.sql --to again").ends(0);
    sqlite("restored.db", ".read again/clinic.sql");
    let restored = sqlite(
        "restored.db",
        "SELECT id, note, hex(image) FROM visits ORDER BY id",
    );
    assert!(restored == expected);
    assert_eq!(sqlite("restored.db", "PRAGMA integrity_check").trim(), "ok");
    // One that is damaged cannot be dumped: the dump says so at its end.
    let mut bytes = fs::read(site.env.path("restored.db")).unwrap();
    let middle = bytes.len() / 2;
    for byte in &mut bytes[middle..middle + 20_000] {
        *byte = 0xa5;
    }
    fs::write(site.env.path("clinic.db"), bytes).unwrap();
    for file in ["clinic.db-wal", "clinic.db-shm"] {
        let _ = fs::remove_file(site.env.path(file));
    }
    let ran = site.backup("run db").ends(1);
    ran.says("sqlite3");
    assert_eq!(site.numbers("to"), [1]);
}

/// `psql` and the like on one server.
fn psql(site: &Site, server: &Server, script: &str) -> String {
    let mut command = site.env.command("bash");
    command.env("PGHOST", server.socket()).env("PGUSER", "test");
    command.env("EXEAT", env!("CARGO_BIN_EXE_exeat"));
    let script = format!("set -eo pipefail\n{script}");
    Ran::of(command.args(["-c", &script])).ends(0).out
}

#[test]
fn postgres_into_a_fresh_server() {
    let (Some(server), Some(fresh)) = (Server::start(), Server::start()) else {
        return;
    };
    let site = Site::new();
    site.env.write(
        "make.sql",
        "CREATE TABLE wards (id integer PRIMARY KEY, name text NOT NULL, beds numeric(8, 2));
         CREATE TABLE visits (
           id bigserial PRIMARY KEY, ward integer REFERENCES wards, at timestamptz NOT NULL,
           note text, image bytea, tags text[], detail jsonb);
         INSERT INTO wards SELECT n, E'ward\\t' || n || E'\\n\\\\.', n / 7.0
           FROM generate_series(1, 40) n;
         INSERT INTO visits (ward, at, note, image, tags, detail)
           SELECT 1 + n % 40, timestamptz '2026-01-01 00:00Z' + n * interval '7 min',
             CASE WHEN n % 11 = 0 THEN NULL ELSE repeat('ä ', n % 30) || n END,
             decode(md5(n::text), 'hex'), ARRAY['a', n::text, NULL],
             jsonb_build_object('n', n, 'deep', jsonb_build_array(n, NULL, 'x'))
           FROM generate_series(1, 30000) n;
         CREATE VIEW recent AS SELECT id, note FROM visits WHERE id > 29000;
         CREATE MATERIALIZED VIEW counts AS SELECT ward, count(*) FROM visits GROUP BY ward;
         SELECT setval('visits_id_seq', 77777);",
    );
    psql(
        &site,
        &server,
        "createdb clinic; psql -qAt -v ON_ERROR_STOP=1 -f make.sql clinic",
    );
    let socket = server.socket();
    for (name, options, end) in [
        ("plain", "", "pg_dump"),
        ("custom", "\"-Fc\", ", "pg_restore"),
    ] {
        let lines = format!(
            "source = {{ command = [\"pg_dump\", \"-h\", \"{socket}\", \"-U\", \"test\", \
             {options}\"clinic\"], name = \"clinic.dump\", expect_end = \"{end}\" }}\n\
             to = \"../to-{name}\""
        );
        site.profile(name, &lines);
        fs::create_dir(site.env.path(format!("to-{name}"))).unwrap();
        let night = site.night(name);
        assert_eq!(night["verified"], true);
        assert!(words(&night["warnings"]).is_empty());
    }
    // All rows of all tables, in the order of their keys, and the sequence.
    let rows = "for table in 'wards ORDER BY id' 'visits ORDER BY id' 'recent ORDER BY id' \
                'counts ORDER BY ward' visits_id_seq; do \
                psql -qAt $DB -c \"COPY (SELECT * FROM $table) TO STDOUT\"; done";
    let schema = "pg_dump --schema-only $DB | grep -v '^.\\(un\\)\\?restrict '";
    let all = |server: &Server, database: &str| {
        psql(&site, server, &format!("DB={database}; {rows}; {schema}"))
    };
    let before = all(&server, "clinic");
    assert!(before.lines().count() > 31_000);
    psql(
        &site,
        &fresh,
        "createdb plain; createdb custom
         recipient() { \"$EXEAT\" --config-dir recipient open \"$@\"; }
         recipient to-plain --as-of now clinic.dump --stdout \
           | psql -qAt -v ON_ERROR_STOP=1 plain > /dev/null
         recipient to-custom --as-of now clinic.dump --stdout | pg_restore --exit-on-error -d custom",
    );
    for database in ["plain", "custom"] {
        assert!(all(&fresh, database) == before, "{database}");
    }
    // The server goes away: that night there is no backup.
    drop(server);
    let ran = site.backup("run plain").ends(1);
    ran.says("pg_dump ended with exit code 1: ");
    assert_eq!(site.numbers("to-plain"), [1]);
    let ran = site.backup("status plain").ends(9);
    assert!(ran.out.contains("the last run, of "), "{ran}");
    // How old it may be is what counts, where somebody has said it.
    site.backup("status plain --max-age 26h").ends(0);
}

/// A dump whose end is missing although the program says that all is well.
#[test]
fn half_a_dump_of_postgres() {
    let Some(server) = Server::start() else {
        return;
    };
    let site = Site::new();
    psql(
        &site,
        &server,
        "psql -q postgres -c 'CREATE TABLE t AS SELECT n, md5(n::text) FROM generate_series(1, 20000) n'",
    );
    let socket = server.socket();
    let dump = format!("pg_dump -h {socket} -U test postgres 2>/dev/null | head -c 300000");
    site.of_shell("plain", &dump, "expect_end = \"pg_dump\"");
    let custom = format!("pg_dump -Fc -h {socket} -U test postgres 2>/dev/null | head -c 100000");
    site.of_shell("custom", &custom, "expect_end = \"pg_restore\"");
    site.backup("run plain")
        .ends(1)
        .says("what sh printed is not whole");
    site.backup("run custom")
        .ends(1)
        .says("what sh printed cannot be read back");
    assert!(site.numbers("to").is_empty());
}
