//! 7z archives: blocks of members that are compressed together, and a header
//! at the end that names them (7zFormat.txt of the LZMA SDK).
//!
//! A block is decoded once, its members one after the other.

mod coder;
mod folder;
mod header;
mod streams;

use std::io::{self, Read};
use std::ops::Range;

use exeat_core::inspect::reader::Reason;

use crate::input::{Input, Window};
use crate::members::{self, Checked};
use crate::output::Output;
use crate::problem::{Problem, io_error, reason_of};
use header::{File, Header};
use streams::Streams;

/// What stands before everything: a signature, a version, and where the
/// header is.
const START: usize = 32;
/// The largest header that is read.
const MAX_HEADER: u64 = 16 << 20;
/// A header may be compressed, and that one's header too; no program does so
/// more than once.
const MAX_LAYERS: usize = 4;

/// Reads a 7z archive.
pub(crate) fn read(input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let window = input.into_window()?;
    let mut places = Places::default();
    let Some(header) = find(&window, &mut places, out)? else {
        return places.settle(&window);
    };
    places.add_packed(&header.streams);
    let mut archive = Archive {
        window: &window,
        streams: &header.streams,
        out,
    };
    archive.members(&header.files)?;
    if header.is_unaccounted {
        return Err(Reason::Unaccounted.into());
    }
    places.settle(&window)
}

/// The header, decoded; `None` if there is none because there are no members.
fn find(window: &Window, places: &mut Places, out: &mut Output) -> Result<Option<Header>, Problem> {
    let mut start = [0; START];
    if window.read_at(&mut start, 0)? < START {
        return Err(Reason::CutShort.into());
    }
    let mut fields = header::Fields(&start[8..]);
    let said = fields.u32()?;
    if said != crc(fields.0) {
        return Err(Reason::Damaged.into());
    }
    let (offset, size, said) = (fields.u64()?, fields.u64()?, fields.u32()?);
    let begin = offset.checked_add(START as u64).ok_or(Reason::Damaged)?;
    let end = begin.checked_add(size).ok_or(Reason::Damaged)?;
    places.0.push(0..START as u64);
    places.0.push(begin..end);
    if size == 0 {
        return Ok(None);
    }
    let stands = window.slice(begin..end).ok_or(Reason::CutShort)?;
    if size > MAX_HEADER {
        return Err(Reason::PartTooLarge.into());
    }
    let mut bytes = stands.to_vec(usize::MAX)?;
    if crc(&bytes) != said {
        return Err(Reason::Damaged.into());
    }
    for _ in 0..MAX_LAYERS {
        let mut fields = header::Fields(&bytes);
        match fields.byte()? {
            header::HEADER => return Ok(Some(Header::parse(fields)?)),
            header::ENCODED_HEADER => {
                let streams = Streams::parse(&mut fields)?;
                places.add_packed(&streams);
                bytes = decode_header(window, &streams, out)?;
            }
            _ => return Err(Reason::Damaged.into()),
        }
    }
    Err(Reason::TooDeep.into())
}

fn decode_header(window: &Window, streams: &Streams, out: &mut Output) -> Result<Vec<u8>, Problem> {
    let [folder] = &streams.folders[..] else {
        return Err(Reason::Damaged.into());
    };
    let size = folder.size()?;
    if size > MAX_HEADER {
        return Err(Reason::PartTooLarge.into());
    }
    let decoder = coder::open(window, streams, folder, out)?;
    let mut bytes = Vec::new();
    let mut checked = Checked::new(decoder, size, folder.crc);
    out.metered(&mut checked).read_to_end(&mut bytes)?;
    Ok(bytes)
}

struct Archive<'a> {
    window: &'a Window,
    streams: &'a Streams,
    out: &'a mut Output,
}

impl Archive<'_> {
    fn members(&mut self, files: &[File]) -> Result<(), Problem> {
        let mut with_content = files.iter().filter(|file| file.has_stream);
        let wanted: usize = self.streams.folders.iter().map(|it| it.parts.len()).sum();
        if with_content.clone().count() != wanted {
            return Err(Reason::Damaged.into());
        }
        for file in files.iter().filter(|file| !file.has_stream) {
            members::name(&file.name, self.out)?;
            match file.is_folder {
                true => self.out.name(&file.name)?,
                false => self.out.member(&file.name, Input::of_bytes(Vec::new()))?,
            }
        }
        for folder in &self.streams.folders {
            let files: Vec<_> = with_content.by_ref().take(folder.parts.len()).collect();
            self.block(folder, &files)?;
        }
        Ok(())
    }

    fn block(&mut self, folder: &folder::Folder, files: &[&File]) -> Result<(), Problem> {
        for file in files {
            members::name(&file.name, self.out)?;
        }
        let decoder = match coder::open(self.window, self.streams, folder, self.out) {
            Ok(decoder) => decoder,
            Err(Problem::Unread(reason)) => {
                for file in files {
                    let say = |out: &mut Output| out.uninspected(reason);
                    self.out.within(&file.name, say)?;
                }
                return match files {
                    // A block without members, that nobody can look into.
                    [] => Err(reason.into()),
                    _ => Ok(()),
                };
            }
            Err(gone) => return Err(gone),
        };
        let mut decoder = Sticky {
            inner: decoder,
            failed: None,
        };
        for (file, part) in files.iter().zip(&folder.parts) {
            let content = decoder.by_ref().take(part.size);
            let mut checked = Checked::new(content, part.size, part.crc);
            members::decoded(&file.name, &mut checked, self.out)?;
        }
        if decoder.failed.is_some() {
            return Ok(());
        }
        // What it makes beside its members.
        let mut more = [0];
        match decoder.read(&mut more) {
            Ok(0) => Ok(()),
            Ok(_) => self.out.uninspected(Reason::Unaccounted),
            Err(error) => self.out.uninspected(reason_of(&error)),
        }
    }
}

/// A decoder that fails for good.
struct Sticky<R> {
    inner: R,
    failed: Option<Reason>,
}

impl<R: Read> Read for Sticky<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(reason) = self.failed {
            return Err(io_error(reason));
        }
        let read = self.inner.read(buffer);
        if let Err(error) = &read
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.failed = Some(reason_of(error));
        }
        read
    }
}

/// What stands where in the file.
#[derive(Default)]
struct Places(Vec<Range<u64>>);

impl Places {
    fn add_packed(&mut self, streams: &Streams) {
        self.0.extend(streams.packed.iter().cloned());
    }

    /// Every byte belongs to one thing.
    fn settle(mut self, window: &Window) -> Result<(), Problem> {
        self.0
            .sort_unstable_by_key(|place| (place.start, place.end));
        let mut end = 0;
        for place in self.0.iter().filter(|place| !place.is_empty()) {
            if place.start != end {
                return Err(Reason::Unaccounted.into());
            }
            end = place.end;
        }
        match end == window.len() {
            true => Ok(()),
            false => Err(Reason::Unaccounted.into()),
        }
    }
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests;
