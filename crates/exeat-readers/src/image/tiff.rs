//! TIFF 6.0 and BigTIFF, and Exif, which is one within other images.

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::{Image, metadata};

use super::{Found, MOST, MOST_IMAGES, bytes_at, iptc, piece};
use crate::input::Window;
use crate::problem::Problem;
use crate::source::Source;

/// The most directories, in all.
const DIRECTORIES: usize = 10_000;
/// How deep directories stand in one another.
const DEPTH: usize = 6;

struct Reader<'s, 'f> {
    source: &'s mut Source,
    found: &'f mut Found,
    is_big_endian: bool,
    is_bigtiff: bool,
    directories: usize,
    /// Behind the last byte that something refers to.
    end: u64,
    latitude: Place,
    longitude: Place,
}

/// A part of a place: which half, and degrees.
#[derive(Default)]
struct Place {
    is_negative: bool,
    degrees: Option<f64>,
}

/// What a directory says of its pixels.
#[derive(Default)]
struct Page {
    width: u32,
    height: u32,
    is_reduced: bool,
    /// The sides of what says it is a small copy of this.
    copy: (u32, u32),
    offsets: Vec<u64>,
    counts: Vec<u64>,
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    /// Where its value stands.
    place: u64,
    bytes: u64,
}

/// Exif as it stands in a JPEG, PNG, WebP.
pub(super) fn exif(bytes: &[u8], found: &mut Found) -> Result<(), Problem> {
    let bytes = bytes.strip_prefix(b"Exif\0\0").unwrap_or(bytes);
    found.carries(metadata::EXIF);
    let mut source = Source::new(Window::of_bytes(bytes.to_vec()));
    let read = Reader::begin(&mut source, found).and_then(|(mut reader, first)| {
        let chain = reader.chain(first, true);
        reader.say_place();
        chain
    });
    match read {
        // What cameras write is often a little wrong.
        Err(Problem::Unread(_)) => {
            found.say_runs(bytes);
            Ok(())
        }
        other => other,
    }
}

/// A TIFF file.
pub(super) fn look(source: &mut Source, found: &mut Found) -> Result<(), Problem> {
    let (mut reader, first) = Reader::begin(source, found)?;
    let chain = reader.chain(first, false);
    reader.say_place();
    let end = reader.end;
    chain?;
    if end > source.len() {
        found.note(Reason::CutShort);
    }
    found.ends_at(source, end)
}

impl<'s, 'f> Reader<'s, 'f> {
    fn begin(source: &'s mut Source, found: &'f mut Found) -> Result<(Self, u64), Problem> {
        let is_big_endian = bytes_at(source, 0, 2)? == b"MM";
        let mut reader = Self {
            source,
            found,
            is_big_endian,
            is_bigtiff: false,
            directories: 0,
            end: 0,
            latitude: Place::default(),
            longitude: Place::default(),
        };
        reader.is_bigtiff = reader.number(2, 2)? == 43;
        let first = match reader.is_bigtiff {
            true => reader.number(8, 8)?,
            false => reader.number(4, 4)?,
        };
        Ok((reader, first))
    }

    /// A number of so many bytes.
    fn number(&mut self, place: u64, bytes: usize) -> Result<u64, Problem> {
        let raw = bytes_at(self.source, place, bytes)?;
        Ok(number(raw, self.is_big_endian))
    }

    fn chain(&mut self, first: u64, is_exif: bool) -> Result<(), Problem> {
        let mut place = first;
        let mut is_first = true;
        while place != 0 {
            let mut page = Page::default();
            let next = self.directory(place, 0, &mut page)?;
            self.note_data(&page);
            if is_exif {
                // The second directory is of a small copy.
                if !is_first {
                    self.found.carries(metadata::THUMBNAIL);
                }
            } else if page.is_reduced && self.is_within(page.width, page.height) {
                self.found.carries(metadata::THUMBNAIL);
            } else if self.found.image.width == 0 {
                self.found.size(page.width, page.height);
            } else if self.found.more.len() < MOST_IMAGES {
                self.found.more.push(Image {
                    width: page.width,
                    height: page.height,
                    metadata: 0,
                });
            }
            // What is larger than the image is no small copy of it.
            let (width, height) = page.copy;
            if !is_exif && !self.is_within(width, height) {
                self.found.size(width, height);
            }
            is_first = false;
            place = next;
        }
        Ok(())
    }

    fn is_within(&self, width: u32, height: u32) -> bool {
        width <= self.found.image.width && height <= self.found.image.height
    }

    fn note_data(&mut self, page: &Page) {
        for (offset, count) in page.offsets.iter().zip(&page.counts) {
            self.end = self.end.max(offset.saturating_add(*count));
        }
    }

    /// Goes through a directory and what it refers to; gives the next one's
    /// place.
    fn directory(&mut self, place: u64, depth: usize, page: &mut Page) -> Result<u64, Problem> {
        self.directories += 1;
        if self.directories > DIRECTORIES || depth > DEPTH {
            return Err(Reason::Damaged.into());
        }
        let (count_bytes, size) = if self.is_bigtiff { (8, 20) } else { (2, 12) };
        let count = self.number(place, count_bytes)?;
        if count > 4096 {
            return Err(Reason::Damaged.into());
        }
        let start = place + count_bytes as u64;
        for at in 0..count {
            let entry = self.entry(start + at * size)?;
            self.apply(&entry, depth, page)?;
        }
        let end = start + count * size;
        let wide = if self.is_bigtiff { 8 } else { 4 };
        self.end = self.end.max(end + wide as u64);
        // In Exif it may be left away.
        match self.number(end, wide) {
            Ok(next) => Ok(next),
            Err(_) if depth > 0 => Ok(0),
            Err(problem) => Err(problem),
        }
    }

    fn entry(&mut self, place: u64) -> Result<Entry, Problem> {
        let tag = self.number(place, 2)?;
        let kind = self.number(place + 2, 2)?;
        let (wide, value) = if self.is_bigtiff {
            (8, place + 12)
        } else {
            (4, place + 8)
        };
        let count = self.number(place + 4, wide)?;
        let size: u64 = match kind {
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            _ => 1,
        };
        let bytes = count.saturating_mul(size);
        let place = match bytes > wide as u64 {
            true => self.number(value, wide)?,
            false => value,
        };
        self.end = self.end.max(place.saturating_add(bytes));
        Ok(Entry {
            tag: u16::try_from(tag).unwrap_or(0),
            kind: u16::try_from(kind).unwrap_or(0),
            count,
            place,
            bytes,
        })
    }

    /// The value of an entry, if it is whole numbers.
    fn numbers(&mut self, entry: &Entry) -> Result<Vec<u64>, Problem> {
        let size = match entry.kind {
            1 => 1,
            3 => 2,
            4 | 13 => 4,
            16 | 18 => 8,
            _ => return Ok(Vec::new()),
        };
        if entry.bytes == 0 {
            return Ok(Vec::new());
        }
        let bytes = piece(self.source, entry.place, entry.bytes)?;
        let big = self.is_big_endian;
        Ok(bytes
            .chunks_exact(size)
            .map(|raw| number(raw, big))
            .collect())
    }

    fn first(&mut self, entry: &Entry) -> Result<u32, Problem> {
        let numbers = self.numbers(entry)?;
        Ok(numbers
            .first()
            .map_or(0, |&n| u32::try_from(n).unwrap_or(u32::MAX)))
    }

    fn apply(&mut self, entry: &Entry, depth: usize, page: &mut Page) -> Result<(), Problem> {
        match entry.tag {
            0x00FE => page.is_reduced = self.first(entry)? & 1 != 0,
            0x0100 => page.width = self.first(entry)?,
            0x0101 => page.height = self.first(entry)?,
            0x0111 | 0x0144 => page.offsets = self.numbers(entry)?,
            0x0117 | 0x0145 => page.counts = self.numbers(entry)?,
            0x0201 if depth == 0 => page.offsets = self.numbers(entry)?,
            0x0202 if depth == 0 => page.counts = self.numbers(entry)?,
            // More pixels: raw ones of a camera, smaller ones.
            0x014A => {
                for place in self.numbers(entry)? {
                    let mut inner = Page::default();
                    self.directory(place, depth + 1, &mut inner)?;
                    self.note_data(&inner);
                    if inner.is_reduced {
                        self.found.carries(metadata::THUMBNAIL);
                        let (width, height) = page.copy;
                        page.copy = (width.max(inner.width), height.max(inner.height));
                    } else {
                        self.found.size(inner.width, inner.height);
                    }
                }
            }
            0x8769 | 0x8825 | 0xA005 => {
                self.found.carries(metadata::EXIF);
                for place in self.numbers(entry)? {
                    let read = match entry.tag {
                        0x8825 => self.location(place, depth + 1),
                        _ => self
                            .directory(place, depth + 1, &mut Page::default())
                            .map(|_| ()),
                    };
                    read?;
                }
            }
            0x02BC => {
                let packet = piece(self.source, entry.place, entry.bytes)?;
                self.found.say_xmp(&packet);
            }
            0x83BB => {
                let mut data = piece(self.source, entry.place, entry.bytes)?;
                // Some say that it is made of words, and swap their bytes.
                if data.first() != Some(&0x1C) && data.get(3) == Some(&0x1C) {
                    data.chunks_exact_mut(4).for_each(<[u8]>::reverse);
                }
                iptc::captions(&data, self.found);
            }
            0x8649 => {
                let data = piece(self.source, entry.place, entry.bytes)?;
                iptc::resources(&data, self.found)?;
            }
            0x8773 => {}
            0x9C9B..=0x9C9F => {
                let data = piece(self.source, entry.place, entry.bytes)?;
                let units = data.chunks_exact(2);
                let units: Vec<u16> = units.map(|p| u16::from_le_bytes([p[0], p[1]])).collect();
                self.found.carries(metadata::TEXT);
                self.found
                    .say(name(entry.tag), &String::from_utf16_lossy(&units));
            }
            0x9286 => {
                let data = piece(self.source, entry.place, entry.bytes)?;
                self.comment(&data);
            }
            _ => self.other(entry)?,
        }
        Ok(())
    }

    fn other(&mut self, entry: &Entry) -> Result<(), Problem> {
        match entry.kind {
            2 if entry.count > 1 => {
                let data = piece(self.source, entry.place, entry.bytes)?;
                match entry.tag {
                    0xA430 | 0xA431 | 0xA435 | 0xC62F | 0xFDE9 => {
                        self.found.carries(metadata::DEVICE);
                    }
                    0x010D | 0x010E | 0x011D | 0x013B | 0x013C | 0x8298 => {
                        self.found.carries(metadata::TEXT);
                    }
                    _ => {}
                }
                let text = String::from_utf8_lossy(&data);
                self.found.say(name(entry.tag), &text);
            }
            // Of makers, and what nobody knows: whatever may be text.
            1 | 2 | 6 | 7 if entry.bytes > 8 && entry.bytes <= MOST as u64 => {
                let data = piece(self.source, entry.place, entry.bytes)?;
                if entry.tag == 0x927C && memchr::memmem::find(&data, b"Serial").is_some() {
                    self.found.carries(metadata::DEVICE);
                }
                // Tables of colours and of JPEG are no text.
                if !matches!(entry.tag, 0x015B | 0xC68B | 0xA302 | 0x9101 | 0x8828) {
                    self.found.say_runs(&data);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A comment begins with eight bytes that name its letters.
    fn comment(&mut self, data: &[u8]) {
        let Some((letters, rest)) = data.split_at_checked(8) else {
            return;
        };
        let text = if letters.starts_with(b"UNICODE") {
            let big = self.is_big_endian;
            let units = rest.chunks_exact(2).map(|pair| match big {
                true => u16::from_be_bytes([pair[0], pair[1]]),
                false => u16::from_le_bytes([pair[0], pair[1]]),
            });
            String::from_utf16_lossy(&units.collect::<Vec<_>>())
        } else {
            String::from_utf8_lossy(rest).into_owned()
        };
        if !text.trim_matches(['\0', ' ']).is_empty() {
            self.found.carries(metadata::TEXT);
        }
        self.found.say("Comment", &text);
    }

    /// The directory of where the image was taken.
    fn location(&mut self, place: u64, depth: usize) -> Result<(), Problem> {
        let count = self.number(place, 2)?;
        self.directories += 1;
        if count > 256 || self.is_bigtiff || depth > DEPTH || self.directories > DIRECTORIES {
            return Ok(());
        }
        self.end = self.end.max(place + 2 + count * 12 + 4);
        for at in 0..count {
            let entry = self.entry(place + 2 + at * 12)?;
            match entry.tag {
                1 | 3 => {
                    let half = piece(self.source, entry.place, entry.bytes.min(2))?;
                    let is_negative = matches!(half.first(), Some(b'S' | b'W'));
                    let part = match entry.tag {
                        1 => &mut self.latitude,
                        _ => &mut self.longitude,
                    };
                    part.is_negative = is_negative;
                }
                2 | 4 if entry.kind == 5 && entry.count == 3 => {
                    let raw = piece(self.source, entry.place, 24)?;
                    let big = self.is_big_endian;
                    let parts = raw.chunks_exact(8).map(|pair| {
                        let part = |at: usize| {
                            let raw = number(&pair[at..at + 4], big);
                            f64::from(u32::try_from(raw).unwrap_or(0))
                        };
                        if part(4) == 0.0 {
                            0.0
                        } else {
                            part(0) / part(4)
                        }
                    });
                    let degrees = parts.zip([1.0, 60.0, 3600.0]).map(|(part, by)| part / by);
                    let degrees = Some(degrees.sum());
                    match entry.tag {
                        2 => self.latitude.degrees = degrees,
                        _ => self.longitude.degrees = degrees,
                    }
                }
                0x1B | 0x1C if entry.bytes > 8 => {
                    let data = piece(self.source, entry.place, entry.bytes)?;
                    self.found.say_runs(&data);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn say_place(&mut self) {
        let signed = |place: &Place| {
            let sign = if place.is_negative { -1.0 } else { 1.0 };
            place.degrees.map(|degrees| sign * degrees)
        };
        if let (Some(latitude), Some(longitude)) = (signed(&self.latitude), signed(&self.longitude))
        {
            self.found.carries(metadata::LOCATION);
            let text = format!("{latitude:.6}, {longitude:.6}");
            self.found.say("Location", &text);
        }
    }
}

fn number(raw: &[u8], is_big_endian: bool) -> u64 {
    let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    match is_big_endian {
        true => raw.iter().fold(0, fold),
        false => raw.iter().rev().fold(0, fold),
    }
}

/// What people call a tag.
fn name(tag: u16) -> &'static str {
    match tag {
        0x010D => "Document",
        0x010E => "Description",
        0x010F => "Make",
        0x0110 => "Model",
        0x011D => "Page",
        0x0131 => "Software",
        0x0132 | 0x9003 | 0x9004 => "Taken",
        0x013B => "Artist",
        0x013C => "Computer",
        0x8298 => "Copyright",
        0x9C9B => "Title",
        0x9C9C => "Comment",
        0x9C9D => "Author",
        0x9C9E => "Keywords",
        0x9C9F => "Subject",
        0xA430 => "Owner",
        0xA431 | 0xC62F => "Serial number",
        _ => "",
    }
}
