//! What attributes say.

use memchr::memmem;

/// The look of a page, and how it is built. They are passed on where they hold
/// what no such value has: see [`is_odd`].
const LOOK: &[&[u8]] = &[
    b"align",
    b"async",
    b"autocomplete",
    b"background",
    b"bgcolor",
    b"border",
    b"bordercolor",
    b"cellpadding",
    b"cellspacing",
    b"charset",
    b"class",
    b"clear",
    b"color",
    b"colspan",
    b"crossorigin",
    b"d",
    b"decoding",
    b"defer",
    b"dir",
    b"enctype",
    b"face",
    b"fill",
    b"for",
    b"headers",
    b"height",
    b"hspace",
    b"http-equiv",
    b"id",
    b"integrity",
    b"lang",
    b"language",
    b"link",
    b"loading",
    b"media",
    b"method",
    b"name",
    b"nowrap",
    b"points",
    b"rel",
    b"role",
    b"rowspan",
    b"rules",
    b"scope",
    b"size",
    b"sizes",
    b"span",
    b"stroke",
    b"style",
    b"tabindex",
    b"target",
    b"transform",
    b"type",
    b"valign",
    b"viewbox",
    b"vlink",
    b"vspace",
    b"width",
    b"xml:lang",
    b"xmlns",
];

/// Digits in a row that no class, size or identifier of an element has.
const DIGITS: usize = 8;

/// Whether the attribute is for the look alone, and holds nothing else.
pub(crate) fn is_look(name: &[u8], value: &[u8]) -> bool {
    let known = LOOK.binary_search(&name).is_ok() || name.starts_with(b"xmlns:");
    known && !is_odd(value)
}

/// Whether a value may be of a person: a number, an address.
fn is_odd(value: &[u8]) -> bool {
    let mut digits = 0;
    for &byte in value {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        if digits >= DIGITS || byte == b'@' {
            return true;
        }
    }
    false
}

/// Whether the value is an address, in which letters may be encoded.
pub(super) fn is_address(name: &[u8]) -> bool {
    matches!(
        name,
        b"href" | b"src" | b"action" | b"cite" | b"xlink:href" | b"formaction" | b"poster"
    )
}

/// `%41` as the letter that it stands for.
pub(crate) fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let hex = |at: usize| text.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low).to_le_bytes()[0]);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

/// Whether a value is JSON of objects, as programs put it beside elements.
pub(super) fn is_json(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let (inner, end) = match value {
        [b'{', inner @ .., end @ b'}'] => (inner, end),
        [b'[', inner @ .., end @ b']'] => (inner, end),
        _ => return false,
    };
    let inner = inner.trim_ascii_start();
    match end {
        b'}' => inner.starts_with(b"\"") && memmem::find(inner, b"\":").is_some(),
        _ => inner.starts_with(b"{\"") || inner.starts_with(b"[\""),
    }
}

/// Something encoded in an address (RFC 2397).
pub(super) struct DataUri<'a> {
    pub(super) is_base64: bool,
    pub(super) data: &'a [u8],
}

/// The next such address: what stands before it, itself, and the rest. A short
/// one in base64 is found as well; what is not encoded must be all there is.
pub(super) fn data_uri(text: &[u8]) -> Option<(&[u8], DataUri<'_>, &[u8])> {
    let trimmed = text.trim_ascii();
    if trimmed
        .get(..5)
        .is_some_and(|begin| begin.eq_ignore_ascii_case(b"data:"))
    {
        let comma = memchr::memchr(b',', trimmed)?;
        let kind = &trimmed[5..comma];
        let is_base64 = ends_with_base64(kind);
        let data = &trimmed[comma + 1..];
        let end = match is_base64 {
            true => base64_end(data),
            false => data.len(),
        };
        let uri = DataUri {
            is_base64,
            data: &data[..end],
        };
        return Some((b"", uri, &data[end..]));
    }
    let mut from = 0;
    loop {
        let at = from + memmem::find(&text[from..], b"data:")?;
        let rest = &text[at + 5..];
        // The type of what is encoded is never long.
        let comma = memchr::memchr(b',', rest.get(..200).unwrap_or(rest));
        if let Some(comma) = comma
            && ends_with_base64(&rest[..comma])
        {
            let data = &rest[comma + 1..];
            let end = base64_end(data);
            let uri = DataUri {
                is_base64: true,
                data: &data[..end],
            };
            return Some((&text[..at], uri, &data[end..]));
        }
        from = at + 5;
    }
}

fn ends_with_base64(kind: &[u8]) -> bool {
    let kind = kind.trim_ascii();
    let start = kind.len().saturating_sub(7);
    kind.len() >= 7 && kind[start..].eq_ignore_ascii_case(b";base64")
}

fn base64_end(data: &[u8]) -> usize {
    let is_digit = |byte: &u8| {
        byte.is_ascii_alphanumeric() || b"+/=-_%".contains(byte) || byte.is_ascii_whitespace()
    };
    data.iter()
        .position(|byte| !is_digit(byte))
        .unwrap_or(data.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(LOOK.is_sorted());
    }

    #[test]
    fn numbers_are_no_look() {
        assert!(is_look(b"class", b"col-md-12"));
        assert!(!is_look(b"class", b"patient-9990000018"));
        assert!(!is_look(b"id", b"a@example.org"));
        assert!(!is_look(b"data-id", b"x"));
    }

    #[test]
    fn addresses_with_data_are_found() {
        let (before, uri, after) = data_uri(b"url(data:image/png;base64,QUI=) x").expect("one");
        assert_eq!(
            (before, uri.data, after),
            (&b"url("[..], &b"QUI="[..], &b") x"[..])
        );
        let (_, uri, _) = data_uri(b" DATA:text/plain,a%20b").expect("one");
        assert!(!uri.is_base64);
        assert_eq!(percent_decoded(uri.data), b"a b");
        assert!(data_uri(b"the data: 1, 2").is_none());
    }

    #[test]
    fn json_is_told_from_braces() {
        assert!(is_json(b" {\"a\": 1}"));
        assert!(is_json(b"[{\"a\": 1}]"));
        assert!(!is_json(b"{{ name }}"));
        assert!(!is_json(b"[1, 2]"));
    }
}
