//! Office documents and workbooks that are ZIP archives: those of Microsoft
//! Office (ECMA-376) and OpenDocument (ISO 26300).
//!
//! Nothing in such an archive is left out. Its main part is read as what it
//! is: sheets and tables become tables, the rest text. Every other member is
//! read as XML, of which all text and all attributes that speak are passed
//! on, or is a file of its own, such as a picture; see [`rest`].
//!
//! | part | does |
//! |---|---|
//! | `package` | finds and unpacks members |
//! | `relations` | which part refers to which |
//! | `markup` | XML, node by node |
//! | `prose` | XML → paragraphs and tables |
//! | `xlsx` `xlsb` `ods` | workbooks |
//! | `cells` `grid` `strings` | what numbers mean; cells → rows; shared strings |
//! | `pivot` `macros` `rest` | everything else |

use std::collections::HashSet;

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::Nature;

use crate::image;
use crate::input::Window;
use crate::output::Output;
use crate::problem::Problem;

pub(crate) mod cells;
pub(crate) mod grid;
mod macros;
mod markup;
mod ods;
mod package;
mod pivot;
mod prose;
mod relations;
mod rest;
mod strings;
#[cfg(test)]
mod tests;
pub(crate) mod xlsb;
mod xlsx;

use markup::{Markup, Node};
use package::Package;
pub(crate) use package::{number16, number32, number64};
use prose::Manner;
pub(crate) use rest::{drawing, strings};
pub(crate) use strings::Strings;

/// The picture of its first page that a document of OpenDocument has
/// (OpenDocument 1.2, part 3, 3.7): of 512 pixels a side at most, as LibreOffice
/// writes it; older versions wrote 256. What it shows stands in the document,
/// and is read there.
const THUMBNAIL: &str = "Thumbnails/thumbnail.png";
const THUMBNAIL_SIDE: u32 = 512;
const MAX_THUMBNAIL: usize = 1 << 20;

/// Reads a ZIP archive that is an office document, told by the names of its
/// members; `None` where it is none.
pub(crate) fn read(
    window: &Window,
    names: &[&[u8]],
    out: &mut Output,
) -> Option<Result<(), Problem>> {
    let has = |wanted: &str| {
        let wanted = wanted.as_bytes();
        names.iter().any(|name| name.eq_ignore_ascii_case(wanted))
    };
    let package = || {
        let package = Package::open(window)?;
        let same = package.members.iter().map(|member| &member.name[..]);
        match same.eq(names.iter().copied()) {
            true => Ok(package),
            false => Err(Problem::from(Reason::Damaged)),
        }
    };
    if has("[Content_Types].xml") {
        let package = match package() {
            Ok(package) => package,
            Err(problem) => return Some(Err(problem)),
        };
        let kind = match kind_of(&package, out) {
            Ok(kind) => kind?,
            Err(problem) => return Some(Err(problem)),
        };
        return Some(office(&package, kind, window.len(), out));
    }
    if has("content.xml") && has("META-INF/manifest.xml") {
        return Some(package().and_then(|package| open_document(&package, window.len(), out)));
    }
    None
}

/// What a package of Microsoft Office is, and where its main part is.
#[derive(Clone, Copy)]
enum Kind {
    Workbook(usize),
    BinaryWorkbook(usize),
    Document(usize),
    /// Presentations, drawings: every part counts alike.
    Other,
}

/// `None` where it is a package of something else, such as of programs.
fn kind_of(package: &Package, out: &Output) -> Result<Option<Kind>, Problem> {
    let Some(main) = relations::main_part(package, out)? else {
        let names = package.members.iter().map(package::Member::lower);
        let mut folders = names.filter_map(|name| Some(name.split_once('/')?.0.to_owned()));
        let is_office = folders.any(|name| matches!(&name[..], "xl" | "word" | "ppt" | "visio"));
        return Ok(is_office.then_some(Kind::Other));
    };
    let name = package.members.get(main).map(package::Member::lower);
    if name.is_some_and(|name| name.ends_with(".bin")) {
        return Ok(Some(Kind::BinaryWorkbook(main)));
    }
    let mut markup = Markup::new(package.reader(main, out)?);
    loop {
        match markup.next()? {
            Node::Start(tag) => {
                return Ok(Some(match tag.local() {
                    "workbook" => Kind::Workbook(main),
                    "document" => Kind::Document(main),
                    _ => Kind::Other,
                }));
            }
            Node::Done => return Ok(None),
            _ => {}
        }
    }
}

fn office(package: &Package, kind: Kind, bytes: u64, out: &mut Output) -> Result<(), Problem> {
    let mut done = HashSet::new();
    let nature = match kind {
        Kind::Workbook(_) | Kind::BinaryWorkbook(_) => Nature::Table,
        Kind::Document(_) | Kind::Other => Nature::Document,
    };
    out.nature(nature, bytes)?;
    let main = match kind {
        Kind::Workbook(main) => xlsx::read(package, main, &mut done, out),
        Kind::BinaryWorkbook(main) => xlsb::read(package, main, &mut done, out),
        Kind::Document(main) => {
            done.insert(main);
            let input = package.reader(main, out)?;
            prose::read(input, Manner::Known, out)
        }
        Kind::Other => Ok(()),
    };
    said(main, out)?;
    rest::read(package, &done, out)
}

fn open_document(package: &Package, bytes: u64, out: &mut Output) -> Result<(), Problem> {
    let is_sheet = match package.find("mimetype") {
        Some(at) => {
            let kind = package.bytes(at, 4096, out)?;
            memchr::memmem::find(&kind, b"spreadsheet").is_some()
                || memchr::memmem::find(&kind, b".calc").is_some()
        }
        None => false,
    };
    let nature = if is_sheet {
        Nature::Table
    } else {
        Nature::Document
    };
    out.nature(nature, bytes)?;
    let mut done = encrypted(package, out)?;
    if !done.is_empty() {
        out.uninspected(Reason::Encrypted)?;
    }
    if let Some(at) = package.find(THUMBNAIL)
        && !done.contains(&at)
        && let Ok(picture) = package.bytes(at, MAX_THUMBNAIL, out)
        && image::is_bare_png(picture, THUMBNAIL_SIDE, out)
    {
        done.insert(at);
    }
    let main = package.find("content.xml");
    if let Some(main) = main.filter(|main| !done.contains(main)) {
        done.insert(main);
        let read = package.reader(main, out);
        let read = read.and_then(|input| ods::read(input, out));
        said(read, out)?;
    }
    rest::read(package, &done, out)
}

/// The members that the manifest says are encrypted.
fn encrypted(package: &Package, out: &Output) -> Result<HashSet<usize>, Problem> {
    let mut found = HashSet::new();
    let Some(manifest) = package.find("META-INF/manifest.xml") else {
        return Ok(found);
    };
    let mut markup = Markup::new(package.reader(manifest, out)?);
    let mut path = String::new();
    loop {
        match markup.next()? {
            Node::Start(tag) => match tag.local() {
                "file-entry" => path = tag.attribute("full-path")?.unwrap_or_default(),
                "encryption-data" => {
                    found.extend(package.find(&path));
                }
                _ => {}
            },
            Node::Done => return Ok(found),
            _ => {}
        }
    }
}

/// Says why something was not read, and goes on unless nothing more may be
/// read.
fn said(read: Result<(), Problem>, out: &mut Output) -> Result<(), Problem> {
    match read {
        Err(Problem::Unread(reason)) if reason != Reason::TooLarge => out.uninspected(reason),
        other => other,
    }
}

/// The encoding that Windows gives this number; the Western one where there
/// is none.
pub(crate) fn code_page(number: u16) -> &'static encoding_rs::Encoding {
    use encoding_rs as known;
    match number {
        866 => known::IBM866,
        874 => known::WINDOWS_874,
        932 => known::SHIFT_JIS,
        936 => known::GBK,
        949 => known::EUC_KR,
        950 => known::BIG5,
        1250 => known::WINDOWS_1250,
        1251 => known::WINDOWS_1251,
        1253 => known::WINDOWS_1253,
        1254 => known::WINDOWS_1254,
        1255 => known::WINDOWS_1255,
        1256 => known::WINDOWS_1256,
        1257 => known::WINDOWS_1257,
        1258 => known::WINDOWS_1258,
        10000 | 32768 => known::MACINTOSH,
        65001 => known::UTF_8,
        _ => known::WINDOWS_1252,
    }
}
