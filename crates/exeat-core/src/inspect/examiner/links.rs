//! Ids that link the records of a person over the tables of an export: which
//! columns have them, and which values are ids at all.

use super::Rows;
use crate::inspect::census::Census;
use crate::inspect::columns::{Judged, Roles};
use crate::inspect::identifier::{Link, link};

/// Columns with ids that are looked at, best first.
pub(super) const MAX_LINKS: usize = 4;

/// The longest id.
const LONGEST: usize = 64;

/// The columns that link, best first, with what a hash of their name is.
pub(super) fn columns(rows: &Rows<'_>, columns: &[Judged], census: &Census) -> Vec<(usize, u64)> {
    let mut found: Vec<(Link, usize)> = rows
        .columns
        .iter()
        .zip(columns)
        .enumerate()
        .filter(|(_, (_, judged))| judged.roles.intersects(Roles::LOCAL_ID))
        .filter_map(|(at, (column, _))| Some((link(column.name?)?, at)))
        .collect();
    // Names and not places decide, so that tables whose columns stand in
    // another order use the same.
    found.sort_unstable();
    found
        .into_iter()
        .take(MAX_LINKS)
        .map(|(link, at)| (at, census.hash(link.name.as_bytes())))
        .collect()
}

/// The id in a cell, unless it stands for none: whoever has no number is given
/// zeros, nines or a word, all of them the same.
pub(super) fn id(cell: &[u8]) -> Option<&[u8]> {
    let cell = cell.trim_ascii();
    // As a library for tables writes whole numbers beside missing ones.
    let cell = match cell.strip_suffix(b".0") {
        Some(number) if number.iter().all(u8::is_ascii_digit) => number,
        _ => cell,
    };
    let digits = || cell.iter().filter(|byte| byte.is_ascii_digit());
    let all = |digit: u8| digits().all(|&other| other == digit);
    let is_none = digits().next().is_none()
        || all(b'0')
        || all(b'9') && digits().count() > 2
        || cell.starts_with(b"-")
        || cell.len() > LONGEST;
    (!is_none).then_some(cell)
}

/// Whether an id is one that nobody else gives out: a UUID of random bits or
/// of a machine and a time (RFC 9562). Those made of a name (versions 3 and
/// 5), and those that somebody counts up, need not be.
pub(super) fn is_unique(id: &[u8]) -> bool {
    const LENGTH: usize = 36;
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    const DIFFERENT: u32 = 8;
    let is_uuid = id.len() == LENGTH
        && id.iter().enumerate().all(|(at, &byte)| {
            if DASHES.contains(&at) {
                byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        });
    let is_of_a_name = matches!(id.get(14), Some(b'3' | b'5'))
        && matches!(id.get(19), Some(b'8' | b'9' | b'a' | b'b' | b'A' | b'B'));
    let seen = id
        .iter()
        .filter_map(|&byte| char::from(byte).to_digit(16))
        .fold(0_u32, |seen, digit| seen | 1 << digit);
    is_uuid && !is_of_a_name && seen.count_ones() >= DIFFERENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_no_id_is_none() {
        for none in [
            "", " ", "0", "000", "999", "9999999", "-1", "N/A", "unknown", "None", "-", "NK",
            "0000000", "X000",
        ] {
            assert_eq!(id(none.as_bytes()), None, "{none}");
        }
        for (cell, expected) in [
            ("1", "1"),
            (" 42 ", "42"),
            ("42.0", "42"),
            ("a.0", ""),
            ("P0001", "P0001"),
            ("99", "99"),
            ("1.5.0", "1.5.0"),
        ] {
            let expected = Some(expected.as_bytes()).filter(|id| !id.is_empty());
            assert_eq!(id(cell.as_bytes()), expected, "{cell}");
        }
        assert_eq!(id(&[b'1'; 65]), None);
    }

    #[test]
    fn only_ids_that_nobody_else_gives_out_are_unique() {
        for (uuid, unique) in [
            ("b9c610cd-28a6-4636-8cb6-c7a0d2a4cb85", true),
            ("B9C610CD-28A6-4636-8CB6-C7A0D2A4CB85", true),
            ("00000000-0000-0000-0000-000000000001", false),
            ("b9c610cd-28a6-5636-8cb6-c7a0d2a4cb85", false),
            ("b9c610cd28a6-4636-8cb6-c7a0d2a4cb85-", false),
            ("d41d8cd98f00b204e9800998ecf8427e", false),
            ("1", false),
            ("", false),
        ] {
            assert_eq!(is_unique(uuid.as_bytes()), unique, "{uuid}");
        }
    }
}
