//! Hostile packages: more than three hundred, each with the reason for which it has to
//! be refused, run through the real binary.
//!
//! A package that was received is an attacker's input. Of every one of these, exeat has
//! to end with the code that says whose fault it is, to say what is wrong, to print
//! nothing on standard output and to leave the folder as it was. Time and memory of
//! every run are measured and printed; `EXEAT_STRICT=1` demands a second and 64 MiB of each.
//!
//! ```sh
//! cargo test -p exeat-cli --test hostile -- --nocapture
//! EXEAT_HOSTILE_LIST=1 cargo test -p exeat-cli --test hostile -- --nocapture   # the whole table
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and makes and breaks files of its own"
)]

mod archives;
mod chains;
mod envelopes;
#[path = "../cli/environment.rs"]
#[expect(dead_code, reason = "tests/cli needs more of it")]
mod environment;
mod flips;
mod foreign;
mod forge;
mod inventories;
mod manifests;
mod members;
mod mix_ups;
mod payloads;
mod rekeyed;
mod runner;
mod signatures;
#[path = "../cli/tree.rs"]
#[expect(dead_code, reason = "tests/cli needs more of it")]
mod tree;
mod vectors;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use forge::Workshop;
use runner::{ALL, ARCHIVE, Case, Figures, Meter, NAME, run_case, tidy};

/// What one package may take.
const MOST_SECONDS: f64 = 1.0;
const MOST_KIB: u64 = 64 << 10;
/// So many there have to be.
const LEAST: usize = 300;

/// All of them, by family.
fn families() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("members of the folder", members::cases()),
        ("archives", archives::cases()),
        ("manifests", manifests::cases()),
        ("signatures", signatures::cases()),
        ("envelopes", envelopes::cases()),
        ("inventories", inventories::cases()),
        ("payloads", payloads::cases()),
        ("further envelopes", rekeyed::cases()),
        ("chains of backups", chains::cases()),
        ("made by other programs", foreign::cases()),
    ]
}

/// Says something past the capture of the test harness.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[test]
fn hostile_packages_are_refused() {
    let tools = ["python3", "age", "tar", "zip", "zstd", "ssh-keygen"];
    if !environment::require(&tools) {
        return;
    }
    let families = families();
    for (family, cases) in &families {
        say(&format!("{:4} {family}", cases.len()));
    }
    let cases: Vec<Case> = families.into_iter().flat_map(|(_, cases)| cases).collect();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    assert!(cases.len() >= LEAST, "only {} cases", cases.len());
    if std::env::var_os("EXEAT_HOSTILE_LIST").is_some() {
        for case in &cases {
            say(&format!("{} ({}): {}", case.name, case.code, case.why));
        }
    }
    let (figures, problems) = run_all(&cases);
    let Figures {
        packages,
        runs,
        accepted,
        outside,
        slowest,
        largest,
    } = figures;
    let mib = largest.0.div_ceil(1024);
    say(&format!(
        "{packages} hostile packages, {runs} runs: {accepted} accepted, {outside} left something \
         outside, slowest {:.2} s, most memory {mib} MiB\n     slowest: {}\n     largest: {}",
        slowest.0, slowest.1, largest.1
    ));
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    assert!(largest.0 <= MOST_KIB, "{mib} MiB: {}", largest.1);
    if std::env::var_os("EXEAT_STRICT").is_some() {
        assert!(slowest.0 <= MOST_SECONDS, "{} s: {}", slowest.0, slowest.1);
    }
}

/// Runs every case, on as many threads as there are processors, each with people and
/// packages of its own.
fn run_all(cases: &[Case]) -> (Figures, Vec<String>) {
    let next = AtomicUsize::new(0);
    let all = Mutex::new((Figures::default(), Vec::new()));
    let threads = std::thread::available_parallelism()
        .map_or(2, usize::from)
        .min(4);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let workshop = Workshop::new();
                foreign::make(&workshop);
                let mut meter = Meter::start(&workshop);
                let mut figures = Figures::default();
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let problems = run_case(&workshop, &mut meter, case, &mut figures);
                    all.lock().unwrap().1.extend(problems);
                }
                all.lock().unwrap().0.add(figures);
            });
        }
    });
    all.into_inner().unwrap()
}

/// What the forge makes of a genuine package when nothing is altered is accepted: so
/// that no case is refused for what the forge does wrong.
#[test]
fn what_the_forge_leaves_alone_is_accepted() {
    let workshop = Workshop::new();
    let mut meter = Meter::start(&workshop);
    let mut accepted = |how: &str, lines: &[&str]| {
        for line in lines {
            let run = meter.run(line);
            assert_eq!(run.code, 0, "{how}: {line}: {}", run.err);
            assert!(!run.out.is_empty(), "{how}: {line}");
            tidy(&workshop);
        }
    };
    let path = workshop.env.path(NAME);
    for name in ["plain", "other", "volumes", "stream"] {
        for (how, members) in [
            ("genuine", workshop.genuine(name)),
            ("sealed anew", workshop.draft(name).seal(&workshop)),
        ] {
            members.write(&path);
            accepted(&format!("{name}, {how}"), ALL);
            std::fs::remove_dir_all(&path).unwrap();
            let archive = archives::archive(&archives::items(&members));
            std::fs::write(&path, archive).unwrap();
            accepted(&format!("{name}, {how}, an archive"), ARCHIVE);
            std::fs::remove_file(&path).unwrap();
        }
    }
    for (how, members) in [
        ("signed anew", workshop.outer(|_| ())),
        ("a manifest anew", workshop.manifest(|_| ())),
        ("a manifest's bytes", workshop.manifest_bytes(|bytes| bytes)),
        ("inside anew", workshop.inner(|_| ())),
        ("undamaged", workshop.damaged(|_| ())),
    ] {
        members.write(&path);
        accepted(how, ALL);
        std::fs::remove_dir_all(&path).unwrap();
    }
    let (first, second) = chains::Pair::good(&workshop).seal(&workshop);
    chains::place(&path, &[("one.exeat", &first), ("two.exeat", &second)]);
    accepted("a backup and an earlier one", chains::OPEN);
    std::fs::remove_dir_all(&path).unwrap();
    rekeyed::passed_on(&workshop).write(&path);
    accepted("passed on", ALL);
    accepted("passed on", runner::THIRDS);
}

/// What the sender says to have found is shown and not believed: numbers of any size.
#[test]
fn numbers_without_end_are_no_fault() {
    fn raise(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Number(_) => *value = u64::MAX.into(),
            serde_json::Value::Array(all) => all.iter_mut().for_each(raise),
            serde_json::Value::Object(all) => all.values_mut().for_each(raise),
            _ => {}
        }
    }
    let workshop = Workshop::new();
    let mut meter = Meter::start(&workshop);
    for name in ["plain", "volumes"] {
        let mut draft = workshop.draft(name);
        let facts = draft.header["facts"].clone();
        raise(&mut draft.header["facts"]);
        for kept in ["bytes", "files"] {
            draft.header["facts"][kept] = facts[kept].clone();
        }
        assert!(
            draft.header["facts"]
                .to_string()
                .contains("more_places\":18446744073709551615")
        );
        let path = workshop.env.path(NAME);
        draft.seal(&workshop).write(&path);
        for line in ALL {
            let run = meter.run(line);
            assert_eq!(run.code, 0, "{line}: {}", run.err);
            tidy(&workshop);
        }
        std::fs::remove_dir_all(path).unwrap();
    }
}

/// A case that is harmless, or refused for another reason, or leaves something, makes
/// the runner complain: so that it does not pass whatever happens.
#[test]
fn the_runner_notices() {
    let workshop = Workshop::new();
    let mut meter = Meter::start(&workshop);
    let mut problems = |commands, code, words: &str| {
        let case = Case::new(
            "harmless",
            "it is not",
            commands,
            code,
            words,
            |workshop, _| workshop.genuine("plain"),
        );
        let mut figures = Figures::default();
        let problems = run_case(&workshop, &mut meter, &case, &mut figures);
        assert_eq!(figures.packages, 1);
        (problems.join("\n"), figures)
    };
    let (found, figures) = problems(ALL, 4, "damaged");
    let (all, refusals) = (ALL.len(), found.matches("it should end with 4").count());
    assert_eq!(refusals, all, "{found}");
    assert!(found.contains("it prints something"), "{found}");
    assert!(found.contains("it leaves "), "{found}");
    // What was opened, the receipt, and the further envelope.
    assert_eq!(
        (figures.accepted, figures.outside, figures.runs),
        (all, 3, all)
    );
    assert!(figures.slowest.0 > 0.0 && figures.largest.0 > 1000);
    // The wrong words.
    let (found, _) = problems(&["verify nowhere"], 1, "damaged");
    assert!(found.contains("it should say \"damaged\""), "{found}");
    // No words at all.
    let (found, _) = problems(&["verify nowhere"], 1, "");
    assert!(found.contains("it should say \"\""), "{found}");
    let (found, figures) = problems(&["verify nowhere"], 1, "cannot open nowhere");
    assert_eq!((found.as_str(), figures.accepted), ("", 0));
}
