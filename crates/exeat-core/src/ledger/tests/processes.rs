//! Several processes, full disks and other accounts: this test binary starts
//! itself again, for [`child`] to play a part.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit};

use super::*;

const PART: &str = "EXEAT_LEDGER_PART";
const PLACE: &str = "EXEAT_LEDGER_PLACE";
/// An account that owns nothing.
const NOBODY: u32 = 65534;

/// Plays a part where the environment names one; is no test of its own.
#[test]
fn child() {
    let (Ok(part), Some(path)) = (std::env::var(PART), std::env::var_os(PLACE)) else {
        return;
    };
    let path = PathBuf::from(path);
    match part.as_str() {
        "quota" => exports_until_fifty(&path),
        "endless" => exports_until_killed(&path),
        "limit" => every_limit_of_the_length(&path),
        "full" => fills_the_disk(&path),
        "code" => print_code(&path),
        "site" => uses_the_sites(&path),
        other => panic!("no part {other}"),
    }
}

/// The command that plays `part`, behind `prefix`.
fn play(prefix: &[&str], program: &Path, part: &str, path: &Path) -> Command {
    let program = program.to_str().expect("UTF-8");
    let own = [
        program,
        "--exact",
        "ledger::tests::processes::child",
        "--nocapture",
    ];
    let words: Vec<_> = prefix.iter().chain(&own).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env(PART, part).env(PLACE, path);
    command
}

fn this() -> PathBuf {
    std::env::current_exe().expect("known")
}

fn must_pass(mut command: Command) -> String {
    let output = command.output().expect("runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{error}");
    assert!(text.contains("1 passed"), "{text}{error}");
    text
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn skipped(why: &str) {
    // Not eprintln!, which the test harness keeps to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

fn long_ago() -> Timestamp {
    Timestamp::now() - jiff::SignedDuration::from_hours(24)
}

fn exports_until_fifty(path: &Path) {
    let ledger = Ledger::open(path).expect("opens");
    loop {
        let locked = ledger.lock().expect("in time");
        let account = locked.account(&[plain_by(7, long_ago())]);
        let sum = account.expect("in order").sums[0].people;
        let asked = export(7, Form::Plaintext);
        if sum + 3 > 50 {
            return locked
                .record_refusal(&asked, Some(&found(3)))
                .expect("recorded");
        }
        let intent = locked.record_intent(&asked, &found(3)).expect("recorded");
        intent.delivered(1, None).expect("recorded");
    }
}

#[test]
fn many_at_once_do_not_get_past_the_limit() {
    let (_folder, path) = folder();
    let start = || {
        play(&[], &{ this() }, "quota", &path)
            .stdout(Stdio::null())
            .spawn()
    };
    let children: Vec<_> = (0..6).map(|_| start().expect("starts")).collect();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| exports_until_fifty(&path));
        }
    });
    for mut child in children {
        assert!(child.wait().expect("ends").success());
    }
    let ledger = Ledger::open(&path).expect("opens");
    let account = ledger.account(&[plain_by(7, long_ago())]);
    assert_eq!(account.expect("in order").sums[0].people, 48);
    // 16 intents with their outcomes, and a refusal for each of the nine.
    assert_eq!(ledger.account(&[]).expect("in order").entries, 16 * 2 + 9);
}

fn exports_until_killed(path: &Path) {
    let ledger = Ledger::open(path).expect("opens");
    loop {
        let asked = export(std::process::id(), Form::Plaintext);
        let intent = ledger.record_intent(&asked, &found(1)).expect("recorded");
        let mut out = std::io::stdout();
        writeln!(out, "\nDELIVERED {}", intent.id()).expect("written");
        intent.delivered(1, None).expect("recorded");
    }
}

#[test]
fn a_kill_at_any_moment_loses_nothing() {
    let (_folder, path) = folder();
    let mut delivered = Vec::new();
    for round in 1..=4 {
        let start = || {
            play(&[], &this(), "endless", &path)
                .stdout(Stdio::piped())
                .spawn()
                .expect("starts")
        };
        let mut children: Vec<_> = (0..2).map(|_| start()).collect();
        let read: Vec<_> = children
            .iter_mut()
            .map(|child| {
                let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
                lines
                    .map(|line| line.expect("UTF-8"))
                    .filter_map(|line| Some(line.strip_prefix("DELIVERED ")?.to_owned()))
            })
            .collect();
        for (mut lines, child) in read.into_iter().zip(&mut children) {
            delivered.extend(lines.by_ref().take(round * 5));
            child.kill().expect("killed");
            delivered.extend(lines);
        }
        for mut child in children {
            child.wait().expect("ended");
        }
    }
    let recorded = text(&path);
    assert!(delivered.len() >= 100, "{}", delivered.len());
    for id in &delivered {
        assert!(recorded.contains(id.as_str()), "{id} is not on record");
    }
    let ledger = Ledger::open(&path).expect("opens");
    drop(ledger.lock().expect("free"));
    let question = Question {
        by: By::Anyone,
        form: None,
        since: long_ago(),
    };
    let account = ledger.account(&[question]).expect("in order");
    assert!(account.sums[0].exports >= delivered.len() as u64);
}

#[test]
fn a_disk_that_is_full_at_any_byte() {
    let (_folder, path) = folder();
    // A shell that ignores the signal, so that the write fails instead.
    let prefix = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];
    must_pass(play(&prefix, &this(), "limit", &path));
}

fn every_limit_of_the_length(path: &Path) {
    let ledger = open(path);
    let length = || fs::metadata(path).expect("there").len();
    let limit = |current| {
        let maximum = rustix::process::getrlimit(Resource::Fsize).maximum;
        rustix::process::setrlimit(Resource::Fsize, Rlimit { current, maximum }).expect("set");
    };
    // The first entry is shorter: it has none before it.
    intend(&ledger, 7, 1).delivered(1, None).expect("recorded");
    let before = length();
    intend(&ledger, 7, 1).delivered(1, None).expect("recorded");
    let both = length() - before;
    let (mut sum, mut full, mut half) = (2, 0, 0);
    // The numbers in the lines grow a little.
    let enough = both + 12;
    let rooms = (0..=enough).filter(|n| n % 29 == 0 || *n > both - 3);
    for room in rooms {
        limit(Some(length() + room));
        let intent = ledger.record_intent(&export(7, Form::Plaintext), &found(1));
        let outcome = intent.map(|intent| intent.delivered(1, None));
        limit(None);
        let is_certain = outcome.is_ok();
        let error = match outcome {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                half += 1;
                Some(error)
            }
            Err(error) => {
                full += 1;
                Some(error)
            }
        };
        assert!(error.is_some() || room >= both, "{room} of {both}");
        assert!(error.is_none() || room < enough, "{room} of {both}");
        assert!(error.is_none_or(|error| error.code() == "ledger-full"));
        let now = people(&ledger, 7);
        // An entry that lacks but its end counts, though nothing left.
        let least = sum + u64::from(is_certain);
        assert!(now == least || now == sum + 1, "{now}, not {least}");
        sum = now;
        let refused = ledger.record_refusal(&export(7, Form::Plaintext), None);
        refused.expect("recorded");
        let account = ledger.account(&[]).expect("in order");
        assert_eq!(account.unfinished, None);
    }
    assert!(full > 10 && half > 3, "{full} {half}");
}

#[test]
fn a_full_and_a_read_only_file_system() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mount = "mount -t tmpfs -o size=1m,mode=700 none \"$0\" && exec \"$@\"";
    let place = folder.path().to_str().expect("UTF-8");
    let user = if is_root() { "-m" } else { "-rm" };
    let try_it = Command::new("unshare")
        .args([user, "sh", "-c", mount, place, "true"])
        .output();
    if !try_it.is_ok_and(|output| output.status.success()) {
        return skipped("a_full_and_a_read_only_file_system: cannot mount a tmpfs here");
    }
    let prefix = ["unshare", user, "sh", "-c", mount, place];
    must_pass(play(&prefix, &this(), "full", folder.path()));
}

fn fills_the_disk(folder: &Path) {
    let path = folder.join("ledger.jsonl");
    let filler = folder.join("filler");
    let ledger = open(&path);
    let mut sum = 0;
    for round in 0..20 {
        // Wherever in a page the end happens to be.
        intend(&ledger, 7, round)
            .delivered(1, None)
            .expect("recorded");
        sum += round;
        fs::write(&filler, vec![1; 2 << 20]).expect_err("full");
        let mut failed = 0;
        for _ in 0..10 {
            let intent = ledger.record_intent(&export(7, Form::Plaintext), &found(0));
            match intent {
                Ok(intent) => drop(intent),
                Err(error) => {
                    assert_eq!(error.code(), "ledger-full");
                    assert!(error.help().is_some_and(|help| help.contains("space")));
                    failed += 1;
                }
            }
            assert_eq!(people(&ledger, 7), sum);
        }
        assert!(failed > 0);
        fs::remove_file(&filler).expect("removed");
    }
    let new = folder.join("another.jsonl");
    fs::write(&filler, vec![1; 2 << 20]).expect_err("full");
    let asked = export(7, Form::Plaintext);
    let error = Ledger::open(&new).and_then(|ledger| ledger.record_refusal(&asked, None));
    assert_eq!(error.expect_err("full").code(), "ledger-full");
    drop(ledger);
    let mounted = Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(folder)
        .status();
    assert!(mounted.expect("runs").success());
    for path in [&path, &folder.join("a-third")] {
        let error = Ledger::open(path).expect_err("read-only");
        assert_eq!(error.code(), "ledger-read-only");
    }
    assert!(consult(&path, &[]).is_ok());
}

/// What another account sees: the code of the error, or of a refusal that it
/// could record.
fn print_code(path: &Path) {
    let result = Ledger::open(path)
        .and_then(|ledger| ledger.record_refusal(&export(7, Form::Plaintext), None));
    let code = result.map_or_else(|error| error.code(), |()| "recorded");
    writeln!(std::io::stdout(), "\nCODE {code}").expect("written");
}

/// A folder that every account can reach, with a copy of this program.
fn reachable() -> (TempDir, PathBuf) {
    let (folder, _) = folder();
    let program = folder.path().join("program");
    fs::copy(this(), &program).expect("copied");
    set_mode(&program, 0o755);
    set_mode(folder.path(), 0o755);
    (folder, program)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

#[test]
fn whose_file_is_accepted() {
    if !is_root() {
        return skipped("whose_file_is_accepted: is not run by root");
    }
    let (folder, program) = reachable();
    for (folder_owner, folder_mode, owner, mode, expected) in [
        (NOBODY, 0o700, NOBODY, 0o600, "recorded"),
        (NOBODY, 0o755, NOBODY, 0o644, "recorded"),
        (NOBODY, 0o755, NOBODY, 0o620, "ledger-exposed"),
        (NOBODY, 0o755, NOBODY, 0o602, "ledger-exposed"),
        (NOBODY, 0o775, NOBODY, 0o600, "ledger-exposed"),
        (NOBODY, 0o1777, NOBODY, 0o600, "recorded"),
        (0, 0o755, 0, 0o660, "recorded"),
        (0, 0o751, 0, 0o660, "recorded"),
        (0, 0o711, 0, 0o640, "ledger-no-permission"),
        (0, 0o755, 0, 0o600, "ledger-no-permission"),
        (0, 0o700, 0, 0o666, "ledger-no-permission"),
        (0, 0o755, 12345, 0o660, "ledger-exposed"),
        (12345, 0o755, NOBODY, 0o600, "ledger-exposed"),
        (NOBODY, 0o755, NOBODY, 0o400, "ledger-no-permission"),
    ] {
        let inside = folder.path().join("site");
        fs::create_dir(&inside).expect("made");
        let path = inside.join("ledger");
        fs::write(&path, "").expect("written");
        for (path, owner, mode) in [(&path, owner, mode), (&inside, folder_owner, folder_mode)] {
            chown(path, Some(owner), Some(NOBODY)).expect("given");
            set_mode(path, mode);
        }
        let mut command = play(&[], &program, "code", &path);
        command.uid(NOBODY).gid(NOBODY);
        let said = must_pass(command);
        let case = format!("{folder_owner} {folder_mode:o} {owner} {mode:o}: {said}");
        assert!(said.contains(&format!("CODE {expected}\n")), "{case}");
        fs::remove_dir_all(&inside).expect("removed");
    }
}

#[test]
fn a_sites_ledger_is_set_up_as_the_manual_says() {
    const WHERE: &str = "/var/lib/exeat";
    if !is_root() {
        return skipped("a_sites_ledger_is_set_up_as_the_manual_says: is not run by root");
    }
    let manual = include_str!("../../manual/ledger.rs");
    let mut commands: Vec<_> = manual
        .split("```")
        .find(|block| block.contains("groupadd"))
        .expect("commands")
        .lines()
        .map(|line| line.trim_start_matches("//! "))
        .filter(|line| line.contains(WHERE))
        .collect();
    let (folder, program) = reachable();
    let site = folder.path().join("site");
    // The account of this test is in a group of its own already.
    let local = |command: &str| {
        let command = command.replace(WHERE, site.to_str().expect("UTF-8"));
        command.replace("root:exeat", &format!("root:{NOBODY}"))
    };
    let run = |command: &str| {
        let status = Command::new("sh").args(["-ec", &local(command)]).status();
        status.expect("runs").success()
    };
    let attribute = commands.pop().expect("the last command");
    assert!(attribute.starts_with("chattr +a ") && commands.len() == 4);
    assert!(commands.iter().all(|command| run(command)));
    if !run(attribute) {
        return skipped("a_sites_ledger…: no append-only attribute on this file system");
    }
    let path = site.join("ledger.jsonl");
    let mut command = play(&[], &program, "site", &path);
    command.uid(NOBODY).gid(NOBODY);
    let output = command.output();
    // Before anything can fail: nobody could remove the folder otherwise.
    assert!(run(&attribute.replace("+a", "-a")));
    let output = output.expect("runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(consult(&path, &[]).expect("in order").entries, 5);
}

/// Appends, also behind a torn line, and cannot rewrite.
fn uses_the_sites(path: &Path) {
    let ledger = Ledger::open(path).expect("opens");
    assert!(is_append_only(path).expect("there"));
    intend(&ledger, 7, 1).delivered(1, None).expect("recorded");
    let appending = fs::File::options().append(true).open(path).expect("opens");
    (&appending).write_all(b"{\"version\":2,").expect("written");
    intend(&ledger, 7, 1).delivered(1, None).expect("recorded");
    fs::File::options()
        .write(true)
        .open(path)
        .expect_err("opens");
    appending.set_len(0).expect_err("shortened");
    fs::rename(path, path.with_extension("old")).expect_err("moved");
    fs::remove_file(path).expect_err("removed");
}
