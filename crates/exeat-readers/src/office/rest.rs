//! The members of an office file that are not its main part: every one is
//! read as XML, handed on as a file of its own, or said to be what it is.

use std::collections::HashSet;
use std::io::Read as _;

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::Image;

use super::package::Package;
use super::prose::{self, Manner};
use super::{macros, ods, pivot};
use crate::input::Input;
use crate::output::Output;
use crate::problem::Problem;

/// The most bytes of settings and drawings that are held.
const MAX_HELD: usize = 16 << 20;
/// The shortest run of letters that is taken for text among other bytes.
const MIN_RUN: usize = 4;

/// Reads what `done` does not name.
pub(super) fn read(
    package: &Package,
    done: &HashSet<usize>,
    out: &mut Output,
) -> Result<(), Problem> {
    for at in 0..package.members.len() {
        if done.contains(&at) {
            continue;
        }
        match one(package, at, out) {
            Ok(()) => {}
            Err(Problem::Unread(reason @ (Reason::TooLarge | Reason::TooMany))) => {
                return Err(reason.into());
            }
            Err(Problem::Unread(reason)) => {
                let name = package.members.get(at).map(|member| &member.name[..]);
                out.within(name.unwrap_or_default(), |out| out.uninspected(reason))?;
            }
            Err(gone) => return Err(gone),
        }
    }
    Ok(())
}

/// What is to be done with a member.
enum Way {
    Markup(Manner),
    Content,
    Pivot,
    Vml,
    Macros,
    Strings,
    HalfRead,
    Drawing,
    Member,
}

fn one(package: &Package, at: usize, out: &mut Output) -> Result<(), Problem> {
    let Some(member) = package.members.get(at) else {
        return Ok(());
    };
    if member.size == 0 {
        // A folder, or nothing; what a compressed stream of nothing hides is
        // found by reading it.
        return match package.bytes(at, 0, out) {
            Ok(_) => Ok(()),
            Err(problem) => Err(problem),
        };
    }
    let lower = member.lower();
    let name = &member.name;
    match way(&lower) {
        Way::Markup(manner) => {
            let input = package.reader(at, out)?;
            out.within(name, |out| prose::read(input, manner, out))
        }
        Way::Content => {
            let input = package.reader(at, out)?;
            out.within(name, |out| ods::read(input, out))
        }
        Way::Pivot => out.within(name, |out| pivot::read(package, at, out)),
        Way::Macros => {
            let bytes = package.bytes(at, MAX_HELD, out)?;
            out.within(name, |out| macros::read(bytes, out))
        }
        Way::Vml => {
            // Drawings of this kind are not always well-formed: then all of
            // it is passed on as it is.
            let bytes = package.bytes(at, MAX_HELD, out)?;
            out.within(name, |out| {
                match prose::read(&bytes[..], Manner::Known, out) {
                    Err(Problem::Unread(Reason::Damaged | Reason::CutShort)) => out.text(&bytes),
                    other => other,
                }
            })
        }
        Way::Strings => {
            let bytes = package.bytes(at, MAX_HELD, out)?;
            out.within(name, |out| out.text(strings(&bytes).as_bytes()))
        }
        Way::HalfRead => {
            let bytes = package.bytes(at, MAX_HELD, out)?;
            out.within(name, |out| {
                out.text(strings(&bytes).as_bytes())?;
                out.uninspected(Reason::Foreign)
            })
        }
        Way::Drawing => {
            let bytes = package.bytes(at, MAX_HELD, out)?;
            out.within(name, |out| drawing(&bytes, out))
        }
        Way::Member => {
            let mut input = package.reader(at, out)?;
            out.member(name, Input::of_stream(&mut input))?;
            // A reader that stopped early has not met what is wrong at the end.
            std::io::copy(&mut input.by_ref(), &mut std::io::sink())?;
            Ok(())
        }
    }
}

fn way(name: &str) -> Way {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let stem = file.split('.').next().unwrap_or_default();
    let stem = stem.trim_end_matches(|char: char| char.is_ascii_digit());
    match extension {
        "xml" if file == "content.xml" && !name.starts_with("customxml/") => Way::Content,
        "xml" if stem == "pivotcacherecords" => Way::Pivot,
        "xml" | "rdf" if is_known(name, stem) => Way::Markup(Manner::Known),
        "rels" => Way::Markup(Manner::Known),
        "xml" | "rdf" => Way::Markup(Manner::Unknown),
        "vml" => Way::Vml,
        "emf" | "wmf" => Way::Drawing,
        "bin" if stem == "vbaproject" => Way::Macros,
        "bin" if folder.ends_with("printersettings") || folder.ends_with("customproperty") => {
            Way::Strings
        }
        // Parts of binary workbooks; of those that keep numbers and notes only
        // the words are read, which is said.
        "bin" if folder.starts_with("xl/") || folder == "xl" => match stem {
            "pivotcacherecords"
            | "pivotcachedefinition"
            | "externallink"
            | "comments"
            | "connections"
            | "threadedcomment"
            | "revisionlog" => Way::HalfRead,
            "binaryindex" | "table" | "calcchain" | "pivottable" | "sheet" | "metadata" => {
                Way::Strings
            }
            _ => Way::Member,
        },
        "" if name == "layout-cache" => Way::Strings,
        "" if folder.ends_with("objectreplacements") => Way::Drawing,
        _ => Way::Member,
    }
}

/// Whether the attributes of a part are known well enough to leave most out.
fn is_known(name: &str, stem: &str) -> bool {
    const STEMS: &[&str] = &[
        "document",
        "styles",
        "styleswitheffects",
        "settings",
        "fonttable",
        "numbering",
        "theme",
        "themeoverride",
        "websettings",
        "header",
        "footer",
        "footnotes",
        "endnotes",
        "comments",
        "commentsextended",
        "commentsids",
        "commentsextensible",
        "workbook",
        "sheet",
        "sharedstrings",
        "calcchain",
        "drawing",
        "chart",
        "chartex",
        "style",
        "colors",
        "data",
        "layout",
        "quickstyle",
        "presentation",
        "slide",
        "slidelayout",
        "slidemaster",
        "notesslide",
        "notesmaster",
        "handoutmaster",
        "presprops",
        "viewprops",
        "tablestyles",
        "core",
        "app",
        "custom",
        "meta",
        "metadata",
        "richstyles",
        "[content_types]",
        "manifest",
        "current",
        "volatiledependencies",
        "pivottable",
        "threadedcomment",
        "commentauthors",
        "rdrichvaluetypes",
    ];
    let is_own = [
        "word/",
        "xl/",
        "ppt/",
        "docprops/",
        "[content",
        "meta-inf/",
        "configurations2/",
    ]
    .iter()
    .any(|folder| name.starts_with(folder))
        || !name.contains('/')
        || name.starts_with("object ");
    is_own && STEMS.contains(&stem)
}

/// A picture made of drawing commands: its size where it can be told, and the
/// words in it.
pub(crate) fn drawing(bytes: &[u8], out: &mut Output) -> Result<(), Problem> {
    let number = |at: usize| {
        let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
        four.map_or(0, i32::from_le_bytes)
    };
    let side = |from: i32, to: i32| to.saturating_sub(from).unsigned_abs();
    let (width, height) = if bytes.get(40..44) == Some(b" EMF") {
        (side(number(8), number(16)), side(number(12), number(20)))
    } else {
        (0, 0)
    };
    out.image(Image {
        width,
        height,
        metadata: 0,
    })?;
    out.text(strings(bytes).as_bytes())
}

/// Runs of letters among other bytes, in one byte each or in UTF-16.
pub(crate) fn strings(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut run = String::new();
    let mut end = |run: &mut String| {
        if run.chars().count() >= MIN_RUN {
            text.push_str(run);
            text.push('\n');
        }
        run.clear();
    };
    for &byte in bytes {
        match byte {
            b' '..=b'~' => run.push(char::from(byte)),
            _ => end(&mut run),
        }
    }
    end(&mut run);
    for shift in [0, 1] {
        for pair in bytes.get(shift..).unwrap_or_default().chunks_exact(2) {
            let unit = u16::from_le_bytes([pair[0], pair[1]]);
            match char::from_u32(u32::from(unit)) {
                Some(char) if matches!(unit, 0x20..=0x7E | 0xA0..=0x24F) => run.push(char),
                _ => end(&mut run),
            }
        }
        end(&mut run);
    }
    text
}
