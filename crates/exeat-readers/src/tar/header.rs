//! The header of a member: whether it is one, and what it hides.

use tar::Header;

use super::tape::BLOCK;

/// Whether the checksum is right: the sum of all bytes with blanks in its own
/// place. Some old programs took bytes for signed.
pub(super) fn is_valid(block: &[u8; BLOCK]) -> bool {
    let Ok(written) = Header::from_byte_slice(block).cksum() else {
        return false;
    };
    let (mut sum, mut signed) = (0_i64, 0_i64);
    for (at, &byte) in block.iter().enumerate() {
        let byte = match at {
            148..156 => b' ',
            _ => byte,
        };
        sum += i64::from(byte);
        signed += i64::from(byte.cast_signed());
    }
    let written = i64::from(written);
    written == sum || written == signed
}

/// Looks for text behind the end of a text.
#[derive(Default)]
pub(super) struct Slack {
    pub(super) is_used: bool,
}

impl Slack {
    pub(super) fn look(&mut self, header: &Header) {
        let old = header.as_old();
        let (names, owners): (_, [&[u8]; 2]) = match (header.as_ustar(), header.as_gnu()) {
            (Some(ustar), _) => ([&old.name, &old.linkname], [&ustar.uname, &ustar.gname]),
            (_, Some(gnu)) => ([&old.name, &old.linkname], [&gnu.uname, &gnu.gname]),
            _ => ([&old.name, &old.linkname], [&[], &[]]),
        };
        let is_used = |field: &[u8]| {
            let mut rest = field.iter().skip_while(|&&byte| byte != 0);
            rest.any(|&byte| byte != 0)
        };
        self.is_used |= names.iter().any(|field| is_used(&field[..]));
        self.is_used |= owners.iter().any(|field| is_used(field));
    }
}
