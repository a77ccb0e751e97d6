//! One file of a package, or the stream that it holds, into a stream.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::os::fd::AsFd;

use super::{OpenError, target_for};
use crate::decide::OpenPermit;
use crate::destination::OpenTarget;
use crate::entry::EntryKind;
use crate::manifest::{Inventory, Record};
use crate::parallel;
use crate::path::Escaped;
use crate::progress::{Phase, Progress};
use crate::verify::{Nowhere, Unlocked, Visitor, read_volume};

/// What was written.
#[derive(Debug)]
pub struct Emitted {
    /// The file in the package, escaped.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
}

/// Writes one file into `output`, where `permit` says so: that at `path`, or
/// without one the only file there is, such as a stream that was sealed.
///
/// Nothing is written before everything that it needs has been read and
/// compared with its digests. It is then read and compared once more, so that
/// whoever alters the package meanwhile is noticed, if only after some of it.
///
/// # Errors
/// It is not there or no file; anything that is not as the inventory says; what
/// the system says.
pub fn emit(
    package: &Unlocked,
    permit: OpenPermit,
    path: Option<&[u8]>,
    output: impl Write + AsFd,
    threads: Option<NonZeroUsize>,
    progress: &dyn Progress,
) -> Result<Emitted, OpenError> {
    match target_for(package, permit)? {
        OpenTarget::Stream(stream) if stream.is(&output) => {}
        _ => return Err(OpenError::Permit),
    }
    let inventory = package.inventory();
    let index = match path {
        Some(path) => at(inventory, path)?,
        None => only_file(inventory)?,
    };
    let record = inventory.entry(index);
    if let Some(package) = record.package() {
        return Err(OpenError::Earlier {
            path: record.path().to_string(),
            package,
        });
    }
    let mut wanted = vec![false; inventory.entries().len()];
    wanted[index] = true;
    let volumes = inventory.volumes().len();
    progress.begin(Phase::Checking, None);
    let threads = parallel::threads(threads);
    let wanted = Some(wanted.as_slice());
    parallel::for_each(volumes, threads, |volume| {
        let is_shared = parallel::is_among_last(volume, volumes, threads);
        read_volume(package, volume, wanted, is_shared, &mut Nowhere, progress)
    })?;
    progress.begin(Phase::Extracting, None);
    let mut output = Output(output);
    for volume in 0..volumes {
        let is_shared = threads.get() > 1;
        read_volume(package, volume, wanted, is_shared, &mut output, progress)?;
    }
    output.0.flush().map_err(write_error)?;
    Ok(Emitted {
        path: record.path().to_string(),
        bytes: record.bytes(),
    })
}

fn is_file(record: &Record<'_>) -> bool {
    record.kind() == EntryKind::File && record.skipped().is_none()
}

fn at(inventory: &Inventory, path: &[u8]) -> Result<usize, OpenError> {
    let shown = || Escaped(path).to_string();
    let index = inventory.find(path);
    let index = index.ok_or_else(|| OpenError::NoSuchPath { path: shown() })?;
    match is_file(&inventory.entry(index)) {
        true => Ok(index),
        false => Err(OpenError::NotOneFile {
            what: format!("'{}'", shown()),
        }),
    }
}

fn only_file(inventory: &Inventory) -> Result<usize, OpenError> {
    let entries = inventory.entries().enumerate();
    let mut files = entries.filter(|(_, record)| is_file(record));
    match (files.next(), files.next()) {
        (Some((index, _)), None) => Ok(index),
        _ => Err(OpenError::NotOneFile {
            what: "what the package holds".into(),
        }),
    }
}

fn write_error(source: io::Error) -> OpenError {
    OpenError::Write {
        path: "standard output".into(),
        source,
    }
}

struct Output<W>(W);

impl<'p, W: Write> Visitor<'p> for Output<W> {
    type Error = OpenError;

    fn begin(&mut self, _: Record<'p>, _: u64) -> Result<(), OpenError> {
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), OpenError> {
        self.0.write_all(bytes).map_err(write_error)
    }

    fn end(&mut self) -> Result<(), OpenError> {
        Ok(())
    }
}
