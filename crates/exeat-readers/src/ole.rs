//! Compound files (MS-CFB): workbooks of Excel 97 to 2003 are read; Office
//! documents of today that are encrypted lie in one and are said to be so, and
//! those whose encryption is none worth the name too; of other old documents
//! the words are passed on, and what is not read is said.

use std::io::Read as _;

use cfb::CompoundFile;
use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::Nature;

use crate::input::{Input, Window};
use crate::office::{number16, number32, strings};
use crate::output::Output;
use crate::problem::Problem;

mod biff;
mod objects;
mod xls;

#[cfg(test)]
mod tests;

/// The most bytes of a stream that is held.
const MAX_HELD: usize = 16 << 20;
/// More streams than a document has.
const MAX_STREAMS: usize = 1 << 16;

type Compound = CompoundFile<Window>;

pub(crate) fn read(input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let window = input.into_window()?;
    let bytes = window.len();
    let mut file = CompoundFile::open(window)?;
    let mut streams = Vec::new();
    for entry in file.walk().filter(cfb::Entry::is_stream) {
        if streams.len() >= MAX_STREAMS {
            return Err(Reason::TooMany.into());
        }
        let path = entry.path().to_string_lossy().into_owned();
        streams.push((path, entry.len()));
    }
    let find = |wanted: &str| {
        let mut paths = streams.iter().map(|(path, _)| path);
        paths
            .find(|path| path.eq_ignore_ascii_case(wanted))
            .cloned()
    };
    if find("/EncryptedPackage").is_some() {
        out.nature(Nature::Other, bytes)?;
        let info = find("/EncryptionInfo");
        return encrypted(&mut file, info.as_deref(), out);
    }
    if find("/\u{9}DRMContent").is_some() {
        out.nature(Nature::Other, bytes)?;
        return Err(Reason::Encrypted.into());
    }
    if let Some(book) = find("/Workbook").or_else(|| find("/Book")) {
        out.nature(Nature::Table, bytes)?;
        let read = xls::read(&mut file, &book, out);
        match read {
            Err(Problem::Unread(Reason::WeaklyProtected)) => {
                out.weak()?;
                return Err(Reason::WeaklyProtected.into());
            }
            Err(Problem::Unread(reason)) if reason != Reason::TooLarge => {
                out.uninspected(reason)?;
            }
            other => other?,
        }
        return objects::read(&mut file, &streams, &book, out);
    }
    let is_document = [
        "/WordDocument",
        "/PowerPoint Document",
        "/__properties_version1.0",
    ]
    .iter()
    .any(|name| find(name).is_some());
    let nature = if is_document {
        Nature::Document
    } else {
        Nature::Other
    };
    out.nature(nature, bytes)?;
    if let Some(document) = find("/WordDocument") {
        let head = held(&mut file, &document, 32, out)?;
        // fEncrypted of the file information block: XOR or RC4 (MS-DOC 2.5.2).
        if number16(&head, 10) & 0x0100 != 0 {
            out.weak()?;
            return Err(Reason::WeaklyProtected.into());
        }
    }
    if !is_document && objects::package(&mut file, &streams, out)? {
        return Ok(());
    }
    for (path, _) in &streams {
        let stream = file.open_stream(path)?;
        let mut bytes = Vec::new();
        out.metered(stream)
            .take(MAX_HELD as u64)
            .read_to_end(&mut bytes)?;
        let text = strings(&bytes);
        if !text.is_empty() {
            out.text(text.as_bytes())?;
        }
    }
    Err(if is_document {
        Reason::LegacyDocument.into()
    } else {
        Reason::Foreign.into()
    })
}

/// The first bytes of a stream.
fn held(file: &mut Compound, path: &str, most: usize, out: &Output) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let stream = out.metered(file.open_stream(path)?);
    stream.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A document of today in its envelope: how it is encrypted (MS-OFFCRYPTO
/// 2.3.4).
fn encrypted(file: &mut Compound, info: Option<&str>, out: &mut Output) -> Result<(), Problem> {
    const RC4: u32 = 0x6801;
    let info = match info {
        Some(info) => held(file, info, 64, out)?,
        None => Vec::new(),
    };
    // Version, flags, the header's size; then its flags, a size, the cipher.
    let is_standard = number16(&info, 2) == 2;
    if is_standard && number32(&info, 20) == RC4 {
        out.weak()?;
        return Err(Reason::WeaklyProtected.into());
    }
    Err(Reason::Encrypted.into())
}
