//! How a member is compressed.

use std::io::Read;

use bzip2::bufread::BzDecoder;
use deflate64::Deflate64Decoder;
use exeat_core::inspect::reader::Reason;
use flate2::bufread::DeflateDecoder;
use lzma_rust2::{LzmaReader, XzReader};

use super::directory::Entry;
use crate::compressed::{self, LZMA_MEMORY};
use crate::input::Window;
use crate::members::Ahead;
use crate::problem::Problem;

/// Not at all.
pub(super) const STORED: u16 = 0;

type Packed<'p> = &'p mut Ahead<Window>;

/// What decodes a member's content.
pub(super) fn open<'p>(
    entry: &Entry<'_>,
    packed: Packed<'p>,
) -> Result<Box<dyn Read + 'p>, Problem> {
    Ok(match entry.method {
        8 => Box::new(DeflateDecoder::new(packed)),
        9 => Box::new(Deflate64Decoder::with_buffer(packed)),
        12 => Box::new(BzDecoder::new(packed)),
        14 => Box::new(lzma(entry, packed)?),
        20 | 93 => Box::new(compressed::zstd_frame(packed)?),
        95 => Box::new(XzReader::new_mem_limit(packed, true, LZMA_MEMORY)),
        _ => return Err(Reason::Unsupported.into()),
    })
}

/// A version, the length of properties, and these: a byte and the size of the
/// dictionary.
fn lzma<'p>(entry: &Entry<'_>, packed: Packed<'p>) -> Result<LzmaReader<Packed<'p>>, Problem> {
    let mut header = [0; 9];
    packed.read_exact(&mut header)?;
    let [_, _, 5, 0, properties, dictionary @ ..] = header else {
        return Err(Reason::Unsupported.into());
    };
    compressed::lzma(packed, entry.size, properties, dictionary)
}
