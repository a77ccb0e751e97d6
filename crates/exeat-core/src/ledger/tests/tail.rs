//! What the next entry finds at the end of the file.

use super::chain::recover;
use super::*;
use crate::ledger::chain::{Tail, tail};
use crate::ledger::entry::MAX_LINE;
use crate::ledger::file::Location;

/// What stands in a ledger before the remains that a test adds: two entries.
fn two(path: &Path) -> Vec<u8> {
    let intent = intend(&open(path), 7, 1);
    intent.delivered(9, None).expect("recorded");
    fs::read(path).expect("readable")
}

/// The end of a file of these bytes, or the code of what is wrong with it.
fn end_of(path: &Path, bytes: &[u8]) -> Result<Tail, LedgerError> {
    fs::write(path, bytes).expect("written");
    let location = Location::find(path).expect("there");
    let file = location.open_to_read().expect("opens").expect("there");
    tail(&file, &location)
}

/// Where a file is damaged, for the reason that begins so.
#[track_caller]
fn damaged(end: Result<Tail, LedgerError>, why: &str) -> u64 {
    match end {
        Err(LedgerError::Damaged { at, reason, .. }) => {
            assert!(reason.starts_with(why), "{reason}");
            at
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn remains_are_put_on_record_and_damage_is_not() {
    let (_folder, path) = folder();
    let good = two(&path);
    let at = good.len() as u64;
    let with = |rest: &[u8]| [&good[..], rest].concat();
    let end = end_of(&path, &good).expect("in order");
    assert_eq!((end.sequence, end.open, end.torn), (2, false, None));
    // Cut off: with an end of line or without, whatever it looks like.
    for (rest, open) in [
        (&b"{\"ver"[..], true),
        (b"{\"ver\n", false),
        (b"{\n{\n", false),
        (b"\0\0\0\n", false),
        (b"rm -rf", true),
    ] {
        let end = end_of(&path, &with(rest)).expect("remains");
        let torn = end.torn.expect("something is left");
        let length = rest.len() as u64 + u64::from(open);
        assert_eq!((end.sequence, end.open), (2, open));
        assert_eq!((torn.at, torn.bytes), (at, length));
    }
    // No run leaves a whole line that is no entry.
    assert_eq!(damaged(end_of(&path, &with(b"rm -rf\n")), ""), at);
    assert_eq!(damaged(end_of(&path, &with(b"rm -rf\n{\"ver")), ""), at);
    let future = std::str::from_utf8(&good).expect("UTF-8");
    let future = future.replace("\"version\":2", "\"version\":9");
    match end_of(&path, &with(future.as_bytes())) {
        Err(LedgerError::Version {
            at: place, found, ..
        }) => {
            let second = future.find('\n').expect("two lines") as u64 + 1;
            assert_eq!((place, found), (at + second, 9));
        }
        other => panic!("{other:?}"),
    }
}

/// What is larger than any remains is damage: an entry may be behind it, out of sight.
#[test]
fn remains_have_an_end() {
    let (_folder, path) = folder();
    let good = two(&path);
    let at = good.len() as u64;
    let with = |rest: &[u8]| [&good[..], rest].concat();
    let line = |length: usize| vec![b'x'; length];
    // A line as long as none, and the longest that may have been one.
    assert_eq!(
        damaged(end_of(&path, &with(&line(MAX_LINE))), "a line is longer"),
        at
    );
    end_of(&path, &with(&line(MAX_LINE - 1))).expect("remains");
    // Far from the beginning of the file as near to it.
    let many = with(&b"{\n".repeat(MAX_LINE));
    let end = end_of(&path, &many).expect("remains");
    assert_eq!(
        end.torn.expect("something is left").bytes,
        2 * MAX_LINE as u64
    );
    // Nothing but remains as far as one looks, of which the first begins before that.
    let many = with(&b"{\"\n".repeat(2 * MAX_LINE));
    let seen = many.len() as u64 - 4 * MAX_LINE as u64;
    assert_eq!(damaged(end_of(&path, &many), "there is no entry"), seen);
    let one = with(&line(5 * MAX_LINE));
    assert_eq!(
        damaged(end_of(&path, &one), "there is no entry"),
        at + MAX_LINE as u64
    );
    // All of it was cut off: the first entry was never there.
    let end = end_of(&path, b"{\"ver").expect("remains");
    assert_eq!((end.sequence, end.previous), (0, None));
}

/// Whoever reads all of it draws the line where the next entry would.
#[test]
fn remains_are_as_long_for_a_reader() {
    let (_folder, path) = folder();
    let good = two(&path);
    let most = 3 * MAX_LINE;
    let with = |length: usize| [&good[..], &b"{\n".repeat(length / 2)].concat();
    fs::write(&path, with(most)).expect("written");
    let unfinished = verify(&path, &[]).expect("in order").unfinished;
    assert_eq!(unfinished.map(|it| it.bytes), Some(most as u64));
    open(&path).check().expect("in order");
    intend(&open(&path), 7, 1)
        .delivered(1, None)
        .expect("recorded");
    assert_eq!(verify(&path, &[]).expect("in order").unfinished, None);
    fs::write(&path, with(most + 2)).expect("written");
    assert_eq!(
        verify(&path, &[]).expect_err("damaged").code(),
        "ledger-damaged"
    );
}

/// Who recovers has on record how many lines nobody can read.
#[test]
fn every_line_that_is_no_entry_is_counted() {
    let (_folder, path) = folder();
    let good = two(&path);
    let rubbish = b"one\ntwo\nthree\n";
    let second = good.iter().position(|&byte| byte == b'\n').expect("a line") + 1;
    let within = [&good[..second], rubbish, &good[second..]].concat();
    let more = |rest: &[u8]| [&within[..], rest].concat();
    for (bytes, count) in [
        (within.clone(), 3),
        (more(b"four\nfive\n"), 5),
        (more(b"{\"ver"), 4),
        ([&good[..], rubbish].concat(), 3),
    ] {
        fs::write(&path, bytes).expect("written");
        recover(&open(&path)).expect("recovered");
        let mut counted = None;
        crate::ledger::read(&path, |entry, _| counted = entry.recovery).expect("in order");
        assert_eq!(counted.map(|recovery| recovery.unreadable), Some(count));
    }
}

/// Of two histories neither is older, however long they are.
#[test]
fn a_fork_of_the_same_length_is_no_older_one() {
    let (folder, path) = folder();
    two(&path);
    let fork = folder.path().join("fork.jsonl");
    fs::copy(&path, &fork).expect("copied");
    let key = crate::signature::SigningKey::generate("ada");
    let mut here = intend(&open(&path), 7, 1);
    let signed = here.checkpoint(&key).expect("signs").statement().clone();
    here.delivered(1, None).expect("recorded");
    let there = intend(&open(&fork), 7, 2);
    let held = verify(&fork, std::slice::from_ref(&signed)).expect("in order");
    assert_eq!((held.entries, signed.sequence), (3, 3));
    assert_eq!(held.contradictions, [Some(Contradiction::Forked)]);
    there.delivered(1, None).expect("recorded");
}
