use proptest::prelude::*;

use super::*;

/// Great Britain, by rule: the database of zones need not be installed.
fn london() -> TimeZone {
    TimeZone::posix("GMT0BST,M3.5.0/1,M10.5.0").expect("a rule")
}

/// Verified full packages of these times, numbered from 1.
fn nights(times: &[&str]) -> Vec<Candidate> {
    let numbered = (1..).zip(times);
    numbered
        .map(|(sequence, time)| Candidate {
            id: PackageId::generate(),
            sequence,
            created: time.parse().expect("a time"),
            base: Vec::new(),
            is_verified: true,
        })
        .collect()
}

/// The sequence numbers of what is kept, in order.
fn kept(candidates: &[Candidate], keep: Keep, zone: &TimeZone) -> Vec<u64> {
    let fates = plan(candidates, &keep, zone);
    let both = candidates.iter().zip(&fates);
    both.map(|(candidate, fate)| {
        assert_eq!(candidate.id, fate.id);
        (candidate.sequence, fate.verdict.is_kept())
    })
    .filter_map(|(sequence, is_kept)| is_kept.then_some(sequence))
    .collect()
}

const NONE: Keep = Keep {
    last: 0,
    daily: 0,
    weekly: 0,
    monthly: 0,
    yearly: 0,
};

#[test]
fn without_a_rule_everything_is_kept() {
    let nights = nights(&["2026-11-01T02:00:00Z", "2026-11-01T03:00:00Z"]);
    assert_eq!(kept(&nights, NONE, &TimeZone::UTC), [1, 2]);
    let fates = plan(&nights, &NONE, &TimeZone::UTC);
    assert_eq!(fates[0].verdict, Verdict::Kept(vec![Reason::NoRule]));
    assert!(plan(&[], &Keep { last: 1, ..NONE }, &TimeZone::UTC).is_empty());
}

#[test]
fn each_rule_keeps_the_newest_of_its_periods() {
    let nights = nights(&[
        "2024-12-31T02:00:00Z", // 1: ISO week 2025-W01
        "2025-01-01T02:00:00Z", // 2: the same week
        "2025-01-01T22:00:00Z", // 3
        "2025-01-05T02:00:00Z", // 4: the last day of that week
        "2025-01-06T02:00:00Z", // 5: 2025-W02
        "2025-02-01T02:00:00Z", // 6
        "2025-02-02T02:00:00Z", // 7
    ]);
    let utc = TimeZone::UTC;
    let all = |keep| kept(&nights, keep, &utc);
    assert_eq!(all(Keep { last: 3, ..NONE }), [5, 6, 7]);
    assert_eq!(all(Keep { daily: 4, ..NONE }), [4, 5, 6, 7]);
    assert_eq!(all(Keep { daily: 5, ..NONE }), [3, 4, 5, 6, 7]);
    assert_eq!(all(Keep { weekly: 9, ..NONE }), [4, 5, 7]);
    assert_eq!(all(Keep { monthly: 2, ..NONE }), [5, 7]);
    assert_eq!(all(Keep { yearly: 9, ..NONE }), [1, 7]);
    let keep = Keep {
        last: 1,
        daily: 2,
        weekly: 2,
        monthly: 2,
        yearly: 2,
    };
    assert_eq!(all(keep), [1, 5, 6, 7]);
    let words: Vec<_> = plan(&nights, &keep, &utc)
        .into_iter()
        .map(|fate| fate.verdict.to_string())
        .collect();
    assert_eq!(
        words,
        [
            "the newest of 2024",
            "no rule keeps it",
            "no rule keeps it",
            "no rule keeps it",
            "the newest of week 2025-W02; the newest of January 2025",
            "the newest of Saturday 2025-02-01",
            "the newest; the last one; the newest of Sunday 2025-02-02; the newest of week \
             2025-W05; the newest of February 2025; the newest of 2025",
        ]
    );
    let fates = plan(&nights, &Keep { weekly: 3, ..NONE }, &utc);
    assert_eq!(
        fates[3].verdict.to_string(),
        "the newest of week 2025-W01",
        "the year is the week's"
    );
    let fates = plan(&nights, &Keep { last: 2, ..NONE }, &utc);
    assert_eq!(fates[5].verdict.to_string(), "one of the last 2");
}

/// On 25 October 2026 clocks in London go back at 02:00 to 01:00.
#[test]
fn days_are_those_of_the_zone() {
    let nights = nights(&[
        "2026-10-24T22:30:00Z", // 23:30 on the 24th
        "2026-10-24T23:30:00Z", // 00:30 on the 25th
        "2026-10-25T00:30:00Z", // 01:30, summer time
        "2026-10-25T01:30:00Z", // 01:30 again
        "2026-10-25T23:30:00Z", // 23:30 on the 25th, which had 25 hours
        "2026-10-26T00:10:00Z", // 00:10 on the 26th
    ]);
    let keep = Keep { daily: 9, ..NONE };
    assert_eq!(kept(&nights, keep, &london()), [1, 5, 6]);
    assert_eq!(kept(&nights, keep, &TimeZone::UTC), [2, 5, 6]);
    // Monday the 26th is of another week, in either.
    let keep = Keep { weekly: 9, ..NONE };
    assert_eq!(kept(&nights, keep, &london()), [5, 6]);
    // At the end of a summer month midnight comes an hour earlier in UTC.
    let nights = self::nights(&["2026-08-31T22:59:00Z", "2026-08-31T23:01:00Z"]);
    let keep = Keep { monthly: 9, ..NONE };
    assert_eq!(kept(&nights, keep, &london()), [1, 2]);
    assert_eq!(kept(&nights, keep, &TimeZone::UTC), [2]);
}

#[test]
fn a_wrong_clock_does_not_cost_the_newest() {
    // Number 2 was made while the clock ran ahead by years, 4 while it was set
    // back to the epoch.
    let nights = nights(&[
        "2026-11-01T02:00:00Z",
        "2031-01-01T02:00:00Z",
        "2026-11-03T02:00:00Z",
        "1970-01-01T00:00:10Z",
    ]);
    let utc = TimeZone::UTC;
    for keep in [
        Keep { last: 1, ..NONE },
        Keep { daily: 1, ..NONE },
        Keep { weekly: 1, ..NONE },
        Keep { monthly: 1, ..NONE },
        Keep { yearly: 1, ..NONE },
    ] {
        assert_eq!(kept(&nights, keep, &utc), [4], "{keep:?}");
    }
    assert_eq!(kept(&nights, Keep { daily: 3, ..NONE }, &utc), [2, 3, 4]);
}

#[test]
fn what_a_kept_one_needs_is_kept_through_others() {
    let mut nights = nights(&[
        "2026-11-01T02:00:00Z",
        "2026-11-02T02:00:00Z",
        "2026-11-03T02:00:00Z",
        "2026-11-04T02:00:00Z",
    ]);
    nights[1].base = vec![nights[0].id];
    nights[3].base = vec![nights[1].id];
    let keep = Keep { last: 1, ..NONE };
    assert_eq!(kept(&nights, keep, &TimeZone::UTC), [1, 2, 4]);
    let fates = plan(&nights, &keep, &TimeZone::UTC);
    assert_eq!(fates[1].verdict.to_string(), "needed by number 4");
    assert_eq!(fates[0].verdict.to_string(), "needed by number 2");
    // Two that claim to need each other are kept or go like others.
    nights[0].base = vec![nights[1].id];
    assert_eq!(kept(&nights, keep, &TimeZone::UTC), [1, 2, 4]);
    nights[3].base.clear();
    assert_eq!(kept(&nights, keep, &TimeZone::UTC), [4]);
}

#[test]
fn what_was_not_verified_takes_nobodys_place() {
    let mut nights = nights(&[
        "2026-11-01T02:00:00Z",
        "2026-11-02T02:00:00Z",
        "2026-11-02T03:00:00Z",
        "2026-11-03T02:00:00Z",
    ]);
    for place in [2, 3] {
        nights[place].is_verified = false;
    }
    let utc = TimeZone::UTC;
    let keep = Keep { daily: 1, ..NONE };
    let fates = plan(&nights, &keep, &utc);
    let words: Vec<_> = fates.iter().map(|fate| fate.verdict.to_string()).collect();
    assert_eq!(
        words,
        [
            "no rule keeps it",
            "the newest that was verified; the newest of Monday 2026-11-02",
            "not read back, or what it needs is not there, and nothing stands for it yet",
            "the newest; not read back, or what it needs is not there, and nothing stands for it yet",
        ]
    );
    // A newer one that was verified stands for them.
    let mut more = nights.clone();
    more.push(Candidate {
        id: PackageId::generate(),
        sequence: 5,
        created: "2026-11-04T02:00:00Z".parse().expect("a time"),
        base: Vec::new(),
        is_verified: true,
    });
    assert_eq!(kept(&more, keep, &utc), [5]);
    let fates = plan(&more, &keep, &utc);
    assert_eq!(fates[3].verdict, Verdict::Removed(Surplus::NotVerified));
}

/// A host that has forgotten what it verified, and verifies a new one: none of
/// its history goes.
#[test]
fn forgetting_what_was_verified_loses_no_history() {
    let mut nights = nights(&[
        "2026-11-01T02:00:00Z",
        "2026-11-02T02:00:00Z",
        "2026-11-03T02:00:00Z",
        "2026-11-04T02:00:00Z",
    ]);
    for night in &mut nights[..3] {
        night.is_verified = false;
    }
    let keep = Keep {
        daily: 3,
        monthly: 2,
        ..NONE
    };
    assert_eq!(kept(&nights, keep, &TimeZone::UTC), [1, 2, 3, 4]);
    for night in &mut nights {
        night.is_verified = false;
    }
    assert_eq!(kept(&nights, keep, &TimeZone::UTC), [1, 2, 3, 4]);
}

#[test]
fn one_that_needs_what_is_not_there_or_not_verified_does_not_count() {
    let mut nights = nights(&[
        "2026-11-01T02:00:00Z",
        "2026-11-02T02:00:00Z",
        "2026-11-03T02:00:00Z",
    ]);
    nights[2].base = vec![PackageId::generate()];
    let keep = Keep { last: 1, ..NONE };
    assert_eq!(kept(&nights, keep, &TimeZone::UTC), [2, 3]);
    nights[2].base = vec![nights[0].id];
    nights[0].is_verified = false;
    assert_eq!(kept(&nights, keep, &TimeZone::UTC), [1, 2, 3]);
}

prop_compose! {
    /// A chain with gaps, wrong clocks, bases anywhere before, and some that were
    /// not verified.
    fn chains()(
        raw in proptest::collection::vec(
            (1_u64..3, -40_i64..40, proptest::collection::vec(0_usize..40, 0..3), 0_u8..4),
            0..40,
        ),
    ) -> Vec<Candidate> {
        let mut sequence = 0;
        let mut chain: Vec<Candidate> = Vec::new();
        for (step, hours, bases, verified) in raw {
            sequence += step;
            let night = i64::try_from(sequence).expect("small") * 20;
            let base = bases.iter().filter_map(|&place| chain.get(place)).map(|one| one.id);
            let base = base.collect();
            chain.push(Candidate {
                id: PackageId::generate(),
                sequence,
                created: Timestamp::from_second(1_790_000_000 + (night + hours) * 3600)
                    .expect("a time"),
                base,
                is_verified: verified > 0,
            });
        }
        chain
    }
}

prop_compose! {
    fn rules()(
        last in 0_u32..4, daily in 0_u32..6, weekly in 0_u32..4,
        monthly in 0_u32..3, yearly in 0_u32..2,
    ) -> Keep {
        Keep { last, daily, weekly, monthly, yearly }
    }
}

proptest! {
    #[test]
    fn the_laws_hold(chain in chains(), keep in rules()) {
        let zone = london();
        let fates = plan(&chain, &keep, &zone);
        prop_assert_eq!(fates.len(), chain.len());
        let is_kept: HashMap<_, _> =
            fates.iter().map(|fate| (fate.id, fate.verdict.is_kept())).collect();
        let stays = |id: &PackageId| is_kept.get(id).copied();
        // What a kept one needs is kept, where it is there.
        for candidate in chain.iter().filter(|one| stays(&one.id) == Some(true)) {
            for base in &candidate.base {
                prop_assert_ne!(stays(base), Some(false));
            }
        }
        // The newest stays, the newest verified one, and the newest sound one.
        if let Some(newest) = chain.last() {
            prop_assert_eq!(stays(&newest.id), Some(true));
        }
        if let Some(newest) = chain.iter().rev().find(|one| one.is_verified) {
            prop_assert_eq!(stays(&newest.id), Some(true));
        }
        let sound = sound(&chain);
        let newest = (0..chain.len()).rev().find(|&place| sound[place]);
        if let Some(newest) = newest {
            prop_assert_eq!(stays(&chain[newest].id), Some(true));
        }
        // Nothing that was not verified goes without a newer sound one.
        for (place, fate) in fates.iter().enumerate() {
            if !fate.verdict.is_kept() {
                prop_assert!(newest.is_some_and(|newest| newest > place));
            }
        }
        // Planning again over what was kept removes nothing.
        let left: Vec<_> =
            chain.iter().filter(|one| stays(&one.id) == Some(true)).cloned().collect();
        for fate in plan(&left, &keep, &zone) {
            prop_assert!(fate.verdict.is_kept(), "{fate:?}");
        }
        // The order in which they are given makes no difference.
        let mut turned = chain.clone();
        turned.reverse();
        let mut again = plan(&turned, &keep, &zone);
        again.reverse();
        prop_assert_eq!(again, fates);
    }

    /// The number of days that have a verified package and keep one is the one
    /// asked for, or that of all of them.
    #[test]
    fn so_many_days_are_kept(chain in chains(), daily in 1_u32..6) {
        let mut chain = chain;
        for candidate in &mut chain {
            candidate.is_verified = true;
            candidate.base.clear();
        }
        let zone = london();
        let fates = plan(&chain, &Keep { daily, ..NONE }, &zone);
        let days: HashSet<_> = chain
            .iter()
            .map(|candidate| candidate.created.to_zoned(zone.clone()).date())
            .collect();
        let kept = fates.iter().filter(|fate| fate.verdict.is_kept()).count();
        prop_assert_eq!(kept, days.len().min(daily as usize));
    }
}
