//! A package as one flat tar: members one after another, as they are done.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::framing::{BLOCK, END};
use crate::manifest::member;
use crate::path::shown;

/// How much is copied at once.
const BUFFER: usize = 128 << 10;

/// A member of a package while it is written.
#[derive(Debug)]
pub struct Member {
    pub(super) name: String,
    pub(super) file: File,
    /// Where it waits for its turn, if that is none of the package's places.
    pub(super) waits_in: Option<PathBuf>,
}

impl Write for Member {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes);
        match &self.waits_in {
            Some(folder) => written.map_err(|error| in_folder(error, folder)),
            None => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Says which folder an error is about: not the one that people think of.
pub(super) fn in_folder(error: io::Error, folder: &Path) -> io::Error {
    let text = crate::diagnostic::words::without_errno(&error.to_string()).to_owned();
    io::Error::new(
        error.kind(),
        format!("{text}, in {} (TMPDIR names another folder)", shown(folder)),
    )
}

/// Where members go, in the order in which they are done.
pub(super) struct Archive {
    state: Mutex<State>,
    /// When the package was made.
    created: Timestamp,
}

struct State {
    output: Box<dyn Write + Send>,
    /// Something that opens the volumes has begun to go.
    has_envelope: bool,
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").finish_non_exhaustive()
    }
}

impl Archive {
    pub(super) fn new(output: Box<dyn Write + Send>, created: Timestamp) -> Self {
        Self {
            state: Mutex::new(State {
                output,
                has_envelope: false,
            }),
            created,
        }
    }

    /// Writes a finished member.
    pub(super) fn add(&self, member: Member) -> io::Result<()> {
        self.lock().write(member, self.created)
    }

    /// Whether anything has gone that opens the volumes.
    pub(super) fn has_envelope(&self) -> bool {
        self.lock().has_envelope
    }

    /// Writes the end.
    pub(super) fn finish(self) -> io::Result<()> {
        let mut state = self.lock();
        let mut zeros = io::repeat(0).take(END);
        io::copy(&mut zeros, &mut state.output)?;
        state.output.flush()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, mut member: Member, created: Timestamp) -> io::Result<()> {
        self.has_envelope |= member.name == member::ENVELOPE;
        let bytes = member.file.stream_position()?;
        member.file.rewind()?;
        let header = header(&member.name, bytes, created);
        self.output.write_all(header.as_bytes())?;
        let mut buffer = vec![0; BUFFER];
        let mut left = bytes;
        while left > 0 {
            let most = usize::try_from(left).map_or(BUFFER, |left| left.min(BUFFER));
            match member.file.read(&mut buffer[..most])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => {
                    self.output.write_all(&buffer[..count])?;
                    left -= count as u64;
                }
            }
        }
        let padding = bytes.next_multiple_of(BLOCK) - bytes;
        io::copy(&mut io::repeat(0).take(padding), &mut self.output)?;
        Ok(())
    }
}

/// The header of a member: a plain file that anybody may read. Its time is the
/// package's, which the manifest tells everybody. A size from 8 GiB on is
/// binary, as GNU tar and others write and read it.
fn header(name: &str, bytes: u64, created: Timestamp) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    let ustar = header.as_ustar_mut().expect("made as ustar");
    ustar.name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(bytes);
    header.set_mtime(u64::try_from(created.as_second()).unwrap_or(0));
    header.set_cksum();
    header
}
