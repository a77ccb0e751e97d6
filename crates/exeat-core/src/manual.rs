//! The manual.

pub mod findings;
pub mod format;
