//! What `--json` prints, as schemas.
//!
//! With `--json` every command prints exactly one document on standard output,
//! in one line, and all else on standard error; `--json-file FILE` puts the
//! same document into a file. A document has the same five members whatever
//! the command and however it ends, a mistake on the command line included:
//!
//! | member | what it is |
//! |---|---|
//! | `schema` | `exeat/1`: the version of this form |
//! | `command` | what was run; empty where the command line names no command |
//! | `exit` | the exit code of the program |
//! | `result` | what the command found or did; null where there is an error |
//! | `error` | why it did not do what was asked; null where there is a result |
//!
//! The schemas below are [JSON Schema](https://json-schema.org) in its version
//! 2020-12. They are closed: what they do not name is not printed, and the
//! tests hold the program to that. A later version of exeat may add members,
//! classes and kinds. `description` gives the unit of each number. Codes are
//! permanent; the wording of `message`, `help` and `causes` is not. Characters
//! that could mislead a terminal or a person are written as `\u` escapes; once
//! the JSON is read they are what they were.
//!
//! They are the files `envelope.schema.json`, `verify.schema.json` and
//! `list.schema.json` in `crates/exeat-core/src/manual/json`.
//!
//! # What all commands share
//!
//! ```json
#![doc = include_str!("json/envelope.schema.json")]
//! ```
//!
//! # `exeat verify`
//!
//! ```json
#![doc = include_str!("json/verify.schema.json")]
//! ```
//!
//! # `exeat list`
//!
//! ```json
#![doc = include_str!("json/list.schema.json")]
//! ```

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use crate::diagnostic::Severity;
    use crate::entry::EntryKind;
    use crate::inspect::{Class, Coverage, MetadataKind};
    use crate::manifest::{Compression, PayloadKind};

    /// The names that a type knows, which it tells whoever gives it another.
    fn names<T: DeserializeOwned>() -> Vec<String> {
        let error = match serde_json::from_str::<T>("\"?\"") {
            Ok(_) => panic!("'?' is no name"),
            Err(error) => error.to_string(),
        };
        let mut names: Vec<_> = error.split('`').skip(3).step_by(2).collect();
        names.sort_unstable();
        names.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn the_schemas_have_every_name_that_the_library_has() {
        let verify: Value =
            serde_json::from_str(include_str!("json/verify.schema.json")).expect("JSON");
        let list: Value =
            serde_json::from_str(include_str!("json/list.schema.json")).expect("JSON");
        for (schema, member, known) in [
            (&verify, "class/properties/class", names::<Class>()),
            (&verify, "facts/properties/coverage", names::<Coverage>()),
            (&verify, "finding/properties/severity", names::<Severity>()),
            (
                &verify,
                "image_metadata/properties/kind",
                names::<MetadataKind>(),
            ),
            (
                &verify,
                "verified/properties/compression",
                names::<Compression>(),
            ),
            (&verify, "verified/properties/kind", names::<PayloadKind>()),
            (&list, "entry/properties/type", names::<EntryKind>()),
        ] {
            let listed = schema.pointer(&format!("/$defs/{member}/enum"));
            let listed = listed.and_then(Value::as_array).expect(member);
            let mut listed: Vec<_> = listed.iter().filter_map(Value::as_str).collect();
            listed.sort_unstable();
            assert!(known.len() > 1);
            assert_eq!(listed, known, "{member}");
        }
    }
}
