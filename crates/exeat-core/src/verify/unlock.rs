//! The second half of the order of trust: the envelope and its commitment, the
//! inventory, the payload.

use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::rc::Rc;

use super::approvals;
use super::content::{Nowhere, read_volume};
use super::{
    CheckpointFault, Damage, DamageKind, FurtherEnvelope, MemberFile, Package, Verified,
    VerifyError, counting, read_error,
};
use crate::codec::Decoder;
use crate::diagnostic::{Explain as _, Fault};
use crate::digest::Hasher;
use crate::keys::{Identities, KeyError, PackageKey};
use crate::manifest::{Header, Inventory, InventoryError, InventoryFault, Member, member};
use crate::parallel;
use crate::progress::{Phase, Progress};

impl Verified<Package> {
    /// Opens the envelope and reads the inventory.
    ///
    /// # Errors
    /// No identity fits, or the envelope or the inventory is not what the
    /// format asks for.
    pub fn unlock(self, identities: &Identities) -> Result<Unlocked, VerifyError> {
        let (key, passed_on) = self.package_key(identities)?;
        let mut inventory = self.read_inventory(&key)?;
        inventory.end_with(self.manifest.payload.volumes.len());
        let header = inventory.header();
        let bases = match &self.manifest.series {
            Some(series) => series.base.as_slice(),
            None => &[],
        };
        if inventory.bases() != bases {
            return Err(VerifyError::Inventory(InventoryError {
                line: 1,
                fault: InventoryFault::Base,
            }));
        }
        let is_ours = header.package == self.manifest.id
            && header.created == self.manifest.created
            && header.signer == self.signer.fingerprint().to_string();
        let adds_up = inventory.volumes().len() == self.manifest.payload.volumes.len();
        let fault = match (is_ours, adds_up) {
            (true, true) => None,
            (true, false) => Some(InventoryFault::Sums),
            (false, _) => Some(InventoryFault::Foreign),
        };
        if let Some(fault) = fault {
            return Err(VerifyError::Inventory(InventoryError { line: 1, fault }));
        }
        self.check_checkpoint(header)?;
        let is_approved_content = approvals::check(&inventory, self.signer.fingerprint())?;
        let mut recipients = header.recipients.iter();
        Ok(Unlocked {
            is_listed: recipients.any(|recipient| identities.include(&recipient.key)),
            is_approved_content,
            passed_on,
            verified: self,
            key,
            inventory,
        })
    }

    /// A checkpoint that anybody could put into a package would bear witness
    /// for somebody else's ledger.
    fn check_checkpoint(&self, header: &Header) -> Result<(), VerifyError> {
        let Some(checkpoint) = &header.checkpoint else {
            return Ok(());
        };
        let package = checkpoint.statement().package;
        if package != self.manifest.id {
            let fault = CheckpointFault::OtherPackage { found: package };
            return Err(VerifyError::Checkpoint(fault));
        }
        let signer = checkpoint.fingerprint();
        if signer != *self.signer.fingerprint() {
            let fault = CheckpointFault::OtherSigner { found: signer };
            return Err(VerifyError::Checkpoint(fault));
        }
        Ok(())
    }

    /// The package key from the sender's envelope or, where that is for others,
    /// from one that somebody trusted added; and which of these that was.
    fn package_key(
        &self,
        identities: &Identities,
    ) -> Result<(PackageKey, Option<usize>), VerifyError> {
        let further = self.further_envelopes.iter().enumerate();
        let further = further.filter_map(|(n, one)| Some((one.vouched()?, Some(n))));
        let envelopes = std::iter::once((self.envelope.as_slice(), None)).chain(further);
        let mut worst: Option<KeyError> = None;
        for (bytes, number) in envelopes {
            let error = match PackageKey::from_envelope(bytes, identities) {
                Ok(key) if key.commitment() == self.manifest.key.commitment => {
                    return Ok((key, number));
                }
                Ok(_) => KeyError::Commitment,
                Err(error) => error,
            };
            // That one envelope is for others says less than that another, which may
            // be for these identities, is not what it should be.
            let says_more = |worst: &KeyError| {
                worst.fault() != Fault::Package && error.fault() == Fault::Package
            };
            if worst.as_ref().is_none_or(says_more) {
                worst = Some(error);
            }
        }
        Err(worst.expect("there is the sender's envelope").into())
    }

    fn read_inventory(&self, key: &PackageKey) -> Result<Inventory, VerifyError> {
        let file = self.package.open_member(member::INVENTORY)?;
        // Hashed when the package was verified, and again as it is decrypted:
        // whoever holds the package key could exchange the file in between.
        let seen = Rc::new(RefCell::new(Hasher::default()));
        let decrypted = key.decrypt(HashedFile {
            file,
            seen: Rc::clone(&seen),
        })?;
        let decoder = Decoder::new(decrypted, self.manifest.payload.compression)
            .map_err(|e| read_error(member::INVENTORY, e))?;
        let kind = self.manifest.payload.kind;
        let inventory = Inventory::read(io::BufReader::new(decoder), kind)?;
        let (sha256, bytes) = seen.take().finish();
        if (Member { bytes, sha256 }) != self.manifest.inventory {
            return Err(VerifyError::Damaged {
                damage: vec![Damage {
                    member: member::INVENTORY.into(),
                    kind: DamageKind::Altered,
                }],
            });
        }
        Ok(inventory)
    }
}

/// A verified package together with its key and inventory.
#[derive(Debug)]
pub struct Unlocked {
    verified: Verified<Package>,
    key: PackageKey,
    inventory: Inventory,
    is_listed: bool,
    is_approved_content: bool,
    /// The further envelope that opened it.
    passed_on: Option<usize>,
}

impl Unlocked {
    /// The verified package.
    #[must_use]
    pub fn verified(&self) -> &Verified<Package> {
        &self.verified
    }

    /// Whether the sender's list of recipients names one of the identities that
    /// were tried. If not, somebody else has passed the package on.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.is_listed
    }

    /// Whether the content is, by the inventory, what the approvals in it are for.
    /// It is not where there are none of certain content, and nobody has compared it
    /// where a file spans volumes.
    #[must_use]
    pub fn is_approved_content(&self) -> bool {
        self.is_approved_content
    }

    /// The envelope that opened it, if that is none of the sender's.
    #[must_use]
    pub fn passed_on(&self) -> Option<&FurtherEnvelope> {
        self.verified.further_envelopes.get(self.passed_on?)
    }

    /// What is inside.
    #[must_use]
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    pub(crate) fn key(&self) -> &PackageKey {
        &self.key
    }

    /// Opens a volume and compares it with its size and digest; the file is
    /// then at its beginning again.
    pub(crate) fn checked_volume(
        &self,
        index: usize,
        progress: &dyn Progress,
    ) -> Result<MemberFile, VerifyError> {
        let volume = &self.verified.manifest.payload.volumes[index];
        let package = &self.verified.package;
        let mut file = package.open_member(&volume.name)?;
        let expected = Member {
            bytes: volume.bytes,
            sha256: volume.sha256,
        };
        let on_bytes = counting(progress);
        match package.digest_damage_of(&mut file, &volume.name, &expected, &on_bytes)? {
            Some(damage) => {
                let damage = package.exchanged(&self.verified.manifest, vec![damage]);
                let damage = package.not_for(&self.key, damage);
                Err(VerifyError::Damaged { damage })
            }
            None => {
                file.rewind().map_err(|e| read_error(&volume.name, e))?;
                Ok(file)
            }
        }
    }

    /// Decrypts every volume and compares every entry with the inventory; no
    /// plaintext is written anywhere.
    ///
    /// # Errors
    /// The first volume or entry that differs.
    pub fn verify_contents(
        &self,
        threads: Option<NonZeroUsize>,
        progress: &dyn Progress,
    ) -> Result<FullyVerified<'_>, VerifyError> {
        let ciphertext = self.verified.manifest.payload.bytes;
        let total = ciphertext.saturating_add(self.inventory.header().bytes);
        progress.begin(Phase::Reading, Some(total));
        let count = self.inventory.volumes().len();
        let threads = parallel::threads(threads);
        parallel::for_each(count, threads, |index| {
            let is_shared = parallel::is_among_last(index, count, threads);
            read_volume(self, index, None, is_shared, &mut Nowhere, progress)
        })?;
        Ok(FullyVerified { unlocked: self })
    }
}

/// That all of a package has been compared: signature, members, envelope,
/// inventory, and every byte of content with its digest. Made by
/// [`Unlocked::verify_contents`] alone; a receipt can be had for nothing less.
///
/// ```compile_fail
/// # fn forge(unlocked: &exeat_core::verify::Unlocked) {
/// let forged = exeat_core::verify::FullyVerified { unlocked };
/// # }
/// ```
/// A package that was opened, but not read, has no receipt:
/// ```compile_fail
/// # use exeat_core::{receipt::Receipt, signature::SigningKey, verify::Unlocked};
/// # fn skip(unlocked: &Unlocked, key: &SigningKey, now: jiff::Timestamp) {
/// Receipt::sign(unlocked, now, key);
/// # }
/// ```
/// Nor does one that somebody made up:
/// ```compile_fail
/// # use exeat_core::{receipt::Receipt, signature::SigningKey, statement::Signed};
/// # fn invent(receipt: Receipt, key: &SigningKey) {
/// Signed::sign(receipt, key);
/// # }
/// ```
/// The twin that compiles:
/// ```
/// # use exeat_core::{receipt::Receipt, signature::SigningKey, progress::Silent};
/// # use exeat_core::verify::{FullyVerified, Unlocked, VerifyError};
/// # fn all(unlocked: &Unlocked, key: &SigningKey, now: jiff::Timestamp) -> Result<(), VerifyError> {
/// let verified: FullyVerified<'_> = unlocked.verify_contents(None, &Silent)?;
/// Receipt::sign(&verified, now, key).ok();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FullyVerified<'a> {
    unlocked: &'a Unlocked,
}

impl<'a> FullyVerified<'a> {
    /// The package.
    #[must_use]
    pub fn unlocked(&self) -> &'a Unlocked {
        self.unlocked
    }
}

/// A file that hashes what is read from its beginning on.
struct HashedFile {
    file: MemberFile,
    seen: Rc<RefCell<Hasher>>,
}

impl Read for HashedFile {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buf)?;
        self.seen.borrow_mut().update(&buf[..count]);
        Ok(count)
    }
}

impl Seek for HashedFile {
    /// Only back to the beginning, where hashing begins anew.
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        if pos != SeekFrom::Start(0) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.seen.take();
        self.file.rewind()?;
        Ok(0)
    }
}
