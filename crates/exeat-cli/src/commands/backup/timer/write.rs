//! Writes units: all of them or none, and nothing that is there is changed.

use std::io;
use std::path::{Path, PathBuf};

use exeat_core::path::shown;

use super::Unit;
use crate::config;
use crate::error::CommandError;
use crate::exit::Exit;

/// Writes the units into `dir`, which has to be there. One that is there
/// already, word for word, stays.
pub(super) fn write(dir: &Path, units: &[Unit], umask: u32) -> Result<(), CommandError> {
    let mut new = Vec::new();
    for unit in units {
        let path = dir.join(&unit.file);
        match config::read_text(&path) {
            Ok(text) if text == unit.text => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound && dir.is_dir() => {
                new.push((path, unit));
            }
            Ok(_) => return Err(is_there(&path)),
            Err(error) => return Err(cannot_write(&path, &error)),
        }
    }
    let mut written: Vec<PathBuf> = Vec::new();
    for (path, unit) in new {
        if let Err(error) = config::write_public(&path, unit.text.as_bytes(), umask) {
            config::remove_files(&written);
            return Err(cannot_write(&path, &error));
        }
        written.push(path);
    }
    Ok(())
}

fn is_there(path: &Path) -> CommandError {
    let message = format!(
        "{} is there already, and is another; nothing was written",
        shown(path)
    );
    CommandError::new(Exit::Failed, "destination-exists", message)
        .with_help("move it away, or leave out --output and compare")
}

fn cannot_write(path: &Path, error: &io::Error) -> CommandError {
    CommandError::io(format!("cannot write {}", shown(path)), error)
        .with_help("nothing was written")
}
