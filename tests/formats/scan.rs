//! `exeat scan` finds the clinic in a web site of ten thousand files, and
//! names nothing else.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bad::odd;
use crate::environment::{Ran, noise};
use crate::made::Made;

const PEOPLE: u64 = 120;

/// What a scan names: path within what was scanned, and the most people.
fn named(made: &Made, ran: &Ran) -> BTreeMap<String, u64> {
    let document: Value = serde_json::from_str(&ran.out).expect(&ran.err);
    let files = document["result"]["files"].as_array().unwrap().iter();
    let root = made.env.path(made.folder);
    files
        .map(|file| {
            let path = file["path"].as_str().unwrap();
            let path = path
                .strip_prefix(root.to_str().unwrap())
                .or_else(|| path.strip_prefix(made.folder))
                .unwrap_or(path);
            let most = file["people"]["most"].as_u64().unwrap();
            (path.trim_start_matches('/').to_owned(), most)
        })
        .collect()
}

#[test]
fn scan_names_what_is_hidden_in_a_web_site_and_nothing_else() {
    let Some(made) = Made::new("webroot", PEOPLE) else {
        return;
    };
    let ran = made.exeat(&["scan", "--json", made.folder]).ends(3);
    let mut found = named(&made, &ran);
    let mut failures = Vec::new();
    for (path, people) in made.manifest("hidden").as_object().unwrap() {
        let people = people.as_u64().unwrap();
        match found.remove(path) {
            None => failures.push(format!("not found: {path}")),
            // Mail has its correspondents, too.
            Some(most) if (people..=people + 2).contains(&most) => {}
            Some(most) => failures.push(format!("{path}: {most} people of {people}")),
        }
    }
    failures.extend(found.keys().map(|path| format!("nobody is in {path}")));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn scan_names_the_worst_first() {
    let Some(made) = Made::new("webroot", PEOPLE) else {
        return;
    };
    // More in one place than in any other.
    made.env
        .write("webroot/notes/all.csv", many(made.people() * 3));
    let ran = made.exeat(&["scan", "--json", made.folder]).ends(3);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    let first = document["result"]["files"][0]["path"].as_str().unwrap();
    assert!(first.ends_with("notes/all.csv"), "{ran}");
}

/// A table of so many people.
fn many(people: u64) -> String {
    let rows = (0..people).map(|n| format!("person{n}@example.org,J45.9\n"));
    format!("email,diagnosis\n{}", rows.collect::<String>())
}

#[test]
fn scan_is_silent_where_nobody_is_and_strict_where_it_cannot_tell() {
    let Some(made) = Made::new("webroot", 1) else {
        return;
    };
    // Nobody is hidden below these.
    for folder in ["assets/css", "locale", "events"] {
        let path = format!("webroot/{folder}");
        made.exeat(&["scan", "--json", &path]).ends(0);
        made.exeat(&["scan", "--json", "--strict", &path]).ends(0);
    }
    made.env.write("webroot/locale/key.bin", noise(4096));
    made.exeat(&["scan", "--json", "webroot/locale"]).ends(0);
    made.exeat(&["scan", "--json", "--strict", "webroot/locale"])
        .ends(3);
}

#[test]
fn scan_goes_past_links_in_circles_and_pipes() {
    let Some(made) = Made::new("forms", PEOPLE) else {
        return;
    };
    odd(&made);
    let ran = made.exeat(&["scan", "--json", "forms/odd"]).ends(3);
    let found = named(&made, &ran);
    let expected = BTreeMap::from([("odd/clinic.xlsx".to_owned(), PEOPLE)]);
    assert_eq!(found, expected, "{ran}");
}
