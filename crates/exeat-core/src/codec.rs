//! Compression of a volume and of the inventory, on both ends.

use std::io::{self, BufRead, BufReader, Read, Seek, Write};

use crate::manifest::Compression;

/// The largest window a reader allows and a writer uses, as a power of two:
/// 8 MiB (RFC 8878, section 3.1.1.1.2, recommends that decoders support it).
const WINDOW_LOG: u32 = 23;

/// A Zstandard level, 1 (fast) to 9 (small).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level(u8);

impl Level {
    /// The fastest.
    pub const FAST: Self = Self(1);

    /// The level of that number, if it is one of 1 to 9.
    #[must_use]
    pub fn new(level: u8) -> Option<Self> {
        matches!(level, 1..=9).then_some(Self(level))
    }
}

/// Compresses what is written, or passes it on.
pub(crate) enum Encoder<W: Write> {
    Plain(W),
    Zstd(Box<zstd::stream::write::Encoder<'static, W>>),
}

impl<W: Write> Encoder<W> {
    pub(crate) fn new(inner: W, level: Option<Level>) -> io::Result<Self> {
        let Some(Level(level)) = level else {
            return Ok(Self::Plain(inner));
        };
        let encoder = zstd::stream::write::Encoder::new(inner, level.into())?;
        Ok(Self::Zstd(Box::new(encoder)))
    }

    /// Writes what is left and returns the inner writer.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(inner) => Ok(inner),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(inner) => inner.write(buf),
            Self::Zstd(encoder) => encoder.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(inner) => inner.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// Decompresses what is read, or passes it on. How much comes out is for the
/// caller to bound.
pub(crate) enum Decoder<R: BufRead> {
    Plain(R),
    Zstd(Box<zstd::stream::read::Decoder<'static, R>>),
}

impl<R: Read> Decoder<BufReader<R>> {
    pub(crate) fn new(inner: R, compression: Compression) -> io::Result<Self> {
        let inner = BufReader::with_capacity(1 << 16, inner);
        match compression {
            Compression::None => Ok(Self::Plain(inner)),
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(inner)?;
                decoder.window_log_max(WINDOW_LOG)?;
                Ok(Self::Zstd(Box::new(decoder)))
            }
        }
    }
}

impl<R: Read + Seek> Decoder<BufReader<R>> {
    /// Moves forward by `count` bytes of what comes out: by seeking where the
    /// stream is not compressed, else by reading. Past the end is no error
    /// here; the next read finds nothing.
    pub(crate) fn skip(&mut self, count: u64) -> io::Result<()> {
        match (self, i64::try_from(count)) {
            (Self::Plain(inner), Ok(count)) => inner.seek_relative(count),
            (this, _) => io::copy(&mut this.take(count), &mut io::sink()).map(drop),
        }
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(inner) => inner.read(buf),
            Self::Zstd(decoder) => decoder.read(buf),
        }
    }
}

/// Whether compressing `sample` at the fastest level saves at least a tenth.
pub(crate) fn is_worth_compressing(sample: &[u8]) -> io::Result<bool> {
    let Level(level) = Level::FAST;
    let compressed = zstd::bulk::compress(sample, level.into())?;
    Ok(compressed.len() < sample.len() / 10 * 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_level_stays_within_the_window() {
        let data: Vec<u8> = (0..20_u32 << 20).map(|n| (n / 7 % 251) as u8).collect();
        let mut encoder = Encoder::new(Vec::new(), Level::new(9)).expect("an encoder");
        encoder.write_all(&data).expect("a Vec takes every byte");
        let bytes = encoder.finish().expect("a Vec takes every byte");
        let mut back = Vec::new();
        Decoder::new(&bytes[..], Compression::Zstd)
            .expect("a decoder")
            .read_to_end(&mut back)
            .expect("the window is small enough");
        assert!(back == data);
    }

    #[test]
    fn a_larger_window_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("an encoder");
        encoder.window_log(WINDOW_LOG + 2).expect("a valid window");
        encoder
            .write_all(&vec![0; 64 << 20])
            .expect("a Vec takes every byte");
        let bytes = encoder.finish().expect("a Vec takes every byte");
        let mut decoder = Decoder::new(&bytes[..], Compression::Zstd).expect("a decoder");
        assert!(decoder.read_to_end(&mut Vec::new()).is_err());
    }

    #[test]
    fn levels() {
        assert_eq!(Level::new(0), None);
        assert_eq!(Level::new(10), None);
        assert_eq!(Level::new(1), Some(Level::FAST));
    }

    #[test]
    fn noise_is_not_worth_it() {
        let mut noise = vec![0_u8; 1 << 16];
        let mut state = 1_u64;
        for byte in &mut noise {
            // Knuth's MMIX generator: noise enough that zstd finds nothing.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
        assert!(!is_worth_compressing(&noise).expect("memory"));
        assert!(is_worth_compressing(&[b'a'; 1 << 16]).expect("memory"));
    }
}
