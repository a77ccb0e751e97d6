//! What a policy is made of: rules with the place each is from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::Date;

use crate::destination::Medium;
use crate::inspect::{Class, ColumnName};
use crate::keys::Recipient;
use crate::path::shown;

/// All kinds of medium that a policy can name.
pub(super) const MEDIA: [Medium; 8] = [
    Medium::Encrypted,
    Medium::Fixed,
    Medium::Memory,
    Medium::Network,
    Medium::Optical,
    Medium::Removable,
    Medium::Stream,
    Medium::Unrecognised,
];

/// Where a rule is from. Of two equally strict rules the lesser origin is
/// named: the floor before every file, a file before those laid over it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The built-in floor.
    Floor,
    /// A line of a policy file.
    File {
        /// Its place among the files that were combined, from 0.
        layer: usize,
        /// The file.
        path: Arc<Path>,
        /// The line, counted from 1.
        line: usize,
    },
}

impl fmt::Display for Origin {
    /// `floor`, or the file and the line as `/etc/exeat/policy.toml:12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Floor => f.write_str("floor"),
            Self::File { path, line, .. } => write!(f, "{}:{line}", shown(path)),
        }
    }
}

/// One rule and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule<T> {
    /// What it asks.
    pub value: T,
    /// The line that asks it.
    pub origin: Origin,
}

impl<T> Rule<T> {
    pub(super) fn floor(value: T) -> Self {
        let origin = Origin::Floor;
        Self { value, origin }
    }
}

impl<T: Ord + Clone> Rule<T> {
    /// The one of the lesser origin, where both ask the same.
    pub(super) fn first(&self, other: &Self) -> Self {
        let key = |rule: &Self| (rule.origin.clone(), rule.value.clone());
        std::cmp::min_by_key(self, other, |rule| key(rule)).clone()
    }

    /// The one with the lesser value.
    pub(super) fn least(&self, other: &Self) -> Self {
        let key = |rule: &Self| (rule.value.clone(), rule.origin.clone());
        std::cmp::min_by_key(self, other, |rule| key(rule)).clone()
    }

    /// The one with the greater value.
    pub(super) fn greatest(&self, other: &Self) -> Self {
        let key = |rule: &Self| (std::cmp::Reverse(rule.value.clone()), rule.origin.clone());
        std::cmp::min_by_key(self, other, |rule| key(rule)).clone()
    }
}

/// Columns that are named as holding a class, each as it was written.
pub(super) type Columns = BTreeMap<(Class, ColumnName), Rule<String>>;

/// From where on an export in the clear is bulk: any one of these is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bulk {
    /// So many people or more.
    pub people: Rule<u64>,
    /// So many records about people or more.
    pub records: Rule<u64>,
    /// So many bytes of tables, media and archives, or more.
    pub bytes: Rule<u64>,
    /// So many tables, media and archives, or more.
    pub files: Rule<u64>,
}

/// Whose exports a quota sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// Those of each account by itself.
    #[default]
    Requester,
    /// Those of all members of the group together.
    Group,
}

impl Whose {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Group => "group",
        }
    }
}

/// The most people, or records about people, in what may be let out within a
/// time. At least one of the two is limited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    pub(super) group: String,
    pub(super) by: Whose,
    pub(super) people: Option<Rule<u64>>,
    pub(super) records: Option<Rule<u64>>,
    pub(super) period: Period,
}

impl Quota {
    /// Whether it is for an account that is in these groups.
    #[must_use]
    pub fn concerns(&self, groups: &[String]) -> bool {
        self.group == "*" || groups.contains(&self.group)
    }

    /// The Unix group whose members it is for; `*` for everybody.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// Whose exports are summed.
    #[must_use]
    pub fn by(&self) -> Whose {
        self.by
    }

    /// The most people.
    #[must_use]
    pub fn people(&self) -> Option<&Rule<u64>> {
        self.people.as_ref()
    }

    /// The most records about people.
    #[must_use]
    pub fn records(&self) -> Option<&Rule<u64>> {
        self.records.as_ref()
    }

    /// The time over which they are summed.
    #[must_use]
    pub fn per(&self) -> SignedDuration {
        SignedDuration::from_hours(self.period.hours.into())
    }

    /// The same time in words: `30 days`.
    #[must_use]
    pub fn per_words(&self) -> String {
        self.period.to_string()
    }

    /// The line that asks it; the first of them, where people and records are
    /// limited by several files.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        let limits = self.people.iter().chain(&self.records);
        let origins = limits.map(|rule| &rule.origin);
        origins.min().expect("a quota limits people or records")
    }
}

/// A time of whole hours, as in `per = "30 days"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Period {
    hours: u32,
}

impl Period {
    /// Ten years: longer than anybody would look back.
    const MAX_HOURS: u32 = 3653 * 24;
}

impl FromStr for Period {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (number, unit) = split_unit(text).ok_or(())?;
        let factor = match unit {
            "hour" | "hours" => 1,
            "day" | "days" => 24,
            "week" | "weeks" => 7 * 24,
            _ => return Err(()),
        };
        let number = u32::try_from(number).map_err(drop)?;
        let hours = number.checked_mul(factor).ok_or(())?;
        match (1..=Self::MAX_HOURS).contains(&hours) {
            true => Ok(Self { hours }),
            false => Err(()),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self.hours {
            hours if hours.is_multiple_of(24) => (hours / 24, "day"),
            hours => (hours, "hour"),
        };
        let plural = if number == 1 { "" } else { "s" };
        write!(f, "{number} {unit}{plural}")
    }
}

/// A number and the unit behind it.
pub(super) fn split_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_')?;
    let (number, unit) = text.split_at(end);
    Some((number.replace('_', "").parse().ok()?, unit.trim_start()))
}

/// How far an encrypted export is inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InspectionMode {
    /// Until nothing more could change the decision.
    UntilDecided,
    /// To its end.
    Full,
}

impl InspectionMode {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UntilDecided => "until-decided",
            Self::Full => "full",
        }
    }
}

/// Somebody who has to be among the recipients.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequiredRecipient {
    /// Whoever has this key.
    #[non_exhaustive]
    Key {
        /// The key, `age1…`.
        key: String,
        /// The name that the policy's own recipients file gives it.
        name: Option<String>,
    },
    /// Whoever has this name in the sender's recipients file.
    #[non_exhaustive]
    Name {
        /// The name.
        name: String,
    },
}

impl RequiredRecipient {
    /// Whether this recipient is the one.
    #[must_use]
    pub fn is(&self, recipient: &Recipient) -> bool {
        match self {
            Self::Key { key, .. } => recipient.to_string() == *key,
            Self::Name { name } => recipient.name() == Some(name),
        }
    }
}

impl fmt::Display for RequiredRecipient {
    /// The name, else the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { name: None, key } => f.write_str(key),
            Self::Key {
                name: Some(name), ..
            }
            | Self::Name { name } => f.write_str(name),
        }
    }
}

/// The recipients of a file that a policy names as the only ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RecipientList {
    pub(super) file: PathBuf,
    /// Keys, each with the last day it may be used.
    pub(super) keys: BTreeSet<(String, Option<Date>)>,
    /// Names, each with its key; no rule asks for them.
    pub(super) names: BTreeMap<String, String>,
}

impl RecipientList {
    pub(super) fn allows(&self, key: &str, today: Date) -> bool {
        self.keys.iter().any(|(allowed, expires)| {
            allowed == key && expires.is_none_or(|last_day| today <= last_day)
        })
    }
}

/// Kinds of medium and folders that something may go to.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Places {
    pub(super) media: BTreeSet<Medium>,
    pub(super) folders: BTreeSet<PathBuf>,
}

impl Places {
    /// A fixed disk behind dm-crypt is a fixed disk, too.
    pub(super) fn allow(&self, medium: Medium, path: &Path) -> bool {
        self.media.contains(&medium)
            || medium == Medium::Encrypted && self.media.contains(&Medium::Fixed)
            || self.folders.iter().any(|folder| path.starts_with(folder))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.media.is_empty() && self.folders.is_empty()
    }
}

/// Lists of what alone is allowed, one from each file that has one: allowed is
/// what is in all of them. They are kept apart so that a refusal can name the
/// line of the list that it is by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AllowLists<L>(BTreeMap<L, Origin>);

impl<L> Default for AllowLists<L> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<L: Ord + Clone> AllowLists<L> {
    /// The first list that something is not in.
    pub(super) fn forbids(&self, is_in: impl Fn(&L) -> bool) -> Option<&Origin> {
        let lists = self.0.iter().filter(|(list, _)| !is_in(list));
        lists.map(|(_, origin)| origin).min()
    }

    pub(super) fn add(&mut self, list: L, origin: Origin) {
        let held = self.0.entry(list).or_insert_with(|| origin.clone());
        if origin < *held {
            *held = origin;
        }
    }

    pub(super) fn both(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (list, origin) in &other.0 {
            both.add(list.clone(), origin.clone());
        }
        both
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&L, &Origin)> {
        self.0.iter()
    }
}

impl<T: Ord + Clone> AllowLists<BTreeSet<T>> {
    /// What is in all lists; `None` where there is no list.
    pub(super) fn common(&self) -> Option<BTreeSet<T>> {
        self.0.keys().cloned().reduce(|a, b| &a & &b)
    }
}
