//! The manual.
//!
//! - [`approvals`]: a release that several people agree to
//! - [`findings`]: what a decision can say, its cause and its remedy
//! - [`formats`]: what is read of each kind of file, and what is not
//! - [`scan`]: finding what already lies open
//! - [`policy`]: the rules, and how a file makes them stricter
//! - [`ledger`]: what is recorded of every export, and what never is
//! - [`backups`]: nightly ones: profiles, the chain, what is kept, the restore drill
//! - [`receipts`]: what it means that a package was received, and how to check it
//! - [`format`](mod@format): the package format, for those who write another
//!   reader, or want to know what a package tells a finder
//! - [`json`]: what `--json` prints, as schemas
//! - [`keys`]: which kinds there are, where they may be kept, what each is worth
//! - [`security`]: what is defended against, and what is not

pub mod approvals;
pub mod backups;
pub mod findings;
pub mod format;
pub mod formats;
pub mod json;
pub mod keys;
pub mod ledger;
pub mod policy;
pub mod receipts;
pub mod scan;
pub mod security;
