//! Seals what a permit allows: staged volumes of ciphertext first, and after
//! the second decision the inventory, the envelope, the manifest and its
//! signature.
//!
//! Content is read once: hashed, framed, compressed, encrypted and hashed
//! again in one pass, each volume on its own. Until [`Sealed::complete`] the
//! key exists in memory alone; ciphertext that was refused was never readable.

use std::borrow::Cow;
use std::io;
use std::num::NonZeroUsize;

use uuid::Uuid;

use crate::codec::Level;
use crate::decide::{Permit, ReleasePermit, SealedContent};
use crate::diagnostic::{Explain, Fault, io_help};
use crate::digest::Digest;
use crate::entry::EntryKind;
use crate::framing::{self, Extent, Frame, PayloadKind};
use crate::inspect::reader::Readers;
use crate::inspect::{Facts, Inspection};
use crate::keys::{KeyError, PackageKey, Recipients};
use crate::layout::{self, Content};
use crate::manifest::{Compression, Content as ApprovedContent, PackageId, Volume};
use crate::parallel;
use crate::progress::{Phase, Progress};
use crate::signature::SignatureError;
use crate::source::{Digests, Entry, Listing, Source, SourceError};

mod approved;
mod complete;
mod output;
mod readme;
mod relay;
#[cfg(test)]
mod stages;
mod stream;
mod threads;
mod volume;

pub use complete::Complete;
use complete::Place;
use threads::seal_volumes;
use volume::{FileSealer, Live, Sealer};

/// Why sealing stopped. Whatever was staged is removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The source could not be read, or is not what was listed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A member could not be written.
    #[error("cannot write {member}")]
    Write {
        /// The member's name.
        member: String,
        /// What the system said.
        source: io::Error,
    },
    /// The package key could not be encrypted for the recipients.
    #[error(transparent)]
    Envelope(#[from] KeyError),
    /// There is not enough room.
    #[error("the package needs {needed} bytes, and {available} are free there")]
    NoSpace {
        /// What it will take, in bytes.
        needed: u64,
        /// What there is, in bytes.
        available: u64,
    },
    /// Volumes of the size asked for would be too many.
    #[error("volumes of that size would be too many for this export")]
    VolumeSize {
        /// The least size that does, in bytes.
        least: u64,
    },
    /// A stream turned out to be longer than as many volumes as it may have.
    #[error("the stream is longer than {} volumes of {} MiB", layout::MAX_PARTS, size / layout::MIB)]
    StreamLength {
        /// The size that was asked for, in bytes.
        size: u64,
    },
    /// The signature could not be made.
    #[error(transparent)]
    Sign(#[from] SignatureError),
    /// The permit is for another source, staging folder, content or signer.
    #[error("the permit is for another source, destination, content or signer")]
    Permit,
}

impl Explain for SealError {
    fn code(&self) -> &'static str {
        match self {
            Self::Source(error) => error.code(),
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => "no-space",
            Self::Write { .. } => "write-failed",
            Self::Envelope(error) => error.code(),
            Self::NoSpace { .. } => "no-space",
            Self::VolumeSize { .. } | Self::StreamLength { .. } => "volume-size",
            Self::Sign(error) => error.code(),
            Self::Permit => "permit-mismatch",
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Source(error) => error.fault(),
            Self::Envelope(error) => error.fault(),
            Self::Sign(error) => error.fault(),
            Self::Write { .. } | Self::NoSpace { .. } => Fault::Environment,
            Self::VolumeSize { .. } | Self::StreamLength { .. } => Fault::Request,
            Self::Permit => Fault::Internal,
        }
    }

    fn help(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Source(error) => error.help(),
            Self::Envelope(error) => error.help(),
            Self::Write { source, .. } => io_help(source),
            Self::NoSpace { .. } => Some("free some space there, or choose another place".into()),
            Self::VolumeSize { least } => {
                let mib = least / layout::MIB;
                Some(format!("use --volume-size {mib}M or more").into())
            }
            Self::StreamLength { .. } => Some(
                "leave out --volume-size: volumes then grow with the stream; or give a larger one"
                    .into(),
            ),
            Self::Sign(error) => error.help(),
            Self::Permit => None,
        }
    }
}

/// How content is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compress {
    /// At the fastest level where a sample shows that it is worth it.
    #[default]
    Auto,
    /// Not at all.
    None,
    /// At this level.
    Zstd(Level),
}

/// How to seal.
#[derive(Debug, Clone, Default)]
pub struct SealOptions {
    /// How content is compressed.
    pub compress: Compress,
    /// The size of volumes in bytes, before compression; by default 64 MiB, or
    /// more for large exports.
    pub volume_size: Option<u64>,
    /// Round the size up with zeros, so that it says little; nothing is
    /// compressed then, and unless a size was asked for there is one volume.
    /// Of what comes through a pipe this does nothing.
    pub pad: bool,
    /// Who takes apart what is not text, for inspection; without them it is
    /// uninspected.
    pub readers: Option<Readers>,
    /// How many threads to use; by default one for each core. With more than one, those
    /// that seal the last volumes, or parts of one file, have two more each, which wait
    /// for one another; and as many as there are may wait for something to inspect.
    pub threads: Option<NonZeroUsize>,
    /// The chain of backups that it goes on with, if any.
    pub link: Option<Link>,
}

/// The place of a package in a chain of backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The chain.
    pub series: Uuid,
    /// The place in it, counted from 1.
    pub sequence: u64,
    /// SHA-256 of the manifest before this one; none of the first.
    pub previous: Option<Digest>,
}

/// Where staged members go. [`crate::deliver::Staging`] is the one there is.
pub trait Stage: sealed_trait::Sealed + Sync {
    /// Whether this was made where `permit` says that its package may go.
    fn is_for(&self, permit: &Permit) -> bool;

    /// Whether members have to be made one after another, in order.
    fn is_sequential(&self) -> bool;

    /// A member while it is written.
    type Member: io::Write + Send;

    /// Begins a member of that name, which must not exist.
    ///
    /// # Errors
    /// What the system says.
    fn create(&self, name: &str) -> io::Result<Self::Member>;

    /// Ends a member: makes it durable, or sends it on its way.
    ///
    /// # Errors
    /// What the system says.
    fn close(&self, member: Self::Member) -> io::Result<()>;

    /// Removes all that has been staged.
    ///
    /// # Errors
    /// It cannot be said that nobody has any of it.
    fn discard(self) -> io::Result<()>;
}

pub(crate) mod sealed_trait {
    /// Keeps other crates from staging somewhere that nobody publishes from.
    pub trait Sealed {}
}

/// What an export would take, known without reading content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Bytes of the stream, before compression.
    pub stream: u64,
    /// How many volumes there will be.
    pub volumes: usize,
    /// The size of a volume, in bytes.
    pub volume_size: u64,
}

/// Plans the volumes of what is permitted, as [`seal`] will.
///
/// # Errors
/// [`SealError::VolumeSize`]; [`SealError::NoSpace`], where content is not to be
/// compressed and so its size is known.
pub fn estimate(permit: &Permit, options: &SealOptions) -> Result<Estimate, SealError> {
    let plan = plan(&permit.listing, options)?;
    if options.compress == Compress::None || options.pad {
        check_space(permit, plan.stream, plan.contents.len(), plan.volume_size)?;
    }
    Ok(Estimate {
        stream: plan.stream,
        volumes: plan.contents.len(),
        volume_size: plan.volume_size,
    })
}

/// Ciphertext in staging, and what is known of the content. No key to it has
/// been written.
#[derive(Debug)]
pub struct Sealed<S: Stage> {
    permit: Permit,
    stage: S,
    key: PackageKey,
    kind: PayloadKind,
    level: Option<Level>,
    contents: Vec<Content>,
    volumes: Vec<Volume>,
    /// Of files, or pieces of files, in the order of the volumes.
    digests: Vec<Digest>,
    facts: Facts,
    content: Digest,
    /// As approvals speak of it, where they do.
    approved: Option<ApprovedContent>,
    link: Option<Link>,
}

/// Reads, hashes and encrypts what `permit` allows into `stage`.
///
/// # Errors
/// A source that cannot be read or changes meanwhile; no space; an
/// interruption. `stage` is dropped then, and removes what it holds.
pub fn seal<S: Stage>(
    permit: Permit,
    source: &Source,
    stage: S,
    options: &SealOptions,
    progress: &dyn Progress,
) -> Result<Sealed<S>, SealError> {
    let listing = &permit.listing;
    if !stage.is_for(&permit) || !source.is_source_of(listing) || permit.wants_first_look {
        return Err(SealError::Permit);
    }
    match source.take_stream()? {
        Some(stream) => stream::seal(permit, stream, stage, options, progress),
        None => seal_files(permit, source, stage, options, progress),
    }
}

fn seal_files<S: Stage>(
    mut permit: Permit,
    source: &Source,
    stage: S,
    options: &SealOptions,
    progress: &dyn Progress,
) -> Result<Sealed<S>, SealError> {
    let listing = &permit.listing;
    let Plan {
        contents,
        stream,
        zeros,
        volume_size,
    } = plan(listing, options)?;
    let level = match options.compress {
        _ if options.pad => None,
        Compress::None => None,
        Compress::Zstd(level) => Some(level),
        // Little but an inventory, and that is text.
        Compress::Auto if listing.is_mostly_held() => Some(Level::FAST),
        Compress::Auto => volume::auto_level(source, listing)?,
    };
    if level.is_none() {
        check_space(&permit, stream, contents.len(), volume_size)?;
    }
    progress.begin(Phase::Sealing, Some(listing.bytes()));
    let key = PackageKey::generate();
    let sealer = FileSealer {
        common: Sealer {
            listing,
            stage: &stage,
            recipient: key.recipient(),
            level,
            inspection: inspection(&permit, options.readers.clone()),
            progress,
        },
        source,
        last: contents.len() - 1,
        zeros,
    };
    let threads = parallel::threads(options.threads);
    let sealed = seal_volumes(&sealer, &contents, threads)?;
    if !listing.is_live() {
        source.check_unchanged(listing, threads, progress)?;
    }
    let inspection = sealer.common.inspection;
    let mut volumes = Vec::with_capacity(sealed.len());
    let mut digests = Vec::new();
    for volume in sealed {
        volumes.push(volume.account);
        digests.extend(volume.digests);
        for live in volume.live {
            match live {
                Live::LeftOut(index, reason) => permit.listing.leave_out(index, reason),
                Live::Lapse(index, reason) => permit.listing.set_lapse(index, reason),
                Live::Attributes(index, all) => permit.listing.set_attributes(index, &all),
            }
        }
    }
    let listing = &permit.listing;
    let facts = facts(inspection, listing);
    let kind = PayloadKind::Tar;
    let content = complete::content_digest(kind, listing, &contents, &digests);
    let approved = match permit.request.approvals.ask_for_content() {
        true => Some(approved::content(
            source, listing, &contents, &digests, progress,
        )?),
        false => None,
    };
    Ok(Sealed {
        permit,
        stage,
        key,
        kind,
        level,
        contents,
        volumes,
        digests,
        facts,
        content,
        approved,
        link: options.link.clone(),
    })
}

/// The inspection that the permit asks for, if it asks for one.
fn inspection(permit: &Permit, readers: Option<Readers>) -> Option<Inspection> {
    let depth = permit.depth?;
    Some(Inspection::new(depth, readers, permit.columns.clone()))
}

fn facts(inspection: Option<Inspection>, listing: &Listing) -> Facts {
    match inspection {
        Some(inspection) => inspection.finish(listing),
        None => Facts::uninspected(listing),
    }
}

impl<S: Stage> Sealed<S> {
    /// What the second decision is about.
    #[must_use]
    pub fn content(&self) -> SealedContent<'_> {
        SealedContent {
            permit: &self.permit,
            content: self.content,
            facts: &self.facts,
            approved: self.approved,
        }
    }

    /// What was established about the content.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What is sealed, and what earlier packages hold.
    #[must_use]
    pub fn listing(&self) -> &Listing {
        &self.permit.listing
    }

    /// Who will be able to open it.
    pub(crate) fn recipients(&self) -> &Recipients {
        &self.permit.request.recipients
    }

    /// The package that it will be.
    pub(crate) fn package(&self) -> PackageId {
        self.permit.request.terms.export
    }

    /// Calls `visit` for every file in path order, here or in an earlier package.
    pub(crate) fn each_file<E>(
        &self,
        mut visit: impl FnMut(&Entry<'_>, &Digests) -> Result<(), E>,
    ) -> Result<(), E> {
        complete::walk(
            self.kind,
            self.listing(),
            &self.contents,
            &self.digests,
            |entry, place| match place {
                Place::LeftOut(_) | Place::At(..) => Ok(()),
                Place::Held(_, digests) => visit(entry, digests),
                Place::Whole(_, _, digest) => visit(entry, &Digests::Whole(digest)),
                Place::Parts(parts) => visit(entry, &Digests::Parts(parts.into())),
            },
        )
    }

    fn permits(&self, release: &ReleasePermit) -> bool {
        release.record.export == self.permit.request.terms.export && release.content == self.content
    }

    fn compression(&self) -> Compression {
        match self.level {
            Some(_) => Compression::Zstd,
            None => Compression::None,
        }
    }
}

/// The volumes of a listing.
struct Plan {
    contents: Vec<Content>,
    /// The bytes of the stream, its end and what it is padded with included.
    stream: u64,
    /// The zeros at the end of it.
    zeros: u64,
    volume_size: u64,
}

fn plan(listing: &Listing, options: &SealOptions) -> Result<Plan, SealError> {
    let extent = |entry: &Entry<'_>| extent(PayloadKind::Tar, entry);
    let (mut framed, mut largest) = (0, 0);
    for entry in listing.entries() {
        let extent = extent(&entry);
        framed += extent.framed;
        largest = largest.max(extent.framed);
    }
    let end = framed + PayloadKind::Tar.end();
    let stream = match options.pad {
        true => framing::padded(end),
        false => end,
    };
    // Where volumes end says how large files are.
    let wanted = match options.pad {
        true => options.volume_size.or(Some(stream.max(layout::MIB))),
        false => options.volume_size,
    };
    let volume_size = layout::volume_size(wanted, stream, largest)
        .map_err(|least| SealError::VolumeSize { least })?;
    let contents = layout::plan(listing.entries().map(|e| extent(&e)), volume_size);
    // More could not be named, and no reader would take them.
    if contents.len() as u64 > layout::MAX_VOLUMES {
        return Err(SealError::VolumeSize {
            least: volume_size * 2,
        });
    }
    Ok(Plan {
        contents,
        stream,
        zeros: stream - framed,
        volume_size,
    })
}

/// What an uncompressed package takes is known before a byte is written.
fn check_space(
    permit: &Permit,
    stream: u64,
    volumes: usize,
    volume_size: u64,
) -> Result<(), SealError> {
    /// Header, nonce and the last tag of an age file for one key.
    const AGE_HEADER: u64 = 512;
    /// README, sums, manifest, signature and envelope, roughly.
    const FIXED: u64 = 64 << 10;
    /// What a file takes beyond its bytes on common file systems.
    const SLACK: u64 = 4096;
    let chunks = stream / (64 << 10) * 16;
    let members = (volumes as u64 + 8) * (AGE_HEADER + SLACK);
    let destination = &permit.request.terms.destination;
    // A volume is there once more until it is in the archive.
    let twice = match destination.spot().is_some_and(|spot| spot.is_archive) {
        true => volume_size.min(stream),
        false => 0,
    };
    let needed = stream + chunks + members + twice + FIXED;
    match destination.available() {
        Ok(available) if available < needed => Err(SealError::NoSpace { needed, available }),
        // Where it cannot be known, writing will show.
        _ => Ok(()),
    }
}

fn is_sealed_file(entry: &Entry<'_>) -> bool {
    entry.kind() == EntryKind::File && entry.is_here()
}

fn extent(kind: PayloadKind, entry: &Entry<'_>) -> Extent {
    if !entry.is_here() {
        return Extent {
            framed: 0,
            header: 0,
            data: 0,
        };
    }
    kind.extent(&Frame::of(entry))
}
