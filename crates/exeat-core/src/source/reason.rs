//! Why an entry is not in a package, or not as it was.

/// Why a file that spans volumes is left out of another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenUp {
    /// It was gone when its turn came.
    Vanished,
    /// It could not be opened.
    Unreadable,
}

/// Why an entry was left out, or is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SkipReason {
    Permission,
    InputOutput,
    Unreadable,
    Pipe,
    Socket,
    Device,
    Unknown,
    Vanished,
    Changed,
    Attributes,
}

impl SkipReason {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Permission => "permission denied",
            Self::InputOutput => "input/output error",
            Self::Unreadable => "not readable",
            Self::Pipe => "a pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
            Self::Unknown => "of an unknown kind",
            Self::Vanished => "gone before its turn",
            Self::Changed => "changed while it was read",
            Self::Attributes => "not all extended attributes could be kept",
        }
    }

    /// Whether the machine did not give it, though it is there.
    pub(super) fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Permission | Self::InputOutput | Self::Unreadable
        )
    }

    /// Whether it is nothing that a file system could give back: no loss.
    pub(super) fn is_by_nature(self) -> bool {
        matches!(
            self,
            Self::Pipe | Self::Socket | Self::Device | Self::Unknown
        )
    }
}

impl From<rustix::io::Errno> for SkipReason {
    fn from(error: rustix::io::Errno) -> Self {
        use rustix::io::Errno;
        match error {
            Errno::ACCESS | Errno::PERM => Self::Permission,
            Errno::IO => Self::InputOutput,
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP => Self::Vanished,
            _ => Self::Unreadable,
        }
    }
}
