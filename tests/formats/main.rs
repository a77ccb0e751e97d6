//! One made-up clinic in every format that people export: the same head count
//! each time, wherever it lies; and what is damaged, hostile or protected is
//! never taken for harmless.
//!
//! The files are made by `make.py` with the programs and libraries that make
//! such files elsewhere, so that exeat is not tested on what it thinks a format
//! is. `tests/run` installs what that needs; without it the tests say SKIPPED,
//! and fail in CI.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and makes and breaks files of its own"
)]

#[expect(dead_code, reason = "tests/cli needs more of it")]
#[path = "../cli/environment.rs"]
mod environment;

mod bad;
mod heads;
mod made;
mod report;
mod scan;
