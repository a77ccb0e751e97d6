//! The file as the `parquet` crate wants to read it, and what its errors mean.

use std::io::{self, BufReader, Seek as _, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use exeat_core::inspect::reader::Reason;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use crate::input::Window;
use crate::problem::{Problem, reason_of};

/// The most bytes that are read of one page before it is decompressed. Writers
/// make pages of about 1 MiB.
const MAX_PAGE: usize = 24 << 20;

/// A window to read pages from.
pub(super) struct Source(Window);

impl Source {
    pub(super) fn new(window: &Window) -> Arc<Self> {
        Arc::new(Self::new_plain(window))
    }

    pub(super) fn new_plain(window: &Window) -> Self {
        Self(window.clone())
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Source {
    type T = BufReader<Window>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut window = self.0.clone();
        window.seek(SeekFrom::Start(start))?;
        // Only headers of pages are read in this way.
        Ok(BufReader::with_capacity(512, window))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let is_there = start
            .checked_add(length as u64)
            .is_some_and(|end| end <= self.0.len());
        if !is_there {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        if length > MAX_PAGE {
            return Err(io::Error::from(io::ErrorKind::OutOfMemory).into());
        }
        let mut bytes = vec![0; length];
        if self.0.read_at(&mut bytes, start)? < length {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(bytes.into())
    }
}

/// What an error of the `parquet` crate means.
pub(super) fn problem(error: ParquetError) -> Problem {
    let reason = match &error {
        ParquetError::NYI(_) => Reason::Unsupported,
        ParquetError::External(inner) => match inner.downcast_ref::<io::Error>() {
            Some(error) => reason_of(error),
            None => Reason::Damaged,
        },
        _ => Reason::Damaged,
    };
    reason.into()
}
