//! Backups of one profile: a signed chain of packages in one folder, looked at
//! and cleared up without any key that opens them.
//!
//! | step | what | gives |
//! |---|---|---|
//! | whose chain it is | [`series_id`] | the chain's UUID |
//! | look at the folder: signatures, order, what is missing | [`Shelf::read`] | [`Shelf`] |
//! | compare with what the host remembers | [`Memory`], [`Shelf::held_against`] | findings |
//! | say what the next one is | [`next`] | [`Next`] |
//! | find the files that have not changed | [`recall`] | a listing |
//! | write down what it holds | [`remember`] | [`Pending`] |
//! | restore: find the packages of a time | [`Backups`] | [`Backup`] |
//! | decide what to keep | [`plan`] | [`Fate`] of each package |
//! | say, signed, what goes; then remove it | [`Shelf::remove`] | [`Removed`] |
//!
//! What lies in the folder is somebody else's until a signature by the profile's
//! own key has vouched for it. What was removed is in a signed record beside the
//! packages, [`PruneRecord`], so that it is no gap in the chain; whoever can
//! write there can delete packages, and not without its being noticed.

mod atomic;
mod chain;
mod error;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod lock;
mod memory;
mod next;
mod problems;
mod pruned;
mod remove;
mod restore;
mod retention;
mod series;
mod shelf;
mod state;
#[cfg(test)]
mod tests;

pub use error::BackupError;
pub use lock::RunLock;
pub use memory::{LastRun, Memory, Tip};
pub use next::{FullEvery, Next, WhyFull, next};
pub use pruned::{Gone, GoneReason, PRUNE_NAMESPACE, PruneRecord};
pub use remove::Removed;
pub use restore::{Backup, Backups, RestoreError};
pub use retention::{Candidate, Fate, Keep, Reason, Surplus, Verdict, plan, sound};
pub use series::{FIRST_SEQUENCE, SeriesId, series_id};
pub use shelf::{Place, Shelf, Shelved};
pub use state::{Pending, Recalled, StateError, Wanted, recall, remember};
