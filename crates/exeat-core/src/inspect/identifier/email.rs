//! E-mail addresses: what RFC 5321 and RFC 5322 allow and people use, with
//! the letters of RFC 6531, and quoted local parts.

use std::ops::Range;

/// RFC 5321, section 4.5.3.1.
const LONGEST_LOCAL: usize = 64;
const LONGEST_DOMAIN: usize = 255;

/// Whether the whole cell is an address, also as `mailto:…`, `<…>` or
/// `Name <…>`.
pub(super) fn is_email(cell: &[u8]) -> bool {
    if is_simple(cell) {
        return true;
    }
    let Some(at) = memchr::memchr(b'@', cell) else {
        return false;
    };
    let Some(found) = around(cell, at) else {
        return false;
    };
    let after = &cell[found.end..];
    let before = &cell[..found.start];
    let bare = before.is_empty() && after.is_empty();
    bare || after == b">" && before.ends_with(b"<")
        || after.is_empty() && before.eq_ignore_ascii_case(b"mailto:")
}

/// Whether the cell is an address of the plainest kind, as nearly all are:
/// letters, digits and single marks.
fn is_simple(cell: &[u8]) -> bool {
    let mut state = address_state::LOCAL;
    for &byte in cell {
        state = address_state::NEXT[usize::from(byte)] >> (state & 63);
    }
    let image = match cell {
        [.., b'o' | b'O', b'r' | b'R', b'g' | b'G'] => false,
        _ => matches!(cell.last(), Some(b'g' | b'f' | b'p' | b'G' | b'F' | b'P')),
    };
    state & 63 == address_state::TOP && cell.len() <= LONGEST_LOCAL && !image
}

/// An automaton over the characters of an address. For each character a word
/// holds the next state of every state, each at the bits that its number
/// counts: a step is one shift, and no branch on a character.
mod address_state {
    /// A letter or digit of the local part must follow.
    pub(super) const LOCAL: u64 = 0;
    const IN_LOCAL: u64 = 6;
    /// A letter or digit of a label must follow.
    const LABEL: u64 = 12;
    /// In a label that is no top-level domain.
    const IN_LABEL: u64 = 18;
    /// After a dot, or after one letter: what may become a top-level domain.
    const DOT: u64 = 24;
    const ONE: u64 = 30;
    pub(super) const TOP: u64 = 36;
    const BAD: u64 = 42;

    pub(super) static NEXT: [u64; 256] = {
        let mut table = [0; 256];
        let mut byte = 0_u8;
        loop {
            let (local, in_local, label, in_label, dot, one, top) = match byte {
                b'A'..=b'Z' | b'a'..=b'z' => {
                    (IN_LOCAL, IN_LOCAL, IN_LABEL, IN_LABEL, ONE, TOP, TOP)
                }
                b'0'..=b'9' => (
                    IN_LOCAL, IN_LOCAL, IN_LABEL, IN_LABEL, IN_LABEL, IN_LABEL, IN_LABEL,
                ),
                b'.' => (BAD, LOCAL, BAD, DOT, BAD, DOT, DOT),
                b'-' => (BAD, LOCAL, BAD, LABEL, BAD, LABEL, LABEL),
                b'_' => (BAD, LOCAL, BAD, BAD, BAD, BAD, BAD),
                b'@' => (BAD, LABEL, BAD, BAD, BAD, BAD, BAD),
                _ => (BAD, BAD, BAD, BAD, BAD, BAD, BAD),
            };
            table[byte as usize] = local << LOCAL
                | in_local << IN_LOCAL
                | label << LABEL
                | in_label << IN_LABEL
                | dot << DOT
                | one << ONE
                | top << TOP
                | BAD << BAD;
            if byte == u8::MAX {
                break;
            }
            byte += 1;
        }
        table
    };
}

/// The address around the `@` at `at`.
pub(super) fn around(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = local_start(text, at)?;
    let end = domain_end(text, at + 1)?;
    Some(start..end)
}

/// The same around an `@` that is written as `%40`, as in addresses of web
/// pages (RFC 3986, section 2.1).
pub(super) fn around_encoded(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = local_start(text, at)?;
    let end = domain_end(text, at + ENCODED.len())?;
    Some(start..end)
}

/// An `@` within a query string.
pub(super) const ENCODED: &[u8] = b"%40";

fn local_start(text: &[u8], at: usize) -> Option<usize> {
    let last = *text.get(at.checked_sub(1)?)?;
    if last == b'"' {
        let from = at.saturating_sub(LONGEST_LOCAL + 1);
        let open = from + memchr::memrchr(b'"', &text[from..at - 1])?;
        return (at - 1 > open + 1 && !text[open..at].contains(&b'\n')).then_some(open);
    }
    if !is_local(last) || last == b'.' {
        return None;
    }
    let from = at.saturating_sub(LONGEST_LOCAL + 1);
    let mut start = at;
    while start > from && is_local(text[start - 1]) {
        if text[start - 1] == b'.' && text[start] == b'.' {
            break;
        }
        start -= 1;
    }
    if at - start > LONGEST_LOCAL {
        return None;
    }
    while start < at && !is_local_start(text[start]) {
        start += 1;
    }
    (start < at).then_some(start)
}

/// RFC 5322's atext and the dot, without what more often stands around an
/// address than in it: `/`, `=`, `?`, `` ` ``, `|`, braces.
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(
            byte,
            b'.' | b'_'
                | b'-'
                | b'+'
                | b'%'
                | b'\''
                | b'&'
                | b'~'
                | b'#'
                | b'!'
                | b'$'
                | b'*'
                | b'^'
        )
}

fn is_local_start(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'_' | b'+' | b'~')
}

/// Where the longest domain at `from` ends: labels with dots between, the last
/// one a top-level domain by its looks.
fn domain_end(text: &[u8], from: usize) -> Option<usize> {
    let limit = text.len().min(from + LONGEST_DOMAIN);
    let mut best = None;
    let mut label = from;
    let mut labels = 0;
    loop {
        let mut end = label;
        while end < limit && is_domain(text[end]) {
            end += 1;
        }
        let mut trimmed = end;
        while trimmed > label && text[trimmed - 1] == b'-' {
            trimmed -= 1;
        }
        if trimmed == label || text[label] == b'-' || trimmed - label > 63 {
            break;
        }
        labels += 1;
        // No top-level domain has a hyphen, but text may go on with one.
        let name = text[label..trimmed]
            .iter()
            .take_while(|byte| **byte != b'-')
            .count();
        if labels > 1 && is_top_level(&text[label..trimmed]) {
            best = Some(trimmed);
        } else if labels > 1
            && text.get(end) != Some(&b'.')
            && is_top_level(&text[label..label + name])
        {
            best = Some(label + name);
        }
        if trimmed != end || text.get(end) != Some(&b'.') {
            break;
        }
        label = end + 1;
    }
    best
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte >= 0x80
}

/// Letters only, or an internationalised name; file endings that follow an `@`
/// in the names of images (`logo@2x.png`) are none.
fn is_top_level(label: &[u8]) -> bool {
    if label.len() > 4 && label[..4].eq_ignore_ascii_case(b"xn--") {
        return true;
    }
    label.len() >= 2
        && label.len() <= 24
        && label
            .iter()
            .all(|&byte| byte.is_ascii_alphabetic() || byte >= 0x80)
        && !(matches!(label.len(), 3 | 4)
            && matches!(label[0] | 0x20, b'p' | b'j' | b'g' | b's' | b'w' | b'b')
            && IMAGE_ENDINGS
                .iter()
                .any(|ending| label.eq_ignore_ascii_case(ending)))
}

const IMAGE_ENDINGS: [&[u8]; 7] = [b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"bmp"];

/// The form in which equal addresses are equal: RFC 5321 leaves the case of
/// the local part to its host, but no provider of note tells cases apart.
pub(super) fn normalise<'a>(address: &[u8], buffer: &'a mut [u8; 320]) -> &'a [u8] {
    let length = address.len().min(buffer.len());
    buffer[..length].copy_from_slice(&address[..length]);
    buffer[..length].make_ascii_lowercase();
    &buffer[..length]
}

/// The same of an address in which characters are written as `%` and two
/// hexadecimal digits.
pub(super) fn normalise_encoded<'a>(address: &[u8], buffer: &'a mut [u8; 320]) -> &'a [u8] {
    let mut plain = [0; 320];
    let mut length = 0;
    for (slot, byte) in plain.iter_mut().zip(unescaped(address, b'%')) {
        *slot = byte;
        length += 1;
    }
    normalise(&plain[..length], buffer)
}

/// The bytes of a text in which some are written as a mark and two hexadecimal
/// digits; a mark before anything else stands for itself.
pub(crate) fn unescaped(text: &[u8], mark: u8) -> impl Iterator<Item = u8> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (&byte, after) = rest.split_first()?;
        let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
        let escaped = match (digit(0), digit(1)) {
            (Some(high), Some(low)) if byte == mark => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        rest = match escaped {
            Some(_) => &after[2..],
            None => after,
        };
        Some(escaped.unwrap_or(byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_cells() {
        for (cell, expected) in [
            ("jane.doe@example.com", true),
            ("Jane.Doe@Example.COM", true),
            ("o'brien+tag@mail.example.co.uk", true),
            ("x@example.org", true),
            ("1234567890@example.com", true),
            ("a_b-c%d@sub-domain.example.net", true),
            ("jörg@example.de", true),
            ("user@xn--exmple-cua.com", true),
            ("user@exämple.com", true),
            ("\"john smith\"@example.com", true),
            ("mailto:jane@example.com", true),
            ("Jane Doe <jane@example.com>", true),
            ("jane@example", false),
            ("jane@localhost", false),
            ("@example.com", false),
            ("jane@", false),
            ("jane.@example.com", false),
            ("jane@-example.com", false),
            ("jane@example.com-", false),
            ("lodash@4.17.21", false),
            ("logo@2x.png", false),
            ("@Override", false),
            ("a@b.c", false),
            ("", false),
        ] {
            assert_eq!(is_email(cell.as_bytes()), expected, "{cell}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        assert!(!is_email(long.as_bytes()));
    }

    #[test]
    fn addresses_end_before_punctuation() {
        for (text, expected) in [
            ("write to jane@example.com.", "jane@example.com"),
            ("(jane@example.com)", "jane@example.com"),
            ("<jane@example.com>,", "jane@example.com"),
            ("'jane@example.com'", "jane@example.com"),
            ("mail=jane@example.com&x=1", "jane@example.com"),
            ("jane@example.com-old", "jane@example.com"),
        ] {
            let at = text.find('@').expect("has one");
            let found = around(text.as_bytes(), at).expect("is an address");
            assert_eq!(&text[found], expected);
        }
    }

    proptest! {
        #[test]
        fn dot_atoms_are_recognised(local in "[a-z0-9_+-]{1,20}[a-z0-9](\\.[a-z0-9]{1,10}){0,2}", domain in "([a-z0-9]{1,12}\\.){1,3}[a-z]{2,8}") {
            prop_assume!(!IMAGE_ENDINGS.iter().any(|ending| domain.as_bytes().ends_with(ending)));
            let local = local.trim_start_matches('-');
            let address = format!("{local}@{domain}");
            prop_assert!(is_email(address.as_bytes()), "{}", address);
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..100), at in 0_usize..100) {
            let _ = around(&bytes, at);
            let _ = is_email(&bytes);
        }
    }
}
