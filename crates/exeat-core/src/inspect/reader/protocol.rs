//! What a reader says of a file: frames on its standard output.
//!
//! A frame is a tag (one byte), a length (four bytes, little-endian, at most
//! [`MAX_FRAME`]) and so many bytes. Parts come one after the other, never one
//! within another; between a part's beginning and its end stands its content.
//! The last frame is [`Event::Done`]: a stream that ends without it is of a
//! reader that broke.

use std::io::{self, Read, Write};

use super::Reason;

/// The most bytes of a frame.
pub const MAX_FRAME: usize = 1 << 20;
/// The most bytes of all names of one path or of all columns of one table.
pub const MAX_NAMES: usize = 256 << 10;
/// The most names of one path.
pub const MAX_DEPTH: usize = 32;
/// How deep containers are opened: a member of a member of a member is three.
pub const MAX_CONTAINERS: usize = 8;

/// How many bytes a file of this size may expand to, over all its members: a
/// hundred times its size and 1 GiB. Data of people compresses to between a
/// third and a thirtieth; what is beyond this is made to be.
#[must_use]
pub fn expansion_limit(bytes: u64) -> u64 {
    bytes.saturating_mul(100).saturating_add(1 << 30)
}

/// How the content of a part is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Like a file: recognised by its bytes.
    Content,
    /// Rows of a table with these columns, as [`push_row`] writes them.
    Table {
        /// Names of columns, UTF-8.
        columns: Vec<Vec<u8>>,
    },
}

/// A piece of a file that is read on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it is within the file: members of archives, sheets, tables. Empty
    /// for what is the file's own.
    pub path: Vec<Vec<u8>>,
    /// How it is read.
    pub form: Form,
    /// Whether it counts as a file: a member of an archive or a message does,
    /// a sheet or a table does not.
    pub is_member: bool,
}

/// What a file or a member is, to the rules about bulk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Nature {
    /// A document: letters, pages.
    Document = 1,
    /// A table or a database.
    Table = 2,
    /// An archive, or compressed.
    Archive = 3,
    /// An image, sound or film.
    Media = 4,
    /// Anything else.
    Other = 5,
}

impl Nature {
    fn from_code(code: u8) -> Option<Self> {
        [
            Self::Document,
            Self::Table,
            Self::Archive,
            Self::Media,
            Self::Other,
        ]
        .into_iter()
        .find(|&nature| nature as u8 == code)
    }
}

/// Kinds of metadata in an image, as bits.
pub mod metadata {
    /// Exif: camera, settings, time.
    pub const EXIF: u16 = 1;
    /// Where it was taken.
    pub const LOCATION: u16 = 2;
    /// XMP.
    pub const XMP: u16 = 4;
    /// IPTC: captions, people, places.
    pub const IPTC: u16 = 8;
    /// A comment or text.
    pub const TEXT: u16 = 16;
    /// A small copy of the image, which may show what was cut away.
    pub const THUMBNAIL: u16 = 32;
    /// A serial number of the camera, or its owner's name.
    pub const DEVICE: u16 = 64;
}

/// An image, or a page that is one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Image {
    /// Pixels across; 0 where it cannot be told.
    pub width: u32,
    /// Pixels down; 0 where it cannot be told.
    pub height: u32,
    /// What it carries beside: bits of [`metadata`].
    pub metadata: u16,
}

/// One thing that a reader says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// What the file is, or, after it has begun, the member at this path.
    Nature {
        /// As in [`Part::path`].
        path: Vec<Vec<u8>>,
        /// What it is.
        nature: Nature,
        /// How many bytes it has.
        bytes: u64,
    },
    /// A part begins.
    Part(Part),
    /// Content of the part at hand.
    Data(&'a [u8]),
    /// The part ends.
    End,
    /// Something could not be read.
    Uninspected {
        /// As in [`Part::path`].
        path: Vec<Vec<u8>>,
        /// Why.
        reason: Reason,
    },
    /// Something is protected by what is no encryption.
    Weak {
        /// As in [`Part::path`].
        path: Vec<Vec<u8>>,
    },
    /// There is an image.
    Image {
        /// As in [`Part::path`].
        path: Vec<Vec<u8>>,
        /// Which.
        image: Image,
    },
    /// A name that is in no part: of a member that has no content.
    Name(&'a [u8]),
    /// That is all.
    Done,
}

const NATURE: u8 = 1;
const PART: u8 = 2;
const DATA: u8 = 3;
const END: u8 = 4;
const UNINSPECTED: u8 = 5;
const WEAK: u8 = 6;
const IMAGE: u8 = 7;
const NAME: u8 = 8;
const DONE: u8 = 9;

/// Writes one event.
///
/// # Errors
/// What `out` says; [`io::ErrorKind::InvalidInput`] for an event that is too
/// large to be one frame.
pub fn write(out: &mut dyn Write, event: &Event<'_>) -> io::Result<()> {
    let mut payload = Vec::new();
    let tag = match event {
        Event::Nature {
            path,
            nature,
            bytes,
        } => {
            payload.push(*nature as u8);
            payload.extend_from_slice(&bytes.to_le_bytes());
            put_names(&mut payload, path);
            NATURE
        }
        Event::Part(part) => {
            payload.push(u8::from(part.is_member));
            put_names(&mut payload, &part.path);
            match &part.form {
                Form::Content => payload.push(0),
                Form::Table { columns } => {
                    payload.push(1);
                    put_names(&mut payload, columns);
                }
            }
            PART
        }
        Event::Data(data) => return put_frame(out, DATA, data),
        Event::End => END,
        Event::Uninspected { path, reason } => {
            payload.push(reason.code());
            put_names(&mut payload, path);
            UNINSPECTED
        }
        Event::Weak { path } => {
            put_names(&mut payload, path);
            WEAK
        }
        Event::Image { path, image } => {
            payload.extend_from_slice(&image.width.to_le_bytes());
            payload.extend_from_slice(&image.height.to_le_bytes());
            payload.extend_from_slice(&image.metadata.to_le_bytes());
            put_names(&mut payload, path);
            IMAGE
        }
        Event::Name(name) => return put_frame(out, NAME, name),
        Event::Done => DONE,
    };
    put_frame(out, tag, &payload)
}

fn put_frame(out: &mut dyn Write, tag: u8, payload: &[u8]) -> io::Result<()> {
    if payload.len() > MAX_FRAME {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
    out.write_all(&[tag])?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(payload)
}

fn put_names(payload: &mut Vec<u8>, names: &[Vec<u8>]) {
    let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
    payload.extend_from_slice(&count.to_le_bytes());
    for name in names {
        let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
        payload.extend_from_slice(&length.to_le_bytes());
        payload.extend_from_slice(name);
    }
}

/// Reads the next event into `buffer`; `None` where the stream ends between
/// two frames.
///
/// # Errors
/// What `input` says; [`io::ErrorKind::InvalidData`] for what is no event.
pub fn read<'b>(input: &mut dyn Read, buffer: &'b mut Vec<u8>) -> io::Result<Option<Event<'b>>> {
    let mut tag = [0];
    loop {
        match input.read(&mut tag) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?;
    if length > MAX_FRAME {
        return Err(bad());
    }
    buffer.resize(length, 0);
    input.read_exact(buffer)?;
    parse(tag[0], buffer).map(Some)
}

fn parse(tag: u8, payload: &[u8]) -> io::Result<Event<'_>> {
    let mut fields = Fields(payload);
    let event = match tag {
        NATURE => Event::Nature {
            nature: Nature::from_code(fields.byte()?).ok_or_else(bad)?,
            bytes: u64::from_le_bytes(fields.array()?),
            path: fields.path()?,
        },
        PART => {
            let is_member = fields.byte()? != 0;
            let path = fields.path()?;
            let form = match fields.byte()? {
                0 => Form::Content,
                1 => Form::Table {
                    columns: fields.names(usize::MAX)?,
                },
                _ => return Err(bad()),
            };
            Event::Part(Part {
                path,
                form,
                is_member,
            })
        }
        DATA => return Ok(Event::Data(payload)),
        END => Event::End,
        UNINSPECTED => Event::Uninspected {
            reason: Reason::from_code(fields.byte()?).ok_or_else(bad)?,
            path: fields.path()?,
        },
        WEAK => Event::Weak {
            path: fields.path()?,
        },
        IMAGE => Event::Image {
            image: Image {
                width: u32::from_le_bytes(fields.array()?),
                height: u32::from_le_bytes(fields.array()?),
                metadata: u16::from_le_bytes(fields.array()?),
            },
            path: fields.path()?,
        },
        NAME => return Ok(Event::Name(payload)),
        DONE => Event::Done,
        _ => return Err(bad()),
    };
    match fields.0 {
        [] => Ok(event),
        _ => Err(bad()),
    }
}

/// What is left of a payload.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(bad)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| bad())
    }

    fn byte(&mut self) -> io::Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn number(&mut self) -> io::Result<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).map_err(|_| bad())
    }

    fn path(&mut self) -> io::Result<Vec<Vec<u8>>> {
        self.names(MAX_DEPTH)
    }

    fn names(&mut self, most: usize) -> io::Result<Vec<Vec<u8>>> {
        let count = self.number()?;
        // Every name takes four bytes at least, so a claim costs what it says.
        if count > most || count > self.0.len() / 4 {
            return Err(bad());
        }
        let mut left = MAX_NAMES;
        let mut names = Vec::with_capacity(count);
        for _ in 0..count {
            let length = self.number()?;
            left = left.checked_sub(length).ok_or_else(bad)?;
            names.push(self.take(length)?.to_vec());
        }
        Ok(names)
    }
}

fn bad() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// Adds a row of a [`Form::Table`]: fields in double quotes where they need
/// them, commas between, and a line feed (RFC 4180, but for that end). A row
/// of one blank field is written as two quotes.
///
/// ```
/// use exeat_core::inspect::reader::protocol::push_row;
///
/// let mut rows = Vec::new();
/// push_row(&mut rows, [&b"9990000018"[..], b"Smith, \"Al\""]);
/// assert_eq!(rows, b"9990000018,\"Smith, \"\"Al\"\"\"\n");
/// ```
pub fn push_row<'c>(rows: &mut Vec<u8>, cells: impl IntoIterator<Item = &'c [u8]>) {
    let start = rows.len();
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            rows.push(b',');
        }
        push_cell(rows, cell);
    }
    if rows.len() == start {
        rows.extend_from_slice(b"\"\"");
    }
    rows.push(b'\n');
}

/// One field of a row: see [`push_row`].
pub fn push_cell(rows: &mut Vec<u8>, cell: &[u8]) {
    if memchr::memchr3(b',', b'"', b'\n', cell).is_none() && !cell.contains(&b'\r') {
        rows.extend_from_slice(cell);
        return;
    }
    rows.push(b'"');
    let mut rest = cell;
    while let Some(at) = memchr::memchr(b'"', rest) {
        rows.extend_from_slice(&rest[..=at]);
        rows.push(b'"');
        rest = &rest[at + 1..];
    }
    rows.extend_from_slice(rest);
    rows.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events() -> Vec<Event<'static>> {
        let path = vec![b"a.zip".to_vec(), b"b\xFF".to_vec()];
        vec![
            Event::Nature {
                path: Vec::new(),
                nature: Nature::Archive,
                bytes: u64::MAX,
            },
            Event::Part(Part {
                path: path.clone(),
                form: Form::Table {
                    columns: vec![b"nhs_number".to_vec(), Vec::new()],
                },
                is_member: true,
            }),
            Event::Data(b"1,2\n"),
            Event::End,
            Event::Part(Part {
                path: Vec::new(),
                form: Form::Content,
                is_member: false,
            }),
            Event::End,
            Event::Uninspected {
                path: path.clone(),
                reason: Reason::CutShort,
            },
            Event::Weak { path: path.clone() },
            Event::Image {
                path,
                image: Image {
                    width: 640,
                    height: 480,
                    metadata: metadata::EXIF | metadata::LOCATION,
                },
            },
            Event::Name(b"empty"),
            Event::Done,
        ]
    }

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        for event in events() {
            write(&mut bytes, &event).expect("to memory");
        }
        let mut input = &bytes[..];
        let mut buffer = Vec::new();
        for event in events() {
            let read = read(&mut input, &mut buffer).expect("valid");
            assert_eq!(read, Some(event));
        }
        assert_eq!(read(&mut input, &mut buffer).expect("the end"), None);
    }

    proptest! {
        /// A reader that is not itself any more can write anything.
        #[test]
        fn no_bytes_make_it_panic_or_allocate(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut input = &bytes[..];
            let mut buffer = Vec::new();
            while let Ok(Some(_)) = read(&mut input, &mut buffer) {
                prop_assert!(buffer.len() <= bytes.len());
            }
        }

        #[test]
        fn flipped_frames_never_panic(at in 0usize..400, to in any::<u8>()) {
            let mut bytes = Vec::new();
            for event in events() {
                write(&mut bytes, &event).expect("to memory");
            }
            let place = at % bytes.len();
            bytes[place] = to;
            let mut input = &bytes[..];
            let mut buffer = Vec::new();
            while let Ok(Some(_)) = read(&mut input, &mut buffer) {}
        }
    }
}
