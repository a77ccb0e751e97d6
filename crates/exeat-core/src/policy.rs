//! What is allowed: the built-in floor, tightened by policy files.
//!
//! A file is read as TOML with places (`config`), checked (`validate`) and
//! laid over the floor and the other files, of each rule the stricter one
//! (`layers`). What comes out is the [`Policy`] that decisions ask; each of
//! its rules knows the line that it is from. Nothing here reads a file.
//!
//! The keys are described in [`crate::manual::policy`].

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use jiff::civil::Date;

use crate::destination::Medium;
use crate::diagnostic::Severity;
use crate::digest::Digest;
use crate::inspect::NamedColumns;
use crate::keys::Recipient;
use crate::signature::Fingerprint;

mod approvers;
mod config;
mod layers;
mod problem;
mod rules;
mod show;
#[cfg(test)]
mod strategy;
#[cfg(test)]
mod tests;
mod validate;
mod warnings;

pub(crate) use approvers::NoApprover;
pub use problem::{PolicyErrors, Problem, ProblemKind};
pub use rules::{Bulk, InspectionMode, Origin, Quota, RequiredRecipient, Rule, Whose};
pub use show::Setting;
#[cfg(test)]
pub(crate) use strategy::{any_policy, approver_keys};
pub use warnings::{LedgerKeeper, Warning};

use approvers::ApproverList;
use rules::{AllowLists, Columns, Period, Places, RecipientList};

/// The people in an export from which it is bulk: this project's own strict
/// default, not a citation.
const FLOOR_PEOPLE: u64 = 51;
/// The records about people from which an export is bulk.
const FLOOR_RECORDS: u64 = 1000;
/// The bytes of tables, media and archives from which an export is bulk.
const FLOOR_BYTES: u64 = 100 << 20;
/// The number of tables, media and archives from which an export is bulk.
const FLOOR_FILES: u64 = 1000;

/// The starter policies: name, what it is for, text.
const STARTERS: [(&str, &str, &str); 3] = [
    (
        "floor",
        "the built-in floor spelt out, to begin from",
        include_str!("policy/starters/floor.toml"),
    ),
    (
        "health",
        "a health or care organisation: approvals, recovery recipient, purpose",
        include_str!("policy/starters/health.toml"),
    ),
    (
        "research",
        "a research group: ceiling, quota, destinations, fixed purposes",
        include_str!("policy/starters/research.toml"),
    ),
];

/// A policy file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// Where it is. Paths in it are taken from the folder that it is in.
    pub path: PathBuf,
    /// What stands in it.
    pub text: String,
}

/// A validated policy: what the floor and every file ask, the stricter of each.
///
/// Two are equal if they have the same rules from the same lines;
/// [`Policy::sha256`] compares the rules alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    bulk: Bulk,
    ceiling: Option<Rule<u64>>,
    /// By the number of people they begin at, each step asking for more than
    /// the one before.
    approvals: BTreeMap<u64, Rule<u32>>,
    approvers: AllowLists<BTreeSet<String>>,
    approver_files: AllowLists<ApproverList>,
    recipients: AllowLists<RecipientList>,
    required: BTreeMap<RequiredRecipient, Origin>,
    no_passphrase: Option<Origin>,
    post_quantum: Option<Origin>,
    signers: AllowLists<BTreeSet<Fingerprint>>,
    destinations: AllowLists<Places>,
    quotas: BTreeMap<(String, Period, Whose), Quota>,
    purpose_required: Option<Origin>,
    purposes: AllowLists<BTreeSet<String>>,
    ledger: Option<Rule<PathBuf>>,
    /// `None` where there is no file: a file that is silent asks for
    /// [`InspectionMode::Full`], and the floor leaves it to the files.
    inspection: Option<Rule<InspectionMode>>,
    uninspected: Rule<Severity>,
    columns: Columns,
}

impl Policy {
    /// The time over which the floor sums what left in the clear.
    pub const WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);

    /// The built-in floor, which nothing can loosen.
    #[must_use]
    pub fn floor() -> Self {
        Self {
            bulk: Bulk {
                people: Rule::floor(FLOOR_PEOPLE),
                records: Rule::floor(FLOOR_RECORDS),
                bytes: Rule::floor(FLOOR_BYTES),
                files: Rule::floor(FLOOR_FILES),
            },
            ceiling: None,
            approvals: BTreeMap::new(),
            approvers: AllowLists::default(),
            approver_files: AllowLists::default(),
            recipients: AllowLists::default(),
            required: BTreeMap::new(),
            no_passphrase: None,
            post_quantum: None,
            signers: AllowLists::default(),
            destinations: AllowLists::default(),
            quotas: BTreeMap::new(),
            purpose_required: None,
            purposes: AllowLists::default(),
            ledger: None,
            inspection: None,
            uninspected: Rule::floor(Severity::Note),
            columns: Columns::new(),
        }
    }

    /// The floor with all files laid over it, of each rule the stricter one.
    /// `read` reads a file of recipients or approvers that one of them names; it
    /// has to bound the size.
    ///
    /// ```
    /// use exeat_core::policy::{Policy, PolicyFile};
    /// let site = PolicyFile {
    ///     path: "/etc/exeat/policy.toml".into(),
    ///     text: "[ceiling]\npeople = 10_000\n".into(),
    /// };
    /// let policy = Policy::from_layers(&[site], |path| std::fs::read_to_string(path))?;
    /// let ceiling = policy.ceiling_rule().expect("just set");
    /// assert_eq!(ceiling.value, 10_000);
    /// assert_eq!(ceiling.origin.to_string(), "/etc/exeat/policy.toml:2");
    /// # Ok::<(), exeat_core::policy::PolicyErrors>(())
    /// ```
    ///
    /// # Errors
    /// Every problem of every file together.
    pub fn from_layers(
        files: &[PolicyFile],
        mut read: impl FnMut(&Path) -> io::Result<String>,
    ) -> Result<Self, PolicyErrors> {
        let mut policy = Self::floor();
        let mut errors = PolicyErrors::default();
        for (layer, file) in files.iter().enumerate() {
            match validate::layer(file, layer, &mut read) {
                Ok(stricter) => {
                    errors.extend(validate::ledger_conflict(&policy, &stricter, file));
                    policy = policy.tighten(&stricter);
                }
                Err(found) => errors.append(found),
            }
        }
        match errors.is_empty() {
            true => Ok(policy),
            false => Err(errors),
        }
    }

    /// The SHA-256 of [`Policy::canonical`].
    #[must_use]
    pub fn sha256(&self) -> Digest {
        Digest::of(self.canonical().as_bytes())
    }

    /// The text of a starter policy.
    #[must_use]
    pub fn starter(name: &str) -> Option<&'static str> {
        let found = STARTERS.iter().find(|starter| starter.0 == name);
        found.map(|starter| starter.2)
    }

    /// The starter policies, each with what it is for.
    pub fn starters() -> impl Iterator<Item = (&'static str, &'static str)> {
        STARTERS.iter().map(|starter| (starter.0, starter.1))
    }
}

/// What decisions ask.
impl Policy {
    /// From where on an export in the clear is bulk.
    #[must_use]
    pub fn bulk_rules(&self) -> &Bulk {
        &self.bulk
    }

    /// The most people that an export may have, encrypted or not.
    #[must_use]
    pub fn ceiling_rule(&self) -> Option<&Rule<u64>> {
        self.ceiling.as_ref()
    }

    /// How many approvals an export of so many people needs; `None` for none.
    #[must_use]
    pub fn approvals_for(&self, people: u64) -> Option<&Rule<u32>> {
        self.approvals.range(..=people).next_back().map(|(_, r)| r)
    }

    /// Who has to be among the recipients of every package.
    pub fn required_recipients(&self) -> impl Iterator<Item = (&RequiredRecipient, &Origin)> {
        self.required.iter()
    }

    /// The rule by which nothing may be sealed for this key on that day: an
    /// entry of an allowed recipients file that has expired allows nothing.
    #[must_use]
    pub fn forbids_recipient(&self, recipient: &Recipient, today: Date) -> Option<&Origin> {
        let key = recipient.to_string();
        self.recipients.forbids(|list| list.allows(&key, today))
    }

    /// The recipients that the policy names, each with its key: those of the
    /// files in `[recipients] file`. A name can stand in several.
    pub fn named_recipients(&self) -> impl Iterator<Item = (&str, &str)> {
        let lists = self.recipients.iter().flat_map(|(list, _)| &list.names);
        lists.map(|(name, key)| (name.as_str(), key.as_str()))
    }

    /// The rule by which every recipient has to be post-quantum.
    #[must_use]
    pub fn requires_post_quantum(&self) -> Option<&Origin> {
        self.post_quantum.as_ref()
    }

    /// The rule by which a passphrase cannot stand for the recipients: it is
    /// forbidden, or a passphrase is none of the recipients that are allowed or
    /// required, or no post-quantum one.
    #[must_use]
    pub fn forbids_passphrase(&self) -> Option<&Origin> {
        let listed = self.recipients.forbids(|_| false);
        let required = self.required.values().min();
        let rules = self.no_passphrase.as_ref().or(listed).or(required);
        rules.or(self.post_quantum.as_ref())
    }

    /// The rule by which this key may not sign.
    #[must_use]
    pub fn forbids_signer(&self, signer: &Fingerprint) -> Option<&Origin> {
        self.signers.forbids(|keys| keys.contains(signer))
    }

    /// The rule by which nothing may go there. `path` is the destination with
    /// all its links resolved.
    #[must_use]
    pub fn forbids_destination(&self, medium: Medium, path: &Path) -> Option<&Origin> {
        self.destinations
            .forbids(|places| places.allow(medium, path))
    }

    /// The limits on what leaves over time, in a fixed order.
    pub fn quotas(&self) -> impl Iterator<Item = &Quota> {
        self.quotas.values()
    }

    /// The rule by which every export has to say what it is for.
    #[must_use]
    pub fn requires_purpose(&self) -> Option<&Origin> {
        let listed = self.purposes.forbids(|_| false);
        self.purpose_required.as_ref().or(listed)
    }

    /// The rule by which nothing may leave for that purpose.
    #[must_use]
    pub fn forbids_purpose(&self, purpose: &str) -> Option<&Origin> {
        self.purposes.forbids(|allowed| allowed.contains(purpose))
    }

    /// The file of the ledger, where a policy names it.
    #[must_use]
    pub fn ledger_rule(&self) -> Option<&Rule<PathBuf>> {
        self.ledger.as_ref()
    }

    /// How far an encrypted export is inspected. A quota sums what left and
    /// needs every count in full, whatever the files say.
    #[must_use]
    pub fn inspection_rule(&self) -> Rule<InspectionMode> {
        let asked = self.inspection.clone();
        let asked = asked.unwrap_or(Rule::floor(InspectionMode::Full));
        match self.quotas.values().map(Quota::origin).min() {
            Some(quota) if asked.value == InspectionMode::UntilDecided => Rule {
                value: InspectionMode::Full,
                origin: quota.clone(),
            },
            _ => asked,
        }
    }

    /// What it weighs that something in an encrypted export could not be
    /// inspected. In the clear that always refuses.
    #[must_use]
    pub fn uninspected_rule(&self) -> &Rule<Severity> {
        &self.uninspected
    }

    /// The columns of which the files say what class of data they hold: for
    /// inspection, in whatever form something is to leave.
    ///
    /// ```
    /// use exeat_core::policy::{Policy, PolicyFile};
    /// let site = PolicyFile {
    ///     path: "/etc/exeat/policy.toml".into(),
    ///     text: r#"
    /// [inspection]
    /// columns = [{ class = "ethnicity", named = ["ethcat"] }]
    /// "#
    ///     .into(),
    /// };
    /// let policy = Policy::from_layers(&[site], |path| std::fs::read_to_string(path))?;
    /// assert!(!policy.columns().is_empty());
    /// assert!(Policy::floor().columns().is_empty());
    /// # Ok::<(), exeat_core::policy::PolicyErrors>(())
    /// ```
    #[must_use]
    pub fn columns(&self) -> NamedColumns {
        NamedColumns::new(self.columns.keys().cloned())
    }

    /// The number of people from which no rule can ask for anything more: who
    /// has counted so many may stop.
    #[must_use]
    pub fn highest_threshold(&self) -> u64 {
        let limits = self.ceiling.iter().map(|rule| rule.value);
        let quotas = self.quotas.values().filter_map(Quota::people);
        let limits = limits.chain(quotas.map(|rule| rule.value));
        // A limit is exceeded by one more; a threshold is reached.
        let thresholds = limits.map(|most| most.saturating_add(1));
        let thresholds = thresholds.chain(self.approvals.keys().copied());
        thresholds.fold(self.bulk.people.value, u64::max)
    }
}
