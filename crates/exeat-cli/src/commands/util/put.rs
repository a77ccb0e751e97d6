//! Puts files into a folder: all of them or none.
#![expect(
    clippy::disallowed_methods,
    reason = "manual pages are written here, into the folder that the user named"
)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use exeat_core::path::shown;

use super::page::Page;
use crate::config;
use crate::error::CommandError;
use crate::exit::Exit;

/// Writes the pages into `dir`, which has to be there. What has the name of a
/// page stops it before anything is written, unless `force` is set; a folder
/// of that name always does.
pub(super) fn put(dir: &Path, pages: &[Page], force: bool, umask: u32) -> Result<(), CommandError> {
    look(dir, pages, force)?;
    let places: Vec<_> = pages.iter().map(|page| dir.join(&page.file)).collect();
    if !force {
        return write(&places, pages, umask);
    }
    let beside: Vec<_> = places.iter().map(|place| beside(place)).collect();
    write(&beside, pages, umask)?;
    for (done, (from, to)) in beside.iter().zip(&places).enumerate() {
        if let Err(error) = fs::rename(from, to) {
            config::remove_files(&beside[done..]);
            let replaced = match done {
                0 => "no page was replaced".to_owned(),
                _ => format!(
                    "{done} of {} pages are new, the others as they were",
                    pages.len()
                ),
            };
            return Err(cannot_write(to, &error).with_help(replaced));
        }
    }
    Ok(())
}

/// Whether the pages can be put there at all.
fn look(dir: &Path, pages: &[Page], force: bool) -> Result<(), CommandError> {
    let folder = fs::metadata(dir).map_err(|error| {
        let this = CommandError::io(format!("cannot open {}", shown(dir)), &error);
        match error.kind() {
            io::ErrorKind::NotFound => this.with_help("make the folder first, with 'mkdir -p'"),
            _ => this,
        }
    })?;
    if !folder.is_dir() {
        let message = format!("{} is not a folder", shown(dir));
        return Err(CommandError::new(Exit::Failed, "destination", message)
            .with_help("name a folder to write the pages into"));
    }
    let mut there = Vec::new();
    for page in pages {
        let path = dir.join(&page.file);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => {
                let message = format!("{} is a folder; nothing was written", shown(&path));
                return Err(
                    CommandError::new(Exit::Failed, "destination-exists", message)
                        .with_help("move it away, or name another folder"),
                );
            }
            Ok(_) => there.push(page.file.as_str()),
            Err(_) => {}
        }
    }
    if force || there.is_empty() {
        return Ok(());
    }
    let named = match there[..] {
        [first] => first.to_owned(),
        [first, second] => format!("{first} and {second}"),
        [first, .., last] => format!("{first} to {last}"),
        [] => unreachable!("asked above"),
    };
    let message = format!("{} has {named} already; nothing was written", shown(dir));
    Err(
        CommandError::new(Exit::Failed, "destination-exists", message)
            .with_help("--force replaces them"),
    )
}

/// Writes new files. Where one cannot be written, those before it are taken
/// back.
fn write(places: &[PathBuf], pages: &[Page], umask: u32) -> Result<(), CommandError> {
    for (number, (place, page)) in places.iter().zip(pages).enumerate() {
        if let Err(error) = config::write_public(place, &page.text, umask) {
            config::remove_files(&places[..number]);
            return Err(cannot_write(place, &error).with_help("nothing was written"));
        }
    }
    Ok(())
}

fn beside(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    name.into()
}

fn cannot_write(path: &Path, error: &io::Error) -> CommandError {
    CommandError::io(format!("cannot write {}", shown(path)), error)
}
