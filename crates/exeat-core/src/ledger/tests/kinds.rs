//! Each kind of entry has bodies of its own, and no others.

use serde_json::Value;

use super::parse::LineFault;
use super::*;

/// A line of each of three kinds, as JSON.
fn lines() -> [Value; 3] {
    let (_folder, path) = folder();
    let ledger = open(&path);
    intend(&ledger, 7, 1).delivered(9, None).expect("recorded");
    let refused = export(7, Form::Plaintext);
    let refused = ledger.record_refusal(&refused, Some(&found(5000)));
    refused.expect("recorded");
    let text = text(&path);
    let mut lines = text.lines().map(serde_json::from_str);
    let lines = [(); 3].map(|()| lines.next().expect("three").expect("JSON"));
    let kinds = lines.each_ref().map(|line: &Value| line["kind"].as_str());
    assert_eq!(kinds, [Some("intent"), Some("outcome"), Some("refusal")]);
    lines
}

/// The line read: nothing, or what is wrong with it.
fn read(line: &Value) -> Result<(), String> {
    let bytes = serde_json::to_vec(line).expect("JSON");
    match parse::read(&bytes) {
        Ok(_) => Ok(()),
        Err(LineFault::Malformed { reason, cut: false }) => Err(reason),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn bodies_of_another_kind_are_refused() {
    let [intent, outcome, refusal] = lines();
    for line in [&intent, &outcome, &refusal] {
        assert_eq!(read(line), Ok(()));
    }
    let not_of_its_kind = Err("the entry is not one of its kind".to_owned());
    let without = |line: &Value, name: &str| {
        let mut line = line.clone();
        line.as_object_mut().expect("an object").remove(name);
        read(&line)
    };
    let with = |line: &Value, name: &str, from: &Value| {
        let mut line = line.clone();
        line[name] = from[name].clone();
        read(&line)
    };
    // What leaves is both who asked and what was found.
    assert_eq!(without(&intent, "export"), not_of_its_kind);
    assert_eq!(without(&intent, "found"), not_of_its_kind);
    assert_eq!(with(&intent, "outcome", &outcome), not_of_its_kind);
    // What became of it is neither.
    assert_eq!(without(&outcome, "outcome"), not_of_its_kind);
    assert_eq!(with(&outcome, "export", &intent), not_of_its_kind);
    assert_eq!(with(&outcome, "found", &intent), not_of_its_kind);
    // What was refused may have been refused before it was looked into.
    assert_eq!(without(&refusal, "export"), not_of_its_kind);
    assert_eq!(without(&refusal, "found"), Ok(()));
    assert_eq!(with(&refusal, "outcome", &outcome), not_of_its_kind);
    for (line, kind) in [
        (&intent, "refusal"),
        (&refusal, "outcome"),
        (&outcome, "alarm"),
    ] {
        let mut line = line.clone();
        line["kind"] = kind.into();
        let expected = match kind {
            // It has all that a refusal has.
            "refusal" => Ok(()),
            _ => not_of_its_kind.clone(),
        };
        assert_eq!(read(&line), expected, "{kind}");
    }
}

#[test]
fn what_is_wrong_with_a_line_is_said_without_quoting_it() {
    let [mut intent, ..] = lines();
    intent["sequence"] = "a word of somebody's".into();
    let reason = read(&intent).expect_err("no number");
    assert!(
        reason.starts_with("the line is JSON, but not an entry (column "),
        "{reason}"
    );
    match parse::read(b"{\"version\" 1}") {
        Err(LineFault::Malformed { reason, cut: false }) => {
            assert!(
                reason.starts_with("the line is not JSON (column "),
                "{reason}"
            );
        }
        other => panic!("{other:?}"),
    }
    intent["version"] = 99.into();
    let bytes = serde_json::to_vec(&intent).expect("JSON");
    assert!(matches!(parse::read(&bytes), Err(LineFault::Version(99))));
}
