//! A source that goes on changing while it is read.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::Site;
use crate::environment::noise;
use crate::interrupt::until;
use crate::tree::{Tree, look_at_content};

#[test]
fn what_does_not_change_is_kept_all_the_same() {
    let site = Site::with_clinic("compress = \"none\"");
    site.env.write("clinic/zz/scan.raw", noise(6 << 20));
    fs::create_dir(site.env.path("clinic/busy")).unwrap();
    let busy = site.env.path("clinic/busy");
    let (stop, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Grows, is written over, comes and goes, is renamed, becomes a folder.
            while !stop.load(Ordering::Relaxed) {
                let round = rounds.fetch_add(1, Ordering::Relaxed);
                let mut log = OpenOptions::new();
                let mut log = log
                    .create(true)
                    .append(true)
                    .open(busy.join("log"))
                    .unwrap();
                log.write_all(&[b'x'; 700]).unwrap();
                if log.metadata().unwrap().len() > 4 << 20 {
                    log.set_len(0).unwrap();
                }
                fs::write(busy.join("table"), noise((round % 5000) as usize)).unwrap();
                fs::write(busy.join("came"), "x").unwrap();
                fs::rename(busy.join("came"), busy.join("went")).unwrap();
                fs::create_dir(busy.join("folder")).unwrap();
                fs::write(busy.join("folder/deep"), "x").unwrap();
                fs::remove_file(busy.join("folder/deep")).unwrap();
                fs::remove_dir(busy.join("folder")).unwrap();
                fs::remove_file(busy.join("went")).unwrap();
            }
        });
        let runs = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for number in 1..=6 {
                let before = rounds.load(Ordering::Relaxed);
                let ran = site.backup("run clinic");
                assert!(matches!(ran.code, Some(0 | 7)), "{ran}");
                assert!(
                    rounds.load(Ordering::Relaxed) > before,
                    "nothing changed meanwhile"
                );
                assert_eq!(site.packages("to").len(), number);
                let opened = site.open("to --as-of now --to again").ends(0);
                assert!(!opened.out.is_empty());
                let [one, other] = ["clinic", "again/clinic"].map(|name| look_quietly(&site, name));
                crate::tree::assert_same(&one, &other);
                fs::remove_dir_all(site.env.path("again")).unwrap();
            }
        }));
        stop.store(true, Ordering::Relaxed);
        if let Err(panic) = runs {
            std::panic::resume_unwind(panic);
        }
    });
    assert!(site.findings("clinic", 0).is_empty());
    // At rest all of it comes back.
    site.night("clinic");
    site.comes_back();
}

/// Looks at everything but what others write to.
fn look_quietly(site: &Site, name: &str) -> Tree {
    let mut tree = Tree::new();
    for item in fs::read_dir(site.env.path(name)).unwrap() {
        let item = item.unwrap();
        if item.file_name() == "busy" {
            continue;
        }
        let below = item.file_name();
        if item.file_type().unwrap().is_dir() {
            for (path, what) in look_at_content(&item.path()) {
                tree.insert(std::path::Path::new(&below).join(path), what);
            }
        }
    }
    let patients = fs::read_to_string(site.env.path(name).join("patients.csv")).unwrap();
    tree.insert("patients.csv".into(), patients);
    tree
}

/// A site whose newest package needs an earlier one and has a file that changed
/// while it was read; and where that package lies.
pub(crate) fn with_a_lapse() -> (Site, PathBuf) {
    let site = Site::with_settled("");
    site.night("clinic");
    let log = site.env.write("clinic/log", noise(1 << 20));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut log = OpenOptions::new().append(true).open(&log).unwrap();
            while !stop.load(Ordering::Relaxed) {
                log.write_all(b"x").unwrap();
            }
        });
        let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            until("file that changes while it is read", || {
                let ran = site.backup("run clinic");
                assert!(matches!(ran.code, Some(0 | 7)), "{ran}");
                (ran.code == Some(7)).then_some(())
            });
        }));
        stop.store(true, Ordering::Relaxed);
        if let Err(panic) = seen {
            std::panic::resume_unwind(panic);
        }
    });
    let (_, newest) = site.packages("to").pop_last().unwrap();
    (site, newest)
}

#[test]
fn a_file_that_changed_while_it_was_read_is_marked() {
    let (site, newest) = with_a_lapse();
    let ran = site
        .open(&format!("{} --to again", newest.display()))
        .ends(0);
    ran.says("perhaps not as it was: clinic/log (the sender's: ");
    // What is there is a beginning of what it became.
    let [before, after] = ["again/clinic/log", "clinic/log"].map(|name| {
        let path = site.env.path(name);
        fs::read(path).unwrap()
    });
    assert!(before.len() >= 1 << 20 && after.starts_with(&before));
}
