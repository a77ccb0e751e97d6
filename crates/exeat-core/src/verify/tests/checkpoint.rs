//! What a package has of its sender's ledger has to be of that package, and by
//! that sender.

use super::*;
use crate::diagnostic::{Explain as _, Fault};
use crate::manifest::Checkpoint;
use crate::statement::Signed;

/// As a ledger makes one.
pub(crate) fn checkpoint(package: PackageId, key: &SigningKey) -> Signed<Checkpoint> {
    let checkpoint = Checkpoint {
        entry_sha256: Digest::of(b"entry"),
        ledger: Digest::of(b"ledger"),
        package,
        sequence: 7,
        time: Timestamp::UNIX_EPOCH,
    };
    Signed::sign(checkpoint, key).expect("signs")
}

#[test]
fn one_of_the_package_is_read() {
    let case = Case::new();
    case.with_header(|header| {
        header.checkpoint = Some(checkpoint(header.package, &case.sender));
    });
    let unlocked = case.unlocked().expect("good");
    let read = unlocked.inventory().header().checkpoint.as_ref();
    assert_eq!(read.expect("there").statement().sequence, 7);
}

#[test]
fn one_of_something_else_is_refused() {
    type Edit = fn(&Case, &mut Header);
    let edits: [(Edit, &str); 2] = [
        (
            |case, header| {
                header.checkpoint = Some(checkpoint(PackageId::generate(), &case.sender));
            },
            "it is for the package ",
        ),
        (
            |_, header| {
                let other = SigningKey::generate("other");
                header.checkpoint = Some(checkpoint(header.package, &other));
            },
            "and the package by another key",
        ),
    ];
    for (edit, words) in edits {
        let case = Case::new();
        case.with_header(|header| edit(&case, header));
        let error = case.unlocked().expect_err("contradictory");
        assert_eq!(error.code(), "checkpoint-foreign");
        assert_eq!(error.fault(), Fault::Package);
        assert!(error.to_string().contains(words), "{error}");
    }
}
