//! Which members a package may have, and that each is what the manifest says.

use std::os::unix::fs::symlink;

use super::*;
use crate::destination::{Medium, OpenTarget};
use crate::diagnostic::Explain as _;
use crate::inspect::{Facts, People};
use crate::manifest::{InventoryFault, MAX_PASSING};

/// What is wrong with the members after an edit: name and kind of each.
#[track_caller]
fn damage(edit: impl FnOnce(&Case)) -> Vec<(String, DamageKind)> {
    let case = Case::new();
    edit(&case);
    match case.verified().expect_err("it is not as it was") {
        VerifyError::Damaged { damage } => {
            let damage = damage.into_iter();
            damage.map(|one| (one.member, one.kind)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn one(member: &str, kind: DamageKind) -> Vec<(String, DamageKind)> {
    vec![(member.to_owned(), kind)]
}

const VOLUME: &str = "volume-00001.age";

#[test]
fn missing_altered_or_of_another_size() {
    for name in [
        member::README,
        member::SUMS,
        member::INVENTORY,
        member::ENVELOPE,
        VOLUME,
    ] {
        let path = |case: &Case| case.path.join(name);
        let missing = damage(|case| std::fs::remove_file(path(case)).expect("there"));
        assert_eq!(missing, one(name, DamageKind::Missing));
        let linked = damage(|case| {
            std::fs::rename(path(case), case.dir.path().join("elsewhere")).expect("moved");
            symlink(case.dir.path().join("elsewhere"), path(case)).expect("made");
        });
        assert_eq!(linked, one(name, DamageKind::NotAFile));
        if name != VOLUME {
            let altered = damage(|case| {
                let mut bytes = case.read(name);
                bytes[3] ^= 1;
                case.write(name, &bytes);
            });
            assert_eq!(altered, one(name, DamageKind::Altered));
        }
        if name != member::ENVELOPE {
            let longer = damage(|case| case.write(name, &[&*case.read(name), b"x"].concat()));
            assert!(
                matches!(longer[0].1, DamageKind::Size { expected, found } if found == expected + 1)
            );
            assert_eq!((longer.len(), &*longer[0].0), (1, name));
        }
    }
    // A volume's content is looked at when somebody asks.
    let case = Case::new();
    let mut bytes = case.read(VOLUME);
    bytes[300] ^= 1;
    case.write(VOLUME, &bytes);
    let error = case
        .verified()
        .expect("signed")
        .verify_volumes(None, &Silent);
    assert_eq!(error.expect_err("altered").code(), "package-damaged");
}

/// Whoever removes a package looks for what is not part of one first.
#[test]
fn what_no_package_has_is_named() {
    let case = Case::new();
    let stray = || Package::open(&case.path).expect("a package").stray();
    assert_eq!(stray(), None);
    case.write("notes.txt", b"x");
    assert_eq!(stray().as_deref(), Some("notes.txt"));
    std::fs::remove_file(case.path.join("notes.txt")).expect("there");
    // A folder under a name that a member may have.
    std::fs::create_dir(case.path.join("volume-00009.age")).expect("made");
    assert_eq!(stray().as_deref(), Some("volume-00009.age"));
}

#[test]
fn what_does_not_belong_there() {
    for name in [
        "notes.txt",
        "volume-00002.age",
        "volume-1.age",
        "key-1.age",
        "key-02.age",
    ] {
        assert_eq!(
            damage(|case| case.write(name, b"x")),
            one(name, DamageKind::Unknown)
        );
    }
    // Of a further envelope there is all, or all but the signature that comes last.
    for name in ["key-2.json", "key-2.json.sig"] {
        assert_eq!(
            damage(|case| case.write(name, b"x")),
            one(name, DamageKind::Unknown)
        );
    }
    let both = damage(|case| {
        case.write("key-2.age", b"x");
        case.write("key-2.json.sig", b"x");
    });
    assert_eq!(both.len(), 2, "{both:?}");
    // Nor does what has its number and another name.
    for name in ["key-2.txt", "key-02.age", "key-2.json.sig.x", "key-2"] {
        let beside = damage(|case| {
            case.write("key-2.age", b"x");
            case.write(name, b"x");
        });
        assert_eq!(beside, one(name, DamageKind::Unknown));
    }
    let large = damage(|case| {
        let bytes = usize::try_from(MAX_ENVELOPE + 1).expect("small");
        case.write("key-2.age", &vec![b'x'; bytes]);
    });
    assert_eq!(large, one("key-2.age", DamageKind::Unknown));
    let large = damage(|case| {
        let bytes = usize::try_from(MAX_PASSING + 1).expect("small");
        case.write("key-2.age", b"x");
        case.write("key-2.json", &vec![b'x'; bytes]);
    });
    assert_eq!(large, one("key-2.json", DamageKind::Unknown));
    let case = Case::new();
    let bytes = usize::try_from(MAX_ENVELOPE).expect("small");
    case.write("key-2.age", &vec![b'x'; bytes]);
    let verified = case.verified().expect("one that was not finished");
    let further = verified.further_envelopes();
    assert!(matches!(further[0].state(), EnvelopeState::Unfinished));
    assert_eq!((further.len(), &*further[0].member()), (1, "key-2.age"));
}

#[test]
fn a_manifest_or_signature_that_is_missing_or_no_file() {
    for (name, code) in [
        (member::MANIFEST, "package-unfinished"),
        (member::SIGNATURE, "signature-absent"),
    ] {
        let case = Case::new();
        let path = case.path.join(name);
        std::fs::remove_file(&path).expect("there");
        assert_eq!(case.verified().expect_err("missing").code(), code);
        std::fs::create_dir(path).expect("made");
        let found = damage_of(&case);
        assert_eq!(found, one(name, DamageKind::NotAFile));
    }
}

fn damage_of(case: &Case) -> Vec<(String, DamageKind)> {
    match case.verified().expect_err("damaged") {
        VerifyError::Damaged { damage } => {
            let damage = damage.into_iter();
            damage.map(|one| (one.member, one.kind)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// As large as they may be is read, and a byte more is not.
#[test]
fn a_manifest_or_signature_that_is_too_large() {
    for (name, most) in [
        (member::MANIFEST, MAX_MANIFEST),
        (member::SIGNATURE, MAX_SIGNATURE),
    ] {
        for (bytes, is_read) in [(most, true), (most + 1, false)] {
            let case = Case::new();
            let file = std::fs::File::options()
                .write(true)
                .open(case.path.join(name));
            file.expect("there").set_len(bytes).expect("longer");
            let error = case.verified().expect_err("not what was signed");
            let is_size = |one: &Damage| matches!(one.kind, DamageKind::Size { .. });
            let found = match error {
                VerifyError::Damaged { damage } => damage.iter().any(is_size),
                _ => false,
            };
            assert_eq!(found, !is_read, "{name} of {bytes} bytes");
        }
    }
}

#[test]
fn what_may_be_a_package() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let code = || {
        let opened = Package::open(dir.path());
        opened.map_or_else(|error| error.code(), |_| "opened")
    };
    assert_eq!(code(), "not-a-package");
    for name in [member::README, member::SUMS, "volume-1.age", "key-2.age"] {
        std::fs::write(dir.path().join(name), "x").expect("written");
        assert_eq!(code(), "not-a-package", "{name}");
    }
    for name in [member::MANIFEST, member::ENVELOPE, VOLUME] {
        std::fs::write(dir.path().join(name), "x").expect("written");
        assert_eq!(code(), "opened", "{name}");
        std::fs::remove_file(dir.path().join(name)).expect("there");
    }
}

/// Each by itself: the others fit.
#[test]
fn an_inventory_of_something_else() {
    let edits: [fn(&mut Header); 3] = [
        |header| header.package = PackageId::generate(),
        |header| header.created = Timestamp::from_second(1).expect("a time"),
        |header| header.signer = SigningKey::generate("x").public().fingerprint().to_string(),
    ];
    for edit in edits {
        let case = Case::new();
        case.with_header(edit);
        match case.unlocked().expect_err("foreign") {
            VerifyError::Inventory(error) => {
                assert!(matches!(error.fault, InventoryFault::Foreign), "{error:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What may be opened is one package, with what its sender established about it.
#[test]
fn a_permit_to_open_is_for_one_package() {
    let case = Case::new();
    let unlocked = case.unlocked().expect("good");
    let header = unlocked.inventory().header();
    let null = std::fs::File::options().write(true).open("/dev/null");
    let target = crate::destination::OpenTarget::stream(null.expect("there"));
    let permit = Policy::floor()
        .decide_open(header, target)
        .expect("nothing speaks against it");
    assert!(permit.is_for(header));
    let mut other = header.clone();
    other.package = PackageId::generate();
    assert!(!permit.is_for(&other));
    let mut other = header.clone();
    other.facts.files += 1;
    assert!(!permit.is_for(&other));
}

/// What one package of a chain must not, all of it must not; and it is said once.
#[test]
fn where_one_of_a_chain_may_not_be_opened() {
    let case = Case::new();
    let unlocked = case.unlocked().expect("good");
    let with = |most| {
        let mut header = unlocked.inventory().header().clone();
        header.facts = Facts::default();
        header.facts.people = People { least: most, most };
        header
    };
    let (counts, people) = (with(0), with(1));
    let open = |headers: &[&Header]| {
        let target = OpenTarget::on(Medium::Removable);
        Policy::floor().decide_open_chain(headers, target)
    };
    open(&[&counts, &counts]).expect("nobody's data");
    for headers in [[&people, &counts], [&counts, &people], [&people, &people]] {
        let findings = open(&headers).expect_err("on a stick");
        let codes: Vec<_> = findings.iter().map(|one| &*one.code).collect();
        assert_eq!(codes, ["plaintext-to-removable"]);
    }
}
