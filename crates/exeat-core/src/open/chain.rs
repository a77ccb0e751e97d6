//! A package, and the earlier ones that hold some of its files.

use std::collections::BTreeMap;

use super::files::Files;
use super::{OpenError, is_made, select};
use crate::manifest::PackageId;
use crate::progress::Progress;
use crate::verify::{Unlocked, VerifyError, read_volume};

/// The earlier packages that hold those of the files that are wanted, with how
/// many each: `paths` as in [`super::OpenOptions`].
///
/// # Errors
/// A path that is not in the package.
pub fn bases_of(
    package: &Unlocked,
    paths: &[Vec<u8>],
) -> Result<BTreeMap<PackageId, u64>, OpenError> {
    let inventory = package.inventory();
    let wanted = select(inventory, paths)?;
    Ok(needed(package, wanted.as_deref()))
}

/// The earlier package that holds one file, where one does.
#[must_use]
pub fn holder_of(package: &Unlocked, path: &[u8]) -> Option<PackageId> {
    let inventory = package.inventory();
    let index = inventory.find(path.strip_suffix(b"/").unwrap_or(path))?;
    inventory.entry(index).package()
}

/// Whether an earlier package has the file at `path` as `package` says.
///
/// # Errors
/// It is of another chain or by another signer, or does not hold it so.
pub fn check_holder(package: &Unlocked, earlier: &Unlocked, path: &[u8]) -> Result<(), OpenError> {
    let wanted = select(package.inventory(), &[path.to_vec()])?;
    link(package, earlier, wanted.as_deref()).map(drop)
}

fn needed(package: &Unlocked, wanted: Option<&[bool]>) -> BTreeMap<PackageId, u64> {
    let mut needed = BTreeMap::new();
    for (index, record) in package.inventory().entries().enumerate() {
        if let Some(base) = record.package().filter(|_| is_made(index, &record, wanted)) {
            *needed.entry(base).or_default() += 1;
        }
    }
    needed
}

/// What is read, and of which package.
pub(super) struct Chain<'a> {
    links: Vec<Link<'a>>,
    /// Each volume: the index of its package, and its own there.
    volumes: Vec<(usize, usize)>,
}

struct Link<'a> {
    package: &'a Unlocked,
    /// Which entries of it are wanted; `None` for all.
    wanted: Option<Vec<bool>>,
}

impl<'a> Chain<'a> {
    /// Finds every file that is wanted in the package that holds it.
    pub(super) fn new(
        package: &'a Unlocked,
        earlier: &'a [Unlocked],
        wanted: Option<&[bool]>,
    ) -> Result<Self, OpenError> {
        let mut links = vec![Link {
            package,
            wanted: wanted.map(<[bool]>::to_vec),
        }];
        for (base, files) in needed(package, wanted) {
            let mut earlier = earlier.iter();
            let found = earlier.find(|one| one.verified().id() == base);
            let found = found.ok_or(OpenError::Base {
                package: base,
                files,
            })?;
            links.push(link(package, found, wanted)?);
        }
        let volumes = links.iter().enumerate().flat_map(|(index, link)| {
            let count = link.package.inventory().volumes().len();
            (0..count).map(move |volume| (index, volume))
        });
        let volumes = volumes.collect();
        Ok(Self { links, volumes })
    }

    /// How many volumes there are in all.
    pub(super) fn volumes(&self) -> usize {
        self.volumes.len()
    }

    /// Bytes of ciphertext in all of them.
    pub(super) fn ciphertext(&self) -> u64 {
        let payloads = self.links.iter().map(|link| {
            let manifest = link.package.verified().manifest();
            manifest.payload.bytes
        });
        // Of files with holes there may be more than there are numbers for.
        payloads.fold(0, u64::saturating_add)
    }

    /// Reads one of the volumes, shared with another thread or not.
    pub(super) fn read_volume(
        &'a self,
        index: usize,
        is_shared: bool,
        files: &mut Files<'a>,
        progress: &dyn Progress,
    ) -> Result<(), OpenError> {
        let (link, volume) = self.volumes[index];
        let Link { package, wanted } = &self.links[link];
        let read = read_volume(
            package,
            volume,
            wanted.as_deref(),
            is_shared,
            files,
            progress,
        );
        read.map_err(|error| match error {
            OpenError::Verify(VerifyError::Interrupted) => VerifyError::Interrupted.into(),
            OpenError::Verify(source) if link > 0 => OpenError::Damaged {
                package: package.verified().id(),
                source,
            },
            other => other,
        })
    }
}

/// Finds the files in an earlier package that `package` says it holds.
fn link<'a>(
    package: &Unlocked,
    earlier: &'a Unlocked,
    wanted: Option<&[bool]>,
) -> Result<Link<'a>, OpenError> {
    let base = earlier.verified().id();
    let series = |one: &Unlocked| one.verified().manifest().series.as_ref().map(|s| s.id);
    let signer = |one: &Unlocked| *one.verified().signer().fingerprint();
    if series(package) != series(earlier) || signer(package) != signer(earlier) {
        return Err(OpenError::OtherChain { package: base });
    }
    let inventory = earlier.inventory();
    let mut mask = vec![false; inventory.entries().len()];
    for (index, record) in package.inventory().entries().enumerate() {
        if record.package() != Some(base) || !is_made(index, &record, wanted) {
            continue;
        }
        let found = inventory.find(record.path().as_bytes());
        let found = found.filter(|&found| {
            let held = inventory.entry(found);
            held.is_here() && held.is_same_content(&record)
        });
        mask[found.ok_or_else(|| OpenError::Differs {
            package: base,
            path: record.path().to_string(),
        })?] = true;
    }
    Ok(Link {
        package: earlier,
        wanted: Some(mask),
    })
}
