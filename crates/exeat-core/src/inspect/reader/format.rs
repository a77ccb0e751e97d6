//! Which reader a file needs, told by its first bytes, never by its name.

mod mail;
mod markup;

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
    // A page or a message may well speak of what a PDF begins with.
    bzip2(head)
        .or_else(|| old_tar(head))
        .or_else(|| bmp(head))
        .or_else(|| markup::recognise(head))
        .or_else(|| mail::recognise(head))
        .or_else(|| pdf(head))
}

/// A PDF, which may begin with something else.
fn pdf(head: &[u8]) -> Option<Format> {
    let begin = head.get(..PDF_WITHIN).unwrap_or(head);
    memmem::find(begin, b"%PDF-").map(|_| Format::Pdf)
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

/// ASCII out of UTF-16, enough to see how a text begins; `None` for other text.
fn narrowed(head: &[u8]) -> Option<Vec<u8>> {
    let low = match head {
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => 0,
        [0xFE, 0xFF, ..] | [0, b'<', ..] => 1,
        _ => return None,
    };
    let units = head.chunks_exact(2).take(32 << 10);
    // A letter beyond ASCII is some letter.
    let letter = |pair: &[u8]| match pair[1 - low] {
        0 => pair[low],
        _ => b'\xFF',
    };
    let mark = usize::from(head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF"));
    Some(units.skip(mark).map(letter).collect())
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
