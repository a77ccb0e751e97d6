//! A package against an earlier one of its chain.

use uuid::Uuid;

use super::*;
use crate::diagnostic::{Explain as _, Fault};
use crate::manifest::Series;
use crate::verify::{AfterError, Earlier, Following};

const CHAIN: Uuid = Uuid::from_u128(7);

/// The package, as the chain's of this number.
fn numbered(case: &Case, sequence: u64, previous: Option<Digest>) -> Digest {
    let mut manifest = case.verified().expect("good").manifest().clone();
    manifest.series = Some(Series {
        base: Vec::new(),
        id: CHAIN,
        previous,
        sequence,
    });
    case.sign(&manifest);
    Digest::of(&manifest.to_bytes())
}

fn after(case: &Case, earlier: &Earlier) -> Result<u64, AfterError> {
    let following = case.verified().expect("good").comes_after(earlier);
    following.map(|following| following.between)
}

fn code(result: Result<u64, AfterError>) -> (&'static str, Fault) {
    let error = result.expect_err("does not come after");
    assert!(error.help().is_some(), "{error}");
    (error.code(), error.fault())
}

#[test]
fn a_number_is_enough() {
    let case = Case::new();
    let error = after(&case, &Earlier::Sequence(1));
    assert_eq!(code(error), ("backup-no-series", Fault::Request));
    numbered(&case, 5, None);
    assert_eq!(after(&case, &Earlier::Sequence(4)).expect("later"), 0);
    assert_eq!(after(&case, &Earlier::Sequence(1)).expect("later"), 3);
    for number in [5, 6, u64::MAX] {
        let error = after(&case, &Earlier::Sequence(number));
        assert_eq!(code(error), ("backup-replayed", Fault::Package));
    }
    let note = Following { between: 1 }.note().expect("one");
    assert!(note.starts_with("1 package lies between"), "{note}");
    assert_eq!(Following { between: 0 }.note(), None);
}

#[test]
fn an_earlier_package_is_read_as_its_folder_or_its_manifest() {
    let case = Case::new();
    let key = case.sender.public();
    let path = case.path.clone();
    let manifest = path.join(member::MANIFEST);
    let unsaid = Earlier::read(&path, &key).expect_err("no chain");
    assert_eq!(unsaid.code(), "backup-no-series");
    let digest = numbered(&case, 4, None);
    let earlier = Earlier::Package {
        series: CHAIN,
        sequence: 4,
        manifest_sha256: digest,
    };
    for place in [&path, &manifest] {
        assert_eq!(Earlier::read(place, &key).expect("good"), earlier);
    }
    let error = after(&case, &earlier);
    assert_eq!(code(error), ("backup-replayed", Fault::Package));
    numbered(&case, 5, Some(digest));
    assert_eq!(after(&case, &earlier).expect("the next"), 0);
    for previous in [None, Some(Digest::of(b"other"))] {
        numbered(&case, 5, previous);
        assert_eq!(
            code(after(&case, &earlier)),
            ("backup-fork", Fault::Package)
        );
    }
    // What lies between cannot be known.
    numbered(&case, 7, Some(Digest::of(b"number 6")));
    assert_eq!(after(&case, &earlier).expect("later"), 2);
    let other = Earlier::Package {
        series: Uuid::nil(),
        sequence: 1,
        manifest_sha256: digest,
    };
    let error = after(&case, &other);
    assert_eq!(code(error), ("backup-other-series", Fault::Package));
}

#[test]
fn anything_else_is_no_earlier_package() {
    let case = Case::new();
    numbered(&case, 4, None);
    let key = case.sender.public();
    let read = |path: &Path, key: &crate::signature::PublicKey| {
        let error = Earlier::read(path, key).expect_err("none");
        assert!(error.help().is_some() || error.code() == "backup-earlier-unreadable");
        error.code()
    };
    let stranger = SigningKey::generate("stranger").public();
    assert_eq!(read(&case.path, &stranger), "backup-earlier-foreign");
    let file = case.dir.path().join("file");
    assert_eq!(read(&file, &key), "backup-earlier-unreadable");
    for text in ["", "{}", "4"] {
        std::fs::write(&file, text).expect("written");
        assert_eq!(read(&file, &key), "backup-earlier-unreadable", "{text}");
    }
    assert_eq!(read(case.dir.path(), &key), "backup-earlier-unreadable");
    // Its manifest was altered after it had been signed.
    let mut manifest = case.read(member::MANIFEST);
    let end = manifest.len() - 2;
    manifest.splice(end..end, *b" ");
    case.write(member::MANIFEST, &manifest);
    assert_eq!(read(&case.path, &key), "backup-earlier-unreadable");
}

/// How the program ends follows from whose fault it is.
#[test]
fn whose_fault_it_is() {
    let foreign = AfterError::Foreign { path: "p".into() };
    assert_eq!(foreign.fault(), Fault::Signature);
    let fork = AfterError::Fork { sequence: 3 };
    assert_eq!(fork.fault(), Fault::Package);
    assert_eq!(AfterError::NoSeries.fault(), Fault::Request);
}

/// Of a manifest alone, no more is read than one can have.
#[test]
fn a_manifest_that_is_too_large() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("manifest.json");
    let key = SigningKey::generate("sender");
    for (bytes, is_large) in [
        (MAX_MANIFEST, false),
        (MAX_MANIFEST + 1, true),
        (MAX_MANIFEST * 2, true),
    ] {
        let file = std::fs::File::create(&path).expect("made");
        file.set_len(bytes).expect("longer");
        let error = Earlier::read(&path, &key.public()).expect_err("zeros");
        let said = error.to_string();
        assert_eq!(said.contains("larger than 16 MiB"), is_large, "{said}");
    }
}
