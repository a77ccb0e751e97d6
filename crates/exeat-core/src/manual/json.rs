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
//!
//! # `exeat open`
//!
//! | member | what it is |
//! |---|---|
//! | `package`, `signer` | the id of the package that was opened, a UUID; `{fingerprint, name}` of who signed it. With `--as-of`, and with `--stdout` of a file that an earlier package holds, it is the package that was found |
//! | `path` | the folder that was made, as text; with `--stdout` the path of the file in the package, escaped |
//! | `entries`, `bytes` | how many files, folders and links were made; bytes of the files |
//! | `outside_links` | links that were not made, because they point outside |
//! | `skipped` | `[{path, reason}]`: what the sender left out |
//! | `lapses` | `[{path, reason}]`: what is perhaps not as it was, because it changed while the sender read it, or lacks attributes |
//! | `lost_attributes` | attributes that could not be set here, by path and name; with one of them the exit code is 7 |
//! | `earlier` | the ids of the earlier packages of a chain that held some of it; none with `--stdout` |
//! | `remarks` | findings about the package itself, as in `exeat verify`: that it was passed on, or is one of the reader's own |
//!
//! # `exeat backup`
//!
//! `command` is `backup` for all of them; what `result` has follows from what was asked.
//! `status` and `list` look and tell: they have a `result` also where they end with 4,
//! and `status`, which may be asked about several profiles, where nothing can be said of
//! one of them. Times are RFC 3339, UTC; a `finding` and an `error` are those of the
//! envelope above; see [`super::backups`] for what the words mean.
//!
//! `backup run`, when a package was made:
//!
//! | member | what it is |
//! |---|---|
//! | `profile`, `series`, `sequence` | the profile; the chain's id, a UUID; the number of the package in it |
//! | `package`, `path`, `manifest_sha256` | the package's id, a UUID; its folder, as text; SHA-256 of its `manifest.json` |
//! | `full` | why it is a full one, a sentence; null where it is not |
//! | `needs` | how many earlier packages it needs |
//! | `entries`, `files` | how many files, folders and links, also what was left out; how many files that were not |
//! | `changed` | how many of the files are in this package |
//! | `bytes`, `changed_bytes` | of all files; of those in this package |
//! | `payload_bytes` | size of the package's volumes, in bytes: what is on the disk |
//! | `started`, `seconds` | when the run began; how long it took, with a fraction |
//! | `verified` | whether the package was read back from the medium |
//! | `deleted` | `[{bytes, created, package, sequence, why}]`: what was removed; `bytes` of all its members |
//! | `left_out`, `left_out_count` | `[{path, reason}]`, the first 20 of what is not in the package, or is perhaps not as it was, the paths escaped; how many there are |
//! | `warnings` | sentences that somebody should read; with one of them, or with anything left out, the exit code is 7 |
//! | `notes` | sentences that are worth knowing, and wrong with nothing: the exit code is what it would be without. Why nothing was removed is one |
//! | `facts`, `findings` | what inspection found in what this package itself holds, and what the decision had to say, as in `exeat verify` |
//!
//! `backup status`: `profiles`, a list by name, of
//!
//! | member | what it is |
//! |---|---|
//! | `profile`, `to`, `series` | the profile, its folder, the chain's id; null where the key is not there |
//! | `packages` | how many of the chain there are |
//! | `newest` | `{age_seconds, created, package, sequence}` of the newest good one, or null; `age_seconds` is below 0 if it is from the future |
//! | `max_age_seconds` | how old it may be, or null |
//! | `is_stale` | whether there is none, or it is older, or from the future; true also where nothing can be said |
//! | `last_run` | `{ended, outcome, started}` of the last run that had the lock, or null; `outcome` is `done` where there is a package, complete or not, and it was not found damaged; else the code of the error |
//! | `findings` | what is wrong with the chain |
//! | `damaged` | with `--read-back`: sentences, one for each package that was read now and is not whole. Later such a package is no more than not good: `newest` passes it over, and what needs it |
//! | `error` | why nothing can be said, or null |
//!
//! `backup list`: `profile`, `series`, `to`; `removed`, how many packages the signed
//! record has; `others`, how many folders `*.exeat` there are besides; `findings`; and
//! `packages`, in the order of their numbers, of
//!
//! | member | what it is |
//! |---|---|
//! | `package`, `name`, `sequence`, `created` | its id, the name of its folder, its number, when it was made |
//! | `bytes` | of all its members |
//! | `is_full`, `needs` | whether it is a full one; else the ids of the packages that it needs |
//! | `verified` | when it was read back, or null |
//! | `is_kept`, `why` | whether a rule keeps it, and why; else why none does |
//!
//! `backup prune`: `profile`; `written`, false with `--dry-run`; `deleted`, as in `run`
//! (with `--dry-run` what no rule keeps; without it, none while something is wrong with the
//! chain); `kept`, likewise; `accepted`, the numbers that are recorded as lost now (with
//! `--dry-run` the first hundred of those that would be); `warnings`.
//!
//! `backup timer`: `profile`; `dir`, where the files were written, or null; `files`,
//! `[{file, text}]`: the name of each, and what is in it.

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
