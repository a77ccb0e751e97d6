//! The ledger of a test, as a file that can be read, compared and spoilt.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use exeat_core::digest::Digest;
use serde_json::Value;

use crate::environment::Env;
use crate::tree::{assert_same, look_at_content};

/// Where exeat keeps it.
pub(crate) fn path(env: &Env) -> PathBuf {
    env.path("../state/exeat/ledger.jsonl")
}

/// All of it; nothing where there is none yet.
pub(crate) fn text(env: &Env) -> String {
    fs::read_to_string(path(env)).unwrap_or_default()
}

/// Its entries.
pub(crate) fn entries(env: &Env) -> Vec<Value> {
    let text = text(env);
    let lines = text.lines();
    lines.map(|l| serde_json::from_str(l).expect(l)).collect()
}

/// What the entries are, in their order: `intent`, `outcome delivered`, …
pub(crate) fn story(env: &Env) -> Vec<String> {
    let entries = entries(env).into_iter();
    entries
        .map(|entry| {
            let kind = entry["kind"].as_str().unwrap().to_owned();
            match entry["outcome"]["ending"].as_str() {
                Some(ending) => format!("{kind} {ending}"),
                None => kind,
            }
        })
        .collect()
}

/// The last entry.
pub(crate) fn last(env: &Env) -> Value {
    entries(env).pop().expect("the ledger is empty")
}

/// The codes of what the rules said in an entry.
pub(crate) fn codes(entry: &Value) -> Vec<String> {
    let findings = entry["export"]["findings"].as_array().unwrap();
    let codes = findings.iter().map(|found| found["code"].as_str().unwrap());
    codes.map(str::to_owned).collect()
}

/// Moves all of it so many days into the past, as if they had gone by. Its chain
/// is made anew.
pub(crate) fn age(env: &Env, days: i64) {
    age_file(&path(env), days);
}

/// The same of a ledger somewhere else.
pub(crate) fn age_file(path: &Path, days: i64) {
    let mut text = String::new();
    let mut previous = Value::Null;
    for line in fs::read_to_string(path).unwrap().lines() {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        let time: jiff::Timestamp = entry["time"].as_str().unwrap().parse().unwrap();
        let time = time - jiff::SignedDuration::from_hours(24 * days);
        entry["time"] = time.to_string().into();
        // What was signed is about the entry as it was.
        if let Some(outcome) = entry["outcome"].as_object_mut() {
            outcome.remove("checkpoint");
        }
        entry["previous"] = previous;
        let line = format!("{entry}\n");
        previous = Digest::of(line.as_bytes()).to_string().into();
        text += &line;
    }
    fs::write(path, text).unwrap();
}

/// Adds bytes to its end, as no run of exeat would.
pub(crate) fn append(env: &Env, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().append(true).open(path(env)).unwrap();
    file.write_all(bytes).unwrap();
}

/// Runs what should leave everything as it was, the ledger too.
#[track_caller]
pub(crate) fn untouched<T>(env: &Env, run: impl FnOnce() -> T) -> T {
    let look = || {
        let mut tree = look_at_content(&env.path(".."));
        // The kernel writes into the image of a disk that is mounted.
        tree.retain(|path, _| path.extension().is_none_or(|ending| ending != "img"));
        tree
    };
    let before = look();
    let result = run();
    assert_same(&before, &look());
    result
}
