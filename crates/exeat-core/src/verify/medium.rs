//! A package compared as the medium has it, not as memory does.

use std::num::NonZeroUsize;

use jiff::Timestamp;

use super::{Package, Verified, VerifyError, read_error};
use crate::progress::Progress;
use crate::signature::AllowedSigners;

impl Package {
    /// Verifies all of it, volumes too, after the kernel was told to forget what
    /// it has of it in memory: what was written a moment ago is read back from
    /// where it was written to. Arguments and errors are those of
    /// [`Package::verify`] and [`Verified::verify_volumes`].
    ///
    /// What has not been synced stays in memory, and is compared there; what
    /// exeat seals is synced. A cache within a disk, a controller or a file
    /// server is not passed, and a file system in memory has no medium.
    ///
    /// # Errors
    /// The first step that does not hold; of damaged members, all of one step.
    pub fn verify_from_medium(
        self,
        allowed: &AllowedSigners,
        now: Timestamp,
        threads: Option<NonZeroUsize>,
        progress: &dyn Progress,
    ) -> Result<Verified<Self>, VerifyError> {
        for (name, is_file, _) in &self.members {
            let name = str::from_utf8(name).ok().filter(|_| *is_file);
            // What no package has is refused by its name, unread.
            let Some(name) = name else { continue };
            let file = self.open_member(name)?;
            file.forget_cached().map_err(|e| read_error(name, e))?;
        }
        let verified = self.verify(allowed, now, None)?;
        verified.verify_volumes(threads, progress)?;
        Ok(verified)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use crate::progress::Silent;
    use crate::verify::tests::Case;
    use crate::verify::{Package, Verified, VerifyError, member};

    fn read_back(case: &Case) -> Result<Verified<Package>, VerifyError> {
        let package = Package::open(&case.path)?;
        package.verify_from_medium(&case.allowed(), Timestamp::UNIX_EPOCH, None, &Silent)
    }

    #[test]
    fn every_member_is_read() {
        for name in [
            member::README,
            member::SUMS,
            member::INVENTORY,
            member::ENVELOPE,
            member::MANIFEST,
            member::SIGNATURE,
            "volume-00001.age",
        ] {
            let case = Case::new();
            read_back(&case).expect("good");
            let mut bytes = case.read(name);
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            case.write(name, &bytes);
            let error = read_back(&case).expect_err(name);
            let is_named = error.to_string().contains(name);
            assert!(is_named, "{name}: {error}");
        }
    }

    #[test]
    fn what_no_package_has_is_refused() {
        let case = Case::new();
        case.write("stranger", b"x");
        let error = read_back(&case).expect_err("a stranger");
        assert!(matches!(error, VerifyError::Damaged { .. }), "{error}");
    }
}
