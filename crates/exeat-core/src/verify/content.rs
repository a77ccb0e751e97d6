//! Reads one volume against the inventory: decrypt → decompress → compare the
//! framing byte for byte → hash the data → compare the digest.
//!
//! Nothing is taken from the stream. What should be in it is known from the
//! inventory, and the first byte that differs stops the reading.

use std::io::{self, BufReader, Read, Seek};
use std::ops::{Range, RangeInclusive};

use super::ahead::read_ahead;
use super::{BUFFER, Unlocked, VerifyError};
use crate::codec::Decoder;
use crate::digest::{Hasher, read_some};
use crate::entry::EntryKind;
use crate::framing::{self, PayloadKind};
use crate::layout::Content;
use crate::manifest::{Inventory, Record};
use crate::progress::Progress;

/// How a volume can differ from what the inventory says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentFault {
    /// It cannot be decrypted or decompressed.
    #[error("it cannot be decrypted or decompressed")]
    Undecodable,
    /// It ends too early.
    #[error("it ends too early")]
    Short,
    /// It goes on after its end.
    #[error("it goes on after its end")]
    Long,
    /// A header says something else than the inventory.
    #[error("its header says something else")]
    Header,
    /// The data has another digest.
    #[error("its content is not what was sealed")]
    Digest,
}

/// Receives the files of a volume. The data comes before its digest has been
/// compared: whoever keeps it must be able to take it back.
pub(crate) trait Visitor<'p> {
    type Error: From<VerifyError>;

    /// Data of this entry begins, at this offset of the file.
    fn begin(&mut self, record: Record<'p>, at: u64) -> Result<(), Self::Error>;

    /// More data.
    fn data(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;

    /// The data was right.
    fn end(&mut self) -> Result<(), Self::Error>;
}

/// Takes data nowhere: for verification.
pub(crate) struct Nowhere;

impl Visitor<'_> for Nowhere {
    type Error = VerifyError;

    fn begin(&mut self, _: Record<'_>, _: u64) -> Result<(), VerifyError> {
        Ok(())
    }

    fn data(&mut self, _: &[u8]) -> Result<(), VerifyError> {
        Ok(())
    }

    fn end(&mut self) -> Result<(), VerifyError> {
        Ok(())
    }
}

/// Reads volume `index`, counted from 0: all of it, or the entries for which
/// `wanted` is true; `is_shared` with another thread where all of it is wanted.
pub(crate) fn read_volume<'p, V: Visitor<'p>>(
    unlocked: &'p Unlocked,
    index: usize,
    wanted: Option<&[bool]>,
    is_shared: bool,
    visitor: &mut V,
    progress: &dyn Progress,
) -> Result<(), V::Error> {
    let inventory = unlocked.inventory();
    let pieces = pieces(inventory, index, wanted);
    if pieces.is_empty() && wanted.is_some() {
        return Ok(());
    }
    let manifest = unlocked.verified().manifest();
    let volume = manifest.payload.volumes[index].name.as_str();
    let file = unlocked.checked_volume(index, progress)?;
    let decrypted = unlocked.key().decrypt(file).map_err(VerifyError::from)?;
    let decoder = Decoder::new(decrypted, manifest.payload.compression);
    let mut decoder = decoder.map_err(|e| fault_of(&e).at(volume, None))?;
    let read = |plaintext: &mut dyn Plaintext| {
        let mut stream = Stream {
            plaintext,
            position: 0,
            buffer: vec![0; BUFFER],
            volume,
            kind: manifest.payload.kind,
            number: u32::try_from(index + 1).expect("volumes have five digits"),
            progress,
        };
        stream.entries(inventory, pieces, visitor)?;
        match wanted {
            None => Ok(stream.rest(inventory, index)?),
            Some(_) => Ok(()),
        }
    };
    let is_whole = wanted.is_none() || manifest.payload.kind == PayloadKind::Raw;
    match is_shared && is_whole {
        true => read_ahead(decoder, read),
        false => read(&mut decoder),
    }
}

/// The entries of a volume that are to be read; of one that spans volumes, what
/// lies in this one.
pub(super) fn pieces(
    inventory: &Inventory,
    index: usize,
    wanted: Option<&[bool]>,
) -> Vec<(usize, Option<Range<u64>>)> {
    let is_wanted = |entry: usize| wanted.is_none_or(|wanted| wanted[entry]);
    match &inventory.volumes()[index] {
        Content::Entries(range) => range
            .clone()
            .filter(|&entry| inventory.entry(entry).is_here() && is_wanted(entry))
            .map(|entry| (entry, None))
            .collect(),
        Content::Piece { entry, framed } if is_wanted(*entry) => {
            vec![(*entry, Some(framed.clone()))]
        }
        Content::Piece { .. } => Vec::new(),
    }
}

/// What a volume holds, decrypted and decompressed.
pub(super) trait Plaintext: Read {
    /// Moves forward. Past the end is no error here; the next read finds nothing.
    fn skip(&mut self, count: u64) -> io::Result<()>;
}

impl<R: Read + Seek> Plaintext for Decoder<BufReader<R>> {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        Self::skip(self, count)
    }
}

/// The plaintext of one volume while it is read.
pub(super) struct Stream<'a> {
    pub(super) plaintext: &'a mut dyn Plaintext,
    /// Bytes of plaintext read or passed over.
    pub(super) position: u64,
    pub(super) buffer: Vec<u8>,
    pub(super) volume: &'a str,
    pub(super) kind: PayloadKind,
    pub(super) number: u32,
    pub(super) progress: &'a dyn Progress,
}

impl ContentFault {
    fn at(self, volume: &str, record: Option<&Record<'_>>) -> VerifyError {
        VerifyError::Content {
            volume: volume.to_owned(),
            path: record.map(|record| record.path().to_string()),
            fault: self,
        }
    }
}

fn fault_of(error: &io::Error) -> ContentFault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ContentFault::Short,
        _ => ContentFault::Undecodable,
    }
}

impl Stream<'_> {
    pub(super) fn entries<'p, V: Visitor<'p>>(
        &mut self,
        inventory: &'p Inventory,
        pieces: Vec<(usize, Option<Range<u64>>)>,
        visitor: &mut V,
    ) -> Result<(), V::Error> {
        for (entry, framed) in pieces {
            self.entry(inventory.entry(entry), framed, visitor)?;
        }
        Ok(())
    }

    fn entry<'p, V: Visitor<'p>>(
        &mut self,
        record: Record<'p>,
        framed: Option<Range<u64>>,
        visitor: &mut V,
    ) -> Result<(), V::Error> {
        let frame = record.frame();
        let extent = self.kind.extent(&frame);
        // An entry that spans volumes begins at the start of each of them.
        let offset = match framed {
            None => record.offset(),
            Some(_) => 0,
        };
        let framed = framed.unwrap_or(0..extent.framed);
        self.skip_to(offset, &record)?;
        if framed.start == 0 {
            self.expect(&self.kind.header(&frame), &record)?;
        }
        if record.kind() == EntryKind::File {
            self.file(record, extent.data_in(&framed), visitor)?;
        }
        Ok(())
    }

    fn file<'p, V: Visitor<'p>>(
        &mut self,
        record: Record<'p>,
        data: Range<u64>,
        visitor: &mut V,
    ) -> Result<(), V::Error> {
        self.progress.current(&record.path());
        visitor.begin(record, data.start)?;
        let length = data.end - data.start;
        let mut hasher = Hasher::default();
        let mut left = length;
        while left > 0 {
            if self.progress.cancelled() {
                return Err(VerifyError::Interrupted.into());
            }
            let want = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
            let read = read_some(self.plaintext, &mut self.buffer[..want]);
            let count = read.map_err(|e| fault_of(&e).at(self.volume, Some(&record)))?;
            if count == 0 {
                return Err(ContentFault::Short.at(self.volume, Some(&record)).into());
            }
            hasher.update(&self.buffer[..count]);
            visitor.data(&self.buffer[..count])?;
            self.progress.advance(count as u64);
            self.position += count as u64;
            left -= count as u64;
        }
        let expected = match record.sha256() {
            Some(whole) => Some(whole),
            None => {
                let mut parts = record.parts().iter();
                parts
                    .find(|part| part.volume == self.number)
                    .map(|part| part.sha256)
            }
        };
        if expected != Some(hasher.finish().0) {
            return Err(ContentFault::Digest.at(self.volume, Some(&record)).into());
        }
        visitor.end()?;
        // Padding follows the end of the file, which is where a cut that
        // is not at a block's edge has to be.
        let padding = self.kind.padding(length);
        let zeros = [0_u8; 512];
        let padding = usize::try_from(padding).expect("less than a block");
        Ok(self.expect(&zeros[..padding], &record)?)
    }

    fn skip_to(&mut self, offset: u64, record: &Record<'_>) -> Result<(), VerifyError> {
        let count = offset - self.position;
        self.position = offset;
        if count == 0 {
            return Ok(());
        }
        self.plaintext
            .skip(count)
            .map_err(|e| fault_of(&e).at(self.volume, Some(record)))
    }

    fn expect(&mut self, expected: &[u8], record: &Record<'_>) -> Result<(), VerifyError> {
        let mut found = vec![0; expected.len()];
        self.plaintext
            .read_exact(&mut found)
            .map_err(|e| fault_of(&e).at(self.volume, Some(record)))?;
        self.position += found.len() as u64;
        if found == expected {
            Ok(())
        } else {
            Err(ContentFault::Header.at(self.volume, Some(record)))
        }
    }

    /// Nothing but zeros may follow the last entry: none in a volume that another
    /// follows, nor in a stream without framing; in the last one those that end
    /// the stream, and as many as it may be padded with.
    pub(super) fn rest(&mut self, inventory: &Inventory, index: usize) -> Result<(), VerifyError> {
        let is_last = index + 1 == inventory.volumes().len();
        self.end(match (is_last, self.kind) {
            (true, PayloadKind::Tar) => {
                let framed = inventory.entries().map(|record| record.framed());
                PayloadKind::Tar.end()..=framing::most_padding(framed.sum())
            }
            _ => 0..=0,
        })
    }

    fn end(&mut self, allowed: RangeInclusive<u64>) -> Result<(), VerifyError> {
        let mut zeros = 0;
        loop {
            let read = read_some(self.plaintext, &mut self.buffer);
            let count = read.map_err(|e| fault_of(&e).at(self.volume, None))?;
            if count == 0 {
                break;
            }
            zeros += count as u64;
            if zeros > *allowed.end() || self.buffer[..count].iter().any(|&byte| byte != 0) {
                return Err(ContentFault::Long.at(self.volume, None));
            }
        }
        match allowed.contains(&zeros) {
            true => Ok(()),
            false => Err(ContentFault::Short.at(self.volume, None)),
        }
    }
}
