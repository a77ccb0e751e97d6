//! Images: their size, and what they carry beside their pixels: where and by
//! whom they were taken, captions, comments, a smaller copy of themselves.
//!
//! Pixels are not looked at. What is text is passed on as text, what is beside
//! the image in the file is said.

mod bmff;
mod gif;
mod icon;
mod iptc;
mod jpeg;
mod png;
mod riff;
#[cfg(test)]
mod tests;
mod tiff;

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::{Image, metadata};

use crate::input::{Input, Window};
use crate::output::{Budget, Output};
use crate::problem::Problem;
use crate::source::Source;

/// The most bytes of a piece of metadata that is read.
const MOST: usize = 4 << 20;
/// The most images of one file.
const MOST_IMAGES: usize = 100_000;

/// What an image is and says.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) image: Image,
    pub(crate) text: String,
    /// Others in the same file: pages, sizes.
    more: Vec<Image>,
    frames: usize,
    reasons: Vec<Reason>,
}

impl Found {
    fn carries(&mut self, bits: u16) {
        self.image.metadata |= bits;
    }

    fn note(&mut self, reason: Reason) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn size(&mut self, width: u32, height: u32) {
        self.image.width = self.image.width.max(width);
        self.image.height = self.image.height.max(height);
    }

    /// A frame of an animation. The first is the image itself; each of the
    /// others may show something else.
    fn frame(&mut self, width: u32, height: u32) {
        self.size(width, height);
        self.frames += 1;
        if self.frames > 1 && self.more.len() < MOST_IMAGES {
            self.more.push(Image {
                width,
                height,
                metadata: 0,
            });
        }
    }

    /// Adds a line of text under a name.
    fn say(&mut self, name: &str, value: &str) {
        let value = value.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        if value.is_empty() || self.text.len() > MOST {
            return;
        }
        if !name.is_empty() {
            self.text.push_str(name);
            self.text.push_str(": ");
        }
        self.text.push_str(value);
        self.text.push('\n');
    }

    /// Adds what looks like text in bytes of which nothing else is known.
    fn say_runs(&mut self, bytes: &[u8]) {
        const SHORTEST: usize = 6;
        for run in bytes.split(|&byte| byte != b'\t' && !(32..127).contains(&byte)) {
            if run.len() >= SHORTEST {
                let run = String::from_utf8_lossy(run).into_owned();
                self.say("", &run);
            }
        }
    }

    fn say_xmp(&mut self, packet: &[u8]) {
        self.carries(metadata::XMP);
        let lines = crate::xmp::lines(packet);
        if memchr::memmem::find(packet, b"GPSLatitude").is_some() {
            self.carries(metadata::LOCATION);
        }
        if memchr::memmem::find(packet, b"SerialNumber").is_some()
            || memchr::memmem::find(packet, b"OwnerName").is_some()
        {
            self.carries(metadata::DEVICE);
        }
        self.say("", &lines);
    }

    /// Says so if anything but padding follows the end of an image.
    fn ends_at(&mut self, source: &mut Source, end: u64) -> Result<(), Problem> {
        if !is_padding(source, end)? {
            self.note(Reason::Unaccounted);
        }
        Ok(())
    }
}

/// Whether nothing but zeros, ones and spaces comes from a place on.
fn is_padding(source: &mut Source, from: u64) -> Result<bool, Problem> {
    let mut place = from;
    while place < source.len() {
        let (bytes, _) = source.at(place, 4096)?;
        if bytes.is_empty() {
            break;
        }
        let is_nothing = |byte: &u8| matches!(byte, 0 | 0xFF | b' ' | b'\r' | b'\n' | b'\t');
        if !bytes.iter().all(is_nothing) {
            return Ok(false);
        }
        place += bytes.len() as u64;
    }
    Ok(true)
}

/// So many bytes from a place; an error where they are not there.
fn bytes_at(source: &mut Source, place: u64, count: usize) -> Result<&[u8], Problem> {
    let (bytes, _) = source.at(place, count)?;
    Ok(bytes.get(..count).ok_or(Reason::CutShort)?)
}

/// A piece of metadata, if it is not too large to be read.
fn piece(source: &mut Source, place: u64, count: u64) -> Result<Vec<u8>, Problem> {
    let count = usize::try_from(count).map_err(|_| Reason::PartTooLarge)?;
    if place.saturating_add(count as u64) > source.len() {
        return Err(Reason::CutShort.into());
    }
    if count > MOST {
        return Err(Reason::PartTooLarge.into());
    }
    Ok(bytes_at(source, place, count)?.to_vec())
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

pub(crate) fn read(input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let mut source = Source::new(input.into_window()?);
    let mut found = Found::default();
    let read = look(&mut source, &mut found, &out.budget());
    match read {
        Ok(()) => {}
        Err(Problem::Unread(reason)) => found.note(reason),
        Err(gone) => return Err(gone),
    }
    if found.image.width == 0 || found.image.height == 0 {
        (found.image.width, found.image.height) = (0, 0);
        if found.reasons.is_empty() {
            found.note(Reason::UnknownImage);
        }
    }
    out.image(found.image)?;
    for &image in &found.more {
        out.image(image)?;
    }
    if !found.text.is_empty() {
        out.spend(found.text.len() as u64)?;
        out.text(found.text.as_bytes())?;
    }
    for &reason in &found.reasons {
        out.uninspected(reason)?;
    }
    Ok(())
}

/// What a JPEG says that is part of something else.
pub(crate) fn of_jpeg(window: &Window) -> Result<Found, Problem> {
    let mut found = Found::default();
    match jpeg::look(&mut Source::new(window.clone()), &mut found) {
        Ok(()) | Err(Problem::Unread(_)) => Ok(found),
        Err(gone) => Err(gone),
    }
}

/// Whether a PNG is no larger than this and has nothing beside its pixels.
pub(crate) fn is_bare_png(bytes: Vec<u8>, most: u32, out: &Output) -> bool {
    let mut found = Found::default();
    let is_png = bytes.starts_with(b"\x89PNG\r\n\x1A\n");
    let mut source = Source::new(Window::of_bytes(bytes));
    let read = look(&mut source, &mut found, &out.budget());
    let sides = [found.image.width, found.image.height];
    is_png
        && read.is_ok()
        && sides.iter().all(|side| (1..=most).contains(side))
        && found.image.metadata == 0
        && found.text.is_empty()
        && found.more.is_empty()
        && found.reasons.is_empty()
}

fn look(source: &mut Source, found: &mut Found, budget: &Budget) -> Result<(), Problem> {
    let (bytes, _) = source.at(0, 64)?;
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => jpeg::look(source, found),
        [0x89, b'P', b'N', b'G', ..] => {
            let end = png::look(source, 0, found, budget)?;
            found.ends_at(source, end)
        }
        [b'G', b'I', b'F', b'8', ..] => gif::look(source, found),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => riff::look(source, found),
        [b'I', b'I', ..] | [b'M', b'M', ..] => tiff::look(source, found),
        [b'B', b'M', ..] => icon::bitmap(source, found),
        [0, 0, 1 | 2, 0, ..] => icon::look(source, found, budget),
        [b'8', b'B', b'P', b'S', ..] => icon::photoshop(source, found),
        [0xFF, 0x0A, ..] => {
            let (width, height) = bmff::codestream_size(bytes).ok_or(Reason::UnknownImage)?;
            found.size(width, height);
            Ok(())
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..]
        | [_, _, _, _, b'J', b'X', b'L', ..]
        | [_, _, _, _, b'j', b'P', ..] => bmff::look(source, found),
        _ => Err(Reason::UnknownImage.into()),
    }
}
