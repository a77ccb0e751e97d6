//! Packages read back from the disk, past what memory has of them.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use exeat_core::backup::{Memory, Shelf};
use exeat_core::path::Escaped;
use exeat_core::progress::Progress;
use exeat_core::signature::{AllowedSigner, AllowedSigners, PACKAGE_NAMESPACE};
use exeat_core::verify::{Package, VerifyError};
use jiff::SignedDuration;

use super::Site;
use crate::commands::{now, stop_if_asked};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;

/// So long a package that was read back is believed to be whole still.
const BELIEVED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Which packages to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that nobody has read for a month.
    Unread,
    /// All of them.
    All,
}

/// Reads packages and remembers those that are whole; of those that are not
/// `warnings` tells, and they count for nothing any more.
pub(super) fn compare(
    site: &Site,
    shelf: &Shelf,
    memory: &mut Memory,
    which: Which,
    progress: &Shown,
    warnings: &mut Vec<String>,
) -> Result<(), CommandError> {
    for package in shelf.packages() {
        let is_read = memory.verified.get(&package.id).is_some_and(|&then| {
            let age = now().duration_since(then);
            which == Which::Unread && (SignedDuration::ZERO..BELIEVED).contains(&age)
        });
        if is_read || package.damage.is_some() {
            continue;
        }
        match read_back(&shelf.path_of(package), site, progress) {
            Ok(()) => {
                memory.verified.insert(package.id, now());
            }
            Err(error) if matches!(error.exit, Exit::Interrupted(_)) => return Err(error),
            Err(error) => {
                memory.verified.remove(&package.id);
                let name = Escaped(package.name.as_bytes());
                warnings.push(format!("{name}: {error}"));
            }
        }
    }
    Ok(())
}

/// Compares a package with its manifest as the disk has it.
pub(super) fn read_back(
    path: &Path,
    site: &Site,
    progress: &dyn Progress,
) -> Result<(), CommandError> {
    let line = AllowedSigner::new("exeat-backup", &[PACKAGE_NAMESPACE], site.key.clone())?;
    let mut allowed = AllowedSigners::empty();
    allowed.push(line);
    // It is there, whatever else is to be said.
    let about = |what: &str, error: CommandError| match stop_if_asked() {
        Err(stopped) => stopped,
        Ok(()) => error
            .about(what)
            .with_help("see whether the disk is failing; the next run makes a full one"),
    };
    let opened = Package::open(path);
    let package = opened.map_err(|e| about("the package cannot be read back", e.into()))?;
    let read = package.verify_from_medium(&allowed, now(), None, progress);
    let about = |e: VerifyError| about("the package was read back, and is not whole", e.into());
    read.map(drop).map_err(about)
}
