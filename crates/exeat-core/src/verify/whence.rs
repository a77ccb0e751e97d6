//! Where a member that is not what was signed comes from, as far as that can be told:
//! beside the verdict, which stands already, and never in place of it.

use std::io;

use super::{BUFFER, Damage, DamageKind, Package, further};
use crate::digest::{Digest, digest_reader};
use crate::keys::{KeyError, MAX_ENVELOPE, PackageKey};
use crate::layout::volume_number;
use crate::manifest::{Manifest, Volume, member};

/// So much is read again for it, in bytes: nobody waits for a word.
const MOST: u64 = 256 << 20;

impl Package {
    /// The same damage; of volumes that were exchanged, that they were.
    pub(super) fn exchanged(&self, manifest: &Manifest, mut damage: Vec<Damage>) -> Vec<Damage> {
        let volumes = &manifest.payload.volumes;
        let mut reading = Reading {
            package: self,
            left: MOST,
        };
        for one in &mut damage {
            let may_be = matches!(one.kind, DamageKind::Size { .. } | DamageKind::Altered);
            if !may_be || volume_number(one.member.as_bytes()).is_none() {
                continue;
            }
            let Some(content) = reading.volume(&one.member) else {
                continue;
            };
            let is_it = |volume: &Volume| (volume.bytes, volume.sha256) == content;
            let Some(number) = volumes.iter().position(is_it) else {
                continue;
            };
            // A copy of one that is where it belongs was not exchanged for it.
            let other = &volumes[number];
            if reading
                .volume(&other.name)
                .is_some_and(|content| content != (other.bytes, other.sha256))
            {
                one.kind = DamageKind::OtherVolume { number: number + 1 };
            }
        }
        damage
    }

    /// The same damage; of volumes that do not open with the package's key, that they
    /// do not. Not more than the header is looked at, which is bounded.
    pub(super) fn not_for(&self, key: &PackageKey, mut damage: Vec<Damage>) -> Vec<Damage> {
        for one in &mut damage {
            if !matches!(one.kind, DamageKind::Altered | DamageKind::Size { .. }) {
                continue;
            }
            let Ok(file) = self.open_member(&one.member) else {
                continue;
            };
            if let Err(KeyError::ForeignMember) = key.decrypt(file) {
                one.kind = DamageKind::OtherKey;
            }
        }
        damage
    }

    /// What is wrong where a record is of another envelope than that of its number:
    /// that it was moved, if the one that it is of lies in the package too, and else
    /// that the envelope was altered.
    pub(super) fn moved_record(&self, number: u16, envelope_sha256: Digest) -> Damage {
        let names = self.members.iter().map(|(name, ..)| name.as_slice());
        let envelopes =
            names.filter(|name| *name == member::ENVELOPE.as_bytes() || further::is_envelope(name));
        let is_here = envelopes
            .filter_map(|name| {
                self.read(std::str::from_utf8(name).ok()?, MAX_ENVELOPE)
                    .ok()
            })
            .any(|bytes| Digest::of(&bytes) == envelope_sha256);
        let [envelope, record, _] = further::SUFFIXES.map(|suffix| further::member(number, suffix));
        match is_here {
            true => Damage {
                member: record,
                kind: DamageKind::OtherEnvelope { number },
            },
            false => Damage {
                member: envelope,
                kind: DamageKind::Altered,
            },
        }
    }
}

/// Reads volumes again until it has been enough.
struct Reading<'a> {
    package: &'a Package,
    left: u64,
}

impl Reading<'_> {
    /// What is under that name now, if it can be read and is not too much.
    fn volume(&mut self, name: &str) -> Option<(u64, Digest)> {
        let mut file = self.package.open_member(name).ok()?;
        self.left = self.left.checked_sub(file.len())?;
        let mut buffer = vec![0; BUFFER];
        let read = digest_reader(&mut file, &mut buffer, |_| Ok::<_, io::Error>(()));
        let (sha256, bytes) = read.ok()?;
        Some((bytes, sha256))
    }
}
