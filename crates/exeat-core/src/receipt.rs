//! That a package has arrived: a recipient signs that all of it was compared
//! and right, for the sender, who records it.
//!
//! A receipt says that a program did so, with a key that opens the package. It
//! does not say that anybody has read what is in it. It carries the sender's own
//! checkpoint back, so that every recipient is a witness of the sender's
//! ledger. See [`crate::manual::receipts`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::manifest::{Checkpoint, PackageId};
use crate::signature::{Fingerprint, RECEIPT_NAMESPACE, SignatureError, SigningKey};
use crate::statement::{Signed, Statement};
use crate::verify::FullyVerified;

/// That all of a package was received and verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Receipt {
    /// What the package has of the sender's ledger; none of a package without.
    pub checkpoint: Option<Signed<Checkpoint>>,
    /// SHA-256 of the package's manifest.
    pub manifest_sha256: Digest,
    /// The package.
    pub package: PackageId,
    /// When it had been verified, by the recipient's clock.
    pub received: Timestamp,
    /// The key that signed the manifest.
    pub sender: Fingerprint,
    /// What was compared.
    pub verified: Extent,
}

/// How much of a package was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Extent {
    /// All of it, every byte of content too.
    Content,
}

impl Statement for Receipt {
    const FORMAT: &'static str = "exeat-receipt/1";
    const NAMESPACE: &'static str = RECEIPT_NAMESPACE;
    const NAME: &'static str = "a receipt";

    fn check(&self) -> Result<(), &'static str> {
        let Some(checkpoint) = &self.checkpoint else {
            return Ok(());
        };
        if checkpoint.statement().package != self.package {
            return Err("its checkpoint is of another package");
        }
        if checkpoint.fingerprint() != self.sender {
            return Err("its checkpoint was signed by another key than the package");
        }
        Ok(())
    }
}

impl Receipt {
    /// Signs that the package was received and verified, at this time.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn sign(
        package: &FullyVerified<'_>,
        received: Timestamp,
        key: &SigningKey,
    ) -> Result<Signed<Self>, SignatureError> {
        let unlocked = package.unlocked();
        let verified = unlocked.verified();
        let receipt = Self {
            checkpoint: unlocked.inventory().header().checkpoint.clone(),
            manifest_sha256: verified.manifest_sha256(),
            package: verified.id(),
            received,
            sender: *verified.signer().fingerprint(),
            verified: Extent::Content,
        };
        Signed::sign(receipt, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Explain as _;
    use crate::progress::Silent;
    use crate::statement::StatementError;
    use crate::verify::tests::{Case, checkpoint};

    const NOW: &str = "2026-11-29T12:00:00Z";

    fn receipt_of(case: &Case, key: &SigningKey) -> Signed<Receipt> {
        let unlocked = case.unlocked().expect("good");
        let verified = unlocked.verify_contents(None, &Silent).expect("good");
        Receipt::sign(&verified, NOW.parse().expect("a time"), key).expect("signs")
    }

    #[test]
    fn it_says_what_was_received_and_from_whom() {
        let (case, key) = (Case::new(), SigningKey::generate("recipient"));
        let package = case.verified().expect("good").id();
        // As of a version that recorded none.
        case.with_header(|header| header.checkpoint = None);
        let manifest = case.verified().expect("good").manifest_sha256();
        let without = receipt_of(&case, &key);
        assert_eq!(without.statement().checkpoint, None);
        assert_eq!(without.statement().package, package);
        assert_eq!(without.statement().manifest_sha256, manifest);
        assert_eq!(
            without.statement().sender,
            case.sender.public().fingerprint()
        );
        assert_eq!(without.statement().verified, Extent::Content);
        assert_eq!(without.fingerprint(), key.public().fingerprint());
        case.with_header(|header| {
            header.checkpoint = Some(checkpoint(header.package, &case.sender));
        });
        let with = receipt_of(&case, &key);
        let witnessed = with.statement().checkpoint.as_ref().expect("there");
        assert_eq!(*witnessed, checkpoint(package, &case.sender));
        for receipt in [without, with] {
            let read = Signed::<Receipt>::from_bytes(&receipt.to_bytes()).expect("good");
            assert_eq!(read, receipt);
            assert_eq!(read.statement(), receipt.statement());
        }
    }

    #[test]
    fn one_that_contradicts_itself_is_none() {
        let (case, key) = (Case::new(), SigningKey::generate("recipient"));
        let good = receipt_of(&case, &key).statement().clone();
        let code = |receipt: Receipt| {
            let signed = Signed::sign(receipt, &key).expect("signs");
            let read = Signed::<Receipt>::from_bytes(&signed.to_bytes());
            read.map(drop).map_err(|error: StatementError| error.code())
        };
        let with = |checkpoint| Receipt {
            checkpoint: Some(checkpoint),
            ..good.clone()
        };
        assert_eq!(code(with(checkpoint(good.package, &case.sender))), Ok(()));
        let other = checkpoint(PackageId::generate(), &case.sender);
        assert_eq!(code(with(other)), Err("statement-contradictory"));
        let stranger = checkpoint(good.package, &SigningKey::generate("stranger"));
        assert_eq!(code(with(stranger)), Err("statement-contradictory"));
    }

    #[test]
    fn a_manifest_or_a_checkpoint_is_no_receipt() {
        let case = Case::new();
        let verified = case.verified().expect("good");
        let manifest = verified.manifest().to_bytes();
        let checkpoint = checkpoint(verified.id(), &case.sender).to_bytes();
        for (bytes, expected) in [
            (&manifest, "statement-malformed"),
            (&checkpoint, "statement-format"),
        ] {
            let error = Signed::<Receipt>::from_bytes(bytes).expect_err("none");
            assert_eq!(error.code(), expected);
        }
    }
}
