//! Extra fields of a member: a number, a length, and what programs put there.

use super::directory::Fields;

/// Sizes and offsets of 64 bits.
pub(super) const LARGE: u16 = 0x0001;
/// The name in UTF-8, after a version and a checksum.
const NAME: u16 = 0x7075;
/// The comment, likewise.
const COMMENT: u16 = 0x6375;

/// Those that hold times, owners, sizes and flags, or fill a gap.
const PLAIN: &[u16] = &[
    LARGE, NAME, COMMENT, 0x000A, // times of NTFS
    0x0017, // strong encryption
    0x5455, 0x5855, 0x7855, 0x7875, // times and owners of Unix
    0x4453, // access rights of Windows
    0x6C78, // libarchive
    0x9901, // AES
    0xCAFE, // marks a JAR
    0xD935, // fills a gap in an APK
    0xA220, // room for growth in an Office document
];

fn fields(extra: &[u8]) -> impl Iterator<Item = Option<(u16, &[u8])>> {
    let mut rest = Fields(extra);
    std::iter::from_fn(move || {
        // Zeros may stand where no field fits.
        if rest.0.len() < 4 && rest.0.iter().all(|&byte| byte == 0) {
            return None;
        }
        let mut field = || {
            let id = rest.u16()?;
            let length = rest.u16()?;
            rest.take(length.into()).map(|field| (id, field))
        };
        let field = field();
        if field.is_none() {
            rest = Fields(&[]);
        }
        Some(field)
    })
}

/// The field with this number.
pub(super) fn find(extra: &[u8], id: u16) -> Option<&[u8]> {
    let found = fields(extra).flatten().find(|(other, _)| *other == id);
    found.map(|(_, field)| field)
}

/// Text in the fields: another name or comment.
pub(super) fn texts(extra: &[u8]) -> impl Iterator<Item = &[u8]> {
    let texts = fields(extra).flatten();
    let texts = texts.filter(|(id, _)| matches!(*id, NAME | COMMENT));
    texts.filter_map(|(_, field)| field.get(5..))
}

/// Whether all of it is known to hold nothing but numbers and text that is
/// passed on.
pub(super) fn is_plain(extra: &[u8]) -> bool {
    fields(extra).all(|field| {
        field.is_some_and(|(id, field)| {
            let is_filling = || field.iter().all(|&byte| byte == 0);
            let is_known = PLAIN.contains(&id) && field.len() <= 1024;
            match id {
                0xA220 | 0xD935 => field.iter().skip(4).all(|&byte| byte == 0),
                _ => is_known || is_filling(),
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_plain() {
        assert!(is_plain(b""));
        assert!(is_plain(b"\0\0\0"), "filled by an aligner");
        assert!(is_plain(b"UT\x05\0\x03abcd"));
        assert!(is_plain(b"??\x02\0\0\0"));
        assert!(!is_plain(b"??\x02\0ab"));
        assert!(!is_plain(b"UT\x05\0\x03abc"), "longer than there is");
        assert!(!is_plain(b"abc"));
        assert!(!is_plain(b"\x20\xA2\x06\0\0\0\0\0ab"), "room that is used");
    }
}
