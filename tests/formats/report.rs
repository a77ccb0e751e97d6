//! What `exeat check` says, as far as the tests ask.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::environment::Ran;
use crate::made::Made;

pub(crate) struct Report {
    pub(crate) least: u64,
    pub(crate) most: u64,
    /// Paths and reasons.
    pub(crate) uninspected: Vec<(String, String)>,
    pub(crate) classes: BTreeSet<String>,
    /// Whether it may leave in the clear, as far as rules about content go.
    pub(crate) plain_allowed: bool,
    /// Codes of all findings, of a copy and of a package.
    pub(crate) codes: BTreeSet<String>,
}

impl Report {
    /// Of a path below the folder of what was made.
    pub(crate) fn of(made: &Made, path: &str) -> Self {
        let path = format!("{}/{path}", made.folder);
        let ran = made.exeat(&["check", "--exact", "--json", &path]);
        // Without a recipient and a key, even what is harmless.
        Self::read(&ran.ends(3))
    }

    fn read(ran: &Ran) -> Self {
        let document: Value = serde_json::from_str(&ran.out).expect(&ran.err);
        let result = &document["result"];
        let facts = &result["facts"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let places = facts["uninspected"]["places"].as_array().unwrap().iter();
        let classes = facts["classes"].as_array().unwrap().iter();
        let findings = [&result["plain"], &result["sealed"]]
            .into_iter()
            .flat_map(|verdict| verdict["findings"].as_array().unwrap());
        Self {
            least: facts["people"]["least"].as_u64().unwrap(),
            most: facts["people"]["most"].as_u64().unwrap(),
            uninspected: places
                .map(|place| (text(&place["path"]), text(&place["reason"])))
                .collect(),
            classes: classes.map(|found| text(&found["class"])).collect(),
            plain_allowed: result["plain"]["allowed"].as_bool().unwrap(),
            codes: findings.map(|finding| text(&finding["code"])).collect(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            least,
            most,
            uninspected,
            classes,
            plain_allowed,
            codes,
        } = self;
        write!(
            f,
            "{least} to {most} people, {classes:?}, plain allowed: {plain_allowed}, {codes:?}"
        )?;
        for (path, reason) in uninspected.iter().take(3) {
            write!(f, ", {path}: {reason}")?;
        }
        Ok(())
    }
}
