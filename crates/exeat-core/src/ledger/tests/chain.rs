//! What can be done to a ledger of a thousand entries, and that a checkpoint of
//! its last release tells every bit of it.

use super::*;
use crate::manifest::Checkpoint;
use crate::signature::SigningKey;
use crate::statement::Signed;

/// As many entries as the exhaustive tests are over.
const ENTRIES: u64 = 1000;

/// A ledger of so many entries: exports that arrive, exports that fail, and
/// refusals, in turn.
fn long(path: &Path, entries: u64) -> Ledger {
    NOW.set(0);
    let ledger = open(path);
    let mut written = 0;
    while written < entries {
        NOW.set(NOW.get() + 60);
        match written % 7 {
            0 => {
                let refused = export(8, Form::Plaintext);
                ledger.record_refusal(&refused, None).expect("recorded");
                written += 1;
            }
            n => {
                let intent = intend(&ledger, 7, n);
                let ended = match n {
                    3 => intent.failed("no-space"),
                    _ => intent.delivered(9, None),
                };
                ended.expect("recorded");
                written += 2;
            }
        }
    }
    ledger
}

/// What a further release signs.
fn checkpoint(ledger: &Ledger) -> Signed<Checkpoint> {
    let key = SigningKey::generate("ada");
    let export = export(7, Form::Encrypted);
    let mut intent = ledger.record_intent(&export, &found(1)).expect("recorded");
    let signed = intent.checkpoint(&key).expect("signs");
    assert_eq!(signed.statement().package, export.id);
    intent.delivered(9, None).expect("recorded");
    signed
}

/// How a ledger of these bytes is found out; `None` if it is not.
fn found_out(path: &Path, bytes: &[u8], checkpoint: &Checkpoint) -> Option<String> {
    fs::write(path, bytes).expect("written");
    match verify(path, std::slice::from_ref(checkpoint)) {
        Ok(verified) => verified.contradictions[0].map(|what| format!("{what:?}")),
        Err(error) => Some(error.code().to_owned()),
    }
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n').collect()
}

#[test]
fn every_edit_deletion_swap_repetition_and_truncation_is_found_out() {
    let (folder, path) = folder();
    let ledger = long(&path, ENTRIES);
    let checkpoint = checkpoint(&ledger).statement().clone();
    let good = fs::read(&path).expect("readable");
    let signed = usize::try_from(checkpoint.sequence).expect("small");
    assert!(signed as u64 > ENTRIES);
    let copies = [0, 1].map(|half| folder.path().join(format!("copy-{half}")));
    assert_eq!(found_out(&copies[0], &good, &checkpoint), None);
    std::thread::scope(|scope| {
        for (half, copy) in copies.iter().enumerate() {
            let (good, checkpoint) = (&good, &checkpoint);
            scope.spawn(move || {
                for n in (half..signed).step_by(2) {
                    spoil_at(n, copy, good, checkpoint);
                }
            });
        }
    });
}

/// Does everything that can be done to one entry, counted from 0.
fn spoil_at(n: usize, copy: &Path, good: &[u8], checkpoint: &Checkpoint) {
    let all = lines(good);
    let last = usize::try_from(checkpoint.sequence).expect("small") - 1;
    let must = |what: &str, bytes: &[u8], ways: &[&str]| {
        let how = found_out(copy, bytes, checkpoint);
        let how = how.unwrap_or_else(|| panic!("{what} of entry {}: not found out", n + 1));
        let entry = n + 1;
        assert!(
            ways.contains(&how.as_str()),
            "{what} of entry {entry}: {how}"
        );
    };
    let with = |changed: &[&[u8]]| [&all[..n], changed, &all[n + 1..]].concat().concat();
    // A figure, so that it is an entry still.
    let text = std::str::from_utf8(all[n]).expect("UTF-8");
    let edited = text.replacen("2026-11", "2026-10", 1);
    assert_ne!(edited, text);
    must("an edit", &with(&[edited.as_bytes()]), &["ledger-changed"]);
    must("a deletion", &with(&[]), &["ledger-changed"]);
    must(
        "a repetition",
        &with(&[all[n], all[n]]),
        &["ledger-changed"],
    );
    if n > 0 {
        let mut swapped = all.clone();
        swapped.swap(n, n - 1);
        must("a swap", &swapped.concat(), &["ledger-changed"]);
    }
    let is_first = n == 0;
    let cut = all[..n].concat();
    let older = if is_first { "OtherLedger" } else { "Older" };
    must("a truncation", &cut, &[older]);
    let forked = if is_first { "OtherLedger" } else { "Forked" };
    // Cut off, and written on with other entries in the right chain.
    if n.is_multiple_of(97) {
        fs::write(copy, &cut).expect("written");
        drop(long(copy, ENTRIES + 20 - n as u64));
        let written = fs::read(copy).expect("readable");
        must("a fork", &written, &[forked]);
    }
    // Changed, and the chain made anew from there: a thousand digests each time,
    // so only near both ends, and some between.
    if n < 50 || n + 20 > last || n.is_multiple_of(31) {
        let text = std::str::from_utf8(good).expect("UTF-8");
        let mut changed: Vec<_> = text.lines().collect();
        changed[n] = edited.trim_end();
        let remade = chained(&changed.join("\n"));
        // What was signed in the file itself tells of it, too.
        must("a chain made anew", remade.as_bytes(), &["ledger-changed"]);
        let unsigned = chained(&unsigned(&remade));
        must("a chain without it", unsigned.as_bytes(), &[forked]);
    }
}

#[test]
fn a_ledger_made_anew_is_another() {
    let (folder, path) = folder();
    let ledger = long(&path, 20);
    let checkpoint = checkpoint(&ledger).statement().clone();
    let copy = folder.path().join("copy");
    drop(long(&copy, 40));
    let bytes = fs::read(&copy).expect("readable");
    let how = found_out(&copy, &bytes, &checkpoint);
    assert_eq!(how.as_deref(), Some("OtherLedger"));
    let how = found_out(&copy, b"", &checkpoint);
    assert_eq!(how.as_deref(), Some("OtherLedger"));
}

#[test]
fn what_is_wrong_is_named() {
    let (_folder, path) = folder();
    drop(long(&path, 9));
    let good = fs::read(&path).expect("readable");
    let all = lines(&good);
    let edited = std::str::from_utf8(all[4])
        .expect("UTF-8")
        .replace("26-11", "26-10");
    for (bytes, expected) in [
        (
            [&all[..4], &all[5..]].concat(),
            "entry 5 is missing: entry 6 comes where entry 5 should",
        ),
        (
            [&all[..2], &all[5..]].concat(),
            "entries 3 to 5 are missing: entry 6 comes where entry 3 should",
        ),
        (
            [&all[..5], &all[4..]].concat(),
            "entry 5 stands there again, or out of its order",
        ),
        (
            [&all[..4], &[edited.as_bytes()], &all[5..]].concat(),
            "entry 5 is not the line after which entry 6 was written: one of them was changed",
        ),
    ] {
        fs::write(&path, bytes.concat()).expect("written");
        let error = verify(&path, &[]).expect_err("changed");
        assert!(error.to_string().ends_with(expected), "{error}");
        assert!(error.help().is_some_and(|help| help.contains("recover")));
    }
}

fn who() -> decide::Requester {
    decide::Requester {
        name: Some("root".parse().expect("a name")),
        ..decide::Requester::of(0)
    }
}

pub(super) fn recover(ledger: &Ledger) -> Result<u64, LedgerError> {
    let why = "a disk failed; looked at with the backup"
        .parse()
        .expect("a line");
    ledger.lock()?.recover(&who(), &why)
}

/// Nothing leaves on a damaged ledger, and what stood in it still counts when
/// somebody has looked.
#[test]
fn exports_stop_until_somebody_has_looked() {
    let (_folder, path) = folder();
    drop(long(&path, 12));
    let good = fs::read(&path).expect("readable");
    let all = lines(&good);
    let sum = people(&open(&path), 7);
    let last = verify(&path, &[]).expect("in order").entries;
    let after = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("written");
        let ledger = open(&path);
        let code = ledger.check().expect_err("wrong").code();
        let export = export(7, Form::Encrypted);
        let refused = ledger.record_intent(&export, &found(1)).expect_err("wrong");
        assert_eq!(refused.code(), code);
        let number = recover(&ledger).expect("recovered");
        assert!(fs::read(&path).expect("readable").starts_with(bytes));
        ledger.check().expect("in order");
        let error = recover(&ledger).expect_err("nothing left to do");
        assert_eq!(error.code(), "ledger-in-order");
        intend(&ledger, 9, 1).delivered(1, None).expect("recorded");
        ledger.check().expect("in order");
        let verified = verify(&path, &[]).expect("in order");
        assert_eq!((verified.recoveries, verified.covered.len()), (1, 1));
        (code, number, people(&ledger, 7))
    };
    // What is missing may be that something failed: rather too much.
    let deleted = [&all[..4], &all[5..]].concat().concat();
    let (code, number, more) = after(&deleted);
    assert_eq!((code, number), ("ledger-changed", last + 1));
    assert!(more >= sum);
    // The same intent twice counts twice.
    let one_twice = [&all[..], &all[1..3]].concat().concat();
    let (code, number, more) = after(&one_twice);
    assert_eq!((code, number), ("ledger-changed", last + 1));
    assert!(more >= sum);
    let rubbish = [&good[..], b"rm -rf\n"].concat();
    assert_eq!(after(&rubbish), ("ledger-damaged", last + 1, sum));
    let (start, rest) = (all[..4].concat(), all[4..].concat());
    let within = [&start[..], b"x\n", &rest, b"{\"ver"].concat();
    assert_eq!(after(&within), ("ledger-damaged", last + 1, sum));
    let old = std::str::from_utf8(&good).expect("UTF-8");
    let old = old.replace("\"version\":2", "\"version\":1");
    assert_eq!(after(old.as_bytes()), ("ledger-version", 1, 0));
    // What was covered is covered as it was.
    let covered = fs::read(&path).expect("readable");
    let mut touched = covered.clone();
    touched[20] ^= 1;
    fs::write(&path, &touched).expect("written");
    assert_eq!(fault(&path), "ledger-version");
}

#[test]
fn what_a_recovery_covers_cannot_be_changed_afterwards() {
    let (_folder, path) = folder();
    drop(long(&path, 12));
    let rubbish = [&fs::read(&path).expect("readable")[..], b"one\ntwo\n"].concat();
    fs::write(&path, &rubbish).expect("written");
    recover(&open(&path)).expect("recovered");
    let covered = fs::read(&path).expect("readable");
    for at in (0..rubbish.len()).step_by(41).chain([rubbish.len() - 2]) {
        let mut touched = covered.clone();
        touched[at] ^= 1;
        fs::write(&path, &touched).expect("written");
        let code = fault(&path);
        let codes = ["ledger-damaged", "ledger-changed", "ledger-version"];
        assert!(codes.contains(&code), "{at}: {code}");
    }
}

#[test]
fn whatever_somebody_appends_can_be_recovered_from() {
    let (_folder, path) = folder();
    let ledger = long(&path, 3);
    let signed = checkpoint(&ledger);
    let good = fs::read(&path).expect("readable");
    let next = verify(&path, &[]).expect("in order").entries + 1;
    let last = Digest::of(lines(&good).last().expect("lines"));
    let line = |number: u64, rest: &str| {
        format!(
            "{{\"version\":2,\"sequence\":{number},\"previous\":\"{last}\",\
             \"time\":\"2026-11-22T12:00:00Z\",{rest}}}\n"
        )
    };
    let entry = |kind: Kind| {
        let mut entry = Entry {
            export: Some(export(7, Form::Encrypted)),
            found: Some(found(1)),
            ..Entry::blank(kind)
        };
        (entry.sequence, entry.previous, entry.time) = (next, Some(last), at(0));
        String::from_utf8(entry.to_line()).expect("UTF-8")
    };
    let odd = entry(Kind::Intent).replace("\"label\":\"Q3", "\"label\":[5],\"x\":\"");
    for rubbish in [
        "{\"version\":3,\"x\":1}\n".to_owned(),
        "\n".repeat(300_000),
        format!("{}\n", "[".repeat(60_000)).repeat(6),
        line(
            u64::MAX,
            "\"kind\":\"torn\",\"torn\":{\"at\":0,\"bytes\":0,\"sha256\":\"00\"}",
        ),
        entry(Kind::Refusal).replace(
            &format!("\"sequence\":{next}"),
            "\"sequence\":18446744073709551615",
        ),
        odd,
        entry(Kind::Intent).replace("\"Q3", "5,\"Q3"),
    ] {
        fs::write(&path, [&good[..], rubbish.as_bytes()].concat()).expect("written");
        let ledger = open(&path);
        let shown: String = rubbish.chars().take(200).collect();
        let code = ledger.check().expect_err(&shown).code();
        // Every reader says the same.
        let question = plain_by(7, at(-DAY));
        for error in [
            verify(&path, &[]).expect_err(&shown),
            consult(&path, &[question]).expect_err(&shown),
            read(&path, |_, _| {}).expect_err(&shown),
        ] {
            assert_eq!(error.code(), code, "{shown}");
        }
        assert_eq!(recover(&ledger).expect(&shown), next, "{shown}");
        for _ in 0..2 {
            intend(&ledger, 7, 1).delivered(1, None).expect(&shown);
            ledger
                .record_refusal(&export(7, Form::Plaintext), None)
                .expect(&shown);
        }
        let held = verify(&path, &[signed.statement().clone()]).expect(&shown);
        assert_eq!(held.contradictions, [None], "{shown}");
        assert_eq!((held.entries, held.covered.len()), (next + 6, 1), "{shown}");
    }
}

/// Who deletes an entry and says that they looked does not make it undone.
#[test]
fn a_recovery_hides_nothing_from_a_checkpoint() {
    let (_folder, path) = folder();
    let ledger = long(&path, 9);
    let before = checkpoint(&ledger).statement().clone();
    drop(ledger);
    let good = fs::read(&path).expect("readable");
    let all = lines(&good);
    let signed = usize::try_from(before.sequence).expect("small") - 1;
    let edited = |n: usize| {
        let line = std::str::from_utf8(all[n]).expect("UTF-8");
        let line = line.replace("26-11", "26-10");
        let changed = [line.as_bytes()];
        [&all[..n], &changed, &all[n + 1..]].concat().concat()
    };
    let without = |n: usize| [&all[..n], &all[n + 1..]].concat().concat();
    for spoilt in [
        all[2..].concat(),
        without(3),
        edited(1),
        // The very entry before the one that was signed.
        without(signed - 1),
        edited(signed - 1),
    ] {
        fs::write(&path, &spoilt).expect("written");
        let ledger = open(&path);
        recover(&ledger).expect("recovered");
        let after = checkpoint(&ledger).statement().clone();
        let held = verify(&path, &[before.clone(), after]).expect("in order");
        assert_eq!(held.contradictions, [Some(Contradiction::Changed), None]);
        assert_eq!(held.covered.len(), 1);
    }
}

#[test]
fn the_checkpoints_in_the_file_are_looked_at() {
    let (_folder, path) = folder();
    let ledger = long(&path, 9);
    drop(checkpoint(&ledger));
    drop(ledger);
    let good = text(&path);
    // Made anew from the first entry on, by somebody without the key.
    let remade = chained(&good.replacen("2026-11", "2026-10", 1));
    fs::write(&path, &remade).expect("written");
    assert_eq!(fault(&path), "ledger-changed");
    // With what was signed made to suit, the signature tells.
    let lines: Vec<_> = remade.lines().collect();
    let intent = format!("{}\n", lines[lines.len() - 2]);
    let old = good.lines().nth(lines.len() - 2).expect("the intent");
    let old = Digest::of(format!("{old}\n").as_bytes()).to_string();
    let new = Digest::of(intent.as_bytes()).to_string();
    let suited = chained(&remade.replace(&old, &new));
    fs::write(&path, &suited).expect("written");
    consult(&path, &[]).expect("the chain is right");
    let error = verify(&path, &[]).expect_err("the signature is not");
    assert!(error.to_string().contains("does not fit"), "{error}");
    recover(&open(&path)).expect("recovered");
    let looked = verify(&path, &[]).expect("in order");
    assert!(
        looked.covered[0].what.contains("does not fit"),
        "{looked:?}"
    );
}

#[test]
fn a_contradicted_ledger_lets_nothing_out() {
    let (folder, path) = folder();
    let ledger = long(&path, 12);
    let older = fs::read(&path).expect("readable");
    let checkpoint = checkpoint(&ledger);
    drop(ledger);
    fs::write(&path, older).expect("written");
    let ledger = open(&path);
    let hold_for = |checkpoint: &Signed<Checkpoint>, own| {
        let locked = ledger.lock().expect("free");
        locked.hold_against(std::slice::from_ref(checkpoint), own)
    };
    let own = Some(checkpoint.fingerprint());
    let hold = |checkpoint| hold_for(checkpoint, own);
    // Whoever has never let anything out by this ledger stops nobody.
    let held = hold_for(&checkpoint, None).expect("read");
    assert_eq!(held.contradictions, [Some(Contradiction::Older)]);
    assert_eq!(held.unresolved, None);
    ledger.check().expect("in order");
    let held = hold(&checkpoint).expect("read");
    assert_eq!(held.contradictions, [Some(Contradiction::Older)]);
    let alarm = held.entries + 1;
    assert_eq!(held.unresolved, Some(alarm));
    let entries = verify(&path, &[]).expect("in order").entries;
    // It is put on record once.
    hold(&checkpoint).expect("read");
    assert_eq!(verify(&path, &[]).expect("in order").entries, entries);
    let asked = export(7, Form::Encrypted);
    for ledger in [&ledger, &open(&path)] {
        let error = ledger
            .record_intent(&asked, &found(1))
            .expect_err("contradicted");
        assert_eq!(error.code(), "ledger-contradicted");
        assert_eq!(
            ledger.check().expect_err("so").code(),
            "ledger-contradicted"
        );
    }
    // Refusals are recorded all the same, and carry the alarm on.
    ledger.record_refusal(&asked, None).expect("recorded");
    let said = format!("\"unresolved\":{alarm},");
    assert!(text(&path).contains(&said));
    // An entry that keeps quiet about it is found out.
    let silent = text(&path).replace(&said, "");
    let copy = folder.path().join("copy");
    fs::write(&copy, &silent).expect("written");
    assert_eq!(fault(&copy), "ledger-changed");
    NOW.set(NOW.get() + 60);
    recover(&ledger).expect("recovered");
    intend(&ledger, 7, 1).delivered(1, None).expect("recorded");
    ledger.check().expect("in order");
    // What is known stops nobody again.
    let held = hold(&checkpoint).expect("read");
    assert_eq!(held.contradictions, [Some(Contradiction::Forked)]);
    assert_eq!((held.unresolved, held.recoveries), (None, 1));
    ledger.check().expect("in order");
}

#[test]
fn a_file_that_is_cut_off_while_it_is_open_is_noticed() {
    let (_folder, path) = folder();
    let ledger = long(&path, 12);
    ledger.check().expect("in order");
    let whole = fs::read(&path).expect("readable");
    let kept = lines(&whole)[..6].concat().len() as u64;
    let file = File::options().write(true).open(&path).expect("opens");
    file.set_len(kept).expect("cut");
    let asked = export(7, Form::Encrypted);
    let error = ledger
        .record_intent(&asked, &found(1))
        .expect_err("cut off");
    assert_eq!(error.code(), "ledger-damaged");
    // And what takes its place is another chain.
    drop(long(&path, 9));
    let error = ledger.record_intent(&asked, &found(1)).err();
    let code = error.expect("another").code();
    assert!(
        ["ledger-changed", "ledger-damaged"].contains(&code),
        "{code}"
    );
}

#[test]
fn sums_by_group_count_whoever_may_have_been_in_it() {
    let (_folder, path) = folder();
    let ledger = open(&path);
    let record = |change: &dyn Fn(&mut Export), most| {
        let mut export = export(7, Form::Encrypted);
        change(&mut export);
        drop(
            ledger
                .record_intent(&export, &found(most))
                .expect("recorded"),
        );
    };
    record(&|_| {}, 1);
    record(&|export| export.requester.groups = vec!["other".into()], 2);
    record(
        &|export| {
            export.requester.groups = vec!["other".into()];
            export.requester.unnamed_groups = true;
        },
        4,
    );
    record(
        &|export| {
            export.requester.groups.clear();
            export.requester.mapped = true;
        },
        8,
    );
    record(
        &|export| {
            export.requester.groups.clear();
            export.left_out = 1;
        },
        16,
    );
    let of = |group: &str| {
        let question = Question {
            by: By::Group(group.into()),
            form: None,
            since: at(-DAY),
        };
        ledger.account(&[question]).expect("in order").sums[0].people
    };
    assert_eq!((of("staff"), of("other"), of("nobody")), (29, 30, 28));
}

/// As many entries as `count`, written in one go: exports that arrive.
fn large(path: &Path, count: u64) {
    use std::io::Write as _;
    let file = File::create(path).expect("made");
    let mut file = std::io::BufWriter::new(file);
    let mut previous = None;
    let export = export(7, Form::Encrypted);
    for sequence in 1..=count {
        let mut entry = match sequence % 2 {
            1 => Entry {
                export: Some(export.clone()),
                found: Some(found(1)),
                ..Entry::blank(Kind::Intent)
            },
            _ => Entry {
                outcome: Some(Outcome {
                    bytes: Some(9),
                    checkpoint: None,
                    code: None,
                    ending: Ending::Delivered,
                    id: export.id,
                    intent: sequence - 1,
                    manifest_sha256: Some(Digest::of(b"x")),
                }),
                ..Entry::blank(Kind::Outcome)
            },
        };
        (entry.sequence, entry.previous, entry.time) = (sequence, previous, at(0));
        let line = entry.to_line();
        previous = Some(Digest::of(&line));
        file.write_all(&line).expect("written");
    }
    file.flush().expect("written");
}

#[test]
#[ignore = "prints figures: cargo test --release -p exeat-core --lib -- --ignored --nocapture a_million_entries"]
fn a_million_entries() {
    let say = |text: String| {
        use std::io::Write as _;
        writeln!(std::io::stderr(), "{text}").expect("written");
    };
    let (folder, path) = folder();
    let short = folder.path().join("short");
    NOW.set(0);
    large(&short, 2);
    large(&path, 1_000_000);
    let bytes = fs::metadata(&path).expect("there").len();
    let timed = |what: &str, run: &mut dyn FnMut()| {
        let mut times: Vec<_> = (0..5)
            .map(|_| {
                let begun = Instant::now();
                run();
                begun.elapsed()
            })
            .collect();
        times.sort();
        say(format!("{what}: {:?}", times[2]));
    };
    say(format!("a million entries: {} MB", bytes / 1_000_000));
    timed("verify, median of 5", &mut || {
        assert_eq!(verify(&path, &[]).expect("in order").entries, 1_000_000);
    });
    let question = plain_by(7, at(-DAY));
    timed("sum, median of 5", &mut || {
        let asked = consult(&path, std::slice::from_ref(&question));
        asked.expect("in order");
    });
    let (short, long) = (open(&short), open(&path));
    for ledger in [&short, &long] {
        ledger.check().expect("in order");
    }
    let append = |ledger: &Ledger| {
        let begun = Instant::now();
        drop(intend(ledger, 7, 1));
        begun.elapsed()
    };
    // In turn, so that both have the same disk.
    let mut times: Vec<_> = (0..101).map(|_| (append(&short), append(&long))).collect();
    times.sort_by_key(|(short, _)| *short);
    let first = times[50].0;
    times.sort_by_key(|(_, long)| *long);
    say(format!(
        "an intent and its outcome, median of 101: {first:?} in a short ledger, {:?} behind a million",
        times[50].1
    ));
}
