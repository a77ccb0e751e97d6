//! JSON of every layout.

use proptest::prelude::*;
use serde_json::Value;

use super::super::Kind;
use super::Seen;

fn cells(seen: &Seen) -> Vec<Vec<(&str, &str)>> {
    seen.records
        .iter()
        .map(|record| {
            record
                .iter()
                .map(|(a, b)| (a.as_str(), b.as_str()))
                .collect()
        })
        .collect()
}

#[test]
fn arrays_of_objects_are_records() {
    let seen = Seen::of(
        br#"[{"nhs": 9990000018, "name": {"given": ["Amy", "A."]}}, {"nhs": 9990000026}]"#,
    );
    seen.expect(Kind::Json, "");
    assert_eq!(
        cells(&seen),
        [
            vec![
                ("nhs", "9990000018"),
                ("name.given", "Amy"),
                ("name.given", "A.")
            ],
            vec![("nhs", "9990000026")],
        ]
    );
    let many: String = (0..12).map(|id| format!("{{\"id\":{id}}},")).collect();
    let text = format!(
        "{{\"meta\": {{\"at\": \"now\"}}, \"patients\": [{}]}}",
        many.trim_end_matches(',')
    );
    let seen = Seen::of(text.as_bytes());
    seen.expect(Kind::Table, "");
    assert_eq!(seen.records.len(), 13);
    assert_eq!(seen.column("id").len(), 12);
    assert_eq!(seen.column("meta.at"), ["now"]);
}

#[test]
fn settings_are_one_record() {
    let seen = Seen::of(br#"{"name": "x", "scripts": {"a": "b"}, "authors": [{"name": "Amy"}], "files": [{"p": 1}]}"#);
    seen.expect(Kind::Json, "");
    assert_eq!(
        cells(&seen),
        [vec![
            ("name", "x"),
            ("scripts.a", "b"),
            ("authors.name", "Amy"),
            ("files.p", "1")
        ]]
    );
}

/// Objects under keys of their own, and rows without names.
#[test]
fn members_that_are_alike_are_records() {
    let map: Vec<String> = (0..12)
        .map(|n| {
            format!(
                r#""Amy {n}": {{"born": "1980-02-0{}", "seen": [{n}]}}"#,
                n % 9 + 1
            )
        })
        .collect();
    let seen = Seen::of(format!(r#"{{"of": "now", "people": {{{}}}}}"#, map.join(", ")).as_bytes());
    assert_eq!(seen.records.len(), 13);
    assert_eq!(seen.column("of"), ["now"]);
    assert_eq!(seen.column("people.*").len(), 12);
    assert_eq!(seen.column("people.*.born").len(), 12);

    let rows: Vec<String> = (0..12).map(|n| format!(r#"["Amy {n}", {n}]"#)).collect();
    let seen = Seen::of(
        format!(
            r#"{{"columns": ["a", "b"], "data": [{}]}}"#,
            rows.join(", ")
        )
        .as_bytes(),
    );
    assert_eq!(seen.records.len(), 13);
    assert_eq!(seen.records[1].len(), 2);

    // A data frame by columns has no more columns than it had.
    let column: Vec<String> = (0..12).map(|n| format!(r#""{n}": "v{n}""#)).collect();
    let seen =
        Seen::of(format!(r#"{{"name": {{{0}}}, "born": {{{0}}}}}"#, column.join(", ")).as_bytes());
    assert_eq!(seen.records.len(), 1);
    assert_eq!(seen.column("name").len(), 12);
}

#[test]
fn values_keep_their_written_form() {
    let seen = Seen::of(
        br#"{"a": -1.50e+10, "b": true, "c": null, "d": "\u0041\n\/\ud83d\ude00", "d": "twice"}"#,
    );
    seen.expect(Kind::Json, "");
    assert_eq!(
        cells(&seen),
        [vec![
            ("a", "-1.50e+10"),
            ("b", "true"),
            ("c", ""),
            ("d", "A\n/\u{1F600}"),
            ("d", "twice")
        ]]
    );
}

#[test]
fn keys_that_are_values_are_seen() {
    let seen = Seen::of(
        br#"{"patients": {"9990000018": {"name": "Amy"}, "9990000026": {"name": "Bob"}}}"#,
    );
    seen.expect(Kind::Json, "");
    assert_eq!(seen.column("patients.*"), ["9990000018", "9990000026"]);
    assert_eq!(seen.column("patients.*.name"), ["Amy", "Bob"]);
}

#[test]
fn lines_are_records() {
    let seen = Seen::of(b"{\"id\": 1}\n\n{\"id\": 2, \"x\": [{\"y\": 3}, {\"y\": 4}]}\r\n[5]\n");
    seen.expect(Kind::Table, "");
    assert_eq!(
        cells(&seen),
        [
            vec![("id", "1")],
            vec![("id", "2"), ("x.y", "3"), ("x.y", "4")],
            vec![("#2", "5")]
        ]
    );
    let seen = Seen::of(b"{\"id\": 1}\n{\"id\": 2, \"nhs\": 9990000018, ]\n{\"id\": 3}\n");
    seen.expect(Kind::Table, "JSON that is not valid");
    assert_eq!(seen.column("id"), ["1", "2", "3"]);
    assert!(seen.shows("9990000018"));
}

#[test]
fn documents_may_follow_each_other() {
    let seen = Seen::of(b"{\n \"id\": 1\n}\n{\n \"id\": 2\n}\n");
    assert_eq!(seen.expect(Kind::Json, "").column("id"), ["1", "2"]);
}

#[test]
fn fhir_names_its_nhs_numbers() {
    let patient = |id: &str| {
        format!(
            r#"{{"resourceType":"Patient","id":"{id}","identifier":[{{"value":"x1","system":"urn:other"}},{{"value":"9990000018","system":"https://fhir.nhs.uk/Id/nhs-number"}}]}}"#
        )
    };
    let bundle = format!(
        r#"{{"resourceType":"Bundle","entry":[{{"fullUrl":"urn:a","resource":{}}},{{"resource":{{"resourceType":"Observation","subject":{{"reference":"Patient/a"}}}}}}]}}"#,
        patient("a")
    );
    for text in [
        bundle,
        patient("a"),
        format!("{}\n{}\n", patient("a"), patient("b")),
    ] {
        let seen = Seen::of(text.as_bytes());
        assert_eq!(seen.reason(), "");
        assert_eq!(
            seen.column("identifier.value[nhs-number]").first(),
            Some(&"9990000018")
        );
        assert_eq!(seen.column("identifier.value").first(), Some(&"x1"));
        assert_eq!(seen.column("id").first(), Some(&"a"));
        assert!(seen.column("resourceType").contains(&"Patient"));
        if text.contains("Bundle") {
            assert_eq!(seen.column("subject.reference"), ["Patient/a"]);
            assert_eq!(seen.column("fullUrl"), ["urn:a"]);
        }
    }
}

#[test]
fn broken_json_is_uninspected_but_seen() {
    for (text, reason) in [
        (
            "{\"a\": 1, \"nhs\": \"9990000018",
            "JSON that ends too early",
        ),
        (
            "[{\"a\": 1}, {\"nhs\": \"9990000018\"",
            "JSON that ends too early",
        ),
        (
            "[{\"a\": 1}, {\"nhs\": 9990000018,}]",
            "JSON that is not valid",
        ),
        (
            "[{\"a\": 1}, {\"nhs\": 9990000018},]",
            "JSON that is not valid",
        ),
        ("{\"a\": 1} x 9990000018", "JSON that is not valid"),
        ("{\"a\": 09990000018}", "JSON that is not valid"),
        ("{\"a\": 1]} 9990000018", "JSON that is not valid"),
        ("{\"a\": \"9990000018\n\"}", "JSON that is not valid"),
        ("{\"a\": \"9990000018 \\x\"}", "JSON that is not valid"),
        ("[1, 2, 9990000018, x]", "JSON that is not valid"),
    ] {
        let seen = Seen::of(text.as_bytes());
        assert_eq!(seen.reason(), reason, "{text}");
        assert!(seen.shows("9990000018"), "{text}");
    }
}

#[test]
fn depth_and_width_are_bounded() {
    let deep = format!(
        "{}{}{}",
        "[".repeat(100_000),
        "9990000018",
        "]".repeat(100_000)
    );
    let seen = Seen::of(deep.as_bytes());
    assert_eq!(seen.reason(), "JSON nested too deeply");
    assert!(seen.shows("9990000018"));
    let deep = format!(
        "[{{\"a\":{}9990000018{}}},{{}}]",
        "[".repeat(200),
        "]".repeat(200)
    );
    let seen = Seen::of(deep.as_bytes());
    assert_eq!(seen.reason(), "JSON nested too deeply");
    assert!(seen.shows("9990000018"));
    let wide: String = (0..5000).map(|key| format!("\"k{key}\":1,")).collect();
    let seen = Seen::of(format!("{{{wide}\"nhs\":9990000018}}").as_bytes());
    assert_eq!(seen.reason(), "more than 4,096 columns");
    assert!(seen.shows("9990000018"));
    let many = format!("[{{\"a\":[{}9990000018]}}]", "1,".repeat(1_500_000));
    let seen = Seen::of(many.as_bytes());
    assert_eq!(seen.reason(), "JSON with too many values in a record");
    assert!(seen.shows("9990000018"));
}

#[test]
fn documents_larger_than_a_block_are_cut() {
    let inner: String = (0..60_000)
        .map(|id| format!("{{\"id\":{id},\"visits\":[{{\"v\":1}}]}},"))
        .collect();
    let text = format!(
        "{{\"from\":\"x\",\"wards\":[{{\"name\":\"W\",\"patients\":[{}]}}],\"to\":\"y\"}}",
        inner.trim_end_matches(',')
    );
    let seen = Seen::of(text.as_bytes());
    seen.expect(Kind::Table, "");
    assert_eq!(seen.column("id").len(), 60_000);
    assert_eq!(seen.column("visits.v").len(), 60_000);
    assert_eq!(
        (
            seen.column("from"),
            seen.column("wards.name"),
            seen.column("to")
        ),
        (vec!["x"], vec!["W"], vec!["y"])
    );
}

fn leaves(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Null => found.push(String::new()),
        Value::Bool(value) => found.push(value.to_string()),
        Value::Number(value) => found.push(value.to_string()),
        Value::String(value) => found.push(value.clone()),
        Value::Array(values) => values.iter().for_each(|value| leaves(value, found)),
        Value::Object(values) => values.values().for_each(|value| leaves(value, found)),
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 64, 12, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(Value::Array),
            prop::collection::hash_map("[a-z\"\\\\\u{e9}]{0,4}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_leaf_is_visited_once(values in prop::collection::vec(json(), 1..4), pretty in any::<bool>(), object in any::<bool>()) {
        let value = if object {
            serde_json::json!({"first": values[0], "rest": values})
        } else {
            serde_json::json!([{"a": values}, values[0]])
        };
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.expect("in memory");
        let seen = Seen::of(text.as_bytes());
        prop_assert!(matches!(seen.kind(), Kind::Json | Kind::Table), "{:?}", text);
        // Characters of C0 and NUL come only escaped here.
        prop_assert_eq!(seen.reason(), "");
        let mut expected = Vec::new();
        leaves(&value, &mut expected);
        let mut found: Vec<String> = seen.cells().map(|(_, value)| value.to_string()).collect();
        expected.sort();
        found.sort();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn what_serde_json_refuses_is_uninspected(value in json(), at in any::<prop::sample::Index>(), byte in prop::sample::select(b"{}[],:\"\\x1 ".to_vec())) {
        let mut text = serde_json::to_vec(&serde_json::json!({"first": value, "last": 1})).expect("in memory");
        let at = 12 + at.index(text.len() - 12);
        text[at] = byte;
        let seen = Seen::of(&text);
        if serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_err() && matches!(seen.kind(), Kind::Json | Kind::Table) {
            prop_assert!(!seen.reasons.is_empty(), "{:?}", super::lossy(&text));
        }
    }
}
