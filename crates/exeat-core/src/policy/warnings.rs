//! What is valid in a policy and still unlikely to be meant, or worth little.

use std::collections::BTreeSet;
use std::path::Path;

use super::Policy;
use super::rules::{InspectionMode, MEDIA, Origin, Quota, RequiredRecipient, Rule};
use crate::diagnostic::Severity;
use crate::keys::Recipient;

/// Who can rewrite the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerKeeper {
    /// The account that asks for exports, or anybody.
    Requester,
    /// Somebody else, such as root.
    Other,
}

/// Something that somebody should look at; the policy is in force nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Permanent name in kebab-case, documented in [`crate::manual::policy`].
    pub code: &'static str,
    /// What it is, in one sentence.
    pub message: String,
    /// What to do about it.
    pub help: &'static str,
    /// The line that it is about.
    pub origin: Origin,
}

impl Policy {
    /// What is worth a second look in the effective policy.
    #[must_use]
    pub fn warnings(&self, keeper: LedgerKeeper) -> Vec<Warning> {
        let mut found = Vec::new();
        self.quota_warnings(keeper, &mut found);
        self.approval_warnings(&mut found);
        self.signer_warning(&mut found);
        self.list_warnings(&mut found);
        self.required_warnings(&mut found);
        self.uninspected_warning(&mut found);
        found
    }

    fn quota_warnings(&self, keeper: LedgerKeeper, found: &mut Vec<Warning>) {
        let Some(quota) = self.quotas.values().map(Quota::origin).min() else {
            return;
        };
        if keeper == LedgerKeeper::Requester {
            found.push(Warning {
                code: "quota-ledger-writable",
                message: "a quota over a ledger that the requester can rewrite is worth little"
                    .to_owned(),
                help: "keep the ledger where only another account can write, and name it in \
                       [ledger] path",
                origin: quota.clone(),
            });
        }
        if let Some(Rule { value, origin }) = &self.inspection
            && *value == InspectionMode::UntilDecided
        {
            found.push(Warning {
                code: "inspection-full-for-quota",
                message: "'until-decided' has no effect: a quota needs every person counted"
                    .to_owned(),
                help: "leave [inspection] mode out, or the quota",
                origin: origin.clone(),
            });
        }
    }

    /// A number of people is only as good as the counting.
    fn uninspected_warning(&self, found: &mut Vec<Warning>) {
        let rule = &self.uninspected;
        let is_counted =
            self.ceiling.is_some() || !self.approvals.is_empty() || !self.quotas.is_empty();
        if is_counted && rule.value != Severity::Refuse && rule.origin != Origin::Floor {
            found.push(Warning {
                code: "uninspected-refused",
                message: "what could not be inspected is refused by the rules on how many people, \
                          whatever stands here"
                    .to_owned(),
                help: "write uninspected = \"refuse\", or leave out the ceiling, the approvals \
                       and the quotas",
                origin: rule.origin.clone(),
            });
        }
    }

    fn approval_warnings(&self, found: &mut Vec<Warning>) {
        let missing = self
            .approver_files
            .iter()
            .find(|(list, _)| list.file.is_none());
        if let Some((_, origin)) = missing {
            found.push(Warning {
                code: "approvers-missing",
                message: "approvals are asked for here, and no file says whose keys may approve: \
                          every such export is refused"
                    .to_owned(),
                help: "name a file of approvers in [approvals] file, in the same policy",
                origin: origin.clone(),
            });
            return;
        }
        let Some(names) = self.approver_names() else {
            return;
        };
        for (listed, origin) in self.approvers.iter() {
            let mut unknown = listed.iter().filter(|name| !names.contains(*name));
            if let Some(name) = unknown.find(|name| self.forbids_approver(name).is_none()) {
                found.push(Warning {
                    code: "approver-unknown",
                    message: format!(
                        "'{name}' may approve, and has no key in every file of approvers"
                    ),
                    help: "enter a line for them in the file that [approvals] file names, under \
                           exactly that name",
                    origin: origin.clone(),
                });
            }
        }
        if let Some((_, most)) = self.approvals.last_key_value()
            && u64::from(most.value) > names.len() as u64
        {
            found.push(Warning {
                code: "approvals-impossible",
                message: format!(
                    "{} approvals are asked for, and {} may approve",
                    most.value,
                    names.len()
                ),
                help: "name more people in [approvals] file and approvers, or ask for fewer \
                       approvals",
                origin: most.origin.clone(),
            });
        }
    }

    /// Whoever may ask with any key can keep a listed one for the answer.
    fn signer_warning(&self, found: &mut Vec<Warning>) {
        if let Some((_, step)) = self.approvals.first_key_value()
            && self.signers.iter().next().is_none()
        {
            found.push(Warning {
                code: "approvals-any-signer",
                message: "approvals are asked for, and anybody can ask with a key that nobody \
                          knows and approve with their own"
                    .to_owned(),
                help: "list the keys that may sign exports in [signing] signers",
                origin: step.origin.clone(),
            });
        }
    }

    /// Lists of what is allowed that allow nothing, by themselves or together.
    fn list_warnings(&self, found: &mut Vec<Warning>) {
        let mut nothing = |is_empty: bool, what: &str, origin: Option<&Origin>| {
            if let (true, Some(origin)) = (is_empty, origin) {
                found.push(Warning {
                    code: "nothing-allowed",
                    message: format!("no {what} is allowed, so nothing can leave sealed"),
                    help: "a list allows what is in it and nothing else; of several lists, what \
                           is in all of them",
                    origin: origin.clone(),
                });
            }
        };
        let keys = self.recipients.iter().map(|(list, _)| {
            let keys = list.keys.iter().map(|(key, _)| key);
            let asked = |key: &&String| self.post_quantum.is_none() || is_post_quantum(key);
            keys.filter(asked).collect::<BTreeSet<_>>()
        });
        let keys = keys.reduce(|a, b| &a & &b);
        let origin = self.recipients.forbids(|_| false);
        nothing(
            keys.is_some_and(|keys| keys.is_empty()),
            "recipient",
            origin,
        );
        let signers = self.signers.common();
        let origin = self.signers.forbids(|_| false);
        nothing(
            signers.is_some_and(|keys| keys.is_empty()),
            "signer",
            origin,
        );
        let purposes = self.purposes.common();
        let origin = self.purposes.forbids(|_| false);
        nothing(
            purposes.is_some_and(|texts| texts.is_empty()),
            "purpose",
            origin,
        );
        // A kind and a folder can hold at once, so that only what is empty by
        // itself, or kinds without a common one, surely allow nothing.
        let places: Vec<_> = self.destinations.iter().map(|(places, _)| places).collect();
        let empty = places.iter().any(|places| places.is_empty());
        let by_kind = places.iter().all(|places| places.folders.is_empty());
        let common = MEDIA.iter().any(|medium| {
            let root = Path::new("/");
            places.iter().all(|places| places.allow(*medium, root))
        });
        let apart = by_kind && !common;
        nothing(
            empty || apart,
            "destination",
            self.destinations.forbids(|_| false),
        );
    }

    fn required_warnings(&self, found: &mut Vec<Warning>) {
        for (required, origin) in &self.required {
            match required {
                RequiredRecipient::Name { name } => found.push(Warning {
                    code: "required-by-name",
                    message: format!(
                        "'{name}' is looked up in the sender's own recipients.toml, where the \
                         sender can give that name to any key"
                    ),
                    help: "write the key (age1…) instead of the name, or name a file that the \
                           sender cannot change in [recipients] file",
                    origin: origin.clone(),
                }),
                RequiredRecipient::Key { key, .. } => {
                    if self.post_quantum.is_some() && !is_post_quantum(key) {
                        found.push(Warning {
                            code: "required-not-post-quantum",
                            message: format!(
                                "'{required}' is required and not post-quantum: every sealed \
                                 export is refused"
                            ),
                            help: "require a key that begins with 'age1pq1', or leave out \
                                   [recipients] post_quantum",
                            origin: origin.clone(),
                        });
                    }
                    let lists = self
                        .recipients
                        .forbids(|list| list.keys.iter().any(|(allowed, _)| allowed == key));
                    if lists.is_some() {
                        found.push(Warning {
                            code: "required-not-allowed",
                            message: format!(
                                "'{required}' is required and not among the allowed recipients: \
                                 every sealed export is refused"
                            ),
                            help: "enter the key in the file that [recipients] file names",
                            origin: origin.clone(),
                        });
                    }
                }
            }
        }
    }
}

fn is_post_quantum(key: &str) -> bool {
    Recipient::parse(key).is_ok_and(|key| key.is_post_quantum())
}
