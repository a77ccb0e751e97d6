//! What the second permit allows: inventory, README, sums, and last of all
//! the envelope, the manifest and its signature.

use std::io::{self, Write as _};

use super::readme::readme;
use super::{SealError, Sealed, Stage};
use crate::codec::Encoder;
use crate::decide::{ReleasePermit, Request};
use crate::diagnostic::Explain as _;
use crate::digest::{Digest, Hasher, HashingWriter};
use crate::entry::EntryKind;
use crate::framing::Frame;
use crate::keys::encrypt_to;
use crate::layout::Content;
use crate::ledger::Intent;
use crate::manifest::{
    Checkpoint, FORMAT, Header, Key, Line, Manifest, Member, NamedKey, PackageId, Part, Payload,
    PayloadKind, Series, Writer, member, sums_bytes,
};
use crate::signature::{PACKAGE_NAMESPACE, SigningKey};
use crate::source::{Digests, Entry, Listing};
use crate::statement::Signed;

/// A complete package in staging, ready for [`crate::deliver::publish`].
#[derive(Debug)]
pub struct Complete<S> {
    pub(crate) stage: S,
    pub(crate) manifest: Manifest,
    pub(crate) manifest_sha256: Digest,
    pub(crate) intent: Intent,
}

impl<S: Stage> Sealed<S> {
    /// Writes the members that make a package of the sealed volumes. The key
    /// envelope is the first byte that makes them readable to anybody, so the
    /// ledger has the intent by then.
    ///
    /// # Errors
    /// A permit or a record for something else, a signing key other than the
    /// one that was decided on, or what the system says. Nothing has been
    /// published then, and what was staged is removed; the ledger says so, if
    /// that is certain.
    pub fn complete(
        self,
        release: ReleasePermit,
        signer: &SigningKey,
        mut intent: Intent,
    ) -> Result<Complete<S>, SealError> {
        let mut has_envelope = false;
        match self.write_members(release, signer, &mut intent, &mut has_envelope) {
            Ok((manifest, manifest_sha256)) => Ok(Complete {
                stage: self.stage,
                manifest,
                manifest_sha256,
                intent,
            }),
            Err(error) => {
                // A failure to say so leaves a record of a delivery that was
                // none.
                let _ = match self.stage.discard() {
                    Ok(()) if !has_envelope => intent.failed(error.code()),
                    // The envelope is there, for those it is for, or was, and
                    // somebody may have all of it open.
                    _ => intent.interrupted(error.code()),
                };
                Err(error)
            }
        }
    }

    fn write_members(
        &self,
        release: ReleasePermit,
        signer: &SigningKey,
        intent: &mut Intent,
        has_envelope: &mut bool,
    ) -> Result<(Manifest, Digest), SealError> {
        let fingerprint = signer.public().fingerprint();
        let request = &self.permit.request;
        if !self.permits(&release)
            || request.signer.as_ref() != Some(&fingerprint)
            || intent.id() != request.terms.export
        {
            return Err(SealError::Permit);
        }
        let checkpoint = intent.checkpoint(signer)?;
        let header = self.header(release, fingerprint.to_string(), checkpoint);
        let inventory = self.write_inventory(&header)?;
        let text = readme(self.kind, self.compression(), &request.recipients);
        let readme = self.write(member::README, text.as_bytes())?;
        let sums = sums_bytes(&readme, &inventory, self.volumes.iter());
        let sums = self.write(member::SUMS, &sums)?;
        let envelope = self.key.envelope(&self.permit.request.recipients)?;
        *has_envelope = true;
        let envelope = self.write(member::ENVELOPE, &envelope)?;
        let manifest = Manifest {
            created: header.created,
            format: FORMAT.into(),
            generator: concat!("exeat ", env!("CARGO_PKG_VERSION")).into(),
            id: header.package,
            inventory,
            key: Key {
                commitment: self.key.commitment(),
                envelope_sha256: envelope.sha256,
            },
            payload: Payload {
                bytes: self.volumes.iter().map(|volume| volume.bytes).sum(),
                compression: self.compression(),
                kind: self.kind,
                volumes: self.volumes.clone(),
            },
            readme,
            series: self.link.as_ref().map(|link| Series {
                base: self.permit.listing.bases(),
                id: link.series,
                previous: link.previous,
                sequence: link.sequence,
            }),
            sums,
        };
        let bytes = manifest.to_bytes();
        let signature = signer.sign(PACKAGE_NAMESPACE, &bytes)?;
        write(&self.stage, member::MANIFEST, &bytes)?;
        write(&self.stage, member::SIGNATURE, signature.as_bytes())?;
        Ok((manifest, Digest::of(&bytes)))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<Member, SealError> {
        write(&self.stage, name, bytes)
    }

    fn header(
        &self,
        release: ReleasePermit,
        signer: String,
        checkpoint: Signed<Checkpoint>,
    ) -> Header {
        let Request {
            terms, recipients, ..
        } = &self.permit.request;
        Header {
            approvals: release.record.approvals,
            bytes: self.facts.bytes,
            checkpoint: Some(checkpoint),
            created: terms.created,
            entries: self.permit.listing.len() as u64,
            facts: self.facts.recorded(),
            findings: release.record.findings,
            label: terms.label.clone().map(Into::into),
            objections: None,
            package: terms.export,
            policy_sha256: self.permit.policy_sha256,
            purpose: terms.purpose.clone().map(Into::into),
            recipients: NamedKey::of(recipients),
            requester: terms.requester.name.clone().map(Into::into),
            signer,
        }
    }

    fn write_inventory(&self, header: &Header) -> Result<Member, SealError> {
        let failed = |source: io::Error| SealError::Write {
            member: member::INVENTORY.into(),
            source,
        };
        let file = self.stage.create(member::INVENTORY).map_err(failed)?;
        let encrypted =
            encrypt_to(&self.key.recipient(), HashingWriter::new(file)).map_err(failed)?;
        let mut lines = Writer::new(Encoder::new(encrypted, self.level).map_err(failed)?);
        lines.header(header).map_err(failed)?;
        walk(
            self.kind,
            &self.permit.listing,
            &self.contents,
            &self.digests,
            |entry, place| {
                let frame = Frame::of(entry);
                let line = Line::new(&frame).kept(entry.owner(), entry.attributes(), entry.lapse());
                lines.entry(match place {
                    Place::LeftOut(reason) => line.skipped(reason),
                    Place::Held(package, Digests::Whole(digest)) => {
                        line.held(package).whole(*digest)
                    }
                    Place::Held(package, Digests::Parts(parts)) => {
                        line.held(package).in_parts(parts)
                    }
                    Place::At(volume, offset) => line.placed(volume, offset),
                    Place::Whole(volume, offset, digest) => {
                        line.placed(volume, offset).whole(digest)
                    }
                    Place::Parts(parts) => line.placed(parts[0].volume, 0).in_parts(parts),
                })
            },
        )
        .map_err(failed)?;
        let encrypted = lines.into_inner().finish().map_err(failed)?;
        let (file, sha256, bytes) = encrypted.finish().map_err(failed)?.finish();
        self.stage.close(file).map_err(failed)?;
        Ok(Member { bytes, sha256 })
    }
}

fn write(stage: &impl Stage, name: &str, bytes: &[u8]) -> Result<Member, SealError> {
    let failed = |source: io::Error| SealError::Write {
        member: name.into(),
        source,
    };
    let mut file = stage.create(name).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    stage.close(file).map_err(failed)?;
    Ok(Member::of(bytes))
}

/// Where an entry went.
pub(super) enum Place<'a> {
    /// Nowhere, for this reason.
    LeftOut(&'static str),
    /// Into an earlier package.
    Held(PackageId, &'a Digests),
    /// A folder or link: volume, counted from 1, and offset in its stream.
    At(u32, u64),
    /// A file in one volume.
    Whole(u32, u64, Digest),
    /// A file that spans volumes.
    Parts(&'a [Part]),
}

/// Calls `visit` for each entry in path order with its place in the volumes.
pub(super) fn walk<E>(
    kind: PayloadKind,
    listing: &Listing,
    contents: &[Content],
    digests: &[Digest],
    mut visit: impl FnMut(&Entry<'_>, Place<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut digests = digests.iter().copied();
    let mut digest = || digests.next().expect("every file has been hashed");
    let mut parts = Vec::new();
    // Entries before this index have been visited.
    let mut next = 0;
    for (volume, content) in (1_u32..).zip(contents) {
        // What is not here, before the first entry of a volume, lies in none.
        elsewhere(listing, next..content.first(), &mut visit)?;
        match content {
            Content::Entries(range) => {
                let mut offset = 0;
                for index in range.clone() {
                    let entry = listing.entry(index);
                    let place = match (not_here(&entry), entry.kind()) {
                        (Some(place), _) => place,
                        (None, EntryKind::File) => Place::Whole(volume, offset, digest()),
                        (None, _) => Place::At(volume, offset),
                    };
                    visit(&entry, place)?;
                    offset += super::extent(kind, &entry).framed;
                }
                next = range.end;
            }
            Content::Piece { entry, framed } => {
                next = *entry;
                let entry = listing.entry(next);
                let extent = super::extent(kind, &entry);
                let data = extent.data_in(framed);
                parts.push(Part {
                    bytes: data.end - data.start,
                    sha256: digest(),
                    volume,
                });
                if framed.end == extent.framed {
                    visit(&entry, Place::Parts(&parts))?;
                    parts.clear();
                    next += 1;
                }
            }
        }
    }
    elsewhere(listing, next..listing.len(), &mut visit)
}

/// Where an entry is that is in no volume of this package.
fn not_here<'a>(entry: &Entry<'a>) -> Option<Place<'a>> {
    if let Some(reason) = entry.skipped() {
        return Some(Place::LeftOut(reason));
    }
    let held = entry.held_by()?;
    Some(Place::Held(entry.held()?, &held.digests))
}

fn elsewhere<E>(
    listing: &Listing,
    range: std::ops::Range<usize>,
    visit: &mut impl FnMut(&Entry<'_>, Place<'_>) -> Result<(), E>,
) -> Result<(), E> {
    for index in range {
        let entry = listing.entry(index);
        let place = not_here(&entry).expect("what is in no volume is not here");
        visit(&entry, place)?;
    }
    Ok(())
}

/// What stands for the sealed content in the second decision: SHA-256 over
/// path, kind, size, link target and digests of every entry, each of variable
/// length behind its length.
pub(super) fn content_digest(
    kind: PayloadKind,
    listing: &Listing,
    contents: &[Content],
    digests: &[Digest],
) -> Digest {
    let mut hasher = Hasher::default();
    let visited = walk(kind, listing, contents, digests, |entry, place| {
        let (path, target) = (entry.path().as_bytes(), entry.target());
        for bytes in [path, target] {
            hasher.update(&(bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        }
        hasher.update(&[entry.kind() as u8]);
        hasher.update(&entry.bytes().to_be_bytes());
        match place {
            Place::LeftOut(reason) => hasher.update(reason.as_bytes()),
            Place::At(..) => {}
            Place::Held(package, digests) => {
                hasher.update(package.to_string().as_bytes());
                match digests {
                    Digests::Whole(digest) => hash_all(&mut hasher, [*digest]),
                    Digests::Parts(parts) => hash_all(&mut hasher, digests_of(parts)),
                }
            }
            Place::Whole(_, _, digest) => hash_all(&mut hasher, [digest]),
            Place::Parts(parts) => hash_all(&mut hasher, digests_of(parts)),
        }
        Ok::<(), std::convert::Infallible>(())
    });
    match visited {
        Ok(()) => hasher.finish().0,
    }
}

fn digests_of(parts: &[Part]) -> impl Iterator<Item = Digest> {
    parts.iter().map(|part| part.sha256)
}

fn hash_all(hasher: &mut Hasher, digests: impl IntoIterator<Item = Digest>) {
    for digest in digests {
        hasher.update(digest.to_string().as_bytes());
    }
}
