//! Who may approve: the files that policies name, and what they say of a key.
//!
//! An approver's key comes from such a file alone, never from those whom the
//! sender trusts: whoever exports could add a key there under any name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;

use super::{Origin, Policy};
use crate::signature::Fingerprint;

/// One line of such a file: a key and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Approver {
    pub(super) name: String,
    pub(super) key: Fingerprint,
    /// The first second in which the key may approve.
    pub(super) valid_after: Option<Timestamp>,
    /// The last one.
    pub(super) valid_before: Option<Timestamp>,
}

impl Approver {
    /// As in OpenSSH, whole seconds count, and both bounds belong to it.
    fn is_valid(&self, at: Timestamp) -> bool {
        let at = at.as_second();
        self.valid_after.is_none_or(|from| at >= from.as_second())
            && self.valid_before.is_none_or(|to| at <= to.as_second())
    }
}

/// The approvers of one policy file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ApproverList {
    /// Where they stand. `None` for a policy that asks for approvals and names
    /// no file: nobody can approve then, and no other policy can say who may,
    /// or whoever adds one could name themselves.
    pub(super) file: Option<PathBuf>,
    /// No key stands there twice.
    pub(super) lines: BTreeSet<Approver>,
}

impl ApproverList {
    fn of_key(&self, key: &Fingerprint) -> Option<&Approver> {
        self.lines.iter().find(|line| line.key == *key)
    }
}

/// Why a key may not approve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoApprover {
    /// No policy asks for approvals, or names a file of approvers.
    NotAsked,
    /// A policy asks for approvals and names no file.
    NoFile(Origin),
    /// The key does not stand in all files, or under several names.
    Unknown(Origin),
    /// `[approvals] approvers` leaves this name out.
    NotNamed(String, Origin),
    /// The line of this name is not valid yet, or not any more.
    NotValid(String, Origin),
}

impl Policy {
    /// The name of the approver who has this key, if it may approve then: it
    /// has to stand in the file of every policy, under one name.
    pub(crate) fn approver(&self, key: &Fingerprint, at: Timestamp) -> Result<&str, NoApprover> {
        let mut name: Option<&str> = None;
        for (list, origin) in self.approver_files.iter() {
            if list.file.is_none() {
                return Err(NoApprover::NoFile(origin.clone()));
            }
            let unknown = || NoApprover::Unknown(origin.clone());
            let line = list.of_key(key).ok_or_else(unknown)?;
            if name.is_some_and(|name| name != line.name) {
                return Err(unknown());
            }
            if !line.is_valid(at) {
                return Err(NoApprover::NotValid(line.name.clone(), origin.clone()));
            }
            name = Some(&line.name);
        }
        let name = name.ok_or(NoApprover::NotAsked)?;
        match self.forbids_approver(name) {
            Some(rule) => Err(NoApprover::NotNamed(name.to_owned(), rule.clone())),
            None => Ok(name),
        }
    }

    /// The name by which this key may approve at that time, if it may.
    #[must_use]
    pub fn approver_of(&self, key: &Fingerprint, at: Timestamp) -> Option<&str> {
        self.approver(key, at).ok()
    }

    /// Every name that this key has in the files, valid or not: whoever asks
    /// with it is none of them when it comes to approving.
    pub(crate) fn names_of(&self, key: &Fingerprint) -> BTreeSet<&str> {
        let lines = self.approver_files.iter();
        let lines = lines.filter_map(|(list, _)| list.of_key(key));
        lines.map(|line| line.name.as_str()).collect()
    }

    /// Whether anybody can approve at all.
    #[must_use]
    pub fn names_approvers(&self) -> bool {
        self.approver_names().is_some_and(|names| !names.is_empty())
    }

    /// The names of those who may approve, as far as that can be said without
    /// asking when; `None` where no policy asks for approvals or names them.
    #[must_use]
    pub fn approver_names(&self) -> Option<BTreeSet<String>> {
        let names = |list: &ApproverList| -> BTreeSet<String> {
            list.lines.iter().map(|line| line.name.clone()).collect()
        };
        let lists = self.approver_files.iter().map(|(list, _)| names(list));
        let mut names = lists.reduce(|a, b| &a & &b)?;
        names.retain(|name| self.forbids_approver(name).is_none());
        Some(names)
    }

    /// The rule by which a signer of this name may not approve.
    pub(crate) fn forbids_approver(&self, name: &str) -> Option<&Origin> {
        self.approvers.forbids(|names| names.contains(name))
    }
}
