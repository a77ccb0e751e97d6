//! Findings: what a decision can say. The codes are permanent.
//!
//! A finding that refuses ends the command with exit code 3; nothing has been
//! written then.
//!
//! | code | cause | remedy |
//! |---|---|---|
//! | `no-recipient` | nobody is named who could open the package | name a recipient with `-r`, a file of them with `-R`, or use `--passphrase` |
//! | `recipient-expired` | the last day on which a recipient of `recipients.toml` may be used has passed (UTC) | ask them for a new recipient line, enter it and a new `expires` |
//! | `unsigned` | there is no key to sign the package with | run `exeat init` |
