//! A policy for people and for its digest: the effective settings, each as
//! TOML text with the line it is from.

use std::collections::BTreeMap;

use super::Policy;
use super::approvers::Approver;
use super::rules::{Origin, Places, Quota, RequiredRecipient, Rule, Whose};
use crate::diagnostic::Severity;

/// One effective setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The section and the key: `bulk.people`.
    pub key: &'static str,
    /// The value as TOML text.
    pub value: String,
    /// The line it is from.
    pub origin: Origin,
}

/// How a list of recipients is written: people want the file, the digest what
/// stands in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    People,
    Digest,
}

impl Policy {
    /// The effective settings in order of their keys. A key comes more than
    /// once where rules of several lines apply together: quotas, steps of
    /// approvals, required recipients, columns that are named, and lists of what is allowed (allowed is
    /// then what is in all of them).
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        self.lines(Form::People)
    }

    /// The effective rules as text, the same for the same rules wherever they
    /// are from: a line for the version of the floor, then every setting as
    /// `key = value`, sorted by bytes, each once; a recipients file as the keys
    /// in it with the last day of each.
    #[must_use]
    pub fn canonical(&self) -> String {
        let settings = self.lines(Form::Digest).into_iter();
        let mut lines: Vec<_> = settings
            .map(|setting| format!("{} = {}\n", setting.key, setting.value))
            .collect();
        lines.sort();
        lines.dedup();
        // The number stands for the rules of the floor that no key names.
        format!("# exeat policy, floor 1\n{}", lines.concat())
    }

    fn lines(&self, form: Form) -> Vec<Setting> {
        let mut all = Vec::new();
        let mut put = |key, value: String, origin: &Origin| {
            let origin = origin.clone();
            all.push(Setting { key, value, origin });
        };
        for (from, rule) in &self.approvals {
            let value = format!("{{ from = {from}, count = {} }}", rule.value);
            put("approvals.people", value, &rule.origin);
        }
        for (names, origin) in self.approvers.iter() {
            put("approvals.approvers", list(names), origin);
        }
        for (list, origin) in self.approver_files.iter() {
            let value = match (form, &list.file) {
                // What is not there; a warning says so.
                (Form::People, None) => continue,
                (Form::People, Some(file)) => text(&file.to_string_lossy()),
                (Form::Digest, _) => self::list(list.lines.iter().map(approver)),
            };
            put("approvals.file", value, origin);
        }
        let amount = bytes(self.bulk.bytes.value);
        put("bulk.bytes", text(&amount), &self.bulk.bytes.origin);
        for (key, rule) in [
            ("bulk.files", &self.bulk.files),
            ("bulk.people", &self.bulk.people),
            ("bulk.records", &self.bulk.records),
        ] {
            put(key, rule.value.to_string(), &rule.origin);
        }
        if let Some(rule) = &self.ceiling {
            put("ceiling.people", rule.value.to_string(), &rule.origin);
        }
        for (places, origin) in self.destinations.iter() {
            put("destinations.allow", place_list(places), origin);
        }
        for (value, origin) in self.named_columns(form) {
            put("inspection.columns", value, &origin);
        }
        let Rule { value, origin } = self.inspection_rule();
        put("inspection.mode", text(value.name()), &origin);
        let Rule { value, origin } = &self.uninspected;
        put("inspection.uninspected", text(weight(*value)), origin);
        if let Some(rule) = &self.ledger {
            let path = text(&rule.value.to_string_lossy());
            put("ledger.path", path, &rule.origin);
        }
        for (purposes, origin) in self.purposes.iter() {
            put("purpose.allowed", list(purposes), origin);
        }
        let required = self.requires_purpose();
        let value = required.is_some().to_string();
        put(
            "purpose.required",
            value,
            required.unwrap_or(&Origin::Floor),
        );
        for quota in self.quotas.values() {
            put("quota", quota_line(quota), quota.origin());
        }
        for (recipients, origin) in self.recipients.iter() {
            let value = match form {
                Form::People => text(&recipients.file.to_string_lossy()),
                Form::Digest => list(recipients.keys.iter().map(|(key, expires)| {
                    let last_day = expires.map(|day| format!(" until {day}"));
                    format!("{key}{}", last_day.unwrap_or_default())
                })),
            };
            put("recipients.file", value, origin);
        }
        let forbids = self.forbids_passphrase();
        let value = forbids.is_none().to_string();
        put(
            "recipients.passphrase",
            value,
            forbids.unwrap_or(&Origin::Floor),
        );
        let required = self.requires_post_quantum();
        let value = required.is_some().to_string();
        put(
            "recipients.post_quantum",
            value,
            required.unwrap_or(&Origin::Floor),
        );
        for (required, origin) in &self.required {
            let value = match (required, form) {
                (RequiredRecipient::Key { key, .. }, Form::Digest) => text(key),
                _ => text(&required.to_string()),
            };
            put("recipients.required", format!("[{value}]"), origin);
        }
        put("signing.required", true.to_string(), &Origin::Floor);
        for (signers, origin) in self.signers.iter() {
            put("signing.signers", list(signers), origin);
        }
        all.sort_by(|a, b| (a.key, &a.origin).cmp(&(b.key, &b.origin)));
        all
    }
}

impl Policy {
    /// The columns that are named: for people by line and as they are written
    /// there, for the digest by class and in one form.
    fn named_columns(&self, form: Form) -> Vec<(String, Origin)> {
        let mut lists: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for ((class, name), Rule { value, origin }) in &self.columns {
            let (origin, name) = match form {
                Form::People => (origin.clone(), value.clone()),
                Form::Digest => (Origin::Floor, name.to_string()),
            };
            lists.entry((*class, origin)).or_default().push(name);
        }
        let lists = lists.into_iter().map(|((class, origin), names)| {
            let (class, names) = (text(class.name()), list(names));
            let value = format!("{{ class = {class}, named = {names} }}");
            (value, origin)
        });
        lists.collect()
    }
}

/// The canonical name of a severity in a policy.
fn weight(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warn => "warn",
        Severity::Refuse => "refuse",
    }
}

/// Bytes in the largest unit that divides them.
pub(super) fn bytes(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes != 0 && bytes.trailing_zeros() >= shift {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes} B")
}

/// A TOML string.
fn text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items = items.into_iter().map(|item| text(&item.to_string()));
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// What a line of a file of approvers comes to.
fn approver(line: &Approver) -> String {
    let mut text = format!("{} {}", line.name, line.key);
    for (word, time) in [("from", line.valid_after), ("until", line.valid_before)] {
        text += &time.map_or_else(String::new, |time| format!(" {word} {time}"));
    }
    text
}

fn quota_line(quota: &Quota) -> String {
    let mut items = Vec::new();
    // What nobody wrote is not shown.
    if quota.by != Whose::default() {
        items.push(format!("by = {}", text(quota.by.name())));
    }
    items.push(format!("group = {}", text(&quota.group)));
    for (key, limit) in [("people", &quota.people), ("records", &quota.records)] {
        items.extend(limit.iter().map(|rule| format!("{key} = {}", rule.value)));
    }
    items.push(format!("per = {}", text(&quota.period.to_string())));
    format!("{{ {} }}", items.join(", "))
}

fn place_list(places: &Places) -> String {
    let mut media: Vec<_> = places.media.iter().map(|medium| medium.name()).collect();
    media.sort_unstable();
    let folders = places.folders.iter().map(|folder| folder.to_string_lossy());
    list(media.into_iter().map(Into::into).chain(folders))
}
