//! The exit codes: the one place that knows the numbers.

use exeat_core::diagnostic::Fault;

use crate::signals::{self, Signal};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// The command line is wrong.
    Usage,
    /// The policy or the floor refuses.
    Refused,
    /// A package is damaged or altered.
    Damaged,
    /// A policy or configuration file is not valid.
    Configuration,
    /// Another run holds what this one needs.
    Locked,
    /// Done, but something was left out.
    Incomplete,
    /// A signature is absent or by nobody who is trusted.
    Untrusted,
    /// Done, and something that was to happen by now has not.
    Overdue,
    /// A mistake in exeat itself.
    Internal,
    /// Stopped by this signal.
    Interrupted(Signal),
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Damaged => 4,
            Self::Configuration => 5,
            Self::Locked => 6,
            Self::Incomplete => 7,
            Self::Untrusted => 8,
            Self::Overdue => 9,
            Self::Internal => 70,
            Self::Interrupted(Signal::Interrupt) => 130,
            Self::Interrupted(Signal::Terminate) => 143,
        }
    }

    /// How the program ends after an error of the library.
    pub(crate) fn of(fault: Fault) -> Self {
        match fault {
            Fault::Refused => Self::Refused,
            Fault::Package => Self::Damaged,
            Fault::Signature => Self::Untrusted,
            Fault::Configuration => Self::Configuration,
            Fault::Busy => Self::Locked,
            Fault::Interrupted => {
                Self::Interrupted(signals::received().unwrap_or(Signal::Interrupt))
            }
            Fault::Internal => Self::Internal,
            // What was asked for or what the machine did: both are "failed".
            _ => Self::Failed,
        }
    }
}
