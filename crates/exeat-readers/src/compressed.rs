//! Compressed files: gzip (RFC 1952), zstd (RFC 8878), bzip2 and xz. Each is
//! one or more streams one after the other, which are one content.
//!
//! Zeros may follow, as on tapes. Whatever else stands beside the content is
//! passed on, such as a comment, or said.

mod zstd;

use std::io::{self, Read};

use bzip2::bufread::BzDecoder;
use exeat_core::inspect::reader::{Format, Reason};
use flate2::bufread::GzDecoder;
use lzma_rust2::{LzmaReader, XzReader};

use crate::input::{InOrder, Input};
use crate::members::{self, Ahead, Peek as _};
use crate::output::Output;
use crate::problem::{Problem, io_error};

/// The most memory that a decoder of LZMA may fill, in KiB: what `xz -9` asks
/// for. It takes no more of it than what it has decoded.
pub(crate) const LZMA_MEMORY: u32 = 66 << 10;
/// The most bytes of names and comments that are held.
const MAX_BESIDE: usize = 1 << 20;

/// Reads what was compressed.
pub(crate) fn read(format: Format, input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let mut streams = Streams {
        format,
        state: State::Between(Ahead::new(input.into_read())),
        begun: 0,
        beside: Beside::default(),
    };
    streams.next()?;
    let name = std::mem::take(&mut streams.beside.name);
    members::name(&name, out)?;
    members::decoded(&name, &mut streams, out)?;
    let beside = streams.beside;
    for name in &beside.names {
        out.name(name)?;
    }
    for text in &beside.texts {
        out.text(text)?;
    }
    match beside.is_unaccounted {
        true => Err(Reason::Unaccounted.into()),
        false => Ok(()),
    }
}

/// One frame of zstd within something else, from where `source` is.
pub(crate) fn zstd_frame<'s, R: Read + 's>(
    source: &'s mut Ahead<R>,
) -> Result<impl Read + 's, Problem> {
    Ok(zstd::frame(source)?)
}

/// LZMA within something else, as long as that says.
pub(crate) fn lzma<R: Read>(
    packed: R,
    size: u64,
    properties: u8,
    dictionary: [u8; 4],
) -> Result<LzmaReader<R>, Problem> {
    // It takes no more than the content has.
    let least = u32::try_from(size).unwrap_or(u32::MAX);
    let dictionary = u32::from_le_bytes(dictionary).min(least.max(4096));
    let memory = lzma_rust2::lzma_get_memory_usage_by_props(dictionary, properties)?;
    if memory > LZMA_MEMORY {
        return Err(Reason::PartTooLarge.into());
    }
    let mut reader = LzmaReader::new_with_props(packed, size, properties, dictionary, None)?;
    reader.set_defer_errors(true);
    Ok(reader)
}

/// What stands beside the content.
#[derive(Default)]
struct Beside {
    /// Of the first stream.
    name: Vec<u8>,
    /// Of the others.
    names: Vec<Vec<u8>>,
    texts: Vec<Vec<u8>>,
    bytes: usize,
    is_unaccounted: bool,
}

impl Beside {
    fn hold(&mut self, kind: fn(&mut Self) -> &mut Vec<Vec<u8>>, text: &[u8]) {
        self.bytes += text.len();
        if self.bytes > MAX_BESIDE {
            self.is_unaccounted = true;
        } else if kind(self).last().is_none_or(|last| last != text) {
            kind(self).push(text.to_vec());
        }
    }

    fn gzip(&mut self, header: &flate2::GzHeader, is_first: bool) {
        match header.filename() {
            Some(name) if is_first => self.name = name.to_vec(),
            Some(name) => self.hold(|it| &mut it.names, name),
            None => {}
        }
        if let Some(comment) = header.comment() {
            self.hold(|it| &mut it.texts, comment);
        }
        if let Some(extra) = header.extra() {
            self.is_unaccounted |= !is_plain_extra(extra);
        }
    }
}

/// Whether the extra field of a gzip header is what programs write that need
/// to find their way: numbers.
fn is_plain_extra(mut extra: &[u8]) -> bool {
    // The size of a block (bgzip), of chunks (dictzip), of all (mgzip).
    const KNOWN: &[(&[u8; 2], usize)] = &[(b"BC", 2), (b"RA", usize::MAX), (b"IG", 8)];
    while let [a, b, low, high, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let is_known = KNOWN
            .iter()
            .any(|(id, most)| **id == [*a, *b] && length <= *most);
        match rest.get(length..) {
            Some(rest) if is_known => extra = rest,
            _ => return false,
        }
    }
    extra.is_empty()
}

type Source<'a> = Ahead<InOrder<'a>>;

/// The content of all streams.
struct Streams<'a> {
    format: Format,
    state: State<'a>,
    begun: u64,
    beside: Beside,
}

enum State<'a> {
    Between(Source<'a>),
    Bzip2(BzDecoder<Source<'a>>),
    Gzip(Box<GzDecoder<Source<'a>>>),
    Xz(Box<XzReader<Source<'a>>>),
    Zstd(zstd::Frame<Source<'a>>),
    Ended,
}

impl<'a> Streams<'a> {
    /// Begins the next stream; whether there is one.
    fn next(&mut self) -> io::Result<bool> {
        let mut source = match std::mem::replace(&mut self.state, State::Ended) {
            State::Between(source) => source,
            State::Bzip2(decoder) => decoder.into_inner(),
            State::Gzip(decoder) => decoder.into_inner(),
            State::Xz(decoder) => decoder.into_inner(),
            State::Zstd(decoder) => decoder.finish(),
            State::Ended => return Ok(false),
        };
        let is_first = self.begun == 0;
        if self.format == Format::Zstd {
            self.beside.is_unaccounted |= !zstd::skip(&mut source, self.begun)?;
        }
        if !is_first && source.skip_zeros()? {
            return Ok(false);
        }
        let magic: &[u8] = match self.format {
            Format::Bzip2 => b"BZh",
            Format::Gzip => b"\x1F\x8B\x08",
            Format::Xz => b"\xFD7zXZ\0",
            _ => zstd::MAGIC,
        };
        if source.peek(magic.len())? != magic {
            self.beside.is_unaccounted = true;
            return Ok(false);
        }
        self.begun += 1;
        self.state = match self.format {
            Format::Bzip2 => State::Bzip2(BzDecoder::new(source)),
            Format::Gzip => {
                let decoder = GzDecoder::new(source);
                if let Some(header) = decoder.header() {
                    self.beside.gzip(header, is_first);
                }
                State::Gzip(Box::new(decoder))
            }
            Format::Xz => {
                let decoder = XzReader::new_mem_limit(source, false, LZMA_MEMORY);
                State::Xz(Box::new(decoder))
            }
            Format::Zstd => State::Zstd(zstd::frame(source)?),
            _ => return Err(io_error(Reason::Unsupported)),
        };
        Ok(true)
    }
}

impl Read for Streams<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let count = match &mut self.state {
                State::Between(_) => 0,
                State::Bzip2(decoder) => decoder.read(buffer)?,
                State::Gzip(decoder) => decoder.read(buffer)?,
                State::Xz(decoder) => decoder.read(buffer)?,
                State::Zstd(decoder) => decoder.read(buffer)?,
                State::Ended => return Ok(0),
            };
            if count > 0 || !self.next()? {
                return Ok(count);
            }
        }
    }
}

#[cfg(test)]
mod tests;
