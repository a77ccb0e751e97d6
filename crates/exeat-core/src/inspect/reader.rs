//! What is not text is read by another process: formats, the process, and
//! what it says.
//!
//! Parsers of office files, databases, archives and images are large, and
//! some can panic, hang or ask for any amount of memory. None is in this
//! crate. Each such file is handed, as an open file, to a *reader*: a process
//! of a program that the caller names ([`Readers`]), which confines itself,
//! turns the file into text and tables, and says so in frames ([`protocol`]).
//! This side believes none of it to be well-formed, and lets nothing through
//! that a reader could put a value into: why something could not be read is
//! one of a fixed list ([`Reason`]).
//!
//! `exeat-readers` is the program's side. Without readers such files are
//! uninspected, as whatever cannot be read.

mod format;
mod process;
pub mod protocol;
mod reason;

pub use format::{Format, recognise};
pub use process::Readers;
pub(crate) use process::{Ended, Reading};
pub use reason::Reason;
