//! `[backup.NAME]` as it is written: keys and types, not yet what they mean.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use toml::Spanned;

use super::ByName;

/// All of them.
pub(crate) type Tables = ByName<Table>;
/// A text, and where it stands.
pub(super) type Text = Spanned<String>;
/// Several, and where the list begins.
pub(super) type Texts = Spanned<Vec<Text>>;

/// One profile.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(super) sources: Option<Texts>,
    pub(super) source: Option<Spanned<SourceTable>>,
    pub(super) exclude: Option<Texts>,
    pub(super) one_file_system: Option<Spanned<bool>>,
    pub(super) to: Option<Text>,
    pub(super) recipients: Option<Texts>,
    pub(super) recipients_file: Option<Text>,
    pub(super) compress: Option<Text>,
    pub(super) mode: Option<Text>,
    pub(super) full_every: Option<Spanned<Every>>,
    #[serde(default)]
    pub(super) keep: KeepTable,
    pub(super) time_zone: Option<Text>,
    pub(super) require_mount: Option<Text>,
    pub(super) verify: Option<Text>,
    pub(super) before: Option<Texts>,
    pub(super) after: Option<Texts>,
    pub(super) on_failure: Option<Texts>,
    pub(super) settled: Option<Text>,
    pub(super) max_age: Option<Text>,
    pub(super) metrics: Option<Text>,
    pub(super) purpose: Option<Text>,
    pub(super) signing_key: Option<Text>,
    pub(super) volume_size: Option<Text>,
    pub(super) approvals: Option<Texts>,
}

/// `source = {…}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceTable {
    pub(super) command: Texts,
    pub(super) name: Text,
    pub(super) expect_end: Option<Text>,
}

/// `keep = {…}`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct KeepTable {
    pub(super) last: u32,
    pub(super) daily: u32,
    pub(super) weekly: u32,
    pub(super) monthly: u32,
    pub(super) yearly: u32,
}

/// A number of runs, or a time.
#[derive(Debug)]
pub(super) enum Every {
    Runs(i64),
    Time(String),
}

impl<'de> Deserialize<'de> for Every {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Every;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of runs, or a time such as \"7d\"")
            }

            fn visit_i64<E: de::Error>(self, runs: i64) -> Result<Every, E> {
                Ok(Every::Runs(runs))
            }

            fn visit_str<E: de::Error>(self, time: &str) -> Result<Every, E> {
                Ok(Every::Time(time.to_owned()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
