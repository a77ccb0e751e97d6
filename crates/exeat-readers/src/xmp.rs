//! XMP packets (ISO 16684-1), which stand in documents and in images, as
//! lines of text. They are small, and no more is wanted of them than what
//! they say: no XML parser has to be asked.

/// The text of elements and the values of attributes, each behind its name.
/// Works for whatever looks like XML.
pub(crate) fn lines(packet: &[u8]) -> String {
    let wide;
    let packet = match packet {
        [0xFE, 0xFF, ..] | [0, b'<', ..] => {
            wide = narrow(packet, u16::from_be_bytes);
            &wide[..]
        }
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => {
            wide = narrow(packet, u16::from_le_bytes);
            &wide[..]
        }
        _ => packet,
    };
    let mut text = String::new();
    let mut rest = packet;
    // The last element that opened, and the last that is no part of a list.
    let mut name = Vec::new();
    while let Some(open) = memchr::memchr(b'<', rest) {
        push(&mut text, &name, &rest[..open]);
        rest = &rest[open + 1..];
        if let Some(comment) = rest.strip_prefix(b"!--") {
            let end = memchr::memmem::find(comment, b"-->").unwrap_or(comment.len());
            push(&mut text, b"", &comment[..end]);
            rest = &comment[end..];
            rest = rest.get(3..).unwrap_or_default();
            continue;
        }
        let end = tag_end(rest);
        let tag = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if tag.starts_with(b"/") || tag.starts_with(b"?") || tag.starts_with(b"!") {
            continue;
        }
        let element = tag.split(u8::is_ascii_whitespace).next();
        let element = element.unwrap_or_default();
        let element = element.strip_suffix(b"/").unwrap_or(element);
        if !element.starts_with(b"rdf:") {
            name = element.to_vec();
        }
        attributes(&tag[element.len().min(tag.len())..], &mut text);
    }
    push(&mut text, &name, rest);
    text
}

fn narrow(packet: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let units: Vec<u16> = packet
        .chunks_exact(2)
        .map(|pair| unit([pair[0], pair[1]]))
        .collect();
    String::from_utf16_lossy(&units).into_bytes()
}

/// Where a tag ends: not within the quotes of an attribute.
fn tag_end(tag: &[u8]) -> usize {
    let mut quote = None;
    for (at, &byte) in tag.iter().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'"' || byte == b'\'' => quote = Some(byte),
            None if byte == b'>' => return at,
            None => {}
        }
    }
    memchr::memchr(b'>', tag).unwrap_or(tag.len())
}

fn attributes(mut rest: &[u8], text: &mut String) {
    while let Some(equals) = memchr::memchr(b'=', rest) {
        let name = rest[..equals].trim_ascii();
        let value = rest[equals + 1..].trim_ascii_start();
        let Some(&quote @ (b'"' | b'\'')) = value.first() else {
            return;
        };
        let value = &value[1..];
        let end = memchr::memchr(quote, value).unwrap_or(value.len());
        if !name.starts_with(b"xmlns") && !name.starts_with(b"rdf:") && name != b"xml:lang" {
            push(text, name, &value[..end]);
        }
        rest = value.get(end + 1..).unwrap_or_default();
    }
}

fn push(text: &mut String, name: &[u8], value: &[u8]) {
    let value = String::from_utf8_lossy(value);
    let value = value.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if value.is_empty() {
        return;
    }
    let name = name.rsplit(|&byte| byte == b':').next().unwrap_or_default();
    if !name.is_empty() {
        text.push_str(&String::from_utf8_lossy(name));
        text.push_str(": ");
    }
    text.push_str(&unescaped(value));
    text.push('\n');
}

fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|&end| end <= 10);
        let letter = end.and_then(|end| entity(&rest[1..end]));
        match (letter, end) {
            (Some(letter), Some(end)) => {
                text.push(letter);
                rest = &rest[end + 1..];
            }
            _ => {
                text.push('&');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            code.ok().and_then(char::from_u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_lines_of_names_and_values() {
        let packet = br#"<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/">
            <rdf:RDF><rdf:Description rdf:about="" photoshop:City="Le > eds" dc:x='&#65;'>
            <dc:creator><rdf:Seq><rdf:li>Amy &amp; Ashbury</rdf:li></rdf:Seq></dc:creator>
            <!-- seen --></rdf:Description></rdf:RDF></x:xmpmeta>"#;
        assert_eq!(
            lines(packet),
            "City: Le > eds\nx: A\ncreator: Amy & Ashbury\nseen\n"
        );
        assert_eq!(lines(b"<a b=\"c"), "b: c\n");
        assert_eq!(lines(b"\xFE\xFF\0<\0a\0>\0b\0<\0/\0a\0>"), "a: b\n");
    }
}
