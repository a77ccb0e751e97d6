//! The manual.
//!
//! - [`format`](mod@format): the package format, for those who write another
//!   reader, or want to know what a package tells a finder
//! - [`findings`]: what a decision can say, its cause and its remedy
//! - [`security`]: what is defended against, and what is not

pub mod findings;
pub mod format;
pub mod security;
