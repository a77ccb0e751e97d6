//! A package compared as the medium has it, not as memory does.

use std::num::NonZeroUsize;

use super::{
    Damage, DamageKind, Package, Verified, VerifyError, member, read_error, signature_error, whole,
};
use crate::digest::Digest;
use crate::keys::MAX_ENVELOPE;
use crate::progress::Progress;
use crate::signature::{self, PACKAGE_NAMESPACE};

impl Verified<Package> {
    /// Compares every member again, volumes too, after the kernel was told to
    /// forget what it has of them in memory: what was written a moment ago is
    /// read back from where it was written to.
    ///
    /// What has not been synced stays in memory, and is compared there; what
    /// exeat seals is synced. A cache within a disk, a controller or a file
    /// server is not passed, and a file system in memory has no medium.
    ///
    /// # Errors
    /// All damaged members together, or what the system says.
    pub fn verify_from_medium(
        &self,
        threads: Option<NonZeroUsize>,
        progress: &dyn Progress,
    ) -> Result<(), VerifyError> {
        for (name, ..) in &self.package.members {
            let name = str::from_utf8(name).expect("members have plain names");
            let file = self.package.open_member(name)?;
            file.forget_cached().map_err(|e| read_error(name, e))?;
        }
        whole(self.small_damage()?)?;
        self.verify_volumes(threads, progress)
    }

    /// What is wrong with the members that are not volumes.
    fn small_damage(&self) -> Result<Vec<Damage>, VerifyError> {
        let (bytes, signature) = self.package.signed()?;
        let made_by = signature::made_by(&signature, PACKAGE_NAMESPACE, &bytes);
        let key = made_by.map_err(signature_error)?;
        let envelope = self.package.read(member::ENVELOPE, MAX_ENVELOPE)?;
        let mut damage = Vec::new();
        for (name, is_right) in [
            (member::MANIFEST, Digest::of(&bytes) == self.manifest_sha256),
            (member::SIGNATURE, key == *self.signer.key()),
            (
                member::ENVELOPE,
                Digest::of(&envelope) == self.manifest.key.envelope_sha256,
            ),
        ] {
            if !is_right {
                damage.push(Damage {
                    member: name.into(),
                    kind: DamageKind::Altered,
                });
            }
        }
        for (name, expected) in [
            (member::README, self.manifest.readme),
            (member::SUMS, self.manifest.sums),
            (member::INVENTORY, self.manifest.inventory),
        ] {
            let found = self.package.digest_damage(name, &expected, &|_| Ok(()))?;
            damage.extend(found);
        }
        Ok(damage)
    }
}

#[cfg(test)]
mod tests {
    use crate::progress::Silent;
    use crate::verify::tests::Case;
    use crate::verify::{Damage, DamageKind, VerifyError, member};

    #[test]
    fn every_member_is_read_again() {
        for name in [
            member::README,
            member::SUMS,
            member::INVENTORY,
            member::ENVELOPE,
            member::MANIFEST,
            "volume-00001.age",
        ] {
            let case = Case::new();
            let verified = case.verified().expect("good");
            verified.verify_from_medium(None, &Silent).expect("good");
            let mut bytes = case.read(name);
            let last = bytes.len() - 2;
            bytes[last] ^= 1;
            case.write(name, &bytes);
            let error = verified.verify_from_medium(None, &Silent);
            let VerifyError::Damaged { damage } = error.expect_err(name) else {
                panic!("{name}");
            };
            let expected = Damage {
                member: name.into(),
                kind: DamageKind::Altered,
            };
            assert_eq!(damage, [expected]);
        }
    }

    #[test]
    fn a_signature_by_somebody_else_is_noticed() {
        let case = Case::new();
        let verified = case.verified().expect("good");
        let other = crate::signature::SigningKey::generate("other");
        let manifest = case.read(member::MANIFEST);
        let signature = other.sign(super::PACKAGE_NAMESPACE, &manifest);
        case.write(member::SIGNATURE, signature.expect("signs").as_bytes());
        let error = verified.verify_from_medium(None, &Silent);
        let error = error.expect_err("another key").to_string();
        assert!(error.contains(member::SIGNATURE), "{error}");
    }
}
