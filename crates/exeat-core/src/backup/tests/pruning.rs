//! What is removed, what is on record, and what interrupted calls leave.

use super::*;
use crate::statement::Signed;

fn record_name(nights: &Nights) -> String {
    format!(".exeat-pruned-{}.json", nights.series)
}

fn record(nights: &Nights) -> PruneRecord {
    let bytes = fs::read(nights.path(&record_name(nights))).expect("there");
    let record = Signed::<PruneRecord>::from_bytes(&bytes).expect("good");
    assert_eq!(record.key(), &nights.key.public());
    record.statement().clone()
}

/// The fates that remove these and keep the rest.
fn fates(shelf: &Shelf, removed: &[u64]) -> Vec<Fate> {
    let packages = shelf.packages().iter();
    packages
        .map(|package| Fate {
            id: package.id,
            verdict: match removed.contains(&package.sequence) {
                true => Verdict::Removed(Surplus::NoRuleKeepsIt),
                false => Verdict::Kept(vec![Reason::Newest]),
            },
        })
        .collect()
}

fn remove(nights: &Nights, numbers: &[u64]) -> Result<Vec<Removed>, BackupError> {
    let mut shelf = nights.shelf();
    let fates = fates(&shelf, numbers);
    let removed = shelf.remove(&fates, &nights.key, at(100), &Silent);
    if removed.is_ok() {
        assert_eq!(sequences(&shelf), sequences(&nights.shelf()));
        assert_eq!(shelf.gone(), nights.shelf().gone());
    }
    removed
}

fn names(nights: &Nights) -> Vec<String> {
    let items = fs::read_dir(nights.dir.path()).expect("lists");
    let names = items.map(|item| item.expect("lists").file_name());
    let mut names: Vec<_> = names
        .map(|name| name.into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_removed_is_on_record_and_no_gap() {
    let nights = Nights::new();
    let made = nights.chain(5);
    let bytes: Vec<_> = nights
        .shelf()
        .packages()
        .iter()
        .map(|one| one.bytes)
        .collect();
    let removed = remove(&nights, &[1, 3]).expect("removed");
    let numbers: Vec<_> = removed
        .iter()
        .map(|one| (one.sequence, one.bytes))
        .collect();
    assert_eq!(numbers, [(3, bytes[2]), (1, bytes[0])], "the latest first");
    assert_eq!(
        names(&nights),
        [&*record_name(&nights), "n2.exeat", "n4.exeat", "n5.exeat"]
    );
    let gone = |number: usize| Gone {
        created: Some(at(number as i64)),
        id: Some(made[number - 1].id),
        manifest_sha256: Some(made[number - 1].digest),
        reason: GoneReason::Retention,
        sequence: number as u64,
    };
    let first = record(&nights);
    assert_eq!(first.removed, [gone(1), gone(3)]);
    assert_eq!((first.created, first.series), (at(100), nights.series));
    nights.is(&[]);
    // The next one has all of it; and another fork is told still.
    remove(&nights, &[2]).expect("removed");
    assert_eq!(record(&nights).removed, [gone(1), gone(2), gone(3)]);
    nights.is(&[]);
    nights.remove("n4.exeat");
    nights.put(nights.said(4, Some(Digest::of(b"other"))));
    let shelf = nights.is(&["backup-fork", "backup-fork"]);
    assert!(shelf.problems()[0].message.contains("number 4 does not"));
    // Another one in the place of one that was removed.
    nights.put(nights.said(1, None));
    let shelf = nights.shelf();
    let said: Vec<_> = shelf.problems().iter().map(|one| &*one.message).collect();
    assert!(
        said.contains(&"there are, or were, 2 packages of number 1"),
        "{said:?}"
    );
    nights.remove("n1.exeat");
    // With nothing to remove nothing is written.
    let path = nights.path(&record_name(&nights));
    let before = fs::metadata(&path)
        .expect("there")
        .modified()
        .expect("a time");
    assert_eq!(remove(&nights, &[]).expect("nothing"), []);
    let after = fs::metadata(&path)
        .expect("there")
        .modified()
        .expect("a time");
    assert_eq!(before, after);
}

#[test]
fn what_is_needed_is_not_removed_whatever_the_plan_says() {
    let nights = Nights::new();
    let made = nights.chain(2);
    let mut needing = nights.said(3, Some(made[1].digest));
    needing.series.as_mut().expect("one").base = vec![made[0].id];
    nights.put(needing);
    let before = names(&nights);
    for numbers in [&[3][..], &[1], &[1, 2], &[1, 2, 3]] {
        let error = remove(&nights, numbers).expect_err("needed");
        assert_eq!(error.code(), "backup-needed", "{numbers:?}");
        assert_eq!(names(&nights), before);
    }
    remove(&nights, &[2]).expect("nobody needs it");
}

#[test]
fn nothing_is_removed_without_a_record() {
    let nights = Nights::new();
    nights.chain(3);
    let before = names(&nights);
    // Another key.
    let mut shelf = nights.shelf();
    let fates = fates(&shelf, &[1]);
    let other = SigningKey::generate("other");
    let error = shelf.remove(&fates, &other, at(100), &Silent);
    assert_eq!(error.expect_err("another key").code(), "backup-signer");
    assert_eq!(names(&nights), before);
    // Something in the record's place that cannot be replaced.
    let blocked = nights.path(&record_name(&nights)).join("in it");
    let mut shelf = nights.shelf();
    fs::create_dir_all(&blocked).expect("made");
    let error = shelf.remove(&fates, &nights.key, at(100), &Silent);
    assert_eq!(error.expect_err("no record").code(), "write-failed");
    assert_eq!(sequences(&nights.shelf()), [1, 2, 3]);
    nights.is(&["backup-prune-record"]);
}

#[test]
fn a_record_that_cannot_be_trusted_counts_for_nothing() {
    let nights = Nights::new();
    nights.chain(3);
    remove(&nights, &[1]).expect("removed");
    let path = nights.path(&record_name(&nights));
    let good = fs::read_to_string(&path).expect("there");
    let other = SigningKey::generate("other");
    let foreign = Signed::sign(record(&nights), &other).expect("signs");
    let mut elsewhere = record(&nights);
    elsewhere.series = Uuid::nil();
    let elsewhere = Signed::sign(elsewhere, &nights.key).expect("signs");
    let mut disordered = record(&nights);
    disordered.removed.push(disordered.removed[0].clone());
    let disordered = Signed::sign(disordered, &nights.key).expect("signs");
    let mut vague = record(&nights);
    vague.removed[0].id = None;
    let vague = Signed::sign(vague, &nights.key).expect("signs");
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("altered", good.replace("retention", "missing").into_bytes()),
        ("another key's", foreign.to_bytes()),
        ("another chain's", elsewhere.to_bytes()),
        ("not in order", disordered.to_bytes()),
        ("does not say which", vague.to_bytes()),
    ] {
        fs::write(&path, bytes).expect("written");
        let shelf = nights.shelf();
        let codes = named(shelf.problems());
        assert_eq!(codes, ["backup-prune-record", "backup-gap"], "{what}");
        assert!(shelf.gone().is_empty());
        // And it is not written over.
        let error = remove(&nights, &[2]).expect_err(what);
        assert_eq!(error.code(), "backup-prune-record", "{what}");
        let accepted = nights.shelf().accept_missing(None, &nights.key, at(100));
        assert_eq!(accepted.expect_err(what).code(), "backup-prune-record");
    }
    fs::remove_file(&path).expect("removed");
    std::os::unix::fs::symlink("/dev/zero", &path).expect("made");
    nights.is(&["backup-prune-record", "backup-gap"]);
    // One by us from before: what was removed since is missing again.
    fs::remove_file(&path).expect("removed");
    fs::write(&path, &good).expect("written");
    nights.is(&[]);
    remove(&nights, &[2]).expect("removed");
    nights.is(&[]);
    fs::write(&path, &good).expect("written");
    nights.is(&["backup-gap"]);
}

#[test]
fn what_an_interrupted_call_left_is_finished() {
    // Stopped after the record: nothing is gone yet.
    let nights = Nights::new();
    nights.chain(4);
    let mut shelf = nights.shelf();
    let going = fates(&shelf, &[1, 2]);
    let stopped = shelf.remove(&going, &nights.key, at(100), &Stopped);
    assert_eq!(stopped.expect_err("stopped").code(), "interrupted");
    assert_eq!(record(&nights).removed.len(), 2);
    assert_eq!(sequences(&nights.is(&[])), [1, 2, 3, 4]);
    // Stopped after a rename, with some members gone.
    let package = &nights.shelf().packages()[1].clone();
    let hidden = format!(".exeat-removed-{}-{}", nights.series, package.id);
    fs::rename(nights.path("n2.exeat"), nights.path(&hidden)).expect("renamed");
    fs::remove_file(nights.path(&hidden).join("manifest.json")).expect("removed");
    // What another chain is removing is not ours.
    let theirs = format!(".exeat-removed-{}-x", Uuid::nil());
    fs::create_dir(nights.path(&theirs)).expect("made");
    let odd = format!(".exeat-removed-{}-y", nights.series);
    fs::write(nights.path(&odd), "no folder").expect("written");
    assert_eq!(sequences(&nights.is(&[])), [1, 3, 4]);
    let removed = remove(&nights, &[1]).expect("finished");
    assert_eq!(removed.len(), 1);
    let left = [&*record_name(&nights), &theirs, "n3.exeat", "n4.exeat"];
    fs::remove_file(nights.path(&odd)).expect("left as it was");
    assert_eq!(names(&nights), left);
    assert_eq!(record(&nights).removed.len(), 2);
    nights.is(&[]);
    // One that was recorded, and whose fate is another now, stays.
    let nights = Nights::new();
    nights.chain(3);
    let mut shelf = nights.shelf();
    let going = fates(&shelf, &[1]);
    let stopped = shelf.remove(&going, &nights.key, at(100), &Stopped);
    stopped.expect_err("stopped");
    assert_eq!(remove(&nights, &[]).expect("nothing"), []);
    assert_eq!(sequences(&nights.is(&[])), [1, 2, 3]);
}

#[test]
fn what_is_not_the_package_is_not_removed() {
    let nights = Nights::new();
    nights.chain(3);
    // Exchanged since it was looked at.
    let mut shelf = nights.shelf();
    let going = fates(&shelf, &[1]);
    fs::rename(nights.path("n1.exeat"), nights.path("away")).expect("moved");
    let expect_changed = |shelf: &mut Shelf| {
        let error = shelf.remove(&going, &nights.key, at(100), &Silent);
        assert_eq!(error.expect_err("exchanged").code(), "backup-changed");
    };
    expect_changed(&mut shelf);
    std::os::unix::fs::symlink(nights.path("away"), nights.path("n1.exeat")).expect("made");
    expect_changed(&mut shelf);
    fs::remove_file(nights.path("n1.exeat")).expect("removed");
    fs::rename(nights.path("n2.exeat"), nights.path("n1.exeat")).expect("moved");
    expect_changed(&mut shelf);
    fs::rename(nights.path("n1.exeat"), nights.path("n2.exeat")).expect("moved");
    fs::rename(nights.path("away"), nights.path("n1.exeat")).expect("moved");
    // Something that somebody keeps in it.
    for stray in ["thesis.txt", "volume-00001.age.d"] {
        fs::create_dir(nights.path("n1.exeat").join(stray)).expect("made");
        let error = remove(&nights, &[1]).expect_err("not a part of it");
        assert_eq!(error.code(), "backup-stray");
        assert!(error.to_string().contains(stray), "{error}");
        fs::remove_dir(nights.path("n1.exeat").join(stray)).expect("removed");
    }
    assert!(!nights.path(&record_name(&nights)).exists());
    remove(&nights, &[1]).expect("removed");
}

#[test]
fn what_is_missing_can_be_accepted() {
    let nights = Nights::new();
    let made = nights.chain(6);
    nights.remove("n2.exeat");
    nights.remove("n6.exeat");
    fs::rename(nights.path("n3.exeat"), nights.path("away")).expect("moved");
    let tip = Tip {
        created: at(6),
        manifest_sha256: made[5].digest,
        sequence: 6,
    };
    let mut shelf = nights.is(&["backup-gap"]);
    assert_eq!(named(&shelf.held_against(Some(&tip))), ["backup-replayed"]);
    let accepted = shelf.accept_missing(Some(&tip), &nights.key, at(100));
    let gone = |sequence, created, digest| Gone {
        created,
        id: None,
        manifest_sha256: digest,
        reason: GoneReason::Missing,
        sequence,
    };
    let expected = [
        gone(2, None, None),
        gone(3, None, Some(made[2].digest)),
        gone(6, Some(at(6)), Some(made[5].digest)),
    ];
    assert_eq!(accepted.expect("recorded"), expected);
    let shelf = nights.is(&[]);
    assert_eq!(shelf.gone(), expected);
    assert!(shelf.held_against(Some(&tip)).is_empty());
    // Again there is nothing to accept; and one that comes back can be removed
    // like another.
    let again = nights
        .shelf()
        .accept_missing(Some(&tip), &nights.key, at(101));
    assert_eq!(again.expect("nothing"), []);
    assert_eq!(record(&nights).created, at(100));
    fs::rename(nights.path("away"), nights.path("n3.exeat")).expect("moved");
    nights.is(&[]);
    remove(&nights, &[3]).expect("removed");
    let removed = record(&nights).removed;
    let numbers: Vec<_> = removed.iter().map(|gone| gone.sequence).collect();
    assert_eq!(numbers, [2, 3, 6]);
    assert_eq!(
        (removed[1].id, removed[1].reason),
        (Some(made[2].id), GoneReason::Retention)
    );
    // What needs one that was given up is worth a warning, no more.
    let mut needing = nights.said(7, Some(made[5].digest));
    needing.series.as_mut().expect("one").base = vec![made[1].id];
    nights.put(needing);
    let shelf = nights.is(&["backup-base-missing"]);
    assert_eq!(shelf.problems()[0].severity, Severity::Warn);
    // More than anybody has lost is refused before it is counted out.
    nights.put(nights.said(u64::MAX, None));
    let error = nights.shelf().accept_missing(None, &nights.key, at(102));
    assert_eq!(error.expect_err("too many").code(), "backup-too-many");
}
