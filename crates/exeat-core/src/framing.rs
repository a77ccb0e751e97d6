//! The tar framing of the payload, as one fixed function of an entry.
//!
//! Format version 1 allows exactly one framing for an entry, so a reader does
//! not parse headers at all: it makes the header that the inventory calls for
//! and compares bytes. The framing is there for stock tools.
//!
//! The rules (POSIX.1-2024, pax interchange format):
//! - one ustar header; the name is the path, with `/` behind it for a folder;
//! - no `prefix`; a name or target longer than 100 bytes, or a size from 8 GiB
//!   on, is cut (the size set to 0) and given in full in a pax `x` record
//!   before it, records in the order `linkpath`, `path`, `size`;
//! - uid, gid and device numbers 0, no user and group names, the modification
//!   time in whole seconds and within 0 to 2^33 - 1;
//! - data padded with zeros to 512 bytes; 1,024 zeros after the last entry.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tar::{EntryType, Header};

use crate::entry::EntryKind;
use crate::path::EntryPath;
use crate::source::Entry;

/// The unit of a tar stream.
pub(crate) const BLOCK: u64 = 512;
/// The end of the stream: two blocks of zeros.
pub(crate) const END: u64 = 2 * BLOCK;
/// What eleven octal digits can say; the largest size and time in ustar.
const OCTAL_MAX: u64 = 0o777_7777_7777;
/// The room that ustar has for a name and for a link target.
const NAME_MAX: usize = 100;

/// What the volumes hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PayloadKind {
    /// A tar stream of files.
    Tar,
    /// One stream of unknown length, with nothing around it.
    Raw,
}

impl PayloadKind {
    /// The lengths of an entry in the stream.
    pub(crate) fn extent(self, entry: &Frame<'_>) -> Extent {
        match self {
            Self::Tar => entry.extent(),
            Self::Raw => Extent {
                framed: entry.bytes,
                header: 0,
                data: entry.bytes,
            },
        }
    }

    /// The bytes that stand before the data of an entry.
    pub(crate) fn header(self, entry: &Frame<'_>) -> Vec<u8> {
        match self {
            Self::Tar => entry.header(),
            Self::Raw => Vec::new(),
        }
    }

    /// How many zeros follow data of this length.
    pub(crate) fn padding(self, data: u64) -> u64 {
        match self {
            Self::Tar => data.next_multiple_of(BLOCK) - data,
            Self::Raw => 0,
        }
    }

    /// How many zeros end the stream, at least.
    pub(crate) fn end(self) -> u64 {
        match self {
            Self::Tar => END,
            Self::Raw => 0,
        }
    }
}

/// The length that a stream of `length` bytes is padded to, so that it says
/// little: the Padmé function (Nikitin and others, "Reducing Metadata Leakage
/// from Encrypted Files and Communication with PURBs", 2019), in which a length
/// keeps no more significant bits than its magnitude has. At most 12 % longer,
/// and whole blocks, as the rest of a tar.
pub(crate) fn padded(length: u64) -> u64 {
    let exponent = length.max(BLOCK).ilog2();
    let kept = exponent.ilog2() + 1;
    length.next_multiple_of(BLOCK.max(1 << (exponent - kept)))
}

/// The most zeros that a reader takes after the end of a stream whose entries
/// have `framed` bytes: what [`padded`] asks for and the record size of any tar.
pub(crate) fn most_padding(framed: u64) -> u64 {
    END + (64 << 10) + framed / 8
}

/// What the framing needs to know of an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) path: EntryPath<'a>,
    pub(crate) kind: EntryKind,
    pub(crate) bytes: u64,
    pub(crate) mode: u16,
    pub(crate) modified: i64,
    pub(crate) target: &'a [u8],
}

impl<'a> Frame<'a> {
    /// What a listing knows of an entry.
    pub(crate) fn of(entry: &Entry<'a>) -> Self {
        Self {
            path: entry.path(),
            kind: entry.kind(),
            bytes: entry.bytes(),
            mode: entry.mode(),
            modified: entry.modified(),
            target: entry.target(),
        }
    }
}

/// The lengths of one entry in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Header, data and padding; a multiple of [`BLOCK`]. Zero for an entry
    /// that is in the inventory alone.
    pub(crate) framed: u64,
    /// Of that, the header; a multiple of [`BLOCK`].
    pub(crate) header: u64,
    /// Data without padding.
    pub(crate) data: u64,
}

impl Extent {
    /// The bytes of data within a cut of the framed bytes.
    pub(crate) fn data_in(&self, framed: &Range<u64>) -> Range<u64> {
        let at = |offset: u64| offset.saturating_sub(self.header).min(self.data);
        at(framed.start)..at(framed.end)
    }
}

impl Frame<'_> {
    /// Its lengths in the stream.
    pub(crate) fn extent(&self) -> Extent {
        Extent {
            framed: self.framed_len(),
            header: self.header_len(),
            data: self.bytes,
        }
    }

    /// The length of header and pax records, a multiple of [`BLOCK`].
    pub(crate) fn header_len(&self) -> u64 {
        match self.records_len() {
            0 => BLOCK,
            records => 2 * BLOCK + records.next_multiple_of(BLOCK),
        }
    }

    /// The length of header, data and padding, a multiple of [`BLOCK`].
    pub(crate) fn framed_len(&self) -> u64 {
        self.header_len() + self.bytes.next_multiple_of(BLOCK)
    }

    /// The bytes that stand before the data.
    pub(crate) fn header(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let records = self.records();
        if !records.is_empty() {
            let mut header = Header::new_ustar();
            set_name(
                &mut header.as_ustar_mut().expect(USTAR).name,
                b"././@PaxHeader",
            );
            header.set_entry_type(EntryType::XHeader);
            header.set_size(records.len() as u64);
            finish(&mut header, 0o644, 0);
            bytes.extend_from_slice(header.as_bytes());
            bytes.extend_from_slice(&records);
            bytes.resize(bytes.len().next_multiple_of(512), 0);
        }
        let mut header = Header::new_ustar();
        let ustar = header.as_ustar_mut().expect(USTAR);
        set_name(&mut ustar.name, &self.name());
        set_name(&mut ustar.linkname, self.target);
        header.set_entry_type(match self.kind {
            EntryKind::Directory => EntryType::Directory,
            EntryKind::File => EntryType::Regular,
            EntryKind::Symlink => EntryType::Symlink,
        });
        header.set_size(if self.bytes > OCTAL_MAX {
            0
        } else {
            self.bytes
        });
        let modified = u64::try_from(self.modified).unwrap_or(0).min(OCTAL_MAX);
        finish(&mut header, self.mode, modified);
        bytes.extend_from_slice(header.as_bytes());
        bytes
    }

    fn name(&self) -> Vec<u8> {
        let mut name = self.path.as_bytes().to_vec();
        if self.kind == EntryKind::Directory {
            name.push(b'/');
        }
        name
    }

    fn records(&self) -> Vec<u8> {
        let mut records = Vec::new();
        if self.target.len() > NAME_MAX {
            push_record(&mut records, "linkpath", self.target);
        }
        if self.name_len() > NAME_MAX {
            push_record(&mut records, "path", &self.name());
        }
        if self.bytes > OCTAL_MAX {
            push_record(&mut records, "size", self.bytes.to_string().as_bytes());
        }
        records
    }

    fn records_len(&self) -> u64 {
        let mut length = 0;
        if self.target.len() > NAME_MAX {
            length += record_len("linkpath", self.target.len());
        }
        if self.name_len() > NAME_MAX {
            length += record_len("path", self.name_len());
        }
        if self.bytes > OCTAL_MAX {
            length += record_len("size", self.bytes.to_string().len());
        }
        length as u64
    }

    fn name_len(&self) -> usize {
        self.path.as_bytes().len() + usize::from(self.kind == EntryKind::Directory)
    }
}

const USTAR: &str = "a header made as ustar is ustar";

fn finish(header: &mut Header, mode: u16, modified: u64) {
    header.set_mode(mode.into());
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(modified);
    header.set_device_major(0).expect(USTAR);
    header.set_device_minor(0).expect(USTAR);
    header.set_cksum();
}

fn set_name(field: &mut [u8; NAME_MAX], name: &[u8]) {
    let length = name.len().min(NAME_MAX);
    field[..length].copy_from_slice(&name[..length]);
}

/// The length of `"LENGTH KEY=VALUE\n"`, whose LENGTH counts its own digits.
fn record_len(key: &str, value: usize) -> usize {
    let rest = key.len() + value + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() > length {
        length += 1;
    }
    length
}

fn push_record(records: &mut Vec<u8>, key: &str, value: &[u8]) {
    let length = record_len(key, value.len());
    records.extend_from_slice(format!("{length} {key}=").as_bytes());
    records.extend_from_slice(value);
    records.push(b'\n');
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::*;

    /// What the `tar` crate, as an independent reader, makes of a frame.
    fn read_back(frame: &Frame<'_>) -> (Vec<u8>, EntryType, u64, u32, u64, Vec<u8>) {
        let mut stream = frame.header();
        stream.resize(stream.len() + 2048, 0);
        let mut archive = tar::Archive::new(&stream[..]);
        let mut entries = archive.entries().expect("a slice is readable");
        let mut entry = entries.next().expect("an entry").expect("a good header");
        let header = entry.header().clone();
        let result = (
            entry.path_bytes().into_owned(),
            header.entry_type(),
            entry.size(),
            header.mode().expect("octal"),
            header.mtime().expect("octal"),
            entry.link_name_bytes().unwrap_or_default().into_owned(),
        );
        let mut data = Vec::new();
        let _ = entry.read_to_end(&mut data);
        result
    }

    proptest! {
        #[test]
        fn another_reader_sees_the_same_entry(
            names in proptest::collection::vec("[a-zé\u{7f}]{1,60}", 1..8),
            // The other reader splits records at newlines, which GNU tar and
            // the standard do not; the tests with GNU tar have them.
            target in proptest::collection::vec(11_u8..255, 0..300),
            kind in prop_oneof![
                Just(EntryKind::Directory), Just(EntryKind::File), Just(EntryKind::Symlink)
            ],
            bytes in prop_oneof![0_u64..2000, OCTAL_MAX - 2..OCTAL_MAX + 3],
            mode in 0_u16..0o1000,
            modified in prop_oneof![-5_i64..5, 0..i64::MAX],
        ) {
            let path = names.join("/");
            let frame = Frame {
                path: EntryPath::new(path.as_bytes()).expect("a good path"),
                kind,
                bytes: if kind == EntryKind::File { bytes } else { 0 },
                mode,
                modified,
                target: if kind == EntryKind::Symlink { &target } else { b"" },
            };
            let header = frame.header();
            prop_assert_eq!(header.len() as u64, frame.header_len());
            let slash = if kind == EntryKind::Directory { "/" } else { "" };
            let (name, read_kind, size, read_mode, mtime, link) = read_back(&frame);
            prop_assert_eq!(name, format!("{path}{slash}").into_bytes());
            prop_assert_eq!(read_kind.is_dir(), kind == EntryKind::Directory);
            prop_assert_eq!(read_kind.is_symlink(), kind == EntryKind::Symlink);
            prop_assert_eq!(size, frame.bytes);
            prop_assert_eq!(read_mode, u32::from(mode));
            let clamped = modified.clamp(0, OCTAL_MAX.try_into().expect("fits"));
            prop_assert_eq!(mtime, u64::try_from(clamped).expect("not negative"));
            prop_assert_eq!(link, frame.target);
        }
    }

    #[test]
    fn record_lengths_count_their_own_digits() {
        // 99 and 999 are where the count gains a digit.
        for value in (0..120).chain(980..1010) {
            let mut record = Vec::new();
            push_record(&mut record, "path", &vec![b'v'; value]);
            assert_eq!(record.len(), record_len("path", value));
            let text = String::from_utf8(record.clone()).expect("ASCII");
            let digits = text.split(' ').next().expect("a length");
            assert_eq!(digits.parse(), Ok(record.len()));
        }
    }

    /// Records are there where a field has no room, and nowhere else.
    #[test]
    fn names_and_targets_as_long_as_the_fields() {
        for length in [1, 99, 100, 101] {
            for (kind, slash) in [
                (EntryKind::Directory, 1),
                (EntryKind::File, 0),
                (EntryKind::Symlink, 0),
            ] {
                let (path, target) = ("n".repeat(length), vec![b't'; length]);
                let is_link = kind == EntryKind::Symlink;
                let frame = Frame {
                    path: EntryPath::new(path.as_bytes()).expect("a good path"),
                    kind,
                    bytes: 0,
                    mode: 0o644,
                    modified: 0,
                    target: if is_link { &target } else { b"" },
                };
                let is_long = length + slash > NAME_MAX;
                let expected = if is_long { 3 * BLOCK } else { BLOCK };
                assert_eq!(frame.header_len(), expected, "{length} {kind:?}");
                assert_eq!(frame.header().len() as u64, expected);
                assert_eq!(read_back(&frame).0.len(), length + slash);
                assert_eq!(read_back(&frame).5, frame.target);
            }
        }
    }

    #[test]
    fn what_is_put_behind_data_and_streams() {
        let (tar, raw) = (PayloadKind::Tar, PayloadKind::Raw);
        for (data, padding) in [(0, 0), (1, 511), (511, 1), (512, 0), (1000, 24)] {
            assert_eq!((tar.padding(data), raw.padding(data)), (padding, 0));
        }
        assert_eq!((tar.end(), raw.end()), (1024, 0));
        // By hand: the bits kept are as many as the magnitude's own have.
        for (length, length_padded) in [
            (0, 0),
            (1, 512),
            (512, 512),
            (513, 1024),
            (1 << 20, 1 << 20),
            ((1 << 20) + 1, (1 << 20) + (1 << 15)),
            (10_000_000, 39 << 18),
        ] {
            assert_eq!(padded(length), length_padded, "{length}");
        }
        assert_eq!((most_padding(0), most_padding(8000)), (66_560, 67_560));
    }
}
