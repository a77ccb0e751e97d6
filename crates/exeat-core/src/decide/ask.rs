//! What the rules are asked about.

use jiff::Timestamp;

use super::Requester;
use crate::approval::Approvals;
use crate::destination::Target;
use crate::keys::Recipients;
use crate::signature::Fingerprint;

/// How it would leave.
#[derive(Debug, Clone, Copy)]
pub enum Form<'a> {
    /// As a package.
    Sealed {
        /// Who is to be able to open it; `None` where nobody has been named
        /// yet, and the rules about them are not asked.
        recipients: Option<&'a Recipients>,
        /// The key that will sign it.
        signer: Option<&'a Fingerprint>,
        /// Who else has agreed to it; `None` where that is nothing that
        /// anybody could agree to: a package that is passed on.
        approvals: Option<&'a Approvals>,
    },
    /// In the clear.
    Plain,
}

/// What the rules ask about beside the content.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// How it would leave.
    pub form: Form<'a>,
    /// Where it would go; `None` where that is not known yet.
    pub target: Option<&'a Target>,
    /// What is to leave, by where it lies, as [`Listing::places`] says it.
    ///
    /// [`Listing::places`]: crate::source::Listing::places
    pub sources: Option<&'a [String]>,
    /// What the sender calls it.
    pub label: Option<&'a str>,
    /// What it is for.
    pub purpose: Option<&'a str>,
    /// Who asks.
    pub requester: &'a Requester,
    /// The time of the request.
    pub created: Timestamp,
}

impl Ask<'_> {
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.form, Form::Plain)
    }
}
