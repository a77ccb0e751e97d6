//! ZIP archives, as APPNOTE.TXT 6.3 describes them: stored, deflated, and what
//! else programs write. Office documents are ZIP archives too, and read by
//! `office`.
//!
//! What an archive holds is told by its directory, which stands at its end.
//! Programs disagree about archives whose directory and members do not fit, so
//! every byte has to belong to something that is read: what does not is said.

mod account;
mod codec;
mod directory;
mod extra;
mod local;

use std::collections::HashSet;
use std::io;

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::Nature;

use crate::input::{Input, Window};
use crate::members::{self, Checked, Peek as _};
use crate::office;
use crate::output::Output;
use crate::problem::Problem;
use account::Account;
use directory::{Directory, Entry};

/// An office document has fewer members.
const MAX_OFFICE: usize = 20_000;

/// Reads a ZIP archive.
pub(crate) fn read(input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let window = input.into_window()?;
    let directory = match Directory::read(&window) {
        Ok(directory) => directory,
        Err(problem) => {
            out.nature(Nature::Archive, window.len())?;
            return Err(problem);
        }
    };
    let account = Account::of(&window, &directory)?;
    match document(&window, &directory, out) {
        Some(read) => read?,
        None => {
            out.nature(Nature::Archive, window.len())?;
            if !directory.comment.is_empty() {
                out.text(&directory.comment)?;
            }
            for entry in directory.entries() {
                member(&window, &directory, &entry?, account.has_overlaps, out)?;
            }
        }
    }
    match account.is_settled() {
        true => Ok(()),
        false => Err(Reason::Unaccounted.into()),
    }
}

/// Reads it if it is an office document.
fn document(
    window: &Window,
    directory: &Directory,
    out: &mut Output,
) -> Option<Result<(), Problem>> {
    let entries = directory.entries().take(MAX_OFFICE + 1);
    let names: Vec<&[u8]> = entries
        .map(|entry| entry.map(|it| it.name))
        .collect::<Result<_, _>>()
        .ok()?;
    if names.len() > MAX_OFFICE {
        return None;
    }
    let read = office::read(window, &names, out)?;
    let different: HashSet<_> = names.iter().collect();
    let is_odd = different.len() < names.len() || !directory.comment.is_empty();
    Some(match read {
        // Of two members of a name only one was read.
        Ok(()) if is_odd => out.uninspected(Reason::Unaccounted),
        read => read,
    })
}

fn member(
    window: &Window,
    directory: &Directory,
    entry: &Entry<'_>,
    has_overlaps: bool,
    out: &mut Output,
) -> Result<(), Problem> {
    members::name(entry.name, out)?;
    for text in extra::texts(entry.extra) {
        if text != entry.name {
            out.name(text)?;
        }
    }
    if !entry.comment.is_empty() {
        out.within(entry.name, |out| out.text(entry.comment))?;
    }
    let say = |reason| move |out: &mut Output| out.uninspected(reason);
    let local = match local::find(window, directory.base, entry) {
        Ok(local) => local,
        Err(Problem::Unread(reason)) => return out.within(entry.name, say(reason)),
        Err(gone) => return Err(gone),
    };
    if !local.agrees {
        out.within(entry.name, say(Reason::Unaccounted))?;
    }
    if entry.is_encrypted() {
        return out.within(entry.name, |out| match entry.is_strongly_encrypted() {
            true => out.uninspected(Reason::Encrypted),
            false => {
                out.weak()?;
                out.uninspected(Reason::WeaklyProtected)
            }
        });
    }
    let Some(mut content) = window.slice(local.content.clone()) else {
        return out.within(entry.name, say(Reason::CutShort));
    };
    let is_folder = entry.name.ends_with(b"/") && entry.size == 0;
    if is_folder && content.len() == 0 {
        return out.name(entry.name);
    }
    if entry.method == codec::STORED {
        if has_overlaps {
            // One piece of the file may be many members.
            out.spend(content.len())?;
        }
        out.member(entry.name, Input::of_window(content.clone()))?;
        let mut checked = Checked::new(&mut content, entry.size, Some(entry.crc));
        return match io::copy(&mut checked, &mut io::sink()) {
            Ok(_) => Ok(()),
            Err(_) => out.within(entry.name, say(Reason::Damaged)),
        };
    }
    let mut packed = members::Ahead::new(content);
    let mut decoder = match codec::open(entry, &mut packed) {
        Ok(decoder) => decoder,
        Err(Problem::Unread(reason)) => return out.within(entry.name, say(reason)),
        Err(gone) => return Err(gone),
    };
    let mut checked = Checked::new(&mut decoder, entry.size, Some(entry.crc));
    if is_folder {
        // Nothing, compressed.
        out.name(entry.name)?;
        if io::copy(&mut out.metered(&mut checked), &mut io::sink()).is_err() {
            out.within(entry.name, say(Reason::Damaged))?;
        }
    } else {
        members::decoded(entry.name, &mut checked, out)?;
    }
    let is_failed = checked.is_failed();
    drop(decoder);
    // After a fault it is not known where the content ended.
    if !is_failed && !packed.peek(1)?.is_empty() {
        return out.within(entry.name, say(Reason::Unaccounted));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
