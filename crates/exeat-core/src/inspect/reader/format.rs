//! Which reader a file needs, told by its first bytes, never by its name.

use memchr::memmem;

/// A format that a reader takes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// bzip2.
    Bzip2,
    /// DICOM (PS3.10): a preamble and `DICM`.
    Dicom,
    /// gzip (RFC 1952).
    Gzip,
    /// HTML, also as XHTML.
    Html,
    /// An image whose kind, size and metadata can be told.
    Image,
    /// A message (RFC 5322).
    Mail,
    /// Messages one after the other (RFC 4155).
    Mbox,
    /// A compound file: old Office documents, encrypted new ones.
    Ole,
    /// Apache Parquet.
    Parquet,
    /// PDF (ISO 32000).
    Pdf,
    /// Rich Text Format.
    Rtf,
    /// 7z.
    SevenZip,
    /// An SQLite database.
    Sqlite,
    /// The write-ahead log of an SQLite database.
    SqliteLog,
    /// tar, of any dialect.
    Tar,
    /// XML that is no XHTML.
    Xml,
    /// xz.
    Xz,
    /// ZIP, and all that is one: office documents and workbooks.
    Zip,
    /// zstd (RFC 8878).
    Zstd,
}

/// Where the format is told by bytes in a fixed place.
const MAGIC: &[(usize, &[u8], Format)] = &[
    (0, b"PK\x03\x04", Format::Zip),
    (0, b"PK\x05\x06", Format::Zip),
    (0, b"\x1F\x8B\x08", Format::Gzip),
    (0, b"\x28\xB5\x2F\xFD", Format::Zstd),
    // A skippable frame, with which parallel compressors begin.
    (0, b"\x50\x2A\x4D\x18", Format::Zstd),
    (0, b"\xFD7zXZ\0", Format::Xz),
    (0, b"7z\xBC\xAF\x27\x1C", Format::SevenZip),
    (0, b"PAR1", Format::Parquet),
    (0, b"PARE", Format::Parquet),
    (0, b"SQLite format 3\0", Format::Sqlite),
    (0, b"\x37\x7F\x06\x82", Format::SqliteLog),
    (0, b"\x37\x7F\x06\x83", Format::SqliteLog),
    (0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Format::Ole),
    (128, b"DICM", Format::Dicom),
    (257, b"ustar", Format::Tar),
    (0, b"{\\rtf", Format::Rtf),
    (0, b"\x89PNG\r\n\x1A\n", Format::Image),
    (0, b"\xFF\xD8\xFF", Format::Image),
    (0, b"GIF87a", Format::Image),
    (0, b"GIF89a", Format::Image),
    (0, b"II*\0", Format::Image),
    (0, b"MM\0*", Format::Image),
    (0, b"II+\0", Format::Image),
    (0, b"MM\0+", Format::Image),
    (8, b"WEBP", Format::Image),
    (4, b"ftypheic", Format::Image),
    (4, b"ftypheix", Format::Image),
    (4, b"ftypmif1", Format::Image),
    (4, b"ftypavif", Format::Image),
    (0, b"\xFF\x0A", Format::Image),
    (0, b"\0\0\0\x0CJXL \r\n\x87\n", Format::Image),
    (0, b"\0\0\0\x0CjP  \r\n\x87\n", Format::Image),
    (0, b"8BPS", Format::Image),
];

/// A PDF may begin within so many bytes (ISO 32000-1, implementation note 13).
const PDF_WITHIN: usize = 1024;

/// The reader that these first bytes of a file call for; at least 4 KiB of
/// them, or all there are.
///
/// ```
/// use exeat_core::inspect::reader::{Format, recognise};
///
/// assert_eq!(recognise(b"PAR1\x15\x04"), Some(Format::Parquet));
/// assert_eq!(recognise(b"nhs_number,name\n"), None);
/// ```
#[must_use]
pub fn recognise(head: &[u8]) -> Option<Format> {
    let magic = MAGIC
        .iter()
        .find(|(place, magic, _)| head.get(*place..).is_some_and(|at| at.starts_with(magic)));
    if let Some(&(_, _, format)) = magic {
        return Some(format);
    }
    let begin = head.get(..PDF_WITHIN).unwrap_or(head);
    if memmem::find(begin, b"%PDF-").is_some() {
        return Some(Format::Pdf);
    }
    bzip2(head)
        .or_else(|| old_tar(head))
        .or_else(|| bmp(head))
        .or_else(|| markup(head))
        .or_else(|| mail(head))
}

/// bzip2: a size and the mark of a block, or of the end. Three letters and a
/// digit alone may begin a text.
fn bzip2(head: &[u8]) -> Option<Format> {
    let after = head.strip_prefix(b"BZh")?;
    let is_mark =
        |mark: &[u8]| mark.starts_with(b"1AY&SY") || mark.starts_with(b"\x17\x72\x45\x38\x50\x90");
    matches!(after, [b'1'..=b'9', mark @ ..] if is_mark(mark)).then_some(Format::Bzip2)
}

/// A Windows bitmap: its size stands where it must, beside two zeros, and the
/// length of its header is one of those there are.
fn bmp(head: &[u8]) -> Option<Format> {
    let is_bitmap = head.starts_with(b"BM")
        && head.get(6..10) == Some(&[0; 4])
        && matches!(
            head.get(14..18),
            Some([12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])
        );
    is_bitmap.then_some(Format::Image)
}

/// A tar header of before POSIX: octal numbers and a checksum that is right.
fn old_tar(head: &[u8]) -> Option<Format> {
    let header = head.get(..512)?;
    let field = header.get(148..156)?;
    let digits = field.trim_ascii().trim_ascii_end();
    let text = std::str::from_utf8(digits).ok()?;
    let written = u32::from_str_radix(text.trim_end_matches('\0').trim(), 8).ok()?;
    let sum: u32 = header
        .iter()
        .enumerate()
        .map(|(at, &byte)| match at {
            148..156 => u32::from(b' '),
            _ => u32::from(byte),
        })
        .sum();
    (sum == written && written > 0).then_some(Format::Tar)
}

/// XML and HTML, by what stands first after a byte order mark, white space and
/// comments.
fn markup(head: &[u8]) -> Option<Format> {
    let utf16;
    let text = match head {
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => {
            utf16 = narrow(head, 0);
            &utf16[..]
        }
        [0xFE, 0xFF, ..] | [0, b'<', ..] => {
            utf16 = narrow(head, 1);
            &utf16[..]
        }
        _ => head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head),
    };
    let mut rest = text.trim_ascii_start();
    let mut is_xml = false;
    loop {
        if let Some(after) = rest.strip_prefix(b"<!--") {
            let end = memmem::find(after, b"-->")?;
            rest = after[end + 3..].trim_ascii_start();
        } else if let Some(after) = rest.strip_prefix(b"<?") {
            is_xml |= after.starts_with(b"xml");
            let end = memmem::find(after, b"?>")?;
            rest = after[end + 2..].trim_ascii_start();
        } else {
            break;
        }
    }
    let begins = |word: &[u8]| {
        rest.get(..word.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(word))
    };
    const HTML: &[&[u8]] = &[
        b"<!doctype html",
        b"<html",
        b"<head>",
        b"<body",
        b"<title>",
        b"<meta ",
        b"<table",
        b"<div",
        b"<script",
        b"<p>",
        b"<h1",
    ];
    if HTML.iter().any(|word| begins(word)) {
        return Some(Format::Html);
    }
    let is_element = matches!(rest, [b'<', b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'!', ..]);
    (is_xml && is_element || begins(b"<!doctype ") || is_element && closes(rest))
        .then_some(Format::Xml)
}

/// Whether a text that begins with an element's start goes on as XML: the tag
/// is closed, and another one follows.
fn closes(text: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'>', text) else {
        return false;
    };
    let tag = &text[1..end];
    let name_end = tag
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || b"_:.-".contains(byte)))
        .unwrap_or(tag.len());
    let after_name = tag.get(name_end).copied();
    let is_tag = matches!(after_name, None | Some(b'/' | b' ' | b'\n' | b'\r' | b'\t'));
    is_tag && (memmem::find(&text[end..], b"</").is_some() || tag.ends_with(b"/"))
}

/// ASCII out of UTF-16, enough to see how it begins.
fn narrow(head: &[u8], low: usize) -> Vec<u8> {
    let units = head.chunks_exact(2).take(4096);
    let bytes = units.filter_map(|pair| (pair[1 - low] == 0).then_some(pair[low]));
    bytes.collect()
}

/// A message or a box of them: header fields, some of them known, and an empty
/// line.
fn mail(head: &[u8]) -> Option<Format> {
    const KNOWN: &[&[u8]] = &[
        b"received",
        b"return-path",
        b"delivered-to",
        b"from",
        b"to",
        b"subject",
        b"date",
        b"message-id",
        b"mime-version",
        b"content-type",
        b"content-transfer-encoding",
        b"reply-to",
        b"dkim-signature",
        b"x-mailer",
        b"cc",
        b"sender",
    ];
    let (is_box, head) = match head.starts_with(b"From ") {
        true => {
            let end = memchr::memchr(b'\n', head)?;
            (true, &head[end + 1..])
        }
        false => (false, head),
    };
    let mut seen = [false; KNOWN.len()];
    for line in head.split(|&byte| byte == b'\n').take(200) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if matches!(line.first(), Some(b' ' | b'\t')) {
            continue;
        }
        let colon = memchr::memchr(b':', line)?;
        let name = &line[..colon];
        let is_name = !name.is_empty() && name.iter().all(|b| b.is_ascii_graphic());
        if !is_name {
            return None;
        }
        let known = KNOWN
            .iter()
            .position(|known| name.eq_ignore_ascii_case(known));
        if let Some(place) = known {
            seen[place] = true;
        }
    }
    let count = seen.iter().filter(|seen| **seen).count();
    match is_box {
        true if count >= 2 => Some(Format::Mbox),
        false if count >= 3 => Some(Format::Mail),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_needs_no_reader() {
        for text in [
            &b"nhs_number,name\n9990000018,Amy\n"[..],
            b"",
            b"P",
            b"Dear Amy,\n",
            b"{\"a\":1}",
            b"<not closed",
            b"a < b > c",
            b"From here to there it is far.\nNote: bring water\n",
            b"name: Amy\nborn: 1980-01-02\ncity: Leeds\n",
            b"To: everybody\n\nhello",
            b"BM is a company",
            b"BZh9,1\n",
            &[b'7'; 600],
        ] {
            assert_eq!(
                recognise(text),
                None,
                "{:?}",
                text.escape_ascii().to_string()
            );
        }
    }

    #[test]
    fn markup_and_mail_are_told_by_how_they_begin() {
        for (text, format) in [
            (&b"<!DOCTYPE html><p>x"[..], Format::Html),
            (b"\xEF\xBB\xBF  <HTML lang=en>", Format::Html),
            (b"<?xml version=\"1.0\"?><html xmlns=", Format::Html),
            (b"<?xml version='1.0'?>\n<!-- a -->\n<patients>", Format::Xml),
            (b"<patients><p/></patients>", Format::Xml),
            (b"\xFF\xFE<\0?\0x\0m\0l\0?\0>\0<\0a\0>\0", Format::Xml),
            (b"{\\rtf1\\ansi", Format::Rtf),
            (
                b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nhi",
                Format::Mail,
            ),
            (
                b"From a@example.org Mon Jan  1 00:00:00 2024\nFrom: a@example.org\nTo: b@example.org\n\nhi",
                Format::Mbox,
            ),
            (b"junk before %PDF-1.4", Format::Pdf),
        ] {
            assert_eq!(recognise(text), Some(format), "{}", text.escape_ascii());
        }
    }
}
