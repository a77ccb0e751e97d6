//! What lies in a compound file beside its main stream: what pivot tables keep
//! of their rows, objects, pictures, macros, properties.

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::Image;

use super::biff::{Records, string};
use super::{Compound, MAX_HELD, held};
use crate::input::Input;
use crate::office::cells::{Style, write_number};
use crate::office::{number16, number32, number64, strings};
use crate::output::Output;
use crate::problem::Problem;

/// How deep drawings nest.
const MAX_DEPTH: usize = 16;

/// Reads every stream but the workbook's.
pub(super) fn read(
    file: &mut Compound,
    streams: &[(String, u64)],
    book: &str,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut is_foreign = false;
    for (path, length) in streams {
        if path == book || *length == 0 {
            continue;
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        if path.starts_with("/_SX_DB_CUR/") {
            let stream = out.metered(file.open_stream(path)?);
            let text = pivot(stream)?;
            out.within(path.as_bytes(), |out| out.text(text.as_bytes()))?;
        } else if name == "Package" || name.eq_ignore_ascii_case("contents") {
            let mut stream = out.metered(file.open_stream(path)?);
            out.member(path.as_bytes(), Input::of_stream(&mut stream))?;
        } else {
            let bytes = held(file, path, MAX_HELD, out)?;
            let text = strings(&bytes);
            if !text.is_empty() {
                out.within(path.as_bytes(), |out| out.text(text.as_bytes()))?;
            }
            let is_known = matches!(
                name,
                "\u{5}SummaryInformation"
                    | "\u{5}DocumentSummaryInformation"
                    | "\u{1}CompObj"
                    | "\u{1}Ole"
                    | "\u{3}ObjInfo"
            );
            is_foreign |= !is_known || *length > MAX_HELD as u64;
        }
    }
    if is_foreign {
        return Err(Reason::Foreign.into());
    }
    Ok(())
}

/// Reads an object that is nothing but a file in an envelope; false where it
/// is something else.
pub(super) fn package(
    file: &mut Compound,
    streams: &[(String, u64)],
    out: &mut Output,
) -> Result<bool, Problem> {
    let mut package = None;
    for (path, _) in streams {
        match &path[..] {
            "/Package" => package = Some(path),
            "/\u{1}CompObj" | "/\u{1}Ole" | "/\u{3}ObjInfo" | "/\u{3}EPRINT" => {}
            _ => return Ok(false),
        }
    }
    let Some(path) = package else {
        return Ok(false);
    };
    let mut stream = out.metered(file.open_stream(path)?);
    out.member(b"Package", Input::of_stream(&mut stream))?;
    for (path, _) in streams.iter().filter(|(other, _)| other != path) {
        let bytes = held(file, path, MAX_HELD, out)?;
        if path.ends_with("EPRINT") {
            crate::office::drawing(&bytes, out)?;
        } else {
            out.text(strings(&bytes).as_bytes())?;
        }
    }
    Ok(true)
}

/// The values of a pivot table's cache, one a line.
fn pivot(stream: impl std::io::Read) -> Result<String, Problem> {
    let mut records = Records::new(stream);
    let mut text = String::new();
    while let Some(kind) = records.next()? {
        let bytes = records.rest()?;
        match kind {
            0x00C9 => {
                let value = f64::from_bits(number64(&bytes, 0));
                write_number(&mut text, value, Style::Plain, false);
            }
            0x00CD => {
                let count = usize::from(number16(&bytes, 0));
                text.push_str(&string(bytes.get(2..).unwrap_or_default(), None, count));
            }
            // A day: year, month, day, hours, minutes, seconds.
            0x00CE => {
                let (year, month) = (number16(&bytes, 0), number16(&bytes, 2));
                let day = bytes.get(4).copied().unwrap_or(0);
                text.push_str(&format!("{year:04}-{month:02}-{day:02}"));
            }
            _ => text.push_str(&strings(&bytes)),
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        if text.len() > MAX_HELD {
            return Err(Reason::PartTooLarge.into());
        }
    }
    Ok(text)
}

/// Values in a row that were kept of another workbook.
pub(super) fn kept(mut bytes: &[u8]) -> Vec<String> {
    let mut values = Vec::new();
    while let Some((&kind, rest)) = bytes.split_first() {
        let length = match kind {
            2 => {
                let count = usize::from(number16(rest, 0));
                let wide = usize::from(rest.get(2).copied().unwrap_or(0) & 1);
                values.push(string(rest.get(2..).unwrap_or_default(), None, count));
                3 + (count << wide)
            }
            1 => {
                let mut text = String::new();
                let value = f64::from_bits(number64(rest, 0));
                write_number(&mut text, value, Style::Plain, false);
                values.push(text);
                8
            }
            _ => 8,
        };
        bytes = rest.get(length..).unwrap_or_default();
    }
    values
}

/// The pictures of a workbook: a tree of records (MS-ODRAW 2.2).
pub(super) fn pictures(bytes: &[u8], out: &mut Output) -> Result<(), Problem> {
    walk(bytes, 0, out)
}

fn walk(mut bytes: &[u8], depth: usize, out: &mut Output) -> Result<(), Problem> {
    if depth > MAX_DEPTH {
        return Err(Reason::Damaged.into());
    }
    while bytes.len() >= 8 {
        let version = number16(bytes, 0);
        let kind = number16(bytes, 2);
        let length = usize::try_from(number32(bytes, 4)).map_err(|_| Reason::Damaged)?;
        let end = length.checked_add(8).ok_or(Reason::Damaged)?;
        let content = bytes.get(8..end).ok_or(Reason::CutShort)?;
        bytes = bytes.get(end..).unwrap_or_default();
        match kind {
            // A picture's entry: 36 bytes, a name, and perhaps the picture.
            0xF007 => {
                let name = usize::from(content.get(33).copied().unwrap_or(0));
                walk(content.get(36 + name..).unwrap_or_default(), depth + 1, out)?;
            }
            0xF01D | 0xF01E | 0xF02A => {
                const MAGIC: [&[u8]; 2] = [b"\x89PNG\r\n\x1A\n", b"\xFF\xD8\xFF"];
                let head = content.get(..64).unwrap_or(content);
                let at = MAGIC
                    .iter()
                    .find_map(|magic| memchr::memmem::find(head, magic));
                let Some(picture) = at.and_then(|at| content.get(at..)) else {
                    return Err(Reason::Damaged.into());
                };
                out.member(b"picture", Input::of_bytes(picture.to_vec()))?;
            }
            0xF01A..=0xF029 => out.image(Image::default())?,
            _ if version & 0xF == 0xF => walk(content, depth + 1, out)?,
            _ => {}
        }
    }
    Ok(())
}
