//! What a command prints, as a stream to be sealed: never on a disk, and only
//! whole.

mod expected;

pub use expected::{ExpectedEnd, ExpectedEndError};
