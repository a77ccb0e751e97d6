//! The decoders of a block, one reading from another.

use std::io::{self, Read};

use bzip2::bufread::BzDecoder;
use deflate64::Deflate64Decoder;
use exeat_core::inspect::reader::Reason;
use flate2::bufread::DeflateDecoder;
use lzma_rust2::Lzma2Reader;
use lzma_rust2::filter::bcj::BcjReader;
use lzma_rust2::filter::bcj2::Bcj2Reader;
use lzma_rust2::filter::delta::DeltaReader;

use super::folder::{Coder, Folder};
use super::streams::Streams;
use crate::compressed::{self, LZMA_MEMORY};
use crate::input::Window;
use crate::members::Ahead;
use crate::output::Output;
use crate::problem::Problem;

/// AES-256 with a key from a password.
const AES: &[u8] = b"\x06\xF1\x07\x01";

type Stream = Box<dyn Read>;

/// What decodes a block.
pub(super) fn open(
    window: &Window,
    streams: &Streams,
    folder: &Folder,
    out: &Output,
) -> Result<Stream, Problem> {
    if folder.coders.iter().any(|coder| coder.method == AES) {
        return Err(Reason::Encrypted.into());
    }
    let mut chain = Chain {
        window,
        streams,
        folder,
        out,
        is_used: vec![false; folder.coders.len()],
        memory: LZMA_MEMORY,
    };
    let last = chain.coder(folder.last()?)?;
    match chain.is_used.iter().all(|&used| used) {
        true => Ok(last),
        false => Err(Reason::Damaged.into()),
    }
}

struct Chain<'a> {
    window: &'a Window,
    streams: &'a Streams,
    folder: &'a Folder,
    out: &'a Output,
    /// A coder is used once: there are no circles.
    is_used: Vec<bool>,
    /// What dictionaries may still fill, in KiB.
    memory: u32,
}

impl Chain<'_> {
    fn coder(&mut self, place: usize) -> Result<Stream, Problem> {
        if std::mem::replace(&mut self.is_used[place], true) {
            return Err(Reason::Damaged.into());
        }
        let folder = self.folder;
        let coder = &folder.coders[place];
        let size = *folder.sizes.get(place).ok_or(Reason::Damaged)?;
        let mut inputs = Vec::new();
        for stream in coder.first..coder.first + coder.count {
            inputs.push(self.input(stream)?);
        }
        if coder.method == b"\x03\x03\x01\x1B" {
            let [_, _, _, _] = &inputs[..] else {
                return Err(Reason::Damaged.into());
            };
            return Ok(Box::new(Bcj2Reader::try_new(inputs, size)?));
        }
        let Some(input) = inputs.pop().filter(|_| inputs.is_empty()) else {
            return Err(Reason::Unsupported.into());
        };
        let decoder = self.decoder(coder, size, input)?;
        Ok(Box::new(Exact {
            inner: decoder,
            left: size,
        }))
    }

    fn input(&mut self, stream: usize) -> Result<Stream, Problem> {
        let bound = self.folder.bound.iter().find(|(read, _)| *read == stream);
        if let Some(&(_, made)) = bound {
            // What one decoder gives another costs time as well.
            let made = self.coder(made)?;
            return Ok(Box::new(self.out.metered(made)));
        }
        let place = self.folder.packed.iter().position(|it| *it == stream);
        let place = self.folder.first_packed + place.ok_or(Reason::Damaged)?;
        let place = self.streams.packed.get(place).ok_or(Reason::Damaged)?;
        let window = self.window.slice(place.clone()).ok_or(Reason::CutShort)?;
        Ok(Box::new(window))
    }

    fn decoder(&mut self, coder: &Coder, size: u64, input: Stream) -> Result<Stream, Problem> {
        let properties = &coder.properties[..];
        Ok(match (&coder.method[..], properties) {
            (b"\x00", _) => input,
            (b"\x21", &[dictionary]) => Box::new(self.lzma2(dictionary, size, input)?),
            (b"\x03\x01\x01", &[properties, a, b, c, d]) => {
                let dictionary = [a, b, c, d];
                self.spend(u32::from_le_bytes(dictionary), size)?;
                let lzma = compressed::lzma(Ahead::new(input), size, properties, dictionary)?;
                Box::new(lzma)
            }
            (b"\x03", &[distance]) => Box::new(DeltaReader::new(input, usize::from(distance) + 1)),
            (b"\x04\x01\x08", _) => Box::new(DeflateDecoder::new(Ahead::new(input))),
            (b"\x04\x01\x09", _) => Box::new(Deflate64Decoder::with_buffer(Ahead::new(input))),
            (b"\x04\x02\x02", _) => Box::new(BzDecoder::new(Ahead::new(input))),
            (b"\x03\x03\x01\x03" | b"\x04", _) => Box::new(BcjReader::new_x86(input, 0)),
            (b"\x03\x03\x02\x05" | b"\x05", _) => Box::new(BcjReader::new_ppc(input, 0)),
            (b"\x03\x03\x04\x01" | b"\x06", _) => Box::new(BcjReader::new_ia64(input, 0)),
            (b"\x03\x03\x05\x01" | b"\x07", _) => Box::new(BcjReader::new_arm(input, 0)),
            (b"\x03\x03\x07\x01" | b"\x08", _) => Box::new(BcjReader::new_arm_thumb(input, 0)),
            (b"\x03\x03\x08\x05" | b"\x09", _) => Box::new(BcjReader::new_sparc(input, 0)),
            (b"\x0A", []) => Box::new(BcjReader::new_arm64(input, 0)),
            (b"\x0B", []) => Box::new(BcjReader::new_riscv(input, 0)),
            _ => return Err(Reason::Unsupported.into()),
        })
    }

    fn lzma2(
        &mut self,
        dictionary: u8,
        size: u64,
        input: Stream,
    ) -> Result<Lzma2Reader<Ahead<Stream>>, Problem> {
        let dictionary = match dictionary {
            0..40 => (2 | u32::from(dictionary & 1)) << (dictionary / 2 + 11),
            40 => u32::MAX,
            _ => return Err(Reason::Damaged.into()),
        };
        let dictionary = self.spend(dictionary, size)?;
        Ok(Lzma2Reader::new(Ahead::new(input), dictionary, None))
    }

    /// How large a dictionary has to be: no larger than the content.
    fn spend(&mut self, dictionary: u32, size: u64) -> Result<u32, Problem> {
        let least = u32::try_from(size).unwrap_or(u32::MAX).max(4096);
        let dictionary = dictionary.min(least);
        let left = self.memory.checked_sub(dictionary >> 10);
        self.memory = left.ok_or(Reason::PartTooLarge)?;
        Ok(dictionary)
    }
}

/// A decoder that may give so many bytes and no more.
struct Exact {
    inner: Stream,
    left: u64,
}

impl Read for Exact {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::ErrorKind::InvalidData.into()),
            };
        }
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.inner.read(&mut buffer[..most])?;
        self.left -= count as u64;
        Ok(count)
    }
}
