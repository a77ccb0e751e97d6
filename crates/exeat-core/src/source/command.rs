//! What a command prints, as a stream to be sealed: never on a disk, and only
//! whole.
//!
//! A pipe does not tell why it ended. So the command is run by an [`Attendant`],
//! another process, which waits for it and for all that it has started
//! ([`attend`]), and tells the reader of the output how they ended. The
//! [`CommandOutput`] comes to its end only if everything is well; otherwise
//! reading it fails, and there is no package.

mod attend;
mod check;
mod expected;
mod failure;
mod output;
mod report;
mod tail;

pub use attend::attend;
pub use expected::{ExpectedEnd, ExpectedEndError};
pub use failure::CommandFailure;
pub use output::{Attendant, Cancelled, CommandLine, CommandOutput};
pub use tail::Tail;
