//! JSON Schema (2020-12), as much of it as the manual's schemas use. What is
//! not known here is an error, so that nothing in them goes unchecked.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// A schema of the manual, and what of it occurred in documents so far.
pub(crate) struct Schema {
    root: Value,
    seen: RefCell<BTreeSet<String>>,
}

impl Schema {
    /// The one of this name.
    pub(crate) fn named(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exeat-core/src/manual/json");
        let text = fs::read_to_string(folder.join(format!("{name}.schema.json"))).unwrap();
        Self::new(serde_json::from_str(&text).unwrap())
    }

    fn new(root: Value) -> Self {
        let schema = Self {
            root,
            seen: RefCell::default(),
        };
        assert_eq!(
            schema.root["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        schema.look_over(&schema.root, "document");
        for (name, part) in schema.parts() {
            schema.look_over(part, name);
        }
        schema
    }

    /// The definitions that it refers to.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.root["$defs"].as_object().unwrap().iter()
    }

    /// The names of the members at the top, with their schemas.
    pub(crate) fn top(&self) -> &Value {
        &self.root["properties"]
    }

    fn part(&self, reference: &Value) -> (&str, &Value) {
        let reference = reference.as_str().unwrap();
        let name = reference.strip_prefix("#/$defs/").expect(reference);
        let (name, part) = self.root["$defs"]
            .as_object()
            .and_then(|parts| parts.get_key_value(name))
            .expect(reference);
        (name, part)
    }

    /// Demands that every keyword is known, that every object is closed, and
    /// that every member has a description.
    fn look_over(&self, schema: &Value, at: &str) {
        let members = schema.as_object().expect(at);
        for (keyword, value) in members {
            match keyword.as_str() {
                "$schema" | "title" | "$defs" | "enum" | "const" | "required" => {}
                "description" => assert!(!value.as_str().unwrap().is_empty(), "{at}"),
                "type" | "minimum" => {}
                "$ref" => drop(self.part(value)),
                "additionalProperties" => assert_eq!(value, false, "{at}"),
                "items" => self.look_over(value, at),
                // Branches say more of members that are described elsewhere.
                "oneOf" => {
                    for branch in value.as_array().unwrap() {
                        if let Some(reference) = branch.get("$ref") {
                            self.part(reference);
                        }
                        for schema in branch["properties"].as_object().into_iter().flatten() {
                            self.look_over(schema.1, at);
                        }
                        assert!(branch.as_object().unwrap().keys().all(|keyword| {
                            ["$ref", "type", "properties"].contains(&keyword.as_str())
                        }));
                    }
                }
                "properties" => {
                    assert_eq!(schema["type"], "object", "{at}");
                    assert_eq!(schema["additionalProperties"], false, "{at} is open");
                    for (name, member) in value.as_object().unwrap() {
                        let at = format!("{at}/{name}");
                        assert!(member["description"].is_string(), "{at} is not described");
                        self.look_over(member, &at);
                    }
                    for name in schema["required"].as_array().unwrap() {
                        assert!(value.get(name.as_str().unwrap()).is_some(), "{at}: {name}");
                    }
                }
                _ => panic!("the keyword {keyword} at {at} is not known here"),
            }
        }
    }

    /// Whether the document is as the schema says; if not, where and why.
    pub(crate) fn check(&self, document: &Value) -> Result<(), String> {
        self.compare(&self.root, document, "document", "")
    }

    /// `part` is the definition that `schema` is in, `at` the place in the
    /// document.
    fn compare(&self, schema: &Value, value: &Value, part: &str, at: &str) -> Result<(), String> {
        let wrong = |what: String| Err(format!("{at}: {what}"));
        for (keyword, wanted) in schema.as_object().unwrap() {
            match keyword.as_str() {
                "$ref" => {
                    let (name, schema) = self.part(wanted);
                    self.compare(schema, value, name, at)?;
                }
                "type" if !types(wanted).contains(&kind(value)) => {
                    return wrong(format!("{} is not of type {wanted}", kind(value)));
                }
                "enum" if !wanted.as_array().unwrap().contains(value) => {
                    return wrong(format!("{value} is none of {wanted}"));
                }
                "const" if wanted != value => return wrong(format!("{value} is not {wanted}")),
                "minimum" if value.is_number() && value.as_f64() < wanted.as_f64() => {
                    return wrong(format!("{value} is less than {wanted}"));
                }
                "required" => {
                    for name in wanted.as_array().unwrap() {
                        if value.is_object() && value.get(name.as_str().unwrap()).is_none() {
                            return wrong(format!("{name} is missing"));
                        }
                    }
                }
                "properties" => {
                    for (name, value) in value.as_object().into_iter().flatten() {
                        let at = format!("{at}/{name}");
                        let Some(schema) = wanted.get(name) else {
                            // Where the object is closed.
                            if schema.get("additionalProperties").is_some() {
                                return Err(format!("{at} is not documented"));
                            }
                            continue;
                        };
                        let seen = format!("{part}/{name} {}", kind(value));
                        self.seen.borrow_mut().insert(seen);
                        self.compare(schema, value, part, &at)?;
                    }
                }
                "items" => {
                    for (number, value) in value.as_array().into_iter().flatten().enumerate() {
                        self.compare(wanted, value, part, &format!("{at}/{number}"))?;
                    }
                }
                "oneOf" => {
                    let branches = wanted.as_array().unwrap().iter();
                    let results = branches.map(|branch| self.compare(branch, value, part, at));
                    let (good, bad): (Vec<_>, Vec<_>) = results.partition(Result::is_ok);
                    if good.len() != 1 {
                        return wrong(format!("{} of the forms are met: {bad:?}", good.len()));
                    }
                }
                // Looked at before, or met.
                _ => {}
            }
        }
        Ok(())
    }

    /// What is documented and occurred in no document: `definition/member type`.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let mut wanted = BTreeSet::new();
        let top = ("document", &self.root);
        let parts = self.parts().map(|(name, part)| (name.as_str(), part));
        for (part, schema) in parts.chain([top]) {
            for (name, member) in schema["properties"].as_object().unwrap() {
                for kind in self.kinds(member) {
                    wanted.insert(format!("{part}/{name} {kind}"));
                }
            }
        }
        wanted.difference(&self.seen.borrow()).cloned().collect()
    }

    /// The types that a value of a schema can have.
    fn kinds<'a>(&'a self, schema: &'a Value) -> Vec<&'a str> {
        if let Some(wanted) = schema.get("type") {
            return types(wanted);
        }
        if let Some(reference) = schema.get("$ref") {
            return self.kinds(self.part(reference).1);
        }
        let branches = schema["oneOf"].as_array().unwrap();
        branches
            .iter()
            .flat_map(|branch| self.kinds(branch))
            .collect()
    }
}

fn types(wanted: &Value) -> Vec<&str> {
    match wanted {
        Value::Array(types) => types.iter().map(|kind| kind.as_str().unwrap()).collect(),
        one => vec![one.as_str().unwrap()],
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// What goes wrong with a schema or a document is noticed.
mod tests {
    use serde_json::json;

    use super::*;

    fn small() -> Value {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "kind": {"type": "string", "enum": ["a", "b"], "description": "Which."},
                "count": {"type": ["integer", "null"], "minimum": 1, "description": "Number."},
                "more": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/more"}], "description": "More."}
            },
            "required": ["kind", "more"],
            "additionalProperties": false,
            "$defs": {"more": {
                "type": "object",
                "properties": {"names": {
                    "type": "array", "items": {"type": "string"}, "description": "Names."
                }},
                "required": ["names"],
                "additionalProperties": false
            }}
        })
    }

    #[test]
    fn of_documents() {
        let schema = Schema::new(small());
        for good in [
            json!({"kind": "a", "more": null}),
            json!({"kind": "b", "more": {"names": ["x"]}, "count": 1}),
        ] {
            schema.check(&good).unwrap();
        }
        assert_eq!(schema.unseen(), ["document/count null"]);
        for (bad, words) in [
            (json!([]), "not of type"),
            (json!({"more": null}), "\"kind\" is missing"),
            (
                json!({"kind": "c", "more": null}),
                "/kind: \"c\" is none of",
            ),
            (json!({"kind": 1, "more": null}), "/kind: 1 is none of"),
            (json!({"kind": "a", "more": null, "count": 0}), "less than"),
            (
                json!({"kind": "a", "more": null, "count": 1.5}),
                "not of type",
            ),
            (
                json!({"kind": "a", "more": null, "x": 1}),
                "/x is not documented",
            ),
            (
                json!({"kind": "a", "more": {"names": [1]}}),
                "/more/names/0",
            ),
            (
                json!({"kind": "a", "more": {"names": [], "x": 1}}),
                "/more/x is not",
            ),
            (json!({"kind": "a", "more": {}}), "names"),
        ] {
            let said = schema.check(&bad).unwrap_err();
            assert!(said.contains(words), "{bad}: {said}");
        }
    }

    #[test]
    fn of_schemas() {
        for (place, value) in [
            ("/properties/kind/pattern", json!("a|b")),
            ("/properties/kind/description", json!(null)),
            ("/$defs/more/additionalProperties", json!(true)),
            ("/$defs/more/properties/names/uniqueItems", json!(true)),
            ("/properties/more/oneOf/1/$ref", json!("#/$defs/other")),
            ("/required", json!(["other"])),
        ] {
            let mut schema = small();
            let (above, name) = place.rsplit_once('/').unwrap();
            schema.pointer_mut(above).unwrap()[name] = value;
            let made = std::panic::catch_unwind(|| Schema::new(schema));
            assert!(made.is_err(), "{place}");
        }
    }
}
