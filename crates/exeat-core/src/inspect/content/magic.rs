//! What is not text: told by its first bytes, never by its name.

use std::borrow::Cow;

use infer::MatcherType;

use super::{Kind, Outcome, SAMPLE, encoding};
use crate::inspect::reader;

/// What these first bytes of a file are, unless they are text.
pub(super) fn opaque(head: &[u8], complete: bool) -> Option<Outcome> {
    if let Some(named) = named(head) {
        return Some(named);
    }
    if encoding::utf16(head).is_some() || !is_binary(head, complete) {
        return None;
    }
    let known = infer::get(head);
    let kind = match known.map(|known| known.matcher_type()) {
        Some(MatcherType::Image | MatcherType::Video | MatcherType::Audio) => Kind::Media,
        Some(MatcherType::Archive) => Kind::Archive,
        _ => Kind::Other,
    };
    let what = known.map_or(Cow::Borrowed("not text"), |known| name(&known));
    Some(Outcome::of(kind, Some(what)))
}

/// Whether these bytes plainly begin a text or a well-known format. Two or
/// three bytes are not enough: one list of identifiers in thousands has them.
pub(super) fn is_meaningful(head: &[u8]) -> bool {
    const PREFIXES: &[&[u8]] = &[
        b"PK\x03\x04",
        b"\x1F\x8B\x08",
        b"\xFD7zXZ\0",
        b"7z\xBC\xAF\x27\x1C",
        b"BZh91AY&SY",
        b"\x89PNG\r\n",
        b"\xFF\xD8\xFF\xE0",
        b"\xFF\xD8\xFF\xE1",
    ];
    named(head).is_some()
        || reader::recognise(head).is_some()
        || PREFIXES.iter().any(|prefix| head.starts_with(prefix))
        || encoding::utf16(head).is_some()
        || is_plain(head)
}

/// Whether this is text: UTF-8 but for its end, or ASCII but for some accents,
/// with hardly a control byte.
pub(super) fn is_plain(head: &[u8]) -> bool {
    let unicode = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    let controls = head
        .iter()
        .filter(|&&byte| encoding::is_control(byte))
        .count();
    let ascii = head.iter().filter(|byte| byte.is_ascii()).count();
    !head.is_empty() && controls * 100 <= head.len() && (unicode || ascii * 100 >= head.len() * 85)
}

fn name(known: &infer::Type) -> Cow<'static, str> {
    let article = match known.extension().as_bytes().first() {
        Some(b'a' | b'e' | b'i' | b'o') => "an",
        _ => "a",
    };
    let noun = match known.matcher_type() {
        MatcherType::Image => return Cow::Borrowed("an image"),
        MatcherType::Video => return Cow::Borrowed("a video"),
        MatcherType::Audio => return Cow::Borrowed("a sound recording"),
        MatcherType::Archive => "archive",
        MatcherType::App => return Cow::Borrowed("a program"),
        _ => "file",
    };
    Cow::Owned(format!("{article} {} {noun}", known.extension()))
}

/// Formats whose first bytes could pass for text, or that `infer` does not know.
fn named(head: &[u8]) -> Option<Outcome> {
    const NAMED: &[(usize, &[u8], Kind, &str)] = &[
        (
            0,
            b"age-encryption.org/v1",
            Kind::Other,
            "encrypted with age",
        ),
        (
            0,
            b"-----BEGIN AGE ENCRYPTED FILE-----",
            Kind::Other,
            "encrypted with age",
        ),
        (
            0,
            b"-----BEGIN PGP MESSAGE-----",
            Kind::Other,
            "encrypted with OpenPGP",
        ),
        (0, b"%PDF-", Kind::Other, "a PDF document"),
        (0, b"%!PS", Kind::Other, "a PostScript document"),
        (0, b"PAR1", Kind::Other, "a Parquet file"),
        (0, b"SQLite format 3\0", Kind::Other, "an SQLite database"),
        (
            0,
            b"PGDMP",
            Kind::Other,
            "a PostgreSQL dump in its own format",
        ),
        (0, b"ARROW1\0", Kind::Other, "an Arrow file"),
        (0, b"Obj\x01", Kind::Other, "an Avro file"),
        (0, b"\x28\xB5\x2F\xFD", Kind::Archive, "a zstd archive"),
        (0, b"\x04\x22\x4D\x18", Kind::Archive, "an lz4 archive"),
        (0, b"$FL2", Kind::Other, "an SPSS file"),
        (0, b"<stata_dta>", Kind::Other, "a Stata file"),
        (128, b"DICM", Kind::Media, "a DICOM image"),
        (257, b"ustar", Kind::Archive, "a tar archive"),
    ];
    NAMED
        .iter()
        .find(|(place, magic, _, _)| head.get(*place..).is_some_and(|at| at.starts_with(magic)))
        .map(|&(_, _, kind, what)| Outcome::of(kind, Some(Cow::Borrowed(what))))
}

/// Whether too much of this is no text in any usual encoding. Evenly spread
/// bytes have a fifth of it, text a NUL here and there.
fn is_binary(head: &[u8], complete: bool) -> bool {
    let sample = head.get(..SAMPLE).unwrap_or(head);
    let cut = !complete || sample.len() < head.len();
    let valid = match std::str::from_utf8(sample) {
        Ok(_) if !encoding::has_controls(sample) => return false,
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && cut,
    };
    // 0x01 and 0x1F are delimiters of some systems.
    let is_odd_control =
        |byte: u8| (encoding::is_control(byte) & (byte != 0x01) & (byte != 0x1F)) | (byte == 0x7F);
    let is_stray = |byte: u8| (0x80..=0x9F).contains(&byte);
    let controls = encoding::count(sample, is_odd_control);
    // A few odd bytes are many in a very short text.
    let are_many =
        |count: usize| count * 8 > sample.len() && (count > 4 || count * 2 > sample.len());
    // After an ASCII byte such a byte belongs to no character. Counting these alone is
    // faster, and mostly enough for what is no text.
    let surely = encoding::count_after(sample, |before, byte| before.is_ascii() & is_stray(byte));
    if are_many(controls + surely) {
        return true;
    }
    let strays: usize = sample
        .utf8_chunks()
        .map(|chunk| {
            chunk
                .invalid()
                .iter()
                .filter(|&&byte| is_stray(byte))
                .count()
        })
        .sum();
    let count = controls + strays;
    // An image's header can be followed by bytes that look even more like text.
    let is_known = || {
        infer::get(head).is_some_and(|known| {
            !matches!(known.matcher_type(), MatcherType::Text) && known.mime_type() != "image/bmp"
        })
    };
    are_many(count) || ((count > 0 || !valid) && is_known())
}
