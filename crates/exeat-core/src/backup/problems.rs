//! What is found wrong with a chain, as findings; of each kind so many, for who
//! can write into the folder chooses how many there are.

use std::collections::BTreeMap;

use crate::diagnostic::words::grouped;
use crate::diagnostic::{Finding, Severity};

/// So many findings of one code are told apart; the last one counts the rest.
const MOST: usize = 50;

/// A kind of finding: its permanent code, what it weighs, and what to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    pub(super) help: &'static str,
}

const DO_NOT_RELY: &str = "do not rely on the chain from there on: find out who wrote into the \
    folder, compare with a copy elsewhere, and let the next run make a full package";

pub(super) const UNREADABLE: Kind = Kind {
    code: "backup-unreadable",
    severity: Severity::Refuse,
    help: "copy it again from where it is whole; or remove it, and run 'exeat backup prune' with \
           --accept-missing",
};
/// The same of what may be somebody else's.
pub(super) const MAYBE_UNREADABLE: Kind = Kind {
    severity: Severity::Warn,
    help: "see what it is: whose it is cannot be told",
    ..UNREADABLE
};
pub(super) const DAMAGED: Kind = Kind {
    code: "backup-damaged",
    severity: Severity::Refuse,
    help: "copy it again from where it is whole; 'exeat verify' says more",
};
pub(super) const FORK: Kind = Kind {
    code: "backup-fork",
    severity: Severity::Refuse,
    help: "two hosts, or one put back to an older state, have written with the same key: find out \
           which packages are the right ones, and move the others elsewhere",
};
pub(super) const GAP: Kind = Kind {
    code: "backup-gap",
    severity: Severity::Refuse,
    help: "find out who removed them, and put them back; if they are gone for good, 'exeat backup \
           prune' with --accept-missing records that",
};
pub(super) const BASE_MISSING: Kind = Kind {
    code: "backup-base-missing",
    severity: Severity::Refuse,
    help: "put the missing package back; without it not every file can be restored",
};
/// The same where somebody has accepted that packages before it are missing.
pub(super) const BASE_GIVEN_UP: Kind = Kind {
    severity: Severity::Warn,
    ..BASE_MISSING
};
pub(super) const CLOCK: Kind = Kind {
    code: "backup-clock",
    severity: Severity::Warn,
    help: "see to the clock of the host; the order of the packages is their numbers'",
};
pub(super) const RECORD: Kind = Kind {
    code: "backup-prune-record",
    severity: Severity::Refuse,
    help: "put it back from a copy; until then it counts for nothing, and what was removed \
           counts as missing",
};
pub(super) const REPLAYED: Kind = Kind {
    code: "backup-replayed",
    severity: Severity::Refuse,
    help: DO_NOT_RELY,
};

/// Findings while they are collected.
#[derive(Debug, Default)]
pub(super) struct Problems {
    findings: Vec<Finding>,
    counts: BTreeMap<&'static str, (Kind, usize)>,
}

impl Problems {
    /// Adds one; `message` is a sentence, `spans` are escaped names.
    pub(super) fn add(&mut self, kind: Kind, message: String, spans: Vec<String>) {
        let (_, count) = self.counts.entry(kind.code).or_insert((kind, 0));
        *count += 1;
        if *count <= MOST {
            self.findings.push(finding(kind, message, spans));
        }
    }

    /// All of them, those that weigh most first.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        let mut findings = self.findings;
        for (kind, count) in self.counts.into_values() {
            if let Some(more @ 1..) = count.checked_sub(MOST) {
                let message = format!("there are {} more of this kind", grouped(more as u64));
                findings.push(finding(kind, message, Vec::new()));
            }
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }
}

pub(super) fn finding(kind: Kind, message: String, spans: Vec<String>) -> Finding {
    Finding {
        code: kind.code.into(),
        help: kind.help.into(),
        message,
        rule: "chain".into(),
        severity: kind.severity,
        spans,
    }
}
