//! How the entries of an export are laid out over volumes.
//!
//! The writer plans a layout from the listing and the volume size alone; the
//! reader derives the same structure from the inventory. Both then treat the
//! volumes independently of each other, on as many threads as there are.
//!
//! A volume ends before the entry that would exceed it. An entry larger than a
//! volume starts one, is cut at each full volume, and the next entry starts a
//! new one. Volumes are numbered from 1. The zeros that end the stream follow
//! the last entry and do not count as part of a volume's size.

use std::ops::Range;

use crate::framing::Extent;

/// One mebibyte, the unit volume sizes are rounded to.
pub(crate) const MIB: u64 = 1 << 20;
/// The least volume size used where none is asked for.
const DEFAULT_SIZE: u64 = 64 * MIB;
/// The most volumes a package can have, by their five-digit names.
pub(crate) const MAX_VOLUMES: u64 = 99_999;
/// The most volumes an entry may span. Each part costs some 110 bytes of its
/// inventory line, which must stay below 64 KiB beside a path whose 4,096
/// bytes may all need escaping.
pub(crate) const MAX_PARTS: u64 = 300;

/// What one volume holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// Whole entries, by their index.
    Entries(Range<usize>),
    /// A cut of one entry: this range of its framed bytes.
    Piece { entry: usize, framed: Range<u64> },
}

impl Content {
    /// The index of the first entry that has bytes here.
    pub(crate) fn first(&self) -> usize {
        match self {
            Self::Entries(range) => range.start,
            Self::Piece { entry, .. } => *entry,
        }
    }
}

/// The size of volumes to use for a stream.
///
/// `wanted` is what the user asked for. The default is the larger of 64 MiB
/// and a thousandth of the stream, rounded up to a MiB; it is raised where the
/// largest entry would span more volumes than an inventory line can name.
///
/// # Errors
/// The least size that would do, where `wanted` is too small.
pub(crate) fn volume_size(wanted: Option<u64>, stream: u64, largest: u64) -> Result<u64, u64> {
    let least = MIB
        .max(largest.div_ceil(MAX_PARTS))
        // Three volumes for each full one's worth is the most that a plan can
        // come to: small entries, and files that just exceed a volume, in turn.
        .max(stream.div_ceil(MAX_VOLUMES / 3))
        .next_multiple_of(MIB);
    match wanted {
        None => Ok(DEFAULT_SIZE
            .max(stream.div_ceil(1000).next_multiple_of(MIB))
            .max(least)),
        Some(size) if size < least => Err(least),
        Some(size) => Ok(size.next_multiple_of(MIB)),
    }
}

/// The size of the volume that follows `bytes` of a stream of unknown length.
///
/// Without a wish it is the larger of 64 MiB and a thirty-second of what was
/// there before, rounded up to a MiB: 300 volumes then hold 8 TiB.
pub(crate) fn stream_volume_size(wanted: Option<u64>, bytes: u64) -> u64 {
    let size = wanted.unwrap_or_else(|| DEFAULT_SIZE.max(bytes / 32));
    size.max(MIB).next_multiple_of(MIB)
}

/// Plans the volumes for entries in path order.
///
/// `size` is a multiple of 512 and larger than any header.
pub(crate) fn plan(entries: impl Iterator<Item = Extent>, size: u64) -> Vec<Content> {
    debug_assert!(size.is_multiple_of(crate::framing::BLOCK) && size > 0);
    let mut volumes = Vec::new();
    let mut open: Option<(usize, u64)> = None;
    let mut count = 0;
    for (index, extent) in entries.enumerate() {
        count = index + 1;
        if extent.framed > size {
            if let Some((start, _)) = open.take() {
                volumes.push(Content::Entries(start..index));
            }
            let mut from = 0;
            while from < extent.framed {
                let to = extent.framed.min(from + size);
                volumes.push(Content::Piece {
                    entry: index,
                    framed: from..to,
                });
                from = to;
            }
            continue;
        }
        open = match open {
            Some((start, filled)) if filled + extent.framed <= size => {
                Some((start, filled + extent.framed))
            }
            Some((start, _)) => {
                volumes.push(Content::Entries(start..index));
                Some((index, extent.framed))
            }
            // An entry that has no bytes in the stream opens no volume.
            None if extent.framed == 0 => None,
            None => Some((index, extent.framed)),
        };
    }
    if let Some((start, _)) = open {
        volumes.push(Content::Entries(start..count));
    }
    if volumes.is_empty() {
        volumes.push(Content::Entries(0..0));
    }
    volumes
}

/// The file name of volume `number`, counted from 1.
pub(crate) fn volume_name(number: usize) -> String {
    format!("volume-{number:05}.age")
}

/// The number of the volume of that name, if it is one of a volume.
pub(crate) fn volume_number(name: &[u8]) -> Option<usize> {
    let digits = name.strip_prefix(b"volume-")?.strip_suffix(b".age")?;
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (volume_name(number).as_bytes() == name).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::framing::BLOCK;

    fn extent(header_blocks: u64, data: u64) -> Extent {
        let header = header_blocks * BLOCK;
        Extent {
            framed: header + data.next_multiple_of(BLOCK),
            header,
            data,
        }
    }

    proptest! {
        #[test]
        fn covers_every_byte_once_in_order(
            sizes in proptest::collection::vec((1_u64..4, 0_u64..20_000), 0..60),
            blocks in 8_u64..24,
        ) {
            let size = blocks * BLOCK;
            let extents: Vec<_> = sizes.iter().map(|&(h, d)| extent(h, d)).collect();
            let volumes = plan(extents.iter().copied(), size);
            prop_assert!(!volumes.is_empty());
            // Replay the volumes: entry by entry, byte by byte.
            let (mut next, mut within, mut data) = (0, 0, 0);
            for volume in &volumes {
                match volume {
                    Content::Entries(range) => {
                        prop_assert_eq!(within, 0);
                        prop_assert_eq!(range.start, next);
                        let filled: u64 = extents[range.clone()].iter().map(|e| e.framed).sum();
                        prop_assert!(filled <= size);
                        next = range.end;
                    }
                    Content::Piece { entry, framed } => {
                        let whole = &extents[*entry];
                        prop_assert!(whole.framed > size);
                        prop_assert_eq!((*entry, framed.start), (next, within));
                        prop_assert!(framed.end - framed.start <= size && !framed.is_empty());
                        let cut = whole.data_in(framed);
                        if within == 0 { data = 0; }
                        prop_assert_eq!(cut.start, data);
                        prop_assert!(cut.end > cut.start, "every part holds data");
                        data = cut.end;
                        within = framed.end;
                        if within == whole.framed {
                            prop_assert_eq!(data, whole.data);
                            (next, within) = (next + 1, 0);
                        }
                    }
                }
            }
            prop_assert_eq!((next, within), (extents.len(), 0));
        }

        #[test]
        fn a_volume_ends_only_where_the_next_entry_would_exceed_it(
            sizes in proptest::collection::vec((1_u64..4, 0_u64..20_000), 1..60),
            blocks in 8_u64..24,
        ) {
            let size = blocks * BLOCK;
            let extents: Vec<_> = sizes.iter().map(|&(h, d)| extent(h, d)).collect();
            let volumes = plan(extents.iter().copied(), size);
            for pair in volumes.windows(2) {
                if let Content::Entries(range) = &pair[0] {
                    let filled: u64 = extents[range.clone()].iter().map(|e| e.framed).sum();
                    let next = &extents[pair[1].first()];
                    prop_assert!(filled + next.framed > size);
                }
            }
        }
    }

    #[test]
    fn nothing_is_one_empty_volume() {
        assert_eq!(plan(std::iter::empty(), MIB), [Content::Entries(0..0)]);
    }

    #[test]
    fn default_sizes() {
        assert_eq!(volume_size(None, 0, 0), Ok(64 * MIB));
        assert_eq!(volume_size(None, 100 << 30, 1 << 20), Ok(103 * MIB));
        // One file of 64 GiB: 66 MiB would cut it into more than 300 parts.
        let parts = |size: u64| (64_u64 << 30).div_ceil(size);
        let size = volume_size(None, 64 << 30, 64 << 30).expect("a default always does");
        assert!(parts(size) <= MAX_PARTS && parts(66 * MIB) > MAX_PARTS);
    }

    #[test]
    fn the_worst_pattern_still_fits_the_names() {
        let small = extent(1, 0);
        let just_over = extent(1, MIB);
        let pattern = |pairs: usize| (0..2 * pairs).map(move |n| [small, just_over][n % 2]);
        for pairs in [33_000, 33_333, 34_000, 50_000] {
            let stream = pattern(pairs).map(|e| e.framed).sum();
            let size = volume_size(Some(MIB), stream, just_over.framed)
                .or_else(|least| volume_size(Some(least), stream, just_over.framed))
                .expect("the least size does");
            let volumes = plan(pattern(pairs), size).len() as u64;
            assert!(volumes <= MAX_VOLUMES, "{pairs}: {volumes}");
        }
    }

    #[test]
    fn a_stream_of_8_tib_needs_no_wish() {
        let (mut bytes, mut volumes) = (0, 0);
        while bytes < 7 << 40 {
            let size = stream_volume_size(None, bytes);
            assert!(size >= DEFAULT_SIZE && size.is_multiple_of(MIB));
            (bytes, volumes) = (bytes + size, volumes + 1);
        }
        assert!(volumes <= MAX_PARTS, "{volumes}");
        assert_eq!(stream_volume_size(Some(0), 1 << 40), MIB);
    }

    #[test]
    fn asked_for_sizes() {
        assert_eq!(volume_size(Some(1), 10, 10), Err(MIB));
        assert_eq!(volume_size(Some(MIB + 1), 10, 10), Ok(2 * MIB));
        assert_eq!(volume_size(Some(MIB), 4 << 30, 4 << 30), Err(14 * MIB));
    }
}
