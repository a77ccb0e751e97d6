//! Combining policies: of each rule the stricter one.
//!
//! Thresholds and ceilings take the least, demands the greatest; what is
//! required adds up, so does what is named, and allowed is what every file allows. So the order of
//! files does not matter, the same file twice is as good as once, and nothing
//! becomes looser by a file more: the tests hold all of this as properties.

use std::collections::BTreeMap;

use super::Policy;
use super::rules::{Bulk, Origin, Quota, Rule};

impl Policy {
    /// The rules of both, of each the stricter one.
    ///
    /// Where both name a ledger, that of the lesser origin stays;
    /// [`Policy::from_layers`] does not let it come to that.
    #[must_use]
    pub fn tighten(&self, other: &Self) -> Self {
        Self {
            bulk: Bulk {
                people: self.bulk.people.least(&other.bulk.people),
                records: self.bulk.records.least(&other.bulk.records),
                bytes: self.bulk.bytes.least(&other.bulk.bytes),
                files: self.bulk.files.least(&other.bulk.files),
            },
            ceiling: either(&self.ceiling, &other.ceiling, Rule::least),
            approvals: steps(&self.approvals, &other.approvals),
            approvers: self.approvers.both(&other.approvers),
            approver_files: self.approver_files.both(&other.approver_files),
            recipients: self.recipients.both(&other.recipients),
            required: all(&self.required, &other.required, |a, b| a.min(b).clone()),
            no_passphrase: first(&self.no_passphrase, &other.no_passphrase),
            post_quantum: first(&self.post_quantum, &other.post_quantum),
            signers: self.signers.both(&other.signers),
            destinations: self.destinations.both(&other.destinations),
            quotas: all(&self.quotas, &other.quotas, |a, b| Quota {
                people: either(&a.people, &b.people, Rule::least),
                records: either(&a.records, &b.records, Rule::least),
                ..a.clone()
            }),
            purpose_required: first(&self.purpose_required, &other.purpose_required),
            purposes: self.purposes.both(&other.purposes),
            ledger: either(&self.ledger, &other.ledger, Rule::first),
            inspection: either(&self.inspection, &other.inspection, Rule::greatest),
            uninspected: self.uninspected.greatest(&other.uninspected),
            columns: all(&self.columns, &other.columns, Rule::first),
        }
    }
}

fn either<T: Clone>(a: &Option<T>, b: &Option<T>, stricter: impl Fn(&T, &T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(stricter(a, b)),
        (one, None) | (None, one) => one.clone(),
    }
}

fn first(a: &Option<Origin>, b: &Option<Origin>) -> Option<Origin> {
    either(a, b, |a, b| a.min(b).clone())
}

fn all<K: Ord + Clone, V: Clone>(
    a: &BTreeMap<K, V>,
    b: &BTreeMap<K, V>,
    stricter: impl Fn(&V, &V) -> V,
) -> BTreeMap<K, V> {
    let mut both = a.clone();
    for (key, value) in b {
        let held = both.get(key).map(|held| stricter(held, value));
        both.insert(key.clone(), held.unwrap_or_else(|| value.clone()));
    }
    both
}

/// Merges steps and drops those that ask for no more than one that begins
/// earlier.
pub(super) fn steps(
    a: &BTreeMap<u64, Rule<u32>>,
    b: &BTreeMap<u64, Rule<u32>>,
) -> BTreeMap<u64, Rule<u32>> {
    let mut steps = all(a, b, Rule::greatest);
    let mut most = 0;
    steps.retain(|_, rule| {
        let more = rule.value > most;
        most = most.max(rule.value);
        more
    });
    steps
}
