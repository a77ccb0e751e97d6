//! Ways in for the fuzz targets in `tests/fuzz`: the parsers that no public
//! function leads to, and their answers in types that a target can look into.
//!
//! This is compiled with `--cfg fuzzing` alone, which cargo-fuzz gives: no program
//! that is built in the usual way can call any of it. The functions decide nothing:
//! what has to hold of an answer, the target says.

use std::fs::File;
use std::io::{self, Write as _};

pub use crate::backup::fuzzing::{memory, state};
pub use crate::inspect::fuzzing::Inspector;
pub use crate::keys::fuzzing::{AgeHeader, age_header, envelope};
pub use crate::ledger::fuzzing::{ChainEnd, chain, chained, line, tail};
pub use crate::manifest::fuzzing::inventory;
pub use crate::verify::fuzzing::{
    Member, Payload, PayloadEntry, archive, piped_archive, read_payload,
};

/// A file with these bytes that is on no disk.
pub(crate) fn in_memory(bytes: &[u8]) -> io::Result<File> {
    let flags = rustix::fs::MemfdFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::memfd_create(c"fuzzing", flags)?);
    file.write_all(bytes)?;
    Ok(file)
}
