//! How well inspection tells whose data it is, as a black box: generators of
//! made-up data, none of it tuned to one data set, and the figures that have
//! to be reached. Each test prints its figures: `cargo test --test accuracy --
//! --nocapture`; the long forms run with `--ignored`.
#![expect(clippy::disallowed_methods, reason = "a test makes files of its own")]

mod bad_input;
mod chance;
mod contacts;
mod encodings;
mod evasion;
mod harmless;
mod heads;
mod identifiers;
mod layouts;
mod linked;
mod logs;
mod look;
mod nhs_recall;
mod oversized;
mod people;
mod phones;
mod pool;
mod properties;
mod random;
mod sources;
mod varied_forms;

/// Of every generator.
const SEEDS: [u64; 3] = [1, 20_260, 0x00e8_ea70];
