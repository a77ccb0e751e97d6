//! Text as bytes, and bytes as other text.

pub(crate) type Encode = fn(&str) -> Vec<u8>;

pub(crate) const ENCODINGS: [(&str, Encode); 5] = [
    ("UTF-8", |text| text.as_bytes().to_vec()),
    ("UTF-8 with BOM", |text| {
        [b"\xef\xbb\xbf", text.as_bytes()].concat()
    }),
    ("UTF-16LE", |text| {
        [vec![0xff, 0xfe], utf_16(text, u16::to_le_bytes)].concat()
    }),
    ("UTF-16BE", |text| {
        [vec![0xfe, 0xff], utf_16(text, u16::to_be_bytes)].concat()
    }),
    // Where it has no letter, a question mark stands in, as other programs do.
    ("Latin-1", |text| {
        text.chars()
            .map(|letter| u8::try_from(letter).unwrap_or(b'?'))
            .collect()
    }),
];

pub(crate) fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| {
            bits << 8 | usize::from(*group.get(at).unwrap_or(&0))
        });
        for at in 0..4 {
            match at <= group.len() {
                true => text.push(char::from(LETTERS[bits >> (18 - 6 * at) & 63])),
                false => text.push('='),
            }
        }
    }
    text
}

/// In lines of so many characters.
pub(crate) fn wrapped(text: &str, width: usize, end: &str) -> String {
    let lines = text.as_bytes().chunks(width);
    let lines = lines.map(|line| String::from_utf8_lossy(line) + end);
    lines.collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Gzip (RFC 1952) of one stored block; the CRC is left at zero, which nobody
/// has looked at who only asks what it is.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("one stored block");
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    gzip.extend(length.to_le_bytes());
    gzip.extend((!length).to_le_bytes());
    gzip.extend(bytes);
    gzip.extend([0; 4]);
    gzip.extend(u32::from(length).to_le_bytes());
    gzip
}
