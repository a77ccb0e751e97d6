//! An archive, written byte by byte.

use super::{BLOCK, KIND, MAGIC, NAME, SIZE, SUM};
use crate::forge::Members;

/// One member of an archive, yet to be written.
#[derive(Clone)]
pub(crate) struct Item {
    header: [u8; BLOCK],
    pub(super) data: Vec<u8>,
}

impl Item {
    /// A plain file.
    pub(crate) fn new(name: &[u8], data: &[u8]) -> Self {
        let mut header = [0; BLOCK];
        header[NAME..][..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
        header[100..108].copy_from_slice(b"0000644\0");
        header[108..116].copy_from_slice(b"0000000\0");
        header[116..124].copy_from_slice(b"0000000\0");
        header[136..148].copy_from_slice(b"00000000000\0");
        header[KIND] = b'0';
        header[MAGIC..][..8].copy_from_slice(b"ustar\x0000");
        let mut item = Self {
            header,
            data: data.to_vec(),
        };
        item.set(SIZE, format!("{:011o}\0", data.len()).as_bytes());
        item
    }

    /// Of this type.
    pub(super) fn kind(mut self, kind: u8) -> Self {
        self.header[KIND] = kind;
        self
    }

    /// With these bytes in the header; the sum of the header is made to fit.
    fn set(&mut self, at: usize, bytes: &[u8]) {
        self.header[at..][..bytes.len()].copy_from_slice(bytes);
    }

    pub(super) fn with(mut self, at: usize, bytes: &[u8]) -> Self {
        self.set(at, bytes);
        self
    }

    fn write(&self, archive: &mut Vec<u8>) {
        let mut header = self.header;
        header[SUM..][..8].fill(b' ');
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[SUM..][..8].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(&self.data);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
}

/// A pax record, with its length.
pub(super) fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() > length {
        length += 1;
    }
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

/// The members of a package as items.
pub(crate) fn items(members: &Members) -> Vec<Item> {
    let members = members.0.iter();
    members
        .map(|(name, bytes)| Item::new(name.as_bytes(), bytes))
        .collect()
}

/// An archive, with its end.
pub(crate) fn archive(items: &[Item]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in items {
        item.write(&mut bytes);
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}
