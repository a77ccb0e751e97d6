//! PNG (ISO/IEC 15948): chunks.

use std::io::Read as _;

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::metadata;

use super::{Found, MOST, be32, bytes_at, iptc, piece, tiff};
use crate::output::Budget;
use crate::problem::Problem;
use crate::source::Source;

/// Chunks that hold pixels, or numbers about them.
const PLAIN: &[&[u8]] = &[
    b"IDAT", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"bKGD", b"pHYs", b"sBIT",
    b"hIST", b"sPLT", b"acTL", b"fdAT", b"oFFs", b"cICP", b"mDCV", b"cLLI", b"tIME", b"vpAg",
    b"orNT", b"CgBI", b"iDOT",
];

/// Looks at the image that begins at a place, and gives where it ends.
pub(super) fn look(
    source: &mut Source,
    start: u64,
    found: &mut Found,
    budget: &Budget,
) -> Result<u64, Problem> {
    let mut place = start + 8;
    loop {
        let header = bytes_at(source, place, 8)?;
        let length = u64::from(be32(header, 0).unwrap_or(0));
        let kind: [u8; 4] = [header[4], header[5], header[6], header[7]];
        if !kind.iter().all(u8::is_ascii_alphabetic) {
            return Err(Reason::Damaged.into());
        }
        let data = place + 8;
        place = data.saturating_add(length).saturating_add(4);
        if place > source.len() {
            return Err(Reason::CutShort.into());
        }
        match &kind {
            b"IHDR" => {
                let sides = bytes_at(source, data, 8)?;
                let (width, height) = (be32(sides, 0), be32(sides, 4));
                found.size(width.unwrap_or(0), height.unwrap_or(0));
            }
            b"fcTL" => {
                let sides = bytes_at(source, data + 4, 8)?;
                let (width, height) = (be32(sides, 0), be32(sides, 4));
                found.frame(width.unwrap_or(0), height.unwrap_or(0));
            }
            b"IEND" => return Ok(place),
            b"tEXt" | b"zTXt" | b"iTXt" => {
                let chunk = piece(source, data, length)?;
                text(&kind, &chunk, found, budget)?;
            }
            b"eXIf" => {
                let chunk = piece(source, data, length)?;
                tiff::exif(&chunk, found)?;
            }
            kind if PLAIN.contains(&&kind[..]) => {}
            _ => {
                // Of programs: what they were told, or how it was drawn.
                let chunk = piece(source, data, length)?;
                found.say_runs(&chunk);
                if length > 4096 && &kind != b"caBX" {
                    found.note(Reason::Foreign);
                }
            }
        }
    }
}

fn text(kind: &[u8; 4], chunk: &[u8], found: &mut Found, budget: &Budget) -> Result<(), Problem> {
    let Some(end) = memchr::memchr(0, chunk) else {
        found.say_runs(chunk);
        return Ok(());
    };
    let keyword: String = chunk[..end].iter().map(|&byte| char::from(byte)).collect();
    let rest = &chunk[end + 1..];
    let value = match kind {
        b"tEXt" => rest.to_vec(),
        b"zTXt" => inflated(rest.get(1..).unwrap_or_default(), found, budget)?,
        _ => {
            // Whether it is compressed, how; a language and a keyword in it.
            let is_compressed = rest.first() == Some(&1);
            let rest = rest.get(2..).unwrap_or_default();
            let mut fields = rest.splitn(3, |&byte| byte == 0);
            let translated = fields.nth(1).unwrap_or_default();
            found.say("", &String::from_utf8_lossy(translated));
            let value = fields.next().unwrap_or_default();
            match is_compressed {
                true => inflated(value, found, budget)?,
                false => value.to_vec(),
            }
        }
    };
    if keyword == "XML:com.adobe.xmp" {
        found.say_xmp(&value);
        return Ok(());
    }
    if let Some(profile) = keyword.strip_prefix("Raw profile type ") {
        return raw_profile(profile, &value, found);
    }
    let is_program = matches!(&*keyword, "Software" | "Creation Time" | "Source")
        || keyword.starts_with("date:")
        || keyword.starts_with("png:");
    if !is_program {
        found.carries(metadata::TEXT);
    }
    let value = match std::str::from_utf8(&value) {
        Ok(value) => value.to_owned(),
        Err(_) => value.iter().map(|&byte| char::from(byte)).collect(),
    };
    found.say(&keyword, &value);
    Ok(())
}

fn inflated(bytes: &[u8], found: &mut Found, budget: &Budget) -> Result<Vec<u8>, Problem> {
    let mut out = Vec::new();
    let decoder = flate2::read::ZlibDecoder::new(bytes);
    let read = decoder.take(MOST as u64 + 1).read_to_end(&mut out);
    budget.take(out.len() as u64)?;
    if out.len() > MOST {
        return Err(Reason::PartTooLarge.into());
    }
    if read.is_err() {
        found.note(Reason::Damaged);
    }
    Ok(out)
}

/// What ImageMagick takes along from other formats: a name, a length, digits
/// in hexadecimal.
fn raw_profile(name: &str, value: &[u8], found: &mut Found) -> Result<(), Problem> {
    let mut lines = value.splitn(4, |&byte| byte == b'\n');
    let digits = lines.nth(3).unwrap_or_default();
    let digits: Vec<u8> = digits
        .iter()
        .filter_map(|&byte| char::from(byte).to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    match name {
        "exif" | "APP1" if !bytes.starts_with(b"http") => tiff::exif(&bytes, found),
        "iptc" | "8bim" if bytes.starts_with(b"8BIM") => iptc::resources(&bytes, found),
        "iptc" => {
            iptc::captions(&bytes, found);
            Ok(())
        }
        "xmp" | "APP1" => {
            found.say_xmp(&bytes);
            Ok(())
        }
        "icc" | "icm" => Ok(()),
        _ => {
            found.say_runs(&bytes);
            Ok(())
        }
    }
}
