//! What is believed of a state, and what is not: nothing of one that is damaged,
//! and no file that is not the one it speaks of.

use std::path::Path;

use super::*;
use crate::progress::Silent;
use crate::source::{ListOptions, Source};

struct Case {
    dir: tempfile::TempDir,
    source: Source,
    package: PackageId,
    earlier: PackageId,
    series: Uuid,
}

fn recipients() -> Digest {
    Digest::of(b"age1a\n")
}

const FILES: [&str; 4] = ["a", "b", "c", "d"];

impl Case {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("tree");
        std::fs::create_dir(&root).expect("new");
        for name in FILES {
            std::fs::write(root.join(name), name.repeat(100)).expect("written");
        }
        Self {
            source: Source::open(&[root]).expect("opens"),
            dir,
            package: PackageId::generate(),
            earlier: PackageId::generate(),
            series: Uuid::from_u128(7),
        }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn listing(&self) -> Listing {
        let options = ListOptions {
            live: true,
            keep_owner: true,
            ..ListOptions::default()
        };
        self.source.list(&options, &Silent).expect("lists")
    }

    /// The state as it is now; `c` lies in the earlier package.
    fn text(&self, change: impl Fn(&mut Line<'_>)) -> String {
        let listing = self.listing();
        let mut out = Writer {
            out: Vec::new(),
            hasher: Hasher::default(),
            line: Vec::new(),
            files: 0,
        };
        out.line(&Head {
            format: FORMAT.into(),
            package: self.package,
            packages: vec![self.earlier, self.package].into(),
            recipients_sha256: recipients(),
            series: self.series,
        })
        .expect("in memory");
        for name in FILES {
            let entry = listing.find(format!("tree/{name}").as_bytes());
            let entry = entry.expect("listed");
            let identity = entry.identity();
            let mut line = Line {
                changed: (identity.changed_seconds, identity.changed_nanoseconds),
                inode: identity.inode,
                modified: entry.modified_exactly(),
                package: u32::from(name != "c"),
                parts: None,
                path: Some(format!("tree/{name}").into()),
                path_hex: None,
                sha256: Some(Digest::of(name.as_bytes())),
                size: identity.size,
                xattrs: None,
            };
            if name == "b" {
                change(&mut line);
            }
            out.files += 1;
            out.line(&line).expect("in memory");
        }
        let tail = Tail {
            files: out.files,
            sha256: out.hasher.clone().finish().0,
        };
        out.line(&tail).expect("in memory");
        String::from_utf8(out.out).expect("JSON")
    }

    /// Which files an earlier package holds, by a state of this text.
    fn recalled(&self, text: &[u8], present: &[PackageId]) -> Result<Vec<String>, StateError> {
        std::fs::write(self.path().join(NAME), text).expect("written");
        let mut listing = self.listing();
        let bytes = listing.bytes();
        let present = present.iter().copied().collect();
        let wanted = Wanted {
            series: self.series,
            present: &present,
            recipients_sha256: recipients(),
        };
        let result = recall(&mut listing, self.path(), wanted);
        let held = listing.entries().filter(|entry| entry.held().is_some());
        let held: Vec<_> = held.map(|entry| entry.path().to_string()).collect();
        assert_eq!(listing.bytes(), bytes - 100 * held.len() as u64);
        match result {
            Ok(recalled) => {
                assert_eq!(recalled.unchanged, held.len() as u64);
                Ok(held)
            }
            Err(error) => {
                assert!(held.is_empty() && listing.packages().is_empty());
                Err(error)
            }
        }
    }
}

#[test]
fn what_has_not_changed_is_found() {
    let case = Case::new();
    let both = [case.package, case.earlier];
    let text = case.text(|_| {});
    let held = case.recalled(text.as_bytes(), &both).expect("good");
    assert_eq!(held, ["tree/a", "tree/b", "tree/c", "tree/d"]);
    // One that is not in its place holds nothing.
    let held = case
        .recalled(text.as_bytes(), &[case.package])
        .expect("good");
    assert_eq!(held, ["tree/a", "tree/b", "tree/d"]);
}

#[test]
fn whatever_differs_is_read_again() {
    let case = Case::new();
    let both = [case.package, case.earlier];
    let others = |change: &dyn Fn(&mut Line<'_>)| {
        let text = case.text(change);
        let held = case.recalled(text.as_bytes(), &both).expect("good");
        assert_eq!(held, ["tree/a", "tree/c", "tree/d"]);
    };
    others(&|line| line.size += 1);
    others(&|line| line.inode += 1);
    others(&|line| line.changed.0 += 1);
    others(&|line| line.changed.1 ^= 1);
    others(&|line| line.modified.0 -= 1);
    others(&|line| line.modified.1 ^= 1);
    others(&|line| line.path = Some("tree/bb".into()));
    others(&|line| (line.path, line.path_hex) = (None, Some("747265652f62ff".into())));
}

#[test]
fn a_state_of_something_else_counts_for_nothing() {
    let case = Case::new();
    let text = case.text(|_| {});
    let both = [case.package, case.earlier];
    let other = case.recalled(text.as_bytes(), &[case.earlier]);
    assert!(matches!(other, Err(StateError::Other { found }) if found == case.package));
    let series = text.replace(&case.series.to_string(), &Uuid::from_u128(8).to_string());
    let other = case.recalled(series.as_bytes(), &both);
    assert!(matches!(other, Err(StateError::Other { .. })));
    let others = Digest::of(b"age1b\n").to_string();
    let others = text.replace(&recipients().to_string(), &others);
    let other = case.recalled(others.as_bytes(), &both);
    assert!(matches!(other, Err(StateError::Recipients)));
    std::fs::remove_file(case.path().join(NAME)).expect("gone");
    let mut listing = case.listing();
    let wanted = Wanted {
        series: case.series,
        present: &both.into_iter().collect(),
        recipients_sha256: recipients(),
    };
    let absent = recall(&mut listing, case.path(), wanted);
    assert!(matches!(absent, Err(StateError::Absent)));
}

#[test]
fn a_line_that_makes_no_sense_spoils_all_of_it() {
    let case = Case::new();
    let both = [case.package, case.earlier];
    let spoilt = |change: &dyn Fn(&mut Line<'_>)| {
        let text = case.text(change);
        let damaged = case.recalled(text.as_bytes(), &both);
        assert!(matches!(damaged, Err(StateError::Damaged { line: 3 })));
    };
    spoilt(&|line| line.package = 2);
    spoilt(&|line| line.sha256 = None);
    spoilt(&|line| line.path = None);
    spoilt(&|line| line.path_hex = Some("61".into()));
}

#[test]
fn of_a_damaged_state_nothing_is_believed() {
    let case = Case::new();
    let text = case.text(|_| {}).into_bytes();
    let both = [case.package, case.earlier];
    for end in 0..text.len() {
        assert!(case.recalled(&text[..end], &both).is_err(), "cut at {end}");
    }
    for at in 0..text.len() {
        let mut flipped = text.clone();
        flipped[at] ^= 1;
        assert!(case.recalled(&flipped, &both).is_err(), "flipped at {at}");
    }
    let more = [&text[..], b"\n"].concat();
    assert!(case.recalled(&more, &both).is_err());
    // Two lines exchanged.
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let exchanged = [lines[0], lines[2], lines[1], lines[3], lines[4], lines[5]].concat();
    assert!(case.recalled(&exchanged, &both).is_err());
}

#[test]
fn a_source_of_which_nothing_is_left_is_named() {
    let mut roots = Roots::default();
    for number in 0..10 {
        roots.see(format!("inbox/{number}").as_bytes(), false);
        roots.see(format!("clinic/{number}").as_bytes(), number == 7);
        roots.see(format!("in\u{1b}/{number}").as_bytes(), false);
    }
    for number in 0..9 {
        roots.see(format!("few/{number}").as_bytes(), false);
    }
    assert_eq!(roots.emptied(), ["in\\x1b", "inbox"]);
}
