//! Why something could not be read, on its way to whoever says it.

use std::error::Error as _;
use std::fmt;
use std::io;

use exeat_core::inspect::reader::Reason;

/// Why reading stopped.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It cannot be read; the rest of the file may be.
    Unread(Reason),
    /// Nobody listens any more: everything stops.
    Gone(io::Error),
}

/// A reason in the clothes of an I/O error, to come through decoders that know
/// no other.
#[derive(Debug)]
struct Disguised(Reason);

impl fmt::Display for Disguised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.text())
    }
}

impl std::error::Error for Disguised {}

/// An I/O error that [`Problem`] knows for this reason again.
pub(crate) fn io_error(reason: Reason) -> io::Error {
    io::Error::other(Disguised(reason))
}

impl From<Reason> for Problem {
    fn from(reason: Reason) -> Self {
        Self::Unread(reason)
    }
}

/// Errors of reading; those of writing are [`Problem::Gone`].
impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Unread(reason_of(&error))
    }
}

/// What an I/O error means; decoders wrap one in another.
pub(crate) fn reason_of(error: &io::Error) -> Reason {
    let mut inner = error
        .get_ref()
        .map(|inner| inner as &(dyn std::error::Error + 'static));
    while let Some(error) = inner {
        if let Some(Disguised(reason)) = error.downcast_ref() {
            return *reason;
        }
        inner = match error.downcast_ref::<io::Error>() {
            Some(error) => match error.get_ref() {
                Some(inner) => Some(inner),
                None => error.source(),
            },
            None => error.source(),
        };
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Reason::CutShort,
        io::ErrorKind::OutOfMemory => Reason::PartTooLarge,
        io::ErrorKind::Unsupported => Reason::Unsupported,
        _ if error.raw_os_error().is_some() => Reason::Unreadable,
        _ => Reason::Damaged,
    }
}
