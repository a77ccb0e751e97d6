//! What the rules say of a file that lies where it lies: as if it were to be
//! copied there in the clear.

use super::floor::{plain_content, plain_place, weak_at_rest};
use crate::destination::Place;
use crate::diagnostic::Finding;
use crate::inspect::{Amount, Class, Coverage, Facts, Uninspected};
use crate::policy::{Origin, Policy};

impl Policy {
    /// Why a file with these facts should not lie in the clear at `place`, as
    /// far as its content is known: people, sensitive data, keys, a medium
    /// that can be carried away. What could not be seen, images that nobody
    /// reviewed included, is no finding here; [`is_unseen`] tells.
    #[must_use]
    pub fn findings_at_rest(&self, facts: &Facts, place: &Place) -> Vec<Finding> {
        let known = Facts {
            bulk: Amount::default(),
            media: 0,
            coverage: Coverage::Complete,
            uninspected: Uninspected::default(),
            ..facts.clone()
        };
        let mut findings = Vec::new();
        self.bulk(&known, &mut findings);
        plain_content(&known, &self.bulk_rules().people, &mut findings);
        plain_place(&known, place, &mut findings);
        weak_at_rest(&known, &mut findings);
        if known.classes.iter().any(|f| f.class == Class::PrivateKey) {
            findings.push(super::words::refuse(
                "key-beside-data",
                "a private key lies in the clear",
                "move it to where only its owner can read it, or make a new one",
                &Origin::Floor,
            ));
        }
        findings
    }
}

/// Whether something of it could not be seen, so that it may hold anything.
#[must_use]
pub fn is_unseen(facts: &Facts) -> bool {
    facts.uninspected.files > 0 || facts.media > 0
}
