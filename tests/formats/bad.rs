//! What is damaged, hostile, protected or mislabelled: exeat does not break,
//! does not let it pass, and says why.

use std::fs;
use std::os::unix::fs::symlink;

use crate::made::Made;
use crate::report::Report;

const PEOPLE: u64 = 120;

#[test]
fn what_is_damaged_or_hostile_is_never_taken_for_harmless() {
    let Some(made) = Made::new("bad", PEOPLE) else {
        return;
    };
    let mut failures = Vec::new();
    for bad in made.manifest("bad").as_array().unwrap() {
        let (file, expect) = (
            bad["file"].as_str().unwrap(),
            bad["expect"].as_str().unwrap(),
        );
        let report = Report::of(&made, file);
        if report.plain_allowed || !is_as_expected(expect, &report) {
            failures.push(format!("{file} should be {expect}: {report}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn is_as_expected(expect: &str, report: &Report) -> bool {
    let is_said = report
        .uninspected
        .iter()
        .any(|(path, reason)| !path.is_empty() && !reason.is_empty());
    let is_read = report.least <= PEOPLE && report.most == PEOPLE;
    let has = |code: &str| report.codes.contains(code);
    match expect {
        "read" => is_read && report.uninspected.is_empty(),
        "uninspected" => is_said,
        "weak" => has("weak-encryption"),
        "media" => has("plaintext-media") && report.uninspected.is_empty(),
        "noticed" => is_said || is_read || has("weak-encryption") || has("plaintext-media"),
        other => panic!("{other} is nothing to expect"),
    }
}

#[test]
fn links_that_go_in_circles_and_pipes_that_nobody_fills_stop_nobody() {
    let Some(made) = Made::new("forms", PEOPLE) else {
        return;
    };
    odd(&made);
    // No pipe can be exported, and that is said before anything is read.
    made.exeat(&["check", "--exact", "forms/odd"])
        .ends(1)
        .says("odd/pipe");
    fs::remove_file(made.env.path("forms/odd/pipe")).unwrap();
    let report = Report::of(&made, "odd");
    assert_eq!(
        (report.most, report.plain_allowed),
        (PEOPLE, false),
        "{report}"
    );
}

/// A folder with the clinic, links that lead nowhere, and a pipe.
pub(crate) fn odd(made: &Made) {
    let folder = made.env.path("forms/odd");
    fs::create_dir(&folder).unwrap();
    let book = made.env.path("forms/xlsx/clinic.xlsx");
    fs::copy(book, folder.join("clinic.xlsx")).unwrap();
    symlink(".", folder.join("here")).unwrap();
    symlink("two", folder.join("one")).unwrap();
    symlink("one", folder.join("two")).unwrap();
    made.env.tool("mkfifo forms/odd/pipe");
}
