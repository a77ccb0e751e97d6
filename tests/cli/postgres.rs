//! A real database: what `pg_dump` prints goes through pipes into a package and
//! comes out of it into another database. The server is one of the test's own,
//! on a socket in a folder of its own.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use exeat_core::source::command::{CommandFailure, CommandLine, ExpectedEnd};
use tempfile::TempDir;

use crate::databases::{line, printed, program};
use crate::environment::{Env, Ran, require, skipped};

/// Who runs the server: it refuses to be run by root.
const NOBODY: u32 = 65534;

/// A server; stopped when this is dropped.
pub(crate) struct Server {
    programs: PathBuf,
    dir: TempDir,
}

impl Server {
    /// A new one, without anything in it; `None` where there are no programs for
    /// it, which is said.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            skipped("PostgreSQL is not installed");
            return None;
        };
        if !require(&["setpriv", "pg_dump", "psql", "pg_restore"]) {
            return None;
        }
        let dir = TempDir::with_prefix("exeat-pg-").unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        if is_root() {
            chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let server = Self { programs, dir };
        server.run("initdb", &["-U", "test", "-A", "trust", "--no-sync", "-D"]);
        let socket = server.socket();
        let options = format!("-k {socket} -c listen_addresses='' -c fsync=off");
        let log = format!("{socket}/log");
        server.run("pg_ctl", &["start", "-w", "-l", &log, "-o", &options, "-D"]);
        Some(server)
    }

    /// The folder that its socket is in.
    pub(crate) fn socket(&self) -> String {
        self.dir.path().display().to_string()
    }

    /// Runs one of its programs as whoever it belongs to.
    fn run(&self, program: &str, args: &[&str]) {
        self.command(program, args).ends(0);
    }

    fn command(&self, program: &str, args: &[&str]) -> Ran {
        let program = self.programs.join(program);
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("setpriv");
                let id = NOBODY.to_string();
                command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
                command.arg(program);
                command
            }
            false => Command::new(program),
        };
        command.args(args).arg(self.dir.path().join("data"));
        // What stays in the background keeps no pipe of ours.
        command
            .current_dir(self.dir.path())
            .env("LC_ALL", "C.UTF-8")
            .stdin(std::process::Stdio::null());
        let status = command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        let output = std::process::Output {
            status,
            stdout: Vec::new(),
            stderr: fs::read(self.dir.path().join("log")).unwrap_or_default(),
        };
        Ran::from_output(format!("{command:?}"), &output)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.command("pg_ctl", &["stop", "-m", "immediate", "-D"]);
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Where Debian has what is not in the path.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.map(|version| version.unwrap().path().join("bin"));
    folders.filter(|bin| is_whole(bin)).max()
}

fn is_whole(bin: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"]
        .iter()
        .all(|program| bin.join(program).exists())
}

#[test]
fn a_dump_comes_back_as_it_was() {
    let Some(server) = Server::start() else {
        return;
    };
    let env = Env::with_people();
    let bash = |line: &str| {
        let script = format!(
            "set -eo pipefail
             export PGHOST={socket} PGUSER=test
             sender() {{ {exeat} --config-dir sender \"$@\"; }}
             recipient() {{ {exeat} --config-dir recipient \"$@\"; }}
             {line}",
            socket = server.socket(),
            exeat = env!("CARGO_BIN_EXE_exeat")
        );
        let mut command = env.command("bash");
        Ran::of(command.args(["-c", &script])).ends(0)
    };
    bash(
        "psql -q postgres -c 'CREATE DATABASE clinic' -c 'CREATE DATABASE again' \
         -c 'CREATE DATABASE third'",
    );
    env.write(
        "make.sql",
        "CREATE TABLE patients (hospital_no integer PRIMARY KEY, forename text, surname text, \
         date_of_birth date, note bytea);
         INSERT INTO patients SELECT n, 'Ada', 'Example' || n, date '1950-01-01' + n, \
         decode(md5(n::text), 'hex') FROM generate_series(1, 5000) n;",
    );
    bash("psql -q -v ON_ERROR_STOP=1 -f make.sql clinic");
    let to = "--to - -r $(cat recipient/recipient.txt)";
    bash(&format!(
        "pg_dump clinic | tee dump.sql | sender export - --stdin-name clinic.sql {to} \
         | cat > x.exeat.tar"
    ));
    bash("recipient open x.exeat.tar --stdout | cmp - dump.sql");
    bash("recipient open x.exeat.tar --stdout | psql -q -v ON_ERROR_STOP=1 again > /dev/null");
    let all = "SELECT md5(string_agg(p::text, ',' ORDER BY hospital_no)) FROM patients p";
    let sums = ["clinic", "again"].map(|name| bash(&format!("psql -At {name} -c \"{all}\"")).out);
    assert_eq!(sums[0], sums[1]);
    // It was looked into on the way: everybody in it was counted.
    let listed = env.by("recipient", "list x.exeat.tar --json").ends(0);
    let document: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    let people = &document["result"]["facts"]["people"];
    assert_eq!(people["most"], 5000, "{people}");
    // The other form is compressed; what it holds cannot be looked into.
    bash(&format!(
        "pg_dump -Fc clinic | tee dump.pg | sender export - --stdin-name clinic.pg {to} \
         | recipient open - --stdout | tee dump.again | pg_restore -d third"
    ));
    env.tool("cmp dump.pg dump.again");
    let third = bash(&format!("psql -At third -c \"{all}\"")).out;
    assert_eq!(third, sums[0]);
}

#[test]
fn a_dump_that_is_not_whole_is_noticed() {
    let Some(server) = Server::start() else {
        return;
    };
    let host = format!("PGHOST={}", server.socket());
    let sql =
        "CREATE TABLE wards AS SELECT n, md5(n::text) AS name FROM generate_series(1, 20000) n";
    let psql = [
        "env",
        &host,
        "PGUSER=test",
        "psql",
        "-qd",
        "postgres",
        "-c",
        sql,
    ];
    printed(&line(&psql)).1.unwrap();
    let dump = |script: &str, end: &str| {
        let words = ["env", &host, "PGUSER=test", "sh", "-c", script];
        let expected: ExpectedEnd = end.parse().unwrap();
        CommandLine {
            checker: expected.checker().map(program),
            expect_end: Some(expected),
            ..line(&words)
        }
    };
    let (plain, end) = printed(&dump("pg_dump postgres", "pg_dump"));
    end.unwrap();
    let (custom, end) = printed(&dump("pg_dump -Fc postgres", "pg_restore"));
    end.unwrap();
    let (_, end) = printed(&dump("pg_dumpall", "pg_dumpall"));
    end.unwrap();
    for (script, whole, end) in [
        ("pg_dump postgres", &plain, "pg_dump"),
        ("pg_dump -Fc postgres", &custom, "pg_restore"),
    ] {
        for count in [whole.len() / 2, whole.len() - 100] {
            // Only the exit code of the last one counts.
            let cut = dump(&format!("{script} 2>&- | head -c {count}"), end);
            let failure = printed(&cut).1.unwrap_err();
            let is_noticed = matches!(
                failure,
                CommandFailure::NoEnd { .. } | CommandFailure::Unreadable { .. }
            );
            assert!(is_noticed, "{script} {count}: {failure}");
        }
    }
    let failure = printed(&dump("exec pg_dump no_such_database", "pg_dump"))
        .1
        .unwrap_err();
    let message = failure.to_string();
    assert!(
        message.starts_with("env ended with exit code 1: ") && message.contains("no_such_database"),
        "{message}"
    );
}
