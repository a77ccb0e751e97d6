use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::decide::{self, DecisionRecord, ReleasePermit};
use crate::destination::Medium;
use crate::diagnostic::{Explain, Finding, Severity};
use crate::inspect::{Class, Coverage, Facts, People};
use crate::manifest::{NamedKey, PackageId};

mod asked;
mod chain;
mod crash;
mod kinds;
mod processes;
mod received;
mod tail;

const DAY: i64 = 24 * 3600;

thread_local! {
    /// The clock of every ledger that this thread opens, in seconds.
    static NOW: Cell<i64> = const { Cell::new(0) };
}

fn at(second: i64) -> Timestamp {
    let start: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a time");
    start + jiff::SignedDuration::from_secs(second)
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("ledger.jsonl");
    (folder, path)
}

fn open(path: &Path) -> Ledger {
    let clock = Box::new(|| at(NOW.get()));
    Ledger::with(path, Duration::ZERO, clock).expect("opens")
}

fn export(user: u32, form: Form) -> Export {
    Export {
        approvals: Vec::new(),
        destination: "disk".into(),
        findings: Vec::new(),
        form,
        id: PackageId::generate(),
        label: Some("Q3 \"extract\"".into()),
        policy_sha256: Digest::of(b"floor"),
        purpose: None,
        recipients: Vec::new(),
        left_out: 0,
        request: None,
        requester: Requester {
            groups: vec!["staff".into(), format!("of-{user}")],
            mapped: false,
            name: Some("ada".into()),
            unnamed_groups: false,
            user,
        },
        signer: None,
    }
}

fn found(most: u64) -> Found {
    Found {
        bytes: 1000,
        classes: vec![Class::Email],
        coverage: Coverage::Complete,
        files: 1,
        people: People { least: 0, most },
        personal_records: most,
        records: most,
        uninspected: 0,
    }
}

fn intend(ledger: &Ledger, user: u32, most: u64) -> Intent {
    let export = export(user, Form::Plaintext);
    ledger
        .record_intent(&export, &found(most))
        .expect("recorded")
}

/// The people of `user` in the last thirty days.
fn people(ledger: &Ledger, user: u32) -> u64 {
    let asked = plain_by(user, at(NOW.get() - 30 * DAY));
    let account = ledger.account(&[asked]).expect("in order");
    account.sums[0].people
}

/// What left in the clear by one account.
fn plain_by(user: u32, since: Timestamp) -> Question {
    Question {
        by: By::User(user),
        form: Some(Form::Plaintext),
        since,
    }
}

/// The same lines, each with the digest of the one before, as somebody would
/// write who makes the whole chain anew.
fn chained(text: &str) -> String {
    let mut previous = "null".to_owned();
    let mut made = String::new();
    for line in text.lines() {
        let (before, after) = line.split_once("\"previous\":").expect("an entry");
        let (_, after) = after.split_once(',').expect("more of it");
        let line = format!("{before}\"previous\":{previous},{after}\n");
        previous = format!("\"{}\"", Digest::of(line.as_bytes()));
        made += &line;
    }
    made
}

/// The same lines without what releases signed, as somebody would write who
/// has no key.
fn unsigned(text: &str) -> String {
    let line = |line: &str| match line.split_once("\"checkpoint\":{") {
        None => format!("{line}\n"),
        Some((before, after)) => {
            let (_, rest) = after.split_once("\"},\"code\"").expect("more of it");
            format!("{before}\"code\"{rest}\n")
        }
    };
    text.lines().map(line).collect()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("readable")
}

/// Code of the error that reading all of it gives.
fn fault(path: &Path) -> &'static str {
    consult(path, &[]).expect_err("not in order").code()
}

#[test]
fn only_what_failed_does_not_count() {
    let (_folder, path) = folder();
    let ledger = open(&path);
    intend(&ledger, 7, 1).delivered(9, None).expect("recorded");
    intend(&ledger, 7, 2).failed("no-space").expect("recorded");
    intend(&ledger, 7, 4).interrupted("x").expect("recorded");
    drop(intend(&ledger, 7, 8));
    let unspoken = intend(&ledger, 7, 16);
    assert_eq!(people(&ledger, 7), 1 + 4 + 8 + 16);
    std::mem::forget(unspoken);
    intend(&ledger, 8, 100)
        .delivered(9, None)
        .expect("recorded");
    let sealed = export(7, Form::Encrypted);
    drop(
        ledger
            .record_intent(&sealed, &found(1000))
            .expect("recorded"),
    );
    ledger
        .record_refusal(&export(7, Form::Plaintext), Some(&found(5000)))
        .expect("recorded");
    assert_eq!(people(&ledger, 7), 1 + 4 + 8 + 16);
    assert_eq!(people(&ledger, 8), 100);
    assert_eq!(people(&open(&path), 9), 0);
}

#[test]
fn many_questions_in_one_reading() {
    let (_folder, path) = folder();
    let ledger = open(&path);
    intend(&ledger, 7, 1).delivered(9, None).expect("recorded");
    intend(&ledger, 8, 2).delivered(9, None).expect("recorded");
    let sealed = export(7, Form::Encrypted);
    drop(ledger.record_intent(&sealed, &found(4)).expect("recorded"));
    let ask = |by, form| Question {
        by,
        form,
        since: at(-1),
    };
    let questions = [
        ask(By::User(7), None),
        ask(By::User(7), Some(Form::Encrypted)),
        ask(By::User(9), None),
        ask(By::Anyone, None),
        ask(By::Anyone, Some(Form::Plaintext)),
    ];
    let account = ledger.account(&questions).expect("in order");
    let sums: Vec<_> = account.sums.iter().map(|s| (s.exports, s.people)).collect();
    assert_eq!(sums, [(2, 5), (1, 4), (0, 0), (3, 7), (2, 3)]);
    assert_eq!((account.entries, account.unfinished), (6, None));
    assert_eq!(consult(&path, &questions).expect("in order"), account);
}

/// Whoever can choose a number inside a namespace must not leave what counts
/// against their own.
#[test]
fn what_left_by_a_mapped_account_counts_for_everybody() {
    let (_folder, path) = folder();
    let ledger = open(&path);
    let mut mapped = export(771, Form::Plaintext);
    mapped.requester.mapped = true;
    let recorded = ledger
        .lock()
        .expect("free")
        .record_intent(&mapped, &found(3));
    drop(recorded.expect("recorded"));
    drop(intend(&ledger, 7, 4));
    assert_eq!((people(&ledger, 7), people(&ledger, 8)), (7, 3));
}

/// A release as a decision gives it, with what was found.
fn released(groups: Vec<String>, facts: Option<Facts>) -> ReleasePermit {
    ReleasePermit {
        content: Digest::of(b"content"),
        record: DecisionRecord {
            export: PackageId::generate(),
            requester: decide::Requester {
                groups,
                ..decide::Requester::of(7)
            },
            sealed_for: Some(Vec::new()),
            signer: None,
            medium: Medium::Fixed,
            label: None,
            purpose: None,
            policy_sha256: Digest::of(b"floor"),
            facts,
            findings: Vec::new(),
            approvals: Vec::new(),
            request: None,
        },
    }
}

#[test]
fn many_groups_keep_nobody_from_exporting() {
    let (_folder, path) = folder();
    let ledger = open(&path);
    let mut groups: Vec<_> = (0..9000).map(|n| format!("group-{n:04}")).collect();
    groups.insert(0, "long".repeat(1000));
    let release = released(groups, Some(Facts::default()));
    let intent = ledger.lock().expect("free").intend(&release);
    drop(intent.expect("recorded"));
    let text = text(&path);
    assert!(
        text.contains("\"group-0031\"],") && text.contains("\"left_out\":8969,"),
        "{text}"
    );
    assert_eq!(people(&ledger, 7), 0);
}

#[test]
fn what_nobody_looked_into_is_not_recorded_as_nobodys() {
    let (_folder, path) = folder();
    let ledger = open(&path);
    let release = released(Vec::new(), None);
    let intent = ledger.lock().expect("free").intend(&release);
    drop(intent.expect("recorded"));
    assert!(text(&path).contains("\"coverage\":\"none\""));
}

#[test]
fn the_window_is_of_the_time_and_no_clock_hides_anything() {
    let (_folder, path) = folder();
    let ledger = open(&path);
    let on = |second, most| {
        NOW.set(second);
        intend(&ledger, 7, most)
            .delivered(9, None)
            .expect("recorded");
    };
    on(0, 1);
    on(10 * DAY, 2);
    // The clock is set back by years, forward by months, and then right again.
    on(-4000 * DAY, 4);
    on(90 * DAY, 8);
    on(11 * DAY, 16);
    for (now, sum) in [
        (11 * DAY, 31),
        (30 * DAY, 31),
        (30 * DAY + 1, 30),
        (40 * DAY, 30),
        // The third is no older than the last, which shows a right clock.
        (41 * DAY, 28),
        (41 * DAY + 1, 8),
        // Once that day has come, nothing says any more how old the last is.
        (90 * DAY, 28),
        (120 * DAY + 1, 16),
    ] {
        NOW.set(now);
        assert_eq!(people(&ledger, 7), sum, "on day {}", now / DAY);
    }
}

#[test]
fn a_line_says_what_the_manual_says() {
    let (_folder, path) = folder();
    NOW.set(0);
    let ledger = open(&path);
    let finding = |severity| Finding {
        code: "plaintext-bulk".into(),
        help: "help".into(),
        message: "in secret.csv".into(),
        rule: "floor".into(),
        severity,
        spans: vec!["secret.csv".into()],
    };
    let mut asked = export(7, Form::Plaintext);
    asked.findings = FindingCount::of(&[
        finding(Severity::Refuse),
        finding(Severity::Warn),
        finding(Severity::Refuse),
    ]);
    asked.recipients = vec![NamedKey {
        key: "k".repeat(2000),
        name: None,
    }];
    ledger.record_refusal(&asked, None).expect("recorded");
    let intent = ledger.record_intent(&export(7, Form::Encrypted), &found(3));
    let intent = intent.expect("recorded");
    let (id, digest) = (intent.id(), Digest::of(b"x"));
    intent.delivered(9, Some(digest)).expect("recorded");
    let text = text(&path);
    let lines: Vec<_> = text.lines().collect();
    for expected in [
        "{\"version\":2,\"sequence\":1,\"previous\":null,\"time\":\"2026-11-22T12:00:00Z\",\"kind\":\"refusal\",\
         \"export\":{\"destination\":\"disk\",\"findings\":[{\"code\":\"plaintext-bulk\",\
         \"count\":2,\"severity\":\"refuse\"},{\"code\":\"plaintext-bulk\",\"count\":1,\
         \"severity\":\"warn\"}],\"form\":\"plaintext\",",
        &format!(
            "\"key\":\"sha256:{}\"",
            Digest::of("k".repeat(2000).as_bytes())
        ),
        "\"requester\":{\"groups\":[\"staff\",\"of-7\"],\"name\":\"ada\",\"user\":7}",
    ] {
        assert!(lines[0].contains(expected), "{expected} in {}", lines[0]);
    }
    assert!(!text.contains("secret"));
    assert!(lines[1].ends_with(
        "\"found\":{\"bytes\":1000,\"classes\":[\"email\"],\"coverage\":\"complete\",\"files\":1,\
         \"people\":{\"least\":0,\"most\":3},\"personal_records\":3,\"records\":3,\
         \"uninspected\":0}}"
    ));
    assert_eq!(
        lines[2],
        format!(
            "{{\"version\":2,\"sequence\":3,\"previous\":\"{}\",\"time\":\"2026-11-22T12:00:00Z\",\"kind\":\"outcome\",\
             \"outcome\":{{\"bytes\":9,\"code\":null,\"ending\":\"delivered\",\"id\":\"{id}\",\
             \"intent\":2,\"manifest_sha256\":\"{digest}\"}}}}",
            Digest::of(format!("{}\n", lines[1]).as_bytes())
        )
    );
}

#[test]
fn the_longest_refusal_is_recorded_and_the_longest_intent_is_not() {
    let (_folder, path) = folder();
    let ledger = open(&path);
    let mut long = export(7, Form::Encrypted);
    let name = Some("\u{1}é".repeat(500));
    long.recipients = vec![
        NamedKey {
            key: "age1".into(),
            name
        };
        200
    ];
    long.purpose = Some("\u{1}".repeat(100_000));
    let error = ledger
        .record_intent(&long, &found(1))
        .expect_err("too long");
    assert_eq!(error.code(), "ledger-entry-too-long");
    assert_eq!(text(&path), "");
    ledger.record_refusal(&long, None).expect("recorded");
    assert!(text(&path).contains("\"left_out\":192,"));
    assert_eq!(ledger.account(&[]).expect("in order").entries, 1);
    let mut fits = export(7, Form::Encrypted);
    fits.recipients = vec![
        NamedKey {
            key: "k".repeat(128),
            name: Some("n".repeat(300)),
        };
        128
    ];
    let intent = ledger.record_intent(&fits, &found(1)).expect("recorded");
    intent.delivered(1, None).expect("recorded");
    assert_eq!(ledger.account(&[]).expect("in order").entries, 3);
}

#[test]
fn any_damage_but_at_the_end_stops_the_sums() {
    let (_folder, path) = folder();
    let ledger = open(&path);
    for most in [1, 2, 4] {
        intend(&ledger, 7, most)
            .delivered(9, None)
            .expect("recorded");
    }
    let good = text(&path);
    let lines: Vec<_> = good.split_inclusive('\n').collect();
    let without = |n: usize| [&lines[..n], &lines[n + 1..]].concat().concat();
    let edit = |from: &str, to: &str| good.replacen(from, to, 1);
    for (what, bad) in [
        ("the first is gone", without(0)),
        ("one is gone", without(2)),
        ("one twice", format!("{}{good}", lines[0])),
        ("two swapped", [lines[0], lines[2], lines[1]].concat()),
        ("cut in the middle", good.replacen(lines[2], "{\"ver\n", 1)),
        ("empty line", good.replacen('\n', "\n\n", 1)),
        ("no JSON at the end", format!("{good}rm -rf\n")),
        ("JSON that is no entry", format!("{good}{{}}\n")),
        ("unknown field", edit("\"kind\"", "\"more\":1,\"kind\"")),
        ("doubled field", edit("\"kind\"", "\"sequence\":1,\"kind\"")),
        ("unknown kind", edit("\"intent\",", "\"receipt\",")),
        ("no facts", edit("\"found\"", "\"fonud\"")),
        ("negative", edit("\"most\":1", "\"most\":-1")),
        ("huge", edit("\"most\":1", "\"most\":18446744073709551616")),
        (
            "body of another kind",
            edit(
                "\"kind\":\"intent\"",
                "\"kind\":\"refusal\",\"torn\":{\"at\":1,\"bytes\":1}",
            ),
        ),
        (
            "torn elsewhere",
            format!(
                "{good}{{\n{{\"version\":2,\"sequence\":7,\"previous\":null,\"time\":\"2026-11-22T12:00:00Z\",\"kind\":\"torn\",\"torn\":{{\"at\":0,\"bytes\":2,\"sha256\":\"{}\"}}}}\n",
                Digest::of(b"{\n")
            ),
        ),
        ("long", format!("{good}{}\n", "x".repeat(MAX_LINE))),
        ("long and open", format!("{good}{}", "x".repeat(MAX_LINE))),
        ("very long", format!("{good}{}", "{\n".repeat(MAX_LINE * 3))),
    ] {
        fs::write(&path, &bad).expect("written");
        if what != "very long" {
            let is_entries = [
                "the first is gone",
                "one is gone",
                "one twice",
                "two swapped",
            ];
            let expected = match is_entries.contains(&what) {
                true => "ledger-changed",
                false => "ledger-damaged",
            };
            assert_eq!(fault(&path), expected, "{what}");
        }
        let intent = ledger.lock().expect("free");
        let sum = intent.account(&[plain_by(7, at(-DAY))]);
        assert!(what == "very long" || sum.is_err(), "{what}");
        drop(intent);
        // What stands at the end keeps everything else out as well.
        let at_end = bad.starts_with(&good) && what != "torn elsewhere";
        if at_end {
            let export = export(7, Form::Encrypted);
            let error = ledger.record_intent(&export, &found(1)).expect_err(what);
            assert_eq!(error.code(), "ledger-damaged", "{what}");
            assert_eq!(text(&path), bad, "{what}");
        }
    }
    fs::write(
        &path,
        edit("\"version\":2", "\"version\":3,\"next\":\"00\""),
    )
    .expect("written");
    assert_eq!(fault(&path), "ledger-version");
    fs::write(&path, good).expect("written");
    assert_eq!(people(&ledger, 7), 7);
}

#[test]
fn an_outcome_has_to_be_of_its_intent() {
    let (_folder, path) = folder();
    let ledger = open(&path);
    let intent = intend(&ledger, 7, 50);
    let other = PackageId::generate().to_string();
    let id = intent.id().to_string();
    intent.failed("x").expect("recorded");
    let good = text(&path);
    let line = good.lines().nth(1).expect("an outcome");
    fs::write(&path, good.replace(line, &line.replace(&id, &other))).expect("written");
    // Of another, it changes nothing.
    assert_eq!(people(&ledger, 7), 50);
    // Whatever else is said of it, one delivery is a delivery.
    for (endings, sum) in [
        (["failed", "failed"], 0),
        (["failed", "delivered"], 50),
        (["delivered", "failed"], 50),
        (["interrupted", "failed"], 50),
    ] {
        let again = |n: usize, ending: &str| {
            let numbered = line.replace("\"sequence\":2", &format!("\"sequence\":{}", n + 2));
            numbered.replace("failed", ending) + "\n"
        };
        let said: String = (0..).zip(endings).map(|(n, e)| again(n, e)).collect();
        fs::write(&path, chained(&good.replace(&format!("{line}\n"), &said))).expect("written");
        assert_eq!(people(&ledger, 7), sum, "{endings:?}");
    }
}

#[test]
fn is_made_for_its_owner_alone_and_only_when_written() {
    let (folder, path) = folder();
    let account = consult(&path, &[]).expect("nothing yet");
    assert_eq!(account, Account::default());
    assert!(consult(&folder.path().join("no/such"), &[]).is_ok());
    assert!(!path.exists());
    assert!(!is_append_only(&path).expect("nothing yet"));
    drop(open(&path));
    let mode = fs::metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert!(!is_append_only(&path).expect("there"));
}

#[test]
fn nothing_else_stands_in_for_the_file() {
    let (folder, _) = folder();
    let fifo = folder.path().join("fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .expect("made");
    let link = |name: &str, to: &Path| {
        let link = folder.path().join(name);
        symlink(to, &link).expect("made");
        link
    };
    let socket = folder.path().join("socket");
    let _socket = std::os::unix::net::UnixListener::bind(&socket).expect("made");
    let real = folder.path().join("real");
    fs::write(&real, "").expect("written");
    for bad in [
        fifo.clone(),
        link("to-fifo", &fifo),
        link("to-file", &real),
        link("dangling", &folder.path().join("nowhere")),
        folder.path().to_owned(),
        folder.path().join(".."),
        PathBuf::from("/"),
        socket,
    ] {
        let code = Ledger::open(&bad).expect_err("refused").code();
        assert_eq!(code, "ledger-not-a-file", "{}", bad.display());
        let read = consult(&bad, &[]).expect_err("refused");
        assert_eq!(read.code(), "ledger-not-a-file", "{}", bad.display());
        assert!(read.help().is_some());
    }
    assert!(!folder.path().join("nowhere").exists());
    let error = Ledger::open(&folder.path().join("no/ledger")).expect_err("no folder");
    assert_eq!(error.code(), "ledger-no-folder");
    let error = Ledger::open(&real.join("ledger")).expect_err("a file for a folder");
    assert_eq!(error.code(), "ledger-open-failed");
    // No ledger and one that cannot be reached are two things, for who asks what has left.
    let question = plain_by(7, at(0));
    let nothing = consult(&folder.path().join("no/ledger"), &[question]).expect("none yet");
    assert_eq!(nothing.sums, [Sum::default()]);
    let error = consult(&real.join("ledger"), &[]).expect_err("a file for a folder");
    assert_eq!(error.code(), "ledger-open-failed");
}

#[test]
fn one_at_a_time_within_a_process_and_beside_it() {
    let (_folder, path) = folder();
    let (ledger, other) = (open(&path), open(&path));
    let locked = ledger.lock().expect("free");
    for waiting in [&ledger, &other] {
        let error = waiting.lock().expect_err("taken");
        assert_eq!(error.code(), "ledger-busy");
        // Reading goes on meanwhile.
        assert_eq!(people(waiting, 7), 0);
    }
    let intent = locked.record_intent(&export(7, Form::Plaintext), &found(1));
    drop(intent.expect("recorded"));
    drop(other.lock().expect("free"));
    let locked = ledger.lock().expect("free");
    locked
        .record_refusal(&export(7, Form::Plaintext), None)
        .expect("recorded");
    drop(ledger.lock().expect("free"));
}

#[test]
fn a_ledger_that_was_moved_away_is_not_written_to() {
    let (folder, path) = folder();
    let ledger = open(&path);
    let intent = intend(&ledger, 7, 1);
    fs::rename(&path, folder.path().join("ledger.1")).expect("moved");
    let error = ledger.lock().expect_err("gone");
    assert_eq!(error.code(), "ledger-replaced");
    drop(open(&path));
    let error = intent.delivered(1, None).expect_err("another file");
    assert_eq!(error.code(), "ledger-replaced");
    assert_eq!(text(&path), "");
}

/// Tests make up what is recorded.
impl Ledger {
    fn record_refusal(&self, export: &Export, found: Option<&Found>) -> Result<(), LedgerError> {
        self.lock()?.record_refusal(export, found)
    }

    fn record_intent(&self, export: &Export, found: &Found) -> Result<Intent, LedgerError> {
        self.lock()?.record_intent(export, found)
    }
}
