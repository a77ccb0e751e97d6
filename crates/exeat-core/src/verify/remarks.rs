//! What a reader should know of a package that is as it should be: nothing is wrong
//! with it, and it may all the same not be what somebody says it is.

use std::borrow::Cow;

use super::{EnvelopeState, FurtherEnvelope, Package, Unlocked, Verified};
use crate::diagnostic::{Finding, Severity};
use crate::manifest::NamedKey;
use crate::path::Escaped;
use crate::signature::Fingerprint;

/// Who made these: no policy, but whoever reads.
const RULE: &str = "reader";

impl Verified<Package> {
    /// That it was signed with the reader's own key, if that is so: then it is one of
    /// their own that came back, whatever was said of it.
    #[must_use]
    pub fn own_package(&self, own: Option<&Fingerprint>) -> Option<Finding> {
        (own == Some(self.signer().fingerprint())).then(|| Finding {
            code: Cow::Borrowed("own-package"),
            help: "if somebody sent it to you as theirs, ask them for the one they meant".into(),
            message: "the package was signed with your own key: it is one that you made".into(),
            rule: RULE.into(),
            severity: Severity::Note,
            spans: Vec::new(),
        })
    }
}

impl Unlocked {
    /// That somebody else passed it on, if the sender did not list the identity that
    /// opened it, and no passphrase of the sender's did.
    #[must_use]
    pub fn not_addressed(&self) -> Option<Finding> {
        let recipients = &self.inventory().header().recipients;
        let by_passphrase =
            self.passed_on().is_none() && recipients.iter().any(NamedKey::is_passphrase);
        if self.is_listed() || by_passphrase {
            return None;
        }
        let by = match self.passed_on().map(FurtherEnvelope::state) {
            Some(EnvelopeState::PassedOn { by, .. }) => {
                Escaped(by.principal().as_bytes()).to_string()
            }
            _ => "somebody".to_owned(),
        };
        Some(Finding {
            code: Cow::Borrowed("passed-on"),
            help: "ask the sender whether you should have it".into(),
            message: format!(
                "the sender did not list your identity as a recipient; {by} has passed the package \
                 on to you"
            ),
            rule: RULE.into(),
            severity: Severity::Warn,
            spans: Vec::new(),
        })
    }
}
