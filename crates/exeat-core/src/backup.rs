//! Backups of one profile.

mod state;

pub use state::{Pending, Recalled, StateError, Wanted, recall, remember};
