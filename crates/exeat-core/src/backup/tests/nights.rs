//! Many nights, one after another, with pruning that is stopped now and then.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::tz::TimeZone;

use super::*;

/// Says stop after so many questions.
struct StopAfter(AtomicU64);

impl Progress for StopAfter {
    fn cancelled(&self) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        left == 0
    }
}

/// A full one every seventh night, the others need all since the last full one.
#[test]
fn sixty_nights_leave_a_chain_that_nothing_is_wrong_with() {
    let nights = Nights::new();
    let file = nights.path("memory.json");
    let keep = Keep {
        last: 2,
        daily: 7,
        weekly: 4,
        monthly: 2,
        yearly: 1,
    };
    let (mut since_full, mut stopped) = (Vec::new(), 0);
    for night in 1..=60_u64 {
        let mut memory = Memory::read(&file).expect("good").unwrap_or_else(|| {
            Memory::new(nights.series, &nights.dir.path().display().to_string())
        });
        let shelf = nights.is(&[]);
        assert_eq!(shelf.held_against(memory.tip.as_ref()), []);
        let place = shelf.next_place(memory.tip.as_ref());
        assert_eq!(place.sequence, night);
        if night % 7 == 1 {
            since_full.clear();
        }
        let mut said = nights.said(night, place.previous);
        said.series.as_mut().expect("one").base = since_full.clone();
        let created = said.created;
        let made = nights.put(said);
        since_full.push(made.id);
        // Every fifth run was stopped before it could remember.
        if night % 5 != 0 {
            memory.tip = Some(Tip {
                created,
                manifest_sha256: made.digest,
                sequence: night,
            });
            memory.verified.insert(made.id, created);
        }
        let mut shelf = nights.is(&[]);
        let fates = plan(&shelf.candidates(&memory), &keep, &TimeZone::UTC);
        let stop = StopAfter(AtomicU64::new(night % 3));
        let going = fates.iter().filter(|fate| !fate.verdict.is_kept()).count() as u64;
        match shelf.remove(&fates, &nights.key, created, &stop) {
            Ok(removed) => assert_eq!(removed.len() as u64, going),
            Err(BackupError::Interrupted) => {
                assert!(going > night % 3);
                stopped += 1;
            }
            Err(error) => panic!("{error}"),
        }
        let present: Vec<_> = nights.shelf().packages().iter().map(|one| one.id).collect();
        memory.forget_others(&present);
        memory.write(&file).expect("written");
    }
    assert!(stopped > 3, "{stopped}");
    // The pruning that was stopped is finished, and once more nothing goes.
    let memory = Memory::read(&file).expect("good").expect("there");
    let mut shelf = nights.is(&[]);
    let fates = plan(&shelf.candidates(&memory), &keep, &TimeZone::UTC);
    shelf
        .remove(&fates, &nights.key, at(61), &Silent)
        .expect("done");
    let shelf = nights.is(&[]);
    let fates = plan(&shelf.candidates(&memory), &keep, &TimeZone::UTC);
    assert!(fates.iter().all(|fate| fate.verdict.is_kept()));
    let there = sequences(&shelf);
    assert_eq!(there.last(), Some(&60));
    assert!(there.len() < 45, "{there:?}");
    assert_eq!(there.len() + shelf.gone().len(), 60);
}
