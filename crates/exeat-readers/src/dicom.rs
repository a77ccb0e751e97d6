//! DICOM files (PS3.10): a row of what is said of the patient and the study,
//! lines of what stands in sequences, and whether there is an image.
//!
//! A file is a list of elements, each with a tag, a length and a value, some
//! of which are lists again (`dicom/elements.rs` knows what people are
//! described by). Pixels, waveforms and overlays are not read; they count as
//! images. A document within is read as what it is.

mod elements;
mod person;
#[cfg(test)]
mod tests;
mod walk;

use std::io::Read as _;

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::{Image, push_row};

use crate::input::{Input, MAX_HELD, Window};
use crate::output::Output;
use crate::problem::Problem;
use crate::source::Source;
use walk::{Found, Syntax, Walk};

/// Where the elements begin: behind a preamble and `DICM`.
const START: u64 = 132;

pub(crate) fn read(input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let window = input.into_window()?;
    let mut found = Found::default();
    let mut source = Source::new(window.clone());
    let (head, _) = source.at(0, 256)?;
    let preamble = head.get(..128).ok_or(Reason::CutShort)?;
    found.say_runs(preamble);
    if preamble.starts_with(b"II*\0") || preamble.starts_with(b"MM\0*") {
        found.note(Reason::Unaccounted);
    }
    let mut walk = Walk::new(&mut source, &mut found, Syntax::default());
    let read = match walk.meta(START) {
        Ok((end, uid)) => body(&window, end, &uid, &mut found, out),
        Err(problem) => Err(problem),
    };
    match read {
        Ok(()) => {}
        Err(Problem::Unread(reason)) => found.note(reason),
        Err(gone) => return Err(gone),
    }
    say(&mut found, out)
}

/// Reads what comes behind the first group, in the syntax that it names.
fn body(
    window: &Window,
    start: u64,
    syntax: &str,
    found: &mut Found,
    out: &mut Output,
) -> Result<(), Problem> {
    let end = window.len();
    let rest = window.slice(start..end).ok_or(Reason::CutShort)?;
    let is_deflated = syntax == "1.2.840.10008.1.2.1.99";
    let rest = if is_deflated {
        let decoder = flate2::read::DeflateDecoder::new(rest);
        let mut bytes = Vec::new();
        let mut decoder = out.metered(decoder).take(MAX_HELD as u64 + 1);
        let read = decoder.read_to_end(&mut bytes);
        if bytes.len() > MAX_HELD {
            return Err(Reason::PartTooLarge.into());
        }
        if read.is_err() {
            found.note(Reason::CutShort);
        }
        Window::of_bytes(bytes)
    } else {
        rest
    };
    let syntax = Syntax {
        is_implicit: syntax == "1.2.840.10008.1.2",
        is_big_endian: syntax == "1.2.840.10008.1.2.2",
    };
    let mut source = Source::new(rest.clone());
    let end = source.len();
    let result = Walk::new(&mut source, found, syntax).elements(0, end, 0);
    for document in std::mem::take(&mut found.documents) {
        let Some(content) = rest.slice(document) else {
            found.note(Reason::CutShort);
            continue;
        };
        let name = found.value("DocumentTitle").unwrap_or("document");
        out.member(name.as_bytes(), Input::of_window(content))?;
    }
    result.map(|_| ())
}

fn say(found: &mut Found, out: &mut Output) -> Result<(), Problem> {
    let side = |name: &str| {
        found
            .value(name)
            .and_then(|value| value.trim().parse().ok())
    };
    let image = Image {
        width: side("Columns").unwrap_or(0),
        height: side("Rows").unwrap_or(0),
        metadata: 0,
    };
    if found.has_pixels {
        out.image(image)?;
    } else if image.width > 0 && found.reasons.is_empty() {
        // It says how large its image is, and then has none.
        found.note(Reason::CutShort);
    }
    for &image in &found.images {
        out.image(image)?;
    }
    if !found.row.is_empty() {
        person::tell(&mut found.row);
        let columns: Vec<Vec<u8>> = found
            .row
            .iter()
            .map(|(n, _)| n.clone().into_bytes())
            .collect();
        let mut table = out.table(&columns)?;
        push_row(
            table.rows(),
            found.row.iter().map(|(_, value)| value.as_bytes()),
        );
        table.end()?;
    }
    patients(found, out)?;
    if !found.text.is_empty() {
        out.spend(found.text.len() as u64)?;
        out.text(found.text.as_bytes())?;
    }
    for &reason in &found.reasons {
        out.uninspected(reason)?;
    }
    Ok(())
}

/// The patients that a directory (DICOMDIR) lists, as a table.
fn patients(found: &mut Found, out: &mut Output) -> Result<(), Problem> {
    let mut columns: Vec<String> = Vec::new();
    for patient in &mut found.patients {
        person::tell(patient);
        for (name, _) in patient.iter() {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
    }
    if columns.is_empty() {
        return Ok(());
    }
    let names: Vec<Vec<u8>> = columns
        .iter()
        .map(|name| name.clone().into_bytes())
        .collect();
    let patients = std::mem::take(&mut found.patients);
    out.within(b"patients", |out| {
        let mut table = out.table(&names)?;
        for patient in &patients {
            let cells = columns.iter().map(|column| {
                let value = patient.iter().find(|(name, _)| name == column);
                value.map_or(&b""[..], |(_, value)| value.as_bytes())
            });
            push_row(table.rows(), cells);
            table.pass_on(256 << 10)?;
        }
        table.end()
    })
}
