//! Extended headers (POSIX.1-2001): what they say of the member that follows,
//! or of all.

use exeat_core::inspect::reader::Reason;

use crate::members;
use crate::output::Output;
use crate::problem::Problem;

/// What is said of the next member.
#[derive(Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) sparse: Option<Sparse>,
    /// The size of every member that does not say otherwise.
    pub(super) global: Option<u64>,
}

/// A member with holes.
#[derive(Default)]
pub(super) struct Sparse {
    pub(super) name: Option<Vec<u8>>,
    /// Whether its map stands before its content.
    pub(super) is_inside: bool,
    /// Its size with all holes.
    pub(super) size: Option<u64>,
    /// Offset, length, offset, length, …
    pub(super) map: Vec<u64>,
}

/// Keys whose value is a number or a time, wherever it is one.
const NUMBERS: &[&[u8]] = &[
    b"atime",
    b"ctime",
    b"mtime",
    b"uid",
    b"gid",
    // Not all that begin so: attributes that a user gave, for one.
    b"SCHILY.ddev",
    b"SCHILY.dev",
    b"SCHILY.ino",
    b"SCHILY.nlink",
    b"SCHILY.realsize",
    b"LIBARCHIVE.creationtime",
    b"GNU.sparse.",
    b"GNU.volume.",
];
/// Attributes that the system keeps for itself, most of them not text.
const SYSTEM: &[&[u8]] = &[
    b"SCHILY.xattr.security.",
    b"SCHILY.xattr.system.",
    b"LIBARCHIVE.xattr.security.",
    b"LIBARCHIVE.xattr.system.",
    b"RHT.security.",
];

/// Reads the records of an extended header; `path` is the name that it has
/// itself. What is text is passed on.
pub(super) fn read(
    text: &[u8],
    is_global: bool,
    said: &mut Pax,
    path: &[u8],
    out: &mut Output,
) -> Result<(), Problem> {
    let mut rest = text;
    // Some programs fill the block and count what fills it.
    while !rest.iter().all(|&byte| byte == 0) {
        let (key, value, after) = record(rest).ok_or(Reason::Damaged)?;
        rest = after;
        match key {
            b"path" | b"linkpath" if is_global => {
                members::in_pieces(value, out)?;
                out.uninspected(Reason::Unsupported)?;
            }
            b"path" => said.path = Some(value.to_vec()),
            b"linkpath" => said.link = Some(value.to_vec()),
            b"size" => {
                let size = Some(number(value).ok_or(Reason::Damaged)?);
                match is_global {
                    true => said.global = size,
                    false => said.size = size,
                }
            }
            b"uname" | b"gname" => out.name(value)?,
            b"hdrcharset" | b"charset" if value == b"BINARY" || value.starts_with(b"ISO-IR ") => {}
            _ if SYSTEM.iter().any(|system| key.starts_with(system)) => {}
            _ if key.starts_with(b"GNU.sparse.") => {
                sparse(key, value, said.sparse.get_or_insert_default(), out)?;
            }
            _ if is_time(value) && NUMBERS.iter().any(|number| key.starts_with(number)) => {}
            _ => out.within(path, |out| out.text(value))?,
        }
    }
    Ok(())
}

/// The first record: its length in decimal, a blank, key, `=`, value and a
/// line feed.
fn record(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = text.iter().take(20).position(|&byte| byte == b' ')?;
    let length = usize::try_from(number(&text[..blank])?).ok()?;
    let (record, rest) = text.split_at_checked(length)?;
    let record = record.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|&byte| byte == b'=')?;
    Some((&record[..equals], &record[equals + 1..], rest))
}

fn sparse(key: &[u8], value: &[u8], sparse: &mut Sparse, out: &mut Output) -> Result<(), Problem> {
    match key {
        b"GNU.sparse.name" => {
            sparse.name = Some(value.to_vec());
            return Ok(());
        }
        b"GNU.sparse.map" => {
            for place in value
                .split(|&byte| byte == b',')
                .filter(|place| !place.is_empty())
            {
                sparse.map.push(number(place).ok_or(Reason::Damaged)?);
            }
            return Ok(());
        }
        _ => {}
    }
    let Some(value) = number(value) else {
        return out.text(value);
    };
    match key {
        b"GNU.sparse.major" => sparse.is_inside = value == 1,
        b"GNU.sparse.size" | b"GNU.sparse.realsize" => sparse.size = Some(value),
        b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => sparse.map.push(value),
        _ => {}
    }
    Ok(())
}

/// A decimal number.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    let is_decimal = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(text).ok().filter(|_| is_decimal)?;
    text.parse().ok()
}

fn is_time(value: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    value.len() <= 40 && value.iter().all(is_part)
}
